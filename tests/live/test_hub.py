"""The hub alone, with wires that a test can block, break and read."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, MOUSSA, NDIAYE, secret_of
from event_stream import Event, Parser
from live_people import until
from store import Clock

from fadjma import events
from fadjma.events import Subject
from fadjma.events.inbox import Notification
from fadjma.identity import sessions
from fadjma.identity.people import Viewer
from fadjma.live import fragments, hub
from fadjma.live.delivery import Delivery
from fadjma.live.fragments import Fragments
from fadjma.live.hub import Hub
from fadjma.live.links import Asgi, Parked
from fadjma.live.replay import LIMIT
from fadjma.live.streams import Stream
from fadjma.store import Database, Error, Transaction


class Wire:
    """The server's end of a connection, as uvicorn's `send` is: waits while the link is full, refuses after the end."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.comments = 0
        self.ended = self.aborted = False
        self.broken: Exception | None = None
        self.flows = asyncio.Event()
        self.flows.set()
        self._parser = Parser()

    async def send(self, message: dict[str, Any]) -> None:
        if not self.flows.is_set():
            await self.flows.wait()
        if self.broken:
            raise self.broken
        if self.aborted:
            return
        if self.ended:
            raise RuntimeError("Unexpected ASGI message 'http.response.body' sent, after response already completed.")
        self.events += self._parser.feed(message["body"])
        self.comments = self._parser.comments
        self.ended = not message["more_body"]

    def abort(self) -> None:
        self.aborted = True
        self.flows.set()

    @property
    def seqs(self) -> list[int | None]:
        return [event.seq for event in self.events]

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


class Reads:
    """Stands around `database.read` and `glance`: counts by function, and can hold back what `read` has found."""

    def __init__(self, database: Database) -> None:
        self.names: list[str] = []
        self.held: dict[tuple[str, int], asyncio.Event] = {}
        self.failing: set[str] = set()
        self._read, self._glance = database.read, database.glance
        database.read = self  # type: ignore[method-assign, assignment]
        database.glance = self.glance  # type: ignore[method-assign, assignment]

    async def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.names.append(function.__name__)
        if function.__name__ in self.failing:
            raise Error("disk I/O error")
        result = await self._read(function, *args, **kwargs)
        if held := self.held.get((function.__name__, self.names.count(function.__name__))):
            await held.wait()
        return result

    def glance(self, function: Callable[..., Any], *args: Any) -> Any:
        self.names.append(function.__name__)
        if function.__name__ in self.failing:
            raise Error("disk I/O error")
        return self._glance(function, *args)

    def hold(self, name: str, nth: int = 1) -> asyncio.Event:
        """The nth result of this function is kept back until the event is set: meanwhile the world goes on."""
        self.held[name, nth] = asyncio.Event()
        return self.held[name, nth]


class House:
    """The hub, its database, and who listens."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.hub = Hub(database)
        self.reads = Reads(database)
        database.listener = self.hub.tell

    def listen(self, viewer: Viewer, encoding: Any = "json", *, after: int = 0, level: int | None = None) -> Wire:
        """A stream as the endpoint opens it; without `level` it is level already."""
        wire = Wire()
        stream = Stream(viewer, Asgi(wire.send, wire.abort), encoding, after)
        self.hub.add(stream)
        self.hub.catch_up(stream, after if level is None else level)
        return wire

    async def tell(self, *people: Viewer, times: int = 1, kind: str = "record", message: str | None = None) -> None:
        """One transaction that tells these people."""

        await self.database.write(lambda tx: _tell_all(tx, *people, times=times, kind=kind, message=message))
        await asyncio.sleep(0)  # what the writer's thread has told is heard on the next turn

    async def half_delivered(self, *people: Viewer) -> list[Wire]:
        """These people listen and are told; the first of them has the event when this returns (a slice of no time)."""
        wires = [self.listen(one) for one in people]
        await self.database.write(lambda tx: _tell_all(tx, *people))
        while not any(wire.seqs for wire in wires):  # noqa: ASYNC110 - slices come on their own
            await asyncio.sleep(0)
        return wires

    async def delivered(self) -> None:
        """Wait until everything announced has been offered to the streams, whether they take it or not."""
        await until(lambda: not self.hub.delivering)

    async def quiet(self) -> None:
        """Wait until the hub has nothing left to do."""
        await until(lambda: not self.hub._tasks and not self.hub.delivering)


def _tell_all(
    tx: Transaction, *people: Viewer, times: int = 1, kind: str = "record", message: str | None = None
) -> None:
    for _ in range(times):
        events.notify(tx, [person.id for person in people], "notification", message, Subject(kind, "thing"))


@pytest.fixture
async def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Everything is delivered in one slice, however busy this machine is; tests of slices make them short."""
    monkeypatch.setattr(hub, "_SLICE", 60)
    house = House(database)
    yield house
    for stream in list(house.hub.streams):
        stream.link.cut()
    await house.hub.stop()
    assert not house.hub._tasks


