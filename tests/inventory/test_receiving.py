"""A lot arrives, or is counted again, at the pharmacist's own pharmacy."""

from typing import Any

import pytest
from cast import ADMIN, AMOXICILLIN, AWA, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE, PARACETAMOL, SARR
from steps import prepared, receive
from store import Clock, Store

from fadjma.identity.people import Viewer
from fadjma.inventory import actions, lots, products, queries
from fadjma.refusals import Conflict, Doubtful, Forbidden, Invalid, NotFound

LOT = {"medicine_id": PARACETAMOL, "number": "L1", "expires_on": "2027-12-31", "quantity": 100}


def _lot(store: Store, lot_id: str) -> lots.Lot:
    return store.read(lots.lot, NDIAYE, lot_id)


def _movements(store: Store) -> list[tuple[Any, ...]]:
    return store.rows("SELECT kind, quantity, reason, actor_id FROM movements ORDER BY rowid")


def test_a_lot_is_on_hand_at_once(store: Store) -> None:
    lot = _lot(store, receive(store, 100))
    assert (lot.number, lot.on_hand, lot.reserved, lot.state) == ("L1", 100, 0, "ok")
    assert store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL] == 100


def test_who_received_it_is_written_down(store: Store) -> None:
    receive(store, 100)
    assert _movements(store) == [("received", 100, "", NDIAYE.id)]
    assert store.audit() == [(NDIAYE.id, "stock.received", "success")]


def test_the_colleagues_are_told_and_the_own_pages_follow(store: Store) -> None:
    assert store.news(actions.receive, NDIAYE, **LOT) == {NDIAYE.id: [None], GOMIS.id: ["stock.updated"]}


def test_what_a_colleague_has_not_read_of_a_product_is_one_line(store: Store) -> None:
    for number in ("L1", "L2", "L3"):
        receive(store, number=number)
    assert store.rows("SELECT times FROM notifications WHERE user_id = 'gomis' AND folded = 0 AND message <> ''") == [
        (3,)
    ]


def test_the_same_lot_again_is_added_to(store: Store) -> None:
    assert receive(store, 100) == receive(store, 20)
    assert store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL] == 120
    assert [quantity for _, quantity, _, _ in _movements(store)] == [100, 20]


def test_a_number_that_is_written_otherwise_is_asked_about(store: Store) -> None:
    lot_id = receive(store, 100, number="AB-12")
    before = store.content()
    with pytest.raises(Doubtful) as question:
        receive(store, 20, number="ab 12")
    assert question.value.errors.keys() == {"number"}
    assert store.content() == before
    assert store.write(actions.receive, NDIAYE, **{**LOT, "number": "ab 12", "expires_on": _expiry(store)},
                       confirmed=True) == lot_id  # fmt: skip
    assert store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL] == 200


def _expiry(store: Store) -> str:
    found: str = store.value("SELECT expires_on FROM lots")
    return found


def test_what_a_colleague_has_received_of_the_same_lot_meanwhile_is_asked_about(store: Store, clock: Clock) -> None:
    receive(store, 7, number="L2")
    begun = clock.now
    store.write(actions.receive, GOMIS, since=begun, **LOT)  # of nothing that was there before
    store.write(actions.receive, GOMIS, since=begun, **LOT)  # one's own is one's own to know
    before = store.content()
    with pytest.raises(Doubtful) as question:
        store.write(actions.receive, NDIAYE, since=begun, **LOT)
    assert question.value.errors.keys() == {"quantity"}
    assert question.value.values["who"] == GOMIS.name and question.value.values["units"] == 100
    assert store.content() == before
    lot_id = store.write(actions.receive, NDIAYE, since=begun, confirmed=True, **LOT)
    clock.advance(minutes=1)
    store.write(actions.receive, NDIAYE, since=clock.now, **LOT)  # it was there before, and she has been asked
    store.write(actions.receive, NDIAYE, **LOT)  # a program that says nothing of it
    assert _lot(store, lot_id).on_hand == 500


def test_just_as_much_of_a_lot_as_a_colleague_has_received_within_a_day_is_asked_about(
    store: Store, clock: Clock
) -> None:
    """The second page was opened when the first had been sent already: the same delivery all the same."""
    other = {**LOT, "number": "L2"}
    for lot in (LOT, other):
        store.write(actions.receive, GOMIS, since=clock.now, **lot)
    clock.advance(hours=3)
    with pytest.raises(Doubtful) as question:
        store.write(actions.receive, NDIAYE, since=clock.now, **LOT)
    assert question.value.errors.keys() == {"quantity"}
    assert question.value.values["who"] == GOMIS.name and question.value.values["units"] == 100
    store.write(actions.receive, NDIAYE, since=clock.now, **{**other, "quantity": 30})  # that is another delivery
    clock.advance(hours=22)
    store.write(actions.receive, NDIAYE, since=clock.now, **LOT)  # and so is what comes another day
    assert store.value("SELECT sum(on_hand) FROM lots") == 330


def test_a_threshold_is_said_with_the_first_lot_or_later(store: Store) -> None:
    store.write(actions.receive, NDIAYE, **LOT, threshold=40)
    [product] = store.read(products.stock, NDIAYE)
    assert product.threshold == 40
    receive(store, number="L2")
    assert store.news(actions.set_threshold, NDIAYE, product.id, threshold=55).keys() == {NDIAYE.id, GOMIS.id}
    assert store.read(products.product, NDIAYE, product.id).threshold == 55
    with pytest.raises(NotFound):
        store.write(actions.set_threshold, FALL, product.id, threshold=1)


