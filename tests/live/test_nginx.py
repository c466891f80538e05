"""Behind nginx: with nothing but `proxy_pass`, and with the README's own settings, taken from there."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from event_stream import Parser
from live_people import Clinic, seconds, until
from live_server import Server
from nginx import Nginx, as_it_is, as_the_readme_says

pytestmark = pytest.mark.xdist_group("nginx")  # its nginxes and their server are for all of the file

AT_ONCE = 10.0  # seconds; what nginx buffers waits for ever: until there are 4 KB of it
FOR_EVER = "max-age=31536000, immutable"
DOCTOR = {"login": "dr.diop@demo.fadjma", "password": "demo-fadjma-2026"}


@pytest.fixture(scope="module")
def bare(running: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("bare"), as_it_is(running.address)) as nginx:
        yield nginx


@pytest.fixture
async def behind_bare(bare: Nginx, clinic: Clinic) -> AsyncIterator[Clinic]:
    async with Clinic(clinic.server, bare.address) as behind:
        yield behind


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is set up as the README says for one behind nginx."""
    server = Server(tmp_path_factory.mktemp("trusting"), FADJMA_TRUSTED_PROXIES="127.0.0.1")
    server.start()
    yield server
    server.close()
    assert "Traceback" not in server.log and " ERROR " not in server.log, server.log


@pytest.fixture(scope="module")
def readme(trusting: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("readme"), as_the_readme_says(trusting.address)) as nginx:
        yield nginx


@pytest.fixture
async def behind_readme(trusting: Server, readme: Nginx) -> AsyncIterator[Clinic]:
    async with Clinic(trusting, readme.address) as behind:
        yield behind


class TestAsItIs:
    @pytest.mark.parametrize("path", ["/events", "/api/events"])
    async def test_each_event_passes_at_once(self, behind_bare: Clinic, path: str) -> None:
        await _passes_at_once(behind_bare, path)

    @pytest.mark.parametrize("deaf", [False, True])
    async def test_it_keeps_nothing_for_a_client_that_does_not_read(
        self, clinic: Clinic, tmp_path: Path, deaf: bool
    ) -> None:
        """By X-Accel-Buffering: without it nginx would take, and write to its disk, whatever we send."""
        # Of a response to HTTP/1.0, which ends with the connection, nginx keeps no file: it stops reading.
        ignore = f"proxy_http_version 1.1; {'proxy_ignore_headers X-Accel-Buffering; ' if deaf else ''}}}"
        doctor, fatou = clinic.doctor(), clinic.patient("Fatou" * 8_000)  # 40 KB in each event about her
        with Nginx(tmp_path / "nginx", as_it_is(clinic.server.address).replace("}", ignore)) as nginx:
            async with Clinic(clinic.server, nginx.address) as behind:
                await behind.stream(doctor, "/events", after=0, unwilling=True)
                await clinic.events(doctor, fatou, 80)
                if deaf:
                    await until(lambda: "buffered to a temporary file" in nginx.log)
                else:
                    await asyncio.sleep(0.2)
                    assert "buffered to a temporary file" not in nginx.log

    async def test_whom_it_gives_up_comes_back_and_misses_nothing(self, clinic: Clinic, tmp_path: Path) -> None:
        impatient = as_it_is(clinic.server.address).replace("}", "proxy_read_timeout 1s; }")
        doctor, awa = clinic.doctor(), clinic.patient()
        with Nginx(tmp_path / "impatient", impatient) as nginx:
            async with Clinic(clinic.server, nginx.address) as behind:
                follower = behind.follow(awa)
                follower.pause = 0.3
                for times in (1, 2):
                    await until(lambda times=times: nginx.log.count("upstream timed out") == times)
                    await clinic.events(doctor, awa, 2)  # while nobody listens
                    await clinic.has_seen_all(awa, follower)
        assert follower.connections == 3

    async def test_nobody_reads_the_figures_through_it(self, running: Server, bare: Nginx) -> None:
        assert await _figures(running.address) == 200
        assert await _figures(bare.address) == 404


