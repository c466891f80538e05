"""The schedule of vaccinations that the clinic has signed (safety/tables.py), and what is due by it.

It says something once a professional has signed it, row by row. An age is an ISO 8601 duration of one unit: P0D, P6W,
P9M, P9Y. Of a birth date that is known by its month or year alone the last day counts that it may be: nobody is called
before it is certain.
"""

import calendar
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

from fadjma import writing
from fadjma.i18n import age, iso
from fadjma.identity import births
from fadjma.store import Row, Transaction

CHILD = 18  # years: until then the schedule says something, or that it is not signed
SMALL = "P5Y"  # until then a child is called of whom nothing is noted: whom the Expanded Programme is for (decision 30)
_READ_ANEW = 2  # how often `awaited` has come to say something else of the same rows: once more with each such change
_SPAN = re.compile(r"P(\d{1,3})([DWMY])")
# « penta 2 », « vpo0 », « penta, dose 2 », « penta n°2 », « penta 2eme dose », as a name is compared.
_NUMBERED = re.compile(r"(.+?)[ ,(-]*(?:dose|n°|no)? ?([0-9])(?:er|ere|re|e|eme)?(?: dose)?\)?")
_DAYS = {"D": 1, "W": 7, "M": 30.44, "Y": 365.25}


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One dose of it, with its source and who has signed it."""

    id: str
    vaccine: str
    vaccine_key: str
    also: str
    dose: int
    from_age: str
    to_age: str
    apart: str
    sex: str
    source: str
    source_on: str
    signed_at: int
    signer: str
    profession: str

    @property
    def keys(self) -> frozenset[str]:
        """Its names as they are compared with what was given."""
        return _keys(self.vaccine_key, self.also)

    def json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "source_on": self.source_on,
            "signed_by": self.signer,
            "signed_at": iso(self.signed_at),
        }


@dataclass(frozen=True, slots=True)
class Given:
    """A dose that was given: which vaccine, the how many-eth (None: not said), on which day."""

    key: str
    dose: int | None
    on: str
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Early:
    """A dose that was given before the age of its row, or else (`apart`) too short a time after the one before it."""

    given: Given
    dose: int
    row: Scheduled
    apart: bool

    @property
    def span(self) -> tuple[int, str]:
        """The age or the time that the row says: how many of which unit."""
        return parts(self.row.apart if self.apart else self.row.from_age)


@dataclass(frozen=True, slots=True)
class Awaited:
    """The next dose of a vaccine by the schedule: from which day on, and from which on not any more."""

    row: Scheduled
    on: str
    until: str


@lru_cache(maxsize=1_000)  # the rows of a schedule, which are compared with every vaccination of every child
def _keys(vaccine_key: str, also: str) -> frozenset[str]:
    return frozenset({vaccine_key, *filter(None, map(writing.fold, names(also)))})


def names(also: str) -> list[str]:
    return [name.strip() for name in also.split(",") if name.strip()]


def parts(span: str) -> tuple[int, str]:
    """How many, and of which unit: D, W, M or Y. Raises ValueError."""
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(span)
    return int(found[1]), found[2]


def called_alike(rows: Iterable[Scheduled], key: str) -> set[str]:
    """The names, as they are compared, of the vaccine that has this one: those that these rows give it."""
    return {key}.union(*(row.keys for row in rows if key in row.keys))


def meant(rows: Sequence[Scheduled], key: str, dose: int | None) -> tuple[str, int | None]:
    """A vaccine and the how many-eth dose, of a name that says both (« Penta 2 ») where these rows know neither it nor
    another number: else as it was noted.
    """
    found = None if any(key in row.keys for row in rows) else _NUMBERED.fullmatch(key)
    if found is None:
        return key, dose
    name, number = found[1], int(found[2])
    is_known = any(name in row.keys and row.dose == number for row in rows)
    return (name, number) if is_known and dose in (None, number) else (key, dose)


def length(span: str) -> float:
    """About how many days it is, by which two are compared."""
    number, unit = parts(span)
    return number * _DAYS[unit]


def after(day: date, span: str) -> date:
    """The day so long after another; of a month that has no such day, its last."""
    number, unit = parts(span)
    if unit in "DW":
        return day + timedelta(days=number * int(_DAYS[unit]))
    year, month = divmod(12 * day.year + day.month - 1 + number * (12 if unit == "Y" else 1), 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def is_for(birth_date: str, today: date) -> bool:
    """Whether somebody is a child, to whom the schedule has something to say."""
    return age(birth_date, today) < CHILD


def child_until(birth_date: str) -> date:
    """From which day on it has nothing to say to somebody any more: the first on which `is_for` is false."""
    year, month, day = [*map(int, birth_date.split("-")), 1, 1][:3]
    days_of_month = calendar.monthrange(year + CHILD, month)[1]  # who was born on 29 February is of age on 1 March
    return date(year + CHILD, month, 1) + timedelta(days=min(day - 1, days_of_month))


def small_until(birth_date: str) -> date:
    """From which day on nobody calls a child any more of whom nothing is noted."""
    return after(births.latest(birth_date), SMALL)


def signed(tx: Transaction) -> list[Scheduled]:
    """Its rows that count, each vaccine by its doses."""
    rows = tx.all(
        "SELECT s.id, s.vaccine, s.vaccine_key, s.also, s.dose, s.from_age, s.to_age, s.apart, s.sex, s.source, "
        "s.source_on, s.signed_at, p.name AS signer, p.profession FROM vaccine_schedule s "
        "JOIN people p ON p.id = s.signed_by WHERE s.withdrawn_at IS NULL ORDER BY s.vaccine_key, s.dose, s.id"
    )
    return [_scheduled(row) for row in rows]


def _scheduled(row: Row) -> Scheduled:
    return Scheduled(**row.as_dict())


def is_signed(tx: Transaction) -> bool:
    return bool(tx.value("SELECT 1 FROM vaccine_schedule WHERE withdrawn_at IS NULL LIMIT 1"))


def changes(tx: Transaction) -> int:
    """How often it, or how it is read, has changed: what was worked out before is worked out again."""
    return _READ_ANEW + int(tx.value("SELECT count(*) + count(withdrawn_at) FROM vaccine_schedule"))


def early(rows: Sequence[Scheduled], birth_date: str, sex: str, given: Iterable[Given]) -> list[Early]:
    """The doses that were given earlier than their rows say, by their days. Whether one counts is a professional's to
    say: `awaited` counts it. Of a birth date that is known in part the first day counts that it may be: only what is
    certain is said.
    """
    born, had = births.earliest(birth_date), list(given)
    found = [
        one
        for series in _series(rows, sex)
        for one in _early(series, born, [dose for dose in had if dose.key in _names(series)])
    ]
    return sorted(found, key=lambda one: (one.given.on, one.given.record_id))


def _early(series: Sequence[Scheduled], born: date, had: Sequence[Given]) -> Iterator[Early]:
    reached, before = -1, None
    for on, of_day in _by_day(had):
        following, day = _following(series, reached), date.fromisoformat(on)
        for one in of_day:
            dose = following if one.dose is None else one.dose
            row = next((row for row in series if row.dose == dose), None)
            if row and day < after(born, row.from_age):
                yield Early(one, dose, row, apart=False)
            elif row and row.apart and before and day < after(before, row.apart):
                yield Early(one, dose, row, apart=True)
        reached, before = _reached_on(of_day, following, reached), day


def awaited(
    rows: Sequence[Scheduled], birth_date: str, sex: str, given: Iterable[Given], besides: set[str]
) -> list[Awaited]:
    """The next dose of each vaccine for somebody; not of those (`besides`, keys) that are due by somebody's word.

    A dose that does not say the how many-eth it is counts as the one after those before it, by their days; noted twice
    on one day it was given once.
    """
    born, had = births.latest(birth_date), list(given)
    found = []
    for series in _series(rows, sex):
        keys = _names(series)
        if not keys & besides and (next_one := _next(series, born, [one for one in had if one.key in keys])):
            found.append(next_one)
    return found


def _series(rows: Sequence[Scheduled], sex: str) -> Iterator[list[Scheduled]]:
    """The rows for somebody, of each vaccine."""
    for _, group in groupby((row for row in rows if row.sex in ("", sex)), key=lambda row: row.vaccine_key):
        yield list(group)


def _names(series: Sequence[Scheduled]) -> set[str]:
    return set().union(*(row.keys for row in series))


def _next(series: Sequence[Scheduled], born: date, had: Sequence[Given]) -> Awaited | None:
    reached = _reached(series, had)
    row = next((row for row in series if row.dose > reached), None)
    if row is None:
        return None
    on, until = after(born, row.from_age), after(born, row.to_age)
    if had and row.apart:
        on = max(on, after(date.fromisoformat(max(one.on for one in had)), row.apart))
    return Awaited(row, on.isoformat(), until.isoformat()) if on < until else None


def _reached(series: Sequence[Scheduled], had: Sequence[Given]) -> int:
    """The how many-eth dose was the last one; -1 before the first, which may be dose 0."""
    reached = -1
    for _, of_day in _by_day(had):
        reached = _reached_on(of_day, _following(series, reached), reached)
    return reached


def _by_day(had: Sequence[Given]) -> Iterator[tuple[str, list[Given]]]:
    for on, of_day in groupby(sorted(had, key=lambda one: one.on), key=lambda one: one.on):
        yield on, list(of_day)


def _following(series: Sequence[Scheduled], reached: int) -> int:
    """What a dose without a number is after these."""
    return next((row.dose for row in series if row.dose > reached), reached)


def _reached_on(of_day: Sequence[Given], following: int, reached: int) -> int:
    said = [one.dose for one in of_day if one.dose is not None]
    return max([reached, *said]) if said else following
