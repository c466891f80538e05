"""A line that could not be supplied is replaced in place, or ended; the others go on, and what is owed is right."""

from collections.abc import Callable
from typing import Any

import pytest
from cast import AMOXICILLIN, AWA, DIOP, FALL, GOMIS, INSULIN, JAMM, NDIAYE, PARACETAMOL
from steps import KEY, code, grant, receive, status
from store import Store

from fadjma.identity.people import Viewer
from fadjma.inventory import soundness as stock
from fadjma.prescriptions import (
    actions,
    copying,
    correcting,
    dispensing,
    labels,
    queries,
    renewals,
    replacing,
    setbacks,
    soundness,
)
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.prescriptions.prescription import Line, Prescription
from fadjma.refusals import Alerted, Conflict, Forbidden, Invalid, NotFound, NotNow
from fadjma.safety import queries as safety

NEW = NewLine(INSULIN, "10 unités le soir", 2, 28)


def _found(store: Store, prescription_id: str, person: Viewer = NDIAYE) -> Prescription:
    return store.read(queries.prescription_in_full, person, prescription_id)


def _lines(store: Store, prescription_id: str) -> list[Line]:
    return list(_found(store, prescription_id, DIOP).lines)


def _begun(store: Store, *acts: Callable[..., str], has: tuple[str, ...] = (PARACETAMOL,)) -> str:
    """Paracetamol and amoxicillin, of which the pharmacy cannot supply the second."""
    grant(store)
    for medicine_id in has:
        receive(store, 100 if medicine_id == PARACETAMOL else 8, number=f"L-{medicine_id}", medicine_id=medicine_id)
    lines = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10), NewLine(AMOXICILLIN, "1 comprimé", 12, 6)]
    issue: dict[str, Any] = {"lines": lines, "pharmacy_id": JAMM, "confirmed": True}
    prescription_id = store.write(actions.issue, DIOP, AWA.id, **issue)
    store.write(dispensing.validate, NDIAYE, prescription_id)
    how = {"line_id": _lines(store, prescription_id)[1].id, "code": "out_of_stock", "text": "Attendu lundi"}
    store.write(setbacks.cannot_supply, NDIAYE, prescription_id, **how)
    for act in acts:
        more = {"partial": True, "confirmed": True} if act is dispensing.prepare else {}
        store.write(act, NDIAYE, prescription_id, **more)
    return prescription_id


def _second(store: Store, prescription_id: str) -> str:
    return _lines(store, prescription_id)[1].id


def _replace(store: Store, prescription_id: str, who: Viewer = DIOP, **how: Any) -> str:
    how = {"line_id": _second(store, prescription_id), "line": NEW, "confirmed": True} | how
    return store.write(replacing.replace_line, who, prescription_id, **how)


def _end(store: Store, prescription_id: str, **how: Any) -> str:
    how = {"line_id": _second(store, prescription_id), "reason": "Introuvable partout"} | how
    return store.write(replacing.end_line, DIOP, prescription_id, **how)


def _hand_over(store: Store, prescription_id: str, *quantities: int) -> str:
    parts = [
        Part(line.id, quantity) for line, quantity in zip(_lines(store, prescription_id), quantities, strict=False)
    ]
    given = code(store, prescription_id)
    return store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=given, parts=parts)


def _is_sound(store: Store) -> bool:
    checks: tuple[Any, ...] = (stock.unmoved, stock.unreserved, soundness.undispensed, soundness.unacted)
    return not any(list(store.read(check)) for check in checks)


PREPARE, READY = dispensing.prepare, dispensing.mark_ready


