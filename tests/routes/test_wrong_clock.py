"""A clock that is behind is said to those whose acts it dates; one that ran ahead and is put right signs nobody out."""

import logging
import re
import time
from collections.abc import Callable

import pytest
import pytest_asyncio
from callers import Callers
from cast import ADMIN, AWA, DIOP, NDIAYE
from quart import Quart
from store import Clock

from fadjma import clockwatch, days
from fadjma.accounts import actions
from fadjma.clockwatch import ClockWatch
from fadjma.identity import credentials, sessions
from fadjma.refusals import Throttled
from fadjma.store import Database
from fadjma.timekeeping import Timekeeper
from fadjma.web import idempotency
from fadjma.web.throttle import SIGN_IN_PER_ACCOUNT, Throttle

DAY = 86_400_000
AHEAD = "L'horloge du serveur avance peut-être"
WRONG = "L'horloge du serveur n'est pas juste"
RIGHT = "L'horloge est juste : nous sommes le"


@pytest.fixture
def database(app: Quart) -> Database:
    found: Database = app.extensions["database"]
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def watch(app: Quart, database: Database, monkeypatch: pytest.MonkeyPatch) -> ClockWatch:
    """One that has not looked yet, as at a start; somebody has just acted."""
    await database.write(actions.start_session, AWA.id, kind="browser", address="", agent="")
    watch = ClockWatch(database)
    monkeypatch.setitem(app.extensions, "clock_watch", watch)
    return watch


