"""An access ends: revoked by the patient, withdrawn by the doctor, by time. Nothing is ever deleted."""

from typing import Any

import pytest
from cast import ADMIN, AWA, DIOP, FALL, MOUSSA, NDIAYE, SARR
from steps import DAY, WEEK, ask, emergency, grant
from store import Clock, Store

from fadjma.access import actions, grants, patient_lists, queries
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, Forbidden, NotFound


def _stored(store: Store) -> list[tuple[Any, ...]]:
    return store.rows("SELECT id, status FROM access_requests ORDER BY created_at, id")


def _open(store: Store, part: str = "summary", doctor: Viewer = DIOP) -> bool:
    return store.read(grants.grant, doctor.id, AWA.id, part) is not None


def test_a_revoked_grant_opens_nothing_from_then_on(store: Store) -> None:
    request_id = grant(store)
    assert _open(store)
    news = store.news(actions.revoke, AWA, request_id, reason="J'ai changé de médecin")
    assert not _open(store)
    assert news == {DIOP.id: ["access.revoked"], AWA.id: [None]}
    assert store.audit()[-1] == (AWA.id, "access_request.revoked", "success")


def test_an_access_in_emergency_can_be_revoked(store: Store) -> None:
    request_id = emergency(store)
    assert _open(store, "records")
    store.write(actions.revoke, AWA, request_id)
    assert not _open(store, "records")


def test_a_grant_is_revoked_once(store: Store) -> None:
    request_id = store.write(actions.revoke, AWA, grant(store))
    with pytest.raises(Conflict) as refusal:
        store.write(actions.revoke, AWA, request_id)
    assert refusal.value.current == "revoked"


def test_a_pending_request_is_not_revoked_but_rejected(store: Store) -> None:
    with pytest.raises(Conflict) as refusal:
        store.write(actions.revoke, AWA, ask(store))
    assert refusal.value.current == "pending"


def test_the_doctor_withdraws_a_pending_request_and_it_is_kept(store: Store) -> None:
    request_id = ask(store)
    news = store.news(actions.withdraw, DIOP, request_id)
    assert news == {AWA.id: ["access.withdrawn"], DIOP.id: [None]}
    assert _stored(store) == [(request_id, "withdrawn")]


def test_another_doctor_cannot_withdraw_it(store: Store) -> None:
    request_id = ask(store)
    with pytest.raises(NotFound):
        store.write(actions.withdraw, SARR, request_id)
    assert _stored(store) == [(request_id, "pending")]


