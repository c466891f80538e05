"""One slip of a letter in a medicine's name is forgiven; what is right comes alone, and a number is never another."""

import itertools
import random
import time

import pytest
from cast import AMOXICILLIN, DIOP, INSULIN, PARACETAMOL
from hypothesis import given
from hypothesis import strategies as st
from store import Store

from fadjma.inventory import queries
from fadjma.inventory.formulary import Facts
from fadjma.inventory.misspelt import begins_but_for_one


def _found(store: Store, q: str) -> list[str]:
    return [medicine.id for medicine in store.read(queries.search_medicines, DIOP, q)]


@pytest.mark.parametrize(
    "q",
    [
        "paracétanol",
        "paracetmol",
        "parracetamol",
        "apracétamol",
        "500 mg paracétamlo",
        "parcetamol500mg",
        "parz",
        "qara",
    ],
)
def test_a_letter_changed_missing_too_many_or_moved_is_forgiven(store: Store, q: str) -> None:
    assert _found(store, q) == [PARACETAMOL]


@pytest.mark.parametrize("q", ["paraxetanol", "prz", "paracétanol 400", "paracétamol 5000", "600", "xparacétanol 500"])
def test_two_slips_a_short_word_and_another_number_are_not(store: Store, q: str) -> None:
    assert _found(store, q) == []


def test_what_is_written_right_comes_alone(store: Store) -> None:
    _add(store, "paracétanol", Facts(dci="paracétanol", form="gélule", strength="1 g", unit="gélule"))
    assert _found(store, "paracétamol") == [PARACETAMOL]
    assert _found(store, "paracétaxol") == [PARACETAMOL, "paracétanol"]


def test_a_retired_medicine_is_not_what_was_meant(store: Store) -> None:
    store.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (AMOXICILLIN,))
    assert _found(store, "amoxicilime") == []
    assert _found(store, "glargime") == [INSULIN]


@given(st.text("abc", min_size=4, max_size=7), st.text("abc", max_size=8))
def test_it_is_as_slow_people_compare(typed: str, word: str) -> None:
    """Every way to make one slip, tried."""
    letters = "abc"
    right = {typed}
    for at in range(len(typed) + 1):
        right |= {typed[:at] + letter + typed[at:] for letter in letters}
        right |= {typed[:at] + letter + typed[at + 1 :] for letter in letters if at < len(typed)}
        right |= {typed[:at] + typed[at + 1 :], typed[:at] + typed[at : at + 2][::-1] + typed[at + 2 :]}
    assert begins_but_for_one(word, typed) == any(word.startswith(one) for one in right)


@pytest.mark.long
def test_among_five_thousand_it_takes_a_fraction_of_what_one_waits(store: Store) -> None:
    chance = random.Random(5)
    syllables = ["ba", "ci", "do", "fen", "gli", "lor", "mo", "nyl", "pra", "tri", "vas", "xi", "zol", "ine", "ol"]
    names = chance.sample(["".join(parts) for parts in itertools.product(syllables, repeat=4)], 5_000)
    for number, dci in enumerate(sorted(set(names))):
        strength, form = f"{chance.choice((5, 10, 250, 500))} mg", chance.choice(("comprimé", "gélule", "sirop"))
        _add(store, f"m{number}", Facts(dci=dci, form=form, strength=strength, unit=form, brands=f"Marque {dci[:5]}"))
    begun = time.thread_time()
    assert PARACETAMOL in _found(store, "paracétanol 500 mg comprimé")
    took = time.thread_time() - begun
    assert took < 0.1  # 0.01 on a quiet machine


def _add(store: Store, id: str, facts: Facts) -> None:
    columns = facts.columns()
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    store.connection.execute(f"INSERT INTO medicines (id, {names}) VALUES (:id, {values})", {"id": id, **columns})
