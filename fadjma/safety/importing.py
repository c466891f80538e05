"""Rows of the tables from a file: first it says what it would do, then all of it is taken, unsigned, or nothing."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict

from fadjma import events, imports
from fadjma.events import Everybody, Notice, Subject
from fadjma.identity.people import Viewer
from fadjma.imports import Counts
from fadjma.safety import signing, tables
from fadjma.safety.tables import Facts
from fadjma.store import Transaction

_SAME = (
    *("kind", "dci_key", "other_key", "effect", "from_months", "to_months", "mg_per_kg_day", *tables.OF_VACCINES),
    *("source", "source_on"),
)


def check(tx: Transaction, viewer: Viewer, lines: Mapping[int, Facts]) -> str:
    """Keep a file that was read, and say what it would do; returns the import's id."""
    tables.require_reader(viewer)
    said = list(lines.values())
    return imports.keep(tx, viewer, "safety", [asdict(one) for one in said], _counts(said, _new(tx, said)))


def confirm(tx: Transaction, viewer: Viewer, import_id: str) -> str:
    """Take a file that was read: all that is not in the tables already. Raises Conflict when it was taken already."""
    tables.require_reader(viewer)
    said = [Facts(**line) for line in imports.lines(tx, "safety", import_id)]
    new = _new(tx, said)
    signing.put(tx, viewer, new)
    imports.taken(tx, import_id, _counts(said, new))
    colleagues = [Notice(Everybody(role), "notification", None) for role in tables.READERS]
    subject = Subject("safety_import", import_id)
    events.record(tx, "safety.imported", subject, actor_id=viewer.id, notices=colleagues, added=len(new))
    return import_id


def _counts(said: Collection[Facts], new: Collection[Facts]) -> Counts:
    return Counts(added=len(new), changed=0, unchanged=len(said) - len(new))


def _new(tx: Transaction, lines: Iterable[Facts]) -> list[Facts]:
    """Those that no row says already which was not withdrawn."""
    rows = tx.all(f"SELECT {', '.join(_SAME)} FROM safety_entries WHERE withdrawn_at IS NULL")
    known = {tuple(row[name] for name in _SAME) for row in rows}
    return [one for one in lines if tuple(one.columns()[name] for name in _SAME) not in known]
