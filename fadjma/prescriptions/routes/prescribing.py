"""A prescription is written: the form, with what a doctor has before them, and what comes of it."""

from contextlib import suppress
from typing import Any, TypedDict

from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from fadjma import days, web
from fadjma.access import grants
from fadjma.histogram import Histogram
from fadjma.i18n import age_in_months
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.inventory import queries as medicines
from fadjma.prescriptions import actions, checking, copying, opened, posology, queries, renewals, sets
from fadjma.prescriptions.copying import Copy
from fadjma.prescriptions.forms import (
    AT_MOST,
    LINES_AT_MOST,
    LineForm,
    PrescriptionForm,
)
from fadjma.prescriptions.posology import Understood
from fadjma.prescriptions.prescription import Prescription
from fadjma.prescriptions.renewals import Renewing
from fadjma.prescriptions.routes.alerts import Shown, beside, chosen_in
from fadjma.records import actions as writing
from fadjma.records import allergies
from fadjma.records import queries as records
from fadjma.records.allergies import Allergies
from fadjma.refusals import Invalid, NotFound
from fadjma.safety.answers import Override
from fadjma.safety.rules import CHILD, Unchecked
from fadjma.store import Transaction
from fadjma.web.forms import clean

blueprint = Blueprint("prescribing", __name__)
_REARRANGE = {
    "pick",
    "change",
    "find",
    "drop",
    "more",
    "stay",
    "copy",
    "set",
}  # the prescribing form's buttons that send nothing yet


class Desk(TypedDict):
    """What a doctor has before them when prescribing (prescriptions/new.html), beside the form."""

    file: records.File
    pharmacies: list[directory.Organization]
    allergies: Allergies
    suggestions: dict[int, list[medicines.Medicine]]  # by the line for which a medicine is looked for
    earlier: list[Prescription]  # what may be prescribed again
    copied: Prescription | None  # what has been, and is to be read over
    nothing_to_copy: bool
    refused: Prescription | None  # what this corrects
    renewing: Renewing | None  # what the patient has asked for, and this answers
    sets: list[sets.Set]  # the doctor's own
    taken: sets.Set | None  # the one that was, to be read over
    added: bool  # the last line has just come
    retired: set[int]  # the lines whose medicine is not of the list any more
    alerts: list[Shown]
    unchecked: tuple[Unchecked, ...]
    by_weight: bool  # a child's doses are: what is not checked of them follows what is typed


def _desk(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool) -> Desk:
    """The desk, which is part of the file. Raises NotFound without a grant."""
    grants.require_grant(tx, viewer, patient_id, "prescriptions")
    file = writing.open_file(tx, viewer, patient_id, again=again)
    return {
        "file": file,
        "pharmacies": directory.pharmacies(tx),
        "allergies": allergies.of_patient(tx, patient_id),
        "suggestions": {},
        "earlier": copying.earlier(tx, viewer, patient_id),
        "copied": None,
        "nothing_to_copy": False,
        "refused": None,
        "renewing": None,
        "sets": sets.own(tx, viewer),
        "taken": None,
        "added": False,
        "retired": set(),
        "alerts": [],
        "unchecked": (),
        "by_weight": age_in_months(file.patient.birth_date, days.day(tx.now)) < CHILD,
    }


async def _around(patient_id: str) -> Desk:
    # A form that comes back, a line more each time, is the same sitting at the same desk.
    return await web.see_traced(_desk, patient_id, again=request.method == "POST" or web.by_itself())


async def _around_sent(patient_id: str) -> Desk:
    """The desk around a form that comes back, with what is asked about its medicines."""
    around, form = await _around(patient_id), web.blank(PrescriptionForm, await web.fields())
    replaces_id, renews_id = form.replaces_id.data, form.renews_id.data
    around["refused"], around["renewing"] = await web.see(_what_for, patient_id, replaces_id, renews_id)
    return await _with_alerts(around, patient_id, form)


async def _with_alerts(
    around: Desk, patient_id: str, form: PrescriptionForm, sent: list[Override] | None = None
) -> Desk:
    """With what is asked about the medicines of a form; `sent`: answers, if they are not the form's own."""
    return {**around, **await beside(patient_id, form, sent)}


