"""One's own telephone and e-mail address; a patient's pharmacy and PIN."""

from typing import TypedDict

from quart import Blueprint, Response

from fadjma import web
from fadjma.accounts import contact, own_pin, queries
from fadjma.accounts.forms import OwnContactForm, PinForm
from fadjma.accounts.own_pin import OwnPin
from fadjma.accounts.queries import Contact
from fadjma.accounts.signing_in import confirm_password
from fadjma.identity import directory, passwords
from fadjma.identity.directory import Organization
from fadjma.identity.identifiers import normalize_email, normalize_phone
from fadjma.identity.people import Viewer
from fadjma.store import Transaction

blueprint = Blueprint("contact", __name__)


class _Around(TypedDict):
    contact: Contact
    pharmacies: list[Organization]


def _own(tx: Transaction, viewer: Viewer) -> _Around:
    return {"contact": queries.own_contact(tx, viewer), "pharmacies": directory.pharmacies(tx)}


async def _around() -> _Around:
    return await web.see(_own)


@blueprint.get("/account/contact")
async def show() -> Response:
    around = await _around()
    known = around["contact"]
    form = web.blank(OwnContactForm, phone=known.phone, email=known.email, pharmacy_id=known.pharmacy_id)
    return web.answer("accounts/contact.html", known.json(web.language()), form=form, **around)


@blueprint.post("/account/contact")
@web.refill("accounts/contact.html", OwnContactForm, context=_around, versions=True)
async def change() -> Response:
    before = await web.see(queries.own_contact)
    form = await web.form(OwnContactForm)
    phone = normalize_phone(form.phone.data or "")
    email = normalize_email(form.email.data or "") or None
    confirmed = ""
    if contact.needs_password(before, phone, email):
        confirmed = await web.see(passwords.own_hash)
        await confirm_password(web.throttle(), web.viewer().id, form.password.data or "", confirmed)
    await web.act(
        contact.change,
        queries.own_contact,
        version=form.version.data,
        phone=phone,
        email=email,
        pharmacy_id=form.pharmacy_id.data or None,
        confirmed=confirmed,
    )
    return web.see_other("/account") if web.wants() != "json" else Response(status=204)


class _AroundPin(TypedDict):
    own: OwnPin


async def _around_pin() -> _AroundPin:
    return {"own": await web.see(own_pin.own)}


@blueprint.get("/account/pin")
async def show_pin() -> Response:
    around = await _around_pin()
    return web.answer("accounts/own_pin.html", around["own"].json(), form=web.blank(PinForm), **around)


@blueprint.post("/account/pin")
@web.refill("accounts/own_pin.html", PinForm, context=_around_pin)
async def choose_pin() -> Response:
    form = await web.form(PinForm)
    if not await web.attempted():
        stored = await web.see(passwords.own_hash)
        await confirm_password(web.throttle(), web.viewer().id, form.password.data, stored)
        key = web.key_for("patient_pins")
        await web.attempt(own_pin.choose, form.pin.data, key=key)
    return web.see_other("/account") if web.wants() != "json" else Response(status=204)
