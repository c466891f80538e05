"""`quart restore`: the copy stands in the database's place, or the database as it was and one line that says why."""

import dataclasses
import shlex
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import steps
from cast import SARR
from store import MONDAY, Clock, Store

from fadjma import verifying
from fadjma.events.inbox import HISTORIES_APART
from fadjma.keeping import copies, restoring
from fadjma.keeping.copies import Plan, make
from fadjma.keeping.restoring import drill, restore
from fadjma.store import Unusable
from fadjma.store.owner import FileOwner
from fadjma.store.sqlite import backup as store_backup
from fadjma.store.sqlite.migrating import migrate

HOUR = 3_600_000
CHANGED = "UPDATE organizations SET name = 'Après' WHERE id = (SELECT min(id) FROM organizations)"


def _one(path: Path, sql: str) -> Any:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchone()[0]


def _changed(path: Path) -> bool:
    return bool(_one(path, "SELECT count(*) FROM organizations WHERE name = 'Après'"))


@pytest.fixture
def copy(plan: Plan, clock: Clock) -> Path:
    """A copy of a database in which something is done afterwards."""
    store = Store(plan.database, clock)
    steps.ask(store)
    store.close()
    file = make(plan, MONDAY).file
    store = Store(plan.database, clock)
    store.connection.execute(CHANGED)
    store.close()
    return file


def _act_later(plan: Plan, clock: Clock) -> None:
    clock.advance(hours=1)
    store = Store(plan.database, clock)
    steps.ask(store, SARR)
    store.close()


def test_the_copy_is_in_place_and_what_was_there_is_beside_it(plan: Plan, copy: Path) -> None:
    aside = restore(plan.database, copy, plan.key, MONDAY + HOUR, replace_newer=False)
    assert aside is not None and _changed(aside) and not _changed(plan.database)
    assert not list(plan.database.parent.glob("*.restoring*"))
    assert plan.database.stat().st_mode & 0o077 == 0


def test_each_time_it_begins_another_history(plan: Plan, copy: Path) -> None:
    numbers = []
    for hours in range(2):
        restore(plan.database, copy, plan.key, MONDAY + hours * HOUR, replace_newer=False)
        numbers.append(_one(plan.database, "SELECT max(last_seq) FROM inboxes"))
    assert numbers[0] != numbers[1] and min(numbers) > HISTORIES_APART


def test_what_the_old_one_had_not_folded_in_does_not_come_into_the_new_one(
    plan: Plan, copy: Path, clock: Clock
) -> None:
    """A file that cannot be read, and beside it the -wal that it had."""
    store, log = Store(plan.database, clock), plan.database.with_name("fadjma.db-wal")
    store.connection.execute(CHANGED)
    held = log.read_bytes()
    store.close()
    plan.database.write_bytes(b"Ordonnances de mars\n" * 1_000)
    log.write_bytes(held)
    aside = restore(plan.database, copy, plan.key, MONDAY, replace_newer=True)
    assert aside and aside.with_name(aside.name + "-wal").read_bytes() == held
    assert not log.exists() and not _changed(plan.database)
    assert _one(plan.database, "PRAGMA integrity_check") == "ok"


