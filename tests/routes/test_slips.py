"""Codes on slips: staff that an admin has made, and lost passwords. Once, in time, by whoever holds the paper."""

import asyncio
import logging
import re

import pytest
from callers import Callers
from cast import ADMIN, AWA, CAST, DIOP, KADD, PASSWORD, THIAM
from store import Clock, Store
from told import DOCTOR, DOCUMENT, NEW_PASSWORD, SLIP, SLIP_KEY, STAFF, Told

from fadjma.accounts import actions as accounts
from fadjma.identity import slips
from fadjma.identity.people import Viewer

CODE = slips.code_of(SLIP_KEY, SLIP)
ACTIVATION = {"code": CODE, "password": NEW_PASSWORD}
NOT_ADMINS = [person for person in CAST if person is not ADMIN]


async def _token(clinic: Callers, login: str, password: str) -> int:
    return (await clinic.nobody(json=True).post("/api/token", {"email": login, "password": password})).status


async def _reset(clinic: Callers, account_id: str = "diop", **headers: str) -> str:
    made = await clinic.program(ADMIN).post(f"/accounts/{account_id}/reset", {"document": DOCUMENT}, **headers)
    assert made.status == 201, made.text
    code: str = made.json["reset_code"]
    return code


class TestStaff:
    async def test_is_at_work_with_the_password_chosen_by_the_code(self, clinic: Callers) -> None:
        made = await clinic.program(ADMIN).post("/accounts", STAFF)
        assert made.status == 201
        assert (made.json["status"], made.json["profession"], made.json["name"]) == ("active", "dentist", "Khadim Sow")
        sent = {"code": made.json["activation_code"], "password": NEW_PASSWORD}
        assert (await clinic.nobody(json=True).post("/activation", sent)).json == {
            "id": made.json["id"],
            "login": "khadim@exemple.sn",
        }
        signed_in = {"email": "khadim@exemple.sn", "password": NEW_PASSWORD}
        token = (await clinic.nobody(json=True).post("/api/token", signed_in)).json["access_token"]
        assert (await clinic.bearer(token).get("/me")).json["role"] == "doctor"
        assert (await clinic.bearer(token).get("/notifications")).json["items"] == [], "nothing has been changed"
        seen = (await clinic.program(ADMIN).get(made.location)).json
        assert seen["last_sign_in_at"] is not None

    async def test_reads_the_telephone_as_the_slip_says_it(self, clinic: Callers) -> None:
        made = await clinic.program(ADMIN).post("/accounts", {**STAFF, "email": "", "phone": "775123456"})
        sent = {"code": made.json["activation_code"], "password": NEW_PASSWORD}
        assert "77 512 34 56" in (await clinic.nobody().post("/activation", sent)).text

    async def test_cannot_sign_in_before_that(self, clinic: Callers) -> None:
        await clinic.program(ADMIN).post("/accounts", STAFF)
        for password in ("", "no hash", PASSWORD, NEW_PASSWORD):
            assert await _token(clinic, "khadim@exemple.sn", password) in (401, 422)

    @pytest.mark.parametrize(
        ("other", "field"),
        [
            ({"role": "patient"}, "role"),
            ({"role": "chief"}, "role"),
            ({"email": "", "phone": ""}, "phone"),
            ({"email": "dr.diop@demo.fadjma"}, "email"),
            ({"organization_id": ""}, "organization_id"),
            ({"organization_id": KADD}, "organization_id"),
            ({"profession": "healer"}, "profession"),
            ({"given_name": ""}, "given_name"),
            ({"password": NEW_PASSWORD}, "password"),
            ({"status": "active"}, "status"),
        ],
    )
    async def test_is_not_made_of_anything(
        self, clinic: Callers, store: Store, other: dict[str, str], field: str
    ) -> None:
        before = store.content()
        body = {**STAFF, **other}
        assert (await clinic.program(ADMIN).post("/accounts", body)).errors().keys() == {field}
        page = await clinic.browser(ADMIN).post("/accounts", body)
        assert page.status == 422
        assert STAFF["licence_number"] in page.text
        assert store.content() == before

    @pytest.mark.parametrize(
        ("role", "shown"),
        [
            ("doctor", {"profession", "licence_number", "specialty", "organization_id"}),
            ("pharmacist", {"licence_number", "organization_id"}),
            ("receptionist", {"organization_id"}),
            ("nurse", {"organization_id"}),
            ("admin", set()),
        ],
    )
    async def test_the_form_asks_what_the_role_has(self, clinic: Callers, role: str, shown: set[str]) -> None:
        page = (await clinic.browser(ADMIN).get(f"/accounts/new?role={role}")).text
        asked = ("profession", "licence_number", "specialty", "organization_id")
        assert {name for name in asked if f'name="{name}"' in page} == shown
        assert ("Pharmacie Jamm" in page, "Clinique Teranga" in page) == (
            role == "pharmacist",
            "organization_id" in shown and role != "pharmacist",
        )
        assert f'name="role" value="{role}"' in page
        assert 'name="role"' not in (await clinic.browser(ADMIN).get("/accounts/new")).text

    async def test_may_be_a_pharmacist_or_an_admin_without_licence(self, clinic: Callers) -> None:
        who = {name: STAFF[name] for name in ("given_name", "family_name")}
        made = await clinic.program(ADMIN).post(
            "/accounts", {**who, "role": "pharmacist", "organization_id": KADD, "email": "p@exemple.sn"}
        )
        assert (made.status, made.json["profession"]) == (201, None)
        made = await clinic.program(ADMIN).post("/accounts", {**who, "role": "admin", "phone": "77 555 00 11"})
        assert (made.status, made.json["organization"]) == (201, None)

    @pytest.mark.parametrize(
        ("other", "fields"),
        [
            ({"role": "nurse"}, {"profession"}),
            ({"role": "pharmacist", "organization_id": KADD}, {"profession"}),
            ({"role": "admin"}, {"profession", "licence_number", "specialty", "organization_id"}),
        ],
    )
    async def test_is_not_made_of_what_the_role_has_not(
        self, clinic: Callers, store: Store, other: dict[str, str], fields: set[str]
    ) -> None:
        before = store.content()
        assert (await clinic.program(ADMIN).post("/accounts", {**STAFF, **other})).errors().keys() == fields
        assert store.content() == before

    async def test_is_found_by_a_program_as_far_as_it_is_looked_for_also_while_it_waits(self, clinic: Callers) -> None:
        """Who waits is work to be done, on the page above whomever one looks for."""
        assert (await clinic.nobody(json=True).post("/register/practitioner", DOCTOR)).status == 201
        name = f"{DOCTOR['given_name']} {DOCTOR['family_name']}"
        program = clinic.program(ADMIN)
        for q, found in (
            (DOCTOR["family_name"], True),
            (DOCTOR["email"], True),
            ("diop", False),
            ("zz", False),
            ("%25", False),
        ):
            items = (await program.get(f"/accounts?q={q}")).json["items"]
            assert (name in [item["name"] for item in items]) == found, q
            assert name in (await clinic.browser(ADMIN).get(f"/accounts?q={q}")).text, q
        assert name in [item["name"] for item in (await program.get("/accounts")).json["items"][:2]], "they come first"

    async def test_has_a_profession_only_where_it_prescribes(self, clinic: Callers) -> None:
        """What is said and cannot be kept is refused, not left out: a midwife is no nurse with another name."""
        for who in ("diop", "ndiaye", "gassama"):
            where = f"/accounts/{who}"
            version = (await clinic.program(ADMIN).get(where)).json["version"]
            answer = await clinic.program(ADMIN).post(
                f"{where}/correction", {"version": version, "profession": "midwife"}
            )
            if who == "diop":
                assert answer.json["profession"] == "midwife"
            else:
                assert answer.errors().keys() == {"profession"}, who

    async def test_the_code_comes_again_to_the_same_submission_and_is_stored_nowhere(
        self, clinic: Callers, store: Store
    ) -> None:
        first = await clinic.program(ADMIN).post("/accounts", STAFF, Idempotency_Key="k")
        second = await clinic.program(ADMIN).post("/accounts", STAFF, Idempotency_Key="k")
        assert (first.status, first.json) == (second.status, second.json)
        code = first.json["activation_code"]
        assert len(code.replace("-", "")) == 12  # of 32 letters each: 60 bits
        everything = str(store.content()) + str(store.rows("SELECT * FROM security_events"))
        assert code not in everything
        assert code.replace("-", "") not in everything

    async def test_the_same_submission_after_its_use_makes_nothing_more(self, clinic: Callers, store: Store) -> None:
        first = await clinic.program(ADMIN).post("/accounts", STAFF, Idempotency_Key="k")
        sent = {"code": first.json["activation_code"], "password": NEW_PASSWORD}
        await clinic.nobody(json=True).post("/activation", sent)
        after = store.content()
        again = await clinic.program(ADMIN).post("/accounts", STAFF, Idempotency_Key="k")
        assert (again.status, again.json["id"], again.json["activation_code"]) == (201, first.json["id"], None)
        assert store.content() == after

    async def test_a_page_leads_to_the_slip_which_only_its_issuer_prints(self, clinic: Callers, store: Store) -> None:
        answer = await clinic.browser(ADMIN).post("/accounts", STAFF)
        assert re.fullmatch(r"/accounts/[^/]+/slip", answer.location)
        page = await clinic.browser(ADMIN).get(answer.location)
        assert re.search(r'class="code">(\w{4} ){2}\w{4}<', page.text)
        assert "khadim@exemple.sn" in page.text
        assert "Khadim" not in page.title
        store.connection.execute("UPDATE slips SET issued_by = 'diop'")
        (await clinic.program(ADMIN).get(answer.location)).problem(404)


