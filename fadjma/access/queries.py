"""Reading access requests, grants and the trace of readings; finding a patient."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from fadjma.access import outcomes, states, tracing
from fadjma.access.outcomes import ContestStatus, ReviewStatus
from fadjma.access.states import OPENS, Act, Place, Scope, Status
from fadjma.events import subjects
from fadjma.i18n import N_, iso
from fadjma.identity import directory, patient_pins
from fadjma.identity.directory import Identity, Patient
from fadjma.identity.identifiers import normalize_identifier, normalize_phone
from fadjma.identity.people import PROFESSIONS, ROLES, Role, Viewer
from fadjma.refusals import Conflict, Forbidden, NotFound, Tried
from fadjma.store import Page, Row, Transaction, listed, one_of, paging

_GRANTS = listed(states.GRANTS)
_ENDED = (*states.GRANTS, states.REVOKE.target, states.EXPIRE.target)  # or ended by time, and not yet written down
_FOR_YOU = N_("Agit pour vous")
_SHOWN = listed(tracing.WORDS)
PER_PAGE = 200
PATIENTS = 50  # of a doctor, on a page
RECENT = 8  # patients, whose files were opened last
COUNTED = 100  # at most, of what is beyond a page
READERS: tuple[Role, ...] = ("doctor", "nurse")  # who reads others' files, under a grant


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


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of the trace: who did what with the file, in which role, where, with which part, when, on what ground.

    `times` readings of one day that say the same are one line: `at` is the first of them, `last_at` the last.
    """

    id: str
    at: int
    last_at: int
    times: int
    name: str  # of whoever did it: for the patient, where it is `by_proxy`
    role: Role
    by_proxy: bool
    profession: str
    place: str
    action: str
    outcome: str
    subject_kind: str
    subject_id: str
    part: str  # of states.PARTS; empty where the thing itself says it
    ground_id: str | None
    ground_at: int | None  # when the grant that it rests on was given
    ground_scope: Scope | None
    ground_doctor: str | None  # whose it is, where somebody else read under it
    ground_profession: str | None
    emergency: bool
    contest: ContestStatus | None  # what has become of it, where the patient has said that it is not normal

    @property
    def role_name(self) -> str:
        return _FOR_YOU if self.by_proxy else PROFESSIONS.get(self.profession) or ROLES[self.role]

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
    def is_opening(self) -> bool:
        """Whether something of the file was before somebody's eyes, beyond a name in a list."""
        return self.is_reading and not self.action.endswith(".listed")

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

    @property
    def contested(self) -> outcomes.State | None:
        return outcomes.CONTESTS[self.contest] if self.contest else None

    def json(self) -> dict[str, Any]:
        ground = {
            "id": self.ground_id,
            "kind": "emergency" if self.emergency else "grant",
            "scope": self.ground_scope,
            "delegated_by": self.ground_doctor,
            "since": iso(self.ground_at) if self.ground_at else None,
        }
        return {
            "id": self.id,
            "at": iso(self.at),
            "last_at": iso(self.last_at),
            "times": self.times,
            "name": self.name,
            "role": self.role,
            "by_proxy": self.by_proxy,
            "place": self.place,
            "action": self.action,
            "outcome": self.outcome,
            "subject": {"kind": self.subject_kind, "id": self.subject_id},
            "part": self.part or None,
            "ground": ground if self.ground_id else None,
            "contest": self.contest,
        }


