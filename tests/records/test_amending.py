"""« Corriger » and « Saisie par erreur »: versions are only ever added, and nobody's text is lost."""

import asyncio

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, MOUSSA, NDIAYE, SARR
from steps import grant, issue, refused, validated, write_record
from store import Clock, Store, refused_by_database

from fadjma.access import actions as deciding
from fadjma.access import queries as access
from fadjma.access import readings
from fadjma.identity.people import Viewer
from fadjma.records import actions, allergies, queries
from fadjma.refusals import Conflict, Forbidden, NotFound
from fadjma.store import Database


@pytest.fixture
def record_id(store: Store) -> str:
    """Dr Diop and Dr Sarr both have the whole file; Dr Diop has written a record."""
    grant(store)
    grant(store, SARR)
    return write_record(store)


def _amend(store: Store, doctor: Viewer, record_id: str, version: int, body: str = "Tension 14/8") -> str:
    return store.write(
        actions.amend, doctor, record_id, version=version, title="Hypertension", body=body, reason="Contrôle"
    )


def _bodies(store: Store, record_id: str) -> list[str]:
    return [version.body for version in store.read(queries.record_with_versions, AWA, record_id).versions]


def test_a_correction_is_a_new_version_with_its_reason_and_author(store: Store, record_id: str) -> None:
    _amend(store, SARR, record_id, 1)
    record = store.read(queries.record_with_versions, AWA, record_id)
    assert (record.version, record.body, record.author_id) == (2, "Tension 14/8", DIOP.id)
    assert [(version.version, version.reason, version.author_name) for version in record.versions] == [
        (2, "Contrôle", SARR.name),
        (1, None, DIOP.name),
    ]


def test_the_patient_and_the_other_doctor_are_told(store: Store, record_id: str) -> None:
    news = store.news(actions.amend, SARR, record_id, version=1, title="T", body="B", reason="Contrôle")
    assert news == {AWA.id: ["record.amended"], DIOP.id: ["record.shared_amended"], SARR.id: [None]}


def test_the_second_of_two_corrections_is_refused_and_neither_text_is_lost(store: Store, record_id: str) -> None:
    _amend(store, SARR, record_id, 1, "de Dr Sarr")
    with pytest.raises(Conflict) as refusal:
        _amend(store, DIOP, record_id, 1, "de Dr Diop")
    assert refusal.value.current == "version 2"
    assert _bodies(store, record_id)[0] == "de Dr Sarr"
    _amend(store, DIOP, record_id, 2, "de Dr Diop, qui a relu")
    assert _bodies(store, record_id) == ["de Dr Diop, qui a relu", "de Dr Sarr", "Tension 15/9, régime sans sel."]


