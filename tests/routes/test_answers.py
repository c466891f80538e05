"""Every route in its three forms: page, htmx fragment, JSON (docs/http.md)."""

import gzip
import re
from collections.abc import Callable

import brotli
import pytest
from callers import FORM, Answer, Caller, Callers
from cast import ADMIN, AWA, CAST, DIOP, MOUSSA, NDIAYE, PARACETAMOL
from guards import guarded
from quart import Quart
from store import Clock, Store
from told import ACTS, LINE, PUBLIC, READS, ROWS, SIGNED_OUT_ACTS, STEPWISE, UNKNOWN, Route, Told

from fadjma.identity.people import ROLES
from fadjma.web import assets
from fadjma.web import request as web_request

CREATING = [route for route in ACTS if route.created]
CHANGING = [route for route in ACTS if not route.created and not route.quiet]
ONLY_PAGES = ("/", "/new", "/new?patient=awa", "/administration")  # forms, and the way to pages
LISTS = [route for route in READS if route.path.split("?")[0] in ("/sessions", "/notifications", "/patients")]
LISTS += [route for route in READS if route.path.endswith(("/records", "/accesses", "-requests", "prescriptions"))]
LISTS += [
    route
    for route in READS
    if route.path.startswith("/medicines") or route.path in ("/inventory", "/accounts", "/organizations")
]
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class TestTheTable:
    """The table in told.py names every route there is, so that no new one goes untested."""

    def test_has_every_route(self, app: Quart, told: Told) -> None:
        urls = app.url_map.bind("localhost")
        asked = [("POST", route.at(told)) for route in ACTS] + [
            ("POST", path) for path in (*SIGNED_OUT_ACTS, *STEPWISE)
        ]
        asked += [("GET", route.at(told).split("?")[0]) for route in [*READS, *ROWS]] + [
            ("GET", path) for path in PUBLIC
        ]
        tried = {(method, urls.match(path, method, return_rule=True)[0].rule) for method, path in asked} | {
            ("GET", "/static/<version>/<name>"),
            ("GET", "/metrics"),
            ("GET", "/worker.js"),  # test_offline.py
            ("GET", "/manifest.webmanifest"),
            ("GET", "/apple-touch-icon.png"),
            ("GET", "/seals/export"),  # test_seals.py, as the two after it
            ("GET", "/patients/<patient_id>/accesses/proof"),
            ("GET", "/trace-verification"),
            ("GET", "/audit/export"),  # a table to take along: test_audit.py
            ("GET", "/dispensing-register/export"),  # another: test_dispensing_register.py
            ("GET", "/inventory/consumption/export"),  # others: test_month_of_stock.py
            ("GET", "/inventory/movements/export"),
            ("GET", "/records/<record_id>/papers"),  # test_papers.py
            ("GET", "/papers/<paper_id>/pages/new"),  # test_pages_of_papers.py
            ("POST", "/papers/<paper_id>/pages"),
            ("POST", "/papers/<paper_id>/pages/uploads"),
            ("GET", "/papers/uploads/<upload_id>"),
            ("PUT", "/papers/uploads/<upload_id>"),
            ("GET", "/papers/<paper_id>"),
            ("GET", "/papers/<paper_id>/content"),
            ("GET", "/papers/<paper_id>/thumbnail"),
            ("GET", "/patients/<patient_id>/file/paper"),  # test_taken_away.py
            ("GET", "/exports/<export_id>/content"),
            ("GET", "/open/<token>"),  # test_links_for_another_doctor.py
            ("GET", "/open/<token>/file"),
            ("GET", "/open/<token>/papers/<paper_id>/content"),
            ("GET", "/open/<token>/papers/<paper_id>/thumbnail"),
            ("GET", "/sign-in/factor"),  # test_second_factor.py
            ("GET", "/fhir/R4/metadata"),  # test_fhir.py
            ("GET", "/fhir/R4/<resource_type>"),
            ("POST", "/fhir/R4/<resource_type>/_search"),
            ("GET", "/fhir/R4/<resource_type>/<resource_id>"),
            ("GET", "/fhir/R4/Subscription/inbox/$events"),
            ("GET", "/drafts"),
            ("DELETE", "/proxies/<proxy_id>"),  # the same as its ending: test_families.py
            *((method, "/drafts/<form>/<subject>") for method in ("GET", "PUT", "DELETE")),  # test_drafts.py
        }
        known = {
            (method, rule.rule)
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert tried == known

    def test_has_somebody_of_every_role(self) -> None:
        assert {person.role for person in CAST} == ROLES.keys()


PARTS = ("/me", "/notifications/poll", "/medicines", "/posology", "/allergens", "/patients/awa/safety")  # of pages


async def _read(caller: Caller, where: str, *, heads: bool) -> Answer:
    """What is read is kept by nobody; with `heads`, HEAD is answered as GET is (its body uvicorn leaves out)."""
    read = await caller.get(where)
    for answer in (read, await caller.ask("HEAD", where)) if heads else (read,):
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
        assert "Last-Modified" not in answer.headers
    return read


class TestReading:
    @pytest.mark.parametrize("route", READS)
    async def test_a_browser_and_htmx_get_html_which_nobody_keeps(
        self, clinic: Callers, told: Told, route: Route, store: Store, every_way: bool
    ) -> None:
        """A page carries whose it is, and the cursor that it was rendered at."""
        page, fragment = [
            await _read(caller, route.at(told), heads=every_way or READS.index(route) % 3 == way)
            for way, caller in enumerate((clinic.browser(route.who), clinic.htmx(route.who)))
        ]
        guarded(page.headers)
        if not route.path.startswith(("/me", "/notifications/poll")):
            assert page.type == fragment.type == "text/html; charset=utf-8"
        if not route.path.startswith((*PARTS, "/monitoring", "/inventory/coverage")):
            for answer in (page, fragment):
                assert answer.text.startswith("<!doctype html>")
                assert answer.text.rstrip().endswith("</html>")
        if not route.path.startswith(PARTS):
            cursor = store.value("SELECT last_seq FROM inboxes WHERE user_id = ?", route.who.id)
            assert f'data-cursor="{cursor}"' in page.text
            assert f'data-user="{route.who.id}"' in page.text
        if route.path.endswith(ONLY_PAGES):  # which programs get, too
            await _read(clinic.program(route.who), route.at(told), heads=True)

    async def test_htmx_gets_the_medicines_that_begin_so_as_a_fragment(self, clinic: Callers) -> None:
        answer = await clinic.htmx(DIOP).get("/medicines?q=para&line=2")
        assert answer.text.startswith("<li>")
        assert f'value="2:{PARACETAMOL}"' in answer.text

    @pytest.mark.parametrize("route", [route for route in READS if not route.path.endswith(ONLY_PAGES)])
    async def test_a_program_gets_json_and_a_script_with_a_cookie_the_same(
        self, clinic: Callers, told: Told, route: Route, begin_again: Callable[[], None], every_way: bool
    ) -> None:
        heads = every_way or READS.index(route) % 3 == 2
        program = await _read(clinic.program(route.who), route.at(told), heads=heads)
        begin_again()  # a reading of a file is itself written down
        script = await clinic.json_browser(route.who).get(route.at(told))
        for answer in (program, script):
            assert answer.status == 200
            assert answer.type == "application/json"
        if route.path != "/monitoring":  # figures of this very moment
            assert script.json == program.json
        if route in LISTS:
            assert isinstance(program.json["items"], list)
            assert program.json.keys() <= {
                "items",
                "next",
                "id",
                "prescriptions_under_way",
                "steps",
                "counts",
                "since_last_visit",
            }

    @pytest.mark.parametrize("where", PUBLIC)
    async def test_what_anybody_may_see(self, clinic: Callers, where: str) -> None:
        answer = await clinic.nobody().get(where)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"


class TestAccept:
    async def test_only_the_beginning_of_a_long_header_is_looked_at_and_remembered(self, clinic: Callers) -> None:
        web_request._best.cache_clear()
        for length in (30_000, 30_001):
            answer = await clinic.browser(AWA).get("/me", Accept="text/html;q=0.1,application/json, x/" + "x" * length)
            assert answer.type == "application/json"
        assert web_request._best.cache_info().currsize == 1

    @pytest.mark.parametrize("accept", ["text/csv", "application/problem+json", "image/png", "application/json;q=0"])
    async def test_a_program_that_wants_nothing_that_there_is_gets_json_not_a_page(
        self, clinic: Callers, accept: str
    ) -> None:
        """RFC 9110, 12.5.1: such a header may be taken as if it were not there."""
        (await clinic.program(AWA).get("/prescriptions/none", Accept=accept)).problem(404)
        assert (await clinic.browser(AWA).get("/prescriptions/none", Accept=accept)).type.startswith("text/html")


class TestActing:
    @pytest.mark.parametrize("route", ACTS)
    async def test_a_plain_form_is_sent_on_to_a_page_that_exists(
        self, clinic: Callers, told: Told, route: Route
    ) -> None:
        browser = clinic.browser(route.who)
        answer = await browser.post(route.at(told), route.body)
        assert answer.status == 303
        assert answer.location.startswith("/")
        guarded(answer.headers)
        assert (await browser.get(answer.location)).status == (423 if route.path == "/lock" else 200)

    @pytest.mark.parametrize("route", [*CREATING, *CHANGING])
    async def test_htmx_gets_the_fragment_that_has_changed_and_a_boosted_form_what_a_plain_one_gets(
        self, clinic: Callers, told: Told, route: Route, begin_again: Callable[[], None]
    ) -> None:
        answer = await clinic.htmx(route.who).post(route.at(told), route.body)
        assert answer.status == 200
        assert answer.text.lstrip().startswith(("<li id=", "<tr id=", "<div id="))
        assert "<html" not in answer.text
        begin_again()
        boosted = await clinic.htmx(route.who).post(route.at(told), route.body, HX_Boosted="true")
        if route.path.endswith(("/prescriptions", "/replacement")):  # its own page and address, never the form's
            assert re.fullmatch("/prescriptions/[^/]+", boosted.headers["HX-Redirect"])
        else:
            assert boosted.status == 303

    @pytest.mark.parametrize("route", CREATING)
    async def test_creating_answers_201_with_the_resource(self, clinic: Callers, told: Told, route: Route) -> None:
        answer = await clinic.program(route.who).post(route.at(told), route.body)
        assert answer.status == 201
        assert answer.type == "application/json"
        assert {"id", "status", "version"} <= answer.json.keys()

    @pytest.mark.parametrize("route", CREATING)
    async def test_creating_says_where_the_new_one_is(self, clinic: Callers, told: Told, route: Route) -> None:
        program = clinic.program(route.who)
        made = await program.post(route.at(told), route.body)
        there = await program.get(made.location)
        assert there.status == 200
        assert there.json.get("id") == made.json["id"]

    @pytest.mark.parametrize("route", CHANGING)
    async def test_changing_answers_200_with_the_resource_as_it_is_now(
        self, clinic: Callers, told: Told, route: Route
    ) -> None:
        answer = await clinic.program(route.who).post(route.at(told), route.body)
        assert answer.status == 200
        assert answer.type == "application/json"
        assert answer.json["id"]
        if not route.path.startswith("/notifications/"):
            assert {"id", "status", "version"} <= answer.json.keys()

    @pytest.mark.parametrize(
        "route", [route for route in ACTS if route.path.endswith(("/end", "/sign-out", "/signature"))]
    )
    async def test_ending_answers_204_to_a_program(self, clinic: Callers, told: Told, route: Route) -> None:
        answer = await clinic.program(route.who).post(route.at(told), route.body)
        assert (answer.status, answer.body) == (204, b"")

    @pytest.mark.parametrize("route", ACTS)
    async def test_a_form_body_is_as_good_as_json_and_times_are_iso_8601_utc(
        self, clinic: Callers, told: Told, route: Route
    ) -> None:
        script = clinic.json_browser(route.who)
        script.sends_json = False
        answer = await script.post(route.at(told), route.body)
        assert answer.status in ((303,) if route.path == "/language" else (200, 201, 204))
        if answer.type == "application/json":
            times = {key: value for key, value in _items(answer.json) if key == "valid_until" or key.endswith("_at")}
            assert times or route.path.startswith(("/inventory", "/organizations", "/formulary", "/settings"))
            assert all(value is None or ISO.fullmatch(value) for value in times.values()), times


class TestShapes:
    """What other programs build on, field by field (docs/http.md)."""

    async def test_me(self, clinic: Callers) -> None:
        assert (await clinic.program(AWA).get("/me")).json == {
            "id": "awa",
            "role": "patient",
            "name": "Awa Cissé",
            "identifier": "FJ-7K2MQ-0XW4D",
        }
        assert (await clinic.program(DIOP).get("/me")).json.keys() == {"id", "role", "name"}

    async def test_an_access_request(self, clinic: Callers, told: Told) -> None:
        found = (await clinic.program(AWA).get(f"/access-requests/{told.granted}")).json
        assert (
            found.items()
            >= {
                "id": told.granted,
                "status": "approved",
                "version": 2,
                "patient_id": "awa",
                "doctor": {
                    "id": "diop",
                    "name": "Ousmane Diop",
                    "profession": "physician",
                    "specialty": "Médecine générale",
                    "place": "Clinique Teranga",
                },
                "reason": "Suivi de la tension",
                "scope": "full",
            }.items()
        )
        assert found.keys() >= {"proposed_scope", "created_at", "decided_at", "decision_reason", "expires_at"}

    async def test_a_record_with_its_versions(self, clinic: Callers, told: Told) -> None:
        found = (await clinic.program(AWA).get(f"/records/{told.record}")).json
        assert found["author"] == {"id": "diop", "name": "Ousmane Diop"}
        assert found.keys() >= {"id", "status", "version", "patient_id", "type", "title", "body", "occurred_on"}
        [version] = found["versions"]
        assert version.keys() == {"version", "title", "body", "reason", "author", "created_at"}

    async def test_a_prescription_with_its_lines_and_acts(self, clinic: Callers, told: Told) -> None:
        found = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json
        assert found.keys() >= {"id", "status", "version", "patient_id", "prescriber", "pharmacy", "lines", "acts"}
        [line] = found["lines"]
        assert (line["prescribed"], line["delivered"], line["remaining"]) == (20, 0, 20)
        assert [act["status"] for act in found["acts"]] == ["issued", "validated", "prepared", "ready"]

    async def test_only_the_patient_has_the_hand_over_code_and_only_when_it_is_ready(
        self, clinic: Callers, told: Told
    ) -> None:
        assert re.fullmatch(
            r"\d{6}", (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["handover_code"]
        )
        assert "handover_code" not in (await clinic.program(AWA).get(f"/prescriptions/{told.prepared}")).json
        for other in (NDIAYE, DIOP):
            assert "handover_code" not in (await clinic.program(other).get(f"/prescriptions/{told.ready}")).json

    async def test_stock(self, clinic: Callers) -> None:
        product = (await clinic.program(NDIAYE).get("/inventory")).json["items"][0]
        assert product.keys() == {"id", "medicine", "threshold", "usable", "lots"}
        assert product["lots"][0].keys() == {
            "id",
            "status",
            "version",
            "product_id",
            "medicine_id",
            "medicine",
            "unit",
            "number",
            "expires_on",
            "on_hand",
            "reserved",
            "withheld",
            "withheld_elsewhere",
        }

    async def test_a_medicine_says_whether_the_pharmacy_has_it(self, clinic: Callers) -> None:
        [found] = (await clinic.program(DIOP).get("/medicines?q=paracetamol&pharmacy_id=pharmacy-jamm")).json["items"]
        assert found["available"] is True
        [found] = (await clinic.program(DIOP).get("/medicines?q=paracetamol&pharmacy_id=pharmacy-kadd")).json["items"]
        assert found["available"] is False

    async def test_the_inbox(self, clinic: Callers) -> None:
        found = (await clinic.program(AWA).get("/notifications")).json
        for item in found["items"]:
            assert item.keys() - {"names", "times"} == {"seq", "type", "message", "subject", "created_at", "read"}

    async def test_a_patient_that_is_found_is_no_more_than_their_identity(self, clinic: Callers) -> None:
        [found] = (await clinic.program(DIOP).get("/patients?q=fj7k2mq0xw4d")).json["items"]
        assert found == {
            "id": "awa",
            "identifier": "FJ-7K2MQ-0XW4D",
            "name": "Awa Cissé",
            "age": found["age"],
            "age_text": f"{found['age']} ans",
            "age_estimated": False,
            "sex": "female",
        }


class TestPages:
    """Lists that go on: `next` is passed as `?before=` until there is none, and each item comes once."""

    async def _walk(self, caller: Caller, path: str) -> list[str]:
        ids, following = [], ""
        for _ in range(20):
            found = (await caller.get(f"{path}?before={following}" if following else path)).json
            ids += [item["id"] for item in found["items"]]
            following = found.get("next", "")
            if not following:
                return ids
        raise AssertionError("it never ends")

    @pytest.mark.parametrize("apart", [1, 0], ids=["one after another", "all at once"])
    async def test_of_prescriptions(self, clinic: Callers, store: Store, clock: Clock, apart: int) -> None:
        store.connection.executemany(
            "INSERT INTO prescriptions (id, patient_id, prescriber_id, status, issued_at, valid_until, updated_at) "
            "VALUES (?, 'moussa', 'diop', 'issued', ?, ?, ?)",
            [(f"p{n:03}", clock.now, clock.now + 10**9, clock.now - n * apart) for n in range(120)],
        )
        walked = await self._walk(clinic.program(MOUSSA), "/prescriptions")
        assert sorted(walked) == [f"p{n:03}" for n in range(120)]

    async def test_of_records(self, clinic: Callers, store: Store, clock: Clock) -> None:
        store.connection.executemany(
            "INSERT INTO records (id, patient_id, type, author_id, occurred_on, created_at) "
            "VALUES (?, 'moussa', 'allergy', 'diop', ?, ?)",
            [(f"r{n:03}", f"2026-01-{n % 3 + 1:02}", clock.now) for n in range(120)],
        )
        store.connection.executemany(
            "INSERT INTO record_versions (record_id, version, author_id, title, body, created_at) "
            "VALUES (?, 1, 'diop', 't', 'b', ?)",
            [(f"r{n:03}", clock.now) for n in range(120)],
        )
        walked = await self._walk(clinic.program(MOUSSA), "/patients/moussa/records")
        assert sorted(walked) == [f"r{n:03}" for n in range(120)]
        assert len(set(walked)) == 120

    async def test_of_accounts(self, clinic: Callers, store: Store, clock: Clock) -> None:
        store.connection.executemany(
            "INSERT INTO users (id, role, status, email, password_hash, given_name, family_name, created_at) "
            "VALUES (?, 'patient', 'active', ?, '', 'Fatou', 'Sow', ?)",
            [(f"zz{n:03}", f"{n}@x.sn", clock.now) for n in range(120)],
        )
        walked = [id for id in await self._walk(clinic.program(ADMIN), "/accounts") if id.startswith("zz")]
        assert sorted(walked) == [f"zz{n:03}" for n in range(120)]

    @pytest.mark.parametrize("apart", [1, 0], ids=["one after another", "all at once"])
    async def test_of_readings(self, clinic: Callers, store: Store, clock: Clock, apart: int) -> None:
        store.connection.executemany(
            "INSERT INTO audit_events (id, at, actor_id, action, subject_kind, subject_id, patient_id, outcome, "
            "detail) VALUES (?, ?, ?, 'file.read', 'patient', 'moussa', 'moussa', 'success', '{}')",
            [(f"e{n:03}", clock.now - 10**6 - n * apart, ("diop", "sarr")[n % 2]) for n in range(450)],
        )
        moussa, path = clinic.program(MOUSSA), "/patients/moussa/accesses"
        first = (await moussa.get(path)).json
        second = (await moussa.get(f"{path}?before={first['next']}")).json
        third = (await moussa.get(f"{path}?before={second['next']}")).json
        assert [len(page["items"]) for page in (first, second, third)] == [200, 200, 50]
        assert "next" not in third
        assert [item["name"] for page in (first, second, third) for item in page["items"]].count(DIOP.name) == 225

    async def test_of_access_requests(self, clinic: Callers, store: Store, clock: Clock) -> None:
        store.connection.executemany(
            "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, created_at, lapses_at) "
            "VALUES (?, 'moussa', 'diop', 'withdrawn', 'Suivi', ?, ?)",
            [(f"a{n:03}", clock.now - n, clock.now) for n in range(120)],
        )
        walked = await self._walk(clinic.program(MOUSSA), "/access-requests")
        assert sorted(walked) == [f"a{n:03}" for n in range(120)]


class TestHeaders:
    CASES = (
        ("GET", "/", 200),
        ("GET", "/me", 200),
        ("GET", "/nowhere", 404),
        ("GET", f"/prescriptions/{UNKNOWN}", 404),
        ("DELETE", "/prescriptions", 405),
        ("POST", "/access-requests", 403),
        ("POST", "/language", 422),
        ("GET", "/patients", 403),
    )

    @pytest.mark.parametrize(("method", "where", "status"), CASES)
    async def test_every_answer_is_guarded(self, clinic: Callers, method: str, where: str, status: int) -> None:
        body = {"patient_id": "moussa", "reason": "Suivi"} if where == "/access-requests" else None
        answer = await clinic.browser(AWA).ask(method, where, body if method == "POST" else None)
        assert answer.status == status
        _guarded(answer)

    @pytest.mark.parametrize(
        ("name", "is_document"),
        [("app.css", False), ("fadjma.js", False), ("door.svg", True), ("turns.js", True)],
    )
    async def test_a_file_says_what_it_needs_and_no_more(self, clinic: Callers, name: str, is_document: bool) -> None:
        headers = (await clinic.nobody().get(assets.url(name))).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert len(headers.getlist("Cache-Control")) == 1
        assert ("Content-Security-Policy" in headers) == is_document
        assert not {"Referrer-Policy", "Permissions-Policy", "Server"} & set(headers.keys())

    async def test_over_tls_the_browser_is_told_to_stay_there(self, clinic: Callers) -> None:
        assert "Strict-Transport-Security" in (await clinic.browser(AWA, scheme="https").get("/")).headers
        assert "Strict-Transport-Security" not in (await clinic.browser(AWA).get("/")).headers

    async def test_no_page_asks_anything_of_another_site(self, clinic: Callers, told: Told) -> None:
        for route in READS:
            text = (await clinic.browser(route.who).get(route.at(told))).text
            assert not re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", text)
            assert "style=" not in text  # the content policy forbids it
            assert "<script>" not in text
            assert not re.findall(r"\son\w+=", text)

    @pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
    async def test_405_says_what_is_allowed(self, clinic: Callers, method: str) -> None:
        for where in ("/", "/prescriptions", "/patients/awa/records", "/access-requests/new"):
            answer = await clinic.program(AWA).ask(method, where)
            answer.problem(405)
            allowed = set(answer.headers["Allow"].split(", "))
            assert "GET" in allowed
            assert method not in allowed

    async def test_405_to_a_get_of_an_act(self, clinic: Callers, told: Told) -> None:
        answer = await clinic.program(NDIAYE).get(f"/prescriptions/{told.issued}/validation")
        answer.problem(405)
        assert "POST" in answer.headers["Allow"]

    async def test_an_address_that_does_not_exist(self, clinic: Callers) -> None:
        (await clinic.program(AWA).get("/nowhere")).problem(404)
        page = await clinic.browser(AWA).get("/nowhere")
        assert page.status == 404
        assert 'href="/account"' in page.text, "the frame is theirs"
        assert 'href="/account"' not in (await clinic.nobody().get("/nowhere")).text
        await clinic.json_browser(DIOP).post("/lock")
        locked = await clinic.browser(DIOP).get("/nowhere")
        assert locked.status == 404 and "Diop" not in locked.text
        assert "Cette adresse n'existe pas." in page.text.replace("&#39;", "'")

    async def test_the_page_speaks_the_language_of_the_browser_and_the_problem_too(self, clinic: Callers) -> None:
        english = await clinic.nobody().get("/sign-in", Accept_Language="en-GB,en;q=0.9")
        assert '<html lang="en">' in english.text
        french = (await clinic.nobody(json=True).get("/me")).problem(401)
        translated = (await clinic.nobody(json=True).get("/me", Accept_Language="en")).problem(401)
        assert french["title"] != translated["title"]


class TestOtherOrigins:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"cors_origins": frozenset({"https://app.exemple.sn"})}

    async def test_a_named_origin_may_call(self, clinic: Callers) -> None:
        answer = await clinic.program(AWA).get("/me", Origin="https://app.exemple.sn")
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.exemple.sn"
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers

    @pytest.mark.parametrize("origin", ["https://evil.example", "https://app.exemple.sn.evil.example", "null", ""])
    async def test_no_other(self, clinic: Callers, origin: str) -> None:
        answer = await clinic.program(AWA).get("/me", Origin=origin)
        assert "Access-Control-Allow-Origin" not in answer.headers

    async def test_it_may_call_fhir_and_say_what_it_prefers(self, clinic: Callers) -> None:
        """http://hl7.org/fhir/R4/search.html#errors: `Prefer` says what is to become of a parameter that is unknown."""
        asking = {"Origin": "https://app.exemple.sn", "Access_Control_Request_Method": "GET"}
        where = "/fhir/R4/Condition?nonsense=1"
        before = await clinic.nobody().ask(
            "OPTIONS", where, Access_Control_Request_Headers="authorization,prefer", **asking
        )
        said = before.headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert {"authorization", "prefer", "accept", "content-type"} <= {*said}
        answer = await clinic.program(AWA).get(where, Origin=asking["Origin"], Prefer="handling=lenient")
        assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == asking["Origin"]
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        refused = await clinic.bearer("none").get("/fhir/R4/Patient", Origin=asking["Origin"])
        assert refused.status == 401 and refused.headers["Access-Control-Allow-Origin"] == asking["Origin"]
        stated = await clinic.nobody().get("/fhir/R4/metadata")
        assert stated.json["rest"][0]["security"]["cors"] is True

    @pytest.mark.parametrize("where", ["/api/events", "/events"])
    async def test_it_reads_why_a_stream_does_not_open(self, clinic: Callers, where: str) -> None:
        """A browser shows a page of another origin nothing of an answer that does not name it."""
        origin = "https://app.exemple.sn"
        asking = clinic.bearer("none")
        for refused in (await asking.get(where, Origin=origin), await asking.get(f"{where}?after=x", Origin=origin)):
            assert refused.status in (400, 401)
            assert refused.headers["Access-Control-Allow-Origin"] == origin
            assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
        other = await asking.get(where, Origin="https://evil.example")
        assert "Access-Control-Allow-Origin" not in other.headers

    @pytest.mark.parametrize("name", ["X-For", "Last-Event-ID", "Idempotency-Key"])
    async def test_it_may_send_what_the_contract_names(self, clinic: Callers, name: str) -> None:
        asking = {"Origin": "https://app.exemple.sn", "Access_Control_Request_Method": "POST"}
        allowed = await clinic.nobody().ask("OPTIONS", "/access-requests", **asking)
        assert name in allowed.headers["Access-Control-Allow-Headers"].split(", ")

    @pytest.mark.parametrize("where", ["/me", "/access-requests", "/api/token", "/notifications/poll", "/api/events"])
    async def test_the_browser_may_ask_before(self, clinic: Callers, where: str) -> None:
        answer = await clinic.nobody().ask(
            "OPTIONS",
            where,
            Origin="https://app.exemple.sn",
            Access_Control_Request_Method="GET",
            Access_Control_Request_Headers="authorization",
        )
        assert answer.status in (200, 204)
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


class TestCompression:
    @pytest.mark.parametrize("where", ["/", "/prescriptions", "/patients/awa/records"])
    @pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate", "gzip"), ("gzip, deflate, br, zstd", "br")])
    async def test_a_page_is_compressed_for_who_can_read_it(
        self, clinic: Callers, where: str, accepted: str, encoding: str
    ) -> None:
        browser = clinic.browser(AWA)
        plain, packed = await browser.get(where), await browser.get(where, Accept_Encoding=accepted)
        assert packed.headers["Content-Encoding"] == encoding
        assert len(packed.body) < len(plain.body) * 0.6
        assert int(packed.headers["Content-Length"]) == len(packed.body)
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}[encoding]
        assert unpack(packed.body).startswith(b"<!doctype html>")
        assert "Content-Encoding" not in plain.headers

    async def test_json_is_compressed_too(self, clinic: Callers) -> None:
        answer = await clinic.program(AWA).get("/prescriptions", Accept_Encoding="gzip")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert b'"items"' in gzip.decompress(answer.body)

    async def test_little_is_not(self, clinic: Callers) -> None:
        assert "Content-Encoding" not in (await clinic.program(AWA).get("/me", Accept_Encoding="gzip")).headers

    @pytest.mark.parametrize("refusing", ["identity", "br;q=0", "gzip;q=0", "gzip; q=0.0, br;q=0, identity", "zstd"])
    async def test_who_cannot_read_it_gets_plain_text(self, clinic: Callers, refusing: str) -> None:
        answer = await clinic.browser(AWA).get("/", Accept_Encoding=refusing)
        assert "Content-Encoding" not in answer.headers


