"""The codes of boxes: a number that says which product it is (GTIN), and all that a scanner types of one (GS1).

What a scanner types is a list of elements, of which some have a fixed length and the others end at a separator (FNC1,
typed as character 29). One that lost its separators reads as something else that is as good: that is asked back.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fadjma.i18n import N_
from fadjma.identity.identifiers import normalize_phone
from fadjma.refusals import Invalid

if TYPE_CHECKING:
    from biip.gs1_element_strings import GS1ElementString

LONGEST = 200  # characters that a scanner types
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_SEPARATOR = "\x1d"
# How scanners are made to type it where a program cannot take the character itself; none of them is in a code.
_INSTEAD = re.compile(r"<GS>|\{GS\}|[\u241d|~^]")
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9]")  # what some scanners say first: which kind of code it is
_PRODUCT = "01"
_LEAST = len(_PRODUCT) + 14  # characters of a code that names a product and says more
_BEGINS = ("(", *"0123456789")
# What else stands on boxes of medicines (GS1 Healthcare): where one of these could begin inside another, it may have.
_ON_BOXES = ("01", "10", "11", "13", "15", "16", "17", "21", "30", "37", "240", "710", "711", "712", "713", "714")

_NOTHING = N_("Ce code ne se laisse pas lire. Scannez-le à nouveau, ou cherchez le médicament par son nom.")
_KEYBOARD = N_("La douchette écrit pour un autre clavier : réglez-la sur le clavier de cet ordinateur.")
_NO_PRODUCT = N_("Ce code ne dit pas de quel produit il s'agit : cherchez le médicament par son nom.")
LOST = N_("La douchette n'a pas transmis où ceci s'arrête : recopiez-le de la boîte.")
CHECKED = N_("Un chiffre de ce code est faux : scannez-le à nouveau.")


def is_gtin(written: str) -> bool:
    """Whether this is a code of 8, 12, 13 or 14 digits, the last of which checks the others (GS1 General
    Specifications, 7.9)."""
    if not _GTIN.fullmatch(written):
        return False
    *digits, check = map(int, in_fourteen(written))
    return (10 - sum(digit * (3, 1)[place % 2] for place, digit in enumerate(digits)) % 10) % 10 == check


def in_fourteen(written: str) -> str:
    """A GTIN as it is stored, whatever kind it is."""
    return written.rjust(14, "0")


def product_of(looked_for: str) -> str:
    """The product (GTIN, in fourteen digits) that a code names which was scanned into a search; of any words, none."""
    text = _SYMBOLOGY.sub("", looked_for.strip(), count=1)
    if not is_gtin(text) and (len(text) < _LEAST or not text.startswith(_BEGINS)):
        return ""
    try:
        return read(looked_for).gtin
    except Invalid:
        return ""


def is_of_box(looked_for: str) -> bool:
    """Whether what was looked for is the code of a box, and is nobody's number: +221 without its plus has twelve digits
    too, of which one number in ten would check.
    """
    return bool(product_of(looked_for)) and normalize_phone(looked_for) is None


@dataclass
class Scan:
    """What a code says of a lot; `asked` are the fields of the form that it may say wrongly, with why."""

    gtin: str = ""  # in fourteen digits
    number: str = ""
    expires_on: str = ""
    asked: dict[str, str] = field(default_factory=dict)


def read(typed: str) -> Scan:
    """What a scanner has typed, or somebody as it is printed: (01)03400930000014(17)270930(10)AB12.

    Raises Invalid (`code`) where it names no product.
    """
    text = _INSTEAD.sub(_SEPARATOR, typed[:LONGEST]).strip().strip(_SEPARATOR)
    text = _SYMBOLOGY.sub("", text, count=1) if text.startswith("]") else text
    if is_gtin(text):
        return Scan(in_fourteen(text))
    if not any(c.isascii() and c.isdecimal() for c in text):
        raise Invalid({"code": _NOTHING if text.replace(" ", "").isalpha() or not text else _KEYBOARD})
    elements = _elements(text)
    if elements is None:
        return _beginning(text)
    return _scan(elements, is_sure=text.startswith("(") or _SEPARATOR in text)


def _elements(text: str) -> "list[GS1ElementString] | None":
    """What the code consists of; None where not all of it can be read. biip is loaded where somebody scans."""
    from biip import ParseError
    from biip.gs1_messages import GS1Message

    try:
        message = GS1Message.parse_hri(text) if text.startswith("(") else GS1Message.parse(text)
    except ParseError:
        return None
    return list(message.element_strings)


def _beginning(text: str) -> Scan:
    """Of a code that breaks off or runs together, the product, which has a fixed length; the rest is asked."""
    found = text[2:16]
    if not text.startswith(_PRODUCT) or not is_gtin(found):
        raise Invalid({"code": _NOTHING})
    return Scan(found, asked={"number": LOST, "expires_on": LOST})


def _scan(elements: "list[GS1ElementString]", *, is_sure: bool) -> Scan:
    scan = Scan()
    for element in elements:
        ends = is_sure or not element.ai.separator_required or not _may_hold_another(element.value)
        match element.ai.ai:
            case "01":
                if element.gtin is None:
                    raise Invalid({"code": CHECKED})
                scan.gtin = element.value
            case "17" if element.date:
                scan.expires_on = element.date.isoformat()
            case "10" if ends:
                scan.number = element.value
        if not ends:
            scan.asked["number"] = LOST
    if not scan.gtin:
        raise Invalid({"code": _NO_PRODUCT})
    if scan.asked and not scan.expires_on:
        scan.asked["expires_on"] = LOST
    return scan


def _may_hold_another(value: str) -> bool:
    """Whether what follows could have begun inside this, had its separator been lost."""
    return any(
        value.startswith(_ON_BOXES, start) and _elements(value[start:]) is not None for start in range(1, len(value))
    )
