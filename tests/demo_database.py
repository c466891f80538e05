"""Databases that are made once: one in which the demo's year has been told, and a server that finds it does not fill
it; and one without a row, for a third of a second of a core goes into making the tables."""

import fcntl
import functools
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from argon2 import PasswordHasher
from cast import PASSWORD

from fadjma import demo
from fadjma.store import milliseconds
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.migrating import migrate
from fadjma.store.sqlite.transaction import SQLiteTransaction

# Where the processes of one run leave it for each other, if there are several: making it takes four seconds of a core.
shared: Path | None = None
# A hash says what trying a password against it takes: with ours, whoever signs in costs a twentieth of a second.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@functools.cache
def demo_database() -> bytes:
    """What its file holds; each test writes its own."""
    return once("demo", _made)


@functools.cache
def empty_database() -> bytes:
    """What the file of a migrated database holds in which nobody is known."""
    return once("empty", _migrated)


def once(name: str, make: Callable[[], bytes]) -> bytes:
    """What `make` returns, made by the first process of this run that asks for it."""
    if shared is None:
        return make()
    file = shared / f"{name}.db"
    with (shared / f"{name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            part = file.with_suffix(".part")
            part.write_bytes(make())
            part.rename(file)
    return file.read_bytes()


def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        migrate(path := Path(folder) / "empty.db", 1)
        return path.read_bytes()


def _made() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        path.write_bytes(empty_database())
        now = milliseconds()
        with closing(connect(path)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN IMMEDIATE")
            demo.fill(SQLiteTransaction(connection, now), password_hash=_CHEAP.hash(PASSWORD))
            connection.execute("COMMIT")
        return path.read_bytes()
