"""Results of tests by their fields: noting one, row by row, and correcting it."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.records import queries, results, structuring, units
from fadjma.records.forms.results import AmendResultForm, ResultForm
from fadjma.records.results import Proposed
from fadjma.records.routes.around import AroundNew, add, correct, open_new
from fadjma.records.routes.records import around_record
from fadjma.refusals import Invalid
from fadjma.store import Transaction

blueprint = Blueprint("results", __name__)


class _AroundResult(AroundNew):
    """With what is proposed while somebody types."""

    proposed: list[Proposed]
    usual_units: tuple[str, ...]


async def _around_result(patient_id: str) -> _AroundResult:
    return await web.see_traced(_open, patient_id)


def _open(tx: Transaction, viewer: Viewer, patient_id: str) -> _AroundResult:
    around = open_new(tx, viewer, patient_id, again=True)  # from the open file, or back
    sees = queries.may_read(tx, viewer, patient_id, "test_result")
    return {**around, "proposed": results.proposed(tx, patient_id) if sees else [], "usual_units": units.USUAL}


def _refuse_two_readings(form: ResultForm | AmendResultForm) -> None:
    """Of what people type. In JSON a point has one meaning."""
    if web.wants() != "json" and (found := form.read_two_ways()):
        raise Invalid(found)


@blueprint.get("/patients/<patient_id>/test-results/new")
async def new_result(patient_id: str) -> Response:
    form = web.blank(ResultForm)
    return web.page("records/result.html", form=form, **await _around_result(patient_id))


@blueprint.post("/patients/<patient_id>/test-results")
@web.refill("records/result.html", ResultForm, context=_around_result)
async def note_result(patient_id: str) -> Response:
    form = await web.form(ResultForm)
    _refuse_two_readings(form)
    day = (form.occurred_on.data or form.today).isoformat()
    return await add(structuring.note_result, patient_id, "records", facts=form.facts, occurred_on=day)


@blueprint.post("/records/<record_id>/test-result")
@web.refill("records/show.html", AmendResultForm, context=around_record, versions=True)
async def amend_result(record_id: str) -> Response:
    form = await web.form(AmendResultForm)
    _refuse_two_readings(form)
    return await correct(
        structuring.amend_result,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
    )
