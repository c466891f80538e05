"""What was measured of a patient: the list, one value as programs send it, a round, and what was entered in error."""

from datetime import date
from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import days, web
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.records import measurements, measuring
from fadjma.records.forms.fields import ErrorForm
from fadjma.records.forms.measured import MeasurementForm, RoundForm
from fadjma.records.measurements import Measurement
from fadjma.records.routes.around import Banner, banner, unit_of_weight
from fadjma.refusals import Invalid
from fadjma.store import Page, Transaction

blueprint = Blueprint("measurements", __name__)


class _Measured(TypedDict):
    """What was measured of a patient, beside the form of a new round."""

    measured: Page[Measurement]
    rounds: list[measurements.Round]
    patient: Identity
    banner: Banner
    unit: str  # in which a weight of today is typed
    weight_alone: bool  # the file is open for nothing else that is measured
    before: str | None
    today: date


@blueprint.get("/patients/<patient_id>/measurements")
@web.takes("before")
async def measured(patient_id: str) -> Response:
    around = await _measured(patient_id)
    data = around["measured"].json(lambda one: one.json(web.language()))
    return web.answer("records/measurements.html", data, form=web.blank(RoundForm), **around)


async def _measured(patient_id: str) -> _Measured:
    again = request.method == "POST" or web.by_itself()
    return await web.see_traced(_open_measurements, patient_id, web.before(measurements.CURSOR), again=again)


def _open_measurements(
    tx: Transaction, viewer: Viewer, patient_id: str, before: str | None, *, again: bool
) -> _Measured:
    found = measuring.open_measurements(tx, viewer, patient_id, None, before, again=again)
    patient = directory.identity(tx, patient_id)
    return {
        "measured": found,
        "rounds": measurements.in_rounds(found),
        "patient": patient,
        "banner": banner(tx, viewer, patient_id),
        "unit": unit_of_weight(tx, patient),
        "weight_alone": not measurements.sees_all(tx, viewer, patient_id),
        "before": before,
        "today": days.day(tx.now),
    }


@blueprint.post("/patients/<patient_id>/measurements")
async def measure(patient_id: str) -> Response:
    """One value, as programs send it; the page sends what `take_round` takes."""
    try:
        form = await web.form(MeasurementForm)
    except Invalid:  # who may not is told that, whatever they sent: some read the list and note nothing in it
        await web.see(measuring.require_right, patient_id)
        raise
    acted = await web.act(
        measuring.measure,
        measurements.measurement,
        patient_id,
        code=form.code.data,
        value=form.grams,
        measured_on=(form.measured_on.data or form.today).isoformat(),
        confirmed=form.confirm.data,
    )
    return web.done(
        acted,
        "records/_measurement.html",
        f"/measurements/{acted.resource.id}",
        created=True,
        then=f"/patients/{patient_id}/records",
    )


@blueprint.post("/patients/<patient_id>/vitals")
@web.refill("records/measurements.html", RoundForm, context=_measured)
async def take_round(patient_id: str) -> Response:
    try:
        form = await web.form(RoundForm)
    except Invalid:  # as above
        await web.see(measuring.require_right, patient_id)
        raise
    acted = await web.act(
        measuring.take_round,
        measurements.round_of,
        patient_id,
        readings=form.readings,
        measured_on=(form.measured_on.data or form.today).isoformat(),
        confirmed=form.confirm.data,
    )
    then = f"/patients/{patient_id}/records"
    return web.done(acted, "records/_round.html", f"/measurements/{acted.resource.id}", created=True, then=then)


class _AroundMeasured(TypedDict):
    """One measurement as its page shows it."""

    item: Measurement
    patient: Identity


@blueprint.get("/measurements/<measurement_id>")
async def one_measured(measurement_id: str) -> Response:
    around = await _around_measured(measurement_id)
    data = around["item"].json(web.language())
    return web.answer("records/measurement.html", data, form=web.blank(ErrorForm), **around)


async def _around_measured(measurement_id: str) -> _AroundMeasured:
    again = request.method == "POST" or web.by_itself()
    found, patient = await web.see_traced(_open_measurement, measurement_id, again=again)
    return {"item": found, "patient": patient}


@blueprint.post("/measurements/<measurement_id>/error")
@web.refill("records/measurement.html", ErrorForm, context=_around_measured)
async def mark_measured_in_error(measurement_id: str) -> Response:
    form = await web.form(ErrorForm)
    acted = await web.act(measuring.mark_error, measurements.measurement, measurement_id, reason=form.reason.data)
    return web.done(acted, "records/_measurement.html", f"/measurements/{measurement_id}")


def _open_measurement(
    tx: Transaction, viewer: Viewer, measurement_id: str, *, again: bool
) -> tuple[Measurement, Identity]:
    found = measuring.open_measurement(tx, viewer, measurement_id, again=again)
    return found, directory.identity(tx, found.patient_id)
