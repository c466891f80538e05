"""Results of tests: numbers and units as people write them, high and low worked out, what is no result refused."""

from decimal import Decimal

import pytest
from cast import AWA, DIOP, MOUSSA, NDIAYE, SARR
from steps import grant, in_days, write_record
from store import Store
from werkzeug.datastructures import MultiDict

from fadjma.records import actions, queries, results, structuring, units
from fadjma.records.forms.results import ResultForm
from fadjma.records.results import Result, Value
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound

HAEMOGLOBIN = Value("hémoglobine", Decimal("9.10"), "", "g/dL", Decimal("12"), Decimal("16"))
TROPONIN = Value("Troponine", Decimal("0.01"), "<", "ug/L", None, Decimal("0.04"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("5,4", ("", "5.4")),
        ("5.40", ("", "5.40")),
        ("-2", ("", "-2")),
        ("12 500", ("", "12500")),
        ("<0,01", ("<", "0.01")),
        ("> 500", (">", "500")),
        ("≤5", ("<=", "5")),
        ("٥", ("", "5")),
        ("abc", None),
        ("<négatif", None),
        ("<>5", None),
        ("1e3", None),
        ("5,4,3", None),
        ("", None),
        ("<", None),
    ],
)
def test_a_value_is_a_number_with_or_without_a_sign_before_it(typed: str, meant: tuple[str, str] | None) -> None:
    found = results.compared(typed)
    assert (found and (found[0], f"{found[1]:f}")) == meant


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("mg/dl", "mg/dL"),
        ("mg/dL", "mg/dL"),
        ("µmol/l", "umol/L"),
        ("UI/L", "[IU]/L"),
        ("mUI/l", "m[IU]/L"),
        ("G/L", "10*9/L"),
        ("10^9/L", "10*9/L"),
        ("10⁹/L", "10*9/L"),
        ("x10^12/L", "10*12/L"),
        ("/mm3", "/mm3"),
        ("mm³", "mm3"),
        ("%", "%"),
        ("mL/min/{1.73_m2}", "mL/min/{1.73_m2}"),
        ("mol/L", "mol/L"),
        ("mmHg", "mm[Hg]"),
        ("Mg/dl", None),
        ("MG/DL", None),
        ("mg dL", None),
        ("mg//dL", None),
        ("{", None),
        ("/100{WBC}", "/100{WBC}"),
        ("[titer]", None),
        ("croix", None),
    ],
)
def test_a_unit_is_one_of_ucum_however_laboratories_write_it(typed: str, kept: str | None) -> None:
    assert units.read(typed) == kept
    assert kept is None or units.read(kept) == kept


def test_what_is_usual_is_a_unit_and_is_shown_as_people_write_it() -> None:
    assert [units.read(unit) for unit in units.USUAL] == list(units.USUAL)
    assert [units.shown(unit) for unit in ("10*9/L", "umol/L", "[IU]/L", "u[IU]/mL")] == [
        *("× 10⁹/L", "µmol/L", "UI/L", "µUI/mL")
    ]


@pytest.mark.parametrize(
    ("value", "mark"),
    [
        ("11.9", "low"),
        ("12", None),
        ("16", None),
        ("16.1", "high"),
        ("<12", "low"),
        ("<=12", None),
        ("<13", None),
        (">16", "high"),
        (">=16", None),
        (">15", None),
        ("<20", None),
    ],
)
def test_it_is_marked_only_where_it_is_outside_for_certain(value: str, mark: str | None) -> None:
    sign, number = results.compared(value) or pytest.fail()
    assert Value("Hb", number, sign, "g/dL", Decimal(12), Decimal(16)).mark == mark
    assert Value("Hb", number, sign, "g/dL").mark is None


ROW = {"analysis": "Glycémie", "value": "0,9", "unit": "g/L", "low": "0,7", "high": "1,1"}


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({}, set()),
        ({"value": "abc"}, {"values-0-value"}),
        ({"value": "<positif"}, {"values-0-value"}),
        ({"value": "<5", "comparator": "<"}, {"values-0-value"}),
        ({"value": "5", "comparator": "~"}, {"values-0-comparator"}),
        ({"value": ""}, {"values-0-value"}),
        ({"analysis": ""}, {"values-0-analysis"}),
        ({"unit": "croix"}, {"values-0-unit"}),
        ({"low": "2", "high": "1"}, {"values-0-low"}),
        ({"low": "bas"}, {"values-0-low"}),
        ({"colour": "rouge"}, {"values-0-colour"}),
    ],
)
def test_what_cannot_be_is_said_where_it_was_typed(typed: dict[str, str], faults: set[str]) -> None:
    form = ResultForm(MultiDict({f"values-0-{name}": said for name, said in {**ROW, **typed}.items()}))
    assert form.validate() is not bool(faults)
    assert set(form.messages) == faults


