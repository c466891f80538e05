"""A renewal: asked by the patient, answered by the prescriber, within what schedules allow."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cast import AMOXICILLIN, AWA, CAST, DIOP, JAMM, MOUSSA, NDIAYE, PARACETAMOL, SARR
from steps import DAY, KEY, code, delivered, grant, issue, issued, ready, refused
from store import Store, refused_by_database

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, checking, copying, dispensing, lists, queries, renewals, renewing, setbacks
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.prescriptions.renewals import Renewal, Renewing
from fadjma.refusals import Alerted, Conflict, Forbidden, Invalid, NotFound, NotNow
from fadjma.safety.answers import Override
from fadjma.store import Transaction

AGAIN = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)]


def _asked(store: Store, note: str = "") -> str:
    """Awa was given what Dr Diop has prescribed, and asks that it be renewed; a month has passed."""
    prescription_id = delivered(store)
    store.clock.advance(days=30)
    return store.write(renewing.ask, AWA, prescription_id, note=note)


def _open_again(store: Store) -> None:
    grant(store, duration=30 * DAY)


def _renew(store: Store, prescription_id: str, doctor: Viewer = DIOP, lines: list[NewLine] = AGAIN) -> str:
    return store.write(actions.issue, doctor, AWA.id, lines=lines, renews_id=prescription_id, confirmed=True)


def _seen(store: Store, person: Viewer, prescription_id: str) -> Renewing | None:
    def see(tx: Transaction) -> Renewing | None:
        return renewals.of_prescription(tx, person, queries.prescription_in_full(tx, person, prescription_id))

    return store.read(see)


def _request(store: Store, person: Viewer, prescription_id: str) -> Renewal:
    found = _seen(store, person, prescription_id)
    assert found
    assert found.request
    return found.request


def _schedule(store: Store, schedule: str, medicine_id: str = PARACETAMOL) -> None:
    store.connection.execute("UPDATE medicines SET schedule = ? WHERE id = ?", (schedule, medicine_id))


def _may_renew(store: Store, prescription_id: str, times: int) -> None:
    sql = "UPDATE prescription_lines SET renewals = ? WHERE prescription_id = ?"
    store.connection.execute(sql, (times, prescription_id))


def test_both_sides_see_it_and_the_prescriber_is_told(store: Store) -> None:
    prescription_id = delivered(store)
    news = store.news(renewing.ask, AWA, prescription_id, note="Je pars en voyage")
    assert news == {DIOP.id: ["prescription.renewal_asked"], AWA.id: [None]}
    for person in (AWA, DIOP):
        request = _request(store, person, prescription_id)
        assert (request.status, request.note) == ("pending", "Je pars en voyage")
    assert _seen(store, NDIAYE, prescription_id) is None


def test_it_is_to_do_for_its_prescriber_and_for_nobody_else(store: Store) -> None:
    grant(store, SARR)
    prescription_id = _asked(store)
    waiting = store.read(lists.prescriptions, DIOP, place="now")
    assert [(item.id, item.place("doctor")) for item in waiting] == [(prescription_id, "now")]
    assert store.read(lists.prescriptions, DIOP, place="rest") == []
    assert store.read(lists.prescriptions, NDIAYE, place="now") == []
    store.clock.advance(days=7)
    assert store.read(lists.prescriptions, DIOP, place="now") == []
    assert [item.id for item in store.read(lists.prescriptions, DIOP, place="rest")] == [prescription_id]


def test_signed_it_is_accepted_and_the_patient_is_told_of_the_new_one_alone(store: Store) -> None:
    prescription_id = _asked(store)
    _open_again(store)
    store.clock.advance(minutes=1)
    renewed_id = _renew(store, prescription_id)
    assert store.told(AWA)[-1] == "prescription.renewed"
    assert store.told(AWA).count("prescription.issued") == 1
    request = _request(store, AWA, prescription_id)
    assert (request.status, request.renewed_id) == ("accepted", renewed_id)
    assert store.read(queries.prescription, AWA, renewed_id).renews_id == prescription_id
    with pytest.raises(Conflict):
        _renew(store, prescription_id)


def test_what_is_open_to_any_pharmacy_does_not_say_which_others_it_follows(store: Store) -> None:
    """A pharmacy that has had one of them knew by it whose the new one is, before it took it."""
    first_id = _asked(store)
    _open_again(store)
    renewed_id = _renew(store, first_id)
    refused_id = issue(store)
    store.write(_refuse, refused_id)
    corrected_id = issue(store, replaces_id=refused_id, pharmacy=None)
    for before_id, prescription_id in ((first_id, renewed_id), (refused_id, corrected_id)):
        found = store.read(queries.prescription_in_full, NDIAYE, prescription_id)
        assert found.neutral
        assert before_id not in str(found.json("fr"))
        store.write(dispensing.validate, NDIAYE, prescription_id)
        assert before_id in str(store.read(queries.prescription, NDIAYE, prescription_id).json("fr"))


def test_nothing_is_renewed_that_nobody_has_signed(store: Store) -> None:
    prescription_id = _asked(store)
    assert store.value("SELECT count(*) FROM prescriptions") == 1
    assert _request(store, AWA, prescription_id).status == "pending"


def test_what_would_be_refused_when_signing_leaves_the_request_waiting(store: Store) -> None:
    """Handed over two days ago: the same substance again needs a reason."""
    prescription_id = delivered(store)
    store.clock.advance(days=2)
    store.write(renewing.ask, AWA, prescription_id)
    asked = store.read(checking.of_new, AWA.id, [PARACETAMOL]).alerts
    with pytest.raises(Alerted):
        store.write(checking.sign, DIOP, AWA.id, lines=AGAIN, renews_id=prescription_id)
    assert _request(store, DIOP, prescription_id).status == "pending"
    reasons = [Override(0, alert.id, "Part un mois en voyage") for alert in asked]
    store.write(checking.sign, DIOP, AWA.id, lines=AGAIN, renews_id=prescription_id, overrides=reasons)
    assert _request(store, DIOP, prescription_id).status == "accepted"


def test_declined_with_a_reason_also_when_the_file_is_closed(store: Store) -> None:
    prescription_id = _asked(store)
    found = _seen(store, DIOP, prescription_id)
    assert found
    assert not found.open
    with pytest.raises(NotFound):
        _renew(store, prescription_id)
    news = store.news(renewing.decline, DIOP, prescription_id, reason="À revoir d'abord")
    assert news == {AWA.id: ["prescription.renewal_declined"], DIOP.id: [None]}
    request = _request(store, AWA, prescription_id)
    assert (request.status, request.reason) == ("declined", "À revoir d'abord")


def test_taken_back_it_waits_no_more_and_may_be_asked_again(store: Store) -> None:
    prescription_id = _asked(store)
    assert store.news(renewing.withdraw, AWA, prescription_id) == {DIOP.id: [None], AWA.id: [None]}
    assert _request(store, DIOP, prescription_id).status == "withdrawn"
    for again in (renewing.withdraw, renewing.decline):
        with pytest.raises(Conflict):
            reason = {"reason": "Non"} if again is renewing.decline else {}
            store.write(again, AWA if again is renewing.withdraw else DIOP, prescription_id, **reason)
    store.clock.advance(minutes=1)
    store.write(renewing.ask, AWA, prescription_id)
    assert _request(store, DIOP, prescription_id).status == "pending"


def test_there_is_one_request_at_a_time(store: Store) -> None:
    prescription_id = _asked(store)
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.ALREADY
    again = (
        "INSERT INTO renewals (id, prescription_id, prescriber_id, status, note, asked_at, lapses_at, reason) "
        "VALUES ('again', ?, 'diop', 'pending', '', 1, 2, '')"
    )
    assert refused_by_database(store, again, prescription_id)


def test_two_who_ask_at_once_have_one_request(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    prescription_id = _asked(store)
    monkeypatch.setattr(renewals, "why_not", lambda *_: "")
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.ALREADY


def test_without_an_answer_it_lapses_when_it_is_read_and_time_tells(store: Store) -> None:
    prescription_id = _asked(store)
    _open_again(store)
    store.clock.advance(days=7)
    assert _request(store, AWA, prescription_id).status == "lapsed"
    with pytest.raises(Conflict):
        _renew(store, prescription_id)
    assert store.news(renewing.lapse, 10) == {AWA.id: ["prescription.renewal_lapsed"], DIOP.id: [None]}
    assert store.write(renewing.lapse, 10) == 0
    assert _request(store, AWA, prescription_id).status == "lapsed"


def test_what_has_lapsed_and_nobody_wrote_down_does_not_stop_another(store: Store) -> None:
    prescription_id = _asked(store)
    store.clock.advance(days=7)
    store.write(renewing.ask, AWA, prescription_id)
    assert store.rows("SELECT status FROM renewals ORDER BY asked_at") == [("lapsed",), ("pending",)]


@pytest.mark.parametrize("end", [actions.cancel, actions.mark_error])
def test_the_end_of_the_prescription_ends_what_was_asked(store: Store, end: Callable[..., str]) -> None:
    prescription_id = ready(store)
    store.connection.execute("UPDATE prescriptions SET status = 'part_delivered'")
    store.write(renewing.ask, AWA, prescription_id)
    store.write(end, DIOP, prescription_id, reason="Traitement changé")
    assert store.rows("SELECT status FROM renewals") == [("lapsed",)]
    assert store.read(lists.prescriptions, DIOP, place="now") == []


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.id)
def test_asking_is_its_patients_and_answering_its_prescribers(store: Store, person: Viewer) -> None:
    grant(store, SARR)
    prescription_id = delivered(store)
    may = {"ask": AWA, "decline": DIOP}
    for name, act in (("ask", renewing.ask), ("decline", renewing.decline)):
        reason = {"reason": "Non"} if name == "decline" else {}
        if person == may[name]:
            if name == "decline":
                store.write(renewing.ask, AWA, prescription_id)
            store.write(act, person, prescription_id, **reason)
            continue
        before = store.content()
        with pytest.raises((Forbidden, NotFound)):
            store.write(act, person, prescription_id, **reason)
        assert store.content() == before


def test_another_doctor_with_a_grant_cannot_sign_it_nor_for_another_patient(store: Store) -> None:
    prescription_id = _asked(store)
    grant(store, SARR)
    with pytest.raises(Forbidden):
        _renew(store, prescription_id, SARR)
    grant(store, DIOP, MOUSSA)
    with pytest.raises(NotFound):
        store.write(actions.issue, DIOP, MOUSSA.id, lines=AGAIN, renews_id=prescription_id)


def test_before_something_is_handed_over_there_is_nothing_to_renew(store: Store) -> None:
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, issued(store))
    assert refusal.value.message == renewals.TOO_EARLY


def test_what_expired_unused_may_be_asked_for(store: Store) -> None:
    prescription_id = issued(store)
    store.clock.advance(days=90)
    assert store.write(renewing.ask, AWA, prescription_id)


def test_of_a_renewed_one_the_new_one_is_asked_for_unless_it_was_taken_back(store: Store) -> None:
    prescription_id = _asked(store)
    _open_again(store)
    renewed_id = _renew(store, prescription_id)
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.RENEWED
    store.write(actions.cancel, DIOP, renewed_id, reason="Mauvaise dose")
    store.clock.advance(minutes=1)
    assert store.write(renewing.ask, AWA, prescription_id)


def _refuse(tx: Transaction, prescription_id: str) -> None:
    """Its pharmacy has refused it."""
    for changed in ("status = 'validated', pharmacy_id = :jamm", "status = 'refused', status_reason = 'dose: trop'"):
        tx.execute(f"UPDATE prescriptions SET {changed} WHERE id = :id", {"id": prescription_id, "jamm": JAMM})


def _give_a_part(tx: Transaction, prescription_id: str) -> None:
    tx.execute("UPDATE prescription_lines SET delivered = 10 WHERE prescription_id = :id", {"id": prescription_id})


def test_a_renewed_one_that_expired_unused_stops_nothing_also_before_it_is_written_down(store: Store) -> None:
    prescription_id = _asked(store)
    _open_again(store)
    _renew(store, prescription_id)
    store.clock.advance(days=90)
    assert store.write(renewing.ask, AWA, prescription_id)


def test_a_renewed_one_of_which_something_was_given_is_used_though_it_has_expired(store: Store) -> None:
    """What may be renewed once was renewed as often as its renewals expired half used."""
    prescription_id = _asked(store)
    _open_again(store)
    renewed_id = _renew(store, prescription_id)
    store.write(_give_a_part, renewed_id)
    store.clock.advance(days=90)
    store.write(actions.expire, 10)
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.RENEWED
    assert store.write(renewing.ask, AWA, renewed_id)


def test_what_corrects_a_renewed_one_is_asked_for(store: Store) -> None:
    prescription_id = _asked(store)
    _open_again(store)
    renewed_id = _renew(store, prescription_id)
    store.write(_refuse, renewed_id)
    corrected_id = issue(store, replaces_id=renewed_id)
    store.write(actions.cancel, DIOP, renewed_id, reason="Corrigée")
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.RENEWED
    store.write(actions.cancel, DIOP, corrected_id, reason="Traitement changé")
    assert store.write(renewing.ask, AWA, prescription_id)


def test_what_a_pharmacy_refused_and_its_prescriber_corrected_is_not_renewed(store: Store) -> None:
    """Once its time was over, the wrong dose was offered to be signed again."""
    prescription_id = refused(store)
    issue(store, replaces_id=prescription_id)
    store.clock.advance(days=90)
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.CORRECTED


@pytest.mark.parametrize("what", ["the rest", "the end"])
def test_why_not_is_true_of_what_was_given_in_part(store: Store, what: str) -> None:
    prescription_id = ready(store)
    store.write(_give_a_part, prescription_id)
    if what == "the end":
        store.write(actions.cancel, DIOP, prescription_id, reason="Traitement changé")
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == (renewals.REST if what == "the rest" else renewals.ENDED)


def test_of_a_doctor_who_has_left_nothing_is_asked(store: Store) -> None:
    prescription_id = delivered(store)
    store.connection.execute("UPDATE users SET status = 'deactivated' WHERE id = 'diop'")
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.GONE


@pytest.mark.parametrize(
    ("schedule", "times", "may"),
    [
        ("none", 0, True),
        ("list_2", 0, True),
        ("list_1", 0, False),
        ("list_1", 1, True),
        ("narcotic", 0, False),
        ("narcotic", 3, False),
    ],
)
def test_the_schedule_is_obeyed_when_it_is_asked_and_when_it_is_signed(
    store: Store, schedule: str, times: int, may: bool
) -> None:
    prescription_id = delivered(store)
    store.clock.advance(days=30)
    _schedule(store, schedule)
    _may_renew(store, prescription_id, times)
    if may:
        store.write(renewing.ask, AWA, prescription_id)
        _open_again(store)
        assert _renew(store, prescription_id)
        return
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.NOTHING
    found = _seen(store, AWA, prescription_id)
    assert found
    assert [one.why_not for one in found.lines] == [
        renewals.NARCOTIC if schedule == "narcotic" else renewals.NOT_WRITTEN
    ]


def test_a_medicine_that_has_come_under_rules_meanwhile_is_not_renewed(store: Store) -> None:
    prescription_id = _asked(store)
    _open_again(store)
    _schedule(store, "narcotic")
    with pytest.raises(Invalid) as refusal:
        _renew(store, prescription_id)
    assert refusal.value.errors == {"lines-0-medicine": renewals.NARCOTIC}
    assert _request(store, DIOP, prescription_id).status == "pending"


def test_what_is_new_beside_it_is_prescribed_but_never_a_narcotic(store: Store) -> None:
    prescription_id = _asked(store)
    _open_again(store)
    both = [*AGAIN, NewLine(AMOXICILLIN, "1 gélule matin et soir", 20, 10)]
    _schedule(store, "narcotic", AMOXICILLIN)
    with pytest.raises(Invalid) as refusal:
        _renew(store, prescription_id, lines=both)
    assert refusal.value.errors == {"lines-1-medicine": renewals.NARCOTIC}
    _schedule(store, "list_1", AMOXICILLIN)
    assert _renew(store, prescription_id, lines=both)


def test_what_may_be_renewed_three_times_may_then_be_renewed_twice(store: Store) -> None:
    prescription_id = _asked(store)
    _may_renew(store, prescription_id, 3)
    [copy] = store.read(lambda tx: copying.of_renewal(tx, queries.lines(tx, prescription_id)))
    assert copy.renewals == 2
    _open_again(store)
    renewed_id = _renew(store, prescription_id, lines=[replace(AGAIN[0], renewals=copy.renewals)])
    assert [line.renewals for line in store.read(queries.lines, renewed_id)] == [2]


def test_a_line_that_its_prescriber_has_ended_is_not_renewed(store: Store) -> None:
    prescription_id = delivered(store)
    line_id = store.value("SELECT id FROM prescription_lines WHERE prescription_id = ?", prescription_id)
    ended = "INSERT INTO ended_lines (line_id, at, actor_id, reason) VALUES (?, 1, 'diop', 'Mal supporté')"
    store.connection.execute(ended, (line_id,))
    with pytest.raises(NotNow) as refusal:
        store.write(renewing.ask, AWA, prescription_id)
    assert refusal.value.message == renewals.NOTHING


def test_who_asks_for_the_patient_is_said(store: Store) -> None:
    prescription_id = delivered(store)
    store.write(renewing.ask, replace(AWA, by=MOUSSA), prescription_id)
    assert _request(store, DIOP, prescription_id).by == MOUSSA.name


@pytest.mark.parametrize("change", ["DELETE FROM renewals", "UPDATE renewals SET status = 'pending', ended_at = NULL"])
def test_what_was_asked_and_answered_stays(store: Store, change: str) -> None:
    prescription_id = _asked(store)
    store.write(renewing.withdraw, AWA, prescription_id)
    assert refused_by_database(store, change)


def test_what_was_not_handed_over_after_all_is_not_renewed(store: Store) -> None:
    """It could be signed after its hand-over was undone."""
    prescription_id = delivered(store)
    store.write(renewing.ask, AWA, prescription_id)
    store.write(setbacks.undo, NDIAYE, prescription_id, reason="Mauvais sac")
    assert _request(store, DIOP, prescription_id).status == "lapsed"
    before = store.content()
    with pytest.raises(Conflict):
        _renew(store, prescription_id)
    assert store.content() == before


def test_where_a_part_stays_handed_over_it_waits_on(store: Store) -> None:
    prescription_id = ready(store)
    line: str = store.value("SELECT id FROM prescription_lines")
    for quantity in (8, 12):
        store.write(
            dispensing.deliver,
            NDIAYE,
            prescription_id,
            key=KEY,
            code=code(store, prescription_id),
            parts=[Part(line, quantity)],
        )
        store.clock.advance(minutes=1)
    store.write(renewing.ask, AWA, prescription_id)
    store.write(setbacks.undo, NDIAYE, prescription_id, reason="Mauvais sac")
    assert _request(store, DIOP, prescription_id).status == "pending"
