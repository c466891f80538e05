"""What the front desk of a clinic sees of access requests: those that it can attest, and has."""

from dataclasses import dataclass, replace
from typing import Any

from fadjma.access import queries, states
from fadjma.access.queries import OF_COLLEAGUES, AccessRequest
from fadjma.i18n import iso
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, NotFound, Tried
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Witnessed:
    """How often the desk has attested for one doctor that a patient opened the file."""

    doctor_id: str
    doctor: str
    place: str
    lately: int  # in the last 30 days
    times: int
    last_at: int

    def json(self) -> dict[str, Any]:
        return {
            "doctor": {"id": self.doctor_id, "name": self.doctor, "place": self.place},
            "last_30_days": self.lately,
            "times": self.times,
            "last_at": iso(self.last_at),
        }


def waiting_at_desk(tx: Transaction, viewer: Viewer, patient_id: str) -> list[AccessRequest]:
    """What doctors of this desk's clinic have asked this patient and waits for an answer; the reason is not for it."""
    return _at_desk(tx, viewer, patient_id, "a.status = 'pending' AND a.lapses_at > :now")


def attested_at_desk(tx: Transaction, viewer: Viewer, patient_id: str) -> list[AccessRequest]:
    """The accesses of doctors of this desk's clinic that run because the desk has attested them; as above."""
    return _at_desk(tx, viewer, patient_id, "a.status = 'approved' AND a.in_person = 'witness' AND a.expires_at > :now")


def _at_desk(tx: Transaction, viewer: Viewer, patient_id: str, condition: str) -> list[AccessRequest]:
    viewer.require("receptionist", Tried(patient_id, "identity", patient_id))
    rows = tx.all(
        f"{queries.SELECT} WHERE a.patient_id = :patient AND {condition} AND {OF_COLLEAGUES} "
        "ORDER BY a.created_at DESC, a.id DESC",
        {"patient": patient_id, "organization": viewer.organization_id, "viewer": viewer.id, "now": tx.now},
    )
    return [replace(queries.of_row(row), reason="") for row in rows]


def to_witness(tx: Transaction, viewer: Viewer, patient_id: str, request_id: str) -> AccessRequest:
    """One of them. Raises NotFound for what is none of theirs, Conflict for one that waits no longer."""
    found = [item for item in waiting_at_desk(tx, viewer, patient_id) if item.id == request_id]
    if found:
        return found[0]
    row = tx.first(
        f"SELECT {queries.STATUS} AS status FROM access_requests a "
        f"WHERE a.id = :id AND a.patient_id = :patient AND {OF_COLLEAGUES}",
        {"id": request_id, "patient": patient_id, "organization": viewer.organization_id, "now": tx.now},
    )
    if row is None:
        raise NotFound
    raise Conflict(states.WITNESS.too_late, current=row["status"])


def witnessed(tx: Transaction, viewer: Viewer) -> list[Witnessed]:
    """For an admin: the doctors for whom the desk has attested, those with the most of late first."""
    viewer.require("admin")
    rows = tx.all(
        """
        SELECT w.doctor_id, d.name AS doctor, d.organization AS place, w.lately, w.times, w.last_at
        FROM (SELECT doctor_id, count(*) AS times, max(decided_at) AS last_at,
                     sum(CASE WHEN decided_at > :since THEN 1 ELSE 0 END) AS lately
              FROM access_requests WHERE in_person = 'witness' GROUP BY doctor_id) AS w
        JOIN people d ON d.id = w.doctor_id ORDER BY w.lately DESC, w.times DESC, w.doctor_id
        """,
        {"since": tx.now - states.COUNTED_FOR},
    )
    return [Witnessed(**row.as_dict()) for row in rows]
