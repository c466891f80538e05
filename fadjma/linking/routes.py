"""The admin's links between files of one person."""

from typing import TypedDict

from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from fadjma import web
from fadjma.identity.links import Link
from fadjma.linking import actions
from fadjma.linking.actions import Pair
from fadjma.linking.forms import LinkForm
from fadjma.refusals import Invalid
from fadjma.store import Page
from fadjma.web.forms import NoFields

blueprint = Blueprint("linking", __name__)


class _Around(TypedDict):
    links: Page[Link]


async def _around() -> _Around:
    return {"links": await web.see(actions.browse, web.before())}


@blueprint.get("/patient-links")
@web.takes("before")
async def index() -> Response:
    around = await _around()
    data = around["links"].json(lambda link: link.json(web.language()))
    return web.answer("linking/index.html", data, form=web.blank(LinkForm), **around)


@blueprint.get("/patient-links/new")
@web.takes("one", "other")
async def compare() -> Response:
    """The two beside each other; what cannot be compared comes back on the form."""
    asked = MultiDict({name: request.args[name] for name in ("one", "other") if name in request.args})
    form = web.blank(LinkForm, asked or None)
    await web.only("admin")
    pair = await _pair(form) if asked else None
    if asked and web.wants() == "json":
        if pair is None:
            raise Invalid(form.messages)
        return web.as_json(pair.json(web.language()))
    return web.page("linking/new.html", 422 if form.messages else 200, form=form, pair=pair)


async def _pair(form: LinkForm) -> Pair | None:
    """What is to be compared; None with the reason on the form."""
    if not form.validate():
        return None
    try:
        return await web.see(actions.compare, one=form.one.data, other=form.other.data)
    except Invalid as refusal:
        form.refuse(refusal.errors)
        return None


@blueprint.post("/patient-links")
@web.refill("linking/index.html", LinkForm, context=_around)
async def link() -> Response:
    form = await web.form(LinkForm)
    acted = await web.act(actions.link, actions.show, one=form.one.data, other=form.other.data)
    location = f"/patient-links/{acted.resource.id}"
    return web.done(acted, "linking/_row.html", location, created=True, then="/patient-links")


@blueprint.get("/patient-links/<link_id>")
async def show(link_id: str) -> Response:
    found = await web.see(actions.show, link_id)
    return web.answer("linking/show.html", found.json(web.language()), item=found)


@blueprint.post("/patient-links/<link_id>/ending")
async def unlink(link_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(actions.unlink, actions.show, link_id)
    return web.done(acted, "linking/_row.html", f"/patient-links/{link_id}", then="/patient-links")
