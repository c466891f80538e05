"""Whoever acts on a patient sees age, sex and identifier beside the name, and whoever answers a doctor their specialty
and place (docs/clinic.md, “People”)."""

import re
from typing import Any

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, FALL, IDENTIFIERS, NDIAYE, SARR
from told import REASON, Told

from fadjma.identity.people import Viewer

UNBROKEN = IDENTIFIERS[AWA.id].replace("-", "\u2011")
ROW = rf"<bdi>Awa Cissé</bdi>, \d\d ans, F, {UNBROKEN}"
LINE = f'<p class="who"><b><bdi>Awa Cissé</bdi></b> \\d\\d ans · Féminin · <b>{IDENTIFIERS[AWA.id]}</b></p>'


def _is_awa(shown: dict[str, Any]) -> bool:
    known = {"id": "awa", "identifier": IDENTIFIERS[AWA.id], "name": "Awa Cissé", "sex": "female"}
    age = {"age": shown["age"], "age_text": f"{shown['age']} ans", "age_estimated": False}
    return shown == {**known, **age} and 30 < shown["age"] < 130


@pytest.mark.parametrize(
    ("person", "where"),
    [
        (SARR, "/"),
        (SARR, "/access-requests"),
        (DIOP, "/access-requests"),
        (DIOP, "/patients"),
        (DIOP, f"/patients?q={IDENTIFIERS[AWA.id]}"),
        (SARR, f"/patients?q={IDENTIFIERS[AWA.id]}"),
        (DIOP, "/prescriptions"),
        (NDIAYE, "/prescriptions"),
    ],
)
async def test_in_every_list(clinic: Callers, told: Told, person: Viewer, where: str) -> None:
    page = (await clinic.browser(person).get(where)).text
    named = re.findall("<a [^>]*>(?:[^<]*)<bdi>Awa Cissé</bdi>[^<]*", page)
    assert named and all(re.search(ROW, row) for row in named)


@pytest.mark.parametrize(
    ("person", "where"),
    [
        (SARR, "/access-requests/{pending}"),
        (DIOP, "/access-requests/{granted}"),
        (SARR, "/access-requests/new?patient=awa"),
        (DIOP, "/patients/awa/records"),
        (DIOP, "/patients/awa/records/new"),
        (DIOP, "/patients/awa/prescriptions/new"),
        (DIOP, "/records/{record}"),
        (DIOP, "/prescriptions/{issued}"),
        (NDIAYE, "/prescriptions/{ready}"),
    ],
)
async def test_on_every_page_about_them(clinic: Callers, told: Told, person: Viewer, where: str) -> None:
    assert re.search(LINE, (await clinic.browser(person).get(where.format(**vars(told)))).text)


async def test_in_the_answer_to_an_act_and_in_what_is_pushed(clinic: Callers, told: Told) -> None:
    given = {"scope": "full", "duration": "7d"}
    await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", given)
    pushed = await clinic.browser(SARR).get("/notifications/poll?after=0", Accept="text/event-stream")
    assert re.search(f"<li id=a{told.pending} [^>]*><a [^>]*>{ROW}</a><b class=ok>", pushed.text)
    await clinic.program(AWA).post(f"/access-requests/{told.granted}/revocation")
    asked = await clinic.htmx(DIOP).post("/access-requests", {"patient_id": AWA.id, "reason": REASON})
    assert re.search(ROW, asked.text)


async def test_an_admin_tells_two_of_one_name_apart(clinic: Callers) -> None:
    page = (await clinic.browser(ADMIN).get("/accounts")).text
    assert re.search(rf"<bdi>Awa Cissé</bdi>, Patiente, \d\d ans, {UNBROKEN}", page)


class TestPrograms:
    async def test_an_access_request_says_who_it_is_about(self, clinic: Callers, told: Told) -> None:
        found = (await clinic.program(SARR).get(f"/access-requests/{told.pending}")).json
        assert _is_awa(found["patient"])
        listed = (await clinic.program(SARR).get("/access-requests")).json["items"]
        assert [item for item in listed if item["id"] == told.pending] == [found]

    async def test_so_does_a_prescription_to_whoever_may_know(self, clinic: Callers, told: Told) -> None:
        for person in (DIOP, NDIAYE):
            assert _is_awa((await clinic.program(person).get(f"/prescriptions/{told.ready}")).json["patient"])
        assert "patient" not in (await clinic.program(FALL).get(f"/prescriptions/{told.open}")).json

    async def test_a_request_says_which_doctor_asks(self, clinic: Callers, told: Told) -> None:
        doctor = {
            "id": "sarr",
            "name": "Fatou Sarr",
            "profession": "physician",
            "specialty": "Médecine générale",
            "place": "Clinique Teranga",
        }
        assert (await clinic.program(AWA).get(f"/access-requests/{told.pending}")).json["doctor"] == doctor


class TestADoctorWhoAsks:
    @pytest.mark.parametrize("where", ["/", "/access-requests"])
    async def test_is_shown_with_specialty_and_place_in_lists(self, clinic: Callers, told: Told, where: str) -> None:
        page = (await clinic.browser(AWA).get(where)).text
        row = re.search(f'<li id="?a{told.pending}.*?(?:</li>|<li )', page, re.DOTALL)
        assert row and "<bdi>Médecine générale</bdi> · <bdi>Clinique Teranga</bdi></" in row[0]

    async def test_and_on_the_page_of_the_request(self, clinic: Callers, told: Told) -> None:
        page = (await clinic.browser(AWA).get(f"/access-requests/{told.pending}")).text
        assert (
            "Dr <bdi>Fatou Sarr</bdi></b>, Médecin, <bdi>Médecine générale</bdi>, <bdi>Clinique Teranga</bdi>" in page
        )
