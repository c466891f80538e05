"""A prescriber is called what they are: « Dr » for physicians and dentists, « Sage-femme » for midwives."""

import pytest
from callers import Callers
from cast import AWA, DIOP, NDIAYE
from store import Store
from told import Told

PAGES = [
    (AWA, "/access-requests"),
    (AWA, "/access-requests/{granted}"),
    (AWA, "/patients/awa/accesses"),
    (AWA, "/patients/awa/records"),
    (AWA, "/records/{record}"),
    (AWA, "/prescriptions/{ready}"),
    (NDIAYE, "/prescriptions/{ready}"),
    (NDIAYE, "/prescriptions"),
    (DIOP, "/records/{record}"),
]


@pytest.mark.parametrize(("person", "where"), PAGES, ids=str)
async def test_a_midwife_is_nowhere_called_a_doctor(
    clinic: Callers, told: Told, store: Store, person: object, where: str
) -> None:
    address = where.format(**vars(told))
    before = (await clinic.browser(person).get(address)).text
    assert "Dr <bdi>Ousmane Diop</bdi>" in before
    store.connection.execute("UPDATE practitioners SET profession = 'midwife' WHERE user_id = 'diop'")
    page = (await clinic.browser(person).get(address)).text
    assert "Dr <bdi>Ousmane Diop</bdi>" not in page
    assert "age-femme" in page
    store.connection.execute("UPDATE users SET language = 'en'")
    english = (await clinic.browser(person).get(address)).text
    assert "idwife" in english and "Dr <bdi>Ousmane Diop</bdi>" not in english


async def test_a_dentist_is(clinic: Callers, told: Told, store: Store) -> None:
    store.connection.execute("UPDATE practitioners SET profession = 'dentist' WHERE user_id = 'diop'")
    page = (await clinic.browser(AWA).get(f"/prescriptions/{told.ready}")).text
    assert "Dr <bdi>Ousmane Diop</bdi>, Chirurgien-dentiste" in page
