"""Prescriptions as they are read: lists, how much waits, one of them."""

from typing import Any, TypedDict
from urllib.parse import urlencode

from markupsafe import Markup
from quart import Blueprint, Response, request

from fadjma import days, short_codes, web
from fadjma.i18n import N_, translate
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.inventory import codes
from fadjma.live.colleagues import Colleagues, Open
from fadjma.live.hub import Hub
from fadjma.prescriptions import actions, checking, correcting, counter, handover, lists, proving, renewals, states
from fadjma.prescriptions.checking import Checked
from fadjma.prescriptions.correcting import Change, Correction
from fadjma.prescriptions.forms import (
    DeliveryForm,
    DeliveryRequestForm,
    LineEndForm,
    PharmacyForm,
    ReasonForm,
    RefusalForm,
    RenewalForm,
    SetForm,
    ShortageForm,
    ValidationForm,
)
from fadjma.prescriptions.prescription import Prescription
from fadjma.prescriptions.renewals import Renewing
from fadjma.prescriptions.routes.alerts import Shown, shown
from fadjma.records import actions as writing
from fadjma.refusals import Invalid
from fadjma.safety.answers import Override
from fadjma.safety.rules import Unchecked
from fadjma.store import Page, Transaction
from fadjma.web.forms import NoFields
from fadjma.web.qr import qr_code
from fadjma.web.throttle import FIND_PER_PHARMACIST, FIND_PER_PHARMACY

blueprint = Blueprint("reading", __name__)
_NO_CODE = N_("Sans compte FADJMA")  # why something is handed over without the code, where nobody has one
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
    correction: Correction | None
    renewing: Renewing | None
    renewal_form: RenewalForm
    changes: tuple[Change, ...]  # of its own lines, by its prescriber
    colleagues: Open  # what others of the viewer's pharmacy have before them
    code: str | None  # the patient's hand-over code, for the patient, once it is of use
    code_qr: Markup | None
    short_code: str  # for the patient, as it is written
    short_code_qr: Markup | None
    refusals: list[tuple[str, str]]
    set_form: SetForm
    reason_form: ReasonForm
    refusal_form: RefusalForm
    delivery_form: DeliveryForm
    documents: list[tuple[str, str]]
    delivery_request_form: DeliveryRequestForm
    shortage_form: ShortageForm
    shortages: list[tuple[str, str]]
    line_end_form: LineEndForm
    pharmacy_form: PharmacyForm
    pharmacies: list[tuple[str, str]]  # to choose from, where the viewer may
    alerts: list[Shown]  # that the pharmacy answers before its next step
    unchecked: tuple[Unchecked, ...]


@blueprint.get("/prescriptions")
@web.takes("place", "step", "q", "patient", "before")
async def index() -> Response:
    asked = _asked()
    short_code = short_codes.read(asked["q"])
    if short_code:
        at_counter = await web.see(_is_pharmacist)
        if at_counter and (led := await _by_code(asked, short_code)):
            return led
    found, steps = await web.see_traced(_list, asked, again=web.by_itself() or web.while_typing())
    is_box = not found and web.viewer().role == "pharmacist" and codes.is_of_box(asked["q"])
    if is_box and web.wants() == "page":  # a box was scanned where nothing has the focus: its code is looked for here
        return web.see_other(f"/inventory?{urlencode({'q': asked['q']})}")
    return _listed(asked, found, steps, {}, is_box=is_box)


def _listed(
    asked: Asked,
    found: Page[Prescription],
    steps: dict[states.Step, int],
    more: dict[str, Any],
    why_not: str = "",
    *,
    is_box: bool = False,
) -> Response:
    """The list, with what is told of it to programs beside it (`more`), and why a code led nowhere.

    `is_box`: what was looked for is the code of a box, which is in the stock, if anywhere.
    """
    data = {**found.json(lambda item: item.json(web.language())), **more}
    now = web.database().clock()
    return web.answer(
        "prescriptions/index.html",
        {**data, "steps": steps} if steps else data,
        as_typed="prescriptions/_found.html",
        prescriptions=found,
        steps=steps,
        colleagues=_colleagues().open_for(web.viewer()),
        work=_WORK,
        back=_address(asked),
        at=now,
        today=days.day(now),
        why_not=why_not,
        is_box=is_box,
        **asked,
    )


def _is_pharmacist(tx: Transaction, viewer: Viewer) -> bool:
    return viewer.role == "pharmacist"


async def _by_code(asked: Asked, short_code: str) -> Response | None:
    """What the code of a paper leads to; codes of nothing are counted, and are looked for as words are."""
    viewer = web.viewer()
    both = ((FIND_PER_PHARMACIST, viewer.id), (FIND_PER_PHARMACY, viewer.organization_id or viewer.id))
    counted = () if short_codes.may_be_name(asked["q"]) else both
    async with web.throttle().attempt(*counted) as attempt:
        found, steps = await web.see_traced(_find, short_code, again=web.by_itself())
        attempt.failed = found is None
    if found is None:
        return None
    if found.item and web.wants() == "page":
        return web.see_other(f"/prescriptions/{found.item.id}")
    shown = Page([found.item] if found.item else [])
    return _listed(asked, shown, steps, {"found": found.json()}, found.text)


