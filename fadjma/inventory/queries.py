"""Reading medicines and stock. Usable stock leaves out what has expired and what is reserved."""

import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from fadjma import rules, writing
from fadjma.days import day
from fadjma.events.subjects import Named
from fadjma.i18n import N_, iso, show_change
from fadjma.identity.people import Viewer
from fadjma.inventory import formulary, misspelt, other_names
from fadjma.refusals import NotFound
from fadjma.store import Page, Row, Transaction, given, paging, searching

SUGGESTIONS = 8
# Of a lot, `l` in every query: it may still be handed over on `:today`.
USABLE = "l.expires_on >= :today AND l.withheld_at IS NULL"
PER_PAGE = 100  # products
CURSOR = re.compile("[012]~" + paging.NAME.pattern, re.DOTALL)  # of them: what lacks first
MOVEMENTS = {
    "received": N_("Reçu"),
    "adjusted": N_("Comptage"),
    "delivered": N_("Remis à un patient"),
    "transferred": N_("Transfert"),
}
_UNDONE = {"received": N_("Réception annulée"), "delivered": N_("Remise annulée")}
MOVEMENTS_SHOWN = 20
_LATELY = 86_400_000  # milliseconds for which just as much of a lot is hardly another delivery
_TYPED = 120  # characters that are looked at: no name is longer


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine of the list, and whether the chosen pharmacy has any (None: no pharmacy chosen)."""

    id: str
    dci: str
    form: str
    strength: str
    unit: str
    brands: str  # separated by commas
    usable: int | None = None

    @property
    def name(self) -> str:
        return f"{self.dci} {self.strength}, {self.form}"

    def json(self) -> dict[str, Any]:
        shown = {
            "id": self.id,
            "dci": self.dci,
            "form": self.form,
            "strength": self.strength,
            "unit": self.unit,
            "brands": formulary.listed(self.brands),
        }
        return shown if self.usable is None else {**shown, "available": self.usable > 0}


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


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of what a lot holds: what it was, by whom, and why."""

    id: str
    at: int
    kind: str
    quantity: int
    reason: str
    name: str

    @property
    def label(self) -> str:
        undone = (self.kind == "received" and self.quantity < 0) or (self.kind == "delivered" and self.quantity > 0)
        return _UNDONE[self.kind] if undone else MOVEMENTS[self.kind]

    @property
    def change(self) -> str:
        """« +30 », « −20 »."""
        return show_change(self.quantity)


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


_MEDICINE = "m.id, m.dci, m.form, m.strength, m.unit, m.brands"
_LOT = """
    SELECT l.id, l.product_id, p.medicine_id, m.dci || ' ' || m.strength || ', ' || m.form AS name, m.unit, l.number,
           l.expires_on, l.on_hand, l.reserved, l.version, l.withheld_at, l.withheld_reason,
           coalesce((SELECT name FROM people WHERE id = l.withheld_by), '') AS withheld_by
    FROM lots l JOIN products p ON p.id = l.product_id JOIN medicines m ON m.id = p.medicine_id
"""


# What a pharmacy has of each medicine: one look at its stock, whatever number of names is found.
_STOCKED = (
    "SELECT p.medicine_id, sum(l.on_hand - l.reserved) AS usable FROM products p JOIN lots l ON l.product_id = p.id "
    f"WHERE p.pharmacy_id = :pharmacy AND l.on_hand > 0 AND {USABLE} GROUP BY p.medicine_id"
)


def is_name_of(text: str, medicine: Medicine) -> bool:
    """Whether this is the whole name of a medicine, in any order and punctuation; never only its beginning."""
    return set(writing.search_words(text)) == set(writing.search_words(medicine.name))


