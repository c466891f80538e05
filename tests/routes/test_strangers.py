"""Those who may not: each route with everybody of the cast, with nobody, and with a token that is no good."""

import asyncio
import base64
import json
import re
import time
from collections.abc import Iterator
from functools import reduce
from typing import Any

import jwt
import pytest
from callers import Answer, Caller, Callers
from cast import ADMIN, AWA, CAST, DIOP, FALL, MOUSSA, NDIAYE, SARR, secret_of
from quart import Quart
from store import Clock, Store
from story import SECRET_KEY
from told import ACTS, READS, ROWS, UNKNOWN, Route, Told

from fadjma.identity import credentials, passwords
from fadjma.identity.people import Viewer
from fadjma.store import milliseconds

GUARDED = [route for route in [*ACTS, *READS, *ROWS] if not all(route.may(person) for person in CAST)]
# But the end of looking at a prescription, which reads nothing, and says no more to whoever never saw it.
WITH_ID = [route for route in [*ACTS, *READS, *ROWS] if route.has_id and not route.path.endswith("/closing")]
NEEDS_SOMEBODY = [route for route in ACTS if route.path not in ("/sign-out", "/language")]


async def _ask(caller: Caller, route: Route, told: Told, path: str = "") -> Answer:
    method = "POST" if route in ACTS else "GET"
    return await caller.ask(method, path or route.at(told), (route.body or {}) if method == "POST" else None)


def _in_turn(clinic: Callers, route: Route, every_way: bool) -> Iterator[tuple[Viewer, Caller]]:
    """Whoever may not, as a program, in a browser or by htmx by turns: it is one refusal in two forms."""
    for person in (person for person in CAST if not route.may(person)):
        turn = CAST.index(person) + GUARDED.index(route)
        ways = (clinic.program, clinic.browser, clinic.htmx)
        for way in ways if every_way else (ways[turn % 3],):
            yield person, way(person)


@pytest.mark.parametrize("route", GUARDED)
async def test_whoever_else_of_the_cast_is_refused_as_if_it_did_not_exist_and_nothing_changes(
    clinic: Callers, told: Told, store: Store, route: Route, every_way: bool
) -> None:
    before = store.content(readings=False)  # what was refused is written down, for the patient to see
    told_apart = []
    for person, caller in _in_turn(clinic, route, every_way):
        answer = await _ask(caller, route, told)
        assert answer.status in (403, 404), (person.id, answer.text)
        assert person is AWA or AWA.family_name not in answer.text
        if caller.sends_json:
            answer.problem(answer.status)
        if route.has_id and _plain(answer, told) != _plain(await _ask(caller, route, told, route.unknown), told):
            told_apart.append((person.id, caller))
    assert store.content(readings=False) == before
    for name, caller in told_apart:  # only by those who may see it, and not do this
        assert route in ACTS, name
        assert (await caller.get(route.at(told).rpartition("/")[0])).status == 200, name


STRANGE = ("%00", "%20", "%C3%A9", "%FF%FE", "%ED%A0%80", "a" * 3_000, "%27%20OR%201=1--", "{id}", "%0d%0aX:1", "%25")


@pytest.mark.parametrize("route", WITH_ID)
async def test_what_does_not_exist_is_not_found(
    clinic: Callers, told: Told, route: Route, store: Store, every_way: bool
) -> None:
    """The strange ids by turns: a few here, others at its neighbours."""
    before = store.content()
    for id in (UNKNOWN, *(STRANGE if every_way else STRANGE[WITH_ID.index(route) % 3 :: 3])):
        path = route.unknown.replace(UNKNOWN, id)
        (await _ask(clinic.program(route.who), route, told, path)).problem(404)
    for caller in (clinic.browser(route.who), clinic.htmx(route.who)):
        page = await _ask(caller, route, told, route.unknown.replace(UNKNOWN, "%0d%0aX:1"))
        assert page.status == 404
        assert "X" not in page.headers
    assert store.content() == before


