"""Linking two files of one person, and undoing it; both are told."""

from dataclasses import dataclass
from typing import Any

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import births, directory, links
from fadjma.identity.directory import Identity
from fadjma.identity.identifiers import normalize_identifier
from fadjma.identity.links import Link
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, Invalid, NotNow
from fadjma.store import Page, Transaction

_UNKNOWN = N_("Aucun patient n'a cet identifiant.")
_ITSELF = N_("Vous avez donné deux fois le même identifiant.")


def browse(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[Link]:
    """All links, for an admin."""
    viewer.require("admin")
    return links.links(tx, before)


def show(tx: Transaction, viewer: Viewer, link_id: str) -> Link:
    """One link, for an admin. Raises NotFound."""
    viewer.require("admin")
    return links.link(tx, link_id)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files beside each other, before they are linked; `differ` names what one person cannot have twice."""

    patients: tuple[Identity, Identity]
    differ: tuple[str, ...]  # of sex and birth_date

    def json(self, language: str) -> dict[str, Any]:
        patients = [directory.without_contact(patient).json(language) for patient in self.patients]
        return {"patients": patients, "differ": list(self.differ)}


def compare(tx: Transaction, viewer: Viewer, *, one: str, other: str) -> Pair:
    """The two files with these identifiers, for an admin who may link them. Raises Invalid, NotNow as `link` does."""
    viewer.require("admin")
    first, second = directory.identities(tx, _two(tx, one, other))
    differ = (
        ("sex", first.sex != second.sex),
        ("birth_date", not births.may_be_one(first.birth_date, second.birth_date)),
    )
    return Pair((first, second), tuple(name for name, is_so in differ if is_so))


def link(tx: Transaction, viewer: Viewer, *, one: str, other: str) -> str:
    """An admin links the files with these two identifiers; returns the link's id.

    Raises Invalid where one is nobody's or both are the same, NotNow when they are linked.
    """
    viewer.require("admin")
    link_id = links.add(tx, *_two(tx, one, other), by=viewer.id)
    _tell(tx, viewer, link_id, "identity.linked")
    return link_id


def _two(tx: Transaction, one: str, other: str) -> tuple[str, str]:
    """Whose files these are. Raises Invalid, NotNow."""
    found = {name: _patient(tx, typed) for name, typed in (("one", one), ("other", other))}
    if missing := {name: _UNKNOWN for name, patient_id in found.items() if patient_id is None}:
        raise Invalid(missing)
    first, second = found["one"] or "", found["other"] or ""
    if first == second:
        raise Invalid({"other": _ITSELF})
    if links.are_linked(tx, first, second):
        raise NotNow(N_("Ces deux fiches sont déjà liées."), current="active")
    return first, second


def _patient(tx: Transaction, typed: str) -> str | None:
    identifier = normalize_identifier(typed)
    return directory.with_identifier(tx, identifier) if identifier else None


def unlink(tx: Transaction, viewer: Viewer, link_id: str) -> str:
    """They are two people's after all. Raises NotFound, Conflict when it was undone already."""
    now = show(tx, viewer, link_id)
    if not links.end(tx, link_id, by=viewer.id):
        raise Conflict(N_("Ce lien est déjà défait."), current=now.status)
    _tell(tx, viewer, link_id, "identity.unlinked")
    return link_id


def _tell(tx: Transaction, viewer: Viewer, link_id: str, action: str) -> None:
    """In the trace of both files, and in both inboxes."""
    for patient in links.link(tx, link_id).patients:
        events.record(
            tx,
            action,
            Subject("identity", patient.id),
            actor_id=viewer.id,
            patient_id=patient.id,
            notices=[Notice([patient.id], "notification", action)],
        )
