"""A clinic's first day, from an empty folder and without the demo: everything by the pages that its people have."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from clinic import Clinic, Person, come
from empty_folder import ANSWERS, PASSWORD, Folder
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

# As Excel writes it in French: semicolons and Windows-1252.
TABLE = (
    "dci;forme;dosage;unité;marques;tableau\r\n"
    "amlodipine;comprimé;5 mg;comprimé;Amlor;liste I\r\n"
    "paracétamol;comprimé;500 mg;comprimé;Doliprane;non listé\r\n"
).encode("cp1252")
PIN = "480 951"


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    """What `quart setup` makes of an empty folder, served as a clinic serves it."""
    done = Folder(tmp_path).set_up(ANSWERS.format(medicines=""))
    assert done.returncode == 0, done.stderr
    clinic = Clinic(tmp_path, FADJMA_DEMO="0", FADJMA_SECRET_KEY="", FADJMA_ACTS_PER_HOUR="10000")
    await clinic.open()
    try:
        yield clinic
    finally:
        await clinic.stop()


async def arrive(browser: Browser, clinic: Clinic, login: str) -> Person:
    person = await come(browser)
    await person.page.goto(f"{clinic.address}/sign-in")
    await sign_in(person, login)
    return person


async def sign_in(person: Person, login: str) -> None:
    await person.page.fill("#login", login)
    await person.page.fill("#password", PASSWORD)
    await person.button("Se connecter").click()
    await person.is_live()


async def follow(person: Person, *names: str) -> None:
    """From link to link, as somebody does who knows no address."""
    for name in names:
        await person.page.get_by_role("link", name=name, exact=True).first.click()
    await person.is_settled()


async def add_pharmacy(admin: Person) -> None:
    await follow(admin, "Toute l'administration", "Lieux", "Ajouter un lieu")
    await admin.page.get_by_label("Pharmacie").check()
    for field, typed in (("name", "Pharmacie Jamm"), ("address", "rue 10"), ("city", "Thiès"), ("phone", "339514321")):
        await admin.page.fill(f"#{field}", typed)
    # As by a browser that does not say which button it was: one of the fields is called « name ».
    await admin.page.locator("form:has(#name)").evaluate("form => form.requestSubmit()")
    await expect(admin.page.locator("#pharmacy")).to_contain_text("Pharmacie Jamm")


async def import_medicines(admin: Person) -> None:
    await follow(admin, "Toute l'administration", "Médicaments", "Importer un fichier")
    file = admin.page.locator("#file")
    await file.set_input_files({"name": "liste.csv", "mimeType": "text/csv", "buffer": TABLE})
    await admin.press("Lire le fichier")
    await expect(admin.page.locator("#item")).to_contain_text("Rien n'est encore enregistré")
    await expect(admin.page.locator("#item dd").first).to_have_text("2")
    await admin.press("Importer")
    await expect(admin.page.locator("#item")).to_contain_text("Importé")


async def make_account(admin: Person, role: str, place: str, **typed: str) -> str:
    """Of somebody on the staff; returns the code that stands on their slip."""
    await follow(admin, "Toute l'administration", "Nouveau compte du personnel")
    await admin.page.get_by_role("link", name=role).click()
    for field, text in typed.items():
        await admin.page.fill(f"#{field}", text)
    chosen = admin.page.get_by_label("Lieu d'exercice").locator("option:checked")
    await expect(chosen).to_have_text(place)  # there is no other
    await admin.press("Créer le compte")
    await expect(admin.page.locator("h1")).to_have_text("Pour choisir votre mot de passe FADJMA")
    return await admin.page.locator(".code").inner_text()


async def begin(browser: Browser, clinic: Clinic, code: str, login: str) -> Person:
    """Somebody with a slip, at the address that stands on it."""
    person = await come(browser)
    await person.page.goto(f"{clinic.address}/activation")
    await person.page.fill("#code", code)
    await person.page.fill("#password", PASSWORD)
    await person.press("Choisir ce mot de passe")
    await expect(person.page.locator("main")).to_contain_text(login)
    await person.page.get_by_role("link", name="Aller à la connexion").click()
    await sign_in(person, login)
    return person


async def register(reception: Person, **typed: str) -> str:
    """A patient of whom there is no more to know; returns the identifier."""
    await reception.go("/")
    await follow(reception, "Nouveau patient")
    await reception.page.get_by_label("Féminin").check()
    for field, text in typed.items():
        await reception.page.fill(f"#{field}", text)
    await reception.press("Enregistrer ce patient")
    await expect(reception.page.locator("h1")).to_have_text(" ".join(typed[name] for name in typed if "name" in name))
    return await reception.page.locator(".who").first.locator("b").last.inner_text()


async def give_pin(reception: Person) -> None:
    await reception.page.locator("summary", has_text="Donner un code PIN").click()
    form = reception.page.locator("form[action$='/pin']")
    await form.locator("#pin-document").fill("CNI 2 751 1956 00017")
    await form.locator("#pin-pin").fill(PIN)
    await reception.press("Enregistrer le code PIN")
    await expect(reception.page.locator("main")).to_contain_text("Le code PIN est enregistré")


async def open_file(doctor: Person, identifier: str) -> None:
    """The doctor asks, and she chooses and types her PIN on his screen."""
    await doctor.page.fill("#q", identifier)
    await doctor.press("Chercher")
    await doctor.page.get_by_role("link", name=re.compile("Mame Diarra")).click()
    await doctor.is_settled()
    await doctor.page.fill("#reason", "Tension élevée")
    await doctor.press("Envoyer la demande")
    await doctor.is_settled()
    await doctor.page.get_by_label("Dossier complet").check()
    await doctor.page.get_by_label("7 jours").check()
    await doctor.page.fill("#in-person-approval-pin", PIN)
    await doctor.press("J'autorise ce médecin")
    await expect(doctor.page.locator("#item")).to_contain_text("autorisé avec le code PIN du patient")
    await follow(doctor, "Ouvrir le dossier")


async def prescribe(doctor: Person) -> str:
    """What to take against high blood pressure, addressed to the pharmacy; returns its id."""
    await follow(doctor, "Prescrire")
    page = doctor.page
    await page.locator("#pharmacy_id").select_option("Pharmacie Jamm, Thiès")
    await page.locator("#lines-0-medicine").press_sequentially("amlor")
    await page.locator("#s0 [role=option]", has_text="amlodipine").click()
    await expect(page.locator("#lines-0-medicine")).to_have_value("amlodipine 5 mg, comprimé")
    await page.fill("#lines-0-dosage", "1 comprimé le matin")
    await page.fill("#lines-0-quantity", "30")
    await page.fill("#lines-0-duration_days", "30")
    await doctor.press("Signer et émettre l'ordonnance")
    await expect(page.locator("h1")).to_contain_text("Ordonnance du")
    await doctor.is_settled()
    return await page.locator("#item").get_attribute("data-id") or ""


async def receive(pharmacist: Person) -> None:
    await follow(pharmacist, "Tout le stock", "Recevoir un lot")
    page = pharmacist.page
    await page.locator("#medicine").press_sequentially("amlo")
    await page.locator("#s0 button", has_text="amlodipine").click()
    await page.fill("#number", "A-117")
    await page.fill("#expires_on", (datetime.now(UTC) + timedelta(days=400)).strftime("%m/%Y"))
    await page.fill("#quantity", "100")
    await pharmacist.press("Ajouter au stock")
    await expect(page.locator("main")).to_contain_text("A-117")


async def hand_over(pharmacist: Person, prescription_id: str) -> None:
    """To somebody who has neither telephone nor account, and so no code."""
    await pharmacist.go("/")
    await pharmacist.page.locator(f'[id="p{prescription_id}"]').get_by_role("link").click()
    await pharmacist.is_settled()
    await pharmacist.press("Valider : notre pharmacie la prend")
    await pharmacist.press("Marquer « Préparée »")
    await pharmacist.press("Marquer « Prête »")
    await expect(pharmacist.page.locator("#item")).to_contain_text("Personne n'a de code pour cette ordonnance")
    await pharmacist.page.select_option("#delivery-identity_kind", "national_id")
    await pharmacist.page.fill("#delivery-identity_document", "2 751 1956 00017")
    await pharmacist.press("Remettre les médicaments")


async def test_from_an_empty_folder_to_a_grandmother_who_has_her_medicine(browser: Browser, clinic: Clinic) -> None:
    admin = await arrive(browser, clinic, "aminata.ba@clinique.sn")
    await add_pharmacy(admin)
    await import_medicines(admin)
    works_at = "Clinique Teranga, Thiès"
    diop = {"given_name": "Ousmane", "family_name": "Diop", "phone": "77 512 34 56", "licence_number": "SN-1042"}
    codes = [
        await make_account(admin, "Prescripteur d'une clinique", works_at, **diop),
        await make_account(
            admin,
            "Pharmacien ou pharmacienne",
            "Pharmacie Jamm, Thiès",
            given_name="Khady",
            family_name="Ndiaye",
            email="khady@jamm.sn",
        ),
        await make_account(
            admin,
            "Accueil d'une clinique",
            works_at,
            given_name="Seynabou",
            family_name="Faye",
            email="faye@teranga.sn",
        ),
    ]
    doctor = await begin(browser, clinic, codes[0], "77 512 34 56")
    pharmacist = await begin(browser, clinic, codes[1], "khady@jamm.sn")
    reception = await begin(browser, clinic, codes[2], "faye@teranga.sn")

    grandmother = await register(reception, given_name="Mame Diarra", age="70")
    await expect(reception.page.locator(".who").first).to_contain_text("vers 70 ans")
    await expect(reception.page.locator("main")).to_contain_text("Sans compte : tout se fait à l'accueil")
    await give_pin(reception)
    month = (datetime.now(UTC) - timedelta(days=800)).strftime("%m/%Y")
    await register(reception, given_name="Aïda", family_name="Fall", birth_date=month)
    await expect(reception.page.locator(".who").first).to_contain_text("vers 2 ans")

    await open_file(doctor, grandmother)
    prescription_id = await prescribe(doctor)
    await pharmacist.is_told("Nouvelle ordonnance à valider")
    await expect(pharmacist.page.locator("#now")).to_contain_text("Mame Diarra")
    await receive(pharmacist)
    await hand_over(pharmacist, prescription_id)
    await expect(pharmacist.page.locator(".steps [aria-current]")).to_contain_text("Livrée")
    await expect(doctor.page.locator(".steps [aria-current]")).to_contain_text("Livrée")

    for address in (f"{reception.page.url}/records", f"{clinic.address}/prescriptions/{prescription_id}"):
        assert (await reception.page.request.get(address)).status == 404
    for person in (admin, doctor, pharmacist, reception):
        await person.page.context.close()
        assert person.complaints == []
