"""A doctor with a grant of the whole file adds a record."""

import pytest
from cast import ADMIN, AWA, DIOP, FALL, MOUSSA, NDIAYE, SARR
from steps import emergency, grant, write_record
from store import Clock, Store

from fadjma.access import actions as access
from fadjma.identity.people import Viewer
from fadjma.records import actions, queries
from fadjma.refusals import Forbidden, NotFound
from fadjma.store import Transaction


def _records(store: Store) -> int:
    found: int = store.value("SELECT count(*) FROM records")
    return found


def _create(tx: Transaction, type: str = "consultation") -> str:
    return actions.create(tx, DIOP, AWA.id, type=type, title="Note", body="Texte", occurred_on="2026-03-02")


def test_a_record_is_signed_by_its_author_and_belongs_to_the_patient(store: Store) -> None:
    grant(store)
    record = store.read(queries.record, AWA, write_record(store))
    assert (record.author_id, record.patient_id, record.type) == (DIOP.id, AWA.id, "consultation")
    assert (record.title, record.version, record.status) == ("Hypertension", 1, "current")


def test_the_patient_and_the_other_doctors_with_a_grant_are_told(store: Store) -> None:
    grant(store)
    grant(store, SARR)
    news = store.news(_create)
    assert news == {AWA.id: ["record.created"], SARR.id: ["record.shared"], DIOP.id: [None]}


def test_a_doctor_is_told_only_of_what_their_scope_opens(store: Store) -> None:
    grant(store)
    grant(store, SARR, scope="summary")
    assert SARR.id not in store.news(_create, "consultation")
    assert store.news(_create, "allergy")[SARR.id] == ["record.shared"]


def test_nobody_is_told_any_more_when_their_grant_has_ended(store: Store, clock: Clock) -> None:
    grant(store)
    store.write(access.revoke, AWA, grant(store, SARR))
    assert set(store.news(_create)) == {AWA.id, DIOP.id}


@pytest.mark.parametrize("scope", ["summary", "prescriptions"])
def test_a_grant_of_a_part_is_not_a_right_to_write(store: Store, scope: str) -> None:
    grant(store, scope=scope)
    with pytest.raises(Forbidden):
        write_record(store)
    assert _records(store) == 0


def test_an_access_in_emergency_opens_the_whole_file_for_writing(store: Store) -> None:
    emergency(store)
    assert write_record(store)


def test_a_doctor_without_a_grant_finds_no_file(store: Store) -> None:
    grant(store)
    with pytest.raises(NotFound):
        write_record(store, SARR)
    with pytest.raises(NotFound):
        write_record(store, DIOP, MOUSSA)


def test_a_doctor_whose_grant_has_ended_writes_no_more(store: Store, clock: Clock) -> None:
    request_id = grant(store)
    store.write(access.revoke, AWA, request_id)
    with pytest.raises(NotFound):
        write_record(store)
    grant(store)
    clock.advance(days=7)
    with pytest.raises(NotFound):
        write_record(store)
    assert _records(store) == 0


@pytest.mark.parametrize("person", [AWA, MOUSSA, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_doctor_writes(store: Store, person: Viewer) -> None:
    grant(store)
    with pytest.raises(Forbidden):
        write_record(store, person)
    assert _records(store) == 0
