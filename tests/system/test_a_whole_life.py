"""A prescription's whole life, in four browsers that follow each other and are not reloaded.

By keyboard alone: test_counted_keys.py.
"""

import re
from pathlib import Path

import pytest
from clinic import AWA, DIOP, NDIAYE, PHONE, Person, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

FALL = "pharma.fall@demo.fadjma"
MINE = re.compile(r"/prescriptions/[\w-]{15,}$")
FIRST, SECOND = ("paracetamol 500", "1x3/j 4j", "12"), ("sels de rehy", "1x2/j 3j", "6")
STAYED = "window.stayed = true"


async def write(doctor: Person) -> str:
    """Two medicines, the first in shorthand; addressed to nobody, and refused once. Gives its id."""
    page = doctor.page
    await page.select_option("#pharmacy_id", "")
    for n, (medicine, posology, quantity) in enumerate((FIRST, SECOND)):
        if n:
            await doctor.press("Ajouter un médicament")
        box = page.locator(f"#lines-{n}-medicine")
        await expect(box).to_have_role("combobox")
        await box.press_sequentially(medicine)
        await page.locator(f"#s{n} [role=option]").first.click()
        await page.fill(f"#lines-{n}-dosage", posology)
        await expect(page.locator(f"#lines-{n}-quantity")).to_have_value(quantity)
    await page.fill("#lines-1-quantity", "six")
    await doctor.press("Signer et émettre l'ordonnance")
    await expect(page.locator(".errs")).to_contain_text("Quantité")
    await expect(page.locator("#lines-0-dosage")).to_have_value(FIRST[1])
    await page.fill("#lines-1-quantity", SECOND[2])
    await sign(doctor)
    return await page.locator("#item").get_attribute("data-id") or ""


async def sign(doctor: Person) -> None:
    await doctor.press("Signer et émettre l'ordonnance")
    await doctor.page.wait_for_url(MINE)
    await doctor.is_settled()


async def open_row(person: Person, prescription_id: str) -> None:
    """From the list that has shown it by itself."""
    await person.page.locator(f'[id="p{prescription_id}"]').get_by_role("link").first.click()
    await expect(person.page.locator("h1")).to_contain_text("Ordonnance du")
    await person.is_settled()


async def state_is(state: str, *people: Person) -> None:
    for person in people:
        await expect(person.page.locator("#item")).to_contain_text(state)


async def hand_over(pharmacist: Person, patient: Person, *, mistaken: bool = False, **parts: str) -> None:
    """With the code that the patient reads out; of each line what is there, unless it is said."""
    code = await patient.page.locator(".code").inner_text()
    await pharmacist.is_settled()
    page = pharmacist.page
    if mistaken:
        await page.fill("#delivery-code", "000000" if code != "000 000" else "111111")
        await pharmacist.press("Remettre les médicaments")
        await expect(page.locator(".errs")).to_contain_text("Essais restants : 4")
    await page.fill("#delivery-code", code)
    if parts:
        await page.locator("summary", has_text="N'en remettre qu'une partie").click()
    for field, quantity in parts.items():
        await page.fill(f"#delivery-{field.replace('_', '-')}", quantity)
    await pharmacist.press("Remettre les médicaments")


