"""An equivalent of the own stock in the place of what was prescribed: which may be, and where it stands then."""

from dataclasses import replace
from typing import Any

import pytest
from cast import AMOXICILLIN, AWA, DIOP, FALL, GOMIS, NDIAYE, PARACETAMOL
from steps import KEY, code, issued, receive, status, validated
from store import Store

from fadjma.identity.people import Viewer
from fadjma.inventory import equivalents
from fadjma.inventory import soundness as stock
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import (
    dispensing,
    labels,
    queries,
    recall,
    register,
    replacing,
    setbacks,
    soundness,
)
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.prescription import Line, Prescription
from fadjma.prescriptions.substituting import Substitute
from fadjma.refusals import Invalid, NotNow
from fadjma.writing import name_key

CAPSULE = "paracetamol-capsule"


@pytest.fixture(autouse=True)
def capsule(store: Store) -> None:
    """The same in another form, with the same strength written otherwise."""
    store.connection.execute(
        "INSERT INTO medicines (id, dci, form, strength, unit, name_key, search_key, schedule) "
        "VALUES (?, 'Paracétamol', 'gélule', '0,5 g', 'gélule', ?, 'paracetamol 0,5 g gelule', 'list_2')",
        (CAPSULE, name_key("Paracétamol", "gélule", "0,5 g")),
    )


def _found(store: Store, prescription_id: str, person: Viewer = NDIAYE) -> Prescription:
    return store.read(queries.prescription_in_full, person, prescription_id)


def _line(store: Store, prescription_id: str) -> Line:
    return _found(store, prescription_id, DIOP).lines[0]


def _instead(store: Store, prescription_id: str, medicine_id: str | None = CAPSULE) -> dict[str, Any]:
    return {"substitutes": [Substitute(_line(store, prescription_id).id, medicine_id)]}


def _prepared(store: Store) -> str:
    """Eight tablets, not enough for twenty, and a hundred capsules."""
    receive(store, 8)
    receive(store, 100, medicine_id=CAPSULE, number="G1")
    prescription_id = validated(store)
    return store.write(setbacks.prepare, NDIAYE, prescription_id, **_instead(store, prescription_id))


def _delivered(store: Store) -> str:
    prescription_id = store.write(dispensing.mark_ready, NDIAYE, _prepared(store))
    how = {"key": KEY, "code": code(store, prescription_id)}
    return store.write(dispensing.deliver, NDIAYE, prescription_id, **how)


def _is_sound(store: Store) -> bool:
    checks: tuple[Any, ...] = (stock.unmoved, stock.unreserved, soundness.undispensed, soundness.unacted)
    return not any(list(store.read(check)) for check in checks)


def _medicine(dci: str, strength: str, form: str) -> Medicine:
    return Medicine(f"{dci} {strength} {form}", dci, form, strength, "comprimé", "")