class TestStaticFiles:
    @pytest.mark.parametrize("name", ["app.css", "fadjma.js", "htmx.min.js"])
    async def test_are_named_by_their_content_and_kept_for_ever(self, clinic: Callers, name: str) -> None:
        answer = await clinic.nobody().get(assets.url(name))
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "max-age=31536000, immutable"
        assert re.fullmatch(rf"/static/[0-9a-f]{{8,}}/{name}", assets.url(name))
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("name", ["app.css", "fadjma.js", "htmx.min.js"])
    async def test_are_compressed_as_well_as_the_browser_can_read(self, clinic: Callers, name: str) -> None:
        nobody, address = clinic.nobody(), assets.url(name)
        plain = await nobody.get(address)
        packed = await nobody.get(address, Accept_Encoding="gzip;q=1, br;q=0")
        smallest = await nobody.get(address, Accept_Encoding="gzip, deflate, br, zstd")
        assert [answer.headers.get("Content-Encoding") for answer in (plain, packed, smallest)] == [None, "gzip", "br"]
        assert gzip.decompress(packed.body) == brotli.decompress(smallest.body) == plain.body
        assert len(smallest.body) < len(packed.body) < len(plain.body)
        assert {answer.headers["Vary"] for answer in (plain, packed, smallest)} == {"Accept-Encoding"}

    async def test_an_old_name_gets_the_new_file_and_must_not_keep_it(self, clinic: Callers) -> None:
        answer = await clinic.nobody().get("/static/00000000/app.css")
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-cache"

    @pytest.mark.parametrize(
        "where", ["nothing.css", "..%2Fapp.py", "%2e%2e/app.py", "../../app.py", "app.css%00", ".env", "app.css/"]
    )
    async def test_nothing_else_comes_out_of_there(self, clinic: Callers, where: str) -> None:
        assert (await clinic.nobody().get(f"/static/00000000/{where}")).status == 404

    async def test_every_page_asks_for_the_files_that_are_there(self, clinic: Callers) -> None:
        for address in re.findall(r'(?:src|href)="(/static/[^"#]+)', (await clinic.browser(AWA).get("/")).text):
            assert (await clinic.nobody().get(address)).headers["Cache-Control"].endswith("immutable")


