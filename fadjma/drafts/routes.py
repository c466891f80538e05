"""GET, PUT and DELETE /drafts/<form>/<subject>: one's own, nobody else's."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.i18n import iso
from fadjma.identity import sessions
from fadjma.identity.people import Viewer
from fadjma.refusals import NotFound
from fadjma.store import Transaction
from fadjma.web import drafts
from fadjma.web.bounds import DRAFT_PER_PERSON
from fadjma.web.drafts import Draft, Place
from fadjma.web.forms import NoFields

blueprint = Blueprint("drafts", __name__)


@blueprint.get("/drafts")
async def index() -> Response:
    """A page with forms asks this once, whatever they are about."""
    found = await web.see(_places)
    return web.as_json({"items": [{"form": place.form, "subject": place.subject} for place in found]})


@blueprint.get("/drafts/<form>/<subject>")
async def show(form: str, subject: str) -> Response:
    """200, or 204 when nothing was typed there."""
    found = await web.see(_read, _place(form, subject), _key())
    if found is None:
        return Response(status=204)
    return web.as_json(
        {
            "form": form,
            "subject": subject,
            "fields": found.fields,
            "saved_at": iso(found.saved_at),
            "valid_until": iso(found.saved_at + drafts.KEPT),
        }
    )


@blueprint.put("/drafts/<form>/<subject>")
async def save(form: str, subject: str) -> Response:
    """Also behind the lock, which shows nothing: what was typed while the link was down comes when it is back."""
    web.even_locked()
    fields = dict((await web.fields()).items())
    web.count(DRAFT_PER_PERSON)
    await web.change(_save, _place(form, subject), fields, _key())
    return Response(status=204)


@blueprint.delete("/drafts/<form>/<subject>")
async def drop(form: str, subject: str) -> Response:
    await web.form(NoFields)
    web.count(DRAFT_PER_PERSON)
    await web.change(_drop, _place(form, subject))
    return Response(status=204)


def _places(tx: Transaction, viewer: Viewer) -> list[Place]:
    return drafts.places(tx, drafts.writer(viewer))


def _place(form: str, subject: str) -> Place:
    place = Place(form, subject)
    if not place.is_one:
        raise NotFound
    return place


def _key() -> bytes:
    return web.key_for("drafts")


def _read(tx: Transaction, viewer: Viewer, place: Place, key: bytes) -> Draft | None:
    return drafts.read(tx, drafts.writer(viewer), place, key=key)


def _save(tx: Transaction, viewer: Viewer, place: Place, fields: dict[str, str], key: bytes) -> None:
    drafts.save(tx, drafts.writer(viewer), place, fields, key=key)
    sessions.note_activity(tx, viewer)


def _drop(tx: Transaction, viewer: Viewer, place: Place) -> None:
    drafts.drop(tx, drafts.writer(viewer), place)
