"""Who of a pharmacy has which prescription open: told to their colleagues, and forgotten when they have left."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cast import AWA, FALL, GOMIS, NDIAYE

from fadjma.identity.people import Viewer
from fadjma.live import colleagues
from fadjma.live.colleagues import Colleagues
from fadjma.live.streams import Stream, Streams
from fadjma.store.database import Said


class Pharmacy:
    """The colleagues of one process, with what was written to each stream, and the others on the same database."""

    def __init__(self) -> None:
        self.streams = Streams()
        self.written: dict[Stream, list[str]] = {}
        self.others: list[Pharmacy] = []
        self.said: list[str] = []
        self.colleagues = Colleagues(self.streams, self._write, self._tell_others)

    def _write(self, stream: Stream, body: bytes) -> None:
        self.written[stream].append(body.decode())

    def _tell_others(self, said: Said) -> None:
        self.said.append(json.dumps(said))
        for other in self.others:
            other.colleagues.hear(json.loads(self.said[-1]))

    def join(self, viewer: Viewer) -> Stream:
        stream = Stream(viewer, None, "html", 0)  # type: ignore[arg-type]
        self.written[stream] = []
        self.streams.add(stream)
        self.colleagues.joined(stream)
        return stream

    def part(self, stream: Stream) -> None:
        self.streams.remove(stream)
        self.colleagues.parted(stream)


def _event(inside: str) -> str:
    return f'event: colleagues\ndata: <div id="on" hidden>{inside}</div>\n\n'


@pytest.fixture
def pharmacy() -> Pharmacy:
    return Pharmacy()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds since the beginning, to be set."""
    seconds = [1_000.0]
    monkeypatch.setattr(colleagues.time, "monotonic", lambda: seconds[0])
    return seconds


def test_a_colleague_is_told_who_has_it_open_and_when_it_is_left(pharmacy: Pharmacy) -> None:
    own, theirs, elsewhere = pharmacy.join(NDIAYE), pharmacy.join(GOMIS), pharmacy.join(FALL)
    pharmacy.colleagues.opened(NDIAYE, "rx")
    assert pharmacy.written == {
        own: [],
        theirs: [_event('<i data-of="prx"><bdi>Khady Ndiaye</bdi> s\'en occupe</i>')],
        elsewhere: [],
    }
    pharmacy.colleagues.opened(NDIAYE, "rx")  # the same page, which follows an event
    pharmacy.colleagues.left(NDIAYE, "rx")
    assert pharmacy.written[theirs][1:] == [_event("")]
    assert not pharmacy.written[own] + pharmacy.written[elsewhere]


def test_who_comes_later_sees_it_at_once_in_their_own_language(pharmacy: Pharmacy) -> None:
    pharmacy.colleagues.opened(NDIAYE, "rx")
    pharmacy.colleagues.opened(replace(NDIAYE, id="ba", given_name="Aïssatou", session_id="hers"), "rx")
    [event] = pharmacy.written[pharmacy.join(replace(GOMIS, language="en"))]
    assert "<bdi>Aïssatou Ndiaye</bdi>, <bdi>Khady Ndiaye</bdi> are on it" in event
    assert pharmacy.written[pharmacy.join(AWA)] == []


def test_whoever_is_away_for_long_has_left_and_not_before(pharmacy: Pharmacy, later: list[float]) -> None:
    theirs, own = pharmacy.join(GOMIS), pharmacy.join(NDIAYE)
    pharmacy.colleagues.opened(NDIAYE, "rx")
    later[0] += colleagues.LONGEST - colleagues.AWAY
    pharmacy.colleagues.sweep()
    assert pharmacy.colleagues.open_for(GOMIS) == {"rx": ("Khady Ndiaye",)}
    pharmacy.part(own)  # a link that changes
    later[0] += colleagues.AWAY - 1
    pharmacy.colleagues.sweep()
    assert len(pharmacy.written[theirs]) == 1
    later[0] += 2
    pharmacy.colleagues.sweep()
    assert pharmacy.written[theirs][1:] == [_event("")]
    assert pharmacy.colleagues._open == pharmacy.colleagues._seen_at == {}


def test_a_page_of_which_nothing_is_heard_any_more_has_been_left(pharmacy: Pharmacy, later: list[float]) -> None:
    theirs = pharmacy.join(GOMIS)
    pharmacy.join(NDIAYE)  # in another tab
    pharmacy.colleagues.opened(NDIAYE, "rx")
    later[0] += colleagues.LONGEST - 1
    pharmacy.colleagues.opened(NDIAYE, "another")
    later[0] += 2
    pharmacy.colleagues.sweep()
    assert pharmacy.colleagues.open_for(GOMIS) == {"another": ("Khady Ndiaye",)}
    assert len(pharmacy.written[theirs]) == 3


