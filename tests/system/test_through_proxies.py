"""The page in a real browser, the real server, and a proxy between them: it says how live it is and misses nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from clinic import AWA, DIOP, Clinic, Person, Programs, open_clinic, sign_in, sit_down
from live_page import PATIENCE, pass_time, shows, with_clock
from nginx import Nginx, as_it_is, as_the_readme_says
from playwright.async_api import Browser, BrowserContext, Page, Request
from proxies import Buffering, Cutting

pytestmark = pytest.mark.asyncio(loop_scope="session")

CUT_AFTER = float(os.environ.get("FADJMA_CUT_AFTER", "2"))  # seconds
CUTS = int(os.environ.get("FADJMA_CUTS", "2"))
LATE = 2.0  # seconds by which the status line may be behind what has happened
# What scripts of the page hear of: each event that was placed, once.
LISTEN = """
self.placed_events = [];
for (const name of ['new_access_request', 'access_request_status_changed', 'notification'])
  addEventListener(name, event => placed_events.push(event.detail.seq));
"""


class Doctor:
    """Dr Diop, who asks Awa for access and changes his mind, by another way than the proxy."""

    def __init__(self, programs: Programs) -> None:
        self.acts = 0
        self._programs = programs
        self._pending = ""

    async def act(self) -> None:
        """One event for Awa: asked, or withdrawn."""
        if self._pending:
            await self._programs.ask(DIOP, "POST", f"/access-requests/{self._pending}/withdrawal")
            self._pending = ""
        else:
            wanted = {"patient_id": await self._programs.id_of(AWA), "reason": "Suivi de la tension"}
            self._pending = (await self._programs.ask(DIOP, "POST", "/access-requests", **wanted))["id"]
        self.acts += 1

    async def leave(self) -> None:
        if self._pending:
            await self.act()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path_factory.mktemp("clinic")) as clinic:
        yield clinic


async def _come(browser: Browser, clinic: Clinic) -> Person:
    """Signed in without a proxy; her cookie is good for every port of the machine."""
    awa = await sign_in(browser, clinic, AWA)
    await awa.page.context.add_init_script(LISTEN)
    return awa


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hers(browser: Browser, clinic: Clinic) -> AsyncIterator[BrowserContext]:
    """The browser in which Awa is signed in."""
    awa = await _come(browser, clinic)
    await awa.page.close()
    yield awa.page.context
    await awa.page.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def awa(hers: BrowserContext, clinic: Clinic) -> AsyncIterator[Person]:
    """In a tab of this test's own."""
    awa = await sit_down(hers, clinic)
    yield awa
    await awa.page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def diop(clinic: Clinic) -> AsyncIterator[Doctor]:
    async with Programs(clinic) as programs:
        diop = Doctor(programs)
        yield diop
        await diop.leave()


class Streams:
    """The streams that a page has opened."""

    def __init__(self, page: Page) -> None:
        self.opened = 0
        self.open: set[Request] = set()
        page.on("request", self._begun)
        page.on("requestfailed", self._ended)
        page.on("requestfinished", self._ended)

    def _begun(self, request: Request) -> None:
        if "/events?" in request.url:
            self.opened += 1
            self.open.add(request)

    def _ended(self, request: Request) -> None:
        self.open.discard(request)


async def has_heard_all(page: Page, cursor: int, diop: Doctor) -> None:
    """Each act since the page was opened, once and in order."""
    async with asyncio.timeout(PATIENCE):
        while len(heard := await page.evaluate("placed_events")) < diop.acts:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.05)
    assert heard == list(range(cursor + 1, cursor + 1 + diop.acts))


async def cursor_of(page: Page) -> int:
    return int(await page.locator("body").get_attribute("data-cursor") or "")


async def test_behind_a_proxy_that_holds_back_the_page_polls_and_says_so(
    browser: Browser, clinic: Clinic, diop: Doctor
) -> None:
    awa = await _come(browser, clinic)  # whose time stands still for good
    page = awa.page
    async with Buffering(clinic.address) as proxy:
        await with_clock(page)
        streams = Streams(page)
        await page.goto(proxy.address)
        cursor = await cursor_of(page)
        await pass_time(page, 120, step=2)  # five attempts of ten seconds each, and the pauses between them
        assert (streams.opened, len(streams.open)) == (5, 0)
        await shows(page, "polling")
        for _ in range(3):
            await diop.act()
            await pass_time(page, 16, step=16)
            await has_heard_all(page, cursor, diop)
        await awa.sees("#now", "Dr Ousmane Diop")
        await awa.is_told("Un médecin demande l'accès à votre dossier")
        await shows(page, "polling")
        assert streams.opened == 5
        await page.context.close()
    assert awa.complaints == []


async def test_behind_a_proxy_that_cuts_the_page_misses_nothing_and_tells_the_truth(
    clinic: Clinic, awa: Person, diop: Doctor
) -> None:
    page = awa.page
    async with Cutting(clinic.address, CUT_AFTER) as proxy:
        streams = Streams(page)
        await page.goto(proxy.address)
        await awa.is_live()
        cursor = await cursor_of(page)
        clock = asyncio.get_running_loop().time
        true_at = clock()
        while streams.opened <= CUTS or not streams.open:
            await diop.act()
            await asyncio.sleep(
                0.25
            )  # so slowly that no pause misses fifty, after which the page would be fetched anew
            live = await page.locator("#status").get_attribute("data-state") == "live"
            if live == bool(streams.open):
                true_at = clock()
            assert clock() - true_at < LATE, (
                f"it says {'' if live else 'not '}live, with {len(streams.open)} open streams"
            )
        await shows(page, "live")
        await has_heard_all(page, cursor, diop)
    assert proxy.cuts >= CUTS


@pytest.mark.parametrize("settings", [as_it_is, as_the_readme_says])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_behind_nginx_the_page_is_live(
    clinic: Clinic, awa: Person, diop: Doctor, tmp_path: Path, settings: object, tls: bool
) -> None:
    page = awa.page
    with Nginx(tmp_path / "nginx", settings(clinic.address)) as nginx:
        await page.goto(nginx.secure_address if tls else nginx.address)
        await shows(page, "live")
        cursor = await cursor_of(page)
        await diop.act()
        await has_heard_all(page, cursor, diop)
        await awa.is_told("Un médecin demande l'accès à votre dossier")
        await shows(page, "live")
        await page.goto("about:blank")
    assert awa.complaints == []
