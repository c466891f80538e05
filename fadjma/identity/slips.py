"""Codes on slips of paper, with which somebody chooses a password: a new member of staff, or who has lost theirs.

A code has 60 random bits, opens one account once, and ends: after 7 days where there is nothing behind it yet, because
slips are printed before somebody's first day; after 24 h where there is, because the person stands at the desk. It is
made of the slip's id and the program's key, as the hand-over code is (docs/decisions/08): its issuer can print it
again, and the database, which has a keyed hash of it, opens nothing by itself.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from fadjma import days, writing
from fadjma.i18n import N_, iso
from fadjma.ids import new_id
from fadjma.refusals import Invalid
from fadjma.short_codes import ALPHABET, READ_AS
from fadjma.store import Transaction

Purpose = Literal["activation", "reset"]
HOUR = 3_600_000
LIFETIMES: dict[Purpose, int] = {"activation": 7 * 24 * HOUR, "reset": 24 * HOUR}
_LENGTH, _GROUP = 12, 4
_LOOKED_AT = 60  # characters of what was typed
_SHOWN = 20  # of the slips that were issued for somebody

UNKNOWN = N_("Ce code n'est pas le bon : recopiez-le tel qu'il est sur le papier.")
_OVER = {
    "used": N_("Ce code a déjà servi. Connectez-vous, ou demandez-en un autre."),
    "withdrawn": N_("Ce code a été remplacé : utilisez le dernier, ou demandez-en un autre."),
    None: N_("Ce code n'est plus valable : demandez-en un autre."),
}


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip, as the tables have it."""

    id: str
    user_id: str
    purpose: Purpose
    document: str
    former_hash: str
    issued_by: str
    issued_at: int
    expires_at: int
    end_reason: str | None
    submission: str | None
    issuer: str  # by name

    @property
    def is_first(self) -> bool:
        """Whether there was no password before; to be asked before it is used."""
        return not self.former_hash

    def fault(self, now: int) -> str | None:
        """Why it opens nothing any more, in French."""
        runs = days.runs(self.issued_at, self.expires_at, now)
        return None if runs and not self.end_reason else _OVER[self.end_reason]

    def json(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose,
            "document": self.document or None,
            "issued_by": {"id": self.issued_by, "name": self.issuer},
            "issued_at": iso(self.issued_at),
            "valid_until": iso(self.expires_at),
        }


def code_of(key: bytes, slip_id: str) -> str:
    """The code of a slip in groups, as it is printed: 7K2M-Q0XW-4D9T."""
    digest = hmac.digest(key, b"code:" + slip_id.encode(), sha256)
    letters = "".join(ALPHABET[byte & 31] for byte in digest[:_LENGTH])
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def hash_of(key: bytes, typed: str) -> str:
    """What is stored of a code, from whatever was typed (lower case, spaces, O for 0)."""
    plain = "".join(filter(str.isalnum, writing.code_key(typed[:_LOOKED_AT]))).translate(READ_AS)
    return hmac.digest(key, b"hash:" + plain.encode(), sha256).hex()


def issue(tx: Transaction, user_id: str, purpose: Purpose, *, key: bytes, by: str, document: str = "") -> None:
    """A new slip; the one before opens nothing any more. Of a reset, the former password is known until its use."""
    former = tx.value("SELECT former_hash FROM slips WHERE user_id = :id AND ended_at IS NULL", {"id": user_id})
    if purpose == "reset" and former is None:  # where a slip is open, nobody's password stands in the place of one
        former = tx.value("SELECT password_hash FROM users WHERE id = :id", {"id": user_id})
    withdraw(tx, user_id)
    slip_id = new_id()
    tx.execute(
        "INSERT INTO slips (id, user_id, purpose, code_hash, document, former_hash, issued_by, issued_at, expires_at) "
        "VALUES (:id, :user_id, :purpose, :code_hash, :document, :former, :by, :now, :expires_at)",
        {
            "id": slip_id,
            "user_id": user_id,
            "purpose": purpose,
            "code_hash": hash_of(key, code_of(key, slip_id)),
            "document": document,
            "former": former or "",
            "by": by,
            "now": tx.now,
            "expires_at": tx.now + LIFETIMES[purpose],
        },
    )


