"""Signing in: the one place where a password is checked.

Attempts are counted before the password is looked at, per account and per address; neither is anything that the person
who guesses can choose. An unknown account and a wrong password get the same answer in the same time.
"""

import hashlib
from typing import Literal

from fadjma.accounts import actions, queries
from fadjma.i18n import N_
from fadjma.identity import passwords
from fadjma.identity.identifiers import normalize_email, normalize_phone
from fadjma.refusals import Forbidden, Invalid
from fadjma.store import Database
from fadjma.web.throttle import CONFIRM_PER_ACCOUNT, SIGN_IN_PER_ACCOUNT, SIGN_IN_PER_ADDRESS, Throttle

WRONG = N_("Identifiant ou mot de passe incorrect.")
_CLOSED = {
    "pending": N_("Votre compte attend d'être vérifié par un administrateur."),
    "deactivated": N_("Ce compte est désactivé. Adressez-vous à l'administrateur."),
}


async def sign_in(
    database: Database,
    throttle: Throttle,
    login: str,
    password: str,
    *,
    kind: Literal["browser", "token"],
    address: str,
    agent: str,
    instead_of: str | None = None,
) -> tuple[str, str]:
    """Check a password and open a session; returns its secret and the user's id.

    `instead_of`: see actions.start_session.

    Raises Throttled, Invalid (unknown or wrong, the same), Forbidden (right password, account not active).
    """
    email = normalize_email(login)
    candidates = await database.read(
        queries.credentials_for, email=email if "@" in email else None, phone=normalize_phone(login)
    )
    accounts = [candidate.user_id for candidate in candidates] or [_digest(login)]
    await throttle.hit(SIGN_IN_PER_ADDRESS, address)
    for account in accounts:
        await throttle.hit(SIGN_IN_PER_ACCOUNT, account)
    found = await passwords.verify(password, [candidate.password_hash for candidate in candidates])
    if found is None:
        raise Invalid({"password": WRONG})
    person = candidates[found]
    if person.status != "active":
        raise Forbidden(_CLOSED[person.status])
    await throttle.forgive(SIGN_IN_PER_ACCOUNT, person.user_id)
    secret = await database.write(
        actions.start_session, person.user_id, kind=kind, address=address, agent=agent, instead_of=instead_of
    )
    return secret, person.user_id


async def confirm_password(throttle: Throttle, user_id: str, password: str, stored: str) -> None:
    """The password of somebody who is signed in, entered again. Raises Invalid, Throttled."""
    await throttle.hit(CONFIRM_PER_ACCOUNT, user_id)
    if await passwords.verify(password, [stored]) is None:
        raise Invalid({"password": N_("Ce n'est pas votre mot de passe.")})
    await throttle.forgive(CONFIRM_PER_ACCOUNT, user_id)


def _digest(login: str) -> str:
    """An account that does not exist is counted like one that does, without keeping what was typed."""
    return hashlib.sha256((normalize_phone(login) or normalize_email(login)).encode()).hexdigest()
