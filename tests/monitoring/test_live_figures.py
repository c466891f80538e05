"""What the hub tells its figures: each one is raised here by what it counts, and by nothing else."""

import asyncio
import threading
import time
from dataclasses import replace
from typing import Any, get_args

import pytest
from cast import AWA, DIOP, MOUSSA
from house import House
from store import Clock

from fadjma.histogram import SECONDS
from fadjma.identity import sessions
from fadjma.identity.sessions import SessionsEnded
from fadjma.live import encode, hub, replay
from fadjma.live.figures import END_REASONS, Recent
from fadjma.store import Announced, Database, Transaction


def _counts(house: House) -> dict[float, int]:
    """How often each upper bound of the latency was seen."""
    bounds = [*SECONDS, float("inf")]
    return {bound: n for bound, n in zip(bounds, house.figures.latency.counts, strict=True) if n}


class TestLatency:
    async def test_is_from_the_commit_until_written(self, house: House) -> None:
        house.listen(AWA)
        house.announce({AWA.id: 1}, committed_at=house.seconds.now - 0.25)
        await house.quiet()
        assert _counts(house) == {0.25: 1}
        assert house.figures.latency.sum == 0.25

    async def test_of_many_is_counted_for_each(self, house: House) -> None:
        people = {f"person {number}": 1 for number in range(70)}
        for person in people:
            house.listen(replace(AWA, id=person))
        house.announce(people, committed_at=house.seconds.now - 0.25)
        await house.quiet()
        assert _counts(house) == {0.25: 70}
        assert house.figures.latency.sum == 70 * 0.25
        assert house.figures.direct_events == 70

    async def test_of_a_full_link_is_until_it_took_the_event(self, house: House) -> None:
        _, wire = house.listen(AWA)
        wire.flows.clear()
        house.announce({AWA.id: 1}, committed_at=house.seconds.now)
        await asyncio.sleep(0.01)
        assert not _counts(house)
        house.seconds.now += 4
        wire.flows.set()
        await house.quiet()
        assert _counts(house) == {5.0: 1}

    async def test_of_who_was_behind_counts_too(self, house: House, clock: Clock) -> None:
        _, wire = house.listen(AWA)
        wire.flows.clear()
        await house.notify(AWA, times=3)
        await asyncio.sleep(0.01)
        clock.advance(seconds=3)
        wire.flows.set()
        await house.quiet()
        assert _counts(house)[5.0] == 2  # the first was written straight
        assert house.figures.delivered == {"direct": 1, "catch_up": 2, "poll": 0}

    async def test_of_what_was_missed_while_away_does_not(self, house: House, clock: Clock) -> None:
        await house.notify(AWA, times=3)
        clock.advance(hours=5)
        house.listen(AWA, level=3)
        await house.quiet()
        assert not _counts(house)
        assert house.figures.delivered == {"direct": 0, "catch_up": 3, "poll": 0}

    async def test_the_database_says_when_it_has_committed(self, database: Database) -> None:
        told: list[Announced] = []
        database.listener = told.append
        before = time.monotonic()
        await database.write(lambda tx: tx.announce("something"))
        assert before <= told[0].committed_at <= time.monotonic()


