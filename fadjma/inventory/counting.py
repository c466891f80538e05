"""Counting a sheet of lots: what differs is shown first, then all of it is recorded with one reason, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import counts, moving
from fadjma.inventory.lots import Lot
from fadjma.refusals import Conflict, Doubtful, Invalid, NotFound
from fadjma.store import Transaction

MOVED = N_("Des lots ont bougé pendant le comptage : recomptez ceux qui sont marqués. Rien n'est perdu.")
_LESS = N_("Il y en a moins que ce qui est réservé pour des ordonnances préparées : rendez-en une d'abord.")
_FOUND_MORE = N_("Plus que prévu : recomptez, puis confirmez.")
_FOUND_LESS = N_("Moins que prévu : recomptez, puis confirmez.")
UNITS = 10_000  # that one counts of one lot, and more
MANY = N_("Plus de 10 000 unités : vérifiez la quantité.")
_WHY = N_("Dites pourquoi le stock diffère : casse, erreur de saisie, retrait de périmés…")


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found of a lot, by whoever had its `version` before them; `place` is its field's in the form."""

    place: str  # lines-3-on_hand
    lot_id: str
    version: int
    on_hand: int


def record(tx: Transaction, viewer: Viewer, counted: Sequence[Counted], *, reason: str, confirmed: bool) -> str:
    """What was counted is what there is; returns the count's id. Of all lots, or of none.

    Raises Conflict when one has moved since, NotFound for another's lot, Doubtful where something differs and was not
    confirmed.
    """
    pharmacy_id = moving.own_pharmacy(viewer)
    lots = counts.lots_of(tx, viewer, [one.lot_id for one in counted])
    if not counted or len({one.lot_id for one in counted}) < len(counted):
        raise Invalid({"lines": N_("Comptez au moins un lot, chacun une fois.")})
    if any(one.lot_id not in lots for one in counted):
        raise NotFound
    if moved := [one.lot_id for one in counted if lots[one.lot_id].version != one.version]:
        raise Conflict(MOVED, current=" ".join(moved))
    _ask(lots, counted, reason, confirmed=confirmed)
    changed = [one for one in counted if one.on_hand != lots[one.lot_id].on_hand]
    before = {
        product_id: moving.left(tx, product_id) for product_id in {lots[one.lot_id].product_id for one in changed}
    }
    count_id = _keep(tx, viewer, pharmacy_id, reason, len(counted), len(changed))
    tx.execute_many(
        "UPDATE lots SET counted_at = :now WHERE id = :id", ({"now": tx.now, "id": one.lot_id} for one in counted)
    )
    tx.execute_many(
        "UPDATE lots SET on_hand = :on_hand, version = version + 1 WHERE id = :id",
        ({"on_hand": one.on_hand, "id": one.lot_id} for one in changed),
    )
    moves = (
        moving.movement(
            tx,
            viewer,
            one.lot_id,
            "adjusted",
            one.on_hand - lots[one.lot_id].on_hand,
            reason=reason,
            count_id=count_id,
        )
        for one in changed
    )
    tx.execute_many(moving.MOVE, moves)
    colleagues = Notice(directory.people(tx, "pharmacist", pharmacy_id), "notification", "stock.counted")
    subject = Subject("count", count_id)
    events.record(
        tx, "stock.counted", subject, actor_id=viewer.id, place_id=pharmacy_id, notices=[colleagues], lots=len(counted)
    )
    moving.tell_low(tx, pharmacy_id, before, viewer.id)
    return count_id


def _ask(lots: Mapping[str, Lot], counted: Sequence[Counted], reason: str, *, confirmed: bool) -> None:
    """Raises Invalid or Doubtful about what cannot be, and what is not as it should be."""
    less = {one.place: _LESS for one in counted if one.on_hand < lots[one.lot_id].reserved}
    differing = {
        one.place: _difference(one.on_hand, lots[one.lot_id].on_hand)
        for one in counted
        if one.on_hand != lots[one.lot_id].on_hand
    }
    if less:
        raise Invalid(less)
    if differing and not reason:
        raise Invalid({"reason": _WHY, **differing})
    if differing and not confirmed:
        raise Doubtful(differing)


def _difference(found: int, expected: int) -> str:
    """The question about it: one for each lot, for one answer takes them all."""
    if found > UNITS:
        return MANY
    return _FOUND_MORE if found > expected else _FOUND_LESS


def _keep(tx: Transaction, viewer: Viewer, pharmacy_id: str, reason: str, lots: int, changed: int) -> str:
    count_id = new_id()
    tx.send(
        "INSERT INTO counts (id, pharmacy_id, made_by, made_at, reason, lots, changed) "
        "VALUES (:id, :pharmacy, :by, :now, :reason, :lots, :changed)",
        {
            "id": count_id,
            "pharmacy": pharmacy_id,
            "by": viewer.id,
            "now": tx.now,
            "reason": reason,
            "lots": lots,
            "changed": changed,
        },
    )
    return count_id
