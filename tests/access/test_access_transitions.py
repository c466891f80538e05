"""What the database itself refuses about access requests, whatever the program does."""

from itertools import product

import pytest
from cast import AWA, DIOP, MOUSSA, SARR
from steps import ask, grant
from store import Store, codes_of_index, refused_by_database

from fadjma.access import states
from fadjma.access.states import ACTS, SCOPES, STATES

INSERT = (
    "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, scope, emergency_code, created_at, "
    f"lapses_at, decided_at, expires_at) VALUES ('one', '{AWA.id}', '{DIOP.id}', ?, 'Suivi', ?, ?, 1, 2, 1, 3)"
)


def test_the_database_lets_pass_what_the_acts_do_and_nothing_else(store: Store) -> None:
    found = set()
    for source, target in product(STATES, repeat=2):
        store.connection.execute("SAVEPOINT one")
        store.connection.execute(INSERT, (source, "full", "unconscious"))
        if not refused_by_database(store, "UPDATE access_requests SET status = ? WHERE id = 'one'", target):
            found.add((source, target))
        store.connection.execute("ROLLBACK TO one")
        store.connection.execute("RELEASE one")
    assert found == {(source, act.target) for act in ACTS for source in act.sources}


def test_the_database_takes_the_codes_of_the_tables_and_no_other(store: Store) -> None:
    def refused(codes: tuple[str, ...], where: int) -> list[str]:
        row = ["pending", "full", "unconscious"]
        return [code for code in codes if refused_by_database(store, INSERT, *row[:where], code, *row[where + 1 :])]

    assert refused((*STATES, "lost"), 0) == ["lost"]
    assert refused((*SCOPES, "everything"), 1) == ["everything"]
    assert refused((*states.EMERGENCIES, "curious"), 2) == ["curious"]
    ask(store)
    wish, durations = "UPDATE access_requests SET proposed_duration = ?", (*states.DURATIONS, "for ever")
    assert [code for code in durations if refused_by_database(store, wish, code)] == ["for ever"]


@pytest.mark.parametrize(
    ("index", "codes"),
    [
        ("access_requests_one_pending", {states.ASK.target}),
        ("access_requests_one_grant", {states.APPROVE.target}),
        ("access_requests_lapsing", {*states.LAPSE.sources}),
        ("access_requests_expiring", {*states.EXPIRE.sources}),
    ],
)
def test_its_indexes_hold_what_the_acts_begin_with(store: Store, index: str, codes: set[str]) -> None:
    assert codes_of_index(store, index) == codes


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
        "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, scope, created_at, lapses_at, "
        "decided_at, expires_at) SELECT 'copy', patient_id, doctor_id, status, reason, scope, created_at, lapses_at, "
        "decided_at, expires_at FROM access_requests WHERE status = ?"
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
