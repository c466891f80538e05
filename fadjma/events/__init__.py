"""What happened, and who is to hear of it."""

from fadjma.events.recording import Announcement, Change, EventType, Notice, Subject, changes, newest, notify, record

__all__ = ["Announcement", "Change", "EventType", "Notice", "Subject", "changes", "newest", "notify", "record"]
