"""Adding to a file (records, corrections, measurements); the file itself is shown above (fadjma/files.py)."""

from dataclasses import asdict
from datetime import date
from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import days, web
from fadjma.access import grants
from fadjma.access import queries as access
from fadjma.access.states import OPENS
from fadjma.identity import births, directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.records import (
    actions,
    allergens,
    allergies,
    measurements,
    measuring,
    noting,
    queries,
    recalling,
    structuring,
)
from fadjma.records.allergies import Allergies
from fadjma.records.forms import (
    AllergyForm,
    AmendAllergyForm,
    AmendConsultationForm,
    AmendForm,
    AmendProblemForm,
    AmendVaccinationForm,
    ConsultationForm,
    EndForm,
    ErrorForm,
    MeasurementForm,
    ProblemForm,
    RecordForm,
    RoundForm,
    VaccinationForm,
)
from fadjma.records.measurements import Measurement
from fadjma.records.problems import Known, Problem
from fadjma.records.vaccinations import Recall, Vaccination
from fadjma.refusals import Invalid
from fadjma.store import Page, Transaction
from fadjma.web.forms import NoFields

blueprint = Blueprint("records", __name__)


class _AroundNew(TypedDict):
    """What the form of a new record stands beside."""

    file: queries.File
    allergies: Allergies
    unit: str  # in which a weight of today is typed


async def _around_new(patient_id: str) -> _AroundNew:
    return await web.see_traced(_open_new, patient_id, again=True)  # from the open file, or back


def _open_new(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool) -> _AroundNew:
    file = actions.open_to_write(tx, viewer, patient_id, again=again)
    unit = _unit_of_weight(tx, file.patient)
    return {"file": file, "allergies": allergies.of_patient(tx, patient_id), "unit": unit}


def _unit_of_weight(tx: Transaction, patient: Identity) -> str:
    return "g" if births.is_newborn(patient.birth_date, days.day(tx.now)) else "kg"


class _Banner(TypedDict):
    """What stays in sight of a patient while one acts for them. None: not for this person to see, or not now."""

    grant: access.AccessRequest | None
    allergies: Allergies | None
    weight: Measurement | None  # the newest; None also where there is none


def _banner(tx: Transaction, viewer: Viewer, patient_id: str) -> _Banner:
    grant = grants.granted(tx, viewer, patient_id, queries.part_of("allergy"))
    weighed = grant is not None and grant.scope in OPENS[measurements.PART]
    return {
        "grant": grant,
        "allergies": allergies.of_patient(tx, patient_id) if grant else None,
        "weight": measurements.newest(tx, patient_id, "body_weight") if weighed else None,
    }


@blueprint.get("/patients/<patient_id>/records/new")
async def new(patient_id: str) -> Response:
    form = web.blank(RecordForm)
    return web.page("records/new.html", form=form, **await _around_new(patient_id))


@blueprint.post("/patients/<patient_id>/records")
@web.refill("records/new.html", RecordForm, context=_around_new)
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


@blueprint.get("/patients/<patient_id>/consultations/new")
async def new_consultation(patient_id: str) -> Response:
    form = web.blank(ConsultationForm)
    return web.page("records/consultation.html", form=form, **await _around_new(patient_id))


@blueprint.post("/patients/<patient_id>/consultations")
@web.refill("records/consultation.html", ConsultationForm, context=_around_new)
async def consult(patient_id: str) -> Response:
    form = await web.form(ConsultationForm)
    acted = await web.act(
        structuring.consult,
        queries.record,
        patient_id,
        facts=form.facts,
        readings=form.readings,
        occurred_on=(form.occurred_on.data or form.today).isoformat(),
        confirmed=form.confirm.data,
    )
    return _written(acted)


def _written(acted: web.Acted[queries.Record]) -> Response:
    then = f"/patients/{acted.resource.patient_id}/records"
    return web.done(acted, "records/_row.html", f"/records/{acted.resource.id}", created=True, then=then)


_FieldsForm = AmendConsultationForm | AmendProblemForm | AmendVaccinationForm


class _Around(TypedDict):
    """A record as its page shows it, with the forms that correct it."""

    record: queries.Record
    patient: Identity
    banner: _Banner
    may_write: bool
    amend_form: AmendForm
    allergy_form: AmendAllergyForm
    fields_form: _FieldsForm | None  # of a record that has fields, or may get them
    end_form: EndForm
    error_form: ErrorForm


