"""A prescription is good for three months: decided when it is read, told by the timekeeper."""

from collections.abc import Callable

import pytest
from cast import AWA, DIOP, FALL, GOMIS, JAMM, NDIAYE, PARACETAMOL
from doing import want_it_brought
from steps import DAY, delivered, grant, issue, issued, prepared, ready, refused, status, validated, write_record
from store import Clock, Store

from fadjma.prescriptions import actions, checking, dispensing, lists, queries
from fadjma.prescriptions.actions import NewLine
from fadjma.refusals import Alerted, NotFound


@pytest.mark.parametrize("before", [issued, validated, prepared, ready, refused])
def test_an_open_one_has_expired_when_it_is_read(store: Store, clock: Clock, before: Callable[[Store], str]) -> None:
    prescription_id = before(store)
    stored = status(store, prescription_id)
    clock.advance(days=90, milliseconds=-1)
    assert store.read(queries.prescription, AWA, prescription_id).status == stored
    clock.advance(milliseconds=1)
    assert store.read(queries.prescription, AWA, prescription_id).status == "expired"
    assert [one.status for one in store.read(lists.prescriptions, DIOP)] == ["expired"]
    assert status(store, prescription_id) == stored  # nothing has been written


def test_what_was_delivered_stays_delivered(store: Store, clock: Clock) -> None:
    prescription_id = delivered(store)
    clock.advance(days=365)
    assert store.read(queries.prescription, AWA, prescription_id).status == "delivered"
    assert store.write(actions.expire, 200) == 0


def test_time_tells_everybody_concerned_once(store: Store, clock: Clock) -> None:
    prescription_id = validated(store)
    clock.advance(days=90)
    told = ["prescription.expired"]
    assert store.news(actions.expire, 200) == {AWA.id: told, DIOP.id: told, NDIAYE.id: told, GOMIS.id: told}
    assert status(store, prescription_id) == "expired"
    assert store.rows("SELECT actor_id, from_status, to_status FROM prescription_acts")[-1] == (
        None,
        "validated",
        "expired",
    )
    assert store.news(actions.expire, 200) == {}


def test_of_one_that_nobody_claimed_no_pharmacy_is_told(store: Store, clock: Clock) -> None:
    issued(store, pharmacy=None)
    clock.advance(days=90)
    news = store.news(actions.expire, 200)
    assert news == {AWA.id: ["prescription.expired"], DIOP.id: ["prescription.expired"]} | {
        pharmacist.id: [None] for pharmacist in (NDIAYE, GOMIS, FALL)
    }


@pytest.mark.parametrize("pharmacy", [JAMM, None])
def test_whoever_is_told_can_open_it(store: Store, clock: Clock, pharmacy: str | None) -> None:
    prescription_id = issued(store, pharmacy=pharmacy)
    clock.advance(days=90)
    news = store.news(actions.expire, 200)
    for person in (AWA, DIOP, NDIAYE, GOMIS, FALL):
        if any(news.get(person.id, [])):
            assert store.read(queries.prescription, person, prescription_id).status == "expired"


@pytest.mark.parametrize("before", [prepared, ready])
def test_what_was_kept_for_it_is_given_back(store: Store, clock: Clock, before: Callable[[Store], str]) -> None:
    before(store)
    clock.advance(days=90)
    store.write(actions.expire, 200)
    assert store.rows("SELECT on_hand, reserved FROM lots") == [(100, 0)]


def test_time_works_in_portions(store: Store, clock: Clock) -> None:
    issued(store)
    issue(store)
    issue(store)
    clock.advance(days=90)
    assert [store.write(actions.expire, 2) for _ in range(3)] == [2, 1, 0]


def test_one_that_was_refused_and_replaced_is_old_news(store: Store, clock: Clock) -> None:
    old = refused(store)
    clock.advance(days=80)
    store.connection.execute("UPDATE access_requests SET expires_at = ?", (clock() + 1,))
    issue(store, replaces_id=old)
    clock.advance(days=10)
    told = {person: messages for person, messages in store.news(actions.expire, 200).items() if any(messages)}
    assert told == {}


def test_many_that_expired_in_one_moment_are_all_found_page_by_page(store: Store, clock: Clock) -> None:
    written = {issued(store), *(issue(store) for _ in range(4))}
    clock.advance(days=90)
    store.write(actions.expire, 200)
    first = store.read(lists.prescriptions, DIOP, limit=2)
    rest = store.read(lists.prescriptions, DIOP, before=first[-1].cursor, limit=50)
    assert {one.id for one in (*first, *rest)} == written


def test_one_that_nobody_claimed_is_shown_to_no_pharmacy_from_that_moment(store: Store) -> None:
    """Until time had written it down, every pharmacist was still shown that there is one."""
    prescription_id = issued(store, pharmacy=None)
    assert store.read(queries.prescription, NDIAYE, prescription_id).neutral
    store.clock.advance(days=90)
    with pytest.raises(NotFound):
        store.read(queries.prescription, NDIAYE, prescription_id)
    assert store.read(queries.prescription, AWA, prescription_id).status == "expired"


class TestOnItsWay:
    """What is on its way when its time ends is left to arrive, however long that takes: it is under way still."""

    @pytest.fixture
    def on_its_way(self, store: Store, clock: Clock) -> str:
        prescription_id = ready(store)
        clock.advance(days=89)
        grant(store, duration=365 * DAY)
        want_it_brought(store, prescription_id)
        store.write(dispensing.depart, NDIAYE, prescription_id)
        clock.advance(days=2)
        assert store.write(actions.expire, 200) == 0
        return prescription_id

    def test_giving_it_again_is_giving_it_twice(self, store: Store, on_its_way: str) -> None:
        with pytest.raises(Alerted) as asked:
            store.write(checking.sign, DIOP, AWA.id, lines=[NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)])
        assert [one["kind"] for one in asked.value.details["alerts"]] == ["duplicate"]

    def test_its_pharmacy_hears_of_an_allergy(self, store: Store, on_its_way: str) -> None:
        assert store.read(lists.dispensing, AWA.id) == [(on_its_way, JAMM)]

    def test_its_pharmacy_sees_what_is_new_of_the_file(self, store: Store, clock: Clock, on_its_way: str) -> None:
        clock.advance(days=31)
        write_record(store, type="allergy")
        found = store.read(queries.prescription_in_full, NDIAYE, on_its_way)
        assert found.allergies and found.allergies.titles == ("Hypertension",)
        assert found.delivery and "deliver" in {act.name for act in found.offered(NDIAYE)}
