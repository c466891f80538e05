"""What is being typed is kept: for its person alone, sealed, until it is sent (decision 20)."""

import json

import pytest
from callers import Caller, Callers
from cast import AWA, CAST, DIOP, MOUSSA, PASSWORD, SARR
from store import Clock, Store
from told import REASON, RECORD, Told

from fadjma.identity.people import Viewer
from fadjma.web import drafts, failures
from fadjma.web.bounds import Bound

HERE = "/drafts/patients-records/awa"
TYPED = {"title": "Contrôle", "body": "Va mieux, mais"}
DAY = 24 * 3_600_000


async def test_it_is_found_again_on_another_device_and_by_nobody_else(clinic: Callers) -> None:
    assert (await clinic.json_browser(DIOP).get(HERE)).status == 204
    assert (await clinic.json_browser(DIOP).ask("PUT", HERE, TYPED)).status == 204
    found = (await clinic.program(DIOP).get(HERE)).json
    assert (found["form"], found["subject"], found["fields"]) == ("patients-records", "awa", TYPED)
    for person in CAST:
        if person != DIOP:
            assert (await clinic.json_browser(person).get(HERE)).status == 204
    (await clinic.nobody(json=True).get(HERE)).problem(401)
    (await clinic.nobody(json=True).ask("PUT", HERE, TYPED)).problem(401)


async def test_one_lists_ones_own(clinic: Callers, clock: Clock) -> None:
    diop = clinic.json_browser(DIOP)
    await diop.ask("PUT", HERE, TYPED)
    clock.advance(minutes=1)
    await diop.ask("PUT", "/drafts/organizations/new", {"name": "Poste de santé"})
    places = [{"form": "organizations", "subject": "new"}, {"form": "patients-records", "subject": "awa"}]
    assert (await diop.get("/drafts")).json == {"items": places}
    assert (await clinic.json_browser(AWA).get("/drafts")).json == {"items": []}


async def test_the_newest_replaces_what_was(clinic: Callers, store: Store) -> None:
    diop = clinic.json_browser(DIOP)
    for text in ("Va", "Va mieux"):
        await diop.ask("PUT", HERE, {"body": text})
    assert (await diop.get(HERE)).json["fields"] == {"body": "Va mieux"}
    await diop.ask("PUT", HERE, {"body": "", "version": "3", "lines-0-lot_id": "l1", "lines-0-version": "2"})
    assert store.value("SELECT count(*) FROM drafts") == 0


async def test_the_table_shows_nothing_of_it_and_a_row_elsewhere_does_not_open(clinic: Callers, store: Store) -> None:
    diop = clinic.json_browser(DIOP)
    await diop.ask("PUT", HERE, TYPED)
    sealed = store.value("SELECT sealed FROM drafts")
    assert "mieux" not in sealed and "Contr" not in str(store.content()["drafts"])
    store.connection.execute("UPDATE drafts SET subject = 'moussa'")
    assert (await diop.get("/drafts/patients-records/moussa")).status == 204
    store.connection.execute("UPDATE drafts SET subject = 'awa', user_id = 'sarr'")
    assert (await clinic.json_browser(SARR).get(HERE)).status == 204


async def test_no_secret_is_kept(clinic: Callers) -> None:
    diop = clinic.json_browser(DIOP)
    secrets = ("password", "new_password", "pin", "code", "otp", "document", "identity_document", "key")
    await diop.ask("PUT", HERE, {**dict.fromkeys(secrets, "123456"), "reason": "Téléphone volé"})
    assert (await diop.get(HERE)).json["fields"] == {"reason": "Téléphone volé"}


async def test_it_is_gone_when_it_is_sent_and_stays_when_it_is_refused(clinic: Callers) -> None:
    diop, browser = clinic.json_browser(DIOP), clinic.browser(DIOP)
    await diop.ask("PUT", HERE, TYPED)
    assert (await browser.post("/patients/awa/records", {**RECORD, "title": ""})).status == 422
    assert (await diop.get(HERE)).status == 200
    await clinic.program(DIOP).post("/patients/awa/records", RECORD)  # a program sends nothing that was typed here
    assert (await diop.get(HERE)).status == 200
    assert (await browser.post("/patients/awa/records", RECORD)).status == 303
    assert (await diop.get(HERE)).status == 204


