"""Looking for something in a list: by a form, as one types, and as JSON; whoever may finds it, and nobody else."""

import pytest
from callers import Callers
from cast import AWA, DIOP, FALL, NDIAYE
from told import Told

AS_TYPED = {"HX_Request": "true", "HX_Target": "found"}


class TestPrescriptions:
    async def test_a_pharmacist_finds_one_in_each_form(self, clinic: Callers, told: Told) -> None:
        program = clinic.program(NDIAYE)
        found = (await program.get("/prescriptions?q=cisse&step=prepare")).json
        assert [(item["id"], item["step"]) for item in found["items"]] == [
            (told.validated, "prepare"),
            (told.prepared, "prepare"),
        ]
        assert found["steps"] == {"validate": 2, "prepare": 2, "hand_over": 1, "bring": 2, "on_hold": 0}
        everything = (await program.get("/prescriptions?q=awa%20ciss%C3%A9")).json["items"]
        assert {told.issued, told.ready, told.refused} < {item["id"] for item in everything}
        assert told.open not in {item["id"] for item in everything}
        page = await clinic.browser(NDIAYE).get("/prescriptions?q=cisse")
        assert f"/prescriptions/{told.validated}" in page.text and 'value="cisse"' in page.text
        typed = await clinic.browser(NDIAYE).get("/prescriptions?q=cis", **AS_TYPED)
        assert typed.text.lstrip().startswith('<div id="found"') and f"/prescriptions/{told.validated}" in typed.text

    @pytest.mark.parametrize(("person", "q"), [(NDIAYE, "moussa"), (FALL, "awa")], ids=["nobody", "of another"])
    async def test_nothing_found_is_said(self, clinic: Callers, told: Told, person, q: str) -> None:  # type: ignore[no-untyped-def]
        page = await clinic.browser(person).get(f"/prescriptions?q={q}")
        assert "Aucune ordonnance ne correspond." in page.text and "FJ-" not in page.text

    async def test_the_steps_keep_what_is_looked_for(self, clinic: Callers, told: Told) -> None:
        page = (await clinic.browser(NDIAYE).get("/prescriptions?q=awa&step=validate")).text
        assert '"/prescriptions?step=prepare&amp;q=awa"' in page
        assert 'name="step" value="validate"' in page

    async def test_the_list_follows_with_what_was_asked(self, clinic: Callers, told: Told) -> None:
        typed = (await clinic.browser(NDIAYE).get("/prescriptions?q=Awa%20C&step=all", **AS_TYPED)).text
        assert 'hx-get="/prescriptions?step=all&amp;q=Awa%20C"' in typed

    @pytest.mark.parametrize("q", ["paracetamol", "diop"])
    async def test_a_patient_finds_by_medicine_or_prescriber(self, clinic: Callers, told: Told, q: str) -> None:
        for person, path in ((AWA, "/prescriptions?"), (DIOP, "/prescriptions?patient=awa&")):
            found = (await clinic.program(person).get(f"{path}q={q}")).json
            assert told.issued in [item["id"] for item in found["items"]]
            assert "steps" not in found
            assert (await clinic.program(person).get(f"{path}q=insuline")).json["items"] == []
