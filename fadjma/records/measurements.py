"""Reading what was measured of a patient: each value a whole number of its last digit (vitals.py), with its day."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from fadjma import days, drawing
from fadjma.access import grants
from fadjma.events.subjects import Named
from fadjma.i18n import age_in_months, is_estimated, iso
from fadjma.identity import births
from fadjma.identity.people import Viewer
from fadjma.records.vitals import VITALS, Code, Vital
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, given, listed, paging

UNITS: Mapping[Code, str] = {code: vital.unit for code, vital in VITALS.items()}  # as programs read it
PART = "prescriptions"  # of a file, for weights: who may prescribe for somebody must know what they weigh
_REST = "records"  # for all else
PER_PAGE = 50
_LATEST = "9999-99-99"  # after any day
CURSOR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}~" + paging.MOMENT.pattern)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value, by whom (None: not known), and for a nurse under which doctor's access."""

    id: str
    patient_id: str
    round_id: str  # what was measured in one go
    record_id: str | None  # the consultation in which it was
    code: Code
    value: int
    diastolic: int | None  # of a blood pressure, the lower one
    measured_on: str
    created_at: int
    author_id: str | None
    author_name: str | None
    profession: str | None
    delegated_by: str | None
    delegated_profession: str | None
    birth_date: str
    error: str | None  # why it was entered in error; empty where the consultation was in which it stands
    hidden: bool = False  # so it was, and what it said is not for this reader

    @property
    def vital(self) -> Vital:
        return VITALS[self.code]

    @property
    def figure(self) -> Decimal:
        """In the unit of `vital`."""
        return self.vital.number(self.value)

    @property
    def at(self) -> int:
        """When that day began, in milliseconds UTC."""
        return days.midnight(self._day)

    @property
    def of_newborn(self) -> bool:
        """Whether it was measured in the first 28 days of life, in which a weight is said in grams."""
        return births.is_newborn(self.birth_date, self._day)

    @property
    def _day(self) -> date:
        return date.fromisoformat(self.measured_on)

    def json(self, language: str) -> dict[str, Any]:
        said = {} if self.diastolic is None else {"diastolic": None if self.hidden else self.diastolic}
        return {
            "id": self.id,
            "status": "final" if self.error is None else "entered_in_error",  # as FHIR says it; it is never changed
            "version": 1 if self.error is None else 2,
            "patient_id": self.patient_id,
            "round_id": self.round_id,
            "code": self.code,
            "value": None if self.hidden else _plain(self.figure),
            **said,
            "unit": UNITS[self.code],
            "measured_on": self.measured_on,
            "author": {"id": self.author_id, "name": self.author_name} if self.author_id else None,
            "delegated_by": self.delegated_by,
            "created_at": iso(self.created_at),
        }


def _plain(number: Decimal) -> int | float:
    """As JSON has numbers: a whole one without a point."""
    return int(number) if number == int(number) else float(number)


@dataclass(frozen=True, slots=True)
class Round:
    """What was measured in one go, in the order of the form."""

    values: tuple[Measurement, ...]

    @property
    def id(self) -> str:
        return self.values[0].round_id

    @property
    def first(self) -> Measurement:
        """Of which the others have patient, day and author."""
        return self.values[0]

    def json(self, language: str) -> dict[str, Any]:
        first = self.first.json(language)
        of_all = ("patient_id", "measured_on", "author", "delegated_by", "created_at")
        items = [one.json(language) for one in self.values]
        return {
            "id": self.id,
            "status": "final",
            "version": 1,
            **{name: first[name] for name in of_all},
            "items": items,
        }


@dataclass(frozen=True, slots=True)
class Course:
    """The last values of one kind, the newest first."""

    values: tuple[Measurement, ...]

    @property
    def last(self) -> Measurement:
        return self.values[0]

    @property
    def vital(self) -> Vital:
        return self.last.vital

    @property
    def paths(self) -> tuple[str, ...]:
        """Its line, and of blood pressures that of the lower one; none of a single value."""
        if len(self.values) == 1:
            return ()
        came = self.values[::-1]
        lines = ([float(one.value) for one in came], [float(one.diastolic) for one in came if one.diastolic])
        times = [float(date.fromisoformat(one.measured_on).toordinal()) for one in came]
        return drawing.courses(times, [line for line in lines if line])

    @property
    def dots(self) -> str:
        """The points of its lines."""
        return "".join(map(drawing.dots, self.paths))

    @property
    def months(self) -> tuple[int, int] | None:
        """Of a small child the age at the first and at the last of them; None where that says less than the days."""
        birth_date = self.last.birth_date
        first, last = (
            age_in_months(birth_date, date.fromisoformat(one.measured_on)) for one in (self.values[-1], self.last)
        )
        return (first, last) if last < _SMALL and first < last and not is_estimated(birth_date) else None


