"""Whoever reads a prescription that is neither theirs nor written by them is in the patient's trace."""

import pytest
from cast import AWA, DIOP, FALL, JAMM, NDIAYE, SARR
from steps import grant, issued, validated
from store import Clock, Store

from fadjma.access import queries as access
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions
from fadjma.refusals import NotFound


def _read(store: Store, person: Viewer, prescription_id: str, *, again: bool = False) -> None:
    """As the page does it: only what is to be written down takes its turn among those who write."""
    if store.read(actions.look, person, prescription_id, again=again) is None:
        store.write(actions.open_prescription, person, prescription_id, again=again)


def _trace(store: Store) -> list[tuple[str, str, str]]:
    return [(one.name, one.place, one.action) for one in store.read(access.trace, AWA, AWA.id)]


@pytest.mark.parametrize("claimed", [True, False], ids=["claimed", "addressed"])
def test_a_pharmacists_reading_is_traced(store: Store, claimed: bool) -> None:
    prescription_id = validated(store) if claimed else issued(store)
    _read(store, NDIAYE, prescription_id)
    assert _trace(store) == [(NDIAYE.name, NDIAYE.organization, "prescription.read")]


def test_a_colleagues_reading_is_traced_with_its_ground(store: Store) -> None:
    prescription_id = issued(store)
    granted = grant(store, SARR, scope="prescriptions")
    assert store.news(actions.open_prescription, SARR, prescription_id) == {AWA.id: [None]}
    assert store.rows("SELECT actor_id, ground FROM audit_events WHERE action = 'prescription.read'") == [
        (SARR.id, granted)
    ]


def test_one_that_is_open_to_all_shows_nobody_and_leaves_no_trace(store: Store) -> None:
    prescription_id = issued(store, pharmacy=None)
    _read(store, NDIAYE, prescription_id)
    _read(store, FALL, prescription_id)
    assert _trace(store) == []


def test_nor_does_the_reading_of_ones_own(store: Store) -> None:
    prescription_id = issued(store, pharmacy=JAMM)
    _read(store, AWA, prescription_id)
    _read(store, DIOP, prescription_id)
    assert _trace(store) == []
    with pytest.raises(NotFound):
        _read(store, FALL, prescription_id)


@pytest.mark.parametrize("person", [NDIAYE, SARR], ids=lambda person: person.id)
def test_a_page_that_asks_again_by_itself_goes_on_reading_for_an_hour(
    store: Store, clock: Clock, person: Viewer
) -> None:
    first = issued(store)
    grant(store, SARR)
    _read(store, person, first, again=True)
    assert len(_trace(store)) == 1, "whoever says so has read it all the same"
    _read(store, person, first, again=True)
    assert len(_trace(store)) == 1
    clock.advance(minutes=30)
    _read(store, person, first)
    assert len(_trace(store)) == 2, "somebody opens it"
    clock.advance(hours=1)
    _read(store, person, first, again=True)
    assert len(_trace(store)) == 3


def test_each_reader_is_written_down(store: Store) -> None:
    prescription_id = issued(store)
    grant(store, SARR)
    for person in (NDIAYE, SARR):
        _read(store, person, prescription_id, again=True)
    assert {name for name, _, _ in _trace(store)} == {NDIAYE.name, SARR.name}
