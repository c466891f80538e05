"""Announcements: one row is published, and people are told in steps; withdrawn, whoever was told is told that."""

from collections.abc import Callable

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, GASSAMA, GOMIS, MOUSSA, NDIAYE, SARR, THIAM
from store import Clock, Store, refused_by_database

from fadjma.announcements import actions, queries
from fadjma.announcements.queries import AUDIENCES, Audience
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, Forbidden, NotFound

FOR: dict[Audience, tuple[Viewer, ...]] = {
    "everybody": CAST,
    "patients": (AWA, MOUSSA),
    "doctors": (DIOP, SARR),
    "nurses": (GASSAMA,),
    "receptionists": (THIAM,),
    "pharmacists": (NDIAYE, GOMIS, FALL),
}


@pytest.fixture
def publish(store: Store, clock: Clock) -> Callable[[Audience], str]:
    def published(audience: Audience) -> str:
        clock.advance(minutes=1)
        return store.write(actions.publish, ADMIN, audience=audience, title="Coupure", body="Samedi de 8h à 10h")

    return published


def _tell_all(store: Store, limit: int = 2) -> list[int]:
    """The steps, until there is nobody left."""
    steps = [store.write(actions.tell_some, limit)]
    while steps[-1] == limit:
        steps.append(store.write(actions.tell_some, limit))
    return steps


def _told(store: Store) -> set[str]:
    sql = "SELECT user_id FROM notifications WHERE message LIKE 'announcement.%' AND folded = 0"
    return {person for (person,) in store.rows(sql)}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_all_of_its_audience_are_told_once_and_nobody_else(
    store: Store, publish: Callable[[Audience], str], audience: Audience
) -> None:
    announcement = publish(audience)
    assert _told(store) == set(), "publishing writes one row"
    steps = _tell_all(store)
    assert max(steps) <= 2, "no step is larger than it may be"
    assert _told(store) == {person.id for person in FOR[audience]}
    sql = "SELECT count(*) FROM notifications WHERE message = 'announcement.published' GROUP BY user_id"
    assert {count for (count,) in store.rows(sql)} == {1}
    shown = store.read(queries.announcement, ADMIN, announcement)
    assert (shown.told, shown.done) == (len(FOR[audience]), True)
    assert store.write(actions.tell_some, 2) == 0


def test_one_round_tells_all_that_waits(store: Store, publish: Callable[[Audience], str]) -> None:
    """The timekeeper goes on until a step tells fewer than it may."""
    waiting = [publish("patients"), publish("doctors")]
    _tell_all(store, limit=3)
    assert [store.read(queries.announcement, ADMIN, one).done for one in waiting] == [True, True]
    assert _told(store) == {person.id for person in (*FOR["patients"], *FOR["doctors"])}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_only_its_audience_and_admins_read_it(
    store: Store, publish: Callable[[Audience], str], audience: Audience
) -> None:
    announcement = publish(audience)
    for person in CAST:
        if person in (*FOR[audience], ADMIN):
            assert store.read(queries.announcement, person, announcement).body == "Samedi de 8h à 10h"
            assert [item.id for item in store.read(queries.announcements, person)] == [announcement]
        else:
            with pytest.raises(NotFound):
                store.read(queries.announcement, person, announcement)
            assert store.read(queries.announcements, person) == []


def test_withdrawn_it_is_read_by_nobody_and_whoever_was_told_is_told(
    store: Store, publish: Callable[[Audience], str]
) -> None:
    announcement = publish("everybody")
    store.write(actions.tell_some, 3)
    told = _told(store)
    assert len(told) == 3
    store.write(actions.withdraw, ADMIN, announcement)
    _tell_all(store)
    assert _told(store) == told, "nobody learns of it only now"
    for person in told:
        sql = "SELECT message, times FROM notifications WHERE user_id = ? AND message IS NOT NULL AND folded = 0"
        assert store.rows(sql, person) == [("announcement.withdrawn", 2)], "one line of the inbox, the newest"
    shown = store.read(queries.announcement, AWA, announcement)
    assert (shown.json("fr")["title"], shown.json("fr")["body"]) == (None, None)
    assert store.read(queries.announcement, ADMIN, announcement).json("fr")["title"] == "Coupure"
    with pytest.raises(Conflict) as refused:
        store.write(actions.withdraw, ADMIN, announcement)
    assert refused.value.current == "withdrawn"


def test_withdrawn_after_it_was_told_to_all(store: Store, publish: Callable[[Audience], str]) -> None:
    announcement = publish("doctors")
    _tell_all(store)
    store.write(actions.withdraw, ADMIN, announcement)
    _tell_all(store)
    assert store.told(DIOP)[-1] == store.told(SARR)[-1] == "announcement.withdrawn"
    assert store.read(queries.announcement, ADMIN, announcement).told == 2


def test_a_stop_in_the_middle_loses_and_repeats_nobody(store: Store, publish: Callable[[Audience], str]) -> None:
    publish("everybody")
    publish("patients")
    store.write(actions.tell_some, 3)
    with pytest.raises(ZeroDivisionError):
        store.write(lambda tx: actions.tell_some(tx, 3) // 0)
    while store.write(actions.tell_some, 3):
        pass
    sql = "SELECT count(*) FROM notifications WHERE message = 'announcement.published' GROUP BY user_id"
    assert sorted(count for (count,) in store.rows(sql)) == [1] * 8 + [2, 2]


@pytest.mark.parametrize("person", [person for person in CAST if person != ADMIN], ids=lambda person: person.id)
def test_only_admins_announce(store: Store, publish: Callable[[Audience], str], person: Viewer) -> None:
    announcement = publish("everybody")
    with pytest.raises(Forbidden):
        store.write(actions.publish, person, audience="patients", title="x", body="y")
    with pytest.raises(Forbidden):
        store.write(actions.withdraw, person, announcement)


def test_the_database_keeps_what_was_announced(store: Store, publish: Callable[[Audience], str]) -> None:
    publish("everybody")
    assert refused_by_database(store, "UPDATE announcements SET body = 'autre'")
    assert refused_by_database(store, "DELETE FROM announcements")
    assert refused_by_database(store, "UPDATE announcements SET status = 'withdrawn'")
