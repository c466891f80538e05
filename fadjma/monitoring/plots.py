"""The plots of the last hour: one point a minute."""

from collections.abc import Callable, Sequence

from fadjma import drawing
from fadjma.drawing import WIDTH, Plot, Unit
from fadjma.i18n import N_
from fadjma.monitoring.history import HOUR, Span

_MINUTE = 60

Value = Callable[[Span], float | None]


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
    places = [WIDTH - WIDTH * (minutes[-1].last.clock - span.last.clock) / (HOUR - _MINUTE) for span in minutes]
    return drawing.plot(
        name, title, unit, places, [(label, [value(span) for span in minutes]) for label, value in lines]
    )
