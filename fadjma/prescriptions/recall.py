"""Whoever received a lot: when it is recalled, they are reached, each once, by the pharmacy that gave it.

Who sees the inbox of the patient is told there, in words that say nothing, and led to what to do (recalled.py); the
others are called, and ticked. The pharmacy opens what it gave them, also when the prescription is elsewhere by now.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fadjma import events
from fadjma.access import tracing
from fadjma.events import Notice, Subject
from fadjma.i18n import N_, iso
from fadjma.identity import directory, proxies
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import lots, movements, withholding
from fadjma.inventory.lots import Lot
from fadjma.inventory.movements import HandedOver
from fadjma.prescriptions import dispenses
from fadjma.prescriptions.prescription import Dispense
from fadjma.refusals import Conflict, NotFound
from fadjma.store import Transaction, given_in_parts

_ALREADY = N_("Ce patient est déjà prévenu de ce rappel.")
Way = Literal["notice", "phone"]


@dataclass(frozen=True, slots=True)
class Told:
    """That somebody was told of it: how and when."""

    way: Way
    at: int

    def json(self) -> dict[str, Any]:
        return {"way": self.way, "at": iso(self.at)}


@dataclass(frozen=True, slots=True)
class Recipient:
    """A patient who received some of the lot: by which prescription, how much in all, when last; and whether they were
    told, or in which way they can be.
    """

    patient: Identity
    prescription_id: str
    quantity: int
    at: int
    way: Way
    told: Told | None

    def json(self, language: str) -> dict[str, Any]:
        return {
            "patient": {**self.patient.json(language), "phone": self.patient.phone},
            "prescription_id": self.prescription_id,
            "quantity": self.quantity,
            "at": iso(self.at),
            "way": self.way,
            "told": self.told.json() if self.told else None,
        }


@dataclass(frozen=True, slots=True)
class Recall:
    """A lot with all who received some of it, the last first."""

    lot: Lot
    recipients: tuple[Recipient, ...]

    @property
    def id(self) -> str:
        return self.lot.id

    @property
    def unread(self) -> int:
        """How many patients can be told by a notice, and were not."""
        return len({one.patient.id for one in self.recipients if one.way == "notice" and not one.told})

    @property
    def to_call(self) -> int:
        """How many must be called, and were not."""
        return len({one.patient.id for one in self.recipients if one.way == "phone" and not one.told})

    def json(self, language: str) -> dict[str, Any]:
        return {**self.lot.json(language), "items": [one.json(language) for one in self.recipients]}


@dataclass(frozen=True, slots=True)
class Given:
    """What a pharmacy has itself handed over of a prescription, whoever has that now."""

    patient: Identity
    prescription_id: str
    prescriber: str
    profession: str
    issued_at: int
    dispenses: tuple[Dispense, ...]

    def json(self, language: str) -> dict[str, Any]:
        return {
            "patient": {**self.patient.json(language), "phone": self.patient.phone},
            "prescription_id": self.prescription_id,
            "prescriber": {"name": self.prescriber, "profession": self.profession},
            "issued_at": iso(self.issued_at),
            "dispenses": [one.json() for one in self.dispenses],
        }


def open_list(tx: Transaction, viewer: Viewer, lot_id: str) -> Recall:
    """All who received some of a lot of the pharmacist's own pharmacy; each is traced, once a day.

    Raises NotFound for another's lot.
    """
    found = listed(tx, viewer, lot_id)
    read = [(Subject("prescription", one.prescription_id), one.patient.id) for one in found.recipients]
    tracing.trace_listed(tx, viewer, read)
    return found


def listed(tx: Transaction, viewer: Viewer, lot_id: str) -> Recall:
    """The same for whoever has it open already."""
    viewer.require("pharmacist")
    lot = lots.lot(tx, viewer, lot_id)
    handed_over = movements.handed_over(tx, lot.id)
    patients = dict(_patients(tx, [one.prescription_id for one in handed_over]))
    told = _told(tx, lot.id)
    reached = proxies.reached(tx, {patient.id for patient in patients.values()})
    return Recall(lot, tuple(_recipient(patients[one.prescription_id], one, reached, told) for one in handed_over))


def _recipient(
    patient: Identity, handed_over: HandedOver, reached: Collection[str], told: Mapping[str, Told]
) -> Recipient:
    return Recipient(
        patient,
        handed_over.prescription_id,
        handed_over.quantity,
        handed_over.at,
        "notice" if patient.id in reached else "phone",
        told.get(patient.id),
    )


def _told(tx: Transaction, lot_id: str) -> dict[str, Told]:
    rows = tx.all("SELECT patient_id, way, told_at FROM recall_notices WHERE lot_id = :lot", {"lot": lot_id})
    return {row["patient_id"]: Told(row["way"], row["told_at"]) for row in rows}


def _patients(tx: Transaction, prescription_ids: Iterable[str]) -> Iterator[tuple[str, Identity]]:
    """Whose each of these prescriptions is."""
    ids = list(prescription_ids)
    for among, values in given_in_parts(ids):
        for row in tx.all(
            "SELECT p.id AS prescription_id, i.id, i.given_name, i.family_name, i.identifier, i.birth_date, i.sex, "
            "i.city, i.phone, i.pharmacy_id FROM prescriptions p JOIN patient_identities i ON i.id = p.patient_id "
            f"WHERE p.id IN {among}",
            values,
        ):
            found = row.as_dict()
            yield found.pop("prescription_id"), Identity(**found)


def tell(tx: Transaction, viewer: Viewer, lot_id: str) -> str:
    """Tell all who can be told by a notice and were not, at once; the colleagues hear that there are others to call.
    From the first on nothing more of the lot is handed over.

    Returns the lot's id. Told again, it reaches those who have received some since, and nobody twice.
    """
    found = listed(tx, viewer, lot_id)
    waiting = [one.patient.id for one in found.recipients if one.way == "notice" and not one.told]
    if waiting:
        withholding.recalled(tx, viewer, found.lot)
    for patient_id in dict.fromkeys(waiting):
        _note(tx, viewer, found.lot, patient_id, "notice")
    if waiting:
        _tell_colleagues(tx, viewer, found.lot, "stock.recalled")
    return lot_id


def tick(tx: Transaction, viewer: Viewer, lot_id: str, prescription_id: str) -> str:
    """The patient of this prescription was told by telephone; returns the lot's id. Raises NotFound, Conflict."""
    found = listed(tx, viewer, lot_id)
    one = next((one for one in found.recipients if one.prescription_id == prescription_id), None)
    if one is None:
        raise NotFound
    if one.told:
        raise Conflict(_ALREADY, current=one.told.way)
    withholding.recalled(tx, viewer, found.lot)
    _note(tx, viewer, found.lot, one.patient.id, "phone")
    _tell_colleagues(tx, viewer, found.lot, None)
    return lot_id


