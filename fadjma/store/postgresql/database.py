"""A database of PostgreSQL's: writers and readers on threads of their own, each with a connection.

Writers run at once. Every transaction that writes is SERIALIZABLE: PostgreSQL itself sees when two are in each other's
way, ends one of them, and it is run again (docs/decisions/29-postgresql.md).
"""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

import psycopg

from fadjma.ids import stand_apart
from fadjma.store.database import Clock, Database, Said, Server, milliseconds
from fadjma.store.errors import Error, Unavailable, Unusable
from fadjma.store.owner import Owner
from fadjma.store.postgresql.address import name, public
from fadjma.store.postgresql.aside import SNAPSHOT, alone, patient, refuse_others, said
from fadjma.store.postgresql.connections import Connection, Kept, connect, roll_back
from fadjma.store.postgresql.faults import translated
from fadjma.store.postgresql.listening import Listening
from fadjma.store.postgresql.migrating import migrate
from fadjma.store.postgresql.owner import LockOwner
from fadjma.store.postgresql.standing import standing
from fadjma.store.postgresql.transaction import PostgreSQLTransaction
from fadjma.store.postgresql.writing import Writing, refused
from fadjma.store.transaction import Transaction
from fadjma.store.writes import Write, settle

R = TypeVar("R")

log = logging.getLogger("fadjma")
WRITERS = 4  # at once, where one does not come to an end
READERS = 4
_TURN_SECONDS = 0.1  # that a write waits for those before it
_STOP_SECONDS = 5.0
_GLANCE_SECONDS = 1.0  # that the event loop waits for the database, as long as that answers at all
_ASIDE_SECONDS = 600.0  # for one statement of a long reading
_UNREADABLE = "ne se laisse pas lire"


