"""What events are about: one entry for each kind of thing says where it is, how a page shows it, and who sees what.

The entries are handed in from above (fadjma/wiring.py), because how a thing is read is the affair of its domain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fadjma.i18n import N_
from fadjma.identity.people import ROLES, Role, Viewer
from fadjma.store import Transaction

INBOX = "inbox"  # the badge: the only thing whose HTML depends on the number of the event
ALL = ""  # the eyes of everybody who has no part in a thing

About = Literal["access", "prescriptions", "records", "stock", "announcements", "account"]
_ALL: tuple[Role, ...] = tuple(ROLES)
# What news is about, as the inbox is filtered by: its words, and who is told of such things.
ABOUT: dict[About, tuple[str, tuple[Role, ...]]] = {
    "access": (N_("Accès"), ("patient", "doctor", "nurse", "admin")),
    "prescriptions": (N_("Ordonnances"), ("patient", "doctor", "pharmacist")),
    "records": (N_("Dossier"), ("patient", "doctor", "nurse")),
    "stock": (N_("Stock"), ("pharmacist", "admin")),
    "announcements": (N_("Annonces"), _ALL),
    "account": (N_("Compte et clinique"), _ALL),
}

Load = Callable[[Transaction, Viewer, str], Any]
Eyes = Callable[[Transaction, Viewer], str]
Shown = Callable[[Transaction, Viewer, Any], bool]


@dataclass(frozen=True, slots=True)
class Told:
    """News of one thing: the thing's id, when it came (milliseconds UTC), how many it stands for."""

    id: str
    at: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class Named:
    """What a thing is called, or somebody with the `profession` that gives them their title."""

    name: str
    profession: str = ""


Names = Callable[[Transaction, Viewer, Sequence[Told]], Mapping[Told, Named]]


def by_id(read: Callable[[Transaction, Viewer, list[str]], Mapping[str, Named]]) -> Names:
    """Names of things that are called the same whatever happened to them."""

    def names(tx: Transaction, viewer: Viewer, told: Sequence[Told]) -> dict[Told, Named]:
        found = read(tx, viewer, list(dict.fromkeys(one.id for one in told)))
        return {one: found[one.id] for one in told if one.id in found}

    return names


def _nameless(tx: Transaction, viewer: Viewer, told: Sequence[Told]) -> dict[Told, Named]:
    return {}


def _own(subject_id: str) -> Eyes:
    return lambda tx, viewer: viewer.id


def _always(tx: Transaction, viewer: Viewer, item: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Row:
    """How lists show a thing, and so what an event brings of it.

    `load(tx, viewer, id)` reads it through the viewer's rights, and raises NotFound or Forbidden where there are none.
    `eyes(id)(tx, viewer)`: whoever has the same role and the same eyes may see the same of it, so that it is read and
    rendered once for all of them. By default everybody has their own.
    `shown(tx, viewer, item)`: whether it may be pushed; what is to be traced before it is seen is asked for by the page
    (`address`/row), which then is a reading like any other.
    """

    template: str
    load: Load
    eyes: Callable[[str], Eyes] = _own
    shown: Shown = _always


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing."""

    name: str  # as in events.Subject(name, id), in the tables and in docs/http.md
    address: str  # of the page that shows it: {id} is the thing's, {element} its place in that page
    prefix: str = ""  # before the thing's id, in the id of its element on every page; empty: it has no element
    row: Row | None = None  # None: an event about it brings nothing but its toast
    about: About = "account"  # by which the inbox is filtered
    # What each is called to a viewer who may read it now, in one reading for all; whoever may not gets none.
    names: Names = _nameless
    named_in_toast: bool = False  # to the people of one place, who all may read it


_KINDS: dict[str, Kind] = {}
_SHOWING: dict[str, list[Kind]] = {}  # by the first part of the address


def register(*kinds: Kind) -> None:
    """Hand in entries, once when the program starts. Raises ValueError when two share a name or a prefix."""
    for kind in kinds:
        if kind.name in _KINDS or kind.prefix in {known.prefix for known in _KINDS.values() if known.prefix}:
            raise ValueError(f"two kinds of subject are called {kind.name!r} or begin their elements {kind.prefix!r}")
        _KINDS[kind.name] = kind
        _SHOWING.setdefault(_first_part(kind.address), []).append(kind)


def kinds() -> tuple[Kind, ...]:
    """Every entry."""
    return tuple(_KINDS.values())


def abouts(role: Role) -> dict[About, str]:
    """What news can be about for somebody of this role, with its words."""
    return {about: label for about, (label, roles) in ABOUT.items() if role in roles}


def of(about: About) -> list[str]:
    """The names of the kinds that the inbox shows as this."""
    return [kind.name for kind in _KINDS.values() if kind.about == about]


def row(kind: str) -> Row | None:
    """How lists show things of this kind; None when no list does."""
    return _KINDS[kind].row


def names(tx: Transaction, viewer: Viewer, kind: str, told: Sequence[Told]) -> Mapping[Told, Named]:
    """What those of these things are called that the viewer may read now."""
    return _KINDS[kind].names(tx, viewer, told)


def is_named_in_toast(kind: str) -> bool:
    """Whether a toast says which of these things it is about."""
    return _KINDS[kind].named_in_toast


def element(kind: str, subject_id: str) -> str:
    """The id of the element that shows this thing, on every page and in every event."""
    prefix = _KINDS[kind].prefix
    assert prefix, f"no page has an element of a {kind}"
    return prefix + subject_id


def link(kind: str, subject_id: str) -> str:
    """The page that shows what a notification is about."""
    known = _KINDS[kind]
    return known.address.format(id=subject_id, element=known.prefix + subject_id)


def shown_at(path: str) -> list[tuple[str, str | None]]:
    """The kinds of things that this page shows, each with the id of the one that it is; None: it shows all of them."""
    found: list[tuple[str, str | None]] = []
    for kind in _SHOWING.get(_first_part(path), ()):
        head, has_id, tail = kind.address.partition("#")[0].partition("{id}")
        if not has_id and path == head:
            found.append((kind.name, None))
        elif has_id and path.startswith(head) and path.endswith(tail):
            subject_id = path[len(head) : len(path) - len(tail)]
            if subject_id and "/" not in subject_id:
                found.append((kind.name, subject_id))
    return found


def _first_part(address: str) -> str:
    return address.partition("#")[0][1:].partition("/")[0]
