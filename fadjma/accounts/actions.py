"""Registering, verifying, ending accounts and sessions. Rights are checked in the transaction that changes."""

from collections.abc import Callable
from typing import Literal

from fadjma import events
from fadjma.accounts import acting, queries
from fadjma.accounts.queries import Chooser
from fadjma.events import Notice, Subject, inbox, security
from fadjma.i18n import LANGUAGES, N_
from fadjma.identity import directory, enrolment, passwords, pins, second_factors, sessions, slips
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.people import Role, Viewer
from fadjma.refusals import Conflict, Invalid, NotFound, NotNow, SignInNeeded
from fadjma.store import Transaction

_closings: list[Callable[[Transaction, str], None]] = []  # what ends with somebody's account


def follow_closings(follow: Callable[[Transaction, str], None]) -> None:
    """Hand in, once when the program starts, what other rooms end when an account is closed."""
    _closings.append(follow)


def register_patient(tx: Transaction, person: NewPerson, *, birth_date: str, sex: str, city: str) -> str:
    """A new patient, active at once; returns the id. Raises Invalid when the e-mail address is taken."""
    if known := enrolment.made_by(tx, person.submission):
        return known
    user_id = _add(tx, person, "patient", "active")
    enrolment.make_patient(tx, user_id, birth_date=birth_date, sex=sex, city=city)
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
    profession: str | None = None,
) -> str:
    """A new doctor or pharmacist, who can do nothing until an admin has verified them; returns the id.

    Raises Invalid when the e-mail address is taken or the organization is not one for this role.
    """
    if known := enrolment.made_by(tx, person.submission):
        return known
    _require_place(tx, role, organization_id)
    user_id = _add(tx, person, role, "pending")
    enrolment.make_practitioner(
        tx,
        user_id,
        licence_number=licence_number,
        specialty=specialty,
        profession=_profession(role, profession),
        organization_id=organization_id,
    )
    events.record(
        tx,
        "account.registered",
        Subject("account", user_id),
        actor_id=user_id,
        notices=[Notice(directory.people(tx, "admin"), "notification", "account.waiting")],
    )
    return user_id


def create_account(
    tx: Transaction,
    viewer: Viewer,
    person: NewPerson,
    role: Role,
    *,
    licence_number: str | None,
    specialty: str | None,
    profession: str | None,
    organization_id: str | None,
    key: bytes,
) -> str:
    """An admin makes the account of somebody on the staff, who chooses a password with the code of a slip.

    Whoever makes it has checked the licence. Raises Invalid as register_practitioner does, and for a patient.
    """
    viewer.require("admin")
    if role == "patient":
        raise Invalid({"role": N_("Les patients ouvrent leur compte eux-mêmes, ou sont enregistrés à l'accueil.")})
    if role != "admin":
        _require_place(tx, role, organization_id or "")
    else:
        _require_nothing(
            licence_number=licence_number, specialty=specialty, profession=profession, organization_id=organization_id
        )
    user_id = _add(tx, person, role, "active")
    enrolment.vouch(tx, user_id, by=viewer.id)
    if role != "admin":
        enrolment.make_practitioner(
            tx,
            user_id,
            licence_number=licence_number or "",
            specialty=specialty or "",
            profession=_profession(role, profession),
            organization_id=organization_id or "",
        )
    slips.issue(tx, user_id, "activation", key=key, by=viewer.id)
    security.note(tx, "activation_issued", account_id=user_id, actor_id=viewer.id)
    _record(tx, viewer, user_id, "account.created")
    return user_id


def _require_place(tx: Transaction, role: Role, organization_id: str) -> None:
    kind = "pharmacy" if role == "pharmacist" else "clinic"
    if not directory.is_place(tx, organization_id, kind):
        raise Invalid({"organization_id": N_("Choisissez un lieu d'exercice de la liste.")})


