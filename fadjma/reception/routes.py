"""The front desk: a patient's identity and card. Patients are found at GET /patients, of access."""

from functools import partial
from typing import Any, TypedDict

from quart import Blueprint, Response, g, request

from fadjma import web
from fadjma.access import actions as access
from fadjma.access import desk
from fadjma.access.queries import AccessRequest
from fadjma.access.states import SCOPES
from fadjma.accounts.forms import ResetForm
from fadjma.accounts.routes.slips import Printed, activation_address, slip_key
from fadjma.i18n import translate
from fadjma.identity import passwords, pin_rules
from fadjma.identity.patients import Known, Registered
from fadjma.identity.people import Viewer
from fadjma.reception import actions, queries
from fadjma.reception.forms import CorrectionForm, IdentityForm, PinForm, WitnessForm
from fadjma.store import Transaction
from fadjma.web.qr import qr_code

blueprint = Blueprint("reception", __name__)


class _AroundNew(TypedDict):
    likely: list[Known]  # who may be the same person as the one on the form


async def _around_new() -> _AroundNew:
    await web.only("receptionist")
    return {"likely": g.get("likely", [])}


@blueprint.get("/patients/new")
async def new() -> Response:
    return web.page("reception/new.html", form=web.blank(IdentityForm), **await _around_new())


@blueprint.post("/patients")
@web.refill("reception/new.html", IdentityForm, context=_around_new)
async def register() -> Response:
    form = await web.form(IdentityForm)
    try:
        acted = await web.act(actions.register, queries.patient, form.facts, confirmed=form.confirm.data)
    except actions.Alike as doubt:
        raise await _with_alike(doubt) from doubt
    return web.done(acted, "reception/_row.html", f"/patients/{acted.resource.id}", created=True)


async def _with_alike(doubt: actions.Alike) -> actions.Alike:
    """The question, with those whom it is about."""
    g.likely = doubt.patients
    await web.change(actions.trace_alike, doubt.patients)
    doubt.details["likely"] = [patient.json(web.language()) for patient in doubt.patients]
    return doubt


class _AroundPatient(TypedDict):
    patient: Registered
    likely: list[Known]
    waiting: list[AccessRequest]  # what the patient may answer here
    attested: list[AccessRequest]  # what runs because they have
    correction_form: CorrectionForm
    pin_form: PinForm
    witness_form: WitnessForm
    reset_form: ResetForm
    scopes: list[tuple[str, str, str]]


@blueprint.get("/patients/<patient_id>")
async def show(patient_id: str) -> Response:
    around = await _around_patient(patient_id)
    patient = around["patient"]
    data = {
        **patient.json(web.language()),
        "waiting": [_asked(item) for item in around["waiting"]],
        "attested": [_asked(item, "scope", "expires_at") for item in around["attested"]],
    }
    return web.answer("reception/show.html", data, form=None, **around)


def _asked(item: AccessRequest, *also: str) -> dict[str, Any]:
    """What the desk may know of a request: who asks, and for how much."""
    known = item.json(web.language())
    return {name: known[name] for name in ("id", "status", "doctor", "proposed_scope", "proposed_duration", *also)}


def _as_it_is(patient: Registered) -> CorrectionForm:
    known = {name: getattr(patient, name) for name in ("given_name", "family_name", "birth_date", "sex", "city")}
    return web.blank(CorrectionForm, **known, phone=patient.phone, email=patient.email, version=patient.version)


async def _around_patient(patient_id: str) -> _AroundPatient:
    patient, waiting, attested = await web.see_traced(
        _open, patient_id, again=web.by_itself() or request.method == "POST"
    )
    return {
        "patient": patient,
        "likely": g.get("likely", []),
        "waiting": waiting,
        "attested": attested,
        "correction_form": _as_it_is(patient),
        "pin_form": web.blank(PinForm),
        "witness_form": web.blank(WitnessForm),
        "reset_form": web.blank(ResetForm),
        "scopes": [
            (code, translate(web.language(), label), translate(web.language(), shows))
            for code, (label, shows) in SCOPES.items()
        ],
    }


async def _around_request(patient_id: str, request_id: str) -> _AroundPatient:
    return await _around_patient(patient_id)


def _open(
    tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool
) -> tuple[Registered, list[AccessRequest], list[AccessRequest]]:
    patient = actions.open_identity(tx, viewer, patient_id, again=again)
    waiting = desk.waiting_at_desk(tx, viewer, patient_id)
    return patient, waiting, desk.attested_at_desk(tx, viewer, patient_id)