class TestReplacing:
    def test_the_old_one_stays_with_why_and_the_new_one_is_owed(self, store: Store) -> None:
        prescription_id = _begun(store)
        _replace(store, prescription_id)
        shown = _found(store, prescription_id).json("fr")
        kept, old, new = shown["lines"]
        assert (kept["owed"], kept["ended"], kept["replaces"]) == (20, None, None)
        assert (old["owed"], old["remaining"], old["unsupplied"]["code"]) == (0, 0, "out_of_stock")
        assert old["ended"]["replaced_by"] == new["id"] and new["replaces"] == old["id"]
        assert (new["prescribed"], new["delivered"], new["owed"], new["unsupplied"]) == (2, 0, 2, None)
        assert (shown["revision"], shown["status"]) == (2, "validated")

    def test_patient_and_pharmacy_are_told_and_see_the_difference(self, store: Store) -> None:
        prescription_id = _begun(store)
        how = {"line_id": _second(store, prescription_id), "line": NEW, "confirmed": True}
        news = store.news(replacing.replace_line, DIOP, prescription_id, **how)
        told = "prescription.line_replaced"
        assert news == {AWA.id: [told], NDIAYE.id: [told], GOMIS.id: [told], DIOP.id: [None]}
        for person in (AWA, NDIAYE, DIOP):
            [change] = correcting.in_place(_found(store, prescription_id, person))
            assert change.before and change.after
            assert (change.before.medicine_id, change.after.medicine_id) == (AMOXICILLIN, INSULIN)
            assert ("ins", "2") in change.pieces("quantity")
            names = [("del", change.before.name), ("same", " → "), ("ins", change.after.name)]
            assert change.pieces("name") == names, "whole: « 4 métoclopramide 10 mg » is no dose of either"

    @pytest.mark.parametrize(("acts", "state"), [((PREPARE,), "prepared"), ((PREPARE, READY), "ready")])
    def test_what_is_prepared_stays_so_and_the_new_one_is_prepared_beside_it(
        self, store: Store, acts: tuple[Callable[..., str], ...], state: str
    ) -> None:
        prescription_id = _begun(store, *acts, has=(PARACETAMOL, AMOXICILLIN))
        assert store.rows("SELECT reserved FROM lots ORDER BY reserved") == [(8,), (20,)]
        _replace(store, prescription_id)
        assert status(store, prescription_id) == state
        assert store.rows("SELECT reserved FROM lots ORDER BY reserved") == [(0,), (20,)]
        assert [line.at_hand for line in _found(store, prescription_id).lines] == [20, 0, 0]
        receive(store, 5, medicine_id=INSULIN, number="I1")
        store.write(setbacks.prepare, NDIAYE, prescription_id, confirmed=True)
        assert status(store, prescription_id) == "prepared" and _is_sound(store)
        store.write(READY, NDIAYE, prescription_id)
        store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
        assert status(store, prescription_id) == "delivered"
        assert [line.delivered for line in _lines(store, prescription_id)] == [20, 0, 2] and _is_sound(store)
        assert [label.line.medicine_id for label in store.write(labels.open_labels, NDIAYE, prescription_id).each] == [
            PARACETAMOL,
            INSULIN,
        ]

    @pytest.mark.parametrize("acts", [(PREPARE,), (PREPARE, READY)])
    def test_where_nothing_is_put_aside_any_more_it_is_to_be_prepared_again(
        self, store: Store, acts: tuple[Callable[..., str], ...]
    ) -> None:
        prescription_id = _begun(store, *acts, has=(AMOXICILLIN,))
        _replace(store, prescription_id)
        found = _found(store, prescription_id)
        assert (found.status, found.acts[-1].label) == ("validated", "À préparer de nouveau")
        assert store.value("SELECT sum(reserved) FROM lots") == 0 and _is_sound(store)

    def test_what_was_handed_over_of_the_old_one_stays_and_cannot_be_undone(self, store: Store) -> None:
        prescription_id = _begun(store, PREPARE, READY, has=(PARACETAMOL, AMOXICILLIN))
        _hand_over(store, prescription_id, 20, 8)
        assert _found(store, prescription_id).undoable
        _replace(store, prescription_id)
        found = _found(store, prescription_id)
        assert (found.status, found.undoable) == ("part_delivered", False)
        assert [(line.delivered, found.owed(line)) for line in found.lines] == [(20, 0), (8, 0), (0, 2)]
        assert {one.medicine for one in found.dispenses[0].lines} == {"paracétamol 500 mg", "amoxicilline 1 g"}
        with pytest.raises(Conflict, match="ne peut plus"):
            store.write(setbacks.undo, NDIAYE, prescription_id, reason="Mauvais sac")
        assert _is_sound(store)

    def test_it_is_replaced_again_and_each_version_stays(self, store: Store) -> None:
        prescription_id = _begun(store)
        _replace(store, prescription_id)
        new = _lines(store, prescription_id)[2]
        with pytest.raises(Invalid):
            _replace(store, prescription_id, line_id=new.id)  # nobody lacks it yet
        store.write(setbacks.cannot_supply, NDIAYE, prescription_id, line_id=new.id, code="not_kept")
        _replace(store, prescription_id, line_id=new.id, line=NewLine(AMOXICILLIN, "1 comprimé", 6, 6))
        found = _found(store, prescription_id)
        assert [bool(line.ended) for line in found.lines] == [False, True, True, False]
        assert found.revision == 3 and found.medicines == ("paracétamol 500 mg", "amoxicilline 1 g")

    def test_what_is_not_prescribed_any_more_is_neither_copied_nor_renewed_nor_waited_for(self, store: Store) -> None:
        prescription_id = _begun(store)
        _replace(store, prescription_id)
        _, copies = store.write(copying.of_prescription, DIOP, prescription_id, AWA.id)
        assert [copy.medicine_id for copy in copies] == [PARACETAMOL, INSULIN]
        renewable = store.read(renewals.lines_of, prescription_id)
        assert [one.line.medicine_id for one in renewable] == [PARACETAMOL, INSULIN]
        running = store.read(lambda tx: safety.ask_running(tx, AWA.id, queries.UNDER_WAY)())
        assert {one.medicine.id for one in running} == {PARACETAMOL, INSULIN}


