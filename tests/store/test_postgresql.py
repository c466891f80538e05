"""PostgreSQL behind the same functions: what SQLite's one writer orders by itself holds where many write at once."""

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from cast import AWA, DIOP, FALL, GOMIS, NDIAYE
from postgresql_store import PostgreSQLStore
from settled import Settled
from steps import explain, grant, issue, issued, receive
from store import Clock, Store

from fadjma import events
from fadjma.access import actions as access
from fadjma.events import Announcement, Everybody, Subject, everybody, inbox, telling
from fadjma.inventory import actions as inventory
from fadjma.prescriptions import dispensing
from fadjma.refusals import Conflict, NotFound, Refusal
from fadjma.store import Announced, Database, Duplicate, Error, Transaction, Unavailable, Violation, at, tried_to_write
from fadjma.store.owner import Owner
from fadjma.store.postgresql import writing
from fadjma.store.postgresql.connections import connect
from fadjma.store.postgresql.database import PostgreSQL
from fadjma.store.postgresql.messages import Messages, Statement
from fadjma.store.postgresql.owner import LockOwner
from fadjma.store.postgresql.statements import translated, values
from fadjma.store.postgresql.transaction import PostgreSQLTransaction
from fadjma.store.writes import Write

WRITERS = 64


@pytest.fixture
def database_url(settled_on_postgresql: Settled) -> str:
    settled_on_postgresql.begin_again()
    return settled_on_postgresql.url


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[Store]:
    store = PostgreSQLStore(database_url, clock)
    yield store
    store.check()
    store.close()


@pytest.fixture
async def other(database_url: str, clock: Clock) -> AsyncIterator[Database]:
    """A second process on the same database."""
    other = at(database_url, clock=clock)
    await other.open()
    yield other
    await other.close()


async def at_once(databases: list[Database], function: Callable[..., Any], *who: Any, **how: Any) -> list[Any]:
    """What each of 64 writers is answered, the people by turns, half of them in each process."""
    return await asyncio.gather(
        *(
            databases[number % len(databases)].write(function, *who[number % len(who)], **how)
            for number in range(WRITERS)
        ),
        return_exceptions=True,
    )


def _notify(tx: Transaction, *people: str) -> None:
    events.notify(tx, list(people), "notification", None, Subject("inbox", people[0]))


def _put_off(tx: Transaction, subject: Subject) -> None:
    events.notify(tx, Everybody("pharmacist"), "prescription_status_changed", None, subject)


