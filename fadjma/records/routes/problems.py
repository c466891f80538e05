"""A patient's problems: the list, noting one, correcting it, and that it has ended."""

from typing import TypedDict

from quart import Blueprint, Response

from fadjma import web
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.records import actions, structuring
from fadjma.records.forms.fields import AmendProblemForm, EndForm, ProblemForm
from fadjma.records.problems import Known
from fadjma.records.routes.around import Banner, add, banner, correct, may_write
from fadjma.records.routes.records import around_record
from fadjma.store import Transaction

blueprint = Blueprint("problems", __name__)


class _AroundProblems(TypedDict):
    """A patient's problems, beside the form of another one."""

    patient: Identity
    banner: Banner
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
        "banner": banner(tx, viewer, patient_id),
        "may_write": may_write(tx, viewer, patient_id, "problem"),
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
    return await add(structuring.note_problem, patient_id, "problems", facts=form.facts)


@blueprint.post("/records/<record_id>/problem")
@web.refill("records/show.html", AmendProblemForm, context=around_record, versions=True)
async def amend_problem(record_id: str) -> Response:
    form = await web.form(AmendProblemForm)
    return await correct(
        structuring.amend_problem,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
    )


@blueprint.post("/records/<record_id>/ending")
@web.refill("records/show.html", EndForm, context=around_record, versions=True)
async def end_problem(record_id: str) -> Response:
    form = await web.form(EndForm)
    ended_on = (form.ended_on.data or form.today).isoformat()
    return await correct(structuring.end_problem, record_id, version=form.version.data, ended_on=ended_on)
