"""Alerts before signing and before validating: what a program gets and answers, and what a form shows and keeps."""

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from callers import FORM, Callers
from cast import AMOXICILLIN, AWA, DIOP, JAMM, NDIAYE, PARACETAMOL, SARR
from steps import WEEK
from store import Store
from told import LINE, OTHER, Told

from fadjma.access import actions as access
from fadjma.records import noting
from fadjma.records.allergies import Facts

PATH = "/patients/awa/prescriptions"
REASON = "Test cutané négatif en 2024"
PENICILLINS = Facts("medicine", "pénicillines", reaction="urticaire", severity="severe")


@pytest.fixture(autouse=True)
def classes(store: Store) -> None:
    for medicine_id, atc in ((AMOXICILLIN, "J01CA04"), (PARACETAMOL, "N02BE01")):
        store.connection.execute("UPDATE medicines SET atc = ? WHERE id = ?", (atc, medicine_id))


def _allergic(store: Store) -> None:
    store.write(noting.note, DIOP, AWA.id, facts=PENICILLINS)


def _text(answer: Any) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")


def _typed(*lines: dict[str, Any], **more: str) -> str:
    fields = {f"lines-{n}-{name}": value for n, line in enumerate(lines) for name, value in line.items()}
    return urlencode(
        {**fields, "pharmacy_id": JAMM, **{name.replace("__", "-"): value for name, value in more.items()}}
    )


def _prescribed(store: Store) -> int:
    return int(store.value("SELECT count(*) FROM prescriptions"))


