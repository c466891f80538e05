"""Changing one's own password: the old one is asked, the others are out, and what was typed stays."""

import asyncio

import pytest
from callers import Callers
from cast import AWA, CAST, DIOP, PASSWORD
from store import Store
from told import NEW_PASSWORD, Told

from fadjma.identity.people import Viewer

CHANGE = {"password": PASSWORD, "new_password": NEW_PASSWORD}
WRONG = "the wrong password"


async def _opens(clinic: Callers, person: Viewer, password: str) -> bool:
    login = {AWA: "awa@demo.fadjma", DIOP: "dr.diop@demo.fadjma"}[person]
    answer = await clinic.nobody(json=True).post("/api/token", {"email": login, "password": password})
    return answer.status == 200


async def test_the_new_one_opens_and_the_old_one_no_more(clinic: Callers) -> None:
    assert (await clinic.browser(DIOP).post("/password", CHANGE)).location == "/account"
    assert await _opens(clinic, DIOP, NEW_PASSWORD)
    assert not await _opens(clinic, DIOP, PASSWORD)


async def test_every_other_session_of_that_person_ends_and_no_other(clinic: Callers, store: Store) -> None:
    jar = clinic.nobody()
    await jar.post("/sign-in", {"login": "awa@demo.fadjma", "password": PASSWORD})
    sent = {"email": "awa@demo.fadjma", "password": PASSWORD}
    token = (await clinic.nobody(json=True).post("/api/token", sent)).json["access_token"]
    await clinic.program(AWA).post("/password", CHANGE)
    assert (await jar.get("/account")).status == 303
    (await clinic.bearer(token).get("/me")).problem(401)
    assert (await clinic.program(AWA).get("/me")).status == 200
    assert (await clinic.program(DIOP).get("/me")).status == 200
    assert store.value("SELECT count(*) FROM sessions WHERE user_id = 'awa' AND ended_at IS NULL") == 1


async def test_it_is_told_in_the_inbox_and_to_the_admins(clinic: Callers, store: Store) -> None:
    await clinic.program(AWA).post("/password", CHANGE)
    item = (await clinic.program(AWA).get("/notifications")).json["items"][0]
    assert (item["message"], item["subject"]) == ("Votre mot de passe a été changé", {"kind": "profile", "id": "awa"})
    assert (await clinic.browser(AWA).get("/account")).status == 200
    noted = store.rows("SELECT kind, account_id FROM security_events WHERE account_id = 'awa'")
    assert noted == [("password_changed", "awa")]
    assert NEW_PASSWORD not in str(store.rows("SELECT * FROM audit_events")) + str(store.content())


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("court", "12 caractères"),
        ("Awa Cissé 1991", "ressemble"),
        ("Clinique Teranga", "courant"),
        ("motdepasse123", "courant"),
        (PASSWORD, "actuel"),
        (f"\u200b{PASSWORD}", "actuel"),
        ("x" * 129, "128"),
    ],
)
async def test_one_that_is_not_good_is_refused_beside_its_field_and_stays_there(
    clinic: Callers, store: Store, new: str, says: str
) -> None:
    before = store.content()
    refused = await clinic.browser(AWA).post("/password", {"password": PASSWORD, "new_password": new})
    assert refused.status == 422
    field = refused.text.partition('id="new_password"')[2]
    assert f'value="{new.strip()}"' in field.partition(">")[0]
    assert says in refused.text.partition('id="new_password-e"')[2].partition("</p>")[0].replace("&#39;", "'")
    assert PASSWORD not in refused.text.partition('id="password"')[2].partition(">")[0]
    assert (
        await clinic.program(AWA).post("/password", {"password": PASSWORD, "new_password": new})
    ).errors().keys() == {"new_password"}
    assert store.content() == before


async def test_without_the_old_one_nothing_changes_and_guessing_it_is_slowed(clinic: Callers, store: Store) -> None:
    before = store.content()
    wrong = {"password": WRONG, "new_password": NEW_PASSWORD}
    page = await clinic.browser(AWA).post("/password", wrong)
    assert WRONG not in page.text
    assert f'value="{NEW_PASSWORD}"' in page.text
    for _ in range(9):
        assert (await clinic.program(AWA).post("/password", wrong)).errors().keys() == {"password"}
    (await clinic.program(AWA).post("/password", CHANGE)).problem(429)
    assert (await clinic.program(DIOP).post("/password", CHANGE)).status == 204
    assert store.content()["users"][0] == before["users"][0]


async def test_of_two_at_once_one_is_taken(clinic: Callers) -> None:
    new = [f"{NEW_PASSWORD} {number}" for number in range(2)]
    answers = await asyncio.gather(
        *(clinic.program(AWA).post("/password", {"password": PASSWORD, "new_password": one}) for one in new)
    )
    assert sorted(answer.status for answer in answers) in ([204, 409], [204, 422])
    assert [await _opens(clinic, AWA, one) for one in new].count(True) == 1


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.id)
async def test_everybody_finds_it_in_their_own_account(clinic: Callers, told: Told, person: Viewer) -> None:
    assert 'href="/account"' in (await clinic.browser(person).get("/")).text
    page = (await clinic.browser(person).get("/account")).text
    assert 'action="/password"' in page
    assert "Cet appareil" in page
    other = (await clinic.program(person).get("/account")).json
    assert (other["id"], other["name"]) == (person.id, person.name)


async def test_nobody_without_a_session_changes_one(clinic: Callers) -> None:
    (await clinic.nobody(json=True).post("/password", CHANGE)).problem(401)