def test_where_there_is_no_database_it_is_simply_put(plan: Plan, copy: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert restore(tmp_path / "new" / "fadjma.db", copy, plan.key, MONDAY, replace_newer=False) is None
    assert not _changed(tmp_path / "new" / "fadjma.db")


def test_a_newer_history_is_replaced_only_when_that_is_said(plan: Plan, copy: Path, clock: Clock) -> None:
    _act_later(plan, clock)
    with pytest.raises(Unusable, match=r"plus récente : son dernier acte est du .*--replace-newer"):
        restore(plan.database, copy, plan.key, clock.now, replace_newer=False)
    assert _changed(plan.database) and not list(plan.database.parent.glob("*restoring*"))
    aside = restore(plan.database, copy, plan.key, clock.now, replace_newer=True)
    assert aside is not None and _changed(aside) and not _changed(plan.database)


def test_what_is_to_be_typed_names_a_copy_on_any_disk_as_one_word(plan: Plan, copy: Path, tmp_path: Path) -> None:
    disk = tmp_path / "Disque 1 d'Awa"
    disk.mkdir()
    there = copy.rename(disk / copy.name)
    plan.database.write_bytes(b"Ordonnances de mars\n" * 1_000)
    with pytest.raises(Unusable) as refusal:
        restore(plan.database, there, plan.key, MONDAY, replace_newer=False)
    typed = str(refusal.value).partition(".venv/bin/quart ")[2].partition(" (")[0]
    assert shlex.split(typed) == ["restore", "--replace-newer", str(there)]


def test_one_that_cannot_be_read_is_replaced_only_when_that_is_said(plan: Plan, copy: Path) -> None:
    plan.database.write_bytes(b"Ordonnances de mars\n" * 1_000)
    with pytest.raises(Unusable, match=r"n'est pas connu.*--replace-newer"):
        restore(plan.database, copy, plan.key, MONDAY, replace_newer=False)
    aside = restore(plan.database, copy, plan.key, MONDAY, replace_newer=True)
    assert aside is not None and aside.read_bytes().startswith(b"Ordonnances") and not _changed(plan.database)


def test_a_running_server_is_not_restored_under(plan: Plan, copy: Path) -> None:
    owner = FileOwner(plan.database)
    owner.take()
    with pytest.raises(Unusable, match="tourne encore"):
        restore(plan.database, copy, plan.key, MONDAY, replace_newer=True)
    owner.give_up()
    with closing(sqlite3.connect(plan.database)) as other:
        other.execute("SELECT * FROM users").fetchone()
        with pytest.raises(Unusable, match="ouverte dans un autre programme"):
            restore(plan.database, copy, plan.key, MONDAY, replace_newer=True)
    assert _changed(plan.database)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda held: held[: len(held) // 2], r"abîmé|tronqué|malformed"),
        (lambda held: held[:-1], r"abîmé|tronqué|malformed"),
        (lambda held: b"", "pas (une base|chiffré)"),
        (lambda held: b"Ordonnances de mars\n" * 1_000, "pas (une base|chiffré)"),
    ],
)
def test_a_truncated_or_foreign_file_is_refused(
    plan: Plan, copy: Path, harm: Callable[[bytes], bytes], said: str
) -> None:
    copy.write_bytes(harm(copy.read_bytes()))
    before = plan.database.read_bytes()
    with pytest.raises(Unusable, match=said) as refusal:
        restore(plan.database, copy, plan.key, MONDAY, replace_newer=True)
    assert str(copy) in str(refusal.value) and "\n" not in str(refusal.value)
    assert plan.database.read_bytes() == before
    assert not list(plan.database.parent.glob("*restoring*"))


@pytest.mark.parametrize("plan", [None], indirect=True, ids=["open"])
def test_a_page_that_rotted_is_found_by_restoring_and_by_the_drill(plan: Plan, copy: Path, clock: Clock) -> None:
    page = _one(copy, "SELECT rootpage FROM sqlite_master WHERE name = 'audit_events_of'")
    with copy.open("rb+") as file:
        file.seek((page - 1) * _one(copy, "PRAGMA page_size") + 3)
        file.write(b"\xff\xff\xff")
    with pytest.raises(Unusable, match="est abîmé") as refusal:
        restore(plan.database, copy, plan.key, MONDAY, replace_newer=True)
    assert str(copy) in str(refusal.value)
    with pytest.raises(Unusable, match=r"ne va pas : pages et index intacts|\.drill ne se laisse pas lire"):
        drill(plan, {}, clock.now, verifying.walk)


