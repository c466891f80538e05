"""What a page over 2G pays for our scripts, and what they may use: browsers of clinics are old."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, NDIAYE
from told import Told

from fadjma.identity.people import Viewer
from fadjma.web import assets

KB = 1024
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(assets._STATIC.glob("*.js"))}
SERVED = sorted(name for name in assets._assets("fr") if name.endswith(".js") and "htmx" not in name)
AT_NEED = [
    "begun.js",
    "saving.js",
    "answered.js",
    "found.js",
    "proposals.js",
    "suggestions.js",
    "scan.js",
    "beside.js",
    "keys.js",
    "later.js",
    "papers.js",
    "parts.js",
    "held.js",
    "reset.js",
    "turns.js",
]  # asked for by a script, at the moment that needs it
# Newer than Chrome 80 and Firefox 78, the oldest browsers that we know of in clinics.
TOO_NEW = (
    r"\?\?=|\|\|=|&&=|[.,{\s]#\w|\bstatic\s*\{|\.(at|replaceAll|replaceChildren|findLast|toSorted|hasOwn)\(|"
    r"\bstructuredClone\b|AbortSignal\.(timeout|any)|\bimport\.meta\b|^(await|for await)\b|\d_\d|\bat\(-"
)


def own(page: str) -> dict[str, str]:
    """The scripts of ours that a page asks for, by name, each with its address."""
    addresses = re.findall(r'<script [^>]*src="([^"]+)"', page)
    return {name: address for address in addresses if (name := address.rpartition("/")[2]) in SERVED}


def packed(name: str) -> int:
    return len(assets._assets("fr")[name].compressed["br"])


@pytest.mark.parametrize("person", [AWA, DIOP, NDIAYE, ADMIN], ids=lambda person: person.role)
async def test_a_dashboard_asks_for_no_more_than_six_kilobytes(clinic: Callers, person: Viewer) -> None:
    """Of ours, until somebody does something there; test_demo_pages.py holds the whole visit."""
    asked = own((await clinic.browser(person).get("/")).text)
    assert list(asked) == ["fadjma.js"]
    assert packed("fadjma.js") + packed("beside.js") <= 6 * KB, "which a pharmacist's fetches once it is there"
    assert packed("later.js") + packed("answered.js") <= 2.1 * KB, "what comes when somebody comes to a form"


@pytest.mark.parametrize(
    ("person", "where"),
    [
        (None, "/sign-in"),
        (AWA, "/second-factor"),
        (DIOP, "/patients/awa/records/new"),
        (DIOP, "/second-factor"),
        (NDIAYE, "/inventory/lots/new"),
        (NDIAYE, "/prescriptions"),
        (DIOP, "/patients/awa/prescriptions/new"),
        (DIOP, "/patients/awa/papers/new"),
        (AWA, "/patients/awa/papers/new"),
        (AWA, "/patients/awa/file"),
    ],
)
async def test_no_page_asks_for_more_than_nine_kilobytes(clinic: Callers, person: Viewer | None, where: str) -> None:
    page = (await (clinic.browser(person) if person else clinic.nobody()).get(where)).text
    assert "fadjma.js" in own(page)
    assert sum(map(packed, fetched(page))) <= 9 * KB


async def test_what_is_seldom_needed_comes_when_it_is(clinic: Callers, told: Told) -> None:
    """docs/design.md: what shows and chooses medicines comes with the first letter, what sends a paper once it is
    chosen.
    """
    paper = (await clinic.browser(DIOP).get("/patients/awa/papers/new")).text
    assert "papers.js" in fetched(paper)
    new = (await clinic.browser(DIOP).get("/patients/awa/prescriptions/new")).text
    assert sorted(own(new)) == ["combobox.js", "drafts.js", "fadjma.js", "later.js"]
    page = (await clinic.browser(NDIAYE).get(f"/prescriptions/{told.ready}")).text
    assert "beside.js" in fetched(page) and sum(map(packed, fetched(page))) <= 9 * KB


def fetched(page: str) -> list[str]:
    """All that it fetches by itself, at once or as soon as it is there."""
    found = [*own(page)]
    if 'id="paper"' in page:
        found.append("papers.js")
    if 'id="on"' in page:
        found += ["beside.js"]
    return found


async def test_a_page_asks_for_every_script_at_once(clinic: Callers) -> None:
    """What only another script asked for would come a round trip later; those of AT_NEED may."""
    browser = clinic.browser(DIOP)
    asked = own("".join([(await browser.get(where)).text for where in ("/second-factor", "/patients/awa/records/new")]))
    elsewhere = ["locked.js", "offline.js", "combobox.js", "worker.js", *AT_NEED]
    assert "later.js" in asked, "it must be there when there is no link"
    assert sorted({*asked, *elsewhere}) == SERVED
    for name in asked:
        served = assets._assets("fr")[name].body.decode()
        assert set(re.findall(r" from '([^']+)'", served)) <= set(asked.values()), name
        assert {address.rpartition("/")[2] for address in re.findall(r"\('([^']+\.js)'", served)} <= {*AT_NEED}, name


def test_all_scripts_have_one_version_which_changes_with_any() -> None:
    assert len({assets._assets("fr")[name].version for name in SERVED}) == 1
    sources = {name: body.encode() for name, body in SOURCES.items()}
    before = assets._scripts(sources)
    after = assets._scripts({**sources, "later.js": sources["later.js"] + b"// and more"})
    assert before["keys.js"].body != after["keys.js"].body, "it asks for the others by another address"


def test_a_script_speaks_the_language_of_its_page_and_has_an_address_for_each() -> None:
    french, english = (assets._assets(language)["later.js"] for language in ("fr", "en"))
    assert "const AGAIN='Pas de réponse du serveur." in french.body.decode()
    assert "const AGAIN='No answer from the server." in english.body.decode()
    assert french.version != english.version
    assert b"_(" not in b"".join(assets._assets("en")[name].body for name in SERVED)
    assert assets.in_words(b"""a(_("l'un"), _('b'))""", "fr") == rb"a('l\'un', 'b')"


async def test_an_old_script_is_answered_by_the_new_one_in_the_readers_language(clinic: Callers) -> None:
    answer = await clinic.nobody().get("/static/00000000/later.js", Accept_Language="en")
    assert "No answer from the server" in answer.text


async def test_to_an_old_page_a_new_script_asks_for_others_by_the_addresses_that_it_has(clinic: Callers) -> None:
    """By addresses of its own they would be there twice, and send everything twice."""
    now = assets._assets("fr")["later.js"]
    answer = await clinic.nobody().get("/static/0a1b2c3d/later.js")
    asked = set(re.findall(r"'(/static/[^']+)'", answer.text))
    assert {address.rpartition("/")[0] for address in asked} == {"/static/0a1b2c3d"} and len(asked) > 1
    assert answer.text.replace("0a1b2c3d", now.version).encode() == now.body
    assert answer.headers["Cache-Control"] == "no-cache"
    packed = await clinic.nobody().get("/static/0a1b2c3d/later.js", Accept_Encoding="br, gzip")
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.body) == answer.body


@pytest.mark.parametrize("version", ["';alert(1)", "0A1B2C3D", "0a1b2c3d0", "%0a"])
async def test_what_is_no_version_stands_in_no_script(clinic: Callers, version: str) -> None:
    answer = await clinic.nobody().get(f"/static/{version}/later.js")
    assert answer.body == assets._assets("fr")["later.js"].body


def test_those_of_every_page_are_one_file_in_which_each_name_is_one_thing() -> None:
    text = "\n".join(map(SOURCES.__getitem__, assets._TOGETHER))
    top = re.findall(r"^(?:export )?(?:const|let|(?:async )?function) (\w+)", text, re.MULTILINE)
    for taken_apart in re.findall(r"^(?:export )?const \{ (.*) \} = ", text, re.MULTILINE):
        top += taken_apart.split(", ")
    assert len(top) > 60 and len(top) == len(set(top)), sorted(name for name in top if top.count(name) > 1)
    for name in assets._TOGETHER:
        imported = re.findall(r" from '\./(\S+)';", SOURCES[name])
        assert set(imported) <= set(assets._TOGETHER), name
    taken = assets._assets("fr")["answered.js"].body.decode()
    assert taken.count("/fadjma.js") == 1 and re.search(r"import\{[^}]*swap,[^}]*working\}", taken), "from two of them"
    served = assets._assets("fr")["fadjma.js"].body.decode()
    assert "import{" not in served and "export function swap(" in served


def test_comments_indents_and_ends_of_lines_are_left_out_and_everything_else_is_served_as_it_is() -> None:
    source = (
        b"// why\nlet a = 1; // one\n  // it's more\n\nlet b = 'http://x // y'; // it's;\n  let c = \"a // b\";\nd()\n"
    )
    served = b"let a=1;let b='http://x // y';// it's;\nlet c=\"a // b\";d()\n"
    sources = dict.fromkeys(assets._TOGETHER, b"")
    assert assets._scripts({**sources, "keys.js": source})["keys.js"].body == served
    assert not [name for name, text in SOURCES.items() if re.search(r"\S.*[ \t]// .*['\"`]", text)], "served with it"


def test_spaces_beside_operators_go_and_stay_where_they_mean_something() -> None:
    source = (
        rb"""a = b + +c - -d; if (/^a = (b) /.test(`${ a } , b`)) { x['a = b'] = c / 2 / d; } else return ' ( ' ;"""
    )
    served = rb"""a=b + +c - -d;if(/^a = (b) /.test(`${ a } , b`)){x['a = b']=c / 2 / d}else return ' ( ';"""
    assert assets._closed_up(source) == served


def test_lines_and_statements_end_where_that_means_something() -> None:
    source = b"""if (a) {
  f(
    'x;}\\n', /;}/
  );
  return { b: [1,
    2] };
}
const g = () => {
  a;
};
g()
h();
i = a + b - +c ||
  d++ + 'e + f';
