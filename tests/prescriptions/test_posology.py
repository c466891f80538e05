"""What is understood of a posology, and what is not: nothing is guessed."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadjma.demo.medicines import MEDICINES
from fadjma.prescriptions import posology
from fadjma.prescriptions.posology import Posology, doubts, misnamed, read, says_of_what, spelled_out, understand

TABLET = ("comprimé", "comprimé")  # counted in, form
SYRUP = ("flacon", "sirop")
PILL = ("plaquette", "comprimé")


@pytest.mark.parametrize(
    ("typed", "words", "days"),
    [
        ("1x3/j 7j", "1, 3 fois par jour", 7),
        ("1 CP X 3 / J", "1 comprimé 3 fois par jour", None),
        ("1 cp 3x/j 5j", "1 comprimé 3 fois par jour", 5),
        ("5 ml 4 x/jour si fièvre", "5 ml 4 fois par jour, en cas de fièvre", None),
        ("2cp x 2/jour pdt 5 jrs", "2 comprimés 2 fois par jour", 5),
        ("1 comprimé trois fois par jour x 5 jours", "1 comprimé 3 fois par jour", 5),
        ("1/j", "1 par jour", None),
        ("½ cp matin et soir", "½ comprimé matin et soir", None),
        ("1 1/2 cp le soir", "1 ½ comprimé le soir", None),
        ("1-0-1 10j", "1 matin et soir", 10),
        ("1-1-1-1", "1 matin, midi, soir et au coucher", None),
        ("1/2-0-1/2", "½ matin et soir", None),
        ("1 cp/8h si douleur", "1 comprimé toutes les 8 heures, en cas de douleur", None),
        ("1 gélule ttes les 6 h sb max 4/j", "1 gélule toutes les 6 heures, si besoin, sans dépasser 4 par jour", None),
        ("1 cp si besoin", "1 comprimé, si besoin", None),
        ("2,5 ml x 3/j pendant 2 semaines", "2,5 ml 3 fois par jour", 14),
        ("1 cp matin et soir, en cas d'insomnie", "1 comprimé matin et soir, en cas d'insomnie", None),
        ("1 cp matin, soir et au coucher", "1 comprimé matin, soir et au coucher", None),
        ("1 cp x 3/j si fièvre pdt 3j", "1 comprimé 3 fois par jour, en cas de fièvre", 3),
        ("1 goutte matin et soir, dans chaque œil", "1 goutte matin et soir, dans chaque œil", None),
        ("1,2 ml matin et soir", "1,2 ml matin et soir", None),
        ("1 dose-poids 3 fois par jour, au milieu des repas", "1 dose-poids 3 fois par jour, au cours des repas", None),
        ("1 cp le matin avant repas 1 mois", "1 comprimé le matin, avant les repas", 30),
        ("10 gttes x2/j", "10 gouttes 2 fois par jour", None),
        ("1 c à c x 3/j", "1 cuillère à café 3 fois par jour", None),
        ("2 c. à s. matin et soir", "2 cuillères à soupe matin et soir", None),
        ("1 ovule x 1/j 3j", "1 ovule par jour", 3),
        ("1 comprimé au coucher, attention à la somnolence", "1 comprimé au coucher, attention à la somnolence", None),
    ],
)
def test_what_is_written_in_a_hurry(typed: str, words: str, days: int | None) -> None:
    found = read(typed)
    assert found is not None
    assert (found.words(), found.days) == (words, days)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1 cp",  # how often?
        "x3",  # how much?
        "1x0",
        "0x3",
        "1 cp 3x",  # a day?
        "2 cp x 3x/j",
        "1x3 j",  # three times, or three days?
        "3/j",  # at once, or one by one?
        "2 comprimés par jour",
        "2-0-1",  # not the same each time
        "0-0-0",
        "1 à 2 comprimés matin et soir",
        "1 cp matin et soir 3 fois par jour",
        "1 cp 2 fois par jour toutes les 8 heures",
        "1 cp matin et soir 5 jours 7 jours",
        "1 cp matin et soir 0 j",
        "1 cp toutes les 5 heures",
        "1 comprimé le soir, puis 2 le matin",
        "1 comprimé par jour, 5 jours sur 7",
        "1 comprimé le matin, deux le soir",
        "1 comprimé matin et soir, dose unique",
        "1 comprimé le soir, sauf le dimanche matin",
        "1 g en intraveineuse toutes les 6 heures",
        "1 comprimé tous les soirs de pleine lune",
        "matin",
        # A decimal that is written carelessly is no whole number.
        ".5 ml x3",
        ",5 ml x 3/j",
        "x3/j .5 ml",
        "matin et soir x 0,5 ml",
        "10² ml le soir",
        # Once, or twice?
        "1 cp le soir au coucher",
        "1 cp le soir, au coucher",
        "1 cp matin et le soir au coucher",
        # At meals and at another time: four times, or once?
        "1 sachet après les repas et au coucher",
        "1 cp avant le repas et le soir",
        "1 cp au coucher après repas",
        # What is taken anyway, and what as needed?
        "1 cp le matin et si besoin le soir",
        "1 cp le matin, si besoin le soir",
        "1 cp le matin, soir si besoin",
        "1 cp x 2/j et au besoin",
        # Not every day.
        "1 cp le matin, hebdomadaire",
        "1 cp le matin, le lundi",
        "1 cp le matin, chaque mercredi",
        "1 cp le matin, à doubler si besoin",
        "1 cp 1 jour sur 2",
        "1 cp/jour 5j/7",
        "1 cp x 2 fois par semaine",
        "1x1/j J1 à J5",
        "1 dose de charge",
        # Days, boxes, or times?
        "2 cp x 15",
        "3 cp x 1",  # all at once?
        "1 ovule x 3",  # in all, or a day?
        "1 inj x 2",
        "1 amp x 3 5j",
        "1 cp x 7",
        "3x1 pendant 5 jours",
        "2/3 cp par jour",
        "2 cp x 3/j max 3/j",
        "2 cm x 2/j",
        "ﷺ," * 150,
    ],
)
def test_what_is_not_clear_stays_as_it_was_written(typed: str) -> None:
    assert read(typed) is None
    assert spelled_out(typed, *TABLET, 7) == typed


_DOSES = st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(3, 2), Fraction(2), Fraction(12, 10), Fraction(10)])
_WHEN = st.sets(st.sampled_from(list(posology._WORDS_OF_WHEN)), min_size=1)
_OFTEN = st.one_of(
    st.builds(dict, frequency=st.integers(2, 12)),
    st.builds(dict, every=st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24])),
    _WHEN.map(lambda found: {"when": tuple(code for code in posology._WORDS_OF_WHEN if code in found)}),
)
_NEEDS = st.one_of(
    st.just({}),
    st.just({"as_needed": True}),
    st.builds(dict, as_needed=st.just(True), needed_for=st.sampled_from(["fièvre", "douleur forte", "toux ou fièvre"])),
)


@given(
    dose=_DOSES,
    unit=st.sampled_from(["", *posology._UNITS]),
    often=_OFTEN,
    need=_NEEDS,
    most=st.sampled_from([None, 4, 12]),
    food=st.sampled_from([None, "AC", "C", "PC"]),
    note=st.sampled_from(["", "avec de l'eau"]),
)
def test_what_is_spelled_out_is_understood_again(
    dose: Fraction, unit: str, often: dict[str, Any], need: dict[str, Any], **rest: Any
) -> None:
    found = Posology(dose, unit, **often, **need, **rest)
    if found.when in (("NIGHT",), ("EVE", "NIGHT")) and found.food:
        return  # « au coucher, après les repas » may be four times
    if found.most and dose != 1 and found.most < dose * (found.times or 0):
        return  # of nothing in particular
    assert read(found.words()) == found


def test_the_demo_is_understood_where_it_is_plain() -> None:
    understood = [medicine for medicine in MEDICINES if read(medicine.dosage)]
    assert len(understood) > 40
    for medicine in understood:
        kept = spelled_out(medicine.dosage, medicine.unit, medicine.form, medicine.days)
        assert kept == medicine.dosage, "what is written in whole words stays"
        assert not doubts(medicine.dosage, medicine.unit, medicine.form, medicine.quantity, medicine.days), medicine


class TestWhatFollows:
    def test_the_quantity_is_counted_in_what_the_medicine_is_counted_in(self) -> None:
        found = understand("1x3/j 7j", *TABLET, days=None)
        assert (found.text, found.quantity, found.duration_days) == ("1 comprimé 3 fois par jour", 21, 7)

    def test_halves_are_whole_boxes_pieces(self) -> None:
        assert understand("1/2 cp le soir", *TABLET, days=5).quantity == 3

    def test_at_most_so_many_a_day(self) -> None:
        assert understand("1 cp toutes les 4 heures si douleur max 3/j", *TABLET, days=2).quantity == 6

    def test_a_bottle_or_a_strip_is_not_counted_by_what_is_taken_of_it(self) -> None:
        assert understand("5 ml x 3/j 7j", *SYRUP, days=None).quantity is None
        assert understand("1 cp le soir", *PILL, days=28).quantity is None

    def test_what_a_syrup_is_taken_by_must_be_said(self) -> None:
        assert not says_of_what("1x3/j", *SYRUP)
        assert says_of_what("5 ml x 3/j", *SYRUP) and says_of_what("1x3/j", *TABLET) and says_of_what("matin", *SYRUP)

    @pytest.mark.parametrize("typed", ["1 cp x 3/j", "1 comprimé à avaler le matin", "2 gélules matin et soir"])
    def test_a_form_in_which_it_does_not_come_is_asked_back(self, typed: str) -> None:
        assert misnamed(typed, *SYRUP)
        assert doubts(typed, *SYRUP, quantity=1, days=7).keys() == {"dosage"}

    @pytest.mark.parametrize("typed", ["10 gouttes matin et soir", "1 inj/j", "2 bouffées matin et soir", "5 ml x 3/j"])
    def test_so_is_a_measure_of_what_comes_in_pieces(self, typed: str) -> None:
        assert misnamed(typed, *TABLET)

    def test_a_spoon_of_an_ointment_is_asked_back(self) -> None:
        assert misnamed("1 cuillère-mesure matin et soir", "tube", "pommade ophtalmique")

    @pytest.mark.parametrize(
        ("typed", "text"),
        [
            ("1x3", ""),
            ("1 x 3 5j", ""),
            ("1x3/j", "1 ovule 3 fois par jour"),
            ("1 trois fois par jour", "1 ovule 3 fois par jour"),
            ("1 le soir", "1 ovule le soir"),
        ],
    )
    def test_of_what_may_be_meant_in_all_it_must_say_a_day(self, typed: str, text: str) -> None:
        assert understand(typed, "ovule", "ovule", 5).text == text

    def test_what_cannot_be_parted_is_not_halved(self) -> None:
        assert understand("1/2 matin et soir", "gélule", "gélule", days=5).text == ""
        assert spelled_out("1/2 gél. x 2/j", "gélule", "gélule", 5) == "1/2 gél. x 2/j"

    @pytest.mark.parametrize("typed", ["1/2 gél x 2/j", "½ matin et soir", "1,5 gélule le soir"])
    def test_that_it_is_not_parted_is_said(self, typed: str) -> None:
        assert doubts(typed, "gélule", "gélule", quantity=10, days=5).keys() == {"dosage"}

    @pytest.mark.parametrize(
        ("form", "is_asked"),
        [
            ("comprimé gastrorésistant", True),
            ("comprimé à libération prolongée", True),
            ("comprimé LP", True),
            ("comprimé pelliculé", False),
            ("comprimé sécable", False),
        ],
    )
    def test_half_of_a_tablet_that_holds_back_what_is_in_it_is_asked_back(self, form: str, is_asked: bool) -> None:
        asked = doubts("½ comprimé matin et soir", "comprimé", form, quantity=5, days=5).keys()
        assert asked == ({"dosage"} if is_asked else set())
        assert not doubts("1 comprimé matin et soir", "comprimé", form, quantity=10, days=5)

    def test_a_handful_is_asked_back(self) -> None:
        assert doubts("11 cp x 3/j", *TABLET, quantity=330, days=10).keys() == {"dosage"}

    @pytest.mark.parametrize(
        ("typed", "unit", "form", "is_asked"),
        [
            ("250 ml x 3/j", "flacon", "sirop", True),  # milligrams?
            ("125 ml matin et soir", "flacon", "poudre pour suspension buvable", True),
            ("30 ml x 3/j", "flacon", "sirop", False),
            ("10 càc x 3/j", "flacon", "sirop", True),
            ("2 càs x 3/j", "flacon", "sirop", False),
            ("100 gouttes x 3/j", "flacon", "solution buvable en gouttes", True),
            ("20 bouffées x 4/j", "flacon", "suspension pour inhalation", True),
            ("10 bouffées si crise", "flacon", "suspension pour inhalation", False),
            ("500 ml x 2/j", "flacon", "solution pour perfusion", False),
            ("200 ml x 5/j", "sachet", "poudre pour solution buvable", False),
            ("1 cp x 12/j", "comprimé", "comprimé", True),
            ("1 cp toutes les 2 h", "comprimé", "comprimé", True),
            ("1 cp x 8/j", "comprimé", "comprimé", False),
            ("1 goutte toutes les heures", "flacon", "collyre", False),
        ],
    )
    def test_much_at_once_or_too_often_is_asked_back(self, typed: str, unit: str, form: str, is_asked: bool) -> None:
        needed = understand(typed, unit, form, 5).quantity or 1
        assert doubts(typed, unit, form, quantity=needed, days=5).keys() == ({"dosage"} if is_asked else set())

    @pytest.mark.parametrize(
        ("unit", "form", "quantity", "days", "is_asked"),
        [
            ("flacon", "sirop", 100, 5, True),  # millilitres?
            ("flacon", "sirop", 6, 7, True),
            ("flacon", "sirop", 5, 3, False),
            ("flacon", "solution buvable", 15, 30, False),
            ("tube", "crème", 30, 10, True),
            ("flacon", "poudre pour solution injectable", 21, 7, False),
            ("flacon", "solution pour perfusion", 12, 3, False),
            ("sachet", "poudre pour solution buvable", 20, 5, False),
        ],
    )
    def test_so_many_bottles_may_be_millilitres(
        self, unit: str, form: str, quantity: int, days: int, is_asked: bool
    ) -> None:
        found = doubts("comme d'habitude", unit, form, quantity=quantity, days=days)
        assert found.keys() == ({"quantity"} if is_asked else set())

    def test_another_duration_than_what_was_written_stays_on_paper(self) -> None:
        assert spelled_out("1 cp x3/j 7j", *TABLET, 30) == "1 cp x3/j 7j"

    def test_a_form_in_which_it_comes_is_not(self) -> None:
        assert not misnamed("1 cp le soir", *PILL)
        assert not misnamed("Appliquer le gel sur la peau", "tube", "gel")

    @pytest.mark.parametrize(
        ("typed", "quantity", "days", "asked"),
        [
            ("1x3/j", 21, 7, set()),
            ("1x3/j", 30, 7, set()),  # whole boxes
            ("1x3/j", 1, 7, {"quantity"}),  # a box?
            ("1x3/j", 90, 7, {"quantity"}),
            ("1x3/j 5j", 21, 7, {"duration_days"}),
            ("1x3/j si douleur", 10, 7, set()),  # as needed may be less
        ],
    )
    def test_what_does_not_fit_together_is_asked_back(
        self, typed: str, quantity: int, days: int, asked: set[str]
    ) -> None:
        assert doubts(typed, *TABLET, quantity=quantity, days=days).keys() == asked


def test_programs_read_the_terms_of_fhir() -> None:
    found = read("1/2 cp matin et soir avant repas si douleur, avec de l'eau")
    assert found is not None and found.json() == {
        "dose": 0.5,
        "unit": "comprimé",
        "frequency": 2,
        "period_hours": None,
        "when": ["MORN", "EVE"],
        "food": "AC",
        "as_needed": True,
        "needed_for": "douleur",
        "maximum_per_day": None,
        "note": "avec de l'eau",
    }
