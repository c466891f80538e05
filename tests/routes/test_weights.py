"""A weight on its page, as a doctor or a nurse types it, and where it is read."""

import html
from datetime import timedelta
from typing import Any

import pytest
from callers import Callers
from cast import AWA, DIOP, GASSAMA, NDIAYE, SARR
from store import Clock, Store
from told import Told

from fadjma import days

PAGE = "/patients/awa/measurements"
ROUND = "/patients/awa/vitals"
SENT = {"code": "body_weight", "value": "62,5", "unit": "kg"}  # by a program that knows one measurement alone
TYPED = {"body_weight": "62,5", "unit": "kg"}


def _born(store: Store, birth_date: str) -> None:
    store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'awa'", (birth_date,))


def _text(answer: Any) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")


async def test_a_nurse_weighs_and_the_file_the_prescription_and_the_patient_say_so(
    clinic: Callers, told: Told, clock: Clock
) -> None:
    nurse = clinic.browser(GASSAMA)
    assert "En kilogrammes, comme 12,4" in _text(await nurse.get(PAGE))
    done = await nurse.post(ROUND, {**TYPED, "measured_on": "2026-03-03"})
    assert (done.status, done.location) == (303, "/patients/awa/records")
    said = "62,5 kg, pesé le 3 mars"
    assert said in _text(await nurse.get(done.location))
    assert said in _text(await clinic.browser(AWA).get("/patients/awa/records"))
    assert said in _text(await clinic.browser(DIOP).get("/patients/awa/prescriptions/new"))
    assert said in _text(await clinic.browser(NDIAYE).get(f"/prescriptions/{told.issued}"))
    assert "par délégation" in (await clinic.browser(AWA).get(PAGE)).text
    assert '<form method="post" action="/patients/awa/vitals' in (await nurse.get(PAGE)).text
    assert '<form method="post" action="/patients' not in (await clinic.browser(AWA).get(PAGE)).text


async def test_a_program_reads_what_it_has_written(clinic: Callers, told: Told, store: Store) -> None:
    made = await clinic.program(GASSAMA).post(PAGE, {**SENT, "value": 62.5})
    assert (made.status, made.location) == (201, f"/measurements/{made.json['id']}")
    assert made.json["measured_on"] == store.value("SELECT max(measured_on) FROM measurements")
    found = (await clinic.program(AWA).get(PAGE)).json
    assert [item["id"] for item in found["items"] if item["code"] == "body_weight"] == [made.json["id"], told.weight]
    assert found["items"][0] == made.json == (await clinic.program(AWA).get(made.location)).json
    assert (made.json["value"], made.json["unit"], made.json["code"]) == (62_500, "g", "body_weight")
    assert (made.json["author"]["id"], made.json["delegated_by"]) == (GASSAMA.id, "Ousmane Diop")


@pytest.mark.parametrize(
    ("days_old", "hint", "shown"),
    [(27, "En grammes, comme 3200", "3 200 g"), (28, "En kilogrammes, comme 12,4", "3,2 kg")],
)
async def test_a_newborn_is_weighed_in_grams(
    clinic: Callers, told: Told, store: Store, days_old: int, hint: str, shown: str
) -> None:
    _born(store, f"{days.day(store.clock()) - timedelta(days=days_old)}")
    doctor = clinic.browser(DIOP)
    page = await doctor.get(PAGE)
    assert hint in page.text
    unit, value = ("g", "3200") if days_old == 27 else ("kg", "3,2")
    assert f'name="unit" value="{unit}"' in page.text
    assert (await doctor.post(ROUND, {**TYPED, "unit": unit, "body_weight": value, "confirm": "1"})).status == 303
    assert shown in _text(await doctor.get(PAGE))


async def test_a_child_of_whom_only_the_month_is_known_is_newborn_in_it(
    clinic: Callers, told: Told, store: Store
) -> None:
    _born(store, f"{days.day(store.clock()):%Y-%m}")
    assert "En grammes" in (await clinic.browser(DIOP).get(PAGE)).text
    _born(store, f"{days.day(store.clock()):%Y}")
    assert "En kilogrammes" in (await clinic.browser(DIOP).get(PAGE)).text


async def test_what_cannot_be_or_is_hardly_meant_comes_back_as_it_was_typed(
    clinic: Callers, told: Told, store: Store
) -> None:
    doctor = clinic.browser(DIOP)
    grams = await doctor.post(ROUND, {**TYPED, "body_weight": "3200"})
    assert grams.status == 422
    assert 'value="3200"' in grams.text
    assert "si ce sont des grammes" in _text(grams)
    assert (await doctor.post(ROUND, TYPED)).status == 303
    doubt = await doctor.post(ROUND, {**TYPED, "body_weight": "6,25"})
    assert doubt.status == 422
    assert 'value="6,25"' in doubt.text
    assert 'name="confirm"' in doubt.text
    assert store.value("SELECT count(*) FROM measurements WHERE code = 'body_weight'") == 2
    assert (await doctor.post(ROUND, {**TYPED, "body_weight": "6,25", "confirm": "1"})).status == 303
    problem = (await clinic.program(DIOP).post(PAGE, SENT)).problem(422)
    assert problem["confirm"] == ["value"]


async def test_a_try_without_a_grant_is_in_the_patients_trace(clinic: Callers, told: Told, store: Store) -> None:
    assert (await clinic.program(SARR).post(PAGE, SENT)).status == 404
    assert ("sarr", "file.write", "refused") in store.audit()


@pytest.mark.parametrize("sent", [{}, TYPED, {**TYPED, "value": "3200"}, {**TYPED, "value": "un peu", "more": "x"}])
async def test_whoever_may_not_is_told_that_and_no_more_whatever_they_send(
    clinic: Callers, told: Told, sent: dict[str, str]
) -> None:
    for person, status in ((AWA, 403), (NDIAYE, 403), (SARR, 404)):
        for caller in (clinic.program(person), clinic.browser(person)):
            assert (await caller.post(PAGE, sent)).status == status, person.id


@pytest.mark.parametrize(
    ("typed", "unit", "grams"),
    [
        ("12,4 kg", "kg", 12_400),
        ("62 kilos", "kg", 62_000),
        ("3200 g", "kg", 3_200),
        ("3,2 kg", "g", 3_200),
        ("3 kg 200", "g", 3_200),
        ("3kg200g", "kg", 3_200),
        ("3 200 gr", "g", 3_200),
        ("3 kg 2", "g", None),
        ("70 lbs", "kg", None),
    ],
)
async def test_a_unit_that_is_typed_counts_before_that_of_the_field(
    clinic: Callers, told: Told, store: Store, typed: str, unit: str, grams: int | None
) -> None:
    """« Donnez un poids, comme 12,4 kg ou 3200 g » says the message: so written it was refused."""
    answer = await clinic.program(GASSAMA).post(ROUND, {"body_weight": typed, "unit": unit, "confirm": True})
    if grams is None:
        assert answer.errors() == {"body_weight": "Donnez un poids, comme 12,4 kg ou 3200 g."}
    else:
        assert [one["value"] for one in answer.json["items"]] == [grams]
