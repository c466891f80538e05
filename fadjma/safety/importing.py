"""Rows of the tables from a file: first it says what it would do, then all of it is taken, unsigned, or nothing."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.refusals import Conflict
from fadjma.safety import signing, tables
from fadjma.safety.tables import Facts
from fadjma.store import Transaction

_KEPT_FOR = 24 * 3_600_000  # milliseconds that a file is kept which was read and not taken
_SAME = (
    *("kind", "dci_key", "other_key", "effect", "from_months", "to_months", "mg_per_kg_day", *tables.OF_VACCINES),
    *("source", "source_on"),
)


def check(tx: Transaction, viewer: Viewer, lines: Iterable[Facts]) -> str:
    """Keep a file that was read, and say what it would do; returns the import's id."""
    tables.require_reader(viewer)
    lines = list(lines)
    tx.execute("DELETE FROM safety_imports WHERE made_at < :since", {"since": tx.now - _KEPT_FOR})
    import_id, new = new_id(), _new(tx, lines)
    tx.execute(
        "INSERT INTO safety_imports (id, made_by, made_at, content, added, unchanged) "
        "VALUES (:id, :by, :now, :content, :added, :unchanged)",
        {
            "id": import_id,
            "by": viewer.id,
            "now": tx.now,
            "content": json.dumps([asdict(one) for one in lines], ensure_ascii=False),
            "added": len(new),
            "unchanged": len(lines) - len(new),
        },
    )
    return import_id


def confirm(tx: Transaction, viewer: Viewer, import_id: str) -> str:
    """Take a file that was read: all that is not in the tables already. Raises Conflict when it was taken already."""
    if tables.one_import(tx, viewer, import_id).applied_at:
        raise Conflict(N_("Ce fichier a déjà été importé."), current="applied")
    content = json.loads(tx.value("SELECT content FROM safety_imports WHERE id = :id", {"id": import_id}))
    new = _new(tx, [Facts(**said) for said in content])
    signing.put(tx, viewer, new)
    tx.execute(
        "UPDATE safety_imports SET applied_at = :now, content = '', added = :added, unchanged = :unchanged, "
        "version = version + 1 WHERE id = :id",
        {"now": tx.now, "id": import_id, "added": len(new), "unchanged": len(content) - len(new)},
    )
    colleagues = Notice([*directory.people(tx, "doctor"), *directory.people(tx, "pharmacist")], "notification", None)
    subject = Subject("safety_import", import_id)
    events.record(tx, "safety.imported", subject, actor_id=viewer.id, notices=[colleagues], added=len(new))
    return import_id


def _new(tx: Transaction, lines: Iterable[Facts]) -> list[Facts]:
    """Those that no row says already which was not withdrawn."""
    rows = tx.all(f"SELECT {', '.join(_SAME)} FROM safety_entries WHERE withdrawn_at IS NULL")
    known = {tuple(row[name] for name in _SAME) for row in rows}
    return [one for one in lines if tuple(one.columns()[name] for name in _SAME) not in known]
