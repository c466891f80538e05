"""How many milligrams of each substance so much of a medicine holds: « 5 ml » of « 125 mg/5 ml », « 2 comprimés » of
« 400 mg + 80 mg ». In fractions, and not at all where it cannot be said for sure: nothing is guessed.
"""

import re
from fractions import Fraction

from fadjma import writing
from fadjma.records import allergens

# The spoons are those of the French pharmacopoeia; the measure of a product (cuillère-mesure, dose-poids) and its drops
# are its own.
_MILLILITRES = {"ml": 1, "cuillère à café": 5, "cuillère à soupe": 15}
_PIECES = {
    unit: writing.fold(unit) for unit in ("comprimé", "gélule", "capsule", "sachet", "suppositoire", "ovule", "ampoule")
}
_MILLIGRAMS = {
    **dict.fromkeys(("mg", "milligramme", "milligrammes"), Fraction(1)),
    **dict.fromkeys(("g", "gramme", "grammes"), Fraction(1000)),
    **dict.fromkeys(("µg", "μg", "mcg", "ug", "microgramme", "microgrammes"), Fraction(1, 1000)),
}
_VOLUMES = {"ml": 1, "l": 1000}
_NUMBER = r"(?:\d{1,3}(?: \d{3})+|\d{1,6})(?:[.,]\d{1,4})?"
_MASS = rf"{_NUMBER} ?(?:{'|'.join(_MILLIGRAMS)})(?![a-z])"
_STRENGTH = re.compile(
    rf"(?P<masses>{_MASS}(?: ?[+/] ?{_MASS})*)"
    rf"(?: ?(?:/|par) ?(?P<count>{_NUMBER})? ?(?P<of>{'|'.join((*_VOLUMES, *_PIECES.values()))}))?"
)
_PARTS = re.compile(rf"({_NUMBER}) ?([a-zµμ]+)")
_THOUSANDS_OR_NOT = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")  # « 1.000 »: one, or a thousand


def held(dci: str, strength: str, amount: Fraction, unit: str) -> dict[str, Fraction] | None:
    """Milligrams of each substance of a medicine in so much of it (`unit` as posologies name it).

    None where the strength does not say so for sure.
    """
    found = _STRENGTH.fullmatch(" ".join(writing.fold(strength).split()))
    parts = _parts(found["of"], _number(found["count"] or "1"), amount, unit) if found else None
    if found is None or parts is None:
        return None
    masses = [(_number(number), _MILLIGRAMS[mass]) for number, mass in _PARTS.findall(found["masses"])]
    substances = allergens.named(dci)
    if len(masses) != len(set(substances)) or not all(number for number, _ in masses):
        return None  # « 500 mg » of two substances: of which?
    return {
        substance: (number or 0) * mass * parts for substance, (number, mass) in zip(substances, masses, strict=True)
    }


def _number(written: str) -> Fraction | None:
    """None for what may be read in two ways, and for nothing."""
    if _THOUSANDS_OR_NOT.fullmatch(written):
        return None
    return Fraction(written.replace(" ", "").replace(",", ".")) or None


def _parts(of: str | None, count: Fraction | None, amount: Fraction, unit: str) -> Fraction | None:
    """How many times over what the strength is said of lies in this amount."""
    if count is None:
        return None
    if of in _VOLUMES:
        volume = _MILLILITRES.get(unit)
        return None if volume is None else amount * volume / (count * _VOLUMES[of])
    return amount / count if unit in _PIECES and of in (None, _PIECES[unit]) else None
