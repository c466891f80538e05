"""The store: one transaction per call, told after the commit."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cast import AWA, DIOP, settle
from store import MONDAY, Clock, Store

from fadjma import store
from fadjma.access import actions as access
from fadjma.refusals import Conflict
from fadjma.store import Database, Error, Transaction, Unavailable, Unusable, Violation, at
from fadjma.store.database import READERS
from fadjma.store.sqlite import database as module_of_database
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.migrating import migrate


def _keep(tx: Transaction, key: str, value: str = "1") -> str:
    tx.execute("INSERT INTO settings (key, value) VALUES (:key, :value)", {"key": key, "value": value})
    tx.announce(key)
    return key


def _kept(tx: Transaction) -> list[str]:
    return [row["key"] for row in tx.all("SELECT key FROM settings ORDER BY rowid")]


class TestWriting:
    async def test_it_returns_what_the_function_returns(self, database: Database) -> None:
        assert await database.write(_keep, "one", value="2") == "one"
        assert await database.read(_kept) == ["one"]

    async def test_an_error_leaves_nothing_and_tells_nobody(self, database: Database) -> None:
        told: list[Any] = []
        database.listener = told.extend

        def fail(tx: Transaction) -> None:
            _keep(tx, "one")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await database.write(fail)
        await database.write(_keep, "two")
        assert await database.read(_kept) == ["two"]
        assert told == ["two"]

    async def test_its_time_is_one_time(self, database: Database, clock: Clock) -> None:
        def times(tx: Transaction) -> tuple[int, int]:
            before = tx.now
            clock.advance(hours=1)
            return before, tx.now

        assert await database.write(times) == (MONDAY, MONDAY)

    async def test_a_database_that_is_not_open_writes_nothing(self, path: Path) -> None:
        with pytest.raises(AssertionError):
            await at(f"sqlite:///{path}").write(_kept)

    async def test_it_takes_sqlite_and_postgresql_and_nothing_else(self) -> None:
        with pytest.raises(ValueError, match="FADJMA_DATABASE_URL"):
            at("mysql://localhost/fadjma")

    async def test_references_to_nothing_are_refused(self, database: Database) -> None:
        with pytest.raises(Violation):
            await database.write(lambda tx: tx.execute("INSERT INTO inboxes (user_id) VALUES ('nobody')"))


class TestTelling:
    async def test_the_listener_hears_before_whoever_wrote_goes_on(self, database: Database) -> None:
        told: list[Any] = []
        database.listener = told.extend
        await database.write(_keep, "one")
        assert told == ["one"]

    async def test_what_it_hears_is_already_committed(self, database: Database, store: Store) -> None:
        seen: list[Any] = []
        database.listener = lambda announced: seen.extend(store.rows("SELECT key FROM settings"))
        await database.write(_keep, "one")
        assert seen == [("one",)]

    async def test_it_hears_on_the_event_loops_thread(self, database: Database) -> None:
        threads: list[threading.Thread] = []
        database.listener = lambda announced: threads.append(threading.current_thread())
        await database.write(_keep, "one")
        assert threads == [threading.current_thread()]

    async def test_it_hears_in_the_order_of_the_commits(self, database: Database) -> None:
        told: list[Any] = []
        database.listener = told.extend
        await asyncio.gather(*(database.write(_keep, f"k{number:02d}") for number in range(40)))
        assert told == await database.read(_kept)

    async def test_an_act_that_announces_nothing_is_not_told(self, database: Database) -> None:
        told: list[Any] = []
        database.listener = lambda announced: told.append(announced)
        await database.write(lambda tx: tx.execute("INSERT INTO settings VALUES ('quiet', '1')"))
        assert told == []

    async def test_it_hears_also_when_whoever_wrote_was_cancelled(self, database: Database) -> None:
        told: list[Any] = []
        database.listener = told.extend
        begun, go_on = threading.Event(), threading.Event()

        def slow(tx: Transaction) -> None:
            begun.set()
            go_on.wait(5)
            _keep(tx, "one")

        writing = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait, 5)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        go_on.set()
        await database.write(_keep, "two")
        assert told == ["one", "two"]
        assert await database.read(_kept) == ["one", "two"]


class TestReading:
    @pytest.mark.parametrize(
        "sql",
        [
            "INSERT INTO settings VALUES ('k', 'v')",
            "UPDATE users SET role = 'admin'",
            "DELETE FROM sessions",
            "DROP TABLE lots",
            "CREATE TABLE t (a)",
        ],
    )
    async def test_it_changes_nothing(self, database: Database, sql: str) -> None:
        with pytest.raises(Error, match="readonly"):
            await database.read(lambda tx: tx.execute(sql))

    async def test_it_sees_one_moment(self, database: Database) -> None:
        """What is committed in the middle of a reading is seen by the next one."""
        begun, go_on = threading.Event(), threading.Event()

        def twice(tx: Transaction) -> tuple[list[str], list[str]]:
            first = _kept(tx)
            begun.set()
            go_on.wait(5)
            return first, _kept(tx)

        reading = asyncio.create_task(database.read(twice))
        await asyncio.to_thread(begun.wait, 5)
        await database.write(_keep, "one")
        go_on.set()
        assert await reading == ([], [])
        assert await database.read(_kept) == ["one"]

    async def test_a_cancelled_or_failed_one_gives_its_connection_back(self, database: Database) -> None:
        for _ in range(store.READERS * 2):
            with pytest.raises(ZeroDivisionError):
                await database.read(lambda tx: 1 // 0)
            reading = asyncio.create_task(database.read(_kept))
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        assert await asyncio.gather(*(database.read(_kept) for _ in range(store.READERS * 3)))


class TestTwoProcesses:
    """A second process (a command, a second server by mistake) works on the same file."""

    @pytest.fixture
    async def other(self, path: Path, clock: Clock) -> AsyncIterator[Database]:
        other = at(f"sqlite:///{path}", clock=clock)
        await other.open()
        yield other
        await other.close()

    async def test_six_identical_requests_make_one(self, database: Database, other: Database) -> None:
        answers = await asyncio.gather(
            *(
                process.write(access.ask, DIOP, patient_id=AWA.id, reason="Suivi")
                for process in (database, other, database, other, database, other)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, Conflict) for answer in answers) == 5

    async def test_numbers_stay_gapless(self, database: Database, other: Database, store: Store) -> None:
        def notify(tx: Transaction) -> None:
            seq = tx.value("UPDATE inboxes SET last_seq = last_seq + 1 WHERE user_id = 'awa' RETURNING last_seq")
            tx.execute(
                "INSERT INTO notifications (user_id, seq, type, subject_kind, subject_id, created_at) "
                "VALUES ('awa', :seq, 'notification', 'inbox', 'awa', 1)",
                {"seq": seq},
            )

        await asyncio.gather(*(process.write(notify) for process in (database, other) * 15))
        store.check()
        assert store.rows("SELECT last_seq FROM inboxes WHERE user_id = 'awa'") == [(30,)]


LIMIT = 200_000  # bytes


def _keep_much(tx: Transaction, size: int = 20_000) -> None:
    """Acts of a few pages, for a log that grows."""
    tx.execute("INSERT INTO settings (key, value) VALUES (lower(hex(randomblob(16))), :much)", {"much": "x" * size})


@pytest.mark.long
class TestTheLog:
    """The -wal: an outer program that reads for long keeps it from beginning again."""

    @pytest.fixture(autouse=True)
    def at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module_of_database, "_TIDY_EVERY", 0.0)

    @pytest.fixture
    async def small(self, path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
        database = at(f"sqlite:///{path}", wal_limit=getattr(request, "param", LIMIT))
        await database.open()
        yield database
        await database.close()

    @staticmethod
    def size(database: Database) -> int:
        return database.path.with_name(database.path.name + "-wal").stat().st_size

    async def test_is_short_again_when_a_long_reader_has_gone(self, small: Database) -> None:
        reader = connect(small.path, read_only=True)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM settings").fetchone()
        for _ in range(40):
            await small.write(_keep_much)
        assert self.size(small) > 3 * LIMIT
        reader.execute("ROLLBACK")
        reader.close()
        for _ in range(3):
            await small.write(_keep_much)
        assert self.size(small) <= LIMIT

    async def test_gets_short_by_itself_where_it_can_begin_again(
        self, small: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SQLite begins again after some 4 MB (wal_autocheckpoint) and then cuts off what is over the limit."""
        monkeypatch.setattr(small, "_tidy_after", float("inf"))
        await small.write(_keep_much, 5_000_000)
        for _ in range(2):
            await small.write(_keep_much)
        assert self.size(small) <= LIMIT

    async def test_is_bounded_although_somebody_reads_at_every_moment(self, small: Database) -> None:
        readers = [connect(small.path, read_only=True) for _ in range(2)]
        for number in range(60):
            reader = readers[number % 2]  # the one begins before the other ends
            if reader.in_transaction:
                reader.execute("ROLLBACK")
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM settings").fetchone()
            await small.write(_keep_much)
        for reader in readers:
            reader.close()
        await small.write(_keep_much)
        assert self.size(small) <= LIMIT

    @pytest.mark.parametrize("small", [0], indirect=True)
    async def test_is_left_alone_where_litestream_looks_after_it(self, small: Database) -> None:
        before = small.path.stat().st_size
        for _ in range(6):
            await small.write(_keep_much, 1_000_000)
        assert self.size(small) > 5_000_000
        assert small.path.stat().st_size == before


