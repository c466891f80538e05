"""Posologies: what a doctor writes in a hurry (« 1x3/j 7j », « 1 cp matin et soir si douleur »), understood.

What is understood whole becomes a structure, in the terms of FHIR's Dosage: how much of what, how often or when, beside
which meal, for what, for how many days. What is not, in one word only, stays as it was written: nothing is guessed. The
abbreviations are those of French prescriptions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil, inf
from typing import Any, Literal, Self

from fadjma import writing
from fadjma.i18n import N_, translate

When = Literal["MORN", "NOON", "EVE", "NIGHT"]  # http://hl7.org/fhir/event-timing, in the order of a day
Food = Literal["AC", "C", "PC"]  # before, with, after a meal; of the same code system

OF_WHAT = N_("Dites de quoi : « 5 ml x 3/j », « 1 dose-poids matin et soir ».")
_MISNAMED = N_("Ce n'est pas la forme de ce médicament : vérifiez la posologie.")

_A_DAY = 24  # hours
_OFTEN_AT_MOST = 4  # times, of « x 3 » that does not say a day: more is a number of days, or of boxes
_PIECES_AT_MOST = 8  # at once, that nobody asks about; and how often a day
# The same of what is measured, wide on purpose: « 250 ml » of a syrup is a slip for 250 mg. This program's own bounds.
_MEASURED_AT_MOST = {
    "ml": 30,
    "cuillère à café": 4,
    "cuillère à soupe": 3,
    "dose-poids": 60,
    "goutte": 60,
    "bouffée": 10,
}
_BOTTLES = 5  # of a liquid or an ointment, that nobody asks about however short the course
_ABOVE, _BOX = 2, 30  # a quantity may be so many times what is needed, or so many pieces more: boxes are not opened
_WORDS_OF_WHEN: Mapping[When, str] = {"MORN": "le matin", "NOON": "à midi", "EVE": "le soir", "NIGHT": "au coucher"}
_WORDS_OF_FOOD: Mapping[Food, str] = {"AC": "avant les repas", "C": "au cours des repas", "PC": "après les repas"}

# What is counted out of a box, and what is measured out of a bottle or a tube: each with its plural, and how it is also
# written, as a regular expression of what `writing.fold` leaves.
_PIECES: Mapping[str, tuple[str, str]] = {
    "comprimé": ("comprimés", r"comprimes?|comp|cps?|cpr"),
    "gélule": ("gélules", r"gelules?|gel"),
    "capsule": ("capsules", r"capsules?|caps?"),
    "sachet": ("sachets", r"sachets?|sach"),
    "suppositoire": ("suppositoires", r"suppositoires?|suppos?"),
    "ovule": ("ovules", r"ovules?|ov"),
    "ampoule": ("ampoules", r"ampoules?|amp"),
}
_MEASURES: Mapping[str, tuple[str, str]] = {
    "ml": ("ml", r"ml|millilitres?"),
    "goutte": ("gouttes", r"gouttes?|gttes?|gtt"),
    "dose-poids": ("doses-poids", r"doses?[- ]poids"),
    "cuillère-mesure": ("cuillères-mesure", r"cuill?(?:eres?)?[-. ]*(?:a )?mesures?"),
    "cuillère à café": ("cuillères à café", r"cuill?(?:eres?)?[-. ]*(?:a )?cafe|c[. ]*a[. ]*c\.?"),
    "cuillère à soupe": ("cuillères à soupe", r"cuill?(?:eres?)?[-. ]*(?:a )?soupe|c[. ]*a[. ]*s\.?"),
    "bouffée": ("bouffées", r"bouffees?|bouff"),
    "application": ("applications", r"applications?|appl"),
    "injection": ("injections", r"injections?|inj"),
    "pulvérisation": ("pulvérisations", r"pulverisations?|pulv"),
}
_UNITS = {**_PIECES, **_MEASURES}
_WHOLE = {"gélule", "capsule", "ovule", "goutte", "bouffée", "application", "injection", "pulvérisation"}
_IN_ALL = {"injection", "ampoule", "ovule", "suppositoire"}  # of which so many may be meant as often as so many a day
_OF_LIQUIDS = {"ml", "goutte", "dose-poids", "cuillère-mesure", "cuillère à café", "cuillère à soupe"}
_BY_THE_SPOON = re.compile("sirop|suspension buvable|gouttes|collyre|inhalation|nebulisation")
_OPENED = re.compile(r"(?:flacon|bouteille|tube|pot)s?\b")
_HOLDS_BACK = re.compile(r"gastro|liberation (?:prolongee|modifiee)|\b(?:lp|lm|lf)\b")
_INJECTED = re.compile("inject|perfusion")
_LIQUID = re.compile("buvable|sirop|solution|suspension|collyre|injectable|perfusion|lotion|goutte|huile")

_FRACTION = "(?:1/2|[13]/4)"
_NUMBER = rf"(?:{_FRACTION}|\d{{1,4}}(?:[.,]\d{{1,2}}| {_FRACTION})?)"
_UNIT = "|".join(f"(?P<u{number}>{written})" for number, (_, written) in enumerate(_UNITS.values()))
_DAY = r"(?:jours?|jrs?|j)"
_DURING = r"(?:pendant |durant |pdt )?"
# For what something is taken as needed, as folded: with its accents again, it is what is shown.
_ILLNESS = {
    writing.fold(sign): sign
    for sign in (
        "douleur", "douleurs", "douleur forte", "douleur intense", "fièvre", "toux", "vomissements", "nausées",
        "diarrhée", "crise", "gêne respiratoire", "démangeaisons", "brûlures", "constipation", "insomnie", "allergie",
    )
}  # fmt: skip
_SIGNS_OF_ILLNESS = "(?:" + "|".join(sorted(_ILLNESS, key=len, reverse=True)) + ")"
# Each part of a posology, as it may be written, once; where two fit, the first here is it.
_PARTS: Mapping[str, str] = {
    "days": rf"{_DURING}(?P<days>\d{{1,3}}) ?{_DAY}|x(?P<days2>\d{{1,3}}) ?jours?",
    "weeks": rf"{_DURING}(?P<weeks>\d{{1,2}}) ?(?:semaines?|sem)",
    "months": rf"{_DURING}(?P<months>\d{{1,2}}) ?mois",
    "often": rf"x ?(?P<often>\d{{1,2}})(?P<a_day> ?/ ?{_DAY}| fois par jour| par jour)?|"
    rf"(?P<often2>\d{{1,2}}) ?(?:fois|x)(?: ?/ ?{_DAY}| par jour)",
    "every": r"(?:toutes?|ttes?) les (?:(?P<every>\d{1,2}) ?)?h(?:eures?)?|/ ?(?P<every2>\d{1,2}) ?h",
    "once": rf"/ ?{_DAY}|par jour",
    "need": rf"(?:si |en cas (?:de |d'))(?P<need>{_SIGNS_OF_ILLNESS}(?: ou {_SIGNS_OF_ILLNESS})?)|"
    "si besoin|au besoin|sb",
    "most": rf"(?:sans depasser|maximum|max\.?|au plus) ?(?P<most>\d{{1,2}})(?: ?/ ?{_DAY}| par jour)|"
    rf"(?P<most2>\d{{1,2}}) par jour au plus",
    "food": r"(?P<AC>avant (?:les? |chaque )?repas|a\.?c\.?)|"
    r"(?P<C>(?:pendant|avec|durant|(?:au cours|au milieu|au moment|lors) des?) ?(?:les? |chaque )?repas|aux repas)|"
    r"(?P<PC>apres (?:les? |chaque )?repas|p\.?c\.?)",
    "MORN": r"(?:le |au )?matin",
    "NOON": r"(?:le |a )?midi",
    "EVE": r"(?:le |au )?soir",
    "NIGHT": r"(?:le |au |a la )?(?:coucher|nuit)",
    "dose": rf"(?P<dose>{_NUMBER}) ?(?:{_UNIT})?",
}
_PART = tuple((name, re.compile(rf"(?:{written})(?![a-z0-9])")) for name, written in _PARTS.items())
_BETWEEN = re.compile(r"[\s,;.]*(?:et )?")
_LETTERS = {"un": "1", "une": "1", "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "six": "6"}
_IN_LETTERS = re.compile(rf"\b({'|'.join(sorted(_LETTERS, key=len, reverse=True))})\b")
_TIMES = re.compile(r" ?(?<!ma)x ?(?=\d)")  # « 1x3 », « 2cp x 3 »
_BY_TIME = re.compile(
    rf"((?:{_FRACTION})|\d)-((?:{_FRACTION})|\d)-((?:{_FRACTION})|\d)(?:-((?:{_FRACTION})|\d))?(?![-/\d])"
)
_DAYS = {"days": 1, "days2": 1, "weeks": 7, "months": 30}
_SIGNS = str.maketrans({"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "×": "x", "*": "x"})
_DRAWN = {Fraction(1, 2): "½", Fraction(1, 4): "¼", Fraction(3, 4): "¾"}
# What may stand after a comma and changes nothing of how much is taken, or when: nothing else may.
_REMARK = re.compile(
    r"a jeun|sans alcool|bien boire|attention a la somnolence|par voie orale|sous la langue|en inhalation|"
    r"avec (?:de l'eau|un (?:grand |demi-)?verre d'eau|du lait)|a (?:avaler|croquer|sucer|macher)|"
    r"a dissoudre dans (?:de l'eau|un verre d'eau)|(?:dans )?(?:l')?oeil (?:droit|gauche)|"
    r"dans (?:chaque oeil|les deux yeux)|se rincer la bouche apres"
)
_A_DAY_SAID = re.compile(r"fois|par|/ ?j|x ?/")
_DECIMALS_ASIDE = re.compile(r"(?<!\d)[.,]\d|x ?\d+[.,]\d|[.,]\d{3}")  # « .5 ml », « x 0,5 ml »: of what is not sure
_LONGEST = 400  # characters, once written in plain ones
_SHORT = re.compile(r"[x/]|\d-\d|\b(?:sb|ac|pc|max|ttes)\b")
_A_PART = re.compile(r"(?<!\d)[13]/[234](?!\d)|\bdemi|\bquarts?\b|\btiers\b|\d[.,]\d+ ?(?:c|$)")
_ANY_PIECE = re.compile(r"\b(comprime|gelule|capsule|sachet|suppositoire|ovule|ampoule)s?\b")
_FOLDED = {writing.fold(piece): piece for piece in _PIECES}


@dataclass(frozen=True, slots=True)
class Posology:
    """How a medicine is taken.

    One of `frequency`, `every` and `when` says how often, or none of them where it is taken as needed. `unit` is empty
    where none was written; `most` is how much of it in a day at most, `note` a remark that changes nothing of all this.
    """

    dose: Fraction
    unit: str = ""
    frequency: int | None = None  # a day
    every: int | None = None  # hours
    when: tuple[When, ...] = ()
    as_needed: bool = False
    needed_for: str = ""
    most: int | None = None
    food: Food | None = None
    note: str = ""
    days: int | None = None

    @property
    def times(self) -> int | None:
        """How often a day; None where nothing says it."""
        return len(self.when) or self.frequency or (_A_DAY // self.every if self.every else None)

    def of(self, unit: str, form: str) -> Self:
        """The same in the unit in which this medicine is taken, where none was written and it can only be one."""
        return self if self.unit else replace(self, unit=piece_of(unit, form))

    @property
    def halves(self) -> bool:
        """Whether it takes a part of what cannot be parted."""
        return self.dose.denominator > 1 and self.unit in _WHOLE

    @property
    def a_day(self) -> Fraction | None:
        """How much of it is taken in a day at most.

        None where that is not said for sure: « 5 ml si besoin, au plus 4 par jour » may be four times.
        """
        if self.times:
            often = self.dose * self.times
            return min(often, Fraction(self.most)) if self.most else often
        return Fraction(self.most) if self.most and self.dose == 1 else None

    def quantity(self, unit: str, days: int) -> int | None:
        """How many of the medicine's `unit` that takes in so many days; None where it cannot be counted in it."""
        a_day = self.dose * self.times if self.times else Fraction(self.most or 0)
        if self.unit != unit or not a_day:
            return None
        return ceil(min(a_day, self.most or a_day) * days)

    @property
    def amount(self) -> str:
        """How much at once: « ½ comprimé », « 2,5 ml »."""
        return " ".join(filter(None, (_number(self.dose, self.unit), _plural(self.unit, self.dose))))

    def words(self) -> str:
        """As it stands on paper; `read` understands it again, and finds the same but for the days.

        No two numbers meet: « 1 3 fois par jour » may be read as 13.
        """
        often = _moments(self.when) or (f"{self.frequency} fois par jour" if self.frequency else "")
        if self.every:
            often = "toutes les heures" if self.every == 1 else f"toutes les {self.every} heures"
        elif self.frequency == 1 and self.dose <= 1:
            often = "par jour"
        parts = (
            (" " if self.unit or not often[:1].isdigit() else ", ").join(filter(None, (self.amount, often))),
            _WORDS_OF_FOOD[self.food] if self.food else "",
            _needed(self.needed_for) if self.as_needed else "",
            f"sans dépasser {self.most} par jour" if self.most else "",
            self.note,
        )
        return ", ".join(filter(None, parts))

    def json(self) -> dict[str, Any]:
        return {
            "dose": round(float(self.dose), 2),
            "unit": self.unit or None,
            "frequency": self.times,
            "period_hours": self.every,
            "when": list(self.when),
            "food": self.food,
            "as_needed": self.as_needed,
            "needed_for": self.needed_for or None,
            "maximum_per_day": self.most,
            "note": self.note or None,
        }


