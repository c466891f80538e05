"""Preparing with a lot that expires before the course ends, over HTTP: asked, and done once it is confirmed."""

import html
from datetime import timedelta

from callers import Callers
from cast import NDIAYE
from store import Store
from told import Told

from fadjma import days


def _shorten(store: Store) -> None:
    """All that there is expires in two days; the course is of ten."""
    expires_on = days.day(store.clock()) + timedelta(days=2)
    store.connection.execute("UPDATE lots SET expires_on = ?", (expires_on.isoformat(),))


async def test_the_page_asks_and_takes_a_confirmation(clinic: Callers, told: Told, store: Store) -> None:
    _shorten(store)
    browser, address = clinic.browser(NDIAYE), f"/prescriptions/{told.validated}/preparation"
    asked = await browser.post(address, {})
    assert asked.status == 422
    assert "périme avant la fin du traitement" in asked.text and 'name="confirm"' in asked.text and "L1" in asked.text
    row = await clinic.htmx(NDIAYE).post(address, {})
    assert (row.status, "périme avant la fin du traitement" in row.text) == (422, True)
    assert "Ouvrez l'ordonnance" in html.unescape(row.text) and "alertes" not in row.text
    assert (await browser.post(address, {"confirm": "1"})).status == 303
    assert store.value("SELECT status FROM prescriptions WHERE id = ?", told.validated) == "prepared"


async def test_a_program_is_asked_too(clinic: Callers, told: Told, store: Store) -> None:
    _shorten(store)
    program, address = clinic.program(NDIAYE), f"/prescriptions/{told.validated}/preparation"
    problem = (await program.post(address)).problem(422)
    assert problem["confirm"] == ["lots"] and "L1" in problem["errors"]["lots"]
    assert (await program.post(address, {"confirm": True})).json["status"] == "prepared"
