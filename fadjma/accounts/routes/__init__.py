"""Pages and JSON about accounts, by subject."""

from quart import Blueprint

from fadjma.accounts.routes import (
    acting,
    contact,
    locking,
    own,
    passkeys,
    registering,
    second_factor,
    signing_in,
    slips,
    staff,
)

blueprint = Blueprint("accounts", __name__)
for part in (signing_in, second_factor, passkeys, locking, slips, registering, own, acting, contact, staff):
    blueprint.register_blueprint(part.blueprint)
