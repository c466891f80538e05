"""The locked screen of staff: locking it, unlocking it, and the PIN that does."""

from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import actions, queries
from fadjma.accounts.forms import LockForm, PinForm, UnlockForm
from fadjma.accounts.signing_in import confirm_password
from fadjma.accounts.signing_in import unlock as unlock_screen
from fadjma.identity import passwords, pins
from fadjma.identity.people import Viewer
from fadjma.store import Transaction
from fadjma.web.forms import NoFields

blueprint = Blueprint("locking", __name__)


@blueprint.post("/lock")
async def lock() -> Response:
    web.even_locked()
    form = await web.form(LockForm)
    await web.leave(actions.lock)
    return web.see_other(form.next.data or "/") if web.wants() != "json" else Response(status=204)


class _AroundPin(TypedDict):
    has_pin: bool


async def _around_lock() -> _AroundPin:
    return {"has_pin": await web.see(_has_pin)}


def _has_pin(tx: Transaction, viewer: Viewer) -> bool:
    return pins.is_set(tx, viewer.id)


@blueprint.post("/unlock")
@web.refill("locked.html", UnlockForm, context=_around_lock)
async def unlock() -> Response:
    web.even_locked()
    viewer = await web.see(_asking)
    form = await web.form(UnlockForm)
    mark = web.mark(request.remote_addr or "")
    if viewer.locked:
        await unlock_screen(web.database(), web.throttle(), viewer, form.password.data, mark=mark)
    return web.see_other(form.next.data or "/") if web.wants() != "json" else Response(status=204)


def _asking(_: Transaction, viewer: Viewer) -> Viewer:
    return viewer


@blueprint.post("/activity")
async def activity() -> Response:
    """A page says that somebody is at work in it, once a minute at most: what is typed is sent much later."""
    await web.form(NoFields)
    await web.see(_asking)
    return web.see_other("/") if web.wants() != "json" else Response(status=204)


async def _around_pin() -> _AroundPin:
    return {"has_pin": await web.see(queries.has_pin)}


@blueprint.get("/unlock-pin")
async def show_pin() -> Response:
    around = await _around_pin()
    return web.answer("accounts/pin.html", {"has_pin": around["has_pin"]}, form=web.blank(PinForm), **around)


@blueprint.post("/unlock-pin")
@web.refill("accounts/pin.html", PinForm, context=_around_pin)
async def choose_pin() -> Response:
    form = await web.form(PinForm)
    if not await web.attempted():
        stored = await web.see(passwords.own_hash)
        await confirm_password(web.throttle(), web.viewer().id, form.password.data, stored)
        await web.attempt(actions.choose_pin, await passwords.hash_password(form.pin.data))
    return web.see_other("/account") if web.wants() != "json" else Response(status=204)


@blueprint.post("/unlock-pin/removal")
async def remove_pin() -> Response:
    await web.form(NoFields)
    await web.once(actions.remove_pin)
    return web.see_other("/account") if web.wants() != "json" else Response(status=204)
