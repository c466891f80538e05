"""What the database itself refuses about prescriptions, whatever the program does."""

import re
from itertools import product
from pathlib import Path

import pytest
from cast import DIOP, JAMM
from doing import put
from steps import delivered, issued, validated
from store import Store, codes_of_index, refused_by_database

from fadjma.prescriptions import queries, states, transitions
from fadjma.prescriptions.states import ACTS, ROLES, STATES
from fadjma.refusals import Conflict

INSERT = (
    "INSERT INTO prescriptions (id, patient_id, prescriber_id, pharmacy_id, status, status_reason, issued_at, "
    "valid_until, updated_at) VALUES ('one', 'awa', 'diop', ?, ?, ?, 1, 2, 1)"
)


def _let_pass(store: Store) -> set[tuple[str, str]]:
    """From which state to which the database lets a prescription change, whatever the program does."""
    found: set[tuple[str, str]] = set()
    for source, target in product(STATES, repeat=2):
        store.connection.execute("SAVEPOINT one")
        store.connection.execute(INSERT, (JAMM, source, "raison"))
        if not refused_by_database(store, "UPDATE prescriptions SET status = ? WHERE id = 'one'", target):
            found.add((source, target))
        store.connection.execute("ROLLBACK TO one")
        store.connection.execute("RELEASE one")
    return found


def _drawn() -> str:
    """The diagram of docs/prescriptions.md: an arrow for each way from a state to another, with its acts."""
    ways: dict[tuple[str, str], list[str]] = {}
    for act in ACTS:
        for source in act.sources or ("[*]",):
            if act.target:
                ways.setdefault((source, act.target), []).append(f"{act.name} ({act.by})")
    order = ["[*]", *STATES]
    arrows = sorted(ways.items(), key=lambda way: (order.index(way[0][0]), order.index(way[0][1])))
    lines = [f"    {source} --> {target}: {', '.join(acts)}" for (source, target), acts in arrows]
    ends = [f"    {state} --> [*]" for state in STATES if not any(state == source for source, _ in ways)]
    return "\n".join(["stateDiagram-v2", *lines, *ends])


def test_the_diagram_in_the_docs_is_drawn_from_the_table() -> None:
    """On a failure: put what `_drawn` returns between the fences of docs/prescriptions.md."""
    page = (Path(__file__).parents[2] / "docs" / "prescriptions.md").read_text(encoding="utf-8")
    assert page.partition("```mermaid\n")[2].partition("\n```")[0] == _drawn()


def test_the_arrows_of_the_docs_are_those_of_the_database(store: Store) -> None:
    page = (Path(__file__).parents[2] / "docs" / "prescriptions.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^    (\w+) --> (\w+): ", page, re.MULTILINE)) == _let_pass(store)


def test_the_database_lets_pass_what_the_acts_do_and_nothing_else(store: Store) -> None:
    acts = {(source, act.target) for act in ACTS if act.target for source in act.sources}
    assert _let_pass(store) == acts


def test_the_history_tells_two_acts_between_the_same_states_apart_by_who_did_them_and_whether_they_said_why() -> None:
    steps = [
        (source, act.target, ROLES.get(act.by), act.needs_reason)
        for act in ACTS
        if act.target
        for source in act.sources
    ]
    assert len(steps) == len({*steps})


def test_the_database_takes_the_states_of_the_table_and_no_other(store: Store) -> None:
    refused = [state for state in (*STATES, "lost") if refused_by_database(store, INSERT, JAMM, state, "raison")]
    assert refused == ["lost"]


def test_only_what_no_pharmacy_need_have_claimed_is_without_one(store: Store) -> None:
    without = {state for state in STATES if not refused_by_database(store, INSERT, None, state, "raison")}
    reached: set[str] = {"issued"}
    for _ in STATES:
        reached |= {act.target for act in ACTS if act.target and act.claim != "take" and reached & {*act.sources}}
    assert without == {"issued", "cancelled", "expired", "entered_in_error"} == reached


def test_what_is_reached_with_a_reason_alone_has_one(store: Store) -> None:
    refused = {state for state in STATES if refused_by_database(store, INSERT, JAMM, state, "")}
    reasoned = {act.target for act in ACTS if act.needs_reason}
    assert refused == reasoned - {act.target for act in ACTS if not act.needs_reason}


def test_the_index_of_what_expires_holds_what_time_can_end(store: Store) -> None:
    assert codes_of_index(store, "prescriptions_expiring") == {*states.EXPIRE.sources}


@pytest.mark.sqlite_only
def test_what_is_going_to_expire_is_found_by_its_index(store: Store) -> None:
    put(store, "ready")
    sql = f"SELECT id FROM prescriptions p WHERE p.status IN {queries.OPEN} AND p.valid_until <= 5"
    assert "prescriptions_expiring" in str(store.rows(f"EXPLAIN QUERY PLAN {sql}"))


def test_what_another_process_has_just_changed_is_not_changed_over_it(store: Store) -> None:
    prescription_id = validated(store)
    before = store.content()
    with pytest.raises(Conflict):
        store.write(transitions.write, prescription_id, DIOP.id, "issued", "cancelled", "Trop tard", None)
    assert store.content() == before


@pytest.mark.parametrize("change", ["patient_id = 'moussa'", "prescriber_id = 'sarr'"])
def test_its_parties_never_change(store: Store, change: str) -> None:
    issued(store)
    assert refused_by_database(store, f"UPDATE prescriptions SET {change}")


def test_nobody_validates_without_a_pharmacy(store: Store) -> None:
    issued(store)
    assert refused_by_database(store, "UPDATE prescriptions SET status = 'validated'")
    assert not refused_by_database(store, "UPDATE prescriptions SET status = 'validated', pharmacy_id = ?", JAMM)


@pytest.mark.parametrize("status", ["cancelled", "entered_in_error"])
def test_an_end_has_a_reason(store: Store, status: str) -> None:
    issued(store)
    assert refused_by_database(store, "UPDATE prescriptions SET status = ?", status)
    assert not refused_by_database(store, "UPDATE prescriptions SET status = ?, status_reason = 'erreur'", status)


def test_a_line_is_never_delivered_twice_over(store: Store) -> None:
    delivered(store)
    assert refused_by_database(store, "UPDATE prescription_lines SET delivered = quantity + 1")


@pytest.mark.parametrize("quantity", [0, -1, 1001])
def test_a_quantity_is_possible(store: Store, quantity: int) -> None:
    issued(store)
    assert refused_by_database(store, "UPDATE prescription_lines SET delivered = 0, quantity = ?", quantity)


def test_history_is_kept(store: Store) -> None:
    delivered(store)
    assert refused_by_database(store, "DELETE FROM prescriptions")
    assert refused_by_database(store, "DELETE FROM prescription_acts")
    assert refused_by_database(store, "UPDATE prescription_acts SET reason = ''")
