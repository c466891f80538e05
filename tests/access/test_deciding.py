"""The patient approves or rejects: alone, once, and only what is still pending."""

from typing import Any

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, MOUSSA, NDIAYE, SARR
from steps import DAY, HOUR, ask, grant
from store import Clock, Store

from fadjma.access import actions, queries
from fadjma.access.queries import AccessRequest
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, Forbidden, NotFound

APPROVE = {"scope": "summary", "duration": DAY}


def _request(store: Store, request_id: str) -> AccessRequest:
    return store.read(queries.access_request, AWA, request_id)


def test_the_patient_decides_scope_and_duration(store: Store, clock: Clock) -> None:
    request_id = store.write(actions.ask, DIOP, patient_id=AWA.id, reason="Suivi", scope="full")
    store.write(actions.approve, AWA, request_id, scope="summary", duration=DAY)
    request = _request(store, request_id)
    assert (request.status, request.scope, request.expires_at) == ("approved", "summary", clock() + DAY)
    assert (request.decided_at, request.version) == (clock(), 2)


def test_the_doctor_is_told_of_an_approval_and_nobody_else(store: Store) -> None:
    news = store.news(actions.approve, AWA, ask(store), scope="full", duration=DAY)
    assert news == {DIOP.id: ["access.approved"], AWA.id: [None]}
    assert store.audit()[-1] == (AWA.id, "access_request.approved", "success")


def test_the_doctor_is_told_of_a_rejection_with_or_without_a_reason(store: Store) -> None:
    news = store.news(actions.reject, AWA, ask(store), reason="Je ne vous connais pas")
    assert news == {DIOP.id: ["access.rejected"], AWA.id: [None]}
    store.write(actions.reject, AWA, ask(store, SARR))


def test_a_rejection_keeps_its_reason(store: Store) -> None:
    request_id = ask(store)
    store.write(actions.reject, AWA, request_id, reason="Je ne vous connais pas")
    request = _request(store, request_id)
    assert (request.status, request.decision_reason) == ("rejected", "Je ne vous connais pas")


@pytest.mark.parametrize(
    ("act", "what"),
    [(actions.approve, APPROVE), (actions.reject, {}), (actions.revoke, {})],
    ids=lambda value: getattr(value, "__name__", ""),
)
class TestWhoMayNot:
    def test_another_patient_sees_no_such_request(self, store: Store, act: Any, what: dict[str, Any]) -> None:
        request_id = ask(store)
        before = store.content()
        with pytest.raises(NotFound):
            store.write(act, MOUSSA, request_id, **what)
        assert store.content() == before

    @pytest.mark.parametrize("person", [DIOP, SARR, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
    def test_nobody_decides_for_the_patient(self, store: Store, act: Any, what: dict[str, Any], person: Viewer) -> None:
        request_id = ask(store)
        before = store.content()
        with pytest.raises(Forbidden):
            store.write(act, person, request_id, **what)
        assert store.content() == before

    def test_an_unknown_request_does_not_exist(self, store: Store, act: Any, what: dict[str, Any]) -> None:
        with pytest.raises(NotFound):
            store.write(act, AWA, "unknown", **what)


def test_a_decision_is_made_once(store: Store) -> None:
    request_id = grant(store)
    for act, what in ((actions.approve, APPROVE), (actions.reject, {})):
        with pytest.raises(Conflict) as refusal:
            store.write(act, AWA, request_id, **what)
        assert refusal.value.current == "approved"
    assert store.told(DIOP) == ["access.approved"]


def test_what_has_lapsed_is_not_approved_also_before_it_is_written_down(store: Store, clock: Clock) -> None:
    request_id = ask(store)
    clock.advance(hours=72)
    for act, what in ((actions.approve, APPROVE), (actions.reject, {})):
        with pytest.raises(Conflict) as refusal:
            store.write(act, AWA, request_id, **what)
        assert refusal.value.current == "lapsed"


def test_what_is_withdrawn_is_not_approved(store: Store) -> None:
    request_id = store.write(actions.withdraw, DIOP, ask(store))
    with pytest.raises(Conflict) as refusal:
        store.write(actions.approve, AWA, request_id, scope="full", duration=HOUR)
    assert refusal.value.current == "withdrawn"


def test_only_the_two_parties_read_a_request(store: Store) -> None:
    request_id = ask(store)
    for person in CAST:
        if person in (AWA, DIOP):
            assert store.read(queries.access_request, person, request_id).id == request_id
            assert [item.id for item in store.read(queries.access_requests, person)] == [request_id]
        else:
            with pytest.raises(NotFound):
                store.read(queries.access_request, person, request_id)
            assert store.read(queries.access_requests, person) == []