@blueprint.get("/patients/<patient_id>/prescriptions/new")
@web.takes("from", "set", "renews", "replaces")
async def new(patient_id: str) -> Response:
    around = await _around(patient_id)
    defaults: dict[str, Any] = {"pharmacy_id": around["file"].patient.pharmacy_id}
    lines: list[Copy] = []
    if replaces_id := request.args.get("replaces"):
        old, lines = await web.see(_refused_one, patient_id, replaces_id)
        around["refused"] = old
        defaults = {"pharmacy_id": old.pharmacy_id, "replaces_id": old.id}
    elif renews_id := request.args.get("renews"):
        old, around["renewing"], lines = await web.see(_to_renew, patient_id, renews_id)
        defaults = {"pharmacy_id": defaults["pharmacy_id"] or old.pharmacy_id, "renews_id": old.id}
    elif from_id := request.args.get("from"):
        last = around["earlier"][0].id if around["earlier"] else None
        around["nothing_to_copy"] = from_id == "last" and not last
        if chosen := last if from_id == "last" else from_id:
            around["copied"], lines = await web.see_traced(copying.of_prescription, chosen, patient_id)
    elif set_id := request.args.get("set"):
        around["taken"] = taken = await web.see(sets.one, set_id)
        lines = list(taken.lines)
    if lines:
        defaults["lines"] = [line.fields for line in lines]
        around["retired"] = {index for index, line in enumerate(lines) if not line.medicine_id}
    if web.wants() == "json":
        return web.as_json({"pharmacy_id": defaults["pharmacy_id"], "lines": [line.json() for line in lines]})
    defaults["opened"] = opened.stamp(web.viewer().id, patient_id, web.database().clock(), web.key_for(opened.PURPOSE))
    form = web.blank(PrescriptionForm, **defaults)
    return web.page("prescriptions/new.html", form=form, **await _with_alerts(around, patient_id, form))


@blueprint.post("/patients/<patient_id>/prescriptions")
@web.refill("prescriptions/new.html", PrescriptionForm, context=_around_sent, versions=True)
async def create(patient_id: str) -> Response:
    sent = await web.fields()
    pressed = next((name for name in sent if name in _REARRANGE), None)
    if pressed and web.wants() != "json":
        return await _rearrange(patient_id, sent, pressed)
    form = await web.form(PrescriptionForm)
    acted = await web.act(
        checking.sign,
        queries.prescription_in_full,
        patient_id,
        lines=[await line_of(line, index) for index, line in enumerate(form.each_line)],
        pharmacy_id=form.pharmacy_id.data or None,
        replaces_id=form.replaces_id.data or None,
        renews_id=form.renews_id.data or None,
        confirmed=form["confirm"].data,
        overrides=form.answers,
    )
    if not acted.again:
        _note_time(form.opened.data or "", acted.resource)
    location = f"/prescriptions/{acted.resource.id}"
    if web.header("hx-boosted"):  # placed by htmx, it would keep the form's address, and a reload would prescribe again
        return Response("", headers={"HX-Redirect": location})
    return web.done(acted, "prescriptions/_row.html", location, created=True)


def _note_time(stamped: str, signed: Prescription) -> None:
    """What the monitoring page shows: from opening the form to signing."""
    key = web.key_for(opened.PURPOSE)
    took = opened.seconds(stamped, signed.prescriber_id, signed.patient_id, signed.issued_at, key)
    if took is not None:
        histogram: Histogram = web.app().extensions["prescribing"]
        histogram.observe(took)


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
            picked = await web.see(medicine, medicine_id)
            lines[index] |= {"medicine_id": picked.id, "medicine": picked.name}
        case "change":
            lines[index] |= {"medicine_id": "", "medicine": ""}
        case "find":
            around["suggestions"] = await web.see(suggestions, lines, [index], form.pharmacy_id.data)
        case "stay":  # Enter in a field, where no script says what it does
            unchosen = [index for index, line in enumerate(lines) if not line["medicine_id"]]
            around["suggestions"] = await web.see(suggestions, lines, unchosen, form.pharmacy_id.data)
        case "drop" if len(lines) > 1:
            del lines[index]
        case "more" if len(lines) < LINES_AT_MOST:
            lines.append({})
            around["added"] = True
        case "copy" | "set":
            if pressed == "copy":
                around["copied"], copies = await web.see_traced(copying.of_prescription, number, patient_id)
            else:
                around["taken"] = taken = await web.see(sets.one, number)
                copies = list(taken.lines)
            lines = [line for line in lines if any(line.values())]
            around["retired"] = {len(lines) + at for at, copy in enumerate(copies) if not copy.medicine_id}
            lines += [copy.fields for copy in copies]
            if len(lines) > LINES_AT_MOST:
                raise Invalid({"lines": AT_MOST})
    answered, form = form.answers, web.blank(PrescriptionForm, **{**form.data, "lines": lines})
    return web.page("prescriptions/new.html", form=form, **await _with_alerts(around, patient_id, form, answered))


