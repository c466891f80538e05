"""The language in which a person reads FADJMA."""

import pytest
from cast import AWA, MOUSSA
from store import Store

from fadjma.accounts import actions
from fadjma.refusals import Invalid


def _languages(store: Store) -> dict[str, str]:
    return dict(store.rows("SELECT id, language FROM users WHERE role = 'patient'"))


def test_one_chooses_for_oneself_alone(store: Store) -> None:
    store.write(actions.choose_language, AWA, "en")
    assert _languages(store) == {AWA.id: "en", MOUSSA.id: "fr"}


@pytest.mark.parametrize("language", ["", "wo", "EN", "../en"])
def test_a_language_that_is_not_offered_is_refused(store: Store, language: str) -> None:
    with pytest.raises(Invalid):
        store.write(actions.choose_language, AWA, language)
    assert _languages(store)[AWA.id] == "fr"
