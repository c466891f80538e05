"""What an administrator of a clinic that begins has to do, in its order, until it is done."""

import pytest
import steps
from cast import ADMIN, AWA
from store import Store

from fadjma import beginning
from fadjma.refusals import Forbidden

ALL = [
    "Ajouter votre clinique",
    "Importer la liste des médicaments",
    "Créer le compte d'un médecin",
    "Créer le compte de l'accueil",
    "Ajouter une pharmacie",
    "Créer le compte de la pharmacie",
    "Créer un second compte d'administration",
    "Prévoir les sauvegardes",
]


def _remaining(store: Store, *, kept: bool = False) -> list[str]:
    return [step.label for step in store.read(beginning.remaining, ADMIN, kept=kept)]


@pytest.fixture
def empty(store: Store) -> Store:
    """Nobody but the patient and the admin, no place, no medicine."""
    store.connection.execute("UPDATE users SET status = 'pending' WHERE role NOT IN ('patient', 'admin')")
    store.connection.execute("UPDATE medicines SET retired_at = 1")
    store.connection.execute("PRAGMA ignore_check_constraints = ON")
    store.connection.execute("UPDATE organizations SET kind = 'none'")
    store.connection.execute("PRAGMA ignore_check_constraints = OFF")
    return store


def test_an_empty_clinic_has_all_of_it_to_do(empty: Store) -> None:
    assert _remaining(empty) == ALL


@pytest.mark.parametrize(
    ("done", "sql"),
    [
        ("Ajouter votre clinique", "UPDATE organizations SET kind = 'clinic' WHERE id = 'clinic-teranga'"),
        ("Importer la liste des médicaments", "UPDATE medicines SET retired_at = NULL"),
        ("Créer le compte d'un médecin", "UPDATE users SET status = 'active' WHERE id = 'diop'"),
        ("Créer le compte de l'accueil", "UPDATE users SET status = 'active' WHERE id = 'thiam'"),
        ("Ajouter une pharmacie", "UPDATE organizations SET kind = 'pharmacy' WHERE id = 'pharmacy-jamm'"),
        ("Créer le compte de la pharmacie", "UPDATE users SET status = 'active' WHERE id = 'ndiaye'"),
        (
            "Créer un second compte d'administration",
            "UPDATE users SET role = 'admin', status = 'active' WHERE id = 'gassama'",
        ),
    ],
)
def test_each_is_gone_when_it_is_done_and_no_other(empty: Store, done: str, sql: str) -> None:
    empty.connection.execute(sql)
    assert _remaining(empty) == [step for step in ALL if step != done]


def test_once_something_was_prescribed_only_what_nobody_can_do_without_is_left(store: Store) -> None:
    assert _remaining(store) == ["Créer un second compte d'administration", "Prévoir les sauvegardes"]
    steps.issued(store)
    assert _remaining(store) == ["Prévoir les sauvegardes"]
    assert _remaining(store, kept=True) == []


def test_nobody_else_is_told(store: Store) -> None:
    with pytest.raises(Forbidden):
        store.read(beginning.remaining, AWA, kept=False)
