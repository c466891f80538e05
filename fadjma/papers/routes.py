"""Papers over HTTP: sent in one piece or in parts, listed, shown, and the files themselves."""

import asyncio
import logging
from dataclasses import replace
from typing import TypedDict, cast

from quart import Blueprint, Response

from fadjma import web
from fadjma.access import grants
from fadjma.access import queries as access
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.papers import actions, queries
from fadjma.papers.actions import Said
from fadjma.papers.forms import PageUploadForm, PaperForm, UploadForm
from fadjma.papers.intake import PART, Intake
from fadjma.papers.queries import MOST_PAGES, Paper, Upload
from fadjma.records import allergies
from fadjma.records.allergies import Allergies
from fadjma.refusals import Invalid, TooLarge, TryLater
from fadjma.store import Page, Transaction
from fadjma.web.bounds import PAPER_PER_PERSON
from fadjma.web.forms import NoFields

log = logging.getLogger("fadjma.papers")
blueprint = Blueprint("papers", __name__)
web.take_files("/patients/", "/papers")
web.take_files("/papers/", "/pages")
# Nothing in it runs, wherever it is opened; it asks for nothing, and no page of another site frames it.
_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


class _Around(TypedDict):
    """Whose papers they are."""

    patient: Identity
    grant: access.AccessRequest | None
    allergies: Allergies | None
    may_write: bool


def _around(tx: Transaction, viewer: Viewer, patient_id: str) -> _Around:
    grant = grants.granted(tx, viewer, patient_id, "summary")
    return {
        "patient": directory.identity(tx, patient_id),
        "grant": grant,
        "allergies": allergies.of_patient(tx, patient_id) if grant else None,
        "may_write": actions.may_add(tx, viewer, patient_id),
    }


def _intake() -> Intake:
    return cast(Intake, web.app().extensions["papers"])


@blueprint.get("/patients/<patient_id>/papers")
@web.takes("before")
async def papers(patient_id: str) -> Response:
    before = web.before()
    found, around = await web.see_traced(_open_papers, patient_id, before, again=web.by_itself())
    data = found.json(lambda one: one.json(web.language()))
    return web.answer("papers/index.html", data, papers=found, before=before, **around)


def _open_papers(
    tx: Transaction, viewer: Viewer, patient_id: str, before: str | None, *, again: bool
) -> tuple[Page[Paper], _Around]:
    found = actions.open_papers(tx, viewer, patient_id, before, again=again)
    return found, _around(tx, viewer, patient_id)


@blueprint.get("/patients/<patient_id>/papers/new")
async def new(patient_id: str) -> Response:
    return web.page("papers/new.html", form=web.blank(PaperForm), **await _around_new(patient_id))


async def _around_new(patient_id: str) -> _Around:
    return await web.see_traced(_open_new, patient_id)


def _open_new(tx: Transaction, viewer: Viewer, patient_id: str) -> _Around:
    """Beside the form of a new one: a reading of what stands there. Raises Forbidden, NotFound."""
    actions.require_writer(tx, viewer, patient_id)
    actions.open_papers(tx, viewer, patient_id, None, again=True)  # from the open file, or back
    return _around(tx, viewer, patient_id)


@blueprint.post("/patients/<patient_id>/papers")
@web.refill("papers/new.html", PaperForm, context=_around_new)
async def create(patient_id: str) -> Response:
    """In one piece, as a form without script sends it."""
    sent = await web.upload("file")
    form = await web.form(PaperForm)
    if sent is None:
        raise Invalid({"file": N_("Choisissez une photo ou un PDF.")})
    await web.see(actions.require_writer, patient_id)
    taken = await _intake().take(sent)
    web.count(PAPER_PER_PERSON)
    acted = await web.act(actions.add, queries.paper, patient_id, _said(form), taken)
    return web.done(
        acted,
        "papers/_row.html",
        f"/papers/{acted.resource.id}",
        created=True,
        then=f"/records/{acted.resource.record_id}",
    )


def _said(form: PaperForm) -> Said:
    day = form.occurred_on.data or form.today
    return Said(form["type"].data or "", form.title.data, form.body.data or "", day.isoformat())


class _AroundPage(_Around):
    """A paper to which a page is added."""

    paper: Paper
    most: int


@blueprint.get("/papers/<paper_id>/pages/new")
async def new_page(paper_id: str) -> Response:
    return web.page("papers/new_page.html", form=web.blank(NoFields), **await _around_page(paper_id))


async def _around_page(paper_id: str) -> _AroundPage:
    return await web.see_traced(_open_new_page, paper_id)


def _open_new_page(tx: Transaction, viewer: Viewer, paper_id: str) -> _AroundPage:
    found, _ = actions.require_page(tx, viewer, paper_id)
    actions.open_paper(tx, viewer, paper_id, again=True)  # from its page, or back
    return {"paper": found, "most": MOST_PAGES, **_around(tx, viewer, found.patient_id)}


@blueprint.post("/papers/<paper_id>/pages")
@web.refill("papers/new_page.html", NoFields, context=_around_page)
async def add_page(paper_id: str) -> Response:
    """One page more, in one piece."""
    sent = await web.upload("file")
    await web.form(NoFields)
    if sent is None:
        raise Invalid({"file": N_("Choisissez une photo ou un PDF.")})
    await web.see(actions.require_page, paper_id)
    taken = await _intake().take(sent)
    web.count(PAPER_PER_PERSON)
    acted = await web.act(actions.add_page, queries.paper, paper_id, taken)
    page = acted.resource
    there = f"/papers/{page.id}"
    return web.done(acted, "papers/_row.html", there, created=True, then=f"{there}#page-{page.position}")


