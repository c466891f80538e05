"""Vaccinations: which, the how many-eth, of which lot, where, and when the next one is due.

Each version of one has a row here. Its title and text say the same in words, by which it is found, and one version is
compared with another. What is due is what whoever vaccinated has written, until a later one of the same vaccine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from fadjma import days, writing
from fadjma.identity.people import full_name
from fadjma.records import covered
from fadjma.store import Row, Transaction, given

SOON = 30  # days before it is due, from which on it is shown
_LATER = (
    "SELECT 1 FROM records n JOIN vaccination_facts g ON g.record_id = n.id AND g.version = n.version "
    "WHERE n.patient_id = r.patient_id AND n.type = 'vaccination' AND n.status = 'current' "
    "AND g.vaccine_key = f.vaccine_key AND (n.occurred_on, n.created_at) > (r.occurred_on, r.created_at)"
)


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
    """The next dose of a vaccine, after the record of the last one."""

    record_id: str
    vaccine: str
    dose: int | None  # the next
    on: str  # ISO 8601 date
    overdue: bool

    @property
    def at(self) -> int:
        """When that day begins, in milliseconds UTC."""
        return days.midnight(date.fromisoformat(self.on))

    def json(self) -> dict[str, Any]:
        said = {"record_id": self.record_id, "vaccine": self.vaccine, "dose": self.dose}
        return {**said, "due_on": self.on, "overdue": self.overdue}


def due(tx: Transaction, patient_id: str, today: date) -> tuple[Due, ...]:
    """What a patient is to have by now, and soon, the most urgent first. The caller has checked the right."""
    rows = tx.all(
        "SELECT r.id, f.vaccine, f.dose, f.next_due FROM records r "
        "JOIN vaccination_facts f ON f.record_id = r.id AND f.version = r.version "
        "WHERE r.patient_id = :patient AND r.type = 'vaccination' AND r.status = 'current' "
        f"AND f.next_due <> '' AND f.next_due <= :until AND NOT EXISTS ({_LATER})",
        {"patient": patient_id, "until": date.fromordinal(today.toordinal() + SOON).isoformat()},
    )
    return tuple(sorted(_dues(rows, today.isoformat()), key=lambda one: (one.on, writing.sort_key(one.vaccine))))


def _dues(rows: list[Row], today: str) -> Iterator[Due]:
    for row in rows:
        dose = None if row["dose"] is None else row["dose"] + 1
        yield Due(row["id"], row["vaccine"], dose, row["next_due"], row["next_due"] < today)


@dataclass(frozen=True, slots=True)
class Recall:
    """Somebody who is to be called: no more than whom, where, and since when."""

    patient_id: str
    name: str
    phone: str | None
    since: str  # ISO 8601 date

    @property
    def at(self) -> int:
        """When that day began, in milliseconds UTC."""
        return days.midnight(date.fromisoformat(self.since))

    def json(self) -> dict[str, Any]:
        return {"patient_id": self.patient_id, "name": self.name, "phone": self.phone, "since": self.since}


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
    tx.execute(
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


def recalls(tx: Transaction, today: date, after: tuple[str, str], limit: int) -> list[Recall]:
    """Who is overdue, who has waited longest first; `after` is since when, and whom, the last one shown."""
    rows = tx.all(
        "SELECT i.id, i.given_name, i.family_name, i.phone, due.since FROM ("
        "SELECT r.patient_id, min(f.next_due) AS since FROM vaccination_facts f "
        "JOIN records r ON r.id = f.record_id AND r.version = f.version "
        f"WHERE f.next_due <> '' AND f.next_due < :today AND r.status = 'current' AND NOT EXISTS ({_LATER}) "
        "GROUP BY r.patient_id) AS due JOIN patient_identities i ON i.id = due.patient_id "
        "WHERE (due.since, i.id) > (:since, :id) ORDER BY due.since, i.id LIMIT :limit",
        {"today": today.isoformat(), "since": after[0], "id": after[1], "limit": limit},
    )
    return [
        Recall(row["id"], full_name(row["given_name"], row["family_name"]), row["phone"], row["since"]) for row in rows
    ]
