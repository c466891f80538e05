"""The list of medicines over HTTP: an admin keeps it, by hand or from a file; nothing that was prescribed changes."""

import asyncio
import html
import time
from typing import Any

import pytest
from answering import answered
from callers import Callers
from cast import ADMIN, AMOXICILLIN, AWA, DIOP, JAMM, NDIAYE, PARACETAMOL
from store import Store, refused_by_database
from told import LINE, LOT, MEDICINE, TABLE, Told

from fadjma import sheets
from fadjma.inventory import listing
from fadjma.inventory.formulary import Facts

MULTIPART = "multipart/form-data; boundary=b"
FULL = {**MEDICINE, "atc": "m01ag01", "brands": "Ponstyl,  Autre "}
AS_PARACETAMOL = {"dci": "paracétamol", "form": "comprimé", "strength": "500 mg", "unit": "comprimé"}
AS_PARACETAMOL |= {"schedule": "none"}
URGENT = b'--b\r\nContent-Disposition: form-data; name="urgent"\r\n\r\nx\r\n'


def _file(content: bytes, name: str = "liste.csv", more: bytes = b"") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    return head.encode() + content + b"\r\n" + more + b"--b--\r\n"


async def _prescribe(clinic: Callers, medicine_id: str) -> Any:
    lines = [{**LINE, "medicine_id": medicine_id, "dosage": "1 matin et soir"}]
    sent = {"lines": lines, "pharmacy_id": JAMM}
    answer = await clinic.program(DIOP).post("/patients/awa/prescriptions", sent)
    if "alerts" in answer.json:
        return await clinic.program(DIOP).post("/patients/awa/prescriptions", answered(sent, answer.json))
    return answer


