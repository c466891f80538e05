"""Signing in and out, registering, sessions: what an attacker can choose resets nothing and leads nowhere."""

import asyncio
import re
import time
from urllib.parse import quote, urljoin, urlsplit

import jwt
import pytest
from callers import Answer, Caller, Callers
from cast import ADMIN, AWA, DIOP, MOUSSA, NDIAYE, PASSWORD, secret_of
from quart import Quart
from store import Clock, Store
from told import DOCTOR, PATIENT, PHARMACIST, Told

from fadjma.identity import credentials, passwords

AWAS = {"login": "awa@demo.fadjma", "password": PASSWORD}
WRONG = "the wrong password"
SPELLINGS = (
    "awa@demo.fadjma",
    "AWA@DEMO.FADJMA",
    "  awa@demo.fadjma\t",
    "Awa@Demo.Fadjma\u202e",
    "\x00awa@demo.fadjma",
    "77 123 45 67",
    "+221771234567",
    "00221 77 123 45 67",
    "+221 (77) 123-45-67",
    "(+221)77.123.45.67",
)


async def _sign_in(caller: Caller, login: str = AWAS["login"], password: str = PASSWORD, **headers: str) -> Answer:
    return await caller.post("/sign-in", {"login": login, "password": password}, **headers)


async def _token(caller: Caller, login: str = AWAS["login"], password: str = PASSWORD, **headers: str) -> Answer:
    return await caller.post("/api/token", {"email": login, "password": password}, **headers)


def _cookies(answer: Answer) -> dict[str, str]:
    """What is set, by name without the prefix that it has over TLS."""
    found = answer.headers.getlist("Set-Cookie")
    return {cookie.split("=")[0].removeprefix("__Host-"): cookie for cookie in found}


def _session(answer: Answer) -> str:
    return _cookies(answer)["fadjma"]


class TestSigningIn:
    @pytest.mark.parametrize("login", SPELLINGS)
    async def test_by_address_or_telephone_however_it_is_typed(self, clinic: Callers, login: str) -> None:
        jar = clinic.nobody()
        answer = await _sign_in(jar, login)
        assert (answer.status, answer.location) == (303, "/")
        assert (await jar.get("/me")).json["id"] == "awa"
        assert (await _token(clinic.nobody(json=True), login)).status == 200

    async def test_a_token_is_what_the_contract_says(self, clinic: Callers, clock: Clock) -> None:
        answer = await _token(clinic.nobody(json=True))
        assert answer.status == 200
        assert answer.json.keys() == {"access_token", "token_type", "expires_in"}
        assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 12 * 3600)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        claims = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
        assert claims.keys() == {"sub", "sid", "iat", "exp"}  # nothing about the person
        assert (await clinic.bearer(answer.json["access_token"]).get("/me")).json["id"] == "awa"

    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_the_cookie_is_for_this_site_and_no_script(self, clinic: Callers, scheme: str) -> None:
        answer = await _sign_in(clinic.nobody(scheme=scheme))
        for cookie in _cookies(answer).values():
            flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
            assert {"httponly", "samesite=lax", "path=/"} <= flags
            assert ("secure" in flags) == (scheme == "https")
            assert not any(flag.startswith("domain") for flag in flags)
        assert not {"max-age", "expires"} & {flag.partition("=")[0] for flag in _session(answer).lower().split("; ")}

    async def test_the_browser_is_known_again_by_a_cookie_that_opens_nothing(self, clinic: Callers) -> None:
        device = _cookies(await _sign_in(clinic.nobody()))["device"].split(";")[0]
        assert (await clinic.nobody(json=True).get("/me", Cookie=device)).status == 401
        for attempt in range(11):
            await _token(clinic.nobody(json=True, address=f"10.2.0.{attempt}"), password=WRONG)
        (await _token(clinic.nobody(json=True, address="10.2.1.1"))).problem(429)
        assert (await _token(clinic.nobody(json=True, address="10.2.1.1"), Cookie=device)).status == 200
        forged = device[:-3] + "abc"
        (await _token(clinic.nobody(json=True, address="10.2.1.2"), Cookie=forged)).problem(429)

    async def test_what_the_cookie_carries_is_not_in_the_database(self, clinic: Callers, store: Store) -> None:
        value = _session(await _sign_in(clinic.nobody())).split("=", 1)[1].split(";")[0]
        assert not any(part in str(store.content()) for part in value.split("."))

    async def test_a_form_by_htmx_and_a_json_body_sign_in_as_well(self, clinic: Callers) -> None:
        jar = clinic.nobody(json=True)
        assert (await _sign_in(jar)).status == 303
        assert (await jar.get("/me")).json["id"] == "awa"

    async def test_what_is_missing_is_said(self, clinic: Callers) -> None:
        assert (await clinic.nobody(json=True).post("/sign-in", {})).errors().keys() == {"login", "password"}
        assert (await clinic.nobody(json=True).post("/api/token", {})).errors().keys() == {"email", "password"}


