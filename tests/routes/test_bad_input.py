"""What nobody should send: a message beside the field or a problem document, never a 500, nothing half-written."""

import json
import unicodedata
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from callers import FORM, Answer, Caller, Callers
from cast import ADMIN, AWA, DIOP, MOUSSA, NDIAYE, SARR
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store import Store
from told import (
    ACTS,
    COUNT,
    DOCTOR,
    LAST_WEEK,
    LINE,
    LOT,
    NOT_YET,
    OTHER,
    PATIENT,
    READS,
    RECORD,
    SIGNED_OUT_ACTS,
    Route,
    Told,
)

from fadjma.prescriptions.forms import LineForm
from fadjma.records.vitals import VITALS

WITH_FIELDS = [route for route in ACTS if route.body]
NEED_FIELDS = [
    route
    for route in WITH_FIELDS
    if not route.path.endswith(("/rejection", "/revocation", "/delivery", "/language", "/justification", "/contest"))
]
MANY = 64 * 1024
NASTY = """<script>alert("x")</script><img src=x onerror=alert(1)> & {{ 7*7 }} %s %(name)s '"` --"""
AS_A_FORM = ("", "²", "9" * 5_000, NASTY)


def _unchanged(store: Store, before: dict[str, Any]) -> None:
    """Nothing but the trace of what the form that comes back shows."""
    after = store.content(readings=False)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


def _fine(answer: Answer) -> None:
    assert answer.status < 500, answer.text[:300]
    if answer.type == "application/problem+json":
        answer.problem(answer.status)


def _signed_out(clinic: Callers) -> list[tuple[Caller, str, dict[str, Any]]]:
    return [(clinic.nobody(json=True), path, body) for path, body in SIGNED_OUT_ACTS.items()]


class TestBodies:
    UNREADABLE = (
        b"{",
        b"[]",
        b'"text"',
        b"1",
        b"null",
        b"true",
        b"{'a': 1}",
        b'{"a": 1}}',
        b'{"a": 1,}',
        b"\xff\xfe\xff",
        b'{"a": "\xe9"}',
        b"\x00",
        b'{"a": "line\nbreak"}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"[" * 30_000,
        b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
        b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    )

    @pytest.mark.parametrize("route", ACTS)
    async def test_json_that_is_no_object_is_400(
        self, clinic: Callers, told: Told, route: Route, store: Store, every_way: bool
    ) -> None:
        """It is read at one place for all routes: each body here or at a neighbour."""
        before = store.content(readings=False)
        for body in self.UNREADABLE if every_way else self.UNREADABLE[ACTS.index(route) % 6 :: 6]:
            answer = await clinic.program(route.who).post(route.at(told), body, Content_Type="application/json")
            answer.problem(400)
        _unchanged(store, before)

    async def test_nor_from_who_is_not_signed_in(self, clinic: Callers, store: Store) -> None:
        before = store.content(readings=False)
        for caller, path, _ in _signed_out(clinic):
            for body in self.UNREADABLE:
                (await caller.post(path, body, Content_Type="application/json")).problem(400)
        _unchanged(store, before)

    @pytest.mark.parametrize("route", ACTS)
    async def test_more_than_64_kb_is_413(
        self, clinic: Callers, told: Told, route: Route, store: Store, every_way: bool
    ) -> None:
        """It is measured at one place for all routes: a program's fields here, a form or any text at a neighbour."""
        before = store.content(readings=False)
        program, browser = clinic.program(route.who), clinic.browser(route.who)
        where, body = route.at(told), {**(route.body or {}), "more": "x" * MANY}
        turn = ACTS.index(route) % 3
        if every_way or turn == 0:
            (await program.post(where, body)).problem(413)
        if every_way or turn == 1:
            answer = await browser.post(where, body)
            assert answer.status == 413
            assert "64 Ko" in answer.text
        if every_way or turn == 2:
            assert (await program.post(where, b"x" * 500_000, Content_Type="text/plain")).status == 413
        _unchanged(store, before)

    async def test_nor_from_who_is_not_signed_in_at_64_kb(self, clinic: Callers, store: Store) -> None:
        before = store.content(readings=False)
        for caller, path, body in _signed_out(clinic):
            (await caller.post(path, {**body, "more": "x" * MANY})).problem(413)
        _unchanged(store, before)

    async def test_nor_in_pieces_whose_length_is_not_told(self, clinic: Callers, store: Store) -> None:
        before = store.content(readings=False)
        caller = clinic.program(DIOP)
        client = clinic.app.test_client(use_cookies=False)
        headers = {**caller.headers, "Content-Type": "application/json"}
        async with client.request("/access-requests", method="POST", headers=headers) as connection:
            await connection.send(b'{"reason": "')
            for _ in range(30):
                await connection.send(b"x" * 4_096)
            await connection.send(b'"}')
            await connection.send_complete()
        response = await connection.as_response()
        assert response.status_code == 413
        _unchanged(store, before)

    async def test_just_under_64_kb_is_read(self, clinic: Callers) -> None:
        body = {"patient_id": MOUSSA.id, "reason": "Suivi" + " " * (MANY - 200)}
        answer = await clinic.program(DIOP).post("/access-requests", body)
        assert answer.errors().keys() == {"reason"}

    KINDS = (
        "text/plain",
        "application/xml",
        "application/octet-stream",
        "image/png",
        "nonsense",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=utf-99",
        "application/jsonp",
        "",
    )

    @pytest.mark.parametrize("route", NEED_FIELDS)
    async def test_another_kind_of_body_is_not_taken_for_a_form(
        self, clinic: Callers, told: Told, route: Route, store: Store, every_way: bool
    ) -> None:
        """Each kind here or at a neighbour."""
        before = store.content(readings=False)
        sent = json.dumps(route.body).encode()
        for kind in self.KINDS if every_way else self.KINDS[NEED_FIELDS.index(route) % 4 :: 4]:
            answer = await clinic.program(route.who).post(route.at(told), sent, Content_Type=kind)
            assert answer.status in (400, 415, 422), (kind, answer.status, answer.text[:200])
            answer.problem(answer.status)
        _unchanged(store, before)

    async def test_more_than_a_thousand_fields_are_413_in_every_form(self, clinic: Callers, store: Store) -> None:
        before, fields = store.content(), [f"f{number}" for number in range(1_001)]
        form = "&".join(f"{name}=1" for name in fields)
        parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n1\r\n' for name in fields)
        program = clinic.program(DIOP)
        (await program.post("/access-requests", dict.fromkeys(fields, 1))).problem(413)
        (await program.post("/access-requests", form, Content_Type=FORM)).problem(413)
        in_parts = "multipart/form-data; boundary=b"
        (await program.post("/access-requests", f"{parts}--b--\r\n", Content_Type=in_parts)).problem(413)
        assert store.content() == before

    @pytest.mark.parametrize("how", ["browser", "program"])
    async def test_a_thousand_lines_are_refused_before_each_is_looked_at(
        self, clinic: Callers, store: Store, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        """64 KB hold 3,000 lines; making a form of each, and a page with its messages, took minutes."""
        made = []
        make = LineForm.__init__

        def count(self: LineForm, *args: Any, **kwargs: Any) -> None:
            made.append(self)
            assert len(made) <= 200, "a form for each line"
            make(self, *args, **kwargs)

        monkeypatch.setattr(LineForm, "__init__", count)
        before = store.content(readings=False)
        body = "&".join(f"lines-{n}-quantity=1" for n in range(2_500))
        answer = await getattr(clinic, how)(DIOP).post("/patients/awa/prescriptions", body, Content_Type=FORM)
        assert answer.status in (400, 413, 422)
        _unchanged(store, before)

    async def test_a_multipart_form_is_read_like_any_form(self, clinic: Callers) -> None:
        parts = {"patient_id": MOUSSA.id, "reason": "Suivi"}
        body = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
        )
        answer = await clinic.program(DIOP).post(
            "/access-requests", f"{body}--b--\r\n", Content_Type="multipart/form-data; boundary=b"
        )
        assert answer.status == 201


