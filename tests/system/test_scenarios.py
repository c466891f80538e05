"""The scenarios of the request: an access from the first request to its end, and the whole way without JavaScript.

A prescription's whole life with scripts is test_a_whole_life.py. Without them: to an open file, and from a prescription
to its hand-over. What else is sent so are plain forms: tests/routes sends each as such a browser does (test_answers.py,
TestActing) and reads the page that answers, which forms a page offers (test_offered_on_the_page.py), what was typed
and refused (the same), and what stands where an access has ended (test_first_pages.py); tests/test_plain_forms.py reads
how each form is sent.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from clinic import AWA, DIOP, NDIAYE, PHONE, Clinic, Person, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path) as clinic:
        yield clinic


async def _ask_for_access(awa: Person, diop: Person) -> None:
    identifier = await awa.page.locator(".mine b").first.inner_text()
    await diop.page.fill("#q", identifier.lower())
    await diop.press("Chercher")
    await diop.page.get_by_role("link", name=re.compile("Awa Cissé")).click()
    await _send_request(awa, diop)


async def _send_request(awa: Person, diop: Person) -> str:
    """Returns its id."""
    await diop.page.fill("#reason", "Consultation de suivi <b>demain</b>")
    await diop.press("Envoyer la demande")
    await expect(diop.page.locator("#item")).to_contain_text("En attente")
    await diop.is_live()
    await awa.is_told("Un médecin demande l'accès à votre dossier")
    await awa.sees("#now", "Dr Ousmane Diop")
    return diop.page.url.rpartition("/")[2]


async def _approve(awa: Person) -> None:
    await awa.page.locator("#now a[href*=access-requests]").first.click()
    await awa.page.check("input[value=full]")
    await awa.press("Autoriser cet accès")
    await expect(awa.page.locator("#item")).to_contain_text("Autorisé")


async def _open_file(diop: Person) -> None:
    await diop.is_told("Votre demande d'accès est autorisée")
    await diop.sees("#item", "Ouvrir le dossier")
    await diop.page.get_by_role("link", name="Ouvrir le dossier").click()
    await expect(diop.page.locator(".who").first).to_contain_text("Awa Cissé")
    await expect(diop.page.locator("#history")).to_contain_text("Dr ")


async def test_an_access_from_the_first_request_to_its_end(browser: Browser, clinic: Clinic) -> None:
    awa = await sign_in(browser, clinic, AWA, viewport=PHONE, by_page=True)
    diop = await sign_in(browser, clinic, DIOP)

    # Given on the page of the request.
    await _ask_for_access(awa, diop)
    await _approve(awa)
    await _open_file(diop)
    await _a_record_grows_the_history_and_its_reading_is_traced(awa, diop)

    # Ended while the file is open.
    await awa.go("/")
    await diop.page.go_back()
    await expect(diop.page.locator("#history")).to_be_visible()
    await diop.is_live()
    await awa.page.get_by_role("link", name=re.compile("Accès du Dr Ousmane Diop")).first.click()
    await awa.press("Arrêter cet accès maintenant")
    await diop.sees("#main", "Awa Cissé a mis fin à votre accès")
    await expect(diop.page.locator("#history")).to_have_count(0)

    # Asked for again from there, and given on the patient's first page.
    await awa.go("/")
    await diop.page.get_by_role("link", name="Demander de nouveau").click()
    request_id = await _send_request(awa, diop)
    await awa.go("/")
    await awa.press("Oui, autoriser")
    await awa.sees("#accesses", "Dr Ousmane Diop")
    await expect(awa.page.locator("#now")).to_have_text(re.compile("Rien à faire pour le moment."))
    await diop.sees("#item", "Ouvrir le dossier")

    # Once more, and refused.
    async with Programs(clinic) as programs:
        await programs.ask(AWA, "POST", f"/access-requests/{request_id}/revocation")
    await diop.page.get_by_role("link", name="Demander de nouveau").click()
    await _send_request(awa, diop)
    await awa.page.locator("#now a[href*=access-requests]").first.click()
    await expect(awa.page.locator("q").first).to_have_text("Consultation de suivi <b>demain</b>")
    await awa.page.fill("#rejection-reason", "Pas maintenant")
    await awa.press("Refuser")
    await diop.is_told("Votre demande d'accès est refusée")
    await diop.sees("#item", "Pas maintenant")
    for person in (awa, diop):
        await person.page.context.close()
        assert person.complaints == []


async def _a_record_grows_the_history_and_its_reading_is_traced(awa: Person, diop: Person) -> None:
    await awa.is_told("Votre dossier a été consulté")
    await diop.page.get_by_role("link", name="Ajouter au dossier").click()
    await diop.page.fill("#title", "Contrôle de tension <script>alert(1)</script> 🩺")
    await diop.page.fill("#body", "TA 13/8.\nRevoir dans un mois.")
    await diop.press("Ajouter au dossier")
    await awa.is_told("Votre dossier a été complété")
    await awa.page.get_by_role("link", name="Dossier", exact=True).click()
    await awa.sees("#history", "Contrôle de tension <script>alert(1)</script> 🩺")
    await awa.page.get_by_role("link", name="Qui a consulté mon dossier").first.click()
    await awa.is_live()
    await expect(awa.page.locator("#trace")).to_contain_text("Dr Ousmane Diop")
    lines = awa.page.locator("#trace li")
    seen = await lines.count()
    await diop.page.get_by_role("link", name=re.compile("Contrôle de tension")).click()
    await expect(diop.page.locator("h1")).to_contain_text("Contrôle de tension")
    await awa.sees("#trace", "a lu un élément de votre dossier")
    await expect(lines).to_have_count(seen + 1)


async def choose_medicine(doctor: Person, line: int, typed: str, wanted: str) -> None:
    """From the list, as one types."""
    box = doctor.page.locator(f"#lines-{line}-medicine")
    await expect(box).to_have_role("combobox")
    await box.press_sequentially(typed)
    await doctor.page.locator(f"#s{line} [role=option]", has_text=re.compile(wanted)).first.click()
    await expect(doctor.page.locator(f"#lines-{line}-dosage")).to_be_focused()
    await expect(box).to_have_value(re.compile(wanted))


async def _choose_by_button(doctor: Person, line: int, typed: str, wanted: str) -> None:
    box = doctor.page.locator(f"#lines-{line}-medicine")
    await box.fill(typed)
    await doctor.page.get_by_role("button", name="Chercher dans la liste").click()
    await doctor.page.locator(f"#s{line} button", has_text=re.compile(wanted)).first.click()
    await expect(box).to_have_attribute("readonly", "")
    await expect(box).to_have_value(re.compile(wanted))


async def _prescribe(diop: Person) -> str:
    """Two medicines; returns the prescription's id."""
    page = diop.page
    await page.get_by_role("link", name="Prescrire").click()
    await _choose_by_button(diop, 0, "paracétamol 500", "paracétamol 500 mg")
    await page.fill("#lines-0-dosage", "1 comprimé trois fois par jour")
    await page.fill("#lines-0-quantity", "12")
    await page.fill("#lines-0-duration_days", "4")
    await diop.press("Ajouter un médicament")
    await _choose_by_button(diop, 1, "sels de réhy", "sels de réhydratation")
    await page.fill("#lines-1-dosage", "1 sachet dans un litre d'eau")
    await page.fill("#lines-1-quantity", "six")
    await page.fill("#lines-1-duration_days", "3")
    await diop.press("Signer et émettre l'ordonnance")
    await expect(page.locator(".errs")).to_contain_text("Quantité")
    await expect(page.locator("#lines-0-dosage")).to_have_value("1 comprimé trois fois par jour")
    await page.fill("#lines-1-quantity", "6")
    await diop.press("Signer et émettre l'ordonnance")
    await expect(page.locator("h1")).to_contain_text("Ordonnance du")
    return await page.locator("#item").get_attribute("data-id") or ""


