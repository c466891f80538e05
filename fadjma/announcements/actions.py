"""Publishing an announcement and withdrawing it; telling people of it, some at a time.

A notification is a row for each person (docs/decisions/04), and 50,000 rows in one transaction would keep everybody
else's act waiting for seconds. So publishing writes one row, and the timekeeper tells the audience in steps, each a
transaction of its own: between two of them others have their turn (docs/decisions/18).
"""

from fadjma import events
from fadjma.announcements.queries import AUDIENCES, Audience, announcement
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.refusals import Conflict
from fadjma.store import Row, Transaction

_TELLING = (
    "SELECT id, audience, status, told_at, told_id, until_at, until_id FROM announcements WHERE done = 0 "
    "ORDER BY published_at, id LIMIT 1"
)
_MESSAGES = {"published": "announcement.published", "withdrawn": "announcement.withdrawn"}


def publish(tx: Transaction, viewer: Viewer, *, audience: Audience, title: str, body: str) -> str:
    """An admin tells all of an audience something; returns its id. Who registers later reads it in the list."""
    viewer.require("admin")
    announcement_id = new_id()
    tx.execute(
        "INSERT INTO announcements (id, audience, title, body, published_by, published_at, until_at) "
        "VALUES (:id, :audience, :title, :body, :by, :now, :now + 1)",
        {"id": announcement_id, "audience": audience, "title": title, "body": body, "by": viewer.id, "now": tx.now},
    )
    _record(tx, viewer, announcement_id, "announcement.published")
    return announcement_id


def withdraw(tx: Transaction, viewer: Viewer, announcement_id: str) -> str:
    """It was wrong: nobody reads it any more, and whoever has been told is told that. Raises NotFound, Conflict."""
    viewer.require("admin")
    now = announcement(tx, viewer, announcement_id)
    changed = tx.execute(
        "UPDATE announcements SET status = 'withdrawn', withdrawn_by = :by, withdrawn_at = :now, "
        "until_at = CASE WHEN done = 1 THEN until_at ELSE told_at END, "
        "until_id = CASE WHEN done = 1 THEN until_id ELSE told_id END, "
        "told_at = 0, told_id = '', done = 0, version = version + 1 WHERE id = :id AND status = 'published'",
        {"by": viewer.id, "now": tx.now, "id": announcement_id},
    )
    if not changed:
        raise Conflict(N_("Cette annonce a déjà été retirée."), current=now.status)
    _record(tx, viewer, announcement_id, "announcement.withdrawn")
    return announcement_id


def tell_some(tx: Transaction, limit: int) -> int:
    """Tell the next `limit` people of what has not come to all, the oldest first; fewer than that: nobody is left."""
    told = 0
    while told < limit and (telling := tx.first(_TELLING)):
        told += _tell(tx, telling, limit - told)
    return told


def _tell(tx: Transaction, telling: Row, limit: int) -> int:
    _, role = AUDIENCES[telling["audience"]]
    after, until = (telling["told_at"], telling["told_id"]), (telling["until_at"], telling["until_id"])
    people = directory.in_use(tx, role, after=after, until=until, limit=limit)
    subject = Subject("announcement", telling["id"])
    events.notify(tx, [person for _, person in people], "notification", _MESSAGES[telling["status"]], subject)
    at, id = people[-1] if people else after
    tx.execute(
        "UPDATE announcements SET told_at = :at, told_id = :person, done = :done, "
        "told = told + CASE WHEN status = 'published' THEN :told ELSE 0 END WHERE id = :id",
        {"at": at, "person": id, "done": int(len(people) < limit), "told": len(people), "id": telling["id"]},
    )
    return len(people)


def _record(tx: Transaction, viewer: Viewer, announcement_id: str, action: str) -> None:
    """The other admins' open pages follow."""
    admins = Notice(directory.people(tx, "admin"), "notification", None)
    events.record(tx, action, Subject("announcement", announcement_id), actor_id=viewer.id, notices=[admins])