class TestFields:
    """Each field of each act, with each strange value, as JSON; the strings as a form too."""

    STRANGE: tuple[Any, ...] = (
        None,
        " \t\n",
        [],
        {"a": {"b": [1]}},
        True,
        0,
        -1,
        1.5,
        10**30,
        float("inf"),
        float("nan"),
        "1_000",
        "٣",
        "a\x00b",
        "\ud800x",
        "\u202eabc",
        "a" * 10_000,
        "2026-02-30",
        "9999-12-31",
        "99999-12-31",
        *AS_A_FORM,
    )

    @pytest.mark.parametrize("route", WITH_FIELDS)
    async def test_no_value_breaks_anything(
        self,
        clinic: Callers,
        told: Told,
        route: Route,
        store: Store,
        begin_again: Callable[[], None],
        every_way: bool,
    ) -> None:
        """By turns: a value here, another in the neighbours of a field; what a form can send is sent by a browser, too.

        Fields are of a dozen kinds, and each kind meets every value many times; bin/hostile mixes them at random.
        """
        before, untouched = store.content(readings=False), store.touched()
        program, browser = clinic.program(route.who), clinic.browser(route.who)
        broken = []
        for field, (name, place) in enumerate(_fields_of(route.body or {}), WITH_FIELDS.index(route)):
            in_turn = (*self.STRANGE[: -len(AS_A_FORM)][field % 7 :: 7], *AS_A_FORM[field % 3 :: 3])
            by_browser = AS_A_FORM[1:] if every_way else AS_A_FORM[field % 3 :: 3][field // 3 % 2 :][:1]
            for value in self.STRANGE if every_way else in_turn:
                body = _with(route.body or {}, place, value)
                answers = [await program.post(route.at(told), body)]
                if value in by_browser:
                    answers.append(await browser.post(route.at(told), body))
                if any(answer.status >= 500 for answer in answers):
                    broken.append((name, repr(value)[:30]))
                if any(answer.status < 400 for answer in answers) or route.path.endswith("/delivery"):
                    begin_again()
                elif store.touched() != untouched and store.content(readings=False) != before:
                    broken.append((name, repr(value)[:30], "written although refused"))
                    begin_again()
                untouched = store.touched()
        assert broken == []

    async def test_nor_when_signed_out(self, clinic: Callers, begin_again: Callable[[], None], every_way: bool) -> None:
        broken = []
        for where, body in SIGNED_OUT_ACTS.items():
            for field, name in enumerate(body):
                values = list(enumerate((*self.STRANGE[:8], *self.STRANGE[13:])))
                for number, value in values if every_way else values[field % 3 :: 3]:
                    program = clinic.nobody(json=True, address=f"10.{len(where)}.{len(name)}.{number}")
                    answers = [await program.post(where, {**body, name: value})]
                    if value in AS_A_FORM:
                        answers.append(await clinic.nobody().post(where, {**body, name: value}))
                    if any(answer.status >= 500 for answer in answers):
                        broken.append((where, name, repr(value)[:30]))
                    if where.startswith("/register") and any(answer.status < 400 for answer in answers):
                        begin_again()
        assert broken == []

    @pytest.mark.parametrize("key", ["\ud800", "\x00", "é" * 100, "🩺", NASTY])
    async def test_nor_does_a_strange_key_in_the_body(self, clinic: Callers, key: str) -> None:
        answer = await clinic.program(DIOP).post(
            "/access-requests", {"patient_id": MOUSSA.id, "reason": "Suivi", "key": key}
        )
        assert answer.status in (201, 400, 422)

    @pytest.mark.parametrize("index", ["²", "9" * 5_000, "-1", "x", "999999999", "0x", "٣", "0-0-0"])
    async def test_nor_does_a_strange_number_of_a_line(self, clinic: Callers, index: str, store: Store) -> None:
        before = store.content(readings=False)
        body = {f"lines-{index}-quantity": "1", f"lines-{index}-dosage": ""}
        for caller in (clinic.browser(DIOP), clinic.program(DIOP)):
            answer = await caller.post("/patients/awa/prescriptions", body)
            assert answer.status == 422, answer.text[:200]
        _unchanged(store, before)

    BUTTONS = ("find", "pick", "drop", "change", "more", "stay", "copy", "set")

    @pytest.mark.parametrize("value", ["", "x", "-1", "²", "٣", "9" * 5_000, "0:nothing", ":", "7:insulin", NASTY])
    async def test_nor_do_the_buttons_that_send_nothing_yet(self, clinic: Callers, store: Store, value: str) -> None:
        before = store.content(readings=False)
        for button in self.BUTTONS:
            answer = await clinic.browser(DIOP).post(
                "/patients/awa/prescriptions", {"lines-0-dosage": "", button: value}
            )
            assert answer.status in (200, 404), button
        _unchanged(store, before)

    @pytest.mark.parametrize("name", ["%", "_", "\x00", "🩺", "'", "a" * 1_000, "a" * 60_000, "a b " * 5_000])
    async def test_nor_does_looking_for_a_medicine_of_a_strange_name(self, clinic: Callers, name: str) -> None:
        body = {"lines-0-medicine": name, "find": "0"}
        assert (await clinic.browser(DIOP).post("/patients/awa/prescriptions", body)).status == 200

    ANYTHING = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=40),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(data=st.data(), route=st.sampled_from(WITH_FIELDS))
    async def test_whatever_the_json(
        self,
        clinic: Callers,
        told: Told,
        store: Store,
        begin_again: Callable[[], None],
        data: st.DataObject,
        route: Route,
    ) -> None:
        names = st.sampled_from([*(route.body or {}), "key", "id", "version", "status"]) | st.text(max_size=10)
        changed = data.draw(st.dictionaries(names, self.ANYTHING, min_size=1, max_size=3))
        untouched = store.touched()
        answer = await clinic.program(route.who).post(route.at(told), {**(route.body or {}), **changed})
        _fine(answer)
        if answer.status < 400 or route.path.endswith("/delivery"):
            begin_again()
        else:
            assert store.touched() == untouched


