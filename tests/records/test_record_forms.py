"""Writing a record, as typed: the author, the patient and the state are never among the fields."""

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from fadjma.records.forms.fields import AmendForm, ErrorForm, RecordForm
from fadjma.records.forms.measured import MeasurementForm

RECORD = {"type": "consultation", "title": "Hypertension", "body": "Tension 15/9"}


def _errors(form: RecordForm | AmendForm | ErrorForm | MeasurementForm) -> set[str]:
    form.validate()
    return set(form.messages)


def test_a_record_needs_a_type_a_title_and_a_text() -> None:
    assert _errors(RecordForm(MultiDict(RECORD))) == set()
    assert _errors(RecordForm(MultiDict())) == {"type", "title", "body"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "prescription"),
        ("type", "surgery"),
        ("title", "x" * 151),
        ("body", "x" * 10_001),
        ("body", " \n "),
        ("occurred_on", "1899-12-31"),
        ("occurred_on", "yesterday"),
        ("occurred_on", (datetime.now(UTC) + timedelta(days=2)).date().isoformat()),
    ],
)
def test_what_cannot_be_is_refused(field: str, value: str) -> None:
    assert _errors(RecordForm(MultiDict({**RECORD, field: value}))) == {field}


def test_a_request_sets_neither_author_nor_patient_nor_state() -> None:
    more = {"author_id": "sarr", "patient_id": "moussa", "status": "x", "version": "9"}
    form = RecordForm(MultiDict({**RECORD, **more}))
    assert _errors(form) == set(more)
    assert set(form.data) == {"type", "occurred_on", "title", "body"}


def test_a_text_keeps_its_lines() -> None:
    form = RecordForm(MultiDict({**RECORD, "body": "TA 15/9\r\nPouls 80\n"}))
    assert form.body.data == "TA 15/9\nPouls 80"


@pytest.mark.parametrize("version", ["", "0", "-1", "x"])
def test_a_correction_says_which_version_it_corrects(version: str) -> None:
    fields = {"title": "T", "body": "B", "reason": "Contrôle", "version": version}
    assert _errors(AmendForm(MultiDict(fields))) == {"version"}


@pytest.mark.parametrize("reason", ["", "ab", "x" * 501])
def test_a_correction_and_an_error_have_a_reason(reason: str) -> None:
    fields = {"title": "T", "body": "B", "version": "1", "reason": reason}
    assert _errors(AmendForm(MultiDict(fields))) == {"reason"}
    assert _errors(ErrorForm(MultiDict({"reason": reason}))) == {"reason"}


WEIGHT = {"code": "body_weight", "unit": "kg"}


@pytest.mark.parametrize(
    ("value", "unit", "grams"),
    [
        ("12,4", "kg", 12_400),
        ("12.4", "kg", 12_400),
        ("3,205", "kg", 3_205),
        ("0,3", "kg", 300),
        ("400", "kg", 400_000),
        ("٦٢٫٥".replace("٫", ","), "kg", 62_500),
        ("3200", "g", 3_200),
        ("3 200", "g", 3_200),
    ],
)
def test_a_weight_is_kept_in_grams(value: str, unit: str, grams: int) -> None:
    form = MeasurementForm(MultiDict({**WEIGHT, "value": value, "unit": unit}))
    assert _errors(form) == set()
    assert form.grams == grams


@pytest.mark.parametrize(
    ("value", "unit", "message"),
    [
        ("3200", "kg", "C'est plus de 400 kg\xa0: si ce sont des grammes, 3200 s'écrit ici 3,2."),
        ("70500,5", "g", "Donnez un poids, comme 12,4 kg ou 3200 g."),
        ("3,2", "g", "C'est moins de 300 g\xa0: si ce sont des kilogrammes, 3,2 s'écrit ici 3200."),
        ("62", "g", "C'est moins de 300 g\xa0: si ce sont des kilogrammes, 3,2 s'écrit ici 3200."),
        ("0,299", "kg", "Un poids va de 0,3 à 400 kg."),
        ("0", "kg", "Un poids va de 0,3 à 400 kg."),
        ("400001", "g", "Un poids va de 0,3 à 400 kg."),
        ("-12", "kg", "Donnez un poids, comme 12,4 kg ou 3200 g."),
        ("12,4567", "kg", "Donnez un poids, comme 12,4 kg ou 3200 g."),
        ("1e3", "g", "Donnez un poids, comme 12,4 kg ou 3200 g."),
        ("douze", "kg", "Donnez un poids, comme 12,4 kg ou 3200 g."),
    ],
)
def test_a_weight_that_cannot_be_is_refused_with_what_it_looks_like(value: str, unit: str, message: str) -> None:
    form = MeasurementForm(MultiDict({**WEIGHT, "value": value, "unit": unit}))
    assert _errors(form) == {"value"}
    assert form.messages["value"] == message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "height"),
        ("unit", "lb"),
        ("value", ""),
        ("measured_on", (datetime.now(UTC) + timedelta(days=2)).date().isoformat()),
    ],
)
def test_a_measurement_is_of_a_known_kind_unit_and_past(field: str, value: str) -> None:
    assert _errors(MeasurementForm(MultiDict({**WEIGHT, "value": "12,4", field: value}))) == {field}
