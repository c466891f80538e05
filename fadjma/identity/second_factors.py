"""The second factor: what somebody has, beside the password that they know. docs/decisions/21-second-factor.md.

A code of six digits that an authenticator makes of a shared key every 30 seconds (TOTP, RFC 6238), or one of ten
recovery codes on paper. None is taken twice. A recovery code is made of its row's id and the program's key, as that of
a slip (slips.py): it can be shown again for ten minutes, and the table opens nothing.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

import pyotp

from fadjma import rules, writing
from fadjma.i18n import N_, iso
from fadjma.ids import new_id
from fadjma.sealing import seal, unseal
from fadjma.short_codes import ALPHABET, READ_AS
from fadjma.store import Transaction

Half = Literal["", "factor", "enrolment"]  # what a session waits for before it is whole
Given = Literal["", "code", "recovery"]
MINUTE = 60_000
SHOWN_FOR = 10 * MINUTE  # that a new key waits for its first code, and that new recovery codes can be read
STEP = 30_000  # milliseconds, of RFC 6238
_DRIFT = 1  # steps to either side: a clock that is half a minute off, or a slow hand
_CODES, _LENGTH = 10, 10  # of 50 random bits each
_LOOKED_AT = 40  # characters of what was typed

WRONG = N_("Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant ; l'heure du téléphone doit être juste.")
_CODE = re.compile(r"[0-9]{6}")
_HAS_ONE = """
    SELECT 1 FROM totp_keys WHERE user_id = :id UNION ALL SELECT 1 FROM passkeys WHERE user_id = :id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new key, while it waits for its first code."""

    secret: str  # base 32, as authenticators take it
    expires_at: int

    @property
    def grouped(self) -> str:
        """As it is copied by hand."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))

    def uri(self, login: str) -> str:
        """What an authenticator reads from the QR code."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=login, issuer_name="FADJMA")


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody has."""

    totp_at: int | None  # since when there is an authenticator
    passkeys: int
    codes_left: int
    required: bool  # by the clinic, of this person

    @property
    def any(self) -> bool:
        return bool(self.totp_at or self.passkeys)

    def json(self) -> dict[str, Any]:
        return {
            "authenticator_since": iso(self.totp_at) if self.totp_at else None,
            "recovery_codes_left": self.codes_left,
            "required": self.required,
        }


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Ten codes; `codes` only just after they were made."""

    codes: tuple[str, ...]
    left: int

    def json(self) -> dict[str, Any]:
        return {"codes": list(self.codes) or None, "left": self.left}


def has_one(tx: Transaction, user_id: str) -> bool:
    """Whether a password alone does not sign this person in."""
    return bool(tx.value(_HAS_ONE, {"id": user_id}))


def is_required(tx: Transaction, user_id: str) -> bool:
    """Whether the clinic wants one of this person."""
    if not rules.current().second_factor:
        return False
    return bool(tx.value("SELECT 1 FROM users WHERE id = :id AND role <> 'patient'", {"id": user_id}))


def owed(tx: Transaction, user_id: str) -> Half:
    """What is to follow the right password."""
    if has_one(tx, user_id):
        return "factor"
    return "enrolment" if is_required(tx, user_id) else ""


def of(tx: Transaction, user_id: str) -> Factors:
    since = tx.value("SELECT confirmed_at FROM totp_keys WHERE user_id = :id", {"id": user_id})
    passkeys = tx.value("SELECT count(*) FROM passkeys WHERE user_id = :id", {"id": user_id})
    return Factors(since, passkeys, codes_left(tx, user_id), is_required(tx, user_id))


def begin(tx: Transaction, user_id: str, *, key: bytes) -> None:
    """A new key, that counts once a code of it was given; the one before counts until then."""
    tx.execute(
        "INSERT INTO totp_enrolments (user_id, sealed, made_at) VALUES (:id, :sealed, :now) "
        "ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, made_at = excluded.made_at",
        {"id": user_id, "sealed": seal(pyotp.random_base32().encode(), _bound(user_id), key), "now": tx.now},
    )


def enrolment(tx: Transaction, user_id: str, *, key: bytes) -> Enrolment | None:
    """The new key, if one was made within ten minutes."""
    row = tx.first(
        "SELECT sealed, made_at FROM totp_enrolments WHERE user_id = :id AND made_at > :since",
        {"id": user_id, "since": tx.now - SHOWN_FOR},
    )
    secret = row and unseal(row["sealed"], _bound(user_id), key)
    return Enrolment(secret.decode(), row["made_at"] + SHOWN_FOR) if row and secret else None


def confirm(tx: Transaction, user_id: str, typed: str, *, key: bytes) -> bool:
    """The first code of a new key: from now on it counts. False when it is not one of its codes."""
    found = enrolment(tx, user_id, key=key)
    step = found and _step_of(found.secret, typed, tx.now)
    if not step:
        return False
    tx.execute(
        "INSERT INTO totp_keys (user_id, sealed, confirmed_at, last_step) "
        "SELECT user_id, sealed, :now, :step FROM totp_enrolments WHERE user_id = :id "
        "ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, confirmed_at = excluded.confirmed_at, "
        "last_step = excluded.last_step",
        {"id": user_id, "now": tx.now, "step": step},
    )
    tx.execute("DELETE FROM totp_enrolments WHERE user_id = :id", {"id": user_id})
    return True


def take(tx: Transaction, user_id: str, typed: str, *, key: bytes) -> Given:
    """What was given, a code of the authenticator or a recovery code, which is used by it; empty: neither."""
    if _take_code(tx, user_id, typed, key):
        return "code"
    used = tx.execute(
        "UPDATE recovery_codes SET used_at = :now WHERE user_id = :id AND hash = :hash AND used_at IS NULL",
        {"now": tx.now, "id": user_id, "hash": _hash(key, typed)},
    )
    return "recovery" if used else ""


def _take_code(tx: Transaction, user_id: str, typed: str, key: bytes) -> bool:
    sealed = tx.value("SELECT sealed FROM totp_keys WHERE user_id = :id", {"id": user_id})
    secret = sealed and unseal(sealed, _bound(user_id), key)
    step = secret and _step_of(secret.decode(), typed, tx.now)
    # One that was taken while the clock ran ahead shuts nobody out once that has been put right.
    sql = (
        "UPDATE totp_keys SET last_step = :step "
        "WHERE user_id = :id AND (last_step < :step OR last_step > :latest) AND :step IS NOT NULL"
    )
    latest = tx.now // STEP + _DRIFT
    return bool(step) and bool(tx.execute(sql, {"id": user_id, "step": step, "latest": latest}))


def _step_of(secret: str, typed: str, now: int) -> int | None:
    """The step, about now, of which this is the code."""
    digits = "".join(c for c in writing.plain_digits(typed[:_LOOKED_AT]) if c not in " .-")
    if not _CODE.fullmatch(digits):
        return None
    totp, current = pyotp.TOTP(secret), now // STEP
    steps = range(current - _DRIFT, current + _DRIFT + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), digits)), None)


def renew_codes(tx: Transaction, user_id: str, *, key: bytes) -> None:
    """Ten other recovery codes; those before open nothing any more."""
    tx.execute("DELETE FROM recovery_codes WHERE user_id = :user_id", {"user_id": user_id})
    ids = [new_id() for _ in range(_CODES)]
    tx.execute_many(
        "INSERT INTO recovery_codes (id, user_id, hash, made_at) VALUES (?, ?, ?, ?)",
        [(code_id, user_id, _hash(key, recovery_code(key, code_id)), tx.now) for code_id in ids],
    )


def codes(tx: Transaction, user_id: str, *, key: bytes) -> RecoveryCodes:
    """How many are left; which they are, for ten minutes after they were made."""
    rows = tx.all(
        "SELECT id FROM recovery_codes WHERE user_id = :id AND made_at > :since AND used_at IS NULL ORDER BY id",
        {"id": user_id, "since": tx.now - SHOWN_FOR},
    )
    return RecoveryCodes(tuple(recovery_code(key, row["id"]) for row in rows), codes_left(tx, user_id))


def codes_left(tx: Transaction, user_id: str) -> int:
    sql = "SELECT count(*) FROM recovery_codes WHERE user_id = :id AND used_at IS NULL"
    return int(tx.value(sql, {"id": user_id}))


def recovery_code(key: bytes, code_id: str) -> str:
    """A recovery code as it is printed: 7K2MQ-0XW4D."""
    digest = hmac.digest(key, b"code:" + code_id.encode(), sha256)
    letters = "".join(ALPHABET[byte & 31] for byte in digest[:_LENGTH])
    return f"{letters[:5]}-{letters[5:]}"


def remove(tx: Transaction, user_id: str) -> None:
    """From now on the password alone signs in; with the last factor go the recovery codes."""
    whose = {"id": user_id}
    tx.execute("DELETE FROM totp_keys WHERE user_id = :id", whose)
    tx.execute("DELETE FROM totp_enrolments WHERE user_id = :id", whose)
    tx.execute("DELETE FROM recovery_codes WHERE user_id = :id", whose)
    tx.execute("DELETE FROM passkeys WHERE user_id = :id", whose)


def _hash(key: bytes, typed: str) -> str:
    plain = "".join(filter(str.isalnum, writing.code_key(typed[:_LOOKED_AT]))).translate(READ_AS)
    return hmac.digest(key, b"hash:" + plain.encode(), sha256).hex()


def _bound(user_id: str) -> bytes:
    return b"totp\0" + user_id.encode()
