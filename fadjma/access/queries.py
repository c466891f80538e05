"""Reading access requests, grants and the trace of readings; finding a patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fadjma.access import states, tracing
from fadjma.access.states import OPENS, Act, Place, Scope, Status
from fadjma.events import subjects
from fadjma.i18n import iso
from fadjma.identity import directory
from fadjma.identity.directory import Identity, Patient
from fadjma.identity.identifiers import normalize_identifier, normalize_phone
from fadjma.identity.people import ROLES, Role, Viewer
from fadjma.refusals import Forbidden, NotFound, Tried
from fadjma.store import Row, Transaction, listed, paging

_GRANTS = listed(states.GRANTS)
_SHOWN = listed(tracing.WORDS)
PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A request by a doctor, or the grant it has become; `status` is what is true now, whatever is stored."""

    id: str
    patient_id: str
    patient: Patient
    doctor_id: str
    doctor_name: str
    specialty: str
    organization: str
    status: Status
    reason: str
    proposed_scope: Scope | None
    scope: Scope | None
    created_at: int
    lapses_at: int
    decided_at: int | None
    decision_reason: str | None
    expires_at: int | None
    ended_at: int | None
    version: int

    @property
    def state(self) -> states.State:
        return states.STATES[self.status]

    def offered(self, viewer: Viewer) -> list[Act]:
        """What the viewer, who is party to it, can do with it now, in the order of the page."""
        return [act for act in states.ACTS if act.offer and act.by == viewer.role and self.status in act.sources]

    @property
    def scope_label(self) -> str:
        return states.SCOPES[self.scope][0] if self.scope else ""

    @property
    def changed_at(self) -> int:
        """When it came to what it is now."""
        by_time = {"lapsed": self.lapses_at, "expired": self.expires_at}.get(self.status)
        return by_time or self.ended_at or self.decided_at or self.created_at

    @property
    def waiting(self) -> bool:
        return self.status in states.LAPSE.sources

    @property
    def is_access(self) -> bool:
        """Whether people call it an access (given, refused, over), and no longer a request."""
        return self.status not in states.REQUESTS

    @property
    def active(self) -> bool:
        return self.status in states.GRANTS

    def place(self, role: str) -> Place:
        """The list of this role's dashboard it belongs to: needs me now, under way, the rest."""
        return "now" if self.state.now == role else self.state.place

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "patient_id": self.patient_id,
            "patient": self.patient.json(language),
            "doctor": {
                "id": self.doctor_id,
                "name": self.doctor_name,
                "specialty": self.specialty,
                "place": self.organization,
            },
            "reason": self.reason,
            "proposed_scope": self.proposed_scope,
            "scope": self.scope,
            "created_at": iso(self.created_at),
            "decided_at": iso(self.decided_at) if self.decided_at else None,
            "decision_reason": self.decision_reason,
            "expires_at": iso(self.expires_at) if self.expires_at else None,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of the trace: who did what with the file, in which role, where, with which part, when, on what ground.

    `times` readings of one day that say the same are one line: `at` is the first of them, `last_at` the last.
    """

    id: str
    at: int
    last_at: int
    times: int
    name: str
    role: Role
    place: str
    action: str
    outcome: str
    subject_kind: str
    subject_id: str
    part: str  # of states.PARTS; empty where the thing itself says it
    ground_id: str | None
    ground_at: int | None  # when the grant that it rests on was given
    ground_scope: Scope | None
    emergency: bool

    @property
    def who(self) -> str:
        return f"Dr {self.name}" if self.role == "doctor" else self.name

    @property
    def role_name(self) -> str:
        return ROLES[self.role]

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.at, self.id)

    @property
    def what(self) -> str:
        """What was done, or wanted and refused, in plain words."""
        words = tracing.WORDS[self.action]
        return words.refused if self.outcome == "refused" else words.done

    @property
    def is_reading(self) -> bool:
        return self.outcome == "success" and self.action.endswith((".read", ".listed"))

    @property
    def part_label(self) -> str:
        return states.PARTS.get(self.part, "")

    @property
    def scope_label(self) -> str:
        return states.SCOPES[self.ground_scope][0] if self.ground_scope else ""

    @property
    def href(self) -> str | None:
        """The page of what it was, where the patient has it."""
        if self.subject_kind == "patient" or self.action == "record.entered_in_error":
            return None
        return subjects.link(self.subject_kind, self.subject_id)

    def json(self) -> dict[str, Any]:
        ground = {
            "id": self.ground_id,
            "kind": "emergency" if self.emergency else "grant",
            "scope": self.ground_scope,
            "since": iso(self.ground_at) if self.ground_at else None,
        }
        return {
            "at": iso(self.at),
            "last_at": iso(self.last_at),
            "times": self.times,
            "name": self.name,
            "role": self.role,
            "place": self.place,
            "action": self.action,
            "outcome": self.outcome,
            "subject": {"kind": self.subject_kind, "id": self.subject_id},
            "part": self.part or None,
            "ground": ground if self.ground_id else None,
        }


# A status is decided by the clock when it is read; the timekeeper only writes it down later.
_STATUS = f"""
    CASE WHEN a.status IN {listed(states.EXPIRE.sources)} AND a.expires_at <= :now THEN '{states.EXPIRE.target}'
         WHEN a.status IN {listed(states.LAPSE.sources)} AND a.lapses_at <= :now THEN '{states.LAPSE.target}'
         ELSE a.status END
