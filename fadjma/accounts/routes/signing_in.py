"""Signing in and out, by page and by program, and the language before it."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, TypedDict
from urllib.parse import quote

from quart import Blueprint, Response, current_app, request

from fadjma import web
from fadjma.accounts import actions
from fadjma.accounts.forms import LanguageForm, SignInForm, TokenForm, WhoForm
from fadjma.accounts.signing_in import WhichPerson, sign_in
from fadjma.i18n import LANGUAGES
from fadjma.identity import credentials, devices, directory, passwords, proxies, tickets
from fadjma.refusals import FactorNeeded, Forbidden, Invalid, SignInNeeded
from fadjma.store import Unavailable
from fadjma.web.forms import NoFields

blueprint = Blueprint("signing_in", __name__)


class _AroundSignIn(TypedDict):
    next: str  # where to go on, inside FADJMA; empty: the first page
    demo_accounts: Sequence[object]  # of the demo, which is above this room
    demo_password: str
    is_new: bool  # nobody has an account here: it is to be set up first


async def _around_sign_in() -> _AroundSignIn:
    known = current_app.extensions
    return {
        "next": _next(),
        "demo_accounts": known["demo_accounts"],
        "demo_password": known["demo_password"],
        "is_new": not await web.database().read(directory.is_anybody_known),
    }


def _next() -> str:
    return web.local(request.args.get("next", ""))


@blueprint.get("/sign-in")
@web.takes("next", "login")
async def show_sign_in() -> Response:
    form = web.blank(SignInForm, login=request.args.get("login"))
    changing = web.signed_in()  # on a shared computer, over the lock: whoever comes types at once
    return web.page("accounts/sign_in.html", form=form, changing=changing, **await _around_sign_in())


@blueprint.post("/sign-in")
@web.refill("accounts/sign_in.html", SignInForm, context=_around_sign_in)
async def do_sign_in() -> Response:
    if "ticket" in await web.fields():
        return await _as_chosen()
    form = await web.form(SignInForm)
    try:
        secret, user_id = await _check(form.login.data, form.password.data, "browser")
    except Forbidden as refusal:
        raise Invalid({"password": refusal.message}, **refusal.values) from refusal
    except WhichPerson as question:
        if web.wants() == "json":
            raise
        people = question.people
        ticket = tickets.issue(web.app(), question.checked, now=web.database().clock())
        return web.page("accounts/which.html", 409, people=people, ticket=ticket, next=_next())
    return await _signed_in(secret, user_id)


async def _as_chosen() -> Response:
    """Whoever has given a good password says which of several people they are."""
    form = await web.form(WhoForm)
    person_id = form.person_id.data
    stored = await web.database().read(passwords.stored, person_id)
    if not tickets.opens(web.app(), form.ticket.data, person_id, stored, now=web.database().clock()):
        return web.see_other("/sign-in")  # it took too long, or is not ours: from the beginning
    secret = await web.database().write(
        actions.start_session,
        person_id,
        kind="browser",
        address=request.remote_addr or "",
        agent=web.agent(),
        instead_of=web.secret(),
        checked=stored,
    )
    return await _signed_in(secret, person_id)


async def _signed_in(secret: str, user_id: str) -> Response:
    """On to where one wanted to go; whoever may act for others says first for whom."""
    credentials.remember(secret)
    several = await web.database().read(proxies.is_any_of, user_id)
    response = web.see_other(f"/people?next={quote(_next() or '/')}" if several else _next() or "/")
    devices.remember(web.app(), response, _device(), user_id, request.scheme)
    return response


@blueprint.post("/api/token")
async def token() -> Response:
    form = await web.form(TokenForm)
    try:
        secret, user_id = await _check(
            form.email.data,
            form.password.data,
            "token",
            form.name.data or "",
            form.person_id.data or "",
            form.otp.data or "",
        )
    except Invalid as refusal:
        raise SignInNeeded(passwords.WRONG) from refusal
    now = web.database().clock()
    access_token, seconds = credentials.issue_token(web.app(), secret, user_id, now=now, name=form.name.data or "")
    response = web.as_json({"access_token": access_token, "token_type": "Bearer", "expires_in": seconds})
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/sign-out")
async def sign_out() -> Response:
    web.even_locked()
    web.even_half("factor", "enrolment")
    await web.form(NoFields)
    ended = False
    try:
        await web.leave(actions.end_session)
        ended = True
    except SignInNeeded:
        pass  # the session was over already: signed out is signed out
    except Unavailable:
        if web.is_bearer():
            raise  # a program keeps its token, and is to know that it still opens something
        # On a shared computer nobody may stay signed in because the disk is full. Without its cookie the session is out
        # of reach; it ends when its time without activity is over.
    credentials.forget()
    response = web.see_other("/sign-in") if web.wants() != "json" else Response(status=204)
    if ended and not web.is_bearer():
        credentials.leave_behind(response, web.secret() or "", request.scheme)
    return response


@blueprint.post("/language")
async def language() -> Response:
    web.even_locked()
    form = await web.form(LanguageForm)
    chosen = form.chosen.data or ""
    with suppress(SignInNeeded, FactorNeeded):  # before signing in, the cookie alone remembers
        await web.change(actions.choose_language, chosen)
    response = web.see_other(form.next.data or "/")
    if chosen in LANGUAGES:
        response.set_cookie("language", chosen, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


async def _check(
    login: str, password: str, kind: Literal["browser", "token"], name: str = "", person_id: str = "", otp: str = ""
) -> tuple[str, str]:
    return await sign_in(
        web.database(),
        web.throttle(),
        login,
        password,
        kind=kind,
        address=request.remote_addr or "",
        agent=web.agent(),
        name=name,
        mark=web.mark(request.remote_addr or ""),
        device=_device(),
        instead_of=web.secret() if kind == "browser" else None,
        person_id=person_id,
        otp=otp,
        factor_key=web.key_for("second_factor"),
    )


def _device() -> devices.Device | None:
    return devices.device_from(web.app(), {"cookie": web.header("cookie")}, request.scheme)
