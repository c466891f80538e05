"""A renewal by page and by program: asked, seen on both sides, signed or refused; what the schedule forbids is said."""

import html
import re
from dataclasses import replace

from callers import Callers
from cast import AMOXICILLIN, AWA, DIOP, MOUSSA, NDIAYE, PARACETAMOL, SARR
from overriding import issue
from store import Store
from told import Told

from fadjma.identity.people import Viewer
from fadjma.prescriptions import renewals, renewing

PRESCRIBE = "/patients/awa/prescriptions"


def _schedule(store: Store, schedule: str) -> None:
    store.connection.execute("UPDATE medicines SET schedule = ? WHERE id = ?", (schedule, PARACETAMOL))


async def _page(clinic: Callers, person: Viewer, address: str) -> str:
    return html.unescape((await clinic.browser(person).get(address)).text)


async def test_asked_it_is_a_line_of_its_own_on_the_doctors_first_page(clinic: Callers, told: Told) -> None:
    asked = await clinic.program(AWA).post(f"/prescriptions/{told.owed}/renewal", {"note": "Il ne m'en reste plus"})
    assert asked.status == 200
    assert asked.json["renewal_asked"] is True
    first = await _page(clinic, DIOP, "/")
    to_do = first.partition('id="now"')[2].partition("</section>")[0]
    line = re.search(rf"<li id=p{told.owed}.*?(?=<li )", to_do, re.DOTALL)
    assert line
    assert "Renouveler\xa0:" in line[0]
    assert "Répondre" in line[0]
    now = (await clinic.program(DIOP).get("/prescriptions?place=now")).json["items"]
    assert told.owed in [item["id"] for item in now]
    seen = (await clinic.program(AWA).get(f"/prescriptions/{told.owed}")).json["renewal"]
    assert seen["request"]["status"] == "pending"
    assert not seen["may_ask"]
    assert "renewal" not in (await clinic.program(NDIAYE).get(f"/prescriptions/{told.owed}")).json
    for person in (AWA, DIOP):
        assert "Il ne m'en reste plus" in await _page(clinic, person, f"/prescriptions/{told.owed}")


async def test_who_asks_for_a_woman_makes_her_no_man(clinic: Callers, told: Told, store: Store) -> None:
    store.write(renewing.ask, replace(AWA, by=MOUSSA), told.owed)
    for person in (AWA, DIOP):
        page = re.sub(r"</?bdi[^>]*>", "", await _page(clinic, person, f"/prescriptions/{told.owed}"))
        assert f"demandé par {MOUSSA.name} pour {AWA.name}" in page


async def test_answered_it_is_signed_from_the_old_one_which_says_so(clinic: Callers, told: Told) -> None:
    form = (await clinic.program(DIOP).get(f"{PRESCRIBE}/new?renews={told.away}")).json
    [line] = form["lines"]
    assert line["medicine_id"] == PARACETAMOL
    page = await _page(clinic, DIOP, f"{PRESCRIBE}/new?renews={told.away}")
    assert f'name="renews_id" value="{told.away}"' in page
    line = {name: line[name] for name in ("medicine_id", "dosage", "quantity", "duration_days", "renewals")}
    signed = await issue(clinic, PRESCRIBE, {"lines": [line], "pharmacy_id": None, "renews_id": told.away})
    new = (await clinic.program(AWA).get(signed.location)).json
    assert new["renews_id"] == told.away
    old = (await clinic.program(AWA).get(f"/prescriptions/{told.away}")).json["renewal"]["request"]
    assert (old["status"], old["renewed_id"]) == ("accepted", new["id"])
    assert "Voir la nouvelle ordonnance" in await _page(clinic, AWA, f"/prescriptions/{told.away}")
    assert f'href="/prescriptions/{told.away}"' in await _page(clinic, DIOP, signed.location)
    again = await clinic.program(DIOP).post(PRESCRIBE, {"lines": [line], "renews_id": told.away, "confirm": True})
    assert again.status in (409, 422)
    assert (await clinic.program(DIOP).get(f"{PRESCRIBE}/new?renews={told.away}")).status == 404


