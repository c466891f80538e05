"""What happened, written down once: an audit entry, and one notification per person concerned.

Both are written in the transaction of the change itself; the hub hears of it after the commit (`Transaction.announce`).
Only where all of a role are concerned, and they are very many, most of them are told soon after it (everybody.py).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fadjma import chain
from fadjma.chain import Kind
from fadjma.events import everybody
from fadjma.events.everybody import Everybody
from fadjma.identity import proxies
from fadjma.identity.people import Role
from fadjma.identity.proxies import Person
from fadjma.ids import new_id
from fadjma.store import Transaction, given_in_parts

EventType = Literal[
    "new_access_request",
    "access_request_status_changed",
    "prescription_status_changed",
    "medical_record_updated",
    "notification",
]
_FEW = 20  # people whose rows are written one by one: of two that takes 8 µs less, of 200 it takes 650 µs more
AUDIT = Kind(
    "audit",
    {
        1: "SELECT id, at, actor_id, by_id, action, subject_kind, subject_id, patient_id, outcome, ground, part, "
        "repeats, detail FROM audit_events WHERE id IN"
    },
    "SELECT coalesce(patient_id, 'clinic') AS chain, id AS key FROM audit_events",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about, e.g. Subject("prescription", id)."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Tell these people. `message` is a key of the catalogue; None lets their pages follow without telling them."""

    recipients: Iterable[str] | Everybody
    type: EventType
    message: str | None


@dataclass(frozen=True, slots=True)
class _News:
    """A notice of which is known who is told now."""

    people: list[str]
    type: EventType
    message: str | None


@dataclass(frozen=True, slots=True)
class Announcement:
    """Committed notifications of one kind, for the hub: each recipient with their own sequence number.

    `times`: who has not read the last one about the same thing, with how many their line of the inbox now stands for.
    `whose`: the patient whose news it is, where those told may act for them.
    """

    type: EventType
    message: str | None
    subject: Subject
    created_at: int
    recipients: dict[str, int]
    times: dict[str, int] = field(default_factory=dict)
    whose: Person | None = None


def record(
    tx: Transaction,
    action: str,
    subject: Subject,
    *,
    actor_id: str | None,
    by_id: str | None = None,
    patient_id: str | None = None,
    notices: Iterable[Notice] = (),
    outcome: Literal["success", "refused"] = "success",
    ground: str | None = None,
    part: str = "",
    repeats: str | None = None,
    place_id: str | None = None,
    is_new: bool = False,
    **detail: str | int | None,
) -> None:
    """Append the audit entry and notify, inside the caller's transaction.

    `actor_id` None means time itself; `by_id` is who did it for the actor (Viewer.by_id), `ground` the grant that a
    reading rests on, `part` the code of what of the file it is about, `repeats` the first entry of that day that says
    the same, `place_id` the place in whose chain it stands where it is about no patient. Neither these nor `detail`
    ever carry clinical content. The actor is never told of their own act; their other open pages follow it silently.
    What the patient is told, those are told, too, who may act for them. `is_new`: of the subject nobody has been told
    before, so that there is nothing to fold. Whoever several notices name is told by the first of them; of those whom
    `Everybody` stands for and who are told later, that is true of its `first` alone.
    """
    entry_id = new_id()
    written = tx.ask(
        "INSERT INTO audit_events "
        "(id, at, actor_id, by_id, action, subject_kind, subject_id, patient_id, outcome, ground, part, repeats, "
        "detail) VALUES (:id, :at, :actor_id, :by_id, :action, :kind, :subject_id, :patient_id, :outcome, :ground, "
        f":part, :repeats, :detail) RETURNING {AUDIT.columns}",
        {
            "id": entry_id,
            "at": tx.now,
            "actor_id": actor_id,
            "by_id": by_id,
            "action": action,
            "kind": subject.kind,
            "subject_id": subject.id,
            "patient_id": patient_id,
            "outcome": outcome,
            "ground": ground,
            "part": part,
            "repeats": repeats,
            "detail": json.dumps({key: value for key, value in detail.items() if value is not None})
            if detail
            else "{}",
        },
    )
    chain.cover(tx, patient_id or place_id, AUDIT, entry_id, written)
    told: set[str | None] = {actor_id, by_id}
    news, later = _split(tx, notices, subject, told)
    if news and actor_id:
        news.append(_News([actor_id], news[0].type, None))
    _tell(tx, news, subject, patient_id, told, is_new=is_new)
    _put_off(tx, later, subject, told, is_new=is_new)


