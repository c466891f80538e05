"""A whole delivery arrives as a wholesaler's file: looked at, taken or not, and undone while nothing of it is gone."""

from datetime import date

import pytest
from cast import AWA, DIOP, FALL, GOMIS, JAMM, NDIAYE, PARACETAMOL
from steps import KEY, code, in_days, issued, receive
from store import Clock, Store
from workbooks import xlsx

from fadjma import sheets
from fadjma.identity.people import Viewer
from fadjma.inventory import actions, deliveries, movements, queries, receipts, receiving
from fadjma.prescriptions import dispensing
from fadjma.refusals import Conflict, Doubtful, Forbidden, Invalid, NotFound, NotNow

TODAY = date(2026, 3, 2)
HEAD = "Produit;Code;N° de lot;Péremption;Quantité;Seuil\n"
EAN = "3400930000014"


def _read(text: str | bytes) -> deliveries.Table:
    return deliveries.read(text.encode() if isinstance(text, str) else text, TODAY)


def _check(store: Store, lines: str, head: str = HEAD) -> str:
    return store.write(receiving.check, NDIAYE, _read(head + lines))


def _faults(store: Store, lines: str, head: str = HEAD) -> dict[str, str]:
    before = store.content()
    with pytest.raises(Invalid) as refusal:
        _check(store, lines, head)
    assert store.content() == before
    return refusal.value.errors


def _on_hand(store: Store) -> dict[str, int]:
    return dict(store.rows("SELECT number, on_hand FROM lots"))


def _received(store: Store, lines: str = "paracétamol 500 mg;;A1;09/2027;100;\n") -> str:
    return store.write(receiving.confirm, NDIAYE, _check(store, lines))


TWO = ("paracétamol 500 mg;;A1;09/2027;100;\n", "amoxicilline 1 g, comprimé dispersible;;B1;10/2027;60;\n")


def test_the_very_same_lots_and_quantities_are_asked_about(store: Store, clock: Clock) -> None:
    """Whoever has read the same file, and in whatever order, and case, its lines are."""
    first = _received(store, "".join(TWO))
    again = store.write(receiving.check, GOMIS, _read(HEAD + TWO[1].replace("B1", "b-1") + TWO[0]))
    before = store.read(receipts.receipt, GOMIS, again).before
    assert before and (before.id, before.by) == (first, NDIAYE.name)
    with pytest.raises(Doubtful) as refusal:
        store.write(receiving.confirm, GOMIS, again)
    assert (refusal.value.confirm, refusal.value.values["who"]) == (["items"], NDIAYE.name)
    assert _on_hand(store) == {"A1": 100, "B1": 60}
    store.write(receiving.confirm, GOMIS, again, confirmed=True)
    assert _on_hand(store) == {"A1": 200, "B1": 120}
    assert store.read(receipts.receipt, GOMIS, again).before is None, "it has been received"


@pytest.mark.parametrize(
    "other", [TWO[0], TWO[0] + TWO[1].replace("B1", "B2"), TWO[0].replace("100", "60") + TWO[1].replace("60", "100")]
)
def test_another_delivery_is_not_asked_about(store: Store, other: str) -> None:
    _received(store, "".join(TWO))
    assert store.read(receipts.receipt, NDIAYE, _check(store, other)).before is None


def test_neither_is_one_after_it_was_undone_or_of_another_pharmacy_or_long_ago(store: Store, clock: Clock) -> None:
    first = _received(store)
    at_jamm = store.write(receiving.check, FALL, _read(HEAD + TWO[0]))
    assert store.read(receipts.receipt, FALL, at_jamm).before is None
    store.write(receiving.undo, NDIAYE, first)
    second = _received(store)
    clock.advance(days=91)
    assert store.read(receipts.receipt, NDIAYE, _check(store, TWO[0])).before is None
    clock.advance(days=-2)
    before = store.read(receipts.receipt, NDIAYE, _check(store, TWO[0])).before
    assert before and before.id == second


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_it_is_read_as_spreadsheets_save_it(store: Store, encoding: str) -> None:
    table = _read((HEAD + "Paracétamol 500mg, comprimé;;A1;30/09/2027;1 200;50\n").encode(encoding))
    found = store.read(receipts.receipt, NDIAYE, store.write(receiving.check, NDIAYE, table))
    [line] = found.shown
    assert (line.medicine_id, line.number, line.expires_on, line.quantity) == (PARACETAMOL, "A1", "2027-09-30", 1200)


