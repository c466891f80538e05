"""What is asked of a prescription while something of another, or of itself, was handed over already."""

import pytest
from cast import AWA, DIOP, FALL, KADD, NDIAYE, PARACETAMOL
from steps import KEY, code, grant, ready
from store import Clock, Store

from fadjma.prescriptions import checking, copying, dispensing, queries
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.refusals import Alerted

LINES = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)]


def _line(store: Store, prescription_id: str) -> str:
    return str(store.value("SELECT id FROM prescription_lines WHERE prescription_id = ?", prescription_id))


def _give(store: Store, prescription_id: str, quantity: int) -> str:
    parts = [Part(_line(store, prescription_id), quantity)]
    given = code(store, prescription_id)
    return store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, parts=parts, code=given)


def _texts(alerted: Alerted) -> list[str]:
    return [str(one["text"]).replace("\u00a0", " ") for one in alerted.details["alerts"]]


def test_what_is_owed_of_a_part_handed_over_long_ago_waits_still(store: Store, clock: Clock) -> None:
    prescription_id = _give(store, ready(store), 5)
    clock.advance(days=12)
    grant(store)
    with pytest.raises(Alerted) as asked:
        store.write(checking.sign, DIOP, AWA.id, lines=LINES)
    [text] = _texts(asked.value)
    assert text.startswith("Déjà remis le") and "le reste est encore dû" in text
    _give(store, prescription_id, 15)
    clock.advance(days=12)
    grant(store)
    assert store.write(checking.sign, DIOP, AWA.id, lines=LINES), "all was handed over, and the course is over"


def test_a_correction_asks_about_what_was_handed_over_and_begins_with_the_rest(store: Store) -> None:
    refused = _give(store, ready(store), 12)
    store.write(dispensing.release, NDIAYE, refused, reason="Plus en stock")
    store.write(dispensing.validate, FALL, refused)
    store.write(dispensing.refuse, FALL, refused, code="dose", text="Dose à vérifier")
    lines = store.read(queries.prescription_in_full, DIOP, refused).lines
    assert [copy.quantity for copy in store.read(copying.of_owed, lines)] == [8]
    with pytest.raises(Alerted) as asked:
        store.write(checking.sign, DIOP, AWA.id, lines=LINES, replaces_id=refused, pharmacy_id=KADD)
    [text] = _texts(asked.value)
    assert text.startswith("Déjà remis le") and "dû" not in text, "what was refused is owed no more"