def notify(
    tx: Transaction,
    recipients: list[str] | Everybody,
    type: EventType,
    message: str | None,
    subject: Subject,
    *,
    patient_id: str | None = None,
    is_new: bool = False,
    at: int | None = None,
) -> None:
    """Insert one notification per recipient, each with that person's next sequence number.

    With `patient_id`, what that patient is told, those are told, too, who may act for them. `is_new`: as in `record`;
    `at`: when it happened, if not now.
    """
    told: set[str | None] = set()
    news, later = _split(tx, [Notice(recipients, type, message)], subject, told)
    _tell(tx, news, subject, patient_id, told, is_new=is_new, at=at)
    _put_off(tx, later, subject, told, is_new=is_new)


def notify_proxy(
    tx: Transaction, person_id: str, type: EventType, message: str, subject: Subject, *, patient_id: str
) -> None:
    """Tell one person who acts for a patient, and not the patient: of what this person alone has asked for."""
    name = str(tx.value("SELECT name FROM people WHERE id = :id", {"id": patient_id}))
    _store(tx, [_News([person_id], type, message)], subject, Person(patient_id, name))


def _split(
    tx: Transaction, notices: Iterable[Notice], subject: Subject, told: set[str | None]
) -> tuple[list[_News], list[Notice]]:
    """Who is told what now, and what is put off. Nobody is in `told` twice, which grows by those who are told now."""
    news: list[_News] = []
    later: dict[Role, Notice] = {}
    for notice in notices:
        recipients = notice.recipients
        if isinstance(recipients, Everybody):
            if recipients.role in later:
                continue
            found = everybody.few(tx, recipients)
            if found is None or recipients.over:
                everybody.forget_over(tx, recipients, (subject.kind, subject.id))
            if found is None:
                later[recipients.role] = notice
                found = [*recipients.first]
            recipients = found
        people = [person for person in dict.fromkeys(recipients) if person not in told]
        told.update(people)
        news.append(_News(people, notice.type, notice.message))
    return news, [*later.values()]


def _put_off(tx: Transaction, notices: list[Notice], subject: Subject, told: set[str | None], *, is_new: bool) -> None:
    for notice in notices:
        assert isinstance(notice.recipients, Everybody)
        everybody.put_off(
            tx,
            notice.recipients,
            type=notice.type,
            message=notice.message,
            subject=(subject.kind, subject.id),
            but=[person for person in told if person],
            is_new=is_new,
        )


def _tell(
    tx: Transaction,
    news: list[_News],
    subject: Subject,
    patient_id: str | None,
    told: set[str | None],
    *,
    is_new: bool,
    at: int | None = None,
) -> None:
    """Tell these people; and what the patient is told, those who may act for them, but who is told of it already."""
    of_patient = [notice for notice in news if notice.message and patient_id and patient_id in notice.people]
    ask_others = proxies.ask_who_acts_for(tx, patient_id) if of_patient and patient_id else list
    _store(tx, news, subject, is_new=is_new, at=at)
    others = [person for person in ask_others() if person not in told]
    if others:
        name = str(tx.value("SELECT name FROM people WHERE id = :id", {"id": patient_id}))
        again = [_News(others, notice.type, notice.message) for notice in of_patient]
        _store(tx, again, subject, Person(str(patient_id), name))


