"""Units, compared with UCUM's own grammar, atoms and table of common units. Run by bin/try-ucum, not by bin/test."""

import csv
import random
from pathlib import Path

import ucumvert
from ucumvert import xml_util

from fadjma.records import units

PARSER = ucumvert.get_ucum_parser()
PREFIXES = ("", "da", *"hkdcmunpfa")
ATOMS = [
    *(prefix + atom for atom in (*units._SMALL, *units._COUNTED) for prefix in PREFIXES),
    *(prefix + atom for atom in units._COUNTED for prefix in "MG"),
    *units._ALONE,
]
TABLE = Path(ucumvert.__file__).parent / "vendor" / "ucum_examples.tsv"
# Of the table, what no laboratory writes: of physics, of kitchens, of doses.
LEFT_OUT = 90


def test_each_atom_is_one_and_takes_the_prefixes_that_it_is_given() -> None:
    metric = {*xml_util.get_metric_units(), *xml_util.get_base_units()}
    assert set(units._SMALL + units._COUNTED) <= metric
    assert set(units._ALONE) <= metric | set(xml_util.get_non_metric_units())
    for atom in ATOMS:
        PARSER.parse(atom)


def test_what_is_made_of_them_is_a_unit() -> None:
    chance = random.Random(1)
    read = 0
    while read < 2_000:
        parts = [_part(chance) for _ in range(chance.randint(1, 3))]
        unit = "".join(part + chance.choice("./") for part in parts)[:-1]
        kept = units.read(chance.choice(("", "", "/")) + unit)
        if kept:
            PARSER.parse(kept)
            read += 1


def _part(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return chance.choice(("{cells}", "100", "12", "100{WBC}"))
    raised = chance.choice(("", "", "2", "-1", "+2"))
    return chance.choice(ATOMS) + raised + chance.choice(("", "", "{x}"))


def test_the_common_units_are_read_as_they_are() -> None:
    with TABLE.open(encoding="utf-8") as file:
        common = [row[1] for row in list(csv.reader(file, delimiter="\t"))[1:]]
    read = {unit: units.read(unit) for unit in common if "(" not in unit}
    assert {unit: kept for unit, kept in read.items() if kept not in (None, unit)} == {}
    assert sum(kept is None for kept in read.values()) < LEFT_OUT


def test_what_people_write_means_one() -> None:
    for unit in (*units.USUAL, *map(units.read, units._WRITTEN)):
        PARSER.parse(unit)