_SMALL = 60  # months: until then a course is read by the age
_COURSE = 12  # values that a file's summary shows of each kind
_MEASUREMENT = """
    SELECT m.id, m.patient_id, m.round_id, m.record_id, m.code, m.value, m.diastolic, m.measured_on, m.created_at,
           m.author_id,
           (SELECT name FROM people WHERE id = m.author_id) AS author_name,
           (SELECT profession FROM people WHERE id = m.author_id) AS profession,
           (SELECT name FROM people WHERE id = m.delegated_by) AS delegated_by,
           (SELECT profession FROM people WHERE id = m.delegated_by) AS delegated_profession, i.birth_date,
           coalesce((SELECT reason FROM measurement_errors WHERE measurement_id = m.id),
                    (SELECT '' FROM records WHERE id = m.record_id AND status = 'entered_in_error')) AS error
    FROM measurements m JOIN patient_identities i ON i.id = m.patient_id
"""
_STANDS = (
    "NOT EXISTS (SELECT 1 FROM measurement_errors WHERE measurement_id = m.id) "
    "AND NOT EXISTS (SELECT 1 FROM records WHERE id = m.record_id AND status = 'entered_in_error')"
)
_NEWEST_FIRST = "ORDER BY m.measured_on DESC, m.created_at DESC, m.id DESC"


def part_of(code: Code) -> str:
    """The part of a file (states.OPENS) that a measurement of this kind belongs to."""
    return PART if code == "body_weight" else _REST


def newest(tx: Transaction, patient_id: str, code: Code) -> Measurement | None:
    """The last one by its day; of one day, the one that was written last. The caller has checked the right."""
    return ask_newest(tx, patient_id, code)()


def ask_newest(tx: Transaction, patient_id: str, code: Code) -> Callable[[], Measurement | None]:
    """The same for later (`Transaction.ask`)."""
    rows = tx.ask(
        f"{_MEASUREMENT} WHERE m.patient_id = :patient AND m.code = :code AND {_STANDS} {_NEWEST_FIRST} LIMIT 1",
        {"patient": patient_id, "code": code},
    )
    return lambda: next(map(_measurement, rows()), None)


def known_at(tx: Transaction, patient_id: str, code: Code, at: int) -> Measurement | None:
    """What was the last one at a moment (milliseconds UTC): measured by that day, and written down by then.

    As above; whoever read it then may read it again, and learns nothing newer.
    """
    row = tx.first(
        f"{_MEASUREMENT} WHERE m.patient_id = :patient AND m.code = :code AND m.measured_on <= :day "
        f"AND m.created_at <= :at AND {_STANDS} {_NEWEST_FIRST} LIMIT 1",
        {"patient": patient_id, "code": code, "day": days.day(at).isoformat(), "at": at},
    )
    return _measurement(row) if row else None


def of_patient(
    tx: Transaction, viewer: Viewer, patient_id: str, code: Code | None = None, before: str | None = None
) -> Page[Measurement]:
    """The patient's own, or through a grant, the latest first; `before` is the `next` of the page before.

    Of one kind, or of all that the reader may see, but what was entered in error. Raises NotFound for everybody else.
    """
    _require_reader(tx, viewer, patient_id, code or "body_weight")
    if code is None and not sees_all(tx, viewer, patient_id):
        code = "body_weight"
    return _newest(tx, patient_id, code, before, PER_PAGE)


def sees_all(tx: Transaction, viewer: Viewer, patient_id: str) -> bool:
    """Whether the file is open to this person for more than weights."""
    return viewer.id == patient_id or grants.granted(tx, viewer, patient_id, _REST) is not None


def measurement(tx: Transaction, viewer: Viewer, measurement_id: str) -> Measurement:
    """One of them, for whom `of_patient` shows them. Raises NotFound for everybody else.

    Entered in error, it says what it said to its author alone.
    """
    row = tx.first(f"{_MEASUREMENT} WHERE m.id = :id", {"id": measurement_id})
    if row is None:
        raise NotFound
    found = _measurement(row)
    _require_reader(tx, viewer, found.patient_id, found.code)
    return replace(found, hidden=found.error is not None and found.author_id != viewer.id)


