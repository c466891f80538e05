"""Consultations with fields, and rounds: who may write them, what is kept with whom, what is hidden again."""

from typing import Any

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GASSAMA, MOUSSA, NDIAYE, SARR, THIAM
from steps import grant, in_days, weigh, write_record
from store import Store

from fadjma.access import readings as trace
from fadjma.identity.people import Viewer
from fadjma.records import actions, measurements, measuring, queries, structuring, vitals
from fadjma.records.consultations import Consultation
from fadjma.records.vitals import Reading
from fadjma.refusals import Conflict, Doubtful, Forbidden, Invalid, NotFound

FEVER = Consultation("Fièvre", "Gorge rouge.", "Angine")
READINGS = [vitals.read("blood_pressure", "120/80"), vitals.read("temperature", "38,5")]


def _consult(store: Store, by: Viewer = DIOP, readings: list[Reading] = READINGS, **more: Any) -> str:
    said = {"facts": FEVER, "readings": readings, "occurred_on": in_days(store, 0), **more}
    return store.write(structuring.consult, by, AWA.id, **said)


def _round(store: Store, by: Viewer = GASSAMA, readings: list[Reading] = READINGS, **more: Any) -> str:
    said = {"readings": readings, "measured_on": in_days(store, 0), **more}
    return store.write(measuring.take_round, by, AWA.id, **said)


def _measured(store: Store, viewer: Viewer = AWA) -> list[tuple[str, int]]:
    return sorted((one.code, one.value) for one in store.read(measurements.of_patient, viewer, AWA.id))


def test_a_consultation_has_its_fields_its_words_and_what_was_measured(store: Store) -> None:
    grant(store)
    found = store.read(queries.record, AWA, _consult(store))
    assert (found.title, found.body) == ("Fièvre", "Gorge rouge.\n\nConclusion : Angine")
    assert isinstance(found.fields, Consultation)
    assert [(one.code, one.value, one.diastolic) for one in found.fields.measured] == [
        ("blood_pressure", 120, 80),
        ("temperature", 385, None),
    ]
    assert not found.in_words
    assert _measured(store) == [("blood_pressure", 120), ("temperature", 385)]


def test_one_in_words_stays_so(store: Store) -> None:
    grant(store)
    found = store.read(queries.record, AWA, write_record(store))
    assert found.in_words and found.json("fr")["consultation"] is None


def test_the_patient_is_told_once_and_others_silently(store: Store) -> None:
    grant(store)
    grant(store, SARR, scope="prescriptions")
    weighed = [*READINGS, Reading("body_weight", 62_000, "body_weight")]
    said = {"facts": FEVER, "readings": weighed, "occurred_on": in_days(store, 0)}
    news = store.news(structuring.consult, DIOP, AWA.id, **said)
    assert news.pop(AWA.id) == ["record.created"]
    assert news[SARR.id] == [None], "who sees the weight follows, too"
    assert {message for messages in news.values() for message in messages} == {None}


