"""Writing a record, as typed: the author, the patient and the state are never among the fields."""

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from fadjma.records.forms import AmendForm, ErrorForm, RecordForm

RECORD = {"type": "consultation", "title": "Hypertension", "body": "Tension 15/9"}


def _errors(form: RecordForm | AmendForm | ErrorForm) -> set[str]:
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
        ("occurred_on", (datetime.now(UTC) + timedelta(days=1)).date().isoformat()),
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
