"""Adding a paper to a file, at once or in parts, and opening one. A paper is a record, with what was sent beside it."""

from collections.abc import Callable
from dataclasses import dataclass

from fadjma import chain, events
from fadjma.access import grants
from fadjma.access.queries import AccessRequest
from fadjma.chain import Kind
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.papers import queries
from fadjma.papers.intake import Taken
from fadjma.papers.queries import BROUGHT, MOST_PAGES, Paper, Upload
from fadjma.records import actions as records
from fadjma.records import measuring, recalling
from fadjma.records import queries as records_queries
from fadjma.records.queries import Record
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, Tried
from fadjma.store import Page, Transaction

PAPERS = Kind(
    "paper",
    {
        1: "SELECT id, record_id, patient_id, kind, sha256, size, width, height, pages, thumbnail, author_id, "
        "created_at FROM papers WHERE id IN",
        2: "SELECT id, record_id, patient_id, kind, sha256, size, width, height, pages, thumbnail, author_id, "
        "created_at, position, delegated_by FROM papers WHERE id IN",
    },
    "SELECT patient_id AS chain, id AS key FROM papers",
)

DAY = 24 * 3_600_000
_NO_WORDS = N_("Voir le document joint.")
_NOT_SO = N_("Choisissez ce que c'est : un examen, une consultation ou une vaccination. Un patient ne le dit pas.")
_TOO_LITTLE = N_("Votre accès ne permet pas d'ajouter un document à ce dossier.")
_AUTHOR = N_("Seule la personne qui a ajouté ce document peut y ajouter une page.")
_MISTAKEN = N_("Ce document est déclaré saisi par erreur : il ne change plus.")


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


def open_pages(tx: Transaction, viewer: Viewer, paper_id: str, *, again: bool = False) -> tuple[Paper, list[Paper]]:
    """One page, and all of its paper: one reading of its record, and traced as that. Raises NotFound."""
    found = open_paper(tx, viewer, paper_id, again=again)
    return found, queries.of_record(tx, found.record_id)


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


def require_writer(tx: Transaction, viewer: Viewer, patient_id: str) -> AccessRequest | None:
    """Who may add a paper: a doctor with a grant of the whole file, a nurse by delegation (whose access is returned),
    and the patient to their own. Before a file is looked at. Raises Forbidden, NotFound.
    """
    tried = Tried(patient_id, "patient", patient_id)
    if viewer.role == "patient":
        if viewer.id != patient_id:
            raise NotFound().about(tried)
        return None
    if viewer.role == "nurse":
        found = grants.granted(tx, viewer, patient_id, records_queries.part_of("test_result"))
        if found is None and grants.granted(tx, viewer, patient_id, "summary"):
            raise Forbidden(_TOO_LITTLE).about(tried)
        return found or grants.require_reading(tx, viewer, patient_id, "records")
    records.require_writer(tx, viewer, patient_id, "test_result")
    return None


def may_add(tx: Transaction, viewer: Viewer, patient_id: str) -> bool:
    """Whether the page offers it."""
    if viewer.role == "patient":
        return viewer.id == patient_id
    found = grants.granted(tx, viewer, patient_id, records_queries.part_of("test_result"))
    return found is not None


def add(tx: Transaction, viewer: Viewer, patient_id: str, said: Said, taken: Taken) -> str:
    """Its first page makes the record; everybody is told as of any record. Returns the id of the page.

    Raises Forbidden, NotFound, Invalid before the birth.
    """
    delegated = require_writer(tx, viewer, patient_id)
    measuring.require_born(tx, patient_id, "occurred_on", said.occurred_on)
    record_id = records.add(
        tx,
        viewer,
        patient_id,
        type=_type(viewer, said),
        title=said.title,
        body=said.body or _NO_WORDS,
        occurred_on=said.occurred_on,
        ground=delegated.id if delegated else None,
    )
    if said.type == "vaccination":  # a card: something is noted now
        recalling.settle(tx, patient_id)
    return _write(tx, viewer, patient_id, record_id, 1, taken, delegated)


def _type(viewer: Viewer, said: Said) -> str:
    """Raises Invalid: what a patient brings is no result of the clinic, and nobody else brings one."""
    if (viewer.role == "patient") != (said.type in ("", BROUGHT)):
        raise Invalid({"type": _NOT_SO})
    return said.type or BROUGHT


def add_page(tx: Transaction, viewer: Viewer, paper_id: str, taken: Taken) -> str:
    """One page more of a paper, by whoever has added it; open pages follow. The same page again is there already.

    Returns the id of the page. Raises NotFound, Forbidden, Conflict, Invalid where there are too many.
    """
    found, delegated = require_page(tx, viewer, paper_id)
    pages = queries.of_record(tx, found.record_id)
    same = next((one for one in pages if one.sha256 == taken.sha256), None)
    if same:
        return same.id
    _require_room(len(pages))
    page_id = _write(tx, viewer, found.patient_id, found.record_id, len(pages) + 1, taken, delegated)
    doctors = grants.doctors_with_grant(tx, found.patient_id, records_queries.part_of(found.type))
    readers = [found.patient_id, *doctors, *directory.beside(tx, [viewer.id, *doctors], "nurse")]
    events.record(
        tx,
        "paper.page_added",
        Subject("record", found.record_id),
        actor_id=viewer.id,
        by_id=viewer.by_id,
        patient_id=found.patient_id,
        notices=[Notice(readers, "medical_record_updated", None)],
        ground=delegated.id if delegated else None,
    )
    return page_id


