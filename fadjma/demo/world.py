"""What all patients of the demo share: doctors, pharmacies and their stock, time and chance."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import cycle
from random import Random

from fadjma.demo.batch import Batch
from fadjma.demo.stock import Stock
from fadjma.events import EventType, Subject
from fadjma.store import Transaction

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class Doctor:
    """A verified doctor, as the stories need them."""

    key: str
    id: str
    specialty: str
    place: str


@dataclass(frozen=True, slots=True)
class Pharmacy:
    """A pharmacy and its verified pharmacists."""

    key: str
    id: str
    name: str
    pharmacists: tuple[str, ...]


@dataclass(slots=True)
class World:
    """The shared part of the demo; every story takes from it and adds rows to its batch."""

    now: int
    rng: Random
    batch: Batch
    password_hash: str
    admin_id: str
    doctors: dict[str, Doctor]
    pharmacies: dict[str, Pharmacy]
    stock: Stock
    turns: dict[str, Iterator[str]] = field(default_factory=dict)

    def turn(self, name: str, choices: Iterable[str]) -> str:
        """The next of `choices`, round and round: rare things then happen at every scale."""
        if name not in self.turns:
            self.turns[name] = cycle(choices)
        return next(self.turns[name])

    def moment(self, days_ago: int) -> int:
        """A time so many days ago, within ten hours; for today, within the last hours.

        Only how long ago it was counts, never the hour or the weekday: the same story is told at every instant.
        """
        if days_ago == 0:
            return self.now - self.rng.randint(70, 200) * MINUTE
        return self.now - days_ago * DAY + self.rng.randint(0, 10 * 60) * MINUTE - self.rng.randrange(MINUTE)

    def tell(self, user_id: str, at: int, type: EventType, message: str | None, subject: Subject) -> None:
        """Notify one of the staff; `number_staff_news` gives these their sequence numbers at the end."""
        self.batch.add(
            "demo_staff_news",
            user_id=user_id,
            type=type,
            message=message,
            subject_kind=subject.kind,
            subject_id=subject.id,
            created_at=at,
            read_at=self.read_at(at),
        )

    def read_at(self, at: int) -> int | None:
        """When a notification of `at` was read: nearly always, but for the last day or two."""
        age = self.now - at
        if age < 2 * DAY and self.rng.random() < 0.45:
            return None
        return at + self.rng.randrange(age // 2 + 1 if age < 2 * DAY else DAY)


def day_of(at: int) -> date:
    """The date of a time in milliseconds; Senegal keeps UTC all year."""
    return datetime.fromtimestamp(at / 1000, UTC).date()


def open_staff_news(tx: Transaction) -> None:
    """Where `World.tell` keeps what the staff are told: it comes patient by patient, inboxes go by time."""
    tx.execute(
        "CREATE TEMPORARY TABLE demo_staff_news (user_id TEXT, type TEXT, message TEXT, subject_kind TEXT,"
        " subject_id TEXT, created_at BIGINT, read_at BIGINT)"
    )


def number_staff_news(tx: Transaction) -> None:
    """Move what the staff were told to their inboxes, numbered without gaps in order of time."""
    tx.execute(
        "INSERT INTO notifications"
        " (user_id, seq, type, message, subject_kind, subject_id, created_at, read_at)"
        " SELECT user_id, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY created_at, subject_id),"
        " type, message, subject_kind, subject_id, created_at, read_at FROM demo_staff_news"
    )
    tx.execute(
        "UPDATE inboxes SET last_seq ="
        " (SELECT COUNT(*) FROM demo_staff_news n WHERE n.user_id = inboxes.user_id)"
        " WHERE user_id IN (SELECT DISTINCT user_id FROM demo_staff_news)"
    )
    tx.execute("DROP TABLE demo_staff_news")
