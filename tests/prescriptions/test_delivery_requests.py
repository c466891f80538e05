"""The patient asks that the medicines be brought."""

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, MOUSSA, NDIAYE, SARR
from steps import grant, issue, issued, validated
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, queries
from fadjma.refusals import Forbidden, NotFound

WHERE = {"address": "Médina, rue 11 x 6", "phone": "+221771234567"}


def test_the_pharmacy_sees_where_to(store: Store) -> None:
    prescription_id = validated(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
    assert (found.delivery_address, found.delivery_phone) == (WHERE["address"], WHERE["phone"])


def test_so_does_the_patient_and_nobody_else(store: Store) -> None:
    """A prescriber whose access has been revoked went on reading where the patient lives."""
    prescription_id = validated(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    grant(store, SARR)
    seen = {
        person.id
        for person in (AWA, DIOP, SARR, NDIAYE, GOMIS)
        if store.read(queries.prescription_in_full, person, prescription_id).delivery_phone
    }
    assert seen == {AWA.id, NDIAYE.id, GOMIS.id}


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
    unclaimed, addressed = issued(store, pharmacy=None), issue(store)
    for prescription_id, person in ((unclaimed, NDIAYE), (unclaimed, FALL), (addressed, NDIAYE)):
        store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
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
