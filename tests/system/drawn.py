"""Pages as a browser draws them, one after the other in one page that runs none of their scripts: for what is about the
places of things, which sheets alone decide. To open each would take ten times as much."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from clinic import DESK, Clinic, come, take_over
from playwright.async_api import Browser, Page

_COME = """async addresses => {
  self.parsed = await Promise.all(addresses.map(async where => {
    const answer = await fetch(where);
    if (!answer.ok) throw new Error(where + ' ' + answer.status);
    return answer.text();
  }));
}"""
# What is found in each page with its sheets and with nothing folded. Only the last one is painted: between the others
# nothing is waited for, but sheets that were not there yet.
_MEASURE = """async given => {
  const found = [], sheets = () => [...document.querySelectorAll('link[rel=stylesheet]')];
  const names = page => [...page.querySelectorAll('link[rel=stylesheet]')].map(one => one.getAttribute('href')).join();
  for (const html of self.parsed) {
    const page = new DOMParser().parseFromString(html, 'text/html');
    if (names(page) == names(document)) {
      document.body.replaceWith(page.body);
    } else {
      document.replaceChild(page.documentElement, document.documentElement);
      await Promise.all(sheets().map(one => one.sheet || new Promise(done => one.onload = done)));
    }
    if (document.compatMode != 'CSS1Compat' || !sheets().length) throw new Error('it is drawn otherwise');
    for (const one of document.querySelectorAll('details')) one.open = true;
    scrollTo(0, 0);
    found.push((%s)(given));
  }
  return found;
}"""


class Drawn:
    """Some pages of somebody, in the order in which they were asked for."""

    def __init__(self, clinic: Clinic, page: Page) -> None:
        self._page = page
        self._clinic = clinic

    async def come(self, login: str, paths: Sequence[str]) -> None:
        """Whoever was there before has gone."""
        await take_over(self._page.context, self._clinic, login)
        await self._page.evaluate(_COME, list(paths))

    async def measure(self, script: str, given: Any = None, *, size: Mapping[str, int]) -> list[Any]:
        """What this function of JavaScript, which may wait for nothing, returns of each on a screen of this size."""
        await self._page.set_viewport_size({"width": size["width"], "height": size["height"]})
        found: list[Any] = await self._page.evaluate(_MEASURE % script, given)
        return found


@asynccontextmanager
async def drawing(browser: Browser, clinic: Clinic) -> AsyncIterator[Drawn]:
    person = await come(browser, viewport=DESK)
    await person.page.goto(f"{clinic.address}/health")  # of the same site, and without a script
    yield Drawn(clinic, person.page)
    await person.page.context.close()
