"""A lot that is recalled, or doubted: it stays counted, and is neither put aside nor handed over until somebody of the
pharmacy says that it was a mistake. What is put aside of it already is as if it had expired: it is prepared anew.
"""

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.inventory import elsewhere, lots, moving, put_aside
from fadjma.inventory.lots import Lot
from fadjma.refusals import Conflict
from fadjma.store import Transaction

RECALLED = N_("Rappel du lot")  # the reason of whoever tells those who received it
_ALREADY = N_("Ce lot est déjà bloqué.")
_NOT_WITHHELD = N_("Ce lot n'est pas bloqué.")
_CHANGED = N_("Ce lot a changé entre-temps : rien n'a été modifié.")


def withhold(tx: Transaction, viewer: Viewer, lot_id: str, *, reason: str) -> str:
    """Nothing of a lot of the own pharmacy is put aside or handed over from now on; returns the lot's id.

    The pages of what was prepared with it follow. Raises Conflict where it is withheld already.
    """
    moving.own_pharmacy(viewer)
    lot = lots.lot(tx, viewer, lot_id)
    _withhold(tx, viewer, lot, reason, moving.left(tx, lot.product_id))
    return lot.id


def _withhold(tx: Transaction, viewer: Viewer, lot: Lot, reason: str, before: int) -> None:
    """`before`: the usable stock of its product until now."""
    changed = tx.execute(
        "UPDATE lots SET withheld_at = :now, withheld_by = :viewer, withheld_reason = :reason, version = version + 1 "
        "WHERE id = :id AND withheld_at IS NULL",
        {"now": tx.now, "viewer": viewer.id, "reason": reason, "id": lot.id},
    )
    if not changed:
        raise Conflict(_ALREADY, current=lot.state)
    _tell(tx, viewer, lot, "stock.withheld")
    moving.tell_low(tx, moving.own_pharmacy(viewer), {lot.product_id: before}, viewer.id)


def received(tx: Transaction, viewer: Viewer, lot_id: str, quantity: int, reason: str) -> None:
    """So much has just come of a lot that its sender withholds: what was here of it already is withheld with it."""
    lot = lots.lot(tx, viewer, lot_id)
    if lot.withheld_at is None:
        _withhold(tx, viewer, lot, reason, moving.left(tx, lot.product_id) - quantity)


def recalled(tx: Transaction, viewer: Viewer, lot: Lot) -> None:
    """Those who received some of it are told: it is withheld, if it was not."""
    if lot.withheld_at is None:
        withhold(tx, viewer, lot.id, reason=RECALLED)


def put_back(tx: Transaction, viewer: Viewer, lot_id: str, *, version: int | None = None) -> str:
    """It was a mistake: what is left of the lot is used as before. `version`: as it was read, if it was: it may be
    withheld for another reason since. Raises Conflict, also where it is not withheld.
    """
    moving.own_pharmacy(viewer)
    lot = lots.lot(tx, viewer, lot_id)
    if lot.withheld_at and version not in (None, lot.version):
        raise Conflict(_CHANGED, current=lot.state)
    changed = tx.execute(
        "UPDATE lots SET withheld_at = NULL, withheld_by = NULL, withheld_reason = '', version = version + 1 "
        "WHERE id = :id AND withheld_at IS NOT NULL",
        {"id": lot.id},
    )
    if not changed:
        raise Conflict(_NOT_WITHHELD, current=lot.state)
    _tell(tx, viewer, lot, "stock.put_back")
    return lot.id


def _tell(tx: Transaction, viewer: Viewer, lot: Lot, action: str) -> None:
    """The colleagues are told, and the other places of the house; whoever acted is not, and the pages of all follow."""
    pharmacists = directory.people(tx, "pharmacist", viewer.organization_id)
    colleagues = Notice(pharmacists, "notification", action)
    subject, place_id = Subject("product", lot.product_id), viewer.organization_id
    events.record(tx, action, subject, actor_id=viewer.id, place_id=place_id, notices=[colleagues])
    elsewhere.tell(tx, viewer, lot, action)
    put_aside.tell(tx, pharmacists, lot.id)
