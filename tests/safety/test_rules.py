"""The rules of alerts: what is asked, what stops, what is the same when it is asked again, and what is never said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadjma.records.allergies import Allergies, Allergy, Facts
from fadjma.safety import rules
from fadjma.safety.rules import DAY, Alert, Medicine, Running

NOW = 1_772_442_000_000
AMOXICILLIN = Medicine("amox", "amoxicilline", "J01CA04")
CLAVULANATE = Medicine("augm", "amoxicilline + acide clavulanique", "J01CR02")
AMPICILLIN = Medicine("ampi", "ampicilline", "J01CA01")
PARACETAMOL = Medicine("para", "paracétamol", "N02BE01")
IBUPROFEN = Medicine("ibu", "ibuprofène", "M01AE01")
FANSIDAR = Medicine("sp", "sulfadoxine + pyriméthamine", "P01BD51")
COTRIMOXAZOLE = Medicine("cotri", "sulfaméthoxazole + triméthoprime", "J01EE01")
HERBS = Medicine("kin", "kinkéliba")
LIST = (AMOXICILLIN, CLAVULANATE, AMPICILLIN, PARACETAMOL, IBUPROFEN, FANSIDAR, COTRIMOXAZOLE, HERBS)


def _allergies(*facts: Facts | None) -> Allergies:
    found = [Allergy(f"r{n}", one.title if one else "Mots", NOW, "Dr", "", one) for n, one in enumerate(facts)]
    refuted = tuple(one for one in found if one.facts and one.facts.status == "refuted")
    return Allergies(tuple(one for one in found if one not in refuted), refuted)


NOT_ASKED = Allergies()


def _asked(*lines: Medicine | None, allergic: Allergies = NOT_ASKED, running: Any = ()) -> list[Alert]:
    return rules.alerts(lines, allergic, running, NOW)


def _kinds(found: list[Alert]) -> list[tuple[int, str]]:
    return [(one.line, one.kind) for one in found]


@pytest.mark.parametrize(
    ("facts", "met"),
    [
        (Facts("medicine", "amoxicilline", "J01CA04"), {"amox", "augm", "ampi"}),
        (Facts("class", "pénicillines", "J01C"), {"amox", "augm", "ampi"}),
        (Facts("class", "aminopénicillines", "J01CA"), {"amox", "ampi"}),
        (Facts("class", "sulfamides", "J01E P01BD51"), {"sp", "cotri"}),
        (Facts("medicine", "Kinkéliba"), {"kin"}),
        (Facts("medicine", "AMOXICILLINE"), {"amox", "augm"}),
        (Facts("food", "ibuprofène"), set()),
        (Facts("class", "pénicillines", "J01C", status="refuted"), set()),
        (None, set()),
    ],
)
def test_an_allergy_is_met_by_its_substance_or_its_class(facts: Facts | None, met: set[str]) -> None:
    asked = _asked(*LIST, allergic=_allergies(facts))
    assert {LIST[one.line].id for one in asked if one.kind == "allergy"} == met
    assert all(one.stops for one in asked if one.kind == "allergy")


@pytest.mark.parametrize(
    ("handed_over", "lasting", "stops"),
    [
        (None, 0, True),  # prescribed, and not handed over yet
        (-1, 5, True),  # within the last 7 days, however short
        (-6, 3, True),
        (-25, 30, False),  # it ends within 7 days: it is continued
        (-25, 32, False),
        (-25, 33, True),
        (-25, 90, True),
        (-40, 30, False),  # over
    ],
)
def test_the_same_again_stops_unless_it_is_continued(handed_over: int | None, lasting: int, stops: bool) -> None:
    at = None if handed_over is None else NOW + handed_over * DAY
    until = None if at is None else at + lasting * DAY
    [*found] = _asked(AMOXICILLIN, running=[Running(CLAVULANATE, NOW - 50 * DAY, at, until)])
    assert _kinds(found) == ([(0, "duplicate")] if stops else [])


def test_of_what_a_patient_has_it_says_substance_and_day_alone() -> None:
    [found] = _asked(AMOXICILLIN, running=[Running(AMOXICILLIN, NOW - DAY, NOW - DAY, NOW + 9 * DAY)])
    assert found.words("fr") == "Déjà remis le 1er mars 2026\xa0: amoxicilline."
    assert found.words("en") == "Already handed over on 1 Mar 2026: amoxicilline."


def test_two_of_one_class_are_asked_about_once_at_the_second() -> None:
    assert _kinds(_asked(AMPICILLIN, PARACETAMOL, AMOXICILLIN)) == [(2, "same_class")]
    assert _kinds(_asked(AMOXICILLIN, CLAVULANATE)) == [(1, "same_class")], "they share a substance"
    taken = Running(AMPICILLIN, NOW - 20 * DAY, NOW - 20 * DAY, NOW + 3 * DAY)
    assert _kinds(_asked(AMOXICILLIN, running=[taken])) == [(0, "same_class")]
    over = Running(AMPICILLIN, NOW - 20 * DAY, NOW - 20 * DAY, NOW - DAY)
    assert _asked(AMOXICILLIN, running=[over]) == []
    assert _asked(HERBS, Medicine("other", "autre")) == [], "without a code nothing is of the same class"


def test_a_line_that_is_not_chosen_yet_keeps_its_place() -> None:
    assert _kinds(_asked(None, AMOXICILLIN, None, AMPICILLIN)) == [(3, "same_class")]


def test_what_cannot_be_checked_is_said() -> None:
    said = [(one.kind, one.line) for one in rules.unchecked([PARACETAMOL, None, HERBS], _allergies())]
    assert said == [("allergies", None), ("no_atc", 2)]
    [_, no_class] = rules.unchecked([HERBS], _allergies())
    assert no_class.words("fr") == "Famille inconnue\xa0: allergie de famille non vérifiée (kinkéliba)."
    known = _allergies(None, Facts("medicine", "inconnue"), Facts("food", "lait"), Facts("class", "x", "J01C"))
    assert [one.kind for one in rules.unchecked([], known)] == ["in_words", "by_name"]
    none_known = Allergies(none_known=Allergy("r", "", NOW, "Dr", "", Facts("none_known", "")))
    assert list(rules.unchecked([PARACETAMOL], none_known)) == []


_FACTS = st.one_of(
    st.none(),
    st.builds(Facts, st.just("medicine"), st.sampled_from([one.dci for one in LIST]), st.sampled_from(["", "J01CA04"])),
    st.builds(Facts, st.just("class"), st.just("famille"), st.sampled_from(["J", "J01C", "M01A", "P01BD51 J01E"])),
    st.builds(Facts, st.just("food"), st.just("lait")),
)
_ALLERGIES = st.lists(_FACTS, max_size=4).map(lambda facts: _allergies(*facts))
_DAYS = st.integers(-60, 0)
_RUNNING = st.lists(
    st.one_of(
        st.builds(lambda one, day: Running(one, NOW + day * DAY), st.sampled_from(LIST), _DAYS),
        st.builds(
            lambda one, day, lasting: Running(one, NOW + day * DAY, NOW + day * DAY, NOW + (day + lasting) * DAY),
            st.sampled_from(LIST),
            _DAYS,
            st.integers(1, 90),
        ),
    ),
    max_size=5,
)
_LINES = st.lists(st.sampled_from(LIST), max_size=6)


@given(_LINES, _ALLERGIES, _RUNNING)
def test_the_same_is_asked_by_the_same_id_and_no_two_by_one(
    lines: list[Medicine], allergic: Allergies, running: list[Running]
) -> None:
    found = rules.alerts(lines, allergic, running, NOW)
    assert found == rules.alerts(lines, allergic, list(reversed(running)), NOW)
    assert len({one.id for one in found}) == len(found)
    assert len({(one.line, one.kind) for one in found}) == len(found), "one of each kind for a line, at most"


@given(_LINES, _ALLERGIES, _RUNNING, st.sampled_from(LIST))
def test_a_line_more_takes_no_alert_away(
    lines: list[Medicine], allergic: Allergies, running: list[Running], more: Medicine
) -> None:
    before = {one.id for one in rules.alerts(lines, allergic, running, NOW)}
    assert before <= {one.id for one in rules.alerts([*lines, more], allergic, running, NOW)}


@given(_LINES, _RUNNING, _FACTS)
def test_one_more_allergy_takes_no_line_out_of_danger(
    lines: list[Medicine], running: list[Running], more: Facts | None
) -> None:
    def met(*facts: Facts | None) -> set[int]:
        return {one.line for one in rules.alerts(lines, _allergies(*facts), running, NOW) if one.kind == "allergy"}

    first = Facts("class", "pénicillines", "J01C")
    assert met(first) | met(more) == met(first, more)


@given(_LINES, _ALLERGIES)
def test_a_line_is_compared_or_it_is_said_that_it_could_not_be(lines: list[Medicine], allergic: Allergies) -> None:
    """Nothing passes in silence: a line without class, an allergy without fields."""
    said = list(rules.unchecked(lines, allergic))
    assert {one.line for one in said if one.kind == "no_atc"} == {n for n, one in enumerate(lines) if not one.atc}
    words = [one for one in allergic.active if one.facts is None]
    assert len([one for one in said if one.kind == "in_words"]) == len(words)
    assert any(one.kind == "allergies" for one in said) == (not allergic.active)
