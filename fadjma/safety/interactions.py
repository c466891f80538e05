"""Which two medicines harm together, by what the clinic has signed (tables.py), and which of them it does not speak of.

Rows say which pairs harm, so that a pair without one is the rule, and would be named on nearly every prescription.
What is named is a substance of which no signed row speaks at all: nobody of the clinic has looked it up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fadjma.i18n import N_
from fadjma.records import allergens
from fadjma.safety import tables
from fadjma.safety.rules import Alert, Medicine, Running, Unchecked, alert
from fadjma.safety.tables import Entry

_TOGETHER = N_(
    "Interaction, %(medicine)s avec %(others)s : %(effect)s (%(source)s, %(source_on)s ; signée par %(signer)s "
    "le %(day)s)."
)


_NO_TABLE = N_("Interactions non vérifiées : aucune table n'est signée.")
_NO_ROW = N_("Interactions non vérifiées, faute de ligne signée : %(names)s.")
_NO_ROW_NOR_TAKEN = N_(
    "Interactions non vérifiées, faute de ligne signée : %(names)s. Parmi les substances déjà prises : %(number)s."
)
_NONE_TAKEN = N_("Interactions non vérifiées, faute de ligne signée, parmi les substances déjà prises : %(number)s.")


@dataclass(frozen=True, slots=True)
class Table:
    """The signed rows with any of these substances, and whether any row at all is signed."""

    entries: Sequence[Entry] = ()
    is_signed: bool = False

    def speaks_of(self, substance: str) -> bool:
        return any(substance in (one.dci_key, one.other_key) for one in self.entries)


def alerts(lines: Sequence[Medicine | None], running: Sequence[Running], table: Table, now: int) -> Iterator[Alert]:
    """At the later of two lines, and of what is taken already; one for each row that is met."""
    before: list[Medicine] = []
    taken = [one.medicine for one in running if one.is_taken(now)]
    for number, medicine in enumerate(lines):
        if medicine is None:
            continue
        own = (medicine.id, str(sum(one.id == medicine.id for one in before)))  # which of the same
        for entry in table.entries:
            met = [one.dci for one in (*before, *taken) if entry.meets(medicine.substances, one.substances)]
            if met:
                others = ", ".join(sorted(set(met)))
                said = {"medicine": medicine.dci, "others": others, "effect": entry.effect, **entry.said()}
                yield alert("interaction", number, (*own, entry.id, others), _TOGETHER, **said)
        before.append(medicine)


def unchecked(
    lines: Sequence[Medicine | None], running: Sequence[Running], table: Table, now: int
) -> Iterator[Unchecked]:
    """Of two medicines together, that nothing is compared, or which substances no signed row speaks of.

    What the patient takes already is counted and never named: it may be another's affair.
    """
    medicines = [one for one in lines if one]
    taken = [one.medicine for one in running if one.is_taken(now)]
    if not medicines or len({one.dci for one in (*medicines, *taken)}) == 1:
        return
    if not table.is_signed:
        yield Unchecked("interaction", _NO_TABLE)
        return
    own = {tables.key(part): part for one in medicines for part in allergens.parts(one.dci) if part}
    names = [part for substance, part in own.items() if not table.speaks_of(substance)]
    beside = {substance for one in taken for substance in one.substances} - own.keys()
    number = sum(not table.speaks_of(substance) for substance in beside)
    text = (_NO_ROW_NOR_TAKEN if number else _NO_ROW) if names else _NONE_TAKEN
    if names or number:
        yield Unchecked("interaction", text, {"names": ", ".join(names), "number": str(number)})
