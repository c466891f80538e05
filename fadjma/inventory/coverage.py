"""Who has it all, now: pharmacies whose usable stock covers every line of a prescription. Yes or no, never how much.

Only of those that have chosen to let it be known (choices.py).
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fadjma import events, writing
from fadjma.events import Subject
from fadjma.identity.people import Viewer
from fadjma.inventory import queries
from fadjma.store import Transaction

MOST = 15  # medicines, as many as a prescription has
STEPS = (
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    100,
    200,
    500,
    1_000,
)  # units that are asked for: yes or no of each number counts a stock


@dataclass(frozen=True, slots=True)
class Pharmacy:
    """One that has everything; `on_duty`: it has said so of today."""

    id: str
    name: str
    city: str
    on_duty: bool

    def json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "city": self.city, "on_duty": self.on_duty}


def step(quantity: int) -> int:
    """The step that so many units are asked for as while somebody prescribes; `quantity` is no more than the last."""
    return STEPS[bisect_left(STEPS, quantity)]


def note_search(tx: Transaction, viewer: Viewer, medicine_id: str) -> str:
    """Somebody has asked for so many quantities of one medicine that admins see it in the log; returns the id."""
    events.record(tx, "stock.searched", Subject("medicine", medicine_id), actor_id=viewer.id)
    return medicine_id


def covering(tx: Transaction, wanted: Mapping[str, int]) -> list[Pharmacy]:
    """The pharmacies that have so many units of each of these medicines, those on duty first, then by name.

    `wanted`: by the medicine's id, `MOST` at most. What is asked of nothing is not answered.
    """
    if not 0 < len(wanted) <= MOST:
        return []
    each = " ".join(
        f"AND :quantity{n} <= (SELECT coalesce(sum(l.on_hand - l.reserved), 0) FROM products p "
        f"JOIN lots l ON l.product_id = p.id AND l.on_hand > 0 AND {queries.USABLE} "
        f"WHERE p.pharmacy_id = c.pharmacy_id AND p.medicine_id = :medicine{n})"
        for n in range(len(wanted))
    )
    values: dict[str, str | int] = {"today": queries.today(tx)}
    for n, (medicine_id, quantity) in enumerate(wanted.items()):
        values |= {f"medicine{n}": medicine_id, f"quantity{n}": quantity}
    rows = tx.all(
        "SELECT o.id, o.name, o.city, CASE WHEN :today BETWEEN c.duty_from AND c.duty_to THEN 1 ELSE 0 END AS on_duty "
        f"FROM pharmacy_choices c JOIN places o ON o.id = c.pharmacy_id WHERE c.shows_cover = 1 {each}",
        values,
    )
    found = [Pharmacy(row["id"], row["name"], row["city"], bool(row["on_duty"])) for row in rows]
    return sorted(found, key=lambda one: (not one.on_duty, writing.sort_key(one.name), writing.sort_key(one.city)))
