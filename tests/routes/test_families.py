"""One sign-in for several people: who lets whom act, what they then may and may not, and how it ends."""

import re
from datetime import timedelta
from typing import Any

import pytest
from callers import Answer, Callers, PageOf
from cast import ADMIN, AWA, DIOP, IDENTIFIERS, JAMM, MOUSSA, NDIAYE, PASSWORD, SARR, THIAM
from store import Clock, Store
from told import ACTS, CONTACT, DOCUMENT, PIN, READS, ROWS, Route, Told

from fadjma import days, rules
from fadjma.family import actions as family
from fadjma.rules import Rules

OWN = ("/people", "/acting", "/proxies", "/patients/awa/file")  # whose is signed in, not the patient's
COPY = ("/exports/{export}", "/exports/{export}/removal")  # of who has asked for it alone (test_taken_away.py)
CLOSED = (  # to whoever acts for a patient: each is the patient's own
    *("/password", "/sessions", "/sessions/end", "/sessions/{elsewhere}/end"),
    *("/proxies", "/second-factor", "/second-factor/enrolment", "/second-factor/removal"),
    *("/recovery-codes", "/account/pin", "/notifications/read", "/notifications/{news}/read"),
)


ACTED = [
    route for route in ACTS if route.may(AWA) and route.path not in (*COPY, "/unlock", "/proxies/{offered}/ending")
]


async def _let(clinic: Callers, patient: str = AWA.id, proxy: str = MOUSSA.id, **more: Any) -> str:
    """The front desk lets Moussa act for this patient; returns the id."""
    sent = {"patient_id": patient, "identifier": IDENTIFIERS[proxy], "relationship": "sibling", "document": DOCUMENT}
    answer = await clinic.program(THIAM).post("/proxies", {**sent, **more})
    assert answer.status == 201, answer.text
    given: str = answer.json["id"]
    return given


async def _act_for(clinic: Callers, person: str = AWA.id) -> None:
    assert (await clinic.json_browser(MOUSSA).post("/acting", {"person_id": person})).status == 204


async def _child(clinic: Callers, clock: Clock, years: int, given_name: str = "Fatou", **more: Any) -> str:
    """A child who becomes so old tomorrow."""
    today = days.day(clock.now) + timedelta(days=1)
    born = {"birth_date": f"{today.year - years:04d}-{today:%m-%d}", "sex": "female", **more}
    answer = await clinic.program(THIAM).post("/patients", {"given_name": given_name, **born})
    assert answer.status == 201, answer.text
    registered: str = answer.json["id"]
    return registered


async def _me(clinic: Callers) -> Any:
    return (await clinic.json_browser(MOUSSA).get("/me")).json


