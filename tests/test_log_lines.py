"""The log: its order, what is written at once, and what is never lost."""

import asyncio
import io
import logging
import threading
from collections.abc import Iterator

import pytest

from fadjma.server.lines import Lines


class Stream(io.StringIO):
    """Counts how often it is written to; `full`: nothing more fits."""

    writes = 0
    full = False

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        self.writes += 1
        return super().write(text)


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


async def test_a_full_disk_ends_nothing_and_the_log_goes_on(log: logging.Logger, stream: Stream) -> None:
    stream.full = True
    log.warning("lost")
    stream.full = False
    log.warning("kept")
    assert stream.getvalue() == "kept\n"


async def test_words_that_do_not_fit_together_lose_no_other_line(
    log: logging.Logger, stream: Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info("before")
    log.info("%d lines", "no number")
    log.info("after")
    await asyncio.sleep(0)
    assert stream.getvalue() == "before\nafter\n"
    assert "Logging error" in capsys.readouterr().err
