"""Everything that is sent is understood or refused by name: nothing that somebody has said is silently left out."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from callers import FORM, Caller, Callers
from cast import ADMIN, AWA, DIOP, FALL, JAMM, MOUSSA, NDIAYE, SARR
from quart import Quart
from store import Store
from told import ACTS, LINE, READS, SIGNED_OUT_ACTS, STEPWISE, Told

from fadjma.identity.people import Viewer

PRESCRIBE = "/patients/awa/prescriptions"
MULTIPART = "multipart/form-data; boundary=b"


def _part(name: str | None, value: str, more: str = "") -> str:
    said = f'; name="{name}"' if name is not None else ""
    return f"--b\r\nContent-Disposition: form-data{said}{more}\r\n\r\n{value}\r\n"


def _same_but_readings(store: Store, before: dict[str, Any]) -> None:
    assert store.content(readings=False) == before


class TestUnknownFields:
    async def test_are_refused_by_every_act_and_named(
        self, clinic: Callers, told: Told, store: Store, every_way: bool
    ) -> None:
        """As JSON from a program or a script of ours, and as a form in a browser or by htmx, by turns."""
        before = store.content(readings=False)
        ways = ((clinic.program, clinic.browser), (clinic.json_browser, clinic.htmx))
        for number, route in enumerate(ACTS):
            body = {**(route.body or {}), "urgent": "oui"}
            for by_json, by_form in ways if every_way else (ways[number % 2],):
                answer = await by_json(route.who).post(route.at(told), body)
                assert answer.status == 422, route.path
                assert answer.errors().keys() == {"urgent"}, route.path
                page = await by_form(route.who).post(route.at(told), body)
                assert page.status == 422, route.path
                assert "Le champ «\xa0urgent\xa0» n&#39;est pas connu ici." in page.text, route.path
        _same_but_readings(store, before)

    @pytest.mark.parametrize("where", SIGNED_OUT_ACTS)
    async def test_also_of_who_is_not_signed_in(self, clinic: Callers, store: Store, where: str) -> None:
        before = store.content()
        body = {**SIGNED_OUT_ACTS[where], "urgent": "oui"}
        assert (await clinic.nobody(json=True).post(where, body)).errors().keys() == {"urgent"}
        page = await clinic.nobody().post(where, body)
        assert page.status == 422
        if where != "/api/token":  # no page
            assert "Le champ «\xa0urgent\xa0» n&#39;est pas connu ici." in page.text
        assert store.content() == before

    @pytest.mark.parametrize("where", STEPWISE)
    async def test_also_at_what_is_done_in_steps(self, clinic: Callers, store: Store, where: str) -> None:
        before = store.content()
        body = {**STEPWISE[where], "urgent": "oui"}
        assert (await clinic.json_browser(AWA).post(where, body)).errors().keys() == {"urgent"}
        assert store.content() == before

    def test_no_address_is_left_out(self, app: Quart, told: Told) -> None:
        adapter = app.url_map.bind("clinic.test")
        asked = [*(route.at(told) for route in ACTS), *SIGNED_OUT_ACTS, *STEPWISE]
        tried = {adapter.match(where, method="POST")[0] for where in asked}
        tried.add("fhir.search_by_form")  # which changes nothing, and answers as FHIR does: test_fhir.py
        assert {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())} == tried

    @pytest.mark.parametrize(
        ("value", "named"),
        [
            ({"note": "à jeun"}, "lines-0-note"),
            ({"substitution_allowed": False}, "lines-0-substitution_allowed"),
            ({"substitution_allowed": True}, "lines-0-substitution_allowed"),
            ({"dosage": {"morning": 1}}, "lines-0-dosage"),
            ({"dosage": ["matin"]}, "lines-0-dosage"),
        ],
        ids=str,
    )
    async def test_of_a_line_too(
        self, clinic: Callers, told: Told, store: Store, value: dict[str, Any], named: str
    ) -> None:
        before = store.content(readings=False)
        body = {"lines": [{**LINE, **value}], "pharmacy_id": JAMM}
        errors = (await clinic.program(DIOP).post(PRESCRIBE, body)).errors()
        assert errors.keys() == {named}
        assert ("substitution_reason" in errors[named]) == ("substitution_allowed" in value)
        _same_but_readings(store, before)

    async def test_no_line_is_left_out(self, clinic: Callers, told: Told, store: Store) -> None:
        before = store.content(readings=False)
        for lines, named in (([LINE, {}], "lines-1"), ([LINE, ["x"]], "lines-1"), ([LINE, [LINE]], "lines-1")):
            answer = await clinic.program(DIOP).post(PRESCRIBE, {"lines": lines, "pharmacy_id": JAMM})
            assert answer.errors().keys() == {named}
        _same_but_readings(store, before)

    async def test_the_buttons_of_the_form_are_for_the_form_alone(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        """A program that sent one of these names was answered a page, and nothing was prescribed."""
        before = store.content(readings=False)
        for button in ("pick", "change", "find", "drop", "more", "stay", "copy", "set"):
            answer = await clinic.program(DIOP).post(PRESCRIBE, {"lines": [LINE], button: "0"})
            assert answer.errors().keys() == {button}
        _same_but_readings(store, before)

    async def test_and_their_form_says_so_too(self, clinic: Callers, told: Told) -> None:
        page = await clinic.browser(DIOP).post(PRESCRIBE, {"more": "1", "lines": [LINE], "urgent": "oui"})
        assert page.status == 422
        assert "Le champ «\xa0urgent\xa0»" in page.text
        assert "Le champ «\xa0more\xa0»" not in page.text

    @pytest.mark.parametrize("name", ["lines-0", "lines-0-note", "lines-20-dosage", "lines-0-dosage-0"])
    async def test_a_form_of_lines_comes_back_with_what_is_not_known(
        self, clinic: Callers, told: Told, name: str
    ) -> None:
        page = await clinic.browser(DIOP).post(PRESCRIBE, {"lines": [LINE], name: "x"})
        assert page.status == 422
        assert f"Le champ «\xa0{'lines' if name == 'lines-20-dosage' else name}\xa0»" in page.text
        assert LINE["dosage"] in page.text  # and with what was typed

    async def test_null_is_the_same_as_absent(self, clinic: Callers, told: Told) -> None:
        body = {"patient_id": MOUSSA.id, "reason": "Suivi", "scope": None, "urgent": None}
        assert (await clinic.program(DIOP).post("/access-requests", body)).status == 201

    async def test_a_key_is_known_everywhere(
        self, clinic: Callers, told: Told, begin_again: Callable[[], None]
    ) -> None:
        for route in ACTS:
            answer = await clinic.program(route.who).post(route.at(told), {**(route.body or {}), "key": "k"})
            assert answer.status < 400, (route.path, answer.text)
            begin_again()


STRANGE_NAMES = [
    "Urgent",
    "urgent ",
    "",
    "\x00",
    "\u202e",
    "\ufffd",
    "é" * 30,
    "u" * 41,
    "u" * 20_000,
    "<script>alert(1)</script>",
    "%(name)s",
    "%s%n",
    "{{ 7*7 }}",
    "__class__",
    "self",
    "data",
    "errors",
    "lines",
    "lines-0",
    "lines-0-",
    "lines-0-id",
    "lines-²-dosage",
    "lines-20-dosage",
    "lines-0-dosage-0",
    "-",
    "a-0",
    "reason-0",
    "reason[]",
    "reason.text",
    "csrf_token",
    "_method",
]


@pytest.mark.parametrize("name", STRANGE_NAMES, ids=lambda name: repr(name)[:30])
async def test_a_strange_name_is_refused_and_safely_said(clinic: Callers, told: Told, store: Store, name: str) -> None:
    before = store.content(readings=False)
    where, good = f"/prescriptions/{told.validated}/hold", "Stock attendu demain"
    for route, sent in (
        (where, {"reason": good, name: "x"}),
        (f"/prescriptions/{told.issued}/validation", {name: "x"}),
    ):
        program, form = clinic.program(NDIAYE), clinic.program(NDIAYE)
        form.sends_json = False
        parts = "".join(_part(part.replace('"', ""), value) for part, value in sent.items())
        for answer in (
            await program.post(route, sent),
            await form.post(route, sent),
            await program.post(route, f"{parts}--b--\r\n", Content_Type=MULTIPART),
        ):
            [(said, message)] = answer.errors().items()
            assert said
            assert len(said) <= 80
            assert message
    page = await clinic.browser(NDIAYE).post(where, {"reason": good, name: "x"})
    assert page.status == 422
    assert "<script>alert" not in page.text
    _same_but_readings(store, before)


class TestRepeatedFields:
    async def test_of_a_form(self, clinic: Callers, told: Told, store: Store) -> None:
        before = store.content(readings=False)
        where = f"/prescriptions/{told.validated}/hold"
        for body in ("reason=Stock+attendu&reason=Rupture", "reason=Stock+attendu&key=a&key=b"):
            name = "key" if "key" in body else "reason"
            answer = await clinic.program(NDIAYE).post(where, body, Content_Type=FORM)
            assert answer.errors().keys() == {name}
            page = await clinic.browser(NDIAYE).post(where, body, Content_Type=FORM)
            assert f"Le champ «\xa0{name}\xa0» est donné plusieurs fois." in page.text
        _same_but_readings(store, before)

    @pytest.mark.parametrize(
        "body",
        [
            f'{{"lines": [], "lines": [{json.dumps(LINE)}]}}',
            '{"lines": [{"quantity": 1, "quantity": 100}]}',
        ],
    )
    async def test_of_json_are_no_json_that_two_programs_read_alike(
        self, clinic: Callers, told: Told, body: str
    ) -> None:
        answer = await clinic.program(DIOP).post(PRESCRIBE, body, Content_Type="application/json")
        answer.problem(400)

    async def test_of_a_line_in_two_ways(self, clinic: Callers, told: Told) -> None:
        answer = await clinic.program(DIOP).post(PRESCRIBE, {"lines": [LINE], "lines-0-quantity": "90"})
        assert answer.errors().keys() == {"lines-0-quantity"}


class TestBodies:
    """What cannot be read is no empty form."""

    KINDS = ("text/plain", "application/xml", "", "multipart/form-data", "multipart/form-data; boundary=é")

    async def test_of_another_kind_are_refused_also_where_nothing_is_needed(
        self, clinic: Callers, told: Told, store: Store, every_way: bool
    ) -> None:
        """Each kind here or at a neighbour."""
        before = store.content(readings=False)
        for number, route in enumerate(ACTS):
            for kind in self.KINDS if every_way else self.KINDS[number % 3 :: 3]:
                answer = await clinic.program(route.who).post(route.at(told), b"urgent: oui", Content_Type=kind)
                assert answer.status == 400, (route.path, kind)
                answer.problem(400)
        _same_but_readings(store, before)

    @pytest.mark.parametrize(
        ("parts", "status"),
        [
            (_part("reason", "Rupture") + "--b--\r\n", 200),
            (_part("reason", "Rupture"), 400),  # cut off
            (_part("reason", "Rupture") + _part(None, "x") + "--b--\r\n", 422),
            (_part("reason", "Rupture") + _part("scan", "x", '; filename="scan.png"') + "--b--\r\n", 422),
            (_part("reason", "Rupture", '; filename="reason.txt"') + "--b--\r\n", 422),
            ("--b--\r\n", 422),
        ],
    )
    async def test_in_parts(self, clinic: Callers, told: Told, parts: str, status: int) -> None:
        where = f"/prescriptions/{told.validated}/hold"
        answer = await clinic.program(NDIAYE).post(where, parts, Content_Type=MULTIPART)
        assert answer.status == status, answer.text

    async def test_of_more_than_a_thousand_fields(self, clinic: Callers, told: Told, store: Store) -> None:
        before = store.content(readings=False)
        many = {f"x{n}": 1 for n in range(1_200)}
        (await clinic.program(NDIAYE).post(f"/prescriptions/{told.issued}/validation", many)).problem(413)
        _same_but_readings(store, before)


class _Forms(HTMLParser):
    """The forms of a page, each with its method, address, and the names that it can send."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, set[str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("method", "get"), given.get("action", ""), set()))
            self._open = True
        elif (
            tag in ("input", "button", "select", "textarea")
            and "name" in given
            and "disabled" not in given
            and given.get("type") != "file"  # sent as a part of its own
            and self._open
        ):
            self.found[-1][2].add(given["name"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


PAGES: list[tuple[Viewer, str]] = [
    *((route.who, route.path) for route in READS if not route.path.startswith(("/me", "/notifications/poll"))),
    (SARR, "/access-requests/{pending}"),
    (AWA, "/access-requests/{granted}"),
    (DIOP, "/access-requests/new?patient=moussa"),
    (DIOP, "/records/{record}"),
    (DIOP, "/patients/awa/prescriptions/new?replaces={refused}"),
    *(
        (person, f"/prescriptions/{{{name}}}")
        for person in (AWA, DIOP, NDIAYE, FALL)
        for name in ("issued", "open", "validated", "prepared", "ready", "refused", "asked", "away")
    ),
]
WITH_QUESTIONS = [  # forms that come back with one
    (NDIAYE, "/inventory/lots", {"medicine_id": "paracetamol-500", "number": "L", "expires_on": "2020-01-01"}),
    (NDIAYE, "/inventory/lots/{lot}/adjustments", {"version": 1, "on_hand": 20_000, "reason": "Compté"}),
]


async def _pages(clinic: Callers, told: Told) -> list[tuple[str, Caller, str]]:
    """Who has which page before them."""
    nobody = clinic.nobody()
    shown = [
        ("nobody", nobody, (await nobody.get(where)).text)
        for where in ("/sign-in", "/register", "/register/practitioner")
    ]
    for person, where in PAGES:
        browser = clinic.browser(person)
        shown.append((person.id, browser, (await browser.get(where.format(**vars(told)))).text))
    browser = clinic.browser(DIOP)
    rearranged: list[dict[str, Any]] = [{"more": "1", "lines": [LINE]}, {"find": "0", "lines": [{"medicine": "para"}]}]
    shown += [(DIOP.id, browser, (await browser.post(PRESCRIBE, body)).text) for body in rearranged]
    for person, where, body in WITH_QUESTIONS:
        browser = clinic.browser(person)
        quantity = {"quantity": 5} if where == "/inventory/lots" else {}
        page = await browser.post(where.format(**vars(told)), {**body, **quantity})
        assert 'name="confirm"' in page.text
        shown.append((person.id, browser, page.text))
    return shown


async def test_every_form_of_ours_sends_only_what_its_address_knows(
    clinic: Callers, told: Told, store: Store, begin_again: Callable[[], None]
) -> None:
    """Each field and button of every form, with values that are no good: refused or not, none is unknown.

    The same form of the same person on another page is not sent again.
    """
    sent: set[str] = set()
    tried: set[tuple[str, str, frozenset[str], str]] = set()
    for whose, browser, page in await _pages(clinic, told):
        forms = _Forms()
        forms.feed(page)
        for method, action, names in forms.found:
            if method != "post":
                continue
            buttons = names & {"pick", "change", "find", "drop", "more", "stay", "copy", "set"}
            for pressed in buttons or {""}:
                once = (whose, action, frozenset(names), pressed)
                if once in tried:
                    continue
                tried.add(once)
                begin_again()
                fields = [*(names - buttons - {"for"}), *filter(None, [pressed])]  # for « x » nothing is read
                answer = await browser.post(action, dict.fromkeys(fields, "x"))
                assert "pas connu ici" not in answer.text, (action, names)
                assert answer.status in (200, 303, 401, 404, 409, 422), (action, answer.status)
                sent |= names
    assert {
        "key",
        "confirm",
        "up_to",
        "pick",
        "find",
        "drop",
        "more",
        "stay",
        "change",
        "replaces_id",
        "version",
    } <= sent


async def test_the_rows_of_accounts_send_nothing(clinic: Callers, told: Told) -> None:
    page = (await clinic.browser(ADMIN).get("/accounts")).text
    forms = _Forms()
    forms.feed(page)
    acts = [(action, names) for _, action, names in forms.found if action.startswith("/accounts/")]
    assert acts
    assert all(not names for _, names in acts)
