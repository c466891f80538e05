"""Letting somebody act for a patient: at the front desk, or by the patient, and then the other must want it. Ending it.

Both sides are told of each of these, and the patient's trace has them.
"""

from dataclasses import dataclass

from fadjma import events
from fadjma.access import tracing
from fadjma.events import Notice, Subject
from fadjma.events.subjects import Named
from fadjma.i18n import N_
from fadjma.identity import directory, patient_pins, patients, proxies, sessions
from fadjma.identity.identifiers import normalize_identifier
from fadjma.identity.patients import Registered
from fadjma.identity.people import Viewer
from fadjma.identity.proxies import Proxy, Relationship, Seen
from fadjma.refusals import Conflict, Invalid, NotFound, NotNow, Tried
from fadjma.store import Duplicate, Transaction

_ALL = 1_000  # what time has ended since the timekeeper's last minute is always less
_NOBODY = N_("Aucun patient qui se connecte à FADJMA n'a cet identifiant.")
_ITSELF = N_("C'est l'identifiant du patient lui-même.")
_CHILD = N_("Pour un enfant, notez la pièce présentée : acte de naissance, livret de famille…")
_ADULT = N_("Pour un adulte, il faut son code PIN, ou la pièce d'identité qu'il a présentée.")
_OPEN = N_("Cette personne agit déjà pour ce patient, ou doit encore accepter.")
_DECIDED = N_("Cette personne a déjà répondu, ou la proposition est retirée.")


@dataclass(frozen=True, slots=True)
class Family:
    """Those who act for a patient, or have; at the desk with who the patient is."""

    patient_id: str
    proxies: list[Proxy]
    patient: Registered | None  # for the desk
    is_child: bool

    @property
    def open(self) -> list[Proxy]:
        return [one for one in self.proxies if one.status != "ended"]

    @property
    def ended(self) -> list[Proxy]:
        return [one for one in self.proxies if one.status == "ended"]


def show(tx: Transaction, viewer: Viewer, patient_id: str = "", *, again: bool = False) -> Family:
    """Who acts for oneself; or for this patient, for the front desk, and then traced. Raises Forbidden, NotFound.

    `again` as in tracing.trace.
    """
    if viewer.role == "patient" and patient_id in ("", viewer.id):
        viewer.require_self()
        born = directory.identity(tx, viewer.id).birth_date
        return Family(viewer.id, proxies.over(tx, viewer.id), None, proxies.is_child(tx, born))
    known = _at_desk(tx, viewer, patient_id)
    tracing.trace(tx, viewer, patient_id, "identity.read", Subject("identity", patient_id), again=again)
    return Family(patient_id, proxies.over(tx, patient_id), known, proxies.is_child(tx, known.birth_date))


def one(tx: Transaction, viewer: Viewer, proxy_id: str) -> Proxy:
    """One of them, for either side and for the front desk. Raises NotFound."""
    found = proxies.one(tx, proxy_id)
    is_patient = viewer.id == found.patient.id and not viewer.by
    if viewer.own_id != found.proxy.id and not is_patient and viewer.role != "receptionist":
        raise NotFound().about(Tried(found.patient.id, "identity", found.patient.id))
    return found


def names(tx: Transaction, viewer: Viewer, proxy_ids: list[str]) -> dict[str, Named]:
    """Of these (few), who the other one is; a patient reads whom they have chosen once that person has accepted.

    Whoever acts for a patient reads nothing of who else does.
    """
    found = [] if viewer.by else proxies.some(tx, proxy_ids)
    patients = {item.id: Named(item.patient.name) for item in found if item.proxy.id == viewer.id}
    others = {item.id: Named(item.proxy.name) for item in found if item.patient.id == viewer.id and item.accepted_at}
    return patients | others


def open_one(tx: Transaction, viewer: Viewer, proxy_id: str, *, again: bool = False) -> Proxy:
    """The same, for its page; traced for the front desk. `again` as in tracing.trace."""
    found = one(tx, viewer, proxy_id)
    if viewer.role == "receptionist":
        patient_id = found.patient.id
        tracing.trace(tx, viewer, patient_id, "identity.read", Subject("identity", patient_id), again=again)
    return found


def offer(
    tx: Transaction, viewer: Viewer, *, identifier: str, relationship: Relationship, until: int | None = None
) -> str:
    """A patient lets somebody act for them, who has this identifier and must accept; returns its id.

    Raises Forbidden, Invalid, NotNow where it is so already.
    """
    viewer.require("patient")
    viewer.require_self()
    proxy_id = _somebody(tx, identifier, viewer.id)
    of_age = proxies.is_child(tx, directory.identity(tx, viewer.id).birth_date)
    made = _add(tx, viewer, proxy_id, viewer.id, relationship, of_age=of_age, accepted=False, until=until)
    _record(tx, viewer, made, "proxy.offered", proxy="proxy.offered", patient=None)
    return made


