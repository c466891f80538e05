"""Whose file is written in: of two patients with nearly the same name each page says that there is the other."""

import pytest
from callers import Callers
from cast import AWA, DIOP, GASSAMA, MOUSSA, SARR
from steps import grant
from store import Store
from told import Told

from fadjma.access import actions as access
from fadjma.identity.people import Viewer

WARNED = '<p class="np">À ne pas confondre avec'  # nobody's name is printed with another's file
PAGES = ("records", "measurements", "allergies", "problems", "consultations/new", "prescriptions/new")


def _called(store: Store, given_name: str, birth_date: str) -> None:
    """Moussa is to be Awa's twin, nearly."""
    store.connection.execute(
        "UPDATE users SET given_name = ?, family_name = 'Cissé' WHERE id = 'moussa'", (given_name,)
    )
    store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'moussa'", (birth_date,))
    store.connection.execute("UPDATE patients SET birth_date = '1991-05-12' WHERE user_id = 'awa'")


@pytest.mark.parametrize(("who", "pages"), [(DIOP, PAGES), (GASSAMA, PAGES[:4])], ids=["doctor", "nurse"])
async def test_each_page_of_one_names_the_other(
    clinic: Callers, told: Told, store: Store, who: Viewer, pages: tuple[str, ...]
) -> None:
    _called(store, "Awaa", "1991-05-12")
    grant(store, patient=MOUSSA)
    for page in pages:
        of_one = (await clinic.browser(who).get(f"/patients/awa/{page}")).text
        assert WARNED in of_one and "<bdi>Awaa Cissé</bdi>" in of_one, page
        assert "<bdi>Awa Cissé</bdi>" in (await clinic.browser(who).get(f"/patients/moussa/{page}")).text, page
    assert WARNED in (await clinic.browser(who).get(f"/records/{told.record}")).text
    assert WARNED not in (await clinic.browser(AWA).get("/patients/awa/records")).text


@pytest.mark.parametrize(
    ("given_name", "birth_date"), [("Moussa", "1991-05-12"), ("Awaa", "1961-05-12")], ids=["name", "age"]
)
async def test_another_name_or_age_is_no_likeness(
    clinic: Callers, told: Told, store: Store, given_name: str, birth_date: str
) -> None:
    _called(store, given_name, birth_date)
    grant(store, patient=MOUSSA)
    assert WARNED not in (await clinic.browser(DIOP).get("/patients/awa/measurements")).text


async def test_whose_file_is_closed_is_not_named(clinic: Callers, told: Told, store: Store) -> None:
    _called(store, "Awaa", "1991-05-12")
    page = "/patients/awa/measurements"
    to_another = grant(store, SARR, MOUSSA)
    assert WARNED not in (await clinic.browser(DIOP).get(page)).text
    assert WARNED in (await clinic.browser(GASSAMA).get(page)).text  # who reads for both
    store.write(access.revoke, MOUSSA, to_another)
    assert WARNED not in (await clinic.browser(GASSAMA).get(page)).text
