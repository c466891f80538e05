"""The state machine of an access request (docs/clinic.md): who may do what, in which state.

The patient decides scope and duration; the doctor only proposes. Nothing is ever deleted.
"""

import sqlite3

from fadjma import events
from fadjma.access import queries
from fadjma.access.queries import Scope
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.refusals import Conflict, NotFound, NotNow
from fadjma.store import Transaction

_HOUR = 3_600_000
_ALL = 1_000  # what time has ended since the timekeeper's last minute is always less
LAPSES_AFTER = 72 * _HOUR
EMERGENCY_FOR = 3 * _HOUR
ASK_AGAIN_AFTER = 24 * _HOUR


def find(tx: Transaction, viewer: Viewer, q: str) -> list[directory.Identity]:
    """Look a patient up by identifier or phone number; every look-up is traced."""
    found = queries.find_patients(tx, viewer, q)
    for patient in found:
        events.record(tx, "patient.found", _patient(patient.id), actor_id=viewer.id, patient_id=patient.id)
    if not found:
        events.record(tx, "patient.not_found", _patient(""), actor_id=viewer.id, outcome="refused")
    return found


def ask(tx: Transaction, viewer: Viewer, *, patient_id: str, reason: str, scope: Scope | None = None) -> str:
    """A doctor asks a patient for access; returns the request's id.

    Raises Conflict when one is pending or granted already, or was rejected less than 24 h ago.
    """
    viewer.require("doctor")
    _require_patient(tx, patient_id)
    _refuse_repetition(tx, viewer.id, patient_id)
    request_id = new_id()
    try:
        tx.execute(
            "INSERT INTO access_requests "
            "(id, patient_id, doctor_id, status, reason, proposed_scope, created_at, lapses_at) "
            "VALUES (:id, :patient, :doctor, 'pending', :reason, :scope, :now, :lapses_at)",
            {
                "id": request_id,
                "patient": patient_id,
                "doctor": viewer.id,
                "reason": reason,
                "scope": scope,
                "now": tx.now,
                "lapses_at": tx.now + LAPSES_AFTER,
            },
        )
    except sqlite3.IntegrityError as error:
        raise NotNow(N_("Vous avez déjà une demande en attente pour ce patient."), current="pending") from error
    events.record(
        tx,
        "access_request.created",
        Subject("access_request", request_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        notices=[Notice([patient_id], "new_access_request", "access.requested")],
    )
    return request_id


def open_emergency(tx: Transaction, viewer: Viewer, *, patient_id: str, reason: str, code: str) -> str:
    """A doctor opens a file without asking, for 3 h: the patient is told at once, and so are the admins.

    The route has had the password entered again. `code` is one of queries.EMERGENCIES. Raises Conflict when one is
    open already.
    """
    viewer.require("doctor")
    _require_patient(tx, patient_id)
    if tx.value(
        "SELECT 1 FROM access_requests WHERE patient_id = :patient AND doctor_id = :doctor "
        "AND status = 'emergency' AND expires_at > :now",
        {"patient": patient_id, "doctor": viewer.id, "now": tx.now},
    ):
        raise NotNow(N_("Un accès d'urgence à ce dossier vous est déjà ouvert."), current="emergency")
    request_id = new_id()
    tx.execute(
        "INSERT INTO access_requests "
        "(id, patient_id, doctor_id, status, reason, scope, emergency_code, created_at, lapses_at, expires_at) "
        "VALUES (:id, :patient, :doctor, 'emergency', :reason, 'full', :code, :now, :now, :expires_at)",
        {
            "id": request_id,
            "patient": patient_id,
            "doctor": viewer.id,
            "reason": reason,
            "code": code,
            "now": tx.now,
            "expires_at": tx.now + EMERGENCY_FOR,
        },
    )
    events.record(
        tx,
        "access_request.emergency",
        Subject("access_request", request_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        notices=[Notice([patient_id], "access_request_status_changed", "access.emergency")],
        code=code,
    )
    admins = directory.people(tx, "admin")
    events.notify(tx, admins, "notification", "access.emergency_review", Subject("account", viewer.id))
    return request_id


def approve(tx: Transaction, viewer: Viewer, request_id: str, *, scope: Scope, duration: int) -> str:
    """The patient opens the file: to what (`scope`) and for how long (`duration`, in milliseconds)."""
    viewer.require("patient")
    changed = tx.execute(
        "UPDATE access_requests SET status = 'approved', scope = :scope, expires_at = :expires_at, "
        "decided_at = :now, version = version + 1 "
        "WHERE id = :id AND patient_id = :viewer AND status = 'pending' AND lapses_at > :now",
        {
            "scope": scope,
            "expires_at": tx.now + duration,
            "now": tx.now,
            "id": request_id,
            "viewer": viewer.id,
        },
    )
    return _decided(tx, viewer, request_id, changed, "approved")


def reject(tx: Transaction, viewer: Viewer, request_id: str, *, reason: str | None = None) -> str:
    """The patient says no; the doctor may ask again after 24 h."""
    viewer.require("patient")
    changed = tx.execute(
        "UPDATE access_requests SET status = 'rejected', decision_reason = :reason, decided_at = :now, "
        "version = version + 1 "
        "WHERE id = :id AND patient_id = :viewer AND status = 'pending' AND lapses_at > :now",
        {"reason": reason, "now": tx.now, "id": request_id, "viewer": viewer.id},
    )
    return _decided(tx, viewer, request_id, changed, "rejected")


def revoke(tx: Transaction, viewer: Viewer, request_id: str, *, reason: str | None = None) -> str:
    """The patient closes the file again; the doctor's open pages lose it at once."""
    viewer.require("patient")
    changed = tx.execute(
        "UPDATE access_requests SET status = 'revoked', decision_reason = :reason, ended_at = :now, "
        "version = version + 1 "
        "WHERE id = :id AND patient_id = :viewer AND status IN ('approved', 'emergency') AND expires_at > :now",
        {"reason": reason, "now": tx.now, "id": request_id, "viewer": viewer.id},
    )
    return _decided(tx, viewer, request_id, changed, "revoked")


def withdraw(tx: Transaction, viewer: Viewer, request_id: str) -> str:
    """The doctor takes a pending request back."""
    viewer.require("doctor")
    changed = tx.execute(
        "UPDATE access_requests SET status = 'withdrawn', ended_at = :now, version = version + 1 "
        "WHERE id = :id AND doctor_id = :viewer AND status = 'pending' AND lapses_at > :now",
        {"now": tx.now, "id": request_id, "viewer": viewer.id},
    )
    return _decided(tx, viewer, request_id, changed, "withdrawn")


def lapse(tx: Transaction, limit: int) -> int:
    """Time: write down the pending requests that got no answer, and tell the doctors; returns how many."""
    rows = tx.all(
        "UPDATE access_requests SET status = 'lapsed', ended_at = :now, version = version + 1 WHERE id IN "
        "(SELECT id FROM access_requests WHERE status = 'pending' AND lapses_at <= :now LIMIT :limit) "
        "RETURNING id, patient_id, doctor_id",
        {"now": tx.now, "limit": limit},
    )
    for row in rows:
        _tell_of_time(
            tx, row["id"], row["patient_id"], "lapsed", {row["doctor_id"]: "access.lapsed", row["patient_id"]: None}
        )
    return len(rows)


def expire(tx: Transaction, limit: int) -> int:
    """Time: write down the grants that have run out, and tell both sides; returns how many."""
    rows = tx.all(
        "UPDATE access_requests SET status = 'expired', ended_at = expires_at, version = version + 1 WHERE id IN "
        "(SELECT id FROM access_requests WHERE status IN ('approved', 'emergency') AND expires_at <= :now "
        "LIMIT :limit) "
        "RETURNING id, patient_id, doctor_id",
        {"now": tx.now, "limit": limit},
    )
    for row in rows:
        both: dict[str, str | None] = {row["doctor_id"]: "access.expired", row["patient_id"]: "access.expired"}
        _tell_of_time(tx, row["id"], row["patient_id"], "expired", both)
    return len(rows)


def next_end(tx: Transaction) -> int | None:
    """When the next grant runs out, in milliseconds UTC."""
    end: int | None = tx.value("SELECT min(expires_at) FROM access_requests WHERE status IN ('approved', 'emergency')")
    return end


def _tell_of_time(
    tx: Transaction, request_id: str, patient_id: str, status: str, messages: dict[str, str | None]
) -> None:
    events.record(
        tx,
        f"access_request.{status}",
        Subject("access_request", request_id),
        actor_id=None,
        patient_id=patient_id,
        notices=[Notice([person], "access_request_status_changed", message) for person, message in messages.items()],
    )


def _refuse_repetition(tx: Transaction, doctor_id: str, patient_id: str) -> None:
    rows = tx.all(
        "SELECT status, decided_at, lapses_at, expires_at FROM access_requests "
        "WHERE doctor_id = :doctor AND patient_id = :patient AND status IN ('pending', 'approved', 'rejected')",
        {"doctor": doctor_id, "patient": patient_id},
    )
    ends = {"pending": "lapses_at", "approved": "expires_at"}
    over = [row for row in rows if row["status"] in ends and row[ends[row["status"]]] <= tx.now]
    if over:  # write down what time has ended: the unique indexes must speak of now
        lapse(tx, _ALL)
        expire(tx, _ALL)
    for row in rows:
        if row["status"] == "approved" and row not in over:
            raise NotNow(N_("Vous avez déjà accès au dossier de ce patient."), current="approved")
        if row["status"] == "rejected" and row["decided_at"] > tx.now - ASK_AGAIN_AFTER:
            raise NotNow(
                N_("L'accès a été refusé il y a moins de 24 heures : attendez avant de redemander."),
                current="rejected",
            )


def _decided(tx: Transaction, viewer: Viewer, request_id: str, changed: int, status: str) -> str:
    """Tell the other side; or, when no row changed, say what the request is now (404 for whoever is not party)."""
    request = queries.access_request(tx, viewer, request_id)
    if not changed:
        raise Conflict(N_("Cette demande a changé entre-temps : rien n'a été modifié."), current=request.status)
    other = request.doctor_id if viewer.id == request.patient_id else request.patient_id
    events.record(
        tx,
        f"access_request.{status}",
        Subject("access_request", request_id),
        actor_id=viewer.id,
        patient_id=request.patient_id,
        notices=[Notice([other], "access_request_status_changed", f"access.{status}")],
    )
    return request_id


def _require_patient(tx: Transaction, patient_id: str) -> None:
    if not tx.value(
        "SELECT 1 FROM users WHERE id = :id AND role = 'patient' AND status = 'active'", {"id": patient_id}
    ):
        raise NotFound


def _patient(patient_id: str) -> Subject:
    return Subject("patient", patient_id)
