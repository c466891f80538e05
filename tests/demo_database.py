"""A database in which the demo's year has been told, made once: a server that finds one filled does not fill it."""

import fcntl
import functools
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from argon2 import PasswordHasher
from cast import PASSWORD

from fadjma import demo
from fadjma.store import Transaction, milliseconds
from fadjma.store.connections import connect
from fadjma.store.migrating import migrate

# Where the processes of one run leave it for each other, if there are several: making it takes four seconds of a core.
shared: Path | None = None
# A hash says what trying a password against it takes: with ours, whoever signs in costs a twentieth of a second.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@functools.cache
def demo_database() -> bytes:
    """What its file holds; each test writes its own."""
    if shared is None:
        return _made()
    file = shared / "demo.db"
    with (shared / "demo.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            part = file.with_suffix(".part")
            part.write_bytes(_made())
            part.rename(file)
    return file.read_bytes()


def _made() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        now = milliseconds()
        migrate(path, now)
        with closing(connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            demo.fill(Transaction(connection, now), password_hash=_CHEAP.hash(PASSWORD))
            connection.execute("COMMIT")
        return path.read_bytes()
