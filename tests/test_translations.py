"""Every French text is marked and has its English; docs/translating.md says how to bring the catalogue in step."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import nodes
from markupsafe import escape

from fadjma.i18n import translate, translations
from fadjma.refusals import Conflict
from fadjma.web.templating import environment, render

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%%|%\(\w+\)[ds]")
WORD = re.compile(r"[^\W\d_]{2,}")
# What reads the same in every language: the product's name, a title before a name, a unit.
SAME = {"FADJMA", "Dr"}
# Attributes that people read or hear. Of data-… only what is no code: live.js shows some of them.
HEARD = {"alt", "aria-description", "aria-label", "data-l", "label", "placeholder", "summary", "title"}


@pytest.fixture(scope="session")
def extracted() -> Catalog:
    """Every text that the sources mark."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = Catalog()
    for _, _, message, _, _ in extract_from_dir(ROOT, methods, options, keywords=KEYWORDS):
        found.add(message)
    return found


@pytest.fixture(scope="session")
def english() -> Catalog:
    with (ROOT / "fadjma/translations/en/LC_MESSAGES/messages.po").open("rb") as source:
        return read_po(source, locale="en", abort_invalid=True)


def _texts(catalogue: Catalog) -> set[Any]:
    return {message.id for message in catalogue if message.id}


def _pairs(message: Message) -> list[tuple[str, str]]:
    """Each form with its translation: one, or singular and plural."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


# --- the catalogue ------------------------------------------------------------------------------------------


def test_what_a_script_says_is_found_in_it_wherever_it_stands(extracted: Catalog) -> None:
    said = {
        text
        for script in (ROOT / "static").glob("*.js")
        for text in re.findall(r"\b_\('([^']+)'\)", script.read_text("utf-8"))
    }
    assert said and said <= _texts(extracted), "Babel reads none that stands in `${…}`"


def test_the_catalogue_is_in_step_with_the_sources(extracted: Catalog, english: Catalog) -> None:
    assert len(_texts(extracted)) > 300  # the sources were found
    assert _texts(extracted) - _texts(english) == set()
    assert _texts(english) - _texts(extracted) == set()
    assert not english.obsolete


def test_every_text_has_its_english(english: Catalog) -> None:
    assert [message.id for message in english if message.id and message.fuzzy] == []
    assert [french for message in english if message.id for french, text in _pairs(message) if not text] == []


def test_placeholders_are_kept(english: Catalog) -> None:
    for message in english:
        for french, text in _pairs(message) if message.id else []:
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(french)), french
            assert ("%" in PLACEHOLDER.sub("", text)) == ("%" in PLACEHOLDER.sub("", french)), french


def test_spaces_at_the_ends_and_final_punctuation_are_kept(english: Catalog) -> None:
    for message in english:
        for french, text in _pairs(message) if message.id else []:
            assert text == text.strip() or text.strip() == ":", text
            assert text.strip().endswith((".", ":", "…")) == french.strip().endswith((".", ":", "…")), french


def test_english_has_english_punctuation(english: Catalog) -> None:
    for message in english:
        for _, text in _pairs(message) if message.id else []:
            assert not re.search(r" [:;!?]|[«»’]", text), text


def test_french_has_french_punctuation(extracted: Catalog) -> None:
    """Straight apostrophes, a space before two-part signs, « » with their spaces, … in one character."""
    for message in _texts(extracted):
        for text in [message] if isinstance(message, str) else message:
            assert not re.search(r"[’“”\"]|\.\.\.|[^\s\d]:(?!\w)|[^\s][;!?»]|«\S", text), text


def test_no_line_of_a_page_begins_with_a_sign(extracted: Catalog) -> None:
    for message in _texts(extracted):
        for text in [message] if isinstance(message, str) else message:
            assert not re.search(r" [:;?!»]|« ", translate("fr", text)), text
    assert (
        translate("fr", "Le champ « %(name)s » : lequel ?", name="a : b") == "Le champ «\xa0a : b\xa0»\xa0: lequel\xa0?"
    )
    assert translations("fr").ngettext("Un jour : %(num)d", "Des jours !", 2) == "Des jours\xa0!"


# --- the sources --------------------------------------------------------------------------------------------


class _Read(HTMLParser):
    """Collects what people read: text between tags and the attributes that are shown or spoken."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            spoken = name in HEARD or (name.startswith("data-") and re.search(r"[A-ZÀ-Ý]|\s\S", value or ""))
            if value and spoken:
                self.found.append(value)

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _written(source: str) -> Iterator[str]:
    """The words of a template that stand outside any expression."""
    html = "".join(
        {"data": value, "variable_begin": "0"}.get(kind, "") for _, kind, value in environment("fr").lex(source)
    )
    reader = _Read()
    reader.feed(html)
    reader.close()
    for text in reader.found:
        yield re.sub(r'[a-z-]+="[^"]*"', "", text)  # a macro may write attributes alone


def _said(source: str) -> Iterator[str]:
    """The strings in a template's expressions that are words and not codes, and are not marked."""
    tree = environment("fr").parse(source)
    marked = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in KEYWORDS
        for constant in call.find_all(nodes.Const)
    }
    for constant in tree.find_all(nodes.Const):
        text = constant.value
        if isinstance(text, str) and id(constant) not in marked and re.search(r"[À-ÿ]|^[A-Z][a-z]", text):
            yield text


def _unmarked(source: str) -> list[str]:
    texts = [*_written(source), *_said(source)]
    return [text.strip() for text in texts if set(WORD.findall(text)) - SAME]


