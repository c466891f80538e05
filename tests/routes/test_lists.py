"""Every list that is cut says so and goes on: walked to its end by the links of its pages, and by `next`, it has each
thing once, also where three happened in the same millisecond."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape

import many
import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, IDENTIFIERS, MOUSSA, NDIAYE, SARR
from store import Clock, Store
from story import Story, StoryOnPostgreSQL
from told import Told

from fadjma.access import queries as requests
from fadjma.access import states as access
from fadjma.identity.people import Viewer
from fadjma.prescriptions import states as prescriptions

MANY = 470  # of everything: more than two pages of what has the longest
_AT_MOST = 60  # pages: no list has more


@dataclass(frozen=True)
class Listed:
    """A list, what it has of what was filled in, and what else a link's address must have to be one of its own."""

    path: str
    person: Viewer
    has: set[str]
    id: str
    link: str = "before="
    json: bool = True
    within: str = "<main"  # where on the page it begins; it ends with its element


def _of(kind: str, states: Iterable[str], every: Iterable[str], *, emergencies: int = MANY) -> set[str]:
    """The names of what is in one of these states, of which there is one after the other."""
    cycle = list(every)
    found = set()
    for index in range(MANY):
        state = cycle[index % len(cycle)]
        if state == "emergency" and index > emergencies:
            state = "expired"
        if state in states:
            found.add(many.name(kind, index))
    return found


def _requests(kind: str, *states: str) -> set[str]:
    return _of(kind, states, access.STATES, emergencies=300)


def _prescriptions(*states: str) -> set[str]:
    return _of("x", states, prescriptions.STATES)


