"""The short code of a paper finds a prescription at a counter, and proves nothing; nobody may guess at it for long."""

import html
import re

import pytest
import pytest_asyncio
from callers import Callers
from cast import AWA, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE
from store import Clock, Store
from told import LINE, PIN, Told

from fadjma import short_codes


async def _code(clinic: Callers, prescription_id: str) -> str:
    found = (await clinic.program(DIOP).get(f"/prescriptions/{prescription_id}/paper")).json
    return str(found["short_code"])


async def test_a_pharmacy_finds_what_is_open_to_all_by_the_whole_code_alone(
    clinic: Callers, told: Told, store: Store
) -> None:
    code = await _code(clinic, told.open)
    ndiaye = clinic.program(NDIAYE)
    for part in (code[:9], "awa", "cissé"):
        items = (await ndiaye.get(f"/prescriptions?q={part}")).json["items"]
        assert told.open not in [item["id"] for item in items]
    found = (await ndiaye.get(f"/prescriptions?q={code.lower()}")).json
    assert ([item["id"] for item in found["items"]], found["found"]) == ([told.open], {"status": "issued"})
    assert "patient" not in found["items"][0], "whose it is, it learns by taking it"
    asked = "SELECT outcome FROM trace WHERE subject_id = ? AND action = 'prescription.found' AND actor_id = 'ndiaye'"
    assert store.rows(asked, told.open)
    read = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
    assert "prescription.found" in str(read)


async def test_a_browser_is_led_to_the_prescription(clinic: Callers, told: Told) -> None:
    answer = await clinic.browser(NDIAYE).get(f"/prescriptions?q={await _code(clinic, told.ready)}")
    assert (answer.status, answer.location) == (303, f"/prescriptions/{told.ready}")
    page = await clinic.browser(NDIAYE).get(answer.location)
    assert 'name="code"' in page.text, "the hand-over code is asked for all the same"
    short = await _code(clinic, told.ready)
    refused = await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", {"code": short})
    assert "code" in refused.errors()


async def test_the_search_of_every_page_finds_it_too(clinic: Callers, told: Told) -> None:
    code = await _code(clinic, told.open)
    answer = await clinic.browser(NDIAYE).get(f"/search?q={code}")
    assert (answer.status, answer.location) == (303, f"/prescriptions/{told.open}")
    assert (await clinic.program(NDIAYE).get(f"/search?q={code}")).json["found"] == {"status": "issued"}
    assert "found" not in (await clinic.program(AWA).get(f"/search?q={code}")).json


async def test_as_it_is_typed_its_row_comes(clinic: Callers, told: Told) -> None:
    typed = await clinic.htmx(NDIAYE).get(f"/prescriptions?q={await _code(clinic, told.open)}", HX_Target="found")
    assert f"/prescriptions/{told.open}" in typed.text and "<html" not in typed.text


@pytest.mark.parametrize(
    ("what", "status", "said"),
    [("cancellation", "cancelled", "a été annulée"), ("error", "entered_in_error", "a été écrite par erreur")],
)
async def test_of_what_is_over_it_says_so(clinic: Callers, told: Told, what: str, status: str, said: str) -> None:
    code = await _code(clinic, told.open)
    await clinic.program(DIOP).post(f"/prescriptions/{told.open}/{what}", {"reason": "Traitement changé"})
    found = (await clinic.program(FALL).get(f"/prescriptions?q={code}")).json
    assert (found["items"], found["found"]) == ([], {"status": status})
    page = (await clinic.browser(FALL).get(f"/prescriptions?q={code}")).text
    assert said in page and "ne remettez rien" in page and "Cissé" not in page


async def test_of_what_another_pharmacy_has_it_says_no_more(clinic: Callers, told: Told) -> None:
    found = (await clinic.program(FALL).get(f"/prescriptions?q={await _code(clinic, told.ready)}")).json
    assert (found["items"], found["found"]) == ([], {"status": "elsewhere"})


async def test_nobody_else_finds_anything_by_it(clinic: Callers, told: Told) -> None:
    code = await _code(clinic, told.open)
    for person in (AWA, MOUSSA, DIOP):
        assert (await clinic.program(person).get(f"/prescriptions?q={code}")).json["items"] == []


