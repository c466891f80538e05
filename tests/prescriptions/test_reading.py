"""Whoever reads a prescription that is neither theirs nor written by them is in the patient's trace."""

import pytest
from cast import ADMIN, AMOXICILLIN, AWA, DIOP, FALL, JAMM, NDIAYE, SARR
from steps import DAY, KEY, code, delivered, grant, issue, issued, receive, validated, weigh, write_record
from store import Clock, Store

from fadjma.access import readings
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, checking, dispensing, queries
from fadjma.records import actions as records
from fadjma.records import noting
from fadjma.records.allergies import Facts
from fadjma.refusals import Forbidden, NotFound, Tried
from fadjma.safety.answers import Override


def _read(store: Store, person: Viewer, prescription_id: str, *, again: bool = False) -> None:
    store.write(actions.open_prescription, person, prescription_id, again=again)


def _trace(store: Store) -> list[tuple[str, str, str]]:
    """What Awa sees of readings; what was done with it stands there too."""
    found = store.read(readings.trace, AWA, AWA.id)
    return [(one.name, one.place, one.action) for one in found if one.action.endswith((".read", ".listed"))]


def _times(store: Store) -> int:
    """How many readings there were, whether they stand in one line or more."""
    return sum(one.times for one in store.read(readings.trace, AWA, AWA.id) if one.action.endswith(".read"))


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


def test_nor_does_the_reading_of_ones_own_without_the_file(store: Store) -> None:
    prescription_id = issued(store, pharmacy=JAMM)
    _read(store, AWA, prescription_id)
    store.connection.execute("UPDATE access_requests SET expires_at = ?", (store.clock(),))
    _read(store, DIOP, prescription_id)
    assert _trace(store) == []


def test_what_stands_beside_ones_own_is_of_the_file_and_traced(store: Store) -> None:
    prescription_id = issued(store, pharmacy=JAMM)
    granted = store.value("SELECT id FROM access_requests WHERE doctor_id = ?", DIOP.id)
    _read(store, DIOP, prescription_id)
    assert _trace(store) == [(DIOP.name, DIOP.organization, "prescription.read")]
    assert store.value("SELECT ground FROM audit_events WHERE action = 'prescription.read'") == granted


def test_what_was_answered_of_what_was_noted_since_is_not_of_ones_own_without_the_file(store: Store) -> None:
    grant(store)
    prescription_id = issue(store, pharmacy=JAMM, medicine_id=AMOXICILLIN)
    store.connection.execute("UPDATE access_requests SET expires_at = ?", (store.clock(),))
    grant(store, SARR)
    store.write(noting.note, SARR, AWA.id, facts=Facts("medicine", "amoxicilline", reaction="choc"), confirmed=True)
    [asked] = store.read(checking.unanswered, store.read(queries.standing, NDIAYE, prescription_id)).alerts
    given = [Override(0, asked.id, "Vu avec le Dr Sarr")]
    store.write(checking.validate, NDIAYE, prescription_id, confirmed=False, overrides=given)
    for person, read in ((DIOP, 0), (SARR, 1), (AWA, 1), (NDIAYE, 1)):
        assert len(store.read(queries.prescription_in_full, person, prescription_id).answers) == read, person.name


def test_what_ones_own_was_signed_in_spite_of_stays_to_be_read(store: Store) -> None:
    grant(store)
    store.write(noting.note, DIOP, AWA.id, facts=Facts("medicine", "amoxicilline", reaction="choc"), confirmed=True)
    line = actions.NewLine(AMOXICILLIN, "1 comprimé matin et soir", 20, 10)
    [asked] = store.read(checking.of_new, AWA.id, [AMOXICILLIN]).alerts
    given = [Override(0, asked.id, "Choc il y a 30 ans, testée depuis")]
    prescription_id = store.write(checking.sign, DIOP, AWA.id, lines=[line], overrides=given)
    store.connection.execute("UPDATE access_requests SET expires_at = ?", (store.clock(),))
    [read] = store.read(queries.prescription_in_full, DIOP, prescription_id).answers
    assert read.reason == given[0].reason


def test_a_refused_reading_is_traced(store: Store) -> None:
    prescription_id = issued(store, pharmacy=JAMM)
    for person in (FALL, SARR, ADMIN):
        assert store.refuse(actions.open_prescription, person, prescription_id) == {AWA.id: [None]}
        assert store.refuse(actions.open_prescription, person, prescription_id) == {}
    assert store.refuse(actions.open_prescription, FALL, "unknown") == {}
    lines = [one for one in store.read(readings.trace, AWA, AWA.id) if one.outcome == "refused"]
    assert {(one.name, one.action, one.subject_id) for one in lines} == {
        (person.name, "prescription.read", prescription_id) for person in (FALL, SARR, ADMIN)
    }


