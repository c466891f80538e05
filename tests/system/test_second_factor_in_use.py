"""A passkey in a real browser, with Chromium's authenticator: made, asked for after the password, opens the lock."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import DIOP, PASSWORD, Clinic, choose, open_clinic
from playwright.async_api import Browser, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path_factory.mktemp("passkeys")) as clinic:
        yield clinic


async def _plug_in(page: Page) -> None:
    """An authenticator that knows its person."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    how = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**how, "automaticPresenceSimulation": True}})


async def _sign_in(page: Page, base: str) -> None:
    await page.goto(f"{base}/sign-in")
    await page.fill("#login", DIOP)
    await page.fill("#password", PASSWORD)
    await page.click("main button")
    await page.wait_for_url(lambda url: not url.endswith("/sign-in"))


async def test_it_is_made_then_asked_for_and_opens_the_screen(clinic: Clinic, browser: Browser) -> None:
    base = clinic.address.replace("127.0.0.1", "localhost")  # a passkey belongs to a name
    context = await browser.new_context()
    page = await context.new_page()
    await _plug_in(page)
    await _sign_in(page, base)
    await page.goto(f"{base}/second-factor")
    add = page.get_by_role("button", name="Ajouter une clé d'accès de cet appareil")
    await add.click()
    await expect(page.locator("#passkey [role=alert]")).to_have_text(re.compile("."))  # no password so far
    await page.fill("#password", PASSWORD)
    await add.click()
    await page.wait_for_url("**/recovery-codes")
    await expect(page.locator("#codes li")).to_have_count(10)

    await choose(page, "Se déconnecter")
    await page.wait_for_url(f"{base}/sign-in*")
    await _sign_in(page, base)
    await page.wait_for_url("**/sign-in/factor")
    await page.get_by_role("button", name="Utiliser ma clé d'accès").click()
    await page.wait_for_url(f"{base}/")

    await page.goto(f"{base}/patients")
    await choose(page, "Masquer l'écran")
    await expect(page).to_have_title("Écran verrouillé – FADJMA")
    await page.get_by_role("button", name="Ouvrir avec ma clé d'accès").click()
    await expect(page).to_have_title("Patients – FADJMA")
    await expect(page).to_have_url(f"{base}/patients")
    await context.close()
