"""The last hour, one sample every 10 s, in a bounded ring. Kept in memory: a restart begins again."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from fadjma.histogram import SECONDS, quantile
from fadjma.live.figures import EndReason, Way
from fadjma.live.hub import Hub
from fadjma.live.presence import Presence, presence
from fadjma.store import Database

log = logging.getLogger("fadjma.monitoring")
EVERY = 10  # seconds
HOUR = 3600
_KEPT = HOUR // EVERY + 1

Gauge = Literal["connected", "streams", "pollers", "behind"]
Count = Literal["opened", "reconnections", "resets", "polls", "notifications", "delivered", "written_bytes"]
Durations = Literal["latency", "writes"]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was open and waiting at a moment, and what had been counted by then since the start."""

    at: int  # milliseconds UTC
    clock: float  # seconds, never going back
    presence: Presence
    waiting_writes: int
    waiting_announcements: int
    opened: int
    reconnections: int
    ended: dict[EndReason, int]
    resets: int
    polls: int
    notifications: int
    delivered_by: dict[Way, int]
    written_bytes: int
    latency: tuple[int, ...]
    writes: tuple[int, ...]

    @property
    def connected(self) -> int:
        return sum(self.presence.users.values())

    @property
    def streams(self) -> int:
        return sum(self.presence.streams.values())

    @property
    def pollers(self) -> int:
        return self.presence.pollers

    @property
    def behind(self) -> int:
        return self.presence.behind

    @property
    def delivered(self) -> int:
        return sum(self.delivered_by.values())


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of how many, the value that half, 95 and 99 of 100 do not exceed; None when there were none."""

    count: int
    median: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """What happened between the first and the last of some samples."""

    samples: Sequence[Sample]

    @property
    def first(self) -> Sample:
        return self.samples[0]

    @property
    def last(self) -> Sample:
        return self.samples[-1]

    @property
    def seconds(self) -> float:
        return self.last.clock - self.first.clock

    def count(self, what: Count) -> int:
        counted: int = getattr(self.last, what) - getattr(self.first, what)
        return counted

    def per_minute(self, what: Count) -> float:
        return 60 * self.count(what) / self.seconds if self.seconds else 0.0

    def ended(self, reason: EndReason) -> int:
        return self.last.ended[reason] - self.first.ended[reason]

    def delivered_by(self, way: Way) -> int:
        return self.last.delivered_by[way] - self.first.delivered_by[way]

    def peak(self, what: Gauge) -> int:
        greatest: int = max(getattr(sample, what) for sample in self.samples[1:] or self.samples)
        return greatest

    def percentiles(self, what: Durations) -> Percentiles:
        """In seconds, as fine as the buckets of histogram.SECONDS."""
        before, after = getattr(self.first, what), getattr(self.last, what)
        counts = [late - early for early, late in zip(before, after, strict=True)]
        median, p95, p99 = (quantile(SECONDS, counts, q) for q in (0.5, 0.95, 0.99))
        return Percentiles(sum(counts), median, p95, p99)


class History:
    """Takes a sample every 10 s and keeps those of one hour."""

    def __init__(self, hub: Hub, database: Database) -> None:
        self._hub = hub
        self._database = database
        self._task: asyncio.Task[None] | None = None
        self.samples = deque([self.now()], _KEPT)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                self.take()
            except Exception:
                log.exception("a sample failed; the next one is tried")

    def take(self) -> None:
        self.samples.append(self.now())
        self._hub.figures.pass_time()

    def now(self) -> Sample:
        """A sample of this moment, which is not kept."""
        figures = self._hub.figures
        return Sample(
            at=self._database.clock(),
            clock=figures.clock(),
            presence=presence(self._hub),
            waiting_writes=self._database.waiting_writes,
            waiting_announcements=self._hub.waiting_announcements,
            opened=figures.opened_streams,
            reconnections=figures.reconnections,
            ended=dict(figures.ended_streams),
            resets=figures.resets,
            polls=figures.polls,
            notifications=figures.notifications,
            delivered_by=figures.delivered,
            written_bytes=figures.stream_bytes + figures.poll_bytes,
            latency=tuple(figures.latency.counts),
            writes=tuple(self._database.write_seconds.counts),
        )

    def until(self, now: Sample, seconds: float) -> Span:
        """The last so many seconds until `now`, or fewer after a start."""
        return Span([*(sample for sample in self.samples if sample.clock >= now.clock - seconds), now])

    def periods(self, seconds: int) -> list[Span]:
        """The last hour cut by the clock into periods, the oldest first; one goes on where the one before ended."""
        found: list[Span] = []
        before: list[Sample] = []
        for _, group in groupby(self.samples, lambda sample: sample.at // (seconds * 1000)):
            samples = [*before, *group]
            if len(samples) > 1:
                found.append(Span(samples))
            before = samples[-1:]
        return found
