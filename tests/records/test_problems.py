"""Problems: in a doctor's words, with a code or none, since when, and that one ends; two doctors on one of them."""

import pytest
from cast import AWA, DIOP, GASSAMA, MOUSSA, NDIAYE, SARR
from steps import emergency, grant, in_days
from store import Clock, Store
from werkzeug.datastructures import MultiDict

from fadjma.identity.people import Viewer
from fadjma.records import actions, problems, queries, structuring
from fadjma.records.forms.fields import ProblemForm
from fadjma.records.problems import Problem
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, NotNow

PRESSURE = Problem("hypertension artérielle", icd="I10", since="2019-05", note="Suivie à Thiès")


def _note(store: Store, facts: Problem = PRESSURE, by: Viewer = DIOP) -> str:
    return store.write(structuring.note_problem, by, AWA.id, facts=facts)


def _known(store: Store, viewer: Viewer = AWA) -> list[tuple[str, str]]:
    return [(one.facts.words, one.facts.status) for one in store.read(structuring.open_problems, viewer, AWA.id)]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("I10", "I10"),
        ("i10", "I10"),
        ("e119", "E11.9"),
        ("E11.9", "E11.9"),
        (" D57.10 ", "D57.10"),
        ("I1", None),
        ("10I", None),
        ("E11.", None),
        ("E11.999", None),
        ("Ꭼ11", None),
    ],
)
def test_a_code_has_the_form_of_icd_10(typed: str, code: str | None) -> None:
    assert problems.code_of(typed) == code


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"since": "3/5/2019"}, None),
        ({"since": "autrefois"}, "since"),
        ({"since": "2099"}, "since"),
        ({"since": "1850"}, "since"),
        ({"icd": "hypert"}, "icd"),
        ({"ended_on": "2099-01-01"}, "ended_on"),
        ({"ended_on": "2020-01-01", "status": "active"}, "ended_on"),
        ({"words": ""}, "words"),
        ({"sinse": "2019"}, "sinse"),
    ],
)
def test_what_cannot_be_is_said_where_it_was_typed(typed: dict[str, str], fault: str | None) -> None:
    form = ProblemForm(MultiDict({"words": "Asthme", **typed}))
    form.validate()
    assert set(form.messages) == ({fault} if fault else set())


def test_it_has_its_fields_and_says_the_same_in_words(store: Store) -> None:
    grant(store)
    found = store.read(queries.record, AWA, _note(store))
    assert found.fields == PRESSURE
    assert (found.title, found.body) == (
        "Hypertension artérielle",
        "Code CIM-10 : I10\nDepuis : 05/2019\nSuivie à Thiès",
    )
    said = queries.Sought(q="hypert")
    assert [one.id for one in store.read(queries.records, AWA.id, sought=said)] == [found.id]


def test_it_ends_by_an_act_with_its_day_and_the_version_before_is_kept(store: Store) -> None:
    grant(store)
    record_id = _note(store)
    store.write(structuring.end_problem, DIOP, record_id, version=1, ended_on=in_days(store, -1))
    found = store.read(queries.record_with_versions, AWA, record_id)
    assert isinstance(found.fields, Problem)
    assert (found.fields.status, found.fields.ended_on) == ("past", in_days(store, -1))
    assert any(kind == "ins" and "Terminé" in text for kind, text in found.versions[0].body_since(found.versions[1]))
    with pytest.raises(NotNow):
        store.write(structuring.end_problem, DIOP, record_id, version=2, ended_on=in_days(store, 0))
    _note(store)  # it has come back
    assert [status for _, status in _known(store)] == ["active", "past"]


def test_the_second_of_two_doctors_decides_again(store: Store, clock: Clock) -> None:
    grant(store)
    grant(store, SARR)
    record_id = _note(store)
    store.write(structuring.end_problem, SARR, record_id, version=1, ended_on=in_days(store, 0))
    with pytest.raises(Conflict) as conflict:
        store.write(
            structuring.amend_problem,
            DIOP,
            record_id,
            version=1,
            facts=Problem("Hypertension sévère"),
            reason="Précisée",
        )
    assert conflict.value.current == "version 2"
    assert _known(store) == [("hypertension artérielle", "past")]


def test_one_is_noted_once_and_not_before_birth(store: Store) -> None:
    grant(store)
    _note(store)
    for facts, field in (
        (Problem("Hypertension Arterielle"), "words"),
        (Problem("Asthme", since="1990"), "since"),
        (Problem("Asthme", status="past", ended_on="1991-07-13"), "ended_on"),
        (Problem("Asthme", since="2024", status="past", ended_on="2023-12-31"), "ended_on"),
    ):
        with pytest.raises(Invalid) as refusal:
            _note(store, facts)
        assert set(refusal.value.errors) == {field}
    _note(store, Problem("Asthme", since="1991"))  # the year of birth: as much as is known


def test_it_is_for_who_reads_the_whole_file(store: Store) -> None:
    grant(store)
    grant(store, SARR, scope="prescriptions")
    _note(store)
    assert _known(store) == _known(store, DIOP) == _known(store, GASSAMA) != []
    for person in (SARR, MOUSSA, NDIAYE):
        with pytest.raises(NotFound):
            _known(store, person)
    for person in (AWA, GASSAMA, SARR, NDIAYE):
        with pytest.raises(Forbidden):
            _note(store, Problem("Asthme"), person)


def test_entered_in_error_it_is_in_no_list(store: Store) -> None:
    emergency(store)
    record_id = _note(store)
    store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
    assert _known(store) == []


def test_a_record_without_its_fields_is_not_made_one(store: Store) -> None:
    grant(store)
    record_id = _note(store)
    with pytest.raises(Invalid):
        store.write(actions.amend, DIOP, record_id, version=1, title="Autre", body="x", reason="Autre")


def test_what_is_past_may_be_called_as_what_has_come_back(store: Store) -> None:
    grant(store)
    malaria = Problem("Paludisme", since="2024")
    first = _note(store, malaria)
    store.write(structuring.end_problem, DIOP, first, version=1, ended_on=in_days(store, -9))
    _note(store, malaria)
    past = Problem("Paludisme", since="2023", status="past")
    store.write(structuring.amend_problem, DIOP, first, version=2, facts=past, reason="Année")
    _note(store, Problem("Paludisme", since="2020", status="past"))
    assert [status for _, status in _known(store)] == ["active", "past", "past"]
    with pytest.raises(Invalid) as refusal:
        store.write(structuring.amend_problem, DIOP, first, version=3, facts=malaria, reason="Pas guéri")
    assert set(refusal.value.errors) == {"words"}


def test_who_comes_after_it_was_entered_in_error_is_told_that(store: Store) -> None:
    grant(store)
    grant(store, SARR)
    record_id = _note(store)
    store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
    amend = {"version": 1, "facts": PRESSURE, "reason": "Précisée"}
    for act, said in (
        (structuring.end_problem, {"version": 1, "ended_on": in_days(store, 0)}),
        (structuring.amend_problem, amend),
    ):
        for doctor in (DIOP, SARR):
            with pytest.raises(Conflict) as conflict:
                store.write(act, doctor, record_id, **said)
            assert conflict.value.current == "entered_in_error"
