"""Which two medicines harm together, by what the clinic has signed (tables.py)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fadjma.i18n import N_
from fadjma.safety.rules import Alert, Medicine, Running, Unchecked, alert
from fadjma.safety.tables import Entry

_TOGETHER = N_(
    "Interaction, %(medicine)s avec %(others)s : %(effect)s (%(source)s, %(source_on)s ; signée par %(signer)s "
    "le %(day)s)."
)


@dataclass(frozen=True, slots=True)
class Table:
    """The signed rows with any of these substances, and whether any row at all is signed."""

    entries: Sequence[Entry] = ()
    is_signed: bool = False


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
    """Of two medicines together, that nothing is compared."""
    named = {one.dci for one in lines if one} | {one.medicine.dci for one in running if one.is_taken(now)}
    if any(lines) and len(named) > 1 and not table.is_signed:
        yield Unchecked("interaction", N_("Interactions non vérifiées : aucune table n'est signée."))
