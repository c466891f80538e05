"""Whoever received a lot: when it is recalled, they are to be reached, one by one, by the pharmacy that gave it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fadjma.access import tracing
from fadjma.events import Subject
from fadjma.i18n import iso
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.inventory import queries as inventory
from fadjma.inventory.queries import HandedOver, Lot
from fadjma.store import Transaction, given

_CHUNK = 400  # prescriptions per statement; SQLite takes 999 parameters in its oldest builds


@dataclass(frozen=True, slots=True)
class Recipient:
    """A patient who received some of the lot: by which prescription, how much in all, when last."""

    patient: Identity
    prescription_id: str
    quantity: int
    at: int

    def json(self, language: str) -> dict[str, Any]:
        return {
            "patient": {**self.patient.json(language), "phone": self.patient.phone},
            "prescription_id": self.prescription_id,
            "quantity": self.quantity,
            "at": iso(self.at),
        }


def recipients(tx: Transaction, viewer: Viewer, lot_id: str) -> tuple[Lot, list[Recipient]]:
    """All who received some of a lot of the pharmacist's own pharmacy, the last first; each is traced, once a day.

    Raises NotFound for another's lot.
    """
    viewer.require("pharmacist")
    lot = inventory.lot(tx, viewer, lot_id)
    handed_over = inventory.handed_over(tx, lot.id)
    patients = dict(_patients(tx, [one.prescription_id for one in handed_over]))
    found = [_recipient(patients[one.prescription_id], one) for one in handed_over]
    tracing.trace_listed(tx, viewer, [(Subject("prescription", one.prescription_id), one.patient.id) for one in found])
    return lot, found


def _recipient(patient: Identity, handed_over: HandedOver) -> Recipient:
    return Recipient(patient, handed_over.prescription_id, handed_over.quantity, handed_over.at)


def _patients(tx: Transaction, prescription_ids: Iterable[str]) -> Iterator[tuple[str, Identity]]:
    """Whose each of these prescriptions is."""
    ids = list(prescription_ids)
    for start in range(0, len(ids), _CHUNK):
        among, values = given(ids[start : start + _CHUNK])
        for row in tx.all(
            "SELECT p.id AS prescription_id, i.id, i.given_name, i.family_name, i.identifier, i.birth_date, i.sex, "
            "i.city, i.phone, i.pharmacy_id FROM prescriptions p JOIN patient_identities i ON i.id = p.patient_id "
            f"WHERE p.id IN {among}",
            values,
        ):
            found = row.as_dict()
            yield found.pop("prescription_id"), Identity(**found)
