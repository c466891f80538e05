"""Numbers in letters, as French writes them."""

import pytest

from fadjma.prescriptions.letters import in_letters


@pytest.mark.parametrize(
    ("number", "letters"),
    [
        (0, "zéro"),
        (1, "un"),
        (14, "quatorze"),
        (17, "dix-sept"),
        (20, "vingt"),
        (21, "vingt et un"),
        (28, "vingt-huit"),
        (60, "soixante"),
        (70, "soixante-dix"),
        (71, "soixante et onze"),
        (77, "soixante-dix-sept"),
        (80, "quatre-vingts"),
        (81, "quatre-vingt-un"),
        (90, "quatre-vingt-dix"),
        (91, "quatre-vingt-onze"),
        (99, "quatre-vingt-dix-neuf"),
        (100, "cent"),
        (101, "cent un"),
        (180, "cent quatre-vingts"),
        (200, "deux cents"),
        (203, "deux cent trois"),
        (1_000, "mille"),
        (2_080, "deux mille quatre-vingts"),
        (9_999, "neuf mille neuf cent quatre-vingt-dix-neuf"),
    ],
)
def test_a_number(number: int, letters: str) -> None:
    assert in_letters(number) == letters


def test_no_two_numbers_are_the_same_in_letters() -> None:
    assert len({in_letters(number) for number in range(10_000)}) == 10_000
