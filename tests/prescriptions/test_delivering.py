"""Handing over: once, by the pharmacy that has it, with the patient's code or a flagged exception."""

import asyncio
from typing import Any

import pytest
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE, PARACETAMOL, SARR
from hypothesis import given
from hypothesis import strategies as st
from steps import KEY, code, delivered, grant, issue, issued, ready, status, write_record, wrong_code
from store import Clock, Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, handover, queries
from fadjma.prescriptions.actions import NewLine
from fadjma.records import queries as records
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal
from fadjma.store import Database


def _deliver(store: Store, prescription_id: str, person: Viewer = NDIAYE, **what: Any) -> str:
    return store.write(dispensing.deliver, person, prescription_id, key=KEY, **what)


def _try(store: Store, prescription_id: str, given_code: str, person: Viewer = NDIAYE) -> dict[str, Any]:
    return store.write(dispensing.try_code, person, prescription_id, code=given_code, key=KEY)


def _reasons(store: Store, person: Viewer, prescription_id: str) -> list[str]:
    """What this person reads beside the hand-over."""
    acts = store.read(queries.prescription_in_full, person, prescription_id).acts
    return [act.reason for act in acts if act.to_status == "delivered"]


def test_with_the_patients_code_every_line_is_delivered(store: Store) -> None:
    found = store.read(queries.prescription_in_full, AWA, delivered(store))
    assert found.status == "delivered"
    assert [(line.quantity, line.delivered) for line in found.lines] == [(20, 20)]


def test_a_colleague_of_the_same_pharmacy_may_hand_it_over(store: Store) -> None:
    prescription_id = ready(store)
    _deliver(store, prescription_id, GOMIS, code=code(store, prescription_id))
    assert status(store, prescription_id) == "delivered"


@pytest.mark.parametrize("person", [FALL, AWA, MOUSSA, DIOP, SARR, ADMIN], ids=lambda person: person.id)
def test_nobody_else_hands_it_over_or_tries_a_code(store: Store, person: Viewer) -> None:
    prescription_id = ready(store)
    right = code(store, prescription_id)
    before = store.content()
    with pytest.raises((NotFound, Forbidden)):
        _deliver(store, prescription_id, person, code=right)
    with pytest.raises((NotFound, Forbidden)):
        _try(store, prescription_id, right, person)
    assert store.content() == before


async def test_three_deliveries_at_once_are_one(store: Store, database: Database) -> None:
    prescription_id = ready(store)
    right = code(store, prescription_id)
    answers = await asyncio.gather(
        *(database.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=right) for _ in range(3)),
        return_exceptions=True,
    )
    assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True, True]
    assert store.value("SELECT sum(on_hand) FROM lots") == 80
    assert store.told(AWA).count("prescription.delivered") == 1
    assert store.told(DIOP).count("prescription.dispensed") == 1


def test_a_wrong_code_hands_nothing_over(store: Store) -> None:
    prescription_id = ready(store)
    before = store.content()
    for given_code in (wrong_code(store, prescription_id), "abc", " ", code(store, prescription_id)[:5]):
        with pytest.raises(Invalid):
            _deliver(store, prescription_id, code=given_code)
    assert store.content() == before


@pytest.mark.parametrize(
    "instead", [{}, {"identity_document": "CNI 1 234"}, {"reason": "Code perdu"}, {"code": "", "identity_document": ""}]
)
def test_without_the_code_it_takes_a_document_and_a_reason(store: Store, instead: dict[str, str]) -> None:
    prescription_id = ready(store)
    with pytest.raises(Invalid):
        _deliver(store, prescription_id, **instead)
    assert status(store, prescription_id) == "ready"


def test_without_the_code_it_is_flagged_for_everybody_to_see(store: Store) -> None:
    prescription_id = ready(store)
    _deliver(store, prescription_id, identity_document="CNI 1 234", reason="Téléphone cassé")
    for person in (AWA, DIOP, NDIAYE):
        assert _reasons(store, person, prescription_id) == ["identity_other: Téléphone cassé"]


def test_with_the_code_nothing_is_flagged(store: Store) -> None:
    assert _reasons(store, AWA, delivered(store)) == [""]


