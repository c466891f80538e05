"""Copying the database while it is in use, and putting a copy in its place."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from fadjma.store import owned
from fadjma.store.errors import Error, Unusable
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.files import keep_private, of
from fadjma.store.sqlite.outages import reason
from fadjma.store.sqlite.transaction import SQLiteTransaction
from fadjma.store.transaction import Transaction

R = TypeVar("R")
_COPIED = 1024 * 1024  # bytes at once


def backup(source: Path, target: Path, change: Callable[[Transaction], object], *, replacing: bool = False) -> None:
    """Copy the database file `source` to `target`; the copy is changed and checked before it gets its name.

    Raises Unusable with one line; then no file is left behind. `replacing`: in the place of an earlier copy.
    """
    if not source.exists():
        raise Unusable(f"La base {source} n'existe pas.")
    if target.exists() and not replacing:
        raise Unusable(f"{target} existe déjà : rien n'a été écrasé.")
    unfinished = target.with_name(target.name + ".partial")
    remove(unfinished)
    keep_private(unfinished)
    try:
        verdict = _copy(source, unfinished, change)
        if verdict == "ok":
            give_name(unfinished, target)
    except (sqlite3.Error, Error, OSError) as error:
        raise Unusable(f"Pas de copie dans {target} : {reason(unfinished, error)}.") from error
    finally:
        remove(unfinished)
    if verdict != "ok":
        raise Unusable(f"La base {source} est abîmée ({verdict}) : aucune copie n'a été gardée.")


def _copy(source: Path, unfinished: Path, change: Callable[[Transaction], object]) -> str:
    """The copy, changed; returns « ok », or what is wrong with it."""
    with closing(connect(source, read_only=True)) as original, closing(sqlite3.connect(unfinished)) as copy:
        copy.row_factory = sqlite3.Row
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")  # no -shm, which a network's or a stick's folder may not take
        original.backup(copy)
        change(SQLiteTransaction(copy, 0))
        copy.commit()
        return str(copy.execute("PRAGMA integrity_check").fetchone()[0]).replace("\n", " ")


def give_name(unfinished: Path, target: Path) -> None:
    """Let a finished file have its name at once; a machine that loses its power now has the whole of it, or none."""
    with unfinished.open("rb+") as written:
        os.fsync(written.fileno())
    owned.hand_over(unfinished)
    unfinished.replace(target)
    _flush_folder(target.parent)


def _flush_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # a file system that flushes no folders, and Windows
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def remove(path: Path) -> None:
    """Remove a database that nobody has open, with whatever SQLite keeps beside it."""
    for file in (*of(path), path.with_name(path.name + "-journal")):
        file.unlink(missing_ok=True)


def copy_file(source: Path, target: Path) -> None:
    """A file that nobody writes to, as it is, for its owner alone. Raises OSError."""
    keep_private(target)
    with source.open("rb") as read, target.open("rb+") as written:
        shutil.copyfileobj(read, written, _COPIED)


def count_rows(tx: Transaction) -> dict[str, int]:
    """How many rows each table has."""
    names = [row["name"] for row in tx.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: tx.value(f'SELECT count(*) FROM "{name}"') for name in names}


def look_into(path: Path, function: Callable[[Transaction], R]) -> R:
    """Read from a database file on a connection of its own, in one snapshot. Raises Unusable."""
    if not path.exists():
        raise Unusable(f"{path} n'existe pas.")
    try:
        with closing(connect(path, read_only=True)) as connection:
            connection.execute("BEGIN")
            return function(SQLiteTransaction(connection, 0))
    except (sqlite3.Error, Error) as error:
        raise Unusable(f"{path} ne se laisse pas lire : {reason(path, error)}.") from error


def change(path: Path, function: Callable[[Transaction], object], now: int) -> None:
    """Change a database file that is not in use, in one transaction. Raises Unusable."""
    try:
        with closing(connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            tx = SQLiteTransaction(connection, now)
            function(tx)
            tx.finish()
            connection.execute("COMMIT")
    except (sqlite3.Error, Error) as error:
        raise Unusable(f"{path} ne se laisse pas changer : {reason(path, error)}.") from error


def check_is_ours(path: Path) -> None:
    """Raises Unusable when a file is no database of this program, or one that was cut off. It reads a page or two."""

    def look(tx: Transaction) -> None:
        if not tx.has_table("schema_migrations"):
            raise Unusable(f"{path} n'est pas une base de FADJMA.")
        pages: int = tx.value("PRAGMA page_count") * tx.value("PRAGMA page_size")
        if path.stat().st_size != pages:
            raise Unusable(f"{path} est abîmé ({path.stat().st_size} octets au lieu de {pages}).")

    look_into(path, look)


def put_in_place(database: Path, copy: Path, aside: Path) -> bool:
    """Put a file in the place of a database that nobody has open; what was there is `aside` then.

    Killed anywhere in between, there is a whole database at the path: the old one or the new one, never both halves.
    Returns whether there was one. Raises Unusable.
    """
    try:
        existed = database.exists()
        if existed:
            _fold_in(database)
            for file in of(database):
                if file.exists():
                    _keep_also(file, aside.with_name(aside.name + file.name.removeprefix(database.name)))
            for file in of(database)[1:]:  # a log of the old one would be read into the new one
                file.unlink(missing_ok=True)
        give_name(copy, database)
    except OSError as error:
        raise Unusable(f"La copie ne se laisse pas mettre à la place de {database} : {error}.") from error
    return existed


def _fold_in(database: Path) -> None:
    """Bring what stands in the -wal into the file, which goes when nobody else has it open. Raises Unusable."""
    try:
        with closing(connect(database)) as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise Unusable(f"La base {database} est ouverte dans un autre programme : arrêtez-le d'abord.") from error
        # else it cannot be read, which may be why it is replaced: its files are kept as they are


def _keep_also(file: Path, name: Path) -> None:
    """The same file under another name too; on a file system that has one name for each, a copy of it."""
    try:
        name.hardlink_to(file)
    except FileExistsError:
        raise
    except OSError:
        copy_file(file, name)
