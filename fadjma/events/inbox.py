"""The inbox: the notification table, read as counts, as a list, and as the queue that streams and polls replay."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from urllib.parse import quote

from fadjma import days, events
from fadjma.events import subjects
from fadjma.events.catalogue import MESSAGES
from fadjma.events.subjects import About, Named, Told
from fadjma.for_another import said
from fadjma.i18n import iso, translate
from fadjma.identity.people import Viewer
from fadjma.identity.proxies import Person
from fadjma.refusals import NotFound
from fadjma.store import Row, Transaction, listed

UNREAD_SHOWN = 99
KEPT_FOR = 366 * 24 * 3_600_000  # milliseconds: twelve months
PAGE = 50
# A backup is another history: everybody's numbers in it are further than this from those they had (quart backup).
HISTORIES_APART = 1_000_000
# The unread lines of a person. That every subject has a kind makes the planner take the index that has them by subject,
# and no others (notifications_unread), not the one of all lines by number; `seq + 0` below keeps it from that, too.
_UNREAD = "user_id = :id AND subject_kind > '' AND read_at IS NULL AND message IS NOT NULL AND folded = 0"
# Those about one kind of thing.
_NEWS = "user_id = :id AND subject_kind = :kind AND read_at IS NULL AND message IS NOT NULL AND folded = 0"


_LINE = "n.*, CASE WHEN n.for_id IS NOT NULL THEN (SELECT name FROM people WHERE id = n.for_id) END AS for_name"


@dataclass(frozen=True, slots=True)
class State:
    """What every page shows of the inbox: the cursor it was rendered at, and how many are unread (at most 100)."""

    cursor: int
    unread: int


@dataclass(frozen=True, slots=True)
class Notification:
    """One numbered event of one person. `message` None: nothing to tell, the page just follows."""

    seq: int
    type: events.EventType
    message: str | None
    subject: events.Subject
    created_at: int
    read: bool = False
    times: int = 1  # how many about the same thing it stands for, that were not read when the next one came
    whose: Person | None = None  # the patient whose news it is, where the person told may act for them
    named: Named | None = None  # which thing it is, as far as the person told may read it now

    @property
    def told(self) -> Told:
        """The same, as whoever knows the thing is asked what it is called."""
        return Told(self.subject.id, self.created_at, self.times)

    @property
    def text(self) -> str:
        text = MESSAGES[self.message] if self.message else ""
        return said(text) if self.whose else text

    @property
    def href(self) -> str:
        """Where it leads: for whom one does not act now, by the page on which that is chosen."""
        link = subjects.link(self.subject.kind, self.subject.id)
        return f"/people?next={quote(link)}" if self.whose else link

    def json(self, language: str) -> dict[str, Any]:
        """The event as other programs read it (docs/http.md)."""
        shown = {
            "seq": self.seq,
            "type": self.type,
            "message": translate(language, self.text) if self.message else None,
            "subject": {"kind": self.subject.kind, "id": self.subject.id},
            "created_at": iso(self.created_at),
        }
        if self.whose:
            shown["for"] = self.whose.json()
        return {**shown, "times": self.times} if self.times > 1 else shown


@dataclass(frozen=True, slots=True)
class Line:
    """What was news about one thing on one day: the last of it, how many it stands for, and what names them all."""

    last: Notification
    times: int
    named: Named | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of the inbox, newest first; `next` is the seq to go on from."""

    items: list[Notification]
    next: int | None
    id: str  # whose
    about: About | None = None  # of what alone; None: of everything

    @property
    def days(self) -> list[tuple[int, list[Line]]]:
        """The same as its page shows it: by day, each with its moment, and in a day one line for each thing."""
        return [
            (day, _lines(of_day)) for day, of_day in groupby(self.items, lambda item: days.beginning(item.created_at))
        ]

    def json(self, language: str) -> dict[str, Any]:
        items = [{**_with_name(item, item.json(language)), "read": item.read} for item in self.items]
        return {"id": self.id, "items": items, **({"next": self.next} if self.next else {})}


def _with_name(item: Notification, shown: dict[str, Any]) -> dict[str, Any]:
    return {**shown, "subject": {**shown["subject"], "name": item.named.name}} if item.named else shown


def _lines(items: Iterable[Notification]) -> list[Line]:
    """Of what is unread there is one about each thing; what was read before it that day says nothing more."""
    lines: dict[events.Subject, Line] = {}
    for item in items:
        line = lines.get(item.subject, Line(item, 0, item.named))
        named = line.named if line.named == item.named else None
        lines[item.subject] = Line(line.last, line.times + item.times, named)
    return list(lines.values())


def open_for(tx: Transaction, user_id: str) -> None:
    """A new person's inbox: nobody is told anything before they have one."""
    tx.send("INSERT INTO inboxes (user_id) VALUES (:id)", {"id": user_id})


