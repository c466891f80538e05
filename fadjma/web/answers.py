"""The answer: a page, a fragment, JSON, or the way to another page."""

import json
import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from quart import Response, g, redirect, request

from fadjma import days
from fadjma.identity import locking
from fadjma.store import milliseconds
from fadjma.web.asking import Acted, Resource
from fadjma.web.request import app, database, header, language, page_path, wants, while_typing
from fadjma.web.templating import render

_SPREAD = 600  # seconds after midnight, within which open pages are fetched anew
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def page(template: str, status: int = 200, **context: Any) -> Response:
    """A whole page, with the frame that belongs to whoever asks."""
    return Response(rendered(template, **context), status, content_type="text/html; charset=utf-8")


def rendered(template: str, **context: Any) -> str:
    """The HTML of a page, with the frame that belongs to whoever asks."""
    return render(
        template,
        language(),
        viewer=g.get("viewer"),
        locked=g.get("locked"),
        half=g.get("half"),
        lock_seconds=locking.seconds(),
        fresh_seconds=days.left(milliseconds()) + random.randint(0, _SPREAD),  # noqa: S311 - against a herd
        mail=g.get("mail"),
        several=g.get("several", False),
        path=page_path(),
        clock=_wrong_clock(),
        posted=request.path if request.method == "POST" else "",
        **{"form": None, "changed": "", **context},
    )


def _wrong_clock() -> dict[str, Any] | None:
    """What a clock says that is wrong, perhaps, and the newest act where it is before that; for those whose acts it
    would date."""
    viewer, watch = g.get("viewer"), app().extensions["clock_watch"]
    if not viewer or viewer.role == "patient" or not (watch.newest_act or watch.is_ahead):
        return None
    said = {"now": database().clock(), "newest": watch.newest_act}
    return {name: {"day": days.day(at), "at": at} if at else None for name, at in said.items()}


def answer(
    template: str, data: dict[str, Any], *, fragment: str | None = None, as_typed: str | None = None, **context: Any
) -> Response:
    """What was asked for, as JSON (`data`), as fragment for htmx, or as page (`template`).

    `as_typed`: what the page has as #found, for a search that asks for it meanwhile (_macros.html).
    """
    match wants():
        case "json":
            return as_json(data)
        case "fragment" if as_typed and while_typing():
            return page(as_typed, **context)
        case "fragment" if fragment:
            return page(fragment, **context)
        case _:
            return page(template, **context)


def part(fragment: str, item: Resource, location: str) -> Response:
    """A part of a page that an open page asks for (htmx); JSON to programs, and the whole page to who comes by hand."""
    match wants():
        case "json":
            return as_json(item.json(language()))
        case "fragment":
            return page(fragment, item=item)
        case _:
            return see_other(location)


def done(
    acted: Acted[Any],
    fragment: str,
    location: str,
    *,
    created: bool = False,
    then: str | None = None,
    said: Mapping[str, str | None] = MappingProxyType({}),
    **context: Any,
) -> Response:
    """The answer to an act: JSON (201 with `created`), the fragment that has changed, or the way to a page (303).

    `location` is where the resource is; `then` is the page that people see next, when it is another. `said` is a code
    that programs read once more here, and that is kept with no answer.
    """
    match wants():
        case "json":
            response = as_json({**acted.json, **said}, 201 if created else 200)
            if created:
                response.headers["Location"] = location
            return response
        case "fragment":
            return page(fragment, item=acted.resource, **context)
        case _:
            return see_other(then or location)


def see_other(location: str) -> Response:
    """The way to another page. A script that sent the form cannot see a redirect, and would read the page twice."""
    if header("hx-target") == "main":
        return Response("", headers={"HX-Redirect": location})
    return cast(Response, redirect(location, 303))


def as_json(data: Any, status: int = 200, content_type: str = "application/json") -> Response:
    return Response(_ENCODER.encode(data), status, content_type=content_type)
