"""Asking and deciding, as typed: the doctor proposes a scope, and can set nothing else."""

import pytest
from cast import AWA, DIOP
from werkzeug.datastructures import MultiDict

from fadjma.access.forms import ApproveForm, AskForm, ReasonForm
from fadjma.access.states import DURATIONS


def _errors(form: ApproveForm | AskForm | ReasonForm) -> set[str]:
    form.validate()
    return set(form.messages)


def test_a_request_needs_a_patient_and_a_reason() -> None:
    assert _errors(AskForm(MultiDict({"patient_id": AWA.id, "reason": "Suivi"}))) == set()
    assert _errors(AskForm(MultiDict())) == {"patient_id", "reason"}


@pytest.mark.parametrize("reason", ["", "ab", "   a   ", "x" * 501])
def test_a_reason_has_3_to_500_characters(reason: str) -> None:
    assert _errors(AskForm(MultiDict({"patient_id": AWA.id, "reason": reason}))) == {"reason"}


def test_who_asks_sets_neither_end_nor_state_nor_author() -> None:
    forged = {"expires_at": "9", "status": "approved", "doctor_id": DIOP.id}
    form = AskForm(MultiDict({"patient_id": AWA.id, "reason": "Suivi", "scope": "full", **forged}))
    assert not form.validate()
    assert form.messages.keys() == forged.keys()
    assert set(form.data) == {"patient_id", "reason", "scope", "duration", "emergency", "password"}


@pytest.mark.parametrize("name", ["scope", "emergency"])
@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0"])
def test_a_choice_that_is_blank_is_none(name: str, blank: str) -> None:
    form = AskForm(MultiDict({"patient_id": AWA.id, "reason": "Suivi", name: blank}))
    assert form.validate() and not form[name].data


@pytest.mark.parametrize("scope", ["everything", "FULL", "records"])
def test_a_proposed_scope_is_one_of_three_or_none(scope: str) -> None:
    assert _errors(AskForm(MultiDict({"patient_id": AWA.id, "reason": "Suivi", "scope": scope}))) == {"scope"}


@pytest.mark.parametrize("emergency", ["curious", "UNCONSCIOUS"])
def test_an_emergency_has_one_of_the_coded_reasons(emergency: str) -> None:
    fields = {"patient_id": AWA.id, "reason": "Malaise", "emergency": emergency}
    assert _errors(AskForm(MultiDict(fields))) == {"emergency"}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"emergency": "unconscious", "password": "x"}, set()),
        ({"emergency": "unconscious", "password": "x", "scope": "", "duration": ""}, set()),
        ({"emergency": "unconscious", "password": "x", "scope": "summary"}, {"scope"}),
        ({"emergency": "unconscious", "password": "x", "duration": "24h"}, {"duration"}),
        ({"password": "x"}, {"password"}),
        ({"password": "x", "emergency": " ", "scope": "full"}, {"password"}),
        ({"password": "", "scope": "full"}, set()),
    ],
)
def test_a_request_is_one_thing_or_the_other(sent: dict[str, str], wrong: set[str]) -> None:
    """A doctor who gave the password and no situation would have waited for an answer."""
    assert _errors(AskForm(MultiDict({"patient_id": AWA.id, "reason": "Malaise", **sent}))) == wrong


@pytest.mark.parametrize("duration", ["", "-1", "0", "100y", "2020-01-01"])
def test_a_grant_lasts_as_long_as_one_of_the_choices(duration: str) -> None:
    assert _errors(ApproveForm(MultiDict({"scope": "full", "duration": duration}))) == {"duration"}


@pytest.mark.parametrize("scope", ["", "everything"])
def test_the_patient_chooses_a_scope(scope: str) -> None:
    assert _errors(ApproveForm(MultiDict({"scope": scope, "duration": "24h"}))) == {"scope"}


def test_the_durations_are_those_of_the_clinic() -> None:
    hours = {name: milliseconds / 3_600_000 for name, (_, milliseconds) in DURATIONS.items()}
    assert hours == {"24h": 24, "7d": 168, "30d": 720, "12m": 8760}


def test_a_decision_needs_no_reason() -> None:
    assert _errors(ReasonForm(MultiDict({"reason": ""}))) == set()
    assert _errors(ReasonForm(MultiDict({"reason": "x" * 501}))) == {"reason"}
