"""What the page of a request offers is what is accepted, and what is accepted is offered: everybody, in every state."""

from collections.abc import Callable
from functools import partial
from typing import get_args

import pytest
from cast import AWA, CAST, DIOP
from steps import DAY, HOUR, KEY, ask, emergency, grant
from store import Store

from fadjma.access import actions, queries, states
from fadjma.access.states import Act, Status
from fadjma.identity import patient_pins
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, NotFound, Refusal
from fadjma.store import Transaction

PIN = "407192"
OFFERED = [act for act in states.ACTS if act.offer]
DOING: dict[str, Callable[[Transaction, Viewer, str], str]] = {
    "approve": partial(actions.approve, scope="full", duration=DAY),
    "approve_in_person": partial(actions.approve_in_person, pin=PIN, key=KEY, scope="full", duration=DAY),
    "change": partial(actions.change, scope="summary", duration=DAY),
    "reject": partial(actions.reject, reason="Je ne vous connais pas"),
    "revoke": partial(actions.revoke, reason="J'ai changé de médecin"),
    "withdraw": actions.withdraw,
}
BY: dict[str, Viewer] = {"patient": AWA, "doctor": DIOP}


class _Undone(Exception):
    """It was accepted, and is not to stay."""


def _put(store: Store, state: str) -> str:
    """Dr Diop's request for Awa's file in this state, without the story before. Awa has a PIN."""
    now = store.clock()
    store.write(patient_pins.give, AWA.id, key=KEY, by="thiam", document="CNI", chosen=PIN)
    store.connection.execute(
        "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, scope, emergency_code, created_at, "
        "lapses_at, decided_at, expires_at) VALUES (?, 'awa', 'diop', ?, 'Suivi', 'full', 'unconscious', ?, ?, ?, ?)",
        (state, state, now, now + states.LAPSES_AFTER, now, now + DAY),
    )
    return state


def _is_accepted(store: Store, act: Act, person: Viewer, request_id: str) -> bool:
    def attempt(tx: Transaction) -> None:
        DOING[act.name](tx, person, request_id)
        raise _Undone

    try:
        store.write(attempt)
    except _Undone:
        return True
    except Refusal:
        return False
    raise AssertionError("an attempt always ends otherwise")


def _offered(store: Store, person: Viewer, request_id: str) -> set[str]:
    try:
        return {act.name for act in store.read(queries.access_request, person, request_id).offered(person)}
    except NotFound:
        return set()


def test_every_act_of_the_table_that_is_offered_can_be_tried() -> None:
    assert DOING.keys() == {act.name for act in OFFERED}
    assert tuple(states.STATES) == get_args(Status)


@pytest.mark.parametrize("days", [0, 3], ids=["in time", "when its time is over"])
@pytest.mark.parametrize("state", states.STATES)
def test_what_is_offered_is_what_is_accepted(store: Store, state: str, days: int) -> None:
    request_id = _put(store, state)
    store.clock.advance(days=days)
    for person in CAST:
        accepted = {act.name for act in OFFERED if _is_accepted(store, act, person, request_id)}
        assert _offered(store, person, request_id) == accepted
        by_table = {act.name for act in OFFERED if state in act.sources and person is BY[act.by]}
        assert accepted == (set() if days else by_table)


@pytest.mark.parametrize("act", OFFERED, ids=lambda act: act.name)
def test_an_act_leads_where_the_table_says_and_tells_whom_it_says(store: Store, act: Act) -> None:
    for state in act.sources:
        request_id = _put(store, state)
        news = store.news(DOING[act.name], BY[act.by], request_id)
        assert news == {BY[side].id: [act.told.get(side)] for side in ("patient", "doctor")}, state
        stored = store.rows("SELECT status, version FROM access_requests WHERE id = ?", request_id)
        assert stored == [(act.target, 2)]
        assert store.audit()[-1] == (BY[act.by].id, act.action, "success")


@pytest.mark.parametrize("act", OFFERED, ids=lambda act: act.name)
def test_an_act_that_comes_too_late_says_what_it_is_now(store: Store, act: Act) -> None:
    for state in states.STATES:
        if state not in act.sources:
            request_id = _put(store, state)
            before = store.content()
            with pytest.raises(Conflict) as refusal:
                store.write(DOING[act.name], BY[act.by], request_id)
            assert refusal.value.current == state
            assert store.content() == before


def test_what_another_process_has_just_changed_is_not_changed_over_it(store: Store) -> None:
    request_id = ask(store)
    seen = store.read(queries.access_request, AWA, request_id)
    store.write(actions.withdraw, DIOP, request_id)
    assert store.write(actions._write, seen, states.REJECT, {}) == 0
    assert store.value("SELECT status FROM access_requests") == "withdrawn"


def test_what_ends_by_time_ends_when_it_was_to_end(store: Store) -> None:
    ended = {ask(store): store.clock() + states.LAPSES_AFTER}
    store.clock.advance(days=4)
    store.write(actions.lapse, 200)
    ended[grant(store, duration=DAY)] = store.clock() + DAY
    ended[emergency(store)] = store.clock() + 3 * HOUR
    store.clock.advance(days=2)
    store.write(actions.expire, 200)
    assert dict(store.rows("SELECT id, ended_at FROM access_requests")) == ended