NOT_TAKEN: list[tuple[str, str, Any, str]] = [
    # address, field, value, and the field that the message is about
    ("/access-requests", "reason", "ok", "reason"),
    ("/access-requests", "reason", "   \n  ", "reason"),
    ("/access-requests", "reason", "a" * 501, "reason"),
    ("/access-requests", "reason", "é" * 10_000, "reason"),
    ("/access-requests", "scope", "everything", "scope"),
    ("/access-requests/{pending}/approval", "scope", "all", "scope"),
    ("/access-requests/{pending}/approval", "duration", "-1d", "duration"),
    ("/access-requests/{pending}/approval", "duration", "100y", "duration"),
    ("/access-requests/{pending}/approval", "duration", 0, "duration"),
    ("/access-requests/{pending}/rejection", "reason", "a" * 501, "reason"),
    ("/access-requests/{granted}/revocation", "reason", "a" * 10_000, "reason"),
    ("/patients/awa/records", "type", "prescription", "type"),
    ("/patients/awa/records", "type", "diagnosis", "type"),
    ("/patients/awa/records", "occurred_on", NOT_YET, "occurred_on"),
    ("/patients/awa/records", "occurred_on", "1899-12-31", "occurred_on"),
    ("/patients/awa/records", "occurred_on", "2026-02-30", "occurred_on"),
    ("/patients/awa/records", "occurred_on", "hier", "occurred_on"),
    ("/patients/awa/records", "title", "a" * 151, "title"),
    ("/patients/awa/records", "title", "\x00\x01", "title"),
    ("/patients/awa/records", "body", "a" * 10_001, "body"),
    ("/records/{record}/versions", "version", 0, "version"),
    ("/records/{record}/versions", "version", -1, "version"),
    ("/records/{record}/versions", "version", "one", "version"),
    ("/records/{record}/versions", "version", 1.5, "version"),
    ("/records/{record}/versions", "version", 10**30, "version"),
    ("/records/{record}/versions", "reason", "", "reason"),
    ("/records/{record}/error", "reason", "no", "reason"),
    ("/patients/awa/prescriptions", "lines", [], "lines-0-dosage"),
    ("/patients/awa/prescriptions", "lines", "paracétamol", "lines-0-dosage"),
    ("/patients/awa/prescriptions", "lines", [{**LINE, "quantity": 0}], "lines-0-quantity"),
    ("/patients/awa/prescriptions", "lines", [{**LINE, "quantity": -5}], "lines-0-quantity"),
    ("/patients/awa/prescriptions", "lines", [{**LINE, "quantity": 1001}], "lines-0-quantity"),
    ("/patients/awa/prescriptions", "lines", [{**LINE, "quantity": 1e30}], "lines-0-quantity"),
    ("/patients/awa/prescriptions", "lines", [{**LINE, "quantity": "12,5"}], "lines-0-quantity"),
    ("/patients/awa/prescriptions", "lines", [{**LINE, "quantity": 10**9}], "lines-0-quantity"),
    ("/patients/awa/prescriptions", "lines", [LINE, {**LINE, "duration_days": 366}], "lines-1-duration_days"),
    ("/patients/awa/prescriptions", "lines", [LINE, {**LINE, "dosage": ""}], "lines-1-dosage"),
    ("/patients/awa/prescriptions", "lines", [LINE, {**LINE, "medicine_id": "unknown"}], "lines-1-medicine"),
    ("/patients/awa/prescriptions", "lines", [{**LINE, "medicine_id": ""}], "lines-0-medicine"),
    ("/patients/awa/prescriptions", "lines", [LINE] * 16, "lines"),
    ("/patients/awa/prescriptions", "lines", [LINE] * 101, "lines"),
    ("/patients/awa/prescriptions", "pharmacy_id", "nowhere", "pharmacy_id"),
    ("/patients/awa/prescriptions", "pharmacy_id", "clinic-teranga", "pharmacy_id"),
    ("/prescriptions/{ready}/delivery", "reason", "", "reason"),
    ("/prescriptions/{ready}/delivery", "identity_document", "", "identity_document"),
    ("/prescriptions/{ready}/delivery", "code", "000000000", "code"),
    ("/prescriptions/{ready}/delivery", "code", "a" * 21, "code"),
    ("/prescriptions/{ready}/delivery", "code", "½½½½½½", "code"),
    ("/prescriptions/{ready}/delivery", "lines", "all", "lines"),
    ("/prescriptions/{ready}/delivery", "lines", ["x"], "lines-0"),
    ("/prescriptions/{ready}/delivery", "lines", [{"quantity": 5}], "lines-0-line_id"),
    ("/prescriptions/{ready}/delivery", "lines", [{"line_id": "unknown", "quantity": 5}], "lines-0-line_id"),
    *(
        ("/prescriptions/{ready}/delivery", "lines", [{"line_id": "any", "quantity": wrong}], "lines-0-quantity")
        for wrong in (0, -1, "12,5", 12.5, 10**9)
    ),
    ("/prescriptions/{ready}/delivery", "lines", [{"line_id": "any", "lot": "L1"}], "lines-0-lot"),
    ("/prescriptions/{ready}/delivery", "lines", [{"line_id": "any"}] * 21, "lines"),
    ("/prescriptions/{validated}/hold", "reason", "", "reason"),
    ("/prescriptions/{validated}/unsupplied", "line_id", "unknown", "line_id"),
    ("/prescriptions/{validated}/unsupplied", "shortage", "tired", "shortage"),
    ("/prescriptions/{owed}/undoing", "reason", "x", "reason"),
    ("/prescriptions/{issued}/pharmacy", "pharmacy_id", "clinic-teranga", "pharmacy_id"),
    ("/prescriptions/{validated}/release", "reason", "x", "reason"),
    ("/prescriptions/{validated}/taking-back", "reason", "", "reason"),
    ("/prescriptions/{validated}/refusal", "code", "tired", "code"),
    ("/prescriptions/{validated}/refusal", "text", "", "text"),
    ("/prescriptions/{issued}/cancellation", "reason", "a" * 10_000, "reason"),
    ("/prescriptions/{issued}/delivery-request", "phone", "12", "phone"),
    ("/prescriptions/{issued}/delivery-request", "phone", "77 123 45 67 89 01", "phone"),
    ("/prescriptions/{issued}/delivery-request", "address", "", "address"),
    ("/inventory/lots", "expires_on", LAST_WEEK, "expires_on"),
    ("/inventory/lots", "expires_on", "2020-01-01", "expires_on"),
    ("/inventory/lots", "quantity", 0, "quantity"),
    ("/inventory/lots", "quantity", -30, "quantity"),
    ("/inventory/lots", "quantity", 100_001, "quantity"),
    ("/inventory/lots", "quantity", "a lot", "quantity"),
    ("/inventory/lots", "quantity", "12,5", "quantity"),
    ("/inventory/lots", "quantity", 10**9, "quantity"),
    ("/inventory/lots", "medicine_id", "unknown", "medicine_id"),
    ("/inventory/lots", "number", "", "number"),
    ("/inventory/lots/{lot}/adjustments", "on_hand", -1, "on_hand"),
    ("/inventory/lots/{lot}/adjustments", "on_hand", 10**9, "on_hand"),
    ("/inventory/lots/{lot}/adjustments", "on_hand", "12,5", "on_hand"),
    ("/inventory/lots/{lot}/adjustments", "version", 10**30, "version"),
    ("/inventory/lots/{lot}/adjustments", "reason", "", "reason"),
    ("/notifications/read", "up_to", -1, "up_to"),
    ("/notifications/read", "up_to", 10**30, "up_to"),
    ("/notifications/read", "up_to", "all", "up_to"),
    ("/language", "language", "wo", "language"),
    ("/register", "birth_date", NOT_YET, "birth_date"),
    ("/register", "birth_date", "1850-01-01", "birth_date"),
    ("/register", "email", "not an address", "email"),
    ("/register", "phone", "123", "phone"),
    ("/register", "password", "short", "password"),
    ("/register", "password", "azertyuiop12", "password"),
    ("/register", "password", "a" * 129, "password"),
    ("/register", "password", "a" * 10_000, "password"),
    ("/register", "sex", "other", "sex"),
    ("/register", "given_name", "\x00", "given_name"),
    ("/register", "family_name", "a" * 81, "family_name"),
    ("/register/practitioner", "role", "admin", "role"),
    ("/register/practitioner", "role", "patient", "role"),
    ("/register/practitioner", "organization_id", "pharmacy-jamm", "organization_id"),
    ("/register/practitioner", "organization_id", "nowhere", "organization_id"),
    ("/register/practitioner", "licence_number", "", "licence_number"),
]


