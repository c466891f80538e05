"""The patient asks that the medicines be brought."""

from collections.abc import Callable
from functools import partial

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE, SARR
from steps import KEY, code, grant, issue, issued, ready, receive, validated
from store import Store, refused_by_database

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, delivering, dispensing, queries, setbacks
from fadjma.prescriptions.prescription import Delivery
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound

WHERE = {"address": "Médina, rue 11 x 6", "phone": "+221771234567"}


def test_the_pharmacy_sees_where_to(store: Store) -> None:
    prescription_id = validated(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
    assert found.delivery
    assert (found.delivery.address, found.delivery.phone) == (WHERE["address"], WHERE["phone"])


def test_so_does_the_patient_and_nobody_else(store: Store) -> None:
    """A prescriber whose access has been revoked went on reading where the patient lives."""
    prescription_id = validated(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    grant(store, SARR)
    seen = {
        person.id
        for person in (AWA, DIOP, SARR, NDIAYE, GOMIS)
        if store.read(queries.prescription_in_full, person, prescription_id).delivery
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


@pytest.mark.parametrize("pharmacy", [JAMM, None])
def test_asked_of_one_that_nobody_has_taken_it_waits_for_whoever_takes_it(store: Store, pharmacy: str | None) -> None:
    prescription_id = issued(store, pharmacy=pharmacy)
    news = store.news(actions.request_delivery, AWA, prescription_id, **WHERE)
    told = {person for person, messages in news.items() if "prescription.delivery_requested" in messages}
    assert told == ({NDIAYE.id, GOMIS.id} if pharmacy else set())
    store.write(dispensing.validate, NDIAYE, prescription_id)
    found = store.read(queries.prescription_in_full, NDIAYE, prescription_id).delivery
    assert found and (found.status, found.address) == ("asked", WHERE["address"])
    assert store.news(delivering.accept, NDIAYE, prescription_id)[AWA.id] == ["prescription.delivery_accepted"]


def test_a_pharmacy_that_has_not_claimed_it_learns_no_address(store: Store) -> None:
    unclaimed, addressed = issued(store, pharmacy=None), issue(store)
    for prescription_id, person in ((unclaimed, NDIAYE), (unclaimed, FALL), (addressed, NDIAYE)):
        store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
        assert store.read(queries.prescription_in_full, person, prescription_id).delivery is None


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


def _wanted(store: Store) -> str:
    return store.write(actions.request_delivery, AWA, validated(store), **WHERE)


def _delivery(store: Store, person: Viewer, prescription_id: str) -> Delivery:
    found = store.read(queries.prescription_in_full, person, prescription_id).delivery
    assert found
    return found


def test_accepted_both_sides_see_by_whom_and_when(store: Store) -> None:
    prescription_id = _wanted(store)
    store.clock.advance(minutes=5)
    news = store.news(delivering.accept, NDIAYE, prescription_id)
    assert news == {
        AWA.id: ["prescription.delivery_accepted"],
        DIOP.id: [None],
        NDIAYE.id: [None],
        GOMIS.id: [None],
    }
    for person in (AWA, GOMIS):
        seen = _delivery(store, person, prescription_id)
        assert (seen.status, seen.by, seen.answered_at) == ("accepted", NDIAYE.name, store.clock())


def test_declined_its_reason_is_read_and_it_is_not_brought(store: Store) -> None:
    prescription_id = _wanted(store)
    store.write(delivering.decline, NDIAYE, prescription_id, reason="Trop loin pour nous")
    assert (_delivery(store, AWA, prescription_id).status, _delivery(store, AWA, prescription_id).reason) == (
        "declined",
        "Trop loin pour nous",
    )
    receive(store)
    store.write(dispensing.prepare, NDIAYE, prescription_id)
    store.write(dispensing.mark_ready, NDIAYE, prescription_id)
    assert store.read(queries.prescription, NDIAYE, prescription_id).to_do == "hand_over"
    with pytest.raises(Invalid):
        store.write(dispensing.depart, NDIAYE, prescription_id)
    for again in (delivering.accept, partial(delivering.decline, reason="Non")):
        with pytest.raises(Conflict):
            store.write(again, NDIAYE, prescription_id)


def test_what_was_accepted_may_be_declined_and_what_was_declined_asked_for_anew(store: Store) -> None:
    prescription_id = _wanted(store)
    store.write(delivering.accept, NDIAYE, prescription_id)
    store.write(delivering.decline, NDIAYE, prescription_id, reason="Le livreur est malade")
    news = store.news(actions.request_delivery, AWA, prescription_id, **WHERE)
    assert news[NDIAYE.id] == ["prescription.delivery_requested"]
    assert _delivery(store, NDIAYE, prescription_id).status == "asked"


def test_another_address_is_to_be_answered_again(store: Store) -> None:
    prescription_id = _wanted(store)
    store.write(delivering.accept, NDIAYE, prescription_id)
    store.write(actions.request_delivery, AWA, prescription_id, **{**WHERE, "address": "Pikine"})
    assert _delivery(store, AWA, prescription_id).status == "asked"


@pytest.mark.parametrize("act", [delivering.accept, dispensing.depart])
def test_no_address_is_accepted_that_was_not_read(store: Store, act: Callable[..., str]) -> None:
    """The patient had meanwhile asked that it be brought elsewhere, perhaps to another town."""
    prescription_id = ready(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    read = store.read(queries.prescription, NDIAYE, prescription_id).version
    store.write(actions.request_delivery, AWA, prescription_id, **{**WHERE, "address": "Thiès"})
    with pytest.raises(Conflict):
        store.write(act, NDIAYE, prescription_id, version=read)
    assert _delivery(store, AWA, prescription_id).status == "asked"
    read = store.read(queries.prescription, NDIAYE, prescription_id).version
    store.write(act, NDIAYE, prescription_id, version=read)
    assert _delivery(store, AWA, prescription_id).status == "accepted"


def test_whoever_takes_it_there_has_accepted(store: Store) -> None:
    prescription_id = ready(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    store.write(dispensing.depart, GOMIS, prescription_id)
    seen = _delivery(store, AWA, prescription_id)
    assert (seen.status, seen.by) == ("accepted", GOMIS.name)
    store.write(dispensing.bring_back, GOMIS, prescription_id, reason="Personne à l'adresse")
    assert _delivery(store, AWA, prescription_id).status == "accepted"


def test_what_one_pharmacy_has_answered_is_not_the_next_ones_answer(store: Store) -> None:
    prescription_id = _wanted(store)
    store.write(delivering.decline, NDIAYE, prescription_id, reason="Trop loin pour nous")
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
    store.write(dispensing.validate, FALL, prescription_id)
    seen = _delivery(store, FALL, prescription_id)
    assert (seen.status, seen.by, seen.reason) == ("asked", None, "")


@pytest.mark.parametrize("wrong", ["status = 'declined'", "reason = 'Trop loin'", "status = 'brought'"])
def test_the_database_takes_no_refusal_without_a_reason_nor_a_reason_without_a_refusal(
    store: Store, wrong: str
) -> None:
    _wanted(store)
    assert refused_by_database(store, f"UPDATE delivery_requests SET {wrong}")


def test_the_patient_wants_it_no_more_and_may_ask_again(store: Store) -> None:
    prescription_id = _wanted(store)
    store.write(delivering.accept, NDIAYE, prescription_id)
    news = store.news(delivering.withdraw, AWA, prescription_id)
    assert news[NDIAYE.id] == news[GOMIS.id] == ["prescription.delivery_withdrawn"]
    found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
    assert found.delivery and (found.delivery.status, found.delivery.label) == ("withdrawn", "Retirée")
    assert not found.to_bring
    before = store.content()
    for act, who, said in (
        (delivering.withdraw, AWA, {}),
        (delivering.decline, NDIAYE, {"reason": "Trop loin"}),
        (delivering.accept, NDIAYE, {}),
    ):
        with pytest.raises(Conflict):
            store.write(act, who, prescription_id, **said)
    assert store.content() == before
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    assert store.value("SELECT status FROM delivery_requests") == "asked"


def test_what_is_not_wanted_any_more_does_not_leave(store: Store) -> None:
    prescription_id = ready(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    store.write(delivering.withdraw, AWA, prescription_id)
    with pytest.raises(Invalid):
        store.write(dispensing.depart, NDIAYE, prescription_id)


def test_given_back_it_is_not_asked_of_the_next_pharmacy(store: Store) -> None:
    prescription_id = _wanted(store)
    store.write(delivering.withdraw, AWA, prescription_id)
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
    assert store.value("SELECT status FROM delivery_requests") == "withdrawn"


@pytest.mark.parametrize("brought", [False, True])
def test_fetched_at_the_counter_nothing_is_asked_any_more(store: Store, brought: bool) -> None:
    """« Livraison : Demandée » stood on what had been fetched."""
    prescription_id = ready(store)
    store.write(actions.request_delivery, AWA, prescription_id, **WHERE)
    if brought:
        store.write(dispensing.depart, NDIAYE, prescription_id)
    store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
    found = store.read(queries.prescription_in_full, AWA, prescription_id).delivery
    assert found and found.label == ("Acceptée" if brought else "Sans suite")
    store.write(setbacks.undo, NDIAYE, prescription_id, reason="Mauvais sac")
    found = store.read(queries.prescription_in_full, AWA, prescription_id).delivery
    assert found and found.status == ("accepted" if brought else "asked")
