"""A refused prescription is corrected: doctor, patient and pharmacy see line by line what was there and what is now,
also another pharmacy that takes it, which reads nothing else of the refused one.
"""

import html
import re
from typing import Any

import pytest
import pytest_asyncio
from callers import Callers
from cast import AMOXICILLIN, AWA, DIOP, FALL, INSULIN, JAMM, KADD, NDIAYE, PARACETAMOL
from overriding import issue
from store import Store
from told import LINE

from fadjma.identity.people import Viewer

PRESCRIBE = "/patients/awa/prescriptions"
AMOXI = {"medicine_id": AMOXICILLIN, "dosage": "1 comprimé matin et soir", "quantity": 14, "duration_days": 7}
INSULINE = {"medicine_id": INSULIN, "dosage": "1 injection le soir", "quantity": 1, "duration_days": 30}
LESS = {**LINE, "dosage": "1 comprimé le soir", "quantity": 5}


@pytest_asyncio.fixture(loop_scope="session")
async def refused(clinic: Callers) -> str:
    lines = [LINE, AMOXI, INSULINE]
    issued = (await issue(clinic, PRESCRIBE, {"lines": lines, "pharmacy_id": JAMM, "confirm": True})).location
    assert (await clinic.program(NDIAYE).post(f"{issued}/validation")).status == 200
    sent = {"code": "dose", "text": "Trop pour M. Fall"}
    assert (await clinic.program(NDIAYE).post(f"{issued}/refusal", sent)).status == 200
    return issued


async def _correct(clinic: Callers, refused: str, pharmacy_id: str | None) -> str:
    body = {"lines": [LESS, INSULINE, {**AMOXI, "medicine_id": PARACETAMOL}], "confirm": True}
    body |= {"replaces_id": refused.rpartition("/")[2], **({"pharmacy_id": pharmacy_id} if pharmacy_id else {})}
    return (await issue(clinic, PRESCRIBE, body)).location


async def _correction(clinic: Callers, person: Viewer, address: str) -> Any:
    return (await clinic.program(person).get(address)).json.get("correction")


async def test_both_sides_see_line_by_line_what_has_changed(clinic: Callers, refused: str) -> None:
    new = await _correct(clinic, refused, JAMM)
    for person in (DIOP, NDIAYE, AWA):
        seen = [await _correction(clinic, person, address) for address in (refused, new)]
        assert seen[0] == seen[1], person.id
        assert seen[0]["reason"] == "dose: Trop pour M. Fall"
        assert [change["kind"] for change in seen[0]["changes"]] == ["changed", "same", "added", "removed"]
        changed = seen[0]["changes"][0]
        assert (changed["before"]["quantity"], changed["after"]["quantity"]) == (10, 5)


async def test_the_form_says_why_it_was_refused_also_when_it_comes_back(clinic: Callers, refused: str) -> None:
    own = refused.rpartition("/")[2]
    browser = clinic.browser(DIOP)
    page = (await browser.get(f"{PRESCRIBE}/new?replaces={own}")).text
    assert "Trop pour M. Fall</q>" in page and "Dose à vérifier" in page
    typed = {"lines-0-medicine_id": PARACETAMOL, "lines-0-dosage": "", "lines-0-quantity": "5"}
    back = await browser.post(PRESCRIBE, {**typed, "replaces_id": own})
    assert back.status == 422 and "Trop pour M. Fall</q>" in back.text
    for none in ("zorglub", own[::-1]):
        assert (await browser.post(PRESCRIBE, {**typed, "replaces_id": none})).status == 422


async def test_the_pages_of_both_sides_follow(clinic: Callers, refused: str, store: Store) -> None:
    new = await _correct(clinic, refused, JAMM)
    for person, told in ((NDIAYE, "prescription.to_validate"), (AWA, "prescription.issued"), (DIOP, None)):
        news = store.rows(
            "SELECT subject_id, message FROM notifications WHERE user_id = ? ORDER BY seq DESC LIMIT 2", person.id
        )
        assert set(news) == {(new.rpartition("/")[2], told), (refused.rpartition("/")[2], None)}, person.id


async def test_the_page_marks_the_words(clinic: Callers, refused: str) -> None:
    new = await _correct(clinic, refused, JAMM)
    for person, where in ((NDIAYE, new), (DIOP, refused)):
        page = html.unescape((await clinic.browser(person).get(where)).text)
        marked = re.sub(r'<span class="vh">[^<]*</span>|\s+', " ", page)
        assert re.search(
            r"1 comprimé ?<del> matin et</del>|1 comprimé<del> +matin et</del> → <ins> +le</ins> soir", marked
        )
        assert re.search(r"<del> ?10</del> → <ins> ?5</ins>", marked)
        assert "Dose à vérifier\xa0: Trop pour M. Fall" in page


@pytest.mark.parametrize("pharmacy", [KADD, None], ids=["chosen", "any"])
async def test_another_pharmacy_that_takes_it_sees_the_difference_and_nothing_else(
    clinic: Callers, refused: str, pharmacy: str | None
) -> None:
    new = await _correct(clinic, refused, pharmacy)
    if not pharmacy:
        assert await _correction(clinic, FALL, new) is None, "before it is taken it shows no line"
        assert await _correction(clinic, NDIAYE, refused) is None, "nor to who has refused it"
    assert (await clinic.program(FALL).post(f"{new}/validation")).status == 200
    seen = await _correction(clinic, FALL, new)
    assert (seen["refused_id"], seen["reason"]) == (None, "dose")
    assert [change["kind"] for change in seen["changes"]] == ["changed", "same", "added", "removed"]
    page = (await clinic.browser(FALL).get(new)).text
    assert "Dose à vérifier" in page and "M. Fall" not in page and refused not in page
    assert (await clinic.program(FALL).get(refused)).status == 404
    assert await _correction(clinic, NDIAYE, refused) is None, "what another pharmacy has is not theirs to read"


async def test_one_that_was_entered_in_error_shows_nothing_of_what_it_said(clinic: Callers, refused: str) -> None:
    new = await _correct(clinic, refused, JAMM)
    await clinic.program(DIOP).post(f"{new}/error", {"reason": "Autre patiente"})
    assert await _correction(clinic, AWA, refused) is None
    assert await _correction(clinic, AWA, new) is None


async def test_where_nothing_was_refused_there_is_nothing_to_compare(clinic: Callers, store: Store) -> None:
    issued = (await issue(clinic, PRESCRIBE, {"lines": [LINE], "pharmacy_id": JAMM})).location
    assert await _correction(clinic, DIOP, issued) is None
