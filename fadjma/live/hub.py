"""The hub: every open stream, and the one catch-up loop for connect, reconnect, slow link, overflow and restart.

A stream knows the last seq it sent. When it is level and idle, a new event is written straight to its connection.
Otherwise it is *behind*: one task reads `seq > last` from the database and sends until level. There is no queue per
stream; nothing that a user must see lives only here.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any, Literal

from fadjma.events import Announcement, inbox
from fadjma.events.inbox import Notification
from fadjma.identity import sessions
from fadjma.identity.sessions import CloseReason, SessionsEnded
from fadjma.live import encode, replay
from fadjma.live.colleagues import Colleagues
from fadjma.live.delivery import Delivery
from fadjma.live.figures import EndReason, Figures
from fadjma.live.fragments import Fragments, Rendered
from fadjma.live.streams import COMMENT_EVERY, Stream, Streams
from fadjma.store import READERS, Announced, Database, Transaction

_Ready = tuple[Stream, int, bytes]  # a level stream, its next seq, and that event
ByeReason = CloseReason | Literal["restarting", "replaced"]

log = logging.getLogger("fadjma.live")
WRITE_DEADLINE = 30.0  # seconds without taking a byte
SWEEP_EVERY = 1.5  # seconds; rights that end are noticed within 2 s even when another process ended them
STREAMS_PER_USER = 12  # more than any one person's devices; the oldest is told `replaced`
_SLICE = 0.002  # seconds of delivering before everybody else gets a turn: a notice to 10,000 holds nobody up
# Events made before they are written; with 1 or 256 a tenth more of the loop for each, of 1,000 HTML streams.
_TOGETHER = 64
_BACKLOG = 1_000  # announcements waiting to be delivered; past it, streams catch up from the database instead


class Hub:
    """All open streams of this process. Everything here runs on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.streams = Streams()
        self._backlog: deque[Delivery] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._clocks: list[asyncio.Task[None]] = []
        self.delivering = False
        self._rendered: Rendered = {}  # until the next sweep: what very many are told comes in steps
        self._fragments: Fragments | None = None  # while something is being delivered
        self.restarting = False
        self._cursors: dict[str, int] = {}  # of everybody here, as the last sweep saw them
        self._catching_up = asyncio.Semaphore(READERS - 1)  # a herd that catches up leaves pages a reader
        self.figures = Figures()
        self.colleagues = Colleagues(self.streams, self._write, database.tell_others)
        self.swept: Callable[[], None] = lambda: None  # called at each sweep

    # --- streams come and go ---

    def add(self, stream: Stream) -> None:
        """Subscribe a stream: from here on it misses nothing. Its replay comes after (ntfy's order)."""
        own = self.streams.of_user(stream.viewer.id)
        if len(own) >= STREAMS_PER_USER:
            self._bye(own[0], "replaced")
        self.streams.add(stream)
        self.figures.opened(stream.viewer.session_id, stream.encoding)
        self.colleagues.joined(stream)
        if self.restarting:  # it was being let in when everybody was told
            self._bye(stream, "restarting")

    def remove(self, stream: Stream, reason: EndReason = "gone") -> None:
        if stream.closed:
            return
        stream.closed = True
        self.streams.remove(stream)
        self.colleagues.parted(stream)
        self.figures.ended(stream.viewer.session_id, stream.encoding, reason)

    @property
    def waiting_announcements(self) -> int:
        """How many are not delivered to everybody who is here."""
        return len(self._backlog)

    # --- after every commit ---

    def tell(self, announced: Announced) -> None:
        """The database's listener: called in commit order, once per committed transaction."""
        for what in announced:
            if isinstance(what, SessionsEnded):
                for session_id in what.session_ids:
                    self._bye_session(session_id, what.reason)
            elif isinstance(what, Announcement):
                self.figures.announced(len(what.recipients))
                self._announce(what, announced.committed_at)
                self._database.wake_others(what.recipients)

    def hear(self, people: set[str] | None) -> None:
        """Another process has news for these people, or for it is not known whom (None): who is here gets theirs."""
        here = [user_id for user_id in self.streams.user_ids() if people is None or user_id in people]
        if here and not self.restarting:
            self._spawn(self._look_for_news(here))

    async def _look_for_news(self, user_ids: list[str]) -> None:
        try:
            cursors = await self._database.read(inbox.cursors, user_ids)
        except Exception:
            log.exception("the news of another process were not read; the next sweep makes up for it")
            return
        for user_id, cursor in cursors.items():
            for stream in self.streams.of_user(user_id):
                if stream.last < cursor:
                    stream.wanted = max(stream.wanted, cursor)
                    self._wake(stream)

    def _announce(self, announcement: Announcement, committed_at: float) -> None:
        # Who comes after this looks for what they have missed; who leaves before their turn is passed over.
        here = self.streams.among(announcement.recipients)
        if not here:
            return
        self._backlog.append(Delivery(announcement, here, committed_at))
        if len(self._backlog) > _BACKLOG:
            self._backlog.clear()
            for stream in self.streams:
                self._wake(stream)
        elif not self.delivering:
            self.delivering = True
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        """Deliver for one slice of time; the rest when everybody else has had a turn."""
        if self._backlog:  # else: the process is stopping, and the database may be closed
            try:
                self._database.glance(self._deliver_some)
            except Exception:
                log.exception("delivery failed; the next sweep makes up for it")
                self._backlog.clear()
        if self._backlog:
            asyncio.get_running_loop().call_soon(self._deliver)
        else:
            self.delivering = False
            self._fragments = None

    def _deliver_some(self, tx: Transaction) -> None:
        until = time.monotonic() + _SLICE
        # What is read is of this moment: the next slice looks again, if anything has been written.
        if self._fragments is None or not self._fragments.go_on(tx):
            self._fragments = Fragments(tx, self._rendered)
        fragments = self._fragments
        while self._backlog:
            delivery = self._backlog[0]
            while delivery.left:
                self._offer_some(delivery, fragments)
                if over := time.monotonic() >= until:
                    break
            self.figures.timed(delivery.committed_at)
            if not delivery.left:
                self._backlog.popleft()
            if over:
                fragments.pause()
                return

    def _offer_some(self, delivery: Delivery, fragments: Fragments) -> None:
        """Make the events of the next few, then write them all, then count them.

        Where rendering stands between two writes whoever reads sleeps again, and is woken for each; and whatever else
        stands between them runs with the processor's caches full of what the kernel did (benchmarks/README).
        """
        ready: list[_Ready] = []
        while delivery.left and len(ready) < _TOGETHER:
            seq, own = delivery.left.pop()
            ready += [
                (stream, seq, delivery.event(stream, seq, fragments)) for stream in own if self._is_next(stream, seq)
            ]
        full = self._write_all(ready)
        for stream, _, body in ready:
            if not stream.closed and stream not in full:  # else: cut just now, or counted when it has gone
                self.figures.written(stream.viewer.id, len(body), delivery.committed_at)
        for stream, body in full.items():
            self._write(stream, body, delivery.committed_at)

    def _write_all(self, ready: list[_Ready]) -> dict[Stream, bytes]:
        """Write these events to level streams; returns those that have to be left to a task, and what."""
        full = {}
        for stream, seq, body in ready:
            stream.last = seq  # not before: had rendering failed for another, this one would never have it
            try:
                if not stream.link.write(body):
                    full[stream] = body
            except Exception as error:  # whatever it is, it must not keep the event from the others
                self._cut(stream, error)
        return full

    def _is_next(self, stream: Stream, seq: int) -> bool:
        """Whether it is the very next event of a level stream; another stream reads what it lacks."""
        if stream.closed:
            return False
        if stream.last == seq - 1 and not stream.catching_up:
            return True
        if stream.last < seq:
            stream.wanted = max(stream.wanted, seq)  # what reads now may have looked too early
            self._wake(stream)
        return False

    # --- the catch-up loop ---

    def _wake(self, stream: Stream) -> None:
        if not stream.catching_up and not stream.closed:
            stream.catching_up = True
            self._spawn(self._catch_up(stream))

    def catch_up(self, stream: Stream, level: int) -> None:
        """Bring a stream to `level`, the cursor read when it opened: `reset` when that is too far, or unknown here."""
        stream.level = level
        missed = level - stream.after
        # Something may have been sent, or be on its way, since it was subscribed: then the catch-up loop decides.
        overtaken = stream.catching_up or stream.last != stream.after
        if 0 <= missed <= replay.LIMIT or overtaken:
            stream.wanted = max(stream.wanted, level)
            if stream.last < stream.wanted:
                self._wake(stream)
            return
        stream.last = level
        self.figures.reset()
        self._write(stream, replay.reset(stream.after, level))
        if stream.wanted > stream.last:
            self._wake(stream)

    async def _catch_up(self, stream: Stream) -> None:
        try:
            while not stream.closed:
                async with self._catching_up:
                    missed, level = await self._database.read(
                        replay.missed, stream.viewer, stream.last, stream.encoding
                    )
                if stream.is_over():
                    return  # its farewell has been said meanwhile
                if missed is None:
                    body, stream.last = replay.reset(stream.last, level), level
                    self.figures.reset()
                elif missed:
                    body = b"".join(event for _, event in missed)
                    stream.last = missed[-1][0].seq
                elif stream.wanted <= stream.last:
                    return
                else:
                    # Announced but not there: another history than the one we know (a restored backup).
                    stream.wanted = stream.last
                    continue
                stream.writing = asyncio.current_task()
                try:
                    async with asyncio.timeout(WRITE_DEADLINE):
                        await stream.link.send(body)
                except Exception as error:  # whatever it is, what was sent last is no longer known
                    self._cut(stream, error)
                    return
                stream.writing = None
                self._note_caught_up(stream, len(body), [notification for notification, _ in missed or []])
        except Exception:
            log.exception("catching up failed; the next sweep tries again")
        finally:
            stream.writing = None
            stream.catching_up = False

    def _note_caught_up(self, stream: Stream, size: int, events: list[Notification]) -> None:
        # By the database's clock, from the start of the transaction: a millisecond or two more than from its commit.
        now, level = self._database.clock(), stream.level
        late = [max(0, now - event.created_at) / 1000 for event in events if level is not None and event.seq > level]
        self.figures.caught_up(stream.viewer.id, size, len(events), late)

    # --- writing ---

    def _write(self, stream: Stream, body: bytes, committed_at: float | None = None) -> None:
        """Write to a level stream without a task; one that takes no byte is left to a task with a deadline.

        `committed_at` is when the event was committed; None: it is no event.
        """
        try:
            full = _begin(stream, body)
        except Exception as error:  # whatever it is, it must not keep the event from the others
            self._cut(stream, error)
            return
        if full is None:
            self.figures.written(stream.viewer.id, len(body), committed_at)
            return
        sending, waiting_for = full
        stream.catching_up = True  # the link is full: whatever comes now is read from the database later
        stream.writing = self._spawn(self._finish(stream, sending, waiting_for, len(body), committed_at))

    async def _finish(
        self,
        stream: Stream,
        sending: Coroutine[Any, Any, None],
        waiting_for: Any,
        size: int,
        committed_at: float | None,
    ) -> None:
        try:
            async with asyncio.timeout(WRITE_DEADLINE):
                await _resume(sending, waiting_for)
        except Exception as error:
            stream.catching_up = False
            self._cut(stream, error)
            return
        finally:
            stream.writing = None
        self.figures.written(stream.viewer.id, size, committed_at)
        if committed_at is not None:
            self.figures.timed(committed_at)
        await self._catch_up(stream)

    def _cut(self, stream: Stream, error: Exception) -> None:
        _report(stream, error)
        if not stream.closed:
            self.remove(stream, "too_slow" if isinstance(error, TimeoutError) else "broken")
            stream.link.cut()

    def _bye_session(self, session_id: str, reason: ByeReason) -> None:
        for stream in self.streams.of_session(session_id):
            self._bye(stream, reason)

    def _bye(self, stream: Stream, reason: ByeReason) -> None:
        """The last event of a stream: why it ends, and when to come back."""
        if stream.closed:
            return
        self.remove(stream, reason)
        retry = random.randint(500, 5_000)  # noqa: S311 - against a herd
        self._spawn(self._end(stream, encode.event("bye", reason, retry=retry)))

    async def _end(self, stream: Stream, body: bytes) -> None:
        try:
            async with asyncio.timeout(1.0 if self.restarting else WRITE_DEADLINE):
                if stream.writing:
                    await asyncio.wait({stream.writing})  # what was begun comes first
                await stream.link.send(body, last=True)
            self.figures.written(stream.viewer.id, len(body))
        except Exception as error:
            _report(stream, error)
            stream.link.cut()

    # --- time passing ---

    def start(self) -> None:
        self._clocks = [
            asyncio.create_task(self._every(1.0, self._comment)),
            asyncio.create_task(self._every(SWEEP_EVERY, self._sweep)),
        ]

    async def _every(self, seconds: float, act: Callable[[int], Awaitable[None]]) -> None:
        tick = 0
        while True:
            await asyncio.sleep(seconds)
            tick += 1
            try:
                await act(tick)
            except Exception:
                log.exception("the hub's %s failed; it goes on", act.__name__)

    async def _comment(self, tick: int) -> None:
        for stream in [stream for stream in self.streams if stream.slot == tick % COMMENT_EVERY]:
            if not stream.catching_up and not stream.closed:
                self._write(stream, encode.COMMENT)

    async def _sweep(self, tick: int) -> None:
        """End the streams of sessions that are over, and wake those that another process has left behind."""
        self.colleagues.sweep()
        self.swept()
        self._rendered.clear()
        if not len(self.streams):
            self._cursors.clear()
            return
        users, open_sessions = self.streams.user_ids(), self.streams.session_ids()
        ended, whose, cursors = await self._database.read(_swept, open_sessions, users)
        for session_id, reason in ended.items():
            self._bye_session(session_id, reason)
        for stream in list(self.streams):
            viewer = stream.viewer
            if viewer.id != whose.get(viewer.session_id, viewer.own_id):
                self._bye(stream, "withdrawn" if viewer.by else "changed")
        # Only what the sweep before has seen already: what is new may be on its way, and to wake everybody for it would
        # make 10,000 readings of one notice.
        before, self._cursors = self._cursors, cursors
        for user_id, cursor in before.items():
            for stream in self.streams.of_user(user_id):
                if stream.last < cursor and not self.delivering:
                    stream.wanted = max(stream.wanted, cursor)
                    self._wake(stream)

    def restart(self) -> None:
        """The process is about to stop: say so on every stream, spread the return, take no new ones."""
        self.restarting = True
        self._backlog.clear()  # they will ask for it when they come back
        for stream in list(self.streams):
            self._bye(stream, "restarting")

    async def stop(self) -> None:
        """End every stream and every task."""
        self.restart()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.5)
        ending = [*self._clocks, *self._tasks]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("a delivery task failed", exc_info=task.exception())


def _report(stream: Stream, error: Exception) -> None:
    if not isinstance(error, TimeoutError | OSError) and not stream.link.is_closed:
        log.error("a stream broke in an unknown way", exc_info=error)


def _begin(stream: Stream, body: bytes) -> tuple[Coroutine[Any, Any, None], Any] | None:
    """Begin to write; None when it has been taken, else the sending, by hand, with what it waits for."""
    if stream.link.write(body):
        return None
    sending = stream.link.send(body)
    try:
        return sending, sending.send(None)
    except StopIteration:
        return None


@coroutine
def _resume(sending: Coroutine[Any, Any, None], waiting_for: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that has been started by hand and has asked to wait."""
    try:
        while True:
            try:
                answer = yield waiting_for
            except BaseException as error:
                waiting_for = sending.throw(error)
            else:
                waiting_for = sending.send(answer)
    except StopIteration:
        return


def _swept(
    tx: Transaction, session_ids: list[str], user_ids: list[str]
) -> tuple[dict[str, Any], dict[str, str], dict[str, int]]:
    return sessions.ended_among(tx, session_ids), sessions.whose(tx, session_ids), inbox.cursors(tx, user_ids)
