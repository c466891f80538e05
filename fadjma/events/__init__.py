"""What happened, and who is to hear of it."""

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
    "Notice",
    "Subject",
    "changes",
    "newest",
    "notify",
    "notify_proxy",
    "record",
]
