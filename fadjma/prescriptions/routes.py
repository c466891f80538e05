"""Prescriptions: lists, one of them, prescribing, and each act as a resource."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypedDict
from urllib.parse import urlencode

from markupsafe import Markup
from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from fadjma import web
from fadjma.access import grants
from fadjma.i18n import N_, translate
from fadjma.identity import directory
from fadjma.identity.identifiers import normalize_phone
from fadjma.identity.people import Viewer
from fadjma.inventory import queries as medicines
from fadjma.live.colleagues import Colleagues, Open
from fadjma.live.hub import Hub
from fadjma.prescriptions import actions, dispensing, handover, lists, posology, queries, states
from fadjma.prescriptions.forms import (
    LINES_AT_MOST,
    DeliveryForm,
    DeliveryRequestForm,
    LineForm,
    PrescriptionForm,
    ReasonForm,
    RefusalForm,
)
from fadjma.prescriptions.posology import Understood
from fadjma.prescriptions.prescription import Line, Prescription
from fadjma.records import actions as writing
from fadjma.records import queries as records
from fadjma.refusals import Invalid, NotFound
from fadjma.store import Page, Transaction
from fadjma.web.bounds import GIVE_BACK_PER_PERSON
from fadjma.web.forms import NoFields, clean
from fadjma.web.qr import qr_code

P = ParamSpec("P")

blueprint = Blueprint("prescriptions", __name__)
_NO_CODE = N_("Sans compte FADJMA")  # why something is handed over without the code, where nobody has one
_REARRANGE = {"pick", "change", "find", "drop", "more"}  # the prescribing form's buttons that send nothing yet


_WORK: dict[str, str] = {"all": N_("Tout")} | dict(states.TO_DO.items())


class Asked(TypedDict):
    """Which of the prescriptions are asked for."""

    place: states.Place | None
    step: lists.Work | None
    q: str
    before: str | None
    patient_id: str | None


class OnePage(TypedDict):
    """What prescriptions/show.html shows."""

    item: Prescription
    colleagues: Open  # what others of the viewer's pharmacy have before them
    code: str | None  # the patient's hand-over code, for the patient, once it is of use
    code_qr: Markup | None
    refusals: list[tuple[str, str]]
    reason_form: ReasonForm
    refusal_form: RefusalForm
    delivery_form: DeliveryForm
    delivery_request_form: DeliveryRequestForm


class Desk(TypedDict):
    """What a doctor has before them when prescribing (prescriptions/new.html), beside the form."""

    file: records.File
    pharmacies: list[directory.Organization]
    allergies: tuple[str, ...]
    suggestions: dict[int, list[medicines.Medicine]]  # by the line for which a medicine is looked for


class _Plain(Protocol):
    """An act that needs nothing more."""

    def __call__(self, tx: Transaction, viewer: Viewer, prescription_id: str) -> str: ...


class _WithReason(Protocol):
    """An act that needs nothing but a reason."""

    def __call__(self, tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str: ...


# --- reading ------------------------------------------------------------------------------------------------


@blueprint.get("/prescriptions")
async def index() -> Response:
    asked = _asked()
    found, steps = await web.see_traced(_list, asked, again=web.by_itself() or web.while_typing())
    data = found.json(lambda item: item.json(web.language()))
    return web.answer(
        "prescriptions/index.html",
        {**data, "steps": steps} if steps else data,
        as_typed="prescriptions/_found.html",
        prescriptions=found,
        steps=steps,
        colleagues=_colleagues().open_for(web.viewer()),
        work=_WORK,
        back=_address(asked),
        **asked,
    )


def _asked() -> Asked:
    return {
        "place": web.one_of("place", states.PLACES),
        "step": web.one_of("step", lists.WORK),
        "q": web.sought_where_traced(),
        "before": request.args.get("before"),
        "patient_id": request.args.get("patient"),
    }


def _address(asked: Asked) -> str:
    """Of a pharmacy's list, where a step that is taken in it leads back to."""
    said = {name: value for name, value in asked.items() if value and name != "patient_id"}
    return "/prescriptions" + (f"?{urlencode(said)}" if said else "")


def _list(
    tx: Transaction, viewer: Viewer, asked: Asked, *, again: bool
) -> tuple[Page[Prescription], dict[states.Step, int]]:
    """What is asked for of one's own or of a patient's, and for a pharmacist how much waits for each step."""
    q, before = asked["q"], asked["before"]
    if asked["patient_id"]:
        return _of_patient(tx, viewer, asked["patient_id"], q, before, again=again), {}
    found = actions.browse(tx, viewer, place=asked["place"], step=asked["step"], q=q, before=before)
    return found, lists.counts(tx, viewer) if viewer.role == "pharmacist" else {}


