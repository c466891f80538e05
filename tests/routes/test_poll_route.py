"""GET /notifications/poll: the same events as the stream, once; and what is not activity."""

import asyncio
import re
import threading
from heapq import heapify, heapreplace
from random import Random

import pytest
from callers import Answer, Callers
from cast import ADMIN, AWA, CAST, DIOP, FALL, GOMIS, MOUSSA, NDIAYE, SARR
from store import Clock, Store
from told import Told

from fadjma import events
from fadjma.events import Subject
from fadjma.events.catalogue import MESSAGES
from fadjma.identity.people import Viewer
from fadjma.live.figures import Figures, Poller
from fadjma.live.poll import POLLS_PER_SECOND, TOO_MANY_WAITING, USUAL_PACE, pace
from fadjma.live.replay import LIMIT

STREAM = "text/event-stream"


def _cursor(store: Store, person: Viewer) -> int:
    cursor: int = store.value("SELECT last_seq FROM inboxes WHERE user_id = ?", person.id)
    return cursor


def _events(answer: Answer) -> list[dict[str, str]]:
    """The events of a text/event-stream, each as its fields; a second `data:` is a second line."""
    events = []
    for block in answer.text.split("\n\n")[:-1]:
        event: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            event[name] = f"{event[name]}\n{value}" if name in event else value
        events.append(event)
    return events


class TestNothingNew:
    @pytest.mark.parametrize("person", CAST)
    async def test_costs_an_empty_204(self, clinic: Callers, store: Store, person: Viewer) -> None:
        for caller in (clinic.program(person), clinic.browser(person)):
            for accept in ("application/json", STREAM):
                answer = await caller.get(f"/notifications/poll?after={_cursor(store, person)}", Accept=accept)
                assert (answer.status, answer.body) == (204, b"")
                assert answer.headers["Cache-Control"] == "no-store"


class TestJson:
    async def test_an_event_is_what_the_contract_says(self, clinic: Callers, store: Store) -> None:
        before = _cursor(store, MOUSSA)
        made = await clinic.program(DIOP).post("/access-requests", {"patient_id": MOUSSA.id, "reason": "Suivi"})
        answer = await clinic.program(MOUSSA).get(f"/notifications/poll?after={before}")
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        [event] = answer.json["events"]
        assert event == {
            "seq": before + 1,
            "type": "new_access_request",
            "message": MESSAGES["access.requested"],
            "subject": {"kind": "access_request", "id": made.json["id"]},
            "created_at": event["created_at"],
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["created_at"])
        assert answer.json["cursor"] == before + 1

    async def test_what_one_has_done_oneself_has_no_message(self, clinic: Callers, store: Store) -> None:
        before = _cursor(store, DIOP)
        await clinic.program(DIOP).post("/access-requests", {"patient_id": MOUSSA.id, "reason": "Suivi"})
        [event] = (await clinic.program(DIOP).get(f"/notifications/poll?after={before}")).json["events"]
        assert event["message"] is None

    @pytest.mark.parametrize("person", [AWA, DIOP, NDIAYE, GOMIS, SARR, FALL, ADMIN])
    async def test_the_numbers_have_no_hole(self, clinic: Callers, store: Store, person: Viewer) -> None:
        seen: list[int] = []
        while not seen or seen[-1] < _cursor(store, person):
            found = (await clinic.program(person).get(f"/notifications/poll?after={seen[-1] if seen else 0}")).json
            assert found["events"] and found["cursor"] == found["events"][-1]["seq"]
            seen += [event["seq"] for event in found["events"]]
        assert seen == list(range(1, _cursor(store, person) + 1))

    async def test_without_a_cursor_it_begins_at_the_first(self, clinic: Callers) -> None:
        found = (await clinic.program(AWA).get("/notifications/poll")).json
        assert found["events"][0]["seq"] == 1

    async def test_it_speaks_the_persons_language(self, clinic: Callers) -> None:
        await clinic.program(AWA).post("/language", {"language": "en"})
        found = (await clinic.program(AWA).get("/notifications/poll?after=0")).json
        texts = {event["message"] for event in found["events"]} - {None}
        assert not texts & set(MESSAGES.values())

    async def test_a_long_absence_comes_in_parts_and_whole(self, clinic: Callers, store: Store) -> None:
        _tell_often(store, AWA, 3 * LIMIT)
        seen, cursor = [], 0
        while (answer := await clinic.program(AWA).get(f"/notifications/poll?after={cursor}")).status == 200:
            assert len(answer.json["events"]) <= LIMIT
            seen += [event["seq"] for event in answer.json["events"]]
            cursor = answer.json["cursor"]
        assert seen == list(range(1, _cursor(store, AWA) + 1))

    async def test_a_cursor_from_the_future_is_reset(self, clinic: Callers, store: Store) -> None:
        now = _cursor(store, AWA)
        answer = await clinic.program(AWA).get(f"/notifications/poll?after={now + 1}")
        assert answer.json == {"events": [], "cursor": now, "reset": True}


