"""One change, one audit entry, one numbered notification per person: all of it, or nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, JAMM, MOUSSA, NDIAYE, PARACETAMOL, SARR
from steps import (
    KEY,
    ask,
    code,
    delivered,
    emergency,
    grant,
    in_days,
    issue,
    issued,
    prepared,
    ready,
    receive,
    refused,
    validated,
    write_record,
    wrong_code,
)
from store import Clock, Store, refused_by_database

from fadjma import events
from fadjma.access import actions as access
from fadjma.accounts import actions as accounts
from fadjma.events import Announcement, Notice, Subject, recording
from fadjma.identity.enrolment import NewPerson
from fadjma.inventory import actions as inventory
from fadjma.inventory import choices, counting, deliveries, receiving
from fadjma.inventory.counting import Counted
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import dispensing
from fadjma.prescriptions.actions import NewLine
from fadjma.records import actions as records
from fadjma.store import Transaction, Violation

THING = Subject("record", "thing")


def _record(tx: Transaction, *notices: Notice, actor_id: str | None = DIOP.id, **detail: Any) -> None:
    events.record(tx, "thing.done", THING, actor_id=actor_id, notices=notices, **detail)


def _notice(*people: Any, message: str | None = "record.created") -> Notice:
    return Notice([person.id for person in people], "medical_record_updated", message)


class TestWhoIsTold:
    def test_the_actor_hears_no_echo_but_their_other_pages_follow(self, store: Store) -> None:
        assert store.news(_record, _notice(AWA, DIOP)) == {AWA.id: ["record.created"], DIOP.id: [None]}

    def test_an_act_that_tells_nobody_moves_no_page(self, store: Store) -> None:
        assert store.news(_record) == {}

    def test_time_is_nobody_and_hears_nothing(self, store: Store) -> None:
        assert store.news(_record, _notice(AWA), actor_id=None) == {AWA.id: ["record.created"]}

    def test_whoever_is_named_twice_is_told_once_and_the_first_way(self, store: Store) -> None:
        news = store.news(_record, _notice(AWA, AWA), _notice(AWA, SARR, message="record.shared"))
        assert news == {AWA.id: ["record.created"], SARR.id: ["record.shared"], DIOP.id: [None]}

    def test_whoever_has_no_inbox_is_left_out(self, store: Store) -> None:
        assert store.news(events.notify, ["nobody", AWA.id], "notification", None, THING) == {AWA.id: [None]}


class TestNumbers:
    def test_each_person_has_their_own_without_gaps(self, store: Store) -> None:
        for people in ((AWA, MOUSSA), (AWA,), (MOUSSA, AWA, SARR), (SARR,)):
            store.write(_record, _notice(*people))
        numbers = store.rows("SELECT user_id, seq FROM notifications ORDER BY user_id, seq")
        assert numbers == [
            *((AWA.id, seq) for seq in (1, 2, 3)),
            *((DIOP.id, seq) for seq in (1, 2, 3, 4)),
            *((MOUSSA.id, seq) for seq in (1, 2)),
            *((SARR.id, seq) for seq in (1, 2)),
        ]

    def test_what_is_rolled_back_uses_no_number(self, store: Store) -> None:
        def fail(tx: Transaction) -> None:
            _record(tx, _notice(AWA))
            raise ZeroDivisionError

        store.write(_record, _notice(AWA))
        with pytest.raises(ZeroDivisionError):
            store.write(fail)
        store.write(_record, _notice(AWA))
        assert store.rows("SELECT seq FROM notifications WHERE user_id = 'awa'") == [(1,), (2,)]
        assert len(store.announced) == 4  # two acts, each to Awa and to the actor

    def test_more_people_than_a_statement_has_room_for(self, store: Store) -> None:
        def crowd(tx: Transaction) -> list[str]:
            people = [f"p{number:04d}" for number in range(1_001)]
            tx.execute_many(
                "INSERT INTO users (id, role, status, phone, password_hash, given_name, family_name, created_at) "
                "VALUES (?, 'pharmacist', 'active', '+221', 'h', 'A', 'B', 1)",
                [(person,) for person in people],
            )
            tx.execute_many("INSERT INTO inboxes (user_id) VALUES (?)", [(person,) for person in people])
            return people

        people = store.write(crowd)
        news = store.news(events.notify, people, "notification", "stock.low", THING)
        assert set(news) == set(people)
        [announced] = store.announced
        assert isinstance(announced, Announcement)
        assert announced.recipients == dict.fromkeys(people, 1)


@pytest.mark.parametrize("few", [0, 1, 20])
def test_very_many_are_told_in_one_statement_as_few_are_one_by_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Some have unread news of it already, one or two; some are told nothing, one has no inbox."""
    monkeypatch.setattr(recording, "_FEW", few)
    for people in ((AWA, MOUSSA), (AWA,)):
        store.write(_record, _notice(*people))
    store.announced.clear()
    told = Notice([AWA.id, "nobody", MOUSSA.id, SARR.id], "medical_record_updated", "record.amended")
    store.write(_record, told, _notice(NDIAYE, FALL, message=None), actor_id=None)
    rows = store.rows("SELECT user_id, message, seq, times FROM notifications WHERE folded = 0 AND user_id <> 'diop'")
    assert sorted(rows) == sorted(
        [
            (AWA.id, "record.amended", 3, 3),
            (MOUSSA.id, "record.amended", 2, 2),
            (SARR.id, "record.amended", 1, 1),
            (NDIAYE.id, None, 1, 1),
            (FALL.id, None, 1, 1),
        ]
    )
    assert [announced.recipients for announced in store.announced] == [
        {AWA.id: 3, MOUSSA.id: 2, SARR.id: 1},
        {NDIAYE.id: 1, FALL.id: 1},
    ]
    assert [announced.times for announced in store.announced] == [{AWA.id: 3, MOUSSA.id: 2}, {}]


