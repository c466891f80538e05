"""Links « pour un autre médecin »: what their patient does with them.

Neither the link nor its code is stored: both are made of the id and the program's key, as the hand-over code is
(docs/decisions/08), so that their patient can see them again while they are of use, and the table opens nothing. The
link is found by a keyed hash. Why so: docs/decisions/27-links-for-another-doctor.md.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from fadjma import days, events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_, iso
from fadjma.identity import directory, proxies
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.refusals import NotFound, NotNow, Tried
from fadjma.short_codes import ALPHABET
from fadjma.store import Page, Row, Transaction, paging
from fadjma.taking.exports import require_own
from fadjma.taking.scope import Scope

Status = Literal["waiting", "open", "over", "lapsed", "revoked", "closed", "locked"]

PURPOSE = "shares"  # of the program's key that links and codes are made with
MINUTE = 60_000
OPEN_FOR = 30 * MINUTE
ATTEMPTS = 5
HOURS: dict[str, tuple[str, int]] = {  # how long a link waits to be opened, as the patient chooses
    "1h": (N_("une heure"), 1),
    "24h": (N_("24 heures"), 24),
    "3d": (N_("trois jours"), 72),
    "7d": (N_("sept jours"), 168),
}
MOST = 10  # of one patient that can still be opened
_LETTERS = 26  # of five bits each
_DIGITS = 6
PER_PAGE = 50
_STATES: dict[Status, tuple[str, str]] = {  # words, and look
    "waiting": (N_("Pas encore ouvert"), "wait"),
    "open": (N_("Ouvert en ce moment"), "now"),
    "over": (N_("Ouvert, puis terminé"), "off"),
    "lapsed": (N_("Jamais ouvert"), "off"),
    "revoked": (N_("Retiré"), "cut"),
    "closed": (N_("Lu et refermé"), "off"),
    "locked": (N_("Bloqué après cinq mauvais codes"), "cut"),
}
_MANY = N_("Dix liens attendent déjà d'être ouverts : retirez ceux qui ne servent plus.")
_OVER = N_("Ce lien ne sert déjà plus.")


@dataclass(frozen=True, slots=True)
class Share:
    """One link; `status` is what is true at `now`."""

    id: str
    patient_id: str
    by: str | None  # who made it for the patient, by name
    whom: str
    scope: Scope
    failures: int
    created_at: int
    expires_at: int
    opened_at: int | None
    closes_at: int | None
    ended_at: int | None
    ended_why: Status | None
    papers_read: int
    version: int
    now: int

    @property
    def status(self) -> Status:
        if self.ended_why:
            return self.ended_why
        if self.opened_at is not None and self.closes_at is not None:
            return "open" if days.runs(self.opened_at, self.closes_at, self.now) else "over"
        return "waiting" if days.runs(self.created_at, self.expires_at, self.now) else "lapsed"

    @property
    def usable(self) -> bool:
        """Whether it shows something, or still could."""
        return self.status in ("waiting", "open")

    @property
    def label(self) -> str:
        return _STATES[self.status][0]

    @property
    def look(self) -> str:
        return _STATES[self.status][1]

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.created_at, self.id)

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "patient_id": self.patient_id,
            "made_by": self.by,
            "whom": self.whom or None,
            **self.scope.json(),
            "wrong_codes": self.failures,
            "created_at": iso(self.created_at),
            "expires_at": iso(self.expires_at),
            "opened_at": iso(self.opened_at) if self.opened_at else None,
            "closes_at": iso(self.closes_at) if self.closes_at else None,
            "ended_at": iso(self.ended_at) if self.ended_at else None,
            "papers_read": self.papers_read,
        }


SHARE = """
    SELECT s.id, s.patient_id, s.by_id, (SELECT name FROM people WHERE id = s.by_id) AS by, s.whom, s.parts, s.since,
           s.until, s.failures, s.created_at, s.expires_at, s.opened_at, s.closes_at, s.ended_at, s.ended_why,
           (SELECT count(*) FROM share_papers WHERE share_id = s.id) AS papers_read, s.version, s.session_hash,
           s.submission, s.last_wrong
    FROM shares s
