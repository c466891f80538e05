"""The claim: exactly one pharmacy wins, and before it no pharmacy sees patient or lines."""

import asyncio
from typing import Any

import pytest
from cast import AWA, DIOP, FALL, GOMIS, JAMM, KADD, NDIAYE
from steps import KEY, code, issue, issued, ready, status, validated
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, lists, queries, states
from fadjma.prescriptions.dispensing import Part
from fadjma.refusals import Conflict, NotFound, NotNow, Refusal
from fadjma.store import Database


def test_the_pharmacy_that_validates_has_it(store: Store) -> None:
    prescription_id = issued(store, pharmacy=None)
    store.write(dispensing.validate, FALL, prescription_id)
    assert store.read(queries.prescription, FALL, prescription_id).pharmacy_id == KADD


def test_then_the_others_see_it_no_more_and_their_pages_forget_it(store: Store) -> None:
    prescription_id = issued(store, pharmacy=None)
    news = store.news(dispensing.validate, FALL, prescription_id)
    assert news == {
        AWA.id: ["prescription.validated"],
        DIOP.id: [None],
        FALL.id: [None],
        NDIAYE.id: [None],
        GOMIS.id: [None],
    }
    with pytest.raises(NotFound):
        store.read(queries.prescription, NDIAYE, prescription_id)
    assert store.read(lists.prescriptions, NDIAYE) == []


async def test_two_pharmacies_at_once_and_one_wins(store: Store, database: Database) -> None:
    prescription_id = issued(store, pharmacy=None)
    asking = (NDIAYE, FALL, GOMIS, FALL)
    answers = await asyncio.gather(
        *(database.write(dispensing.validate, who, prescription_id) for who in asking), return_exceptions=True
    )
    winners = [who for who, answer in zip(asking, answers, strict=True) if not isinstance(answer, Refusal)]
    assert len(winners) == 1
    place = winners[0].organization_id
    assert store.rows("SELECT status, pharmacy_id FROM prescriptions") == [("validated", place)]
    assert store.told(AWA).count("prescription.validated") == 1


def test_a_colleague_who_comes_late_is_told_the_state(store: Store) -> None:
    prescription_id = validated(store)
    with pytest.raises(Conflict) as refusal:
        store.write(dispensing.validate, GOMIS, prescription_id)
    assert refusal.value.current == "validated"


def test_one_that_is_addressed_to_a_pharmacy_is_nobody_elses(store: Store) -> None:
    prescription_id = issued(store, pharmacy=JAMM)
    with pytest.raises(NotFound):
        store.write(dispensing.validate, FALL, prescription_id)
    assert store.read(lists.prescriptions, FALL) == []
    assert status(store, prescription_id) == "issued"


def test_that_it_is_taken_is_no_news_to_whom_it_was_never_offered(store: Store) -> None:
    prescription_id = validated(store, pharmacy=JAMM)
    with pytest.raises(NotFound):
        store.write(dispensing.validate, FALL, prescription_id)


def test_a_pharmacy_has_before_it_what_is_under_way_and_nothing_that_is_over(store: Store) -> None:
    addressed, claimed, over = issued(store), issue(store), issue(store)
    issue(store, pharmacy=None)
    store.write(dispensing.validate, NDIAYE, claimed)
    store.write(actions.cancel, DIOP, over, reason="Traitement changé")
    assert set(store.read(lists.dispensing, AWA.id)) == {(addressed, JAMM), (claimed, JAMM)}
    store.clock.advance(days=90)
    assert store.read(lists.dispensing, AWA.id) == []


