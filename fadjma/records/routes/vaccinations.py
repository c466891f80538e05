"""Vaccinations: noting one, correcting it, and whom the front desk is to call."""

from typing import get_args

from quart import Blueprint, Response

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.records import recalling, schedule, structuring
from fadjma.records.forms.fields import AmendVaccinationForm, VaccinationForm
from fadjma.records.routes.around import add, around_new, correct
from fadjma.records.routes.records import around_record
from fadjma.records.vaccinations import Recall
from fadjma.store import Page, Transaction, paging

blueprint = Blueprint("vaccinations", __name__)


@blueprint.get("/patients/<patient_id>/vaccinations/new")
async def new_vaccination(patient_id: str) -> Response:
    form = web.blank(VaccinationForm)
    return web.page("records/vaccination.html", form=form, **await around_new(patient_id))


@blueprint.post("/patients/<patient_id>/vaccinations")
@web.refill("records/vaccination.html", VaccinationForm, context=around_new)
async def vaccinate(patient_id: str) -> Response:
    form = await web.form(VaccinationForm)
    day = (form.occurred_on.data or form.today).isoformat()
    return await add(structuring.vaccinate, patient_id, "records", facts=form.facts, occurred_on=day)


@blueprint.post("/records/<record_id>/vaccination")
@web.refill("records/show.html", AmendVaccinationForm, context=around_record, versions=True)
async def amend_vaccination(record_id: str) -> Response:
    form = await web.form(AmendVaccinationForm)
    return await correct(
        structuring.amend_vaccination,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
    )


@blueprint.get("/vaccination-recalls")
@web.takes("only", "before")
async def recalls() -> Response:
    before, only = web.before(paging.DAY), web.one_of("only", get_args(recalling.Only))
    found, signed = await web.see_traced(_recalls, before, only)
    data = {**found.json(Recall.json), "vaccination_schedule": {"in_use": signed}}
    return web.answer("records/recalls.html", data, recalls=found, by_schedule=signed, before=before, only=only)


def _recalls(
    tx: Transaction, viewer: Viewer, before: str | None, only: recalling.Only | None
) -> tuple[Page[Recall], bool]:
    """The list, and whether the clinic has signed a schedule."""
    return recalling.open_recalls(tx, viewer, before, only), schedule.is_signed(tx)
