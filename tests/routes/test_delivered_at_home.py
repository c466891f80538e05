"""Delivery at home by page and by program: asked for, answered, and read on both sides."""

import html

from callers import Callers
from cast import AWA, DIOP, GOMIS, NDIAYE
from told import Told

from fadjma.identity.people import Viewer


async def _page(clinic: Callers, person: Viewer, address: str) -> str:
    return html.unescape((await clinic.browser(person).get(address)).text)


async def test_accepted_it_stands_on_both_pages_with_who_and_when(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.asked}"
    form = (await _page(clinic, NDIAYE, address)).partition(f'action="{address}/delivery-acceptance"')[2]
    assert "Accepter la livraison" in form
    version = (await clinic.program(NDIAYE).get(address)).json["version"]
    assert f'name="version" value="{version}"' in form.partition("</form>")[0]
    (await clinic.program(NDIAYE).post(f"{address}/delivery-acceptance", {"version": version - 1 or 99})).problem(409)
    read = await clinic.program(NDIAYE).post(f"{address}/delivery-acceptance", {"version": version})
    assert read.status == 200
    for person in (AWA, GOMIS):
        delivery = (await clinic.program(person).get(address)).json["delivery"]
        assert (delivery["status"], delivery["by"], delivery["reason"]) == ("accepted", NDIAYE.name, None)
        assert delivery["answered_at"] >= delivery["asked_at"]
        page = await _page(clinic, person, address)
        assert "Livraison à domicile\xa0: Acceptée" in page
        assert NDIAYE.name in page
    assert "Accepter la livraison" not in await _page(clinic, NDIAYE, address)
    assert "delivery" not in (await clinic.program(DIOP).get(address)).json
    (await clinic.program(NDIAYE).post(f"{address}/delivery-acceptance")).problem(409)


async def test_whoever_waits_for_an_answer_comes_first_and_asks_again_where_they_asked(
    clinic: Callers, told: Told
) -> None:
    address = f"/prescriptions/{told.asked}"
    page = await _page(clinic, NDIAYE, address)
    assert page.index("Accepter la livraison") < page.index("Nous ne pouvons pas livrer") < page.index('name="code"')
    await clinic.program(NDIAYE).post(f"{address}/delivery-acceptance")
    page = await _page(clinic, NDIAYE, address)
    assert page.index("/departure") < page.index('name="code"') < page.index("Nous ne pouvons pas livrer")
    delivery = (await clinic.program(AWA).get(address)).json["delivery"]
    form = (await _page(clinic, AWA, address)).partition('/delivery-request"')[2].partition("</form>")[0]
    assert f">{delivery['address']}</textarea>" in form
    assert f'value="{delivery["phone"]}"' in form


async def test_declined_its_reason_is_read_and_it_is_fetched_instead(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.asked}"
    assert (await clinic.program(NDIAYE).post(f"{address}/delivery-refusal", {})).errors().keys() == {"reason"}
    declined = await clinic.program(NDIAYE).post(f"{address}/delivery-refusal", {"reason": "Trop loin pour nous"})
    assert declined.json["step"] == "hand_over"
    page = await _page(clinic, AWA, address)
    assert "Livraison à domicile\xa0: Refusée" in page
    assert "Trop loin pour nous" in page
    assert (await clinic.program(NDIAYE).post(f"{address}/departure")).errors()
