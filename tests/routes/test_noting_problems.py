"""A problem on its pages: noted, ended, corrected by two doctors at once, and shown in the summary."""

import re

from callers import Callers
from cast import AWA, DIOP
from told import Told

PAGE = "/patients/awa/problems"


async def test_it_is_noted_in_one_form_and_stands_in_the_summary(clinic: Callers, told: Told) -> None:
    doctor = clinic.browser(DIOP)
    lost = await doctor.post(PAGE, {"words": "asthme", "since": "jadis", "icd": "J45"})
    assert lost.status == 422 and 'value="jadis"' in lost.text and 'value="asthme"' in lost.text
    assert (await doctor.post(PAGE, {"words": "asthme", "since": "2001", "icd": "j459"})).status == 303
    for person in (AWA, DIOP):
        page = (await clinic.browser(person).get("/patients/awa/records")).text.partition('id="problems"')[2]
        assert "Asthme" in page and "J45.9" in page and "Drépanocytose" in page
    items = (await clinic.program(AWA).get(PAGE)).json["items"]
    assert [(one["words"], one["since"], one["status"]) for one in items] == [
        ("asthme", "2001", "active"),
        ("Drépanocytose", None, "active"),
    ]


async def test_it_ends_and_whoever_had_the_older_version_decides_again(clinic: Callers, told: Told) -> None:
    doctor, where = clinic.browser(DIOP), f"/records/{told.problem}"
    assert (await doctor.post(f"{where}/ending", {"version": "1"})).status == 303
    late = await doctor.post(f"{where}/problem", {"words": "Drépanocytose SS", "version": "1", "reason": "Précisée"})
    assert late.status == 409 and "Drépanocytose SS" in late.text
    assert (await clinic.program(DIOP).post(f"{where}/ending", {"version": 1})).problem(409)
    shown = (await clinic.browser(AWA).get("/patients/awa/records")).text.partition('id="problems"')[2]
    assert "Aucun problème actuel" in shown and told.problem not in shown.partition("</ul>")[0]
    assert "terminé" in (await clinic.browser(AWA).get(PAGE)).text


async def test_in_every_list_of_records_one_that_has_ended_says_so(clinic: Callers, told: Told) -> None:
    """The same illness, noted again, stood there twice with nothing to tell the one that is over."""
    doctor = clinic.browser(DIOP)
    assert (await doctor.post(PAGE, {"words": "Paludisme"})).status == 303
    [first] = [one for one in (await clinic.program(DIOP).get(PAGE)).json["items"] if one["words"] == "Paludisme"]
    assert (await doctor.post(f"/records/{first['id']}/ending", {"version": "1"})).status == 303
    assert (await doctor.post(PAGE, {"words": "Paludisme"})).status == 303
    for person in (AWA, DIOP):
        for view in ("summary", "history"):
            page = (await clinic.browser(person).get(f"/patients/awa/records?view={view}")).text.replace("\u00a0", " ")
            rows = [row for row in re.findall(r"<li id=.*", page) if "Problème de santé : <bdi>Paludisme" in row]
            assert sorted('<b class="off">terminé</b>' in row for row in rows) == [False, True], view
    pushed = (await clinic.htmx(AWA).get(f"/records/{first['id']}/row")).text
    assert '<b class="off">terminé</b>' in pushed
