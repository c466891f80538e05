"""What one may be allergic to, as it is compared with medicines: a substance by its DCI, a family by ATC codes.

The families are those that doctors name when they write an allergy down. Where one reaches beyond a single branch of
the ATC tree (sulfadoxine is an antimalarial, aspirin an antithrombotic), it has several codes. The tree goes by use: an
eye ointment or an ear drop stands with its organ, a combination with its purpose. So a family is also known by the
names of its substances, where the stem of an international name says it (WHO, The use of stems in the selection of
International Nonproprietary Names, 2018; the French endings). Written down by hand for this program, as the starter
list of medicines is.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

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
    "P01BE": N_("Dérivés de l'artémisinine"),
    "V08": N_("Produits de contraste"),
}
# How a word of the name of a substance of a family looks, once folded: by its stem, and of those names that have none.
_STEMS: Mapping[str, re.Pattern[str]] = {
    "J01C": re.compile(r"\w*cilline?"),
    "J01D": re.compile(r"cef\w+"),
    "J01E P01BD51 A07EC01 D06BA": re.compile(r"sulfa(?!tes?$)\w+|\w*trimoxazole|mafenide"),
    "J01FA": re.compile(r"\w*thromycine?|spiramycine?|josamycine?|midecamycine?"),
    "J01A": re.compile(r"\w*cycline?"),
    "J01M S01AE": re.compile(r"\w*oxacine?"),
    "J01G": re.compile(r"\w*micine?|\w*kacine?|tobramycine?|neomycine?|kanamycine?|\w*streptomycine?|framycetine?"),
    "M01A M02AA N02BA B01AC06": re.compile(
        r"\w*profene?|\w*fenac|\w*oxicam|\w*coxib|\w*fenamique|tiaprofenique|indometh?acine?|naproxene?|nimesulide|niflumique|"
        r"ketorolac|phenylbutazone|acetylsalicyl(?:ique|ates?)|aspirine?"
    ),
    "N02A R05DA": re.compile(
        r"\w*codeine?|(?!apo)\w*morphine?|tramadol|\w*fentanil|fentanyl|methadone|buprenorphine?|oxycodone"
    ),
    "N01B": re.compile(r"\w*caine?"),
    "C09A C09B": re.compile(r"\w*pril"),
    "B01AB": re.compile(r"\w*parine?"),
    "A10A": re.compile(r"insulines?"),
    "P01BE": re.compile(r"(?:dihydro)?arte[mns]\w+"),
}
# What people say for a family, and for a substance, beside its name in the list.
_ALSO_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "J01C": ("pénicilline G", "pénicilline V", "pénicilline A", "pénicilline M"),
    "J01C J01D": ("bêta-lactamines", "bêtalactamines"),
    "J01E P01BD51 A07EC01 D06BA": ("sulfa",),
    "J01A": ("cyclines",),
    "J01M S01AE": ("fluoroquinolones",),
    "M01A M02AA N02BA B01AC06": ("AINS", "anti-inflammatoires", "anti-inflammatoires non stéroïdiens"),
    "N02A R05DA": ("opiacés", "morphiniques"),
    "C09A C09B": ("IEC",),
    "V08": ("produits de contraste iodés",),
}
_ALSO_SUBSTANCES: Mapping[str, tuple[str, ...]] = {
    "B01AC06 N02BA01": ("aspirine", "Aspégic"),
    "J01CA04": ("Clamoxyl",),
    "J01CR02": ("Augmentin",),
    "J01EE01": ("cotrimoxazole", "Bactrim"),
    "P01BA06": ("amodiaquine",),  # by itself; the list has it in a combination
    "M01AB05": ("Voltarène",),
    "M01AE03": ("Profénid",),
    "N02BE01": ("Doliprane", "Efferalgan"),
    "P01AB01": ("Flagyl",),
}
# Families of which somebody may be allergic to both: asked about, and no more. Of people with a proven allergy to a
# penicillin 16 % reacted to a cephalosporin with the same side chain and 2 % to one with another (Picard et al.,
# Cross-Reactivity to Cephalosporins and Carbapenems in Penicillin-Allergic Patients: Two Systematic Reviews and
# Meta-Analyses, 2019); of 72 with one to a cephalosporin 16 had one to penicillins, too (Romano et al., Natural
# evolution of skin-test sensitivity in patients with IgE-mediated hypersensitivity to cephalosporins, 2014).
# Carbapenems (J01DH) and aztreonam (J01DF), of which less than 1 % is said, are asked about by nothing.
_NEIGHBOURS: Mapping[str, str] = {"J01C": "J01D", "J01D": "J01C"}
_NO_NEIGHBOURS = ("J01DF", "J01DH")
_STRENGTH = re.compile(r"\s+[0-9][0-9 .,]*\s*(?:mg|g|µg|mcg|ml|m?ui|%)(?:\s*/\s*[0-9.,]*\s*\w+)?(?!\w)", re.IGNORECASE)
_CODE = re.compile(r"[ABCDGHJLMNPRSV](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?")  # any level of the ATC tree
_PARTS = re.compile(r"[+/]")
_WORD = re.compile(r"[a-z]+")
LEVEL_4 = 5  # characters: the chemical subgroup, in which what resembles most stands together


def substances(dci: str) -> frozenset[str]:
    """What a medicine is made of, each as it is compared: « amoxicilline + acide clavulanique » is two."""
    return frozenset(named(dci))


def named(dci: str) -> tuple[str, ...]:
    """The same in the order in which they are named, which is that of their strengths."""
    return tuple(filter(None, (" ".join(writing.fold(part).split()) for part in parts(dci))))


def parts(dci: str) -> list[str]:
    """The same as they are written."""
    return [part.strip() for part in _PARTS.split(dci)]


def codes(typed: str) -> tuple[str, ...] | None:
    """The ATC codes that somebody has typed, of any level; None where one of them is none."""
    found = tuple(typed.upper().replace(",", " ").split())
    return found if all(map(_CODE.fullmatch, found)) else None


def family_named(text: str) -> str | None:
    """The codes of the family that this is a name of, in either language and number; None: it is the name of none."""
    asked = _singular(text)
    named = (atc for atc, name in FAMILIES.items() if asked in {_singular(translate(to, name)) for to in LANGUAGES})
    return next(named, None) or _also(asked, _ALSO_FAMILIES)


def substance_named(text: str) -> str:
    """The codes of the substance that this is another name of, with spaces between; empty: it is of none."""
    return _also(_singular(text), _ALSO_SUBSTANCES) or ""


def without_strength(text: str) -> str:
    """What is named alone: « amoxicilline » of « amoxicilline 500 mg »."""
    return _STRENGTH.sub("", text).strip()


def _also(asked: str, names: Mapping[str, tuple[str, ...]]) -> str | None:
    return next((atc for atc, called in names.items() if asked in map(_singular, called)), None)


def _singular(name: str) -> str:
    return " ".join(word.removesuffix("s") for word in writing.fold(name).split())


@lru_cache(maxsize=10_000)  # the names of a list of medicines
def families(dci: str) -> frozenset[str]:
    """The families of what a medicine is made of, by the names of its substances: their codes."""
    words = [word for substance in substances(dci) for word in _WORD.findall(substance)]
    return frozenset(family for family, stem in _STEMS.items() if any(map(stem.fullmatch, words)))


def whole(reach: Iterable[str]) -> frozenset[str]:
    """The families all of whose codes lie in these beginnings of codes."""
    begin = tuple(reach)
    return frozenset(family for family in FAMILIES if all(code.startswith(begin) for code in family.split()))


def reach(atc: str, dci: str = "") -> tuple[str, ...]:
    """The beginnings of the codes of whatever resembles something with these ATC codes, called so: the family that a
    doctor would name, else its chemical subgroup. A code that is a beginning itself reaches what begins so.
    """
    if named := sorted(families(dci)):
        return tuple(dict.fromkeys((*(code for family in named for code in family.split()), *atc.split())))
    found: dict[str, None] = {}
    for code in atc.split():
        family = next((known for known in FAMILIES if any(map(code.startswith, known.split()))), "")
        found.update(dict.fromkeys(family.split() or (code[:LEVEL_4],)))
    return tuple(found)


def by_subgroup(reach: Iterable[str], atc: str) -> tuple[str, ...]:
    """Those beginnings of a reach that are no family and nobody's word, but the chemical subgroup of a code."""
    known = {code for family in FAMILIES for code in family.split()} | set(atc.split())
    return tuple(code for code in reach if code not in known)


def goes_by_use(atc: str) -> bool:
    """Whether the chemical subgroup of a code says what it is for, and not what it is: of the skin (D), the eye and the
    ear (S), and where it is that of all others (its last letter is X).
    """
    return atc[0] in "DS" or atc[LEVEL_4 - 1 : LEVEL_4] == "X"


def neighbours(reach: Iterable[str], atc: str, dci: str) -> bool:
    """Whether a medicine is of a family beside one that is reached."""
    begin = tuple(reach)
    beside = {_NEIGHBOURS[family] for family in _NEIGHBOURS if any(code.startswith(family) for code in begin)}
    own = {family for family in beside if atc.startswith(family)} | (families(dci) & beside)
    return bool(own) and not atc.startswith(_NO_NEIGHBOURS)
