"""What a patient weighs: by whom it may be noted, who is told, and which one counts."""

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GASSAMA, MOUSSA, NDIAYE, SARR, THIAM
from steps import DAY, emergency, grant, in_days, validated, weigh
from store import Clock, Store

from fadjma.access import actions as access
from fadjma.access import readings
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import measurements, measuring, queries
from fadjma.refusals import Doubtful, Forbidden, Invalid, NotFound


def _weights(store: Store, viewer: Viewer = AWA) -> list[int]:
    return [one.value for one in store.read(measurements.of_patient, viewer, AWA.id, "body_weight")]


def test_a_doctor_with_a_grant_notes_a_weight_of_a_day(store: Store) -> None:
    grant(store)
    weigh(store, 62_500, days=-3)
    weight = store.read(queries.file, AWA, AWA.id).weight
    assert weight
    assert (weight.value, weight.measured_on, weight.author_name) == (62_500, in_days(store, -3), "Ousmane Diop")
    assert weight.delegated_by is None


def test_a_nurse_notes_it_by_delegation_and_the_patient_reads_by_whose(store: Store) -> None:
    grant(store)
    weigh(store, 62_500, by=GASSAMA)
    weight = store.read(queries.file, GASSAMA, AWA.id).weight
    assert weight
    assert (weight.author_name, weight.delegated_by) == ("Lassana Gassama", "Ousmane Diop")
    line = store.read(readings.trace, AWA, AWA.id)[0]
    assert (line.name, line.what, line.part_label, line.ground_doctor) == (
        "Lassana Gassama",
        "a ajouté une mesure à votre dossier",
        "Poids",
        "Ousmane Diop",
    )


def test_a_nurse_loses_it_with_the_doctors_grant(store: Store) -> None:
    store.write(access.revoke, AWA, grant(store))
    with pytest.raises(NotFound):
        weigh(store, 62_500, by=GASSAMA)


@pytest.mark.parametrize("person", [AWA, MOUSSA, NDIAYE, FALL, THIAM, ADMIN], ids=lambda person: person.id)
def test_nobody_else_notes_one(store: Store, person: Viewer) -> None:
    grant(store)
    with pytest.raises(Forbidden):
        weigh(store, 62_500, by=person)
    assert _weights(store) == []


def test_it_goes_with_the_prescriptions_and_not_with_the_summary(store: Store) -> None:
    grant(store)
    weigh(store, 62_500)
    request_id = grant(store, SARR, scope="summary")
    assert store.read(queries.file, SARR, AWA.id).weight is None
    assert not store.read(queries.file, SARR, AWA.id).may_measure
    with pytest.raises(NotFound):
        _weights(store, SARR)
    with pytest.raises(NotFound):
        weigh(store, 62_000, by=SARR)
    store.write(access.change, AWA, request_id, scope="prescriptions", duration=DAY)
    weigh(store, 62_000, by=SARR)
    assert _weights(store, SARR) == [62_000, 62_500]


def test_in_an_emergency_too(store: Store) -> None:
    emergency(store)
    weigh(store, 62_500)
    assert _weights(store, DIOP) == [62_500]


def test_the_patient_is_told_and_the_pages_of_the_others_follow(store: Store) -> None:
    validated(store)
    grant(store, SARR)
    news = store.news(measuring.measure, DIOP, AWA.id, code="body_weight", value=62_500, measured_on=in_days(store, 0))
    assert news.pop(AWA.id) == ["measurement.created"]
    assert set(news) == {DIOP.id, SARR.id, NDIAYE.id, "gomis"}, "the pharmacy has her prescription open"
    assert {message for messages in news.values() for message in messages} == {None}


def test_the_newest_counts_by_its_day_and_of_one_day_the_last_written(store: Store, clock: Clock) -> None:
    prescription_id = validated(store)
    for grams, days in ((60_000, 0), (61_000, -9), (62_000, 0)):
        weigh(store, grams, days=days)
        clock.advance(minutes=1)
    assert _weights(store) == [62_000, 60_000, 61_000]
    shown = store.read(prescriptions.prescription_in_full, NDIAYE, prescription_id).weight
    assert shown
    assert shown.value == 62_000


def test_a_long_list_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements, "PER_PAGE", 2)
    grant(store)
    for grams in (60_000, 61_000, 62_000):
        weigh(store, grams, days=-grams // 1000)
    first = store.read(measurements.of_patient, AWA, AWA.id, "body_weight")
    rest = store.read(measurements.of_patient, AWA, AWA.id, "body_weight", first.next)
    assert ([one.value for one in first], [one.value for one in rest], rest.next) == ([60_000, 61_000], [62_000], None)


@pytest.mark.parametrize(
    ("days_before", "grams", "asked"),
    [
        (8, 25_000, False),
        (8, 100_000, False),
        (8, 24_999, True),
        (8, 100_001, True),
        (7, 60_000, False),
        (7, 60_001, True),
        (0, 45_000, False),
        (0, 36_000, True),  # somebody else's, of the same day
    ],
)
def test_what_is_far_from_the_last_one_is_asked_once(store: Store, days_before: int, grams: int, asked: bool) -> None:
    grant(store)
    weigh(store, 50_000, days=-days_before)
    if asked:
        with pytest.raises(Doubtful) as doubt:
            weigh(store, grams)
        [(field, message)] = doubt.value.errors.items()
        said = message % doubt.value.values
        assert (field, said.replace("\u00a0", " ")) == ("value", "Le dernier poids noté est de 50 kg : vérifiez.")
        assert _weights(store) == [50_000]
    weigh(store, grams, confirmed=asked)
    assert grams in _weights(store)


def test_nobody_is_weighed_before_birth(store: Store) -> None:
    grant(store)
    with pytest.raises(Invalid) as refusal:
        store.write(measuring.measure, DIOP, AWA.id, code="body_weight", value=3_000, measured_on="1991-07-13")
    assert set(refusal.value.errors) == {"measured_on"}
    store.write(measuring.measure, DIOP, AWA.id, code="body_weight", value=3_000, measured_on="1991-07-14")
