"""Signing in: the one place where a password is checked.

Wrong ones are counted per account and per address; neither is anything that the person who guesses can choose. Where
somebody has signed in before (that browser, that address) they have an allowance of their own there, which no stranger
uses up. An unknown account and a wrong password get the same answer in the same time.

Several people may have one phone or address, and anybody may register with that of somebody else. So each account is
counted by itself: a password that fits one is a wrong one of the others, and one of which the allowance is used up is
not looked at, and keeps nobody else out.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Literal

from fadjma.accounts import actions, queries, second_factor
from fadjma.accounts.queries import Chooser
from fadjma.events import security
from fadjma.i18n import N_
from fadjma.identity import passkeys, passwords, pins, proxies, second_factors, sessions, slips
from fadjma.identity.devices import Device
from fadjma.identity.identifiers import normalize_email, normalize_phone
from fadjma.identity.passkeys import Purpose, Site
from fadjma.identity.passwords import Credential
from fadjma.identity.people import Viewer
from fadjma.refusals import EnrolmentNeeded, FactorNeeded, Forbidden, Invalid, NotNow, SignInNeeded
from fadjma.store import Database, Transaction
from fadjma.web.throttle import (
    CODE_PER_ADDRESS,
    CONFIRM_PER_ACCOUNT,
    FACTOR_PER_ACCOUNT,
    SIGN_IN_PER_ACCOUNT,
    SIGN_IN_PER_ADDRESS,
    SIGN_IN_PER_DEVICE,
    UNLOCK_PER_SESSION,
    Counted,
    Throttle,
    neighbourhood,
)

NOT_SIGNED = N_("Cette clé d'accès n'a pas été reconnue : essayez encore, ou d'une autre façon.")
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
    name: str = "",
    mark: str = "",
    device: Device | None = None,
    instead_of: str | None = None,
    person_id: str = "",
    otp: str = "",
    factor_key: bytes = b"",
) -> tuple[str, str]:
    """Check a password and open a session; returns its secret and the user's id.

    A browser's may be half: it waits for the second factor. A program gives that at once (`otp`; `factor_key` is the
    key of second_factors.py).

    `person_id` is which of several people, whose phone or address and password are the same; or for whom the one that
    they are of may act, and then the session acts for them.

    `mark` is what stands for the address in the list of security events; of `name` and `instead_of`, see
    actions.start_session.

    Raises Throttled, Invalid (unknown or wrong, the same), Forbidden (right password, account not active), and
    WhichPerson where it fits several and nobody was named: no first match wins. To a program FactorNeeded.
    """
    email = normalize_email(login)
    candidates = await database.read(
        passwords.credentials_for, email=email if "@" in email else None, phone=normalize_phone(login)
    )
    known = [candidate.user_id for candidate in candidates]
    at = neighbourhood(address)
    been_here = await database.read(sessions.have_been_at, known, address)
    counted = {account: _counted(account, device, at if account in been_here else None) for account in known}
    used_up = {account for account in known if await throttle.is_used_up(counted[account])}
    candidates = [one for one in candidates if one.user_id not in used_up] or candidates
    accounts = [candidate.user_id for candidate in candidates]
    allowances = [counted[account] for account in accounts] or [(SIGN_IN_PER_ACCOUNT, _digest(login))]
    async with throttle.attempt((SIGN_IN_PER_ADDRESS, at), *allowances) as attempt:
        matching = await passwords.all_that_match(password, [candidate.password_hash for candidate in candidates])
        fitting = [candidates[index] for index in matching]
        found = [candidate for candidate in fitting if person_id in ("", candidate.user_id)]
        acting_for = None
        if person_id and not found:
            found = [one for one in fitting if await database.read(proxies.between, one.user_id, person_id)]
            acting_for = person_id
        attempt.failed = not found
        missed = [account for account in accounts if account not in {one.user_id for one in fitting}]
        attempt.missed = tuple(counted[account] for account in missed)
    if not found:
        await database.write(_note_failure, accounts, mark, locked=attempt.used_up)
        for account in used_up:  # it may have been the right one of somebody who was not looked at
            await throttle.require(counted[account])
        raise Invalid({"password": passwords.WRONG})
    if attempt.used_up:
        await database.write(_note_failure, missed, mark, locked=True)
    person = await _only_one(database, found)
    if person.refusal:
        raise Forbidden(N_("Votre inscription a été refusée : %(reason)s"), reason=person.refusal)
    if person.status != "active":
        raise Forbidden(_CLOSED[person.status])
    await throttle.forgive(*counted[person.user_id])
    if kind == "token":
        await _require_factor(database, throttle, person.user_id, otp, key=factor_key, mark=mark)
    secret = await database.write(
        actions.start_session,
        person.user_id,
        kind=kind,
        address=address,
        agent=agent,
        name=name,
        instead_of=instead_of,
        acting_for=acting_for,
        checked=person.password_hash,
    )
    return secret, person.user_id


async def _require_factor(
    database: Database, throttle: Throttle, user_id: str, otp: str, *, key: bytes, mark: str
) -> None:
    owed = await database.read(second_factors.owed, user_id)
    if owed == "enrolment":
        raise EnrolmentNeeded
    if owed and not otp:
        raise FactorNeeded
    if owed:
        try:
            await take_factor(database, throttle, user_id, otp, key=key, mark=mark)
        except Invalid as refusal:
            raise FactorNeeded(second_factors.WRONG) from refusal


async def take_factor(
    database: Database, throttle: Throttle, user_id: str, typed: str, *, key: bytes, mark: str
) -> None:
    """A code of the authenticator or a recovery code, which is used by it. Raises Invalid, Throttled."""
    second_factor.require_one(typed)
    async with throttle.attempt((FACTOR_PER_ACCOUNT, user_id)) as attempt:
        attempt.failed = not await database.write(second_factor.take, user_id, typed, key=key)
    if attempt.failed:
        await database.write(second_factor.note_failure, user_id, address=mark, last=attempt.used_up)
        raise Invalid({"otp": second_factors.WRONG})
    await throttle.forgive(FACTOR_PER_ACCOUNT, user_id)


async def sign_with_passkey(
    database: Database, throttle: Throttle, viewer: Viewer, site: Site, sent: str, *, mark: str
) -> None:
    """What the person's authenticator has signed, as second factor. Raises Invalid, Throttled."""
    async with throttle.attempt((FACTOR_PER_ACCOUNT, viewer.id)) as attempt:
        attempt.failed = not await _has_signed(database, viewer, site, sent, "sign_in")
    if attempt.failed:
        await database.write(second_factor.note_failure, viewer.id, address=mark, last=attempt.used_up)
        raise Invalid({"credential": NOT_SIGNED})
    await throttle.forgive(FACTOR_PER_ACCOUNT, viewer.id)


