"""Idempotency: the second submission of a key changes nothing and gets the first one's answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from callers import Answer, Callers
from cast import AWA, DIOP, GOMIS, MOUSSA, NDIAYE, PASSWORD, SARR
from store import Store
from told import ACTS, AMENDED, LINE, LOT, PATIENT, RECORD, Route, Told

from fadjma.web import idempotency

KEYED = [route for route in ACTS if route.path not in ("/sign-out", "/language")]
ASKED = {"patient_id": MOUSSA.id, "reason": "Suivi"}


@pytest.mark.parametrize("route", KEYED)
async def test_twice_the_same_request_is_one_change_and_one_answer(
    clinic: Callers, told: Told, route: Route, store: Store, begin_again: Callable[[], None], every_way: bool
) -> None:
    """From a program or as a form of a browser, by turns; those that change nothing from a program alone."""
    as_form = not route.quiet and (every_way or KEYED.index(route) % 2 == 1)
    if as_form:
        await _send_a_form_twice(clinic, told, route, store)
        begin_again()
    if every_way or not as_form:
        await _ask_twice(clinic, told, route, store)


async def _ask_twice(clinic: Callers, told: Told, route: Route, store: Store) -> None:
    program = clinic.program(route.who)
    first = await program.post(route.at(told), route.body, Idempotency_Key="k1")
    assert first.status < 300
    after = store.content()
    second = await program.post(route.at(told), route.body, Idempotency_Key="k1")
    assert (second.status, second.body) == (first.status, first.body)
    assert second.location == first.location
    assert store.content() == after


async def _send_a_form_twice(clinic: Callers, told: Told, route: Route, store: Store) -> None:
    browser, body = clinic.browser(route.who), {**(route.body or {}), "key": "of the form"}
    first = await browser.post(route.at(told), body)
    after = store.content()
    second = await browser.post(route.at(told), body)
    assert (second.status, second.location) == (first.status, first.location) == (303, first.location)
    assert store.content() == after


async def test_and_a_form_in_parts_between_which_a_browser_puts_another_line_every_time(
    clinic: Callers, store: Store
) -> None:
    async def send(line: str, reason: str) -> Answer:
        fields = {"patient_id": MOUSSA.id, "reason": reason, "key": "k"}
        parts = [
            f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in fields.items()
        ]
        body = f"{''.join(parts)}--{line}--\r\n"
        return await clinic.browser(DIOP).post(
            "/access-requests", body, Content_Type=f"multipart/form-data; boundary={line}"
        )

    first, after = await send("one", "Suivi"), store.content()
    assert first.status == 303
    assert (await send("two", "Suivi")).location == first.location
    assert store.content() == after
    assert (await send("three", "Autre")).status == 422


async def test_both_at_once_are_one_change_too(clinic: Callers, store: Store) -> None:
    program = clinic.program(NDIAYE)
    answers = await asyncio.gather(*(program.post("/inventory/lots", LOT, Idempotency_Key="k") for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert store.value("SELECT on_hand FROM lots WHERE number = 'L77'") == 30
    assert store.value("SELECT count(*) FROM movements m JOIN lots l ON l.id = m.lot_id WHERE number = 'L77'") == 1


async def test_the_first_answer_comes_again_even_when_things_have_moved_on(clinic: Callers, store: Store) -> None:
    doctor = clinic.program(DIOP)
    first = await doctor.post("/access-requests", ASKED, Idempotency_Key="k")
    await clinic.program(MOUSSA).post(f"/access-requests/{first.json['id']}/rejection")
    second = await doctor.post("/access-requests", ASKED, Idempotency_Key="k")
    assert (second.status, second.json["status"]) == (201, "pending")


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("/access-requests", {**ASKED, "reason": "Autre motif"}),
        ("/patients/awa/records", RECORD),
        ("/patients/awa/prescriptions", {"lines": [LINE]}),
    ],
)
async def test_the_key_of_another_request_is_refused(
    clinic: Callers, store: Store, where: str, body: dict[str, Any]
) -> None:
    doctor = clinic.program(DIOP)
    await doctor.post("/access-requests", ASKED, Idempotency_Key="k")
    after = store.content()
    assert (await doctor.post(where, body, Idempotency_Key="k")).errors().keys() == {"key"}
    assert store.content() == after


@pytest.mark.parametrize("body", [None, {"reason": "Je ne le connais pas"}], ids=["empty", "the same"])
async def test_so_is_the_key_of_the_same_act_on_another_thing(
    clinic: Callers, store: Store, body: dict[str, Any] | None
) -> None:
    """Same key, same body, same kind of address: the first one's answer would say that the second was rejected too."""
    asked = [(await clinic.program(who).post("/access-requests", ASKED)).json["id"] for who in (DIOP, SARR)]
    patient = clinic.program(MOUSSA)
    first, second = [
        await patient.post(f"/access-requests/{request}/rejection", body, Idempotency_Key="k") for request in asked
    ]
    assert (first.status, first.json["id"]) == (200, asked[0])
    assert second.errors().keys() == {"key"}
    assert store.value("SELECT status FROM access_requests WHERE id = ?", asked[1]) == "pending"