def withdraw(tx: Transaction, user_id: str) -> None:
    """The open slip of this account, if there is one, opens nothing any more."""
    tx.execute(
        "UPDATE slips SET ended_at = :now, end_reason = 'withdrawn', former_hash = '' "
        "WHERE user_id = :id AND ended_at IS NULL",
        {"now": tx.now, "id": user_id},
    )


def use(tx: Transaction, slip_id: str, submission: str | None) -> None:
    """Once, also by two at the same moment. Raises Invalid when it was used, withdrawn or over meanwhile."""
    used = tx.execute(
        "UPDATE slips SET ended_at = :now, end_reason = 'used', former_hash = '', submission = :submission "
        "WHERE id = :id AND ended_at IS NULL AND expires_at > :now AND issued_at - (expires_at - issued_at) < :now",
        {"now": tx.now, "submission": submission, "id": slip_id},
    )
    if not used:
        slip = _first(tx, "s.id = :value", slip_id)
        assert slip
        raise Invalid({"code": slip.fault(tx.now) or UNKNOWN})


def by_code(tx: Transaction, code_hash: str) -> Slip | None:
    """The slip of a code, whatever has become of it."""
    return _first(tx, "s.code_hash = :value", code_hash)


def open_for(tx: Transaction, user_id: str) -> Slip | None:
    """The slip with which this person can still choose a password."""
    slip = _first(tx, "s.user_id = :value AND s.ended_at IS NULL", user_id)
    return slip if slip and not slip.fault(tx.now) else None


def is_first_due(tx: Transaction, user_id: str) -> bool:
    """Whether a slip was issued for a first password, in time or not, and none was chosen."""
    sql = "SELECT 1 FROM slips WHERE user_id = :id AND ended_at IS NULL AND former_hash = ''"
    return tx.value(sql, {"id": user_id}) is not None


def resets_of(tx: Transaction, user_id: str) -> list[Slip]:
    """Who has reset this person's password, the latest first."""
    rows = tx.all(
        f"{_SLIP} WHERE s.user_id = :id AND s.purpose = 'reset' ORDER BY s.issued_at DESC, s.id DESC LIMIT {_SHOWN}",
        {"id": user_id},
    )
    return [Slip(**row.as_dict()) for row in rows]


_SLIP = """
    SELECT s.id, s.user_id, s.purpose, s.document, s.former_hash, s.issued_by, s.issued_at, s.expires_at, s.end_reason,
           s.submission, u.given_name || ' ' || u.family_name AS issuer
    FROM slips s JOIN users u ON u.id = s.issued_by
"""


def _first(tx: Transaction, condition: str, value: str) -> Slip | None:
    row = tx.first(f"{_SLIP} WHERE {condition}", {"value": value})
    return Slip(**row.as_dict()) if row else None


def may_be_one(tx: Transaction, one: str, other: str, *, since: int) -> bool:
    """Whether somebody could sign in as both of these by slips since then (milliseconds UTC): one of the two, who has
    given the other theirs, or a third, who has given both; at whatever number of hands.
    """
    return not _behind(tx, one, since).isdisjoint(_behind(tx, other, since))


def _behind(tx: Transaction, user_id: str, since: int) -> set[str]:
    """This person, who has given them a slip, who has given those one…"""
    rows = tx.all(
        "WITH RECURSIVE behind (id) AS (SELECT id FROM users WHERE id = :id UNION "
        "SELECT s.issued_by FROM behind b JOIN slips s ON s.user_id = b.id WHERE s.issued_at >= :since) "
        "SELECT id FROM behind",
        {"id": user_id, "since": since},
    )
    return {row["id"] for row in rows}