def _note(tx: Transaction, viewer: Viewer, lot: Lot, patient_id: str, way: Way) -> None:
    notice_id = new_id()
    tx.send(
        "INSERT INTO recall_notices (id, lot_id, pharmacy_id, medicine_id, patient_id, way, told_by, told_at) "
        "VALUES (:id, :lot, :pharmacy, :medicine, :patient, :way, :viewer, :now)",
        {
            "id": notice_id,
            "lot": lot.id,
            "pharmacy": viewer.organization_id,
            "medicine": lot.medicine_id,
            "patient": patient_id,
            "way": way,
            "viewer": viewer.id,
            "now": tx.now,
        },
    )
    events.record(
        tx,
        "recall.told" if way == "notice" else "recall.phoned",
        Subject("recall", notice_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        notices=[Notice([patient_id], "notification", "recall.told" if way == "notice" else None)],
        is_new=True,
    )


def _tell_colleagues(tx: Transaction, viewer: Viewer, lot: Lot, message: str | None) -> None:
    colleagues = Notice(directory.people(tx, "pharmacist", viewer.organization_id), "notification", message)
    subject, place_id = Subject("product", lot.product_id), viewer.organization_id
    events.record(tx, "stock.recalled", subject, actor_id=viewer.id, place_id=place_id, notices=[colleagues])


def open_given(tx: Transaction, viewer: Viewer, lot_id: str, prescription_id: str, *, again: bool = False) -> Given:
    """What the pharmacist's own pharmacy handed over to somebody of the list, traced as the reading of a prescription
    (`again` as in tracing.trace); nothing of what others did with it, before or since. Raises NotFound.
    """
    one = next((one for one in listed(tx, viewer, lot_id).recipients if one.prescription_id == prescription_id), None)
    if one is None:
        raise NotFound
    tracing.trace(
        tx, viewer, one.patient.id, "prescription.read", Subject("prescription", prescription_id), again=again
    )
    row = tx.first(
        "SELECT d.name, d.profession, p.issued_at FROM prescriptions p JOIN people d ON d.id = p.prescriber_id "
        "WHERE p.id = :id",
        {"id": prescription_id},
    )
    assert row is not None
    own = (one for one in dispenses.of(tx, viewer, prescription_id) if one.pharmacy_id == viewer.organization_id)
    return Given(one.patient, prescription_id, row["name"], row["profession"], row["issued_at"], tuple(own))
