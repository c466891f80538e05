"""Two files of one person, linked (FHIR Patient.link): each says that there is the other, and nothing else changes."""

from dataclasses import dataclass
from typing import Any

from fadjma.i18n import iso
from fadjma.identity import directory
from fadjma.identity.directory import Patient
from fadjma.ids import new_id
from fadjma.refusals import NotFound
from fadjma.store import Page, Row, Transaction, paging

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Link:
    """One link, that holds or has been undone."""

    id: str
    patients: tuple[Patient, Patient]
    linked_by: str  # by name
    linked_at: int
    ended_by: str | None
    ended_at: int | None
    version: int

    @property
    def status(self) -> str:
        return "ended" if self.ended_at else "active"

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.linked_at, self.id)

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "type": "seealso",
            "patients": [patient.json(language) for patient in self.patients],
            "linked_by": self.linked_by,
            "linked_at": iso(self.linked_at),
            "ended_by": self.ended_by,
            "ended_at": iso(self.ended_at) if self.ended_at else None,
        }


@dataclass(frozen=True, slots=True)
class Other:
    """The other file of somebody, as either of the two may know of it."""

    id: str
    identifier: str

    def json(self) -> dict[str, str]:
        return {"id": self.id, "identifier": self.identifier}


_LINK = """
    SELECT l.id, l.one_id, l.other_id, (SELECT name FROM people WHERE id = l.linked_by) AS linked_by, l.linked_at,
           (SELECT name FROM people WHERE id = l.ended_by) AS ended_by, l.ended_at, l.version
    FROM patient_links l
"""


def link(tx: Transaction, link_id: str) -> Link:
    """One of them. Raises NotFound."""
    row = tx.first(f"{_LINK} WHERE l.id = :id", {"id": link_id})
    if row is None:
        raise NotFound
    return _links(tx, [row])[0]


def links(tx: Transaction, before: str | None = None) -> Page[Link]:
    """All of them, also those that were undone, the newest first; `before` is the `next` of the page before."""
    before_at, before_id = paging.position(before)
    rows = tx.all(
        f"{_LINK} WHERE (l.linked_at, l.id) < (:before_at, :before_id) "
        "ORDER BY l.linked_at DESC, l.id DESC LIMIT :limit",
        {"before_at": before_at, "before_id": before_id, "limit": PER_PAGE + 1},
    )
    return paging.page(_links(tx, rows), PER_PAGE, lambda item: item.cursor)


def others(tx: Transaction, patient_id: str) -> tuple[Other, ...]:
    """The other files of the same person that this one is linked with now."""
    rows = tx.all(
        "SELECT p.user_id AS id, p.identifier FROM patient_links l JOIN patients p ON p.user_id = l.other_id "
        "WHERE l.one_id = :id AND l.ended_at IS NULL "
        "UNION ALL SELECT p.user_id, p.identifier FROM patient_links l JOIN patients p ON p.user_id = l.one_id "
        "WHERE l.other_id = :id AND l.ended_at IS NULL",
        {"id": patient_id},
    )
    return tuple(Other(**row.as_dict()) for row in rows)


def are_linked(tx: Transaction, one: str, other: str) -> bool:
    """Whether these two are linked now, whichever was named first."""
    return any(known.id == other for known in others(tx, one))


def add(tx: Transaction, one: str, other: str, *, by: str) -> str:
    """Link two files; returns the link's id. The caller has checked that they are two, and not linked."""
    link_id = new_id()
    tx.execute(
        "INSERT INTO patient_links (id, one_id, other_id, linked_by, linked_at) VALUES (:id, :one, :other, :by, :now)",
        {"id": link_id, "one": one, "other": other, "by": by, "now": tx.now},
    )
    return link_id


def end(tx: Transaction, link_id: str, *, by: str) -> bool:
    """Undo a link; false when it was undone already."""
    sql = (
        "UPDATE patient_links SET ended_at = :now, ended_by = :by, version = version + 1 "
        "WHERE id = :id AND ended_at IS NULL"
    )
    return bool(tx.execute(sql, {"now": tx.now, "by": by, "id": link_id}))


def _links(tx: Transaction, rows: list[Row]) -> list[Link]:
    ids = [row[side] for row in rows for side in ("one_id", "other_id")]
    known = {found.id: directory.without_contact(found) for found in directory.identities(tx, ids)}
    links = []
    for row in rows:
        values = row.as_dict()
        patients = known[values.pop("one_id")], known[values.pop("other_id")]
        links.append(Link(**values, patients=patients))
    return links
