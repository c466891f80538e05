"""What is true of the clinic's own tables whatever has happened: they never say two things of one child."""

from collections.abc import Iterator

from fadjma.store import Transaction


def contradictory(tx: Transaction) -> Iterator[str]:
    """Signed rows of doses of which another is for the same substance at some of the same ages."""
    rows = tx.each(
        "SELECT e.id FROM safety_entries e JOIN safety_entries o ON o.dci_key = e.dci_key AND o.kind = e.kind "
        "AND o.id <> e.id AND o.from_months < e.to_months AND e.from_months < o.to_months "
        "WHERE e.kind = 'dose' AND e.signed_at IS NOT NULL AND e.withdrawn_at IS NULL "
        "AND o.signed_at IS NOT NULL AND o.withdrawn_at IS NULL"
    )
    return (row["id"] for row in rows)