def test_it_is_read_as_a_workbook(store: Store) -> None:
    rows = [["produit", "lot", "péremption", "quantité"], ["paracétamol 500 mg", 4711, "2027-09", 100]]
    store.write(receiving.confirm, NDIAYE, store.write(receiving.check, NDIAYE, _read(xlsx(rows))))
    assert _on_hand(store) == {"4711": 100}


def test_nothing_is_in_stock_before_it_is_taken_and_then_all_of_it_is(store: Store) -> None:
    lines = "paracétamol 500 mg;;A1;09/2027;100;40\namoxicilline 1 g, comprimé dispersible;;B1;10/2027;60;\n"
    checked = _check(store, lines)
    assert _on_hand(store) == {}
    found = store.read(receipts.receipt, GOMIS, checked)
    assert (found.status, found.lines, found.units) == ("checked", 2, 160)
    store.write(receiving.confirm, GOMIS, checked)
    assert _on_hand(store) == {"A1": 100, "B1": 60}
    assert store.value("SELECT threshold FROM products WHERE medicine_id = ?", PARACETAMOL) == 40
    assert store.read(receipts.receipt, NDIAYE, checked).made_by == GOMIS.name
    with pytest.raises(Conflict) as refusal:
        store.write(receiving.confirm, NDIAYE, checked)
    assert refusal.value.current == "received"
    store.check()


def test_every_fault_is_said_at_once_each_beside_its_line(store: Store) -> None:
    receive(store, number="OLD", expires_on="2027-01-31")
    faults = _faults(
        store,
        "paracétamol 500 mg;;A1;13/2027;10;\n"  # 2
        "paracétamol 500 mg;;A2;09/2027;12,5;\n"
        "paracétamol 500 mg;;A3;09/2027;-4;\n"
        "paracétamol 500 mg;;A4;09/2027;0;\n"
        "paracétamol 500 mg;;A5;09/2027;1000000000;\n"
        "paracétamol 500 mg;;=1+1;09/2027;5;\n"
        "doliprane 500 mg;;A7;09/2027;5;\n"  # 8
        "paracétamol;;A8;09/2027;5;\n"
        "paracétamol 500 mg;;A9;02/2026;5;\n"
        "paracétamol 500 mg;;A10;09/2206;5;\n"
        "paracétamol 500 mg;;old;09/2027;5;\n"  # 12
        ";;A12;09/2027;5;\n"
        ";3400930000013;A13;09/2027;5;\n"
        f";{EAN};A14;09/2027;5;\n"
        "paracétamol 500 mg;;B;09/2027;5;\n"  # 16
        "paracétamol 500 mg;;b;10/2027;5;\n"
        "paracétamol 500 mg;;C;09/2027;5;many\n"
        "zorglub;;C;13/2027;5;\n",
    )
    assert list(faults) == [
        "lines-2-expires_on",
        *(f"lines-{number}-quantity" for number in (3, 4, 5, 6)),
        "lines-7-number",
        "lines-8-product",
        "lines-9-product",
        "lines-10-expires_on",
        "lines-11-expires_on",
        "lines-12-expires_on",
        "lines-13-product",
        "lines-14-code",
        "lines-15-code",
        "lines-17-expires_on",
        "lines-18-threshold",
        "lines-19-product",
        "lines-19-expires_on",
    ]


def test_a_file_needs_its_columns_and_a_line(store: Store) -> None:
    assert _faults(store, "09/2027;5;A\n", "péremption;quantité;lot\n").keys() == {"file"}
    assert "lines-1-number" in _faults(store, "paracétamol 500 mg;09/2027;5\n", "produit;péremption;quantité\n")
    assert _faults(store, "").keys() == {"file"}


def test_a_name_that_several_have_is_not_guessed(store: Store) -> None:
    store.connection.execute(
        "INSERT INTO medicines (id, dci, form, strength, unit, search_key) "
        "VALUES ('syrup', 'paracétamol', 'sirop', '500 mg', 'flacon', '')"
    )
    assert _faults(store, "paracétamol 500 mg;;A1;09/2027;10;\n").keys() == {"lines-2-product"}
    _received(store, "500 mg sirop PARACETAMOL;;A1;09/2027;10;\n")
    assert store.value("SELECT medicine_id FROM products") == "syrup"