@pytest.mark.parametrize("person", [AWA, MOUSSA, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_doctor_withdraws(store: Store, person: Viewer) -> None:
    request_id = ask(store)
    with pytest.raises(Forbidden):
        store.write(actions.withdraw, person, request_id)
    assert _stored(store) == [(request_id, "pending")]


def test_a_grant_cannot_be_withdrawn(store: Store) -> None:
    with pytest.raises(Conflict) as refusal:
        store.write(actions.withdraw, DIOP, grant(store))
    assert refusal.value.current == "approved"


class TestTime:
    def test_a_request_lapses_after_72_hours_when_it_is_read(self, store: Store, clock: Clock) -> None:
        request_id = ask(store)
        clock.advance(hours=72, milliseconds=-1)
        assert store.read(queries.access_request, AWA, request_id).status == "pending"
        clock.advance(milliseconds=1)
        assert store.read(queries.access_request, AWA, request_id).status == "lapsed"
        assert [item.status for item in store.read(queries.access_requests, DIOP)] == ["lapsed"]
        assert _stored(store) == [(request_id, "pending")]  # nothing has been written

    def test_lists_by_state_go_by_the_clock_too(self, store: Store, clock: Clock) -> None:
        ask(store)
        grant(store, SARR, duration=DAY)
        clock.advance(hours=72)
        assert store.read(queries.access_requests, AWA, place="now") == []
        assert store.read(queries.access_requests, AWA, place="flow") == []
        over = store.read(queries.access_requests, AWA, place="rest")
        assert {item.doctor_id: item.status for item in over} == {DIOP.id: "lapsed", SARR.id: "expired"}
        assert store.read(queries.access_requests, DIOP, place="flow") == []
        assert store.read(queries.access_requests, AWA) == over

    def test_a_grant_expires_when_it_is_read(self, store: Store, clock: Clock) -> None:
        request_id = grant(store, duration=DAY)
        clock.advance(days=1, milliseconds=-1)
        assert _open(store)
        clock.advance(milliseconds=1)
        assert not _open(store)
        assert store.read(queries.access_request, DIOP, request_id).status == "expired"
        assert store.read(patient_lists.patients_of, DIOP) == []
        assert store.read(grants.doctors_with_grant, AWA.id, "summary") == []

    def test_an_expired_grant_is_not_revoked(self, store: Store, clock: Clock) -> None:
        request_id = grant(store, duration=DAY)
        clock.advance(days=1)
        with pytest.raises(Conflict) as refusal:
            store.write(actions.revoke, AWA, request_id)
        assert refusal.value.current == "expired"

    def test_a_lapsed_request_is_not_withdrawn(self, store: Store, clock: Clock) -> None:
        request_id = ask(store)
        clock.advance(hours=72)
        with pytest.raises(Conflict) as refusal:
            store.write(actions.withdraw, DIOP, request_id)
        assert refusal.value.current == "lapsed"

    def test_the_timekeeper_tells_the_doctor_of_a_lapse(self, store: Store, clock: Clock) -> None:
        request_id = ask(store)
        clock.advance(hours=72)
        assert store.news(actions.lapse, 200) == {DIOP.id: ["access.lapsed"], AWA.id: [None]}
        assert _stored(store) == [(request_id, "lapsed")]
        assert store.audit()[-1] == (None, "access_request.lapsed", "success")

    @pytest.mark.parametrize("open_file", [lambda store: grant(store, duration=3 * DAY // 24), emergency])
    def test_the_timekeeper_tells_both_of_an_expiry(self, store: Store, clock: Clock, open_file: Any) -> None:
        request_id = open_file(store)
        clock.advance(hours=3)
        assert store.news(actions.expire, 200) == {DIOP.id: ["access.expired"], AWA.id: ["access.expired"]}
        assert _stored(store) == [(request_id, "expired")]

    def test_time_tells_once(self, store: Store, clock: Clock) -> None:
        grant(store, SARR)
        ask(store)
        clock.advance(days=8)
        assert (store.write(actions.lapse, 200), store.write(actions.expire, 200)) == (1, 1)
        assert store.news(actions.lapse, 200) == {}
        assert store.news(actions.expire, 200) == {}

    def test_time_leaves_alone_what_is_not_over(self, store: Store, clock: Clock) -> None:
        grant(store, SARR, duration=2 * WEEK)
        ask(store)
        clock.advance(hours=71)
        assert (store.write(actions.lapse, 200), store.write(actions.expire, 200)) == (0, 0)

    def test_time_works_in_portions(self, store: Store, clock: Clock) -> None:
        for doctor, patient in ((DIOP, AWA), (SARR, AWA), (DIOP, MOUSSA)):
            ask(store, doctor, patient)
        clock.advance(hours=72)
        assert [store.write(actions.lapse, 2) for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize("open_file", [grant, emergency])
def test_an_open_file_is_under_way_for_both_until_it_ends(store: Store, open_file: Any) -> None:
    request_id = open_file(store)

    def places() -> list[str]:
        return [store.read(queries.access_request, who, request_id).place(who.role) for who in (AWA, DIOP)]

    assert places() == ["flow", "flow"]
    store.clock.advance(days=8)
    assert places() == ["rest", "rest"]


def test_a_request_that_waits_is_the_patients_turn_and_under_way_for_the_doctor(store: Store) -> None:
    request_id = ask(store)
    places = [store.read(queries.access_request, who, request_id).place(who.role) for who in (AWA, DIOP)]
    assert places == ["now", "flow"]
