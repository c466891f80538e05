"""The store: plain functions run inside one transaction, in one hop, on a connection's own thread.

`await database.read(function, *args)` and `await database.write(function, *args)` call `function(tx, *args)` with a
`Transaction`. A write commits when the function returns and rolls back when it raises; what it announced with
`tx.announce(…)` is told to the listener only after the commit, in commit order.
One hop per transaction was measured three times as fast as one await per statement (docs/decisions/). Which database
is behind it, `at` (engines.py) finds in the address, and nobody else asks.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from fadjma.histogram import SECONDS, Histogram
from fadjma.store.errors import Unavailable
from fadjma.store.owner import Owner
from fadjma.store.transaction import Announced, Transaction
from fadjma.store.writes import Write

P = ParamSpec("P")
R = TypeVar("R")
Clock = Callable[[], int]
Listener = Callable[[Announced], None]
Heard = Callable[[set[str] | None], None]
Said = dict[str, Any]  # what one process says to the others, as JSON: short

log = logging.getLogger("fadjma")
READERS = 2  # as many as the small machines we run on have cores
WAL_LIMIT = 8 * 1024 * 1024  # bytes
_NOTE_SECONDS = 0.1


def milliseconds() -> int:
    """The time now, in milliseconds UTC since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Server:
    """What a database that is no file says of itself, for `quart doctor`."""

    version: str
    size: int  # bytes of this database
    clock: int  # milliseconds UTC
    role: str
    is_superuser: bool
    is_following: bool  # another machine; then nobody can write to it
    unsafe: tuple[str, ...]  # settings with which what was acknowledged may be lost
    processes: int  # of FADJMA that serve this database now
    places_apart: int  # of a table, that it keeps apart for a transaction that has read them
    connections: int
    most_connections: int
    required_standbys: str  # without which no write is acknowledged; empty: it waits for none
    standbys: int  # machines that follow this one now
    archived_at: int  # its log, last, milliseconds UTC; 0: never
    archiving_failed_at: int


