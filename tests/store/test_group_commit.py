"""Group commit: who writes at the same moment shares one commit, and keeps their own success or failure."""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from cast import AWA, DIOP
from store import Store

from fadjma.access import actions as access
from fadjma.access.queries import access_requests
from fadjma.refusals import Conflict
from fadjma.store import Announced, Database, Error, Transaction, Unavailable
from fadjma.store.sqlite import group_commit
from fadjma.store.sqlite.group_commit import commit
from fadjma.store.writes import Write, settle


def keep(key: str) -> Callable[[Transaction], str]:
    def work(tx: Transaction) -> str:
        tx.execute("INSERT INTO settings (key, value) VALUES (:key, '1')", {"key": key})
        tx.announce(key)
        return key

    return work


def keep_and_fail(tx: Transaction) -> None:
    keep("half done")(tx)
    raise ZeroDivisionError


def group(store: Store, *work: Callable[[Transaction], Any]) -> list[Write]:
    """Run these as if they had been asked for while the writer was busy; gives what came of each."""
    waiting = deque(Write(one) for one in work)
    done: list[Write] = []
    while waiting:
        done += commit(store.connection, store.clock, waiting)
    return done


def kept(store: Store) -> list[str]:
    return [key for (key,) in store.rows("SELECT key FROM settings ORDER BY rowid")]


def commits(store: Store, *work: Callable[[Transaction], Any]) -> int:
    """How many commits these take."""
    said: list[str] = []
    store.connection.set_trace_callback(said.append)
    group(store, *work)
    store.connection.set_trace_callback(None)
    return said.count("COMMIT")


class Watch:
    """What the writer takes for the time: it passes when a test says so, not when the machine is busy."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(group_commit, "time", watch)
    return watch


@pytest.mark.usefixtures("watch")
class TestAGroup:
    def test_shares_one_commit(self, store: Store) -> None:
        assert commits(store, *(keep(f"k{number}") for number in range(10))) == 1

    def test_is_bounded_in_number(self, store: Store) -> None:
        assert commits(store, *(keep(f"k{number}") for number in range(group_commit.GROUP + 1))) == 2

    def test_is_bounded_in_time(self, store: Store, watch: Watch) -> None:
        """A long act may have company that came before, but nobody waits for two."""

        def long(tx: Transaction) -> None:
            watch.seconds += 0.03

        assert commits(store, keep("before"), long, keep("after"), long, keep("last")) == 3

    def test_runs_in_the_order_in_which_it_was_asked(self, store: Store) -> None:
        done = group(store, *(keep(f"k{number}") for number in range(10)))
        assert [write.result for write in done] == kept(store) == [f"k{number}" for number in range(10)]

    def test_each_sees_what_came_before_it(self, store: Store) -> None:
        done = group(store, keep("one"), lambda tx: tx.value("SELECT count(*) FROM settings"))
        assert done[1].result == 1

    def test_who_fails_takes_only_their_own_changes_with_them(self, store: Store) -> None:
        done = group(store, keep("one"), keep_and_fail, keep("two"))
        assert kept(store) == ["one", "two"]
        assert [type(write.error) for write in done] == [type(None), ZeroDivisionError, type(None)]
        assert [write.announced for write in done] == [["one"], None, ["two"]]

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_wherever_the_failing_one_stands(self, store: Store, place: int) -> None:
        work: list[Callable[[Transaction], Any]] = [keep("one"), keep("two")]
        work.insert(place, keep_and_fail)
        group(store, *work)
        assert kept(store) == ["one", "two"]

    def test_of_failures_alone_leaves_nothing(self, store: Store) -> None:
        done = group(store, keep_and_fail, keep_and_fail)
        assert kept(store) == [] and all(isinstance(write.error, ZeroDivisionError) for write in done)

    def test_two_identical_requests_make_one(self, store: Store) -> None:
        def ask(tx: Transaction) -> str:
            return access.ask(tx, DIOP, patient_id=AWA.id, reason="Suivi")

        first, second = group(store, ask, ask)
        assert first.error is None and isinstance(second.error, Conflict)
        assert len(store.read(access_requests, AWA)) == 1

    def test_all_have_the_moment_of_the_one_commit(self, store: Store, watch: Watch) -> None:
        done = group(store, keep("a"), keep("b"))
        assert [write.announced and write.announced.committed_at for write in done] == [watch.seconds] * 2


class TestWhenTheTransactionItselfFails:
    def test_at_the_commit_nobody_has_succeeded(self, store: Store) -> None:
        """As a full disk would have it: the commit is refused after everybody's work was done."""
        store.connection.set_authorizer(
            lambda action, name, *_: (
                sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION and name == "COMMIT" else sqlite3.SQLITE_OK
            )
        )
        done = group(store, keep("one"), keep_and_fail, keep("two"))
        store.connection.set_authorizer(None)
        assert kept(store) == []
        assert [type(write.error) for write in done] == [
            Error,
            ZeroDivisionError,
            Error,
        ]
        assert not any(write.announced for write in done)

    def test_from_within_nobody_has_succeeded_and_the_next_group_is_well(self, store: Store) -> None:
        def end_it(tx: Transaction) -> None:
            tx.execute("ROLLBACK")

        done = group(store, keep("one"), end_it, keep("later"))
        assert kept(store) == ["later"], "it came after the group that failed"
        assert [write.error is None for write in done] == [False, False, True]

    def test_locked_by_another_process_it_is_said_to_all_who_wait_and_to_no_other(self, store: Store) -> None:
        """Each trying for itself, the tenth would hear of it after ten times as long."""
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.connection.execute("PRAGMA busy_timeout = 10")
        waiting = deque([Write(keep("one")), Write(keep("as well"))])
        done = commit(store.connection, store.clock, waiting)
        assert [write.error.reason for write in done if isinstance(write.error, Unavailable)] == ["locked"] * 2
        assert not waiting
        other.execute("ROLLBACK")
        other.close()
        group(store, keep("two"))
        assert kept(store) == ["two"]

    def test_a_disk_that_does_not_even_roll_back_leaves_nobody_without_an_answer(self, store: Store) -> None:
        refused = [sqlite3.SQLITE_DENY]
        store.connection.set_authorizer(
            lambda action, name, *_: (
                refused[0] if action == sqlite3.SQLITE_TRANSACTION and name != "BEGIN" else sqlite3.SQLITE_OK
            )
        )
        (done,) = group(store, keep("one"))
        assert type(done.error) is Error
        refused[0] = sqlite3.SQLITE_OK
        (in_the_way,) = group(store, keep("two"))
        assert type(in_the_way.error) is Error, "it ends the transaction that was left"
        group(store, keep("three"))
        assert kept(store) == ["three"]


