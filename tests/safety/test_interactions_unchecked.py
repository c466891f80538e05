"""What of the interactions is not covered by what the clinic has signed: named where it is prescribed, counted where it
is taken already, and quiet where signed rows speak of all of it.
"""

from typing import Any

import pytest

from fadjma.safety import interactions
from fadjma.safety.interactions import Table
from fadjma.safety.rules import DAY, Medicine, Running
from fadjma.safety.tables import Entry

NOW = 1_772_442_000_000
AMOXICILLIN = Medicine("amox", "Amoxicilline")
CLAVULANATE = Medicine("augm", "amoxicilline + acide clavulanique")
PARACETAMOL = Medicine("para", "paracétamol")
WARFARIN = Medicine("warf", "warfarine")
TAKEN = Running(WARFARIN, NOW - DAY, NOW - DAY, NOW + 9 * DAY)
OVER = Running(WARFARIN, NOW - 9 * DAY, NOW - 9 * DAY, NOW - DAY)


def _table(*pairs: tuple[str, str]) -> Table:
    facts: Any = {
        "kind": "interaction",
        "source": "S",
        "source_on": "2026",
        "version": 2,
        "added_by": "N",
        "added_at": NOW,
    }
    entries = [Entry(id=f"e{n}", dci=one, other=two, signed_at=NOW, **facts) for n, (one, two) in enumerate(pairs)]
    return Table(entries, is_signed=True)


def _said(lines: list[Medicine | None], table: Table, *running: Running) -> list[str]:
    found = interactions.unchecked(lines, running, table, NOW)
    return [one.words("fr").replace("\u00a0", " ") for one in found]


NONE = "Interactions non vérifiées, faute de ligne signée : "


@pytest.mark.parametrize(
    ("lines", "running", "pairs", "said"),
    [
        # One signed row is no answer for those of which it does not speak.
        ([AMOXICILLIN, PARACETAMOL], [], [("warfarine", "ibuprofène")], NONE + "Amoxicilline, paracétamol."),
        ([AMOXICILLIN, PARACETAMOL], [], [("amoxicilline", "ibuprofène")], NONE + "paracétamol."),
        ([CLAVULANATE, PARACETAMOL], [], [("paracétamol", "amoxicilline")], NONE + "acide clavulanique."),
        ([None, AMOXICILLIN, AMOXICILLIN, PARACETAMOL], [], [("a", "b")], NONE + "Amoxicilline, paracétamol."),
        # What is taken already is counted, and not named.
        (
            [AMOXICILLIN],
            [TAKEN],
            [("a", "b")],
            NONE + "Amoxicilline. Parmi les substances déjà prises : 1.",
        ),
        (
            [AMOXICILLIN],
            [TAKEN],
            [("amoxicilline", "b")],
            "Interactions non vérifiées, faute de ligne signée, parmi les substances déjà prises : 1.",
        ),
        ([AMOXICILLIN], [TAKEN], [("warfarine", "b")], NONE + "Amoxicilline."),
        # Nothing is left out, or there are no two that could harm each other.
        ([AMOXICILLIN, PARACETAMOL], [TAKEN], [("amoxicilline", "warfarine"), ("paracétamol", "b")], None),
        ([AMOXICILLIN], [OVER], [("a", "b")], None),
        ([CLAVULANATE], [], [("a", "b")], None),
        ([None], [TAKEN], [("a", "b")], None),
    ],
)
def test_what_no_signed_row_speaks_of_is_said(
    lines: list[Medicine | None], running: list[Running], pairs: list[tuple[str, str]], said: str | None
) -> None:
    assert _said(lines, _table(*pairs), *running) == ([said] if said else [])


def test_while_nothing_is_signed_that_is_all_it_says() -> None:
    none = "Interactions non vérifiées : aucune table n'est signée."
    assert _said([AMOXICILLIN, PARACETAMOL], Table(), TAKEN) == [none]
    assert _said([AMOXICILLIN], Table()) == []
