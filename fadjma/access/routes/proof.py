"""The trace as a file with its proof, and the page that checks such a file without any server."""

from pathlib import Path

from quart import Blueprint, Response

from fadjma import web
from fadjma.access import proof

blueprint = Blueprint("proof", __name__)
_CHECKER = Path(__file__).parents[1] / "verification.html"


@blueprint.get("/patients/<patient_id>/accesses/proof")
async def export(patient_id: str) -> Response:
    """The patient's own trace, as JSON to be kept."""
    extensions = web.app().extensions
    found = await web.see(
        proof.export,
        patient_id,
        kinds=extensions["covered"],
        signer=extensions["sealer"].signer,
        language=web.language(),
    )
    return _kept(web.as_json(found), "fadjma-trace.json")


@blueprint.get("/trace-verification")
async def checker() -> Response:
    """The page that checks it: one file, opened from wherever it was put."""
    content = _CHECKER.read_text("utf-8")
    return _kept(Response(content, content_type="text/html; charset=utf-8"), "fadjma-verification.html")


def _kept(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
