"""One phone and one password of several people: whoever signs in is asked which one, and no first match wins."""

from typing import Any

import pytest
from callers import Callers
from cast import AWA, EMAILS, MOUSSA, PASSWORD, PHONES
from store import Clock, Store

LOGIN = {"email": PHONES[AWA.id], "password": PASSWORD}


@pytest.fixture(autouse=True)
def one_phone(store: Store, path: Any) -> None:
    """Moussa has Awa's phone, and the same password as everybody."""
    store.connection.execute("UPDATE users SET phone = ? WHERE id = ?", (PHONES[AWA.id], MOUSSA.id))


async def test_a_program_is_told_the_people_and_says_which(clinic: Callers) -> None:
    problem = (await clinic.nobody(json=True).post("/api/token", LOGIN)).problem(409)
    assert problem["people"] == [{"id": "awa", "name": "Awa Cissé"}, {"id": "moussa", "name": "Moussa Diouf"}]
    for person in (AWA, MOUSSA):
        token = await clinic.nobody(json=True).post("/api/token", {**LOGIN, "person_id": person.id})
        assert (await clinic.bearer(token.json["access_token"]).get("/me")).json["id"] == person.id
    for other in ({"person_id": "diop"}, {"password": "wrong password", "person_id": AWA.id}):
        assert (await clinic.nobody(json=True).post("/api/token", {**LOGIN, **other})).status == 401


async def test_an_address_of_ones_own_asks_nothing(clinic: Callers) -> None:
    sent = {"email": EMAILS[MOUSSA.id], "password": PASSWORD}
    assert (await clinic.nobody(json=True).post("/api/token", sent)).status == 200


async def test_one_whose_account_is_closed_is_not_among_them(clinic: Callers, store: Store) -> None:
    store.connection.execute("UPDATE users SET status = 'deactivated' WHERE id = 'awa'")
    token = await clinic.nobody(json=True).post("/api/token", LOGIN)
    assert (await clinic.bearer(token.json["access_token"]).get("/me")).json["id"] == MOUSSA.id


async def test_a_page_asks_once_and_the_password_is_not_in_it(clinic: Callers, clock: Clock) -> None:
    browser = clinic.nobody()
    page = await browser.post("/sign-in?next=/prescriptions", {"login": LOGIN["email"], "password": PASSWORD})
    assert page.status == 409
    assert PASSWORD not in page.text
    assert "Moussa Diouf" in page.text
    ticket = page.text.split('name="ticket" value="')[1].split('"')[0]
    for person_id, wrong in (("diop", ticket), (MOUSSA.id, ticket[:-2] + "xx"), (MOUSSA.id, "")):
        refused = await clinic.nobody().post("/sign-in", {"ticket": wrong, "person_id": person_id})
        assert (refused.status, refused.location) in ((303, "/sign-in"), (422, ""))
    chosen = await browser.post("/sign-in?next=/prescriptions", {"ticket": ticket, "person_id": MOUSSA.id})
    assert (chosen.status, chosen.location) == (303, "/prescriptions")
    assert (await browser.get("/me", Accept="application/json")).json["id"] == MOUSSA.id
    clock.advance(minutes=2)
    late = await clinic.nobody().post("/sign-in", {"ticket": ticket, "person_id": MOUSSA.id})
    assert late.location == "/sign-in"


async def test_a_ticket_is_worth_nothing_once_the_password_was_changed(clinic: Callers, store: Store) -> None:
    asked = await clinic.nobody().post("/sign-in", {"login": LOGIN["email"], "password": PASSWORD})
    ticket = asked.text.split('name="ticket" value="')[1].split('"')[0]
    changed = {"password": PASSWORD, "new_password": "une phrase que personne ne connaît"}
    assert (await clinic.program(MOUSSA).post("/password", changed)).status == 204
    before = store.content()["sessions"]
    late = await clinic.nobody().post("/sign-in", {"ticket": ticket, "person_id": MOUSSA.id})
    assert (late.status, late.location) == (303, "/sign-in")
    assert "Set-Cookie" not in late.headers
    assert store.content()["sessions"] == before
    assert (await clinic.nobody().post("/sign-in", {"ticket": ticket, "person_id": AWA.id})).location == "/"