def try_pin(tx: Transaction, viewer: Viewer, patient_id: str, *, pin: str, key: bytes) -> dict[str, int | bool]:
    """Check the PIN of a patient at the desk and count a wrong one, in a transaction of its own so that it is kept.

    Returns {"right": bool, "left": how many tries are left}.
    """
    _at_desk(tx, viewer, patient_id)
    known = patient_pins.of(tx, patient_id)
    if known is None or known.locked or known.is_it(key, pin):
        return {"right": True, "left": 0}  # nothing to guess: the act itself answers
    left = patient_pins.count_wrong(tx, patient_id)
    events.record(
        tx,
        "proxy.wrong_pin",
        Subject("identity", patient_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        outcome="refused",
        notices=[] if left else [Notice([patient_id], "notification", "pin.locked")],
    )
    return {"right": False, "left": left}


def give(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    identifier: str,
    relationship: Relationship,
    document: str = "",
    pin: str = "",
    key: bytes = b"",
    until: int | None = None,
) -> str:
    """The front desk lets somebody act for a patient: for a child by the document that was seen, for an adult by that
    adult's document or PIN. Returns its id. Raises Forbidden, NotFound, Invalid, NotNow where it is so already.
    """
    known = _at_desk(tx, viewer, patient_id)
    proxy_id = _somebody(tx, identifier, patient_id)
    is_child = proxies.is_child(tx, known.birth_date)
    if is_child and not document:
        raise Invalid({"document": _CHILD})
    if not document and not pin:
        raise Invalid({"document": _ADULT})
    if not document:
        patient_pins.accept(tx, patient_id, pin, key)
    for waiting in proxies.offered_to(tx, proxy_id):  # what the patient has offered is given now
        if waiting.patient.id == patient_id:
            proxies.end(tx, waiting.id, by=viewer.id)
            _record(tx, viewer, waiting.id, "proxy.ended", proxy=None, patient=None)
    seen: Seen = "document" if document else "pin"
    made = _add(
        tx,
        viewer,
        proxy_id,
        patient_id,
        relationship,
        of_age=is_child,
        accepted=True,
        until=until,
        seen=seen,
        document=document,
    )
    _record(tx, viewer, made, "proxy.given", proxy="proxy.received", patient="proxy.given")
    return made


def accept(tx: Transaction, viewer: Viewer, proxy_id: str) -> str:
    """Whoever was named wants it. Raises NotFound, Conflict when it does not wait any more, or its time is over."""
    found = one(tx, viewer, proxy_id)
    if viewer.own_id != found.proxy.id:
        raise NotFound
    if found.status != "waiting" or not proxies.accept(tx, proxy_id):
        raise Conflict(_DECIDED, current=found.status)
    _record(tx, viewer, proxy_id, "proxy.accepted", proxy=None, patient="proxy.accepted")
    return proxy_id


def end(tx: Transaction, viewer: Viewer, proxy_id: str) -> str:
    """Either side, or the front desk, at any time: what is open under it closes at once. Raises NotFound, Conflict."""
    found = one(tx, viewer, proxy_id)
    if not proxies.end(tx, proxy_id, by=viewer.own_id):
        raise Conflict(N_("C'est déjà terminé."), current=found.status)
    sessions.stop_acting(tx, proxy_id)
    _record(tx, viewer, proxy_id, "proxy.ended", proxy="proxy.taken", patient="proxy.ended")
    return proxy_id


def expire(tx: Transaction, limit: int) -> int:
    """Time: write down what a date or the age of a child has ended, and tell both; returns how many."""
    over = proxies.ended_by_time(tx, limit)
    for proxy_id in over:
        proxies.end(tx, proxy_id, by=None)
        sessions.stop_acting(tx, proxy_id)
        _record(tx, None, proxy_id, "proxy.ended", proxy="proxy.taken", patient="proxy.ended")
    return len(over)


def _at_desk(tx: Transaction, viewer: Viewer, patient_id: str) -> Registered:
    viewer.require("receptionist", Tried(patient_id, "identity", patient_id))
    known = patients.registered(tx, patient_id)
    if known.status != "active":
        raise NotFound
    return known


def _somebody(tx: Transaction, typed: str, patient_id: str) -> str:
    """Who has this identifier and can sign in, but the patient."""
    identifier = normalize_identifier(typed)
    found = directory.with_identifier(tx, identifier) if identifier else None
    if found == patient_id:
        raise Invalid({"identifier": _ITSELF})
    known = patients.registered(tx, found) if found else None
    if known is None or not known.has_account or known.status != "active":
        raise Invalid({"identifier": _NOBODY})
    return known.id


def _add(
    tx: Transaction,
    viewer: Viewer,
    proxy_id: str,
    patient_id: str,
    relationship: Relationship,
    *,
    of_age: bool,
    accepted: bool,
    until: int | None,
    seen: Seen = "",
    document: str = "",
) -> str:
    expire(tx, _ALL)  # the unique index must speak of now
    try:
        return proxies.add(
            tx,
            proxy_id=proxy_id,
            patient_id=patient_id,
            relationship=relationship,
            of_age=of_age,
            by=viewer.id,
            seen=seen,
            document=document,
            accepted=accepted,
            until=until,
        )
    except Duplicate as error:
        if error.constraint != "proxies_open":
            raise
        raise NotNow(_OPEN, current="open") from error


def _record(
    tx: Transaction, viewer: Viewer | None, proxy_id: str, action: str, *, proxy: str | None, patient: str | None
) -> None:
    """`proxy` and `patient`: what each side is told."""
    found = proxies.one(tx, proxy_id)
    events.record(
        tx,
        action,
        Subject("proxy", proxy_id),
        actor_id=viewer.own_id if viewer else None,
        patient_id=found.patient.id,
        notices=[
            Notice([found.patient.id], "notification", patient),
            Notice([found.proxy.id], "notification", proxy),
        ],
    )