class TestAsTheReadmeSays:
    @pytest.mark.parametrize("path", ["/events", "/api/events"])
    async def test_each_event_passes_at_once(self, behind_readme: Clinic, path: str) -> None:
        await _passes_at_once(behind_readme, path)

    async def test_also_over_tls_and_http_2_as_browsers_have_it(self, behind_readme: Clinic, readme: Nginx) -> None:
        doctor, awa = behind_readme.doctor(), behind_readme.patient()
        found, parser = [], Parser()
        async with httpx.AsyncClient(base_url=readme.secure_address, verify=False, http2=True) as browser:
            cookie = {"Cookie": "__Host-" + awa.session.cookie["Cookie"]}  # its name over TLS
            async with browser.stream("GET", "/events", headers=cookie) as answer:
                assert (answer.http_version, answer.status_code) == ("HTTP/2", 200)
                async with asyncio.timeout(AT_ONCE):
                    async for chunk in answer.aiter_raw():
                        found += parser.feed(chunk)
                        if len(found) == 2:
                            break
                        await behind_readme.events(doctor, awa, 1)
        assert [(event.type, event.seq) for event in found] == [("hello", 0), ("new_access_request", 1)]

    async def test_people_sign_in_also_with_browsers_that_only_say_their_origin(
        self, trusting: Server, readme: Nginx
    ) -> None:
        for address in (readme.address, readme.secure_address):
            async with _browser(address) as browser:
                refused = await browser.post("/sign-in", data=DOCTOR, headers={"Origin": "https://other.example"})
                assert refused.status_code == 403
                signed_in = await browser.post("/sign-in", data=DOCTOR, headers={"Origin": address})
                assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
                assert "Ousmane Diop" in (await browser.get("/")).text

    async def test_address_and_tls_are_seen_as_they_are(self, behind_readme: Clinic, readme: Nginx) -> None:
        made_up = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Sec-Fetch-Site": "same-origin"}
        async with _browser(readme.address, "127.0.0.5") as plain, _browser(readme.secure_address, "127.0.0.6") as tls:
            answers = [await browser.post("/sign-in", data=DOCTOR, headers=made_up) for browser in (plain, tls)]
        assert ["Secure" in answer.headers["set-cookie"] for answer in answers] == [False, True]
        assert ["strict-transport-security" in answer.headers for answer in answers] == [False, True]
        sql = "SELECT address FROM sessions WHERE address LIKE '127.0.0._' OR address LIKE '203.%' ORDER BY created_at"
        assert [address for (address,) in behind_readme.store.rows(sql)][-2:] == ["127.0.0.5", "127.0.0.6"]

    async def test_pages_and_files_come_as_the_server_packs_them(
        self, trusting: Server, behind_readme: Clinic, readme: Nginx
    ) -> None:
        cookie = behind_readme.patient().session.cookie
        async with _browser(trusting.address) as direct, _browser(readme.address) as behind:
            page = (await behind.get("/", headers=cookie)).text
            files = sorted(set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page)))
            assert len(files) == 4
            for path in ("/", "/notifications", *files):
                expected, got = [await one.get(path, headers=cookie) for one in (direct, behind)]
                assert got.status_code == 200 and _packing(got) == _packing(expected)
                assert got.headers["content-encoding"] == "gzip"
                assert got.headers["cache-control"] == (FOR_EVER if path in files else "no-store")

    async def test_nobody_reads_the_figures_through_it(self, trusting: Server, readme: Nginx) -> None:
        assert await _figures(trusting.address) == 200
        assert [await _figures(address) for address in (readme.address, readme.secure_address)] == [404, 404]

    async def test_it_may_be_reloaded_and_restarted_while_people_work(self, trusting: Server, tmp_path: Path) -> None:
        with Nginx(tmp_path / "own", as_the_readme_says(trusting.address)) as nginx:
            async with Clinic(trusting) as clinic, Clinic(trusting, nginx.address) as behind:
                doctor, awa = clinic.doctor(), clinic.patient()
                followers = {one: behind.follow(one) for one in (doctor, awa)}
                working = asyncio.create_task(clinic.work(doctor, awa, seconds(2)))
                await asyncio.sleep(0.5)
                await asyncio.to_thread(nginx.reload)
                await asyncio.sleep(0.5)
                assert {follower.connections for follower in followers.values()} == {1}, "a reload ends no stream"
                await asyncio.to_thread(nginx.stop)
                await asyncio.sleep(0.3)
                await asyncio.to_thread(nginx.start)
                await working
                for one, follower in followers.items():
                    await clinic.has_seen_all(one, follower)
                    assert follower.connections == 2, "a restart ends them all"


async def _passes_at_once(behind: Clinic, path: str) -> None:
    """The greeting, and each event before the next one is made."""
    doctor, awa = behind.doctor(), behind.patient()
    async with asyncio.timeout(AT_ONCE):
        stream = await behind.listening(awa, path)
    request_id = await behind.ask(doctor, awa)
    assert [event.seq for event in await stream.news(1, within=AT_ONCE)] == [1]
    await behind.withdraw(doctor, request_id)
    assert [event.seq for event in await stream.news(1, within=AT_ONCE)] == [2]


def _browser(address: str, own_address: str = "127.0.0.1") -> httpx.AsyncClient:
    """Keeps cookies, takes gzip, and connects from an address of its own."""
    transport = httpx.AsyncHTTPTransport(verify=False, local_address=own_address)
    return httpx.AsyncClient(base_url=address, transport=transport, headers={"Accept-Encoding": "gzip"})


def _packing(answer: httpx.Response) -> dict[str, str | None]:
    names = ("content-type", "content-encoding", "cache-control", "vary", "content-security-policy")
    return {name: answer.headers.get(name) for name in names}


async def _figures(address: str) -> int:
    async with _browser(address) as browser:
        return (await browser.get("/metrics")).status_code


@pytest.mark.parametrize(("size", "status"), [(9_900_000, 422), (10_600_000, 413)])
async def test_a_file_of_ten_megabytes_is_for_fadjma_to_take_or_refuse(readme: Nginx, size: int, status: int) -> None:
    """nginx takes one megabyte by itself, and says so in English."""
    async with httpx.AsyncClient(base_url=readme.address, trust_env=False, timeout=60) as awa:
        signed_in = await awa.post("/api/token", json={"email": "awa@demo.fadjma", "password": DOCTOR["password"]})
        awa.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
        path = f"/patients/{(await awa.get('/me')).json()['id']}/papers"
        answer = await awa.post(path, data={"title": "Analyse"}, files={"file": ("a.png", bytes(size), "image/png")})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text


async def test_a_form_that_is_too_large_is_refused_in_our_words(readme: Nginx) -> None:
    """nginx still sends when we answer: it would say 502, and take this process for dead where there are others."""
    async with httpx.AsyncClient(base_url=readme.address, trust_env=False, timeout=60) as client:
        form = {"given_name": "a" * 900_000}
        answers = [await client.post("/register", data=form, headers={"Accept": "application/json"}) for _ in range(5)]
    assert {(answer.status_code, answer.headers["Content-Type"]) for answer in answers} == {
        (413, "application/problem+json")
    }
