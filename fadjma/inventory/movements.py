"""Reading what became of a lot: each change of what it holds, what was received of it, and handed over."""

from dataclasses import dataclass

from fadjma.i18n import N_, show_change
from fadjma.identity.people import Viewer
from fadjma.store import Page, Transaction, paging

MOVEMENTS = {
    "received": N_("Reçu"),
    "adjusted": N_("Comptage"),
    "delivered": N_("Remis à un patient"),
    "transferred": N_("Transfert"),
}
_UNDONE = {"received": N_("Réception annulée"), "delivered": N_("Remise annulée")}
MOVEMENTS_SHOWN = 20
_LATELY = 86_400_000  # milliseconds for which just as much of a lot is hardly another delivery


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