class TestTheAuditEntry:
    def test_it_says_who_did_what_to_what_and_when(self, store: Store, clock: Clock) -> None:
        clock.advance(minutes=3)
        store.write(_record, kind="browser", nothing=None)
        sql = "SELECT actor_id, action, subject_kind, subject_id, outcome, at, detail FROM audit_events"
        assert store.rows(sql) == [
            (DIOP.id, "thing.done", "record", "thing", "success", clock(), '{"kind": "browser"}')
        ]

    def test_it_is_final(self, store: Store) -> None:
        store.write(_record)
        assert refused_by_database(store, "DELETE FROM audit_events")
        assert refused_by_database(store, "UPDATE audit_events SET outcome = 'refused'")


LINES = [NewLine(PARACETAMOL, "1 comprimé", 5, 5)]
PERSON = NewPerson(given_name="A", family_name="Sy", email="sy@x.sn", phone=None, password_hash="hash")
LOT = {"medicine_id": PARACETAMOL, "number": "L9", "expires_on": "2027-12-31", "quantity": 5}
TEXT = {"title": "Titre", "body": "Texte"}

Step = Callable[[Store], Callable[[], Any]]
# Every act that changes something, ready to happen: what led to it happens first.
EVERY_ACT: dict[str, Step] = {
    "register a patient": lambda s: lambda: s.write(
        accounts.register_patient, PERSON, birth_date="1999-01-01", sex="male", city=""
    ),
    "register a doctor": lambda s: lambda: s.write(
        accounts.register_practitioner,
        PERSON,
        "pharmacist",
        licence_number="1",
        specialty="",
        organization_id=JAMM,
    ),
    "create an admin": lambda s: lambda: s.write(accounts.create_admin, PERSON),
    "verify": lambda s: _waiting(s) or (lambda: s.write(accounts.verify, ADMIN, FALL.id)),
    "deactivate": lambda s: lambda: s.write(accounts.deactivate, ADMIN, FALL.id),
    "reactivate": lambda s: (
        s.write(accounts.deactivate, ADMIN, FALL.id) and (lambda: s.write(accounts.reactivate, ADMIN, FALL.id))
    ),
    "sign in": lambda s: lambda: s.write(
        accounts.start_session, AWA.id, kind="browser", address="", agent=""
    ),
    "sign out": lambda s: lambda: s.write(accounts.end_session, AWA),
    "look a patient up": lambda s: lambda: s.write(access.find, DIOP, "77 123 45 67"),
    "ask": lambda s: lambda: ask(s),
    "open a file in an emergency": lambda s: lambda: emergency(s),
    "approve": lambda s: _then(ask(s), lambda id: s.write(access.approve, AWA, id, scope="full", duration=9)),
    "reject": lambda s: _then(ask(s), lambda id: s.write(access.reject, AWA, id)),
    "withdraw": lambda s: _then(ask(s), lambda id: s.write(access.withdraw, DIOP, id)),
    "revoke": lambda s: _then(grant(s), lambda id: s.write(access.revoke, AWA, id)),
    "lapse": lambda s: _then(_later(s, ask), lambda _: s.write(access.lapse, 9)),
    "expire a grant": lambda s: _then(_later(s, grant), lambda _: s.write(access.expire, 9)),
    "read a file": lambda s: _then(grant(s), lambda _: s.write(records.open_file, DIOP, AWA.id)),
    "be refused a file": lambda s: lambda: s.refuse(records.open_file, SARR, AWA.id),
    "write a record": lambda s: _then(grant(s), lambda _: write_record(s)),
    "amend": lambda s: _then(
        _written(s), lambda id: s.write(records.amend, DIOP, id, version=1, reason="Contrôle", **TEXT)
    ),
    "mark a record an error": lambda s: _then(
        _written(s), lambda id: s.write(records.mark_error, DIOP, id, reason="Erreur")
    ),
    "prescribe": lambda s: _then(grant(s), lambda _: issue(s)),
    "prescribe again": lambda s: _then(refused(s), lambda id: issue(s, replaces_id=id)),
    "cancel": lambda s: _then(ready(s), lambda id: s.write(prescriptions.cancel, DIOP, id, reason="Erreur")),
    "mark a prescription an error": lambda s: _then(
        ready(s), lambda id: s.write(prescriptions.mark_error, DIOP, id, reason="Erreur")
    ),
    "ask for delivery": lambda s: _then(
        ready(s), lambda id: s.write(prescriptions.request_delivery, AWA, id, address="Fann", phone="+221")
    ),
    "renew a code": lambda s: _then(ready(s), lambda id: s.write(prescriptions.renew_code, AWA, id)),
    "expire a prescription": lambda s: _then(_later(s, ready), lambda _: s.write(prescriptions.expire, 9)),
    "validate": lambda s: _then(issued(s), lambda id: s.write(dispensing.validate, NDIAYE, id)),
    "give back": lambda s: _then(validated(s), lambda id: s.write(dispensing.release, NDIAYE, id, reason="Rupture")),
    "hold": lambda s: _then(prepared(s), lambda id: s.write(dispensing.hold, NDIAYE, id, reason="Attend")),
    "prepare": lambda s: _then(
        receive(s) and validated(s), lambda id: s.write(dispensing.prepare, NDIAYE, id)
    ),
    "mark ready": lambda s: _then(prepared(s), lambda id: s.write(dispensing.mark_ready, NDIAYE, id)),
    "set out to deliver": lambda s: _then(_asked_for(s), lambda id: s.write(dispensing.depart, NDIAYE, id)),
    "bring back": lambda s: _then(
        s.write(dispensing.depart, NDIAYE, _asked_for(s)),
        lambda id: s.write(dispensing.bring_back, NDIAYE, id, reason="Absent"),
    ),
    "warn of a lot that expires": lambda s: _then(
        receive(s, expires_on="2026-03-20"), lambda _: s.write(inventory.warn_expiring, 9)
    ),
    "refuse": lambda s: _then(
        prepared(s), lambda id: s.write(dispensing.refuse, NDIAYE, id, code="dose", text="Trop")
    ),
    "try a wrong code": lambda s: _then(
        ready(s),
        lambda id: s.write(dispensing.try_code, NDIAYE, id, code=wrong_code(s, id), key=KEY),
    ),
    "deliver": lambda s: _then(
        ready(s), lambda id: s.write(dispensing.deliver, NDIAYE, id, key=KEY, code=code(s, id))
    ),
    "receive a lot": lambda s: lambda: s.write(inventory.receive, NDIAYE, **LOT),
    "receive a delivery": lambda s: _then(_delivery(s), lambda id: s.write(receiving.confirm, NDIAYE, id)),
    "undo a receipt": lambda s: _then(
        s.write(receiving.confirm, NDIAYE, _delivery(s)), lambda id: s.write(receiving.undo, NDIAYE, id)
    ),
    "count a sheet": lambda s: _then(
        [Counted("", receive(s), 1, 90)],
        lambda counted: s.write(counting.record, NDIAYE, counted, reason="Inventaire", confirmed=True),
    ),
    "choose for a pharmacy": lambda s: lambda: s.write(
        choices.choose, NDIAYE, shows_cover=True, duty_from=None, duty_to=None, version=1
    ),
    "set a threshold": lambda s: _then(
        receive(s), lambda id: s.write(inventory.set_threshold, NDIAYE, s.value("SELECT id FROM products"), threshold=5)
    ),
    "count a lot": lambda s: _then(
        receive(s), lambda id: s.write(inventory.adjust, NDIAYE, id, on_hand=1, version=1, reason="Casse")
    ),
}  # fmt: skip