# A status is decided by the clock when it is read; the timekeeper only writes it down later.
_STATUS = f"""
    CASE WHEN a.status IN {listed(states.EXPIRE.sources)} AND a.expires_at <= :now THEN '{states.EXPIRE.target}'
         WHEN a.status IN {listed(states.LAPSE.sources)} AND a.lapses_at <= :now THEN '{states.LAPSE.target}'
         ELSE a.status END
"""
_STANDING = f"SELECT a.id, a.patient_id, a.doctor_id, {_STATUS} AS status FROM access_requests a"
_REQUEST = f"""
    SELECT a.id, a.patient_id, p.given_name, p.family_name, p.identifier, p.birth_date, p.sex, a.doctor_id,
           d.name AS doctor_name, d.specialty, d.profession, d.organization, {_STATUS} AS status, a.reason,
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


# A line of the trace, whosever it is.
_READING = f"""
    SELECT e.id, e.at, e.action, e.outcome, e.subject_kind, e.subject_id, e.part, u.name, u.role,
           e.by_id IS NOT NULL AND e.actor_id = e.patient_id AS by_proxy, u.profession,
           u.organization AS place, a.id AS ground_id, coalesce(a.decided_at, a.created_at) AS ground_at,
           a.scope AS ground_scope, a.emergency_code IS NOT NULL AS emergency,
           CASE WHEN a.doctor_id <> e.actor_id THEN (SELECT name FROM people WHERE id = a.doctor_id) END
           AS ground_doctor, (SELECT profession FROM people WHERE id = a.doctor_id) AS ground_profession,
           1 + (SELECT count(*) FROM trace r WHERE r.repeats = e.id) AS times,
           coalesce((SELECT max(r.at) FROM trace r WHERE r.repeats = e.id), e.at) AS last_at, c.status AS contest
    FROM trace e JOIN people u ON u.id = coalesce(e.by_id, e.actor_id) LEFT JOIN access_requests a ON a.id = e.ground
    LEFT JOIN contests c ON c.line_id = e.id
    WHERE (e.actor_id <> e.patient_id OR e.by_id IS NOT NULL) AND e.repeats IS NULL AND e.action IN {_SHOWN}
"""

_OF_COLLEAGUES = (
    "a.doctor_id IN (SELECT id FROM people WHERE organization_id = :organization AND role = 'doctor' "
    "AND status = 'active')"
)
_PARTIES = ("patient", "doctor")
# Whose requests: each side's own; to a nurse, those of the doctors of the same clinic, under which nurses read.
_MINE = {"patient": "a.patient_id = :viewer", "doctor": "a.doctor_id = :viewer", "nurse": _OF_COLLEAGUES}
_ENDS = {states.EXPIRE: "expires_at", states.LAPSE: "lapses_at"}  # the acts of time, and when each is due


def access_request(tx: Transaction, viewer: Viewer, request_id: str) -> AccessRequest:
    """One request, for its patient or its doctor. Raises NotFound for everybody else."""
    return _request(_of_party(tx, viewer, request_id, _REQUEST))


def standing(tx: Transaction, viewer: Viewer, request_id: str) -> Standing:
    """How one request stands; as above."""
    return Standing(**dict(_of_party(tx, viewer, request_id, _STANDING)))


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


def waiting_at_desk(tx: Transaction, viewer: Viewer, patient_id: str) -> list[AccessRequest]:
    """What doctors of this desk's clinic have asked this patient and waits for an answer; the reason is not for it."""
    return _at_desk(tx, viewer, patient_id, "a.status = 'pending' AND a.lapses_at > :now")


def attested_at_desk(tx: Transaction, viewer: Viewer, patient_id: str) -> list[AccessRequest]:
    """The accesses of doctors of this desk's clinic that run because the desk has attested them; as above."""
    return _at_desk(tx, viewer, patient_id, "a.status = 'approved' AND a.in_person = 'witness' AND a.expires_at > :now")


def _at_desk(tx: Transaction, viewer: Viewer, patient_id: str, condition: str) -> list[AccessRequest]:
    viewer.require("receptionist", Tried(patient_id, "identity", patient_id))
    rows = tx.all(
        f"{_REQUEST} WHERE a.patient_id = :patient AND {condition} AND {_OF_COLLEAGUES} "
        "ORDER BY a.created_at DESC, a.id DESC",
        {"patient": patient_id, "organization": viewer.organization_id, "viewer": viewer.id, "now": tx.now},
    )
    return [replace(_request(row), reason="") for row in rows]


def to_witness(tx: Transaction, viewer: Viewer, patient_id: str, request_id: str) -> AccessRequest:
    """One of them. Raises NotFound for what is none of theirs, Conflict for one that waits no longer."""
    found = [item for item in waiting_at_desk(tx, viewer, patient_id) if item.id == request_id]
    if found:
        return found[0]
    row = tx.first(
        f"SELECT {_STATUS} AS status FROM access_requests a "
        f"WHERE a.id = :id AND a.patient_id = :patient AND {_OF_COLLEAGUES}",
        {"id": request_id, "patient": patient_id, "organization": viewer.organization_id, "now": tx.now},
    )
    if row is None:
        raise NotFound
    raise Conflict(states.WITNESS.too_late, current=row["status"])


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
    return [Witnessed(**dict(row)) for row in rows]


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
    return _requests(tx, viewer, _of_place(viewer, place), before, limit, said, values)


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


