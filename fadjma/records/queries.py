"""Reading a file: what a scope opens, and each record's current version."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from fadjma import writing
from fadjma.access import grants
from fadjma.access import queries as access
from fadjma.access.states import OPENS, PARTS
from fadjma.events.subjects import Named
from fadjma.i18n import iso
from fadjma.identity import directory, practices
from fadjma.identity.directory import Identity, Patient
from fadjma.identity.people import Viewer
from fadjma.records import allergies, consultations, differences, measurements, problems, results, vaccinations
from fadjma.records.allergies import Facts
from fadjma.records.consultations import Consultation
from fadjma.records.differences import Piece
from fadjma.records.measurements import Measurement
from fadjma.records.problems import Problem
from fadjma.records.results import Result
from fadjma.records.vaccinations import Vaccination
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, given, listed, paging, searching

Fields = Consultation | Problem | Result | Vaccination
RecordType = Literal["consultation", "test_result", "vaccination", "allergy", "problem", "prescription", "document"]
TYPES: dict[RecordType, str] = {kind: PARTS[kind] for kind in get_args(RecordType)}
SUMMARY: tuple[RecordType, ...] = ("allergy", "vaccination")  # what the scope « résumé » shows
PER_PAGE = 50
_WITH_FIELDS = ("consultation", "problem", "test_result", "vaccination")  # beside allergies
_LATEST = "9999-99-99"  # after any day
_CURRENT = "r.patient_id = :patient AND r.status = 'current'"


@dataclass(frozen=True, slots=True)
class Version:
    """What a record said, who wrote it, and why it was corrected."""

    version: int
    title: str
    body: str
    reason: str | None
    author_name: str
    profession: str
    created_at: int

    def title_since(self, before: "Version") -> list[Piece]:
        return differences.between(before.title, self.title)

    def body_since(self, before: "Version") -> list[Piece]:
        return differences.between(before.body, self.body)

    def json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "title": self.title,
            "body": self.body,
            "reason": self.reason,
            "author": self.author_name,
            "created_at": iso(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class Record:
    """One record in its current version."""

    id: str
    patient_id: str
    type: RecordType
    status: str
    occurred_on: str
    created_at: int
    version: int
    title: str
    body: str
    author_id: str
    author_name: str
    profession: str
    organization: str
    versions: tuple[Version, ...] = ()
    facts: Facts | None = None  # of an allergy that has fields of its own, in its current version
    paper_count: int = 0  # how many papers and pictures stand with it (fadjma/papers)
    fields: Fields | None = None  # of another record that has
    hidden: bool = False  # it was entered in error, and what it said is not for this reader

    @property
    def type_label(self) -> str:
        return TYPES[self.type]

    @property
    def in_words(self) -> bool:
        """Whether all that it says is its title and its text."""
        return self.facts is None and self.fields is None

    def json(self, language: str) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "patient_id": self.patient_id,
            "type": self.type,
            "title": None if self.hidden else self.title,
            "body": None if self.hidden else self.body,
            "occurred_on": self.occurred_on,
            "author": {"id": self.author_id, "name": self.author_name},
            "created_at": iso(self.created_at),
            "papers": 0 if self.hidden else self.paper_count,
        }
        if self.type == "allergy":
            shown["allergy"] = self.facts.json() if self.facts and not self.hidden else None
        if self.type in _WITH_FIELDS:
            shown[self.type] = self.fields.json(language) if self.fields and not self.hidden else None
        return {**shown, "versions": [version.json() for version in self.versions]} if self.versions else shown


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for in a file; what is empty or None is not asked for."""

    q: str = ""  # words that begin so, in title and text
    type: RecordType | None = None
    author: str | None = None  # by id
    since: str | None = None  # the first day, ISO 8601
    until: str | None = None  # the last

    @property
    def anything(self) -> bool:
        return self != Sought()


_EVERYTHING = Sought()


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who has written in a file."""

    id: str
    name: str
    profession: str


@dataclass(frozen=True, slots=True)
class File:
    """A patient's file as far as the viewer may see it."""

    patient: Identity
    grant: access.AccessRequest | None  # None: the patient's own file
    records: Page[Record]
    may_write: bool
    may_measure: bool
    may_prescribe: bool
    may_see_prescriptions: bool
    weight: Measurement | None  # the newest; None also where the grant does not open it
    before: str | None  # where this part of its records begins, as `next` of the part before said
    sought: Sought  # what of its records was asked for
    alike: tuple[Patient, ...]  # whom the viewer may take for this one: their files are open to them, too

    def may_see(self, part: str) -> bool:
        """Whether a part of the file (states.OPENS) is open to the viewer."""
        return self.grant is None or self.grant.scope in OPENS[part]


