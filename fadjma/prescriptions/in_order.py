"""A patient's prescriptions in the order in which they were issued, whole, as other programs go through them.

In this order nothing comes before what was read already, so that pages of it are complete while somebody prescribes.
"""

from dataclasses import replace

from fadjma.identity.people import Viewer
from fadjma.prescriptions import dispenses, queries
from fadjma.prescriptions.prescription import Prescription
from fadjma.store import Transaction, given


def in_order(
    tx: Transaction, viewer: Viewer, patient_id: str, after: tuple[int, str], limit: int, *, since: bool = False
) -> list[Prescription]:
    """With lines and what was handed over of them; `after`: when the last one was issued (milliseconds UTC), and its
    id; `since`: that one, too. Not what was entered in error. The caller has checked the right.
    """
    rows = tx.all(
        f"{queries.SELECT} WHERE p.patient_id = :patient AND p.status <> 'entered_in_error' "
        f"AND (p.issued_at, p.id) {'>=' if since else '>'} (:at, :id) ORDER BY p.issued_at, p.id LIMIT :limit",
        {
            "patient": patient_id,
            **queries.asked(tx, viewer),
            "at": after[0],
            "id": after[1],
            "limit": limit,
        },
    )
    return [
        replace(one, lines=queries.lines(tx, one.id), dispenses=dispenses.of(tx, viewer, one.id))
        for one in queries.of_rows(tx, viewer, rows)
    ]


def of_line(tx: Transaction, line_id: str) -> str | None:
    """The prescription that a line is of. Whoever asks looks at the right to that."""
    found: str | None = tx.value("SELECT prescription_id FROM prescription_lines WHERE id = :id", {"id": line_id})
    return found


def of_dispense(tx: Transaction, dispense_id: str) -> str | None:
    """The prescription of which something was handed over; as above."""
    found: str | None = tx.value("SELECT prescription_id FROM dispenses WHERE id = :id", {"id": dispense_id})
    return found


def codes(tx: Transaction, medicine_ids: list[str]) -> dict[str, str]:
    """The ATC codes of those of these medicines that have one, by the medicine's id."""
    among, values = given(list(dict.fromkeys(medicine_ids)))
    rows = tx.all(f"SELECT medicine_id, atc FROM medicine_classes WHERE medicine_id IN {among} AND atc <> ''", values)
    return {row["medicine_id"]: row["atc"] for row in rows}