def _requests(
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
        f"{_REQUEST} WHERE a.id IN ({paging.newest(selects, 'a.created_at', 'a.id')}) "
        "ORDER BY a.created_at DESC, a.id DESC",
        {**_values(tx, viewer, before, limit + 1), **values},
    )
    return paging.page([_request(row) for row in rows], limit, lambda item: item.cursor)


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


def grant(tx: Transaction, doctor_id: str, patient_id: str, part: str) -> str | None:
    """The id of the doctor's widest active grant that opens this part of the file (`OPENS`), if there is one."""
    return _widest(tx, "doctor_id = :doctor", patient_id, part, {"doctor": doctor_id})


def granted(tx: Transaction, viewer: Viewer, patient_id: str, part: str) -> AccessRequest | None:
    """The grant under which this person may read this part of the file now: the doctor's own, or for a nurse one of a
    doctor of the same clinic (« par délégation »). Nobody else reads under one.
    """
    match viewer.role:
        case "doctor":
            found = grant(tx, viewer.id, patient_id, part)
        case "nurse":
            found = _widest(tx, _OF_COLLEAGUES, patient_id, part, {"organization": viewer.organization_id})
        case _:
            found = None
    row = found and tx.first(f"{_REQUEST} WHERE a.id = :id", {"id": found, "viewer": viewer.id, "now": tx.now})
    return _request(row) if row else None


_WIDEST_FIRST = "ORDER BY scope <> 'full', scope <> 'prescriptions', expires_at DESC"
_NARROWEST_FIRST = "ORDER BY a.scope = 'full', a.scope = 'prescriptions', a.expires_at"


def _widest(tx: Transaction, whose: str, patient_id: str, part: str, values: dict[str, str | None]) -> str | None:
    # Each state by itself: of the first there is one between two people, and an index that says so.
    each = " UNION ALL ".join(
        f"SELECT a.id, a.scope, a.expires_at FROM access_requests a WHERE a.patient_id = :patient AND {whose} "
        f"AND a.status = '{status}' AND a.expires_at > :now AND a.scope IN {listed(OPENS[part])}"
        for status in states.GRANTS
    )
    found: str | None = tx.value(
        f"SELECT id FROM ({each}) AS grants {_WIDEST_FIRST} LIMIT 1",
        {"patient": patient_id, "now": tx.now, **values},
    )
    return found


def ended(tx: Transaction, viewer: Viewer, patient_id: str) -> AccessRequest | None:
    """The doctor's access to this file that ended last, by the patient or by time; None where there was none."""
    if viewer.role != "doctor":
        return None
    row = tx.first(
        f"{_REQUEST} WHERE a.patient_id = :patient AND a.doctor_id = :viewer AND a.status IN {listed(_ENDED)} "
        "ORDER BY coalesce(a.ended_at, a.expires_at) DESC, a.id DESC LIMIT 1",
        {"patient": patient_id, "viewer": viewer.id, "now": tx.now},
    )
    found = _request(row) if row else None
    return None if found is None or found.active else found


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


def require_reading(tx: Transaction, viewer: Viewer, patient_id: str, part: str) -> AccessRequest:
    """The grant under which this person reads this part. Raises Forbidden to who reads under none, NotFound."""
    if viewer.role not in READERS:
        viewer.require("doctor", Tried(patient_id, "patient", patient_id))
    found = granted(tx, viewer, patient_id, part)
    if found is None:
        raise NotFound().about(Tried(patient_id, "patient", patient_id))
    return found


def doctors_with_grant(tx: Transaction, patient_id: str, part: str) -> list[str]:
    """The ids of the doctors whose active grant opens this part of the file."""
    rows = tx.all(
        "SELECT DISTINCT doctor_id FROM access_requests WHERE patient_id = :patient "
        f"AND status IN {_GRANTS} AND expires_at > :now AND scope IN {listed(OPENS[part])}",
        {"patient": patient_id, "now": tx.now},
    )
    return [row["doctor_id"] for row in rows]


