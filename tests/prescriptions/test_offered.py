"""What the page offers is what is accepted, and what is accepted is offered: for everybody, in every state."""

import re
from typing import get_args

import pytest
from cast import AWA, CAST, DIOP, JAMM, SARR
from doing import BY, DOING, OFFERED, make_possible, put, want_it_brought
from steps import grant
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries, states
from fadjma.prescriptions.states import Act, Status
from fadjma.refusals import NotFound, Refusal
from fadjma.store import Transaction

STATES = get_args(Status)


class _Undone(Exception):
    """It was accepted, and is not to stay."""


def _accepted(store: Store, person: Viewer, prescription_id: str) -> set[str]:
    return {act.name for act in OFFERED if _is_accepted(store, act, person, prescription_id)}


def _is_accepted(store: Store, act: Act, person: Viewer, prescription_id: str) -> bool:
    def attempt(tx: Transaction) -> None:
        DOING[act.name](tx, person, prescription_id)
        raise _Undone

    try:
        store.write(attempt)
    except _Undone:
        return True
    except Refusal:
        return False
    raise AssertionError("an attempt always ends otherwise")


def _offered(store: Store, person: Viewer, prescription_id: str) -> set[str]:
    try:
        found = store.read(queries.prescription_in_full, person, prescription_id)
    except NotFound:
        return set()
    return {act.name for act in found.offered(person)}


def _compare(store: Store, prescription_id: str) -> dict[str, set[str]]:
    """What each person can do with it, when that is what they are offered."""
    found = {person.id: _accepted(store, person, prescription_id) for person in CAST}
    assert {person.id: _offered(store, person, prescription_id) for person in CAST} == found
    return {person: acts for person, acts in found.items() if acts}


def test_every_act_of_the_table_that_is_offered_can_be_tried() -> None:
    assert DOING.keys() == {act.name for act in OFFERED}


def test_every_state_is_in_the_table() -> None:
    assert tuple(states.STATES) == STATES
    assert {act.target for act in states.ACTS} >= {*STATES}


@pytest.mark.parametrize("state", STATES)
def test_an_act_of_staff_has_a_letter_that_no_other_has_in_its_state(state: Status) -> None:
    """j, k, / and ? are those of static/keys.js."""
    for by in get_args(states.By):
        letters = [act.offer.letter for act in states.ACTS if act.offer and act.by == by and state in act.sources]
        if by == "patient":
            assert not any(letters)
        else:
            assert all(re.fullmatch("[a-il-z]", letter) for letter in letters)
            assert len(letters) == len({*letters})


@pytest.mark.parametrize("brought", [False, True], ids=["fetched", "to be brought"])
@pytest.mark.parametrize("state", STATES)
def test_what_is_offered_is_what_is_accepted(store: Store, state: str, brought: bool) -> None:
    grant(store)
    grant(store, SARR)
    prescription_id = put(store, state)
    if brought:
        want_it_brought(store, prescription_id)
    everybody = _compare(store, prescription_id)
    possible = {
        "always",
        "to be corrected",
        "not just handed over",
        *(["delivery requested", "delivery asked"] if brought else []),
    }
    by_table = {act.by for act in states.ACTS if act.offer and state in act.sources and act.offer.when in possible}
    sides = {"awa": "patient", "diop": "prescriber", "ndiaye": "pharmacists", "gomis": "pharmacists"}
    assert {sides[person] for person in everybody} == by_table


@pytest.mark.parametrize(
    ("act", "state"),
    [(act, state) for act in OFFERED if act.offer and act.offer.when != "to be corrected" for state in act.sources],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
def test_what_needs_more_than_the_state_is_offered_with_it(store: Store, act: Act, state: str) -> None:
    prescription_id = put(store, state)
    make_possible(store, act, prescription_id)
    who = BY[act.by]
    assert act.name in _accepted(store, who, prescription_id) & _offered(store, who, prescription_id)


def test_one_that_is_open_to_any_pharmacy_is_offered_to_all(store: Store) -> None:
    everybody = _compare(store, put(store, "issued", addressed_to=None))
    assert {person for person, acts in everybody.items() if "validate" in acts} == {"ndiaye", "gomis", "fall"}


@pytest.mark.parametrize("pharmacy", [JAMM, None], ids=["addressed", "open to any"])
@pytest.mark.parametrize("state", states.EXPIRE.sources)
def test_what_has_expired_by_the_clock_is_offered_to_nobody(store: Store, state: str, pharmacy: str | None) -> None:
    prescription_id = put(store, state, addressed_to=pharmacy)
    store.clock.advance(days=90)
    grant(store)
    assert _compare(store, prescription_id) == {}


def test_what_is_corrected_is_corrected_once(store: Store) -> None:
    grant(store)
    prescription_id = put(store, "refused")
    assert "correct" in _compare(store, prescription_id)["diop"]
    store.write(DOING["correct"], DIOP, prescription_id)
    assert _compare(store, prescription_id)["diop"] == {"cancel", "mark_error"}


def test_nothing_is_corrected_in_a_file_that_is_closed(store: Store) -> None:
    assert _compare(store, put(store, "refused"))["diop"] == {"cancel", "mark_error"}
    grant(store, scope="summary")
    assert _compare(store, "refused")["diop"] == {"cancel", "mark_error"}


def test_on_its_way_it_can_still_be_declared_an_error(store: Store) -> None:
    assert _compare(store, put(store, "in_delivery"))["diop"] == {"mark_error"}


def test_what_waits_can_be_taken_up_again_or_prepared(store: Store) -> None:
    found = _compare(store, put(store, "on_hold"))["ndiaye"]
    assert found == {"validate", "prepare", "refuse", "release"}
    assert states.VALIDATE.offer
    assert states.VALIDATE.offer.button_from("on_hold") != states.VALIDATE.offer.button_from("issued")


def test_a_code_is_renewed_where_there_is_one_to_show(store: Store) -> None:
    for state in STATES:
        assert ("renew_code" in _compare(store, put(store, state)).get(AWA.id, ())) == (state in states.DELIVER.sources)
