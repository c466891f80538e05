"""What is true of the stock whatever has happened: it is what its movements and reservations say."""

from collections.abc import Iterator

from fadjma.store import Transaction


def unmoved(tx: Transaction) -> Iterator[str]:
    """Lots of which another quantity is on hand than their movements add up to."""
    rows = tx.each(
        "SELECT l.id FROM lots l WHERE l.on_hand <> "
        "(SELECT coalesce(sum(quantity), 0) FROM movements WHERE lot_id = l.id)"
    )
    return (row["id"] for row in rows)


def untied(tx: Transaction) -> Iterator[str]:
    """Transfers of which something else has moved than they say: out of the one place, and into the other or back."""
    rows = tx.each(
        "SELECT t.id FROM transfers t WHERE (SELECT coalesce(sum(quantity), 0) FROM movements "
        "WHERE transfer_id = t.id) "
        "<> CASE WHEN coalesce(t.received_at, t.undone_at) IS NULL THEN -t.quantity ELSE 0 END "
        "OR (SELECT coalesce(sum(quantity), 0) FROM movements WHERE transfer_id = t.id AND lot_id = t.lot_id) "
        "<> CASE WHEN t.undone_at IS NULL THEN -t.quantity ELSE 0 END"
    )
    return (row["id"] for row in rows)


def unreserved(tx: Transaction) -> Iterator[str]:
    """Lots of which another quantity is kept than their reservations add up to."""
    rows = tx.each(
        "SELECT l.id FROM lots l "
        "LEFT JOIN (SELECT lot_id, sum(quantity) AS quantity FROM reservations GROUP BY lot_id) k ON k.lot_id = l.id "
        "WHERE l.reserved <> coalesce(k.quantity, 0)"
    )
    return (row["id"] for row in rows)
