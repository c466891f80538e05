"""One announcement on its way to open streams: who is still to have it, encoded once for all who see the same."""

from dataclasses import replace

from fadjma.events import Announcement
from fadjma.events.inbox import Notification
from fadjma.events.subjects import INBOX
from fadjma.identity.people import Viewer
from fadjma.live import encode, replay
from fadjma.live.encode import Encoded
from fadjma.live.fragments import Fragments, Group
from fadjma.live.streams import Stream


class Delivery:
    """One announcement on its way: the streams that have not been offered it yet, and what has been encoded of it."""

    __slots__ = ("_fragments", "_groups", "committed_at", "encoded", "left", "notification")

    def __init__(
        self, announcement: Announcement, left: list[tuple[int, tuple[Stream, ...]]], committed_at: float
    ) -> None:
        self.left = left  # each person's seq, with their streams
        self.committed_at = committed_at
        self.notification = Notification(
            0, announcement.type, announcement.message, announcement.subject, announcement.created_at
        )
        self.encoded: dict[tuple[str, str], Encoded] = {}
        self._fragments: Fragments | None = None
        self._groups: dict[Group, Encoded] = {}  # of this slice's fragments: the next looks again

    def event(self, stream: Stream, seq: int, fragments: Fragments) -> bytes:
        """The event as this stream gets it; encoded once for all who get the same."""
        viewer = stream.viewer
        if stream.encoding == "html":
            return self._html(viewer, seq, fragments).numbered(seq)
        found = self.encoded.get(("json", viewer.language))
        if found is None:
            found = self.encoded["json", viewer.language] = encode.program(self.notification, viewer.language)
        return found.numbered(seq)

    def _html(self, viewer: Viewer, seq: int, fragments: Fragments) -> Encoded:
        if self._fragments is not fragments:
            self._fragments, self._groups = fragments, {}
        group = fragments.group(viewer, self.notification.subject, seq)
        if found := self._groups.get(group):
            return found
        text = replay.html(fragments, viewer, self._numbered(seq))
        found = self.encoded.get(("html", text)) or encode.html(self.notification, text)
        self.encoded["html", text] = self._groups[group] = found
        return found

    def _numbered(self, seq: int) -> Notification:
        # Only the badge depends on the number; to make one more object for each of 10,000 people is not free.
        return replace(self.notification, seq=seq) if self.notification.subject.kind == INBOX else self.notification
