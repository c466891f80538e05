"""A database of PostgreSQL's: writers and readers on threads of their own, each with a connection.

Writers run at once. Every transaction that writes is SERIALIZABLE: PostgreSQL itself sees when two are in each other's
way, ends one of them, and it is run again (docs/decisions/29-postgresql.md).
"""

import asyncio
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psycopg

from fadjma.store.database import Clock, Database, Said, Server, milliseconds
from fadjma.store.errors import Error, Unavailable, Unusable
from fadjma.store.owner import Owner
from fadjma.store.postgresql.address import name, public
from fadjma.store.postgresql.aside import SNAPSHOT, alone, patient, refuse_others, said
from fadjma.store.postgresql.connections import Connection, Kept, connect
from fadjma.store.postgresql.faults import InTheWay, translated
from fadjma.store.postgresql.listening import Listening
from fadjma.store.postgresql.migrating import migrate
from fadjma.store.postgresql.owner import LockOwner
from fadjma.store.postgresql.standing import standing
from fadjma.store.postgresql.transaction import PostgreSQLTransaction
from fadjma.store.transaction import Transaction
from fadjma.store.writes import Write, settle

R = TypeVar("R")

log = logging.getLogger("fadjma")
WRITERS = 4  # at once; with more, more are in each other's way (docs/decisions/29-postgresql.md)
READERS = 4
_BUSY_SECONDS = 5.0  # for which a write is tried again while others are in its way
_PAUSE = 0.002  # seconds before it is tried again, at the most; twice as many each time
_GLANCE_SECONDS = 1.0  # that the event loop waits for the database, as long as that answers at all
_ASIDE_SECONDS = 600.0  # for one statement of a long reading
_ANSWER_SECONDS = 30.0  # for which it is found out whether a commit was kept whose answer was lost
_CUT_OFF = ("", "08", "57")  # errors that say nothing of a commit: of the connection, of a server that stops
_UNREADABLE = "ne se laisse pas lire"
_WRITE = b"BEGIN ISOLATION LEVEL SERIALIZABLE"


class _Broken(Unavailable):
    """A connection was, before anything was answered on it: nothing was begun there, and another may be whole."""

    def __init__(self) -> None:
        super().__init__("broken")


class PostgreSQL(Database):
    """The database at `url`."""

    is_file = False

    def __init__(self, url: str, *, clock: Clock = milliseconds) -> None:
        super().__init__(clock)
        self.url = url
        self.path = Path(name(url))
        self.address = public(url)
        self._writing = Kept(lambda: connect(url))
        self._reading = Kept(lambda: connect(url))
        self._writers: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._near: Connection | None = None
        self._nearing: asyncio.Task[None] | None = None
        self._closed = threading.Event()
        self._turn = threading.Lock()  # of those who were in somebody's way: one by one
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
            self.finish_within(_BUSY_SECONDS)
        self._closed.set()
        await self._listening.stop()
        if self._nearing:
            await asyncio.gather(self._nearing, return_exceptions=True)
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
            _roll_back(connection)

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
        self._writers.submit(self._commit, Write(work, answer), asyncio.get_running_loop())

    def _commit(self, write: Write, loop: asyncio.AbstractEventLoop) -> None:
        """On a writer's thread."""
        try:
            changed = self.run(write)
        except BaseException as error:
            write.fail(error)
            changed = False
        self._learn(write, changed=changed)
        loop.call_soon_threadsafe(settle, [write], self.listener)

    def run(self, write: Write) -> bool:
        """Run it in a transaction, again while others are in its way; returns whether it changed anything."""
        until = time.monotonic() + _BUSY_SECONDS
        pause, again, seen, may_be_broken = _PAUSE, False, "", True
        while True:
            if self._give_up_at is not None and time.monotonic() > self._give_up_at:
                raise Unavailable("stopping")
            try:
                if not again:
                    return self._try(write, again=False)
                with self._turn:
                    return self._try(write, again=True, seen=seen)
            except _Broken:
                if not may_be_broken or time.monotonic() > until:
                    raise
                again, may_be_broken = True, False
                continue
            except InTheWay as way:
                if time.monotonic() > until:
                    raise
                seen = way.there_already
            again = True
            time.sleep(random.uniform(0, pause))  # noqa: S311 - against those of other processes
            pause = min(2 * pause, 0.1)

    def _try(self, write: Write, *, again: bool, seen: str = "") -> bool:
        """`seen`: the key that was found to be there when it was tried before. Its row is to be seen now, and whoever
        makes the same one all the same means it; of another key that is not known."""
        connection = self._writing.take()
        try:
            tx = PostgreSQLTransaction(connection, self.clock(), again=again, begin=_WRITE)
            failure: Error | None = None
            write.run(tx)
            if write.error is None:
                try:
                    self._end(connection, tx)
                except Error as error:
                    failure = error
            if connection.closed and not tx.number:
                raise _Broken
            if tx.in_the_way is not None:
                raise tx.in_the_way
            if tx.there_already and tx.there_already != seen:
                raise InTheWay("locked", tx.there_already)
            if failure is not None:
                raise failure
            if write.announced:
                write.announced.committed_at = time.monotonic()
            return tx.changed and write.error is None
        finally:
            if not connection.closed:
                _roll_back(connection)
            self._writing.give_back(connection)

    def _end(self, connection: Connection, tx: PostgreSQLTransaction) -> None:
        """Commit. Raises Unavailable when it was not kept, or when nobody says whether it was (« unknown »)."""
        if not tx.begun:
            tx.flush()
        if not tx.begun:
            return  # nothing was asked of it, nor sent
        if not tx.number or connection.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
            raise Error("the transaction was ended from within")
        try:
            tx.end()
        except psycopg.Error as error:
            lost = (error.sqlstate or "")[:2] in _CUT_OFF
            kept = self._was_kept(tx.number, connection.history) if lost else False
            if not kept:
                raise (Unavailable("unknown") if kept is None else tx.failed(error)) from error

    def _was_kept(self, transaction: str, history: str) -> bool | None:
        """Whether a transaction was committed, of which the answer was lost with its connection.

        Nobody is told « failed » of what may be done: it is asked until somebody answers; None when nobody has for so
        long that whoever waits is to be told that, and when the server has crashed since, or a standby has taken over:
        what was lost had its number for nothing, and the next one gets it again.
        """
        until = time.monotonic() + _ANSWER_SECONDS
        while time.monotonic() < until:
            with suppress(psycopg.Error, Unavailable), connect(self.url, seconds=_GLANCE_SECONDS) as connection:
                if connection.history != history:
                    return None
                found = connection.execute("SELECT pg_xact_status(%s::xid8)", (transaction,)).fetchone()
                if found and found[0] in ("committed", "aborted"):
                    return bool(found[0] == "committed")
            time.sleep(0.1)
        return None

    def _learn(self, write: Write, *, changed: bool) -> None:
        """What this write says about the database's health."""
        if isinstance(write.error, Unavailable):
            self.failure = write.error
        elif changed and write.error is None:
            if self.failure:
                log.warning("writing works again")
            self.failure, self.written_at = None, time.monotonic()

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


def _roll_back(connection: Connection) -> None:
    if connection.closed or connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
        return
    with suppress(psycopg.Error):  # it is broken, and is not kept
        connection.execute("ROLLBACK")


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, Unavailable, OSError) as error:
        cause = error.__cause__ if isinstance(error, Unavailable) else error
        said = str(cause or error).strip().partition("\n")[0]
        raise Unusable(f"La base PostgreSQL {path} ne peut pas servir : {said}.") from error