class TestMetrics:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"metrics_token": "a token for Prometheus"}

    async def test_are_for_who_has_the_token(self, clinic: Callers) -> None:
        answer = await clinic.nobody().get("/metrics", Authorization="Bearer a token for Prometheus")
        assert answer.status == 200
        assert answer.type.startswith(("text/plain", "application/openmetrics-text"))

    @pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "a token for Prometheus", "Bearer é"])
    async def test_and_for_nobody_else(self, clinic: Callers, authorization: str) -> None:
        for caller in (clinic.nobody(), clinic.nobody(address="127.0.0.1"), clinic.browser(ADMIN)):
            assert (await caller.get("/metrics", Authorization=authorization)).status == 404

    async def test_name_nobody(self, clinic: Callers, told: Told) -> None:
        await clinic.browser(AWA).get("/patients/awa/records")
        await clinic.program(AWA).get("/notifications/poll?after=0")
        text = (await clinic.nobody().get("/metrics", Authorization="Bearer a token for Prometheus")).text
        assert not re.findall(r"awa|Awa|Cissé|FJ-|" + re.escape(told.record), text)


async def test_metrics_without_a_token_are_for_this_machine_alone(clinic: Callers) -> None:
    assert (await clinic.nobody(address="127.0.0.1").get("/metrics")).status == 200
    assert (await clinic.nobody(address="10.0.0.9").get("/metrics")).status == 404
    for header in ("X_Forwarded_For", "Forwarded", "X_Real_IP", "Via"):
        assert (await clinic.nobody(address="127.0.0.1").get("/metrics", **{header: "127.0.0.1"})).status == 404
    assert (await clinic.nobody(address="10.0.0.9").get("/metrics", X_Forwarded_For="127.0.0.1")).status == 404


