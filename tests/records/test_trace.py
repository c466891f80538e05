"""Every reading of a file is written down, and the patient reads who it was, live."""

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, MOUSSA, NDIAYE, SARR
from steps import emergency, grant, write_record
from store import Clock, Store

from fadjma import events
from fadjma.access import queries as access
from fadjma.identity.people import Viewer
from fadjma.records import actions
from fadjma.refusals import NotFound


def _trace(store: Store) -> list[tuple[str, str, str]]:
    """What Awa reads, the newest first."""
    return [(one.name, one.action, one.outcome) for one in store.read(access.trace, AWA, AWA.id)]


def test_the_first_reading_of_a_day_is_told_and_the_next_ones_follow_silently(store: Store, clock: Clock) -> None:
    grant(store)
    assert store.news(actions.open_file, DIOP, AWA.id) == {AWA.id: ["record.read"]}
    clock.advance(hours=1)
    assert store.news(actions.open_file, DIOP, AWA.id) == {AWA.id: [None]}
    clock.advance(hours=24)
    assert store.news(actions.open_file, DIOP, AWA.id) == {AWA.id: ["record.read"]}


def test_a_day_begins_at_midnight(store: Store, clock: Clock) -> None:
    grant(store)
    clock.advance(hours=14, minutes=59)
    store.write(actions.open_file, DIOP, AWA.id)
    clock.advance(minutes=1)  # midnight to the millisecond
    assert store.news(actions.open_file, DIOP, AWA.id) == {AWA.id: ["record.read"]}
    assert store.news(actions.open_file, DIOP, AWA.id) == {AWA.id: [None]}


def test_each_doctor_is_told_of_once_a_day(store: Store) -> None:
    grant(store)
    grant(store, SARR)
    store.write(actions.open_file, DIOP, AWA.id)
    assert store.news(actions.open_file, SARR, AWA.id) == {AWA.id: ["record.read"]}


def test_a_record_opened_by_itself_is_a_reading_too(store: Store) -> None:
    grant(store)
    record_id = write_record(store)
    assert store.news(actions.open_record, DIOP, record_id) == {AWA.id: ["record.read"]}
    assert store.news(actions.open_file, DIOP, AWA.id) == {AWA.id: [None]}
    assert sorted(_trace(store)) == [(DIOP.name, "file.read", "success"), (DIOP.name, "record.read", "success")]


def test_a_refused_reading_is_written_down_and_shown_silently(store: Store, clock: Clock) -> None:
    grant(store)
    record_id = write_record(store)
    assert store.news(actions.open_file, SARR, AWA.id) == {AWA.id: [None]}
    clock.advance(hours=1)
    assert store.news(actions.open_record, SARR, record_id) == {AWA.id: [None]}
    assert _trace(store) == [(SARR.name, "file.read", "refused")] * 2


def test_asking_again_and_again_is_written_down_once_an_hour(store: Store, clock: Clock) -> None:
    """Or anybody could push the real readings out of sight, a durable write each time."""
    grant(store)
    record_id = write_record(store)
    for _ in range(3):
        store.write(actions.open_file, SARR, AWA.id)
        store.write(actions.open_record, SARR, record_id)
        store.write(actions.open_file, FALL, AWA.id)
        store.write(actions.open_file, SARR, MOUSSA.id)
    assert sorted(_trace(store)) == sorted((one.name, "file.read", "refused") for one in (SARR, FALL))
    clock.advance(minutes=59, seconds=59)
    assert store.news(actions.open_file, SARR, AWA.id) == {}
    clock.advance(seconds=1)
    assert store.news(actions.open_file, SARR, AWA.id) == {AWA.id: [None]}


def test_a_refusal_hides_no_reading_and_a_reading_no_refusal(store: Store) -> None:
    store.write(actions.open_file, SARR, AWA.id)
    grant(store, SARR, scope="summary")
    store.write(actions.open_file, SARR, AWA.id, again=True)
    assert [outcome for _, _, outcome in _trace(store)] == ["success", "refused"]