def test_another_programs_database_is_refused(plan: Plan, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(Unusable, match="pas une base de FADJMA"):
        restore(plan.database, tmp_path / "other.db", plan.key, MONDAY, replace_newer=True)


def test_a_sealed_copy_without_its_key_says_what_is_missing(plan: Plan, tmp_path: Path) -> None:
    copy = make(dataclasses.replace(plan, key="k" * 40), MONDAY).file
    with pytest.raises(Unusable, match="FADJMA_BACKUP_KEY_FILE"):
        restore(plan.database, copy, None, MONDAY, replace_newer=True)


def test_a_sealed_copy_whose_seal_was_taken_off_is_refused(plan: Plan, tmp_path: Path) -> None:
    sealed = dataclasses.replace(plan, key="k" * 40)
    copy = make(sealed, MONDAY).file
    copy.write_bytes(make(dataclasses.replace(plan, key=None), MONDAY).file.read_bytes())
    for key in (sealed.key, None):
        with pytest.raises(Unusable, match="n'est pas chiffré"):
            restore(plan.database, copy, key, MONDAY, replace_newer=True)


def test_what_the_disk_of_a_machine_that_stopped_has_in_its_log_is_brought_too(
    plan: Plan, copy: Path, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "old-disk").mkdir()
    source = tmp_path / "old-disk" / "fadjma.db"
    restore(plan.database, copy, plan.key, MONDAY, replace_newer=True)
    store = Store(plan.database, clock)
    store.connection.execute(CHANGED)
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{plan.database}{suffix}", f"{source}{suffix}")
    store.close()
    restore(plan.database, copy, plan.key, MONDAY + HOUR, replace_newer=True)
    held = source.read_bytes(), source.with_name("fadjma.db-wal").read_bytes()
    restore(plan.database, source, None, MONDAY + 2 * HOUR, replace_newer=True)
    assert _changed(plan.database) and not list(plan.database.parent.glob("*restoring*"))
    assert (source.read_bytes(), source.with_name("fadjma.db-wal").read_bytes()) == held


def test_a_copy_of_an_older_version_is_brought_to_this_one(tmp_path: Path) -> None:
    migrate(tmp_path / "old.db", MONDAY, up_to="0005")
    restore(tmp_path / "fadjma.db", tmp_path / "old.db", None, MONDAY, replace_newer=False)
    assert migrate(tmp_path / "fadjma.db", MONDAY) == []


def test_without_room_beside_the_database_it_says_how_much_is_missing(
    plan: Plan, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(Unusable, match="Pas de place"):
        restore(plan.database, copy, plan.key, MONDAY, replace_newer=True)


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (restoring, "migrate"),
        (restoring, "put_in_place"),
        (store_backup, "_keep_also"),
        (store_backup, "give_name"),
        (store_backup, "_flush_folder"),
        (copies, "check_is_ours"),
    ],
    ids=lambda it: str(it),
)
def test_killed_anywhere_a_whole_database_is_in_place_and_it_can_be_done_again(
    plan: Plan, copy: Path, killed_at: Callable[..., None], owner: object, step: str
) -> None:
    killed_at(owner, step, restore, plan.database, copy, plan.key, MONDAY, replace_newer=True)
    assert migrate(plan.database, MONDAY) == []
    assert _one(plan.database, "PRAGMA integrity_check") == "ok"
    assert _changed(plan.database) == (step != "_flush_folder"), "the old one or the new one"
    restore(plan.database, copy, plan.key, MONDAY + HOUR, replace_newer=True)
    assert not _changed(plan.database)
    assert any(map(_changed, plan.database.parent.glob("fadjma.db-replaced-*")))


class TestTheDrill:
    def test_a_good_copy_is_named_and_nothing_is_left(self, plan: Plan, copy: Path) -> None:
        rows = {copy.name: {"users": _one(plan.database, "SELECT count(*) FROM users")}}
        assert drill(plan, rows, MONDAY, verifying.walk) == copy.name
        assert not list(plan.database.parent.glob("*.drill*"))

    def test_rows_that_are_missing_are_said(self, plan: Plan, copy: Path) -> None:
        with pytest.raises(Unusable, match=r"users : \d+ lignes au lieu de 9999"):
            drill(plan, {copy.name: {"users": 9999}}, MONDAY, verifying.walk)

    def test_what_does_not_add_up_is_said(self, plan: Plan, clock: Clock) -> None:
        store = Store(plan.database, clock)
        steps.receive(store)
        store.connection.execute("UPDATE lots SET on_hand = on_hand + 1")
        store.close()
        make(plan, MONDAY)
        with pytest.raises(Unusable, match="stock égal à ses mouvements : non"):
            drill(plan, {}, MONDAY, verifying.walk)
        assert not list(plan.database.parent.glob("*.drill*"))

    def test_of_nothing_there_is_none(self, plan: Plan) -> None:
        with pytest.raises(Unusable, match="aucune copie"):
            drill(plan, {}, MONDAY, verifying.walk)

    def test_killed_it_harms_nothing_and_the_next_copy_clears_up(
        self, plan: Plan, copy: Path, killed_at: Callable[..., None]
    ) -> None:
        killed_at(restoring, "migrate", drill, plan, {}, MONDAY, verifying.walk)
        assert list(plan.database.parent.glob("*.drill"))
        assert _changed(plan.database)
        make(plan, MONDAY + HOUR)
        assert not list(plan.database.parent.glob("*.drill"))
