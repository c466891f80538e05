"""What is true of every prescription whatever has happened to it."""

from collections.abc import Iterator

from fadjma.store import Transaction


def unacted(tx: Transaction) -> Iterator[str]:
    """Prescriptions in a state that no act has brought them to."""
    rows = tx.all(
        "SELECT p.id FROM prescriptions p WHERE NOT EXISTS "
        "(SELECT 1 FROM prescription_acts a WHERE a.prescription_id = p.id AND a.to_status = p.status)"
    )
    return (row["id"] for row in rows)
