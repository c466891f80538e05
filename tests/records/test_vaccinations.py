"""Vaccinations with their fields, what is due after them, and whom the front desk is to call."""

from datetime import date

import pytest
from cast import ADMIN, AWA, DIOP, GASSAMA, MOUSSA, NDIAYE, PHONES, SARR, THIAM
from steps import grant, in_days, write_record
from store import Clock, Store
from werkzeug.datastructures import MultiDict

from fadjma.access import readings as trace
from fadjma.days import day
from fadjma.identity.people import Viewer
from fadjma.records import actions, queries, recalling, structuring, vaccinations
from fadjma.records.forms.fields import VaccinationForm
from fadjma.records.vaccinations import Vaccination
from fadjma.refusals import Conflict, Forbidden, Invalid


def _vaccinate(
    store: Store,
    vaccine: str = "Penta",
    *,
    dose: int | None = 1,
    days: int = -60,
    due: int | None = None,
    patient: Viewer = AWA,
) -> str:
    next_due = "" if due is None else in_days(store, due)
    facts = Vaccination(vaccine, dose, "AB12", "cuisse gauche", next_due)
    return store.write(structuring.vaccinate, DIOP, patient.id, facts=facts, occurred_on=in_days(store, days))


def _due(store: Store, patient: Viewer = AWA) -> list[tuple[str, int | None, bool]]:
    found = store.read(vaccinations.due, patient.id, day(store.clock()))
    return [(one.vaccine, one.dose, one.overdue) for one in found]


def _recalls(store: Store, viewer: Viewer = THIAM) -> list[tuple[str, str | None, str]]:
    found = store.write(recalling.open_recalls, viewer)
    return [(one.name, one.phone, one.since) for one in found]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"dose": "0", "next_due": "2030-01-01"}, None),
        ({"dose": "-1"}, "dose"),
        ({"dose": "21"}, "dose"),
        ({"dose": "deux"}, "dose"),
        ({"occurred_on": "2099-01-01"}, "occurred_on"),
        ({"next_due": "2226-01-01"}, "next_due"),
        ({"vaccine": ""}, "vaccine"),
        ({"batch": "A1"}, "batch"),
    ],
)
def test_what_cannot_be_is_said_where_it_was_typed(typed: dict[str, str], fault: str | None) -> None:
    form = VaccinationForm(MultiDict({"vaccine": "BCG", **typed}))
    form.validate()
    assert set(form.messages) == ({fault} if fault else set())


def test_it_has_its_fields_and_says_the_same_in_words(store: Store) -> None:
    grant(store)
    facts = Vaccination("penta", 2, "AB12", "cuisse gauche", "2026-05-04", "Bien supporté")
    said = {"facts": facts, "occurred_on": in_days(store, 0)}
    found = store.read(queries.record, AWA, store.write(structuring.vaccinate, DIOP, AWA.id, **said))
    assert (found.fields, found.title) == (facts, "Penta")
    assert found.body == "Dose : 2\nLot : AB12\nSite : cuisse gauche\nProchaine dose : 04/05/2026\nBien supporté"


@pytest.mark.parametrize(
    ("due", "shown"), [(-1, [("Penta", 2, True)]), (0, [("Penta", 2, False)]), (30, [("Penta", 2, False)]), (31, [])]
)
def test_what_is_due_is_late_from_the_day_after_and_shown_a_month_before(
    store: Store, due: int, shown: list[tuple[str, int | None, bool]]
) -> None:
    grant(store)
    _vaccinate(store, due=due)
    assert _due(store) == shown
    assert [since for _, _, since in _recalls(store)] == ([in_days(store, due)] if due < 0 else [])


def test_the_next_dose_ends_it_whatever_its_spelling(store: Store) -> None:
    grant(store)
    _vaccinate(store, "Fièvre jaune", due=-3)
    _vaccinate(store, "BCG", dose=None, due=-2)
    assert _due(store) == [("Fièvre jaune", 2, True), ("BCG", None, True)]
    _vaccinate(store, "FIEVRE JAUNE", days=0, dose=2)
    assert _due(store) == [("BCG", None, True)]