class Database(ABC):
    """A database; `at` makes one.

    `path`: its file, or, of one that is no file of this machine, the name under which what belongs to it lies here
    (the secret key, papers). `address`: what FADJMA_DATABASE_URL says of it, without what is secret.
    """

    path: Path
    address: str
    is_file: bool

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.listener: Listener = lambda announced: None
        self.heard: Heard = lambda people: None
        self.told: Callable[[Said | None], None] = lambda said: None  # None: some may have been missed
        self.due: Callable[[], None] = lambda: None  # called when another process has something for who keeps the time
        self.waiting_reads = 0  # as with writes, below; `glance` does not wait
        self.waiting_writes = 0  # asked for and not answered: the one that runs, and those behind it
        self.write_seconds = Histogram(SECONDS)  # from asking to the answer, committed or refused
        self._give_up_at: float | None = None  # `time.monotonic()` after which nothing more is begun
        self.found_damage = False  # by a reading, since all pages were last found well
        self.failure: Unavailable | None = None  # of the last write that was not refused for its own sake
        self.written_at = 0.0  # `time.monotonic()` of the last one that changed something and was kept

    @abstractmethod
    async def open(self) -> None:
        """Migrate, then open the connections. Raises Unusable; then nothing stays open."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what is queued and close every connection; what is asked for meanwhile fails (Unavailable)."""

    def finish_within(self, seconds: float) -> None:
        """The process is about to stop: what has not been begun by then fails (Unavailable) and is not kept."""
        self._give_up_at = time.monotonic() + seconds

    def read(
        self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, R]:
        """Call `function(tx, …)` on one consistent snapshot; it cannot change anything."""
        return self._read(lambda tx: function(tx, *args, **kwargs))

    def read_aside(
        self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, R]:
        """Like `read`, on a connection and a thread of its own: for what takes seconds, and is to keep nobody waiting.

        What is written meanwhile stays in the -wal until it has ended: no longer than it must.
        """
        return self._read_aside(lambda tx: function(tx, *args, **kwargs))

    def glance(self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `read`, at once and on the event loop's own thread: only for a few rows by their keys, just written.

        Two hops between threads cost more than such a reading, most of all on an idle machine (benchmarks/README.md).
        """
        return self._glance(lambda tx: function(tx, *args, **kwargs))

    async def write(
        self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Call `function(tx, …)` in one durable transaction: all of it, or nothing when it raises.

        It may be called again when another's transaction was in the way of it (`Transaction.again`): what it does
        outside of the database it must bear to do twice. Raises Unavailable when the database cannot keep anything now.
        """
        return await self._ask(lambda tx: function(tx, *args, **kwargs))

    async def note(
        self, function: Callable[Concatenate[Transaction, P], object], /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Like `write`, for what nobody's answer depends on: waited for a moment only, and its failure is health's."""
        answer = self._ask(lambda tx: function(tx, *args, **kwargs))
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({answer}, timeout=_NOTE_SECONDS)

    def _ask(self, work: Callable[[Transaction], R]) -> asyncio.Future[R]:
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(partial(self._answered, time.monotonic()))
        self.waiting_writes += 1
        self._write(work, answer)
        return answer

    def _answered(self, asked_at: float, answer: asyncio.Future[Any]) -> None:
        self.waiting_writes -= 1
        self.write_seconds.observe(time.monotonic() - asked_at)

    def _is_over(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._give_up_at is not None and time.monotonic() > self._give_up_at

    def _learn(self, group: Sequence[Write], *, changed: bool) -> None:
        """What a group that was committed, or not, says about the database's health."""
        failure = next((write.error for write in group if isinstance(write.error, Unavailable)), None)
        if failure:
            self.failure = failure
        elif changed and any(write.error is None for write in group):
            if self.failure:
                log.warning("writing works again")
            self.failure, self.written_at = None, time.monotonic()

    @abstractmethod
    async def _read(self, work: Callable[[Transaction], R]) -> R: ...

    @abstractmethod
    async def _read_aside(self, work: Callable[[Transaction], R]) -> R: ...

    @abstractmethod
    def _glance(self, work: Callable[[Transaction], R]) -> R: ...

    @abstractmethod
    def _write(self, work: Callable[[Transaction], R], answer: asyncio.Future[R]) -> None:
        """Have the work done and answered, on the event loop, after the listener was told."""

    def wake_others(self, people: Iterable[str]) -> None:  # noqa: B027 - most databases have no others
        """Let the other processes know that these people have news: there `heard` is called with them.

        A wake-up and no more: where it is lost, the next sweep finds what it was about. On a file nobody is called.
        """

    def call_keeper(self) -> None:  # noqa: B027 - most databases have no others
        """Have whichever other process keeps the time look now: there `due` is called. A wake-up and no more, too."""

    def tell_others(self, said: Said) -> None:  # noqa: B027 - most databases have no others
        """Say what is kept nowhere, in up to 8 KB: in the others `told` is called with it, in order, or never."""

    # Of commands: it need not be open, and whether a process serves it meanwhile matters to `alone` only.

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is one of FADJMA's, of whichever version. Raises Unusable when that cannot be known."""

    @abstractmethod
    def look_into(self, function: Callable[[Transaction], R]) -> R:
        """Call `function(tx)` on one consistent snapshot, however long it takes. Raises Unusable."""

    @abstractmethod
    def change(self, function: Callable[[Transaction], object]) -> None:
        """Call `function(tx)` in one durable transaction; as with `write`, it may be called again. Raises Unusable."""

    def server(self) -> Server | None:
        """What looks after it, as it stands now; None of a file. Raises Unusable."""
        return None

    @abstractmethod
    def migrate(self) -> None:
        """Bring it to this version, as every start does. Raises Unusable."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """Around what nobody may serve it beside. Raises Unusable while a process of FADJMA does."""

    @abstractmethod
    def owner(self) -> Owner:
        """Which of the processes on this database is its server."""

    @abstractmethod
    def usable(self) -> AbstractContextManager[None]:
        """Around what opens this database: says in one line why it cannot be. Raises Unusable."""

    @abstractmethod
    def is_in_place(self) -> bool:
        """Whether what is open is what lies at the path."""

    @abstractmethod
    def free_space(self) -> int:
        """Bytes that may still be written to the disk of the database."""

    @abstractmethod
    async def damage(self) -> str | None:
        """What is wrong with the pages of the database, if anything; may read all of them, beside everything else."""
