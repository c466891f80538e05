"""The clinic's own tables: entered, imported, signed, withdrawn; and what is asked of a prescription by them."""

import html
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from callers import FORM, Callers
from cast import AMOXICILLIN, AWA, DIOP, FALL, GOMIS, INSULIN, JAMM, NDIAYE, PASSWORD, SARR
from store import Store
from told import DOSE, ENTRY, INTERACTION, OTHER, RECOVERY, Told

from fadjma import days
from fadjma.prescriptions import actions
from fadjma.prescriptions.actions import NewLine
from fadjma.records import measuring, noting
from fadjma.safety import signing
from fadjma.safety.tables import Facts

PATH = "/patients/awa/prescriptions"
SIGNED = {"entries": [{"id": ENTRY}], "password": PASSWORD}


def _text(answer: Any) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")


def _child(store: Store, grams: int = 10_000) -> None:
    """Awa is in her third year, and was weighed today."""
    today = days.day(store.clock())
    born = f"{today.year - 2}-01-01"
    store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'awa'", (born,))
    store.connection.execute("UPDATE medicines SET atc = 'J01CA04' WHERE id = ?", (AMOXICILLIN,))
    store.write(noting.state_none_known, DIOP, AWA.id)
    _weigh(store, grams)


def _weigh(store: Store, grams: int) -> None:
    today = days.day(store.clock()).isoformat()
    store.write(measuring.measure, DIOP, AWA.id, code="body_weight", value=grams, measured_on=today, confirmed=True)


def _signed(store: Store, facts: Facts) -> str:
    entry_id: str = store.write(signing.add, DIOP, facts, confirmed=True)
    store.write(signing.sign, DIOP, [entry_id])
    return entry_id


MOST = Facts(
    kind="dose", dci="amoxicilline", from_months=1, to_months=144, mg_per_kg_day=9000, source="OMS", source_on="2010"
)
TOGETHER = Facts(
    kind="interaction", dci="amoxicilline", other="paracétamol", effect="Effet écrit pour ces essais", source="OMS",
    source_on="2010",
)  # fmt: skip


class TestEntering:
    async def test_a_dose_is_entered_and_counts_for_nothing(self, clinic: Callers, store: Store) -> None:
        body = {**DOSE, "dci": "Amoxicilline", "from_months": 3, "to_months": "12 ans", "mg_per_kg_day": "62,5"}
        made = await clinic.program(DIOP).post("/safety-tables/doses", body)
        assert made.status == 201
        entry = (await clinic.program(NDIAYE).get(made.location)).json
        assert entry == made.json
        assert (entry["status"], entry["from_months"], entry["to_months"], entry["mg_per_kg_day"]) == (
            "unsigned", 3, 144, 62.5,
        )  # fmt: skip
        assert (entry["added_by"], entry["signed_by"], entry["listed"]) == ("Ousmane Diop", None, True)
        page = _text(await clinic.browser(SARR).get("/safety-tables"))
        assert "62,5 mg/kg par jour au plus, de 3 mois à 12 ans" in page and "Non signée" in page
        assert "La dose d'un enfant selon son poids n'est pas vérifiée : aucune ligne n'est signée." in page

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("dci", "amoxicilline + acide clavulanique"),
            ("dci", "..."),
            ("from_months", "12 ans"),
            ("from_months", "-1"),
            ("from_months", "vers 2 ans"),
            ("to_months", "1 mois"),
            ("to_months", "19 ans"),
            ("mg_per_kg_day", "0"),
            ("mg_per_kg_day", "1e3"),
            ("mg_per_kg_day", "60,555"),
            ("mg_per_kg_day", "60-90"),
            ("source", ""),
            ("source_on", "2999"),
            ("source_on", "l'an dernier"),
            ("signed_by", "diop"),
        ],
    )
    async def test_what_is_no_dose_is_refused_and_what_was_typed_stays(
        self, clinic: Callers, field: str, value: str
    ) -> None:
        errors = (await clinic.program(NDIAYE).post("/safety-tables/doses", {**DOSE, field: value})).errors()
        assert errors.keys() <= {field, "to_months"}
        page = await clinic.browser(NDIAYE).post("/safety-tables/doses", {**DOSE, field: value})
        assert (page.status == 422 and 'value="OMS"' in page.text) or field == "source"

    async def test_a_substance_that_no_medicine_has_is_asked_about_once(self, clinic: Callers) -> None:
        body = {**DOSE, "dci": "paracétamole"}
        problem = (await clinic.program(NDIAYE).post("/safety-tables/doses", body)).problem(422)
        assert problem["confirm"] == ["dci"]
        made = await clinic.program(NDIAYE).post("/safety-tables/doses", {**body, "confirm": True})
        assert (made.status, made.json["listed"]) == (201, False)

    async def test_an_interaction_is_one_whichever_is_named_first(self, clinic: Callers) -> None:
        other_way = {**INTERACTION, "dci": INTERACTION["other"], "other": INTERACTION["dci"]}
        one, other = [
            (await clinic.program(DIOP).post("/safety-tables/interactions", body)).json
            for body in (INTERACTION, other_way)
        ]
        assert (one["dci"], one["other"]) == (other["dci"], other["other"]) == ("amoxicilline", "paracétamol")
        same = {**INTERACTION, "other": "PARACETAMOL"}
        assert (await clinic.program(DIOP).post("/safety-tables/interactions", same)).errors().keys() == {"other"}
        sign = {"entries": [{"id": one["id"]}, {"id": other["id"]}], "password": PASSWORD}
        assert (await clinic.program(DIOP).post("/safety-tables/signature", sign)).problem(409)["current"] == "in_use"


