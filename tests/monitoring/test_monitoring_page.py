"""GET /monitoring: for admins, as page, as fragment that fetches itself anew, and as JSON."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from cast import ADMIN, AWA, CAST, DIOP, EMAILS, NDIAYE
from house import Site
from store import Clock, Store

from fadjma.keeping.copies import Plan
from fadjma.keeping.keeper import Keeper
from fadjma.keeping.runs import Run, Standing


async def _busy(site: Site, clock: Clock) -> None:
    """Twelve minutes, less than an idle session lasts, with streams and events."""
    for minute in range(12):
        stream, _ = site.listen(AWA, "html" if minute % 2 else "json", after=minute)
        await site.notify(AWA, DIOP)
        await site.quiet()
        if minute % 3:
            site.hub.remove(stream)
        site.seconds.now += 60
        clock.advance(minutes=1)
        site.history.take()


async def test_is_for_admins_only(site: Site) -> None:
    for person in (person for person in CAST if person != ADMIN):
        answer = await site.get("/monitoring", person)
        assert answer.status_code == 403, person.id
        assert '<svg role="img"' not in answer.body, person.id


async def test_strangers_sign_in_first(site: Site) -> None:
    assert (await site.get("/monitoring")).location == "/sign-in?next=/monitoring"
    assert (await site.get("/monitoring", Accept="application/json")).status_code == 401


async def test_the_menu_and_the_dashboard_lead_to_it(site: Site) -> None:
    page = (await site.get("/", ADMIN)).body
    assert page.count('href="/monitoring"') == 2
    assert "/monitoring" not in (await site.get("/", DIOP)).body


async def test_the_page_fetches_its_figures_anew(site: Site) -> None:
    page = (await site.get("/monitoring", ADMIN)).body
    (box,) = re.findall(r'<div id="figures"[^>]*>', page)
    assert 'hx-get="/monitoring"' in box
    assert re.search(r'hx-trigger="every \d+s"', box)
    assert json.loads(re.findall(r"hx-headers='([^']*)'", box)[0]) == {"X-Live": "1"}


async def test_the_fragment_is_the_figures_alone(site: Site, clock: Clock) -> None:
    await _busy(site, clock)
    fragment = (await site.get("/monitoring", ADMIN, HX_Request="true", X_Live="1")).body
    assert "<html" not in fragment
    assert "hx-get" not in fragment
    assert fragment.count('<svg role="img"') == 7
    assert '<div id="hour" hx-swap-oob="innerHTML">' in fragment
    assert "<details" not in fragment  # those that somebody has opened stay open


async def test_watching_keeps_no_session_alive(site: Site, clock: Clock, store: Store) -> None:
    seen = "SELECT last_active_at FROM sessions WHERE user_id = 'admin'"
    opened = store.value(seen)
    clock.advance(minutes=2)
    await site.get("/monitoring", ADMIN, HX_Request="true", X_Live="1")
    assert store.value(seen) == opened
    await site.get("/monitoring", ADMIN)
    assert store.value(seen) == clock.now
    clock.advance(minutes=16)
    answer = await site.get("/monitoring", ADMIN, HX_Request="true", X_Live="1")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (423, "/")


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_plots_are_well_formed_and_say_in_words_what_they_show(
    site: Site, clock: Clock, store: Store, language: str
) -> None:
    store.connection.execute("UPDATE users SET language = ?", (language,))
    await _busy(site, clock)
    page = (await site.get("/monitoring", ADMIN)).body
    drawn = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    plots = [svg for svg in drawn if svg.get("role") == "img"]
    assert len(plots) == 7
    for svg in plots:
        title, description = svg.find("title"), svg.find("desc")
        assert title is not None and title.text
        assert description is not None and description.text
        assert (svg.get("aria-labelledby") or "").split() == [title.get("id"), description.get("id")]
        assert all(path.get("d") is not None for path in svg.findall("path"))
    assert all(svg.get("aria-hidden") or svg.get("role") == "presentation" for svg in drawn if svg not in plots)
    ids = re.findall(r' id="?([^" >]+)', page)
    assert len(ids) == len(set(ids))


async def test_no_inline_style_and_no_script(site: Site, clock: Clock) -> None:
    await _busy(site, clock)
    page = (await site.get("/monitoring", ADMIN)).body
    assert "<svg" in page
    assert not re.search(r"\sstyle=|<style|\son\w+=", page)
    assert all(" src=" in script for script in re.findall("<script[^>]*>", page))


async def test_nobody_is_named(site: Site, clock: Clock) -> None:
    await _busy(site, clock)
    answers = [
        (await site.get("/monitoring", ADMIN, HX_Request="true")).body,
        (await site.get("/monitoring", ADMIN, Accept="application/json")).body,
    ]
    assert "<svg" in answers[0] and "last_hour" in answers[1]
    for person in CAST:
        for answer in answers:
            for known in (person.family_name, person.session_id, EMAILS[person.id], f'"{person.id}":'):
                if known != '"admin":':  # the role
                    assert known not in answer


async def test_the_json_form(site: Site, clock: Clock) -> None:
    await _busy(site, clock)
    answer: dict[str, Any] = json.loads((await site.get("/monitoring", ADMIN, Accept="application/json")).body)
    assert answer["connected_users"] == {
        "patient": 1,
        "doctor": 0,
        "pharmacist": 0,
        "nurse": 0,
        "receptionist": 0,
        "admin": 0,
    }
    assert answer["streams"] == {"html": 2, "json": 2}
    assert (answer["streams_behind"], answer["pollers"]) == (0, 0)
    assert answer["waiting_writes"] in (0, 1), "when somebody was last there is not waited for on a busy machine"
    hour = answer["last_hour"]
    assert (hour["seconds"], hour["streams_opened"], hour["streams_peak"]) == (720, 12, 4)
    assert hour["notifications"] == 24
    assert hour["streams_ended"]["gone"] == 8
    assert hour["latency_seconds"]["count"] == hour["events_delivered"]["direct"]
    assert 0 < hour["reconnection_share"] <= 1
    assert hour["write_seconds"]["count"] == 12 + 1  # asking is activity, which is written down
    assert answer["bytes_by_user"]["count"] == 1
    assert answer["last_5_minutes"]["seconds"] == 300
    assert sum(row["notifications"] for row in answer["history"]) == 24
    assert answer["history"][-1]["at"] == answer["at"]


async def test_a_page_is_told_to_the_figures_and_a_fragment_is_not(site: Site) -> None:
    for headers in ({"HX_Request": "true"}, {"X_Live": "1"}, {"Accept": "application/json"}):
        await site.get("/notifications", NDIAYE, **headers)
    await site.get("/sign-in")
    assert not site.figures._pages.items()
    await site.get("/notifications", NDIAYE)
    assert site.figures._pages.items() == [(NDIAYE.session_id, True)]


async def test_a_stream_from_its_page_to_its_end(site: Site) -> None:
    await site.get("/", AWA)
    wire, left, task = await site.stream(AWA)
    assert site.figures.stream_bytes == len(wire.sent) > 0  # the greeting
    assert (site.figures.opened_streams, site.figures.reconnections) == (1, 0)
    left.set()
    await task
    assert site.figures.ended_streams["gone"] == 1
    _, left, task = await site.stream(AWA)
    left.set()
    await task
    assert (site.figures.opened_streams, site.figures.reconnections) == (2, 1)


async def test_backups_are_seen_with_what_failed(site: Site, clock: Clock) -> None:
    assert "FADJMA_BACKUP_FOLDER" in (await site.get("/monitoring", ADMIN)).body
    keeper: Keeper = site.app.extensions["keeper"]
    keeper.plan = Plan(site.database.path, site.database.path.parent, every=21_600_000, keep=28, key=None)
    good = Run(clock.now - 60_000, clock.now - 57_000, "fadjma-monday.db", 4_200_000, "")
    keeper.standing = Standing(Run(clock.now, clock.now, "", 0, "Le disque est plein."), good)
    page = (await site.get("/monitoring", ADMIN)).body
    assert "fadjma-monday.db" in page and "Le disque est plein." in page and 'role="alert"' in page
    fragment = (await site.get("/monitoring", ADMIN, HX_Request="true", X_Live="1")).body
    assert '<section id="backups" hx-swap-oob="innerHTML">' in fragment and "Le disque est plein." in fragment
    told = json.loads((await site.get("/monitoring", ADMIN, Accept="application/json")).body)["backups"]
    assert (told["copy"]["failure"], told["last_good_copy"]["bytes"]) == ("Le disque est plein.", 4_200_000)
    assert [alarm["code"] for alarm in told["alarms"]] == ["copy_failed"]
