"""A prescription that is open to very many pharmacists comes to most of them after the act, in steps."""

import json
import random
from collections.abc import Iterator

import pytest
from cast import AMOXICILLIN, AWA, DIOP, FALL, GOMIS, JAMM, KADD, NDIAYE, PARACETAMOL
from steps import grant, issue, issued
from store import Clock, Store

from fadjma.events import StillToTell, everybody, inbox, soundness, telling
from fadjma.prescriptions import actions, dispensing
from fadjma.prescriptions.actions import NewLine
from fadjma.store import Transaction

TO_VALIDATE = "prescription.to_validate"
MORE = [f"pharmacist-{number}" for number in range(5)]
ALL = sorted([NDIAYE.id, GOMIS.id, FALL.id, *MORE])


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everybody, "AT_ONCE", 2)


@pytest.fixture
def pharmacists(store: Store) -> Iterator[list[str]]:
    """Eight of them, in the order of their accounts: those of the cast, and five more of the Kadd pharmacy."""
    for number, person in enumerate(MORE):
        _join(store, person, created_at=store.clock() + number)
    yield [person for (person,) in store.rows("SELECT id FROM users WHERE role = 'pharmacist' ORDER BY created_at, id")]
    assert list(store.read(soundness.untellable)) == []


def _join(store: Store, person: str, *, created_at: int) -> None:
    def join(tx: Transaction) -> None:
        tx.execute(
            "INSERT INTO users (id, role, status, phone, password_hash, given_name, family_name, created_at) "
            "VALUES (?, 'pharmacist', 'active', '+221770000000', 'h', 'A', 'B', ?)",
            (person, created_at),
        )
        tx.execute(
            "INSERT INTO practitioners (user_id, licence_number, organization_id) VALUES (?, ?, ?)",
            (person, person, KADD),
        )
        inbox.open_for(tx, person)

    store.write(join)


def _tell_all(store: Store, limit: int = 2) -> None:
    while store.write(telling.tell_some, limit) == limit:
        pass


def _about(store: Store, prescription_id: str, person: str) -> list[str | None]:
    """What this person was told of it, in the order of their numbers; None: their page followed."""
    sql = "SELECT message FROM notifications WHERE user_id = ? AND subject_id = ? ORDER BY seq"
    return [message for (message,) in store.rows(sql, person, prescription_id)]


def _told(store: Store, prescription_id: str) -> dict[str, list[str | None]]:
    return {person: _about(store, prescription_id, person) for person in ALL}


def _waiting(store: Store) -> int:
    found: int = store.value("SELECT count(*) FROM tellings")
    return found


