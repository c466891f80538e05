"""Ten tabs of one person in a real browser, over HTTP/1.1 with its six connections, and the real server."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from clinic import ADMIN, AWA, MOUSSA, PASSWORD, Clinic, Programs, choose, open_clinic, sign_in
from live_page import PATIENCE
from playwright.async_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABS = int(os.environ.get("FADJMA_TABS", "10"))
SOME = min(TABS, 3)  # where their number is not the point


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path_factory.mktemp("clinic")) as clinic:
        yield clinic


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(clinic: Clinic) -> AsyncIterator[Programs]:
    async with Programs(clinic) as others:
        await others.grant(AWA)
        yield others


class Tabs:
    """Many tabs of one browser; the first was there first, and leads."""

    def __init__(self, context: BrowserContext, pages: list[Page]) -> None:
        self.context, self.pages = context, pages

    async def each(self, check: Callable[[Page], Awaitable[None]]) -> None:
        await asyncio.gather(*(check(page) for page in self.pages))

    async def are(self, *states: str) -> None:
        state = re.compile(f"^({'|'.join(states)})$")
        await self.each(lambda page: expect(page.locator("#status")).to_have_attribute("data-state", state))

    async def are_told(self, *hrefs: str) -> None:
        """Each of these once, in this order: what came twice would count twice."""

        async def check(page: Page) -> None:
            toasts = page.locator("#toasts a")
            await expect(toasts).to_have_count(len(hrefs))
            assert [await toast.get_attribute("href") for toast in await toasts.all()] == [*hrefs]
            await expect(page.locator("#unread")).to_have_text(str(len(hrefs)))

        await self.each(check)

    async def have_nothing_unread(self) -> None:
        await self.each(lambda page: expect(page.locator("#unread")).to_be_hidden())

    async def go_to_the_sign_in_page(self) -> None:
        await self.each(lambda page: page.wait_for_url(re.compile("/sign-in")))

    async def open(self, address: str, count: int) -> None:
        """So many as are missing; those that a test has led elsewhere come back."""
        self.pages = self.context.pages
        self.pages += [await self.context.new_page() for _ in range(count - len(self.pages))]
        away = [page for page in self.pages if page.url != f"{address}/"]
        await asyncio.gather(*(page.goto(f"{address}/") for page in away))
        await self.are("live")
        await self.have_nothing_unread()


async def open_tabs(browser: Browser, clinic: Clinic, others: Programs, login: str, count: int = SOME) -> Tabs:
    """All live, with nothing unread and no toast."""
    await others.ask(login, "POST", "/notifications/read", up_to=2**40)
    first = (await sign_in(browser, clinic, login)).page
    tabs = Tabs(first.context, [first])
    await tabs.open(clinic.address, count)
    return tabs


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(browser: Browser, clinic: Clinic, others: Programs) -> Tabs:
    return await open_tabs(browser, clinic, others, AWA, 1)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def at_rest(browser: Browser, clinic: Clinic, others: Programs) -> None:
    """The server runs, and has noticed who has gone: each browser that is there has one stream."""
    if not clinic.is_up:
        await clinic.open()
    await until_streams(others, len(browser.contexts), within=PATIENCE)


@pytest_asyncio.fixture(loop_scope="session")
async def ten(kept: Tabs, clinic: Clinic, others: Programs) -> Tabs:
    """Awa's, all live, with nothing unread and no toast, whatever was done in them before: ten take seconds."""
    await others.ask(AWA, "POST", "/notifications/read", up_to=2**40)
    await kept.each(lambda page: page.evaluate("document.getElementById('toasts').textContent = ''"))
    await kept.open(clinic.address, TABS)
    return kept


async def until_streams(others: Programs, count: int, *, opened: int | None = None, within: float) -> None:
    """So many are open, and so many have ever been."""
    end = time.monotonic() + within
    while (found := await others.streams()) != (count, found[1] if opened is None else opened):
        assert time.monotonic() < end, f"{found} instead of {count} and {opened} after {within} s"
        await asyncio.sleep(0.02)