class TestSigning:
    async def test_an_allergy_stops_until_a_reason_is_written_which_the_pharmacist_reads(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _allergic(store)
        doctor, before = clinic.program(DIOP), _prescribed(store)
        problem = (await doctor.post(PATH, {"lines": [OTHER], "pharmacy_id": JAMM})).problem(422)
        [alert] = problem["alerts"]
        assert alert == {
            "id": alert["id"],
            "line": 0,
            "kind": "allergy",
            "text": "Allergie notée (Pénicillines)\u00a0: amoxicilline.",
            "needs_reason": True,
        }
        assert problem["errors"] == {"overrides-0-reason": alert["text"]}
        assert problem["confirm"] == []
        again = (await doctor.post(PATH, {"lines": [OTHER], "confirm": True})).problem(422)
        assert again["alerts"] == problem["alerts"], "the same is asked by the same id, and « confirm » is no reason"
        assert _prescribed(store) == before
        overrides = [{"alert": alert["id"], "reason": REASON}]
        made = await doctor.post(PATH, {"lines": [OTHER], "pharmacy_id": JAMM, "overrides": overrides})
        assert made.status == 201
        [answered] = made.json["answered_alerts"]
        assert (answered["id"], answered["reason"], answered["by"]) == (
            alert["id"],
            REASON,
            {"name": "Ousmane Diop", "role": "doctor"},
        )
        page = _text(await clinic.browser(NDIAYE).get(made.location))
        assert "Alertes vues" in page and REASON in page and "Allergie notée (Pénicillines)" in page
        assert (await clinic.program(NDIAYE).post(f"{made.location}/validation")).status == 200, "it is not asked twice"

    async def test_of_several_medicines_the_pharmacist_reads_of_which_it_was(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _allergic(store)
        sent = {"lines": [LINE, OTHER], "pharmacy_id": JAMM}
        asked = (await clinic.program(DIOP).post(PATH, sent)).problem(422)["alerts"]
        overrides = [{"alert": one["id"], "reason": REASON} for one in asked]
        made = await clinic.program(DIOP).post(PATH, {**sent, "overrides": overrides, "confirm": True})
        seen = re.sub(
            "<[^>]+>", " ", _text(await clinic.browser(NDIAYE).get(made.location)).partition("Alertes vues")[2]
        )
        assert re.search(r"amoxicilline 1 g, comprimé dispersible\s+Allergie notée", seen)

    @pytest.mark.parametrize(
        ("override", "field"),
        [
            ({"alert": "{id}"}, "overrides-0-reason"),
            ({"alert": "{id}", "reason": "ok"}, "overrides-0-reason"),
            ({"alert": "{id}", "reason": "\u200b\u200b\u200b"}, "overrides-0-reason"),
            ({"alert": "0000", "reason": REASON}, "overrides-0-alert"),
            ({"reason": REASON}, "overrides-0-alert"),
            ({"alert": "{id}", "reason": REASON, "why": "x"}, "overrides-0-why"),
        ],
    )
    async def test_an_answer_that_is_none_is_refused_and_nothing_is_lost(
        self, clinic: Callers, told: Told, store: Store, override: dict[str, str], field: str
    ) -> None:
        _allergic(store)
        doctor, before = clinic.program(DIOP), store.content(readings=False)
        [alert] = (await doctor.post(PATH, {"lines": [OTHER]})).problem(422)["alerts"]
        sent = {name: value.format(id=alert["id"]) for name, value in override.items()}
        problem = (await doctor.post(PATH, {"lines": [OTHER], "overrides": [sent]})).problem(422)
        assert field in problem["errors"]
        assert store.content(readings=False) == before

    async def test_the_same_substance_stops_and_says_nothing_of_who_and_where(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        store.write(access.approve, AWA, told.pending, scope="prescriptions", duration=WEEK)
        problem = (await clinic.program(SARR).post(PATH, {"lines": [LINE]})).problem(422)
        [alert] = problem["alerts"]
        assert (alert["kind"], alert["line"]) == ("duplicate", 0)
        assert alert["text"].startswith(("Déjà prescrit le", "Déjà remis le")) and alert["text"].endswith(
            "paracétamol."
        )
        assert "Diop" not in str(problem) and "Jamm" not in str(problem)
        overrides = [{"alert": alert["id"], "reason": "Ordonnance perdue"}]
        assert (await clinic.program(SARR).post(PATH, {"lines": [LINE], "overrides": overrides})).status == 201

    async def test_the_others_ask_once_and_are_taken_by_confirm_or_one_by_one(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        doctor = clinic.program(DIOP)
        lines = [OTHER, {**OTHER, "quantity": 900}]
        problem = (await doctor.post(PATH, {"lines": lines})).problem(422)
        asked = [(alert["kind"], alert["line"], alert["needs_reason"]) for alert in problem["alerts"]]
        assert asked == [("same_class", 1, False), ("posology", 1, False)]
        assert problem["confirm"] == ["lines-1-medicine", "lines-1-quantity"] == list(problem["errors"])
        one_by_one = [{"alert": alert["id"]} for alert in problem["alerts"]]
        half = (await doctor.post(PATH, {"lines": lines, "overrides": one_by_one[:1]})).problem(422)
        assert half["confirm"] == ["lines-1-quantity"]
        changed = [lines[0], {**lines[1], "quantity": 800}]
        other = (await doctor.post(PATH, {"lines": changed, "overrides": one_by_one})).problem(422)
        assert set(other["errors"]) == {"lines-1-quantity", "overrides-1-alert"}, (
            "of another quantity it is another one"
        )
        made = await doctor.post(PATH, {"lines": lines, "overrides": one_by_one})
        assert [answered["kind"] for answered in made.json["answered_alerts"]] == ["same_class", "posology"]

    async def test_a_corrected_prescription_is_not_twice_what_it_replaces(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        doctor, pharmacist = clinic.program(DIOP), clinic.program(NDIAYE)
        path = (await doctor.post(PATH, {"lines": [OTHER], "pharmacy_id": JAMM})).location
        await pharmacist.post(f"{path}/validation")
        await pharmacist.post(f"{path}/refusal", {"code": "dose", "text": "Dose à vérifier"})
        corrected = {"lines": [OTHER], "replaces_id": path.rpartition("/")[2]}
        assert (await doctor.post(PATH, corrected)).status == 201


class TestOnThePage:
    async def test_it_stands_beside_its_line_with_its_reason_and_what_was_typed_stays(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _allergic(store)
        doctor = clinic.browser(DIOP)
        second = {"dosage": "le matin, avec de l'eau", "quantity": "7"}
        page = await doctor.post(
            PATH, _typed(OTHER, **{f"lines__1__{k}": v for k, v in second.items()}), Content_Type=FORM
        )
        assert page.status == 422
        text = _text(page)
        first, _, rest = text.rpartition("Médicament 2")  # which is named above the form, too: no medicine is chosen
        assert 'name="overrides-0-reason"' in first.split("<fieldset")[1] and 'name="overrides-0-reason"' not in rest
        assert "le matin, avec de l'eau" in rest
        [alert] = (await clinic.program(DIOP).post(PATH, {"lines": [OTHER]})).problem(422)["alerts"]
        answer = {"overrides__0__alert": alert["id"], "overrides__0__reason": REASON}
        more = _text(await doctor.post(PATH, _typed(OTHER, more="1", **answer), Content_Type=FORM))
        assert f'value="{REASON}"' in more, "another line is added, and the reason stays"
        asked = await doctor.post(
            PATH, _typed(OTHER, overrides__0__alert=alert["id"], overrides__0__reason=""), Content_Type=FORM
        )
        assert asked.status == 422 and 'href="#overrides-0-reason"' in asked.text and 'name="confirm"' not in asked.text
        signed = await doctor.post(PATH, _typed(OTHER, **answer), Content_Type=FORM)
        assert signed.status == 303
        assert REASON in _text(await doctor.get(signed.location))

    async def test_a_medicine_that_was_typed_and_not_picked_has_its_alert_too(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _allergic(store)
        typed = {**OTHER, "medicine_id": "", "medicine": "amoxicilline 1 g, comprimé dispersible"}
        page = await clinic.browser(DIOP).post(PATH, _typed(typed), Content_Type=FORM)
        assert page.status == 422 and 'name="overrides-0-reason"' in page.text

    async def test_a_question_alone_is_answered_by_its_box(self, clinic: Callers, told: Told, store: Store) -> None:
        doctor = clinic.browser(DIOP)
        typed = _typed(OTHER, OTHER)
        page = await doctor.post(PATH, typed, Content_Type=FORM)
        assert (
            page.status == 422
            and 'name="confirm"' in page.text
            and "Deux médicaments de la même famille" in _text(page)
        )
        assert (await doctor.post(PATH, f"{typed}&confirm=1", Content_Type=FORM)).status == 303

    async def test_what_could_not_be_checked_stands_above_the_button(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        doctor = clinic.browser(DIOP)
        form = f"{PATH}/new"
        assert "Allergies non renseignées : rien n'a été comparé" in _text(await doctor.get(form))
        store.write(noting.state_none_known, DIOP, AWA.id)
        assert "n'a pas pu être vérifié" not in _text(await doctor.get(form))
        store.connection.execute("UPDATE medicines SET atc = '' WHERE id = ?", (AMOXICILLIN,))
        asked = f"/patients/awa/safety?lines-1-medicine_id={AMOXICILLIN}"
        assert "Famille inconnue" in _text(await clinic.htmx(DIOP).get(asked))
        said = (await clinic.program(DIOP).get(f"/patients/awa/safety?medicine_id={PARACETAMOL}")).json
        assert [alert["kind"] for alert in said["alerts"]] == ["duplicate"] and said["unchecked"] == []

    async def test_nobody_asks_about_a_file_that_is_closed_to_them(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        assert (await clinic.program(SARR).get("/patients/awa/safety")).status == 404
        assert ("sarr", "file.read", "refused") in store.audit()
        assert (await clinic.program(NDIAYE).get("/patients/awa/safety")).status == 403


class TestAtThePharmacy:
    async def _signed(self, clinic: Callers, **more: Any) -> str:
        made = await clinic.program(DIOP).post(PATH, {"lines": [OTHER], **more})
        assert made.status == 201
        return made.location

    async def test_what_is_new_since_it_was_signed_stops_before_it_is_validated(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        path = await self._signed(clinic, pharmacy_id=JAMM)
        _allergic(store)
        pharmacist, page = clinic.program(NDIAYE), clinic.browser(NDIAYE)
        [alert] = (await pharmacist.get(path)).json["alerts"]
        assert 'name="overrides-0-reason"' in (await page.get(path)).text
        assert (await pharmacist.post(f"{path}/validation")).problem(422)["alerts"] == [alert]
        row = await clinic.htmx(NDIAYE).post(f"{path}/validation", {})
        assert row.status == 422 and "ouvrez l'ordonnance" in _text(row) and "pénicilline" not in _text(row).lower()
        assert (await pharmacist.get(path)).json["status"] == "issued"
        typed = {"overrides-0-alert": alert["id"], "overrides-0-reason": "no"}
        short = await page.post(f"{path}/validation", typed)
        assert short.status == 422 and 'value="no"' in short.text
        assert (await page.post(f"{path}/validation", {**typed, "overrides-0-reason": REASON})).status == 303
        found = (await clinic.program(DIOP).get(path)).json
        assert found["status"] == "validated"
        assert [(one["reason"], one["by"]["role"]) for one in found["answered_alerts"]] == [(REASON, "pharmacist")]

    async def test_what_is_open_to_any_shows_nothing_before_it_is_taken_and_asks_before_it_is_prepared(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        path = await self._signed(clinic)
        _allergic(store)
        pharmacist = clinic.program(NDIAYE)
        assert "alerts" not in (await pharmacist.get(path)).json
        assert (await pharmacist.post(f"{path}/validation")).status == 200
        problem = (await pharmacist.post(f"{path}/preparation")).problem(422)
        [alert] = problem["alerts"]
        assert alert["kind"] == "allergy"
        assert 'name="overrides-0-reason"' in (await clinic.browser(NDIAYE).get(path)).text
        answer = {"overrides": [{"alert": alert["id"], "reason": REASON}]}
        prepared = (await pharmacist.post(f"{path}/preparation", answer)).json
        assert (prepared["status"], prepared["id"]) == ("prepared", path.rpartition("/")[2])
        assert [one["reason"] for one in (await pharmacist.get(path)).json["answered_alerts"]] == [REASON]

    async def test_one_that_was_signed_later_is_not_twice_but_one_that_was_handed_over_is(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        path = await self._signed(clinic, pharmacy_id=JAMM)
        [asked] = (await clinic.program(DIOP).post(PATH, {"lines": [OTHER]})).problem(422)["alerts"]
        overrides = [{"alert": asked["id"], "reason": "Ordonnance perdue"}]
        later = await self._signed(clinic, pharmacy_id=JAMM, overrides=overrides)
        assert "alerts" not in {k for k, v in (await clinic.program(NDIAYE).get(path)).json.items() if v}
        self._hand_over(store, path.rpartition("/")[2])
        [alert] = (await clinic.program(NDIAYE).get(later)).json["alerts"]
        assert alert["kind"] == "duplicate" and alert["text"].startswith("Déjà remis le")
        assert alert["id"] != asked["id"], "that it was handed over meanwhile is news, also to who has answered"

    def _hand_over(self, store: Store, prescription_id: str) -> None:
        line = store.value("SELECT id FROM prescription_lines WHERE prescription_id = ?", prescription_id)
        for sql, values in (
            ("UPDATE prescription_lines SET delivered = quantity WHERE id = ?", (line,)),
            (
                "INSERT INTO dispenses (id, prescription_id, pharmacy_id, actor_id, at, proof) "
                "VALUES ('d', ?, ?, ?, ?, 'code')",
                (prescription_id, JAMM, NDIAYE.id, store.clock()),
            ),
            ("INSERT INTO dispense_lines (dispense_id, line_id, lot_id, quantity) VALUES ('d', ?, NULL, 10)", (line,)),
        ):
            store.connection.execute(sql, values)

    async def test_the_patient_reads_the_reasons_and_a_stranger_nothing(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _allergic(store)
        [alert] = (await clinic.program(DIOP).post(PATH, {"lines": [OTHER]})).problem(422)["alerts"]
        overrides = [{"alert": alert["id"], "reason": REASON}]
        path = await self._signed(clinic, overrides=overrides)
        assert REASON in _text(await clinic.browser(AWA).get(path))
        assert REASON not in _text(await clinic.browser(NDIAYE).get(path)), "nobody has claimed it"
