"""The furnished demo behind `python app.py`, and a browser for each guest in it."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks import clinic
from benchmarks.seen.furnishing import furnish
from benchmarks.seen.sights import SIGHTS, Guest, Sight
from fadjma import demo

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_SEND = """form => {
  form.noValidate = true;
  form.requestSubmit(form.querySelector('button:not([type=button]):not([name])'));
}"""


@dataclass(frozen=True, slots=True)
class House:
    """Where the program is served, and what is in it; each guest has a browser, which they keep."""

    address: str
    database: Path
    ids: Mapping[str, str]
    browser: Browser
    _contexts: dict[Guest, BrowserContext] = field(default_factory=dict)

    def speak(self, language: str) -> None:
        """Everybody reads this language from the next page on."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("UPDATE users SET language = ?", (language,))
        for context in self._contexts.values():
            context.set_extra_http_headers({"Accept-Language": language})

    def come(self, guest: Guest) -> BrowserContext:
        """This guest's browser, as far as they have come."""
        if guest not in self._contexts:
            self._contexts[guest] = self._first(guest)
        return self._contexts[guest]

    def _first(self, guest: Guest) -> BrowserContext:
        context = self.browser.new_context(locale="fr-SN", viewport=DESK, service_workers="block")
        if guest.login:
            self._post(context, "/sign-in", {"login": guest.login, "password": demo.DEMO_PASSWORD})
        if guest.then:
            self._post(context, guest.then.path, guest.then.body(self.ids))
        return context

    def _post(self, context: BrowserContext, path: str, form: dict[str, str]) -> None:
        sent: dict[str, str | float | bool] = {**form}
        answer = context.request.post(self.address + path, form=sent, headers={"Origin": self.address}, max_redirects=0)
        if answer.status != 303:
            raise RuntimeError(f"POST {path}: {answer.status}\n{answer.text()}")

    def walk(self, sights: list[Sight]) -> Iterator[tuple[Page, Sight]]:
        """Each of these in turn, open; a guest has one tab. What cannot be opened ends the walk."""
        for guest in dict.fromkeys(sight.guest for sight in sights):
            page = self.come(guest).new_page()
            for sight in (sight for sight in sights if sight.guest == guest):
                self._open(page, sight)
                yield page, sight
            page.close()

    def _open(self, page: Page, sight: Sight) -> None:
        """Show it, and wait until it is what it will be."""
        answer = page.goto(self.address + sight.at(self.ids))
        if answer is None or answer.status != sight.status:
            raise RuntimeError(f"{sight.name}: {answer and answer.status}")
        if sight.sent:
            page.locator(sight.sent).first.evaluate(_SEND)
            page.wait_for_selector("main [aria-invalid=true], main .errs")
        if page.locator("#status").count():
            page.wait_for_selector("#status:not([data-state=connecting])")


@contextmanager
def house(work: Path, *, long_names: bool = False, text: int = 100, debugging_port: int = 0) -> Iterator[House]:
    """Serve it and start Chromium; both end. `long_names`: everybody's has more than forty letters.

    `text`: how large people have set their browser's, in per cent. At `debugging_port`, if it is given, others find the
    browser.
    """
    work.mkdir(exist_ok=True)
    path = work / "seen.db"
    ids = clinic.prepare(path, lambda tx: furnish(tx, clinic.SECRET_KEY, long_names=long_names))
    others = [f"--blink-settings=defaultFontSize={16 * text // 100}"]
    if debugging_port:
        others.append(f"--remote-debugging-port={debugging_port}")
    with clinic.serve(path) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, *others])
        try:
            yield House(f"http://127.0.0.1:{server.port}", path, ids, browser)
        finally:
            browser.close()


def chromium() -> str:
    """bin/bench finds or installs it."""
    program = os.environ.get("FADJMA_CHROMIUM") or shutil.which("chromium")
    if not program:
        raise RuntimeError("No Chromium: run 'apt install chromium'.")
    return program


def chosen(words: list[str]) -> list[Sight]:
    """Those whose name has one of these words; all, if there are none."""
    return [sight for sight in SIGHTS if not words or any(word in sight.name for word in words)]