async def test_twenty_that_are_of_nothing_are_the_last_for_an_hour_and_slips_are_none(
    clinic: Callers, told: Told
) -> None:
    gomis, right = clinic.program(GOMIS), await _code(clinic, told.open)
    slip = right[:-1] + ("0" if right[-1] != "0" else "1")
    for _ in range(25):
        assert (await gomis.get(f"/prescriptions?q={slip}")).status == 200
    for _ in range(20):
        assert "found" not in (await gomis.get(f"/prescriptions?q={short_codes.new()}")).json
    assert (await gomis.get(f"/prescriptions?q={right}")).status == 429
    assert (await gomis.get("/prescriptions?q=awa")).status == 200
    assert (await clinic.program(NDIAYE).get(f"/prescriptions?q={right}")).status == 200, "a colleague goes on"
    for _ in range(20):
        await clinic.program(NDIAYE).get(f"/prescriptions?q={short_codes.new()}")
    assert (await clinic.program(FALL).get(f"/prescriptions?q={right}")).status == 200, "and another pharmacy"


async def test_a_name_of_eleven_letters_is_looked_for_by_name_and_is_no_guess(
    clinic: Callers, told: Told, store: Store
) -> None:
    gomis, right = clinic.program(GOMIS), await _code(clinic, told.open)
    assert short_codes.read("Fatou Diatta") and short_codes.read("Binta Konate")
    for word in ("fatou", "diatta"):
        store.connection.execute("INSERT INTO account_words (user_id, word, named) VALUES ('awa', ?, 1)", (word,))
    for _ in range(25):
        assert (await gomis.get("/prescriptions?q=Binta Konate")).json["items"] == []
    found = (await gomis.get("/prescriptions?q=Fatou Diatta")).json
    assert told.ready in [item["id"] for item in found["items"]] and "found" not in found
    assert (await gomis.get("/search?q=Fatou Diatta")).json["prescriptions"]["items"]
    for _ in range(20):
        await gomis.get(f"/prescriptions?q={short_codes.new()}")
    assert (await gomis.get(f"/prescriptions?q={right}")).status == 429
    assert (await gomis.get("/prescriptions?q=Fatou Diatta")).status == 200, "and a name is never locked"


async def test_its_patient_has_it_on_the_page_as_long_as_it_is_of_use(clinic: Callers, told: Told) -> None:
    shown = (await clinic.program(AWA).get(f"/prescriptions/{told.open}")).json["short_code"]
    assert shown == await _code(clinic, told.open)
    page = (await clinic.browser(AWA).get(f"/prescriptions/{told.open}")).text
    assert shown.replace("-", "\u2011") in page and page.count('class="qr"') == 1
    await clinic.program(DIOP).post(f"/prescriptions/{told.open}/cancellation", {"reason": "Traitement changé"})
    assert "short_code" not in (await clinic.program(AWA).get(f"/prescriptions/{told.open}")).json
    assert 'class="qr"' not in (await clinic.browser(AWA).get(f"/prescriptions/{told.open}")).text
    assert "short_code" not in str((await clinic.program(NDIAYE).get(f"/prescriptions/{told.refused}")).json)


