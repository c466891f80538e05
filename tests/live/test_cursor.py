"""The cursor: whoever comes back gets what they missed, in order, without a hole; or is told that it was too much."""

import asyncio
import re
from pathlib import Path
from random import Random

import pytest
from event_stream import Stream
from live_people import Clinic, Person
from store import Store

from fadjma.keeping import copies
from fadjma.store import milliseconds

LIMIT = 50  # events replayed one by one (docs/decisions/04-the-table-is-the-queue.md)


async def _missed(clinic: Clinic, count: int) -> Person:
    """A patient who has missed so many events."""
    awa = clinic.patient()
    await clinic.events(clinic.doctor(), awa, count)
    return awa


async def _seqs(stream: Stream, count: int) -> list[int | None]:
    return [event.seq for event in await stream.news(count)]


@pytest.mark.parametrize("path", ["/events", "/api/events"])
async def test_what_was_missed_comes_in_order(clinic: Clinic, path: str) -> None:
    awa = await _missed(clinic, 7)
    stream = await clinic.stream(awa, path, after=2)
    assert (await stream.event()).seq == 2  # hello: where the stream goes on from
    assert await _seqs(stream, 5) == [3, 4, 5, 6, 7]
    await stream.silence()


async def test_without_a_cursor_only_what_is_new_comes(clinic: Clinic) -> None:
    awa = await _missed(clinic, 3)
    await (await clinic.listening(awa)).silence()


async def test_a_replay_is_followed_by_what_happens_then(clinic: Clinic) -> None:
    awa = await _missed(clinic, 2)
    stream = await clinic.stream(awa, after=0)
    await clinic.events(clinic.doctor("Sarr"), awa, 2)
    assert await _seqs(stream, 4) == [1, 2, 3, 4]
    await stream.silence()


@pytest.mark.parametrize(("after", "last_event_id", "first"), [(1, "3", 4), (3, "1", 4), (2, "", 3), (None, "4", 5)])
async def test_the_greater_of_both_cursors_wins(
    clinic: Clinic, after: int | None, last_event_id: str, first: int
) -> None:
    """The URL has the page's, Last-Event-ID the browser's own, which some clients lose (htmx-extensions #184)."""
    awa = await _missed(clinic, 5)
    path = "/events" if after is None else f"/events?after={after}"
    stream = await clinic.connect(path, {**awa.session.cookie, "Last-Event-ID": last_event_id})
    assert (await stream.news(1))[0].seq == first


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "٣", "9" * 16, "1;DROP"])
async def test_a_cursor_that_is_no_number_is_refused(clinic: Clinic, after: str) -> None:
    awa = clinic.patient()
    assert (await clinic.stream(awa, after=after)).status == 400
    assert (await clinic.poll(awa, after)).status_code == 400  # type: ignore[arg-type]


class TestReset:
    async def test_fifty_are_replayed_and_fifty_one_are_not(self, clinic: Clinic) -> None:
        awa = await _missed(clinic, LIMIT + 1)
        near, far = await clinic.listening(awa, after=1), await clinic.listening(awa, after=0)
        assert await _seqs(near, LIMIT) == list(range(2, LIMIT + 2))
        await near.silence(0.1)
        reset = await far.event()
        assert (reset.type, reset.seq, reset.data) == ("reset", LIMIT + 1, str(LIMIT + 1))
        await far.silence(0.1)

    async def test_afterwards_the_stream_goes_on_from_there(self, clinic: Clinic) -> None:
        awa = await _missed(clinic, LIMIT + 1)
        stream = await clinic.listening(awa, "/events", after=0)
        assert (await stream.event()).type == "reset"
        await clinic.events(clinic.doctor("Sarr"), awa, 1)
        assert await _seqs(stream, 1) == [LIMIT + 2]

    async def test_a_cursor_from_the_future_is_unknown_here(self, clinic: Clinic) -> None:
        """A backup was restored: what the client has seen never happened."""
        awa = await _missed(clinic, 2)
        stream = await clinic.listening(awa, after=1000)
        reset = await stream.event()
        assert (reset.type, reset.seq, reset.data) == ("reset", 2, "0")
        await clinic.events(clinic.doctor("Sarr"), awa, 1)
        assert await _seqs(stream, 1) == [3]

    async def test_an_event_that_comes_with_a_cursor_from_the_future_is_not_lost(self, clinic: Clinic) -> None:
        awa, diop = clinic.patient(), clinic.doctor()
        opening = [asyncio.create_task(clinic.stream(awa, after=1000)) for _ in range(8)]
        await clinic.events(diop, awa, 4)
        for stream in await asyncio.gather(*opening):
            last = 0
            while last < 4:
                event = await stream.event()
                if event.type != "hello":
                    assert event.seq == last + 1 or (event.type == "reset" and last == 0)
                    last = event.seq or 0
            await stream.silence(0.05)


