"""Finding a prescription at a counter by the short code of its paper, which proves nothing (fadjma/short_codes.py).

What is open to any pharmacy is found by nothing else; of what is not for this pharmacy it says why.
"""

from dataclasses import dataclass
from typing import Any

from fadjma.access import tracing
from fadjma.events import Subject
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries
from fadjma.prescriptions.prescription import Prescription
from fadjma.prescriptions.states import Status
from fadjma.refusals import NotFound
from fadjma.store import Transaction

_ELSEWHERE = N_("Cette ordonnance est adressée à une autre pharmacie, ou une autre pharmacie l'a prise.")
_OVER: dict[Status, str] = {
    "delivered": N_("Cette ordonnance a déjà été délivrée : ne remettez rien."),
    "refused": N_("Cette ordonnance a été refusée : ne remettez rien."),
    "cancelled": N_("Cette ordonnance a été annulée par qui l'a écrite : ne remettez rien."),
    "expired": N_("Cette ordonnance a expiré : ne remettez rien."),
    "entered_in_error": N_("Cette ordonnance a été écrite par erreur : ne remettez rien."),
}


@dataclass(frozen=True, slots=True)
class FoundByCode:
    """What a short code has led to: a prescription that is for this pharmacy, or how the one that is not stands."""

    item: Prescription | None
    status: Status

    @property
    def text(self) -> str:
        """Why it is not for this pharmacy, in French; empty where it is."""
        return "" if self.item else _OVER.get(self.status, _ELSEWHERE)

    def json(self) -> dict[str, Any]:
        return {"status": self.status if self.item or self.status in _OVER else "elsewhere"}


def find(tx: Transaction, viewer: Viewer, short_code: str, *, again: bool = False) -> FoundByCode | None:
    """What this code (as stored) is of, written down for its patient; None when it is of nothing.

    `again` as in tracing.trace.
    """
    viewer.require("pharmacist")
    row = queries.of_short_code(tx, short_code)
    if row is None:
        return None
    try:
        item = queries.prescription(tx, viewer, row["id"])
    except NotFound:
        item = None
    subject = Subject("prescription", row["id"])
    tracing.trace(tx, viewer, row["patient_id"], "prescription.found", subject, again=again)
    return FoundByCode(item, item.status if item else row["status"])
