"""What the program keeps for itself between two starts: a text behind a key, in the table `settings`."""

from fadjma.store.transaction import Transaction


def kept(tx: Transaction, key: str) -> str | None:
    """What was last kept under this key."""
    value = tx.value("SELECT value FROM settings WHERE key = :key", {"key": key})
    return None if value is None else str(value)


def keep(tx: Transaction, key: str, value: str) -> None:
    """In the place of what was kept before."""
    tx.execute(
        "INSERT INTO settings (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = :value",
        {"key": key, "value": value},
    )
