"""Lots that go from one pharmacy to another of the same house (identity/places.py): a clinic's pharmacy and its
cupboards, a pharmacy and its branch.

Two movements, tied by the transfer: out of the one when it is sent, into the other when that has received it. On its
way it is nobody's usable stock. Until it is received the sender takes it back; afterwards it is sent back.
"""

from dataclasses import dataclass
from typing import Any, Literal

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_, iso
from fadjma.identity import directory, places
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import actions, elsewhere, lots, moving, withholding
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, NotNow
from fadjma.store import Page, Transaction, paging

PER_PAGE = 50
Status = Literal["sent", "received", "undone"]
STATES: dict[Status, tuple[str, str]] = {  # with its class in static/app.css
    "sent": (N_("En route"), "wait"),
    "received": (N_("Reçu"), "ok"),
    "undone": (N_("Annulé"), "cut"),
}
_ENDED = N_("Cet envoi n'est plus en route.")
_STAYS = {
    "withheld": N_("Ce lot est bloqué : il ne part nulle part."),
    "expired": N_("Ce lot est périmé : il ne part nulle part."),
}
_NO_SUCH_PLACE = N_("Choisissez un autre lieu de votre établissement : l'administration dit lesquels en font partie.")


@dataclass(frozen=True, slots=True)
class Transfer:
    """One of them, as either side reads it."""

    id: str
    version: int
    lot_id: str  # of the sender
    received_lot_id: str | None
    medicine: str
    unit: str
    number: str
    expires_on: str
    quantity: int
    from_id: str
    from_name: str
    to_id: str
    to_name: str
    sent_at: int
    sent_by: str
    received_at: int | None
    received_by: str
    undone_at: int | None
    undone_by: str

    @property
    def status(self) -> Status:
        return "undone" if self.undone_at else "received" if self.received_at else "sent"

    @property
    def label(self) -> str:
        return STATES[self.status][0]

    @property
    def look(self) -> str:
        return STATES[self.status][1]

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "medicine": self.medicine,
            "number": self.number,
            "expires_on": self.expires_on,
            "quantity": self.quantity,
            "from": {"id": self.from_id, "name": self.from_name},
            "to": {"id": self.to_id, "name": self.to_name},
            "sent_at": iso(self.sent_at),
            "received_at": iso(self.received_at) if self.received_at else None,
            "undone_at": iso(self.undone_at) if self.undone_at else None,
        }


_TRANSFER = """
    SELECT t.id, t.version, t.lot_id, t.received_lot_id, m.dci || ' ' || m.strength || ', ' || m.form AS medicine,
           m.unit, l.number, l.expires_on, t.quantity, t.from_id, f.name AS from_name, t.to_id, o.name AS to_name,
           t.sent_at, s.name AS sent_by, t.received_at, coalesce(r.name, '') AS received_by,
           t.undone_at, coalesce(u.name, '') AS undone_by
    FROM transfers t JOIN lots l ON l.id = t.lot_id JOIN products p ON p.id = l.product_id
    JOIN medicines m ON m.id = p.medicine_id JOIN places f ON f.id = t.from_id JOIN places o ON o.id = t.to_id
    JOIN people s ON s.id = t.sent_by LEFT JOIN people r ON r.id = t.received_by
    LEFT JOIN people u ON u.id = t.undone_by
"""


def own_places(tx: Transaction, viewer: Viewer) -> list[tuple[str, str]]:
    """The other pharmacies of the house of the pharmacist's own, by id, with how they are shown."""
    house = places.house(tx, moving.own_pharmacy(viewer))
    return [(place.id, f"{place.name}, {place.city}") for place in house if place.kind == "pharmacy"]


def transfer(tx: Transaction, viewer: Viewer, transfer_id: str) -> Transfer:
    """One that the pharmacist's own pharmacy has sent, or is sent. Raises NotFound."""
    row = tx.first(
        f"{_TRANSFER} WHERE t.id = :id AND :pharmacy IN (t.from_id, t.to_id)",
        {"id": transfer_id, "pharmacy": moving.own_pharmacy(viewer)},
    )
    if row is None:
        raise NotFound
    return Transfer(**row.as_dict())


