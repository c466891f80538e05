"""Choosing a password with the code of a slip; the slip itself, which an admin prints."""

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import queries
from fadjma.accounts.forms import ActivationForm
from fadjma.accounts.queries import Issued
from fadjma.accounts.routes.registering import places
from fadjma.accounts.signing_in import choose_password
from fadjma.identity import credentials, slips

blueprint = Blueprint("slips", __name__)


@blueprint.get("/activation")
async def show_activation() -> Response:
    return web.page("accounts/activation.html", form=web.blank(ActivationForm))


@blueprint.post("/activation")
@web.refill("accounts/activation.html", ActivationForm)
async def activation() -> Response:
    form = await web.form(ActivationForm)
    address = request.remote_addr or ""
    chooser = await choose_password(
        web.database(),
        web.throttle(),
        form.password.data,
        code_hash=slips.hash_of(slip_key(), form.code.data),
        places=await places(),
        submission=await web.submission(),
        address=address,
        mark=web.mark(address),
    )
    if web.wants() == "json":
        return web.as_json({"id": chooser.slip.user_id, "login": chooser.login})
    # Not in the address of the next page: histories and the logs of proxies keep those.
    return web.page("accounts/activated.html", login=chooser.login)


def slip_key() -> bytes:
    return credentials.derive_key(str(web.app().secret_key), "slips")


@blueprint.get("/accounts/<account_id>/slip")
async def show_slip(account_id: str) -> Response:
    issued = await web.see(queries.issued, account_id, key=slip_key())
    assert issued.slip
    data = {**issued.slip.json(), "code": issued.code, "account": issued.account.json(web.language())}
    return web.answer("accounts/slip.html", data, issued=issued, address=f"{request.host}/activation")


def answer_issued(acted: web.Acted[Issued], name: str) -> Response:
    """201 with the code, which is said again to the same submission and kept with no answer."""
    account_id = acted.resource.id
    if web.wants() == "json":
        response = web.as_json({**acted.json, name: acted.resource.code}, 201)
        response.headers["Location"] = f"/accounts/{account_id}"
        return response
    if web.wants() == "fragment":
        return web.page("accounts/_row.html", item=acted.resource.account)
    return web.see_other(f"/accounts/{account_id}/slip" if acted.resource.slip else f"/accounts/{account_id}")
