"""Reading access requests, and the grants that they become: one of them, and lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fadjma.access import outcomes, states
from fadjma.access.outcomes import ReviewStatus
from fadjma.access.states import Act, Place, Scope, Status
from fadjma.events.subjects import Named
from fadjma.i18n import iso
from fadjma.identity import patient_pins
from fadjma.identity.directory import Patient
from fadjma.identity.people import Role, Viewer
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, given, listed, one_of, paging

GRANTS = listed(states.GRANTS)
PER_PAGE = 200
COUNTED = 100  # at most, of what is beyond a page


@dataclass(frozen=True, slots=True)
class Standing:
    """Between whom a request is and how it stands: what an act asks before it is done.

    `status` is what is true now, whatever is stored.
    """

    id: str
    patient_id: str
    doctor_id: str
    status: Status


@dataclass(frozen=True, slots=True)
class AccessRequest(Standing):
    """A request by a doctor, or the grant it has become."""

    patient: Patient
    doctor_name: str
    specialty: str
    profession: str
    organization: str
    doctor_gone: bool  # the account is closed: whatever stands here opens nothing
    reason: str
    proposed_scope: Scope | None
    proposed_duration: str | None
    scope: Scope | None
    created_at: int
    lapses_at: int
    decided_at: int | None
    decision_reason: str | None
    in_person: states.InPerson
    witness: str | None  # by name, who attested it at the desk
    by_id: str | None
    by: str | None  # who decided it for the patient, the last time
    expires_at: int | None
    ended_at: int | None
    version: int
    emergency_code: str | None
    review_status: ReviewStatus | None  # of an emergency access: what the admins say of it
    question: str | None  # this and the explanation are between the admins and the doctor
    explanation: str | None
    review_text: str | None
    reviewed_at: int | None

    @property
    def review(self) -> outcomes.State | None:
        return outcomes.REVIEWS[self.review_status] if self.review_status else None

    @property
    def situation(self) -> str:
        """What the doctor said that the emergency was."""
        return states.EMERGENCIES.get(self.emergency_code or "", "")

    @property
    def is_to_explain(self) -> bool:
        """Whether its doctor is to explain it to the admins."""
        return self.review_status in outcomes.EXPLAIN.sources

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
    def proposed(self) -> list[str]:
        """The labels of the scope and the duration that the doctor proposes, as far as they do."""
        scope = states.SCOPES[self.proposed_scope][:1] if self.proposed_scope else ()
        duration = states.DURATIONS[self.proposed_duration][:1] if self.proposed_duration else ()
        return [*scope, *duration]

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
        return self.state.place_for(role)

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.created_at, self.id)

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
                "profession": self.profession,
                "specialty": self.specialty,
                "place": self.organization,
            },
            "reason": self.reason,
            "proposed_scope": self.proposed_scope,
            "proposed_duration": self.proposed_duration,
            "scope": self.scope,
            "created_at": iso(self.created_at),
            "decided_at": iso(self.decided_at) if self.decided_at else None,
            "decision_reason": self.decision_reason,
            "in_person": self.in_person or None,
            "witness": self.witness,
            "decided_by": {"id": self.by_id, "name": self.by} if self.by_id else None,
            "expires_at": iso(self.expires_at) if self.expires_at else None,
            "emergency": self.emergency_code,
            "review": self._review_json(),
            "question": self.question or None,
            "explanation": self.explanation or None,
        }

    def _review_json(self) -> dict[str, Any] | None:
        if not self.review_status:
            return None
        at = iso(self.reviewed_at) if self.reviewed_at else None
        return {"status": self.review_status, "text": self.review_text or None, "decided_at": at}


# A status is decided by the clock when it is read; the timekeeper only writes it down later.
STATUS = f"""
    CASE WHEN a.status IN {listed(states.EXPIRE.sources)} AND a.expires_at <= :now THEN '{states.EXPIRE.target}'
         WHEN a.status IN {listed(states.LAPSE.sources)} AND a.lapses_at <= :now THEN '{states.LAPSE.target}'
         ELSE a.status END
