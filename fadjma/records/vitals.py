"""What is measured of a patient: in which unit, what can be at all, what is plausible at an age, and how it is typed.

A value is a whole number of the last digit that is kept of it. What can be is what is read of somebody alive; what is
plausible is wide on purpose: it asks about slips of the finger, and says nothing of health. Both are this program's own
bounds, for a doctor of the clinic to look over (docs/clinic.md), and no reference.
"""

import re
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from fadjma import writing
from fadjma.access.states import PARTS
from fadjma.i18n import N_
from fadjma.records import spelled

Code = Literal[
    "blood_pressure",
    "pulse",
    "temperature",
    "respiratory_rate",
    "oxygen_saturation",
    "glucose",
    "pain",
    "body_weight",
    "body_height",
    "head_circumference",
]
Range = tuple[int, int]

_NEWBORN, _YEAR = 28, 365  # days
_AGES = (_NEWBORN, _YEAR, 5 * _YEAR + 1, 12 * _YEAR + 3)  # days, at which the next of the five ages begins
_NUMBER = re.compile(r"([0-9]{1,7}|[0-9]{1,3}(?: [0-9]{3})+)(?:[.,]([0-9]{1,3}))?")
_PRESSURE = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]))? ?[/-] ?([0-9]{1,3})(?:[.,]([0-9]))?")
_CENTIMETRES = 30  # of mercury: what is higher is in millimetres
_UNUSUAL = N_("C'est inhabituel à cet âge : vérifiez.")
_NO_NUMBER = N_("Donnez un nombre, comme %(example)s.")
_NO_PRESSURE = N_("Donnez les deux, en mmHg, comme 120/80.")
_IN_CENTIMETRES = N_("Est-ce en cmHg, soit %(pressure)s mmHg ?")
_IN_GRAMS = N_("Donnez-la en g/l : cela fait environ %(meant)s g/l.")
_GLUCOSE = 180  # milligrams in a millimole of glucose
_MILLIMOLES = re.compile(r"(.*[0-9]) ?mmol ?/ ?l", re.IGNORECASE)
_OUTSIDE = N_("De %(least)s à %(most)s.")
_MEANT = N_("De %(least)s à %(most)s. Est-ce %(meant)s ?")


class Unreadable(ValueError):
    """What was typed is no such value; why, in French, with what is put into it."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


@dataclass(frozen=True, slots=True)
class Vital:
    """One thing that is measured. `unit` as UCUM says it, `shown` as people do; `plausible` by age (_AGES)."""

    code: Code
    unit: str
    shown: str
    digits: int  # after the comma
    possible: Range
    plausible: tuple[Range, Range, Range, Range, Range]
    example: str
    question: str = _UNUSUAL

    @property
    def label(self) -> str:
        return PARTS[self.code]

    def number(self, value: int) -> Decimal:
        return Decimal(value).scaleb(-self.digits)


def _always(least: int, most: int) -> tuple[Range, Range, Range, Range, Range]:
    return ((least, most),) * 5


VITALS: Mapping[Code, Vital] = {
    one.code: one
    for one in (
        Vital(
            *("blood_pressure", "mm[Hg]", "mmHg", 0, (31, 300)),
            ((40, 110), (50, 130), (60, 140), (70, 150), (75, 220)),
            example="120/80",
        ),
        Vital(
            *("pulse", "/min", "/min", 0, (10, 300)),
            ((70, 220), (70, 210), (60, 190), (50, 170), (35, 170)),
            example="80",
        ),
        Vital("temperature", "Cel", "°C", 1, (250, 450), _always(350, 410), example="37,5"),
        Vital(
            *("respiratory_rate", "/min", "/min", 0, (2, 120)),
            ((20, 80), (18, 70), (14, 60), (12, 50), (8, 40)),
            example="18",
        ),
        Vital("oxygen_saturation", "%", "%", 0, (30, 100), _always(80, 100), example="98"),
        Vital(
            *("glucose", "g/L", "g/l", 2, (5, 1500), _always(40, 300)),
            example="0,95",
            question=N_("Est-ce bien en g/l, et non en mmol/l ? Vérifiez."),
        ),
        Vital("pain", "{score}", "/10", 0, (0, 10), _always(0, 10), example="3"),
        Vital(
            *("body_weight", "g", "g", 0, (300, 400_000)),
            ((500, 7_000), (1_500, 16_000), (4_000, 40_000), (8_000, 100_000), (20_000, 250_000)),
            example="12,4",
        ),
        Vital(
            *("body_height", "cm", "cm", 1, (200, 2500)),
            ((300, 620), (400, 950), (550, 1350), (800, 1900), (1000, 2200)),
            example="165",
        ),
        Vital(
            *("head_circumference", "cm", "cm", 1, (150, 800)),
            ((240, 430), (280, 530), (380, 590), (420, 620), (450, 660)),
            example="35,5",
        ),
    )
}
_DIASTOLIC_POSSIBLE: Range = (10, 200)
_DIASTOLIC: tuple[Range, Range, Range, Range, Range] = ((15, 75), (20, 85), (30, 95), (35, 105), (35, 140))


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as somebody gives it: by which field of a form, and what is to be asked about it whatever the age."""

    code: Code
    value: int
    field: str
    diastolic: int | None = None
    question: str = ""
    pressure: str = ""  # what the question says


