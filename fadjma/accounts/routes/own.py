"""One's own account: password, profile, sessions."""

from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import actions, queries
from fadjma.accounts.forms import PasswordForm
from fadjma.accounts.queries import Profile
from fadjma.accounts.routes.registering import require_good_password
from fadjma.accounts.signing_in import confirm_password
from fadjma.identity import passwords, second_factors, sessions
from fadjma.identity.people import Viewer
from fadjma.identity.second_factors import Factors
from fadjma.store import Page, Transaction
from fadjma.web.forms import NoFields

blueprint = Blueprint("own", __name__)


class _OwnPage(TypedDict):
    profile: Profile
    sessions: Page[sessions.OpenSession]
    factors: Factors


def _own(tx: Transaction, viewer: Viewer) -> _OwnPage:
    return {
        "profile": queries.profile(tx, viewer),
        "sessions": Page[sessions.OpenSession]() if viewer.by else sessions.of(tx, viewer),
        "factors": second_factors.of(tx, viewer.own_id),
    }


async def _own_page() -> _OwnPage:
    return await web.see(_own)


@blueprint.get("/account")
async def own_account() -> Response:
    around = await _own_page()
    data = {**around["profile"].json(), "has_second_factor": around["factors"].any}
    return web.answer("accounts/account.html", data, form=web.blank(PasswordForm), **around)


@blueprint.post("/password")
@web.refill("accounts/account.html", PasswordForm, context=_own_page)
async def change_password() -> Response:
    form = await web.form(PasswordForm)
    if not await web.attempted():
        await _change_password(form.password.data, form.new_password.data)
    return web.see_other("/account") if web.wants() != "json" else Response(status=204)


async def _change_password(password: str, new_password: str) -> None:
    stored = await web.see(passwords.own_hash)
    await confirm_password(web.throttle(), web.viewer().id, password, stored)
    known = await web.see(queries.profile)
    await require_good_password("new_password", new_password, known.personal)
    hashed = await passwords.hash_password(new_password)
    mark = web.mark(request.remote_addr or "")
    await web.attempt(actions.change_password, was=stored, by=hashed, address=mark)


@blueprint.get("/me")
async def me() -> Response:
    return web.as_json(await web.see(queries.me))


@blueprint.get("/sessions")
@web.takes("before")
async def my_sessions() -> Response:
    found = await web.see(sessions.of, web.before())
    return web.answer("accounts/sessions.html", found.json(sessions.OpenSession.json), sessions=found)


@blueprint.post("/sessions/end")
async def end_other_sessions() -> Response:
    await web.form(NoFields)
    await web.leave(actions.end_other_sessions)
    return web.see_other("/sessions") if web.wants() != "json" else Response(status=204)


@blueprint.post("/sessions/<session_id>/end")
async def end_session(session_id: str) -> Response:
    await web.form(NoFields)
    await web.leave(actions.end_session, session_id)
    return web.see_other("/sessions") if web.wants() != "json" else Response(status=204)
