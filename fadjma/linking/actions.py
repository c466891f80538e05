"""Linking two files of one person, and undoing it; both are told."""

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory, links
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


def link(tx: Transaction, viewer: Viewer, *, one: str, other: str) -> str:
    """An admin links the files with these two identifiers; returns the link's id.

    Raises Invalid where one is nobody's or both are the same, NotNow when they are linked.
    """
    viewer.require("admin")
    found = {name: _patient(tx, typed) for name, typed in (("one", one), ("other", other))}
    if missing := {name: _UNKNOWN for name, patient_id in found.items() if patient_id is None}:
        raise Invalid(missing)
    first, second = found["one"] or "", found["other"] or ""
    if first == second:
        raise Invalid({"other": _ITSELF})
    if links.are_linked(tx, first, second):
        raise NotNow(N_("Ces deux fiches sont déjà liées."), current="active")
    link_id = links.add(tx, first, second, by=viewer.id)
    _tell(tx, viewer, link_id, "identity.linked")
    return link_id


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