def test_who_cannot_be_written_to_now_is_told_later(pharmacy: Pharmacy) -> None:
    theirs = pharmacy.join(GOMIS)
    theirs.catching_up = True
    pharmacy.colleagues.opened(NDIAYE, "rx")
    assert pharmacy.written[theirs] == []
    theirs.catching_up = False
    pharmacy.colleagues.sweep()
    assert len(pharmacy.written[theirs]) == 1
    pharmacy.part(theirs)
    pharmacy.colleagues.sweep()
    assert pharmacy.colleagues._told == {}


def test_of_one_session_the_pages_opened_last_are_kept(pharmacy: Pharmacy) -> None:
    for number in range(colleagues.MOST + 3):
        pharmacy.colleagues.opened(NDIAYE, f"rx{number}")
    assert len(pharmacy.colleagues.open_for(GOMIS)) == colleagues.MOST
    assert "rx0" not in pharmacy.colleagues.open_for(GOMIS)


class TestSeveralProcesses:
    @pytest.fixture
    def other(self, pharmacy: Pharmacy) -> Pharmacy:
        other = Pharmacy()
        pharmacy.others, other.others = [other], [pharmacy]
        return other

    def test_what_is_opened_and_left_at_one_is_seen_at_the_other(self, pharmacy: Pharmacy, other: Pharmacy) -> None:
        theirs, elsewhere = other.join(GOMIS), other.join(FALL)
        pharmacy.colleagues.opened(NDIAYE, "rx")
        assert other.written[theirs] == [_event('<i data-of="prx"><bdi>Khady Ndiaye</bdi> s\'en occupe</i>')]
        assert other.colleagues.open_for(GOMIS) == {"rx": ("Khady Ndiaye",)}
        other.colleagues.left(NDIAYE, "rx")  # the page's last word came to the other
        assert other.written[theirs][1:] == [_event("")]
        assert pharmacy.colleagues.open_for(GOMIS) == {}
        assert other.written[elsewhere] == []

    def test_whose_stream_is_at_another_is_still_here_at_all(
        self, pharmacy: Pharmacy, other: Pharmacy, later: list[float]
    ) -> None:
        stream = other.join(NDIAYE)
        pharmacy.colleagues.opened(NDIAYE, "rx")

        def pass_time(seconds: float) -> None:
            for _ in range(int(seconds / colleagues.BEAT)):
                later[0] += colleagues.BEAT
                for process in (pharmacy, other):
                    process.colleagues.sweep()

        pass_time(3 * colleagues.AWAY)
        assert pharmacy.colleagues.open_for(GOMIS) == other.colleagues.open_for(GOMIS) == {"rx": ("Khady Ndiaye",)}
        other.part(stream)
        pass_time(2 * colleagues.AWAY)
        for process in (pharmacy, other):
            assert process.colleagues._open == process.colleagues._seen_at == {}
        for process in (pharmacy, other):
            process.said.clear()
        pass_time(2 * colleagues.AWAY)
        assert pharmacy.said == other.said == []  # nobody is here: there is nothing to say

    def test_a_beat_less_is_no_absence(self) -> None:
        assert 3 * colleagues.BEAT < colleagues.AWAY

    def test_whoever_was_not_listening_is_told_again_how_long_each_has_been_open(
        self, pharmacy: Pharmacy, other: Pharmacy, later: list[float]
    ) -> None:
        pharmacy.join(NDIAYE)
        for process in (pharmacy, other):
            process.others = []
        pharmacy.colleagues.opened(NDIAYE, "rx")
        other.join(GOMIS)
        other.colleagues.opened(GOMIS, "another")
        later[0] += colleagues.LONGEST - 10
        pharmacy.others, other.others = [other], [pharmacy]
        other.colleagues.hear(None)
        assert other.colleagues.open_for(GOMIS) == {"rx": ("Khady Ndiaye",)}
        assert pharmacy.colleagues.open_for(NDIAYE) == {"another": ("Paul Gomis",)}
        later[0] += 20  # longer than anything is open of which nothing is heard
        for process in (pharmacy, other):
            process.colleagues.sweep()
            assert process.colleagues.open_for(GOMIS) == process.colleagues.open_for(NDIAYE) == {}

    def test_many_are_said_to_be_here_in_several_pieces(
        self, pharmacy: Pharmacy, other: Pharmacy, later: list[float]
    ) -> None:
        for number in range(250):
            one = replace(NDIAYE, session_id=f"{number:036}")
            pharmacy.join(one)
            pharmacy.colleagues.opened(one, "rx")
        pharmacy.said.clear()
        pharmacy.colleagues.sweep()
        assert len(pharmacy.said) == 3 and max(map(len, pharmacy.said)) < 7_900
        assert sorted(one for said in pharmacy.said for one in json.loads(said)["here"]) == sorted(
            f"{number:036}" for number in range(250)
        )
