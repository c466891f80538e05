"""An allergy on its page and for programs, and how each place tells one from none and from not asked."""

import html
from typing import Any

import pytest
from callers import Callers
from cast import AWA, DIOP, GASSAMA, NDIAYE, SARR
from store import Store
from told import Told

from fadjma.records import actions as records

PAGE = "/patients/awa/allergies"
NOT_ASKED, NONE = "Allergies non renseignées", "Aucune allergie connue"


def _text(answer: Any) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")


async def _everywhere(clinic: Callers, told: Told) -> dict[str, str]:
    asked = {
        "form": (DIOP, "/patients/awa/prescriptions/new"),
        "file": (DIOP, "/patients/awa/records"),
        "own file": (AWA, "/patients/awa/records"),
        "page": (GASSAMA, PAGE),
        "pharmacy": (NDIAYE, f"/prescriptions/{told.validated}"),
    }
    return {name: _text(await clinic.browser(who).get(path)) for name, (who, path) in asked.items()}


async def test_each_place_tells_not_asked_from_none_known_from_one(clinic: Callers, told: Told) -> None:
    doctor = clinic.browser(DIOP)
    assert all(NOT_ASKED in text for text in (await _everywhere(clinic, told)).values())
    assert (await doctor.post(f"{PAGE}/none-known", {})).location == PAGE
    for text in (await _everywhere(clinic, told)).values():
        assert NONE in text and NOT_ASKED not in text and '<b class="sos">' not in text
    typed = {"kind": "medicine", "substance": "sulfamides", "reaction": "éruption", "severity": "severe"}
    assert (await doctor.post(PAGE, typed)).location == PAGE
    for text in (await _everywhere(clinic, told)).values():
        assert "<bdi>Sulfamides</bdi> <small>grave : <bdi>éruption</bdi></small>" in text and NOT_ASKED not in text


async def test_in_words_it_says_so_and_what_denies_raises_no_alarm(clinic: Callers, told: Told, store: Store) -> None:
    written = {"body": "Vu.", "occurred_on": "2026-01-05"}
    store.write(records.create, DIOP, AWA.id, type="allergy", title=NONE, **written)
    text = (await _everywhere(clinic, told))["pharmacy"]
    assert f"<p><bdi>{NONE}</bdi> <small>en toutes lettres</small></p>" in text
    assert '<b class="sos">' not in text
    found = (await clinic.program(AWA).get(PAGE)).json
    assert found["state"] == "known"
    assert [
        (item["title"], item["in_words"], item["kind"]) for item in found["items"] if item["status"] == "active"
    ] == [(NONE, True, None)]
    assert [item["atc"] for item in found["items"] if item["in_words"]] == [None]


async def test_a_program_notes_one_and_reads_it(clinic: Callers, told: Told) -> None:
    doctor = clinic.program(DIOP)
    made = await doctor.post(PAGE, {"substance": "Bêtalactamines", "kind": "class", "atc": "J01C J01D"})
    assert (made.status, made.location) == (201, f"/records/{made.json['id']}")
    assert made.json["allergy"]["atc"] == ["J01C", "J01D"]
    found = (await doctor.get(PAGE)).json
    assert (found["state"], found["none_known_since"]) == ("known", None)
    assert found["items"][0] | made.json["allergy"] == found["items"][0]
    assert (await doctor.post(f"{PAGE}/none-known")).problem(409)["current"] == "known"
    amended = {
        "version": 1,
        "reason": "Test négatif",
        "substance": "Bêtalactamines",
        "atc": "J01C",
        "status": "refuted",
    }
    assert (await doctor.post(f"/records/{made.json['id']}/allergy", amended)).status == 201
    assert (await doctor.get(PAGE)).json["state"] == "unknown"
    assert (await doctor.post(f"/records/{made.json['id']}/allergy", amended)).problem(409)["current"] == "version 2"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"substance": ""}, "substance"),
        ({"substance": "x", "severity": "terrible"}, "severity"),
        ({"substance": "x", "status": "maybe"}, "status"),
        ({"substance": "x", "kind": "none_known"}, "kind"),
        ({"substance": "lait", "kind": "food", "atc": "J01C"}, "atc"),
        ({"substance": "pénicilline", "note": "x"}, "note"),
        ({"substance": "inconnue"}, "substance"),
    ],
)
async def test_what_cannot_be_taken_comes_back_as_typed(
    clinic: Callers, told: Told, store: Store, typed: dict[str, str], field: str
) -> None:
    before = store.value("SELECT count(*) FROM records")
    assert (await clinic.program(DIOP).post(PAGE, typed)).errors().keys() == {field}
    page = await clinic.browser(DIOP).post(PAGE, {**typed, "reaction": "gêne à la gorge"})
    assert page.status == 422
    assert 'value="gêne à la gorge"' in page.text
    assert store.value("SELECT count(*) FROM records") == before