class TestGivenAtTheDesk:
    async def test_for_an_adult_by_a_document_and_both_are_told(self, clinic: Callers, store: Store) -> None:
        given = await _let(clinic)
        found = (await clinic.program(MOUSSA).get(f"/proxies/{given}")).json
        assert (found["status"], found["seen"], found["ends_of_age"]) == ("active", "document", False)
        assert (found["proxy"]["name"], found["patient"]["name"]) == (MOUSSA.name, AWA.name)
        assert store.told(MOUSSA)[-1] == "proxy.received"
        assert store.told(AWA)[-1] == "proxy.given"
        assert "a permis à quelqu'un" in (await clinic.browser(AWA).get("/patients/awa/accesses")).text

    async def test_by_that_adults_pin(self, clinic: Callers) -> None:
        await clinic.program(THIAM).post("/patients/awa/pin", {"document": DOCUMENT, "pin": PIN})
        given = await _let(clinic, document=None, pin=PIN)
        assert (await clinic.program(AWA).get(f"/proxies/{given}")).json["seen"] == "pin"

    async def test_wrong_pins_are_counted_whatever_becomes_of_the_act(self, clinic: Callers, store: Store) -> None:
        await clinic.program(THIAM).post("/patients/awa/pin", {"document": DOCUMENT, "pin": PIN})
        sent = {"patient_id": "awa", "identifier": IDENTIFIERS[MOUSSA.id], "relationship": "other", "pin": "111112"}
        answers = [await clinic.program(THIAM).post("/proxies", sent) for _ in range(5)]
        assert [answer.problem(422)["left"] for answer in answers] == [4, 3, 2, 1, 0]
        said = [answer.errors()["pin"] for answer in answers]
        assert ["Essais restants\xa0: 4" in said[0], "bloqué" in said[4]] == [True, True]
        assert store.told(AWA)[-1] == "pin.locked"
        assert not store.value("SELECT count(*) FROM proxies WHERE proxy_id = 'moussa' AND accepted_at IS NOT NULL")

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"document": None}, "document"),
            ({"pin": "407192"}, "pin"),
            ({"identifier": IDENTIFIERS[AWA.id]}, "identifier"),
            ({"identifier": "FJ-00000-00000"}, "identifier"),
            ({"relationship": "cousin"}, "relationship"),
            ({"until": "2020-01-01"}, "until"),
            ({"until": "2227-01-01"}, "until"),
            ({"until": "9999-12-31"}, "until"),
        ],
    )
    async def test_not_so(self, clinic: Callers, changed: dict[str, Any], field: str) -> None:
        sent = {"patient_id": "awa", "identifier": IDENTIFIERS[MOUSSA.id], "relationship": "other"}
        answer = await clinic.program(THIAM).post("/proxies", {**sent, "document": DOCUMENT, **changed})
        assert answer.errors().keys() == {field}
        page = await clinic.browser(THIAM).post("/proxies", {**sent, "document": DOCUMENT, **changed})
        assert page.status == 422
        assert 'id="errors"' in page.text

    async def test_a_child_needs_a_document_even_with_a_pin(self, clinic: Callers, clock: Clock) -> None:
        child = await _child(clinic, clock, 9)
        sent = {"patient_id": child, "identifier": IDENTIFIERS[MOUSSA.id], "relationship": "parent"}
        assert (await clinic.program(THIAM).post("/proxies", sent)).errors().keys() == {"document"}

    async def test_twice_is_once(self, clinic: Callers) -> None:
        await _let(clinic)
        sent = {"patient_id": "awa", "identifier": IDENTIFIERS[MOUSSA.id], "relationship": "other"}
        answer = await clinic.program(THIAM).post("/proxies", {**sent, "document": DOCUMENT})
        assert answer.problem(409)["current"] == "open"

    async def test_who_cannot_sign_in_acts_for_nobody(self, clinic: Callers, told: Told, store: Store) -> None:
        identifier = store.value("SELECT identifier FROM patients WHERE user_id = ?", told.registered)
        sent = {"patient_id": "awa", "identifier": identifier, "relationship": "other", "document": DOCUMENT}
        assert (await clinic.program(THIAM).post("/proxies", sent)).errors().keys() == {"identifier"}


class TestGivenByThePatient:
    async def test_the_other_must_accept(self, clinic: Callers, told: Told, store: Store) -> None:
        moussa = clinic.program(MOUSSA)
        assert [one["id"] for one in (await moussa.get("/people")).json["items"]] == [MOUSSA.id]
        assert (await moussa.post("/acting", {"person_id": "awa"})).problem(404)
        page = (await clinic.browser(MOUSSA).get("/people")).text
        assert f"/proxies/{told.offered}/acceptance" in page
        assert (await moussa.post(f"/proxies/{told.offered}/acceptance")).json["status"] == "active"
        assert store.told(AWA)[-1] == "proxy.accepted"
        assert [one["id"] for one in (await moussa.get("/people")).json["items"]] == [MOUSSA.id, AWA.id]
        assert (await moussa.post(f"/proxies/{told.offered}/acceptance")).problem(409)["current"] == "active"

    async def test_whose_identifier_it_is_nobody_learns_before(self, clinic: Callers, told: Told) -> None:
        offered = (await clinic.program(AWA).get(f"/proxies/{told.offered}")).json
        assert offered["proxy"] == {"id": "moussa", "name": None, "identifier": IDENTIFIERS[MOUSSA.id]}
        for page in ("/proxies", f"/proxies/{told.offered}"):
            assert MOUSSA.name not in (await clinic.browser(AWA).get(page)).text

    async def test_the_patient_does_not_accept_for_the_other(self, clinic: Callers, told: Told) -> None:
        (await clinic.program(AWA).post(f"/proxies/{told.offered}/acceptance")).problem(404)

    async def test_offers_without_end_are_refused(self, clinic: Callers, settings: dict[str, Any]) -> None:
        sent = {"identifier": IDENTIFIERS[AWA.id], "relationship": "other"}
        moussa = clinic.program(MOUSSA)
        for _ in range(60):
            offered = (await moussa.post("/proxies", sent)).json["id"]
            await moussa.post(f"/proxies/{offered}/ending")
        assert (await moussa.post("/proxies", sent)).problem(429)

    async def test_either_says_no(self, clinic: Callers, told: Told) -> None:
        assert (await clinic.program(MOUSSA).ask("DELETE", f"/proxies/{told.offered}")).json["status"] == "ended"
        (await clinic.program(MOUSSA).post(f"/proxies/{told.offered}/acceptance")).problem(409)