@blueprint.post("/patients/<patient_id>")
@web.refill("reception/show.html", CorrectionForm, context=_around_patient, versions=True)
async def correct(patient_id: str) -> Response:
    await web.see(queries.patient, patient_id)
    form = await web.form(CorrectionForm)
    try:
        acted = await web.act(
            actions.correct,
            queries.patient,
            patient_id,
            form.facts,
            version=form.version.data,
            reason=form.reason.data or "",
            confirmed=form.confirm.data,
        )
    except actions.Alike as doubt:
        raise await _with_alike(doubt) from doubt
    return web.done(acted, "reception/_row.html", f"/patients/{patient_id}")


@blueprint.post("/patients/<patient_id>/pin")
@web.refill("reception/show.html", PinForm, context=_around_patient)
async def give_pin(patient_id: str) -> Response:
    await web.see(queries.patient, patient_id)
    form = await web.form(PinForm)
    key = _pin_key()
    acted = await web.act(
        actions.give_pin,
        partial(queries.given, key=key),
        patient_id,
        document=form.document.data,
        chosen=pin_rules.digits(form.pin.data) if form.pin.data else None,
        key=key,
    )
    return _given(acted, "pin", {"pin": acted.resource.pin})


def _given(
    acted: web.Acted[queries.Given] | web.Acted[queries.Slipped], page: str, said: dict[str, str | None]
) -> Response:
    """What was given to a patient: people are led to its page, to be printed; programs read it here."""
    patient: Registered = acted.resource.patient
    shown, where = web.Acted(patient, acted.json), f"/patients/{patient.id}"
    return web.done(
        shown, "reception/_row.html", where, created=True, then=f"{where}/{page}" if page else where, said=said
    )


def _pin_key() -> bytes:
    return web.key_for("patient_pins")


@blueprint.get("/patients/<patient_id>/pin")
async def show_pin(patient_id: str) -> Response:
    found = await web.see(queries.given, patient_id, key=_pin_key())
    return web.answer("reception/pin.html", {**found.json(web.language()), "pin": found.pin}, given=found)


@blueprint.post("/patients/<patient_id>/reset")
@web.refill("reception/show.html", ResetForm, context=_around_patient)
async def reset(patient_id: str) -> Response:
    await web.see(queries.patient, patient_id)
    form = await web.form(ResetForm)
    acted = await web.act(
        actions.reset_password,
        partial(queries.slipped, key=slip_key()),
        patient_id,
        document=form.document.data,
        key=slip_key(),
        nobodys_hash=await passwords.hash_of_nobodys(),
        address=web.mark(request.remote_addr or ""),
    )
    return _given(acted, "slip" if acted.resource.slip else "", {"reset_code": acted.resource.code})


@blueprint.get("/patients/<patient_id>/slip")
async def show_slip(patient_id: str) -> Response:
    found = await web.see(queries.printed, patient_id, key=slip_key())
    assert found.slip
    patient = found.patient
    data = {**found.slip.json(), "code": found.code, "patient": patient.json(web.language())}
    printed = Printed(patient.name, patient.identifier, patient.email, patient.phone, found.slip, found.code or "")
    back = f"/patients/{patient_id}"
    return web.answer("accounts/slip.html", data, printed=printed, address=activation_address(), back=back)


@blueprint.post("/patients/<patient_id>/requests/<request_id>/attestation")
@web.refill("reception/show.html", WitnessForm, context=_around_request)
async def witness(patient_id: str, request_id: str) -> Response:
    await web.see(queries.patient, patient_id)
    form = await web.form(WitnessForm)
    acted = await web.act(
        access.witness,
        queries.patient,
        patient_id,
        request_id,
        scope=form.scope.data,
        document=form.document.data,
    )
    return web.done(acted, "reception/_row.html", f"/patients/{patient_id}")


@blueprint.get("/witnessed-approvals")
async def witnessed() -> Response:
    found = await web.see(desk.witnessed)
    return web.answer("reception/witnessed.html", {"items": [one.json() for one in found]}, found=found)


@blueprint.get("/patients/<patient_id>/card")
async def card(patient_id: str) -> Response:
    patient = await web.see_traced(actions.open_card, patient_id, again=web.by_itself())
    qr = qr_code(patient.identifier)
    data = {**patient.json(web.language()), "qr": qr}
    return web.answer("reception/card.html", data, patient=patient, qr=qr)
