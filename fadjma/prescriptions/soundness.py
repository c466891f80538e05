"""What is true of every prescription whatever has happened to it."""

from collections.abc import Iterator

from fadjma.store import Transaction


def unacted(tx: Transaction) -> Iterator[str]:
    """Prescriptions in a state that no act has brought them to."""
    rows = tx.each(
        "SELECT p.id FROM prescriptions p WHERE NOT EXISTS "
        "(SELECT 1 FROM prescription_acts a WHERE a.prescription_id = p.id AND a.to_status = p.status)"
    )
    return (row["id"] for row in rows)


def undispensed(tx: Transaction) -> Iterator[str]:
    """Lines of which another quantity counts as handed over than was."""
    rows = tx.each(
        "SELECT l.id FROM prescription_lines l LEFT JOIN "
        "(SELECT h.line_id, sum(h.quantity) AS quantity FROM dispense_lines h JOIN dispenses d ON d.id = h.dispense_id "
        "WHERE d.undone_at IS NULL GROUP BY h.line_id) g ON g.line_id = l.id "
        "WHERE l.delivered <> coalesce(g.quantity, 0)"
    )
    return (row["id"] for row in rows)
