"""The store: plain functions run inside one transaction, in one hop, on a connection's own thread.

`await database.read(function, *args)` and `await database.write(function, *args)` call `function(tx, *args)` with a
`Transaction`. A write commits when the function returns and rolls back when it raises; what it announced with
`tx.announce(…)` is told to the listener only after the commit, in commit order.
One hop per transaction was measured three times as fast as one await per statement (docs/decisions/), and writes
that come at the same moment share one commit (group_commit.py).
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from fadjma.histogram import SECONDS, Histogram
from fadjma.store.connections import Connection, connect
from fadjma.store.constraints import translated
from fadjma.store.errors import usable
from fadjma.store.group_commit import Write, commit, settle
from fadjma.store.migrating import migrate
from fadjma.store.transaction import Announced, Transaction

P = ParamSpec("P")
R = TypeVar("R")
Clock = Callable[[], int]
Listener = Callable[[Announced], None]

READERS = 2  # as many as the small machines we run on have cores
_NEAR_TIMEOUT_MS = 20  # readers are locked out of a WAL database only for moments; the event loop waits no longer


def milliseconds() -> int:
    """The time now, in milliseconds UTC since 1970."""
    return time.time_ns() // 1_000_000


class Database:
    """The database behind `url` (`sqlite:///relative.db` or `sqlite:////absolute.db`)."""

    def __init__(self, url: str, *, clock: Clock = milliseconds) -> None:
        if not url.startswith("sqlite:///"):
            raise ValueError(f"FADJMA_DATABASE_URL: {url!r} is not sqlite:///path")
        self.path = Path(url.removeprefix("sqlite:///"))
        self.clock = clock
        self.listener: Listener = lambda announced: None
        self._writer: Connection | None = None
        self._readers: asyncio.Queue[Connection] = asyncio.Queue()
        self._all: list[Connection] = []
        self._near: sqlite3.Connection | None = None
        self._waiting: deque[Write] = deque()  # appended to on the event loop, taken from on the writer's thread
        self.waiting_reads = 0  # as with writes, below; `glance` does not wait
        self.waiting_writes = 0  # asked for and not answered: the one that runs, and those behind it
        self.write_seconds = Histogram(SECONDS)  # from asking to the answer, committed or refused

    def prepare(self) -> None:
        """Migrate. Raises Unusable when this is no database that the program can work with."""
        migrate(self.path, self.clock())

    async def open(self) -> None:
        """Prepare, then open one writer and `READERS` readers. Raises Unusable; then nothing stays open."""
        try:
            await asyncio.to_thread(self.prepare)
            with usable(self.path):
                self._writer = await self._connect()
                for _ in range(READERS):
                    self._readers.put_nowait(await self._connect(read_only=True))
                self._near = connect(self.path, read_only=True)
                self._near.execute(f"PRAGMA busy_timeout = {_NEAR_TIMEOUT_MS}")
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what is queued and close every connection."""
        for connection in self._all:
            await connection.close()
        self._all.clear()
        if self._near:
            self._near.close()
            self._near = None
        self._writer, self._readers = None, asyncio.Queue()

    async def read(self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `function(tx, …)` on one consistent snapshot; it cannot change anything."""
        self.waiting_reads += 1
        try:
            connection = await self._readers.get()
            try:
                return await connection.run(partial(_read, self.clock, lambda tx: function(tx, *args, **kwargs)))
            finally:
                self._readers.put_nowait(connection)
        finally:
            self.waiting_reads -= 1

    def glance(self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `read`, at once and on the event loop's own thread: only for a few rows by their keys, just written.

        Two hops between threads cost more than such a reading, most of all on an idle machine (benchmarks/README.md).
        """
        assert self._near is not None, "the database is not open"
        return _read(self.clock, lambda tx: function(tx, *args, **kwargs), self._near)

    async def write(
        self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Call `function(tx, …)` in one durable transaction: all of it, or nothing when it raises."""
        assert self._writer is not None, "the database is not open"
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        asked_at = time.monotonic()
        self.waiting_writes += 1
        self._waiting.append(Write(lambda tx: function(tx, *args, **kwargs), answer))
        self._writer.post(partial(self._commit, self._writer, loop))
        try:
            return await answer
        finally:
            self.waiting_writes -= 1
            self.write_seconds.observe(time.monotonic() - asked_at)

    def _commit(self, writer: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """On the writer's thread: commit what waits. The one that was posted may have gone with an earlier group."""
        if self._waiting:
            group = commit(writer.raw, self.clock, self._waiting)
            loop.call_soon_threadsafe(settle, group, self.listener)

    async def _connect(self, *, read_only: bool = False) -> Connection:
        connection = Connection(partial(connect, self.path, read_only=read_only), iter_chunk_size=64)
        await connection
        self._all.append(connection)
        return connection


def _read(clock: Clock, function: Callable[[Transaction], R], connection: sqlite3.Connection) -> R:
    try:
        connection.execute("BEGIN")
        try:
            return function(Transaction(connection, clock()))
        finally:
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise translated(connection, error) from error
