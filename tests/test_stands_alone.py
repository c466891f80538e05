"""Whoever clones the repository has everything that it speaks of: no file, page or section outside it is cited.

Public addresses, RFCs and issues of public projects (`mercure #1382`) are no such citations.
"""

import os
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_OURS = {"__pycache__", "node_modules", "venv"}  # beside what begins with a dot
TEXTS = {".md", ".py", ".js", ".html", ".css", ".sql", ".toml", ".cfg", ".in", ".sh", ".po", ""}
FILE = re.compile(r"[\w./<>*…-]*[\w>*…]\.(?:md|py|js|html|css|toml|sql|txt|csv|cfg|po)\b")
PAGE = re.compile(r"[\w./<>*-]*[\w>*]\.md\b")
OUT = re.compile(r"\.\./[\w./-]*")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"([\w./-]+\.md)\)?, [“«\"] ?([^”»\"]+?) ?[”»\"]")
# A section of a public standard may be named; of anything else, what is meant is a heading of a page that is here.
SECTION = re.compile(r"(?i)(?:§ ?\d|\bsections? (?:\d|[“«]))")
STANDARD = re.compile(r"\b(?:RFC \d+|WHATWG|WCAG|PEP \d+|FHIR)\b[^.;]*$")
COMMENTS = {
    ".py": r'(?:^|\s)# [^\n]*|""".*?"""',
    ".js": r"//[^\n]*|/\*.*?\*/",
    ".css": r"/\*.*?\*/",
    ".html": r"\{#.*?#\}|<!--.*?-->",
    ".sql": r"--[^\n]*",
    ".po": r"^# [^\n]*",
}
# Landed migrations are never edited, not even their comments. Three of them still call docs/clinic.md and
# docs/decisions/04-the-table-is-the-queue.md by the names of pages that were elsewhere.
LANDED = {"0002_events.sql", "0003_access.sql", "0006_prescriptions.sql"}
MADE = {
    "x.html": "any fragment",
    "/static/htmx.js": "served from its package",
    "/static/fadjma.js": "made of those that every page needs",
    "dossier.html": "the page in a file that a patient takes along (taking/archive.py)",
    "LISEZMOI.txt": "what that file is, in it",
    "clinic.toml": "the answers that a clinic writes for `quart setup`",
}


@cache
def ours() -> list[Path]:
    """Every file of the repository, whether or not there is a git that knows it."""
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in NOT_OURS and (name == ".ci" or not name.startswith("."))]
        found += [Path(folder, name) for name in names]
    return found


def texts() -> list[Path]:
    return [path for path in ours() if path.suffix in TEXTS and path.name not in LANDED]


@cache
def ends() -> set[str]:
    """Every way of naming a file: its path, and each end of it (`live/hub.py`, `hub.py`)."""
    parts = [path.relative_to(ROOT).parts for path in ours()]
    return {"/".join(names[start:]) for names in parts for start in range(len(names))}


def without_addresses(text: str) -> str:
    return re.sub(r"https?://[^\s)>\"'`]+", "", text)


@cache
def prose(path: Path) -> str:
    """What people read in a file: all of a page or script; of code, comments and docstrings."""
    text = without_addresses(path.read_text())
    if path.suffix in COMMENTS:
        return "\n".join(re.findall(COMMENTS[path.suffix], text, re.DOTALL | re.MULTILINE))
    return text


def is_here(cited: str, path: Path) -> bool:
    if cited.lstrip("_") in MADE:
        return True
    if cited.startswith("/") and not cited.startswith("/static/"):
        return True  # a place on the machine of whoever reads
    if any(sign in cited for sign in "<*…"):
        return True  # a name with a blank in it
    if cited.startswith(".."):
        return (path.parent / cited).resolve().is_relative_to(ROOT)
    return cited.removeprefix("./").removeprefix("/") in ends()


def test_only_what_is_here_is_cited() -> None:
    missing = {}
    for path in texts():
        cited = FILE.findall(prose(path)) + PAGE.findall(without_addresses(path.read_text()))
        missing[path] = {name for name in cited if not is_here(name, path)}
    assert named(missing) == {}


def test_no_path_leads_out_of_the_repository() -> None:
    leading = {}
    for path in texts():
        ways = {way: Path(os.path.normpath(path.parent / way)) for way in OUT.findall(prose(path))}
        leading[path] = {way for way, to in ways.items() if not (to.exists() and to.is_relative_to(ROOT))}
    assert named(leading) == {}


def test_a_section_is_one_of_a_public_standard() -> None:
    found = {}
    for path in texts():
        lines = prose(path).splitlines()
        found[path] = {
            line for line in lines for at in SECTION.finditer(line) if not STANDARD.search(line[: at.start()])
        }
    assert named(found) == {}


def test_a_cited_heading_is_in_its_page() -> None:
    missing = {}
    for path in texts():
        cited = HEADING.findall(prose(path))
        missing[path] = {f"{name}, {heading}" for name, heading in cited if not has_heading(ROOT / name, heading)}
    assert named(missing) == {}


def named(found: dict[Path, set[str]]) -> dict[str, list[str]]:
    """What was found, by file; nothing where nothing was."""
    return {str(path.relative_to(ROOT)): sorted(texts) for path, texts in found.items() if texts}


def has_heading(page: Path, heading: str) -> bool:
    return page.exists() and bool(re.search(rf"^#+ {re.escape(heading)}", page.read_text(), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub and others make of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "page", [path for path in texts() if path.suffix == ".md"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        where, _, anchor = link.partition("#")
        target = (page.parent / where).resolve() if where else page
        assert target.exists() and target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link
