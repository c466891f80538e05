"""What a grant opens: the summary, the prescriptions, or everything; and never more."""

from typing import Any

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, GOMIS, MOUSSA, NDIAYE, SARR
from steps import emergency, grant, issue, write_record
from store import Clock, Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import lists
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import queries
from fadjma.refusals import NotFound

SUMMARY = {"allergy", "vaccination"}
EVERYTHING = {*SUMMARY, "consultation", "test_result"}


@pytest.fixture
def file(store: Store) -> dict[str, str]:
    """Dr Diop has written one record of each type and a prescription; the ids by type."""
    grant(store)
    written = {type: write_record(store, type=type) for type in sorted(EVERYTHING)}
    return {**written, "the prescription": issue(store)}


def _may(store: Store, person: Viewer, read: Any, *what: str) -> bool:
    try:
        store.read(read, person, *what)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize(
    ("scope", "types", "sees_prescriptions", "writes"),
    [("summary", SUMMARY, False, False), ("prescriptions", SUMMARY, True, False), ("full", EVERYTHING, True, True)],
)
def test_a_scope_opens_its_part(
    store: Store, file: dict[str, str], scope: str, types: set[str], sees_prescriptions: bool, writes: bool
) -> None:
    grant(store, SARR, scope=scope)
    found = store.read(queries.file, SARR, AWA.id)
    assert {record.type for record in found.records} == types
    assert (found.may_see_prescriptions, found.may_write) == (sees_prescriptions, writes)
    assert {type for type in EVERYTHING if _may(store, SARR, queries.record, file[type])} == types
    assert _may(store, SARR, prescriptions.prescription, file["the prescription"]) == sees_prescriptions
    assert _may(store, SARR, lists.of_patient, AWA.id) == sees_prescriptions


def test_the_patient_sees_everything_and_writes_nothing(store: Store, file: dict[str, str]) -> None:
    found = store.read(queries.file, AWA, AWA.id)
    assert {record.type for record in found.records} == EVERYTHING
    assert (found.grant, found.may_write, found.may_see_prescriptions) == (None, False, True)


@pytest.mark.parametrize("person", [MOUSSA, SARR, NDIAYE, GOMIS, FALL, ADMIN], ids=lambda person: person.id)
def test_for_everybody_else_there_is_no_file(store: Store, file: dict[str, str], person: Viewer) -> None:
    assert not _may(store, person, queries.file, AWA.id)
    assert not any(_may(store, person, queries.record, file[type]) for type in EVERYTHING)
    assert not any(_may(store, person, queries.record_with_versions, file[type]) for type in EVERYTHING)


def test_a_grant_opens_the_file_of_one_patient(store: Store, file: dict[str, str]) -> None:
    assert not _may(store, DIOP, queries.file, MOUSSA.id)


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.id)
def test_a_file_that_does_not_exist_is_nobodys(store: Store, person: Viewer) -> None:
    assert not _may(store, person, queries.file, "unknown")
    assert not _may(store, person, queries.record, "unknown")


def test_an_emergency_opens_everything_for_three_hours(store: Store, file: dict[str, str], clock: Clock) -> None:
    emergency(store, SARR)
    assert {record.type for record in store.read(queries.file, SARR, AWA.id).records} == EVERYTHING
    clock.advance(hours=3)
    assert not _may(store, SARR, queries.file, AWA.id)


def test_an_emergency_beside_a_grant_of_a_part_opens_everything(store: Store, file: dict[str, str]) -> None:
    grant(store, SARR, scope="summary")
    emergency(store, SARR)
    assert {record.type for record in store.read(queries.file, SARR, AWA.id).records} == EVERYTHING


def test_what_was_entered_in_error_stays_within_its_scope(store: Store, file: dict[str, str]) -> None:
    store.connection.execute("UPDATE records SET status = 'entered_in_error'")
    grant(store, SARR, scope="summary")
    assert {record.type for record in store.read(queries.file, SARR, AWA.id).records} <= SUMMARY


def test_a_long_file_is_read_page_by_page_without_gap_or_repetition(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PER_PAGE", 3)
    grant(store)
    written = [write_record(store) for _ in range(8)]
    shown: list[str] = []
    before = None
    while True:
        page = store.read(queries.file, AWA, AWA.id, before)
        shown += [record.id for record in page.records]
        before = page.records.next
        if before is None:
            break
        assert len(page.records) == 3
    assert sorted(shown) == sorted(written)