def _find(
    tx: Transaction, viewer: Viewer, short_code: str, *, again: bool
) -> tuple[counter.FoundByCode | None, dict[states.Step, int]]:
    return counter.find(tx, viewer, short_code, again=again), lists.counts(tx, viewer)


def _asked() -> Asked:
    asked = _said()
    beside = next((name for name in ("place", "step") if asked["patient_id"] and asked.get(name)), None)
    if beside and web.wants() == "json":  # else all of the patient's would be the answer
        raise Invalid({beside: N_("Les ordonnances d'un patient se lisent toutes, ou par « q ».")})
    return asked


def _said() -> Asked:
    return {
        "place": web.one_of("place", states.PLACES),
        "step": web.one_of("step", lists.WORK),
        "q": web.sought_where_traced(),
        "before": web.before(),
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
    around = await one(prescription_id)
    if web.viewer().role == "pharmacist" and web.wants() != "json":
        _colleagues().opened(web.viewer(), around["item"].id)
    data = around["item"].json(web.language())
    if around["correction"]:
        data["correction"] = around["correction"].json()
    if around["renewing"]:
        data["renewal"] = around["renewing"].json()
    if around["changes"]:
        data["changes"] = [change.json() for change in around["changes"]]
    if around["code"]:
        data["handover_code"] = around["code"]
    if around["alerts"] or around["unchecked"]:
        data["alerts"] = [one.alert.json(web.language()) for one in around["alerts"]]
        data["unchecked"] = [one.json(web.language()) for one in around["unchecked"]]
    if names := around["colleagues"].get(around["item"].id):
        data["open_by"] = names
    return web.answer("prescriptions/show.html", data, **around)


async def one(prescription_id: str) -> OnePage:
    """The prescription as its page shows it, which is traced, also around a form that comes back."""
    found, correction, renewing, asked = await web.see_traced(_opened, prescription_id, again=web.by_itself())
    code = handover.shown_to(web.viewer(), found, handover_key())
    theirs = web.viewer().role == "patient" and found.short_code
    short_code = short_codes.written(theirs) if theirs else ""
    return {
        "item": found,
        "correction": correction,
        "renewing": renewing,
        "renewal_form": web.blank(RenewalForm),
        "changes": correcting.in_place(found),
        "colleagues": _colleagues().open_for(web.viewer()),
        "code": code,
        "code_qr": qr_code(code) if code else None,
        "short_code": short_code,
        "short_code_qr": qr_code(short_code) if short_code else None,
        "refusals": [(code, translate(web.language(), label)) for code, label in states.REFUSALS.items()],
        "set_form": web.blank(SetForm),
        "reason_form": web.blank(ReasonForm),
        "refusal_form": web.blank(RefusalForm),
        "delivery_form": web.blank(
            DeliveryForm,
            reason="" if found.has_code else translate(web.language(), _NO_CODE),
            lines=[{"line_id": line.id, "quantity": line.at_hand or None} for line in found.lines if line.remaining],
        ),
        "documents": [(code, translate(web.language(), label)) for code, label in proving.DOCUMENTS.items()],
        "delivery_request_form": web.blank(DeliveryRequestForm, **_asked_before(found)),
        "shortage_form": web.blank(ShortageForm),
        "shortages": [(code, translate(web.language(), label)) for code, label in states.SHORTAGES.items()],
        "line_end_form": web.blank(LineEndForm),
        "pharmacy_form": web.blank(PharmacyForm, pharmacy_id=found.addressed_to),
        "pharmacies": await web.see(_pharmacies) if states.CHOOSE_PHARMACY in found.offered(web.viewer()) else [],
        **shown(asked, await _sent()),
    }


def _asked_before(found: Prescription) -> dict[str, str]:
    """Where it was to be brought: whoever asks again corrects that."""
    return {"address": found.delivery.address, "phone": found.delivery.phone} if found.delivery else {}


def _opened(
    tx: Transaction, viewer: Viewer, prescription_id: str, *, again: bool
) -> tuple[Prescription, Correction | None, Renewing | None, Checked]:
    found = actions.open_prescription(tx, viewer, prescription_id, again=again)
    correction, renewing = correcting.correction(tx, viewer, found), renewals.of_prescription(tx, viewer, found)
    return found, correction, renewing, checking.for_pharmacy(tx, viewer, found)


def _pharmacies(tx: Transaction, viewer: Viewer) -> list[tuple[str, str]]:
    return [place.place for place in directory.pharmacies(tx)]


async def _sent() -> list[Override]:
    """The answers to alerts that came with a form."""
    return web.blank(ValidationForm, await web.fields()).answers if request.method == "POST" else []


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


def handover_key() -> bytes:
    return web.key_for(handover.PURPOSE)
