"""A whole clinic for browser tests: the real server with its demo people, and signed-in browsers."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("FADJMA_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PASSWORD = "demo-fadjma-2026"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@asynccontextmanager
async def open_clinic(database: Path) -> AsyncIterator[str]:
    """Start `python app.py` on a free port with demo data; gives its address, and stops it with SIGTERM."""
    environment = {
        **os.environ,
        "FADJMA_DEMO": "1",
        "FADJMA_PORT": "0",
        "FADJMA_DATABASE_URL": f"sqlite:///{database}",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "app.py",
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    log = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(30):
            while not (line := (await process.stdout.readline()).decode()).startswith("FADJMA: "):
                assert line, "the server did not start"
        yield line.removeprefix("FADJMA: ").strip()
    finally:
        process.terminate()
        await process.wait()
        written = (await log).decode()
    assert "Traceback" not in written, written


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
        """Wait until the stream is open: only then is « by itself » a promise."""
        if self.live:
            await expect(self.page.locator("#status")).to_have_attribute("data-state", "live")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    async def press(self, name: str) -> None:
        await self.button(name).first.click()


async def sign_in(
    browser: Browser, address: str, login: str, *, javascript: bool = True, viewport: dict[str, int] = DESK
) -> Person:
    """A browser of one's own, signed in, on the dashboard, live."""
    context = await browser.new_context(viewport=viewport, locale="fr-FR", java_script_enabled=javascript)
    page = await context.new_page()
    page.set_default_timeout(10_000)
    person = Person(page, javascript)

    def note(message: ConsoleMessage) -> None:
        refused = re.search(r"(status of|Status Error Code) 4(04|09|22)", message.text)
        if message.type == "error" and not refused:
            person.complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    await page.goto(f"{address}/sign-in")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Se connecter").click()
    await page.wait_for_url(f"{address}/")
    await person.is_live()
    return person