@blueprint.get("/records/<record_id>")
async def show(record_id: str) -> Response:
    around = await _around(record_id)
    return web.answer("records/show.html", around["record"].json(web.language()), **around, form=around["amend_form"])


async def _around(record_id: str) -> _Around:
    """The record as its page shows it, which is traced, also around a form that comes back."""
    found, patient, banner, may_write = await web.see_traced(_open, record_id, again=web.by_itself())
    return {
        "record": found,
        "patient": patient,
        "banner": banner,
        "may_write": may_write,
        "amend_form": web.blank(AmendForm, version=found.version, title=found.title, body=found.body),
        "allergy_form": web.blank(AmendAllergyForm, **_as_noted(found)),
        "fields_form": _fields_form(found),
        "end_form": web.blank(EndForm),
        "error_form": web.blank(ErrorForm),
    }


def _fields_form(found: queries.Record) -> _FieldsForm | None:
    """The form that corrects a record by its fields, as they are now; of a vaccination in words, with its words."""
    match found.fields:
        case Problem() as one:
            said = {**asdict(one), "ended_on": _as_day(one.ended_on)}
            return web.blank(AmendProblemForm, version=found.version, **said)
        case Vaccination() as one:
            said = {**asdict(one), "next_due": _as_day(one.next_due)}
            return web.blank(AmendVaccinationForm, version=found.version, **said)
        case None if found.type == "vaccination":
            said = {"vaccine": found.title[:120], "note": found.body}
            return web.blank(AmendVaccinationForm, version=found.version, **said)
        case None:
            return None
        case one:
            said = {name: getattr(one, name) for name in ("motive", "observation", "conclusion")}
            return web.blank(AmendConsultationForm, version=found.version, **said)


def _as_day(day: str) -> date | None:
    return date.fromisoformat(day) if day else None


def _as_noted(found: queries.Record) -> dict[str, object]:
    """What the form that corrects an allergy begins with; of one in words, its words."""
    if found.facts is None:
        return {"version": found.version, "substance": found.title, "reaction": found.body[:300]}
    said = {name: getattr(found.facts, name) for name in ("substance", "reaction", "severity", "status")}
    is_code = found.facts.kind == "class" and allergens.family_named(found.facts.substance) is None
    kind = "medicine" if found.facts.kind == "class" else found.facts.kind
    return {**said, "version": found.version, "kind": kind, "atc": found.facts.atc if is_code else ""}


def _open(
    tx: Transaction, viewer: Viewer, record_id: str, *, again: bool
) -> tuple[queries.Record, Identity, _Banner, bool]:
    """The record, its patient with what the banner says of them, and whether the viewer may write. Raises NotFound."""
    found = actions.open_record(tx, viewer, record_id, again=again)
    part = queries.part_to_write(found.type)
    may_write = viewer.role == "doctor" and grants.grant(tx, viewer.id, found.patient_id, part) is not None
    patient = directory.identity(tx, found.patient_id)
    return found, patient, _banner(tx, viewer, found.patient_id), may_write


@blueprint.get("/records/<record_id>/row")
async def row(record_id: str) -> Response:
    """What an open page asks for when an event has brought no more than that there is something (_later.html)."""
    found = await web.see_traced(actions.pass_row, record_id)
    return web.part("records/_row.html", found, f"/records/{record_id}")


@blueprint.post("/records/<record_id>/versions")
@web.refill("records/show.html", AmendForm, context=_around, versions=True)
async def amend(record_id: str) -> Response:
    form = await web.form(AmendForm)
    acted = await web.act(
        actions.amend,
        queries.record,
        record_id,
        version=form.version.data,
        title=form.title.data,
        body=form.body.data,
        reason=form.reason.data,
    )
    return web.done(acted, "records/_row.html", f"/records/{record_id}", created=True)


@blueprint.post("/records/<record_id>/consultation")
@web.refill("records/show.html", AmendConsultationForm, context=_around, versions=True)
async def amend_consultation(record_id: str) -> Response:
    form = await web.form(AmendConsultationForm)
    acted = await web.act(
        structuring.amend_consultation,
        queries.record,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
    )
    return web.done(acted, "records/_row.html", f"/records/{record_id}", created=True)