def _of_patient(
    tx: Transaction, viewer: Viewer, patient_id: str, q: str, before: str | None, *, again: bool
) -> Page[Prescription]:
    """Those of a patient, which are part of the file. Raises NotFound without a grant."""
    found = lists.of_patient(tx, viewer, patient_id, q, before=before)
    if viewer.id != patient_id:
        writing.trace_file(tx, viewer, patient_id, again=again)
    return found


@blueprint.get("/prescriptions/steps")
async def steps() -> Response:
    """How much waits for each step: what an open page asks for after an event, in place of its list."""
    counted = await web.see(_steps)
    if web.wants() == "page":
        return web.see_other("/prescriptions")
    return web.answer("prescriptions/_counts.html", {"steps": counted}, steps=counted)


def _steps(tx: Transaction, viewer: Viewer) -> dict[states.Step, int]:
    viewer.require("pharmacist")
    return lists.counts(tx, viewer)


@blueprint.get("/prescriptions/<prescription_id>")
async def show(prescription_id: str) -> Response:
    around = await _one(prescription_id)
    if web.viewer().role == "pharmacist" and web.wants() != "json":
        _colleagues().opened(web.viewer(), around["item"].id)
    data = around["item"].json(web.language())
    if around["code"]:
        data["handover_code"] = around["code"]
    if names := around["colleagues"].get(around["item"].id):
        data["open_by"] = names
    return web.answer("prescriptions/show.html", data, **around)


async def _one(prescription_id: str) -> OnePage:
    """The prescription as its page shows it, which is traced, also around a form that comes back."""
    found = await web.see_traced(actions.open_prescription, prescription_id, again=web.by_itself())
    code = handover.shown_to(web.viewer(), found, _handover_key())
    return {
        "item": found,
        "colleagues": _colleagues().open_for(web.viewer()),
        "code": code,
        "code_qr": qr_code(code) if code else None,
        "refusals": [(code, translate(web.language(), label)) for code, label in states.REFUSALS.items()],
        "reason_form": web.blank(ReasonForm),
        "refusal_form": web.blank(RefusalForm),
        "delivery_form": web.blank(DeliveryForm, reason="" if found.has_code else translate(web.language(), _NO_CODE)),
        "delivery_request_form": web.blank(DeliveryRequestForm),
    }


def _colleagues() -> Colleagues:
    hub: Hub = web.app().extensions["hub"]
    return hub.colleagues


@blueprint.post("/prescriptions/<prescription_id>/closing")
async def leave(prescription_id: str) -> Response:
    """The page of a prescription is left: its person is no longer seen on it. Nothing of it is read or said."""
    await web.form(NoFields)
    await web.see(_leaving)
    _colleagues().left(web.viewer(), prescription_id)
    if "text/html" in web.header("accept"):
        return web.see_other("/")
    return Response(status=204)  # a beacon would follow, and fetch the page


def _leaving(tx: Transaction, viewer: Viewer) -> Viewer:
    return viewer


@blueprint.get("/prescriptions/<prescription_id>/row")
async def row(prescription_id: str) -> Response:
    """What an open list asks for when an event has brought no more than that there is something (_later.html)."""
    found = await web.see_traced(actions.pass_row, prescription_id)
    return web.part("prescriptions/_row.html", found, f"/prescriptions/{prescription_id}")


# --- prescribing --------------------------------------------------------------------------------------------


def _desk(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool) -> Desk:
    """The desk, which is part of the file. Raises NotFound without a grant."""
    grants.require_grant(tx, viewer, patient_id, "prescriptions")
    return {
        "file": writing.open_file(tx, viewer, patient_id, again=again),
        "pharmacies": directory.organizations(tx, "pharmacy"),
        "allergies": records.allergies(tx, patient_id),
        "suggestions": {},
    }


async def _around(patient_id: str) -> Desk:
    # A form that comes back, a line more each time, is the same sitting at the same desk.
    return await web.see_traced(_desk, patient_id, again=request.method == "POST" or web.by_itself())


@blueprint.get("/patients/<patient_id>/prescriptions/new")
async def new(patient_id: str) -> Response:
    around = await _around(patient_id)
    defaults: dict[str, Any] = {"pharmacy_id": around["file"].patient.pharmacy_id}
    replaces_id = request.args.get("replaces")
    if replaces_id:
        old = await web.see(_refused_one, patient_id, replaces_id)
        defaults = {
            "pharmacy_id": old.pharmacy_id,
            "replaces_id": old.id,
            "lines": [_as_written(line) for line in old.lines],
        }
    return web.page("prescriptions/new.html", form=web.blank(PrescriptionForm, **defaults), **around)


