"""The screens of staff lock; nothing is shown behind the lock, and the same page is there again (decision 19)."""

from collections.abc import Callable

import pytest
from callers import Callers
from cast import ADMIN, AWA, CAST, DIOP, NDIAYE, PASSWORD
from store import Clock, Store
from told import ACTS, READS, Told

from fadjma import rules
from fadjma.identity import locking, sessions
from fadjma.identity.people import Viewer
from fadjma.rules import Rules

STAFF = [DIOP, NDIAYE, ADMIN]
PIN = "280614"
WRONG = "the wrong password"
OPEN = ("/lock", "/unlock", "/sign-out", "/language")  # what a locked session may do


def _locked(store: Store, person: Viewer) -> bool:
    now, since = store.clock(), locking.untouched_since
    found = store.read(lambda tx: tx.value(
        f"SELECT {locking.LOCKED} FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = :id AND :now > 0",
        {"id": person.session_id, "now": now, "untouched_since": since(tx)},
    ))  # fmt: skip
    return bool(found)


async def _lock(clinic: Callers, person: Viewer) -> None:
    assert (await clinic.json_browser(person).post("/lock")).status == 204


@pytest.mark.parametrize("person", STAFF, ids=lambda person: person.role)
async def test_it_locks_after_a_quarter_of_an_hour_and_shows_nothing(
    clinic: Callers, clock: Clock, person: Viewer
) -> None:
    browser = clinic.browser(person)
    clock.advance(minutes=15, milliseconds=-1)
    assert (await browser.get("/me", X_Live="1")).status == 200
    clock.advance(milliseconds=1)
    page = await browser.get("/notifications?before=9")
    assert page.status == 423
    assert page.title == "Écran verrouillé – FADJMA"
    assert 'name="next" value="/notifications?before=9"' in page.text
    assert "/static/" in page.text and "live.js" not in page.text and 'id="bell"' not in page.text
    (await clinic.json_browser(person).get("/me")).problem(423)
    assert (await clinic.json_browser(person).get("/notifications/poll?after=0")).status == 423
    asked_by_hand = await browser.get("/notifications/poll?after=0")
    assert asked_by_hand.status == 423 and "verrouillé" in asked_by_hand.text and person.name not in asked_by_hand.text
    assert (await browser.get("/events")).status == 423


async def test_the_clinic_says_after_how_long(clinic: Callers, clock: Clock) -> None:
    rules.settle(Rules(lock_minutes=5))
    clock.advance(minutes=5, milliseconds=-1)
    assert (await clinic.browser(DIOP).get("/me", X_Live="1")).status == 200
    clock.advance(milliseconds=1)
    assert (await clinic.browser(DIOP).get("/me")).status == 423


@pytest.mark.parametrize("found", ["by whoever asks", "by time itself"])
async def test_what_was_locked_stays_so_whatever_the_clock_or_an_admin_says(
    clinic: Callers, clock: Clock, store: Store, found: str
) -> None:
    rules.settle(Rules(lock_minutes=15))
    clock.advance(minutes=20)
    if found == "by whoever asks":
        assert (await clinic.browser(DIOP).get("/me", X_Live="1")).status == 423
    else:
        assert store.write(sessions.lock_idle, 200) == len([person for person in CAST if person.role != "patient"])
        assert store.write(sessions.lock_idle, 200) == 0
    rules.settle(Rules(lock_minutes=720))
    assert (await clinic.browser(DIOP).get("/me")).status == 423
    clock.advance(minutes=-19)
    assert (await clinic.browser(DIOP).get("/me")).status == 423
    assert (await clinic.browser(DIOP).post("/unlock", {"password": PASSWORD})).status == 303
    assert (await clinic.browser(DIOP).get("/me")).status == 200
    assert (await clinic.browser(AWA).get("/me")).status == 200, "what a patient leaves open ends, and never locks"


STAFFS = [route for route in [*ACTS, *READS] if route.who.role != "patient"]


@pytest.mark.long
@pytest.mark.parametrize("who", dict.fromkeys(route.who for route in STAFFS))
async def test_behind_the_lock_nothing_is_read_or_done(clinic: Callers, told: Told, store: Store, who: Viewer) -> None:
    await _lock(clinic, who)
    before, untouched = store.content(), store.touched()
    callers = (clinic.browser(who), clinic.json_browser(who), clinic.htmx(who))
    for route in (route for route in STAFFS if route.who == who and route.path not in OPEN):
        for caller in callers:
            asked = caller.post(route.at(told), route.body) if route in ACTS else caller.get(route.at(told))
            assert (await asked).status == 423, route.path
        if store.touched() != untouched:
            untouched = store.touched()
            after = store.content()
            assert {**after, "drafts": before["drafts"]} == before, route.path  # what was typed is kept


