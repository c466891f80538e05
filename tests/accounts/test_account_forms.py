"""What one fills in to get an account: a form names what it takes, everything else is ignored."""

import time
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from fadjma.accounts.forms import _EMAIL, PatientForm, PractitionerForm, SignInForm

PERSON = {"given_name": "Binta", "family_name": "Sow", "phone": "77 123 45 67", "password": "le baobab du marché"}
PATIENT = {**PERSON, "birth_date": "1999-05-06", "sex": "female"}
PRACTITIONER = {**PERSON, "role": "doctor", "licence_number": "ORDRE-77", "organization_id": "clinic"}


def _errors(kind: Any, fields: dict[str, str]) -> set[str]:
    form = kind(MultiDict(fields))
    form.validate()
    return set(form.messages)


def test_a_phone_or_an_email_address_is_enough() -> None:
    assert _errors(PatientForm, PATIENT) == set()
    assert _errors(PatientForm, {**PATIENT, "phone": "", "email": "binta@example.sn"}) == set()
    assert _errors(PatientForm, {**PATIENT, "phone": "", "email": ""}) == {"phone"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""),
        ("given_name", "   "),
        ("given_name", "x" * 81),
        ("phone", "12"),
        ("email", "not an address"),
        ("email", "two@at@signs"),
        ("email", "two@dots..sn"),
        ("email", "no@end."),
        ("email", '"<script>"@x.sn'),
        ("password", ""),
        ("password", "x" * 201),
        ("birth_date", "2999-01-01"),
        ("birth_date", "1899-12-31"),
        ("birth_date", "31/13/1999"),
        ("birth_date", "31/12/99"),
        ("sex", "other thing"),
    ],
)
def test_a_patient_is_told_what_cannot_be(field: str, value: str) -> None:
    assert _errors(PatientForm, {**PATIENT, field: value}) == {field}


def test_no_email_address_takes_long_to_refuse() -> None:
    begun = time.thread_time()
    assert _errors(PatientForm, {**PATIENT, "email": "a@" + "." * 60_000 + "@"}) == {"email"}
    assert _EMAIL.fullmatch("a@" + "a." * 30_000 + "@") is None
    assert time.thread_time() - begun < 0.5


@pytest.mark.parametrize("field", ["email", "phone"])
def test_nothing_is_asked_about_text_that_is_too_long(field: str) -> None:
    form = PatientForm(MultiDict({**PATIENT, field: "x" * 201}))
    form.validate()
    assert len(form[field].errors) == 1


@pytest.mark.parametrize(
    ("field", "value"), [("role", "admin"), ("role", "patient"), ("licence_number", ""), ("organization_id", "")]
)
def test_a_practitioner_is_told_what_cannot_be(field: str, value: str) -> None:
    assert _errors(PractitionerForm, {**PRACTITIONER, field: value}) == {field}


def test_nobody_gives_themselves_a_role_a_status_or_an_identifier() -> None:
    given = {"role": "admin", "status": "active", "identifier": "FJ-00000-00000", "id": "awa", "verified_at": "1"}
    form = PatientForm(MultiDict({**PATIENT, **given}))
    assert not form.validate()
    assert form.messages.keys() == given.keys()
    assert set(form.data) == {
        "confirm",
        "given_name",
        "family_name",
        "email",
        "phone",
        "password",
        "birth_date",
        "sex",
        "city",
    }


def test_a_password_is_taken_as_it_is_typed() -> None:
    form = SignInForm(MultiDict({"login": " awa@demo.fadjma ", "password": "  deux espaces  "}))
    assert form.validate()
    assert form.data == {"login": "awa@demo.fadjma", "password": "  deux espaces  "}
