"""Announcements: those whom one is for read it, admins publish and withdraw."""

from typing import TypedDict

from quart import Blueprint, Response

from fadjma import web
from fadjma.announcements import actions, queries
from fadjma.announcements.forms import AnnouncementForm
from fadjma.announcements.queries import Announcement
from fadjma.i18n import translate
from fadjma.web.forms import NoFields

blueprint = Blueprint("announcements", __name__)


@blueprint.get("/announcements")
@web.takes("before")
async def index() -> Response:
    found = await web.see(queries.announcements, web.before())
    data = found.json(lambda item: item.json(web.language()))
    return web.answer("announcements/index.html", data, announcements=found)


class _Around(TypedDict):
    audiences: list[tuple[str, str, str]]


async def _around() -> _Around:
    await web.only("admin")
    language = web.language()
    return {"audiences": [(code, translate(language, label), "") for code, (label, _) in queries.AUDIENCES.items()]}


@blueprint.get("/announcements/new")
async def new() -> Response:
    return web.page("announcements/new.html", form=web.blank(AnnouncementForm), **await _around())


@blueprint.post("/announcements")
@web.refill("announcements/new.html", AnnouncementForm, context=_around)
async def publish() -> Response:
    form = await web.form(AnnouncementForm)
    acted = await web.act(
        actions.publish,
        queries.announcement,
        audience=form.audience.data,
        title=form.title.data,
        body=form.body.data,
    )
    return _telling(acted, created=True)


@blueprint.get("/announcements/<announcement_id>")
async def show(announcement_id: str) -> Response:
    found = await web.see(queries.announcement, announcement_id)
    return web.answer("announcements/show.html", found.json(web.language()), item=found)


@blueprint.post("/announcements/<announcement_id>/withdrawal")
async def withdrawal(announcement_id: str) -> Response:
    await web.form(NoFields)
    return _telling(await web.act(actions.withdraw, queries.announcement, announcement_id))


def _telling(acted: web.Acted[Announcement], *, created: bool = False) -> Response:
    """The answer to what is to be told: the timekeeper begins at once."""
    web.app().extensions["timekeeper"].wake()
    return web.done(acted, "announcements/_row.html", f"/announcements/{acted.resource.id}", created=created)
