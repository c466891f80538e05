"""The file, its records, and corrections."""

from datetime import UTC, datetime
from typing import Any

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.records import actions, queries
from fadjma.records.forms import AmendForm, ErrorForm, RecordForm
from fadjma.refusals import Conflict, NotFound

blueprint = Blueprint("records", __name__)


@blueprint.get("/patients/<patient_id>/records")
async def index(patient_id: str) -> Response:
    found = await web.see_traced(actions.open_file, patient_id, request.args.get("before"))
    if found is None:
        raise NotFound
    data: dict[str, Any] = {"items": [record.json(web.language()) for record in found.records]}
    if found.next:
        data["next"] = found.next
    return web.answer("records/index.html", data, file=found)


async def _file_of(patient_id: str) -> dict[str, Any]:
    return {"file": await web.see(queries.file, patient_id)}


@blueprint.get("/patients/<patient_id>/records/new")
async def new(patient_id: str) -> Response:
    form = web.blank(RecordForm)
    return web.page("records/new.html", form=form, **await _file_of(patient_id))


@blueprint.post("/patients/<patient_id>/records")
@web.refill("records/new.html", RecordForm, context=_file_of)
async def create(patient_id: str) -> Response:
    form = await web.form(RecordForm)
    day = form.occurred_on.data or datetime.now(UTC).date()
    acted = await web.act(
        actions.create,
        queries.record,
        patient_id,
        type=form.type.data,
        title=form.title.data,
        body=form.body.data,
        occurred_on=day.isoformat(),
    )
    location = f"/records/{acted.resource.id}" if web.wants() == "json" else f"/patients/{patient_id}/records"
    return web.done(acted, "records/_row.html", location, created=True)


@blueprint.get("/records/<record_id>")
async def show(record_id: str) -> Response:
    found = await web.see_traced(actions.open_record, record_id)
    if found is None:
        raise NotFound
    form = web.blank(AmendForm, version=found.version, title=found.title, body=found.body)
    return web.answer("records/show.html", found.json(web.language()), record=found, form=form)


async def _record(record_id: str) -> dict[str, Any]:
    return {"record": await web.see(queries.record_with_versions, record_id)}


@blueprint.post("/records/<record_id>/versions")
@web.refill("records/show.html", AmendForm, context=_record)
async def amend(record_id: str) -> Response:
    form = await web.form(AmendForm)
    try:
        acted = await web.act(
            actions.amend,
            queries.record,
            record_id,
            version=form.version.data,
            title=form.title.data,
            body=form.body.data,
            reason=form.reason.data,
        )
    except Conflict as conflict:
        if web.wants() == "json":
            raise
        # The other version is shown above what was typed, which is kept: the doctor decides again.
        return web.page("records/show.html", 409, form=form, conflict=conflict.message, **await _record(record_id))
    return web.done(acted, "records/_row.html", f"/records/{record_id}", created=True)


@blueprint.post("/records/<record_id>/error")
@web.refill("records/show.html", ErrorForm, context=_record)
async def mark_error(record_id: str) -> Response:
    form = await web.form(ErrorForm)
    acted = await web.act(actions.mark_error, queries.record, record_id, reason=form.reason.data)
    return web.done(acted, "records/_row.html", f"/records/{record_id}")
