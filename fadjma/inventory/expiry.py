"""When a lot expires, as its box says it: 30/09/2027, 09/2027, 09/27; of a month alone, its last day."""

import calendar
import re
from datetime import date
from functools import lru_cache

from fadjma import writing
from fadjma.i18n import N_

YEARS = 10  # that a medicine keeps, and more
FAR = N_("Ce lot périmerait dans plus de dix ans : vérifiez l'année.")
OTHER_DAY = N_(
    "Ce numéro de lot existe déjà avec une autre date de péremption. Si celle du stock est fausse, corrigez-la sur la "
    "page du lot."
)
_BETWEEN = re.compile(r"[-/. ]+")
_LONGEST = 20  # characters that are looked at
_CENTURY = 2000  # of a year in two digits


def as_a_day(text: str) -> str:
    """In ISO form, or as it was where it says no month of a year."""
    parts = _BETWEEN.split(writing.plain_digits(text[:_LONGEST]).strip())
    if len(parts[0]) != 4:
        parts.reverse()  # the day comes first where people write by hand
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in parts):
        return text
    year, month, *days = map(int, parts)
    year += _CENTURY if len(parts[0]) == 2 else 0
    if not 1 <= month <= 12 or not year:
        return text
    return f"{year:04d}-{month:02d}-{(days or [calendar.monthrange(year, month)[1]])[0]:02d}"


@lru_cache(maxsize=500)  # of a file of 50,000 lines most say the same
def read(text: str) -> date | None:
    """The last day of use; None where this is no day."""
    try:
        return date.fromisoformat(as_a_day(text))
    except ValueError:
        return None


def is_far(day: date, today: date) -> bool:
    """Whether no medicine keeps so long: a slip of the finger."""
    return day.year > today.year + YEARS
