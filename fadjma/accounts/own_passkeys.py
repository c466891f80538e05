"""One's own passkeys: added and taken away; told as every second factor is."""

from fadjma.accounts import second_factor
from fadjma.events import security
from fadjma.i18n import N_
from fadjma.identity import passkeys, second_factors, sessions
from fadjma.identity.passkeys import Made, Passkey, Site
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, NotFound, NotNow
from fadjma.store import Transaction


def usable(tx: Transaction, viewer: Viewer, site: Site) -> list[Passkey]:
    """Those with which one can sign here."""
    viewer.require_self()
    return passkeys.at(tx, viewer.id, site)


def add(tx: Transaction, viewer: Viewer, site: Site, made: Made, *, name: str, key: bytes, address: str) -> str:
    """A new one; with a first factor come recovery codes. Raises Conflict when it is known, or there are ten."""
    viewer.require_self()
    is_first = not second_factors.has_one(tx, viewer.id)
    if not passkeys.add(tx, viewer.id, site, made, name=name):
        raise Conflict(N_("Cette clé d'accès est déjà enregistrée, ou il y en a déjà dix."), current="known")
    sessions.end_halves(tx, viewer.id, but=viewer.session_id)
    if is_first:
        second_factors.renew_codes(tx, viewer.id, key=key)
    second_factor.tell(tx, viewer.id, "factor.added", by=viewer.id)
    security.note(tx, "factor_added", account_id=viewer.id, address=address)
    return viewer.id


def remove(tx: Transaction, viewer: Viewer, passkey_id: str, *, address: str) -> dict[str, str]:
    """One of them; with the last factor go the recovery codes. Raises NotFound, NotNow where one is required."""
    viewer.require_self()
    if not passkeys.remove(tx, viewer.id, passkey_id):
        raise NotFound
    if not second_factors.has_one(tx, viewer.id):
        if second_factors.is_required(tx, viewer.id):
            raise NotNow(second_factor.REQUIRED, current="required")
        second_factors.remove(tx, viewer.id)
    second_factor.tell(tx, viewer.id, "factor.removed", by=viewer.id)
    security.note(tx, "factor_removed", account_id=viewer.id, address=address)
    return {"id": viewer.id}
