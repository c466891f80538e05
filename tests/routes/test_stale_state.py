"""Stale state: an act that comes too late is a 409 that says what it is now, and changes nothing."""

import asyncio
from typing import Any

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, GOMIS, MOUSSA, NDIAYE, SARR
from store import Clock, Store
from told import ACTS, AMENDED, CORRECTED, COUNT, Route, Told

CURRENT = {
    "/access-requests": "pending",
    "/access-requests/{present}/in-person-approval": "approved",
    "/access-requests/{pending}/rejection": "rejected",
    "/access-requests/{granted}/revocation": "revoked",
    "/access-requests/{pending}/withdrawal": "withdrawn",
    "/records/{record}/versions": "version 2",
    "/records/{record}/error": "entered_in_error",
    "/prescriptions/{issued}/validation": "validated",
    "/prescriptions/{validated}/preparation": "prepared",
    "/prescriptions/{prepared}/readiness": "ready",
    "/prescriptions/{ready}/delivery": "delivered",
    "/prescriptions/{owed}/rest": "ready",
    "/prescriptions/{owed}/undoing": "ready",
    "/prescriptions/{owed}/replacement": "part_delivered",
    "/prescriptions/{owed}/waiting": "part_delivered",
    "/prescriptions/{owed}/line-end": "delivered",
    "/prescriptions/{ended}/acknowledgement": "cancelled",
    "/prescriptions/{asked}/departure": "in_delivery",
    "/prescriptions/{away}/return": "ready",
    "/prescriptions/{validated}/hold": "on_hold",
    "/prescriptions/{validated}/release": "issued",
    "/prescriptions/{validated}/taking-back": "issued",
    "/prescriptions/{validated}/refusal": "refused",
    "/prescriptions/{issued}/cancellation": "cancelled",
    "/prescriptions/{issued}/error": "entered_in_error",
    "/inventory/lots/{lot}/adjustments": "480",
    "/inventory/lots/{lot}/blocking": "withheld",
    "/inventory/lots/{withheld}/unblocking": "ok",
    "/inventory/transfers/{coming}/receipt": "received",
    "/inventory/transfers/{coming}/undoing": "undone",
    "/inventory/receipts/{delivery}/confirmation": "received",
    "/inventory/receipts/{receipt}/undoing": "undone",
    "/inventory/choices": "version 2",
    "/organizations/{place}": "version 2",
    "/settings": "version 2",
    "/organizations/imports/{checked_places}/confirmation": "applied",
    "/formulary/{medicine}": "version 2",
    "/formulary/{medicine}/retirement": "retired",
    "/formulary/{retired}/reinstatement": "active",
    "/formulary/imports/{checked}/confirmation": "applied",
    "/safety-tables/entries/{entry}/withdrawal": "withdrawn",
    "/safety-tables/imports/{checked_doses}/confirmation": "applied",
    "/accounts/{waiting}/verification": "active",
    "/accounts/moussa/deactivation": "deactivated",
    "/accounts/{closed}/reactivation": "active",
    "/announcements/{announced}/withdrawal": "withdrawn",
    "/contests/{contested}/answer": "answered",
    "/emergencies/{explaining}/explanation": "explained",
    "/emergencies/{emergency}/abuse": "abusive",
    "/emergencies/{emergency}/question": "to_explain",
    "/emergencies/{emergency}/justification": "justified",
}
ONCE = [route for route in ACTS if route.path in CURRENT]


@pytest.mark.parametrize("route", ONCE)
async def test_the_second_time_it_is_too_late(clinic: Callers, told: Told, route: Route, store: Store) -> None:
    assert (await clinic.program(route.who).post(route.at(told), route.body)).status < 300
    after = store.content(readings=False)
    problem = (await clinic.program(route.who).post(route.at(told), route.body)).problem(409)
    assert problem["current"] == CURRENT[route.path]
    page = await clinic.browser(route.who).post(route.at(told), route.body)
    assert page.status == 409
    assert 'role="alert"' in page.text
    fragment = await clinic.htmx(route.who).post(route.at(told), route.body)
    assert fragment.status == 409
    assert store.content(readings=False) == after


@pytest.mark.parametrize("route", ONCE)
async def test_six_at_once_are_one(clinic: Callers, told: Told, route: Route, store: Store) -> None:
    before = store.value("SELECT count(*) FROM notifications WHERE message IS NOT NULL")
    program = clinic.program(route.who)
    answers = await asyncio.gather(*(program.post(route.at(told), route.body) for _ in range(6)))
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [201 if route.created else 200, 409, 409, 409, 409, 409]
    told_now = store.value("SELECT count(*) FROM notifications WHERE message IS NOT NULL")
    assert told_now - before <= 5  # told once each, not six times
    assert not store.rows(
        "SELECT 1 FROM notifications WHERE message IS NOT NULL GROUP BY user_id, message, subject_id, created_at "
        "HAVING count(*) > 1"
    )


@pytest.mark.parametrize(
    ("act", "who", "body"),
    [
        ("preparation", NDIAYE, {}),
        ("readiness", NDIAYE, {}),
        ("delivery", NDIAYE, {"code": "123456"}),
        ("hold", NDIAYE, {"reason": "Rupture"}),
        ("release", NDIAYE, {"reason": "Rupture"}),
        ("refusal", NDIAYE, {"code": "dose", "text": "Trop forte"}),
        ("departure", NDIAYE, {}),
        ("return", NDIAYE, {"reason": "Personne"}),
    ],
)
async def test_no_step_is_skipped(
    clinic: Callers, told: Told, act: str, who: Any, body: dict[str, str], store: Store
) -> None:
    before = store.content()
    answer = await clinic.program(who).post(f"/prescriptions/{told.issued}/{act}", body)
    assert answer.status in (403, 409, 422)
    assert store.content() == before