def _unnamed(found: dict[str, Any]) -> dict[str, Any]:
    """Without the names in an inbox: who else acts for its patient is not named to whoever acts."""
    items = [{**item, "subject": item["subject"] and {**item["subject"], "name": ""}}
             for item in found.get("items", []) if "subject" in item]  # fmt: skip
    return {**found, "items": items} if items else found


class TestActing:
    async def test_begins_with_ones_own_file_and_is_chosen_after_signing_in(self, clinic: Callers) -> None:
        await _let(clinic)
        browser = clinic.nobody()
        signed_in = await browser.post("/sign-in?next=/prescriptions", {"login": "moussa@demo.fadjma",
                                                                      "password": PASSWORD})  # fmt: skip
        assert signed_in.location == "/people?next=/prescriptions"
        page = await browser.get(signed_in.location)
        assert re.findall('name="person_id" value="([a-z]+)"', page.text) == ["moussa", "awa"]
        chosen = await browser.post("/acting", {"person_id": "awa", "next": "/prescriptions"})
        assert chosen.location == "/prescriptions"
        assert "vous agissez à sa place" in (await browser.get("/prescriptions")).text
        heading = (await browser.get("/")).text.partition("<h1>")[2].partition("</h1>")[0]
        assert heading.startswith("Dossier\xa0: "), "« Dossier de Awa » is no French"
        assert (await browser.post("/sign-out", {})).location == "/sign-in"
        assert (await browser.get("/")).location == "/sign-in"

    async def test_it_is_always_visible_whose_file_it_is_and_changed_in_two_taps(self, clinic: Callers) -> None:
        await _let(clinic)
        browser = clinic.browser(MOUSSA)
        for person, name in ((MOUSSA.id, MOUSSA.name), (AWA.id, AWA.name)):
            await browser.post("/acting", {"person_id": person})
            for path in ("/", "/prescriptions", "/account", "/notifications"):
                text = (await browser.get(path)).text
                banner = re.search(r'<aside id="whose".*?</aside>', text, re.DOTALL)
                assert banner and f"<bdi>{name}</bdi>" in banner[0] and f'href="/people?next={path}"' in banner[0]
                # What is one person's alone is no page to go on with as another.
                text = (await browser.get(f"/patients/{person}/records")).text
                assert '<a href="/people">Changer</a>' in text
        assert "<bdi>Moussa Diouf</bdi></p>" in text  # who is signed in stands in the header

    async def test_nobody_else_sees_a_banner(self, clinic: Callers) -> None:
        assert 'id="whose"' not in (await clinic.browser(AWA).get("/")).text

    @pytest.mark.parametrize("route", [route for route in READS if route.may(AWA) and route.path not in COPY])
    async def test_reads_what_the_patient_reads(self, clinic: Callers, told: Told, route: Route) -> None:
        await _let(clinic)
        path = route.at(told)
        own = await clinic.json_browser(AWA).get(path)
        await _act_for(clinic)
        answer = await clinic.json_browser(MOUSSA).get(path)
        if route.path in CLOSED or route.path.startswith("/proxies/"):
            assert answer.status in (200, 403)
            assert answer.status == 403 or route.path.startswith("/proxies/")
            return
        assert answer.status == own.status == 200
        if route.path not in (*OWN, "/me", "/account") and own.type == "application/json":
            same = _unnamed(answer.json) == _unnamed(own.json)
            assert same or "cursor" in own.json or "accesses" in route.path, (answer.text, own.text)

    @pytest.mark.parametrize("route", ACTED)
    async def test_does_what_the_patient_does_and_each_act_says_who_did_it(
        self, clinic: Callers, told: Told, route: Route, store: Store
    ) -> None:
        await _let(clinic)
        await _act_for(clinic)
        before = store.value("SELECT max(rowid) FROM audit_events")
        answer = await clinic.json_browser(MOUSSA).post(route.at(told), route.body)
        if route.path in CLOSED or route.path.startswith("/passkeys"):
            assert answer.status == 403
            return
        assert answer.status in (200, 201, 204, 303), answer.text
        made = store.rows("SELECT actor_id, by_id FROM audit_events WHERE rowid > ?", before)
        if route.path != "/sign-out":  # of whoever is signed in
            assert all((actor, by) == ("awa", "moussa") for actor, by in made), made

    @pytest.mark.parametrize("closed", CLOSED)
    async def test_what_is_the_patients_own_stays_so(self, clinic: Callers, told: Told, closed: str) -> None:
        await _let(clinic)
        await _act_for(clinic)
        tried = [("GET", route) for route in READS if route.path == closed]
        tried += [("POST", route) for route in ACTS if route.path == closed and route.who != THIAM]
        assert tried
        for method, route in tried:
            assert (await clinic.json_browser(MOUSSA).ask(method, route.at(told), route.body)).status == 403

    async def test_the_pharmacy_is_chosen_but_not_how_the_patient_signs_in(self, clinic: Callers, store: Store) -> None:
        await _let(clinic)
        await _act_for(clinic)
        browser = clinic.json_browser(MOUSSA)
        changed = {**CONTACT, "phone": "76 000 11 22", "password": PASSWORD}
        assert (await browser.post("/account/contact", changed)).status == 403
        assert (await browser.post("/account/contact", {**CONTACT, "pharmacy_id": JAMM})).status == 204
        assert store.value("SELECT pharmacy_id FROM patients WHERE user_id = 'awa'") == JAMM
        page = (await clinic.browser(MOUSSA).get("/account/contact")).text
        assert 'type="tel"' not in page and 'type="password"' not in page

    async def test_the_page_of_the_account_offers_neither_password_nor_sessions(self, clinic: Callers) -> None:
        await _let(clinic)
        await _act_for(clinic)
        page = (await clinic.browser(MOUSSA).get("/account")).text
        assert AWA.name in page
        assert not re.search('action="/password"|/sessions|href="/proxies"', page)


