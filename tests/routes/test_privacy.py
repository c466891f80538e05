"""No clinical text, name, identifier or secret where it does not belong: titles, toasts, events, logs, addresses."""

import logging
import re
from typing import Any

import pytest
from callers import Callers, PageOf
from cast import ADMIN, AWA, CAST, EMAILS, IDENTIFIERS, MOUSSA, NDIAYE, PASSWORD, PHONES, SARR, THIAM, secret_of
from store import Store
from test_poll_route import STREAM, _events
from told import ACTS, BODY, PATIENT, PUBLIC, READS, REASON, RECORD, SIGNED_OUT_ACTS, TITLE, UNKNOWN, Route, Told

from fadjma.events.catalogue import MESSAGES
from fadjma.for_another import said
from fadjma.i18n import unbroken

NAMES = [name for person in CAST for name in (person.given_name, person.family_name)]
CLINICAL = [TITLE, BODY, REASON, "paracétamol", "insuline", "1 comprimé matin et soir", "Hypertension", "Suivi de la"]
CLINICAL += [
    str(RECORD["title"]),
    str(RECORD["body"]),
    "Dose à vérifier",
    "12 rue 6",
    "Médecine générale",
    "Consultation",
]
PERSONAL = [*NAMES, *IDENTIFIERS.values(), *EMAILS.values(), *PHONES.values(), "77 123 45 67", "Clinique Teranga"]
SECRET = [PASSWORD, str(PATIENT["password"]), "fadjma=", "eyJ", "$argon2", *(secret_of(person.id) for person in CAST)]


def _found(text: str, words: list[str]) -> list[str]:
    whole = {word: r"(?!\w)" if word in NAMES else "" for word in words}  # Ba is a name, bas is not
    return [word for word in words if re.search(rf"(?<!\w){re.escape(word)}{whole[word]}", text, re.IGNORECASE)]


SAID = {*MESSAGES.values(), *map(said, MESSAGES.values())}  # to the patient, and to whoever acts for them
WITHOUT_TITLE = ("/me", "/notifications/poll", "/medicines", "/posology", "/allergens", "/patients/awa/safety")


class TestTitles:
    @pytest.mark.parametrize("route", [route for route in READS if not route.path.startswith(WITHOUT_TITLE)])
    async def test_of_a_page_name_nobody_and_nothing(self, page_of: PageOf, route: Route) -> None:
        for person in {person.role: person for person in CAST if route.may(person)}.values():
            title = (await page_of(person, route)).title
            assert title.endswith(" – FADJMA")
            assert _found(title, [*PERSONAL, *CLINICAL]) == []
            assert not re.search(r"\d", title)

    async def test_of_a_refusal_either(self, clinic: Callers, told: Told) -> None:
        awa, sarr = clinic.browser(AWA), clinic.browser(SARR)
        for page in (
            await sarr.get("/patients/awa/records"),
            await awa.get(f"/prescriptions/{UNKNOWN}"),
            await awa.get("/nowhere/paracétamol"),
            await awa.post(f"/access-requests/{told.granted}/rejection", {}),
            await sarr.post("/access-requests", {"patient_id": "awa", "reason": ""}),
            await awa.get("/accounts"),
            await clinic.nobody().post("/sign-in", {"login": "awa@demo.fadjma", "password": "paracétamol"}),
        ):
            assert page.status >= 400
            assert _found(page.title, [*PERSONAL, *CLINICAL]) == []

    @pytest.mark.parametrize("where", PUBLIC[:3])
    async def test_of_what_anybody_may_see(self, clinic: Callers, where: str) -> None:
        assert (await clinic.nobody().get(where)).title.endswith(" – FADJMA")


async def _live_a_day(clinic: Callers, told: Told, every_way: bool) -> None:
    """Everybody does everything they may, in every way or in one by turns, and some of what they may not."""
    for turn, route in enumerate(READS):
        ways = (clinic.browser, clinic.htmx, clinic.program)
        for way in ways if every_way else (ways[turn % 3],):
            await way(route.who).get(route.at(told))
        others = (clinic.browser(MOUSSA), clinic.nobody())
        for other in others if every_way else (others[turn % 2],):
            await other.get(route.at(told))
    for turn, route in enumerate(ACTS):
        if route.path in ("/sign-out", "/language", "/accounts/moussa/deactivation"):
            continue
        sends = (clinic.program, clinic.browser)
        for way in sends if every_way else (sends[turn % 2],):
            await way(route.who).post(route.at(told), route.body)
        await clinic.program(MOUSSA).post(route.at(told), route.body)
        await clinic.program(route.who).post(route.at(told), {"reason": "", "title": TITLE * 20, "body": BODY})
    for where, body in SIGNED_OUT_ACTS.items():
        await clinic.nobody(json=True).post(where, body)
        await clinic.nobody(json=True).post(where, {**body, "password": f"{PASSWORD} wrong"})


async def test_a_day_of_everybody_names_nobody_in_the_log_and_says_no_more_than_the_catalogue_in_toasts(
    clinic: Callers, told: Told, caplog: pytest.LogCaptureFixture, every_way: bool
) -> None:
    with caplog.at_level(logging.DEBUG):
        await _live_a_day(clinic, told, every_way)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) > 100
    text = re.sub(r"/[a-z-]+/<[a-z_]+>\S*", "", "\n".join([caplog.text, *lines]))  # what a route is about is no secret
    assert _found(text, [*PERSONAL, *CLINICAL, *SECRET]) == []
    assert not [id for name, id in vars(told).items() if name != "news" and id in text]  # that is a number
    assert "q=" not in text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    await _toasts_say_no_more_than_the_catalogue(clinic)


