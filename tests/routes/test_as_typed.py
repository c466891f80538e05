"""What people and other programs really send, by form and as JSON: blanks, look-alikes, spoiled text, other digits."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import pytest
from callers import Callers
from cast import AMOXICILLIN, AWA, DIOP, EMAILS, FALL, MOUSSA, NDIAYE, PARACETAMOL, PASSWORD, PHONES
from store import Clock, Store
from told import Told

from fadjma import days
from fadjma.identity.people import Viewer

PERSON = {
    "given_name": "Khady",
    "family_name": "Sène",
    "phone": "77 612 34 56",
    "password": "une phrase bien longue",
    "birth_date": "1990-05-17",
    "sex": "female",
}
BLANKS = ["\u200b\u200b\u200b", "\u3164", "\u2800", "\u0301\u0301\u0301", " \u00a0\u202f "]


class TestBlank:
    @pytest.mark.parametrize("json", [False, True])
    @pytest.mark.parametrize("blank", BLANKS, ids=ascii)
    async def test_nobody_has_a_name_that_shows_nothing(self, clinic: Callers, blank: str, json: bool) -> None:
        answer = await clinic.nobody(json=json).post("/register", {**PERSON, "given_name": blank})
        assert answer.status == 422

    @pytest.mark.parametrize("blank", BLANKS, ids=ascii)
    async def test_no_dosage_and_no_reason_show_nothing(self, clinic: Callers, told: Told, blank: str) -> None:
        doctor = clinic.program(DIOP)
        line = {"medicine_id": PARACETAMOL, "dosage": blank, "quantity": 2, "duration_days": 3}
        assert set((await doctor.post("/patients/awa/prescriptions", {"lines": [line]})).errors()) == {"lines-0-dosage"}
        body = {"patient_id": MOUSSA.id, "reason": blank}
        assert set((await doctor.post("/access-requests", body)).errors()) == {"reason"}

    @pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\u200b"], ids=ascii)
    @pytest.mark.parametrize("name", ["emergency", "scope"])
    async def test_a_choice_that_is_left_blank_is_not_made(
        self, clinic: Callers, store: Store, name: str, blank: str
    ) -> None:
        body = {"patient_id": MOUSSA.id, "reason": "Suivi de la tension", name: blank}
        answer = await clinic.program(DIOP).post("/access-requests", body)
        assert answer.status == 201, answer.text
        assert answer.json["status"] == "pending"
        assert answer.json["proposed_scope"] is None


class TestLookAlike:
    @pytest.mark.parametrize("json", [False, True])
    @pytest.mark.parametrize(
        "other",
        [
            {"given_name": "\u041ahady"},
            {"family_name": "S\u200bène"},
            {"email": "\u0430wa@demo.sn"},
            {"email": "awa@de\u200bmo.sn"},
        ],
        ids=ascii,
    )
    async def test_nobody_registers_as_somebody_who_looks_the_same(
        self, clinic: Callers, other: dict[str, Any], json: bool
    ) -> None:
        answer = await clinic.nobody(json=json).post("/register", {**PERSON, **other})
        assert answer.status == 422

    async def test_an_address_of_another_width_is_the_same_address(self, clinic: Callers, store: Store) -> None:
        answer = await clinic.nobody(json=True).post("/register", {**PERSON, "email": "\uff2bhady@Demo.SN\ufeff"})
        assert answer.status == 201, answer.text
        assert store.value("SELECT email FROM users WHERE id = ?", answer.json["id"]) == "khady@demo.sn"


class TestSpoiled:
    FORM = "application/x-www-form-urlencoded"
    PARTS = "multipart/form-data; boundary=part"
    NOT_TEXT = ("Nd%E8ye", "A%C0%AFwa", "Ciss%C3", "%ED%A0%80", "%FF%FEA")

    @pytest.mark.parametrize("name", [*NOT_TEXT, b"Nd\xe8ye"], ids=ascii)
    @pytest.mark.parametrize("accept", ["text/html", "application/json"])
    async def test_a_form_that_is_not_utf_8_is_refused(
        self, clinic: Callers, store: Store, name: str | bytes, accept: str
    ) -> None:
        before = store.content()
        rest = urlencode({key: value for key, value in PERSON.items() if key != "given_name"}).encode()
        body = b"given_name=" + (name if isinstance(name, bytes) else name.encode()) + b"&" + rest
        answer = await clinic.nobody().post("/register", body, Content_Type=self.FORM, Accept=accept)
        assert answer.status == 400, answer.text[:200]
        assert "UTF-8" in answer.text
        assert store.content() == before

    async def test_so_is_one_in_parts(self, clinic: Callers, store: Store) -> None:
        statuses = []
        for name in ("Ndèye".encode("latin-1"), "Ndèye".encode()):
            parts = {**{key: value.encode() for key, value in PERSON.items()}, "given_name": name}
            body = b"".join(
                b'--part\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), value)
                for key, value in parts.items()
            )
            nobody = clinic.nobody()
            answer = await nobody.post("/register", body + b"--part--\r\n", Content_Type=self.PARTS)
            statuses.append(answer.status)
        assert statuses == [400, 303]
        assert store.value("SELECT given_name FROM users ORDER BY created_at DESC, id DESC LIMIT 1") == "Ndèye"

    @pytest.mark.parametrize(
        "body",
        [
            '{"given_name":"Ndèye"}'.encode("latin-1"),
            b'{"given_name":"Nd\\ud83dye"}',
            b'{"given_name":"Nd\xed\xa0\x80ye"}',
            b'{"given_name":["\\udc00"]}',
        ],
        ids=ascii,
    )
    async def test_so_is_json_with_half_a_character(self, clinic: Callers, body: bytes) -> None:
        answer = await clinic.nobody(json=True).post("/register", body, Content_Type="application/json")
        answer.problem(400)

    @pytest.mark.parametrize("q", NOT_TEXT)
    @pytest.mark.parametrize("address", ["/medicines?q=", "/patients?q=", "/sign-in?login="])
    async def test_so_is_an_address(self, clinic: Callers, address: str, q: str) -> None:
        (await clinic.program(DIOP).get(address + q)).problem(400)

    @pytest.mark.parametrize("json", [False, True])
    async def test_a_letter_that_was_lost_before_is_typed_again(self, clinic: Callers, json: bool) -> None:
        answer = await clinic.nobody(json=json).post("/register", {**PERSON, "given_name": "Nd\ufffdye"})
        assert answer.status == 422

    async def test_a_browser_is_called_what_can_be_read(self, clinic: Callers, store: Store) -> None:
        answer = await clinic.nobody(json=True).post(
            "/api/token", {"email": EMAILS[DIOP.id], "password": PASSWORD}, User_Agent="Opéra\ufffd\u202e Ndèye"
        )
        assert answer.status == 200
        assert store.value("SELECT agent FROM sessions ORDER BY created_at DESC, rowid DESC LIMIT 1") == "Opéra? Ndèye"

    async def test_no_key_of_a_request_has_lost_a_letter(self, clinic: Callers) -> None:
        body = {"patient_id": MOUSSA.id, "reason": "Suivi de la tension", "key": "cl\ufffd"}
        assert set((await clinic.program(DIOP).post("/access-requests", body)).errors()) == {"key"}


ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


class TestDigits:
    @pytest.mark.parametrize(
        "type_it",
        [
            lambda code: code.translate(ARABIC),
            lambda code: code.translate(WIDE),
            lambda code: f"{code[:3]}\u202f{code[3:]}",
            lambda code: f"{code[:3]}\u2011{code[3:]}\u200e",
            lambda code: ".".join(code),
        ],
    )
    async def test_a_right_code_is_right_however_it_is_typed(self, clinic: Callers, told: Told, type_it: Any) -> None:
        code = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["handover_code"]
        answer = await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", {"code": type_it(code)})
        assert answer.status == 200, answer.text

    @pytest.mark.parametrize("typed", ["12345", "1234567", "12345x", "½½½½½½", "²²²²²²", "code"])
    async def test_what_is_no_code_costs_no_try(self, clinic: Callers, told: Told, store: Store, typed: str) -> None:
        for caller in (clinic.program(NDIAYE), clinic.browser(NDIAYE)):
            answer = await caller.post(f"/prescriptions/{told.ready}/delivery", {"code": typed})
            assert answer.status == 422
            assert "six chiffres" in answer.text
        assert store.value("SELECT code_failures FROM prescriptions WHERE id = ?", told.ready) == 0

    @pytest.mark.parametrize(
        "typed",
        [
            PHONES[AWA.id].translate(ARABIC),
            PHONES[AWA.id][4:].translate(WIDE),
            f"tel:{PHONES[AWA.id]}",
            f"\u202a{PHONES[AWA.id]}\u202c",
            f"{PHONES[AWA.id][4:6]}\u202f{PHONES[AWA.id][6:9]}\u2011{PHONES[AWA.id][9:]}",
        ],
        ids=ascii,
    )
    async def test_a_number_is_the_same_number(self, clinic: Callers, typed: str) -> None:
        body = {"email": typed, "password": PASSWORD}
        assert (await clinic.nobody(json=True).post("/api/token", body)).status == 200
        found = await clinic.program(DIOP).get(f"/patients?q={quote(typed)}")
        assert AWA.id in [item["id"] for item in found.json["items"]]

    @pytest.mark.parametrize("change", ["-:\u2011", "-: ", "-:\u2013", "-:\u00a0", "J:\uff2a"], ids=ascii)
    async def test_an_identifier_is_the_same_identifier(self, clinic: Callers, change: str) -> None:
        identifier = (await clinic.program(AWA).get("/me")).json["identifier"]
        typed = "\u200b" + identifier.replace(*change.split(":")) + "."
        found = await clinic.program(DIOP).get(f"/patients?q={quote(typed)}")
        assert [item["id"] for item in found.json["items"]] == [AWA.id]


class TestToday:
    @pytest.fixture(params=["Pacific/Kiritimati", "Pacific/Niue", "Africa/Dakar"])
    def today(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> date:
        """The clinic's day when the form comes, whatever day the page was opened on."""
        monkeypatch.setattr(days, "_zone", ZoneInfo(request.param))
        return days.day(clock())

    @pytest.mark.parametrize("later", [0, 1])
    @pytest.mark.parametrize("json", [False, True])
    async def test_who_is_born_today_is_registered_and_tomorrow_is_refused(
        self, clinic: Callers, today: date, later: int, json: bool
    ) -> None:
        body = {**PERSON, "birth_date": (today + timedelta(later)).isoformat()}
        answer = await clinic.nobody(json=json).post("/register", body)
        assert answer.status == (422 if later else 201 if json else 303), answer.text[:300]

    @pytest.mark.parametrize("later", [None, 0, 1])
    async def test_a_record_is_of_today_and_never_of_tomorrow(
        self, clinic: Callers, today: date, later: int | None
    ) -> None:
        body = {"type": "consultation", "title": "Contrôle", "body": "Va bien."}
        if later is not None:
            body["occurred_on"] = (today + timedelta(later)).isoformat()
        answer = await clinic.program(DIOP).post("/patients/awa/records", body)
        if later:
            assert set(answer.errors()) == {"occurred_on"}
        else:
            assert answer.json["occurred_on"] == today.isoformat()

    async def test_no_page_knows_what_today_is_when_it_comes_back(self, clinic: Callers) -> None:
        text = (await clinic.browser(DIOP).get("/patients/awa/records/new")).text
        field = re.search('<input[^>]*type="date"[^>]*>', text)
        assert field
        assert "max=" not in field[0]
        assert "min=" not in field[0]


