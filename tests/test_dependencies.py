"""What is installed is locked, and docs/dependencies.md says what it is, under which licence, and why it is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "dependencies.md").read_text()
LOCKS = ["requirements.txt", "requirements-postgresql.txt", "requirements-dev.txt"]


def asked_for(name: str) -> list[str]:
    """The packages of an .in file."""
    return re.findall(r"^([a-z][\w.-]*)", (ROOT / name).read_text(), re.MULTILINE)


def locked(name: str) -> dict[str, str]:
    """Package → release of a lock."""
    return dict(re.findall(r"^([a-z][\w.-]*)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, or whose own head begins with it."""
    table = PAGE.partition(heading)[2].lstrip().partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "|" in line]


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_locked_with_its_hashes(lock: str) -> None:
    blocks = re.split(r"^(?=[a-z])", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked(lock)) > 2
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", [*LOCKS, "requirements.in", "requirements-postgresql.in", "requirements-dev.in"])
def test_no_file_names_a_registry(name: str) -> None:
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", (ROOT / name).read_text()) == []


def test_what_we_ask_for_is_locked() -> None:
    served, work = locked("requirements.txt"), locked("requirements-dev.txt")
    assert set(asked_for("requirements.in")) <= served.keys()
    assert set(asked_for("requirements-postgresql.in")) <= locked("requirements-postgresql.txt").keys()
    assert set(asked_for("requirements-dev.in")) <= work.keys()


def test_work_is_done_with_the_releases_that_are_served() -> None:
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()
    assert locked("requirements-postgresql.txt").items() <= locked("requirements-dev.txt").items()


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("| served |", "requirements.in"),
        ("| served with PostgreSQL |", "requirements-postgresql.in"),
        ("| only for work |", "requirements-dev.in"),
    ],
)
def test_the_page_says_why_each_is_there(head: str, name: str) -> None:
    assert [row[0] for row in rows(head)[2:]] == asked_for(name)
    assert all(row[1] for row in rows(head)[2:])


def test_the_page_lists_the_licence_of_every_locked_package() -> None:
    served, there, work = (rows(f"### {kind}")[2:] for kind in ("Served\n", "Served with PostgreSQL", "Only for work"))
    assert {name: release for name, release, _ in served} == locked("requirements.txt")
    assert {name for name, _, _ in there} <= locked("requirements-postgresql.txt").keys()
    assert {name: release for name, release, _ in served + there + work} == locked("requirements-dev.txt")
    assert [row for row in served + there + work if row[2] in ("", "not said")] == []