class TestChoosing:
    @pytest.mark.parametrize("typed", [CODE, CODE.lower(), CODE.replace("-", ""), f"  {CODE.replace('-', ' ')}\u00a0"])
    async def test_the_code_may_be_typed_in_any_way(self, clinic: Callers, typed: str) -> None:
        answer = await clinic.nobody().post("/activation", {**ACTIVATION, "code": typed})
        assert answer.status == 200
        assert "sokhna@demo.fadjma" in answer.text
        assert await _token(clinic, "sokhna@demo.fadjma", NEW_PASSWORD) == 200

    async def test_a_code_is_used_once(self, clinic: Callers, store: Store) -> None:
        await clinic.nobody(json=True).post("/activation", ACTIVATION)
        before = store.content()
        again = await clinic.nobody(json=True).post("/activation", {**ACTIVATION, "password": "un autre baobab chante"})
        assert "servi" in again.errors()["code"]
        assert store.content() == before

    async def test_by_two_at_once_it_is_used_once_too(self, clinic: Callers) -> None:
        chosen = [f"{NEW_PASSWORD} {number}" for number in range(4)]
        answers = await asyncio.gather(
            *(clinic.nobody(json=True).post("/activation", {"code": CODE, "password": one}) for one in chosen)
        )
        assert sorted(answer.status for answer in answers) == [200, 422, 422, 422]
        assert [await _token(clinic, "sokhna@demo.fadjma", one) for one in chosen].count(200) == 1

    async def test_the_same_form_sent_twice_is_one_use(self, clinic: Callers, store: Store) -> None:
        body = {**ACTIVATION, "key": "of the form"}
        first = await clinic.nobody().post("/activation", body)
        after = store.content()
        second = await clinic.nobody().post("/activation", body)
        assert (first.status, second.status) == (200, 200)
        assert store.content() == after

    @pytest.mark.parametrize(("purpose", "hours"), [("activation", 7 * 24), ("reset", 24)])
    async def test_it_ends_in_time(self, clinic: Callers, clock: Clock, store: Store, purpose: str, hours: int) -> None:
        code = CODE if purpose == "activation" else await _reset(clinic)
        store.connection.execute(
            "UPDATE slips SET issued_at = ?, expires_at = ?", (clock.now, clock.now + hours * 3_600_000)
        )
        clock.advance(hours=hours)
        late = await clinic.nobody(json=True).post("/activation", {"code": code, "password": NEW_PASSWORD})
        assert "plus valable" in late.errors()["code"]
        clock.advance(milliseconds=-1)
        assert (
            await clinic.nobody(json=True).post("/activation", {"code": code, "password": NEW_PASSWORD})
        ).status == 200

    async def test_it_stays_over_with_a_clock_that_begins_years_before(
        self, clinic: Callers, clock: Clock, store: Store
    ) -> None:
        nobody = clinic.nobody(json=True)
        clock.advance(days=-4_000)
        refused = await nobody.post("/activation", {"code": CODE, "password": NEW_PASSWORD})
        assert "plus valable" in refused.errors()["code"]
        clock.advance(days=3_999)
        assert (await nobody.post("/activation", {"code": CODE, "password": NEW_PASSWORD})).status == 200

    async def test_guessing_is_slowed_and_noted_and_the_right_one_waits(self, clinic: Callers, store: Store) -> None:
        nobody = clinic.nobody(json=True)
        for guess in range(10):
            wrong = await nobody.post("/activation", {**ACTIVATION, "code": f"AAAA-BBBB-{guess:04}"})
            assert wrong.errors().keys() == {"code"}
        (await nobody.post("/activation", ACTIVATION)).problem(429)
        assert (await clinic.nobody(json=True, address="10.7.7.7").post("/activation", ACTIVATION)).status == 200
        noted = store.rows("SELECT kind, account_id, detail FROM security_events WHERE kind = 'code_refused'")
        assert noted == [("code_refused", None, "")] * 10

    @pytest.mark.parametrize("password", ["court", "Sokhna Faye 2026", "Clinique Teranga", "motdepasse123"])
    async def test_a_bad_password_uses_nothing_up_and_nothing_is_emptied(
        self, clinic: Callers, store: Store, password: str
    ) -> None:
        before = store.content()
        page = await clinic.nobody().post("/activation", {"code": CODE, "password": password})
        assert page.status == 422
        assert f'value="{CODE}"' in page.text
        assert f'value="{password}"' in page.text
        assert store.content() == before
        assert (await clinic.nobody(json=True).post("/activation", ACTIVATION)).status == 200

    async def test_no_code_is_in_the_log(self, clinic: Callers, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            code = await _reset(clinic)
            await clinic.nobody().post("/activation", {"code": code, "password": NEW_PASSWORD})
            await clinic.nobody().post("/activation", {"code": code, "password": NEW_PASSWORD})
        assert "/activation" in caplog.text
        assert code not in caplog.text
        assert code.replace("-", "") not in caplog.text
        assert NEW_PASSWORD not in caplog.text

    async def test_a_closed_account_is_not_opened_by_its_slip(self, clinic: Callers, told: Told) -> None:
        await clinic.program(ADMIN).post(f"/accounts/{told.invited}/deactivation")
        assert (await clinic.nobody(json=True).post("/activation", ACTIVATION)).errors().keys() == {"code"}


class TestAnotherFirstSlip:
    """The first one was lost, or came after its seven days: a reset wanted a document of somebody far away, in 24 h."""

    async def test_lives_seven_days_and_asks_for_no_document(self, clinic: Callers, told: Told, store: Store) -> None:
        week = slips.LIFETIMES["activation"]
        sql = "UPDATE slips SET issued_at = issued_at - ?, expires_at = expires_at - ? WHERE user_id = ?"
        store.connection.execute(sql, (week, week, told.invited))
        over = await clinic.nobody(json=True).post("/activation", ACTIVATION)
        assert "plus valable" in over.errors()["code"]
        made = await clinic.program(ADMIN).post(f"/accounts/{told.invited}/activation")
        assert made.status == 201
        assert store.value("SELECT max(expires_at - issued_at) FROM slips WHERE user_id = ?", told.invited) == week
        before = await clinic.nobody(json=True).post("/activation", ACTIVATION)
        assert "remplacé" in before.errors()["code"]
        sent = {"code": made.json["activation_code"], "password": NEW_PASSWORD}
        assert (await clinic.nobody(json=True).post("/activation", sent)).status == 200

    async def test_is_offered_where_no_password_was_chosen_in_the_place_of_a_reset(
        self, clinic: Callers, told: Told
    ) -> None:
        admin = clinic.browser(ADMIN)
        pages = [(await admin.get(f"/accounts/{id}")).text for id in (told.invited, "diop")]
        assert [(f"/accounts/{told.invited}/activation" in page, "/reset" in page) for page in pages] == [
            (True, False),
            (False, True),
        ]
        assert (await admin.post(f"/accounts/{told.invited}/activation")).location.endswith("/slip")

    async def test_is_nothing_once_one_was(self, clinic: Callers, told: Told) -> None:
        await clinic.nobody(json=True).post("/activation", ACTIVATION)
        for account_id in (told.invited, "diop", "awa"):
            (await clinic.program(ADMIN).post(f"/accounts/{account_id}/activation")).problem(409)


class TestReset:
    async def test_ends_the_old_password_and_every_session_at_once(self, clinic: Callers) -> None:
        code = await _reset(clinic)
        (await clinic.program(DIOP).get("/me")).problem(401)
        assert await _token(clinic, "dr.diop@demo.fadjma", PASSWORD) == 401
        await clinic.nobody(json=True).post("/activation", {"code": code, "password": NEW_PASSWORD})
        assert await _token(clinic, "dr.diop@demo.fadjma", NEW_PASSWORD) == 200
        assert (await clinic.program(AWA).get("/me")).status == 200

    async def test_the_old_password_is_not_chosen_again(self, clinic: Callers, store: Store) -> None:
        old = "le tambour du village"
        await clinic.program(DIOP).post("/password", {"password": PASSWORD, "new_password": old})
        for _ in range(2):  # also when the first slip was lost
            code = await _reset(clinic)
        sent = {"code": code, "password": old}
        assert "actuel" in (await clinic.nobody(json=True).post("/activation", sent)).errors()["password"]
        assert (await clinic.nobody(json=True).post("/activation", {**sent, "password": NEW_PASSWORD})).status == 200
        assert store.value("SELECT count(*) FROM slips WHERE former_hash <> '' AND user_id = 'diop'") == 0

    async def test_a_second_slip_makes_the_first_worthless(self, clinic: Callers) -> None:
        first, second = await _reset(clinic), await _reset(clinic)
        sent = {"code": first, "password": NEW_PASSWORD}
        assert "remplacé" in (await clinic.nobody(json=True).post("/activation", sent)).errors()["code"]
        assert (await clinic.nobody(json=True).post("/activation", {**sent, "code": second})).status == 200

    async def test_is_told_to_its_owner_with_the_document_and_who_did_it(self, clinic: Callers) -> None:
        code = await _reset(clinic, "awa")
        await clinic.nobody(json=True).post("/activation", {"code": code, "password": NEW_PASSWORD})
        jar = clinic.nobody()
        await jar.post("/sign-in", {"login": "awa@demo.fadjma", "password": NEW_PASSWORD})
        inbox = (await jar.get("/notifications")).text.replace("&#39;", "'")
        assert "Votre mot de passe a été changé" in inbox
        assert "2 fois" in inbox
        page = (await jar.get("/account")).text
        assert DOCUMENT in page
        assert ADMIN.name in page
        [said] = (await jar.get("/account", Accept="application/json")).json["resets"]
        assert (said["document"], said["issued_by"]["id"]) == (DOCUMENT, "admin")

    async def test_is_in_the_admins_list_by_issuer(self, clinic: Callers) -> None:
        await _reset(clinic)
        items = (await clinic.program(ADMIN).get("/security-events?by=admin")).json["items"]
        assert [item["kind"] for item in items] == ["reset_issued", "activation_issued"]
        assert (items[0]["account"]["id"], items[0]["actor"]["id"], items[0]["detail"]) == ("diop", "admin", DOCUMENT)
        assert (await clinic.program(ADMIN).get("/security-events?by=diop")).json["items"] == []
        assert DOCUMENT in (await clinic.browser(ADMIN).get("/security-events?by=admin")).text

    async def test_who_has_no_phone_and_no_address_has_nothing_to_sign_in_with(self, clinic: Callers) -> None:
        made = await clinic.program(THIAM).post("/patients", {"given_name": "Yacine", "age": 60, "sex": "female"})
        account = f"/accounts/{made.json['id']}"
        (await clinic.program(ADMIN).post(f"{account}/reset", {"document": DOCUMENT})).problem(409)
        assert "/reset" not in (await clinic.browser(ADMIN).get(account)).text

    async def test_nobody_resets_their_own_so_the_last_admin_is_not_locked_out(
        self, clinic: Callers, store: Store
    ) -> None:
        before = store.content()
        problem = (await clinic.program(ADMIN).post("/accounts/admin/reset", {"document": DOCUMENT})).problem(409)
        assert problem["current"] == "active"
        assert store.content() == before
        assert 'action="/accounts/admin/reset"' not in (await clinic.browser(ADMIN).get("/accounts/admin")).text

    @pytest.mark.parametrize("which", ["waiting", "closed"])
    async def test_an_account_that_is_not_in_use_has_no_reset(self, clinic: Callers, told: Told, which: str) -> None:
        account_id = getattr(told, which)
        (await clinic.program(ADMIN).post(f"/accounts/{account_id}/reset", {"document": DOCUMENT})).problem(409)

    @pytest.mark.parametrize("document", ["", "  ", "CN", "x" * 81, "\u200b"])
    async def test_the_document_that_was_seen_is_named(self, clinic: Callers, store: Store, document: str) -> None:
        before = store.content()
        answer = await clinic.program(ADMIN).post("/accounts/diop/reset", {"document": document})
        assert answer.errors().keys() == {"document"}
        assert (await clinic.browser(ADMIN).post("/accounts/diop/reset", {"document": document})).status == 422
        assert store.content() == before

    @pytest.mark.parametrize("person", NOT_ADMINS, ids=lambda person: person.id)
    async def test_nobody_but_an_admin_learns_or_does_anything(
        self, clinic: Callers, store: Store, told: Told, person: Viewer
    ) -> None:
        before = store.content()
        program = clinic.program(person)
        for account_id in ("diop", told.invited, "nobody"):
            for where in (f"/accounts/{account_id}", f"/accounts/{account_id}/slip"):
                (await program.get(where)).problem(403)
            (await program.post(f"/accounts/{account_id}/reset", {"document": DOCUMENT})).problem(403)
        (await program.post("/accounts", STAFF)).problem(403)
        assert store.content() == before


class TestRegistrations:
    async def test_who_was_refused_reads_why_when_signing_in(self, clinic: Callers, told: Told, store: Store) -> None:
        store.connection.execute(
            "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = 'awa') WHERE id = ?",
            (told.waiting,),
        )
        reason = "Numéro <inconnu> de l'Ordre"
        refused = await clinic.program(ADMIN).post(f"/accounts/{told.waiting}/refusal", {"reason": reason})
        assert (refused.json["status"], refused.json["refusal"]) == ("deactivated", reason)
        sent = {"email": "ibrahima@demo.fadjma", "password": PASSWORD}
        assert reason in (await clinic.nobody(json=True).post("/api/token", sent)).problem(403)["detail"]
        page = await clinic.nobody().post("/sign-in", {"login": sent["email"], "password": PASSWORD})
        assert "Numéro &lt;inconnu&gt; de l&#39;Ordre" in page.text
        wrong = await clinic.nobody().post("/sign-in", {"login": sent["email"], "password": "the wrong password"})
        assert "inconnu" not in wrong.text

    async def test_what_a_correction_does_not_name_stays(self, clinic: Callers, told: Told) -> None:
        where = f"/accounts/{told.waiting}"
        corrected = (
            await clinic.program(ADMIN).post(f"{where}/correction", {"version": 1, "profession": "dentist"})
        ).json
        assert (corrected["licence_number"], corrected["specialty"]) == ("ORDRE-7", "Pédiatrie")
        assert corrected["profession"] == "dentist"
        emptied = (await clinic.program(ADMIN).post(f"{where}/correction", {"version": 2, "specialty": ""})).json
        assert (emptied["specialty"], emptied["profession"]) == ("", "dentist")

    async def test_a_name_is_put_right_and_how_one_is_reached_until_one_has_been_in(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        where = f"/accounts/{told.waiting}"
        right = {"given_name": "Ibrahima", "family_name": "Sy", "phone": "77 512 34 56", "email": "I.Sy@exemple.sn"}
        page = await clinic.browser(ADMIN).get(where)
        assert 'id="phone"' in page.text
        corrected = (await clinic.program(ADMIN).post(f"{where}/correction", {"version": 1, **right})).json
        assert corrected["name"] == "Ibrahima Sy"
        reached = store.rows("SELECT phone, email FROM users WHERE id = ?", told.waiting)
        assert reached == [("+221775123456", "i.sy@exemple.sn")]
        assert (await clinic.program(ADMIN).get("/accounts?q=sy")).json["items"][0]["id"] == told.waiting
        await clinic.program(ADMIN).post(f"{where}/verification")
        again = await clinic.program(ADMIN).post(f"{where}/correction", {"version": 3, "phone": "78 444 55 66"})
        assert again.status == 200
        assert 'id="phone"' in (await clinic.browser(ADMIN).get(where)).text
        store.write(accounts.start_session, told.waiting, kind="browser", address="", agent="")
        late = await clinic.program(ADMIN).post(f"{where}/correction", {"version": 4, "phone": "77 512 34 56"})
        late.problem(409)
        assert 'id="phone"' not in (await clinic.browser(ADMIN).get(where)).text

    async def test_a_bad_correction_comes_back_as_it_was_typed(self, clinic: Callers, told: Told) -> None:
        body = {"version": 1, "licence_number": "SN-77", "specialty": "x" * 81, "organization_id": "nowhere"}
        page = await clinic.browser(ADMIN).post(f"/accounts/{told.waiting}/correction", body)
        assert page.status == 422
        assert 'value="SN-77"' in page.text
        assert 'id="specialty-e"' in page.text
