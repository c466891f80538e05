"""GET /notifications/poll: the same events as the stream, once, from the same cursor.

Who polls is asked to come less often when many do (`Retry-After`), and sent away before the database is asked when much
waits for it already: a poll that is late costs nobody anything, because the cursor keeps its place.
"""

import random
from math import ceil
from typing import Any

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.events import inbox
from fadjma.i18n import N_
from fadjma.identity import proxies
from fadjma.identity.people import OtherPerson, Viewer
from fadjma.live import replay
from fadjma.live.figures import Figures
from fadjma.live.hub import Hub
from fadjma.live.stream import ALLOWED
from fadjma.refusals import Forbidden, Refusal
from fadjma.store import Transaction

blueprint = Blueprint("poll", __name__)
USUAL_PACE = 15  # seconds between two polls of a page (static/live.js)
POLLS_PER_SECOND = 40  # that all pollers together may make: a tenth of what one core answers
TOO_MANY_WAITING = 40  # readings asked for and not answered; each takes a millisecond or two


@blueprint.get("/notifications/poll")
@web.takes("after", "user")
async def poll() -> Response:
    hub: Hub = web.app().extensions["hub"]
    if web.database().waiting_reads > TOO_MANY_WAITING:
        return Response(status=503, headers={"Retry-After": str(_spread(USUAL_PACE))})
    after = request.args.get("after", "0")
    if not (after.isdecimal() and after.isascii() and len(after) < 16):
        raise Refusal(N_("« after » doit être le numéro du dernier événement reçu."))
    user = request.args.get("user")
    streams = "text/event-stream" in web.header("accept")
    look = _as_stream if streams else _as_json
    viewer, body = await web.watch(lambda tx, viewer: (viewer, look(tx, viewer, int(after), user)))
    response = _answer(body)
    response.headers["Cache-Control"] = "no-store"
    if (seconds := pace(hub.figures)) > USUAL_PACE:
        response.headers["Retry-After"] = str(_spread(seconds))
    hub.figures.polled(viewer, response.content_length or 0, _events(body))
    return response


def pace(figures: Figures) -> int:
    """Seconds between two polls of one page, so that all together make no more than POLLS_PER_SECOND."""
    seconds = max(USUAL_PACE, ceil(figures.pollers.count() / POLLS_PER_SECOND))
    figures.poll_pace(seconds)
    return seconds


def _spread(seconds: int) -> int:
    """Against a herd: up to half as long again."""
    return seconds + random.randint(0, seconds // 2)  # noqa: S311


def _answer(body: dict[str, Any] | bytes | None) -> Response:
    if body is None:
        return Response(status=204)
    return web.as_json(body) if isinstance(body, dict) else Response(body, content_type="text/event-stream")


def _events(body: dict[str, Any] | bytes | None) -> int:
    """How many events the answer has."""
    if isinstance(body, dict):
        return len(body["events"])
    return body.count(b"\nevent: ") - body.count(b"\nevent: reset\n") if body else 0


def _as_json(tx: Transaction, viewer: Viewer, after: int, user: str | None) -> dict[str, Any] | None:
    _meant_for(tx, viewer, user)
    found = inbox.after(tx, viewer.id, after, replay.LIMIT)
    level = found[-1].seq if found else inbox.cursor(tx, viewer.id)
    if not found and after == level:
        return None
    answer = {"events": [item.json(viewer.language) for item in found], "cursor": level}
    # The cursor is of another history (a restored backup), or from before what is kept.
    if (after and not found) or replay.broken(after, found) or replay.is_forgotten(tx, viewer, after):
        answer["reset"] = True
    return answer


def _as_stream(tx: Transaction, viewer: Viewer, after: int, user: str | None) -> bytes | None:
    _meant_for(tx, viewer, user)
    level = inbox.cursor(tx, viewer.id)
    if level == after:
        return None
    missed, _ = replay.missed(tx, viewer, after, "html")
    if not missed:  # too many, or a cursor that this database does not know
        return replay.reset(after, level)
    return b"".join(event for _, event in missed)


def _meant_for(tx: Transaction, viewer: Viewer, user: str | None) -> None:
    """A page says whose it is: on a shared computer, an old tab must not follow whoever signed in after."""
    if user not in (None, viewer.id):
        if proxies.may_be(tx, viewer.own_id, user or ""):
            raise OtherPerson(viewer, user or "")
        raise Forbidden(N_("Une autre personne s'est connectée sur cet appareil."))


@blueprint.route("/events", methods=["OPTIONS"])
@blueprint.route("/api/events", methods=["OPTIONS"])
async def may_stream() -> Response:
    """What a browser asks before a stream from another origin; the stream itself is in stream.py."""
    return Response(status=204, headers={"Allow": ALLOWED})
