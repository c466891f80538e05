"""A renewal: asked for and taken back by the patient, declined by the prescriber; granting it is prescribing."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.prescriptions import queries, renewing
from fadjma.prescriptions.forms import ReasonForm, RenewalForm
from fadjma.prescriptions.routes.reading import one
from fadjma.web.bounds import RENEWALS_PER_PERSON
from fadjma.web.forms import NoFields

blueprint = Blueprint("renewing", __name__)
_ROW = "prescriptions/_row.html"


@blueprint.post("/prescriptions/<prescription_id>/renewal")
@web.refill("prescriptions/show.html", RenewalForm, context=one)
async def ask(prescription_id: str) -> Response:
    form = await web.form(RenewalForm)
    web.count(RENEWALS_PER_PERSON)
    acted = await web.act(renewing.ask, queries.prescription, prescription_id, note=form.note.data or "")
    return web.done(acted, _ROW, f"/prescriptions/{prescription_id}")


@blueprint.post("/prescriptions/<prescription_id>/renewal-withdrawal")
async def withdraw(prescription_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(renewing.withdraw, queries.prescription, prescription_id)
    return web.done(acted, _ROW, f"/prescriptions/{prescription_id}")


@blueprint.post("/prescriptions/<prescription_id>/renewal-refusal")
@web.refill("prescriptions/show.html", ReasonForm, context=one)
async def decline(prescription_id: str) -> Response:
    form = await web.form(ReasonForm)
    acted = await web.act(renewing.decline, queries.prescription, prescription_id, reason=form.reason.data)
    return web.done(acted, _ROW, f"/prescriptions/{prescription_id}")
