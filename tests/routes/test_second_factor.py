"""The second factor: set up by its owner, asked for after the password, taken once; a half session is given nothing."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pyotp
import pytest
from callers import Answer, Caller, Callers
from cast import ADMIN, AWA, DIOP, EMAILS, GOMIS, PASSWORD
from quart import Quart
from store import Clock, Store
from told import ACTS, DOCUMENT, FACTOR_KEY, READS, RECOVERY, SECRET_KEY, Told

from fadjma import rules
from fadjma.identity import credentials, factor_removals, second_factors, sessions
from fadjma.identity.people import Viewer
from fadjma.store import Violation, milliseconds

OWNER = {"password": PASSWORD}
WRONG = "000000"
LEAVING = ("/sign-out", "/language")  # what half a session may do, beside giving the rest


@pytest.fixture
def required() -> Iterator[None]:
    """The clinic wants one of its staff; the rules are the process's."""
    before = rules.current()
    rules.settle(replace(before, second_factor=True))
    yield
    rules.settle(before)


def _code(secret: str, clock: Clock, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(clock.now // second_factors.STEP + steps)


async def _enrol(clinic: Callers, person: Viewer, clock: Clock) -> str:
    """An authenticator of this person, confirmed; its secret. The step of the code that confirmed it is used."""
    program = clinic.program(person)
    assert (await program.post("/second-factor/enrolment", OWNER)).status == 204
    secret: str = (await program.get("/second-factor/enrolment")).json["secret"]
    assert (await program.post("/second-factor/confirmation", {"otp": _code(secret, clock)})).status == 204
    clock.advance(seconds=30)
    return secret


@pytest.fixture
def other(clinic: Callers, store: Store) -> Callable[[], Caller]:
    """A program of another admin."""

    def ask() -> Caller:
        admin = store.value("SELECT id FROM users WHERE role = 'admin' AND id <> 'admin'")
        secret = store.write(sessions.start, admin, kind="token", address="-", agent="-")
        return clinic.bearer(credentials.issue_token(clinic.app, secret, admin, now=milliseconds())[0])

    return ask


async def _half(clinic: Callers, person: Viewer = GOMIS, *, json: bool = False) -> Caller:
    """Somebody who has given the password alone."""
    jar = clinic.nobody()
    answer = await jar.post("/sign-in", {"login": EMAILS[person.id], "password": PASSWORD})
    assert answer.status == 303
    if json:
        jar.headers = {"Accept": "application/json"}
        jar.sends_json = True
    return jar


async def _token(clinic: Callers, person: Viewer, **sent: str) -> Answer:
    body = {"email": EMAILS[person.id], "password": PASSWORD, **sent}
    return await clinic.nobody(json=True).post("/api/token", body)


class TestSettingUp:
    async def test_by_page_from_the_account_to_the_printed_codes(
        self, clinic: Callers, clock: Clock, store: Store
    ) -> None:
        browser = clinic.browser(AWA)
        assert 'href="/second-factor"' in (await browser.get("/account")).text
        begun = await browser.post("/second-factor/enrolment", {**OWNER, "key": "k"})
        assert begun.location == "/second-factor/enrolment"
        page = (await browser.get(begun.location)).text
        assert "<svg" in page and "http" not in page.partition("<svg")[2].partition("</svg>")[0]
        secret = re.search(r"<b>((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})</b>", page)
        assert secret
        sent = {"otp": _code(secret[1].replace(" ", ""), clock)}
        confirmed = await browser.post("/second-factor/confirmation", sent)
        assert confirmed.location == "/recovery-codes"
        codes = re.findall(r"[0-9A-Z]{5}\u2011[0-9A-Z]{5}", (await browser.get("/recovery-codes")).text)
        assert len(set(codes)) == 10
        everything = str(store.content())
        assert secret[1].replace(" ", "") not in everything
        assert not any(code.replace("\u2011", "-") in everything for code in codes)
        clock.advance(minutes=10)
        later = (await browser.get("/recovery-codes")).text
        assert "Il vous reste 10 codes." in later and codes[0] not in later

    async def test_is_told_to_its_owner_and_written_down(self, clinic: Callers, clock: Clock, store: Store) -> None:
        await _enrol(clinic, AWA, clock)
        item = (await clinic.program(AWA).get("/notifications")).json["items"][0]
        assert (item["message"], item["subject"]["kind"]) == (
            "Un second facteur protège maintenant votre compte",
            "profile",
        )
        assert store.rows("SELECT kind FROM security_events WHERE account_id = 'awa'") == [("factor_added",)]
        own = (await clinic.program(AWA).get("/second-factor")).json
        assert own["authenticator_since"] and own["recovery_codes_left"] == 10
        assert (await clinic.program(AWA).get("/account")).json["has_second_factor"] is True

    async def test_needs_the_password(self, clinic: Callers, store: Store) -> None:
        before = store.content()
        answer = await clinic.program(AWA).post("/second-factor/enrolment", {"password": "the wrong password"})
        assert answer.errors().keys() == {"password"}
        assert (await clinic.browser(AWA).post("/second-factor/enrolment", {"password": ""})).status == 422
        assert store.content() == before

    @pytest.mark.parametrize("steps", [-2, 2])
    async def test_a_wrong_first_code_changes_nothing_and_the_key_stays(
        self, clinic: Callers, clock: Clock, store: Store, steps: int
    ) -> None:
        browser, program = clinic.browser(AWA), clinic.program(AWA)
        await program.post("/second-factor/enrolment", OWNER)
        secret = (await program.get("/second-factor/enrolment")).json["secret"]
        page = await browser.post("/second-factor/confirmation", {"otp": _code(secret, clock, steps)})
        assert page.status == 422 and "<svg" in page.text and 'id="otp-e"' in page.text
        assert (await program.get("/second-factor")).json["authenticator_since"] is None
        assert (await program.post("/second-factor/confirmation", {"otp": _code(secret, clock, 1)})).status == 204

    async def test_after_ten_minutes_it_begins_anew(self, clinic: Callers, clock: Clock) -> None:
        program = clinic.program(AWA)
        await program.post("/second-factor/enrolment", OWNER)
        secret = (await program.get("/second-factor/enrolment")).json["secret"]
        clock.advance(minutes=10)
        assert (await program.get("/second-factor/enrolment")).json["secret"] is None
        (await program.post("/second-factor/confirmation", {"otp": _code(secret, clock)})).problem(409)
        assert "Recommencer" in (await clinic.browser(AWA).get("/second-factor/enrolment")).text

    async def test_the_same_form_sent_twice_is_one(self, clinic: Callers, store: Store) -> None:
        program = clinic.program(AWA)
        for _ in range(2):
            answer = await program.post("/second-factor/enrolment", OWNER, Idempotency_Key="k")
            assert answer.status == 204
            shown = (await program.get("/second-factor/enrolment")).json["secret"]
        assert shown == (await program.get("/second-factor/enrolment")).json["secret"]

    async def test_a_key_belongs_to_its_person(self, clinic: Callers, clock: Clock, store: Store) -> None:
        secret = await _enrol(clinic, AWA, clock)
        store.connection.execute("UPDATE totp_keys SET user_id = 'moussa' WHERE user_id = 'awa'")
        assert not store.write(second_factors.take, "moussa", _code(secret, clock), key=FACTOR_KEY)


class TestChanging:
    async def test_to_another_telephone_needs_the_one_before(self, clinic: Callers, clock: Clock, store: Store) -> None:
        before = await _enrol(clinic, AWA, clock)
        program = clinic.program(AWA)
        assert (await program.post("/second-factor/enrolment", OWNER)).errors().keys() == {"otp"}
        sent = {**OWNER, "otp": _code(before, clock)}
        assert (await program.post("/second-factor/enrolment", sent)).status == 204
        after = (await program.get("/second-factor/enrolment")).json["secret"]
        assert after != before
        assert (await _token(clinic, AWA, otp=_code(before, clock, 1))).status == 200
        await program.post("/second-factor/confirmation", {"otp": _code(after, clock)})
        (await _token(clinic, AWA, otp=_code(before, clock, 1))).problem(401)
        assert (await _token(clinic, AWA, otp=_code(after, clock, 1))).status == 200

    async def test_new_recovery_codes_make_those_before_worthless(self, clinic: Callers) -> None:
        program = clinic.program(GOMIS)
        assert (await program.post("/recovery-codes", {**OWNER, "otp": RECOVERY})).status == 204
        before = (await program.get("/recovery-codes")).json["codes"]
        assert (await program.post("/recovery-codes", {**OWNER, "otp": before[0]})).status == 204
        after = (await program.get("/recovery-codes")).json
        assert after["left"] == 10 and not set(after["codes"]) & set(before)
        (await _token(clinic, GOMIS, otp=before[1])).problem(401)
        assert (await _token(clinic, GOMIS, otp=after["codes"][0])).status == 200

    async def test_its_owner_takes_it_away_and_reads_of_it(self, clinic: Callers, store: Store) -> None:
        answer = await clinic.browser(GOMIS).post("/second-factor/removal", {**OWNER, "otp": RECOVERY})
        assert answer.location == "/account"
        assert (await _token(clinic, GOMIS)).status == 200
        items = (await clinic.program(GOMIS).get("/notifications")).json["items"]
        assert items[0]["message"] == "Le second facteur de votre compte a été retiré"
        assert store.value("SELECT count(*) FROM recovery_codes WHERE user_id = 'gomis'") == 0

    @pytest.mark.parametrize("where", ["/second-factor/removal", "/recovery-codes", "/second-factor/enrolment"])
    @pytest.mark.parametrize(
        ("sent", "named"), [({}, "otp"), ({"otp": WRONG}, "otp"), ({"password": "x" * 12}, "password")]
    )
    async def test_neither_without_the_password_nor_without_a_code(
        self, clinic: Callers, store: Store, where: str, sent: dict[str, str], named: str
    ) -> None:
        before = store.content()
        answer = await clinic.program(GOMIS).post(where, {**OWNER, **sent})
        assert answer.errors().keys() == {named}
        assert {name: store.content()[name] for name in ("totp_keys", "recovery_codes", "totp_enrolments")} == {
            name: before[name] for name in ("totp_keys", "recovery_codes", "totp_enrolments")
        }

    async def test_a_reset_of_the_password_leaves_it(self, clinic: Callers) -> None:
        made = await clinic.program(ADMIN).post("/accounts/gomis/reset", {"document": "CNI 1 751"})
        new = "deux pirogues rentrent à midi"
        sent = {"code": made.json["reset_code"], "password": new}
        await clinic.nobody(json=True).post("/activation", sent)
        assert (await _token(clinic, GOMIS, password=new)).problem(401)["type"] == "urn:fadjma:otp-needed"
        assert (await _token(clinic, GOMIS, password=new, otp=RECOVERY)).status == 200


class TestLost:
    """Two admins take it away: one asks, another confirms within a day."""

    ASKED: ClassVar[dict[str, str]] = {"reason": "Téléphone volé", "document": DOCUMENT}

    async def test_one_asks_another_confirms_and_the_password_alone_signs_in(
        self, clinic: Callers, store: Store, other: Callable[[], Caller]
    ) -> None:
        asked = await clinic.program(ADMIN).post("/accounts/gomis/factor-removal", self.ASKED)
        assert asked.status == 200
        waiting = asked.json["factor_removal"]
        assert (waiting["document"], waiting["asked_by"]["id"]) == (DOCUMENT, "admin")
        (await _token(clinic, GOMIS)).problem(401)
        done = await other().post("/accounts/gomis/factor-removal/confirmation")
        assert (done.json["has_second_factor"], done.json["factor_removal"]) == (False, None)
        assert (await _token(clinic, GOMIS)).status == 200
        (await clinic.program(GOMIS).get("/me")).problem(401)
        (await other().post("/accounts/gomis/factor-removal/confirmation")).problem(409)
        noted = store.rows(
            "SELECT kind, actor_id = 'admin', detail FROM security_events WHERE account_id = 'gomis' ORDER BY rowid"
        )
        assert noted[-2:] == [("factor_removal_asked", 1, DOCUMENT), ("factor_removed", 0, DOCUMENT)]

    async def test_not_by_an_admin_whose_password_the_one_who_asks_has_given(
        self, clinic: Callers, store: Store, clock: Clock, other: Callable[[], Caller]
    ) -> None:
        await clinic.program(ADMIN).post("/accounts/gomis/factor-removal", self.ASKED)
        colleague = store.value("SELECT id FROM users WHERE role = 'admin' AND id <> 'admin'")
        store.connection.execute(
            "INSERT INTO slips (id, user_id, purpose, code_hash, issued_by, issued_at, expires_at) "
            "VALUES ('slip', ?, 'activation', 'x', 'admin', ?, ?)",
            (colleague, clock.now - 6 * 86_400_000, clock.now),
        )
        refused = (await other().post("/accounts/gomis/factor-removal/confirmation")).problem(409)
        assert "7 jours" in refused["detail"]
        store.connection.execute("UPDATE slips SET issued_at = issued_at - 2 * 86400000 WHERE id = 'slip'")
        assert (await other().post("/accounts/gomis/factor-removal/confirmation")).status == 200

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ([("admin", "thiam"), ("thiam", "other")], 409),  # who asks has made one who has made the other
            ([("sarr", "admin"), ("sarr", "other")], 409),  # a third has made both
            ([("sarr", "admin"), ("diop", "other"), ("fall", "sarr"), ("fall", "diop")], 409),
            ([("admin", "diop"), ("other", "diop")], 200),  # both have been at the desk for the same colleague
            ([("admin", "thiam"), ("sarr", "other")], 200),
        ],
        ids=str,
    )
    async def test_nor_where_somebody_could_be_both_by_whatever_number_of_slips(
        self,
        clinic: Callers,
        store: Store,
        clock: Clock,
        other: Callable[[], Caller],
        given: list[tuple[str, str]],
        expected: int,
    ) -> None:
        await clinic.program(ADMIN).post("/accounts/gomis/factor-removal", self.ASKED)
        caller = other()
        ids = {"other": store.value("SELECT id FROM users WHERE role = 'admin' AND id <> 'admin'")}
        for number, (by, to) in enumerate(given):
            store.connection.execute(
                "INSERT INTO slips (id, user_id, purpose, code_hash, issued_by, issued_at, expires_at, ended_at, "
                "end_reason) VALUES (?, ?, 'reset', ?, ?, ?, ?, ?, 'used')",
                (f"s{number}", ids.get(to, to), f"h{number}", ids.get(by, by), clock.now, clock.now, clock.now),
            )
        assert (await caller.post("/accounts/gomis/factor-removal/confirmation")).status == expected

    async def test_its_owner_reads_of_both_with_the_document(
        self, clinic: Callers, other: Callable[[], Caller]
    ) -> None:
        await clinic.browser(ADMIN).post("/accounts/gomis/factor-removal", self.ASKED)
        page = (await clinic.browser(GOMIS).get("/second-factor")).text
        assert DOCUMENT in page and "Téléphone volé" in page and ADMIN.name in page
        assert (await clinic.program(GOMIS).get("/second-factor")).json["removal"]["document"] == DOCUMENT
        await other().post("/accounts/gomis/factor-removal/confirmation")
        token = (await _token(clinic, GOMIS)).json["access_token"]
        items = (await clinic.bearer(token).get("/notifications")).json["items"]
        assert (items[0]["message"], items[0]["times"]) == ("Le second facteur de votre compte a été retiré", 3)

    async def test_not_by_one_alone_and_never_ones_own(
        self, clinic: Callers, store: Store, told: Told, other: Callable[[], Caller]
    ) -> None:
        program = clinic.program(ADMIN)
        await program.post("/accounts/gomis/factor-removal", self.ASKED)
        before = store.content()
        alone = await program.post("/accounts/gomis/factor-removal/confirmation")
        assert alone.problem(409)["current"] == "waiting"
        assert (await program.post("/accounts/gomis/factor-removal", self.ASKED)).problem(409)["current"] == "waiting"
        assert "/confirmation" not in (await clinic.browser(ADMIN).get("/accounts/gomis/factor-removal")).text
        for where in ("/accounts/admin/factor-removal", "/accounts/awa/factor-removal"):
            (await program.post(where, self.ASKED)).problem(409)
        assert store.content() == before
        with pytest.raises(Violation):
            store.write(factor_removals.confirm, store.value("SELECT max(id) FROM factor_removals"), by="admin")

    async def test_after_a_day_it_is_asked_anew(
        self, clinic: Callers, clock: Clock, other: Callable[[], Caller]
    ) -> None:
        await clinic.program(ADMIN).post("/accounts/gomis/factor-removal", self.ASKED)
        clock.advance(hours=24)
        late = await other().post("/accounts/gomis/factor-removal/confirmation")
        assert late.problem(409)["current"] == "none"
        assert (await other().post("/accounts/gomis/factor-removal", self.ASKED)).status == 200

    @pytest.mark.parametrize("missing", ["reason", "document"])
    async def test_the_reason_and_the_document_are_named(self, clinic: Callers, missing: str) -> None:
        sent = {**self.ASKED, missing: " "}
        answer = await clinic.program(ADMIN).post("/accounts/gomis/factor-removal", sent)
        assert answer.errors().keys() == {missing}
        page = await clinic.browser(ADMIN).post("/accounts/gomis/factor-removal", sent)
        assert page.status == 422 and f'id="{missing}-e"' in page.text
        assert all(text in page.text for name, text in self.ASKED.items() if name != missing)

    async def test_the_other_admins_are_told(self, clinic: Callers, other: Callable[[], Caller]) -> None:
        await clinic.program(ADMIN).post("/accounts/gomis/factor-removal", self.ASKED)
        item = (await other().get("/notifications")).json["items"][0]
        assert item["message"] == "Le retrait d'un second facteur est à confirmer"
        assert item["subject"] == {"kind": "account", "id": "gomis", "name": GOMIS.name}


