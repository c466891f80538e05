"""Reading what an admin looks over: emergency accesses, and lines of the trace that their patients contest.

An admin sees who did what, when and on what ground, and the words with which a doctor has explained an emergency; never
what is in a file.
"""

from dataclasses import dataclass
from typing import Any

from fadjma.access import outcomes, queries, readings, states
from fadjma.access.outcomes import Act, ContestStatus, ReviewStatus
from fadjma.access.readings import Reading
from fadjma.access.states import Place
from fadjma.events import audit
from fadjma.events.subjects import Named
from fadjma.i18n import iso, translate
from fadjma.identity import practices
from fadjma.identity.directory import Patient
from fadjma.identity.people import Viewer
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, given, paging

PER_PAGE = 50
COUNTED = 100  # at most, of what is beyond a page


@dataclass(frozen=True, slots=True)
class Review:
    """An emergency access as the admin who looks it over sees it."""

    id: str  # the access request's
    status: ReviewStatus
    patient: Patient
    patient_id: str
    doctor_id: str
    doctor_name: str
    specialty: str
    profession: str
    organization: str
    code: str
    reason: str
    against: bool  # whether the patient had refused or ended this doctor's access before
    opened_at: int
    closes_at: int
    ended_at: int | None
    question: str
    explanation: str
    explained_at: int | None
    text: str  # what the admin says of it
    reviewer: str
    decided_at: int | None
    version: int

    @property
    def state(self) -> outcomes.State:
        return outcomes.REVIEWS[self.status]

    @property
    def situation(self) -> str:
        return states.EMERGENCIES[self.code]

    @property
    def offered(self) -> list[Act]:
        """What an admin can do with it now."""
        return [act for act in outcomes.ACTS if act.by == "admin" and self.status in act.sources]

    @property
    def cursor(self) -> str:
        return paging.cursor(self.opened_at, self.id)

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "patient": self.patient.json(language),
            "doctor": {
                "id": self.doctor_id,
                "name": self.doctor_name,
                "profession": self.profession,
                "specialty": self.specialty,
                "place": self.organization,
            },
            "emergency": self.code,
            "reason": self.reason,
            "against": self.against,
            "opened_at": iso(self.opened_at),
            "expires_at": iso(self.closes_at),
            "ended_at": iso(self.ended_at) if self.ended_at else None,
            "question": self.question or None,
            "explanation": self.explanation or None,
            "explained_at": iso(self.explained_at) if self.explained_at else None,
            "text": self.text or None,
            "reviewer": self.reviewer or None,
            "decided_at": iso(self.decided_at) if self.decided_at else None,
        }


@dataclass(frozen=True, slots=True)
class Contest:
    """A line of the trace of which its patient says that it is not normal, and what an admin has answered."""

    id: str  # the line's
    status: ContestStatus
    line: Reading
    patient: Patient
    patient_id: str
    text: str
    created_at: int
    answer: str
    answered_by: str
    answered_at: int | None
    version: int

    @property
    def state(self) -> outcomes.State:
        return outcomes.CONTESTS[self.status]

    @property
    def what(self) -> str:
        """What the line says, in words that name nobody's file."""
        return audit.ACTIONS[self.line.action]

    @property
    def cursor(self) -> str:
        return paging.cursor(self.created_at, self.id)

    def json(self, language: str) -> dict[str, Any]:
        line = self.line.json()
        del line["subject"], line["part"]
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "patient": self.patient.json(language),
            "line": {**line, "label": translate(language, self.what)},
            "text": self.text or None,
            "created_at": iso(self.created_at),
            "answer": self.answer or None,
            "answered_by": self.answered_by or None,
            "answered_at": iso(self.answered_at) if self.answered_at else None,
        }


_REVIEW = f"""
    SELECT v.request_id AS id, v.status, a.patient_id, p.given_name, p.family_name, p.identifier, p.birth_date, p.sex,
           a.doctor_id, d.name AS doctor_name, d.specialty, d.profession,
           coalesce(f.organization, d.organization) AS organization, a.emergency_code AS code,
           a.reason, v.against, v.opened_at, a.expires_at AS closes_at, a.ended_at, v.question, v.explanation,
           v.explained_at, v.text, coalesce((SELECT name FROM people WHERE id = v.reviewer_id), '') AS reviewer,
           v.decided_at, v.version
    FROM emergency_reviews v JOIN access_requests a ON a.id = v.request_id
    JOIN patient_identities p ON p.id = a.patient_id JOIN people d ON d.id = a.doctor_id
    {practices.then("f", "a.doctor_id", "a.created_at")}
"""
_CONTEST = """
    SELECT c.line_id AS id, c.status, c.patient_id, p.given_name, p.family_name, p.identifier, p.birth_date, p.sex,
           c.text, c.created_at, c.answer, coalesce((SELECT name FROM people WHERE id = c.answered_by), '')
           AS answered_by, c.answered_at, c.version
    FROM contests c JOIN patient_identities p ON p.id = c.patient_id
"""


