"""The trace as a file with its proof, and the page that checks such a file without any server."""

import asyncio
import json
from pathlib import Path
from typing import Any

from quart import Blueprint, Response

from fadjma import web
from fadjma.access import proof

blueprint = Blueprint("proof", __name__)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_FRENCH = '<html lang="fr"'
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
    said = await asyncio.to_thread(_written, found)
    return _kept(Response(said, content_type="application/json"), "fadjma-trace.json")


def _written(found: dict[str, Any]) -> str:
    """As JSON, link by link: the encoder gives no other thread a turn until it has ended, and a file of ten years has
    ten thousand links (0.1 s)."""
    rest = {name: value for name, value in found.items() if name != "links"}
    links = ",".join([_encode(link) for link in found["links"]])
    return f'{_encode(rest)[:-1]},"links":[{links}]}}'


@blueprint.get("/trace-verification")
async def checker() -> Response:
    """The page that checks it: one file, opened from wherever it was put. It begins in the language of who takes it,
    and goes on in that of the trace."""
    content = _CHECKER.read_text("utf-8").replace(_FRENCH, f'{_FRENCH} data-language="{web.language()}"', 1)
    return _kept(Response(content, content_type="text/html; charset=utf-8"), "fadjma-verification.html")


def _kept(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
