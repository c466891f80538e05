"""A doctor with a grant prescribes."""

from typing import Any

import pytest
from cast import ADMIN, AMOXICILLIN, AWA, CLINIC, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE, PARACETAMOL, SARR
from steps import DAY, grant, issue, issued, refused, validated
from store import Clock, Store

from fadjma.access import actions as access
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, queries
from fadjma.prescriptions.actions import NewLine
from fadjma.refusals import Conflict, Doubtful, Forbidden, Invalid, NotFound
from fadjma.web.templating import render

LINES = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)]


def _issue(store: Store, doctor: Viewer = DIOP, patient: Viewer = AWA, **what: Any) -> str:
    return store.write(actions.issue, doctor, patient.id, **{"lines": LINES, "pharmacy_id": JAMM, **what})


def _count(store: Store) -> int:
    found: int = store.value("SELECT count(*) FROM prescriptions")
    return found


class TestPosologies:
    """tests/prescriptions/test_posology.py has what is understood; PARACETAMOL is counted in comprimés."""

    def test_what_was_written_in_short_is_spelled_out(self, store: Store) -> None:
        grant(store)
        written = _issue(store, lines=[NewLine(PARACETAMOL, "1x3/j 7j", 21, 7)])
        [line] = store.read(queries.prescription_in_full, AWA, written).lines
        assert line.dosage == "1 comprimé 3 fois par jour"
        assert line.posology is not None and line.posology.times == 3
        assert line.json()["posology"]["unit"] == "comprimé"

    def test_what_is_not_understood_stays_as_it_was_written(self, store: Store) -> None:
        grant(store)
        written = _issue(store, lines=[NewLine(PARACETAMOL, "1 à 2 cp, selon la fièvre", 20, 5)])
        [line] = store.read(queries.prescription_in_full, AWA, written).lines
        assert (line.dosage, line.posology) == ("1 à 2 cp, selon la fièvre", None)

    def test_what_does_not_fit_is_asked_once(self, store: Store) -> None:
        grant(store)
        lines = [NewLine(PARACETAMOL, "1x3/j", 1, 7), NewLine(PARACETAMOL, "2 gélules matin et soir", 28, 7)]
        with pytest.raises(Doubtful) as refusal:
            _issue(store, lines=lines)
        assert refusal.value.errors.keys() == {"lines-0-quantity", "lines-1-dosage"}
        assert _count(store) == 0
        assert _issue(store, lines=lines, confirmed=True)

    def test_a_dose_of_nothing_in_particular_is_refused(self, store: Store) -> None:
        grant(store)
        store.connection.execute("UPDATE medicines SET unit = 'flacon', form = 'sirop' WHERE id = ?", (PARACETAMOL,))
        with pytest.raises(Invalid) as refusal:
            _issue(store, lines=[NewLine(PARACETAMOL, "1x3/j", 1, 7)], confirmed=True)
        assert refusal.value.errors.keys() == {"lines-0-dosage"}
        assert _issue(store, lines=[NewLine(PARACETAMOL, "5 ml x 3/j", 1, 7)])


def test_it_says_all_that_an_ordonnance_must_show(store: Store, clock: Clock) -> None:
    grant(store)
    lines = [*LINES, NewLine(AMOXICILLIN, "1 g trois fois par jour", 18, 6, "Allergie aux excipients")]
    found = store.read(queries.prescription_in_full, AWA, _issue(store, lines=lines))
    assert (found.status, found.prescriber_name, found.prescriber_specialty) == (
        "issued",
        DIOP.name,
        "Médecine générale",
    )
    assert found.prescriber_place == "Clinique Teranga, Dakar"
    assert [(line.dci, line.quantity, line.duration_days, line.delivered) for line in found.lines] == [
        ("paracétamol", 20, 10, 0),
        ("amoxicilline", 18, 6, 0),
    ]
    assert [line.json()["substitution_allowed"] for line in found.lines] == [True, False]
    assert (found.issued_at, found.valid_until) == (clock(), clock() + 90 * DAY)
    assert [(act.name, act.to_status) for act in found.acts] == [(DIOP.name, "issued")]


def test_the_pharmacists_of_the_chosen_pharmacy_and_the_patient_are_told(store: Store) -> None:
    grant(store)
    news = store.news(actions.issue, DIOP, AWA.id, lines=LINES, pharmacy_id=JAMM)
    assert news == {
        AWA.id: ["prescription.issued"],
        NDIAYE.id: ["prescription.to_validate"],
        GOMIS.id: ["prescription.to_validate"],
        DIOP.id: [None],
    }


def test_one_that_is_open_to_any_is_told_to_every_pharmacist(store: Store) -> None:
    grant(store)
    news = store.news(actions.issue, DIOP, AWA.id, lines=LINES, pharmacy_id=None)
    told = {person for person, messages in news.items() if messages == ["prescription.to_validate"]}
    assert told == {NDIAYE.id, GOMIS.id, FALL.id}
    assert news[AWA.id] == ["prescription.issued"]


