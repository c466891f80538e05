"""A mother at her own telephone acts for her child: chosen after signing in, live, and changed back."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import AWA, DIOP, PASSWORD, PHONE, Clinic, Person, Programs, open_clinic
from playwright.async_api import Browser, Page, expect
from store import Store

from fadjma.accounts import actions as accounts
from fadjma.identity import proxies
from fadjma.identity.enrolment import NewPerson
from fadjma.store import Transaction, milliseconds

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path_factory.mktemp("families")) as clinic:
        yield clinic


def _child_of(tx: Transaction, mother_id: str) -> tuple[str, str]:
    """A child without an account, for whom her mother may act; the child's id, and that of the right."""
    who = NewPerson(given_name="Fatou", family_name="Cissé", email=None, phone=None, password_hash="")
    child = accounts.register_patient(tx, who, birth_date=f"{_this_year(tx) - 7}", sex="female", city="Dakar")
    given = proxies.add(
        tx,
        proxy_id=mother_id,
        patient_id=child,
        relationship="parent",
        of_age=True,
        by=mother_id,
        seen="document",
        document="Acte de naissance 112/2019",
        accepted=True,
        until=None,
    )
    return child, given


def _this_year(tx: Transaction) -> int:
    return 1970 + tx.now // 31_556_952_000


async def _open(browser: Browser, clinic: Clinic) -> Page:
    context = await browser.new_context(viewport=PHONE, locale="fr-FR", base_url=clinic.address)
    page = await context.new_page()
    await page.goto("/sign-in?next=/access-requests")
    await page.fill("#login", AWA)
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Se connecter").click()
    return page


async def test_a_mother_approves_for_her_child_and_goes_back_to_her_own_file(browser: Browser, clinic: Clinic) -> None:
    store = Store(clinic.database, milliseconds)
    async with Programs(clinic) as others:
        child, given = store.write(_child_of, await others.id_of(AWA))
        page = await _open(browser, clinic)
        mother = Person(page, live=True)
        await expect(page.locator("h1")).to_have_text("Pour qui agissez-vous ?")
        await mother.press("Fatou Cissé")
        await page.wait_for_url(re.compile("/access-requests$"))
        whose = page.locator("#whose")
        await expect(whose).to_have_text(re.compile("Dossier de\xa0: Fatou Cissé – vous agissez à sa place"))
        await mother.is_settled()
        await others.ask(DIOP, "POST", "/access-requests", patient_id=child, reason="Fièvre depuis lundi")
        await mother.is_told("Un médecin demande l'accès à ce dossier")
        await page.locator("#now li a").first.click()
        await page.get_by_label("24 heures").check()
        await mother.is_settled()
        await mother.press("Autoriser cet accès")
        await expect(page.locator("#item b.ok").first).to_be_visible()
        assert (await others.ask(DIOP, "GET", f"/patients/{child}/records"))["items"] == []
        tab = await page.context.new_page()
        await tab.goto(f"/patients/{child}/records")
        await expect(tab.locator("#status")).to_have_attribute("data-state", "live")
        await whose.get_by_role("link", name="Changer").click()  # two taps
        await mother.press("Moi")
        await expect(whose).to_have_text(re.compile("Dossier de\xa0: Awa Cissé"))
        await expect(tab.locator("#other")).to_be_visible()
        await expect(tab.locator("#other")).to_contain_text("Ce que vous faites sur cette page n'est plus enregistré")
        await whose.get_by_role("link", name="Changer").click()
        await mother.press("Fatou Cissé")
        await expect(whose).to_have_text(re.compile("Fatou Cissé"))
        await mother.go(f"/patients/{child}/records")
        store.write(lambda tx: proxies.end(tx, given, by=None))  # as another process or a birthday would
        await expect(page.locator("h1")).to_have_text("Pour qui agissez-vous ?")
        assert (await page.request.get(f"/patients/{child}/records")).status == 404
    store.close()
    await page.context.close()