@blueprint.post("/patients/<patient_id>/prescriptions")
@web.refill("prescriptions/new.html", PrescriptionForm, context=_around)
async def create(patient_id: str) -> Response:
    sent = await web.fields()
    pressed = next((name for name in sent if name in _REARRANGE), None)
    if pressed and web.wants() != "json":
        return await _rearrange(patient_id, sent, pressed)
    form = await web.form(PrescriptionForm)
    acted = await web.act(
        actions.issue,
        queries.prescription_in_full,
        patient_id,
        lines=[await _line(line, index) for index, line in enumerate(form.each_line)],
        pharmacy_id=form.pharmacy_id.data or None,
        replaces_id=form.replaces_id.data or None,
        confirmed=form["confirm"].data,
    )
    location = f"/prescriptions/{acted.resource.id}"
    if web.header("hx-boosted"):  # placed by htmx, it would keep the form's address, and a reload would prescribe again
        return Response("", headers={"HX-Redirect": location})
    return web.done(acted, "prescriptions/_row.html", location, created=True)


async def _rearrange(patient_id: str, sent: MultiDict[str, str], pressed: str) -> Response:
    """The same form with a line more or less, or with a suggestion picked: how it works without JavaScript."""
    number, _, medicine_id = sent.pop(pressed).partition(":")  # it is no field of the form that comes back
    form = web.blank(PrescriptionForm, sent)
    if form.others:
        raise Invalid(form.others)
    around = await _around(patient_id)
    lines: list[dict[str, Any]] = [line.data for line in form.each_line]
    index = int(number) if number in map(str, range(len(lines))) else 0
    match pressed:
        case "pick":
            medicine = await web.see(_medicine, medicine_id)
            lines[index] |= {"medicine_id": medicine.id, "medicine": medicine.name}
        case "change":
            lines[index] |= {"medicine_id": "", "medicine": ""}
        case "find":
            found = await web.see(medicines.search_medicines, lines[index]["medicine"] or "", form.pharmacy_id.data)
            around["suggestions"] = {index: found}
        case "drop" if len(lines) > 1:
            del lines[index]
        case "more" if len(lines) < LINES_AT_MOST:
            lines.append({})
    form = web.blank(PrescriptionForm, **{**form.data, "lines": lines})
    return web.page("prescriptions/new.html", form=form, **around)


def _refused_one(tx: Transaction, viewer: Viewer, patient_id: str, prescription_id: str) -> Prescription:
    """One's own refused prescription for this patient, to be corrected. Raises NotFound."""
    found = queries.prescription_in_full(tx, viewer, prescription_id)
    if found.patient_id != patient_id or found.prescriber_id != viewer.id:
        raise NotFound
    return found


def _medicine(tx: Transaction, viewer: Viewer, medicine_id: str) -> medicines.Medicine:
    return medicines.medicine(tx, medicine_id)


@blueprint.get("/posology")
async def understood() -> Response:
    """What is understood of a posology while it is typed in a line of the form; by its names there, or plainly."""
    line = web.number("line")
    before = "" if line is None else f"lines-{line}-"
    typed = {name: request.args.get(before + name, "")[:300] for name in ("medicine_id", "dosage", "duration_days")}
    found = await web.see(_understood, **typed)
    fragment = "prescriptions/_understood.html"
    return web.answer(fragment, found.json(web.language()), fragment=fragment, found=found, n=line or 0)


def _understood(tx: Transaction, viewer: Viewer, medicine_id: str, dosage: str, duration_days: str) -> Understood:
    viewer.require("doctor")
    days = int(duration_days) if duration_days.isascii() and duration_days.isdecimal() and len(duration_days) < 4 else 0
    medicine = medicines.medicine(tx, medicine_id) if medicine_id else None
    unit, form = (medicine.unit, medicine.form) if medicine else ("", "")
    return posology.understand(clean(dosage) or "", unit, form, days or None)


async def _line(line: LineForm, index: int) -> actions.NewLine:
    """A line as prescribed; a medicine that was typed and not picked is taken when only one has that name."""
    medicine_id = line.medicine_id.data
    if not medicine_id and line.medicine.data:
        found = await web.see(medicines.search_medicines, line.medicine.data)
        named = [medicine for medicine in found if medicines.is_name_of(line.medicine.data, medicine)]
        if len(named) != 1:
            raise Invalid({f"lines-{index}-medicine": actions.CHOOSE_MEDICINE})
        medicine_id = named[0].id
    return actions.NewLine(
        medicine_id or "",
        line.dosage.data,
        line.quantity.data,
        line.duration_days.data,
        line.substitution_reason.data or None,
    )


