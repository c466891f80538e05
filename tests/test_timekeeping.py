"""The timekeeper writes down what time has done, and goes on when one of its acts fails."""

import asyncio
import gc
import logging
import math
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from cast import ADMIN, AWA, DIOP, IDENTIFIERS, MOUSSA
from steps import delivered, grant, issue
from store import Clock, Store

from fadjma import clockwatch, events, timekeeping
from fadjma.announcements import actions as announcements
from fadjma.application import create_app
from fadjma.clockwatch import ClockWatch
from fadjma.config import Settings
from fadjma.events import Announcement, Everybody, Subject, everybody, telling
from fadjma.family import actions as family
from fadjma.prescriptions import renewing
from fadjma.store import Announced, Database, Transaction
from fadjma.store.owner import Owner
from fadjma.timekeeping import Timekeeper
from fadjma.web import idempotency


@pytest.fixture(autouse=True)
def steady(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of these tests passes; it is no clock that somebody sets (tests/routes/test_wrong_clock.py)."""
    monkeypatch.setattr(clockwatch, "_steady", lambda: clock.now / 1000)


def keeps(database: Database) -> Timekeeper:
    """One that does not ask how long nothing was done."""
    return Timekeeper(database, ClockWatch(database, away=math.inf))


@pytest.fixture
async def heard(database: Database) -> AsyncIterator[Callable[..., Any]]:
    """Start the timekeeper; wait until it has told Awa a message so many times."""
    told: list[str | None] = []
    more = asyncio.Event()

    def listen(announced: list[Any]) -> None:
        told.extend(said.message for said in announced if isinstance(said, Announcement) and AWA.id in said.recipients)
        more.set()

    database.listener = listen
    keeper = keeps(database)

    async def wait_for(message: str, times: int = 1, *, wake: bool = False, tell: bool = False) -> None:
        if not keeper._tasks:
            keeper.start()
        if wake:
            keeper.wake()
        if tell:
            keeper.tell()
        async with asyncio.timeout(20):
            while told.count(message) < times:
                more.clear()
                await more.wait()

    yield wait_for
    await keeper.stop()


async def test_it_tells_at_its_first_round(store: Store, clock: Clock, heard: Callable[..., Any]) -> None:
    grant(store)
    issue(store)
    clock.advance(days=91)
    await heard("access.expired")
    await heard("prescription.expired")
    assert store.told(AWA)[-2:] == ["access.expired", "prescription.expired"]


async def test_it_tells_what_got_no_answer(store: Store, clock: Clock, heard: Callable[..., Any]) -> None:
    store.write(renewing.ask, AWA, delivered(store))
    clock.advance(days=7)
    await heard("prescription.renewal_lapsed")


async def test_it_tells_when_a_child_has_the_age(store: Store, clock: Clock, heard: Callable[..., Any]) -> None:
    store.connection.execute("UPDATE patients SET birth_date = '2008-03-03' WHERE user_id = 'awa'")  # 18 tomorrow
    given = store.write(family.offer, AWA, identifier=IDENTIFIERS[MOUSSA.id], relationship="parent")
    store.write(family.accept, MOUSSA, given)
    clock.advance(days=1)
    await heard("proxy.ended")
    assert store.told(MOUSSA)[-1] == "proxy.taken"
    assert store.value("SELECT ended_by FROM proxies WHERE id = ?", given) is None


async def test_it_tells_what_is_announced_when_it_is_woken(
    store: Store, heard: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeping, "_BATCH", 3)
    grant(store)
    store.clock.advance(days=91)
    await heard("access.expired")  # its first round is over, and the next is a minute away
    store.write(announcements.publish, ADMIN, audience="everybody", title="Coupure", body="Samedi")
    await heard("announcement.published", wake=True)
    assert store.told(DIOP)[-1] == "announcement.published"


@pytest.fixture
def put_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Have something put off that all patients are to hear of: the timekeeper tells one after the other."""
    monkeypatch.setattr(everybody, "AT_ONCE", 0)
    monkeypatch.setattr(timekeeping, "_BATCH", 1)
    monkeypatch.setattr(timekeeping, "_LOOKED_FOR", 3_600.0)
    return lambda: store.write(_put_off)


def _put_off(tx: Transaction) -> None:
    events.notify(tx, Everybody("patient"), "notification", "safety.signed", Subject("safety_entry", "x"))


async def test_what_was_put_off_is_told_at_its_first_round(
    store: Store, heard: Callable[..., Any], put_off: Callable[[], Any]
) -> None:
    """After a crash, or where a copy was restored."""
    put_off()
    await heard("safety.signed")
    assert store.told(AWA) == ["safety.signed"]


async def test_what_was_put_off_is_told_when_it_is_said_so(
    store: Store, database: Database, heard: Callable[..., Any], put_off: Callable[[], Any]
) -> None:
    grant(store)
    store.clock.advance(days=91)
    await heard("access.expired")  # its first round is over, the next is a minute away, and looking for itself an hour
    put_off()
    await heard("safety.signed", tell=True)


async def test_the_commit_of_what_was_put_off_wakes_it(
    store: Store, database_url: str, tmp_path: Path, put_off: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_waiting, looked = telling.is_waiting, threading.Event()

    def look(tx: Transaction) -> bool:
        found = is_waiting(tx)
        looked.set()
        return found

    monkeypatch.setattr(timekeeping.telling, "is_waiting", look)
    papers, seal = tmp_path / "papers", tmp_path / "seal"
    settings = Settings(secret_key="s" * 48, database_url=database_url, papers=papers, seal_key_file=seal, demo=True)
    app = create_app(settings)
    database, running = app.extensions["database"], app.extensions["running"]
    await running.open()
    told, listener = asyncio.Event(), database.listener

    def listen(announced: Announced) -> None:
        listener(announced)
        if any(isinstance(said, Announcement) and AWA.id in said.recipients for said in announced):
            told.set()

    database.listener = listen
    try:
        assert await asyncio.to_thread(looked.wait, 20), "its first round has found nothing"
        await database.write(_put_off)
        async with asyncio.timeout(20):
            await told.wait()
    finally:
        await running.close()


async def test_what_was_put_off_is_told_in_the_middle_of_a_round(
    store: Store, heard: Callable[..., Any], put_off: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that deletes a year of notifications, for instance."""
    in_it = asyncio.Event()

    async def for_ever(_: Timekeeper) -> None:
        in_it.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Timekeeper, "_round", for_ever)
    put_off()
    await heard("safety.signed")
    await in_it.wait()
    put_off()
    await heard("safety.signed", 2, tell=True)


async def test_what_nobody_said_was_put_off_is_found_soon(
    store: Store, heard: Callable[..., Any], put_off: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process that shares a file, or whose call was lost."""
    monkeypatch.setattr(timekeeping, "_LOOKED_FOR", 0.01)
    grant(store)
    store.clock.advance(days=91)
    await heard("access.expired")
    put_off()
    await heard("safety.signed")


async def test_a_step_that_fails_is_tried_again_and_tells_nobody_twice(
    store: Store,
    heard: Callable[..., Any],
    put_off: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    steps = 0

    def fails(tx: Transaction, limit: int) -> int:
        nonlocal steps
        steps += not tx.again
        return tell_some(tx, limit) // (steps - 1 and 1)

    tell_some = telling.tell_some
    monkeypatch.setattr(timekeeping.telling, "tell_some", fails)
    monkeypatch.setattr(timekeeping, "_EVERY", 0.01)
    put_off()
    with caplog.at_level(logging.ERROR):
        await heard("safety.signed")
    assert store.told(AWA) == ["safety.signed"]
    assert "tried again" in caplog.text


async def test_whoever_does_not_keep_the_time_calls_who_does(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Another(Owner):
        def take(self) -> bool:
            asked.set()
            return False

        def holder(self) -> str:
            return "another"

        def give_up(self) -> None: ...

    asked, called = threading.Event(), asyncio.Event()
    monkeypatch.setattr(database, "owner", Another)
    monkeypatch.setattr(database, "call_keeper", called.set)
    keeper = keeps(database)
    keeper.start()
    await asyncio.to_thread(asked.wait, 20)
    keeper.tell()
    assert called.is_set()
    await keeper.stop()


async def test_a_failure_of_one_act_does_not_stop_the_others(
    store: Store,
    clock: Clock,
    heard: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(tx: object, limit: int) -> int:
        raise ZeroDivisionError

    grant(store)
    clock.advance(days=8)
    monkeypatch.setattr(timekeeping.access, "lapse", fails)
    with caplog.at_level(logging.ERROR):
        await heard("access.expired")
    assert store.told(DIOP)[-1] == "access.expired"
    assert "fails" in caplog.text


async def test_a_round_takes_more_than_one_portion(
    store: Store, clock: Clock, heard: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeping, "_BATCH", 1)
    grant(store)
    for _ in range(3):
        issue(store)
    clock.advance(days=91)
    await heard("prescription.expired", 3)


async def test_it_does_not_sleep_past_the_end_of_a_right(store: Store, clock: Clock, database: Database) -> None:
    """An open file is closed when the grant ends, not at the next minute."""
    keeper = keeps(database)
    assert await keeper._pause() == timekeeping._EVERY, "no right is open"
    grant(store)
    assert await keeper._pause() == timekeeping._EVERY, "it ends in days"
    ends_at: int = store.value("SELECT expires_at FROM access_requests")
    for left, pause in ((30_000, 30.0), (700, 0.7), (1, timekeeping._AT_LEAST)):
        clock.advance(milliseconds=ends_at - clock() - left)
        assert await keeper._pause() == pytest.approx(pause)


async def test_it_tells_in_a_later_round_too(
    store: Store, clock: Clock, heard: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def a_week_passes(keeper: Timekeeper) -> float:
        clock.advance(days=8)
        return 0.0

    grant(store)
    monkeypatch.setattr(Timekeeper, "_pause", a_week_passes)
    await heard("access.expired")


async def test_an_end_that_cannot_be_written_is_no_reason_to_hurry(
    store: Store, clock: Clock, database: Database
) -> None:
    grant(store)
    clock.advance(days=91)
    assert await keeps(database)._pause() == timekeeping._EVERY


def test_old_answers_are_forgotten_after_two_days(store: Store, clock: Clock) -> None:
    store.connection.execute("INSERT INTO idempotency_keys VALUES ('awa', 'old', 'f', '{}', ?)", (clock(),))
    clock.advance(hours=48)
    assert store.write(idempotency.forget, 200) == 0
    store.connection.execute("INSERT INTO idempotency_keys VALUES ('awa', 'new', 'f', '{}', ?)", (clock(),))
    clock.advance(milliseconds=1)
    assert store.write(idempotency.forget, 200) == 1
    assert store.rows("SELECT key FROM idempotency_keys") == [("new",)]


async def test_stopped_while_it_asks_how_long_to_wait_it_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = asyncio.Event()

    async def pause(_: Timekeeper) -> float:
        asking.set()
        return await asyncio.sleep(60, 0)

    monkeypatch.setattr(Timekeeper, "_pause", pause)
    keeper = keeps(database)
    keeper.start()
    await asking.wait()
    await keeper.stop()  # a coroutine that nobody has awaited would be an error of this test
    gc.collect()


async def test_whoever_keeps_the_time_says_so_while_a_round_takes_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = asyncio.Event()

    class Slow(Owner):
        beat = 0.01

        async def stay(self) -> None:
            said.set()

        def take(self) -> bool:
            return True

        def holder(self) -> str:
            return "?"

        def give_up(self) -> None: ...

    async def for_ever() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(database, "owner", Slow)
    keeper = keeps(database)
    monkeypatch.setattr(keeper, "_round", for_ever)
    keeper.start()
    async with asyncio.timeout(20):
        await said.wait()
    await keeper.stop()


async def test_what_ended_by_itself_is_said_at_the_latest_when_it_is_stopped(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Owner):
        beat = 0.001

        def take(self) -> bool:
            return True

        def give_up(self) -> None:
            pass

        def holder(self) -> str:
            return "us"

        async def stay(self) -> None:
            failed.set()
            raise RuntimeError("something that nobody has thought of")

    failed = asyncio.Event()
    keeper = keeps(database)
    keeper.owner = Failing()
    keeper.start()
    async with asyncio.timeout(20):
        await failed.wait()
    await keeper.stop()
    assert "nobody has thought of" in caplog.text
