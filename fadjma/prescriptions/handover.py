"""The 6-digit code with which a patient receives their medicines.

A hash of six digits is undone in a second by whoever has the table, so nothing is stored at all: the code is derived
from the secret key, the prescription and a round number. The table alone gives no code, the patient can see theirs
again, and raising the round makes a new one. Why: docs/decisions/08-the-hand-over-code-is-derived.md.
"""

import hmac

from fadjma import events, writing
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries, states
from fadjma.prescriptions.prescription import Prescription
from fadjma.refusals import Forbidden, NotNow
from fadjma.store import Transaction

PURPOSE = "handover"  # of the program's key that codes are made with
_DIGITS = 6
MALFORMED = N_("Le code de retrait a six chiffres.")
WRONG = N_("Ce code n'est pas le bon. Essais restants : %(left)d.")
LOCKED = N_(
    "Trop de mauvais codes : celui-ci ne sert plus. Le patient qui a un compte en crée un autre sur la page de "
    "l'ordonnance ; sinon, demandez la carte FADJMA et son code PIN, ou une pièce d'identité."
)
_PRESCRIBERS = N_("Seul qui a prescrit imprime l'exemplaire avec le code de retrait.")
_OVER = N_("Cette ordonnance ne sert plus : son code de retrait non plus.")


def code(key: bytes, prescription_id: str, code_round: int) -> str:
    """The six digits for this round of this prescription."""
    digest = hmac.digest(key, f"{prescription_id}:{code_round}".encode(), "sha256")
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def renew(tx: Transaction, prescription_id: str) -> None:
    """A new code: the one before opens nothing any more, and wrong ones are counted anew.

    It is no other version: what is owed is as it was read, and the code is typed into the page that is open.
    """
    tx.send(
        "UPDATE prescriptions SET code_round = code_round + 1, code_failures = 0 WHERE id = :id",
        {"id": prescription_id},
    )


def shown_to(viewer: Viewer, found: Prescription, key: bytes) -> str | None:
    """The code, for the patient or who acts for them, while it is of use."""
    theirs = viewer.role == "patient" and found.status in states.DELIVER.sources
    return code(key, found.id, found.code_round) if theirs else None


def on_copy(tx: Transaction, viewer: Viewer, found: Prescription, key: bytes) -> str | None:
    """The code as it stands on the patient's copy: once its prescriber prints it, for who sees it nowhere else."""
    printed = found.is_code_on_paper and found.status not in states.VOID
    if viewer.id != found.prescriber_id or not printed or queries.sees_codes(tx, found.patient_id):
        return None
    return code(key, found.id, found.code_round)


def print_code(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """Its prescriber prints the patient's copy; of who sees the code nowhere else, with it; returns the id.

    That it was printed is written down: who hands over asks for it then, and the patient reads who has had it.
    Raises NotFound, Forbidden for whoever else reads it, and NotNow once it is over.
    """
    found = queries.prescription_in_full(tx, viewer, prescription_id)
    if viewer.id != found.prescriber_id:
        raise Forbidden(_PRESCRIBERS).about(queries.tried(tx, prescription_id))
    if found.status in states.VOID:
        raise NotNow(_OVER, current=found.status)
    if not queries.sees_codes(tx, found.patient_id):
        if found.is_code_locked:
            renew(tx, found.id)  # nobody else can make another
        sql = "UPDATE prescriptions SET code_printed_round = code_round WHERE id = :id"
        tx.send(sql, {"id": found.id})
        events.record(
            tx,
            "prescription.code_printed",
            events.Subject("prescription", found.id),
            actor_id=viewer.id,
            patient_id=found.patient_id,
        )
    return found.id


def digits(given: str) -> str | None:
    """The six digits of a code as it was typed, in any script and apart or not; None when it is no code at all."""
    typed = "".join(c for c in writing.plain_digits(given) if c not in " .-/")
    return typed if len(typed) == _DIGITS and typed.isascii() and typed.isdecimal() else None


def matches(key: bytes, prescription_id: str, code_round: int, given: str) -> bool:
    """Whether these are the six digits, however they were typed."""
    digits_given = digits(given) or ""
    return hmac.compare_digest(digits_given.encode(), code(key, prescription_id, code_round).encode())