def test_one_that_was_given_before_ends_nothing(store: Store, clock: Clock) -> None:
    grant(store)
    _vaccinate(store, due=-3, days=-60, dose=2)
    clock.advance(minutes=1)
    _vaccinate(store, days=-120)  # written down late
    assert _due(store) == [("Penta", 3, True)]


def test_what_was_in_error_is_due_no_more_and_what_it_ended_is_again(store: Store) -> None:
    grant(store)
    _vaccinate(store, due=-3)
    wrong = _vaccinate(store, dose=2, days=0)
    assert _due(store) == []
    store.write(actions.mark_error, DIOP, wrong, reason="Mauvais patient")
    assert _due(store) == [("Penta", 2, True)]


def test_one_in_words_gets_its_fields_by_hand_alone(store: Store) -> None:
    grant(store)
    record_id = write_record(store, type="vaccination")
    assert store.read(queries.record, AWA, record_id).fields is None and _due(store) == []
    amend = {"version": 1, "facts": Vaccination("Penta", 1, next_due=in_days(store, 1)), "reason": "Carnet relu"}
    store.write(structuring.amend_vaccination, DIOP, record_id, **amend)
    assert _due(store) == [("Penta", 2, False)]
    with pytest.raises(Conflict):
        store.write(structuring.amend_vaccination, DIOP, record_id, **amend)


def test_the_next_is_after_this_one_and_nobody_is_vaccinated_before_birth(store: Store) -> None:
    grant(store)
    with pytest.raises(Invalid) as refusal:
        _vaccinate(store, days=-10, due=-10)
    assert set(refusal.value.errors) == {"next_due"}
    with pytest.raises(Invalid):
        store.write(structuring.vaccinate, DIOP, AWA.id, facts=Vaccination("BCG"), occurred_on="1991-07-13")


@pytest.mark.parametrize("person", [AWA, SARR, GASSAMA, NDIAYE, THIAM, ADMIN], ids=lambda person: person.id)
def test_nobody_vaccinates_without_a_doctors_access_to_the_whole_file(store: Store, person: Viewer) -> None:
    grant(store)
    grant(store, SARR, scope="prescriptions")
    with pytest.raises(Forbidden):
        store.write(structuring.vaccinate, person, AWA.id, facts=Vaccination("BCG"), occurred_on=in_days(store, 0))


def test_the_front_desk_sees_whom_to_call_and_the_patient_that_it_did(store: Store) -> None:
    grant(store)
    grant(store, DIOP, MOUSSA)
    _vaccinate(store, due=-3)
    _vaccinate(store, "BCG", due=-20)
    _vaccinate(store, due=-5, patient=MOUSSA)
    assert _recalls(store) == [
        ("Awa Cissé", PHONES[AWA.id], in_days(store, -20)),
        ("Moussa Diouf", PHONES[MOUSSA.id], in_days(store, -5)),
    ]
    _recalls(store)
    seen = [line for line in store.read(trace.trace, AWA, AWA.id) if line.action == "patient.recalled"]
    assert [line.name for line in seen] == ["Bineta Thiam"], "once a day"
    for person in (AWA, DIOP, GASSAMA, NDIAYE, ADMIN):
        with pytest.raises(Forbidden):
            _recalls(store, person)


def test_a_long_list_of_recalls_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalling, "PER_PAGE", 1)
    for patient in (AWA, MOUSSA):
        grant(store, DIOP, patient)
        _vaccinate(store, due=-3, patient=patient)
    names, following = [], None
    for _ in range(2):
        page = store.write(recalling.open_recalls, THIAM, following)
        names += [one.name for one in page]
        following = page.next
    assert (sorted(names), following) == (["Awa Cissé", "Moussa Diouf"], None)


def test_a_day_is_a_day_of_the_clinic() -> None:
    due = vaccinations.Due("r", "Penta", 2, "2026-03-04", overdue=False)
    assert day(due.at) == date(2026, 3, 4)