"""
_STANDING = f"SELECT a.id, a.patient_id, a.doctor_id, {STATUS} AS status FROM access_requests a"
SELECT = f"""
    SELECT a.id, a.patient_id, p.given_name, p.family_name, p.identifier, p.birth_date, p.sex, a.doctor_id,
           d.name AS doctor_name, d.specialty, d.profession, d.organization,
           d.status <> 'active' AS doctor_gone, {STATUS} AS status, a.reason,
           a.proposed_scope, a.proposed_duration, a.scope, a.created_at, a.lapses_at, a.decided_at, a.decision_reason,
           a.in_person, (SELECT name FROM people WHERE id = a.witness_id) AS witness, a.by_id,
           (SELECT name FROM people WHERE id = a.by_id) AS by, a.expires_at, a.ended_at,
           a.version, a.emergency_code, v.status AS review_status,
           CASE WHEN a.doctor_id = :viewer THEN v.question END AS question,
           CASE WHEN a.doctor_id = :viewer THEN v.explanation END AS explanation,
           v.text AS review_text, v.decided_at AS reviewed_at
    FROM access_requests a JOIN patient_identities p ON p.id = a.patient_id JOIN people d ON d.id = a.doctor_id
    LEFT JOIN emergency_reviews v ON v.request_id = a.id