"""
    sources = dict.fromkeys(assets._TOGETHER, b"")
    served = assets._scripts({**sources, "keys.js": source})["keys.js"].body
    assert served == b"if(a){f('x;}\\n',/;}/);return{b:[1,2]}}const g=()=>{a};g()\nh();i=a+b - +c||d++ +'e + f';"


def in_each(look: Callable[[str], list[Any]]) -> dict[str, list[Any]]:
    """In which scripts there is what `look` finds, and what."""
    return {name: found for name, source in SOURCES.items() if (found := look(source))}


class TestAScript:
    def test_has_no_text_over_several_lines_that_could_look_like_a_comment(self) -> None:
        assert (
            in_each(lambda source: [line for line in source.splitlines() if line.count("`") % 2 or "/*" in line]) == {}
        )

    def test_divides_with_spaces_so_that_nothing_else_looks_like_a_pattern(self) -> None:
        def divided(source: str) -> list[bytes]:
            code = assets._COMMENT.sub(b"", source.encode())
            left = assets._SPACED.sub(lambda found: b"''" if found[1] else found[0], code)
            return re.findall(rb".*(?:\S/|/\S).*", left)

        assert in_each(divided) == {}

    def test_says_nothing_in_one_language_alone(self) -> None:
        def said(source: str) -> list[str]:
            code = assets._SAID.sub(b"", assets._COMMENT.sub(b"", source.encode())).decode()
            return re.findall(r"['\"`][A-ZÀ-Ý][a-zà-ÿ]+[ …!.]|[À-ÿ]", code)

        assert in_each(said) == {}

    def test_uses_nothing_that_old_browsers_lack(self) -> None:
        assert in_each(lambda source: re.findall(TOO_NEW, source, re.MULTILINE)) == {}

    def test_is_a_module_whose_names_are_its_own(self) -> None:
        """What it takes from another it imports, and nobody puts anything of his own on the window."""
        modules = {name for name, source in SOURCES.items() if re.search(r"^(import|export) ", source, re.MULTILINE)}
        assert {*SOURCES} - modules <= {"turns.js", "worker.js"}, "workers of their own"
        assert in_each(lambda source: re.findall(r"\b(?:window|self|globalThis)\.\w+ = ", source)) == {}


@pytest.mark.parametrize("name", SERVED)
def test_a_script_comes_packed_as_it_is(name: str) -> None:
    asset = assets._assets("fr")[name]
    assert brotli.decompress(asset.compressed["br"]) == asset.body


@pytest.mark.parametrize(
    "line",
    ["a ??= 1", "x.at(-1)", "  #hidden = 1", "text.replaceAll('a', 'b')", "await start()", "AbortSignal.timeout(5)"],
)
def test_what_is_too_new_is_noticed(line: str) -> None:
    assert re.search(TOO_NEW, line, re.MULTILINE)
