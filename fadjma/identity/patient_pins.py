"""A patient's PIN: six digits from the front desk, with which they approve on a doctor's screen. It never signs in.

Five wrong ones lock it until the desk gives another. What is stored is a keyed hash: a million are soon tried, so it is
the key that protects, which the database does not have. A PIN that the program has made can be said once more to the
very form that asked for it, because the key and a salt make it (docs/decisions/08).
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from fadjma.i18n import N_
from fadjma.identity import pin_rules
from fadjma.ids import new_id
from fadjma.refusals import Invalid, WrongCode
from fadjma.store import Transaction

State = Literal["none", "set", "locked"]
ATTEMPTS = 5
WRONG = N_("Ce n'est pas le code PIN de ce patient. Essais restants : %(left)d.")
LOCKED = N_("Ce code PIN est bloqué : l'accueil peut en donner un nouveau.")
NONE = N_("Ce patient n'a pas de code PIN : l'accueil peut en donner un, ou attester l'accord du patient.")


@dataclass(frozen=True, slots=True)
class Pin:
    """What is stored of one."""

    patient_id: str
    salt: str
    hash: str
    chosen: bool
    failures: int
    set_by: str
    set_at: int

    @property
    def locked(self) -> bool:
        return self.failures >= ATTEMPTS

    def is_it(self, key: bytes, typed: str) -> bool:
        """Whether these are the six digits, however they were typed."""
        return hmac.compare_digest(self.hash, _hash(key, self.patient_id, self.salt, pin_rules.digits(typed) or ""))


def of(tx: Transaction, patient_id: str) -> Pin | None:
    """A patient's PIN, if the desk has given one."""
    row = tx.first(
        "SELECT patient_id, salt, hash, chosen, failures, set_by, set_at FROM patient_pins WHERE patient_id = :id",
        {"id": patient_id},
    )
    return Pin(**{**row.as_dict(), "chosen": bool(row["chosen"])}) if row else None


def state(tx: Transaction, patient_id: str) -> State:
    """Whether a patient can approve with a PIN now."""
    pin = of(tx, patient_id)
    return "none" if pin is None else "locked" if pin.locked else "set"


def give(tx: Transaction, patient_id: str, *, key: bytes, by: str, document: str, chosen: str | None) -> None:
    """Another PIN in the place of the one before: `chosen` by the patient, or made up."""
    salt = new_id()
    tx.execute(
        "INSERT INTO patient_pins (patient_id, salt, hash, chosen, document, set_by, set_at) "
        "VALUES (:id, :salt, :hash, :chosen, :document, :by, :now) "
        "ON CONFLICT (patient_id) DO UPDATE SET salt = excluded.salt, hash = excluded.hash, chosen = excluded.chosen, "
        "failures = 0, document = excluded.document, set_by = excluded.set_by, set_at = excluded.set_at",
        {
            "id": patient_id,
            "salt": salt,
            "hash": _hash(key, patient_id, salt, chosen or made_up(key, salt)),
            "chosen": int(chosen is not None),
            "document": document,
            "by": by,
            "now": tx.now,
        },
    )


def made_up(key: bytes, salt: str) -> str:
    """The six digits that the program makes of a salt: none that somebody would try first."""
    for attempt in range(100):
        digest = hmac.digest(key, f"pin:{salt}:{attempt}".encode(), sha256)
        pin = f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"
        if not pin_rules.is_tried_first(pin):
            return pin
    raise AssertionError("a hundred that somebody would try first, one after the other")


def count_wrong(tx: Transaction, patient_id: str) -> int:
    """One more wrong PIN; returns how many tries are left."""
    tx.execute(
        "UPDATE patient_pins SET failures = failures + 1 WHERE patient_id = :id AND failures < :most",
        {"id": patient_id, "most": ATTEMPTS},
    )
    pin = of(tx, patient_id)
    return ATTEMPTS - pin.failures if pin else 0


def wrong(left: int) -> WrongCode:
    """It was not the patient's; so many more wrong ones until it is locked."""
    return WrongCode({"pin": WRONG if left else LOCKED}, left=left)


def accept(tx: Transaction, patient_id: str, typed: str, key: bytes) -> None:
    """The patient's own PIN, which forgives the wrong ones before. Raises Invalid."""
    pin = of(tx, patient_id)
    if pin is None:
        raise Invalid({"pin": NONE})
    if pin.locked:
        raise Invalid({"pin": LOCKED})
    if not pin.is_it(key, typed):
        raise wrong(ATTEMPTS - pin.failures)
    tx.execute("UPDATE patient_pins SET failures = 0 WHERE patient_id = :id", {"id": patient_id})


def _hash(key: bytes, patient_id: str, salt: str, pin: str) -> str:
    return hmac.digest(key, f"hash:{patient_id}:{salt}:{pin}".encode(), sha256).hex()
