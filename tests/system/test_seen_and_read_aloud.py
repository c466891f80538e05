"""Toasts, the stale line and the status, as somebody sees them on a phone and at a desk, and as axe judges them."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from clinic import ADMIN, AWA, DESK, DIOP, NDIAYE, PHONE, Clinic, Programs, come, open_clinic, sign_in, take_over
from drawn import drawing
from PIL import Image
from playwright.async_api import Browser, Page, expect

EVERY_TAB_FITS = """size => {
  document.documentElement.style.fontSize = size;
  const tabs = [...document.querySelectorAll('.tabs a')].map(tab => tab.getBoundingClientRect());
  return tabs.length > 2 && tabs.every(({ left, right, height }) => left >= 0 && right <= innerWidth && height >= 44);
}"""
# How wide the page has become, and whether it says so.
WIDTH = "said => [document.documentElement.scrollWidth, document.getElementById('main').textContent.includes(said)]"
MENU = "header nav a"
# How high header and menu are, and where the menu ends.
FRAME = """menu => {
  const [header, nav] = ['header', 'header nav'].map(part => document.querySelector(part).getBoundingClientRect());
  return [header.height, nav.height, nav.bottom];
}"""
# How wide the page and how high its header are, for somebody of this name, with much unread and without a link.
FRAME_OF = """name => {
  document.querySelector('.me summary span bdi').textContent = name;
  Object.assign(document.getElementById('unread'), { textContent: '99+', hidden: false });
  Object.assign(document.getElementById('status').dataset, { state: 'offline' });
  document.getElementById('status').textContent = 'Hors ligne depuis 20:04';
  const header = document.querySelector('header');
  return [document.documentElement.scrollWidth, header.offsetHeight, header.querySelectorAll('nav a').length > 2];
}"""
LONG_NAMES = ("Ndèye-Fatoumata-Bintou-Aïssatou-Khadidiatou", "Ndèye Fatoumata Bintou Khadidiatou Mbaye Diagne")

ZOOMED = {"width": 180, "height": 370}  # a phone of 360 px at 200 %
# What does not leave a large text the room it needs: what stands out or over its neighbour, and what takes the screen.
IN_THE_WAY = """size => {
  document.documentElement.style.fontSize = size;
  const all = where => [...document.querySelectorAll(where)].filter(({ offsetParent }) => offsetParent !== null);
  const box = one => one.getBoundingClientRect(), name = one => one.outerHTML.slice(0, 60);
  const fixed = all('body *').filter(one => /fixed|sticky/.test(getComputedStyle(one).position));
  return [
    ...all('header a, .chips a, main *').filter(one => box(one).right > innerWidth + 1).map(name),
    ...all('nav a, .chips a').filter(one => one.scrollWidth > one.clientWidth + 1).map(name),
    ...fixed.filter(one => one.offsetHeight > innerHeight * 0.36).map(name)
  ];
}"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    """In a clinic where Awa's file is open to Dr Diop."""
    async with open_clinic(tmp_path_factory.mktemp("seen")) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        yield others


@pytest.fixture(scope="module")
def clinic(others: Programs) -> Clinic:
    return others.clinic


async def _drawn_in(page: Page, which: str) -> set[tuple[int, ...]]:
    """The colours of the state dots of the first of these."""
    spot = page.locator(which).first
    picture = Image.open(BytesIO(await spot.screenshot())).convert("RGB")
    dots = picture.crop((0, picture.height - 11, picture.width, picture.height))  # below its word
    return {colour for count, colour in dots.getcolors(10_000) or [] if count > 8}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_state_dots_are_there_where_the_system_chooses_the_colours(
    browser: Browser, clinic: Clinic, others: Programs, scheme: Literal["light", "dark"]
) -> None:
    await others.validated(AWA)
    ndiaye = await sign_in(browser, clinic, NDIAYE)
    await ndiaye.page.emulate_media(forced_colors="active", color_scheme=scheme)
    assert len(await _drawn_in(ndiaye.page, "#main b.s2")) > 2, "what has come, and what is still to come"
    await ndiaye.page.context.close()


