"""Every page of every role (the list is axe's, Lighthouse's and the pictures', too): none forgotten, none a dead end.

The demo's year, with what it leaves out (benchmarks/seen/furnishing.py).
"""

import functools
import html
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
from babel.messages.pofile import read_po
from callers import Caller, Callers
from demo_database import demo_database
from quart import Quart
from told import SECRET_KEY

from benchmarks.seen.furnishing import furnish
from benchmarks.seen.sights import NO_PAGES, SIGHTS, Guest
from fadjma import create_app, demo
from fadjma.config import Settings
from fadjma.store import milliseconds
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.transaction import SQLiteTransaction

CATALOGUE = Path(create_app.__code__.co_filename).parent / "translations/en/LC_MESSAGES/messages.po"
ENGLISH_WORDS = re.compile(r"\b(the|and|with|your|you|from|not|has been)\b", re.IGNORECASE)
HIDDEN = re.compile(r"<(script|style|template)\b.*?</\1>|<!--.*?-->|<form[^>]*/language.*?</form>", re.DOTALL)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Quart, dict[str, str]]]:
    path = tmp_path_factory.mktemp("every-page") / "fadjma.db"
    path.write_bytes(demo_database())
    with closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        ids = dict(furnish(SQLiteTransaction(connection, milliseconds()), SECRET_KEY))
        connection.execute("COMMIT")
    app = create_app(Settings(demo=True, secret_key=SECRET_KEY, database_url=f"sqlite:///{path}"))
    database = app.extensions["database"]
    await database.open()
    yield app, ids
    await database.close()


async def _come(app: Quart, guest: Guest, ids: dict[str, str]) -> Caller:
    caller = Callers(app).nobody()
    if guest.login:
        signed_in = await caller.post("/sign-in", {"login": guest.login, "password": demo.DEMO_PASSWORD})
        assert signed_in.status == 303, (guest, signed_in.text)
    if guest.then:
        done = await caller.post(guest.then.path, guest.then.body(ids))
        assert done.status == 303, (guest, done.text)
    return caller


def test_every_page_is_on_the_list(app: Quart) -> None:
    urls = app.url_map.bind("localhost")
    asked = {re.sub(r"{\w+}", "0", sight.path).partition("?")[0] for sight in SIGHTS} - {"/nowhere"}
    listed = {urls.match(path, return_rule=True)[0].rule for path in asked}
    known = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert listed == known - NO_PAGES.keys()
    assert NO_PAGES.keys() <= known


@pytest.mark.long
@pytest.mark.parametrize("guest", {sight.guest: None for sight in SIGHTS}, ids=lambda guest: guest.name)
async def test_each_says_what_it_is_and_leads_on_in_its_language(
    house: tuple[Quart, dict[str, str]], guest: Guest
) -> None:
    app, ids = house
    caller = await _come(app, guest, ids)
    found: list[str] = []
    sent: set[str] = set()
    for sight in SIGHTS:
        if sight.guest == guest and not sight.sent:
            answer = await caller.get(sight.at(ids))
            assert answer.status == sight.status, (sight.name, answer.status, answer.location)
            found += [f"{sight.name}: {fault}" for fault in _faults(answer.text, sight.at(ids))]
            found += [f"{sight.name}, {fault}" for fault in await _refused(caller, answer.text, sent)]
    assert not found, "\n".join(found)


async def _refused(caller: Caller, page: str, sent: set[str]) -> list[str]:
    """What is wrong with the pages of its forms as they come back: emptied, and with a field that nobody knows, which
    no act is done with. `sent`: the addresses of those that were tried already, to which these are added.
    """
    faults: list[str] = []
    for form in _FORMS.findall(page.partition("<main")[2]):
        address = html.unescape("".join(_ACTION.findall(form)[0]))
        if address not in sent:
            sent.add(address)
            names = {html.unescape("".join(name)) for name in _FIELD.findall(form)} - {"key", "for", "version"}
            hidden = {name: html.unescape(value) for name, value in _HIDDEN_FIELD.findall(form)}
            answer = await caller.post(address, {**dict.fromkeys(names, ""), **hidden, "nothing_known": "1"})
            assert answer.status == 422, (address, answer.status)
            came_back = HIDDEN.sub("", answer.text)
            faults += [f"{address}: {fault}" for fault in (*_misnamed(came_back), *_out_of_order(came_back))]
    return faults


def _out_of_order(page: str) -> list[str]:
    """What is wrong is said in the order in which the page asks for it."""
    said = re.findall(r'<li><a href="#([^"]+)">', page.partition('id="errors"')[2].partition("</ul>")[0])
    asked = [place for name in said if (place := page.find(f' id="{name}"')) >= 0]
    return [] if asked == sorted(asked) else [f"not in its order: {said}"]


