"""How many keys and taps people need for what they do all day, at 200 ms a key; and they see where each key goes."""

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio
from clinic import AWA, DESK, DIOP, MOUSSA, NDIAYE, PHONE, Programs, open_clinic, sign_in
from keyboard import Keyboard
from playwright.async_api import Browser, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = 200  # milliseconds
DAYS_WORK = 12  # keys from a new prescription to one that is delivered, and the code
REPEATED = 25  # keys from the doctor's first page to what was prescribed again and signed: nine; 65 of two medicines
WRITTEN = 45_000  # milliseconds of keys for a prescription of two medicines


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    async with open_clinic(tmp_path_factory.mktemp("keys")) as clinic, Programs(clinic) as others:
        yield others


async def _addressed(others: Programs) -> str:
    """Dr Diop has prescribed to Moussa what Mme Ndiaye's pharmacy has; gives its id."""
    places = (await others.ask(NDIAYE, "GET", "/organizations"))["items"]
    pharmacy = next(place["id"] for place in places if place["name"] == "Pharmacie Jamm")
    medicine = (await others.ask(NDIAYE, "GET", "/medicines?q=parac%C3%A9tamol%20500"))["items"][0]["id"]
    line = {"medicine_id": medicine, "dosage": "1 comprimé le soir", "quantity": 5, "duration_days": 5}
    path = f"/patients/{await others.id_of(MOUSSA)}/prescriptions"
    return str((await others.ask(DIOP, "POST", path, lines=[line], pharmacy_id=pharmacy))["id"])


async def test_a_pharmacist_delivers_with_twelve_keys_and_the_code(browser: Browser, others: Programs) -> None:
    new = await _addressed(others)
    ndiaye = await sign_in(browser, others.clinic, NDIAYE, viewport=DESK)
    page, keys = ndiaye.page, Keyboard(ndiaye.page, KEY)
    await keys.press("/", *"mous", "Tab")
    row = page.locator("#main li[id]", has=page.locator(f"a[href='/prescriptions/{new}']"))
    await expect(page.locator("#list > li:not(.empty)")).to_have_count(1)
    await keys.press("j")
    await keys.shows_where()
    for letter, state in (("v", "Validée"), ("p", "Préparée"), ("r", "Prête")):
        await keys.press(letter)
        await expect(row).to_contain_text(state)
        await keys.shows_where()
    await keys.press("r")
    await expect(page.locator("#delivery-code")).to_be_focused()
    await keys.shows_where()
    code = (await others.ask(MOUSSA, "GET", f"/prescriptions/{new}"))["handover_code"]
    await page.keyboard.type(code)
    await keys.press("Enter")
    await expect(page.locator("#main")).to_contain_text("Livrée")
    assert (await others.ask(NDIAYE, "GET", f"/prescriptions/{new}"))["status"] == "delivered"
    assert keys.pressed <= DAYS_WORK
    assert ndiaye.complaints == []
    await page.context.close()


async def test_a_doctor_repeats_a_prescription_and_writes_one_of_two_medicines(
    browser: Browser, others: Programs
) -> None:
    """From the first page to the signed one; what the page and the link take beside the keys is not counted here."""
    await others.grant(AWA)
    earlier = await others.issued(AWA)
    with closing(sqlite3.connect(others.clinic.database, timeout=60)) as database, database:  # and never fetched
        database.execute("UPDATE prescriptions SET valid_until = 1 WHERE id = ?", (earlier,))
    diop = await sign_in(browser, others.clinic, DIOP, viewport=DESK)
    page, signed = diop.page, re.compile(r"/prescriptions/[\w-]{15,}$")
    repeated = Keyboard(page, KEY)
    await _to_the_file_of_awa(repeated, page)
    await repeated.press("r")
    await expect(page.get_by_role("button", name="Signer et émettre")).to_be_focused()
    await repeated.press("Enter")
    await page.wait_for_url(signed)
    await expect(page.locator("#item tbody tr")).to_contain_text("1 comprimé le soir")
    assert repeated.pressed <= REPEATED and repeated.pressed * KEY <= 15_000

    await diop.go("/")
    written = Keyboard(page, KEY)
    await _to_the_file_of_awa(written, page)
    await written.press("p")
    for n, (medicine, posology) in enumerate((("ibupro 400", "1x3/j 4j"), ("ciproflo 500", "1x2/j 7j"))):
        field = page.locator(f"#lines-{n}-medicine")
        await expect(field).to_have_role("combobox")
        await expect(field).to_be_focused()
        await written.shows_where()
        await written.press(*medicine)
        await expect(page.locator(f"#s{n} [role=option]").first).to_be_visible()
        await written.press("ArrowDown", "Enter")
        await expect(page.locator(f"#lines-{n}-dosage")).to_be_focused()
        await written.shows_where()
        await written.press(*posology)
        await expect(page.locator(f"#lines-{n}-quantity")).to_have_value("12" if n == 0 else "14")
        if not n:
            await written.press(*("Enter",) * 6)
            await written.shows_where()
    await written.until("Signer")
    await written.shows_where()
    await written.press("Enter")
    await page.wait_for_url(signed)
    await expect(page.locator("#item tbody tr")).to_have_count(2)
    assert written.pressed * KEY <= WRITTEN
    assert diop.complaints == []
    await page.context.close()


async def _to_the_file_of_awa(keys: Keyboard, page: Page) -> None:
    await keys.press("/")
    await expect(page.locator("#q")).to_be_focused()  # what the first key fetches has come
    await keys.shows_where()
    await keys.press(*"awa")
    await expect(page.locator("#found li a").first).to_contain_text("Awa")
    await keys.press("Tab", "Tab")
    await keys.shows_where()
    await keys.press("Enter")
    await page.wait_for_url(re.compile("/records$"))
    await expect(page.locator("h1")).to_have_text("Dossier")


async def test_a_patient_answers_a_request_from_the_toast_with_two_taps(browser: Browser, others: Programs) -> None:
    moussa = await sign_in(browser, others.clinic, MOUSSA, viewport=PHONE)
    patient = await others.id_of(MOUSSA)
    asked = await others.ask("dr.badji@demo.fadjma", "POST", "/access-requests", patient_id=patient, reason="Suivi")
    await moussa.page.locator("#toasts a.toast").click()
    await moussa.page.get_by_role("button", name="autoriser").first.click()
    await expect(moussa.page.locator("#main")).to_contain_text("Autorisé")
    answered = await others.ask(MOUSSA, "GET", f"/access-requests/{asked['id']}")
    assert answered["status"] == "approved"
    await moussa.page.context.close()
