"""« Pour un autre médecin »: a link and a code, opened once by somebody without an account; every way it may not be."""

import re
from typing import Any

import pytest
import sent_files
from callers import Answer, Caller, Callers
from cast import ADMIN, AWA, CAST, DIOP, MOUSSA, THIAM
from papers_sent import send_form
from quart import Quart
from store import Clock, Store
from told import DOCUMENT, SHARE_KEY, TITLE, Told

from fadjma.papers import decoder, intake
from fadjma.store import Transaction
from fadjma.taking import sections, shares
from fadjma.web.throttle import LINK_PER_ADDRESS

MAKE = "/patients/awa/shares"
ALL = dict.fromkeys(("allergies", "problems", "treatments", "vaccinations", "measurements"), True)
OTHERS = {"results": True, "consultations": True, "papers": True}


@pytest.fixture(autouse=True)
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_decode", decoder.answer)


async def made(clinic: Callers, **said: Any) -> Any:
    """A link of Awa's, with its code, as her page has it."""
    sent = {"hours": "24h", **(said or {**ALL, **OTHERS})}
    answer = await clinic.program(AWA).post(MAKE, sent)
    assert answer.status == 201, answer.text
    shown = (await clinic.program(AWA).get(answer.location)).json
    assert shown["link"].startswith("https://clinique.example.org/open/")
    return {**shown, "at": shown["link"].removeprefix("https://clinique.example.org")}


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def reader(clinic: Callers, address: str = "41.82.0.1") -> Caller:
    """A browser of somebody who has no account."""
    return clinic.nobody(address=address)


async def opened(clinic: Callers, link: Any) -> Caller:
    doctor = reader(clinic)
    answer = await doctor.post(link["at"], {"code": link["code"]})
    assert (answer.status, answer.location) == (303, f"{link['at']}/file")
    return doctor


async def state(clinic: Callers, link: Any) -> Any:
    return (await clinic.program(AWA).get(f"/shares/{link['id']}")).json