def round_of(tx: Transaction, viewer: Viewer, round_id: str) -> Round:
    """All that was measured in one go, as above; what was entered in error is not among it."""
    found = _in_order(
        map(_measurement, tx.all(f"{_MEASUREMENT} WHERE m.round_id = :id AND {_STANDS}", {"id": round_id}))
    )
    if not found:
        raise NotFound
    for one in found:
        _require_reader(tx, viewer, one.patient_id, one.code)
    return Round(found)


def in_order(
    tx: Transaction, patient_id: str, codes: Iterable[Code], after: tuple[int, str], limit: int
) -> list[Measurement]:
    """A patient's of these kinds, the first that were written down first: no later one comes before. `after`: when, in
    milliseconds UTC, and the id.

    What was entered in error is not among them. The caller has checked the right.
    """
    rows = tx.all(
        f"{_MEASUREMENT} WHERE m.id IN (SELECT m.id FROM measurements m WHERE m.patient_id = :patient "
        f"AND m.code IN {listed(list(codes))} AND (m.created_at, m.id) > (:at, :id) AND {_STANDS} "
        "ORDER BY m.created_at, m.id LIMIT :limit) ORDER BY m.created_at, m.id",
        {"patient": patient_id, "at": after[0], "id": after[1], "limit": limit},
    )
    return [_measurement(row) for row in rows]


def in_rounds(found: Page[Measurement]) -> list[Round]:
    """The measurements of a page, those together that were measured in one go."""
    return [Round(_in_order(those)) for _, those in groupby(found, lambda one: one.round_id)]


def of_records(tx: Transaction, record_ids: list[str]) -> dict[str, tuple[Measurement, ...]]:
    """What was measured in these (few) consultations. The caller has checked the right."""
    among, values = given(record_ids)
    grouped: dict[str, list[Measurement]] = {}
    for row in tx.all(f"{_MEASUREMENT} WHERE m.record_id IN {among} AND {_STANDS}", values):
        grouped.setdefault(row["record_id"], []).append(_measurement(row))
    return {record_id: _in_order(those) for record_id, those in grouped.items()}


def _in_order(found: Iterable[Measurement]) -> tuple[Measurement, ...]:
    order = list(VITALS)
    return tuple(sorted(found, key=lambda one: (order.index(one.code), one.id)))


def courses(tx: Transaction, patient_id: str, codes: Iterable[Code] = tuple(VITALS)) -> tuple[Course, ...]:
    """The last values of each of these kinds that was measured. The caller has checked the right."""
    found = (tuple(_newest(tx, patient_id, code, None, _COURSE - 1)) for code in codes)
    return tuple(Course(values) for values in found if values)


def authors(tx: Transaction, viewer: Viewer, measurement_ids: list[str]) -> dict[str, Named]:
    """By whom these (few) are, as far as they are the patient's own and it is known."""
    among, values = given(measurement_ids)
    rows = tx.all(
        f"{_MEASUREMENT} WHERE m.id IN {among} AND m.patient_id = :viewer",
        {**values, "viewer": viewer.id},
    )
    return {row["id"]: Named(row["author_name"], row["profession"] or "") for row in rows if row["author_name"]}


def _require_reader(tx: Transaction, viewer: Viewer, patient_id: str, code: Code) -> None:
    if viewer.id != patient_id and grants.granted(tx, viewer, patient_id, part_of(code)) is None:
        raise NotFound().about(Tried(patient_id, "patient", patient_id))


def _newest(tx: Transaction, patient_id: str, code: Code | None, before: str | None, limit: int) -> Page[Measurement]:
    day, _, rest = (before or "").partition("~")
    at, last_id = paging.position(rest)
    rows = tx.all(
        f"{_MEASUREMENT} WHERE m.patient_id = :patient {'AND m.code = :code' if code else ''} "
        f"AND (m.measured_on, m.created_at, m.id) < (:day, :at, :id) AND {_STANDS} "
        f"{_NEWEST_FIRST} LIMIT :limit",
        {"patient": patient_id, "code": code, "day": day or _LATEST, "at": at, "id": last_id, "limit": limit + 1},
    )
    found = [_measurement(row) for row in rows]
    return paging.page(found, limit, lambda one: f"{one.measured_on}~{one.created_at}~{one.id}")


def _measurement(row: Row) -> Measurement:
    return Measurement(**row.as_dict())
