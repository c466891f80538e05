"""What is true of every paper whatever has happened: its file is there, and holds what it held."""

from collections.abc import Callable, Iterator

from fadjma.store import Transaction


def lost(tx: Transaction, is_sound: Callable[[str], bool]) -> Iterator[str]:
    """Files that are missing or hold something else, by their names."""
    rows = tx.each("SELECT sha256 FROM papers UNION SELECT thumbnail FROM papers WHERE thumbnail IS NOT NULL")
    return (row["sha256"] for row in rows if not is_sound(row["sha256"]))
