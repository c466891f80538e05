"""Which pharmacies have all of a prescription now: yes or no, of those that let it be known."""

from datetime import date

import pytest
from cast import AMOXICILLIN, AWA, DIOP, FALL, GOMIS, JAMM, KADD, NDIAYE, PARACETAMOL
from steps import in_days, issued, receive
from store import Clock, Store

from fadjma.identity.people import Viewer
from fadjma.inventory import choices, coverage
from fadjma.prescriptions import dispensing
from fadjma.refusals import Conflict, Forbidden

WANTED = {PARACETAMOL: 20, AMOXICILLIN: 10}


def _choose(store: Store, pharmacist: Viewer, *, duty: tuple[date, date] | None = None, shows: bool = True) -> None:
    version = store.read(choices.choices, pharmacist).version
    first, last = duty or (None, None)
    store.write(choices.choose, pharmacist, shows_cover=shows, duty_from=first, duty_to=last, version=version)


def _stocked(store: Store) -> None:
    for pharmacist in (NDIAYE, FALL):
        receive(store, 20, pharmacist=pharmacist)
        receive(store, 10, medicine_id=AMOXICILLIN, pharmacist=pharmacist)


def _covering(store: Store) -> list[str]:
    return [one.id for one in store.read(coverage.covering, WANTED)]


def test_only_of_a_pharmacy_that_lets_it_be_known(store: Store) -> None:
    _stocked(store)
    assert _covering(store) == []
    _choose(store, NDIAYE)
    assert _covering(store) == [JAMM]
    _choose(store, FALL)
    assert _covering(store) == [JAMM, KADD]
    _choose(store, NDIAYE, shows=False)
    assert _covering(store) == [KADD]


def test_every_line_counts_in_what_is_usable(store: Store, clock: Clock) -> None:
    _choose(store, NDIAYE)
    receive(store, 20, expires_on=in_days(store, 2))
    receive(store, 9, medicine_id=AMOXICILLIN)
    assert _covering(store) == []
    receive(store, 1, medicine_id=AMOXICILLIN, number="L2")
    assert _covering(store) == [JAMM]
    prescription_id = store.write(dispensing.validate, NDIAYE, issued(store, 1))
    store.write(dispensing.prepare, NDIAYE, prescription_id, confirmed=True)
    assert _covering(store) == [], "what is kept for somebody is not there"
    receive(store, 1, number="L3")
    assert _covering(store) == [JAMM]
    clock.advance(days=3)
    assert _covering(store) == [], "what has expired is not there"


def test_those_on_duty_today_come_first(store: Store, clock: Clock) -> None:
    _stocked(store)
    _choose(store, NDIAYE)
    today = date.fromisoformat(in_days(store, 0))
    _choose(store, FALL, duty=(today, date.fromisoformat(in_days(store, 1))))
    assert [(one.id, one.on_duty) for one in store.read(coverage.covering, WANTED)] == [(KADD, True), (JAMM, False)]
    clock.advance(days=2)
    assert [(one.id, one.on_duty) for one in store.read(coverage.covering, WANTED)] == [(JAMM, False), (KADD, False)]


def test_nothing_is_said_of_how_much_there_is(store: Store) -> None:
    _stocked(store)
    _choose(store, NDIAYE)
    [one] = store.read(coverage.covering, {PARACETAMOL: 1})
    assert one.json().keys() == {"id", "name", "city", "on_duty"}
    for wanted in ({}, {f"m{n}": 0 for n in range(16)}):
        assert store.read(coverage.covering, wanted) == []


def test_colleagues_do_not_overwrite_each_other(store: Store) -> None:
    _choose(store, NDIAYE)
    with pytest.raises(Conflict):
        store.write(choices.choose, GOMIS, shows_cover=False, duty_from=None, duty_to=None, version=1)
    assert store.read(choices.choices, GOMIS).shows_cover
    assert not store.read(choices.choices, FALL).shows_cover


@pytest.mark.parametrize("person", [AWA, DIOP], ids=lambda person: person.id)
def test_only_a_pharmacist_chooses(store: Store, person: Viewer) -> None:
    with pytest.raises(Forbidden):
        store.write(choices.choose, person, shows_cover=True, duty_from=None, duty_to=None, version=1)