def _require_nothing(**said: str | None) -> None:
    """What an administrator has none of; raises Invalid where it is said all the same."""
    if wrong := [name for name, value in said.items() if value]:
        raise Invalid(dict.fromkeys(wrong, N_("L'administration n'a ni lieu d'exercice ni inscription à l'Ordre.")))


def _profession(role: Role, profession: str | None) -> str:
    """What a doctor is, if nothing else is said: a physician. Nobody else has one: raises Invalid where one is said."""
    if role != "doctor" and profession:
        raise Invalid({"profession": N_("À remplir pour un prescripteur seulement.")})
    if role != "doctor":
        return ""
    return profession or "physician"


def create_admin(tx: Transaction, person: NewPerson) -> str:
    """A new admin, made from the command line; returns the id. Raises Invalid when the e-mail address is taken."""
    user_id = _add(tx, person, "admin", "active")
    events.record(tx, "account.created", Subject("account", user_id), actor_id=None)
    return user_id


def verify(tx: Transaction, viewer: Viewer, account_id: str) -> str:
    """An admin has checked the licence: the doctor or pharmacist may act from now on."""
    viewer.require("admin")
    changed = enrolment.verify(tx, account_id, by=viewer.id)
    return _changed(tx, viewer, account_id, "account.verified", changed)


def refuse(tx: Transaction, viewer: Viewer, account_id: str, *, reason: str) -> str:
    """An admin does not accept a registration; the applicant reads why when signing in."""
    viewer.require("admin")
    changed = enrolment.refuse(tx, account_id, reason)
    return _changed(tx, viewer, account_id, "account.refused", changed)


def correct(
    tx: Transaction,
    viewer: Viewer,
    account_id: str,
    *,
    version: int,
    licence_number: str | None,
    specialty: str | None,
    profession: str | None,
    organization_id: str | None,
    given_name: str | None = None,
    family_name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
) -> str:
    """Name, licence, specialty, profession or place of somebody of the staff, waiting or at work; what is None stays.

    Of whoever has never signed in also by what they are reached (empty: by that no more), for they cannot put it right
    themselves; afterwards that is theirs. Of an admin there is a name, and no more.

    To another place, the person goes at once: every session ends, and with it what was open of the place before.
    """
    before = queries.account(tx, viewer, account_id)
    if before.role == "patient":
        raise NotNow(N_("La fiche d'un patient se corrige à l'accueil."), current=before.status)
    reached = {
        "email": before.email if email is None else email or None,
        "phone": before.phone if phone is None else phone or None,
    }
    if before.reaches_themselves and reached != {"email": before.email, "phone": before.phone}:
        raise NotNow(N_("Ce compte est en service : la personne change elle-même ses coordonnées."), current="active")
    if not any(reached.values()):
        raise Invalid({"phone": N_("Donnez un numéro de téléphone ou une adresse e-mail.")})
    place = organization_id or before.organization_id or ""
    if before.works:
        _require_place(tx, before.role, place)
    else:
        _require_nothing(
            licence_number=licence_number, specialty=specialty, profession=profession, organization_id=organization_id
        )
    left = _delegates(tx, before)
    if not enrolment.turn_page(tx, account_id, version=version):
        raise Conflict(
            N_("Ce compte a été modifié entre-temps : comparez avec ce qui est enregistré maintenant."),
            current=before.status,
        )
    if before.works:
        enrolment.correct_practitioner(
            tx,
            account_id,
            licence_number=(before.licence_number or "") if licence_number is None else licence_number,
            specialty=(before.specialty or "") if specialty is None else specialty,
            profession=_profession(before.role, profession or before.profession),
            organization_id=place,
        )
    enrolment.put_right(
        tx,
        account_id,
        given_name=given_name or before.given_name,
        family_name=family_name or before.family_name,
        **reached,
    )
    _record(tx, viewer, account_id, "account.corrected")
    if before.works and place != before.organization_id:
        sessions.end(tx, account_id, reason="signed_out")
        events.notify(tx, [account_id], "notification", "account.moved", Subject("profile", account_id))
        _let_follow(tx, account_id, [*left, *_delegates(tx, before)])
    return account_id


