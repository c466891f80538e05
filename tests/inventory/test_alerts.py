"""One alert per crossing of a threshold, and one per lot that expires soon, to the pharmacy concerned."""

from typing import Any

import pytest
from cast import AMOXICILLIN, DIOP, FALL, GOMIS, INSULIN, NDIAYE, PARACETAMOL
from steps import KEY, code, issue, issued, receive
from store import Clock, Store

from fadjma.inventory import actions, movements, products
from fadjma.prescriptions import dispensing
from fadjma.refusals import Forbidden
from fadjma.writing import search_key


@pytest.fixture
def stock(store: Store) -> str:
    """A hundred tablets, with a threshold of fifty; the lot's id."""
    lot_id = receive(store, 100)
    store.connection.execute("UPDATE products SET threshold = 50")
    return lot_id


def _keep(store: Store, quantity: int, prescription_id: str | None = None) -> dict[str, list[Any]]:
    claimed = store.write(dispensing.validate, NDIAYE, prescription_id or issue(store, quantity))
    return store.news(dispensing.prepare, NDIAYE, claimed, confirmed=True)


def _alerted(news: dict[str, list[Any]]) -> set[str]:
    return {person for person, messages in news.items() if "stock.low" in messages}


def test_the_whole_pharmacy_hears_when_stock_falls_to_the_threshold(store: Store, stock: str) -> None:
    assert _alerted(_keep(store, 49, issued(store, 49))) == set()
    assert _alerted(_keep(store, 1)) == {NDIAYE.id, GOMIS.id}
    assert FALL.id not in _alerted(_keep(store, 1))


def test_below_the_threshold_nobody_is_told_again(store: Store, stock: str) -> None:
    assert _alerted(_keep(store, 60, issued(store, 60)))
    assert not _alerted(_keep(store, 10))
    assert store.told(GOMIS).count("stock.low") == 1


def test_after_new_stock_the_next_crossing_is_told_again(store: Store, stock: str) -> None:
    assert _alerted(_keep(store, 60, issued(store, 60)))
    receive(store, 100, number="L2")
    assert _alerted(_keep(store, 95))


