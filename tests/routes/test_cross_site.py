"""Other sites: what they post is refused; a bearer token, which no browser adds by itself, needs no such check."""

import pytest
from callers import Caller, Callers
from cast import AWA
from store import Store
from told import ACTS, READS, SIGNED_OUT_ACTS, Told

from fadjma.identity.people import Viewer

FOREIGN = (
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "http://localhost"},
    {"Sec_Fetch_Site": "nonsense"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "localhost"},
    {"Origin": "http://["},
    {"Referer": "https://evil.example/page"},
    {"Referer": "http://localhost.evil.example/"},
    {"Referer": "http://["},
    {"Origin": "https://evil.example", "Referer": "http://localhost/"},
)
OWN = (
    {},
    {"Sec_Fetch_Site": "same-origin"},
    {"Sec_Fetch_Site": "none"},
    {"Sec_Fetch_Site": "same-origin", "Origin": "http://localhost"},
    {"Origin": "http://localhost"},
    {"Origin": "https://localhost"},
    {"Referer": "http://localhost/prescriptions"},
)
UP_TO = {"up_to": 1}


def _cookies(clinic: Callers, person: Viewer) -> list[Caller]:
    return [clinic.browser(person), clinic.htmx(person), clinic.json_browser(person)]


async def test_what_another_site_posts_is_refused(clinic: Callers, told: Told, store: Store) -> None:
    before = store.content()
    for route in ACTS:
        for caller in _cookies(clinic, route.who):
            for headers in FOREIGN[:1] + FOREIGN[4:5]:
                answer = await caller.post(route.at(told), route.body, **headers)
                assert answer.status == 403, (route.path, headers)
                assert "Set-Cookie" not in answer.headers, route.path
        answer.problem(403)
    assert store.content() == before


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_however_the_browser_says_so(clinic: Callers, headers: dict[str, str], store: Store) -> None:
    before = store.content()
    for caller in _cookies(clinic, AWA):
        assert (await caller.post("/notifications/read", UP_TO, **headers)).status == 403
    for where, body in SIGNED_OUT_ACTS.items():
        answer = await clinic.nobody().post(where, body, **headers)
        assert answer.status == 403
        assert "Set-Cookie" not in answer.headers
    assert store.content() == before


@pytest.mark.parametrize("headers", OWN, ids=str)
async def test_our_own_pages_may(clinic: Callers, headers: dict[str, str]) -> None:
    assert (await clinic.json_browser(AWA).post("/notifications/read", UP_TO, **headers)).status == 200
    assert (await clinic.nobody().post("/sign-in", SIGNED_OUT_ACTS["/sign-in"], **headers)).status == 303


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_bearer_token_may_from_anywhere(clinic: Callers, headers: dict[str, str]) -> None:
    assert (await clinic.program(AWA).post("/notifications/read", UP_TO, **headers)).status == 200


@pytest.mark.parametrize("scheme", ["Basic x", "Bearer", "bearerx y", "Digest bearer x", ""])
async def test_another_scheme_beside_the_cookie_does_not_excuse(clinic: Callers, scheme: str, store: Store) -> None:
    before = store.content()
    answer = await clinic.json_browser(AWA).post(
        "/notifications/read", UP_TO, Authorization=scheme, Sec_Fetch_Site="cross-site"
    )
    answer.problem(403)
    assert store.content() == before


async def test_nor_does_a_bad_token_lend_the_cookie_its_excuse(clinic: Callers, store: Store) -> None:
    before = store.content()
    answer = await clinic.json_browser(AWA).post(
        "/notifications/read", UP_TO, Authorization="Bearer forged", Sec_Fetch_Site="cross-site"
    )
    answer.problem(401)
    assert store.content() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_every_unsafe_method_is_refused(clinic: Callers, method: str) -> None:
    assert (await clinic.json_browser(AWA).ask(method, "/me", Sec_Fetch_Site="cross-site")).status in (403, 405)


async def test_a_link_from_another_site_opens_the_page(clinic: Callers, told: Told) -> None:
    for route in READS:
        answer = await clinic.browser(route.who).get(route.at(told), Sec_Fetch_Site="cross-site")
        assert answer.status == 200


NONE_OF_THE_THREE = {"Sec_Fetch_Site": ""}


async def test_a_form_that_does_not_say_where_it_comes_from_is_refused(clinic: Callers, store: Store) -> None:
    before = store.content()
    for caller in (clinic.browser(AWA), clinic.htmx(AWA)):
        assert (await caller.post("/notifications/read", UP_TO, **NONE_OF_THE_THREE)).status == 403
    for where, body in SIGNED_OUT_ACTS.items():
        if where != "/api/token":  # it gives no cookie
            assert (await clinic.nobody().post(where, body, **NONE_OF_THE_THREE)).status == 403
    assert store.content() == before


async def test_a_program_that_sends_or_asks_for_json_needs_not_say(clinic: Callers) -> None:
    form = "email=awa@example.sn&password=une+phrase+de+passe"
    answer = await clinic.nobody(json=True).post("/api/token", form, Content_Type="application/x-www-form-urlencoded")
    assert answer.status in (200, 401, 422)
    assert (await clinic.json_browser(AWA).post("/notifications/read", UP_TO)).status == 200
