"""What is to be done has its button on the card: also where an event has brought it, which brings a row of a list."""

import html

import pytest
from callers import Callers
from cast import AWA, DIOP, NDIAYE
from store import Store
from told import Told

from fadjma.identity.people import Viewer
from fadjma.inventory import withholding


@pytest.mark.parametrize(
    ("person", "thing", "address", "button"),
    [
        (DIOP, "refused", "/prescriptions", "Corriger"),
        (AWA, "ready", "/prescriptions", "Voir le code de retrait"),
        (AWA, "pending", "/access-requests", "Répondre"),
    ],
)
async def test_a_card_leads_to_its_act(
    clinic: Callers, told: Told, person: Viewer, thing: str, address: str, button: str
) -> None:
    browser, thing_id = clinic.browser(person), getattr(told, thing)
    rows = [row for row in (await browser.get(address)).text.split("<li id=") if thing_id in row.partition(" ")[0]]
    assert [f"href={address}/{thing_id}>{button}</a></p>" in row for row in rows] == [True]


def _rows(page: str, thing_id: str) -> list[str]:
    return [row for row in page.split("<li id=") if thing_id in row.partition(" ")[0]]


async def test_what_a_pharmacy_cannot_supply_is_for_its_prescriber(clinic: Callers, told: Told) -> None:
    shown = await clinic.program(DIOP).get(f"/prescriptions/{told.validated}")
    line_id = shown.json["lines"][0]["id"]
    said = {"line_id": line_id, "shortage": "out_of_stock"}
    assert (await clinic.program(NDIAYE).post(f"/prescriptions/{told.validated}/unsupplied", said)).status == 200
    [row] = _rows(html.unescape((await clinic.browser(DIOP).get("/")).text), told.validated)
    assert (
        "data-into=now" in row and "Revoir\xa0:" in row and "Pas disponible\xa0:" in row and "paracétamol 500 mg" in row
    )
    assert f"href=/prescriptions/{told.validated}>Revoir…</a></p>" in row
    now = (await clinic.program(DIOP).get("/prescriptions?place=now")).json["items"]
    assert [one.get("unsupplied") for one in now if one["id"] == told.validated] == [True]
    [row] = _rows(html.unescape((await clinic.browser(NDIAYE).get("/")).text), told.validated)
    assert row.lower().count("paracétamol 500 mg") == 1 and "Pas disponible\xa0:" in row and "Revoir…" not in row
    page = html.unescape((await clinic.browser(AWA).get("/")).text)
    assert "Pas disponible" not in page and "Revoir…" not in page


async def test_who_waits_for_it_says_so_on_its_page_and_it_leaves_the_first_one(clinic: Callers, told: Told) -> None:
    address, browser = f"/prescriptions/{told.owed}", clinic.browser(DIOP)
    assert _rows((await browser.get("/")).text, told.owed)[0].startswith(f"p{told.owed} data-into=now")
    form = (await browser.get(address)).text.partition(f'action="{address}/waiting"')[2].partition("</form>")[0]
    assert "on attend" in form and 'name="version"' in form
    for person in (AWA, NDIAYE):
        assert "attend ce qui manque" not in (await clinic.browser(person).get(address)).text
    assert (await browser.post(f"{address}/waiting")).status == 303
    assert "data-into=now" not in "".join(_rows((await browser.get("/")).text, told.owed))
    for person in (AWA, NDIAYE, DIOP):
        page = (await clinic.browser(person).get(address)).text
        assert "attend ce qui manque" in page and "/waiting" not in page
        assert (await clinic.program(person).get(address)).json["awaited_at"]


async def test_a_lot_that_must_not_leave_is_not_to_be_handed_over(clinic: Callers, told: Told, store: Store) -> None:
    """Its row led to the hand-over, where it was refused."""
    [row] = _rows((await clinic.browser(NDIAYE).get("/")).text, told.ready)
    assert "Remettre…" in row
    for lot_id, *_ in store.rows("SELECT lot_id FROM reservations WHERE prescription_id = ?", told.ready):
        store.write(withholding.withhold, NDIAYE, lot_id, reason="Rappel")
    [row] = _rows(html.unescape((await clinic.browser(NDIAYE).get("/")).text), told.ready)
    assert "Lot à remplacer" in row and "Préparer à nouveau…" in row and "Remettre…" not in row


async def test_what_was_begun_goes_on_from_its_card(clinic: Callers, told: Told) -> None:
    await clinic.json_browser(DIOP).ask("PUT", "/drafts/patients-records/awa", {"body": "Toux depuis trois jours"})
    page = (await clinic.browser(DIOP).get("/")).text
    assert '<p class="do"><a class="btn alt" href="/patients/awa/records/new">Continuer</a></p>' in page
