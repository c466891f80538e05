"""A file and its threads: readers, and one writer that commits once for all who write at a moment (group_commit.py)."""

import asyncio
import logging
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from fadjma.store.database import READERS, WAL_LIMIT, Clock, Database, milliseconds
from fadjma.store.errors import Error, Unavailable, tried_to_write
from fadjma.store.owner import FileOwner, Owner, alone
from fadjma.store.sqlite.backup import change, look_into
from fadjma.store.sqlite.connections import BUSY_SECONDS, Connection, connect
from fadjma.store.sqlite.constraints import translated
from fadjma.store.sqlite.files import Place
from fadjma.store.sqlite.group_commit import begin, commit
from fadjma.store.sqlite.migrating import migrate
from fadjma.store.sqlite.outages import outage, usable
from fadjma.store.sqlite.transaction import SQLiteTransaction
from fadjma.store.transaction import Transaction
from fadjma.store.writes import Write, settle

R = TypeVar("R")

log = logging.getLogger("fadjma")
_NEAR_TIMEOUT_MS = 20  # readers are locked out of a WAL database only for moments; the event loop waits no longer
_TRY_MS = 100  # that the writer waits for a foreign lock before it looks whether it is to stop
_TIDY_EVERY = 10.0  # seconds between two attempts to shorten a log that somebody else holds open