async def test_htmx_is_sent_to_the_page_which_is_locked(clinic: Callers) -> None:
    await _lock(clinic, DIOP)
    htmx = clinic.htmx(DIOP)
    answer = await htmx.get(
        "/prescriptions/1/row", HX_Current_URL="http://clinic.test/prescriptions", Host="clinic.test"
    )
    assert (answer.status, answer.headers["HX-Redirect"]) == (423, "/prescriptions")


async def test_nor_htmx_nor_a_form_is_sent_to_another_site(clinic: Callers) -> None:
    """Who follows a link to https://clinic.test//evil.example/ has that for the address of our page."""
    await _lock(clinic, DIOP)
    at = {"HX_Current_URL": "http://clinic.test//evil.example/", "Host": "clinic.test"}
    assert (await clinic.htmx(DIOP).get("/prescriptions/1/row", **at)).headers["HX-Redirect"] == "/"
    again = await clinic.browser(DIOP).post("/unlock", {"password": WRONG, "next": "//evil.example/"})
    assert (again.status, "evil.example" in again.text) == (422, False)


@pytest.mark.parametrize("given", [PASSWORD, PIN])
async def test_the_pin_or_the_password_opens_the_same_page(clinic: Callers, clock: Clock, given: str) -> None:
    browser = clinic.browser(DIOP)
    assert (await browser.post("/unlock-pin", {"password": PASSWORD, "pin": PIN})).location == "/account"
    assert (await clinic.json_browser(DIOP).get("/account")).json["has_pin"] is True
    clock.advance(minutes=20)
    unlocked = await browser.post("/unlock", {"password": given, "next": "/patients?q=awa"})
    assert (unlocked.status, unlocked.location) == (303, "/patients?q=awa")
    assert (await browser.get("/patients?q=awa")).status == 200
    assert (await browser.post("/unlock", {"password": given, "next": "https://elsewhere.example/"})).location == "/"


async def test_the_lock_asks_for_what_its_person_has(clinic: Callers) -> None:
    browser = clinic.browser(DIOP)
    await _lock(clinic, DIOP)
    for page in (await browser.get("/patients"), await browser.post("/unlock", {"password": WRONG})):
        assert "PIN" not in page.text and ">Mot de passe<" in page.text
    await browser.post("/unlock", {"password": PASSWORD})
    await browser.post("/unlock-pin", {"password": PASSWORD, "pin": PIN})
    await _lock(clinic, DIOP)
    for page in (await browser.get("/patients"), await browser.post("/unlock", {"password": WRONG})):
        assert "Code PIN ou mot de passe" in page.text


async def test_a_pin_signs_nobody_in(clinic: Callers) -> None:
    await clinic.browser(DIOP).post("/unlock-pin", {"password": PASSWORD, "pin": PIN})
    sent = {"email": "dr.diop@demo.fadjma", "password": PIN}
    (await clinic.nobody(json=True).post("/api/token", sent)).problem(401)


async def test_without_the_pin_only_the_password_opens(clinic: Callers) -> None:
    browser = clinic.browser(DIOP)
    await browser.post("/unlock-pin", {"password": PASSWORD, "pin": PIN})
    await browser.post("/unlock-pin/removal")
    await _lock(clinic, DIOP)
    assert (await browser.post("/unlock", {"password": PIN})).status == 422


@pytest.mark.parametrize("pin", ["12345", "1234567", "123456", "111111", "121212", "654321", "28O614", ""])
async def test_a_pin_that_is_none_or_easily_guessed_is_refused(clinic: Callers, pin: str) -> None:
    sent = {"password": PASSWORD, "pin": pin}
    assert (await clinic.program(DIOP).post("/unlock-pin", sent)).errors().keys() == {"pin"}
    assert (await clinic.browser(DIOP).post("/unlock-pin", sent)).status == 422


async def test_a_pin_needs_the_password_once(clinic: Callers) -> None:
    sent = {"password": WRONG, "pin": PIN}
    assert (await clinic.program(DIOP).post("/unlock-pin", sent)).errors().keys() == {"password"}


