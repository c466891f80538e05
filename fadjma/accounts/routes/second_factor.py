"""The second factor: asked for after the password, and set up by its owner."""

from functools import partial
from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import actions, own_passkeys, queries, second_factor
from fadjma.accounts.forms import CodeForm, OtpForm, OwnerForm
from fadjma.accounts.queries import Profile
from fadjma.accounts.signing_in import confirm_factor, confirm_password, take_factor
from fadjma.i18n import iso
from fadjma.identity import credentials, factor_removals, passkeys, passwords
from fadjma.identity.factor_removals import Removal
from fadjma.identity.passkeys import Passkey, Site
from fadjma.identity.people import Viewer
from fadjma.identity.second_factors import Enrolment, Factors
from fadjma.store import Transaction
from fadjma.web.qr import qr_code

blueprint = Blueprint("second_factor", __name__)


def factor_key() -> bytes:
    return web.key_for("second_factor")


def site() -> Site:
    """Where this page was asked for."""
    return Site(f"{request.scheme}://{request.host}")


class _AroundAsked(TypedDict):
    next: str
    has_passkey: bool  # that works at this address


async def _around_asked() -> _AroundAsked:
    usable = await web.see(own_passkeys.usable, site())
    return {"next": web.local(request.args.get("next", "")), "has_passkey": bool(usable)}


@blueprint.get("/sign-in/factor")
async def show_asked() -> Response:
    web.even_half("factor")
    viewer = await web.see(asking)
    if not viewer.half:
        return web.see_other(web.local(request.args.get("next", "")) or "/")
    around = await _around_asked()
    data = {"half": viewer.half, "has_passkey": around["has_passkey"]}
    return web.answer("accounts/factor.html", data, form=web.blank(CodeForm), **around)


@blueprint.post("/sign-in/factor")
@web.refill("accounts/factor.html", CodeForm, context=_around_asked)
async def give() -> Response:
    web.even_half("factor")
    viewer = await web.see(asking)
    then = web.local(request.args.get("next", "")) or "/"
    if not viewer.half and web.wants() != "json":  # sent twice, or from a page that is older than the session
        return web.see_other(then)
    form = await web.form(CodeForm)
    if viewer.half:
        mark = web.mark(request.remote_addr or "")
        await take_factor(web.database(), web.throttle(), viewer.id, form.otp.data, key=factor_key(), mark=mark)
        await make_whole(viewer)
    return web.see_other(then) if web.wants() != "json" else Response(status=204)


def asking(_: Transaction, viewer: Viewer) -> Viewer:
    return viewer


async def make_whole(viewer: Viewer) -> None:
    """Another session in the place of the half one: who has seen the cookie of that has nothing."""
    secret = await web.database().write(
        actions.start_session,
        viewer.id,
        kind="browser",
        address=request.remote_addr or "",
        agent=web.agent(),
        instead_of=web.secret(),
        whole=True,
    )
    credentials.remember(secret)


class AroundOwn(TypedDict):
    factors: Factors
    removal: Removal | None  # that an admin has asked for
    passkeys: list[Passkey]
    may_add_passkey: bool  # at this address


def _own(tx: Transaction, viewer: Viewer) -> AroundOwn:
    return {
        "factors": second_factor.own(tx, viewer),
        "removal": factor_removals.waiting(tx, viewer.id),
        "passkeys": passkeys.of(tx, viewer.id),
        "may_add_passkey": False,
    }


async def around_own(passkey_id: str = "") -> AroundOwn:
    return {**await web.see(_own), "may_add_passkey": site().may}


@blueprint.get("/second-factor")
async def show_own() -> Response:
    web.even_half("enrolment")
    around = await around_own()
    removal = around["removal"]
    keys = [passkey.json() for passkey in around["passkeys"]]
    data = {**around["factors"].json(), "passkeys": keys, "removal": removal.json() if removal else None}
    return web.answer("accounts/second_factor.html", data, form=web.blank(OwnerForm), **around)


