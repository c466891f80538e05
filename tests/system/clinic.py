"""A whole clinic for browser tests: the real server with its demo people, and signed-in browsers."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from answering import answered
from live_page import PATIENCE
from live_server import Server
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from store import Store

from fadjma.accounts import actions
from fadjma.identity.enrolment import NewPerson
from fadjma.ids import new_id
from fadjma.store import Transaction, milliseconds

CHROMIUM = os.environ.get("FADJMA_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), ""
)
# Playwright's own list, which another takes the place of; and RenderDocument, by which a page that follows another gets
# a frame of its own: a quarter of what a page takes here.
_WITHOUT = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *(
        "HttpsFirstBalancedModeAutoEnable",
        "LensOverlay",
        "MediaRouter",
        "PaintHolding",
        "ThirdPartyStoragePartitioning",
    ),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch"),
    "RenderDocument",
)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join(_WITHOUT)}",
    "--renderer-process-limit=1",  # for each browser of somebody: one, and none that is only kept ready
    "--host-resolver-rules=MAP clinique.test 127.0.0.1",  # plain http, as in a LAN: browsers trust 127.0.0.1 as https
    "--ignore-certificate-errors",  # the https of these tests is signed by nobody
]
PASSWORD = "demo-fadjma-2026"
AWA, MOUSSA = "awa@demo.fadjma", "moussa@demo.fadjma"
DIOP, NDIAYE = "dr.diop@demo.fadjma", "pharma.ndiaye@demo.fadjma"
ADMIN = "admin@demo.fadjma"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


class Clinic(Server):
    """The server with demo data, for tests that wait in an event loop."""

    async def open(self) -> None:
        await asyncio.to_thread(self.start)

    async def stop(self) -> None:
        """By SIGTERM; nothing may have gone wrong."""
        self.ask_to_stop()
        await asyncio.to_thread(self.wait, 60)
        assert "Traceback" not in self.log, self.log


@asynccontextmanager
async def open_clinic(folder: Path, **settings: str) -> AsyncIterator[Clinic]:
    """With the demo's people, whose year has told what it has told: a test makes by itself what it needs.

    `settings` are FADJMA_* variables.
    """
    clinic = Clinic(folder, **settings)
    await clinic.open()
    try:
        yield clinic
    finally:
        await clinic.stop()


@dataclass
class Person:
    """Somebody in front of their own browser. Without JavaScript they reload to see what is new."""

    page: Page
    live: bool
    complaints: list[str] = field(default_factory=list)

    async def sees(self, selector: str, text: str | re.Pattern[str]) -> None:
        """The part of the page shows this text, by itself; or after a reload where there is no JavaScript."""
        if not self.live:
            await self.page.reload()
        await expect(self.page.locator(selector).first).to_contain_text(text)

    async def is_told(self, text: str) -> None:
        """A toast says so and the bell counts it; without JavaScript the inbox has it."""
        if self.live:
            await expect(self.page.locator("#toasts a.toast").last).to_contain_text(text)
            return
        await self.has_been_told(text)

    async def has_been_told(self, text: str) -> None:
        """The inbox has it, whatever page was open when it came."""
        here = self.page.url
        await self.go("/notifications")
        await expect(self.page.locator("#inbox li").first).to_contain_text(text)
        await self.page.goto(here)
        await self.is_live()

    async def go(self, path: str) -> None:
        base = re.match(r"https?://[^/]+", self.page.url)
        assert base
        await self.page.goto(base[0] + path)
        await self.is_live()

    async def is_live(self) -> None:
        """Wait until the stream is open: only then is « by itself » a promise. Without JavaScript the page says so."""
        status = self.page.locator("#status")
        if self.live:
            await expect(status).to_have_attribute("data-state", "live")
        else:
            await expect(status).to_have_text("Sans mise à jour automatique")

    async def is_settled(self) -> None:
        """Scripts hear what is typed from now on: a test types faster than htmx listens to what it has just placed."""
        await self.is_live()
        await self._has_placed_everything()

    async def _has_placed_everything(self) -> None:
        await expect(self.page.locator(".htmx-added, .htmx-settling, .htmx-request")).to_have_count(0)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    async def choose(self, name: str) -> None:
        """A button of the account's menu."""
        await choose(self.page, name)

    async def press(self, name: str) -> None:
        """A button; a click while the page puts another in its place would be lost, and nobody presses twice here."""
        if self.live:
            await self._has_placed_everything()
        await self.button(name).first.click()


