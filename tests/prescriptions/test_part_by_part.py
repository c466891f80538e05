"""Handing over part by part: what is handed over, what is owed, and what out of which lot."""

from typing import Any

import pytest
from cast import AMOXICILLIN, AWA, DIOP, FALL, GOMIS, JAMM, NDIAYE, PARACETAMOL, SARR
from steps import KEY, code, delivered, grant, in_days, issued, prepared, ready, receive, status, validated
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, handover, lists, queries, setbacks, soundness, states
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.prescriptions.prescription import Prescription
from fadjma.refusals import Conflict, Invalid, NotNow


def _found(store: Store, prescription_id: str, person: Viewer = NDIAYE) -> Prescription:
    return store.read(queries.prescription_in_full, person, prescription_id)


def _line(store: Store, prescription_id: str) -> str:
    return _found(store, prescription_id, AWA).lines[0].id


def _hand_over(store: Store, prescription_id: str, quantity: int | None = None, **what: Any) -> str:
    """So much of the first line, or all that is owed."""
    parts = None if quantity is None else [Part(_line(store, prescription_id), quantity)]
    given = what or {"code": code(store, prescription_id)}
    return store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, parts=parts, **given)


def _part_delivered(store: Store, quantity: int = 8) -> str:
    return _hand_over(store, ready(store), quantity)


def _two_lines(store: Store) -> tuple[str, str, str]:
    """A ready prescription of two medicines, and its lines."""
    grant(store)
    lines = [
        NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10),
        NewLine(AMOXICILLIN, "1 comprimé matin, midi et soir", 21, 7),
    ]
    prescription_id = store.write(actions.issue, DIOP, AWA.id, lines=lines, pharmacy_id=JAMM, confirmed=True)
    for medicine_id in (PARACETAMOL, AMOXICILLIN):
        receive(store, medicine_id=medicine_id)
    for act in (dispensing.validate, dispensing.prepare, dispensing.mark_ready):
        store.write(act, NDIAYE, prescription_id)
    first, second = _found(store, prescription_id).lines
    return prescription_id, first.id, second.id


def test_what_is_not_handed_over_is_owed(store: Store) -> None:
    prescription_id = _part_delivered(store)
    assert status(store, prescription_id) == "part_delivered"
    for person in (AWA, DIOP, NDIAYE):
        found = _found(store, prescription_id, person)
        [line] = found.json("fr")["lines"]
        assert (line["prescribed"], line["delivered"], line["owed"]) == (20, 8, 12)
        assert found.is_part_delivered


def test_each_hand_over_is_a_dispense_with_lots_and_proof(store: Store) -> None:
    prescription_id = _part_delivered(store)
    _hand_over(store, prescription_id, identity_document="CNI 1 234", reason="Téléphone cassé")
    first, second = _found(store, prescription_id).dispenses
    assert (first.proof, first.name, [(one.lot, one.quantity) for one in first.lines]) == (
        "code",
        NDIAYE.name,
        [("L1", 8)],
    )
    assert (second.proof, second.reason) == ("identity", "Téléphone cassé")
    assert [one.quantity for one in second.lines] == [12]
    assert status(store, prescription_id) == "delivered"


def test_what_is_not_said_is_all_that_is_owed(store: Store) -> None:
    prescription_id = _hand_over(store, _part_delivered(store))
    assert status(store, prescription_id) == "delivered"
    assert store.rows("SELECT on_hand, reserved FROM lots") == [(80, 0)]


def test_what_was_kept_and_not_handed_over_is_free_again(store: Store) -> None:
    _part_delivered(store)
    assert store.rows("SELECT on_hand, reserved FROM lots") == [(92, 0)]


def test_the_rest_has_a_code_of_its_own(store: Store) -> None:
    prescription_id = ready(store)
    first = code(store, prescription_id)
    _hand_over(store, prescription_id, 8)
    assert code(store, prescription_id) != first
    with pytest.raises(Invalid):
        _hand_over(store, prescription_id, code=first)
    shown = handover.shown_to(AWA, _found(store, prescription_id, AWA), KEY)
    assert shown == code(store, prescription_id)