@pytest.mark.parametrize(
    ("one", "other", "equivalent"),
    [
        (("amoxicilline", "500 mg", "gélule"), ("Amoxicilline", "0,5 g", "comprimé"), True),
        (("amoxicilline", "1 g", "comprimé"), ("amoxicilline", "1000mg", "comprimé pelliculé sécable"), True),
        (("lévothyroxine", "50 µg", "comprimé"), ("lévothyroxine", "0,05 mg", "comprimé"), True),
        (("amoxicilline", "500 mg", "gélule"), ("amoxicilline", "1 g", "gélule"), False),
        (("amoxicilline", "500 mg", "gélule"), ("ampicilline", "500 mg", "gélule"), False),
        (("diclofénac", "50 mg", "comprimé"), ("diclofénac", "50 mg", "comprimé gastrorésistant"), False),
        (("métoclopramide", "10 mg", "comprimé"), ("métoclopramide", "10 mg", "comprimé LP"), False),
        (("paracétamol", "500 mg", "comprimé"), ("paracétamol", "500 mg", "suppositoire"), False),
        (("métronidazole", "500 mg", "comprimé"), ("métronidazole", "500 mg", "comprimé vaginal"), False),
        (("paracétamol", "120 mg/5 ml", "sirop"), ("paracétamol", "120 mg / 5 ml", "Sirop"), True),
        (("paracétamol", "120 mg/5 ml", "sirop"), ("paracétamol", "250 mg/5 ml", "sirop"), False),
        (("colécalciférol", "100 000 UI", "capsule"), ("colécalciférol", "1000 UI", "capsule"), False),
        (("colécalciférol", "100\u202f000 UI", "capsule"), ("colécalciférol", "0,1 MUI", "capsule"), True),
        (("colécalciférol", "1000 000 UI", "capsule"), ("colécalciférol", "10 000 UI", "capsule"), False),
        (("lévofloxacine", "1 000 mg", "comprimé"), ("lévofloxacine", "10 mg", "comprimé"), False),
        (("lévofloxacine", "1 000 mg", "comprimé"), ("lévofloxacine", "1 g", "comprimé"), True),
        (("lévothyroxine", "1.000 mg", "comprimé"), ("lévothyroxine", "1 mg", "comprimé"), False),
        (("phénobarbital", "0,100 g", "comprimé"), ("phénobarbital", "100 mg", "comprimé"), True),
        (
            ("amoxicilline + acide clavulanique", "500 mg + 125 mg", "comprimé"),
            ("amoxicilline+acide clavulanique", "0,5 g+125 mg", "comprimé"),
            True,
        ),
        (
            ("amoxicilline + acide clavulanique", "500 mg + 125 mg", "comprimé"),
            ("amoxicilline", "500 mg", "comprimé"),
            False,
        ),
    ],
)
def test_which_may_be_given_for_which(one: tuple[str, str, str], other: tuple[str, str, str], equivalent: bool) -> None:
    assert equivalents.are(_medicine(*one), _medicine(*other)) == equivalent
    assert not equivalents.are(_medicine(*one), _medicine(*one))


def test_so_many_of_one_are_as_many_of_the_other() -> None:
    one, other = _medicine("paracétamol", "120 mg/5 ml", "sirop"), _medicine("paracétamol", "120 mg/5ml", "Sirop")
    units = [
        ("flacon", "Flacon", True),
        ("flacon", "ml", False),
        ("comprimé", "gélule", True),
        ("boîte", "gélule", False),
    ]
    for of_one, of_other, equivalent in units:
        assert equivalents.are(replace(one, unit=of_one), replace(other, unit=of_other)) == equivalent


@pytest.mark.parametrize(
    ("dosage", "form", "may"),
    [
        ("½ comprimé matin et soir", "gélule", False),
        ("½ comprimé matin et soir", "comprimé pelliculé", True),
        ("1 1/2 cp x 2/j", "gélule", False),
        ("0,5 cp x 2/j", "capsule", False),
        ("un demi comprimé un jour sur deux", "gélule", False),
        ("1/2 cp le matin puis 1 cp", "gélule", False),
        ("1 comprimé matin et soir", "gélule", True),
        ("500 mg un jour sur deux", "gélule", True),
        ("1 comprimé 1 jour sur 2", "gélule", True),
    ],
)
def test_half_of_a_tablet_is_no_half_of_a_capsule(store: Store, dosage: str, form: str, may: bool) -> None:
    """Neither offered nor taken where the posology asks for a part, or may do so."""
    store.connection.execute("UPDATE medicines SET form = ?, unit = ? WHERE id = ?", (form, form.split()[0], CAPSULE))
    receive(store, 8)
    receive(store, 100, medicine_id=CAPSULE, number="G1")
    prescription_id = validated(store)
    store.connection.execute("UPDATE prescription_lines SET dosage = ?", (dosage,))
    assert bool(_found(store, prescription_id).lines[0].equivalent) is may
    if may:
        store.write(setbacks.prepare, NDIAYE, prescription_id, **_instead(store, prescription_id))
    else:
        with pytest.raises(Invalid) as refused:
            store.write(setbacks.prepare, NDIAYE, prescription_id, **_instead(store, prescription_id))
        assert refused.value.errors.keys() == {"substitutes-0-medicine_id"}


