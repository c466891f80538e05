"""What was handed over of a prescription, each time (FHIR MedicationDispense)."""

from collections.abc import Sequence
from itertools import groupby

from fadjma import chain, days
from fadjma.chain import Kind
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import equivalents
from fadjma.inventory.actions import Taken
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import register, states
from fadjma.prescriptions.prescription import Dispense, HandedOver
from fadjma.prescriptions.proving import Document, Proof
from fadjma.store import Row, Transaction

DISPENSES = Kind(
    "dispense",
    {
        1: "SELECT id, prescription_id, pharmacy_id, actor_id, at, proof, card_pin, identity_kind, identity_number, "
        "reason FROM dispenses WHERE id IN"
    },
    "SELECT p.patient_id AS chain, d.id AS key FROM dispenses d JOIN prescriptions p ON p.id = d.prescription_id",
)
LINES = Kind(
    "dispense_lines",
    {1: "SELECT dispense_id, line_id, lot_id, quantity FROM dispense_lines WHERE dispense_id IN"},
    "SELECT p.patient_id AS chain, d.id AS key FROM dispenses d JOIN prescriptions p ON p.id = d.prescription_id "
    "WHERE EXISTS (SELECT 1 FROM dispense_lines h WHERE h.dispense_id = d.id)",
)
UNDONE = Kind(
    "undone",
    {1: "SELECT id, undone_at, undone_by, undo_reason FROM dispenses WHERE undone_at IS NOT NULL AND id IN"},
    "SELECT p.patient_id AS chain, d.id AS key FROM dispenses d JOIN prescriptions p ON p.id = d.prescription_id "
    "WHERE d.undone_at IS NOT NULL",
)


def record(tx: Transaction, viewer: Viewer, prescription_id: str, taken: Sequence[Taken], proof: Proof) -> str:
    """Write down a hand-over and what it leaves owed; returns its id."""
    dispense_id = new_id()
    tx.send(
        "INSERT INTO dispenses (id, prescription_id, pharmacy_id, actor_id, at, proof, card_pin, identity_kind, "
        "identity_number, reason) "
        "VALUES (:id, :prescription, :pharmacy, :actor, :now, :proof, :card_pin, :kind, :number, :reason)",
        {
            "id": dispense_id,
            "prescription": prescription_id,
            "pharmacy": viewer.organization_id,
            "actor": viewer.id,
            "now": tx.now,
            "proof": "identity" if proof.by == "identity" else "code",
            "card_pin": int(proof.by == "pin"),
            "kind": proof.document.kind if proof.document else None,
            "number": proof.document.number if proof.document else None,
            "reason": proof.reason,
        },
    )
    for one in taken:
        tx.send(
            "INSERT INTO dispense_lines (dispense_id, line_id, lot_id, quantity) VALUES (:id, :line, :lot, :quantity)",
            {"id": dispense_id, "line": one.line_id, "lot": one.lot_id, "quantity": one.quantity},
        )
        tx.send(
            "UPDATE prescription_lines SET delivered = delivered + :quantity WHERE id = :line",
            {"line": one.line_id, "quantity": one.quantity},
        )
    patient_id = _patient_of(tx, dispense_id)
    chain.cover(tx, patient_id, DISPENSES, dispense_id)
    if taken:
        chain.cover(tx, patient_id, LINES, dispense_id)
    register.enter(tx, dispense_id, viewer.organization_id)
    return dispense_id


def _patient_of(tx: Transaction, dispense_id: str) -> str:
    return str(
        tx.value(
            "SELECT p.patient_id FROM dispenses d JOIN prescriptions p ON p.id = d.prescription_id WHERE d.id = :id",
            {"id": dispense_id},
        )
    )


def undoable(tx: Transaction, pharmacy_id: str | None, prescription_id: str) -> str | None:
    """The last hand-over that holds, where it was by this pharmacy and just now; None: it stays.

    It stays, too, once something of which it gave a part is not prescribed any more: nobody could be given it again.
    """
    row = tx.first(
        "SELECT d.id, d.at, d.pharmacy_id, EXISTS (SELECT 1 FROM dispense_lines h JOIN ended_lines e "
        "ON e.line_id = h.line_id WHERE h.dispense_id = d.id) AS ended "
        "FROM dispenses d WHERE d.prescription_id = :id AND d.undone_at IS NULL ORDER BY d.at DESC, d.id DESC LIMIT 1",
        {"id": prescription_id},
    )
    if row is None or row["ended"] or row["pharmacy_id"] != pharmacy_id:
        return None
    return row["id"] if days.runs(row["at"], row["at"] + states.UNDONE_WITHIN, tx.now) else None