def search_medicines(
    tx: Transaction, viewer: Viewer, q: str, pharmacy_id: str | None = None, before: str | None = None
) -> Page[Medicine]:
    """Medicines in whose name, or among whose brands, every typed word begins a word; without those that were retired.

    Or that are called so otherwise (other_names.py). Those that are, or have the first word as their first, then those
    that begin with it, come first; of equally good ones those that the pharmacy has. Where there are none, those that
    differ by a slip (misspelt.py).

    How many a pharmacy has, only doctors learn, who prescribe: nobody counts the stock of a competitor.
    `before` is the `next` of the page before: how many were shown, for the list of medicines is the same all day.
    """
    if viewer.role != "doctor":
        pharmacy_id = None
    asked = writing.asked_words(q[:_TYPED])
    if sum(len(variants[0]) for variants in asked) < 2:
        return Page()
    shown, _ = paging.position(before, otherwise=0)
    values = {"limit": SUGGESTIONS + 1, "shown": shown, "pharmacy": pharmacy_id, "today": today(tx)}
    condition, words = formulary.said_of(q[:_TYPED])
    whole = [one for one in other_names.readings(asked) if one.whole]
    called, others = formulary.called_otherwise(whole, "whole")
    exactly = f"{called} OR " if called else ""
    best = f"CASE WHEN {exactly}search_key || ' ' LIKE :whole THEN 0 WHEN search_key LIKE :first THEN 1 ELSE 2 END, "
    first = {"whole": f"{asked[0][-1]} %", "first": f"{asked[0][-1]}%"}
    rows = tx.all(_suggested(condition, best), {**values, **words, **others, **first})
    if not rows and (ids := misspelt.closest(tx, asked, shown=shown, limit=SUGGESTIONS + 1)):
        among, meant = given(ids)
        rows = tx.all(_suggested(f" AND m.id IN {among}"), {**values, **meant, "shown": 0})
    if not rows and (slipped := other_names.with_a_slip(asked)):
        called, others = formulary.called_otherwise(slipped)
        rows = tx.all(_suggested(f" AND {called}"), {**values, **others})
    found = [Medicine(**{**row.as_dict(), "usable": row["usable"] if pharmacy_id else None}) for row in rows]
    return paging.page(found, SUGGESTIONS, lambda last: str(shown + SUGGESTIONS))


def _suggested(condition: str, best: str = "") -> str:
    return (
        f"SELECT {_MEDICINE}, coalesce(u.usable, 0) AS usable FROM medicines m "
        f"LEFT JOIN ({_STOCKED}) u ON u.medicine_id = m.id WHERE m.retired_at IS NULL {condition} "
        f"ORDER BY {best}coalesce(u.usable, 0) <= 0, length(m.dci), search_key, m.id LIMIT :limit OFFSET :shown"
    )


def medicine(tx: Transaction, medicine_id: str, pharmacy_id: str | None = None) -> Medicine:
    """One medicine that may be prescribed and received. Raises NotFound."""
    return ask_medicine(tx, medicine_id, pharmacy_id)()


def ask_medicine(tx: Transaction, medicine_id: str, pharmacy_id: str | None = None) -> Callable[[], Medicine]:
    """The same for later (`Transaction.ask`): it is what is returned that raises."""
    rows = tx.ask(
        f"SELECT {_MEDICINE}, {_usable('m.id')} AS usable FROM medicines m WHERE m.id = :id AND m.retired_at IS NULL",
        {"id": medicine_id, "pharmacy": pharmacy_id, "today": today(tx)},
    )

    def medicine() -> Medicine:
        for row in rows():
            return Medicine(**{**row.as_dict(), "usable": row["usable"] if pharmacy_id else None})
        raise NotFound

    return medicine


def listed(tx: Transaction, medicine_ids: Collection[str]) -> set[str]:
    """Which of these may be prescribed and received."""
    if not medicine_ids:
        return set()
    among, values = given(medicine_ids)
    rows = tx.all(f"SELECT m.id FROM medicines m WHERE m.id IN {among} AND m.retired_at IS NULL", values)
    return {row["id"] for row in rows}


# What a pharmacy keeps, in the order in which it is shown: what it lacks, what it nearly lacks, the rest, each by name.
# That is as much as there are medicines, however long it has been open: lots that are empty are not looked at.
_KEPT = f"""
    SELECT k.id, m.search_key, k.threshold, (
        SELECT coalesce(sum(l.on_hand - l.reserved), 0) FROM lots l
        WHERE l.product_id = k.id AND l.on_hand > 0 AND {USABLE}
    ) AS usable, EXISTS (
        SELECT 1 FROM lots l WHERE l.product_id = k.id AND l.on_hand > 0 AND l.expires_on <= :soon
    ) AS expiring
    FROM products k JOIN medicines m ON m.id = k.medicine_id WHERE k.pharmacy_id = :pharmacy
"""
_URGENCY = "CASE WHEN usable = 0 THEN 0 WHEN usable <= threshold THEN 1 ELSE 2 END"
Only = Literal["low", "expiring", "out"]
# What of the stock is asked for, as a condition; what there is none of is low, too, and what has expired is expiring.
_ONLY: dict[Only, str] = {"low": f"{_URGENCY} < 2", "expiring": "expiring", "out": "usable = 0"}


