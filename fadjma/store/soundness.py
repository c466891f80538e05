"""What is true of every database of ours, whatever is in it."""

from collections.abc import Iterator

from fadjma.store.transaction import Reference, Transaction


def damaged(tx: Transaction) -> Iterator[str]:
    """What is wrong with its pages and indexes; reads all of them."""
    for row in tx.all("PRAGMA integrity_check"):
        if row[0] != "ok":
            yield str(row[0]).replace("\n", " ")


def orphans(tx: Transaction) -> Iterator[str]:
    """Rows that refer to nothing: whoever may switch off what looks after them can remove what they refer to."""
    rows = tx.each(" UNION ALL ".join(map(_of_nothing, tx.references())))
    return (f"{row['place']} {row['said']} → {row['parent']}" for row in rows)


def _of_nothing(reference: Reference) -> str:
    table, columns, parent, keys = reference
    pairs = " AND ".join(f"p.{key} = c.{column}" for column, key in zip(columns, keys, strict=True))
    given = " AND ".join(f"c.{column} IS NOT NULL" for column in columns)
    return (
        f"SELECT '{table}.{columns[0]}' AS place, CAST(c.{columns[0]} AS TEXT) AS said, '{parent}' AS parent "
        f"FROM {table} c WHERE {given} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {pairs})"
    )
