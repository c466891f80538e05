"""A computer that many use: the screen hides at once, locks by itself, and is the same page again (decision 19)."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from clinic import DIOP, NDIAYE, PASSWORD, Person, open_clinic, sign_in
from playwright.async_api import Browser, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEAVE = "UPDATE sessions SET last_active_at = last_active_at - 900000"  # a quarter of an hour, without waiting for it


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[tuple[Person, Path]]:
    """Dr Diop's computer, and the database of the clinic."""
    path = tmp_path_factory.mktemp("locked") / "clinic.db"
    async with open_clinic(path) as clinic:
        diop = await sign_in(browser, clinic, DIOP)
        yield diop, path
        complaints = [line for line in diop.complaints if "423" not in line and "ERR_FAILED" not in line]
        assert complaints == []
        await diop.page.context.close()


async def _leave(path: Path) -> None:
    def write() -> None:
        with sqlite3.connect(path, timeout=30) as connection:
            connection.execute(LEAVE)
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


async def test_what_is_left_locks_in_every_tab(desk: tuple[Person, Path]) -> None:
    diop, path = desk
    await diop.go("/prescriptions")
    other = await diop.page.context.new_page()
    await other.goto(diop.page.url.replace("/prescriptions", "/access-requests"))
    await expect(other.locator("#status")).to_have_attribute("data-state", "live")
    await _leave(path)
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
    await diop.button("Masquer l'écran").click()
    await expect(diop.page.locator("h1")).to_contain_text("Le serveur ne répond pas")
    await expect(diop.page.locator("body")).not_to_contain_text(shown)
    await diop.page.unroute("**/*")
    await expect(diop.page.locator("h1")).to_have_text("Écran verrouillé")
    await _unlock(diop.page)
    await expect(diop.page.locator("main li a").first).to_have_text(shown)


async def test_somebody_else_takes_over_in_three_steps(desk: tuple[Person, Path]) -> None:
    diop, _ = desk
    await diop.go("/")
    await diop.button("Masquer l'écran").click()
    await diop.page.get_by_role("link", name="Changer de personne").click()
    await diop.page.fill("#login", NDIAYE)
    await diop.page.fill("#password", PASSWORD)
    await diop.page.press("#password", "Enter")
    await expect(diop.page.locator("header")).to_contain_text("Ndiaye")
