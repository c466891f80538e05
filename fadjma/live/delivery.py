"""One announcement on its way to open streams: who is still to have it, encoded once for all who see the same."""

from dataclasses import replace

from fadjma.events import Announcement
from fadjma.events.inbox import Notification
from fadjma.identity.people import Viewer
from fadjma.live import encode, replay
from fadjma.live.encode import Encoded
from fadjma.live.fragments import Fragments, Group
from fadjma.live.streams import Stream


class Delivery:
    """One announcement on its way: the streams that have not been offered it yet, and what has been encoded of it."""

    __slots__ = ("_fragments", "_groups", "_times", "committed_at", "encoded", "left", "notification")

    def __init__(
        self, announcement: Announcement, left: list[tuple[int, tuple[Stream, ...]]], committed_at: float
    ) -> None:
        self.left = left  # each person's seq, with their streams
        self.committed_at = committed_at
        self.notification = Notification(
            *(0, announcement.type, announcement.message, announcement.subject, announcement.created_at),
            whose=announcement.whose,
        )
        self.encoded: dict[tuple[str, str, int], Encoded] = {}
        self._times = announcement.times
        self._fragments: Fragments | None = None
        self._groups: dict[Group, Encoded] = {}  # of this slice's fragments: the next looks again

    def event(self, stream: Stream, seq: int, fragments: Fragments) -> bytes:
        """The event as this stream gets it; encoded once for all who get the same."""
        viewer = stream.viewer
        times = self._times.get(viewer.id, 1)
        if stream.encoding == "html":
            return self._html(viewer, times, fragments).numbered(seq)
        key = ("json", viewer.language, times)
        found = self.encoded.get(key)
        if found is None:
            notification = replace(self.notification, times=times)
            found = self.encoded[key] = encode.program(notification, viewer.language)
        return found.numbered(seq)

    def _html(self, viewer: Viewer, times: int, fragments: Fragments) -> Encoded:
        if self._fragments is not fragments:
            self._fragments, self._groups = fragments, {}
        group = fragments.group(viewer, self.notification.subject, times)
        if found := self._groups.get(group):
            return found
        text = replay.html(fragments, viewer, replace(self.notification, times=times))
        key = ("html", text, 1)
        found = self.encoded.get(key) or encode.html(self.notification, text)
        self.encoded[key] = self._groups[group] = found
        return found
