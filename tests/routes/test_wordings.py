"""What a refusal is headed with, and where the summary of a form's errors leads."""

import re
from typing import Any

import pytest
from callers import Callers
from cast import ADMIN, AWA, CAST, DIOP, MOUSSA, NDIAYE, SARR, THIAM
from store import Store
from told import AMENDED, COUNT, REASON, Told

from fadjma.identity.people import Viewer
from fadjma.records import actions as records

CHANGED, NOT_NOW = "La situation a changé", "Impossible pour le moment"
ASKED = {"patient_id": AWA.id, "reason": REASON}


async def _heading(clinic: Callers, who: Viewer, path: str, body: dict[str, Any]) -> str:
    answer = await clinic.browser(who).post(path, body)
    assert answer.status == 409
    found = re.search("<h1>(.*?)</h1>", answer.text)
    assert found
    return found[1]


class TestTheHeadingOfARefusal:
    """It says that something has changed only where something has."""

    @pytest.mark.parametrize("who", [SARR, DIOP], ids=["pending", "open"])
    async def test_asking_twice(self, clinic: Callers, who: object) -> None:
        assert await _heading(clinic, who, "/access-requests", ASKED) == NOT_NOW

    async def test_asking_again_too_soon(self, clinic: Callers, told: Told) -> None:
        await clinic.program(AWA).post(f"/access-requests/{told.pending}/rejection")
        assert await _heading(clinic, SARR, "/access-requests", ASKED) == NOT_NOW

    async def test_too_little_in_stock(self, clinic: Callers, told: Told, store: Store) -> None:
        sql = "UPDATE prescription_lines SET quantity = 1000 WHERE prescription_id = ?"
        store.connection.execute(sql, (told.validated,))
        page = await clinic.browser(NDIAYE).post(f"/prescriptions/{told.validated}/preparation", {})
        assert (page.status, "<h2>Stock insuffisant pour " in page.text) == (409, True)
        assert CHANGED not in page.text and "a changé entre-temps" not in page.text

    async def test_what_has_changed(self, clinic: Callers, told: Told) -> None:
        page = await clinic.browser(NDIAYE).post(f"/prescriptions/{told.issued}/readiness", {})
        assert (page.status, "<h2>Cette ordonnance a changé entre-temps" in page.text) == (409, True)
        assert await _heading(clinic, AWA, f"/access-requests/{told.granted}/rejection", {}) == CHANGED
        body = {**COUNT, "version": 9}
        counted = await clinic.browser(NDIAYE).post(f"/inventory/lots/{told.lot}/adjustments", body)
        assert (counted.status, "<h2>Le stock de ce lot a changé" in counted.text) == (409, True)


class TestTheEmergencyForm:
    """Two forms on one page have a field of the same name: errors belong to the one that was sent."""

    async def test_left_blank_its_errors_lead_to_its_own_fields(self, clinic: Callers) -> None:
        sent = {"patient_id": MOUSSA.id, "emergency": "unconscious", "reason": "", "password": ""}
        page = (await clinic.browser(DIOP).post("/access-requests", sent)).text
        ordinary, urgent = page.partition("<main")[2].split("<details", 1)
        assert '<a href="#emergency-reason">Ce qui se passe\xa0: ' in urgent
        assert "#reason" not in page
        assert re.search(
            '<textarea id="emergency-reason"[^>]* aria-invalid="true" aria-describedby="emergency-reason-e"', urgent
        )
        assert page.count('id="emergency-reason-e"') == urgent.count('id="emergency-reason-e"') == 1
        assert "aria-invalid" not in ordinary

    async def test_the_other_form_keeps_its_own(self, clinic: Callers) -> None:
        page = (await clinic.browser(DIOP).post("/access-requests", {"patient_id": MOUSSA.id, "reason": ""})).text
        ordinary, urgent = page.partition("<main")[2].split("<details", 1)
        assert '<a href="#reason">Motif\xa0: ' in ordinary
        assert "aria-invalid" not in urgent
        assert ordinary.count('id="reason-e"') == page.count('id="reason-e"') == 1


async def test_a_state_and_what_follows_it_are_two_words(clinic: Callers, told: Told) -> None:
    page = (await clinic.browser(AWA).get(f"/access-requests/{told.pending}")).text
    assert "En attente</b> Envoyée" in page


def _heading_of(page: str) -> str:
    [heading] = re.findall("<h1>(.*?)</h1>", page)
    return heading.replace("&#39;", "'")


class TestAnAccess:
    """It is called a request as long as it is one, and an access from then on."""

    async def test_a_request_is_called_so(self, clinic: Callers, told: Told) -> None:
        path = f"/access-requests/{told.pending}"
        assert _heading_of((await clinic.browser(AWA).get(path)).text) == "Demande d'accès à votre dossier"
        assert _heading_of((await clinic.browser(SARR).get(path)).text) == "Demande d'accès"

    @pytest.mark.parametrize("end", ["", "revocation"])
    async def test_what_was_given_is_an_access(self, clinic: Callers, told: Told, end: str) -> None:
        path = f"/access-requests/{told.granted}"
        if end:
            await clinic.program(AWA).post(f"{path}/{end}")
        assert _heading_of((await clinic.browser(AWA).get(path)).text) == "Accès à votre dossier"
        page = (await clinic.browser(DIOP).get(path)).text
        assert (_heading_of(page), "Demande d'accès" in page) == ("Accès à un dossier", False)

    async def test_in_lists_too(self, clinic: Callers, told: Told) -> None:
        await clinic.program(SARR).post(f"/access-requests/{told.pending}/withdrawal")
        page = (await clinic.browser(AWA).get("/access-requests")).text
        assert "Demande du Dr <bdi>Fatou Sarr</bdi></a><b class=cut>Retirée" in page
        assert "Accès du Dr <bdi>Ousmane Diop</bdi></a><b class=ok>Autorisé" in page

    async def test_that_it_has_ended_is_not_said_of_the_request(self, clinic: Callers, told: Told) -> None:
        path = f"/access-requests/{told.granted}"
        await clinic.program(AWA).post(f"{path}/revocation")
        found = (await clinic.program(DIOP).get("/notifications")).json["items"][0]
        assert found["message"] == "Votre accès à un dossier est révoqué"
        again = (await clinic.program(AWA).post(f"{path}/revocation")).problem(409)
        assert again["detail"] == "Cet accès a changé entre-temps\xa0: rien n'a été modifié."


