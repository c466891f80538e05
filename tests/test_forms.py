"""Forms: form and JSON bodies alike, text kept as people write it, what is not named refused."""

import json
import time
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms.validators import InputRequired

from fadjma.refusals import TooLarge
from fadjma.web.forms import (
    Box,
    Date,
    Form,
    LooksAsItIs,
    Optional,
    WholeNumber,
    clean,
    cleaning,
    fields_from_json,
    one_of,
    speaking,
    text,
)


class Note(Form):
    title = text("Titre", 10)
    body = text("Texte", 20, required=False, lines=True)
    count = WholeNumber("Nombre", [InputRequired()])


class Sure(Form):
    confirm = Box("")


def _note(**fields: str) -> Note:
    form = Note(MultiDict({"title": "Note", "count": "1", **fields}))
    form.validate()
    return form


class TestClean:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("  Awa  ", "Awa"),
            ("Aïssatou Ndèye", "Aïssatou Ndèye"),
            ("ع العربية", "ع العربية"),
            ("ligne 1\r\nligne 2\n", "ligne 1\nligne 2"),
            ("a\tb", "a\tb"),
            ("nul\x00 bell\x07", "nul bell"),
            ("evil\u202etxt.exe", "eviltxt.exe"),
            ("\u2066a\u2069", "a"),
            ("", ""),
            # What comes along unseen when text is copied goes; what changes how its neighbours are drawn stays.
            ("\ufeffAwa\u200b Di\u00adop\u2060", "Awa Diop"),
            ("mm\u200fHg", "mmHg"),
            ("ضغط (mm\u200fHg\u200f)", "ضغط (mmHg\u200f)"),
            ("می\u200cخواهم", "می\u200cخواهم"),
            ("ක්\u200dරී", "ක්\u200dරී"),
            ("ߒ\u200dߞ", "ߒ\u200dߞ"),
            ("Awa\u200c\u200d", "Awa"),
            ("👩\u200d⚕\ufe0f", "👩\u200d⚕\ufe0f"),
            ("1\ufe0f\u20e3", "1\ufe0f\u20e3"),
            ("\u3000\u2800Awa\u00a0\u2800", "Awa"),
        ],
    )
    def test_what_people_write_is_kept_and_what_deceives_is_not(self, typed: str, kept: str) -> None:
        assert clean(typed) == kept

    @pytest.mark.parametrize(
        "blank",
        [
            "\u200b\u200b",
            "\u2060",
            "\u00ad",
            "\ufeff",
            "\u3164",
            "\u2800",
            "\u200e",
            "\u0301",
            "\u115f\u1160",
            "\uffa0",
            "\u180e",
            "\u034f",
            "\u17b4",
            "\ufe0f",
            "\U000e0041",
            "\u00a0\u202f\u3000",
            "\u0301\u200b \u20dd",
            "\ue000",
            "\U0001d173",
            "\u2028",
            "\u200c",
            "\ufff9",
            "\U0001d159",
            "\x85",
        ],
        ids=ascii,
    )
    def test_what_shows_nothing_is_empty(self, blank: str) -> None:
        assert clean(blank) == ""
        assert clean(f" {blank}\n{blank} ") == ""
        assert _note(title=blank).messages == {"title": "Ce champ est requis."}
        assert _note(body=blank).messages == {}
        assert _note(body=blank).data["body"] == ""

    @pytest.mark.parametrize("seen", ["\u0605", "\u06dd", "😀", "١", "ع", "…", "\u0301a"], ids=ascii)
    def test_what_shows_something_is_not(self, seen: str) -> None:
        assert clean(seen) == seen

    def test_two_ways_to_write_an_accent_are_one(self) -> None:
        assert clean("Cisse\u0301") == "Cissé"

    def test_nothing_stays_nothing(self) -> None:
        assert clean(None) is None

    def test_an_accent_parted_by_a_control_character_is_composed_too(self) -> None:
        assert clean("Cisse\x00\u0301") == "Cissé"

    def test_what_no_file_can_hold_is_left_out(self) -> None:
        """JSON can carry half a character ("\\ud800"), which no UTF-8 text has."""
        assert clean(json.loads('"Awa\\ud800"')) == "Awa"

    def test_no_letter_carries_more_than_thirty_accents(self) -> None:
        assert clean("n" + "\u0323" * 31 + "a\u0301") == "\u1e47" + "\u0323" * 29 + "á"
        assert clean("\u0344" * 20) == clean("\u0308\u0301" * 15), "U+0344 is two accents"

    # U+0F73 counts as no accent in Unicode's tables, but is two when it is taken apart.
    @pytest.mark.parametrize("marks", ["\u0301", "\u0301\u0323", "\u0f73", "\u0344"], ids=ascii)
    def test_accents_without_end_take_no_time(self, marks: str) -> None:
        begun = time.thread_time()
        assert len(clean("a" + marks * (30_000 // len(marks))) or "") <= 61
        assert time.thread_time() - begun < 0.5

    def test_text_far_too_long_for_its_field_is_left_alone(self) -> None:
        far = " " + "e\u0301" * 1_000
        assert cleaning(10)(far) == far
        assert cleaning(1_000)(far) == "é" * 1_000
        assert set(_note(title=far).messages) == {"title"}

    @given(st.text(st.characters(exclude_categories=("Cs",))))
    def test_clean_text_stays_as_it_is(self, typed: str) -> None:
        cleaned = clean(typed) or ""
        assert clean(cleaned) == cleaned
        assert cleaned == cleaned.strip()
        assert not {c for c in cleaned if unicodedata.category(c) == "Cc"} - {"\n", "\t"}


class TestText:
    def test_a_field_that_is_required_takes_no_empty_space(self) -> None:
        assert set(_note(title="").messages) == {"title"}
        assert set(_note(title="   ").messages) == {"title"}
        assert set(_note(title="\u202e\x00").messages) == {"title"}

    def test_one_that_is_not_may_be_left_out(self) -> None:
        assert _note().messages == {}
        assert _note(body="  ").messages == {}

    def test_its_length_is_that_of_the_cleaned_text(self) -> None:
        assert _note(title="  " + "x" * 10 + "  ").messages == {}
        assert set(_note(title="x" * 11).messages) == {"title"}
        assert _note(body="\r\n".join("x" * 5)).messages == {}

    def test_the_browser_knows_the_length(self) -> None:
        assert 'maxlength="10"' in str(_note().title())


class TestLost:
    def test_a_text_that_a_program_has_spoiled_is_written_again(self) -> None:
        assert set(_note(title="Nd\ufffdye").messages) == {"title"}
        assert set(_note(body="Nd\ufffdye").messages) == {"body"}


class Answer(Form):
    scope = one_of("Portée", ["summary", "full"], required=False)
    sex = one_of("Sexe", ["female", "male"])


class TestOneOf:
    @pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\u200b", "\u2800 "], ids=ascii)
    def test_no_answer_is_none_however_it_is_left_empty(self, blank: str) -> None:
        form = Answer(MultiDict({"scope": blank, "sex": blank}))
        form.validate()
        assert set(form.messages) == {"sex"}
        assert not form.data["scope"]

    def test_what_is_copied_along_does_not_matter(self) -> None:
        form = Answer(MultiDict({"scope": "full\u200b ", "sex": " female"}))
        assert form.validate()
        assert form.data == {"scope": "full", "sex": "female"}

    def test_another_one_is_refused(self) -> None:
        form = Answer(MultiDict({"scope": "everything", "sex": "female"}))
        assert not form.validate()
        assert set(form.messages) == {"scope"}


class Person(Form):
    name = text("Nom", 40, rules=[LooksAsItIs()])
    email = text("E-mail", 40, required=False, rules=[LooksAsItIs(whole=True)])


class TestLooksAsItIs:
    @pytest.mark.parametrize(
        "name",
        [
            "Awa Diop",
            "N’Dèye Ɗem ƴ",
            "محمد ولد أحمد",
            "می\u200cخواهم",
            "Awa محمد",
            "ⴰⵎⵓⴷ Ag",
            "\ufeffAwa\u200b",
            "Мария",
            "100% <b>",
            "Ŋoor Ñaŋ",
            "ひらカナ漢字",
        ],
        ids=ascii,
    )
    def test_names_as_people_have_them_are_taken(self, name: str) -> None:
        form = Person(MultiDict({"name": name}))
        assert form.validate(), form.messages

    @pytest.mark.parametrize(
        "name",
        [
            "\u0410wa",
            "Di\u03bfp",
            "Aw\u0430 Diop",
            "A\u200bwa",
            "Di\u00adop",
            "Aw\u200ca",
            "محم\u200eد",
            "D\u2060iop",
            "\u216eiop\u0430",
            "Awa\u3164Diop",
        ],
        ids=ascii,
    )
    def test_one_that_looks_like_another_is_not(self, name: str) -> None:
        form = Person(MultiDict({"name": name}))
        assert not form.validate()
        assert set(form.messages) == {"name"}

    @pytest.mark.parametrize(
        "email", ["\u0430wa@demo.sn", "\u0441\u043e\u0441\u043e@demo.sn", "awa@de\u200bmo.sn"], ids=ascii
    )
    def test_an_address_is_one_word(self, email: str) -> None:
        form = Person(MultiDict({"name": "Awa", "email": email}))
        assert not form.validate()
        assert set(form.messages) == {"email"}


class TestWholeNumber:
    @pytest.mark.parametrize(
        ("typed", "number"),
        [
            ("12", 12),
            (" 12 ", 12),
            ("007", 7),
            ("-3", -3),
            ("\u22123", -3),
            ("١٢", 12),
            ("۱۲", 12),
            ("߁߂", 12),
            ("１２", 12),
            ("\u200b12\u202f", 12),
            ("1 000", 1000),
            ("1\u00a0000", 1000),
            ("12\u202f345", 12345),
        ],
    )
    def test_digits_are_a_number(self, typed: str, number: int) -> None:
        form = _note(count=typed)
        assert form.messages == {}
        assert form.data["count"] == number

    @pytest.mark.parametrize(
        "typed",
        [
            "1_0",
            "+1",
            "1.0",
            "1e3",
            "0x10",
            "- 1",
            "²",
            "½",
            "9" * 5_000,
            "1 0",
            "10 00",
            "1,5",
            "１,5",
            "1.000",
            "1,000",
        ],
    )
    def test_anything_else_is_not(self, typed: str) -> None:
        form = _note(count=typed)
        assert form.messages == {"count": "Donnez un nombre entier."}
        assert form.data["count"] is None


class Visit(Form):
    day = Date("Date", [Optional()])


class TestDate:
    @pytest.mark.parametrize(
        "typed",
        ["2026-03-02", " 2026-03-02\n", "٢٠٢٦-٠٣-٠٢", "２０２６-０３-０２", "2026\u201103\u201102", "\u200e2026-03-02"],
        ids=ascii,
    )
    def test_digits_of_any_script_are_a_day(self, typed: str) -> None:
        form = Visit(MultiDict({"day": typed}))
        assert form.validate(), form.messages
        assert form.data["day"] == date(2026, 3, 2)

    @pytest.mark.parametrize("typed", ["2026-02-29", "02/03/2026", "26-03-02", "2026-03", "²026-03-02", "9" * 5_000])
    def test_anything_else_is_not(self, typed: str) -> None:
        form = Visit(MultiDict({"day": typed}))
        assert not form.validate()
        assert form.data["day"] is None

    @pytest.mark.parametrize("typed", ["", " ", "\u00a0", "\u200b"], ids=ascii)
    def test_and_none_is_none(self, typed: str) -> None:
        form = Visit(MultiDict({"day": typed}))
        assert form.validate(), form.messages
        assert form.data["day"] is None


class TestMessages:
    def test_they_speak_the_persons_language(self) -> None:
        french = _note(title="").messages["title"]
        token = speaking.set("en")
        try:
            english = _note(title="").messages["title"]
        finally:
            speaking.reset(token)
        assert (french, english) == ("Ce champ est requis.", "This field is required.")

    def test_an_action_may_add_its_own(self) -> None:
        form = _note()
        form.refuse({"title": "Déjà pris", "elsewhere": "Ce champ n'est pas du formulaire"})
        assert form.messages == {"title": "Déjà pris", "elsewhere": "Ce champ n'est pas du formulaire"}
        assert form.label_of("elsewhere") == ""

    def test_a_message_about_a_line_that_is_not_there_is_not_lost(self) -> None:
        form = _note()
        form.refuse({"title-3-name": "Rien"})
        assert form.messages == {"title-3-name": "Rien"}


class TestJson:
    def test_an_object_is_fields(self) -> None:
        assert fields_from_json({"title": "Note", "count": 2, "body": None}).to_dict() == {
            "title": "Note",
            "count": "2",
        }

    def test_lists_and_objects_inside_are_numbered(self) -> None:
        assert fields_from_json({"lines": [{"quantity": 2}, {"quantity": 3}], "tags": ["a"]}).to_dict() == {
            "lines-0-quantity": "2",
            "lines-1-quantity": "3",
            "tags-0": "a",
        }

    @pytest.mark.parametrize(
        ("body", "name"),
        [
            ({"patient": {"name": "Awa"}}, "patient"),
            ({"count": {"a": [1]}}, "count"),
            ({"count": [1]}, "count-0"),
            ({"title": {}}, "title"),
            ({"tags": []}, "tags"),
            ({"lines": [{"medicine": {"id": "x"}}]}, "lines-0-medicine"),
            ({"lines": [["x"]]}, "lines-0"),
            ({"lines": [{}]}, "lines-0"),
            ({"lines": [None, {"note": None}]}, "lines-1"),
            ({"Titre": "x"}, "Titre"),
            ({"authorized": False}, "authorized"),
            ({"x" * 30_000: "x"}, "x" * 41),
            ({"x" * 30_000: [{"a": 1}] * 100}, "x" * 41 + "-0-a"),
            ({"a": "x", "a-0": "y"}, "a-0"),
            ({"": "x"}, "?"),
            ({"\x00\u202e": "x"}, "?"),
            ({"<b>": "x"}, "<b>"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_nothing_that_is_sent_is_left_out(self, body: dict[str, Any], name: str) -> None:
        form = Note(fields_from_json({"title": "Note", "count": 1} | body))
        assert not form.validate()
        assert name in form.others
        assert f"«\xa0{name}\xa0»" in form.others[name]

    def test_what_is_not_there_is_not_refused(self) -> None:
        assert Note(fields_from_json({"title": "Note", "count": 1, "patient": None, "key": "k"})).validate()

    def test_what_comes_twice_is_refused(self) -> None:
        form = Note(MultiDict([("title", "Note"), ("title", "Autre"), ("count", "1")]))
        assert not form.validate()
        assert form.messages == {"title": "Le champ «\xa0title\xa0» est donné plusieurs fois."}

    def test_of_many_unknown_fields_some_are_named(self) -> None:
        assert len(Note(MultiDict({f"x{n}": "" for n in range(900)})).others) == 20

    def test_nothing_is_multiplied(self) -> None:
        """A name was once copied for each value inside: of 64 KB came a gigabyte."""
        lines = [{chr(97 + a) + chr(97 + b): 1 for a in range(26) for b in range(26)}] * 100
        with pytest.raises(TooLarge):
            fields_from_json({"lines": lines})

    @pytest.mark.parametrize("said", [True, "1", "true", "True", "on", "yes", 1])
    def test_a_box_is_ticked(self, said: object) -> None:
        form = Sure(fields_from_json({"confirm": said}))
        assert form.validate()
        assert form["confirm"].data is True

    @pytest.mark.parametrize("said", [False, None, "", "0", "false", "False", "off", "no", 0])
    def test_or_not(self, said: object) -> None:
        """Some libraries send « False » in a form."""
        form = Sure(fields_from_json({"confirm": said}))
        assert form.validate()
        assert form["confirm"].data is False

    @pytest.mark.parametrize("said", ["non", "oui", "null", "2", "x" * 5_000, {"a": 1}, ["1"]])
    def test_or_it_is_asked_again(self, said: object) -> None:
        form = Sure(fields_from_json({"confirm": said}))
        assert not form.validate()
        assert form["confirm"].data is False

    def test_true_is_ticked_and_false_is_not(self) -> None:
        assert fields_from_json({"emergency": True, "other": False}).to_dict() == {"emergency": "true", "other": ""}

    @pytest.mark.parametrize("body", [None, [], "text", 3, True])
    def test_anything_else_is_refused(self, body: Any) -> None:
        with pytest.raises(ValueError, match="JSON"):
            fields_from_json(body)

    def test_a_list_is_bounded(self) -> None:
        with pytest.raises(TooLarge):
            fields_from_json({"lines": list(range(5_000))})

    def test_form_and_json_bodies_fill_the_same_form(self) -> None:
        form, body = _note(body="Texte"), Note(fields_from_json({"title": "Note", "count": 1, "body": "Texte"}))
        assert form.data == body.data

    def test_what_is_not_named_is_refused(self) -> None:
        form = Note(fields_from_json({"title": "Note", "count": 1, "author_id": "sarr", "role": "admin"}))
        assert not form.validate()
        assert set(form.messages) == {"author_id", "role"}
        assert set(form.data) == {"title", "body", "count"}

    @given(
        st.dictionaries(
            st.text(max_size=5),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            ),
            max_size=5,
        )
    )
    def test_any_object_can_be_put_into_a_form(self, body: dict[str, Any]) -> None:
        form = Note(fields_from_json(body))
        form.validate()
        assert set(form.data) == {"title", "body", "count"}
