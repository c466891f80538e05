"""The field in which a medicine is looked for, by keyboard, on a slow link, and read aloud (WAI-ARIA APG, combobox)."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import DIOP, Person, Programs, open_clinic, sign_in, sit_down
from playwright.async_api import Browser, BrowserContext, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    async with open_clinic(tmp_path_factory.mktemp("choosing")) as clinic, Programs(clinic) as others:
        yield others


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(others: Programs, browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser in which Dr Diop is signed in."""
    diop = await sign_in(browser, others.clinic, DIOP)
    yield diop.page.context
    await diop.page.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def diop(desk: BrowserContext, others: Programs) -> AsyncIterator[Person]:
    """Dr Diop in a tab with the form, about a patient of this test's own: what another has typed is no draft in it."""
    awa = await others.newcomer()
    await others.grant(awa)
    diop = await sit_down(desk, others.clinic)
    await diop.go(f"/patients/{await others.id_of(awa)}/prescriptions/new")
    await expect(diop.page.locator("#lines-0-medicine")).to_have_role("combobox")
    yield diop
    await diop.page.close()
    assert diop.complaints == []


async def test_arrows_enter_and_escape_do_what_they_do_everywhere(diop: Person) -> None:
    page = diop.page
    field, options, chosen = (
        page.locator("#lines-0-medicine"),
        page.locator("#s0 [role=option]"),
        "#lines-0-medicine_id",
    )
    await field.press_sequentially("amox")
    await expect(options.first).to_be_visible()
    count = await options.count()
    assert count > 1
    await expect(page.locator("#s0-said")).to_contain_text(f"{count} proposés")
    await expect(field).to_have_attribute("aria-expanded", "true")
    await expect(field).to_have_value("amox")
    for key, active in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", None), ("ArrowUp", count - 1)):
        await field.press(key)
        marked = page.locator("[role=option][aria-selected=true]")
        await expect(marked).to_have_count(0 if active is None else 1)
        if active is None:
            assert await field.get_attribute("aria-activedescendant") is None
        else:
            await expect(field).to_have_attribute("aria-activedescendant", f"s0-{active}")
            await expect(options.nth(active)).to_have_attribute("aria-selected", "true")
        await expect(field).to_have_value("amox")
    await field.press("Escape")
    await expect(page.locator("#s0")).to_be_hidden()
    await expect(field).to_be_focused()
    await expect(field).to_have_value("amox")
    await field.press("ArrowDown")
    name = await page.locator("[aria-selected=true] bdi").text_content() or ""
    await field.press("Enter")
    await expect(field).to_have_value(name)
    await expect(page.locator("#lines-0-dosage")).to_be_focused()
    await expect(page.locator(chosen)).not_to_have_value("")
    await field.press_sequentially("x")
    await expect(page.locator(chosen)).to_have_value("")


async def test_enter_never_signs(diop: Person) -> None:
    page = diop.page
    await page.fill("#lines-0-medicine", "paracétamol 500")
    await page.locator("#s0 [role=option]").first.click()
    await page.fill("#lines-0-dosage", "1x3/j 4j")
    await expect(page.locator("#lines-0-quantity")).to_have_value("12")
    for field in ("dosage", "duration_days", "quantity", "substitution_reason", "renewals"):
        await expect(page.locator(f"#lines-0-{field}")).to_be_focused()
        await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Ajouter un médicament")).to_be_focused()
    await page.focus("#lines-0-medicine")
    await page.keyboard.press("Enter")
    await expect(page.locator("#lines-0-dosage")).to_be_focused()
    await expect(page).to_have_url(re.compile("/prescriptions/new$"))
    await expect(page.locator("#lines-0-medicine")).to_have_value("paracétamol 500 mg, comprimé")


async def test_a_slow_answer_is_shown_for_no_other_text(diop: Person) -> None:
    page = diop.page
    slow, over, asked = asyncio.Event(), asyncio.Event(), []

    async def hold_the_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            await slow.wait()
        await route.continue_()

    await page.route(re.compile("/medicines"), hold_the_first)
    async with page.expect_request(re.compile("q=amox")):
        await page.locator("#lines-0-medicine").press_sequentially("amox")
    await page.fill("#lines-0-medicine", "parac")
    await expect(page.locator("#s0 [role=option]").first).to_contain_text("paracétamol")
    for end in ("requestfinished", "requestfailed"):  # after ten seconds, where the machine is busy
        page.on(end, lambda request: "q=amox" in request.url and over.set())
    slow.set()
    await over.wait()
    await expect(page.locator("#s0 [role=option]", has_text="amox")).to_have_count(0)
    await expect(page.locator("#lines-0-medicine")).to_have_value("parac")


async def test_an_answer_that_comes_late_takes_what_is_being_chosen_from_nobody(diop: Person) -> None:
    """Else Enter chooses nothing, and the prescription is written to its end without the medicine."""
    page = diop.page
    field, marked, late = page.locator("#lines-0-medicine"), page.locator("[aria-selected=true]"), asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    async with page.expect_response(re.compile("q=parac")):
        await field.press_sequentially("parac")
    await expect(page.locator("#s0 [role=option]").nth(1)).to_be_visible()
    await page.route(re.compile("/medicines"), hold)
    async with page.expect_request(re.compile("q=paraceta")):
        await field.press_sequentially("eta")
    await field.press("ArrowDown")
    name = await marked.locator("bdi").text_content() or ""
    async with page.expect_response(re.compile("q=paraceta")):
        late.set()
    await expect(page.locator("#s0-said")).to_contain_text("proposés")
    await expect(marked.locator("bdi")).to_have_text(name)
    await field.press("Enter")
    await expect(field).to_have_value(name)
    await expect(page.locator("#lines-0-medicine_id")).not_to_have_value("")


async def test_whoever_types_on_has_chosen_nothing(diop: Person) -> None:
    page = diop.page
    await page.locator("#lines-0-medicine").press_sequentially("amox")
    await expect(page.locator("#s0 [role=option]").first).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("[aria-selected=true]")).to_have_count(1)
    await page.keyboard.type("i")
    await expect(page.locator("[aria-selected=true]")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(page.locator("#lines-0-medicine_id")).to_have_value("")


async def test_without_a_link_it_says_so_and_goes_on_looking(diop: Person) -> None:
    page = diop.page
    failed = 0

    async def fail_once(route: Route) -> None:
        nonlocal failed
        failed += 1
        await (route.abort() if failed == 1 else route.continue_())

    await page.route(re.compile("/medicines"), fail_once)
    await page.fill("#lines-0-medicine", "paracétanol")  # a letter is wrong
    await expect(page.locator("#s0-said")).to_contain_text("Pas de réponse")
    await expect(page.locator("#s0 [role=option]").first).to_contain_text("paracétamol")
    diop.complaints.clear()  # of the network
