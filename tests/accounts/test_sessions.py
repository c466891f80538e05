"""How long sessions live on shared machines, and how they end at once (docs/clinic.md, “Sessions and passwords”)."""

from dataclasses import replace

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, MOUSSA, NDIAYE, secret_of
from store import Clock, Store

from fadjma.accounts import actions
from fadjma.identity import sessions
from fadjma.identity.people import Viewer
from fadjma.identity.sessions import SessionsEnded
from fadjma.refusals import NotFound

STAFF = [DIOP, NDIAYE, ADMIN]
IDLE = [(AWA, 30)]


def _alive(store: Store, person: Viewer) -> bool:
    return store.read(sessions.viewer, secret_of(person.id)) is not None


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.id)
def test_a_session_says_who_one_is_and_where_one_acts(store: Store, person: Viewer) -> None:
    found = store.read(sessions.viewer, secret_of(person.id))
    assert found is not None
    assert (found.id, found.role, found.organization_id) == (person.id, person.role, person.organization_id)


@pytest.mark.parametrize("secret", [None, "", "a guess", AWA.session_id])
def test_nothing_but_the_secret_opens_a_session(store: Store, secret: str | None) -> None:
    assert store.read(sessions.viewer, secret) is None


def test_the_secret_is_stored_nowhere(store: Store) -> None:
    secret = store.write(actions.start_session, AWA.id, kind="browser", address="127.0.0.1", agent="Firefox")
    assert secret not in str(store.content())


@pytest.mark.parametrize(("person", "minutes"), IDLE, ids=lambda value: getattr(value, "id", None))
def test_a_session_ends_without_activity(store: Store, clock: Clock, person: Viewer, minutes: int) -> None:
    clock.advance(minutes=minutes, milliseconds=-1)
    assert _alive(store, person)
    clock.advance(milliseconds=1)
    assert not _alive(store, person)


@pytest.mark.parametrize(("person", "minutes"), IDLE, ids=lambda value: getattr(value, "id", None))
def test_activity_keeps_a_session(store: Store, clock: Clock, person: Viewer, minutes: int) -> None:
    clock.advance(minutes=minutes - 1)
    store.write(sessions.note_activity, person)
    clock.advance(minutes=minutes - 1)
    assert _alive(store, person)


@pytest.mark.parametrize("person", [DIOP, AWA], ids=lambda person: person.id)
def test_no_activity_keeps_a_session_beyond_twelve_hours(store: Store, clock: Clock, person: Viewer) -> None:
    for _ in range(12 * 6 - 1):
        clock.advance(minutes=10)
        store.write(sessions.note_activity, person)
    assert _alive(store, person)
    clock.advance(minutes=10)
    assert not _alive(store, person)


def test_the_token_of_a_program_has_no_idle_time_but_ends_after_twelve_hours(store: Store, clock: Clock) -> None:
    token = store.write(actions.start_session, DIOP.id, kind="token", address="", agent="")
    clock.advance(hours=12, milliseconds=-1)
    assert store.read(sessions.viewer, token) is not None
    clock.advance(milliseconds=1)
    assert store.read(sessions.viewer, token) is None


def test_signing_out_ends_the_session_at_once(store: Store) -> None:
    store.write(actions.end_session, AWA)
    assert not _alive(store, AWA)
    assert SessionsEnded((AWA.session_id,), "signed_out") in store.announced


def _sign_in(store: Store, person: Viewer, instead_of: Viewer) -> None:
    secret = secret_of(instead_of.id)
    store.write(actions.start_session, person.id, kind="browser", address="", agent="", instead_of=secret)


def test_somebody_else_who_signs_in_ends_the_session_of_the_one_before(store: Store) -> None:
    """A shared computer: an open page must not go on showing what is told to Awa."""
    _sign_in(store, MOUSSA, instead_of=AWA)
    assert not _alive(store, AWA) and _alive(store, MOUSSA)
    assert SessionsEnded((AWA.session_id,), "signed_out") in store.announced


def test_signing_in_again_leaves_no_session_behind_and_lets_ones_own_tabs_go_on(store: Store) -> None:
    before = store.value("SELECT count(*) FROM sessions WHERE user_id = 'awa' AND ended_at IS NULL")
    _sign_in(store, AWA, instead_of=AWA)
    assert not _alive(store, AWA)
    assert SessionsEnded((AWA.session_id,), "renewed") in store.announced
    assert store.value("SELECT count(*) FROM sessions WHERE user_id = 'awa' AND ended_at IS NULL") == before


def test_everywhere_else_is_all_of_ones_own_sessions_and_nobody_elses(store: Store) -> None:
    elsewhere = [
        store.write(actions.start_session, AWA.id, kind=kind, address="", agent="", name=name)
        for kind, name in (("browser", ""), ("token", ""), ("token", "Import du laboratoire"))
    ]
    store.write(actions.end_other_sessions, AWA)
    assert [store.read(sessions.viewer, secret) for secret in elsewhere] == [None] * 3
    assert _alive(store, AWA) and _alive(store, MOUSSA)


def _named(store: Store) -> str:
    name = "Import du laboratoire"
    return store.write(actions.start_session, DIOP.id, kind="token", address="", agent="curl", name=name)


