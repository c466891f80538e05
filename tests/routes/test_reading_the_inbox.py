"""Whoever opens what news is about has read it; one line is read by hand; it is filtered, and shown by day."""

import re

import pytest
from callers import Callers
from cast import AWA, DIOP, GOMIS, MOUSSA, NDIAYE
from store import Clock, Store
from told import Told

from fadjma import events
from fadjma.events import Subject, inbox, subjects
from fadjma.identity.people import Viewer
from fadjma.store import Transaction


def _news(store: Store, person: Viewer, kind: str, id: str, times: int = 1) -> None:
    def notify(tx: Transaction) -> None:
        events.notify(tx, [person.id], "notification", "access.requested", Subject(kind, id))

    for _ in range(times):
        store.write(notify)


def _unread(store: Store, person: Viewer) -> set[str]:
    return {item.subject.id for item in store.read(inbox.browse, person).items if not item.read}


@pytest.fixture(autouse=True)
def empty(told: Told, store: Store) -> None:
    store.connection.execute("UPDATE notifications SET read_at = 1")


class TestOpening:
    @pytest.mark.parametrize("how", ["browser", "program"])
    async def test_the_page_or_its_json_reads_it_with_what_it_stands_for(
        self, clinic: Callers, told: Told, store: Store, how: str
    ) -> None:
        _news(store, AWA, "prescription", told.ready, 3)
        _news(store, AWA, "prescription", told.issued)
        answer = await getattr(clinic, how)(AWA).get(f"/prescriptions/{told.ready}")
        assert answer.status == 200
        assert _unread(store, AWA) == {told.issued}
        sql = "SELECT count(*) FROM notifications WHERE user_id = 'awa' AND subject_id = ? AND read_at IS NULL"
        assert store.value(sql, told.ready) == 0
        if how == "browser":
            assert '<b id="unread">1</b>' in answer.text, "the page that was opened counts without it"

    async def test_other_tabs_and_devices_are_told_by_the_same_push(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _news(store, AWA, "prescription", told.ready)
        cursor = store.read(inbox.cursor, AWA.id)
        page = await clinic.browser(AWA).get(f"/prescriptions/{told.ready}")
        [follows] = store.read(inbox.after, AWA.id, cursor, 9)
        assert (follows.seq, follows.message, follows.subject.kind) == (cursor + 1, None, subjects.INBOX)
        assert f'data-cursor="{cursor + 1}"' in page.text, "which this page has no need of"
        await clinic.browser(AWA).get(f"/prescriptions/{told.ready}")
        assert store.read(inbox.cursor, AWA.id) == cursor + 1, "nothing was unread the second time"

    @pytest.mark.parametrize("asked", ["?q=rien-de-tel", "?only=out", "?before=1-1"])
    async def test_a_part_of_a_list_has_not_shown_all_of_it(
        self, clinic: Callers, told: Told, store: Store, asked: str
    ) -> None:
        _news(store, NDIAYE, "product", told.record)
        await clinic.browser(NDIAYE).get(f"/inventory{asked}")
        assert _unread(store, NDIAYE) == {told.record}

    @pytest.mark.parametrize(
        ("person", "kind", "where"),
        [
            (AWA, "record", "/records/{record}"),
            (AWA, "measurement", "/measurements/{weight}"),
            (AWA, "patient", "/patients/{awa}/accesses"),
            (AWA, "access_request", "/access-requests/{granted}"),
            (AWA, "announcement", "/announcements/{announced}"),
            (AWA, "profile", "/account"),
            (DIOP, "review", "/access-requests/{explaining}"),
            (NDIAYE, "product", "/inventory/products/{product}"),
        ],
    )
    async def test_every_kind_by_its_own_page(
        self, clinic: Callers, told: Told, store: Store, person: Viewer, kind: str, where: str
    ) -> None:
        name = where.partition("{")[2].partition("}")[0]
        id = getattr(told, name, name or "whichever")
        _news(store, person, "access_request" if kind == "review" else kind, id)
        assert (await clinic.browser(person).get(where.replace(f"{{{name}}}", id))).status == 200
        assert _unread(store, person) == set()

    async def test_whoever_acts_on_it_has_read_it(self, clinic: Callers, told: Told, store: Store) -> None:
        for person in (NDIAYE, GOMIS):
            _news(store, person, "prescription", told.issued, 2)
        answer = await clinic.program(NDIAYE).post(f"/prescriptions/{told.issued}/validation")
        assert answer.status == 200
        assert _unread(store, NDIAYE) == set()
        assert told.issued in _unread(store, GOMIS)
        _news(store, AWA, "prescription", told.issued)
        refused = await clinic.program(AWA).post(f"/prescriptions/{told.issued}/preparation")
        assert refused.status == 403 and told.issued in _unread(store, AWA), "what changes nothing reads nothing"

    async def test_what_is_not_there_any_more_has_been_looked_at_too(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        _news(store, MOUSSA, "prescription", told.ready)
        assert (await clinic.browser(MOUSSA).get(f"/prescriptions/{told.ready}")).status == 404
        assert _unread(store, MOUSSA) == set()

    @pytest.mark.parametrize(
        "headers",
        [{"HX_Request": "true"}, {"HX_Request": "true", "X_Live": "1"}, {"X_Live": "1"}],
        ids=["a part of a page", "a page that follows", "a program of a page"],
    )
    async def test_what_a_page_asks_by_itself_reads_nothing(
        self, clinic: Callers, told: Told, store: Store, headers: dict[str, str]
    ) -> None:
        _news(store, NDIAYE, "prescription", told.ready)
        await clinic.browser(NDIAYE).get(f"/prescriptions/{told.ready}", **headers)
        await clinic.browser(NDIAYE).ask("HEAD", f"/prescriptions/{told.ready}")
        await clinic.browser(NDIAYE).get("/prescriptions")
        assert _unread(store, NDIAYE) == {told.ready}

    async def test_a_colleague_reads_for_themselves(self, clinic: Callers, told: Told, store: Store) -> None:
        for person in (NDIAYE, GOMIS):
            _news(store, person, "prescription", told.ready)
        await clinic.browser(NDIAYE).get(f"/prescriptions/{told.ready}")
        assert _unread(store, NDIAYE) == set()
        assert _unread(store, GOMIS) == {told.ready}

    async def test_it_is_shown_also_when_nothing_can_be_written(
        self, clinic: Callers, told: Told, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _news(store, AWA, "prescription", told.ready)
        monkeypatch.setattr(inbox, "read_subject", lambda *args: 1 / 0)
        assert (await clinic.browser(AWA).get(f"/prescriptions/{told.ready}")).status == 200
        assert _unread(store, AWA) == {told.ready}


class TestOne:
    async def test_it_is_read_by_hand_in_each_form(self, clinic: Callers, told: Told, store: Store) -> None:
        for id in ("one", "two", "three"):
            _news(store, AWA, "record", id, 2)
        last = store.read(inbox.cursor, AWA.id)
        answer = await clinic.program(AWA).post(f"/notifications/{last}/read")
        assert [item["read"] for item in answer.json["items"][:3]] == [True, False, False]
        assert (await clinic.browser(AWA).post(f"/notifications/{last - 2}/read")).location == "/notifications"
        assert _unread(store, AWA) == {"one"}
        assert (await clinic.program(AWA).post(f"/notifications/{last}/read")).status == 200, "again: it is read"

    @pytest.mark.parametrize("seq", ["0", "99999", "9007199254740991", "9" * 30, "x"])
    async def test_of_what_is_not_in_ones_inbox_nothing_is_read(self, clinic: Callers, told: Told, seq: str) -> None:
        assert (await clinic.program(AWA).post(f"/notifications/{seq}/read")).status == 404

    async def test_what_has_come_since_stays_unread(self, clinic: Callers, told: Told, store: Store) -> None:
        _news(store, AWA, "record", "one")
        seen = store.read(inbox.cursor, AWA.id)
        _news(store, AWA, "record", "one")
        assert (await clinic.program(AWA).post(f"/notifications/{seen}/read")).status == 200
        assert _unread(store, AWA) == {"one"}


class TestThePage:
    async def test_it_is_filtered_by_what_it_is_about(self, clinic: Callers, told: Told, store: Store) -> None:
        _news(store, AWA, "record", told.record)
        _news(store, AWA, "prescription", told.ready)
        for about, kinds in (
            ("records", {"record", "measurement", "export", "share"}),
            ("prescriptions", {"prescription"}),
        ):
            found = (await clinic.program(AWA).get(f"/notifications?about={about}")).json["items"]
            assert found and {item["subject"]["kind"] for item in found} <= kinds
        page = (await clinic.browser(AWA).get("/notifications?about=records")).text
        assert 'hx-get="/notifications?about=records"' in page, "an event does not fill it with the others"
        [read] = re.findall(r'action="(/notifications/\d+/read\?about=records)"', page)[:1]
        answer = await clinic.browser(AWA).post(read)
        assert answer.headers["Location"] == "/notifications?about=records"
        assert told.record in page and told.ready not in page.partition("<main")[2]
        assert "/notifications?about=stock" not in page, "a patient is told of none"

    async def test_of_one_day_there_is_one_line_about_one_thing(self, told: Told, store: Store, clock: Clock) -> None:
        clock.advance(days=2)
        for _ in range(2):
            _news(store, AWA, "record", told.record, 2)
            store.write(inbox.read_up_to, AWA, 2**53)
        _news(store, AWA, "record", told.record)
        clock.advance(days=1)
        _news(store, AWA, "access_request", told.granted)
        shown = store.read(inbox.browse, AWA)
        (_, today), (_, before), *_ = shown.days
        assert [(line.last.subject.id, line.times) for line in today] == [(told.granted, 1)]
        assert [(line.last.read, line.times) for line in before if line.last.subject.id == told.record] == [(False, 5)]
        assert len(shown.items) > sum(len(lines) for _, lines in shown.days), "programs have them all, as before"

    async def test_each_day_has_its_heading(self, clinic: Callers, told: Told, store: Store) -> None:
        _news(store, AWA, "record", told.record, 5)
        store.connection.execute("UPDATE notifications SET created_at = created_at - 86400000 WHERE read_at = 1")
        page = (await clinic.browser(AWA).get("/notifications")).text
        assert page.count("<h2>") == len(store.read(inbox.browse, AWA).days) > 1 and "5 fois" in page

    async def test_a_line_says_which_thing_in_each_form(self, clinic: Callers, told: Told, store: Store) -> None:
        for kind, id in (("access_request", told.granted), ("prescription", told.ready), ("profile", AWA.id)):
            _news(store, AWA, kind, id)
        items = (await clinic.program(AWA).get("/notifications")).json["items"][:3]
        assert [item["subject"].get("name") for item in items] == [None, "Paracétamol 500 mg", "Ousmane Diop"]
        page = (await clinic.browser(AWA).get("/notifications")).text
        assert "Dr <bdi>Ousmane Diop</bdi> · Un médecin demande" in page
        assert "<bdi>Paracétamol 500 mg</bdi> · " in page

    def test_every_kind_of_news_can_be_filtered(self) -> None:
        assert {kind.about for kind in subjects.kinds()} == subjects.ABOUT.keys()
