"""The plots of the last hour as SVG paths: one point a minute, no script, no inline style."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fadjma.i18n import N_
from fadjma.monitoring.history import HOUR, Span

WIDTH, HEIGHT = 360, 60  # of the viewBox; it is stretched to the page
_MINUTE = 60
_STEPS = (1, 2, 5, 10)
_DASHES = ("", "7 4", "2 4")  # told apart without colour

Value = Callable[[Span], float | None]
Unit = Literal["number", "duration", "size"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is called, its path, and its newest and greatest values."""

    label: str
    path: str
    dash: str
    newest: float | None
    greatest: float | None


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot; its scale goes from 0 to `top`."""

    name: str
    title: str
    unit: Unit
    top: float
    lines: list[Line]


_PLOTS: tuple[tuple[str, str, Unit, tuple[tuple[str, Value], ...]], ...] = (
    ("connected", N_("Personnes connectées"), "number", ((N_("Personnes"), lambda span: span.peak("connected")),)),
    (
        "streams",
        N_("Flux et interrogations"),
        "number",
        (
            (N_("Flux ouverts"), lambda span: span.peak("streams")),
            (N_("Interrogations"), lambda span: span.peak("pollers")),
            (N_("Flux en retard"), lambda span: span.peak("behind")),
        ),
    ),
    (
        "events",
        N_("Événements par minute"),
        "number",
        (
            (N_("Notifications"), lambda span: span.per_minute("notifications")),
            (N_("Remis"), lambda span: span.per_minute("delivered")),
        ),
    ),
    (
        "latency",
        N_("Délai des notifications"),
        "duration",
        (
            (N_("Médiane"), lambda span: span.percentiles("latency").median),
            (N_("99 sur 100"), lambda span: span.percentiles("latency").p99),
        ),
    ),
    (
        "reconnections",
        N_("Reconnexions par minute"),
        "number",
        ((N_("Reconnexions"), lambda span: span.per_minute("reconnections")),),
    ),
    (
        "bytes",
        N_("Octets écrits par minute"),
        "size",
        ((N_("Octets"), lambda span: span.per_minute("written_bytes")),),
    ),
    (
        "writes",
        N_("Écriture en base"),
        "duration",
        (
            (N_("Médiane"), lambda span: span.percentiles("writes").median),
            (N_("99 sur 100"), lambda span: span.percentiles("writes").p99),
        ),
    ),
)


def plots(minutes: Sequence[Span]) -> list[Plot]:
    """Every plot of these minutes; the newest is at the right."""
    return [_plot(minutes, *plot) for plot in _PLOTS]


def _plot(minutes: Sequence[Span], name: str, title: str, unit: Unit, lines: tuple[tuple[str, Value], ...]) -> Plot:
    series = [[value(span) for span in minutes] for _, value in lines]
    top = _round_up(max((value for values in series for value in values if value is not None), default=0))
    places = [WIDTH - WIDTH * (minutes[-1].last.clock - span.last.clock) / (HOUR - _MINUTE) for span in minutes]
    drawn = [
        Line(
            label,
            _path(places, values, top),
            dash,
            values[-1] if values else None,
            max((value for value in values if value is not None), default=None),
        )
        for (label, _), values, dash in zip(lines, series, _DASHES, strict=False)
    ]
    return Plot(name, title, unit, top, drawn)


def _path(places: Sequence[float], values: Sequence[float | None], top: float) -> str:
    """The line through the values; it breaks where there is none."""
    parts: list[str] = []
    drawing = False
    for x, value in zip(places, values, strict=True):
        if value is not None:
            point = f"{max(x, 0):.0f} {HEIGHT - HEIGHT * value / top:.1f}"
            parts.append(f"L{point}" if drawing else f"M{point}h1")  # h1: a value without neighbours is seen, too
        drawing = value is not None
    return "".join(parts)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50… (or 0.1, 0.2…), so that a scale is easy to read and does not twitch."""
    if not value:
        return 1.0
    power = 1.0
    while power > value:
        power /= 10
    while power * 10 < value:
        power *= 10
    return next(power * step for step in _STEPS if power * step >= value)
