"""A lot that expires before the course ends is not given without a question, nor before one that lasts."""

import pytest
from cast import NDIAYE
from steps import in_days, receive, status, validated
from store import Store

from fadjma.prescriptions import dispensing
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