"""
_REQUEST = f"""
    SELECT a.id, a.patient_id, p.given_name, p.family_name, p.identifier, p.birth_date, p.sex, a.doctor_id,
           d.name AS doctor_name, d.specialty, d.organization, {_STATUS} AS status, a.reason, a.proposed_scope,
           a.scope, a.created_at, a.lapses_at, a.decided_at, a.decision_reason, a.expires_at, a.ended_at, a.version
    FROM access_requests a JOIN patient_identities p ON p.id = a.patient_id JOIN people d ON d.id = a.doctor_id
"""


def access_request(tx: Transaction, viewer: Viewer, request_id: str) -> AccessRequest:
    """One request, for its patient or its doctor. Raises NotFound for everybody else."""
    row = tx.first(
        f"{_REQUEST} WHERE a.id = :id AND :viewer IN (a.patient_id, a.doctor_id)",
        {"id": request_id, "viewer": viewer.id, "now": tx.now},
    )
    if row is None:
        raise NotFound().about(tried(tx, request_id))
    return _request(row)


def tried(tx: Transaction, request_id: str) -> Tried | None:
    """Whose file a request is about, for the trace of a refusal; None when there is no such request."""
    patient_id = tx.value("SELECT patient_id FROM access_requests WHERE id = :id", {"id": request_id})
    return Tried(patient_id, "access_request", request_id) if patient_id else None


def access_requests(
    tx: Transaction, viewer: Viewer, *, status: Status | None = None, limit: int = PER_PAGE
) -> list[AccessRequest]:
    """The viewer's own requests, received or made, the newest first; `status` is the one true now."""
    column = {"patient": "patient_id", "doctor": "doctor_id"}.get(viewer.role)
    if column is None:
        return []
    rows = tx.all(
        f"{_REQUEST} WHERE a.{column} = :viewer AND (:status IS NULL OR {_STATUS} = :status) "
        "ORDER BY a.created_at DESC LIMIT :limit",
        {"viewer": viewer.id, "now": tx.now, "limit": limit, "status": status},
    )
    return [_request(row) for row in rows]


def grant(tx: Transaction, doctor_id: str, patient_id: str, part: str) -> str | None:
    """The id of the doctor's widest active grant that opens this part of the file (`OPENS`), if there is one."""
    found: str | None = tx.value(
        "SELECT id FROM access_requests WHERE patient_id = :patient AND doctor_id = :doctor "
        f"AND status IN {_GRANTS} AND expires_at > :now AND scope IN {listed(OPENS[part])} "
        "ORDER BY scope <> 'full', scope <> 'prescriptions', expires_at DESC LIMIT 1",
        {"patient": patient_id, "doctor": doctor_id, "now": tx.now},
    )
    return found


