"""Looking for prescriptions: by whom they are for, by what is in them, and by what their pharmacy has to do next."""

from collections.abc import Callable

import pytest
import steps
from cast import AMOXICILLIN, AWA, DIOP, FALL, GASSAMA, GOMIS, JAMM, KADD, MOUSSA, NDIAYE, SARR
from store import Clock, Store

from fadjma.identity import enrolment
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, lists, queries, states
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.lists import Work

FOR_DELIVERY = {"address": "Villa 12, Mermoz", "phone": "+221771234567"}


def _browse(store: Store, person: Viewer, **asked: object) -> list[str]:
    return [item.id for item in store.write(actions.browse, person, **asked)]


def _for_moussa(store: Store, pharmacy: str | None = JAMM) -> str:
    """Dr Sarr has prescribed amoxicillin to Moussa."""
    steps.grant(store, SARR, MOUSSA)
    line = NewLine(AMOXICILLIN, "1 comprimé", 6, 6)
    return store.write(actions.issue, SARR, MOUSSA.id, lines=[line], pharmacy_id=pharmacy)


def _named(store: Store, given_name: str, family_name: str) -> None:
    """Awa has another name, by which she is found."""
    store.write(enrolment.put_right, AWA.id, given_name=given_name, family_name=family_name, email=None, phone=None)


# --- by whom they are for -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "q",
    [
        "awa",
        "CISSÉ",
        "cisse a",
        "  Cissé, Awa ",
        "FJ-7K2MQ-0XW4D",
        "7k2mq 0xw4d",
        "fj7k2",
        "fj-7k2mq-0x",
        "FJ7KZMQ"[:4],
    ],
)
def test_a_pharmacist_finds_them_by_name_or_identifier(store: Store, q: str) -> None:
    prescription_id = steps.validated(store)
    _for_moussa(store)
    assert _browse(store, NDIAYE, q=q) == [prescription_id]
    assert _browse(store, NDIAYE, q=q, step="prepare") == [prescription_id]


@pytest.mark.parametrize(
    "q", ["wa", "awa diop", "moussa", "FJ-3PZ9T-8R1BC", "fj", "-", "%", "_", "' OR 1", "771234567", "demo"]
)
def test_and_by_nothing_else(store: Store, q: str) -> None:
    """Not inside a word; not by the telephone or the e-mail address, which the pharmacy has no list of."""
    steps.validated(store)
    assert _browse(store, NDIAYE, q=q) == _browse(store, NDIAYE, q=q, step="all") == []


def test_compound_names_are_found_however_they_are_typed(store: Store) -> None:
    prescription_id = steps.validated(store)
    _named(store, "Mame-Diarra", "N'Diaye-Thiam")
    for q in ("mame diarra", "DIARRA", "ndiaye", "n’diaye thiam", "Thiam Mame"):
        assert _browse(store, NDIAYE, q=q) == [prescription_id], q


def test_nobody_finds_by_name_what_no_pharmacy_has_taken(store: Store) -> None:
    prescription_id = steps.issued(store, pharmacy=None)
    assert _browse(store, NDIAYE, step="validate") == [prescription_id]
    for asked in ({"q": "awa"}, {"q": "awa", "step": "validate"}, {"q": "FJ-7K2MQ-0XW4D", "step": "all"}):
        assert _browse(store, NDIAYE, **asked) == [], asked


def test_what_was_sent_to_a_pharmacy_is_found_there_and_nowhere_else(store: Store) -> None:
    prescription_id = steps.issued(store, pharmacy=JAMM)
    for person, found in ((NDIAYE, [prescription_id]), (GOMIS, [prescription_id]), (FALL, []), (GASSAMA, [])):
        assert _browse(store, person, q="awa") == _browse(store, person, q="awa", step="validate") == found


def test_what_was_given_back_is_not_found_any_more(store: Store) -> None:
    prescription_id = steps.validated(store)
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture de stock")
    assert _browse(store, NDIAYE, q="awa") == []


def test_what_is_found_is_traced_as_a_list_is(store: Store) -> None:
    prescription_id = steps.issued(store)
    _browse(store, NDIAYE, q="awa")
    assert (NDIAYE.id, "prescription.listed", "success") in store.audit()
    assert prescription_id in store.value("SELECT subject_id FROM audit_events WHERE action = 'prescription.listed'")


def test_a_doctor_finds_what_they_wrote_by_its_patient(store: Store) -> None:
    awas, moussas = steps.issued(store), _for_moussa(store)
    assert _browse(store, DIOP, q="cisse") == [awas]
    assert _browse(store, DIOP, q="moussa") == []
    assert _browse(store, SARR, q="moussa") == [moussas]


