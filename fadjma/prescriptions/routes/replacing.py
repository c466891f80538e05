"""One line of a prescription in the place of another: its form, and what comes of it."""

from typing import Any, TypedDict

from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.inventory import queries as medicines
from fadjma.prescriptions import actions, checking, queries, replacing, states, transitions
from fadjma.prescriptions.checking import Checked
from fadjma.prescriptions.forms import ReplacementForm
from fadjma.prescriptions.prescription import Line, Prescription
from fadjma.prescriptions.routes.alerts import Shown, chosen_in, shown
from fadjma.prescriptions.routes.prescribing import line_of, medicine, suggestions
from fadjma.refusals import Invalid, NotFound
from fadjma.safety.rules import Unchecked
from fadjma.store import Transaction

blueprint = Blueprint("replacing", __name__)
_REARRANGE = {"pick", "change", "find", "stay"}  # the form's buttons that send nothing yet


class Desk(TypedDict):
    """What its prescriber has before them (prescriptions/replace.html), beside the form."""

    item: Prescription
    old: Line
    suggestions: dict[int, list[medicines.Medicine]]
    added: bool
    retired: set[int]
    alerts: list[Shown]
    unchecked: tuple[Unchecked, ...]


@blueprint.get("/prescriptions/<prescription_id>/replacement")
@web.takes("line")
async def new(prescription_id: str) -> Response:
    around = await _around(prescription_id, web.blank(ReplacementForm))
    if web.wants() == "json":
        return web.as_json({"version": around["item"].version, "line": around["old"].json()})
    return web.page("prescriptions/replace.html", form=web.blank(ReplacementForm), **around)


async def _around_sent(prescription_id: str) -> Desk:
    return await _around(prescription_id, web.blank(ReplacementForm, await web.fields()))


@blueprint.post("/prescriptions/<prescription_id>/replacement")
@web.refill("prescriptions/replace.html", ReplacementForm, context=_around_sent, versions=True)
async def replace(prescription_id: str) -> Response:
    sent = await web.fields()
    pressed = next((name for name in sent if name in _REARRANGE), None)
    if pressed and web.wants() != "json":
        return await _rearrange(prescription_id, sent, pressed)
    form = await web.form(ReplacementForm)
    acted = await web.act(
        replacing.replace_line,
        queries.prescription_in_full,
        prescription_id,
        line_id=form.line_id.data,
        line=await line_of(form.line, 0),
        version=form.version.data,
        confirmed=form["confirm"].data,
        overrides=form.answers,
    )
    location = f"/prescriptions/{prescription_id}"
    if web.header("hx-boosted"):  # placed by htmx, it would keep the form's address
        return Response("", headers={"HX-Redirect": location})
    return web.done(acted, "prescriptions/_row.html", location)


async def _around(prescription_id: str, form: ReplacementForm) -> Desk:
    # A form that comes back is the same sitting at the same desk.
    again = request.method == "POST" or web.by_itself()
    line_id = form.line_id.data or request.args.get("line", "")
    chosen, dosage = await chosen_in(form.line), form.line.dosage.data or ""
    found, old, asked = await web.see_traced(_open, prescription_id, line_id, chosen, dosage, again=again)
    return {
        "item": found,
        "old": old,
        "suggestions": {},
        "added": False,
        "retired": set(),
        **shown(asked, form.answers),
    }


def _open(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    line_id: str,
    medicine_id: str | None,
    dosage: str,
    *,
    again: bool,
) -> tuple[Prescription, Line, Checked]:
    """Raises NotFound, Forbidden for whoever may not replace anything of it."""
    transitions.seen_by(tx, viewer, prescription_id, states.REPLACE_LINE)
    found = actions.open_prescription(tx, viewer, prescription_id, again=again)
    actions.require_prescriber(tx, viewer, found.patient_id)
    old = next((line for line in found.lines if line.id == line_id), None)
    if old is None:
        raise NotFound
    return found, old, checking.of_replacement(tx, found.id, found.patient_id, old.id, medicine_id, dosage)


async def _rearrange(prescription_id: str, sent: MultiDict[str, str], pressed: str) -> Response:
    """The same form with a suggestion picked, or more to pick from: how it works without JavaScript."""
    _, _, medicine_id = sent.pop(pressed).partition(":")  # it is no field of the form that comes back
    form = web.blank(ReplacementForm, sent)
    if form.others:
        raise Invalid(form.others)
    found: dict[int, list[medicines.Medicine]] = {}
    line: dict[str, Any] = form.line.data
    match pressed:
        case "pick":
            picked = await web.see(medicine, medicine_id)
            line |= {"medicine_id": picked.id, "medicine": picked.name}
        case "change":
            line |= {"medicine_id": "", "medicine": ""}
        case _ if not line["medicine_id"]:
            found = await web.see(suggestions, [line], [0], form.pharmacy_id.data)
    again = web.blank(ReplacementForm, **{**form.data, "lines": [line]})
    around = await _around(prescription_id, again)
    around["suggestions"] = found
    return web.page("prescriptions/replace.html", form=again, **around)