@blueprint.post("/records/<record_id>/error")
@web.refill("records/show.html", ErrorForm, context=_around)
async def mark_error(record_id: str) -> Response:
    form = await web.form(ErrorForm)
    acted = await web.act(actions.mark_error, queries.record, record_id, reason=form.reason.data)
    return web.done(acted, "records/_row.html", f"/records/{record_id}")


class _Measured(TypedDict):
    """What was measured of a patient, beside the form of a new round."""

    measured: Page[Measurement]
    rounds: list[measurements.Round]
    patient: Identity
    banner: _Banner
    unit: str  # in which a weight of today is typed
    weight_alone: bool  # the file is open for nothing else that is measured
    before: str | None
    today: date


@blueprint.get("/patients/<patient_id>/measurements")
async def measured(patient_id: str) -> Response:
    around = await _measured(patient_id)
    data = around["measured"].json(lambda one: one.json(web.language()))
    return web.answer("records/measurements.html", data, form=web.blank(RoundForm), **around)


async def _measured(patient_id: str) -> _Measured:
    again = request.method == "POST" or web.by_itself()
    return await web.see_traced(_open_measurements, patient_id, request.args.get("before"), again=again)


def _open_measurements(
    tx: Transaction, viewer: Viewer, patient_id: str, before: str | None, *, again: bool
) -> _Measured:
    found = measuring.open_measurements(tx, viewer, patient_id, None, before, again=again)
    patient = directory.identity(tx, patient_id)
    return {
        "measured": found,
        "rounds": measurements.in_rounds(found),
        "patient": patient,
        "banner": _banner(tx, viewer, patient_id),
        "unit": _unit_of_weight(tx, patient),
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


class _AroundAllergies(TypedDict):
    """A patient's allergies, beside the form of another one."""

    patient: Identity
    banner: _Banner
    known: Allergies
    may_write: bool


@blueprint.get("/patients/<patient_id>/allergies")
async def allergies_of(patient_id: str) -> Response:
    around = await _allergies(patient_id)
    return web.answer("records/allergies.html", around["known"].json(), form=web.blank(AllergyForm), **around)


async def _allergies(patient_id: str) -> _AroundAllergies:
    return await web.see_traced(_open_allergies, patient_id, again=web.by_itself())


def _open_allergies(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool) -> _AroundAllergies:
    known = noting.open_allergies(tx, viewer, patient_id, again=again)
    part = queries.part_to_write("allergy")
    return {
        "patient": directory.identity(tx, patient_id),
        "banner": _banner(tx, viewer, patient_id),
        "known": known,
        "may_write": viewer.role == "doctor" and grants.grant(tx, viewer.id, patient_id, part) is not None,
    }


async def _allergies_to_note(patient_id: str) -> _AroundAllergies:
    return await web.see_traced(_open_to_note, patient_id)


def _open_to_note(tx: Transaction, viewer: Viewer, patient_id: str) -> _AroundAllergies:
    """Around a form that comes back: to whoever may note one, and not to all who may read them."""
    actions.require_writer(tx, viewer, patient_id, "allergy")
    return _open_allergies(tx, viewer, patient_id, again=True)


@blueprint.post("/patients/<patient_id>/allergies")
@web.refill("records/allergies.html", AllergyForm, context=_allergies_to_note)
async def note_allergy(patient_id: str) -> Response:
    form = await web.form(AllergyForm)
    acted = await web.act(noting.note, queries.record, patient_id, facts=form.facts, confirmed=form.confirm.data)
    return _noted(acted)


@blueprint.post("/patients/<patient_id>/allergies/none-known")
async def none_known(patient_id: str) -> Response:
    await web.form(NoFields)
    return _noted(await web.act(noting.state_none_known, queries.record, patient_id))


def _noted(acted: web.Acted[queries.Record]) -> Response:
    then = f"/patients/{acted.resource.patient_id}/allergies"
    return web.done(acted, "records/_row.html", f"/records/{acted.resource.id}", created=True, then=then)


@blueprint.post("/records/<record_id>/allergy")
@web.refill("records/show.html", AmendAllergyForm, context=_around, versions=True)
async def amend_allergy(record_id: str) -> Response:
    form = await web.form(AmendAllergyForm)
    acted = await web.act(
        noting.amend,
        queries.record,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
        confirmed=form.confirm.data,
    )
    return web.done(acted, "records/_row.html", f"/records/{record_id}", created=True)


class _AroundProblems(TypedDict):
    """A patient's problems, beside the form of another one."""

    patient: Identity
    banner: _Banner
    known: tuple[Known, ...]
    may_write: bool


@blueprint.get("/patients/<patient_id>/problems")
async def problems_of(patient_id: str) -> Response:
    around = await web.see_traced(_open_problems, patient_id, again=web.by_itself())
    data = {"items": [one.json(web.language()) for one in around["known"]]}
    return web.answer("records/problems.html", data, form=web.blank(ProblemForm), **around)


def _open_problems(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool) -> _AroundProblems:
    return {
        "known": structuring.open_problems(tx, viewer, patient_id, again=again),
        "patient": directory.identity(tx, patient_id),
        "banner": _banner(tx, viewer, patient_id),
        "may_write": viewer.role == "doctor" and grants.grant(tx, viewer.id, patient_id, "records") is not None,
    }


async def _problems_to_note(patient_id: str) -> _AroundProblems:
    return await web.see_traced(_open_to_note_problem, patient_id)


def _open_to_note_problem(tx: Transaction, viewer: Viewer, patient_id: str) -> _AroundProblems:
    """Around a form that comes back: to whoever may note one, and not to all who may read them."""
    actions.require_writer(tx, viewer, patient_id, "problem")
    return _open_problems(tx, viewer, patient_id, again=True)


@blueprint.post("/patients/<patient_id>/problems")
@web.refill("records/problems.html", ProblemForm, context=_problems_to_note)
async def note_problem(patient_id: str) -> Response:
    form = await web.form(ProblemForm)
    acted = await web.act(structuring.note_problem, queries.record, patient_id, facts=form.facts)
    then = f"/patients/{patient_id}/problems"
    return web.done(acted, "records/_row.html", f"/records/{acted.resource.id}", created=True, then=then)


@blueprint.post("/records/<record_id>/problem")
@web.refill("records/show.html", AmendProblemForm, context=_around, versions=True)
async def amend_problem(record_id: str) -> Response:
    form = await web.form(AmendProblemForm)
    acted = await web.act(
        structuring.amend_problem,
        queries.record,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
    )
    return web.done(acted, "records/_row.html", f"/records/{record_id}", created=True)


@blueprint.post("/records/<record_id>/ending")
@web.refill("records/show.html", EndForm, context=_around, versions=True)
async def end_problem(record_id: str) -> Response:
    form = await web.form(EndForm)
    ended_on = (form.ended_on.data or form.today).isoformat()
    acted = await web.act(
        structuring.end_problem, queries.record, record_id, version=form.version.data, ended_on=ended_on
    )
    return web.done(acted, "records/_row.html", f"/records/{record_id}", created=True)


@blueprint.get("/patients/<patient_id>/vaccinations/new")
async def new_vaccination(patient_id: str) -> Response:
    form = web.blank(VaccinationForm)
    return web.page("records/vaccination.html", form=form, **await _around_new(patient_id))


@blueprint.post("/patients/<patient_id>/vaccinations")
@web.refill("records/vaccination.html", VaccinationForm, context=_around_new)
async def vaccinate(patient_id: str) -> Response:
    form = await web.form(VaccinationForm)
    day = (form.occurred_on.data or form.today).isoformat()
    acted = await web.act(structuring.vaccinate, queries.record, patient_id, facts=form.facts, occurred_on=day)
    return _written(acted)


@blueprint.post("/records/<record_id>/vaccination")
@web.refill("records/show.html", AmendVaccinationForm, context=_around, versions=True)
async def amend_vaccination(record_id: str) -> Response:
    form = await web.form(AmendVaccinationForm)
    acted = await web.act(
        structuring.amend_vaccination,
        queries.record,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
    )
    return web.done(acted, "records/_row.html", f"/records/{record_id}", created=True)


@blueprint.get("/vaccination-recalls")
async def recalls() -> Response:
    found = await web.see_traced(recalling.open_recalls, request.args.get("before"))
    return web.answer("records/recalls.html", found.json(Recall.json), recalls=found)


@blueprint.get("/allergens")
async def allergens_named() -> Response:
    """Families and substances that are proposed while somebody types what a patient does not bear."""
    found = await web.see(_named, request.args.get("substance", "")[:120])
    return web.answer("records/_allergens.html", {"items": found}, fragment="records/_allergens.html", found=found)


def _named(tx: Transaction, viewer: Viewer, q: str) -> list[str]:
    viewer.require("doctor")
    return allergies.suggested(tx, q)
