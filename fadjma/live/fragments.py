"""What a browser gets of an event: the toast, and the changed row exactly as the page itself would show it.

The row is read through the person's own rights at the moment of sending, so that a late event never shows what may no
longer be seen. It is read once for all who have the same rights to it (`Row.eyes`), and rendered once for each distinct
role, language and content; whoever acts for a patient reads other words (for_another.py).
"""

import time
from typing import Any

from fadjma.events import Subject, inbox, subjects
from fadjma.events.inbox import Notification
from fadjma.events.subjects import ALL, INBOX, Eyes, Named
from fadjma.identity.people import Viewer
from fadjma.identity.proxies import Person
from fadjma.refusals import Forbidden, NotFound
from fadjma.store import Transaction
from fadjma.web.templating import render

Group = tuple[str, str, bool, str, bool]  # role, language, whether for another, eyes, whether it folds an unread one
Rendered = dict[tuple[str, str, Any], str]  # by template, language and content


class Fragments:
    """Renders events for viewers inside one transaction, each distinct one once.

    `rendered` keeps what was rendered beyond the transaction: it is found again by its content only, whatever is read.
    """

    _FRESH = 0.05  # seconds: rights end by the clock, too, with nothing written

    def __init__(self, tx: Transaction, rendered: Rendered | None = None) -> None:
        self._tx = tx
        self._version: int | None = None
        self._until = time.monotonic() + self._FRESH
        self._events: dict[tuple[Group, str | None, Subject, Person | None], str] = {}
        self._rendered = {} if rendered is None else rendered
        self._eyes: dict[Subject, Eyes] = {}

    def pause(self) -> None:
        """The transaction is about to end, and more is to be rendered in another."""
        if self._events:  # else nothing has been read: programs get what is announced
            self._version = self._tx.version()

    def go_on(self, tx: Transaction) -> bool:
        """Whether what has been read holds in this transaction, too, which is used from then on.

        It does for a moment, if nobody has committed anything meanwhile: then it would be read as it was.
        """
        if self._version is None or self._version != tx.version() or time.monotonic() > self._until:
            return False
        self._tx = tx
        return True

    def html(self, viewer: Viewer, notification: Notification) -> str:
        """The HTML of one event for one person."""
        subject, message = notification.subject, notification.message
        group = self.group(viewer, subject, notification.times)
        key = (group, message, subject, notification.whose)
        found = self._events.get(key)
        if found is None:
            toast = self._toast(viewer, notification, group[-1]) if message else ""
            found = self._events[key] = toast + self._row(viewer, notification).strip()
        return found

    def _toast(self, viewer: Viewer, notification: Notification, again: bool) -> str:
        named = self._named(viewer, notification)
        content = (notification.message, notification.subject, again, notification.whose, named, bool(viewer.by))
        context = {"notification": notification, "named": named, "viewer": viewer}
        return self._once("_toast.html", viewer.language, content, **context)

    def _named(self, viewer: Viewer, notification: Notification) -> Named | None:
        kind, told = notification.subject.kind, notification.told
        if notification.whose or not subjects.is_named_in_toast(kind):
            return None
        return subjects.names(self._tx, viewer, kind, [told]).get(told)

    def group(self, viewer: Viewer, subject: Subject, times: int) -> Group:
        """All of one group get the same HTML of an event about this thing."""
        if subject.kind == INBOX:
            return viewer.role, viewer.language, bool(viewer.by), viewer.id, False
        if subject not in self._eyes:
            row = subjects.row(subject.kind)
            self._eyes[subject] = row.eyes(subject.id) if row else _of_its_place
        eyes = self._eyes[subject](self._tx, viewer)
        return viewer.role, viewer.language, bool(viewer.by), eyes, times > 1

    def _row(self, viewer: Viewer, notification: Notification) -> str:
        subject = notification.subject
        if subject.kind == INBOX:
            # It is of now: what has come meanwhile is counted, and its own event does not add it to the badge again.
            state = inbox.state(self._tx, viewer.id)
            return render("_unread.html", viewer.language, unread=state.unread, counted=state.cursor)
        row = subjects.row(subject.kind)
        if row is None or notification.whose:  # what is another's is on no page of theirs
            return ""
        try:
            item = row.load(self._tx, viewer, subject.id)
        except (NotFound, Forbidden):
            return self._once("_gone.html", viewer.language, subject, subject=subject)
        if not row.shown(self._tx, viewer, item):
            context = {"subject": subject, "item": item, "viewer": viewer}
            return self._once("_later.html", viewer.language, (viewer.role, bool(viewer.by), item), **context)
        content = (viewer.role, bool(viewer.by), viewer.id == subject.id, item)
        return self._once(row.template, viewer.language, content, item=item, viewer=viewer)

    def _once(self, template: str, language: str, content: Any, **context: Any) -> str:
        key = (template, language, content)
        if key not in self._rendered:
            self._rendered[key] = render(template, language, **context)
        return self._rendered[key]


def _of_its_place(tx: Transaction, viewer: Viewer) -> str:
    """Of what no list shows there is at most its name, which is for the people of its place."""
    return viewer.organization_id or ALL
