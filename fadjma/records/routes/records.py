"""A record of any type: written in words, opened, corrected in words, entered in error."""

from dataclasses import asdict
from datetime import date
from typing import TypedDict

from quart import Blueprint, Response

from fadjma import days, web
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.records import actions, allergens, queries, vaccinations
from fadjma.records.forms.fields import (
    AmendAllergyForm,
    AmendForm,
    AmendProblemForm,
    AmendVaccinationForm,
    EndForm,
    ErrorForm,
    RecordForm,
)
from fadjma.records.forms.measured import AmendConsultationForm
from fadjma.records.forms.results import AmendResultForm
from fadjma.records.problems import Problem
from fadjma.records.results import Result, Value, written
from fadjma.records.routes.around import Banner, add, around_new, banner, correct, may_write
from fadjma.records.vaccinations import NotedEarly, Vaccination
from fadjma.store import Transaction

blueprint = Blueprint("records", __name__)


@blueprint.get("/patients/<patient_id>/records/new")
async def new(patient_id: str) -> Response:
    form = web.blank(RecordForm)
    return web.page("records/new.html", form=form, **await around_new(patient_id))


@blueprint.post("/patients/<patient_id>/records")
@web.refill("records/new.html", RecordForm, context=around_new)
async def create(patient_id: str) -> Response:
    form = await web.form(RecordForm)
    day = form.occurred_on.data or form.today
    return await add(
        actions.create,
        patient_id,
        "records",
        type=form.type.data,
        title=form.title.data,
        body=form.body.data,
        occurred_on=day.isoformat(),
    )


_FieldsForm = AmendConsultationForm | AmendProblemForm | AmendResultForm | AmendVaccinationForm


class AroundRecord(TypedDict):
    """A record as its page shows it, with the forms that correct it."""

    record: queries.Record
    patient: Identity
    banner: Banner
    may_write: bool
    may_retract: bool
    early: tuple[NotedEarly, ...]  # of a vaccination: that it was given earlier than the signed schedule says
    amend_form: AmendForm
    allergy_form: AmendAllergyForm
    fields_form: _FieldsForm | None  # of a record that has fields, or may get them
    end_form: EndForm
    error_form: ErrorForm


@blueprint.get("/records/<record_id>")
async def show(record_id: str) -> Response:
    around = await around_record(record_id)
    return web.answer("records/show.html", around["record"].json(web.language()), **around, form=around["amend_form"])


async def around_record(record_id: str) -> AroundRecord:
    """The record as its page shows it, which is traced, also around a form that comes back."""
    found, patient, stays, writes, retracts, early = await web.see_traced(_open, record_id, again=web.by_itself())
    return {
        "record": found,
        "patient": patient,
        "banner": stays,
        "may_write": writes,
        "may_retract": retracts,
        "early": early,
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
        case Result() as one:
            rows = [_typed(value) for value in one.values]
            return web.blank(AmendResultForm, version=found.version, exam=one.exam, values=rows, note=one.note)
        case None if found.type == "test_result":
            note = found.body[:5_000]
            return web.blank(AmendResultForm, version=found.version, exam=found.title, note=note)
        case None if found.type == "vaccination":
            said = {"vaccine": found.title[:120], "note": found.body}
            return web.blank(AmendVaccinationForm, version=found.version, **said)
        case None:
            return None
        case one:
            said = {name: getattr(one, name) for name in ("motive", "observation", "conclusion")}
            return web.blank(AmendConsultationForm, version=found.version, **said)


def _typed(value: Value) -> dict[str, str]:
    """A row of the form as somebody would have typed it."""
    return {
        "analysis": value.analysis,
        "value": value.comparator + written(value.number),
        "unit": value.unit,
        "low": written(value.low),
        "high": written(value.high),
    }


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
) -> tuple[queries.Record, Identity, Banner, bool, bool, tuple[NotedEarly, ...]]:
    """The record, its patient with what the banner says of them, whether the viewer may write, whether they may say
    that it was an error, and of a vaccination whether it was early. Raises NotFound."""
    found = actions.open_record(tx, viewer, record_id, again=again)
    writes = may_write(tx, viewer, found.patient_id, found.type)
    patient = directory.identity(tx, found.patient_id)
    retracts = actions.may_retract(tx, viewer, found)
    early = vaccinations.noted_early(tx, found.patient_id, days.day(tx.now)) if found.type == "vaccination" else ()
    own = () if found.hidden else tuple(one for one in early if one.record_id == found.id)
    return found, patient, banner(tx, viewer, found.patient_id), writes, retracts, own


@blueprint.get("/records/<record_id>/row")
async def row(record_id: str) -> Response:
    """What an open page asks for when an event has brought no more than that there is something (_later.html)."""
    found = await web.see_traced(actions.pass_row, record_id)
    return web.part("records/_row.html", found, f"/records/{record_id}")


@blueprint.post("/records/<record_id>/versions")
@web.refill("records/show.html", AmendForm, context=around_record, versions=True)
async def amend(record_id: str) -> Response:
    form = await web.form(AmendForm)
    return await correct(
        actions.amend,
        record_id,
        version=form.version.data,
        title=form.title.data,
        body=form.body.data,
        reason=form.reason.data,
    )


@blueprint.post("/records/<record_id>/error")
@web.refill("records/show.html", ErrorForm, context=around_record)
async def mark_error(record_id: str) -> Response:
    form = await web.form(ErrorForm)
    acted = await web.act(actions.mark_error, queries.record, record_id, reason=form.reason.data)
    return web.done(acted, "records/_row.html", f"/records/{record_id}")