def find_patients(tx: Transaction, viewer: Viewer, q: str, before: str | None = None) -> Page[Identity]:
    """For a doctor, patients with exactly this identifier or phone number: found, never browsed.

    The oldest accounts come first: whoever registers with somebody else's number does not hide them.
    `before` is the `next` of the page before.
    """
    viewer.require("doctor")
    return directory.find_patients(tx, identifier=normalize_identifier(q), phone=normalize_phone(q), before=before)


def is_exact(q: str) -> bool:
    """Whether this may be an identifier or a telephone number, by which others' patients are looked up."""
    return bool(normalize_identifier(q) or normalize_phone(q))


def readings(tx: Transaction, patient_id: str, before: str = "", limit: int = PER_PAGE) -> Page[Reading]:
    """The trace of a file, the newest first. The caller has checked that it is the viewer's own.

    `before` is the `cursor` of the last one shown.
    """
    before_at, before_id = paging.position(before)
    rows = tx.all(
        f"{_READING} AND e.patient_id = :patient AND e.at <= :before_at AND (e.at, e.id) < (:before_at, :before_id) "
        "ORDER BY e.at DESC, e.id DESC LIMIT :limit",
        {"patient": patient_id, "before_at": before_at, "before_id": before_id, "limit": limit + 1},
    )
    return paging.page([_reading(row) for row in rows], limit, lambda one: one.cursor)


def lines(tx: Transaction, ids: Iterable[str]) -> dict[str, Reading]:
    """These (few) lines of anybody's trace, by their ids. The caller has checked that the viewer may see them."""
    values = {f"id{number}": line_id for number, line_id in enumerate(ids)}
    named = ", ".join(f":{name}" for name in values)
    rows = tx.all(f"{_READING} AND e.id IN ({named})", values) if values else []
    return {row["id"]: _reading(row) for row in rows}


def own_line(tx: Transaction, viewer: Viewer, patient_id: str, line_id: str) -> Reading:
    """One line of the trace, for the patient alone. Raises NotFound."""
    _require_own(viewer, patient_id)
    row = tx.first(f"{_READING} AND e.patient_id = :patient AND e.id = :id", {"patient": patient_id, "id": line_id})
    if row is None:
        raise NotFound
    return _reading(row)


def trace(tx: Transaction, viewer: Viewer, patient_id: str, before: str = "") -> Page[Reading]:
    """Who saw this file, for the patient alone. Raises NotFound."""
    _require_own(viewer, patient_id)
    return readings(tx, patient_id, before)


def _require_own(viewer: Viewer, patient_id: str) -> None:
    if viewer.id != patient_id or viewer.role != "patient":
        raise NotFound().about(Tried(patient_id, "patient", patient_id))


def patients_of(tx: Transaction, viewer: Viewer, before: str | None = None, q: str = "") -> Page[AccessRequest]:
    """Active grants, the latest asked for first: the doctor's own, or those of a nurse's colleagues.

    With `q` only those of patients of whom it says something: identifier, telephone, words of the name.
    """
    if viewer.role not in READERS:
        viewer.require("doctor")
    said, values = directory.said_of_own(q, "a.patient_id", by_phone=True)
    return Page() if q and not values else _requests(tx, viewer, states.GRANTS, before, PATIENTS, said, values)


@dataclass(frozen=True, slots=True)
class OwnPatient:
    """A patient of a doctor: the file is open to them, or they have prescribed; then there is no `grant`."""

    patient: Patient
    grant: AccessRequest | None
    last_at: int  # when it was opened, or the last prescription changed

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.last_at, self.patient.id)

    def json(self, language: str) -> dict[str, Any]:
        return {**self.patient.json(language), "access": self.grant.json(language) if self.grant else None}