def _of_the_pharmacy() -> set[str]:
    """Of those that no pharmacy has, only those that may be claimed."""
    cycle = len(prescriptions.STATES)
    open_to_all = {many.name("x", index) for index in range(MANY) if index // cycle % 3 == 2}
    unseen = open_to_all & _prescriptions("cancelled", "expired", "entered_in_error")
    return many.names("x", MANY) - unseen


LISTS = [
    Listed("/access-requests", AWA, many.names("q", MANY), "a patient's requests"),
    Listed("/access-requests", DIOP, many.names("g", MANY), "a doctor's requests"),
    Listed("/access-requests?place=now", AWA, _requests("q", "pending"), "to be answered", "place=now"),
    Listed(
        "/access-requests?place=flow",
        DIOP,
        _requests("g", "pending", "approved", "emergency"),
        "under way",
        "place=flow",
    ),
    Listed("/patients", DIOP, _requests("g", "approved", "emergency"), "a doctor's patients", json=False),
    Listed(
        f"/patients?q={many.PHONE[4:]}",
        DIOP,
        many.names("p", 65),
        "patients with one phone",
        "q=",
        within='id="others"',
    ),
    Listed(
        "/patients?mine=1",
        DIOP,
        {name.replace("-g", "-p") for name in _requests("g", "approved", "emergency")},
        "a doctor's own patients",
        "mine=1",
    ),
    Listed("/prescriptions", AWA, many.names("x", MANY), "a patient's prescriptions"),
    Listed("/prescriptions", DIOP, many.names("x", MANY), "a doctor's prescriptions"),
    Listed("/prescriptions", NDIAYE, _of_the_pharmacy(), "a pharmacy's prescriptions"),
    Listed("/prescriptions?place=now", AWA, _prescriptions("ready"), "to be collected", "place=now"),
    Listed(
        "/prescriptions?step=prepare", NDIAYE, _prescriptions("validated", "prepared"), "to prepare", "step=prepare"
    ),
    Listed("/prescriptions?q=cisse", DIOP, many.names("x", MANY), "by the patient's name", "q=cisse"),
    Listed("/prescriptions?patient=awa", DIOP, many.names("x", MANY), "those of a patient", "patient=awa"),
    Listed(
        "/patients/awa/records?view=history", DIOP, many.names("r", MANY), "a file", "/patients/", within='id="history"'
    ),
    Listed("/patients/awa/accesses", AWA, many.names("d", MANY), "the trace"),
    Listed("/accounts", ADMIN, many.names("w", MANY) | many.names("d", MANY) | many.names("p", MANY), "accounts"),
    Listed("/accounts?q=fatou+many", ADMIN, set(), "nobody found"),
    Listed("/sessions", AWA, many.names("s", MANY), "sessions"),
    Listed("/security-events", ADMIN, many.names("e", MANY), "security events"),
    Listed("/inventory", NDIAYE, many.names("m", many.PRODUCTS), "stock"),
    Listed("/inventory/lots/many-lot", NDIAYE, many.names("v", MANY), "movements", json=False),
    Listed("/notifications", AWA, many.names("n", MANY), "the inbox"),
]


@pytest.fixture(scope="session")
def kept() -> Iterator[sqlite3.Connection]:
    """The story with many of everything, filled in once."""
    kept = sqlite3.connect(":memory:")
    yield kept
    kept.close()


@pytest.fixture
def filled(store: Store, told: Told, kept: sqlite3.Connection, story: Story) -> Store:
    settled = story.settled if isinstance(story, StoryOnPostgreSQL) else None
    if settled and settled.has("filled"):
        settled.begin_again("filled")
        return store
    if not settled and kept.execute("SELECT 1 FROM sqlite_master").fetchone():
        kept.backup(store.connection)
        return store
    many.fill(store, MANY)
    store.connection.execute(  # thirty looks in five minutes are not enough for all of them
        "UPDATE users SET phone = '+221770000002' WHERE id LIKE 'many-p%' AND id >= ?", (many.name("p", 65),)
    )
    if settled:
        settled.keep("filled")
    else:
        store.connection.backup(kept)
    return store


def _found(text: str) -> list[str]:
    """Each thing once, in the order of the page; but for those that only a cursor names."""
    return list(dict.fromkeys(re.findall(r"many-[a-z]\d{5}", re.sub(r'before(=|%3D)[^"]*', "", text))))


def _kinds(listed: Listed) -> set[str]:
    return {name[:6] for name in listed.has}


@pytest.mark.parametrize("listed", LISTS)
async def test_by_the_links_of_its_pages(clinic: Callers, filled: Store, listed: Listed) -> None:
    """A page may have two lists (who waits, and the others): each goes on by its own link."""
    browser, kinds = clinic.browser(listed.person), _kinds(listed)
    seen: list[str] = []
    ahead, walked = [listed.path], set()
    while ahead:
        path = ahead.pop()
        walked.add(path)
        assert len(walked) < _AT_MOST, "it never ends"
        answer = await browser.get(path)
        assert answer.status == 200, path
        main = answer.text.partition("<main")[2]
        part = main if listed.within == "<main" else main.partition(listed.within)[2].partition("</ul>")[0]
        seen += [name for name in _found(part) if name[:6] in kinds]
        links = [unescape(href) for href in re.findall(r'<a href="([^"]+before=[^"]+)"', main)]
        ahead += [link for link in links if listed.link in link and link not in walked and link not in ahead]
    assert set(seen) >= listed.has
    if len(kinds) == 1:
        assert len(seen) == len(set(seen)), "nothing comes twice"


@pytest.mark.parametrize("listed", [listed for listed in LISTS if listed.json])
async def test_by_next(clinic: Callers, filled: Store, listed: Listed) -> None:
    program, kinds = clinic.program(listed.person), _kinds(listed)
    seen: list[str] = []
    following = ""
    for _ in range(_AT_MOST):
        path = f"{listed.path}{'&' if '?' in listed.path else '?'}before={following}" if following else listed.path
        answer = await program.get(path)
        for item in answer.json["items"]:
            seen += [name for name in _found(str(item)) if name[:6] in kinds][:1]
        following = answer.json.get("next", "")
        if not following:
            break
        assert answer.json["items"]
    assert not following, "it never ends"
    assert sorted(seen) == sorted(listed.has), "each once"


async def test_a_list_that_is_not_cut_says_nothing_of_more(clinic: Callers) -> None:
    for person, path in ((MOUSSA, "/access-requests"), (MOUSSA, "/prescriptions"), (ADMIN, "/accounts"),
                         (AWA, "/sessions"), (NDIAYE, "/inventory"), (AWA, "/patients/awa/records"),
                         (DIOP, f"/patients?q={IDENTIFIERS[AWA.id]}"), (DIOP, "/medicines?q=para")):  # fmt: skip
        assert "next" not in (await clinic.program(person).get(path)).json, path
        assert "before=" not in (await clinic.browser(person).get(path)).text.partition("<main")[2], path


async def test_medicines_say_that_there_are_more(clinic: Callers, filled: Store) -> None:
    suggested = (await clinic.htmx(DIOP).get("/medicines?q=many")).text
    assert len(_found(suggested)) == 8 and "D'autres médicaments correspondent" in suggested
    one = (await clinic.htmx(DIOP).get("/medicines?q=insuline")).text
    assert "D'autres" not in one
    first = (await clinic.program(DIOP).get("/medicines?q=many")).json
    second = (await clinic.program(DIOP).get(f"/medicines?q=many&before={first['next']}")).json
    ids = [item["id"] for page in (first, second) for item in page["items"]]
    assert len(set(ids)) == 16


class TestTheFirstPage:
    """What needs somebody now is never pushed out by what is over; of what there is no room for, it says how much."""

    async def test_of_a_pharmacist_has_an_old_prescription_to_validate(
        self, clinic: Callers, store: Store, told: Told, clock: Clock
    ) -> None:
        store.connection.executemany(
            "INSERT INTO prescriptions (id, patient_id, prescriber_id, pharmacy_id, status, issued_at, valid_until, "
            "updated_at) VALUES (?, 'moussa', 'diop', 'pharmacy-jamm', 'delivered', ?, ?, ?)",
            [(many.name("z", n), clock.now, clock.now + 10**9, clock.now + n) for n in range(500)],
        )
        page = (await clinic.browser(NDIAYE).get("/")).text
        now = page.partition('<ul id="now"')[2].partition("</ul>")[0]
        assert {told.issued, told.open} <= set(re.findall(r"/prescriptions/([^ >\"]+)", now))

    async def test_of_a_patient_has_an_old_request_to_answer(
        self, clinic: Callers, store: Store, told: Told, clock: Clock
    ) -> None:
        store.connection.executemany(
            "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, created_at, lapses_at) "
            "VALUES (?, 'awa', 'diop', 'withdrawn', 'Suivi', ?, ?)",
            [(many.name("z", n), clock.now + n, clock.now) for n in range(500)],
        )
        page = (await clinic.browser(AWA).get("/")).text
        assert f"/access-requests/{told.pending}" in page.partition('<ul id="now"')[2].partition("</ul>")[0]

    async def test_of_a_doctor_keeps_a_grant_of_months_ago_among_the_patients(
        self, clinic: Callers, store: Store, told: Told, clock: Clock
    ) -> None:
        store.connection.executemany(
            "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, created_at, lapses_at) "
            "VALUES (?, 'moussa', 'diop', 'withdrawn', 'Suivi', ?, ?)",
            [(many.name("z", n), clock.now + n, clock.now) for n in range(600)],
        )
        for path in ("/patients", f"/patients?q={IDENTIFIERS[AWA.id]}"):
            assert 'href="/patients/awa/records"' in (await clinic.browser(DIOP).get(path)).text.replace(
                "href=/patients/awa/records", 'href="/patients/awa/records"'
            )

    async def test_says_how_many_more_there_are_and_where(self, clinic: Callers, filled: Store) -> None:
        page = (await clinic.browser(DIOP).get("/")).text
        assert len(_requests("g", "pending", "approved", "emergency")) > 8 + 99
        more = '<a href="/access-requests?place=flow" class="more">Et plus de 99 autres demandes d\'accès</a>'
        assert more in page.replace("&#39;", "'")
        under_way = len(_requests("g", "approved", "emergency"))
        theirs = (await clinic.browser(AWA).get("/")).text
        counted = re.search(r'<a href="/access-requests\?place=flow" class="more">Et (\d+) autres demandes', theirs)
        assert counted and under_way <= int(counted[1]) + 60 <= under_way + 3, "those of the story are there too"
        assert '<a href="/prescriptions?place=rest" class="more">Ordonnances passées</a>' in page
        waiting = re.search(r">Et (\d+) autres comptes à vérifier<", (await clinic.browser(ADMIN).get("/")).text)
        assert waiting and int(waiting[1]) + 50 == MANY + 1

    def test_what_it_shows_elsewhere_is_neither_listed_nor_counted(self, filled: Store) -> None:
        def under_way(size: int, *without: str) -> tuple[list[str], int]:
            page = filled.read(requests.access_requests, DIOP, place="flow", limit=size, without=without)
            return [item.id for item in page], filled.read(requests.count_beyond, DIOP, "flow", page, without)

        everything, _ = under_way(10 * MANY)
        shown, more = under_way(len(everything) - 20)
        assert more == 20
        assert under_way(len(shown), everything[0], everything[-1]) == (everything[1 : len(shown) + 1], 18)

    async def test_says_nothing_of_more_where_everything_is_there(self, clinic: Callers) -> None:
        for person in (AWA, DIOP, NDIAYE, ADMIN):
            assert "Et " not in (await clinic.browser(person).get("/")).text.partition("<main")[2]


async def test_a_place_that_is_none_is_all_of_them_to_a_person(clinic: Callers, told: Told) -> None:
    """To a program it is refused: test_asked_in_the_address.py."""
    browser = clinic.browser(AWA)
    whole, elsewhere = [
        re.findall(r'href="?/prescriptions/[^">]+', (await browser.get(path)).text)
        for path in ("/prescriptions", "/prescriptions?place=elsewhere")
    ]
    assert elsewhere == whole != []


async def test_the_places_of_a_list_are_all_of_it(clinic: Callers, told: Told) -> None:
    for person in (AWA, DIOP, NDIAYE):
        for path in ("/prescriptions", "/access-requests"):
            program = clinic.program(person)
            whole = [item["id"] for item in (await program.get(path)).json["items"]]
            parts = [
                item["id"]
                for place in prescriptions.PLACES
                for item in (await program.get(f"{path}?place={place}")).json["items"]
            ]
            assert sorted(parts) == sorted(whole), (person.id, path)


async def test_the_prescriptions_of_a_patient_are_a_part_of_the_file(clinic: Callers, store: Store, told: Told) -> None:
    before = store.audit()
    mine = (await clinic.program(DIOP).get("/prescriptions?patient=awa")).json["items"]
    assert told.issued in [item["id"] for item in mine]
    assert store.audit()[len(before) :] == [(DIOP.id, "file.read", "success")]
    (await clinic.program(SARR).get("/prescriptions?patient=awa")).problem(404)
    for person in (MOUSSA, NDIAYE, ADMIN):
        (await clinic.program(person).get("/prescriptions?patient=awa")).problem(403)