@dataclass(frozen=True, slots=True)
class Understood:
    """What is made of a posology while it is typed, and what follows from it for its line; None: it does not say."""

    text: str  # spelled out; empty where it is not understood
    posology: Posology | None
    unit: str  # in which `quantity` is counted
    quantity: int | None
    duration_days: int | None
    question: str = ""  # in French, about what does not fit the medicine

    @property
    def counted(self) -> str:
        """What is counted, in the plural where it is: « 21 gélules »."""
        return _plural(self.unit, Fraction(self.quantity or 0))

    def json(self, language: str) -> dict[str, Any]:
        return {
            "dosage": self.text or None,
            "posology": self.posology.json() if self.posology else None,
            "quantity": self.quantity,
            "unit": self.unit or None,
            "duration_days": self.duration_days,
            "question": translate(language, self.question) if self.question else None,
        }


def understand(text: str, unit: str, form: str, days: int | None) -> Understood:
    """`days` is the duration that has been entered; one in the posology itself is the newer one.

    `unit` is empty where no medicine has been chosen.
    """
    question = ""
    if unit and not says_of_what(text, unit, form):
        question = OF_WHAT
    elif unit and misnamed(text, unit, form):
        question = _MISNAMED
    found = read_for(text, unit, form)
    if found is None:
        return Understood("", None, unit, None, None, question)
    lasting = found.days or days
    quantity = found.quantity(unit, lasting) if lasting and not question else None
    return Understood(found.words(), found, unit, quantity, found.days, question)


