"""What a browser keeps for when there is no link (fadjma/offline.py): nothing of anybody."""

import json
import re
import struct

from callers import Callers
from cast import AWA, CAST, DIOP

from fadjma.web import assets


async def test_the_page_has_the_clinics_number_and_nothing_of_anybody(clinic: Callers) -> None:
    callers = (clinic.browser(AWA), clinic.browser(DIOP), clinic.nobody())
    (page,) = {(await caller.get("/offline")).text for caller in callers}
    assert re.search(r'<a href="tel:\+221\d{9}">', page)
    assert "Pharmacie" not in page
    assert not [person.id for person in CAST if person.family_name in page]


async def test_the_worker_keeps_that_page_and_its_files_alone(clinic: Callers) -> None:
    answer = await clinic.nobody().get("/worker.js")
    assert answer.type.startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert "/offline.js" in (await clinic.nobody().get("/sign-in")).text, "which registers it"
    assert re.findall(r"'(/[^']*)'", answer.text) == ["/offline", "/static/"]
    assert re.search(r"credentials: ?'omit'", answer.text)


async def test_it_can_be_put_on_the_home_screen(clinic: Callers) -> None:
    page = (await clinic.nobody().get("/sign-in")).text
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    answer = await clinic.nobody().get("/manifest.webmanifest")
    assert answer.type == "application/manifest+json"
    manifest = json.loads(answer.body)
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    icon = await clinic.nobody().get(manifest["icons"][0]["src"])
    assert (icon.status, icon.type) == (200, "image/svg+xml")
    assert icon.body == assets.content("icon.svg")
    drawn = await clinic.nobody().get(manifest["icons"][1]["src"])
    assert (drawn.status, drawn.type) == (200, "image/png")
    at_root = await clinic.nobody().get("/apple-touch-icon.png")
    assert (at_root.type, at_root.body) == ("image/png", drawn.body)
    width, height = struct.unpack(">II", drawn.body[16:24])
    assert manifest["icons"][1]["sizes"] == f"{width}x{height}"


async def test_the_policy_lets_a_browser_read_it(clinic: Callers) -> None:
    policy = (await clinic.browser(AWA).get("/")).headers["Content-Security-Policy"]
    assert "manifest-src 'self'" in policy
