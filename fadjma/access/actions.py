"""Asking for access, deciding, ending it: each is an act of states.py."""

from collections.abc import Callable, Mapping

from fadjma import events
from fadjma.access import desk, patient_lists, queries, reviewing, states, tracing
from fadjma.access.states import Act, Scope, Side
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory, patient_pins, patients
from fadjma.identity.people import Role, Viewer
from fadjma.ids import new_id
from fadjma.refusals import Conflict, Invalid, NotFound, NotNow, Tried
from fadjma.store import Answer, Duplicate, Page, Row, Transaction, listed, one_of

_ALL = 1_000  # what time has ended since the timekeeper's last minute is always less
_GRANTS = listed(states.GRANTS)
_WAITS = one_of(states.WITHDRAW.sources)
_opened: list[Callable[[Transaction, str], None]] = []


def follow_openings(follow: Callable[[Transaction, str], None]) -> None:
    """Hand in, once when the program starts, what other rooms do when a patient's file is opened to a doctor."""
    _opened.append(follow)


def finding(tx: Transaction, viewer: Viewer) -> Role:
    """As what somebody looks for patients: a doctor, a nurse, the front desk. Raises Forbidden for the others."""
    if viewer.role not in ("doctor", "nurse", "receptionist"):
        viewer.require("doctor")
    return viewer.role


def find(tx: Transaction, viewer: Viewer, q: str, before: str | None = None) -> Page[directory.Identity]:
    """Look a patient up: a doctor by identifier or phone number, the front desk by the name, too. It is traced."""
    if viewer.role == "receptionist":
        return _find_at_desk(tx, viewer, q, before)
    found = patient_lists.find_patients(tx, viewer, q, before)
    for patient in found:
        _trace_found(tx, viewer, patient.id)
    if not found:  # whatever page of it is asked for: no page that there is is empty
        events.record(tx, "patient.not_found", _patient(""), actor_id=viewer.id, outcome="refused")
    return found


def _find_at_desk(tx: Transaction, viewer: Viewer, q: str, before: str | None) -> Page[directory.Identity]:
    """Who is in the list is traced once a day: a desk looks all day long."""
    found = patients.search(tx, q, before)
    tracing.trace_listed(tx, viewer, [(_patient(patient.id), patient.id) for patient in found])
    return found


def browse_delegated(
    tx: Transaction, viewer: Viewer, before: str | None = None, q: str = ""
) -> Page[queries.AccessRequest]:
    """The files that are open to the doctors of a nurse's clinic, or those of them of which `q` is true.

    The list names their patients, and is traced.
    """
    found = patient_lists.patients_of(tx, viewer, before, q)
    if viewer.role == "nurse":
        tracing.trace_listed(tx, viewer, [(_patient(item.patient_id), item.patient_id) for item in found])
    return found


def meet(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool = False) -> directory.Identity:
    """Who a patient is whose id a doctor has, to ask them for access; traced as a look-up is. Raises NotFound.

    `again` as in tracing.trace.
    """
    _require(viewer, states.ASK, patient_id)
    found = directory.identity(tx, patient_id)
    _trace_found(tx, viewer, patient_id, again=again)
    return found


def _trace_found(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool = False) -> None:
    tracing.trace(tx, viewer, patient_id, "patient.found", _patient(patient_id), again=again)


