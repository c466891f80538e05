"""Changing stock: received, corrected, reserved at *prepared*, taken at *delivered*. First expired, first out.

Every change is one guarded UPDATE (0 rows = refused with what is left) and one append-only movement.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from fadjma import events, rules, writing
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import counting, elsewhere, expiry, known, lots, movements, moving, products, queries
from fadjma.inventory.moving import own_pharmacy as _own_pharmacy
from fadjma.refusals import Conflict, Doubtful, Invalid, NotFound, NotNow
from fadjma.store import Row, Transaction, Violation

_TWICE = N_("%(who)s a reçu %(units)d unités de ce lot il y a moins de 24 heures : est-ce une autre livraison ?")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one lot gave for one line of a prescription."""

    line_id: str
    lot_id: str
    quantity: int


def receive(
    tx: Transaction,
    viewer: Viewer,
    *,
    medicine_id: str,
    number: str,
    expires_on: str,
    quantity: int,
    threshold: int | None = None,
    gtin: str = "",
    since: int | None = None,
    confirmed: bool = False,
) -> str:
    """A lot arrives at the pharmacist's own pharmacy; returns the lot's id. The same lot again is added to.

    It is the same whatever way its number was copied (writing.code_key); of one that is written otherwise, it is asked
    first, with all else that is hardly meant: one answer takes it all. `confirmed`: also such a one, and one that has
    expired, which is counted but never dispensed. `threshold`: from which number on the pharmacy is warned of this
    product; None: as before. `gtin`: the code of its box, which from now on means this medicine here; where it meant
    another, it is asked, too. `since`: when whoever receives it began; what a colleague has received of this lot since,
    or just as much of it within a day, may be the very same delivery. Raises Doubtful.
    """
    pharmacy_id = _own_pharmacy(viewer)
    try:
        queries.medicine(tx, medicine_id)
    except NotFound as error:
        raise Invalid({"medicine_id": N_("Choisissez un médicament de la liste.")}) from error
    product_id = product(tx, pharmacy_id, medicine_id)
    lot_id, asked = add(tx, product_id, number, expires_on, quantity)
    asked |= dict(_hardly_meant(tx, expires_on, quantity))
    meant = known.medicine_of(tx, pharmacy_id, gtin) if gtin else None
    if meant and meant != medicine_id:
        asked["gtin"] = known.IS_OF
    who, units = ("", 0) if since is None else movements.received_by_colleague(tx, viewer, lot_id, quantity, since)
    if who:
        asked["quantity"] = _TWICE
    if asked and not confirmed:
        raise Doubtful(asked, medicine=queries.medicine(tx, meant or medicine_id).name, who=who, units=units)
    _move(tx, viewer, lot_id, "received", quantity)
    if threshold is not None:
        tx.send("UPDATE products SET threshold = :t WHERE id = :id", {"t": threshold, "id": product_id})
    if gtin:
        known.learn(tx, viewer, pharmacy_id, {gtin: medicine_id})
    _tell(tx, viewer, product_id, "stock.received")
    elsewhere.tell_of_arrival(tx, viewer, [(medicine_id, number)])
    return lot_id


def _hardly_meant(tx: Transaction, expires_on: str, quantity: int) -> Iterator[tuple[str, str]]:
    """Questions about a delivery, by field."""
    day, today = date.fromisoformat(expires_on), date.fromisoformat(queries.today(tx))
    if day < today:
        yield "expires_on", N_("Ce lot est déjà périmé : vérifiez la date.")
    elif expiry.is_far(day, today):
        yield "expires_on", expiry.FAR
    if quantity > counting.UNITS:
        yield "quantity", counting.MANY


