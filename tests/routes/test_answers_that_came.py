"""A doctor's first page has the answers to their requests among what is to be done, until they are seen."""

import re

from callers import Callers
from cast import AWA, DIOP, SARR
from told import Told

GRANT = {"scope": "full", "duration": "7d"}


async def _cards(clinic: Callers) -> list[str]:
    """The buttons of the answers on Dr Sarr's first page, each with where it leads."""
    page = (await clinic.browser(SARR).get("/")).text
    now = page.partition('<ul id="now"')[2].partition("</ul>")[0]
    return [" ".join(found) for found in re.findall(r'<li id="answer-.*?class="btn" href="(.*?)">(.*?)<', now)]


async def _answer(clinic: Callers, told: Told, path: str, **fields: str) -> None:
    answer = await clinic.program(AWA).post(f"/access-requests/{told.pending}/{path}", fields)
    assert answer.status == 200, answer.text


async def test_a_file_that_was_opened_to_a_doctor_is_a_card_until_they_open_it(clinic: Callers, told: Told) -> None:
    assert await _cards(clinic) == []
    await _answer(clinic, told, "approval", **GRANT)
    assert await _cards(clinic) == ["/patients/awa/records Ouvrir le dossier"]
    page = (await clinic.browser(SARR).get("/")).text
    assert f"<li id=a{told.pending} " in page, "it stands among the accesses, too, where a push puts it"
    assert told.pending not in (await clinic.browser(DIOP).get("/")).text
    await clinic.browser(SARR).get("/patients/awa/records")
    assert await _cards(clinic) == []


async def test_a_refusal_is_a_card_until_it_is_read(clinic: Callers, told: Told) -> None:
    await _answer(clinic, told, "rejection", reason="Je ne vous connais pas")
    assert await _cards(clinic) == [f"/access-requests/{told.pending} Voir la réponse"]
    assert "Je ne vous connais pas" in (await clinic.browser(SARR).get(f"/access-requests/{told.pending}")).text
    assert await _cards(clinic) == []


async def test_an_access_that_is_over_before_it_was_seen_is_none(clinic: Callers, told: Told) -> None:
    await _answer(clinic, told, "approval", **GRANT)
    await _answer(clinic, told, "revocation")
    assert await _cards(clinic) == []


async def test_what_was_marked_as_read_in_the_inbox_was_seen(clinic: Callers, told: Told) -> None:
    await _answer(clinic, told, "approval", **GRANT)
    newest = (await clinic.program(SARR).get("/notifications")).json["items"][0]["seq"]
    await clinic.program(SARR).post("/notifications/read", {"up_to": newest})
    assert await _cards(clinic) == []