def reset(
    tx: Transaction, viewer: Viewer, account_id: str, *, document: str, key: bytes, nobodys_hash: str, address: str
) -> str:
    """An admin has seen who stands there (`document`), and gives them a slip to choose another password with.

    The old one opens nothing any more, and every session ends. One's own is not reset: whoever is signed in changes it,
    and the last admin would lock the house.
    """
    viewer.require("admin")
    now = queries.account(tx, viewer, account_id)
    if account_id == viewer.id:
        raise NotNow(N_("Pour votre propre compte, changez le mot de passe dans « Mon compte »."), current=now.status)
    if now.status != "active":
        raise Conflict(N_("Ce compte n'est pas en service."), current=now.status)
    if not (now.email or now.phone):
        raise NotNow(N_("Sans téléphone ni e-mail, cette personne ne se connecte pas."), current=now.status)
    replace_by_slip(
        tx, account_id, by=viewer.id, document=document, key=key, nobodys_hash=nobodys_hash, address=address
    )
    events.notify(tx, [account_id], "notification", "password.reset", Subject("profile", account_id))
    _record(tx, viewer, account_id, "password.reset")
    return account_id


def invite(tx: Transaction, viewer: Viewer, account_id: str, *, key: bytes, address: str) -> str:
    """Another first slip for somebody of the staff whom the one before did not reach, or not in time.

    As the first one: there is nothing behind it yet, so that nobody has to stand there with a document. Raises NotNow
    once a password was chosen: from then on it is `reset`.
    """
    now = queries.account(tx, viewer, account_id)
    if now.status != "active":
        raise Conflict(N_("Ce compte n'est pas en service."), current=now.status)
    if now.role == "patient" or not slips.is_first_due(tx, account_id):
        raise NotNow(N_("Cette personne a déjà choisi un mot de passe."), current=now.status)
    slips.issue(tx, account_id, "activation", key=key, by=viewer.id)
    security.note(tx, "activation_issued", account_id=account_id, actor_id=viewer.id, address=address)
    _record(tx, viewer, account_id, "account.invited")
    return account_id


def replace_by_slip(
    tx: Transaction, account_id: str, *, by: str, document: str, key: bytes, nobodys_hash: str, address: str
) -> None:
    """A slip in the place of the password, for admins and the front desk: of whoever stands there with `document`.

    Every session ends; a second factor stays.
    """
    slips.issue(tx, account_id, "reset", key=key, by=by, document=document)
    passwords.put(tx, account_id, nobodys_hash)
    pins.remove(tx, account_id)
    sessions.end(tx, account_id, reason="signed_out")
    security.note(tx, "reset_issued", account_id=account_id, actor_id=by, address=address, detail=document)


def activate(tx: Transaction, chooser: Chooser, *, password_hash: str, submission: str | None, address: str) -> str:
    """Somebody has chosen a password with the code of a slip. Raises Invalid when the code was used meanwhile."""
    account_id = chooser.slip.user_id
    slips.use(tx, chooser.slip.id, submission)
    passwords.put(tx, account_id, password_hash)
    sessions.end(tx, account_id, reason="signed_out")
    _note_new_password(tx, account_id, by=account_id, address=address, is_first=chooser.slip.is_first)
    return account_id


def deactivate(tx: Transaction, viewer: Viewer, account_id: str) -> str:
    """Close an account: every session ends, every open page and stream loses it at once."""
    viewer.require("admin")
    if account_id == viewer.id:
        raise Conflict(N_("Vous ne pouvez pas désactiver votre propre compte."), current="active")
    changed = enrolment.deactivate(tx, account_id)
    slips.withdraw(tx, account_id)
    sessions.end(tx, account_id, reason="deactivated")
    if changed:
        for follow in _closings:
            follow(tx, account_id)
    _let_follow(tx, account_id, _delegates(tx, queries.account(tx, viewer, account_id)))
    return _changed(tx, viewer, account_id, "account.deactivated", changed)


