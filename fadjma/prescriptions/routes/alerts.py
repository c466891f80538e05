"""Alerts as a form shows them: each beside what it is about, with the reason that was typed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.inventory import queries as medicines
from fadjma.prescriptions import checking
from fadjma.prescriptions.actions import CHOOSE_MEDICINE
from fadjma.prescriptions.checking import Checked
from fadjma.prescriptions.forms import AT_MOST, LINES_AT_MOST, LineForm, PrescriptionForm
from fadjma.records import actions as writing
from fadjma.refusals import Invalid
from fadjma.safety import answers
from fadjma.safety.answers import Override
from fadjma.safety.rules import Alert, Unchecked
from fadjma.store import Transaction
from fadjma.web.forms import clean

blueprint = Blueprint("alerts", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert with the place of its answer in the form, and the reason that was typed there."""

    alert: Alert
    place: int
    reason: str


class Beside(TypedDict):
    """What stands beside the lines of a prescription, and above its button."""

    alerts: list[Shown]
    unchecked: tuple[Unchecked, ...]


def shown(found: Checked, sent: Iterable[Override] = ()) -> Beside:
    """What stops, with the answers that were sent; the others are asked beside their fields."""
    sent = list(sent)
    stops = [one for one in found.alerts if one.stops]
    where, reasons = answers.places(stops, sent), {one.alert: one.reason for one in sent}
    return {
        "alerts": [Shown(one, where[one.id], reasons.get(one.id, "")) for one in stops],
        "unchecked": found.unchecked,
    }


async def beside(patient_id: str, form: PrescriptionForm, sent: Iterable[Override] | None = None) -> Beside:
    """What is asked about the medicines of a form that is shown; `sent`: answers, if they are not the form's own."""
    lines = form.each_line[:LINES_AT_MOST]
    chosen, dosages = [await chosen_in(line) for line in lines], [line.dosage.data or "" for line in lines]
    found = await web.see(checking.while_writing, patient_id, chosen, dosages)
    return shown(found, form.answers if sent is None else sent)


async def chosen_in(line: LineForm) -> str | None:
    """The medicine of a line: the one that was picked, or the only one that is called as was typed."""
    if line.medicine_id.data or not line.medicine.data:
        return line.medicine_id.data or None
    found = await web.see(medicines.search_medicines, line.medicine.data)
    named = [medicine for medicine in found if medicines.is_name_of(line.medicine.data, medicine)]
    return named[0].id if len(named) == 1 else None


@blueprint.get("/patients/<patient_id>/safety")
@web.takes("lines-[0-9]{1,2}-(medicine_id|dosage)", each=("medicine_id", "dosage"))
async def asked(patient_id: str) -> Response:
    """What an open form asks while it is filled in (`lines-0-medicine_id` and `-dosage` as there, or without)."""
    args, plain = request.args, request.args.getlist("medicine_id")
    if len(plain) > LINES_AT_MOST:
        raise Invalid({"medicine_id": AT_MOST})
    named = [args.get(f"lines-{number}-medicine_id", "") for number in range(LINES_AT_MOST)]
    ids = [medicine_id[:40] or None for medicine_id in plain or named]
    typed = args.getlist("dosage") if plain else [args.get(f"lines-{n}-dosage", "") for n in range(LINES_AT_MOST)]
    dosages = [clean(dosage[:300]) or "" for dosage in typed[:LINES_AT_MOST]]
    found = await web.see_traced(_while_writing, patient_id, ids, dosages, all_known=web.wants() == "json")
    language = web.language()
    data = {
        "alerts": [one.json(language) for one in found.alerts],
        "unchecked": [one.json(language) for one in found.unchecked],
    }
    fragment = "safety/_not_checked.html"
    return web.answer(fragment, data, fragment=fragment, unchecked=found.unchecked)


def _while_writing(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    medicine_ids: list[str | None],
    dosages: list[str],
    *,
    all_known: bool,
) -> Checked:
    """`all_known`: refuse what is not of the list (Invalid); a page has it in its form, and says so there."""
    found = checking.while_writing(tx, viewer, patient_id, medicine_ids, dosages)
    named = {medicine_id for medicine_id in medicine_ids if medicine_id}
    if all_known and named - medicines.listed(tx, named):
        raise Invalid({"medicine_id": CHOOSE_MEDICINE})
    writing.trace_file(tx, viewer, patient_id, again=True)
    return found