async def _toasts_say_no_more_than_the_catalogue(clinic: Callers) -> None:
    texts = set()
    for person in CAST:
        texts |= {item["message"] for item in (await clinic.program(person).get("/notifications")).json["items"]}
        cursor = 0
        while (answer := await clinic.program(person).get(f"/notifications/poll?after={cursor}")).status == 200:
            for event in answer.json["events"]:
                assert event.keys() - {"times", "for"} == {"seq", "type", "message", "subject", "created_at"}
                assert event["subject"].keys() == {"kind", "id"}
                texts.add(event["message"])
            cursor = answer.json["cursor"]
            shown = await clinic.browser(person).get(f"/notifications/poll?after={cursor - 30}", Accept=STREAM)
            for event in _events(shown):
                for href, text in re.findall(
                    r"<a class=toast href=(\S+?)(?: data-again)?>(.*?)</a>", event.get("data", "")
                ):
                    of_stock = href.startswith("/inventory/products/")  # which says the product
                    texts.add(text.partition("\xa0: <bdi>")[0] if of_stock else text.replace("&#39;", "'"))
                    assert re.fullmatch(r"/[a-z-]+(/[\w-]+){0,2}(#p[\w-]+)?", href)
    texts.discard(None)
    assert len(texts) > 10
    assert texts <= set(map(unbroken, SAID))


class TestLogs:
    async def test_say_what_was_asked_of_which_route_and_how_it_ended(
        self, clinic: Callers, told: Told, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "fadjma.requests")
        await clinic.browser(NDIAYE).post(f"/prescriptions/{told.issued}/validation")
        [line] = [record.getMessage() for record in caplog.records if record.name == "fadjma.requests"]
        assert re.fullmatch(
            r"POST /prescriptions/<prescription_id>/validation 303 \d+\.\d ms"
            r" session=[0-9a-f]{10} address=[0-9a-f]{10}",
            line,
        )

    async def test_of_a_failure_carry_no_address_and_the_answer_no_trace(
        self, clinic: Callers, told: Told, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def break_down(*args: Any, **kwargs: Any) -> str:
            raise RuntimeError("broken on purpose")

        monkeypatch.setattr("fadjma.access.readings.trace", break_down)
        problem = (await clinic.program(AWA).get("/patients/awa/accesses?before=1~secret")).problem(500)
        page = await clinic.browser(AWA).get("/patients/awa/accesses?q=secret")
        assert page.status == 500
        for text in (str(problem), page.text):
            assert "broken on purpose" not in text
            assert "Traceback" not in text
            assert "RuntimeError" not in text
        assert "GET /patients/<patient_id>/accesses" in caplog.text
        assert "secret" not in caplog.text
        assert page.headers["Cache-Control"] == "no-store"

    async def test_a_failure_writes_nothing(
        self, clinic: Callers, told: Told, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def break_down(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("broken on purpose")

        monkeypatch.setattr("fadjma.events.recording._store", break_down)
        before = store.content()
        telling = [route for route in ACTS if route.path.startswith("/prescriptions") and not route.quiet]
        untold = ("/code", "/set", "/patient-copy")  # the last of who sees the code: nothing is printed
        for route in (route for route in telling if not route.path.endswith(untold)):
            (await clinic.program(route.who).post(route.at(told), route.body)).problem(500)
        assert store.content() == before


class TestToasts:
    def test_the_catalogue_names_nobody_and_nothing(self) -> None:
        words = [*NAMES, "médicament", "diagnostic", "allergie", "consultation", "vaccin", "cardio", "%("]
        assert [_found(text, words) for text in SAID if _found(text, words)] == []


class TestAddresses:
    async def test_an_act_leads_to_an_address_without_names(self, clinic: Callers, told: Told) -> None:
        for route in ACTS:
            location = (await clinic.browser(route.who).post(route.at(told), route.body)).location
            assert _found(location, [*IDENTIFIERS.values(), *NAMES[2:], *CLINICAL]) == []


class TestContacts:
    async def test_nobody_elses_telephone_or_address_is_in_any_page(
        self, clinic: Callers, told: Told, every_way: bool
    ) -> None:
        """In the page of one here, and in the JSON of the next, by turns."""
        for turn, route in enumerate(READS):
            those = [person for person in CAST if route.may(person) and person not in (ADMIN, THIAM)]
            for number, person in enumerate(those, turn):
                ways = (clinic.browser, clinic.program)
                for way in ways if every_way else (ways[number % 2],):
                    text = (await way(person).get(route.at(told))).text
                    others = [EMAILS[other.id] for other in CAST if other is not person]
                    assert _found(text, others) == [], (person.id, route.path)
                    # Whom a pharmacy has to call, because of what it handed over, it may call.
                    if person is not AWA and told.ready not in route.at(told) and "/recipients" not in route.path:
                        assert "77 123 45 67" not in text
                        assert PHONES[AWA.id] not in text