class TestWhoIsNamed:
    async def test_the_patient_the_doctor_the_pharmacy_and_the_admin_read_who_did_it_for_whom(
        self, clinic: Callers, told: Told
    ) -> None:
        await _let(clinic)
        await _act_for(clinic)
        moussa = clinic.json_browser(MOUSSA)
        await moussa.post(f"/access-requests/{told.pending}/approval", {"scope": "summary", "duration": "24h"})
        await moussa.post(f"/prescriptions/{told.validated}/taking-back", {"reason": "Trop loin"})
        trace = (await clinic.json_browser(AWA).get("/patients/awa/accesses")).json["items"]
        done = [(one["name"], one["action"]) for one in trace if one["by_proxy"]]
        assert done == [
            ("Moussa Diouf", "prescription.taken_back"),
            ("Moussa Diouf", "access_request.approved"),
            ("Moussa Diouf", "acting.begun"),
        ]
        assert "Agit pour vous" in (await clinic.browser(AWA).get("/patients/awa/accesses")).text
        history = (await clinic.json_browser(DIOP).get(f"/prescriptions/{told.validated}")).json["acts"]
        assert [(one["by"], one["done_by"]) for one in history if "done_by" in one] == [(AWA.name, MOUSSA.name)]
        page = (await clinic.browser(DIOP).get(f"/prescriptions/{told.validated}")).text
        assert "<bdi>Moussa Diouf</bdi> pour <bdi>Awa Cissé</bdi>" in page
        log = (await clinic.json_browser(ADMIN).get("/audit?by=moussa&about=awa")).json["items"]
        assert {one["by"]["name"] for one in log if one["action"] == "access_request.approved"} == {MOUSSA.name}
        asked = (await clinic.json_browser(SARR).get(f"/access-requests/{told.pending}")).json
        assert asked["decided_by"] == {"id": "moussa", "name": "Moussa Diouf"}
        assert "Moussa Diouf" in (await clinic.browser(SARR).get(f"/access-requests/{told.pending}")).text

    async def test_beginning_again_and_again_is_one_line_of_the_day(self, clinic: Callers) -> None:
        await _let(clinic)
        for person in (AWA.id, MOUSSA.id) * 3:
            await _act_for(clinic, person)
        trace = (await clinic.json_browser(AWA).get("/patients/awa/accesses")).json["items"]
        assert [one["times"] for one in trace if one["action"] == "acting.begun"] == [3]

    async def test_nobodys_rights_widen(self, clinic: Callers, told: Told) -> None:
        """Dr Diop sees that Moussa acted, and gets no file of his."""
        await _let(clinic)
        await _act_for(clinic)
        await clinic.json_browser(MOUSSA).post(f"/prescriptions/{told.validated}/taking-back", {"reason": "Trop loin"})
        assert (await clinic.program(DIOP).get("/patients/moussa/records")).status == 404
        assert (await clinic.program(AWA).get("/patients/moussa/records")).status == 404


