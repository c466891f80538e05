"""How a patient is reached, and the pharmacy that they go to: theirs to say."""

from dataclasses import dataclass
from typing import Any

from fadjma import events
from fadjma.events import Subject
from fadjma.i18n import N_
from fadjma.identity import directory, enrolment
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, Invalid
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Contact:
    """What a patient has said; phone as E.164."""

    id: str
    phone: str | None
    email: str | None
    pharmacy_id: str | None
    version: int

    def json(self, language: str) -> dict[str, Any]:
        known = {"phone": self.phone, "email": self.email, "pharmacy_id": self.pharmacy_id}
        return {"id": self.id, "status": "active", "version": self.version, **known, "language": language}


def own(tx: Transaction, viewer: Viewer, patient_id: str = "") -> Contact:
    """One's own."""
    viewer.require("patient")
    pharmacy_id = directory.identity(tx, viewer.id).pharmacy_id
    row = tx.first("SELECT phone, email, version FROM accounts WHERE id = :id", {"id": viewer.id})
    assert row
    return Contact(viewer.id, row["phone"], row["email"], pharmacy_id, row["version"])


def needs_password(before: Contact, phone: str | None, email: str | None) -> bool:
    """Whether it changes by what one signs in: whoever finds a screen that was left open does not take it over."""
    return (phone, email) != (before.phone, before.email)


def change(
    tx: Transaction, viewer: Viewer, *, version: int, phone: str | None, email: str | None, pharmacy_id: str | None
) -> str:
    """All as it is to be. The owner reads of another phone or address in the inbox: it may have been somebody else.

    Raises Conflict when it has been changed since `version`.
    """
    before = own(tx, viewer)
    if before.version != version:
        raise Conflict(N_("Vos coordonnées viennent d'être changées ailleurs : relisez-les."), current="changed")
    pharmacies = {place.id for place in directory.organizations(tx, "pharmacy")}
    if needs_password(before, phone, email):
        viewer.require_self()
    if pharmacy_id and pharmacy_id not in pharmacies:
        raise Invalid({"pharmacy_id": N_("Choisissez une pharmacie de la liste.")})
    enrolment.reach(tx, viewer.id, phone=phone, email=email, pharmacy_id=pharmacy_id)
    enrolment.make_findable_anew(tx, viewer.id, viewer.given_name, viewer.family_name, email, phone)
    profile = Subject("profile", viewer.id)
    events.record(tx, "contact.changed", profile, actor_id=viewer.id, by_id=viewer.by_id, patient_id=viewer.id)
    if needs_password(before, phone, email):
        events.notify(tx, [viewer.id], "notification", "contact.changed", profile)
    return viewer.id
