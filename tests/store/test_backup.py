"""`quart backup`: a copy that is whole, or no file at all and one line that says why."""

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store import Store

from fadjma.events.inbox import HISTORIES_APART, begin_another_history
from fadjma.store import Transaction, Unusable
from fadjma.store.sqlite import backup as module
from fadjma.store.sqlite.backup import backup


def _files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "copies"
    folder.mkdir()
    return folder / "monday.db"


def test_it_holds_what_the_database_holds_but_for_what_is_changed_in_it(
    store: Store, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda bound: 0)  # the nearest that two histories come to each other
    backup(store.path, target, begin_another_history)
    assert _files(target.parent) == {"monday.db"}
    before = store.rows("SELECT user_id, last_seq FROM inboxes ORDER BY user_id")
    with closing(sqlite3.connect(target)) as copy:
        after = copy.execute("SELECT user_id, last_seq FROM inboxes ORDER BY user_id").fetchall()
        assert copy.execute("SELECT count(*) FROM users").fetchone()[0] == store.value("SELECT count(*) FROM users")
    jumps = {new - old for (_, old), (_, new) in zip(before, after, strict=True)}
    assert len(jumps) == 1 and jumps.pop() >= HISTORIES_APART
    assert store.rows("SELECT user_id, last_seq FROM inboxes ORDER BY user_id") == before


def test_it_overwrites_nothing(store: Store, target: Path) -> None:
    target.write_text("Tuesday's")
    with pytest.raises(Unusable, match="existe déjà"):
        backup(store.path, target, begin_another_history)
    assert target.read_text() == "Tuesday's" and _files(target.parent) == {"monday.db"}


def test_of_nothing_there_is_none(tmp_path: Path, target: Path) -> None:
    with pytest.raises(Unusable, match=r"absent\.db n'existe pas"):
        backup(tmp_path / "absent.db", target, begin_another_history)
    assert _files(target.parent) == set() and not (tmp_path / "absent.db").exists()


def test_one_that_was_broken_off_is_in_nobodys_way(store: Store, target: Path) -> None:
    target.with_name("monday.db.partial").write_text("half of it")
    backup(store.path, target, begin_another_history)
    assert _files(target.parent) == {"monday.db"}


def test_where_no_file_can_be_made_one_line_says_so(store: Store, target: Path) -> None:
    with pytest.raises(Unusable, match=r"le dossier .*nowhere n'existe pas") as refusal:
        backup(store.path, target.parent / "nowhere" / "monday.db", begin_another_history)
    assert "\n" not in str(refusal.value) and _files(target.parent) == set()


def test_a_full_disk_leaves_no_file(store: Store, target: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))
    try:
        with pytest.raises(Unusable, match="plein") as refusal:
            backup(store.path, target, begin_another_history)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(refusal.value) and _files(target.parent) == set()


def test_what_fails_in_the_copy_leaves_no_file(store: Store, target: Path) -> None:
    with pytest.raises(Unusable, match="nowhere"):
        backup(store.path, target, lambda tx: tx.execute("UPDATE nowhere SET a = 1"))
    assert _files(target.parent) == set()


def test_a_damaged_database_is_found_out(store: Store, target: Path) -> None:
    """An index has lost what its table has, as when a page was not written."""
    damaged = target.with_name("damaged.db")
    backup(store.path, damaged, lambda tx: None)
    with closing(sqlite3.connect(damaged)) as copy:
        copy.execute("PRAGMA writable_schema = ON")
        copy.execute("UPDATE sqlite_master SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') WHERE name = 'users_phone'")
        copy.commit()
    with pytest.raises(Unusable, match=r"damaged\.db est abîmée .* aucune copie") as refusal:
        backup(damaged, target, lambda tx: None)
    assert "\n" not in str(refusal.value) and _files(target.parent) == {"damaged.db"}


def test_what_is_written_meanwhile_harms_neither(store: Store, target: Path) -> None:
    def change(tx: Transaction) -> None:
        store.connection.execute("INSERT INTO settings VALUES ('meanwhile', '1')")

    module.backup(store.path, target, change)
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM settings").fetchone()[0] == 0
    assert store.value("SELECT count(*) FROM settings") == 1
