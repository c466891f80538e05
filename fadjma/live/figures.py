"""What live delivery has done since the program started, in plain counters: told by the hub and by polling.

Telling costs a fraction of a microsecond per event. Who reads (fadjma/monitoring) adds up and never says whose.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Generic, Literal, NamedTuple, TypeVar

from fadjma.histogram import BYTES, SECONDS, Histogram
from fadjma.identity.people import Role, Viewer

T = TypeVar("T")
Way = Literal["direct", "catch_up", "poll"]
EndReason = Literal[
    "gone",
    "too_slow",
    "broken",
    "signed_out",
    "expired",
    "deactivated",
    "renewed",
    "locked",
    "changed",
    "withdrawn",
    "restarting",
    "replaced",
]  # by the client, by a cut (2), by a bye (6)

WAYS: tuple[Way, ...] = ("direct", "catch_up", "poll")
END_REASONS: tuple[EndReason, ...] = EndReason.__args__  # type: ignore[attr-defined]
POLLING_FOR = 60.0  # seconds: who polled within them is a poller; longer where they are asked to wait longer
_PAGE_CONNECTS_WITHIN = 60.0  # seconds from a page to its stream, on the slowest link
_COMES_BACK_WITHIN = 600.0  # seconds
_HOUR = 3600
_LATE = 15.0  # seconds that a poll may be late
_TIMED_TOGETHER = 32  # events; up to 64 are told at once (live/hub.py), which takes a millisecond to write


class Poller(NamedTuple):
    """A session that polls, with its person."""

    user_id: str
    role: Role


class Recent(Generic[T]):
    """What was noted of each key within the last `seconds`, and nothing older."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._noted: dict[str, tuple[float, T]] = {}  # the oldest first

    def note(self, key: str, what: T) -> None:
        self._noted.pop(key, None)
        self._noted[key] = (self._clock(), what)
        self._forget()

    def take(self, key: str) -> T | None:
        """What was noted, which is forgotten now."""
        self._forget()
        noted = self._noted.pop(key, None)
        return noted[1] if noted else None

    def count(self) -> int:
        self._forget()
        return len(self._noted)

    def items(self) -> list[tuple[str, T]]:
        self._forget()
        return [(key, what) for key, (_, what) in self._noted.items()]

    def _forget(self) -> None:
        before = self._clock() - self.seconds
        while self._noted:
            key = next(iter(self._noted))
            if self._noted[key][0] >= before:
                break
            del self._noted[key]


class Figures:
    """Counters of one process; everything here runs on the event loop. `clock` is in seconds, and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.opened_streams = 0
        self.reconnections = 0
        self.ended_streams: dict[EndReason, int] = dict.fromkeys(END_REASONS, 0)
        self.resets = 0
        self.polls = 0
        self.notifications = 0  # committed, one for each person told
        self.direct_events = 0
        self._untimed = 0  # events written just now
        self.caught_up_events = 0
        self.polled_events = 0
        self.latency = Histogram(SECONDS)  # from commit to written, of events committed while their stream was open
        self.stream_bytes = 0
        self.poll_bytes = 0
        self.hourly_bytes = Histogram(BYTES)  # written to one person in one hour, for the hours that are over
        self.bytes_by_user: defaultdict[str, int] = defaultdict(int)  # in the hour that goes on
        self._hour_began = clock()
        self.pollers: Recent[Poller] = Recent(POLLING_FOR, clock)
        self._pages: Recent[bool] = Recent(_PAGE_CONNECTS_WITHIN, clock)
        self._programs: Recent[bool] = Recent(_COMES_BACK_WITHIN, clock)

    # --- streams ---

    def page(self, session_id: str) -> None:
        """A page was opened: it will open its stream, if its browser has none."""
        self._pages.note(session_id, True)

    def opened(self, session_id: str, encoding: str) -> None:
        """Count a stream, and whether it is a reconnection.

        A browser's is one unless a page of its session was opened within the last minute and has had no stream yet: so
        walking from page to page is none, and coming back after a lost link, sleep or a restart of the server is one.
        A program's is one when its session had a stream within the last 10 minutes.
        """
        self.opened_streams += 1
        again = not self._pages.take(session_id) if encoding == "html" else self._programs.take(session_id)
        if again:
            self.reconnections += 1
        if encoding == "json":
            self._programs.note(session_id, True)

    def ended(self, session_id: str, encoding: str, reason: EndReason) -> None:
        self.ended_streams[reason] += 1
        if encoding == "json":
            self._programs.note(session_id, True)

    # --- events ---

    def announced(self, people: int) -> None:
        self.notifications += people

    def written(self, user_id: str, size: int, committed_at: float | None = None) -> None:
        """Bytes went straight to an open stream: an event and when (by `clock`) it was committed, or no event.

        After events, and before anything is awaited, comes `timed`.
        """
        self.stream_bytes += size
        self.bytes_by_user[user_id] += size
        if committed_at is not None:
            self._untimed += 1
            if self._untimed == _TIMED_TOGETHER:
                self.timed(committed_at)

    def timed(self, committed_at: float) -> None:
        """Time what was written just now: to ask the clock for each would cost more than all the rest of this."""
        if self._untimed:
            self.direct_events += self._untimed
            self.latency.observe(self.clock() - committed_at, self._untimed)
            self._untimed = 0

    def caught_up(self, user_id: str, size: int, events: int, latencies: Iterable[float]) -> None:
        """Events were read from the database for a stream that was behind; `latencies` of those it was open for."""
        self.written(user_id, size)
        self.caught_up_events += events
        for seconds in latencies:
            self.latency.observe(seconds)

    def reset(self) -> None:
        self.resets += 1

    def polled(self, viewer: Viewer, size: int, events: int) -> None:
        self.polls += 1
        self.poll_bytes += size
        self.bytes_by_user[viewer.id] += size
        self.polled_events += events
        self.pollers.note(viewer.session_id, Poller(viewer.id, viewer.role))

    def poll_pace(self, seconds: int) -> None:
        """Pollers are asked to wait this long, or half as long again: until then they are still here."""
        self.pollers.seconds = max(POLLING_FOR, 1.5 * seconds + _LATE)

    @property
    def delivered(self) -> dict[Way, int]:
        """Events, by the way they went."""
        return {"direct": self.direct_events, "catch_up": self.caught_up_events, "poll": self.polled_events}

    # --- time passing ---

    def pass_time(self) -> None:
        """Close the hour of bytes when it is over."""
        if self.clock() - self._hour_began < _HOUR:
            return
        self._hour_began = self.clock()
        for size in self.bytes_by_user.values():
            self.hourly_bytes.observe(size)
        self.bytes_by_user.clear()
