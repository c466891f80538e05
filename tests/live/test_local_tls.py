"""Behind Caddy with its own authority and a local name, set up as docs/local-tls.md says; nothing asks the internet."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from caddy import Caddy
from forked import REAL_TIME, ROOT
from live_server import SECRET_KEY, Server

pytestmark = pytest.mark.xdist_group("nginx")  # one server for all of the file
_ASK = """
import json, os, socket, sys, time
from pathlib import Path
from fadjma import doctor
from fadjma.config import Settings
from fadjma.store import at

find = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: find("127.0.0.1" if host == "fadjma.local" else host, *rest, **more)
_, database, url, *roots = sys.argv
for root in roots:
    os.environ["SSL_CERT_FILE"] = root  # caddy.py
    question = doctor.Question(Settings.from_environment(), at("sqlite:///" + database), int(time.time() * 1000), url)
    print(json.dumps({said.label: said.advice for said in doctor.examine(question)}))
"""
SIGN_IN = ("-d", "login=dr.diop@demo.fadjma", "--data-urlencode", "password=demo-fadjma-2026")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("local"), FADJMA_TRUSTED_PROXIES="127.0.0.1")
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def caddy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caddy]:
    with Caddy(tmp_path_factory.mktemp("caddy"), server.address) as caddy:
        yield caddy


def test_a_device_that_knows_the_authority_is_served_by_name(caddy: Caddy) -> None:
    page = caddy.curl("/sign-in", "--cacert", str(caddy.root), "-i")
    assert page.returncode == 0, page.stderr
    assert "strict-transport-security" in page.stdout.lower(), "FADJMA knows that it is https"
    signed_in = caddy.curl("/sign-in", "--cacert", str(caddy.root), "-i", *SIGN_IN, "-H", "Sec-Fetch-Site: same-origin")
    assert re.search(r"^set-cookie: __Host-fadjma=.*Secure", signed_in.stdout, re.IGNORECASE | re.MULTILINE)


def test_one_that_does_not_is_warned(caddy: Caddy) -> None:
    refused = caddy.curl("/sign-in")
    assert refused.returncode == 60, "curl: the certificate cannot be verified"


def test_a_device_fetches_the_authority_and_is_led_to_https(caddy: Caddy) -> None:
    fetched = caddy.curl("/fadjma.crt", "-i", scheme="http")
    assert caddy.root.read_text().strip() in fetched.stdout
    assert "application/x-x509-ca-cert" in fetched.stdout
    assert "location: https://fadjma.local/patients" in caddy.curl("/patients", "-i", scheme="http").stdout.lower()
    assert "KEY" not in caddy.curl("/root.key", "-L", "-k", scheme="http").stdout


def test_the_stream_passes_at_once(caddy: Caddy) -> None:
    known = ("--cacert", str(caddy.root), "-H", "Content-Type: application/json")
    credentials = json.dumps({"email": "dr.diop@demo.fadjma", "password": "demo-fadjma-2026"})
    token = json.loads(caddy.curl("/api/token", *known, "-d", credentials).stdout)["access_token"]
    stream = caddy.curl("/api/events", *known, "-N", "--max-time", "2", "-H", f"Authorization: Bearer {token}")
    assert "event:" in stream.stdout, "nothing is kept back until there is more"


def test_the_doctor_says_that_it_is_well(caddy: Caddy, server: Server, tmp_path: Path) -> None:
    for well, found in zip((False, True), _advice(caddy, server, tmp_path / "none", caddy.root), strict=True):
        assert (found["TLS"] == "", found["Proxy"] == "") == (well, True), found


def _advice(caddy: Caddy, server: Server, *roots: Path) -> list[dict[str, str]]:
    """What the doctor says by its labels, where the name leads here; for each of those whom the machine trusts."""
    asked = [sys.executable, "-c", _ASK, str(server.database), f"https://fadjma.local:{caddy.port}", *map(str, roots)]
    environment = {**REAL_TIME, "FADJMA_SECRET_KEY": SECRET_KEY}
    answer = subprocess.run(asked, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]