def transfers(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[Transfer]:
    """Those that the pharmacist's own pharmacy has sent or is sent, the newest first; `before` is the page before's
    `next`.
    """
    before_at, before_id = paging.position(before)
    found = tx.all(
        f"{_TRANSFER} WHERE t.id IN ("
        "SELECT id FROM transfers WHERE from_id = :pharmacy UNION SELECT id FROM transfers WHERE to_id = :pharmacy"
        ") AND (t.sent_at, t.id) < (:before_at, :before_id) ORDER BY t.sent_at DESC, t.id DESC LIMIT :limit",
        {
            "pharmacy": moving.own_pharmacy(viewer),
            "before_at": before_at,
            "before_id": before_id,
            "limit": PER_PAGE + 1,
        },
    )
    shown = [Transfer(**row.as_dict()) for row in found]
    return paging.page(shown, PER_PAGE, lambda last: paging.cursor(last.sent_at, last.id))


def send(tx: Transaction, viewer: Viewer, lot_id: str, *, to_id: str, quantity: int) -> str:
    """Some of a lot of the own pharmacy leaves for another of the house; returns the transfer's id.

    What is put aside for a prescription stays, and what is withheld or has expired is sent nowhere. Raises NotFound,
    Invalid (with what is free), NotNow.
    """
    pharmacy_id = moving.own_pharmacy(viewer)
    lot = lots.lot(tx, viewer, lot_id)
    if to_id not in {place_id for place_id, _ in own_places(tx, viewer)}:
        raise Invalid({"to_id": _NO_SUCH_PLACE})
    if lot.state in _STAYS:
        raise NotNow(_STAYS[lot.state], current=lot.state)
    before = moving.left(tx, lot.product_id)
    transfer_id = new_id()
    tx.send(
        "INSERT INTO transfers (id, from_id, to_id, lot_id, quantity, sent_by, sent_at) "
        "VALUES (:id, :from, :to, :lot, :quantity, :viewer, :now)",
        {
            "id": transfer_id,
            "from": pharmacy_id,
            "to": to_id,
            "lot": lot.id,
            "quantity": quantity,
            "viewer": viewer.id,
            "now": tx.now,
        },
    )
    if not _change(tx, lot.id, -quantity):
        raise Invalid({"quantity": N_("Il n'en reste que %(free)d de libres.")}, free=lot.on_hand - lot.reserved)
    _move(tx, viewer, lot.id, -quantity, transfer_id)
    _tell(tx, viewer, transfer_id, "stock.sent", to_id)
    moving.tell_low(tx, pharmacy_id, {lot.product_id: before}, viewer.id)
    return transfer_id


def receive(tx: Transaction, viewer: Viewer, transfer_id: str) -> str:
    """It has come: all of it is in the stock of the own pharmacy, as the same lot; what is broken is counted out.

    Where the sender has withheld the lot meanwhile, it is withheld here. Raises NotFound, Forbidden, Conflict, NotNow.
    """
    found = transfer(tx, viewer, transfer_id)
    _require(found, found.to_id == viewer.organization_id, N_("C'est le lieu où il est envoyé qui le reçoit."))
    of = tx.first(
        "SELECT p.medicine_id, l.withheld_at, l.withheld_reason FROM lots l "
        "JOIN products p ON p.id = l.product_id WHERE l.id = :id",
        {"id": found.lot_id},
    )
    assert of is not None
    try:
        lot_id, _ = actions.add(
            tx,
            actions.product(tx, found.to_id, of["medicine_id"]),
            found.number,
            found.expires_on,
            found.quantity,
        )
    except Invalid as error:
        message = N_(
            "Ce numéro de lot est ici avec une autre date de péremption : corrigez-la à l'un des deux lieux, ou faites "
            "annuler l'envoi."
        )
        raise NotNow(message, current=found.status) from error
    if of["withheld_at"]:
        withholding.received(tx, viewer, lot_id, found.quantity, of["withheld_reason"])
    tx.send(
        "UPDATE transfers SET received_at = :now, received_by = :viewer, received_lot_id = :lot, version = version + 1 "
        "WHERE id = :id",
        {"now": tx.now, "viewer": viewer.id, "lot": lot_id, "id": found.id},
    )
    _move(tx, viewer, lot_id, found.quantity, found.id)
    _tell(tx, viewer, found.id, "stock.sent_received", found.from_id)
    elsewhere.tell_of_arrival(tx, viewer, [(of["medicine_id"], found.number)])
    return found.id


def undo(tx: Transaction, viewer: Viewer, transfer_id: str) -> str:
    """The sender takes it back, until it is received: it is in the stock as before. Raises NotFound, Forbidden,
    Conflict.
    """
    found = transfer(tx, viewer, transfer_id)
    _require(found, found.from_id == viewer.organization_id, N_("Seul le lieu qui a envoyé annule."))
    tx.send(
        "UPDATE transfers SET undone_at = :now, undone_by = :viewer, version = version + 1 WHERE id = :id",
        {"now": tx.now, "viewer": viewer.id, "id": found.id},
    )
    _change(tx, found.lot_id, found.quantity)
    _move(tx, viewer, found.lot_id, found.quantity, found.id)
    _tell(tx, viewer, found.id, "stock.sent_undone", found.to_id)
    return found.id


def _require(found: Transfer, is_theirs: bool, whose: str) -> None:
    if not is_theirs:
        raise Forbidden(whose)
    if found.status != "sent":
        raise Conflict(_ENDED, current=found.status)


def _change(tx: Transaction, lot_id: str, quantity: int) -> bool:
    """One guarded UPDATE; false where less is free."""
    return bool(
        tx.execute(
            "UPDATE lots SET on_hand = on_hand + :quantity, version = version + 1 "
            "WHERE id = :lot AND on_hand - reserved + :quantity >= 0",
            {"quantity": quantity, "lot": lot_id},
        )
    )


def _move(tx: Transaction, viewer: Viewer, lot_id: str, quantity: int, transfer_id: str) -> None:
    tx.send(moving.MOVE, moving.movement(tx, viewer, lot_id, "transferred", quantity, transfer_id=transfer_id))


def _tell(tx: Transaction, viewer: Viewer, transfer_id: str, action: str, other_id: str) -> None:
    """The other place hears of it; the colleagues' pages follow."""
    others = directory.people(tx, "pharmacist", other_id)
    colleagues = directory.people(tx, "pharmacist", viewer.organization_id)
    notices = [Notice(others, "notification", action), Notice(colleagues, "notification", None)]
    subject, place_id = Subject("transfer", transfer_id), viewer.organization_id
    events.record(tx, action, subject, actor_id=viewer.id, place_id=place_id, notices=notices)
