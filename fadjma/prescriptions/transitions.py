"""How a prescription changes state: one guarded UPDATE, one act, and everybody concerned told, in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from fadjma import events
from fadjma.access import grants
from fadjma.events import Everybody, Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import actions as inventory
from fadjma.prescriptions import queries, states
from fadjma.prescriptions.prescription import Standing
from fadjma.prescriptions.states import Act, Side, Status
from fadjma.refusals import Conflict, Forbidden
from fadjma.store import Transaction


def move(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    act: Act,
    *,
    reason: str = "",
    before: Callable[[Standing], None] | None = None,
    also_told: Mapping[Side, str] = MappingProxyType({}),
    version: int | None = None,
) -> str:
    """Bring a prescription that the viewer may see to the act's target; returns its id.

    `before` does what must happen with it and is not in the table; `also_told` is said beside what the table says.
    Raises what `begin` raises.
    """
    assert act.target
    found = begin(tx, viewer, prescription_id, act, version=version)
    if before:
        before(found)
    if act.stock == "give back":
        inventory.release(tx, found.id)
    before_it = after_it = concerned(tx, found)
    pharmacy_id = {"take": viewer.organization_id, "give back": None, "stays": found.pharmacy_id}[act.claim]
    if act.claim != "stays":
        after_it = before_it.moved(tx, pharmacy_id)
    write(tx, prescription_id, viewer.id, found.status, act.target, reason, pharmacy_id, by_id=viewer.by_id)
    if act.claim == "give back":  # to whom it was addressed, has had it: now it is open to any
        tx.send(
            "UPDATE prescriptions SET addressed_to = NULL, awaited_at = NULL WHERE id = :id", {"id": prescription_id}
        )
        tx.send(  # what this pharmacy has answered is not the answer of the next one
            "UPDATE delivery_requests SET status = 'asked', answered_at = NULL, answered_by = NULL, reason = '' "
            "WHERE prescription_id = :id AND status <> 'withdrawn'",
            {"id": prescription_id},
        )
    tell(
        tx,
        replace(after_it, status=act.target),
        act.event or act.target,
        actor_id=viewer.id,
        by_id=viewer.by_id,
        told={**act.told, **also_told},
        also=() if act.claim == "stays" else before_it.pharmacists(),
    )
    return prescription_id


def begin(tx: Transaction, viewer: Viewer, prescription_id: str, act: Act, *, version: int | None = None) -> Standing:
    """The prescription as it is before the act. `version`: as it was read, if it was: what somebody decides about that
    is not meant for what it has become since. Raises Forbidden, NotFound, or Conflict with the state it is in now.
    """
    found = seen_by(tx, viewer, prescription_id, act)
    if found.status not in act.sources:
        raise Conflict(act.too_late_in(found.status), current=found.status)
    if version not in (None, found.version):
        raise Conflict(states.CHANGED, current=found.status)
    return found


def seen_by(tx: Transaction, viewer: Viewer, prescription_id: str, act: Act) -> Standing:
    """The prescription in whatever state, for who is on the side that does this act. Raises Forbidden, NotFound."""
    queries.require(tx, viewer, states.ROLES[act.by], prescription_id)
    found = queries.standing(tx, viewer, prescription_id)
    if act.by == "prescriber" and found.prescriber_id != viewer.id:
        refusal = Forbidden(N_("Seul le médecin qui a écrit cette ordonnance peut le faire."))
        raise refusal.about(queries.tried(tx, prescription_id))
    return found


def write(
    tx: Transaction,
    prescription_id: str,
    actor_id: str | None,
    source: Status,
    target: Status,
    reason: str,
    pharmacy_id: str | None,
    *,
    by_id: str | None = None,
) -> None:
    """Change the row from `source` to `target` and append the act. Raises Conflict when it is not at `source`."""
    changed = tx.execute(
        "UPDATE prescriptions SET status = :target, status_reason = :reason, pharmacy_id = :pharmacy, "
        "updated_at = :now, version = version + 1 WHERE id = :id AND status = :source",
        {
            "target": target,
            "reason": reason,
            "pharmacy": pharmacy_id,
            "now": tx.now,
            "id": prescription_id,
            "source": source,
        },
    )
    if not changed:
        raise Conflict(states.CHANGED, current=source)
    write_act(tx, prescription_id, actor_id, source, target, reason, by_id=by_id)
    keep_patient(tx, prescription_id, target)


def keep_patient(tx: Transaction, prescription_id: str, status: Status) -> None:
    """Keep among the patients of its prescriber for whom it is, now in this state: they are listed, not counted.

    What was entered in error was for somebody else: a patient who has nothing but that is not one of theirs.
    """
    pair = "(prescriber_id, patient_id) = (SELECT prescriber_id, patient_id FROM prescriptions WHERE id = :id)"
    theirs = f"FROM prescriptions WHERE {pair} AND status <> 'entered_in_error'"
    tx.send(
        "INSERT INTO prescriber_patients (prescriber_id, patient_id, at) "
        f"SELECT prescriber_id, patient_id, updated_at {theirs} ORDER BY updated_at DESC LIMIT 1 "
        "ON CONFLICT (prescriber_id, patient_id) DO UPDATE SET at = excluded.at",
        {"id": prescription_id},
    )
    if status == "entered_in_error":
        tx.send(
            f"DELETE FROM prescriber_patients WHERE {pair} AND NOT EXISTS (SELECT 1 {theirs})", {"id": prescription_id}
        )


def write_act(
    tx: Transaction,
    prescription_id: str,
    actor_id: str | None,
    source: Status | None,
    target: Status,
    reason: str,
    *,
    by_id: str | None = None,
) -> None:
    """Append one act to the prescription's history."""
    tx.send(
        "INSERT INTO prescription_acts (id, prescription_id, at, actor_id, by_id, from_status, to_status, "
        "reason) VALUES (:id, :prescription, :now, :actor, :by, :source, :target, :reason)",
        {
            "id": new_id(),
            "prescription": prescription_id,
            "now": tx.now,
            "actor": actor_id,
            "by": by_id,
            "source": source,
            "target": target,
            "reason": reason,
        },
    )