def test_every_word_of_a_template_is_marked() -> None:
    assert [
        (str(path.relative_to(ROOT)), said) for path in TEMPLATES if (said := _unmarked(path.read_text("utf-8")))
    ] == []


def _unmarked_signs(source: str) -> list[str]:
    return [text for text in _written(source) if re.search(r"\s[:;?!»]|[«»]", text)]


def test_signs_that_each_language_writes_its_own_way_are_marked() -> None:
    """`_(" : ")`, so that French has the space that no line ends at, and English has none."""
    assert _unmarked_signs("<p>{{ name }} : {{ value }}</p>")
    assert [(path.name, said) for path in TEMPLATES if (said := _unmarked_signs(path.read_text("utf-8")))] == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Bonjour</p>",
        "<p>{{ name }}, ans</p>",
        '<input placeholder="Chercher">',
        '<p data-offline="Hors ligne">',
        "<p id=x{{ id }} data-into={{ place }}>Prête</p>",
        '{{ "Validée" if valid else code }}',
        '{{ _("Validée") ~ " à revoir" ~ "Émise" }}',
        "{% if a %}Oui{% endif %}",
    ],
)
def test_an_unmarked_word_is_found(source: str) -> None:
    assert _unmarked(source)


@pytest.mark.parametrize(
    "source",
    [
        '<p class="do">{{ _("Bonjour") }} · Dr {{ name }} – FADJMA</p>',
        "<li id=p{{ id }} data-into=now><b class={{ {'issued': 's1'}[state] }}>{{ 1 }}</b>",
        '{# Une remarque #}{{ ngettext("Un jour", "%(num)d jours", 2) }}',
    ],
)
def test_marked_words_codes_and_remarks_are_left_alone(source: str) -> None:
    assert _unmarked(source) == []


# --- switching ----------------------------------------------------------------------------------------------


def test_a_page_speaks_the_language_it_is_rendered_in() -> None:
    values = {"viewer": None, "path": "/", "title": "", "detail": "", "errors": {}, "code": 409, "back": "/"}
    french, english = (render("refusal.html", language, **values) for language in ("fr", "en"))
    assert '<html lang="fr">' in french
    assert "Revenir à l'accueil" in french.replace("&#39;", "'")
    assert '<button name="language" value="en" lang="en">English</button>' in french
    assert '<html lang="en">' in english
    assert "Back to the home page" in english
    assert '<button name="language" value="fr" lang="fr">Français</button>' in english
    assert "accueil" not in english


@pytest.mark.parametrize(
    ("language", "one", "several"),
    [
        ("fr", "0 an, 1 an, 1 jour", "2 ans, 21 ans, 2 jours"),
        ("en", "0 years, 1 year, 1 day", "2 years, 21 years, 2 days"),
    ],
)
def test_numbers_are_counted_as_the_language_does(language: str, one: str, several: str) -> None:
    template = environment(language).from_string(
        '{% for n in years %}{{ ngettext("%(num)d an", "%(num)d ans", n) }}, {% endfor %}'
        '{{ ngettext("%(num)d jour", "%(num)d jours", days) }}'
    )
    assert template.render(years=(0, 1), days=1) == one
    assert template.render(years=(2, 21), days=2) == several


def test_a_text_that_also_has_a_plural_is_translated_alone() -> None:
    assert translate("en", "Allergie") == "Allergy"


def test_what_is_put_into_a_text_is_escaped_and_the_text_is_not() -> None:
    shown = environment("fr").from_string(
        """{{ _("Lot %(number)s", number=number) }} {{ _("« <0,01 » et « >500 » s'écrivent tels quels. Haut ou bas "
        "se calcule avec la norme.") }} {{ _("") }}"""
    )
    ours = "«\u00a0<0,01\u00a0» et «\u00a0>500\u00a0» s'écrivent tels quels. Haut ou bas se calcule avec la norme."
    assert shown.render(number="<Awa>") == f"Lot &lt;Awa&gt; {ours} "


@pytest.mark.parametrize(
    "typed", ['<b hx-get="/me">', "50 % d'alcool", "100 %", "%(name)s", "%s", "%n", "Lot %(number)s x"]
)
def test_what_is_no_text_of_ours_is_shown_as_it_was_typed(typed: str) -> None:
    """A template that says `_(reason)` may be given a reason of ours, or one that somebody has typed."""
    for language in ("fr", "en"):
        shown = environment(language).from_string("{{ _(typed) }} {{ _(typed, name=2) }}").render(typed=typed)
        assert shown == f"{escape(typed)} {escape(typed)}"


def test_a_percent_sign_of_ours_is_one() -> None:
    for language in ("fr", "en"):
        assert environment(language).from_string('{{ _("%(percent)d %%", percent=3) }}').render() in ("3 %", "3%")


def test_a_refusal_is_told_in_english_with_its_numbers() -> None:
    refusal = Conflict("Stock insuffisant pour %(medicine)s : il manque %(missing)d sur %(owed)d.", current="validated")
    said = translate("en", refusal.message, medicine="amoxicilline 1 g", missing=4, owed=10)
    assert said == "Not enough stock for amoxicilline 1 g: 4 of 10 are missing."


def test_no_sentence_ends_with_a_day_that_has_a_point_of_its_own() -> None:
    """« 28 nov.. »: a day without its year, or a time of another day, may end with its month."""
    for template in (ROOT / "templates").rglob("*.html"):
        for text, values in re.findall(
            r'_\("([^"]+)"((?:, \w+=[^,()]*(?:\([^()]*\))?[^,()]*)+)\)', template.read_text()
        ):
            days = re.findall(r"(\w+)=[^,]*\|day\b", values)
            assert not any(f"%({name})s." in text for name in days), (template.name, text)
