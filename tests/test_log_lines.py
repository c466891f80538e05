"""The log: its order, what is written at once, and what is never lost."""

import asyncio
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from fadjma.server import lines
from fadjma.server.lines import Descriptor, Lines


class Stream:
    """Counts how often it is written to; `room`: how many bytes it still takes."""

    def __init__(self) -> None:
        self.said = b""
        self.writes = 0
        self.room: int | None = None

    def write(self, said: bytes) -> int:
        taken = said[: self.room]
        self.said += taken
        self.writes += 1
        if self.room is not None:
            self.room -= len(taken)
        return len(taken)

    def getvalue(self) -> str:
        return self.said.decode()


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def log(stream: Stream) -> Iterator[logging.Logger]:
    handler = Lines(stream)
    found = logging.Logger("lines")
    found.addHandler(handler)
    yield found
    handler.close()


async def test_one_turn_is_written_once_when_it_ends(log: logging.Logger, stream: Stream) -> None:
    for number in range(3):
        log.info("line %d", number)
    assert stream.getvalue() == ""
    await asyncio.sleep(0)
    assert (stream.getvalue(), stream.writes) == ("line 0\nline 1\nline 2\n", 1)
    log.info("of the next turn")
    await asyncio.sleep(0)
    assert stream.getvalue().endswith("of the next turn\n") and stream.writes == 2


async def test_a_warning_is_written_at_once_after_what_was_said_before(log: logging.Logger, stream: Stream) -> None:
    log.info("before")
    log.warning("now")
    assert stream.getvalue() == "before\nnow\n"
    await asyncio.sleep(0)
    assert stream.writes == 1


async def test_another_thread_writes_at_once_and_in_its_turn(log: logging.Logger, stream: Stream) -> None:
    log.info("the loop")
    thread = threading.Thread(target=log.info, args=("another thread",))
    thread.start()
    thread.join()
    assert stream.getvalue() == "the loop\nanother thread\n"


def test_without_a_loop_it_is_written_at_once(log: logging.Logger, stream: Stream) -> None:
    log.info("at the start")
    assert stream.getvalue() == "at the start\n"


def test_what_waits_when_the_loop_ends_is_written_when_the_process_does(log: logging.Logger, stream: Stream) -> None:
    loop = asyncio.SelectorEventLoop()  # uvloop goes on until nothing waits
    loop.call_soon(loop.stop)
    loop.call_soon(log.info, "the last word")
    loop.run_forever()
    loop.close()
    assert stream.getvalue() == ""
    logging.shutdown([lambda: log.handlers[0]])  # type: ignore[list-item]  # weak references, which this is like
    assert stream.getvalue() == "the last word\n"


async def test_a_full_disk_ends_nothing_and_the_log_says_how_much_is_missing(
    log: logging.Logger, stream: Stream
) -> None:
    stream.room = 0
    log.warning("lost")
    log.warning("lost, too")
    stream.room = None
    log.warning("kept")
    log.warning("kept, too")
    said = stream.getvalue().splitlines()
    assert said[0].startswith("lignes du journal qui manquent ici : 2") and said[1:] == ["kept", "kept, too"]


async def test_half_a_line_is_not_joined_with_the_next_one(log: logging.Logger, stream: Stream) -> None:
    stream.room = len("first\nsec")
    log.info("first")
    log.info("second")
    log.warning("third")
    log.warning("fourth")
    stream.room = None
    log.warning("fifth")
    first, half, missing, fifth = stream.getvalue().splitlines()
    assert (first, half, fifth) == ("first", "sec", "fifth")
    assert missing.startswith("lignes du journal qui manquent ici : 3 ")


async def test_that_lines_are_missing_is_said_once_there_is_room_for_it(log: logging.Logger, stream: Stream) -> None:
    stream.room = 0
    log.warning("lost")
    stream.room = 20
    log.warning("lost, too")
    stream.room = None
    log.warning("kept")
    begun, missing, kept = stream.getvalue().splitlines()
    assert (begun, kept) == ("lignes du journal qu", "kept") and "manquent ici : 2 " in missing


def test_a_name_that_no_character_set_has_is_written(log: logging.Logger, stream: Stream) -> None:
    log.warning("\udcff")  # of a file whose name is no UTF-8
    assert stream.getvalue() == "\\udcff\n"


class TestAReaderThatDoesNotRead:
    @pytest.fixture
    def pipe(self) -> Iterator[tuple[int, int]]:
        reader, writer = os.pipe()
        yield reader, writer
        for end in (reader, writer):
            with suppress(OSError):
                os.close(end)

    def test_keeps_nobody_waiting_more_than_once(self, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lines, "_PATIENCE", 1)
        reader, writer = pipe
        sink = Descriptor(writer)
        size = 1_000_000  # more than a pipe holds
        taken = sink.write(b"a" * size)
        assert 0 < taken < size
        assert sink.write(b"b") == 0
        assert os.read(reader, size) == b"a" * taken
        assert sink.write(b"c") == 1
        assert os.read(reader, size) == b"c"

    def test_and_has_gone_ends_nothing(self, pipe: tuple[int, int]) -> None:
        reader, writer = pipe
        os.close(reader)
        assert Descriptor(writer).write(b"nobody") == 0

    def test_nor_does_what_is_closed(self, pipe: tuple[int, int]) -> None:
        _, writer = pipe
        os.close(writer)
        assert Descriptor(writer).write(b"nowhere") == 0


async def test_words_that_do_not_fit_together_lose_no_other_line(
    log: logging.Logger, stream: Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info("before")
    log.info("%d lines", "no number")
    log.info("after")
    await asyncio.sleep(0)
    assert stream.getvalue() == "before\nafter\n"
    assert "Logging error" in capsys.readouterr().err