async def test_a_form_that_names_its_patient_has_its_draft_there(clinic: Callers) -> None:
    sarr = clinic.json_browser(SARR)
    for patient in (AWA, MOUSSA):
        await sarr.ask("PUT", f"/drafts/access-requests/{patient.id}", {"reason": "Suivi"})
    sent = {"patient_id": MOUSSA.id, "reason": REASON}
    assert (await clinic.browser(SARR).post("/access-requests", sent)).status == 303
    assert (await sarr.get("/drafts/access-requests/moussa")).status == 204
    assert (await sarr.get("/drafts/access-requests/awa")).status == 200


async def test_an_act_takes_its_own_draft_and_no_other(clinic: Callers, told: Told) -> None:
    diop = clinic.json_browser(DIOP)
    for act in ("cancellation", "error"):
        await diop.ask("PUT", f"/drafts/prescriptions-{act}/{told.issued}", {"reason": "Trait"})
    await clinic.htmx(DIOP).post(f"/prescriptions/{told.issued}/cancellation", {"reason": "Traitement changé"})
    assert (await diop.get(f"/drafts/prescriptions-cancellation/{told.issued}")).status == 204
    assert (await diop.get(f"/drafts/prescriptions-error/{told.issued}")).status == 200


async def test_it_is_kept_for_seven_days(clinic: Callers, clock: Clock, store: Store) -> None:
    await clinic.program(DIOP).ask("PUT", HERE, TYPED)
    clock.advance(milliseconds=7 * DAY - 1)
    assert store.write(drafts.forget, 10) == 0
    clock.advance(milliseconds=1)
    place = drafts.Place("patients-records", "awa")
    assert store.read(drafts.read, drafts.Writer(DIOP.id, DIOP.id), place, key=b"k" * 32) is None
    assert store.write(drafts.forget, 10) == 1


async def test_sixty_five_kilobytes_are_too_many(clinic: Callers) -> None:
    diop = clinic.json_browser(DIOP)
    assert (await diop.ask("PUT", HERE, {"body": "a" * 65_000})).status == 204
    refused = (await diop.ask("PUT", HERE, {"body": "b" * 65 * 1024})).problem(413)
    assert refused["detail"] == "L'envoi dépasse 64 Ko."
    assert (await diop.get(HERE)).json["fields"]["body"][0] == "a"


async def test_nobody_has_more_than_are_listed(clinic: Callers, clock: Clock, store: Store) -> None:
    diop = clinic.json_browser(DIOP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drafts, "_LISTED", 3)
        for number in range(5):
            clock.advance(milliseconds=1)
            await diop.ask("PUT", f"/drafts/organizations/place-{number}", {"name": "Poste"})
    assert {subject for (subject,) in store.rows("SELECT subject FROM drafts")} == {"place-2", "place-3", "place-4"}


async def test_a_version_alone_is_nothing_that_was_typed(clinic: Callers, store: Store) -> None:
    await clinic.json_browser(DIOP).ask("PUT", HERE, {"version": "3", "body": ""})
    assert store.value("SELECT count(*) FROM drafts") == 0


async def _send_typed(clinic: Callers, **headers: str) -> tuple[int, int]:
    """Dr Diop's page sends what is being typed about Awa, and a whole form about a prescription."""
    kept = await clinic.json_browser(DIOP).ask("PUT", HERE, TYPED, **headers)
    acted = await clinic.browser(DIOP).post(
        "/prescriptions/7/error", {"reason": "Mauvais patient", "key": "k"}, **headers
    )
    return kept.status, acted.status


async def _found(clinic: Callers, store: Store) -> list[dict[str, str]]:
    """What is there when Dr Diop is signed in again."""
    store.connection.execute(
        "UPDATE sessions SET ended_at = NULL, end_reason = NULL, locked_at = NULL, created_at = :now, "
        "last_active_at = :now, expires_at = :now + 9999999 WHERE user_id = 'diop'",
        {"now": store.clock()},
    )
    answers = [await clinic.program(DIOP).get(where) for where in (HERE, "/drafts/prescriptions-error/7")]
    return [answer.json["fields"] if answer.status == 200 else {} for answer in answers]