async def test_a_colleague_who_comes_late_is_told_so(clinic: Callers, told: Told) -> None:
    await clinic.program(NDIAYE).post(f"/prescriptions/{told.issued}/validation")
    problem = (await clinic.program(GOMIS).post(f"/prescriptions/{told.issued}/validation")).problem(409)
    assert problem["current"] == "validated"


async def test_two_doctors_correct_at_once_and_the_second_sees_both(clinic: Callers, told: Told) -> None:
    await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", {"scope": "full", "duration": "7d"})
    first = {**AMENDED, "title": "La version du Dr Diop"}
    assert (await clinic.program(DIOP).post(f"/records/{told.record}/versions", first)).status == 201
    page = await clinic.browser(SARR).post(
        f"/records/{told.record}/versions", {**AMENDED, "title": "La version du Dr Sarr"}
    )
    assert page.status == 409
    assert "La version du Dr Diop" in page.text
    assert 'value="La version du Dr Sarr"' in page.text
    assert 'name="version" value="2"' in page.text


async def test_a_refusal_may_be_asked_about_again_after_a_day(clinic: Callers, told: Told, clock: Clock) -> None:
    await clinic.program(AWA).post(f"/access-requests/{told.pending}/rejection")
    asked = {"patient_id": AWA.id, "reason": "Suivi"}
    assert (await clinic.program(SARR).post("/access-requests", asked)).problem(409)["current"] == "rejected"


async def test_a_request_that_has_lapsed_cannot_be_approved(
    clinic: Callers, told: Told, store: Store, clock: Clock
) -> None:
    store.connection.execute("UPDATE access_requests SET lapses_at = ? WHERE id = ?", (clock.now, told.pending))
    answer = await clinic.program(AWA).post(
        f"/access-requests/{told.pending}/approval", {"scope": "full", "duration": "7d"}
    )
    assert answer.problem(409)["current"] == "lapsed"


async def test_a_prescription_that_has_expired_cannot_be_handed_over(
    clinic: Callers, told: Told, store: Store, clock: Clock
) -> None:
    code = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["handover_code"]
    store.connection.execute("UPDATE prescriptions SET valid_until = ? WHERE id = ?", (clock.now, told.ready))
    answer = await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", {"code": code})
    assert answer.problem(409)["current"] == "expired"


async def test_stock_that_is_not_there_is_said_and_nothing_is_kept(clinic: Callers, told: Told, store: Store) -> None:
    store.connection.execute(
        "UPDATE prescription_lines SET quantity = 1000 WHERE prescription_id = ?", (told.validated,)
    )
    before = store.content()
    answer = await clinic.program(NDIAYE).post(f"/prescriptions/{told.validated}/preparation")
    assert answer.problem(409)["current"] == "validated"
    assert "paracétamol" in answer.json["detail"]
    assert store.content() == before


async def test_a_lot_that_has_moved_is_counted_again(clinic: Callers, told: Told, store: Store) -> None:
    assert (await clinic.program(NDIAYE).post(f"/inventory/lots/{told.lot}/adjustments", COUNT)).status == 200
    after = store.content()
    page = await clinic.browser(GOMIS).post(f"/inventory/lots/{told.lot}/adjustments", {**COUNT, "on_hand": 470})
    assert page.status == 409
    assert store.content() == after
    assert "En stock\xa0: 480." in page.text, "what it is now"
    assert 'value="470"' in page.text and "data-draft" in page.text, "what was typed"
    assert 'name="version" value="2"' in page.text
    stale = {**COUNT, "on_hand": 0, "version": 2}
    store.connection.execute("UPDATE lots SET reserved = 5 WHERE id = ?", (told.lot,))
    impossible = await clinic.browser(GOMIS).post(f"/inventory/lots/{told.lot}/adjustments", stale)
    assert (impossible.status, "a changé entre-temps" in impossible.text) == (409, False), "nobody has changed it"
    assert 'name="on_hand" type="text" value="0"' in impossible.text, "what was typed"
    store.connection.execute("UPDATE lots SET reserved = 0 WHERE id = ?", (told.lot,))


async def test_two_admins_correct_an_account_at_once_and_the_second_sees_both(clinic: Callers, told: Told) -> None:
    where = f"/accounts/{told.waiting}/correction"
    assert (await clinic.program(ADMIN).post(where, {**CORRECTED, "licence_number": "SN-2"})).status == 200
    page = await clinic.browser(ADMIN).post(where, {**CORRECTED, "specialty": "Cardiologie"})
    assert page.status == 409
    assert "SN-2" in page.text, "what it is now"
    assert 'value="Cardiologie"' in page.text and "data-draft" in page.text, "what was typed"
    assert 'name="version" value="2"' in page.text, "sent again, it replaces that"
    (await clinic.program(ADMIN).post(where, CORRECTED)).problem(409)


async def test_an_admin_cannot_close_their_own_account(clinic: Callers, store: Store) -> None:
    before = store.content()
    (await clinic.program(ADMIN).post("/accounts/admin/deactivation")).problem(409)
    assert store.content() == before


async def test_there_is_nothing_to_ask_of_a_patient_whose_account_is_closed(clinic: Callers) -> None:
    await clinic.program(ADMIN).post("/accounts/moussa/deactivation")
    (await clinic.program(DIOP).post("/access-requests", {"patient_id": MOUSSA.id, "reason": "Suivi"})).problem(404)
