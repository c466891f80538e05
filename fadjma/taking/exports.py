"""Copies of a file that are made for its patient: one at a time for each person, kept a day, for its owner alone."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_, iso
from fadjma.identity import proxies
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.refusals import Gone, NotFound, NotNow, Tried
from fadjma.store import Duplicate, Row, Transaction
from fadjma.taking.scope import Scope

Status = Literal["making", "ready", "failed", "removed"]
Failure = Literal["full", "interrupted", "broken"]
Drop = Callable[[str], None]

_HOUR = 3_600_000
KEPT = 24 * _HOUR
_SILENT = 5 * 60_000  # after which one that says nothing is made by nobody any more
_FORGOTTEN = 30 * 24 * _HOUR
FAILURES: dict[Failure, str] = {
    "full": N_("Le disque du serveur est plein : prévenez l'administrateur, puis recommencez."),
    "interrupted": N_("Le serveur a redémarré pendant la préparation : recommencez."),
    "broken": N_("La préparation n'a pas pu aboutir : recommencez, et prévenez l'administrateur si cela continue."),
}
_ONE = N_("Une copie est déjà en préparation : attendez qu'elle soit prête.")
_NOT_READY = N_("Cette copie n'est pas encore prête.")
_REMOVED = N_("Cette copie a été effacée du serveur : demandez-en une autre.")


@dataclass(frozen=True, slots=True)
class Export:
    """One copy; `status` is what is true now."""

    id: str
    patient_id: str
    owner_id: str
    scope: Scope
    language: str
    status: Status
    done: int
    total: int
    size: int | None
    failure: Failure | None
    created_at: int
    changed_at: int
    expires_at: int | None
    fetched_at: int | None
    version: int

    @property
    def percent(self) -> int:
        """How far it is; all of it only once it is ready."""
        if self.status == "ready":
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def megabytes(self) -> Decimal:
        """Its size, with one digit after the point."""
        return (Decimal(self.size or 0) / 1024**2).quantize(Decimal("0.1"))

    @property
    def failure_text(self) -> str:
        return FAILURES[self.failure] if self.failure else ""

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "patient_id": self.patient_id,
            **self.scope.json(),
            "percent": self.percent,
            "size": self.size if self.status == "ready" else None,
            "failure": self.failure,
            "created_at": iso(self.created_at),
            "expires_at": iso(self.expires_at) if self.expires_at else None,
            "content": f"/exports/{self.id}/content" if self.status == "ready" else None,
        }


_EXPORT = """
    SELECT e.id, e.patient_id, e.owner_id, e.parts, e.since, e.until, e.language,
           CASE WHEN e.status = 'ready' AND e.expires_at <= :now THEN 'removed' ELSE e.status END AS status,
           e.done, e.total, e.size, e.failure, e.created_at, e.changed_at, e.expires_at, e.fetched_at, e.version
    FROM exports e