@pytest.mark.parametrize("person", [AWA, NDIAYE, FALL, SARR, ADMIN], ids=lambda person: person.id)
def test_so_is_an_act_that_is_refused(store: Store, person: Viewer) -> None:
    prescription_id = issued(store)
    with pytest.raises((Forbidden, NotFound)) as refusal:
        store.write(actions.cancel, person, prescription_id, reason="Erreur")
    assert refusal.value.tried == Tried(AWA.id, "prescription", prescription_id)


def test_a_pharmacists_list_is_a_reading_once_a_day(store: Store, clock: Clock) -> None:
    prescription_id = issued(store)
    for _ in range(3):
        store.write(actions.browse, NDIAYE)
    assert _trace(store) == [(NDIAYE.name, NDIAYE.organization, "prescription.listed")]
    store.read(actions.browse, NDIAYE)  # nothing more to write down
    clock.advance(hours=24)
    store.write(actions.browse, NDIAYE)
    assert len(_trace(store)) == 2
    store.write(actions.open_prescription, NDIAYE, prescription_id)
    assert len(_trace(store)) == 3


def test_a_list_that_names_nobody_or_shows_ones_own_is_none(store: Store) -> None:
    issued(store, pharmacy=None)
    for person in (NDIAYE, FALL, AWA, DIOP):
        store.read(actions.browse, person)
    assert _trace(store) == []


class TestLongAfter:
    """A pharmacy sees today's allergies and weight as they are needed, and then what it was shown."""

    def _seen(self, store: Store, prescription_id: str) -> tuple[tuple[str, ...], int | None]:
        found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
        assert found.lines and found.allergies
        return found.allergies.titles, found.weight and found.weight.value

    def test_what_is_new_is_seen_for_thirty_days(self, store: Store, clock: Clock) -> None:
        prescription_id = delivered(store)
        clock.advance(hours=1)
        weigh(store, 64_000)
        write_record(store, type="allergy")
        clock.advance(days=30, hours=-1, milliseconds=-1)
        assert self._seen(store, prescription_id) == (("Hypertension",), 64_000)
        clock.advance(milliseconds=1)
        assert self._seen(store, prescription_id) == ((), None)

    def test_what_was_shown_then_stays(self, store: Store, clock: Clock) -> None:
        grant(store, duration=400 * DAY)
        allergy = write_record(store, type="allergy")
        receive(store)
        prescription_id = store.write(dispensing.validate, NDIAYE, issue(store))
        store.write(dispensing.prepare, NDIAYE, prescription_id)
        store.write(dispensing.mark_ready, NDIAYE, prescription_id)
        store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
        clock.advance(days=40)
        store.write(records.amend, DIOP, allergy, version=1, title="Pénicilline", body="Choc", reason="Précision")
        assert self._seen(store, prescription_id) == (("Hypertension",), None)
        store.write(records.mark_error, DIOP, allergy, reason="Mauvais patient")
        assert self._seen(store, prescription_id) == ((), None), "what was about somebody else is shown to nobody"

    def test_the_life_of_one_that_nobody_fetched_ends_with_its_validity(self, store: Store, clock: Clock) -> None:
        prescription_id = validated(store)
        weigh(store, 64_000)
        clock.advance(days=119)
        assert self._seen(store, prescription_id)[1] == 64_000
        clock.advance(days=1)
        assert self._seen(store, prescription_id)[1] is None


@pytest.mark.parametrize("person", [AWA, SARR], ids=lambda person: person.id)
def test_what_was_prescribed_in_error_is_no_longer_shown(store: Store, person: Viewer) -> None:
    prescription_id = validated(store)
    grant(store, SARR)
    store.write(actions.mark_error, DIOP, prescription_id, reason="C'était pour Moussa")
    found = store.read(queries.prescription_in_full, person, prescription_id)
    assert (found.status, found.lines, found.json("fr")["status_reason"]) == ("entered_in_error", (), None)
    assert "Moussa" not in str(found)
    for handled in (DIOP, NDIAYE):
        assert store.read(queries.prescription_in_full, handled, prescription_id).lines


@pytest.mark.parametrize("person", [NDIAYE, SARR], ids=lambda person: person.id)
def test_a_page_that_asks_again_by_itself_goes_on_reading_for_an_hour(
    store: Store, clock: Clock, person: Viewer
) -> None:
    first = issued(store)
    grant(store, SARR)
    _read(store, person, first, again=True)
    assert _times(store) == 1, "whoever says so has read it all the same"
    _read(store, person, first, again=True)
    assert _times(store) == 1
    clock.advance(minutes=30)
    _read(store, person, first)
    assert _times(store) == 2, "somebody opens it"
    clock.advance(hours=1)
    _read(store, person, first, again=True)
    assert _times(store) == 3


def test_each_reader_is_written_down(store: Store) -> None:
    prescription_id = issued(store)
    grant(store, SARR)
    for person in (NDIAYE, SARR):
        _read(store, person, prescription_id, again=True)
    assert {name for name, _, _ in _trace(store)} == {NDIAYE.name, SARR.name}