def test_handing_over_what_was_kept_is_no_crossing(store: Store, stock: str) -> None:
    prescription_id = issued(store, 60)
    _keep(store, 60, prescription_id)
    store.write(dispensing.mark_ready, NDIAYE, prescription_id)
    news = store.news(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
    assert not _alerted(news)


def test_a_count_that_finds_too_little_is_a_crossing_too(store: Store, stock: str) -> None:
    news = store.news(actions.adjust, NDIAYE, stock, on_hand=50, version=1, reason="Casse")
    assert _alerted(news) == {NDIAYE.id, GOMIS.id}


def test_without_a_threshold_the_last_one_is_the_crossing(store: Store) -> None:
    receive(store, 20)
    assert _alerted(_keep(store, 19, issued(store, 19))) == set()
    assert _alerted(_keep(store, 1)) == {NDIAYE.id, GOMIS.id}


def test_a_page_shows_what_is_low(store: Store, stock: str) -> None:
    [product] = store.read(products.stock, NDIAYE)
    assert not product.low
    _keep(store, 50, issued(store, 50))
    [product] = store.read(products.stock, NDIAYE)
    assert product.low


class TestWhatIsLow:
    """The part of the stock on the pharmacist's dashboard."""

    def test_what_lacks_comes_first_then_the_rest_by_name(self, store: Store) -> None:
        receive(store, 5)
        receive(store, 9, medicine_id=AMOXICILLIN)
        receive(store, 7, medicine_id=INSULIN, expires_on="2026-03-05")
        receive(store, 80, medicine_id=INSULIN, pharmacist=FALL)
        store.connection.execute("UPDATE products SET threshold = 10")
        assert self._low(store) == ["amoxicilline", "insuline glargine", "paracétamol"]
        store.clock.advance(days=4)
        assert self._low(store) == ["insuline glargine", "amoxicilline", "paracétamol"]
        assert self._low(store, limit=1) == ["insuline glargine"]
        assert store.read(products.low_stock, FALL, 8) == []

    def test_it_is_what_the_whole_stock_says(self, store: Store, stock: str) -> None:
        receive(store, 60, medicine_id=AMOXICILLIN)
        for prescription_id in (issued(store, 49), issue(store, 1)):
            _keep(store, 0, prescription_id)
            whole = [product for product in store.read(products.stock, NDIAYE) if product.low]
            assert store.read(products.low_stock, NDIAYE, 8) == whole
        assert whole

    def test_it_is_for_pharmacists(self, store: Store) -> None:
        with pytest.raises(Forbidden):
            store.read(products.low_stock, DIOP, 8)

    def _low(self, store: Store, limit: int = 8) -> list[str]:
        return [product.medicine.dci for product in store.read(products.low_stock, NDIAYE, limit)]


class TestExpiringSoon:
    def test_the_pharmacy_hears_once_of_a_lot_that_expires_within_thirty_days(self, store: Store, clock: Clock) -> None:
        receive(store, expires_on="2026-04-02")  # in 31 days
        assert store.news(actions.warn_expiring, 200) == {}
        clock.advance(days=1)
        assert store.news(actions.warn_expiring, 200) == {NDIAYE.id: ["stock.expiring"], GOMIS.id: ["stock.expiring"]}
        clock.advance(days=1)
        assert store.news(actions.warn_expiring, 200) == {}

    def test_of_an_empty_or_an_expired_lot_nobody_hears(self, store: Store, clock: Clock) -> None:
        receive(store, number="GONE", expires_on="2026-03-04")
        empty = receive(store, number="EMPTY", expires_on="2026-03-20")
        store.write(actions.adjust, NDIAYE, empty, on_hand=0, version=1, reason="Casse")
        clock.advance(days=3)
        assert store.write(actions.warn_expiring, 200) == 0

    def test_each_pharmacy_hears_of_its_own(self, store: Store) -> None:
        receive(store, expires_on="2026-03-20", pharmacist=FALL)
        assert store.news(actions.warn_expiring, 200) == {FALL.id: ["stock.expiring"]}

    def test_time_works_in_portions(self, store: Store) -> None:
        for number in range(3):
            receive(store, number=f"L{number}", expires_on="2026-03-20")
        assert [store.write(actions.warn_expiring, 2) for _ in range(3)] == [2, 1, 0]


class TestExpired:
    """An expiry takes from the usable stock as a hand-over does."""

    def test_the_pharmacy_hears_once_that_it_has_left_too_little(self, store: Store, clock: Clock) -> None:
        receive(store, 30)
        receive(store, 40, number="L2", expires_on="2026-03-05")
        store.connection.execute("UPDATE products SET threshold = 50")
        clock.advance(days=3)
        assert store.news(actions.warn_expired, 200) == {}
        clock.advance(days=1)
        assert store.news(actions.warn_expired, 200) == {NDIAYE.id: ["stock.low"], GOMIS.id: ["stock.low"]}
        assert store.write(actions.warn_expired, 200) == 0

    def test_nobody_hears_where_enough_is_left_or_it_was_low_before(self, store: Store, clock: Clock) -> None:
        receive(store, 30)
        receive(store, 40, number="L2", expires_on="2026-03-05")
        receive(store, 5, medicine_id=INSULIN)
        receive(store, 3, medicine_id=INSULIN, number="L2", expires_on="2026-03-05")
        store.connection.execute("UPDATE products SET threshold = 10")
        clock.advance(days=4)
        assert store.news(actions.warn_expired, 200) == {}

    def test_of_lots_that_are_kept_only_what_is_not_counts(self, store: Store, clock: Clock) -> None:
        receive(store, 40, expires_on="2026-03-05")
        _keep(store, 40, issued(store, 40))
        receive(store, 20, number="L2")
        clock.advance(days=4)
        assert store.news(actions.warn_expired, 200) == {}


class TestOpenPages:
    """What a prescription does to the stock reaches the open pages of that pharmacy, and nobody is told of it."""

    def _followed(self, store: Store, act: Any, *args: Any, **what: Any) -> dict[str, list[Any]]:
        sql = "SELECT user_id, seq FROM notifications WHERE subject_kind = 'product' AND message IS NULL"
        before = set(store.rows(sql))
        store.write(act, *args, **what)
        found: dict[str, list[Any]] = {}
        for person, seq in set(store.rows(sql)) - before:
            found.setdefault(person, []).append(seq)
        return found

    def test_follow_what_is_kept_given_back_and_handed_over(self, store: Store, stock: str) -> None:
        prescription_id = store.write(dispensing.validate, NDIAYE, issued(store))
        jamm = {NDIAYE.id, GOMIS.id}
        assert self._followed(store, dispensing.prepare, NDIAYE, prescription_id).keys() == jamm
        assert self._followed(store, dispensing.hold, NDIAYE, prescription_id, reason="Rappel").keys() == jamm
        assert self._followed(store, dispensing.prepare, NDIAYE, prescription_id).keys() == jamm
        assert not self._followed(store, dispensing.mark_ready, NDIAYE, prescription_id)
        secret = code(store, prescription_id)
        handed = self._followed(store, dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=secret)
        assert {person: len(seqs) for person, seqs in handed.items()} == dict.fromkeys(jamm, 1)

    def test_stay_as_they_are_where_no_stock_moves(self, store: Store, stock: str) -> None:
        prescription_id = store.write(dispensing.validate, NDIAYE, issued(store))
        assert not self._followed(store, dispensing.hold, NDIAYE, prescription_id, reason="Rappel")


def test_a_lots_page_says_who_changed_it_and_why(store: Store, stock: str) -> None:
    store.clock.advance(minutes=1)
    store.write(actions.adjust, GOMIS, stock, on_hand=97, version=1, reason="Casse")
    found = store.read(movements.movements, NDIAYE, stock)
    assert [(one.label, one.change, one.reason, one.name) for one in found] == [
        ("Comptage", "−3", "Casse", GOMIS.name),
        ("Reçu", "+100", "", NDIAYE.name),
    ]
    assert store.read(movements.movements, FALL, stock) == []


def test_products_that_are_as_urgent_are_in_the_order_of_the_alphabet(store: Store) -> None:
    names = [("zinc", "1 g"), ("Vitamine A", "1 g"), ("éthambutol", "1 g"), ("fer", "1 g"), ("acide folique", "1 g")]
    for dci, strength in [*names, ("fer", "0,5 g")]:
        store.connection.execute(
            "INSERT INTO medicines (id, dci, form, strength, unit, search_key) VALUES (?, ?, 'comprimé', ?, '', ?)",
            (dci + strength, dci, strength, search_key(f"{dci} {strength} comprimé")),
        )
        receive(store, 5, medicine_id=dci + strength)
    receive(store, 5, medicine_id=PARACETAMOL, expires_on="2026-03-02")
    store.clock.advance(days=1)
    kept = [product.medicine for product in store.read(products.stock, NDIAYE)]
    assert [medicine.dci for medicine in kept] == [
        "paracétamol", "acide folique", "éthambutol", "fer", "fer", "Vitamine A", "zinc",
    ]  # fmt: skip
    assert kept[3].strength == "0,5 g"