async def test_of_six_corrections_at_once_one_is_written(store: Store, record_id: str, database: Database) -> None:
    answers = await asyncio.gather(
        *(
            database.write(actions.amend, DIOP, record_id, version=1, title="T", body=f"B{number}", reason="Contrôle")
            for number in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 5
    assert len(_bodies(store, record_id)) == 2


@pytest.mark.parametrize("person", [AWA, ADMIN, MOUSSA, NDIAYE, FALL], ids=lambda person: person.id)
def test_a_patient_does_not_rewrite_their_diagnosis_nor_does_anybody_else(
    store: Store, record_id: str, person: Viewer
) -> None:
    for act, what in (
        (actions.amend, {"version": 1, "title": "T", "body": "B", "reason": "Contrôle"}),
        (actions.mark_error, {"reason": "Contrôle"}),
    ):
        with pytest.raises((Forbidden, NotFound)):
            store.write(act, person, record_id, **what)
    assert len(_bodies(store, record_id)) == 1


def test_a_doctor_whose_grant_has_ended_corrects_nothing_not_even_their_own(
    store: Store, record_id: str, clock: Clock
) -> None:
    clock.advance(days=7)
    with pytest.raises(NotFound):
        _amend(store, DIOP, record_id, 1)
    with pytest.raises(NotFound):
        store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")


def test_a_doctor_with_a_part_of_the_file_reads_an_allergy_and_does_not_correct_it(store: Store) -> None:
    grant(store)
    grant(store, SARR, scope="summary")
    allergy = write_record(store, type="allergy")
    assert store.read(queries.record, SARR, allergy)
    with pytest.raises(Forbidden):
        _amend(store, SARR, allergy, 1)


class TestEnteredInError:
    def test_it_is_hidden_and_kept_with_the_reason(self, store: Store, record_id: str) -> None:
        store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
        record = store.read(queries.record_with_versions, DIOP, record_id)
        assert (record.status, record.version) == ("entered_in_error", 2)
        assert record.versions[0].reason == "Mauvais patient"
        assert record.versions[1].body == "Tension 15/9, régime sans sel."

    @pytest.mark.parametrize("reader", [AWA, SARR], ids=lambda reader: reader.id)
    def test_nobody_but_its_author_reads_what_it_said(self, store: Store, record_id: str, reader: Viewer) -> None:
        """It may be about somebody else: « mauvais patient »."""
        said = store.read(queries.record_with_versions, reader, record_id)
        store.write(actions.mark_error, DIOP, record_id, reason="C'était pour Moussa")
        record = store.read(queries.record_with_versions, reader, record_id)
        assert (record.status, record.author_name) == ("entered_in_error", DIOP.name)
        assert record.json("fr")["title"] is None
        for text in ("Moussa", said.title, said.body):
            assert text not in str(record)

    def test_its_author_reads_it_when_the_file_is_closed_too(self, store: Store, record_id: str) -> None:
        store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
        [granted] = [one.id for one in store.read(access.access_requests, DIOP) if one.active]
        store.write(deciding.revoke, AWA, granted)
        assert store.write(actions.open_record, DIOP, record_id).versions[1].body
        assert store.read(readings.trace, AWA, AWA.id)[0].action == "record.read"

    def test_no_list_shows_it_to_anybody(self, store: Store, record_id: str) -> None:
        kept = write_record(store)
        store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
        assert [one.id for one in store.read(queries.records, AWA.id)] == [kept]
        for reader in (AWA, DIOP, SARR):
            assert [one.id for one in store.read(queries.file, reader, AWA.id).records] == [kept]

    def test_the_patient_and_the_other_doctor_are_told(self, store: Store, record_id: str) -> None:
        news = store.news(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
        assert news == {AWA.id: ["record.entered_in_error"], SARR.id: ["record.shared_amended"], DIOP.id: [None]}

    def test_only_its_author_says_so(self, store: Store, record_id: str) -> None:
        with pytest.raises(Forbidden):
            store.write(actions.mark_error, SARR, record_id, reason="Mauvais patient")
        assert store.read(queries.record, AWA, record_id).status == "current"

    def test_afterwards_it_does_not_change_any_more(self, store: Store, record_id: str) -> None:
        store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
        with pytest.raises(Conflict) as refusal:
            _amend(store, SARR, record_id, 2)
        assert refusal.value.current == "entered_in_error"
        with pytest.raises(Conflict):
            store.write(actions.mark_error, DIOP, record_id, reason="Encore")

    def test_a_mistaken_allergy_is_no_longer_shown_to_the_pharmacist(self, store: Store) -> None:
        grant(store)
        allergy = write_record(store, type="allergy")
        assert store.read(allergies.of_patient, AWA.id).titles == ("Hypertension",)
        store.write(actions.mark_error, DIOP, allergy, reason="Mauvais patient")
        assert store.read(allergies.of_patient, AWA.id).titles == ()


class TestTheDatabaseItself:
    def test_it_keeps_every_record_and_version(self, store: Store, record_id: str) -> None:
        assert refused_by_database(store, "DELETE FROM records WHERE id = ?", record_id)
        assert refused_by_database(store, "DELETE FROM record_versions WHERE record_id = ?", record_id)

    def test_it_changes_no_version(self, store: Store, record_id: str) -> None:
        assert refused_by_database(store, "UPDATE record_versions SET body = '' WHERE record_id = ?", record_id)

    @pytest.mark.parametrize("change", ["patient_id = 'moussa'", "author_id = 'sarr'", "type = 'allergy'"])
    def test_it_never_changes_whose_record_it_is(self, store: Store, record_id: str, change: str) -> None:
        assert refused_by_database(store, f"UPDATE records SET {change} WHERE id = ?", record_id)

    def test_it_asks_for_the_reason_of_a_correction(self, store: Store, record_id: str) -> None:
        sql = "INSERT INTO record_versions VALUES (?, 2, 'diop', 'T', 'B', NULL, 1)"
        assert refused_by_database(store, sql, record_id)

    def test_it_does_not_take_an_error_back(self, store: Store, record_id: str) -> None:
        store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
        assert refused_by_database(store, "UPDATE records SET status = 'current' WHERE id = ?", record_id)


def test_a_revoked_doctor_is_told_nothing_of_a_correction(store: Store, record_id: str) -> None:
    request_id = store.value("SELECT id FROM access_requests WHERE doctor_id = 'sarr'")
    store.write(deciding.revoke, AWA, request_id)
    news = store.news(actions.amend, DIOP, record_id, version=1, title="T", body="B", reason="Contrôle")
    assert set(news) == {AWA.id, DIOP.id}


class TestAPharmacy:
    """It sees the allergies of whom it dispenses to; its open pages follow them, and nobody there is told."""

    def _write(self, store: Store, type: str = "allergy") -> dict[str, list[str | None]]:
        what = {"type": type, "title": "Pénicilline", "body": "Urticaire", "occurred_on": "2026-03-02"}
        return store.news(actions.create, DIOP, AWA.id, **what)

    def test_follows_a_new_allergy(self, store: Store) -> None:
        prescription_id = validated(store)
        assert self._write(store) == {AWA.id: ["record.created"], DIOP.id: [None], NDIAYE.id: [None], GOMIS.id: [None]}
        sql = "SELECT type, subject_kind, subject_id FROM notifications WHERE user_id = ? ORDER BY seq DESC LIMIT 1"
        assert store.rows(sql, NDIAYE.id) == [("medical_record_updated", "prescription", prescription_id)]

    def test_hears_nothing_of_the_rest_of_the_file(self, store: Store) -> None:
        validated(store)
        assert self._write(store, "consultation").keys() == {AWA.id, DIOP.id}

    def test_hears_nothing_when_it_has_nothing_to_dispense(self, store: Store) -> None:
        refused(store)
        issue(store, pharmacy=None)
        assert self._write(store).keys() == {AWA.id, DIOP.id}
        issue(store)
        store.clock.advance(days=6)
        assert self._write(store).keys() == {AWA.id, DIOP.id, NDIAYE.id, GOMIS.id}
        store.clock.advance(days=90)
        grant(store)
        assert self._write(store).keys() == {AWA.id, DIOP.id}
