"""First expired, first out; never what has expired; never below zero."""

import asyncio

import pytest
from cast import AMOXICILLIN, JAMM, KADD, NDIAYE, PARACETAMOL
from steps import KEY, code, issue, prepared, ready, receive, status, validated
from store import Clock, Store, refused_by_database

from fadjma.inventory import actions, queries
from fadjma.prescriptions import dispensing
from fadjma.refusals import Conflict
from fadjma.store import Database


def _prepare(store: Store, prescription_id: str) -> str:
    return store.write(dispensing.prepare, NDIAYE, prescription_id, confirmed=True)


def _deliver(store: Store, prescription_id: str) -> str:
    return store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))


def _kept(store: Store) -> dict[str, int]:
    """What is reserved, by lot number."""
    return dict(store.rows("SELECT number, reserved FROM lots WHERE reserved > 0"))


def _on_hand(store: Store) -> dict[str, int]:
    return dict(store.rows("SELECT number, on_hand FROM lots"))


def test_what_expires_first_is_kept_first(store: Store) -> None:
    receive(store, 15, number="LATE", expires_on="2027-12-31")
    receive(store, 15, number="SOON", expires_on="2026-06-30")
    _prepare(store, validated(store, 20))
    assert _kept(store) == {"SOON": 15, "LATE": 5}


def test_what_has_expired_is_not_kept_what_expires_today_is(store: Store, clock: Clock) -> None:
    receive(store, 50, number="GONE", expires_on="2026-03-03")
    receive(store, 50, number="TODAY", expires_on="2026-03-04")
    clock.advance(days=2)
    _prepare(store, validated(store, 20))
    assert _kept(store) == {"TODAY": 20}


def test_stock_that_has_all_expired_is_no_stock(store: Store, clock: Clock) -> None:
    receive(store, 50, expires_on="2026-03-03")
    clock.advance(days=2)
    assert store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL] == 0
    with pytest.raises(Conflict) as refusal:
        _prepare(store, validated(store, 20))
    assert refusal.value.values["missing"] == 20


def test_what_another_pharmacy_or_another_product_has_does_not_count(store: Store) -> None:
    receive(store, 50, medicine_id=AMOXICILLIN)
    with pytest.raises(Conflict):
        _prepare(store, validated(store, 20))
    assert store.read(queries.usable, KADD, [AMOXICILLIN])[AMOXICILLIN] == 0


def test_when_something_is_missing_nothing_is_kept_and_it_is_said_how_much(store: Store) -> None:
    receive(store, 15)
    prescription_id = validated(store, 20)
    before = store.content()
    with pytest.raises(Conflict) as refusal:
        _prepare(store, prescription_id)
    assert (refusal.value.values["missing"], refusal.value.values["owed"]) == (5, 20)
    assert store.content() == before


def test_what_is_kept_for_one_is_not_there_for_another(store: Store) -> None:
    receive(store, 30)
    _prepare(store, validated(store, 20))
    second = store.write(dispensing.validate, NDIAYE, issue(store, 11))
    with pytest.raises(Conflict) as refusal:
        _prepare(store, second)
    assert refusal.value.values["missing"] == 1


def test_stock_leaves_when_it_is_handed_over(store: Store) -> None:
    prescription_id = ready(store, 20)
    assert (_on_hand(store), _kept(store)) == ({"L1": 100}, {"L1": 20})
    _deliver(store, prescription_id)
    assert (_on_hand(store), _kept(store)) == ({"L1": 80}, {})
    moved = store.rows("SELECT kind, quantity, actor_id, prescription_id FROM movements WHERE kind = 'delivered'")
    assert moved == [("delivered", -20, NDIAYE.id, prescription_id)]


def test_a_lot_that_expires_on_the_shelf_is_not_handed_over(store: Store, clock: Clock) -> None:
    receive(store, 50, expires_on="2026-03-03")
    prescription_id = _prepare(store, validated(store, 20))
    store.write(dispensing.mark_ready, NDIAYE, prescription_id)
    clock.advance(days=2)
    with pytest.raises(Conflict):
        _deliver(store, prescription_id)
    assert (_on_hand(store), status(store, prescription_id)) == ({"L1": 50}, "ready")


def test_what_was_kept_is_given_back(store: Store) -> None:
    prescription_id = prepared(store, 20)
    store.write(actions.release, prescription_id)
    assert store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL] == 100
    assert store.rows("SELECT * FROM reservations") == []


async def test_of_five_prescriptions_for_the_last_twenty_one_is_prepared(store: Store, database: Database) -> None:
    receive(store, 20)
    prescriptions = [validated(store, 20)]
    prescriptions += [store.write(dispensing.validate, NDIAYE, issue(store, 20)) for _ in range(4)]
    answers = await asyncio.gather(
        *(database.write(dispensing.prepare, NDIAYE, one) for one in prescriptions), return_exceptions=True
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 4
    assert _kept(store) == {"L1": 20}


@pytest.mark.parametrize(
    "change", ["on_hand = -1", "reserved = -1", "reserved = on_hand + 1", "on_hand = reserved - 1"]
)
def test_the_database_itself_keeps_stock_from_going_below_zero(store: Store, change: str) -> None:
    prepared(store, 20)
    assert refused_by_database(store, f"UPDATE lots SET {change}")


def test_the_database_itself_keeps_every_movement(store: Store) -> None:
    receive(store)
    assert refused_by_database(store, "DELETE FROM movements")
    assert refused_by_database(store, "UPDATE movements SET quantity = 1")
