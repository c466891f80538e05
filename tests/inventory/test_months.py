"""The month of a pharmacy's stock adds up: what there was, what came and went, what there was then."""

from cast import NDIAYE
from steps import receive
from store import Clock, Store

from fadjma import days
from fadjma.inventory import actions, lots, monthly
from fadjma.inventory.monthly import Consumed


def _month(store: Store, code: str) -> Consumed:
    [found] = store.read(monthly.consumption, NDIAYE, monthly.month(code, store.clock()))
    return found


def _count(store: Store, lot_id: str, on_hand: int) -> None:
    version = store.read(lots.lot, NDIAYE, lot_id).version
    store.write(actions.adjust, NDIAYE, lot_id, on_hand=on_hand, version=version, reason="Casse")


def test_a_month_that_is_over_has_what_there_was_at_its_end(store: Store, clock: Clock) -> None:
    lot_id = receive(store, 100)
    _count(store, lot_id, 93)
    first = days.day(clock())
    while (now := days.day(clock())).month == first.month:
        clock.advance(days=1)
    _count(store, lot_id, 90)
    over, on_going = _month(store, f"{first:%Y-%m}"), _month(store, f"{now:%Y-%m}")
    assert (over.on_hand_before, over.received, over.counted, over.on_hand) == (0, 100, -7, 93)
    assert (on_going.on_hand_before, on_going.received, on_going.counted, on_going.on_hand) == (93, 0, -3, 90)
    [head, row] = monthly.table_of_consumption([over], "fr")
    assert dict(zip(head[2:], row[2:], strict=True)) == {
        "Au début du mois": 0,
        "Reçu": 100,
        "Remis": 0,
        "Comptage": -7,
        "Transferts": 0,
        "À la fin du mois": 93,
    }
    found = store.read(monthly.movements, NDIAYE, monthly.month(f"{first:%Y-%m}", store.clock()))
    head, *rows = monthly.table_of_movements(found, "fr")
    assert [(row[head.index("Unité comptée")], row[head.index("Quantité")]) for row in rows] == [
        ("comprimé", 100),
        ("comprimé", -7),
    ]
