"""By what it is known to whom medicines are handed over: the patient's code, the card with its PIN, or a document.

A document's number is kept for the pharmacy and for an audit alone: it may be of somebody else, who came for them.
"""

from dataclasses import dataclass
from typing import Any, Literal

from fadjma.i18n import N_, translate
from fadjma.identity import patient_pins
from fadjma.identity.identifiers import normalize_identifier
from fadjma.refusals import Invalid
from fadjma.store import Transaction

By = Literal["code", "pin", "identity"]
# Which document was seen. A new kind is a line here, one in a CHECK (dispenses_identity_kind_check), and its code in
# docs/http.md.
DOCUMENTS = {
    "national_id": N_("Carte nationale d'identité"),
    "passport": N_("Passeport"),
    "driving_licence": N_("Permis de conduire"),
    "consular_card": N_("Carte consulaire"),
    "fadjma_card": N_("Carte FADJMA, sans code PIN"),
    "other": N_("Autre pièce"),
}
OTHER = "other"  # of what programs send without a kind
_NUMBERED = frozenset(DOCUMENTS) - {"fadjma_card", OTHER}  # that have a number, with digits, wherever they are issued
SHORTEST = 3  # signs of a number: « x » is none
_SHOWN = 3  # signs of a number, by which its owner knows it and nobody else can use it
_SEEN = "identity_"  # before a kind, in the reason that the history keeps
_ANOTHERS = N_("Cette carte n'est pas celle de ce patient : vérifiez le nom et l'identifiant.")
_NO_PIN = N_("Ce patient n'a pas de code PIN : demandez une pièce d'identité.")


def is_number(kind: str, number: str) -> bool:
    """Whether this may be the number of such a document; how many digits which country's has, nobody here knows."""
    return kind not in _NUMBERED or any(c.isdecimal() for c in number)


@dataclass(frozen=True, slots=True)
class Document:
    """What was seen. `number` None: not the reader's to know."""

    kind: str
    number: str | None

    @property
    def label(self) -> str:
        return DOCUMENTS[self.kind]

    def masked(self) -> "Document":
        """As the patient reads it: the last signs alone, and of a short number not even all of these."""
        number = self.number or ""
        return Document(self.kind, "•••" + number[-min(_SHOWN, len(number) // 2) :] if len(number) > 1 else None)

    def json(self) -> dict[str, Any]:
        return {"kind": self.kind, "number": self.number}


@dataclass(frozen=True, slots=True)
class Proof:
    """Of one hand-over; with `identity`, the document and why it was without the code."""

    by: By
    document: Document | None = None
    reason: str = ""

    @property
    def in_history(self) -> str:
        """What the history keeps, without any number (`in_words`); empty: nothing needs saying."""
        return f"{_SEEN}{self.document.kind}: {self.reason}" if self.document else ""


@dataclass(frozen=True, slots=True)
class Card:
    """A patient's card as it was read at the counter, and the PIN that was typed there, with the key that made it."""

    identifier: str
    pin: str
    key: bytes


def in_words(code: str, text: str, language: str) -> str | None:
    """The reason of a hand-over without the code, as `Proof.in_history` keeps it; None where it is something else."""
    kind = code.removeprefix(_SEEN)
    if not code.startswith(_SEEN) or kind not in DOCUMENTS:
        return None
    said = translate(language, N_("Remis sans code de retrait, pièce vue : %(kind)s."))
    return f"{said % {'kind': translate(language, DOCUMENTS[kind])}} {text}"


def accept_card(tx: Transaction, patient_id: str, identifier: str, card: Card) -> None:
    """The card of this patient (whose identifier this is), and their PIN. Raises Invalid."""
    require_card(identifier, card)
    if patient_pins.state(tx, patient_id) == "none":
        raise Invalid({"pin": _NO_PIN})
    patient_pins.accept(tx, patient_id, card.pin, card.key)


def require_card(identifier: str, card: Card) -> None:
    """Raises Invalid for the card of somebody else."""
    if normalize_identifier(card.identifier) != identifier:
        raise Invalid({"card": _ANOTHERS})