def read_for(text: str, unit: str, form: str) -> Posology | None:
    """`read`, in the unit in which this medicine is taken.

    None also of half of what cannot be parted, and of « 1x3 » of what may be meant in all.
    """
    written = read(text)
    found = written and written.of(unit, form)
    if written is None or found is None or found.halves:
        return None
    is_sure = written.unit or found.unit not in _IN_ALL or not found.frequency or _A_DAY_SAID.search(writing.fold(text))
    return found if is_sure else None


def spelled_out(text: str, unit: str, form: str, days: int) -> str:
    """A posology as it stands on paper: what was written in short in whole words, everything else as it was written."""
    found = read_for(text, unit, form)
    if found is None or found.days not in (None, days):
        return text
    plain = writing.fold(text)
    is_short = writing.fold(found.unit) not in plain or found.days or _SHORT.search(plain)
    return found.words() if is_short else text


def counted(quantity: int, unit: str) -> str:
    """So many of what a medicine is counted in: « 21 gélules », « 2 flacons »; of several words only as they stand."""
    if quantity >= 2 and unit not in _UNITS and unit.isalpha() and unit[-1] not in "sxz":
        return f"{quantity} {unit}s"
    return f"{quantity} {_plural(unit, Fraction(quantity))}"


def says_of_what(text: str, unit: str, form: str) -> bool:
    """Whether a dose has a unit, written or the only one possible: « 1x3/j » of a syrup may be a bottle or a drop."""
    found = read_for(text, unit, form)
    return found is None or bool(found.unit)


