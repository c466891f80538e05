"""Adding a paper to a file, at once or in parts, and opening one. A paper is a record, with what was sent beside it."""

from collections.abc import Callable
from dataclasses import dataclass

from fadjma import chain
from fadjma.chain import Kind
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.papers import queries
from fadjma.papers.intake import Taken
from fadjma.papers.queries import Paper, Upload
from fadjma.records import actions as records
from fadjma.records import measuring
from fadjma.records.queries import Record
from fadjma.refusals import NotFound
from fadjma.store import Page, Transaction

PAPERS = Kind(
    "paper",
    {
        1: "SELECT id, record_id, patient_id, kind, sha256, size, width, height, pages, thumbnail, author_id, "
        "created_at FROM papers WHERE id IN"
    },
    "SELECT patient_id AS chain, id AS key FROM papers",
)

DAY = 24 * 3_600_000
_NO_WORDS = N_("Voir le document joint.")


@dataclass(frozen=True, slots=True)
class Said:
    """What its record says of a paper."""

    type: str
    title: str
    body: str
    occurred_on: str


def open_papers(
    tx: Transaction, viewer: Viewer, patient_id: str, before: str | None, *, again: bool = False
) -> Page[Paper]:
    """A patient's papers; a part of the file, and traced as that. Raises NotFound."""
    found = queries.of_patient(tx, viewer, patient_id, before)
    if viewer.role != "patient":
        records.trace_file(tx, viewer, patient_id, again=again)
    return found


def open_paper(tx: Transaction, viewer: Viewer, paper_id: str, *, again: bool = False) -> Paper:
    """One of them, which is a reading of its record, and traced as that. Raises NotFound."""
    found = queries.paper(tx, viewer, paper_id)
    records.open_record(tx, viewer, found.record_id, again=again)
    return found


def open_thumbnail(tx: Transaction, viewer: Viewer, paper_id: str) -> str:
    """The small picture of one, by its name; what a list of papers shows is the reading of that list.

    Raises NotFound also where there is none.
    """
    found = queries.paper(tx, viewer, paper_id)
    if found.thumbnail is None:
        raise NotFound
    if viewer.role != "patient" and found.status == "current":
        records.trace_file(tx, viewer, found.patient_id, again=True)
    elif viewer.role != "patient":
        records.open_record(tx, viewer, found.record_id, again=True)
    return found.thumbnail


def open_record(tx: Transaction, viewer: Viewer, record_id: str, *, again: bool = False) -> tuple[Record, list[Paper]]:
    """A record with its papers: none where it is hidden from this reader. Raises NotFound."""
    found = records.open_record(tx, viewer, record_id, again=again)
    return found, [] if found.hidden else queries.of_record(tx, record_id)


def require_writer(tx: Transaction, viewer: Viewer, patient_id: str) -> None:
    """Before a file is looked at. Raises Forbidden, NotFound."""
    records.require_writer(tx, viewer, patient_id, "test_result")


def add(tx: Transaction, viewer: Viewer, patient_id: str, said: Said, taken: Taken) -> str:
    """A doctor with a grant of the whole file adds a paper; everybody is told as of any record."""
    record_id = records.create(
        tx,
        viewer,
        patient_id,
        type=said.type,
        title=said.title,
        body=said.body or _NO_WORDS,
        occurred_on=said.occurred_on,
    )
    paper_id = new_id()
    tx.execute(
        "INSERT INTO papers (id, record_id, patient_id, kind, sha256, size, width, height, pages, thumbnail, "
        "author_id, created_at) VALUES (:id, :record, :patient, :kind, :sha256, :size, :width, :height, :pages, "
        ":thumbnail, :author, :now)",
        {
            "id": paper_id,
            "record": record_id,
            "patient": patient_id,
            "kind": taken.kind,
            "sha256": taken.sha256,
            "size": taken.size,
            "width": taken.width,
            "height": taken.height,
            "pages": taken.pages,
            "thumbnail": taken.thumbnail,
            "author": viewer.id,
            "now": tx.now,
        },
    )
    chain.cover(tx, patient_id, PAPERS, paper_id)
    return paper_id


def begin(tx: Transaction, viewer: Viewer, patient_id: str, said: Said, *, size: int, sha256: str) -> str:
    """A file will come in parts. The same file of the same patient, begun before, goes on with what is said now.

    Raises Forbidden, NotFound, and Invalid before the birth: nobody sends ten minutes for that.
    """
    require_writer(tx, viewer, patient_id)
    measuring.require_born(tx, patient_id, "occurred_on", said.occurred_on)
    known = {"user": viewer.id, "patient": patient_id, "sha256": sha256}
    new = {
        "type": said.type,
        "title": said.title,
        "body": said.body,
        "occurred_on": said.occurred_on,
        "size": size,
        "now": tx.now,
    }
    found: str | None = tx.value(
        "SELECT id FROM uploads WHERE user_id = :user AND patient_id = :patient AND sha256 = :sha256 "
        "AND paper_id IS NULL",
        known,
    )
    if found is None:
        found = new_id()
        tx.execute(
            "INSERT INTO uploads (id, user_id, patient_id, type, title, body, occurred_on, size, sha256, created_at) "
            "VALUES (:id, :user, :patient, :type, :title, :body, :occurred_on, :size, :sha256, :now)",
            {"id": found, **known, **new},
        )
    else:
        tx.execute(
            "UPDATE uploads SET type = :type, title = :title, body = :body, occurred_on = :occurred_on, "
            "size = :size, created_at = :now WHERE id = :id",
            {"id": found, **new},
        )
    return found


def finish(tx: Transaction, viewer: Viewer, upload_id: str, taken: Taken) -> str:
    """All of it has come and was found good. Whoever finishes second gets what the first has made."""
    found = queries.upload(tx, viewer, upload_id)
    if found.paper_id is None:
        said = Said(found.type, found.title, found.body, found.occurred_on)
        paper_id = add(tx, viewer, found.patient_id, said, taken)
        tx.execute("UPDATE uploads SET paper_id = :paper WHERE id = :id", {"id": upload_id, "paper": paper_id})
    return upload_id


def receiving(tx: Transaction, viewer: Viewer, upload_id: str) -> Upload:
    """One to which a part is to be added: who has lost the access meanwhile sends nothing more. Raises NotFound."""
    found = queries.upload(tx, viewer, upload_id)
    if found.paper_id is None:
        require_writer(tx, viewer, found.patient_id)
    return found


def forget(tx: Transaction, limit: int, drop: Callable[[str], None]) -> int:
    """Uploads that are a day old, with their parts, which `drop` removes; returns how many."""
    rows = tx.all(
        "SELECT id FROM uploads WHERE created_at < :before ORDER BY created_at LIMIT :limit",
        {"before": tx.now - DAY, "limit": limit},
    )
    for row in rows:
        drop(row["id"])
        tx.execute("DELETE FROM uploads WHERE id = :id", {"id": row["id"]})
    return len(rows)
