"""What a doctor in a hurry reads of a prescription that cannot be signed yet: all of it at once, and where."""

import html
import re

from callers import FORM, Callers
from cast import ADMIN, DIOP, JAMM
from told import OTHER

PRESCRIBE = "/patients/awa/prescriptions"
SIGNED = {f"lines-0-{name}": str(value) for name, value in OTHER.items()} | {"pharmacy_id": JAMM, "confirm": "1"}
FIELDS = ("medicine_id", "medicine", "dosage", "duration_days", "quantity", "substitution_reason", "renewals")


def _line(n: int, **typed: str) -> dict[str, str]:
    return {f"lines-{n}-{name}": typed.get(name, "") for name in FIELDS}


async def _said(clinic: Callers, sent: dict[str, str]) -> list[str]:
    answer = await clinic.browser(DIOP).post(PRESCRIBE, sent, Content_Type=FORM)
    assert answer.status == 422
    box = answer.text.partition('id="errors"')[2].partition("</ul>")[0]
    return [html.unescape(one).replace("\xa0", " ") for one in re.findall(r'<li><a href="[^"]+">(.*?)</a>', box)]


async def test_all_that_is_missing_is_said_at_once_the_medicine_first(clinic: Callers) -> None:
    assert [one.partition(" :")[0] for one in await _said(clinic, _line(0))] == [
        "Médicament",
        "Posologie et mode d'emploi",
        "Durée en jours",
        "Quantité",
    ]


async def test_of_several_medicines_each_message_says_which(clinic: Callers) -> None:
    [said] = await _said(clinic, {**SIGNED, **_line(1, medicine_id=OTHER["medicine_id"], dosage="1x1/j", quantity="3")})
    assert said.startswith("Médicament 2, Durée en jours :")


async def test_a_line_that_was_added_and_not_needed_is_none(clinic: Callers) -> None:
    sent = {**SIGNED, **_line(1), **_line(2)}
    signed = await clinic.browser(DIOP).post(PRESCRIBE, sent, Content_Type=FORM)
    assert signed.status == 303
    page = await clinic.program(DIOP).get(signed.location or "")
    assert len(page.json["lines"]) == 1


async def test_a_line_in_which_a_program_says_nothing_is_refused(clinic: Callers) -> None:
    lines = [{**OTHER}, {"medicine_id": "", "dosage": ""}]
    refused = await clinic.program(DIOP).post(PRESCRIBE, {"lines": lines, "pharmacy_id": JAMM, "confirm": True})
    assert "lines-1-dosage" in refused.errors()


async def test_the_account_of_somebody_on_the_staff_says_at_once_that_a_place_is_missing(clinic: Callers) -> None:
    answer = await clinic.browser(ADMIN).post("/accounts", {"role": "doctor", "given_name": "Aïda"})
    assert answer.status == 422
    box = answer.text.partition('id="errors"')[2].partition("</ul>")[0]
    assert re.findall('href="#([^"]+)"', box) == ["family_name", "phone", "organization_id"]


async def test_what_is_understood_of_a_posology_comes_into_a_place_that_is_read_aloud(clinic: Callers) -> None:
    """It is put anew as a whole, and most screen readers pass over a place that comes with its text."""
    browser = clinic.browser(DIOP)
    page = (await browser.get(f"{PRESCRIBE}/new")).text
    answer = (await browser.get("/posology?line=0&lines-0-dosage=1x3/j")).text
    assert '<div role="status"><div id="dose0">' in " ".join(page.split())
    assert '<div id="dose0"' in answer and 'role="status"' not in answer
