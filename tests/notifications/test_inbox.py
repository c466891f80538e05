"""The inbox: newest first, unread counted, grouped, read on every device at once; and the queue that streams replay."""

import pytest
from cast import AWA, CAST, DIOP, MOUSSA, SARR
from steps import ask, grant
from store import Clock, Store

from fadjma import events
from fadjma.access import actions as access
from fadjma.events import Announcement, Subject, inbox
from fadjma.records import actions as records
from fadjma.store import Transaction


def _notify(tx: Transaction, subject: str = "one", message: str | None = "access.requested", times: int = 1) -> None:
    for _ in range(times):
        events.notify(tx, [AWA.id], "new_access_request", message, Subject("access_request", subject))


def _unread(store: Store) -> int:
    return store.read(inbox.state, AWA.id).unread


def _shown(store: Store) -> list[tuple[int, int, bool]]:
    return [(item.seq, item.times, item.read) for item in store.read(inbox.browse, AWA).items]


def test_an_empty_inbox_is_at_zero(store: Store) -> None:
    assert store.read(inbox.state, AWA.id) == inbox.State(cursor=0, unread=0)
    assert store.read(inbox.browse, AWA).items == []


def test_the_newest_comes_first(store: Store) -> None:
    for subject in ("one", "two", "three"):
        store.write(_notify, subject)
    assert _shown(store) == [(3, 1, False), (2, 1, False), (1, 1, False)]


def test_what_one_did_oneself_is_not_in_ones_inbox_but_moves_the_cursor(store: Store) -> None:
    ask(store)
    assert store.read(inbox.browse, DIOP).items == []
    assert store.read(inbox.state, DIOP.id) == inbox.State(cursor=1, unread=0)


def test_unread_ones_about_the_same_thing_are_one_line(store: Store) -> None:
    store.write(_notify, "one", times=3)
    store.write(_notify, "two")
    store.write(_notify, "one")
    assert _shown(store) == [(5, 4, False), (4, 1, False)]
    assert _unread(store) == 2


def test_what_was_read_is_a_line_of_its_own_and_news_begins_another(store: Store) -> None:
    store.write(_notify, times=2)
    store.write(inbox.read_up_to, AWA, 2)
    store.write(_notify, times=3)
    assert _shown(store) == [(6, 3, False), (2, 2, True)]
    assert _unread(store) == 1


def test_news_of_a_thing_of_two_pages_ago_is_still_one_line(store: Store) -> None:
    store.write(_notify, "long ago")
    for number in range(2 * inbox.PAGE):
        store.write(_notify, f"subject {number}")
    store.write(_notify, "long ago")
    lines, before = [], None
    while True:
        page = store.read(inbox.browse, AWA, before)
        lines += [(item.subject.id, item.times) for item in page.items]
        if (before := page.next) is None:
            break
    assert lines == [("long ago", 2), *((f"subject {number}", 1) for number in reversed(range(2 * inbox.PAGE)))]
    assert _unread(store) == 100


def test_two_things_of_one_id_are_two_lines(store: Store) -> None:
    for kind in ("record", "prescription"):
        store.write(events.notify, [AWA.id], "notification", "record.read", Subject(kind, "one"))
    assert _unread(store) == 2


def test_news_for_many_is_folded_for_those_who_have_unread_news_of_it(store: Store) -> None:
    """And the hub is told for whom."""
    store.write(events.notify, [AWA.id, DIOP.id], "notification", "record.read", Subject("record", "one"))
    store.write(inbox.read_up_to, DIOP, 1)
    store.announced.clear()
    store.write(events.notify, [AWA.id, DIOP.id, SARR.id], "notification", "record.read", Subject("record", "one"))
    [announced] = [said for said in store.announced if isinstance(said, Announcement)]
    assert announced.times == {AWA.id: 2}
    assert [store.read(inbox.browse, person).items[0].times for person in (AWA, DIOP, SARR)] == [2, 1, 1]