class TestSigningIn:
    async def test_the_password_alone_leads_to_the_code_and_the_code_to_the_page(
        self, clinic: Callers, clock: Clock
    ) -> None:
        secret = await _enrol(clinic, DIOP, clock)
        jar = clinic.nobody()
        answer = await jar.post("/sign-in?next=/patients", {"login": EMAILS["diop"], "password": PASSWORD})
        assert answer.location == "/patients"
        asked = await jar.get("/patients")
        assert asked.location == "/sign-in/factor?next=/patients"
        page = await jar.get(asked.location)
        assert page.status == 200 and "Ousmane Diop" in page.text and 'id="bell"' not in page.text
        assert (await jar.post(asked.location, {"otp": _code(secret, clock)})).location == "/patients"
        assert (await jar.get("/patients")).status == 200

    async def test_the_session_is_another_when_it_is_whole(self, clinic: Callers, store: Store) -> None:
        jar = await _half(clinic)
        seen = jar._client.cookie_jar._cookies
        [cookie] = [
            c for paths in seen.values() for names in paths.values() for c in names.values() if c.name == "fadjma"
        ]
        await jar.post("/sign-in/factor", {"otp": RECOVERY})
        assert (await jar.get("/")).status == 200
        old = await clinic.nobody().get("/", Cookie=f"fadjma={cookie.value}")
        assert old.location.startswith("/sign-in") and "factor" not in old.location
        halves = store.rows("SELECT half, end_reason FROM sessions WHERE user_id = 'gomis' AND half <> ''")
        assert halves == [("factor", "renewed")]

    @pytest.mark.parametrize("steps", [-1, 0, 1])
    async def test_a_clock_may_be_half_a_minute_off_and_a_code_is_taken_once(
        self, clinic: Callers, clock: Clock, steps: int
    ) -> None:
        secret = await _enrol(clinic, AWA, clock)
        clock.advance(minutes=2)
        code = _code(secret, clock, steps)
        assert (await _token(clinic, AWA, otp=f" {code[:3]} {code[3:]}")).status == 200
        assert (await _token(clinic, AWA, otp=code)).problem(401)["type"] == "urn:fadjma:otp-needed"
        jar = await _half(clinic, AWA)
        assert (await jar.post("/sign-in/factor", {"otp": code})).status == 422

    async def test_a_code_before_the_last_one_taken_is_not_taken_either(self, clinic: Callers, clock: Clock) -> None:
        secret = await _enrol(clinic, AWA, clock)
        clock.advance(minutes=2)
        assert (await _token(clinic, AWA, otp=_code(secret, clock, 1))).status == 200
        (await _token(clinic, AWA, otp=_code(secret, clock))).problem(401)

    async def test_a_clock_that_ran_ahead_shuts_nobody_out(self, clinic: Callers, clock: Clock) -> None:
        secret = await _enrol(clinic, AWA, clock)
        clock.advance(days=1)
        assert (await _token(clinic, AWA, otp=_code(secret, clock))).status == 200
        clock.advance(days=-1)
        assert (await _token(clinic, AWA, otp=_code(secret, clock))).status == 200

    async def test_a_recovery_code_is_used_once_however_it_is_typed_and_its_owner_reads_of_it(
        self, clinic: Callers
    ) -> None:
        assert (await _token(clinic, GOMIS, otp=RECOVERY.lower().replace("-", " "))).status == 200
        (await _token(clinic, GOMIS, otp=RECOVERY)).problem(401)
        items = (await clinic.program(GOMIS).get("/notifications")).json["items"]
        assert items[0]["message"] == "Un de vos codes de secours a servi"
        assert (await clinic.program(GOMIS).get("/second-factor")).json["recovery_codes_left"] == 9

    async def test_guessing_is_slowed_noted_and_told_to_whose_password_is_known(
        self, clinic: Callers, store: Store
    ) -> None:
        for _ in range(10):
            (await _token(clinic, GOMIS, otp=WRONG)).problem(401)
        (await _token(clinic, GOMIS, otp=RECOVERY)).problem(429)
        jar = await _half(clinic)
        assert (await jar.post("/sign-in/factor", {"otp": RECOVERY})).status == 429
        noted = store.rows(
            "SELECT kind, count(*) FROM security_events WHERE account_id = 'gomis' GROUP BY kind ORDER BY kind"
        )
        assert noted == [("factor_added", 1), ("factor_failed", 10), ("sign_in_locked", 1)]
        items = (await clinic.program(GOMIS).get("/notifications")).json["items"]
        assert items[0]["message"].startswith("Quelqu'un a donné votre mot de passe")
        assert (await _token(clinic, AWA)).status == 200

    async def test_a_program_is_told_what_is_missing_and_only_after_the_right_password(self, clinic: Callers) -> None:
        problem = (await _token(clinic, GOMIS)).problem(401)
        assert problem["type"] == "urn:fadjma:otp-needed"
        assert (await _token(clinic, GOMIS, password="wrong password")).problem(401)["type"] == "about:blank"
        token = (await _token(clinic, GOMIS, otp=RECOVERY)).json["access_token"]
        assert (await clinic.bearer(token).get("/me")).json["id"] == "gomis"

    async def test_who_is_signed_in_already_is_asked_nothing(self, clinic: Callers) -> None:
        assert (await clinic.browser(GOMIS).get("/sign-in/factor?next=/inventory")).location == "/inventory"
        sent_again = await clinic.browser(GOMIS).post("/sign-in/factor?next=/inventory", {"otp": ""})
        assert sent_again.location == "/inventory", "it is whole already"
        assert (await clinic.nobody().get("/sign-in/factor")).location.startswith("/sign-in?")

    async def test_nothing_typed_and_too_much_come_back_with_a_word(self, clinic: Callers) -> None:
        jar = await _half(clinic)
        for typed in ("", "   ", "x" * 41):
            page = await jar.post("/sign-in/factor", {"otp": typed})
            assert page.status == 422 and 'id="otp-e"' in page.text


