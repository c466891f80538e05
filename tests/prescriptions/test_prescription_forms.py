"""Prescribing, as typed: lines inside a form, each message beside its field."""

import pytest
from werkzeug.datastructures import MultiDict

from fadjma.prescriptions.forms import (
    LINES_AT_MOST,
    DeliveryForm,
    DeliveryRequestForm,
    PrescriptionForm,
    ReasonForm,
    RefusalForm,
)
from fadjma.web.forms import fields_from_json

LINE = {"medicine_id": "m1", "dosage": "1 matin et soir", "quantity": 20, "duration_days": 10}


def _form(*lines: dict[str, object], **fields: object) -> PrescriptionForm:
    form = PrescriptionForm(fields_from_json({"lines": list(lines), **fields}))
    form.validate()
    return form


def test_a_line_needs_posology_quantity_and_duration() -> None:
    assert _form(LINE).messages == {}
    assert set(_form(LINE, {"medicine_id": "m1"}).messages) == {
        "lines-1-dosage",
        "lines-1-quantity",
        "lines-1-duration_days",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 0),
        ("quantity", 1001),
        ("quantity", "dix"),
        ("duration_days", 0),
        ("duration_days", 366),
        ("dosage", "x" * 301),
        ("substitution_reason", "x" * 201),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(field: str, value: object) -> None:
    assert set(_form({**LINE, field: value}).messages) == {f"lines-0-{field}"}


def test_a_prescription_has_a_bounded_number_of_lines() -> None:
    """Too many are said, never silently left out."""
    form = _form(*[LINE] * (LINES_AT_MOST + 1))
    assert form.messages == {"lines": "Quinze médicaments au plus par ordonnance."}
    assert len(form.lines.entries) == LINES_AT_MOST + 1


def test_what_the_action_refuses_is_said_beside_its_field_too() -> None:
    form = _form(LINE, LINE)
    form.refuse({"lines-1-medicine": "Choisissez un médicament de la liste.", "pharmacy_id": "Choisissez."})
    assert set(form.messages) == {"lines-1-medicine", "pharmacy_id"}


def test_a_request_sets_neither_author_nor_patient_nor_state() -> None:
    forged = {"prescriber_id": "sarr", "patient_id": "moussa", "status": "delivered", "valid_until": 9}
    form = _form({**LINE, "delivered": 20}, **forged)
    assert set(form.messages) == {"lines-0-delivered", *forged}
    assert set(form.data) == {"confirm", "overrides", "pharmacy_id", "replaces_id", "renews_id", "opened", "lines"}
    assert "delivered" not in form.data["lines"][0]


def test_what_is_said_of_a_line_is_understood_or_refused() -> None:
    form = _form(LINE, {**LINE, "note": "à jeun"}, {**LINE, "substitution_allowed": False})
    assert set(form.messages) == {"lines-1-note", "lines-2-substitution_allowed"}
    assert "«\xa0substitution_reason\xa0»" in form.messages["lines-2-substitution_allowed"]


def test_no_line_vanishes() -> None:
    assert set(_form(LINE, {}).messages) == {"lines-1"}
    assert set(PrescriptionForm(fields_from_json({"lines": "paracétamol"})).messages) == {"lines"}
    for number in ("20", "x", "²", "00", "9" * 5_000):
        assert set(PrescriptionForm(MultiDict({f"lines-{number}-dosage": "à jeun"})).messages) == {"lines"}


@pytest.mark.parametrize("reason", ["", "ab", "x" * 501])
def test_a_reason_is_required_where_the_clinic_asks_for_one(reason: str) -> None:
    assert not ReasonForm(MultiDict({"reason": reason})).validate()
    assert ReasonForm(MultiDict({"reason": "Rupture de stock"})).validate()


def test_a_refusal_has_a_code_and_a_text() -> None:
    assert RefusalForm(MultiDict({"code": "dose", "text": "Trop élevée"})).validate()
    assert not RefusalForm(MultiDict({"code": "mood", "text": "Trop élevée"})).validate()
    assert not RefusalForm(MultiDict({"code": "dose", "text": ""})).validate()


def test_a_hand_over_takes_a_code_or_a_document_and_a_reason() -> None:
    assert DeliveryForm(MultiDict({"code": "123 456"})).validate()
    assert DeliveryForm(MultiDict({"identity_document": "CNI 1", "reason": "Code perdu"})).validate()
    assert not DeliveryForm(MultiDict({"code": "1" * 21})).validate()


@pytest.mark.parametrize("phone", ["", "12", "awa"])
def test_a_delivery_has_an_address_and_a_real_phone(phone: str) -> None:
    assert DeliveryRequestForm(MultiDict({"address": "Médina", "phone": "77 123 45 67"})).validate()
    assert not DeliveryRequestForm(MultiDict({"address": "Médina", "phone": phone})).validate()
    assert not DeliveryRequestForm(MultiDict({"address": "", "phone": "77 123 45 67"})).validate()
