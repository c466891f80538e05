"""Reading papers: each through the record that it belongs to; and what has come of one that is on its way."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fadjma.access import grants
from fadjma.i18n import iso
from fadjma.identity.people import Viewer
from fadjma.records import queries as records
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, given, listed, paging

TYPES = ("test_result", "consultation", "vaccination")  # of the record that a paper of the clinic makes
BROUGHT = "document"  # of the record that one makes which its patient brings
MOST_PAGES = 20  # files of one paper
PDF = "application/pdf"
PER_PAGE = 24
_SUFFIXES = {PDF: "pdf", "image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class Paper:
    """What was sent, and the record that says what it is."""

    id: str
    record_id: str
    patient_id: str
    kind: str
    sha256: str
    size: int
    width: int | None
    height: int | None
    pages: int | None
    thumbnail: str | None
    created_at: int
    author_id: str
    author_name: str
    profession: str
    type: records.RecordType
    status: str
    occurred_on: str
    title: str
    position: int  # which page of its paper it is, from 1
    page_count: int  # how many there are
    delegated_by: str | None  # whose access the nurse had it under who added it
    delegated_name: str | None
    delegated_profession: str | None

    @property
    def brought(self) -> bool:
        """Whether its patient has brought it: it is no result of the clinic."""
        return self.type == BROUGHT

    @property
    def type_label(self) -> str:
        return records.TYPES[self.type]

    @property
    def is_picture(self) -> bool:
        return self.kind != PDF

    @property
    def file_name(self) -> str:
        """As a browser saves it: of which day, and nobody's name."""
        page = f"-page-{self.position}" if self.page_count > 1 else ""
        return f"document-{self.occurred_on}{page}.{self.suffix}"

    @property
    def suffix(self) -> str:
        """Of a file of its kind."""
        return _SUFFIXES[self.kind]

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": 1,
            "record_id": self.record_id,
            "patient_id": self.patient_id,
            "type": self.type,
            "title": self.title,
            "occurred_on": self.occurred_on,
            "kind": self.kind,
            "size": self.size,
            "hash": self.sha256,
            "width": self.width,
            "height": self.height,
            "pages": self.pages,
            "position": self.position,
            "of": self.page_count,
            "brought_by_patient": self.brought,
            "delegated_by": {"id": self.delegated_by, "name": self.delegated_name} if self.delegated_by else None,
            "author": {"id": self.author_id, "name": self.author_name},
            "created_at": iso(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that comes in parts, of who sends it. `received` is for whoever looks at the disk."""

    id: str
    patient_id: str
    type: str
    title: str
    body: str
    occurred_on: str
    size: int
    sha256: str
    page_of: str | None  # the paper of which it will be one page more
    paper_id: str | None
    record_id: str | None
    received: int = 0

    @property
    def status(self) -> str:
        return "done" if self.paper_id else "receiving"

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": 1,
            "size": self.size,
            "hash": self.sha256,
            "offset": self.size if self.paper_id else self.received,
            "paper_id": self.paper_id,
            "record_id": self.record_id,
        }


_PAPER = """
    SELECT p.id, p.record_id, p.patient_id, p.kind, p.sha256, p.size, p.width, p.height, p.pages, p.thumbnail,
           p.created_at, p.author_id, a.name AS author_name, a.profession, r.type, r.status, r.occurred_on, r.title,
           p.position, (SELECT count(*) FROM papers q WHERE q.record_id = p.record_id) AS page_count,
           p.delegated_by, d.name AS delegated_name, d.profession AS delegated_profession
    FROM papers p JOIN recorded r ON r.record_id = p.record_id JOIN people a ON a.id = p.author_id
    LEFT JOIN people d ON d.id = p.delegated_by
"""


def paper(tx: Transaction, viewer: Viewer, paper_id: str) -> Paper:
    """One of them, for who may read its record. Raises NotFound, also where that was entered in error and the viewer
    is not its author."""
    row = tx.first(f"{_PAPER} WHERE p.id = :id", {"id": paper_id})
    if row is None:
        raise NotFound
    if records.record(tx, viewer, row["record_id"]).hidden:
        raise NotFound  # and no attempt at the file: who may read the record had it open, or comes from a list
    return _paper(row)


def of_file(tx: Transaction, patient_id: str, paper_id: str) -> Paper:
    """One of a patient's papers, that stands. The caller has checked the right. Raises NotFound."""
    row = tx.first(
        f"{_PAPER} WHERE p.id = :id AND p.patient_id = :patient AND r.status = 'current'",
        {"id": paper_id, "patient": patient_id},
    )
    if row is None:
        raise NotFound
    return _paper(row)


def of_record(tx: Transaction, record_id: str) -> list[Paper]:
    """The pages of one record, in their order. The caller has checked the right."""
    rows = tx.all(f"{_PAPER} WHERE p.record_id = :id ORDER BY p.position", {"id": record_id})
    return [_paper(row) for row in rows]


def whole(tx: Transaction, first_pages: Iterable[Paper]) -> list[Paper]:
    """Each of these (few) papers, with its other pages after it. The caller has checked the right."""
    firsts = list(first_pages)
    more: dict[str, list[Paper]] = {one.record_id: [] for one in firsts if one.page_count > 1}
    among, values = given(more)
    for row in tx.all(f"{_PAPER} WHERE p.record_id IN {among} ORDER BY p.position", values) if more else ():
        more[row["record_id"]].append(_paper(row))
    return [page for one in firsts for page in more.get(one.record_id, [one])]


def of_patient(tx: Transaction, viewer: Viewer, patient_id: str, before: str | None) -> Page[Paper]:
    """A patient's papers as far as the viewer may read their records, the last that came first, each by its first page.

    Raises NotFound.
    """
    grant = grants.granted(tx, viewer, patient_id, "summary")
    if grant is None and (viewer.id != patient_id or viewer.role != "patient"):
        raise NotFound().about(Tried(patient_id, "patient", patient_id))
    only = "" if grant is None or grant.scope == "full" else f" AND r.type IN {listed(records.SUMMARY)}"
    at, last_id = paging.position(before)
    rows = tx.all(
        f"{_PAPER} WHERE p.patient_id = :patient AND p.position = 1 AND r.status = 'current'{only} "
        "AND (p.created_at, p.id) < (:at, :id) ORDER BY p.created_at DESC, p.id DESC LIMIT :limit",
        {"patient": patient_id, "at": at, "id": last_id, "limit": PER_PAGE + 1},
    )
    return paging.page([_paper(row) for row in rows], PER_PAGE, lambda one: f"{one.created_at}~{one.id}")


def in_order(
    tx: Transaction, patient_id: str, types: Iterable[records.RecordType], after: tuple[int, str], limit: int
) -> list[Paper]:
    """A patient's papers of records of these types, each by its first page, the first that came first: no later one
    comes before. `after`: when, in milliseconds UTC, and the id. The caller has checked the right.
    """
    rows = tx.all(
        f"{_PAPER} WHERE p.patient_id = :patient AND p.position = 1 AND r.status = 'current' "
        f"AND r.type IN {listed(list(types))} "
        "AND (p.created_at, p.id) > (:at, :id) ORDER BY p.created_at, p.id LIMIT :limit",
        {"patient": patient_id, "at": after[0], "id": after[1], "limit": limit},
    )
    return [_paper(row) for row in rows]


def upload(tx: Transaction, viewer: Viewer, upload_id: str) -> Upload:
    """A file that this very person is sending, or has sent. Raises NotFound for everybody else."""
    row = tx.first(
        "SELECT u.id, u.patient_id, u.type, u.title, u.body, u.occurred_on, u.size, u.sha256, u.page_of, u.paper_id, "
        "(SELECT record_id FROM papers WHERE id = u.paper_id) AS record_id "
        "FROM uploads u WHERE u.id = :id AND u.user_id = :viewer",
        {"id": upload_id, "viewer": viewer.id},
    )
    if row is None:
        raise NotFound
    return Upload(**row.as_dict())


def _paper(row: Row) -> Paper:
    return Paper(**row.as_dict())