def _delivery(store: Store) -> str:
    names = {2: deliveries.Name("paracétamol 500 mg", "")}
    table = deliveries.Table(names, {2: deliveries.Line("L1", in_days(store, 100), 60)})
    return store.write(receiving.check, NDIAYE, table)


def _then(before: Any, act: Callable[[Any], Any]) -> Callable[[], Any]:
    return lambda: act(before)


def _waiting(store: Store) -> None:
    store.connection.execute("UPDATE users SET status = 'pending' WHERE id = 'fall'")


def _later(store: Store, step: Callable[[Store], str]) -> str:
    id = step(store)
    store.clock.advance(days=91)
    return id


def _asked_for(store: Store) -> str:
    return store.write(prescriptions.request_delivery, AWA, ready(store), address="Fann", phone="+221")


def _written(store: Store) -> str:
    grant(store)
    return write_record(store)


@pytest.mark.parametrize("step", EVERY_ACT.values(), ids=EVERY_ACT)
class TestEveryAct:
    def test_leaves_an_audit_entry(self, store: Store, step: Step) -> None:
        act = step(store)
        before = len(store.audit())
        act()
        assert len(store.audit()) > before

    def test_leaves_nothing_at_all_when_it_cannot_be_written_down(self, store: Store, step: Step) -> None:
        act = step(store)
        before, heard = store.content(), list(store.announced)
        store.fill_up("audit_events")
        with pytest.raises(Violation, match="disk full"):
            act()
        assert store.content() == before
        assert store.announced == heard

    def test_leaves_nothing_at_all_when_nobody_can_be_told(self, store: Store, step: Step) -> None:
        act = step(store)
        before, heard = store.content(), list(store.announced)
        store.fill_up("notifications")
        try:
            act()
        except Violation:
            assert store.content() == before
            assert store.announced == heard
        else:
            unseen = store.rows("SELECT count(*) FROM notifications")[0][0] - len(before["notifications"])
            assert unseen == 0  # an act that tells nobody


