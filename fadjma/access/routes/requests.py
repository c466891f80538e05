"""Finding a patient, asking for access, deciding, and who saw the file."""

from collections.abc import Callable
from itertools import groupby
from typing import Concatenate, ParamSpec, TypedDict

from quart import Blueprint, Response, request

from fadjma import days, web
from fadjma.access import actions, grants, patient_lists, queries, readings, states
from fadjma.access.forms import ApproveForm, AskForm, ExplainForm, InPersonForm, ReasonForm
from fadjma.access.readings import Reading
from fadjma.accounts.signing_in import confirm_password
from fadjma.i18n import show_day, translate
from fadjma.identity import directory, passwords, patient_pins
from fadjma.identity.people import Viewer
from fadjma.store import Page, Transaction
from fadjma.web.bounds import ASK_PER_PAIR
from fadjma.web.forms import NoFields
from fadjma.web.throttle import LOOK_UP_PER_DESK, LOOK_UP_PER_DOCTOR

P = ParamSpec("P")
Choices = list[tuple[str, str, str]]  # a code, its label, and what more there is to say of it

blueprint = Blueprint("requests", __name__)


class AskPage(TypedDict):
    """What access/new.html shows, beside its form."""

    patient: directory.Identity
    scopes: Choices
    durations: Choices
    emergencies: Choices


class OnePage(TypedDict):
    """What access/show.html shows."""

    item: queries.AccessRequest
    pin: patient_pins.State
    approve_form: ApproveForm
    in_person_form: InPersonForm
    reason_form: ReasonForm
    explain_form: ExplainForm
    scopes: Choices
    durations: Choices


# --- patients of a doctor -----------------------------------------------------------------------------------


@blueprint.get("/patients")
@web.takes("q", "before", "mine", "recent")
async def patients() -> Response:
    before, role = web.before(), await web.see(actions.finding)
    q = web.sought() if role == "doctor" else web.sought_where_traced()
    if role == "nurse":
        return await _delegated(before, q)
    if role == "doctor" and web.ticked("recent"):
        return await _own(await web.see(patient_lists.recent_patients), before=None, q="")
    if role == "doctor" and web.ticked("mine"):
        return await _own(await web.see(patient_lists.own_patients, q, before), before, q)
    found: Page[directory.Identity] = Page()
    if q and (role == "receptionist" or web.wants() == "json" or patient_lists.is_exact(q)):
        limit = LOOK_UP_PER_DOCTOR if role == "doctor" else LOOK_UP_PER_DESK
        await web.throttle().hit(limit, web.viewer().id)
        found = await web.change(actions.find, q, before)
    if web.wants() == "json":
        return web.as_json(found.json(lambda patient: patient.json(web.language())))
    if role == "receptionist":
        return web.page("reception/_found.html" if web.while_typing() else "reception/index.html", q=q, found=found)
    around = await web.see(_patients, found, q, None if q else before)
    return web.page("access/patients.html", q=q, found=found, before=before, **around)


async def _delegated(before: str | None, q: str) -> Response:
    """The files that a nurse may read now."""
    found = await web.see_traced(actions.browse_delegated, before, q)
    data = found.json(lambda item: item.patient.json(web.language()))
    return web.answer(
        "access/delegated.html", data, as_typed="access/_delegated_found.html", mine=found, before=before, q=q
    )


async def _own(own: Page[patient_lists.OwnPatient], before: str | None, q: str) -> Response:
    """The doctor's own patients: nobody is looked up, so that nothing is traced or counted."""
    data = own.json(lambda item: item.json(web.language()))
    around: _Patients = {"own": own, "opened": Page(), "grants": {}}
    return web.answer(
        "access/patients.html",
        data,
        as_typed="access/_own.html",
        q=q,
        found=Page[directory.Identity](),
        before=before,
        **around,
    )


class _Patients(TypedDict):
    """A doctor's patients."""

    own: Page[patient_lists.OwnPatient] | None  # what was looked for among them; None: nothing was
    opened: Page[queries.AccessRequest]  # else: whose file is open
    grants: dict[str, queries.AccessRequest]  # those that open the file of who was looked up


def _patients(
    tx: Transaction, viewer: Viewer, found: Page[directory.Identity], q: str, before: str | None
) -> _Patients:
    return {
        "own": patient_lists.own_patients(tx, viewer, q) if q else None,
        "opened": Page() if q else patient_lists.patients_of(tx, viewer, before),
        "grants": grants.grants_among(tx, viewer, found),
    }


@blueprint.get("/patients/<patient_id>/accesses")
@web.takes("before")
async def accesses(patient_id: str) -> Response:
    before = web.before() or ""
    found = await web.see(readings.trace, patient_id, before)
    data = found.json(lambda one: one.json())
    today = days.day(web.database().clock())
    return web.answer(
        "access/trace.html",
        data,
        days=_by_day(found),
        today=today,
        next=found.next,
        before=before,
    )


def _by_day(found: list[Reading]) -> list[tuple[str, list[Reading]]]:
    """The lines under the day they are of, in its words, the newest first."""
    now = web.database().clock()
    return [
        (show_day(next_at, web.language(), now=now), list(lines))
        for next_at, lines in groupby(found, lambda one: days.beginning(one.at))
    ]


