"""The hub: every open stream, and the one catch-up loop for connect, reconnect, slow link, overflow and restart.

A stream knows the last seq it sent. When it is level and idle, a new event is written straight to its ASGI `send`.
Otherwise it is *behind*: one task reads `seq > last` from the database and sends until level. There is no queue per
stream; nothing that a user must see lives only here.
"""

import asyncio
import json
import logging
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from dataclasses import replace
from itertools import chain
from types import coroutine
from typing import Any, Literal, cast

from fadjma.accounts import sessions
from fadjma.accounts.people import Viewer
from fadjma.accounts.sessions import SessionsEnded
from fadjma.database import Announced, Database, Transaction
from fadjma.events import Announcement
from fadjma.live import encode
from fadjma.live.figures import EndReason, Figures
from fadjma.live.fragments import Fragments
from fadjma.notifications import inbox
from fadjma.notifications.inbox import Notification

Send = Callable[[dict[str, Any]], Awaitable[None]]
ByeReason = Literal["signed_out", "expired", "deactivated", "restarting", "replaced"]

log = logging.getLogger("fadjma.live")
REPLAY_LIMIT = 50  # past this many missed events, one `reset` instead
WRITE_DEADLINE = 30.0  # seconds without taking a byte
COMMENT_EVERY = 25  # seconds
SWEEP_EVERY = 1.5  # seconds; rights that end are noticed within 2 s even when another process ended them
STREAMS_PER_USER = 12  # more than any one person's devices; the oldest is told `replaced`
_BACKLOG = 1_000  # announcements waiting to be rendered; past it, streams catch up from the database instead


class Stream:
    """One open stream of one person."""

    __slots__ = (
        "abort",
        "after",
        "catching_up",
        "closed",
        "encoding",
        "last",
        "level",
        "send",
        "slot",
        "viewer",
        "wanted",
        "writing",
    )

    def __init__(
        self, viewer: Viewer, send: Send, abort: Callable[[], None], encoding: Literal["html", "json"], after: int
    ) -> None:
        self.viewer = viewer
        self.send = send
        self.abort = abort  # cuts the connection, whatever is still to be written
        self.encoding = encoding
        self.after = after  # the cursor it came with
        self.last = after  # the last seq written
        self.wanted = after  # the last seq announced
        self.level: int | None = None  # the person's cursor when it opened: what is older, it missed while away
        self.catching_up = False
        self.writing: asyncio.Task[None] | None = None  # a send that the link has not taken yet
        self.closed = False
        self.slot = random.randrange(COMMENT_EVERY)  # noqa: S311 - spreads comments, not secrets

    def is_over(self) -> bool:
        """Whether it has ended; a method, because it may have while something else was awaited."""
        return self.closed

    @property
    def behind(self) -> bool:
        return self.catching_up or self.last < self.wanted


