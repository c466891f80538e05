"""Reading in the order in which a file was written: what other programs go through, and who wrote each version.

In this order nothing comes before what was read already, so that pages of it are complete while somebody writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fadjma.records import queries
from fadjma.records.queries import Record, RecordType
from fadjma.refusals import NotFound
from fadjma.store import Row, Transaction, given, listed

Place = tuple[int, str]  # a moment (milliseconds UTC) and an id
FIRST: Place = (-1, "")


@dataclass(frozen=True, slots=True)
class Written:
    """One version of a record: by whom, when, why. `mistaken`: with it, it was declared entered in error."""

    record_id: str
    patient_id: str
    type: RecordType
    version: int
    author_id: str
    author_name: str
    at: int
    reason: str | None
    mistaken: bool


def in_order(
    tx: Transaction, patient_id: str, types: Iterable[RecordType], after: Place, limit: int
) -> list[tuple[Record, int]]:
    """A patient's records of these types, the first that were written first, each with when its version was.

    Not what was entered in error. The caller has checked the right.
    """
    ids = tx.all(
        "SELECT r.id FROM records r WHERE r.patient_id = :patient AND r.status = 'current' "
        f"AND r.type IN {listed(list(types))} AND (r.created_at, r.id) > (:at, :id) "
        "ORDER BY r.created_at, r.id LIMIT :limit",
        {"patient": patient_id, "at": after[0], "id": after[1], "limit": limit},
    )
    return _in_full(tx, [row["id"] for row in ids])


def _in_full(tx: Transaction, record_ids: list[str]) -> list[tuple[Record, int]]:
    among, values = given(record_ids)
    rows = tx.all(
        "SELECT r.id, v.created_at FROM records r JOIN record_versions v "
        f"ON v.record_id = r.id AND v.version = r.version WHERE r.id IN {among}",
        values,
    )
    at = {row["id"]: row["created_at"] for row in rows}
    return [(record, at[record.id]) for record in queries.of_ids(tx, record_ids)]


_WRITTEN = """
    SELECT v.record_id, r.patient_id, r.type, v.version, v.author_id, a.name AS author_name, v.created_at AS at,
           v.reason, r.status <> 'current' AND v.version = r.version AS mistaken
    FROM record_versions v JOIN records r ON r.id = v.record_id JOIN people a ON a.id = v.author_id
"""


def versions_in_order(
    tx: Transaction, patient_id: str, types: Iterable[RecordType], after: tuple[int, str, int], limit: int
) -> list[Written]:
    """Who wrote what of a patient's file, the first first, of what stands in it. The caller has checked the right."""
    rows = tx.all(
        f"{_WRITTEN} WHERE r.patient_id = :patient AND r.status = 'current' AND r.type IN {listed(list(types))} "
        "AND (v.created_at, v.record_id, v.version) > (:at, :id, :version) "
        "ORDER BY v.created_at, v.record_id, v.version LIMIT :limit",
        {"patient": patient_id, "at": after[0], "id": after[1], "version": after[2], "limit": limit},
    )
    return [_written(row) for row in rows]


def version(tx: Transaction, record_id: str, number: int) -> Written:
    """One of them. The caller has checked the right. Raises NotFound."""
    row = tx.first(f"{_WRITTEN} WHERE v.record_id = :id AND v.version = :version", {"id": record_id, "version": number})
    if row is None:
        raise NotFound
    return _written(row)


def _written(row: Row) -> Written:
    return Written(**{**row.as_dict(), "mistaken": bool(row["mistaken"])})
