"""What every change of stock has in common: whose it is, its movement, and the alert when too little is left."""

from collections.abc import Mapping
from typing import Literal

from fadjma import chain, events
from fadjma.chain import Kind as Covered
from fadjma.events import Subject
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import queries
from fadjma.store import Transaction

MOVE = (
    "INSERT INTO movements (id, lot_id, kind, quantity, reason, actor_id, prescription_id, receipt_id, count_id, "
    "transfer_id, at) "
    "VALUES (:id, :lot, :kind, :quantity, :reason, :actor, :prescription, :receipt, :count, :transfer, :now)"
)
MOVEMENTS = Covered(
    "movement",
    {
        1: "SELECT id, lot_id, kind, quantity, reason, actor_id, prescription_id, receipt_id, count_id, transfer_id, "
        "at FROM movements WHERE id IN",
    },
    "SELECT q.pharmacy_id AS chain, m.id AS key FROM movements m JOIN lots l ON l.id = m.lot_id "
    "JOIN products q ON q.id = l.product_id",
)
Kind = Literal["received", "delivered", "adjusted", "transferred"]


def own_pharmacy(viewer: Viewer) -> str:
    """The pharmacist's own. Raises Forbidden."""
    viewer.require("pharmacist")
    assert viewer.organization_id is not None
    return viewer.organization_id


def movement(
    tx: Transaction,
    viewer: Viewer,
    lot_id: str,
    kind: Kind,
    quantity: int,
    *,
    reason: str = "",
    prescription_id: str | None = None,
    receipt_id: str | None = None,
    count_id: str | None = None,
    transfer_id: str | None = None,
) -> dict[str, str | int | None]:
    """The values of MOVE, with which it is called; `quantity` is the change of what is on hand."""
    movement_id = new_id()
    chain.cover(tx, viewer.organization_id, MOVEMENTS, movement_id)
    return {
        "id": movement_id,
        "lot": lot_id,
        "kind": kind,
        "quantity": quantity,
        "reason": reason,
        "actor": viewer.id,
        "prescription": prescription_id,
        "receipt": receipt_id,
        "count": count_id,
        "transfer": transfer_id,
        "now": tx.now,
    }


_LEFT = (
    "(SELECT coalesce(sum(l.on_hand - l.reserved), 0) FROM lots l "
    f"WHERE l.product_id = :product AND l.on_hand > 0 AND {queries.USABLE})"
)


def left(tx: Transaction, product_id: str) -> int:
    """How many units of a product could still be promised today."""
    return int(tx.value(f"SELECT {_LEFT}", {"product": product_id, "today": queries.today(tx)}))


def tell_low(tx: Transaction, pharmacy_id: str, before: Mapping[str, int], actor_id: str | None) -> None:
    """Tell the pharmacy once of each product of which usable stock has just gone from `before` across its threshold.

    Whoever acted is told, too: it is not their own act. `actor_id` None: time has done it.
    """
    for product_id, was in before.items():
        row = tx.first(
            f"SELECT threshold, {_LEFT} AS usable FROM products WHERE id = :product",
            {"product": product_id, "today": queries.today(tx)},
        )
        if row and row["usable"] <= row["threshold"] < was:
            subject = Subject("product", product_id)
            events.record(tx, "stock.low", subject, actor_id=actor_id, place_id=pharmacy_id)
            pharmacists = directory.people(tx, "pharmacist", pharmacy_id)
            events.notify(tx, pharmacists, "notification", "stock.low", subject)