"""


def token_of(key: bytes, share_id: str) -> str:
    """What stands in the link: 128 bits and two, in the letters of our other codes."""
    number = int.from_bytes(hmac.digest(key, b"link:" + share_id.encode(), sha256))
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(_LETTERS)).lower()


def code_of(key: bytes, share_id: str) -> str:
    """The six digits that its patient says apart."""
    digest = hmac.digest(key, b"code:" + share_id.encode(), sha256)
    return f"{int.from_bytes(digest[:8]) % 10**_DIGITS:0{_DIGITS}d}"


def hash_of(key: bytes, secret: str) -> str:
    """What is stored of a link, or of the cookie of who has opened it."""
    return hmac.digest(key, b"hash:" + secret.encode(), sha256).hex()


def share(tx: Transaction, viewer: Viewer, share_id: str) -> Share:
    """One of them, for its patient and who acts for them. Raises NotFound for everybody else."""
    row = tx.first(f"{SHARE} WHERE s.id = :id", {"id": share_id})
    if row is None:
        raise NotFound
    if viewer.role != "patient" or viewer.id != row["patient_id"]:
        raise NotFound().about(Tried(row["patient_id"], "patient", row["patient_id"]))
    return of_row(tx, row)


def of_patient(tx: Transaction, patient_id: str, before: str | None = None, limit: int = PER_PAGE) -> Page[Share]:
    """A patient's, the newest first; `before` is the `next` of the page before. The caller has checked the right."""
    at, last_id = paging.position(before)
    rows = tx.all(
        f"{SHARE} WHERE s.patient_id = :patient AND (s.created_at, s.id) < (:at, :id) "
        "ORDER BY s.created_at DESC, s.id DESC LIMIT :limit",
        {"patient": patient_id, "at": at, "id": last_id, "limit": limit + 1},
    )
    return paging.page([of_row(tx, row) for row in rows], limit, lambda one: one.cursor)


def make(tx: Transaction, viewer: Viewer, patient_id: str, scope: Scope, *, whom: str, hours: int, key: bytes) -> str:
    """A new link; returns its id. Raises Forbidden, NotFound, NotNow when too many wait to be opened."""
    require_own(viewer, patient_id)
    waiting: int = tx.value(
        "SELECT count(*) FROM shares WHERE patient_id = :patient AND opened_at IS NULL AND ended_at IS NULL "
        "AND expires_at > :now",
        {"patient": patient_id, "now": tx.now},
    )
    if waiting >= MOST:
        raise NotNow(_MANY, current="waiting")
    share_id = new_id()
    tx.execute(
        "INSERT INTO shares (id, patient_id, by_id, whom, parts, since, until, link_hash, created_at, expires_at) "
        "VALUES (:id, :patient, :by, :whom, :parts, :since, :until, :hash, :now, :end)",
        {
            "id": share_id,
            "patient": patient_id,
            "by": viewer.by_id,
            "whom": whom,
            "hash": hash_of(key, token_of(key, share_id)),
            "now": tx.now,
            "end": tx.now + hours * 60 * MINUTE,
            **scope.columns(),
        },
    )
    _record(tx, viewer, "share.made", share_id, patient_id)
    return share_id


def revoke(tx: Transaction, viewer: Viewer, share_id: str) -> str:
    """Its patient takes it back: it opens nothing, and what it has opened shows nothing more.

    Raises NotFound, NotNow.
    """
    found = share(tx, viewer, share_id)
    if not found.usable:
        raise NotNow(_OVER, current=found.status)
    tx.execute(
        "UPDATE shares SET ended_at = :now, ended_why = 'revoked', version = version + 1 WHERE id = :id",
        {"now": tx.now, "id": share_id},
    )
    _record(tx, viewer, "share.revoked", share_id, found.patient_id)
    return share_id


def of_row(tx: Transaction, row: Row) -> Share:
    values = row.as_dict()
    for of_the_reader in ("session_hash", "submission", "last_wrong"):
        values.pop(of_the_reader)
    scope = Scope.read(values.pop("parts"), values.pop("since"), values.pop("until"))
    by_id = values.pop("by_id")
    maker = by_id or row["patient_id"]
    if not values["ended_why"] and not (
        directory.is_active(tx, maker) and proxies.may_be(tx, maker, row["patient_id"])
    ):  # with the right of who made it for the patient, and with the account: it may be in wrong hands
        values["ended_why"] = "revoked"
    return Share(scope=scope, now=tx.now, **values)


def _record(tx: Transaction, viewer: Viewer, action: str, share_id: str, patient_id: str) -> None:
    events.record(
        tx,
        action,
        Subject("share", share_id),
        actor_id=viewer.id,
        by_id=viewer.by_id,
        patient_id=patient_id,
        notices=[Notice([], "notification", None)],
    )
