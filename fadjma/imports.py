"""A file in two steps: read and kept with what it would do; then taken whole, once, as things are at that moment.

A domain says what its columns are (sheets.py), who may, what the lines do, and does it; the steps are here, and over
HTTP in web/importing.py. A delivery of lots has its own (inventory/receiving.py): it stays, and is undone.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from fadjma.i18n import N_, iso
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.refusals import Conflict, NotFound
from fadjma.store import Transaction

Kind = Literal["medicine", "place", "safety"]
_KEPT_FOR = 24 * 3_600_000  # milliseconds that a file is kept


@dataclass(frozen=True, slots=True)
class Counts:
    """What the lines of a file do, in lines: new, said otherwise of what is there, and there already."""

    added: int
    changed: int
    unchanged: int

    def columns(self) -> dict[str, int]:
        return {"added": self.added, "changed": self.changed, "unchanged": self.unchanged}


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was read and found good: what it will do, or has done."""

    id: str
    version: int
    added: int
    changed: int
    unchanged: int
    applied_at: int | None

    @property
    def status(self) -> str:
        return "applied" if self.applied_at else "checked"

    def json(self, language: str) -> dict[str, Any]:
        shown = {name: getattr(self, name) for name in ("id", "status", "version", "added", "changed", "unchanged")}
        return {**shown, "applied_at": iso(self.applied_at) if self.applied_at else None}


def keep(tx: Transaction, viewer: Viewer, kind: Kind, lines: Any, counts: Counts) -> str:
    """Keep what a file says (JSON), and what it would do; returns the id. The caller has checked the right."""
    tx.execute("DELETE FROM imports WHERE made_at < :since", {"since": tx.now - _KEPT_FOR})
    import_id = new_id()
    tx.execute(
        "INSERT INTO imports (id, kind, made_by, made_at, content, added, changed, unchanged) "
        "VALUES (:id, :kind, :by, :now, :content, :added, :changed, :unchanged)",
        {
            "id": import_id,
            "kind": kind,
            "by": viewer.id,
            "now": tx.now,
            "content": json.dumps(lines, ensure_ascii=False),
            **counts.columns(),
        },
    )
    return import_id


def one(tx: Transaction, kind: Kind, import_id: str) -> Import:
    """A file that was read. The caller has checked the right. Raises NotFound."""
    row = tx.first(
        "SELECT id, version, added, changed, unchanged, applied_at FROM imports WHERE id = :id AND kind = :kind",
        {"id": import_id, "kind": kind},
    )
    if row is None:
        raise NotFound
    return Import(**row.as_dict())


def lines(tx: Transaction, kind: Kind, import_id: str) -> Any:
    """What a file says that is to be taken now, as it was kept. Raises NotFound, Conflict when it was taken already."""
    if one(tx, kind, import_id).applied_at:
        raise Conflict(N_("Ce fichier a déjà été importé."), current="applied")
    return json.loads(tx.value("SELECT content FROM imports WHERE id = :id", {"id": import_id}))


def taken(tx: Transaction, import_id: str, counts: Counts) -> None:
    """All of it was taken, and this is what it has done."""
    tx.execute(
        "UPDATE imports SET applied_at = :now, content = '', added = :added, changed = :changed, "
        "unchanged = :unchanged, version = version + 1 WHERE id = :id",
        {"now": tx.now, "id": import_id, **counts.columns()},
    )