def _refused_one(
    tx: Transaction, viewer: Viewer, patient_id: str, prescription_id: str
) -> tuple[Prescription, list[Copy]]:
    """One's own refused prescription for this patient, to be corrected. Raises NotFound."""
    found = queries.prescription_in_full(tx, viewer, prescription_id)
    if found.patient_id != patient_id or found.prescriber_id != viewer.id:
        raise NotFound
    return found, copying.of_owed(tx, found.lines)


def _what_for(
    tx: Transaction, viewer: Viewer, patient_id: str, replaces_id: str | None, renews_id: str | None
) -> tuple[Prescription | None, Renewing | None]:
    """What a form that comes back corrects, and what it answers; None of what is none, which signing refuses."""
    refused = renewing = None
    with suppress(NotFound):
        refused = _refused_one(tx, viewer, patient_id, replaces_id)[0] if replaces_id else None
    with suppress(NotFound):
        renewing = _to_renew(tx, viewer, patient_id, renews_id)[1] if renews_id else None
    return refused, renewing


def _to_renew(
    tx: Transaction, viewer: Viewer, patient_id: str, prescription_id: str
) -> tuple[Prescription, Renewing, list[Copy]]:
    """One's own prescription for this patient that is asked to be renewed, with those lines that may be."""
    found = queries.prescription_in_full(tx, viewer, prescription_id)
    renewing = renewals.of_prescription(tx, viewer, found)
    if found.patient_id != patient_id or found.prescriber_id != viewer.id or not (renewing and renewing.waiting):
        raise NotFound
    return found, renewing, copying.of_renewal(tx, [one.line for one in renewing.lines if not one.why_not])


def suggestions(
    tx: Transaction, viewer: Viewer, lines: list[dict[str, Any]], of: list[int], pharmacy_id: str | None
) -> dict[int, list[medicines.Medicine]]:
    """By line, the medicines that what is typed in it may mean."""
    return {index: medicines.search_medicines(tx, viewer, lines[index]["medicine"] or "", pharmacy_id) for index in of}


def medicine(tx: Transaction, viewer: Viewer, medicine_id: str) -> medicines.Medicine:
    return medicines.medicine(tx, medicine_id)


@blueprint.get("/posology")
@web.takes("medicine_id", "dosage", "duration_days", "line")
async def understood() -> Response:
    """What is understood of a posology while it is typed in a line of the form; by its names there, or plainly."""
    line = web.number("line")
    before = "" if line is None else f"lines-{line}-"
    typed = {name: request.args.get(before + name, "")[:300] for name in ("medicine_id", "dosage")}
    found = await web.see(_understood, **typed, duration_days=web.number(f"{before}duration_days"))
    fragment = "prescriptions/_understood.html"
    return web.answer(fragment, found.json(web.language()), fragment=fragment, found=found, n=line or 0)


def _understood(
    tx: Transaction, viewer: Viewer, medicine_id: str, dosage: str, duration_days: int | None
) -> Understood:
    viewer.require("doctor")
    days = duration_days if duration_days and duration_days < 1_000 else 0
    chosen = medicines.medicine(tx, medicine_id) if medicine_id else None
    unit, form = (chosen.unit, chosen.form) if chosen else ("", "")
    return posology.understand(clean(dosage) or "", unit, form, days or None)


async def line_of(line: LineForm, index: int) -> actions.NewLine:
    """A line as prescribed; a medicine that was typed and not picked is taken when only one has that name.

    One that was picked is what its field says, or it is asked for again: a draft may have brought another name.
    """
    picked, medicine_id = line.medicine_id.data, await chosen_in(line)
    if picked and line.medicine.data and not await web.see(_is_named, picked, line.medicine.data):
        raise Invalid({f"lines-{index}-medicine": actions.CHOOSE_MEDICINE})
    if not medicine_id and line.medicine.data:
        raise Invalid({f"lines-{index}-medicine": actions.CHOOSE_MEDICINE})
    return actions.NewLine(
        medicine_id or "",
        line.dosage.data,
        line.quantity.data,
        line.duration_days.data,
        line.substitution_reason.data or None,
        line.renewals.data or 0,
    )


def _is_named(tx: Transaction, viewer: Viewer, medicine_id: str, text: str) -> bool:
    try:
        return medicines.is_name_of(text, medicines.medicine(tx, medicine_id))
    except NotFound:
        return False
