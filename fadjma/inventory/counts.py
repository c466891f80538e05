"""Sheets of lots to be counted, and those that were, as their pharmacy reads them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fadjma.i18n import iso, show_change
from fadjma.identity.people import Viewer
from fadjma.inventory import lots
from fadjma.inventory.lots import Lot
from fadjma.refusals import NotFound
from fadjma.store import Page, Transaction, paging

PER_SHEET = 20  # lots: as many as a page of paper and a form have room for
PER_PAGE = 50

_TO_COUNT = (
    "SELECT l.id, m.search_key, l.counted_at FROM products p JOIN lots l ON l.product_id = p.id AND l.on_hand > 0 "
    "JOIN medicines m ON m.id = p.medicine_id WHERE p.pharmacy_id = :pharmacy"
)


@dataclass(frozen=True, slots=True)
class ToCount:
    """A lot on a sheet, and when it was last counted."""

    lot: Lot
    counted_at: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A lot of which another quantity was found than there should have been."""

    lot_id: str
    name: str  # of the medicine
    number: str
    change: int

    @property
    def shown(self) -> str:
        """« +3 », « −2 »."""
        return show_change(self.change)

    def json(self) -> dict[str, Any]:
        return {"lot_id": self.lot_id, "medicine": self.name, "number": self.number, "difference": self.change}


@dataclass(frozen=True, slots=True)
class Count:
    """A sheet that was counted: how many lots, in how many something else was found, and why."""

    id: str
    made_at: int
    made_by: str
    reason: str
    lots: int
    changed: int
    differences: tuple[Difference, ...]

    def in_list(self) -> dict[str, Any]:
        """Without its lots, which no list has read."""
        return {
            "id": self.id,
            "status": "recorded",
            "version": 1,
            "made_at": iso(self.made_at),
            "reason": self.reason,
            "lots": self.lots,
            "changed": self.changed,
        }

    def json(self, language: str) -> dict[str, Any]:
        return {**self.in_list(), "items": [difference.json() for difference in self.differences]}


def sheet(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[ToCount]:
    """The pharmacy's lots that are not empty, by the name of the medicine, a sheet of them.

    `before` is the `next` of the sheet before.
    """
    viewer.require("pharmacist")
    key, _, lot_id = (before or "").rpartition("~")
    rows = tx.all(
        f"{_TO_COUNT} AND (m.search_key, l.id) > (:key, :lot) ORDER BY m.search_key, l.id LIMIT :limit",
        {"pharmacy": viewer.organization_id, "key": key, "lot": lot_id, "limit": PER_SHEET + 1},
    )
    cut = paging.page(rows, PER_SHEET, lambda row: f"{row['search_key']}~{row['id']}")
    lots = lots_of(tx, viewer, [row["id"] for row in cut])
    page = Page([ToCount(lots[row["id"]], row["counted_at"]) for row in cut])
    page.next = cut.next
    return page


def lots_of(tx: Transaction, viewer: Viewer, ids: Iterable[str]) -> dict[str, Lot]:
    """These (few) lots, as far as the pharmacist's own pharmacy has them."""
    return {lot.id: lot for lot in lots.lots(tx, viewer, list(ids))}


def count(tx: Transaction, viewer: Viewer, count_id: str) -> Count:
    """One of the pharmacist's own pharmacy. Raises NotFound."""
    viewer.require("pharmacist")
    row = tx.first(f"{_COUNT} AND c.id = :id", {"id": count_id, "pharmacy": viewer.organization_id})
    if row is None:
        raise NotFound
    rows = tx.all(
        "SELECT v.lot_id, m.dci || ' ' || m.strength || ', ' || m.form AS name, l.number, v.quantity AS change "
        "FROM movements v JOIN lots l ON l.id = v.lot_id JOIN products p ON p.id = l.product_id "
        "JOIN medicines m ON m.id = p.medicine_id WHERE v.count_id = :count ORDER BY m.search_key, l.id",
        {"count": count_id},
    )
    return Count(**row.as_dict(), differences=tuple(Difference(**row.as_dict()) for row in rows))


def counts(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[Count]:
    """Those of the pharmacist's own pharmacy, without their differences, the newest first."""
    viewer.require("pharmacist")
    before_at, before_id = paging.position(before)
    rows = tx.all(
        f"{_COUNT} AND (c.made_at, c.id) < (:before_at, :before_id) ORDER BY c.made_at DESC, c.id DESC LIMIT :limit",
        {"pharmacy": viewer.organization_id, "before_at": before_at, "before_id": before_id, "limit": PER_PAGE + 1},
    )
    found = [Count(**row.as_dict(), differences=()) for row in rows]
    return paging.page(found, PER_PAGE, lambda last: paging.cursor(last.made_at, last.id))


_COUNT = (
    "SELECT c.id, c.made_at, u.name AS made_by, c.reason, c.lots, c.changed FROM counts c "
    "JOIN people u ON u.id = c.made_by WHERE c.pharmacy_id = :pharmacy"
)
