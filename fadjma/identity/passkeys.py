"""Passkeys (W3C WebAuthn): a key that a telephone, a computer or a stick on USB keeps, and signs with.

What is to be signed is a challenge: made for one session and one purpose, taken once, within five minutes. A passkey
belongs to its person and to the host name at which it was made. `webauthn`, which knows the format, is loaded where it
is used: most people have none.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from fadjma.i18n import iso
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.store import Transaction

Purpose = Literal["registration", "sign_in", "unlock"]
_VALID_FOR = 5 * 60_000  # milliseconds
_MOST = 10  # of one person
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Site:
    """Where a page was asked for, as the browser knows it."""

    origin: str  # https://fadjma.local:8443

    @property
    def host(self) -> str:
        """The name that a passkey is bound to, without the port."""
        return urlsplit(self.origin).hostname or ""

    @property
    def may(self) -> bool:
        """Whether browsers offer passkeys there: over TLS or on this machine, and at a name."""
        with suppress(ValueError):
            ip_address(self.host)
            return False
        return self.origin.startswith("https://") or self.host == "localhost"


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of somebody's."""

    id: str
    name: str
    host: str
    credential: str
    public_key: str
    sign_count: int
    created_at: int
    used_at: int | None

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "host": self.host,
            "created_at": iso(self.created_at),
            "last_used_at": iso(self.used_at) if self.used_at else None,
        }


@dataclass(frozen=True, slots=True)
class Made:
    """A new passkey, as its authenticator has described it."""

    credential: str
    public_key: str
    sign_count: int


def of(tx: Transaction, user_id: str) -> list[Passkey]:
    """All of this person, the oldest first."""
    rows = tx.all(
        "SELECT id, name, host, credential, public_key, sign_count, created_at, used_at FROM passkeys "
        "WHERE user_id = :id ORDER BY created_at, id",
        {"id": user_id},
    )
    return [Passkey(**row.as_dict()) for row in rows]


def at(tx: Transaction, user_id: str, site: Site) -> list[Passkey]:
    """Those that can be used there."""
    return [passkey for passkey in of(tx, user_id) if passkey.host == site.host] if site.may else []


def challenge(tx: Transaction, viewer: Viewer, purpose: Purpose) -> bytes:
    """What is to be signed in this session for this purpose; the one before is worthless."""
    made = secrets.token_bytes(32)
    tx.execute(
        "INSERT INTO passkey_challenges (session_id, purpose, challenge, made_at) "
        "VALUES (:session, :purpose, :challenge, :now) ON CONFLICT (session_id, purpose) "
        "DO UPDATE SET challenge = excluded.challenge, made_at = excluded.made_at",
        {"session": viewer.session_id, "purpose": purpose, "challenge": _text(made), "now": tx.now},
    )
    return made


def spend(tx: Transaction, viewer: Viewer, purpose: Purpose) -> bytes | None:
    """The challenge of this session, which nobody can answer again; None when there is none, or not any more."""
    rows = tx.all(
        "DELETE FROM passkey_challenges WHERE session_id = :session AND purpose = :purpose "
        "RETURNING challenge, made_at",
        {"session": viewer.session_id, "purpose": purpose},
    )
    return next((_bytes(row["challenge"]) for row in rows if row["made_at"] > tx.now - _VALID_FOR), None)


def add(tx: Transaction, user_id: str, site: Site, made: Made, *, name: str) -> bool:
    """Keep a new one; false when it is known already, or there are too many."""
    if len(of(tx, user_id)) >= _MOST:
        return False
    added = tx.execute(
        "INSERT INTO passkeys (id, user_id, credential, host, name, public_key, sign_count, created_at) "
        "VALUES (:id, :user_id, :credential, :host, :name, :public_key, :sign_count, :now) "
        "ON CONFLICT (credential) DO NOTHING",
        {
            "id": new_id(),
            "user_id": user_id,
            "credential": made.credential,
            "host": site.host,
            "name": name[:_LONGEST_NAME],
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "now": tx.now,
        },
    )
    return bool(added)


def used(tx: Transaction, passkey_id: str, sign_count: int) -> None:
    """It has signed, for the `sign_count`th time: one that says less the next time is a copy."""
    sql = "UPDATE passkeys SET sign_count = :count, used_at = :now WHERE id = :id"
    tx.execute(sql, {"count": sign_count, "now": tx.now, "id": passkey_id})


def remove(tx: Transaction, user_id: str, passkey_id: str) -> bool:
    """Forget one; false when this person has no such."""
    sql = "DELETE FROM passkeys WHERE id = :id AND user_id = :user_id"
    return bool(tx.execute(sql, {"id": passkey_id, "user_id": user_id}))


def to_make(site: Site, user_id: str, login: str, challenge: bytes, known: list[Passkey]) -> dict[str, Any]:
    """What a browser is told to make a passkey (PublicKeyCredentialCreationOptions)."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="FADJMA",
        user_id=user_id.encode(),
        user_name=login,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(user_verification=UserVerificationRequirement.REQUIRED),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=_bytes(one.credential)) for one in known],
    )
    return cast(dict[str, Any], json.loads(webauthn.options_to_json(options)))


def read_made(site: Site, challenge: bytes, sent: str) -> Made | None:
    """The new passkey of what a browser has sent; None when it does not answer this challenge at this site."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_registration_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, RecursionError):  # of whatever else was sent
        return None
    return Made(_text(found.credential_id), _text(found.credential_public_key), found.sign_count)


def to_sign(site: Site, challenge: bytes, known: list[Passkey]) -> dict[str, Any]:
    """What a browser is told to sign with one of these (PublicKeyCredentialRequestOptions)."""
    import webauthn
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=_bytes(one.credential)) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return cast(dict[str, Any], json.loads(webauthn.options_to_json(options)))


def read_signed(site: Site, challenge: bytes, sent: str, known: list[Passkey]) -> tuple[str, int] | None:
    """Which of these has signed, and for which time; None when none has signed this challenge at this site."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        credential = webauthn.helpers.parse_authentication_credential_json(sent)
        passkey = next(one for one in known if _bytes(one.credential) == credential.raw_id)
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, RecursionError, StopIteration):
        return None
    return passkey.id, found.new_sign_count


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text)