def test_a_brand_with_its_strength_means_its_medicine(store: Store) -> None:
    store.connection.execute("UPDATE medicines SET brands = 'Doliprane, Efferalgan' WHERE id = ?", (PARACETAMOL,))
    _received(store, "EFFERALGAN 500 mg;;A1;09/2027;10;\n")
    assert store.value("SELECT medicine_id FROM products") == PARACETAMOL


def test_a_code_that_stood_beside_a_name_is_known_from_then_on_at_this_pharmacy(store: Store) -> None:
    _received(store, f"paracétamol 500 mg;{EAN};A1;09/2027;10;\n")
    _received(store, f";{EAN};A2;09/2027;20;\n")
    assert _on_hand(store) == {"A1": 10, "A2": 20}
    assert _faults(store, f"amoxicilline 1 g;{EAN};B;09/2027;5;\n").keys() == {"lines-2-code"}
    with pytest.raises(Invalid):
        store.write(receiving.check, FALL, _read(f"{HEAD};{EAN};A3;09/2027;5;\n"))


def test_what_is_hardly_meant_is_shown_before_it_is_taken(store: Store) -> None:
    receive(store, number="AB-12", expires_on="2027-09-30")
    lines = (
        "paracétamol 500 mg;;ab 12;09/2027;5;\nparacétamol 500 mg;;C;09/2027;20000;\nparacétamol 500 mg;;c;9/2027;1;\n"
    )
    checked = _check(store, lines)
    assert [line for line, _ in store.read(receipts.receipt, NDIAYE, checked).doubts] == [2, 3, 4]
    store.write(receiving.confirm, NDIAYE, checked)
    assert _on_hand(store) == {"AB-12": 105, "C": 20001}


def test_a_stock_that_has_changed_meanwhile_is_not_guessed_at(store: Store) -> None:
    checked = _check(store, "paracétamol 500 mg;;A1;09/2027;10;\n")
    receive(store, number="A1", expires_on="2027-10-31")
    before = store.content()
    with pytest.raises(NotNow):
        store.write(receiving.confirm, NDIAYE, checked)
    assert store.content() == before


class TestUndoing:
    def test_takes_every_lot_out_again_once(self, store: Store) -> None:
        receive(store, 7, number="A1", expires_on="2027-09-30")
        store.clock.advance(minutes=1)
        receipt_id = _received(
            store, "paracétamol 500 mg;;A1;09/2027;100;\ninsuline glargine 100 UI/ml;;B1;09/2027;6;\n"
        )
        store.write(receiving.undo, GOMIS, receipt_id)
        assert _on_hand(store) == {"A1": 7, "B1": 0}
        found = store.read(receipts.receipt, NDIAYE, receipt_id)
        assert (found.status, found.undone_by) == ("undone", GOMIS.name)
        lot_id = store.value("SELECT id FROM lots WHERE number = 'A1'")
        labels = [(one.label, one.quantity) for one in store.read(movements.movements, NDIAYE, lot_id)]
        assert sorted(labels) == [("Reçu", 7), ("Reçu", 100), ("Réception annulée", -100)]
        with pytest.raises(Conflict) as refusal:
            store.write(receiving.undo, NDIAYE, receipt_id)
        assert refusal.value.current == "undone"
        store.check()

    @pytest.mark.parametrize("what", ["reserved", "delivered", "counted", "counted the same"])
    def test_is_too_late_once_something_of_it_has_moved(self, store: Store, clock: Clock, what: str) -> None:
        receipt_id = _received(store)
        clock.advance(minutes=1)
        if what.startswith("counted"):
            lot_id = store.value("SELECT id FROM lots")
            left = 100 if what == "counted the same" else 90
            store.write(actions.adjust, NDIAYE, lot_id, on_hand=left, version=1, reason="Inventaire")
        else:
            self._dispense(store, hand_over=what == "delivered")
        before = store.content()
        with pytest.raises(NotNow):
            store.write(receiving.undo, NDIAYE, receipt_id)
        assert store.content() == before

    def test_is_too_late_where_it_may_be_of_it_that_somebody_has_received(self, store: Store, clock: Clock) -> None:
        """Units of one lot are not told apart."""
        receive(store, 50, number="A1", expires_on="2027-09-30")
        clock.advance(minutes=1)
        receipt_id = _received(store)
        clock.advance(minutes=1)
        self._dispense(store, hand_over=True)
        with pytest.raises(NotNow):
            store.write(receiving.undo, NDIAYE, receipt_id)

    def test_is_still_possible_while_other_units_of_the_lot_are_kept(self, store: Store) -> None:
        receive(store, 20, number="A1", expires_on="2027-09-30")
        self._dispense(store, hand_over=False)
        store.clock.advance(minutes=1)
        store.write(receiving.undo, NDIAYE, _received(store))
        assert _on_hand(store) == {"A1": 20}
        store.check()

    def test_warns_where_it_leaves_too_little(self, store: Store) -> None:
        receipt_id = _received(store, "paracétamol 500 mg;;A1;09/2027;100;50\n")
        assert "stock.low" in store.news(receiving.undo, NDIAYE, receipt_id)[GOMIS.id]

    def _dispense(self, store: Store, *, hand_over: bool) -> None:
        prescription_id = store.write(dispensing.validate, NDIAYE, issued(store, 20))
        store.write(dispensing.prepare, NDIAYE, prescription_id)
        if hand_over:
            store.write(dispensing.mark_ready, NDIAYE, prescription_id)
            secret = code(store, prescription_id)
            store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=secret)


