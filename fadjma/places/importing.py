"""Clinics and pharmacies from a file: first it says what it would do, then all of it is taken, or nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from fadjma import events, imports
from fadjma.events import Notice, Subject
from fadjma.identity import directory, places
from fadjma.identity.people import Viewer
from fadjma.identity.places import Facts
from fadjma.imports import Counts, Import
from fadjma.store import Transaction


@dataclass(slots=True)
class _Effect:
    """What the lines of a file do: which places are new, and of which something else is said."""

    added: list[Facts]
    changed: list[tuple[places.Place, Facts]]
    unchanged: int

    def counts(self) -> Counts:
        return Counts(len(self.added), len(self.changed), self.unchanged)


def one_import(tx: Transaction, viewer: Viewer, import_id: str) -> Import:
    """A file that was read. Raises NotFound."""
    viewer.require("admin")
    return imports.one(tx, "place", import_id)


def check(tx: Transaction, viewer: Viewer, lines: Mapping[int, Mapping[str, Any]]) -> str:
    """Keep a file that was read, what each line says, and say what it would do; returns the import's id."""
    viewer.require("admin")
    said = list(lines.values())
    return imports.keep(tx, viewer, "place", said, _effect(tx, said).counts())


def confirm(tx: Transaction, viewer: Viewer, import_id: str) -> str:
    """Take a file that was read: all of it, as the places are now. Raises Conflict when it was taken already."""
    viewer.require("admin")
    effect = _effect(tx, imports.lines(tx, "place", import_id))
    places.add_all(tx, effect.added)
    for place, facts in effect.changed:
        places.change(tx, place.id, facts, place.version)
    imports.taken(tx, import_id, effect.counts())
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
