"""What people have typed stands isolated beside words of ours: a name whose letters run to the left draws the age, the
date or the next name on no other side (HTML, `bdi` and `dir=auto`)."""

import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import pytest
from callers import Answer, Callers
from cast import ADMIN, AWA, CAST, DIOP, NDIAYE, SARR
from store import Store
from told import ACTS, READS, Route, Told

from fadjma.prescriptions import dispensing
from fadjma.records import actions as records
from fadjma.web.templating import environment

TEMPLATES = Path(__file__).parents[2] / "templates"
ARABIC = "محمد ولد أحمد"
TO_THE_LEFT = re.compile(r"[\u0590-\u08ff]")
# Elements without text of their own direction: their content is no HTML, or is not drawn in the page.
NO_LINE = {"option", "textarea", "title"}
VOID = {"br", "input", "link", "meta"}
# Optional end tags (HTML, 13.1.2.4): what the start of one of these closes.
ENDED_BY = {"li": {"li"}, "option": {"option"}, "p": {"p"}, "dt": {"dt", "dd"}, "dd": {"dt", "dd"}}


class Placed(HTMLParser):
    """Every piece of text with the elements that it stands in, as (tag, attributes)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.found: list[tuple[str, list[tuple[str, dict[str, str | None]]]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._open and self._open[-1][0] in ENDED_BY.get(tag, ()):
            self._open.pop()
        if tag not in VOID:
            self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        places = [place for place, (name, _) in enumerate(self._open) if name == tag]
        if places:
            del self._open[places[-1] :]

    def handle_data(self, data: str) -> None:
        self.found.append((data.strip(), list(self._open)))


def _isolated(within: list[tuple[str, dict[str, str | None]]]) -> bool:
    return any(tag == "bdi" or tag in NO_LINE or attributes.get("dir") == "auto" for tag, attributes in within)


def bare(html: str) -> list[str]:
    """What would move its neighbours."""
    return [text for text, within in Placed(html).found if TO_THE_LEFT.search(text) and not _isolated(within)]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (f"<p>{ARABIC}, 34 ans", [f"{ARABIC}, 34 ans"]),
        (f"<p><b>{ARABIC}</b> 34 ans", [ARABIC]),
        (f"<p><b><bdi>{ARABIC}</bdi></b> 34 ans", []),
        (f"<q dir=auto>{ARABIC}</q> <b>{ARABIC}</b>", [ARABIC]),
        (f"<li><bdi>x</bdi><li>{ARABIC}", [ARABIC]),
        (f"<option>{ARABIC}<option>{ARABIC}", []),
    ],
)
def test_what_stands_bare_is_found(html: str, found: list[str]) -> None:
    assert bare(html) == found


@pytest.fixture
def arabic(store: Store, told: Told) -> Store:
    """Everything that anybody types is written from right to left, everywhere in the story."""
    write = store.connection.execute
    store.write(records.amend, DIOP, told.record, version=1, title=ARABIC, body=ARABIC, reason=ARABIC)
    written = {"type": "allergy", "title": ARABIC, "body": ARABIC, "occurred_on": "2026-03-02"}
    store.write(records.create, DIOP, AWA.id, **written)
    store.write(dispensing.hold, NDIAYE, told.validated, reason=ARABIC)
    for name in store.triggers():
        store.without(name)  # what is never changed is changed here; the story begins again after this test
    for table, columns in TYPED.items():
        write(f"UPDATE {table} SET {', '.join(f'{column} = :typed' for column in columns)}", {"typed": ARABIC})
    write("UPDATE access_requests SET decision_reason = ? WHERE status <> 'pending'", (ARABIC,))
    write("UPDATE movements SET reason = ?", (ARABIC,))
    write("UPDATE prescriptions SET status_reason = ? WHERE status_reason <> ''", (ARABIC,))
    return store


NO_PAGES = ("/me", "poll?after=0")
# Tables and the columns in which people's own words stand.
TYPED = {
    "users": ("given_name", "family_name"),
    "practitioners": ("specialty",),
    "organizations": ("name", "city"),
    "medicines": ("form", "strength"),
    "access_requests": ("reason",),
    "record_versions": ("title", "body"),
    "prescription_lines": ("dosage", "substitution_reason"),
    "prescription_acts": ("reason",),
    "delivery_requests": ("address",),
    "renewals": ("note",),
    "sessions": ("agent",),
}


async def _pages(clinic: Callers, told: Told) -> dict[str, Answer]:
    """Every page of everybody who may see it."""
    more = [Route("/access-requests/{granted}", AWA, allowed=(DIOP,)), Route("/prescriptions/{validated}", NDIAYE)]
    more += [Route(f"/prescriptions/{{{step}}}", NDIAYE, allowed=(AWA, DIOP)) for step in ("refused", "away", "issued")]
    found = {}
    for route in READS + more:
        for person in CAST:
            if route.may(person) and not route.path.endswith(NO_PAGES):
                found[f"{route.path} {person.id}"] = await clinic.browser(person).get(route.at(told))
    return found


async def test_nothing_that_people_have_typed_stands_bare_on_any_page(
    clinic: Callers, told: Told, arabic: Store
) -> None:
    seen = 0
    for where, answer in (await _pages(clinic, told)).items():
        assert answer.status == 200, where
        assert bare(answer.text) == [], where
        seen += bool(TO_THE_LEFT.search(answer.text))
    assert seen > 50


@pytest.mark.sqlite_only
async def test_nor_on_a_form_that_comes_back(clinic: Callers, told: Told, arabic: Store) -> None:
    as_told = sqlite3.connect(":memory:")
    arabic.connection.backup(as_told)
    came_back = 0
    for route in ACTS:
        if not route.body:
            continue
        wrong = {**route.body, **{name: ARABIC for name, value in route.body.items() if value != ""}}
        answer = await clinic.browser(route.who).post(route.at(told), wrong)
        assert answer.status in (200, 303, 404, 409, 422), route.path
        assert bare(answer.text) == [], route.path
        came_back += answer.status == 422
        if answer.status in (200, 303):  # it was taken: the next one finds what this one found
            as_told.backup(arabic.connection)
    as_told.close()
    assert came_back > 50


async def test_nor_in_what_is_pushed(clinic: Callers, told: Told, arabic: Store) -> None:
    """Rows come to every role as the page shows them; here by polling."""
    shown = ""
    for person in (AWA, DIOP, SARR, NDIAYE, ADMIN):
        told_so_far = arabic.value("SELECT last_seq FROM inboxes WHERE user_id = ?", person.id)
        after = max(0, told_so_far - 40)  # of more it is told to begin anew
        answer = await clinic.browser(person).get(f"/notifications/poll?after={after}", Accept="text/event-stream")
        pushed = re.sub("^data: ", "", answer.text, flags=re.MULTILINE)
        assert bare(pushed) == []
        shown += pushed
    for prefix in "apru":
        assert re.search(rf"<li id={prefix}\w+[^>]*>(?!<li).*<bdi>{ARABIC}", shown), prefix


# --- every template -----------------------------------------------------------------------------------------

# Attributes of what templates show that hold people's own words.
OWN_WORDS = re.compile(
    r"\.(name|given_name|family_name|greeting|who|doctor_name|prescriber_name|author_name|specialty|organization|place|"
    r"prescriber_specialty|prescriber_place|pharmacy|title|body|reason|decision_reason|reason_text|dosage|dci|city|"
    r"substitution_reason|number|delivery\.address|licence_number|account|device)\b"
)
# Names of fields, figures, what is asked about a scanned number, and macros: those show what they are given
# in templates of their own.
OURS = re.compile(
    r"^ *ui\..*|plot\.title|words\.(?:number|title)\b|asked\.number|seal\.number|\bfield\.name|line\.\w+\.name",
    re.DOTALL,
)


def _shown_bare(source: str) -> list[str]:
    """The expressions of a template that show people's own words in a line of others, without `bdi`."""
    html, expression, shown = "", "", []
    inside = False
    for _, kind, value in environment("fr").lex(source):
        if kind == "variable_begin":
            inside, expression = True, ""
        elif kind == "variable_end":
            shown.append(expression)
            html += f"\x00{len(shown) - 1}\x00"
            inside = False
        elif inside:
            expression += value
        elif kind == "data":
            html += value
    found = []
    for text, within in Placed(html).found:
        for number in re.findall("\x00(\\d+)\x00", text):
            said = shown[int(number)]
            if (
                OWN_WORDS.search(OURS.sub("", said))
                and not re.search("bdi|[|]titled[(]", said)
                and not _isolated(within)
            ):
                found.append(said.strip())
    return found


@pytest.mark.parametrize(
    "template",
    sorted(TEMPLATES.rglob("*.html")),
    ids=lambda path: path.relative_to(TEMPLATES).as_posix(),
)
def test_every_template_isolates_peoples_own_words(template: Path) -> None:
    assert _shown_bare(template.read_text(encoding="utf-8")) == []


def test_a_bare_name_in_a_template_is_found() -> None:
    assert _shown_bare('<p>Dr {{ item.doctor_name }}, {{ _("par %(x)s", x=a.name) }}') != []
    assert (
        _shown_bare('<p>Dr {{ item.doctor_name|bdi }}<q dir="auto">{{ a.reason }}</q><input value="{{ a.name }}">')
        == []
    )