class SQLite(Database):
    """The database in the file at `path`."""

    is_file = True

    def __init__(self, path: Path, *, clock: Clock = milliseconds, wal_limit: int = WAL_LIMIT) -> None:
        """`wal_limit`: bytes over which the -wal is shortened; 0: another program does that (Litestream)."""
        super().__init__(clock)
        self.path = path
        self.address = f"sqlite:///{path.resolve()}"
        self._wal_limit = wal_limit
        self._writer: Connection | None = None
        self._is_called = False  # the writer, to what waits
        # The one that came back last is asked next: its cache has what the others would read again, and keep once more.
        self._readers: asyncio.Queue[Connection] = asyncio.LifoQueue()
        self._all: list[Connection] = []
        self._near: sqlite3.Connection | None = None
        self._waiting: deque[Write] = deque()  # appended to on the event loop, taken from on the writer's thread
        self._place = Place(self.path)
        self._tidy_after = 0.0
        self._checking: sqlite3.Connection | None = None

    async def open(self) -> None:
        try:
            await asyncio.to_thread(self.migrate)
            self._give_up_at = None
            with usable(self.path):
                self._writer = await self._connect()
                await self._writer.run(self._set_up_writer)
                for _ in range(READERS):
                    self._readers.put_nowait(await self._connect(read_only=True))
                self._near = connect(self.path, read_only=True)
                self._near.execute(f"PRAGMA busy_timeout = {_NEAR_TIMEOUT_MS}")
                self._place.remember()
        except BaseException:
            await self.close()
            raise

    def _set_up_writer(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA busy_timeout = {_TRY_MS}")
        if self._wal_limit:
            connection.execute(f"PRAGMA journal_size_limit = {self._wal_limit}")
        else:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
        try:
            begin(connection)  # of a file that cannot be written, too; now -wal and -shm are there
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute(f"PRAGMA user_version = {version}")  # but not this
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # somebody else writes: so it can be
                raise

    async def close(self) -> None:
        if self._give_up_at is None:
            self.finish_within(BUSY_SECONDS)
        if checking := self._checking:
            checking.interrupt()
        closed = await asyncio.gather(*(connection.close() for connection in self._all), return_exceptions=True)
        for error in filter(None, closed):
            log.error("a connection could not be closed", exc_info=error)  # its thread has ended all the same
        self._all.clear()
        if self._near:
            self._near.close()
            self._near = None
        self._writer, self._readers = None, asyncio.LifoQueue()
        self._is_called = False
        late = [*self._waiting]
        self._waiting.clear()
        for write in late:
            write.fail(Unavailable("stopping"))
        settle(late, self.listener)

    async def _read(self, work: Callable[[Transaction], R]) -> R:
        self.waiting_reads += 1
        try:
            connection = await self._readers.get()
            try:
                return await connection.run(partial(_read, self.clock, work))
            except Error as error:
                raise self._reading_failed(error) from error.__cause__
            finally:
                self._readers.put_nowait(connection)
        finally:
            self.waiting_reads -= 1

    async def _read_aside(self, work: Callable[[Transaction], R]) -> R:
        try:
            return await asyncio.to_thread(self._read_on_its_own, work)
        except Error as error:
            raise self._reading_failed(error) from error.__cause__

    def _read_on_its_own(self, work: Callable[[Transaction], R]) -> R:
        with closing(connect(self.path, read_only=True)) as connection:
            return _read(self.clock, work, connection)

    def _glance(self, work: Callable[[Transaction], R]) -> R:
        assert self._near is not None, "the database is not open"
        try:
            return _read(self.clock, work, self._near)
        except Error as error:
            raise self._reading_failed(error) from error.__cause__

    def _reading_failed(self, error: Error) -> Error:
        """An outage, unless what was asked is wrong: a reading that writes is refused as read-only, too."""
        found = None if tried_to_write(error) else outage(error)
        if found is None:
            return error
        self.found_damage = self.found_damage or found.reason == "damaged"
        return found

    def _write(self, work: Callable[[Transaction], R], answer: asyncio.Future[R]) -> None:
        assert self._writer is not None, "the database is not open"
        loop = asyncio.get_running_loop()
        self._waiting.append(Write(work, answer))
        if not self._is_called:
            self._is_called = True
            loop.call_soon(self._call, self._writer, loop)

    def _call(self, writer: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Have the writer commit what waits by then.

        Once for all who asked in one turn of the loop, and after them: with a call for each, the writer began with the
        first while the others were still read, and both threads waited for each other. 16 clients: 16 writes in a
        commit instead of 7, a tenth less of a core for each (benchmarks/README.md).
        """
        writer.post(partial(self._commit, writer, loop))

    def _commit(self, writer: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """On the writer's thread: commit what waits, if it did not go with an earlier group.

        All of it, in as many groups as it takes: called again for the rest, the writer might have been closed before.
        """
        self._is_called = False  # before it is looked at: whoever comes from now on calls again
        while self._waiting:
            changes = writer.raw.total_changes
            group = commit(writer.raw, self.clock, self._waiting, self._begin)
            self._learn(group, changed=writer.raw.total_changes > changes)
            loop.call_soon_threadsafe(settle, group, self.listener)
            if self._place.log_size > self._wal_limit > 0 and time.monotonic() > self._tidy_after:
                self._tidy(writer.raw)

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin, waiting for another process's lock as long as `connect` does, unless the process is to stop."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            if self._is_over():
                raise Unavailable("stopping")
            try:
                begin(connection)
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
        if not self._place.is_kept():
            raise Unavailable("gone")

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """Shorten a log that a long reader, or readers without a gap, kept from beginning again."""
        self._tidy_after = time.monotonic() + _TIDY_EVERY
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # busy: somebody still reads from it
        except sqlite3.Error as error:
            log.error("the -wal could not be shortened: %s", error)

    def exists(self) -> bool:
        return self.path.exists()

    def look_into(self, function: Callable[[Transaction], R]) -> R:
        return look_into(self.path, function)

    def change(self, function: Callable[[Transaction], object]) -> None:
        change(self.path, function, self.clock())

    def migrate(self) -> None:
        migrate(self.path, self.clock())

    @contextmanager
    def alone(self) -> Iterator[None]:
        with usable(self.path), alone(self.path):
            yield

    def owner(self) -> Owner:
        return FileOwner(self.path)

    def usable(self) -> AbstractContextManager[None]:
        return usable(self.path)

    def is_in_place(self) -> bool:
        return self._place.is_kept()

    def free_space(self) -> int:
        found = os.statvfs(self.path.parent)
        return found.f_bavail * found.f_frsize

    async def damage(self) -> str | None:
        return await asyncio.to_thread(self._look_at_pages)

    def _look_at_pages(self) -> str | None:
        self.found_damage = False
        try:
            with closing(connect(self.path, read_only=True)) as connection:
                self._checking = connection
                verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as error:
            verdict = str(error)
        finally:
            self._checking = None
        return None if verdict == "ok" else verdict

    async def _connect(self, *, read_only: bool = False) -> Connection:
        """One more of them."""
        connection = Connection(partial(connect, self.path, read_only=read_only), iter_chunk_size=64)
        await connection.open()
        self._all.append(connection)
        return connection


def _read(clock: Clock, work: Callable[[Transaction], R], connection: sqlite3.Connection) -> R:
    try:
        connection.execute("BEGIN")
        try:
            return work(SQLiteTransaction(connection, clock()))
        finally:
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise translated(connection, error) from error