class TestManyAtOnce:
    async def test_a_thread_that_stands_still_leaves_nobody_waiting(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The garbage collector or a suspended machine, between the beginning of the transaction and the first work."""
        moments = iter([0.0, 60.0])
        monkeypatch.setattr(group_commit, "time", SimpleNamespace(monotonic=lambda: next(moments, 60.0)))
        async with asyncio.timeout(5):
            assert await database.write(keep("one")) == "one"

    async def test_whoever_comes_with_one_that_ends_like_an_iterator_is_answered(self, database: Database) -> None:
        def ends(tx: Transaction) -> None:
            next(iter(()))

        async with asyncio.timeout(5):
            first, *others = await asyncio.gather(
                *(database.write(work) for work in (ends, keep("one"), keep("two"))), return_exceptions=True
            )
        assert isinstance(first, RuntimeError) and others == ["one", "two"]

    async def test_one_who_has_gone_away_keeps_no_answer_back(self) -> None:
        loop = asyncio.get_running_loop()
        gone, there = Write(keep("one"), loop.create_future()), Write(keep("two"), loop.create_future())
        there.result = "two"
        assert gone.future and there.future
        gone.future.cancel()
        settle([gone, there], lambda announced: None)
        assert await there.future == "two"

    async def test_a_listener_that_fails_keeps_no_answer_back(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fails(announced: Announced) -> None:
            raise ZeroDivisionError

        database.listener = fails
        async with asyncio.timeout(5):
            assert await asyncio.gather(database.write(keep("one")), database.write(keep("two"))) == ["one", "two"]
        assert "the listener failed" in caplog.text

    async def test_each_gets_their_own_answer(self, database: Database, store: Store) -> None:
        """While one holds the writer up, forty more come; every third of them fails."""
        begun, go_on = threading.Event(), threading.Event()

        def hold(tx: Transaction) -> None:
            begun.set()
            go_on.wait(5)

        holding = asyncio.create_task(database.write(hold))
        await asyncio.to_thread(begun.wait, 5)
        acts = [database.write(keep_and_fail if n % 3 == 0 else keep(f"k{n}")) for n in range(40)]
        answers = asyncio.gather(*acts, return_exceptions=True)
        await asyncio.sleep(0)
        go_on.set()
        await holding
        for number, answer in enumerate(await answers):
            assert isinstance(answer, ZeroDivisionError) if number % 3 == 0 else answer == f"k{number}"
        assert kept(store) == [f"k{number}" for number in range(40) if number % 3]

    async def test_closing_finishes_what_was_asked(self, database: Database, store: Store) -> None:
        writing = [asyncio.ensure_future(database.write(keep(f"k{number}"))) for number in range(100)]
        await asyncio.sleep(0)
        await database.close()
        async with asyncio.timeout(5):
            assert await asyncio.gather(*writing) == kept(store) == [f"k{number}" for number in range(100)]

    async def test_closing_leaves_nobody_waiting_who_asks_meanwhile(self, database: Database, store: Store) -> None:
        """The writer has been told to close by then; whoever opens the database again finds it as it should be."""
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable, match="stopping"):
                await asyncio.gather(database.write(keep("late")), database.write(keep("later")))
            await closing
            await database.open()
            assert await database.write(keep("again")) == "again"
        assert kept(store) == ["again"]
