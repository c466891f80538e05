"""A doctor finds a patient by identifier or phone, exactly: patients are never browsed."""

import pytest
import steps
from cast import ADMIN, AWA, DIOP, FALL, IDENTIFIERS, MOUSSA, NDIAYE, PHONES, SARR
from store import Store

from fadjma.access import actions, grants, readings
from fadjma.accounts.actions import register_patient
from fadjma.identity import directory
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.people import Viewer
from fadjma.refusals import Forbidden
from fadjma.store import Transaction


def _found(store: Store, q: str) -> list[str]:
    return [patient.id for patient in store.write(actions.find, DIOP, q)]


@pytest.mark.parametrize("q", [IDENTIFIERS[AWA.id], "fj 7k2mq oxw4d", PHONES[AWA.id], "77 123 45 67"])
def test_awa_is_found_by_what_is_on_her_card_or_her_phone(store: Store, q: str) -> None:
    assert _found(store, q) == [AWA.id]


@pytest.mark.parametrize(
    "q", ["", "%", "_", "Awa", "Cissé", "awa@demo.fadjma", "FJ-7K2MQ", "FJ-%", "+22177", "' OR 1=1 --"]
)
def test_nobody_is_found_by_anything_less(store: Store, q: str) -> None:
    assert _found(store, q) == []


def test_a_family_that_shares_a_phone_is_told_apart_by_age_and_identifier(store: Store) -> None:
    store.connection.execute("UPDATE users SET phone = ? WHERE id = ?", (PHONES[AWA.id], MOUSSA.id))
    found = store.write(actions.find, DIOP, PHONES[AWA.id])
    assert [(one.id, one.birth_date, one.identifier) for one in found] == [
        (AWA.id, "1991-07-14", IDENTIFIERS[AWA.id]),
        (MOUSSA.id, "1978-03-30", IDENTIFIERS[MOUSSA.id]),
    ]


def test_nobody_is_hidden_by_others_who_register_with_their_phone(store: Store) -> None:
    for number in range(12):
        person = NewPerson(
            given_name="Faux", family_name="Nom", email=None, phone=PHONES[AWA.id], password_hash="no hash"
        )
        store.clock.now += 1
        store.write(register_patient, person, birth_date=f"19{number + 10}-01-01", sex="female", city="")
    found = _found(store, PHONES[AWA.id])
    assert len(found) == 10
    assert found[0] == AWA.id


def test_a_closed_account_is_not_found(store: Store) -> None:
    store.connection.execute("UPDATE users SET status = 'deactivated' WHERE id = ?", (AWA.id,))
    assert _found(store, IDENTIFIERS[AWA.id]) == []


@pytest.mark.parametrize("person", [AWA, MOUSSA, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_doctor_looks_patients_up(store: Store, person: Viewer) -> None:
    with pytest.raises(Forbidden):
        store.write(actions.find, person, IDENTIFIERS[AWA.id])


def test_every_look_up_is_written_down_with_what_it_found_and_not_with_what_was_typed(store: Store) -> None:
    _found(store, IDENTIFIERS[AWA.id])
    _found(store, "77 000 00 00")
    assert store.audit() == [(DIOP.id, "patient.found", "success"), (DIOP.id, "patient.not_found", "refused")]
    assert "77 000" not in str(store.rows("SELECT * FROM audit_events"))


@pytest.mark.parametrize("before", ["0~x", "1~", "nonsense"])
def test_whoever_says_that_it_is_another_page_leaves_a_line_too(store: Store, before: str) -> None:
    store.write(actions.find, DIOP, "77 000 00 00", before)
    assert store.audit() == [(DIOP.id, "patient.not_found", "refused")]


def test_a_look_up_stands_in_the_patients_trace_and_tells_nobody(store: Store) -> None:
    assert store.news(actions.find, DIOP, IDENTIFIERS[AWA.id]) == {AWA.id: [None]}
    assert store.news(actions.meet, DIOP, AWA.id, again=True) == {}, "the form that follows is the same look-up"
    [line] = store.read(readings.trace, AWA, AWA.id)
    assert (line.name, line.action, line.ground_id) == (DIOP.name, "patient.found", None)


def test_so_does_the_form_to_ask_whoever_has_the_id(store: Store) -> None:
    store.write(actions.meet, DIOP, AWA.id)
    assert [line.action for line in store.read(readings.trace, AWA, AWA.id)] == ["patient.found"]
    store.refuse(actions.meet, NDIAYE, AWA.id)
    assert [line.outcome for line in store.read(readings.trace, AWA, AWA.id)].count("refused") == 1


def test_of_several_patients_each_has_the_widest_grant_in_one_reading(store: Store) -> None:
    """As `grant` finds it for one: Awa's file is open in part, and whole for an emergency."""
    steps.grant(store, scope="summary")
    whole = steps.emergency(store)
    of_moussa = steps.grant(store, patient=MOUSSA, scope="prescriptions")

    def among(tx: Transaction, viewer: Viewer) -> dict[str, str]:
        patients = directory.identities(tx, [AWA.id, MOUSSA.id, "nobody"])
        return {id: found.id for id, found in grants.grants_among(tx, viewer, patients).items()}

    assert store.read(among, DIOP) == {AWA.id: whole, MOUSSA.id: of_moussa}
    assert store.read(lambda tx: grants.grant(tx, DIOP.id, AWA.id, "summary")) == whole
    assert store.read(among, SARR) == {}
