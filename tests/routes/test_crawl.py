"""Everybody follows every address that their pages, fragments and JSON show; then everybody asks for everybody else's.

Whoever is not party gets what they would get for something that does not exist, and reads nothing of it.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any
from urllib.parse import parse_qs

import pytest
import pytest_asyncio
import steps
from callers import HTML, OWN_PAGE, Answer, Caller, Callers
from cast import ADMIN, AWA, CAST, DIOP, FALL, GOMIS, IDENTIFIERS, KADD, MOUSSA, NDIAYE, PARACETAMOL, PHONES, SARR
from quart import Quart
from reading import faults
from store import Store
from told import BODY, REASON, TITLE, UNKNOWN, Told

from fadjma.accounts import actions as accounts
from fadjma.identity import credentials
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import dispensing
from fadjma.prescriptions.actions import NewLine
from fadjma.records import actions as records

LINKS = re.compile(r"""[\s"'](?:href|action|hx-[a-z]+|data-[a-z]+)=["']?(/[^"'\s>]*)""")
POSTS = re.compile(
    r"""<form [^>]*method=["']?post["']? [^>]*action=["']?(/[^"'\s>]*)|"""
    r"""(?:data-options|data-send)=["']?(/[^"'\s>]*)"""
)
KEY = re.compile(r'name="key" value="[^"]*"')
ROW_OF = re.compile(r"/(records|prescriptions)/(?!steps$)[^/?]+")
SUBJECTS = {
    "access_request": "/access-requests/{}",
    "prescription": "/prescriptions/{}",
    "record": "/records/{}",
    "patient": "/patients/{}/records",
}
FIRST = ("/", "/me", "/notifications/poll?after=0", "/sign-in", "/register", "/register/practitioner")
LIMIT = 200  # addresses of one person
WAYS: dict[str, dict[str, str]] = {
    "page": {"Accept": HTML},
    "fragment": {"Accept": "*/*", "HX-Request": "true"},
    "json": {"Accept": "application/json"},
}
NO_ACT_ON_ANYTHING = (
    "/sign-out",
    "/language",
    "/sign-in",
    "/register",
    "/register/practitioner",
    "/notifications/read",
    "/activation",
    "/password",
    "/sessions/end",
    "/accounts",
)
# What is shown to whoever of this role knows the id: a doctor has found it by identifier or telephone.
BY_ID = {"/access-requests/new": ("doctor",), "/patients/<id>/card": ("receptionist",)}
OF_AN_INBOX = re.compile(r"/notifications/\d+/read(\?.*)?")
ONCE_CLAIMED = re.compile("(/prescriptions/[^/]+)/paper")  # 403 to a pharmacy that sees only that there is one
OF_A_PATIENT = re.compile("/patients/[^/]+")
EVERYBODYS = "/organizations/"  # clinics and pharmacies, to whoever is signed in
MOUSSAS = {"title": "Asthme à l'effort", "body": "Salbutamol avant le sport.", "reason": "Ne répond plus au téléphone"}
WORDS = {  # that those who are not party never read, by whose they are
    "awa": (AWA.name, AWA.family_name, IDENTIFIERS["awa"], PHONES["awa"][4:], TITLE, BODY, REASON, "Médina"),
    "moussa": (MOUSSA.name, MOUSSA.family_name, IDENTIFIERS["moussa"], PHONES["moussa"][4:], *MOUSSAS.values()),
    "fall": ("KADD-77",),
    "ndiaye": ("JAMM-77",),
    "sessions": ("10.9.9.9", "10.8.8.8", "Konqueror", "Lynx (text)"),
}


@dataclass
class Visit:
    """Somebody who asks, what they have found, and all that they have read."""

    id: str
    role: str
    headers: dict[str, str]
    app: Quart
    found: set[str] = field(default_factory=set)
    acts: set[str] = field(default_factory=set)
    read: list[str] = field(default_factory=list)
    reads_badly: list[tuple[str, str]] = field(default_factory=list)  # where, what

    async def ask(self, method: str, where: str, way: str) -> Answer:
        caller = Caller(self.app, {**OWN_PAGE, **self.headers, **WAYS[way]})
        return await caller.ask(method, where, {} if method == "POST" else None)

    async def crawl(self, turns: Counter[str], every_way: bool) -> None:
        """Every address as a page; the first two of each kind in another form, too: what a form says of a thing is one
        function's answer, and so the same of the third."""
        waiting = list(FIRST)
        self.found.update(FIRST)
        met: Counter[str] = Counter()
        while waiting:
            here = waiting.pop(0)
            kind = _kind(self.app, here)
            met[kind] += 1
            also = _ways(turns, kind, every_way, "fragment", "json") if every_way or met[kind] <= 2 else ()
            for way in ("page", *also):
                answer = await self.ask("GET", here, way)
                assert answer.status < 400 or (self.role == "nobody" and answer.status == 401), (self.id, here, way)
                self.read.append(answer.text)
                if way == "page" and answer.status == 200 and "html" in answer.type:
                    self.reads_badly += [(here, fault) for fault in faults(answer.text)]
                self.acts.update(found.replace("&amp;", "&") for pair in POSTS.findall(answer.text) for found in pair)
                new = [link for link in _addresses(answer) if link not in self.found | self.acts]
                self.found.update(new)
                waiting += new
            assert len(self.found) < LIMIT
        self.acts -= {"", *NO_ACT_ON_ANYTHING}

    def knows(self, word: str) -> bool:
        return any(word in text for text in self.read)


_MADE = re.compile(r"/exports/[^/]+/content")  # the story has the line alone; test_taken_away.py has a file made


def _addresses(answer: Answer) -> list[str]:
    if "json" in answer.type:
        subjects = answer.json.get("events", []) + answer.json.get("items", [])
        named = [item["subject"] for item in subjects if "subject" in item]
        return [SUBJECTS[one["kind"]].format(one["id"]) for one in named if one["kind"] in SUBJECTS]
    found = [link.replace("&amp;", "&").partition("#")[0] for link in LINKS.findall(answer.text)]
    found = [link for link in found if not _MADE.fullmatch(link)]
    found = [link for link in found if not link.endswith("format=xlsx")]  # a workbook, which is no text
    rows = [f"{link}/row" for link in found if ROW_OF.fullmatch(link)]  # static/page.js asks for these
    return [link for link in dict.fromkeys(found + rows) if link and not link.startswith("/static")]


@pytest.fixture
def second(store: Store, told: Told) -> str:
    """The others have something of their own: Moussa with Dr Sarr and Mme Fall, and a second admin, whose id it is."""
    steps.grant(store, SARR, MOUSSA)
    record = {"type": "consultation", "title": MOUSSAS["title"], "body": MOUSSAS["body"]}
    store.write(records.create, SARR, MOUSSA.id, **record, occurred_on=steps.in_days(store, 0))
    steps.receive(store, 50, number="JAMM-77")
    steps.receive(store, 50, number="KADD-77", pharmacist=FALL)
    lines = [NewLine(PARACETAMOL, "1 comprimé", 10, 5)]
    for _ in range(2):
        issued = store.write(prescriptions.issue, SARR, MOUSSA.id, lines=lines, pharmacy_id=KADD)
    store.write(dispensing.validate, FALL, issued)
    store.write(dispensing.hold, FALL, issued, reason=MOUSSAS["reason"])
    person = NewPerson(given_name="Coumba", family_name="Lô", email="lo@exemple.sn", phone=None, password_hash="none")
    admin = store.write(accounts.create_admin, person)
    for whose, agent in ((DIOP.id, "Konqueror"), (admin, "Lynx (text)")):
        store.write(accounts.start_session, whose, kind="browser", address="10.8.8.8", agent=agent)
    return admin


@pytest_asyncio.fixture(loop_scope="session")
async def visits(app: Quart, store: Store, second: str, every_way: bool) -> AsyncIterator[list[Visit]]:
    clinic = Callers(app)
    people = [Visit(person.id, person.role, clinic.cookie(person), app) for person in CAST]
    secret = store.write(accounts.start_session, second, kind="browser", address="10.8.8.8", agent="Links")
    token = credentials.cookies.dump_token(secret, app)
    people.append(Visit(second, "admin", {"Cookie": f"{credentials.COOKIE}={token}"}, app))
    people.append(Visit("nobody", "nobody", {}, app))
    turns: Counter[str] = Counter()
    for visit in people:
        await visit.crawl(turns, every_way)
    yield people


async def test_nobody_gets_anything_of_what_the_pages_of_others_lead_to(
    visits: list[Visit], app: Quart, store: Store, told: Told, every_way: bool
) -> None:
    _has_found_enough({visit.id: visit for visit in visits})
    assert [(visit.id, *fault) for visit in visits for fault in visit.reads_badly] == []
    before = store.content(readings=False)
    asked = 0
    turns: Counter[str] = Counter()
    for visit in visits:
        nothing: dict[tuple[str, str, str], Answer] = {}
        for method, where in _of_others(app, visit, visits, turns, every_way):
            unknown = _unknown(app, visit, method, where)
            for way in ("page",) if method == "POST" else _ways(turns, _kind(app, where), every_way, "page", "json"):
                answer = await visit.ask(method, where, way)
                asked += 1
                assert answer.status < 500, (visit.id, method, where, way)
                if visit.role in BY_ID.get(OF_A_PATIENT.sub("/patients/<id>", where.partition("?")[0]), ()):
                    continue  # whoever has the id has found the patient, and asking is traced
                _tells_nothing(visit, answer, (method, where, way))
                if unknown is None:
                    continue
                if (method, unknown, way) not in nothing:
                    nothing[method, unknown, way] = await visit.ask(method, unknown, way)
                if method == "POST" and where.rpartition("/")[0] in visit.found:
                    continue  # they may see it, and not do this
                if _is_to_be_claimed(visit, where):
                    assert answer.status == 403, (visit.id, where)
                    continue
                if visit.role != "nobody" and where.startswith(EVERYBODYS):
                    continue
                _is_the_same(visit, answer, nothing[method, unknown, way], (method, where, way))
    assert asked > 1_500
    assert store.content(readings=False) == before


def _ways(turns: Counter[str], kind: str, every_way: bool, *ways: str) -> tuple[str, ...]:
    """Each kind of address by turns in both ways: these are two forms of what one function answers about the thing, and
    which thing it is has been found by then."""
    turns[kind] += 1
    return ways if every_way else (ways[turns[kind] % 2],)


def _kind(app: Quart, where: str, method: str = "GET") -> str:
    """Which function answers there, and the names of what it is asked."""
    path, _, query = where.partition("?")
    endpoint, _ = app.url_map.bind("clinic.test").match(path, method=method)
    return f"{method} {endpoint}?{sorted(parse_qs(query, keep_blank_values=True))}"


def _of_others(
    app: Quart, visit: Visit, visits: list[Visit], turns: Counter[str], every_way: bool
) -> list[tuple[str, str]]:
    pages = {("GET", where) for other in visits for where in other.found} - {("GET", where) for where in visit.found}
    acts = {("POST", where) for other in visits for where in other.acts} - {("POST", where) for where in visit.acts}
    desks = {("receptionist", "/proxies/")}  # who acts for whom, by its id: shown, and ended; traced
    # Of the inbox each has a line 7 of their own.
    asked = sorted((method, where) for method, where in pages | acts if not OF_AN_INBOX.fullmatch(where))
    asked = [(method, where) for method, where in asked if (visit.role, where[:9]) not in desks]
    return asked if every_way else list(_some_of_each(app, visits, turns, asked))


def _some_of_each(
    app: Quart, visits: list[Visit], turns: Counter[str], asked: list[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """One of the addresses that a function answers to the same people: what others get for a second, they get for it.
    Of acts one by whomever it may be done, for every third of those who may not, by turns: test_strangers.py tries each
    act with all of them."""
    tried: set[tuple[str, ...]] = set()
    for method, where in asked:
        theirs = [visit.id for visit in visits if where in visit.found] if method == "GET" else []
        alike = (kind := _kind(app, where, method), *theirs)
        if alike in tried:
            continue
        tried.add(alike)
        if method == "POST":
            turns[kind] += 1
        if method == "GET" or turns[kind] % 3 == 1:
            yield method, where


def _is_to_be_claimed(visit: Visit, where: str) -> bool:
    """Whether it is a page of a prescription that this pharmacist may see is open to all, and take."""
    printed = ONCE_CLAIMED.fullmatch(where.partition("?")[0])
    return visit.role == "pharmacist" and printed is not None and f"{printed[1]}/validation" in visit.acts


def _unknown(app: Quart, visit: Visit, method: str, where: str) -> str | None:
    """The same address of nothing; None when it names nothing, or whoever asks."""
    path, _, query = where.partition("?")
    adapter = app.url_map.bind("clinic.test")
    rule, arguments = adapter.match(path, method=method, return_rule=True)
    if visit.id in arguments.values() or (not arguments and "patient=" not in query):
        return None
    built = adapter.build(rule.endpoint, dict.fromkeys(arguments, UNKNOWN), method=method)
    return built + (f"?patient={UNKNOWN}" if "patient=" in query else "")


def _tells_nothing(visit: Visit, answer: Answer, asked: Any) -> None:
    text = KEY.sub("", answer.text)  # a fresh key may spell anything
    for words in WORDS.values():
        for word in words:
            assert word not in text or visit.knows(word), (visit.id, asked, word)


def _is_the_same(visit: Visit, answer: Answer, nothing: Answer, asked: Any) -> None:
    assert answer.status in (303, 401, 403, 404, 422), (visit.id, asked, answer.status)
    assert answer.status == nothing.status, (visit.id, asked, answer.status, nothing.status)
    if answer.status == 303:  # to sign in, and back to what was asked for
        assert answer.location.startswith("/sign-in")
        return
    assert _plain(answer, asked) == _plain(nothing, asked), (visit.id, asked)
    assert sorted(answer.headers.keys()) == sorted(nothing.headers.keys())


def _plain(answer: Answer, asked: Any) -> str:
    """An answer may say where it is: that is no answer."""
    here = re.compile(r'(name="next" value=")[^"]*|(name="key" value=")[^"]*|( aria-current="page")')
    ids = [part for part in re.split(r"[/?=&]", asked[1]) if re.search(r"\d", part) or part in ("awa", "moussa")]
    return reduce(lambda text, id: text.replace(id, UNKNOWN), ids, here.sub("", answer.text))


def _has_found_enough(by_id: dict[str, Visit]) -> None:
    """Pages that show no links would hide everything."""
    expected: dict[str, tuple[Viewer, ...]] = {
        "/patients/": (AWA, MOUSSA, DIOP, SARR),
        "/access-requests/": (AWA, MOUSSA, DIOP, SARR),
        "/records/": (AWA, MOUSSA, DIOP, SARR),
        "/prescriptions/": (AWA, MOUSSA, DIOP, SARR, NDIAYE, GOMIS, FALL),
        "/inventory/lots/": (NDIAYE, GOMIS, FALL),
        "/accounts": (ADMIN,),
    }
    for beginning, people in expected.items():
        for person in people:
            assert any(where.startswith(beginning) for where in by_id[person.id].found), (person.id, beginning)
    for person in (AWA, MOUSSA, DIOP, SARR, NDIAYE, GOMIS, FALL, ADMIN):
        assert by_id[person.id].acts, person.id
    known: Callable[[str, str], bool] = lambda who, word: by_id[who].knows(word)  # noqa: E731
    assert known("awa", TITLE)
    assert known("moussa", MOUSSAS["title"])
    assert known("ndiaye", "JAMM-77")
    assert known("fall", "KADD-77")
    assert not known("nobody", "Cissé")