class TestUnknownOrWrong:
    UNKNOWN = ("nobody@demo.fadjma", "77 999 88 77", "nobody", "FJ-7K2MQ-0XW4D", "a" * 200, "', --")

    @pytest.mark.parametrize("login", UNKNOWN)
    async def test_the_answer_is_the_same(self, clinic: Callers, login: str) -> None:
        for ask in (_sign_in, _token):
            unknown = await ask(clinic.nobody(json=True), login, WRONG)
            wrong = await ask(clinic.nobody(json=True), AWAS["login"], WRONG)
            assert (unknown.status, unknown.body) == (wrong.status, wrong.body)
            assert set(unknown.headers.keys()) == set(wrong.headers.keys())
        unknown = await _sign_in(clinic.nobody(), login, WRONG)
        wrong = await _sign_in(clinic.nobody(), AWAS["login"], WRONG)
        assert unknown.status == wrong.status == 422
        assert re.sub('value="[^"]*"', "", unknown.text) == re.sub('value="[^"]*"', "", wrong.text)

    @pytest.mark.parametrize("login", ["nobody@demo.fadjma", "awa@demo.fadjma", "nobody", "77 999 88 77"])
    async def test_and_costs_the_same_work(self, clinic: Callers, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
        hashes: list[str] = []
        monkeypatch.setattr(passwords, "_matches", lambda stored, password: hashes.append(stored) or False)
        await _token(clinic.nobody(json=True), login, WRONG)
        [stored] = hashes
        assert stored.split("$")[1:4] == passwords._NOBODY.split("$")[1:4]  # the same parameters of argon2

    async def test_a_closed_account_is_told_only_to_who_knows_the_password(self, clinic: Callers, store: Store) -> None:
        await clinic.program(ADMIN).post("/accounts/awa/deactivation")
        wrong = await _token(clinic.nobody(json=True), password=WRONG)
        assert wrong.body == (await _token(clinic.nobody(json=True), "nobody@demo.fadjma", WRONG)).body
        (await _token(clinic.nobody(json=True))).problem(403)
        page = await _sign_in(clinic.nobody())
        assert page.status == 422
        assert "désactivé" in page.text


@pytest.mark.long
class TestThrottle:
    async def _use_up(self, clinic: Callers, login: str, attempts: int = 10) -> None:
        for attempt in range(attempts):
            answer = await _token(clinic.nobody(json=True, address=f"10.2.0.{attempt}"), login, WRONG)
            assert answer.status == 401

    async def test_ten_wrong_passwords_and_the_account_waits(self, clinic: Callers, store: Store) -> None:
        await self._use_up(clinic, AWAS["login"])
        before = store.content()
        answer = await _token(clinic.nobody(json=True, address="10.2.1.1"))  # the right one, from elsewhere
        answer.problem(429)
        assert 1 <= int(answer.headers["Retry-After"]) <= 15 * 60
        page = await _sign_in(clinic.nobody(address="10.2.1.2"))
        assert page.status == 429
        assert "Set-Cookie" not in page.headers
        assert store.content() == before

    @pytest.mark.parametrize("login", SPELLINGS)
    async def test_no_other_spelling_begins_anew(self, clinic: Callers, login: str) -> None:
        await self._use_up(clinic, AWAS["login"])
        (await _token(clinic.nobody(json=True, address="10.2.1.1"), login)).problem(429)

    async def test_nor_do_all_of_them_together(self, clinic: Callers) -> None:
        for number, login in enumerate(SPELLINGS):
            assert (await _token(clinic.nobody(json=True, address=f"10.2.0.{number}"), login, WRONG)).status == 401
        (await _token(clinic.nobody(json=True, address="10.2.1.1"))).problem(429)

    @pytest.mark.parametrize(
        ("login", "again"),
        [
            ("nobody@demo.fadjma", "NOBODY@Demo.fadjma  "),
            ("77 999 88 77", "+221 77 999-88-77"),
            ("nobody", " Nobody"),
        ],
    )
    async def test_an_account_that_does_not_exist_waits_too(self, clinic: Callers, login: str, again: str) -> None:
        await self._use_up(clinic, login)
        (await _token(clinic.nobody(json=True, address="10.2.1.1"), again, WRONG)).problem(429)

    async def test_a_hundred_attempts_from_one_address_whatever_it_says_it_is(self, clinic: Callers) -> None:
        claims = ("X_Forwarded_For", "Forwarded", "X_Real_IP", "True_Client_IP", "Via")
        for attempt in range(100):
            headers = dict.fromkeys(claims, f"192.0.2.{attempt}")
            assert (await _token(clinic.nobody(json=True), f"u{attempt}@x.sn", WRONG, **headers)).status == 401
        (await _token(clinic.nobody(json=True), **dict.fromkeys(claims, "192.0.2.200"))).problem(429)
        assert (await _token(clinic.nobody(json=True, address="10.3.3.3"))).status == 200

    async def test_the_page_and_the_token_count_together(self, clinic: Callers) -> None:
        for attempt in range(5):
            await _sign_in(clinic.nobody(address=f"10.2.0.{attempt}"), password=WRONG)
            await _token(clinic.nobody(json=True, address=f"10.2.1.{attempt}"), password=WRONG)
        (await _token(clinic.nobody(json=True, address="10.2.2.2"))).problem(429)

    async def test_the_right_password_forgives_the_account_and_not_the_address(self, clinic: Callers) -> None:
        await self._use_up(clinic, AWAS["login"], 9)
        assert (await _token(clinic.nobody(json=True, address="10.2.1.1"))).status == 200
        await self._use_up(clinic, AWAS["login"], 9)
        for number in range(100):
            await _token(clinic.nobody(json=True), f"somebody{number}@demo.fadjma", WRONG)
        (await _token(clinic.nobody(json=True))).problem(429)

    async def test_a_day_of_right_ones_from_one_address_is_no_attempt(self, clinic: Callers) -> None:
        for _ in range(110):
            assert (await _token(clinic.nobody(json=True))).status == 200

    async def test_somebody_elses_attempts_are_not_mine(self, clinic: Callers) -> None:
        await self._use_up(clinic, AWAS["login"])
        assert (await _token(clinic.nobody(json=True, address="10.2.1.1"), "moussa@demo.fadjma")).status == 200

    async def test_six_attempts_at_once_are_six(self, clinic: Callers) -> None:
        await asyncio.gather(
            *(_token(clinic.nobody(json=True, address=f"10.2.0.{n}"), password=WRONG) for n in range(12))
        )
        (await _token(clinic.nobody(json=True, address="10.2.1.1"))).problem(429)

    async def test_registering_is_throttled_per_address(self, clinic: Callers, store: Store) -> None:
        body = {**PATIENT, "email": "p@exemple.sn", "phone": ""}
        for _ in range(120):
            assert (await clinic.nobody(json=True, address="10.4.4.4").post("/register", body)).status == 201
        before = store.content()
        for where, body in (("/register", PATIENT), ("/register/practitioner", DOCTOR)):
            stranger = clinic.nobody(json=True, address="10.4.4.4")
            (await stranger.post(where, body, X_Forwarded_For="192.0.2.7")).problem(429)
        assert store.content() == before
        await _token(clinic.nobody(json=True, address="10.4.4.4"), "dr.diop@demo.fadjma")  # it is the clinic's, then
        assert (await clinic.nobody(json=True, address="10.4.4.4").post("/register", PATIENT)).status == 201
        assert (await clinic.nobody(json=True, address="10.3.3.3").post("/register", PATIENT)).status == 201

    async def test_the_password_before_an_emergency_is_throttled_like_any(self, clinic: Callers, store: Store) -> None:
        body = {"patient_id": MOUSSA.id, "reason": "Malaise", "emergency": "unconscious"}
        for _ in range(10):
            errors = (await clinic.program(DIOP).post("/access-requests", {**body, "password": WRONG})).errors()
            assert errors.keys() == {"password"}
        (await clinic.program(DIOP).post("/access-requests", {**body, "password": PASSWORD})).problem(429)
        assert store.value("SELECT count(*) FROM access_requests WHERE status = 'emergency'") == 0

    async def test_an_emergency_needs_the_password_and_opens_the_file(self, clinic: Callers, store: Store) -> None:
        body = {"patient_id": MOUSSA.id, "reason": "Malaise", "emergency": "unconscious"}
        before = store.content()
        (await clinic.program(DIOP).post("/access-requests", body)).errors()
        assert store.content() == before
        made = await clinic.program(DIOP).post("/access-requests", {**body, "password": PASSWORD})
        assert (made.status, made.json["status"]) == (201, "emergency")
        assert PASSWORD not in str(store.content())
        assert (await clinic.program(DIOP).get("/patients/moussa/records")).status == 200


class TestWhereOneGoesAfterwards:
    ELSEWHERE = (
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/\x00/evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "@evil.example",
        "/\t\\evil.example",
        "/%09/evil.example",
        "/%5cevil.example",
        "https:/evil.example",
        "/\r\nSet-Cookie: a=b",
        "/\u2028/evil.example",
    )

    @pytest.mark.parametrize("there", ELSEWHERE)
    async def test_is_never_another_site(self, clinic: Callers, there: str) -> None:
        answer = await clinic.nobody().post(f"/sign-in?next={quote(there, safe='')}", AWAS)
        assert answer.status == (400 if "\0" in there else 303)
        if answer.status == 303:
            _stays_here(answer)
        for caller in (clinic.nobody(), clinic.browser(AWA)):
            answer = await caller.post("/language", {"language": "en", "next": there})
            assert answer.status == 303
            _stays_here(answer)

    @pytest.mark.parametrize("there", ELSEWHERE)
    async def test_nor_does_the_page_keep_it(self, clinic: Callers, there: str) -> None:
        page = await clinic.nobody().get(f"/sign-in?next={quote(there, safe='')}")
        assert "evil.example" not in page.text or 'action="/sign-in?next=/' in page.text

    @pytest.mark.parametrize(
        "there", ["/prescriptions", "/patients?q=FJ", "/prescriptions?before=1~a", "/notifications"]
    )
    async def test_is_where_one_wanted_to_go(self, clinic: Callers, there: str) -> None:
        answer = await clinic.nobody().post(f"/sign-in?next={quote(there, safe='')}", AWAS)
        assert answer.location == there

    async def test_an_address_with_a_line_break_makes_no_header(self, clinic: Callers) -> None:
        answer = await clinic.nobody().get("/prescriptions/%0d%0aSet-Cookie:%20a=b")
        assert "Set-Cookie" not in answer.headers
        assert "\n" not in answer.location


class TestSessions:
    async def test_the_list_says_which_is_this_one(self, clinic: Callers, told: Told) -> None:
        items = (await clinic.program(AWA).get("/sessions")).json["items"]
        assert [item["current"] for item in items].count(True) == 1
        other = next(item for item in items if item["id"] == told.elsewhere)
        assert other.keys() == {"id", "kind", "name", "created_at", "last_active_at", "agent", "current"}
        page = await clinic.browser(AWA).get("/sessions")
        assert "Firefox, Android" in page.text
        assert "10.9.9.9" in page.text

    async def test_one_that_is_ended_is_over_at_once(self, clinic: Callers) -> None:
        lost = clinic.nobody()
        await _sign_in(lost, User_Agent="Chrome Windows")
        assert (await lost.get("/me")).status == 200
        items = (await clinic.program(AWA).get("/sessions")).json["items"]
        stolen = next(item["id"] for item in items if item["agent"] == "Chrome Windows")
        assert (await clinic.browser(AWA).post(f"/sessions/{stolen}/end")).location == "/sessions"
        assert (await lost.get("/prescriptions")).location.startswith("/sign-in")
        assert (await clinic.program(AWA).get("/me")).status == 200

    async def test_a_token_is_in_the_list_and_can_be_ended(self, clinic: Callers) -> None:
        token = (await _token(clinic.nobody(json=True), User_Agent="curl/8")).json["access_token"]
        program = clinic.bearer(token)
        items = (await clinic.browser(AWA).get("/sessions", Accept="application/json")).json["items"]
        listed = next(item for item in items if item["agent"] == "curl/8")
        assert listed["kind"] == "token"
        await clinic.browser(AWA).post(f"/sessions/{listed['id']}/end")
        (await program.get("/me")).problem(401)
        assert (await program.get("/api/events")).status == 401

    async def test_a_token_with_a_name_is_listed_by_it_and_says_that_it_lives_for_thirty_days(
        self, clinic: Callers, clock: Clock
    ) -> None:
        sent = {"email": AWAS["login"], "password": PASSWORD, "name": "  Tablette de l'accueil "}
        made = (await clinic.nobody(json=True).post("/api/token", sent)).json
        assert made["expires_in"] == 30 * 24 * 3600
        claims = jwt.decode(made["access_token"], options={"verify_signature": False})
        assert claims.keys() == {"sub", "sid", "iat", "exp"}
        program = clinic.bearer(made["access_token"])
        clock.advance(days=29)
        items = (await program.get("/sessions")).json["items"]
        assert [(item["name"], item["current"]) for item in items] == [("Tablette de l'accueil", True)]
        clock.advance(days=29)
        assert (await program.get("/me")).status == 200
        clock.advance(days=31)
        (await program.get("/me")).problem(401)

    async def test_signing_in_again_in_a_browser_ends_the_session_it_had(self, clinic: Callers) -> None:
        jar = clinic.nobody()
        first = _session(await _sign_in(jar)).split(";")[0]
        await _sign_in(jar)
        assert (await jar.get("/me")).status == 200
        copy = clinic.nobody(json=True)
        (await copy.get("/me", Cookie=first)).problem(401)

    async def test_everywhere_else_is_signed_out_by_one_button(self, clinic: Callers) -> None:
        jar = clinic.nobody()
        await _sign_in(jar)
        program = clinic.bearer((await _token(clinic.nobody(json=True))).json["access_token"])
        assert 'action="/sessions/end"' in (await jar.get("/sessions")).text
        assert (await jar.post("/sessions/end")).location == "/sessions"
        (await program.get("/me")).problem(401)
        page = await jar.get("/sessions")
        assert page.status == 200
        assert 'action="/sessions/end"' not in page.text

    async def test_signing_out_ends_the_cookie_at_once_also_a_copy_of_it(self, clinic: Callers) -> None:
        jar = clinic.nobody()
        cookie = _session(await _sign_in(jar)).split(";")[0]
        copy = clinic.nobody(json=True)
        copy.headers["Cookie"] = cookie
        assert (await copy.get("/me")).status == 200
        answer = await jar.post("/sign-out")
        assert answer.location == "/sign-in"
        [taken_back] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("fadjma=;")]
        assert {"Max-Age=0", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(taken_back.split("; "))
        (await copy.get("/me")).problem(401)
        assert (await copy.get("/events")).status == 401

    async def test_signing_out_ends_the_token_at_once(self, clinic: Callers) -> None:
        program = clinic.bearer((await _token(clinic.nobody(json=True))).json["access_token"])
        assert (await program.post("/sign-out")).status == 204
        (await program.get("/me")).problem(401)
        (await program.post("/notifications/read", {"up_to": 1})).problem(401)

    async def test_signing_out_twice_is_signed_out(self, clinic: Callers) -> None:
        for _ in range(2):
            assert (await clinic.browser(AWA).post("/sign-out")).location == "/sign-in"

    async def test_signing_out_leaves_the_others(self, clinic: Callers, store: Store) -> None:
        open_before = store.value("SELECT count(*) FROM sessions WHERE user_id = 'awa' AND ended_at IS NULL")
        await clinic.browser(AWA).post("/sign-out")
        assert (
            store.value("SELECT count(*) FROM sessions WHERE user_id = 'awa' AND ended_at IS NULL") == open_before - 1
        )

    async def test_a_closed_account_loses_everything_at_once(self, clinic: Callers) -> None:
        jar = clinic.nobody()
        await _sign_in(jar)
        program = clinic.bearer((await _token(clinic.nobody(json=True))).json["access_token"])
        await clinic.program(ADMIN).post("/accounts/awa/deactivation")
        (await program.get("/me")).problem(401)
        assert (await jar.get("/prescriptions")).status == 303
        assert (await program.get("/api/events")).status == 401
        (await clinic.program(AWA).post("/notifications/read", {"up_to": 1})).problem(401)

    async def test_a_closed_account_opens_nothing_even_where_a_session_was_left(
        self, clinic: Callers, store: Store
    ) -> None:
        store.connection.execute("UPDATE users SET status = 'deactivated' WHERE id = 'awa'")
        for caller in (clinic.program(AWA), clinic.json_browser(AWA)):
            (await caller.get("/me")).problem(401)
            (await caller.post("/notifications/read", {"up_to": 1})).problem(401)
            assert (await caller.get("/api/events")).status == 401

    async def test_it_opens_again_by_signing_in_anew(self, clinic: Callers) -> None:
        program = clinic.bearer((await _token(clinic.nobody(json=True))).json["access_token"])
        await clinic.program(ADMIN).post("/accounts/awa/deactivation")
        await clinic.program(ADMIN).post("/accounts/awa/reactivation")
        (await program.get("/me")).problem(401)
        assert (await _token(clinic.nobody(json=True))).status == 200

    async def test_the_page_says_that_the_session_is_over(self, clinic: Callers, clock: Clock) -> None:
        clock.advance(hours=1)
        assert "a pris fin" in (await clinic.program(AWA).get("/me")).problem(401)["detail"]


class TestRegistering:
    async def test_a_patient_is_signed_in_at_once(self, clinic: Callers) -> None:
        jar = clinic.nobody()
        answer = await jar.post("/register", PATIENT)
        assert (answer.status, answer.location) == (303, "/")
        me = (await jar.get("/me")).json
        assert (me["role"], me["name"]) == ("patient", "Fatou Sow")
        assert re.fullmatch(r"FJ-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", me["identifier"])

    async def test_a_program_gets_the_resource(self, clinic: Callers) -> None:
        answer = await clinic.nobody(json=True).post("/register", PATIENT)
        assert (answer.status, answer.json.keys()) == (201, {"id", "status", "version"})
        assert answer.json["status"] == "active"
        assert (await _token(clinic.nobody(json=True), "FATOU@exemple.sn", PATIENT["password"])).status == 200

    async def test_and_no_session_is_left_that_nobody_can_use(self, clinic: Callers, store: Store) -> None:
        made = await clinic.nobody(json=True).post("/register", PATIENT)
        assert "Set-Cookie" not in made.headers
        assert store.rows("SELECT id FROM sessions WHERE user_id = ?", made.json["id"]) == []

    @pytest.mark.parametrize("body", [DOCTOR, PHARMACIST], ids=["doctor", "pharmacist"])
    async def test_a_practitioner_can_do_nothing_until_verified(
        self, clinic: Callers, store: Store, body: dict[str, str]
    ) -> None:
        made = await clinic.nobody(json=True).post("/register/practitioner", body)
        assert (made.status, made.json["status"]) == (201, "pending")
        assert "Set-Cookie" not in made.headers
        (await _token(clinic.nobody(json=True), body["email"], body["password"])).problem(403)
        page = await _sign_in(clinic.nobody(), body["email"], body["password"])
        assert page.status == 422
        assert "vérifié" in page.text
        assert store.rows("SELECT id FROM sessions WHERE user_id = ?", made.json["id"]) == []
        await clinic.program(ADMIN).post(f"/accounts/{made.json['id']}/verification")
        token = await _token(clinic.nobody(json=True), body["email"], body["password"])
        assert (await clinic.bearer(token.json["access_token"]).get("/me")).json["role"] == body["role"]

    async def test_closing_and_opening_an_account_does_not_verify_it(self, clinic: Callers, told: Told) -> None:
        admin = clinic.program(ADMIN)
        await admin.post(f"/accounts/{told.waiting}/deactivation")
        opened = await admin.post(f"/accounts/{told.waiting}/reactivation")
        assert opened.json["status"] == "pending"

    async def test_the_page_thanks_and_explains(self, clinic: Callers) -> None:
        page = await clinic.nobody().post("/register/practitioner", DOCTOR)
        assert page.status == 201
        assert "Un administrateur va la vérifier" in page.text

    @pytest.mark.parametrize("where", ["/register", "/register/practitioner"])
    async def test_nobody_makes_themselves_more_than_they_are(self, clinic: Callers, store: Store, where: str) -> None:
        body = PATIENT if where == "/register" else DOCTOR
        more = {
            "id": "mine",
            "status": "active",
            "verified_at": 1,
            "verified_by": "admin",
            "identifier": "FJ-1",
            "version": 9,
            "password_hash": "x",
        }
        before = store.content()
        refused = await clinic.nobody(json=True).post(where, {**body, **more})
        assert refused.errors().keys() == more.keys()
        assert store.content() == before
        made = await clinic.nobody(json=True).post(where, body)
        role, status, verified_at, version = store.rows(
            "SELECT role, status, verified_at, version FROM users WHERE id = ?", made.json["id"]
        )[0]
        assert (role, status) == (("patient", "active") if where == "/register" else ("doctor", "pending"))
        assert (verified_at, version) == (None, 1)

    async def test_a_patient_asks_for_no_role(self, clinic: Callers, store: Store) -> None:
        before = store.content()
        for role in ("admin", "doctor", "patient"):
            made = await clinic.nobody(json=True).post("/register", {**PATIENT, "role": role})
            assert made.errors().keys() == {"role"}
        assert store.content() == before

    async def test_somebody_elses_telephone_opens_nothing_of_theirs(self, clinic: Callers) -> None:
        body = {**PATIENT, "phone": "77 123 45 67", "email": ""}
        await clinic.nobody(json=True).post("/register", body)
        mine = await _token(clinic.nobody(json=True), "77 123 45 67", PATIENT["password"])
        assert (await clinic.bearer(mine.json["access_token"]).get("/me")).json["name"] == "Fatou Sow"
        hers = await _token(clinic.nobody(json=True), "77 123 45 67")
        assert (await clinic.bearer(hers.json["access_token"]).get("/me")).json["name"] == "Awa Cissé"


class TestLanguage:
    async def test_is_kept_with_the_person(self, clinic: Callers) -> None:
        browser = clinic.browser(NDIAYE)
        answer = await browser.post("/language", {"language": "en", "next": "/inventory"})
        assert answer.location == "/inventory"
        assert '<html lang="en">' in (await browser.get("/inventory")).text

    async def test_is_kept_in_a_cookie_before_signing_in(self, clinic: Callers) -> None:
        jar = clinic.nobody()
        cookie = (await jar.post("/language", {"language": "en"})).headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert '<html lang="en">' in (await jar.get("/sign-in")).text

    async def test_an_unknown_one_changes_nothing(self, clinic: Callers) -> None:
        jar = clinic.nobody()
        answer = await jar.post("/language", {"language": "../../etc"})
        assert "Set-Cookie" not in answer.headers


def _stays_here(answer: Answer) -> None:
    """Read the address as a browser does: without tabs and line breaks, with \\ for /."""
    location = re.sub(r"[\t\r\n]", "", answer.location).strip("".join(map(chr, range(33)))).replace("\\", "/")
    there = urlsplit(urljoin("http://localhost/sign-in", location))
    assert (there.scheme, there.netloc) == ("http", "localhost"), answer.location
    assert "\n" not in answer.location
    assert "\r" not in answer.location
    assert "a=b" not in answer.headers.get("Set-Cookie", "")


class TestWhatWasGenuineOnce:
    """To verify a token or a cookie takes longer than most requests, so the program remembers those that were."""

    @pytest.mark.parametrize("kind", ["token", "cookie"])
    async def test_lets_nothing_else_in_and_ends_in_its_time(
        self, app: Quart, clinic: Callers, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret, now = secret_of(AWA.id), time.time()
        token, seconds = credentials.issue_token(app, secret, AWA.id, now=round(now * 1000))
        genuine = token if kind == "token" else credentials.cookies.dump_token(secret, app)
        seconds = seconds if kind == "token" else credentials._SECONDS

        async def asked(with_this: str) -> int:
            if kind == "token":
                return (await clinic.bearer(with_this).get("/me")).status
            caller = clinic.nobody(json=True)
            caller.headers["Cookie"] = f"{credentials.COOKIE}={with_this}"
            return (await caller.get("/me")).status

        assert [await asked(genuine), await asked(genuine)] == [200, 200]
        for at in (3, len(genuine) // 2, -2):
            forged = genuine[:at] + ("A" if genuine[at] != "A" else "B") + genuine[at:][1:]
            assert [await asked(forged), await asked(forged)] == [401, 401], at
        monkeypatch.setattr(time, "time", lambda: now + seconds + 2)
        assert await asked(genuine) == 401
