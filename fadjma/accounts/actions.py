"""Registering, verifying, ending accounts and sessions. Rights are checked in the transaction that changes."""

import sqlite3
from dataclasses import dataclass

from fadjma import events, writing
from fadjma.accounts import queries
from fadjma.events import Notice, Subject
from fadjma.i18n import LANGUAGES, N_
from fadjma.identity import directory, sessions
from fadjma.identity.identifiers import new_identifier
from fadjma.identity.people import Role, Viewer
from fadjma.ids import new_id
from fadjma.refusals import Conflict, Invalid, NotFound
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """What everybody gives; e-mail in lower case, phone as E.164, the password already hashed."""

    given_name: str
    family_name: str
    email: str | None
    phone: str | None
    password_hash: str
    language: str = "fr"
    submission: str | None = None  # recognises the same form sent twice: a family may share everything else


def register_patient(tx: Transaction, person: NewPerson, *, birth_date: str, sex: str, city: str) -> str:
    """A new patient, active at once; returns the id. Raises Invalid when the e-mail address is taken."""
    if known := _registered(tx, person):
        return known
    user_id = _add(tx, person, "patient", "active")
    tx.execute(
        "INSERT INTO patients (user_id, identifier, birth_date, sex, city) "
        "VALUES (:id, :identifier, :birth_date, :sex, :city)",
        {"id": user_id, "identifier": new_identifier(), "birth_date": birth_date, "sex": sex, "city": city},
    )
    events.record(tx, "account.registered", Subject("account", user_id), actor_id=user_id)
    return user_id


def register_practitioner(
    tx: Transaction,
    person: NewPerson,
    role: Role,
    *,
    licence_number: str,
    specialty: str,
    organization_id: str,
) -> str:
    """A new doctor or pharmacist, who can do nothing until an admin has verified them; returns the id.

    Raises Invalid when the e-mail address is taken or the organization is not one for this role.
    """
    if known := _registered(tx, person):
        return known
    kind = "pharmacy" if role == "pharmacist" else "clinic"
    if not any(organization.id == organization_id for organization in directory.organizations(tx, kind)):
        raise Invalid({"organization_id": N_("Choisissez un lieu d'exercice de la liste.")})
    user_id = _add(tx, person, role, "pending")
    tx.execute(
        "INSERT INTO practitioners (user_id, licence_number, specialty, organization_id) "
        "VALUES (:id, :licence_number, :specialty, :organization_id)",
        {
            "id": user_id,
            "licence_number": licence_number,
            "specialty": specialty,
            "organization_id": organization_id,
        },
    )
    events.record(
        tx,
        "account.registered",
        Subject("account", user_id),
        actor_id=user_id,
        notices=[Notice(directory.people(tx, "admin"), "notification", "account.waiting")],
    )
    return user_id


def create_admin(tx: Transaction, person: NewPerson) -> str:
    """A new admin, made from the command line; returns the id. Raises Invalid when the e-mail address is taken."""
    user_id = _add(tx, person, "admin", "active")
    events.record(tx, "account.created", Subject("account", user_id), actor_id=None)
    return user_id


def verify(tx: Transaction, viewer: Viewer, account_id: str) -> str:
    """An admin has checked the licence: the doctor or pharmacist may act from now on."""
    viewer.require("admin")
    changed = tx.execute(
        "UPDATE users SET status = 'active', verified_at = :now, verified_by = :admin, version = version + 1 "
        "WHERE id = :id AND status = 'pending'",
        {"now": tx.now, "admin": viewer.id, "id": account_id},
    )
    return _changed(tx, viewer, account_id, "account.verified", changed)


def deactivate(tx: Transaction, viewer: Viewer, account_id: str) -> str:
    """Close an account: every session ends, every open page and stream loses it at once."""
    viewer.require("admin")
    if account_id == viewer.id:
        raise Conflict(N_("Vous ne pouvez pas désactiver votre propre compte."), current="active")
    changed = tx.execute(
        "UPDATE users SET status = 'deactivated', version = version + 1 WHERE id = :id AND status <> 'deactivated'",
        {"id": account_id},
    )
    sessions.end(tx, account_id, reason="deactivated")
    return _changed(tx, viewer, account_id, "account.deactivated", changed)