@pytest.fixture
def one_a_slice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice of no time, in which an event is offered to one person only."""
    monkeypatch.setattr(hub, "_SLICE", 0)
    monkeypatch.setattr(hub, "_TOGETHER", 1)


class TestWhoIsLevel:
    async def test_is_written_to_straight(self, house: House) -> None:
        awa = house.listen(AWA)
        await house.tell(AWA)
        await house.quiet()
        assert awa.seqs == [1]
        assert house.reads.names == ["_deliver_some"], "one reading for the announcement, none for the stream"

    async def test_every_stream_of_a_person_gets_it(self, house: House) -> None:
        wires = [house.listen(AWA), house.listen(AWA, "html"), house.listen(AWA)]
        moussa = house.listen(MOUSSA)
        await house.tell(AWA)
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1]] * 3 and moussa.events == []

    async def test_two_announcements_are_rendered_in_one_snapshot(self, house: House) -> None:
        awa, moussa = house.listen(AWA, "html"), house.listen(MOUSSA)
        await house.tell(AWA, MOUSSA, times=2)
        await house.quiet()
        assert awa.seqs == moussa.seqs == [1, 2]
        assert house.reads.names == ["_deliver_some"]

    async def test_what_is_announced_while_delivering_comes_after(self, house: House, one_a_slice: None) -> None:
        """The next announcement comes in between."""
        wires = [house.listen(one, "html") for one in (AWA, MOUSSA, DIOP, NDIAYE)]
        for _ in range(4):
            await house.tell(AWA, MOUSSA, DIOP, NDIAYE)
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1, 2, 3, 4]] * 4
        assert house.reads.names.count("_deliver_some") >= 16

    async def test_everybody_else_has_a_turn_between_two_slices(self, house: House, one_a_slice: None) -> None:
        wires = [house.listen(one) for one in (AWA, MOUSSA, DIOP, NDIAYE)]
        await house.database.write(lambda tx: _tell_all(tx, AWA, MOUSSA, DIOP, NDIAYE))
        reached = {sum(len(wire.seqs) for wire in wires)}
        while house.hub.delivering:
            await asyncio.sleep(0)
            reached.add(sum(len(wire.seqs) for wire in wires))
        assert reached >= {2, 3, 4}, "one person in each slice"

    async def test_who_leaves_between_two_slices_is_not_missed(self, house: House, one_a_slice: None) -> None:
        wires = await house.half_delivered(AWA, MOUSSA, DIOP)
        left = [stream for stream in house.hub.streams if stream.last == 0]
        house.hub.remove(left[0])
        await house.quiet()
        assert sorted(len(wire.seqs) for wire in wires) == [0, 1, 1]

    async def test_where_one_cannot_be_rendered_nobody_of_the_others_misses_it(
        self, house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Events are made some at a time and written then; what was made and not written is not taken for sent."""
        wires = [house.listen(one) for one in (AWA, MOUSSA, DIOP)]
        made, event = [], Delivery.event

        def failing(delivery: Delivery, stream: Stream, seq: int, fragments: Fragments) -> bytes:
            made.append(stream)
            if len(made) == 3:
                raise RuntimeError("cannot be rendered")
            return event(delivery, stream, seq, fragments)

        monkeypatch.setattr(Delivery, "event", failing)
        await house.tell(AWA, MOUSSA, DIOP)
        await house.delivered()
        assert "delivery failed" in caplog.text and [wire.seqs for wire in wires] == [[]] * 3
        for tick in (1, 2):
            await house.hub._sweep(tick)
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1]] * 3

    async def test_nobody_connected_costs_nothing(self, house: House) -> None:
        await house.tell(AWA)
        assert house.reads.names == [] and not house.hub._tasks