def test_of_more_people_than_a_statement_takes_each_has_one_line(store: Store) -> None:
    """The first and the last, and all between."""
    people = [f"patient {number:04d}" for number in range(900)]
    columns = "id, role, status, phone, password_hash, given_name, family_name, created_at"
    store.connection.executemany(
        f"INSERT INTO users ({columns}) VALUES (?, 'patient', 'active', '+221770000000', '', 'A', 'B', 0)",
        [(person,) for person in people],
    )
    store.connection.executemany("INSERT INTO inboxes (user_id) VALUES (?)", [(person,) for person in people])
    for _ in range(2):
        store.write(events.notify, people, "notification", "record.read", Subject("record", "one"))
    assert {store.read(inbox.unread, person) for person in people} == {1}
    assert store.value("SELECT count(*) FROM notifications WHERE times = 2 AND folded = 0") == len(people)


def test_what_only_moves_the_page_folds_nothing(store: Store) -> None:
    store.write(_notify)
    store.write(_notify, message=None)
    assert _shown(store) == [(1, 1, False)]
    assert store.read(inbox.after, AWA.id, 1, 9)[0].times == 1


def test_the_database_takes_no_second_unread_line_about_a_thing(store: Store) -> None:
    store.write(_notify, times=2)
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        store.connection.execute("UPDATE notifications SET folded = 0")


def test_silent_ones_are_not_counted(store: Store) -> None:
    store.write(_notify, message=None)
    assert _unread(store) == 0


class TestReading:
    def test_up_to_a_number_leaves_what_came_later(self, store: Store) -> None:
        for number in range(5):
            store.write(_notify, f"subject {number}")
        store.write(inbox.read_up_to, AWA, 3)
        assert _unread(store) == 2

    def test_a_line_that_has_changed_since_it_was_looked_at_stays_unread(self, store: Store) -> None:
        store.write(_notify, times=3)
        assert store.news(inbox.read_up_to, AWA, 2) == {}
        assert _shown(store) == [(3, 3, False)]

    def test_it_reads_all_older_ones_whatever_was_folded(self, store: Store) -> None:
        for subject in ("one", "two", "one", "three", "one"):
            store.write(_notify, subject)
        store.write(inbox.read_up_to, AWA, 5)
        assert _unread(store) == 0
        assert _shown(store) == [(5, 3, True), (4, 1, True), (2, 1, True)]
        assert store.value("SELECT count(*) FROM notifications WHERE message IS NOT NULL AND read_at IS NULL") == 0

    def test_the_other_devices_follow_silently(self, store: Store) -> None:
        store.write(_notify)
        assert store.news(inbox.read_up_to, AWA, 1) == {AWA.id: [None]}
        followed = store.read(inbox.after, AWA.id, 1, 10)
        assert [(one.type, one.subject) for one in followed] == [("notification", Subject("inbox", AWA.id))]

    def test_reading_what_is_read_changes_nothing(self, store: Store) -> None:
        store.write(_notify)
        store.write(inbox.read_up_to, AWA, 1)
        before = store.content()
        assert store.news(inbox.read_up_to, AWA, 1) == {}
        assert store.content() == before

    def test_everything_there_will_ever_be_is_not_read_in_advance(self, store: Store) -> None:
        store.write(_notify)
        store.write(inbox.read_up_to, AWA, 2**53)
        store.write(_notify)
        assert _unread(store) == 1

    def test_when_it_was_read_does_not_change_afterwards(self, store: Store, clock: Clock) -> None:
        store.write(_notify)
        store.write(inbox.read_up_to, AWA, 1)
        read_at = clock()
        clock.advance(hours=1)
        store.write(_notify)
        store.write(inbox.read_up_to, AWA, 9)
        assert store.rows("SELECT read_at FROM notifications WHERE seq = 1") == [(read_at,)]

    def test_nobody_reads_for_somebody_else(self, store: Store) -> None:
        store.write(_notify)
        for person in CAST:
            if person is not AWA:
                assert store.news(inbox.read_up_to, person, 9) == {}
                assert store.read(inbox.browse, person).items == []
        assert _unread(store) == 1