class TestACorrection:
    async def test_is_not_called_an_addition(self, clinic: Callers, told: Told) -> None:
        await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", {"scope": "full", "duration": "7d"})
        await clinic.program(DIOP).post(f"/records/{told.record}/versions", AMENDED)
        for person, said in ((SARR, "Un dossier que vous suivez a été corrigé"), (AWA, "Votre dossier a été corrigé")):
            assert (await clinic.program(person).get("/notifications")).json["items"][0]["message"] == said

    async def test_of_ones_own_is_not_another_doctors(self, clinic: Callers, told: Told) -> None:
        await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", {"scope": "full", "duration": "7d"})
        await clinic.program(DIOP).post(f"/records/{told.record}/versions", AMENDED)
        for person, said in (
            (DIOP, "Vous avez déjà corrigé cet élément ailleurs"),
            (SARR, "Un autre médecin vient de"),
        ):
            refused = await clinic.program(person).post(f"/records/{told.record}/versions", AMENDED)
            assert refused.problem(409)["detail"].startswith(said)


class TestWhoItIs:
    @pytest.mark.parametrize(("person", "called"), [(AWA, "Patiente"), (MOUSSA, "Patient"), (NDIAYE, "Pharmacie")])
    async def test_a_patient_is_called_as_their_sex_asks(self, clinic: Callers, person: Viewer, called: str) -> None:
        assert f"<small>{called}</small>" in (await clinic.browser(person).get("/")).text

    async def test_to_an_admin_too(self, clinic: Callers) -> None:
        page = (await clinic.browser(ADMIN).get("/accounts")).text
        assert "<bdi>Awa Cissé</bdi>, Patiente, " in page and "<bdi>Moussa Diouf</bdi>, Patient, " in page

    async def test_the_code_is_the_womans_or_the_mans(self, clinic: Callers, told: Told) -> None:
        page = (await clinic.browser(NDIAYE).get(f"/prescriptions/{told.ready}")).text
        assert "La patiente n&#39;a pas son code" in page.replace("n'a", "n&#39;a") and "Le patient" not in page


class TestNothingIsSaidTwice:
    @pytest.mark.parametrize(
        ("title", "row", "first"),
        [
            ("Pénicilline", "Allergie\xa0: <bdi>Pénicilline</bdi>", "Allergie</b> <bdi>Pénicilline</bdi>"),
            ("Allergie à l’iode", "<bdi>Allergie à l’iode</bdi>", "Allergie</b> <bdi>à l’iode</bdi>"),
            ("ALLERGIES : iode, latex", "<bdi>ALLERGIES : iode, latex</bdi>", "Allergie</b> <bdi>iode, latex</bdi>"),
            ("Allergiques en famille", "Allergie\xa0: <bdi>Allergiques en", "Allergie</b> <bdi>Allergiques en famille"),
        ],
    )
    async def test_of_an_allergy(
        self, clinic: Callers, told: Told, store: Store, title: str, row: str, first: str
    ) -> None:
        written = {"title": title, "body": "Urticaire.", "occurred_on": "2026-03-03"}
        record_id = store.write(records.create, DIOP, AWA.id, type="allergy", **written)
        file = (await clinic.browser(DIOP).get("/patients/awa/records")).text
        assert f"<a href=/records/{record_id}>{row}" in file
        for person, path in (
            (DIOP, "/patients/awa/records"),
            (DIOP, "/patients/awa/prescriptions/new"),
            (NDIAYE, f"/prescriptions/{told.validated}"),
        ):
            assert f'<b class="sos">{first}' in (await clinic.browser(person).get(path)).text
        assert row in (await clinic.browser(AWA).get(f"/records/{record_id}")).text

    async def test_of_a_pharmacy(self, clinic: Callers, told: Told) -> None:
        for step, said in (("issued", "Adressée à"), ("validated", "Prise en charge par")):
            page = (await clinic.browser(AWA).get(f"/prescriptions/{getattr(told, step)}")).text
            assert f"<b>{said}</b> <bdi>Pharmacie Jamm</bdi>" in page
        code = (await clinic.browser(AWA).get(f"/prescriptions/{told.ready}")).text
        assert "(<bdi>Pharmacie Jamm</bdi>)" in code and "la pharmacie (" not in code


@pytest.mark.parametrize("person", CAST)
async def test_an_empty_list_says_what_is_not_there(clinic: Callers, told: Told, person: Viewer) -> None:
    for path in ("/", "/prescriptions", "/access-requests"):
        page = (await clinic.browser(person).get(path)).text
        if path == "/" and person in (THIAM, MOUSSA):
            continue  # a desk begins with a search, a first visit with three steps
        empty = re.findall('<li class="empty">(.*?)</li>', page)
        assert empty and len(set(empty)) == len(empty), path
        assert not any(re.search(r"\bici\b|d&#39;autre", text) for text in empty), path


async def test_whoever_leaves_signs_out(clinic: Callers) -> None:
    page = (await clinic.browser(AWA).get("/")).text
    assert '<form method="post" action="/sign-out"><button>Se déconnecter</button></form>' in page