class TestWhoIsBehind:
    async def test_reads_what_is_missing_and_is_level_again(self, house: House) -> None:
        await house.tell(AWA, times=3)
        awa = house.listen(AWA, level=3)
        await house.quiet()
        await house.tell(AWA)
        await house.quiet()
        assert awa.seqs == [1, 2, 3, 4]
        assert house.reads.names[-1] == "_deliver_some", "the fourth was written straight"

    @pytest.mark.parametrize("nth", [1, 2], ids=["something is missing", "nothing is missing any more"])
    async def test_what_is_announced_meanwhile_comes_after_and_once(self, house: House, nth: int) -> None:
        await house.tell(AWA, times=3)
        go_on = house.reads.hold("missed", nth)
        awa = house.listen(AWA, level=3)
        await until(lambda: house.reads.names.count("missed") == nth)
        await house.tell(AWA, times=2)
        await house.delivered()
        go_on.set()
        await house.quiet()
        assert awa.seqs == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize("delivered", [False, True])
    async def test_an_event_between_subscribing_and_the_level_comes_once(self, house: House, delivered: bool) -> None:
        """The endpoint subscribes, then reads the level; what is committed in between is part of both."""
        await house.tell(AWA, times=2)
        wire = Wire()
        stream = Stream(AWA, Asgi(wire.send, wire.abort), "json", 0)
        house.hub.add(stream)
        await house.tell(AWA)
        if delivered:
            await house.quiet()
        house.hub.catch_up(stream, 3)
        await house.quiet()
        assert wire.seqs == [1, 2, 3]

    @pytest.mark.parametrize("delivered", [False, True])
    @pytest.mark.parametrize("level", [LIMIT + 10, LIMIT + 11], ids=["read before", "read after"])
    async def test_so_it_does_when_far_too_much_was_missed(self, house: House, delivered: bool, level: int) -> None:
        await house.tell(AWA, times=LIMIT + 10)
        wire = Wire()
        stream = Stream(AWA, Asgi(wire.send, wire.abort), "json", 0)
        house.hub.add(stream)
        await house.tell(AWA)
        if delivered:
            await house.quiet()
        house.hub.catch_up(stream, level)
        await house.quiet()
        seqs = [seq or 0 for seq in wire.seqs]
        assert wire.types[0] == "reset" and seqs[-1] == LIMIT + 11
        assert seqs == sorted(set(seqs)), "the cursor never goes back, and nothing comes twice"

    async def test_what_another_process_wrote_comes_before_what_is_announced(self, house: House) -> None:
        program, page = house.listen(AWA), house.listen(AWA, "html")
        house.database.listener = lambda announced: None
        await house.tell(AWA, times=2)
        house.database.listener = house.hub.tell
        await house.tell(AWA)
        await house.quiet()
        assert program.seqs == page.seqs == [1, 2, 3]

    async def test_a_level_read_before_an_event_that_has_been_sent_is_no_reset(self, house: House) -> None:
        """The reading of the level may be slower than an announcement and its catching up."""
        wire = Wire()
        stream = Stream(AWA, Asgi(wire.send, wire.abort), "json", 0)
        house.hub.add(stream)
        await house.tell(AWA)
        await house.quiet()
        house.hub.catch_up(stream, 0)
        await house.quiet()
        assert (wire.types, wire.seqs) == (["notification"], [1])

    async def test_too_far_is_one_reset(self, house: House) -> None:
        await house.tell(AWA, times=LIMIT + 1)
        awa = house.listen(AWA, level=LIMIT + 1)
        await house.quiet()
        assert [(event.type, event.data, event.seq) for event in awa.events] == [("reset", "51", 51)]

    async def test_a_burst_while_catching_up_is_one_reset_too(self, house: House) -> None:
        await house.tell(AWA)
        go_on = house.reads.hold("missed")
        awa = house.listen(AWA, level=1)
        await until(lambda: "missed" in house.reads.names)
        await house.tell(AWA, times=LIMIT + 10)
        go_on.set()
        await house.quiet()
        assert (awa.types, awa.seqs) == (["notification", "reset"], [1, LIMIT + 11])

    async def test_announced_but_never_there_does_not_go_round_for_ever(self, house: House) -> None:
        """A backup was restored under the running server."""
        wire = Wire()
        stream = Stream(AWA, Asgi(wire.send, wire.abort), "json", 0)
        house.hub.add(stream)
        stream.wanted = 9
        house.hub.catch_up(stream, 0)
        house.hub._wake(stream)
        await house.quiet()
        await house.tell(AWA)
        await house.quiet()
        assert wire.seqs == [1]

    @pytest.mark.parametrize("count", [5, 12], ids=["the last one is too many", "there are more"])
    async def test_too_many_announcements_are_dropped_and_read_again(
        self, house: House, monkeypatch: pytest.MonkeyPatch, count: int
    ) -> None:
        monkeypatch.setattr(hub, "_BACKLOG", 3)
        awa, moussa = house.listen(AWA), house.listen(MOUSSA, "html")
        await house.database.write(lambda tx: _tell_all(tx, AWA, MOUSSA, times=count))
        assert len(house.hub._backlog) <= 3
        await house.quiet()
        assert awa.seqs == moussa.seqs == list(range(1, count + 1))