class TestSafety:
    def test_what_is_asked_of_a_new_one_is_asked_here_too(self, store: Store) -> None:
        prescription_id = _begun(store)
        again = NewLine(PARACETAMOL, "1 comprimé matin et soir", 10, 5)  # beside itself
        before = store.content()
        with pytest.raises(Alerted) as asked:
            _replace(store, prescription_id, line=again, confirmed=False)
        assert [(one["kind"], one["line"]) for one in asked.value.details["alerts"]] == [("same_class", 0)]
        assert store.content() == before
        _replace(store, prescription_id, line=again)
        [answer] = _found(store, prescription_id).answers
        assert (answer.kind, answer.line) == ("same_class", 2)

    def test_what_another_doctor_has_prescribed_since_stops(self, store: Store) -> None:
        prescription_id = _begun(store)
        store.clock.advance(minutes=1)
        store.write(actions.issue, DIOP, AWA.id, lines=[NEW], confirmed=True)
        with pytest.raises(Alerted) as asked:
            _replace(store, prescription_id)
        assert [one["kind"] for one in asked.value.details["alerts"]] == ["duplicate"]

    def test_a_file_that_is_closed_is_not_prescribed_for_and_a_line_is_ended_all_the_same(self, store: Store) -> None:
        prescription_id = _begun(store)
        store.clock.advance(days=8)
        with pytest.raises(NotFound):
            _replace(store, prescription_id)
        _end(store, prescription_id)


