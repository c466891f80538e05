"""Units of laboratory values: the grammar of UCUM (https://ucum.org/ucum), with those units that laboratories use.

Narrower than UCUM on purpose: no parentheses, and no prefix above « kilo » before gram, litre, metre and mole: « Mg »
is a slip of the keyboard, and no megagram. What laboratories print beside it (« G/L », « UI/L », « µmol/l ») is read as
the unit that it means. Litres are written L, so that one unit has one spelling.

Checked on 27 November 2026 against UCUM 2.2 (ucum-essence.xml of 2024-06-17, with its table of common units, as
ucumvert 0.3.2 has them): `bin/try-ucum` parses each atom with each prefix, and 2,000 units made of them, by that
grammar, and reads those of the table that laboratories use.
"""

import re

USUAL = (
    "g/dL",
    "g/L",
    "mg/L",
    "mg/dL",
    "ug/L",
    "mmol/L",
    "umol/L",
    "%",
    "10*9/L",
    "10*12/L",
    "fL",
    "pg",
    "[IU]/L",
    "U/L",
)
_SMALL = (
    "m",
    "s",
    "g",
    "K",
    "C",
    "mol",
    "l",
    "L",
    "Pa",
    "N",
    "J",
    "W",
    "Hz",
    "kat",
    "eq",
    "osm",
    "bar",
    "m[Hg]",
    "m[H2O]",
)
_COUNTED = ("[IU]", "[iU]", "U")  # which come in millions, too
_ALONE = (
    *("%", "[ppth]", "[ppm]", "[ppb]", "[pH]", "Cel", "min", "h", "d", "wk", "mo", "a", "10*", "[HPF]", "[LPF]"),
    *("[arb'U]", "[CFU]", "[PFU]", "[GPL'U]", "[MPL'U]", "[APL'U]", "[beth'U]"),
)


def _any(atoms: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, sorted(atoms, key=len, reverse=True)))


_ATOM = rf"(?:(?:da|[hkdcmunpfa])?(?:{_any((*_SMALL, *_COUNTED))})|[MG](?:{_any(_COUNTED)})|{_any(_ALONE)})"
_NOTE = r"\{[!-z|~]{1,40}\}"
_PART = rf"(?:{_ATOM}(?:[+-]?[0-9]{{1,2}})?(?:{_NOTE})?|{_NOTE}|[1-9][0-9]{{0,3}}(?:{_NOTE})?)"
_UNIT = re.compile(rf"/?{_PART}(?:[./]{_PART})*")
_LITRE = re.compile(r"(?<![A-Za-z\[])(da|[hkdcmunpfa])?l(?![A-Za-z\[])")
_OF_UNITS = re.compile(r"(?<![A-Za-z\[])([mukM]?)(?:UI|IU)(?![A-Za-z'\]])")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_WRITTEN = {"G/L": "10*9/L", "T/L": "10*12/L", "°C": "Cel", "mmHg": "mm[Hg]", "mEq/L": "meq/L", "mOsm/kg": "mosm/kg"}
_SHOWN = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def read(typed: str) -> str | None:
    """A unit as UCUM writes it, of what somebody typed; None of what is none."""
    text = re.sub(r"10\^?(?=[⁰¹²³⁴⁵⁶⁷⁸⁹])", "10*", typed.strip()).translate(_RAISED).replace("10^", "10*")
    text = re.sub(r"^[x×] ?(?=10\*)", "", text).replace("µ", "u").replace("μ", "u").replace(" / ", "/")
    text = "".join(part if part.startswith("{") else _plain(part) for part in re.split(r"(\{[^}]*\})", text))
    text = _WRITTEN.get(text, text)
    return text if _UNIT.fullmatch(text) else None


def _plain(part: str) -> str:
    return _OF_UNITS.sub(r"\1[IU]", _LITRE.sub(r"\1L", part))


def shown(unit: str) -> str:
    """As people write it after a number: « × 10⁹/L », « µmol/L », « UI/L »."""
    text = re.sub(r"10\*(-?[0-9]+)", lambda found: "10" + found[1].translate(_SHOWN), unit)
    text = re.sub(r"(?<![A-Za-z\[{])u(?=mol|g|L|kat|m|s|\[)", "µ", text).replace("[IU]", "UI").replace("[iU]", "UI")
    return ("× " if text.startswith("10") else "") + re.sub(r"[\[\]{}]", "", text.replace("Cel", "°C"))
