"""On a telephone: the file is made and downloaded, also after a break; and shown to a doctor who has no account."""

import io
import re
import zipfile
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import AWA, PHONE, Clinic, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect
from printed import pages

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    reached = {"FADJMA_PUBLIC_URL": "https://clinique.example.org"}
    async with open_clinic(tmp_path_factory.mktemp("taking"), **reached) as clinic:
        yield clinic


@pytest_asyncio.fixture(loop_scope="session")
async def login(clinic: Clinic) -> str:
    """Of a patient of this test's own, for whom no file has been made."""
    async with Programs(clinic) as programs:
        return await programs.newcomer()


async def _file_of(clinic: Clinic, login: str) -> str:
    async with Programs(clinic) as programs:
        return f"/patients/{await programs.id_of(login)}/file"


async def test_the_file_is_made_while_the_page_shows_it_and_a_download_goes_on_after_a_break(
    clinic: Clinic, login: str, browser: Browser
) -> None:
    records = (await _file_of(clinic, login)).replace("/file", "/records")
    patient = await sign_in(browser, clinic, login, viewport=PHONE, at=records)
    await patient.page.get_by_role("link", name="Emporter mon dossier").click()
    await patient.press("Préparer le fichier")
    fetch = patient.page.get_by_role("link", name=re.compile("Télécharger"))
    await expect(fetch).to_be_visible()  # by itself
    where = await fetch.get_attribute("href")
    async with patient.page.expect_download() as coming:
        await fetch.click()
    whole = await (await coming.value).path()
    assert zipfile.ZipFile(whole).testzip() is None
    first = await patient.page.request.get(f"{clinic.address}{where}", headers={"Range": "bytes=0-2047"})
    rest = await patient.page.request.get(f"{clinic.address}{where}", headers={"Range": "bytes=2048-"})
    assert (first.status, rest.status) == (206, 206)
    again = await first.body() + await rest.body()
    assert again == whole.read_bytes()
    names = zipfile.ZipFile(io.BytesIO(again)).namelist()
    assert {"dossier.html", "bundle.json", "LISEZMOI.txt"} <= set(names)
    wide = await patient.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    # No toast is waited for: where it was made before this page came, the page has said it.
    await patient.has_been_told("prête à télécharger")


async def test_without_javascript_the_page_comes_again_until_it_is_ready(
    clinic: Clinic, login: str, browser: Browser
) -> None:
    here = await _file_of(clinic, login)
    patient = await sign_in(browser, clinic, login, javascript=False, viewport=PHONE, at=here)
    await patient.page.get_by_role("button", name="Préparer le fichier").click()
    await expect(patient.page.get_by_role("link", name=re.compile("Télécharger"))).to_be_visible()


async def test_a_doctor_elsewhere_reads_what_was_chosen_until_the_patient_takes_it_back(
    clinic: Clinic, browser: Browser
) -> None:
    patient = await sign_in(browser, clinic, AWA, viewport=PHONE, at=await _file_of(clinic, AWA))
    for label in ("Allergies", "Ordonnances et traitements"):
        await patient.page.locator("#shares-parts").get_by_label(label).check()
    await patient.press("Faire le lien et le code")
    await expect(patient.button("Retirer ce lien")).to_be_visible()
    await patient.is_live()
    shown = await patient.page.inner_text("main")
    [link] = re.findall(r"https://clinique\.example\.org(/open/\w+)", shown)
    [code] = re.findall(r"\b\d{3} \d{3}\b", shown)
    context = await browser.new_context(viewport=PHONE, locale="fr-FR")
    doctor = await context.new_page()
    await doctor.goto(clinic.address + link)
    assert "Awa" not in await doctor.content()
    await doctor.get_by_label("Code").fill(code)
    await doctor.get_by_role("button", name="Ouvrir").click()
    await expect(doctor.get_by_text("Fin de ce que le patient a choisi")).to_be_visible()
    page = await doctor.inner_text("main")
    assert "Awa Cissé" in page and "Pénicillines" in page
    assert await doctor.locator(".whole-file h2").all_inner_texts() == [
        *("Allergies", "Traitements en cours", "Ordonnances")
    ]
    assert await doctor.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await patient.sees("#item", "Ouvert en ce moment")  # by itself
    await patient.is_told("pour un autre médecin a été ouvert")
    pdf = pages(await doctor.pdf(prefer_css_page_size=True))
    assert {(page.width, page.height) for page in pdf} == {(210, 297)}
    assert "Awa Cissé" in pdf[0].text and "Fin de ce que" in pdf[-1].text and "fini de lire" not in pdf[0].text
    await patient.press("Retirer ce lien")
    await expect(patient.page.locator("#item")).to_contain_text("Retiré")
    await doctor.reload()
    await expect(doctor.locator("main")).to_contain_text("Le patient a retiré ce lien")
    await context.close()
