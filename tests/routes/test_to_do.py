"""What is to be done has its button on the card: also where an event has brought it, which brings a row of a list."""

import pytest
from callers import Callers
from cast import AWA, DIOP
from told import Told

from fadjma.identity.people import Viewer


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


async def test_what_was_begun_goes_on_from_its_card(clinic: Callers, told: Told) -> None:
    await clinic.json_browser(DIOP).ask("PUT", "/drafts/patients-records/awa", {"body": "Toux depuis trois jours"})
    page = (await clinic.browser(DIOP).get("/")).text
    assert '<p class="do"><a class="btn alt" href="/patients/awa/records/new">Continuer</a></p>' in page