def stock(
    tx: Transaction, viewer: Viewer, q: str = "", only: Only | None = None, before: str | None = None
) -> Page[Product]:
    """Everything the pharmacist's own pharmacy keeps: what it lacks, what it nearly lacks, the rest, each by name.

    With `q` what has these words in its name or among its brands, or a lot whose number begins so; `only` what is of
    this kind. `before` is the `next` of the page before.
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
    return f" AND ((1 = 1{condition}) OR {by_lot})", {**values, "lot": number, "lots": number + chr(0x10FFFF)}


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


def lot(tx: Transaction, viewer: Viewer, lot_id: str) -> Lot:
    """One lot of the pharmacist's own pharmacy. Raises NotFound."""
    row = tx.first(
        f"{_LOT} WHERE l.id = :id AND p.pharmacy_id = :pharmacy",
        {"id": lot_id, "pharmacy": viewer.organization_id},
    )
    if row is None:
        raise NotFound
    return _lot(tx, row)


def lots(tx: Transaction, viewer: Viewer, lot_ids: list[str]) -> list[Lot]:
    """Those of these (few) lots that are of the pharmacist's own pharmacy."""
    among, values = given(lot_ids)
    rows = tx.all(
        f"{_LOT} WHERE l.id IN {among} AND p.pharmacy_id = :pharmacy",
        {**values, "pharmacy": viewer.organization_id},
    )
    return [_lot(tx, row) for row in rows]


def names(tx: Transaction, viewer: Viewer, product_ids: list[str]) -> dict[str, Named]:
    """What those of these (few) products are called that the pharmacist's own pharmacy keeps."""
    among, values = given(product_ids)
    rows = tx.all(
        "SELECT k.id, m.dci || ' ' || m.strength AS name FROM products k JOIN medicines m ON m.id = k.medicine_id "
        f"WHERE k.id IN {among} AND k.pharmacy_id = :pharmacy",
        {**values, "pharmacy": viewer.organization_id},
    )
    return {row["id"]: Named(writing.capitalized(row["name"])) for row in rows}


def kept_for(tx: Transaction, lot_id: str) -> list[str]:
    """For which prescriptions some of a lot is put aside. The caller has checked whose lot it is."""
    sql = "SELECT DISTINCT prescription_id FROM reservations WHERE lot_id = :lot ORDER BY prescription_id"
    return [row["prescription_id"] for row in tx.all(sql, {"lot": lot_id})]