def _as_written(line: Line) -> dict[str, Any]:
    return {
        "medicine_id": line.medicine_id,
        "medicine": line.name,
        "dosage": line.dosage,
        "quantity": line.quantity,
        "duration_days": line.duration_days,
        "substitution_reason": line.substitution_reason,
    }


# --- the pharmacy -------------------------------------------------------------------------------------------


@blueprint.post("/prescriptions/<prescription_id>/validation")
async def validation(prescription_id: str) -> Response:
    return await _plainly(dispensing.validate, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/preparation")
async def preparation(prescription_id: str) -> Response:
    return await _plainly(dispensing.prepare, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/readiness")
async def readiness(prescription_id: str) -> Response:
    return await _plainly(dispensing.mark_ready, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/departure")
async def departure(prescription_id: str) -> Response:
    return await _plainly(dispensing.depart, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/return")
@web.refill("prescriptions/show.html", ReasonForm, context=_one)
async def bring_back(prescription_id: str) -> Response:
    return await _with_reason(dispensing.bring_back, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/delivery")
@web.refill("prescriptions/show.html", DeliveryForm, context=_one)
async def delivery(prescription_id: str) -> Response:
    form = await web.form(DeliveryForm)
    if form.code.data:
        attempt = await web.attempt(dispensing.try_code, prescription_id, code=form.code.data, key=_handover_key())
        if not attempt["right"]:
            raise _wrong_code(attempt["left"])
    return await _act(
        dispensing.deliver,
        prescription_id,
        key=_handover_key(),
        code=form.code.data or None,
        identity_document=form.identity_document.data or None,
        reason=form.reason.data or "",
    )


def _wrong_code(left: int) -> Invalid:
    if left:
        return Invalid({"code": handover.WRONG}, left=left)
    return Invalid({"code": handover.LOCKED})


@blueprint.post("/prescriptions/<prescription_id>/hold")
@web.refill("prescriptions/show.html", ReasonForm, context=_one)
async def hold(prescription_id: str) -> Response:
    return await _with_reason(dispensing.hold, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/release")
@web.refill("prescriptions/show.html", ReasonForm, context=_one)
async def release(prescription_id: str) -> Response:
    web.count(GIVE_BACK_PER_PERSON)
    return await _with_reason(dispensing.release, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/refusal")
@web.refill("prescriptions/show.html", RefusalForm, context=_one)
async def refusal(prescription_id: str) -> Response:
    form = await web.form(RefusalForm)
    return await _act(dispensing.refuse, prescription_id, code=form.code.data, text=form.text.data)


# --- the doctor and the patient -----------------------------------------------------------------------------


@blueprint.post("/prescriptions/<prescription_id>/cancellation")
@web.refill("prescriptions/show.html", ReasonForm, context=_one)
async def cancellation(prescription_id: str) -> Response:
    return await _with_reason(actions.cancel, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/error")
@web.refill("prescriptions/show.html", ReasonForm, context=_one)
async def error(prescription_id: str) -> Response:
    return await _with_reason(actions.mark_error, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/delivery-request")
@web.refill("prescriptions/show.html", DeliveryRequestForm, context=_one)
async def delivery_request(prescription_id: str) -> Response:
    form = await web.form(DeliveryRequestForm)
    phone = normalize_phone(form.phone.data) or ""
    return await _act(actions.request_delivery, prescription_id, address=form.address.data, phone=phone)


@blueprint.post("/prescriptions/<prescription_id>/taking-back")
@web.refill("prescriptions/show.html", ReasonForm, context=_one)
async def taking_back(prescription_id: str) -> Response:
    web.count(GIVE_BACK_PER_PERSON)
    return await _with_reason(actions.take_back, prescription_id)


@blueprint.post("/prescriptions/<prescription_id>/code")
async def code(prescription_id: str) -> Response:
    return await _plainly(actions.renew_code, prescription_id)


async def _plainly(action: _Plain, prescription_id: str) -> Response:
    await web.form(NoFields)
    return await _act(action, prescription_id)


async def _with_reason(action: _WithReason, prescription_id: str) -> Response:
    form = await web.form(ReasonForm)
    return await _act(action, prescription_id, reason=form.reason.data)


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


def _handover_key() -> bytes:
    return web.key_for(handover.PURPOSE)