def ask(
    tx: Transaction,
    viewer: Viewer,
    *,
    patient_id: str,
    reason: str,
    scope: Scope | None = None,
    duration: str | None = None,
) -> str:
    """A doctor asks a patient for access, proposing a scope and a duration (of states.DURATIONS); returns its id.

    Raises Conflict when one is pending, when one runs that is as wide and as long, or one was rejected less than 24 h
    ago.
    """
    _require(viewer, states.ASK, patient_id)
    is_patient = directory.ask_is_active(tx, patient_id, "patient")
    before = _ask_former(tx, viewer.id, patient_id)
    if not is_patient():
        raise NotFound
    _refuse_repetition(tx, before(), scope, duration)
    request_id = new_id()
    try:
        tx.send(  # what its constraint refuses is known at the latest once somebody is told
            "INSERT INTO access_requests "
            "(id, patient_id, doctor_id, status, reason, proposed_scope, proposed_duration, created_at, lapses_at) "
            "VALUES (:id, :patient, :doctor, :status, :reason, :scope, :duration, :now, :lapses_at)",
            {
                "id": request_id,
                "status": states.ASK.target,
                "patient": patient_id,
                "doctor": viewer.id,
                "reason": reason,
                "scope": scope,
                "duration": duration,
                "now": tx.now,
                "lapses_at": tx.now + states.LAPSES_AFTER,
            },
        )
        events.record(
            tx,
            "access_request.created",
            Subject("access_request", request_id),
            actor_id=viewer.id,
            patient_id=patient_id,
            notices=[Notice([patient_id], "new_access_request", states.ASK.told["patient"])],
            is_new=True,
        )
    except Duplicate as error:
        if error.constraint != "access_requests_one_pending":
            raise
        raise NotNow(N_("Vous avez déjà une demande en attente pour ce dossier."), current="pending") from error
    return request_id


