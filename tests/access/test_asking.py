"""A doctor asks a patient for access: one pending request, whatever is clicked twice."""

import asyncio

import pytest
from cast import ADMIN, AWA, DIOP, FALL, MOUSSA, NDIAYE, SARR
from steps import ask, emergency, grant
from store import Clock, Store

from fadjma.access import actions, queries
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, Forbidden, NotFound
from fadjma.store import Database, Transaction


def _status(store: Store, request_id: str) -> str:
    return store.read(queries.access_request, AWA, request_id).status


def _count(tx: Transaction) -> int:
    found: int = tx.value("SELECT count(*) FROM access_requests")
    return found


def test_a_request_waits_for_the_patient(store: Store) -> None:
    request_id = store.write(actions.ask, DIOP, patient_id=AWA.id, reason="Suivi", scope="summary")
    request = store.read(queries.access_request, DIOP, request_id)
    assert (request.status, request.reason, request.proposed_scope) == ("pending", "Suivi", "summary")
    assert request.scope is None  # proposed, never set
    assert request.expires_at is None


def test_the_patient_is_told_and_nobody_else(store: Store) -> None:
    news = store.news(actions.ask, DIOP, patient_id=AWA.id, reason="Suivi")
    assert news == {AWA.id: ["access.requested"], DIOP.id: [None]}


def test_it_is_written_down(store: Store) -> None:
    ask(store)
    assert store.audit() == [(DIOP.id, "access_request.created", "success")]


@pytest.mark.parametrize("person", [AWA, MOUSSA, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
def test_only_doctors_ask(store: Store, person: Viewer) -> None:
    with pytest.raises(Forbidden):
        ask(store, person)
    assert store.read(_count) == 0


@pytest.mark.parametrize("nobody", ["unknown", DIOP.id, NDIAYE.id, ADMIN.id])
def test_only_patients_are_asked(store: Store, nobody: str) -> None:
    with pytest.raises(NotFound):
        store.write(actions.ask, DIOP, patient_id=nobody, reason="Suivi")


def test_a_closed_account_is_not_asked(store: Store) -> None:
    store.connection.execute("UPDATE users SET status = 'deactivated' WHERE id = ?", (AWA.id,))
    with pytest.raises(NotFound):
        ask(store)


def test_a_second_request_is_refused_while_one_is_pending(store: Store) -> None:
    ask(store)
    with pytest.raises(Conflict) as refusal:
        ask(store)
    assert refusal.value.current == "pending"
    assert store.told(AWA) == ["access.requested"]


def test_another_doctor_and_another_patient_are_another_request(store: Store) -> None:
    for doctor, patient in ((DIOP, AWA), (SARR, AWA), (DIOP, MOUSSA)):
        ask(store, doctor, patient)
    assert store.read(_count) == 3


async def test_six_identical_requests_at_once_make_one(database: Database) -> None:
    answers = await asyncio.gather(
        *(database.write(actions.ask, DIOP, patient_id=AWA.id, reason="Suivi") for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 5
    assert await database.read(_count) == 1
    told = await database.read(lambda tx: tx.all("SELECT seq FROM notifications WHERE user_id = 'awa'"))
    assert len(told) == 1


def test_whoever_has_access_does_not_ask(store: Store) -> None:
    grant(store)
    with pytest.raises(Conflict) as refusal:
        ask(store)
    assert refusal.value.current == "approved"


def test_an_access_in_emergency_does_not_keep_from_asking(store: Store) -> None:
    emergency(store)
    assert _status(store, ask(store)) == "pending"


def test_after_a_refusal_one_asks_again_in_24_hours(store: Store, clock: Clock) -> None:
    store.write(actions.reject, AWA, ask(store))
    clock.advance(hours=24, milliseconds=-1)
    with pytest.raises(Conflict) as refusal:
        ask(store)
    assert refusal.value.current == "rejected"
    clock.advance(milliseconds=1)
    assert _status(store, ask(store)) == "pending"


def test_a_refusal_to_one_doctor_holds_back_no_other(store: Store) -> None:
    store.write(actions.reject, AWA, ask(store))
    assert ask(store, SARR)


def test_after_a_withdrawal_or_a_revocation_one_may_ask_at_once(store: Store) -> None:
    store.write(actions.withdraw, DIOP, ask(store))
    granted = grant(store)
    store.write(actions.revoke, AWA, granted)
    assert _status(store, ask(store)) == "pending"


def test_a_request_that_time_has_ended_is_not_in_the_way(store: Store, clock: Clock) -> None:
    first = ask(store)
    clock.advance(hours=72)
    second = ask(store)
    assert (_status(store, first), _status(store, second)) == ("lapsed", "pending")


def test_a_grant_that_time_has_ended_is_not_in_the_way(store: Store, clock: Clock) -> None:
    first = grant(store)
    clock.advance(days=7)
    second = grant(store)
    assert (_status(store, first), _status(store, second)) == ("expired", "approved")
