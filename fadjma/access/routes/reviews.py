"""What an admin looks over: emergency accesses, and lines of the trace that their patients contest."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypedDict

from quart import Blueprint, Response

from fadjma import web
from fadjma.access import queries, readings, reviewing, reviews, states
from fadjma.access.forms import AnswerForm, ContestForm, ExplainForm, ExplanationForm, JudgementForm
from fadjma.access.routes.requests import one_page
from fadjma.identity.people import Viewer
from fadjma.store import Transaction
from fadjma.web.bounds import CONTEST_PER_PERSON

P = ParamSpec("P")

blueprint = Blueprint("reviews", __name__)


# --- emergency accesses -------------------------------------------------------------------------------------


@blueprint.get("/emergencies")
@web.takes("place", "before")
async def emergencies() -> Response:
    place, before = web.one_of("place", states.PLACES), web.before()
    found = await web.see(reviews.reviews, place=place, before=before)
    data = found.json(lambda item: item.json(web.language()))
    return web.answer("access/emergencies.html", data, reviews=found, place=place, before=before)


class _OneReview(TypedDict):
    item: reviews.Review


async def _one_review(request_id: str) -> _OneReview:
    return {"item": await web.see(reviews.review, request_id)}


@blueprint.get("/emergencies/<request_id>")
async def emergency(request_id: str) -> Response:
    around = await _one_review(request_id)
    return web.answer("access/emergency.html", around["item"].json(web.language()), **around)


@blueprint.post("/emergencies/<request_id>/justification")
@web.refill("access/emergency.html", ExplanationForm, context=_one_review)
async def justification(request_id: str) -> Response:
    form = await web.form(ExplanationForm)
    return await _act(reviewing.justify, request_id, text=form.text.data or "")


@blueprint.post("/emergencies/<request_id>/question")
@web.refill("access/emergency.html", JudgementForm, context=_one_review)
async def question(request_id: str) -> Response:
    form = await web.form(JudgementForm)
    return await _act(reviewing.question, request_id, text=form.text.data)


@blueprint.post("/emergencies/<request_id>/abuse")
@web.refill("access/emergency.html", JudgementForm, context=_one_review)
async def abuse(request_id: str) -> Response:
    form = await web.form(JudgementForm)
    return await _act(reviewing.condemn, request_id, text=form.text.data)


@blueprint.post("/emergencies/<request_id>/explanation")
@web.refill("access/show.html", ExplainForm, context=one_page)
async def explanation(request_id: str) -> Response:
    form = await web.form(ExplainForm)
    acted = await web.act(reviewing.explain, queries.access_request, request_id, text=form.text.data)
    return web.done(acted, "access/_row.html", f"/access-requests/{request_id}")


async def _act(
    action: Callable[Concatenate[Transaction, Viewer, str, P], str], request_id: str, *args: P.args, **kwargs: P.kwargs
) -> Response:
    acted = await web.act(action, reviews.review, request_id, *args, **kwargs)
    return web.done(acted, "access/_review.html", f"/emergencies/{request_id}")


# --- lines of the trace -------------------------------------------------------------------------------------


class _OneLine(TypedDict):
    """A line of one's own trace, with the form that says that it is not normal."""

    line: readings.Reading
    contest: reviews.Contest | None


def _line(tx: Transaction, viewer: Viewer, patient_id: str, line_id: str) -> _OneLine:
    line = readings.own_line(tx, viewer, patient_id, line_id)
    return {"line": line, "contest": reviews.contest(tx, viewer, line_id) if line.contest else None}


async def _one_line(patient_id: str, line_id: str) -> _OneLine:
    return await web.see(_line, patient_id, line_id)


@blueprint.get("/patients/<patient_id>/accesses/<line_id>")
async def line(patient_id: str, line_id: str) -> Response:
    around = await _one_line(patient_id, line_id)
    return web.answer("access/line.html", around["line"].json(), form=web.blank(ContestForm), **around)


@blueprint.post("/patients/<patient_id>/accesses/<line_id>/contest")
@web.refill("access/line.html", ContestForm, context=_one_line)
async def contest_line(patient_id: str, line_id: str) -> Response:
    form = await web.form(ContestForm)
    web.count(CONTEST_PER_PERSON)
    acted = await web.act(reviewing.contest, reviews.contest, patient_id, line_id, text=form.text.data or "")
    return web.done(acted, "access/_contest.html", f"/contests/{line_id}", created=True)


@blueprint.get("/contests")
@web.takes("place", "before")
async def contests() -> Response:
    place, before = web.one_of("place", states.PLACES), web.before()
    found = await web.see(reviews.contests, place=place, before=before)
    data = found.json(lambda item: item.json(web.language()))
    return web.answer("access/contests.html", data, contests=found, place=place, before=before)


class _OneContest(TypedDict):
    item: reviews.Contest


async def _one_contest(line_id: str) -> _OneContest:
    return {"item": await web.see(reviews.contest, line_id)}


@blueprint.get("/contests/<line_id>")
async def contest(line_id: str) -> Response:
    around = await _one_contest(line_id)
    data = around["item"].json(web.language())
    return web.answer("access/contest.html", data, form=web.blank(AnswerForm), **around)


@blueprint.post("/contests/<line_id>/answer")
@web.refill("access/contest.html", AnswerForm, context=_one_contest)
async def answer(line_id: str) -> Response:
    form = await web.form(AnswerForm)
    acted = await web.act(reviewing.answer, reviews.contest, line_id, text=form.text.data)
    return web.done(acted, "access/_contest.html", f"/contests/{line_id}")
