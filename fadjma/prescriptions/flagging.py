"""Hand-overs without the patient's code: told to the patient and to whoever answers for the pharmacy, and looked up.

Nothing of what was handed over stands here: whoever audits reads no medical content. Each document's number is read on
a page of its own, which is traced.
"""

from dataclasses import dataclass
from typing import Any

from fadjma import events
from fadjma.access import tracing
from fadjma.events import Notice, Subject
from fadjma.i18n import iso
from fadjma.identity import responsible
from fadjma.identity.directory import Patient
from fadjma.identity.people import Viewer
from fadjma.prescriptions.prescription import Standing
from fadjma.prescriptions.proving import Document
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, paging

TOLD_PATIENT = "prescription.without_code"
_PER_PAGE = 50
_SELECT = """
    SELECT d.id, d.at, d.pharmacy_id, o.name AS pharmacy, u.name AS by, d.identity_kind, d.identity_number, d.reason,
           d.undone_at, d.prescription_id, p.patient_id, p.pharmacy_id AS held_by,
           i.given_name, i.family_name, i.identifier, i.birth_date, i.sex
    FROM dispenses d JOIN prescriptions p ON p.id = d.prescription_id JOIN places o ON o.id = d.pharmacy_id
    JOIN people u ON u.id = d.actor_id JOIN patient_identities i ON i.id = p.patient_id
"""


@dataclass(frozen=True, slots=True)
class Flagged:
    """One hand-over without the code. `document` None: it was before its kind was kept, and stands in the reason, which
    no list shows then.

    `prescription_id` None: not the reader's to open: an admin's, or a pharmacy's that does not have it any more.
    """

    id: str
    at: int
    pharmacy_id: str
    pharmacy: str
    by: str
    patient: Patient
    document: Document | None
    reason: str
    undone_at: int | None
    prescription_id: str | None

    @property
    def cursor(self) -> str:
        return paging.cursor(self.at, self.id)

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": iso(self.at),
            "pharmacy": {"id": self.pharmacy_id, "name": self.pharmacy},
            "by": self.by,
            "patient": self.patient.json(language),
            "identity": self.document.json() if self.document else None,
            "reason": self.reason,
            "undone_at": iso(self.undone_at) if self.undone_at else None,
            "prescription_id": self.prescription_id,
        }


def flag(tx: Transaction, viewer: Viewer, found: Standing, dispense_id: str) -> None:
    """Write it down apart, and tell whoever answers for the pharmacy, never only who did it."""
    assert viewer.organization_id
    told = responsible.answer_for(tx, viewer.organization_id, besides=viewer.id)
    events.record(
        tx,
        "handover.without_code",
        Subject("handover", dispense_id),
        actor_id=viewer.id,
        patient_id=found.patient_id,
        notices=[Notice(told, "notification", "handover.without_code")],
        is_new=True,
    )


def browse(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[Flagged]:
    """A pharmacist's own pharmacy's, an admin's all, the newest first, without the numbers; traced as a list."""
    _require_reader(viewer)
    before_at, before_id = paging.position(before)
    own = "" if viewer.role == "admin" else " AND d.pharmacy_id = :pharmacy"
    rows = tx.all(
        f"{_SELECT} WHERE d.proof = 'identity'{own} AND (d.at, d.id) < (:before_at, :before_id) "
        "ORDER BY d.at DESC, d.id DESC LIMIT :limit",
        {
            "pharmacy": viewer.organization_id,
            "before_at": before_at,
            "before_id": before_id,
            "limit": _PER_PAGE + 1,
        },
    )
    found = paging.page([_flagged(viewer, row, in_full=False) for row in rows], _PER_PAGE, lambda one: one.cursor)
    tracing.trace_listed(tx, viewer, [(Subject("handover", one.id), one.patient.id) for one in found])
    return found


def show(tx: Transaction, viewer: Viewer, dispense_id: str, *, again: bool = False) -> Flagged:
    """One of them with the number of the document, which is traced (`again` as in tracing.trace).

    Raises Forbidden, and NotFound for what was with the code, and for another pharmacy's.
    """
    row = tx.first(f"{_SELECT} WHERE d.id = :id AND d.proof = 'identity'", {"id": dispense_id})
    tried = Tried(row["patient_id"], "handover", dispense_id) if row else None
    _require_reader(viewer, tried)
    if row is None or (viewer.role != "admin" and row["pharmacy_id"] != viewer.organization_id):
        raise NotFound().about(tried)
    tracing.trace(tx, viewer, row["patient_id"], "handover.read", Subject("handover", dispense_id), again=again)
    return _flagged(viewer, row, in_full=True)


def _require_reader(viewer: Viewer, tried: Tried | None = None) -> None:
    if viewer.role != "admin":
        viewer.require("pharmacist", tried)


def _flagged(viewer: Viewer, row: Row, *, in_full: bool) -> Flagged:
    kind, number = row["identity_kind"], row["identity_number"]
    return Flagged(
        row["id"],
        row["at"],
        row["pharmacy_id"],
        row["pharmacy"],
        row["by"],
        Patient(
            *(row[name] for name in ("patient_id", "given_name", "family_name", "identifier", "birth_date", "sex"))
        ),
        Document(kind, number if in_full else None) if kind else None,
        row["reason"] if in_full or kind else "",
        row["undone_at"],
        row["prescription_id"] if viewer.role == "pharmacist" and row["held_by"] == viewer.organization_id else None,
    )