class TestAge:
    async def test_an_infant_is_shown_as_one_can_dose(self, clinic: Callers, store: Store, clock: Clock) -> None:
        born = (days.day(clock()) - timedelta(21)).isoformat()
        store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'awa'", (born,))
        found = (await clinic.program(DIOP).get(f"/patients?q={PHONES[AWA.id]}")).json["items"][0]
        assert (found["age"], found["age_text"]) == (0, "21 jours")
        for page in (f"/patients?q={PHONES[AWA.id]}", "/patients/awa/records", "/prescriptions"):
            assert "21 jours" in (await clinic.browser(DIOP).get(page)).text, page


class TestOrder:
    async def test_places_to_choose_from_are_in_french_order(self, clinic: Callers, store: Store) -> None:
        names = [
            "pharmacie diop",
            "Pharmacie Élan",
            "Pharmacie Fall",
            "Pharmacie Ñoom",
            "Pharmacie Œil",
            "Pharmacie Zam",
        ]
        for number, name in enumerate(reversed(names)):
            place = (f"place{number}", "pharmacy", name, "rue 1", "Thiès", "")
            store.connection.execute(
                "INSERT INTO organizations (id, kind, name, address, city, phone) VALUES (?, ?, ?, ?, ?, ?)", place
            )
            # Somebody who dispenses there: to a pharmacy where nobody would read it no prescription goes.
            person = {"id": f"person{number}", "like": NDIAYE.id, "place": place[0], "phone": f"+22133000000{number}"}
            for copied in (
                "users (id, role, status, phone, password_hash, given_name, family_name, created_at) "
                "SELECT :id, role, status, :phone, password_hash, given_name, family_name, created_at FROM users "
                "WHERE id = :like",
                "practitioners (user_id, licence_number, specialty, organization_id) "
                "SELECT :id, licence_number, specialty, :place FROM practitioners WHERE user_id = :like",
            ):
                store.connection.execute(f"INSERT INTO {copied}", person)
        for who, page in ((DIOP, "/patients/awa/prescriptions/new"), (None, "/register/practitioner")):
            caller = clinic.browser(who) if who else clinic.nobody()
            shown = re.findall("<option[^>]*>([^<]*), Thiès<", (await caller.get(page)).text)
            assert shown == names