def reactivate(tx: Transaction, viewer: Viewer, account_id: str) -> str:
    """Open a deactivated account again; the person signs in anew, or waits to be verified if they never were."""
    viewer.require("admin")
    changed = enrolment.reactivate(tx, account_id)
    _let_follow(tx, account_id, _delegates(tx, queries.account(tx, viewer, account_id)))
    return _changed(tx, viewer, account_id, "account.reactivated", changed)


def _delegates(tx: Transaction, account: queries.Account) -> list[str]:
    """The nurses who read under what is open to this doctor, where the doctor is now; nobody for anybody else."""
    return directory.beside(tx, [account.id], "nurse") if account.role == "doctor" else []


def _let_follow(tx: Transaction, account_id: str, nurses: list[str]) -> None:
    """What a doctor's grants open to these has just closed or opened: their pages look again, as when a grant ends."""
    events.notify(tx, nurses, "access_request_status_changed", None, Subject("account", account_id))


def start_session(
    tx: Transaction,
    user_id: str,
    *,
    kind: str,
    address: str,
    agent: str,
    name: str = "",
    instead_of: str | None = None,
    acting_for: str | None = None,
    whole: bool = False,
    checked: str | None = None,
) -> str:
    """Open a session after a good password; returns its secret. `name` is what its person calls a program.

    `checked`: the hash that the password was found to fit, which takes a while. Raises Invalid where it is another one
    by now: whoever knew the one before is out.

    `acting_for` is the patient for whom it acts from the beginning. Raises NotFound when it may not.
    That of a browser waits for what else its person owes, unless it is `whole`: the second factor was given, too, by
    the half session `instead_of`. Raises SignInNeeded where that is over.

    `instead_of` is the secret of the session that this browser had until now, which ends here. With somebody else's go
    its open pages: on a shared computer they must not go on showing what is told to the person before. One's own go on
    in the new session.
    """
    if not directory.is_active(tx, user_id):
        raise NotFound
    if checked is not None and checked != passwords.stored(tx, user_id):
        raise Invalid({"password": passwords.WRONG})
    before = sessions.viewer(tx, instead_of)
    if whole and not (before and before.half):  # it ended between the code and this
        raise SignInNeeded(N_("Votre session a pris fin : reconnectez-vous."))
    if before and before.own_id != user_id:
        end_session(tx, before)
    elif before:
        sessions.end(tx, user_id, reason="renewed", session_id=before.session_id)
    of_kind: Literal["browser", "token"] = "token" if kind == "token" else "browser"
    half = "" if whole or of_kind == "token" else second_factors.owed(tx, user_id)
    if not half:
        events.record(tx, "session.started", Subject("account", user_id), actor_id=user_id, kind=kind)
    proxy_id = acting.begin(tx, user_id, acting_for) if acting_for else None
    how = {"address": address, "agent": agent, "name": name}
    return sessions.start(tx, user_id, kind=of_kind, **how, half=half, proxy_id=proxy_id)


def end_session(tx: Transaction, viewer: Viewer, session_id: str | None = None) -> str:
    """End one of one's own sessions; without an id the current one, which is signing out. Raises NotFound."""
    if session_id:
        viewer.require_self()
    ending, own_id = session_id or viewer.session_id, viewer.own_id
    if not sessions.end(tx, own_id, reason="signed_out", session_id=ending):
        if not sessions.belongs(tx, own_id, ending):
            raise NotFound
        return own_id  # it was over already
    events.record(tx, "session.ended", Subject("account", own_id), actor_id=own_id)
    return own_id


def end_other_sessions(tx: Transaction, viewer: Viewer) -> str:
    """End all of one's own sessions, of browsers and of programs, but the one that asks."""
    viewer.require_self()
    if sessions.end(tx, viewer.id, reason="signed_out", but=viewer.session_id):
        events.record(tx, "sessions.ended", Subject("account", viewer.id), actor_id=viewer.id)
    return viewer.id


