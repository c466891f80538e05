"""Where several processes serve one database, a guess counts whichever of them is asked."""

import asyncio

import pytest
from cast import AWA, EMAILS
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from store import Clock, Store

from fadjma import create_app
from fadjma.config import Settings
from fadjma.refusals import Throttled
from fadjma.store import Database
from fadjma.web import attempts
from fadjma.web.attempts import Attempts
from fadjma.web.throttle import Throttle

FEW = RateLimitItemPerMinute(3, 15, "few")


@pytest.fixture
def one(database: Database) -> Throttle:
    return Throttle(Attempts(database))


@pytest.fixture
def another(database: Database) -> Throttle:
    """Of another process: they have nothing but the database in common."""
    return Throttle(Attempts(database))


async def fail(throttle: Throttle, who: str = AWA.id) -> bool:
    """A wrong guess; whether it was the last for a while."""
    async with throttle.attempt((FEW, who)) as attempt:
        attempt.failed = True
    return attempt.used_up


async def test_a_guess_counts_whichever_is_asked(one: Throttle, another: Throttle) -> None:
    assert [await fail(one), await fail(another), await fail(one)] == [False, False, True]
    for throttle in (one, another):
        with pytest.raises(Throttled) as refusal:
            await fail(throttle)
        assert refusal.value.retry_after <= 15 * 60
    assert not await fail(another, "somebody else")


async def test_a_hundred_at_once_are_three_guesses(one: Throttle) -> None:
    made: list[int] = []

    async def guess(number: int) -> None:
        async with one.attempt((FEW, AWA.id)) as attempt:
            made.append(number)
            await asyncio.sleep(0)
            attempt.failed = True

    refused = await asyncio.gather(*(guess(number) for number in range(100)), return_exceptions=True)
    assert len(made) == 3
    assert sum(isinstance(refusal, Throttled) for refusal in refused) == 97


async def test_right_ones_at_once_wait_for_each_other_and_are_all_let_in(one: Throttle) -> None:
    made: list[int] = []

    async def know(number: int) -> None:
        async with one.attempt((FEW, AWA.id)):
            await asyncio.sleep(0)
            made.append(number)

    await asyncio.wait_for(asyncio.gather(*(know(number) for number in range(12))), 60)
    assert len(made) == 12


async def test_what_another_process_uses_up_while_one_looks_is_waited_for_by_nobody() -> None:
    class Late(MemoryStorage):
        """Once somebody has looked, others guess."""

        others = False

        async def get(self, key: str) -> int:
            found = await super().get(key)
            if not self.others:
                self.others = True
                await self.incr(key, FEW.get_expiry(), amount=FEW.amount)
            return found

    with pytest.raises(Throttled):
        await asyncio.wait_for(fail(Throttle(Late())), 60)


async def test_a_window_ends_and_the_next_one_begins_with_the_next_guess(
    one: Throttle, another: Throttle, clock: Clock
) -> None:
    for minutes in (0, 14, 0):
        clock.advance(minutes=minutes)
        await fail(one)
    with pytest.raises(Throttled):
        await fail(another)
    clock.advance(minutes=1)
    assert [await fail(another), await fail(one)] == [False, False]
    clock.advance(minutes=14)
    assert await fail(another)
    with pytest.raises(Throttled):
        await fail(one)


async def test_what_is_forgiven_is_forgiven_everywhere(one: Throttle, another: Throttle) -> None:
    for who in (AWA.id, "another"):
        for _ in range(3):
            await fail(one, who)
    await another.forgive(FEW, AWA.id)
    assert not await fail(one)
    await one.forgive_all()
    assert not await fail(another, "another")


async def test_what_counts_once_a_day_does_so_whoever_asks(one: Throttle, another: Throttle, clock: Clock) -> None:
    assert [await one.is_first("a step"), await another.is_first("a step")] == [True, False]
    for throttle in (one, another, one, another):
        await throttle.hit_once(FEW, AWA.id, "the same")
    for throttle, what in ((one, "second"), (another, "third")):
        await throttle.hit_once(FEW, AWA.id, what)
    with pytest.raises(Throttled):
        await one.hit_once(FEW, AWA.id, "fourth")
    clock.advance(days=1)
    assert await another.is_first("a step")


async def test_nobody_reads_there_who_was_guessed(one: Throttle, store: Store) -> None:
    await fail(one, EMAILS[AWA.id])
    ((key, hits, _),) = store.rows("SELECT key, hits, ends_at FROM attempts")
    assert (len(key), hits) == (64, 1)


async def test_time_forgets_what_is_over(one: Throttle, store: Store, clock: Clock) -> None:
    await fail(one, "first")
    clock.advance(minutes=10)
    await fail(one, "second")
    clock.advance(minutes=5)
    assert store.write(attempts.forget, 10) == 1
    assert store.value("SELECT count(*) FROM attempts") == 1
    clock.advance(days=1)
    assert (store.write(attempts.forget, 10), store.write(attempts.forget, 10)) == (1, 0)


def test_the_one_process_of_a_file_counts_in_memory_and_those_of_postgresql_in_the_database() -> None:
    kinds = {"sqlite:///of-no-account.db": MemoryStorage, "postgresql://nobody@nowhere.invalid/name": Attempts}
    for url, kind in kinds.items():
        app = create_app(Settings(secret_key="k" * 40, database_url=url))
        assert type(app.extensions["throttle"]._storage) is kind
