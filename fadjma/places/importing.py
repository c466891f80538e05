"""Clinics and pharmacies from a file: first it says what it would do, then all of it is taken, or nothing."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory, places
from fadjma.identity.people import Viewer
from fadjma.identity.places import Facts
from fadjma.ids import new_id
from fadjma.refusals import Conflict, NotFound
from fadjma.sheets import Import
from fadjma.store import Transaction

_KEPT_FOR = 24 * 3_600_000  # milliseconds that a file is kept which was read and not taken


@dataclass(slots=True)
class _Effect:
    """What the lines of a file do: which places are new, and of which something else is said."""

    added: list[Facts]
    changed: list[tuple[places.Place, Facts]]
    unchanged: int

    def counts(self) -> dict[str, int]:
        return {"added": len(self.added), "changed": len(self.changed), "unchanged": self.unchanged}


def one_import(tx: Transaction, viewer: Viewer, import_id: str) -> Import:
    """A file that was read. Raises NotFound."""
    viewer.require("admin")
    row = tx.first(
        "SELECT id, version, added, changed, unchanged, applied_at FROM place_imports WHERE id = :id", {"id": import_id}
    )
    if row is None:
        raise NotFound
    return Import(**row.as_dict())


def check(tx: Transaction, viewer: Viewer, lines: Mapping[int, Mapping[str, Any]]) -> str:
    """Keep a file that was read, what each line says, and say what it would do; returns the import's id."""
    viewer.require("admin")
    tx.execute("DELETE FROM place_imports WHERE made_at < :since", {"since": tx.now - _KEPT_FOR})
    import_id = new_id()
    tx.execute(
        "INSERT INTO place_imports (id, made_by, made_at, content, added, changed, unchanged) "
        "VALUES (:id, :by, :now, :content, :added, :changed, :unchanged)",
        {
            "id": import_id,
            "by": viewer.id,
            "now": tx.now,
            "content": json.dumps(list(lines.values()), ensure_ascii=False),
            **_effect(tx, list(lines.values())).counts(),
        },
    )
    return import_id


def confirm(tx: Transaction, viewer: Viewer, import_id: str) -> str:
    """Take a file that was read: all of it, as the places are now. Raises Conflict when it was taken already."""
    viewer.require("admin")
    if one_import(tx, viewer, import_id).applied_at:
        raise Conflict(N_("Ce fichier a déjà été importé."), current="applied")
    content = json.loads(tx.value("SELECT content FROM place_imports WHERE id = :id", {"id": import_id}))
    effect = _effect(tx, content)
    places.add_all(tx, effect.added)
    for place, facts in effect.changed:
        places.change(tx, place.id, facts, place.version)
    tx.execute(
        "UPDATE place_imports SET applied_at = :now, content = '', added = :added, changed = :changed, "
        "unchanged = :unchanged, version = version + 1 WHERE id = :id",
        {"now": tx.now, "id": import_id, **effect.counts()},
    )
    admins = Notice(directory.people(tx, "admin"), "notification", None)
    subject = Subject("organization_import", import_id)
    events.record(tx, "places.imported", subject, actor_id=viewer.id, notices=[admins], added=len(effect.added))
    return import_id


def _effect(tx: Transaction, lines: Iterable[Mapping[str, Any]]) -> _Effect:
    """A place is known by its kind, its name and its town; of one that is there the file says the rest, if it does."""
    known = {places.key(place): place for place in places.places(tx)}
    effect = _Effect([], [], 0)
    for said in lines:
        place = known.get(places.key(Facts(**said)))
        if place is None:
            effect.added.append(Facts(**said))
        elif any(getattr(place, name) != value for name, value in said.items()):
            effect.changed.append((place, Facts(**{**_known(place), **said})))
        else:
            effect.unchanged += 1
    return effect


def _known(place: Facts) -> dict[str, Any]:
    return {field.name: getattr(place, field.name) for field in fields(Facts)}
