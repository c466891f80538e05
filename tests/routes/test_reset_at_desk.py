"""A patient who has lost the password is given a code by reception, as staff is by an admin."""

import re

import pytest
from callers import Callers
from cast import ADMIN, AWA, CAST, PASSWORD, THIAM
from store import Clock, Store
from told import DOCUMENT, NEW_PASSWORD, Told

from fadjma.identity.people import Viewer

SEEN = {"document": DOCUMENT}


async def _token(clinic: Callers, login: str, password: str) -> int:
    return (await clinic.nobody(json=True).post("/api/token", {"email": login, "password": password})).status


async def test_the_code_opens_it_with_another_password_and_everything_before_ends(clinic: Callers) -> None:
    made = await clinic.program(THIAM).post("/patients/awa/reset", SEEN)
    assert (made.status, made.location, made.json["id"]) == (201, "/patients/awa", "awa")
    (await clinic.program(AWA).get("/me")).problem(401)
    assert await _token(clinic, "awa@demo.fadjma", PASSWORD) == 401
    sent = {"code": made.json["reset_code"], "password": NEW_PASSWORD}
    assert (await clinic.nobody(json=True).post("/activation", sent)).json["id"] == "awa"
    assert await _token(clinic, "awa@demo.fadjma", NEW_PASSWORD) == 200


async def test_after_a_day_it_opens_nothing(clinic: Callers, clock: Clock) -> None:
    code = (await clinic.program(THIAM).post("/patients/awa/reset", SEEN)).json["reset_code"]
    clock.advance(hours=24)
    late = await clinic.nobody(json=True).post("/activation", {"code": code, "password": NEW_PASSWORD})
    assert late.errors().keys() == {"code"}


async def test_its_owner_and_the_admin_read_who_and_on_what_document(clinic: Callers) -> None:
    code = (await clinic.program(THIAM).post("/patients/awa/reset", SEEN)).json["reset_code"]
    await clinic.nobody(json=True).post("/activation", {"code": code, "password": NEW_PASSWORD})
    jar = clinic.nobody()
    await jar.post("/sign-in", {"login": "awa@demo.fadjma", "password": NEW_PASSWORD})
    page = (await jar.get("/account")).text
    assert DOCUMENT in page and THIAM.name in page
    trace = (await jar.get("/patients/awa/accesses")).text
    assert "vous a remis un code pour choisir un mot de passe" in trace
    items = (await clinic.program(ADMIN).get("/security-events?by=thiam")).json["items"]
    assert (items[0]["kind"], items[0]["account"]["id"], items[0]["detail"]) == ("reset_issued", "awa", DOCUMENT)


async def test_it_is_told_at_once(clinic: Callers, store: Store) -> None:
    await clinic.program(THIAM).post("/patients/awa/reset", SEEN)
    told = store.rows("SELECT message FROM notifications WHERE user_id = 'awa' ORDER BY seq DESC LIMIT 1")
    assert told == [("password.reset_at_desk",)]


async def test_the_page_leads_to_the_slip_which_only_its_issuer_prints(clinic: Callers, store: Store) -> None:
    browser = clinic.browser(THIAM)
    assert 'action="/patients/awa/reset"' in (await browser.get("/patients/awa")).text
    answer = await browser.post("/patients/awa/reset", SEEN)
    assert answer.location == "/patients/awa/slip"
    page = (await browser.get(answer.location)).text
    assert re.search(r'class="code">(\w{4} ){2}\w{4}<', page)
    assert "awa@demo.fadjma" in page and 'href="/patients/awa"' in page
    store.connection.execute("UPDATE slips SET issued_by = 'admin'")
    (await clinic.program(THIAM).get(answer.location)).problem(404)


async def test_the_same_submission_is_one_and_the_code_is_stored_nowhere(clinic: Callers, store: Store) -> None:
    first, second = [
        await clinic.program(THIAM).post("/patients/awa/reset", SEEN, Idempotency_Key="k") for _ in range(2)
    ]
    assert first.json == second.json
    assert first.json["reset_code"] not in str(store.content())


async def test_whoever_has_a_telephone_and_no_account_gets_a_first_password(clinic: Callers, told: Told) -> None:
    made = await clinic.program(THIAM).post(f"/patients/{told.renewed}/reset", SEEN)
    sent = {"code": made.json["reset_code"], "password": NEW_PASSWORD}
    assert (await clinic.nobody(json=True).post("/activation", sent)).status == 200
    assert await _token(clinic, "77 555 00 77", NEW_PASSWORD) == 200


async def test_not_without_anything_to_sign_in_by_nor_of_a_closed_account(
    clinic: Callers, told: Told, store: Store
) -> None:
    before = store.content(readings=False)
    for patient_id in (told.registered, told.closed):
        (await clinic.program(THIAM).post(f"/patients/{patient_id}/reset", SEEN)).problem(409)
        assert "/reset" not in (await clinic.browser(THIAM).get(f"/patients/{patient_id}")).text
    (await clinic.program(THIAM).post("/patients/diop/reset", SEEN)).problem(404)
    assert store.content(readings=False) == before


@pytest.mark.parametrize("document", ["", "CN", "x" * 81])
async def test_the_document_is_named(clinic: Callers, document: str) -> None:
    sent = {"document": document}
    assert (await clinic.program(THIAM).post("/patients/awa/reset", sent)).errors().keys() == {"document"}
    page = await clinic.browser(THIAM).post("/patients/awa/reset", sent)
    assert (
        page.status == 422
        and 'id="reset-document-e"' in page.text
        and "<details open><summary>Mot de passe" in page.text
    )


@pytest.mark.parametrize("person", [one for one in CAST if one is not THIAM], ids=lambda one: one.id)
async def test_by_nobody_else(clinic: Callers, person: Viewer) -> None:
    (await clinic.program(person).post("/patients/awa/reset", SEEN)).problem(403)


async def test_who_has_no_account_yet_has_no_old_password_to_lose(clinic: Callers) -> None:
    known = {"given_name": "Coumba", "birth_date": "1966", "sex": "female", "phone": "77 300 20 10", "confirm": True}
    where = (await clinic.program(THIAM).post("/patients", known)).location or ""
    page = (await clinic.browser(THIAM).get(where)).text
    assert "Ouvrir un compte en ligne" in page and "ancien mot de passe" not in page
    assert "ancien mot de passe" in (await clinic.browser(THIAM).get("/patients/awa")).text


@pytest.mark.parametrize("lost", [0, 1])
async def test_a_first_account_was_never_reset(clinic: Callers, lost: int) -> None:
    desk = clinic.program(THIAM)
    born = {"given_name": "Fatou", "family_name": "Mbaye", "birth_date": "1990-02-01", "sex": "female"}
    born |= {"phone": "+221 77 555 01 99"}
    patient_id = (await desk.post("/patients", born)).json["id"]
    for _ in range(lost + 1):
        code = (await desk.post(f"/patients/{patient_id}/reset", SEEN)).json["reset_code"]
    jar = clinic.nobody()
    await jar.post("/activation", {"code": code, "password": NEW_PASSWORD})
    await jar.post("/sign-in", {"login": "+221775550199", "password": NEW_PASSWORD})
    account, inbox = [(await jar.get(where)).text for where in ("/account", "/notifications")]
    assert "Codes remis pour un mot de passe" in account and DOCUMENT in account
    assert "vous a remis un code pour choisir un mot de passe" in inbox
    assert "réinitialis" not in account + inbox and "a été changé" not in inbox