def open_emergency(tx: Transaction, viewer: Viewer, *, patient_id: str, reason: str, code: str) -> str:
    """A doctor opens a file without asking, for 3 h: the patient is told at once, and so are the admins.

    The route has had the password entered again. `code` is one of states.EMERGENCIES. After the patient has refused or
    ended this doctor's access, it needs more of a reason, and the admins are told that; it never has to wait, for it
    may be life. Raises Conflict when one is open already, Invalid when it is not explained.
    """
    _require(viewer, states.OPEN_EMERGENCY, patient_id)
    _require_patient(tx, patient_id)
    if tx.value(
        "SELECT 1 FROM access_requests WHERE patient_id = :patient AND doctor_id = :doctor "
        "AND status = 'emergency' AND expires_at > :now",
        {"patient": patient_id, "doctor": viewer.id, "now": tx.now},
    ):
        raise NotNow(N_("Un accès d'urgence à ce dossier vous est déjà ouvert."), current="emergency")
    against = _is_against(tx, viewer.id, patient_id)
    if against and len(reason) < states.AGAINST_REASON:
        raise Invalid(
            {"reason": N_("Le patient a refusé ou arrêté votre accès : expliquez l'urgence en 30 caractères au moins.")}
        )
    request_id = new_id()
    tx.send(
        "INSERT INTO access_requests "
        "(id, patient_id, doctor_id, status, reason, scope, emergency_code, created_at, lapses_at, expires_at) "
        "VALUES (:id, :patient, :doctor, :status, :reason, 'full', :code, :now, :now, :expires_at)",
        {
            "id": request_id,
            "status": states.OPEN_EMERGENCY.target,
            "patient": patient_id,
            "doctor": viewer.id,
            "reason": reason,
            "code": code,
            "now": tx.now,
            "expires_at": tx.now + states.EMERGENCY_FOR,
        },
    )
    events.record(
        tx,
        "access_request.emergency",
        Subject("access_request", request_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        notices=[Notice([patient_id], "access_request_status_changed", states.OPEN_EMERGENCY.told["patient"])],
        code=code,
        against="yes" if against else None,
    )
    reviewing.begin(tx, request_id, against=against)
    _follow_opened(tx, patient_id)
    return request_id


def _follow_opened(tx: Transaction, patient_id: str) -> None:
    for follow in _opened:
        follow(tx, patient_id)


def _is_against(tx: Transaction, doctor_id: str, patient_id: str) -> bool:
    """Whether the patient has lately refused this doctor, or ended what was open to them."""
    found = tx.value(
        "SELECT 1 FROM access_requests WHERE patient_id = :patient AND doctor_id = :doctor "
        "AND status IN ('rejected', 'revoked') AND coalesce(ended_at, decided_at) > :since LIMIT 1",
        {"patient": patient_id, "doctor": doctor_id, "since": tx.now - states.AGAINST_FOR},
    )
    return found is not None


def allow(tx: Transaction, viewer: Viewer, request_id: str, *, scope: Scope, duration: int) -> str:
    """The patient opens the file, or widens, prolongs or narrows an access that runs."""
    queries.require(tx, viewer, "patient", request_id)
    runs = queries.standing(tx, viewer, request_id).status in states.CHANGE.sources
    return (change if runs else approve)(tx, viewer, request_id, scope=scope, duration=duration)


def approve(tx: Transaction, viewer: Viewer, request_id: str, *, scope: Scope, duration: int) -> str:
    """The patient opens the file: to what (`scope`) and for how long (`duration`, in milliseconds).

    An access that runs for the same doctor is replaced by it.
    """
    return _move(tx, viewer, request_id, states.APPROVE, _terms(tx, scope, duration), before=_replace_running)


def change(tx: Transaction, viewer: Viewer, request_id: str, *, scope: Scope, duration: int) -> str:
    """The patient gives a running access another scope, and another duration from now on (in milliseconds)."""
    return _move(tx, viewer, request_id, states.CHANGE, _terms(tx, scope, duration))


def try_pin(tx: Transaction, viewer: Viewer, request_id: str, *, pin: str, key: bytes) -> dict[str, int | bool]:
    """Check a patient's PIN on the doctor's screen and count a wrong one, in a transaction of its own so that the count
    is kept.

    Returns {"right": bool, "left": how many tries are left}.
    """
    queries.require(tx, viewer, "doctor", request_id)
    request = queries.standing(tx, viewer, request_id)
    known = patient_pins.of(tx, request.patient_id)
    if known is None or known.locked or known.is_it(key, pin) or request.status not in states.APPROVE_IN_PERSON.sources:
        return {"right": True, "left": 0}  # nothing to guess, or no longer: the act itself answers
    left = patient_pins.count_wrong(tx, request.patient_id)
    events.record(
        tx,
        "pin.wrong",
        Subject("access_request", request_id),
        actor_id=viewer.id,
        patient_id=request.patient_id,
        outcome="refused",
        notices=[] if left else [Notice([request.patient_id], "notification", "pin.locked")],
    )
    return {"right": False, "left": left}


def approve_in_person(
    tx: Transaction, viewer: Viewer, request_id: str, *, pin: str, key: bytes, scope: Scope, duration: int
) -> str:
    """The patient opens the file on the doctor's own screen, with their PIN. Raises Invalid when it is not theirs."""

    def accept(tx: Transaction, request: queries.Standing) -> None:
        patient_pins.accept(tx, request.patient_id, pin, key)
        _replace_running(tx, request)

    terms = {**_terms(tx, scope, duration), "in_person": "pin"}
    return _move(tx, viewer, request_id, states.APPROVE_IN_PERSON, terms, before=accept)


def witness(tx: Transaction, viewer: Viewer, patient_id: str, request_id: str, *, scope: Scope, document: str) -> str:
    """The front desk attests in its own session that the patient, who stands there and has no PIN, opens the file to a
    doctor of the same clinic: for 24 h. `document`: by what it knows who stands there. Returns the patient's id.

    Raises Forbidden, NotFound, Conflict.
    """
    viewer.require("receptionist", Tried(patient_id, "identity", patient_id))
    request = desk.to_witness(tx, viewer, patient_id, request_id)
    if patient_pins.state(tx, patient_id) != "none":
        raise NotNow(N_("Ce patient a un code PIN : c'est avec lui qu'il autorise."), current=request.status)
    _replace_running(tx, request)
    terms = {
        **_terms(tx, scope, states.WITNESSED_FOR),
        "in_person": "witness",
        "witness_id": viewer.id,
        "witnessed_document": document,
    }
    if not _write(tx, request, states.WITNESS, terms):
        raise Conflict(states.WITNESS.too_late, current=request.status)
    people: dict[Side, str] = {"patient": request.patient_id, "doctor": request.doctor_id}
    _tell(tx, request_id, states.WITNESS, people, actor_id=viewer.id)
    return patient_id


def _terms(tx: Transaction, scope: Scope, duration: int) -> dict[str, str | int | None]:
    return {"scope": scope, "expires_at": tx.now + duration, "decided_at": tx.now}


def _replace_running(tx: Transaction, request: queries.Standing) -> None:
    """What runs between the same two people ends, for the other begins: of a pair there is one."""
    expire(tx, _ALL)  # what time has ended was not replaced
    rows = tx.all(
        "UPDATE access_requests SET status = :target, ended_at = :now, version = version + 1 "
        "WHERE doctor_id = :doctor AND patient_id = :patient AND status = 'approved' RETURNING id",
        {
            "target": states.REPLACE.target,
            "now": tx.now,
            "doctor": request.doctor_id,
            "patient": request.patient_id,
        },
    )
    people: dict[Side, str] = {"patient": request.patient_id, "doctor": request.doctor_id}
    for row in rows:
        _tell(tx, row["id"], states.REPLACE, people, actor_id=None)


def reject(tx: Transaction, viewer: Viewer, request_id: str, *, reason: str | None = None) -> str:
    """The patient says no; the doctor may ask again after 24 h."""
    return _move(tx, viewer, request_id, states.REJECT, {"decision_reason": reason, "decided_at": tx.now})


def revoke(tx: Transaction, viewer: Viewer, request_id: str, *, reason: str | None = None) -> str:
    """The patient closes the file again; the doctor's open pages lose it at once."""
    return _move(tx, viewer, request_id, states.REVOKE, {"decision_reason": reason, "ended_at": tx.now})


def withdraw(tx: Transaction, viewer: Viewer, request_id: str) -> str:
    """The doctor takes a pending request back."""
    return _move(tx, viewer, request_id, states.WITHDRAW, {"ended_at": tx.now})


def withdraw_all(tx: Transaction, doctor_id: str) -> None:
    """A doctor's account is closed: nobody reads an answer, and a yes would open the file to them if they come back."""
    rows = tx.all(
        "UPDATE access_requests SET status = :target, ended_at = :now, version = version + 1 "
        f"WHERE doctor_id = :doctor AND status {_WAITS} AND lapses_at > :now "
        "RETURNING id, patient_id",
        {"target": states.WITHDRAW.target, "now": tx.now, "doctor": doctor_id},
    )
    for row in rows:
        _tell(tx, row["id"], states.WITHDRAW, {"patient": row["patient_id"], "doctor": doctor_id}, actor_id=None)


def lapse(tx: Transaction, limit: int) -> int:
    """Time: write down the pending requests that got no answer, and tell the doctors; returns how many."""
    return _end_by_time(tx, states.LAPSE, "lapses_at", limit)


def expire(tx: Transaction, limit: int) -> int:
    """Time: write down the grants that have run out, and tell both sides; returns how many."""
    return _end_by_time(tx, states.EXPIRE, "expires_at", limit)


def next_end(tx: Transaction) -> int | None:
    """When the next grant runs out, in milliseconds UTC."""
    end: int | None = tx.value(f"SELECT min(expires_at) FROM access_requests WHERE status IN {_GRANTS}")
    return end


def _require(viewer: Viewer, act: Act, patient_id: str) -> None:
    assert act.by != "time"
    viewer.require(act.by, Tried(patient_id, "patient", patient_id))


def _ask_former(tx: Transaction, doctor_id: str, patient_id: str) -> Answer:
    """What this doctor has asked of this patient before, and is not over for good."""
    return tx.ask(
        "SELECT status, scope, decided_at, lapses_at, expires_at FROM access_requests "
        # By the patient's index alone: a patient is asked a few times, and a doctor may have asked thousands.
        "WHERE patient_id = :patient AND doctor_id || '' = :doctor "
        "AND status || '' IN ('pending', 'approved', 'rejected')",
        {"doctor": doctor_id, "patient": patient_id},
    )


def _refuse_repetition(tx: Transaction, rows: list[Row], scope: Scope | None, duration: str | None) -> None:
    ends = {"pending": "lapses_at", "approved": "expires_at"}
    over = [row for row in rows if row["status"] in ends and row[ends[row["status"]]] <= tx.now]
    if over:  # write down what time has ended: the unique indexes must speak of now
        lapse(tx, _ALL)
        expire(tx, _ALL)
    if any(row["status"] == "approved" and row not in over and not _is_more(tx, row, scope, duration) for row in rows):
        raise NotNow(N_("Vous avez déjà cet accès à ce dossier."), current="approved")
    for row in rows:
        if row["status"] == "rejected" and row["decided_at"] > tx.now - states.ASK_AGAIN_AFTER:
            raise NotNow(
                N_("L'accès a été refusé il y a moins de 24 heures : attendez avant de redemander."),
                current="rejected",
            )


def _is_more(tx: Transaction, running: Row, scope: Scope | None, duration: str | None) -> bool:
    """Whether a doctor asks for more than what runs: a wider scope, or for longer."""
    wider = scope is not None and states.WIDTH[scope] > states.WIDTH[running["scope"]]
    return wider or (duration is not None and tx.now + states.DURATIONS[duration][1] > running["expires_at"])


def _move(
    tx: Transaction,
    viewer: Viewer,
    request_id: str,
    act: Act,
    columns: Mapping[str, str | int | None],
    before: Callable[[Transaction, queries.Standing], None] | None = None,
) -> str:
    """Bring one's own request to the act's target, with what else is to be written down; returns its id.

    `before` is done first, where the request is in a state to be moved.

    Raises Forbidden, NotFound for whoever is not party, or Conflict with the state it is in now.
    """
    assert act.by != "time"
    queries.require(tx, viewer, act.by, request_id)
    request = queries.standing(tx, viewer, request_id)
    if request.status not in act.sources:
        raise Conflict(act.too_late, current=request.status)
    if before:
        before(tx, request)
    decided = {"by_id": viewer.by_id} if act.by == "patient" else {}
    if not _write(tx, request, act, {**columns, **decided}):
        raise Conflict(act.too_late, current=request.status)
    people: dict[Side, str] = {"patient": request.patient_id, "doctor": request.doctor_id}
    _tell(tx, request_id, act, people, actor_id=viewer.id, by_id=viewer.by_id)
    return request_id


def _write(tx: Transaction, request: queries.Standing, act: Act, columns: Mapping[str, str | int | None]) -> int:
    """How many rows changed: none when it is not in that state any more."""
    changes = "".join(f", {name} = :{name}" for name in columns)
    return tx.execute(
        f"UPDATE access_requests SET status = :target, version = version + 1{changes} "
        "WHERE id = :id AND status = :source",
        {**columns, "target": act.target, "id": request.id, "source": request.status},
    )


def _end_by_time(tx: Transaction, act: Act, end: str, limit: int) -> int:
    """Write down what was over at the time in the column `end`, and tell; returns how many."""
    rows = tx.all(
        f"UPDATE access_requests SET status = :target, ended_at = {end}, version = version + 1 WHERE id IN "
        f"(SELECT id FROM access_requests WHERE status {one_of(act.sources)} AND {end} <= :now LIMIT :limit) "
        "RETURNING id, patient_id, doctor_id",
        {"target": act.target, "now": tx.now, "limit": limit},
    )
    for row in rows:
        _tell(tx, row["id"], act, {"patient": row["patient_id"], "doctor": row["doctor_id"]}, actor_id=None)
    return len(rows)


def _tell(
    tx: Transaction,
    request_id: str,
    act: Act,
    people: Mapping[Side, str],
    *,
    actor_id: str | None,
    by_id: str | None = None,
) -> None:
    # Their open files follow; the request itself is not theirs.
    ask_nurses = directory.ask_beside(tx, [people["doctor"]], "nurse")
    events.record(
        tx,
        act.action,
        Subject("access_request", request_id),
        actor_id=actor_id,
        by_id=by_id,
        patient_id=people["patient"],
        notices=[
            Notice([person], "access_request_status_changed", act.told.get(side)) for side, person in people.items()
        ],
    )
    events.notify(tx, ask_nurses(), "access_request_status_changed", None, _patient(people["patient"]))
    if act.target in states.GRANTS:
        _follow_opened(tx, people["patient"])


def _require_patient(tx: Transaction, patient_id: str) -> None:
    if not directory.is_active(tx, patient_id, "patient"):
        raise NotFound


def _patient(patient_id: str) -> Subject:
    return Subject("patient", patient_id)
