"""The same lot at the other places of the house (identity/places.py): sent there, or received there from anybody.

What one of them withholds the others are told, live; their page of the lot says so and withholds it there by one act.
It is theirs to do: a doubt about wet boxes ends at the door, a recall of the manufacturer does not.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from fadjma import events, writing
from fadjma.events import Subject
from fadjma.i18n import iso
from fadjma.identity import directory, places
from fadjma.identity.people import Viewer
from fadjma.inventory.lots import Lot
from fadjma.inventory.products import Product
from fadjma.store import Row, Transaction, given

_NEWS = {"stock.withheld": "stock.withheld_elsewhere", "stock.put_back": "stock.put_back_elsewhere"}
_Key = tuple[str, str]  # the medicine's id, and the lot's number as it is compared


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The lot at one other place, and whether it is withheld there: since when and why."""

    place_id: str
    place: str
    withheld_at: int | None
    reason: str

    def json(self) -> dict[str, Any]:
        withheld = {"at": iso(self.withheld_at), "reason": self.reason} if self.withheld_at else None
        return {"place": {"id": self.place_id, "name": self.place}, "withheld": withheld}


def of(tx: Transaction, viewer: Viewer, lot: Lot) -> list[Elsewhere]:
    """Where else a lot of the pharmacist's own pharmacy is, or was, by the name of the place."""
    return [
        Elsewhere(row["pharmacy_id"], f"{row['name']}, {row['city']}", row["withheld_at"], row["withheld_reason"])
        for row in _same(tx, viewer.organization_id, lot)
    ]


def withheld(tx: Transaction, viewer: Viewer, products: Collection[Product]) -> set[str]:
    """The ids of those lots of these products of the own pharmacy that another place withholds, and this one does not.

    What is read grows with the products and with what is withheld of them, not with what the places have or had.
    """
    keys = _withheld(tx, viewer.organization_id, {product.medicine.id for product in products})
    lots = (lot for product in products for lot in product.lots)
    return {lot.id for lot in lots if lot.withheld_at is None and _key(lot.medicine_id, lot.number) in keys}


def tell(tx: Transaction, viewer: Viewer, lot: Lot, action: str) -> None:
    """The own place has just withheld the lot (`stock.withheld`), or uses it again (`stock.put_back`): those of the
    other places to which that is news are told, the pages of all follow.
    """
    for row in _same(tx, viewer.organization_id, lot):
        is_news = (row["withheld_at"] is None) == (action == "stock.withheld")
        pharmacists = directory.people(tx, "pharmacist", row["pharmacy_id"])
        events.notify(
            tx, pharmacists, "notification", _NEWS[action] if is_news else None, Subject("product", row["product_id"])
        )


def tell_of_arrival(tx: Transaction, viewer: Viewer, came: Iterable[tuple[str, str]]) -> None:
    """Lots of these medicines, with these numbers, have just come to the own pharmacy: it is told, whoever took them in
    too, which of them another place withholds.
    """
    keys = {_key(*one) for one in came}
    found = keys & _withheld(tx, viewer.organization_id, {medicine_id for medicine_id, _ in keys})
    pharmacists = directory.people(tx, "pharmacist", viewer.organization_id) if found else []
    for medicine_id, number_key in sorted(found):
        own = tx.all(
            "SELECT p.id, l.number FROM lots l JOIN products p ON p.id = l.product_id "
            "WHERE p.pharmacy_id = :pharmacy AND p.medicine_id = :medicine AND l.withheld_at IS NULL",
            {"pharmacy": viewer.organization_id, "medicine": medicine_id},
        )
        for row in own:
            if writing.code_key(row["number"]) == number_key:
                events.notify(
                    tx, pharmacists, "notification", "stock.withheld_elsewhere", Subject("product", row["id"])
                )


def _key(medicine_id: str, number: str) -> _Key:
    return medicine_id, writing.code_key(number)


def _same(tx: Transaction, pharmacy_id: str | None, lot: Lot) -> list[Row]:
    others = {place.id: number for number, place in enumerate(places.house(tx, pharmacy_id or ""))}
    if not others:
        return []
    among, values = given(others)
    rows = tx.all(
        "SELECT l.number, l.withheld_at, l.withheld_reason, p.id AS product_id, p.pharmacy_id, o.name, o.city "
        "FROM lots l JOIN products p ON p.id = l.product_id JOIN places o ON o.id = p.pharmacy_id "
        f"WHERE p.medicine_id = :medicine AND p.pharmacy_id IN {among}",
        {**values, "medicine": lot.medicine_id},
    )
    same = [row for row in rows if writing.code_key(row["number"]) == writing.code_key(lot.number)]
    return sorted(same, key=lambda row: others[row["pharmacy_id"]])


def _withheld(tx: Transaction, pharmacy_id: str | None, medicine_ids: Collection[str]) -> set[_Key]:
    """What the other places of the house withhold of these medicines."""
    others = [place.id for place in places.house(tx, pharmacy_id or "")]
    if not others or not medicine_ids:
        return set()
    among, values = given(others)
    medicines = {f"medicine{number}": medicine_id for number, medicine_id in enumerate(medicine_ids)}
    rows = tx.all(
        "SELECT p.medicine_id, l.number FROM products p JOIN lots l ON l.product_id = p.id "
        f"WHERE p.medicine_id IN ({', '.join(f':{name}' for name in medicines)}) AND p.pharmacy_id IN {among} "
        "AND l.withheld_at IS NOT NULL",
        {**values, **medicines},
    )
    return {_key(row["medicine_id"], row["number"]) for row in rows}