class TestAnAct:
    def test_tells_those_nearest_to_it_itself_and_leaves_a_row_for_the_others(
        self, store: Store, pharmacists: list[str]
    ) -> None:
        grant(store)
        lines = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)]
        news = store.news(actions.issue, DIOP, AWA.id, lines=lines, pharmacy_id=None)
        assert news == {AWA.id: ["prescription.issued"], DIOP.id: [None]}
        assert _waiting(store) == 1
        assert StillToTell() in store.announced, "whoever wakes the timekeeper hears of it after the commit"
        _tell_all(store)
        told = store.rows("SELECT user_id FROM notifications WHERE message = ?", TO_VALIDATE)
        assert {person for (person,) in told} == {*pharmacists}
        assert _waiting(store) == 0

    def test_of_few_is_told_whole_and_leaves_no_row(
        self, store: Store, pharmacists: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(everybody, "AT_ONCE", len(pharmacists))
        prescription = issued(store, pharmacy=None)
        assert set(map(tuple, _told(store, prescription).values())) == {(TO_VALIDATE,)}
        assert _waiting(store) == 0 and StillToTell() not in store.announced

    def test_that_is_rolled_back_leaves_nothing_to_tell(self, store: Store, pharmacists: list[str]) -> None:
        prescription = issued(store, pharmacy=None)
        _tell_all(store)
        with pytest.raises(ZeroDivisionError):
            store.write(lambda tx: dispensing.validate(tx, NDIAYE, prescription) and 1 // 0)
        assert _waiting(store) == 0

    def test_of_a_pharmacy_tells_its_colleagues_itself(self, store: Store, pharmacists: list[str]) -> None:
        prescription = issued(store, pharmacy=None)
        _tell_all(store)
        store.write(dispensing.validate, NDIAYE, prescription)
        assert _about(store, prescription, GOMIS.id) == [TO_VALIDATE, None]
        assert _about(store, prescription, FALL.id) == [TO_VALIDATE]
        store.write(dispensing.release, NDIAYE, prescription, reason="Rupture", confirmed=True)
        assert _about(store, prescription, GOMIS.id) == [TO_VALIDATE, None, TO_VALIDATE], (
            "given back: told at once, too"
        )
        _tell_all(store)
        assert _about(store, prescription, GOMIS.id) == [TO_VALIDATE, None, TO_VALIDATE], "and not again by the steps"


class TestSteps:
    def test_each_is_as_large_as_it_may_be_and_tells_in_the_order_of_accounts(
        self, store: Store, pharmacists: list[str]
    ) -> None:
        prescription = issued(store, pharmacy=None)
        for number in range(1, 5):
            assert store.write(telling.tell_some, 2) == 2
            told = [person for person in pharmacists if _about(store, prescription, person)]
            assert told == pharmacists[: 2 * number]
        assert store.write(telling.tell_some, 2) == 0

    def test_one_step_goes_on_with_what_was_put_off_next(self, store: Store, pharmacists: list[str]) -> None:
        grant(store)
        both = [issue(store, pharmacy=None), issue(store, pharmacy=None, medicine_id=AMOXICILLIN)]
        assert store.write(telling.tell_some, 100) == 2 * len(pharmacists)
        assert all(_about(store, one, person) == [TO_VALIDATE] for one in both for person in pharmacists)

    def test_a_crash_between_or_within_them_tells_nobody_twice_and_leaves_nobody_out(
        self, store: Store, pharmacists: list[str]
    ) -> None:
        prescription = issued(store, pharmacy=None)
        store.write(telling.tell_some, 3)
        with pytest.raises(ZeroDivisionError):
            store.write(lambda tx: telling.tell_some(tx, 3) // 0)
        _tell_all(store)
        assert _told(store, prescription) == {person: [TO_VALIDATE] for person in ALL}

    def test_where_a_copy_is_restored_they_go_on_in_its_history(self, store: Store, pharmacists: list[str]) -> None:
        prescription = issued(store, pharmacy=None)
        store.write(telling.tell_some, 3)
        store.write(inbox.begin_another_history)
        _tell_all(store)
        assert _told(store, prescription) == {person: [TO_VALIDATE] for person in ALL}
        assert list(store.read(soundness.gaps)) == []

    def test_what_is_told_says_when_it_happened(self, store: Store, pharmacists: list[str], clock: Clock) -> None:
        prescription, happened = issued(store, pharmacy=None), clock()
        clock.advance(minutes=5)
        _tell_all(store)
        sql = "SELECT DISTINCT created_at FROM notifications WHERE subject_id = ?"
        assert store.rows(sql, prescription) == [(happened,)]

    def test_what_is_told_again_is_one_line_of_the_inbox(self, store: Store, pharmacists: list[str]) -> None:
        prescription = issued(store, pharmacy=None)
        _tell_all(store)
        store.write(dispensing.validate, NDIAYE, prescription)
        store.write(dispensing.release, NDIAYE, prescription, reason="Rupture", confirmed=True)
        _tell_all(store)
        sql = "SELECT times FROM notifications WHERE user_id = ? AND message IS NOT NULL AND folded = 0"
        assert store.rows(sql, FALL.id) == [(2,)]

    def test_news_comes_before_what_pages_only_follow(self, store: Store, pharmacists: list[str]) -> None:
        """A hundred prescriptions that expire in a night do not keep back the one that is written then."""
        grant(store)
        old, new = issue(store, pharmacy=None), None
        _tell_all(store)
        store.write(actions.cancel, DIOP, old, reason="Erreur")
        new = issue(store, pharmacy=None)
        store.write(telling.tell_some, len(pharmacists))
        assert _about(store, new, FALL.id) == [TO_VALIDATE]
        assert _about(store, old, FALL.id) == [TO_VALIDATE]
        _tell_all(store)
        assert _about(store, old, FALL.id) == [TO_VALIDATE, None]


class TestWhatHappensMeanwhile:
    @pytest.mark.parametrize("end", ["taken", "cancelled", "sent to one", "expired"])
    def test_what_is_over_is_told_to_nobody_else_and_whoever_heard_of_it_learns_that(
        self, store: Store, pharmacists: list[str], clock: Clock, end: str
    ) -> None:
        prescription = issued(store, pharmacy=None)
        store.write(telling.tell_some, 3)
        heard = [person for person in pharmacists if _about(store, prescription, person)]
        assert len(heard) == 3
        match end:
            case "taken":
                store.write(dispensing.validate, NDIAYE, prescription)
            case "cancelled":
                store.write(actions.cancel, DIOP, prescription, reason="Erreur")
            case "sent to one":
                store.write(actions.choose_pharmacy, AWA, prescription, pharmacy_id=JAMM)
            case "expired":
                clock.advance(days=91)
                assert store.write(actions.expire, 200) == 1
        _tell_all(store)
        for person, told in _told(store, prescription).items():
            before = [TO_VALIDATE] if person in heard else []
            sent_to = end == "sent to one" and person in (NDIAYE.id, GOMIS.id)
            # Also whoever has not heard of it: their list may have shown it.
            assert told == [*before, TO_VALIDATE if sent_to else None], person

    def test_given_back_before_all_have_learnt_that_it_was_taken(self, store: Store, pharmacists: list[str]) -> None:
        prescription = issued(store, pharmacy=None)
        store.write(telling.tell_some, 3)
        store.write(dispensing.validate, FALL, prescription)
        store.write(telling.tell_some, 2)
        store.write(dispensing.release, FALL, prescription, reason="Rupture", confirmed=True)
        assert _waiting(store) == 1, "what pages were to follow is said anew"
        _tell_all(store)
        for person, told in _told(store, prescription).items():
            if person == FALL.id:
                continue  # it was her own act
            assert told in ([TO_VALIDATE], [None, TO_VALIDATE], [TO_VALIDATE, None, TO_VALIDATE], [TO_VALIDATE] * 2)

    def test_news_that_is_still_true_comes_before_what_happened_since(
        self, store: Store, pharmacists: list[str]
    ) -> None:
        """The patient asks that it be brought: still everybody's to take."""
        prescription = issued(store, pharmacy=None)
        store.write(telling.tell_some, 3)
        store.write(actions.request_delivery, AWA, prescription, address="Médina, rue 11", phone="+221771234567")
        _tell_all(store)
        assert _told(store, prescription) == {person: [TO_VALIDATE, None] for person in ALL}

    def test_taken_when_there_are_few_again_it_is_over_as_well(
        self, store: Store, pharmacists: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prescription = issued(store, pharmacy=None)
        store.write(telling.tell_some, 3)
        monkeypatch.setattr(everybody, "AT_ONCE", len(pharmacists))
        store.write(dispensing.validate, NDIAYE, prescription)
        assert _waiting(store) == 0
        assert all(told[-1] is None for told in _told(store, prescription).values())

    def test_whoever_is_locked_meanwhile_is_not_told(self, store: Store, pharmacists: list[str]) -> None:
        prescription = issued(store, pharmacy=None)
        store.connection.execute("UPDATE users SET status = 'deactivated' WHERE id = ?", (pharmacists[4],))
        _tell_all(store)
        assert [person for person in pharmacists if not _about(store, prescription, person)] == [pharmacists[4]]

    def test_whoever_registers_meanwhile_is_told_too(self, store: Store, pharmacists: list[str], clock: Clock) -> None:
        prescription = issued(store, pharmacy=None)
        store.write(telling.tell_some, 3)
        clock.advance(seconds=1)
        _join(store, "newcomer", created_at=clock())
        _tell_all(store)
        assert _about(store, prescription, "newcomer") == [TO_VALIDATE]

    def test_whoever_goes_to_another_pharmacy_meanwhile_is_told_once(
        self, store: Store, pharmacists: list[str]
    ) -> None:
        prescription = issued(store, pharmacy=None)
        _tell_all(store)
        store.write(dispensing.validate, NDIAYE, prescription)
        for person, place in ((GOMIS, KADD), (FALL, JAMM)):
            store.connection.execute(
                "UPDATE practitioners SET organization_id = ? WHERE user_id = ?", (place, person.id)
            )
        _tell_all(store)
        assert _told(store, prescription) == {person: [TO_VALIDATE, None] for person in ALL}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_between_everybody_hears_the_last_of_it_once_and_in_order(
    store: Store, pharmacists: list[str], clock: Clock, seed: int
) -> None:
    """Acts, steps, accounts that come and go by chance; the database's numbers are looked at by `store` itself."""
    chance = random.Random(seed)
    prescription, last = issued(store, pharmacy=None), clock()
    away: set[str] = set()
    for number in range(60):
        clock.advance(seconds=1)
        status, sent_to = store.rows("SELECT status, addressed_to FROM prescriptions WHERE id = ?", prescription)[0]
        taken_by = store.value("SELECT pharmacy_id FROM prescriptions WHERE id = ?", prescription)
        match chance.choice(("step", "step", "act", "act", "lock", "join")):
            case "step":
                store.write(telling.tell_some, chance.randint(1, 5))
            case "lock":
                person = chance.choice(MORE)
                store.connection.execute("UPDATE users SET status = 'deactivated' WHERE id = ?", (person,))
                away.add(person)
            case "join":
                _join(store, f"joined-{number}", created_at=clock())
            case _ if status == "issued" and sent_to is None:
                if chance.random() < 0.3:
                    store.write(actions.choose_pharmacy, AWA, prescription, pharmacy_id=JAMM)
                else:
                    store.write(dispensing.validate, chance.choice((NDIAYE, FALL)), prescription)
                last = clock()
            case _ if status == "issued":
                store.write(actions.choose_pharmacy, AWA, prescription, pharmacy_id=None)
                last = clock()
            case _:
                who = NDIAYE if taken_by == JAMM else FALL
                store.write(dispensing.release, who, prescription, reason="Rupture", confirmed=True)
                last = clock()
    _tell_all(store)
    for person in {*ALL} - away:
        sql = "SELECT created_at FROM notifications WHERE user_id = ? AND subject_id = ? ORDER BY seq"
        times = [at for (at,) in store.rows(sql, person, prescription)]
        assert times == sorted(set(times)), "in order, and nothing twice"
        assert times[-1] == last, "the last of it"
    assert _waiting(store) == 0


def test_what_the_row_says_is_who_has_heard_of_it(store: Store, pharmacists: list[str]) -> None:
    prescription = issued(store, pharmacy=None)
    _tell_all(store)
    store.write(dispensing.validate, NDIAYE, prescription)
    [(but, role, message)] = store.rows("SELECT but, role, message FROM tellings")
    assert (set(json.loads(but)), role, message) == ({NDIAYE.id, GOMIS.id, AWA.id, DIOP.id}, "pharmacist", None)
    _tell_all(store)


@pytest.mark.parametrize("wrong", ["message = 'no.such'", "subject_kind = 'nothing'", "but = 'x'", "but = '{}'"])
def test_what_no_step_could_tell_is_found(store: Store, pharmacists: list[str], wrong: str) -> None:
    issued(store, pharmacy=None)
    assert list(store.read(soundness.untellable)) == []
    number = store.value("SELECT number FROM tellings")
    store.connection.execute(f"UPDATE tellings SET {wrong}")
    assert list(store.read(soundness.untellable)) == [str(number)]
    store.connection.execute("DELETE FROM tellings")
