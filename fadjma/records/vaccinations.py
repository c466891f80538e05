"""Vaccinations: which, the how many-eth, of which lot, where, and when the next one is due.

Each version of one has a row here. Its title and text say the same in words, by which it is found, and one version is
compared with another. What is due is what whoever vaccinated has written, until a later one of the same vaccine; of
the vaccines of which nobody has, what the schedule says that the clinic has signed (schedule.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from fadjma import days, writing
from fadjma.identity import directory
from fadjma.identity.directory import Patient
from fadjma.records import covered, schedule
from fadjma.records.schedule import Awaited, Early, Given, Scheduled
from fadjma.store import Row, Transaction, given

Noted = Literal["fields", "words", "nothing"]

SOON = 30  # days before it is due, from which on it is shown


@dataclass(frozen=True, slots=True)
class Vaccination:
    """What a version of one says. `next_due`: a date, or empty."""

    vaccine: str
    dose: int | None = None
    lot: str = ""
    site: str = ""
    next_due: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        return writing.capitalized(self.vaccine)

    @property
    def body(self) -> str:
        """In French as all that is stored."""
        said = (
            f"Dose : {self.dose}" if self.dose is not None else "",
            f"Lot : {self.lot}" if self.lot else "",
            f"Site : {self.site}" if self.site else "",
            f"Prochaine dose : {'/'.join(reversed(self.next_due.split('-')))}" if self.next_due else "",
            self.note,
        )
        return "\n".join(filter(None, said))

    def json(self, language: str) -> dict[str, Any]:
        return {
            "vaccine": self.vaccine,
            "dose": self.dose,
            "lot": self.lot or None,
            "site": self.site or None,
            "next_due": self.next_due or None,
            "note": self.note or None,
        }


@dataclass(frozen=True, slots=True)
class Due:
    """The next dose of a vaccine: after the record of the last one, whose author has written it; or by the schedule."""

    record_id: str | None
    vaccine: str
    dose: int | None  # the next
    on: str  # ISO 8601 date
    overdue: bool
    until: str = ""  # from when on it is due no more; empty: it stays
    by: Scheduled | None = None

    @property
    def at(self) -> int:
        """When that day begins, in milliseconds UTC."""
        return days.midnight(date.fromisoformat(self.on))

    def json(self) -> dict[str, Any]:
        said = {"record_id": self.record_id, "vaccine": self.vaccine, "dose": self.dose}
        return {**said, "due_on": self.on, "overdue": self.overdue, "schedule": self.by.json() if self.by else None}


@dataclass(frozen=True, slots=True)
class NotedEarly:
    """A dose that stands in the file, and was given earlier than the signed schedule says."""

    record_id: str
    vaccine: str
    found: Early

    def json(self) -> dict[str, Any]:
        row = self.found.row
        said = {"from_age": None, "apart": row.apart} if self.found.apart else {"from_age": row.from_age, "apart": None}
        own = {"record_id": self.record_id, "vaccine": self.vaccine, "dose": self.found.dose}
        return {**own, "given_on": self.found.given.on, **said, "schedule": row.json()}


@dataclass(frozen=True, slots=True)
class _Noted:
    """A dose as it stands in the file; `vaccine`: what it is called, without its number where the name says it."""

    given: Given
    vaccine: str
    next_due: str
    created_at: int

    @property
    def when(self) -> tuple[str, int]:
        return self.given.on, self.created_at


def due_and_early(tx: Transaction, patient_id: str, today: date) -> tuple[tuple[Due, ...], tuple[NotedEarly, ...]]:
    """What a patient is to have by now, and soon, the most urgent first; and a child's doses that were given earlier
    than the signed schedule says. The caller has checked the right.
    """
    patient = directory.identity(tx, patient_id)
    known = schedule.signed(tx) if schedule.is_for(patient.birth_date, today) else []
    rows = _given(tx, patient_id, known)
    soon = date.fromordinal(today.toordinal() + SOON).isoformat()
    return tuple(one for one in _awaited(rows, patient, known, today) if one.on <= soon), _early(rows, patient, known)


def due(tx: Transaction, patient_id: str, today: date) -> tuple[Due, ...]:
    """The first of these alone."""
    return due_and_early(tx, patient_id, today)[0]


def noted_early(tx: Transaction, patient_id: str, today: date) -> tuple[NotedEarly, ...]:
    """The second of these alone."""
    return due_and_early(tx, patient_id, today)[1]


def _early(noted: Sequence[_Noted], patient: Patient, known: Sequence[Scheduled]) -> tuple[NotedEarly, ...]:
    names = {one.given.record_id: one.vaccine for one in noted}
    found = schedule.early(known, patient.birth_date, patient.sex, [one.given for one in noted])
    return tuple(NotedEarly(one.given.record_id, names[one.given.record_id], one) for one in found)


def awaited(tx: Transaction, patient: Patient, known: Sequence[Scheduled], today: date) -> list[Due]:
    """The next dose of every vaccine, however far it is, the most urgent first; `known`: the schedule."""
    return _awaited(_given(tx, patient.id, known), patient, known, today)


def _awaited(noted: Sequence[_Noted], patient: Patient, known: Sequence[Scheduled], today: date) -> list[Due]:
    last: dict[str, tuple[str, int]] = {}
    for one in noted:
        for key in schedule.called_alike(known, one.given.key):
            last[key] = max(last.get(key, ("", 0)), one.when)
    written = [one for one in noted if one.next_due and last[one.given.key] == one.when]
    besides = {one.given.key for one in written}
    given = [one.given for one in noted]
    by_schedule = schedule.awaited(known, patient.birth_date, patient.sex, given, besides)
    found = [*_written(written, today.isoformat()), *_scheduled(by_schedule, today.isoformat())]
    return sorted(found, key=lambda one: (one.on, writing.sort_key(one.vaccine)))


def _given(tx: Transaction, patient_id: str, known: Sequence[Scheduled]) -> list[_Noted]:
    rows = tx.all(
        "SELECT r.id, r.occurred_on, r.created_at, f.vaccine, f.vaccine_key, f.dose, f.next_due FROM records r "
        "JOIN vaccination_facts f ON f.record_id = r.id AND f.version = r.version "
        "WHERE r.patient_id = :patient AND r.type = 'vaccination' AND r.status = 'current'",
        {"patient": patient_id},
    )
    return [_noted(row, known) for row in rows]


def _noted(row: Row, known: Sequence[Scheduled]) -> _Noted:
    key, dose = schedule.meant(known, row["vaccine_key"], row["dose"])
    name = row["vaccine"][: len(key)]
    vaccine = name if key != row["vaccine_key"] and writing.fold(name) == key else row["vaccine"]
    given = Given(key, dose, row["occurred_on"], row["id"])
    return _Noted(given, vaccine, row["next_due"], row["created_at"])


def noted(tx: Transaction, patient_id: str) -> Noted:
    """How somebody's vaccinations are noted here: one in its fields at least, in words alone, or none."""
    best = tx.value(
        "SELECT max(CASE WHEN f.record_id IS NULL THEN 0 ELSE 1 END) FROM records r "
        "LEFT JOIN vaccination_facts f ON f.record_id = r.id AND f.version = r.version "
        "WHERE r.patient_id = :patient AND r.type = 'vaccination' AND r.status = 'current'",
        {"patient": patient_id},
    )
    return "nothing" if best is None else "fields" if best else "words"


