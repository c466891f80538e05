"""The short code on a prescription's paper: told from an identifier, forgiving of how it is typed, and of no slip."""

import pytest

from fadjma import short_codes
from fadjma.identity.identifiers import new_identifier, normalize_identifier


def test_one_is_read_however_it_is_typed() -> None:
    for code in (short_codes.new() for _ in range(200)):
        shown = short_codes.written(code)
        for typed in (shown, shown.lower(), code, f" {shown} ", shown.replace("-", "\u2011"), code.replace("0", "o")):
            assert short_codes.read(typed) == code


def test_a_letter_that_is_another_makes_it_none() -> None:
    code = short_codes.new()
    for place, letter in enumerate(code):
        for other in set(short_codes.ALPHABET) - {letter}:
            assert short_codes.read(code[:place] + other + code[place + 1 :]) is None


@pytest.mark.parametrize("typed", ["", "7K2M", "awa cissé", "+221771234567", "é" * 11, "7" * 12])
def test_what_is_none(typed: str) -> None:
    assert short_codes.read(typed) is None


def test_it_is_no_identifier_and_an_identifier_is_none() -> None:
    assert normalize_identifier(short_codes.new()) is None
    assert all(short_codes.read(new_identifier()) is None for _ in range(200))


def test_none_is_letters_alone_however_it_is_typed() -> None:
    letters = str.maketrans("01", "OI")
    assert not any(short_codes.may_be_name(short_codes.new().translate(letters)) for _ in range(2_000))
    assert short_codes.may_be_name("Fatou Diatta") and not short_codes.may_be_name("7K2M-Q0XW-4D3")
    for typed in ("\u0667KKM-QOXW-LDJ", "\uff17KKM-QOXW-LDJ", "\u2466KKM-QOXW-LDJ"):  # 7, written otherwise
        assert not short_codes.may_be_name(typed) or short_codes.read(typed) is None


def test_no_two_are_the_same() -> None:
    assert len({short_codes.new() for _ in range(5_000)}) == 5_000