class TestImporting:
    TABLE = "DCI;De;À;mg/kg/j;Source;Date\nparacétamol;1 mois;12 ans;75;OMS;2010\namoxicilline;3;144;90;OMS;06/2010\n"

    async def test_a_file_is_looked_at_then_taken_and_nothing_of_it_is_signed(
        self, clinic: Callers, told: Told
    ) -> None:
        program = clinic.program(NDIAYE)
        made = await program.post("/safety-tables/doses/imports", self.TABLE.encode("cp1252"), Content_Type="text/csv")
        assert (made.status, made.json["added"], made.json["unchanged"]) == (201, 1, 1), "the first is there already"
        assert "À confirmer" in (await clinic.browser(NDIAYE).get(made.location)).text
        assert (await program.post(f"{made.location}/confirmation")).json["status"] == "applied"
        entries = (await program.get("/safety-tables?status=unsigned")).json["items"]
        assert [(one["dci"], one["source_on"]) for one in entries] == [
            ("amoxicilline", "2010-06"),
            ("paracétamol", "2010"),
        ]
        again = await program.post("/safety-tables/doses/imports", {"text": self.TABLE})
        assert (again.json["added"], again.json["unchanged"]) == (0, 2)

    @pytest.mark.parametrize(
        ("line", "column"),
        [
            ("a + b;1;2;75;OMS;2010", "lines-2-dci"),
            ("\u0301;1;2;75;OMS;2010", "lines-2-dci"),
            ("a;2;1;75;OMS;2010", "lines-2-to_months"),
            ("a;un an;2;75;OMS;2010", "lines-2-from_months"),
            ("a;1;2;=1+1;OMS;2010", "lines-2-mg_per_kg_day"),
            ("a;1;2;75;OMS;2999", "lines-2-source_on"),
            ("a;1;2;75;;2010", "lines-2-source"),
            ("a;1;2;75;OMS;2010\nA;1;3;75;OMS;2010", "lines-3-dci"),
        ],
    )
    async def test_each_line_says_what_is_wrong_with_it(self, clinic: Callers, line: str, column: str) -> None:
        sent = {"text": f"dci;de;à;mg/kg/j;source;date\n{line}"}
        assert (await clinic.program(DIOP).post("/safety-tables/doses/imports", sent)).errors().keys() == {column}
        page = await clinic.browser(DIOP).post("/safety-tables/doses/imports", sent)
        assert page.status == 422 and "Rien n'a été importé" in _text(page)

    async def test_interactions_have_columns_of_their_own_and_there_is_no_third_table(self, clinic: Callers) -> None:
        sent = {"text": "dci;avec;effet;source;date\nparacétamol;amoxicilline;Effet des essais;OMS;2010"}
        assert (await clinic.program(DIOP).post("/safety-tables/interactions/imports", sent)).json["added"] == 1
        assert (await clinic.program(DIOP).post("/safety-tables/ranges/imports", sent)).status == 404
        page = await clinic.browser(DIOP).get("/safety-tables/interactions/imports/new")
        assert "dci, avec, effet, source, date" in page.text


