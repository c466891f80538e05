"""One announcement on its way to open streams: who is still to have it, encoded once for all who see the same."""

from dataclasses import replace

from fadjma.events import Announcement
from fadjma.live import encode, replay
from fadjma.live.encode import Encoded
from fadjma.live.fragments import Fragments
from fadjma.live.streams import Stream
from fadjma.notifications.inbox import Notification


class Delivery:
    """One announcement on its way: the streams that have not been offered it yet, and what has been encoded of it."""

    __slots__ = ("committed_at", "encoded", "left", "notification")

    def __init__(
        self, announcement: Announcement, left: list[tuple[int, tuple[Stream, ...]]], committed_at: float
    ) -> None:
        self.left = left  # each person's seq, with their streams
        self.committed_at = committed_at
        self.notification = Notification(
            0, announcement.type, announcement.message, announcement.subject, announcement.created_at
        )
        self.encoded: dict[tuple[str, str], Encoded] = {}

    def event(self, stream: Stream, seq: int, fragments: Fragments) -> bytes:
        """The event as this stream gets it; encoded once for all who get the same."""
        viewer = stream.viewer
        html = stream.encoding == "html"
        text = replay.html(fragments, viewer, self._numbered(seq)) if html else viewer.language
        found = self.encoded.get((stream.encoding, text))
        if found is None:
            found = encode.html(self.notification, text) if html else encode.program(self.notification, text)
            self.encoded[stream.encoding, text] = found
        return found.numbered(seq)

    def _numbered(self, seq: int) -> Notification:
        # Only the badge depends on the number; to make one more object for each of 10,000 people is not free.
        return replace(self.notification, seq=seq) if self.notification.subject.kind == "inbox" else self.notification