async def choose(page: Page, name: str) -> None:
    """A button of the account's menu."""
    await page.locator(".me > summary").click()
    await page.locator(".me").get_by_role("button", name=name).click()


async def come(browser: Browser, *, javascript: bool = True, viewport: dict[str, int] = DESK) -> Person:
    """Somebody with a browser of their own, which has opened nothing yet."""
    context = await browser.new_context(viewport=viewport, locale="fr-FR", java_script_enabled=javascript)
    return await _in_front_of(context, javascript=javascript)


async def sit_down(context: BrowserContext, clinic: Clinic) -> Person:
    """Whoever is signed in in this browser, in a new tab: of a test's own, so that nothing of another's is in it."""
    person = await _in_front_of(context)
    await person.page.goto(f"{clinic.address}/health")  # what costs least
    return person


async def _in_front_of(context: BrowserContext, *, javascript: bool = True) -> Person:
    page = await context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    person = Person(page, javascript)

    def note(message: ConsoleMessage) -> None:
        refused = re.search(r"(status of|Status Error Code) 4(04|09|22)", message.text)
        if message.type == "error" and not refused:
            person.complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    return person


async def sign_in(
    browser: Browser,
    clinic: Clinic,
    login: str,
    *,
    javascript: bool = True,
    viewport: dict[str, int] = DESK,
    by_page: bool = False,
    at: str = "/",
) -> Person:
    """A browser of one's own, signed in, on the dashboard or another page, live.

    The page for it is opened if that is what is meant; it leads to the dashboard.
    """
    address = clinic.address
    person = await come(browser, javascript=javascript, viewport=viewport)
    page = person.page
    if by_page:
        await page.goto(f"{address}/sign-in")
        await page.fill("#login", login)
        await page.fill("#password", PASSWORD)
        await page.get_by_role("button", name="Se connecter").click()
        await page.wait_for_url(f"{address}/")
    else:
        await take_over(page.context, clinic, login)
        await page.goto(f"{address}{at}")
    await person.is_live()
    return person


async def take_over(context: BrowserContext, clinic: Clinic, login: str) -> None:
    """Somebody signs in in a browser from which whoever was there has gone, and opens nothing yet."""
    await context.clear_cookies()
    sent = {"login": login, "password": PASSWORD}
    same = {"Origin": clinic.address}  # as a page of ours sends it
    answer = await context.request.post(f"{clinic.address}/sign-in", form=sent, headers=same, max_redirects=0)
    assert answer.status == 303, await answer.text()


def _register(tx: Transaction, login: str) -> str:
    """With Awa's name and password."""
    known = str(tx.value("SELECT password_hash FROM users WHERE email = ?", (AWA,)))
    who = NewPerson(given_name="Awa", family_name="Cissé", email=login, phone=None, password_hash=known)
    actions.register_patient(tx, who, birth_date="1991-07-14", sex="female", city="Dakar")
    return login


