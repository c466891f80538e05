"""A whole delivery, from a file: first it says what it would bring, then all of it is taken, or nothing; and undone."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fadjma import events, sheets, writing
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import elsewhere, expiry, known, moving, receipts
from fadjma.inventory.deliveries import Line, Table
from fadjma.refusals import Conflict, Doubtful, Invalid, NotNow
from fadjma.store import Row, Transaction

_KEPT_FOR = 24 * 3_600_000  # milliseconds that a file is kept which was read and not taken
MANY = 10_000  # units of one lot, and more
_ASKED = 100  # lines that are to be looked at again, at most

_TWO_DAYS = N_("Ce numéro de lot est plus haut dans le fichier, avec une autre date de péremption.")
_TWICE = N_("Ce lot est déjà plus haut dans le fichier : les quantités s'ajoutent.")
_SPELLED = N_("Ce lot est déjà en stock, écrit autrement : il sera complété.")
_RECEIVED = N_("%(who)s a déjà reçu exactement ces lots et ces quantités : est-ce une autre livraison ?")
MANY_UNITS = N_("Plus de 10 000 unités : vérifiez la quantité.")

_Key = tuple[str, str]  # of a lot: the medicine's id, and its number as it is compared


@dataclass(slots=True)
class _Effect:
    """What the lines of a file do: by lot, what it is and how many come; what is wrong, and what is hardly meant."""

    lots: dict[_Key, Line] = field(default_factory=dict)
    units: Counter[_Key] = field(default_factory=Counter)
    stored: dict[_Key, Row] = field(default_factory=dict)  # of those that are there already
    errors: dict[str, str] = field(default_factory=dict)
    doubts: list[tuple[int, str]] = field(default_factory=list)


def check(tx: Transaction, viewer: Viewer, table: Table) -> str:
    """Keep a file that was read, and say what it would bring; returns the receipt's id.

    Raises Invalid with all that is wrong, each by its line and column.
    """
    pharmacy_id = moving.own_pharmacy(viewer)
    medicines, errors = known.medicines(tx, pharmacy_id, table.names)
    lines = {number: (medicines[number], line) for number, line in table.lines.items() if number in medicines}
    effect = _effect(tx, pharmacy_id, lines)
    wrong = {**table.errors, **errors, **effect.errors}
    if wrong:
        raise Invalid(sheets.in_order(wrong, table.columns))
    tx.send("DELETE FROM receipts WHERE applied_at IS NULL AND made_at < :since", {"since": tx.now - _KEPT_FOR})
    receipt_id = new_id()
    tx.send(
        "INSERT INTO receipts (id, pharmacy_id, made_by, made_at, content, lines, units) "
        "VALUES (:id, :pharmacy, :by, :now, :content, :lines, :units)",
        {
            "id": receipt_id,
            "pharmacy": pharmacy_id,
            "by": viewer.id,
            "now": tx.now,
            "content": _content(lines, effect),
            "lines": len(lines),
            "units": effect.units.total(),
        },
    )
    return receipt_id


def _content(lines: Mapping[int, tuple[str, Line]], effect: _Effect) -> str:
    """As receipts.Written reads it."""
    kept = [
        [number, medicine_id, line.number, line.expires_on, line.quantity, line.gtin, line.threshold]
        for number, (medicine_id, line) in lines.items()
    ]
    return json.dumps({"lines": kept, "doubts": effect.doubts[:_ASKED]}, ensure_ascii=False)


def _effect(tx: Transaction, pharmacy_id: str, lines: Mapping[int, tuple[str, Line]]) -> _Effect:
    effect = _Effect(stored=_stored(tx, pharmacy_id))
    for number, (medicine_id, line) in lines.items():
        key = (medicine_id, writing.code_key(line.number))
        if fault := _fault(effect, key, line):
            effect.errors[f"lines-{number}-expires_on"] = fault
            continue
        effect.doubts += [(number, doubt) for doubt in _doubts(effect, key, line)]
        effect.lots.setdefault(key, line)
        effect.units[key] += line.quantity
    return effect


def _fault(effect: _Effect, key: _Key, line: Line) -> str:
    if key in effect.lots and effect.lots[key].expires_on != line.expires_on:
        return _TWO_DAYS
    if key in effect.stored and effect.stored[key]["expires_on"] != line.expires_on:
        return expiry.OTHER_DAY
    return ""


def _doubts(effect: _Effect, key: _Key, line: Line) -> Iterator[str]:
    if line.quantity > MANY:
        yield MANY_UNITS
    if key in effect.lots:
        yield _TWICE
    if key in effect.stored and effect.stored[key]["number"] != line.number:
        yield _SPELLED


def _stored(tx: Transaction, pharmacy_id: str) -> dict[_Key, Row]:
    """The pharmacy's lots; of one that was entered twice before numbers were compared, the one that is compared."""
    rows = tx.all(
        "SELECT p.medicine_id, l.id, l.number, l.expires_on FROM products p JOIN lots l ON l.product_id = p.id "
        "WHERE p.pharmacy_id = :pharmacy ORDER BY l.number_key IS NOT NULL",
        {"pharmacy": pharmacy_id},
    )
    return {(row["medicine_id"], writing.code_key(row["number"])): row for row in rows}


