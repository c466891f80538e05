"""What a good password is: long, not common, not one's own name. No composition rules."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadjma.identity import passwords
from fadjma.identity.passwords import weakness

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
AWA = ("Awa", "Cissé", "awa@demo.fadjma", "+221771234567")
MOUSSA = ("Moussa", "Diouf", "moussa@demo.fadjma", "+221769876543")


@pytest.mark.parametrize(
    "password",
    [
        "le baobab du marché",
        "correct horse battery",
        "x9!kQ2#vB7@m",
        "quatre mangues mûres",
        "ñandú-ñandú-9",
        "a" * 3 + "bcd" * 41,
    ],
)
def test_a_long_phrase_will_do(password: str) -> None:
    assert weakness(password, *AWA) is None


@pytest.mark.parametrize("password", ["", "court", "onze lettre", "x" * 129, "le baobab du marché " * 7])
def test_it_has_12_to_128_characters(password: str) -> None:
    assert weakness(password) is not None


def test_its_length_is_counted_in_characters() -> None:
    assert weakness("éàüöïçñêâîôû") is None


@pytest.mark.parametrize("password", ["motdepasse123", "MotDePasse123", "password1234", "azertyuiop12"])
def test_a_common_one_is_refused_in_any_case(password: str) -> None:
    assert "courant" in (weakness(password) or "")


@pytest.mark.parametrize(
    "password",
    [
        "password123456",
        "motdepasse2027",
        "MotDePasse!2031",
        "P@ssw0rd12345",
        "fadjmafadjma",
        "azertyuiop2027",
        "senegal-senegal",
        "bonjourbonjour1",
        "987654321098",
        "Thiès2026Thiès",
        "docteur.dakar.1",
        "\u200bmotdepasse\u200b2027",
        "ｍｏｔｄｅｐａｓｓｅ１２",
    ],
)
def test_nor_does_one_become_good_by_digits_signs_or_being_said_twice(password: str) -> None:
    assert weakness(password, *AWA) is not None


@pytest.mark.parametrize(
    "password", ["CliniqueJamm2026", "jamm jamm jamm", "Awa.Jamm.2026", "pharmacie-jamm!1", "CISSEJAMM1990"]
)
def test_the_name_of_the_place_is_as_weak_as_ones_own(password: str) -> None:
    assert "ressemble" in (weakness(password, *AWA, "Pharmacie Jamm") or "")


@pytest.mark.parametrize("password", ["aaaaaaaaaaaaa", "abababababab", "121212121212"])
def test_a_few_characters_over_and_over_are_refused(password: str) -> None:
    assert weakness(password) is not None


@pytest.mark.parametrize(
    ("password", "person"),
    [
        ("Cissé-1991-07", AWA),
        ("awa@demo.fadjma", AWA),
        ("+221771234567", AWA),
        ("moussa123456!", MOUSSA),
        ("MOUSSA 2026 01", MOUSSA),
    ],
)
def test_ones_own_name_address_or_phone_is_refused(password: str, person: tuple[str, ...]) -> None:
    assert "ressemble" in (weakness(password, *person) or "")


@pytest.mark.parametrize(("password", "person"), [("moussadiouf2026", MOUSSA), ("Awa Cissé 1991", AWA)])
def test_ones_full_name_is_refused(password: str, person: tuple[str, ...]) -> None:
    assert weakness(password, *person) is not None


def test_digits_that_have_nothing_to_do_with_a_person_are_not_said_to_resemble_them() -> None:
    assert "ressemble" not in (weakness("839204857261", *MOUSSA) or "")


@pytest.mark.long
@given(st.text(max_size=160))
def test_any_text_gets_an_answer(password: str) -> None:
    assert weakness(password, *AWA) is None or len(weakness(password, *AWA) or "") > 10


async def test_a_password_is_kept_as_argon2id_and_found_again() -> None:
    stored = await passwords.hash_password("le baobab du marché")
    assert stored.startswith("$argon2id$")
    assert await passwords.verify("le baobab du marché", ["not a hash", stored]) == 1
    assert await passwords.verify("le baobab du marche", [stored]) is None


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("chosen", ["NFC", "NFD"])
async def test_however_a_keyboard_composes_its_accents_it_is_one_password(chosen: Form, form: Form) -> None:
    written = "élève à Thiès, été ﬁn"
    stored = await passwords.hash_password(unicodedata.normalize(chosen, written))
    assert await passwords.verify(unicodedata.normalize(form, written), [stored]) == 0


@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_a_hash_from_before_that_still_opens(form: Form) -> None:
    old = passwords._hasher.hash(unicodedata.normalize(form, "élève à Thiès"))
    assert await passwords.verify(unicodedata.normalize(form, "élève à Thiès"), [old]) == 0


async def test_what_shows_nothing_is_not_part_of_it() -> None:
    stored = await passwords.hash_password("le baobab\u00a0du\u200b marché")
    assert await passwords.verify("le baobab du marché", [stored]) == 0


async def test_nobody_signs_in_to_the_account_that_stands_in_for_unknown_ones() -> None:
    assert await passwords.verify("nobody has this password", []) is None


async def test_an_unknown_account_costs_as_much_work_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(passwords, "_matches", lambda stored, password: bool(checked.append(stored)))
    await passwords.verify("a guess", [])
    await passwords.verify("a guess", ["one account"])
    assert len(checked) == 2
