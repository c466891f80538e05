"""Opening a stream: who may, what comes first, in which form."""

import asyncio
import re

import pytest
from event_stream import WITHIN, Ended
from live_people import Clinic, Session
from live_server import ORIGIN

from fadjma.events.catalogue import MESSAGES
from fadjma.i18n import translate

PATHS = ["/events", "/api/events"]


@pytest.mark.parametrize("path", PATHS)
async def test_the_first_bytes_come_at_once_with_the_cursor(clinic: Clinic, path: str) -> None:
    awa, diop = clinic.patient(), clinic.doctor()
    await clinic.events(diop, awa, 2)
    stream = await clinic.stream(awa, path)
    hello = await stream.event(within=2)
    assert (stream.status, hello.type, hello.seq, hello.data) == (200, "hello", 2, "")


async def test_the_cursor_is_said_even_when_nothing_was_ever_sent(clinic: Clinic) -> None:
    """socket.io #5282: without it, whoever is cut before their first event has nothing to come back with."""
    stream = await clinic.stream(clinic.patient())
    assert (await stream.event(within=2)).seq == 0


async def test_the_return_is_spread(clinic: Clinic) -> None:
    awa, retries = clinic.patient(), set()
    for _ in range(6):
        stream = await clinic.listening(awa)
        assert stream.parser.retry is not None and 1_000 <= stream.parser.retry <= 5_000
        retries.add(stream.parser.retry)
        await stream.close()
    assert len(retries) > 1


@pytest.mark.parametrize("path", PATHS)
async def test_headers_keep_proxies_and_caches_away(clinic: Clinic, path: str) -> None:
    stream = await clinic.stream(clinic.patient(), path)
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in stream.headers and "content-length" not in stream.headers


@pytest.mark.parametrize("path", PATHS)
async def test_a_connection_is_its_streams_to_the_end(clinic: Clinic, path: str) -> None:
    """What a client sends behind its request is not answered, and harms nothing."""
    awa, diop = clinic.patient(), clinic.doctor()
    stream = await clinic.listening(awa, path)
    assert stream.headers["connection"] == "close"
    await stream.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET ")
    await clinic.ask(diop, awa)
    assert [event.seq for event in await stream.news(1)] == [1]
    await clinic.post(awa, "/sign-out")
    assert await stream.bye(2) == "signed_out"
    with pytest.raises(Ended):
        await stream.event(within=WITHIN)
    assert stream.complete and b"HTTP/1.1" not in stream.raw


@pytest.mark.parametrize("path", PATHS)
async def test_lines_end_with_lf_only(clinic: Clinic, path: str) -> None:
    """Also when what a person typed has another kind of line."""
    awa, diop = clinic.patient("Awa\r\nNdeye"), clinic.doctor("Di\rop")
    stream = await clinic.listening(diop, path)
    mine = await clinic.listening(awa, path)
    await clinic.ask(diop, awa)
    await stream.news(1)
    await mine.news(1)
    assert b"\r" not in stream.raw + mine.raw
    assert stream.raw.endswith(b"\n\n")


async def test_browsers_get_html_and_programs_json(clinic: Clinic) -> None:
    awa, diop = clinic.patient(), clinic.doctor()
    html, json = await clinic.listening(awa, "/events"), await clinic.listening(awa)
    request_id = await clinic.ask(diop, awa)
    (shown,), (told,) = await html.news(1), await json.news(1)
    assert (shown.type, shown.seq) == (told.type, told.seq) == ("new_access_request", 1)
    assert shown.data.startswith("<a class=toast ") and f"<li id=a{request_id} " in shown.data
    assert told.json.keys() == {"seq", "type", "message", "subject", "created_at"}
    assert told.json["seq"] == 1 and told.json["type"] == "new_access_request"
    assert told.json["message"] == "Un médecin demande l'accès à votre dossier"
    assert told.json["subject"] == {"kind": "access_request", "id": request_id}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", told.json["created_at"])


async def test_each_is_spoken_to_in_their_own_language(clinic: Clinic) -> None:
    awa, diop = clinic.patient(), clinic.doctor()
    clinic.store.write(lambda tx: tx.execute("UPDATE users SET language = 'en' WHERE id = ?", (awa.id,)))
    english, french = await clinic.listening(awa), await clinic.listening(diop)
    request_id = await clinic.ask(diop, awa)
    await clinic.act(awa, f"/access-requests/{request_id}/rejection")
    told = (await english.news(1))[0].json["message"], (await french.news(2))[1].json["message"]
    asked, refused = MESSAGES["access.requested"], MESSAGES["access.rejected"]
    assert told == (translate("en", asked), refused) and told[0] != asked