class TestPrescribingWithoutJavaScript:
    """The prescribing form's buttons that send nothing yet."""

    async def test_a_search_shows_what_begins_so(self, clinic: Callers) -> None:
        page = await self._press(clinic, {"lines-0-medicine": "parac", "find": "0"})
        assert "paracétamol 500 mg" in page.text

    async def test_enter_in_a_field_presses_what_sends_nothing(self, clinic: Callers) -> None:
        """The first button of a form is what Enter presses: what was looked for is shown, and nothing is emptied."""
        filled = {f"lines-0-{name}": value for name, value in LINE.items()}
        opened = (await clinic.browser(DIOP).get("/patients/awa/prescriptions/new")).text
        form = opened[opened.index('action="/patients/awa/prescriptions"') :]
        pressed = re.findall(r'<button[^>]*name="(\w+)"', form)[0]
        page = await self._press(
            clinic, {**filled, "lines-1-medicine": "parac", "lines-1-dosage": "matin", pressed: "1"}
        )
        assert f'name="lines-0-medicine_id" value="{PARACETAMOL}"' in page.text
        assert f'name="pick" value="1:{PARACETAMOL}"' in page.text and ">matin</textarea>" in page.text

    async def test_a_pick_fills_the_line_in(self, clinic: Callers) -> None:
        page = await self._press(clinic, {"lines-0-medicine": "parac", "pick": f"0:{PARACETAMOL}"})
        assert f'name="lines-0-medicine_id" value="{PARACETAMOL}"' in page.text

    async def test_a_line_more_keeps_what_was_typed(self, clinic: Callers) -> None:
        page = await self._press(clinic, {"lines-0-medicine": "parac", "lines-0-dosage": "matin", "more": "1"})
        assert ">matin</textarea>" in page.text
        assert 'name="lines-1-dosage"' in page.text

    async def test_a_line_less(self, clinic: Callers) -> None:
        page = await self._press(clinic, {"lines-0-dosage": "matin", "lines-1-dosage": "soir", "drop": "0"})
        assert ">soir</textarea>" in page.text
        assert ">matin<" not in page.text

    async def test_none_of_it_prescribes(self, clinic: Callers, store: Store) -> None:
        before = store.content(readings=False)
        for button in (
            {"find": "0"},
            {"more": "1"},
            {"drop": "0"},
            {"stay": "1"},
            {"change": "0"},
            {"pick": f"0:{PARACETAMOL}"},
        ):
            await self._press(clinic, {**{f"lines-0-{name}": value for name, value in LINE.items()}, **button})
        assert store.content(readings=False) == before

    async def _press(self, clinic: Callers, body: dict[str, object]) -> Answer:
        page = await clinic.browser(DIOP).post("/patients/awa/prescriptions", body, Content_Type=FORM)
        assert page.status == 200
        return page


def _guarded(answer: Answer) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "Cache-Control" in answer.headers
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


def _items(value: object) -> list[tuple[str, object]]:
    """Every key and value in a JSON document."""
    if isinstance(value, list):
        return [pair for item in value for pair in _items(item)]
    if not isinstance(value, dict):
        return []
    return [pair for key, item in value.items() for pair in ((key, item), *_items(item))]