def _store(
    tx: Transaction,
    notices: list[_News],
    subject: Subject,
    whose: Person | None = None,
    *,
    is_new: bool = False,
    at: int | None = None,
) -> None:
    """Number and insert them, nobody being in two of them: three statements, unless they are very many."""
    now = tx.now if at is None else at
    ask_seqs = _ask_next_seqs(tx, [person for notice in notices for person in notice.people])
    told = [person for notice in notices if notice.message for person in notice.people]
    times = {} if is_new else _fold(tx, told, subject)
    seqs = ask_seqs()
    rows: list[dict[str, str | int | None]] = []
    for notice in notices:
        numbered = {person: seqs[person] for person in notice.people if person in seqs}
        if not numbered:
            continue
        same = {
            "type": notice.type,
            "message": notice.message,
            "kind": subject.kind,
            "id": subject.id,
            "now": now,
            "for_id": whose.id if whose else None,
        }
        again = {person: times[person] for person in times if notice.message and person in numbered}
        if len(numbered) > _FEW:
            _insert(tx, numbered, again, same)
        else:
            rows += [
                {"user_id": person, "seq": seq, "times": again.get(person, 1), **same}
                for person, seq in numbered.items()
            ]
        tx.announce(Announcement(notice.type, notice.message, subject, now, numbered, again, whose))
    if rows:
        tx.execute_many(
            "INSERT INTO notifications (user_id, seq, type, message, subject_kind, subject_id, created_at, times, "
            "for_id) VALUES (:user_id, :seq, :type, :message, :kind, :id, :now, :times, :for_id)",
            rows,
        )


def _insert(
    tx: Transaction, numbered: Mapping[str, int], again: Mapping[str, int], same: Mapping[str, str | int | None]
) -> None:
    """A row for each of very many, with the number that their counter has just been raised to: in one step of the
    database, of which SQLite's keeps nothing else of Python waiting (benchmarks/README.md, “Announcing”)."""
    by_times: dict[int, list[str]] = {}
    for person in numbered:
        by_times.setdefault(again.get(person, 1), []).append(person)
    for times, people in by_times.items():
        for among, these in given_in_parts(people):
            tx.send(
                "INSERT INTO notifications (user_id, seq, type, message, subject_kind, subject_id, created_at, times, "
                "for_id) SELECT user_id, last_seq, :type, :message, :kind, :id, :now, :times, :for_id "
                f"FROM inboxes WHERE user_id IN {among}",
                {**same, **these, "times": times},
            )


def _ask_next_seqs(tx: Transaction, people: list[str]) -> Callable[[], dict[str, int]]:
    """Raise the counter of each, and return it once it is called; who has no inbox is left out."""
    asked = [
        tx.ask(
            f"UPDATE inboxes SET last_seq = last_seq + 1 WHERE user_id IN {among} RETURNING user_id, last_seq", these
        )
        for among, these in given_in_parts(people)
    ]
    return lambda: {row["user_id"]: row["last_seq"] for rows in asked for row in rows()}


def _fold(tx: Transaction, people: list[str], subject: Subject) -> dict[str, int]:
    """Fold what these people have not read of this thing into the news that comes now.

    Returns who had such a line in their inbox, with how many the new one stands for.
    """
    folded: dict[str, int] = {}
    for among, these in given_in_parts(people):
        rows = tx.all(
            f"UPDATE notifications SET folded = 1 WHERE user_id IN {among} "
            "AND subject_kind = :kind AND subject_id = :id AND read_at IS NULL AND message IS NOT NULL AND folded = 0 "
            "RETURNING user_id, times",
            {**these, "kind": subject.kind, "id": subject.id},
        )
        folded.update((row["user_id"], row["times"] + 1) for row in rows)
    return folded


@dataclass(frozen=True, slots=True)
class Change:
    """What an audit entry says of one change of something that has no medical content."""

    at: int
    actor_id: str | None
    actor: str | None
    action: str
    detail: dict[str, Any]


def changes(tx: Transaction, subject: Subject, limit: int = 20) -> list[Change]:
    """The last changes of a thing that nobody's file is about, the newest first."""
    rows = tx.all(
        "SELECT e.at, e.actor_id, (SELECT name FROM people WHERE id = e.actor_id) AS actor, e.action, e.detail "
        "FROM audit_events e WHERE e.subject_kind = :kind AND e.subject_id = :id AND e.patient_id IS NULL "
        "ORDER BY e.at DESC, e.id DESC LIMIT :limit",
        {"kind": subject.kind, "id": subject.id, "limit": limit},
    )
    return [Change(**{**row.as_dict(), "detail": json.loads(row["detail"])}) for row in rows]


def newest(tx: Transaction) -> int:
    """When the last thing happened, in milliseconds UTC; 0 before the first."""
    return int(tx.value("SELECT max(at) FROM audit_events") or 0)
