"""Reading what a pharmacy keeps: its products, each with what is left of its lots."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from fadjma import rules, writing
from fadjma.events.subjects import Named
from fadjma.identity.people import Viewer
from fadjma.inventory import codes, formulary, lots
from fadjma.inventory.lots import Lot
from fadjma.inventory.queries import USABLE, Medicine, today
from fadjma.refusals import NotFound
from fadjma.store import Page, Row, Transaction, given, paging, searching

PER_PAGE = 100  # products
CURSOR = re.compile("[012]~" + paging.NAME.pattern, re.DOTALL)  # of them: what lacks first


@dataclass(frozen=True, slots=True)
class Product:
    """A medicine that a pharmacy keeps, with its lots, first to expire first."""

    id: str
    medicine: Medicine
    threshold: int
    usable: int
    lots: tuple[Lot, ...]

    @property
    def low(self) -> bool:
        return self.usable <= self.threshold

    def json(self, language: str, elsewhere: Collection[str] = ()) -> dict[str, Any]:
        """`elsewhere` are the ids of lots that another place of the house withholds (elsewhere.py)."""
        return {
            "id": self.id,
            "medicine": self.medicine.json(),
            "threshold": self.threshold,
            "usable": self.usable,
            "lots": [{**lot.json(language), "withheld_elsewhere": lot.id in elsewhere} for lot in self.lots],
        }


# What a pharmacy keeps, in the order in which it is shown: what it lacks, what it nearly lacks, the rest, each by name.
# That is as much as there are medicines, however long it has been open: lots that are empty are not looked at.
# What was retired from the list can come no more: once nothing of it is left, it is not lacking.
_KEPT = f"""
    SELECT k.id, m.search_key, k.threshold, (
        SELECT coalesce(sum(l.on_hand - l.reserved), 0) FROM lots l
        WHERE l.product_id = k.id AND l.on_hand > 0 AND {USABLE}
    ) AS usable, EXISTS (
        SELECT 1 FROM lots l WHERE l.product_id = k.id AND l.on_hand > 0 AND l.expires_on <= :soon
    ) AS expiring
    FROM products k JOIN medicines m ON m.id = k.medicine_id WHERE k.pharmacy_id = :pharmacy AND (
        m.retired_at IS NULL
        OR EXISTS (SELECT 1 FROM lots l WHERE l.product_id = k.id AND l.on_hand > 0 AND l.expires_on > '')
    )
"""
_URGENCY = "CASE WHEN usable = 0 THEN 0 WHEN usable <= threshold THEN 1 ELSE 2 END"
Only = Literal["low", "expiring", "out"]
# What of the stock is asked for, as a condition; what there is none of is low, too, and what has expired is expiring.
_ONLY: dict[Only, str] = {"low": f"{_URGENCY} < 2", "expiring": "expiring", "out": "usable = 0"}


def stock(
    tx: Transaction, viewer: Viewer, q: str = "", only: Only | None = None, before: str | None = None
) -> Page[Product]:
    """Everything the pharmacist's own pharmacy keeps: what it lacks, what it nearly lacks, the rest, each by name.

    With `q` what has these words in its name or among its brands, or a lot whose number begins so, or the box whose
    code this is; `only` what is of this kind. `before` is the `next` of the page before.
    """
    viewer.require("pharmacist")
    said, values = _said_of_stock(q) if q else ("", {})
    if q and not values:
        return Page()
    urgency, _, rest = (before or "").partition("~")
    key, _, product_id = rest.rpartition("~")
    rows = tx.all(
        f"SELECT id, {_URGENCY} AS urgency, search_key FROM ({_KEPT}{said}) AS shown "
        f"WHERE ({_URGENCY}, search_key, id) > (:urgency, :key, :id) AND {_ONLY[only] if only else '1 = 1'} "
        "ORDER BY urgency, search_key, id LIMIT :limit",
        {
            **_kept_by(tx, viewer),
            "urgency": int(urgency) if urgency in ("0", "1", "2") else -1,
            "key": key,
            "id": product_id,
            "limit": PER_PAGE + 1,
            **values,
        },
    )
    found = paging.page(rows, PER_PAGE, lambda row: f"{row['urgency']}~{row['search_key']}~{row['id']}")
    products = Page(_products(tx, [row["id"] for row in found]))
    products.next = found.next
    return products


def _said_of_stock(q: str) -> searching.Condition:
    condition, values = formulary.said_of(q)
    if not values:
        return condition, values
    number = writing.code_key(q)
    by_lot = "EXISTS (SELECT 1 FROM lots n WHERE n.product_id = k.id AND n.number_key >= :lot AND n.number_key < :lots)"
    values |= {"lot": number, "lots": number + chr(0x10FFFF)}
    gtin = codes.product_of(q)
    if not gtin:
        return f" AND ((1 = 1{condition}) OR {by_lot})", values
    by_code = "k.medicine_id IN (SELECT medicine_id FROM gtins WHERE pharmacy_id = :pharmacy AND gtin = :gtin)"
    return f" AND ((1 = 1{condition}) OR {by_lot} OR {by_code})", {**values, "gtin": gtin}


def _kept_by(tx: Transaction, viewer: Viewer) -> dict[str, Any]:
    return {"pharmacy": viewer.organization_id, "today": today(tx), "soon": today(tx, rules.current().expiry_days)}


@dataclass(frozen=True, slots=True)
class Kept:
    """How many products a pharmacy keeps, and of how many it has little, nothing, or something that expires."""

    all: int
    low: int
    expiring: int
    out: int

    def json(self) -> dict[str, int]:
        return {"low": self.low, "expiring": self.expiring, "out": self.out}


def count_products(tx: Transaction, viewer: Viewer) -> Kept:
    """How many products the pharmacist's own pharmacy keeps, and how many of each kind (`Only`)."""
    each = ", ".join(
        f'coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS "{only}"' for only, condition in _ONLY.items()
    )
    row = tx.first(f'SELECT count(*) AS "all", {each} FROM ({_KEPT}) AS shown', _kept_by(tx, viewer))
    assert row
    return Kept(**row.as_dict())


