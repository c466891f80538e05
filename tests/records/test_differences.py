"""What a correction changed, word by word."""

import pytest

from fadjma.records import differences


def _marked(before: str, after: str) -> str:
    signs = {"same": "{}", "ins": "[+{}]", "del": "[-{}]"}
    return "".join(signs[kind].format(text) for kind, text in differences.between(before, after))


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("Tension 15/9, sans sel.", "Tension 14/8, sans sel.", "Tension[- 15/9,][+ 14/8,] sans sel."),
        ("Une\nDeux", "Une\nDeux\nTrois", "Une\nDeux[+\nTrois]"),
        ("Une\nDeux", "Une", "Une[-\nDeux]"),
        ("a b c d e", "a x c y e", "a[- b][+ x] c[- d][+ y] e"),
        ("même", "même", "même"),
        ("", "tout", "[+tout]"),
        ("le le le", "le le", "le le[- le]"),  # what both begin with is not what both end with, again
    ],
)
def test_a_word_that_came_or_went_is_marked(before: str, after: str, marked: str) -> None:
    assert _marked(before, after) == marked


def test_both_texts_can_be_read_from_it() -> None:
    before, after = " Deux  mots\n\n et une fin ", "Trois mots\n et\tune autre fin"
    pieces = differences.between(before, after)
    assert "".join(text for kind, text in pieces if kind != "ins") == before
    assert "".join(text for kind, text in pieces if kind != "del") == after


def test_what_would_take_long_is_taken_out_and_added_as_one() -> None:
    before, after = "ici " + "oui non " * 300 + "fin", "ici " + "non oui oui " * 300 + "là fin"
    assert [kind for kind, _ in differences.between(before, after)] == ["same", "del", "ins", "same"]


def test_words_that_are_exchanged_two_by_two_hold_nobody_up() -> None:
    """Compared one with another they take a time that grows with their square."""
    words = [f"mot{number}" for number in range(2_000)]
    exchanged = [word for pair in zip(words[1::2], words[::2], strict=True) for word in pair]
    assert [kind for kind, _ in differences.between(" ".join(words), " ".join(exchanged))] == ["del", "ins"]