def _asked(clinic: Callers, told: Told, path: str) -> tuple[Caller, Caller, str, dict[str, Any]]:
    """The program and the browser that may ask this, the address, and a good body."""
    if path in SIGNED_OUT_ACTS:
        return clinic.nobody(json=True), clinic.nobody(), path, SIGNED_OUT_ACTS[path]
    route = next(route for route in ACTS if route.path == path)
    return clinic.program(route.who), clinic.browser(route.who), route.at(told), route.body or {}


class TestMessages:
    @pytest.mark.parametrize(
        ("where", "field", "value", "about"),
        NOT_TAKEN,
        ids=[f"{path} {field}={str(value)[:20]}" for path, field, value, _ in NOT_TAKEN],
    )
    async def test_what_cannot_be_taken_is_said_beside_its_field(
        self,
        clinic: Callers,
        told: Told,
        store: Store,
        begin_again: Callable[[], None],
        where: str,
        field: str,
        value: Any,
        about: str,
    ) -> None:
        program, browser, address, body = _asked(clinic, told, where)
        before = store.content(readings=False)
        answer = await program.post(address, {**body, field: value})
        assert about in answer.errors()
        if field != "code":  # a wrong code is counted
            _unchanged(store, before)
        begin_again()
        page = await browser.post(address, {**body, field: value})
        assert page.status == 422
        assert answer.errors()[about] in _unescaped(page.text)
        assert 'role="alert"' in page.text
        if f'id="{about}"' in page.text:
            assert f'id="{about}-e"' in page.text

    async def test_a_medicine_whose_name_was_only_begun_is_not_prescribed(self, clinic: Callers, store: Store) -> None:
        """Only the doctor decides which medicine it is, not what happens to be in the list today."""
        before = store.content(readings=False)
        for typed in ("insul", "para", "amoxi", "glargine"):
            lines = [{**LINE, "medicine_id": "", "medicine": typed}]
            errors = (await clinic.program(DIOP).post("/patients/awa/prescriptions", {"lines": lines})).errors()
            assert errors.keys() == {"lines-0-medicine"}
        _unchanged(store, before)

    @pytest.mark.parametrize("route", NEED_FIELDS)
    async def test_a_missing_field_is_said_too(self, clinic: Callers, told: Told, route: Route, store: Store) -> None:
        before = store.content(readings=False)
        optional = {
            "scope",
            "occurred_on",
            "measured_on",
            "pharmacy_id",
            "email",
            "phone",
            "licence_number",
            "specialty",
            "profession",
            *("age", "age_unit", "reason", "pin", "confirm", "shows_cover", "reaction", "severity", "note"),
        }
        if route.path == "/access-requests/{pending}/approval":
            optional.remove("scope")
        if route.path.endswith(("/vitals", "/consultations", "/consultation")):
            optional |= {*VITALS, "observation", "conclusion"}  # one at least is measured: test_rounds.py
        if route.path.endswith(("/problems", "/problem")):
            optional |= {"icd", "since"}
        if route.path.endswith(("/vaccinations", "/vaccination")):
            optional |= {"dose", "lot", "site", "next_due"}
        if route.path.endswith("/shares"):
            optional |= {"allergies", "whom", "since", "until"}  # one part at least: test_links_for_another_doctor.py
        if route.path == "/proxies":
            optional |= {"patient_id", "until"}  # a patient speaks for themselves
        if route.path.endswith("/correction"):
            optional.add("organization_id")
        if route.path.startswith("/patients/{registered}") or route.path == "/patients":
            optional.add("family_name")
        for name in (route.body or {}).keys() - optional:
            body = {key: value for key, value in (route.body or {}).items() if key != name}
            errors = (await clinic.program(route.who).post(route.at(told), body)).errors()
            assert any(error.startswith(name) for error in errors), (name, errors)
        _unchanged(store, before)

    @pytest.mark.parametrize("where", ["/register", "/register/practitioner"])
    async def test_all_missing_fields_are_said_at_once(self, clinic: Callers, where: str) -> None:
        errors = (await clinic.nobody(json=True).post(where, {})).errors()
        assert errors.keys() >= {"given_name", "password", "phone"}

    async def test_the_typed_text_comes_back_escaped(self, clinic: Callers, told: Told) -> None:
        body = {"type": "nothing", "title": NASTY, "body": f"Première ligne\n{NASTY}"}
        page = await clinic.browser(DIOP).post("/patients/awa/records", body)
        assert page.status == 422
        assert "<script>alert" not in page.text
        assert NASTY in _unescaped(page.text)

    async def test_a_new_password_comes_back_with_its_reason_and_one_to_sign_in_with_never(
        self, clinic: Callers
    ) -> None:
        body = {**PATIENT, "password": "hunter2 hunter2 hunter2", "birth_date": "never"}
        assert 'value="hunter2 hunter2 hunter2"' in (await clinic.nobody().post("/register", body)).text
        assert "hunter2" not in (await clinic.nobody(json=True).post("/register", body)).text
        sign_in = await clinic.nobody().post("/sign-in", {"login": "awa@demo.fadjma", "password": "hunter2hunter2"})
        assert "hunter2" not in sign_in.text

    async def test_messages_speak_english_to_who_does(self, clinic: Callers) -> None:
        await clinic.program(DIOP).post("/language", {"language": "en"})
        errors = (await clinic.program(DIOP).post("/access-requests", {"patient_id": MOUSSA.id})).errors()
        assert "required" in errors["reason"]


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
    async def test_json_is_utf_8(self, clinic: Callers, encoding: str) -> None:
        sent = json.dumps({"version": "x"}).encode(encoding)
        answer = await clinic.program(AWA).post("/account/contact", sent, Content_Type="application/json")
        assert answer.status == 400

    async def test_json_may_begin_with_a_mark(self, clinic: Callers) -> None:
        sent = json.dumps({"version": "x"}).encode("utf-8-sig")
        answer = await clinic.program(AWA).post("/account/contact", sent, Content_Type="application/json")
        assert answer.status == 422 and "version" in answer.json["errors"]

    """HTML, emoji and every script: shown as text in pages, kept as it is in JSON."""

    KEPT = (
        NASTY,
        "Fièvre 🤒 vue par 👩🏾‍⚕️",
        "ارتفاع ضغط الدم منذ الاثنين",
        "כאב ראש",
        "ߒߞߏ ߞߊ߲",
        "Ñuul, ŋ, ɓ, ɗ, ƴ",
        "e\u0301te\u0301".encode().decode(),
        "</textarea></title><!-- -->",
        "javascript:alert(1)",
        "line one\nline two\ttabbed",
        "a" * 500,
    )

    @pytest.mark.parametrize("text", KEPT)
    async def test_in_the_reason_of_a_request(self, clinic: Callers, text: str) -> None:
        made = await clinic.program(DIOP).post("/access-requests", {"patient_id": MOUSSA.id, "reason": text})
        expected = unicodedata.normalize("NFC", text)
        assert made.json["reason"] == expected
        page = await clinic.browser(MOUSSA).get(made.location)
        assert expected in _unescaped(page.text)
        _shown_as_text(page)

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("a\x00b\x07c\x1b[31md", "abc[31md"),
            ("abc\u202edef\u2066ghi", "abcdefghi"),
            ("  \u00a0 around \u2003 ", "around"),
            ("one\r\ntwo", "one\ntwo"),
            ("zero\u200dwidth\u200cjoiner", "zerowidthjoiner"),
            ("می\u200cخواهم", "می\u200cخواهم"),
            ("\u007f\u0080\u009fdel", "del"),
        ],
    )
    async def test_what_nobody_can_see_is_left_out(self, clinic: Callers, sent: str, kept: str) -> None:
        made = await clinic.program(DIOP).post("/access-requests", {"patient_id": MOUSSA.id, "reason": sent})
        assert made.json["reason"] == kept

    async def test_in_a_record(self, clinic: Callers) -> None:
        body = {**RECORD, "title": NASTY, "body": f"{NASTY}\n{NASTY}"}
        made = await clinic.program(DIOP).post("/patients/awa/records", body)
        assert (made.json["title"], made.json["body"]) == (NASTY, f"{NASTY}\n{NASTY}")
        amended = {"version": 1, "title": NASTY, "body": NASTY, "reason": NASTY}
        assert (await clinic.program(DIOP).post(f"{made.location}/versions", amended)).json["body"] == NASTY
        assert (await clinic.htmx(DIOP).post(f"{made.location}/error", {"reason": NASTY})).status == 200
        for person in (AWA, DIOP):
            for path in (made.location, "/patients/awa/records", "/", "/notifications"):
                _shown_as_text(await clinic.browser(person).get(path))

    async def test_in_a_prescription(self, clinic: Callers, told: Told) -> None:
        line = {**OTHER, "dosage": NASTY, "substitution_reason": NASTY}
        made = await clinic.program(DIOP).post("/patients/awa/prescriptions", {"lines": [line]})
        assert made.json["lines"][0]["dosage"] == NASTY
        pharmacist = clinic.program(NDIAYE)
        await pharmacist.post(f"{made.location}/validation")
        held = await pharmacist.post(f"{made.location}/hold", {"reason": NASTY})
        assert held.json["status_reason"] == NASTY
        for person in (AWA, DIOP, NDIAYE):
            for path in (made.location, "/prescriptions", "/"):
                _shown_as_text(await clinic.browser(person).get(path))
        refused = await pharmacist.post(f"{made.location}/refusal", {"code": "dose", "text": NASTY})
        assert NASTY in refused.json["status_reason"]
        _shown_as_text(await clinic.browser(DIOP).get(made.location))
        _shown_as_text(await clinic.browser(DIOP).get(f"/patients/awa/prescriptions/new?replaces={made.json['id']}"))

    async def test_in_a_delivery(self, clinic: Callers, told: Told) -> None:
        asked = {"address": NASTY, "phone": "77 123 45 67"}
        await clinic.program(AWA).post(f"/prescriptions/{told.ready}/delivery-request", asked)
        _shown_as_text(await clinic.browser(NDIAYE).get(f"/prescriptions/{told.ready}"))
        handed = {"identity_document": NASTY[:60], "reason": NASTY}
        assert (await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", handed)).status == 200
        for person in (AWA, NDIAYE):
            _shown_as_text(await clinic.browser(person).get(f"/prescriptions/{told.ready}"))

    async def test_in_a_lot(self, clinic: Callers) -> None:
        made = await clinic.program(NDIAYE).post("/inventory/lots", {**LOT, "number": NASTY[:40]})
        path = f"/inventory/lots/{made.json['id']}"
        for address in ("/inventory", path):
            _shown_as_text(await clinic.browser(NDIAYE).get(address))
        _shown_as_text(await clinic.htmx(NDIAYE).post(f"{path}/adjustments", {**COUNT, "reason": NASTY}))

    async def test_in_a_name(self, clinic: Callers, store: Store) -> None:
        body = {**PATIENT, "given_name": NASTY[:80], "family_name": NASTY[:80], "city": NASTY[:80]}
        made = await clinic.nobody(json=True).post("/register", body)
        assert made.status == 201
        jar = clinic.nobody()
        await jar.post("/sign-in", {"login": PATIENT["email"], "password": PATIENT["password"]})
        _shown_as_text(await jar.get("/"))
        _shown_as_text(await clinic.browser(ADMIN).get("/accounts"))
        identifier = store.value("SELECT identifier FROM patients WHERE user_id = ?", made.json["id"])
        found = await clinic.browser(SARR).get(f"/patients?q={identifier}")
        assert "&lt;script&gt;" in found.text
        _shown_as_text(found)
        _shown_as_text(await clinic.browser(SARR).get(f"/access-requests/new?patient={made.json['id']}"))

    async def test_in_a_licence(self, clinic: Callers) -> None:
        body = {**DOCTOR, "licence_number": NASTY[:40], "specialty": NASTY[:80], "email": "x'&y@exemple.sn"}
        assert (await clinic.nobody(json=True).post("/register/practitioner", body)).status == 201
        _shown_as_text(await clinic.browser(ADMIN).get("/"))
        _shown_as_text(await clinic.browser(ADMIN).get("/accounts"))

    async def test_in_what_a_browser_says_it_is(self, clinic: Callers) -> None:
        jar = clinic.nobody()
        body = {"login": "awa@demo.fadjma", "password": "demo-fadjma-2026"}
        await jar.post("/sign-in", body, User_Agent=f"{NASTY} Firefox")
        await jar.post("/sign-in", body, User_Agent=NASTY)
        _shown_as_text(await clinic.browser(AWA).get("/sessions"))

    @pytest.mark.parametrize(
        ("person", "where"),
        [
            (DIOP, "/patients?q="),
            (DIOP, "/medicines?q="),
            (ADMIN, "/accounts?q="),
            (AWA, "/sign-in?login="),
            (AWA, "/sign-in?next=/"),
            (AWA, "/patients/awa/records?before="),
            (AWA, "/nowhere/"),
            (AWA, "/prescriptions/"),
        ],
    )
    async def test_in_the_address(self, clinic: Callers, person: Any, where: str) -> None:
        _shown_as_text(await clinic.browser(person).get(where + quote(NASTY)))
        _shown_as_text(await clinic.browser(person).get(where + quote('"><script>alert(1)</script>')))


class TestParameters:
    NONSENSE = ("", "0", "-1", "x", "9" * 30, "-" + "9" * 30, "1e9", "٣", "%00", "%FF", "a" * 5_000, "~", "1~", "~~")
    NONSENSE += (
        f"{'9' * 19}~x",
        f"{'9' * 25}~x",
        "%27%20OR%201",
        "%F0%9F%A9%BA",
        "2026-99-99~x",
        "null",
        "[]",
        "%0d%0a",
    )
    PATHS = (
        (AWA, "/prescriptions?before="),
        (NDIAYE, "/prescriptions?before="),
        (AWA, "/notifications?before="),
        (AWA, "/patients/awa/records?before="),
        (DIOP, "/patients/awa/records?before="),
        (AWA, "/access-requests?before="),
        (ADMIN, "/accounts?before="),
        (ADMIN, "/accounts?q="),
        (DIOP, "/patients?q="),
        (DIOP, "/medicines?q=parac&line="),
        (DIOP, "/medicines?q="),
        (DIOP, "/medicines?q=parac&pharmacy_id="),
        (DIOP, "/patients/awa/prescriptions/new?replaces="),
        (SARR, "/access-requests/new?patient="),
        (AWA, "/notifications/poll?after="),
        (AWA, "/notifications/poll?after=0&user="),
    )

    @pytest.mark.parametrize(("person", "where"), PATHS, ids=[f"{person.id} {path}" for person, path in PATHS])
    async def test_nonsense_in_an_address_breaks_nothing(
        self, clinic: Callers, person: Any, where: str, every_way: bool
    ) -> None:
        """A program and a browser by turns: both are answered from what one function has read."""
        callers, broken = (clinic.program(person), clinic.browser(person)), []
        for turn, value in enumerate(self.NONSENSE, self.PATHS.index((person, where))):
            for caller in callers if every_way else (callers[turn % 2],):
                answer = await caller.get(where + value)
                if answer.status not in (200, 204, 400, 403, 404, 422, 429):
                    broken.append((value[:30], answer.status))
        assert broken == []

    @pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 30, "٣", "", "%00", "1,2", "0x10", " 1"])
    async def test_a_cursor_that_is_no_number_is_400(self, clinic: Callers, after: str) -> None:
        (await clinic.program(AWA).get(f"/notifications/poll?after={after}")).problem(400)
        if after:
            assert (await clinic.program(AWA).get(f"/api/events?after={after}")).status == 400

    WILDCARDS = ("%25", "_", "%25%25", "a%25", "____", "%5C", "%5C%25", "*", "?", "%25%25%25a")

    async def test_wildcards_find_no_patient_and_no_medicine(self, clinic: Callers) -> None:
        for q in self.WILDCARDS:
            assert (await clinic.program(DIOP).get(f"/patients?q={q}")).json == {"items": []}
            assert (await clinic.program(DIOP).get(f"/medicines?q={q}")).json == {"items": []}

    async def test_wildcards_find_no_account(self, clinic: Callers) -> None:
        """They are no part of a word: « a% » finds what « a » finds, and they alone find nobody."""

        async def found(q: str) -> list[str]:
            items = (await clinic.program(ADMIN).get(f"/accounts?q={q}")).json["items"]
            return [item["id"] for item in items if item["status"] != "pending"]

        for q in self.WILDCARDS:
            assert await found(q) == (await found("a") if "a" in q else []), q
        assert "diop" not in await found("a%25p")

    async def test_the_admin_finds_by_name_and_address(self, clinic: Callers) -> None:
        for q in ("cis", "CISSÉ", "awa", "awa@demo.fadjma"):
            found = (await clinic.program(ADMIN).get(f"/accounts?q={q}")).json["items"]
            assert "awa" in [item["id"] for item in found], q

    HEADERS = (
        ("Accept", "application/xml"),
        ("Accept", "*/*;q=x"),
        ("Accept", ","),
        ("Accept", "é"),
        ("Accept_Language", "xx-;;q=,,,*"),
        ("Accept_Language", "é"),
        ("Cookie", "fadjma=\\; language=de; =; a"),
        ("Cookie", "language=../../etc"),
        ("Sec_Fetch_Site", "nonsense"),
        ("Origin", "http://["),
        ("Origin", "//"),
        ("Origin", "é"),
        ("Host", "evil.example"),
        ("Authorization", "é"),
        ("Authorization", "Bearer"),
        ("Idempotency_Key", "é"),
        ("Content_Length", "x"),
        ("X_Forwarded_For", "' OR 1=1"),
        ("X_Live", "2"),
        ("HX_Request", "maybe"),
        ("Last_Event_ID", "x"),
        ("User_Agent", "é" * 3_000),
    )

    @pytest.mark.parametrize(("name", "value"), HEADERS)
    async def test_nonsense_in_a_header_breaks_nothing(
        self, clinic: Callers, name: str, value: str, every_way: bool
    ) -> None:
        """Who asks by turns: headers are read before it is known for what."""
        callers = (clinic.browser(AWA), clinic.program(AWA), clinic.nobody())
        asked = (("GET", "/"), ("GET", "/me"), ("POST", "/notifications/read"), ("POST", "/sign-in"))
        for turn, (method, path) in enumerate(asked, self.HEADERS.index((name, value))):
            for caller in callers if every_way else (callers[turn % 3],):
                answer = await caller.ask(method, path, {"up_to": 1} if method == "POST" else None, **{name: value})
                assert answer.status < 500, (method, path)

    METHODS = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "NONSENSE")

    @pytest.mark.parametrize("method", METHODS)
    async def test_nor_does_another_method(
        self, clinic: Callers, told: Told, store: Store, method: str, every_way: bool
    ) -> None:
        """No address knows it; each is asked with two of them, by turns."""
        before, known = store.content(readings=False), clinic.app.url_map.bind("localhost")
        for turn, route in enumerate(READS, self.METHODS.index(method)):
            path = route.at(told).split("?")[0]
            acted_on = _is_acted_on(path, told) or path == "/patients/awa/papers"
            if (method == "POST" and acted_on) or (method == "DELETE" and path.startswith("/proxies/")):
                continue
            assert method not in known.allowed_methods(path), path
            if not every_way and turn % 3:
                continue
            answer = await clinic.program(route.who).ask(method, path)
            assert answer.status == 405, path
        _unchanged(store, before)


