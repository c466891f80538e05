"""What is asked before a prescription is signed: from what is known of a patient to alerts, and to what could not be
checked. Nothing is read or written here.

Few, and right (docs/clinic.md): two kinds stop until a reason is written, the others ask once. What an alert
says of another prescription is its substance and its day; never who wrote it, or where.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fadjma import days, i18n
from fadjma.i18n import N_, translate
from fadjma.records import allergens
from fadjma.records.allergies import Allergies, Allergy, Facts

Kind = Literal["allergy", "duplicate", "same_class", "dose", "interaction", "posology"]
STOPS: tuple[Kind, ...] = ("allergy", "duplicate")  # until a reason is written
DAY = 86_400_000
LATELY = 7 * DAY  # since it was handed over; and before its end a treatment may be continued
# Anti-inflammatories that are swallowed or injected: two of them are one treatment twice, whatever their branches of
# the ATC tree. Two are not combined, aspirin being one unless it is given to thin the blood (B01AC06): ANSM, rules of
# good use of NSAIDs (2013), and the French references for doctors before. Glucosamine and the like are none.
_ANTI_INFLAMMATORIES = ("M01AA", "M01AB", "M01AC", "M01AE", "M01AG", "M01AH", "M01AX01", "M01AX02", "M01AX17", "N02BA")
CHILD = 18 * 12  # months of age: until then a dose goes by weight
_ID = 16  # hexadecimal digits
_MET = N_("Allergie notée (%(allergy)s) : %(medicine)s.")
_NEAR = N_("Allergie notée (%(allergy)s), famille voisine : %(medicine)s. Réaction croisée possible, à vérifier.")


@dataclass(frozen=True, slots=True)
class Medicine:
    """What a line is of, as far as it is compared; `atc` is empty where the list of medicines has none."""

    id: str
    dci: str
    atc: str = ""
    strength: str = ""
    form: str = ""
    unit: str = ""

    @property
    def substances(self) -> frozenset[str]:
        return allergens.substances(self.dci)

    @property
    def subgroup(self) -> str:
        """Its class of ATC level 4; empty where its code does not reach so far."""
        return self.atc[: allergens.LEVEL_4] if len(self.atc) >= allergens.LEVEL_4 else ""


@dataclass(frozen=True, slots=True)
class Running:
    """A medicine that was prescribed before: not handed over yet, or taken until `until`. Moments in milliseconds.

    `owed`: something of it is still to be handed over, whatever was already.
    """

    medicine: Medicine
    issued_at: int
    handed_over_at: int | None = None
    until: int | None = None
    owed: bool = False

    def counts(self, now: int) -> bool:
        """Whether giving it again is giving it twice: it or its rest waits to be handed over, it was so within the last
        7 days, or does not end within 7 days. What ends sooner is continued.
        """
        if self.owed or self.handed_over_at is None or self.until is None:
            return True
        return self.handed_over_at > now - LATELY or self.until > now + LATELY

    def is_taken(self, now: int) -> bool:
        return self.owed or self.until is None or self.until > now


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is asked about a line (its position); the same is asked by the same `id`.

    `text` is French, before its values are put in; `about`: the field of the line.
    """

    id: str
    line: int
    kind: Kind
    text: str
    said: Mapping[str, Any] = field(default_factory=dict)
    about: str = "medicine"

    @property
    def stops(self) -> bool:
        return self.kind in STOPS

    def words(self, language: str) -> str:
        return in_words(self.text, self.said, language)

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "line": self.line,
            "kind": self.kind,
            "text": self.words(language),
            "needs_reason": self.stops,
        }


@dataclass(frozen=True, slots=True)
class Unchecked:
    """What could not be checked, of a line or (None) of the patient: silence about it is not safety."""

    kind: Literal["allergies", "in_words", "by_name", "no_atc", "weight", "dose", "dosage", "strength", "interaction"]
    text: str
    said: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None

    def words(self, language: str) -> str:
        return in_words(self.text, self.said, language)

    def json(self, language: str) -> dict[str, Any]:
        return {"kind": self.kind, "line": self.line, "text": self.words(language)}


@dataclass(frozen=True, slots=True)
class Weighed:
    """How old somebody is at least, and what is known of their weight: the day of the last one (milliseconds).

    `oldest`: how old they may be, where no more than the month or the year of their birth is known.
    """

    months: int
    at: int | None
    grams: int | None = None
    oldest: int = 0

    @property
    def ages(self) -> range:
        """In months, each that may be theirs."""
        return range(self.months, max(self.months, self.oldest) + 1)


def in_words(text: str, said: Mapping[str, Any], language: str) -> str:
    """A stored text in a language. Of its values a whole number is a moment, shown as its day, another a quantity;
    `…_on` is a date, of which as much is given as is known.
    """
    return translate(language, text, **{name: _shown(name, value, language) for name, value in said.items()})


def _shown(name: str, value: Any, language: str) -> str:
    if isinstance(value, float):
        return i18n.show_number(value, language)
    if isinstance(value, int):
        return i18n.show_date(days.day(value), language)
    return i18n.show_birth_date(value, language) if name.endswith("_on") else str(value)


def alert(kind: Kind, line: int, meant: Sequence[str], text: str, *, about: str = "medicine", **said: Any) -> Alert:
    """`meant`: what makes it the same when it is asked again."""
    digest = hashlib.sha256("\n".join((kind, *meant)).encode()).hexdigest()
    return Alert(digest[:_ID], line, kind, text, said, about)


