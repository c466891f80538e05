"""The unit that somebody types behind a number, as it stands on the device: « 37,5 °C », « 80 bpm », « 95 mg/dl ».

What is understood is the same value in the unit of the field, to its last digit. A unit that only an approximation
leads to is none of these.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from fadjma import writing

_ONE = Decimal(1)
_A_MINUTE = dict.fromkeys(("/min", "/mn", "/minute", "parmin", "parminute"), _ONE)
# By what a value is measured in (vitals.py): its units, without spaces and in small letters, and how many of the
# field's own each of them is.
_UNITS: Mapping[str, Mapping[str, Decimal]] = {
    "blood_pressure": {"mmhg": _ONE, "cmhg": _ONE},  # which of both it is the numbers say, and are asked
    "pulse": {**_A_MINUTE, "bpm": _ONE, "batt/min": _ONE, "battements/min": _ONE, "puls/min": _ONE},
    "temperature": {"°": _ONE, "°c": _ONE, "c": _ONE, "degrés": _ONE, "degres": _ONE},
    "respiratory_rate": {**_A_MINUTE, "cpm": _ONE, "c/min": _ONE, "cycles/min": _ONE},
    "oxygen_saturation": {"%": _ONE},
    "glucose": {"g/l": _ONE, "mg/dl": Decimal("0.01")},
    "pain": {"/10": _ONE},
    "body_height": {"cm": _ONE, "m": Decimal(100)},
    "head_circumference": {"cm": _ONE},
}
_WEIGHTS = {"kg": "kg", "kgs": "kg", "kilo": "kg", "kilos": "kg", "g": "g", "gr": "g", "gramme": "g", "grammes": "g"}
_LIKE_PAIN = re.compile(r"(.*[0-9]) ?/ ?10")
_BEHIND = re.compile(r"(.*[0-9]) ?([^0-9]+)")
_METRES = re.compile(r"([12]) ?m ?([0-9]{2})(?: ?cm)?")  # « 1m65 »
_DEGREES = re.compile(r"([0-9]{2}) ?° ?([0-9])(?: ?°? ?c)?")  # « 37°5 »
_KILOGRAMS = re.compile(r"([0-9]{1,3}) ?(?:kg|kilos?) ?([0-9]{3}) ?(?:g|gr|grammes)?")  # « 3 kg 200 »


def value(code: str, typed: str) -> tuple[str, Decimal]:
    """The number of what was typed, and what it is to be multiplied by; all of it, times one, where no unit of this
    kind of value stands behind it.
    """
    text = _plain(typed)
    if code == "body_height" and (metres := _METRES.fullmatch(text)):
        return f"{metres[1]}{metres[2]}", _ONE
    if code == "temperature" and (degrees := _DEGREES.fullmatch(text)):
        return f"{degrees[1]},{degrees[2]}", _ONE
    if code == "pain" and (pain := _LIKE_PAIN.fullmatch(text)):
        return pain[1], _ONE
    number, unit = _parted(text)
    times = _UNITS.get(code, {}).get(unit)
    return (number, times) if times else (typed, _ONE)


def weight(typed: str, unit: str) -> tuple[str, str]:
    """The number of a weight, and its unit (kg, g): the one behind it, or the `unit` of the field."""
    text = _plain(typed)
    if both := _KILOGRAMS.fullmatch(text):
        return f"{both[1]},{both[2]}", "kg"
    number, said = _parted(text)
    return (number, _WEIGHTS[said]) if said in _WEIGHTS else (typed, unit)


def _plain(typed: str) -> str:
    return writing.plain_digits(typed).strip().lower().replace("º", "°")


def _parted(text: str) -> tuple[str, str]:
    found = _BEHIND.fullmatch(text)
    return (found[1], found[2].replace(" ", "").rstrip(".")) if found else (text, "")