_AS_WHAT_THEN = practices.then("f", "v.author_id", "v.created_at")  # of a version
_RECORD = f"""
    SELECT r.id, r.patient_id, r.type, r.status, r.occurred_on, r.created_at, r.version, v.title, v.body, r.author_id,
           a.name AS author_name, coalesce(f.profession, a.profession) AS profession,
           coalesce(f.organization, a.organization) AS organization,
           (SELECT count(*) FROM record_papers WHERE record_id = r.id) AS paper_count
    FROM records r JOIN record_versions v ON v.record_id = r.id AND v.version = r.version
    JOIN people a ON a.id = r.author_id {practices.then("f", "r.author_id", "r.created_at")}
"""


def record(tx: Transaction, viewer: Viewer, record_id: str) -> Record:
    """One record, for its patient or whoever reads under a grant that opens it. Raises NotFound for everybody else.

    What was entered in error may be about another patient: only its author still reads what it said, also when the file
    is closed to them. The others see that there was something, when, and by whom.
    """
    row = tx.first(f"{_RECORD} WHERE r.id = :id", {"id": record_id})
    if row is None:
        raise NotFound
    mistaken, own = row["status"] == "entered_in_error", viewer.id == row["author_id"]
    if not (may_read(tx, viewer, row["patient_id"], row["type"]) or (mistaken and own)):
        raise NotFound().about(Tried(row["patient_id"], "record", record_id))
    [found] = _with_facts(tx, [_record(row)])
    return replace(found, title="", body="", hidden=True) if mistaken and not own else found


def names(tx: Transaction, viewer: Viewer, record_ids: list[str]) -> dict[str, Named]:
    """Of these (few), to the patient what each is called, to a doctor in whose file it is: while it is open to them."""
    among, values = given(record_ids)
    rows = tx.all(f"{_RECORD} WHERE r.id IN {among}", values)
    if viewer.role == "patient":
        own = [row for row in rows if row["patient_id"] == viewer.id and row["status"] == "current"]
        return {row["id"]: Named(row["title"]) for row in own}
    patients = {one.id: one for one in directory.identities(tx, list({row["patient_id"] for row in rows}))}
    opened = grants.grants_among(tx, viewer, patients.values())
    return {
        row["id"]: Named(patients[row["patient_id"]].name)
        for row in rows
        if row["patient_id"] in opened and opened[row["patient_id"]].scope in OPENS[part_of(row["type"])]
    }


def record_with_versions(tx: Transaction, viewer: Viewer, record_id: str) -> Record:
    """One record with everything it ever said, the newest first."""
    found = record(tx, viewer, record_id)
    if found.hidden:
        return found
    rows = tx.all(
        "SELECT v.version, v.title, v.body, v.reason, a.name AS author_name, "
        "coalesce(f.profession, a.profession) AS profession, v.created_at "
        "FROM record_versions v JOIN people a ON a.id = v.author_id "
        f"{_AS_WHAT_THEN} WHERE v.record_id = :id "
        "ORDER BY v.version DESC",
        {"id": record_id},
    )
    return replace(found, versions=tuple(Version(**row.as_dict()) for row in rows))


def part_to_write(record_type: str) -> str:
    """The part of the file that a grant must open to write records of this type: who prescribes for somebody must be
    able to say what they do not bear.
    """
    return "prescriptions" if record_type == "allergy" else "records"


def may_read(tx: Transaction, viewer: Viewer, patient_id: str, record_type: str) -> bool:
    """Whether this person may read a record of this type of this patient now."""
    if viewer.role == "patient":
        return viewer.id == patient_id
    return grants.granted(tx, viewer, patient_id, part_of(record_type)) is not None


def part_of(record_type: str) -> str:
    """The part of the file (states.OPENS) that a record of this type belongs to."""
    return "summary" if record_type in SUMMARY else "records"


