"""Languages: French is the source text, English comes from translations/en (gettext, read with Babel).

The .po file is read as it is at start (a few milliseconds): nothing to compile, nothing compiled to keep in step.
"""

import gettext
import io
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

LANGUAGES = {"fr": "Français", "en": "English"}
DEFAULT_LANGUAGE = "fr"
_MINUTE, _DAY = 60_000, 86_400_000  # ms; a day begins at midnight UTC, as in Senegal
_LOOKED_AT = 200  # characters of a header: what is remembered of strangers must be small
_CATALOGUES = Path(__file__).parent / "translations"


def N_(message: str) -> str:
    """Mark a text for the catalogue where it stands; it is translated where it is shown."""
    return message


class _French(gettext.NullTranslations):
    """The source language; in French, zero and 1.5 are singular."""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return msgid1 if abs(n) < 2 else msgid2


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The gettext translations of a language of LANGUAGES."""
    if language == DEFAULT_LANGUAGE:
        return _French()
    with (_CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(language: str, message: str, **values: Any) -> str:
    """`message` in a language, with its %(name)s values filled in."""
    text = translations(language).gettext(message) if message else ""
    return text % values if values else text


def best_language(accept_language: str) -> str:
    """That of our languages which the browser's Accept-Language header weighs most; French otherwise."""
    if len(accept_language) > _LOOKED_AT:
        accept_language = accept_language[:_LOOKED_AT].rpartition(",")[0]
    return _best_language(accept_language)


@lru_cache(maxsize=200)
def _best_language(accept_language: str) -> str:
    """Weights as werkzeug reads them; its best_match() would take « fr;q=0.5 » before « en-GB », an inexact match."""
    weights: dict[str, float] = {}
    for tag, weight in parse_accept_header(accept_language, LanguageAccept):
        code = tag.replace("_", "-").partition("-")[0].lower()
        weights[code] = max(weight, weights.get(code, 0.0))
    others = weights.get("*", 0.0)
    known = [*filter(LANGUAGES.__contains__, weights), *LANGUAGES]  # of two that weigh the same, the first one named
    best = max(known, key=lambda code: weights.get(code, others))
    return best if weights.get(best, others) > 0 else DEFAULT_LANGUAGE


def moment(at: int) -> datetime:
    """Milliseconds UTC as a datetime. Senegal keeps UTC all year; so do we."""
    return datetime.fromtimestamp(at / 1000, UTC)


def iso(at: int) -> str:
    """Milliseconds UTC as ISO 8601, as other programs read it: 2026-11-23T10:42:00.123Z."""
    return moment(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show_date(day: str | date, language: str) -> str:
    """« 3 mars 2026 » from an ISO date."""
    value = date.fromisoformat(day) if isinstance(day, str) else day
    return _first(format_date(value, "d MMM y", locale=language), language)


def _first(text: str, language: str) -> str:
    """The first of a month is « 1er » in French."""
    return "1er" + text[1:] if language == "fr" and text.startswith("1 ") else text


def show_day(at: int, language: str, *, now: int) -> str:
    """The day of a moment: « 3 mars » this year, « 3 mars 2025 » before and after."""
    return _show_day(at // _DAY * _DAY, language, now // _DAY * _DAY)


@lru_cache(maxsize=10_000)
def _show_day(at: int, language: str, now: int) -> str:
    day = moment(at).date()
    return _first(format_date(day, "d MMM" if day.year == moment(now).year else "d MMM y", locale=language), language)


def show_time(at: int, language: str, *, now: int) -> str:
    """A moment as short as it can be: « 10:42 » today, « 3 mars, 10:42 » this year, « 3 mars 2025 » before."""
    return _show_time(at // _MINUTE * _MINUTE, language, now // _DAY * _DAY)


@lru_cache(maxsize=10_000)  # Babel takes 20 µs for each, and a page shows the same ones again and again
def _show_time(at: int, language: str, now: int) -> str:
    then, today = moment(at), moment(now)
    if then.date() == today.date():
        return format_time(then, "HH:mm", locale=language)
    if then.year == today.year:
        return _first(format_datetime(then, "d MMM, HH:mm", locale=language), language)
    return _first(format_date(then, "d MMM y", locale=language), language)


def age(birth_date: str, on: date) -> int:
    """Whole years between an ISO birth date and `on`."""
    born = date.fromisoformat(birth_date)
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
