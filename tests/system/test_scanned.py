"""A scanner that types beside every field: its code is looked for, and no letter of it is an act (static/keys.js)."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import AWA, DESK, NDIAYE, PHONE, Person, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

# As a keyboard sends it that is a scanner, eight milliseconds apart.
SCAN = """code => void (async () => {
  for (const key of [...code, 'Enter']) {
    const to = document.activeElement;
    const goes = to.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    if (goes && key == 'Enter' && to.matches('a, button')) to.click();
    await new Promise(done => setTimeout(done, 8));
  }
})()"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    async with open_clinic(tmp_path_factory.mktemp("scanned")) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        yield others


@pytest_asyncio.fixture(params=[DESK, PHONE], ids=["desk", "phone"], loop_scope="session")
async def ndiaye(request: pytest.FixtureRequest, browser: Browser, others: Programs) -> AsyncIterator[Person]:
    ndiaye = await sign_in(browser, others.clinic, NDIAYE, viewport=request.param)
    yield ndiaye
    await ndiaye.page.context.close()


async def test_a_code_is_looked_for_and_does_nothing(ndiaye: Person, others: Programs) -> None:
    """`v` would validate; capitals are small ones where Caps Lock is on."""
    issued, page = await others.issued(AWA), ndiaye.page
    await ndiaye.go(f"/prescriptions/{issued}")
    await page.keyboard.press("Shift")  # keys.js comes with the first
    await page.wait_for_function("performance.getEntriesByType('resource').some(one => one.name.includes('keys.js'))")
    await page.evaluate(SCAN, "vk3p-7rqm")
    await page.wait_for_url(re.compile(r"/search\?q=vk3p-7rqm$"))
    assert (await others.ask(NDIAYE, "GET", f"/prescriptions/{issued}"))["status"] == "issued"


async def test_a_letter_that_somebody_presses_does_what_it_says(ndiaye: Person, others: Programs) -> None:
    issued, page = await others.issued(AWA), ndiaye.page
    await ndiaye.go(f"/prescriptions/{issued}")
    await page.keyboard.press("v")
    await expect(page.locator("#item")).to_contain_text("Validée")


async def test_on_a_row_that_has_the_focus_too_and_into_the_search_of_the_page(
    ndiaye: Person, others: Programs
) -> None:
    issued, page = await others.issued(AWA), ndiaye.page
    await ndiaye.go("/prescriptions")
    row = page.locator("main li[id]", has=page.locator(f"a[href='/prescriptions/{issued}']")).first
    await row.locator("a").first.focus()
    await page.keyboard.press("Shift")
    await page.wait_for_function("performance.getEntriesByType('resource').some(one => one.name.includes('keys.js'))")
    await page.evaluate(SCAN, "vvvvvvvv")
    await page.wait_for_url(re.compile(r"/prescriptions\?.*q=vvvvvvvv"))
    assert (await others.ask(NDIAYE, "GET", f"/prescriptions/{issued}"))["status"] == "issued"
