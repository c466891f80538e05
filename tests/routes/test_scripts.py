"""What a visit over 2G pays for our scripts, and what they may use: browsers of clinics are old."""

import re

import brotli
import pytest
from callers import Answer, Callers
from cast import ADMIN, AWA, DIOP, NDIAYE

from fadjma.identity.people import Viewer
from fadjma.web import assets
from fadjma.web.assets import Asset

KB = 1024
FIRST_LINES = 17 + 37 + 2  # bytes: the status, the date that uvicorn adds, and the empty line
SCRIPTS = sorted(path.name for path in assets._STATIC.glob("*.js"))
# Newer than Chrome 80 and Firefox 78, the oldest browsers that we know of in clinics.
TOO_NEW = (
    r"\?\?=|\|\|=|&&=|[.,{\s]#\w|\bstatic\s*\{|\.(at|replaceAll|replaceChildren|findLast|toSorted|hasOwn)\(|"
    r"\bstructuredClone\b|AbortSignal\.(timeout|any)|\bimport\.meta\b|^(await|for await)\b|\d_\d|\bat\(-"
)


def own(page: str) -> dict[str, str]:
    """The scripts of ours that a page asks for, by name, each with its address."""
    addresses = re.findall(r'<script [^>]*src="([^"]+)"', page)
    return {name: address for address in addresses if (name := address.rpartition("/")[2]) in SCRIPTS}


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


def test_all_scripts_of_ours_together_stay_small() -> None:
    """No page can ask for more than there is."""
    assert sum(map(packed, SCRIPTS)) <= 9 * KB


async def test_a_page_asks_for_every_script_at_once(clinic: Callers) -> None:
    """What only another script asked for would come a round trip later."""
    asked = own((await clinic.browser(DIOP).get("/patients/awa/records/new")).text)
    assert sorted(asked) == [name for name in SCRIPTS if name != "passkey.js"]  # of the pages that need it alone
    for name in asked:
        imported = re.findall(r" from '([^']+)'", assets._assets()[name].body.decode())
        assert set(imported) <= set(asked.values()), name


def test_a_script_has_another_name_when_one_that_it_imports_has_changed() -> None:
    def versions(of_page: str) -> Asset:
        def load(name: str) -> Asset:
            return Asset(b"", {}, "", of_page)

        return assets._asset("live.js", assets._script(b"import { place } from './page.js';\n", load))

    before, after = versions("11111111"), versions("22222222")
    assert before.body == b"import { place } from '/static/11111111/page.js';\n"
    assert before.version != after.version


def test_comments_are_left_out_and_everything_else_is_served_as_it_is() -> None:
    source = b"// why\nlet a = 1; // one\n  // it's more\n\nlet b = 'http://x // y'; // it's\nlet c = \"a // b\";\n"
    served = b"\nlet a = 1;\n\n\nlet b = 'http://x // y'; // it's\nlet c = \"a // b\";\n"
    assert assets._script(source, assets._assets().__getitem__) == served


@pytest.mark.parametrize("name", SCRIPTS)
class TestAScript:
    def test_has_no_text_over_several_lines_that_could_look_like_a_comment(self, name: str) -> None:
        lines = (assets._STATIC / name).read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.count("`") % 2 or "/*" in line]

    def test_uses_nothing_that_old_browsers_lack(self, name: str) -> None:
        assert not re.findall(TOO_NEW, (assets._STATIC / name).read_text(encoding="utf-8"), re.MULTILINE)

    def test_is_a_module_whose_names_are_its_own(self, name: str) -> None:
        """What it takes from another it imports, and nobody puts anything of his own on the window."""
        text = (assets._STATIC / name).read_text(encoding="utf-8")
        assert re.search(r"^(import|export) ", text, re.MULTILINE)
        assert not re.search(r"\b(window|self|globalThis)\.\w+ = ", text)

    def test_comes_packed_as_it_is(self, name: str) -> None:
        asset = assets._assets()[name]
        assert brotli.decompress(asset.compressed["br"]) == asset.body


@pytest.mark.parametrize(
    "line",
    ["a ??= 1", "x.at(-1)", "  #hidden = 1", "text.replaceAll('a', 'b')", "await start()", "AbortSignal.timeout(5)"],
)
def test_what_is_too_new_is_noticed(line: str) -> None:
    assert re.search(TOO_NEW, line, re.MULTILINE)
