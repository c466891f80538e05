"""A child's dose by weight: what a posology comes to in milligrams, what is over the table, and what is not checked."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fadjma
from fadjma.prescriptions import posology
from fadjma.safety import doses, rules, sheet, strengths
from fadjma.safety.doses import Given, Table
from fadjma.safety.rules import DAY, Medicine, Weighed
from fadjma.safety.tables import Entry

NOW = 1_772_442_000_000
SYRUP = Medicine("para-s", "paracétamol", "N02BE01", "120 mg/5 ml", "sirop", "flacon")
TABLET = Medicine("para-t", "paracétamol", "N02BE01", "500 mg", "comprimé", "comprimé")
IBUPROFEN = Medicine("ibu", "ibuprofène", "M01AE01", "100 mg/5 ml", "suspension buvable", "flacon")
CO_AMOXICLAV = Medicine(
    "augm", "amoxicilline + acide clavulanique", "J01CR02", "100 mg + 12,5 mg/ml", "poudre", "flacon"
)
TEN_KILOS = Weighed(18, NOW - DAY, 10_000)


def _entry(dci: str = "paracétamol", most: int = 7500, months: tuple[int, int] = (1, 144)) -> Entry:
    return Entry(
        kind="dose", dci=dci, from_months=months[0], to_months=months[1], mg_per_kg_day=most, source="OMS",
        source_on="2010-06", id=f"{dci}{months}", version=2, added_by="X", added_at=1, signed_by="Ousmane Diop",
        signer_profession="physician", signed_at=NOW - 30 * DAY,
    )  # fmt: skip


TABLE = Table([_entry()], is_signed=True)


def _given(medicine: Medicine, dosage: str) -> Given:
    found = posology.read_for(dosage, medicine.unit, medicine.form)
    return Given(medicine, found.a_day if found else None, found.unit if found else "", is_written=bool(dosage))


@pytest.mark.parametrize(
    ("strength", "unit", "held"),
    [
        ("500 mg", "comprimé", "500"),
        ("1 g", "comprimé", "1000"),
        ("1g", "sachet", "1000"),
        ("50 microgrammes", "comprimé", "1/20"),
        ("50 µg", "comprimé", "1/20"),
        ("0,25 mg", "comprimé", "1/4"),
        ("2 000 mg", "sachet", "2000"),
        ("120 mg/5 ml", "ml", "24"),
        ("120 MG / 5 ML", "ml", "24"),
        ("120 mg par 5 ml", "cuillère à café", "120"),
        ("1 g/100 ml", "cuillère à soupe", "150"),
        ("20,5 g/l", "ml", "41/2"),
        ("125 mg/sachet", "sachet", "125"),
        ("125 mg/sachet", "comprimé", None),
        ("120 mg/5 ml", "comprimé", None),
        ("120 mg/5 ml", "cuillère-mesure", None),
        ("120 mg/5 ml", "goutte", None),
        ("80 mg/2 ml", "ampoule", None),
        ("120 mg/0 ml", "ml", None),
        ("0 mg", "comprimé", None),
        ("1.000 mg", "comprimé", None),
        ("1 g", "ml", None),
        ("1 g", "injection", None),
        ("1 g", "", None),
        ("500 mg", "application", None),
        ("1 %", "ml", None),
        ("100 000 UI", "ampoule", None),
        ("500 mg + 125 mg", "comprimé", None),
        ("500 mg env.", "comprimé", None),
        ("", "comprimé", None),
    ],
)
def test_what_a_medicine_holds_is_read_from_its_strength_or_not_at_all(
    strength: str, unit: str, held: str | None
) -> None:
    found = strengths.held("paracétamol", strength, Fraction(1), unit)
    assert found == (None if held is None else {"paracetamol": Fraction(held)})


def test_of_several_substances_each_has_the_strength_that_stands_in_its_place() -> None:
    for strength, unit in (("400 mg + 80 mg", "comprimé"), ("400 mg/80 mg", "comprimé"), ("400 mg + 80 mg/ml", "ml")):
        held = strengths.held("sulfaméthoxazole + triméthoprime", strength, Fraction(1, 2), unit)
        assert held == {"sulfamethoxazole": 200, "trimethoprime": 40}
    assert strengths.held("sulfaméthoxazole + triméthoprime", "480 mg", Fraction(1), "comprimé") is None


@pytest.mark.parametrize(
    ("dosage", "a_day"),
    [
        ("5 ml 3 fois par jour", 15),
        ("5 ml matin et soir", 10),
        ("5 ml toutes les 6 heures", 20),
        ("2,5 ml matin, midi et soir", Fraction(15, 2)),
        ("1 ml 4 fois par jour si besoin, sans dépasser 3 par jour", 3),
        ("1 ml si besoin, sans dépasser 4 par jour", 4),
        ("5 ml si besoin, sans dépasser 4 par jour", None),
        ("5 ml si fièvre", None),
    ],
)
def test_how_much_is_taken_in_a_day_at_most(dosage: str, a_day: Any) -> None:
    found = posology.read(dosage)
    assert found is not None and found.a_day == a_day


class TestWhatIsAsked:
    def test_the_figures_stand_in_the_question(self) -> None:
        [asked] = doses.alerts([_given(SYRUP, "10 ml 4 fois par jour")], TEN_KILOS, TABLE)
        assert (asked.kind, asked.line, asked.about, asked.stops) == ("dose", 0, "dosage", False)
        assert asked.words("fr") == (
            "Dose à vérifier, paracétamol\u00a0: 96 mg/kg par jour pour 10 kg (pesé le 1er mars 2026), "
            "la table dit 75 au plus (OMS, juin 2010\u00a0; signée par Dr Ousmane Diop le 31 janv. 2026)."
        )
        assert "the table says 75 at most" in asked.words("en")

    @pytest.mark.parametrize(
        ("dosage", "over"),
        [
            ("7,5 ml 4 fois par jour", False),  # 72 mg/kg
            ("7,82 ml 4 fois par jour", True),  # 75.07
            ("2 cuillères à café 4 fois par jour", True),
        ],
    )
    def test_it_is_asked_of_what_is_over_the_table(self, dosage: str, over: bool) -> None:
        assert bool(list(doses.alerts([_given(SYRUP, dosage)], TEN_KILOS, TABLE))) == over

    def test_one_substance_in_several_lines_is_added_up_and_asked_about_at_the_last(self) -> None:
        lines = [_given(SYRUP, "7,5 ml 4 fois par jour"), None, _given(TABLET, "½ comprimé matin et soir")]
        [asked] = doses.alerts(lines, TEN_KILOS, TABLE)
        assert (asked.line, asked.said["dose"]) == (2, 122.0)

    @pytest.mark.parametrize(("months", "asked"), [(0, False), (1, True), (143, True), (144, False), (18 * 12, False)])
    def test_a_row_is_for_its_ages(self, months: int, asked: bool) -> None:
        table = Table([_entry(), _entry(months=(200, 216))], is_signed=True)
        found = list(doses.alerts([_given(SYRUP, "50 ml 4 fois par jour")], Weighed(months, NOW, 10_000), table))
        assert bool(found) == asked

    def test_of_an_age_that_is_not_known_well_the_strictest_row_counts_that_may_be_theirs(self) -> None:
        """« 2025 », in January 2026: newborn, or a year old."""
        table = Table([_entry(most=9000, months=(1, 144)), _entry(most=4000, months=(0, 1))], is_signed=True)
        line = _given(SYRUP, "5 ml 4 fois par jour")  # 48 mg/kg
        assert list(doses.alerts([line], Weighed(1, NOW, 10_000, 12), table)) == []
        [asked] = doses.alerts([line], Weighed(0, NOW, 10_000, 12), table)
        assert asked.said["most"] == 40.0
        [not_covered] = doses.unchecked([line], Weighed(0, NOW, 10_000, 12), TABLE, NOW)
        assert "aucune ligne signée pour cet âge" in not_covered.text

    def test_without_a_weight_nothing_is_asked(self) -> None:
        assert list(doses.alerts([_given(SYRUP, "50 ml 4 fois par jour")], Weighed(18, None), TABLE)) == []


class TestWhatIsNotChecked:
    def _said(self, *lines: Given | None, weighed: Weighed = TEN_KILOS, table: Table = TABLE) -> list[tuple[str, str]]:
        found = doses.unchecked(lines, weighed, table, NOW)
        return [(one.kind, one.words("fr").replace("\u00a0", " ")) for one in found]

    def test_all_was_checked(self) -> None:
        assert self._said(_given(SYRUP, "5 ml matin et soir"), None) == []
        assert self._said(_given(SYRUP, "")) == [], "nothing is written yet"

    def test_a_table_of_which_nothing_is_signed_is_off(self) -> None:
        assert self._said(_given(SYRUP, "5 ml matin et soir"), _given(IBUPROFEN, "x"), table=Table()) == [
            ("dose", "Doses selon le poids non vérifiées : aucune table n'est signée.")
        ]

    def test_each_cause_is_said_once_with_what_it_is_about(self) -> None:
        in_words, no_strength = _given(SYRUP, "comme d'habitude"), _given(TABLET, "2 applications par jour")
        unknown = [_given(IBUPROFEN, "5 ml matin et soir"), _given(CO_AMOXICLAV, "2 ml matin et soir")]
        table = Table([_entry(), _entry("amoxicilline", 9000)], is_signed=True)
        measured = Given(Medicine("p", "paracétamol", "", "5 %", "solution", "flacon"), Fraction(1), "ml")
        assert self._said(in_words, measured, *unknown, no_strength, in_words, table=table) == [
            (
                "dose",
                "Dose selon le poids non vérifiée, aucune ligne signée pour cet âge : ibuprofène, acide clavulanique.",
            ),
            ("dosage", "Dose selon le poids non vérifiée, la posologie ne dit pas combien par jour : paracétamol."),
            ("strength", "Dose selon le poids non vérifiée, elle ne se calcule pas en mg : paracétamol."),
        ]

    @pytest.mark.parametrize(
        ("months", "days", "said"),
        [
            (18 * 12, None, False),
            (18 * 12 - 1, None, True),
            (60, 180, False),
            (60, 181, True),
            (23, 30, False),
            (23, 31, True),
            (2, 7, False),
            (2, 8, True),
        ],
    )
    def test_a_weight_that_is_unknown_or_old_for_the_age_is_said(
        self, months: int, days: int | None, said: bool
    ) -> None:
        weighed = Weighed(months, None) if days is None else Weighed(months, NOW - days * DAY, 10_000)
        assert [kind for kind, _ in self._said(weighed=weighed)] == (["weight"] if said else [])

    def test_with_an_old_weight_it_is_asked_all_the_same(self) -> None:
        old = Weighed(18, NOW - 60 * DAY, 10_000)
        assert list(doses.alerts([_given(SYRUP, "50 ml 4 fois par jour")], old, TABLE))


_UNITS = {"mg": Fraction(1), "g": Fraction(1000), "microgrammes": Fraction(1, 1000)}
_AMOUNTS = st.fractions(min_value=Fraction(1, 4), max_value=50, max_denominator=4)
_TENTHS = st.integers(1, 9_999).map(lambda tenths: (f"{tenths // 10},{tenths % 10}", Fraction(tenths, 10)))


@given(
    _TENTHS, st.sampled_from(sorted(_UNITS)), st.integers(1, 200), _AMOUNTS, st.integers(1, 24),
    st.integers(500, 99_999), st.integers(1, 100_000),
)  # fmt: skip
def test_it_is_asked_exactly_where_the_dose_is_over_the_table(
    strength: tuple[str, Fraction], unit: str, per: int, dose: Fraction, times: int, grams: int, most: int
) -> None:
    """Computed here once more in whole numbers, where nothing can be rounded; what is shown says the same."""
    medicine = Medicine("m", "paracétamol", "", f"{strength[0]} {unit}/{per} ml", "sirop", "flacon")
    line = Given(medicine, posology.Posology(dose, "ml", times).a_day, "ml")
    [*asked] = doses.alerts([line], Weighed(18, NOW, grams), Table([_entry(most=most)], is_signed=True))
    milligrams = strength[1] * _UNITS[unit]
    over = (
        milligrams.numerator * dose.numerator * times * 1000 * 100
        > most * grams * per * milligrams.denominator * dose.denominator
    )
    assert bool(asked) == over
    for one in asked:
        assert one.said["dose"] > one.said["most"], "what is over the table is shown to be"


@given(st.integers(1, 99_999), st.integers(300, 120_000))
def test_just_what_the_table_allows_is_not_over_it_and_a_drop_more_is(most: int, grams: int) -> None:
    table = Table([_entry(most=most)], is_signed=True)
    allowed = Fraction(most * grams, 100 * 1000) / 24  # millilitres

    def asked(amount: Fraction) -> list[Any]:
        return list(doses.alerts([Given(SYRUP, amount, "ml")], Weighed(18, NOW, grams), table))

    assert asked(allowed) == []
    [over] = asked(allowed * Fraction(10**9 + 1, 10**9))
    assert over.said["dose"] > over.said["most"], "what is over the table is shown to be"


@given(_TENTHS, st.sampled_from(["mg", "g"]), st.integers(1, 20), st.integers(1, 24))
def test_the_same_amount_written_in_another_way_holds_the_same(
    strength: tuple[str, Fraction], unit: str, count: int, times: int
) -> None:
    held = strengths.held("x", f"{strength[0]} {unit}", Fraction(count * times), "comprimé")
    in_milligrams = strength[1] * _UNITS[unit]
    other = f"{in_milligrams.numerator} mg" if in_milligrams.denominator == 1 else f"{strength[0]} {unit}"
    assert held == strengths.held("x", other.replace(",", "."), Fraction(count * times), "comprimé")
    assert held == strengths.held("x", f"{strength[0]} {unit}/5 ml", Fraction(5 * count * times), "ml")


@given(st.text(max_size=40), st.sampled_from(["ml", "comprimé", "goutte", ""]))
def test_no_strength_whatever_is_written_breaks_anything(strength: str, unit: str) -> None:
    held = strengths.held("a + b", strength, Fraction(1), unit)
    assert held is None or all(milligrams > 0 for milligrams in held.values())


def test_asked_again_it_is_the_same_alert_and_another_once_the_figures_are_others() -> None:
    def asked(dosage: str, grams: int = 10_000) -> str:
        [found] = doses.alerts([_given(SYRUP, dosage)], Weighed(18, NOW, grams), TABLE)
        return found.id

    assert asked("10 ml 4 fois par jour") == asked("10 ml toutes les 6 heures")
    assert (
        len({asked("10 ml 4 fois par jour"), asked("12 ml 4 fois par jour"), asked("10 ml 4 fois par jour", 9_000)})
        == 3
    )
    assert rules.STOPS == ("allergy", "duplicate")


def test_the_example_of_the_docs_is_a_file_that_can_be_imported() -> None:
    page = (Path(fadjma.__file__).parents[1] / "docs" / "safety-tables.md").read_text("utf-8")
    table = sheet.read(page.split("```csv\n")[1].split("```")[0].encode(), "dose", date(2026, 11, 26))
    assert table.errors == {}
    assert [(one.from_months, one.to_months, one.mg_per_kg_day) for one in table.lines.values()] == [
        (0, 1, 4000),
        (1, 144, 6000),
    ]
