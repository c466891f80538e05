"""What one may be allergic to, as it is compared with medicines: a substance by its DCI, a family by ATC codes.

The families are those that doctors name when they write an allergy down. Where one reaches beyond a single branch of
the ATC tree (sulfadoxine is an antimalarial, aspirin an antithrombotic), it has several codes. Written down by hand for
this program, as the starter list of medicines is.
"""

import re
from collections.abc import Mapping

from fadjma import writing
from fadjma.i18n import LANGUAGES, N_, translate

FAMILIES: Mapping[str, str] = {
    "J01C": N_("Pénicillines"),
    "J01D": N_("Céphalosporines"),
    "J01E P01BD51 A07EC01 D06BA": N_("Sulfamides"),
    "J01FA": N_("Macrolides"),
    "J01A": N_("Tétracyclines"),
    "J01M S01AE": N_("Quinolones"),
    "J01G": N_("Aminosides"),
    "M01A M02AA N02BA B01AC06": N_("Anti-inflammatoires (AINS) et aspirine"),
    "N02A R05DA": N_("Opioïdes"),
    "N01B": N_("Anesthésiques locaux"),
    "C09A C09B": N_("Inhibiteurs de l'enzyme de conversion"),
    "B01AB": N_("Héparines"),
    "A10A": N_("Insulines"),
    "V08": N_("Produits de contraste"),
}
_CODE = re.compile(r"[ABCDGHJLMNPRSV](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?")  # any level of the ATC tree
_PARTS = re.compile(r"[+/]")
LEVEL_4 = 5  # characters: the chemical subgroup, in which what resembles most stands together


def substances(dci: str) -> frozenset[str]:
    """What a medicine is made of, each as it is compared: « amoxicilline + acide clavulanique » is two."""
    return frozenset(filter(None, (" ".join(writing.fold(part).split()) for part in _PARTS.split(dci))))


def codes(typed: str) -> tuple[str, ...] | None:
    """The ATC codes that somebody has typed, of any level; None where one of them is none."""
    found = tuple(typed.upper().replace(",", " ").split())
    return found if all(map(_CODE.fullmatch, found)) else None


def family_named(text: str) -> str | None:
    """The codes of the family that this is the name of, in either language and number; None: it is the name of none."""
    asked = _singular(text)
    return next(
        (atc for atc, name in FAMILIES.items() if asked in {_singular(translate(to, name)) for to in LANGUAGES}), None
    )


def _singular(name: str) -> str:
    return writing.fold(name).strip().removesuffix("s")


def reach(atc: str) -> tuple[str, ...]:
    """The beginnings of the codes of whatever resembles something with these ATC codes: the family that a doctor would
    name, else its chemical subgroup. A code that is a beginning itself reaches what begins so.
    """
    found: dict[str, None] = {}
    for code in atc.split():
        family = next((known for known in FAMILIES if any(map(code.startswith, known.split()))), "")
        found.update(dict.fromkeys(family.split() or (code[:LEVEL_4],)))
    return tuple(found)