def doubts(text: str, unit: str, form: str, quantity: int, days: int) -> dict[str, str]:
    """Questions about what does not fit together, by the field of a line that they are about."""
    asked = {}
    if misnamed(text, unit, form):
        asked["dosage"] = _MISNAMED
    written, found = read(text), read_for(text, unit, form)
    if written and _is_split(written.of(unit, form), form):
        asked["dosage"] = N_("Cela ne se partage pas : vérifiez.")
    elif found and found.unit in _PIECES and found.dose > _PIECES_AT_MOST:
        asked["dosage"] = N_("Plus de huit à la fois : vérifiez.")
    elif found and found.unit in _PIECES and (found.times or 0) > _PIECES_AT_MOST:
        asked["dosage"] = N_("Plus de huit fois par jour : vérifiez.")
    elif found and found.dose > _measured_at_most(found.unit, form):
        asked["dosage"] = N_("C'est beaucoup à la fois : vérifiez la mesure.")
    if found and found.days and found.days != days:
        asked["duration_days"] = N_("La posologie dit une autre durée : vérifiez.")
    needed = found.quantity(unit, days) if found else None
    if (
        found
        and needed
        and (quantity > max(_ABOVE * needed, needed + _BOX) or (quantity < needed and not found.as_needed))
    ):
        asked["quantity"] = N_("Ce n'est pas la quantité que la posologie demande : vérifiez.")
    elif _is_many(unit, form, quantity, days):
        asked["quantity"] = N_("C'est beaucoup de flacons ou de tubes : vérifiez la quantité.")
    return asked


