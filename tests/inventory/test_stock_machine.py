"""The stock of two pharmacies of one house, lived through at random and kept in a second set of books.

Lots come, are sent to the other pharmacy and taken back, counted, withheld and given back, and expire. Prescriptions
are prepared, also with an equivalent, anew, or with what there is, handed over as a whole or in part, undone and given
back. After each step the books agree: what is on hand, on its way, put aside, and handed over of what was owed. What
is refused has changed nothing. What is undone and done again is as if it had been done once.

The same lives in every run; more of them, others each time, with `--hypothesis-profile=long`, which says its seed.
"""

import random
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cast import AMOXICILLIN, AWA, DIOP, FALL, JAMM, KADD, NDIAYE, PARACETAMOL
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from steps import DAY, KEY, code, grant, in_days
from store import Clock, Store

from fadjma.days import day
from fadjma.identity.people import Viewer
from fadjma.inventory import actions as inventory
from fadjma.inventory import soundness, transfers, withholding
from fadjma.prescriptions import actions, dispensing, replacing, setbacks
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.prescriptions.substituting import Substitute
from fadjma.refusals import Refusal
from fadjma.writing import name_key

MANY = 9  # units of a lot that comes
CAPSULE = "paracetamol-capsule"  # an equivalent of the tablet
MEDICINES = (PARACETAMOL, CAPSULE, AMOXICILLIN)
PHARMACISTS = {JAMM: NDIAYE, KADD: FALL}
LONG = 400  # lives of a hundred steps

OF_LOTS = ("receive", "send", "arrive", "take back", "count", "withhold", "give back", "wait", "prescribe")
FORWARD = {  # what a prescription that stands so waits for
    "issued": ("validate",),
    "validated": ("prepare", "prepare with an equivalent"),
    "prepared": ("mark ready", "mark ready", "prepare anew"),
    "ready": ("hand over", "hand over a part", "hand over a part", "prepare anew"),
    "part_delivered": ("prepare the rest", "hand over", "hand over a part", "undo", "undo and redo"),
    "delivered": ("undo and redo", "undo and redo", "undo"),
}
OF_PRESCRIPTIONS = (*dict.fromkeys(act for acts in FORWARD.values() for act in acts), "release", "cancel", "end a line")
ACTS = (*OF_LOTS, *OF_PRESCRIPTIONS)
chosen = st.sampled_from(ACTS) | st.just("go on") | st.just("go on")
which = st.integers(0, 11)
amounts = st.sampled_from((1, 2, 5, 12, 20, 40, 10**9))
spans = st.sampled_from((60_000, 60_000, 9 * 60_000, DAY, 3 * DAY, 40 * DAY))


