"""Which database is behind an address: the one place that knows them all."""

from pathlib import Path

from fadjma.store.copying import Whole
from fadjma.store.database import WAL_LIMIT, Clock, Database, milliseconds
from fadjma.store.sqlite.database import SQLite
from fadjma.store.sqlite.whole import SQLiteWhole


def at(url: str, *, clock: Clock = milliseconds, wal_limit: int = WAL_LIMIT) -> Database:
    """The database at `url`: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://…/name`.

    `wal_limit`: bytes over which a file's -wal is shortened; 0: another program does that (Litestream).
    Raises ValueError for any other address.
    """
    if url.startswith("sqlite:///"):
        return SQLite(Path(url.removeprefix("sqlite:///")), clock=clock, wal_limit=wal_limit)
    if url.startswith("postgresql://"):
        from fadjma.store.postgresql.database import PostgreSQL  # psycopg is only there where somebody needs it

        return PostgreSQL(url, clock=clock)
    raise ValueError("FADJMA_DATABASE_URL is neither sqlite:///path nor postgresql://host/name")


def whole(url: str) -> Whole:
    """The same, to be copied or filled as a whole."""
    if url.startswith("sqlite:///"):
        return SQLiteWhole(Path(url.removeprefix("sqlite:///")))
    from fadjma.store.postgresql.whole import PostgreSQLWhole

    return PostgreSQLWhole(url)


def is_read(url: str) -> bool:
    """Whether PostgreSQL reads this `postgresql://…` as an address; what it does not understand it would repeat, and
    that may be the password.
    """
    from fadjma.store.postgresql.connections import is_read as is_read_by_libpq

    return is_read_by_libpq(url)
