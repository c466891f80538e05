"""A computer that many use: the screen hides at once, locks by itself, and is the same page again (decision 19)."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from clinic import (
    DIOP,
    NDIAYE,
    PASSWORD,
    PHONE,
    Clinic,
    Person,
    Programs,
    come,
    open_clinic,
    sign_in,
    sit_down,
    take_over,
)
from live_page import pass_time, until, with_clock
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

PRESSED = 50  # milliseconds, as people press a key: faster ones are a scanner's
# What whoever listens is told: only what comes into a place that was there before it.
HEARD = """
self.heard = [];
new MutationObserver(all => all.forEach(({ target, addedNodes }) => {
  if (addedNodes.length && target.closest?.('[role=status]')) heard.push(target.textContent);
})).observe(document, { subtree: true, childList: true });
"""

pytestmark = pytest.mark.asyncio(loop_scope="session")
PIN = "280614"
LEAVE = "UPDATE sessions SET last_active_at = last_active_at - 900000"  # a quarter of an hour, without waiting for it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("locked")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(path: Path) -> AsyncIterator[Clinic]:
    async with open_clinic(path) as clinic:
        yield clinic


@pytest_asyncio.fixture(loop_scope="session")
async def awa(clinic: Clinic) -> str:
    """The id of a patient of this test's own, whose file is open to Dr Diop."""
    async with Programs(clinic) as others:
        awa = await others.newcomer()
        await others.grant(awa)
        return await others.id_of(awa)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def computer(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = (await come(browser)).page.context
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(clinic: Clinic, path: Path, computer: BrowserContext) -> AsyncIterator[tuple[Person, Path]]:
    """Dr Diop, who has just signed in at his computer, and the database of the clinic."""
    await take_over(computer, clinic, DIOP)
    diop = await sit_down(computer, clinic)
    yield diop, path
    await diop.page.close()
    complaints = [line for line in diop.complaints if "423" not in line and "ERR_FAILED" not in line]
    assert complaints == []


async def _leave(path: Path, sql: str = LEAVE) -> None:
    """All, or with another statement whose session it says."""

    def write() -> None:
        with sqlite3.connect(path, timeout=30) as connection:
            connection.execute(sql)
        connection.close()

    await asyncio.to_thread(write)


async def _unlock(page: Page) -> None:
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")


async def test_esc_twice_hides_at_once_and_the_same_page_is_there_again(desk: tuple[Person, Path]) -> None:
    diop, _ = desk
    await diop.go("/prescriptions?place=flow")
    await expect(diop.page.locator("#status")).to_have_attribute("data-state", "live")
    shown = await diop.page.locator("main li a").first.inner_text()
    await diop.page.keyboard.press("Escape")
    await diop.page.keyboard.press("Escape")
    await expect(diop.page.locator("body")).not_to_contain_text(shown)
    await expect(diop.page.locator("h1")).to_have_text("Écran verrouillé")
    await expect(diop.page).to_have_url(re.compile(r"/prescriptions\?place=flow$"))
    await _unlock(diop.page)
    await expect(diop.page.locator("main li a").first).to_have_text(shown)
    await expect(diop.page).to_have_url(re.compile(r"/prescriptions\?place=flow$"))


async def test_staff_work_by_keyboard(desk: tuple[Person, Path]) -> None:
    """static/keys.js: what has the focus is the row that one is in; a letter does what says `data-key`."""
    diop, _ = desk
    await diop.go("/prescriptions?place=flow")
    page, press = diop.page, partial(diop.page.keyboard.press, delay=PRESSED)
    links = page.locator("main li[id] > a")
    await press("j")
    await expect(links.nth(0)).to_be_focused()
    await press("j")
    await expect(links.nth(1)).to_be_focused()
    await press("k")
    await expect(links.nth(0)).to_be_focused()
    await page.evaluate(
        "document.activeElement.closest('li').remove()"
    )  # it has been done, and is no more in this list
    await press("j")
    await expect(links.nth(0)).to_be_focused()
    await press("?")
    await expect(page.get_by_role("heading", name="Touches du clavier")).to_be_visible()
    await expect(page.locator("#keys-help")).to_be_focused()
    await press("Escape")
    await expect(page.locator("#keys-help")).to_have_count(0)
    await press("j")
    address = await links.nth(0).get_attribute("href")
    await press("Enter")
    await page.wait_for_url(f"**{address}")
    await diop.is_live()
    folded = page.locator("main summary[data-key=e]")
    for ignored in ("Control+e", "Alt+e", "x", "E"):
        await press(ignored)
    await page.wait_for_timeout(150)  # longer than a letter waits, and than a scanner between two
    await expect(page.locator("main details[open]")).to_have_count(0)
    await press("e")  # « Saisie par erreur »
    field = page.locator("main details[open] textarea")
    await expect(field).to_be_focused()
    await press("e")
    await press("j")
    await press("?")
    await expect(field).to_have_value("ej?")
    await asyncio.sleep(0.6)  # twice would hide the screen
    await press("Escape")
    await expect(page.locator("main details[open]")).to_have_count(0)
    await expect(folded).to_be_focused()
    await press("?")
    await expect(page.locator("#keys-help dl")).to_contain_text("e" + await folded.inner_text())
    await diop.go("/patients")
    await press("/")
    await expect(page.locator("main [type=search]")).to_be_focused()
    await press("/")
    await expect(page.locator("main [type=search]")).to_have_value("/")


async def test_a_pharmacy_hands_over_and_walks_its_stock_by_keyboard(clinic: Clinic, browser: Browser) -> None:
    """A letter whose button asks for something first goes to its field, and sends nothing."""
    ndiaye = await sign_in(browser, clinic, NDIAYE)
    page, press = ndiaye.page, partial(ndiaye.page.keyboard.press, delay=PRESSED)
    await ndiaye.go("/prescriptions?step=hand_over")
    row = page.locator("main li[id]:has(.btn)").first
    whose = await row.locator("a").first.inner_text()
    await press("Tab")
    await expect(
        row.get_by_role("link", name=f"Remettre…, {whose}", exact=True)
    ).to_be_visible()  # not « Remettre… » ten times
    await press("j")
    await expect(page.locator("main li[id] > a").first).to_be_focused()
    await press("r")
    await expect(page).to_have_url(re.compile("#delivery-code$"))
    await ndiaye.is_live()
    await press("r")
    await expect(page.locator("#delivery-code")).to_be_focused()
    await expect(page.locator("main form .err")).to_have_count(0)
    await ndiaye.go("/inventory")
    products = page.locator("tbody tr[id] th a")
    await press("j")
    await expect(products.nth(0)).to_be_focused()
    await press("j")
    await expect(products.nth(1)).to_be_focused()
    await ndiaye.go("/notifications")
    unread = page.locator("#inbox li.unread")
    count = await unread.count()
    row = page.locator(f"#{await unread.first.get_attribute('id')}")
    await row.locator("a").focus()
    await press("l")
    await expect(unread).to_have_count(count - 1)
    await expect(row).not_to_have_class("unread")
    await expect(row.locator("a")).to_be_focused()
    await press("?")
    await expect(page.locator("#keys-help dl")).to_contain_text("Tout marquer comme lu")
    await page.context.close()


async def test_what_is_left_locks_in_every_tab(desk: tuple[Person, Path]) -> None:
    diop, path = desk
    await diop.go("/prescriptions")
    other = await diop.page.context.new_page()
    await other.goto(diop.page.url.replace("/prescriptions", "/access-requests"))
    await expect(other.locator("#status")).to_have_attribute("data-state", "live")
    await _leave(path / "fadjma.db")
    for page in (diop.page, other):
        await expect(page.locator("h1")).to_have_text("Écran verrouillé")
    await expect(other).to_have_url(re.compile("/access-requests$"))
    await _unlock(other)
    await expect(other.locator("#bell")).to_be_visible()
    await other.close()
    await diop.page.evaluate("dispatchEvent(new Event('visibilitychange'))")  # somebody looks at this tab again
    await expect(diop.page.locator("#bell")).to_be_visible()


async def test_without_the_server_it_hides_all_the_same_and_locks_when_it_can(desk: tuple[Person, Path]) -> None:
    diop, _ = desk
    await diop.go("/prescriptions?place=flow")
    shown = await diop.page.locator("main li a").first.inner_text()
    await diop.page.route("**/*", lambda route: route.abort())
    await diop.choose("Masquer l'écran")
    await expect(diop.page.locator("h1")).to_contain_text("Pas de réponse du serveur")
    await expect(diop.page.locator("body")).not_to_contain_text(shown)
    await diop.page.unroute("**/*")
    await expect(diop.page.locator("h1")).to_have_text("Écran verrouillé")
    await _unlock(diop.page)
    await expect(diop.page.locator("main li a").first).to_have_text(shown)


async def _write(diop: Person, awa: str, text: str) -> str:
    """A record about Awa, begun; returns its address."""
    where = f"/patients/{awa}/records/new"
    await diop.go(where)
    await diop.page.fill("#title", "Contrôle")
    await diop.page.locator("#body").press_sequentially(text)
    return where


async def test_what_was_being_typed_is_there_after_the_lock(
    desk: tuple[Person, Path], awa: str, browser: Browser, clinic: Clinic
) -> None:
    diop, _ = desk
    where = await _write(diop, awa, "Va mieux depuis lundi")
    await diop.page.keyboard.press("Escape")
    await diop.page.keyboard.press("Escape")
    await expect(diop.page.locator("h1")).to_have_text("Écran verrouillé")
    await _unlock(diop.page)
    await expect(diop.page.locator("#body")).to_have_value("Va mieux depuis lundi")
    await expect(diop.page.locator("#title")).to_have_value("Contrôle")
    await expect(diop.page.locator(".begun [role=status]")).to_contain_text("Vous aviez commencé à écrire.")
    await diop.go("/")
    await diop.go(where)  # a crash: nothing is in the page
    await expect(diop.page.locator("#body")).to_have_value("Va mieux depuis lundi")
    device = await sign_in(browser, clinic, DIOP, viewport=PHONE)  # another: nothing is in the browser
    await device.go(where)
    await expect(device.page.locator("#body")).to_have_value("Va mieux depuis lundi")
    await expect(device.page.locator("#title")).to_have_value("Contrôle")
    await device.page.context.close()
    await diop.press("Ajouter au dossier")
    await expect(diop.page.locator("h1")).not_to_have_text("Écran verrouillé")
    await expect(diop.page).not_to_have_url(re.compile("/new$"))
    await diop.go(where)
    await expect(diop.page.locator("#body")).to_have_value("")


async def test_without_the_server_the_page_keeps_what_is_typed(desk: tuple[Person, Path], awa: str) -> None:
    diop, _ = desk
    tries: list[Route] = []

    async def lose(route: Route) -> None:
        tries.append(route)
        await route.abort()

    await diop.page.route("**/drafts/**", lose)
    await diop.page.add_init_script(HEARD)
    where = await _write(diop, awa, "Toux sèche")
    await expect(diop.page.locator(".draft")).to_contain_text("Votre texte est gardé dans cette page")
    before = len(tries)
    await until(lambda: len(tries) > before + 1)
    heard = await diop.page.evaluate("heard")
    assert len([text for text in heard if "Votre texte est gardé" in text]) == 1, "not at each try"
    await diop.page.unroute("**/drafts/**")
    await expect(diop.page.locator(".draft")).to_have_count(0)
    await diop.go(where)
    await expect(diop.page.locator("#body")).to_have_value("Toux sèche")
    await diop.button("Effacer ce texte").click()
    await expect(diop.page.locator("#body")).to_have_value("")
    await expect(diop.page.locator(".draft")).to_have_count(0)
    await diop.go(where)
    await expect(diop.page.locator("#body")).to_have_value("")


async def test_every_line_of_a_prescription_is_found_again(desk: tuple[Person, Path], awa: str) -> None:
    diop, _ = desk
    await diop.go(f"/patients/{awa}/prescriptions/new")
    await diop.page.fill("#lines-0-dosage", "1 le matin")
    await diop.press("Ajouter un médicament")
    await diop.page.fill("#lines-1-dosage", "2 le soir")
    await diop.choose("Masquer l'écran")
    await _unlock(diop.page)
    await expect(diop.page.locator("#lines-1-dosage")).to_have_value("2 le soir")
    await expect(diop.page.locator("#lines-0-dosage")).to_have_value("1 le matin")


async def test_a_pin_chosen_on_the_page_opens_the_same_page(desk: tuple[Person, Path]) -> None:
    diop, _ = desk
    await diop.go("/unlock-pin")
    await diop.page.fill("#password", PASSWORD)
    await diop.page.fill("#pin", PIN)
    await diop.press("Choisir ce code PIN")
    await expect(diop.page).to_have_url(re.compile("/account$"))
    await diop.go("/prescriptions?place=flow")
    await diop.choose("Masquer l'écran")
    await diop.page.get_by_label("Code PIN ou mot de passe").fill(PIN)
    await diop.button("Ouvrir l'écran").click()
    await expect(diop.page.locator("#bell")).to_be_visible()
    await expect(diop.page).to_have_url(re.compile(r"/prescriptions\?place=flow$"))


async def test_somebody_else_takes_over_in_three_steps(clinic: Clinic, browser: Browser) -> None:
    diop = await sign_in(browser, clinic, DIOP)
    await diop.choose("Masquer l'écran")
    await diop.page.get_by_role("link", name="Changer de personne").click()
    await diop.page.fill("#login", NDIAYE)
    await diop.page.fill("#password", PASSWORD)
    await diop.page.press("#password", "Enter")
    await expect(diop.page.locator("header")).to_contain_text("Ndiaye")
    await diop.page.context.close()


async def test_a_quarter_of_an_hour_without_hands_hides_what_is_half_typed_and_keeps_it(
    clinic: Clinic, path: Path, browser: Browser, awa: str
) -> None:
    """Without the server, so that it is the page's own timer that hides."""
    diop = await sign_in(browser, clinic, DIOP)
    page = await with_clock(diop.page)
    where = await _write(diop, awa, "Sommeil agité")
    await page.context.set_offline(True)
    await pass_time(page, 14 * 60, 60)
    await expect(page.locator("#body")).to_have_value("Sommeil agité")
    await _leave(path / "fadjma.db", f"{LEAVE} WHERE rowid = (SELECT max(rowid) FROM sessions)")
    await pass_time(page, 70, 10)
    await expect(page.locator("h1")).to_contain_text("Pas de réponse du serveur")
    await expect(page.locator("#main, textarea")).to_have_count(0)
    await page.context.set_offline(False)
    await page.clock.resume()
    await expect(page.locator("h1")).to_have_text("Écran verrouillé")
    await expect(page.locator("textarea")).to_have_count(0)
    await _unlock(page)
    await expect(page.locator("#body")).to_have_value("Sommeil agité")
    await expect(page.locator(".begun")).to_contain_text("Vous aviez commencé à écrire.")
    await expect(page).to_have_url(re.compile(f"{where}$"))
    await page.context.close()
