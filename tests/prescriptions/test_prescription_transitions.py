"""What the database itself refuses about prescriptions, whatever the program does."""

from itertools import product
from typing import get_args

import pytest
from cast import JAMM
from steps import delivered, issued
from store import Store, refused_by_database

from fadjma.prescriptions.queries import Status

ENDS = {"expired", "entered_in_error"}
# docs/clinic.md, “Prescriptions”
TRANSITIONS = {
    "issued": {"validated", "cancelled", *ENDS},
    "validated": {"issued", "prepared", "on_hold", "refused", "cancelled", *ENDS},
    "prepared": {"ready", "on_hold", "refused", "cancelled", *ENDS},
    "on_hold": {"validated", "prepared", "refused", "cancelled", *ENDS},
    "ready": {"delivered", "part_delivered", "in_delivery", "issued", "cancelled", *ENDS},
    "in_delivery": {"delivered", "part_delivered", "ready", *ENDS},
    "part_delivered": {"ready", "delivered", "part_delivered", *ENDS},
    "refused": {"cancelled", *ENDS},
}


def test_only_the_transitions_of_the_clinic_are_possible(store: Store) -> None:
    found: dict[str, set[str]] = {}
    for source, target in product(get_args(Status), repeat=2):
        store.connection.execute("SAVEPOINT one")
        store.connection.execute(
            "INSERT INTO prescriptions (id, patient_id, prescriber_id, pharmacy_id, status, status_reason, issued_at, "
            "valid_until, updated_at) VALUES ('one', 'awa', 'diop', ?, ?, 'raison', 1, 2, 1)",
            (JAMM, source),
        )
        if not refused_by_database(store, "UPDATE prescriptions SET status = ? WHERE id = 'one'", target):
            found.setdefault(source, set()).add(target)
        store.connection.execute("ROLLBACK TO one")
        store.connection.execute("RELEASE one")
    assert found == TRANSITIONS


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
