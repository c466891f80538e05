"""French is the source; its plural begins at two. Dates and moments as people say them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from fadjma import days, i18n
from fadjma.i18n import (
    age,
    best_language,
    iso,
    show_age,
    show_date,
    show_day,
    show_moment,
    show_time,
    translate,
    translations,
)

NOON = 1_772_452_920_123  # 2 March 2026, 12:02 UTC


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "%(n)d ordonnance"),
        (1, "%(n)d ordonnance"),
        (1.5, "%(n)d ordonnance"),
        (-1, "%(n)d ordonnance"),
        (2, "%(n)d ordonnances"),
        (21, "%(n)d ordonnances"),
    ],
)
def test_in_french_zero_is_singular(count: int, text: str) -> None:
    assert translations("fr").ngettext("%(n)d ordonnance", "%(n)d ordonnances", count) == text


def test_in_english_zero_is_plural() -> None:
    assert translations("en").ngettext("nothing like it %(n)d", "nothings like it %(n)d", 0).startswith("nothings")


def test_a_text_without_translation_stays_french() -> None:
    assert translate("en", "Ce texte n'est nulle part.") == "Ce texte n'est nulle part."
    assert translate("fr", "Il reste %(left)d essais.", left=3) == "Il reste 3 essais."


def test_a_per_cent_sign_without_values_is_a_per_cent_sign() -> None:
    assert translate("fr", "100 % des cas") == "100 % des cas"


def test_no_text_is_no_text() -> None:
    """gettext answers the empty text with the catalogue's header."""
    assert translate("fr", "") == ""
    assert translate("en", "") == ""


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("fr-SN,fr;q=0.9,en;q=0.8", "fr"),
        ("wo,en;q=0.5", "en"),
        ("wo", "fr"),
        ("EN", "en"),
        (";;,,", "fr"),
        ("en;q=0.1, fr;q=0.9", "fr"),
        ("en;q=0, fr;q=0.1", "fr"),
        ("de, en;q=0.5, fr;q=0.8", "fr"),
        ("fr;q=0, *;q=0.5", "en"),
        ("*;q=0.5, en;q=0.1", "fr"),
        ("en-GB, fr;q=0.5", "en"),
        ("en, fr", "en"),
        ("en_US", "en"),
        ("fr;q=0, en;q=0", "fr"),
        ("frr, enm;q=0.9", "fr"),
        ("en;q=0.5, fr;q=0.500", "en"),
    ],
)
def test_the_language_of_ours_that_the_browser_weighs_most(header: str, language: str) -> None:
    assert best_language(header) == language


def test_no_long_header_is_remembered() -> None:
    i18n._best_language.cache_clear()
    assert best_language("en," + "x" * 30_000) == best_language("en," + "x" * 30_001) == "en"
    assert i18n._best_language.cache_info().currsize == 1


def test_programs_read_moments_in_utc() -> None:
    assert iso(NOON) == "2026-03-02T12:02:00.123Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"


def test_a_moment_is_told_from_the_days_and_minutes_beside_it() -> None:
    """They are remembered by the minute and by the day of who reads."""
    midnight = 1_772_409_600_000
    last, first = midnight - 1, midnight
    assert [show_time(at, "fr", now=last) for at in (last - 60_000, last)] == ["23:58", "23:59"]
    assert [show_time(at, "fr", now=first) for at in (last, first)] == ["1er mars, 23:59", "00:00"]
    assert [show_time(last, language, now=first) for language in ("fr", "en")] == ["1er mars, 23:59", "1 Mar, 23:59"]
    assert [show_day(at, "fr", now=first) for at in (last, first)] == ["1er mars", "2 mars"]


def test_on_paper_a_moment_has_all_of_its_day() -> None:
    assert show_moment(NOON, "fr") == "2 mars 2026, 12:02"
    assert show_moment(NOON, "en") == "2 Mar 2026, 12:02"


def test_a_moment_is_as_short_as_it_can_be() -> None:
    day = 24 * 3_600_000
    assert show_time(NOON, "fr", now=NOON + 3_600_000) == "12:02"
    assert show_time(NOON, "fr", now=NOON + day) == "2 mars, 12:02"
    assert show_time(NOON, "fr", now=NOON + 365 * day) == "2 mars 2026"
    assert show_time(NOON, "en", now=NOON + day) == "2 Mar, 12:02"


def test_a_day_is_written_with_its_month() -> None:
    assert show_date("2026-03-03", "fr") == show_date(date(2026, 3, 3), "fr") == "3 mars 2026"


