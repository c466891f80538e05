"""What a visit over 2G pays for our scripts, and what they may use: browsers of clinics are old."""

import re

import brotli
import pytest
from callers import Answer, Callers
from cast import ADMIN, AWA, DIOP, NDIAYE

from fadjma.identity.people import Viewer
from fadjma.web import assets

KB = 1024
FIRST_LINES = 17 + 37 + 2  # bytes: the status, the date that uvicorn adds, and the empty line
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(assets._STATIC.glob("*.js"))}
SERVED = sorted(name for name in assets._assets() if name.endswith(".js") and "htmx" not in name)
AT_NEED = ["keys.js", "reset.js", "turns.js"]  # asked for by a script, at the moment that needs it
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
    return len(assets._assets()[name].compressed["br"])


@pytest.mark.parametrize("person", [AWA, DIOP, NDIAYE, ADMIN], ids=lambda person: person.role)
async def test_a_dashboard_and_its_first_visit_stay_small(clinic: Callers, person: Viewer) -> None:
    browser = clinic.browser(person)
    page = (await browser.get("/")).text
    files = sorted(set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page)))
    sizes = {address: whole(await browser.get(address, Accept_Encoding="gzip, br")) for address in ("/", *files)}
    assert sum(packed(name) for name in own(page)) <= 6 * KB
    assert sum(sizes.values()) <= 30 * KB, sizes
    assert sizes["/"] <= 4 * KB  # what comes again at each visit


def whole(answer: Answer) -> int:
    """The bytes of an answer as they go over the wire, headers and all."""
    headers = sum(len(f"{name}: {value}\r\n".encode()) for name, value in answer.headers.items())
    return FIRST_LINES + headers + len(answer.body)


@pytest.mark.parametrize(
    ("person", "where"),
    [
        (None, "/sign-in"),
        (AWA, "/second-factor"),
        (DIOP, "/patients/awa/records/new"),
        (DIOP, "/second-factor"),
        (NDIAYE, "/inventory/lots/new"),
    ],
)
async def test_no_page_asks_for_more_than_nine_kilobytes(clinic: Callers, person: Viewer | None, where: str) -> None:
    asked = own((await (clinic.browser(person) if person else clinic.nobody()).get(where)).text)
    assert "fadjma.js" in asked
    assert sum(map(packed, asked)) <= 9 * KB


async def test_a_page_asks_for_every_script_at_once(clinic: Callers) -> None:
    """What only another script asked for would come a round trip later; those of AT_NEED may."""
    asked = own((await clinic.browser(DIOP).get("/second-factor")).text)
    elsewhere = ["locked.js", "offline.js", "times.js", "worker.js", *AT_NEED]
    assert "hold.js" in asked, "it must be there when there is no link"
    assert sorted([*asked, *elsewhere]) == SERVED
    for name in asked:
        served = assets._assets()[name].body.decode()
        assert set(re.findall(r" from '([^']+)'", served)) <= set(asked.values()), name
        assert {address.rpartition("/")[2] for address in re.findall(r"\('([^']+\.js)'", served)} <= {
            "hold.js",
            *AT_NEED,
        }, name


def test_all_scripts_have_one_version_which_changes_with_any() -> None:
    assert len({assets._assets()[name].version for name in SERVED}) == 1
    sources = {name: body.encode() for name, body in SOURCES.items()}
    before = assets._scripts(sources)
    after = assets._scripts({**sources, "hold.js": sources["hold.js"] + b"// and more"})
    assert before["drafts.js"] != after["drafts.js"], "it asks for the others by another address"


def test_those_of_every_page_are_one_file_in_which_each_name_is_one_thing() -> None:
    text = "\n".join(map(SOURCES.__getitem__, assets._TOGETHER))
    top = re.findall(r"^(?:export )?(?:const|let|(?:async )?function) (\w+)", text, re.MULTILINE)
    for taken_apart in re.findall(r"^(?:export )?const \{ (.*) \} = ", text, re.MULTILINE):
        top += taken_apart.split(", ")
    assert len(top) > 60 and len(top) == len(set(top)), sorted(name for name in top if top.count(name) > 1)
    for name in assets._TOGETHER:
        imported = re.findall(r" from '\./(\S+)';", SOURCES[name])
        assert set(imported) <= set(assets._TOGETHER), name
    served = assets._assets()["fadjma.js"].body.decode()
    assert "import {" not in served and "export function swap(" in served


def test_comments_and_indents_are_left_out_and_everything_else_is_served_as_it_is() -> None:
    source = b"// why\nlet a = 1; // one\n  // it's more\n\nlet b = 'http://x // y'; // it's\n  let c = \"a // b\";\n"
    served = b"\nlet a = 1;\n\n\nlet b = 'http://x // y'; // it's\nlet c = \"a // b\";\n"
    sources = dict.fromkeys(assets._TOGETHER, b"")
    assert assets._scripts({**sources, "keys.js": source})["keys.js"] == served
    assert not [name for name, text in SOURCES.items() if re.search(r"\S.*[ \t]// .*['\"`]", text)], "served with it"


@pytest.mark.parametrize("name", SOURCES)
class TestAScript:
    def test_has_no_text_over_several_lines_that_could_look_like_a_comment(self, name: str) -> None:
        lines = SOURCES[name].splitlines()
        assert not [line for line in lines if line.count("`") % 2 or "/*" in line]

    def test_uses_nothing_that_old_browsers_lack(self, name: str) -> None:
        assert not re.findall(TOO_NEW, SOURCES[name], re.MULTILINE)

    def test_is_a_module_whose_names_are_its_own(self, name: str) -> None:
        """What it takes from another it imports, and nobody puts anything of his own on the window."""
        text = SOURCES[name]
        assert re.search(r"^(import|export) ", text, re.MULTILINE) or name in ("turns.js", "worker.js"), (
            "workers of their own"
        )
        assert not re.search(r"\b(window|self|globalThis)\.\w+ = ", text)


@pytest.mark.parametrize("name", SERVED)
def test_a_script_comes_packed_as_it_is(name: str) -> None:
    asset = assets._assets()[name]
    assert brotli.decompress(asset.compressed["br"]) == asset.body


@pytest.mark.parametrize(
    "line",
    ["a ??= 1", "x.at(-1)", "  #hidden = 1", "text.replaceAll('a', 'b')", "await start()", "AbortSignal.timeout(5)"],
)
def test_what_is_too_new_is_noticed(line: str) -> None:
    assert re.search(TOO_NEW, line, re.MULTILINE)