class TestAFullLink:
    async def test_holds_nobody_else_up(self, house: House) -> None:
        awa, other, moussa = house.listen(AWA), house.listen(AWA), house.listen(MOUSSA)
        awa.flows.clear()
        for _ in range(3):
            await house.tell(AWA, MOUSSA)
        await until(lambda: other.seqs == moussa.seqs == [1, 2, 3])
        assert awa.seqs == []

    async def test_then_everything_comes_in_order_and_once(self, house: House) -> None:
        awa = house.listen(AWA, "html")
        awa.flows.clear()
        for _ in range(5):
            await house.tell(AWA)
        await house.delivered()
        assert len(house.hub._tasks) == 1, "however much waits, one task"
        awa.flows.set()
        await house.quiet()
        assert awa.seqs == [1, 2, 3, 4, 5]
        await house.tell(AWA)
        await house.quiet()
        assert awa.seqs[-1] == 6 and house.reads.names[-1] == "_deliver_some", "level again"

    async def test_full_again_while_catching_up(self, house: House) -> None:
        await house.tell(AWA, times=2)
        wire = Wire()
        wire.flows.clear()
        stream = Stream(AWA, Asgi(wire.send, wire.abort), "json", 0)
        house.hub.add(stream)
        house.hub.catch_up(stream, 2)
        await until(lambda: stream.last == 2)
        await house.tell(AWA)
        wire.flows.set()
        await house.quiet()
        assert wire.seqs == [1, 2, 3]

    @pytest.mark.parametrize("behind", [False, True], ids=["level", "behind"])
    async def test_is_cut_when_it_takes_no_byte_in_time(
        self, house: House, monkeypatch: pytest.MonkeyPatch, behind: bool
    ) -> None:
        monkeypatch.setattr(hub, "WRITE_DEADLINE", 0.05)
        moussa = house.listen(MOUSSA)
        wire = Wire()
        wire.flows.clear()
        stream = Stream(AWA, Asgi(wire.send, wire.abort), "json", 0)
        house.hub.add(stream)
        await house.tell(AWA, MOUSSA)
        if behind:
            house.hub.catch_up(stream, 1)
        await house.quiet()
        assert wire.aborted and stream.closed and len(house.hub.streams) == 1
        assert moussa.seqs == [1] and not moussa.aborted

    async def test_gets_no_comment_on_top(self, house: House) -> None:
        awa = house.listen(AWA)
        awa.flows.clear()
        await house.tell(AWA)
        await house.delivered()
        for tick in range(hub.COMMENT_EVERY):
            await house.hub._comment(tick)
        awa.flows.set()
        await house.quiet()
        assert (awa.seqs, awa.comments) == ([1], 0)

    @pytest.mark.parametrize("turns", range(4))
    async def test_hears_why_it_ends_after_what_was_before(self, house: House, turns: int) -> None:
        """However many turns of the event loop lie between the end of the session and the link that flows again."""
        awa = house.listen(AWA)
        awa.flows.clear()
        await house.tell(AWA)
        await house.delivered()
        await house.database.write(sessions.end, AWA.id, reason="signed_out")
        for _ in range(turns):
            await asyncio.sleep(0)
        awa.flows.set()
        await house.quiet()
        assert awa.types == ["notification", "bye"] and awa.ended


