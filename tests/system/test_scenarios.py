"""The three scenarios of the request, each with three signed-in browsers.

Without JavaScript the two longest ways: to an open file, and from a prescription to its hand-over. What the others send
are plain forms too: tests/routes sends each as such a browser does (test_answers.py, TestActing) and reads the page
that answers, which forms a page offers (test_offered_on_the_page.py), what was typed and refused (the same), and what
stands where an access has ended (test_first_pages.py); tests/test_plain_forms.py reads how each form is sent.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from clinic import AWA, DIOP, NDIAYE, PHONE, Clinic, Person, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")
WITH_AND_WITHOUT = pytest.mark.parametrize("javascript", [True, False], ids=["live", "without-javascript"])


class Cast:
    """Awa on her phone, Dr Diop and Mme Ndiaye at their desks."""

    def __init__(self, clinic: Clinic, awa: Person, diop: Person, ndiaye: Person) -> None:
        self.clinic, self.awa, self.diop, self.ndiaye = clinic, awa, diop, ndiaye


@pytest.fixture
def javascript() -> bool:
    """Where a test does not say: with it."""
    return True


@pytest_asyncio.fixture(loop_scope="session")
async def cast(browser: Browser, tmp_path: Path, javascript: bool) -> AsyncIterator[Cast]:
    async with open_clinic(tmp_path) as clinic:
        people = Cast(
            clinic,
            await sign_in(browser, clinic, AWA, javascript=javascript, viewport=PHONE, by_page=True),
            await sign_in(browser, clinic, DIOP, javascript=javascript),
            await sign_in(browser, clinic, NDIAYE, javascript=javascript),
        )
        yield people
        for person in (people.awa, people.diop, people.ndiaye):
            await person.page.context.close()
            assert person.complaints == []


async def ask_for_access(cast: Cast) -> None:
    identifier = await cast.awa.page.locator(".mine b").first.inner_text()
    await cast.diop.page.fill("#q", identifier.lower())
    await cast.diop.press("Chercher")
    await cast.diop.page.get_by_role("link", name=re.compile("Awa Cissé")).click()
    await cast.diop.page.fill("#reason", "Consultation de suivi <b>demain</b>")
    await cast.diop.press("Envoyer la demande")
    await expect(cast.diop.page.locator("#item")).to_contain_text("En attente")
    await cast.diop.is_live()


async def approve(cast: Cast) -> None:
    await cast.awa.page.locator("#now a[href*=access-requests]").first.click()
    await cast.awa.page.check("input[value=full]")
    await cast.awa.press("Autoriser cet accès")
    await expect(cast.awa.page.locator("#item")).to_contain_text("Autorisé")


async def open_file(cast: Cast) -> None:
    """What the first test does page by page has been done, and Dr Diop has the file before him."""
    async with Programs(cast.clinic) as programs:
        await programs.grant(AWA)
        await cast.diop.go(f"/patients/{await programs.id_of(AWA)}/records")
    await expect(cast.diop.page.locator("h1")).to_have_text("Dossier")
    await cast.awa.go("/")


@WITH_AND_WITHOUT
async def test_a_doctor_asks_and_the_patient_opens_the_file(cast: Cast) -> None:
    await ask_for_access(cast)
    await cast.awa.is_told("Un médecin demande l'accès à votre dossier")
    await cast.awa.sees("#now", "Dr Ousmane Diop")
    await approve(cast)
    await cast.diop.is_told("Votre demande d'accès est autorisée")
    await cast.diop.sees("#item", "Ouvrir le dossier")
    await cast.diop.page.get_by_role("link", name="Ouvrir le dossier").click()
    await expect(cast.diop.page.locator(".who").first).to_contain_text("Awa Cissé")
    await expect(cast.diop.page.locator("#history")).to_contain_text("Dr ")


async def test_a_patient_answers_on_the_first_page(cast: Cast) -> None:
    await ask_for_access(cast)
    await cast.awa.is_told("Un médecin demande l'accès à votre dossier")
    await cast.awa.go("/")
    await cast.awa.press("Oui, autoriser")
    if not cast.awa.live:  # the page of the request follows
        await expect(cast.awa.page.locator("#item")).to_contain_text("Autorisé")
        await cast.awa.go("/")
    await cast.awa.sees("#accesses", "Dr Ousmane Diop")
    await expect(cast.awa.page.locator("#now")).to_have_text(re.compile("Rien à faire pour le moment."))
    await cast.diop.sees("#item", "Ouvrir le dossier")


async def test_a_doctor_asks_and_the_patient_refuses(cast: Cast) -> None:
    await ask_for_access(cast)
    await cast.awa.sees("#now", "Dr Ousmane Diop")
    await cast.awa.page.locator("#now a[href*=access-requests]").first.click()
    await expect(cast.awa.page.locator("q").first).to_have_text("Consultation de suivi <b>demain</b>")
    await cast.awa.page.fill("#rejection-reason", "Pas maintenant")
    await cast.awa.press("Refuser")
    await cast.diop.is_told("Votre demande d'accès est refusée")
    await cast.diop.sees("#item", "Pas maintenant")


async def test_a_revoked_access_closes_the_open_file(cast: Cast) -> None:
    await open_file(cast)
    await cast.awa.page.get_by_role("link", name=re.compile("Accès du Dr Ousmane Diop")).first.click()
    await cast.awa.press("Arrêter cet accès maintenant")
    await cast.diop.sees("#main", "Awa Cissé a mis fin à votre accès")
    await expect(cast.diop.page.get_by_role("link", name="Demander de nouveau")).to_be_visible()
    await expect(cast.diop.page.locator("#history")).to_have_count(0)


async def prescribe(cast: Cast) -> str:
    """Two medicines, chosen from the list as one types; returns the prescription's id."""
    page = cast.diop.page
    await page.get_by_role("link", name="Prescrire").click()
    await choose_medicine(cast.diop, 0, "paracétamol 500", "paracétamol 500 mg")
    await page.fill("#lines-0-dosage", "1 comprimé trois fois par jour")
    await page.fill("#lines-0-quantity", "12")
    await page.fill("#lines-0-duration_days", "4")
    await cast.diop.press("Ajouter un médicament")
    await choose_medicine(cast.diop, 1, "sels de réhy", "sels de réhydratation")
    await page.fill("#lines-1-dosage", "1 sachet dans un litre d'eau")
    await page.fill("#lines-1-quantity", "six")
    await page.fill("#lines-1-duration_days", "3")
    await cast.diop.press("Signer et émettre l'ordonnance")
    await expect(page.locator(".errs")).to_contain_text("Quantité")
    await expect(page.locator("#lines-0-dosage")).to_have_value("1 comprimé trois fois par jour")
    await page.fill("#lines-1-quantity", "6")
    await cast.diop.press("Signer et émettre l'ordonnance")
    await expect(page.locator("h1")).to_contain_text("Ordonnance du")
    return await page.locator("#item").get_attribute("data-id") or ""


