"""What a pharmacist types of boxes and shelves is found again, and only beside what it is of."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import NDIAYE, Person, Programs, open_clinic, sign_in
from playwright.async_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    async with open_clinic(tmp_path_factory.mktemp("stock")) as clinic, Programs(clinic) as others:
        yield others


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ndiaye(others: Programs, browser: Browser) -> AsyncIterator[Person]:
    ndiaye = await sign_in(browser, others.clinic, NDIAYE)
    yield ndiaye
    await ndiaye.page.context.close()
    assert ndiaye.complaints == []


async def _type(person: Person, field: Locator, text: str) -> None:
    """Until the server keeps it."""
    async with person.page.expect_response(lambda one: one.request.method == "PUT" and "/drafts/" in one.url):
        await field.fill(text)


async def _looked_for(page: Page) -> None:
    """What was typed before is in its form again, if there is any."""
    await page.wait_for_function("[...document.forms].some(form => form.restored)")
    await page.evaluate("Promise.all([...document.forms].map(form => form.restored))")


async def _medicine(others: Programs, q: str) -> str:
    found = await others.ask(NDIAYE, "GET", f"/medicines?q={q}")
    return str(found["items"][0]["id"])


async def test_what_was_read_of_one_box_is_not_put_beside_another(ndiaye: Person, others: Programs) -> None:
    page = ndiaye.page
    one, other = await _medicine(others, "paracétamol 500"), await _medicine(others, "amoxicilline 500")
    await ndiaye.go(f"/inventory/lots/new?pick=0:{one}")
    await _type(ndiaye, page.locator("#number"), "PA-771")
    await ndiaye.go(f"/inventory/lots/new?pick=0:{other}")
    await _looked_for(page)
    await expect(page.locator("#number")).to_have_value("")
    await ndiaye.go(f"/inventory/lots/new?number=AB-X9&pick=0:{one}")
    await _looked_for(page)
    await expect(page.locator("#number")).to_have_value("AB-X9")
    await ndiaye.go(f"/inventory/lots/new?pick=0:{one}")
    await expect(page.locator("#number")).to_have_value("PA-771")
    await page.get_by_role("button", name="Effacer ce texte").click()


async def test_what_was_counted_stays_with_its_lot(ndiaye: Person, others: Programs) -> None:
    page = ndiaye.page
    await ndiaye.go("/inventory/counts/new")
    first, other, last = [await page.locator("[name$=lot_id]").nth(at).input_value() for at in (0, 1, -1)]
    field = page.locator(f"tr:has([value='{last}']) [name$=on_hand]")
    version = await page.locator(f"tr:has([value='{last}']) [name$=version]").input_value()
    await _type(ndiaye, field, "77")
    await page.get_by_role("link", name="Feuille suivante, sans enregistrer celle-ci").click()
    await expect(page.locator(f"[value='{last}']")).to_have_count(0)
    await _looked_for(page)
    assert set(await page.locator("[name$=on_hand]").evaluate_all("all => all.map(one => one.value)")) == {""}
    for lot in (first, other, last):  # the first is not on the sheet any more, the others have moved
        found = await others.ask(NDIAYE, "GET", f"/inventory/lots/{lot}")
        counted = found["reserved"] if lot == first else found["on_hand"] + 1
        act = {"on_hand": counted, "version": found["version"], "reason": "Casse"}
        await others.ask(NDIAYE, "POST", f"/inventory/lots/{lot}/adjustments", **act)
    await ndiaye.go("/inventory/counts/new")
    await expect(field).to_have_value("77")
    await expect(page.locator(f"tr:has([value='{last}']) [name$=version]")).to_have_value(version)
    await page.locator(f"tr:has([value='{other}']) [name$=on_hand]").fill("5")
    await ndiaye.press("Comparer et enregistrer")
    moved = page.locator("tr:has-text('Ce lot a bougé : recomptez-le.')")
    await expect(moved).to_have_count(1)
    await expect(moved.locator("[name$=lot_id]")).to_have_value(last)  # of the other its count is newer than its move