@pytest.fixture
def at(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set both clocks, the database's and the machine's, to so many days from now."""
    began, now = clock.now, time.time()

    def set_to(days: float) -> None:
        clock.now = began + round(days * DAY)
        monkeypatch.setattr(time, "time", lambda: now + days * 86_400)

    return set_to


class TestAClockThatIsBehind:
    async def test_is_said_on_the_page_and_in_the_log(
        self, clinic: Callers, watch: ClockWatch, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        clock.now -= 3 * 60_000  # less than a session's idle time, and more than clocks differ
        with caplog.at_level(logging.WARNING):
            await watch.look()
        assert "L'horloge du serveur indique" in caplog.text
        for who in (DIOP, NDIAYE, ADMIN):
            assert WRONG in (await clinic.browser(who).get("/")).text
        assert RIGHT in (await clinic.browser(ADMIN).get("/")).text
        assert RIGHT not in (await clinic.browser(DIOP).get("/")).text
        assert WRONG not in (await clinic.browser(AWA).get("/")).text
        assert WRONG not in (await clinic.nobody().get("/sign-in")).text

    async def test_that_has_been_put_right_is_no_longer(self, clinic: Callers, watch: ClockWatch, clock: Clock) -> None:
        clock.now -= 3 * 60_000
        await watch.look()
        clock.now += 3 * 60_000
        assert WRONG not in (await clinic.browser(DIOP).get("/")).text

    @pytest.mark.parametrize("late", [0, 60_000])
    async def test_is_not_one_that_is_right_or_almost(
        self, clinic: Callers, watch: ClockWatch, clock: Clock, late: int
    ) -> None:
        clock.now -= late
        await watch.look()
        assert WRONG not in (await clinic.browser(DIOP).get("/")).text

    async def test_is_believed_when_somebody_has_looked(
        self, clinic: Callers, watch: ClockWatch, database: Database, clock: Clock
    ) -> None:
        """What was done while it ran ahead stays newer for as long; what is done even later is news again."""
        clock.now -= 3 * 60_000
        await database.write(clockwatch.confirm)
        await watch.look()
        assert WRONG not in (await clinic.browser(ADMIN).get("/")).text
        clock.now += DAY
        await database.write(actions.start_session, DIOP.id, kind="browser", address="", agent="")
        clock.now -= DAY
        await watch.look()
        assert WRONG in (await clinic.browser(ADMIN).get("/")).text

    async def test_is_believed_when_an_admin_says_so_on_the_page(
        self, clinic: Callers, watch: ClockWatch, database: Database, clock: Clock
    ) -> None:
        clock.now -= 3 * 60_000
        await watch.look()
        admin = clinic.browser(ADMIN)
        (day,) = re.findall(r'name="day" value="([^"]+)"', (await admin.get("/")).text)
        assert day == days.day(clock.now).isoformat()
        answer = await admin.post("/monitoring/clock", {"day": day})
        assert (answer.status, answer.location) == (303, "/monitoring")
        for who in (ADMIN, DIOP):
            assert WRONG not in (await clinic.browser(who).get("/")).text
        written = "SELECT actor_id FROM audit_events WHERE action = 'clock.confirmed'"
        assert await database.read(lambda tx: [row[0] for row in tx.all(written)]) == [ADMIN.id]

    async def test_is_not_believed_of_a_day_that_it_does_not_show_or_from_anybody_else(
        self, clinic: Callers, watch: ClockWatch, clock: Clock
    ) -> None:
        clock.now -= 3 * 60_000
        await watch.look()
        today = days.day(clock.now).isoformat()
        for who, day, status in ((ADMIN, "2026-02-30", 422), (ADMIN, "1999-01-01", 409), (DIOP, today, 403)):
            (await clinic.program(who).post("/monitoring/clock", {"day": day})).problem(status)
        assert WRONG in (await clinic.browser(ADMIN).get("/")).text


class TestAClockThatLeapsAhead:
    """Somebody types another year: what time would end then stays ended when the clock is right again."""

    @pytest_asyncio.fixture(loop_scope="session")
    async def keeper(self, database: Database, watch: ClockWatch) -> Timekeeper:
        await watch.look()
        await database.write(idempotency.keep_answer, DIOP, "a key", "", {})
        return Timekeeper(database, watch)

    async def _is_remembered(self, keeper: Timekeeper, watch: ClockWatch, database: Database) -> bool:
        """Whether a round that follows a look has left what a day makes be forgotten."""
        await watch.look()
        await keeper._round()
        return bool(await database.read(lambda tx: tx.value("SELECT count(*) FROM idempotency_keys")))

    async def test_ends_nothing_until_it_is_put_back(
        self, clinic: Callers, keeper: Timekeeper, watch: ClockWatch, database: Database, at: Callable[[float], None]
    ) -> None:
        at(365)
        assert await self._is_remembered(keeper, watch, database)
        secret = await database.write(actions.start_session, ADMIN.id, kind="browser", address="", agent="")
        browser = clinic.nobody()
        browser.headers["Cookie"] = f"{credentials.COOKIE}={credentials.cookies.dump_token(secret, clinic.app)}"
        page = (await browser.get("/")).text
        assert re.search(rf"{AHEAD}\s: elle indique «\s\S+\s\S+\s\d{{4}}, \d\d:\d\d\s»", page), "with its year"
        assert RIGHT in page
        at(0)
        assert await self._is_remembered(keeper, watch, database)
        assert AHEAD not in (await clinic.browser(ADMIN).get("/")).text

    async def test_still_locks_a_screen_that_nobody_has_touched(
        self, keeper: Timekeeper, watch: ClockWatch, database: Database, at: Callable[[float], None]
    ) -> None:
        at(365)
        await database.write(actions.start_session, ADMIN.id, kind="browser", address="", agent="")
        at(365 + 1 / 24)
        await watch.look()
        assert watch.is_ahead
        await keeper._round()
        locked = "SELECT count(*) FROM sessions WHERE user_id = :id AND locked_at IS NOT NULL"
        assert await database.read(lambda tx: tx.value(locked, {"id": ADMIN.id})) == 1

    async def test_ends_what_is_over_when_somebody_has_looked(
        self, keeper: Timekeeper, watch: ClockWatch, database: Database, at: Callable[[float], None]
    ) -> None:
        at(365)
        assert await self._is_remembered(keeper, watch, database)
        await database.write(clockwatch.confirm)
        assert not await self._is_remembered(keeper, watch, database)
        assert not watch.is_ahead

    async def test_is_doubted_over_a_start_though_people_act_by_it(
        self, watch: ClockWatch, database: Database, at: Callable[[float], None]
    ) -> None:
        await watch.look()
        at(365)
        await watch.look()
        await database.write(actions.start_session, DIOP.id, kind="browser", address="", agent="")
        again = ClockWatch(database)
        await again.look()
        assert again.is_ahead
        at(366)
        await again.look()
        assert again.is_ahead
        at(0)
        right = ClockWatch(database)
        await right.look()
        assert not right.is_ahead

    @pytest.mark.parametrize(("days", "doubted"), [(29, False), (31, True), (365, True)])
    async def test_while_the_machine_was_off_is_doubted_after_a_month(
        self, database: Database, watch: ClockWatch, at: Callable[[float], None], days: float, doubted: bool
    ) -> None:
        at(days)
        for again in (ClockWatch(database), ClockWatch(database)):
            await again.look()
            assert again.is_ahead == doubted
        await database.write(clockwatch.confirm)
        sure = ClockWatch(database)
        await sure.look()
        assert not sure.is_ahead

    async def test_to_where_the_acts_are_is_put_right(
        self, database: Database, watch: ClockWatch, at: Callable[[float], None]
    ) -> None:
        """A battery is empty: the machine begins in 2015 or before, and somebody or the network sets it."""
        at(-4_000)
        await watch.look()
        assert watch.newest_act
        at(12)
        await watch.look()
        assert not watch.is_ahead

    async def test_by_a_weekend_soon_after_the_start_is_the_network_that_sets_it(
        self, watch: ClockWatch, at: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A machine without a battery begins where it was switched off."""
        began = clockwatch._steady()
        await watch.look()
        at(3)
        await watch.look()
        assert not watch.is_ahead
        monkeypatch.setattr(clockwatch, "_steady", lambda: began + 2 * 3_600)
        at(3 + 2 / 24)
        await watch.look()
        at(6)
        await watch.look()
        assert watch.is_ahead, "it has been set long ago"

    async def test_while_the_machine_sleeps_is_none(
        self, watch: ClockWatch, at: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await watch.look()
        slept = clockwatch._steady() + 3 * 86_400
        monkeypatch.setattr(clockwatch, "_steady", lambda: slept)
        at(3)
        await watch.look()
        assert not watch.is_ahead


class TestAClockThatRanAheadAndWasPutRight:
    async def test_signs_nobody_out_who_came_meanwhile(
        self, app: Quart, clinic: Callers, watch: ClockWatch, database: Database, at: Callable[[float], None]
    ) -> None:
        at(3)
        await watch.look()
        secret = await database.write(actions.start_session, DIOP.id, kind="browser", address="", agent="")
        token, _ = credentials.issue_token(app, secret, DIOP.id, now=database.clock())
        cookie = f"{credentials.COOKIE}={credentials.cookies.dump_token(secret, app)}"
        browser = clinic.nobody()
        browser.headers["Cookie"] = cookie
        assert (await browser.get("/sessions")).status == 200
        at(0)
        for _ in range(2):
            assert (await clinic.bearer(token).get("/sessions")).status == 200
            assert (await browser.get("/sessions")).status == 200
            await watch.look()

    async def test_signs_nobody_out_who_was_there_before(
        self, clinic: Callers, watch: ClockWatch, at: Callable[[float], None]
    ) -> None:
        await watch.look()
        at(3)
        await watch.look()
        at(0)
        await watch.look()
        assert (await clinic.browser(DIOP).get("/sessions")).status == 200

    async def test_leaves_nobody_signed_in_longer_than_the_right_clock_would(
        self, watch: ClockWatch, database: Database, at: Callable[[float], None]
    ) -> None:
        at(3)
        await watch.look()
        secret = await database.write(actions.start_session, DIOP.id, kind="browser", address="", agent="")
        at(0)
        await watch.look()
        at(14 / 1440)
        assert await self._is_open(database, secret)
        at(16 / 1440)
        assert not await self._is_open(database, secret)

    async def _is_open(self, database: Database, secret: str) -> bool:
        viewer = await database.read(sessions.viewer, secret)
        return viewer is not None and not viewer.locked

    async def test_locks_nobody_out_for_what_was_tried_meanwhile(
        self, database: Database, at: Callable[[float], None]
    ) -> None:
        throttle = Throttle()
        watch = ClockWatch(database, throttle.forgive_all)
        at(3)
        await watch.look()
        for _ in range(SIGN_IN_PER_ACCOUNT.amount):
            await throttle.hit(SIGN_IN_PER_ACCOUNT, "awa")
        at(0)
        with pytest.raises(Throttled):
            await throttle.hit(SIGN_IN_PER_ACCOUNT, "awa")
        await watch.look()
        await throttle.hit(SIGN_IN_PER_ACCOUNT, "awa")