def _is_split(found: Posology, form: str) -> bool:
    """Whether it takes a part of what is not parted: of a capsule, or of a tablet that would release all at once, or in
    the stomach, what it holds back (some have a score line: it is asked, not refused).
    """
    holds_back = found.dose.denominator > 1 and found.unit in _PIECES and _HOLDS_BACK.search(writing.fold(form))
    return found.halves or bool(holds_back)


def _is_many(unit: str, form: str, quantity: int, days: int) -> bool:
    """Whether a number of bottles or tubes may be one of millilitres: more than one for two days. Of what is injected
    one is often used at once.
    """
    is_opened = _OPENED.match(writing.fold(unit)) and not _INJECTED.search(writing.fold(form))
    return bool(is_opened) and quantity > _BOTTLES and quantity * 2 > days


def may_be_taken_of(text: str, unit: str, form: str) -> bool:
    """Whether this posology, written for a medicine in another form, can be followed with this one: half of a tablet
    is no half of a capsule. What may be a part is one.
    """
    found = read(text)
    in_parts = found.dose.denominator > 1 if found else _A_PART.search(writing.fold(text.translate(_SIGNS)))
    return not in_parts or piece_of(unit, form) not in _WHOLE


def _measured_at_most(unit: str, form: str) -> float:
    """Of what is given by a vein, or drunk by the glass, millilitres say nothing."""
    if unit == "ml" and not _BY_THE_SPOON.search(writing.fold(form)):
        return inf
    return _MEASURED_AT_MOST.get(unit, inf)


