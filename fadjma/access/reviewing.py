"""Looking an emergency access over, contesting a line of the trace, answering: each is an act of outcomes.py."""

from collections.abc import Mapping

from fadjma import events
from fadjma.access import outcomes, queries, readings, reviews
from fadjma.access.outcomes import Act
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, NotFound, NotNow
from fadjma.store import Transaction


def begin(tx: Transaction, request_id: str, *, against: bool) -> None:
    """An emergency access was opened: an admin is to look at it."""
    tx.send(
        "INSERT INTO emergency_reviews (request_id, against, opened_at) VALUES (:id, :against, :now)",
        {"id": request_id, "against": int(against), "now": tx.now},
    )
    message = "access.emergency_against" if against else "access.emergency_review"
    events.notify(tx, directory.people(tx, "admin"), "notification", message, Subject("review", request_id))


def justify(tx: Transaction, viewer: Viewer, request_id: str, *, text: str) -> str:
    """An admin finds that it was an emergency; both sides are told, and read `text`."""
    return _decide(tx, viewer, request_id, outcomes.JUSTIFY, text)


def condemn(tx: Transaction, viewer: Viewer, request_id: str, *, text: str) -> str:
    """An admin finds that it was none; both sides are told, and read `text`."""
    return _decide(tx, viewer, request_id, outcomes.CONDEMN, text)


def question(tx: Transaction, viewer: Viewer, request_id: str, *, text: str) -> str:
    """An admin asks the doctor to explain; the patient is told that."""
    return _move(tx, viewer, request_id, outcomes.QUESTION, {"question": text, "reviewer_id": viewer.id})


def explain(tx: Transaction, viewer: Viewer, request_id: str, *, text: str) -> str:
    """The doctor explains their own emergency access to the admins."""
    return _move(tx, viewer, request_id, outcomes.EXPLAIN, {"explanation": text, "explained_at": tx.now})


def _decide(tx: Transaction, viewer: Viewer, request_id: str, act: Act, text: str) -> str:
    return _move(tx, viewer, request_id, act, {"text": text, "reviewer_id": viewer.id, "decided_at": tx.now})


def _move(tx: Transaction, viewer: Viewer, request_id: str, act: Act, columns: Mapping[str, str | int]) -> str:
    """Bring a review to the act's target; returns the request's id.

    Raises Forbidden, NotFound for another doctor or where there is no emergency, Conflict with the state it is in now.
    """
    queries.require(tx, viewer, act.by, request_id)
    found = tx.first(
        "SELECT v.status, a.patient_id, a.doctor_id FROM emergency_reviews v "
        "JOIN access_requests a ON a.id = v.request_id WHERE v.request_id = :id",
        {"id": request_id},
    )
    if found is None or (act.by == "doctor" and found["doctor_id"] != viewer.id):
        raise NotFound().about(queries.tried(tx, request_id))
    changes = "".join(f", {name} = :{name}" for name in columns)
    changed = found["status"] in act.sources and tx.execute(
        f"UPDATE emergency_reviews SET status = :target, version = version + 1{changes} "
        "WHERE request_id = :id AND status = :source",
        {**columns, "target": act.target, "id": request_id, "source": found["status"]},
    )
    if not changed:
        raise Conflict(act.too_late, current=found["status"])
    _tell(tx, viewer, request_id, act, patient_id=found["patient_id"], doctor_id=found["doctor_id"])
    return request_id


def _tell(tx: Transaction, viewer: Viewer, request_id: str, act: Act, *, patient_id: str, doctor_id: str) -> None:
    """The admins, on whose pages its review is; the patient and the doctor, on whose pages the access is."""
    events.record(
        tx,
        f"emergency.{act.target}",
        Subject("review", request_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        notices=[Notice(directory.people(tx, "admin"), "notification", act.told.get("admin"))],
    )
    request = Subject("access_request", request_id)
    told = act.told.get("patient")
    events.notify(tx, [patient_id], "access_request_status_changed", told, request, patient_id=patient_id)
    events.notify(tx, [doctor_id], "access_request_status_changed", act.told.get("doctor"), request)


def contest(tx: Transaction, viewer: Viewer, patient_id: str, line_id: str, *, text: str) -> str:
    """The patient says of a line of their trace that it is not normal; the admins are told. Returns the line's id.

    Raises NotFound for everybody else and for what is no line of it, Conflict the second time.
    """
    readings.own_line(tx, viewer, patient_id, line_id)
    is_new = tx.execute(
        "INSERT INTO contests (line_id, patient_id, text, created_at) VALUES (:id, :patient, :text, :now) "
        "ON CONFLICT (line_id) DO NOTHING",
        {"id": line_id, "patient": patient_id, "text": text, "now": tx.now},
    )
    if not is_new:
        current = reviews.contest(tx, viewer, line_id).status
        raise NotNow(N_("Vous avez déjà signalé cette ligne."), current=current)
    _tell_contest(tx, viewer, line_id, patient_id, "opened", admins="contest.opened", patient=None)
    return line_id


def answer(tx: Transaction, viewer: Viewer, line_id: str, *, text: str) -> str:
    """An admin answers the patient. Raises NotFound, Conflict the second time."""
    viewer.require("admin")
    found = reviews.contest(tx, viewer, line_id)
    changed = tx.execute(
        "UPDATE contests SET status = 'answered', answer = :text, answered_by = :who, answered_at = :now, "
        "version = version + 1 WHERE line_id = :id AND status = 'open'",
        {"text": text, "who": viewer.id, "now": tx.now, "id": line_id},
    )
    if not changed:
        raise Conflict(N_("Une réponse a déjà été donnée."), current=found.status)
    _tell_contest(tx, viewer, line_id, found.patient_id, "answered", admins=None, patient="contest.answered")
    return line_id


def _tell_contest(
    tx: Transaction,
    viewer: Viewer,
    line_id: str,
    patient_id: str,
    what: str,
    *,
    admins: str | None,
    patient: str | None,
) -> None:
    events.record(
        tx,
        f"contest.{what}",
        Subject("contest", line_id),
        actor_id=viewer.id,
        by_id=viewer.by_id,
        patient_id=patient_id,
        notices=[
            Notice(directory.people(tx, "admin"), "notification", admins),
            Notice([patient_id], "notification", patient),
        ],
    )