def test_a_named_token_lives_until_nobody_has_used_it_for_thirty_days(store: Store, clock: Clock) -> None:
    token = _named(store)
    for _ in range(3):
        clock.advance(days=30, milliseconds=-1)
        viewer = store.read(sessions.viewer, token)
        assert viewer
        store.write(sessions.note_activity, viewer)
    clock.advance(days=30)
    assert store.read(sessions.viewer, token) is None


def test_a_named_token_is_listed_however_old_it_is(store: Store, clock: Clock) -> None:
    token = _named(store)
    clock.advance(days=29)
    own = store.write(actions.start_session, DIOP.id, kind="browser", address="", agent="")
    viewer = store.read(sessions.viewer, own)
    assert viewer
    assert [session.name for session in store.read(sessions.of, viewer)] == ["", "Import du laboratoire"]
    store.write(actions.end_session, viewer, sessions.id_of(token))
    assert store.read(sessions.viewer, token) is None


def test_a_clock_that_is_put_right_leaves_a_named_token_thirty_days(store: Store, clock: Clock) -> None:
    clock.advance(days=400)
    token = _named(store)
    clock.advance(days=-400)
    assert store.write(sessions.bring_back, 100) > 0
    assert store.write(sessions.bring_back, 100) == 0
    clock.advance(days=30, milliseconds=-1)
    assert store.read(sessions.viewer, token) is not None
    clock.advance(milliseconds=1)
    assert store.read(sessions.viewer, token) is None


def test_activity_is_written_down_once_a_minute(store: Store, clock: Clock) -> None:
    """Each row written makes a commit longer."""
    seen = replace(AWA, last_active_at=clock())
    before = store.content()["sessions"]
    clock.advance(milliseconds=sessions.TOUCH_AFTER)
    store.write(sessions.note_activity, seen)
    assert store.content()["sessions"] == before
    clock.advance(milliseconds=1)
    store.write(sessions.note_activity, seen)
    assert store.content()["sessions"] != before


def test_activity_does_not_wake_an_ended_session(store: Store) -> None:
    store.write(actions.end_session, AWA)
    store.write(sessions.note_activity, AWA)
    assert not _alive(store, AWA)


def test_one_ends_a_session_elsewhere_and_keeps_ones_own(store: Store) -> None:
    elsewhere = store.write(actions.start_session, AWA.id, kind="browser", address="", agent="a lost phone")
    store.write(actions.end_session, AWA, sessions.id_of(elsewhere))
    assert store.read(sessions.viewer, elsewhere) is None
    assert _alive(store, AWA)


def test_ending_a_session_again_changes_nothing(store: Store) -> None:
    store.write(actions.end_session, AWA)
    before = store.content()
    store.write(actions.end_session, AWA)
    assert store.content() == before


def test_nobody_ends_what_was_never_theirs(store: Store) -> None:
    with pytest.raises(NotFound):
        store.write(actions.end_session, MOUSSA, AWA.session_id)


@pytest.mark.parametrize("person", [MOUSSA, ADMIN, FALL], ids=lambda person: person.id)
def test_nobody_ends_the_session_of_somebody_else(store: Store, person: Viewer) -> None:
    with pytest.raises(NotFound):
        store.write(actions.end_session, person, AWA.session_id)
    assert _alive(store, AWA)


def test_one_lists_ones_own_live_sessions_and_which_is_this_one(store: Store, clock: Clock) -> None:
    clock.advance(minutes=1)
    elsewhere = store.write(actions.start_session, AWA.id, kind="browser", address="", agent="")
    ended = store.write(actions.start_session, AWA.id, kind="browser", address="", agent="")
    store.write(actions.end_session, AWA, sessions.id_of(ended))
    listed = [(session.id, session.current) for session in store.read(sessions.of, AWA)]
    assert listed == [(sessions.id_of(elsewhere), False), (AWA.session_id, True)]


def test_the_hub_learns_which_sessions_are_over_and_why(store: Store, clock: Clock) -> None:
    clock.advance(minutes=20)  # what staff have left is locked, what patients have left is not over
    store.write(sessions.note_activity, FALL)
    store.write(actions.end_session, MOUSSA)
    store.write(actions.deactivate, ADMIN, FALL.id)
    asked = [person.session_id for person in (AWA, MOUSSA, DIOP, FALL)]
    assert store.read(sessions.ended_among, asked) == {
        MOUSSA.session_id: "signed_out",
        DIOP.session_id: "locked",
        FALL.session_id: "deactivated",
    }


def test_the_hub_may_ask_about_more_sessions_than_a_statement_has_room_for(store: Store) -> None:
    asked = [f"unknown {number}" for number in range(1_200)]
    assert store.read(sessions.ended_among, asked) == {}


def test_what_a_browser_says_of_itself_is_cut(store: Store) -> None:
    store.write(actions.start_session, AWA.id, kind="browser", address="a" * 500, agent="b" * 5_000)
    assert store.value("SELECT max(length(address)) FROM sessions") == 64
    assert store.value("SELECT max(length(agent)) FROM sessions") == 200
