"""What a browser gets of an event: the toast, and the changed row exactly as the page itself would show it.

The row is read through the person's own rights at the moment of sending, so that a late event never shows what may no
longer be seen. It is read once for all who have the same rights to it (`_eyes`), and rendered once for each distinct
role, language and content.
"""

from collections.abc import Callable
from typing import Any

from fadjma.access import queries as access
from fadjma.accounts import queries as accounts
from fadjma.events import Subject, inbox
from fadjma.events.inbox import Notification
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import queries as records
from fadjma.refusals import Forbidden, NotFound
from fadjma.store import Transaction
from fadjma.web.templating import render

Group = tuple[str, str, str, int]  # role, language, eyes, number
Rendered = dict[tuple[str, str, Any], str]  # by template, language and content
Load = Callable[[Transaction, Viewer, str], Any]
ROWS: dict[str, tuple[Load, str]] = {
    "access_request": (access.access_request, "access/_row.html"),
    "prescription": (prescriptions.prescription, "prescriptions/_row.html"),
    "record": (records.record, "records/_row.html"),
    "account": (accounts.account, "accounts/_row.html"),
}
_ALL = ""  # the eyes of everybody who has no part in the thing


class Fragments:
    """Renders events for viewers inside one transaction, each distinct one once.

    `rendered` keeps what was rendered beyond the transaction: it is found again by its content only, whatever is read.
    """

    def __init__(self, tx: Transaction, rendered: Rendered | None = None) -> None:
        self._tx = tx
        self._events: dict[tuple[Group, str | None, str, str], str] = {}
        self._rendered = {} if rendered is None else rendered
        self._pharmacies: dict[str, tuple[str, ...]] = {}

    def html(self, viewer: Viewer, notification: Notification) -> str:
        """The HTML of one event for one person."""
        subject, message = notification.subject, notification.message
        key = (self.group(viewer, subject, notification.seq), message, subject.kind, subject.id)
        found = self._events.get(key)
        if found is None:
            toast = (
                self._once("_toast.html", viewer.language, (message, subject), notification=notification)
                if message
                else ""
            )
            found = self._events[key] = toast + self._row(viewer, notification).strip()
        return found

    def group(self, viewer: Viewer, subject: Subject, seq: int) -> Group:
        """All of one group get the same HTML of an event about this thing; only the badge depends on the number."""
        return viewer.role, viewer.language, self._eyes(viewer, subject), seq if subject.kind == "inbox" else 0

    def _eyes(self, viewer: Viewer, subject: Subject) -> str:
        """Whoever has the same role and the same eyes may see the same of this thing."""
        if subject.kind == "prescription" and viewer.role == "pharmacist":
            if subject.id not in self._pharmacies:
                self._pharmacies[subject.id] = prescriptions.pharmacies(self._tx, subject.id)
            own = viewer.organization_id or _ALL
            return own if own in self._pharmacies[subject.id] else _ALL
        if subject.kind == "account":
            return viewer.id if viewer.id == subject.id else _ALL
        return viewer.id if subject.kind in ROWS or subject.kind == "inbox" else _ALL

    def _row(self, viewer: Viewer, notification: Notification) -> str:
        subject = notification.subject
        if subject.kind == "inbox":
            # What came later is not counted: its own event adds it to the badge.
            unread = inbox.unread(self._tx, viewer.id, before=notification.seq)
            return render("_unread.html", viewer.language, unread=unread)
        if subject.kind not in ROWS:
            return ""
        load, template = ROWS[subject.kind]
        try:
            item = load(self._tx, viewer, subject.id)
        except (NotFound, Forbidden):
            return self._once("_gone.html", viewer.language, subject, subject=subject)
        content = (viewer.role, viewer.id == subject.id, item)
        return self._once(template, viewer.language, content, item=item, viewer=viewer)

    def _once(self, template: str, language: str, content: Any, **context: Any) -> str:
        key = (template, language, content)
        if key not in self._rendered:
            self._rendered[key] = render(template, language, **context)
        return self._rendered[key]
