"""Hand-overs without the patient's code, for whoever answers for the pharmacy and for an audit."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.prescriptions import flagging

blueprint = Blueprint("flagged", __name__)


@blueprint.get("/handovers")
@web.takes("before")
async def index() -> Response:
    found = await web.see_traced(flagging.browse, web.before())
    return web.answer("prescriptions/handovers.html", found.json(lambda one: one.json(web.language())), handovers=found)


@blueprint.get("/handovers/<handover_id>")
async def show(handover_id: str) -> Response:
    found = await web.see_traced(flagging.show, handover_id, again=web.by_itself())
    return web.answer("prescriptions/handover.html", found.json(web.language()), handover=found)
