"""A line that a pharmacy cannot supply: its prescriber replaces it from the notice, or ends it; all sides read it."""

import html
import re
from typing import Any

import pytest
from callers import Callers
from cast import AMOXICILLIN, AWA, DIOP, INSULIN, NDIAYE
from store import Store
from told import OF_OWED, OTHER, Told

BODY = {"line_id": OF_OWED, "lines": [OTHER]}
TYPED = {
    "line_id": OF_OWED,
    "lines-0-medicine_id": INSULIN,
    "lines-0-medicine": "insuline glargine 100 UI/ml, solution injectable",
    "lines-0-dosage": "10 unités le soir",
    "lines-0-quantity": "2",
    "lines-0-duration_days": "28",
}


def _text(answer: Any) -> str:
    plain = html.unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")
    return plain.replace("<bdi>", "").replace("</bdi>", "")


def _at(told: Told, what: str = "") -> str:
    return f"/prescriptions/{told.owed}{what}"


async def test_from_the_notice_to_the_form_to_the_line_that_all_read(clinic: Callers, told: Told, store: Store) -> None:
    doctor = clinic.browser(DIOP)
    assert f"{_at(told, '/replacement')}?line={OF_OWED}" in _text(await doctor.get(_at(told)))
    form = _text(await doctor.get(_at(told, f"/replacement?line={OF_OWED}")))
    assert "paracétamol 500 mg" in form and "En rupture" in form and 'name="lines-0-dosage"' in form
    assert (await doctor.post(_at(told, "/replacement"), TYPED)).status == 303
    for person in (DIOP, AWA, NDIAYE):
        page = _text(await clinic.browser(person).get(_at(told)))
        assert "Ce que le médecin a changé" in page and "<del>" in page and "insuline glargine" in page
    paper = _text(await clinic.browser(NDIAYE).get(_at(told, "/paper")))
    assert (
        re.search(r"Version 2, du \d+ \S+ \d{4}<", paper)
        and "1. insuline glargine" in paper
        and "N'est plus prescrit" in paper
    )
    assert "(déjà remis : 8)" in paper and "un médicament" in paper
    [change] = (await clinic.program(AWA).get(_at(told))).json["changes"]
    assert (change["kind"], change["before"]["quantity"], change["after"]["quantity"]) == ("changed", 20, 2)


async def test_without_a_script_a_medicine_is_looked_for_and_picked(clinic: Callers, told: Told, store: Store) -> None:
    doctor, before = clinic.browser(DIOP), store.content(readings=False)
    sent = {**TYPED, "lines-0-medicine_id": "", "lines-0-medicine": "amox"}
    found = _text(await doctor.post(_at(told, "/replacement"), {**sent, "find": "0"}))
    assert f'value="0:{AMOXICILLIN}"' in found and "10 unités le soir" in found
    picked = _text(await doctor.post(_at(told, "/replacement"), {**sent, "pick": f"0:{AMOXICILLIN}"}))
    assert 'value="amoxicilline 1 g, comprimé dispersible"' in picked and "Choisir un autre médicament" in picked
    assert store.content(readings=False) == before


async def test_what_has_changed_meanwhile_is_said_and_what_was_typed_stays(
    clinic: Callers, told: Told, store: Store
) -> None:
    version = (await clinic.program(DIOP).get(_at(told, f"/replacement?line={OF_OWED}"))).json["version"]
    store.connection.execute("UPDATE prescriptions SET version = version + 1 WHERE id = ?", (told.owed,))
    sent = {**TYPED, "version": str(version)}
    stale = await clinic.browser(DIOP).post(_at(told, "/replacement"), sent)
    assert stale.status == 409
    page = _text(stale)
    assert "elle est « Délivrée en partie, reste dû », et 12 de ce médicament restent dus" in page
    assert "10 unités le soir" in page and f'name="version" value="{version + 1}"' in page
    problem = (await clinic.program(DIOP).post(_at(told, "/replacement"), {**BODY, "version": version})).problem(409)
    assert problem["current"] == "part_delivered"


async def test_an_alert_stops_beside_its_field_until_it_is_answered(clinic: Callers, told: Told, store: Store) -> None:
    await clinic.program(DIOP).post("/patients/awa/prescriptions", {"lines": [OTHER], "pharmacy_id": None})
    store.clock.advance(minutes=1)
    [alert] = (await clinic.program(DIOP).post(_at(told, "/replacement"), BODY)).problem(422)["alerts"]
    assert (alert["kind"], alert["line"], alert["needs_reason"]) == ("duplicate", 0, True)
    typed = {**TYPED, "lines-0-medicine_id": AMOXICILLIN, "lines-0-medicine": ""}
    asked = await clinic.browser(DIOP).post(_at(told, "/replacement"), typed)
    assert asked.status == 422 and "overrides-0-reason" in asked.text and "10 unités le soir" in _text(asked)
    overrides = [{"alert": alert["id"], "reason": "La première est perdue"}]
    done = await clinic.program(DIOP).post(_at(told, "/replacement"), {**BODY, "overrides": overrides})
    assert done.status == 200 and done.json["answered_alerts"][-1]["line"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"line_id": "unknown"}, "line_id"),
        ({"line_id": ""}, "line_id"),
        ({"lines": []}, "lines-0-quantity"),
        ({"lines": [OTHER, OTHER]}, "lines"),
        ({"lines": [{**OTHER, "medicine_id": "unknown"}]}, "lines-0-medicine"),
        *(({"lines": [{**OTHER, "quantity": wrong}]}, "lines-0-quantity") for wrong in (0, -1, 10**9, "12,5")),
        ({"lines": [{**OTHER, "dosage": ""}]}, "lines-0-dosage"),
        ({"lines": [{**OTHER, "lot": "L1"}]}, "lines-0-lot"),
        ({"why": "x"}, "why"),
    ],
)
async def test_what_is_no_line_is_refused_and_nothing_is_changed(
    clinic: Callers, told: Told, store: Store, change: dict[str, Any], field: str
) -> None:
    before = store.content(readings=False)
    assert field in (await clinic.program(DIOP).post(_at(told, "/replacement"), BODY | change)).errors()
    assert store.content(readings=False) == before


async def test_the_rest_is_ended_with_a_reason_and_the_prescription_is_complete(
    clinic: Callers, told: Told, store: Store
) -> None:
    doctor = clinic.browser(DIOP)
    without = await doctor.post(_at(told, "/line-end"), {"line_id": OF_OWED, "reason": ""})
    assert without.status == 422 and 'name="line_id"' in without.text
    assert (await doctor.post(_at(told, "/line-end"), {"line_id": OF_OWED, "reason": "Introuvable"})).status == 303
    page = _text(await clinic.browser(AWA).get(_at(told)))
    assert "Arrêté" in page and "Introuvable" in page and "cela reste au patient" in page
    assert store.value("SELECT status FROM prescriptions WHERE id = ?", told.owed) == "delivered"
    assert OF_OWED not in _text(await doctor.get(_at(told)))