async def is_accessible(page: Page) -> None:
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_what_is_pushed_is_in_sight_and_accessible(browser: Browser, clinic: Clinic, others: Programs) -> None:
    prescription = await others.validated(AWA)
    awa = await sign_in(browser, clinic, AWA, viewport=PHONE)
    for _ in range(3):
        await others.write_record(AWA)
    await expect(awa.page.locator("#toasts a")).to_have_count(3)
    for viewport, toasts in ((PHONE, 2), (DESK, 3)):
        await awa.page.set_viewport_size(viewport)
        await expect(awa.page.locator("#toasts a").locator("visible=true")).to_have_count(toasts)
        await is_accessible(awa.page)
    await awa.page.context.close()

    ndiaye = await sign_in(browser, clinic, NDIAYE, viewport=PHONE)
    typed = "12 comprimés pour 4 jours : est-ce voulu ?"
    await ndiaye.go(f"/prescriptions/{prescription}")
    await ndiaye.page.locator("summary", has_text="Refuser l'ordonnance").click()
    await ndiaye.page.fill("#refusal-text", typed)
    for viewport, act in ((PHONE, "hold"), (DESK, "release")):
        await ndiaye.page.set_viewport_size(viewport)
        await others.ask(NDIAYE, "POST", f"/prescriptions/{prescription}/{act}", reason="Le médecin rappelle")
        await expect(ndiaye.page.locator(".stale")).to_contain_text("Votre saisie est encore là")
        await expect(ndiaye.page.locator(".stale")).to_be_in_viewport(ratio=1)
        await expect(ndiaye.page.locator("#refusal-text")).to_be_in_viewport()
    await ndiaye.page.context.set_offline(True)
    await expect(ndiaye.page.locator("#status")).to_contain_text("Hors ligne depuis")
    for viewport in (DESK, PHONE):
        await ndiaye.page.set_viewport_size(viewport)
        await expect(ndiaye.page.locator("#refusal-text")).to_have_value(typed)
        await expect(ndiaye.page.locator(".stale")).to_be_visible()  # with the status, judged at once
        await is_accessible(ndiaye.page)
    await ndiaye.page.context.close()


async def test_without_scripts_the_page_says_that_it_stands_still(browser: Browser, clinic: Clinic) -> None:
    awa = await sign_in(browser, clinic, AWA, javascript=False, viewport=PHONE)
    said = awa.page.locator("#status").get_by_text("Sans mise à jour automatique")
    await expect(said).to_be_visible()
    await awa.page.get_by_role("link", name="Dossier").first.click()
    await expect(awa.page.locator("[data-print]")).to_be_hidden()  # it would do nothing
    await awa.page.context.close()