class TestHalfASession:
    async def test_ends_after_ten_minutes_and_is_no_sign_in(self, clinic: Callers, clock: Clock, store: Store) -> None:
        before = store.value("SELECT signed_in_at FROM users WHERE id = 'gomis'")
        jar = await _half(clinic)
        assert store.value("SELECT signed_in_at FROM users WHERE id = 'gomis'") == before
        assert len((await clinic.program(GOMIS).get("/sessions")).json["items"]) == 1
        clock.advance(minutes=10)
        assert (await jar.post("/sign-in/factor", {"otp": RECOVERY})).location == "/sign-in"
        assert store.value("SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL") == 0

    @pytest.mark.long
    async def test_is_given_nothing_by_any_route(
        self, clinic: Callers, told: Told, store: Store, every_way: bool
    ) -> None:
        """M. Gomis might be anybody: whose route it is does not matter before it is known who asks. In one of the
        three ways by turns.
        """
        jar = await _half(clinic)
        before = store.content()
        ways: list[dict[str, str]] = [{}, {"Accept": "application/json"}, {"HX_Request": "true", "Accept": "*/*"}]
        for turn, route in enumerate(route for route in [*ACTS, *READS] if route.path not in LEAVING):
            untouched = store.touched()
            for headers in ways if every_way else (ways[turn % 3],):
                asked = (
                    jar.post(route.at(told), route.body, **headers)
                    if route in ACTS
                    else jar.get(route.at(told), **headers)
                )
                answer = await asked
                assert answer.status == (303 if not headers else 401), (route.path, answer.text)
                if "HX_Request" in headers or not headers:
                    where = answer.headers.get("HX-Redirect") or answer.location
                    assert where.startswith("/sign-in/factor"), route.path
            assert store.touched() == untouched or store.content() == before, route.path

    @pytest.mark.long
    async def test_gets_of_every_other_address_what_nobody_gets(self, clinic: Callers, app: Quart) -> None:
        jar = await _half(clinic, json=True)
        for rule in app.url_map.iter_rules():
            found = rule.build(dict.fromkeys(rule.arguments, "1"), append_unknown=False)
            assert found
            where = found[1]
            if where.startswith(("/sign-in/factor", "/sign-in/passkey", *LEAVING)):
                continue
            for method in (rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}:
                half, nobody = await jar.ask(method, where, {}), await clinic.nobody(json=True).ask(method, where, {})
                assert half.status in (401, nobody.status), (method, where)

    @pytest.mark.parametrize("where", ["/events", "/api/events", "/notifications/poll?after=0"])
    async def test_has_no_stream(self, clinic: Callers, where: str) -> None:
        assert (await (await _half(clinic, json=True)).get(where)).status == 401

    async def test_may_leave_and_choose_a_language_which_changes_nobody(self, clinic: Callers, store: Store) -> None:
        jar = await _half(clinic)
        await jar.post("/language", {"language": "en"})
        assert store.value("SELECT language FROM users WHERE id = 'gomis'") == "fr"
        assert (await jar.post("/sign-out")).location == "/sign-in"
        assert (await jar.get("/sign-in/factor")).location.startswith("/sign-in?")