def alerts(lines: Sequence[Medicine | None], allergies: Allergies, running: Sequence[Running], now: int) -> list[Alert]:
    """All that is asked of these medicines, in the order of the lines, one of each text for a line at most.

    None: a line of which no medicine is chosen yet.
    """
    found: list[Alert] = []
    before: list[Medicine] = []
    for number, medicine in enumerate(lines):
        if medicine is None:
            continue
        own = (medicine.id, str(sum(one.id == medicine.id for one in before)))  # which of the same
        found += _allergy(number, own, medicine, allergies)
        found += _duplicate(number, own, medicine, running, now)
        found += _same_class(number, own, medicine, before, running, now)
        before.append(medicine)
    return found


def meets(medicine: Medicine, allergy: Allergy) -> bool:
    """Whether somebody with this allergy may not bear this medicine: the same substance, or one of its class."""
    facts = _compared(allergy)
    if facts is None:
        return False
    named = facts.kind != "class" and medicine.substances & allergens.substances(facts.substance)
    beside = allergens.by_subgroup(facts.reach, facts.atc)
    return (
        bool(named)
        or medicine.atc.startswith(tuple(code for code in facts.reach if code not in beside))
        or not allergens.families(medicine.dci).isdisjoint(allergens.whole(facts.reach))
        or (medicine.atc.startswith(beside) and not _goes_by_use(medicine, facts))
    )


def resembles(medicine: Medicine, allergy: Allergy) -> bool:
    """Whether it may be that they do not bear it: of a family beside it, or classed together by what it is for. Not
    where its names say that it is of other families.
    """
    facts = _compared(allergy)
    if facts is None or meets(medicine, allergy):
        return False
    beside = allergens.by_subgroup(facts.reach, facts.atc)
    known = all(map(allergens.families, medicine.substances))
    return (medicine.atc.startswith(beside) and not known) or allergens.neighbours(
        facts.reach, medicine.atc, medicine.dci
    )


def _compared(allergy: Allergy) -> Facts | None:
    facts = allergy.facts
    is_compared = facts and facts.kind in ("medicine", "class", "other") and facts.status == "active"
    return facts if is_compared else None


def _goes_by_use(medicine: Medicine, facts: Facts) -> bool:
    """Whether that both have one ATC code of level 4 says little of what they are: so it is of combinations, too."""
    several = len(medicine.substances) > 1 or len(allergens.substances(facts.substance)) > 1
    return several or allergens.goes_by_use(medicine.atc)


def _allergy(number: int, own: tuple[str, ...], medicine: Medicine, allergies: Allergies) -> Iterator[Alert]:
    said: tuple[tuple[Kind, str, list[Allergy]], ...] = (
        ("allergy", _MET, [one for one in allergies.active if meets(medicine, one)]),
        ("same_class", _NEAR, [one for one in allergies.active if resembles(medicine, one)]),
    )
    for kind, text, found in said:
        if found:
            meant = (*own, *(f"{one.id}.{one.noted_at}" for one in found))
            titles = ", ".join(one.title for one in found)
            yield alert(kind, number, meant, text, allergy=titles, medicine=medicine.dci)


def _duplicate(
    number: int, own: tuple[str, ...], medicine: Medicine, running: Sequence[Running], now: int
) -> Iterator[Alert]:
    same = [one for one in running if one.medicine.substances & medicine.substances and one.counts(now)]
    handed = [one.handed_over_at for one in same if one.handed_over_at is not None]
    if handed:
        day = max(handed)
        text = N_("Déjà remis le %(day)s : %(medicine)s.")
        if any(one.owed and one.handed_over_at is not None for one in same):
            text = N_("Déjà remis le %(day)s, et le reste est encore dû : %(medicine)s.")
        yield alert("duplicate", number, (*own, days.day(day).isoformat()), text, medicine=medicine.dci, day=day)
    elif same:
        text, day = N_("Déjà prescrit le %(day)s, et pas encore remis : %(medicine)s."), max(o.issued_at for o in same)
        yield alert("duplicate", number, own, text, medicine=medicine.dci, day=day)


def _same_class(
    number: int,
    own: tuple[str, ...],
    medicine: Medicine,
    before: Sequence[Medicine],
    running: Sequence[Running],
    now: int,
) -> Iterator[Alert]:
    beside = [one.dci for one in before if _resemble(one, medicine)]
    taken = [one.medicine for one in running if one.is_taken(now)]
    beside += [one.dci for one in taken if _resemble(one, medicine) and not one.substances & medicine.substances]
    others = sorted(set(beside))
    if others:
        text = N_("Deux médicaments de la même famille : %(medicine)s avec %(others)s.")
        yield alert("same_class", number, (*own, *others), text, medicine=medicine.dci, others=", ".join(others))


def _resemble(one: Medicine, other: Medicine) -> bool:
    return (
        bool(one.substances & other.substances)
        or (one.subgroup != "" and one.subgroup == other.subgroup)
        or (one.atc.startswith(_ANTI_INFLAMMATORIES) and other.atc.startswith(_ANTI_INFLAMMATORIES))
    )


def unchecked(lines: Sequence[Medicine | None], allergies: Allergies) -> Iterator[Unchecked]:
    """What of the allergies and classes could not be compared with what is prescribed."""
    if allergies.state == "unknown":
        yield Unchecked("allergies", N_("Allergies non renseignées : rien n'a été comparé."))
    for one in allergies.active:
        if one.facts is None:
            text = N_("Allergie en toutes lettres, non comparée : %(title)s.")
            yield Unchecked("in_words", text, {"title": one.title})
        elif not one.facts.comparable:
            text = N_("Allergie à un médicament hors de la liste, comparée à son nom seul : %(title)s.")
            yield Unchecked("by_name", text, {"title": one.title})
    for number, medicine in enumerate(lines):
        if medicine is not None and not medicine.subgroup:
            text = N_("Famille inconnue : allergie de famille non vérifiée (%(medicine)s).")
            yield Unchecked("no_atc", text, {"medicine": medicine.dci}, number)
