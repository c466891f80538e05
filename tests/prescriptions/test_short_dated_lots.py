"""A lot that expires before the course ends is not given without a question, nor before one that lasts."""

import pytest
from cast import NDIAYE
from steps import KEY, code, in_days, ready, receive, status, validated
from store import Store

from fadjma.prescriptions import dispensing, queries
from fadjma.prescriptions.dispensing import Part
from fadjma.refusals import Doubtful

COURSE = 10  # days, of what steps.issue prescribes


def _kept(store: Store) -> list[tuple[str, int]]:
    return store.rows(
        "SELECT l.number, r.quantity FROM reservations r JOIN lots l ON l.id = r.lot_id ORDER BY l.expires_on"
    )


def test_a_lot_that_lasts_comes_before_one_that_does_not(store: Store) -> None:
    receive(store, 100, number="SHORT", expires_on=in_days(store, COURSE - 2))
    receive(store, 15, number="FIRST", expires_on=in_days(store, COURSE - 1))
    receive(store, 100, number="LATER", expires_on=in_days(store, 400))
    store.write(dispensing.prepare, NDIAYE, validated(store))
    assert _kept(store) == [("FIRST", 15), ("LATER", 5)]


def test_one_that_does_not_is_asked_about_and_given_when_that_is_confirmed(store: Store) -> None:
    receive(store, 100, number="SHORT", expires_on=in_days(store, COURSE - 2))
    receive(store, 15, number="LATER", expires_on=in_days(store, 400))
    prescription_id = validated(store)
    before = store.content()
    with pytest.raises(Doubtful) as question:
        store.write(dispensing.prepare, NDIAYE, prescription_id)
    assert question.value.errors.keys() == {"lots"}
    assert "SHORT" in question.value.values["what"] and "LATER" not in question.value.values["what"]
    assert store.content() == before
    store.write(dispensing.prepare, NDIAYE, prescription_id, confirmed=True)
    assert (status(store, prescription_id), _kept(store)) == ("prepared", [("SHORT", 5), ("LATER", 15)])


def test_so_it_is_of_a_rest_that_is_handed_over_without_being_prepared(store: Store) -> None:
    prescription_id = ready(store)
    [line] = store.read(queries.lines, prescription_id)

    def hand_over(quantity: int, *, confirmed: bool = False) -> str:
        how = {"code": code(store, prescription_id), "parts": [Part(line.id, quantity)], "confirmed": confirmed}
        return store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, **how)

    hand_over(8)
    store.connection.execute("UPDATE lots SET expires_on = ?", (in_days(store, 1),))
    before = store.content()
    with pytest.raises(Doubtful) as question:
        hand_over(12)
    assert question.value.errors.keys() == {"lots"} and store.content() == before
    hand_over(12, confirmed=True)
    assert status(store, prescription_id) == "delivered"
