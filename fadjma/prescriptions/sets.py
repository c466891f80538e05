"""What a doctor prescribes often, kept under a name of their own: a favourite is a set of one medicine.

A set says nothing of any patient, also not why one must not substitute, and is its doctor's alone.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fadjma import writing
from fadjma.i18n import N_, iso
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import queries as medicines
from fadjma.prescriptions import copying
from fadjma.prescriptions.copying import Copy
from fadjma.refusals import Invalid, NotFound
from fadjma.store import Duplicate, Row, Transaction

MOST = 50  # of one doctor
_TAKEN = N_("Vous avez déjà un modèle de ce nom.")
_FULL = N_("Vous avez cinquante modèles : retirez-en un d'abord.")


@dataclass(frozen=True, slots=True)
class Set:
    """The lines of a set, as they may be prescribed now."""

    id: str
    name: str
    created_at: int
    removed_at: int | None
    lines: tuple[Copy, ...]

    @property
    def retired(self) -> list[str]:
        """Its medicines that the list no longer has."""
        return [line.medicine for line in self.lines if not line.medicine_id]

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": "removed" if self.removed_at else "active",
            "version": 2 if self.removed_at else 1,
            "name": self.name,
            "created_at": iso(self.created_at),
            "lines": [line.json() for line in self.lines],
        }


def own(tx: Transaction, viewer: Viewer) -> list[Set]:
    """The doctor's own, by name."""
    viewer.require("doctor")
    return _read(tx, "s.doctor_id = :doctor AND s.removed_at IS NULL", {"doctor": viewer.id})


def one(tx: Transaction, viewer: Viewer, set_id: str) -> Set:
    """One of the doctor's own, also one that was removed. Raises NotFound."""
    viewer.require("doctor")
    found = _read(tx, "s.doctor_id = :doctor AND s.id = :id", {"doctor": viewer.id, "id": set_id})
    if not found:
        raise NotFound
    return found[0]


def _read(tx: Transaction, condition: str, values: dict[str, str]) -> list[Set]:
    rows = tx.all(
        "SELECT s.id, s.name, s.created_at, s.removed_at, l.medicine_id, "
        "m.dci || ' ' || m.strength || ', ' || m.form AS medicine, "
        "l.dosage, l.quantity, l.duration_days FROM prescription_sets s "
        "JOIN prescription_set_lines l ON l.set_id = s.id JOIN medicine_names m ON m.id = l.medicine_id "
        f"WHERE {condition} ORDER BY s.name_key, s.id, l.position",
        values,
    )
    listed = medicines.listed(tx, {row["medicine_id"] for row in rows})
    found = []
    for _, group in groupby(rows, lambda row: row["id"]):
        lines = list(group)
        known = {name: lines[0][name] for name in ("id", "name", "created_at", "removed_at")}
        found.append(Set(**known, lines=tuple(_line(row, listed) for row in lines)))
    return found


def _line(row: Row, listed: set[str]) -> Copy:
    return Copy(
        row["medicine_id"] if row["medicine_id"] in listed else "",
        row["medicine"],
        row["dosage"],
        row["quantity"],
        row["duration_days"],
        substitution_reason=None,
    )


def keep(tx: Transaction, viewer: Viewer, prescription_id: str, *, name: str) -> str:
    """Keep the lines of a prescription that the doctor may read, which is traced; returns the set's id.

    Raises NotFound, and Invalid where there is one of this name, there are too many, or the list has lost a medicine.
    """
    _, lines = copying.of_prescription(tx, viewer, prescription_id)
    if not all(line.medicine_id for line in lines):
        raise Invalid({"name": copying.RETIRED})
    if (
        tx.value(
            "SELECT count(*) FROM prescription_sets WHERE doctor_id = :id AND removed_at IS NULL", {"id": viewer.id}
        )
        >= MOST
    ):
        raise Invalid({"name": _FULL})
    set_id = new_id()
    try:
        tx.execute(
            "INSERT INTO prescription_sets (id, doctor_id, name, name_key, created_at) "
            "VALUES (:id, :doctor, :name, :key, :now)",
            {"id": set_id, "doctor": viewer.id, "name": name, "key": writing.name_key(name), "now": tx.now},
        )
    except Duplicate as error:
        if error.constraint != "prescription_sets_names":
            raise
        raise Invalid({"name": _TAKEN}) from None
    tx.execute_many(
        "INSERT INTO prescription_set_lines "
        "(set_id, position, medicine_id, dosage, quantity, duration_days) "
        "VALUES (:set, :position, :medicine_id, :dosage, :quantity, :duration_days)",
        [
            {
                "set": set_id,
                "position": position,
                "medicine_id": line.medicine_id,
                "dosage": line.dosage,
                "quantity": line.quantity,
                "duration_days": line.duration_days,
            }
            for position, line in enumerate(lines)
        ],
    )
    return set_id


def remove(tx: Transaction, viewer: Viewer, set_id: str) -> str:
    """Nothing happens to one that was removed before. Raises NotFound for another doctor's."""
    one(tx, viewer, set_id)
    sql = "UPDATE prescription_sets SET removed_at = :now WHERE id = :id AND removed_at IS NULL"
    tx.send(sql, {"id": set_id, "now": tx.now})
    return set_id