def _written(noted: list[_Noted], today: str) -> Iterator[Due]:
    for one in noted:
        dose = None if one.given.dose is None else one.given.dose + 1
        yield Due(one.given.record_id, one.vaccine, dose, one.next_due, one.next_due < today)


def _scheduled(found: list[Awaited], today: str) -> Iterator[Due]:
    for one in found:
        if one.until > today:
            yield Due(None, one.row.vaccine, one.row.dose, one.on, one.on < today, one.until, one.row)


@dataclass(frozen=True, slots=True)
class Recall:
    """Somebody who is to be called: no more than whom, where, since when, and how their vaccinations are noted here.
    `guardian`: who answers for somebody without a telephone, name and number.
    """

    patient_id: str
    name: str
    phone: str | None
    since: str  # ISO 8601 date
    guardian: tuple[str, str] | None = None
    noted: Noted = "fields"

    @property
    def at(self) -> int:
        """When that day began, in milliseconds UTC."""
        return days.midnight(date.fromisoformat(self.since))

    def json(self) -> dict[str, Any]:
        said = {"patient_id": self.patient_id, "name": self.name, "phone": self.phone}
        guardian = {"name": self.guardian[0], "phone": self.guardian[1]} if self.guardian else None
        return {**said, "guardian": guardian, "since": self.since, "noted": self.noted}


def facts_of(tx: Transaction, record_ids: list[str]) -> dict[str, Vaccination]:
    """What these (few) records say in their fields now, those that have any."""
    among, values = given(record_ids)
    rows = tx.all(
        "SELECT r.id, f.vaccine, f.dose, f.lot, f.site, f.next_due, f.note FROM records r "
        f"JOIN vaccination_facts f ON f.record_id = r.id AND f.version = r.version WHERE r.id IN {among}",
        values,
    )
    return {row["id"]: _facts(row) for row in rows}


def _facts(row: Row) -> Vaccination:
    return Vaccination(row["vaccine"], row["dose"], row["lot"], row["site"], row["next_due"], row["note"])


def write(tx: Transaction, record_id: str, version: int, facts: Vaccination) -> None:
    """What a version says, which has just been added."""
    tx.send(
        "INSERT INTO vaccination_facts (record_id, version, vaccine, vaccine_key, dose, lot, site, next_due, note) "
        "VALUES (:record, :version, :vaccine, :key, :dose, :lot, :site, :next_due, :note)",
        {
            "record": record_id,
            "version": version,
            "vaccine": facts.vaccine,
            "key": writing.fold(facts.vaccine),
            "dose": facts.dose,
            "lot": facts.lot,
            "site": facts.site,
            "next_due": facts.next_due,
            "note": facts.note,
        },
    )
    covered.version(tx, covered.VACCINATIONS, record_id, version)