_FORMS = re.compile(r"<form [^>]*method=.?post.*?</form>", re.DOTALL)
_ACTION = re.compile(r' action=(?:"([^"]*)"|([^ >]+))')
_FIELD = re.compile(r'<(?:input|select|textarea)[^>]* name=(?:"([^"]*)"|([^ >]+))')
_HIDDEN_FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')


def _faults(page: str, where: str) -> list[str]:
    main = HIDDEN.sub("", page.partition("<main")[2].partition("</main>")[0])
    faults = [] if re.search(r"<h1[^>]*>\s*\S", main) else ["no heading"]
    if not _leads_on(main, where):
        faults.append("a dead end")
    faults += [f"nothing under {empty[0]}" for empty in _EMPTY.finditer(main)]
    faults += _misnamed(HIDDEN.sub("", page))
    faults += [f"spaces lost in a button: {found[0]}" for found in _WORDS_APART.finditer(page)]
    return faults + [f"English: {text}" for text in _texts(HIDDEN.sub("", page)) if _is_english(text)]


# A button is a row of its children (app.css), and the space between words and a name beside them is none of them.
_WORDS_APART = re.compile(r"<(?:button\b|a [^>]*class=[^>]*\bbtn\b)[^>]*>(?:<svg.*?</svg>)?[^<]*[^<\s][^<]* <bdi")


_NAMED = re.compile(r' (for|aria-labelledby|aria-describedby|aria-controls|list|form|href)=(?:"([^"]*)"|([^ >]+))')


def _misnamed(page: str) -> list[str]:
    """Elements of one id, and what names an element that is not there."""
    ids = Counter("".join(found) for found in re.findall(r' id=(?:"([^"]*)"|([^ >]+))', page))
    faults = [f"{times} times #{name}" for name, times in ids.items() if times > 1]
    named = {(by, name) for by, *names in _NAMED.findall(page) for name in "".join(names).split()}
    named = {(by, name.lstrip("#")) for by, name in named if by != "href" or name.startswith("#")}
    return faults + [f"{by} of no #{name}" for by, name in sorted(named) if name not in ids]


def _leads_on(main: str, where: str) -> bool:
    """Whether there is a link to another page, or something to send or to look for first; what prints, unfolds or has
    found nothing is no way on.
    """
    links = re.findall(r'<a [^>]*href="?([^" >]*)', main)
    acts = re.findall(r"<form [^>]*method=.?post.*?</form>", main, re.DOTALL)
    elsewhere = [link for link in links if html.unescape(link).partition("#")[0] not in ("", where)]
    if "q=" not in where:
        acts += re.findall(r"<form [^>]*role=.?search.*?</form>", main, re.DOTALL)
    return bool(elsewhere or any(re.search(r"<button(?![^>]*type=.?button)", act) for act in acts))


_EMPTY = re.compile(
    r"<(h[1-6]|th\b)[^>]*>\s*</(?:h[1-6]|th)>|<h([2-6])[^>]*>[^<]*</h\2>\s*(?:</section>|<h\2|</main>|$)"
)


_SAID = re.compile(r' (?:aria-label|aria-description|title|placeholder|alt|data-l)=(?:"([^"]*)"|([^ >]+))')


def _texts(page: str) -> list[str]:
    """What a page says, and what it only says aloud or in an empty field."""
    said = ["".join(found) for found in _SAID.findall(page)]
    texts = (" ".join(html.unescape(text).split()) for text in [*re.split("<[^>]*>", page), *said])
    return [text for text in texts if text]


def test_what_a_reader_hears_is_read_and_what_prints_leads_nowhere() -> None:
    assert _texts('<p title="the end"><input placeholder="Search"><svg aria-label=Menu></svg>Bonjour</p>') == [
        *("Bonjour", "the end", "Search", "Menu")
    ]
    assert not _leads_on('<button type="button" data-print>Imprimer</button><a href="#main">', "/card")
    nothing_found = '<a href="/list?q=x#main">Chercher</a><form role="search"><button>Chercher</button></form>'
    assert not _leads_on(nothing_found, "/list?q=x") and _leads_on(nothing_found, "/list")
    assert _leads_on('<a href="/">Retour</a>', "/card")
    assert _leads_on('<form method="post" action="/x"><button>Envoyer</button></form>', "/card")


def _is_english(text: str) -> bool:
    return text in _english() or bool(ENGLISH_WORDS.search(text))


@functools.cache
def _english() -> set[str]:
    with CATALOGUE.open("rb") as file:
        known = [message for message in read_po(file) if message.id and isinstance(message.id, str)]
    french = {str(message.id) for message in known}
    return {str(message.string) for message in known} - french
