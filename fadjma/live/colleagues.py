"""Who of a pharmacy has which of its prescriptions open, told to their colleagues: two would prepare it else.

In memory alone, and no longer than somebody is here: a page that is asked for is open, one that is left says so, and
whoever has had no stream for a while has left everything. Each event has no number, and the whole of what is true for
its person: one that was away lacks nothing (static/beside.js forgets what it knew when its stream ends).
"""

import time
from collections import defaultdict
from collections.abc import Callable

from fadjma.identity.people import Viewer
from fadjma.live import encode
from fadjma.live.streams import Stream, Streams
from fadjma.web.templating import render

EVENT = "colleagues"
AWAY = 10.0  # seconds without a stream, after which somebody has left: it takes less to come back
MOST = 20  # pages of one session
LONGEST = 1_800.0  # seconds of one page that nothing was heard of: its browser was killed, or its word lost

Open = dict[str, tuple[str, ...]]  # by a prescription's id, the names of those who have it open


class Colleagues:
    """The open prescriptions of everybody who is here."""

    def __init__(self, streams: Streams, write: Callable[[Stream, bytes], None]) -> None:
        self._streams = streams
        self._write = write
        self._open: dict[str, dict[str, tuple[Viewer, float]]] = {}  # by session and prescription; since when
        self._seen_at: dict[str, float] = {}  # when a session was last here
        self._told: dict[str, dict[Stream, Open]] = {}  # by pharmacy, what each of its streams was told

    def opened(self, viewer: Viewer, prescription_id: str) -> None:
        """A pharmacist looks at one; pages that follow events ask again, which changes nothing."""
        pages = self._open.setdefault(viewer.session_id, {})
        pages.pop(prescription_id, None)
        pages[prescription_id] = viewer, time.monotonic()
        if len(pages) > MOST:
            del pages[next(iter(pages))]
        self._seen_at[viewer.session_id] = time.monotonic()
        self._tell(viewer.organization_id)

    def left(self, viewer: Viewer, prescription_id: str) -> None:
        if self._open.get(viewer.session_id, {}).pop(prescription_id, None):
            self._tell(viewer.organization_id)

    def open_for(self, viewer: Viewer) -> Open:
        """What the others of the viewer's pharmacy have open."""
        return _of_others(viewer, self._by_pharmacy().get(viewer.organization_id, []))

    def _by_pharmacy(self) -> dict[str | None, list[tuple[str, Viewer]]]:
        found: defaultdict[str | None, list[tuple[str, Viewer]]] = defaultdict(list)
        for pages in self._open.values():
            for prescription_id, (viewer, _) in pages.items():
                found[viewer.organization_id].append((prescription_id, viewer))
        return found

    def joined(self, stream: Stream) -> None:
        viewer = stream.viewer
        if viewer.role == "pharmacist" and viewer.organization_id and stream.encoding == "html":
            self._told.setdefault(viewer.organization_id, {})[stream] = {}  # as a page begins
            self._tell(viewer.organization_id)

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
        by_pharmacy = self._by_pharmacy()
        for organization, told in list(self._told.items()):
            if told:
                self._tell_all(told, by_pharmacy.get(organization, []))
            else:
                del self._told[organization]

    def _tell(self, organization: str | None) -> None:
        self._tell_all(self._told.get(organization or "", {}), self._by_pharmacy().get(organization, []))

    def _tell_all(self, told: dict[Stream, Open], pages: list[tuple[str, Viewer]]) -> None:
        for stream, before in list(told.items()):
            now = _of_others(stream.viewer, pages)
            if now != before and not stream.catching_up and not stream.closed:
                told[stream] = now
                self._write(stream, _event(stream.viewer, now))


def _of_others(viewer: Viewer, pages: list[tuple[str, Viewer]]) -> Open:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for prescription_id, by in pages:
        if by.id != viewer.id:
            found[prescription_id].add(by.name)
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def _event(viewer: Viewer, colleagues: Open) -> bytes:
    return encode.event(EVENT, render("_colleagues.html", viewer.language, colleagues=colleagues).strip())