async def test_what_comes_after_the_time_of_a_session_is_kept_for_its_person(clinic: Callers, store: Store) -> None:
    store.connection.execute("UPDATE sessions SET expires_at = 0 WHERE user_id = 'diop'")
    assert await _send_typed(clinic) == (401, 303)
    assert await _found(clinic, store) == [TYPED, {"reason": "Mauvais patient"}]


@pytest.mark.parametrize("over", ["expires_at = 0", "locked_at = 1"], ids=["over", "locked"])
async def test_no_more_of_that_is_kept_than_somebody_types(
    clinic: Callers, store: Store, over: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cookie of a session that is over may be in other hands."""
    monkeypatch.setattr(failures, "DRAFT_PER_PERSON", Bound("draft", 2))
    store.connection.execute(f"UPDATE sessions SET {over} WHERE user_id = 'diop'")
    browser = clinic.browser(DIOP)
    for text in ("un", "deux", "trois", "quatre"):
        answer = await browser.post("/prescriptions/7/error", {"reason": text})
        assert answer.status in (303, 423)
    assert await _found(clinic, store) == [{}, {"reason": "deux"}]


async def test_what_is_sent_behind_the_lock_is_kept_too(clinic: Callers, store: Store) -> None:
    await clinic.json_browser(DIOP).post("/lock")
    assert await _send_typed(clinic) == (204, 423)
    assert await _found(clinic, store) == [TYPED, {"reason": "Mauvais patient"}]


@pytest.mark.parametrize(
    "ended",
    [
        "UPDATE sessions SET ended_at = 1, end_reason = 'signed_out' WHERE user_id = 'diop'",
        "UPDATE sessions SET ended_at = 1, end_reason = 'deactivated' WHERE user_id = 'diop'",
        "UPDATE sessions SET expires_at = 0, created_at = 0 WHERE user_id = 'diop'",
    ],
    ids=["signed out", "closed", "long ago"],
)
async def test_after_any_other_end_nothing_is(clinic: Callers, store: Store, ended: str) -> None:
    store.connection.execute(ended)
    assert await _send_typed(clinic) == (401, 303)
    assert await _found(clinic, store) == [{}, {}]


@pytest.mark.parametrize("over", ["expires_at = 0", "locked_at = 1"], ids=["over", "locked"])
async def test_what_was_typed_on_the_page_of_another_is_not(clinic: Callers, store: Store, over: str) -> None:
    """Somebody else has signed in meanwhile, in another tab."""
    store.connection.execute(f"UPDATE sessions SET {over} WHERE user_id = 'diop'")
    await clinic.browser(DIOP).post("/prescriptions/7/error", {"reason": "Mauvais patient", "key": "k"}, X_For="sarr")
    assert store.value("SELECT count(*) FROM drafts") == 0


async def test_it_is_dropped_by_hand(clinic: Callers) -> None:
    diop = clinic.json_browser(DIOP)
    await diop.ask("PUT", HERE, TYPED)
    assert (await diop.ask("DELETE", HERE)).status == 204
    assert (await diop.get(HERE)).status == 204


@pytest.mark.parametrize("person", [DIOP, AWA], ids=lambda person: person.role)
async def test_typing_keeps_the_session(clinic: Callers, clock: Clock, person: Viewer) -> None:
    caller = clinic.json_browser(person)
    for _ in range(4):
        clock.advance(minutes=14)
        assert (await caller.ask("PUT", HERE, TYPED)).status == 204
    assert (await caller.get("/me")).status == 200


async def test_behind_the_lock_it_is_taken_and_not_shown(clinic: Callers, clock: Clock) -> None:
    diop = clinic.json_browser(DIOP)
    clock.advance(minutes=16)
    assert (await diop.ask("PUT", HERE, TYPED)).status == 204
    (await diop.get(HERE)).problem(423)
    (await diop.ask("DELETE", HERE)).problem(423)
    await diop.post("/unlock", {"password": PASSWORD})
    assert (await diop.get(HERE)).json["fields"] == TYPED


@pytest.mark.parametrize("where", ["/drafts/a b/1", "/drafts/a/é", "/drafts/" + "a" * 81 + "/1"])
async def test_what_is_no_place_is_not_found(clinic: Callers, where: str) -> None:
    (await clinic.program(DIOP).get(where)).problem(404)
    (await clinic.program(DIOP).ask("PUT", where, TYPED)).problem(404)


def test_the_address_of_a_form_says_where_its_draft_belongs() -> None:
    places = {
        "/access-requests": ("access-requests", "awa"),
        "/organizations/7": ("organizations", "7"),
        "/prescriptions/7/hold": ("prescriptions-hold", "7"),
        "/patients/awa/records": ("patients-records", "awa"),
        "/inventory/lots/7/adjustments": ("inventory-lots-adjustments", "7"),
    }
    assert {where: drafts.place_of(where, {"patient_id": "awa"}) for where in places} == {
        where: drafts.Place(*place) for where, place in places.items()
    }
    assert drafts.place_of("/accounts", {}) == drafts.Place("accounts", "new")
    of_one = drafts.place_of("/inventory/lots", {"medicine_id": "m1"})
    assert of_one == drafts.Place("inventory-lots", "m1"), "what was read of one box is not put beside another"


def test_page_and_program_leave_out_the_same_secrets() -> None:
    from fadjma.web import assets

    script = (assets._STATIC / "drafts.js").read_text()
    assert f"/{drafts._SECRET.pattern}/;" in script, json.dumps(drafts._SECRET.pattern)


async def _signed_out(clinic: Callers) -> Caller:
    """A browser with several tabs, in one of which Dr Diop has just signed out."""
    tabs = clinic.nobody(json=True)
    assert (await tabs.post("/sign-in", {"login": "dr.diop@demo.fadjma", "password": PASSWORD})).location == "/"
    assert (await tabs.post("/sign-out")).status == 204
    return tabs


async def test_what_another_tab_was_typing_when_somebody_signed_out_is_kept(clinic: Callers) -> None:
    """That tab hears it a moment after the cookie has gone, and sends what it has then."""
    tabs = await _signed_out(clinic)
    (await tabs.ask("PUT", HERE, TYPED)).problem(401)
    assert (await clinic.json_browser(DIOP).get(HERE)).json["fields"] == TYPED
    (await tabs.get(HERE)).problem(401)  # it is written, and nothing is read


async def test_it_is_kept_too_where_that_tab_hears_it_before_the_cookie_has_gone(
    clinic: Callers, store: Store, clock: Clock
) -> None:
    """The stream says it as soon as the session has ended, before the answer is there that takes the cookie away."""
    assert (await clinic.json_browser(DIOP).post("/sign-out")).status == 204
    assert await _send_typed(clinic) == (401, 303)
    assert await _found(clinic, store) == [TYPED, {"reason": "Mauvais patient"}]
    await clinic.json_browser(DIOP).post("/sign-out")
    clock.advance(seconds=11)
    assert (await clinic.json_browser(DIOP).ask("PUT", HERE, {"body": "Plus tard"})).status == 401
    assert (await _found(clinic, store))[0] == TYPED


async def test_a_moment_after_signing_out_nothing_of_that_browser_is_kept(clinic: Callers, clock: Clock) -> None:
    tabs = await _signed_out(clinic)
    clock.advance(seconds=11)
    (await tabs.ask("PUT", HERE, TYPED)).problem(401)
    assert (await clinic.json_browser(DIOP).get(HERE)).status == 204


async def test_what_is_left_after_signing_out_is_of_no_session_that_an_admin_has_ended(
    clinic: Callers, store: Store
) -> None:
    tabs = await _signed_out(clinic)
    store.connection.execute("UPDATE sessions SET end_reason = 'deactivated' WHERE end_reason = 'signed_out'")
    (await tabs.ask("PUT", HERE, TYPED)).problem(401)
    assert (await clinic.json_browser(DIOP).get(HERE)).status == 204