SECRETS = (
    "Hypertension",
    "Tension 15/9",
    "paracétamol",
    "1 comprimé matin et soir",
    "Suivi de la tension",
    "Dose à vérifier",
    "Médecine générale",
    "Jamais",
    "CNI 1 234",
    *(person.family_name for person in CAST),
    *(person.given_name for person in CAST),
)


def test_neither_the_audit_nor_a_notification_carries_anything_clinical_or_a_name(store: Store) -> None:
    prescription_id = ready(store)
    write_record(store)
    store.write(records.open_file, DIOP, AWA.id)
    store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, identity_document="CNI 1 234", reason="Jamais")
    second = store.write(dispensing.validate, NDIAYE, issue(store))
    store.write(dispensing.refuse, NDIAYE, second, code="dose", text="Dose à vérifier")
    store.write(prescriptions.cancel, DIOP, second, reason="Hypertension")
    kept = str(
        store.rows("SELECT action, subject_kind, outcome, detail FROM audit_events")
        + store.rows("SELECT type, message, subject_kind FROM notifications")
    )
    assert [secret for secret in SECRETS if secret in kept] == []
    assert len(store.audit()) > 8


def test_the_patient_is_told_each_step_of_the_way_once(store: Store) -> None:
    delivered(store)
    assert store.told(AWA) == [
        "access.requested",
        "prescription.issued",
        "prescription.validated",
        "prescription.prepared",
        "prescription.ready",
        "prescription.delivered",
    ]
