"""The page on which an admin chooses the clinic's rules."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, TypedDict

from quart import Blueprint, Response

from fadjma import rules, web
from fadjma.settings import actions
from fadjma.settings.actions import ID, LABELS, Chosen
from fadjma.settings.forms import SettingsForm, zones

blueprint = Blueprint("settings", __name__)


class _Around(TypedDict):
    chosen: Chosen
    labels: Mapping[str, str]


async def _around() -> _Around:
    return {"chosen": await web.see(actions.show, ID, fixed=_fixed()), "labels": LABELS}


def _fixed() -> Mapping[str, Any]:
    """What the environment sets."""
    fixed: Mapping[str, Any] = web.app().extensions["settings"].fixed
    return fixed


@blueprint.get("/settings")
async def show_settings() -> Response:
    around = await _around()
    chosen = around["chosen"]
    form = web.blank(SettingsForm, **asdict(chosen.rules), version=chosen.version)
    return web.answer("settings/index.html", chosen.json(web.language()), form=form, **around)


@blueprint.post("/settings")
@web.refill("settings/index.html", SettingsForm, context=_around, versions=True)
async def change_settings() -> Response:
    await asyncio.to_thread(zones)
    form = await web.form(SettingsForm)
    fixed = _fixed()
    show = partial(actions.show, fixed=fixed)
    acted = await web.act(actions.change, show, form.rules(), version=form.version.data, fixed=fixed)
    rules.settle(acted.resource.rules)
    web.app().extensions["timekeeper"].wake()  # of another process, too: it looks at them before its round
    return web.done(acted, "settings/_history.html", "/settings", labels=LABELS)
