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


def _row(n: int, analysis: str, value: str, **more: str) -> dict[str, str]:
    named = {"analysis": analysis, "value": value, **more}
    return {f"values-{n}-{name}": text for name, text in named.items()}


async def test_what_a_test_strip_says_is_a_result_by_itself(clinic: Callers, told: Told) -> None:
    """« Un résultat en mots va dans les précisions », it said, and then wanted a number all the same."""
    doctor, program = clinic.browser(DIOP), clinic.program(DIOP)
    assert (await doctor.post(PAGE, {**_row(0, "TDR paludisme", "positif"), "note": "Vu avec elle"})).status == 303
    newest = (await program.get("/patients/awa/records?type=test_result")).json["items"][0]
    assert (newest["title"], newest["body"]) == ("TDR paludisme", "TDR paludisme : positif\nVu avec elle")
    assert newest["test_result"] is None
    assert "TDR paludisme : positif" in (await clinic.browser(AWA).get(f"/records/{newest['id']}")).text
    corrected = {**_row(0, "Hémoglobine", "9"), "version": "1", "reason": "Reçu depuis", "note": "TDR positif"}
    assert (await doctor.post(f"/records/{newest['id']}/test-result", corrected)).status == 303
    back = {**_row(0, "TDR paludisme", "négatif"), "version": "2", "reason": "Mal lu"}
    assert (await doctor.post(f"/records/{newest['id']}/test-result", back)).status == 303
    kept = (await program.get(f"/records/{newest['id']}")).json
    assert (kept["title"], kept["body"], kept["test_result"]) == ("TDR paludisme", "TDR paludisme : négatif", None)


async def test_words_and_numbers_of_one_examination_stand_in_one_result(clinic: Callers, told: Told) -> None:
    rows = {
        **_row(0, "Albumine", "++"),
        **_row(1, "Créatinine", "12", unit="mg/l"),
        **_row(2, "Groupe", "O Rh+"),
        **_row(3, "Widal TO", "1/160"),
    }
    assert (await clinic.browser(DIOP).post(PAGE, rows)).status == 303
    newest = (await clinic.program(DIOP).get("/patients/awa/records?type=test_result")).json["items"][0]
    assert newest["title"] == "Albumine, Créatinine, Groupe"
    assert newest["body"] == "Créatinine : 12 mg/L\nAlbumine : ++\nGroupe : O Rh+\nWidal TO : 1/160"
    assert [one["analysis"] for one in newest["test_result"]["values"]] == ["Créatinine"]
    for wrong in (
        _row(0, "", "positif"),
        _row(0, "CRP", "5x"),
        _row(0, "CRP", "<"),
        _row(0, "CRP", "?"),
        _row(0, "CRP", "positif", unit="mg/l"),
    ):
        assert (await clinic.browser(DIOP).post(PAGE, wrong)).status == 422


async def test_a_point_that_may_part_thousands_is_not_taken_for_a_comma(clinic: Callers, told: Told) -> None:
    """« 7.500 /mm³ » is how many laboratories print seven thousand five hundred."""
    doctor = clinic.browser(DIOP)
    for typed in (
        _row(0, "Leucocytes", "7.500"),
        _row(0, "Leucocytes", "7500", low="4.000"),
        _row(0, "PLQ", "<150.000"),
    ):
        answer = await doctor.post(PAGE, typed)
        assert answer.status == 422 and "Avec un point, on peut lire 7500 ou 7,5" in answer.text.replace("&#39;", "'")
    for typed in ("7,500", "7500", "7.5", "0.005", "7 500"):
        assert (await doctor.post(PAGE, _row(0, "Leucocytes", typed))).status == 303, typed
    sent = await clinic.program(DIOP).post(PAGE, {"values": [{"analysis": "TSH", "value": 1.125}]})
    assert sent.json["test_result"]["values"][0]["value"] == 1.125
