"""The figures as they are read: windows of the last minutes, percentiles, and their JSON form."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fadjma.histogram import Histogram, quantile
from fadjma.i18n import iso
from fadjma.live.figures import END_REASONS, WAYS, Figures
from fadjma.monitoring.history import HOUR, History, Percentiles, Sample, Span

_RECENT = 300  # seconds
_ROW = 300  # seconds
_MINUTE = 60  # seconds


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page shows."""

    now: Sample
    recent: Span  # the last 5 minutes
    hour: Span
    minutes: list[Span]  # the points of the plots
    rows: list[Span]  # the table of the hour
    bytes_by_user: Percentiles  # in the hour that goes on

    def json(self) -> dict[str, Any]:
        """As other programs read it (docs/http.md)."""
        here = self.now.presence
        return {
            "at": iso(self.now.at),
            "connected_users": here.users,
            "streams": here.streams,
            "streams_behind": here.behind,
            "pollers": here.pollers,
            "waiting_writes": self.now.waiting_writes,
            "waiting_announcements": self.now.waiting_announcements,
            "bytes_by_user": asdict(self.bytes_by_user),
            "last_5_minutes": _window(self.recent),
            "last_hour": _window(self.hour),
            "history": [{"at": iso(span.last.at), **_window(span)} for span in self.rows],
        }


@dataclass(frozen=True, slots=True)
class Prescribing:
    """How long doctors took from opening a form to signing it, since the start."""

    seen: Histogram

    @property
    def took(self) -> Percentiles:
        median, p95, p99 = (quantile(self.seen.bounds, self.seen.counts, q) for q in (0.5, 0.95, 0.99))
        return Percentiles(sum(self.seen.counts), median, p95, p99)

    @property
    def buckets(self) -> list[tuple[float | None, int]]:
        """How many took longer than the bound before and no longer than this; None: longer than all."""
        return list(zip([*self.seen.bounds, None], self.seen.counts, strict=True))

    def json(self) -> dict[str, Any]:
        return {**asdict(self.took), "buckets": [{"up_to": bound, "count": count} for bound, count in self.buckets]}


def report(history: History, figures: Figures) -> Report:
    now = history.now()
    by_user = _exact(list(figures.bytes_by_user.values()))
    return Report(
        now,
        recent=history.until(now, _RECENT),
        hour=history.until(now, HOUR),
        minutes=history.periods(_MINUTE),
        rows=history.periods(_ROW),
        bytes_by_user=by_user,
    )


def _window(span: Span) -> dict[str, Any]:
    opened, reconnections = span.count("opened"), span.count("reconnections")
    return {
        "seconds": round(span.seconds),
        "connected_users_peak": span.peak("connected"),
        "streams_peak": span.peak("streams"),
        "pollers_peak": span.peak("pollers"),
        "streams_behind_peak": span.peak("behind"),
        "notifications": span.count("notifications"),
        "events_delivered": {way: span.delivered_by(way) for way in WAYS},
        "latency_seconds": asdict(span.percentiles("latency")),
        "write_seconds": asdict(span.percentiles("writes")),
        "streams_opened": opened,
        "reconnections": reconnections,
        "reconnection_share": round(reconnections / opened, 3) if opened else None,
        "streams_ended": {reason: span.ended(reason) for reason in END_REASONS},
        "resets": span.count("resets"),
        "polls": span.count("polls"),
        "written_bytes": span.count("written_bytes"),
    }


def _exact(values: Sequence[int]) -> Percentiles:
    """By nearest rank, from the values themselves."""
    ordered = sorted(values)
    if not ordered:
        return Percentiles(0, None, None, None)
    median, p95, p99 = (ordered[-(-len(ordered) * percent // 100) - 1] for percent in (50, 95, 99))
    return Percentiles(len(ordered), median, p95, p99)