def test_one_that_is_given_back_can_be_claimed_by_another(store: Store) -> None:
    prescription_id = validated(store, pharmacy=None)
    news = store.news(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
    assert news[FALL.id] == ["prescription.to_validate"]
    assert news[NDIAYE.id] == [None]
    store.write(dispensing.validate, FALL, prescription_id)
    assert store.rows("SELECT pharmacy_id FROM prescriptions") == [(KADD,)]


def test_one_that_was_addressed_is_open_to_any_when_it_is_given_back(store: Store) -> None:
    """The pharmacy that it was for has had it: nobody else could take it."""
    prescription_id = validated(store, pharmacy=JAMM)
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
    store.write(dispensing.validate, FALL, prescription_id)
    assert store.rows("SELECT pharmacy_id FROM prescriptions") == [(KADD,)]


def test_the_patient_takes_one_that_is_put_aside_to_another_pharmacy(store: Store) -> None:
    """No pharmacy blocks a prescription by doing nothing."""
    prescription_id = store.write(dispensing.hold, NDIAYE, validated(store), reason="Rupture")
    store.clock.advance(days=20)
    store.write(actions.take_back, AWA, prescription_id, reason="J'ai attendu trois semaines")
    assert store.read(queries.prescription, NDIAYE, prescription_id).neutral
    store.write(dispensing.validate, FALL, prescription_id)
    history = store.read(queries.prescription_in_full, AWA, prescription_id).acts
    assert [act.label for act in history] == ["Émise", "Validée", "En attente", "Reprise par le patient", "Validée"]


def test_the_patient_takes_what_is_owed_to_another_pharmacy_once_the_hand_over_stays(store: Store) -> None:
    prescription_id = ready(store)
    parts = [Part(store.read(queries.prescription_in_full, AWA, prescription_id).lines[0].id, 8)]
    given = code(store, prescription_id)
    store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=given, parts=parts)
    with pytest.raises(NotNow, match="Réessayez"):
        store.write(actions.take_back, AWA, prescription_id, reason="Le reste ne vient pas")
    assert states.TAKE_BACK not in store.read(queries.prescription_in_full, AWA, prescription_id).offered(AWA)
    store.clock.advance(minutes=11)
    assert states.TAKE_BACK in store.read(queries.prescription_in_full, AWA, prescription_id).offered(AWA)
    store.write(actions.take_back, AWA, prescription_id, reason="Le reste ne vient pas")
    store.write(dispensing.validate, FALL, prescription_id)
    [line] = store.read(queries.prescription_in_full, FALL, prescription_id).lines
    assert (line.quantity, line.remaining) == (20, 12)


@pytest.mark.parametrize("end", [actions.cancel, actions.mark_error, None], ids=["cancelled", "an error", "expired"])
def test_one_that_ends_before_any_pharmacy_took_it_is_gone_for_all(store: Store, end: Any) -> None:
    prescription_id = issued(store, pharmacy=None)
    if end:
        store.write(end, DIOP, prescription_id, reason="Mauvais patient")
    else:
        store.clock.advance(days=90)
        store.write(actions.expire, 200)
    for person in (NDIAYE, GOMIS, FALL):
        with pytest.raises(NotFound):
            store.read(queries.prescription, person, prescription_id)
        assert store.read(lists.prescriptions, person) == []
    assert store.read(queries.prescription, AWA, prescription_id)


class TestBeforeTheClaim:
    @pytest.mark.parametrize("person", [NDIAYE, GOMIS, FALL], ids=lambda person: person.id)
    def test_a_pharmacist_sees_that_there_is_one_and_neither_patient_nor_lines(
        self, store: Store, person: Viewer
    ) -> None:
        prescription_id = issued(store, pharmacy=None)
        found = store.read(queries.prescription_in_full, person, prescription_id)
        assert found.neutral
        assert (found.patient, found.lines, found.acts, found.allergies, found.earlier) == (None, (), (), None, ())
        shown = str(found.json("fr"))
        assert not any(word in shown for word in (AWA.id, AWA.family_name, DIOP.id, DIOP.family_name, "paracétamol"))

    def test_the_list_shows_no_more(self, store: Store) -> None:
        issued(store, pharmacy=None)
        [found] = store.read(lists.prescriptions, FALL)
        assert found.patient is None
        assert "patient_id" not in found.json("fr")

    def test_why_another_pharmacy_gave_it_back_is_not_for_all_to_read(self, store: Store) -> None:
        prescription_id = validated(store, pharmacy=None)
        store.write(dispensing.release, NDIAYE, prescription_id, reason="Awa Cissé ne supporte pas ce générique")
        found = store.read(queries.prescription_in_full, FALL, prescription_id)
        assert found.neutral
        assert "Cissé" not in str(found.json("fr"))
        assert "Cissé" not in found.status_reason

    def test_the_pharmacy_to_which_it_is_addressed_sees_both(self, store: Store) -> None:
        prescription_id = issued(store, pharmacy=JAMM)
        found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
        assert not found.neutral
        assert found.patient is not None
        assert found.patient.name == AWA.name
        assert len(found.lines) == 1


def test_after_the_claim_the_pharmacist_knows_whom_it_is_for(store: Store) -> None:
    prescription_id = validated(store, pharmacy=None)
    found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
    assert found.patient is not None
    assert (found.patient.name, found.patient.birth_date, found.patient.sex) == (AWA.name, "1991-07-14", "female")
    assert [line.dci for line in found.lines] == ["paracétamol"]
