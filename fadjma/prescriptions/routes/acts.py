"""Each act on a prescription, as a resource: of the pharmacy, the doctor, the patient."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.identity import patient_pins
from fadjma.identity.identifiers import normalize_phone
from fadjma.identity.people import Viewer
from fadjma.prescriptions import (
    actions,
    checking,
    delivering,
    dispensing,
    handover,
    proving,
    queries,
    replacing,
    setbacks,
    states,
)
from fadjma.prescriptions.forms import (
    DeliveryForm,
    DeliveryRequestForm,
    LineEndForm,
    PharmacyForm,
    PreparationForm,
    ReasonAsReadForm,
    ReasonForm,
    RefusalForm,
    ReleaseForm,
    ShortageForm,
    ValidationForm,
)
from fadjma.prescriptions.proving import Card
from fadjma.prescriptions.routes.reading import handover_key, one
from fadjma.prescriptions.substituting import Substitute
from fadjma.refusals import WrongCode
from fadjma.safety.answers import Override
from fadjma.store import Transaction
from fadjma.web.bounds import DELIVERY_PER_PERSON, GIVE_BACK_PER_PERSON
from fadjma.web.forms import AsReadForm, NoFields

P = ParamSpec("P")

blueprint = Blueprint("acts", __name__)


class _Plain(Protocol):
    """An act that needs nothing more."""

    def __call__(self, tx: Transaction, viewer: Viewer, prescription_id: str) -> str: ...


class _WithReason(Protocol):
    """An act that needs nothing but a reason."""

    def __call__(self, tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str: ...


class _WithReasonAsRead(Protocol):
    """The same, of the version that was read."""

    def __call__(
        self, tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str, version: int | None
    ) -> str: ...


# --- the pharmacy -------------------------------------------------------------------------------------------


@blueprint.post("/prescriptions/<prescription_id>/validation")
@web.refill("prescriptions/show.html", ValidationForm, fragment="safety/_in_row.html", context=one, stays=True)
async def validation(prescription_id: str) -> Response:
    form = await web.form(ValidationForm)
    return await _act(checking.validate, prescription_id, confirmed=form["confirm"].data, overrides=form.answers)


@blueprint.post("/prescriptions/<prescription_id>/preparation")
@web.refill("prescriptions/show.html", PreparationForm, fragment="safety/_in_row.html", context=one, stays=True)
async def preparation(prescription_id: str) -> Response:
    form = await web.form(PreparationForm)
    return await _act(checking.prepare, prescription_id, **_preparing(form))


@blueprint.post("/prescriptions/<prescription_id>/rest")
@web.refill("prescriptions/show.html", PreparationForm, fragment="safety/_in_row.html", context=one, stays=True)
async def rest(prescription_id: str) -> Response:
    form = await web.form(PreparationForm)
    return await _act(checking.prepare_rest, prescription_id, **_preparing(form))


class _Preparing(TypedDict):
    partial: bool
    confirmed: bool
    overrides: list[Override]
    substitutes: list[Substitute]


def _preparing(form: PreparationForm) -> _Preparing:
    return {
        "partial": form.partial.data,
        "confirmed": form["confirm"].data,
        "overrides": form.answers,
        "substitutes": form.chosen,
    }


@blueprint.post("/prescriptions/<prescription_id>/unsupplied")
@web.refill("prescriptions/show.html", ShortageForm, context=one, stays=True)
async def unsupplied(prescription_id: str) -> Response:
    form = await web.form(ShortageForm)
    said = {"line_id": form.line_id.data, "code": form.shortage.data, "text": form.note.data or ""}
    return await _act(setbacks.cannot_supply, prescription_id, **said)


@blueprint.post("/prescriptions/<prescription_id>/undoing")
@web.refill("prescriptions/show.html", ReasonAsReadForm, context=one, stays=True)
async def undoing(prescription_id: str) -> Response:
    return await _with_reason_as_read(setbacks.undo, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/acknowledgement")
@web.as_it_is("prescriptions/show.html", context=one)
async def acknowledgement(prescription_id: str) -> Response:
    return await _plainly(setbacks.acknowledge, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/readiness")
@web.refill("prescriptions/show.html", ValidationForm, fragment="safety/_in_row.html", context=one, stays=True)
async def readiness(prescription_id: str) -> Response:
    form = await web.form(ValidationForm)
    return await _act(checking.mark_ready, prescription_id, confirmed=form["confirm"].data, overrides=form.answers)


@blueprint.post("/prescriptions/<prescription_id>/departure")
@web.as_it_is("prescriptions/show.html", context=one)
async def departure(prescription_id: str) -> Response:
    form = await web.form(AsReadForm)
    return await _act(dispensing.depart, prescription_id, version=form.version.data)


@blueprint.post("/prescriptions/<prescription_id>/delivery-acceptance")
@web.as_it_is("prescriptions/show.html", context=one)
async def delivery_acceptance(prescription_id: str) -> Response:
    form = await web.form(AsReadForm)
    return await _act(delivering.accept, prescription_id, version=form.version.data)


@blueprint.post("/prescriptions/<prescription_id>/delivery-refusal")
@web.refill("prescriptions/show.html", ReasonAsReadForm, context=one, stays=True)
async def delivery_refusal(prescription_id: str) -> Response:
    return await _with_reason_as_read(delivering.decline, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/return")
@web.refill("prescriptions/show.html", ReasonForm, context=one, stays=True)
async def bring_back(prescription_id: str) -> Response:
    return await _with_reason(dispensing.bring_back, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/delivery")
@web.refill("prescriptions/show.html", DeliveryForm, context=one, stays=True)
async def delivery(prescription_id: str) -> Response:
    form = await web.form(DeliveryForm)
    attempt: dict[str, Any] = {}
    if form.code.data:
        code, version = form.code.data, form.version.data
        attempt = await web.attempt(
            dispensing.try_code, prescription_id, code=code, key=handover_key(), version=version
        )
        if not attempt["right"]:
            raise _wrong_code(attempt["left"])
    card = None if form.code.data else _card(form)
    if card:
        attempt = await web.attempt(dispensing.try_card, prescription_id, card=card, version=form.version.data)
        if not attempt["right"]:
            raise patient_pins.wrong(attempt["left"])
    return await _act(
        checking.deliver,
        prescription_id,
        key=handover_key(),
        code=form.code.data or None,
        card=card,
        identity_document=form.identity_document.data or None,
        identity_kind=form.identity_kind.data or proving.OTHER,
        reason=form.reason.data or "",
        version=form.version.data,
        confirmed=form["confirm"].data,
        untried=attempt.get("untried", False),
        overrides=form.answers,
        parts=_parts(form) if "lines" in await web.fields() or form.each_line else None,
    )


def _card(form: DeliveryForm) -> Card | None:
    if not (form.card.data and form.pin.data):
        return None
    return Card(form.card.data, form.pin.data, web.key_for("patient_pins"))


def _parts(form: DeliveryForm) -> list[dispensing.Part]:
    return [dispensing.Part(line.line_id.data or "", line.quantity.data) for line in form.each_line]


def _wrong_code(left: int) -> WrongCode:
    return WrongCode({"code": handover.WRONG if left else handover.LOCKED}, left=left)


@blueprint.post("/prescriptions/<prescription_id>/hold")
@web.refill("prescriptions/show.html", ReasonForm, context=one, stays=True)
async def hold(prescription_id: str) -> Response:
    return await _with_reason(dispensing.hold, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/release")
@web.refill("prescriptions/show.html", ReleaseForm, context=one, stays=True)
async def release(prescription_id: str) -> Response:
    form = await web.form(ReleaseForm)
    web.count(GIVE_BACK_PER_PERSON)
    return await _act(dispensing.release, prescription_id, reason=form.reason.data, confirmed=form.confirm.data)


@blueprint.post("/prescriptions/<prescription_id>/refusal")
@web.refill("prescriptions/show.html", RefusalForm, context=one, stays=True)
async def refusal(prescription_id: str) -> Response:
    form = await web.form(RefusalForm)
    if form.code.data == states.UNAVAILABLE:
        web.count(GIVE_BACK_PER_PERSON)
    said = {"code": form.code.data, "text": form.text.data}
    return await _act(dispensing.refuse, prescription_id, version=form.version.data, **said)


# --- the doctor and the patient -----------------------------------------------------------------------------


@blueprint.post("/prescriptions/<prescription_id>/cancellation")
@web.refill("prescriptions/show.html", ReasonForm, context=one, stays=True)
async def cancellation(prescription_id: str) -> Response:
    return await _with_reason(actions.cancel, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/error")
@web.refill("prescriptions/show.html", ReasonForm, context=one, stays=True)
async def error(prescription_id: str) -> Response:
    return await _with_reason(actions.mark_error, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/waiting")
@web.as_it_is("prescriptions/show.html", context=one)
async def waiting(prescription_id: str) -> Response:
    form = await web.form(AsReadForm)
    return await _act(replacing.wait, prescription_id, version=form.version.data)


@blueprint.post("/prescriptions/<prescription_id>/line-end")
@web.refill("prescriptions/show.html", LineEndForm, context=one, stays=True)
async def line_end(prescription_id: str) -> Response:
    form = await web.form(LineEndForm)
    return await _act(
        replacing.end_line,
        prescription_id,
        line_id=form.line_id.data,
        reason=form.reason.data,
        version=form.version.data,
    )


@blueprint.post("/prescriptions/<prescription_id>/delivery-request")
@web.refill("prescriptions/show.html", DeliveryRequestForm, context=one, stays=True)
async def delivery_request(prescription_id: str) -> Response:
    form = await web.form(DeliveryRequestForm)
    phone = normalize_phone(form.phone.data) or ""
    web.count(DELIVERY_PER_PERSON)
    return await _act(actions.request_delivery, prescription_id, address=form.address.data, phone=phone)


@blueprint.post("/prescriptions/<prescription_id>/delivery-withdrawal")
@web.as_it_is("prescriptions/show.html", context=one)
async def delivery_withdrawal(prescription_id: str) -> Response:
    return await _plainly(delivering.withdraw, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/taking-back")
@web.refill("prescriptions/show.html", ReasonForm, context=one, stays=True)
async def taking_back(prescription_id: str) -> Response:
    web.count(GIVE_BACK_PER_PERSON)
    return await _with_reason(actions.take_back, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/pharmacy")
@web.refill("prescriptions/show.html", PharmacyForm, context=one, stays=True)
async def pharmacy(prescription_id: str) -> Response:
    form = await web.form(PharmacyForm)
    web.count(GIVE_BACK_PER_PERSON)
    return await _act(actions.choose_pharmacy, prescription_id, pharmacy_id=form.pharmacy_id.data or None)


@blueprint.post("/prescriptions/<prescription_id>/code")
@web.as_it_is("prescriptions/show.html", context=one)
async def code(prescription_id: str) -> Response:
    return await _plainly(actions.renew_code, prescription_id)


async def _plainly(action: _Plain, prescription_id: str) -> Response:
    await web.form(NoFields)
    return await _act(action, prescription_id)


async def _with_reason(action: _WithReason, prescription_id: str) -> Response:
    form = await web.form(ReasonForm)
    return await _act(action, prescription_id, reason=form.reason.data)


async def _with_reason_as_read(action: _WithReasonAsRead, prescription_id: str) -> Response:
    form = await web.form(ReasonAsReadForm)
    return await _act(action, prescription_id, reason=form.reason.data, version=form.version.data)


async def _act(
    action: Callable[Concatenate[Transaction, Viewer, str, P], str],
    prescription_id: str,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response:
    acted = await web.act(action, queries.prescription, prescription_id, *args, **kwargs)
    # In the address, not in the form: whichever list it is sent from, the same key is the same submission.
    back = web.local(request.args.get("next", "")) or None
    return web.done(acted, "prescriptions/_row.html", f"/prescriptions/{prescription_id}", then=back)