class PostgreSQL(Database):
    """The database at `url`."""

    is_file = False

    def __init__(self, url: str, *, clock: Clock = milliseconds) -> None:
        super().__init__(clock)
        stand_apart()
        self.url = url
        self.path = Path(name(url))
        self.address = public(url)
        self._writing = Kept(lambda: connect(url))
        self._reading = Kept(lambda: connect(url))
        self._writes = Writing(url, self._writing, lambda: self.clock(), self._is_over)
        self._waiting: deque[Write] = deque()
        self._is_called = False  # for what waits
        self._begun: dict[int, float] = {}  # by who writes, `time.monotonic()` since when at the same
        self._numbers = count()
        self._guard = threading.Lock()  # whoever ends has seen that nothing waits
        self._look_again: asyncio.TimerHandle | None = None
        self._writers: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._near: Connection | None = None
        self._nearing: asyncio.Task[None] | None = None
        self._closed = threading.Event()
        self._listening = Listening(
            url, lambda people: self.heard(people), lambda: self.due(), lambda said: self.told(said)
        )
        self._to_wake: set[str] = set()
        self._to_say: list[Said] = []
        self._is_due = False  # whoever keeps the time is to be called, too
        self._is_waking = False

    async def open(self) -> None:
        try:
            with self.usable():
                await asyncio.to_thread(self.migrate)
                self._near = await asyncio.to_thread(self._connect_near)
            self._give_up_at = None
            self._closed.clear()
            self._writers = ThreadPoolExecutor(WRITERS, "writer")
            self._readers = ThreadPoolExecutor(READERS, "reader")
            self._listening.start()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        if self._give_up_at is None:
            self.finish_within(_STOP_SECONDS)
        self._closed.set()
        await self._listening.stop()
        if self._nearing:
            await asyncio.gather(self._nearing, return_exceptions=True)
        self._call()  # whoever writes has seen that nothing waits before they end
        if self._look_again:
            self._look_again.cancel()
            self._look_again = None
        for threads in filter(None, (self._writers, self._readers)):
            await asyncio.to_thread(threads.shutdown)
        self._writers = self._readers = None
        for kept in (self._writing, self._reading):
            kept.close()
        if self._near:
            self._near.close()
            self._near = None

    # --- reading ---

    async def _read(self, work: Callable[[Transaction], R]) -> R:
        assert self._readers is not None, "the database is not open"
        self.waiting_reads += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._read_on, self._reading, work)
        finally:
            self.waiting_reads -= 1

    async def _read_aside(self, work: Callable[[Transaction], R]) -> R:
        aside = Kept(lambda: connect(self.url, seconds=_ASIDE_SECONDS))
        try:
            return await asyncio.to_thread(self._read_on, aside, work)
        finally:
            aside.close()

    def _read_on(self, kept: Kept, work: Callable[[Transaction], R]) -> R:
        connection = kept.take()
        try:
            if not _begun(connection, SNAPSHOT):  # it broke since it was last used
                kept.give_back(connection)
                connection = kept.take()
                _begin(connection, SNAPSHOT)
            return self._rolled_back(connection, work)
        finally:
            kept.give_back(connection)

    def _rolled_back(self, connection: Connection, work: Callable[[Transaction], R]) -> R:
        try:
            tx = PostgreSQLTransaction(connection, self.clock())
            result = work(tx)
            tx.flush()  # a reading that writes is to be refused
            return result
        except Unavailable as outage:
            self.found_damage = self.found_damage or outage.reason == "damaged"
            raise
        finally:
            roll_back(connection)

    def _glance(self, work: Callable[[Transaction], R]) -> R:
        assert self._writers is not None, "the database is not open"
        near = self._near
        if near is None or _is_closed(near):
            self._come_near()
            raise Unavailable("broken")
        try:
            _begin(near, SNAPSHOT)
            return self._rolled_back(near, work)
        finally:
            if _is_closed(near):
                self._come_near()

    def _connect_near(self) -> Connection:
        return connect(self.url, seconds=_GLANCE_SECONDS)

    def _come_near(self) -> None:
        """Open the connection again that `glance` uses, beside the event loop."""
        if self._nearing is None or self._nearing.done():
            self._nearing = asyncio.get_running_loop().create_task(self._open_near())

    async def _open_near(self) -> None:
        while not self._closed.is_set():
            try:
                self._near = await asyncio.to_thread(self._connect_near)
            except Error as error:
                log.warning("the database does not answer: %s", error.__cause__)
                await asyncio.sleep(1.0)
            else:
                log.warning("the database answers again")
                return

    # --- writing ---

    def _write(self, work: Callable[[Transaction], R], answer: asyncio.Future[R]) -> None:
        assert self._writers is not None, "the database is not open"
        self._waiting.append(Write(work, answer))
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._call)  # once for all who ask in one turn of the loop

    def _call(self) -> None:
        """Have what waits written, by whoever writes already if that comes to an end.

        One after the other: those of one process are not in each other's way, and fewer threads wait for Python's lock.
        """
        self._is_called = False
        loop = asyncio.get_running_loop()
        with self._guard:
            if not self._waiting or self._writers is None:
                return
            now = time.monotonic()
            if len(self._begun) == WRITERS or any(now - begun < _TURN_SECONDS for begun in self._begun.values()):
                self._look_again = self._look_again or loop.call_later(_TURN_SECONDS, self._call_again)
                return
            number = next(self._numbers)
            self._begun[number] = now
        try:
            self._writers.submit(self._commit, number, loop)
        except RuntimeError:  # it is being closed: what was asked for before that is being written
            del self._begun[number]
            settle(refused(self._waiting, Unavailable("stopping")), self.listener)

    def _call_again(self) -> None:
        self._look_again = None
        self._call()

    def _commit(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        """On a writer's thread: commit what waits, in as many groups as it takes."""
        while True:
            with self._guard:
                if not self._waiting:
                    del self._begun[number]
                    return
                self._begun[number] = time.monotonic()
            group, changed = self._writes.together(self._waiting)
            self._learn(group, changed=changed)
            loop.call_soon_threadsafe(settle, group, self.listener)

    def run(self, write: Write) -> bool:
        """Run it in a transaction of its own; returns whether it changed anything."""
        return self._writes.run(write)

    # --- other processes ---

    def wake_others(self, people: Iterable[str]) -> None:
        self._to_wake.update(people)
        self._wake_soon()

    def call_keeper(self) -> None:
        self._is_due = True
        self._wake_soon()

    def tell_others(self, said: Said) -> None:
        self._to_say.append(said)
        self._wake_soon()

    def _wake_soon(self) -> None:
        if (self._to_wake or self._is_due or self._to_say) and not self._is_waking and self._readers is not None:
            self._is_waking = True
            asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        """Once for all who were told something in one turn of the loop."""
        people, self._to_wake = self._to_wake, set()
        is_due, self._is_due = self._is_due, False
        to_say, self._to_say = self._to_say, []
        if self._readers is None:
            return
        said = asyncio.get_running_loop().run_in_executor(self._readers, self._say, people, is_due, to_say)
        said.add_done_callback(self._woken)

    def _say(self, people: set[str], is_due: bool = False, to_say: Iterable[Said] = ()) -> None:
        connection = self._reading.take()
        try:
            if people:
                connection.execute(*self._listening.wake_up(people))
            if is_due:
                connection.execute(*self._listening.call_keeper())
            for said in to_say:
                connection.execute(*self._listening.tell(said))
        finally:
            self._reading.give_back(connection)

    def _woken(self, said: asyncio.Future[None]) -> None:
        self._is_waking = False
        if not said.cancelled() and (error := said.exception()):
            log.warning("others were not woken, their sweep makes up for it: %s", error)
        self._wake_soon()

    # --- of commands ---

    def exists(self) -> bool:
        with said(str(self.path), _UNREADABLE), patient(self.url) as connection:
            return PostgreSQLTransaction(connection, 0).has_table("schema_migrations")

    def look_into(self, function: Callable[[Transaction], R]) -> R:
        with said(str(self.path), _UNREADABLE), patient(self.url) as connection:
            connection.execute(SNAPSHOT)
            tx = PostgreSQLTransaction(connection, 0)
            refuse_others(tx, str(self.path))
            result = function(tx)
            tx.flush()  # a reading that writes is to be refused
            return result

    def change(self, function: Callable[[Transaction], object]) -> None:
        write = Write(function)
        with said(str(self.path), "ne se laisse pas changer"):
            try:
                self.run(write)
            finally:
                self._writing.close()
            if write.error is not None:
                raise write.error

    def server(self) -> Server:
        with said(str(self.path), _UNREADABLE), connect(self.url) as connection:
            return standing(PostgreSQLTransaction(connection, 0))

    def migrate(self) -> None:
        with self.usable(), connect(self.url, seconds=0) as connection:
            migrate(connection, self.clock())

    @contextmanager
    def alone(self) -> Iterator[None]:
        with said(str(self.path), _UNREADABLE), alone(self.url, str(self.path)):
            yield

    def owner(self) -> Owner:
        return LockOwner(lambda: connect(self.url, seconds=_GLANCE_SECONDS))

    # --- what is asked of it ---

    def usable(self) -> AbstractContextManager[None]:
        return _usable(self.path)

    def is_in_place(self) -> bool:
        return True  # what lies there is PostgreSQL's to know

    def free_space(self) -> int:
        """Of the disk of this machine, on which papers lie."""
        found = os.statvfs(self.path.parent)
        return found.f_bavail * found.f_frsize

    async def damage(self) -> str | None:
        """PostgreSQL looks at each page that it reads, where it was told to (initdb --data-checksums)."""
        self.found_damage = False
        return None


def _is_closed(connection: Connection) -> bool:
    return bool(connection.closed)


def _begun(connection: Connection, how: str) -> bool:
    """Begin; False when the connection is broken."""
    try:
        _begin(connection, how)
    except Unavailable:
        if connection.closed:
            return False
        raise
    return True


def _begin(connection: Connection, how: str) -> None:
    try:
        connection.execute(how)
    except psycopg.Error as error:
        raise translated(error) from error


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, Unavailable, OSError) as error:
        cause = error.__cause__ if isinstance(error, Unavailable) else error
        said = str(cause or error).strip().partition("\n")[0]
        raise Unusable(f"La base PostgreSQL {path} ne peut pas servir : {said}.") from error
