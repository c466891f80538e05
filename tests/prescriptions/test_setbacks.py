"""What does not go as planned: what cannot be supplied, what has expired, what was a mistake, what ends late."""

from typing import Any

import pytest
from cast import AWA, DIOP, FALL, GOMIS, JAMM, KADD, NDIAYE
from steps import (
    KEY,
    code,
    delivered,
    in_days,
    issue,
    issued,
    prepared,
    ready,
    receive,
    refused,
    status,
    validated,
)
from store import Store

from fadjma.identity.people import Viewer
from fadjma.inventory import movements
from fadjma.inventory import soundness as stock
from fadjma.prescriptions import actions, dispensing, lists, queries, setbacks, soundness
from fadjma.prescriptions.dispensing import Part
from fadjma.prescriptions.prescription import Prescription
from fadjma.refusals import Conflict, Doubtful, Invalid, NotFound

MINUTE = 60_000


def _found(store: Store, prescription_id: str, person: Viewer = NDIAYE) -> Prescription:
    return store.read(queries.prescription_in_full, person, prescription_id)


def _line(store: Store, prescription_id: str) -> str:
    return _found(store, prescription_id, DIOP).lines[0].id


def _hand_over(store: Store, prescription_id: str, quantity: int, person: Viewer = NDIAYE) -> str:
    parts = [Part(_line(store, prescription_id), quantity)]
    return store.write(
        dispensing.deliver, person, prescription_id, key=KEY, code=code(store, prescription_id), parts=parts
    )


def _sound(store: Store) -> bool:
    checks: tuple[Any, ...] = (stock.unmoved, stock.unreserved, soundness.undispensed, soundness.unacted)
    return not any(list(store.read(check)) for check in checks)


class TestWhatCannotBeSupplied:
    def _said(self, store: Store, prescription_id: str) -> dict[str, list[str | None]]:
        return store.news(
            setbacks.cannot_supply,
            NDIAYE,
            prescription_id,
            line_id=_line(store, prescription_id),
            code="out_of_stock",
            text="Attendu lundi",
        )

    def test_its_prescriber_is_told_and_everybody_reads_why(self, store: Store) -> None:
        prescription_id = validated(store)
        news = self._said(store, prescription_id)
        assert news == {DIOP.id: ["prescription.unsupplied"], AWA.id: [None], GOMIS.id: [None], NDIAYE.id: [None]}
        for person in (DIOP, AWA, NDIAYE):
            [line] = _found(store, prescription_id, person).json("fr")["lines"]
            assert (line["unsupplied"]["code"], line["unsupplied"]["text"]) == ("out_of_stock", "Attendu lundi")
        assert status(store, prescription_id) == "validated"

    def test_the_same_is_said_once(self, store: Store) -> None:
        prescription_id = validated(store)
        self._said(store, prescription_id)
        before = store.content()
        with pytest.raises(Conflict, match="déjà prévenu"):
            self._said(store, prescription_id)
        assert store.content() == before
        said = {"line_id": _line(store, prescription_id), "code": "out_of_stock", "text": "Attendu mardi"}
        assert store.news(setbacks.cannot_supply, GOMIS, prescription_id, **said)[DIOP.id] == [
            "prescription.unsupplied"
        ]

    def test_it_is_of_a_line_that_is_owed(self, store: Store) -> None:
        prescription_id = _hand_over(store, ready(store), 20)
        store.connection.execute("UPDATE prescriptions SET status = 'ready'")
        with pytest.raises(Invalid):
            self._said(store, prescription_id)

    def test_what_has_been_handed_over_since_can_be_supplied(self, store: Store) -> None:
        prescription_id = ready(store)
        self._said(store, prescription_id)
        _hand_over(store, prescription_id, 20)
        assert _found(store, prescription_id).lines[0].shortage is None

    def test_the_rest_goes_to_another_pharmacy(self, store: Store) -> None:
        prescription_id = _hand_over(store, ready(store), 8)
        store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture", confirmed=True)
        store.clock.advance(minutes=1)
        receive(store, pharmacist=FALL)
        for act in (dispensing.validate, dispensing.prepare, dispensing.mark_ready):
            store.write(act, FALL, prescription_id)
        assert [line.at_hand for line in _found(store, prescription_id, FALL).lines] == [12]
        _hand_over(store, prescription_id, 12, FALL)
        assert status(store, prescription_id) == "delivered"
        assert [one.pharmacy_id for one in _found(store, prescription_id, AWA).dispenses] == [JAMM, KADD]
        assert _sound(store)

    def test_refused_as_unavailable_another_pharmacy_has_it_at_once(self, store: Store) -> None:
        prescription_id = prepared(store)
        news = store.news(dispensing.refuse, NDIAYE, prescription_id, code="unavailable", text="En rupture")
        assert status(store, prescription_id) == "issued"
        assert news[DIOP.id] == ["prescription.unavailable"]
        assert news[FALL.id] == ["prescription.to_validate"]
        assert store.value("SELECT sum(reserved) FROM lots") == 0
        store.write(dispensing.validate, FALL, prescription_id)

    def test_refused_for_a_clinical_reason_nobody_has_it_before_its_prescriber_has_answered(self, store: Store) -> None:
        prescription_id = refused(store)
        with pytest.raises(NotFound):
            store.write(dispensing.validate, FALL, prescription_id)
        with pytest.raises(Conflict):
            store.write(dispensing.validate, NDIAYE, prescription_id)
        again = issue(store, pharmacy=None, replaces_id=prescription_id)
        store.write(dispensing.validate, FALL, again)

    @pytest.mark.parametrize("before", [ready, delivered])
    def test_what_is_unavailable_is_refused_before_it_is_ready(self, store: Store, before: Any) -> None:
        prescription_id = before(store)
        with pytest.raises(Conflict):
            store.write(dispensing.refuse, NDIAYE, prescription_id, code="unavailable", text="En rupture")


