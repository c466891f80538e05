"""What a browser keeps of FADJMA for when there is no link, and to put it on the home screen (decision 25)."""

from quart import Blueprint, Response

from fadjma import web
from fadjma.identity import places
from fadjma.web import assets

blueprint = Blueprint("offline", __name__)
_A_DAY = "public, max-age=86400"


@blueprint.get("/offline")
async def offline() -> Response:
    """The page that static/worker.js shows without a link: the clinics' numbers, and nothing of anybody."""
    found = await web.database().read(places.places)
    return web.page("offline.html", clinics=[place for place in found if place.kind == "clinic" and place.phone])


@blueprint.get("/worker.js")
async def worker() -> Response:
    """At the root, because a service worker sees what is below its own address."""
    response = Response(assets.content("worker.js"), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = _A_DAY
    return response


@blueprint.get("/apple-touch-icon.png")
async def icon() -> Response:
    """Where an iPhone looks by itself when FADJMA is put on its home screen: no page pays for saying so."""
    response = Response(assets.content("icon.png"), content_type="image/png")
    response.headers["Cache-Control"] = _A_DAY
    return response


@blueprint.get("/manifest.webmanifest")
async def manifest() -> Response:
    response = web.as_json(
        {
            "name": "FADJMA",
            "short_name": "FADJMA",
            "start_url": "/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#06402f",
            "icons": [
                {"src": assets.url("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": assets.url("icon.png"), "sizes": "192x192", "type": "image/png"},
            ],
        },
        content_type="application/manifest+json",
    )
    response.headers["Cache-Control"] = _A_DAY
    return response
