"""What happened, and who is to hear of it."""

from fadjma.events.everybody import Everybody, StillToTell
from fadjma.events.recording import (
    Announcement,
    Change,
    EventType,
    Notice,
    Subject,
    changes,
    newest,
    notify,
    notify_proxy,
    record,
)

__all__ = [
    "Announcement",
    "Change",
    "EventType",
    "Everybody",
    "Notice",
    "StillToTell",
    "Subject",
    "changes",
    "newest",
    "notify",
    "notify_proxy",
    "record",
]
