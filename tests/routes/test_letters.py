"""Which letter does what on the pages of staff (static/keys.js, docs/design.md)."""

import re

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, NDIAYE
from told import Told

from fadjma.access import outcomes
from fadjma.identity.people import Viewer

LETTERS = {
    "/accounts": "nv",
    "/accounts/{told.waiting}": "vxc",
    "/accounts/{told.guarded}": "cr",
    "/emergencies/{told.emergency}": "vqx",
    "/contests/{told.contested}": "r",
    "/inventory": "r",
    "/inventory/lots/{told.lot}": "c",
    "/notifications": "tl",
}


@pytest.mark.parametrize("where", LETTERS)
async def test_a_letter_stands_at_what_it_does(clinic: Callers, told: Told, where: str) -> None:
    person = NDIAYE if "inventory" in where else ADMIN
    page = (await clinic.browser(person).get(where.format(told=told))).text
    assert "".join(dict.fromkeys(re.findall(' data-key="?(.)', page))) == LETTERS[where]


@pytest.mark.parametrize("person", [AWA, DIOP])
async def test_a_patient_has_none(clinic: Callers, person: Viewer) -> None:
    page = (await clinic.browser(person).get("/notifications")).text
    assert "Tout marquer comme lu" in page
    assert (" data-key" in page) is (person.role != "patient")


def test_of_the_acts_on_an_emergency_each_of_an_admin_has_its_own() -> None:
    letters = [act.letter for act in outcomes.ACTS if act.by == "admin"]
    assert all(letters) and len(set(letters)) == len(letters)
