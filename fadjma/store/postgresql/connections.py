"""Connections to PostgreSQL: what each sends and takes as SQLite would, how long it waits, and which are kept open."""

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from fadjma.store.postgresql.faults import translated
from fadjma.store.postgresql.messages import Messages

STATEMENT_SECONDS = 30  # a statement that takes longer is ended
LOCK_SECONDS = 5  # that a row of another transaction is waited for
_IDLE_SECONDS = 15  # a process that stands still in a transaction keeps nobody else waiting for longer
_BY_KEYS = 1.1  # what is asked for is a few rows by their keys, on disks that do not turn: it reads no table for 500
_GRACE_SECONDS = 2.0  # beyond its statement's bound, in which a server that lives has said that it ended it
_CONNECT_SECONDS = 2  # the least that libpq knows

# A machine that is gone is noticed on a line that is silent, and on one that waits for it to take what was sent.
_LINE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

# PostgreSQL counts anew whenever it has recovered from a crash, and nowhere else by itself
# (https://www.postgresql.org/docs/current/monitoring-stats.html); a standby that is promoted begins another timeline.
_HISTORY = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END "
    "|| ' ' || coalesce(stats_reset::text, '') FROM pg_stat_bgwriter"
)


def is_read(url: str) -> bool:
    """Whether libpq reads it as an address."""
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        return False
    return True


class Connection(psycopg.Connection[Any]):
    """One that waits no longer for an answer than its statement may take, and a little: the bounds that the server
    keeps itself are nothing where it stands still."""

    patience: float | None = None  # seconds; None: for ever
    history = ""  # another one where the server has crashed since, or a standby has taken over: numbers come again
    messages: Messages

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """What psycopg calls for each statement. One that is not answered in time ends the connection."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.close()  # whatever it answers later, nobody reads it
            raise


class _WholeOrNot(Loader):
    """sum() and avg(), which are numeric here: an int where it is whole, as in SQLite."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or b"N" in text else int(text)


class _OneOrNone(Loader):
    """A condition: 1 or 0, as in SQLite."""

    def load(self, data: Any) -> int:
        return int(bytes(data) == b"t")


class _AsNumber(Dumper):
    """True and False, of columns that are numbers and of conditions: without a type, for both take 1 and 0."""

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


def connect(url: str, *, seconds: float = STATEMENT_SECONDS) -> Connection:
    """A connection on which only what says BEGIN is a transaction. `seconds`: for one statement; 0: no bound.

    Raises what the store raises.
    """
    try:
        connection = Connection.connect(
            url, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="fadjma", **_LINE
        )
        connection.patience = seconds + _GRACE_SECONDS if seconds else None
        connection.prepare_threshold = None  # what comes often goes by `messages`
        for kind, dumper in ((str, StrDumper), (int, Int8Dumper), (bool, _AsNumber)):
            connection.adapters.register_dumper(kind, dumper)
        connection.adapters.register_loader("numeric", _WholeOrNot)
        connection.adapters.register_loader("bool", _OneOrNone)
        connection.messages = Messages(connection)
        found = connection.execute(
            f"{_HISTORY}; SET statement_timeout = {seconds * 1000:.0f}; SET lock_timeout = {LOCK_SECONDS * 1000}; "
            f"SET idle_in_transaction_session_timeout = {_IDLE_SECONDS * 1000}; SET random_page_cost = {_BY_KEYS}"
        ).fetchone()
        connection.history = found[0] if found else ""
    except psycopg.Error as error:
        raise translated(error) from error
    return connection


def roll_back(connection: Connection) -> None:
    """End what was begun on it, if anything was."""
    if connection.closed or connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
        return
    with suppress(psycopg.Error):  # it is broken, and is not kept
        connection.execute("ROLLBACK")


class Kept:
    """Connections that are kept for the next who needs one; as many as there were ever needed at once."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._idle: list[Connection] = []
        self._lock = Lock()

    def take(self) -> Connection:
        """One that nobody else has. Raises Unavailable."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def give_back(self, connection: Connection) -> None:
        """For the next; one that is broken is not kept, nor are those that were idle while it broke."""
        if not connection.closed and connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            with self._lock:
                self._idle.append(connection)
            return
        connection.close()
        self.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