def add(tx: Transaction, product_id: str, number: str, expires_on: str, quantity: int) -> tuple[str, dict[str, str]]:
    """Put so many units into the lot of this number, or into a new one; with the question whether it is this one, where
    its number is written otherwise there. Raises Invalid when it expires another day.
    """
    lot = {"product": product_id, "number": number, "key": writing.code_key(number), "expires_on": expires_on}
    known = tx.first(  # of a lot that was entered twice before numbers were compared, the one that expires that day
        "SELECT id, number, expires_on FROM lots "
        "WHERE product_id = :product AND (number_key = :key OR number = :number) "
        "ORDER BY expires_on <> :expires_on, number_key IS NULL LIMIT 1",
        lot,
    )
    if known is None:
        lot_id = new_id()
        tx.send(
            "INSERT INTO lots (id, product_id, number, number_key, expires_on, on_hand) "
            "VALUES (:id, :product, :number, :key, :expires_on, :quantity)",
            {**lot, "id": lot_id, "quantity": quantity},
        )
        return lot_id, {}
    if known["expires_on"] != expires_on:
        raise Invalid({"expires_on": expiry.OTHER_DAY})
    tx.send(
        "UPDATE lots SET on_hand = on_hand + :quantity, version = version + 1 WHERE id = :id",
        {"quantity": quantity, "id": known["id"]},
    )
    question = N_("Ce lot est déjà en stock, écrit autrement : est-ce bien le même ?")
    return str(known["id"]), {"number": question} if known["number"] != number else {}


def adjust(tx: Transaction, viewer: Viewer, lot_id: str, *, on_hand: int, version: int, reason: str) -> str:
    """Correct what a lot holds after counting. Raises Conflict when it has moved since, or less than is reserved."""
    pharmacy_id = _own_pharmacy(viewer)
    before = lots.lot(tx, viewer, lot_id)
    usable = moving.left(tx, before.product_id)
    try:
        changed = tx.execute(
            "UPDATE lots SET on_hand = :on_hand, counted_at = :now, version = version + 1 "
            "WHERE id = :id AND version = :version",
            {"on_hand": on_hand, "id": lot_id, "version": version, "now": tx.now},
        )
    except Violation as error:
        if error.constraint != "lots_reserved_check":
            raise
        raise NotNow(
            N_("Impossible : des ordonnances préparées en réservent %(reserved)d."),
            current=str(before.on_hand),
            reserved=before.reserved,
        ) from error
    if not changed:
        raise Conflict(N_("Le stock de ce lot a changé entre-temps : recomptez."), current=str(before.on_hand))
    if on_hand != before.on_hand:
        _move(tx, viewer, lot_id, "adjusted", on_hand - before.on_hand, reason=reason)
    _tell(tx, viewer, before.product_id, "stock.adjusted")
    moving.tell_low(tx, pharmacy_id, {before.product_id: usable}, viewer.id)
    return lot_id


def warn_expiring(tx: Transaction, limit: int) -> int:
    """Time: tell each pharmacy once of a lot that expires as soon as the clinic has chosen; returns how many."""
    rows = tx.all(
        "UPDATE lots SET expiry_told_at = :now WHERE id IN (SELECT id FROM lots "
        "WHERE expiry_told_at IS NULL AND on_hand > 0 AND expires_on >= :today AND expires_on <= :soon LIMIT :limit) "
        "RETURNING product_id",
        {
            "now": tx.now,
            "today": queries.today(tx),
            "soon": queries.today(tx, rules.current().expiry_days),
            "limit": limit,
        },
    )
    for row in rows:
        pharmacy_id = tx.value("SELECT pharmacy_id FROM products WHERE id = :id", {"id": row["product_id"]})
        subject = Subject("product", row["product_id"])
        notice = Notice(directory.people(tx, "pharmacist", pharmacy_id), "notification", "stock.expiring")
        events.record(tx, "stock.expiring", subject, actor_id=None, place_id=pharmacy_id, notices=[notice])
    return len(rows)


def warn_expired(tx: Transaction, limit: int) -> int:
    """Time: a lot has expired; tell its pharmacy when that leaves too little of the product. Returns how many lots."""
    rows = tx.all(
        "UPDATE lots SET expired_told_at = :now WHERE id IN (SELECT id FROM lots "
        "WHERE expired_told_at IS NULL AND on_hand > 0 AND expires_on < :today LIMIT :limit) "
        "RETURNING product_id, CASE WHEN withheld_at IS NULL THEN on_hand - reserved ELSE 0 END AS free",
        {"now": tx.now, "today": queries.today(tx), "limit": limit},
    )
    gone: Counter[str] = Counter()
    for row in rows:
        gone[row["product_id"]] += row["free"]
    for product_id, free in gone.items():
        pharmacy_id = tx.value("SELECT pharmacy_id FROM products WHERE id = :id", {"id": product_id})
        moving.tell_low(tx, pharmacy_id, {product_id: moving.left(tx, product_id) + free}, None)
    return len(rows)