class TestOffered:
    def test_where_there_is_too_little_its_pharmacy_alone_reads_what_it_has_instead(self, store: Store) -> None:
        receive(store, 8)
        receive(store, 100, medicine_id=CAPSULE, number="G1")
        prescription_id = validated(store)
        offered = {who.id: _found(store, prescription_id, who).lines[0].equivalent for who in (NDIAYE, DIOP, AWA)}
        assert [one and one.id for one in offered.values()] == [CAPSULE, None, None]

    @pytest.mark.parametrize("change", ["enough", "too few", "retired", "another pharmacy's", "excluded"])
    def test_else_nothing_is_offered(self, store: Store, change: str) -> None:
        receive(store, 100 if change == "enough" else 8)
        who = FALL if change == "another pharmacy's" else NDIAYE
        receive(store, 5 if change == "too few" else 100, medicine_id=CAPSULE, number="G1", pharmacist=who)
        prescription_id = validated(store)
        if change == "retired":
            store.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (CAPSULE,))
        if change == "excluded":
            store.connection.execute("UPDATE prescription_lines SET substitution_reason = 'Marge étroite'")
        assert _found(store, prescription_id).lines[0].equivalent is None


class TestGiven:
    def test_it_is_put_aside_and_both_are_told_and_read_it(self, store: Store) -> None:
        receive(store, 8)
        receive(store, 100, medicine_id=CAPSULE, number="G1")
        prescription_id = validated(store)
        news = store.news(setbacks.prepare, NDIAYE, prescription_id, **_instead(store, prescription_id))
        assert news[AWA.id] == ["prescription.substituted"]
        assert news[DIOP.id] == ["prescription.equivalent_prepared"]
        assert (news[NDIAYE.id], news[GOMIS.id]) == ([None, None], [None, None])
        assert store.rows("SELECT number, reserved FROM lots ORDER BY number") == [("G1", 20), ("L1", 0)]
        for person in (AWA, DIOP, NDIAYE):
            [line] = _found(store, prescription_id, person).json("fr")["lines"]
            assert line["given_as"] == {"medicine_id": CAPSULE, "name": "Paracétamol 0,5 g, gélule"}
            assert line["medicine_id"] == PARACETAMOL

    def test_the_hand_over_labels_register_and_recall_say_what_it_was(self, store: Store) -> None:
        prescription_id = _prepared(store)
        [label] = store.write(labels.open_labels, NDIAYE, prescription_id).each
        assert (label.name, label.counted) == ("Paracétamol 0,5 g, gélule", "20 gélules")
        assert label.json()["unit"] == "gélule"
        store.write(dispensing.mark_ready, NDIAYE, prescription_id)
        how = {"key": KEY, "code": code(store, prescription_id)}
        store.write(dispensing.deliver, NDIAYE, prescription_id, **how)
        for person in (AWA, DIOP, NDIAYE):
            [one] = _found(store, prescription_id, person).dispenses[0].json()["lines"]
            assert one["substitution"] == {"was_substituted": True} and one["given_as"]["medicine_id"] == CAPSULE
            assert one["lot"] == "G1"
        [label] = store.write(labels.open_labels, NDIAYE, prescription_id).each
        assert (label.name, [lot.number for lot in label.lots]) == ("Paracétamol 0,5 g, gélule", ["G1"])
        [entry] = store.write(register.entries, NDIAYE)
        assert (entry.medicine, entry.instead_of, entry.schedule, entry.unit) == (
            "Paracétamol 0,5 g, gélule",
            "paracétamol 500 mg, comprimé",
            "list_2",
            "gélule",
        )
        lot_id = store.value("SELECT id FROM lots WHERE number = 'G1'")
        received = store.write(recall.open_list, NDIAYE, lot_id).recipients
        assert [(one.patient.id, one.quantity) for one in received] == [(AWA.id, 20)]
        assert _is_sound(store)

    def test_a_register_leaves_out_what_is_under_no_rules(self, store: Store) -> None:
        store.connection.execute("UPDATE medicines SET schedule = 'none' WHERE id = ?", (CAPSULE,))
        store.connection.execute("UPDATE medicines SET schedule = 'list_1' WHERE id = ?", (PARACETAMOL,))
        _delivered(store)
        assert list(store.write(register.entries, NDIAYE)) == []

    def test_undone_it_is_put_aside_again_and_prepared_anew_it_stays_so(self, store: Store) -> None:
        prescription_id = _delivered(store)
        store.write(setbacks.undo, NDIAYE, prescription_id, reason="Mauvais sac")
        given_as = _line(store, prescription_id).given_as
        assert given_as and given_as.id == CAPSULE
        store.connection.execute("UPDATE lots SET expires_on = '2020-01-01' WHERE number = 'G1'")
        receive(store, 30, medicine_id=CAPSULE, number="G2")
        store.write(setbacks.prepare, NDIAYE, prescription_id)
        assert store.rows("SELECT number, reserved FROM lots WHERE reserved > 0") == [("G2", 20)]
        assert _is_sound(store)

    @pytest.mark.parametrize(
        ("capsules", "tablets", "kept"),
        [(12, 30, [("L2", 20)]), (12, 0, None), (20, 30, [("G2", 20)]), (0, 5, [("L2", 5)]), (12, 4, [("G2", 12)])],
    )
    def test_of_what_there_is_too_little_of_now_what_was_prescribed_is_kept_again(
        self, store: Store, capsules: int, tablets: int, kept: list[tuple[str, int]] | None
    ) -> None:
        prescription_id = store.write(dispensing.mark_ready, NDIAYE, _prepared(store))
        store.connection.execute("UPDATE lots SET expires_on = '2020-01-01'")
        for medicine_id, number, quantity in ((CAPSULE, "G2", capsules), (PARACETAMOL, "L2", tablets)):
            if quantity:
                receive(store, quantity, medicine_id=medicine_id, number=number)
        if kept is None:
            with pytest.raises(NotNow):
                store.write(setbacks.prepare, NDIAYE, prescription_id)
        else:
            partial = kept[0][1] < 20
            news = store.news(setbacks.prepare, NDIAYE, prescription_id, partial=partial)
            assert news[AWA.id] == ["prescription.prepared_anew"]
            assert store.rows("SELECT number, reserved FROM lots WHERE reserved > 0") == kept
        assert _is_sound(store)

    def test_what_was_prescribed_may_be_asked_for_again(self, store: Store) -> None:
        prescription_id = _prepared(store)
        store.connection.execute("UPDATE lots SET expires_on = '2020-01-01' WHERE number = 'G1'")
        for medicine_id, number in ((CAPSULE, "G2"), (PARACETAMOL, "L2")):
            receive(store, 30, medicine_id=medicine_id, number=number)
        store.write(setbacks.prepare, NDIAYE, prescription_id, **_instead(store, prescription_id, None))
        assert store.rows("SELECT number, reserved FROM lots WHERE reserved > 0") == [("L1", 8), ("L2", 12)]
        assert _line(store, prescription_id).given_as is None

    def test_the_rest_may_be_given_so_too(self, store: Store) -> None:
        receive(store, 8)
        prescription_id = validated(store)
        store.write(setbacks.prepare, NDIAYE, prescription_id, partial=True)
        store.write(dispensing.mark_ready, NDIAYE, prescription_id)
        parts = [dispensing.Part(_line(store, prescription_id).id, 8)]
        how: dict[str, Any] = {"key": KEY, "code": code(store, prescription_id), "parts": parts}
        store.write(dispensing.deliver, NDIAYE, prescription_id, **how)
        receive(store, 30, medicine_id=CAPSULE, number="G1")
        store.write(dispensing.prepare_rest, NDIAYE, prescription_id, **_instead(store, prescription_id))
        store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
        found = _found(store, prescription_id)
        assert (found.status, [bool(one.lines[0].given_as) for one in found.dispenses]) == ("delivered", [False, True])
        each = store.write(labels.open_labels, NDIAYE, prescription_id).each
        assert [(label.name, label.quantity) for label in each] == [
            ("paracétamol 500 mg, comprimé", 8),
            ("Paracétamol 0,5 g, gélule", 12),
        ]


