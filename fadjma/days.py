"""The clinic's days: what day, and what time of it, is where the clinic is (FADJMA_TIME_ZONE).

Moments are stored and told to programs in UTC; a day is a date of the clinic's calendar, and begins and ends there.
One process serves one clinic, so its zone is the process's; `create_app` sets it.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

_zone: tzinfo = UTC


def settle_in(zone: tzinfo) -> None:
    """From now on the clinic is in this zone."""
    global _zone
    _zone = zone


def zone() -> tzinfo:
    """Where the clinic is; part of the key of whatever is remembered of days and times."""
    return _zone


def local(at: int) -> datetime:
    """A moment (milliseconds UTC) as the clinic's clocks show it."""
    return datetime.fromtimestamp(at / 1000, _zone)


def day(at: int) -> date:
    """The clinic's day of a moment (milliseconds UTC)."""
    return _day(at // 1000, _zone)


@lru_cache(maxsize=1_000)  # what is asked about one request, or one page, is mostly today
def _day(seconds: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(seconds, zone).date()


def beginning(at: int) -> int:
    """When the clinic's day of a moment began, in milliseconds UTC."""
    return midnight(day(at))


def midnight(day: date) -> int:
    """When a day of the clinic's calendar begins, in milliseconds UTC."""
    return round(datetime.combine(day, time(), _zone).timestamp() * 1000)


def left(at: int) -> int:
    """Whole seconds until the clinic's next day begins; none are left of a day only once it is over."""
    return (midnight(day(at) + timedelta(days=1)) - at) // 1000 + 1


def runs(begun_at: int, ends_at: int, now: int) -> bool:
    """Whether a span of time that was given is not over.

    A clock that is set back a little is passed over. One that begins years before does not open what was over long ago.
    """
    return begun_at - (ends_at - begun_at) < now < ends_at