def tell(
    tx: Transaction,
    people: "Concerned",
    what: str,
    *,
    actor_id: str | None,
    by_id: str | None = None,
    told: Mapping[Side, str],
    also: Sequence[str] | None = (),
    is_new: bool = False,
    colleagues: str = "",
) -> None:
    """Record what happened and tell everybody concerned; `also` are those whose page must forget it (None: all
    pharmacists').

    `colleagues`: what it is to other doctors (states.COLLEAGUES), where that is not what happened.
    """
    pharmacy_id = people.pharmacy_id
    news = dict(told)
    if pharmacy_id is None and news.get("pharmacists") != states.TO_VALIDATE:
        news.pop("pharmacists", None)  # of what nobody has taken, only that it is there to take is news
    # Who has not heard yet that it is there to take, where that is over, does not hear it any more.
    every = Everybody("pharmacist", first=also or (), over=pharmacy_id is not None or people.status != states.TO_CLAIM)
    theirs = people.pharmacists()
    sides: dict[Side, Iterable[str] | Everybody] = {
        "patient": [people.patient_id],
        "prescriber": [people.prescriber_id],
        "pharmacists": every if theirs is None else theirs,
    }
    notices = [Notice(who, "prescription_status_changed", news.get(side)) for side, who in sides.items()]
    events.record(
        tx,
        f"prescription.{what}",
        Subject("prescription", people.id),
        actor_id=actor_id,
        by_id=by_id,
        patient_id=people.patient_id,
        notices=[*notices, Notice(every if also is None else also, "prescription_status_changed", None)],
        is_new=is_new,
    )
    _tell_colleagues(tx, people, colleagues or what)


def _tell_colleagues(tx: Transaction, concerned: "Concerned", what: str) -> None:
    """The other doctors whose running grant opens the prescriptions hear what is news in that file; at what else they
    see there their open pages follow, and so do those of the nurses who read under such a grant.
    """
    if what not in states.COLLEAGUES:
        return
    doctors = grants.doctors_with_grant(tx, concerned.patient_id, "prescriptions")
    nurses = directory.beside(tx, doctors, "nurse")
    others = [doctor for doctor in doctors if doctor != concerned.prescriber_id]
    subject = Subject("colleague_prescription", concerned.id)
    for people, message in ((others, states.COLLEAGUES[what]), (nurses, None)):
        if people:
            events.notify(tx, people, "medical_record_updated", message, subject)


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom a prescription concerns, and how it stands. `pharmacists`: asked for, those of the pharmacy that has it or
    was chosen; None: of one that is open, all.
    """

    id: str
    patient_id: str
    prescriber_id: str
    pharmacy_id: str | None
    status: Status
    pharmacists: Callable[[], list[str] | None]

    def moved(self, tx: Transaction, pharmacy_id: str | None) -> "Concerned":
        """The same when this pharmacy has it or is chosen, or with None any."""
        if pharmacy_id == self.pharmacy_id:
            return self
        return replace(self, pharmacy_id=pharmacy_id, pharmacists=_ask_pharmacists(tx, pharmacy_id))


def concerned(tx: Transaction, found: Standing) -> Concerned:
    """Whom it concerns as it stands. To be asked before it is written: the answer comes with the next one."""
    pharmacy_id = found.pharmacy_id or found.addressed_to
    return concerned_by(tx, found.id, found.patient_id, found.prescriber_id, pharmacy_id, found.status)


def concerned_by(
    tx: Transaction, prescription_id: str, patient_id: str, prescriber_id: str, pharmacy_id: str | None, status: Status
) -> Concerned:
    """The same of what all of this is known of; `pharmacy_id`: of the pharmacy that has it or was chosen."""
    theirs = _ask_pharmacists(tx, pharmacy_id)
    return Concerned(prescription_id, patient_id, prescriber_id, pharmacy_id, status, theirs)


def _ask_pharmacists(tx: Transaction, pharmacy_id: str | None) -> Callable[[], list[str] | None]:
    return directory.ask_people(tx, "pharmacist", pharmacy_id) if pharmacy_id else lambda: None