class TestARestoredBackup:
    """What was told after the copy never happened, and as much has been told since: the numbers must not be taken
    for those that the client has seen."""

    async def test_is_noticed_by_streams_and_by_polling(self, own_clinic: Clinic, tmp_path: Path) -> None:
        awa, server = await _missed(own_clinic, 2), own_clinic.server
        copy = tmp_path / "copy.db"
        copies.copy_to(server.database, copy, None)
        await own_clinic.events(own_clinic.doctor("Sarr"), awa, 3)  # 3 to 5, which the copy lacks
        server.ask_to_stop()
        await asyncio.to_thread(server.wait)
        own_clinic.store.close()
        for ending in ("-wal", "-shm"):
            server.database.with_name(server.database.name + ending).unlink(missing_ok=True)
        copy.replace(server.database)
        await asyncio.to_thread(server.start)
        own_clinic.store = Store(server.database, milliseconds)
        page = await own_clinic.poll(awa, 5, Accept="text/event-stream")
        assert "\nevent: reset\ndata: 0\n" in page.text
        program = (await own_clinic.poll(awa, 5)).json()
        assert program["reset"] and program["events"] == []
        await own_clinic.events(own_clinic.doctor("Fall"), awa, 4)
        stream = await own_clinic.listening(awa, after=5)
        reset = await stream.event()
        assert (reset.type, reset.data) == ("reset", "0") and reset.seq == program["cursor"] + 4
        assert "\nevent: reset\ndata: 0\n" in (await own_clinic.poll(awa, 5, Accept="text/event-stream")).text
        program = (await own_clinic.poll(awa, 5)).json()
        assert program["reset"] and len(program["events"]) == 4
        again = (await own_clinic.poll(awa, program["cursor"] - 1)).json()
        assert "reset" not in again and len(again["events"]) == 1


class TestBetweenThePageAndItsStream:
    async def test_what_happens_there_is_not_lost(self, clinic: Clinic) -> None:
        awa, diop = clinic.patient(), clinic.doctor()
        await clinic.events(diop, awa, 1)
        page = await clinic.get(awa, "/", Accept="text/html")
        cursor = re.search(r'<body data-cursor="(\d+)" data-user="([^"]+)"', page.text)
        assert cursor and cursor[1] == "1" and cursor[2] == awa.id
        await clinic.events(clinic.doctor("Sarr"), awa, 1)
        stream = await clinic.stream(awa, "/events", after=cursor[1], user=cursor[2])
        assert await _seqs(stream, 1) == [2]

    async def test_one_event_at_the_moment_of_opening_is_not_lost(self, clinic: Clinic) -> None:
        """No later event will show the hole: this one must come by itself, and before the hub's next look (1.5 s)."""
        awa, diop = clinic.patient(), clinic.doctor()
        opening = (awa.session.cookie, awa.session.bearer)
        request_id = ""
        for number in range(30):
            paths = (f"/events?after={number}", f"/api/events?after={number}")
            acting = asyncio.create_task(clinic.withdraw(diop, request_id) if request_id else clinic.ask(diop, awa))
            await asyncio.sleep(number % 10 * 0.001)
            streams = [await clinic.connect(*args) for args in zip(paths, opening, strict=True)]
            request_id = "" if request_id else await acting
            await acting
            for stream in streams:
                assert [event.seq for event in await stream.news(1, within=1)] == [number + 1]
                await stream.close()

    async def test_streams_that_open_while_much_happens_miss_nothing(self, clinic: Clinic) -> None:
        """Subscribe, then replay: nothing falls between, nothing comes twice, nothing is swapped (mercure #178)."""
        rng, total = Random(5), 40
        awa, diop = clinic.patient(), clinic.doctor()

        async def listen(path: str) -> None:
            await asyncio.sleep(rng.random() * 0.3)
            sql = "SELECT last_seq FROM inboxes WHERE user_id = ?"
            after = rng.randint(0, clinic.store.value(sql, awa.id))
            stream = await clinic.stream(awa, path, after=after)
            assert await _seqs(stream, total - after) == list(range(after + 1, total + 1))

        listeners = [asyncio.create_task(listen(path)) for path in ["/events", "/api/events"] * 5]
        await clinic.events(diop, awa, total)
        await asyncio.gather(*listeners)


async def test_a_client_that_comes_and_goes_sees_each_event_once(clinic: Clinic) -> None:
    awa, diop = clinic.patient(), clinic.doctor()
    making = asyncio.create_task(clinic.events(diop, awa, 45))
    seen: list[int | None] = []
    while len(seen) < 45:
        stream = await clinic.stream(awa, after=len(seen))
        seen += await _seqs(stream, min(4, 45 - len(seen)))
        await stream.close()
    await making
    assert seen == list(range(1, 46))
