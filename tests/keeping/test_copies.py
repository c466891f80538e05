"""One copy more in the folder, the oldest gone; or the folder as it was, and one line that says why."""

import dataclasses
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from store import MONDAY, Store

from fadjma.keeping import copies
from fadjma.keeping.copies import Plan, bring, kept, make
from fadjma.store import Unusable
from fadjma.store.sqlite import backup as store_backup

HOUR = 3_600_000


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def _beside(plan: Plan) -> list[str]:
    return [name for name in _names(plan.database.parent) if "copying" in name or "drill" in name]


def test_a_copy_is_named_after_its_time_and_can_be_brought_back(store: Store, plan: Plan, tmp_path: Path) -> None:
    made = make(plan, MONDAY)
    assert _names(plan.folder) == ["fadjma-20260302T090000Z.db" + (".sealed" if plan.key else "")]
    assert made.size == made.file.stat().st_size
    assert made.counted["users"] == store.value("SELECT count(*) FROM users")
    bring(made.file, tmp_path / "again.db", plan.key)
    with closing(sqlite3.connect(tmp_path / "again.db")) as copy:
        assert copy.execute("SELECT count(*) FROM users").fetchone()[0] == made.counted["users"]
    assert not _beside(plan)


def test_only_so_many_are_kept_and_nothing_of_anybody_elses_is_touched(store: Store, plan: Plan) -> None:
    (plan.folder / "fadjma-old.db").write_text("the administrator's own")
    for hours in range(5):
        make(plan, MONDAY + hours * HOUR)
    assert [file.name[:18] for file in kept(plan.folder)] == [f"fadjma-20260302T{hour}" for hour in (11, 12, 13)]
    assert (plan.folder / "fadjma-old.db").exists()


def test_keeping_one_keeps_the_new_one(store: Store, plan: Plan) -> None:
    for hours in range(2):
        made = make(dataclasses.replace(plan, keep=1), MONDAY + hours * HOUR)
        assert kept(plan.folder) == [made.file]


def test_an_old_one_that_cannot_be_removed_does_not_spoil_the_new_one(
    store: Store, plan: Plan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = dataclasses.replace(plan, keep=1)
    old = make(one, MONDAY)
    unlink = Path.unlink

    def refuse(file: Path, missing_ok: bool = False) -> None:
        if file == old.file:
            raise PermissionError(13, "Permission denied", str(file))
        unlink(file, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert make(one, MONDAY + HOUR).file in kept(plan.folder)
    assert "an old backup stays" in caplog.text


def test_a_folder_that_is_not_there_is_not_made(store: Store, plan: Plan) -> None:
    """It may be on a disk that is not plugged in; made, the copies would fill the disk of the database."""
    plan.folder.rmdir()
    with pytest.raises(Unusable, match="n'existe pas : faites-le, ou branchez"):
        make(plan, MONDAY)
    assert not plan.folder.exists()


def test_a_folder_that_is_full_keeps_what_it_has(store: Store, plan: Plan) -> None:
    first = make(plan, MONDAY)
    held = first.file.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))
    try:
        with pytest.raises(Unusable, match=r"plein|large|trop") as refusal:
            make(dataclasses.replace(plan, keep=1), MONDAY + HOUR)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(refusal.value)
    assert kept(plan.folder) == [first.file] and first.file.read_bytes() == held
    assert _names(plan.folder) == [first.file.name] and not _beside(plan)


@pytest.mark.parametrize(
    ("owner", "step"), [(store_backup, "_copy"), (store_backup, "give_name"), (copies, "kept")], ids=lambda it: str(it)
)
def test_killed_half_way_it_leaves_whole_copies_alone_and_the_next_one_clears_up(
    store: Store, plan: Plan, killed_at: Callable[..., None], owner: object, step: str
) -> None:
    make(plan, MONDAY)
    killed_at(owner, step, make, plan, MONDAY + HOUR)
    for file in kept(plan.folder):
        bring(file, plan.folder / "again", plan.key)
        store_backup.remove(plan.folder / "again")
    make(plan, MONDAY + 2 * HOUR)
    assert _names(plan.folder) == [file.name for file in kept(plan.folder)]
    assert not _beside(plan)


def test_killed_while_it_is_sealed(store: Store, plan: Plan, killed_at: Callable[..., None]) -> None:
    sealed = dataclasses.replace(plan, key="k" * 40)
    killed_at(copies, "give_name", make, sealed, MONDAY)
    assert not kept(plan.folder) and _beside(plan)
    make(sealed, MONDAY + HOUR)
    assert len(_names(plan.folder)) == 1 and not _beside(plan)