async def _open_to_validate(ndiaye: Person, row: str) -> None:
    """As the pharmacist does who has more before this one than their first page shows."""
    page = ndiaye.page
    if not await page.locator(row).count():
        await page.get_by_role("link", name=re.compile("^À valider")).first.click()
    await page.locator(row).get_by_role("link").first.click()


async def test_without_javascript_to_an_open_file_and_from_a_prescription_to_its_hand_over(
    browser: Browser, clinic: Clinic
) -> None:
    awa = await sign_in(browser, clinic, AWA, javascript=False, viewport=PHONE, by_page=True)
    diop, ndiaye = [await sign_in(browser, clinic, who, javascript=False) for who in (DIOP, NDIAYE)]
    await _ask_for_access(awa, diop)
    await _approve(awa)
    await _open_file(diop)
    await awa.go("/")
    prescription_id = await _prescribe(diop)
    row = f'[id="p{prescription_id}"]'
    await ndiaye.is_told("Nouvelle ordonnance à valider")
    await awa.is_told("Une ordonnance vous a été prescrite")
    await awa.sees(row, "Émise")

    await ndiaye.go("/")
    await _open_to_validate(ndiaye, row)
    await expect(ndiaye.page.locator(".who").first).to_contain_text("Awa Cissé")
    await ndiaye.press("Valider : notre pharmacie la prend")
    await awa.is_told("Votre ordonnance est validée")
    await awa.sees(row, "Validée")
    await ndiaye.press("Marquer « Préparée »")
    await awa.sees(row, "Préparée")
    await ndiaye.press("Marquer « Prête »")
    await awa.is_told("Votre ordonnance est prête")
    await awa.sees("#now", re.compile("À aller chercher\xa0: Paracétamol|Les médicaments sont prêts"))
    await diop.sees("#item", "Prête")

    await awa.page.locator(row).get_by_role("link").first.click()
    code = await awa.page.locator(".code").inner_text()
    await ndiaye.page.fill("#delivery-code", "000000" if code != "000 000" else "111111")
    await ndiaye.press("Remettre les médicaments")
    await expect(ndiaye.page.locator(".errs")).to_contain_text("Essais restants : 4")
    await ndiaye.page.fill("#delivery-code", code)
    await ndiaye.press("Remettre les médicaments")
    await expect(ndiaye.page.locator(".steps [aria-current]")).to_contain_text("Livrée")
    await awa.sees(".steps [aria-current]", "Livrée")
    await diop.is_told("Une ordonnance que vous avez prescrite est livrée")
    for person in (awa, diop, ndiaye):
        await person.page.context.close()
        assert person.complaints == []
