"""The first page of an empty database: the steps of `quart setup`, behind an address that only the log says.

Whoever reads the log runs the machine. The address is another at each start, and is none any more once somebody is
known. Several processes on one database say the same, whichever of them is asked then: it comes from their secret key.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from quart import Quart, Response, request
from wtforms.validators import ValidationError

from fadjma import installed, setup, web
from fadjma.accounts.forms import PersonForm
from fadjma.chain import keys
from fadjma.config import Settings
from fadjma.i18n import N_, translate
from fadjma.identity import directory
from fadjma.identity.credentials import derive_key
from fadjma.identity.identifiers import normalize_phone
from fadjma.places.tables import LONGEST, NO_PHONE
from fadjma.refusals import Invalid, NotFound
from fadjma.store import Transaction
from fadjma.web.forms import LooksAsItIs, one_of, text

_PLACE = ("name", "address", "city", "phone")


class FirstForm(PersonForm):
    """The first administrator, the clinic, a pharmacy if there is one, and whether the starter list is taken."""

    clinic_name = text(N_("Nom de la clinique"), LONGEST["name"], rules=[LooksAsItIs()])
    clinic_address = text(N_("Adresse"), LONGEST["address"])
    clinic_city = text(N_("Ville ou quartier"), LONGEST["city"])
    clinic_phone = text(N_("Téléphone"), LONGEST["phone"])
    pharmacy_name = text(N_("Nom de la pharmacie"), LONGEST["name"], required=False, rules=[LooksAsItIs()])
    pharmacy_address = text(N_("Adresse"), LONGEST["address"], required=False)
    pharmacy_city = text(N_("Ville ou quartier"), LONGEST["city"], required=False)
    pharmacy_phone = text(N_("Téléphone"), LONGEST["phone"], required=False)
    medicines = one_of(N_("Médicaments"), (setup.STARTER, "none"))

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        missing = {}
        if not self["email"].data:
            missing["email"] = N_("Donnez une adresse e-mail.")
        if any(self[f"pharmacy_{part}"].data for part in _PLACE):
            missing |= {
                f"pharmacy_{part}": N_("Complétez la pharmacie, ou videz ses quatre lignes.")
                for part in _PLACE
                if not self[f"pharmacy_{part}"].data
            }
        if missing:
            self.refuse(missing)
        return valid and not missing

    def validate_clinic_phone(self, field: Any) -> None:
        if field.data and not normalize_phone(field.data):
            raise ValidationError(translate(self.language, NO_PHONE))

    validate_pharmacy_phone = validate_clinic_phone

    def answers(self) -> setup.Answers:
        """What was said, as `quart setup` takes it."""
        admin = {name: self[name].data for name in ("email", "given_name", "family_name", "password")}
        kinds = [kind for kind in ("clinic", "pharmacy") if self[f"{kind}_name"].data]
        places = [{"kind": kind, **{part: self[f"{kind}_{part}"].data for part in _PLACE}} for kind in kinds]
        return setup.Answers(admin, places, self["medicines"].data.replace("none", ""))


def register(app: Quart) -> None:
    """Let the page be there while the database that is served is empty; else the address is none."""
    app.extensions["first_page"] = None  # its address
    app.before_request(_answer)


def open_at(app: Quart, *, shared: bool) -> str:
    """Make the address, which only whoever reads the log knows; returns it. `shared`: one for all of the secret key."""
    drawn = derive_key(str(app.secret_key), "first page")[:24] if shared else secrets.token_bytes(24)
    address = f"/first/{urlsafe_b64encode(drawn).decode()}"
    app.extensions["first_page"] = address
    return address


async def _answer() -> Response | None:
    address: str | None = web.app().extensions["first_page"]
    if address is None or not hmac.compare_digest(request.path.encode(), address.encode()):
        return None
    if await web.database().read(directory.is_anybody_known):  # by the command, or in another process
        web.app().extensions["first_page"] = None
        return None
    return await (_begin() if request.method == "POST" else _show())


async def _show() -> Response:
    return web.page("first/index.html", form=web.blank(FirstForm))


@web.refill("first/index.html", FirstForm)
async def _begin() -> Response:
    form = await web.form(FirstForm)
    try:
        plan = await setup.plan(form.answers())
    except setup.Mistaken as mistake:  # what the command line checks beyond this form
        raise Invalid({"email": str(mistake)}) from mistake
    known = await web.database().write(_fill, plan)
    database, settings = web.database(), web.app().extensions["settings"]
    copies = installed.copies(settings, database)
    copies.make_folder()
    web.app().extensions["first_page"] = None
    if web.wants() == "json":
        return web.as_json({"status": "ready", "login": form.email.data}, 201)
    secret_file = settings.secret_file if settings.secret_file.exists() else None
    return web.page(
        "first/done.html",
        201,
        login=form.email.data,
        remains=installed.what_remains(known, copies),
        unit=installed.unit(database, secret_file, copies),
        sheet=installed.recovery_sheet(secret_file, copies, form.email.data, _seal_key(settings)),
    )


def _seal_key(settings: Settings) -> str:
    signer = web.app().extensions["sealer"].signer
    return installed.said_of_seal_key(settings.seal_key, keys.grouped(signer.fingerprint) if signer else "_" * 39)


def _fill(tx: Transaction, plan: setup.Plan) -> setup.Known:
    """Of two who send it at once, the second finds somebody known."""
    if directory.is_anybody_known(tx):
        raise NotFound
    setup.fill(tx, plan)
    return setup.look(tx)