class Stocks(RuleBasedStateMachine):
    settled: Path
    folder: Path
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / "one.db"
        for left in self.folder.glob("one.db*"):
            left.unlink()
        shutil.copyfile(self.settled, path)
        self.store = Store(path, Clock())
        self.books = Counter[tuple[str, str, str]]()  # on hand: of which pharmacy, medicine, lot
        self.on_its_way = Counter[str]()  # by medicine
        self.given = Counter[str]()  # by line
        self.prescriptions: list[str] = []

    def teardown(self) -> None:
        self.store.check()
        self.store.close()

    @initialize(first=amounts, second=amounts, n=which)
    def something_is_in_stock_and_prescribed(self, first: int, second: int, n: int) -> None:
        self.store.connection.execute("UPDATE organizations SET part_of = ? WHERE id = ?", (JAMM, KADD))
        self.store.connection.execute(
            "INSERT INTO medicines (id, dci, form, strength, unit, name_key, search_key, schedule) "
            "VALUES (?, 'Paracétamol', 'gélule', '0,5 g', 'gélule', ?, 'paracetamol 0,5 g gelule', 'none')",
            (CAPSULE, name_key("Paracétamol", "gélule", "0,5 g")),
        )
        grant(self.store, DIOP, AWA, duration=365 * DAY)
        for medicine in MEDICINES:
            for number, quantity in enumerate((first, 5, second)):  # small lots: a line is of several
                self._receive(JAMM, medicine, number, min(quantity, MANY))
                self._receive(KADD, medicine, number, min(quantity, MANY))
        self._prescribe(n, 12)

    # --- what people do ---------------------------------------------------------------------------------------

    @rule(act=chosen, n=which, m=which, amount=amounts, span=spans)
    def something_happens(self, act: str, n: int, m: int, amount: int, span: int) -> None:
        """One rule: of several, Hypothesis leaves out some in each life."""
        self.before, id = self._content(), self._one_of(n)
        if act == "go on":
            forward = FORWARD.get(self._status(id), ("prescribe",))
            act = forward[m % len(forward)]
        try:
            self._do(act, id, n, m, amount, span)
        except Refusal:
            assert self._content() == self.before, f"« {act} » was refused, and has changed something"
            return
        self.done[act] += 1

    def _do(self, act: str, id: str, n: int, m: int, amount: int, span: int) -> None:
        place = (JAMM, KADD)[m % 2]
        match act:
            case "receive":
                self._receive(place, MEDICINES[n % 3], m % 4, min(amount, MANY))
            case "send" | "count" | "withhold" | "give back":
                self._with_a_lot(act, n, m, amount)
            case "arrive" | "take back":
                self._end_a_transfer(act)
            case "wait":
                self.store.clock.advance(milliseconds=span)
                self.store.write(actions.expire, 100)
            case "prescribe" if len(self.prescriptions) < 5 or m == 0:
                self._prescribe(n, min(amount, 20))
            case "prescribe":
                pass
            case _:
                self._with_a_prescription(act, id, m, amount)

    def _receive(self, place: str, medicine: str, number: int, quantity: int) -> None:
        how: dict[str, Any] = {"number": f"L{number}", "expires_on": self._last_day(number), "confirmed": True}
        self.store.write(inventory.receive, PHARMACISTS[place], medicine_id=medicine, quantity=quantity, **how)
        self.books[place, medicine, f"L{number}"] += quantity

    def _last_day(self, number: int) -> str:
        """Of a lot of this number, in either pharmacy: the same whenever it comes."""
        if not hasattr(self, "days"):
            self.days = [in_days(self.store, days) for days in (2, 5, 300, 600)]
        return self.days[number]

    def _prescribe(self, n: int, quantity: int) -> None:
        medicines = (PARACETAMOL, AMOXICILLIN)[: 1 + n % 2]
        lines = [NewLine(medicine, "1 unité", quantity, 10) for medicine in medicines]
        how: dict[str, Any] = {"lines": lines, "pharmacy_id": (JAMM, KADD)[n // 2 % 2], "confirmed": True}
        self.prescriptions.append(self.store.write(actions.issue, DIOP, AWA.id, **how))

    def _with_a_lot(self, act: str, n: int, m: int, amount: int) -> None:
        lots = self.store.rows(
            "SELECT l.id, l.version, l.on_hand, l.reserved, l.number, p.medicine_id, p.pharmacy_id FROM lots l "
            "JOIN products p ON p.id = l.product_id ORDER BY l.reserved = 0, l.rowid"
        )  # those of which something is put aside come first, and are chosen more often
        lot_id, version, on_hand, reserved, number, medicine, place = lots[n * m % len(lots)]
        who = PHARMACISTS[place]
        if act == "send":
            other = KADD if place == JAMM else JAMM
            self.store.write(transfers.send, who, lot_id, to_id=other, quantity=amount)
            assert amount <= on_hand - reserved
            self.books[place, medicine, number] -= amount
            self.on_its_way[medicine] += amount
        elif act == "count":
            counted = min(amount, 60)
            self.store.write(inventory.adjust, who, lot_id, on_hand=counted, version=version, reason="Compté")
            assert counted >= reserved
            self.books[place, medicine, number] = counted
        elif act == "withhold":
            self.store.write(withholding.withhold, who, lot_id, reason="Doute")
        else:
            self.store.write(withholding.put_back, who, lot_id)

    def _end_a_transfer(self, act: str) -> None:
        sql = (
            "SELECT t.id, t.from_id, t.to_id, t.quantity, l.number, p.medicine_id FROM transfers t "
            "JOIN lots l ON l.id = t.lot_id JOIN products p ON p.id = l.product_id "
            "WHERE coalesce(t.received_at, t.undone_at) IS NULL ORDER BY t.rowid"
        )
        for transfer_id, from_id, to_id, quantity, number, medicine in self.store.rows(sql)[:1]:
            place, end = (to_id, transfers.receive) if act == "arrive" else (from_id, transfers.undo)
            self.store.write(end, PHARMACISTS[place], transfer_id)
            self.books[place, medicine, number] += quantity
            self.on_its_way[medicine] -= quantity

    def _with_a_prescription(self, act: str, id: str, m: int, amount: int) -> None:
        who = self._who(id)
        lines = self._lines(id)
        match act:
            case "validate":
                self.store.write(dispensing.validate, who, id)
            case "prepare" | "prepare with an equivalent":
                instead = [Substitute(lines[0], CAPSULE)] if act != "prepare" else []
                how: dict[str, Any] = {"confirmed": True, "partial": bool(m % 2), "substitutes": instead}
                self.store.write(setbacks.prepare, who, id, **how)
            case "prepare anew":
                self.store.write(setbacks.prepare_anew, who, id, confirmed=True, partial=bool(m % 2))
            case "prepare the rest":
                self.store.write(dispensing.prepare_rest, who, id, confirmed=True, partial=bool(m % 2))
            case "mark ready":
                self.store.write(dispensing.mark_ready, who, id)
            case "hand over":
                self._hand_over(id, None)
            case "hand over a part":
                self._hand_over(id, [Part(lines[m % len(lines)], amount)])
            case "undo":
                self._undo(id)
            case "undo and redo":
                self._undo_and_redo(id)
            case "release":
                self.store.write(dispensing.release, who, id, reason="Jamais venue", confirmed=True)
            case "cancel" if m == 0:  # now and then: a life is to be long
                self.store.write(actions.cancel, DIOP, id, reason="Changé")
            case "end a line" if m < 3:
                line_id = lines[m % len(lines)]
                self.store.write(setbacks.cannot_supply, who, id, line_id=line_id, code="other")
                self.before = self._content()
                self.store.write(replacing.end_line, DIOP, id, line_id=line_id, reason="Introuvable")
            case _:
                pass

    def _hand_over(self, id: str, parts: list[Part] | None) -> None:
        owed, kept = self._owed(id), self._kept(id)
        self.store.write(
            dispensing.deliver, self._who(id), id, key=KEY, parts=parts, code=code(self.store, id), confirmed=True
        )
        [dispense] = self._last(id)
        handed = self._handed(dispense)
        today = day(self.store.clock()).isoformat()
        for (line_id, lot_id), quantity in handed.items():
            [(place, medicine, number, withheld_at, expires_on)] = self._lot(lot_id)
            assert withheld_at is None and expires_on >= today, "what is withheld or has expired was handed over"
            assert not kept or quantity <= kept[line_id, lot_id], "what was put aside for nobody was handed over"
            self.books[place, medicine, number] -= quantity
            self.given[line_id] += quantity
        for line_id, quantity in self._by_line(handed).items():
            assert quantity <= owed[line_id]
        if parts is None:
            assert self._by_line(handed) == owed

    def _undo(self, id: str) -> None:
        [dispense] = self._last(id) or [""]
        handed = self._handed(dispense)
        self.store.write(setbacks.undo, self._who(id), id, reason="Mauvais sac")
        for (line_id, lot_id), quantity in handed.items():
            [(place, medicine, number, *_)] = self._lot(lot_id)
            self.books[place, medicine, number] += quantity
            self.given[line_id] -= quantity
        assert self._kept(id) == handed, "what came back is put aside for whom it was"

    def _undo_and_redo(self, id: str) -> None:
        before = self._stock()
        [dispense] = self._last(id) or [""]
        handed = self._handed(dispense)
        self._undo(id)
        parts = [Part(line_id, quantity) for line_id, quantity in self._by_line(handed).items()]
        undone = self._content()
        try:
            self._hand_over(id, parts)
        except Refusal:
            assert self._content() == undone
            today = day(self.store.clock()).isoformat()
            lots = [self._lot(lot_id)[0] for _, lot_id in handed]
            assert any(withheld_at or expires_on < today for *_, withheld_at, expires_on in lots)
            return
        assert self._stock() == before

    def _one_of(self, n: int) -> str:
        """A prescription: mostly one that is not over."""
        living = [id for id in self.prescriptions if self._status(id) in FORWARD]
        return (living or self.prescriptions)[n % len(living or self.prescriptions)]

    # --- what there is ----------------------------------------------------------------------------------------

    def _who(self, id: str) -> Viewer:
        place = self.store.value(
            "SELECT coalesce(pharmacy_id, addressed_to, ?) FROM prescriptions WHERE id = ?", JAMM, id
        )
        return PHARMACISTS[str(place)]

    def _status(self, id: str) -> str:
        return str(self.store.value("SELECT status FROM prescriptions WHERE id = ?", id))

    def _lines(self, id: str) -> list[str]:
        sql = "SELECT id FROM prescription_lines WHERE prescription_id = ? ORDER BY position"
        return [line_id for (line_id,) in self.store.rows(sql, id)]

    def _owed(self, id: str) -> Counter[str]:
        sql = (
            "SELECT l.id, l.quantity - l.delivered FROM prescription_lines l "
            "LEFT JOIN ended_lines e ON e.line_id = l.id "
            "WHERE l.prescription_id = ? AND e.line_id IS NULL AND l.quantity > l.delivered"
        )
        return Counter(dict(self.store.rows(sql, id)))

    def _kept(self, id: str) -> Counter[tuple[str, str]]:
        sql = "SELECT line_id, lot_id, sum(quantity) FROM reservations WHERE prescription_id = ? GROUP BY 1, 2"
        return Counter({(line_id, lot_id): quantity for line_id, lot_id, quantity in self.store.rows(sql, id)})

    def _last(self, id: str) -> list[str]:
        sql = (
            "SELECT id FROM dispenses WHERE prescription_id = ? AND undone_at IS NULL ORDER BY at DESC, id DESC LIMIT 1"
        )
        return [dispense_id for (dispense_id,) in self.store.rows(sql, id)]

    def _handed(self, dispense_id: str) -> Counter[tuple[str, str]]:
        sql = "SELECT line_id, lot_id, quantity FROM dispense_lines WHERE dispense_id = ?"
        return Counter({(line_id, lot_id): quantity for line_id, lot_id, quantity in self.store.rows(sql, dispense_id)})

    @staticmethod
    def _by_line(handed: Counter[tuple[str, str]]) -> Counter[str]:
        found = Counter[str]()
        for (line_id, _), quantity in handed.items():
            found[line_id] += quantity
        return found

    def _lot(self, lot_id: str) -> list[Any]:
        return self.store.rows(
            "SELECT p.pharmacy_id, p.medicine_id, l.number, l.withheld_at, l.expires_on FROM lots l "
            "JOIN products p ON p.id = l.product_id WHERE l.id = ?",
            lot_id,
        )

    def _stock(self) -> list[Any]:
        """All that counts of the stock, without how often it has changed."""
        return [
            self.store.rows("SELECT id, on_hand, reserved FROM lots ORDER BY id"),
            self.store.rows("SELECT prescription_id, line_id, lot_id, quantity FROM reservations ORDER BY 1, 2, 3"),
            self.store.rows("SELECT id, delivered FROM prescription_lines ORDER BY id"),
            self.store.rows("SELECT id, status FROM prescriptions ORDER BY id"),
        ]

    def _content(self) -> list[Any]:
        counted = ("movements", "dispenses", "dispense_lines", "transfers", "prescription_acts")
        return [*self._stock(), [self.store.rows(f"SELECT count(*) FROM {table}") for table in counted]]

    # --- what is true after every step ------------------------------------------------------------------------

    @invariant()
    def the_second_books_agree(self) -> None:
        found = self.store.rows(
            "SELECT p.pharmacy_id, p.medicine_id, l.number, l.on_hand FROM lots l "
            "JOIN products p ON p.id = l.product_id"
        )
        assert {(place, medicine, number): on_hand for place, medicine, number, on_hand in found if on_hand} == {
            lot: quantity for lot, quantity in self.books.items() if quantity
        }
        sent = self.store.rows(
            "SELECT p.medicine_id, sum(t.quantity) FROM transfers t JOIN lots l ON l.id = t.lot_id "
            "JOIN products p ON p.id = l.product_id WHERE coalesce(t.received_at, t.undone_at) IS NULL GROUP BY 1"
        )
        assert dict(sent) == +self.on_its_way

    @invariant()
    def it_adds_up_and_is_never_below_nothing(self) -> None:
        for check in (soundness.unmoved, soundness.unreserved, soundness.untied):
            assert not list(self.store.read(check))
        assert not self.store.rows("SELECT id FROM lots WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand")

    @invariant()
    def no_more_is_handed_over_or_put_aside_than_is_owed(self) -> None:
        for line_id, quantity, delivered, kept in self.store.rows(
            "SELECT l.id, l.quantity, l.delivered, "
            "(SELECT coalesce(sum(quantity), 0) FROM reservations WHERE line_id = l.id) FROM prescription_lines l"
        ):
            assert 0 <= delivered == self.given[line_id] and delivered + kept <= quantity

    @invariant()
    def what_is_put_aside_is_of_the_pharmacy_that_has_it_and_may_be_given(self) -> None:
        for place, medicine, prescribed, has in self.store.rows(
            "SELECT p.pharmacy_id, p.medicine_id, l.medicine_id, c.pharmacy_id FROM reservations r "
            "JOIN lots o ON o.id = r.lot_id JOIN products p ON p.id = o.product_id "
            "JOIN prescription_lines l ON l.id = r.line_id JOIN prescriptions c ON c.id = r.prescription_id"
        ):
            assert place == has and medicine in {prescribed, CAPSULE if prescribed == PARACETAMOL else prescribed}


@pytest.mark.sqlite_only
def test_whatever_happens_to_the_stock_its_books_agree(
    store: Store, path: Path, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folder = tmp_path / "stocks"
    folder.mkdir()
    done = Counter[str]()
    stocks = type("Stocks", (Stocks,), {"settled": path, "folder": folder, "done": done})
    if settings().stateful_step_count < 100:
        run_state_machine_as_test(stocks, settings=settings(max_examples=25))
        return
    given = request.config.getoption("--hypothesis-seed")
    number = int(given) if given else random.randrange(1_000_000)
    try:
        run_state_machine_as_test(seed(number)(stocks), settings=settings(max_examples=LONG))
    finally:
        with capsys.disabled():
            sys.stdout.write(f"\n--hypothesis-seed={number}: {dict(done.most_common())}\n")
    assert done.keys() == set(ACTS)
