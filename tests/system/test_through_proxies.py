"""The page in a real browser, the real server, and a proxy between them: it says how live it is and misses nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from clinic import ARGUMENTS, CHROMIUM, PASSWORD, Person, open_clinic, sign_in
from nginx import Nginx, as_it_is, as_the_readme_says
from playwright.async_api import Browser, Page, Request, async_playwright, expect
from proxies import Buffering, Cutting

pytestmark = pytest.mark.asyncio(loop_scope="module")

CUT_AFTER = float(os.environ.get("FADJMA_CUT_AFTER", "5"))  # seconds
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

    def __init__(self, client: httpx.AsyncClient, patient_id: str) -> None:
        self.acts = 0
        self._client = client
        self._patient_id = patient_id
        self._pending = ""

    async def act(self) -> None:
        """One event for Awa: asked, or withdrawn."""
        if self._pending:
            answer = await self._client.post(f"/access-requests/{self._pending}/withdrawal")
            self._pending = ""
        else:
            wanted = {"patient_id": self._patient_id, "reason": "Suivi de la tension"}
            answer = await self._client.post("/access-requests", json=wanted)
            self._pending = answer.json()["id"]
        assert answer.is_success, answer.text
        self.acts += 1

    async def leave(self) -> None:
        if self._pending:
            await self.act()


@asynccontextmanager
async def program(address: str, email: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's bearer token, and a client that carries it."""
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        answer = await client.post("/api/token", json={"email": email, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with open_clinic(tmp_path_factory.mktemp("clinic") / "clinic.db") as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        arguments = [*ARGUMENTS, "--ignore-certificate-errors"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def awa(browser: Browser, address: str) -> AsyncIterator[Person]:
    """Signed in without a proxy; her cookie is good for every port of the machine."""
    awa = await sign_in(browser, address, "awa@demo.fadjma")
    await awa.page.add_init_script(LISTEN)
    yield awa
    await awa.page.context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def diop(address: str) -> AsyncIterator[Doctor]:
    async with program(address, "awa@demo.fadjma") as patient, program(address, "dr.diop@demo.fadjma") as client:
        diop = Doctor(client, (await patient.get("/me")).json()["id"])
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


async def shows(page: Page, state: str, text: str) -> None:
    await expect(page.locator("#status")).to_have_attribute("data-state", state)
    await expect(page.locator("#status")).to_have_text(text)


async def has_heard_all(page: Page, cursor: int, diop: Doctor) -> None:
    """Each act since the page was opened, once and in order."""
    async with asyncio.timeout(5):
        while len(heard := await page.evaluate("placed_events")) < diop.acts:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.05)
    assert heard == list(range(cursor + 1, cursor + 1 + diop.acts))


async def cursor_of(page: Page) -> int:
    return int(await page.locator("body").get_attribute("data-cursor") or "")


async def test_behind_a_proxy_that_holds_back_the_page_polls_and_says_so(
    address: str, awa: Person, diop: Doctor
) -> None:
    page = awa.page
    async with Buffering(address) as proxy:
        await page.clock.install()
        streams = Streams(page)
        await page.goto(proxy.address)
        cursor = await cursor_of(page)
        for _ in range(60):  # five attempts of ten seconds each, and the pauses between them
            await page.clock.run_for(2_000)
            await asyncio.sleep(0.03)
        assert (streams.opened, len(streams.open)) == (5, 0)
        await shows(page, "polling", "Mode dégradé")
        for _ in range(3):
            await diop.act()
            await page.clock.run_for(16_000)
            await has_heard_all(page, cursor, diop)
        await awa.sees("#now", "Répondre au Dr Ousmane Diop")
        await awa.is_told("Un médecin demande l'accès à votre dossier")
        await shows(page, "polling", "Mode dégradé")
        assert streams.opened == 5
        await page.goto("about:blank")
    assert awa.complaints == []


async def test_behind_a_proxy_that_cuts_the_page_misses_nothing_and_tells_the_truth(
    address: str, awa: Person, diop: Doctor
) -> None:
    page = awa.page
    async with Cutting(address, CUT_AFTER) as proxy:
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
        await shows(page, "live", "En direct")
        await has_heard_all(page, cursor, diop)
        await page.goto("about:blank")
    assert proxy.cuts >= CUTS


@pytest.mark.parametrize("settings", [as_it_is, as_the_readme_says])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_behind_nginx_the_page_is_live(
    address: str, awa: Person, diop: Doctor, tmp_path: Path, settings: object, tls: bool
) -> None:
    page = awa.page
    with Nginx(tmp_path / "nginx", settings(address)) as nginx:
        await page.goto(nginx.secure_address if tls else nginx.address)
        await shows(page, "live", "En direct")
        cursor = await cursor_of(page)
        await diop.act()
        await has_heard_all(page, cursor, diop)
        await awa.is_told("Un médecin demande l'accès à votre dossier")
        await shows(page, "live", "En direct")
        await page.goto("about:blank")
    assert awa.complaints == []