class TestGivingUp:
    async def test_what_is_not_begun_in_time_is_not_done(self, database: Database) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def hold(tx: Transaction) -> None:
            begun.set()
            go_on.wait(5)
            _keep(tx, "begun")

        holding = asyncio.create_task(database.write(hold))
        await asyncio.to_thread(begun.wait, 5)
        late = [asyncio.create_task(database.write(_keep, key)) for key in ("late", "later")]
        await asyncio.sleep(0)
        database.finish_within(0)
        go_on.set()
        await holding
        for answer in await asyncio.gather(*late, return_exceptions=True):
            assert isinstance(answer, Unavailable) and answer.reason == "stopping"
        assert await database.read(_kept) == ["begun"]

    async def test_a_note_behind_somebody_elses_lock_keeps_nobody_waiting(self, database: Database) -> None:
        other = connect(database.path)
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(3):
            await database.note(_keep, "noted")
        other.execute("ROLLBACK")
        other.close()
        await database.write(_keep, "after")
        assert await database.read(_kept) == ["noted", "after"]


def _connecting(before: set[threading.Thread]) -> list[threading.Thread]:
    """Those that were not there `before`, and are of connections: asyncio's own, for migrating, stays."""
    return [thread for thread in set(threading.enumerate()) - before if "connection" in thread.name]


