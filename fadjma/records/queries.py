"""Reading a file: what a scope opens, and each record's current version."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from fadjma.access import queries as access
from fadjma.access.states import OPENS
from fadjma.i18n import N_, iso
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.refusals import NotFound
from fadjma.store import Row, Transaction

RecordType = Literal["consultation", "test_result", "vaccination", "allergy", "prescription"]
TYPES: dict[RecordType, str] = {
    "consultation": N_("Consultation"),
    "test_result": N_("Examen"),
    "vaccination": N_("Vaccination"),
    "allergy": N_("Allergie"),
    "prescription": N_("Ordonnance"),
}
SUMMARY: tuple[RecordType, ...] = ("allergy", "vaccination")  # what the scope « résumé » shows
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Version:
    """What a record said, who wrote it, and why it was corrected."""

    version: int
    title: str
    body: str
    reason: str | None
    author_name: str
    created_at: int

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
    organization: str
    versions: tuple[Version, ...] = ()

    @property
    def type_label(self) -> str:
        return TYPES[self.type]

    def json(self, language: str) -> dict[str, Any]:
        shown = {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "patient_id": self.patient_id,
            "type": self.type,
            "title": self.title,
            "body": self.body,
            "occurred_on": self.occurred_on,
            "author": {"id": self.author_id, "name": self.author_name},
            "created_at": iso(self.created_at),
        }
        return {**shown, "versions": [version.json() for version in self.versions]} if self.versions else shown


@dataclass(frozen=True, slots=True)
class File:
    """A patient's file as far as the viewer may see it."""

    patient: Identity
    grant: access.AccessRequest | None  # None: the patient's own file
    records: list[Record]
    may_write: bool
    may_see_prescriptions: bool
    before: str | None  # where this part of it begins, as `next` of the part before said
    next: str | None


_RECORD = """
    SELECT r.id, r.patient_id, r.type, r.status, r.occurred_on, r.created_at, r.version, v.title, v.body, r.author_id,
           a.name AS author_name, a.organization
    FROM records r JOIN record_versions v ON v.record_id = r.id AND v.version = r.version
    JOIN people a ON a.id = r.author_id
"""


def record(tx: Transaction, viewer: Viewer, record_id: str) -> Record:
    """One record, for its patient or a doctor whose grant opens it. Raises NotFound for everybody else."""
    row = tx.first(f"{_RECORD} WHERE r.id = :id", {"id": record_id})
    if row is None or not may_read(tx, viewer, row["patient_id"], row["type"]):
        raise NotFound
    return _record(row)


def record_with_versions(tx: Transaction, viewer: Viewer, record_id: str) -> Record:
    """One record with everything it ever said, the newest first."""
    found = record(tx, viewer, record_id)
    rows = tx.all(
        "SELECT v.version, v.title, v.body, v.reason, a.name AS author_name, v.created_at "
        "FROM record_versions v JOIN people a ON a.id = v.author_id WHERE v.record_id = :id "
        "ORDER BY v.version DESC",
        {"id": record_id},
    )
    return replace(found, versions=tuple(Version(**dict(row)) for row in rows))


def may_read(tx: Transaction, viewer: Viewer, patient_id: str, record_type: str) -> bool:
    """Whether this person may read a record of this type of this patient now."""
    if viewer.role == "patient":
        return viewer.id == patient_id
    part = "summary" if record_type in SUMMARY else "records"
    return viewer.role == "doctor" and access.grant(tx, viewer.id, patient_id, part) is not None


def file(tx: Transaction, viewer: Viewer, patient_id: str, before: str | None = None) -> File:
    """The file of a patient: the patient's own, or through the doctor's grant. Raises NotFound."""
    grant = None
    if viewer.role == "doctor":
        grant_id = access.grant(tx, viewer.id, patient_id, "summary")
        if grant_id is None:
            raise NotFound
        grant = access.access_request(tx, viewer, grant_id)
    elif viewer.id != patient_id or viewer.role != "patient":
        raise NotFound
    everything = grant is None or grant.scope == "full"
    found = records(tx, patient_id, everything=everything, before=before, limit=PER_PAGE + 1)
    more = len(found) > PER_PAGE
    return File(
        patient=directory.identity(tx, patient_id),
        grant=grant,
        records=found[:PER_PAGE],
        may_write=grant is not None and grant.scope == "full",
        may_see_prescriptions=grant is None or grant.scope in OPENS["prescriptions"],
        before=before,
        next=f"{found[PER_PAGE - 1].occurred_on}~{found[PER_PAGE - 1].id}" if more else None,
    )


def records(
    tx: Transaction, patient_id: str, *, everything: bool = True, before: str | None = None, limit: int = PER_PAGE
) -> list[Record]:
    """A patient's records, the latest first; `before` is `date~id` of the last one shown.

    What was entered in error is kept and can be opened, but no list shows it (docs/clinic.md).
    """
    day, _, record_id = (before or "~").partition("~")
    types = "" if everything else f"AND r.type IN ({', '.join(repr(kind) for kind in SUMMARY)})"
    rows = tx.all(
        f"{_RECORD} WHERE r.patient_id = :patient AND r.status = 'current' "
        f"AND (:day = '' OR (r.occurred_on, r.id) < (:day, :before)) {types} "
        "ORDER BY r.occurred_on DESC, r.id DESC LIMIT :limit",
        {"patient": patient_id, "day": day, "before": record_id, "limit": limit},
    )
    return [_record(row) for row in rows]


def allergies(tx: Transaction, patient_id: str) -> tuple[str, ...]:
    """The titles of a patient's allergies: what a pharmacist sees of the file. The caller has checked the right."""
    rows = tx.all(
        f"{_RECORD} WHERE r.patient_id = :patient AND r.type = 'allergy' AND r.status = 'current'",
        {"patient": patient_id},
    )
    return tuple(row["title"] for row in rows)


def _record(row: Row) -> Record:
    return Record(**dict(row))