def low_stock(tx: Transaction, viewer: Viewer, limit: int) -> Page[Product]:
    """What the pharmacist's own pharmacy lacks or nearly lacks: what it lacks first, then by name, `limit` at most."""
    viewer.require("pharmacist")
    rows = tx.all(
        f"SELECT id FROM ({_KEPT}) AS low WHERE {_ONLY['low']} ORDER BY {_URGENCY}, search_key, id LIMIT :limit",
        {**_kept_by(tx, viewer), "limit": limit + 1},
    )
    products = _products(tx, [row["id"] for row in rows])
    return paging.page(products, limit, lambda product: product.id)


def product(tx: Transaction, viewer: Viewer, product_id: str) -> Product:
    """One product of the pharmacist's own pharmacy. Raises NotFound."""
    viewer.require("pharmacist")
    sql = "SELECT id FROM products WHERE id = :id AND pharmacy_id = :pharmacy"
    if tx.first(sql, {"id": product_id, "pharmacy": viewer.organization_id}) is None:
        raise NotFound
    return _products(tx, [product_id])[0]


def keeps_any(tx: Transaction, viewer: Viewer) -> bool:
    """Whether the pharmacist's own pharmacy has, or has had, anything."""
    sql = "SELECT 1 FROM products WHERE pharmacy_id = :pharmacy LIMIT 1"
    return bool(tx.value(sql, {"pharmacy": viewer.organization_id}))


def keeps(tx: Transaction, viewer: Viewer, medicine_id: str) -> bool:
    """Whether the pharmacist's own pharmacy has, or has had, this medicine."""
    sql = "SELECT 1 FROM products WHERE pharmacy_id = :pharmacy AND medicine_id = :medicine"
    return bool(tx.value(sql, {"pharmacy": viewer.organization_id, "medicine": medicine_id}))


def names(tx: Transaction, viewer: Viewer, product_ids: list[str]) -> dict[str, Named]:
    """What those of these (few) products are called that the pharmacist's own pharmacy keeps."""
    among, values = given(product_ids)
    rows = tx.all(
        "SELECT k.id, m.dci || ' ' || m.strength AS name FROM products k JOIN medicines m ON m.id = k.medicine_id "
        f"WHERE k.id IN {among} AND k.pharmacy_id = :pharmacy",
        {**values, "pharmacy": viewer.organization_id},
    )
    return {row["id"]: Named(writing.capitalized(row["name"])) for row in rows}


def _products(tx: Transaction, ids: list[str]) -> list[Product]:
    """These products, in this order, each with what is left of its lots."""
    if not ids:
        return []
    values = {f"i{number}": id for number, id in enumerate(ids)}
    among = ", ".join(f":{name}" for name in values)
    left: dict[str, list[Lot]] = {}
    # That every lot has a day makes the planner take the index of those that are not empty, and no others.
    holds = "l.on_hand > 0 AND l.expires_on > ''"
    for row in tx.all(f"{lots.LOT} WHERE l.product_id IN ({among}) AND {holds} ORDER BY l.expires_on", values):
        left.setdefault(row["product_id"], []).append(lots.read(tx, row))
    rows = tx.all(
        "SELECT p.id, p.threshold, m.id AS medicine_id, m.dci, m.form, m.strength, m.unit, m.brands "
        f"FROM products p JOIN medicines m ON m.id = p.medicine_id WHERE p.id IN ({among})",
        values,
    )
    products = {row["id"]: _product(row, tuple(left.get(row["id"], ()))) for row in rows}
    return [products[id] for id in ids]


def _product(row: Row, left: tuple[Lot, ...]) -> Product:
    medicine = Medicine(row["medicine_id"], row["dci"], row["form"], row["strength"], row["unit"], row["brands"])
    usable = sum(lot.on_hand - lot.reserved for lot in left if lot.state not in ("expired", "withheld"))
    return Product(row["id"], medicine, row["threshold"], usable, left)
