"""Making and changing clinics and pharmacies; an admin does."""

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory, places
from fadjma.identity.people import Viewer
from fadjma.identity.places import Facts
from fadjma.refusals import Conflict, Invalid, NotFound
from fadjma.store import Transaction


def browse(tx: Transaction, viewer: Viewer) -> list[places.Place]:
    """All places, for whoever is signed in."""
    return places.places(tx)


def show(tx: Transaction, viewer: Viewer, place_id: str) -> places.Place:
    """One place, for whoever is signed in. Raises NotFound."""
    return places.place(tx, place_id)


def begin(tx: Transaction, facts: Facts) -> bool:
    """A place of a new clinic, from the command line; false when there is one of this name in the town: it stays."""
    if places.same_as(tx, facts):
        return False
    events.record(tx, "place.added", Subject("organization", places.add(tx, facts)), actor_id=None)
    return True


def add(tx: Transaction, viewer: Viewer, facts: Facts) -> str:
    """A new place; returns its id. Raises Invalid when there is one of this name in the town."""
    viewer.require("admin")
    _refuse_same(tx, facts, None)
    _require_house(tx, facts, None)
    place_id = places.add(tx, facts)
    _record(tx, viewer, "place.added", place_id)
    return place_id


def change(tx: Transaction, viewer: Viewer, place_id: str, facts: Facts, *, version: int) -> str:
    """Say something else of a place. Raises Conflict when another admin has since `version`."""
    viewer.require("admin")
    before = places.place(tx, place_id)
    if facts.kind != before.kind:
        raise Invalid({"kind": N_("Une clinique ne devient pas une pharmacie : créez un autre lieu.")})
    _refuse_same(tx, facts, place_id)
    _require_house(tx, facts, place_id)
    if not places.change(tx, place_id, facts, version):
        raise Conflict(
            N_("Ce lieu a été modifié entre-temps : comparez avec ce qui est enregistré maintenant."),
            current=f"version {before.version}",
        )
    _record(tx, viewer, "place.changed", place_id)
    return place_id


def _refuse_same(tx: Transaction, facts: Facts, own_id: str | None) -> None:
    same = places.same_as(tx, facts)
    if same and same.id != own_id:
        raise Invalid({"name": N_("Un lieu de ce nom existe déjà dans cette ville.")})


def _require_house(tx: Transaction, facts: Facts, own_id: str | None) -> None:
    """A house is one place and its parts: what is a part has none. Raises Invalid."""
    if facts.part_of is None:
        return
    try:
        head = places.place(tx, facts.part_of)
    except NotFound as error:
        raise Invalid({"part_of": N_("Choisissez un lieu de la liste.")}) from error
    if head.id == own_id:
        raise Invalid({"part_of": N_("Un lieu ne dépend pas de lui-même.")})
    if head.part_of:
        raise Invalid({"part_of": N_("Ce lieu dépend déjà d'un autre : choisissez celui dont il dépend.")})
    if own_id and any(place.part_of == own_id for place in places.house(tx, own_id)):
        raise Invalid({"part_of": N_("D'autres lieux dépendent de celui-ci : il ne dépend d'aucun.")})


def _record(tx: Transaction, viewer: Viewer, action: str, place_id: str) -> None:
    """The other admins' open pages follow."""
    admins = Notice(directory.people(tx, "admin"), "notification", None)
    events.record(tx, action, Subject("organization", place_id), actor_id=viewer.id, notices=[admins])