async def test_in_four_browsers_and_none_is_reloaded(browser: Browser, tmp_path: Path) -> None:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        awa = await sign_in(browser, clinic, AWA, viewport=PHONE)
        diop, ndiaye, fall = [await sign_in(browser, clinic, who) for who in (DIOP, NDIAYE, FALL)]
        await diop.go(f"/patients/{await others.id_of(AWA)}/prescriptions/new")
        refused = await write(diop)
        await awa.is_told("Une ordonnance vous a été prescrite")
        await awa.sees(f'[id="p{refused}"]', "Émise")
        await ndiaye.sees(f'[id="p{refused}"]', "Prendre une ordonnance ouverte")

        # Claimed by one of those who see it, and refused with a reason: the doctor hears it on the page that is open.
        await open_row(fall, refused)
        await open_row(ndiaye, refused)
        await ndiaye.press("Prendre et valider")
        await state_is("Validée", diop)
        await awa.is_told("Votre ordonnance est validée")
        await awa.sees(f'[id="p{refused}"]', "Validée")
        await expect(fall.page.locator("#main")).not_to_contain_text("Prendre et valider")
        await ndiaye.page.locator("summary", has_text="Refuser l'ordonnance").click()
        await ndiaye.page.select_option("#refusal-code", "dose")
        await ndiaye.page.fill("#refusal-text", "Quatre jours suffisent-ils ?")
        await ndiaye.press("Refuser et prévenir le médecin")
        await diop.is_told("Une ordonnance a été refusée par la pharmacie")
        await diop.sees("#item", "Dose à vérifier : Quatre jours suffisent-ils ?")

        # Corrected, with the difference on both sides, and taken by the other pharmacy.
        await diop.page.get_by_role("link", name="Corriger et envoyer à nouveau").click()
        await diop.page.select_option("#pharmacy_id", "")
        await expect(diop.page.locator("#lines-0-quantity")).to_have_value("12")
        await diop.page.fill("#lines-0-quantity", "9")
        await diop.press("Signer et émettre l'ordonnance")
        await expect(diop.page.locator(".errs")).to_contain_text("Ce n'est pas la quantité que la posologie demande")
        await diop.page.fill("#lines-0-duration_days", "6")
        await diop.page.fill("#lines-0-quantity", "18")
        await diop.page.fill("#lines-0-dosage", "1x3/j 6j")
        await sign(diop)
        new = await diop.page.locator("#item").get_attribute("data-id") or ""
        await ndiaye.sees("#item", "Corrigée par une nouvelle ordonnance")  # which is open to any, and not theirs
        await fall.page.locator("nav a[href='/']").first.click()
        await open_row(fall, new)
        await fall.press("Prendre et valider")
        for side in (diop, fall):
            await expect(side.page.locator("#item del", has_text="12")).to_be_visible()
            await expect(side.page.locator("#item ins", has_text="18")).to_be_visible()

        # Prepared, and a part of it handed over: what is owed stands on every page, and on paper.
        for person in (awa, diop, fall):
            await person.page.evaluate(STAYED)
        for act, reached in (("Marquer « Préparée »", "Préparée"), ("Marquer « Prête »", "Prête")):
            await fall.press(act)
            await state_is(reached, diop)
            await awa.sees(f'[id="p{new}"]', reached)
        await awa.is_told("Votre ordonnance est prête")
        await awa.sees("#now", re.compile("À aller chercher\xa0: Paracétamol|Les médicaments sont prêts"))
        assert await awa.page.evaluate("window.stayed")
        await open_row(awa, new)
        await awa.page.evaluate(STAYED)
        await hand_over(fall, awa, mistaken=True, lines_0_quantity="10", lines_1_quantity="")
        await awa.is_told("Une partie de votre ordonnance vous a été remise")
        for person in (fall, awa, diop):
            await expect(person.page.locator("#item .note", has_text="Reste dû")).to_contain_text(re.compile("8.*6$"))
        paper = await fall.page.request.get(f"{clinic.address}/prescriptions/{new}/paper")
        assert re.search(r"Déjà remis\s: 10, reste dû\s: 8", await paper.text())

        # The rest comes, and is brought to her; the first time nobody is there.
        await awa.page.locator("summary", has_text="Me faire livrer").click()
        await awa.page.fill("#delivery-request-address", "Médina, rue 11")
        await awa.page.fill("#delivery-request-phone", "77 004 11 27")
        await awa.press("Demander la livraison")
        await fall.sees("#item", "Médina, rue 11")
        await fall.press("Accepter la livraison")
        await awa.sees("#item", "Livraison à domicile : Acceptée")
        await fall.press("Le reste est arrivé : « Prête »")
        await awa.is_told("Le reste de votre ordonnance est prêt")
        await fall.press("Marquer « En livraison »")
        await state_is("En livraison", awa, diop)
        await fall.page.locator("summary", has_text="La livraison a échoué").click()
        await fall.page.locator("form[action$='/return'] textarea").fill("Personne à la maison")
        await fall.press("Revenir à « Prête »")
        await awa.sees("#item", "Personne à la maison")
        await fall.press("Marquer « En livraison »")
        await expect(fall.page.locator("summary", has_text="La livraison a échoué")).to_be_visible()
        await hand_over(fall, awa)
        for person in (fall, awa, diop):
            await expect(person.page.locator(".steps [aria-current]")).to_contain_text("Livrée")
        await diop.is_told("Une ordonnance que vous avez prescrite est livrée")

        assert (await others.ask(AWA, "GET", f"/prescriptions/{new}"))["status"] == "delivered"
        for person in (awa, diop, fall):
            assert await person.page.evaluate("window.stayed"), "a page was fetched anew"
        for person in (awa, diop, ndiaye, fall):
            await person.page.context.close()
            assert person.complaints == []
