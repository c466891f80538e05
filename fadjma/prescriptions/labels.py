"""A label for each medicine that a pharmacy has prepared: how it is taken, out of which lot, and no more of whose it is
than tells one bag of a family from another.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from fadjma import days
from fadjma.i18n import N_
from fadjma.identity import directory, places
from fadjma.identity.directory import Patient
from fadjma.identity.people import Viewer
from fadjma.identity.places import Place
from fadjma.inventory import put_aside
from fadjma.inventory.put_aside import OfLot
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import actions, posology, queries
from fadjma.prescriptions.prescription import Line, Prescription
from fadjma.refusals import Conflict, Forbidden
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one; `lots` are those put aside, or handed over, of which it is known.

    `given_as`: the equivalent that is in the bag, in the place of what was prescribed.
    """

    line: Line
    quantity: int
    lots: tuple[OfLot, ...]
    given_as: Medicine | None

    @property
    def name(self) -> str:
        return self.given_as.name if self.given_as else self.line.name

    @property
    def unit(self) -> str:
        return self.given_as.unit if self.given_as else self.line.unit

    @property
    def counted(self) -> str:
        return posology.counted(self.quantity, self.unit)

    def json(self) -> dict[str, Any]:
        return {
            "medicine": self.name,
            "prescribed": self.line.name,
            "dosage": self.line.dosage,
            "duration_days": self.line.duration_days,
            "quantity": self.quantity,
            "unit": self.unit,
            "lots": [lot.json() for lot in self.lots],
        }


_PERISHED = N_(
    "Un lot mis de côté est bloqué ou périmé : préparez l'ordonnance à nouveau, puis imprimez ses étiquettes."
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Those of one prescription, with what stands on each."""

    id: str
    name: str  # of the patient: the first name, and the initial of the other
    pharmacy: Place
    day: date
    each: tuple[Label, ...]

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "pharmacy": {"name": self.pharmacy.name, "city": self.pharmacy.city, "phone": self.pharmacy.phone},
            "day": self.day.isoformat(),
            "items": [label.json() for label in self.each],
        }


def open_labels(tx: Transaction, viewer: Viewer, prescription_id: str) -> Labels:
    """Those of a prescription that the pharmacist's own pharmacy has prepared; traced as its reading.

    Of what is put aside; of what was handed over, where nothing is any more. Raises Forbidden, NotFound, Conflict.
    """
    queries.require(tx, viewer, "pharmacist", prescription_id)
    found = actions.open_prescription(tx, viewer, prescription_id)
    if found.pharmacy_id is None or found.pharmacy_id != viewer.organization_id:
        refusal = Forbidden(N_("Seule la pharmacie qui a préparé cette ordonnance imprime ses étiquettes."))
        raise refusal.about(queries.tried(tx, prescription_id))
    if not found.is_prepared:
        raise Conflict(N_("Les étiquettes s'impriment une fois l'ordonnance préparée."), current=found.status)
    if found.perished:
        raise Conflict(_PERISHED, current=found.status)
    name = _short(directory.patient(tx, found.patient_id))
    return Labels(found.id, name, places.place(tx, found.pharmacy_id), days.day(tx.now), tuple(_each(tx, found)))


def _short(patient: Patient) -> str:
    initial = f" {patient.family_name[:1].upper()}." if patient.given_name and patient.family_name else ""
    return (patient.given_name or patient.family_name) + initial


def _each(tx: Transaction, found: Prescription) -> Iterable[Label]:
    kept = put_aside.usable_lots(tx, found.id)
    for line in found.lines:
        each = [(line.given_as, lot) for lot in kept.get(line.id, ())] if kept else list(_handed_over(found, line))
        for given_as in dict.fromkeys(given_as for given_as, _ in each):
            lots = [lot for given, lot in each if given == given_as]
            known = tuple(lot for lot in lots if lot.number)
            yield Label(line, sum(lot.quantity for lot in lots), known, given_as)


def _handed_over(found: Prescription, line: Line) -> Iterator[tuple[Medicine | None, OfLot]]:
    """The lots of a line in the hand-overs that hold, each with the equivalent that it was of, if it was."""
    for dispense in found.dispenses:
        for one in dispense.lines if not dispense.undone_at and dispense.pharmacy_id == found.pharmacy_id else ():
            if one.line_id == line.id:
                yield one.given_as, OfLot(one.lot or "", one.expires_on or "", one.quantity)
