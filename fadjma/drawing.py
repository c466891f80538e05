"""Plots as SVG paths (templates/_plot.html): no script, no inline style, lines told apart without colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

WIDTH, HEIGHT = 360, 60  # of the viewBox; it is stretched to the page
_STEPS = (1, 2, 5, 10)
_APART = 14  # at least, between two points of a course
_DASHES = ("", "7 4", "2 4")

Unit = Literal["number", "duration", "size"]
Values = Sequence[float | None]


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


def plot(name: str, title: str, unit: Unit, places: Sequence[float], lines: Sequence[tuple[str, Values]]) -> Plot:
    """A plot of these lines, each with its label and a value for each place: from 0, at the left, to `WIDTH`."""
    top = round_up(max((value for _, values in lines for value in values if value is not None), default=0))
    drawn = [
        Line(
            label,
            _path(places, values, top),
            dash,
            values[-1] if values else None,
            max((value for value in values if value is not None), default=None),
        )
        for (label, values), dash in zip(lines, _DASHES, strict=False)
    ]
    return Plot(name, title, unit, top, drawn)


def _path(places: Sequence[float], values: Values, top: float) -> str:
    """The line through the values; it breaks where there is none."""
    parts: list[str] = []
    drawing = False
    for x, value in zip(places, values, strict=True):
        if value is not None:
            point = f"{max(x, 0):.0f} {HEIGHT - HEIGHT * value / top:.1f}"
            parts.append(f"L{point}" if drawing else f"M{point}h1")  # h1: a value without neighbours is seen, too
        drawing = value is not None
    return "".join(parts)


def courses(times: Sequence[float], lines: Sequence[Sequence[float]]) -> tuple[str, ...]:
    """The paths of values as they came, two at least of each, the oldest first: over the time at which each came, and
    between the least and the greatest of all.

    Those of one moment stand `_APART`, so that each is seen. Of equal times alone nothing is known but their order.
    """
    every = [value for line in lines for value in line]
    least, tall = min(every), max(every) - min(every) or 1
    places = _spread(times)
    return tuple(
        "M"
        + "L".join(
            f"{place:.0f} {HEIGHT - HEIGHT * (value - least) / tall:.1f}"
            for place, value in zip(places, line, strict=True)
        )
        for line in lines
    )


def _spread(times: Sequence[float]) -> list[float]:
    """Where each stands, from 0 to `WIDTH`."""
    first, span = times[0], times[-1] - times[0]
    if not span:
        return [WIDTH * place / (len(times) - 1) for place in range(len(times))]
    found = [0.0]
    for time in times[1:]:
        found.append(max(WIDTH * (time - first) / span, found[-1] + _APART))
    return [place * WIDTH / found[-1] for place in found]


def dots(path: str) -> str:
    """The points of a line, each a stroke without length: a dot where its ends are round."""
    return "".join(f"M{point}h0" for point in path[1:].split("L"))


def round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50… (or 0.1, 0.2…), so that a scale is easy to read and does not twitch."""
    if not value:
        return 1.0
    power = 1.0
    while power > value:
        power /= 10
    while power * 10 < value:
        power *= 10
    return next(power * step for step in _STEPS if power * step >= value)