def test_the_first_of_a_month_is_an_ordinal_in_french_and_no_other_day() -> None:
    assert [show_date(f"2026-06-{day}", "fr") for day in ("01", "10", "11", "21")] == [
        "1er juin 2026",
        "10 juin 2026",
        "11 juin 2026",
        "21 juin 2026",
    ]
    assert show_date("2026-06-01", "en") == "1 Jun 2026"
    first = 1_780_272_000_000  # 1 June 2026
    assert [show_day(first, "fr", now=now) for now in (first, first + 366 * 86_400_000)] == [
        "1er juin",
        "1er juin 2026",
    ]
    assert show_time(first, "fr", now=first + 366 * 86_400_000) == "1er juin 2026"
    assert [show_day(first, "en", now=first), show_time(first, "en", now=first + 86_400_000)] == [
        "1 Jun",
        "1 Jun, 00:00",
    ]


@pytest.mark.parametrize(
    ("birth_date", "on", "years"),
    [
        ("1991-07-14", date(2026, 7, 13), 34),
        ("1991-07-14", date(2026, 7, 14), 35),
        ("2024-02-29", date(2025, 2, 28), 0),
        ("2024-02-29", date(2025, 3, 1), 1),
        ("2026-03-02", date(2026, 3, 2), 0),
    ],
)
def test_an_age_is_in_whole_years(birth_date: str, on: date, years: int) -> None:
    assert age(birth_date, on) == years


@pytest.mark.parametrize(
    ("birth_date", "shown"),
    [
        ("2026-03-31", "0 jour"),
        ("2026-04-01", "0 jour"),  # tomorrow: another zone's today
        ("2026-03-30", "1 jour"),
        ("2026-03-04", "27 jours"),
        ("2026-03-03", "4 semaines"),
        ("2026-01-01", "12 semaines"),
        ("2025-12-31", "3 mois"),
        ("2025-03-31", "12 mois"),
        ("2024-04-01", "23 mois"),
        ("2024-03-31", "2 ans"),
        ("1991-04-01", "34 ans"),
        ("1991-03-31", "35 ans"),
    ],
)
def test_an_age_is_shown_as_one_can_dose_by_it(birth_date: str, shown: str) -> None:
    assert show_age(birth_date, date(2026, 3, 31), "fr") == shown


def test_an_age_is_shown_in_english_too() -> None:
    on = date(2026, 3, 31)
    ages = [show_age(born, on, "en") for born in ("2026-03-31", "2026-03-30", "2026-03-03", "2025-10-31", "2024-03-31")]
    assert ages == ["0 days", "1 day", "4 weeks", "5 months", "2 years"]


def test_nobody_ages_backwards_from_one_day_to_the_next() -> None:
    for born in (date(2024, 2, 29), date(2025, 12, 31), date(2026, 1, 30)):
        shown = [show_age(born.isoformat(), born + timedelta(old), "fr").split() for old in range(800)]
        order = {"jour": 0, "jours": 0, "semaine": 1, "semaines": 1, "mois": 2, "an": 3, "ans": 3}
        ranks = [(order[unit], int(number)) for number, unit in shown]
        assert ranks == sorted(ranks)


def test_times_are_those_of_the_clinic(monkeypatch: pytest.MonkeyPatch) -> None:
    at = 1_772_409_600_000  # 2 March 2026, 00:00 UTC
    monkeypatch.setattr(days, "_zone", ZoneInfo("America/New_York"))
    assert show_time(at, "fr", now=at + 3_600_000) == "19:00"
    assert show_day(at, "fr", now=at) == "1er mars"
    monkeypatch.setattr(days, "_zone", ZoneInfo("Asia/Kolkata"))
    assert show_time(at, "fr", now=at + 3_600_000) == "05:30"
    assert show_day(at, "fr", now=at) == "2 mars"
    assert iso(at) == "2026-03-02T00:00:00.000Z", "programs read UTC"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_number_below_zero_has_a_minus_sign_and_no_hyphen(language: str) -> None:
    point = "," if language == "fr" else "."
    assert i18n.show_number(-2.5, language) == f"\u22122{point}5"
    assert i18n.show_exactly(Decimal("-0.50"), language) == f"\u22120{point}50"
    assert [i18n.show_change(value) for value in (-215, 0, 30)] == ["\u2212215", "0", "+30"]


@pytest.mark.parametrize(
    ("then", "now", "shown"),
    [
        ("2026-12-31T23:58Z", "2027-01-01T00:01Z", "31 déc., 23:58"),
        ("2027-01-01T09:30Z", "2026-12-31T09:30Z", "1er janv., 09:30"),  # an access of 24 hours
        ("2027-01-30T09:30Z", "2026-12-31T09:30Z", "30 janv., 09:30"),  # of 30 days
        ("2026-12-31T23:58Z", "2027-01-31T23:59Z", "31 déc., 23:58"),
        ("2026-12-31T23:58Z", "2027-02-01T00:00Z", "31 déc. 2026"),
        ("2027-02-01T00:00Z", "2026-12-31T23:58Z", "1er févr. 2027"),
    ],
)
def test_around_new_year_a_time_stands_as_in_any_other_month(then: str, now: str, shown: str) -> None:
    at, noticed = (round(datetime.fromisoformat(moment).timestamp() * 1000) for moment in (then, now))
    assert show_time(at, "fr", now=noticed) == shown
