"""What is true of the whole database whatever has happened: what `quart verify` walks, and the drill of a backup."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from fadjma.events import soundness as events
from fadjma.events.recording import AUDIT
from fadjma.inventory import soundness as inventory
from fadjma.inventory.moving import MOVEMENTS
from fadjma.papers import soundness as papers
from fadjma.papers.actions import PAPERS
from fadjma.prescriptions import dispenses
from fadjma.prescriptions import soundness as prescriptions
from fadjma.records import covered
from fadjma.records import soundness as records
from fadjma.safety import soundness as safety
from fadjma.store import Transaction, soundness

# What the chains cover. A migration that makes another table of what is only ever added adds it here.
COVERED = (AUDIT, *covered.KINDS, PAPERS, dispenses.DISPENSES, dispenses.LINES, dispenses.UNDONE, MOVEMENTS)
_NAMED_AT_MOST = 5  # of what a check finds wrong


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is true; `wrong(tx)` names what it is not true of."""

    label: str
    wrong: Callable[[Transaction], Iterator[str]]
    of_a_file: bool = False  # PostgreSQL sees to it by itself


CHECKS = (
    Check("pages et index intacts", soundness.damaged, of_a_file=True),
    Check("aucun renvoi dans le vide", soundness.orphans),
    Check("numéros des notifications sans trou", events.gaps),
    Check("tout ce qui reste à annoncer peut l'être", events.untellable),
    Check("stock égal à ses mouvements", inventory.unmoved),
    Check("transferts égaux à leurs mouvements", inventory.untied),
    Check("stock réservé égal à ses réservations", inventory.unreserved),
    Check("état de chaque ordonnance issu d'un acte", prescriptions.unacted),
    Check("quantités remises égales à leurs remises", prescriptions.undispensed),
    Check("une seule dose signée pour chaque âge", safety.contradictory),
    Check("toutes les versions de chaque élément du dossier", records.unversioned),
)


def checks(is_sound: Callable[[str], bool] | None, *, is_file: bool = True) -> tuple[Check, ...]:
    """All of them; papers are looked at where it is said how: whether a file, by its name, holds what it held."""
    those = tuple(check for check in CHECKS if is_file or not check.of_a_file)
    if is_sound is None:
        return those
    return (*those, Check("documents et photos intacts", lambda tx: papers.lost(tx, is_sound)))


def walk(
    tx: Transaction,
    progress: Callable[[int], object] = lambda done: None,
    *,
    is_sound: Callable[[str], bool] | None = None,
    is_file: bool = True,
) -> list[str]:
    """Try every check; returns a line about each that fails. `progress` is told how many are done."""
    lines = []
    for done, check in enumerate(checks(is_sound, is_file=is_file), 1):
        found = list(islice(check.wrong(tx), _NAMED_AT_MOST + 1))
        if found:
            more = "…" if len(found) > _NAMED_AT_MOST else ""
            lines.append(f"{check.label} : non ({', '.join(found[:_NAMED_AT_MOST])}{more})")
        progress(done)
    return lines
