"""What root does with `quart …` beside a service that is not root leaves nothing that the service cannot open."""

import os
from pathlib import Path

import pytest
from store import MONDAY

from fadjma import setup
from fadjma.chain import keys
from fadjma.keeping.copies import Plan, make
from fadjma.keeping.restoring import restore
from fadjma.store import at, owned
from fadjma.store.contents import Contents

SERVICE = (1_234, 1_235)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """What was given to the service, in whose folder root is at work; by the names that it had then."""
    found: set[Path] = set()

    def chown(path: Path, user: int, group: int) -> None:
        assert (user, group) == SERVICE and Path(path).exists()
        found.add(Path(path))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", chown)
    monkeypatch.setattr(owned, "of_folder", lambda folder: SERVICE)
    return found


def test_a_copy_that_is_restored(plan: Plan, given: set[Path]) -> None:
    file = make(plan, MONDAY).file
    given.clear()
    restore(plan.database, file, plan.key, MONDAY + 1, replace_newer=True)
    assert plan.database.with_name(plan.database.name + ".restoring") in given, "which then has the database's name"
    assert plan.database.with_name(plan.database.name + "-server") in given


async def test_a_database_and_keys_that_are_made(tmp_path: Path, given: set[Path]) -> None:
    database = at(f"sqlite:///{tmp_path}/fadjma.db")
    await database.open()
    await database.close()
    setup.make_secret(tmp_path / "fadjma.secret")
    keys.make(tmp_path / "fadjma.seal")
    names = {path.name.rpartition(".")[0] if path.suffix not in (".db", ".seal") else path.name for path in given}
    assert names == {"fadjma.db", "fadjma.secret", "fadjma.seal"}


def test_papers_with_their_folders(tmp_path: Path, given: set[Path]) -> None:
    papers = Contents(tmp_path / "fadjma.papers")
    name = papers.put(b"paper")
    assert {papers.folder, papers.file(name).parent} < given
    assert [path.suffix for path in given if path.is_relative_to(papers.folder)].count(".partial") == 1


@pytest.mark.parametrize(("user", "folder"), [(1_000, 1_234), (0, 0)], ids=["not root", "root's own folder"])
def test_nothing_is_given_away(
    user: int, folder: int, tmp_path: Path, given: set[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(owned, "of_folder", lambda _: (folder, folder))
    Contents(tmp_path / "papers").put(b"paper")
    assert not given


def test_the_folder_says_whose_it_is(tmp_path: Path) -> None:
    assert owned.of_folder(tmp_path) == (os.geteuid(), tmp_path.stat().st_gid)
