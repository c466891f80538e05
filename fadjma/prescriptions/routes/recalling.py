"""A lot that is recalled: whoever received it is listed in one click, told in another, and reads what to do."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.prescriptions import recall, recalled
from fadjma.web.forms import NoFields

blueprint = Blueprint("recalling", __name__)
_LIST = "prescriptions/_recipients.html"


@blueprint.get("/inventory/lots/<lot_id>/recipients")
async def recipients(lot_id: str) -> Response:
    found = await web.see_traced(recall.open_list, lot_id)
    return web.answer("prescriptions/recipients.html", found.json(web.language()), item=found)


@blueprint.post("/inventory/lots/<lot_id>/recall")
async def tell(lot_id: str) -> Response:
    """Tells all who see an inbox; the others are called."""
    await web.form(NoFields)
    acted = await web.act(recall.tell, recall.listed, lot_id)
    return web.done(acted, _LIST, f"/inventory/lots/{lot_id}/recipients")


@blueprint.post("/inventory/lots/<lot_id>/recipients/<prescription_id>/call")
async def tick(lot_id: str, prescription_id: str) -> Response:
    """Somebody who was told by telephone."""
    await web.form(NoFields)
    acted = await web.act(recall.tick, recall.listed, lot_id, prescription_id)
    return web.done(acted, _LIST, f"/inventory/lots/{lot_id}/recipients")


@blueprint.get("/inventory/lots/<lot_id>/recipients/<prescription_id>")
async def given(lot_id: str, prescription_id: str) -> Response:
    found = await web.see_traced(recall.open_given, lot_id, prescription_id, again=web.by_itself())
    return web.answer("prescriptions/given.html", found.json(web.language()), given=found, lot_id=lot_id)


@blueprint.get("/recalls/<recall_id>")
async def show(recall_id: str) -> Response:
    found = await web.see(recalled.show, recall_id)
    return web.answer("prescriptions/recalled.html", found.json(web.language()), recalled=found)
