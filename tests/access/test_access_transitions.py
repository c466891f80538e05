"""What the database itself refuses about access requests, whatever the program does."""

from itertools import product
from typing import get_args

from cast import AWA, DIOP, MOUSSA, SARR
from steps import ask, grant
from store import Store, refused_by_database

from fadjma.access.queries import Status

# docs/clinic.md, “Access requests”
TRANSITIONS = {
    "pending": {"approved", "rejected", "withdrawn", "lapsed"},
    "approved": {"revoked", "expired"},
    "emergency": {"revoked", "expired"},
}


def _put(store: Store, request_id: str, status: str) -> None:
    store.connection.execute(
        "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, scope, emergency_code, created_at, "
        "lapses_at, decided_at, expires_at) VALUES (?, ?, ?, ?, 'Suivi', 'full', 'unconscious', 1, 2, 1, 3)",
        (request_id, AWA.id, DIOP.id, status),
    )


def test_only_the_transitions_of_the_clinic_are_possible(store: Store) -> None:
    found: dict[str, set[str]] = {}
    for source, target in product(get_args(Status), repeat=2):
        store.connection.execute("SAVEPOINT one")
        _put(store, "one", source)
        if not refused_by_database(store, "UPDATE access_requests SET status = ? WHERE id = 'one'", target):
            found.setdefault(source, set()).add(target)
        store.connection.execute("ROLLBACK TO one")
        store.connection.execute("RELEASE one")
    assert found == TRANSITIONS


def test_a_request_is_never_deleted(store: Store) -> None:
    assert refused_by_database(store, "DELETE FROM access_requests WHERE id = ?", ask(store))


def test_its_parties_never_change(store: Store) -> None:
    request_id = ask(store)
    assert refused_by_database(store, "UPDATE access_requests SET patient_id = ? WHERE id = ?", MOUSSA.id, request_id)
    assert refused_by_database(store, "UPDATE access_requests SET doctor_id = ? WHERE id = ?", SARR.id, request_id)


def test_there_is_one_pending_request_and_one_grant_for_a_doctor_and_a_patient(store: Store) -> None:
    grant(store)
    ask(store, SARR)
    copy = (
        "INSERT INTO access_requests SELECT 'copy', patient_id, doctor_id, status, reason, proposed_scope, scope, "
        "emergency_code, created_at, lapses_at, decided_at, decision_reason, expires_at, ended_at, version "
        "FROM access_requests WHERE status = ?"
    )
    assert refused_by_database(store, copy, "approved")
    assert refused_by_database(store, copy, "pending")


def test_a_grant_has_a_scope_and_an_end(store: Store) -> None:
    request_id = ask(store)
    for missing in (
        "scope = NULL, expires_at = 9, decided_at = 1",
        "scope = 'full', expires_at = NULL, decided_at = 1",
    ):
        assert refused_by_database(
            store, f"UPDATE access_requests SET status = 'approved', {missing} WHERE id = ?", request_id
        )


def test_a_scope_is_one_of_three(store: Store) -> None:
    assert refused_by_database(store, "UPDATE access_requests SET scope = 'everything' WHERE id = ?", ask(store))
