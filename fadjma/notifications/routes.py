"""The inbox, as page and JSON."""

from quart import Blueprint, Response
from wtforms.validators import InputRequired, NumberRange

from fadjma import web
from fadjma.events import inbox, subjects
from fadjma.store import paging
from fadjma.web.forms import Form, NoFields, WholeNumber

blueprint = Blueprint("notifications", __name__)


class ReadForm(Form):
    up_to = WholeNumber("", [InputRequired(), NumberRange(min=0, max=2**53)])


@blueprint.get("/notifications")
@web.takes("about", "before")
async def index() -> Response:
    before, about = web.before(paging.NUMBER), _about()
    shown = await web.see(inbox.browse, int(before) if before else None, about)
    return web.answer("notifications/index.html", shown.json(web.language()), inbox=shown, before=before)


@blueprint.post("/notifications/read")
async def read() -> Response:
    form = await web.form(ReadForm)
    acted = await web.act(inbox.read_up_to, inbox.inbox_of, form.up_to.data)
    return web.done(acted, "notifications/_list.html", "/notifications")


@blueprint.post("/notifications/<int(max=9007199254740991):seq>/read")
async def read_one(seq: int) -> Response:
    await web.form(NoFields)
    about = _about()
    acted = await web.act(inbox.read_one, lambda tx, viewer, _: inbox.browse(tx, viewer, about=about), seq)
    return web.done(acted, "notifications/_list.html", f"/notifications?about={about}" if about else "/notifications")


def _about() -> subjects.About | None:
    return web.one_of("about", tuple(subjects.ABOUT))
