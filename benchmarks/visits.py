"""Part 4b: visits in a real Chromium: bytes of the first and the second one, both on a slow link; a shared desk."""

import contextlib
import os
import shutil
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks import clinic
from benchmarks.report import BUDGET, EARLIER, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma import demo

_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_ROLES = {
    "patient": "awa@demo.fadjma",
    "doctor": "dr.diop@demo.fadjma",
    "pharmacist": "pharma.ndiaye@demo.fadjma",
    "admin": "admin@demo.fadjma",
}
_VISITS = ("first", "again")
_BYTES_BUDGET = {"first": 30 * 1024.0, "again": 4 * 1024.0}  # benchmarks/README.md, “Budgets”
_SECONDS_BUDGET = {"first": 6.0, "again": 1.5}
_EARLIER_FIRST = 181 * 1024.0  # bytes, docs/replaces.md, without its API calls
_CHANGE_BUDGET = 3.0
_SLOW = {"offline": False, "latency": 500, "downloadThroughput": 50_000 / 8, "uploadThroughput": 50_000 / 8}
_TIMES = """() => ({
  read: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
  usable: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
  loaded: performance.getEntriesByType('navigation')[0].loadEventEnd,
})"""


@dataclass(frozen=True, slots=True)
class _Visit:
    """Bytes with response headers, as Chromium counts them; seconds since the navigation began."""

    role: str
    link: str
    name: str
    size: float
    requests: int
    read: float
    usable: float
    live: float


