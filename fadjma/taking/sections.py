"""A file section by section, in slices of some dozens of entries: for a page that is sent as it is read, and for a file
that is made while others work. What comes next is known by where the last slice ended, so that each may be read in a
transaction of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fadjma import days
from fadjma.access import queries as access
from fadjma.fhir.reader import as_patient
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.papers import queries as papers
from fadjma.prescriptions import lists
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import allergies, measurements, problems, vaccinations
from fadjma.records import queries as records
from fadjma.records.queries import RecordType, Sought
from fadjma.store import Page, Transaction
from fadjma.taking.scope import Part, Scope

_OF_RECORDS, _OF_PRESCRIPTIONS = 50, 15  # entries of a slice; a prescription is read in ten statements


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slice begins: in which section, after what of it, and after how many entries that were shown."""

    section: int = 0
    after: str | None = None
    shown: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """Some entries of a section, whose template is templates/taking/_<name>.html."""

    name: str
    items: Sequence[Any]
    begins: bool  # the section, and nothing of it was shown so far
    ends: bool
    around: dict[str, Any]

    @property
    def context(self) -> dict[str, Any]:
        return {"items": self.items, "begins": self.begins, "ends": self.ends, **self.around}


@dataclass(frozen=True, slots=True)
class Read:
    """What was found of a section; `next`: where it goes on."""

    items: Sequence[Any]
    next: str | None = None
    around: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose file, what of it, and whether it is the patient's own copy, which says who has had access."""

    patient_id: str
    scope: Scope
    own: bool = True


def slices(tx: Transaction, asked: Asked) -> Iterator[Slice]:
    """All of it, one after the other. The caller has checked the right."""
    place: Place | None = Place()
    while place:
        found, place = step(tx, asked, place)
        yield found


def step(tx: Transaction, asked: Asked, place: Place) -> tuple[Slice, Place | None]:
    """The slice that begins there, and where the next one does; None after the last.

    The caller has checked the right.
    """
    sections = _sections(asked)
    name, read = sections[place.section]
    found = read(tx, _patient(tx, asked.patient_id), asked.scope, place.after)
    shown = place.shown + len(found.items)
    made = Slice(name, found.items, place.after is None, found.next is None, {"shown": shown, **(found.around or {})})
    if found.next:
        return made, Place(place.section, found.next, shown)
    after = place.section + 1
    return made, Place(after) if after < len(sections) else None


def expected(tx: Transaction, patient_id: str) -> int:
    """About how many entries a file has, for whoever waits."""
    rows = tx.all(
        "SELECT (SELECT count(*) FROM recorded WHERE patient_id = :id) AS entries, "
        "(SELECT count(*) FROM prescribed WHERE patient_id = :id) AS prescribed",
        {"id": patient_id},
    )
    return int(rows[0]["entries"] + rows[0]["prescribed"])


def _sections(asked: Asked) -> list[tuple[str, Any]]:
    every: list[tuple[Part, str, Any]] = [
        ("allergies", "allergies", _allergies),
        ("problems", "problems", _problems),
        ("treatments", "treatments", _treatments),
        ("treatments", "prescriptions", _prescriptions),
        ("treatments", "written", partial(_records, "prescription")),
        ("vaccinations", "vaccinations", partial(_records, "vaccination")),
        ("measurements", "measurements", _measurements),
        ("results", "results", partial(_records, "test_result")),
        ("consultations", "consultations", partial(_records, "consultation")),
        ("papers", "papers", _papers),
    ]
    wanted = [(name, read) for part, name, read in every if part in asked.scope.parts]
    accesses = [("accesses", _accesses)] if asked.own and asked.scope.whole else []
    return [("head", _head), *wanted, *accesses]


def _patient(tx: Transaction, patient_id: str) -> Viewer:
    """The patient as who reads: what is taken away is what the patient may read, and of it what was chosen."""
    return as_patient(tx, patient_id).viewer


def _head(tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    return Read((), around={"patient": directory.identity(tx, patient.id), "scope": scope, "now": tx.now})


def _allergies(tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    return Read((), around={"known": allergies.of_patient(tx, patient.id)})


def _problems(tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    return Read(problems.of_patient(tx, patient.id))


def _treatments(tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    return Read(lists.treatments(tx, patient.id))


def _prescriptions(tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    """With their lines and what was handed over; of what was written by mistake there is nothing to take along."""
    found = lists.of_patient(tx, patient, patient.id, before=after, limit=_OF_PRESCRIPTIONS)
    theirs = [one for one in found if not one.hidden and scope.has(days.day(one.issued_at).isoformat())]
    return Read([prescriptions.prescription_in_full(tx, patient, one.id) for one in theirs], found.next)


def _records(kind: RecordType, tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    sought = Sought(type=kind, since=scope.since, until=scope.until)
    found = records.records(tx, patient.id, before=after, limit=_OF_RECORDS, sought=sought)
    due = vaccinations.due(tx, patient.id, days.day(tx.now)) if kind == "vaccination" and after is None else ()
    return Read(found, found.next, {"due": due} if kind == "vaccination" else None)


def _measurements(tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    found = measurements.of_patient(tx, patient, patient.id, None, after)
    return Read([one for one in found if scope.has(one.measured_on)], found.next)


def _papers(tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    found = papers.of_patient(tx, patient, patient.id, after)
    return Read(papers.whole(tx, (one for one in found if scope.has(one.occurred_on))), found.next)


def _accesses(tx: Transaction, patient: Viewer, scope: Scope, after: str | None) -> Read:
    found = access.access_requests(tx, patient, before=after, limit=_OF_RECORDS)
    given = [one for one in found if one.scope]
    return Read(given, found.next)


def papers_of(tx: Transaction, asked: Asked) -> Iterator[papers.Paper]:
    """The papers that go with it, page by page, each once. The caller has checked the right."""
    if "papers" not in asked.scope.parts:
        return
    patient, after, more = _patient(tx, asked.patient_id), None, True
    while more:
        found: Page[papers.Paper] = papers.of_patient(tx, patient, asked.patient_id, after)
        yield from papers.whole(tx, (one for one in found if asked.scope.has(one.occurred_on)))
        after, more = found.next, found.next is not None
