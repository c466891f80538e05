"""« Mes modèles »: what a doctor prescribes often, kept under a name, and taken away again."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.prescriptions import sets
from fadjma.prescriptions.forms import SetForm
from fadjma.prescriptions.routes import reading
from fadjma.store import Transaction
from fadjma.web.forms import NoFields

blueprint = Blueprint("sets", __name__)


def _own(tx: Transaction, viewer: Viewer) -> list[sets.Set]:
    return sets.own(tx, viewer)


@blueprint.get("/prescription-sets")
async def index() -> Response:
    found = await web.see(_own)
    data = {"items": [item.json(web.language()) for item in found]}
    return web.answer("prescriptions/sets.html", data, sets=found)


@blueprint.post("/prescriptions/<prescription_id>/set")
@web.refill("prescriptions/show.html", SetForm, context=reading.one)
async def keep(prescription_id: str) -> Response:
    form = await web.form(SetForm)
    acted = await web.act(sets.keep, sets.one, prescription_id, name=form.name.data)
    location = f"/prescription-sets/{acted.resource.id}"
    return web.done(acted, "prescriptions/_set.html", location, created=True, then="/prescription-sets")


@blueprint.get("/prescription-sets/<set_id>")
async def show(set_id: str) -> Response:
    found = await web.see(sets.one, set_id)
    return web.answer("prescriptions/sets.html", found.json(web.language()), sets=[found])


@blueprint.post("/prescription-sets/<set_id>/removal")
async def remove(set_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(sets.remove, sets.one, set_id)
    return web.done(acted, "prescriptions/_set.html", f"/prescription-sets/{set_id}", then="/prescription-sets")