async def choose_medicine(doctor: Person, line: int, typed: str, wanted: str) -> None:
    box = doctor.page.locator(f"#lines-{line}-medicine")
    await expect(box).to_be_visible()
    if doctor.live:
        await expect(box).to_have_role("combobox")
        await box.press_sequentially(typed)
        await doctor.page.locator(f"#s{line} [role=option]", has_text=re.compile(wanted)).first.click()
        await expect(doctor.page.locator(f"#lines-{line}-dosage")).to_be_focused()
    else:
        await box.fill(typed)
        await doctor.page.get_by_role("button", name="Chercher dans la liste").click()
        await doctor.page.locator(f"#s{line} button", has_text=re.compile(wanted)).first.click()
        await expect(box).to_have_attribute("readonly", "")
    await expect(box).to_have_value(re.compile(wanted))


async def _open_to_validate(cast: Cast, row: str) -> None:
    """As the pharmacist does who has more before this one than their first page shows."""
    page = cast.ndiaye.page
    if not await page.locator(row).count():
        await page.get_by_role("link", name=re.compile("^À valider")).first.click()
    await page.locator(row).get_by_role("link").first.click()


@WITH_AND_WITHOUT
async def test_a_prescription_goes_from_the_doctor_to_the_hand_over(cast: Cast) -> None:
    await open_file(cast)
    prescription_id = await prescribe(cast)
    row = f'[id="p{prescription_id}"]'
    await cast.ndiaye.is_told("Nouvelle ordonnance à valider")
    await cast.ndiaye.sees("#now", re.compile("Awa Cissé, 34 ans"))
    await cast.awa.is_told("Une ordonnance vous a été prescrite")
    await cast.awa.sees(row, "Émise")

    await _open_to_validate(cast, row)
    await cast.ndiaye.press("Valider : notre pharmacie la prend")
    await cast.awa.is_told("Votre ordonnance est validée")
    await cast.awa.sees(row, "Validée")
    await cast.ndiaye.press("Marquer « Préparée »")
    await cast.awa.sees(row, "Préparée")
    await cast.ndiaye.press("Marquer « Prête »")
    await cast.awa.is_told("Votre ordonnance est prête")
    await cast.awa.sees("#now", re.compile("À aller chercher\xa0: Paracétamol|Les médicaments sont prêts"))
    await cast.diop.sees("#item", "Prête")

    await cast.awa.page.locator(row).get_by_role("link").first.click()
    code = await cast.awa.page.locator(".code").inner_text()
    await cast.ndiaye.page.fill("#delivery-code", "000000" if code != "000 000" else "111111")
    await cast.ndiaye.press("Remettre les médicaments")
    await expect(cast.ndiaye.page.locator(".errs")).to_contain_text("Essais restants : 4")
    await cast.ndiaye.page.fill("#delivery-code", code)
    await cast.ndiaye.press("Remettre les médicaments")
    await expect(cast.ndiaye.page.locator(".steps [aria-current]")).to_contain_text("Livrée")
    await cast.awa.sees(".steps [aria-current]", "Livrée")
    await cast.diop.is_told("Une ordonnance que vous avez prescrite est livrée")


