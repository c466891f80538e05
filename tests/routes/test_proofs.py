"""By what a hand-over is proved: the card with its PIN, or a document, which is flagged and told."""

import html
from typing import Any

import pytest
import pytest_asyncio
from callers import Answer, Callers
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, IDENTIFIERS, JAMM, NDIAYE
from store import Store
from told import LINE, PIN, Told

from fadjma.identity.people import Viewer
from fadjma.prescriptions import proving

NUMBER = "A 02 754 119"
SEEN: dict[str, Any] = {"identity": {"kind": "passport", "number": NUMBER}, "reason": "Téléphone volé"}


@pytest_asyncio.fixture(loop_scope="session")
async def hers(clinic: Callers, told: Told) -> str:
    """The address of what was prescribed to Yandé, who has a card, a PIN and no account, and is ready."""
    approval = f"/access-requests/{told.present}/in-person-approval"
    await clinic.program(DIOP).post(approval, {"pin": PIN, "scope": "full", "duration": "7d"})
    issued = await clinic.program(DIOP).post(
        f"/patients/{told.registered}/prescriptions", {"lines": [LINE], "pharmacy_id": JAMM}
    )
    for act in ("validation", "preparation", "readiness"):
        assert (await clinic.program(NDIAYE).post(f"{issued.location}/{act}")).status == 200
    return issued.location


def _identifier(store: Store, told: Told) -> str:
    found: str = store.value("SELECT identifier FROM patients WHERE user_id = ?", told.registered)
    return found


async def _news(clinic: Callers, person: Viewer) -> list[str]:
    items = (await clinic.program(person).get("/notifications")).json["items"]
    return [item["message"] for item in items if not item["read"]]


class TestTheCardAndItsPin:
    async def test_prove_it_as_the_code_does(self, clinic: Callers, store: Store, told: Told, hers: str) -> None:
        card = _identifier(store, told).lower().replace("-", " ")
        page = (await clinic.browser(NDIAYE).get(hers)).text
        assert 'name="card"' in page and 'name="pin" type="password"' in page
        answer = await clinic.program(NDIAYE).post(f"{hers}/delivery", {"card": card, "pin": PIN})
        assert answer.json["status"] == "delivered"
        [dispense] = (await clinic.program(NDIAYE).get(hers)).json["dispenses"]
        assert (dispense["proof"], dispense["identity"], dispense["reason"]) == ("pin", None, "")
        assert "avec la carte et son code PIN" in (await clinic.browser(NDIAYE).get(hers)).text
        assert store.value("SELECT count(*) FROM audit_events WHERE action = 'handover.without_code'") == 1  # told.owed

    async def test_five_wrong_ones_lock_it_each_traced_and_none_is_shown_again(
        self, clinic: Callers, store: Store, told: Told, hers: str
    ) -> None:
        card = _identifier(store, told)
        for left in (4, 3, 2, 1, 0):
            sent = {"card": card, "pin": "918273", "code": "", "reason": "Sans compte FADJMA"}
            page = await clinic.browser(NDIAYE).post(f"{hers}/delivery", sent)
            assert page.status == 422 and "918273" not in page.text and card in page.text
            assert ("Essais restants" in page.text) == bool(left)
        locked = await clinic.program(NDIAYE).post(f"{hers}/delivery", {"card": card, "pin": PIN})
        assert "bloqué" in locked.errors()["pin"]
        tries = "SELECT count(*) FROM trace WHERE patient_id = ? AND action = 'pin.wrong' AND outcome = 'refused'"
        assert store.value(tries, told.registered) == 5
        assert "Le code PIN de la carte est bloqué" in html.unescape((await clinic.browser(NDIAYE).get(hers)).text)
        assert not store.rows("SELECT 1 FROM drafts"), "nothing of it was kept"

    @pytest.mark.parametrize(
        ("sent", "field"),
        [
            ({"card": IDENTIFIERS[AWA.id], "pin": PIN}, "card"),
            ({"card": "FJ-0", "pin": PIN}, "card"),
            ({"card": "{own}"}, "card"),
            ({"pin": PIN}, "pin"),
            ({"card": "{own}", "pin": "12"}, "pin"),
            ({"card": "{own}", "pin": PIN, "code": "123456"}, "pin"),
        ],
    )
    async def test_what_proves_nothing_costs_no_try(
        self, clinic: Callers, store: Store, told: Told, hers: str, sent: dict[str, str], field: str
    ) -> None:
        own = _identifier(store, told)
        sent = {name: value.format(own=own) for name, value in sent.items()}
        assert field in (await clinic.program(NDIAYE).post(f"{hers}/delivery", sent)).errors()
        assert store.value("SELECT failures FROM patient_pins WHERE patient_id = ?", told.registered) == 0
        assert (await clinic.program(NDIAYE).get(hers)).json["status"] == "ready"

    async def test_who_has_none_is_told_what_else_there_is(self, clinic: Callers, told: Told) -> None:
        sent = {"card": IDENTIFIERS[AWA.id], "pin": PIN}
        answer = await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", sent)
        assert "pièce d'identité" in answer.errors()["pin"]