async def test_signing_in_is_enough(clinic: Clinic) -> None:
    """The whole way of a program: a token for a password, then the stream."""
    nobody = Session("nobody", "no secret")
    signed = await clinic.post(nobody, "/api/token", email="awa@demo.fadjma", password="demo-fadjma-2026")
    stream = await clinic.connect("/api/events", {"Authorization": f"Bearer {signed.json()['access_token']}"})
    assert (await stream.event()).type == "hello"


class TestWhoMayNot:
    @pytest.mark.parametrize("path", PATHS)
    async def test_nobody(self, clinic: Clinic, path: str) -> None:
        stream = await clinic.connect(path, {})
        program = path.startswith("/api")
        assert stream.status == 401 and stream.complete == (not program)  # a page gets nothing to read
        assert stream.headers.get("content-type") == ("application/problem+json" if program else None)
        assert stream.headers.get("www-authenticate") == ("Bearer" if program else None)

    @pytest.mark.parametrize("path", PATHS)
    async def test_a_forged_session(self, clinic: Clinic, path: str) -> None:
        awa = clinic.patient()
        genuine = awa.session.bearer["Authorization"]
        forged = [
            {"Authorization": genuine[:-4] + ("AAAA" if genuine[-4:] != "AAAA" else "BBBB")},
            {"Authorization": "Bearer x.y.z"},
            {"Authorization": "Basic YXdhOmF3YQ=="},
            {"Cookie": f"fadjma={awa.session.secret}"},
            {"Cookie": awa.session.cookie["Cookie"] + "x"},
            {"Cookie": 'fadjma="'},
            Session(awa.id, "a secret that no session has").cookie,
            Session(awa.id, "a secret that no session has").bearer,
        ]
        assert [(await clinic.connect(path, headers)).status for headers in forged] == [401] * len(forged)

    @pytest.mark.parametrize("path", PATHS)
    async def test_an_ended_session(self, clinic: Clinic, path: str) -> None:
        awa = clinic.patient()
        other = clinic.session(awa.id)
        await clinic.post(other, "/sign-out")
        assert (await clinic.stream(other, path)).status == 401
        assert (await clinic.stream(awa, path)).status == 200

    async def test_an_idle_session(self, clinic: Clinic) -> None:
        awa = clinic.patient()
        clinic.store.write(lambda tx: tx.execute("UPDATE sessions SET last_active_at = 0 WHERE user_id = ?", (awa.id,)))
        assert (await clinic.stream(awa)).status == 401

    async def test_a_deactivated_person(self, clinic: Clinic) -> None:
        awa = clinic.patient()
        clinic.store.write(lambda tx: tx.execute("UPDATE users SET status = 'deactivated' WHERE id = ?", (awa.id,)))
        assert (await clinic.stream(awa)).status == 401

    async def test_an_old_tab_does_not_follow_whoever_signed_in_after(self, clinic: Clinic) -> None:
        awa, moussa = clinic.patient(), clinic.patient("Moussa")
        assert (await clinic.stream(awa, "/events", user=moussa.id)).status == 403
        assert (await clinic.stream(awa, "/events", user=awa.id)).status == 200


class TestOtherSites:
    async def test_may_read_only_when_they_are_named(self, clinic: Clinic) -> None:
        awa = clinic.patient()
        named = await clinic.connect("/api/events", {**awa.session.bearer, "Origin": ORIGIN})
        other = await clinic.connect("/api/events", {**awa.session.bearer, "Origin": "https://evil.example"})
        assert named.headers["access-control-allow-origin"] == ORIGIN and named.headers["vary"] == "Origin"
        assert "access-control-allow-origin" not in other.headers

    async def test_a_named_one_is_allowed_to_send_its_token(self, clinic: Clinic) -> None:
        """The Fetch standard's preflight: the answer must be a success, and name the Authorization header."""
        asking = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        response = await clinic.preflight("/api/events", asking | {"Access-Control-Request-Headers": "authorization"})
        assert response.is_success
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert "authorization" in response.headers["access-control-allow-headers"].lower()


async def test_a_thirteenth_stream_replaces_the_oldest(clinic: Clinic) -> None:
    awa = clinic.patient()
    streams = [await clinic.listening(awa) for _ in range(12)]
    newest = await clinic.listening(awa)
    assert await streams[0].bye(within=2) == "replaced"
    diop = clinic.doctor()
    await clinic.ask(diop, awa)
    told = await asyncio.gather(*(stream.news(1) for stream in [*streams[1:], newest]))
    assert [[event.seq for event in events] for events in told] == [[1]] * 12