def test_pages_follow_one_another_without_gap_or_repetition(store: Store) -> None:
    for number in range(inbox.PAGE + 7):
        store.write(_notify, f"subject {number}")
    first = store.read(inbox.browse, AWA)
    second = store.read(inbox.browse, AWA, first.next)
    seqs = [item.seq for item in (*first.items, *second.items)]
    assert seqs == list(range(inbox.PAGE + 7, 0, -1))
    assert second.next is None
    assert first.json("fr")["next"] == first.next


class TestTheQueue:
    def test_what_came_after_a_number_comes_in_order_and_in_portions(self, store: Store) -> None:
        store.write(_notify, times=7)
        assert [one.seq for one in store.read(inbox.after, AWA.id, 2, 3)] == [3, 4, 5]
        assert [one.seq for one in store.read(inbox.after, AWA.id, 5, 3)] == [6, 7]
        assert store.read(inbox.after, AWA.id, 7, 3) == []

    def test_it_has_what_is_read_and_what_is_silent_too(self, store: Store) -> None:
        store.write(_notify)
        store.write(_notify, message=None)
        store.write(inbox.read_up_to, AWA, 1)
        assert [(one.seq, one.message, one.read) for one in store.read(inbox.after, AWA.id, 0, 9)] == [
            (1, "access.requested", True),
            (2, None, False),
            (3, None, False),
        ]

    def test_it_has_every_one_that_was_folded(self, store: Store) -> None:
        store.write(_notify, times=3)
        assert [(one.seq, one.times) for one in store.read(inbox.after, AWA.id, 0, 9)] == [(1, 1), (2, 2), (3, 3)]

    @pytest.mark.sqlite_only
    def test_it_finds_its_place_by_the_index(self, store: Store) -> None:
        [(_, _, _, plan)] = store.rows(
            "EXPLAIN QUERY PLAN SELECT * FROM notifications WHERE user_id = 'awa' AND seq > 5 ORDER BY seq LIMIT 9"
        )
        assert "USING INDEX" in plan
        assert "seq>?" in plan

    def test_cursors_are_asked_for_many_at_once(self, store: Store) -> None:
        store.write(_notify, times=2)
        ask(store, SARR, MOUSSA)
        people = [person.id for person in CAST] + [f"unknown {number}" for number in range(1_100)]
        assert store.read(inbox.cursors, people) == {
            **{person.id: 0 for person in CAST},
            AWA.id: 2,
            SARR.id: 1,
            MOUSSA.id: 1,
        }


def test_the_hub_hears_the_number_that_is_stored(store: Store) -> None:
    grant(store)
    store.announced.clear()
    store.write(records.open_file, DIOP, AWA.id)
    [announced] = [said for said in store.announced if isinstance(said, Announcement)]
    stored = store.read(inbox.after, AWA.id, 0, 9)[-1]
    assert announced.recipients == {AWA.id: stored.seq}
    assert (announced.type, announced.message, announced.subject) == (stored.type, stored.message, stored.subject)


def test_an_event_reads_the_same_for_every_program(store: Store) -> None:
    request_id = ask(store)
    [event] = store.read(inbox.after, AWA.id, 0, 9)
    assert event.json("fr") == {
        "seq": 1,
        "type": "new_access_request",
        "message": "Un médecin demande l'accès à votre dossier",
        "subject": {"kind": "access_request", "id": request_id},
        "created_at": "2026-03-02T09:00:00.000Z",
    }
    store.write(access.withdraw, DIOP, request_id)
    [own, _] = store.read(inbox.after, DIOP.id, 0, 9)
    assert own.json("fr")["message"] is None
    [_, again] = store.read(inbox.after, AWA.id, 0, 9)
    assert again.json("fr")["times"] == 2, "it stands for both, in the inbox"


@pytest.mark.parametrize(
    "sql", ["UPDATE notifications SET seq = 1", "INSERT INTO notifications SELECT * FROM notifications"]
)
def test_a_number_is_used_once(store: Store, sql: str) -> None:
    store.write(_notify, times=2)
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        store.connection.execute(sql)
