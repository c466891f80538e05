"""The figures in Prometheus' text form. Counted elsewhere; put into its shape only when somebody asks.

Labels are codes of a few known values. Never a person, an id or an address: /metrics leaves the house.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from fadjma.histogram import Histogram
from fadjma.keeping.keeper import Keeper
from fadjma.keeping.runs import ALARMS
from fadjma.live.hub import Hub
from fadjma.live.presence import presence
from fadjma.store import Database

K = TypeVar("K", bound=str)


def registry(hub: Hub, database: Database, keeper: Keeper, prescribing: Histogram) -> CollectorRegistry:
    """What one application tells; nothing global, so that two in one process stay apart."""
    made = CollectorRegistry()
    made.register(_Fadjma(hub, database, keeper, prescribing))
    return made


class _Fadjma(Collector):
    def __init__(self, hub: Hub, database: Database, keeper: Keeper, prescribing: Histogram) -> None:
        self._hub = hub
        self._database = database
        self._keeper = keeper
        self._prescribing = prescribing

    def describe(self) -> Iterator[Metric]:
        """Nothing is counted to find out the names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from self._present()
        yield from self._streams()
        yield from self._events()
        yield from self._writes()
        yield from self._backups()
        yield _histogram(
            "fadjma_prescribing_seconds",
            "From opening the form of a prescription until it was signed.",
            self._prescribing,
        )

    def _present(self) -> Iterator[Metric]:
        here = presence(self._hub)
        yield _gauges(
            "fadjma_connected_users",
            "People with an open stream, or a poll within the last 60 seconds, each once.",
            "role",
            here.users,
        )
        yield _gauges("fadjma_live_streams", "Open streams.", "encoding", here.streams)
        yield _gauge("fadjma_live_streams_behind", "Streams to which something is still to be written.", here.behind)
        yield _gauge(
            "fadjma_live_pollers",
            "Sessions that polled within the last 60 seconds, or the time they are asked to wait, and have no stream.",
            here.pollers,
        )

    def _streams(self) -> Iterator[Metric]:
        figures = self._hub.figures
        yield _counter("fadjma_live_streams_opened", "Streams opened.", figures.opened_streams)
        yield _counter(
            "fadjma_live_reconnections",
            "Streams opened without a page of their session opened within the last minute that had none yet; "
            "of programs, within 10 minutes after another stream of their session.",
            figures.reconnections,
        )
        yield _counters("fadjma_live_streams_ended", "Streams ended.", "reason", figures.ended_streams)
        yield _counter("fadjma_live_resets", "Streams told to fetch the page anew: too much missed.", figures.resets)
        yield _counter("fadjma_live_polls", "Polls answered.", figures.polls)

    def _events(self) -> Iterator[Metric]:
        figures = self._hub.figures
        yield _counter(
            "fadjma_notifications", "Notifications committed, one for each person told.", figures.notifications
        )
        yield _counters("fadjma_live_events_delivered", "Events written.", "way", figures.delivered)
        yield _histogram(
            "fadjma_live_latency_seconds",
            "From the commit of an event until it was written, for streams that were open at the commit.",
            figures.latency,
        )
        yield _gauge(
            "fadjma_live_announcements_waiting",
            "Committed announcements that are not rendered yet.",
            self._hub.waiting_announcements,
        )
        yield _counters(
            "fadjma_live_written_bytes",
            "Bodies written, before compression.",
            "way",
            {"stream": figures.stream_bytes, "poll": figures.poll_bytes},
        )
        yield _histogram(
            "fadjma_live_user_hourly_bytes",
            "Bytes written to one person in one hour; each person counts when the hour is over.",
            figures.hourly_bytes,
        )

    def _writes(self) -> Iterator[Metric]:
        yield _histogram(
            "fadjma_database_write_seconds",
            "From asking for a transaction until it was committed or refused.",
            self._database.write_seconds,
        )
        yield _gauge(
            "fadjma_database_writes_waiting",
            "Transactions asked for and not finished, with the one that runs.",
            self._database.waiting_writes,
        )

    def _backups(self) -> Iterator[Metric]:
        standing, sounding = self._keeper.standing, self._keeper.alarms()
        good = {"copy": standing.copied, "drill": standing.drilled}
        yield _gauges(
            "fadjma_backup_last_success_seconds",
            "When the newest good one was begun, in seconds since 1970; 0: never.",
            "kind",
            {kind: run.begun_at / 1000 if run else 0 for kind, run in good.items()},
        )
        yield _gauge(
            "fadjma_backup_size_bytes", "Of the newest good copy.", standing.copied.size if standing.copied else 0
        )
        yield _gauges(
            "fadjma_backup_alarm",
            "1 while a copy or a drill is late, or the last one failed.",
            "alarm",
            {alarm: int(alarm in sounding) for alarm in ALARMS},
        )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value)


def _gauges(name: str, text: str, label: str, values: Mapping[K, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for code, value in values.items():
        family.add_metric([code], value)
    return family


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value)


def _counters(name: str, text: str, label: str, values: Mapping[K, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for code, value in values.items():
        family.add_metric([code], value)
    return family


def _histogram(name: str, text: str, seen: Histogram) -> Metric:
    bounds = [*map(repr, seen.bounds), "+Inf"]
    buckets = list(zip(bounds, map(float, accumulate(seen.counts)), strict=True))
    return HistogramMetricFamily(name, text, buckets, seen.sum)
