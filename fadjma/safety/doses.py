"""A child's dose by weight, against what the clinic has signed (tables.py): what is asked, and what is not checked.

All is computed in fractions: a dose that is just what the table allows is not over it. What a prescription gives of one
substance in several lines is added up. What cannot be computed is said, once for each cause and never line by line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from fadjma.i18n import N_
from fadjma.records import allergens
from fadjma.safety import strengths, tables
from fadjma.safety.rules import CHILD, DAY, Alert, Medicine, Unchecked, Weighed, alert
from fadjma.safety.tables import Entry

_OVER = N_(
    "Dose à vérifier, %(medicine)s : %(dose)s mg/kg par jour pour %(weight)s kg (pesé le %(weighed)s), la table dit "
    "%(most)s au plus (%(source)s, %(source_on)s ; signée par %(signer)s le %(day)s)."
)
_NO_TABLE = N_("Doses selon le poids non vérifiées : aucune table n'est signée.")
_NO_ROW = N_("Dose selon le poids non vérifiée, aucune ligne signée pour cet âge : %(names)s.")
_IN_WORDS = N_("Dose selon le poids non vérifiée, la posologie ne dit pas combien par jour : %(names)s.")
_NO_STRENGTH = N_("Dose selon le poids non vérifiée, elle ne se calcule pas en mg : %(names)s.")

# After how long a child weighs another: about a tenth more by WHO's child growth standards (boys, median: 3.3 kg at
# birth, 4.5 at one month, 6.4 at three, 9.6 at twelve, 12.2 at two years). Below an age in months, then later.
_OLD = ((3, 7 * DAY), (24, 30 * DAY))
_OLD_LATER = 180 * DAY


@dataclass(frozen=True, slots=True)
class Given:
    """What a line gives: in a day `amount` of `unit`, as posologies name it; None: its posology does not say so.

    `is_written`: it has a posology; of a line that is being written nothing is said before.
    """

    medicine: Medicine
    amount: Fraction | None = None
    unit: str = ""
    is_written: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """The signed rows of these substances, and whether any row at all is signed."""

    entries: Sequence[Entry] = ()
    is_signed: bool = False

    def limit(self, substance: str, ages: range) -> Entry | None:
        """The row for somebody who is of one of these ages, in months; of several the lowest."""
        found = [one for one in self.entries if one.dci_key == substance and any(map(one.is_for, ages))]
        return min(found, key=lambda one: one.mg_per_kg_day, default=None)

    def covers(self, substance: str, ages: range) -> bool:
        """Whether there is a row for each of these ages."""
        return all(self.limit(substance, range(months, months + 1)) for months in ages)


@dataclass(frozen=True, slots=True)
class _Sum:
    """Milligrams of one substance in a day, the line that added the last of it, and what that is called."""

    milligrams: Fraction = Fraction()
    line: int = 0
    medicine: str = ""


def alerts(lines: Sequence[Given | None], weighed: Weighed, table: Table) -> Iterator[Alert]:
    """Which substances come to more than the table allows; None: a line of which no medicine is chosen yet."""
    if weighed.months >= CHILD or weighed.grams is None or weighed.at is None:
        return
    for substance, found in _sums(lines).items():
        limit = table.limit(substance, weighed.ages)
        dose = found.milligrams * 1000 / weighed.grams
        if limit and dose > limit.most:
            shown = _upwards(dose)
            yield alert(
                "dose",
                found.line,
                (substance, limit.id, str(shown)),
                _OVER,
                about="dosage",
                medicine=found.medicine,
                dose=float(shown),
                weight=weighed.grams / 1000,
                weighed=weighed.at,
                most=float(limit.most),
                **limit.said(),
            )


def _upwards(dose: Fraction) -> Fraction:
    """With two decimals, never less than it is: what is over the table is shown to be."""
    return Fraction(ceil(dose * 100), 100)


def _sums(lines: Sequence[Given | None]) -> Mapping[str, _Sum]:
    found: dict[str, _Sum] = {}
    for number, line in enumerate(lines):
        for substance, milligrams in ((_held(line) if line else None) or {}).items():
            before = found.get(substance, _Sum())
            found[substance] = _Sum(before.milligrams + milligrams, number, line.medicine.dci if line else "")
    return found


def _held(line: Given) -> Mapping[str, Fraction] | None:
    """Milligrams a day of each substance; None where that is not known."""
    if line.amount is None:
        return None
    return strengths.held(line.medicine.dci, line.medicine.strength, line.amount, line.unit)


def unchecked(lines: Sequence[Given | None], weighed: Weighed, table: Table, now: int) -> Iterator[Unchecked]:
    """What of a child's doses could not be checked. With an old weight they were, and it is said: ten times too much is
    found by it, too.
    """
    if weighed.months >= CHILD:
        return
    if not table.is_signed:
        yield Unchecked("dose", _NO_TABLE)
    if weighed.grams is None or weighed.at is None:
        yield Unchecked("weight", N_("Poids inconnu : aucune dose n'a été vérifiée."))
    elif weighed.at < now - _old(weighed.months):
        yield Unchecked("weight", N_("Le poids du %(day)s est ancien."), {"day": weighed.at})
    if table.is_signed and weighed.grams is not None:
        yield from _uncomputed([line for line in lines if line], weighed.ages, table)


def _old(months: int) -> int:
    return next((age for below, age in _OLD if months < below), _OLD_LATER)


def _uncomputed(lines: Sequence[Given], ages: range, table: Table) -> Iterator[Unchecked]:
    no_row = [part for line in lines for part in _parts(line) if not table.covers(tables.key(part), ages)]
    said = [
        line for line in lines if line.is_written and any(table.limit(one, ages) for one in line.medicine.substances)
    ]
    in_words = [line.medicine.dci for line in said if line.amount is None]
    no_strength = [line.medicine.dci for line in said if line.amount is not None and _held(line) is None]
    if no_row:
        yield Unchecked("dose", _NO_ROW, _named(no_row))
    if in_words:
        yield Unchecked("dosage", _IN_WORDS, _named(in_words))
    if no_strength:
        yield Unchecked("strength", _NO_STRENGTH, _named(no_strength))


def _parts(line: Given) -> list[str]:
    return [part for part in allergens.parts(line.medicine.dci) if part]


def _named(names: list[str]) -> dict[str, str]:
    return {"names": ", ".join(dict.fromkeys(names))}
