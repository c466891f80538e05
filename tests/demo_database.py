"""A database in which the demo's year has been told, made once: a server that finds one filled does not fill it."""

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


def _made() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        now = milliseconds()
        migrate(path, now)
        with closing(connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            demo.fill(SQLiteTransaction(connection, now), password_hash=_CHEAP.hash(PASSWORD))
            connection.execute("COMMIT")
        return path.read_bytes()
