"""What a stream or a poll has missed, read from the notification table and encoded as it goes out."""

import logging

from fadjma.events import inbox
from fadjma.events.inbox import Notification
from fadjma.identity.people import Viewer
from fadjma.live import encode
from fadjma.live.fragments import Fragments
from fadjma.live.streams import Encoding
from fadjma.store import Error, Transaction

log = logging.getLogger("fadjma.live")
LIMIT = 50  # past this many missed events, one `reset` instead

Replay = list[tuple[Notification, bytes]]


def missed(tx: Transaction, viewer: Viewer, after: int, encoding: Encoding) -> tuple[Replay | None, int]:
    """The events after a cursor, encoded, and the person's own cursor.

    None instead of the events when they are too many, or do not follow the cursor: a restored backup, or what came
    after it is not kept any more.
    """
    found = inbox.after(tx, viewer.id, after, LIMIT + 1)
    if len(found) > LIMIT or broken(after, found) or is_forgotten(tx, viewer, after):
        return None, inbox.cursor(tx, viewer.id)
    fragments = Fragments(tx)
    return [(item, _event(fragments, viewer, item, encoding)) for item in found], found[-1].seq if found else after


def reset(last: int, level: int) -> bytes:
    """Too much to replay, or another history: the page is to be fetched anew. Says how much was missed, if known."""
    missed = level - last
    return encode.event("reset", str(missed if 0 < missed < inbox.HISTORIES_APART else 0), id=level)


def broken(after: int, found: list[Notification]) -> bool:
    """Whether the first event is not the next one: a person's numbers have no holes but where a history ended."""
    return bool(after and found and found[0].seq > after + 1)


def is_forgotten(tx: Transaction, viewer: Viewer, after: int) -> bool:
    """Whether something that came after this cursor is not kept any more."""
    return after < inbox.forgotten(tx, viewer.id)


def html(fragments: Fragments, viewer: Viewer, notification: Notification) -> str:
    """An event's HTML; empty when a template fails, so that the person's later events still come.

    When the database fails it fails too: the event is still to be delivered, and the next try may succeed.
    """
    try:
        return fragments.html(viewer, notification)
    except Error:
        raise
    except Exception:
        log.exception("the fragment of a %s could not be made", notification.subject.kind)
        return ""


def _event(fragments: Fragments, viewer: Viewer, item: Notification, encoding: Encoding) -> bytes:
    if encoding == "html":
        return encode.html(item, html(fragments, viewer, item)).numbered(item.seq)
    return encode.program(item, viewer.language).numbered(item.seq)
