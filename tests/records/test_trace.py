"""Every reading of a file is written down, and the patient reads who it was, live."""

from collections.abc import Callable

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, MOUSSA, NDIAYE, SARR
from steps import HOUR, emergency, grant, write_record
from store import Clock, Store

from fadjma import events
from fadjma.access import queries as access
from fadjma.access import readings, tracing
from fadjma.identity.people import Viewer
from fadjma.records import actions
from fadjma.refusals import NotFound, Refusal


def _lines(store: Store) -> list[readings.Reading]:
    """What Awa reads of readings and tries, the newest first: not what was written, nor asked for."""
    found = store.read(readings.trace, AWA, AWA.id)
    return [one for one in found if one.action.endswith(".read") or one.outcome == "refused"]


def _trace(store: Store) -> list[tuple[str, str, str]]:
    return [(one.name, one.action, one.outcome) for one in _lines(store)]


def _refusal(store: Store, act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        act()
    return refusal.value


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


def test_a_refused_reading_is_written_down_and_shown_silently(store: Store) -> None:
    grant(store)
    record_id = write_record(store)
    assert store.refuse(actions.open_file, SARR, AWA.id) == {AWA.id: [None]}
    assert store.refuse(actions.open_record, SARR, record_id) == {AWA.id: [None]}
    assert sorted(_trace(store)) == [(SARR.name, "file.read", "refused"), (SARR.name, "record.read", "refused")]


def test_asking_again_and_again_is_written_down_once_an_hour(store: Store, clock: Clock) -> None:
    """Or anybody could push the real readings out of sight, a durable write each time."""
    grant(store)
    record_id = write_record(store)
    for _ in range(3):
        store.refuse(actions.open_file, SARR, AWA.id)
        store.refuse(actions.open_record, SARR, record_id)
        store.refuse(actions.open_file, FALL, AWA.id)
        store.refuse(actions.open_file, SARR, MOUSSA.id)
    refused = [(SARR.name, "file.read"), (SARR.name, "record.read"), (FALL.name, "file.read")]
    assert sorted(_trace(store)) == sorted((*one, "refused") for one in refused)
    clock.advance(minutes=59, seconds=59)
    assert store.refuse(actions.open_file, SARR, AWA.id) == {}
    clock.advance(seconds=1)
    assert store.refuse(actions.open_file, SARR, AWA.id) == {AWA.id: [None]}


def test_a_refusal_hides_no_reading_and_a_reading_no_refusal(store: Store) -> None:
    store.refuse(actions.open_file, SARR, AWA.id)
    grant(store, SARR, scope="summary")
    store.write(actions.open_file, SARR, AWA.id, again=True)
    assert sorted(outcome for _, _, outcome in _trace(store)) == ["refused", "success"]


def test_readings_of_a_day_that_say_the_same_are_one_line(store: Store, clock: Clock) -> None:
    grant(store)
    began = clock()
    for _ in range(3):
        store.write(actions.open_file, DIOP, AWA.id)
        clock.advance(hours=1)
    [line] = _lines(store)
    assert (line.times, line.at, line.last_at) == (3, began, began + 2 * HOUR)
    assert len(store.rows("SELECT 1 FROM audit_events WHERE action = 'file.read'")) == 3, "each keeps its entry"
    clock.advance(hours=24)
    store.write(actions.open_file, DIOP, AWA.id)
    assert [line.times for line in _lines(store)] == [1, 3]


def test_another_reader_thing_or_ground_is_another_line(store: Store) -> None:
    grant(store)
    first, second = write_record(store), write_record(store)
    grant(store, SARR)
    for reader, record_id in ((DIOP, first), (DIOP, second), (SARR, first), (DIOP, first)):
        store.write(actions.open_record, reader, record_id)
    assert sorted((line.name, line.times) for line in _lines(store)) == [
        (SARR.name, 1),
        (DIOP.name, 1),
        (DIOP.name, 2),
    ]
    emergency(store, SARR)
    store.write(actions.open_record, SARR, first)
    assert len(_lines(store)) == 3, "the grant opens it still: the same ground"


def test_many_readings_push_nobody_elses_line_away(store: Store) -> None:
    grant(store)
    grant(store, SARR)
    store.write(actions.open_file, SARR, AWA.id)
    for _ in range(access.PER_PAGE + 1):
        store.write(actions.open_file, DIOP, AWA.id)
    assert sorted((line.name, line.times) for line in _lines(store)) == [(SARR.name, 1), (DIOP.name, 201)]


def test_the_patient_reads_which_part_it_was(store: Store) -> None:
    grant(store, SARR, scope="summary")
    grant(store)
    allergy = write_record(store, type="allergy")
    store.write(actions.open_file, SARR, AWA.id)
    store.write(actions.open_record, SARR, allergy)
    file, record = sorted(_lines(store), key=lambda line: line.action)
    assert (file.part, file.part_label, file.href) == ("summary", "Résumé", None)
    assert (record.part, record.part_label, record.href) == ("allergy", "Allergie", f"/records/{allergy}")
    assert record.json()["subject"] == {"kind": "record", "id": allergy}
    assert record.json()["ground"] | {"id": "", "since": ""} == {
        "id": "",
        "kind": "grant",
        "scope": "summary",
        "since": "",
        "delegated_by": None,
    }


def test_and_which_part_was_written(store: Store) -> None:
    grant(store)
    allergy = write_record(store, type="allergy")
    written = next(one for one in store.read(readings.trace, AWA, AWA.id) if one.action == "record.created")
    assert (written.part_label, written.href) == ("Allergie", f"/records/{allergy}")


def test_writings_stand_in_the_trace_in_their_own_words(store: Store) -> None:
    grant(store)
    record_id = write_record(store)
    store.write(actions.amend, DIOP, record_id, version=1, title="Tension", body="13/8", reason="Contrôle")
    store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
    told = {line.action: line.what for line in store.read(readings.trace, AWA, AWA.id)}
    assert told == {action: tracing.WORDS[action].done for action in told}
    assert {"access_request.created", "record.created", "record.amended", "record.entered_in_error"} == set(told)


def test_so_does_a_writing_that_is_refused(store: Store) -> None:
    grant(store, SARR, scope="summary")
    for writer in (SARR, NDIAYE, ADMIN):
        refusal = _refusal(store, lambda writer=writer: write_record(store, writer))
        store.write(tracing.trace_try, writer, refusal.tried, False)
    assert {(line.name, line.action, line.outcome) for line in _lines(store)} == {
        (one.name, "file.write", "refused") for one in (SARR, NDIAYE, ADMIN)
    }


def test_every_line_has_words() -> None:
    wrong_code = "prescription.wrong_code"
    assert [action for action, words in tracing.WORDS.items() if not (words.done or words.refused)] == []
    tried = [action for action in tracing.WORDS if action.endswith((".read", ".write")) or action == wrong_code]
    assert wrong_code in tried
    assert [action for action in tried if not tracing.WORDS[action].refused] == []


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


def test_a_refused_reading_does_not_use_up_the_first_of_the_day(store: Store) -> None:
    store.refuse(actions.open_file, DIOP, AWA.id)
    grant(store)
    assert store.news(actions.open_file, DIOP, AWA.id) == {AWA.id: ["record.read"]}


def test_a_reading_beyond_the_scope_is_refused_and_traced(store: Store) -> None:
    grant(store, SARR, scope="summary")
    grant(store)
    record_id = write_record(store)
    store.refuse(actions.open_record, SARR, record_id)
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
    store.refuse(actions.open_file, person, AWA.id)
    assert (person.id, "file.read", "refused") in store.audit()


def test_a_file_that_does_not_exist_leaves_no_trace(store: Store) -> None:
    store.refuse(actions.open_file, DIOP, "unknown")
    store.refuse(actions.open_record, DIOP, "unknown")
    assert store.audit() == []


def test_the_trace_says_who_in_which_quality_where_and_when(store: Store, clock: Clock) -> None:
    grant(store)
    store.write(actions.open_file, DIOP, AWA.id)
    [reading] = _lines(store)
    assert (reading.name, reading.role, reading.place, reading.at) == (DIOP.name, "doctor", DIOP.organization, clock())
    assert not reading.emergency


def test_the_trace_says_that_it_was_an_emergency(store: Store) -> None:
    emergency(store)
    store.write(actions.open_file, DIOP, AWA.id)
    [reading] = _lines(store)
    assert reading.emergency


def test_an_emergency_beside_a_grant_of_a_part_is_still_an_emergency(store: Store) -> None:
    grant(store)
    record_id = write_record(store)
    grant(store, SARR, scope="summary")
    emergency(store, SARR)
    store.write(actions.open_record, SARR, record_id)
    [reading] = _lines(store)
    assert reading.emergency


def test_the_trace_rests_on_the_grant_of_that_moment(store: Store) -> None:
    granted = grant(store)
    store.write(actions.open_file, DIOP, AWA.id)
    assert store.rows("SELECT ground FROM audit_events WHERE action = 'file.read'") == [(granted,)]


@pytest.mark.parametrize("person", [person for person in CAST if person is not AWA], ids=lambda person: person.id)
def test_the_trace_is_the_patients_alone(store: Store, person: Viewer) -> None:
    grant(store)
    with pytest.raises(NotFound):
        store.read(readings.trace, person, AWA.id)


def test_a_trace_shows_no_other_patients_readings(store: Store) -> None:
    grant(store, DIOP, MOUSSA)
    store.write(actions.open_file, DIOP, MOUSSA.id)
    assert _trace(store) == []