async def test_a_page_says_so_too(clinic: Callers) -> None:
    browser = clinic.browser(DIOP)
    await browser.post("/access-requests", {**ASKED, "key": "k"})
    page = await browser.post("/patients/awa/records", {**RECORD, "key": "k"})
    assert page.status == 422
    assert "Cette clé d&#39;idempotence a déjà servi pour une autre demande." in page.text


async def test_the_key_of_somebody_else_is_nobody_elses(clinic: Callers, store: Store, told: Told) -> None:
    first = await clinic.program(DIOP).post("/access-requests", ASKED, Idempotency_Key="k")
    second = await clinic.program(SARR).post("/access-requests", ASKED, Idempotency_Key="k")
    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] != second.json["id"]
    assert (await clinic.program(MOUSSA).post("/notifications/read", {"up_to": 1}, Idempotency_Key="k")).status == 200


async def test_a_refusal_is_not_kept(clinic: Callers, told: Told) -> None:
    doctor = clinic.program(DIOP)
    assert (await doctor.post("/access-requests", {**ASKED, "reason": ""}, Idempotency_Key="k")).status == 422
    conflict = await doctor.post("/access-requests", {**ASKED, "patient_id": AWA.id}, Idempotency_Key="k")
    assert conflict.status == 409
    assert (await doctor.post("/access-requests", ASKED, Idempotency_Key="k")).status == 201


async def test_without_a_key_each_request_is_one_of_its_own(clinic: Callers, store: Store) -> None:
    for _ in range(2):
        assert (await clinic.program(NDIAYE).post("/inventory/lots", LOT)).status == 201
    assert store.value("SELECT on_hand FROM lots WHERE number = 'L77'") == 60
    assert store.value("SELECT count(*) FROM idempotency_keys") == 0


@pytest.mark.parametrize(("length", "status"), [(100, 201), (101, 422)])
async def test_a_key_has_a_hundred_characters_at_most(clinic: Callers, length: int, status: int) -> None:
    answer = await clinic.program(DIOP).post("/access-requests", ASKED, Idempotency_Key="k" * length)
    assert answer.status == status


async def test_the_header_goes_before_the_field(clinic: Callers, store: Store) -> None:
    await clinic.program(DIOP).post("/access-requests", {**ASKED, "key": "field"}, Idempotency_Key="header")
    assert store.rows("SELECT key FROM idempotency_keys") == [("header",)]


async def test_what_was_sent_is_not_stored_to_recognise_it(clinic: Callers, store: Store, told: Told) -> None:
    await clinic.program(DIOP).post(f"/records/{told.record}/versions", AMENDED, Idempotency_Key="k")
    assert AMENDED["reason"] not in store.value("SELECT fingerprint FROM idempotency_keys")


async def test_a_wrong_code_sent_twice_is_one_wrong_code(clinic: Callers, store: Store, told: Told) -> None:
    """A double click must not use up two of the five attempts."""
    right = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["handover_code"]
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(2):
        answer = await clinic.program(NDIAYE).post(
            f"/prescriptions/{told.ready}/delivery", {"code": wrong}, Idempotency_Key="k"
        )
        assert answer.status == 422
    assert store.value("SELECT code_failures FROM prescriptions WHERE id = ?", told.ready) == 1


