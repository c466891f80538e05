"""The rules of alerts: what is asked, what stops, what is the same when it is asked again, and what is never said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadjma.records import allergens
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
        (Facts("medicine", "AMOXICILLINE"), {"amox", "augm", "ampi"}),  # a penicillin by its name
        (Facts("other", "Pénicilline"), {"amox", "augm", "ampi"}),
        (Facts("other", "IBUPROFENE"), {"ibu"}),
        (Facts("other", "latex"), set()),
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


@pytest.mark.parametrize(
    ("facts", "dci", "atc", "met"),
    [
        # Beyond the branch of its family: an ointment, drops, a combination, a medicine without a code.
        (Facts("class", "tétracyclines", "J01A"), "tétracycline", "S01AA09", True),
        (Facts("class", "aminosides", "J01G"), "dexaméthasone + néomycine", "S01CA01", True),
        (Facts("class", "macrolides", "J01FA"), "azithromycine", "S01AA26", True),
        (Facts("class", "quinolones", "J01M S01AE"), "ofloxacine", "S02AA16", True),
        (Facts("class", "pénicillines", "J01C"), "oméprazole + amoxicilline + clarithromycine", "A02BD05", True),
        (Facts("class", "pénicillines", "J01C"), "Pénicilline V", "", True),
        (Facts("class", "sulfamides", "J01E P01BD51 A07EC01 D06BA"), "sulfacétamide", "S01AB04", True),
        (Facts("class", "AINS", "M01A M02AA N02BA B01AC06"), "diclofénac", "S01BC03", True),
        (Facts("class", "dérivés de l'artémisinine", "P01BE"), "artésunate", "", True),
        # A substance of the family, whichever form of it the list has.
        (Facts("medicine", "tétracycline", "S01AA09"), "doxycycline", "J01AA02", True),
        (Facts("medicine", "doxycycline", "J01AA02"), "tétracycline", "S01AA09", True),
        (Facts("medicine", "artésunate", "P01BE03"), "artéméther + luméfantrine", "P01BF01", True),
        (Facts("medicine", "sulfadoxine", ""), "cotrimoxazole", "", True),
        (Facts("class", "AINS", "M01A M02AA N02BA B01AC06"), "acide tiaprofénique", "", True),
        # What only sounds like it, or stands beside it in the tree.
        (Facts("class", "sulfamides", "J01E P01BD51 A07EC01 D06BA"), "sulfate de magnésium", "B05XA05", False),
        (
            Facts("class", "sulfamides", "J01E P01BD51 A07EC01 D06BA"),
            "sulfate ferreux + acide folique",
            "B03AD03",
            False,
        ),
        (Facts("class", "opioïdes", "N02A R05DA"), "apomorphine", "N04BC07", False),
        (Facts("class", "macrolides", "J01FA"), "érythropoïétine", "B03XA01", False),
        (Facts("medicine", "tétracycline", "S01AA09"), "chloramphénicol", "S01AA01", False),
        (Facts("class", "aminopénicillines", "J01CA"), "cloxacilline", "J01CF02", False),
        (Facts("medicine", "amodiaquine", "P01BF03"), "artésunate", "P01BE03", False),
        (Facts("medicine", "amodiaquine", "P01BF03"), "artésunate + amodiaquine", "P01BF03", True),
        (Facts("food", "pénicilline"), "amoxicilline", "J01CA04", False),
    ],
)
def test_a_family_is_known_by_the_names_of_its_substances_too(facts: Facts, dci: str, atc: str, met: bool) -> None:
    asked = _asked(Medicine("m", dci, atc), allergic=_allergies(facts))
    assert [one.kind for one in asked] == (["allergy"] if met else [])


@pytest.mark.parametrize(
    ("facts", "dci", "atc", "kinds"),
    [
        # A family beside the one that is noted, by its code or its name, from either side.
        (Facts("class", "pénicillines", "J01C"), "céfixime", "J01DD08", ["same_class"]),
        (Facts("medicine", "amoxicilline", "J01CA04"), "ceftriaxone", "", ["same_class"]),
        (Facts("other", "Pénicilline"), "céfixime", "J01DD08", ["same_class"]),
        (Facts("medicine", "ceftriaxone", "J01DD04"), "amoxicilline", "J01CA04", ["same_class"]),
        (Facts("medicine", "ceftriaxone", "J01DD04"), "céfixime", "J01DD08", ["allergy"]),
        (Facts("class", "bêta-lactamines", "J01C J01D"), "céfixime", "J01DD08", ["allergy"]),
        (Facts("class", "pénicillines", "J01C"), "méropénem", "J01DH02", []),
        (Facts("class", "pénicillines", "J01C"), "érythromycine", "J01FA01", []),
        (Facts("class", "pénicillines", "J01C", status="refuted"), "céfixime", "J01DD08", []),
        # Classed together by what it is for: a combination, the eye, the skin, all others.
        (Facts("medicine", "amodiaquine", "P01BF03"), "artéméther + luméfantrine", "P01BF01", ["same_class"]),
        (Facts("medicine", "amodiaquine", "P01BA06"), "artéméther + luméfantrine", "P01BF01", []),
        (Facts("medicine", "amodiaquine", "P01BA06"), "chloroquine", "P01BA01", ["allergy"]),
        (Facts("medicine", "chloramphénicol", "S01AA01"), "acide fusidique", "S01AA13", ["same_class"]),
        (Facts("medicine", "chloramphénicol", "S01AA01"), "chloramphénicol", "J01BA01", ["allergy"]),
        (Facts("medicine", "lamotrigine", "N03AX09"), "lévétiracétam", "N03AX14", ["same_class"]),
        (Facts("medicine", "loratadine", "R06AX13"), "desloratadine", "R06AX27", ["same_class"]),
        # Its names say that it is of other families.
        (Facts("medicine", "chloramphénicol", "S01AA01"), "tétracycline", "S01AA09", []),
        # By what it is, or as somebody has written it.
        (Facts("medicine", "métronidazole", "P01AB01"), "tinidazole", "P01AB02", ["allergy"]),
        (Facts("class", "antibiotiques des yeux", "S01AA"), "acide fusidique", "S01AA13", ["allergy"]),
    ],
)
def test_what_may_be_of_the_same_family_is_asked_once_and_stops_nobody(
    facts: Facts, dci: str, atc: str, kinds: list[str]
) -> None:
    asked = _asked(Medicine("m", dci, atc), allergic=_allergies(facts))
    assert [one.kind for one in asked] == kinds
    assert [one.stops for one in asked] == [kind == "allergy" for kind in kinds]


def test_the_question_names_the_allergy_and_the_medicine() -> None:
    [found] = _asked(Medicine("m", "céfixime", "J01DD08"), allergic=_allergies(Facts("class", "pénicillines", "J01C")))
    assert found.words("fr").replace("\u00a0", " ") == (
        "Allergie notée (Pénicillines), famille voisine : céfixime. Réaction croisée possible, à vérifier."
    )


_CODES = ("S01AA01", "S01AA09", "J01DD08", "P01BF01", "P01BA01", "N03AX09", "N03AX14", "J01CA04", "J01DH02", "B03AD03")
_DCIS = ("tétracycline", "céfixime", "artéméther + luméfantrine", "chloroquine", "acide fusidique", "sels de fer + a")


@given(
    st.sampled_from(("medicine", "other")), st.sampled_from(_DCIS), st.sampled_from(_CODES),
    st.sampled_from(_DCIS), st.sampled_from(_CODES),
)  # fmt: skip
def test_what_is_reached_by_its_code_is_stopped_or_asked_about_unless_its_names_say_otherwise(
    kind: Any, substance: str, code: str, dci: str, atc: str
) -> None:
    facts = Facts(kind, substance, code)
    asked = _asked(Medicine("m", dci, atc), allergic=_allergies(facts))
    known = all(map(allergens.families, allergens.substances(dci)))
    assert asked or not atc.startswith(facts.reach) or known


@pytest.mark.parametrize(
    ("one", "other", "asked"),
    [
        (("ibuprofène", "M01AE01"), ("diclofénac", "M01AB05"), True),
        (("acide acétylsalicylique", "N02BA01"), ("ibuprofène", "M01AE01"), True),
        (("acide acétylsalicylique", "B01AC06"), ("ibuprofène", "M01AE01"), False),  # it thins the blood
        (("diclofénac", "M02AA15"), ("ibuprofène", "M01AE01"), False),  # on the skin
        (("glucosamine", "M01AX05"), ("ibuprofène", "M01AE01"), False),
        (("paracétamol", "N02BE01"), ("ibuprofène", "M01AE01"), False),
    ],
)
def test_two_anti_inflammatories_are_one_treatment_twice(
    one: tuple[str, str], other: tuple[str, str], asked: bool
) -> None:
    both = [Medicine(dci, dci, atc) for dci, atc in (one, other)]
    for lines in (both, both[::-1]):
        assert _kinds(_asked(*lines)) == ([(1, "same_class")] if asked else [])
    taken = Running(both[0], NOW - 20 * DAY, NOW - 20 * DAY, NOW + 3 * DAY)
    assert _kinds(_asked(both[1], running=[taken])) == ([(0, "same_class")] if asked else [])


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
    assert len({(one.line, one.text) for one in found}) == len(found), "each is asked once of a line, at most"


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
