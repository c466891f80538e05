"""What the server writes is what a browser reads, wherever the network cuts it (WHATWG HTML, 9.2)."""

import re

from event_stream import Event, Parser
from hypothesis import given
from hypothesis import strategies as st

from fadjma.events import Subject
from fadjma.events.inbox import Notification
from fadjma.live import encode

# Beside everything else, the characters that end lines here, or only in str.splitlines.
_TEXT = st.text(st.one_of(st.sampled_from("\r\n: \t\x00\x0b\x0c\x1c\x85\u2028\ufeffé😀"), st.characters(codec="utf-8")))
_SEQ = st.integers(min_value=0, max_value=2**53)


def _as_a_browser_gives_it(text: str) -> str:
    return re.sub("\r\n|\r", "\n", text)


@given(data=_TEXT, seq=st.none() | _SEQ, retry=st.none() | st.integers(min_value=0, max_value=60_000))
def test_an_event_is_read_as_it_was_meant(data: str, seq: int | None, retry: int | None) -> None:
    parser = Parser()
    found = list(parser.feed(encode.event("notification", data, id=seq, retry=retry)))
    assert found == [Event("notification", _as_a_browser_gives_it(data), seq)]
    assert parser.retry == retry


@given(events=st.lists(st.tuples(_TEXT, _SEQ), min_size=1, max_size=5), cuts=st.lists(st.integers(0, 400)))
def test_it_may_be_cut_anywhere(events: list[tuple[str, int]], cuts: list[int]) -> None:
    body = b"".join(encode.event("notification", data, id=seq) + encode.COMMENT for data, seq in events)
    found: list[Event] = []
    parser, at = Parser(), 0
    for cut in [*sorted(min(cut, len(body)) for cut in cuts), len(body)]:
        found += parser.feed(body[at:cut])
        at = cut
    assert found == [Event("notification", _as_a_browser_gives_it(data), seq) for data, seq in events]
    assert parser.comments == len(events)


@given(data=_TEXT)
def test_lines_end_with_lf_only(data: str) -> None:
    assert b"\r" not in encode.event("notification", data, id=1, retry=1)


@given(data=_TEXT, seq=_SEQ)
def test_what_is_encoded_once_for_many_is_the_same_event(data: str, seq: int) -> None:
    told = Notification(0, "notification", None, Subject("record", "r"), 0)
    assert encode.html(told, data).numbered(seq) == encode.event("notification", data, id=seq)


@given(subject=_TEXT, seq=_SEQ)
def test_a_programs_event_carries_its_number_twice(subject: str, seq: int) -> None:
    """Also where the JSON has a percent sign of its own."""
    told = Notification(seq, "notification", "record.created", Subject("record", subject + "%d %%"), 0)
    [event] = Parser().feed(encode.program(told, "fr").numbered(seq))
    assert event.seq == seq and event.json == told.json("fr") and next(iter(event.json)) == "seq"


def test_an_event_without_data_is_still_one() -> None:
    assert list(Parser().feed(encode.event("hello", id=7, retry=1000))) == [Event("hello", "", 7)]


def test_the_parser_of_these_tests_follows_the_standard() -> None:
    """The standard's own examples: comments, no colon, one space, CR, CRLF, no data, an unfinished end."""
    parser = Parser()
    body = (
        b"\xef\xbb\xbfdata: YHOO\ndata:+2\ndata: 10\n\n"
        b": test stream\r\n\r\n"
        b"data: first event\rid: 1\r\r"
        b"data:second event\nid\n\n"
        b"data:  third event\nretry: 12x\n\n"
        b"event: nothing\nid: 5\n\n"
        b"data\n\n"
        b"data\ndata\n\n"
        b"data: never finished\n"
    )
    assert list(parser.feed(body)) == [
        Event("message", "YHOO\n+2\n10", None),
        Event("message", "first event", 1),
        Event("message", "second event", None),
        Event("message", " third event", None),
        Event("message", "", None),
        Event("message", "\n", None),
    ]
    assert (parser.comments, parser.retry, parser.last_event_id) == (1, None, "5")