def review(tx: Transaction, viewer: Viewer, request_id: str) -> Review:
    """One emergency access, for an admin. Raises NotFound."""
    queries.require(tx, viewer, "admin", request_id)
    row = tx.first(f"{_REVIEW} WHERE v.request_id = :id", {"id": request_id})
    if row is None:
        raise NotFound
    return _review(row)


def reviews(
    tx: Transaction, viewer: Viewer, *, place: Place | None = None, before: str | None = None, limit: int = PER_PAGE
) -> Page[Review]:
    """Emergency accesses, the latest first; of one place of the dashboard, or all; `before` as everywhere."""
    viewer.require("admin")
    newest = paging.newest(_reviews_of(place), "v.opened_at", "v.request_id")
    rows = tx.all(
        f"{_REVIEW} WHERE v.request_id IN ({newest}) ORDER BY v.opened_at DESC, v.request_id DESC",
        _values(before, limit + 1),
    )
    return paging.page([_review(row) for row in rows], limit, lambda item: item.cursor)


def names_of_reviews(tx: Transaction, viewer: Viewer, request_ids: list[str]) -> dict[str, Named]:
    """For admins, whose accesses these (few) are."""
    if viewer.role != "admin":
        return {}
    among, values = given(request_ids)
    rows = tx.all(f"{_REVIEW} WHERE v.request_id IN {among}", values)
    return {row["id"]: Named(row["doctor_name"], row["profession"]) for row in rows}


def count_reviews(tx: Transaction, place: Place, shown: Page[Review]) -> int:
    """How many come after a page of this place, `COUNTED` at most."""
    if not shown.next:
        return 0
    return int(
        tx.value(paging.counted(_reviews_of(place), "v.opened_at", "v.request_id"), _values(shown.next, COUNTED))
    )


def contest(tx: Transaction, viewer: Viewer, line_id: str) -> Contest:
    """One contested line, for its patient and for admins. Raises NotFound."""
    row = tx.first(f"{_CONTEST} WHERE c.line_id = :id", {"id": line_id})
    if row is None:
        raise NotFound
    if viewer.role != "admin" and viewer.id != row["patient_id"]:
        raise NotFound().about(Tried(row["patient_id"], "patient", row["patient_id"]))
    return _contests(tx, [row])[0]


def contests(
    tx: Transaction, viewer: Viewer, *, place: Place | None = None, before: str | None = None, limit: int = PER_PAGE
) -> Page[Contest]:
    """Contested lines, the latest first: an admin's all of a place, or of every place; a patient's own."""
    own = viewer.role == "patient"
    if not own:
        viewer.require("admin")
    selects = [f"{_OF_CONTESTS} c.patient_id = :viewer"] if own else _contests_of(place)
    newest = paging.newest(selects, "c.created_at", "c.line_id")
    rows = tx.all(
        f"{_CONTEST} WHERE c.line_id IN ({newest}) ORDER BY c.created_at DESC, c.line_id DESC",
        {**_values(before, limit + 1), **({"viewer": viewer.id} if own else {})},
    )
    return paging.page(_contests(tx, rows), limit, lambda item: item.cursor)


def names_of_contests(tx: Transaction, viewer: Viewer, line_ids: list[str]) -> dict[str, Named]:
    """Of these (few) contested lines, for admins who contests them, for those patients whom."""
    among, values = given(line_ids)
    rows = tx.all(
        f"{_CONTEST} WHERE c.line_id IN {among} AND (c.patient_id = :viewer OR :role = 'admin')",
        {**values, "viewer": viewer.id, "role": viewer.role},
    )
    if viewer.role == "admin":
        return {item.id: Named(item.patient.name) for item in _contests(tx, rows)}
    return {item.id: Named(item.line.name, item.line.profession) for item in _contests(tx, rows)}


def count_contests(tx: Transaction, place: Place, shown: Page[Contest]) -> int:
    """How many come after a page of this place, `COUNTED` at most."""
    if not shown.next:
        return 0
    return int(tx.value(paging.counted(_contests_of(place), "c.created_at", "c.line_id"), _values(shown.next, COUNTED)))


_OF_CONTESTS = "SELECT c.line_id, c.created_at FROM contests c WHERE"


def _reviews_of(place: Place | None) -> list[str]:
    found = [code for code, state in outcomes.REVIEWS.items() if place in (None, state.place)]
    return [f"SELECT v.request_id, v.opened_at FROM emergency_reviews v WHERE v.status = '{code}'" for code in found]


def _contests_of(place: Place | None) -> list[str]:
    found = [code for code, state in outcomes.CONTESTS.items() if place in (None, state.place)]
    return [f"{_OF_CONTESTS} c.status = '{code}'" for code in found]


def _values(before: str | None, limit: int) -> dict[str, str | int]:
    before_at, before_id = paging.position(before)
    return {"before_at": before_at, "before_id": before_id, "limit": limit}


def _review(row: Row) -> Review:
    values, patient = queries.patient_apart(row)
    return Review(**{**values, "against": bool(row["against"])}, patient=patient)


def _contests(tx: Transaction, rows: list[Row]) -> list[Contest]:
    lines = readings.lines(tx, [row["id"] for row in rows])
    return [
        Contest(**values, patient=patient, line=lines[values["id"]])
        for values, patient in map(queries.patient_apart, rows)
    ]
