"""The search in the frame: of every kind what this person may find, from one field; and nobody finds more by it."""

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, FALL, GASSAMA, GOMIS, IDENTIFIERS, MOUSSA, NDIAYE, PARACETAMOL, SARR, THIAM
from store import Store
from told import TITLE, Told

from fadjma.identity.people import Viewer

AS_TYPED = {"HX_Request": "true", "HX_Target": "found"}


@pytest.mark.parametrize(
    ("person", "q", "found"),
    [
        (DIOP, "cis", {"patients": "awa", "prescriptions": "{refused}"}),
        (NDIAYE, "cisse", {"prescriptions": "{owed}"}),
        (NDIAYE, "paracetamol", {"products": None}),
        (AWA, "paracetamol", {"prescriptions": "{refused}"}),
        (AWA, TITLE[:5].lower(), {"records": "{record}"}),
        (ADMIN, "cisse", {"accounts": "awa"}),
        (ADMIN, "paracetamol", {"medicines": PARACETAMOL}),
    ],
)
async def test_everything_that_one_may_find_is_found(
    clinic: Callers, told: Told, person: Viewer, q: str, found: dict[str, str | None]
) -> None:
    answer = (await clinic.program(person).get(f"/search?q={q}")).json
    page = (await clinic.browser(person).get(f"/search?q={q}")).text
    typed = (await clinic.browser(person).get(f"/search?q={q}", **AS_TYPED)).text
    assert answer.keys() == found.keys()
    assert 'role="search" aria-label' not in page and "<!doctype" not in typed
    for kind, named in found.items():
        ids = {item["id"] for item in answer[kind]["items"]}
        assert named is None or named.format(**vars(told)) in ids
        assert all(f'<ul id="{kind}"' in shown for shown in (page, typed))


@pytest.mark.parametrize(
    ("person", "q"),
    [
        (SARR, "cisse"),  # she has asked, and waits
        (DIOP, "moussa"),
        (FALL, "cisse"),
        (MOUSSA, "paracetamol"),
        (MOUSSA, TITLE[:5]),
        (AWA, "moussa"),
        (ADMIN, TITLE[:5]),
    ],
)
async def test_and_nothing_else(clinic: Callers, told: Told, person: Viewer, q: str) -> None:
    assert (await clinic.program(person).get(f"/search?q={q}")).json == {}
    page = await clinic.browser(person).get(f"/search?q={q}")
    found = page.text.partition('id="found"')[2]
    assert "Rien ne correspond à" in found and "<li" not in found


async def test_it_shows_few_of_each_and_leads_to_the_others(clinic: Callers, told: Told) -> None:
    found = (await clinic.program(NDIAYE).get("/search?q=cisse")).json["prescriptions"]
    assert (len(found["items"]), found["more"]) == (6, True)
    page = (await clinic.browser(NDIAYE).get("/search?q=Awa%20C")).text
    assert 'href="/prescriptions?q=Awa%20C"' in page


async def test_whom_a_pharmacist_has_found_is_traced_as_in_their_list(
    clinic: Callers, told: Told, store: Store
) -> None:
    await clinic.browser(GOMIS).get("/search?q=cisse")
    assert (GOMIS.id, "prescription.listed", "success") in store.audit()


async def test_a_doctor_looks_up_others_by_what_is_exactly_theirs_once_it_is_sent(
    clinic: Callers, told: Told, store: Store
) -> None:
    browser, where = clinic.browser(DIOP), f"/search?q={IDENTIFIERS[MOUSSA.id]}"
    before = store.audit()
    assert "/access-requests/new?patient=moussa" not in (await browser.get(where, **AS_TYPED)).text
    assert store.audit() == before
    assert "/access-requests/new?patient=moussa" in (await browser.get(where)).text
    assert store.audit()[-1] == (DIOP.id, "patient.found", "success")


@pytest.mark.parametrize("person", [THIAM, GASSAMA])
async def test_who_looks_for_patients_alone_has_their_page(clinic: Callers, told: Told, person: Viewer) -> None:
    for where in ("?q=cisse", ""):
        here = await clinic.program(person).get(f"/search{where}")
        assert here.json == (await clinic.program(person).get(f"/patients{where}")).json
    assert "<bdi>Awa Cissé" in (await clinic.browser(person).get("/search?q=cisse")).text


@pytest.mark.parametrize("person", [AWA, DIOP, NDIAYE, ADMIN, THIAM, GASSAMA])
async def test_it_is_on_every_page_and_works_without_a_script(clinic: Callers, told: Told, person: Viewer) -> None:
    page = (await clinic.browser(person).get("/account")).text
    assert '<form action="/search" role="search"' in page and 'id="find" href="/search"' in page
    assert (await clinic.browser(person).get("/search")).status == 200
