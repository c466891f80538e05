"""How much of a product there was, day by day and week by week, and how it is drawn."""

from datetime import UTC, datetime

import pytest
from cast import AMOXICILLIN, FALL, NDIAYE, PARACETAMOL
from steps import receive
from store import Clock, Store

from fadjma.drawing import HEIGHT, WIDTH
from fadjma.inventory import actions, levels, lots, products
from fadjma.inventory.levels import DAYS, Level
from fadjma.refusals import NotFound


def _product(store: Store) -> str:
    found: str = store.value("SELECT id FROM products WHERE medicine_id = ?", PARACETAMOL)
    return found


def _levels(store: Store) -> list[Level]:
    return store.read(lambda tx: levels.levels(tx, products.product(tx, NDIAYE, _product(store))))


def _count(store: Store, lot_id: str, on_hand: int) -> None:
    lot = store.read(lots.lot, NDIAYE, lot_id)
    store.write(actions.adjust, NDIAYE, lot_id, on_hand=on_hand, version=lot.version, reason="Comptage")


def test_each_day_has_what_was_there_at_its_end(store: Store, clock: Clock) -> None:
    receive(store, 40, number="OLD")
    clock.advance(days=DAYS)  # out of sight, and still there
    first = receive(store, 30, number="A")
    receive(store, 7, number="OTHER", medicine_id=AMOXICILLIN)
    clock.advance(days=3)
    _count(store, first, 0)  # a lot that is empty counts for the days before
    receive(store, 5, number="B")
    found = _levels(store)
    assert len(found) == DAYS
    assert [one.on_hand for one in found[-5:]] == [40, 70, 70, 70, 45]
    assert (found[-4].came, found[-4].went) == (30, 0)
    assert (found[-1].came, found[-1].went) == (5, 30)
    assert found[0].on_hand == 40
    assert found[-1].day.isoformat() == datetime.fromtimestamp(clock() / 1000, UTC).date().isoformat()


def test_weeks_add_their_days(store: Store, clock: Clock) -> None:
    for number in range(9):
        receive(store, 10, number=f"A{number}")
        clock.advance(days=1)
    weeks = levels.weeks(_levels(store))
    assert len(weeks) == 13
    assert [(week.came, week.on_hand) for week in weeks[:3]] == [(60, 90), (30, 30), (0, 0)]


def test_the_plot_stays_in_its_box_and_has_the_threshold(store: Store) -> None:
    receive(store, 30)
    product = store.read(products.product, NDIAYE, _product(store))
    drawn = levels.plot(product, _levels(store))
    assert (drawn.top, [line.newest for line in drawn.lines]) == (50, [30, product.threshold])
    assert drawn.lines[0].path.endswith(f"L{WIDTH} {HEIGHT - HEIGHT * 30 / 50:.1f}")
    assert drawn.lines[0].dash != drawn.lines[1].dash


def test_another_pharmacys_product_does_not_exist(store: Store) -> None:
    receive(store, 30)
    with pytest.raises(NotFound):
        store.read(products.product, FALL, _product(store))
