"""Consultations: writing one with what was measured in it, and correcting what it says."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.records import structuring
from fadjma.records.forms.measured import AmendConsultationForm, ConsultationForm
from fadjma.records.routes.around import add, around_new, correct
from fadjma.records.routes.records import around_record

blueprint = Blueprint("consultations", __name__)


@blueprint.get("/patients/<patient_id>/consultations/new")
async def new_consultation(patient_id: str) -> Response:
    form = web.blank(ConsultationForm)
    return web.page("records/consultation.html", form=form, **await around_new(patient_id))


@blueprint.post("/patients/<patient_id>/consultations")
@web.refill("records/consultation.html", ConsultationForm, context=around_new)
async def consult(patient_id: str) -> Response:
    form = await web.form(ConsultationForm)
    return await add(
        structuring.consult,
        patient_id,
        "records",
        facts=form.facts,
        readings=form.readings,
        occurred_on=(form.occurred_on.data or form.today).isoformat(),
        confirmed=form.confirm.data,
    )


@blueprint.post("/records/<record_id>/consultation")
@web.refill("records/show.html", AmendConsultationForm, context=around_record, versions=True)
async def amend_consultation(record_id: str) -> Response:
    form = await web.form(AmendConsultationForm)
    return await correct(
        structuring.amend_consultation,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
    )
