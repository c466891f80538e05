"""Who of a pharmacy has which of its prescriptions open, told to their colleagues: two would prepare it else.

In memory alone, and no longer than somebody is here: a page that is asked for is open, one that is left says so, and
whoever has had no stream for a while has left everything. Each event has no number, and the whole of what is true for
its person: one that was away lacks nothing (static/beside.js forgets what it knew when its stream ends).

Of several processes each knows all of it: who opens and leaves what is said to the others, and by the process at which
a session has its stream, again and again, that it is still here. Who was not listening asks to be told again.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass

from fadjma.identity.people import Viewer
from fadjma.live import encode
from fadjma.live.streams import Stream, Streams
from fadjma.store import Said
from fadjma.web.templating import render

EVENT = "colleagues"
AWAY = 10.0  # seconds without a stream, after which somebody has left: it takes less to come back
MOST = 20  # pages of one session
BEAT = 3.0  # seconds between two times that the other processes are told who is still here
_AT_ONCE = 100  # sessions in one saying, which has 8 KB
LONGEST = 1_800.0  # seconds of one page that nothing was heard of: its browser was killed, or its word lost

Open = dict[str, tuple[str, ...]]  # by a prescription's id, the names of those who have it open


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever has a page open."""

    id: str
    name: str
    organization_id: str | None


class Colleagues:
    """The open prescriptions of everybody who is here. `tell_others`: the other processes, if there are any."""

    def __init__(
        self,
        streams: Streams,
        write: Callable[[Stream, bytes], None],
        tell_others: Callable[[Said], None] = lambda said: None,
    ) -> None:
        self._streams = streams
        self._write = write
        self._tell_others = tell_others
        self._open: dict[str, dict[str, tuple[Person, float]]] = {}  # by session and prescription; since when
        self._seen_at: dict[str, float] = {}  # when a session was last here
        self._beat_at = 0.0
        self._told: dict[str, dict[Stream, Open]] = {}  # by pharmacy, what each of its streams was told

    def opened(self, viewer: Viewer, prescription_id: str) -> None:
        """A pharmacist looks at one; pages that follow events ask again, which changes nothing."""
        person = Person(viewer.id, viewer.name, viewer.organization_id)
        self._note(viewer.session_id, prescription_id, person)
        self._tell_others({"opened": [viewer.session_id, prescription_id, 0, *astuple(person)]})

    def left(self, viewer: Viewer, prescription_id: str) -> None:
        self._note_left(viewer.session_id, prescription_id)
        self._tell_others({"left": [viewer.session_id, prescription_id]})

    def hear(self, said: Said | None) -> None:
        """What another process says; None: some may have been missed, here and of what was said from here."""
        match said:
            case {"opened": [session_id, prescription_id, ago, *person]}:
                self._note(session_id, prescription_id, Person(*person), ago)
            case {"left": [session_id, prescription_id]}:
                self._note_left(session_id, prescription_id)
            case {"here": [*session_ids]}:
                self._seen_at.update(dict.fromkeys(self._seen_at.keys() & session_ids, time.monotonic()))
            case {"asked": _}:
                self._say_all()
            case None:
                self._tell_others({"asked": True})
                self._say_all()

    def _say_all(self) -> None:
        now = time.monotonic()
        for session_id in self._here():
            for prescription_id, (person, since) in self._open[session_id].items():
                self._tell_others({"opened": [session_id, prescription_id, now - since, *astuple(person)]})

    def _here(self) -> list[str]:
        """Sessions that have something open, and a stream at this process."""
        return [
            session_id for session_id, pages in self._open.items() if pages and self._streams.of_session(session_id)
        ]

    def _note(self, session_id: str, prescription_id: str, person: Person, ago: float = 0.0) -> None:
        pages = self._open.setdefault(session_id, {})
        pages.pop(prescription_id, None)
        pages[prescription_id] = person, time.monotonic() - ago
        if len(pages) > MOST:
            del pages[next(iter(pages))]
        self._seen_at[session_id] = time.monotonic()
        self._tell([person.organization_id])

    def _note_left(self, session_id: str, prescription_id: str) -> None:
        if page := self._open.get(session_id, {}).pop(prescription_id, None):
            self._tell([page[0].organization_id])

    def open_for(self, viewer: Viewer) -> Open:
        """What the others of the viewer's pharmacy have open."""
        return _of_others(viewer, self._by_pharmacy().get(viewer.organization_id, []))

    def _by_pharmacy(self) -> dict[str | None, list[tuple[str, Person]]]:
        found: defaultdict[str | None, list[tuple[str, Person]]] = defaultdict(list)
        for pages in self._open.values():
            for prescription_id, (person, _) in pages.items():
                found[person.organization_id].append((prescription_id, person))
        return found

    def joined(self, stream: Stream) -> None:
        viewer = stream.viewer
        if viewer.role == "pharmacist" and viewer.organization_id and stream.encoding == "html":
            self._told.setdefault(viewer.organization_id, {})[stream] = {}  # as a page begins
            self._tell([viewer.organization_id])

    def parted(self, stream: Stream) -> None:
        viewer = stream.viewer
        told = self._told.get(viewer.organization_id or "", {})
        told.pop(stream, None)
        if viewer.session_id in self._seen_at:
            self._seen_at[viewer.session_id] = time.monotonic()

    def sweep(self) -> None:
        """Forget who has left, and tell those again whose link was full."""
        now = time.monotonic()
        for session_id, seen_at in list(self._seen_at.items()):
            pages = self._open[session_id]
            for prescription_id, (_, since) in list(pages.items()):
                if since < now - LONGEST:
                    del pages[prescription_id]
            if seen_at < now - AWAY and not self._streams.of_session(session_id):
                del self._open[session_id], self._seen_at[session_id]
        self._told = {organization: told for organization, told in self._told.items() if told}
        self._tell(self._told)
        if now >= self._beat_at + BEAT:
            self._beat_at = now
            here = self._here()
            for start in range(0, len(here), _AT_ONCE):
                self._tell_others({"here": here[start : start + _AT_ONCE]})

    def _tell(self, organizations: Iterable[str | None]) -> None:
        by_pharmacy = self._by_pharmacy()
        for organization in organizations:
            self._tell_all(self._told.get(organization or "", {}), by_pharmacy.get(organization, []))

    def _tell_all(self, told: dict[Stream, Open], pages: list[tuple[str, Person]]) -> None:
        for stream, before in list(told.items()):
            now = _of_others(stream.viewer, pages)
            if now != before and not stream.catching_up and not stream.closed:
                told[stream] = now
                self._write(stream, _event(stream.viewer, now))


def _of_others(viewer: Viewer, pages: list[tuple[str, Person]]) -> Open:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for prescription_id, by in pages:
        if by.id != viewer.id:
            found[prescription_id].add(by.name)
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def _event(viewer: Viewer, colleagues: Open) -> bytes:
    return encode.event(EVENT, render("_colleagues.html", viewer.language, colleagues=colleagues).strip())
