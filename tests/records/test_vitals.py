"""What is measured, as it is typed: what is taken, what is asked, what is refused with what it looks like."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadjma.records import vitals
from fadjma.records.vitals import VITALS, Code, Reading, Unreadable

TODAY = date(2026, 3, 4)
GROWN, CHILD, INFANT, NEWBORN = "1991-07-14", "2020-03-04", "2025-09-04", "2026-02-20"


@pytest.mark.parametrize(
    ("code", "typed", "value"),
    [
        ("temperature", "37,5", 375),
        ("temperature", "37.5", 375),
        ("temperature", "37", 370),
        ("pulse", "٨٠", 80),
        ("oxygen_saturation", "98", 98),
        ("body_height", "165", 1650),
        ("body_height", "50,5", 505),
        ("head_circumference", "35,5", 355),
        ("glucose", "0,95", 95),
        ("glucose", "1,1", 110),
        ("pain", "0", 0),
        ("pulse", "80 bpm", 80),
        ("pulse", "80 par minute", 80),
        ("pulse", "80/min", 80),
        ("temperature", "37,5 °C", 375),
        ("temperature", "37,5°", 375),
        ("temperature", "37°5", 375),
        ("temperature", "37 ° 5 C", 375),
        ("respiratory_rate", "18 cycles/min", 18),
        ("oxygen_saturation", "98 %", 98),
        ("glucose", "0,95 g/l", 95),
        ("glucose", "95 mg/dL", 95),
        ("pain", "3/10", 3),
        ("pain", "10 / 10", 10),
        ("body_height", "165 cm", 1650),
        ("body_height", "1,65 m", 1650),
        ("body_height", "1m65", 1650),
        ("body_height", "1 m 05", 1050),
        ("head_circumference", "35,5cm", 355),
    ],
)
def test_a_value_is_a_whole_number_of_its_last_digit(code: Code, typed: str, value: int) -> None:
    assert vitals.read(code, typed) == Reading(code, value, code)


@pytest.mark.parametrize(
    ("code", "typed", "said"),
    [
        ("temperature", "375", "De 25 à 45 °C. Est-ce 37,5 ?"),
        ("temperature", "3,75", "De 25 à 45 °C. Est-ce 37,5 ?"),
        ("body_height", "1,65", "De 20 à 250 cm. Est-ce 165 ?"),
        ("oxygen_saturation", "980", "De 30 à 100 %. Est-ce 98 ?"),
        ("glucose", "110", "De 0,05 à 15 g/l. Est-ce 1,1 ?"),
        ("pain", "11", "De 0 à 10."),
        ("pulse", "9999999", "De 10 à 300 /min."),
        ("temperature", "37,55", "Donnez un nombre, comme 37,5."),
        ("pulse", "80 fort", "Donnez un nombre, comme 80."),
        ("pulse", "80 kg", "Donnez un nombre, comme 80."),
        ("temperature", "37,5 %", "Donnez un nombre, comme 37,5."),
        ("glucose", "95,5 mg/dl", "Donnez un nombre, comme 0,95."),
        ("glucose", "5,3 mmol/l", "Donnez-la en g/l : cela fait environ 0,95 g/l."),
        ("glucose", "mmol/l", "Donnez un nombre, comme 0,95."),
        ("body_height", "1m5", "Donnez un nombre, comme 165."),
        ("pulse", "-80", "Donnez un nombre, comme 80."),
        ("blood_pressure", "120", "Donnez les deux, en mmHg, comme 120/80."),
        ("blood_pressure", "80/120", "Donnez les deux, en mmHg, comme 120/80."),
        ("blood_pressure", "120,5/80", "Donnez les deux, en mmHg, comme 120/80."),
        ("blood_pressure", "12/80", "Donnez les deux, en mmHg, comme 120/80."),
        ("blood_pressure", "120/8", "Donnez les deux, en mmHg, comme 120/80."),
    ],
)
def test_what_cannot_be_is_refused_with_what_it_looks_like(code: Code, typed: str, said: str) -> None:
    with pytest.raises(Unreadable) as fault:
        vitals.read(code, typed)
    assert fault.value.message % fault.value.values == said


@pytest.mark.parametrize(
    ("typed", "pressures", "asked"),
    [
        ("120/80", (120, 80), False),
        ("120 / 80", (120, 80), False),
        ("12/8", (120, 80), True),
        ("12,5/8", (125, 80), True),
        ("9-6", (90, 60), True),
        ("31/20", (31, 20), False),
        ("120/80 mmHg", (120, 80), False),
        ("12/8 cmHg", (120, 80), True),
        ("30/20", (300, 200), True),
    ],
)
def test_centimetres_of_mercury_are_asked_and_never_guessed(
    typed: str, pressures: tuple[int, int], asked: bool
) -> None:
    found = vitals.read("blood_pressure", typed)
    assert ((found.value, found.diastolic), bool(found.question)) == (pressures, asked)
    if asked:
        assert found.question % vitals.said([found]) == f"Est-ce en cmHg, soit {pressures[0]}/{pressures[1]} mmHg ?"


@pytest.mark.parametrize(
    ("birth_date", "typed", "asked"),
    [
        (GROWN, {"pulse": "80", "temperature": "37", "blood_pressure": "120/80"}, set()),
        (GROWN, {"pulse": "190"}, {"pulse"}),
        (NEWBORN, {"pulse": "190"}, set()),
        (GROWN, {"temperature": "41,5"}, {"temperature"}),
        (GROWN, {"blood_pressure": "120/20", "pulse": "20"}, {"blood_pressure", "pulse"}),
        (CHILD, {"body_height": "51"}, {"body_height"}),
        (NEWBORN, {"body_height": "51", "head_circumference": "35,5"}, set()),
        (INFANT, {"respiratory_rate": "12"}, {"respiratory_rate"}),
        ("2026", {"pulse": "60"}, {"pulse"}),  # born this year: newborn, or not yet one
        ("2013", {"pulse": "172"}, {"pulse"}),
        ("2014", {"pulse": "170"}, set()),  # of whom only the year is known: eleven, or twelve
        (GROWN, {"glucose": "5,5"}, {"glucose"}),
    ],
)
def test_what_is_hardly_seen_at_an_age_is_asked(birth_date: str, typed: dict[Code, str], asked: set[str]) -> None:
    readings = [vitals.read(code, text) for code, text in typed.items()]
    assert vitals.questions(readings, birth_date, TODAY).keys() == asked


@given(code=st.sampled_from(sorted(set(VITALS) - {"blood_pressure", "body_weight"})), data=st.data())
def test_whatever_can_be_is_read_as_it_was_written(code: Code, data: st.DataObject) -> None:
    value = data.draw(st.integers(*VITALS[code].possible))
    written = str(VITALS[code].number(value))
    assert vitals.read(code, written).value == vitals.read(code, written.replace(".", ",")).value == value


@given(code=st.sampled_from(sorted(VITALS)), typed=st.text(max_size=12))
def test_whatever_is_typed_is_a_possible_value_or_a_clear_refusal(code: Code, typed: str) -> None:
    try:
        found = vitals.read(code, typed)
    except Unreadable as fault:
        assert "%" not in (fault.message % fault.values).replace("100 %", "")
    else:
        least, most = VITALS[code].possible
        assert least <= found.value <= most


@given(high=st.integers(0, 999), low=st.integers(0, 999))
def test_two_pressures_are_in_order_or_refused(high: int, low: int) -> None:
    try:
        found = vitals.read("blood_pressure", f"{high}/{low}")
    except Unreadable:
        return
    assert found.diastolic is not None and found.diastolic < found.value
    assert bool(found.question) is (found.value != high)


@given(birth=st.dates(date(1906, 1, 1), TODAY), known=st.sampled_from([4, 7, 10]))
def test_an_age_that_is_known_less_well_asks_no_more(birth: date, known: int) -> None:
    reading = vitals.read("pulse", "80")
    exactly = vitals.is_plausible(reading, birth.isoformat(), TODAY)
    assert vitals.is_plausible(reading, birth.isoformat()[:known], TODAY) >= exactly
