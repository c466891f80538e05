"""An expiry that was typed wrong is put right, and what follows from it follows the right day."""

import pytest
from cast import AWA, DIOP, FALL, GOMIS, NDIAYE
from steps import in_days, prepared, receive
from store import Store

from fadjma.identity.people import Viewer
from fadjma.inventory import actions, lots, put_aside, redating
from fadjma.refusals import Doubtful, Forbidden, Invalid, NotFound


def test_the_same_lot_comes_again_with_the_day_of_its_box(store: Store) -> None:
    lot_id = receive(store, 30, number="AB-1", expires_on=in_days(store, 90))
    right = in_days(store, 455)
    with pytest.raises(Invalid):
        receive(store, 20, number="AB-1", expires_on=right)
    assert store.write(redating.correct, NDIAYE, lot_id, expires_on=right) == lot_id
    assert receive(store, 20, number="AB-1", expires_on=right) == lot_id
    found = store.read(lots.lot, NDIAYE, lot_id)
    assert (found.expires_on, found.on_hand, found.state) == (right, 50, "ok")


def test_what_was_prepared_with_a_lot_that_has_expired_is_known_at_once(store: Store) -> None:
    lot_id = receive(store, 50)
    prescription_id = prepared(store, 20)
    store.connection.execute("UPDATE products SET threshold = 10")
    over = in_days(store, -1)
    before = store.content()
    with pytest.raises(Doubtful) as asked:
        store.write(redating.correct, NDIAYE, lot_id, expires_on=over)
    assert asked.value.errors.keys() == {"expires_on"} and store.content() == before
    news = store.news(redating.correct, NDIAYE, lot_id, expires_on=over, confirmed=True)
    assert "stock.updated" in news[GOMIS.id] and "stock.low" in news[NDIAYE.id]
    assert None in news[GOMIS.id], "and the page of what was prepared follows"
    [kept] = store.read(put_aside.of, prescription_id).values()
    assert (kept.usable, kept.lost) == (0, 20)


def test_it_is_warned_of_anew(store: Store) -> None:
    lot_id = receive(store, 50, expires_on=in_days(store, 10))
    assert store.write(actions.warn_expiring, 10) == 1
    store.write(redating.correct, NDIAYE, lot_id, expires_on=in_days(store, 20))
    assert store.write(actions.warn_expiring, 10) == 1


def test_the_same_day_is_no_change(store: Store) -> None:
    lot_id = receive(store)
    before = store.content()
    store.write(redating.correct, NDIAYE, lot_id, expires_on=store.read(lots.lot, NDIAYE, lot_id).expires_on)
    assert store.content() == before


@pytest.mark.parametrize(("person", "refusal"), [(FALL, NotFound), (AWA, Forbidden), (DIOP, Forbidden)])
def test_it_is_the_affair_of_its_pharmacy(store: Store, person: Viewer, refusal: type[Exception]) -> None:
    lot_id = receive(store)
    before = store.content()
    with pytest.raises(refusal):
        store.write(redating.correct, person, lot_id, expires_on=in_days(store, 90))
    assert store.content() == before
