"""What is true of every record whatever has happened to it."""

from collections.abc import Iterator

from fadjma.store import Transaction


def unversioned(tx: Transaction) -> Iterator[str]:
    """Records of which a version is missing, or one is there that they do not count."""
    rows = tx.each(
        "SELECT r.id FROM records r WHERE r.version <> (SELECT count(*) FROM record_versions WHERE record_id = r.id) "
        "OR r.version <> (SELECT coalesce(max(version), 0) FROM record_versions WHERE record_id = r.id)"
    )
    return (row["id"] for row in rows)
