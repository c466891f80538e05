"""When things happen in the demo: in the hours of a health centre, whenever the demo is made.

The story is planned in working time, counted back from now: what happened so many working hours ago happened on a day
of the week other than Sunday, between 8 h and 16 h 30, and before whatever was planned after it. So the story is the
same at every instant. Its hours are Senegal's, which keeps UTC all year.
"""

from dataclasses import dataclass

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WORKDAY = 8 * HOUR + 30 * MINUTE
_OPENS = 8 * HOUR
_MONDAY = -3  # the Monday of the week in which 1970 began, as a day counted from 1 January


@dataclass(frozen=True, slots=True)
class When:
    """`ago` in milliseconds of working time before now (0: now itself, at whatever hour), and `after` on the clock."""

    ago: int
    after: int = 0

    def plus(self, after: int) -> "When":
        """A little later, on the clock: the same consultation goes on."""
        return When(self.ago, self.after + after)

    def later(self, work: int) -> "When":
        """Later in working time: somebody else's turn, perhaps on another day."""
        return When(self.ago - work)


class Calendar:
    """The times of a story that ends at `now` (milliseconds UTC)."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._worked = _worked(now)

    def time(self, when: When) -> int:
        """In milliseconds UTC."""
        if when.ago == 0:
            return self.now + when.after
        days, rest = divmod(self._worked - when.ago, WORKDAY)
        weeks, weekday = divmod(days, 6)
        return (_MONDAY + 7 * weeks + weekday) * DAY + _OPENS + rest + when.after


def _worked(now: int) -> int:
    """The working time from the first Monday until `now`."""
    days, time = divmod(now - _MONDAY * DAY, DAY)
    weeks, weekday = divmod(days, 7)
    if weekday == 6:
        return 6 * (weeks + 1) * WORKDAY
    return (6 * weeks + weekday) * WORKDAY + min(max(time - _OPENS, 0), WORKDAY)
