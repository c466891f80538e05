"""What may be given in the place of a medicine: the same substances and strength, in a form that is taken alike.

Immediate-release forms that are swallowed count as one form, as in the French rule on generics (Code de la santé
publique, L5121-1, 5°a); every other form is equivalent to itself alone. To be confirmed by a pharmacist of the country.
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache

from fadjma import writing
from fadjma.inventory import queries
from fadjma.inventory.queries import Medicine
from fadjma.store import Transaction, given_in_parts

_SWALLOWED = {"comprime", "gelule", "capsule"}
_AS_SWALLOWED = _SWALLOWED | {
    *("pellicule", "enrobe", "drageifie", "secable", "quadrisecable", "dispersible", "effervescent", "orodispersible"),
    *("molle", "dure", "a", "croquer"),
}
# A whole number, with spaces between its thousands or not; never the end of one: « 000 UI » of « 100 000 UI ».
_AMOUNT = re.compile(r"(?<![\d.,])(?<!\d\s)((?:\d{1,3}(?:\s\d{3})+|\d+)(?:[.,]\d+)?)\s*(g|mg|µg|μg|mcg|mui|ui|l|ml)\b")
_THOUSANDS_OR_NOT = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")  # « 1.000 »: one, or a thousand; it stays as it is written
_OF_LOTS = (
    "SELECT l.id AS lot_id, m.id, m.dci, m.form, m.strength, m.unit, m.brands FROM lots l "
    "JOIN products p ON p.id = l.product_id JOIN medicines m ON m.id = p.medicine_id"
)
_UNITS = {
    "g": (Decimal(1000), "mg"),
    "mg": (Decimal(1), "mg"),
    **dict.fromkeys(("µg", "μg", "mcg"), (Decimal("0.001"), "mg")),
    "mui": (Decimal(1_000_000), "ui"),
    "ui": (Decimal(1), "ui"),
    "l": (Decimal(1000), "ml"),
    "ml": (Decimal(1), "ml"),
}


def are(one: Medicine, other: Medicine) -> bool:
    """Whether one piece of either may be given for one of the other; counted in what each is counted in: so many
    millilitres are not so many bottles.
    """
    return (
        one.id != other.id
        and _words(one.dci) == _words(other.dci)  # first: most of a stock is told apart by it
        and _strength(one.strength) == _strength(other.strength)
        and _form(one.form) == _form(other.form)
        and _form(one.unit) == _form(other.unit)
    )


def of(
    tx: Transaction, pharmacy_id: str, medicine: Medicine, quantity: int, fits: Callable[[Medicine], bool]
) -> Medicine | None:
    """Of the equivalents of a medicine that fit the one of which this pharmacy has most, and at least so much; None: of
    none.
    """
    found = [one for one in _kept(tx, pharmacy_id) if are(one, medicine) and fits(one)]
    usable = queries.usable(tx, pharmacy_id, [one.id for one in found])
    best = max(found, key=lambda one: (usable[one.id], one.id), default=medicine)
    return best if usable[best.id] >= quantity > 0 else None


def _kept(tx: Transaction, pharmacy_id: str) -> list[Medicine]:
    rows = tx.all(
        "SELECT m.id, m.dci, m.form, m.strength, m.unit, m.brands FROM products k "
        "JOIN medicines m ON m.id = k.medicine_id WHERE k.pharmacy_id = :pharmacy AND m.retired_at IS NULL",
        {"pharmacy": pharmacy_id},
    )
    return [Medicine(**row.as_dict()) for row in rows]


@lru_cache(maxsize=10_000)  # the names and forms of a list of medicines
def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+|[+/%]", writing.fold(text)))


def _form(form: str) -> str:
    words = set(_words(form).split())
    return "swallowed" if words & _SWALLOWED and words <= _AS_SWALLOWED else _words(form)


def _strength(strength: str) -> str:
    """« 0,5 g » and « 500 mg » are one."""
    return "".join(_AMOUNT.sub(_amount, strength.casefold()).split())


def _amount(found: re.Match[str]) -> str:
    if _THOUSANDS_OR_NOT.fullmatch(found[1]):
        return found[0]
    factor, unit = _UNITS[found[2]]
    number = Decimal("".join(found[1].split()).replace(",", "."))
    return f"{(number * factor).normalize():f}{unit}"


def of_lots(tx: Transaction, lot_ids: Iterable[str]) -> dict[str, Medicine]:
    """What each of these lots is of."""
    ids = list(dict.fromkeys(lot_ids))
    found = {}
    for among, values in given_in_parts(ids):
        for row in tx.all(f"{_OF_LOTS} WHERE l.id IN {among}", values):
            of_one = row.as_dict()
            lot_id = of_one.pop("lot_id")
            found[lot_id] = Medicine(**of_one)
    return found


def kept_for(tx: Transaction, prescription_id: str) -> dict[str, Medicine]:
    """What is put aside for each line of a prescription, by its id: the medicine that it says, or an equivalent."""
    rows = tx.all("SELECT r.line_id, r.lot_id FROM reservations r WHERE r.prescription_id = :p", {"p": prescription_id})
    medicines = of_lots(tx, (row["lot_id"] for row in rows))
    return {row["line_id"]: medicines[row["lot_id"]] for row in rows}