def movements(tx: Transaction, viewer: Viewer, lot_id: str, before: str | None = None) -> Page[Movement]:
    """The changes of a lot of the pharmacist's own pharmacy, the newest first.

    `before` is the `next` of the page before.
    """
    before_at, before_id = paging.position(before)
    rows = tx.all(
        "SELECT v.id, v.at, v.kind, v.quantity, v.reason, u.name "
        "FROM movements v JOIN people u ON u.id = v.actor_id JOIN lots l ON l.id = v.lot_id "
        "JOIN products p ON p.id = l.product_id WHERE v.lot_id = :lot AND p.pharmacy_id = :pharmacy "
        "AND (v.at, v.id) < (:before_at, :before_id) ORDER BY v.at DESC, v.id DESC LIMIT :limit",
        {
            "lot": lot_id,
            "pharmacy": viewer.organization_id,
            "before_at": before_at,
            "before_id": before_id,
            "limit": MOVEMENTS_SHOWN + 1,
        },
    )
    found = [Movement(**row.as_dict()) for row in rows]
    return paging.page(found, MOVEMENTS_SHOWN, lambda last: paging.cursor(last.at, last.id))


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How much of a lot was handed over for a prescription, and when last."""

    prescription_id: str
    quantity: int
    at: int


def received_by_colleague(tx: Transaction, viewer: Viewer, lot_id: str, quantity: int, since: int) -> tuple[str, int]:
    """Who else has received some of this lot since then, and how much; or just so much within a day, and nothing of it
    has been received by the viewer after that, who was asked then. Nobody: ("", 0).
    """
    row = tx.first(
        "SELECT u.name, v.quantity FROM movements v JOIN people u ON u.id = v.actor_id WHERE v.lot_id = :lot "
        "AND v.kind = 'received' AND v.quantity > 0 AND v.actor_id <> :viewer "
        "AND (v.at >= :since OR (v.quantity = :quantity AND v.at > :lately AND NOT EXISTS ("
        "SELECT 1 FROM movements w WHERE w.lot_id = :lot AND w.kind = 'received' AND w.actor_id = :viewer "
        "AND w.at >= v.at))) ORDER BY v.at DESC, v.id DESC LIMIT 1",
        {
            "lot": lot_id,
            "quantity": quantity,
            "since": since,
            "lately": tx.now - _LATELY,
            "viewer": viewer.id,
        },
    )
    return (row["name"], row["quantity"]) if row else ("", 0)


def handed_over(tx: Transaction, lot_id: str) -> list[HandedOver]:
    """For which prescriptions, the last first; without what has come back. The caller has checked whose lot it is."""
    rows = tx.all(
        "SELECT prescription_id, -sum(quantity) AS quantity, max(at) AS at FROM movements "
        "WHERE lot_id = :lot AND prescription_id IS NOT NULL GROUP BY prescription_id HAVING sum(quantity) < 0 "
        "ORDER BY max(at) DESC, prescription_id",
        {"lot": lot_id},
    )
    return [HandedOver(**row.as_dict()) for row in rows]


def usable(tx: Transaction, pharmacy_id: str, medicine_ids: Collection[str]) -> Counter[str]:
    """How many units of each of these (few) medicines this pharmacy could still promise today."""
    if not medicine_ids:
        return Counter()
    among, values = given(dict.fromkeys(medicine_ids))
    rows = tx.all(
        "SELECT p.medicine_id, sum(l.on_hand - l.reserved) AS usable "
        "FROM lots l JOIN products p ON p.id = l.product_id "
        f"WHERE p.pharmacy_id = :pharmacy AND p.medicine_id IN {among} AND l.on_hand > 0 AND {USABLE} "
        "GROUP BY p.medicine_id",
        {"pharmacy": pharmacy_id, "today": today(tx), **values},
    )
    return Counter({row["medicine_id"]: row["usable"] for row in rows})


def today(tx: Transaction, days: int = 0) -> str:
    """The transaction's day at the clinic, or some days after it, ISO 8601."""
    return (day(tx.now) + timedelta(days=days)).isoformat()


def _usable(medicine: str) -> str:
    return (
        "(SELECT coalesce(sum(l.on_hand - l.reserved), 0) FROM lots l JOIN products p ON p.id = l.product_id "
        f"WHERE p.pharmacy_id = :pharmacy AND p.medicine_id = {medicine} "
        f"AND l.on_hand > 0 AND {USABLE})"
    )


def _products(tx: Transaction, ids: list[str]) -> list[Product]:
    """These products, in this order, each with what is left of its lots."""
    if not ids:
        return []
    values = {f"i{number}": id for number, id in enumerate(ids)}
    among = ", ".join(f":{name}" for name in values)
    lots: dict[str, list[Lot]] = {}
    # That every lot has a day makes the planner take the index of those that are not empty, and no others.
    left = "l.on_hand > 0 AND l.expires_on > ''"
    for row in tx.all(f"{_LOT} WHERE l.product_id IN ({among}) AND {left} ORDER BY l.expires_on", values):
        lots.setdefault(row["product_id"], []).append(_lot(tx, row))
    rows = tx.all(
        "SELECT p.id, p.threshold, m.id AS medicine_id, m.dci, m.form, m.strength, m.unit, m.brands "
        f"FROM products p JOIN medicines m ON m.id = p.medicine_id WHERE p.id IN ({among})",
        values,
    )
    products = {row["id"]: _product(row, tuple(lots.get(row["id"], ()))) for row in rows}
    return [products[id] for id in ids]


def _lot(tx: Transaction, row: Row) -> Lot:
    left = (date.fromisoformat(row["expires_on"]) - day(tx.now)).days
    soon = rules.current().expiry_days
    by_day = "expired" if left < 0 else "soon" if left <= soon else "ok"
    return Lot(**row.as_dict(), state="withheld" if row["withheld_at"] else by_day)


def _product(row: Row, lots: tuple[Lot, ...]) -> Product:
    medicine = Medicine(row["medicine_id"], row["dci"], row["form"], row["strength"], row["unit"], row["brands"])
    usable = sum(lot.on_hand - lot.reserved for lot in lots if lot.state not in ("expired", "withheld"))
    return Product(row["id"], medicine, row["threshold"], usable, lots)