def test_the_rest_is_ready_when_it_has_come(store: Store) -> None:
    receive(store, 8)
    prescription_id = validated(store)
    with pytest.raises(NotNow):
        store.write(dispensing.prepare, NDIAYE, prescription_id)
    store.write(dispensing.prepare, NDIAYE, prescription_id, partial=True)
    store.write(dispensing.mark_ready, NDIAYE, prescription_id)
    with pytest.raises(NotNow):  # all that is owed was not put aside
        _hand_over(store, prescription_id)
    _hand_over(store, prescription_id, 8)
    with pytest.raises(NotNow):
        store.write(dispensing.prepare_rest, NDIAYE, prescription_id)
    with pytest.raises(NotNow):
        store.write(dispensing.prepare_rest, NDIAYE, prescription_id, partial=True)
    receive(store, 30, number="L2")
    store.write(dispensing.prepare_rest, NDIAYE, prescription_id)
    assert status(store, prescription_id) == "ready"
    assert "prescription.rest_ready" in store.told(AWA)
    _hand_over(store, prescription_id)
    assert store.rows("SELECT number, on_hand, reserved FROM lots ORDER BY number") == [("L1", 0, 0), ("L2", 18, 0)]


def test_first_expired_is_handed_over_first(store: Store) -> None:
    receive(store, 15, number="LATE", expires_on=in_days(store, 300))
    receive(store, 15, number="SOON", expires_on=in_days(store, 30))
    prescription_id = store.write(dispensing.prepare, NDIAYE, validated(store), confirmed=True)
    store.write(dispensing.mark_ready, NDIAYE, prescription_id)
    _hand_over(store, prescription_id, 17)
    [dispense] = _found(store, prescription_id).dispenses
    assert [(one.lot, one.quantity) for one in dispense.lines] == [("SOON", 15), ("LATE", 2)]


def test_a_kept_lot_that_has_expired_is_not_handed_over(store: Store) -> None:
    receive(store, 15, number="SOON", expires_on=in_days(store, 2))
    receive(store, 15, number="LATE", expires_on=in_days(store, 300))
    prescription_id = store.write(dispensing.prepare, NDIAYE, validated(store), confirmed=True)
    store.write(dispensing.mark_ready, NDIAYE, prescription_id)
    kept = _found(store, prescription_id).lines[0].lots
    assert [(lot.number, lot.quantity) for lot in kept] == [("SOON", 5), ("LATE", 15)]
    assert store.read(queries.prescription_in_full, DIOP, prescription_id).lines[0].lots == ()
    store.clock.advance(days=3)
    assert [lot.number for lot in _found(store, prescription_id).lines[0].lots] == ["LATE"]
    before = store.content()
    with pytest.raises(Conflict, match="périmé"):
        _hand_over(store, prescription_id)
    assert store.content() == before
    _hand_over(store, prescription_id, 5)
    [dispense] = _found(store, prescription_id).dispenses
    assert [(one.lot, one.quantity) for one in dispense.lines] == [("LATE", 5)]


def test_of_one_on_its_way_what_has_to_be_done_before_is_said(store: Store) -> None:
    prescription_id = ready(store)
    store.write(actions.request_delivery, AWA, prescription_id, address="Médina", phone="+221771234567")
    store.write(dispensing.depart, NDIAYE, prescription_id)
    store.connection.execute("UPDATE lots SET expires_on = '2020-01-01'")
    with pytest.raises(Conflict, match="revenez d'abord à « Prête »"):
        _hand_over(store, prescription_id)
    store.write(dispensing.bring_back, NDIAYE, prescription_id, reason="Lot périmé")
    with pytest.raises(Conflict, match="périmé ou bloqué : reprenez"):
        _hand_over(store, prescription_id)
    assert states.PREPARE_ANEW in _found(store, prescription_id).offered(NDIAYE)


def test_one_line_is_handed_over_and_the_other_owed(store: Store) -> None:
    prescription_id, first, second = _two_lines(store)
    parts = [Part(first, 20), Part(second, None)]
    store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id), parts=parts)
    found = _found(store, prescription_id)
    assert [found.owed(line) for line in found.lines] == [0, 21]
    assert [line.at_hand for line in found.lines] == [0, 21]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([], "lines"),
        ([Part("L", None)], "lines"),
        ([Part("L", 21)], "lines-0-quantity"),
        ([Part("L", 10**9)], "lines-0-quantity"),
        ([Part("another", 1)], "lines-0-line_id"),
        ([Part("L", 5), Part("L", 5)], "lines-1-line_id"),
    ],
)
def test_what_is_not_owed_is_not_handed_over(store: Store, parts: list[Part], field: str) -> None:
    prescription_id = ready(store)
    line = _line(store, prescription_id)
    asked = [Part(line if part.line_id == "L" else part.line_id, part.quantity) for part in parts]
    before = store.content()
    with pytest.raises(Invalid) as refusal:
        store.write(
            dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id), parts=asked
        )
    assert list(refusal.value.errors) == [field]
    assert store.content() == before


def test_everybody_concerned_hears_of_a_part(store: Store) -> None:
    prescription_id = ready(store)
    line = _line(store, prescription_id)
    news = store.news(
        dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id), parts=[Part(line, 8)]
    )
    assert news[AWA.id][-1] == "prescription.part_delivered"
    assert news[DIOP.id] == ["prescription.part_dispensed"]
    assert news[GOMIS.id][-1] is None