def piece_of(unit: str, form: str) -> str:
    """What is taken of a medicine, by how it is counted and by its form; empty where that must be said (a syrup)."""
    for text in (form, unit):
        if found := _ANY_PIECE.match(writing.fold(text)):
            return _FOLDED[found[1]]
    return ""


def misnamed(text: str, unit: str, form: str) -> str:
    """The word in a posology for what this medicine does not come in (« comprimé » of a suspension), or nothing."""
    known = f"{writing.fold(unit)} {writing.fold(form)}"
    found = read(text)
    named = [found.unit] if found else [_FOLDED[piece] for piece in _ANY_PIECE.findall(writing.fold(text))]
    return next((one for one in named if one and not _comes_in(one, known)), "")


def _comes_in(unit: str, known: str) -> bool:
    if unit in _PIECES:
        return writing.fold(unit) in known
    if unit in _OF_LIQUIDS:
        return _LIQUID.search(known) is not None
    return not _ANY_PIECE.match(known) or "ampoule" in known


@lru_cache(maxsize=1024)
def read(text: str) -> Posology | None:
    """What this says; None unless all of it is understood, in one way only. After a comma there may be a remark."""
    plain = " ".join(writing.fold(text.translate(_SIGNS), len(text) + 40).split())
    if len(plain) > _LONGEST or _DECIMALS_ASIDE.search(plain) or any(c.isdigit() and not c.isdecimal() for c in text):
        return None
    head, comma, note = text.rpartition(",")
    if comma and _REMARK.fullmatch(writing.fold(note.strip())):
        found = read(head)
        return replace(found, note=note.strip()) if found and not found.note else None
    return _read(_TIMES.sub(" x", _IN_LETTERS.sub(lambda found: _LETTERS[found[0]], plain)))


def _read(rest: str) -> Posology | None:
    found: dict[str, str | None] = {}
    when: list[str] = []
    joined = True  # the last of several moments, to the others
    if by_time := _BY_TIME.match(rest):
        doses = [
            (code, dose) for code, dose in zip(_WORDS_OF_WHEN, by_time.groups(), strict=True) if dose not in (None, "0")
        ]
        if len({dose for _, dose in doses}) != 1:
            return None  # of another dose at each time, as of nothing at all
        found, when, rest = {"dose": doses[0][1]}, [code for code, _ in doses], rest[by_time.end() :]
    while rest:
        between = _BETWEEN.match(rest)
        assert between  # it matches nothing, too
        rest = rest[between.end() :]
        if not rest:
            break
        name, part = next(((name, part) for name, one in _PART if (part := one.match(rest))), (None, None))
        if name is None or part is None or name in found or name in when:
            return None
        if not _follows(name, found, when, between[0]):
            return None
        if name in _WORDS_OF_WHEN:
            joined = not when or "et" in between[0]
            when.append(name)
        else:
            found |= {name: ""} | {group: value for group, value in part.groupdict().items() if value is not None}
        rest = rest[part.end() :]
    if "need" in found and not joined:
        return None  # « le matin, soir si besoin »: which of them?
    return _posology(found, tuple(code for code in _WORDS_OF_WHEN if code in when))


