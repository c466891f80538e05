"""Reading the lots of a pharmacy."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from fadjma import rules
from fadjma.days import day
from fadjma.i18n import iso
from fadjma.identity.people import Viewer
from fadjma.refusals import NotFound
from fadjma.store import Row, Transaction, given


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot of a product."""

    id: str
    product_id: str
    medicine_id: str
    name: str  # of the medicine
    unit: str  # in which it is counted
    number: str
    expires_on: str
    on_hand: int
    reserved: int
    version: int
    state: str  # ok, soon, expired; withheld, whenever it expires
    withheld_at: int | None
    withheld_by: str
    withheld_reason: str

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.state,
            "version": self.version,
            "product_id": self.product_id,
            "medicine_id": self.medicine_id,
            "medicine": self.name,
            "unit": self.unit,
            "number": self.number,
            "expires_on": self.expires_on,
            "on_hand": self.on_hand,
            "reserved": self.reserved,
            "withheld": {"at": iso(self.withheld_at), "reason": self.withheld_reason} if self.withheld_at else None,
        }


# Every lot there is, as `read` takes it.
LOT = """
    SELECT l.id, l.product_id, p.medicine_id, m.dci || ' ' || m.strength || ', ' || m.form AS name, m.unit, l.number,
           l.expires_on, l.on_hand, l.reserved, l.version, l.withheld_at, l.withheld_reason,
           coalesce((SELECT name FROM people WHERE id = l.withheld_by), '') AS withheld_by
    FROM lots l JOIN products p ON p.id = l.product_id JOIN medicines m ON m.id = p.medicine_id
"""


def lot(tx: Transaction, viewer: Viewer, lot_id: str) -> Lot:
    """One lot of the pharmacist's own pharmacy. Raises NotFound."""
    row = tx.first(
        f"{LOT} WHERE l.id = :id AND p.pharmacy_id = :pharmacy",
        {"id": lot_id, "pharmacy": viewer.organization_id},
    )
    if row is None:
        raise NotFound
    return read(tx, row)


def lots(tx: Transaction, viewer: Viewer, lot_ids: list[str]) -> list[Lot]:
    """Those of these (few) lots that are of the pharmacist's own pharmacy."""
    among, values = given(lot_ids)
    rows = tx.all(
        f"{LOT} WHERE l.id IN {among} AND p.pharmacy_id = :pharmacy",
        {**values, "pharmacy": viewer.organization_id},
    )
    return [read(tx, row) for row in rows]


def kept_for(tx: Transaction, lot_id: str) -> list[str]:
    """For which prescriptions some of a lot is put aside. The caller has checked whose lot it is."""
    sql = "SELECT DISTINCT prescription_id FROM reservations WHERE lot_id = :lot ORDER BY prescription_id"
    return [row["prescription_id"] for row in tx.all(sql, {"lot": lot_id})]


def read(tx: Transaction, row: Row) -> Lot:
    """The lot of a row of `LOT`, in the state in which it is on the day of the transaction."""
    left = (date.fromisoformat(row["expires_on"]) - day(tx.now)).days
    soon = rules.current().expiry_days
    by_day = "expired" if left < 0 else "soon" if left <= soon else "ok"
    return Lot(**row.as_dict(), state="withheld" if row["withheld_at"] else by_day)