# --- requests -----------------------------------------------------------------------------------------------


@blueprint.get("/access-requests")
@web.takes("place", "before")
async def index() -> Response:
    place = web.one_of("place", states.PLACES)
    before = web.before()
    found = await web.see(queries.access_requests, place=place, before=before)
    data = found.json(lambda item: item.json(web.language()))
    return web.answer("access/index.html", data, requests=found, place=place, before=before)


async def _asking() -> AskPage:
    """The patient whom the form is about. Only a doctor who has found them by identifier knows the id."""
    patient_id = request.args.get("patient") or (await web.fields()).get("patient_id", "")
    patient = await web.see_traced(actions.meet, patient_id, again=request.method == "POST")
    emergencies = [(code, translate(web.language(), label), "") for code, label in states.EMERGENCIES.items()]
    return {"patient": patient, "scopes": _scopes(), "durations": _durations(), "emergencies": emergencies}


def _scopes() -> Choices:
    language = web.language()
    return [
        (code, translate(language, label), translate(language, shows)) for code, (label, shows) in states.SCOPES.items()
    ]


def _durations() -> Choices:
    return [(code, translate(web.language(), label), "") for code, (label, _) in states.DURATIONS.items()]


@blueprint.get("/access-requests/new")
@web.takes("patient")
async def new() -> Response:
    return web.page("access/new.html", form=web.blank(AskForm), **await _asking())


@blueprint.post("/access-requests")
@web.refill("access/new.html", AskForm, context=_asking)
async def ask() -> Response:
    form = await web.form(AskForm)
    if form.emergency.data:
        hashed = await web.see(passwords.own_hash)
        await confirm_password(web.throttle(), web.viewer().id, form.password.data or "", hashed)
        acted = await web.act(
            actions.open_emergency,
            queries.access_request,
            patient_id=form.patient_id.data,
            reason=form.reason.data,
            code=form.emergency.data,
        )
    else:
        web.count(ASK_PER_PAIR, form.patient_id.data)
        acted = await web.act(
            actions.ask,
            queries.access_request,
            patient_id=form.patient_id.data,
            reason=form.reason.data,
            scope=form.scope.data or None,
            duration=form.duration.data or None,
        )
    location = f"/access-requests/{acted.resource.id}"
    return web.done(acted, "access/_row.html", location, created=True)


@blueprint.get("/access-requests/<request_id>")
async def show(request_id: str) -> Response:
    around = await one_page(request_id)
    return web.answer("access/show.html", around["item"].json(web.language()), **around)


async def one_page(request_id: str) -> OnePage:
    item, pin = await web.see(queries.access_request_in_person, request_id)
    return {
        "item": item,
        "pin": pin,
        "approve_form": _terms_of(item),
        "in_person_form": web.blank(InPersonForm),
        "reason_form": web.blank(ReasonForm),
        "explain_form": web.blank(ExplainForm),
        "scopes": _scopes(),
        "durations": _durations(),
    }


def _terms_of(item: queries.AccessRequest) -> ApproveForm:
    """As the doctor proposes, or as it is now."""
    scope = item.scope if item.active else item.proposed_scope
    return web.blank(
        ApproveForm, scope=scope or "summary", duration=None if item.active else item.proposed_duration or "24h"
    )


@blueprint.post("/access-requests/<request_id>/approval")
@web.refill("access/show.html", ApproveForm, context=one_page)
async def approval(request_id: str) -> Response:
    form = await web.form(ApproveForm)
    _, duration = states.DURATIONS[form.duration.data]
    return await _act(actions.allow, request_id, scope=form.scope.data, duration=duration)


@blueprint.post("/access-requests/<request_id>/in-person-approval")
@web.refill("access/show.html", InPersonForm, context=one_page)
async def in_person_approval(request_id: str) -> Response:
    form = await web.form(InPersonForm)
    pin, key = form.pin.data, web.key_for("patient_pins")
    attempt = await web.attempt(actions.try_pin, request_id, pin=pin, key=key)
    if not attempt["right"]:
        raise patient_pins.wrong(attempt["left"])
    _, duration = states.DURATIONS[form.duration.data]
    return await _act(actions.approve_in_person, request_id, pin=pin, key=key, scope=form.scope.data, duration=duration)


@blueprint.post("/access-requests/<request_id>/rejection")
@web.refill("access/show.html", ReasonForm, context=one_page)
async def rejection(request_id: str) -> Response:
    form = await web.form(ReasonForm)
    return await _act(actions.reject, request_id, reason=form.reason.data or None)


@blueprint.post("/access-requests/<request_id>/revocation")
@web.refill("access/show.html", ReasonForm, context=one_page)
async def revocation(request_id: str) -> Response:
    form = await web.form(ReasonForm)
    return await _act(actions.revoke, request_id, reason=form.reason.data or None)


@blueprint.post("/access-requests/<request_id>/withdrawal")
async def withdrawal(request_id: str) -> Response:
    await web.form(NoFields)
    return await _act(actions.withdraw, request_id)


async def _act(
    action: Callable[Concatenate[Transaction, Viewer, str, P], str],
    request_id: str,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response:
    acted = await web.act(action, queries.access_request, request_id, *args, **kwargs)
    return web.done(acted, "access/_row.html", f"/access-requests/{request_id}")