class TestGuessingTheCode:
    def test_each_wrong_one_is_counted_and_written_down(self, store: Store) -> None:
        prescription_id = ready(store)
        wrong = wrong_code(store, prescription_id)
        assert [_try(store, prescription_id, wrong)["left"] for _ in range(5)] == [4, 3, 2, 1, 0]
        assert store.audit().count((NDIAYE.id, "prescription.wrong_code", "refused")) == 5

    def test_after_five_not_even_the_right_one_is_taken(self, store: Store) -> None:
        prescription_id = ready(store)
        for _ in range(5):
            _try(store, prescription_id, wrong_code(store, prescription_id))
        assert _try(store, prescription_id, code(store, prescription_id)) == {"right": False, "left": 0}
        with pytest.raises(Refusal):
            _deliver(store, prescription_id, code=code(store, prescription_id))
        assert status(store, prescription_id) == "ready"

    def test_the_fifth_try_may_still_be_right(self, store: Store) -> None:
        prescription_id = ready(store)
        for _ in range(4):
            _try(store, prescription_id, wrong_code(store, prescription_id))
        assert _try(store, prescription_id, code(store, prescription_id)) == {"right": True, "left": 1}

    def test_the_patient_makes_a_new_one_and_the_old_one_is_worth_nothing(self, store: Store) -> None:
        prescription_id = ready(store)
        old = code(store, prescription_id)
        for _ in range(5):
            _try(store, prescription_id, wrong_code(store, prescription_id))
        store.write(actions.renew_code, AWA, prescription_id)
        assert _try(store, prescription_id, old) == {"right": False, "left": 4}
        _deliver(store, prescription_id, code=code(store, prescription_id))
        assert status(store, prescription_id) == "delivered"

    def test_the_patients_other_pages_follow_to_the_new_one(self, store: Store) -> None:
        assert store.news(actions.renew_code, AWA, ready(store)).get(AWA.id) == [None]

    @pytest.mark.parametrize("person", [MOUSSA, DIOP, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
    def test_nobody_but_the_patient_makes_a_new_one(self, store: Store, person: Viewer) -> None:
        prescription_id = ready(store)
        before = store.content()
        with pytest.raises((Forbidden, NotFound)):
            store.write(actions.renew_code, person, prescription_id)
        assert store.content() == before

    def test_what_is_over_has_no_code(self, store: Store) -> None:
        with pytest.raises(Conflict) as refusal:
            store.write(actions.renew_code, AWA, delivered(store))
        assert refusal.value.current == "delivered"

    def test_a_code_is_used_once(self, store: Store) -> None:
        prescription_id = delivered(store)
        with pytest.raises(Conflict):
            _deliver(store, prescription_id, code=code(store, prescription_id))

    async def test_fifty_guesses_at_once_are_five(self, store: Store, database: Database) -> None:
        prescription_id = ready(store)
        right = code(store, prescription_id)
        guesses = [*(f"{number:06d}" for number in range(50) if f"{number:06d}" != right), right]
        attempts = await asyncio.gather(
            *(database.write(dispensing.try_code, NDIAYE, prescription_id, code=one, key=KEY) for one in guesses)
        )
        assert not any(attempt["right"] for attempt in attempts)
        assert store.value("SELECT code_failures FROM prescriptions") == 5


class TestTheCode:
    def test_it_is_stored_nowhere(self, store: Store) -> None:
        prescription_id = ready(store)
        assert code(store, prescription_id) not in str(store.content())

    def test_each_prescription_round_and_key_has_its_own(self) -> None:
        codes = [handover.code(KEY, f"p{number}", code_round) for number in range(50) for code_round in (1, 2)]
        assert len(set(codes)) > 95  # of a million, two of a hundred are hardly ever the same
        assert handover.code(b"another key", "p1", 1) != handover.code(KEY, "p1", 1)

    @given(st.text(min_size=1), st.integers(1, 99))
    def test_it_has_six_digits_and_matches_itself_with_spaces(self, prescription_id: str, code_round: int) -> None:
        digits = handover.code(KEY, prescription_id, code_round)
        assert len(digits) == 6
        assert digits.isdecimal()
        assert handover.matches(KEY, prescription_id, code_round, f" {digits[:3]} {digits[3:]} ")

    @given(st.text(max_size=12))
    def test_nothing_else_matches(self, typed: str) -> None:
        digits = handover.code(KEY, "p", 1)
        if "".join(filter(str.isdecimal, typed)) != digits:
            assert not handover.matches(KEY, "p", 1, typed)


def test_what_the_same_patient_got_in_the_last_week_is_shown_before_dispensing(store: Store, clock: Clock) -> None:
    delivered(store)
    second = issue(store)
    clock.advance(days=7, milliseconds=-1)
    assert store.read(queries.prescription_in_full, NDIAYE, second).earlier == ("paracétamol 500 mg",)
    assert store.read(queries.prescription_in_full, DIOP, second).earlier == ()
    clock.advance(milliseconds=1)
    assert store.read(queries.prescription_in_full, NDIAYE, second).earlier == ()


@pytest.mark.parametrize("pharmacy", [JAMM, None], ids=["addressed", "open to any"])
def test_no_code_is_tried_before_the_claim(store: Store, pharmacy: str | None) -> None:
    prescription_id = issued(store, pharmacy=pharmacy)
    with pytest.raises(Forbidden):
        _try(store, prescription_id, code(store, prescription_id))


def test_what_was_prescribed_and_not_given_is_not_shown_as_given(store: Store) -> None:
    issued(store)
    second = issue(store)
    store.write(dispensing.validate, NDIAYE, second)
    assert store.read(queries.prescription_in_full, NDIAYE, second).earlier == ()


def test_what_was_given_on_this_one_is_no_earlier_one(store: Store) -> None:
    assert store.read(queries.prescription_in_full, NDIAYE, delivered(store)).earlier == ()


def test_what_somebody_else_got_is_not_shown_as_given(store: Store) -> None:
    delivered(store)
    grant(store, DIOP, MOUSSA)
    lines = [NewLine(PARACETAMOL, "1 comprimé", 10, 5)]
    theirs = store.write(actions.issue, DIOP, MOUSSA.id, lines=lines, pharmacy_id=JAMM)
    assert store.read(queries.prescription_in_full, NDIAYE, theirs).earlier == ()


def test_the_pharmacist_sees_allergies_and_never_the_file(store: Store) -> None:
    prescription_id = ready(store)
    write_record(store, type="allergy")
    write_record(store)
    seen = store.read(queries.prescription_in_full, NDIAYE, prescription_id).allergies
    assert seen and seen.titles == ("Hypertension",)
    assert store.read(queries.prescription_in_full, AWA, prescription_id).allergies is None
    with pytest.raises(NotFound):
        store.read(records.file, NDIAYE, AWA.id)