def confirm(tx: Transaction, viewer: Viewer, receipt_id: str, *, confirmed: bool = False) -> str:
    """Take a delivery that was read: all of it, as the stock is now.

    Two people may read the same file: where the very same lots and quantities were received not long ago, it is asked
    (Doubtful) whether it is another delivery; `confirmed`: it is. Raises Conflict when this one was taken already, or
    does not fit any more.
    """
    pharmacy_id = moving.own_pharmacy(viewer)
    found = receipts.receipt(tx, viewer, receipt_id)
    if found.applied_at:
        raise Conflict(N_("Cette commande est déjà reçue."), current=found.status)
    lines = _read(tx, receipt_id)
    effect = _effect(tx, pharmacy_id, lines)
    if effect.errors:
        message = N_("Le stock a changé depuis la lecture du fichier, qui n'y correspond plus : envoyez-le à nouveau.")
        raise NotNow(message, current=found.status)
    if found.before and not confirmed:
        raise Doubtful({"items": _RECEIVED}, who=found.before.by)
    _take(tx, viewer, pharmacy_id, receipt_id, effect)
    known.learn(tx, viewer, pharmacy_id, {line.gtin: medicine_id for medicine_id, line in lines.values() if line.gtin})
    tx.send(
        "UPDATE receipts SET applied_at = :now, applied_by = :by, version = version + 1 WHERE id = :id",
        {"now": tx.now, "by": viewer.id, "id": receipt_id},
    )
    _tell(tx, viewer, receipt_id, "stock.delivery_received", lots=len(effect.lots))
    elsewhere.tell_of_arrival(tx, viewer, effect.lots)
    return receipt_id


def _read(tx: Transaction, receipt_id: str) -> dict[int, tuple[str, Line]]:
    return {
        one.line: (
            one.medicine_id,
            Line(one.number, one.expires_on, one.quantity, one.gtin, one.threshold),
        )
        for one in receipts.written(tx, receipt_id)
    }


def _take(tx: Transaction, viewer: Viewer, pharmacy_id: str, receipt_id: str, effect: _Effect) -> None:
    products = _products(tx, pharmacy_id, {medicine_id for medicine_id, _ in effect.lots})
    ids = {key: effect.stored[key]["id"] if key in effect.stored else new_id() for key in effect.lots}
    tx.execute_many(
        "INSERT INTO lots (id, product_id, number, number_key, expires_on, on_hand) "
        "VALUES (:id, :product, :number, :key, :expires_on, :quantity)",
        (
            {
                "id": ids[key],
                "product": products[key[0]],
                "number": line.number,
                "key": key[1],
                "expires_on": line.expires_on,
                "quantity": effect.units[key],
            }
            for key, line in effect.lots.items()
            if key not in effect.stored
        ),
    )
    tx.execute_many(
        "UPDATE lots SET on_hand = on_hand + :quantity, version = version + 1 WHERE id = :id",
        ({"id": ids[key], "quantity": effect.units[key]} for key in effect.lots if key in effect.stored),
    )
    moves = (moving.movement(tx, viewer, ids[key], "received", effect.units[key], receipt_id=receipt_id) for key in ids)
    tx.execute_many(moving.MOVE, moves)
    tx.execute_many(
        "UPDATE products SET threshold = :threshold WHERE id = :id",
        (
            {"id": products[medicine_id], "threshold": line.threshold}
            for (medicine_id, _), line in effect.lots.items()
            if line.threshold is not None
        ),
    )


