"""Clinics and pharmacies: everybody who is signed in reads them, admins make and change them."""

from dataclasses import asdict
from typing import TypedDict

from quart import Blueprint, Response

from fadjma import web
from fadjma.identity.places import Place
from fadjma.places import actions, importing, tables
from fadjma.places.forms import ChangedPlaceForm, PlaceForm
from fadjma.web import importing as steps
from fadjma.web.importing import ImportForm

blueprint = Blueprint("places", __name__)
_IMPORT, _IMPORTS = "places/_import.html", "/organizations/imports"
web.take_files(_IMPORTS)


@blueprint.get("/organizations")
async def organizations() -> Response:
    found = await web.see(actions.browse)
    data = {"items": [place.json(web.language()) for place in found]}
    return web.answer("places/index.html", data, places=found)


@blueprint.get("/organizations/new")
async def new_organization() -> Response:
    await web.only("admin")
    return web.page("places/new.html", form=web.blank(PlaceForm), **await _around_new())


class _AroundNew(TypedDict):
    heads: list[tuple[str, str]]


async def _around_new() -> _AroundNew:
    return {"heads": _heads(await web.see(actions.browse))}


def _heads(found: list[Place], but: str = "") -> list[tuple[str, str]]:
    return [(one.id, f"{one.name}, {one.city}") for one in found if one.id != but and not one.part_of]


@blueprint.post("/organizations")
@web.refill("places/new.html", PlaceForm, context=_around_new)
async def add_organization() -> Response:
    form = await web.form(PlaceForm)
    acted = await web.act(actions.add, actions.show, form.facts())
    return web.done(
        acted, "places/_row.html", f"/organizations/{acted.resource.id}", created=True, then="/organizations"
    )


class _Around(TypedDict):
    place: Place
    heads: list[tuple[str, str]]  # of which it may be a part
    head: Place | None  # of which it is


async def _around(place_id: str) -> _Around:
    place, found = await web.see(actions.show, place_id), await web.see(actions.browse)
    head = next((one for one in found if one.id == place.part_of), None)
    return {"place": place, "heads": _heads(found, place_id), "head": head}


@blueprint.get("/organizations/imports/new")
async def new_import() -> Response:
    await web.only("admin")
    return web.page("places/import_new.html", form=web.blank(ImportForm))


@blueprint.post("/organizations/imports")
@web.refill("places/import_new.html", ImportForm)
async def read_import() -> Response:
    await web.only("admin")
    return await steps.keep(tables.read, importing.check, importing.one_import, _IMPORT, _IMPORTS)


@blueprint.get("/organizations/imports/<import_id>")
async def show_import(import_id: str) -> Response:
    found = await web.see(importing.one_import, import_id)
    return web.answer("places/import.html", found.json(web.language()), item=found)


@blueprint.post("/organizations/imports/<import_id>/confirmation")
async def confirm_import(import_id: str) -> Response:
    return await steps.step(importing.confirm, importing.one_import, import_id, _IMPORT, _IMPORTS)


@blueprint.get("/organizations/<place_id>")
async def organization(place_id: str) -> Response:
    around = await _around(place_id)
    place = around["place"]
    form = web.blank(ChangedPlaceForm, **asdict(place))
    return web.answer("places/show.html", place.json(web.language()), form=form, **around)


@blueprint.post("/organizations/<place_id>")
@web.refill("places/show.html", ChangedPlaceForm, context=_around, versions=True)
async def change_organization(place_id: str) -> Response:
    form = await web.form(ChangedPlaceForm)
    acted = await web.act(actions.change, actions.show, place_id, form.facts(), version=form.version.data)
    return web.done(acted, "places/_row.html", "/organizations")
