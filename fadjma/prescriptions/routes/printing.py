"""What is printed on paper of its own: the ordonnance, and the patient's copy."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.prescriptions import paper

blueprint = Blueprint("printing", __name__)


@blueprint.get("/prescriptions/<prescription_id>/paper")
async def show(prescription_id: str) -> Response:
    found = await web.see_traced(paper.open_paper, prescription_id)
    return web.answer(
        "prescriptions/paper.html",
        found.json(web.language()),
        paper=found,
        copy=web.one_of("copy", paper.COPIES) or "pharmacy",
        size=web.one_of("size", paper.SIZES) or "a5",
    )
