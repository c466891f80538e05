"""Patient identifiers and phone numbers, as people say and copy them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadjma.identity.identifiers import new_identifier, normalize_identifier, normalize_phone, show_phone

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
codes = st.text(CROCKFORD, min_size=10, max_size=10)


def test_a_new_identifier_has_fifty_random_bits() -> None:
    made = {new_identifier() for _ in range(500)}
    assert len(made) == 500
    assert {letter for identifier in made for letter in identifier[3:].replace("-", "")} == set(CROCKFORD)


@pytest.mark.parametrize(
    "typed",
    [
        "FJ-7K2MQ-0XW4D",
        "fj-7k2mq-0xw4d",
        "FJ7K2MQ0XW4D",
        " fj 7k2mq 0xw4d ",
        "7K2MQ0XW4D",
        "FJ-7K2MQ-OXW4D",
        "FJ.7K2MQ.oXW4D",
    ],
)
def test_it_is_recognised_however_it_is_typed(typed: str) -> None:
    assert normalize_identifier(typed) == "FJ-7K2MQ-0XW4D"


@pytest.mark.parametrize("typed", ["", "FJ-", "FJ-7K2MQ-0XW4", "FJ-7K2MQ-0XW4D1", "awa", "77 123 45 67", "é" * 10])
def test_what_is_not_one_is_nothing(typed: str) -> None:
    assert normalize_identifier(typed) is None


@given(codes, st.sampled_from(["", " ", "-", "."]), st.booleans())
def test_case_and_separators_never_matter(code: str, separator: str, lower: bool) -> None:
    typed = separator.join(["FJ", code[:5], code[5:]])
    assert normalize_identifier(typed.lower() if lower else typed) == f"FJ-{code[:5]}-{code[5:]}"


@given(codes)
def test_letters_that_look_alike_are_read_as_the_same(code: str) -> None:
    misread = code.replace("0", "O").replace("1", "l")
    assert normalize_identifier(f"FJ-{misread}") == f"FJ-{code[:5]}-{code[5:]}"


def test_the_prefix_may_be_left_out_also_when_the_code_begins_like_it() -> None:
    assert normalize_identifier("FJ2MQ-0XW4D") == "FJ-FJ2MQ-0XW4D"


@given(st.text(string.printable + "éœßİ", max_size=40))
def test_any_text_is_an_identifier_in_its_stored_form_or_nothing(typed: str) -> None:
    found = normalize_identifier(typed)
    assert found is None or (normalize_identifier(found) == found and len(found) == 14)


@pytest.mark.parametrize(
    "typed", ["77 123 45 67", "771234567", "+221771234567", "00221 77-123-45-67", "(77) 123.45.67"]
)
def test_a_senegalese_number_needs_no_country(typed: str) -> None:
    assert normalize_phone(typed) == "+221771234567"


def test_another_country_is_given_with_plus() -> None:
    assert normalize_phone("+225 07 01 02 03 04") == "+2250701020304"
    assert normalize_phone("+33 6 12 34 56 78") == "+33612345678"


@pytest.mark.parametrize(
    "typed", ["", "77 123", "12", "awa@demo.fadjma", "771234567@x.sn", "+221 77 123 45 67 89", "numéro"]
)
def test_a_number_that_does_not_exist_is_nothing(typed: str) -> None:
    assert normalize_phone(typed) is None


@given(st.text(string.digits + "+ -()", max_size=25))
def test_whatever_is_typed_a_stored_number_is_e164_and_stays_as_it_is(typed: str) -> None:
    found = normalize_phone(typed)
    assert found is None or (found[0] == "+" and found[1:].isdigit() and normalize_phone(found) == found)


def test_a_number_is_shown_in_groups() -> None:
    assert show_phone("+221771234567") == "+221 77 123 45 67"
    assert show_phone(None) == ""