def _products(tx: Transaction, pharmacy_id: str, medicine_ids: Iterable[str]) -> dict[str, str]:
    """The pharmacy's product of each of these medicines, made where there is none."""
    tx.execute_many(
        "INSERT INTO products (id, pharmacy_id, medicine_id) VALUES (:id, :pharmacy, :medicine) "
        "ON CONFLICT (pharmacy_id, medicine_id) DO NOTHING",
        ({"id": new_id(), "pharmacy": pharmacy_id, "medicine": medicine_id} for medicine_id in medicine_ids),
    )
    rows = tx.all("SELECT medicine_id, id FROM products WHERE pharmacy_id = :pharmacy", {"pharmacy": pharmacy_id})
    return {row["medicine_id"]: row["id"] for row in rows}


def undo(tx: Transaction, viewer: Viewer, receipt_id: str) -> str:
    """Take a whole receipt back, while nothing of it has been taken, kept or counted.

    Raises Conflict when it was undone already, NotNow when it is too late.
    """
    pharmacy_id = moving.own_pharmacy(viewer)
    found = receipts.receipt(tx, viewer, receipt_id)
    if found.status != "received":
        raise Conflict(N_("Cette réception n'est plus à annuler."), current=found.status)
    if number := _moved(tx, receipt_id):
        message = N_(
            "Impossible : du lot %(number)s, quelque chose a été pris, réservé ou compté depuis. Recomptez-le."
        )
        raise NotNow(message, current=found.status, number=number)
    rows = tx.all(
        "SELECT v.lot_id, v.quantity, l.product_id FROM movements v JOIN lots l ON l.id = v.lot_id "
        "WHERE v.receipt_id = :receipt AND v.quantity > 0",
        {"receipt": receipt_id},
    )
    before = {product_id: moving.left(tx, product_id) for product_id in {row["product_id"] for row in rows}}
    tx.execute_many(
        "UPDATE lots SET on_hand = on_hand - :quantity, version = version + 1 WHERE id = :lot",
        ({"lot": row["lot_id"], "quantity": row["quantity"]} for row in rows),
    )
    moves = (
        moving.movement(tx, viewer, row["lot_id"], "received", -row["quantity"], receipt_id=receipt_id) for row in rows
    )
    tx.execute_many(moving.MOVE, moves)
    tx.send(
        "UPDATE receipts SET undone_at = :now, undone_by = :by, version = version + 1 WHERE id = :id",
        {"now": tx.now, "by": viewer.id, "id": receipt_id},
    )
    _tell(tx, viewer, receipt_id, "stock.delivery_undone", lots=len(rows))
    moving.tell_low(tx, pharmacy_id, before, viewer.id)
    return receipt_id


def _moved(tx: Transaction, receipt_id: str) -> str | None:
    """The number of a lot of this receipt of which something was handed over, is kept, or was counted since."""
    found: str | None = tx.value(
        "SELECT l.number FROM movements v JOIN lots l ON l.id = v.lot_id WHERE v.receipt_id = :receipt "
        "AND (l.on_hand - l.reserved < v.quantity OR l.counted_at >= v.at OR EXISTS (SELECT 1 FROM movements m "
        "WHERE m.lot_id = v.lot_id AND m.at >= v.at AND m.kind <> 'received')) LIMIT 1",
        {"receipt": receipt_id},
    )
    return found


def _tell(tx: Transaction, viewer: Viewer, receipt_id: str, action: str, *, lots: int) -> None:
    """The colleagues are told; whoever acted is not, and their pages follow."""
    colleagues = Notice(directory.people(tx, "pharmacist", viewer.organization_id), "notification", action)
    subject, place_id = Subject("receipt", receipt_id), viewer.organization_id
    events.record(tx, action, subject, actor_id=viewer.id, place_id=place_id, notices=[colleagues], lots=lots)
