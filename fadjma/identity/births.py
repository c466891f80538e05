"""Birth dates as people know them: a day, a month, a year, or only about how old somebody is."""

import calendar
import re
from datetime import date

from fadjma import writing
from fadjma.i18n import N_

OLDEST = 120  # years; one person is known to have been older
_IMPOSSIBLE = 130  # years that nobody has lived
NEWBORN = 28  # days
TOO_OLD = N_("Cette personne aurait plus de 120 ans : vérifiez l'année.")
_LOOKED_AT = 40  # characters of what was typed
_PARTS = re.compile(r"[-/. ]+")


def normalize(text: str) -> str | None:
    """A birth date as stored (1958-05-03, 1958-05 or 1958), from 3/5/1958, 05.1958, 1958-05…; None when it is none."""
    parts = _PARTS.split(writing.plain_digits(text[:_LOOKED_AT]).strip())
    if not all(part.isascii() and part.isdecimal() and len(part) in (1, 2, 4) for part in parts):
        return None
    if len(parts[0]) != 4:
        parts.reverse()  # the day comes first where people write by hand
    if len(parts) > 3 or len(parts[0]) != 4 or any(len(part) == 4 for part in parts[1:]):
        return None
    year, *rest = map(int, parts)
    try:
        date(year, *rest, *(1,) * (2 - len(rest)))
    except ValueError:
        return None
    return "-".join([f"{year:04d}", *(f"{part:02d}" for part in rest)])


def of_age(years: int, on: date) -> str:
    """The year of birth of whoever is said to be so old."""
    return f"{on.year - years:04d}"


def of_age_in_months(months: int, on: date) -> str:
    """The month of birth of a child who is said to be so old."""
    year, month = divmod(12 * on.year + on.month - 1 - months, 12)
    return f"{year:04d}-{month + 1:02d}"


def is_newborn(birth_date: str, on: date) -> bool:
    """Whether somebody is in the first 28 days of life, the newborn period (WHO).

    Where no more than the month of birth is known: in that month; of a year alone, never.
    """
    if len(birth_date) < len("1958-05-03"):
        return birth_date == f"{on.year:04d}-{on.month:02d}"
    return (on - date.fromisoformat(birth_date)).days < NEWBORN


def earliest(birth_date: str) -> date:
    """The first day on which somebody may be born of whom so much is known."""
    year, month, day = [*map(int, birth_date.split("-")), 1, 1][:3]
    return date(year, month, day)


def latest(birth_date: str) -> date:
    """The last day on which somebody may be born of whom so much is known."""
    year, month, day = [*map(int, birth_date.split("-")), 0, 0][:3]
    month = month or 12
    return date(year, month, day or calendar.monthrange(year, month)[1])


def may_be_one(one: str, other: str) -> bool:
    """Whether both can be the birth date of one person: the one says as much of it as the other, or less."""
    return one.startswith(other) or other.startswith(one)


def may_be(birth_date: str, on: date) -> bool:
    """Whether somebody who is alive `on` this day can have been born then."""
    return of_age(_IMPOSSIBLE, on) <= birth_date <= on.isoformat()
