"""Passkeys: made by their owner, sign once for one session at one site, and open a locked screen."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from authenticator import Authenticator
from callers import Caller, Callers
from cast import AWA, DIOP, EMAILS, GOMIS, NDIAYE, PASSWORD
from store import Clock, Store
from told import RECOVERY

from fadjma import rules
from fadjma.identity.passkeys import Site
from fadjma.identity.people import Viewer
from fadjma.rules import Rules

HOST = "fadjma.local:8443"
ORIGIN = f"https://{HOST}"
OWNER = {"password": PASSWORD}
Change = Callable[[dict[str, Any]], None]


def _at_site(caller: Caller, host: str = HOST) -> Caller:
    caller.scheme = "https"
    caller.headers = {**caller.headers, "Host": host, "Accept": "application/json"}
    if cookie := caller.headers.get("Cookie"):
        caller.headers["Cookie"] = cookie.replace("fadjma=", "__Host-fadjma=")
    caller.sends_json = True
    return caller


def _signed_in(clinic: Callers, person: Viewer, host: str = HOST) -> Caller:
    return _at_site(clinic.json_browser(person), host)


async def _register(caller: Caller, **sent: str) -> Authenticator:
    key = Authenticator()
    options = await caller.post("/passkeys/options", {**OWNER, **sent})
    assert options.status == 200, options.text
    assert (await caller.post("/passkeys", {"credential": key.make(options.json, ORIGIN)})).status == 204
    return key


async def _half(clinic: Callers, person: Viewer) -> Caller:
    jar = _at_site(clinic.nobody())
    await jar.post("/sign-in", {"login": EMAILS[person.id], "password": PASSWORD}, Accept="text/html")
    return jar


async def _sign(caller: Caller, key: Authenticator, where: str = "/sign-in/passkey") -> str:
    options = await caller.post(f"{where}/options")
    assert options.status == 200, options.text
    return key.sign(options.json, ORIGIN)


class TestMaking:
    async def test_it_is_a_second_factor_with_recovery_codes_and_told(self, clinic: Callers) -> None:
        browser = _signed_in(clinic, AWA)
        await _register(browser)
        own = (await browser.get("/second-factor")).json
        [key] = own["passkeys"]
        assert (key["host"], key["last_used_at"]) == ("fadjma.local", None)
        assert own["recovery_codes_left"] == 10
        items = (await browser.get("/notifications")).json["items"]
        assert items[0]["message"] == "Un second facteur protège maintenant votre compte"
        sent = {"email": EMAILS["awa"], "password": PASSWORD}
        answer = await clinic.nobody(json=True).post("/api/token", sent)
        assert answer.problem(401)["type"] == "urn:fadjma:otp-needed"

    async def test_needs_its_owner_again(self, clinic: Callers, store: Store) -> None:
        wrong = {"password": "the wrong password"}
        assert (await _signed_in(clinic, AWA).post("/passkeys/options", wrong)).errors().keys() == {"password"}
        assert (await _signed_in(clinic, GOMIS).post("/passkeys/options", OWNER)).errors().keys() == {"otp"}
        await _register(_signed_in(clinic, GOMIS), otp=RECOVERY)
        assert store.value("SELECT count(*) FROM passkeys") == 1

    @pytest.mark.parametrize("host", ["10.1.2.3", "10.1.2.3:8443", "[::1]"])
    async def test_not_where_no_browser_has_them(self, clinic: Callers, host: str) -> None:
        assert (await _signed_in(clinic, AWA, host).post("/passkeys/options", OWNER)).problem(409)["current"] == "http"
        assert "passkey.js" not in (await _signed_in(clinic, AWA, host).get("/second-factor", Accept="text/html")).text

    @pytest.mark.parametrize("host", ["localhost", "localhost:8000"])
    def test_but_on_this_machine_without_tls(self, host: str) -> None:
        assert Site(f"http://{host}").may and Site(f"http://{host}").host == "localhost"
        assert not Site("http://fadjma.local").may

    async def test_an_answer_is_taken_once_at_its_site_in_its_session_by_who_was_verified(
        self, clinic: Callers, store: Store, clock: Clock
    ) -> None:
        browser, key = _signed_in(clinic, AWA), Authenticator()

        async def refused(caller: Caller, sent: str) -> None:
            assert (await caller.post("/passkeys", {"credential": sent})).errors().keys() == {"credential"}

        async def asked() -> dict[str, Any]:
            options: dict[str, Any] = (await browser.post("/passkeys/options", OWNER)).json
            return options

        await refused(browser, key.make(await asked(), "https://fadjma.local"))
        await refused(browser, key.make({**await asked(), "rp": {"id": "elsewhere.example"}}, ORIGIN))
        await refused(_signed_in(clinic, DIOP), key.make(await asked(), ORIGIN))
        key.verified = False
        await refused(browser, key.make(await asked(), ORIGIN))
        key.verified = True
        late = key.make(await asked(), ORIGIN)
        clock.advance(minutes=5)
        await refused(browser, late)
        for sent in ("", "{}", "[]", "no json", '{"id": "\u00e9"}', json.dumps({"id": "a", "rawId": "b"}), "[" * 9_000):
            await asked()
            await refused(browser, sent)
        assert store.value("SELECT count(*) FROM passkeys") == 0
        made = key.make(await asked(), ORIGIN)
        assert (await browser.post("/passkeys", {"credential": made})).status == 204
        await refused(browser, made)

    async def test_of_another_person_is_not_taken_twice(self, clinic: Callers) -> None:
        key = await _register(_signed_in(clinic, DIOP))
        other = _signed_in(clinic, NDIAYE)
        made = key.make((await other.post("/passkeys/options", OWNER)).json, ORIGIN)
        assert (await other.post("/passkeys", {"credential": made})).problem(409)["current"] == "known"


class TestSigningIn:
    async def test_after_the_password_it_makes_the_session_whole(self, clinic: Callers, store: Store) -> None:
        key = await _register(_signed_in(clinic, DIOP))
        jar = await _half(clinic, DIOP)
        (await jar.get("/patients")).problem(401)
        page = (await jar.get("/sign-in/factor", Accept="text/html")).text
        assert "passkey.js" in page and 'data-send="/sign-in/passkey"' in page
        assert (await jar.post("/sign-in/passkey", {"credential": await _sign(jar, key)})).status == 204
        assert (await jar.get("/patients")).status == 200
        assert store.value("SELECT sign_count FROM passkeys") == 1

    async def test_a_signature_is_taken_once_at_its_site_of_its_person(
        self, clinic: Callers, clock: Clock, store: Store
    ) -> None:
        own, others = await _register(_signed_in(clinic, DIOP)), await _register(_signed_in(clinic, NDIAYE))
        jar, elsewhere = await _half(clinic, DIOP), await _half(clinic, DIOP)

        async def refused(sent: str) -> None:
            assert (await jar.post("/sign-in/passkey", {"credential": sent})).errors().keys() == {"credential"}
            (await jar.get("/patients")).problem(401)

        await refused(await _sign(jar, others))
        await refused(await _sign(elsewhere, own))
        options = (await jar.post("/sign-in/passkey/options")).json
        await refused(own.sign(options, "https://fadjma.local"))
        await refused(own.sign(options, ORIGIN))  # that challenge is spent
        options = (await jar.post("/sign-in/passkey/options")).json
        await refused(own.sign({**options, "rpId": "elsewhere.example"}, ORIGIN))
        own.verified = False
        await refused(await _sign(jar, own))
        own.verified = True
        late = await _sign(jar, own)
        clock.advance(minutes=5)
        await refused(late)
        right = await _sign(jar, own)
        assert (await jar.post("/sign-in/passkey", {"credential": right})).status == 204
        again = await _half(clinic, DIOP)
        await again.post("/sign-in/passkey/options")
        assert (await again.post("/sign-in/passkey", {"credential": right})).errors().keys() == {"credential"}
        noted = store.value("SELECT count(*) FROM security_events WHERE kind = 'factor_failed'")
        assert noted == 8

    async def test_a_copy_that_has_signed_less_often_is_refused(self, clinic: Callers) -> None:
        key = await _register(_signed_in(clinic, DIOP))
        for count, status in ((5, 204), (3, 422)):
            jar = await _half(clinic, DIOP)
            key.count = count
            assert (await jar.post("/sign-in/passkey", {"credential": await _sign(jar, key)})).status == status

    async def test_who_has_none_there_is_told(self, clinic: Callers) -> None:
        jar = await _half(clinic, GOMIS)
        assert (await jar.post("/sign-in/passkey/options")).problem(409)["current"] == "none"
        assert "passkey.js" not in (await jar.get("/sign-in/factor", Accept="text/html")).text


class TestUnlocking:
    async def test_it_opens_the_locked_screen(self, clinic: Callers) -> None:
        browser = _signed_in(clinic, DIOP)
        key = await _register(browser)
        await browser.post("/lock")
        page = await browser.get("/patients", Accept="text/html")
        assert (
            page.status == 423 and 'data-send="/unlock/passkey"' in page.text and 'data-next="/patients"' in page.text
        )
        other = await _register(_signed_in(clinic, NDIAYE))
        wrong = await browser.post("/unlock/passkey", {"credential": await _sign(browser, other, "/unlock/passkey")})
        assert wrong.errors().keys() == {"credential"}
        signed = await _sign(browser, key, "/unlock/passkey")
        assert (await browser.post("/unlock/passkey", {"credential": signed})).status == 204
        assert (await browser.get("/patients")).status == 200
        await browser.post("/lock")
        assert (await browser.post("/unlock/passkey", {"credential": signed})).status == 422

    async def test_what_was_signed_to_sign_in_opens_no_screen(self, clinic: Callers) -> None:
        browser = _signed_in(clinic, DIOP)
        key = await _register(browser)
        jar = await _half(clinic, DIOP)
        signed = await _sign(jar, key)
        await browser.post("/lock")
        await browser.post("/unlock/passkey/options")
        assert (await browser.post("/unlock/passkey", {"credential": signed})).status == 422

    async def test_the_fifth_error_ends_the_session(self, clinic: Callers) -> None:
        browser = _signed_in(clinic, DIOP)
        await _register(browser)
        await browser.post("/lock")
        for status in (422, 422, 422, 422, 401, 401):
            assert (await browser.post("/unlock/passkey", {"credential": "{}"})).status == status


class TestTakingAway:
    async def test_the_last_one_takes_the_recovery_codes_with_it(self, clinic: Callers, store: Store) -> None:
        browser = _signed_in(clinic, AWA)
        await _register(browser)
        code, second = (await browser.get("/recovery-codes")).json["codes"][:2]
        await _register(browser, otp=code)
        for otp in (second, (await browser.get("/recovery-codes")).json["codes"][-1]):
            key = (await browser.get("/second-factor")).json["passkeys"][0]["id"]
            assert (await browser.post(f"/passkeys/{key}/removal", {**OWNER, "otp": otp})).status == 204
        own = (await browser.get("/second-factor")).json
        assert (own["passkeys"], own["recovery_codes_left"]) == ([], 0)
        assert (await browser.post("/passkeys/nothing/removal", OWNER)).status == 404

    async def test_the_last_one_stays_where_the_clinic_wants_one(self, clinic: Callers, store: Store) -> None:
        browser = _signed_in(clinic, DIOP)
        await _register(browser)
        code = (await browser.get("/recovery-codes")).json["codes"][0]
        key = (await browser.get("/second-factor")).json["passkeys"][0]["id"]
        before = rules.current()
        rules.settle(Rules(second_factor=True))
        try:
            answer = await browser.post(f"/passkeys/{key}/removal", {**OWNER, "otp": code})
            assert answer.problem(409)["current"] == "required"
        finally:
            rules.settle(before)
        assert store.value("SELECT count(*) FROM passkeys") == 1

    async def test_staff_may_begin_with_one_where_it_is_required(self, clinic: Callers) -> None:
        before = rules.current()
        rules.settle(Rules(second_factor=True))
        try:
            jar = await _half(clinic, DIOP)
            (await jar.get("/patients")).problem(401)
            await _register(jar)
            assert (await jar.get("/patients")).status == 200
        finally:
            rules.settle(before)