def cursor(tx: Transaction, user_id: str) -> int:
    """The number of a person's newest notification; 0 when there was none."""
    return tx.value("SELECT last_seq FROM inboxes WHERE user_id = :id", {"id": user_id}) or 0


def unread(tx: Transaction, user_id: str) -> int:
    """How many lines of a person's inbox are unread, counted up to 100."""
    count: int = tx.value(
        f"SELECT count(*) FROM (SELECT 1 FROM notifications WHERE {_UNREAD} LIMIT :most) AS unread",
        {"id": user_id, "most": UNREAD_SHOWN + 1},
    )
    return count


def state(tx: Transaction, user_id: str) -> State:
    """The cursor and the unread count of a person."""
    return State(cursor(tx, user_id), unread(tx, user_id))


def cursors(tx: Transaction, user_ids: list[str]) -> dict[str, int]:
    """The cursor of each of these people."""
    found: dict[str, int] = {}
    for start in range(0, len(user_ids), 500):
        names = {f"u{i}": user_id for i, user_id in enumerate(user_ids[start : start + 500])}
        rows = tx.all(
            f"SELECT user_id, last_seq FROM inboxes WHERE user_id IN ({', '.join(f':{name}' for name in names)})",
            names,
        )
        found.update((row["user_id"], row["last_seq"]) for row in rows)
    return found


def after(tx: Transaction, user_id: str, seq: int, limit: int) -> list[Notification]:
    """What came after `seq`, oldest first, at most `limit`: an indexed seek (mercure #1382)."""
    rows = tx.all(
        f"SELECT {_LINE} FROM notifications n WHERE user_id = :id AND seq > :seq ORDER BY seq LIMIT :limit",
        {"id": user_id, "seq": seq, "limit": limit},
    )
    return [_notification(row) for row in rows]


def browse(tx: Transaction, viewer: Viewer, before: int | None = None, about: About | None = None) -> Inbox:
    """The lines of the person's inbox, newest first: of what is news about one thing, unread, the newest.

    Each says which thing it is, by what the person may read of it at this moment: nothing of that is in the event.
    `about`: only those about things of this kind.
    """
    only = f"AND subject_kind IN {listed(subjects.of(about))} " if about else ""
    rows = tx.all(
        f"SELECT {_LINE} FROM notifications n "
        f"WHERE user_id = :id AND message IS NOT NULL AND folded = 0 {only}AND seq < :before "
        "ORDER BY seq DESC LIMIT :limit",
        {"id": viewer.id, "before": before or 2**62, "limit": PAGE + 1},
    )
    shown = _named(tx, viewer, [_notification(row) for row in rows[:PAGE]])
    return Inbox(shown, shown[-1].seq if len(rows) > PAGE else None, viewer.id, about)


def _named(tx: Transaction, viewer: Viewer, items: list[Notification]) -> list[Notification]:
    """One reading for each kind of thing; of another person's news only that it is theirs."""
    own = [item for item in items if not item.whose]
    found: dict[tuple[str, Told], Named] = {}
    for kind in dict.fromkeys(item.subject.kind for item in own):
        told = [item.told for item in own if item.subject.kind == kind]
        found.update(((kind, one), named) for one, named in subjects.names(tx, viewer, kind, told).items())
    return [item if item.whose else replace(item, named=found.get((item.subject.kind, item.told))) for item in items]


def read_up_to(tx: Transaction, viewer: Viewer, up_to: int) -> str:
    """Mark everything up to a seq as read; the person's other tabs and devices follow at once.

    A line has the seq of the newest that it stands for: what has come since it was looked at leaves it unread.
    Raises Forbidden to whoever acts for somebody: that a password or a right has changed, its owner must find unread.
    """
    viewer.require_self()
    values = {"now": tx.now, "id": viewer.id, "up_to": up_to}
    lines = tx.execute(
        f"UPDATE notifications SET read_at = :now WHERE {_UNREAD} AND seq + 0 <= :up_to",
        values,
    )
    tx.send(
        "UPDATE notifications SET read_at = :now "
        "WHERE user_id = :id AND read_at IS NULL AND folded = 1 AND seq <= :up_to",
        values,
    )
    if lines:
        _tell_of_reading(tx, viewer.id)
    return viewer.id


def _tell_of_reading(tx: Transaction, user_id: str) -> None:
    events.notify(tx, [user_id], "notification", None, events.Subject(subjects.INBOX, user_id))


def read_one(tx: Transaction, viewer: Viewer, seq: int) -> str:
    """Mark one line as read, with what it stands for. Raises NotFound; Forbidden as `read_up_to` does."""
    viewer.require_self()
    row = tx.first(
        "SELECT subject_kind, subject_id FROM notifications WHERE user_id = :id AND seq = :seq AND message IS NOT NULL",
        {"id": viewer.id, "seq": seq},
    )
    if row is None:
        raise NotFound
    read_subject(tx, viewer.id, row["subject_kind"], row["subject_id"], seq)
    return viewer.id


