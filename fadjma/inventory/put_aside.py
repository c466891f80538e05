"""What is put aside for a prescription between *prepared* and the hand-over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fadjma import events
from fadjma.events import Subject
from fadjma.inventory import lots as stored
from fadjma.inventory import queries
from fadjma.store import Transaction, given

# Of these prescriptions those that are somebody's to do while less than all is put aside, with whose.
AwaitedBy = Callable[[Transaction, Sequence[str]], Mapping[str, str]]
_awaited_by: list[AwaitedBy] = []


def follow_elsewhere(awaited_by: AwaitedBy) -> None:
    """Hand in, once when the program starts, who waits for what is put aside beside the pharmacy."""
    _awaited_by.append(awaited_by)


def tell(tx: Transaction, pharmacists: Sequence[str], lot_id: str) -> None:
    """What is put aside of a lot can be handed over no more, or can again: the pages of those prescriptions follow, of
    its pharmacy and of whoever waits for them.
    """
    kept_for = stored.kept_for(tx, lot_id)
    waiting = {key: who for awaited_by in _awaited_by for key, who in awaited_by(tx, kept_for).items()}
    for prescription_id in kept_for:
        people = [*pharmacists, *([waiting[prescription_id]] if prescription_id in waiting else [])]
        events.notify(tx, people, "prescription_status_changed", None, Subject("prescription", prescription_id))


@dataclass(frozen=True, slots=True)
class PutAside:
    """What is put aside for one line: what can be handed over today, and what cannot any more."""

    usable: int
    lost: int  # expired since, or withheld


NOTHING = PutAside(0, 0)


@dataclass(frozen=True, slots=True)
class OfLot:
    """So much of one lot; `expires_on` is the last day of use."""

    number: str
    expires_on: str
    quantity: int

    def json(self) -> dict[str, Any]:
        return {"number": self.number, "expires_on": self.expires_on, "quantity": self.quantity}


def of(tx: Transaction, prescription_id: str) -> dict[str, PutAside]:
    """What is put aside for a prescription, by line."""
    rows = tx.all(
        f"SELECT r.line_id, sum(CASE WHEN {queries.USABLE} THEN r.quantity ELSE 0 END) AS usable, "
        f"sum(CASE WHEN {queries.USABLE} THEN 0 ELSE r.quantity END) AS lost "
        "FROM reservations r JOIN lots l ON l.id = r.lot_id WHERE r.prescription_id = :p GROUP BY r.line_id",
        {"p": prescription_id, "today": queries.today(tx)},
    )
    return {row["line_id"]: PutAside(row["usable"], row["lost"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Lost:
    """A lot that is put aside and cannot be handed over any more: it has expired, or is withheld."""

    number: str
    withheld: bool


def ask_lost(tx: Transaction, prescription_ids: Sequence[str]) -> Callable[[], dict[str, tuple[Lost, ...]]]:
    """Those of these (few) prescriptions that have any: what stands in a bag with its label, perhaps, and must not
    leave.
    """
    among, values = given(prescription_ids)
    rows = tx.ask(
        "SELECT DISTINCT r.prescription_id, l.number, l.withheld_at IS NOT NULL AS withheld FROM reservations r "
        f"JOIN lots l ON l.id = r.lot_id WHERE r.prescription_id IN {among} AND NOT ({queries.USABLE}) "
        "ORDER BY r.prescription_id, l.number",
        {**values, "today": queries.today(tx)},
    )

    def lost() -> dict[str, tuple[Lost, ...]]:
        found: dict[str, tuple[Lost, ...]] = {}
        for row in rows():
            one = Lost(row["number"], bool(row["withheld"]))
            found[row["prescription_id"]] = (*found.get(row["prescription_id"], ()), one)
        return found

    return lost


def usable_lots(tx: Transaction, prescription_id: str) -> dict[str, tuple[OfLot, ...]]:
    """The lots of what is put aside for a prescription and can be handed over today, by line, first to expire first."""
    rows = tx.all(
        "SELECT r.line_id, l.number, l.expires_on, r.quantity FROM reservations r JOIN lots l ON l.id = r.lot_id "
        f"WHERE r.prescription_id = :p AND {queries.USABLE} ORDER BY l.expires_on, l.number",
        {"p": prescription_id, "today": queries.today(tx)},
    )
    found: dict[str, tuple[OfLot, ...]] = {}
    for row in rows:
        lot = OfLot(row["number"], row["expires_on"], row["quantity"])
        found[row["line_id"]] = (*found.get(row["line_id"], ()), lot)
    return found


@dataclass(frozen=True, slots=True)
class ShortDated:
    """A lot that is put aside for a line and expires before its course ends."""

    line_id: str
    number: str
    expires_on: str


def short_dated(tx: Transaction, prescription_id: str, ends: Mapping[str, str]) -> list[ShortDated]:
    """Those of a prescription; `ends` is the last day of the course of each line, ISO 8601."""
    rows = tx.all(
        "SELECT r.line_id, l.number, l.expires_on FROM reservations r JOIN lots l ON l.id = r.lot_id "
        "WHERE r.prescription_id = :p ORDER BY l.expires_on, l.id",
        {"p": prescription_id},
    )
    return [ShortDated(**row.as_dict()) for row in rows if row["expires_on"] < ends.get(row["line_id"], "")]