"""


OF_COLLEAGUES = (
    "a.doctor_id IN (SELECT id FROM people WHERE organization_id = :organization AND role = 'doctor' "
    "AND status = 'active')"
)
_PARTIES = ("patient", "doctor")
# Whose requests: each side's own; to a nurse, those of the doctors of the same clinic, under which nurses read.
_MINE = {"patient": "a.patient_id = :viewer", "doctor": "a.doctor_id = :viewer", "nurse": OF_COLLEAGUES}
_ENDS = {states.EXPIRE: "expires_at", states.LAPSE: "lapses_at"}  # the acts of time, and when each is due


def access_request(tx: Transaction, viewer: Viewer, request_id: str) -> AccessRequest:
    """One request, for its patient or its doctor. Raises NotFound for everybody else."""
    return of_row(_of_party(tx, viewer, request_id, SELECT))


def standing(tx: Transaction, viewer: Viewer, request_id: str) -> Standing:
    """How one request stands; as above."""
    return Standing(**dict(_of_party(tx, viewer, request_id, _STANDING)))


def names(tx: Transaction, viewer: Viewer, request_ids: list[str]) -> dict[str, Named]:
    """Of those of these (few) requests to which the viewer is party, who the other one is."""
    among, values = given(request_ids)
    rows = tx.all(
        "SELECT a.id, CASE WHEN a.doctor_id = :viewer THEN p.name ELSE d.name END AS name, "
        "CASE WHEN a.doctor_id = :viewer THEN '' ELSE d.profession END AS profession FROM access_requests a "
        "JOIN people p ON p.id = a.patient_id JOIN people d ON d.id = a.doctor_id "
        f"WHERE a.id IN {among} AND :viewer IN (a.patient_id, a.doctor_id)",
        {**values, "viewer": viewer.id},
    )
    return {row["id"]: Named(row["name"], row["profession"]) for row in rows}


def _of_party(tx: Transaction, viewer: Viewer, request_id: str, select: str) -> Row:
    row = tx.first(
        f"{select} WHERE a.id = :id AND :viewer IN (a.patient_id, a.doctor_id)",
        {"id": request_id, "viewer": viewer.id, "now": tx.now},
    )
    if row is None:
        raise NotFound().about(tried(tx, request_id))
    return row


def access_request_in_person(
    tx: Transaction, viewer: Viewer, request_id: str
) -> tuple[AccessRequest, patient_pins.State]:
    """One request, and whether its patient can approve with a PIN."""
    found = access_request(tx, viewer, request_id)
    return found, patient_pins.state(tx, found.patient_id)


def tried(tx: Transaction, request_id: str) -> Tried | None:
    """Whose file a request is about, for the trace of a refusal; None when there is no such request."""
    patient_id = tx.value("SELECT patient_id FROM access_requests WHERE id = :id", {"id": request_id})
    return Tried(patient_id, "access_request", request_id) if patient_id else None


def require(tx: Transaction, viewer: Viewer, role: Role, request_id: str) -> None:
    """Raise Forbidden to whoever has another role; whose file it is about is looked up only then."""
    if viewer.role != role:
        viewer.require(role, tried(tx, request_id))


def access_requests(
    tx: Transaction,
    viewer: Viewer,
    *,
    place: Place | None = None,
    before: str | None = None,
    limit: int = PER_PAGE,
    without: Sequence[str] = (),
) -> Page[AccessRequest]:
    """The viewer's own requests, received or made, the newest first; of one place of their dashboard, or all.

    `before` is the `cursor` of the last one shown; `without`: the ids of a few that are shown elsewhere.
    """
    said, values = _but_for(without)
    return of_statuses(tx, viewer, _of_place(viewer, place), before, limit, said, values)


def count_beyond(
    tx: Transaction, viewer: Viewer, place: Place, shown: Page[AccessRequest], without: Sequence[str] = ()
) -> int:
    """How many requests of this place come after a page of them, `COUNTED` at most."""
    if not shown.next:
        return 0
    said, values = _but_for(without)
    selects = [f"{select}{said}" for select in _selects(viewer, _of_place(viewer, place))]
    sql = paging.counted(selects, "a.created_at", "a.id")
    return int(tx.value(sql, {**_values(tx, viewer, shown.next, COUNTED), **values}))


def _but_for(ids: Sequence[str]) -> tuple[str, dict[str, str]]:
    """What else must be true of `a`, with its values."""
    values = {f"without{number}": request_id for number, request_id in enumerate(ids)}
    return f" AND a.id NOT IN ({', '.join(f':{name}' for name in values)})" if ids else "", values


def _of_place(viewer: Viewer, place: Place | None) -> list[Status]:
    if viewer.role not in _PARTIES:
        return []
    return [code for code, state in states.STATES.items() if place in (None, state.place_for(viewer.role))]


def of_statuses(
    tx: Transaction,
    viewer: Viewer,
    statuses: Sequence[Status],
    before: str | None,
    limit: int,
    said: str = "",
    values: Mapping[str, str] = MappingProxyType({}),
) -> Page[AccessRequest]:
    """`said`: what else must be true of `a`, with its values."""
    if viewer.role not in _MINE or not statuses:
        return Page()
    selects = [f"{select}{said}" for select in _selects(viewer, statuses)]
    rows = tx.all(
        f"{SELECT} WHERE a.id IN ({paging.newest(selects, 'a.created_at', 'a.id')}) "
        "ORDER BY a.created_at DESC, a.id DESC",
        {**_values(tx, viewer, before, limit + 1), **values},
    )
    return paging.page([of_row(row) for row in rows], limit, lambda item: item.cursor)


def _values(tx: Transaction, viewer: Viewer, before: str | None, limit: int) -> dict[str, str | int | None]:
    before_at, before_id = paging.position(before)
    return {
        "viewer": viewer.id,
        "organization": viewer.organization_id,
        "now": tx.now,
        "before_at": before_at,
        "before_id": before_id,
        "limit": limit,
    }


def _selects(viewer: Viewer, statuses: Sequence[Status]) -> list[str]:
    """The viewer's requests of which these statuses are true now: those of each stored one, by the index that has them
    in order; and those whose time is over since the timekeeper last wrote down what is, which are few.
    """
    mine = _MINE[viewer.role]
    found = []
    for status in statuses:
        over = next((act for act in _ENDS if status in act.sources and act.target not in statuses), None)
        still = f" AND a.{_ENDS[over]} > :now" if over else ""
        found.append(f"SELECT a.id, a.created_at FROM access_requests a WHERE {mine} AND a.status = '{status}'{still}")
    for act, end in _ENDS.items():
        if act.target in statuses and not set(act.sources) <= set(statuses):
            found.append(
                "SELECT a.id, a.created_at FROM access_requests due CROSS JOIN access_requests a "
                f"WHERE due.status {one_of(act.sources)} AND due.{end} <= :now AND a.id = due.id AND {mine}"
            )
    return found


def of_row(row: Row) -> AccessRequest:
    values, patient = patient_apart(row)
    values["doctor_gone"] = bool(row["doctor_gone"])
    return AccessRequest(**values, patient=patient)


def patient_apart(row: Row) -> tuple[dict[str, Any], Patient]:
    """The columns of a row that are not its patient's, and the patient."""
    values = row.as_dict()
    about = {name: values.pop(name) for name in ("given_name", "family_name", "identifier", "birth_date", "sex")}
    return values, Patient(id=row["patient_id"], **about)