class TestWhatBreaks:
    @pytest.mark.parametrize("error", [ConnectionResetError(), BrokenPipeError(), OSError()])
    async def test_a_broken_connection_is_dropped_and_the_others_are_served(
        self, house: House, error: Exception
    ) -> None:
        wires = [house.listen(AWA) for _ in range(3)]
        wires[1].broken = error
        await house.tell(AWA)
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1], [], [1]]
        assert len(house.hub.streams) == 2 and wires[1].aborted

    async def test_a_send_that_fails_in_another_way_harms_nobody_else(self, house: House) -> None:
        """uvicorn raises RuntimeError for what is sent after the end."""
        wires = [house.listen(AWA) for _ in range(3)]
        wires[1].broken = RuntimeError("Unexpected ASGI message")
        await house.tell(AWA)
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1], [], [1]]

    async def test_a_connection_that_fails_under_uvicorns_hands_harms_nobody_else(self, house: House) -> None:
        """A transport that is closed, of which uvicorn has not heard yet, raises when it is written to."""
        wires = [house.listen(one) for one in (AWA, MOUSSA, DIOP)]

        def closed(data: bytes) -> None:
            raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")

        transport: Any = SimpleNamespace(write=closed, is_closing=lambda: False, abort=wires[1].abort)
        [stream] = house.hub.streams.of_user(MOUSSA.id)
        stream.link = Parked(transport, set(), lambda error: None, chunked=True)
        await house.tell(AWA, MOUSSA, DIOP)
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1], [], [1]] and wires[1].aborted
        assert len(house.hub.streams) == 2

    async def test_what_was_written_is_counted_once_and_what_was_not_is_not(self, house: House) -> None:
        for one in (AWA, MOUSSA, DIOP):
            house.listen(one)
        written: list[bytes] = []

        def closed(data: bytes) -> None:
            raise RuntimeError("the handler is closed")

        for one, write in ((MOUSSA, closed), (DIOP, written.append)):
            [stream] = house.hub.streams.of_user(one.id)
            transport: Any = SimpleNamespace(write=write, is_closing=lambda: False, abort=lambda: None)
            stream.link = Parked(transport, set(), lambda error: None, chunked=False)
        await house.tell(AWA, MOUSSA, DIOP)
        await house.quiet()
        assert len(written) == 1 and house.hub.figures.delivered["direct"] == 2
        assert house.hub.figures.bytes_by_user[DIOP.id] == len(written[0])
        assert MOUSSA.id not in house.hub.figures.bytes_by_user

    async def test_a_fragment_that_cannot_be_rendered_keeps_nothing_else_back(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Programs get their JSON, and those whom it does not concern their HTML."""
        rendered = fragments.Fragments.html

        def broken(self: Any, viewer: Viewer, notification: Any) -> str:
            if viewer.id == AWA.id:
                raise ValueError("a template is broken")
            return rendered(self, viewer, notification)

        monkeypatch.setattr(fragments.Fragments, "html", broken)
        house.listen(AWA, "html")
        program, moussa = house.listen(AWA), house.listen(MOUSSA, "html")
        await house.tell(AWA, MOUSSA)
        await house.quiet()
        assert program.seqs == moussa.seqs == [1]

    async def test_a_row_that_can_never_be_rendered_does_not_end_live_delivery(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The page goes on to what comes after; else it would be stuck there for ever."""
        render = fragments.render

        def broken(template: str, *args: Any, **context: Any) -> str:
            if template == "_gone.html":
                raise ValueError("a template is broken")
            return render(template, *args, **context)

        monkeypatch.setattr(fragments, "render", broken)
        page = house.listen(AWA, "html")
        await house.tell(AWA, message="record.created")
        await house.tell(AWA, kind="inbox")
        await house.quiet()
        await house.hub._sweep(1)
        await house.hub._sweep(2)
        await house.quiet()
        assert page.seqs == [1, 2] and page.events[1].data

    async def test_a_reading_that_fails_delays_only(self, house: House) -> None:
        """What was announced then is delivered soon after, without waiting for the person's next event."""
        awa = house.listen(AWA)
        house.reads.failing = {"_deliver_some", "missed"}
        await house.tell(AWA)
        await house.quiet()
        house.reads.failing = set()
        await house.hub._sweep(1)
        await house.hub._sweep(2)
        await house.quiet()
        assert awa.seqs == [1]

    async def test_a_fragment_that_the_database_withholds_is_delivered_later(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only what a template cannot show is given up."""
        rendered, failures = fragments.Fragments.html, [Error("database is locked")]

        def locked(self: Any, viewer: Viewer, notification: Any) -> str:
            if failures:
                raise failures.pop()
            return rendered(self, viewer, notification)

        monkeypatch.setattr(fragments.Fragments, "html", locked)
        page = house.listen(AWA, "html")
        await house.tell(AWA, message="record.read")
        await house.quiet()
        assert page.events == []
        await house.hub._sweep(1)
        await house.hub._sweep(2)
        await house.quiet()
        assert page.seqs == [1] and page.events[0].data

    async def test_what_fails_while_catching_up_ends_the_stream(self, house: House) -> None:
        """Its cursor says more than it was sent: it is to come back with its own."""
        await house.tell(AWA, times=3)
        wire = Wire()
        wire.broken = RuntimeError("the handler is closed")
        stream = Stream(AWA, Asgi(wire.send, wire.abort), "json", 0)
        house.hub.add(stream)
        house.hub.catch_up(stream, 3)
        await house.quiet()
        assert stream.closed and wire.aborted and not len(house.hub.streams)

    async def test_a_farewell_that_cannot_be_said_ends_the_connection_too(self, house: House) -> None:
        awa = house.listen(AWA)
        awa.broken = RuntimeError("Unexpected ASGI message")
        house.hub.restart()
        await house.quiet()
        assert awa.aborted

    async def test_signed_out_while_catching_up_nothing_follows_the_bye(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        await house.tell(AWA, times=3)
        go_on = house.reads.hold("missed")
        awa = house.listen(AWA, level=3)
        await until(lambda: "missed" in house.reads.names)
        await house.database.write(sessions.end, AWA.id, reason="signed_out")
        await until(lambda: awa.ended)
        go_on.set()
        await house.quiet()
        assert awa.types == ["bye"]
        assert not caplog.records, "a failed task is a traceback in the log"


class TestRendering:
    @pytest.fixture
    def rendered(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The templates that were rendered, in order."""
        made: list[str] = []
        render = fragments.render

        def counting(template: str, *args: Any, **context: Any) -> str:
            made.append(template)
            return render(template, *args, **context)

        monkeypatch.setattr(fragments, "render", counting)
        return made

    async def test_once_for_all_who_see_the_same(self, house: House, rendered: list[str]) -> None:
        pharmacists = (NDIAYE, GOMIS, FALL)
        wires = [house.listen(one, "html") for one in pharmacists for _ in range(4)]
        await house.tell(*pharmacists, kind="prescription", message="prescription.to_validate")
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1]] * 12
        assert sorted(rendered) == ["_gone.html", "_toast.html"], "two pharmacies, neither of which has a part in it"

    async def test_the_badge_counts_what_was_unread_before_this_event(self, house: House) -> None:
        page = house.listen(AWA, "html")
        await house.tell(AWA, message="record.created")
        await house.tell(AWA, kind="inbox")
        await house.quiet()
        assert ">1</b>" in page.events[1].data

    async def test_never_for_programs(self, house: House, rendered: list[str]) -> None:
        awa, ndiaye = house.listen(AWA), house.listen(NDIAYE)
        await house.tell(AWA, NDIAYE, kind="prescription", message="prescription.expired")
        await house.quiet()
        assert awa.seqs == ndiaye.seqs == [1] and rendered == []

    async def test_never_for_whom_is_not_there(self, house: House, rendered: list[str]) -> None:
        house.listen(AWA, "html")
        await house.tell(AWA, MOUSSA, DIOP, FALL, kind="access_request", message="access.expired")
        await house.quiet()
        assert sorted(rendered) == ["_gone.html", "_toast.html"]

    async def test_once_for_those_who_look_each_with_their_own_rights(self, house: House, rendered: list[str]) -> None:
        wires = [house.listen(one, "html") for one in (AWA, MOUSSA, DIOP)]
        await house.tell(AWA, MOUSSA, DIOP, kind="access_request", message="access.expired")
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1]] * 3
        assert sorted(rendered) == ["_gone.html", "_toast.html"]

    async def test_once_however_many_slices_it_takes_until_the_next_sweep(
        self, house: House, one_a_slice: None, rendered: list[str]
    ) -> None:
        """And however many steps: what very many are told comes in several transactions."""
        pharmacists = (NDIAYE, GOMIS, FALL)
        wires = [house.listen(one, "html") for one in pharmacists]
        for _ in range(2):
            await house.tell(*pharmacists, kind="prescription", message="prescription.to_validate")
            await house.quiet()
        assert [wire.seqs for wire in wires] == [[1, 2]] * 3
        assert house.reads.names.count("_deliver_some") >= 6
        assert sorted(rendered) == ["_gone.html"] + ["_toast.html"] * 2, "the second says that it is news again"
        await house.hub._sweep(1)
        await house.tell(*pharmacists, kind="prescription", message="prescription.to_validate")
        await house.quiet()
        assert sorted(rendered) == ["_gone.html"] * 2 + ["_toast.html"] * 3, "kept no longer than that"