@pytest.mark.parametrize("person", [AWA, MOUSSA, NDIAYE, FALL, THIAM, GASSAMA, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_doctor_consults(store: Store, person: Viewer) -> None:
    grant(store)
    with pytest.raises(Forbidden):
        _consult(store, person)
    assert _measured(store) == []


def test_nor_a_doctor_with_too_little(store: Store) -> None:
    grant(store, scope="prescriptions")
    with pytest.raises(Forbidden):
        _consult(store)


@pytest.mark.parametrize(("day", "field"), [("1991-07-13", "occurred_on")])
def test_nobody_is_seen_before_birth(store: Store, day: str, field: str) -> None:
    grant(store)
    with pytest.raises(Invalid) as refusal:
        _consult(store, occurred_on=day)
    assert set(refusal.value.errors) == {field}


def test_every_question_is_asked_at_once_and_answered_by_one_confirmation(store: Store) -> None:
    grant(store)
    weigh(store, 60_000)
    typed = {"blood_pressure": "12/8", "temperature": "41,5", "pulse": "80"}
    hardly = [vitals.read(code, text) for code, text in typed.items()] + [Reading("body_weight", 6_000, "body_weight")]
    for write in (_consult, _round):
        with pytest.raises(Doubtful) as doubt:
            write(store, readings=hardly)
        assert doubt.value.errors.keys() == {"blood_pressure", "temperature", "body_weight"}
        assert doubt.value.values == {"pressure": "120/80", "last": "60\u00a0kg"}
    assert _measured(store) == [("body_weight", 60_000)]
    _round(store, readings=hardly, confirmed=True)
    assert len(_measured(store)) == 5


def test_a_round_is_one_event_in_the_trace_with_the_doctor_who_let(store: Store) -> None:
    grant(store)
    round_id = _round(store)
    line = store.read(trace.trace, AWA, AWA.id)[0]
    assert (line.name, line.part_label, line.ground_doctor) == ("Lassana Gassama", "Mesures", "Ousmane Diop")
    found = store.read(measurements.round_of, AWA, round_id)
    assert [one.code for one in found.values] == ["blood_pressure", "temperature"]
    assert {one.delegated_by for one in found.values} == {"Ousmane Diop"}
    with pytest.raises(NotFound):
        store.read(measurements.round_of, MOUSSA, round_id)


def test_an_access_to_prescriptions_opens_the_weight_and_nothing_else_that_is_measured(store: Store) -> None:
    grant(store)
    grant(store, SARR, scope="prescriptions")
    round_id = _round(store, DIOP, readings=[*READINGS, Reading("body_weight", 62_000, "body_weight")])
    assert _measured(store, SARR) == [("body_weight", 62_000)]
    for refused in (measurements.round_of, measurements.measurement):
        with pytest.raises(NotFound):
            store.read(refused, SARR, round_id)
    with pytest.raises(Forbidden):
        _round(store, SARR)
    _round(store, SARR, readings=[Reading("body_weight", 63_000, "body_weight")])
    news = store.news(measuring.take_round, DIOP, AWA.id, readings=READINGS, measured_on=in_days(store, 0))
    assert SARR.id not in news


def test_a_correction_keeps_what_was_measured_and_shows_what_changed(store: Store) -> None:
    grant(store)
    record_id = _consult(store)
    facts = Consultation("Fièvre", "Gorge rouge et toux.", "Angine")
    amend = {"version": 1, "facts": facts, "reason": "Toux oubliée"}
    store.write(structuring.amend_consultation, DIOP, record_id, **amend)
    found = store.read(queries.record_with_versions, AWA, record_id)
    assert isinstance(found.fields, Consultation)
    assert (found.version, found.fields.observation, len(found.fields.measured)) == (2, "Gorge rouge et toux.", 2)
    assert ("ins", " rouge et toux.") in found.versions[0].body_since(found.versions[1])
    with pytest.raises(Conflict):
        store.write(structuring.amend_consultation, DIOP, record_id, **amend)
    with pytest.raises(Invalid):
        store.write(actions.amend, DIOP, record_id, version=2, title="Fièvre", body="x", reason="Autre")


def test_what_was_measured_is_hidden_with_its_consultation(store: Store) -> None:
    grant(store)
    weigh(store, 60_000, days=-1)
    record_id = _consult(store, readings=[*READINGS, Reading("body_weight", 62_000, "body_weight")])
    store.write(actions.mark_error, DIOP, record_id, reason="Mauvais patient")
    assert _measured(store) == [("body_weight", 60_000)]
    weight = store.read(queries.file, AWA, AWA.id).weight
    assert weight and weight.value == 60_000


def test_one_measurement_is_entered_in_error_by_its_author_alone(store: Store) -> None:
    grant(store)
    round_id = _round(store)
    [wrong] = [one for one in store.read(measurements.of_patient, AWA, AWA.id) if one.code == "temperature"]
    with pytest.raises(Forbidden):
        store.write(measuring.mark_error, DIOP, wrong.id, reason="Pas le sien")
    news = store.news(measuring.mark_error, GASSAMA, wrong.id, reason="Mauvais patient")
    assert news[AWA.id] == ["measurement.entered_in_error"]
    with pytest.raises(Conflict):
        store.write(measuring.mark_error, GASSAMA, wrong.id, reason="Encore")
    assert _measured(store) == [("blood_pressure", 120)]
    shown = [store.read(measurements.measurement, person, wrong.id) for person in (GASSAMA, AWA)]
    assert [(one.json("fr")["status"], one.json("fr")["value"]) for one in shown] == [
        ("entered_in_error", 38.5),
        ("entered_in_error", None),
    ]
    assert [one.code for one in store.read(measurements.round_of, AWA, round_id).values] == ["blood_pressure"]


def test_the_course_of_a_value_is_its_last_ones_the_newest_first(store: Store) -> None:
    grant(store)
    for tenths, days in ((385, -3), (390, -2), (372, 0)):
        _round(store, readings=[Reading("temperature", tenths, "temperature")], measured_on=in_days(store, days))
    weigh(store, 60_000)
    temperature, weight = store.read(measurements.courses, AWA.id)
    assert [one.value for one in temperature.values] == [372, 390, 385]
    assert temperature.paths == ("M0 16.7L120 0.0L360 60.0",), "over the days that lie between"
    assert temperature.dots == "M0 16.7h0M120 0.0h0M360 60.0h0"
    assert (temperature.months, weight.paths) == (None, ())


@pytest.mark.parametrize(
    ("days", "places"),
    [
        ((-10, -9, 0), (0, 36, 360)),
        ((-10, -10, 0), (0, 14, 360)),
        ((-10, 0, 0), (0, 347, 360)),
        ((0, 0, 0), (0, 180, 360)),
        ((-3000, -1, 0), (0, 347, 360)),
    ],
)
def test_a_course_is_drawn_over_time_and_what_came_on_one_day_stands_apart(
    store: Store, days: tuple[int, ...], places: tuple[int, ...]
) -> None:
    grant(store)
    store.connection.execute("UPDATE patients SET birth_date = '1990-01-01' WHERE user_id = 'awa'")
    for tenths, day in zip((385, 390, 372), days, strict=True):
        _round(store, readings=[Reading("temperature", tenths, "temperature")], measured_on=in_days(store, day))
    [temperature] = store.read(measurements.courses, AWA.id)
    [path] = temperature.paths
    assert tuple(int(point.split()[0]) for point in path[1:].split("L")) == places


def test_a_childs_course_is_read_by_its_age_in_months(store: Store) -> None:
    grant(store)

    def months(birth_date: str) -> tuple[int, int] | None:
        store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'awa'", (birth_date,))
        [weight] = store.read(measurements.courses, AWA.id)
        return weight.months

    store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'awa'", (in_days(store, -200),))
    weigh(store, 5_000, days=-100)
    weigh(store, 7_000)
    assert months(in_days(store, -200)) == (3, 6)
    assert months(in_days(store, -5 * 366)) is None, "by then the days say more"
    assert months(in_days(store, -1000)[:7]) is None, "of a birth that is not known well"


def test_who_sees_the_weight_is_told_that_its_consultation_was_an_error(store: Store) -> None:
    grant(store)
    grant(store, SARR, scope="prescriptions")
    weighed = _consult(store, readings=[Reading("body_weight", 62_000, "body_weight")])
    news = store.news(actions.mark_error, DIOP, weighed, reason="Mauvais patient")
    assert news.pop(AWA.id) == ["record.entered_in_error"]
    assert news[SARR.id] == [None]
    assert SARR.id not in store.news(actions.mark_error, DIOP, _consult(store), reason="Mauvais patient")