@pytest.mark.parametrize("where", [PAGE, "/records/{allergy}"])
async def test_no_field_is_called_as_what_says_whether_the_page_is_live(
    clinic: Callers, told: Told, where: str
) -> None:
    page = (await clinic.browser(DIOP).get(where.format(allergy=told.allergy))).text
    assert page.count('id="status"') == 1


async def test_the_form_comes_back_to_nobody_who_only_reads(clinic: Callers, told: Told) -> None:
    await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", {"scope": "summary", "duration": "24h"})
    for person in (AWA, GASSAMA, SARR):
        assert (await clinic.browser(person).get(PAGE)).status == 200
        assert (await clinic.browser(person).post(PAGE, {"substance": ""})).status == 403
    assert (await clinic.browser(DIOP).post(PAGE, {"substance": ""})).status == 422


async def test_a_typing_slip_is_asked_about_and_taken_when_meant(clinic: Callers, told: Told) -> None:
    doctor = clinic.browser(DIOP)
    asked = await doctor.post(PAGE, {"substance": "amoxiciline"})
    assert 'name="confirm"' in asked.text
    assert (await doctor.post(PAGE, {"substance": "amoxiciline", "confirm": "1"})).status == 303


async def test_what_is_typed_is_completed_from_families_and_the_list(clinic: Callers, told: Told, store: Store) -> None:
    store.connection.execute("UPDATE medicines SET atc = 'J01CA04' WHERE dci = 'amoxicilline'")
    doctor = clinic.program(DIOP)
    assert (await doctor.get("/allergens?substance=amox")).json == {"items": ["amoxicilline"]}
    assert (await doctor.get("/allergens?substance=pen")).json == {"items": ["Pénicillines"]}
    assert (await doctor.get("/allergens?substance=")).json == {"items": []}


async def test_a_try_is_in_the_patients_trace(clinic: Callers, told: Told, store: Store) -> None:
    assert (await clinic.program(SARR).get(PAGE)).status == 404
    assert ("sarr", "file.read", "refused") in store.audit()
    assert (await clinic.program(SARR).post(PAGE, {"substance": "lait", "kind": "food"})).status == 404
    assert ("sarr", "file.write", "refused") in store.audit()


async def test_in_the_list_of_records_a_refuted_one_says_so_and_none_known_is_no_allergy(
    clinic: Callers, told: Told
) -> None:
    doctor, program = clinic.browser(DIOP), clinic.program(DIOP)
    assert (await doctor.post(f"{PAGE}/none-known", {})).location == PAGE
    assert (await program.post(PAGE, {"kind": "food", "substance": "crevette"})).status == 201
    [made] = [one for one in (await program.get(PAGE)).json["items"] if one["title"] == "Crevette"]
    history = "/patients/awa/records?view=history"
    before = _text(await doctor.get(history)).count('<b class="off">réfutée</b>')
    refuted = {"kind": "food", "substance": "crevette", "status": "refuted", "version": 1, "reason": "Mangée"}
    assert (await program.post(f"/records/{made['id']}/allergy", refuted)).status == 201
    page = _text(await doctor.get(history))
    assert page.count('<b class="off">réfutée</b>') == before + 1
    assert f"<bdi>{NONE}</bdi>" in page and f"Allergie : <bdi>{NONE}" not in page
    for page in (PAGE, f"/records/{made['id']}", "/patients/awa/records"):  # struck out, it would say the contrary
        shown = (await doctor.get(page)).text
        assert '<b class="off">réfutée</b>' in shown and '<b class="cut">réfutée</b>' not in shown