class TestNews:
    async def test_of_the_patient_reaches_whoever_acts_and_says_whose_it_is(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        await _let(clinic)
        moussa = clinic.program(MOUSSA)
        cursor = store.value("SELECT last_seq FROM inboxes WHERE user_id = 'moussa'")
        await clinic.program(NDIAYE).post(f"/prescriptions/{told.prepared}/readiness")
        [event] = (await moussa.get(f"/notifications/poll?after={cursor}")).json["events"]
        assert event["for"] == {"id": "awa", "name": AWA.name}
        assert event["message"] == "L'ordonnance est prête"
        page = (await clinic.browser(MOUSSA).get("/notifications")).text
        assert f"Pour <bdi>{AWA.name}</bdi>" in page
        assert f'href="/people?next=/prescriptions/{told.prepared}"' in page
        poll = await clinic.browser(MOUSSA).get(f"/notifications/poll?after={cursor}", Accept="text/event-stream")
        assert "Pour une personne que vous représentez" in poll.text
        assert AWA.name not in poll.text  # a toast names nobody

    async def test_what_they_do_themselves_is_news_to_nobody_but_the_others(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        await _let(clinic)
        await _act_for(clinic)
        before = store.told(MOUSSA), store.told(AWA)
        await clinic.json_browser(MOUSSA).post(f"/access-requests/{told.pending}/rejection", {})
        assert (store.told(MOUSSA), [one for one in store.told(AWA) if one]) == (
            before[0],
            [one for one in before[1] if one],
        )
        assert store.told(SARR)[-1] == "access.rejected"

    async def test_after_the_end_there_is_none(self, clinic: Callers, told: Told, store: Store) -> None:
        given = await _let(clinic)
        await clinic.program(AWA).post(f"/proxies/{given}/ending")
        before = store.told(MOUSSA)
        await clinic.program(NDIAYE).post(f"/prescriptions/{told.prepared}/readiness")
        assert store.told(MOUSSA) == before
        assert before[-1] == "proxy.taken"


class TestTwoTabs:
    async def test_what_was_opened_for_another_is_refused_and_nothing_typed_is_lost(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        await _let(clinic)
        browser = clinic.browser(MOUSSA)
        await _act_for(clinic)
        page = (await browser.get(f"/access-requests/{told.pending}")).text
        assert 'name="for" value="awa"' in page
        await _act_for(clinic, MOUSSA.id)  # in another tab
        sent = {"reason": "Je ne la connais pas", "for": "awa", "key": "k1"}
        for caller in (browser, clinic.htmx(MOUSSA)):
            answer = await caller.post(f"/access-requests/{told.pending}/rejection", sent)
            assert answer.status == 409
            assert "Je ne la connais pas" in answer.text
            assert '<button name="person_id" value="awa">' in answer.text
        problem = (await clinic.json_browser(MOUSSA).post(f"/access-requests/{told.pending}/rejection", sent)).problem(
            409
        )
        assert (problem["current"], problem["for"]) == ("moussa", "awa")
        await _act_for(clinic)  # back to her: it is in the form again
        kept = await clinic.json_browser(MOUSSA).get(f"/drafts/access-requests-rejection/{told.pending}")
        assert kept.json["fields"] == {"reason": "Je ne la connais pas"}
        assert store.value("SELECT status FROM access_requests WHERE id = ?", told.pending) == "pending"

    async def test_what_was_typed_for_a_stranger_is_nobodys_draft(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        sent = {"reason": "Je ne la connais pas", "for": "awa"}
        path = f"/access-requests/{told.pending}/rejection"
        (await clinic.json_browser(MOUSSA).post(path, sent)).problem(409)
        assert store.value("SELECT count(*) FROM drafts") == 0

    async def test_the_choice_itself_is_taken_from_any_page(self, clinic: Callers) -> None:
        await _let(clinic)
        await _act_for(clinic)
        assert (await clinic.browser(MOUSSA).post("/acting", {"person_id": "moussa", "for": "moussa"})).status == 303
        assert "by" not in await _me(clinic)

    async def test_a_draft_is_kept_for_whom_it_was_typed(self, clinic: Callers, told: Told) -> None:
        await _let(clinic)
        path = f"/drafts/access-requests-rejection/{told.pending}"
        text = '{"reason": "Je ne la connais pas"}'
        await _act_for(clinic)
        browser = clinic.json_browser(MOUSSA)
        kept = await browser.ask("PUT", path, text, X_For="awa", Content_Type="application/json")
        assert kept.status == 204
        await _act_for(clinic, MOUSSA.id)
        (await browser.ask("PUT", path, text, X_For="awa", Content_Type="application/json")).problem(409)
        (await browser.get(path, X_For="awa")).problem(409)
        await _act_for(clinic)
        assert (await browser.get(path, X_For="awa")).json["fields"] == {"reason": "Je ne la connais pas"}

    async def test_neither_reads_what_the_other_has_not_sent(self, clinic: Callers, told: Told) -> None:
        await _let(clinic)
        awa, moussa = clinic.json_browser(AWA), clinic.json_browser(MOUSSA)
        path, listed = f"/drafts/access-requests-rejection/{told.pending}", "/drafts"
        hers, his = {"reason": "Mon frère lit mon dossier"}, {"reason": "Je ne connais pas ce médecin"}
        await awa.ask("PUT", path, hers)
        await _act_for(clinic)
        assert ((await moussa.get(path)).status, (await moussa.get(listed)).json) == (204, {"items": []})
        await moussa.ask("PUT", path, his)
        assert [(await one.get(path)).json["fields"] for one in (awa, moussa)] == [hers, his]
        assert len((await moussa.get(listed)).json["items"]) == 1
        await _act_for(clinic, MOUSSA.id)
        assert ((await moussa.get(path)).status, (await moussa.get(listed)).json) == (204, {"items": []})
        await _act_for(clinic)
        await clinic.browser(MOUSSA).post(f"/access-requests/{told.pending}/rejection", {**his, "for": "awa"})
        assert ((await moussa.get(path)).status, (await awa.get(path)).json["fields"]) == (204, hers)

    async def test_what_htmx_asks_for_a_page_of_another_is_not_put_into_it(self, clinic: Callers, told: Told) -> None:
        await _let(clinic)
        await _act_for(clinic)
        page = (await clinic.browser(MOUSSA).get(f"/access-requests/{told.pending}")).text
        assert """hx-headers='{"X-For":"awa"}'""" in page
        await _act_for(clinic, MOUSSA.id)
        answer = await clinic.htmx(MOUSSA).get("/access-requests", X_For="awa")
        assert answer.status == 409

    async def test_the_poll_of_a_page_of_another_is_told_so(self, clinic: Callers) -> None:
        await _let(clinic)
        await _act_for(clinic)
        (await clinic.json_browser(MOUSSA).get("/notifications/poll?after=0&user=moussa")).problem(409)
        (await clinic.json_browser(MOUSSA).get("/notifications/poll?after=0&user=sarr")).problem(403)

    @pytest.mark.parametrize("route", [route for route in [*READS, *ROWS] if route.may(AWA)])
    async def test_every_form_says_whom_it_is_for(self, page_of: PageOf, route: Route) -> None:
        page = (await page_of(AWA, route)).text
        forms = re.findall(r'<form[^>]*method="?post"?[^>]*action="?([^" >]+)[^>]*>(.*?)</form>', page, re.DOTALL)
        for action, inside in forms:
            if action not in ("/language", "/sign-out", "/acting") and not action.startswith("/sessions"):
                assert 'name="for" value="awa"' in inside, action


class TestTheEnd:
    @pytest.mark.parametrize("by", [AWA, MOUSSA, THIAM])
    async def test_either_side_or_the_desk_ends_it_at_once(self, clinic: Callers, store: Store, by: Any) -> None:
        given = await _let(clinic)
        await _act_for(clinic)
        assert (await clinic.json_browser(MOUSSA).get("/patients/awa/records")).status == 200
        ended = await clinic.program(by).ask("DELETE", f"/proxies/{given}")
        assert (ended.json["status"], ended.json["ended_by"]) == ("ended", by.name)
        assert (await clinic.json_browser(MOUSSA).get("/patients/awa/records")).status == 404
        assert await _me(clinic) == {"id": "moussa", "role": "patient", "name": MOUSSA.name,
                                     "identifier": IDENTIFIERS["moussa"]}  # fmt: skip
        (await clinic.json_browser(MOUSSA).post("/acting", {"person_id": "awa"})).problem(404)
        (await clinic.program(by).post(f"/proxies/{given}/ending")).problem(409)
        others = [person for person in (AWA, MOUSSA) if person != by]
        assert all(store.told(person)[-1] in ("proxy.ended", "proxy.taken") for person in others)

    @pytest.mark.parametrize("by", [DIOP, SARR, NDIAYE, ADMIN])
    async def test_nobody_else_does(self, clinic: Callers, by: Any) -> None:
        given = await _let(clinic)
        (await clinic.program(by).post(f"/proxies/{given}/ending")).problem(404)

    async def test_for_a_child_it_ends_on_the_birthday_without_anybody_writing_it_down(
        self, clinic: Callers, clock: Clock, store: Store
    ) -> None:
        child = await _child(clinic, clock, 18)
        given = await _let(clinic, child, relationship="parent")
        await _act_for(clinic, child)
        records = f"/patients/{child}/records"
        assert (await clinic.json_browser(MOUSSA).get(records)).status == 200
        clock.now = days.midnight(days.day(clock.now) + timedelta(days=1)) - 1
        store.connection.execute(
            "UPDATE sessions SET last_active_at = ?, expires_at = ?", (clock.now, clock.now + 10**9)
        )
        assert (await clinic.json_browser(MOUSSA).get(records)).status == 200
        clock.now += 1
        assert (await clinic.json_browser(MOUSSA).get(records)).status == 404
        assert "by" not in await _me(clinic)
        assert (await clinic.program(THIAM).get(f"/proxies/{given}")).json["status"] == "ended"
        assert store.write(family.expire, 200) == 1
        assert store.told(MOUSSA)[-1] == "proxy.taken"
        assert (
            store.value("SELECT message FROM notifications WHERE user_id = ? ORDER BY seq DESC", child) == "proxy.ended"
        )
        assert store.write(family.expire, 200) == 0

    @pytest.mark.parametrize(("born", "years"), [("{year}", 18), ("{year}-{month}", 18)])
    async def test_an_estimated_birth_counts_as_its_estimate(
        self, clinic: Callers, clock: Clock, born: str, years: int
    ) -> None:
        """Of a year alone whoever is born in it is old enough from the first of January."""
        today = days.day(clock.now)
        grown = born.format(year=today.year - years, month=f"{today.month:02d}")
        older = await clinic.program(THIAM).post(
            "/patients", {"given_name": "Coura", "birth_date": grown, "sex": "female"}
        )
        younger = born.format(year=today.year - years + 1, month=f"{today.month:02d}")
        child = await clinic.program(THIAM).post(
            "/patients", {"given_name": "Ndeye", "birth_date": younger, "sex": "female"}
        )
        for registered, of_age in ((older, False), (child, True)):
            given = await _let(clinic, registered.json["id"], relationship="parent")
            assert (await clinic.program(MOUSSA).get(f"/proxies/{given}")).json["ends_of_age"] is of_age

    async def test_the_age_is_a_setting_and_counts_at_once(self, clinic: Callers, clock: Clock) -> None:
        child = await _child(clinic, clock, 16)  # 15 today
        await _let(clinic, child, relationship="guardian")
        await _act_for(clinic, child)
        assert (await _me(clinic))["id"] == child
        rules.settle(Rules(proxy_age=15))
        assert (await _me(clinic))["id"] == MOUSSA.id
        rules.settle(Rules())

    async def test_a_day_that_was_said_ends_it(self, clinic: Callers, clock: Clock, store: Store) -> None:
        await _let(clinic, until=days.day(clock.now).isoformat())
        await _act_for(clinic)
        assert (await _me(clinic))["id"] == AWA.id
        clock.now = days.midnight(days.day(clock.now) + timedelta(days=1))
        store.connection.execute(
            "UPDATE sessions SET last_active_at = ?, expires_at = ?", (clock.now, clock.now + 10**9)
        )
        assert (await _me(clinic))["id"] == MOUSSA.id
        again = await _let(clinic)  # what time has ended stands in nobody's way
        assert again

    async def test_a_closed_file_is_acted_for_no_more(self, clinic: Callers) -> None:
        await _let(clinic)
        await _act_for(clinic)
        await clinic.program(ADMIN).post("/accounts/awa/deactivation")
        assert (await _me(clinic))["id"] == MOUSSA.id


class TestWithoutAnAccount:
    async def test_a_grandmothers_access_is_decided_by_whoever_acts_for_her(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        await _let(clinic, told.registered, relationship="child")
        await _act_for(clinic, told.registered)
        browser = clinic.json_browser(MOUSSA)
        terms = {"scope": "full", "duration": "7d"}
        assert (await browser.post(f"/access-requests/{told.present}/approval", terms)).json["status"] == "approved"
        assert (await clinic.program(DIOP).get(f"/patients/{told.registered}/records")).status == 200
        trace = (await browser.get(f"/patients/{told.registered}/accesses")).json["items"]
        assert {"acting.begun", "access_request.approved"} <= {one["action"] for one in trace}
        assert store.value("SELECT password_hash FROM users WHERE id = ?", told.registered) == ""


class TestPrograms:
    async def _token(self, clinic: Callers, **more: str) -> Answer:
        sent = {"email": "moussa@demo.fadjma", "password": PASSWORD, **more}
        return await clinic.nobody(json=True).post("/api/token", sent)

    async def test_a_token_is_for_oneself_or_for_whom_one_names(self, clinic: Callers) -> None:
        await _let(clinic)
        own = clinic.bearer((await self._token(clinic)).json["access_token"])
        awas = clinic.bearer((await self._token(clinic, person_id="awa")).json["access_token"])
        assert [(await one.get("/me")).json["id"] for one in (own, awas)] == ["moussa", "awa"]
        assert (await awas.get("/me")).json["by"] == {"id": "moussa", "name": MOUSSA.name}
        assert (await awas.get("/people")).json["acting_for"] == "awa"

    async def test_for_nobody_else(self, clinic: Callers) -> None:
        assert (await self._token(clinic, person_id="awa")).status == 401

    async def test_it_ends_with_the_right_and_is_never_taken_for_ones_own(self, clinic: Callers) -> None:
        given = await _let(clinic)
        program = clinic.bearer((await self._token(clinic, person_id="awa")).json["access_token"])
        await clinic.program(AWA).post(f"/proxies/{given}/ending")
        (await program.get("/me")).problem(401)

    async def test_nor_when_time_has_ended_it(self, clinic: Callers, clock: Clock) -> None:
        await _let(clinic, until=days.day(clock.now).isoformat())
        program = clinic.bearer((await self._token(clinic, person_id="awa", name="Téléphone")).json["access_token"])
        assert (await program.get("/me")).json["id"] == "awa"
        clock.now = days.midnight(days.day(clock.now) + timedelta(days=1))
        (await program.get("/me")).problem(401)

    async def test_it_makes_no_others(self, clinic: Callers) -> None:
        await _let(clinic)
        program = clinic.bearer((await self._token(clinic, person_id="awa")).json["access_token"])
        sent = {"identifier": IDENTIFIERS[MOUSSA.id], "relationship": "other"}
        (await program.post("/proxies", sent)).problem(403)
        (await program.get("/sessions")).problem(403)


class TestNobodyElsesFile:
    @pytest.mark.parametrize("route", [route for route in READS if route.has_id and not route.may(AWA)])
    async def test_whoever_acts_for_one_reads_nothing_of_another(
        self, clinic: Callers, told: Told, route: Route
    ) -> None:
        """Nor anything of their own: the rules ask about the patient for whom they act."""
        await _let(clinic)
        await _act_for(clinic)
        assert (await clinic.json_browser(MOUSSA).get(route.at(told))).status in (403, 404)

    @pytest.mark.parametrize("route", [route for route in [*READS, *ROWS] if route.may(AWA) and "awa" in route.path])
    async def test_whoever_acts_for_a_child_reads_nothing_of_somebody_who_acts_for_nobody(
        self, clinic: Callers, told: Told, clock: Clock, route: Route
    ) -> None:
        child = await _child(clinic, clock, 9)
        await _let(clinic, child, relationship="parent")
        for person in (child, MOUSSA.id):
            await _act_for(clinic, person)
            assert (await clinic.json_browser(MOUSSA).get(route.at(told))).status in (403, 404)
            assert (await clinic.json_browser(MOUSSA).get(f"/prescriptions/{told.ready}")).status == 404
            assert (await clinic.json_browser(MOUSSA).get(f"/records/{told.record}")).status == 404

    async def test_a_try_is_in_the_trace_with_the_name_of_whoever_tried(
        self, clinic: Callers, told: Told, clock: Clock
    ) -> None:
        child = await _child(clinic, clock, 9)
        await _let(clinic, child, relationship="parent")
        await _act_for(clinic, child)
        await clinic.json_browser(MOUSSA).get("/patients/awa/records")
        tried = (await clinic.json_browser(AWA).get("/patients/awa/accesses")).json["items"][0]
        assert (tried["name"], tried["outcome"], tried["by_proxy"]) == (MOUSSA.name, "refused", False)