async def test_the_fifth_error_ends_the_session(clinic: Callers, store: Store) -> None:
    await _lock(clinic, DIOP)
    browser = clinic.browser(DIOP)
    for _ in range(4):
        again = await browser.post("/unlock", {"password": WRONG, "next": "/patients"})
        assert again.status == 422
        assert 'name="next" value="/patients"' in again.text
    last = await browser.post("/unlock", {"password": WRONG}, Referer="http://clinic.test/patients", Host="clinic.test")
    assert last.location == "/sign-in?next=/patients"
    assert (await browser.post("/unlock", {"password": PASSWORD})).location.startswith("/sign-in")
    noted = store.value("SELECT count(*) FROM security_events WHERE kind = 'sign_in_locked' AND account_id = 'diop'")
    assert noted == 1


async def test_a_right_one_forgives_those_before(clinic: Callers) -> None:
    browser = clinic.browser(DIOP)
    for _ in range(3):
        await _lock(clinic, DIOP)
        for given in (WRONG, WRONG, PASSWORD):
            answer = await browser.post("/unlock", {"password": given})
        assert answer.status == 303


async def test_nothing_behind_the_lock_is_activity(clinic: Callers, clock: Clock) -> None:
    clock.advance(minutes=20)
    browser = clinic.browser(DIOP)
    await browser.post("/unlock", {"password": WRONG})
    await browser.post("/language", {"language": "en"})
    assert (await browser.get("/me")).status == 423


async def test_typing_is_activity_and_polls_are_not(clinic: Callers, clock: Clock) -> None:
    diop, ndiaye = clinic.json_browser(DIOP), clinic.json_browser(NDIAYE)
    for _ in range(3):
        clock.advance(minutes=10)
        assert (await diop.post("/activity")).status == 204
        await ndiaye.get("/notifications/poll?after=0")
    assert (await diop.get("/me")).status == 200
    assert (await ndiaye.get("/me")).status == 423


async def test_a_program_is_never_locked(clinic: Callers, clock: Clock) -> None:
    sent = {"email": "dr.diop@demo.fadjma", "password": PASSWORD}
    program = clinic.bearer((await clinic.nobody(json=True).post("/api/token", sent)).json["access_token"])
    assert (await program.post("/lock")).status == 204
    clock.advance(hours=1)
    assert (await program.get("/me")).status == 200


async def test_somebody_else_signs_in_over_the_lock(clinic: Callers, store: Store) -> None:
    jar = clinic.nobody()
    await jar.post("/sign-in", {"login": "dr.diop@demo.fadjma", "password": PASSWORD})
    await jar.post("/lock", {"next": "/patients"})
    assert (await jar.get("/patients")).status == 423
    await jar.post("/sign-in", {"login": "dr.sarr@demo.fadjma", "password": PASSWORD})
    assert (await jar.get("/patients")).status == 200


async def test_over_the_lock_a_form_of_somebody_else_says_what_is_wrong_with_it(clinic: Callers) -> None:
    await _lock(clinic, DIOP)
    answer = await clinic.browser(DIOP).post("/sign-in", {"login": "", "password": ""})
    assert answer.status == 422 and 'name="login"' in answer.text


async def test_a_lock_by_hand_stays_however_soon_one_is_back(clinic: Callers, clock: Clock, store: Store) -> None:
    await _lock(clinic, DIOP)
    store.write(sessions.note_activity, store.read(sessions.viewer, None) or DIOP)
    clock.advance(milliseconds=1)
    assert _locked(store, DIOP)


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.id)
async def test_every_page_of_staff_can_be_hidden_and_no_other(clinic: Callers, person: Viewer) -> None:
    page = (await clinic.browser(person).get("/")).text
    assert ('action="/lock"' in page, "data-lock" in page) == (person != AWA and person.role != "patient",) * 2


async def test_a_reset_takes_the_pin_away(clinic: Callers, store: Store, begin_again: Callable[[], None]) -> None:
    await clinic.browser(DIOP).post("/unlock-pin", {"password": PASSWORD, "pin": PIN})
    await clinic.program(ADMIN).post("/accounts/diop/reset", {"document": "CNI 1"})
    assert store.value("SELECT count(*) FROM unlock_pins") == 0


async def test_whoever_comes_next_types_at_once(clinic: Callers) -> None:
    """« Changer de personne » leads to the door; nobody's telephone opens its keyboard by itself there."""
    await _lock(clinic, DIOP)
    assert 'autofocus=""' in (await clinic.browser(DIOP).get("/sign-in")).text
    assert "autofocus" not in (await clinic.nobody().get("/sign-in")).text