def whole(typed: str | None, digits: int) -> int | None:
    """A number with at most so many `digits` after its comma or point, without it; None of what is none."""
    found = _NUMBER.fullmatch(writing.plain_digits(typed or ""))
    whole, after = found.groups("") if found else ("", "")
    return int(whole.replace(" ", "") + after.ljust(digits, "0")) if found and len(after) <= digits else None


def read(code: Code, typed: str) -> Reading:
    """What was typed as a value of this kind, in the unit that people use. Raises Unreadable."""
    return _pressures(typed) if code == "blood_pressure" else Reading(code, _value(VITALS[code], typed), code)


def _value(vital: Vital, typed: str) -> int:
    number, times = spelled.value(vital.code, typed)
    counted = whole(number, 3)
    if counted is None or counted * times % 1:
        raise _not_read(vital, typed)
    exact = int(counted * times)
    found, too_fine = divmod(exact, _last_digit(vital))
    if not vital.possible[0] <= found <= vital.possible[1]:
        raise _outside(vital, exact)
    if too_fine:
        raise Unreadable(_NO_NUMBER, example=vital.example)
    return found


def _not_read(vital: Vital, typed: str) -> Unreadable:
    """With about what it would be, where it was typed in millimoles: nothing is worked out in somebody's place."""
    found = _MILLIMOLES.fullmatch(writing.plain_digits(typed).strip())
    number = whole(found[1], 3) if found and vital.code == "glucose" else None
    if number is None:
        return Unreadable(_NO_NUMBER, example=vital.example)
    return Unreadable(_IN_GRAMS, meant=f"{number * _GLUCOSE / 1_000_000:.2f}".replace(".", ","))


def _last_digit(vital: Vital) -> int:
    """In thousandths."""
    return int(10 ** (3 - vital.digits))


def _outside(vital: Vital, exact: int) -> Unreadable:
    """With what it would be if its comma stood elsewhere: 375 for 37,5, 1,65 m for 165 cm."""
    least, most = vital.possible
    bounds = {"least": _written(vital, least), "most": f"{_written(vital, most)} {vital.shown}".replace("10 /10", "10")}
    meant = [value for value in _shifted(exact, _last_digit(vital)) if least <= value <= most]
    meant.sort(key=lambda value: not any(_within(value, ages) for ages in vital.plausible))  # what is seen comes first
    return Unreadable(_MEANT, meant=_written(vital, meant[0]), **bounds) if meant else Unreadable(_OUTSIDE, **bounds)


def _shifted(exact: int, last_digit: int) -> Iterator[int]:
    for factor in (10, 100, 1000):
        for thousandths, rest in ((exact * factor, 0), divmod(exact, factor)):
            if not rest and thousandths % last_digit == 0:
                yield thousandths // last_digit


def _written(vital: Vital, value: int) -> str:
    """A number as it is typed in French, in which it is asked about."""
    return f"{vital.number(value).normalize():f}".replace(".", ",")


def _pressures(typed: str) -> Reading:
    """120/80 in mmHg, or 12/8 in cmHg, which is asked."""
    number, _ = spelled.value("blood_pressure", typed)
    found = _PRESSURE.fullmatch(writing.plain_digits(number).strip())
    if found is None:
        raise Unreadable(_NO_PRESSURE)
    upper, upper_tenths, lower, lower_tenths = found.groups()
    if int(upper) <= _CENTIMETRES:
        high, low = int(upper) * 10 + int(upper_tenths or 0), int(lower) * 10 + int(lower_tenths or 0)
        question = _IN_CENTIMETRES
    elif upper_tenths or lower_tenths:
        raise Unreadable(_NO_PRESSURE)
    else:
        high, low, question = int(upper), int(lower), ""
    if not _are_pressures(high, low):
        raise Unreadable(_NO_PRESSURE)
    return Reading("blood_pressure", high, "blood_pressure", low, question, f"{high}/{low}")


def _are_pressures(high: int, low: int) -> bool:
    least, most = VITALS["blood_pressure"].possible
    return least <= high <= most and _DIASTOLIC_POSSIBLE[0] <= low <= min(_DIASTOLIC_POSSIBLE[1], high - 1)


def is_plausible(reading: Reading, birth_date: str, on: date) -> bool:
    """Whether it is one that is seen at somebody's age; where that is not known well, at any that it may be."""
    ranges = VITALS[reading.code].plausible
    lower = reading.diastolic
    return any(
        _within(reading.value, ranges[age]) and (lower is None or _within(lower, _DIASTOLIC[age]))
        for age in _ages(birth_date, on)
    )


def _within(value: int, bounds: Range) -> bool:
    return bounds[0] <= value <= bounds[1]


def _ages(birth_date: str, on: date) -> range:
    """Which of the five ages somebody may be in; `birth_date` says as much as is known of it."""
    earliest = date.fromisoformat(f"{birth_date}-01-01"[:10])
    days = (on - earliest).days
    unknown = {4: _YEAR, 7: 30}.get(len(birth_date), 0)
    return range(bisect(_AGES, days - unknown), bisect(_AGES, days) + 1)


def questions(readings: Sequence[Reading], birth_date: str, on: date) -> dict[str, str]:
    """What is asked about these values before they are taken, by the fields that they come from."""
    return {
        one.field: one.question or VITALS[one.code].question
        for one in readings
        if one.question or not is_plausible(one, birth_date, on)
    }


def said(readings: Sequence[Reading]) -> dict[str, Any]:
    """What is put into these questions."""
    return {"pressure": next((one.pressure for one in readings if one.question), "")}