def set_threshold(tx: Transaction, viewer: Viewer, product_id: str, *, threshold: int) -> str:
    """From how many usable units on the pharmacy is warned of a product of its own; returns the product's id."""
    if products.product(tx, viewer, product_id).threshold == threshold:
        return product_id
    tx.send("UPDATE products SET threshold = :t WHERE id = :id", {"t": threshold, "id": product_id})
    colleagues = Notice(directory.people(tx, "pharmacist", viewer.organization_id), "notification", None)
    subject = Subject("product", product_id)
    events.record(
        tx,
        "stock.threshold_set",
        subject,
        actor_id=viewer.id,
        place_id=viewer.organization_id,
        notices=[colleagues],
        threshold=threshold,
    )
    return product_id


def reserve(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    line_id: str,
    medicine_id: str,
    quantity: int,
    until: str = "",
) -> int:
    """Keep `quantity` units for a line, first to expire first; returns how many are missing (0: all are kept).

    Lots that can be used to the end of the course (`until`, ISO 8601) come before those that cannot.

    The caller rolls back, or is content with less. One alert when the product's usable stock crosses its threshold.
    """
    pharmacy_id = _own_pharmacy(viewer)
    free = tx.all(
        "SELECT l.id, l.product_id, l.on_hand - l.reserved AS free FROM lots l JOIN products p ON p.id = l.product_id "
        f"WHERE p.pharmacy_id = :pharmacy AND p.medicine_id = :medicine AND {queries.USABLE} "
        "AND l.on_hand > l.reserved ORDER BY l.expires_on < :until, l.expires_on, l.id",
        {"pharmacy": pharmacy_id, "medicine": medicine_id, "today": queries.today(tx), "until": until},
    )
    missing = quantity
    for lot in free:
        part = min(missing, lot["free"])
        if part == 0:
            break
        tx.send(
            "UPDATE lots SET reserved = reserved + :part, version = version + 1 WHERE id = :id",
            {"part": part, "id": lot["id"]},
        )
        tx.send(
            "INSERT INTO reservations (prescription_id, line_id, lot_id, quantity) VALUES (:p, :line, :lot, :part)",
            {"p": prescription_id, "line": line_id, "lot": lot["id"], "part": part},
        )
        missing -= part
    if free:  # of the one product that a pharmacy keeps of a medicine
        moving.tell_low(tx, pharmacy_id, {free[0]["product_id"]: sum(lot["free"] for lot in free)}, viewer.id)
    return missing


def release(tx: Transaction, prescription_id: str, line_id: str | None = None) -> None:
    """Give back what was kept for a prescription, or for one line of it."""
    for row in _reserved(tx, prescription_id):
        if line_id in (None, row["line_id"]):
            tx.send(
                "UPDATE lots SET reserved = reserved - :q, version = version + 1 WHERE id = :lot",
                {"q": row["quantity"], "lot": row["lot_id"]},
            )
    show(tx, prescription_id)
    tx.send(
        "DELETE FROM reservations WHERE prescription_id = :p AND line_id = coalesce(:line, line_id)",
        {"p": prescription_id, "line": line_id},
    )