IN_FIVE_YEARS, IN_SIX_YEARS = ((datetime.now(UTC) + timedelta(days=366 * years)).date().isoformat() for years in (5, 6))


class TestQuestion:
    """What is possible and hardly meant is asked about (422 with `confirm`), and taken when that is sent with it."""

    LOT: ClassVar = {"medicine_id": PARACETAMOL, "number": "Q1", "expires_on": IN_FIVE_YEARS, "quantity": "50"}

    @pytest.mark.parametrize(
        ("who", "where", "body"),
        [
            (NDIAYE, "/inventory/lots", {**LOT, "expires_on": "2206-11-30"}),
            (NDIAYE, "/inventory/lots", {**LOT, "expires_on": "9999-12-31"}),
            (NDIAYE, "/inventory/lots", {**LOT, "expires_on": "2020-01-31"}),
            (NDIAYE, "/inventory/lots", {**LOT, "quantity": "50000"}),
            (DIOP, "/patients/awa/prescriptions", {"lines": [{"quantity": "900", "duration_days": "7"}]}),
        ],
        ids=str,
    )
    async def test_it_is_asked_once_and_taken_when_confirmed(
        self, clinic: Callers, store: Store, who: Viewer, where: str, body: dict[str, Any]
    ) -> None:
        if "lines" in body:
            body = {"lines": [{"medicine_id": AMOXICILLIN, "dosage": "1 matin et soir", **body["lines"][0]}]}
        before = store.content(readings=False)
        for confirm in ({}, {"confirm": "0"}, {"confirm": ""}, {"confirm": False}):
            problem = (await clinic.program(who).post(where, {**body, **confirm})).problem(422)
            assert problem["confirm"] == list(problem["errors"])
            assert len(problem["errors"]) == 1
        assert store.content(readings=False) == before
        assert (await clinic.program(who).post(where, {**body, "confirm": True})).status == 201

    async def test_the_page_asks_with_what_was_typed(self, clinic: Callers, store: Store) -> None:
        browser = clinic.browser(NDIAYE)
        page = await browser.post("/inventory/lots", {**self.LOT, "expires_on": "2206-11-30"})
        assert page.status == 422
        assert "Une réponse à vérifier" in page.text
        assert 'type="checkbox" name="confirm" value="1"' in page.text
        for value in ("Q1", "2206-11-30", "50"):
            assert f'value="{value}"' in page.text
        answer = await browser.post("/inventory/lots", {**self.LOT, "expires_on": "2206-11-30", "confirm": "1"})
        assert answer.status == 303

    async def test_what_cannot_be_taken_is_corrected_first(self, clinic: Callers) -> None:
        body = {**self.LOT, "expires_on": "2206-11-30", "quantity": "0", "confirm": "1"}
        assert set((await clinic.program(NDIAYE).post("/inventory/lots", body)).errors()) == {"quantity"}
        page = await clinic.browser(NDIAYE).post("/inventory/lots", {**body, "confirm": ""})
        assert 'name="confirm"' not in page.text

    async def test_who_would_be_older_than_anybody_is_asked(self, clinic: Callers, clock: Clock) -> None:
        today = days.day(clock())
        for years, status in ((120, 201), (122, 422)):
            body = {**PERSON, "birth_date": f"{today.year - years}-01-01"}
            answer = await clinic.nobody(json=True).post("/register", body)
            assert answer.status == status, answer.text
        assert answer.json["confirm"] == ["birth_date"]
        assert (await clinic.nobody(json=True).post("/register", {**body, "confirm": "1"})).status == 201

    async def test_a_record_from_before_birth_is_refused(self, clinic: Callers, store: Store) -> None:
        born = date.fromisoformat(store.value("SELECT birth_date FROM patients WHERE user_id = 'awa'"))
        body = {"type": "vaccination", "title": "BCG", "body": "Fait."}
        where = "/patients/awa/records"
        for early, status in ((0, 201), (1, 422)):
            day = (born - timedelta(early)).isoformat()
            answer = await clinic.program(DIOP).post(where, {**body, "occurred_on": day})
            assert answer.status == status, answer.text