@pytest.mark.parametrize("count", [0, 21, 200])
def test_a_result_has_from_one_to_twenty_values(count: int) -> None:
    rows = {f"values-{place}-{name}": said for place in range(count) for name, said in ROW.items()}
    form = ResultForm(MultiDict(rows))
    assert not form.validate()
    assert set(form.messages) == {"values"} and "vingt" in form.messages["values"]


def test_a_date_next_year_is_refused() -> None:
    said = {f"values-0-{name}": value for name, value in ROW.items()}
    form = ResultForm(MultiDict({**said, "occurred_on": "2099-01-01"}))
    assert not form.validate() and set(form.messages) == {"occurred_on"}


def _note(store: Store, *values: Value) -> str:
    facts = Result(values or (HAEMOGLOBIN, TROPONIN), note="À jeun")
    return store.write(structuring.note_result, DIOP, AWA.id, facts=facts, occurred_on=in_days(store, 0))


def test_it_has_its_fields_with_every_digit_and_says_the_same_in_words(store: Store) -> None:
    grant(store)
    found = store.read(queries.record, AWA, _note(store))
    assert found.fields == Result((HAEMOGLOBIN, TROPONIN), note="À jeun")
    assert found.title == "Hémoglobine, Troponine"
    assert found.body == ("hémoglobine : 9,10 g/dL (12 à 16), bas\nTroponine : <0,01 µg/L (jusqu'à 0,04)\nÀ jeun")
    said = found.json("fr")["test_result"]["values"]
    assert [(one["comparator"], one["value"], one["interpretation"]) for one in said] == [
        *((None, 9.1, "low"), ("<", 0.01, None))
    ]


def test_a_correction_shows_which_value_it_changed(store: Store) -> None:
    grant(store)
    record_id = _note(store)
    better = Result((Value("hémoglobine", Decimal("9.8"), "", "g/dL", Decimal("12"), Decimal("16")), TROPONIN))
    store.write(structuring.amend_result, DIOP, record_id, version=1, facts=better, reason="Relu")
    newest, first = store.read(queries.record_with_versions, AWA, record_id).versions
    changed = [piece for piece in newest.body_since(first) if piece[0] != "same"]
    assert changed[:2] == [("del", " 9,10"), ("ins", " 9,8")]
    with pytest.raises(Conflict):
        store.write(structuring.amend_result, DIOP, record_id, version=1, facts=better, reason="Relu")


def test_a_result_in_words_gets_its_fields_and_nothing_else_does(store: Store) -> None:
    grant(store)
    said = {"facts": Result((HAEMOGLOBIN,)), "version": 1, "reason": "Relu"}
    in_words = write_record(store, type="test_result")
    assert store.read(queries.record, AWA, in_words).in_words
    store.write(structuring.amend_result, DIOP, in_words, **said)
    assert store.read(queries.record, AWA, in_words).fields == Result((HAEMOGLOBIN,))
    with pytest.raises(NotFound):
        store.write(structuring.amend_result, DIOP, write_record(store, type="consultation"), **said)
    with pytest.raises(Invalid):
        store.write(actions.amend, DIOP, in_words, version=2, title="Autre", body="Autre", reason="Relu")


def test_only_a_doctor_whose_access_opens_the_file_notes_one_after_the_birth(store: Store) -> None:
    grant(store, scope="summary")
    for person in (DIOP, SARR, NDIAYE, MOUSSA, AWA):
        with pytest.raises((Forbidden, NotFound)):
            store.write(structuring.note_result, person, AWA.id, facts=Result((HAEMOGLOBIN,)), occurred_on="2026-03-01")


def test_before_the_birth_there_was_none(store: Store) -> None:
    grant(store)
    with pytest.raises(Invalid) as refused:
        store.write(structuring.note_result, DIOP, AWA.id, facts=Result((TROPONIN,)), occurred_on="1910-01-01")
    assert set(refused.value.errors) == {"occurred_on"}


def test_what_this_patient_has_had_before_is_proposed_with_its_newest_unit(store: Store) -> None:
    grant(store)
    _note(store, Value("Créatinine", Decimal(8), unit="mg/L"))
    _note(store, Value("CREATININE", Decimal(70), unit="umol/L"), HAEMOGLOBIN)
    found = store.read(results.proposed, AWA.id)
    assert len(found) == 2 and {one.unit for one in found} <= {"umol/L", "mg/L", "g/dL"}


def test_its_chain_covers_the_values(store: Store) -> None:
    grant(store)
    record_id = _note(store)
    assert f"result_values:{record_id}/1" in " ".join(
        covered for (covered,) in store.rows("SELECT covered FROM chain_links WHERE chain = 'awa'")
    )