@pytest.mark.parametrize("person", [AWA, MOUSSA, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_doctor_prescribes(store: Store, person: Viewer) -> None:
    grant(store)
    with pytest.raises(Forbidden):
        _issue(store, person)
    assert _count(store) == 0


def test_a_doctor_without_a_grant_finds_no_such_patient(store: Store, clock: Clock) -> None:
    request_id = grant(store)
    for doctor, patient in ((SARR, AWA), (DIOP, MOUSSA)):
        with pytest.raises(NotFound):
            _issue(store, doctor, patient)
    store.write(access.revoke, AWA, request_id)
    with pytest.raises(NotFound):
        _issue(store)
    assert _count(store) == 0


def test_a_grant_of_the_summary_is_not_a_right_to_prescribe(store: Store) -> None:
    grant(store, scope="summary")
    with pytest.raises(Forbidden):
        _issue(store)


def test_a_grant_of_the_prescriptions_is_enough(store: Store) -> None:
    grant(store, scope="prescriptions")
    assert _issue(store)


def test_every_line_names_a_medicine_of_the_list(store: Store) -> None:
    grant(store)
    before = store.content()
    with pytest.raises(Invalid) as refusal:
        _issue(store, lines=[*LINES, NewLine("unknown", "1", 1, 1), NewLine("", "1", 1, 1)])
    assert set(refusal.value.errors) == {"lines-1-medicine", "lines-2-medicine"}
    with pytest.raises(Invalid):
        _issue(store, lines=[])
    assert store.content() == before


@pytest.mark.parametrize("pharmacy_id", ["unknown", CLINIC, ""])
def test_it_is_addressed_to_a_pharmacy(store: Store, pharmacy_id: str) -> None:
    grant(store)
    with pytest.raises(Invalid) as refusal:
        _issue(store, pharmacy_id=pharmacy_id)
    assert set(refusal.value.errors) == {"pharmacy_id"}
    assert _count(store) == 0


class TestCorrecting:
    """A refused prescription is issued again as a new one, linked to the old one."""

    def test_the_new_one_names_the_one_it_replaces(self, store: Store) -> None:
        old = refused(store)
        new = issue(store, replaces_id=old)
        assert store.read(queries.prescription, NDIAYE, new).replaces_id == old
        assert store.read(queries.prescription, DIOP, old).replaced_by == new

    def test_it_leaves_the_doctors_list_of_things_to_do(self, store: Store) -> None:
        old = refused(store)
        assert store.read(queries.prescription, DIOP, old).place("doctor") == "now"
        issue(store, replaces_id=old)
        assert store.read(queries.prescription, DIOP, old).place("doctor") != "now"

    def test_no_list_asks_the_doctor_to_do_again_what_is_done(self, store: Store) -> None:
        old = refused(store)
        for before, words in ((True, ("Revoir\xa0:", "Refusée, à revoir")), (False, ("Refusée, corrigée depuis",))):
            if not before:
                issue(store, replaces_id=old)
            item = store.read(queries.prescription, DIOP, old)
            row = render("prescriptions/_row.html", "fr", item=item, viewer=DIOP)
            assert all(word in row for word in words), row
            assert ("à revoir" in row or "Revoir" in row) is before

    def test_the_pages_that_show_the_old_one_follow(self, store: Store) -> None:
        old = refused(store)
        news = store.news(actions.issue, DIOP, AWA.id, lines=LINES, pharmacy_id=JAMM, replaces_id=old)
        assert news[AWA.id] == ["prescription.issued", None]
        assert news[NDIAYE.id] == ["prescription.to_validate", None]
        assert news[DIOP.id] == [None, None]

    def test_it_happens_once(self, store: Store) -> None:
        old = refused(store)
        issue(store, replaces_id=old)
        with pytest.raises(Conflict):
            issue(store, replaces_id=old)

    def test_only_a_refused_one_is_replaced(self, store: Store) -> None:
        with pytest.raises(Conflict) as refusal:
            issue(store, replaces_id=validated(store))
        assert refusal.value.current == "validated"

    def test_only_by_whoever_wrote_it_and_only_for_the_same_patient(self, store: Store) -> None:
        old = refused(store)
        grant(store, SARR)
        grant(store, DIOP, MOUSSA)
        with pytest.raises(Forbidden):
            _issue(store, SARR, AWA, replaces_id=old)
        with pytest.raises(NotFound):
            _issue(store, DIOP, MOUSSA, replaces_id=old)
        with pytest.raises(NotFound):
            _issue(store, DIOP, AWA, replaces_id="unknown")


def test_six_prescriptions_in_a_row_are_six(store: Store) -> None:
    issued(store)
    ids = {issue(store) for _ in range(5)}
    assert len(ids) == 5
    assert _count(store) == 6  # twice on purpose is allowed; a second click is caught by its idempotency key