class TestADocument:
    async def _hand_over(self, clinic: Callers, told: Told, by: Viewer = GOMIS, **more: object) -> Answer:
        return await clinic.program(by).post(f"/prescriptions/{told.ready}/delivery", {**SEEN, **more})

    async def test_is_flagged_on_every_side_and_its_number_is_the_pharmacys_alone(
        self, clinic: Callers, told: Told
    ) -> None:
        assert (await self._hand_over(clinic, told)).json["status"] == "delivered"
        for person, number in ((NDIAYE, NUMBER), (AWA, "•••119"), (DIOP, None)):
            answer = await clinic.program(person).get(f"/prescriptions/{told.ready}")
            [dispense] = answer.json["dispenses"]
            assert (dispense["proof"], dispense["reason"]) == ("identity", "Téléphone volé")
            assert dispense["identity"] == {"kind": "passport", "number": number}
            page = html.unescape((await clinic.browser(person).get(f"/prescriptions/{told.ready}")).text)
            assert ("Remis sans votre code" if person == AWA else "Remis sans code") in page and "Passeport" in page
            assert (NUMBER in page) == (person == NDIAYE)
            assert "pièce vue : Passeport. Téléphone volé" in page, "and in its history, in words"
            assert NUMBER not in str(answer.json["acts"])

    @pytest.mark.parametrize(
        ("responsible", "by", "heard"),
        [
            ("", NDIAYE, "gomis fall"),
            ("Dr Khady NDIAYE, titulaire", GOMIS, "ndiaye"),
            ("Dr Khady NDIAYE, titulaire", NDIAYE, "gomis fall"),
            ("Quelqu'un d'autre", GOMIS, "ndiaye fall"),
        ],
    )
    async def test_is_told_to_whoever_answers_for_the_pharmacy(
        self, clinic: Callers, told: Told, store: Store, responsible: str, by: Viewer, heard: str
    ) -> None:
        store.connection.execute("UPDATE organizations SET responsible = ? WHERE id = ?", (responsible, JAMM))
        store.connection.execute("UPDATE practitioners SET organization_id = ? WHERE user_id = 'fall'", (JAMM,))
        store.connection.execute("UPDATE notifications SET message = NULL WHERE message = 'handover.without_code'")
        await self._hand_over(clinic, told, by)
        for person in (NDIAYE, GOMIS, FALL, ADMIN):
            news = await _news(clinic, person)
            assert ("Une remise sans code de retrait est à relire" in news) == (person.id in heard.split()), person.id
        assert "Une remise a été faite sans votre code de retrait" in await _news(clinic, AWA)

    async def test_where_nobody_else_works_the_admins_are_told(self, clinic: Callers, told: Told, store: Store) -> None:
        store.connection.execute("UPDATE users SET status = 'deactivated' WHERE id = ?", (GOMIS.id,))
        await self._hand_over(clinic, told, NDIAYE)
        assert "Une remise sans code de retrait est à relire" in await _news(clinic, ADMIN)

    async def test_is_looked_up_by_pharmacy_and_audit_and_its_number_is_traced(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        await self._hand_over(clinic, told)
        for person in (NDIAYE, ADMIN):
            first, second = (await clinic.program(person).get("/handovers")).json["items"]
            assert (first["identity"], second["identity"]["kind"]) == ({"kind": "passport", "number": None}, "other")
            found = (await clinic.program(person).get(f"/handovers/{first['id']}")).json
            assert found["identity"] == {"kind": "passport", "number": NUMBER}
            assert found["prescription_id"] == (told.ready if person == NDIAYE else None)
            assert "paracétamol" not in str(found).lower(), "no medical content"
            sql = "SELECT count(*) FROM trace WHERE action = 'handover.read' AND actor_id = ? AND patient_id = 'awa'"
            assert store.value(sql, person.id) == 1
        assert (await clinic.program(FALL).get("/handovers")).json["items"] == []
        assert (await clinic.program(FALL).get(f"/handovers/{first['id']}")).status == 404
        assert "a lu sur quelle pièce" in (await clinic.browser(AWA).get("/patients/awa/accesses")).text

    async def test_leads_to_the_prescription_as_long_as_that_is_the_pharmacys(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        """A link to what another has taken since would be a refused try in the patient's trace."""
        where, path = f"/handovers/{told.handover}", f"/prescriptions/{told.owed}"
        assert f'href="{path}"' in (await clinic.browser(NDIAYE).get(where)).text
        await clinic.program(NDIAYE).post(f"{path}/release", {"reason": "Rupture", "confirm": True})
        assert (await clinic.program(FALL).post(f"{path}/validation")).status == 200
        assert path not in (await clinic.browser(NDIAYE).get(where)).text
        [listed] = (await clinic.program(NDIAYE).get("/handovers")).json["items"]
        assert (listed["id"], listed["prescription_id"]) == (told.handover, None)

    async def test_of_before_there_were_kinds_stands_in_the_reason_which_no_list_shows(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        store.connection.execute(
            "INSERT INTO dispenses (id, prescription_id, pharmacy_id, actor_id, at, proof, reason) "
            "SELECT 'old', prescription_id, pharmacy_id, actor_id, 1, 'identity', ? FROM dispenses WHERE id = ?",
            (old := f"Sans code, pièce d'identité {NUMBER} : Téléphone volé", told.handover),
        )
        assert (await clinic.program(ADMIN).get("/handovers")).json["items"][-1]["reason"] == ""
        assert (await clinic.program(ADMIN).get("/handovers/old")).json["reason"] == old
        page = html.unescape((await clinic.browser(ADMIN).get("/handovers/old")).text)
        assert old in page and NUMBER not in (await clinic.browser(ADMIN).get("/handovers")).text

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"identity": {"kind": "library", "number": NUMBER}}, "identity_kind"),
            ({"identity": {"kind": "passport"}, "reason": ""}, "identity_document"),
            ({"identity": {"kind": "passport"}, "reason": ""}, "identity_document"),
            ({"identity": {"kind": "passport", "number": NUMBER, "colour": "red"}}, "identity_colour"),
            ({"identity": {"kind": "passport", "number": {"n": 1}}}, "identity_document"),
            ({"identity": "passport"}, "identity"),
            ({"identity_document": NUMBER}, "identity_document"),
            ({"identity": {"kind": "other", "number": "x"}}, "identity_document"),
            ({"identity": {"kind": "national_id", "number": "vue par moi"}}, "identity_document"),
            ({"reason": ""}, "reason"),
        ],
    )
    async def test_what_is_not_understood_is_refused_by_name(
        self, clinic: Callers, told: Told, more: dict[str, Any], field: str
    ) -> None:
        assert field in (await self._hand_over(clinic, told, **more)).errors()

    async def test_x_and_xyz_are_neither_document_nor_hand_over(self, clinic: Callers, told: Told) -> None:
        ready = f"/prescriptions/{told.ready}"
        refused = await clinic.program(NDIAYE).post(
            f"{ready}/delivery", {"identity_document": "x", "reason": "Téléphone volé"}
        )
        assert refused.errors().keys() == {"identity_document"}
        sent = {"identity_kind": "passport", "identity_document": "néant", "reason": "Téléphone volé"}
        page = await clinic.browser(NDIAYE).post(f"{ready}/delivery", sent)
        assert page.status == 422 and "Recopiez le numéro qui est sur la pièce." in html.unescape(page.text)
        assert 'value="néant"' in html.unescape(page.text)
        assert (await clinic.program(NDIAYE).get(ready)).json["status"] == "ready"

    async def test_on_the_page_its_kind_is_asked_for(self, clinic: Callers, told: Told) -> None:
        sent = {"identity_kind": "", "identity_document": NUMBER, "reason": "Téléphone volé"}
        page = await clinic.browser(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", sent)
        assert page.status == 422 and 'id="delivery-identity_kind-e"' in page.text and NUMBER in page.text
        sent["identity_kind"] = "consular_card"
        assert (await clinic.browser(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", sent)).status == 303


@pytest.mark.parametrize(("number", "shown"), [("1", None), ("12", "•••2"), ("12345", "•••45"), (NUMBER, "•••119")])
def test_of_a_number_the_patient_reads_the_last_signs_at_most_half(number: str, shown: str | None) -> None:
    assert proving.Document("passport", number).masked().number == shown