def test_a_page_that_asks_again_by_itself_goes_on_reading_for_an_hour(store: Store, clock: Clock) -> None:
    grant(store)
    first, second = write_record(store), write_record(store)
    assert store.news(actions.open_record, DIOP, first, again=True), "whoever says so has read it all the same"
    assert store.news(actions.open_record, DIOP, first, again=True) == {}
    assert store.news(actions.open_record, DIOP, second, again=True)
    assert store.news(actions.open_file, DIOP, AWA.id, again=True)
    assert store.news(actions.open_file, DIOP, AWA.id, again=True) == {}
    assert store.news(actions.open_record, DIOP, first), "somebody opens it"
    clock.advance(hours=1)
    assert store.news(actions.open_record, DIOP, first, again=True)


def test_a_refused_reading_shows_nothing(store: Store) -> None:
    grant(store)
    record_id = write_record(store)
    assert store.write(actions.open_file, SARR, AWA.id) is None
    assert store.write(actions.open_record, SARR, record_id) is None


def test_a_refused_reading_does_not_use_up_the_first_of_the_day(store: Store) -> None:
    store.write(actions.open_file, DIOP, AWA.id)
    grant(store)
    assert store.news(actions.open_file, DIOP, AWA.id) == {AWA.id: ["record.read"]}


def test_a_reading_beyond_the_scope_is_refused_and_traced(store: Store) -> None:
    grant(store, SARR, scope="summary")
    grant(store)
    record_id = write_record(store)
    assert store.write(actions.open_record, SARR, record_id) is None
    assert _trace(store)[0][2] == "refused"


def test_ones_own_reading_is_nobodys_news(store: Store) -> None:
    grant(store)
    record_id = write_record(store)
    assert store.news(actions.open_file, AWA, AWA.id) == {}
    assert store.news(actions.open_record, AWA, record_id) == {}
    assert _trace(store) == []


def test_and_does_not_stand_among_those_of_others_if_it_was_written_down(store: Store) -> None:
    file = events.Subject("patient", AWA.id)
    for reader in (AWA, DIOP):
        store.write(events.record, "file.read", file, actor_id=reader.id, patient_id=AWA.id)
    assert _trace(store) == [(DIOP.name, "file.read", "success")]


@pytest.mark.parametrize("person", [MOUSSA, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
def test_a_refused_reading_by_anybody_is_written_down(store: Store, person: Viewer) -> None:
    assert store.write(actions.open_file, person, AWA.id) is None
    assert (person.id, "file.read", "refused") in store.audit()


def test_a_file_that_does_not_exist_leaves_no_trace(store: Store) -> None:
    assert store.write(actions.open_file, DIOP, "unknown") is None
    assert store.write(actions.open_record, DIOP, "unknown") is None
    assert store.audit() == []


def test_the_trace_says_who_in_which_quality_where_and_when(store: Store, clock: Clock) -> None:
    grant(store)
    store.write(actions.open_file, DIOP, AWA.id)
    [reading] = store.read(access.trace, AWA, AWA.id)
    assert (reading.name, reading.role, reading.place, reading.at) == (DIOP.name, "doctor", DIOP.organization, clock())
    assert not reading.emergency


def test_the_trace_says_that_it_was_an_emergency(store: Store) -> None:
    emergency(store)
    store.write(actions.open_file, DIOP, AWA.id)
    [reading] = store.read(access.trace, AWA, AWA.id)
    assert reading.emergency


def test_an_emergency_beside_a_grant_of_a_part_is_still_an_emergency(store: Store) -> None:
    grant(store)
    record_id = write_record(store)
    grant(store, SARR, scope="summary")
    emergency(store, SARR)
    store.write(actions.open_record, SARR, record_id)
    [reading] = store.read(access.trace, AWA, AWA.id)
    assert reading.emergency


def test_the_trace_rests_on_the_grant_of_that_moment(store: Store) -> None:
    granted = grant(store)
    store.write(actions.open_file, DIOP, AWA.id)
    assert store.rows("SELECT ground FROM audit_events WHERE action = 'file.read'") == [(granted,)]


@pytest.mark.parametrize("person", [person for person in CAST if person is not AWA], ids=lambda person: person.id)
def test_the_trace_is_the_patients_alone(store: Store, person: Viewer) -> None:
    grant(store)
    with pytest.raises(NotFound):
        store.read(access.trace, person, AWA.id)


def test_a_trace_shows_no_other_patients_readings(store: Store) -> None:
    grant(store, DIOP, MOUSSA)
    store.write(actions.open_file, DIOP, MOUSSA.id)
    assert _trace(store) == []