class TestSixtyFourWriters:
    async def test_numbers_are_gapless_and_nothing_is_lost(
        self, store: Store, database: Database, other: Database
    ) -> None:
        people = [(AWA.id, DIOP.id), (DIOP.id, NDIAYE.id), (NDIAYE.id, AWA.id)]
        before = dict(store.rows("SELECT user_id, last_seq FROM inboxes"))
        assert await at_once([database, other], _notify, *people) == [None] * WRITERS
        raised = [last - before[user] for user, last in store.rows("SELECT user_id, last_seq FROM inboxes")]
        assert sum(raised) == 2 * WRITERS
        store.check()

    async def test_each_person_is_told_in_the_order_of_their_numbers_or_reads_what_is_missing(
        self, store: Store, database: Database
    ) -> None:
        told: list[int] = []

        def hear(announced: Announced) -> None:
            told.extend(what.recipients[AWA.id] for what in announced if isinstance(what, Announcement))

        database.listener = hear
        await at_once([database], _notify, (AWA.id,))
        assert sorted(told) == list(range(min(told), min(told) + WRITERS))

    async def test_what_each_puts_off_has_its_place_and_comes_to_everybody_once_whoever_tells(
        self, store: Store, database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A process that hung while it kept the time may tell beside the one that keeps it since."""
        monkeypatch.setattr(everybody, "AT_ONCE", 0)
        subjects = [(Subject("prescription", f"{number}"),) for number in range(WRITERS)]
        answers = await at_once([database, other], _put_off, *subjects)
        assert answers == [None] * WRITERS
        numbers = [number for (number,) in store.rows("SELECT number FROM tellings ORDER BY number")]
        assert numbers == [*range(1, WRITERS + 1)]
        while store.rows("SELECT 1 FROM tellings LIMIT 1"):
            told = await at_once([database, other], telling.tell_some, (5,))
            assert all(isinstance(one, int) for one in told), told
        sql = "SELECT count(*), count(DISTINCT subject_id) FROM notifications WHERE user_id = ?"
        for person in (NDIAYE, GOMIS, FALL):
            assert store.rows(sql, person.id) == [(WRITERS, WRITERS)]
        store.check()

    async def test_one_request_of_all_that_are_the_same_is_made(
        self, store: Store, database: Database, other: Database
    ) -> None:
        answers = await at_once([database, other], access.ask, (DIOP,), patient_id=AWA.id, reason="Suivi")
        assert sum(isinstance(answer, str) for answer in answers) == 1
        assert sum(isinstance(answer, Conflict) for answer in answers) == WRITERS - 1
        assert store.value("SELECT count(*) FROM access_requests WHERE status = 'pending'") == 1

    async def test_one_pharmacy_takes_a_prescription(self, store: Store, database: Database, other: Database) -> None:
        prescription_id = issued(store, pharmacy=None)
        who = [(one, prescription_id) for one in (NDIAYE, FALL, GOMIS)]
        answers = await at_once([database, other], dispensing.validate, *who)
        assert sum(isinstance(answer, str) for answer in answers) == 1
        assert sum(isinstance(answer, NotFound | Conflict) for answer in answers) == WRITERS - 1
        assert store.told(AWA).count("prescription.validated") == 1

    async def test_no_more_is_kept_than_there_is(self, store: Store, database: Database, other: Database) -> None:
        receive(store, 100)
        grant(store)
        asked = [issue(store, 20) for _ in range(8)]
        explain(store, *asked)
        wanted = [(NDIAYE, store.write(dispensing.validate, NDIAYE, one)) for one in asked]
        answers = await at_once([database, other], dispensing.prepare, *wanted)
        assert not [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, Refusal)]
        kept = sum(isinstance(answer, str) for answer in answers)
        assert 0 < kept <= 8
        assert store.value("SELECT sum(reserved) FROM lots") == min(100, 20 * kept)
        assert store.value("SELECT min(on_hand - reserved) FROM lots") >= 0

    async def test_a_lot_is_counted_by_one(self, store: Store, database: Database, other: Database) -> None:
        lot = receive(store, 100)
        answers = await at_once(
            [database, other], inventory.adjust, (NDIAYE, lot), on_hand=90, version=1, reason="Comptage"
        )
        assert sum(isinstance(answer, str) for answer in answers) == 1
        assert sum(isinstance(answer, Conflict) for answer in answers) == WRITERS - 1


def _keep(tx: Transaction, key: str, value: str = "1") -> str:
    tx.execute("INSERT INTO settings (key, value) VALUES (:key, :value)", {"key": key, "value": value})
    tx.announce(key)
    return key


class TestAgain:
    async def test_what_was_in_the_way_of_another_is_run_again_and_says_so(
        self, database: Database, other: Database
    ) -> None:
        """Two read what the other writes: one of them was never alone."""
        both = threading.Barrier(2, timeout=60)
        again: list[bool] = []

        def count_and_keep(tx: Transaction, key: str) -> int:
            count: int = tx.value("SELECT count(*) FROM settings")
            again.append(tx.again)
            if not tx.again:
                both.wait()
            tx.execute("INSERT INTO settings (key, value) VALUES (:key, :count)", {"key": key, "count": str(count)})
            return count

        before = await database.read(lambda tx: tx.value("SELECT count(*) FROM settings"))
        counts = await asyncio.gather(database.write(count_and_keep, "a"), other.write(count_and_keep, "b"))
        assert sorted(counts) == [before, before + 1]
        assert again == [False, False, True]

    async def test_nobody_is_told_of_a_try_that_was_not_kept(self, database: Database, other: Database) -> None:
        """The first try fails at its commit, when all of it was done; the second is refused."""
        told: list[str] = []
        database.listener = other.listener = told.extend
        both = threading.Barrier(2, timeout=60)

        def keep_alone(tx: Transaction, key: str) -> str:
            if tx.again:
                raise LookupError("it is another's")
            tx.value("SELECT count(*) FROM settings")
            both.wait()
            _keep(tx, key)
            both.wait()
            return key

        answers = await asyncio.gather(
            database.write(keep_alone, "a"), other.write(keep_alone, "b"), return_exceptions=True
        )
        kept = [answer for answer in answers if isinstance(answer, str)]
        assert len(kept) == 1
        assert [type(answer) for answer in answers if answer not in kept] == [LookupError]
        assert told == kept

    async def test_an_error_that_hides_it_does_not_end_it(
        self, database: Database, other: Database, store: Store
    ) -> None:
        both = threading.Barrier(2, timeout=60)

        def raise_the_counter(tx: Transaction) -> None:
            first = tx.value("SELECT last_seq FROM inboxes WHERE user_id = 'awa'")
            if not tx.again:
                both.wait()
            try:
                tx.execute("UPDATE inboxes SET last_seq = :next WHERE user_id = 'awa'", {"next": first + 1})
            except Error as error:
                raise RuntimeError("something else") from error

        before = store.value("SELECT last_seq FROM inboxes WHERE user_id = 'awa'")
        await asyncio.gather(database.write(raise_the_counter), other.write(raise_the_counter))
        assert store.value("SELECT last_seq FROM inboxes WHERE user_id = 'awa'") == before + 2
        store.connection.execute("UPDATE inboxes SET last_seq = ? WHERE user_id = 'awa'", (before,))

    async def test_a_key_that_another_has_made_at_that_moment_is_not_believed(
        self, database: Database, other: Database
    ) -> None:
        """Whoever looks before sees it the next time; and is not told of a row that was not there when they looked."""
        both = threading.Barrier(2, timeout=60)

        def keep_what_is_next(tx: Transaction) -> str:
            kept = tx.value("SELECT max(number) FROM chain_heads WHERE chain = 'next'") or 0
            if not tx.again:
                both.wait()
            key = _keep(tx, f"next {kept + 1}")
            tx.execute(
                "INSERT INTO chain_heads (chain, number, digest, seal, since) VALUES ('next', :number, '', 1, 1) "
                "ON CONFLICT (chain) DO UPDATE SET number = excluded.number",
                {"number": kept + 1},
            )
            return key

        writes = [one.write(keep_what_is_next) for one in (database, other)]
        assert sorted(await asyncio.gather(*writes)) == ["next 1", "next 2"]

    async def test_a_key_that_is_there_when_it_is_looked_at_again_is_said(self, database: Database) -> None:
        await database.write(_keep, "kept")
        tried: list[bool] = []

        def keep(tx: Transaction) -> None:
            tried.append(tx.again)
            try:
                _keep(tx, "kept")
            except Duplicate as error:
                raise LookupError("it is there") from error

        with pytest.raises(LookupError):
            await database.write(keep)
        assert tried == [False, True]

    async def test_what_is_refused_of_what_nobody_waits_for_keeps_nothing_and_is_said(
        self, database: Database, store: Store
    ) -> None:
        """With what is asked next, or with the commit; also where somebody makes nothing of it."""
        await database.write(_keep, "there")
        sent = "INSERT INTO settings (key, value) VALUES (:key, '1')"

        def send(tx: Transaction, *asked: str, careless: bool = False) -> None:
            tx.send(sent, {"key": "other"})
            tx.send(sent, {"key": "there"})
            tx.send(sent, {"key": "never"})
            for one in asked:
                try:
                    tx.value(one)
                except Duplicate:
                    if not careless:
                        raise

        for asked in ((), ("SELECT 1",)):
            with pytest.raises(Duplicate) as refused:
                await database.write(send, *asked)
            assert refused.value.constraint == "settings_pkey"
        with pytest.raises(Error):
            await database.write(send, "SELECT 1", careless=True)
        assert store.value("SELECT count(*) FROM settings WHERE key IN ('other', 'never')") == 0

    async def test_what_nobody_waits_for_is_kept_too(self, database: Database, store: Store) -> None:
        """More than one message holds, and more than a socket takes at once."""
        rows = [{"key": f"row {number}", "value": "x" * 5_000} for number in range(1_201)]
        await database.write(
            lambda tx: tx.execute_many("INSERT INTO settings (key, value) VALUES (:key, :value)", rows)
        )
        assert store.value("SELECT count(*) FROM settings WHERE key LIKE 'row %'") == len(rows)
        await database.write(lambda tx: None)

    async def test_a_reading_that_writes_is_refused_also_of_what_nobody_waits_for(self, database: Database) -> None:
        """web/asking.py then has it run as a write."""
        for read in (database.read, database.read_aside):
            with pytest.raises(Error) as refused:
                await read(lambda tx: tx.send("INSERT INTO settings (key, value) VALUES ('x', '1')"))
            assert tried_to_write(refused.value)

    async def test_a_value_that_cannot_be_sent_is_an_error_and_the_next_can(self, database: Database) -> None:
        def send(tx: Transaction) -> None:
            _keep(tx, "begun")
            with pytest.raises(Error):
                tx.value("SELECT CAST(:x AS TEXT)", {"x": "a\0b"})
            assert tx.value("SELECT CAST(:x AS TEXT)", {"x": "ab"}) == "ab"

        await database.write(send)

    async def test_it_is_given_up_when_it_takes_too_long(
        self, database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writing, "_BUSY_SECONDS", 0.0)

        def lose(tx: Transaction) -> None:
            tx.value("SELECT last_seq FROM inboxes WHERE user_id = 'awa'")
            store.connection.execute("UPDATE inboxes SET forgotten = forgotten WHERE user_id = 'awa'")
            tx.execute("UPDATE inboxes SET forgotten = forgotten WHERE user_id = 'awa'")

        with pytest.raises(Unavailable) as outage:
            await database.write(lose)
        assert outage.value.reason == "locked"
        assert database.failure is not None
        await database.write(_keep, "after")
        assert database.failure is None


class TestInEachOthersWay:
    """Two processes that write about the same people at one moment."""

    async def test_what_was_in_the_way_is_done_again_with_nobody_beside(
        self, database: Database, other: Database
    ) -> None:
        """Else the second is in the way again, and the third time: one pharmacy that two processes act for took 1 s an
        act, and was told that the database is busy."""
        tries: list[str] = []
        others: list[Future[None]] = []
        loop = asyncio.get_running_loop()

        def act(tx: Transaction) -> None:
            tries.append(_held(tx))
            number = _number(tx, "one")
            if len(tries) == 1:
                asyncio.run_coroutine_threadsafe(other.write(_count, "one"), loop).result(10)
            else:
                others.append(asyncio.run_coroutine_threadsafe(other.write(_count, "one"), loop))
            _count(tx, "one", number + 10)

        await database.write(_keep, "one")
        await database.write(act)
        await asyncio.wrap_future(others[0])  # it has waited for its turn, or its row
        assert tries == ["RowShareLock", "ExclusiveLock"]
        assert await database.read(_number, "one") == 13

    @pytest.mark.parametrize("hung", [False, True], ids=["alone", "beside who hangs"])
    async def test_all_of_a_group_are_done_again_together(
        self, database: Database, other: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, hung: bool
    ) -> None:
        """Beside a process, too, that hangs in a transaction, so that nobody can write alone."""
        monkeypatch.setattr(writing, "_GROUP_SECONDS", 60.0)
        _wait_shortly_for_others(monkeypatch)
        names, tries = ["one", "two", "three"], list[str]()
        loop = asyncio.get_running_loop()

        def act(name: str) -> Callable[[Transaction], str]:
            def work(tx: Transaction) -> str:
                tries.append(name)
                number = _number(tx, name)
                if tries == names:
                    asyncio.run_coroutine_threadsafe(other.write(_count, name), loop).result(10)
                _count(tx, name, number + 10)
                return str(tx.value("SELECT pg_current_xact_id()::text"))

            return work

        for name in names:
            await database.write(_keep, name)
        with connect(database_url) as beside:
            if hung:
                beside.execute("BEGIN")
                beside.execute("LOCK TABLE schema_migrations IN ROW SHARE MODE")
            numbers = await asyncio.gather(*(database.write(act(name)) for name in names))
            beside.execute("SELECT 1")
        assert tries == names * 2
        assert len(set(numbers)) == 1

    async def test_a_connection_that_ends_before_they_are_done_again_costs_nobody_their_act(
        self, database: Database, other: Database, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writing, "_GROUP_SECONDS", 60.0)
        begin, cut, loop = PostgreSQLTransaction.begin, list[int](), asyncio.get_running_loop()

        def end_once(tx: PostgreSQLTransaction) -> None:
            if not cut:
                cut.append(tx._connection.info.backend_pid)
                store.rows("SELECT pg_terminate_backend(:pid, 5000)", {"pid": cut[0]})
            begin(tx)

        monkeypatch.setattr(PostgreSQLTransaction, "begin", end_once)
        names, tries = ["one", "two", "three"], list[str]()

        def act(name: str) -> Callable[[Transaction], None]:
            def work(tx: Transaction) -> None:
                tries.append(name)
                number = _number(tx, name)
                if tries == names:
                    asyncio.run_coroutine_threadsafe(other.write(_count, name), loop).result(10)
                _count(tx, name, number + 10)

            return work

        for name in names:
            await database.write(_keep, name)
        await asyncio.gather(*(database.write(act(name)) for name in names))
        assert cut
        assert [await database.read(_number, name) for name in names] == [11, 11, 12]

    async def test_whoever_waits_for_each_other_waits_no_longer_than_is_of_use(
        self, database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """PostgreSQL finds a deadlock after a second, and then only."""
        both_hold_one = threading.Barrier(2)
        first = {"one": True, "two": True}

        def act(one: str, two: str) -> Callable[[Transaction], None]:
            def work(tx: Transaction) -> None:
                _count(tx, one)
                if first[one]:
                    first[one] = False
                    both_hold_one.wait(10)
                _count(tx, two)

            return work

        states: list[str | None] = []
        failed = PostgreSQLTransaction.failed

        def noted(tx: PostgreSQLTransaction, error: psycopg.Error) -> Error:
            states.append(error.sqlstate)
            return failed(tx, error)

        monkeypatch.setattr(PostgreSQLTransaction, "failed", noted)
        for name in first:
            await database.write(_keep, name)
        await asyncio.gather(database.write(act("one", "two")), other.write(act("two", "one")))
        assert [await database.read(_number, name) for name in ("one", "two")] == [3, 3]
        assert states, "they were not in each other's way"
        assert "40P01" not in states

    async def test_who_lets_nobody_write_alone_stops_nobody(
        self, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A process that hangs with that lock, for as long as PostgreSQL lets it."""
        _wait_shortly_for_others(monkeypatch)
        with connect(database_url) as hung:
            hung.execute("BEGIN")
            hung.execute("LOCK TABLE schema_migrations IN EXCLUSIVE MODE")
            ways = [await database.write(lambda tx: (_held(tx), tx.again)) for _ in "12"]
            assert ways == [("", False)] * 2, "it counts what it does outside of the database, which it has not done"
            hung.execute("ROLLBACK")
        monkeypatch.setattr(database._writes, "_apart_until", 0.0)  # five seconds later
        assert await database.write(_held) == "RowShareLock"


def _wait_shortly_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    begin, _, *rest = writing._ALONE
    monkeypatch.setattr(writing, "_ALONE", (begin, b"SET LOCAL lock_timeout = 50", *rest))


def _held(tx: Transaction) -> str:
    """How this transaction shares the database with others that write; also begins it."""
    return str(
        tx.value(
            "SELECT coalesce(max(mode), '') FROM pg_locks "
            "WHERE pid = pg_backend_pid() AND relation = 'schema_migrations'::regclass"
        )
    )


def _number(tx: Transaction, key: str) -> int:
    return int(tx.value("SELECT value FROM settings WHERE key = :key", {"key": key}))


def _count(tx: Transaction, key: str, number: int | None = None) -> None:
    number = number or _number(tx, key) + 1
    tx.execute("UPDATE settings SET value = :value WHERE key = :key", {"key": key, "value": str(number)})


class TestTogether:
    """What one process is asked to write at one moment goes in one transaction."""

    @pytest.fixture(autouse=True)
    def one_moment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However busy the machine is: after 20 ms the others go into the next."""
        monkeypatch.setattr(writing, "_GROUP_SECONDS", 60.0)

    @staticmethod
    def act(key: str, then: Callable[[Transaction], object] = lambda tx: None) -> Callable[[Transaction], str]:
        """Keeps the key, sends another that nobody waits for, and returns its transaction's number."""

        def work(tx: Transaction) -> str:
            _keep(tx, key)
            tx.send("INSERT INTO settings (key, value) VALUES (:key, '2')", {"key": f"{key} sent"})
            then(tx)
            return str(tx.value("SELECT pg_current_xact_id()::text"))

        return work

    @staticmethod
    async def kept(database: Database) -> set[str]:
        keys = "SELECT key FROM settings WHERE key LIKE 'act %' AND key NOT LIKE '%sent'"
        rows = await database.read(lambda tx: (tx.all(keys), tx.value(f"SELECT count(*) FROM ({keys}) AS k")))
        sent = await database.read(lambda tx: tx.value("SELECT count(*) FROM settings WHERE key LIKE 'act % sent'"))
        assert rows[1] == sent
        return {row["key"] for row in rows[0]}

    async def test_they_share_one_commit_and_are_told_in_their_order(self, database: Database) -> None:
        told: list[str] = []
        database.listener = told.extend
        numbers = await asyncio.gather(*(database.write(self.act(f"act {number}")) for number in range(8)))
        assert len({*numbers}) == 1
        assert told == [f"act {number}" for number in range(8)]

    async def test_what_is_asked_for_later_goes_with_what_is_asked_now(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In the order in which it was asked; what is heard first has all of it sent."""
        said, ask, keep = [], Messages.ask, "INSERT INTO settings (key, value) VALUES ('{}', '1')"

        def spy(messages: Messages, what: Sequence[Statement], patience: float | None) -> Any:
            said.append(len(what))
            return ask(messages, what, patience)

        def work(tx: Transaction) -> tuple[int, ...]:
            count = "SELECT count(*) FROM settings"
            before = int(tx.value(count))
            said.clear()
            first = tx.ask(count)
            tx.send(keep.format("act a"))
            second = tx.ask(count)
            tx.send(keep.format("act b"))
            third = tx.value(count)
            return tuple(found - before for found in (second()[0][0], first()[0][0], third))

        monkeypatch.setattr(Messages, "ask", spy)
        assert await database.write(work) == (1, 0, 2)
        assert said[0] == 5, "all in one message"

    async def test_there_are_no_more_than_so_many(self, database: Database) -> None:
        numbers = await asyncio.gather(
            *(database.write(self.act(f"act {number}")) for number in range(writing.GROUP + 1))
        )
        assert len({*numbers}) > 1 and len(await self.kept(database)) == writing.GROUP + 1

    async def test_each_sees_what_those_before_it_have_written(self, database: Database) -> None:
        def count(tx: Transaction) -> int:
            _keep(tx, f"act {tx.value('SELECT count(*) FROM settings')}")
            return int(tx.value("SELECT count(*) FROM settings"))

        counts = await asyncio.gather(*(database.write(count) for _ in range(4)))
        assert counts == [*range(counts[0], counts[0] + 4)]

    async def test_one_that_is_refused_takes_nobody_with_it(self, database: Database) -> None:
        def refuse(tx: Transaction) -> None:
            tx.value("SELECT count(*) FROM settings")
            raise LookupError("refused")

        def refuse_before_it_hears(tx: Transaction) -> None:
            tx.ask("SELECT count(*) FROM settings")
            raise LookupError("refused")

        def look_and_write(tx: Transaction) -> None:
            tx.all("UPDATE settings SET value = value RETURNING key")
            raise LookupError("refused")

        def ask_and_write(tx: Transaction) -> None:
            tx.ask("UPDATE settings SET value = value RETURNING key")
            raise LookupError("refused")

        read_only = (refuse, refuse_before_it_hears)
        for refused in (*read_only, look_and_write, ask_and_write, self.act("act refused", refuse)):
            acts = [self.act(f"act {refused} {number}") for number in range(5)]
            answers = await asyncio.gather(
                *(database.write(one) for one in (*acts[:2], refused, *acts[2:])), return_exceptions=True
            )
            assert [str(answer) for answer in answers if isinstance(answer, Exception)] == ["refused"]
            assert isinstance(answers[2], LookupError)
            assert (len({str(answer) for answer in answers}) == 2) == (refused in read_only), "it had written nothing"
            assert {f"act {refused} {number}" for number in range(5)} < {*await self.kept(database), ""}
        assert "act refused" not in await self.kept(database)

    async def test_what_the_database_refuses_of_one_is_said_to_that_one(self, database: Database) -> None:
        """Of what waits at its end, too, which goes with what the next one asks."""
        await database.write(_keep, "there")
        twice = "INSERT INTO settings (key, value) VALUES ('there', '')"
        nowhere = "INSERT INTO inboxes (user_id) VALUES ('nobody')"
        acts = [
            self.act("act 0"),
            lambda tx: tx.send(twice),
            self.act("act 1"),
            lambda tx: tx.send(nowhere),
            lambda tx: tx.execute(twice),
            self.act("act 2"),
            lambda tx: tx.send(nowhere),
        ]
        answers = await asyncio.gather(*(database.write(act) for act in acts), return_exceptions=True)
        said = [answer.constraint if isinstance(answer, Violation) else type(answer) for answer in answers]
        assert said == [str, "settings_pkey", str, "foreign key", "settings_pkey", str, "foreign key"]
        assert await self.kept(database) == {"act 0", "act 1", "act 2"}

    @pytest.mark.parametrize("value", ["a\0b", "\ud800"])
    async def test_a_value_that_cannot_be_sent_takes_nothing_with_it_that_waits(
        self, database: Database, value: str
    ) -> None:
        """The row that the act before has sent goes with what is asked next."""

        def send(tx: Transaction, name: str, *, careless: bool = False) -> None:
            tx.send("INSERT INTO settings (key, value) VALUES (:key, '1')", {"key": f"waits {name}"})
            if careless:
                with suppress(Error, UnicodeError):
                    tx.value("SELECT CAST(:x AS TEXT)", {"x": value})

        def fail(tx: Transaction) -> None:
            tx.value("SELECT CAST(:x AS TEXT)", {"x": value})

        acts = [lambda tx: send(tx, "a"), fail, lambda tx: send(tx, "b", careless=True), lambda tx: send(tx, "c")]
        answers = await asyncio.gather(*(database.write(act) for act in acts), return_exceptions=True)
        assert [isinstance(answer, Exception) for answer in answers] == [False, True, False, False]
        kept = await database.read(lambda tx: tx.all("SELECT key FROM settings WHERE key LIKE 'waits %' ORDER BY key"))
        assert [row["key"] for row in kept] == ["waits a", "waits b", "waits c"]

    async def test_one_that_begins_with_a_value_that_cannot_be_sent_is_in_a_transaction_all_the_same(
        self, database: Database
    ) -> None:
        def go_on(tx: Transaction) -> None:
            with pytest.raises(Error):
                tx.value("SELECT CAST(:x AS TEXT)", {"x": "a\0b"})
            tx.execute("INSERT INTO settings (key, value) VALUES ('waits', '1')")
            raise LookupError("refused")

        with pytest.raises(LookupError):
            await database.write(go_on)
        assert not await database.read(lambda tx: tx.value("SELECT 1 FROM settings WHERE key = 'waits'"))

    def test_what_comes_while_nothing_can_be_begun_is_lost_to_nobody(
        self, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The event loop asks for more while a writer's thread says to all who wait that nothing can be."""
        engine = PostgreSQL(database_url, clock=clock)

        def take() -> Any:
            raise Unavailable("broken")

        monkeypatch.setattr(engine._writing, "take", take)
        asked = [Write(lambda tx: None)]

        class Busy(deque[Write]):
            """Whenever it is looked at, somebody else has asked."""

            def _ask(self) -> None:
                if len(asked) < 5:
                    asked.append(Write(lambda tx: None))
                    self.append(asked[-1])

            def popleft(self) -> Write:
                first = super().popleft()
                self._ask()
                return first

            def clear(self) -> None:
                self._ask()
                super().clear()

        group, _ = engine._writes.together(waiting := Busy(asked))
        assert group == asked and not waiting
        assert all(isinstance(write.error, Unavailable) for write in asked)

    async def test_those_who_were_in_anothers_way_are_kept_once(self, database: Database, other: Database) -> None:
        """All of a group is run again, and says so."""
        again: list[bool] = []
        both = threading.Barrier(2, timeout=60)

        def count(tx: Transaction, key: str) -> int:
            again.append(tx.again)
            found = int(tx.value("SELECT count(*) FROM settings"))
            _keep(tx, key)
            return found

        def meet(tx: Transaction, key: str) -> int:
            found = count(tx, key)
            if not tx.again:
                both.wait()
            return found

        keys = [f"act {name}" for name in "abcd"]
        before = await database.read(lambda tx: tx.value("SELECT count(*) FROM settings"))
        counts = await asyncio.gather(
            *(database.write(function, key) for function, key in zip((count, count, meet), keys[:3], strict=True)),
            other.write(meet, keys[3]),
        )
        assert sorted(counts) == [*range(before, before + 4)]
        assert again.count(False) == 4 and again.count(True) >= 1

    async def test_where_nobody_says_whether_they_were_kept_that_is_said_to_all(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lose_the_answer(tx: PostgreSQLTransaction) -> None:
            tx._connection.close()
            raise psycopg.OperationalError("the connection was lost")

        monkeypatch.setattr(PostgreSQLTransaction, "end", lose_the_answer)
        monkeypatch.setattr(writing, "_ANSWER_SECONDS", 0.0)
        again: list[bool] = []

        def act(tx: Transaction) -> None:
            again.append(tx.again)
            tx.send("UPDATE settings SET value = value")

        answers = await asyncio.gather(*(database.write(act) for _ in range(3)), return_exceptions=True)
        assert [answer.reason for answer in answers if isinstance(answer, Unavailable)] == ["unknown"] * 3
        assert again == [False] * 3, "it may have been kept"

    async def test_where_nothing_can_be_begun_all_who_wait_hear_it_at_once(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert isinstance(database, PostgreSQL)
        asked: list[None] = []

        def take() -> Any:
            asked.append(None)
            raise Unavailable("broken")

        monkeypatch.setattr(database._writing, "take", take)
        writes = [database.write(self.act(f"act {number}")) for number in range(40)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert [answer.reason for answer in answers if isinstance(answer, Unavailable)] == ["broken"] * 40
        assert len(asked) == 1

    async def test_one_that_does_not_end_keeps_others_waiting_for_a_moment_only(self, database: Database) -> None:
        stuck, go_on = threading.Event(), threading.Event()

        def stay(tx: Transaction) -> None:
            stuck.set()
            assert go_on.wait(10)

        staying = asyncio.create_task(database.write(stay))
        await asyncio.to_thread(stuck.wait, 10)
        await database.write(self.act("act beside"))
        assert not staying.done()
        go_on.set()
        await staying

    async def test_what_is_asked_for_while_it_is_closed_fails(self, database_url: str) -> None:
        one = at(database_url)
        await one.open()
        assert isinstance(one, PostgreSQL) and one._writers
        one._writers.shutdown()  # as close does first
        with pytest.raises(Unavailable) as refused:
            await one.write(_keep, "too late")
        assert refused.value.reason == "stopping"
        await one.close()

    async def test_what_waits_is_written_before_it_is_closed(self, database_url: str, database: Database) -> None:
        one = at(database_url)
        await one.open()
        writes = [asyncio.create_task(one.write(self.act(f"act {number}"))) for number in range(3 * writing.GROUP)]
        await asyncio.sleep(0)
        await one.close()
        await asyncio.gather(*writes)
        assert len(await self.kept(database)) == 3 * writing.GROUP


async def test_what_is_said_of_a_restored_one_puts_all_numbers_in_another_history(store: Store) -> None:
    """What `quart restore` does to a file."""
    numbers = "SELECT user_id, last_seq FROM inboxes"
    before = dict(store.rows(numbers))
    store.connection.execute(inbox.ANOTHER_HISTORY)
    after = dict(store.rows(numbers))
    assert before and all(after[user_id] > last + inbox.HISTORIES_APART - 1 for user_id, last in before.items())
    back = [(last, user_id) for user_id, last in before.items()]
    store.connection.executemany("UPDATE inboxes SET last_seq = ? WHERE user_id = ?", back)


class TestBrokenConnections:
    @staticmethod
    def end_others(database_url: str) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'fadjma%'"
            )

    async def test_idle_ones_are_opened_again_and_nobody_notices(self, database: Database, database_url: str) -> None:
        await database.write(_keep, "one")
        await database.read(lambda tx: tx.value("SELECT 1"))
        self.end_others(database_url)
        await database.write(_keep, "two")
        assert await database.read(lambda tx: tx.value("SELECT count(*) FROM settings WHERE value = '1'")) >= 2

    async def test_one_that_breaks_in_the_middle_keeps_nothing_and_says_so(
        self, database: Database, database_url: str
    ) -> None:
        def break_off(tx: Transaction) -> None:
            _keep(tx, "lost")
            self.end_others(database_url)
            tx.value("SELECT 1")

        with pytest.raises(Unavailable):
            await database.write(break_off)
        assert await database.read(lambda tx: tx.value("SELECT count(*) FROM settings WHERE key = 'lost'")) == 0

    @pytest.mark.parametrize("said", [psycopg.OperationalError, psycopg.errors.AdminShutdown])
    @pytest.mark.parametrize("kept", [True, False])
    async def test_of_a_commit_whose_answer_is_lost_it_is_found_out_whether_it_was_kept(
        self, database: Database, monkeypatch: pytest.MonkeyPatch, kept: bool, said: type[psycopg.Error]
    ) -> None:
        """Nor does the farewell of a server that is stopped say anything of it."""
        real = PostgreSQLTransaction.end

        def lose_the_answer(tx: PostgreSQLTransaction) -> None:
            if kept:
                real(tx)
            else:
                tx._connection.execute("ROLLBACK")
            tx._connection.close()
            raise said("the connection was lost")

        monkeypatch.setattr(PostgreSQLTransaction, "end", lose_the_answer)
        answer = database.write(_keep, "one")
        if kept:
            assert await answer == "one"
        else:
            with pytest.raises(Unavailable):
                await answer
        monkeypatch.undo()
        assert await database.read(lambda tx: tx.value("SELECT count(*) FROM settings WHERE key = 'one'")) == kept

    async def test_of_a_commit_before_another_history_nobody_says_whether_it_was_kept(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """There its number may be another's, which was committed (live/test_faults_on_postgresql.py)."""
        real = PostgreSQLTransaction.end

        def lose_the_answer(tx: PostgreSQLTransaction) -> None:
            real(tx)
            assert re.fullmatch("[0-9A-F]{8} [0-9]{4}-.+", tx._connection.history)
            tx._connection.history = "00000000"
            tx._connection.close()
            raise psycopg.OperationalError("the connection was lost")

        monkeypatch.setattr(PostgreSQLTransaction, "end", lose_the_answer)
        with pytest.raises(Unavailable) as outage:
            await database.write(_keep, "one")
        assert outage.value.reason == "unknown"

    async def test_of_a_commit_about_which_nobody_answers_nobody_says_that_it_failed(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = PostgreSQLTransaction.end

        def lose_the_answer(tx: PostgreSQLTransaction) -> None:
            real(tx)
            tx._connection.close()
            raise psycopg.OperationalError("the connection was lost")

        monkeypatch.setattr(PostgreSQLTransaction, "end", lose_the_answer)
        monkeypatch.setattr(writing, "_ANSWER_SECONDS", 0.0)
        with pytest.raises(Unavailable) as outage:
            await database.write(_keep, "one")
        assert outage.value.reason == "unknown"
        monkeypatch.undo()
        assert await database.read(lambda tx: tx.value("SELECT count(*) FROM settings WHERE key = 'one'")) == 1

    def test_it_reads_no_whole_table_for_some_rows_by_their_keys(self, database_url: str) -> None:
        connection = connect(database_url)
        connection.execute(
            "BEGIN; CREATE TEMP TABLE one (id TEXT PRIMARY KEY, two TEXT) ON COMMIT DROP; "
            "CREATE TEMP TABLE two (id TEXT PRIMARY KEY, said TEXT) ON COMMIT DROP; "
            "INSERT INTO one SELECT i, i FROM generate_series(1, 20000) i; INSERT INTO two SELECT id, two FROM one; "
            "ANALYZE one; ANALYZE two"
        )
        some = ", ".join(f"'{number}'" for number in range(100))
        plan = connection.execute(f"EXPLAIN SELECT said FROM one JOIN two ON two.id = one.two WHERE one.id IN ({some})")
        assert "Seq Scan" not in str(plan.fetchall())
        connection.close()

    def test_nobody_waits_for_ever_for_a_server_that_stands_still(self, database_url: str) -> None:
        connection = connect(database_url)
        connection.execute("SET statement_timeout = 0")  # its own bound is nothing then
        connection.patience = 0.2
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(60)")
        assert connection.closed

    async def test_a_glance_fails_at_once_and_comes_back(self, database: Database, database_url: str) -> None:
        self.end_others(database_url)
        with pytest.raises(Unavailable):
            database.glance(lambda tx: tx.value("SELECT 1"))
        async with asyncio.timeout(10):
            while True:
                try:
                    assert database.glance(lambda tx: tx.value("SELECT 1")) == 1
                    break
                except Unavailable:
                    await asyncio.sleep(0.01)

    async def test_the_event_loop_does_not_wait_for_a_silent_database(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The statement's own bound does not help where the server stands still: the connection is cut."""
        assert isinstance(database, PostgreSQL) and database._near
        database._near.execute("SET statement_timeout = 0")
        began = time.monotonic()
        with pytest.raises(Unavailable):
            database.glance(lambda tx: tx.value("SELECT pg_sleep(60)"))
        assert time.monotonic() - began < 30


def _keeps(owner: Owner) -> None:
    """From now on: who kept the time before has the lock until the server sees that their connection is gone."""
    while not owner.take():
        pass


class TestOtherProcesses:
    async def test_others_hear_whose_news_there_are(self, database: Database, other: Database) -> None:
        heard: asyncio.Queue[set[str] | None] = asyncio.Queue()
        own: list[set[str] | None] = []
        other.heard, database.heard = heard.put_nowait, own.append
        async with asyncio.timeout(10):
            while True:  # until it listens
                database.wake_others([AWA.id, DIOP.id])
                try:
                    found = await asyncio.wait_for(heard.get(), 0.2)
                except TimeoutError:
                    continue
                if found is not None:
                    break
        assert found == {AWA.id, DIOP.id}
        assert [people for people in own if people is not None] == []

    async def test_of_too_many_people_they_hear_that_there_are_news(self, database: Database, other: Database) -> None:
        heard: asyncio.Queue[set[str] | None] = asyncio.Queue()
        await asyncio.wait_for(_listens(other), 10)
        other.heard = heard.put_nowait
        database.wake_others([f"{number:030}" for number in range(1_000)])
        assert await asyncio.wait_for(heard.get(), 10) is None

    async def test_a_listener_that_is_cut_off_listens_again_and_looks_for_what_it_missed(
        self, database: Database, database_url: str
    ) -> None:
        await asyncio.wait_for(_listens(database), 10)
        heard: asyncio.Queue[set[str] | None] = asyncio.Queue()
        database.heard = heard.put_nowait
        TestBrokenConnections.end_others(database_url)
        assert await asyncio.wait_for(heard.get(), 10) is None

    async def test_whoever_keeps_the_time_is_called(self, database: Database, other: Database) -> None:
        await asyncio.wait_for(_listens(other), 10)
        called, own, news = asyncio.Event(), asyncio.Event(), asyncio.Event()
        other.due, database.due, other.heard = called.set, own.set, lambda people: news.set()
        await asyncio.wait_for(_listens(database), 10)
        own.clear()
        database.call_keeper()
        await asyncio.wait_for(called.wait(), 10)
        database.wake_others([AWA.id])
        await asyncio.wait_for(news.wait(), 10)
        assert not own.is_set(), "what this process says itself it need not hear"

    async def test_whether_another_keeps_the_time_is_asked_beside_the_event_loop(self) -> None:
        answer = threading.Event()

        def silent() -> Any:
            assert answer.wait(10)
            raise Unavailable("broken")

        owner = LockOwner(silent)
        asked = [asyncio.create_task(owner.ask()) for _ in range(3)]
        await asyncio.sleep(0)
        asked.pop().cancel()
        answer.set()
        for one in asked:
            with pytest.raises(OSError, match="broken"):
                await one
        await owner.leave()

    async def test_one_process_at_a_time_keeps_the_time(self, database: Database, other: Database) -> None:
        first, second = database.owner(), other.owner()
        _keeps(first)
        assert (second.take(), first.take()) == (False, True)
        assert second.holder().isdecimal()
        first.give_up()
        _keeps(second)
        second.give_up()

    async def test_who_was_cut_off_keeps_it_no_more(
        self, database: Database, other: Database, database_url: str
    ) -> None:
        first, second = database.owner(), other.owner()
        _keeps(first)
        TestBrokenConnections.end_others(database_url)
        _keeps(second)
        assert not first.take()
        second.give_up()
        _keeps(first)
        first.give_up()

    async def test_who_stands_still_keeps_it_no_more(self, database: Database, other: Database) -> None:
        """It is not dead, and its connection is whole: nothing but its silence tells."""
        assert isinstance(database, PostgreSQL)
        first, second = LockOwner(database._connect_near, silence="100ms"), other.owner()
        _keeps(first)
        _keeps(second)
        assert not first.take()
        second.give_up()

    async def test_who_says_that_it_goes_on_is_heard(self, database: Database, store: Store) -> None:
        owner = database.owner()
        assert isinstance(owner, LockOwner) and owner.beat
        _keeps(owner)
        heard = f"SELECT state_change FROM pg_stat_activity WHERE pid = {owner.backend}"
        before = store.value(heard)
        await owner.stay()
        assert store.value(heard) > before
        owner.give_up()
        await owner.stay()
        assert owner._connection is None, "whoever is not the owner has nothing to say"


async def _listens(database: Database) -> None:
    told = asyncio.Event()
    database.heard = lambda people: told.set()
    other = PostgreSQL(database.url if isinstance(database, PostgreSQL) else "", clock=database.clock)
    while not told.is_set():
        await asyncio.to_thread(other._say, {"somebody"})
        await asyncio.sleep(0.02)
    other._reading.close()


class TestStatements:
    def test_names_are_numbers_once_each(self) -> None:
        text, names = translated("SELECT :a, :b, :a::text, ':c', \"d:e\" -- :f")
        assert (text, names) == (b"SELECT $1, $2, $1::text, ':c', \"d:e\" -- :f", ("a", "b"))
        assert values(names, {"b": 2, "a": 1, "more": 3}) == [1, 2]

    def test_positions_are_numbers(self) -> None:
        assert translated("VALUES (?, '?', ?)") == (b"VALUES ($1, '?', $2)", ())

    async def test_rows_and_numbers_are_as_in_sqlite(self, database: Database) -> None:
        def look(tx: Transaction) -> None:
            row = tx.first(
                "SELECT 1 AS a, 'x' AS b, NULL AS c, 1 = 1 AS d, sum(n) AS e, avg(n) AS f "
                "FROM (VALUES (1::bigint), (2)) AS v (n)"
            )
            assert row is not None
            assert (row["a"], row[1], row["c"], row["d"], row["e"], row["f"]) == (1, "x", None, 1, 3, 1.5)
            assert row.as_dict() == {"a": 1, "b": "x", "c": None, "d": 1, "e": 3, "f": 1.5}
            assert type(row["e"]) is int and type(row["d"]) is int
            assert [one["n"] for one in tx.each("SELECT n FROM generate_series(1, :to) AS s (n)", {"to": 2_500})] == [
                *range(1, 2_501)
            ]

        await database.read(look)

    async def test_what_is_refused_has_the_constraints_name(self, database: Database) -> None:
        with pytest.raises(Duplicate) as twice:
            await database.write(lambda tx: [_keep(tx, "one"), _keep(tx, "one")])
        assert twice.value.constraint == "settings_pkey"
        with pytest.raises(Violation) as nothing:
            await database.write(lambda tx: tx.execute("INSERT INTO inboxes (user_id) VALUES ('nobody')"))
        assert nothing.value.constraint == "foreign key"
        with pytest.raises(Error) as refused:
            await database.read(_keep, "one")
        assert tried_to_write(refused.value)
