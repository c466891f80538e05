"""A lot is at several places of a house: what one of them withholds the others hear, and withhold by one act."""

import pytest
from cast import CLINIC, FALL, GOMIS, JAMM, KADD, NDIAYE, PARACETAMOL
from steps import delivered, in_days, receive
from store import Store

from fadjma.inventory import elsewhere, lots, products, queries, receiving, transfers, withholding
from fadjma.inventory.deliveries import Line, Name, Table
from fadjma.prescriptions import recall

DOUBT = {"reason": "Rappel du fabricant"}
HELD, FREED = "stock.withheld_elsewhere", "stock.put_back_elsewhere"


@pytest.fixture
def house(store: Store) -> None:
    for place_id in (JAMM, KADD):
        store.connection.execute("UPDATE organizations SET part_of = ? WHERE id = ?", (CLINIC, place_id))


def _there(store: Store, lot: str) -> list[tuple[str, bool]]:
    return [
        (one.place_id, one.withheld_at is not None)
        for one in store.read(elsewhere.of, NDIAYE, store.read(lots.lot, NDIAYE, lot))
    ]


@pytest.mark.usefixtures("house")
def test_a_lot_that_is_withheld_after_it_was_received_elsewhere_is_told_there(store: Store) -> None:
    lot = receive(store, 50, number="AB-12", expires_on=in_days(store, 90))
    transfer_id = store.write(transfers.send, NDIAYE, lot, to_id=KADD, quantity=20)
    store.write(transfers.receive, FALL, transfer_id)
    news = store.news(withholding.withhold, NDIAYE, lot, **DOUBT)
    assert (news[FALL.id], news[GOMIS.id][0]) == ([HELD], "stock.withheld")
    assert (
        store.read(queries.usable, KADD, [PARACETAMOL])[PARACETAMOL] == 20
    )  # whether it is a doubt of that one place they say
    assert _there(store, lot) == [(KADD, False)]
    theirs = store.read(transfers.transfer, FALL, transfer_id).received_lot_id
    assert theirs
    product = store.read(products.product, FALL, store.read(lots.lot, FALL, theirs).product_id)
    assert store.read(elsewhere.withheld, FALL, [product]) == {theirs}
    news = store.news(withholding.withhold, FALL, theirs, **DOUBT)
    assert {news[NDIAYE.id][0], news[GOMIS.id][0]} == {None}  # their pages say that it is withheld there too
    assert store.read(queries.usable, KADD, [PARACETAMOL])[PARACETAMOL] == 0 and _there(store, lot) == [(KADD, True)]
    assert store.news(withholding.put_back, NDIAYE, lot)[FALL.id] == [FREED]


@pytest.mark.usefixtures("house")
def test_the_same_lot_that_came_from_elsewhere_is_meant_too_and_no_other(store: Store) -> None:
    lot = receive(store, 50, number="AB-12")
    receive(store, 5, number="ab 12", pharmacist=FALL)
    receive(store, 5, number="AB-13", pharmacist=FALL)
    assert store.news(withholding.withhold, NDIAYE, lot, **DOUBT)[FALL.id] == [HELD]
    assert _there(store, lot) == [(KADD, False)]


def test_a_strangers_lot_of_that_number_is_told_nothing(store: Store) -> None:
    lot = receive(store, 50, number="AB-12")
    receive(store, 5, number="AB-12", pharmacist=FALL)
    assert FALL.id not in store.news(withholding.withhold, NDIAYE, lot, **DOUBT)
    assert _there(store, lot) == []


@pytest.mark.usefixtures("house")
def test_a_recall_reaches_the_other_places_with_the_patients(store: Store) -> None:
    delivered(store)
    [(lot, number)] = store.rows("SELECT id, number FROM lots")
    receive(store, 5, number=number, pharmacist=FALL)
    assert store.news(recall.tell, NDIAYE, lot)[FALL.id] == [HELD]


@pytest.mark.usefixtures("house")
def test_what_arrives_of_a_lot_that_another_place_withholds_is_told(store: Store) -> None:
    lot = receive(store, 50, number="AB-12")
    store.write(withholding.withhold, NDIAYE, lot, **DOUBT)
    receive(store, 5, number="AB 12", pharmacist=FALL)
    seen = "SELECT count(*) FROM notifications WHERE user_id = 'fall' AND message = ?"
    assert store.value(seen, HELD) == 1
    day = in_days(store, 90)
    table = Table(
        {2: Name("Paracétamol 500 mg", "")}, {2: Line("ab-12", store.value("SELECT expires_on FROM lots"), 7)}
    )
    receipt_id = store.write(receiving.check, FALL, table)
    assert HELD in store.news(receiving.confirm, FALL, receipt_id)[FALL.id]
    table = Table({2: Name("Paracétamol 500 mg", "")}, {2: Line("AB-14", day, 7)})
    other = store.write(receiving.check, FALL, table)
    assert HELD not in store.news(receiving.confirm, FALL, other)[FALL.id]