class TestAsTheStreamsText:
    async def test_the_same_events_with_what_a_page_shows(self, clinic: Callers, store: Store, told: Told) -> None:
        before = _cursor(store, AWA)
        await clinic.program(NDIAYE).post(f"/prescriptions/{told.issued}/validation")
        answer = await clinic.browser(AWA).get(f"/notifications/poll?after={before}&user=awa", Accept=STREAM)
        assert answer.status == 200
        assert answer.type.startswith(STREAM)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "\r" not in answer.text
        [event] = _events(answer)
        assert (event["event"], event["id"]) == ("prescription_status_changed", str(before + 1))
        assert (
            f"<a class=toast href=/prescriptions/{told.issued} data-again>{MESSAGES['prescription.validated']}</a>"
            in event["data"]
        ), "Awa has not read yet that it was issued"
        assert f"<li id=p{told.issued}" in event["data"]

    async def test_what_was_missed_comes_in_order(self, clinic: Callers, store: Store) -> None:
        events = _events(await clinic.browser(AWA).get("/notifications/poll?after=0", Accept=STREAM))
        assert [int(event["id"]) for event in events] == list(range(1, _cursor(store, AWA) + 1))

    async def test_too_much_is_one_reset_that_says_how_much(self, clinic: Callers, store: Store) -> None:
        _tell_often(store, AWA, LIMIT)
        now = _cursor(store, AWA)
        [event] = _events(await clinic.browser(AWA).get("/notifications/poll?after=0", Accept=STREAM))
        assert event == {"id": str(now), "event": "reset", "data": str(now)}

    async def test_a_cursor_from_the_future_is_reset(self, clinic: Callers, store: Store) -> None:
        now = _cursor(store, AWA)
        [event] = _events(await clinic.browser(AWA).get(f"/notifications/poll?after={now + 7}", Accept=STREAM))
        assert event == {"id": str(now), "event": "reset", "data": "0"}

    @pytest.mark.parametrize("accept", [STREAM, "application/json"])
    async def test_an_old_tab_does_not_follow_whoever_signed_in_after(self, clinic: Callers, accept: str) -> None:
        answer = await clinic.browser(DIOP).get("/notifications/poll?after=0&user=awa", Accept=accept)
        assert answer.status == 403
        assert b"toast" not in answer.body