def test_the_same_lot_with_another_expiry_is_a_mistake(store: Store) -> None:
    receive(store)
    with pytest.raises(Invalid) as refusal:
        receive(store, expires_on="2028-01-31")
    assert set(refusal.value.errors) == {"expires_on"}
    assert store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL] == 100


def test_the_same_number_of_another_medicine_or_pharmacy_is_another_lot(store: Store) -> None:
    lots = {receive(store), receive(store, medicine_id=AMOXICILLIN), receive(store, pharmacist=FALL)}
    assert len(lots) == 3


def test_a_lot_that_has_expired_is_not_received_one_that_expires_today_is(store: Store) -> None:
    with pytest.raises(Invalid) as refusal:
        receive(store, expires_on="2026-03-01")
    assert set(refusal.value.errors) == {"expires_on"}
    assert receive(store, expires_on="2026-03-02")


def test_a_medicine_is_one_of_the_list(store: Store) -> None:
    with pytest.raises(Invalid) as refusal:
        receive(store, medicine_id="unknown")
    assert set(refusal.value.errors) == {"medicine_id"}


@pytest.mark.parametrize("person", [AWA, MOUSSA, DIOP, SARR, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_pharmacist_sees_or_changes_stock(store: Store, person: Viewer) -> None:
    lot_id = receive(store)
    before = store.content()
    with pytest.raises(Forbidden):
        receive(store, pharmacist=person)
    with pytest.raises(Forbidden):
        store.write(actions.adjust, person, lot_id, on_hand=1, version=1, reason="Casse")
    with pytest.raises(Forbidden):
        store.read(products.stock, person)
    assert store.content() == before


class TestCounting:
    def test_what_was_counted_counts_and_the_difference_is_a_movement(self, store: Store) -> None:
        lot_id = receive(store, 100)
        store.write(actions.adjust, NDIAYE, lot_id, on_hand=93, version=1, reason="Casse")
        assert (_lot(store, lot_id).on_hand, _lot(store, lot_id).version) == (93, 2)
        assert _movements(store)[-1] == ("adjusted", -7, "Casse", NDIAYE.id)

    def test_the_colleagues_are_told(self, store: Store) -> None:
        lot_id = receive(store, 100)
        news = store.news(actions.adjust, GOMIS, lot_id, on_hand=99, version=1, reason="Casse")
        assert news == {NDIAYE.id: ["stock.updated"], GOMIS.id: [None]}

    def test_a_count_that_finds_nothing_missing_moves_nothing(self, store: Store) -> None:
        store.write(actions.adjust, NDIAYE, receive(store, 100), on_hand=100, version=1, reason="Inventaire")
        assert len(_movements(store)) == 1

    def test_a_lot_that_has_moved_since_is_counted_again(self, store: Store) -> None:
        lot_id = receive(store, 100)
        store.write(actions.adjust, GOMIS, lot_id, on_hand=90, version=1, reason="Casse")
        with pytest.raises(Conflict) as refusal:
            store.write(actions.adjust, NDIAYE, lot_id, on_hand=95, version=1, reason="Casse")
        assert refusal.value.current == "90"
        assert _lot(store, lot_id).on_hand == 90

    def test_it_cannot_be_less_than_what_is_kept_for_prescriptions(self, store: Store) -> None:
        prepared(store, 20)
        [(lot_id, version)] = store.rows("SELECT id, version FROM lots")
        with pytest.raises(Conflict) as refusal:
            store.write(actions.adjust, NDIAYE, lot_id, on_hand=19, version=version, reason="Casse")
        assert refusal.value.values == {"reserved": 20}
        store.write(actions.adjust, NDIAYE, lot_id, on_hand=20, version=version, reason="Casse")

    def test_the_pharmacist_of_another_pharmacy_sees_no_such_lot(self, store: Store) -> None:
        lot_id = receive(store)
        before = store.content()
        with pytest.raises(NotFound):
            store.write(actions.adjust, FALL, lot_id, on_hand=0, version=1, reason="Casse")
        with pytest.raises(NotFound):
            store.read(lots.lot, FALL, lot_id)
        assert store.read(products.stock, FALL) == []
        assert store.content() == before


def test_a_pharmacist_sees_the_whole_stock_of_their_pharmacy_first_to_expire_first(store: Store, clock: Clock) -> None:
    receive(store, 5, number="LATE", expires_on="2027-12-31")
    receive(store, 7, number="SOON", expires_on="2026-03-20")
    receive(store, 9, number="GONE", expires_on="2026-03-05")
    clock.advance(days=4)
    [product] = store.read(products.stock, GOMIS)
    assert [(lot.number, lot.state) for lot in product.lots] == [("GONE", "expired"), ("SOON", "soon"), ("LATE", "ok")]
    assert product.usable == 12 == store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL]


def test_what_one_confirmation_answers_about_a_delivery_is_asked_at_once(store: Store) -> None:
    lot_id = store.write(
        actions.receive, NDIAYE, confirmed=True, **{**LOT, "number": "L-1 a", "expires_on": "2020-01-31"}
    )
    much = {**LOT, "number": "L1A", "expires_on": "2020-01-31", "quantity": 20_000}
    before = store.content()
    with pytest.raises(Doubtful) as question:
        store.write(actions.receive, NDIAYE, **much)
    assert question.value.confirm == ["number", "expires_on", "quantity"]
    assert store.content() == before
    assert store.write(actions.receive, NDIAYE, confirmed=True, **much) == lot_id
