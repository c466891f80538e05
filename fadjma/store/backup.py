"""Copying the database while it is in use."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fadjma.store.connections import connect
from fadjma.store.errors import Error, Unusable, reason
from fadjma.store.files import keep_private
from fadjma.store.transaction import Transaction


def backup(source: Path, target: Path, change: Callable[[Transaction], object]) -> None:
    """Copy the database file `source` to `target`; the copy is changed and checked before it gets its name.

    Raises Unusable with one line; then no file is left behind.
    """
    if not source.exists():
        raise Unusable(f"La base {source} n'existe pas.")
    if target.exists():
        raise Unusable(f"{target} existe déjà : rien n'a été écrasé.")
    unfinished = target.with_name(target.name + ".partial")
    _remove(unfinished)
    keep_private(unfinished)
    try:
        verdict = _copy(source, unfinished, change)
        if verdict == "ok":
            unfinished.replace(target)
    except (sqlite3.Error, Error, OSError) as error:
        raise Unusable(f"Pas de copie dans {target} : {reason(unfinished, error)}.") from error
    finally:
        _remove(unfinished)
    if verdict != "ok":
        raise Unusable(f"La base {source} est abîmée ({verdict}) : aucune copie n'a été gardée.")


def _copy(source: Path, unfinished: Path, change: Callable[[Transaction], object]) -> str:
    """The copy, changed; returns « ok », or what is wrong with it."""
    with closing(connect(source, read_only=True)) as original, closing(sqlite3.connect(unfinished)) as copy:
        original.backup(copy)
        change(Transaction(copy, 0))
        copy.commit()
        return str(copy.execute("PRAGMA integrity_check").fetchone()[0]).replace("\n", " ")


def _remove(unfinished: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