def ask_news(tx: Transaction, user_id: str, kind: str, subject_id: str | None) -> Callable[[], int | None]:
    """The number of a person's newest unread line about this thing, or about any of its kind; None without one."""
    one = "AND subject_id = :subject" if subject_id else ""
    # `+ 0`: by the index of what is unread. By the one of numbers, all that was ever read would be read again (22 ms).
    found = tx.ask(
        f"SELECT max(seq + 0) FROM notifications WHERE {_NEWS} {one}",
        {"id": user_id, "kind": kind, "subject": subject_id},
    )
    return lambda: found()[0][0]


def unread_subjects(tx: Transaction, user_id: str, kind: str, messages: Iterable[str], limit: int) -> list[str]:
    """The ids of the things of this kind of which one of these messages is a person's unread news, the latest first."""
    rows = tx.all(
        f"SELECT subject_id FROM notifications WHERE {_NEWS} "
        f"AND message IN {listed(messages)} ORDER BY seq + 0 DESC LIMIT :limit",
        {"id": user_id, "kind": kind, "limit": limit},
    )
    return [row["subject_id"] for row in rows]


def read_subject(tx: Transaction, user_id: str, kind: str, subject_id: str | None, up_to: int) -> None:
    """A person has the thing (or all of its kind) before them: what was news about it, up to this number, is read.

    Their other tabs and devices follow at once. What has come since it was looked at stays unread.
    """
    one = "AND subject_id = :subject" if subject_id else ""
    values = {"now": tx.now, "id": user_id, "kind": kind, "subject": subject_id, "up_to": up_to}
    lines = tx.execute(
        f"UPDATE notifications SET read_at = :now WHERE {_NEWS} {one} AND seq + 0 <= :up_to",
        values,
    )
    if not lines:
        return
    tx.send(
        "UPDATE notifications SET read_at = :now WHERE user_id = :id AND read_at IS NULL AND folded = 1 "
        f"AND seq <= :up_to AND subject_kind = :kind {one}",
        values,
    )
    _tell_of_reading(tx, user_id)


def forgotten(tx: Transaction, user_id: str) -> int:
    """The number up to which a person's events are not kept any more."""
    return tx.value("SELECT forgotten FROM inboxes WHERE user_id = :id", {"id": user_id}) or 0


def forget(tx: Transaction, limit: int) -> int:
    """Delete what is older than twelve months, some at a time; returns how many (`limit`: there may be more).

    Of each person from the first on, so that what is kept has no holes: one that seems old because the clock was wrong
    waits until all before it are. Whoever has not heard of what is gone gets `reset` (live/replay.py).
    """
    rows = tx.all(
        "SELECT user_id, max(seq) AS up_to FROM (SELECT n.user_id, n.seq FROM notifications n "
        "WHERE n.created_at < :since AND NOT EXISTS (SELECT 1 FROM notifications f "
        "WHERE f.user_id = n.user_id AND f.seq < n.seq AND f.created_at >= :since) "
        "ORDER BY n.created_at LIMIT :limit) AS old GROUP BY user_id",
        {"since": tx.now - KEPT_FOR, "limit": limit},
    )
    deleted = 0
    for row in rows:
        values = {"id": row["user_id"], "up_to": row["up_to"]}
        deleted += tx.execute("DELETE FROM notifications WHERE user_id = :id AND seq <= :up_to", values)
        tx.send("UPDATE inboxes SET forgotten = :up_to WHERE user_id = :id", values)
    return min(deleted, limit)


def inbox_of(tx: Transaction, viewer: Viewer, user_id: str) -> Inbox:
    """The first page of one's own inbox, as the answer to an act."""
    assert user_id == viewer.id
    return browse(tx, viewer)


def _notification(row: Row) -> Notification:
    return Notification(
        row["seq"],
        row["type"],
        row["message"],
        events.Subject(row["subject_kind"], row["subject_id"]),
        row["created_at"],
        row["read_at"] is not None,
        row["times"],
        Person(row["for_id"], row["for_name"]) if row["for_id"] else None,
    )


# What `begin_another_history` does, as whoever has restored a dump into PostgreSQL types it.
ANOTHER_HISTORY = "UPDATE inboxes SET last_seq = last_seq + 1000000 + floor(random() * 1e9)::bigint"


def begin_another_history(tx: Transaction) -> None:
    """In a copy of the database, everybody's numbers jump: whoever has heard more than it holds cannot take its next
    events for those. After it is restored they ask for what follows their number, which is none of its: `reset`.
    """
    jump = HISTORIES_APART + secrets.randbelow(HISTORIES_APART * 1_000)
    tx.send("UPDATE inboxes SET last_seq = last_seq + :jump", {"jump": jump})
