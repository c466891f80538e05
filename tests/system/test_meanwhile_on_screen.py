"""Two people at one prescription, each before their own screen: who comes late sees why, and what they typed."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import AWA, DESK, DIOP, MOUSSA, NDIAYE, PHONE, Clinic, Programs, open_clinic, sign_in
from playwright.async_api import Browser, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")
CHANGED = re.compile("Cette ordonnance a changé entre-temps.: rien n'a été modifié.")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path_factory.mktemp("meanwhile")) as clinic:
        yield clinic


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(clinic: Clinic) -> AsyncIterator[Programs]:
    async with Programs(clinic) as programs:
        await programs.grant(AWA)  # Moussa's file is open to Dr Diop
        await programs.receive("ENSEMBLE", 500)
        yield programs


async def _ready(others: Programs, patient: str) -> str:
    prescription_id = await others.validated(patient)
    for act in ("preparation", "readiness"):
        await others.ask(NDIAYE, "POST", f"/prescriptions/{prescription_id}/{act}", confirm=True)
    return f"/prescriptions/{prescription_id}"


async def _hand_over(others: Programs, address: str, quantity: int) -> None:
    """At the other screen of the pharmacy."""
    line = (await others.ask(NDIAYE, "GET", address))["lines"][0]["id"]
    said = {"identity": {"kind": "national_id", "number": "1 234"}, "reason": "Perdu"}
    await others.ask(NDIAYE, "POST", f"{address}/delivery", **said, lines=[{"line_id": line, "quantity": quantity}])


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_part_that_was_typed_for_another_version_is_handed_over_with_the_next_press(
    browser: Browser, clinic: Clinic, others: Programs, viewport: dict[str, int]
) -> None:
    """A draft had brought the version back that was over, again and again."""
    address = await _ready(others, AWA)
    mine = await sign_in(browser, clinic, NDIAYE, at=address, viewport=viewport)
    page = mine.page
    await page.locator("summary", has_text="N'en remettre qu'une partie").click()
    async with page.expect_response(lambda answer: "/drafts/" in answer.url and answer.request.method == "PUT"):
        await page.fill("#delivery-lines-0-quantity", "3")
    await _hand_over(others, address, 1)
    await expect(page.locator("#item .stale, #item.stale").first).to_be_visible()
    await page.fill("#delivery-code", (await others.ask(AWA, "GET", address))["handover_code"])
    await mine.press("Remettre les médicaments")
    await expect(page.locator("#errors")).to_contain_text(CHANGED)
    await expect(page.locator("#errors")).to_be_focused()
    await expect(page.locator("#item")).to_contain_text("Délivrée en partie, reste dû")
    await expect(page.locator("#delivery-lines-0-quantity")).to_have_value("3")
    await mine.press("Remettre les médicaments")
    await expect(page.locator("#errors")).to_have_count(0)
    assert (await others.ask(NDIAYE, "GET", address))["lines"][0]["delivered"] == 4
    assert not mine.complaints
    await page.context.close()


async def test_what_comes_of_the_other_act_does_not_take_the_place_of_the_answer(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    """The link was away while both acted: the answer is there before the news of what it is about."""
    address = f"/prescriptions/{await others.validated(MOUSSA)}"
    mine = await sign_in(browser, clinic, NDIAYE, at=address, viewport=PHONE)
    page = mine.page
    await page.locator("summary", has_text="Mettre en attente").click()
    await page.fill("#hold-reason", "Attendu demain matin")
    await page.context.set_offline(True)
    await mine.press("Mettre en attente")
    await expect(page.locator(".unsent")).to_be_visible()
    seen = [
        await button.evaluate("one => getComputedStyle(one).opacity")
        for button in await page.locator("form:has(.unsent) button").all()
    ]
    assert seen == ["0.6", "1"], "of both buttons the one that can be pressed stands out"
    await others.ask(DIOP, "POST", f"{address}/cancellation", reason="Traitement changé")
    await page.context.set_offline(False)
    await mine.is_told("Une ordonnance a été annulée")
    await mine.is_settled()
    await expect(page.locator("#errors")).to_contain_text(re.compile("est annulée.: rien n'a été modifié."))
    await expect(page.locator("#errors q")).to_have_text("Attendu demain matin")
    await expect(page.locator("#item")).to_contain_text("Traitement changé")
    await expect(page.locator(".stale")).to_have_count(0)  # the answer knows of it
    await page.context.close()


async def test_who_is_a_moment_later_reads_it_above_the_page_as_it_is(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    """Two screens of one pharmacy send the same code at once: one answer is in words, and nothing newer is offered."""
    address = await _ready(others, MOUSSA)
    screens = [await sign_in(browser, clinic, NDIAYE, at=address, viewport=size) for size in (PHONE, DESK)]
    code = (await others.ask(MOUSSA, "GET", address))["handover_code"]
    for screen in screens:
        await screen.page.fill("#delivery-code", code)
    await asyncio.gather(*(screen.page.press("#delivery-code", "Enter") for screen in screens))
    late = re.compile("Cette ordonnance est déjà livrée.: rien n'a été modifié.")
    for screen in screens:
        await expect(screen.page.locator(".steps")).to_contain_text(re.compile(r"Livrée\d\d:\d\d"))
        await screen.is_settled()
        await expect(screen.page.locator(".stale")).to_have_count(0)
    assert sum([await screen.page.locator("#errors", has_text=late).count() for screen in screens]) == 1
    for screen in screens:
        await screen.page.context.close()


async def test_what_is_refused_for_another_reason_leaves_the_page_and_what_was_typed(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    address = f"/prescriptions/{await others.validated(AWA)}"
    mine = await sign_in(browser, clinic, NDIAYE, at=address)
    page = mine.page

    async def fail(route: Route) -> None:
        said = '<h1>Une erreur</h1><p role="alert">Rien n\'a été enregistré.</p>'
        body = f'<main id="main"><div id="item">{said}</div></main>'
        await route.fulfill(status=500, content_type="text/html", body=body)

    await page.route("**/hold", fail, times=1)
    await page.locator("summary", has_text="Mettre en attente").click()
    await page.fill("#hold-reason", "Attendu demain matin")
    await mine.press("Mettre en attente")
    await expect(page.locator(".unsent")).to_have_text("Rien n'a été enregistré.")
    await expect(page.locator("#hold-reason")).to_have_value("Attendu demain matin")
    await mine.press("Mettre en attente")
    await expect(page.locator("#item")).to_contain_text("En attente")
    await expect(page.locator(".unsent")).to_have_count(0)
    await page.context.close()
