"""What tests say of a page that static/live.js keeps up to date: what it shows, and how its time passes."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from playwright.async_api import BrowserContext, Page, expect

EVENTS, POLL = "/events", "/notifications/poll"
PATIENCE = 60  # seconds; nothing here takes as long, but the machine may be busy with other things
# Browsers of a whole file of tests.
SHARED: set[BrowserContext] = set()
# A browser of the test's own, by a fixture of conftest.py; or the one of those tests of a file in whose pages time
# stands still from the beginning: what Playwright does to the time of a browser, it does for good.
OF_ITS_OWN = pytest.mark.usefixtures("context")
TIME_STANDS_STILL = pytest.mark.usefixtures("stilled")
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }); delete self.SharedWorker"
# How many answers the page waits for (it is there when it begins), and how often it has been sent something.
COUNTING = """
  self.waiting = self.reads = 0;
  const { fetch } = self;
  self.fetch = (...given) => {
    self.waiting++;
    return fetch(...given).finally(() => self.waiting--);
  };
  const { prototype } = ReadableStreamDefaultReader, { read } = prototype;
  prototype.read = function () {
    return read.call(this).finally(() => self.reads++);
  };
"""
# In a script of a test: the page has changed so that this is true.
UNTIL = """
const until = found => new Promise(done => {
  const look = () => found() && (watch.disconnect(), done()), watch = new MutationObserver(look);
  watch.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  look();
});
"""
# Lets so many seconds pass, so many at a time, and waits between them for what the page asks for. As page.clock.run_for
# does it, which takes three messages for each time: by what Playwright itself has put into the page.
PASS = """async ([seconds, step]) => {
  const { controller, builtins } = self.__pwClock, pause = ms => new Promise(done => builtins.setTimeout(done, ms));
  const answered = async () => { while (self.waiting) await pause(5); };
  await answered();
  for (; seconds > 0; seconds -= step) {
    await controller.runFor(Math.min(step, seconds) * 1000);
    await pause(30);
    await answered();
  }
}"""


async def until(condition: Callable[[], object], within: float = PATIENCE) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


async def shows(page: Page, state: str) -> None:
    text = {"live": "En direct", "polling": "Au ralenti", "connecting": "Connexion…"}.get(
        state, re.compile(r"^Hors ligne depuis \d\d:\d\d$")
    )
    await expect(page.locator("#status")).to_have_attribute("data-state", state)
    await expect(page.locator("#status")).to_have_text(text)


async def open_live(page: Page, path: str = "/") -> Page:
    await page.goto(path)
    await shows(page, "live")
    return page


async def with_clock(page: Page, at: datetime | None = None) -> Page:
    """The page's time stands still until a test lets it pass; otherwise a busy machine would let more pass."""
    assert page.context not in SHARED, "this test is not OF_ITS_OWN"
    at = at or datetime.now()
    await page.clock.install(time=at - timedelta(minutes=10))  # until the next line it goes on
    await page.clock.pause_at(at)
    return page


async def hide(page: Page) -> None:
    """As if another tab were in front of it."""
    await page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true }); away = true"
    )


async def look_at(page: Page) -> None:
    await page.evaluate("away = false; document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")


async def has_read(page: Page, write: Awaitable[None]) -> None:
    """Writes to its open stream and waits until the page has it."""
    reads = await page.evaluate("self.reads")
    await write
    end = time.monotonic() + PATIENCE
    while await page.evaluate("self.reads") == reads:
        assert time.monotonic() < end, "the page has read nothing"
        await asyncio.sleep(0.005)


async def pass_time(page: Page, seconds: float, step: float = 1) -> None:
    """Lets time pass for the page and its browser's others, with pauses in which requests are answered.

    They have had what they asked for: a page whose time jumps before takes a slow machine for a dead link.
    """
    open_ones = [one for one in page.context.pages if one.url != "about:blank"]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(one.evaluate(PASS, [seconds, step]) for one in open_ones))


async def pass_time_until(page: Page, condition: Callable[[], object], limit: float) -> float:
    passed = 0.0
    while not condition():
        assert passed < limit, f"it did not happen within {limit} s"
        await pass_time(page, 0.5)
        passed += 0.5
    return passed
