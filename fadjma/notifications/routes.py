"""The inbox, as page and JSON."""

from quart import Blueprint, Response
from wtforms.validators import InputRequired, NumberRange

from fadjma import web
from fadjma.events import inbox
from fadjma.web.forms import Form, WholeNumber

blueprint = Blueprint("notifications", __name__)


class ReadForm(Form):
    up_to = WholeNumber("", [InputRequired(), NumberRange(min=0, max=2**53)])


@blueprint.get("/notifications")
async def index() -> Response:
    before = web.number("before")
    shown = await web.see(inbox.browse, before)
    return web.answer("notifications/index.html", shown.json(web.language()), inbox=shown, before=before)


@blueprint.post("/notifications/read")
async def read() -> Response:
    form = await web.form(ReadForm)
    acted = await web.act(inbox.read_up_to, inbox.inbox_of, form.up_to.data)
    return web.done(acted, "notifications/_list.html", "/notifications")