# --- by what is in them -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("q", "finds"),
    [
        *((q, True) for q in ("paracetamol", "500 para", "Diop", "diop paracétamol")),
        *((q, False) for q in ("amoxi", "sarr", "dr.diop@demo")),
    ],
)
def test_a_patient_finds_them_by_medicine_and_prescriber(store: Store, q: str, finds: bool) -> None:
    prescription_id = steps.issued(store)
    _for_moussa(store)
    assert _browse(store, AWA, q=q) == ([prescription_id] if finds else [])
    found = store.read(lists.of_patient, DIOP, AWA.id, q)
    assert [item.id for item in found] == ([prescription_id] if finds else [])


def test_but_not_by_what_was_entered_in_error(store: Store) -> None:
    """Perhaps it was for somebody else: its medicines are hidden from the patient."""
    prescription_id = steps.issued(store)
    store.write(actions.mark_error, DIOP, prescription_id, reason="Mauvais patient")
    assert _browse(store, AWA, q="paracetamol") == []
    assert _browse(store, DIOP, q="awa") == [prescription_id]


# --- by what their pharmacy has to do next ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "then"),
    [
        ("validate", steps.issued),
        ("prepare", steps.validated),
        ("prepare", steps.prepared),
        ("hand_over", steps.ready),
    ],
)
def test_each_waits_for_one_step(store: Store, step: Work, then: Callable[[Store], str]) -> None:
    prescription_id = then(store)
    found = {code: _browse(store, NDIAYE, step=code) for code in lists.WORK}
    assert found == {code: [prescription_id] if code in (step, "all") else [] for code in lists.WORK}
    counts = store.read(lists.counts, NDIAYE)
    assert counts == {code: int(code == step) for code in states.TO_DO}
    assert store.read(queries.prescription, NDIAYE, prescription_id).json("fr")["step"] == step


def test_what_is_to_be_brought_is_not_to_be_handed_over(store: Store) -> None:
    prescription_id = steps.ready(store)
    store.write(actions.request_delivery, AWA, prescription_id, **FOR_DELIVERY)
    assert _browse(store, NDIAYE, step="hand_over") == []
    assert _browse(store, NDIAYE, step="bring") == [prescription_id]
    store.write(dispensing.depart, NDIAYE, prescription_id)
    assert _browse(store, NDIAYE, step="bring") == [prescription_id]
    assert store.read(lists.counts, NDIAYE)["bring"] == 1
    assert store.read(queries.prescription, DIOP, prescription_id).to_bring is False, "that is for the pharmacy"


def test_what_is_on_hold_waits(store: Store) -> None:
    prescription_id = steps.validated(store)
    store.write(dispensing.hold, NDIAYE, prescription_id, reason="Dosage à confirmer")
    assert _browse(store, NDIAYE, step="on_hold") == [prescription_id]


def test_what_is_over_waits_for_nothing(store: Store, clock: Clock) -> None:
    steps.delivered(store)
    assert _browse(store, NDIAYE, step="all") == []
    steps.issue(store)
    clock.advance(days=400)
    assert _browse(store, NDIAYE, step="validate") == [], "its time is over, whoever has written that down"
    assert set(store.read(lists.counts, NDIAYE).values()) == {0}


def test_the_longest_waiting_comes_first_page_by_page(store: Store, clock: Clock) -> None:
    steps.grant(store, duration=30 * steps.DAY)
    made = []
    for _ in range(5):
        made += [steps.issue(store), steps.issue(store, pharmacy=None)]
        clock.advance(minutes=7)
    seen: list[str] = []
    before = None
    for _ in range(4):
        page = store.read(lists.work, NDIAYE, "validate", before=before, limit=3)
        seen += [item.id for item in page]
        before = page.next
    assert before is None
    assert sorted(seen) == sorted(made)
    moments = [store.value("SELECT updated_at FROM prescriptions WHERE id = ?", id) for id in seen]
    assert moments == sorted(moments)


def test_every_state_that_a_pharmacy_has_before_it_has_a_step() -> None:
    """Also of a state that is new: what is under way is in some list of the pharmacy's work."""
    assert {code for code, state in states.STATES.items() if state.step} >= {*states.UNDER_WAY}
    assert {state.step for state in states.STATES.values() if state.step} == states.TO_DO.keys() - {"acknowledge"}


def test_another_pharmacy_has_its_own_work(store: Store) -> None:
    steps.issued(store, pharmacy=KADD)
    assert _browse(store, NDIAYE, step="all") == []
    assert store.read(lists.counts, NDIAYE)["validate"] == 0
