"""Keys to find and to sort by: one of what people write differently, and never one of what is different."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store import MONDAY

from fadjma import writing
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.migrating import migrate


def test_a_list_is_in_french_order() -> None:
    names = ["Zam", "Élan", "élan", "Fall", "Œil", "Ñoom", "diop", "N'Diaye", "Ndao", "Oeuf", "d’Arc", "Ba Élie", "Baa"]
    assert sorted(names, key=writing.sort_key) == [
        *("Ba Élie", "Baa", "d’Arc", "diop", "Élan", "élan", "Fall", "Ndao", "N'Diaye", "Ñoom", "Œil", "Oeuf", "Zam")
    ]


def test_each_character_is_folded_whether_it_was_met_before_or_not() -> None:
    for _ in range(2):  # the second time they are known, but for those of the last word
        assert writing.fold("É–Œu\tNDIAYE\u0301 l’İ ｆa") == "e-oeu ndiaye l'i fa"
    assert len(writing._FOLDS) < 0x3000


@pytest.mark.parametrize(
    "typed",
    [
        "AB123",
        "ab123",
        "AB123 ",
        "AB 123",
        "AB-123",
        "AB\u2011123",
        "AB\u200b123",
        "AB\u00a0123",
        "ＡＢ123",
        "AB\t123",
        "AB123\n",
        "AB–123",
        "AB\u2212123",
        "AB١٢٣",
        " a b 1 2 3",
        "A\u00adB123",
    ],
    ids=ascii,
)
def test_a_lot_number_is_one_however_it_is_copied(typed: str) -> None:
    assert writing.code_key(typed) == "AB123"


@pytest.mark.parametrize("other", ["AB12З", "ABI23", "AB1230", "A8123", "AB/123", "AB.123", "AB²3"])
def test_another_lot_number_stays_another(other: str) -> None:
    assert writing.code_key(other) != "AB123"


def test_a_code_of_dashes_is_itself() -> None:
    assert writing.code_key("--") == "--"


@given(st.text(max_size=10))
def test_what_is_made_of_a_text_is_made_of_it_again(text: str) -> None:
    key = writing.search_key(text)
    assert writing.search_key(key) == key
    assert writing.code_key(writing.code_key(text)) == writing.code_key(text)
    assert writing.plain_digits(writing.plain_digits(text)) == writing.plain_digits(text)


@given(st.text(min_size=1, max_size=60))
def test_whatever_is_written_is_found_by_itself(text: str) -> None:
    words = writing.search_words(text)
    for variants in writing.asked_words(text):
        assert any(word.startswith(asked) for word in words for asked in variants)


@pytest.mark.parametrize("piece", ["e\u0301", "\u200d", "l'", "\u0344", "a1", "🩺\u200d", "ﷺ"], ids=ascii)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (6_000 // len(piece))
    begun = time.perf_counter()
    writing.search_words(text), writing.sort_key(text), writing.shows(text), writing.without_invisible(text)
    writing.mixes_scripts(text[: writing.LONGEST]), writing.code_key(text)
    assert time.perf_counter() - begun < 2


class TestOlderDatabases:
    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        """A database from before there were keys, with a person, a medicine and three lots, two of them the same."""
        path = tmp_path / "old.db"
        migrate(path, MONDAY, up_to="0006")
        with closing(connect(path)) as connection:
            connection.executescript(
                "INSERT INTO organizations VALUES ('p', 'pharmacy', 'Pharmacie', '', '', '');"
                "INSERT INTO users (id, role, status, phone, password_hash, given_name, family_name, created_at) "
                "VALUES ('awa', 'patient', 'active', '+221771234567', '', 'Aïssatou', 'N''Diayé', 0);"
                "INSERT INTO medicines (id, dci, form, strength, unit, search_key) "
                "VALUES ('m', 'Œstradiol', 'gel', '0,5mg', '', 'before');"
                "INSERT INTO products (id, pharmacy_id, medicine_id) VALUES ('k', 'p', 'm');"
                "INSERT INTO lots (id, product_id, number, expires_on, on_hand) "
                "VALUES ('a', 'k', 'AB 1', '2027-01-31', 1), "
                "('b', 'k', 'ab-1', '2028-01-31', 1), ('c', 'k', 'AB2', '2027-01-31', 1);"
            )
        return path

    def test_what_was_there_before_is_found(self, old: Path) -> None:
        migrate(old, MONDAY)
        with closing(connect(old)) as connection:
            words = [row[0] for row in connection.execute("SELECT word FROM account_words ORDER BY word")]
            assert words == ["221771234567", "aissatou", "ndiaye"]
            assert connection.execute("SELECT search_key FROM medicines").fetchone()[0] == "oestradiol 0 5 mg gel"

    def test_a_lot_that_was_entered_twice_stays_two_rows_and_gets_no_third(self, old: Path) -> None:
        migrate(old, MONDAY)
        with closing(connect(old)) as connection:
            keys = dict(connection.execute("SELECT id, number_key FROM lots").fetchall())
            assert keys == {"a": None, "b": "AB1", "c": "AB2"}
            with pytest.raises(sqlite3.IntegrityError, match="number_key"):
                connection.execute("UPDATE lots SET number_key = 'AB1' WHERE id = 'c'")
