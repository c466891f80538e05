"""Reading what was measured of a patient: each value a whole number of its code's unit, with the day of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from fadjma import days
from fadjma.access import grants
from fadjma.events.subjects import Named
from fadjma.i18n import iso
from fadjma.identity import births
from fadjma.identity.people import Viewer
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, given, paging

Code = Literal["body_weight"]
UNITS: dict[Code, str] = {"body_weight": "g"}
PART = "prescriptions"  # of a file: who may prescribe for somebody must know what they weigh
PER_PAGE = 50
_LATEST = "9999-99-99"  # after any day


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value, by whom (None: not known), and for a nurse under which doctor's access."""

    id: str
    patient_id: str
    code: Code
    value: int
    measured_on: str
    created_at: int
    author_id: str | None
    author_name: str | None
    profession: str | None
    delegated_by: str | None
    delegated_profession: str | None
    birth_date: str

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
        return {
            "id": self.id,
            "status": "final",  # as FHIR says it of what is measured; it is never changed
            "version": 1,
            "patient_id": self.patient_id,
            "code": self.code,
            "value": self.value,
            "unit": UNITS[self.code],
            "measured_on": self.measured_on,
            "author": {"id": self.author_id, "name": self.author_name} if self.author_id else None,
            "delegated_by": self.delegated_by,
            "created_at": iso(self.created_at),
        }


_MEASUREMENT = """
    SELECT m.id, m.patient_id, m.code, m.value, m.measured_on, m.created_at, m.author_id,
           (SELECT name FROM people WHERE id = m.author_id) AS author_name,
           (SELECT profession FROM people WHERE id = m.author_id) AS profession,
           (SELECT name FROM people WHERE id = m.delegated_by) AS delegated_by,
           (SELECT profession FROM people WHERE id = m.delegated_by) AS delegated_profession, i.birth_date
    FROM measurements m JOIN patient_identities i ON i.id = m.patient_id
"""


def newest(tx: Transaction, patient_id: str, code: Code) -> Measurement | None:
    """The last one by its day; of one day, the one that was written last. The caller has checked the right."""
    found = _newest(tx, patient_id, code, None, 1)
    return found[0] if found else None


def known_at(tx: Transaction, patient_id: str, code: Code, at: int) -> Measurement | None:
    """What was the last one at a moment (milliseconds UTC): measured by that day, and written down by then.

    As above; whoever read it then may read it again, and learns nothing newer.
    """
    row = tx.first(
        f"{_MEASUREMENT} WHERE m.patient_id = :patient AND m.code = :code AND m.measured_on <= :day "
        "AND m.created_at <= :at ORDER BY m.measured_on DESC, m.created_at DESC, m.id DESC LIMIT 1",
        {"patient": patient_id, "code": code, "day": days.day(at).isoformat(), "at": at},
    )
    return _measurement(row) if row else None


def of_patient(
    tx: Transaction, viewer: Viewer, patient_id: str, code: Code, before: str | None = None
) -> Page[Measurement]:
    """The patient's own, or through a grant, the latest first; `before` is the `next` of the page before.

    Raises NotFound for everybody else.
    """
    _require_reader(tx, viewer, patient_id)
    return _newest(tx, patient_id, code, before, PER_PAGE)


def measurement(tx: Transaction, viewer: Viewer, measurement_id: str) -> Measurement:
    """One of them, for whom `of_patient` shows them. Raises NotFound for everybody else."""
    row = tx.first(f"{_MEASUREMENT} WHERE m.id = :id", {"id": measurement_id})
    if row is None:
        raise NotFound
    _require_reader(tx, viewer, row["patient_id"])
    return _measurement(row)


def authors(tx: Transaction, viewer: Viewer, measurement_ids: list[str]) -> dict[str, Named]:
    """By whom these (few) are, as far as they are the patient's own and it is known."""
    among, values = given(measurement_ids)
    rows = tx.all(
        f"{_MEASUREMENT} WHERE m.id IN {among} AND m.patient_id = :viewer",
        {**values, "viewer": viewer.id},
    )
    return {row["id"]: Named(row["author_name"], row["profession"] or "") for row in rows if row["author_name"]}


def _require_reader(tx: Transaction, viewer: Viewer, patient_id: str) -> None:
    if viewer.id != patient_id and grants.granted(tx, viewer, patient_id, PART) is None:
        raise NotFound().about(Tried(patient_id, "patient", patient_id))


def _newest(tx: Transaction, patient_id: str, code: Code, before: str | None, limit: int) -> Page[Measurement]:
    day, _, rest = (before or "").partition("~")
    at, last_id = paging.position(rest)
    rows = tx.all(
        f"{_MEASUREMENT} WHERE m.patient_id = :patient AND m.code = :code "
        "AND (m.measured_on, m.created_at, m.id) < (:day, :at, :id) "
        "ORDER BY m.measured_on DESC, m.created_at DESC, m.id DESC LIMIT :limit",
        {"patient": patient_id, "code": code, "day": day or _LATEST, "at": at, "id": last_id, "limit": limit + 1},
    )
    found = [_measurement(row) for row in rows]
    return paging.page(found, limit, lambda one: f"{one.measured_on}~{one.created_at}~{one.id}")


def _measurement(row: Row) -> Measurement:
    return Measurement(**row.as_dict())
