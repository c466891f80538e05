"""A pharmacist counts a lot: the page says what was saved, under its own address; other pages follow."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import AWA, DESK, NDIAYE, PHONE, Clinic, Person, Programs, open_clinic, sign_in
from playwright.async_api import Browser, Page, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    async with open_clinic(tmp_path_factory.mktemp("counting")) as clinic, Programs(clinic) as others:
        yield others


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ndiaye(browser: Browser, others: Programs) -> AsyncIterator[Person]:
    ndiaye = await sign_in(browser, others.clinic, NDIAYE, viewport=DESK, at="/inventory")
    yield ndiaye
    await ndiaye.page.context.close()


async def test_a_count_is_confirmed_on_the_lots_own_page(ndiaye: Person, others: Programs) -> None:
    lot = await others.receive("COMPTAGE", 40)
    page = ndiaye.page
    await ndiaye.go(f"/inventory/lots/{lot}")
    await page.fill("#adjustments-on_hand", "37")
    await page.fill("#adjustments-reason", "Casse")
    await ndiaye.press("Enregistrer le comptage")
    await expect(page.locator("h1")).to_have_text("Lot COMPTAGE")
    await expect(page.locator(".acts li").first).to_contain_text("Comptage : −3")
    await expect(page.locator(".acts q").first).to_have_text("Casse")
    await expect(page).to_have_url(re.compile(f"/inventory/lots/{lot}$"))
    await expect(page.locator("#adjustments-on_hand")).to_have_value("37")
    await expect(page.locator("#adjustments-reason")).to_have_value("")


async def test_the_stock_follows_what_is_prepared(browser: Browser, ndiaye: Person, others: Programs) -> None:
    await others.receive("SUIVI", 40)
    await others.grant(AWA)
    validated = await others.validated(AWA)
    await ndiaye.go("/inventory")
    await ndiaye.is_settled()
    before = await _reserved(others)
    await others.ask(NDIAYE, "POST", f"/prescriptions/{validated}/preparation")
    kept = {number: count for number, count in (await _reserved(others)).items() if before[number] != count}
    assert kept
    for number, count in kept.items():
        await expect(ndiaye.page.locator("td", has_text=number)).to_contain_text(
            re.compile(rf"{number}\s: \d+ \({count} réservé")
        )
    await _says_how_long(ndiaye)
    await _sees_who_is_on_it(browser, others.clinic, ndiaye, validated)
    await _acts_by_keyboard(ndiaye, validated)


async def _says_how_long(ndiaye: Person) -> None:
    """static/beside.js, on the list of what waits; what is placed later has it, too."""
    await ndiaye.go("/prescriptions")
    since = ndiaye.page.locator("time[data-since]").first
    await expect(since).to_have_attribute("data-age", re.compile(r"^\d+\s(min|h \d\d|jours)$"))
    for minutes, age in (
        (0, "0 min"),
        (59, "59 min"),
        (118, "1 h 58"),
        (2_879, "47 h 59"),
        (3 * 1_440, "3\u00a0jours"),
    ):
        set_since = (
            "(time, ago) => { time.dataset.since = Date.now() / 6e4 - ago - 0.1; dispatchEvent(new Event('placed')) }"
        )
        await since.evaluate(set_since, minutes)
        await expect(since).to_have_attribute("data-age", age)


async def _sees_who_is_on_it(browser: Browser, clinic: Clinic, ndiaye: Person, prescription_id: str) -> None:
    """static/beside.js: in the row and on the page, without a reload; until the colleague goes on, or away."""
    await ndiaye.go("/prescriptions")
    row = ndiaye.page.locator("#now > li", has=ndiaye.page.locator(f"a[href='/prescriptions/{prescription_id}']"))
    here = f"/prescriptions/{prescription_id}"
    diagne = await sign_in(browser, clinic, "pharma.diagne@demo.fadjma", viewport=DESK, at=here)
    await expect(row).to_have_attribute("data-on", "Astou Diagne s'en occupe")
    await expect(diagne.page.locator("[data-on]")).to_have_count(0)
    await row.evaluate("row => row.replaceWith(row.cloneNode(true))")  # as an event brings it, without the mark
    await row.evaluate("row => { delete row.dataset.on; row.dispatchEvent(new Event('placed', { bubbles: true })) }")
    await expect(row).to_have_attribute("data-on", "Astou Diagne s'en occupe")
    await diagne.go("/prescriptions")
    await expect(ndiaye.page.locator("[data-on]")).to_have_count(0)
    await ndiaye.go(here)
    await diagne.go(here)
    said = ndiaye.page.locator("p[data-on]")
    await expect(said).to_have_attribute("data-on", "Astou Diagne s'en occupe")
    size = ndiaye.page.viewport_size
    await ndiaye.page.set_viewport_size(PHONE)  # where a row's stands below its patient, the page's has no row
    assert await said.evaluate("one => getComputedStyle(one, '::after').marginLeft") == "0px"
    await ndiaye.page.set_viewport_size(size or DESK)
    await diagne.page.close()
    await expect(ndiaye.page.locator("[data-on]")).to_have_count(0)
    await diagne.page.context.close()
    await ndiaye.go("/prescriptions")


async def _late(page: Page, route: Route) -> None:
    """The keys' script comes after the fourth key, as on a slow link: none of them is lost."""
    await page.wait_for_function("() => self.pressed == 4")
    await route.continue_()


async def _acts_by_keyboard(ndiaye: Person, prescription_id: str) -> None:
    """From row to row by j, the next step by its letter, and the focus stays in the row for the one after it."""
    page = ndiaye.page
    row = page.locator("#now > li", has=page.locator(f"a[href='/prescriptions/{prescription_id}']"))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.route("**/keys.js", lambda route: _late(page, route), times=1)
    await page.evaluate("() => { self.pressed = 0; addEventListener('keyup', () => self.pressed++) }")
    for letter in ("v", "p", "r", "j"):
        await page.keyboard.press(letter, delay=50)  # as people do, and no scanner
    await expect(page.locator("#now > li a").first).to_be_focused()
    assert sent == [], "nobody had chosen a row"
    await row.locator("a").first.focus()
    await page.keyboard.press("r")
    await expect(row).to_contain_text("Prête")
    await expect(row.locator("a").first).to_be_focused()
    await page.keyboard.press("r")
    await page.wait_for_url(f"**/prescriptions/{prescription_id}#delivery-code")
    await expect(page.locator("#delivery-code")).to_be_focused()  # where the next key is needed


async def _reserved(others: Programs) -> dict[str, int]:
    """How many of each lot are kept for prescriptions."""
    stock = (await others.ask(NDIAYE, "GET", "/inventory"))["items"]
    return {lot["number"]: lot["reserved"] for product in stock for lot in product["lots"]}
