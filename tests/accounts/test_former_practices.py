"""Who has moved, become something else or married, and a place with another name: what was signed, read or handed over
before says where and as what it was done, and not where its author is today.
"""

from typing import Any

import pytest
from cast import ADMIN, AWA, CLINIC, DIOP, GASSAMA, JAMM, KADD, NDIAYE
from steps import KEY, delivered, issued, prepared, write_record
from store import Store

from fadjma.access import readings
from fadjma.accounts import actions, queries
from fadjma.identity import places, practices
from fadjma.places import actions as places_acts
from fadjma.prescriptions import actions as prescribing
from fadjma.prescriptions import dispensing, paper
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import actions as records
from fadjma.records import queries as records_queries
from fadjma.store import Violation

FAR = "far"


@pytest.fixture(autouse=True)
def far(store: Store) -> None:
    sql = (
        "INSERT INTO organizations (id, kind, name, address, city, phone) "
        "VALUES (?, 'clinic', 'Hôpital Far', 'rue 1', 'Louga', '+221339670000')"
    )
    store.connection.execute(sql, (FAR,))


def _correct(store: Store, person: str, **changed: Any) -> None:
    store.clock.advance(hours=1)
    known = store.read(queries.account, ADMIN, person)
    nothing = dict.fromkeys(("licence_number", "specialty", "profession", "organization_id"))
    store.write(actions.correct, ADMIN, person, **{**nothing, "version": known.version, **changed})


def _rename(store: Store, name: str) -> None:
    store.clock.advance(hours=1)
    now = store.read(places.place, CLINIC)
    facts = places.Facts(kind="clinic", name=name, address="rue 9", city=now.city, phone=now.phone)
    store.write(places_acts.change, ADMIN, CLINIC, facts, version=now.version)


def _of(store: Store, prescription_id: str) -> tuple[str, str, str]:
    found = store.read(prescriptions.prescription, AWA, prescription_id)
    return found.prescriber_place, found.prescriber_profession, found.prescriber_specialty


class TestAPrescription:
    def test_says_where_and_as_what_it_was_signed(self, store: Store) -> None:
        first = issued(store)
        signed = _of(store, first)
        assert signed[:2] == ("Clinique Teranga, Dakar", "physician")
        _correct(store, DIOP.id, organization_id=FAR, profession="midwife", specialty="Maternité")
        second = store.write(prescribing.issue, DIOP, AWA.id, **_of_one_line())
        _correct(store, DIOP.id, organization_id=CLINIC)
        assert _of(store, first) == signed
        assert _of(store, second) == ("Hôpital Far, Louga", "midwife", "Maternité")

    def test_prints_as_it_was_signed(self, store: Store) -> None:
        prescription_id = issued(store)
        before = store.write(paper.open_paper, AWA, prescription_id, copy="pharmacy", key=KEY).prescriber
        _correct(store, DIOP.id, organization_id=FAR, licence_number="SN-2")
        _rename(store, "Clinique Baobab")
        printed = store.write(paper.open_paper, AWA, prescription_id, copy="pharmacy", key=KEY).prescriber
        assert printed == before
        assert (printed.place, printed.order_number) == ("Clinique Teranga", "ORDRE-diop")
        today = store.read(practices.practice, DIOP.id, store.clock())
        assert (today.place, today.phone, today.order_number) == ("Hôpital Far", "+221339670000", "SN-2")

    def test_says_the_name_that_its_place_had(self, store: Store) -> None:
        prescription_id = issued(store)
        _rename(store, "Clinique Baobab")
        _rename(store, "Clinique Téranga-Baobab")
        assert _of(store, prescription_id)[0] == "Clinique Teranga, Dakar"

    def test_who_moves_to_a_pharmacy_does_not_bring_along_what_they_did_at_another(self, store: Store) -> None:
        """Who acted at the pharmacy that gave it back is not told to the next; it was to the one they work at now."""
        prescription_id = prepared(store)
        store.clock.advance(hours=1)
        store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
        acts = store.read(prescriptions.prescription_in_full, AWA, prescription_id).acts
        by_her = [act.place_id for act in acts if act.name == NDIAYE.name]
        assert set(by_her) == {JAMM}
        _correct(store, NDIAYE.id, organization_id=KADD)
        acts = store.read(prescriptions.prescription_in_full, AWA, prescription_id).acts
        assert [act.place_id for act in acts if act.name == NDIAYE.name] == by_her


def _of_one_line() -> dict[str, Any]:
    line = prescribing.NewLine("amoxicillin-1g", "1 comprimé", 1, 1)
    return {"lines": [line], "pharmacy_id": None, "confirmed": True}


class TestTheFile:
    def test_an_entry_says_where_it_was_written(self, store: Store) -> None:
        issued(store)
        record_id = write_record(store)
        _correct(store, DIOP.id, organization_id=FAR, profession="dentist")
        found = store.read(records_queries.record_with_versions, AWA, record_id)
        assert (found.organization, found.profession) == ("Clinique Teranga", "physician")
        assert [version.profession for version in found.versions] == ["physician"]

    def test_the_trace_says_where_they_were_who_read(self, store: Store) -> None:
        issued(store)
        store.write(records.open_file, DIOP, AWA.id)
        _correct(store, DIOP.id, organization_id=FAR)
        store.clock.advance(days=1)
        store.write(records.open_file, DIOP, AWA.id)
        lines = [line for line in store.read(readings.readings, AWA.id) if line.action == "file.read"]
        assert [line.place for line in lines] == ["Hôpital Far", "Clinique Teranga"]


class TestKept:
    def test_is_only_what_was_otherwise(self, store: Store) -> None:
        _correct(store, DIOP.id, family_name="Diop Sarr", organization_id=CLINIC)
        assert store.value("SELECT count(*) FROM former_practices") == 0
        delivered(store)
        _correct(store, GASSAMA.id, organization_id=FAR)
        assert store.rows("SELECT user_id, place, until FROM former_practices") == [
            (GASSAMA.id, "Clinique Teranga", store.clock())
        ]

    def test_is_what_was_before_where_two_things_change_at_once(self, store: Store) -> None:
        _correct(store, DIOP.id, organization_id=FAR)
        known = store.read(queries.account, ADMIN, DIOP.id)
        nothing = dict.fromkeys(("specialty", "profession", "organization_id"))
        store.write(actions.correct, ADMIN, DIOP.id, version=known.version, licence_number="SN-3", **nothing)
        assert store.rows("SELECT place, licence_number FROM former_practices") == [("Clinique Teranga", "ORDRE-diop")]

    @pytest.mark.parametrize("sql", ["DELETE FROM former_practices", "UPDATE former_practices SET place = ''"])
    def test_for_ever(self, store: Store, sql: str) -> None:
        _correct(store, DIOP.id, organization_id=FAR)
        with pytest.raises(Violation):
            store.write(lambda tx: tx.execute(sql))