class TestUndoing:
    def _undo(self, store: Store, prescription_id: str, person: Viewer = NDIAYE) -> str:
        return store.write(setbacks.undo, person, prescription_id, reason="Mauvais sac")

    @pytest.mark.parametrize("quantity", [8, 20])
    def test_it_is_as_before_but_for_the_code(self, store: Store, quantity: int) -> None:
        prescription_id = ready(store)
        used = code(store, prescription_id)
        _hand_over(store, prescription_id, quantity)
        store.clock.advance(milliseconds=10 * MINUTE - 1)
        news = store.news(setbacks.undo, NDIAYE, prescription_id, reason="Mauvais sac")
        assert status(store, prescription_id) == "ready"
        assert store.rows("SELECT on_hand, reserved FROM lots") == [(100, quantity)]
        assert code(store, prescription_id) != used
        assert (news[AWA.id][-1], news[DIOP.id]) == ("prescription.undone", ["prescription.undone"])
        found = _found(store, prescription_id)
        assert [line.delivered for line in found.lines] == [0]
        assert [(one.json()["status"], one.undo_reason) for one in found.dispenses] == [
            ("entered-in-error", "Mauvais sac")
        ]
        assert found.acts[-1].label == "Remise annulée"
        moved = [
            (one.label, one.quantity)
            for one in store.read(movements.movements, NDIAYE, store.value("SELECT id FROM lots"))
        ]
        assert ("Remise annulée", quantity) in moved and ("Remis à un patient", -quantity) in moved
        assert _sound(store)

    def test_of_two_parts_the_last_is_undone(self, store: Store) -> None:
        prescription_id = _hand_over(store, ready(store), 8)
        store.clock.advance(minutes=1)
        _hand_over(store, prescription_id, 5)
        self._undo(store, prescription_id)
        assert [line.delivered for line in _found(store, prescription_id).lines] == [8]
        assert store.rows("SELECT on_hand, reserved FROM lots") == [(92, 5)]

    def test_after_ten_minutes_it_has_happened(self, store: Store) -> None:
        prescription_id = delivered(store)
        assert _found(store, prescription_id).undoable
        store.clock.advance(milliseconds=10 * MINUTE)
        before = store.content()
        with pytest.raises(Conflict, match="ne peut plus"):
            self._undo(store, prescription_id)
        assert store.content() == before
        assert not _found(store, prescription_id).undoable

    @pytest.mark.parametrize(("minutes", "undoable"), [(-1, True), (-11, False), (-4_000 * 24 * 60, False)])
    def test_a_clock_that_begins_years_before_gives_no_time_anew(
        self, store: Store, minutes: int, undoable: bool
    ) -> None:
        """Else every hand-over of those years could be undone, with an empty battery."""
        prescription_id = delivered(store)
        store.clock.advance(minutes=minutes)
        assert _found(store, prescription_id).undoable == undoable

    def test_what_is_given_back_can_no_longer_be_undone_which_is_said_first(self, store: Store) -> None:
        prescription_id = _hand_over(store, ready(store), 8)
        before = store.content()
        with pytest.raises(Doubtful) as asked:
            store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
        assert asked.value.confirm == ["reason"] and store.content() == before
        store.clock.advance(milliseconds=10 * MINUTE)
        store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
        assert status(store, prescription_id) == "issued"

    def test_of_lots_that_are_not_known_nothing_can_be_put_back(self, store: Store) -> None:
        prescription_id = delivered(store)
        store.without("dispense_lines_are_final")  # handed over before lots were kept
        store.connection.execute("UPDATE dispense_lines SET lot_id = NULL")
        before = store.content()
        with pytest.raises(Conflict, match="lots remis ne sont pas connus"):
            self._undo(store, prescription_id)
        assert store.content() == before

    def test_it_is_undone_once_and_by_its_pharmacy(self, store: Store) -> None:
        prescription_id = delivered(store)
        with pytest.raises(NotFound):
            self._undo(store, prescription_id, FALL)
        self._undo(store, prescription_id, GOMIS)
        with pytest.raises(Conflict):
            self._undo(store, prescription_id)

    def test_it_is_no_treatment_and_no_earlier_delivery(self, store: Store) -> None:
        self._undo(store, delivered(store))
        assert store.read(lists.treatments, AWA.id) == []
        assert _found(store, issue(store)).earlier == ()


