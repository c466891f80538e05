"""What a patient reads who was told that a lot is recalled: which, from whom, how much of it they have, what to do."""

from dataclasses import dataclass
from typing import Any

from fadjma.i18n import iso
from fadjma.identity import places
from fadjma.identity.people import Viewer
from fadjma.identity.places import Place
from fadjma.refusals import NotFound, Tried
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Received:
    """So much of it, handed over at that moment."""

    at: int
    quantity: int

    def json(self) -> dict[str, Any]:
        return {"at": iso(self.at), "quantity": self.quantity}


@dataclass(frozen=True, slots=True)
class Recalled:
    """One lot that its patient is to give back."""

    id: str
    told_at: int
    medicine: str
    lot: str
    expires_on: str
    pharmacy: Place
    received: tuple[Received, ...]

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "told_at": iso(self.told_at),
            "medicine": self.medicine,
            "lot": self.lot,
            "expires_on": self.expires_on,
            "pharmacy": {"name": self.pharmacy.name, "city": self.pharmacy.city, "phone": self.pharmacy.phone},
            "received": [one.json() for one in self.received],
        }


def show(tx: Transaction, viewer: Viewer, recall_id: str) -> Recalled:
    """One of the patient's own. Raises Forbidden, NotFound."""
    row = tx.first(
        "SELECT r.id, r.lot_id, r.patient_id, r.told_at, m.dci || ' ' || m.strength || ', ' || m.form AS medicine, "
        "b.number AS lot, b.expires_on, r.pharmacy_id FROM recall_notices r "
        "JOIN lot_numbers b ON b.id = r.lot_id JOIN medicine_names m ON m.id = r.medicine_id WHERE r.id = :id",
        {"id": recall_id},
    )
    tried = Tried(row["patient_id"], "recall", recall_id) if row else None
    viewer.require("patient", tried)
    if row is None or row["patient_id"] != viewer.id:
        raise NotFound().about(tried)
    return Recalled(
        row["id"],
        row["told_at"],
        row["medicine"],
        row["lot"],
        row["expires_on"],
        places.place(tx, row["pharmacy_id"]),
        _received(tx, row["lot_id"], viewer.id),
    )


def _received(tx: Transaction, lot_id: str, patient_id: str) -> tuple[Received, ...]:
    rows = tx.all(
        "SELECT d.at, h.quantity FROM dispense_lines h JOIN dispenses d ON d.id = h.dispense_id "
        "JOIN prescriptions p ON p.id = d.prescription_id "
        "WHERE h.lot_id = :lot AND p.patient_id = :patient AND d.undone_at IS NULL ORDER BY d.at, d.id",
        {"lot": lot_id, "patient": patient_id},
    )
    return tuple(Received(**row.as_dict()) for row in rows)
