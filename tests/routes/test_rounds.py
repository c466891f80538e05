"""A nurse's round and a consultation on their pages, as they are typed, and where what was measured is read."""

import html
from typing import Any

from callers import Callers
from cast import AWA, DIOP, GASSAMA
from store import Store
from told import Told

PAGE, ROUND = "/patients/awa/measurements", "/patients/awa/vitals"
TYPED = {"blood_pressure": "12/8", "pulse": "80", "temperature": "37,8", "body_weight": "62,5", "unit": "kg"}


def _text(answer: Any) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")


async def test_a_nurse_is_asked_about_centimetres_and_loses_nothing(clinic: Callers, told: Told, store: Store) -> None:
    nurse = clinic.browser(GASSAMA)
    before = store.value("SELECT count(*) FROM measurements")
    asked = await nurse.post(ROUND, TYPED)
    assert asked.status == 422
    assert "Est-ce en cmHg, soit 120/80 mmHg ?" in _text(asked)
    assert 'name="confirm"' in asked.text
    assert all(f'value="{typed}"' in asked.text for typed in ("12/8", "80", "37,8", "62,5"))
    assert store.value("SELECT count(*) FROM measurements") == before
    assert (await nurse.post(ROUND, {**TYPED, "confirm": "1"})).status == 303
    shown = _text(await clinic.browser(AWA).get(PAGE))
    assert "120/80 mmHg" in shown and "80/min" in shown and "37,8 °C" in shown and "par délégation" in shown


async def test_a_fever_of_375_and_a_date_next_year_come_back_with_a_clear_word(clinic: Callers, told: Told) -> None:
    answer = await clinic.browser(GASSAMA).post(ROUND, {"temperature": "375", "measured_on": "2099-01-01"})
    assert answer.status == 422
    assert "De 25 à 45 °C. Est-ce 37,5 ?" in _text(answer) and "Cette date est à venir" in _text(answer)
    assert 'value="375"' in answer.text and 'value="2099-01-01"' in answer.text
    program = clinic.program(GASSAMA)
    assert (await program.post(ROUND, {})).errors().keys() == {"blood_pressure"}
    assert (await program.post(ROUND, {"pulse": 80, "puls": 81})).errors().keys() == {"puls"}


async def test_a_program_sends_a_round_and_reads_what_it_has_sent(clinic: Callers, told: Told) -> None:
    made = (await clinic.program(GASSAMA).post(ROUND, {"blood_pressure": "120/80", "temperature": 37.8})).json
    assert [(one["code"], one["value"], one["unit"]) for one in made["items"]] == [
        ("blood_pressure", 120, "mm[Hg]"),
        ("temperature", 37.8, "Cel"),
    ]
    assert (made["items"][0]["diastolic"], made["delegated_by"]) == (80, "Ousmane Diop")
    assert {one["round_id"] for one in made["items"]} == {made["id"]}


async def test_a_consultation_is_one_form_and_its_record_says_all_of_it(clinic: Callers, told: Told) -> None:
    doctor = clinic.browser(DIOP)
    assert 'name="motive"' in (await doctor.get("/patients/awa/consultations/new")).text
    typed = {"motive": "Fièvre", "observation": "Gorge rouge.", "conclusion": "Angine", "temperature": "38,5"}
    lost = await doctor.post("/patients/awa/consultations", {**typed, "motive": "", "pulse": "fort"})
    assert lost.status == 422
    assert "Gorge rouge." in lost.text and 'value="fort"' in lost.text
    made = (await clinic.program(DIOP).post("/patients/awa/consultations", {**typed, "temperature": 38.5})).json
    said = made["consultation"]
    assert (made["title"], said["conclusion"], said["measurements"][0]["value"]) == ("Fièvre", "Angine", 38.5)
    page = _text(await clinic.browser(AWA).get(f"/records/{made['id']}"))
    assert "Conclusion : Angine" in page and "38,5 °C" in page


async def test_two_doctors_who_correct_one_consultation_do_not_overwrite_each_other(
    clinic: Callers, told: Told
) -> None:
    doctor, where = clinic.browser(DIOP), f"/records/{told.consultation}/consultation"
    one = {"motive": "Vertiges", "observation": "Debout.", "reason": "Précisée", "version": "1"}
    assert (await doctor.post(where, one)).status == 303
    late = await doctor.post(where, {**one, "observation": "Assise."})
    assert late.status == 409
    assert "Assise." in late.text and "Debout." in late.text
    problem = (await clinic.program(DIOP).post(where, one)).problem(409)
    assert problem["current"] == "version 2"


async def test_the_summary_shows_the_course_as_a_line_and_in_numbers(clinic: Callers, told: Told) -> None:
    for typed in ("37,8", "38,9"):
        await clinic.program(GASSAMA).post(ROUND, {"temperature": typed})
    for person in (AWA, DIOP):
        page = _text(await clinic.browser(person).get("/patients/awa/records"))
        courses = page.partition('id="courses"')[2]
        assert "Température : 38,9 °C" in courses and '<path d="M0 60.0L360 0.0"' in courses
        assert "Évolution, en chiffres" in courses and "37,8 °C" in courses


async def test_an_error_of_ones_own_is_taken_back_on_its_page(clinic: Callers, told: Told) -> None:
    made = (await clinic.program(GASSAMA).post(ROUND, {"pulse": 80})).json
    page = f"/measurements/{made['id']}"
    assert "/error" in (await clinic.browser(GASSAMA).get(page)).text
    assert "/error" not in (await clinic.browser(DIOP).get(page)).text
    assert (await clinic.browser(GASSAMA).post(f"{page}/error", {"reason": "x"})).status == 422
    assert (await clinic.browser(GASSAMA).post(f"{page}/error", {"reason": "Mauvais patient"})).status == 303
    for person, seen in ((AWA, False), (GASSAMA, True)):
        text = _text(await clinic.browser(person).get(page))
        assert "Saisie par erreur" in text and ("80/min" in text) is seen
