"""What was prescribed before, to be prescribed again: read over and signed as if it had been typed."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.inventory import queries as medicines
from fadjma.prescriptions import actions, lists
from fadjma.prescriptions.prescription import Line, Prescription
from fadjma.refusals import NotFound
from fadjma.store import Transaction

RETIRED = N_("Ce médicament n'est plus dans la liste : choisissez-en un autre, ou retirez-le.")
SHOWN = 5  # earlier prescriptions, beside the form
_AMONG = 2 * SHOWN  # the latest changed, which are looked through for them
_TAKEN_BACK = ("cancelled", "entered_in_error")


@dataclass(frozen=True, slots=True)
class Copy:
    """A line as it was written; `medicine_id` is empty where the list no longer has the medicine."""

    medicine_id: str
    medicine: str
    dosage: str
    quantity: int
    duration_days: int
    substitution_reason: str | None
    renewals: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        """As the form of a prescription has them: what is not written is empty."""
        return {**asdict(self), "renewals": self.renewals or None}

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "medicine_id": self.medicine_id or None, "retired": not self.medicine_id}


def of_lines(tx: Transaction, lines: Iterable[Line]) -> list[Copy]:
    return [
        Copy(
            line.medicine_id if is_listed(tx, line.medicine_id) else "",
            line.name,
            line.dosage,
            line.quantity,
            line.duration_days,
            line.substitution_reason,
            line.renewals,
        )
        for line in lines
    ]


def of_owed(tx: Transaction, lines: Iterable[Line]) -> list[Copy]:
    """What of these was not handed over: a part of a refused prescription may have been, before."""
    owed = [line for line in lines if line.remaining]
    return [replace(copy, quantity=line.remaining) for copy, line in zip(of_lines(tx, owed), owed, strict=True)]


def of_renewal(tx: Transaction, lines: Iterable[Line]) -> list[Copy]:
    """These, to be signed anew: what may be renewed once less than it was."""
    return [replace(copy, renewals=max(0, copy.renewals - 1)) for copy in of_lines(tx, lines)]


def is_listed(tx: Transaction, medicine_id: str) -> bool:
    """Whether it may be prescribed now."""
    try:
        medicines.medicine(tx, medicine_id)
    except NotFound:
        return False
    return True


def of_prescription(
    tx: Transaction, viewer: Viewer, prescription_id: str, patient_id: str | None = None
) -> tuple[Prescription, list[Copy]]:
    """One that this doctor may read, of whichever patient, which is traced; and its lines. Raises NotFound.

    `patient_id`: for whom they are copied. Why one must not substitute is said of its own patient and of no other.
    """
    viewer.require("doctor")
    found = actions.open_prescription(tx, viewer, prescription_id)
    if found.hidden:
        raise NotFound
    lines = of_lines(tx, found.prescribed)
    if found.patient_id != patient_id:
        lines = [replace(line, substitution_reason=None) for line in lines]
    return found, lines


def earlier(tx: Transaction, viewer: Viewer, patient_id: str) -> list[Prescription]:
    """The patient's last ones, by whomever, without those that were taken back."""
    return repeatable(lists.of_patient(tx, viewer, patient_id, limit=_AMONG))


def repeatable(found: Sequence[Prescription]) -> list[Prescription]:
    """Of those of a patient, the latest changed first, the ones that may be prescribed again."""
    kept = (item for item in found[:_AMONG] if item.status not in _TAKEN_BACK)
    return sorted(kept, key=lambda item: item.issued_at, reverse=True)[:SHOWN]