class TestCouldNotBeSupplied:
    def test_what_is_all_put_aside_since_is_neither_said_to_lack_nor_replaced(self, store: Store) -> None:
        receive(store, 8)
        prescription_id = validated(store)
        line_id = _line(store, prescription_id).id
        lacking = {"line_id": line_id, "code": "out_of_stock"}
        store.write(setbacks.cannot_supply, NDIAYE, prescription_id, **lacking)
        store.clock.advance(minutes=1)
        store.write(setbacks.prepare, NDIAYE, prescription_id, partial=True)
        assert _line(store, prescription_id).shortage, "a part of it"
        receive(store, 100, medicine_id=CAPSULE, number="G1")
        store.write(setbacks.prepare, NDIAYE, prescription_id, **_instead(store, prescription_id))
        assert [_found(store, prescription_id, who).lines[0].shortage for who in (AWA, DIOP, NDIAYE)] == [None] * 3
        how: dict[str, Any] = {"line_id": line_id, "line": NewLine(AMOXICILLIN, "1 comprimé", 6, 6), "confirmed": True}
        with pytest.raises(Invalid):
            store.write(replacing.replace_line, DIOP, prescription_id, **how)
        store.clock.advance(minutes=1)
        store.write(setbacks.cannot_supply, NDIAYE, prescription_id, **lacking)  # it fell
        store.write(replacing.replace_line, DIOP, prescription_id, **how)
        assert store.value("SELECT sum(reserved) FROM lots") == 0 and _is_sound(store)


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "medicine_id", "said"),
        [
            ("", AMOXICILLIN, "même DCI"),
            ("", PARACETAMOL, "même DCI"),
            ("", "unknown", "plus, dans la liste"),
            ("UPDATE medicines SET retired_at = 1 WHERE id = 'paracetamol-capsule'", CAPSULE, "plus, dans la liste"),
            ("UPDATE prescription_lines SET substitution_reason = 'Marge étroite'", CAPSULE, "ne pas substituer"),
        ],
    )
    def test_what_is_no_equivalent_or_excluded(self, store: Store, change: str, medicine_id: str, said: str) -> None:
        receive(store, 100, medicine_id=CAPSULE, number="G1")
        receive(store, 100, medicine_id=AMOXICILLIN, number="A1")
        prescription_id = validated(store)
        if change:
            store.connection.execute(change)
        before = store.content()
        with pytest.raises(Invalid) as refused:
            store.write(setbacks.prepare, NDIAYE, prescription_id, **_instead(store, prescription_id, medicine_id))
        [(field, message)] = refused.value.errors.items()
        assert (field, said in message) == ("substitutes-0-medicine_id", True)
        assert store.content() == before

    def test_what_another_pharmacy_has(self, store: Store) -> None:
        receive(store, 100, medicine_id=CAPSULE, number="G1", pharmacist=FALL)
        prescription_id = validated(store)
        with pytest.raises(NotNow) as refused:
            store.write(setbacks.prepare, NDIAYE, prescription_id, **_instead(store, prescription_id))
        assert refused.value.values["medicine"] == "Paracétamol 0,5 g, gélule"

    def test_a_line_that_is_not_there_or_given_twice(self, store: Store) -> None:
        receive(store, 100, medicine_id=CAPSULE, number="G1")
        prescription_id = store.write(dispensing.validate, NDIAYE, issued(store))
        twice = [Substitute(_line(store, prescription_id).id, CAPSULE)] * 2
        for substitutes, field in (([Substitute("unknown", CAPSULE)], 0), (twice, 1)):
            with pytest.raises(Invalid) as refused:
                store.write(setbacks.prepare, NDIAYE, prescription_id, substitutes=substitutes)
            assert list(refused.value.errors) == [f"substitutes-{field}-line_id"]
        assert status(store, prescription_id) == "validated"
