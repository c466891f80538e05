"""What came between preparing and handing over is asked at the counter, by the same checks, before anything leaves."""

import html
from typing import Any

import pytest
from callers import Callers
from cast import AWA, DIOP, NDIAYE, PARACETAMOL
from steps import in_days
from store import Store
from told import DOCUMENT, Told

from fadjma.records import noting
from fadjma.records.allergies import Facts

REASON = "Vu avec le médecin, par téléphone"
INSTEAD = {"identity_document": DOCUMENT, "reason": "Téléphone volé"}


@pytest.fixture(autouse=True)
def allergic(told: Told, store: Store) -> None:
    """Awa is, since all of it was prepared."""
    store.connection.execute("UPDATE medicines SET atc = 'N02BE01' WHERE id = ?", (PARACETAMOL,))
    store.write(noting.note, DIOP, AWA.id, facts=Facts("medicine", "paracétamol", reaction="choc"))


@pytest.mark.parametrize(
    ("which", "act", "body", "after"),
    [
        ("prepared", "readiness", {}, "ready"),
        ("ready", "delivery", {"code": "{code}"}, "delivered"),
        ("ready", "delivery", INSTEAD, "delivered"),
        ("away", "delivery", INSTEAD, "delivered"),
        ("owed", "delivery", INSTEAD, "delivered"),
    ],
)
async def test_each_step_asks_and_takes_a_reason(
    clinic: Callers, told: Told, store: Store, which: str, act: str, body: dict[str, Any], after: str
) -> None:
    path = f"/prescriptions/{getattr(told, which)}"
    if "code" in body:
        body = {"code": (await clinic.program(AWA).get(path)).json["handover_code"]}
    pharmacist, before = clinic.program(NDIAYE), store.content(readings=False)
    problem = (await pharmacist.post(f"{path}/{act}", body)).problem(422)
    [alert] = problem["alerts"]
    assert (alert["kind"], alert["needs_reason"]) == ("allergy", True)
    assert problem["errors"].keys() == {"overrides-0-reason"}
    again = (await pharmacist.post(f"{path}/{act}", {**body, "confirm": True})).problem(422)
    assert again["alerts"] == [alert], "« confirm » is no reason"
    assert store.content(readings=False) == before
    answer = {**body, "overrides": [{"alert": alert["id"], "reason": REASON}]}
    assert (await pharmacist.post(f"{path}/{act}", answer)).json["status"] == after
    answered = (await clinic.program(DIOP).get(path)).json["answered_alerts"]
    assert (answered[-1]["reason"], answered[-1]["by"]["role"]) == (REASON, "pharmacist")


async def test_the_page_of_the_counter_shows_it_and_keeps_what_was_typed(clinic: Callers, told: Told) -> None:
    path, browser = f"/prescriptions/{told.ready}", clinic.browser(NDIAYE)
    page = html.unescape((await browser.get(path)).text)
    assert "Allergie notée" in page and 'name="overrides-0-reason"' in page
    [alert] = (await clinic.program(NDIAYE).get(path)).json["alerts"]
    typed = {**INSTEAD, "overrides-0-alert": alert["id"], "overrides-0-reason": "ok"}
    again = await browser.post(f"{path}/delivery", typed)
    assert again.status == 422 and DOCUMENT in again.text and 'value="ok"' in again.text
    assert 'id="delivery-overrides-0-reason"' in again.text, "to which the list of faults leads"
    assert (await browser.post(f"{path}/delivery", {**typed, "overrides-0-reason": REASON})).status == 303


async def test_no_two_forms_of_a_page_ask_it_under_one_id(clinic: Callers, told: Told) -> None:
    page = (await clinic.browser(NDIAYE).get(f"/prescriptions/{told.owed}")).text
    assert 'id="rest-overrides-0-reason"' in page and 'id="delivery-overrides-0-reason"' in page


async def test_a_row_says_that_an_answer_is_waited_for(clinic: Callers, told: Told) -> None:
    row = await clinic.htmx(NDIAYE).post(f"/prescriptions/{told.prepared}/readiness", {})
    assert row.status == 422 and "ouvrez l'ordonnance" in html.unescape(row.text) and "<html" not in row.text


async def test_what_one_box_answers_is_asked_at_once_with_it(clinic: Callers, told: Told, store: Store) -> None:
    store.connection.execute("UPDATE lots SET expires_on = ?", (in_days(store, 1),))
    problem = (await clinic.program(NDIAYE).post(f"/prescriptions/{told.owed}/delivery", INSTEAD)).problem(422)
    assert problem["errors"].keys() == {"overrides-0-reason", "lots"} and problem["confirm"] == ["lots"]
