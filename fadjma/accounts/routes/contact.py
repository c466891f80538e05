"""A patient's own telephone, e-mail address and pharmacy."""

from typing import TypedDict

from quart import Blueprint, Response

from fadjma import web
from fadjma.accounts import contact
from fadjma.accounts.contact import Contact
from fadjma.accounts.forms import OwnContactForm
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
    return {"contact": contact.own(tx, viewer), "pharmacies": directory.organizations(tx, "pharmacy")}


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
    before = await web.see(contact.own)
    form = await web.form(OwnContactForm)
    phone = normalize_phone(form.phone.data or "")
    email = normalize_email(form.email.data or "") or None
    if contact.needs_password(before, phone, email):
        stored = await web.see(passwords.own_hash)
        await confirm_password(web.throttle(), web.viewer().id, form.password.data or "", stored)
    await web.act(
        contact.change,
        contact.own,
        version=form.version.data,
        phone=phone,
        email=email,
        pharmacy_id=form.pharmacy_id.data or None,
    )
    return web.see_other("/account") if web.wants() != "json" else Response(status=204)
