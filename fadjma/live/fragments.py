"""What a browser gets of an event: the toast, and the changed row exactly as the page itself would show it.

The row is read through the person's own rights at the moment of sending, so that a late event never shows what may no
longer be seen. It is rendered once for all who see the same (`_audience`), not once per person.
"""

from collections.abc import Callable
from typing import Any

from fadjma.access import queries as access
from fadjma.accounts import queries as accounts
from fadjma.accounts.people import Viewer
from fadjma.database import Transaction
from fadjma.notifications.inbox import Notification
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import queries as records
from fadjma.refusals import Forbidden, NotFound
from fadjma.templating import render

Load = Callable[[Transaction, Viewer, str], Any]
ROWS: dict[str, tuple[Load, str]] = {
    "access_request": (access.access_request, "access/_row.html"),
    "prescription": (prescriptions.prescription, "prescriptions/_row.html"),
    "record": (records.record, "records/_row.html"),
    "account": (accounts.account, "accounts/_row.html"),
}


class Fragments:
    """Renders events for viewers inside one transaction, each distinct one once."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._rendered: dict[Any, str] = {}

    def html(self, viewer: Viewer, notification: Notification) -> str:
        """The HTML of one event for one person."""
        key = (_audience(viewer, notification.subject.kind), notification.message, notification.subject)
        if key not in self._rendered:
            self._rendered[key] = self._render(viewer, notification)
        return self._rendered[key]

    def _render(self, viewer: Viewer, notification: Notification) -> str:
        toast = render("_toast.html", viewer.language, notification=notification) if notification.message else ""
        return toast + self._row(viewer, notification).strip()

    def _row(self, viewer: Viewer, notification: Notification) -> str:
        subject = notification.subject
        if subject.kind == "inbox":
            return render("_unread.html", viewer.language, unread=0)
        if subject.kind not in ROWS:
            return ""
        load, template = ROWS[subject.kind]
        try:
            item = load(self._tx, viewer, subject.id)
        except (NotFound, Forbidden):
            return render("_gone.html", viewer.language, subject=subject)
        return render(template, viewer.language, item=item, viewer=viewer)


def _audience(viewer: Viewer, subject_kind: str) -> tuple[str, ...]:
    """People of one audience see the same row of this kind of thing."""
    if subject_kind == "prescription" and viewer.role == "pharmacist":
        return viewer.role, viewer.language, viewer.organization_id or ""
    if subject_kind in ("account", "product"):
        return viewer.role, viewer.language, viewer.organization_id or ""
    return viewer.role, viewer.language, viewer.id