async def test_all_are_live_on_one_stream_that_another_takes_over(ten: Tabs, others: Programs) -> None:
    tabs = ten
    streams, opened = await others.streams()
    assert streams == 1
    polls = await others.figure("fadjma_live_polls_total")
    first = await others.write_record(AWA)
    await tabs.are_told(first)
    assert await others.figure("fadjma_live_polls_total") == polls  # nobody had to ask

    await tabs.pages.pop(0).close()
    between = await others.write_record(AWA)
    await until_streams(others, 1, opened=opened + 1, within=2)
    await tabs.are_told(first, between)
    last = await others.write_record(AWA)
    await tabs.are_told(first, between, last)
    await tabs.are("live")
    assert await others.streams() == (1, opened + 1)


async def test_what_is_read_in_one_tab_is_read_in_all_and_on_the_phone(
    browser: Browser, clinic: Clinic, others: Programs, ten: Tabs
) -> None:
    tabs = ten
    phone = await open_tabs(browser, clinic, others, AWA, 1)
    told = await others.write_record(AWA)
    await tabs.are_told(told)
    await phone.are_told(told)
    inbox = tabs.pages[TABS // 2]
    await inbox.goto(f"{clinic.address}/notifications")
    await inbox.get_by_role("button", name="Tout marquer comme lu").click()
    await tabs.have_nothing_unread()
    await phone.have_nothing_unread()
    await phone.context.close()


async def test_signing_out_in_one_tab_closes_all(browser: Browser, clinic: Clinic, others: Programs) -> None:
    tabs = await open_tabs(browser, clinic, others, AWA)
    phone = await open_tabs(browser, clinic, others, AWA, 1)
    streams, opened = await others.streams()
    await choose(tabs.pages[-1], "Se déconnecter")
    await tabs.go_to_the_sign_in_page()
    await until_streams(others, streams - 1, opened=opened, within=2)
    await phone.are("live")
    await phone.context.close()
    await tabs.context.close()


async def test_an_account_that_is_closed_closes_all(browser: Browser, clinic: Clinic, others: Programs) -> None:
    streams, _ = await others.streams()
    patient = await others.newcomer()
    tabs = await open_tabs(browser, clinic, others, patient)
    await others.ask(ADMIN, "POST", f"/accounts/{await others.id_of(patient)}/deactivation")
    await tabs.go_to_the_sign_in_page()
    assert (await others.streams())[0] == streams
    await tabs.context.close()


async def test_a_restart_of_the_server_loses_nothing_and_is_told(clinic: Clinic, others: Programs, ten: Tabs) -> None:
    tabs = ten
    await clinic.stop()
    await tabs.are("connecting", "offline")
    await tabs.are("offline")
    await clinic.open()
    told = await others.write_record(AWA)
    await tabs.are_told(told)
    await tabs.are("live")
    assert (await others.streams())[0] == 1


async def test_somebody_else_who_signs_in_closes_the_tabs_of_the_one_before(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    streams, _ = await others.streams()
    tabs = await open_tabs(browser, clinic, others, AWA, 2)
    awa, moussa = tabs.pages
    await moussa.goto(f"{clinic.address}/sign-in")
    await moussa.fill("#login", MOUSSA)
    await moussa.fill("#password", PASSWORD)
    await moussa.get_by_role("button", name="Se connecter").click()
    await expect(moussa.locator("#status")).to_have_attribute("data-state", "live")
    await others.write_record(AWA)
    await awa.wait_for_url(re.compile("/sign-in"))
    assert (await others.streams())[0] == streams + 1
    await tabs.context.close()


async def test_the_monitoring_page_shows_who_comes_by_itself(
    browser: Browser, clinic: Clinic, others: Programs
) -> None:
    admin = await sign_in(browser, clinic, ADMIN)
    await admin.go("/monitoring")
    connected = admin.page.locator("dl div", has_text="Personnes connectées").locator("dd")
    before = (await others.streams())[0]
    await expect(connected).to_have_text(str(before))
    moussa = await sign_in(browser, clinic, MOUSSA)
    await expect(connected).to_have_text(str(before + 1))
    await moussa.page.context.close()
    await expect(connected).to_have_text(str(before))
    await admin.page.context.close()
