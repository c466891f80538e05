"""The demo's year of content, read as a person would: every page that a link leads to, for each of the cast."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from callers import Answer, Caller, Callers
from demo_database import demo_database, empty_database
from quart import Quart, testing

from fadjma import create_app, demo
from fadjma.config import Settings
from fadjma.identity import passwords
from fadjma.live import hub
from fadjma.store import Database
from fadjma.web import assets

PAGES = 40  # for each person
KB = 1024
FIRST_LINES = 17 + 37 + 2  # bytes: the status, the date that uvicorn adds, and the empty line
STREAM = 280  # bytes: the answer that opens it, with its first event
MARGIN = 0.97  # of a budget that each new text grows into


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def demo_app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Quart]:
    """The program as `FADJMA_DEMO=1` starts it the next time, background tasks and all."""
    database = tmp_path_factory.mktemp("demo") / "fadjma.db"
    database.write_bytes(demo_database())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub, "SWEEP_EVERY", 0.2)
        app = create_app(Settings(demo=True, database_url=f"sqlite:///{database}"))
        async with testing.TestApp(app, startup_timeout=120):
            yield app


async def test_the_first_start_acts_the_year_out_and_no_other_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the password that the sign-in page shows; what is acted out is what `demo_database` is made of."""
    empty, told = empty_database(), demo_database()
    filled: list[str] = []
    monkeypatch.setattr(demo, "fill", lambda tx, password_hash: filled.append(password_hash))
    for name, content, times in (("first", empty, 1), ("next", told, 0)):
        (tmp_path / name).write_bytes(content)
        filled.clear()
        async with testing.TestApp(create_app(Settings(demo=True, database_url=f"sqlite:///{tmp_path / name}"))):
            assert len(filled) == times, name
        assert times == 0 or await passwords.verify(demo.DEMO_PASSWORD, filled) == 0


async def _sign_in(app: Quart, email: str) -> Caller:
    jar = Callers(app).nobody()
    answer = await jar.post("/sign-in", {"login": email, "password": demo.DEMO_PASSWORD})
    assert (answer.status, answer.location) == (303, "/")
    return jar


def _links(page: str) -> list[str]:
    found = re.findall(r"""<a [^>]*?href=["']?(/[^"'\s>#]*)""", page)
    return [link.replace("&amp;", "&") for link in found if not link.startswith(("/static", "/register"))]


def _said_badly(page: str) -> list[str]:
    """Words that stand twice in one line, « Pharmacie Pharmacie », and genders left open, « né(e) »."""
    main = page.partition("<main")[2]
    text = re.sub(r"</?(a|b|bdi|small|span|time)\b[^>]*>", " ", re.sub(r"</option>", "<option>", main))
    lines = [html.unescape(line) for line in re.split("<[^>]*>", text)]
    found = [re.search(r"\b([^\W\d_]{4,})\b[\s:,(]+\1\b|\w\(e\)", line, re.IGNORECASE) for line in lines]
    return [match[0] for match in found if match]


def test_what_is_said_badly_is_found() -> None:
    assert _said_badly("<main><p><b>Pharmacie</b> <bdi>Pharmacie Jamm</bdi>")
    assert _said_badly("<main><p>Allergie : allergie à la pénicilline")
    assert _said_badly("<main><p>Patient(e)")
    assert not _said_badly("<main><li><a>Ordonnance</a><li><a>Ordonnance du 3 mars</a>")


@pytest.mark.parametrize("account", demo.ACCOUNTS, ids=[account.email for account in demo.ACCOUNTS])
async def test_every_link_leads_somewhere(demo_app: Quart, account: demo.Account) -> None:
    person = await _sign_in(demo_app, account.email)
    seen, waiting = {"/"}, ["/"]
    while waiting and len(seen) < PAGES:
        here = waiting.pop(0)
        answer = await person.get(here)
        assert answer.status == 200, here
        assert _said_badly(answer.text) == [], here
        new = [link for link in dict.fromkeys(_links(answer.text)) if link not in seen]
        seen.update(new)
        waiting += new
    assert len(seen) > 5


@pytest.mark.parametrize("account", demo.ACCOUNTS, ids=[account.email for account in demo.ACCOUNTS])
async def test_every_list_is_json_too(demo_app: Quart, account: demo.Account) -> None:
    person = await _sign_in(demo_app, account.email)
    for where in ("/notifications", "/sessions", "/access-requests", "/prescriptions", "/notifications/poll?after=0"):
        answer = await person.get(where, Accept="application/json")
        assert answer.status in (200, 204)
        assert answer.type == "application/json" or answer.status == 204


async def test_the_sign_in_page_shows_the_demo_accounts(demo_app: Quart) -> None:
    page = (await Callers(demo_app).nobody().get("/sign-in")).text
    assert all(account.email in page for account in demo.ACCOUNTS)
    assert demo.DEMO_PASSWORD in page


async def test_and_only_in_demo_mode(clinic: Callers) -> None:
    page = (await clinic.nobody().get("/sign-in")).text
    assert demo.DEMO_PASSWORD not in page
    assert "demo.fadjma" not in page


async def test_the_key_is_kept_in_the_database_so_that_a_restart_signs_nobody_out(
    demo_app: Quart, tmp_path: Path
) -> None:
    database: Database = demo_app.extensions["database"]
    kept = await database.read(lambda tx: tx.value("SELECT value FROM settings WHERE key = 'demo_secret_key'"))
    assert demo_app.secret_key == kept
    assert len(kept) >= 48


@pytest.mark.parametrize("account", demo.ACCOUNTS, ids=[account.email for account in demo.ACCOUNTS])
async def test_a_first_visit_and_the_next_stay_small(demo_app: Quart, account: demo.Account) -> None:
    """benchmarks/visits.py measures the same in a browser."""
    person = await _sign_in(demo_app, account.email)
    page = (await person.get("/")).text
    files = sorted(set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page)))
    files += [assets.url("beside.js")] if 'id="on"' in page else []  # page.js fetches it at once
    sizes = {where: _whole(await person.get(where, Accept_Encoding="gzip, br")) for where in ("/", *files)}
    assert STREAM + sum(sizes.values()) <= 30 * KB, sizes
    assert STREAM + sizes["/"] <= MARGIN * 4 * KB


def _whole(answer: Answer) -> int:
    """The bytes of an answer as they go over the wire, headers and all."""
    headers = sum(len(f"{name}: {value}\r\n".encode()) for name, value in answer.headers.items())
    return FIRST_LINES + headers + len(answer.body)
