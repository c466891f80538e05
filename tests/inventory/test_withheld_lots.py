"""A lot that is recalled, or doubted: nothing more of it is put aside or handed over, until it was a mistake."""

import pytest
from cast import AWA, DIOP, FALL, GOMIS, JAMM, NDIAYE, PARACETAMOL
from steps import KEY, code, delivered, in_days, prepared, ready, receive, validated
from store import Store, refused_by_database

from fadjma.identity.people import Viewer
from fadjma.inventory import actions, coverage, lots, products, queries, soundness, withholding
from fadjma.prescriptions import dispensing, recall, setbacks
from fadjma.prescriptions import queries as prescriptions
from fadjma.refusals import Conflict, Forbidden, NotFound

DOUBT = {"reason": "Emballages mouillés"}


def _lot(store: Store) -> str:
    found: str = store.value("SELECT id FROM lots ORDER BY rowid")
    return found


def _usable(store: Store) -> int:
    return store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL]


def test_it_stays_counted_and_is_not_put_aside_any_more(store: Store) -> None:
    first = receive(store, 50, number="SOON", expires_on=in_days(store, 40))
    receive(store, 50, number="LATE", expires_on=in_days(store, 400))
    store.write(withholding.withhold, NDIAYE, first, **DOUBT)
    found = store.read(lots.lot, NDIAYE, first)
    assert (found.state, found.on_hand, found.withheld_reason) == ("withheld", 50, "Emballages mouillés")
    assert found.json("fr")["withheld"]["reason"] == "Emballages mouillés"
    [product] = store.read(products.stock, NDIAYE)
    assert (_usable(store), product.usable) == (50, 50)
    store.write(dispensing.prepare, NDIAYE, validated(store, 20))
    assert store.rows("SELECT number, reserved FROM lots WHERE reserved > 0") == [("LATE", 20)]


def test_nobody_is_told_that_the_pharmacy_has_it(store: Store) -> None:
    lot = receive(store, 50)
    store.connection.execute("INSERT INTO pharmacy_choices (pharmacy_id, shows_cover) VALUES (?, 1)", (JAMM,))
    assert store.read(coverage.covering, {PARACETAMOL: 50})
    store.write(withholding.withhold, NDIAYE, lot, **DOUBT)
    assert store.read(coverage.covering, {PARACETAMOL: 1}) == []


def test_what_is_ready_of_it_is_not_handed_over_and_is_prepared_anew(store: Store) -> None:
    prescription_id = ready(store)
    lot = _lot(store)
    news = store.news(withholding.withhold, NDIAYE, lot, **DOUBT)
    assert news[GOMIS.id][:2] == ["stock.withheld", None]  # and the page of what was prepared with it follows
    assert store.read(prescriptions.prescription_in_full, NDIAYE, prescription_id).perished
    before = store.content()
    with pytest.raises(Conflict, match="bloqué"):
        store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
    assert store.content() == before
    receive(store, 60, number="OTHER")
    store.write(setbacks.prepare_anew, NDIAYE, prescription_id)
    assert store.rows("SELECT number, reserved FROM lots WHERE reserved > 0") == [("OTHER", 20)]


def test_a_mistake_is_taken_back_and_all_is_as_before(store: Store) -> None:
    prescription_id = ready(store)
    lot, free = _lot(store), _usable(store)
    store.write(withholding.withhold, NDIAYE, lot, **DOUBT)
    assert _usable(store) == 0
    assert store.news(withholding.put_back, GOMIS, lot)[NDIAYE.id][:2] == ["stock.put_back", None]
    assert (_usable(store), store.read(lots.lot, NDIAYE, lot).withheld_at) == (free, None)
    store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
    assert not list(store.read(soundness.unmoved)) + list(store.read(soundness.unreserved))


def test_either_is_done_once(store: Store) -> None:
    lot = receive(store)
    with pytest.raises(Conflict, match="n'est pas bloqué"):
        store.write(withholding.put_back, NDIAYE, lot)
    store.write(withholding.withhold, NDIAYE, lot, **DOUBT)
    before = store.content()
    with pytest.raises(Conflict, match="déjà bloqué"):
        store.write(withholding.withhold, GOMIS, lot, **DOUBT)
    assert store.content() == before


@pytest.mark.parametrize(("person", "refusal"), [(FALL, NotFound), (AWA, Forbidden), (DIOP, Forbidden)])
def test_it_is_the_affair_of_its_pharmacy(store: Store, person: Viewer, refusal: type[Exception]) -> None:
    lot = receive(store)
    before = store.content()
    for act, said in ((withholding.withhold, DOUBT), (withholding.put_back, {})):
        with pytest.raises(refusal):
            store.write(act, person, lot, **said)
    assert store.content() == before


def test_too_little_that_is_left_is_said(store: Store) -> None:
    lot = receive(store, 50)
    store.connection.execute("UPDATE products SET threshold = 10")
    news = store.news(withholding.withhold, NDIAYE, lot, **DOUBT)
    assert "stock.low" in news[NDIAYE.id] and "stock.low" in news[GOMIS.id]


def test_its_expiry_leaves_no_less_than_there_was(store: Store) -> None:
    lot = receive(store, 50, expires_on=in_days(store, 5))
    store.connection.execute("UPDATE products SET threshold = 10")
    store.write(withholding.withhold, NDIAYE, lot, **DOUBT)
    store.clock.advance(days=9)
    assert "stock.low" not in str(store.news(actions.warn_expired, 9))


def test_telling_those_who_received_some_withholds_it(store: Store) -> None:
    delivered(store)
    lot = _lot(store)
    store.write(recall.tell, NDIAYE, lot)
    found = store.read(lots.lot, NDIAYE, lot)
    assert (found.state, found.withheld_reason) == ("withheld", withholding.RECALLED)
    store.write(withholding.put_back, NDIAYE, lot)
    store.write(recall.tell, NDIAYE, lot)  # nobody is left to be told
    assert store.read(lots.lot, NDIAYE, lot).withheld_at is None


def test_what_was_handed_over_comes_back_to_it_withheld(store: Store) -> None:
    prescription_id = delivered(store)
    store.write(withholding.withhold, NDIAYE, _lot(store), **DOUBT)
    store.write(setbacks.undo, NDIAYE, prescription_id, reason="Mauvais sac")
    assert store.read(prescriptions.prescription_in_full, NDIAYE, prescription_id).perished
    assert not list(store.read(soundness.unreserved))


def test_the_database_knows_no_half_of_it(store: Store) -> None:
    prepared(store)
    assert refused_by_database(store, "UPDATE lots SET withheld_at = 1")