class TestEnding:
    def test_the_rest_goes_on(self, store: Store) -> None:
        prescription_id = _begun(store)
        _end(store, prescription_id)
        found = _found(store, prescription_id)
        assert (found.status, [found.owed(line) for line in found.lines]) == ("validated", [20, 0])
        for act in (PREPARE, READY):
            store.write(act, NDIAYE, prescription_id)
        store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
        assert status(store, prescription_id) == "delivered" and _is_sound(store)

    def test_the_last_thing_owed_completes_what_was_handed_over(self, store: Store) -> None:
        prescription_id = _begun(store, PREPARE, READY)
        _hand_over(store, prescription_id, 20)
        _end(store, prescription_id)
        found = _found(store, prescription_id)
        assert (found.status, found.acts[-1].label) == ("delivered", "Terminée : plus rien n'est dû")
        store.write(setbacks.undo, NDIAYE, prescription_id, reason="Mauvais sac")  # of the other line
        assert status(store, prescription_id) == "ready" and _is_sound(store)

    def test_what_would_leave_nothing_is_cancelled_instead(self, store: Store) -> None:
        prescription_id = _begun(store, PREPARE, READY)
        [first, second] = _lines(store, prescription_id)
        store.write(setbacks.cannot_supply, NDIAYE, prescription_id, line_id=first.id, code="other")
        _end(store, prescription_id, line_id=first.id)
        assert status(store, prescription_id) == "validated", "nothing is put aside any more"
        before = store.content()
        with pytest.raises(NotNow, match="annulez-la"):
            _end(store, prescription_id, line_id=second.id)
        assert store.content() == before
        assert not _found(store, prescription_id, DIOP).endable(_lines(store, prescription_id)[1])


class TestMeanwhile:
    def test_a_version_that_is_not_the_newest_says_what_has_changed(self, store: Store) -> None:
        prescription_id = _begun(store)
        version = _found(store, prescription_id, DIOP).version
        store.write(PREPARE, NDIAYE, prescription_id, partial=True)
        before = store.content()
        with pytest.raises(Conflict) as changed:
            _replace(store, prescription_id, version=version)
        assert (changed.value.current, changed.value.values) == ("prepared", {"state": "Préparée", "owed": 12})
        assert store.content() == before
        _replace(store, prescription_id, version=version + 1)

    def test_the_second_of_two_learns_what_the_first_has_done(self, store: Store) -> None:
        prescription_id = _begun(store)
        _replace(store, prescription_id)
        for late in (_replace, _end):
            before = store.content()
            with pytest.raises(Conflict) as refusal:
                late(store, prescription_id)
            assert refusal.value.values == {"medicine": "insuline glargine 100 UI/ml, solution injectable"}
            assert store.content() == before

    def test_what_was_ended_or_handed_over_since_is_not_replaced(self, store: Store) -> None:
        prescription_id = _begun(store, PREPARE, READY, has=(PARACETAMOL, AMOXICILLIN))
        receive(store, 12, medicine_id=AMOXICILLIN, number="A2")
        store.write(setbacks.prepare, NDIAYE, prescription_id, confirmed=True)
        store.write(READY, NDIAYE, prescription_id)
        _hand_over(store, prescription_id, 10, 12)
        with pytest.raises(Conflict, match="remis en entier"):
            _replace(store, prescription_id)

    def test_a_hand_over_on_a_page_from_before_is_refused(self, store: Store) -> None:
        prescription_id = _begun(store, PREPARE, READY)
        version = _found(store, prescription_id).version
        _replace(store, prescription_id)
        how: dict[str, Any] = {"key": KEY, "code": code(store, prescription_id), "version": version}
        with pytest.raises(Conflict):
            store.write(dispensing.deliver, NDIAYE, prescription_id, **how)

    @pytest.mark.parametrize(("who", "refusal"), [(NDIAYE, Forbidden), (AWA, Forbidden), (FALL, Forbidden)])
    def test_nobody_else_does_it(self, store: Store, who: Viewer, refusal: type[Exception]) -> None:
        prescription_id = _begun(store)
        with pytest.raises(refusal):
            _replace(store, prescription_id, who)

    def test_a_retired_medicine_and_a_line_of_another_are_refused(self, store: Store) -> None:
        prescription_id = _begun(store)
        store.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (INSULIN,))
        with pytest.raises(Invalid) as refused:
            _replace(store, prescription_id)
        assert list(refused.value.errors) == ["lines-0-medicine"]
        with pytest.raises(Invalid) as refused:
            _replace(store, prescription_id, line_id="unknown")
        assert list(refused.value.errors) == ["line_id"]