def require_page(tx: Transaction, viewer: Viewer, paper_id: str) -> tuple[Paper, AccessRequest | None]:
    """A paper to which this person may add a page, before a file is looked at. Raises NotFound, Forbidden, Conflict,
    Invalid where it has as many as there may be.
    """
    found = queries.paper(tx, viewer, paper_id)
    delegated = require_writer(tx, viewer, found.patient_id)
    if found.author_id != viewer.id:
        raise Forbidden(_AUTHOR)
    if found.status != "current":
        raise Conflict(_MISTAKEN, current=found.status)
    return found, delegated


def _require_room(pages: int) -> None:
    if pages >= MOST_PAGES:
        raise Invalid({"file": N_("Un document a au plus 20 pages : ajoutez un autre document pour la suite.")})


def _write(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    record_id: str,
    position: int,
    taken: Taken,
    delegated: AccessRequest | None,
) -> str:
    paper_id = new_id()
    tx.send(
        "INSERT INTO papers (id, record_id, patient_id, kind, sha256, size, width, height, pages, thumbnail, "
        "author_id, created_at, position, delegated_by) VALUES (:id, :record, :patient, :kind, :sha256, :size, :width, "
        ":height, :pages, :thumbnail, :author, :now, :position, :delegated_by)",
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
            "position": position,
            "delegated_by": delegated.doctor_id if delegated else None,
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
    return _begin(tx, viewer, patient_id, said, size=size, sha256=sha256, page_of=None)


def begin_page(tx: Transaction, viewer: Viewer, paper_id: str, *, size: int, sha256: str) -> str:
    """The same for one page more. Raises NotFound, Forbidden, Conflict, Invalid where there are too many."""
    found, _ = require_page(tx, viewer, paper_id)
    _require_room(found.page_count)
    said = Said(found.type, found.title, "", found.occurred_on)
    return _begin(tx, viewer, found.patient_id, said, size=size, sha256=sha256, page_of=paper_id)


def _begin(
    tx: Transaction, viewer: Viewer, patient_id: str, said: Said, *, size: int, sha256: str, page_of: str | None
) -> str:
    known = {"user": viewer.id, "patient": patient_id, "sha256": sha256}
    new = {
        "type": _type(viewer, said),
        "title": said.title,
        "body": said.body,
        "occurred_on": said.occurred_on,
        "size": size,
        "now": tx.now,
        "page_of": page_of,
    }
    found: str | None = tx.value(
        "SELECT id FROM uploads WHERE user_id = :user AND patient_id = :patient AND sha256 = :sha256 "
        "AND paper_id IS NULL",
        known,
    )
    if found is None:
        found = new_id()
        tx.send(
            "INSERT INTO uploads (id, user_id, patient_id, type, title, body, occurred_on, size, sha256, created_at, "
            "page_of) "
            "VALUES (:id, :user, :patient, :type, :title, :body, :occurred_on, :size, :sha256, :now, :page_of)",
            {"id": found, **known, **new},
        )
    else:
        tx.send(
            "UPDATE uploads SET type = :type, title = :title, body = :body, occurred_on = :occurred_on, "
            "size = :size, created_at = :now, page_of = :page_of WHERE id = :id",
            {"id": found, **new},
        )
    return found


def finish(tx: Transaction, viewer: Viewer, upload_id: str, taken: Taken) -> str:
    """All of it has come and was found good. Whoever finishes second gets what the first has made."""
    found = queries.upload(tx, viewer, upload_id)
    if found.paper_id is None:
        if found.page_of:
            paper_id = add_page(tx, viewer, found.page_of, taken)
        else:
            said = Said(found.type, found.title, found.body, found.occurred_on)
            paper_id = add(tx, viewer, found.patient_id, said, taken)
        tx.send("UPDATE uploads SET paper_id = :paper WHERE id = :id", {"id": upload_id, "paper": paper_id})
    return upload_id


def receiving(tx: Transaction, viewer: Viewer, upload_id: str) -> Upload:
    """One to which a part is to be added: who has lost the access meanwhile sends nothing more. Raises NotFound."""
    found = queries.upload(tx, viewer, upload_id)
    if found.paper_id is None and found.page_of:
        require_page(tx, viewer, found.page_of)
    elif found.paper_id is None:
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
        tx.send("DELETE FROM uploads WHERE id = :id", {"id": row["id"]})
    return len(rows)
