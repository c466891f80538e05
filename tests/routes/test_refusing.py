"""Every reason for which a pharmacy refuses is offered, taken, and read by the prescriber: all from states.REFUSALS."""

import html
import re

import pytest
from callers import Callers
from cast import AWA, DIOP, NDIAYE
from store import Store
from told import Told

from fadjma.i18n import LANGUAGES, translate
from fadjma.prescriptions.states import REFUSALS, UNAVAILABLE


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_pharmacist_chooses_among_all_of_them(
    clinic: Callers, told: Told, store: Store, language: str
) -> None:
    store.connection.execute("UPDATE users SET language = ?", (language,))
    page = (await clinic.browser(NDIAYE).get(f"/prescriptions/{told.validated}")).text
    [select] = re.findall('<select id="refusal-code".*?</select>', page, re.DOTALL)
    options = dict(re.findall(r'<option value="(\w+)">(.*?)</option>', html.unescape(select)))
    assert options == {code: translate(language, label) for code, label in REFUSALS.items()}


@pytest.mark.parametrize("code", REFUSALS)
async def test_the_prescriber_and_the_patient_read_which_it_was(clinic: Callers, told: Told, code: str) -> None:
    address = f"/prescriptions/{told.validated}"
    sent = {"code": code, "text": "À revoir ensemble"}
    answer = await clinic.program(NDIAYE).post(f"{address}/refusal", sent)
    known = (answer.status, answer.json["status"], answer.json["status_reason"])
    if code == UNAVAILABLE:  # it is open to any pharmacy again, and nobody of them reads more than that
        assert known == (200, "issued", None)
    else:
        assert known == (200, "refused", f"{code}: À revoir ensemble")
    for person in (DIOP, AWA):
        page = html.unescape((await clinic.browser(person).get(address)).text)
        assert f'<q dir="auto">{REFUSALS[code]}\xa0: À revoir ensemble</q>' in page


async def test_no_other_is_taken(clinic: Callers, told: Told) -> None:
    sent = {"code": "mood", "text": "À revoir ensemble"}
    answer = await clinic.program(NDIAYE).post(f"/prescriptions/{told.validated}/refusal", sent)
    assert answer.errors().keys() == {"code"}