class Programs:
    """What other people do meanwhile, by the interface for programs."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self._http = httpx.AsyncClient(base_url=clinic.address, trust_env=False, timeout=PATIENCE)
        self._bearers: dict[str, dict[str, str]] = {}

    async def __aenter__(self) -> "Programs":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._http.aclose()

    async def ask(self, login: str, method: str, path: str, **fields: Any) -> dict[str, Any]:
        if login not in self._bearers:
            answer = await self._http.post("/api/token", json={"email": login, "password": PASSWORD})
            self._bearers[login] = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        body = {"json": fields} if method in ("POST", "PUT") else {}
        headers = {"Accept": "application/json", **self._bearers[login]}
        answer = await self._http.request(method, path, headers=headers, **body)
        if answer.status_code == 422 and "alerts" in answer.json() and "overrides" not in fields:
            return await self.ask(login, method, path, **answered(fields, answer.json()))
        assert answer.is_success, (path, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def token(self, login: str) -> str:
        """The bearer token of somebody who has asked already."""
        return self._bearers[login]["Authorization"].removeprefix("Bearer ")

    async def id_of(self, login: str) -> str:
        return str((await self.ask(login, "GET", "/me"))["id"])

    async def newcomer(self) -> str:
        """A patient of a test's own, of whom nobody has asked or written anything; gives how she signs in.

        She is put into the database from outside, like an import.
        """

        def register() -> str:
            with closing(Store(self.clinic.database, milliseconds)) as store:
                return store.write(_register, f"{new_id()}@patients.example".lower())

        return await asyncio.to_thread(register)

    async def grant(self, patient: str) -> None:
        """Dr Diop asks, and the patient opens the whole file to him."""
        fields = {"patient_id": await self.id_of(patient), "reason": "Suivi de la tension"}
        asked = await self.ask(DIOP, "POST", "/access-requests", **fields)
        await self.ask(patient, "POST", f"/access-requests/{asked['id']}/approval", scope="full", duration="7d")

    async def write_record(self, patient: str) -> str:
        """Dr Diop's act, of which the patient is told; gives the address that the toast leads to."""
        path = f"/patients/{await self.id_of(patient)}/records"
        made = await self.ask(DIOP, "POST", path, type="consultation", title="Tension", body="Régime sans sel.")
        return f"/records/{made['id']}"

    async def receive(self, number: str, quantity: int) -> str:
        """A lot of paracetamol that lasts a year comes to Mme Ndiaye's pharmacy; gives its id."""
        fields = {"medicine_id": await self._paracetamol(), "number": number, "quantity": quantity}
        expires_on = (datetime.now(UTC) + timedelta(days=365)).date().isoformat()
        return str((await self.ask(NDIAYE, "POST", "/inventory/lots", expires_on=expires_on, **fields))["id"])

    async def issued(self, patient: str, pharmacy: str | None = None) -> str:
        """Dr Diop, who may, has prescribed paracetamol, to be taken by this pharmacy, or any; gives its id."""
        line = {"medicine_id": await self._paracetamol(), "dosage": "1 comprimé le soir", "quantity": 5}
        path = f"/patients/{await self.id_of(patient)}/prescriptions"
        return str(
            (await self.ask(DIOP, "POST", path, lines=[{**line, "duration_days": 5}], pharmacy_id=pharmacy))["id"]
        )

    async def validated(self, patient: str) -> str:
        """Mme Ndiaye has taken such a prescription; gives its id."""
        issued = await self.issued(patient)
        await self.ask(NDIAYE, "POST", f"/prescriptions/{issued}/validation")
        return issued

    async def _paracetamol(self) -> str:
        found = await self.ask(NDIAYE, "GET", "/medicines?q=parac%C3%A9tamol%20500")
        return str(found["items"][0]["id"])

    async def figure(self, name: str) -> int:
        """What the server itself counts (/metrics)."""
        found = re.search(rf"^{re.escape(name)} (\d+)", (await self._http.get("/metrics")).text, re.MULTILINE)
        assert found
        return int(found[1])

    async def streams(self) -> tuple[int, int]:
        """How many streams of browsers are open, and how many have ever been opened."""
        return await self.figure('fadjma_live_streams{encoding="html"}'), await self.figure(
            "fadjma_live_streams_opened_total"
        )
