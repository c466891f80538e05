"""What only a browser shows of searches and of the inbox: a list that fills as one types, a bell that counts down."""

from pathlib import Path

import pytest
from clinic import AWA, DIOP, NDIAYE, Person, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect

PLACES = "chips => [...chips.children].map(chip => JSON.stringify(chip.getBoundingClientRect()))"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_list_fills_as_one_types_and_what_is_opened_is_read_in_every_tab(
    browser: Browser, tmp_path: Path
) -> None:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        prescription = f"/prescriptions/{await others.validated(AWA)}"
        ndiaye, awa = [await sign_in(browser, clinic, login) for login in (NDIAYE, AWA)]
        chips = ndiaye.page.locator("#steps")
        waiting = chips.locator("#step-prepare")
        counted = int(await waiting.inner_text())
        await chips.get_by_role("link", name="À préparer").focus()
        places = await chips.evaluate(PLACES)
        for _ in range(10 - counted):  # from one digit to two, in a burst
            await others.validated(AWA)
        await expect(waiting).to_have_text("10")
        await expect(chips.get_by_role("link", name="À préparer")).to_be_focused()
        assert await chips.evaluate(PLACES) == places
        await ndiaye.go("/prescriptions?step=prepare")
        field, row = ndiaye.page.locator("#q"), ndiaye.page.locator(f'#found li:has(a[href="{prescription}"])')
        await field.press_sequentially("cisse", delay=30)
        await expect(row).to_contain_text("Validée")
        said = ndiaye.page.locator("p.vh[role=status]")  # who does not see the rows come hears how many there are
        await expect(said).to_contain_text("Lignes affichées")
        await expect(ndiaye.page.locator("#found li[id]")).to_have_count(int((await said.inner_text()).split()[-1]))
        await field.press_sequentially("x", delay=30)
        await expect(ndiaye.page.locator("#found")).to_contain_text("Aucune ordonnance ne correspond.")
        await expect(said).to_have_text("Aucune ordonnance ne correspond.")
        await field.press("Backspace")
        await expect(row).to_be_visible()
        await others.ask(NDIAYE, "POST", f"{prescription}/hold", reason="Dosage à confirmer")
        await expect(row).to_have_count(0)
        await expect(field).to_be_focused()
        await expect(field).to_have_value("cisse")

        identifier = await awa.page.locator(".mine b").inner_text()  # on her card
        diop = await sign_in(browser, clinic, DIOP)
        await _scans(diop, "/", "la carte", identifier)
        await diop.page.wait_for_url("**/patients?q=FJ*")
        await expect(diop.page.locator("#found")).to_contain_text(identifier)
        paper = await others.ask(DIOP, "GET", f"{prescription}/paper")
        await _scans(ndiaye, "/prescriptions", "l'ordonnance", paper["short_code"])
        await ndiaye.page.wait_for_url(f"**{prescription}")

        second = await awa.page.context.new_page()
        await second.goto(awa.page.url)
        bell = second.locator("#unread")
        await expect(bell).not_to_have_text("0")
        counted = int(await bell.inner_text())
        await awa.go(prescription)
        await expect(bell).to_have_text(str(counted - 1))
        assert ndiaye.complaints == awa.complaints == diop.complaints == []
        for person in (ndiaye, awa, diop):
            await person.page.context.close()


# A camera, and a browser that reads codes, which no headless one does.
CAMERA = """
const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
setInterval(() => canvas.getContext('2d').fillRect(Math.random() * 9, 0, 9, 9), 50);
navigator.mediaDevices.getUserMedia = async () => { self.picture = canvas.captureStream(); return self.picture; };
self.BarcodeDetector = class {
  async detect(video) { return video.videoWidth && self.shown ? [{ rawValue: self.shown }] : []; }
};
"""


async def _scans(person: Person, where: str, what: str, code: str) -> None:
    page = person.page
    button = page.get_by_role("button", name=f"Scanner {what}")
    await expect(button).to_be_hidden()  # this browser cannot
    await page.add_init_script(CAMERA)
    await person.go(where)
    await button.click()
    await expect(page.locator("dialog")).to_contain_text("Montrez le code")
    await page.get_by_role("button", name="Fermer").click()
    await expect(page.locator("dialog")).to_have_count(0)
    assert await page.evaluate("self.picture.getTracks().every(track => track.readyState == 'ended')")
    await button.click()
    await page.evaluate("code => { self.shown = code; }", code)