class TestByHand:
    async def test_a_new_medicine_is_found_also_by_its_brand_prescribed_and_received(self, clinic: Callers) -> None:
        made = (await clinic.program(ADMIN).post("/formulary", FULL)).json
        assert (made["atc"], made["brands"], made["schedule"]) == ("M01AG01", ["Ponstyl", "Autre"], "list_2")
        for q in ("mefenam", "ponst", "250 ponstyl"):
            [found] = (await clinic.program(DIOP).get(f"/medicines?q={q}")).json["items"]
            assert found["id"] == made["id"]
            [listed] = (await clinic.program(NDIAYE).get(f"/formulary?q={q}")).json["items"]
            assert listed == made
        assert (await _prescribe(clinic, made["id"])).status == 201
        lot = {**LOT, "medicine_id": made["id"]}
        assert (await clinic.program(NDIAYE).post("/inventory/lots", lot)).status == 201

    async def test_what_is_in_the_list_already_is_refused_whatever_its_accents(self, clinic: Callers) -> None:
        twin = {**AS_PARACETAMOL, "dci": "PARACETAMOL", "strength": "500  mg"}
        assert (await clinic.program(ADMIN).post("/formulary", twin)).errors().keys() == {"dci"}
        assert (await clinic.program(ADMIN).post("/formulary", {**twin, "strength": "5 mg"})).status == 201

    async def test_five_mg_in_five_ml_is_not_five_mg_in_one(self, clinic: Callers) -> None:
        for strength in ("5 mg/5 ml", "5 mg/ml"):
            assert (await clinic.program(ADMIN).post("/formulary", {**MEDICINE, "strength": strength})).status == 201

    @pytest.mark.parametrize(
        ("field", "value"), [("dci", ""), ("form", " "), ("strength", "x" * 61), ("unit", ""), ("atc", "42")]
    )
    async def test_what_cannot_be_taken_is_said_beside_its_field(self, clinic: Callers, field: str, value: str) -> None:
        assert field in (await clinic.program(ADMIN).post("/formulary", {**MEDICINE, field: value})).errors()
        page = await clinic.browser(ADMIN).post("/formulary", {**MEDICINE, field: value})
        assert (page.status, f'id="{field}-e"' in page.text) == (422, True)

    async def test_once_prescribed_its_name_stays_and_the_rest_may_change(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        path = f"/formulary/{PARACETAMOL}"
        for field, value in (("strength", "1 g"), ("dci", "aspirine"), ("form", "sirop"), ("unit", "flacon")):
            body = {**AS_PARACETAMOL, field: value, "version": 1}
            assert (await clinic.program(ADMIN).post(path, body)).errors().keys() == {"dci"}
        changed = await clinic.program(ADMIN).post(path, {**AS_PARACETAMOL, "brands": "Doliprane", "version": 1})
        assert (changed.status, changed.json["brands"]) == (200, ["Doliprane"])
        sql = "UPDATE medicines SET strength = '1 g' WHERE id = ?"
        assert refused_by_database(store, sql, PARACETAMOL)
        assert not refused_by_database(store, sql, told.medicine)
        assert refused_by_database(store, "DELETE FROM medicines WHERE id = ?", told.medicine)

    async def test_two_who_edit_one_medicine_are_told_and_lose_nothing(self, clinic: Callers, told: Told) -> None:
        path = f"/formulary/{told.medicine}"
        assert (await clinic.program(ADMIN).post(path, {**FULL, "version": 1})).status == 200
        page = await clinic.browser(ADMIN).post(path, {**MEDICINE, "strength": "500 mg", "version": 1})
        assert page.status == 409
        assert "M01AG01" in page.text and 'value="500 mg"' in page.text and 'name="version" value="2"' in page.text

    async def test_a_retired_one_is_neither_prescribed_nor_received_and_stays_on_what_was(
        self, clinic: Callers, told: Told
    ) -> None:
        assert (await clinic.program(ADMIN).post(f"/formulary/{PARACETAMOL}/retirement")).json["status"] == "retired"
        assert (await clinic.program(DIOP).get("/medicines?q=paracetamol")).json["items"] == []
        assert (await _prescribe(clinic, PARACETAMOL)).errors().keys() == {"lines-0-medicine"}
        assert (await clinic.program(NDIAYE).post("/inventory/lots", LOT)).errors().keys() == {"medicine_id"}
        looked = await clinic.browser(NDIAYE).get(f"/inventory/lots/new?medicine=para&pick=0:{PARACETAMOL}")
        assert PARACETAMOL not in looked.text
        [line] = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["lines"]
        assert line["medicine_id"] == PARACETAMOL
        assert (await clinic.program(NDIAYE).post(f"/prescriptions/{told.prepared}/readiness")).status == 200
        assert (await clinic.program(ADMIN).post(f"/formulary/{PARACETAMOL}/reinstatement")).status == 200
        assert (await _prescribe(clinic, PARACETAMOL)).status == 201

    async def test_the_list_goes_on_in_its_order(self, clinic: Callers, store: Store) -> None:
        lines = [Facts(dci=f"médicament {n:03}", form="gélule", strength="1 mg", unit="gélule") for n in range(120)]
        import_id = store.write(listing.check, ADMIN, {n: facts.columns() for n, facts in enumerate(lines)})
        store.write(listing.confirm, ADMIN, import_id)
        names, following = [], ""
        for _ in range(9):
            page = (await clinic.program(ADMIN).get(f"/formulary?q=medicament&before={following}")).json
            names += [item["dci"] for item in page["items"]]
            if not (following := page.get("next", "")):
                break
        assert names == [facts.dci for facts in lines]


class TestFromAFile:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    async def test_first_it_is_shown_then_it_is_taken(self, clinic: Callers, store: Store, encoding: str) -> None:
        before = store.content()["medicines"]
        browser, content = clinic.browser(ADMIN), TABLE.encode(encoding)
        shown = await browser.post("/formulary/imports", _file(content), Content_Type=MULTIPART)
        assert shown.status == 303
        preview = (await clinic.program(ADMIN).get(shown.location)).json
        assert (preview["status"], preview["added"], preview["changed"]) == ("checked", 1, 0)
        assert store.content()["medicines"] == before
        assert (await browser.post(f"{shown.location}/confirmation")).status == 303
        [found] = (await clinic.program(DIOP).get("/medicines?q=tiaprof")).json["items"]
        assert found["dci"] == "acide tiaprofénique"
        assert (await clinic.program(ADMIN).get(shown.location)).json["status"] == "applied"

    async def test_a_program_sends_the_table_itself(self, clinic: Callers) -> None:
        made = await clinic.program(ADMIN).post("/formulary/imports", TABLE.encode(), Content_Type="text/csv")
        assert (made.status, made.json["added"]) == (201, 1)
        assert (await clinic.program(ADMIN).post(f"{made.location}/confirmation")).json["status"] == "applied"

    async def test_lines_of_what_is_known_change_it_or_nothing_and_never_its_unit(self, clinic: Callers) -> None:
        text = "dci;forme;dosage;unité;marques\nPARACETAMOL;comprimé;500 mg;comprimé;Doliprane\n"
        text += "insuline glargine;solution injectable;100 UI/ml;stylo;\n"
        made = (await clinic.program(ADMIN).post("/formulary/imports", {"text": text})).json
        assert (made["added"], made["changed"], made["unchanged"]) == (0, 1, 1)
        await clinic.program(ADMIN).post(f"/formulary/imports/{made['id']}/confirmation")
        known = (await clinic.program(ADMIN).get(f"/formulary/{PARACETAMOL}")).json
        assert (known["dci"], known["brands"], known["version"]) == ("paracétamol", ["Doliprane"], 2)
        other = text.replace(";comprimé;Doliprane", ";boîte;Doliprane")
        refused = await clinic.program(ADMIN).post("/formulary/imports", {"text": other})
        assert refused.errors().keys() == {"lines-2-unit"}

    async def test_what_the_file_has_no_column_for_stays(self, clinic: Callers) -> None:
        admin = clinic.program(ADMIN)
        said = {**MEDICINE, "dci": "céfixime", "atc": "J01DD08", "brands": "Oroken", "schedule": "list_1"}
        there = (await admin.post("/formulary", said)).location
        text = f"dci;forme;dosage;unité;marques\ncéfixime;{said['form']};{said['strength']};{said['unit']};Supracef\n"
        made = await admin.post("/formulary/imports", {"text": text + "céfazoline;poudre;1 g;flacon;\n"})
        assert (made.json["added"], made.json["changed"]) == (1, 1)
        await admin.post(f"{made.location}/confirmation")
        known = (await admin.get(there)).json
        assert (known["atc"], known["schedule"], known["brands"]) == ("J01DD08", "list_1", ["Supracef"])
        again = await admin.post("/formulary/imports", {"text": text.replace(";marques", "").replace(";Supracef", "")})
        assert again.json["unchanged"] == 1

    async def test_a_retired_one_comes_back_with_a_file_that_has_it(self, clinic: Callers) -> None:
        await clinic.program(ADMIN).post(f"/formulary/{AMOXICILLIN}/retirement")
        text = "dci;forme;dosage;unité\namoxicilline;comprimé dispersible;1 g;comprimé\n"
        made = (await clinic.program(ADMIN).post("/formulary/imports", {"text": text})).json
        await clinic.program(ADMIN).post(f"/formulary/imports/{made['id']}/confirmation")
        assert (await clinic.program(ADMIN).get(f"/formulary/{AMOXICILLIN}")).json["status"] == "active"

    async def test_one_bad_line_and_nothing_is_taken(self, clinic: Callers, store: Store) -> None:
        before = store.content()["medicines"], store.content()["imports"]
        text = f"{TABLE}\n=1+1;gélule;;gélule"
        errors = (await clinic.program(ADMIN).post("/formulary/imports", {"text": text})).errors()
        assert errors.keys() == {"lines-3-dci", "lines-3-strength"}
        page = await clinic.browser(ADMIN).post("/formulary/imports", _file(text.encode()), Content_Type=MULTIPART)
        assert page.status == 422
        assert "Ligne 3, Dosage\xa0: Cette cellule est vide." in html.unescape(page.text)
        assert (store.content()["medicines"], store.content()["imports"]) == before

    async def test_a_thousand_bad_lines_are_a_hundred_messages(self, clinic: Callers) -> None:
        sent = ("dci;forme;dosage;unité\n" + ";a;b;c\n" * 1_000).encode()
        errors = (await clinic.program(ADMIN).post("/formulary/imports", sent, Content_Type="text/csv")).errors()
        assert (len(errors), "cent premières" in errors["file"]) == (101, True)

    async def test_ten_megabytes_are_the_end_and_64_kb_everywhere_else(self, clinic: Callers) -> None:
        line, head = b"un long nom;comprim\xc3\xa9;1 mg;comprim\xc3\xa9\n", b"dci;forme;dosage;unit\xc3\xa9\n"
        program = clinic.program(ADMIN)
        large = head + line * (200_000 // len(line))
        errors = (await program.post("/formulary/imports", large, Content_Type="text/csv")).errors()
        assert "lines-3-dci" in errors, "it was read"
        over = await program.post("/formulary/imports", b"x" * (10 * 1024 * 1024 + 1), Content_Type="text/csv")
        assert "10 Mo" in over.problem(413)["detail"]
        over = await program.post("/formulary/imports", _file(b"x" * 11_000_000), Content_Type=MULTIPART)
        over.problem(413)
        for path in ("/formulary", "/organizations"):
            (await program.post(path, _file(large), Content_Type=MULTIPART)).problem(413)

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            (_file(b"", name=""), {"text"}),
            (_file(b""), {"file"}),
            (_file(TABLE.encode(), more=_file(TABLE.encode())[: -len(b"--b--\r\n")]), {"file"}),
            (
                _file(TABLE.encode(), more=b'--b\r\nContent-Disposition: form-data; name="urgent"\r\n\r\nx\r\n'),
                {"urgent"},
            ),
            (_file(b"\x00\x01\x02\xff"), {"file"}),
        ],
    )
    async def test_what_is_no_one_file_is_refused(self, clinic: Callers, body: bytes, named: set[str]) -> None:
        answer = await clinic.program(ADMIN).post("/formulary/imports", body, Content_Type=MULTIPART)
        assert answer.errors().keys() == named

    async def test_fifty_thousand_lines_are_taken_at_once(self, clinic: Callers, store: Store) -> None:
        lines = "".join(f"médicament {number};comprimé;1 mg;comprimé\n" for number in range(50_000))
        sent = f"dci;forme;dosage;unité\n{lines}".encode("cp1252")
        made = await clinic.program(ADMIN).post("/formulary/imports", sent, Content_Type="text/csv")
        assert (made.status, made.json["added"]) == (201, 50_000)
        assert (await clinic.program(ADMIN).post(f"{made.location}/confirmation")).json["status"] == "applied"
        assert store.value("SELECT count(*) FROM medicines WHERE dci LIKE 'médicament %'") == 50_000
        assert len((await clinic.program(ADMIN).get("/formulary?q=medicament 4999")).json["items"]) == 11

    async def test_tables_are_read_one_after_the_other(self, clinic: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
        """A workbook may take a gigabyte while it is looked at: three at once would be three."""
        at_once, most = 0, 0
        look = sheets._rows

        def rows(*args: Any) -> Any:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            time.sleep(0.05)
            at_once -= 1
            return look(*args)

        monkeypatch.setattr(sheets, "_rows", rows)
        sent = [clinic.program(ADMIN).post("/formulary/imports", {"text": TABLE}) for _ in range(3)]
        assert [answer.status for answer in await asyncio.gather(*sent)] == [201] * 3
        assert most == 1


class TestTheStarterList:
    @pytest.fixture
    def started(self, store: Store) -> None:
        """The list has a medicine that came with the program."""
        store.connection.execute("UPDATE medicines SET source = 'starter' WHERE id = ?", (AMOXICILLIN,))

    async def test_it_is_marked_until_a_pharmacist_has_signed_it(
        self, clinic: Callers, store: Store, started: None
    ) -> None:
        path = f"/formulary/{AMOXICILLIN}"
        assert (await clinic.program(ADMIN).get(path)).json["to_review"] is True
        assert "à relire par un pharmacien" in (await clinic.browser(ADMIN).get("/formulary")).text
        assert 'action="/formulary/signature"' in (await clinic.browser(NDIAYE).get("/formulary")).text
        assert (await clinic.browser(NDIAYE).post("/formulary/signature")).status == 303
        assert (await clinic.program(ADMIN).get(path)).json["to_review"] is False
        assert "à relire par un pharmacien" not in (await clinic.browser(ADMIN).get("/formulary")).text
        assert store.audit()[-1] == (NDIAYE.id, "medicines.signed", "success")
        assert store.value("SELECT reviewed_by FROM medicines WHERE id = ?", AMOXICILLIN) == NDIAYE.id