class TestNobody:
    @pytest.mark.parametrize("route", [route for route in [*NEEDS_SOMEBODY, *READS] if route.path != "/"])
    async def test_is_told_to_sign_in_each_in_its_way(
        self, clinic: Callers, told: Told, route: Route, store: Store
    ) -> None:
        before = store.content()
        program = await _ask(clinic.nobody(json=True), route, told)
        program.problem(401)
        assert program.headers["WWW-Authenticate"] == "Bearer"
        browser = await _ask(clinic.nobody(), route, told)
        assert browser.status == 303
        assert browser.location.startswith("/sign-in")
        nobody = clinic.nobody()
        nobody.headers["HX-Request"] = "true"
        htmx = await _ask(nobody, route, told)
        assert (htmx.status, htmx.headers["HX-Redirect"]) == (401, "/sign-in")
        assert store.content() == before

    async def test_comes_from_the_home_page_to_the_sign_in_page(self, clinic: Callers) -> None:
        answer = await clinic.nobody().get("/")
        assert (answer.status, answer.location) == (303, "/sign-in")

    @pytest.mark.parametrize(
        ("header", "page", "location"),
        [
            ("HX-Current-URL", "{here}/prescriptions/1?x=2", "/sign-in?next=/prescriptions/1%3Fx%3D2"),
            ("Referer", "{here}/patients/1/records/new", "/sign-in?next=/patients/1/records/new"),
            ("Referer", "https://elsewhere.example/patients/1", "/sign-in"),
            ("Referer", "{here}//elsewhere.example/", "/sign-in"),
            ("HX-Current-URL", "http://[", "/sign-in"),
            ("Referer", "{here}", "/sign-in"),
        ],
    )
    async def test_comes_back_to_the_page_whose_form_they_sent(
        self, clinic: Callers, header: str, page: str, location: str
    ) -> None:
        nobody = clinic.nobody()
        nobody.headers[header] = page.format(here="http://clinic.test")
        nobody.headers["HX-Request"] = "true"
        answer = await nobody.post("/prescriptions/1/hold", {}, Host="clinic.test")
        assert (answer.status, answer.headers["HX-Redirect"]) == (401, location)
        text = (await clinic.nobody().get(location)).text
        assert ("revenir à votre page" in text) == ("next=/" in location and "//" not in location)

    @pytest.mark.parametrize("route", [route for route in [*NEEDS_SOMEBODY, *READS, *ROWS] if route.path != "/"])
    async def test_comes_not_as_far_as_the_database(
        self, app: Quart, clinic: Callers, told: Told, route: Route, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Least of all its one writer, for whom everybody waits who is at work."""
        path = route.at(told)
        for way in ("write", "read"):
            monkeypatch.setattr(app.extensions["database"], way, None)
        for caller in (clinic.nobody(json=True), clinic.bearer("forged")):
            (await _ask(caller, route, told, path)).problem(401)

    @pytest.mark.parametrize("route", NEEDS_SOMEBODY)
    async def test_has_no_password_hashed(
        self, clinic: Callers, told: Told, route: Route, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """That takes long, and who signs in waits for it."""
        await passwords.hash_of_nobodys()  # once for all
        hashed: list[str] = []
        hasher = passwords._hasher

        class Counting:
            def hash(self, password: str) -> str:
                hashed.append(password)
                return hasher.hash(password)

            def verify(self, *pair: str) -> bool:
                hashed.append(pair[1])
                return hasher.verify(*pair)

        monkeypatch.setattr(passwords, "_hasher", Counting())
        await _ask(clinic.nobody(json=True), route, told)
        assert hashed == []

    @pytest.mark.parametrize(
        ("where", "kind"),
        [
            ("/formulary/imports", "text/csv"),
            ("/patients/awa/papers", "multipart/form-data; boundary=b"),
            ("/papers/x/pages", "multipart/form-data; boundary=b"),
        ],
    )
    @pytest.mark.parametrize("cookie", ["", "fadjma=forged"])
    async def test_is_not_heard_to_the_end_of_a_file(self, app: Quart, where: str, kind: str, cookie: str) -> None:
        sent: list[dict[str, Any]] = []
        said = [{"type": "http.request", "body": b"x" * 70_000, "more_body": True}]

        async def receive() -> dict[str, Any]:
            return said.pop() if said else await asyncio.Future()  # the rest never comes

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = {"host": "localhost", "content-type": kind, "accept": "application/json", "cookie": cookie}
        scope = {
            **{"type": "http", "method": "POST", "path": where, "raw_path": where.encode(), "query_string": b""},
            **{"http_version": "1.1", "scheme": "http", "root_path": "", "client": ("10.0.0.9", 4), "extensions": {}},
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "asgi": {"spec_version": "2.1"},
        }
        await asyncio.wait_for(app(scope, receive, send), 20)
        assert sent[0]["status"] == 401

    @pytest.mark.parametrize("where", ["/events", "/api/events", "/events?after=3"])
    async def test_no_stream_opens(
        self, app: Quart, clinic: Callers, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.extensions["database"], "glance", None)
        for caller in (clinic.nobody(), clinic.bearer("forged")):
            assert (await caller.get(where)).status == 401

    @pytest.mark.parametrize(("where", "status"), [("/api/events", 401), ("/api/events?after=x", 400)])
    async def test_a_program_is_told_why_no_stream_opens(self, clinic: Callers, where: str, status: int) -> None:
        """As a problem document, as at every other address."""
        answer = await clinic.bearer("none").get(where)
        assert (answer.status, answer.type) == (status, "application/problem+json")
        assert (answer.json["type"], answer.json["status"]) == ("about:blank", status)
        assert answer.json["title"] and answer.json["detail"]
        assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)

    async def test_a_poll_that_asks_for_the_streams_text_is_told_so_too(self, clinic: Callers) -> None:
        """static/live.js asks so; a redirection to a page would be followed."""
        answer = await clinic.nobody().get("/notifications/poll?after=0", Accept="text/event-stream")
        assert answer.status == 401

    @pytest.mark.parametrize(
        "where",
        ["/patients?q=FJ-7K2MQ-0XW4D", "/accounts?q=a&before=b", "/access-requests/new?patient=awa", "/prescriptions"],
    )
    async def test_after_signing_in_one_is_where_one_wanted_to_be(self, clinic: Callers, where: str) -> None:
        nobody = clinic.nobody()
        led = await nobody.get(where)
        page = await nobody.get(led.location)
        action = page.text.split('<form method="post" action="/sign-in')[1].split('"')[0].replace("&amp;", "&")
        signed_in = await nobody.post(
            f"/sign-in{action}", {"login": "admin@demo.fadjma", "password": "demo-fadjma-2026"}
        )
        assert signed_in.location == where


def _jwt(**claims: object) -> str:
    now = milliseconds() // 1000
    usual = {"sub": "awa", "sid": secret_of("awa"), "iat": now, "exp": now + 600}
    return jwt.encode({**usual, **claims}, credentials.derive_key(SECRET_KEY, "jwt"), "HS256")


def _unsigned(algorithm: str, signature: str = "") -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    now = milliseconds() // 1000
    claims = {"sub": "awa", "sid": secret_of("awa"), "iat": now, "exp": now + 600}
    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}.{signature}"


def _missing(name: str) -> str:
    claims = jwt.decode(_jwt(), options={"verify_signature": False})
    del claims[name]
    return jwt.encode(claims, credentials.derive_key(SECRET_KEY, "jwt"), "HS256")


FORGED = {
    "expired": lambda: _jwt(exp=1),
    "of another session": lambda: _jwt(sid="a guess"),
    "with the session's id for its secret": lambda: _jwt(sid=AWA.session_id),
    "without expiry": lambda: _missing("exp"),
    "without session": lambda: _missing("sid"),
    "without person": lambda: _missing("sub"),
    "signed with another key": lambda: jwt.encode(
        {"sub": "awa", "sid": secret_of("awa"), "exp": 2**40}, "x" * 40, "HS256"
    ),
    "signed with the secret key itself": lambda: jwt.encode(
        {"sub": "awa", "sid": secret_of("awa"), "exp": 2**40}, SECRET_KEY, "HS256"
    ),
    "signed with another algorithm": lambda: jwt.encode(
        {"sub": "awa", "sid": secret_of("awa"), "exp": 2**40},
        credentials.derive_key(SECRET_KEY, "jwt") * 2,
        "HS512",
    ),
    "alg none": lambda: _unsigned("none"),
    "alg None": lambda: _unsigned("None"),
    "alg nOnE and a signature": lambda: _unsigned("nOnE", "AAAA"),
    "alg empty": lambda: _unsigned(""),
    "cut short": lambda: _jwt()[:-4],
    "changed in its last letter": lambda: _jwt()[:-1] + ("A" if _jwt()[-1] != "A" else "B"),
    "nothing": lambda: "",
    "not a token": lambda: "abc",
    "dots": lambda: "..",
    "long": lambda: "a" * 20_000,
    "not ASCII": lambda: "é.é.é",
}


class TestTokens:
    @pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
    async def test_that_are_no_good_are_401(self, clinic: Callers, store: Store, forge: object) -> None:
        before = store.content()
        caller = clinic.bearer(forge())  # type: ignore[operator]
        (await caller.get("/me")).problem(401)
        (await caller.post("/notifications/read", {"up_to": 3})).problem(401)
        assert (await caller.get("/api/events")).status == 401
        assert store.content() == before

    async def test_a_good_one_is_taken(self, clinic: Callers) -> None:
        assert (await clinic.bearer(_jwt()).get("/me")).json["id"] == "awa"

    @pytest.mark.parametrize("scheme", ["Basic", "Digest", "bearer:", "Token", ""])
    async def test_of_another_scheme_are_not_read(self, clinic: Callers, scheme: str) -> None:
        caller = clinic.bearer("")
        caller.headers["Authorization"] = f"{scheme} {_jwt()}".strip()
        (await caller.get("/me")).problem(401)

    async def test_a_token_in_the_address_is_not_read(self, clinic: Callers) -> None:
        token = _jwt()
        assert (await clinic.nobody(json=True).get(f"/me?access_token={token}&token={token}")).status == 401

    async def test_a_bad_token_does_not_fall_back_on_a_good_cookie(self, clinic: Callers) -> None:
        caller = clinic.json_browser(AWA)
        caller.headers["Authorization"] = "Bearer forged"
        (await caller.get("/me")).problem(401)

    @pytest.mark.parametrize(
        "cookie",
        [
            "",
            "forged",
            "ImF3YSI.Zm9v.YmFy",
            '"',
            "=;=",
            "é",
            "a" * 5_000,
            "%00",
            "ImEgZ3Vlc3Mi.ZZZZZZ.",
        ],
    )
    async def test_a_forged_cookie_is_401(self, clinic: Callers, cookie: str) -> None:
        caller = clinic.nobody(json=True)
        caller.headers["Cookie"] = f"fadjma={cookie}"
        (await caller.get("/me")).problem(401)

    async def test_our_cookie_is_found_among_others(self, clinic: Callers) -> None:
        caller = clinic.json_browser(AWA)
        caller.headers["Cookie"] = f'language=en; a; =; b="\\"; {caller.headers["Cookie"]} ;c=d=e'
        assert (await caller.get("/me")).json["id"] == "awa"

    def test_no_cookie_takes_long_to_read(self, app: Quart) -> None:
        """http.cookies takes seconds for so many backslashes."""
        begun = time.thread_time()
        for value in ('"' + "\\" * 60_000 + '"', '"' + "\\" * 60_000, "=" * 60_000, ";" * 60_000):
            assert credentials.secret_from(app, {"cookie": f"fadjma={value}"}, "http") is None
        assert time.thread_time() - begun < 0.5

    async def test_a_cookie_made_with_another_key_is_401(self, clinic: Callers, app: Quart) -> None:
        own, app.secret_key = app.secret_key, "another secret key, just as long as ours"
        caller = clinic.json_browser(AWA)
        app.secret_key = own
        (await caller.get("/me")).problem(401)

    async def test_a_cookie_older_than_twelve_hours_is_401_even_if_the_session_lives(
        self, clinic: Callers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caller = clinic.json_browser(AWA)
        assert (await caller.get("/me")).status == 200
        serializer = credentials.cookies.serializer_class
        monkeypatch.setattr("itsdangerous.timed.time.time", lambda real=milliseconds: real() / 1000 + 12 * 3600 + 60)
        assert serializer
        (await caller.get("/me")).problem(401)

    async def test_a_session_that_is_twelve_hours_old_is_401(self, clinic: Callers, clock: Clock) -> None:
        caller = clinic.program(AWA)
        clock.advance(hours=12)
        (await caller.get("/me")).problem(401)


class TestRightsThatEnd:
    async def test_a_revoked_grant_closes_the_file_at_once(self, clinic: Callers, told: Told) -> None:
        doctor = clinic.program(DIOP)
        assert (await doctor.get("/patients/awa/records")).status == 200
        await clinic.program(AWA).post(f"/access-requests/{told.granted}/revocation")
        for path in ("/patients/awa/records", f"/records/{told.record}", "/patients/awa/prescriptions/new"):
            (await doctor.get(path)).problem(404)

    async def test_a_grant_that_has_run_out_is_none_before_anybody_writes_it_down(
        self, clinic: Callers, store: Store, clock: Clock
    ) -> None:
        store.connection.execute(
            "UPDATE access_requests SET expires_at = ? WHERE status = 'approved'", (clock.now + 1,)
        )
        assert (await clinic.program(DIOP).get("/patients/awa/records")).status == 200
        clock.advance(milliseconds=1)
        (await clinic.program(DIOP).get("/patients/awa/records")).problem(404)

    @pytest.mark.parametrize(("scope", "allowed"), [("summary", False), ("prescriptions", False), ("full", True)])
    async def test_only_the_whole_file_can_be_written_in(
        self, clinic: Callers, told: Told, scope: str, allowed: bool, store: Store
    ) -> None:
        await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", {"scope": scope, "duration": "24h"})
        before = store.content()["records"]
        answer = await clinic.program(SARR).post(
            "/patients/awa/records", {"type": "consultation", "title": "Avis", "body": "Rien à signaler"}
        )
        assert answer.status == (201 if allowed else 403)
        assert (store.content()["records"] == before) is not allowed

    @pytest.mark.parametrize(("scope", "allowed"), [("summary", False), ("prescriptions", True), ("full", True)])
    async def test_the_summary_does_not_let_one_prescribe(
        self, clinic: Callers, told: Told, scope: str, allowed: bool
    ) -> None:
        await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", {"scope": scope, "duration": "24h"})
        line = {"medicine_id": "amoxicillin-1g", "dosage": "matin", "quantity": 1, "duration_days": 1}
        answer = await clinic.program(SARR).post("/patients/awa/prescriptions", {"lines": [line]})
        assert answer.status == (201 if allowed else 403)

    async def test_a_prescription_that_another_pharmacy_has_taken_is_gone(self, clinic: Callers, told: Told) -> None:
        assert (await clinic.program(FALL).get(f"/prescriptions/{told.open}")).status == 200
        await clinic.program(NDIAYE).post(f"/prescriptions/{told.open}/validation")
        (await clinic.program(FALL).get(f"/prescriptions/{told.open}")).problem(404)

    async def test_a_prescription_of_another_patient_is_not_copied_into_a_form(
        self, clinic: Callers, store: Store, told: Told
    ) -> None:
        """Two windows, wrong patient (openemr #409): the lines are those of the patient whose name is above them."""
        doctor, other = clinic.program(DIOP), clinic.program(MOUSSA)
        asked = await doctor.post("/access-requests", {"patient_id": "moussa", "reason": "Suivi"})
        await other.post(f"/access-requests/{asked.json['id']}/approval", {"scope": "full", "duration": "7d"})
        page = await clinic.browser(DIOP).get(f"/patients/moussa/prescriptions/new?replaces={told.refused}")
        assert page.status == 404

    async def test_the_admin_sees_nothing_medical(self, clinic: Callers, told: Told) -> None:
        admin = clinic.program(ADMIN)
        assert (await admin.get("/prescriptions")).json == {"items": []}
        assert (await admin.get("/access-requests")).json == {"items": []}


def _plain(answer: Answer, told: Told) -> tuple[int, list[str], str]:
    return answer.status, sorted(answer.headers.keys()), _without_ids(answer.text, told)


def _without_ids(text: str, told: Told) -> str:
    """A page says where it is (its language form leads back there): that is no answer."""
    here = re.compile(r'(name="next" value=")[^"]*|( aria-current="page")')
    return here.sub("", reduce(lambda text, id: text.replace(id, UNKNOWN), vars(told).values(), text))
