"""What a scanner types is read as GS1 says it; what could be read in two ways is asked, never guessed."""

import pytest

from fadjma.inventory import codes
from fadjma.inventory.codes import LOST, Scan
from fadjma.refusals import Invalid

GTIN = "03400930000014"
GS = "\x1d"
WHOLE = Scan(GTIN, "AB-X9", "2027-09-30")


@pytest.mark.parametrize(
    "typed",
    [
        f"01{GTIN}10AB-X9{GS}17270930",
        f"01{GTIN}17270930" + "10AB-X9",
        f"{GS}01{GTIN}17270930" + f"10AB-X9{GS}",
        f"]d201{GTIN}10AB-X9{GS}17270930",
        f"]C101{GTIN}10AB-X9{GS}17270900",  # no day: the last one of the month
        f"01{GTIN}10AB-X9{GS}17270930" + f"21SER10{GS}",
        *(f"01{GTIN}10AB-X9{instead}17270930" for instead in ("|", "~", "^", "<GS>", "{GS}", "\u241d")),
        f"(01){GTIN}(17)270930(10)AB-X9",
        f" 01{GTIN}10AB-X9{GS}17270930\n",
    ],
)
def test_a_whole_code_is_read(typed: str) -> None:
    assert codes.read(typed) == WHOLE


@pytest.mark.parametrize("typed", ["3400930000014", GTIN])
def test_a_bar_code_says_the_product_alone(typed: str) -> None:
    assert codes.read(typed) == Scan(GTIN)


@pytest.mark.parametrize(
    ("typed", "expires_on"),
    [
        (f"01{GTIN}10AB1217270930", ""),  # lot AB12 and an expiry, or lot AB1217270930
        (f"01{GTIN}17270930" + "10AB1221SER9", "2027-09-30"),  # lot AB12 and a serial number
        (f"01{GTIN}17270930" + "21SER910AB12", "2027-09-30"),  # a serial number, and perhaps the lot
        (f"01{GTIN}10" + "A" * 25, ""),  # longer than a lot may be
        (f"01{GTIN}10AB1217271350", ""),
    ],
)
def test_what_lost_its_separators_is_asked_and_never_guessed(typed: str, expires_on: str) -> None:
    scan = codes.read(typed)
    assert (scan.gtin, scan.number, scan.expires_on) == (GTIN, "", expires_on)
    assert scan.asked["number"] == LOST
    assert ("expires_on" in scan.asked) == (not expires_on)


def test_a_lot_in_which_nothing_else_can_begin_needs_no_separator() -> None:
    assert codes.read(f"01{GTIN}17270930" + "10LX9945").number == "LX9945"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        f"{GS}{GS}",
        "zorglub",
        "àé(&é'",  # as digits come out of another keyboard
        "12345",
        f"01{GTIN[:-1]}5" + "10AB",  # a wrong digit
        f"(01){GTIN[:-1]}5(10)AB",
        "10AB12",  # of no product
        "3400930000015",
        "01" + "9" * 500,
        "(01)",
        "<script>1",
    ],
)
def test_what_names_no_product_is_said_to(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        codes.read(typed)
    assert refusal.value.errors.keys() == {"code"}


@pytest.mark.parametrize("code", ["96385074", "036000291452", "3400930000014", GTIN])
def test_the_last_digit_checks_the_others(code: str) -> None:
    assert codes.is_gtin(code)
    assert not codes.is_gtin(code[:-1] + str((int(code[-1]) + 1) % 10))
    assert not codes.is_gtin(code[:-2])


@pytest.mark.parametrize(
    ("looked_for", "product"),
    [
        (GTIN, GTIN),
        (GTIN[1:], GTIN),
        (f"01{GTIN}10AB-X9{GS}17270930", GTIN),
        (f"]d201{GTIN}17270930", GTIN),
        (f"(01){GTIN}(10)AB-X9", GTIN),
        (f"01{GTIN}1799", GTIN),  # cut off
        ("paracétamol 500 mg, comprimé", ""),
        ("771234567", ""),
        ("221 77 123 45 67", ""),
        ("3400930000015", ""),  # a wrong digit
        ("", ""),
    ],
)
def test_the_code_of_a_box_among_what_is_looked_for(looked_for: str, product: str) -> None:
    assert codes.product_of(looked_for) == product


@pytest.mark.parametrize(
    ("looked_for", "is_of_box"),
    [
        (GTIN, True),
        (GTIN[1:], True),
        (f"01{GTIN}10AB-X9{GS}17270930", True),
        ("221771234504", False),  # a telephone's, whose last digit would check the others
        ("00221771234504", False),
        ("221771234505", False),
        ("", False),
    ],
)
def test_a_telephone_number_is_no_code_of_a_box(looked_for: str, is_of_box: bool) -> None:
    assert codes.is_of_box(looked_for) is is_of_box
