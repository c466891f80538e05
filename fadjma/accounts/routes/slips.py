"""Choosing a password with the code of a slip; the slip itself, which an admin prints."""

from dataclasses import dataclass

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import queries
from fadjma.accounts.forms import ActivationForm
from fadjma.accounts.queries import Issued
from fadjma.accounts.routes.registering import places
from fadjma.accounts.signing_in import choose_password
from fadjma.identity import slips
from fadjma.identity.slips import Slip

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
    return web.key_for("slips")


@blueprint.get("/accounts/<account_id>/slip")
async def show_slip(account_id: str) -> Response:
    issued = await web.see(queries.issued, account_id, key=slip_key())
    assert issued.slip
    data = {**issued.slip.json(), "code": issued.code, "account": issued.account.json(web.language())}
    account = issued.account
    place = account.patient.identifier if account.patient else account.organization
    printed = Printed(account.name, place or "", account.email, account.phone, issued.slip, issued.code or "")
    return web.answer(
        "accounts/slip.html", data, printed=printed, address=activation_address(), back=f"/accounts/{account_id}"
    )


@dataclass(frozen=True, slots=True)
class Printed:
    """What a slip shows."""

    name: str
    beside: str  # the identifier of a patient, the place of somebody who works there
    email: str | None
    phone: str | None
    slip: Slip
    code: str


def activation_address() -> str:
    """Where the code is typed, as people copy it."""
    return f"{request.host}/activation"


def answer_issued(acted: web.Acted[Issued], name: str) -> Response:
    """201 with the code, which is said again to the same submission."""
    where, issued = f"/accounts/{acted.resource.id}", acted.resource
    shown = web.Acted(issued.account, acted.json)
    then = f"{where}/slip" if issued.slip else where
    return web.done(shown, "accounts/_row.html", where, created=True, then=then, said={name: issued.code})