class TestBeforeItIsOpened:
    async def test_what_looks_at_it_sees_a_form_and_spends_nothing(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        for agent in ("WhatsApp/2.23", "TelegramBot (like TwitterBot)", "facebookexternalhit/1.1"):
            for method in ("GET", "HEAD"):
                answer = await clinic.nobody().ask(method, link["at"], User_Agent=agent)
                assert answer.status == 200
                assert "Set-Cookie" not in answer.headers
                for name in (AWA.given_name, AWA.family_name, "Médina", "FJ-", "Thiaroye", TITLE):
                    assert name not in answer.text, name
        assert (await state(clinic, link))["status"] == "waiting"
        await opened(clinic, link)

    async def test_its_pages_lead_nowhere_and_are_kept_nowhere(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        doctor = reader(clinic)
        for where in (link["at"], f"{link['at']}/file"):
            answer = await doctor.get(where)
            assert answer.headers.getlist("Referrer-Policy") == ["same-origin"]
            assert "noindex" in answer.headers["X-Robots-Tag"]
            assert answer.headers["Cache-Control"] == "no-store"
        assert '<meta name="robots" content="noindex' in (await doctor.get(link["at"])).text

    async def test_its_form_is_taken_from_browsers_that_say_no_more_than_its_origin(
        self, clinic: Callers, told: Told
    ) -> None:
        """Safari before 16.4 and Firefox before 90. On a page that is no-referrer they say `null` instead."""
        link = await made(clinic)
        page = await reader(clinic).get(link["at"])
        assert "no-referrer" not in page.text + page.headers["Referrer-Policy"]
        old = {"Sec_Fetch_Site": "", "Origin": "http://localhost"}
        assert (await reader(clinic).post(link["at"], {"code": link["code"]}, **old)).status == 303
        assert (await reader(clinic).post(link["at"], {"code": "1"}, **{**old, "Origin": "null"})).status == 403

    async def test_a_link_that_there_is_not_says_so_and_is_counted(
        self, app: Quart, clinic: Callers, told: Told
    ) -> None:
        stranger = clinic.nobody()
        where = "/open/" + "0" * 26
        assert (await stranger.get(where)).status == 404
        for _ in range(LINK_PER_ADDRESS.amount):
            assert (await stranger.post(where, {"code": "123456"})).status == 404
        late = await stranger.post(where, {"code": "123456"})
        assert late.status == 429 and late.headers["Retry-After"] and 'href="/open"' not in late.text
        link = await made(clinic)
        assert (await stranger.post(link["at"], {"code": link["code"]})).status == 429
        await opened(clinic, link)  # from elsewhere

    async def test_no_stranger_comes_as_far_as_the_writer(
        self, app: Quart, clinic: Callers, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Their tries to open are counted; nothing counts the other requests."""
        link = await made(clinic)
        database = app.extensions["database"]
        monkeypatch.setattr(database, "write", None)
        for at, status in ((link["at"], 404), ("/open/" + "0" * 26, 404)):
            assert (await reader(clinic).get(f"{at}/papers/x/content")).status == status
            assert (await reader(clinic).post(f"{at}/closing")).status == status

    async def test_the_table_opens_nothing(self, clinic: Callers, told: Told, store: Store) -> None:
        link = await made(clinic)
        kept = " ".join(str(value) for value in store.rows("SELECT * FROM shares")[0])
        assert link["code"] not in kept and link["at"].rpartition("/")[2] not in kept
        assert link["at"].rpartition("/")[2] != link["id"]

    async def test_its_time_is_the_patients_choice_and_ends_it(
        self, clinic: Callers, told: Told, store: Store, clock: Clock
    ) -> None:
        assert "hours" in (await clinic.program(AWA).post(MAKE, {**ALL, "hours": "8d"})).errors()
        link = await made(clinic, **ALL, hours="1h")
        store.connection.execute("UPDATE shares SET expires_at = ?", (clock(),))
        for ask in (reader(clinic).get(link["at"]), reader(clinic).post(link["at"], {"code": link["code"]})):
            answer = await ask
            assert answer.status == 410 and "pas été ouvert à temps" in answer.text
        assert (await state(clinic, link))["status"] == "lapsed"

    async def test_it_stays_over_with_a_clock_that_begins_years_before(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        link = await made(clinic, **ALL, hours="1h")
        store.connection.execute(
            "UPDATE shares SET created_at = created_at + :later, expires_at = expires_at + :later",
            {"later": 4_000 * 86_400_000},
        )
        assert (await reader(clinic).post(link["at"], {"code": link["code"]})).status == 410
        assert (await state(clinic, link))["status"] == "lapsed"


class TestOpening:
    async def test_its_reader_sees_the_chosen_parts_and_the_patient_sees_that(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        link = await made(clinic, allergies=True, consultations=True, hours="24h")
        doctor = await opened(clinic, link)
        page = await doctor.get(f"{link['at']}/file")
        for said in (AWA.family_name, "Arachide", "Vertiges", "130/85", "Fin de ce que le patient a choisi"):
            assert said in page.text, said
        for other in ("BCG", "paracétamol", "Qui a eu accès", "+221", "code de retrait"):
            assert other not in page.text, other
        assert store.told(AWA)[-1] == "share.opened"
        now = await state(clinic, link)
        assert (now["status"], now["link"], now["code"]) == ("open", None, None)
        assert "Ouvert\xa0:" in (await clinic.browser(AWA).get(f"/shares/{link['id']}")).text
        assert "ouvert\xa0:" in (await clinic.browser(AWA).get("/patients/awa/file")).text
        audit = (await clinic.browser(ADMIN).get("/audit?about=awa")).text
        assert "Lien pour un autre médecin" in audit

    async def test_of_a_period_it_shows_that_but_allergies_whole(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic, allergies=True, consultations=True, until="2026-03-01", hours="24h")
        page = (await (await opened(clinic, link)).get(f"{link['at']}/file")).text
        assert "Arachide" in page and TITLE not in page and "Aucune consultation." in page

    async def test_a_program_opens_it_too(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        program = clinic.nobody(json=True)
        assert (await program.get(link["at"])).json == {"status": "waiting"}
        said = (await program.post(link["at"], {"code": f" {link['code'][:3]}-{link['code'][3:]} "})).json
        assert said["status"] == "open" and said["closes_at"] and "patient_id" not in said
        assert (await program.get(f"{link['at']}/file")).json == said

    async def test_it_is_opened_once_and_goes_on_in_that_browser_for_half_an_hour(
        self, clinic: Callers, told: Told, clock: Clock
    ) -> None:
        link = await made(clinic)
        doctor, other = await opened(clinic, link), reader(clinic, "41.82.0.2")
        for answer in (
            await other.get(link["at"]),
            await other.post(link["at"], {"code": link["code"]}),
            await other.get(f"{link['at']}/file"),
        ):
            assert answer.status == 410 and "autre navigateur" in answer.text and AWA.family_name not in answer.text
        again = await doctor.get(link["at"])
        assert (again.status, again.location) == (303, f"{link['at']}/file")
        clock.advance(minutes=29)
        assert (await doctor.get(f"{link['at']}/file")).status == 200
        clock.advance(minutes=1)
        for where in ("", "/file"):
            answer = await doctor.get(link["at"] + where)
            assert answer.status == 410 and "temps de lecture est passé" in answer.text
        assert (await doctor.post(link["at"], {"code": link["code"]})).status == 410

    async def test_a_double_tap_opens_it_for_both_answers(self, clinic: Callers, told: Told, store: Store) -> None:
        link = await made(clinic)
        sent = {"code": link["code"], "key": "one tap"}
        answers = [await clinic.nobody().post(link["at"], sent) for _ in range(2)]
        cookies = {answer.headers["Set-Cookie"].partition(";")[0] for answer in answers}
        assert [answer.status for answer in answers] == [303, 303] and len(cookies) == 1
        assert store.value("SELECT count(*) FROM audit_events WHERE action = 'share.opened'") == 1

    async def test_its_cookie_is_for_this_link_alone(self, clinic: Callers, told: Told) -> None:
        link, other = await made(clinic), await made(clinic)
        over_tls = clinic.nobody(scheme="https")
        cookie = (await over_tls.post(link["at"], {"code": link["code"]})).headers["Set-Cookie"]
        for said in ("HttpOnly", "Secure", "SameSite=Lax", f"Path={link['at']}", "Max-Age=1800"):
            assert said in cookie
        value = cookie.partition(";")[0]
        assert (await over_tls.get(f"{link['at']}/file", Cookie=value)).status == 200
        assert (await over_tls.get(f"{other['at']}/file", Cookie=value)).status == 404  # it still waits for its code
        assert (await over_tls.get(f"{link['at']}/file", Cookie="fadjma-link=0")).status == 410

    async def test_it_opens_no_other_page(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        doctor = await opened(clinic, link)
        for where in ("/patients/awa/records", f"/records/{told.record}", f"/shares/{link['id']}", "/me"):
            assert (await doctor.get(where)).status in (303, 401), where

    async def test_its_reader_closes_it(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        doctor = await opened(clinic, link)
        done = await doctor.post(f"{link['at']}/closing")
        assert done.status == 200 and AWA.family_name not in done.text
        assert (await doctor.get(f"{link['at']}/file")).status == 410
        assert (await state(clinic, link))["status"] == "closed"
        stranger = clinic.nobody(json=True)
        assert (await stranger.post(f"{link['at']}/closing")).status == 410


class TestWrongCodes:
    async def test_five_end_it_and_the_right_one_comes_too_late(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        link = await made(clinic)
        for left in (4, 3, 2, 1):
            answer = await reader(clinic).post(link["at"], {"code": wrong(link["code"])})
            assert answer.status == 422 and f"Essais restants\xa0: {left}" in answer.text
        assert (await state(clinic, link))["wrong_codes"] == 4
        another = await made(clinic)
        program = clinic.nobody(json=True)
        assert (await program.post(another["at"], {"code": wrong(another["code"])})).problem(422)["left"] == 4
        last = await reader(clinic).post(link["at"], {"code": wrong(link["code"])})
        assert last.status == 410 and "Cinq mauvais codes" in last.text
        assert (await reader(clinic).post(link["at"], {"code": link["code"]})).status == 410
        assert (await reader(clinic).get(link["at"])).status == 410
        assert store.told(AWA)[-1] == "share.locked"
        assert (await state(clinic, link))["status"] == "locked"
        assert "Bloqué" in (await clinic.browser(AWA).get(f"/shares/{link['id']}")).text

    async def test_one_sent_twice_is_one(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        for _ in range(2):
            answer = await reader(clinic).post(link["at"], {"code": wrong(link["code"]), "key": "one tap"})
            assert answer.status == 422
        assert (await state(clinic, link))["wrong_codes"] == 1

    async def test_what_is_no_code_costs_nothing(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        assert "code" in (await clinic.nobody(json=True).post(link["at"], {"code": " "})).errors()
        assert "autre" in (await clinic.nobody(json=True).post(link["at"], {"code": "1", "autre": "x"})).errors()
        assert (await state(clinic, link))["wrong_codes"] == 0

    async def test_a_code_of_another_link_is_wrong(self, clinic: Callers, told: Told) -> None:
        link, other = await made(clinic), await made(clinic)
        assert link["code"] != other["code"]
        assert (await reader(clinic).post(link["at"], {"code": other["code"]})).status == 422


class TestTakenBack:
    async def test_at_once_also_while_it_is_read(
        self, clinic: Callers, told: Told, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        link = await made(clinic)
        doctor = await opened(clinic, link)
        step = sections.step

        def revoked(tx: Transaction, asked: Any, place: Any) -> Any:
            if place.section == 1:
                store.write(shares.revoke, AWA, link["id"])
            return step(tx, asked, place)

        monkeypatch.setattr(sections, "step", revoked)
        page = (await doctor.get(f"{link['at']}/file")).text
        assert "La suite ne se lit plus" in page and TITLE not in page
        answer = await doctor.get(f"{link['at']}/file")
        assert answer.status == 410 and "Le patient a retiré ce lien" in answer.text

    async def test_before_it_was_opened_it_never_is(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        done = await clinic.browser(AWA).post(f"/shares/{link['id']}/revocation")
        assert (done.status, done.location) == (303, f"/shares/{link['id']}")
        assert (await reader(clinic).post(link["at"], {"code": link["code"]})).status == 410
        assert (await clinic.program(AWA).post(f"/shares/{link['id']}/revocation")).problem(409)["current"] == "revoked"

    async def test_by_who_acts_for_the_patient_whose_trace_has_it(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        known = (await clinic.program(MOUSSA).get("/me")).json["identifier"]
        sent = {"patient_id": "awa", "identifier": known, "relationship": "sibling", "document": DOCUMENT}
        assert (await clinic.program(THIAM).post("/proxies", sent)).status == 201
        moussa = clinic.json_browser(MOUSSA)
        assert (await moussa.post("/acting", {"person_id": "awa"})).status == 204
        theirs = (await moussa.post(MAKE, {**ALL, "hours": "1h"})).json
        assert theirs["made_by"] == MOUSSA.name
        link = {"at": f"/open/{shares.token_of(SHARE_KEY, theirs['id'])}"}
        other = (await moussa.post(MAKE, {**ALL, "hours": "1h"})).json
        assert (await clinic.program(AWA).post(f"/shares/{other['id']}/revocation")).status == 200
        read = (await clinic.browser(AWA).get("/patients/awa/accesses")).text
        assert "a fait un lien vers votre dossier pour un autre médecin, pour vous" in read
        assert (await reader(clinic).get(link["at"])).status == 200
        store.connection.execute(
            "UPDATE proxies SET ended_at = ?, ended_by = 'awa' WHERE ended_at IS NULL", (store.clock(),)
        )
        assert (await reader(clinic).get(link["at"])).status == 410  # with the right of who made it
        assert (await state(clinic, theirs))["status"] == "revoked"
        assert (await clinic.browser(AWA).get("/patients/awa/file")).status == 200

    async def test_while_the_account_that_made_it_is_deactivated(self, clinic: Callers, told: Told) -> None:
        """It may have been in wrong hands, and its owner cannot sign in to take it back."""
        read, waits = await made(clinic), await made(clinic)
        doctor = await opened(clinic, read)
        admin = clinic.program(ADMIN)
        assert (await admin.post("/accounts/awa/deactivation")).status == 200
        assert (await doctor.get(f"{read['at']}/file")).status == 410
        assert (await reader(clinic).post(waits["at"], {"code": waits["code"]})).status == 410
        assert (await admin.post("/accounts/awa/reactivation")).status == 200
        assert (await doctor.get(f"{read['at']}/file")).status == 200


class TestItsPapers:
    async def test_they_are_read_through_the_link_and_the_first_time_is_written_down(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        paper = (await send_form(clinic.program(DIOP), sent_files.photograph())).json
        link = await made(clinic, papers=True, hours="24h")
        doctor = await opened(clinic, link)
        where = f"{link['at']}/papers/{paper['id']}"
        page = (await doctor.get(f"{link['at']}/file")).text
        assert f'href="{where}/content"' in page and f'src="{where}/thumbnail"' in page
        assert (await doctor.get(f"{where}/thumbnail")).type == "image/jpeg"
        assert (await state(clinic, link))["papers_read"] == 0
        for _ in range(2):
            answer = await doctor.get(f"{where}/content")
            assert (answer.status, answer.type) == (200, "image/jpeg")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"
        assert (await state(clinic, link))["papers_read"] == 1
        assert store.value("SELECT count(*) FROM audit_events WHERE action = 'share.paper_read'") == 1
        assert (await reader(clinic, "41.82.0.3").get(f"{where}/content")).status == 410
        store.write(shares.revoke, AWA, link["id"])
        assert (await doctor.get(f"{where}/content")).status == 410

    @pytest.mark.parametrize(
        "scope", [{"results": True}, {"papers": True, "until": "2026-02-28"}, {"papers": True, "since": "2026-03-02"}]
    )
    async def test_of_another_part_or_period_there_are_none(
        self, clinic: Callers, told: Told, scope: dict[str, Any]
    ) -> None:
        paper = (await send_form(clinic.program(DIOP), sent_files.photograph())).json  # of 1 March
        link = await made(clinic, **scope, hours="24h")
        doctor = await opened(clinic, link)
        for what in ("content", "thumbnail"):
            assert (await doctor.get(f"{link['at']}/papers/{paper['id']}/{what}")).status == 404
        assert paper["id"] not in (await doctor.get(f"{link['at']}/file")).text

    async def test_nor_of_another_patient_nor_what_was_entered_in_error(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        paper = (await send_form(clinic.program(DIOP), sent_files.photograph())).json
        link = await made(clinic, papers=True, hours="24h")
        doctor = await opened(clinic, link)
        await clinic.program(DIOP).post(f"/records/{paper['record_id']}/error", {"reason": "Mauvais patient"})
        assert (await doctor.get(f"{link['at']}/papers/{paper['id']}/content")).status == 404
        assert (await doctor.get(f"{link['at']}/papers/0000000000000000000/content")).status == 404


class TestWhoMayMakeOne:
    async def test_its_patient_alone(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        for person in CAST:
            if person.id == AWA.id:
                continue
            caller = clinic.program(person)
            answer: Answer = await caller.post(MAKE, {**ALL, "hours": "1h"})
            assert answer.status == (404 if person.role == "patient" else 403), person
            assert (await caller.get(f"/shares/{link['id']}")).status == 404, person
            assert (await caller.post(f"/shares/{link['id']}/revocation")).status == 404, person
        assert (await clinic.nobody(json=True).post(MAKE, {**ALL, "hours": "1h"})).status == 401

    async def test_what_is_shown_is_chosen(self, clinic: Callers, told: Told) -> None:
        assert (await clinic.program(AWA).post(MAKE, {"hours": "1h"})).errors()["parts"]
        page = await clinic.browser(AWA).post(MAKE, {"hours": "1h", "whom": "Dr Ba"})
        assert page.status == 422 and 'value="Dr Ba"' in page.text

    async def test_no_more_than_ten_wait(self, clinic: Callers, told: Told, store: Store) -> None:
        for _ in range(shares.MOST - 1):  # the story has one
            last = await made(clinic)
        assert (await clinic.program(AWA).post(MAKE, {**ALL, "hours": "1h"})).status == 409
        await clinic.program(AWA).post(f"/shares/{last['id']}/revocation")
        await made(clinic)

    async def test_its_qr_code_is_of_the_link_and_not_of_the_code(self, clinic: Callers, told: Told) -> None:
        link = await made(clinic)
        page = (await clinic.browser(AWA).get(f"/shares/{link['id']}")).text
        assert "<svg" in page and link["link"] in page
        assert f"{link['code'][:3]} {link['code'][3:]}" in page
        assert not re.search(link["code"], link["link"])


class TestReachable:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"public_url": None}

    async def test_a_server_of_the_clinic_alone_says_so_and_offers_the_file(self, clinic: Callers, told: Told) -> None:
        for host in ("localhost", "192.168.1.10:8000", "fadjma.local", "clinique"):
            page = (await clinic.browser(AWA).get("/patients/awa/file", Host=host)).text
            assert "joignable que dans la clinique" in page and f'action="{MAKE}"' not in page, host
            assert "Préparer le fichier" in page
        answer = await clinic.program(AWA).post(MAKE, {**ALL, "hours": "1h"})
        assert answer.problem(409)["current"] == "local"

    async def test_one_that_the_patient_reached_from_outside_over_tls_makes_links(
        self, clinic: Callers, told: Told
    ) -> None:
        awa = clinic.program(AWA, scheme="https")
        answer = await awa.post(MAKE, {**ALL, "hours": "1h"}, Host="clinique.example.org")
        assert answer.status == 201
        shown = (await awa.get(answer.location, Host="clinique.example.org")).json
        assert shown["link"].startswith("https://clinique.example.org/open/")
        inside = await clinic.program(AWA).get(answer.location, Host="192.168.1.10:8000")
        assert inside.json["link"] is None and inside.json["code"]  # it would open in the clinic alone
        page = (await clinic.browser(AWA).get(answer.location, Host="192.168.1.10:8000")).text
        assert "Le lien n'est pas montré ici" in page and "/open/" not in page and inside.json["code"][:3] in page
        plain = await clinic.program(AWA).post(MAKE, {**ALL, "hours": "1h"}, Host="clinique.example.org")
        assert plain.status == 409  # a file does not travel in the clear