@blueprint.post("/second-factor/enrolment")
@web.refill("accounts/second_factor.html", OwnerForm, context=around_own)
async def begin() -> Response:
    web.even_half("enrolment")
    form = await web.form(OwnerForm)
    if not await web.attempted():
        await confirm_owner(form)
        await web.attempt(second_factor.begin, key=factor_key())
    return web.see_other("/second-factor/enrolment") if web.wants() != "json" else Response(status=204)


async def confirm_owner(form: OwnerForm) -> None:
    """The password again, and the second factor where there is one."""
    viewer = await web.see(asking)
    stored = await web.see(passwords.own_hash)
    await confirm_password(web.throttle(), viewer.id, form.password.data, stored)
    if (await web.see(second_factor.own)).any:
        mark = web.mark(request.remote_addr or "")
        await take_factor(web.database(), web.throttle(), viewer.id, form.otp.data or "", key=factor_key(), mark=mark)


class _AroundEnrolment(TypedDict):
    enrolment: Enrolment | None
    uri: str
    qr: str


def _enrolment_page(tx: Transaction, viewer: Viewer, *, key: bytes) -> tuple[Enrolment | None, Profile]:
    return second_factor.own_enrolment(tx, viewer, key=key), queries.profile(tx, viewer)


async def _around_enrolment() -> _AroundEnrolment:
    enrolment, profile = await web.see(_enrolment_page, key=factor_key())
    uri = enrolment.uri(profile.email or profile.phone or profile.name) if enrolment else ""
    return {"enrolment": enrolment, "uri": uri, "qr": qr_code(uri) if uri else ""}


@blueprint.get("/second-factor/enrolment")
async def show_enrolment() -> Response:
    web.even_half("enrolment")
    around = await _around_enrolment()
    enrolment = around["enrolment"]
    data = {
        "secret": enrolment.secret if enrolment else None,
        "uri": around["uri"] or None,
        "valid_until": iso(enrolment.expires_at) if enrolment else None,
    }
    return web.answer("accounts/enrolment.html", data, form=web.blank(OtpForm), **around)


@blueprint.post("/second-factor/confirmation")
@web.refill("accounts/enrolment.html", OtpForm, context=_around_enrolment)
async def confirm() -> Response:
    web.even_half("enrolment")
    viewer = await web.see(asking)
    form = await web.form(OtpForm)
    if not await web.attempted():
        mark = web.mark(request.remote_addr or "")
        confirm_it = partial(web.attempt, second_factor.confirm, form.otp.data, key=factor_key(), address=mark)
        await confirm_factor(web.throttle(), viewer.id, form.otp.data, confirm_it)
    if viewer.half:
        await make_whole(viewer)
    return web.see_other("/recovery-codes") if web.wants() != "json" else Response(status=204)


@blueprint.get("/recovery-codes")
async def show_codes() -> Response:
    found = await web.see(second_factor.own_codes, key=factor_key())
    return web.answer("accounts/recovery_codes.html", found.json(), found=found)


@blueprint.post("/recovery-codes")
@web.refill("accounts/second_factor.html", OwnerForm, context=around_own)
async def renew_codes() -> Response:
    form = await web.form(OwnerForm)
    if not await web.attempted():
        await confirm_owner(form)
        await web.attempt(second_factor.renew_codes, key=factor_key())
    return web.see_other("/recovery-codes") if web.wants() != "json" else Response(status=204)


@blueprint.post("/second-factor/removal")
@web.refill("accounts/second_factor.html", OwnerForm, context=around_own)
async def remove() -> Response:
    form = await web.form(OwnerForm)
    if not await web.attempted():
        await confirm_owner(form)
        await web.attempt(second_factor.remove, address=web.mark(request.remote_addr or ""))
    return web.see_other("/account") if web.wants() != "json" else Response(status=204)