def is_of_known_lots(tx: Transaction, dispense_id: str) -> bool:
    """Whether it is known out of which lots all of it was: not of what was handed over before that was kept."""
    sql = "SELECT 1 FROM dispense_lines WHERE dispense_id = :id AND lot_id IS NULL LIMIT 1"
    return tx.value(sql, {"id": dispense_id}) is None


def undo(tx: Transaction, viewer: Viewer, dispense_id: str, *, reason: str) -> list[Taken]:
    """It has not happened; returns what is to be put back, of known lots."""
    tx.send(
        "UPDATE dispenses SET undone_at = :now, undone_by = :viewer, undo_reason = :reason WHERE id = :id",
        {"now": tx.now, "viewer": viewer.id, "reason": reason, "id": dispense_id},
    )
    chain.cover(tx, _patient_of(tx, dispense_id), UNDONE, dispense_id)
    rows = tx.all(
        "SELECT line_id, lot_id, quantity FROM dispense_lines WHERE dispense_id = :id",
        {"id": dispense_id},
    )
    taken = [Taken(**row.as_dict()) for row in rows]
    for one in taken:
        tx.send(
            "UPDATE prescription_lines SET delivered = delivered - :quantity WHERE id = :line",
            {"line": one.line_id, "quantity": one.quantity},
        )
    return taken


def of(tx: Transaction, viewer: Viewer, prescription_id: str) -> tuple[Dispense, ...]:
    """What was handed over of a prescription that the viewer may see, in order.

    A pharmacist reads of another pharmacy's when and how much it was, and neither where, nor who gave it, nor which
    document was seen. Its number is for the pharmacy that saw it; the patient reads the last signs of it.
    """
    rows = tx.all(
        "SELECT d.id, d.at, d.pharmacy_id, o.name AS pharmacy, u.name, "
        "CASE WHEN d.card_pin = 1 THEN 'pin' ELSE d.proof END AS proof, d.identity_kind, d.identity_number, d.reason, "
        "d.undone_at, d.undo_reason, "
        "h.line_id, l.medicine_id, m.dci || ' ' || m.strength AS medicine, h.quantity, h.lot_id, b.number AS lot, "
        "b.expires_on "
        "FROM dispenses d JOIN places o ON o.id = d.pharmacy_id JOIN people u ON u.id = d.actor_id "
        "LEFT JOIN dispense_lines h ON h.dispense_id = d.id LEFT JOIN prescription_lines l ON l.id = h.line_id "
        "LEFT JOIN medicine_names m ON m.id = l.medicine_id LEFT JOIN lot_numbers b ON b.id = h.lot_id "
        "WHERE d.prescription_id = :id ORDER BY d.at, d.id, l.position, b.expires_on, b.id",
        {"id": prescription_id},
    )
    of_lots = equivalents.of_lots(tx, (row["lot_id"] for row in rows if row["lot_id"]))
    found = []
    for dispense_id, of_one in groupby(rows, lambda row: row["id"]):
        each = list(of_one)
        first = each[0]
        elsewhere = viewer.role == "pharmacist" and first["pharmacy_id"] != viewer.organization_id
        found.append(
            Dispense(
                dispense_id,
                first["at"],
                None if elsewhere else first["pharmacy_id"],
                None if elsewhere else first["pharmacy"],
                None if elsewhere else first["name"],
                None if elsewhere else first["proof"],
                None if elsewhere else _document(viewer, first),
                "" if elsewhere else first["reason"],
                first["undone_at"],
                None if elsewhere else first["undo_reason"],
                tuple(
                    HandedOver(
                        row["line_id"],
                        row["medicine"],
                        row["quantity"],
                        None if elsewhere else row["lot"],
                        None if elsewhere else row["expires_on"],
                        _other_than(row["medicine_id"], of_lots.get(row["lot_id"])),
                    )
                    for row in each
                    if row["line_id"]
                ),
            )
        )
    return tuple(found)


def _other_than(medicine_id: str, given: Medicine | None) -> Medicine | None:
    return given if given and given.id != medicine_id else None


def _document(viewer: Viewer, row: Row) -> Document | None:
    if row["identity_kind"] is None:
        return None
    document = Document(row["identity_kind"], row["identity_number"])
    if viewer.role == "pharmacist":
        return document
    return document.masked() if viewer.role == "patient" else Document(document.kind, None)
