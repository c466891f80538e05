"""The schedule of vaccinations that the clinic has signed: what is due by it, and whom the front desk calls for it."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cast import AWA, DIOP, MOUSSA, NDIAYE, PHONES, THIAM
from steps import grant, in_days
from store import Clock, Store

import fadjma.safety
from fadjma.days import day
from fadjma.identity import patients
from fadjma.papers import actions as papers
from fadjma.papers.intake import Taken
from fadjma.reception import actions as reception
from fadjma.reception import queries as reception_queries
from fadjma.records import actions, recalling, schedule, structuring, vaccinations
from fadjma.records.vaccinations import Vaccination
from fadjma.refusals import Conflict
from fadjma.safety import sheet, signing, written
from fadjma.safety.tables import Facts


def _row(vaccine: str, dose: int, from_age: str, to_age: str = "P24M", **said: Any) -> Facts:
    return Facts(
        kind="vaccine",
        dci=vaccine,
        dose=dose,
        from_age=from_age,
        to_age=to_age,
        source="PEV, essai",
        source_on="2025-07",
        **said,
    )


_FACTS = ("given_name", "family_name", "birth_date", "sex", "city", "phone", "email")
SERIES = (
    _row("BCG", 1, "P0D"),
    _row("Hexavalent", 1, "P6W", also="Penta, Pentavalent", apart="P4W"),
    _row("Hexavalent", 2, "P10W", also="Penta, Pentavalent", apart="P4W"),
)


def _sign(store: Store, *rows: Facts) -> list[str]:
    ids = store.write(signing.put, NDIAYE, rows)
    store.write(signing.sign, DIOP, ids)
    _let_time(store)
    return ids


def _let_time(store: Store) -> None:
    while store.write(recalling.follow, 1):
        pass


def _born(store: Store, birth_date: str, patient: str = AWA.id, sex: str = "female") -> None:
    sql = "UPDATE patients SET birth_date = ?, sex = ? WHERE user_id = ?"
    store.connection.execute(sql, (birth_date, sex, patient))


def _due(store: Store) -> list[tuple[str, int | None, str, bool]]:
    found = store.read(vaccinations.due, AWA.id, day(store.clock()))
    return [(one.vaccine, one.dose, one.on, one.overdue) for one in found]


def _vaccinate(store: Store, vaccine: str, dose: int | None = None, *, days: int = 0, next_due: str = "") -> str:
    facts = Vaccination(vaccine, dose, next_due=next_due)
    return store.write(structuring.vaccinate, DIOP, AWA.id, facts=facts, occurred_on=in_days(store, days))


def _called(store: Store) -> list[str]:
    return [one.since for one in store.write(recalling.open_recalls, THIAM)]


def _to_check(store: Store) -> list[tuple[str, str, str]]:
    """Those of whom nothing is noted in its fields: whose name, since when, and how it is noted."""
    found = store.write(recalling.open_recalls, THIAM, None, "unnoted")
    return [(one.name, one.since, one.noted) for one in found]


def _told(store: Store) -> int:
    """How often the open pages of the front desk were told that their list has changed."""
    sql = "SELECT count(*) FROM notifications WHERE user_id = ? AND subject_kind = 'vaccination_recalls'"
    return int(store.value(sql, THIAM.id))


@pytest.mark.parametrize(
    ("span", "to"),
    [
        ("P0D", "2025-11-30"),
        ("P6W", "2026-01-11"),
        ("P3M", "2026-02-28"),
        ("P13M", "2026-12-30"),
        ("P9Y", "2034-11-30"),
    ],
)
def test_an_age_is_counted_in_weeks_or_by_the_calendar(span: str, to: str) -> None:
    assert schedule.after(date(2025, 11, 30), span).isoformat() == to


@pytest.mark.parametrize(
    ("typed", "span"),
    [
        ("Naissance", "P0D"),
        ("0", "P0D"),
        ("6 semaines", "P6W"),
        ("6sem", "P6W"),
        ("9 mois", "P9M"),
        ("9 ans", "P9Y"),
        ("P10W", "P10W"),
        ("4 sem.", None),
        ("19 ans", None),
        ("bientôt", None),
        ("6", None),
        ("-6 semaines", None),
    ],
)
def test_an_age_is_written_as_people_write_it(typed: str, span: str | None) -> None:
    assert written.span(typed) == span


def test_what_nobody_has_signed_says_nothing(store: Store) -> None:
    _born(store, in_days(store, -50))
    ids = store.write(signing.put, NDIAYE, SERIES)
    assert _due(store) == [] and not store.read(schedule.is_signed)
    store.write(signing.sign, DIOP, ids)
    assert [one[:2] for one in _due(store)] == [("BCG", 1), ("Hexavalent", 1)]
    for entry in ids:
        store.write(signing.withdraw, DIOP, entry, reason="Nouvelle édition")
    assert _due(store) == [] and not store.read(schedule.is_signed)


def test_what_was_given_is_due_no_more_under_any_of_its_names(store: Store) -> None:
    grant(store)
    _born(store, in_days(store, -70))
    _sign(store, *SERIES)
    _vaccinate(store, "BCG", days=-70)
    assert _due(store) == [("Hexavalent", 1, in_days(store, -28), True)]
    _vaccinate(store, "PENTAVALENT", 1, days=-10)
    assert _due(store) == [("Hexavalent", 2, in_days(store, 18), False)], "four weeks after the one before"
    wrong = _vaccinate(store, "Penta")
    assert _due(store) == [], "one that does not say its number is the next"
    store.write(actions.mark_error, DIOP, wrong, reason="Mauvais patient")
    assert _due(store) == [("Hexavalent", 2, in_days(store, 18), False)]


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ([], 1),
        ([(-60, None)], 2),
        ([(-60, 1), (-30, None)], 3),
        ([(-60, None), (-30, 2)], 3),  # the first one was not said
        ([(-60, 2), (-30, None)], None),  # the third
        ([(-60, None), (-60, None)], 2),  # one dose, noted twice
        ([(-60, 1), (-60, None)], 2),
        ([(-60, None), (-30, None)], 3),
        ([(-30, None), (-60, None)], 3),
        ([(-60, 3)], None),
    ],
)
def test_a_dose_of_which_nobody_said_the_how_many_eth_it_was_takes_no_later_one_away(
    given: list[tuple[int, int | None]], then: int | None
) -> None:
    rows = [
        schedule.Scheduled(
            str(n), "Hexavalent", "hexavalent", "", n, f"P{2 + 4 * n}W", "P24M", "P4W", "", "", "", 0, "", ""
        )
        for n in (1, 2, 3)
    ]
    today = date(2026, 3, 2)
    had = [schedule.Given("hexavalent", dose, (today + timedelta(days=days)).isoformat()) for days, dose in given]
    found = schedule.awaited(rows, "2025-11-01", "female", had, set())
    assert [one.row.dose for one in found] == ([then] if then else [])


def test_what_was_worked_out_by_an_earlier_reading_of_the_schedule_is_worked_out_again(store: Store) -> None:
    """Somebody who was not called by it is called once the program is replaced, without a change of the schedule."""
    grant(store)
    _born(store, in_days(store, -200))
    _sign(store, *SERIES[1:])
    _vaccinate(store, "Penta", 1, days=-100)
    rows = store.value("SELECT count(*) + count(withdrawn_at) FROM vaccine_schedule")
    store.connection.execute("UPDATE vaccination_calls SET due_on = '', check_on = '', schedule = ?", (rows,))
    _let_time(store)
    assert _called(store) == [in_days(store, -100 + 28)]


def test_what_whoever_vaccinated_has_written_goes_before_the_schedule(store: Store) -> None:
    grant(store)
    _born(store, in_days(store, -70))
    _sign(store, *SERIES)
    _vaccinate(store, "BCG", 1, days=-70)
    _vaccinate(store, "Penta", 1, days=-20, next_due=in_days(store, 25))
    assert _due(store) == [("Penta", 2, in_days(store, 25), False)]


def test_what_somebody_has_written_is_over_with_the_next_dose_under_any_name_of_the_vaccine(store: Store) -> None:
    """Those that the signed schedule gives it, and no other."""
    grant(store)
    _born(store, in_days(store, -100))
    _sign(store, *SERIES[1:])
    _vaccinate(store, "Pentavalent", 1, days=-50, next_due=in_days(store, -20))
    _vaccinate(store, "Rotavirus", 1, days=-10)
    assert ([one[0] for one in _due(store)], len(_called(store))) == (["Pentavalent"], 1)
    _vaccinate(store, "hexavalent", 2, days=-5)
    assert (_due(store), _called(store)) == ([], [])


def test_whoever_is_too_old_or_of_the_other_sex_or_grown_up_waits_for_nothing(store: Store) -> None:
    _sign(store, _row("VPH", 1, "P9Y", "P15Y", sex="female"), _row("BCG", 1, "P0D", "P12M"))
    for birth_date, sex, due in (
        (in_days(store, -10 * 366), "female", ["VPH"]),
        (in_days(store, -10 * 366), "male", []),
        (in_days(store, -16 * 366), "female", []),
        (in_days(store, -30), "male", ["BCG"]),
        ("1990-01-01", "female", []),
    ):
        _born(store, birth_date, sex=sex)
        assert [one[0] for one in _due(store)] == due, (birth_date, sex)


def test_of_a_birth_that_is_not_known_well_nobody_is_late_before_it_is_certain(store: Store) -> None:
    _sign(store, SERIES[0])
    for birth_date, due_on in (("2026-02", "2026-02-28"), ("2025", "2025-12-31"), ("2026-03-01", "2026-03-01")):
        _born(store, birth_date)
        assert [one[2] for one in _due(store)] == [due_on]


def test_two_signed_rows_never_say_two_things_of_one_dose(store: Store) -> None:
    _sign(store, SERIES[1], _row("VPH", 1, "P9Y", "P15Y", sex="female"))
    [same] = store.write(signing.put, NDIAYE, [_row("hexavalent", 1, "P8W")])
    [for_all] = store.write(signing.put, NDIAYE, [_row("VPH", 1, "P10Y", "P15Y")])
    for entry in (same, for_all):
        with pytest.raises(Conflict):
            store.write(signing.sign, DIOP, [entry])


def test_the_desk_calls_for_whom_somebody_here_has_vaccinated_and_follows_at_once(store: Store) -> None:
    _born(store, in_days(store, -70))
    _sign(store, *SERIES)
    assert (_called(store), _to_check(store)) == ([], []), "nobody here has anything to do with this child"
    told = _told(store)
    grant(store)
    assert (_called(store), _told(store)) == ([], told + 1), "nobody knows whether they are vaccinated"
    assert _to_check(store) == [("Awa Cissé", in_days(store, -70), "nothing")]
    bcg = _vaccinate(store, "BCG", 1, days=-70)
    assert (_called(store), _to_check(store), _told(store)) == ([in_days(store, -28)], [], told + 2)
    store.write(actions.mark_error, DIOP, bcg, reason="Mauvais patient")
    assert (_called(store), _to_check(store)[0][1:]) == ([], (in_days(store, -70), "nothing"))
    told = _told(store)
    _vaccinate(store, "BCG", 1, days=-70)
    assert (_called(store), _told(store)) == ([in_days(store, -28)], told + 1)
    _vaccinate(store, "Penta", 1)
    assert (_called(store), _told(store)) == ([], told + 2)


def test_a_day_that_passes_and_a_row_that_is_signed_or_withdrawn_change_the_list(store: Store, clock: Clock) -> None:
    grant(store)
    _born(store, in_days(store, -40))
    _sign(store, *SERIES[:2])
    _vaccinate(store, "BCG", 1, days=-40)
    assert (_called(store), told := _told(store)) == ([], told)
    clock.advance(days=3)
    _let_time(store)
    assert (_called(store), _told(store)) == ([in_days(store, -1)], told + 1)
    assert store.write(recalling.follow, 9) == 0, "it is looked at once"
    [entry] = _sign(store, _row("VPO", 0, "P0D", "P24M"))
    assert (_called(store), _told(store)) == ([in_days(store, -43)], told + 2)
    store.write(signing.withdraw, DIOP, entry, reason="Nouvelle édition")
    _let_time(store)
    assert (_called(store), _told(store)) == ([in_days(store, -1)], told + 3)
    clock.advance(days=900)
    _let_time(store)
    assert (_called(store), _told(store)) == ([], told + 4), "it is given to nobody so old"


def _register(store: Store, birth_date: str) -> str:
    facts = patients.Facts(
        given_name="Ndeye", family_name="Bâ", birth_date=birth_date, sex="female", city="", phone=None, email=None
    )
    return store.write(reception.register, THIAM, facts)


def test_a_newborn_whom_the_desk_registers_is_to_be_compared_with_the_card_and_no_adult_is(store: Store) -> None:
    _sign(store, *SERIES)
    _register(store, in_days(store, -3))
    _register(store, "1990-05-05")
    assert _to_check(store) == [("Ndeye Bâ", in_days(store, -3), "nothing")]
    assert _called(store) == []
    assert store.value("SELECT count(*) FROM vaccination_calls") == 1, "of an adult nothing is kept"


def test_nobody_is_called_for_silence_where_nothing_is_signed_or_nothing_due(store: Store) -> None:
    _register(store, in_days(store, -3))
    assert _to_check(store) == []
    _sign(store, SERIES[1])
    assert _to_check(store) == [], "six weeks are not over"


def test_a_vaccination_in_words_alone_is_to_be_compared_with_the_card_and_said_to_be_there(store: Store) -> None:
    _born(store, in_days(store, -70))
    _sign(store, *SERIES)
    grant(store)
    told = _told(store)
    said = {"type": "vaccination", "title": "BCG", "body": "Fait à la maternité", "occurred_on": in_days(store, -69)}
    record = store.write(actions.create, DIOP, AWA.id, **said)
    assert (_called(store), _told(store)) == ([], told + 1)
    assert _to_check(store) == [("Awa Cissé", in_days(store, -70), "words")]
    facts = Vaccination("BCG", 1)
    store.write(structuring.amend_vaccination, DIOP, record, version=1, facts=facts, reason="Dans ses champs")
    assert (_called(store), _to_check(store)) == ([in_days(store, -28)], [])


def test_a_card_that_was_photographed_is_said_to_be_there(store: Store) -> None:
    _born(store, in_days(store, -70))
    _sign(store, *SERIES)
    grant(store)
    assert [noted for _, _, noted in _to_check(store)] == ["nothing"]
    said = papers.Said("vaccination", "Carnet", "", in_days(store, -1))
    store.write(papers.add, DIOP, AWA.id, said, Taken("application/pdf", "0" * 64, 9, None, None, 1, None))
    assert [noted for _, _, noted in _to_check(store)] == ["words"]


def test_silence_is_asked_about_until_five_and_what_is_noted_until_it_is_given(store: Store, clock: Clock) -> None:
    _sign(store, _row("Rougeole", 1, "P9M", "P15Y"), _row("BCG", 1, "P0D", "P12M"))
    _born(store, in_days(store, -4 * 365))
    _born(store, in_days(store, -4 * 365), MOUSSA.id)
    for patient in (AWA.id, MOUSSA.id):
        grant(store, patient=next(one for one in (AWA, MOUSSA) if one.id == patient))
    _vaccinate(store, "BCG", 1, days=-1)
    assert ([*map(len, (_called(store), _to_check(store)))]) == [1, 1]
    clock.advance(days=366)
    _let_time(store)
    assert ([*map(len, (_called(store), _to_check(store)))]) == [1, 0]
    assert store.write(recalling.follow, 9) == 0, "it is looked at once"


def test_a_birth_date_that_is_put_right_says_anew_what_is_due(store: Store) -> None:
    """And who becomes a small child by it is called for; who was none any more is not."""
    _sign(store, *SERIES)
    patient = _register(store, in_days(store, -3))

    def correct(birth_date: str) -> None:
        known = store.read(reception_queries.patient, THIAM, patient)
        facts = patients.Facts(**{**{name: getattr(known, name) for name in _FACTS}, "birth_date": birth_date})
        store.write(reception.correct, THIAM, patient, facts, version=known.version, reason="Carnet", confirmed=True)

    told = _told(store)
    correct(in_days(store, -50))
    assert (_to_check(store)[0][1], _told(store)) == (in_days(store, -50), told + 1)
    found = store.read(vaccinations.due, patient, day(store.clock()))
    assert [(one.vaccine, one.on) for one in found] == [
        ("BCG", in_days(store, -50)),
        ("Hexavalent", in_days(store, -8)),
    ]
    correct("1990-05-05")
    assert (_to_check(store), _told(store)) == ([], told + 2)
    correct(in_days(store, -20))
    assert (_to_check(store)[0][1], _told(store)) == (in_days(store, -20), told + 3)
    grown_up = _register(store, "1991-05-05")
    known = store.read(reception_queries.patient, THIAM, grown_up)
    facts = patients.Facts(**{**{name: getattr(known, name) for name in _FACTS}, "birth_date": in_days(store, -9)})
    store.write(reception.correct, THIAM, grown_up, facts, version=known.version, reason="Carnet", confirmed=True)
    assert [since for _, since, _ in _to_check(store)] == [in_days(store, -20), in_days(store, -9)]


def test_who_has_no_telephone_is_called_by_who_answers_for_them(store: Store) -> None:
    grant(store)
    _born(store, in_days(store, -70))
    _sign(store, *SERIES)
    _vaccinate(store, "BCG", 1, days=-70)
    store.connection.execute("UPDATE users SET phone = NULL WHERE id = ?", (AWA.id,))
    [alone] = store.write(recalling.open_recalls, THIAM)
    assert (alone.phone, alone.guardian) == (None, None)
    store.connection.execute(
        "INSERT INTO proxies (id, proxy_id, patient_id, relationship, of_age, given_by, given_at, seen, document, "
        "accepted_at) VALUES ('px', ?, ?, 'parent', 1, ?, 1, 'document', 'CNI', 1)",
        (MOUSSA.id, AWA.id, THIAM.id),
    )
    [called] = store.write(recalling.open_recalls, THIAM)
    assert called.guardian == ("Moussa Diouf", PHONES[MOUSSA.id])
    assert called.json()["guardian"] == {"name": "Moussa Diouf", "phone": PHONES[MOUSSA.id]}


def test_the_proposal_for_senegal_can_be_read_whole() -> None:
    sent = (Path(fadjma.safety.__file__).parent / "pev-senegal.csv").read_bytes()
    table = sheet.read(sent, "vaccine", date(2026, 1, 1))
    assert (table.errors, len(table.lines)) == ({}, 17)
    assert {one.source_on for one in table.lines.values()} == {"2025-07"}


@pytest.mark.parametrize("born", ["2008-03-04", "2008-02-29", "2008-12-31", "2008-02", "2008-12", "2008"])
def test_the_day_on_which_a_child_is_none_any_more_is_that_of_the_age(born: str) -> None:
    grown = schedule.child_until(born)
    assert schedule.is_for(born, grown - timedelta(days=1)) and not schedule.is_for(born, grown)


def test_whoever_grows_up_is_called_no_more_by_the_schedule(store: Store, clock: Clock) -> None:
    """As in the file: it speaks of children alone, however old its row lets somebody be."""
    _born(store, "2008-03-04")
    grant(store)
    _sign(store, _row("VAT", 1, "P15Y", "P45Y", sex="female"))
    _vaccinate(store, "BCG", 1, days=-70)
    assert (len(_due(store)), len(_called(store))) == (1, 1)
    told = _told(store)
    clock.advance(days=2)
    _let_time(store)
    assert (len(_due(store)), len(_called(store))) == (0, 0)
    assert _told(store) == told + 1
    assert store.write(recalling.follow, 9) == 0, "it is looked at once"


def _early(store: Store) -> list[tuple[str, int, str]]:
    """Which vaccine, which dose, and what the schedule says of it: an age, or a time after the dose before."""
    found = store.read(vaccinations.noted_early, AWA.id, day(store.clock()))
    return [(one.vaccine, one.found.dose, "".join(map(str, one.found.span))) for one in found]


def test_a_dose_before_its_age_or_too_soon_after_the_one_before_is_said_to_be_early(store: Store) -> None:
    grant(store)
    _born(store, in_days(store, -100))
    _vaccinate(store, "Penta", days=-100 + 41)
    _vaccinate(store, "Hexavalent", days=-100 + 41 + 29)
    assert _early(store) == [], "nobody has signed a schedule"
    ids = _sign(store, *SERIES)
    assert _early(store) == [("Penta", 1, "6W")], "a day too young; the second one is in time"
    soon = _vaccinate(store, "Penta", 2, days=-100 + 41 + 27)
    again = ("Hexavalent", 2, "4W")  # without a number, two days after a second dose
    assert _early(store) == [("Penta", 1, "6W"), ("Penta", 2, "10W"), again]
    store.write(actions.mark_error, DIOP, soon, reason="Autre enfant")
    assert _early(store) == [("Penta", 1, "6W")]
    for entry in ids:
        store.write(signing.withdraw, DIOP, entry, reason="Nouvelle édition")
    assert _early(store) == []


@pytest.mark.parametrize(("after", "early"), [(27, [("Hexavalent", 2, "4W")]), (28, [])])
def test_the_time_between_two_doses_is_counted_by_its_days(store: Store, after: int, early: list[Any]) -> None:
    grant(store)
    _born(store, in_days(store, -200))
    _sign(store, *SERIES)
    _vaccinate(store, "Hexavalent", 1, days=-100)
    _vaccinate(store, "Hexavalent", days=-100 + after)
    assert _early(store) == early


def test_only_what_is_certain_of_an_age_is_said(store: Store) -> None:
    grant(store)
    _sign(store, *SERIES)
    _born(store, "2026-02")
    _vaccinate(store, "Hexavalent", 1)  # on 2 March
    assert _early(store) == [("Hexavalent", 1, "6W")]
    _born(store, "2026-01")
    assert _early(store) == [], "who was born on the 1st is old enough"
    _born(store, "2026")
    assert _early(store) == []


def test_of_somebody_who_is_grown_up_nothing_is_said(store: Store) -> None:
    grant(store)
    _sign(store, *SERIES)
    _born(store, "1990-01-01")
    _vaccinate(store, "Hexavalent", 1, days=-3)
    _vaccinate(store, "Hexavalent", 2)
    assert _early(store) == []


@pytest.mark.parametrize(
    ("typed", "dose", "next_one"),
    [
        ("Penta 1", None, 2),
        ("penta1", None, 2),
        ("Pentavalent n°1", None, 2),
        ("Penta, dose 1", None, 2),
        ("Penta 1ère dose", None, 2),
        ("Penta 1", 1, 2),
        ("Hexavalent 2", None, None),  # the last one
        ("Penta 1", 2, 1),  # two numbers: nobody knows
        ("Penta 9", None, 1),  # no such dose
        ("Tétanos 1", None, 1),  # another vaccine
    ],
)
def test_a_name_that_says_the_dose_counts_as_it(
    store: Store, clock: Clock, typed: str, dose: int | None, next_one: int | None
) -> None:
    """« Penta 1 », as every card says it, left the child overdue for what it had had."""
    grant(store)
    _sign(store, *SERIES)
    _born(store, in_days(store, -200))
    store.write(structuring.vaccinate, DIOP, AWA.id, facts=Vaccination(typed, dose), occurred_on=in_days(store, -60))
    due = store.read(vaccinations.due, AWA.id, day(clock()))
    assert [one.dose for one in due if one.vaccine == "Hexavalent"] == ([next_one] if next_one else [])


def test_and_so_does_what_whoever_vaccinated_has_written_of_the_next(store: Store, clock: Clock) -> None:
    grant(store)
    _sign(store, *SERIES)
    _born(store, in_days(store, -200))
    given = Vaccination("Penta 1", next_due=in_days(store, 5))
    store.write(structuring.vaccinate, DIOP, AWA.id, facts=given, occurred_on=in_days(store, -20))
    due = store.read(vaccinations.due, AWA.id, day(clock()))
    assert [(one.vaccine, one.dose) for one in due if one.vaccine != "BCG"] == [("Penta", 2)]