def test_the_colleagues_hear_of_a_delivery_once_and_whoever_took_it_does_not(store: Store) -> None:
    checked = _check(store, "".join(f"paracétamol 500 mg;;A{number};09/2027;10;\n" for number in range(30)))
    assert store.news(receiving.confirm, NDIAYE, checked) == {NDIAYE.id: [None], GOMIS.id: ["stock.delivery_received"]}
    receive(store)
    assert store.news(receiving.undo, GOMIS, checked) == {NDIAYE.id: ["stock.delivery_undone"], GOMIS.id: [None]}


@pytest.mark.parametrize("person", [AWA, DIOP], ids=lambda person: person.id)
def test_nobody_but_a_pharmacist_receives(store: Store, person: Viewer) -> None:
    receipt_id = _received(store)
    table = _read(HEAD + "paracétamol 500 mg;;A1;09/2027;10;\n")
    for function, args in ((receiving.check, (table,)), (receiving.confirm, (receipt_id,)), (receipts.receipts, ())):
        with pytest.raises(Forbidden):
            store.write(function, person, *args)


def test_another_pharmacy_has_no_such_receipt(store: Store) -> None:
    receipt_id = _received(store)
    for function in (receiving.confirm, receiving.undo, receipts.receipt):
        with pytest.raises(NotFound):
            store.write(function, FALL, receipt_id)
    assert store.read(receipts.receipts, FALL) == []
    assert [one.id for one in store.read(receipts.receipts, GOMIS)] == [receipt_id]


def test_a_file_that_nobody_took_is_forgotten_after_a_day(store: Store, clock: Clock) -> None:
    first = _check(store, "paracétamol 500 mg;;A1;09/2027;10;\n")
    clock.advance(days=1, minutes=1)
    second = _check(store, "paracétamol 500 mg;;A1;09/2027;10;\n")
    assert [one.id for one in store.read(receipts.receipts, NDIAYE)] == [second] != [first]


def test_a_large_file_is_taken_whole_and_one_that_is_too_large_is_told_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is 50,000 (sheets.py): taking so many keeps the writer for some three seconds."""
    monkeypatch.setattr(sheets, "MOST_LINES", 500)
    lines = [f"paracétamol 500 mg;;L{number};09/2027;1;" for number in range(501)]
    assert _read(HEAD + "\n".join(lines)).errors.keys() == {"file"}
    checked = _check(store, "\n".join(lines[1:]))
    store.write(receiving.confirm, NDIAYE, checked)
    assert store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL] == 500
    found = store.read(receipts.receipt, NDIAYE, checked)
    assert (found.lines, len(found.shown)) == (500, receipts.SHOWN)


def test_days_that_are_said_in_these_tests_are_ahead(store: Store) -> None:
    assert in_days(store, 0) == TODAY.isoformat()
