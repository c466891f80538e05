"""What people write for a medicine beside its DCI and its brands: SRO, cotrimoxazole, TMP-SMX, INH, adrénaline.

Read with every list, whichever the clinic has, for they are only looked for: what is shown and prescribed is the name
in the list. They are rows of other_names.csv, which says where they come from.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fadjma import writing
from fadjma.inventory.misspelt import SHORTEST, begins_but_for_one

_FILE = Path(__file__).parent / "other_names.csv"
_BEGUN = 3  # letters of a name that tell it from most others; what is shorter is written whole
# Letters of a name that is a word. An abbreviation is written whole, and as it is: RHZ is not RHZE, nor HCT HCTZ, nor
# CaCl NaCl, and ASA (aspirin) is not ASAQ.
_WORD = 7
Asked = Sequence[Sequence[str]]  # as writing.asked_words has it


@dataclass(frozen=True, slots=True)
class Reading:
    """What was asked, with the words of a DCI where another name of it stood."""

    asked: Asked
    whole: bool  # the name was written to its end


def readings(asked: Asked) -> list[Reading]:
    """In which other ways this can be read; the last word of a name, if it is a word, may be only begun."""
    return _read(asked, lambda word, typed: len(typed) >= _BEGUN and word.startswith(typed))


def with_a_slip(asked: Asked) -> list[Reading]:
    """The same where its last word was typed with one slip (misspelt.py); none is forgiven in an abbreviation."""
    return _read(asked, lambda word, typed: len(typed) >= SHORTEST and begins_but_for_one(word, typed))


def _read(asked: Asked, begins: Callable[[str, str], bool]) -> list[Reading]:
    found = []
    for name, dci in _names():
        for at in range(len(asked) - len(name) + 1):
            *before, last = asked[at : at + len(name)]
            whole = name[-1] in last
            if all(word in typed for word, typed in zip(name, before, strict=False)) and (
                whole or (len(name[-1]) >= _WORD and any(begins(name[-1], typed) for typed in last))
            ):
                found.append(Reading([*asked[:at], *dci, *asked[at + len(name) :]], whole))
    return found


@lru_cache(maxsize=1)
def _names() -> list[tuple[list[str], Asked]]:
    """The words of each name, and what is looked for instead."""
    lines = (line for line in _FILE.read_text("utf-8").splitlines() if not line.startswith("#"))
    rows = csv.DictReader(lines, delimiter=";")
    return [([word for word, *_ in writing.asked_words(row["nom"])], writing.asked_words(row["dci"])) for row in rows]
