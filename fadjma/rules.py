"""What a clinic chooses of its own rules, as it is now: read wherever it counts, at no cost.

One process serves one clinic, so what it has chosen is the process's. It is kept in the database (fadjma/settings/),
read from there at the start, after each change, and once a minute, since another process may have changed it.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fadjma import days

DAY = 24 * 3_600_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Rules:
    """The defaults are those of docs/clinic.md, where each has its reason."""

    time_zone: str = "Africa/Dakar"  # where the clinic is, by its name in the IANA database
    validity_days: int = 90  # in which a prescription is first delivered
    expiry_days: int = 30  # before a lot expires, from which its pharmacy is warned
    lock_minutes: int = 15  # without activity, until a screen of staff locks
    proxy_age: int = 18  # at which nobody acts for a child any more, without being asked to by them
    second_factor: bool = False  # whether staff needs one to sign in


BOUNDS = {"validity_days": (1, 366), "expiry_days": (1, 366), "lock_minutes": (1, 720), "proxy_age": (12, 25)}
_current = [Rules()]


def current() -> Rules:
    """What counts now."""
    return _current[0]


def settle(rules: Rules) -> None:
    """From now on these count."""
    _current[0] = rules
    days.settle_in(ZoneInfo(rules.time_zone))
