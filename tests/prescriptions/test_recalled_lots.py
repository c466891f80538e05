"""Whoever received a lot is listed in one click, for the pharmacy that gave it, and sees that they were."""

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE, PARACETAMOL
from steps import KEY, code, delivered, grant, issue, prepared
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, recall
from fadjma.prescriptions.actions import NewLine
from fadjma.refusals import Forbidden, NotFound


def _lot(store: Store) -> str:
    found: str = store.value("SELECT id FROM lots")
    return found


def test_all_who_received_some_are_there_with_how_much(store: Store) -> None:
    first = delivered(store)
    store.clock.advance(days=1)
    second = store.write(dispensing.validate, NDIAYE, issue(store, 7))
    for step in (dispensing.prepare, dispensing.mark_ready):
        store.write(step, NDIAYE, second)
    store.write(dispensing.deliver, NDIAYE, second, key=KEY, code=code(store, second))
    found = store.write(recall.open_list, GOMIS, _lot(store))
    assert found.lot.number == "L1"
    assert [(one.prescription_id, one.quantity, one.patient.id) for one in found.recipients] == [
        (second, 7, AWA.id),
        (first, 20, AWA.id),
    ]


def test_what_is_only_kept_for_somebody_was_not_received(store: Store) -> None:
    prepared(store)
    assert store.write(recall.open_list, NDIAYE, _lot(store)).recipients == ()


def test_the_patient_sees_once_a_day_that_the_list_was_read(store: Store) -> None:
    delivered(store)
    store.clock.advance(days=1)
    for _ in range(2):
        store.write(recall.open_list, GOMIS, _lot(store))
    assert store.audit()[-1] == (GOMIS.id, "prescription.listed", "success")
    assert store.audit().count((GOMIS.id, "prescription.listed", "success")) == 1
    assert store.value("SELECT patient_id FROM audit_events ORDER BY rowid DESC LIMIT 1") == AWA.id


@pytest.mark.parametrize("person", [AWA, MOUSSA, DIOP, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_pharmacist_has_the_list(store: Store, person: Viewer) -> None:
    delivered(store)
    before = store.content()
    with pytest.raises(Forbidden):
        store.write(recall.open_list, person, _lot(store))
    assert store.content() == before


def test_another_pharmacy_has_no_such_lot(store: Store) -> None:
    delivered(store)
    with pytest.raises(NotFound):
        store.write(recall.open_list, FALL, _lot(store))


@pytest.mark.sqlite_only
def test_a_longer_list_asks_the_database_no_more_often(store: Store) -> None:
    """How each can be told was asked for each by itself."""

    def asked() -> int:
        counted: list[str] = []
        store.connection.set_trace_callback(counted.append)
        store.read(recall.listed, NDIAYE, _lot(store))
        store.connection.set_trace_callback(None)
        return len(counted)

    delivered(store)
    before = asked()
    grant(store, patient=MOUSSA)
    how = {"lines": [NewLine(PARACETAMOL, "1 le soir", 5, 5)], "pharmacy_id": JAMM, "confirmed": True}
    other = store.write(actions.issue, DIOP, MOUSSA.id, **how)
    for step in (dispensing.validate, dispensing.prepare, dispensing.mark_ready):
        store.write(step, NDIAYE, other)
    store.write(dispensing.deliver, NDIAYE, other, key=KEY, code=code(store, other))
    assert len(store.read(recall.listed, NDIAYE, _lot(store)).recipients) == 2
    assert asked() == before
