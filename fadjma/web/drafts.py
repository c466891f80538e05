"""What somebody is typing, kept on the server until it is sent, or for seven days (decision 20).

Sealed with the program's key, and bound to whose it is and what it is about: the table alone shows nothing, and a row
that is put in the place of another does not open. Secrets are not kept at all.

It is of whoever types it: who acts for a patient has drafts of their own there, and neither reads the other's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from fadjma.identity.people import Viewer
from fadjma.sealing import seal, unseal
from fadjma.store import Transaction

KEPT = 7 * 24 * 3_600_000  # milliseconds
# In the name of a field; static/drafts.js does not even send them.
_SECRET = re.compile(r"password|document|(^|[-_])(pin|code|otp|key)($|[-_])")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_FOR = "~"  # in no name of a form: between it and the patient for whom somebody else writes
_LISTED = 200
# What was there when the text was typed, by which a change of somebody else is found out; of a line, its lot.
_BESIDE = re.compile(r"(lines-[0-9]+-)?version|lines-[0-9]+-lot_id")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a draft belongs: the form, and what it is about."""

    form: str
    subject: str

    @property
    def is_one(self) -> bool:
        return bool(_NAME.fullmatch(self.form) and _NAME.fullmatch(self.subject))


@dataclass(frozen=True, slots=True)
class Writer:
    """Who types, and as whom: themselves, or a patient for whom they act."""

    own_id: str
    person_id: str

    @property
    def _suffix(self) -> str:
        return "" if self.person_id == self.own_id else _FOR + self.person_id

    def at(self, place: Place) -> dict[str, str]:
        """Where it is in the table."""
        return {"user_id": self.own_id, "form": place.form + self._suffix, "subject": place.subject}

    def place(self, form: str, subject: str) -> Place | None:
        """What is there in the table, unless it was written as somebody else."""
        name, found, person_id = form.partition(_FOR)
        return Place(name, subject) if found + person_id == self._suffix else None


def writer(viewer: Viewer) -> Writer:
    """Whoever is signed in, as whom they act."""
    return Writer(viewer.own_id, viewer.id)


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, by the names of the fields."""

    fields: dict[str, str]
    saved_at: int


def place_of(action: str, fields: Mapping[str, object]) -> Place:
    """Where the draft of a form with this address and these fields belongs; static/drafts.js says the same.

    /prescriptions/1/hold is « prescriptions-hold » of 1; /access-requests is of the patient that the form names, and
    /inventory/lots of its medicine: what was typed about one is never found beside another.
    """
    first, *rest = action.strip("/").split("/")
    if medicine_id := fields.get("medicine_id"):
        return Place("-".join((first, *rest)), str(medicine_id))
    if not rest:
        return Place(first, str(fields.get("patient_id") or "new"))
    at = 0 if len(rest) < 3 else 1
    return Place("-".join((first, *rest[:at], *rest[at + 1 :])), rest[at])


def save(tx: Transaction, who: Writer, place: Place, fields: Mapping[str, str], *, key: bytes) -> None:
    """Keep what is typed in the place of what was; without a word of it, nothing is kept."""
    kept = {name: text for name, text in fields.items() if text and not _SECRET.search(name)}
    drop(tx, who, place)
    if not all(map(_BESIDE.fullmatch, kept)):
        _put(tx, who, place, _seal(kept, who, place, key))
        _drop_beyond(tx, who)


def _put(tx: Transaction, who: Writer, place: Place, sealed: str) -> None:
    tx.send(
        "INSERT INTO drafts (user_id, form, subject, sealed, saved_at) "
        "VALUES (:user_id, :form, :subject, :sealed, :now)",
        {**who.at(place), "sealed": sealed, "now": tx.now},
    )


def _drop_beyond(tx: Transaction, who: Writer) -> None:
    """Nobody has more than are listed: the oldest go."""
    tx.send(
        "DELETE FROM drafts WHERE user_id = :user_id AND (form, subject) NOT IN "
        "(SELECT form, subject FROM drafts WHERE user_id = :user_id ORDER BY saved_at DESC LIMIT :limit)",
        {"user_id": who.own_id, "limit": _LISTED},
    )


def read(tx: Transaction, who: Writer, place: Place, *, key: bytes) -> Draft | None:
    """What was typed there, if anything was, within seven days; None too when it was sealed with another key."""
    row = tx.first(
        "SELECT sealed, saved_at FROM drafts "
        "WHERE user_id = :user_id AND form = :form AND subject = :subject AND saved_at > :since",
        {**who.at(place), "since": tx.now - KEPT},
    )
    fields = _open(row["sealed"], who, place, key) if row else None
    return Draft(fields, row["saved_at"]) if row and fields else None


def places(tx: Transaction, who: Writer) -> list[Place]:
    """Where somebody was typing within seven days, the latest first; what they typed is asked for one by one."""
    rows = tx.all(
        "SELECT form, subject FROM drafts WHERE user_id = :user_id AND saved_at > :since "
        "ORDER BY saved_at DESC LIMIT :limit",
        {"user_id": who.own_id, "since": tx.now - KEPT, "limit": _LISTED},
    )
    return [place for row in rows if (place := who.place(*row))]


def drop(tx: Transaction, who: Writer, place: Place) -> None:
    """It was sent, or is not wanted."""
    tx.send("DELETE FROM drafts WHERE user_id = :user_id AND form = :form AND subject = :subject", who.at(place))


def forget(tx: Transaction, limit: int) -> int:
    """Time: delete what nobody has come back to; returns how many."""
    return tx.execute(
        "DELETE FROM drafts WHERE (user_id, form, subject) IN "
        "(SELECT user_id, form, subject FROM drafts WHERE saved_at <= :before LIMIT :limit)",
        {"before": tx.now - KEPT, "limit": limit},
    )


def _seal(fields: Mapping[str, str], who: Writer, place: Place, key: bytes) -> str:
    return seal(json.dumps(fields, ensure_ascii=False).encode(), _bound(who, place), key)


def _open(sealed: str, who: Writer, place: Place, key: bytes) -> dict[str, str] | None:
    text = unseal(sealed, _bound(who, place), key)
    return None if text is None else cast(dict[str, str], json.loads(text))


def _bound(who: Writer, place: Place) -> bytes:
    return "\0".join(who.at(place).values()).encode()
