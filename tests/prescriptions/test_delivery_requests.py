"""The patient asks that the medicines be brought."""

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, MOUSSA, NDIAYE
from steps import issued, validated
from store import Store

from fadjma.accounts.people import Viewer
from fadjma.prescriptions import actions, queries
from fadjma.refusals import Forbidden, NotFound

WHERE = {"address": "Médina, rue 11 x 6", "phone": "+221771234567"}


def test_the_pharmacy_sees_where_to(store: Store) -> None:
    prescription_id = validated(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
    assert (found.delivery_address, found.delivery_phone) == (WHERE["address"], WHERE["phone"])


def test_asking_again_changes_where_to(store: Store) -> None:
    prescription_id = validated(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    store.write(actions.request_delivery, AWA, prescription_id, address="Fann", phone="+221769876543")
    assert store.rows("SELECT address, phone FROM delivery_requests") == [("Fann", "+221769876543")]


def test_asking_the_same_again_is_no_news(store: Store) -> None:
    prescription_id = validated(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    assert store.told(NDIAYE).count("prescription.delivery_requested") == 1


def test_before_any_pharmacy_has_it_nobody_is_disturbed(store: Store) -> None:
    news = store.news(actions.request_delivery, AWA, issued(store, pharmacy=None), **WHERE)
    assert {messages[0] for messages in news.values()} == {None}


def test_a_pharmacy_that_has_not_claimed_it_learns_no_address(store: Store) -> None:
    prescription_id = issued(store, pharmacy=None)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    for person in (NDIAYE, FALL):
        assert store.read(queries.prescription_in_full, person, prescription_id).delivery_address is None


@pytest.mark.parametrize(
    ("person", "refusal"),
    [(MOUSSA, NotFound), (DIOP, Forbidden), (NDIAYE, Forbidden), (GOMIS, Forbidden), (ADMIN, Forbidden)],
    ids=lambda value: getattr(value, "id", ""),
)
def test_nobody_asks_for_the_patient(store: Store, person: Viewer, refusal: type[Exception]) -> None:
    prescription_id = validated(store)
    before = store.content()
    with pytest.raises(refusal):
        store.write(actions.request_delivery, person, prescription_id, **WHERE)
    assert store.content() == before