class TestEvents:
    async def test_one_notification_for_each_person_told_even_when_nobody_listens(self, house: House) -> None:
        house.listen(AWA)
        await house.notify(AWA, DIOP)
        await house.quiet()
        assert house.figures.notifications == 2
        assert house.figures.delivered == {"direct": 1, "catch_up": 0, "poll": 0}

    async def test_once_for_each_stream(self, house: House) -> None:
        house.listen(AWA)
        house.listen(AWA)
        await house.notify(AWA)
        await house.quiet()
        assert (house.figures.notifications, house.figures.direct_events) == (1, 2)

    async def test_a_comment_is_bytes_and_no_event(self, house: House) -> None:
        stream, wire = house.listen(AWA)
        house.hub._write(stream, encode.COMMENT)
        assert house.figures.stream_bytes == len(wire.sent) == 3
        assert house.figures.direct_events == 0
        assert not _counts(house)

    async def test_a_reset_is_counted_when_opening_and_when_catching_up(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.listen(AWA, level=replay.LIMIT + 1)
        assert house.figures.resets == 1
        monkeypatch.setattr(replay, "LIMIT", 2)
        _, wire = house.listen(DIOP)
        wire.flows.clear()
        await house.notify(DIOP, times=4)
        wire.flows.set()
        await house.quiet()
        assert house.figures.resets == 2

    async def test_what_waits_to_be_rendered(self, house: House) -> None:
        house.listen(AWA)
        house.announce({AWA.id: 1}, committed_at=0)
        house.announce({AWA.id: 2}, committed_at=0)
        assert house.hub.waiting_announcements == 2
        await house.quiet()
        assert house.hub.waiting_announcements == 0


class TestBytes:
    async def test_are_all_that_was_written_by_person(self, house: House) -> None:
        wires = [house.listen(person)[1] for person in (AWA, AWA, DIOP)]
        wires[2].flows.clear()
        await house.notify(AWA, DIOP, times=2)
        wires[2].flows.set()
        await house.quiet()
        house.hub.restart()
        await house.quiet()
        first, second, third = (len(wire.sent) for wire in wires)
        assert house.figures.stream_bytes == first + second + third
        assert dict(house.figures.bytes_by_user) == {AWA.id: first + second, DIOP.id: third}

    async def test_of_an_hour_become_one_value_for_each_person(self, house: House) -> None:
        house.listen(AWA)
        await house.notify(AWA)
        await house.quiet()
        written = house.figures.stream_bytes
        house.figures.pass_time()
        assert sum(house.figures.hourly_bytes.counts) == 0
        house.seconds.now += 3600
        house.figures.pass_time()
        assert sum(house.figures.hourly_bytes.counts) == 1
        assert house.figures.hourly_bytes.sum == written
        assert not house.figures.bytes_by_user
        house.figures.pass_time()
        assert sum(house.figures.hourly_bytes.counts) == 1


class TestReconnections:
    """Walking from page to page is none; coming back without a page is one."""

    def _of(self, house: House) -> tuple[int, int]:
        return house.figures.opened_streams, house.figures.reconnections

    async def test_a_page_and_its_stream(self, house: House) -> None:
        for _ in range(3):
            house.figures.page(AWA.session_id)
            stream, _ = house.listen(AWA, "html")
            house.hub.remove(stream)
        assert self._of(house) == (3, 0)

    async def test_the_next_page_is_there_before_the_stream_of_the_last_has_gone(self, house: House) -> None:
        house.figures.page(AWA.session_id)
        stream, _ = house.listen(AWA, "html")
        house.figures.page(AWA.session_id)
        house.hub.remove(stream)
        house.listen(AWA, "html")
        assert self._of(house) == (2, 0)

    async def test_a_lost_link(self, house: House) -> None:
        house.figures.page(AWA.session_id)
        stream, _ = house.listen(AWA, "html")
        house.hub.remove(stream)
        house.listen(AWA, "html")
        assert self._of(house) == (2, 1)

    async def test_after_a_restart_which_has_forgotten_who_was_there(self, house: House) -> None:
        house.listen(AWA, "html")
        assert self._of(house) == (1, 1)

    async def test_a_page_of_another_session_is_no_excuse(self, house: House) -> None:
        house.figures.page(DIOP.session_id)
        house.listen(AWA, "html")
        assert self._of(house) == (1, 1)

    async def test_a_page_is_waited_for_one_minute(self, house: House) -> None:
        house.figures.page(AWA.session_id)
        house.seconds.now += 61
        house.listen(AWA, "html")
        assert self._of(house) == (1, 1)

    async def test_a_program_that_comes_back_within_ten_minutes(self, house: House) -> None:
        stream, _ = house.listen(AWA)
        house.seconds.now += 3600
        house.hub.remove(stream)
        house.seconds.now += 599
        stream, _ = house.listen(AWA)
        assert self._of(house) == (2, 1)
        house.hub.remove(stream)
        house.seconds.now += 601
        house.listen(AWA)
        assert self._of(house) == (3, 1)


class TestEnds:
    def _ended(self, house: House) -> dict[str, int]:
        return {reason: n for reason, n in house.figures.ended_streams.items() if n}

    async def test_gone_is_counted_once(self, house: House) -> None:
        stream, _ = house.listen(AWA)
        house.hub.remove(stream)
        house.hub.remove(stream)
        assert self._ended(house) == {"gone": 1}

    async def test_broken(self, house: House) -> None:
        stream, wire = house.listen(AWA)
        wire.broken = ConnectionResetError()
        await house.notify(AWA)
        await house.quiet()
        assert wire.aborted
        house.hub.remove(stream)  # as the endpoint does
        assert self._ended(house) == {"broken": 1}

    async def test_too_slow(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hub, "WRITE_DEADLINE", 0.01)
        _, wire = house.listen(AWA)
        wire.flows.clear()
        await house.notify(AWA)
        await house.quiet()
        assert wire.aborted
        assert self._ended(house) == {"too_slow": 1}
        assert house.figures.direct_events == 0

    @pytest.mark.parametrize("reason", ["signed_out", "expired", "deactivated"])
    async def test_sessions_that_end(self, house: House, reason: Any) -> None:
        stream, _ = house.listen(AWA)
        house.hub.tell(Announced([SessionsEnded((AWA.session_id,), reason)]))
        house.hub.remove(stream)
        assert self._ended(house) == {reason: 1}

    async def test_signing_out(self, house: House) -> None:
        house.listen(AWA)
        await house.database.write(sessions.end, AWA.id, reason="signed_out")
        await house.quiet()
        assert self._ended(house) == {"signed_out": 1}

    async def test_restarting(self, house: House) -> None:
        house.listen(AWA)
        house.listen(DIOP)
        house.hub.restart()
        assert self._ended(house) == {"restarting": 2}

    async def test_replaced(self, house: House) -> None:
        for _ in range(hub.STREAMS_PER_USER + 2):
            house.listen(AWA)
        assert self._ended(house) == {"replaced": 2}

    def test_every_reason_of_a_bye_is_known(self) -> None:
        said = {reason for part in get_args(hub.ByeReason) for reason in get_args(part)}
        assert said and said < set(END_REASONS)


class TestWrites:
    async def test_each_is_timed_also_when_it_is_refused(self, database: Database) -> None:
        def refuse(tx: Transaction) -> None:
            raise ZeroDivisionError

        await database.write(lambda tx: None)
        with pytest.raises(ZeroDivisionError):
            await database.write(refuse)
        assert sum(database.write_seconds.counts) == 2
        assert 0 < database.write_seconds.sum < 10

    async def test_those_that_wait_are_seen(self, database: Database) -> None:
        go_on = threading.Event()
        writes = [asyncio.create_task(database.write(lambda tx: go_on.wait(5))) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert database.waiting_writes == 3
        go_on.set()
        await asyncio.gather(*writes)
        assert database.waiting_writes == 0


class TestForgetting:
    def test_what_is_recent_is_bounded_by_time(self, house: House) -> None:
        recent: Recent[int] = Recent(60, house.seconds)
        for number in range(1_000):
            recent.note(str(number), number)
            house.seconds.now += 1
        assert [key for key, _ in recent.items()] == [str(number) for number in range(940, 1_000)]
        assert len(recent._noted) == 60

    def test_what_is_noted_again_is_new_again(self, house: House) -> None:
        recent: Recent[int] = Recent(60, house.seconds)
        recent.note(AWA.id, 1)
        recent.note(MOUSSA.id, 2)
        house.seconds.now += 40
        recent.note(AWA.id, 3)
        house.seconds.now += 40
        assert recent.items() == [(AWA.id, 3)]
        assert (recent.take(AWA.id), recent.take(AWA.id), recent.take(MOUSSA.id)) == (3, None, None)