def require_grant(tx: Transaction, viewer: Viewer, patient_id: str, part: str, *, too_little: str = "") -> str:
    """The id of the doctor's grant that opens this part of the file.

    Raises Forbidden to who is no doctor, and (`too_little`) where the file is open, but not for this; NotFound else.
    """
    about = Tried(patient_id, "patient", patient_id)
    viewer.require("doctor", about)
    found = grant(tx, viewer.id, patient_id, part)
    if found:
        return found
    if too_little and grant(tx, viewer.id, patient_id, "summary"):
        raise Forbidden(too_little).about(about)
    raise NotFound().about(about)


def doctors_with_grant(tx: Transaction, patient_id: str, part: str) -> list[str]:
    """The ids of the doctors whose active grant opens this part of the file."""
    rows = tx.all(
        "SELECT DISTINCT doctor_id FROM access_requests WHERE patient_id = :patient "
        f"AND status IN {_GRANTS} AND expires_at > :now AND scope IN {listed(OPENS[part])}",
        {"patient": patient_id, "now": tx.now},
    )
    return [row["doctor_id"] for row in rows]


def find_patients(tx: Transaction, viewer: Viewer, q: str) -> list[Identity]:
    """Patients with exactly this identifier or phone number: found, never browsed.

    The oldest accounts come first: whoever registers with somebody else's number does not hide them.
    """
    viewer.require("doctor")
    return directory.find_patients(tx, identifier=normalize_identifier(q), phone=normalize_phone(q))


def readings(tx: Transaction, patient_id: str, before: str = "", limit: int = PER_PAGE) -> list[Reading]:
    """The trace of a file, the newest first. The caller has checked that it is the viewer's own.

    `before` is the `cursor` of the last one shown.
    """
    before_at, before_id = paging.position(before)
    rows = tx.all(
        f"""
        SELECT e.id, e.at, e.action, e.outcome, e.subject_kind, e.subject_id, e.part, u.name, u.role,
               u.organization AS place, a.id AS ground_id, coalesce(a.decided_at, a.created_at) AS ground_at,
               a.scope AS ground_scope, a.emergency_code IS NOT NULL AS emergency,
               1 + (SELECT count(*) FROM trace r WHERE r.repeats = e.id) AS times,
               coalesce((SELECT max(r.at) FROM trace r WHERE r.repeats = e.id), e.at) AS last_at
        FROM trace e JOIN people u ON u.id = e.actor_id LEFT JOIN access_requests a ON a.id = e.ground
        WHERE e.patient_id = :patient AND e.actor_id <> :patient AND e.repeats IS NULL AND e.action IN {_SHOWN}
        AND e.at <= :before_at AND (e.at, e.id) < (:before_at, :before_id)
        ORDER BY e.at DESC, e.id DESC LIMIT :limit
        """,
        {"patient": patient_id, "before_at": before_at, "before_id": before_id, "limit": limit},
    )
    return [Reading(**{**dict(row), "emergency": bool(row["emergency"])}) for row in rows]


def trace(tx: Transaction, viewer: Viewer, patient_id: str, before: str = "") -> list[Reading]:
    """Who saw this file, for the patient alone. Raises NotFound."""
    if viewer.id != patient_id or viewer.role != "patient":
        raise NotFound().about(Tried(patient_id, "patient", patient_id))
    return readings(tx, patient_id, before)


def patients_of(tx: Transaction, viewer: Viewer) -> Sequence[AccessRequest]:
    """The doctor's active grants: the patients whose file is open to them."""
    return [item for item in access_requests(tx, viewer, limit=500) if item.active]


def _request(row: Row) -> AccessRequest:
    values = dict(row)
    about = {name: values.pop(name) for name in ("given_name", "family_name", "identifier", "birth_date", "sex")}
    return AccessRequest(**values, patient=Patient(id=row["patient_id"], **about))
