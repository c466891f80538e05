"""The expiry of a lot was typed wrong: it is put right, and whatever follows from the day follows the right one."""

from datetime import date

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.inventory import expiry, lots, moving, put_aside, queries
from fadjma.refusals import Doubtful
from fadjma.store import Transaction

_OVER = N_("Ce lot serait périmé : rien n'en serait plus préparé ni remis. Vérifiez la date.")


def correct(tx: Transaction, viewer: Viewer, lot_id: str, *, expires_on: str, confirmed: bool = False) -> str:
    """A lot of the own pharmacy expires that day (ISO 8601), as its box says; returns the lot's id.

    The pages of what is put aside of it follow. Raises NotFound, and Doubtful of a day that is hardly meant.
    """
    pharmacy_id = moving.own_pharmacy(viewer)
    lot = lots.lot(tx, viewer, lot_id)
    if expires_on == lot.expires_on:
        return lot.id
    day, today = date.fromisoformat(expires_on), date.fromisoformat(queries.today(tx))
    question = _OVER if day < today else expiry.FAR if expiry.is_far(day, today) else ""
    if question and not confirmed:
        raise Doubtful({"expires_on": question})
    before = moving.left(tx, lot.product_id)
    tx.send(
        "UPDATE lots SET expires_on = :day, expiry_told_at = NULL, expired_told_at = NULL, version = version + 1 "
        "WHERE id = :id",
        {"day": expires_on, "id": lot.id},
    )
    pharmacists = directory.people(tx, "pharmacist", pharmacy_id)
    events.record(
        tx,
        "stock.redated",
        Subject("product", lot.product_id),
        actor_id=viewer.id,
        place_id=pharmacy_id,
        notices=[Notice(pharmacists, "notification", "stock.updated")],
        lot=lot.id,
        was=lot.expires_on,
        expires_on=expires_on,
    )
    moving.tell_low(tx, pharmacy_id, {lot.product_id: before}, viewer.id)
    put_aside.tell(tx, pharmacists, lot.id)
    return lot.id
