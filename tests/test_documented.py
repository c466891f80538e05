"""What the pages say is there, and what is there is said: settings, addresses, commands, scripts, pages."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from quart import Quart

from fadjma import create_app
from fadjma.config import Settings
from fadjma.live import stream

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONTRACT = (ROOT / "docs" / "http.md").read_text()
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks" / "README.md"]
SPAN = re.compile(r"`([^`]+)`")
WHOLE = re.compile(r"(GET|POST|PUT|DELETE) (/\S*)")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Quart:
    path = tmp_path_factory.mktemp("documented") / "fadjma.db"
    return create_app(Settings(demo=True, database_url=f"sqlite:///{path}"))


# --- settings -----------------------------------------------------------------------------------------------


def test_every_setting_is_in_the_table_of_the_readme_and_nothing_else() -> None:
    table = README.partition("## Configuration")[2].partition("## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    said = {name for row in rows for name in re.findall(r"FADJMA_\w+", row)}
    read = set(re.findall(r'"(FADJMA_\w+)"', (ROOT / "fadjma" / "config.py").read_text()))
    assert said == read != set()


def test_a_setting_is_read_in_one_place() -> None:
    elsewhere = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "fadjma").rglob("*.py")
        if path.name != "config.py" and re.search(r"os\.environ|getenv", path.read_text())
    }
    assert elsewhere == set()


# --- addresses ----------------------------------------------------------------------------------------------


def addresses_of(page: str) -> set[str]:
    """`GET /patients/<>/records` and the like, from the code spans of a page."""
    found = set()
    for line in page.splitlines():
        method = base = ""
        for span in SPAN.findall(line):
            whole = WHOLE.match(span)
            if whole:
                method, base = whole.groups()
                found.add(f"{method} {_plain(base)}")
            elif line.startswith("|") and re.fullmatch(r"/[a-z-]+", span) and base:
                found.add(f"{method} {_plain(base.rpartition('/')[0] + span)}")
    return found


def _plain(address: str) -> str:
    return re.sub(r"<[^>]*>", "<>", address.partition("?")[0].rstrip("."))


def test_every_address_is_in_the_contract_and_nothing_else(app: Quart) -> None:
    routes = {
        f"{method} {_plain(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    answered = routes | {f"GET {path}" for path in stream._PATHS}
    said = addresses_of(CONTRACT)
    assert answered - said == set(), "not in docs/http.md"
    assert said - answered == set(), "in docs/http.md alone"


# --- commands and files -------------------------------------------------------------------------------------


def test_every_command_of_the_program_is_in_the_readme_and_every_documented_one_exists(app: Quart) -> None:
    said = {name for page in PAGES for name in re.findall(r"\bquart ([a-z][a-z-]+)\b", _code(page.read_text()))}
    assert said <= app.cli.commands.keys()
    assert app.cli.commands.keys() <= set(re.findall(r"\bquart ([a-z][a-z-]+)\b", README))


def _code(page: str) -> str:
    """What stands in blocks and spans of code."""
    return "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", page, re.MULTILINE | re.DOTALL))


def test_every_documented_script_exists_and_can_be_started() -> None:
    said = {name for page in PAGES for name in re.findall(r"(?<![\w/.])bin/\w[\w-]*(?:\.py)?", page.read_text())}
    assert {name for name in said if not (ROOT / name).is_file()} == set()
    assert {name for name in said if "." not in name and not os.access(ROOT / name, os.X_OK)} == {
        "bin/environment"
    } & said


def test_every_script_is_documented() -> None:
    scripts = {f"bin/{path.name}" for path in (ROOT / "bin").iterdir() if os.access(path, os.X_OK) and path.is_file()}
    text = README + (ROOT / "CONTRIBUTING.md").read_text()
    assert {name for name in scripts if name not in text} == set()


def test_the_readme_leads_to_every_page() -> None:
    """From README.md, following links, one comes to every page of the repository."""
    seen: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        seen.add(page)
        links = re.findall(r"\]\(([^)#\s]+\.md)", page.read_text())
        ahead += [found for link in links if (found := (page.parent / link).resolve()) not in seen and found.exists()]
    assert set(PAGES) - seen == set()


def test_no_two_routes_are_one_address(app: Quart) -> None:
    """The first one would answer for both."""
    served = [
        (rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods or () if method != "OPTIONS"
    ]
    twice = [one for one, times in Counter(served).items() if times > 1]
    assert not twice