def reactivate(tx: Transaction, viewer: Viewer, account_id: str) -> str:
    """Open a deactivated account again; the person signs in anew, or waits to be verified if they never were."""
    viewer.require("admin")
    changed = tx.execute(
        "UPDATE users SET status = "
        "CASE WHEN role IN ('doctor', 'pharmacist') AND verified_at IS NULL THEN 'pending' ELSE 'active' END, "
        "version = version + 1 WHERE id = :id AND status = 'deactivated'",
        {"id": account_id},
    )
    return _changed(tx, viewer, account_id, "account.reactivated", changed)


def start_session(
    tx: Transaction, user_id: str, *, kind: str, address: str, agent: str, instead_of: str | None = None
) -> str:
    """Open a session after a good password; returns its secret.

    `instead_of` is the secret of the session that this browser had until now. Somebody else's ends here, with its
    streams: on a shared computer an open page must not go on showing what is told to the person before.
    """
    if not tx.value("SELECT 1 FROM users WHERE id = :id AND status = 'active'", {"id": user_id}):
        raise NotFound
    before = sessions.viewer(tx, instead_of)
    if before and before.id != user_id:
        end_session(tx, before)
    events.record(tx, "session.started", Subject("account", user_id), actor_id=user_id, kind=kind)
    return sessions.start(tx, user_id, kind="token" if kind == "token" else "browser", address=address, agent=agent)


def end_session(tx: Transaction, viewer: Viewer, session_id: str | None = None) -> str:
    """End one of one's own sessions; without an id the current one, which is signing out. Raises NotFound."""
    ending = session_id or viewer.session_id
    if not sessions.end(tx, viewer.id, reason="signed_out", session_id=ending):
        if not sessions.belongs(tx, viewer.id, ending):
            raise NotFound
        return viewer.id  # it was over already
    events.record(tx, "session.ended", Subject("account", viewer.id), actor_id=viewer.id)
    return viewer.id


def choose_language(tx: Transaction, viewer: Viewer, language: str) -> str:
    """The language in which this person reads FADJMA."""
    if language not in LANGUAGES:
        raise Invalid({"language": N_("Cette langue n'est pas proposée.")})
    tx.execute("UPDATE users SET language = :language WHERE id = :id", {"language": language, "id": viewer.id})
    return viewer.id


def _registered(tx: Transaction, person: NewPerson) -> str | None:
    """The account that this very submission has made already."""
    found: str | None = person.submission and tx.value(
        "SELECT id FROM users WHERE submission = :submission", {"submission": person.submission}
    )
    return found


def _add(tx: Transaction, person: NewPerson, role: Role, status: str) -> str:
    user_id = new_id()
    try:
        tx.execute(
            "INSERT INTO users "
            "(id, role, status, email, phone, password_hash, given_name, family_name, language, submission, "
            "created_at) VALUES "
            "(:id, :role, :status, :email, :phone, :password_hash, :given_name, :family_name, :language, "
            ":submission, :now)",
            {
                "id": user_id,
                "role": role,
                "status": status,
                "email": person.email,
                "phone": person.phone,
                "password_hash": person.password_hash,
                "given_name": person.given_name,
                "family_name": person.family_name,
                "language": person.language,
                "submission": person.submission,
                "now": tx.now,
            },
        )
    except sqlite3.IntegrityError as error:
        raise Invalid({"email": N_("Cette adresse e-mail a déjà un compte.")}) from error
    tx.execute("INSERT INTO inboxes (user_id) VALUES (:id)", {"id": user_id})
    words = writing.search_words(person.given_name, person.family_name, person.email or "", person.phone or "")
    tx.execute_many("INSERT INTO account_words (word, user_id) VALUES (?, ?)", [(word, user_id) for word in words])
    return user_id


def _changed(tx: Transaction, viewer: Viewer, account_id: str, action: str, changed: int) -> str:
    now = queries.account(tx, viewer, account_id)  # NotFound for an unknown id
    if not changed:
        raise Conflict(N_("Ce compte a déjà été traité."), current=now.status)
    admins = directory.people(tx, "admin")
    events.record(
        tx,
        action,
        Subject("account", account_id),
        actor_id=viewer.id,
        notices=[Notice(admins, "notification", None)],
    )
    return account_id
