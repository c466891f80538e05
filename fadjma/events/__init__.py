"""What happened, and who is to hear of it."""

from fadjma.events.recording import Announcement, EventType, Notice, Subject, newest, notify, record

__all__ = ["Announcement", "EventType", "Notice", "Subject", "newest", "notify", "record"]
