"""Languages: French is the source text, English comes from translations/en (gettext, read with Babel).

The .po file is read as it is at start (a few milliseconds): nothing to compile, nothing compiled to keep in step.
"""

import gettext
import io
import re
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, format_time
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from fadjma import days

LANGUAGES = {"fr": "Français", "en": "English"}
DEFAULT_LANGUAGE = "fr"
_MINUTE = 60_000  # ms
_YEAR, _MONTH = len("1958"), len("1958-05")  # how long a birth date is of which no more is known
_IN_MONTHS = 24  # an age below so many months is said in them
_NEAR = 31  # days
_LOOKED_AT = 200  # characters of a header: what is remembered of strangers must be small
_BEFORE_A_SIGN = re.compile(" (?=[:;!?»])|(?<=«) ")
_CATALOGUES = Path(__file__).parent / "translations"


def N_(message: str) -> str:
    """Mark a text for the catalogue where it stands; it is translated where it is shown."""
    return message


class _French(gettext.NullTranslations):
    """The source language; in French, zero and 1.5 are singular."""

    def gettext(self, message: str) -> str:
        return unbroken(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return unbroken(msgid1 if abs(n) < 2 else msgid2)


@lru_cache(maxsize=4_000)
def unbroken(text: str) -> str:
    """A French text of ours with the spaces that no line ends at: before « : ; ! ? » and inside guillemets.

    All of them U+00A0. The narrow one (U+202F), which printers prefer before « ; ! ? », has no glyph in the fonts of
    older Androids and of Windows before 10, and some screen readers say its name.
    """
    return _BEFORE_A_SIGN.sub("\u00a0", text)


class _Read(gettext.GNUTranslations):
    """A catalogue; a text that it has with a plural is translated alone, too, as by later Pythons (not by 3.11.2)."""

    def gettext(self, message: str) -> str:
        found = super().gettext(message)
        return self.ngettext(message, message, 1) if found == message else found


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The gettext translations of a language of LANGUAGES."""
    if language == DEFAULT_LANGUAGE:
        return _French()
    compiled = io.BytesIO()
    write_mo(compiled, _catalogue(language))
    compiled.seek(0)
    return _Read(compiled)


def _catalogue(language: str) -> Catalog:
    with (_CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=language)


@cache
def wordings() -> frozenset[str]:
    """Every text of ours, as it stands in the source: what is none of them somebody has typed."""
    each = (message.id for message in _catalogue("en") if message.id)
    return frozenset(text for ids in each for text in ([ids] if isinstance(ids, str) else ids))


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


def iso(at: int) -> str:
    """Milliseconds UTC as ISO 8601, as other programs read it: 2026-11-23T10:42:00.123Z."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show_date(day: str | date, language: str) -> str:
    """« 3 mars 2026 » from an ISO date."""
    value = date.fromisoformat(day) if isinstance(day, str) else day
    return _first(format_date(value, "d MMM y", locale=language), language)


def _first(text: str, language: str) -> str:
    """The first of a month is « 1er » in French."""
    return "1er" + text[1:] if language == "fr" and text.startswith("1 ") else text


def show_day(at: int, language: str, *, now: int) -> str:
    """The day of a moment at the clinic: « 3 mars » this year, « 3 mars 2025 » before and after."""
    return _show_day(days.day(at), language, days.day(now).year)


@lru_cache(maxsize=10_000)
def _show_day(day: date, language: str, this_year: int) -> str:
    return _first(format_date(day, "d MMM" if day.year == this_year else "d MMM y", locale=language), language)


def show_clock(at: int) -> str:
    """The time of day of a moment at the clinic, under the day it belongs to: « 10:42 »."""
    return f"{days.local(at):%H:%M}"


def show_time(at: int, language: str, *, now: int) -> str:
    """A moment as short as it can be: « 10:42 » today, « 3 mars, 10:42 » this year, « 3 mars 2025 » before.

    Around New Year, too, what was yesterday or ends tomorrow has its time: within a month nobody asks of which year.
    """
    return _show_time(at // _MINUTE * _MINUTE, language, days.day(now), days.zone())


@lru_cache(maxsize=10_000)  # Babel takes 20 µs for each, and a page shows the same ones again and again
def _show_time(at: int, language: str, today: date, zone: tzinfo) -> str:
    then = datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None)  # Babel would show an aware one in UTC
    if then.date() == today:
        return format_time(then.time(), "HH:mm", locale=language)
    if then.year == today.year or abs((then.date() - today).days) <= _NEAR:
        return _first(format_datetime(then, "d MMM, HH:mm", locale=language), language)
    return _first(format_date(then, "d MMM y", locale=language), language)


def show_moment(at: int, language: str) -> str:
    """« 3 mars 2026, 10:42 »: a moment with all of its day, for what is read later, on paper."""
    return f"{show_date(days.day(at), language)}, {show_clock(at)}"


def show_weight(grams: int, language: str, *, in_grams: bool) -> str:
    """« 12,4 kg », or for a newborn « 3 200 g »; it stays on one line."""
    shown, unit = (grams, "g") if in_grams else (Decimal(grams) / 1000, "kg")
    return f"{format_decimal(shown, locale=language)}\u00a0{unit}"


def show_number(value: float | Decimal, language: str) -> str:
    """« 37,5 », « −2,5 », with two decimals at most."""
    return with_minus(str(format_decimal(value, "#,##0.##", locale=language)))


def show_exactly(value: Decimal, language: str) -> str:
    """« 0,010 »: with every digit that was written, and no other."""
    return with_minus(f"{value:f}".replace(".", "," if language == "fr" else "."))


def show_change(value: int) -> str:
    """« +30 », « −20 », « 0 »."""
    return with_minus(f"{value:+d}" if value else "0")


def with_minus(number: str) -> str:
    """A number as people read it: with a minus sign, where programs write a hyphen."""
    return number.replace("-", "\u2212")


def show_birth_date(birth_date: str, language: str) -> str:
    """« 3 mai 1958 », « mai 1958 » or « 1958 »: as much as is known of it."""
    if len(birth_date) == _YEAR:
        return birth_date
    if len(birth_date) == _MONTH:
        return show_month(birth_date, language)
    return show_date(birth_date, language)


def show_month(month: str, language: str) -> str:
    """« nov. 2026 » from 2026-11."""
    return str(format_date(date.fromisoformat(f"{month}-01"), "MMM y", locale=language))


def is_estimated(birth_date: str) -> bool:
    """Whether no more than the year or the month of a birth is known, or only about how old somebody is."""
    return len(birth_date) < len("1958-05-03")


def age(birth_date: str, on: date) -> int:
    """Whole years between a birth date, of which as much is given as is known, and `on`."""
    return age_in_months(birth_date, on) // 12


@lru_cache(maxsize=10_000)  # as below
def age_in_months(birth_date: str, on: date) -> int:
    """Whole months between a birth date and `on`; who was born on the 31st is a month older on the 1st.

    Of a year alone, as many years as lie between: whoever is said to be 60 is 60 all that year.
    """
    years = on.year - int(birth_date[:_YEAR])
    if len(birth_date) == _YEAR:
        return 12 * years
    months = 12 * years + on.month - int(birth_date[_YEAR + 1 : _MONTH])
    return months if is_estimated(birth_date) else months - (on.day < date.fromisoformat(birth_date).day)


@lru_cache(maxsize=10_000)  # of the patients of a day
def show_age(birth_date: str, on: date, language: str) -> str:
    """An age as one can dose by it: days below four weeks, weeks below three months, months below two years, years.

    The first four weeks are the newborn period (WHO). « vers 60 ans » where it is estimated.
    """
    if not is_estimated(birth_date):
        return _show_age((on - date.fromisoformat(birth_date)).days, age_in_months(birth_date, on), language)
    months = age_in_months(birth_date, on)
    if months < 1:
        least = N_("moins d'un an") if len(birth_date) == _YEAR else N_("moins d'un mois")
        return translate(language, least)
    in_months = len(birth_date) == _MONTH and months < _IN_MONTHS
    about = _months(months, language) if in_months else _years(months // 12, language)
    return translate(language, N_("vers %(age)s"), age=about)


def _show_age(days_old: int, months: int, language: str) -> str:
    ngettext = translations(language).ngettext
    if days_old < 28:
        days_old = max(days_old, 0)
        return ngettext("%(num)d jour", "%(num)d jours", days_old) % {"num": days_old}
    if months < 3:
        return ngettext("%(num)d semaine", "%(num)d semaines", days_old // 7) % {"num": days_old // 7}
    return _months(months, language) if months < _IN_MONTHS else _years(months // 12, language)


def _months(months: int, language: str) -> str:
    return translations(language).ngettext("%(num)d mois", "%(num)d mois", months) % {"num": months}


def _years(years: int, language: str) -> str:
    return translations(language).ngettext("%(num)d an", "%(num)d ans", years) % {"num": years}
