"""How much of a product there was, day by day: what there is now, less what has come and gone since."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fadjma import days, drawing
from fadjma.drawing import WIDTH, Plot
from fadjma.i18n import N_
from fadjma.inventory.products import Product
from fadjma.store import Transaction

DAYS = 91  # thirteen weeks
_DAY = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Level:
    """What was on the shelves at the end of a day, expired and reserved too, and what came and went that day."""

    day: date
    on_hand: int
    came: int
    went: int

    def json(self) -> dict[str, Any]:
        return {"day": self.day.isoformat(), "on_hand": self.on_hand, "in": self.came, "out": self.went}


def levels(tx: Transaction, product: Product) -> list[Level]:
    """Of each of the last `DAYS` days, today last. The caller has checked that it is the viewer's product."""
    rows = tx.all(
        "SELECT (:end - v.at) / :day AS ago, sum(CASE WHEN v.quantity > 0 THEN v.quantity ELSE 0 END) AS came, "
        "sum(CASE WHEN v.quantity < 0 THEN -v.quantity ELSE 0 END) AS went "
        "FROM lots l JOIN movements v ON v.lot_id = l.id "
        "WHERE l.product_id = :product AND v.at > :since AND v.at <= :end GROUP BY ago",
        {"product": product.id, "end": _end(tx), "since": _end(tx) - DAYS * _DAY, "day": _DAY},
    )
    moved = {row["ago"]: (row["came"], row["went"]) for row in rows}
    on_hand = sum(lot.on_hand for lot in product.lots)
    found = []
    for ago in range(DAYS):
        came, went = moved.get(ago, (0, 0))
        found.append(Level(days.day(tx.now) - timedelta(days=ago), on_hand, came, went))
        on_hand -= came - went
    return found[::-1]


def _end(tx: Transaction) -> int:
    """The last millisecond of today."""
    return days.beginning(tx.now) + _DAY - 1


def weeks(of: list[Level]) -> list[Level]:
    """The same by weeks, the newest first: each with its last day."""
    return [
        Level(week[-1].day, week[-1].on_hand, sum(one.came for one in week), sum(one.went for one in week))
        for week in (of[start : start + 7] for start in range(len(of) - 7, -1, -7))
    ]


def plot(product: Product, of: list[Level]) -> Plot:
    places = [WIDTH * number / (DAYS - 1) for number in range(DAYS)]
    lines = [(N_("En stock"), [one.on_hand for one in of]), (N_("Seuil"), [product.threshold] * DAYS)]
    return drawing.plot("level", N_("Niveau des 13 dernières semaines"), "number", places, lines)
