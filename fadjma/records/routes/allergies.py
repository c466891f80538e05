"""A patient's allergies: the list, noting one, « aucune connue », correcting one, and names while somebody types."""

from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.records import actions, allergies, noting
from fadjma.records.allergies import Allergies
from fadjma.records.forms.fields import AllergyForm, AmendAllergyForm
from fadjma.records.routes.around import Banner, add, banner, correct, may_write
from fadjma.records.routes.records import around_record
from fadjma.store import Transaction
from fadjma.web.forms import NoFields

blueprint = Blueprint("allergies", __name__)


class _AroundAllergies(TypedDict):
    """A patient's allergies, beside the form of another one."""

    patient: Identity
    banner: Banner
    known: Allergies
    may_write: bool


@blueprint.get("/patients/<patient_id>/allergies")
async def allergies_of(patient_id: str) -> Response:
    around = await _allergies(patient_id)
    return web.answer("records/allergies.html", around["known"].json(), form=web.blank(AllergyForm), **around)


async def _allergies(patient_id: str) -> _AroundAllergies:
    return await web.see_traced(_open_allergies, patient_id, again=web.by_itself())


def _open_allergies(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool) -> _AroundAllergies:
    known = noting.open_allergies(tx, viewer, patient_id, again=again)
    return {
        "patient": directory.identity(tx, patient_id),
        "banner": banner(tx, viewer, patient_id),
        "known": known,
        "may_write": may_write(tx, viewer, patient_id, "allergy"),
    }


async def _allergies_to_note(patient_id: str) -> _AroundAllergies:
    return await web.see_traced(_open_to_note, patient_id)


def _open_to_note(tx: Transaction, viewer: Viewer, patient_id: str) -> _AroundAllergies:
    """Around a form that comes back: to whoever may note one, and not to all who may read them."""
    actions.require_writer(tx, viewer, patient_id, "allergy")
    return _open_allergies(tx, viewer, patient_id, again=True)


@blueprint.post("/patients/<patient_id>/allergies")
@web.refill("records/allergies.html", AllergyForm, context=_allergies_to_note)
async def note_allergy(patient_id: str) -> Response:
    form = await web.form(AllergyForm)
    return await add(noting.note, patient_id, "allergies", facts=form.facts, confirmed=form.confirm.data)


@blueprint.post("/patients/<patient_id>/allergies/none-known")
async def none_known(patient_id: str) -> Response:
    await web.form(NoFields)
    return await add(noting.state_none_known, patient_id, "allergies")


@blueprint.post("/records/<record_id>/allergy")
@web.refill("records/show.html", AmendAllergyForm, context=around_record, versions=True)
async def amend_allergy(record_id: str) -> Response:
    form = await web.form(AmendAllergyForm)
    return await correct(
        noting.amend,
        record_id,
        version=form.version.data,
        facts=form.facts,
        reason=form.reason.data,
        confirmed=form.confirm.data,
    )


@blueprint.get("/allergens")
@web.takes("substance")
async def allergens_named() -> Response:
    """Families and substances that are proposed while somebody types what a patient does not bear."""
    found = await web.see(_named, request.args.get("substance", "")[:120])
    return web.answer("records/_allergens.html", {"items": found}, fragment="records/_allergens.html", found=found)


def _named(tx: Transaction, viewer: Viewer, q: str) -> list[str]:
    viewer.require("doctor")
    return allergies.suggested(tx, q)
