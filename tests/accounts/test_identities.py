"""Who somebody is, is told of those of whom there is anything to tell; of nobody else there is an empty answer."""

from collections.abc import Callable
from typing import Any

import pytest
from cast import ADMIN, AWA, CLINIC, DIOP, THIAM
from store import Store

from fadjma.identity import patients, practices, practitioners
from fadjma.identity.practices import Practice
from fadjma.refusals import NotFound
from fadjma.store import Transaction


def _practice(tx: Transaction, user_id: str) -> Practice:
    return practices.practice(tx, user_id, tx.now)


OF_WHOM = [
    (patients.registered, AWA.id, (DIOP.id, ADMIN.id, "nobody", "")),
    (_practice, DIOP.id, (AWA.id, ADMIN.id, "nobody", "")),
    (practitioners.practitioner, DIOP.id, (AWA.id, "nobody", "")),
]


@pytest.mark.parametrize(("tell", "known", "others"), OF_WHOM, ids=["a patient", "a practice", "a practitioner"])
def test_whoever_is_none_is_not_found(
    store: Store, tell: Callable[..., Any], known: str, others: tuple[str, ...]
) -> None:
    assert store.read(tell, known)
    for other in others:
        with pytest.raises(NotFound):
            store.read(tell, other)


def test_what_is_told_is_theirs(store: Store) -> None:
    assert store.read(patients.registered, AWA.id).name == AWA.name
    assert store.read(_practice, DIOP.id).name == DIOP.name
    assert store.read(practitioners.practitioner, THIAM.id).organization == THIAM.organization
    assert THIAM.organization_id == CLINIC