def take(tx: Transaction, viewer: Viewer, prescription_id: str, wanted: Mapping[str, int]) -> list[Taken]:
    """Hand over so much for each line, by its id, of what was kept for it, first to expire first; returns what of which
    lot. What was kept and is not wanted is free again. Less is taken where less is kept, or has expired or been
    withheld since.
    """
    left = dict(wanted)
    taken = []
    for row in _reserved(tx, prescription_id):
        part = min(left.get(row["line_id"], 0), row["quantity"]) if row["usable"] else 0
        tx.send(
            "UPDATE lots SET on_hand = on_hand - :part, reserved = reserved - :kept, version = version + 1 "
            "WHERE id = :lot",
            {"part": part, "kept": row["quantity"], "lot": row["lot_id"]},
        )
        if part:
            left[row["line_id"]] -= part
            taken.append(Taken(row["line_id"], row["lot_id"], part))
            _move(tx, viewer, row["lot_id"], "delivered", -part, prescription_id=prescription_id)
    show(tx, prescription_id)
    tx.send("DELETE FROM reservations WHERE prescription_id = :p", {"p": prescription_id})
    return taken


def put_back(tx: Transaction, viewer: Viewer, prescription_id: str, taken: Iterable[Taken], *, reason: str) -> None:
    """What was taken for a prescription is there again, and kept for it as before."""
    for one in taken:
        row = {"line": one.line_id, "lot": one.lot_id, "q": one.quantity}
        tx.send(
            "UPDATE lots SET on_hand = on_hand + :q, reserved = reserved + :q, version = version + 1 WHERE id = :lot",
            row,
        )
        tx.send(
            "INSERT INTO reservations (prescription_id, line_id, lot_id, quantity) VALUES (:p, :line, :lot, :q)",
            {**row, "p": prescription_id},
        )
        _move(tx, viewer, one.lot_id, "delivered", one.quantity, reason=reason, prescription_id=prescription_id)
    show(tx, prescription_id)


def show(tx: Transaction, prescription_id: str) -> None:
    """Let the pharmacy's open pages follow what a prescription does to what is kept for it; nobody is told of it.

    Once, whatever number of medicines: each page fetches all that it shows.
    """
    kept = tx.first(
        "SELECT p.id, p.pharmacy_id FROM reservations r JOIN lots l ON l.id = r.lot_id "
        "JOIN products p ON p.id = l.product_id WHERE r.prescription_id = :p LIMIT 1",
        {"p": prescription_id},
    )
    if kept:
        pharmacists = directory.people(tx, "pharmacist", kept["pharmacy_id"])
        events.notify(tx, pharmacists, "notification", None, Subject("product", kept["id"]))


def _reserved(tx: Transaction, prescription_id: str) -> list[Row]:
    return tx.all(
        f"SELECT r.line_id, r.lot_id, r.quantity, {queries.USABLE} AS usable FROM reservations r "
        "JOIN lots l ON l.id = r.lot_id WHERE r.prescription_id = :p ORDER BY l.expires_on, l.id",
        {"p": prescription_id, "today": queries.today(tx)},
    )


def product(tx: Transaction, pharmacy_id: str, medicine_id: str) -> str:
    tx.send(
        "INSERT INTO products (id, pharmacy_id, medicine_id) VALUES (:id, :pharmacy, :medicine) "
        "ON CONFLICT (pharmacy_id, medicine_id) DO NOTHING",
        {"id": new_id(), "pharmacy": pharmacy_id, "medicine": medicine_id},
    )
    return str(
        tx.value(
            "SELECT id FROM products WHERE pharmacy_id = :pharmacy AND medicine_id = :medicine",
            {"pharmacy": pharmacy_id, "medicine": medicine_id},
        )
    )


def _move(
    tx: Transaction,
    viewer: Viewer,
    lot_id: str,
    kind: moving.Kind,
    quantity: int,
    *,
    reason: str = "",
    prescription_id: str | None = None,
) -> None:
    values = moving.movement(tx, viewer, lot_id, kind, quantity, reason=reason, prescription_id=prescription_id)
    tx.send(moving.MOVE, values)


def _tell(tx: Transaction, viewer: Viewer, product_id: str, action: str) -> None:
    """The colleagues are told; whoever acted is not, and their pages follow."""
    colleagues = Notice(directory.people(tx, "pharmacist", viewer.organization_id), "notification", "stock.updated")
    subject, place_id = Subject("product", product_id), viewer.organization_id
    events.record(tx, action, subject, actor_id=viewer.id, place_id=place_id, notices=[colleagues])
