"""What is asked of a prescription while something of another, or of itself, was handed over already."""

import pytest
from cast import AMOXICILLIN, AWA, DIOP, FALL, KADD, NDIAYE, PARACETAMOL
from steps import KEY, code, grant, in_days, ready, receive, status, validated
from store import Clock, Store

from fadjma.prescriptions import actions, checking, copying, dispensing, queries
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.records import noting
from fadjma.records.allergies import Facts
from fadjma.refusals import Alerted
from fadjma.safety import answers
from fadjma.safety.answers import Override

LINES = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)]


def _line(store: Store, prescription_id: str) -> str:
    return str(store.value("SELECT id FROM prescription_lines WHERE prescription_id = ?", prescription_id))


def _give(store: Store, prescription_id: str, quantity: int) -> str:
    parts = [Part(_line(store, prescription_id), quantity)]
    given = code(store, prescription_id)
    return store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, parts=parts, code=given)


def _texts(alerted: Alerted) -> list[str]:
    return [str(one["text"]).replace("\u00a0", " ") for one in alerted.details["alerts"]]


@pytest.mark.parametrize(
    ("birth_date", "is_child"),
    [("2007", False), ("2008", True), ("2008-02", False), ("2008-03", True), ("2008-03-02", False), ("2026", True)],
)
def test_who_may_be_a_child_is_one(store: Store, birth_date: str, is_child: bool) -> None:
    """On 2 March 2026: of whom only the year is known, the last day counts on which they may be born."""
    grant(store)
    store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = ?", (birth_date, AWA.id))
    found = store.read(checking.while_writing, DIOP, AWA.id, [PARACETAMOL], ["1 comprimé matin et soir"])
    assert ("weight" in {one.kind for one in found.unchecked}) is is_child


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
    store.write(dispensing.release, NDIAYE, refused, reason="Plus en stock", confirmed=True)
    store.write(dispensing.validate, FALL, refused)
    store.write(dispensing.refuse, FALL, refused, code="dose", text="Dose à vérifier")
    lines = store.read(queries.prescription_in_full, DIOP, refused).lines
    assert [copy.quantity for copy in store.read(copying.of_owed, lines)] == [8]
    with pytest.raises(Alerted) as asked:
        store.write(checking.sign, DIOP, AWA.id, lines=LINES, replaces_id=refused, pharmacy_id=KADD)
    [text] = _texts(asked.value)
    assert text.startswith("Déjà remis le") and "dû" not in text, "what was refused is owed no more"


def test_what_one_confirmation_answers_is_asked_at_once(store: Store) -> None:
    grant(store)
    store.connection.execute("UPDATE medicines SET atc = 'N02BE01'")
    for medicine_id in (PARACETAMOL, AMOXICILLIN):
        receive(store, medicine_id=medicine_id, expires_on=in_days(store, 2))
    lines = [NewLine(medicine_id, "1 comprimé matin et soir", 20, 10) for medicine_id in (PARACETAMOL, AMOXICILLIN)]
    prescription_id = store.write(actions.issue, DIOP, AWA.id, lines=lines, confirmed=True)
    store.write(dispensing.validate, NDIAYE, prescription_id)
    before = store.content()
    with pytest.raises(Alerted) as asked:
        store.write(checking.prepare, NDIAYE, prescription_id, confirmed=False)
    assert asked.value.confirm == ["lines-1-medicine", "lots"] == list(asked.value.errors)
    assert "périme avant la fin" in asked.value.errors["lots"] and "L1" in asked.value.errors["lots"]
    assert store.content() == before
    assert store.write(checking.prepare, NDIAYE, prescription_id, confirmed=True)


PARACETAMOL_TAKEN_BADLY = Facts("medicine", "paracétamol", reaction="choc")


def test_an_allergy_that_is_noted_after_it_was_taken_is_asked_about_before_it_is_prepared(store: Store) -> None:
    receive(store)
    prescription_id = validated(store)
    store.write(noting.note, DIOP, AWA.id, facts=PARACETAMOL_TAKEN_BADLY, confirmed=True)
    with pytest.raises(Alerted) as asked:
        store.write(checking.prepare, NDIAYE, prescription_id, confirmed=True)
    assert status(store, prescription_id) == "validated"
    answer = [Override(0, asked.value.details["alerts"][0]["id"], "Vu avec le médecin")]
    store.write(checking.prepare, NDIAYE, prescription_id, confirmed=False, overrides=answer)
    assert status(store, prescription_id) == "prepared"


def test_an_allergy_that_is_noted_after_the_first_part_is_asked_about_before_the_rest(store: Store) -> None:
    prescription_id = _give(store, ready(store), 5)
    store.write(noting.note, DIOP, AWA.id, facts=PARACETAMOL_TAKEN_BADLY, confirmed=True)
    found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
    [shown] = store.read(checking.for_pharmacy, NDIAYE, found).alerts
    with pytest.raises(Alerted):
        store.write(checking.prepare_rest, NDIAYE, prescription_id, confirmed=True)
    answer = [Override(0, shown.id, "Vu avec le médecin")]
    store.write(checking.prepare_rest, NDIAYE, prescription_id, confirmed=False, overrides=answer)
    assert status(store, prescription_id) == "ready"


def test_a_cephalosporin_for_an_allergy_to_penicillins_is_asked_once_and_its_answer_kept(store: Store) -> None:
    grant(store)
    store.connection.execute("UPDATE medicines SET dci = 'céfixime', atc = 'J01DD08' WHERE id = ?", (AMOXICILLIN,))
    store.write(noting.note, DIOP, AWA.id, facts=Facts("class", "pénicillines", "J01C"), confirmed=True)
    lines = [NewLine(AMOXICILLIN, "1 comprimé matin et soir", 20, 10)]
    with pytest.raises(Alerted) as asked:
        store.write(checking.sign, DIOP, AWA.id, lines=lines)
    assert [(one["kind"], one["needs_reason"]) for one in asked.value.details["alerts"]] == [("same_class", False)]
    prescription_id = store.write(checking.sign, DIOP, AWA.id, lines=lines, confirmed=True)
    [answer] = store.read(answers.of_prescription, prescription_id)
    assert (
        answer.words("fr")
        .replace("\u00a0", " ")
        .startswith("Allergie notée (Pénicillines), famille voisine : céfixime.")
    )
    store.write(dispensing.validate, NDIAYE, prescription_id)
    receive(store, medicine_id=AMOXICILLIN)
    store.write(checking.prepare, NDIAYE, prescription_id, confirmed=False)
    assert status(store, prescription_id) == "prepared", "the pharmacist reads the answer, and is not asked again"
