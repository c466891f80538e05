"""A result is photographed on a telephone, over a link as slow as 2G, which breaks; and without JavaScript."""

import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from clinic import DIOP, PHONE, Clinic, Person, Programs, open_clinic, sign_in
from PIL import Image
from playwright.async_api import Browser, CDPSession, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")
SLOW = {"latency": 500, "downloadThroughput": 50_000 // 8, "uploadThroughput": 50_000 // 8}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path_factory.mktemp("papers")) as clinic:
        yield clinic


@pytest_asyncio.fixture(loop_scope="session")
async def login(clinic: Clinic) -> str:
    """Of a patient of this test's own, whose file is open to Dr Diop."""
    async with Programs(clinic) as programs:
        login = await programs.newcomer()
        await programs.grant(login)
        return login


@pytest_asyncio.fixture(loop_scope="session")
async def awa(clinic: Clinic, login: str) -> str:
    """The address of her file."""
    async with Programs(clinic) as programs:
        return f"/patients/{await programs.id_of(login)}/records"


@pytest.fixture(scope="module")
def photograph() -> bytes:
    """Of a sheet, as a telephone makes it: much more than is sent of it."""
    return _held(Image.effect_noise((2_600, 1_900), 1).point([min(255, level + 90) for level in range(256)]))


@pytest.fixture(scope="module")
def blank() -> bytes:
    """A photograph as large, and quick to be looked at."""
    return _held(Image.new("L", (2_600, 1_900), 200))


def _held(sheet: Image.Image) -> bytes:
    """With a telephone that was turned."""
    held = Image.Exif()
    held[0x0112] = 6
    drawn = BytesIO()
    sheet.save(drawn, "JPEG", quality=97, exif=held)
    return drawn.getvalue()


async def _link(devtools: CDPSession, *, broken: bool = False) -> None:
    await devtools.send("Network.emulateNetworkConditions", {"offline": broken, **SLOW})


async def _form(person: Person, file: bytes) -> None:
    """From the file, as a thumb goes there."""
    await person.page.get_by_role("link", name="Documents", exact=True).click()
    await person.page.get_by_role("link", name="Photographier ou joindre un document").click()
    chosen: Any = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": file}
    await person.page.set_input_files("#file", chosen)
    await person.page.fill("#title", "Numération")


async def test_a_break_takes_nothing_back_and_the_patient_sees_it_come(
    clinic: Clinic, login: str, awa: str, browser: Browser, photograph: bytes
) -> None:
    doctor = await sign_in(browser, clinic, DIOP, viewport=PHONE)
    patient = await sign_in(browser, clinic, login, viewport=PHONE)
    await patient.go(f"{awa}?view=history")
    await doctor.go(awa)
    await _form(doctor, photograph)
    await doctor.is_settled()
    devtools = await doctor.page.context.new_cdp_session(doctor.page)
    await devtools.send("Network.enable")
    offsets: list[int] = []
    doctor.page.on(
        "request", lambda request: offsets.extend(map(int, re.findall(r"uploads/.*offset=(\d+)", request.url)))
    )
    await _link(devtools)
    await doctor.button("Ajouter au dossier").click()
    said = doctor.page.locator("#paper [role=status]")
    await expect(said).to_have_text("0 % envoyés")
    await _link(devtools, broken=True)
    await expect(said).to_contain_text("l'envoi reprendra")
    await _link(devtools)
    await doctor.page.wait_for_url("**/records/*")
    await devtools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    assert offsets == sorted(offsets) and offsets[0] == 0 and offsets.count(0) == 1, offsets
    shown = doctor.page.get_by_role("link", name="Voir le document en grand")
    await shown.click()
    whole = doctor.page.locator("img.whole")
    await expect(whole).to_have_js_property("complete", True)
    size = await whole.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size[1] == 2_000 and size[0] < size[1], "it stands upright, and is as large as is sent over such a link"
    wide = "document.documentElement.scrollWidth <= 360"
    assert await doctor.page.evaluate(wide)
    await patient.sees("#history", "Numération")
    await patient.sees("#history", "document joint")
    assert not doctor.complaints or all("ERR_INTERNET_DISCONNECTED" in line for line in doctor.complaints)
    await doctor.page.context.close()
    await patient.page.context.close()


async def test_a_patient_photographs_three_pages_and_the_doctor_reads_them_in_order(
    clinic: Clinic, login: str, awa: str, browser: Browser, blank: bytes
) -> None:
    """Chosen one after the other, one taken out again; the link breaks between two of them."""
    patient = await sign_in(browser, clinic, login, viewport=PHONE)
    doctor = await sign_in(browser, clinic, DIOP, viewport=PHONE)
    await doctor.go(awa.replace("/records", "/papers"))
    await patient.go(awa.replace("/records", "/papers"))
    await patient.page.get_by_role("link", name="Apporter un document").click()
    chosen = patient.page.locator("#pages li")
    await expect(patient.page.locator("#file[multiple]")).to_be_visible()
    for number in range(1, 5):
        file: Any = {
            "name": f"IMG_{number}.jpg",
            "mimeType": "image/jpeg",
            "buffer": _sheet(number) if number < 4 else blank,
        }
        await patient.page.set_input_files("#file", file)
        await expect(chosen).to_have_count(number)
    await patient.page.get_by_role("button", name="Retirer IMG_2.jpg").click()
    await expect(chosen).to_have_count(3)
    await patient.page.fill("#title", "Bilan de Kaolack")
    broken = True

    async def breaks(route: Route) -> None:
        nonlocal broken
        if broken and "/pages/" in route.request.url:
            broken = False
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await patient.page.route("**/uploads*", breaks)
    await patient.button("Ajouter à mon dossier").click()
    await expect(patient.page.locator("#paper [role=status]")).to_contain_text("l'envoi reprendra")
    await patient.page.wait_for_url("**/records/*")
    assert not broken
    await expect(patient.page.locator("img.thumb")).to_have_count(3)
    await doctor.sees("#papers", "Bilan de Kaolack")
    await doctor.sees("#papers", "Apporté par le patient")
    await doctor.page.get_by_role("link", name="Bilan de Kaolack").click()
    await expect(doctor.page.locator("img.whole")).to_have_count(3)
    widths = [int(await one.get_attribute("width") or 0) for one in await doctor.page.locator("img.whole").all()]
    assert widths == [101, 103, 1_900], "in their order, without the second; over a good link as they are"
    await doctor.sees("main", "Ce n'est pas un résultat de la clinique.")
    assert await doctor.page.evaluate("document.documentElement.scrollWidth <= 360")
    await patient.page.context.close()
    await doctor.page.context.close()


def _sheet(number: int) -> bytes:
    """A page of its own width, which says which it is."""
    drawn = BytesIO()
    Image.new("L", (100 + number, 150), 200).save(drawn, "JPEG")
    return drawn.getvalue()


async def test_without_javascript_a_form_sends_it_in_one_piece(
    clinic: Clinic, awa: str, browser: Browser, blank: bytes
) -> None:
    doctor = await sign_in(browser, clinic, DIOP, javascript=False, viewport=PHONE)
    await doctor.go(awa)
    await _form(doctor, blank)
    await doctor.button("Ajouter au dossier").click()
    await doctor.page.get_by_role("link", name="Ouvrir le document").click()
    await expect(doctor.page.locator("main img")).to_have_attribute("src", re.compile(r"/papers/.*/thumbnail"))
    await doctor.page.context.close()
    assert {file.name for file in Path(clinic.database).parent.iterdir()} >= {
        Path(clinic.database).with_suffix(".papers").name
    }
