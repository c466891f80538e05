"""What has come and gone in a month, by product and movement by movement, also as a table to take along."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from fadjma import days
from fadjma.i18n import N_, translate
from fadjma.identity.people import Viewer
from fadjma.inventory import moving
from fadjma.inventory.movements import Movement
from fadjma.refusals import Invalid
from fadjma.store import Transaction
from fadjma.writing import plain_digits

MOST = 50_000  # movements in one table
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
Cell = str | int


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the clinic's calendar: « 2026-11 », when it begins and when the next one does (milliseconds UTC)."""

    code: str
    first: date
    since: int
    until: int


def month(said: str | None, now: int) -> Month:
    """The month of « 2026-11 »; of nothing, the one that goes on now. Raises Invalid for what is none."""
    found = _MONTH.fullmatch(plain_digits(said or "").strip() or f"{days.day(now):%Y-%m}")
    if not found or int(found[1]) < 1:
        raise Invalid({"month": N_("Ce mois n'existe pas. Exemple : 2026-11.")})
    year, number = int(found[1]), int(found[2])
    if not 2000 <= year <= 2200:
        raise Invalid({"month": N_("Ce mois n'existe pas. Exemple : 2026-11.")})
    first = date(year, number, 1)
    after = date(year + number // 12, number % 12 + 1, 1)
    return Month(found[0], first, days.midnight(first), days.midnight(after))


@dataclass(frozen=True, slots=True)
class Consumed:
    """What has come and gone of a product: received, handed over to patients, and what counting has changed."""

    product_id: str
    name: str
    unit: str
    received: int
    handed_over: int
    counted: int  # signed
    transferred: int  # from and to other places of the house, signed
    on_hand: int  # at the end of the month; of the one that goes on, now

    @property
    def on_hand_before(self) -> int:
        """At its beginning: with what has come and gone it is what there is at the end."""
        return self.on_hand - self.received + self.handed_over - self.counted - self.transferred

    def json(self) -> dict[str, Any]:
        return {
            "product_id": self.product_id,
            "medicine": self.name,
            "unit": self.unit,
            "on_hand_before": self.on_hand_before,
            "received": self.received,
            "handed_over": self.handed_over,
            "counted": self.counted,
            "transferred": self.transferred,
            "on_hand": self.on_hand,
        }


_OF_A_MONTH = (
    "FROM movements v JOIN lots l ON l.id = v.lot_id JOIN products p ON p.id = l.product_id "
    "JOIN medicines m ON m.id = p.medicine_id "
    "WHERE p.pharmacy_id = :pharmacy AND v.at >= :since AND v.at < :until"
)


def consumption(tx: Transaction, viewer: Viewer, of: Month) -> list[Consumed]:
    """Of each product of the pharmacist's own pharmacy of which anything has moved, by name."""
    rows = tx.all(
        "SELECT p.id AS product_id, m.dci || ' ' || m.strength || ', ' || m.form AS name, m.unit, "
        "sum(CASE v.kind WHEN 'received' THEN v.quantity ELSE 0 END) AS received, "
        "-sum(CASE v.kind WHEN 'delivered' THEN v.quantity ELSE 0 END) AS handed_over, "
        "sum(CASE v.kind WHEN 'adjusted' THEN v.quantity ELSE 0 END) AS counted, "
        "sum(CASE v.kind WHEN 'transferred' THEN v.quantity ELSE 0 END) AS transferred, "
        "(SELECT coalesce(sum(on_hand), 0) FROM lots WHERE product_id = p.id) - (SELECT coalesce(sum(w.quantity), 0) "
        "FROM lots k JOIN movements w ON w.lot_id = k.id WHERE k.product_id = p.id AND w.at >= :until) AS on_hand "
        f"{_OF_A_MONTH} GROUP BY p.id, m.dci, m.strength, m.form, m.unit, m.search_key ORDER BY m.search_key, p.id",
        _values(viewer, of),
    )
    return [Consumed(**row.as_dict()) for row in rows]


@dataclass(frozen=True, slots=True)
class Moved:
    """A movement with what it was of."""

    movement: Movement
    medicine: str
    unit: str  # in which it is counted
    lot: str


def movements(tx: Transaction, viewer: Viewer, of: Month) -> list[Moved]:
    """All movements of the pharmacist's own pharmacy, in order. Raises Invalid where there are more than `MOST`."""
    rows = tx.all(
        "SELECT v.id, v.at, v.kind, v.quantity, v.reason, u.name, l.number AS lot, m.unit, "
        "m.dci || ' ' || m.strength || ', ' || m.form AS medicine "
        f"{_OF_A_MONTH.replace('WHERE', 'JOIN people u ON u.id = v.actor_id WHERE')} ORDER BY v.at, v.id LIMIT :most",
        {**_values(viewer, of), "most": MOST + 1},
    )
    if len(rows) > MOST:
        raise Invalid({"month": N_("Plus de 50 000 mouvements ce mois : trop pour un seul tableau.")})
    return [
        Moved(
            Movement(row["id"], row["at"], row["kind"], row["quantity"], row["reason"], row["name"]),
            row["medicine"],
            row["unit"],
            row["lot"],
        )
        for row in rows
    ]


def _values(viewer: Viewer, of: Month) -> dict[str, Cell]:
    return {"pharmacy": moving.own_pharmacy(viewer), "since": of.since, "until": of.until}


_OF_CONSUMPTION = (
    N_("Produit"),
    N_("Unité comptée"),
    N_("Au début du mois"),
    N_("Reçu"),
    N_("Remis"),
    N_("Comptage"),
    N_("Transferts"),
    N_("À la fin du mois"),
)
_OF_MOVEMENTS = (
    N_("Date"),
    N_("Heure"),
    N_("Produit"),
    N_("Unité comptée"),
    N_("Lot"),
    N_("Mouvement"),
    N_("Quantité"),
    N_("Raison"),
    N_("Par"),
)


def table_of_consumption(found: list[Consumed], language: str) -> Iterator[list[Cell]]:
    """The rows of a table, its heads first."""
    yield [translate(language, head) for head in _OF_CONSUMPTION]
    for one in found:
        moved = (one.received, one.handed_over, one.counted, one.transferred)
        yield [one.name, one.unit, one.on_hand_before, *moved, one.on_hand]


def table_of_movements(found: list[Moved], language: str) -> Iterator[list[Cell]]:
    """The rows of a table, its heads first."""
    yield [translate(language, head) for head in _OF_MOVEMENTS]
    for one in found:
        at = days.local(one.movement.at)
        yield [
            at.date().isoformat(),
            f"{at:%H:%M:%S}",
            one.medicine,
            one.unit,
            one.lot,
            translate(language, one.movement.label),
            one.movement.quantity,
            one.movement.reason,
            one.movement.name,
        ]
