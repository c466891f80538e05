"""What the pharmacies of the demo have: lots received through the year, and what became of them.

Patients are written one after the other, not day by day, so a lot is received only at the end, once what it
has given is known; its first movement carries that quantity, at the date of the receipt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from fadjma import writing
from fadjma.demo import notes
from fadjma.demo.batch import Batch
from fadjma.demo.medicines import BY_KEY, MEDICINES, Medicine
from fadjma.ids import new_id
from fadjma.store import Transaction

_DAY = 86_400_000
_RECEIVED_DAYS_AGO = (386, 276, 162, 48)  # one receipt per season, the first one before the history begins
# What becomes of a product, by its place in the list: most are well stocked, some are not.
_SITUATIONS = {
    3: "low",
    9: "out",
    14: "expiring",
    19: "expired",
    24: "only_expired",
    30: "low",
    35: "expiring",
}
_SITUATIONS_EVERY = 37
# What the demo's scenarios dispense is never missing.
_ALWAYS_THERE = frozenset(
    (
        "amoxicilline 500 mg",
        "artéméther + luméfantrine 80 mg + 480 mg",
        "nitrofurantoïne 100 mg",
        "paracétamol 500 mg",
        "phloroglucinol 80 mg",
        "sels de réhydratation orale 20,5 g/l",
        "sulfate ferreux + acide folique 200 mg + 0,4 mg",
    )
)
_PRESCRIBED = frozenset(line for visit in notes.VISITS for line in visit.lines)
_COUNTED_BY_TEN = ("comprimé", "gélule", "capsule")

Alert = Callable[[str, int, str, str], None]  # (pharmacist's id, time, message, product's id)


@dataclass(slots=True)
class _Lot:
    id: str
    number: str
    received_at: int
    expires_on: str
    left: int
    delivered: int = 0
    reserved: int = 0
    stored: bool = False


@dataclass(slots=True)
class _Product:
    id: str
    threshold: int
    situation: str
    pharmacists: tuple[str, ...]
    lots: list[_Lot]
    expires_in: int  # days, of the last lot


class Stock:
    """The products of every pharmacy, by pharmacy and medicine."""

    def __init__(
        self,
        tx: Transaction,
        batch: Batch,
        rng: Random,
        medicines: dict[str, str],
        pharmacies: dict[str, tuple[str, ...]],
    ) -> None:
        """`medicines` are ids by `Medicine.key`, `pharmacies` the pharmacists' ids by pharmacy."""
        self.medicines = medicines
        self._tx, self._batch, self._rng = tx, batch, rng
        self._products: dict[tuple[str, str], _Product] = {}
        for rank, (pharmacy, pharmacists) in enumerate(pharmacies.items()):
            stocked = [m for n, m in enumerate(MEDICINES) if m.key in _PRESCRIBED or (n + rank) % 3]
            for number, medicine in enumerate(stocked):
                self._products[pharmacy, medicine.key] = self._product(medicine, number + 5 * rank, pharmacists)
        for (pharmacy, key), product in self._products.items():
            batch.add(
                "products",
                id=product.id,
                pharmacy_id=pharmacy,
                medicine_id=medicines[key],
                threshold=product.threshold,
            )

    def take(self, pharmacy: str, key: str, quantity: int, at: int, prescription: str, actor: str) -> None:
        """Hand over `quantity` for a prescription, out of the lot in use at that time."""
        lot = self._lot(pharmacy, key, at)
        lot.delivered += quantity
        self._move(lot, "delivered", -quantity, "", actor, prescription, at)

    def reserve(self, pharmacy: str, key: str, quantity: int, prescription: str, line: str) -> None:
        """Keep `quantity` for a line that is prepared and not yet delivered."""
        lot = self._lot(pharmacy, key, self._tx.now)
        lot.reserved += quantity
        self._batch.add("reservations", prescription_id=prescription, line_id=line, lot_id=lot.id, quantity=quantity)

    def close(self, alert: Alert) -> None:
        """Receive and count every lot, and alert the pharmacists to what is low or soon expires."""
        for (_, key), product in self._products.items():
            step = 50 if BY_KEY[key].unit in _COUNTED_BY_TEN else 5
            for lot, retired_at in zip(product.lots, self._retirements(product), strict=True):
                if lot.left:
                    self._store(lot, product)
                if lot.stored:  # else nobody ever needed it
                    self._receive(lot, step, self._rng.choice(product.pharmacists), retired_at)
            self._alert(product, alert)
        self._batch.flush()
        self._tx.execute_many(
            "UPDATE lots SET on_hand = :on_hand, reserved = :reserved WHERE id = :id",
            [
                {"id": lot.id, "on_hand": lot.left + lot.reserved, "reserved": lot.reserved}
                for product in self._products.values()
                for lot in product.lots
                if lot.stored
            ],
        )

    def _product(self, medicine: Medicine, number: int, pharmacists: tuple[str, ...]) -> _Product:
        rng = self._rng
        threshold = rng.choice((60, 90, 120, 150) if medicine.unit in _COUNTED_BY_TEN else (5, 8, 10, 12))
        situation = _SITUATIONS.get(number % _SITUATIONS_EVERY, "")
        if medicine.key in _ALWAYS_THERE:
            situation = ""
        lots = []
        for season, days_ago in enumerate(_RECEIVED_DAYS_AGO[:-1] if situation == "out" else _RECEIVED_DAYS_AGO):
            received_at = self._tx.now - (days_ago + rng.randint(-6, 6)) * _DAY - rng.randrange(_DAY // 8)
            expires_in = rng.randint(380, 780) - days_ago
            left = 0
            if season == 2 and situation in ("expired", "only_expired"):
                expires_in, left = -rng.randint(4, 30), rng.randint(3, threshold)
            if season == 3:
                if situation == "expiring":
                    expires_in = rng.randint(4, 27)
                left = self._left(situation, threshold)
            expires_on = datetime.fromtimestamp(self._tx.now / 1000, UTC).date() + timedelta(days=expires_in)
            code = f"{rng.choice('ABCDEFGHJKLMNPRSTVWX')}{season + 1}{rng.randrange(10_000):04d}"
            lots.append(_Lot(new_id(), code, received_at, expires_on.isoformat(), left))
        return _Product(new_id(), threshold, situation, pharmacists, lots, expires_in)

    def _left(self, situation: str, threshold: int) -> int:
        if situation == "only_expired":
            return 0
        if situation == "low":
            return self._rng.randint(1, threshold - 1)
        return self._rng.randint(threshold * 2, threshold * 5)

    def _lot(self, pharmacy: str, key: str, at: int) -> _Lot:
        lots = self._products[pharmacy, key].lots
        lot = next(lot for lot in reversed(lots) if lot.received_at <= at)
        self._store(lot, self._products[pharmacy, key])
        return lot

    def _store(self, lot: _Lot, product: _Product) -> None:
        """The row of a lot, with nothing in it before `close` has counted."""
        if not lot.stored:
            lot.stored = True
            self._batch.add(
                "lots",
                id=lot.id,
                product_id=product.id,
                number=lot.number,
                number_key=writing.code_key(lot.number),
                expires_on=lot.expires_on,
                on_hand=0,
                reserved=0,
            )

    def _retirements(self, product: _Product) -> list[int]:
        """When the last of each lot was counted out: as the next one came, or a few days ago."""
        nexts = [lot.received_at for lot in product.lots[1:]]
        return [*nexts, self._tx.now - self._rng.randint(2, 5) * _DAY]

    def _receive(self, lot: _Lot, step: int, actor: str, retired_at: int) -> None:
        gone = lot.delivered + lot.reserved + lot.left
        received = -(-(gone + self._rng.randrange(step)) // step) * step
        self._move(lot, "received", received, "", actor, None, lot.received_at)
        if received > gone:
            self._move(lot, "adjusted", gone - received, "Sorties au comptoir, inventaire", actor, None, retired_at)

    def _move(
        self, lot: _Lot, kind: str, quantity: int, reason: str, actor: str, prescription: str | None, at: int
    ) -> None:
        self._batch.add(
            "movements",
            id=new_id(),
            lot_id=lot.id,
            kind=kind,
            quantity=quantity,
            reason=reason,
            actor_id=actor,
            prescription_id=prescription,
            at=at,
        )

    def _alert(self, product: _Product, alert: Alert) -> None:
        messages = {
            "low": "stock.low",
            "out": "stock.low",
            "only_expired": "stock.low",
            "expiring": "stock.expiring",
        }
        if message := messages.get(product.situation):
            days_ago = 30 - product.expires_in if message == "stock.expiring" else self._rng.randint(1, 9)
            at = self._tx.now - days_ago * _DAY + self._rng.randrange(_DAY // 8)
            for pharmacist in product.pharmacists:
                alert(pharmacist, at, message, product.id)
