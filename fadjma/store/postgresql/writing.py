"""Running what is written: all that waits in one transaction, SERIALIZABLE, with one flush of the disk; again while
others are in its way (docs/decisions/29-postgresql.md).

No savepoint stands around an act: one that is refused has mostly written nothing, and the others go on. Where it has,
or where PostgreSQL refuses anything, nothing of that transaction is kept, and each half is run by itself, down to one.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

import psycopg

from fadjma.store.database import Clock
from fadjma.store.errors import Error, Unavailable
from fadjma.store.postgresql.connections import Connection, Kept, connect, roll_back
from fadjma.store.postgresql.faults import InTheWay
from fadjma.store.postgresql.transaction import PostgreSQLTransaction
from fadjma.store.writes import Write

GROUP = 32  # acts in one transaction at the most
_GROUP_SECONDS = 0.02  # after which no further act is let into one: whoever waits for it waits for them all
_BUSY_SECONDS = 5.0  # for which a write is tried again while others are in its way
_PAUSE = 0.002  # seconds before it is tried again, at the most; twice as many each time
_LOOK_SECONDS = 1.0  # that a look at whether a commit was kept may take
_ANSWER_SECONDS = 30.0  # for which it is found out whether a commit was kept whose answer was lost
_CUT_OFF = ("", "08", "57")  # errors that say nothing of a commit: of the connection, of a server that stops
_LOCK_MS = 25  # for which a row of another is waited for, which has changed by then: waiting is of no use here
_ALONE_MS = 1_000  # for which others are waited for by whoever writes with nobody beside
_APART_SECONDS = 5.0  # after which it is tried again whether others let somebody write alone

_How = Sequence[bytes]  # statements
# How one begins. The table is one that exists, and that nobody changes; LOCK takes no snapshot, so whoever has waited
# sees what was committed meanwhile.
_SERIALIZABLE = b"BEGIN ISOLATION LEVEL SERIALIZABLE"
_BESIDE: _How = (
    _SERIALIZABLE,
    b"SET LOCAL lock_timeout = %d" % _LOCK_MS,
    b"LOCK TABLE schema_migrations IN ROW SHARE MODE",
)
_ALONE: _How = (
    _SERIALIZABLE,
    b"SET LOCAL lock_timeout = %d" % _ALONE_MS,
    b"LOCK TABLE schema_migrations IN EXCLUSIVE MODE",
    b"SET LOCAL lock_timeout = %d" % _LOCK_MS,  # of a row that somebody holds who is none of us: all wait meanwhile
)
_WHATEVER_OTHERS_DO: _How = (_SERIALIZABLE,)


class _Broken(Unavailable):
    """A connection was, before anything was answered on it: nothing was begun there, and another may be whole."""

    def __init__(self) -> None:
        super().__init__("broken")


class _Apart(Error):
    """One of several acts cannot be kept, and nothing of the others is, before each has been tried without it."""


class Writing:
    """What is written to the database at `url`, over connections that are `kept`, until it `is_over`."""

    def __init__(self, url: str, kept: Kept, clock: Clock, is_over: Callable[[], bool]) -> None:
        self._url = url
        self._kept = kept
        self._clock = clock
        self._is_over = is_over
        self._turn = threading.Lock()  # of those who were in somebody's way: one by one
        self._apart_until = 0.0  # `time.monotonic()`; others do not let anybody write alone

    def together(self, waiting: deque[Write], *, alone: bool = False) -> tuple[list[Write], bool]:
        """Take of what waits and run it; returns it with what came of each, and whether anything was changed.

        `alone`: with nobody of another process beside. Where nothing can be begun, that is said to all who wait.
        """
        group: list[Write] = []
        try:
            with self._connection() as connection:
                return group, self._try(connection, _let_in(waiting), group, alone=alone)
        except BaseException as error:
            if group:
                return group, self._after(group, error, alone=alone)
            return refused(waiting, error), False

    def _after(self, group: list[Write], error: BaseException, *, alone: bool) -> bool:
        """What becomes of those of whom nothing was kept: returns whether one of them changed anything after all."""
        if isinstance(error, Unavailable) and error.reason == "unknown":
            for write in group:
                write.fail(error)
            return False
        if len(group) == 1:
            return self._singly(group[0], error)
        parts, middle = [group], len(group) // 2
        if alone or not isinstance(error, InTheWay):  # else: all of them once more, they are not in each other's way
            parts = [group[:middle], group[middle:]]
        changed, in_the_way = False, isinstance(error, InTheWay)
        for part in parts:
            waiting = deque(part)
            while waiting:
                _, more = self.together(waiting, alone=in_the_way)
                changed |= more
        return changed

    def _singly(self, write: Write, error: BaseException) -> bool:
        try:
            if not isinstance(error, InTheWay | _Broken):
                raise error
            return self.run(write, after=error)
        except BaseException as failure:
            write.fail(failure)
            return False

    def run(self, write: Write, *, after: InTheWay | _Broken | None = None) -> bool:
        """Run it by itself, again while others are in its way; returns whether it changed anything. `after`: what was
        in its way before. What it raises is said of no other."""
        until = time.monotonic() + _BUSY_SECONDS
        pause, may_be_broken = _PAUSE, True
        way: InTheWay | None = None
        while True:
            if after is not None and time.monotonic() > until:
                raise after
            if isinstance(after, InTheWay):
                way = after
            try:
                with self._turn if after else nullcontext(), self._connection() as connection:
                    return self._try(
                        connection,
                        [write],
                        [],
                        alone=way is not None,
                        seen=way.there_already if way else "",
                    )
            except _Broken as broken:
                if not may_be_broken:
                    raise
                after, may_be_broken = broken, False
                continue
            except InTheWay as another:
                after = another
            time.sleep(random.uniform(0, pause))  # noqa: S311 - against those of other processes
            pause = min(2 * pause, 0.1)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """One on which nothing is begun, and nothing is afterwards. Raises Unavailable."""
        if self._is_over():
            raise Unavailable("stopping")
        connection = self._kept.take()
        try:
            yield connection
        finally:
            roll_back(connection)
            self._kept.give_back(connection)

    def _try(
        self,
        connection: Connection,
        writes: Iterable[Write],
        group: list[Write],
        *,
        alone: bool,
        seen: str = "",
    ) -> bool:
        """Run these in one transaction, each added to the `group` before; returns whether they changed anything.

        `alone`: nobody of another process is to be beside. `seen`: the key that was found to be there before. Its row
        is to be seen now, and whoever makes the same one all the same means it; of another key that is not known.
        Raises InTheWay, _Broken or _Apart where they may be kept another time, or by themselves, and what else is to be
        said of all.
        """
        tx = self._begin_alone(connection) if alone else self._begin(connection, _BESIDE)
        changed = False
        for write in writes:
            if group:
                tx = tx.next(self._clock())
            group.append(write)
            tx.again = write.has_run
            write.run(tx)
            write.has_run = write.has_run or not _waited_to_begin(tx)
            _refuse_what_may_be_kept_later(connection, tx, seen)
            if write.error is None:
                changed |= tx.changed
            elif tx.has_written or not _is_well(connection):
                if len(group) > 1:
                    raise _Apart
                return False  # and its error stands
        if any(write.error is None for write in group):
            failure = self._end(connection, tx)
            _refuse_what_may_be_kept_later(connection, tx, seen)
            if failure is not None:
                raise failure
        committed_at = time.monotonic()
        for write in group:
            if write.announced:
                write.announced.committed_at = committed_at
        return changed

    def _begin(self, connection: Connection, how: _How) -> PostgreSQLTransaction:
        """With its first statement."""
        if time.monotonic() < self._apart_until:
            how = _WHATEVER_OTHERS_DO
        return PostgreSQLTransaction(connection, self._clock(), begin=how)

    def _begin_alone(self, connection: Connection) -> PostgreSQLTransaction:
        """When those that are under way have ended; beside them where they do not end."""
        tx = self._begin(connection, _ALONE)
        try:
            tx.begin()
            return tx.next(self._clock())  # it is later now, and may be after what others have done meanwhile
        except Error as error:
            if isinstance(error, InTheWay) and error.waited:
                self._apart_until = time.monotonic() + _APART_SECONDS
        roll_back(connection)
        return self._begin(connection, _ALONE)  # whatever else it was, the first act meets it and says so

    def _end(self, connection: Connection, tx: PostgreSQLTransaction) -> Error | None:
        """Commit; returns why it was not kept, or that nobody says whether it was (« unknown »)."""
        try:
            if not tx.begun:
                tx.flush()
            if not tx.begun:
                return None  # nothing was asked of it, nor sent
            if not tx.number or connection.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
                return Error("the transaction was ended from within")
            try:
                tx.end()
            except psycopg.Error as error:
                lost = (error.sqlstate or "")[:2] in _CUT_OFF
                kept = self.was_kept(tx.number, connection.history) if lost else False
                if not kept:
                    raise (Unavailable("unknown") if kept is None else tx.failed(error)) from error
        except Error as failure:
            return failure
        return None

    def was_kept(self, transaction: str, history: str) -> bool | None:
        """Whether a transaction was committed, of which the answer was lost with its connection.

        Nobody is told « failed » of what may be done: it is asked until somebody answers; None when nobody has for so
        long that whoever waits is to be told that, and when the server has crashed since, or a standby has taken over:
        what was lost had its number for nothing, and the next one gets it again.
        """
        until = time.monotonic() + _ANSWER_SECONDS
        while time.monotonic() < until:
            with suppress(psycopg.Error, Unavailable), connect(self._url, seconds=_LOOK_SECONDS) as connection:
                if connection.history != history:
                    return None
                found = connection.execute("SELECT pg_xact_status(%s::xid8)", (transaction,)).fetchone()
                if found and found[0] in ("committed", "aborted"):
                    return bool(found[0] == "committed")
            time.sleep(0.1)
        return None


def refused(waiting: deque[Write], error: BaseException) -> list[Write]:
    """All who wait are told so; returns them. One by one: others may ask meanwhile, or be told by another thread."""
    group: list[Write] = []
    with suppress(IndexError):
        while True:
            group.append(waiting.popleft())
    for write in group:
        write.fail(error)
    return group


def _let_in(waiting: deque[Write]) -> Iterator[Write]:
    """What waits, and what comes meanwhile, as long as it is not to keep the first waiting."""
    until = time.monotonic() + _GROUP_SECONDS
    for number in range(GROUP):
        if number and time.monotonic() > until:
            return
        try:
            write = waiting.popleft()
        except IndexError:
            return
        yield write


def _is_well(connection: Connection) -> bool:
    """Whether more can be asked in the same transaction."""
    return connection.info.transaction_status in (
        psycopg.pq.TransactionStatus.INTRANS,
        psycopg.pq.TransactionStatus.IDLE,  # nothing was asked yet
    )


def _waited_to_begin(tx: PostgreSQLTransaction) -> bool:
    """Whether others kept it from beginning: then its act has come as far as the first thing that it asks."""
    return not tx.number and tx.in_the_way is not None and tx.in_the_way.waited


def _refuse_what_may_be_kept_later(connection: Connection, tx: PostgreSQLTransaction, seen: str) -> None:
    """Raises InTheWay or _Broken, whatever the act has made of it."""
    if connection.closed and not tx.number:
        raise _Broken
    if tx.in_the_way is not None:
        raise tx.in_the_way
    if tx.there_already and tx.there_already != seen:
        raise InTheWay("locked", tx.there_already)