class TestRequired:
    async def test_staff_without_one_sets_it_up_and_does_nothing_else_before(
        self, clinic: Callers, clock: Clock, store: Store, required: None
    ) -> None:
        jar = await _half(clinic, DIOP)
        assert (await jar.get("/patients")).location == "/second-factor?next=/patients"
        page = (await jar.get("/second-factor")).text
        assert "demande un second facteur" in page and 'id="bell"' not in page
        for route in (route for route in READS if "/second-factor" not in route.path):
            assert (await jar.get(route.path)).status in (303, 404)
        await jar.post("/second-factor/enrolment", OWNER)
        found = re.search(r"<b>([A-Z2-7 ]{39})</b>", (await jar.get("/second-factor/enrolment")).text)
        assert found
        done = await jar.post("/second-factor/confirmation", {"otp": _code(found[1].replace(" ", ""), clock)})
        assert done.location == "/recovery-codes"
        assert (await jar.get("/recovery-codes")).status == 200
        assert (await jar.get("/patients")).status == 200
        assert (
            store.value("SELECT count(*) FROM sessions WHERE user_id = 'diop' AND half <> '' AND ended_at IS NULL") == 0
        )

    async def test_who_had_only_the_password_is_not_led_in_by_the_owners_new_factor(
        self, clinic: Callers, clock: Clock, required: None
    ) -> None:
        stranger, owner = await _half(clinic, DIOP), await _half(clinic, DIOP)
        await owner.post("/second-factor/enrolment", OWNER)
        assert (await stranger.get("/second-factor/enrolment")).location.startswith("/sign-in")
        late = await _half(clinic, DIOP)
        found = re.search(r"<b>([A-Z2-7 ]{39})</b>", (await owner.get("/second-factor/enrolment")).text)
        assert found
        await owner.post("/second-factor/confirmation", {"otp": _code(found[1].replace(" ", ""), clock)})
        for jar in (stranger, late):
            assert (await jar.get("/second-factor")).location.startswith("/sign-in")

    async def test_setting_it_up_may_take_half_an_hour(self, clinic: Callers, clock: Clock, required: None) -> None:
        jar = await _half(clinic, DIOP)
        clock.now += sessions.ENROLLING - 1
        assert (await jar.get("/second-factor")).status == 200
        clock.now += 1
        assert (await jar.get("/second-factor")).location.startswith("/sign-in")

    async def test_patients_and_open_sessions_go_on(self, clinic: Callers, required: None) -> None:
        assert (await (await _half(clinic, AWA)).get("/prescriptions")).status == 200
        assert (await clinic.browser(DIOP).get("/patients")).status == 200

    async def test_a_program_is_sent_to_the_page(self, clinic: Callers, required: None) -> None:
        assert (await _token(clinic, DIOP)).problem(401)["type"] == "urn:fadjma:enrolment-needed"

    async def test_its_owner_may_change_it_and_not_take_it_away(self, clinic: Callers, required: None) -> None:
        sent = {**OWNER, "otp": RECOVERY}
        assert (await clinic.program(GOMIS).post("/second-factor/removal", sent)).problem(409)["current"] == "required"
        assert 'formaction="/second-factor/removal"' not in (await clinic.browser(GOMIS).get("/second-factor")).text

    async def test_an_admin_chooses_it_and_leaving_it_out_is_not_no(self, clinic: Callers, store: Store) -> None:
        chosen: dict[str, Any] = {"validity_days": 90, "expiry_days": 30, "lock_minutes": 15, "proxy_age": 18}
        chosen |= {"time_zone": "Africa/Dakar", "version": 1}
        assert (await clinic.program(ADMIN).post("/settings", chosen)).errors().keys() == {"second_factor"}
        before = rules.current()
        try:
            done = await clinic.program(ADMIN).post("/settings", {**chosen, "second_factor": True})
            assert done.json["second_factor"] is True and rules.current().second_factor
            page = (await clinic.browser(ADMIN).get("/settings")).text
            assert ">non</td>" in page and "<b>oui</b>" in page
        finally:
            rules.settle(before)


def test_the_key_is_the_programs() -> None:
    assert SECRET_KEY.encode() not in FACTOR_KEY and len(FACTOR_KEY) == 32
