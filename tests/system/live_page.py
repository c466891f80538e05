"""What tests say of a page that static/live.js keeps up to date: what it shows, and how its time passes."""

import asyncio
import re
import time
from collections.abc import Callable

from playwright.async_api import Page, expect

EVENTS, POLL = "/events", "/notifications/poll"
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"


async def until(condition: Callable[[], object], within: float = 5) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


async def shows(page: Page, state: str) -> None:
    text = {"live": "En direct", "polling": "Mode dégradé", "connecting": "Connexion…"}.get(
        state, re.compile(r"^Hors ligne depuis \d\d:\d\d$")
    )
    await expect(page.locator("#status")).to_have_attribute("data-state", state)
    await expect(page.locator("#status")).to_have_text(text)


async def open_live(page: Page, path: str = "/") -> Page:
    await page.goto(path)
    await shows(page, "live")
    return page


async def with_clock(page: Page) -> Page:
    await page.clock.install()
    return page


async def hide(page: Page) -> None:
    """As if another tab were in front of it."""
    await page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true }); away = true"
    )


async def look_at(page: Page) -> None:
    await page.evaluate("away = false; document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")


async def pass_time(page: Page, seconds: float, step: float = 1) -> None:
    """Lets time pass for the page and its browser's others, with pauses in which requests are answered."""
    while seconds > 0:
        await page.clock.run_for(int(min(step, seconds) * 1000))
        await asyncio.sleep(0.03)
        seconds -= step


async def pass_time_until(page: Page, condition: Callable[[], object], limit: float) -> float:
    passed = 0.0
    while not condition():
        assert passed < limit, f"it did not happen within {limit} s"
        await pass_time(page, 0.5)
        passed += 0.5
    return passed
