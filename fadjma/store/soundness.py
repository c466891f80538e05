"""What is true of every database of ours, whatever is in it."""

from collections.abc import Iterator

from fadjma.store.transaction import Transaction


def damaged(tx: Transaction) -> Iterator[str]:
    """What is wrong with its pages and indexes; reads all of them."""
    for row in tx.all("PRAGMA integrity_check"):
        if row[0] != "ok":
            yield str(row[0]).replace("\n", " ")


def orphans(tx: Transaction) -> Iterator[str]:
    """Rows that refer to nothing."""
    for row in tx.all("PRAGMA foreign_key_check"):
        yield f"{row[0]} {row[1]} → {row[2]}"