class TestALotThatExpires:
    def test_what_is_ready_is_prepared_anew_from_another(self, store: Store) -> None:
        receive(store, 20, number="SOON", expires_on=in_days(store, 2))
        prescription_id = store.write(dispensing.prepare, NDIAYE, validated(store), confirmed=True)
        store.write(dispensing.mark_ready, NDIAYE, prescription_id)
        with pytest.raises(Conflict):
            store.write(setbacks.prepare, NDIAYE, prescription_id)
        store.clock.advance(days=3)
        receive(store, 30, number="LATE")
        assert _found(store, prescription_id).perished
        store.write(setbacks.prepare, NDIAYE, prescription_id)
        assert status(store, prescription_id) == "prepared"
        assert store.rows("SELECT number, reserved FROM lots ORDER BY number") == [("LATE", 20), ("SOON", 0)]
        assert not _found(store, prescription_id).perished

    def test_what_has_come_since_is_prepared_with_the_rest(self, store: Store) -> None:
        receive(store, 8)
        prescription_id = store.write(dispensing.prepare, NDIAYE, validated(store), partial=True)
        store.write(dispensing.mark_ready, NDIAYE, prescription_id)
        receive(store, 30, number="L2")
        store.write(setbacks.prepare, NDIAYE, prescription_id)
        assert store.value("SELECT sum(reserved) FROM lots") == 20
        assert _sound(store)


