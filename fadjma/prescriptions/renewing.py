"""Asking that a prescription be renewed, and answering: by its patient, its prescriber, and time."""

from collections.abc import Sequence

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import queries as medicines
from fadjma.prescriptions import queries, renewals
from fadjma.prescriptions.prescription import Standing
from fadjma.prescriptions.renewals import Act
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, NotNow
from fadjma.store import Duplicate, Transaction

_ANSWERED = N_("Cette demande de renouvellement n'attend plus de réponse.")
_OTHERS = N_("Seul le médecin qui a écrit cette ordonnance peut répondre.")


def ask(tx: Transaction, viewer: Viewer, prescription_id: str, *, note: str = "") -> str:
    """The patient asks the prescriber, once at a time. Raises NotNow with why it is not possible."""
    queries.require(tx, viewer, "patient", prescription_id)
    found = queries.standing(tx, viewer, prescription_id)
    why_not = renewals.why_not(tx, found, renewals.lines_of(tx, found.id))
    if why_not:
        raise NotNow(why_not, current=found.status)
    _lapse(tx, found.id)
    try:
        tx.execute(
            "INSERT INTO renewals "
            "(id, prescription_id, prescriber_id, status, note, by_id, asked_at, lapses_at, reason) "
            "VALUES (:id, :prescription, :prescriber, :status, :note, :by, :now, :lapses, '')",
            {
                "id": new_id(),
                "prescription": found.id,
                "prescriber": found.prescriber_id,
                "status": renewals.ASK.target,
                "note": note,
                "by": viewer.by_id,
                "now": tx.now,
                "lapses": tx.now + renewals.LAPSES_AFTER,
            },
        )
    except Duplicate as error:
        if error.constraint != "renewals_one_pending":
            raise
        raise NotNow(renewals.ALREADY, current=found.status) from None
    _tell(tx, found, renewals.ASK, "renewal_asked", viewer)
    return found.id


def withdraw(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """The patient asks no more."""
    queries.require(tx, viewer, "patient", prescription_id)
    found = queries.standing(tx, viewer, prescription_id)
    _end(tx, found, renewals.WITHDRAW)
    _tell(tx, found, renewals.WITHDRAW, "renewal_withdrawn", viewer)
    return found.id


def decline(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """The prescriber does not renew it, and says why; also when the file is not open to them any more."""
    found = _of_prescriber(tx, viewer, prescription_id)
    _end(tx, found, renewals.DECLINE, reason=reason)
    _tell(tx, found, renewals.DECLINE, "renewal_declined", viewer)
    return found.id


def require(
    tx: Transaction, viewer: Viewer, patient_id: str, prescription_id: str, medicine_ids: Sequence[str]
) -> None:
    """That the prescriber may renew it with these medicines for this patient: it was asked for, and of its lines they
    are those that may be renewed; what is new beside them is prescribed, not renewed, but never a narcotic.

    Raises NotFound, Forbidden, Conflict, and Invalid for the lines.
    """
    found = _of_prescriber(tx, viewer, prescription_id)
    if found.patient_id != patient_id:
        raise NotFound
    if not renewals.pending(tx, found.id):
        raise Conflict(_ANSWERED, current=found.status)
    lines = renewals.lines_of(tx, found.id)
    may = {one.line.dci for one in lines if not one.why_not}
    left_out = {one.line.dci: one.why_not for one in lines if one.line.dci not in may}
    schedules, errors = renewals.schedules(tx, medicine_ids), {}
    for index, medicine_id in enumerate(medicine_ids):
        narcotic = schedules[medicine_id] == "narcotic"
        why_not = renewals.NARCOTIC if narcotic else left_out.get(medicines.medicine(tx, medicine_id).dci)
        if why_not:
            errors[f"lines-{index}-medicine"] = why_not
    if errors:
        raise Invalid(errors)


def accept(tx: Transaction, viewer: Viewer, prescription_id: str, renewed_id: str) -> None:
    """What was signed is the answer: `require` was asked. The patient is told of the new one."""
    found = queries.standing(tx, viewer, prescription_id)
    _end(tx, found, renewals.RENEW, renewed_id=renewed_id)
    _tell(tx, found, renewals.RENEW, "renewed", viewer, silently=True)


def close(tx: Transaction, prescription_id: str) -> None:
    """It was cancelled, entered in error, or all that was handed over is undone: what was asked waits no more."""
    sql = "UPDATE renewals SET status = 'lapsed', ended_at = :now WHERE prescription_id = :id AND status = 'pending'"
    tx.send(sql, {"id": prescription_id, "now": tx.now})


def lapse(tx: Transaction, limit: int) -> int:
    """Time: write down what got no answer, and tell; returns how many."""
    rows = tx.all(
        "SELECT prescription_id FROM renewals WHERE status = 'pending' AND lapses_at <= :now LIMIT :limit",
        {"now": tx.now, "limit": limit},
    )
    for row in rows:
        _lapse(tx, row["prescription_id"])
    return len(rows)


def _lapse(tx: Transaction, prescription_id: str) -> None:
    """That of this one, if it has got no answer in time; both sides' pages follow."""
    row = tx.first(
        "UPDATE renewals SET status = 'lapsed', ended_at = lapses_at "
        "WHERE prescription_id = :id AND status = 'pending' AND lapses_at <= :now RETURNING prescriber_id",
        {"id": prescription_id, "now": tx.now},
    )
    if row:
        patient_id = tx.value("SELECT patient_id FROM prescriptions WHERE id = :id", {"id": prescription_id})
        _record(tx, prescription_id, patient_id, "renewal_lapsed", {patient_id: renewals.LAPSE.told, row[0]: None})


def _of_prescriber(tx: Transaction, viewer: Viewer, prescription_id: str) -> Standing:
    queries.require(tx, viewer, "doctor", prescription_id)
    found = queries.standing(tx, viewer, prescription_id)
    if found.prescriber_id != viewer.id:
        raise Forbidden(_OTHERS).about(queries.tried(tx, prescription_id))
    return found


def _end(tx: Transaction, found: Standing, act: Act, *, reason: str = "", renewed_id: str | None = None) -> None:
    """One guarded UPDATE: whoever comes second changes nothing. Raises Conflict."""
    changed = tx.execute(
        "UPDATE renewals SET status = :target, ended_at = :now, reason = :reason, renewed_id = :renewed "
        "WHERE prescription_id = :id AND status = 'pending' AND lapses_at > :now",
        {"target": act.target, "now": tx.now, "reason": reason, "renewed": renewed_id, "id": found.id},
    )
    if not changed:
        raise Conflict(_ANSWERED, current=found.status)


def _tell(tx: Transaction, found: Standing, act: Act, what: str, viewer: Viewer, *, silently: bool = False) -> None:
    other = found.prescriber_id if act.by == "patient" else found.patient_id
    told = {other: None if silently else act.told}
    _record(tx, found.id, found.patient_id, what, told, actor_id=viewer.id, by_id=viewer.by_id)


def _record(
    tx: Transaction,
    prescription_id: str,
    patient_id: str,
    what: str,
    told: dict[str, str | None],
    *,
    actor_id: str | None = None,
    by_id: str | None = None,
) -> None:
    events.record(
        tx,
        f"prescription.{what}",
        Subject("prescription", prescription_id),
        actor_id=actor_id,
        by_id=by_id,
        patient_id=patient_id,
        notices=[Notice([person], "prescription_status_changed", message) for person, message in told.items()],
    )