def _follows(name: str, found: dict[str, str | None], when: list[str], between: str) -> bool:
    """Whether a part says in one way only what it is about, after what was said before."""
    is_joined = "et" in between
    if name == "need":
        return not is_joined  # « le matin et si besoin »: at other times, too
    if name in _WORDS_OF_WHEN and ("food" in found or (name == "NIGHT" and when and not is_joined)):
        return False  # « après les repas et au coucher » is four times, « le soir au coucher » once
    return "need" not in found or name in ("most", "days", "weeks", "months")


def _posology(found: dict[str, str | None], when: tuple[Any, ...]) -> Posology | None:
    """The parts put together; None where one is missing, or two say different things."""
    dose = _fraction(found.get("dose") or "0")
    frequency = int(found.get("often") or found.get("often2") or 0) or (1 if "once" in found and dose <= 1 else None)
    every = int(found.get("every") or found.get("every2") or ("every" in found and 1)) or None
    lasting = [int(value) * _DAYS[name] for name, value in found.items() if name in _DAYS and value]
    if when and frequency == len(when):
        frequency = None
    said = sum(map(bool, (when, frequency, every)))
    if (
        not dose
        or said > 1
        or not (said or "need" in found)
        or (every and _A_DAY % every)
        or (frequency or 0) > _A_DAY
        or ("often" in found and not _is_sure(found, dose))
        or (when == ("NIGHT",) and "food" in found)
        or {"often", "every"} <= found.keys()
        or ("once" in found and (frequency != 1 or said != 1))
        or len(lasting) > 1
        or lasting == [0]
    ):
        return None
    unit = next((unit for number, unit in enumerate(_UNITS) if f"u{number}" in found), "")
    food = next((code for code in _WORDS_OF_FOOD if code in found), None)
    most = int(found.get("most") or found.get("most2") or 0) or None
    times = len(when) or frequency or (_A_DAY // every if every else 0)
    if most is not None and dose != 1 and most < dose * times:
        return None  # times, or pieces?
    need = " ou ".join(_ILLNESS[sign] for sign in (found.get("need") or "").split(" ou ") if sign)
    return Posology(
        dose, unit, frequency, every, when, "need" in found, need, most, food, "", lasting[0] if lasting else None
    )


def _is_sure(found: dict[str, str | None], dose: Fraction) -> bool:
    """Whether « x 3 » says how often a day: « x 15 » may be days, « 3x1 » one three times, « 3 cp x 1 » all at once and
    never again, « 1 ovule x 3 » three of them in all.
    """
    if "a_day" in found or "often2" in found:
        return True
    unit = next((unit for number, unit in enumerate(_UNITS) if f"u{number}" in found), "")
    return 1 < int(found["often"] or 0) <= _OFTEN_AT_MOST and (dose <= 1 or bool(unit)) and unit not in _IN_ALL


def _fraction(text: str) -> Fraction:
    """« 1 1/2 », « 1/2 », « 2,5 »."""
    return sum((Fraction(part.replace(",", ".")) for part in text.split()), Fraction())


def _number(dose: Fraction, unit: str) -> str:
    """As it is written: of what is measured with the comma that stands on a syringe."""
    whole, part = divmod(dose, 1)
    if not part:
        return str(whole)
    if part in _DRAWN and unit not in _OF_LIQUIDS:
        return f"{whole} {_DRAWN[part]}" if whole else _DRAWN[part]
    return f"{float(dose):.2f}".rstrip("0").replace(".", ",")


def _needed(sign: str) -> str:
    if not sign:
        return "si besoin"
    return f"en cas d'{sign}" if writing.fold(sign)[0] in "aeiou" else f"en cas de {sign}"


def _plural(unit: str, dose: Fraction) -> str:
    return _UNITS[unit][0] if unit in _UNITS and dose >= 2 else unit


def _moments(when: tuple[When, ...]) -> str:
    if len(when) < 2:
        return "".join(_WORDS_OF_WHEN[code] for code in when)
    *first, last = (_WORDS_OF_WHEN[code].removeprefix("le ").removeprefix("à ") for code in when)
    return f"{', '.join(first)} et {last}"
