"""A result on its pages: typed row by row, marked, corrected; as JSON; pushed to whoever has the file open."""

from callers import Callers
from cast import AWA, DIOP, SARR
from told import Told

NEW, PAGE = "/patients/awa/test-results/new", "/patients/awa/test-results"
ROWS = {
    **{"values-0-analysis": "Hémoglobine", "values-0-value": "9,1", "values-0-unit": "g/dl"},
    **{"values-0-low": "12", "values-0-high": "16", "values-1-analysis": "CRP", "values-1-value": "<0,50"},
    **{"values-7-analysis": "", "values-7-value": ""},
}


async def test_it_is_typed_marked_read_by_the_patient_and_corrected(clinic: Callers, told: Told) -> None:
    doctor = clinic.browser(DIOP)
    page = (await doctor.get(NEW)).text
    assert 'name="values-19-high"' in page and 'value="Créatinine"' in page
    lost = await doctor.post(PAGE, {**ROWS, "values-1-unit": "croix"})
    assert lost.status == 422 and 'value="9,1"' in lost.text and "unité" in lost.text
    assert (await doctor.post(PAGE, ROWS)).status == 303
    [newest] = [
        one
        for one in (await clinic.program(AWA).get("/patients/awa/records?type=test_result")).json["items"]
        if one["title"].startswith("Hémoglobine")
    ]
    shown = (await clinic.browser(AWA).get(f"/records/{newest['id']}")).text
    assert "9,1" in shown and "bas" in shown and "12 à 16" in shown.replace("\u00a0", " ") and "&lt;0,50" in shown
    form = (await doctor.get(f"/records/{newest['id']}")).text
    assert 'value="&lt;0,50"' in form and 'action="/records/' + newest["id"] + '/test-result"' in form
    corrected = {**ROWS, "values-0-value": "9,7", "version": "1", "reason": "Relu"}
    assert (await doctor.post(f"/records/{newest['id']}/test-result", corrected)).status == 303
    stale = await doctor.post(f"/records/{newest['id']}/test-result", corrected)
    assert stale.status == 409 and 'value="9,7"' in stale.text
    versions = (await clinic.browser(AWA).get(f"/records/{newest['id']}")).text
    assert "9,1</del>" in versions and "9,7</ins>" in versions


async def test_programs_write_what_they_read_and_what_is_not_understood_is_refused(clinic: Callers, told: Told) -> None:
    doctor = clinic.program(DIOP)
    value = {"analysis": "TSH", "comparator": "<", "value": 0.01, "unit": "m[IU]/L", "low": 0.4, "high": 4}
    done = await doctor.post(PAGE, {"values": [value]})
    assert done.status == 201
    [kept] = done.json["test_result"]["values"]
    assert kept == {**value, "interpretation": "low"}
    for wrong in (
        {"values": [{**value, "flag": "H"}]},
        {"values": "TSH"},
        {"values": [{"analysis": "TSH", "value": "1"}] * 200},
        {"values": []},
    ):
        assert (await doctor.post(PAGE, wrong)).status == 422
    assert (await clinic.program(SARR).post(PAGE, {"values": [value]})).status in (403, 404)