class TestLot:
    async def test_one_lot_in_many_spellings_is_one_lot(self, clinic: Callers, store: Store) -> None:
        body = {"medicine_id": PARACETAMOL, "expires_on": IN_FIVE_YEARS, "quantity": 10}
        spellings = ["XY789", "xy789 ", "XY 789", "xy-789", "XY\u2011789", "XY\u200b789", "ＸＹ789", "XY\t789", "XY٧٨٩"]
        answers, asked = [], []
        for way in spellings:
            answer = await clinic.program(NDIAYE).post("/inventory/lots", {**body, "number": way})
            if answer.status == 422:  # whether it is the same, before anything is added to it
                assert set(answer.errors()) == {"number"}
                asked.append(way)
                answer = await clinic.program(NDIAYE).post("/inventory/lots", {**body, "number": way, "confirm": True})
            answers.append(answer)
        assert asked == [way for way in spellings if way not in ("XY789", "XY\u200b789")]
        assert {answer.json["id"] for answer in answers} == {answers[0].json["id"]}
        assert answers[-1].json["on_hand"] == 10 * len(spellings)
        assert answers[-1].json["number"] == "XY789"
        other = await clinic.program(NDIAYE).post(
            "/inventory/lots", {**body, "number": "XY-789", "expires_on": IN_SIX_YEARS}
        )
        assert set(other.errors()) == {"expires_on"}
        elsewhere = await clinic.program(FALL).post("/inventory/lots", {**body, "number": "XY789"})
        assert elsewhere.json["id"] != answers[0].json["id"]
        for letter in ("XYO89", "XY089"):  # both are real numbers, and a recall is of one of them
            made = await clinic.program(NDIAYE).post("/inventory/lots", {**body, "number": letter})
            assert made.json["on_hand"] == 10