class TestOpening:
    async def test_that_fails_leaves_nothing_open(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """After the writer: a process with its thread would never end."""
        before = set(threading.enumerate())
        database = at(f"sqlite:///{path}")
        shm = path.with_name(path.name + "-shm")
        monkeypatch.setattr(database._place, "_files", [*database._place._files, str(shm) + "-nowhere"])
        with pytest.raises(Unusable, match="nowhere"):
            await database.open()
        assert database._writer is None
        for thread in _connecting(before):
            thread.join(5)
            assert not thread.is_alive()

    @pytest.mark.parametrize("with_its_loop", [False, True])
    @pytest.mark.parametrize("cut_short", range(1, READERS + 2))
    def test_cut_short_by_a_signal_no_thread_answers_to_a_loop_that_is_closed(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, cut_short: int, *, with_its_loop: bool
    ) -> None:
        """`with_its_loop`: a loop that ends cancels all that runs, what connects included."""
        failed: list[threading.ExceptHookArgs] = []
        monkeypatch.setattr(threading, "excepthook", failed.append)
        before = set(threading.enumerate())

        def connect_late(path: Path, *, read_only: bool) -> sqlite3.Connection:
            time.sleep(0.05)
            return connect(path, read_only=read_only)

        monkeypatch.setattr(module_of_database, "connect", connect_late)

        async def start_and_be_cut_short() -> list[threading.Thread]:
            opening = asyncio.create_task(at(f"sqlite:///{path}").open())
            while len(begun := _connecting(before)) < cut_short:  # noqa: ASYNC110 - the moment itself is what is looked for
                await asyncio.sleep(0)
            if not with_its_loop:
                opening.cancel()
                await asyncio.wait({opening})
                assert opening.cancelled()
            return begun

        for thread in asyncio.run(start_and_be_cut_short()):
            thread.join(5)
            assert not thread.is_alive()
        assert not failed


async def test_it_can_be_closed_and_opened_again(path: Path) -> None:
    database = at(f"sqlite:///{path}")
    for key in ("one", "two"):
        await database.open()
        await database.write(_keep, key)
        await database.close()
    await database.open()
    assert await database.read(_kept) == ["one", "two"]
    await database.close()


def test_a_connection_is_durable_and_waits_for_others(path: Path) -> None:
    connection = connect(path)
    pragmas = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
    }
    connection.close()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5_000,
        "query_only": 0,
    }


def test_the_cast_settles_in_any_empty_database(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "new.db"
    migrate(path, MONDAY)
    store = Store(path, clock)
    store.write(settle)
    store.check()
    store.close()
