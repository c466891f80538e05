"""For the pharmacy: whoever received a lot, in one click."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.prescriptions import recall

blueprint = Blueprint("recalling", __name__)


@blueprint.get("/inventory/lots/<lot_id>/recipients")
async def recipients(lot_id: str) -> Response:
    lot, found = await web.see_traced(recall.recipients, lot_id)
    data = {"items": [one.json(web.language()) for one in found]}
    return web.answer("prescriptions/recipients.html", data, lot=lot, recipients=found)