class _Traffic:
    """What a page transfers, from CDP. A stream never finishes: its bytes are taken as they come."""

    def __init__(self, context: BrowserContext, page: Page, link: str) -> None:
        self._of: dict[str, float] = {}
        self.requests = 0
        session = context.new_cdp_session(page)
        session.on("Network.responseReceived", self._respond)
        session.on("Network.dataReceived", self._receive)
        session.on("Network.loadingFinished", self._finish)
        session.send("Network.enable")
        if link == "slow":
            session.send("Network.emulateNetworkConditions", _SLOW)

    @property
    def size(self) -> float:
        return sum(self._of.values())

    def _respond(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache") or event["response"]["url"].startswith("data:"):
            return
        self.requests += 1
        self._of[event["requestId"]] = event["response"]["encodedDataLength"]

    def _receive(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._of:
            self._of[event["requestId"]] += event["encodedDataLength"]

    def _finish(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._of:
            self._of[event["requestId"]] = event["encodedDataLength"]


def run(sizes: Sizes, work: Path) -> Part:
    """Each role's dashboard, first and again, on the full and on the slow link; then one desk that two people share."""
    part = Part(
        "Visits to the dashboard, signed in, in Chromium",
        ["role", "link", "visit", "bytes", "requests", "readable, s", "usable, s", "live, s"],
    )
    program = os.environ.get("FADJMA_CHROMIUM") or shutil.which("chromium")
    if not program:
        part.notes.append("Not measured: no Chromium (apt install chromium).")
        return part
    path = work / "visits.db"
    clinic.prepare(path, lambda tx: None)
    with clinic.serve(path) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        address = f"http://127.0.0.1:{server.port}"
        with contextlib.closing(browser):
            visits = list(_visits(browser, address, sizes.visitors))
            change = _change_of_person(browser, address, sizes.rounds)
        part.notes.append(f"Chromium {browser.version}.")
    part.rows = [_cells(visit) for visit in visits]
    what = "change of person at a shared desk: from the lock to the other's first page"
    part.ratios = [*_ratios(visits), Ratio(what, "s", change, BUDGET, _CHANGE_BUDGET)]
    part.notes += [
        "Bytes: encodedDataLength of every response, headers included, and of the stream until it is live;"
        " what came from the cache counts nothing.",
        "Slow: CDP's emulation of 50 kbit/s and 500 ms for every request; it knows no handshakes and no loss."
        " Readable: first contentful paint. Usable: page, styles and scripts are there (DOMContentLoaded; the scripts"
        " are deferred). Live: the page says so.",
        "Who comes to a form there fetches later.js (2.1 KB with its headers), once for each version of the program;"
        " who only looks does not. The sign-in page, which these browsers have not seen, mostly has brought it before.",
        f"Change of person: median of {sizes.rounds}; the screen is hidden, « Changer de personne », name and password,"
        " until the other's dashboard is there. Nobody's typing takes time here: it is what the program takes.",
    ]
    return part


def _visits(browser: Browser, address: str, roles: tuple[str, ...]) -> Iterator[_Visit]:
    for link in ("full", "slow"):
        for role in roles:
            progress(f"visits: {role}, {link} link")
            context = _sign_in(browser, address, _ROLES[role])
            for name in _VISITS:
                yield _visit(context, address, role, link, name)
            context.close()


def _sign_in(browser: Browser, address: str, login: str) -> BrowserContext:
    """A browser that has the cookie and nothing else: no page has been opened."""
    context = browser.new_context(locale="fr-FR")
    form: dict[str, str | float | bool] = {"login": login, "password": demo.DEMO_PASSWORD}
    answer = context.request.post(f"{address}/sign-in", form=form, headers={"Origin": address}, max_redirects=0)
    if answer.status != 303:
        raise RuntimeError(f"signing in as {login}: {answer.status}")
    return context


def _visit(context: BrowserContext, address: str, role: str, link: str, name: str) -> _Visit:
    """A new tab of the same browser: what it has cached, it has."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    traffic = _Traffic(context, page, link)
    page.goto(address)
    page.wait_for_selector("#status[data-state=live]")
    live = page.evaluate("performance.now()")
    times = page.evaluate(_TIMES)
    page.close()
    return _Visit(
        role, link, name, traffic.size, traffic.requests, times["read"] / 1e3, times["usable"] / 1e3, live / 1e3
    )


def _change_of_person(browser: Browser, address: str, rounds: int) -> float:
    """Seconds; a doctor and a pharmacist in turn at one browser, each time at a dashboard that is live."""
    progress("visits: change of person")
    context = _sign_in(browser, address, _ROLES["doctor"])
    page = context.new_page()
    page.goto(address)
    taken = []
    for number in range(rounds):
        role, name = (("pharmacist", "Ndiaye"), ("doctor", "Diop"))[number % 2]
        page.wait_for_selector("#status[data-state=live]")
        began = time.perf_counter()
        page.click(".me summary")
        page.click("form[action='/lock'] button")
        page.click("main a[href='/sign-in']")
        page.fill("#login", _ROLES[role])
        page.fill("#password", demo.DEMO_PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector(f"header:has-text('{name}')")
        taken.append(time.perf_counter() - began)
    context.close()
    return statistics.median(taken)


def _cells(visit: _Visit) -> list[str]:
    times = [show(seconds) for seconds in (visit.read, visit.usable, visit.live)]
    return [visit.role, visit.link, visit.name, show(visit.size), str(visit.requests), *times]


def _ratios(visits: list[_Visit]) -> list[Ratio]:
    """The worst role against the budgets."""
    found = []
    for name in _VISITS:
        size = max(visit.size for visit in visits if (visit.link, visit.name) == ("full", name))
        what = f"bytes of a visit, {name}, the largest dashboard"
        found.append(Ratio(what, "B", size, BUDGET, _BYTES_BUDGET[name]))
        if name == "first":
            found.append(Ratio(what, "B", size, EARLIER, _EARLIER_FIRST))
    for name in _VISITS:
        seconds = max(visit.usable for visit in visits if (visit.link, visit.name) == ("slow", name))
        found.append(
            Ratio(f"usable at 50 kbit/s and 500 ms, {name}, the slowest", "s", seconds, BUDGET, _SECONDS_BUDGET[name])
        )
    return found
