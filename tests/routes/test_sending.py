"""How forms are sent (static/send.js): kept while the link is down, sent again with their key, never twice."""

import re
from html.parser import HTMLParser

import pytest
from callers import Callers, PageOf
from cast import ADMIN, AWA, DIOP
from store import Store
from told import READS, SIGNED_OUT_ACTS, Route, Told

from fadjma.web import drafts

# Without a key, and not sent again by themselves: of what is harmless when repeated, and of passwords, whose person may
# have gone.
KEYLESS = re.compile(
    r"/(language|lock|unlock|sign-out|sign-in(/factor)?|acting|notifications/(.+/)?read|sessions/(.+/)?end|accounts/.+/verification)"
)


class _Forms(HTMLParser):
    """The forms of a page that act, with the fields that somebody types in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.typed: list[list[str]] = []
        self.keys: list[bool] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        if tag == "form" and (acts := given.get("method") == "post"):
            self._inside = acts
            self.found.append(given)
            self.typed.append([])
            self.keys.append(False)
        elif self._inside and tag in ("input", "textarea"):
            self.keys[-1] |= given.get("name") == "key"
            if given.get("type", "text") in ("text", "search", "email", "tel", "date"):
                self.typed[-1].append(given.get("name", ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"


def _check(page: str, where: str) -> int:
    """Every form is sent by our script, and has a key or is known to need none; what is typed in it has a place."""
    scripts = set(re.findall(r'src="/static/[^/]+/([a-z.]+)"', page))
    forms = _Forms(page)
    for form, typed, key in zip(forms.found, forms.typed, forms.keys, strict=True):
        action = form.get("action", where).partition("?")[0]
        assert "fadjma.js" in scripts, where
        assert not form.keys() & {"target", "hx-boost", "hx-put"}, (where, form)
        assert "later.js" in scripts or where == "/", where
        assert key or KEYLESS.fullmatch(action), (where, form)
        if key and "htmx.min.js" in scripts and not all(map(drafts._SECRET.search, typed)):
            assert "drafts.js" in scripts, where
            assert drafts.place_of(action, {"patient_id": "1"}).is_one, (where, action)
    return len(forms.found)


@pytest.mark.long
@pytest.mark.parametrize("route", READS)
async def test_every_form_of_every_page_can_be_sent_again(page_of: PageOf, told: Told, route: Route) -> None:
    where = route.at(told)
    for person in {person.role: person for person in (*route.allowed, route.who)}.values():
        answer = await page_of(person, route)
        if answer.text.startswith("<!doctype html>"):
            assert _check(answer.text, where) >= 2, "language and sign out"


@pytest.mark.parametrize("where", [where for where in SIGNED_OUT_ACTS if "api" not in where])
async def test_before_signing_in_too(clinic: Callers, where: str) -> None:
    assert _check((await clinic.nobody().get(where)).text, where) >= 2


async def test_behind_the_lock_too(clinic: Callers) -> None:
    await clinic.json_browser(DIOP).post("/lock")
    assert _check((await clinic.browser(DIOP).get("/")).text, "/") >= 2


async def test_a_script_is_told_where_to_go_and_a_browser_is_sent_there(clinic: Callers, store: Store) -> None:
    """It cannot see a redirect, and would read the page twice."""
    sent = {"language": "en", "next": "/account"}
    answer = await clinic.htmx(AWA).post("/language", sent, HX_Boosted="true", HX_Target="main")
    assert (answer.status, answer.headers["HX-Redirect"], answer.location, answer.body) == (200, "/account", "", b"")
    assert store.value("SELECT language FROM users WHERE id = 'awa'") == "en"
    answer = await clinic.browser(AWA).post("/language", sent)
    assert (answer.status, answer.location) == (303, "/account")


async def test_what_is_sent_for_somebody_else_is_refused(clinic: Callers, store: Store) -> None:
    """Somebody has signed in in another tab while a form waited for the link."""
    before = store.content()
    answer = await clinic.htmx(ADMIN).post("/announcements", {"title": "Fermé"}, HX_Boosted="true", X_For="diop")
    assert answer.status == 409
    assert store.content() == before
