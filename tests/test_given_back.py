"""A database that is given to one test after the other holds nothing of the one before."""

import sqlite3
from contextlib import closing

import pytest
from cast import AWA
from ending import Ending, KeptStore
from store import Clock

from fadjma.store.sqlite.connections import connect

NAME = "SELECT given_name FROM users WHERE id = 'awa'"
ANOTHER_NAME = "UPDATE users SET given_name = 'Binta' WHERE id = 'awa'"


def test_whoever_has_it_open_sees_that_it_has_begun_again(ending: Ending) -> None:
    with closing(connect(ending.path)) as other, closing(connect(ending.path)) as reader:
        for put_away in (False, True):
            assert reader.execute(NAME).fetchone()[0] == AWA.given_name
            other.execute(ANOTHER_NAME)
            if put_away:
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            assert ending.changed()
            assert reader.execute(NAME).fetchone()[0] == "Binta"
            ending.begin_again()
            assert not ending.changed()
            assert other.execute(NAME).fetchone()[0] == reader.execute(NAME).fetchone()[0] == AWA.given_name


def test_what_was_added_to_the_schema_and_taken_from_it_is_undone_for_whoever_has_it_open(ending: Ending) -> None:
    with closing(connect(ending.path)) as other, closing(connect(ending.path)) as reader:
        triggers = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
        before = reader.execute(triggers).fetchone()[0]
        for change in ("DROP TRIGGER prescriptions_transitions", "CREATE TABLE extra (a)", ANOTHER_NAME):
            other.execute(change)
            reader.execute(NAME).fetchone()
            ending.begin_again()
            for connection in (other, reader, ending.kept):
                assert connection.execute(NAME).fetchone()[0] == AWA.given_name
                assert connection.execute(triggers).fetchone()[0] == before
                with pytest.raises(sqlite3.OperationalError, match="no such table"):
                    connection.execute("SELECT * FROM extra")


def test_two_changes_of_the_schema_are_not_taken_for_one(ending: Ending) -> None:
    with closing(connect(ending.path)) as other, closing(connect(ending.path)) as reader:
        other.execute("CREATE TABLE one (a)")
        assert reader.execute("SELECT * FROM one").fetchall() == []
        ending.begin_again()
        other.execute("CREATE TABLE another (a)")
        assert reader.execute("SELECT * FROM another").fetchall() == []
        ending.begin_again()


def test_nobody_reads_the_schema_again_that_is_the_same(ending: Ending) -> None:
    version = ending.kept.execute("PRAGMA schema_version").fetchone()[0]
    ending.kept.execute(ANOTHER_NAME)
    ending.begin_again()
    assert ending.kept.execute("PRAGMA schema_version").fetchone()[0] == version


def test_it_is_whole_however_much_was_put_into_it_or_taken_from_it(ending: Ending) -> None:
    with closing(connect(ending.path)) as other, closing(connect(ending.path)) as reader:
        before = reader.execute("SELECT count(*) FROM settings").fetchone()[0]
        for size in (200, 1_000_000):
            other.execute("INSERT INTO settings (key, value) VALUES ('much', ?)", ("x" * size,))
            ending.begin_again()
            for connection in (other, reader):
                assert connection.execute("SELECT count(*) FROM settings").fetchone()[0] == before
                assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_nor_does_it_matter_who_is_reading_meanwhile(ending: Ending) -> None:
    with closing(connect(ending.path)) as other, closing(connect(ending.path)) as reader:
        other.execute(ANOTHER_NAME)
        reader.execute("BEGIN")
        assert reader.execute(NAME).fetchone()[0] == "Binta"
        ending.begin_again()
        assert reader.execute(NAME).fetchone()[0] == "Binta"
        reader.execute("COMMIT")
        assert reader.execute(NAME).fetchone()[0] == other.execute(NAME).fetchone()[0] == AWA.given_name


class TestStore:
    @pytest.fixture
    def store(self, ending: Ending) -> KeptStore:
        return KeptStore(ending, Clock())

    @pytest.mark.parametrize("readings", [True, False])
    def test_says_what_there_is_now(self, store: KeptStore, readings: bool) -> None:
        before = store.content(readings=readings)
        store.connection.execute(ANOTHER_NAME)
        assert store.content(readings=readings) != before
        store.close()
        assert store.content(readings=readings) == before
        store.connection.execute("BEGIN")
        store.connection.execute(ANOTHER_NAME)
        assert store.content(readings=readings) != before  # before it is committed too
        store.close()
        assert store.content(readings=readings) == before

    def test_finds_what_does_not_add_up(self, store: KeptStore) -> None:
        store.check()
        store.connection.execute("UPDATE inboxes SET last_seq = last_seq + 1 WHERE user_id = 'awa'")
        with pytest.raises(AssertionError, match="a sequence has a hole"):
            store.check()
        store.close()
        store.check()

    def test_leaves_nothing_on_its_connection(self, store: KeptStore, ending: Ending) -> None:
        said: list[str] = []
        store.connection.set_trace_callback(said.append)
        store.connection.execute(
            "CREATE TEMP TRIGGER full BEFORE UPDATE ON main.users BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        store.connection.execute("BEGIN")
        store.close()
        heard = len(said)
        again = KeptStore(ending, Clock())
        again.connection.execute(ANOTHER_NAME)
        assert len(said) == heard
        assert not again.connection.in_transaction
        again.close()
        assert again.value(NAME) == AWA.given_name