def file(
    tx: Transaction, viewer: Viewer, patient_id: str, before: str | None = None, sought: Sought = _EVERYTHING
) -> File:
    """The file of a patient: the patient's own, or through a doctor's grant. Raises NotFound."""
    grant = grants.granted(tx, viewer, patient_id, "summary")
    if grant is None and (viewer.id != patient_id or viewer.role != "patient"):
        raise NotFound().about(Tried(patient_id, "patient", patient_id))
    everything = grant is None or grant.scope == "full"
    sees_prescriptions = grant is None or grant.scope in OPENS["prescriptions"]
    sees_measurements = grant is None or grant.scope in OPENS[measurements.PART]
    found = records(tx, patient_id, everything=everything, before=before, sought=sought)
    patient = directory.identity(tx, patient_id)
    return File(
        patient=patient,
        grant=grant,
        records=found,
        may_write=viewer.role == "doctor" and grant is not None and grant.scope == "full",
        may_measure=grant is not None and sees_measurements,
        may_prescribe=viewer.role == "doctor" and grant is not None and sees_prescriptions,
        may_see_prescriptions=sees_prescriptions,
        weight=measurements.newest(tx, patient_id, "body_weight") if sees_measurements else None,
        before=before,
        sought=sought,
        alike=grants.open_alike(tx, viewer, patient) if grant else (),
    )


def records(
    tx: Transaction,
    patient_id: str,
    *,
    everything: bool = True,
    before: str | None = None,
    limit: int = PER_PAGE,
    sought: Sought = _EVERYTHING,
) -> Page[Record]:
    """A patient's records, or those of them that are looked for, the latest first; `before` is `date~id` of the last
    one shown.

    What was entered in error is kept and can be opened, but no list shows it (docs/clinic.md).
    """
    day, _, record_id = (before or "").partition("~")
    said, values = searching.every(writing.asked_words(sought.q), searching.in_key("r.words"))
    kinds = [kind for kind in (TYPES if everything else SUMMARY) if sought.type in (None, kind)]
    if not kinds or (sought.q and not values):
        return Page()
    every = f"SELECT r.id, r.occurred_on FROM records r WHERE {_CURRENT}{_conditions(sought)}{said}"
    selects = [every] if len(kinds) == len(TYPES) else [f"{every} AND r.type = '{kind}'" for kind in kinds]
    rows = tx.all(
        f"{_RECORD} WHERE r.id IN ({paging.newest(selects, 'r.occurred_on', 'r.id')}) "
        "ORDER BY r.occurred_on DESC, r.id DESC",
        {
            "patient": patient_id,
            "before_at": day or _LATEST,
            "before_id": record_id,
            "limit": limit + 1,
            "author": sought.author,
            "since": sought.since,
            "until": sought.until,
            **values,
        },
    )
    found = _with_facts(tx, [_record(row) for row in rows])
    return paging.page(found, limit, lambda record: f"{record.occurred_on}~{record.id}")


def of_ids(tx: Transaction, record_ids: list[str]) -> list[Record]:
    """These (few) records with their fields, in this order. The caller has checked the right."""
    among, values = given(record_ids)
    found = {row["id"]: row for row in tx.all(f"{_RECORD} WHERE r.id IN {among}", values)}
    return _with_facts(tx, [_record(found[id]) for id in record_ids if id in found])


def _conditions(sought: Sought) -> str:
    return (
        (" AND r.author_id = :author" if sought.author else "")
        + (" AND r.occurred_on >= :since" if sought.since else "")
        + (" AND r.occurred_on <= :until" if sought.until else "")
    )


def authors(tx: Transaction, patient_id: str, *, everything: bool) -> list[Author]:
    """Who has written what a file's list shows, by name. The caller has checked the right."""
    only = "" if everything else f" AND r.type IN {listed(SUMMARY)}"
    rows = tx.all(
        "SELECT id, name, profession FROM people "
        f"WHERE id IN (SELECT r.author_id FROM records r WHERE {_CURRENT}{only})",
        {"patient": patient_id},
    )
    return sorted((Author(**row.as_dict()) for row in rows), key=lambda author: writing.sort_key(author.name))


def _with_facts(tx: Transaction, found: list[Record]) -> list[Record]:
    """These records, those among them that have fields with what they say there."""
    ids = {kind: [one.id for one in found if one.type == kind] for kind in ("allergy", *_WITH_FIELDS)}
    facts = allergies.facts_of(tx, ids["allergy"]) if ids["allergy"] else {}
    fields: dict[str, Fields] = {}
    fields.update(consultations.facts_of(tx, ids["consultation"]) if ids["consultation"] else {})
    fields.update(problems.facts_of(tx, ids["problem"]) if ids["problem"] else {})
    fields.update(results.facts_of(tx, ids["test_result"]) if ids["test_result"] else {})
    fields.update(vaccinations.facts_of(tx, ids["vaccination"]) if ids["vaccination"] else {})
    return [replace(one, facts=facts.get(one.id), fields=fields.get(one.id)) for one in found]


def _record(row: Row) -> Record:
    return Record(**row.as_dict())