@pytest.mark.parametrize("behind", ["#attempt", idempotency.ATTEMPT])
async def test_no_key_that_can_be_sent_is_that_of_an_attempt(
    clinic: Callers, store: Store, told: Told, behind: str
) -> None:
    """An attempt's answer was once taken for the act's, which is a prescription."""
    where = f"/prescriptions/{told.ready}"
    code = (await clinic.program(AWA).get(where)).json["handover_code"]
    statuses = [
        (await clinic.program(NDIAYE).post(f"{where}/delivery", {"code": code}, Idempotency_Key=key)).status
        for key in ("k", f"k{behind}", "k")
    ]
    assert statuses in ([200, 409, 200], [200, 422, 200])


async def test_registering_twice_with_one_key_is_one_account(clinic: Callers, store: Store) -> None:
    """A family shares a telephone, so nothing else tells a double click from a brother."""
    body = {name: value for name, value in PATIENT.items() if name != "email"}
    before = store.value("SELECT count(*) FROM users")
    for _ in range(2):
        await clinic.nobody(json=True).post("/register", body, Idempotency_Key="k")
    assert store.value("SELECT count(*) FROM users") == before + 1


async def test_every_form_that_changes_something_carries_a_fresh_key(clinic: Callers, told: Told) -> None:
    pages = (
        (SARR, "/access-requests/new?patient=moussa"),
        (AWA, f"/access-requests/{told.pending}"),
        (DIOP, "/patients/awa/records/new"),
        (DIOP, f"/records/{told.record}"),
        (DIOP, "/patients/awa/prescriptions/new"),
        (NDIAYE, f"/prescriptions/{told.ready}"),
        (NDIAYE, "/inventory/lots/new?pick=0:paracetamol-500"),
        (NDIAYE, f"/inventory/lots/{told.lot}"),
    )
    seen: set[str] = set()
    for person, where in pages:
        main = (await clinic.browser(person).get(where)).text.split("<main")[1]
        for form in main.split('<form method="post"')[1:]:
            key = form.split('name="key" value="')[1].split('"')[0]
            assert key not in seen
            seen.add(key)


async def test_the_form_of_registering_signs_in_until_the_password_is_another(clinic: Callers, store: Store) -> None:
    """Whoever has kept what was sent is not let in by it once its person has chosen another password."""
    sent = {**PATIENT, "key": "registering"}
    first, again = clinic.nobody(), clinic.nobody()
    for browser in (first, again):
        assert (await browser.post("/register", sent)).location == "/"
        assert (await browser.get("/")).status == 200
    changed = {"password": PATIENT["password"], "new_password": "une phrase que personne ne connaît"}
    assert (await first.post("/password", changed)).location == "/account"
    late = await clinic.nobody().post("/register", sent)
    assert (late.status, late.location) == (303, "/sign-in")
    assert "Set-Cookie" not in late.headers
    [person] = store.rows("SELECT id FROM users WHERE phone = ?", "+221775551234")
    assert store.value("SELECT count(*) FROM sessions WHERE user_id = ? AND ended_at IS NULL", person[0]) == 1


async def test_also_after_something_else_has_happened(clinic: Callers, told: Told, store: Store) -> None:
    """What answers with nothing was done again: a colleague's threshold was gone, and one's new PIN."""
    threshold, pin = f"/inventory/products/{told.product}/threshold", "/unlock-pin"
    program, colleague = clinic.program(NDIAYE), clinic.program(GOMIS)
    removed = f"{pin}/removal"
    chosen = {"password": PASSWORD, "pin": "407192"}
    for where, body, then in (
        (threshold, {"threshold": 7}, lambda: colleague.post(threshold, {"threshold": 9})),
        (removed, {}, lambda: program.post(pin, chosen)),
    ):
        assert (await program.post(where, body, Idempotency_Key=where)).status == 204
        assert (await then()).status == 204
        after = store.content()
        assert (await program.post(where, body, Idempotency_Key=where)).status == 204
        assert store.content() == after, where
        (await program.post(where, {**body, "key": where})).problem(422)