class TestTime:
    async def test_a_clock_that_is_put_back_makes_no_latency_below_zero(self, house: House, clock: Clock) -> None:
        go_on = house.reads.hold("missed")
        await house.tell(AWA)
        wire = Wire()
        stream = Stream(AWA, Asgi(wire.send, wire.abort), "json", 0)
        house.hub.add(stream)
        house.hub.catch_up(stream, 0)
        await house.tell(AWA)
        await until(lambda: "missed" in house.reads.names)
        clock.advance(days=-1)
        go_on.set()
        await house.quiet()
        assert wire.seqs == [1, 2] and house.hub.figures.latency.sum >= 0

    async def test_each_stream_gets_one_comment_in_25_seconds(self, house: House) -> None:
        wires = [house.listen(person) for person in (AWA, DIOP, NDIAYE, ADMIN) for _ in range(10)]
        for tick in range(100, 100 + 2 * hub.COMMENT_EVERY):
            await house.hub._comment(tick)
        assert hub.COMMENT_EVERY == 25
        assert [wire.comments for wire in wires] == [2] * 40 and not any(wire.events for wire in wires)

    async def test_comments_are_spread_over_the_seconds(self, house: House) -> None:
        for person in (AWA, DIOP, NDIAYE, ADMIN):
            for _ in range(12):
                house.listen(person)
        assert len({stream.slot for stream in house.hub.streams}) > 10

    async def test_the_hub_looks_at_the_sessions_in_time(self) -> None:
        assert hub.SWEEP_EVERY < 2, "rights that end are lost within 2 s"

    async def test_a_session_that_another_process_has_ended(self, house: House, clock: Clock) -> None:
        awa, moussa = house.listen(AWA), house.listen(MOUSSA)
        sql = "UPDATE sessions SET ended_at = 1, end_reason = 'deactivated' WHERE id = ?"
        await house.database.write(lambda tx: tx.execute(sql, (sessions.id_of(secret_of(AWA.id)),)))
        await house.hub._sweep(1)
        await house.quiet()
        assert [(event.type, event.data) for event in awa.events] == [("bye", "deactivated")]
        assert moussa.events == [] and len(house.hub.streams) == 1

    async def test_staff_15_minutes_and_patients_30(self, house: House, clock: Clock) -> None:
        awa, diop = house.listen(AWA), house.listen(DIOP)
        clock.advance(minutes=15, seconds=1)
        await house.hub._sweep(1)
        await house.quiet()
        assert diop.types == ["bye"] and awa.types == []
        clock.advance(minutes=15)
        await house.hub._sweep(2)
        await house.quiet()
        assert [(event.type, event.data) for event in awa.events] == [("bye", "expired")]

    async def test_what_is_on_its_way_is_not_read_by_everybody(self, house: House) -> None:
        """A sweep between the commit and its delivery would make as many readings of one notice as there are people."""
        wires = [house.listen(one) for one in (AWA, MOUSSA, DIOP)]
        heard: list[Any] = []
        house.database.listener = heard.append
        await house.hub._sweep(1)
        await house.tell(AWA, MOUSSA, DIOP)
        await house.hub._sweep(2)
        house.hub.tell(*heard)
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1]] * 3 and "missed" not in house.reads.names

    async def test_what_another_process_has_written_is_found(self, house: House) -> None:
        awa = house.listen(AWA)
        house.database.listener = lambda announced: None
        await house.tell(AWA, times=2)
        await house.hub._sweep(1)
        await house.hub._sweep(2)
        await house.quiet()
        assert awa.seqs == [1, 2]


