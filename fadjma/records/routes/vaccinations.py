"""Vaccinations: noting one, correcting it, and whom the front desk is to call."""

from typing import get_args

from quart import Blueprint, Response

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.records import recalling, schedule, structuring
from fadjma.records.forms.fields import AmendVaccinationForm, VaccinationForm
from fadjma.records.routes.around import AroundNew, add, correct, open_new
from fadjma.records.routes.records import around_record
from fadjma.records.vaccinations import Recall
from fadjma.store import Page, Transaction, paging

blueprint = Blueprint("vaccinations", __name__)


class _AroundVaccination(AroundNew):
    """With what is proposed while somebody types: the vaccines of the schedule, which are what is compared."""

    vaccines: list[str]


async def _around_new(patient_id: str) -> _AroundVaccination:
    return await web.see_traced(_open_new, patient_id)


def _open_new(tx: Transaction, viewer: Viewer, patient_id: str) -> _AroundVaccination:
    around = open_new(tx, viewer, patient_id, again=True)  # from the open file, or back
    return {**around, "vaccines": list(dict.fromkeys(row.vaccine for row in schedule.signed(tx)))}


@blueprint.get("/patients/<patient_id>/vaccinations/new")
async def new_vaccination(patient_id: str) -> Response:
    form = web.blank(VaccinationForm)
    return web.page("records/vaccination.html", form=form, **await _around_new(patient_id))


@blueprint.post("/patients/<patient_id>/vaccinations")
@web.refill("records/vaccination.html", VaccinationForm, context=_around_new)
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