def _is_acted_on(path: str, told: Told) -> bool:
    """Whether this is the address of an act; /organizations/new is one of an organization called “new”."""
    folder, _, last = path.rpartition("/")
    acts = {act.at(told) for act in ACTS}
    return path in acts or (last == "new" and any(act.rpartition("/")[0] == folder for act in acts))


def _fields_of(body: dict[str, Any]) -> list[tuple[str, tuple[Any, ...]]]:
    """Each field of a body, by name and by where it stands."""
    found: list[tuple[str, tuple[Any, ...]]] = []
    for name, value in body.items():
        found.append((name, (name,)))
        if isinstance(value, list):
            found += [(f"{name}-0-{inner}", (name, inner)) for inner in value[0]]
    return found


def _with(body: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    if len(place) == 1:
        return {**body, place[0]: value}
    return {**body, place[0]: [{**body[place[0]][0], place[1]: value}]}


def _surrogates(text: str) -> bool:
    return any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _unescaped(page: str) -> str:
    return unescape(page)


def _shown_as_text(page: Answer) -> None:
    """Nothing that was typed has become part of the page's own markup."""
    assert page.status in (200, 404), page.status
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "</textarea></title>" not in page.text
    assert 'href="javascript:' not in page.text
    assert "href=javascript:" not in page.text