async def test_the_form_has_what_the_patient_wrote_and_what_is_left_out_also_when_it_comes_back(
    clinic: Callers, told: Told, store: Store
) -> None:
    asked = await clinic.program(AWA).post(f"/prescriptions/{told.owed}/renewal", {"note": "Il ne m'en reste plus"})
    assert asked.status == 200
    _schedule(store, "narcotic")  # since
    typed = {"lines-0-medicine_id": AMOXICILLIN, "lines-0-dosage": "", "lines-0-quantity": "5"}
    back = await clinic.browser(DIOP).post(PRESCRIBE, {**typed, "renews_id": told.owed})
    assert back.status == 422
    for page in (await _page(clinic, DIOP, f"{PRESCRIBE}/new?renews={told.owed}"), html.unescape(back.text)):
        assert "Il ne m'en reste plus</q>" in page and "Ne sera pas renouvelé" in page


async def test_what_was_written_is_not_lost_when_the_request_is_taken_back(
    clinic: Callers, told: Told, store: Store
) -> None:
    line = {"medicine_id": PARACETAMOL, "dosage": "1 comprimé le soir", "quantity": "7", "duration_days": "7"}
    typed = {f"lines-0-{name}": value for name, value in line.items()}
    typed |= {"lines-0-medicine": "paracétamol 500 mg, comprimé", "confirm": "y", "renews_id": told.away}
    store.write(renewing.withdraw, AWA, told.away)
    page = await clinic.browser(DIOP).post(PRESCRIBE, typed)
    for name, value in re.findall(r'name="(overrides-\d+-alert)" value="([^"]*)"', page.text):
        typed |= {name: html.unescape(value), name.replace("-alert", "-reason"): "Toléré depuis des années"}
    page = await clinic.browser(DIOP).post(PRESCRIBE, typed)
    assert page.status == 409
    assert "n'attend plus de réponse" in html.unescape(page.text)
    assert "1 comprimé le soir" in page.text
    assert 'name="renews_id"' not in page.text


async def test_refused_its_reason_is_read_and_a_missing_one_is_asked_for(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.away}/renewal-refusal"
    assert (await clinic.program(DIOP).post(address, {"reason": ""})).errors().keys() == {"reason"}
    page = (await clinic.browser(DIOP).post(address, {"reason": " "})).text
    assert 'id="renewal-refusal-reason"' in page
    assert (await clinic.program(SARR).post(address, {"reason": "Non"})).status in (403, 404)
    assert (await clinic.program(DIOP).post(address, {"reason": "À revoir d'abord"})).status == 200
    assert "À revoir d'abord" in await _page(clinic, AWA, f"/prescriptions/{told.away}")
    assert (await clinic.program(DIOP).post(address, {"reason": "À revoir d'abord"})).problem(409)


async def test_a_narcotic_is_never_renewed_and_the_patient_reads_why(clinic: Callers, told: Told, store: Store) -> None:
    _schedule(store, "narcotic")
    page = await _page(clinic, AWA, f"/prescriptions/{told.owed}")
    assert renewals.NARCOTIC.replace(" : ", "\xa0: ") in page
    assert f'action="/prescriptions/{told.owed}/renewal"' not in page
    refused = (await clinic.program(AWA).post(f"/prescriptions/{told.owed}/renewal", {})).problem(409)
    assert refused["detail"] == renewals.NOTHING
    assert (await clinic.program(DIOP).get(f"{PRESCRIBE}/new?renews={told.away}")).json["lines"] == []
    assert renewals.NARCOTIC.replace(" : ", "\xa0: ") in await _page(clinic, DIOP, f"/prescriptions/{told.away}")


async def test_what_the_prescriber_writes_stands_on_page_paper_and_for_programs(clinic: Callers) -> None:
    amoxicillin = {"medicine_id": AMOXICILLIN, "dosage": "1 comprimé le soir", "quantity": 7, "duration_days": 7}
    line = {**amoxicillin, "renewals": 2}
    signed = await issue(clinic, PRESCRIBE, {"lines": [line], "confirm": True})
    assert (await clinic.program(AWA).get(signed.location)).json["lines"][0]["renewals"] == 2
    for address in (signed.location, f"{signed.location}/paper", f"{signed.location}/paper?copy=patient"):
        assert "À renouveler 2 fois" in await _page(clinic, AWA, address)
    for wrong in (13, -1, "deux"):
        sent = {"lines": [{**line, "renewals": wrong}]}
        assert (await clinic.program(DIOP).post(PRESCRIBE, sent)).errors().keys() == {"lines-0-renewals"}