def own_patients(
    tx: Transaction, viewer: Viewer, q: str = "", before: str | None = None, limit: int = PATIENTS
) -> Page[OwnPatient]:
    """A doctor's own patients, the latest first: whose file is open to them, and for whom they have prescribed.

    With `q` those of whom it says something: words of the name, the identifier, the beginning of either; not of the
    telephone, which is not theirs to learn. What is read is bounded by what is the doctor's own.
    """
    viewer.require("doctor")
    of_granted, values = directory.said_of_own(q, "a.patient_id")
    of_known, _ = directory.said_of_own(q, "known.patient_id")
    if q and not values:
        return Page()
    before_at, before_id = paging.position(before)
    rows = tx.all(
        f"SELECT patient_id, max(at) AS at FROM ({_GRANTED}{of_granted} GROUP BY a.patient_id UNION ALL "
        f"{_KNOWN}{of_known}) AS own WHERE at IS NOT NULL "
        "GROUP BY patient_id HAVING (max(at), patient_id) < (:before_at, :before_id) "
        "ORDER BY max(at) DESC, patient_id DESC LIMIT :limit",
        {
            "viewer": viewer.id,
            "now": tx.now,
            "before_at": before_at,
            "before_id": before_id,
            "limit": limit + 1,
            **values,
        },
    )
    found = paging.page(rows, limit, lambda row: paging.cursor(row["at"], row["patient_id"]))
    patients = directory.identities(tx, [row["patient_id"] for row in found])
    grants = grants_among(tx, viewer, patients)
    last = {row["patient_id"]: row["at"] for row in found}
    own = Page(
        OwnPatient(directory.without_contact(patient), grants.get(patient.id), last[patient.id]) for patient in patients
    )
    own.next = found.next
    return own


_GRANTED = f"""
    SELECT a.patient_id, max(a.created_at) AS at FROM access_requests a
    WHERE a.doctor_id = :viewer AND a.status IN {_GRANTS} AND a.expires_at > :now
"""
# Each patient once, by an index that has each one's prescriptions together; what was entered in error was for somebody
# else.
_KNOWN = """
    SELECT known.patient_id, (
        SELECT max(w.updated_at) FROM prescribed w
        WHERE w.prescriber_id = :viewer AND w.patient_id = known.patient_id AND w.status <> 'entered_in_error'
    ) AS at
    FROM (SELECT DISTINCT patient_id FROM prescribed WHERE prescriber_id = :viewer) AS known WHERE 1 = 1
"""


def recent_patients(tx: Transaction, viewer: Viewer, limit: int = RECENT) -> Page[OwnPatient]:
    """The patients whose files the doctor has opened last, and that are open to them still; `last_at` is when."""
    viewer.require("doctor")
    opened = tracing.opened_lately(tx, viewer)
    patients = directory.identities(tx, list(opened))
    grants = grants_among(tx, viewer, patients)
    still = [patient for patient in patients if patient.id in grants][:limit]
    return Page(OwnPatient(directory.without_contact(one), grants[one.id], opened[one.id]) for one in still)


def grants_among(tx: Transaction, viewer: Viewer, patients: Iterable[Identity]) -> dict[str, AccessRequest]:
    """By the ids of those of these patients (500 at most) whose files are open to the doctor, the widest grants."""
    ids = {f"id{number}": patient.id for number, patient in enumerate(patients)}
    if not ids:
        return {}
    rows = tx.all(
        f"{_REQUEST} WHERE a.patient_id IN ({', '.join(f':{name}' for name in ids)}) AND a.doctor_id = :viewer "
        f"AND a.status IN {_GRANTS} AND a.expires_at > :now {_NARROWEST_FIRST}",
        {**ids, "viewer": viewer.id, "now": tx.now},
    )
    return {row["patient_id"]: _request(row) for row in rows}


def _reading(row: Row) -> Reading:
    return Reading(**{**dict(row), "emergency": bool(row["emergency"]), "by_proxy": bool(row["by_proxy"])})


def _request(row: Row) -> AccessRequest:
    values, patient = patient_apart(row)
    return AccessRequest(**values, patient=patient)


def patient_apart(row: Row) -> tuple[dict[str, Any], Patient]:
    """The columns of a row that are not its patient's, and the patient."""
    values = dict(row)
    about = {name: values.pop(name) for name in ("given_name", "family_name", "identifier", "birth_date", "sex")}
    return values, Patient(id=row["patient_id"], **about)