async def confirm_factor(
    throttle: Throttle, user_id: str, typed: str, confirm: Callable[[], Awaitable[object]]
) -> None:
    """The first code of a new authenticator, which `confirm` takes. Raises Invalid, Throttled, and what that does."""
    second_factor.require_one(typed)
    async with throttle.attempt((FACTOR_PER_ACCOUNT, user_id)) as attempt:
        try:
            await confirm()
        except Invalid:
            attempt.failed = True
            raise
    await throttle.forgive(FACTOR_PER_ACCOUNT, user_id)


async def _only_one(database: Database, found: list[Credential]) -> Credential:
    """The one account in use of those that fit; raises WhichPerson when there are several."""
    in_use = [candidate for candidate in found if candidate.status == "active"]
    if len(in_use) > 1:
        checked = {candidate.user_id: candidate.password_hash for candidate in in_use}
        raise WhichPerson(await database.read(queries.names, list(checked)), checked)
    return (in_use or found)[0]


class WhichPerson(NotNow):
    """Several people are signed in to so; `people` are their ids and names, `checked` the hash of each that it fits."""

    def __init__(self, people: list[dict[str, str]], checked: dict[str, str]) -> None:
        super().__init__(
            N_("Plusieurs personnes ont ce numéro ou cette adresse, et ce mot de passe : choisissez laquelle."),
            current="several",
        )
        self.people = people
        self.checked = checked
        self.details["people"] = people


def _counted(account: str, device: Device | None, known_at: str | None) -> Counted:
    """What a wrong password for this account counts against."""
    if device and account in device.people:
        return SIGN_IN_PER_DEVICE, f"{account} {device.name}"
    return (SIGN_IN_PER_DEVICE, f"{account} {known_at}") if known_at else (SIGN_IN_PER_ACCOUNT, account)


def _note_failure(tx: Transaction, accounts: list[str], mark: str, *, locked: bool) -> None:
    whose: list[str | None] = [*accounts] or [None]
    for account in whose:
        security.note(tx, "sign_in_failed", account_id=account, address=mark)
        if locked:
            security.note(tx, "sign_in_locked", account_id=account, address=mark)