def test_what_is_owed_waits_in_the_list_of_its_pharmacy_and_of_its_patient(store: Store) -> None:
    prescription_id = _part_delivered(store)
    assert [item.id for item in store.read(actions.browse, NDIAYE, step="owed")] == [prescription_id]
    assert store.read(lists.counts, NDIAYE)["owed"] == 1
    assert store.read(lists.under_way, AWA.id) == 1


def test_what_is_owed_ends_with_its_time_and_what_was_given_stays(store: Store) -> None:
    prescription_id = _part_delivered(store)
    store.clock.advance(days=90)
    assert store.write(actions.expire, 10) == 1
    found = _found(store, prescription_id, AWA)
    assert (found.status, found.lines[0].delivered, found.owed(found.lines[0])) == ("expired", 8, 0)


def test_a_part_counts_as_given_to_whoever_dispenses_next(store: Store) -> None:
    _part_delivered(store)
    assert [one.name for one in store.read(lists.treatments, AWA.id)] == ["Paracétamol 500 mg"]


def test_another_pharmacy_reads_when_and_how_much_and_not_where(store: Store) -> None:
    prescription_id = ready(store)
    _hand_over(store, prescription_id, 8, identity_document="CNI 1 234", reason="Téléphone cassé")
    store.connection.execute("UPDATE prescriptions SET status = 'issued', pharmacy_id = NULL, addressed_to = NULL")
    store.connection.execute(
        "INSERT INTO prescription_acts (id, prescription_id, at, actor_id, from_status, to_status) "
        "VALUES ('back', ?, ?, 'ndiaye', 'part_delivered', 'issued')",
        (prescription_id, store.clock() + 1),
    )
    store.clock.advance(minutes=1)
    store.write(dispensing.validate, FALL, prescription_id)
    found = _found(store, prescription_id, FALL)
    [dispense] = found.dispenses
    assert [(one.quantity, one.lot) for one in dispense.lines] == [(8, None)]
    assert (dispense.pharmacy, dispense.name, dispense.proof, dispense.reason) == (None, None, None, "")
    assert "CNI" not in str(found.json("fr"))
    assert "Téléphone cassé" in str(_found(store, prescription_id, DIOP).json("fr"))


def test_another_pharmacy_reads_neither_who_acted_nor_what_they_wrote_of_it(store: Store) -> None:
    prescription_id = _part_delivered(store)
    store.write(setbacks.undo, NDIAYE, prescription_id, reason="Donné à un homonyme")
    store.clock.advance(minutes=1)
    _hand_over(store, prescription_id, 8, identity_document="CNI 1 234", reason="Téléphone cassé")
    short = {"line_id": _line(store, prescription_id), "code": "other", "text": "Vu au guichet"}
    store.write(setbacks.cannot_supply, NDIAYE, prescription_id, **short)
    store.clock.advance(minutes=11)
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
    store.clock.advance(minutes=1)
    store.write(dispensing.validate, FALL, prescription_id)
    secret = (NDIAYE.name, "homonyme", "CNI", "guichet")
    for wait in (0, 400):  # and long after it has ended
        store.clock.advance(hours=24 * wait)
        read = str(_found(store, prescription_id, FALL).json("fr"))
        assert not [word for word in secret if word in read] and FALL.name in read and "Rupture" in read
    written = str(_found(store, prescription_id, AWA).json("fr"))
    assert all(word in written for word in (NDIAYE.name, "homonyme", "•••234", "guichet"))


def test_what_was_handed_over_is_no_more_than_what_is_written_down(store: Store) -> None:
    _part_delivered(store)
    assert list(store.read(soundness.undispensed)) == []
    store.connection.execute("UPDATE prescription_lines SET delivered = 9")
    assert len(list(store.read(soundness.undispensed))) == 1


def test_a_whole_hand_over_is_a_dispense_too(store: Store) -> None:
    [dispense] = _found(store, delivered(store)).dispenses
    assert [one.quantity for one in dispense.lines] == [20]


def test_before_it_is_prepared_nothing_is_handed_over(store: Store) -> None:
    prescription_id = prepared(store)
    with pytest.raises(Conflict):
        _hand_over(store, prescription_id, 8)


def test_a_doctor_of_another_file_reads_none_of_it(store: Store) -> None:
    prescription_id = _part_delivered(store)
    with pytest.raises(Exception, match="n'existe pas"):
        _found(store, prescription_id, SARR)


def test_issued_it_is_all_owed(store: Store) -> None:
    found = _found(store, issued(store), AWA)
    assert found.owed(found.lines[0]) == 20
    assert not found.is_part_delivered
