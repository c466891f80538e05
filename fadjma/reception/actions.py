"""Registering patients at the desk and putting their identity right; all of it is traced."""

from collections.abc import Callable, Mapping

from fadjma import days, events
from fadjma.access import tracing
from fadjma.accounts import actions as accounts
from fadjma.events import Notice, Subject, inbox
from fadjma.i18n import N_, age
from fadjma.identity import births, enrolment, patient_pins, patients, pin_rules
from fadjma.identity.directory import Identity
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.patients import Facts, Known, Registered
from fadjma.identity.people import Viewer
from fadjma.reception import queries
from fadjma.refusals import Conflict, Doubtful, Invalid, NotNow
from fadjma.store import Transaction

_LIKELY = N_("Cette personne a peut-être déjà une fiche : regardez les fiches qui lui ressemblent.")


class Alike(Doubtful):
    """Whether all is meant is asked beside those who may be the same person, if there are any: `patients`."""

    def __init__(self, errors: Mapping[str, str], patients: list[Known]) -> None:
        super().__init__(errors)
        self.patients = patients


_known: list[Callable[[Transaction, str], None]] = []  # what depends on who somebody is


def follow_identities(follow: Callable[[Transaction, str], None]) -> None:
    """Hand in, once when the program starts, what other rooms work out when the desk registers a patient, and anew when
    it puts their identity right.
    """
    _known.append(follow)


def register(tx: Transaction, viewer: Viewer, facts: Facts, *, confirmed: bool = False) -> str:
    """A new patient, without an account; returns the id.

    Raises Alike while it is not `confirmed` that nobody who is known is the same person, and that the age is meant.
    """
    viewer.require("receptionist")
    if not confirmed:
        _ask(tx, facts)
    person = NewPerson(
        given_name=facts.given_name,
        family_name=facts.family_name,
        email=facts.email,
        phone=facts.phone,
        password_hash="",
    )
    patient_id = enrolment.add(tx, person, "patient", "active")
    inbox.open_for(tx, patient_id)
    enrolment.make_patient(tx, patient_id, birth_date=facts.birth_date, sex=facts.sex, city=facts.city)
    events.record(tx, "identity.registered", _identity(patient_id), actor_id=viewer.id, patient_id=patient_id)
    for follow in _known:
        follow(tx, patient_id)
    return patient_id


def _ask(tx: Transaction, facts: Facts, *, but: str = "") -> None:
    doubts = {}
    if age(facts.birth_date, days.day(tx.now)) > births.OLDEST:
        doubts["birth_date"] = births.TOO_OLD
    if alike := patients.likely(tx, facts, but=but):
        doubts["given_name"] = _LIKELY
    if doubts:
        raise Alike(doubts, alike)


def trace_alike(tx: Transaction, viewer: Viewer, alike: list[Known]) -> None:
    """Write down that the desk sees those who may be the same person as one on the form."""
    viewer.require("receptionist")
    tracing.trace_listed(tx, viewer, [(Subject("patient", patient.id), patient.id) for patient in alike])


def open_identity(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool = False) -> Registered:
    """Who a patient is, for the desk; traced. `again` as in tracing.trace."""
    found = queries.patient(tx, viewer, patient_id)
    tracing.trace(tx, viewer, patient_id, "identity.read", _identity(patient_id), again=again)
    return found


def open_card(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool = False) -> Identity:
    """What stands on a patient's card; traced where it is not one's own."""
    found = queries.card(tx, viewer, patient_id)
    if viewer.id != patient_id:
        tracing.trace(tx, viewer, patient_id, "identity.read", _identity(patient_id), again=again)
    return found


def correct(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    facts: Facts,
    *,
    version: int,
    reason: str = "",
    confirmed: bool = False,
) -> str:
    """Put a patient's identity right; what it was before is kept, and the patient is told.

    Raises Conflict when it has changed since `version`, Alike as `register` does.
    """
    before = queries.patient(tx, viewer, patient_id)
    if before.version != version:  # before anything is asked: a yes must not stand for what nobody has seen
        raise Conflict(N_("Cette fiche vient d'être modifiée ailleurs : relisez-la."), current=before.status)
    moved = (facts.given_name, facts.family_name, facts.birth_date) != (
        before.given_name,
        before.family_name,
        before.birth_date,
    )
    if moved and not confirmed:
        _ask(tx, facts, but=patient_id)
    if patients.correct(tx, before, facts, by=viewer.id, reason=reason):
        events.record(
            tx,
            "identity.corrected",
            _identity(patient_id),
            actor_id=viewer.id,
            patient_id=patient_id,
            notices=[Notice([patient_id], "notification", "identity.corrected")],
        )
        for follow in _known:
            follow(tx, patient_id)
    return patient_id


def give_pin(tx: Transaction, viewer: Viewer, patient_id: str, *, document: str, chosen: str | None, key: bytes) -> str:
    """The desk, which knows by `document` who stands there, gives another PIN: `chosen` by the patient, or made up.

    Raises Invalid when it is easily guessed.
    """
    known = queries.patient(tx, viewer, patient_id)
    if chosen and (weakness := pin_rules.weakness(chosen, known.birth_date)):
        raise Invalid({"pin": weakness})
    patient_pins.give(tx, patient_id, key=key, by=viewer.id, document=document, chosen=chosen)
    events.record(
        tx,
        "pin.given",
        _identity(patient_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        notices=[Notice([patient_id], "notification", "pin.given")],
        document=document,
    )
    return patient_id


def reset_password(
    tx: Transaction, viewer: Viewer, patient_id: str, *, document: str, key: bytes, nobodys_hash: str, address: str
) -> str:
    """The desk, which knows by `document` who stands there, gives a slip to choose another password with, or a first.

    Raises Conflict when the account is closed, NotNow without anything to sign in by.
    """
    known = queries.patient(tx, viewer, patient_id)
    if known.status != "active":
        raise Conflict(N_("Ce compte n'est pas en service."), current=known.status)
    if not (known.email or known.phone):
        raise NotNow(N_("Sans téléphone ni e-mail, cette personne ne se connecte pas."), current=known.status)
    accounts.replace_by_slip(
        tx, patient_id, by=viewer.id, document=document, key=key, nobodys_hash=nobodys_hash, address=address
    )
    events.record(tx, "password.reset", _identity(patient_id), actor_id=viewer.id, patient_id=patient_id)
    events.notify(tx, [patient_id], "notification", "password.reset_at_desk", Subject("profile", patient_id))
    return patient_id


def _identity(patient_id: str) -> Subject:
    return Subject("identity", patient_id)