@blueprint.post("/papers/<paper_id>/pages/uploads")
async def begin_page(paper_id: str) -> Response:
    """One page more, in parts."""
    form = await web.form(PageUploadForm)
    web.count(PAPER_PER_PERSON)
    acted = await web.act(actions.begin_page, queries.upload, paper_id, size=form["size"].data, sha256=form.hash.data)
    return await _begun(acted.resource)


@blueprint.post("/patients/<patient_id>/papers/uploads")
async def begin(patient_id: str) -> Response:
    form = await web.form(UploadForm)
    web.count(PAPER_PER_PERSON)
    acted = await web.act(
        actions.begin, queries.upload, patient_id, _said(form), size=form["size"].data, sha256=form.hash.data
    )
    return await _begun(acted.resource)


async def _begun(upload: Upload) -> Response:
    if await _intake().received(upload.id) > upload.size:  # it was announced as larger before
        _intake().drop(upload.id)
    return await _come(upload, 201)


@blueprint.get("/papers/uploads/<upload_id>")
async def received(upload_id: str) -> Response:
    """How much of it is there, and what became of it."""
    return await _come(await web.see(queries.upload, upload_id))


@blueprint.put("/papers/uploads/<upload_id>")
@web.takes("offset")
async def send(upload_id: str) -> Response:
    """The part that begins at `offset`; with the last one it is looked at, and stands in the file."""
    part, offset = await web.piece(), web.number("offset")
    if len(part) > PART:
        raise TooLarge(N_("Une partie a au plus 64 Ko."))
    if offset is None:
        raise Invalid({"offset": N_("Indiquez où cette partie commence.")})
    found = await web.see(actions.receiving, upload_id)
    if found.paper_id is None and await _intake().add(found.id, found.size, offset, part) == found.size:
        found = await _finish(found)
    return await _come(found)


async def _finish(whole: Upload) -> Upload:
    """Raises Invalid where it is not what was promised, or unfit; then nothing of it stays."""
    intake = _intake()
    try:
        sent = await intake.whole(whole.id, whole.sha256)
    except Invalid:  # of two who send the last part the other may have finished it meanwhile
        now = await web.see(queries.upload, whole.id)
        if now.paper_id is None:
            raise
        return now
    try:
        taken = await intake.take(sent)
    except Invalid:
        intake.drop(whole.id)
        raise
    acted = await web.act(actions.finish, queries.upload, whole.id, taken)
    intake.drop(whole.id)
    return acted.resource


async def _come(upload: Upload, status: int = 200) -> Response:
    there = replace(upload, received=await _intake().received(upload.id))
    response = web.as_json(there.json(web.language()), status)
    if status == 201:
        response.headers["Location"] = f"/papers/uploads/{upload.id}"
    return response


@blueprint.get("/records/<record_id>/papers")
async def of_record(record_id: str) -> Response:
    """Those of one record; its page asks for them, and shows them in it."""
    record, found = await web.see_traced(actions.open_record, record_id, again=web.by_itself())
    data = {"items": [one.json(web.language()) for one in found]}
    return web.answer("papers/of_record.html", data, fragment="papers/_of_record.html", record=record, papers=found)


@blueprint.get("/papers/<paper_id>")
async def show(paper_id: str) -> Response:
    """A page of a paper; people see all of its pages, one under the other."""
    paper, around = await web.see_traced(_open, paper_id, again=web.by_itself())
    return web.answer("papers/show.html", paper.json(web.language()), paper=paper, **around)


class _AroundPages(_Around):
    pages: list[Paper]
    may_add_page: bool


def _open(tx: Transaction, viewer: Viewer, paper_id: str, *, again: bool) -> tuple[Paper, _AroundPages]:
    found, pages = actions.open_pages(tx, viewer, paper_id, again=again)
    around = _around(tx, viewer, found.patient_id)
    own = around["may_write"] and found.author_id == viewer.id and found.status == "current"
    return found, {**around, "pages": pages, "may_add_page": own and len(pages) < MOST_PAGES}


@blueprint.get("/papers/<paper_id>/content")
async def content(paper_id: str) -> Response:
    """The file itself: what a page shows of it is the reading that the page is."""
    found = await web.see_traced(actions.open_paper, paper_id, again=True)
    return await sent_file(found.sha256, found.kind, found.file_name)


@blueprint.get("/papers/<paper_id>/thumbnail")
async def thumbnail(paper_id: str) -> Response:
    found = await web.see_traced(actions.open_thumbnail, paper_id)
    return await sent_file(found, "image/jpeg", "thumbnail.jpg")


async def sent_file(name: str, kind: str, file_name: str) -> Response:
    """A picture is shown where it is asked for; a PDF is only ever saved: a viewer would run what is in it."""
    try:
        held = await asyncio.to_thread(_intake().contents.read, name)
    except (OSError, ValueError) as error:
        log.error("the paper %s is not there, or damaged", name)
        raise TryLater(
            N_("Ce document ne se laisse plus lire sur le serveur : prévenez l'administrateur."), retry_after=3600
        ) from error
    response = Response(held, content_type=kind)
    place = "attachment" if kind == queries.PDF else "inline"
    response.headers["Content-Disposition"] = f'{place}; filename="{file_name}"'
    response.headers["Content-Security-Policy"] = _POLICY
    return response
