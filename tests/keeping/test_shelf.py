"""Papers beside the copies: each once, come back with them, and missed where they are lost."""

import dataclasses
from pathlib import Path

import pytest
import steps
from cast import DIOP
from click.testing import CliRunner
from no_room import no_room_beyond
from store import MONDAY, Clock, Store

from fadjma import create_app, verifying
from fadjma.config import Settings
from fadjma.keeping import copies
from fadjma.keeping.copies import Plan, kept, make
from fadjma.keeping.restoring import drill
from fadjma.keeping.shelf import Shelf
from fadjma.papers import actions
from fadjma.papers.intake import Taken
from fadjma.store import Unusable
from fadjma.store.contents import Contents

HOUR = 3_600_000
A_PAPER = b"%PDF-1.7 of Awa" + bytes(200_000)


@pytest.fixture
def contents(plan: Plan, tmp_path: Path) -> Contents:
    return Contents(tmp_path / "papers")


@pytest.fixture
def with_papers(plan: Plan, contents: Contents) -> Plan:
    return dataclasses.replace(plan, papers=contents.folder)


def _add(store: Store, contents: Contents, content: bytes = A_PAPER) -> str:
    name = contents.put(content)
    taken = Taken("application/pdf", name, len(content), None, None, 1, None)
    store.write(actions.add, DIOP, "awa", actions.Said("test_result", "Numération", "", "2026-03-01"), taken)
    return name


def _files(plan: Plan) -> list[Path]:
    return sorted(file for file in plan.folder.rglob("*") if file.is_file() and file not in kept(plan.folder))


def test_each_is_copied_once_sealed_where_copies_are(store: Store, with_papers: Plan, contents: Contents) -> None:
    steps.grant(store)
    name = _add(store, contents)
    make(with_papers, MONDAY)
    [file] = _files(with_papers)
    first = file.stat()
    assert file.name == name
    assert (b"of Awa" in file.read_bytes()) == (with_papers.key is None)
    assert (first.st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    _add(store, contents, b"another")
    make(with_papers, MONDAY + HOUR)
    assert len(_files(with_papers)) == 2 and file.stat().st_mtime_ns == first.st_mtime_ns
    for gone in list(contents.folder.glob("??/*")):
        gone.unlink()
    Shelf(with_papers.folder, with_papers.key).bring(contents)
    assert contents.read(name) == A_PAPER and len(list(contents.names())) == 2


def test_with_another_key_all_are_copied_anew(store: Store, with_papers: Plan, contents: Contents) -> None:
    steps.grant(store)
    name = _add(store, contents)
    make(with_papers, MONDAY)
    other = dataclasses.replace(with_papers, key="another key, which is long enough as well")
    make(other, MONDAY + HOUR)
    assert [file.name for file in _files(with_papers)] == [name, name]
    assert copies.is_sound(with_papers, name) and copies.is_sound(other, name)


def test_the_drill_misses_what_is_lost_or_damaged_beside_the_copy(
    store: Store, with_papers: Plan, contents: Contents
) -> None:
    steps.grant(store)
    _add(store, contents)
    copy = make(with_papers, MONDAY).file

    def walk(tx: verifying.Transaction) -> list[str]:
        return verifying.walk(tx, is_sound=lambda name: copies.is_sound(with_papers, name))

    assert drill(with_papers, {}, MONDAY, walk) == copy.name
    [file] = _files(with_papers)
    held = file.read_bytes()
    for harm in (held[:-1], held[:-1] + b"x", b"", None):
        file.unlink() if harm is None else file.write_bytes(harm)
        with pytest.raises(Unusable, match="documents et photos intacts : non"):
            drill(with_papers, {}, MONDAY, walk)
    assert [one.name for one in with_papers.database.parent.iterdir() if "drill" in one.name] == []


def test_a_folder_that_is_full_says_so_and_has_no_half_of_one(
    store: Store, with_papers: Plan, contents: Contents
) -> None:
    steps.grant(store)
    _add(store, contents)
    with no_room_beyond(100_000), pytest.raises(Unusable, match="Les documents ne se laissent pas copier"):
        make(with_papers, MONDAY)
    assert kept(with_papers.folder) == [] and _files(with_papers) == []


def test_one_that_is_damaged_keeps_back_neither_the_others_nor_the_database(
    store: Store, with_papers: Plan, contents: Contents
) -> None:
    steps.grant(store)
    names = [_add(store, contents, bytes([number])) for number in range(4)]
    damaged = next(contents.names())  # the first that is looked at
    contents.file(damaged).write_bytes(b"damaged")
    assert kept(with_papers.folder) == [] and make(with_papers, MONDAY).file.exists()
    assert {file.name for file in _files(with_papers)} == set(names) - {damaged}

    def walk(tx: verifying.Transaction) -> list[str]:
        return verifying.walk(tx, is_sound=lambda name: copies.is_sound(with_papers, name))

    with pytest.raises(Unusable, match="documents et photos intacts : non"):
        drill(with_papers, {}, MONDAY, walk)


def test_what_is_damaged_beside_the_copies_keeps_nothing_from_coming_back(
    store: Store, with_papers: Plan, contents: Contents
) -> None:
    steps.grant(store)
    names = [_add(store, contents, bytes([number])) for number in range(4)]
    make(with_papers, MONDAY)
    shelf = Shelf(with_papers.folder, with_papers.key)
    lost, *others = [file.name for file in sorted(_files(with_papers), key=lambda file: file.name)]
    for file in _files(with_papers):
        if file.name == lost:
            file.write_bytes(b"damaged")
    for name in names:
        contents.file(name).write_bytes(b"damaged at its place")
    shelf.bring(contents)
    assert [contents.is_sound(name) for name in others] == [True] * 3 and not contents.is_sound(lost)


def test_as_it_is_typed(path: Path, plan: Plan, tmp_path: Path) -> None:
    """`quart backup`, then everything is lost, `quart restore`, `quart verify`."""
    settings = Settings(secret_key="k" * 40, database_url=f"sqlite:///{path}", backup_key=plan.key)
    contents = Contents(settings.papers_folder)
    assert settings.papers_folder == path.with_suffix(".papers")
    store = Store(path, Clock())
    steps.grant(store)
    name = _add(store, contents)
    copy = tmp_path / "copies" / "mine.db"

    def run(*typed: str) -> str:
        done = CliRunner().invoke(create_app(settings).cli.commands[typed[0]], list(typed[1:]))
        assert done.exit_code == 0, done.output
        return done.output

    run("backup", str(copy))
    contents.file(name).unlink()
    store.close()
    assert "manquent" not in run("restore", str(copy))
    assert contents.read(name) == A_PAPER
    run("verify")