class TestStopping:
    async def test_says_bye_to_all_and_leaves_no_task(self, house: House) -> None:
        before = asyncio.all_tasks()
        house.hub.start()
        wires = [house.listen(AWA), house.listen(MOUSSA, "html")]
        house.hub.restart()
        await house.hub.stop()
        assert [(wire.types, wire.ended) for wire in wires] == [(["bye"], True)] * 2
        assert asyncio.all_tasks() == before and len(house.hub.streams) == 0

    async def test_does_not_wait_for_a_full_link(self, house: House) -> None:
        stuck, awa = house.listen(AWA), house.listen(AWA)
        stuck.flows.clear()
        await house.tell(AWA)
        await until(lambda: awa.seqs == [1])
        house.hub.restart()
        async with asyncio.timeout(1.9):
            await house.hub.stop()
        assert awa.types == ["notification", "bye"] and stuck.aborted

    async def test_what_is_half_delivered_is_left_for_their_return(
        self, house: House, one_a_slice: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        wires = await house.half_delivered(AWA, MOUSSA, DIOP)
        house.hub.restart()
        await house.database.close()
        await house.quiet()
        assert [wire.types[-1] for wire in wires] == ["bye"] * 3
        assert sum(wire.types.count("notification") for wire in wires) == 1
        assert not caplog.records

    async def test_who_comes_in_that_moment_is_sent_away_too(self, house: House) -> None:
        """Their session was being looked up when the signal came: the stream opens after everybody was told."""
        house.hub.restart()
        awa = house.listen(AWA)
        await house.quiet()
        assert awa.types == ["bye"] and awa.ended


async def test_streams_beyond_twelve_replace_the_oldest(house: House) -> None:
    wires = [house.listen(AWA) for _ in range(14)]
    moussa = house.listen(MOUSSA)
    await house.tell(AWA, MOUSSA)
    await house.quiet()
    assert [wire.types for wire in wires[:2]] == [["bye"]] * 2 and wires[0].events[0].data == "replaced"
    assert [wire.seqs for wire in wires[2:]] == [[1]] * 12 and moussa.seqs == [1]


class TestOtherProcesses:
    """What another process has told is in the table; this one hears only whose news there are."""

    @staticmethod
    async def tell_elsewhere(house: House, *people: Viewer) -> None:
        house.database.listener = lambda announced: None
        await house.tell(*people)

    async def test_who_is_named_reads_their_news_at_once(self, house: House) -> None:
        awa, diop = house.listen(AWA), house.listen(DIOP)
        await self.tell_elsewhere(house, AWA, DIOP)
        house.hub.hear({AWA.id, "somebody else"})
        await house.quiet()
        assert (awa.seqs, diop.seqs) == ([1], [])

    async def test_where_nobody_is_named_everybody_reads(self, house: House) -> None:
        awa, diop = house.listen(AWA), house.listen(DIOP)
        await self.tell_elsewhere(house, AWA, DIOP)
        house.hub.hear(None)
        await house.quiet()
        assert (awa.seqs, diop.seqs) == ([1], [1])

    async def test_what_comes_out_of_order_is_read_in_order_and_once(self, house: House) -> None:
        """PostgreSQL's writers tell of their commits as they come."""
        wire = house.listen(AWA)
        told: list[Any] = []
        house.database.listener = told.append
        await house.tell(AWA)
        await house.tell(AWA)
        for announced in reversed(told):
            house.hub.tell(announced)
        await house.quiet()
        assert wire.seqs == [1, 2]

    async def test_a_reading_that_fails_is_made_up_for_by_the_sweep(self, house: House) -> None:
        wire = house.listen(AWA)
        await self.tell_elsewhere(house, AWA)
        house.reads.failing.add("cursors")
        house.hub.hear({AWA.id})
        await house.quiet()
        assert wire.seqs == []
        house.reads.failing.clear()
        for tick in (1, 2):
            await house.hub._sweep(tick)
        await house.quiet()
        assert wire.seqs == [1]

    async def test_others_are_called_with_whom_this_one_has_told(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called: list[str] = []
        monkeypatch.setattr(house.database, "wake_others", called.extend)
        await house.tell(AWA, DIOP)
        assert called == [AWA.id, DIOP.id]


class TestBetweenTwoSlices:
    """What was read is read again, unless nobody has written anything and no time has passed."""

    @pytest.fixture
    def made(self, house: House, monkeypatch: pytest.MonkeyPatch) -> Fragments:
        monkeypatch.setattr(Fragments, "_FRESH", 60)
        return house.database.glance(_paused)

    def test_what_nobody_has_changed_holds(self, house: House, made: Fragments) -> None:
        assert house.database.glance(made.go_on) and house.database.glance(made.go_on)

    async def test_what_anybody_has_written_ends_it(self, house: House, made: Fragments) -> None:
        await house.tell(AWA)
        assert not house.database.glance(made.go_on)

    def test_so_does_the_clock_by_which_rights_end(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Fragments, "_FRESH", -1)
        assert not house.database.glance(house.database.glance(_paused).go_on)

    def test_where_no_version_is_known_it_is_always_read_again(self, house: House, made: Fragments) -> None:
        """As on PostgreSQL."""

        def go_on(tx: Transaction) -> bool:
            made._version = Transaction.version(tx)
            return made.go_on(tx)

        assert not house.database.glance(go_on)

    async def test_a_row_is_read_once_for_all_slices(
        self, house: House, one_a_slice: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read: list[Fragments] = []
        monkeypatch.setattr(Fragments, "_FRESH", 60)
        made = Fragments.__init__
        monkeypatch.setattr(Fragments, "__init__", lambda self, *args: read.append(self) or made(self, *args))
        wires = [house.listen(one, "html") for one in (AWA, MOUSSA, DIOP, NDIAYE)]
        await house.tell(AWA, MOUSSA, DIOP, NDIAYE)
        await house.quiet()
        assert [wire.seqs for wire in wires] == [[1]] * 4 and len(read) == 1
        assert house.hub._fragments is None


def _paused(tx: Transaction) -> Fragments:
    made = Fragments(tx)
    made.html(AWA, Notification(1, "notification", None, Subject("inbox", AWA.id), 0))
    made.pause()
    return made