class TestSigning:
    async def test_it_asks_for_the_password_and_says_who_signed(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        page = _text(await clinic.browser(DIOP).get("/safety-tables/signature"))
        assert "Signée, elle compte dans tous les lieux, sous votre nom : « Dr Ousmane Diop »." in re.sub(
            "</?bdi>", "", page
        )
        wrong = (await clinic.program(DIOP).post("/safety-tables/signature", {**SIGNED, "password": "autre"})).errors()
        assert wrong.keys() == {"password"}
        typed = {"entries-0-id": ENTRY, "password": "autre"}
        back = await clinic.browser(DIOP).post("/safety-tables/signature", typed)
        assert back.status == 422 and f'value="{ENTRY}" checked' in back.text, "what was ticked stays"
        assert (
            await clinic.program(DIOP).post("/safety-tables/signature", {"password": PASSWORD})
        ).errors().keys() == {"entries"}
        assert (
            await clinic.browser(DIOP).post("/safety-tables/signature", {**typed, "password": PASSWORD})
        ).status == 303
        entry = (await clinic.program(FALL).get(f"/safety-tables/entries/{ENTRY}")).json
        assert (entry["status"], entry["signed_by"]) == ("in_use", "Ousmane Diop")
        assert "est vérifiée, pour les substances signées" in (await clinic.browser(FALL).get("/safety-tables")).text
        told_of = store.rows("SELECT user_id FROM notifications WHERE message = 'safety.signed' ORDER BY user_id")
        assert {row[0] for row in told_of} >= {SARR.id, NDIAYE.id, GOMIS.id, FALL.id}
        assert DIOP.id not in {row[0] for row in told_of}

    async def test_with_a_second_factor_it_asks_for_that_too_and_a_second_submission_signs_once(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        assert 'name="otp"' in (await clinic.browser(GOMIS).get("/safety-tables/signature")).text
        program = clinic.program(GOMIS)
        assert (await program.post("/safety-tables/signature", SIGNED)).errors().keys() == {"otp"}
        for _ in range(2):
            sent = await program.post("/safety-tables/signature", {**SIGNED, "otp": RECOVERY}, Idempotency_Key="once")
            assert sent.status == 204
        assert store.value("SELECT count(*) FROM audit_events WHERE action = 'safety.entry_signed'") == 1

    async def test_midwives_and_dentists_read_and_enter_but_do_not_sign(self, clinic: Callers, store: Store) -> None:
        store.connection.execute("UPDATE practitioners SET profession = 'midwife' WHERE user_id = 'sarr'")
        assert (await clinic.program(SARR).post("/safety-tables/signature", SIGNED)).status == 403
        assert (await clinic.browser(SARR).get("/safety-tables/signature")).status == 403
        assert "/safety-tables/signature" not in (await clinic.browser(SARR).get("/safety-tables")).text
        store.write(signing.sign, DIOP, [ENTRY])
        withdrawn = await clinic.program(SARR).post(f"/safety-tables/entries/{ENTRY}/withdrawal", {"reason": "Non"})
        assert withdrawn.status == 403

    async def test_no_two_signed_rows_say_something_of_the_same_child(self, clinic: Callers, store: Store) -> None:
        program = clinic.program(NDIAYE)
        store.write(signing.sign, DIOP, [ENTRY])
        other = (await program.post("/safety-tables/doses", {**DOSE, "from_months": "6", "to_months": "18 ans"})).json[
            "id"
        ]
        beside = (
            await program.post("/safety-tables/doses", {**DOSE, "from_months": "12 ans", "to_months": "18 ans"})
        ).json
        sign = {"entries": [{"id": beside["id"]}, {"id": other}], "password": PASSWORD}
        assert (await program.post("/safety-tables/signature", sign)).problem(409)["current"] == "in_use"
        assert (await program.get(f"/safety-tables/entries/{beside['id']}")).json["status"] == "unsigned", (
            "all, or none"
        )
        assert (await program.post(f"/safety-tables/entries/{ENTRY}/withdrawal", {"reason": "Édition de 2024"})).json[
            "withdrawal_reason"
        ] == "Édition de 2024"
        assert (await program.post("/safety-tables/signature", {**sign, "entries": [{"id": other}]})).status == 204
        assert (await program.post("/safety-tables/signature", SIGNED)).problem(409)["current"] == "withdrawn"

    async def test_what_there_is_not_is_not_signed(self, clinic: Callers) -> None:
        sign = {"entries": [{"id": "none"}], "password": PASSWORD}
        assert (await clinic.program(DIOP).post("/safety-tables/signature", sign)).errors().keys() == {"entries"}

    def test_a_row_stays_as_it_was_signed(self, store: Store) -> None:
        store.write(signing.sign, DIOP, [ENTRY])
        for change in (
            "UPDATE safety_entries SET mg_per_kg_day = 9000",
            "UPDATE safety_entries SET signed_by = 'sarr'",
            "DELETE FROM safety_entries",
        ):
            with pytest.raises(Exception, match="safety table"):
                store.connection.execute(change)
        store.write(signing.withdraw, NDIAYE, ENTRY, reason="Édition de 2024")
        with pytest.raises(Exception, match="stays so"):
            store.connection.execute("UPDATE safety_entries SET withdrawn_at = NULL, withdrawn_by = NULL")


class TestAskingByThem:
    async def test_a_dose_over_the_table_is_asked_once_with_its_figures_and_not_again_at_the_pharmacy(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _child(store)
        _signed(store, MOST)
        doctor, pharmacist = clinic.program(DIOP), clinic.program(NDIAYE)
        body = {"lines": [OTHER], "pharmacy_id": JAMM}
        problem = (await doctor.post(PATH, body)).problem(422)
        [alert] = [one for one in problem["alerts"] if one["kind"] == "dose"]
        assert (alert["line"], alert["needs_reason"]) == (0, False)
        assert problem["confirm"] == ["lines-0-dosage"]
        assert (
            "200 mg/kg par jour pour 10 kg" in alert["text"] and "la table dit 90 au plus (OMS, 2010" in alert["text"]
        )
        assert "signée par Dr Ousmane Diop le " in alert["text"]
        assert (await doctor.post(PATH, body)).problem(422)["alerts"] == problem["alerts"]
        overrides = [{"alert": alert["id"]}]
        made = await doctor.post(PATH, {**body, "overrides": overrides})
        assert [one["kind"] for one in made.json["answered_alerts"]] == ["dose"]
        assert "200 mg/kg par jour" in _text(await clinic.browser(NDIAYE).get(made.location)), "what was seen is read"
        assert (await pharmacist.post(f"{made.location}/validation")).status == 200, "it is not asked twice"

    async def test_another_weight_since_then_is_asked_about_before_it_is_validated(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _child(store, 25_000)
        _signed(store, MOST)
        made = await clinic.program(DIOP).post(PATH, {"lines": [OTHER], "pharmacy_id": JAMM})
        assert made.status == 201
        _weigh(store, 20_000)
        problem = (await clinic.program(NDIAYE).post(f"{made.location}/validation")).problem(422)
        assert [one["kind"] for one in problem["alerts"]] == ["dose"]
        page = await clinic.browser(NDIAYE).post(f"{made.location}/validation")
        assert page.status == 422 and "100 mg/kg par jour pour 20 kg" in _text(page) and 'name="confirm"' in page.text
        assert (await clinic.browser(NDIAYE).post(f"{made.location}/validation", {"confirm": "1"})).status == 303

    async def test_on_the_page_it_is_asked_beside_the_posology(self, clinic: Callers, told: Told, store: Store) -> None:
        _child(store)
        _signed(store, MOST)
        typed = urlencode({f"lines-0-{name}": value for name, value in OTHER.items()})
        page = await clinic.browser(DIOP).post(PATH, typed, Content_Type=FORM)
        assert page.status == 422 and 'id="lines-0-dosage-e"' in page.text and "200 mg/kg par jour" in _text(page)
        assert (await clinic.browser(DIOP).post(PATH, f"{typed}&confirm=1", Content_Type=FORM)).status == 303

    async def test_what_is_not_checked_is_said_while_one_writes(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _child(store)
        asked = f"/patients/awa/safety?medicine_id={AMOXICILLIN}&dosage="
        form = await clinic.browser(DIOP).get(f"{PATH}/new")
        assert "aucune table n'est signée" in _text(form) and "change from:textarea[name$='-dosage']" in form.text

        async def said(dosage: str) -> list[tuple[str, int | None]]:
            found = (await clinic.program(DIOP).get(asked + dosage)).json["unchecked"]
            return [(one["kind"], one["line"]) for one in found if one["kind"] != "interaction"]

        assert await said("1 comprimé par jour") == [("dose", None)]
        entry = _signed(store, MOST)
        assert await said("1 comprimé par jour") == await said("") == []
        assert await said("comme avant") == [("dosage", None)]
        assert await said("5 ml 2 fois par jour") == [("strength", None)]
        typed = f"/patients/awa/safety?lines-0-medicine_id={AMOXICILLIN}&lines-0-dosage=comme avant"
        fragment = _text(await clinic.htmx(DIOP).get(typed))
        assert "la posologie ne dit pas combien par jour : amoxicilline" in fragment
        store.write(signing.withdraw, DIOP, entry, reason="Édition de 2024")
        assert await said("1 comprimé par jour") == [("dose", None)]

    async def test_an_adult_is_asked_nothing_about_doses(self, clinic: Callers, told: Told, store: Store) -> None:
        _signed(store, MOST)
        found = (await clinic.program(DIOP).get(f"/patients/awa/safety?medicine_id={AMOXICILLIN}&dosage=9x3/j")).json
        assert "dose" not in {one["kind"] for one in (*found["alerts"], *found["unchecked"])}
        assert "from:textarea" not in (await clinic.browser(DIOP).get(f"{PATH}/new")).text

    async def test_an_interaction_that_is_signed_is_asked_once_and_an_unsigned_one_is_said_to_be_off(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        """Awa has paracetamol already."""
        entry = store.write(signing.add, NDIAYE, TOGETHER)
        asked = f"/patients/awa/safety?medicine_id={AMOXICILLIN}"
        found = (await clinic.program(DIOP).get(asked)).json
        assert found["alerts"] == []
        assert "Interactions non vérifiées : aucune table n'est signée." in [
            one["text"].replace("\u00a0", " ") for one in found["unchecked"]
        ]
        store.write(signing.sign, NDIAYE, [entry])
        problem = (await clinic.program(DIOP).post(PATH, {"lines": [OTHER]})).problem(422)
        [alert] = problem["alerts"]
        assert (alert["kind"], alert["needs_reason"], problem["confirm"]) == (
            "interaction",
            False,
            ["lines-0-medicine"],
        )
        assert "amoxicilline avec paracétamol : Effet écrit pour ces essais (OMS, 2010" in alert["text"].replace(
            "\u00a0", " "
        )
        assert "signée par Khady Ndiaye" in alert["text"]
        assert not [one for one in problem["unchecked"] if one["kind"] == "interaction"], "a row speaks of both"
        assert (await clinic.program(DIOP).post(PATH, {"lines": [OTHER], "confirm": True})).status == 201

    async def test_of_what_no_signed_interaction_speaks_of_is_said(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        """Awa has paracetamol already, which is counted and not named."""
        _signed(store, replace(TOGETHER, dci="warfarine", other="ibuprofène"))
        fragment = _text(await clinic.htmx(DIOP).get(f"/patients/awa/safety?lines-0-medicine_id={AMOXICILLIN}"))
        assert "faute de ligne signée : amoxicilline. Parmi les substances déjà prises : 1." in fragment
        assert "paracétamol" not in fragment

    async def test_what_is_never_checked_is_said_once_where_one_signs_prepares_and_reads_the_tables(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        said = "Jamais vérifiés ici : grossesse, allaitement, reins, foie, dose maximale d'un adulte."
        waiting = store.write(actions.issue, DIOP, AWA.id, lines=[NewLine(INSULIN, "1 stylo", 1, 10)], pharmacy_id=JAMM)
        pages = [(DIOP, f"{PATH}/new"), (DIOP, "/safety-tables"), (NDIAYE, f"/prescriptions/{waiting}")]
        assert [_text(await clinic.browser(who).get(path)).count(said) for who, path in pages] == [1, 1, 1]
        assert said not in _text(await clinic.browser(AWA).get(f"/prescriptions/{waiting}"))