class Hub:
    """All open streams of this process. Everything here runs on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams: defaultdict[str, dict[Stream, None]] = defaultdict(dict)
        self._by_session: defaultdict[str, set[Stream]] = defaultdict(set)
        self._backlog: deque[Announcement] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._clocks: list[asyncio.Task[None]] = []
        self._delivering = False
        self.restarting = False
        self.figures = Figures()

    # --- streams come and go ---

    def add(self, stream: Stream) -> None:
        """Subscribe a stream: from here on it misses nothing. Its replay comes after (ntfy's order)."""
        own = self._streams[stream.viewer.id]
        if len(own) >= STREAMS_PER_USER:
            self._bye(next(iter(own)), "replaced")
        own[stream] = None
        self._by_session[stream.viewer.session_id].add(stream)
        self.figures.opened(stream.viewer.session_id, stream.encoding)
        if self.restarting:  # it was being let in when everybody was told
            self._bye(stream, "restarting")

    def remove(self, stream: Stream, reason: EndReason = "gone") -> None:
        if stream.closed:
            return
        stream.closed = True
        self.figures.ended(stream.viewer.session_id, stream.encoding, reason)
        own = self._streams.get(stream.viewer.id, {})
        own.pop(stream, None)
        if not own:
            self._streams.pop(stream.viewer.id, None)
        of_session = self._by_session.get(stream.viewer.session_id, set())
        of_session.discard(stream)
        if not of_session:
            self._by_session.pop(stream.viewer.session_id, None)

    def __len__(self) -> int:
        return sum(map(len, self._streams.values()))

    def streams(self) -> Iterator[Stream]:
        """Every open stream; nothing may open or close one meanwhile."""
        return chain.from_iterable(self._streams.values())

    @property
    def waiting_announcements(self) -> int:
        """How many are still to be rendered."""
        return len(self._backlog)

    # --- after every commit ---

    def tell(self, announced: Announced) -> None:
        """The database's listener: called in commit order, once per committed transaction."""
        for what in announced:
            if isinstance(what, SessionsEnded):
                for session_id in what.session_ids:
                    for stream in list(self._by_session.get(session_id, ())):
                        self._bye(stream, what.reason)
            elif isinstance(what, Announcement):
                self.figures.announced(len(what.recipients))
                self._announce(replace(what, committed_at=announced.committed_at))

    def _announce(self, announcement: Announcement) -> None:
        # Iterate over the smaller side: a notice to 10,000 people usually finds few of them here.
        people = announcement.recipients
        connected = people.keys() & self._streams.keys()
        if not connected:
            return
        waiting = False
        for user_id in connected:
            for stream in self._streams[user_id]:
                stream.wanted = max(stream.wanted, people[user_id])
                waiting = True
        if waiting:
            self._backlog.append(announcement)
            if len(self._backlog) > _BACKLOG:
                self._backlog.clear()
                self._wake_all()
            elif not self._delivering:
                self._delivering = True
                self._spawn(self._deliver())

    async def _deliver(self) -> None:
        """Render what was announced, all that waits in one snapshot, and write it to the streams that are level."""
        try:
            while self._backlog:
                batch = list(self._backlog)
                self._backlog.clear()
                viewers = {
                    stream.viewer.id: stream.viewer
                    for announcement in batch
                    for user_id in announcement.recipients.keys() & self._streams.keys()
                    for stream in self._streams[user_id]
                    if stream.encoding == "html"
                }
                html = await self._database.read(_render, batch, viewers)
                for announcement in batch:
                    self._fan_out(announcement, html)
        except Exception:
            log.exception("delivery failed; the next sweep makes up for it")
        finally:
            self._delivering = False
            self._tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    def _fan_out(self, announcement: Announcement, html: dict[tuple[str, int], str]) -> None:
        encoded: dict[Any, bytes] = {}
        for user_id in announcement.recipients.keys() & self._streams.keys():
            seq = announcement.recipients[user_id]
            for stream in list(self._streams[user_id]):
                if stream.catching_up or stream.last >= seq:
                    continue
                text = html.get((user_id, seq)) if stream.encoding == "html" else None
                if stream.last != seq - 1 or (stream.encoding == "html" and text is None):
                    self._wake(stream)
                    continue
                key = (seq, stream.encoding, stream.viewer.language, text)
                if key not in encoded:
                    encoded[key] = _encode(stream, _notification(announcement, seq), text)
                stream.last = seq
                self._write(stream, encoded[key], announcement.committed_at)
        self.figures.timed(announcement.committed_at)

    # --- the catch-up loop ---

    def _wake(self, stream: Stream) -> None:
        if not stream.catching_up and not stream.closed:
            stream.catching_up = True
            self._spawn(self._catch_up(stream))

    def _wake_all(self) -> None:
        for own in self._streams.values():
            for stream in own:
                self._wake(stream)

    def catch_up(self, stream: Stream, level: int) -> None:
        """Bring a stream to `level`, the cursor read when it opened: `reset` when that is too far, or unknown here."""
        stream.level = level
        missed = level - stream.after
        # Something may have been sent, or be on its way, since it was subscribed: then the catch-up loop decides.
        overtaken = stream.catching_up or stream.last != stream.after
        if 0 <= missed <= REPLAY_LIMIT or overtaken:
            stream.wanted = max(stream.wanted, level)
            if stream.last < stream.wanted:
                self._wake(stream)
            return
        stream.last = level
        self.figures.reset()
        self._write(stream, encode.event("reset", str(max(missed, 0)), id=level))
        if stream.wanted > stream.last:
            self._wake(stream)

    async def _catch_up(self, stream: Stream) -> None:
        try:
            while not stream.closed:
                missed, level = await self._database.read(_missed, stream.viewer, stream.last, stream.encoding)
                if stream.is_over():
                    return  # its farewell has been said meanwhile
                if missed is None:
                    stream.last, body = level, encode.event("reset", str(level - stream.last), id=level)
                    self.figures.reset()
                elif missed:
                    body = b"".join(_encode(stream, notification, html) for notification, html in missed)
                    stream.last = missed[-1][0].seq
                elif stream.wanted <= stream.last:
                    return
                else:
                    # Announced but not there: another history than the one we know (a restored backup).
                    stream.wanted = stream.last
                    continue
                stream.writing = asyncio.current_task()
                async with asyncio.timeout(WRITE_DEADLINE):
                    await stream.send({"type": "http.response.body", "body": body, "more_body": True})
                stream.writing = None
                self._note_caught_up(stream, len(body), [notification for notification, _ in missed or []])
        except (TimeoutError, OSError) as error:
            self._cut(stream, error)
        except Exception:
            log.exception("catching up failed; the next sweep tries again")
        finally:
            stream.writing = None
            stream.catching_up = False

    def _note_caught_up(self, stream: Stream, size: int, events: list[Notification]) -> None:
        # By the database's clock, from the start of the transaction: a millisecond or two more than from its commit.
        now, level = self._database.clock(), stream.level
        late = [(now - event.created_at) / 1000 for event in events if level is not None and event.seq > level]
        self.figures.caught_up(stream.viewer.id, size, len(events), late)

    # --- writing ---

    def _write(self, stream: Stream, body: bytes, committed_at: float | None = None) -> None:
        """Write to a level stream without a task; one that takes no byte is left to a task with a deadline.

        `committed_at` is when the event was committed; None: it is no event.
        """
        sending = stream.send({"type": "http.response.body", "body": body, "more_body": True})
        assert isinstance(sending, Coroutine)
        try:
            waiting_for = sending.send(None)
        except StopIteration:
            self.figures.written(stream.viewer.id, len(body), committed_at)
            return
        except Exception as error:  # whatever it is, it must not keep the event from the others
            self._cut(stream, error)
            return
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
        if not isinstance(error, TimeoutError | OSError):
            log.error("a stream broke in an unknown way", exc_info=error)
        if not stream.closed:
            self.remove(stream, "too_slow" if isinstance(error, TimeoutError) else "broken")
            stream.abort()

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
                await stream.send({"type": "http.response.body", "body": body, "more_body": False})
            self.figures.written(stream.viewer.id, len(body))
        except (TimeoutError, OSError):
            stream.abort()

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
        for own in list(self._streams.values()):
            for stream in list(own):
                if stream.slot == tick % COMMENT_EVERY and not stream.catching_up:
                    self._write(stream, encode.COMMENT)

    async def _sweep(self, tick: int) -> None:
        """End the streams of sessions that are over, and wake those that another process has left behind."""
        if not self._streams:
            return
        ended, cursors = await self._database.read(_swept, list(self._by_session), list(self._streams))
        for session_id, reason in ended.items():
            for stream in list(self._by_session.get(session_id, ())):
                self._bye(stream, reason)
        for user_id, cursor in cursors.items():
            for stream in self._streams.get(user_id, ()):
                if stream.last < cursor:
                    stream.wanted = max(stream.wanted, cursor)
                    self._wake(stream)

    def restart(self) -> None:
        """The process is about to stop: say so on every stream, spread the return, take no new ones."""
        self.restarting = True
        for own in list(self._streams.values()):
            for stream in list(own):
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


def _render(tx: Transaction, batch: list[Announcement], viewers: dict[str, Viewer]) -> dict[tuple[str, int], str]:
    fragments = Fragments(tx)
    return {
        (user_id, announcement.recipients[user_id]): _html(
            fragments, viewers[user_id], _notification(announcement, announcement.recipients[user_id])
        )
        for announcement in batch
        for user_id in announcement.recipients.keys() & viewers.keys()
    }


def _html(fragments: Fragments, viewer: Viewer, notification: Notification) -> str:
    """An event's HTML; empty when a template fails, so that the person's later events still come."""
    try:
        return fragments.html(viewer, notification)
    except Exception:
        log.exception("the fragment of a %s could not be made", notification.subject.kind)
        return ""


def _missed(
    tx: Transaction, viewer: Viewer, after: int, encoding: str
) -> tuple[list[tuple[Notification, str | None]] | None, int]:
    """What a stream has missed, with its HTML, and the person's cursor; None instead of a list when it is too much."""
    found = inbox.after(tx, viewer.id, after, REPLAY_LIMIT + 1)
    if len(found) > REPLAY_LIMIT:
        return None, inbox.state(tx, viewer.id).cursor
    fragments = Fragments(tx)
    pairs = [(item, _html(fragments, viewer, item) if encoding == "html" else None) for item in found]
    return pairs, found[-1].seq if found else after


def _swept(tx: Transaction, session_ids: list[str], user_ids: list[str]) -> tuple[dict[str, Any], dict[str, int]]:
    return sessions.ended_among(tx, session_ids), inbox.cursors(tx, user_ids)


def _notification(announcement: Announcement, seq: int) -> Notification:
    return Notification(seq, announcement.type, announcement.message, announcement.subject, announcement.created_at)


def _encode(stream: Stream, notification: Notification, html: str | None) -> bytes:
    data = html
    if data is None:
        data = json.dumps(notification.json(stream.viewer.language), ensure_ascii=False, separators=(",", ":"))
    return encode.event(notification.type, data, id=notification.seq)