"""


def require_own(viewer: Viewer, patient_id: str) -> None:
    """A file is taken away by its patient, and by who acts for them. Raises Forbidden, NotFound."""
    tried = Tried(patient_id, "patient", patient_id)
    viewer.require("patient", tried)
    if viewer.id != patient_id:
        raise NotFound().about(tried)


def export(tx: Transaction, viewer: Viewer, export_id: str) -> Export:
    """One of them, for who has asked for it, and still may. Raises NotFound for everybody else."""
    row = tx.first(f"{_EXPORT} WHERE e.id = :id", {"id": export_id, "now": tx.now})
    if row is None:
        raise NotFound
    found = _export(row)
    if viewer.role != "patient" or (viewer.id, viewer.own_id) != (found.patient_id, found.owner_id):
        raise NotFound().about(Tried(found.patient_id, "patient", found.patient_id))
    return found


def last(tx: Transaction, viewer: Viewer, patient_id: str) -> Export | None:
    """The last one that this person has asked for, of this patient. The caller has checked the right."""
    row = tx.first(
        f"{_EXPORT} WHERE e.patient_id = :patient AND e.owner_id = :owner "
        "ORDER BY e.created_at DESC, e.id DESC LIMIT 1",
        {"patient": patient_id, "owner": viewer.own_id, "now": tx.now},
    )
    return _export(row) if row else None


def ask(tx: Transaction, viewer: Viewer, patient_id: str, scope: Scope, *, drop: Drop) -> str:
    """Have one made; what this person had before goes, by `drop`. Returns its id.

    Raises Forbidden, NotFound, NotNow while one is being made for this person.
    """
    require_own(viewer, patient_id)
    for row in tx.all("SELECT id FROM exports WHERE owner_id = :o AND status = 'ready'", {"o": viewer.own_id}):
        _remove(tx, row["id"], drop)
    export_id = new_id()
    try:
        tx.execute(
            "INSERT INTO exports (id, patient_id, owner_id, parts, since, until, language, created_at, changed_at) "
            "VALUES (:id, :patient, :owner, :parts, :since, :until, :language, :now, :now)",
            {
                "id": export_id,
                "patient": patient_id,
                "owner": viewer.own_id,
                "language": viewer.language,
                "now": tx.now,
                **scope.columns(),
            },
        )
    except Duplicate as error:
        if error.constraint != "exports_making":
            raise
        raise NotNow(_ONE, current="making") from error
    _record(tx, viewer, "export.asked", export_id, patient_id)
    return export_id


def fetch(tx: Transaction, viewer: Viewer, export_id: str) -> Export:
    """One whose file is fetched now; the first time is written down. Raises NotFound, NotNow, Gone."""
    found = export(tx, viewer, export_id)
    if found.status == "removed":
        raise Gone(_REMOVED)
    if found.status != "ready":
        raise NotNow(_NOT_READY, current=found.status)
    if found.fetched_at is None:
        tx.execute("UPDATE exports SET fetched_at = :now WHERE id = :id", {"now": tx.now, "id": export_id})
        _record(tx, viewer, "export.fetched", export_id, found.patient_id)
    return found


def remove(tx: Transaction, viewer: Viewer, export_id: str, *, drop: Drop) -> str:
    """Its owner wants nothing of it on the server any more. Raises NotFound, NotNow for one that is being made."""
    found = export(tx, viewer, export_id)
    if found.status == "making":
        raise NotNow(_NOT_READY, current=found.status)
    if found.status == "ready":
        _remove(tx, export_id, drop)
        _follow(tx, found.patient_id, export_id)
    return export_id


# What the maker writes down ---------------------------------------------------------------------------------


def to_make(tx: Transaction, export_id: str) -> Export | None:
    """One that is to be made; None when it is not any more."""
    row = tx.first(f"{_EXPORT} WHERE e.id = :id AND e.status = 'making'", {"id": export_id, "now": tx.now})
    return _export(row) if row else None


def progress(tx: Transaction, export_id: str, patient_id: str, done: int, total: int) -> None:
    """How far it is, for its open page."""
    tx.execute(
        "UPDATE exports SET done = :done, total = :total, changed_at = :now, version = version + 1 "
        "WHERE id = :id AND status = 'making'",
        {"done": done, "total": total, "now": tx.now, "id": export_id},
    )
    _follow(tx, patient_id, export_id)


def finish(tx: Transaction, export_id: str, patient_id: str, size: int) -> bool:
    """It is there; false when nobody waits for it any more."""
    made = tx.execute(
        "UPDATE exports SET status = 'ready', size = :size, done = total, changed_at = :now, expires_at = :end, "
        "version = version + 1 WHERE id = :id AND status = 'making'",
        {"size": size, "now": tx.now, "end": tx.now + KEPT, "id": export_id},
    )
    if made:
        _tell_owner(tx, export_id, patient_id)
    return bool(made)


def fail(tx: Transaction, export_id: str, patient_id: str, failure: Failure) -> None:
    """It cannot be made."""
    failed = tx.execute(
        "UPDATE exports SET status = 'failed', failure = :failure, changed_at = :now, version = version + 1 "
        "WHERE id = :id AND status = 'making'",
        {"failure": failure, "now": tx.now, "id": export_id},
    )
    if failed:
        _follow(tx, patient_id, export_id)


def held(tx: Transaction) -> set[str]:
    """The ids of those of which there may be a file."""
    return {row["id"] for row in tx.all("SELECT id FROM exports WHERE status IN ('making', 'ready')")}


def forget(tx: Transaction, limit: int, drop: Drop) -> int:
    """What time does: copies a day old go, those that nobody makes any more have failed; returns how many."""
    over = tx.all(
        "SELECT id, patient_id FROM exports WHERE status = 'ready' AND expires_at <= :now ORDER BY expires_at LIMIT :n",
        {"now": tx.now, "n": limit},
    )
    for row in over:
        _remove(tx, row["id"], drop)
        _follow(tx, row["patient_id"], row["id"])
    silent = tx.all(  # one that waits for its turn says nothing, and is not lost as long as something comes of another
        "SELECT id, patient_id FROM exports WHERE status = 'making' AND changed_at < :before "
        "AND (total > 0 OR NOT EXISTS (SELECT 1 FROM exports o WHERE o.status IN ('making', 'ready') "
        "AND o.changed_at >= :before AND o.total > 0)) LIMIT :n",
        {"before": tx.now - _SILENT, "n": limit - len(over)},
    )
    for row in silent:
        drop(row["id"])
        fail(tx, row["id"], row["patient_id"], "interrupted")
    tx.execute(
        "DELETE FROM exports WHERE status IN ('failed', 'removed') AND changed_at < :before",
        {"before": tx.now - _FORGOTTEN},
    )
    return len(over) + len(silent)


def _remove(tx: Transaction, export_id: str, drop: Drop) -> None:
    tx.execute(
        "UPDATE exports SET status = 'removed', changed_at = :now, version = version + 1 WHERE id = :id",
        {"now": tx.now, "id": export_id},
    )
    drop(export_id)


def _record(tx: Transaction, viewer: Viewer, action: str, export_id: str, patient_id: str) -> None:
    events.record(
        tx,
        action,
        Subject("export", export_id),
        actor_id=viewer.id,
        by_id=viewer.by_id,
        patient_id=patient_id,
        notices=[Notice([], "notification", None)],
    )


def _follow(tx: Transaction, patient_id: str, export_id: str) -> None:
    """Its open page shows what has changed; nobody is told."""
    events.notify(tx, [patient_id], "notification", None, Subject("export", export_id))


def _tell_owner(tx: Transaction, export_id: str, patient_id: str) -> None:
    """Who has asked for it, and nobody else: to all others its address is not found."""
    owner_id: str = tx.value("SELECT owner_id FROM exports WHERE id = :id", {"id": export_id})
    subject = Subject("export", export_id)
    if owner_id == patient_id:
        events.notify(tx, [patient_id], "notification", "export.ready", subject)
        return
    _follow(tx, patient_id, export_id)
    if proxies.may_be(tx, owner_id, patient_id):
        events.notify_proxy(tx, owner_id, "notification", "export.ready", subject, patient_id=patient_id)


def _export(row: Row) -> Export:
    values = row.as_dict()
    scope = Scope.read(values.pop("parts"), values.pop("since"), values.pop("until"))
    return Export(scope=scope, **values)
