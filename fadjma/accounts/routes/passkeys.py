"""Passkeys: what static/passkey.js asks for and sends. Browsers have them over TLS, and on this machine alone."""

import asyncio

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import own_passkeys, queries
from fadjma.accounts.forms import CredentialForm, OwnerForm
from fadjma.accounts.routes.second_factor import around_own, asking, confirm_owner, factor_key, make_whole, site
from fadjma.accounts.signing_in import NOT_SIGNED, sign_with_passkey, unlock_with_passkey
from fadjma.i18n import N_
from fadjma.identity import passkeys
from fadjma.identity.passkeys import Purpose
from fadjma.identity.sessions import device_of
from fadjma.refusals import Invalid, NotNow
from fadjma.web.forms import NoFields

blueprint = Blueprint("passkeys", __name__)


@blueprint.post("/passkeys/options")
async def begin() -> Response:
    web.even_half("enrolment")
    form = await web.form(OwnerForm)
    here = site()
    if not here.may:
        raise NotNow(
            N_(
                "Les clés d'accès ne fonctionnent que si FADJMA est ouvert à une adresse en https qui porte un nom, "
                "pas des chiffres."
            ),
            current="http",
        )
    await confirm_owner(form)
    own = await web.see(queries.profile)
    challenge = await web.change(passkeys.challenge, "registration")
    known = await web.see(own_passkeys.usable, here)
    login = own.email or own.phone or own.name
    return web.as_json(await asyncio.to_thread(passkeys.to_make, here, own.id, login, challenge, known))


@blueprint.post("/passkeys")
async def add() -> Response:
    web.even_half("enrolment")
    viewer = await web.see(asking)
    form = await web.form(CredentialForm)
    here = site()
    challenge = await web.change(passkeys.spend, "registration")
    sent = form.credential.data
    made = await asyncio.to_thread(passkeys.read_made, here, challenge, sent) if challenge else None
    if made is None:
        raise Invalid({"credential": NOT_SIGNED})
    mark = web.mark(request.remote_addr or "")
    name = device_of(web.agent())
    await web.change(own_passkeys.add, here, made, name=name, key=factor_key(), address=mark)
    if viewer.half:
        await make_whole(viewer)
    return Response(status=204)


@blueprint.post("/passkeys/<passkey_id>/removal")
@web.refill("accounts/second_factor.html", OwnerForm, context=around_own)
async def remove(passkey_id: str) -> Response:
    form = await web.form(OwnerForm)
    if not await web.attempted():
        await confirm_owner(form)
        await web.attempt(own_passkeys.remove, passkey_id, address=web.mark(request.remote_addr or ""))
    return web.see_other("/second-factor") if web.wants() != "json" else Response(status=204)


@blueprint.post("/sign-in/passkey/options")
async def ask_to_sign_in() -> Response:
    web.even_half("factor")
    return await _ask("sign_in")


async def _ask(purpose: Purpose) -> Response:
    await web.see(asking)
    await web.form(NoFields)
    known = await web.see(own_passkeys.usable, site())
    if not known:
        raise NotNow(N_("Aucune de vos clés d'accès ne fonctionne à cette adresse."), current="none")
    challenge = await web.change(passkeys.challenge, purpose)
    return web.as_json(await asyncio.to_thread(passkeys.to_sign, site(), challenge, known))


@blueprint.post("/sign-in/passkey")
async def sign_in() -> Response:
    web.even_half("factor")
    viewer = await web.see(asking)
    form = await web.form(CredentialForm)
    mark = web.mark(request.remote_addr or "")
    if viewer.half:
        await sign_with_passkey(web.database(), web.throttle(), viewer, site(), form.credential.data, mark=mark)
        await make_whole(viewer)
    return Response(status=204)


@blueprint.post("/unlock/passkey/options")
async def ask_to_unlock() -> Response:
    web.even_locked()
    return await _ask("unlock")


@blueprint.post("/unlock/passkey")
async def unlock() -> Response:
    web.even_locked()
    viewer = await web.see(asking)
    form = await web.form(CredentialForm)
    mark = web.mark(request.remote_addr or "")
    if viewer.locked:
        await unlock_with_passkey(web.database(), web.throttle(), viewer, site(), form.credential.data, mark=mark)
    return Response(status=204)