async def confirm_password(throttle: Throttle, user_id: str, password: str, stored: str) -> None:
    """The password of somebody who is signed in, entered again. Raises Invalid, Throttled."""
    async with throttle.attempt((CONFIRM_PER_ACCOUNT, user_id)) as attempt:
        attempt.failed = await passwords.verify(password, [stored]) is None
    if attempt.failed:
        raise Invalid({"password": N_("Ce n'est pas votre mot de passe.")})
    await throttle.forgive(CONFIRM_PER_ACCOUNT, user_id)


async def unlock(database: Database, throttle: Throttle, viewer: Viewer, given: str, *, mark: str) -> None:
    """Unlock a screen with its person's PIN or password.

    Raises Invalid; SignInNeeded, when it was the fifth error, which ends the session.
    """
    hashes = await database.read(pins.unlocking, viewer)
    async with throttle.attempt((UNLOCK_PER_SESSION, viewer.session_id)) as attempt:
        attempt.failed = await passwords.verify(given, hashes) is None
    if not attempt.failed:
        await throttle.forgive(UNLOCK_PER_SESSION, viewer.session_id)
        return await database.write(sessions.unlock, viewer)
    await _note_failed_unlock(database, viewer, last=attempt.used_up, mark=mark)
    neither = N_("Ce n'est ni votre code PIN ni votre mot de passe.")
    raise Invalid({"password": neither if len(hashes) > 1 else N_("Ce n'est pas votre mot de passe.")})


async def unlock_with_passkey(
    database: Database, throttle: Throttle, viewer: Viewer, site: Site, sent: str, *, mark: str
) -> None:
    """The same with what the person's authenticator has signed."""
    async with throttle.attempt((UNLOCK_PER_SESSION, viewer.session_id)) as attempt:
        attempt.failed = not await _has_signed(database, viewer, site, sent, "unlock")
    if not attempt.failed:
        await throttle.forgive(UNLOCK_PER_SESSION, viewer.session_id)
        return await database.write(sessions.unlock, viewer)
    await _note_failed_unlock(database, viewer, last=attempt.used_up, mark=mark)
    raise Invalid({"credential": NOT_SIGNED})


async def _note_failed_unlock(database: Database, viewer: Viewer, *, last: bool, mark: str) -> None:
    await database.write(actions.note_failed_unlock, viewer, mark, last=last)
    if last:
        raise SignInNeeded(N_("Cinq erreurs : la session est fermée. Reconnectez-vous avec votre mot de passe."))


async def _has_signed(database: Database, viewer: Viewer, site: Site, sent: str, purpose: Purpose) -> bool:
    """Whether one of this person's passkeys has signed the challenge of this session, which is spent by it."""
    challenge = await database.write(passkeys.spend, viewer, purpose)
    if challenge is None:
        return False
    known = await database.read(passkeys.at, viewer.id, site)
    signed = await asyncio.to_thread(passkeys.read_signed, site, challenge, sent, known)
    if signed:
        await database.write(passkeys.used, *signed)
    return signed is not None


async def choose_password(
    database: Database,
    throttle: Throttle,
    password: str,
    *,
    code_hash: str,
    places: list[str],
    submission: str | None,
    address: str,
    mark: str,
) -> Chooser:
    """A password, chosen with the code of a slip, which is used by it; returns who that was.

    The same submission again changes nothing. Raises Throttled, Invalid.
    """
    async with throttle.attempt((CODE_PER_ADDRESS, neighbourhood(address))) as attempt:
        found = await database.read(queries.chooser, code_hash)
        again = bool(found and submission and found.slip.submission == submission)
        fault = slips.UNKNOWN if found is None else None if again else found.slip.fault(database.clock())
        attempt.failed = fault is not None
    if found is None or fault:
        whose = found.slip.user_id if found else None
        await database.write(security.note, "code_refused", account_id=whose, address=mark)
        raise Invalid({"code": fault or slips.UNKNOWN})
    if again:
        return found
    if weakness := passwords.weakness(password, *found.personal, *places):
        raise Invalid({"password": weakness})
    if await passwords.verify(password, [found.stored_hash]) is not None:
        raise Invalid({"password": passwords.SAME})
    password_hash = await passwords.hash_password(password)
    await database.write(actions.activate, found, password_hash=password_hash, submission=submission, address=mark)
    return found


def _digest(login: str) -> str:
    """An account that does not exist is counted like one that does, without keeping what was typed."""
    return hashlib.sha256((normalize_phone(login) or normalize_email(login)).encode()).hexdigest()