class TestTheInbox:
    async def test_reading_up_to_a_number_leaves_what_came_later(self, clinic: Callers, store: Store) -> None:
        items = (await clinic.program(AWA).get("/notifications")).json["items"]
        middle = items[len(items) // 2]["seq"]
        answer = await clinic.program(AWA).post("/notifications/read", {"up_to": middle})
        assert all(item["read"] == (item["seq"] <= middle) for item in answer.json["items"])
        assert store.value("SELECT max(seq) FROM notifications WHERE user_id = 'awa' AND read_at IS NOT NULL") <= middle

    async def test_the_other_tabs_hear_of_it(self, clinic: Callers, store: Store) -> None:
        before = _cursor(store, AWA)
        await clinic.browser(AWA).post("/notifications/read", {"up_to": before})
        [event] = (await clinic.program(AWA).get(f"/notifications/poll?after={before}")).json["events"]
        assert (event["message"], event["subject"]["kind"]) == (None, "inbox")

    async def test_the_bell_counts_what_is_unread(self, clinic: Callers, store: Store) -> None:
        unread = store.rows(
            "SELECT DISTINCT subject_kind, subject_id FROM notifications "
            "WHERE user_id = 'awa' AND read_at IS NULL AND message IS NOT NULL"
        )
        assert f'<b id="unread">{len(unread)}</b>' in (await clinic.browser(AWA).get("/")).text
        lines = (await clinic.program(AWA).get("/notifications")).json["items"]
        assert sum(not line["read"] for line in lines) == len(unread)
        assert (await clinic.browser(AWA).get("/notifications")).text.count("Non lu<") == len(unread)
        await clinic.browser(AWA).post("/notifications/read", {"up_to": _cursor(store, AWA)})
        assert '<b id="unread" hidden>0</b>' in (await clinic.browser(AWA).get("/")).text

    async def test_a_page_after_a_refusal_still_counts(self, clinic: Callers, told: Told) -> None:
        page = await clinic.browser(AWA).post(f"/access-requests/{told.granted}/rejection", {})
        assert page.status == 409
        assert '<b id="unread">' in page.text

    async def test_nobody_reads_for_somebody_else(self, clinic: Callers, store: Store) -> None:
        unread = "SELECT count(*) FROM notifications WHERE user_id = 'awa' AND read_at IS NULL"
        before = store.value(unread)
        await clinic.program(DIOP).post("/notifications/read", {"up_to": 10**6, "user_id": "awa", "id": "awa"})
        assert store.value(unread) == before


class TestActivity:
    """Background polls that kept a session alive for 48 hours elsewhere (docs/clinic.md, “Sessions and passwords”)."""

    IDLE = ((AWA, 30), (DIOP, 15), (NDIAYE, 15), (ADMIN, 15))
    BY_ITSELF = (
        ("/notifications/poll?after=0", {"Accept": STREAM}),
        ("/notifications/poll?after=0", {"Accept": "application/json"}),
        ("/", {"X_Live": "1"}),
        ("/notifications", {"X_Live": "1"}),
        ("/sessions", {"X_Live": "1"}),
    )

    @pytest.mark.parametrize(("where", "headers"), BY_ITSELF)
    @pytest.mark.parametrize(("person", "minutes"), IDLE)
    async def test_what_a_page_does_by_itself_keeps_no_session_alive(
        self,
        clinic: Callers,
        clock: Clock,
        person: Viewer,
        minutes: int,
        where: str,
        headers: dict[str, str],
    ) -> None:
        browser = clinic.browser(person)
        for _ in range(minutes // 5 - 1):
            clock.advance(minutes=5)
            assert (await browser.get(where, **headers)).status == 200
        clock.advance(minutes=5)
        assert (await browser.get("/me")).status == (303 if person == AWA else 423)

    async def test_nor_does_an_open_file_that_follows(self, clinic: Callers, clock: Clock, told: Told) -> None:
        browser = clinic.browser(DIOP)
        for _ in range(2):
            clock.advance(minutes=5)
            for where in ("/patients/awa/records", f"/records/{told.record}", f"/prescriptions/{told.ready}"):
                assert (await browser.get(where, X_Live="1", HX_Request="true")).status == 200
        clock.advance(minutes=5)
        assert (await browser.get("/patients/awa/records")).status == 423

    @pytest.mark.parametrize("where", ["/", "/patients/awa/records", "/notifications"])
    async def test_opening_a_page_does(self, clinic: Callers, clock: Clock, where: str) -> None:
        browser = clinic.browser(AWA)
        for _ in range(6):
            clock.advance(minutes=29)
            assert (await browser.get(where)).status == 200

    async def test_so_does_an_act(self, clinic: Callers, clock: Clock) -> None:
        for _ in range(6):
            clock.advance(minutes=29)
            assert (await clinic.browser(AWA).post("/notifications/read", {"up_to": 1})).status == 303

    async def test_so_does_looking_for_a_patient(self, clinic: Callers, clock: Clock) -> None:
        for _ in range(6):
            clock.advance(minutes=14)
            assert (await clinic.browser(DIOP).get("/patients?q=FJ-3PZ9T-8R1BC")).status == 200

    async def test_a_token_has_no_idle_time_and_ends_after_twelve_hours(self, clinic: Callers, clock: Clock) -> None:
        body = {"email": "dr.diop@demo.fadjma", "password": "demo-fadjma-2026"}
        token = (await clinic.nobody(json=True).post("/api/token", body)).json["access_token"]
        clock.advance(hours=12, milliseconds=-1)
        assert (await clinic.bearer(token).get("/me")).status == 200
        clock.advance(milliseconds=1)
        (await clinic.bearer(token).get("/me")).problem(401)


class TestUnderLoad:
    async def test_who_comes_while_much_waits_is_sent_away_and_loses_nothing(
        self, clinic: Callers, store: Store
    ) -> None:
        database, go_on = clinic.app.extensions["database"], threading.Event()
        before = _cursor(store, AWA)
        _tell_often(store, AWA, 1)
        address = f"/notifications/poll?after={before}"
        waiting = [asyncio.create_task(database.read(lambda tx: go_on.wait(5))) for _ in range(TOO_MANY_WAITING + 1)]
        await asyncio.sleep(0)
        answer = await clinic.program(AWA).get(address)
        go_on.set()
        await asyncio.gather(*waiting)
        assert (answer.status, answer.body) == (503, b"")
        assert USUAL_PACE <= int(answer.headers["Retry-After"]) <= 1.5 * USUAL_PACE
        assert [event["seq"] for event in (await clinic.program(AWA).get(address)).json["events"]] == [before + 1]

    @pytest.mark.parametrize("fresh", [False, True], ids=["nothing new", "something new"])
    async def test_when_many_poll_each_is_asked_to_come_less_often(
        self, clinic: Callers, store: Store, monkeypatch: pytest.MonkeyPatch, fresh: bool
    ) -> None:
        hub = clinic.app.extensions["hub"]
        monkeypatch.setattr(hub, "figures", Figures())
        address = f"/notifications/poll?after={_cursor(store, AWA) - fresh}"

        async def asked(pollers: int) -> str | None:
            while hub.figures.pollers.count() < pollers:
                hub.figures.pollers.note(f"session {hub.figures.pollers.count()}", Poller("someone", "patient"))
            answer = await clinic.program(AWA).get(address)
            assert answer.status == (200 if fresh else 204)
            return answer.headers.get("Retry-After")

        assert await asked(USUAL_PACE * POLLS_PER_SECOND) is None
        paces = {int(await asked(40 * POLLS_PER_SECOND) or 0) for _ in range(30)}
        assert min(paces) >= 40 and max(paces) <= 61 and len(paces) > 5, "spread against a herd"


@pytest.mark.long
def test_pollers_that_are_asked_to_wait_longer_than_a_minute_are_still_counted() -> None:
    """Ten thousand who obey: were they forgotten meanwhile, they would be asked to come back too soon."""
    now, rng = 0.0, Random(1)
    figures = Figures(lambda: now)
    due = [(rng.random() * USUAL_PACE, f"session {n}") for n in range(10_000)]
    heapify(due)
    polls = 0
    while (next_at := due[0][0]) < 1_800:
        now, session = next_at, due[0][1]
        wait = pace(figures)
        figures.pollers.note(session, Poller("someone", "patient"))
        polls += now > 900
        heapreplace(due, (now + wait + rng.random() * wait / 2, session))
    assert polls / 900 < 1.1 * POLLS_PER_SECOND
    assert figures.pollers.count() == 10_000


def _tell_often(store: Store, person: Viewer, times: int) -> None:
    for _ in range(times):
        store.write(events.notify, [person.id], "notification", "record.read", Subject("patient", "awa"))