async def test_a_refusal_reaches_the_doctor_who_corrects(cast: Cast) -> None:
    await open_file(cast)
    prescription_id = await prescribe(cast)
    row = f'[id="p{prescription_id}"]'
    await cast.ndiaye.sees("#now", "Awa Cissé")
    await _open_to_validate(cast, row)
    await cast.ndiaye.press("Valider : notre pharmacie la prend")
    await cast.ndiaye.page.locator("summary", has_text="Refuser l'ordonnance").click()
    await cast.ndiaye.page.select_option("#refusal-code", "dose")
    await cast.ndiaye.page.fill("#refusal-text", "12 comprimés pour 4 jours : est-ce voulu ?")
    await cast.ndiaye.press("Refuser et prévenir le médecin")
    await cast.diop.is_told("Une ordonnance a été refusée par la pharmacie")
    await cast.diop.sees("#item", "Dose à vérifier : 12 comprimés")
    await cast.diop.page.get_by_role("link", name="Corriger et envoyer à nouveau").click()
    await expect(cast.diop.page.locator("#lines-0-quantity")).to_have_value("12")
    await cast.diop.page.fill("#lines-0-quantity", "9")
    await cast.diop.press("Signer et émettre l'ordonnance")
    await expect(cast.diop.page.locator(".errs")).to_contain_text("Ce n'est pas la quantité que la posologie demande")
    await cast.diop.page.fill("#lines-0-duration_days", "3")
    await cast.diop.press("Signer et émettre l'ordonnance")
    await cast.ndiaye.is_told("Nouvelle ordonnance à valider")


async def test_a_record_grows_the_history_and_its_reading_is_traced(cast: Cast) -> None:
    await open_file(cast)
    await cast.awa.has_been_told("Votre dossier a été consulté")
    await cast.diop.page.get_by_role("link", name="Ajouter au dossier").click()
    await cast.diop.page.fill("#title", "Contrôle de tension <script>alert(1)</script> 🩺")
    await cast.diop.page.fill("#body", "TA 13/8.\nRevoir dans un mois.")
    await cast.diop.press("Ajouter au dossier")
    await cast.awa.is_told("Votre dossier a été complété")
    await cast.awa.page.get_by_role("link", name="Dossier", exact=True).click()
    await cast.awa.sees("#history", "Contrôle de tension <script>alert(1)</script> 🩺")
    await cast.awa.page.get_by_role("link", name="Qui a consulté mon dossier").first.click()
    await cast.awa.is_live()
    await expect(cast.awa.page.locator("#trace")).to_contain_text("Dr Ousmane Diop")
    lines = cast.awa.page.locator("#trace li")
    seen = await lines.count()
    await cast.diop.page.get_by_role("link", name=re.compile("Contrôle de tension")).click()
    await expect(cast.diop.page.locator("h1")).to_contain_text("Contrôle de tension")
    await cast.awa.sees("#trace", "a lu un élément de votre dossier")
    await expect(lines).to_have_count(seen + 1)