class TestAPatientWithoutAnAccount:
    @pytest_asyncio.fixture(loop_scope="session")
    async def hers(self, clinic: Callers, told: Told) -> str:
        """The address of what was prescribed to Yandé."""
        approval = f"/access-requests/{told.present}/in-person-approval"
        await clinic.program(DIOP).post(approval, {"pin": PIN, "scope": "full", "duration": "7d"})
        body = {"lines": [LINE], "pharmacy_id": JAMM}
        return (await clinic.program(DIOP).post(f"/patients/{told.registered}/prescriptions", body)).location

    async def _ready(self, clinic: Callers, hers: str) -> None:
        for act in ("validation", "preparation", "readiness"):
            assert (await clinic.program(NDIAYE).post(f"{hers}/{act}")).status == 200

    async def test_has_the_hand_over_code_on_her_own_copy_which_is_traced(
        self, clinic: Callers, told: Told, store: Store, hers: str
    ) -> None:
        looked_at = (await clinic.browser(DIOP).get(f"{hers}/paper?copy=patient")).text
        assert 'class="secret"' not in looked_at and "Imprimer avec le code" in looked_at
        asked = "SELECT actor_id FROM trace WHERE patient_id = ? AND action = 'prescription.code_printed'"
        assert not store.rows(asked, told.registered), "looking prints nothing"
        assert not store.rows("SELECT id FROM prescriptions WHERE code_printed_round IS NOT NULL")
        led = await clinic.browser(DIOP).post(f"{hers}/patient-copy")
        assert (led.status, led.location) == (303, f"{hers}/paper?copy=patient")
        copy = (await clinic.browser(DIOP).get(led.location)).text
        [printed] = re.findall(r'class="secret">.*?<b>(\d{3} \d{3})</b>', copy)
        assert store.value(asked, told.registered) == DIOP.id
        await self._ready(clinic, hers)
        page = (await clinic.browser(NDIAYE).get(hers)).text
        assert 'name="code"' in page and "Personne n'a de code" not in page
        assert "has_code" not in (await clinic.program(NDIAYE).get(hers)).json
        handed = await clinic.program(NDIAYE).post(f"{hers}/delivery", {"code": printed})
        assert handed.json["status"] == "delivered"

    async def test_has_it_on_no_other_paper_and_from_nobody_else(self, clinic: Callers, hers: str) -> None:
        for person, query in ((DIOP, ""), (NDIAYE, ""), (NDIAYE, "?copy=patient")):
            sheet = (await clinic.browser(person).get(f"{hers}/paper{query}")).text
            assert 'class="secret"' not in sheet and "handover_code" not in sheet
        assert "Imprimez aussi l'exemplaire du patient" in (await clinic.browser(DIOP).get(f"{hers}/paper")).text
        await self._ready(clinic, hers)
        assert "Personne n'a de code" in (await clinic.browser(NDIAYE).get(hers)).text

    async def test_whose_printed_code_was_guessed_at_is_asked_for_a_document_until_another_is_printed(
        self, clinic: Callers, store: Store, hers: str
    ) -> None:
        async def printed() -> str:
            await clinic.browser(DIOP).post(f"{hers}/patient-copy")
            found: str = (await clinic.program(DIOP).get(f"{hers}/paper?copy=patient")).json["handover_code"]
            return found

        first = await printed()
        await self._ready(clinic, hers)
        assert "6 chiffres, sur l'exemplaire du patient" in html.unescape((await clinic.browser(NDIAYE).get(hers)).text)
        wrong = {"code": f"{(int(first) + 1) % 1_000_000:06d}"}
        answers = [await clinic.browser(NDIAYE).post(f"{hers}/delivery", wrong) for _ in range(5)]
        last = html.unescape(answers[-1].text)
        assert "Trop de mauvais codes" in last and last.count('id="delivery-code"') == 1
        page = html.unescape((await clinic.browser(NDIAYE).get(hers)).text)
        assert "Personne n'a de code" in page and 'name="code"' not in page and "Sans compte FADJMA" in page
        copy = f"{hers}/paper?copy=patient"
        assert "handover_code" not in (await clinic.program(DIOP).get(copy)).json, "which opens nothing"
        assert "Imprimer avec le code" in (await clinic.browser(DIOP).get(copy)).text
        other = await printed()
        assert other != first
        assert (await clinic.program(NDIAYE).post(f"{hers}/delivery", {"code": first})).status == 422
        handed = await clinic.program(NDIAYE).post(f"{hers}/delivery", {"code": other})
        assert handed.json["status"] == "delivered"

    async def test_once_it_is_over_it_is_printed_no_more(self, clinic: Callers, hers: str) -> None:
        await clinic.program(DIOP).post(f"{hers}/cancellation", {"reason": "Traitement changé"})
        refused = await clinic.program(DIOP).post(f"{hers}/patient-copy")
        assert refused.problem(409)["detail"].startswith("Cette ordonnance ne sert plus")
        assert "Imprimer avec le code" not in (await clinic.browser(DIOP).get(f"{hers}/paper?copy=patient")).text

    async def test_with_an_account_nobody_prints_it(self, clinic: Callers, told: Told, clock: Clock) -> None:
        assert (await clinic.program(DIOP).post(f"/prescriptions/{told.ready}/patient-copy")).status == 200
        for person in (DIOP, AWA):
            found = (await clinic.program(person).get(f"/prescriptions/{told.ready}/paper?copy=patient")).json
            assert "handover_code" not in found
