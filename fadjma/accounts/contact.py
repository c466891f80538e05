"""Changing how one is reached and, for a patient, the pharmacy that one goes to."""

from fadjma import events
from fadjma.accounts.queries import Contact, own_contact
from fadjma.events import Subject
from fadjma.i18n import N_
from fadjma.identity import directory, enrolment, passwords
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, Invalid
from fadjma.store import Transaction


def needs_password(before: Contact, phone: str | None, email: str | None) -> bool:
    """Whether it changes by what one signs in: whoever finds a screen that was left open does not take it over."""
    return (phone, email) != (before.phone, before.email)


def change(
    tx: Transaction,
    viewer: Viewer,
    *,
    version: int,
    phone: str | None,
    email: str | None,
    pharmacy_id: str | None,
    confirmed: str = "",
) -> str:
    """All as it is to be. The owner reads of another phone or address in the inbox: it may have been somebody else.

    `confirmed`: the hash of the password that was entered again. Raises Invalid where it is needed and no longer the
    one stored; Conflict when all this has been changed since `version`.
    """
    before = own_contact(tx, viewer)
    if before.version != version:
        raise Conflict(N_("Vos coordonnées viennent d'être changées ailleurs : relisez-les."), current="changed")
    if needs_password(before, phone, email) and confirmed != passwords.own_hash(tx, viewer):
        raise Invalid({"password": N_("Ce n'est pas votre mot de passe.")})
    is_patient = viewer.role == "patient"
    # What was chosen while somebody dispensed there is not to be answered for.
    is_other = pharmacy_id != before.pharmacy_id
    if pharmacy_id and is_other and not (is_patient and directory.dispenses(tx, pharmacy_id)):
        raise Invalid({"pharmacy_id": N_("Choisissez une pharmacie de la liste.")})
    enrolment.reach(tx, viewer.id, phone=phone, email=email, pharmacy_id=pharmacy_id)
    enrolment.make_findable_anew(tx, viewer.id, viewer.given_name, viewer.family_name, email, phone)
    profile = Subject("profile", viewer.id)
    patient_id = viewer.id if is_patient else None
    events.record(tx, "contact.changed", profile, actor_id=viewer.id, by_id=viewer.by_id, patient_id=patient_id)
    if needs_password(before, phone, email):
        events.notify(tx, [viewer.id], "notification", "contact.changed", profile)
    return viewer.id
