"""The trace of a file as its patient reads it: who did what with it, and on what ground."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fadjma.access import outcomes, states, tracing
from fadjma.access.outcomes import ContestStatus
from fadjma.access.states import Scope
from fadjma.events import subjects
from fadjma.events.subjects import Named, Told
from fadjma.i18n import N_, iso
from fadjma.identity import practices
from fadjma.identity.people import PROFESSIONS, ROLES, Role, Viewer
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, given, listed, paging

PER_PAGE = 200
_FOR_YOU = N_("Agit pour vous")
_SHOWN = listed(tracing.WORDS)
_OPENINGS = listed([action for action in tracing.WORDS if action.endswith(".read")])
_NOT_THEIRS = ("patient", "handover")  # kinds of things whose pages are other people's

# A line of the trace, whosever it is.
_READING = f"""
    SELECT e.id, e.at, e.action, e.outcome, e.subject_kind, e.subject_id, e.part, u.name, u.role,
           e.by_id IS NOT NULL AND e.actor_id = e.patient_id AS by_proxy,
           coalesce(f.profession, u.profession) AS profession, coalesce(f.organization, u.organization) AS place,
           a.id AS ground_id, coalesce(a.decided_at, a.created_at) AS ground_at,
           a.scope AS ground_scope, a.emergency_code IS NOT NULL AS emergency,
           CASE WHEN a.doctor_id <> e.actor_id THEN (SELECT name FROM people WHERE id = a.doctor_id) END
           AS ground_doctor, (SELECT profession FROM people WHERE id = a.doctor_id) AS ground_profession,
           1 + (SELECT count(*) FROM trace r WHERE r.repeats = e.id) AS times,
           coalesce((SELECT max(r.at) FROM trace r WHERE r.repeats = e.id), e.at) AS last_at, c.status AS contest
    FROM trace e JOIN people u ON u.id = coalesce(e.by_id, e.actor_id) LEFT JOIN access_requests a ON a.id = e.ground
    LEFT JOIN contests c ON c.line_id = e.id {practices.then("f", "u.id", "e.at")}
    WHERE (e.actor_id <> e.patient_id OR e.by_id IS NOT NULL) AND e.repeats IS NULL AND e.action IN {_SHOWN}
"""


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
    def part_label(self) -> str:
        return states.PARTS.get(self.part, "")

    @property
    def scope_label(self) -> str:
        return states.SCOPES[self.ground_scope][0] if self.ground_scope else ""

    @property
    def href(self) -> str | None:
        """The page of what it was, where the patient has it."""
        if self.subject_kind in _NOT_THEIRS or self.action == "record.entered_in_error":
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


def openings(tx: Transaction, patient_id: str, limit: int) -> list[Reading]:
    """The latest times that something of the file was before anybody's eyes, beyond a name in a list; as `readings`."""
    rows = tx.all(
        f"{_READING} AND e.patient_id = :patient AND e.outcome = 'success' AND e.action IN {_OPENINGS} "
        "ORDER BY e.at DESC, e.id DESC LIMIT :limit",
        {"patient": patient_id, "limit": limit},
    )
    return [_reading(row) for row in rows]


def lines(tx: Transaction, ids: Iterable[str]) -> dict[str, Reading]:
    """These (few) lines of anybody's trace, by their ids. The caller has checked that the viewer may see them."""
    values = {f"id{number}": line_id for number, line_id in enumerate(ids)}
    named = ", ".join(f":{name}" for name in values)
    rows = tx.all(f"{_READING} AND e.id IN ({named})", values) if values else []
    return {row["id"]: _reading(row) for row in rows}


def readers(tx: Transaction, viewer: Viewer, told: Sequence[Told]) -> dict[Told, Named]:
    """Who has read the viewer's own file at these moments; nobody where the news stands for several readings, or there
    were two at once.
    """
    single = {one.at: one for one in told if one.id == viewer.id and one.times == 1}
    among, values = given(single)
    if not values:
        return {}
    rows = tx.all(
        "SELECT e.at, min(u.name) AS name, min(u.profession) AS profession "
        "FROM trace e JOIN people u ON u.id = coalesce(e.by_id, e.actor_id) "
        "WHERE e.patient_id = :viewer AND e.outcome = 'success' AND e.action IN ('file.read', 'record.read') "
        f"AND e.at IN {among} GROUP BY e.at HAVING min(u.id) = max(u.id)",
        {**values, "viewer": viewer.id},
    )
    return {single[row["at"]]: Named(row["name"], row["profession"]) for row in rows}


def own_line(tx: Transaction, viewer: Viewer, patient_id: str, line_id: str) -> Reading:
    """One line of the trace, for the patient alone. Raises NotFound."""
    require_own(viewer, patient_id)
    row = tx.first(f"{_READING} AND e.patient_id = :patient AND e.id = :id", {"patient": patient_id, "id": line_id})
    if row is None:
        raise NotFound
    return _reading(row)


def trace(tx: Transaction, viewer: Viewer, patient_id: str, before: str = "") -> Page[Reading]:
    """Who saw this file, for the patient alone. Raises NotFound."""
    require_own(viewer, patient_id)
    return readings(tx, patient_id, before)


def require_own(viewer: Viewer, patient_id: str) -> None:
    """That it is their own trace. Raises NotFound."""
    if viewer.id != patient_id or viewer.role != "patient":
        raise NotFound().about(Tried(patient_id, "patient", patient_id))


def _reading(row: Row) -> Reading:
    return Reading(**{**row.as_dict(), "emergency": bool(row["emergency"]), "by_proxy": bool(row["by_proxy"])})
