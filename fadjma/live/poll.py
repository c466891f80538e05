"""GET /notifications/poll: the same events as the stream, once, from the same cursor."""

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts.people import Viewer
from fadjma.database import Transaction
from fadjma.i18n import N_
from fadjma.live import encode
from fadjma.live.fragments import Fragments
from fadjma.live.hub import REPLAY_LIMIT
from fadjma.notifications import inbox
from fadjma.refusals import Forbidden, Refusal

blueprint = Blueprint("poll", __name__)


@blueprint.get("/notifications/poll")
async def poll() -> Response:
    after = request.args.get("after", "0")
    if not (after.isdecimal() and after.isascii() and len(after) < 16):
        raise Refusal(N_("« after » doit être le numéro du dernier événement reçu."))
    user = request.args.get("user")
    streams = "text/event-stream" in request.headers.get("Accept", "")
    body = await web.watch(_as_stream if streams else _as_json, int(after), user)
    if body is None:
        return Response(status=204, headers={"Cache-Control": "no-store"})
    response = web.as_json(body) if isinstance(body, dict) else Response(body, content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    return response


def _as_json(tx: Transaction, viewer: Viewer, after: int, user: str | None) -> dict[str, object] | None:
    found = inbox.after(tx, viewer.id, after, REPLAY_LIMIT)
    if not found and after <= inbox.state(tx, viewer.id).cursor:
        return None
    if not found:  # a cursor from the future: an older backup was restored
        return {"events": [], "cursor": inbox.state(tx, viewer.id).cursor, "reset": True}
    return {"events": [item.json(viewer.language) for item in found], "cursor": found[-1].seq}


def _as_stream(tx: Transaction, viewer: Viewer, after: int, user: str | None) -> bytes | None:
    if user not in (None, viewer.id):  # an old tab on a shared computer (see stream.py)
        raise Forbidden(N_("Une autre personne s'est connectée sur cet appareil."))
    level = inbox.state(tx, viewer.id).cursor
    if level == after:
        return None
    if not 0 < level - after <= REPLAY_LIMIT:
        return encode.event("reset", str(max(level - after, 0)), id=level)
    fragments = Fragments(tx)
    return b"".join(
        encode.event(item.type, fragments.html(viewer, item), id=item.seq)
        for item in inbox.after(tx, viewer.id, after, REPLAY_LIMIT)
    )
