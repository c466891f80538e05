"""What stands around every answer: headers, refused look-alikes of requests, and nothing of an address in the log.

The headers of every page and act are looked at where test_answers.py asks for them.
"""

import logging
from typing import Any

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, NDIAYE
from guards import ALWAYS, PAGES, guarded
from quart import Quart
from store import Store
from told import Told

from fadjma.identity import credentials
from fadjma.live.stream import StreamEndpoint
from fadjma.web import security

FOR_A_DAY = ("offline.worker", "offline.manifest", "offline.icon")  # the same for everybody, and of nobody


@pytest.mark.parametrize("where", ["/nowhere", "/records//x", "/sign-in", "/health", "/static/nothing.js", "/metrics"])
async def test_what_nobody_asked_for_by_name_has_the_usual_headers(clinic: Callers, where: str) -> None:
    guarded((await clinic.nobody().get(where)).headers)


@pytest.mark.long
async def test_and_every_other_route_there_is(clinic: Callers, app: Quart) -> None:
    streams = ("/events", "/api/events")  # these stay open: below
    for rule in [rule for rule in app.url_map.iter_rules() if rule.rule not in streams]:
        where = rule.build(dict.fromkeys(rule.arguments, "1"), append_unknown=False)
        assert where
        answer = await clinic.browser(ADMIN).get(where[1])
        if answer.status != 204 and rule.endpoint != "assets.static":
            kept = {"Cache-Control": "public"} if rule.endpoint in FOR_A_DAY else {}
            guarded(answer.headers, ALWAYS | PAGES | kept)


@pytest.mark.parametrize("where", ["/events?after=x", "/events", "/api/events"])
async def test_a_refused_stream_too(clinic: Callers, where: str) -> None:
    guarded((await clinic.nobody().get(where)).headers, ALWAYS)


def test_an_open_stream_too(app: Quart) -> None:
    endpoint = app.asgi_app.app  # type: ignore[attr-defined]
    assert isinstance(endpoint, StreamEndpoint)
    headers = {name.decode().title(): value.decode() for name, value in endpoint._response_headers({})}
    guarded(headers, {name: value for name, value in ALWAYS.items() if "Policy" not in name or "Resource" in name})


class TestTheCookie:
    async def test_over_tls_nobody_else_can_set_it(self, clinic: Callers) -> None:
        token = clinic.cookie(AWA)["Cookie"].partition("=")[2]
        browser = clinic.nobody(scheme="https")
        assert (await browser.get("/me", Cookie=f"__Host-fadjma={token}", Accept="application/json")).status == 200
        assert (await browser.get("/me", Cookie=f"fadjma={token}", Accept="application/json")).status == 401

    async def test_on_plain_http_it_has_its_plain_name(self, clinic: Callers) -> None:
        assert credentials.COOKIE in clinic.cookie(AWA)["Cookie"]
        assert (await clinic.browser(AWA).get("/me")).status == 200

    async def test_a_page_over_tls_commits_the_browser_to_it(self, clinic: Callers) -> None:
        answer = await clinic.browser(AWA, scheme="https").get("/")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"

    async def test_a_proxy_that_is_not_trusted_is_named_once(
        self, clinic: Callers, caplog: pytest.LogCaptureFixture
    ) -> None:
        security._warn_of_proxy.cache_clear()
        with caplog.at_level(logging.WARNING, "fadjma.requests"):
            for _ in range(3):
                await clinic.nobody(address="192.0.2.7").get("/sign-in", X_Forwarded_Proto="https")
        assert [record.getMessage().count("192.0.2.7") for record in caplog.records] == [1]


class TestFetchedAhead:
    AHEAD = (
        {"Sec_Purpose": "prefetch"},
        {"Sec_Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X_Purpose": "preview"},
        {"X_Moz": "prefetch"},
    )

    @pytest.mark.parametrize("headers", AHEAD, ids=str)
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    async def test_nothing_is_shown_nor_written(
        self, clinic: Callers, told: Told, store: Store, headers: dict[str, str], method: str
    ) -> None:
        before = store.content()
        for person, where in ((DIOP, "/patients/awa/records"), (NDIAYE, f"/prescriptions/{told.ready}")):
            answer = await clinic.browser(person).ask(method, where, **headers)
            assert (answer.status, answer.body) == (503, b"")
        assert store.content() == before

    async def test_files_may_be(self, clinic: Callers) -> None:
        page = (await clinic.nobody().get("/sign-in")).text
        file = page.partition('href="/static/')[2].partition('"')[0]
        assert (await clinic.nobody().get(f"/static/{file}", Sec_Purpose="prefetch")).status == 200


class TestOddAddresses:
    ODD = ("/records//x", "//evil.example/", "/patients//x/records", "/a//%0aINJECTED", "/records/x//", "/%0d%0aX:y//z")

    @pytest.mark.parametrize("where", ODD)
    async def test_lead_nowhere_and_leave_nothing_in_the_log(
        self, clinic: Callers, caplog: pytest.LogCaptureFixture, where: str
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            for caller in (clinic.nobody(), clinic.browser(AWA), clinic.nobody(json=True), clinic.program(DIOP)):
                answer = await caller.get(where, Host="evil.example")
                assert answer.status == 404
                assert "evil.example" not in answer.location
        assert not [line for line in caplog.messages if "INJECTED" in line or "evil" in line or "\n" in line]

    @pytest.mark.parametrize("hosts", [(b"a", b"b"), (b"a", b"a"), (), (b"a b",), (b"a/b",), (b"",)], ids=str)
    async def test_two_hosts_or_none_are_refused(self, app: Quart, hosts: tuple[bytes, ...]) -> None:
        for path in ("/sign-in", "/events", "/health"):
            sent: list[dict[str, Any]] = []

            async def send(message: dict[str, Any], sent: list[dict[str, Any]] = sent) -> None:
                sent.append(message)

            scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", host) for host in hosts]}
            await app.asgi_app(scope | {"http_version": "1.1"}, None, send)  # type: ignore[arg-type]
            assert sent[0]["status"] == 400

    @pytest.mark.parametrize("query", [b"q=\xff", b"next=/\xe9", b"\x80"])
    async def test_an_address_that_is_no_text_is_refused(self, app: Quart, query: bytes) -> None:
        """It was decoded outside of every error handler: a traceback, and no answer of ours."""
        for path in ("/sign-in", "/events", "/health"):
            sent: list[dict[str, Any]] = []

            async def send(message: dict[str, Any], sent: list[dict[str, Any]] = sent) -> None:
                sent.append(message)

            scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"a")], "query_string": query}
            await app.asgi_app(scope | {"http_version": "1.1"}, None, send)  # type: ignore[arg-type]
            assert sent[0]["status"] == 400