class TestALateEnd:
    @pytest.mark.parametrize("end", [actions.cancel, actions.mark_error])
    @pytest.mark.parametrize("before", [prepared, ready, lambda store: _hand_over(store, ready(store), 8)])
    def test_the_pharmacy_that_had_prepared_says_that_it_knows(self, store: Store, before: Any, end: Any) -> None:
        prescription_id = before(store)
        store.write(end, DIOP, prescription_id, reason="Interaction")
        assert store.value("SELECT sum(reserved) FROM lots") == 0
        assert [item.id for item in store.read(actions.browse, NDIAYE, step="acknowledge")] == [prescription_id]
        assert [item.id for item in store.read(actions.browse, NDIAYE, place="now")] == [prescription_id]
        assert _found(store, prescription_id, DIOP).unacknowledged
        news = store.news(setbacks.acknowledge, NDIAYE, prescription_id)
        assert news[DIOP.id] == ["prescription.acknowledged"]
        assert _found(store, prescription_id, DIOP).acknowledged_at == store.clock()
        assert store.read(actions.browse, NDIAYE, step="all") == []
        assert [item.id for item in store.read(actions.browse, NDIAYE, place="rest")] == [prescription_id]
        with pytest.raises(Conflict):
            store.write(setbacks.acknowledge, NDIAYE, prescription_id)

    def test_where_nothing_was_prepared_nobody_is_asked(self, store: Store) -> None:
        prescription_id = validated(store)
        store.write(actions.cancel, DIOP, prescription_id, reason="Interaction")
        assert not _found(store, prescription_id).unacknowledged

    def test_what_is_owed_ends_and_what_was_given_stays(self, store: Store) -> None:
        prescription_id = _hand_over(store, ready(store), 8)
        store.write(actions.cancel, DIOP, prescription_id, reason="Interaction")
        [line] = _found(store, prescription_id, AWA).json("fr")["lines"]
        assert (line["delivered"], line["owed"]) == (8, 0)
        assert len(store.read(lists.treatments, AWA.id)) == 1


class TestChoosingThePharmacy:
    def test_it_goes_to_the_other_one_and_the_doctor_is_told(self, store: Store) -> None:
        prescription_id = issued(store)
        news = store.news(actions.choose_pharmacy, AWA, prescription_id, pharmacy_id=KADD)
        assert news == {
            AWA.id: [None],
            DIOP.id: ["prescription.redirected"],
            FALL.id: ["prescription.to_validate"],
            NDIAYE.id: [None],
            GOMIS.id: [None],
        }
        with pytest.raises(NotFound):
            _found(store, prescription_id, NDIAYE)
        assert _found(store, prescription_id, FALL).lines
        assert _found(store, prescription_id, AWA).acts[-1].label == "Envoyée à une autre pharmacie"

    def test_it_is_open_to_any(self, store: Store) -> None:
        prescription_id = issued(store)
        store.write(actions.choose_pharmacy, AWA, prescription_id, pharmacy_id=None)
        assert _found(store, prescription_id, FALL).neutral

    def test_the_same_one_changes_nothing(self, store: Store) -> None:
        prescription_id = issued(store)
        before = store.content()
        store.write(actions.choose_pharmacy, AWA, prescription_id, pharmacy_id=JAMM)
        assert store.content() == before

    def test_nowhere_is_no_pharmacy(self, store: Store) -> None:
        prescription_id = issued(store)
        with pytest.raises(Invalid):
            store.write(actions.choose_pharmacy, AWA, prescription_id, pharmacy_id="clinic-teranga")

    def test_what_remains_elsewhere_goes_where_the_patient_says(self, store: Store) -> None:
        prescription_id = _hand_over(store, ready(store), 8)
        store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture", confirmed=True)
        store.write(actions.choose_pharmacy, AWA, prescription_id, pharmacy_id=KADD)
        assert _found(store, prescription_id, FALL).owed(_found(store, prescription_id, FALL).lines[0]) == 12