async def test_a_title_without_a_space_makes_no_page_wider_than_the_screen(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    patient = await others.id_of(AWA)
    title = "Radiographie" * 10
    path = f"/patients/{patient}/records"
    for kind in ("consultation", "allergy"):
        made = await others.ask(DIOP, "POST", path, type=kind, title=title, body=title)
    pages = ("/", path, f"/records/{made['id']}")
    async with drawing(browser, clinic) as drawn:
        for login, sizes in ((AWA, (PHONE,)), (DIOP, (PHONE, DESK))):
            await drawn.come(login, pages)
            for size in sizes:
                found = await drawn.measure(WIDTH, title, size=size)
                assert [width for width, _ in found] == [size["width"]] * len(pages), (login, size)
                assert all(said for _, said in found[1:]), (login, size)
            await drawn.come(login, [path])
            for size in sizes:
                for text in ("100%", "200%"):
                    assert await drawn.measure(EVERY_TAB_FITS, text, size=size) == [True], (login, size, text)


async def test_on_a_phone_the_menu_is_at_the_thumb_and_the_header_is_one_line(browser: Browser, clinic: Clinic) -> None:
    """60 px above and below (docs/design.md), also where the page that is open is written in bold."""
    async with drawing(browser, clinic) as drawn:
        person = await come(browser, viewport=PHONE)
        for login in (AWA, DIOP, NDIAYE, ADMIN):
            await person.page.goto("about:blank")  # one that is open asks for itself anew, which stops the next
            await take_over(person.page.context, clinic, login)
            await person.page.goto(clinic.address)
            await person.is_live()
            links = [await link.get_attribute("href") or "" for link in await person.page.locator(MENU).all()]
            await drawn.come(login, links)
            found = zip(links, await drawn.measure(FRAME, MENU, size=PHONE), strict=True)
            measured = [("live", await person.page.evaluate(FRAME, MENU)), *found]
            assert len(links) > 2, login
            for where, (header, menu, below) in measured:
                assert header <= 60 and menu <= 60 and below == PHONE["height"], (login, where, header, menu, below)
        await person.page.context.close()


@pytest.mark.parametrize("width", [600, 704, 768, 794, 850, 991, 992, 1100, 1183, 1184, 1280])
async def test_the_header_is_one_line_at_every_width_whatever_somebody_is_called(
    browser: Browser, clinic: Clinic, width: int
) -> None:
    """On a tablet that stands, too, where the menu of a doctor has no room beside the rest."""
    async with drawing(browser, clinic) as drawn:
        for login in (AWA, DIOP, NDIAYE, ADMIN):
            await drawn.come(login, ["/", "/account"])
            for name in LONG_NAMES:
                found = await drawn.measure(FRAME_OF, name, size={"width": width, "height": 900})
                assert all([w, h <= 64, menu] == [width, True, True] for w, h, menu in found), (login, name, found)


# What tells the chosen chip from its neighbours where a machine chooses the colours: the width of its edge.
EDGES = """() => {
  const edge = one => parseFloat(getComputedStyle(one).borderBottomWidth);
  const all = [...document.querySelectorAll('.chips a')], chosen = all.filter(one => one.matches('[aria-current]'));
  return [chosen.length, all.length > 2, chosen.every(one => edge(one) > Math.max(...all.filter(
    other => other != one).map(edge)))];
}"""
# Text and ground of the number beside the bell, in the first picture of what shows that it is new.
BADGE = """() => {
  const badge = document.getElementById('unread');
  badge.hidden = false;
  badge.classList.add('new');
  for (const one of badge.getAnimations()) one.currentTime = 0, one.pause();
  const { color, backgroundColor } = getComputedStyle(badge);
  return [color, backgroundColor].map(one => one.match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0));
}"""


async def test_the_chosen_chip_is_told_from_the_others_in_forced_colours(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    file = f"/patients/{await others.id_of(AWA)}/records"
    person = await come(browser)
    await person.page.emulate_media(forced_colors="active")
    for login, where in ((NDIAYE, "/"), (DIOP, file)):
        await person.page.goto("about:blank")  # one that is open asks for itself anew, which stops the next
        await take_over(person.page.context, clinic, login)
        await person.page.goto(f"{clinic.address}{where}")
        assert await person.page.evaluate(EDGES) == [1, True, True], where
    await person.page.context.close()


async def test_an_alarm_has_an_edge_where_the_machine_chooses_the_colours(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    """It takes away the ground by which « Allergie » is seen from afar."""
    edge = "one => (({ outlineStyle, outlineColor }) => [outlineStyle, outlineColor])(getComputedStyle(one))"
    person = await come(browser)
    await person.page.emulate_media(forced_colors="active")
    await take_over(person.page.context, clinic, DIOP)
    await person.page.goto(f"{clinic.address}/patients/{await others.id_of(AWA)}/records")
    for look in ("sos", "ok"):
        style, colour = await person.page.locator(f".banner .{look}").first.evaluate(edge)
        assert style == "solid" and "rgba" not in colour, (look, style, colour)
    await person.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_number_beside_the_bell_is_readable_while_it_is_new(
    browser: Browser, clinic: Clinic, scheme: Literal["light", "dark"]
) -> None:
    person = await come(browser)
    await person.page.emulate_media(color_scheme=scheme)
    await take_over(person.page.context, clinic, NDIAYE)
    await person.page.goto(clinic.address)
    text, ground = await person.page.evaluate(BADGE)
    assert abs(text - ground) > 450, (text, ground)
    await person.page.context.close()


async def test_a_text_of_twice_the_size_leaves_room_for_the_work(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    """By zoom, and where the text alone is large: then the menu stays, too."""
    where = f"/patients/{await others.id_of(AWA)}/records/new"
    async with drawing(browser, clinic) as drawn:
        for login, pages in (
            (AWA, ["/"]),
            (DIOP, ["/", where]),
            (NDIAYE, ["/", "/inventory", "/inventory/choices"]),
            (ADMIN, ["/audit"]),
        ):
            await drawn.come(login, pages)
            for size, text in ((ZOOMED, "100%"), (PHONE, "200%")):
                found = await drawn.measure(f"size => [...({IN_THE_WAY})(size), ({WIDTH})('')[0]]", text, size=size)
                assert found == [[size["width"]]] * len(pages), (pages, size)
    stranger = await come(browser, viewport=PHONE)  # long words beside what is chosen
    await stranger.page.goto(f"{clinic.address}/register/practitioner")
    await stranger.page.evaluate("document.querySelector('main form').requestSubmit()")
    await expect(stranger.page.locator("fieldset[aria-invalid]")).to_be_visible()
    for viewport, text in ((ZOOMED, "100%"), (PHONE, "200%")):
        await stranger.page.set_viewport_size(viewport)
        assert await stranger.page.evaluate(IN_THE_WAY, text) == [], viewport
    await stranger.page.context.close()


# How far apart two pictures of one size are, of 255, on the average over their points and colours.
FAR_APART = """async addresses => {
  const [one, other] = await Promise.all(addresses.map(async src => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    const pen = Object.assign(document.createElement('canvas'), { width: 192, height: 192 }).getContext('2d');
    pen.drawImage(image, 0, 0, 192, 192);
    return pen.getImageData(0, 0, 192, 192).data;
  }));
  return one.reduce((sum, value, at) => sum + Math.abs(value - other[at]), 0) / one.length;
}"""


async def test_the_icon_of_an_iphone_is_the_drawing_of_the_others(browser: Browser, clinic: Clinic) -> None:
    stranger = await come(browser)
    manifest = await (await stranger.page.goto(f"{clinic.address}/manifest.webmanifest")).json()
    await stranger.page.goto(f"{clinic.address}/sign-in")
    assert await stranger.page.evaluate(FAR_APART, [icon["src"] for icon in manifest["icons"]]) < 2
    await stranger.page.context.close()
