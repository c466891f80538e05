"""The plan of the demo: who does what when, before anything is done. It needs no database and knows no date."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Any, Concatenate, ParamSpec, TypeVar

from fadjma.demo.calendar import DAY, MINUTE, WORKDAY, When
from fadjma.demo.stage import Stage

P = ParamSpec("P")
T = TypeVar("T")

NOW = When(0)
# How many days may lie in so much working time: Sundays and nights are where they are.
_MOST_MORE, _MOST_LESS = 3 * DAY, 2 * DAY


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody does."""

    when: When
    do: Callable[[Stage], object]


@dataclass(frozen=True, slots=True)
class Span:
    """What the story relies on: from one moment to the other there are less than `most` milliseconds, and more than
    `least`."""

    start: When
    end: When
    most: int | None = None
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a pharmacy keeps for a prescription, from `when` on."""

    pharmacy: str
    medicine: str
    quantity: int
    when: When


class Plan:
    """The acts planned so far, in no order, what they rely on, and chance."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - a story to repeat, not a secret
        self.acts: list[Act] = []
        self.spans: list[Span] = []
        self.needs: list[Need] = []
        self._turns: dict[str, Iterator[Any]] = {}

    def at(
        self, when: When, verb: Callable[Concatenate[Stage, P], object], /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Plan that `verb` is done on the stage with these arguments."""
        self.acts.append(Act(when, lambda stage: verb(stage, *args, **kwargs)))

    def rely(self, start: When, end: When, *, most: int | None = None, least: int | None = None) -> None:
        """Note that the story is only possible when so much time lies between the two."""
        self.spans.append(Span(start, end, most, least))

    def turn(self, name: str, choices: Iterable[T]) -> T:
        """The next of `choices`, round and round: rare things then happen for certain."""
        if name not in self._turns:
            self._turns[name] = cycle(choices)
        choice: T = next(self._turns[name])
        return choice

    def moment(self, days: int) -> When:
        """A time so many working days ago; for 0, within the last hours.

        A consultation that begins then is over before `reading_time` of the day after, wherever nights fall.
        """
        if days == 0:
            return When(self.rng.randint(70, 200) * MINUTE)
        return When(days * WORKDAY + self.rng.randint(75 * MINUTE, 500 * MINUTE))

    def reading_time(self, days: int) -> When:
        """When somebody reads their notifications, so many working days ago."""
        return When(days * WORKDAY + self.rng.randint(MINUTE, 15 * MINUTE))


def surely_within(work: int, span: int) -> bool:
    """Whether so much working time takes less than `span` on the clock, whatever the weekday."""
    return work / WORKDAY * 7 / 6 * DAY + _MOST_MORE < span


def surely_beyond(work: int, span: int) -> bool:
    """Whether so much working time takes more than `span` on the clock, whatever the weekday."""
    return work / WORKDAY * 7 / 6 * DAY - _MOST_LESS > span