def lock(tx: Transaction, viewer: Viewer) -> str:
    """Lock the screen that asks; its person unlocks it, or somebody else signs in."""
    viewer.require_screen()
    sessions.lock(tx, viewer)
    return viewer.id


def note_failed_unlock(tx: Transaction, viewer: Viewer, address: str, *, last: bool) -> None:
    """Somebody did not know how to unlock this screen; the `last` time ends the session. `address`: its short hash."""
    security.note(tx, "sign_in_failed", account_id=viewer.id, address=address)
    if last:
        security.note(tx, "sign_in_locked", account_id=viewer.id, address=address)
        sessions.end(tx, viewer.id, reason="signed_out", session_id=viewer.session_id)


def choose_pin(tx: Transaction, viewer: Viewer, pin_hash: str) -> dict[str, str]:
    """Staff choose the PIN that unlocks their screen, or another."""
    viewer.require_screen()
    pins.put(tx, viewer.id, pin_hash)
    events.record(tx, "pin.chosen", Subject("profile", viewer.id), actor_id=viewer.id)
    return {"id": viewer.id}


def remove_pin(tx: Transaction, viewer: Viewer) -> str:
    """From now on the password alone unlocks."""
    viewer.require_screen()
    if pins.remove(tx, viewer.id):
        events.record(tx, "pin.removed", Subject("profile", viewer.id), actor_id=viewer.id)
    return viewer.id


def change_password(tx: Transaction, viewer: Viewer, *, was: str, by: str, address: str) -> dict[str, str]:
    """A new password (its hash `by`) in the place of the one that was entered again (`was`); `address`: its short hash.

    Whoever knows the old one is out: every other session ends. The owner reads of it in the inbox, too, for it may have
    been somebody else.
    """
    viewer.require_self()
    if not passwords.replace(tx, viewer.id, was=was, by=by):
        raise Conflict(N_("Votre mot de passe vient d'être changé ailleurs."), current="changed")
    sessions.end(tx, viewer.id, reason="signed_out", but=viewer.session_id)
    _note_new_password(tx, viewer.id, by=viewer.id, address=address)
    return {"id": viewer.id}


def _note_new_password(tx: Transaction, account_id: str, *, by: str, address: str, is_first: bool = False) -> None:
    """`is_first`: nothing was changed, and whoever chose it reads nothing else when they sign in for the first time."""
    profile = Subject("profile", account_id)
    events.record(tx, "password.changed", profile, actor_id=by)
    if not is_first:
        events.notify(tx, [account_id], "notification", "password.changed", profile)
    security.note(tx, "password_changed", account_id=account_id, address=address)


def choose_language(tx: Transaction, viewer: Viewer, language: str) -> str:
    """The language in which this person reads FADJMA."""
    if language not in LANGUAGES:
        raise Invalid({"language": N_("Cette langue n'est pas proposée.")})
    enrolment.set_language(tx, viewer.own_id, language)
    return viewer.own_id


def _add(tx: Transaction, person: NewPerson, role: Role, status: str) -> str:
    user_id = enrolment.add(tx, person, role, status)
    inbox.open_for(tx, user_id)
    return user_id


def _changed(tx: Transaction, viewer: Viewer, account_id: str, action: str, changed: int) -> str:
    now = queries.account(tx, viewer, account_id)  # NotFound for an unknown id
    if not changed:
        raise Conflict(N_("Ce compte a déjà été traité."), current=now.status)
    _record(tx, viewer, account_id, action)
    return account_id


def _record(tx: Transaction, viewer: Viewer, account_id: str, action: str) -> None:
    """What an admin has done to an account; the admins' open pages follow."""
    events.record(
        tx,
        action,
        Subject("account", account_id),
        actor_id=viewer.id,
        notices=[Notice(directory.people(tx, "admin"), "notification", None)],
    )
