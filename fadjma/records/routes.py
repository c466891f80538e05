"""The file, its records, and corrections."""

from typing import Any

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.access import queries as access
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import actions, queries
from fadjma.records.forms import AmendForm, ErrorForm, RecordForm
from fadjma.refusals import Conflict, NotFound
from fadjma.store import Transaction

blueprint = Blueprint("records", __name__)


@blueprint.get("/patients/<patient_id>/records")
async def index(patient_id: str) -> Response:
    opened = await web.see_traced(_open, patient_id, request.args.get("before"), again=web.by_itself())
    if opened is None:
        raise NotFound
    found: queries.File = opened["file"]
    data: dict[str, Any] = {"items": [record.json(web.language()) for record in found.records]}
    if found.next:
        data["next"] = found.next
    return web.answer("records/index.html", data, **opened)


def _open(
    tx: Transaction, viewer: Viewer, patient_id: str, before: str | None, *, again: bool
) -> dict[str, Any] | None:
    found = actions.open_file(tx, viewer, patient_id, before, again=again)
    if found is None:
        return None
    doctor = found.grant is not None
    return {
        "file": found,
        "allergies": queries.allergies(tx, patient_id) if doctor else (),
        "prescriptions": prescriptions.of_patient(tx, viewer, patient_id)
        if doctor and found.may_see_prescriptions
        else [],
    }


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
    day = form.occurred_on.data or form.today
    acted = await web.act(
        actions.create,
        queries.record,
        patient_id,
        type=form.type.data,
        title=form.title.data,
        body=form.body.data,
        occurred_on=day.isoformat(),
    )
    return web.done(
        acted,
        "records/_row.html",
        f"/records/{acted.resource.id}",
        created=True,
        then=f"/patients/{patient_id}/records",
    )


@blueprint.get("/records/<record_id>")
async def show(record_id: str) -> Response:
    around = await _record(record_id)
    return web.answer("records/show.html", around["record"].json(web.language()), **around, form=around["amend_form"])


def _open_record(tx: Transaction, viewer: Viewer, record_id: str, *, again: bool) -> dict[str, Any] | None:
    found = actions.open_record(tx, viewer, record_id, again=again)
    if found is None:
        return None
    return {
        "record": found,
        "patient": directory.identity(tx, found.patient_id),
        "may_write": viewer.role == "doctor" and access.grant(tx, viewer.id, found.patient_id, "records") is not None,
    }


def _with_forms(around: dict[str, Any]) -> dict[str, Any]:
    found: queries.Record = around["record"]
    return {
        **around,
        "conflict": None,
        "amend_form": web.blank(AmendForm, version=found.version, title=found.title, body=found.body),
        "error_form": web.blank(ErrorForm),
    }


async def _record(record_id: str) -> dict[str, Any]:
    """The record as its page shows it, which is traced, also around a form that comes back."""
    opened = await web.see_traced(_open_record, record_id, again=web.by_itself())
    if opened is None:
        raise NotFound
    return _with_forms(opened)


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
        around = {**await _record(record_id), "conflict": conflict.message}
        return web.page("records/show.html", 409, form=form, **around)
    return web.done(acted, "records/_row.html", f"/records/{record_id}", created=True)


@blueprint.post("/records/<record_id>/error")
@web.refill("records/show.html", ErrorForm, context=_record)
async def mark_error(record_id: str) -> Response:
    form = await web.form(ErrorForm)
    acted = await web.act(actions.mark_error, queries.record, record_id, reason=form.reason.data)
    return web.done(acted, "records/_row.html", f"/records/{record_id}")
