"""Every act on a prescription: from which states, by whom, and who is told what."""

from collections.abc import Callable
from typing import get_args

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE, SARR
from doing import BY, DOING, OFFERED, make_possible, put, want_it_brought
from steps import KEY, code, grant, issued, prepared, ready, receive, refused, status, validated
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, lists, queries, states
from fadjma.prescriptions.states import Act, Status
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal

STATES: tuple[Status, ...] = get_args(Status)
ACTS = {act.name: act for act in OFFERED if act is not states.CORRECT}  # that one is in test_issuing.py
each_act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


def _do(store: Store, act: Act, prescription_id: str) -> str:
    return store.write(DOING[act.name], BY[act.by], prescription_id)


def _put(store: Store, act: Act, state: str) -> str:
    """A prescription in this state, of which all else is as the act needs it."""
    prescription_id = put(store, state)
    make_possible(store, act, prescription_id)
    return prescription_id


def _put_first(store: Store, act: Act) -> str:
    """The same, in the first state from which the act is possible."""
    return _put(store, act, next(state for state in STATES if state in act.sources))


def _refusal(store: Store, act: Act, person: Viewer, prescription_id: str) -> Refusal | None:
    try:
        store.write(DOING[act.name], person, prescription_id)
    except Refusal as refusal:
        return refusal
    return None


@each_act
def test_an_act_is_possible_in_its_states_and_in_no_other(store: Store, act: Act) -> None:
    for state in STATES:
        prescription_id = _put(store, act, state)
        before = {} if state in act.sources else store.content()
        refusal = _refusal(store, act, BY[act.by], prescription_id)
        if state in act.sources:
            assert refusal is None, state
            assert status(store, prescription_id) == act.target or act.target is None, state
        else:
            assert isinstance(refusal, Conflict), state
            assert (refusal.current, refusal.message) == (state, act.too_late_in(state))
            assert store.content() == before, state


@each_act
def test_an_act_is_for_one_side_alone(store: Store, act: Act) -> None:
    *_, last = side = {"patient": [AWA], "prescriber": [DIOP], "pharmacists": [NDIAYE, GOMIS]}[act.by]
    prescription_id = _put_first(store, act)
    before = store.content()
    for person in [person for person in CAST if person not in side]:
        refused_as = Forbidden if person.role != BY[act.by].role else NotFound
        assert type(_refusal(store, act, person, prescription_id)) is refused_as, person.id
    assert store.content() == before
    assert _refusal(store, act, last, prescription_id) is None, "the first acts in the test above"


@pytest.mark.parametrize(
    "name",
    [
        act.name
        for act in ACTS.values()
        if next(state for state in STATES if state in act.sources) in states.EXPIRE.sources
    ],
)
def test_what_has_expired_by_the_clock_does_not_change_any_more(store: Store, name: str) -> None:
    prescription_id = _put_first(store, ACTS[name])
    store.clock.advance(days=90)
    with pytest.raises(Conflict) as refusal:
        _do(store, ACTS[name], prescription_id)
    assert refusal.value.current == "expired"


@each_act
def test_an_act_is_written_down_with_who_and_from_where_to_where(store: Store, act: Act) -> None:
    prescription_id = _put_first(store, act)
    source = status(store, prescription_id)
    _do(store, act, prescription_id)
    acts = store.rows("SELECT actor_id, from_status, to_status FROM prescription_acts")
    assert acts == ([(BY[act.by].id, source, act.target)] if act.target else [])
    assert store.audit()[-1][0] == BY[act.by].id


@each_act
def test_an_act_takes_the_prescription_gives_it_back_or_leaves_it_where_it_is(store: Store, act: Act) -> None:
    for state in act.sources:
        prescription_id = _put(store, act, state)
        before = store.value("SELECT pharmacy_id FROM prescriptions WHERE id = ?", prescription_id)
        _do(store, act, prescription_id)
        after = store.value("SELECT pharmacy_id FROM prescriptions WHERE id = ?", prescription_id)
        assert after == {"take": JAMM, "give back": None, "stays": before}[act.claim]


@each_act
def test_an_unknown_prescription_does_not_exist(store: Store, act: Act) -> None:
    with pytest.raises(NotFound):
        _do(store, act, "unknown")


def _on_its_way(store: Store) -> str:
    prescription_id = ready(store)
    want_it_brought(store, prescription_id)
    return store.write(dispensing.depart, NDIAYE, prescription_id)


TOLD: dict[str, tuple[Callable[[Store], str], str, dict[str, str]]] = {
    "validated": (issued, "validate", {AWA.id: "prescription.validated"}),
    "released": (
        validated,
        "release",
        {
            AWA.id: "prescription.released",
            GOMIS.id: "prescription.to_validate",
            FALL.id: "prescription.to_validate",
        },
    ),
    "taken back": (
        validated,
        "take_back",
        dict.fromkeys((NDIAYE.id, GOMIS.id, FALL.id), "prescription.to_validate"),
    ),
    "put on hold": (validated, "hold", {AWA.id: "prescription.on_hold"}),
    "prepared": (lambda store: _stocked(store, validated(store)), "prepare", {AWA.id: "prescription.prepared"}),
    "ready": (prepared, "mark_ready", {AWA.id: "prescription.ready"}),
    "on its way": (lambda store: _to_be_brought(store, ready(store)), "depart", {AWA.id: "prescription.in_delivery"}),
    "brought back": (_on_its_way, "bring_back", {AWA.id: "prescription.brought_back"}),
    "refused": (validated, "refuse", {AWA.id: "prescription.refused", DIOP.id: "prescription.refused"}),
    "delivered": (ready, "deliver", {AWA.id: "prescription.delivered", DIOP.id: "prescription.dispensed"}),
    "cancelled": (
        prepared,
        "cancel",
        {AWA.id: "prescription.cancelled", NDIAYE.id: "prescription.cancelled", GOMIS.id: "prescription.cancelled"},
    ),
    "entered in error": (
        refused,
        "mark_error",
        {
            AWA.id: "prescription.entered_in_error",
            NDIAYE.id: "prescription.entered_in_error",
            GOMIS.id: "prescription.entered_in_error",
        },
    ),
    "to be brought": (
        validated,
        "request_delivery",
        {NDIAYE.id: "prescription.delivery_requested", GOMIS.id: "prescription.delivery_requested"},
    ),
}


TOLD["delivery accepted"] = (
    lambda store: _to_be_brought(store, validated(store)),
    "accept_delivery",
    {AWA.id: "prescription.delivery_accepted"},
)
TOLD["delivery withdrawn"] = (
    lambda store: _to_be_brought(store, validated(store)),
    "withdraw_delivery",
    {NDIAYE.id: "prescription.delivery_withdrawn", GOMIS.id: "prescription.delivery_withdrawn"},
)
TOLD["delivery declined"] = (
    lambda store: _to_be_brought(store, validated(store)),
    "decline_delivery",
    {AWA.id: "prescription.delivery_declined"},
)


def _to_be_brought(store: Store, prescription_id: str) -> str:
    want_it_brought(store, prescription_id)
    return prescription_id


def _stocked(store: Store, prescription_id: str) -> str:
    receive(store)
    return prescription_id


@pytest.mark.parametrize("name", TOLD)
def test_who_is_told_what_and_whose_page_only_follows(store: Store, name: str) -> None:
    before, act, told = TOLD[name]
    prescription_id = before(store)
    news = store.news(DOING[act], BY[ACTS[act].by], prescription_id)
    stock = {NDIAYE.id, GOMIS.id} if name in ("prepared", "delivered", "cancelled") else set()
    concerned = {AWA.id, DIOP.id, NDIAYE.id, GOMIS.id, *told}
    assert news == {person: [*([None] if person in stock else []), told.get(person)] for person in concerned}


@pytest.mark.parametrize("pharmacy", [JAMM, None], ids=["addressed", "open to any"])
@each_act
def test_whoever_is_told_can_open_what_they_are_told_of(store: Store, act: Act, pharmacy: str | None) -> None:
    for state in sorted(act.sources):
        prescription_id = _put(store, act, state)
        if state == "issued":
            store.connection.execute("UPDATE prescriptions SET addressed_to = ?", (pharmacy,))
        news = store.news(DOING[act.name], BY[act.by], prescription_id)
        told = [person for person in CAST if any(news.get(person.id, []))]
        unable = [person.id for person in told if not _may_see(store, person, prescription_id)]
        assert not unable, f"{unable} are told of what they may not see, from {state}"


def _may_see(store: Store, person: Viewer, prescription_id: str) -> bool:
    try:
        store.read(queries.prescription, person, prescription_id)
    except Refusal:
        return False
    return True


def test_the_doctor_of_a_grant_sees_another_doctors_prescription_and_does_not_change_it(store: Store) -> None:
    grant(store, SARR)
    prescription_id = put(store, "issued")
    assert store.read(queries.prescription, SARR, prescription_id)
    for act in ("cancel", "mark_error"):
        with pytest.raises(Forbidden):
            store.write(DOING[act], SARR, prescription_id)


def test_a_ready_one_that_nobody_fetches_goes_back_to_the_start(store: Store) -> None:
    prescription_id = ready(store)
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Jamais retirée")
    assert status(store, prescription_id) == "issued"
    assert store.value("SELECT sum(reserved) FROM lots") == 0


def test_nothing_is_brought_that_nobody_asked_to_be_brought(store: Store) -> None:
    prescription_id = ready(store)
    with pytest.raises(Invalid):
        store.write(dispensing.depart, NDIAYE, prescription_id)
    assert status(store, prescription_id) == "ready"


def test_what_is_on_its_way_is_kept_in_stock_and_handed_over_with_the_code(store: Store) -> None:
    prescription_id = _on_its_way(store)
    assert store.rows("SELECT on_hand, reserved FROM lots") == [(100, 20)]
    store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
    assert store.rows("SELECT on_hand, reserved FROM lots") == [(80, 0)]


def test_the_prescriber_sees_and_ends_their_own_when_the_grant_is_over(store: Store) -> None:
    prescription_id = issued(store)
    store.clock.advance(days=8)
    store.write(actions.cancel, DIOP, prescription_id, reason="Erreur")
    assert status(store, prescription_id) == "cancelled"


@pytest.mark.parametrize(
    ("before", "act"),
    [
        *((prepared, act) for act in ("cancel", "mark_error", "hold", "refuse")),
        (ready, "cancel"),
        (ready, "mark_error"),
        (lambda store: _on_its_way(store), "mark_error"),
        (ready, "release"),
    ],
)
def test_what_ends_or_waits_keeps_no_stock(store: Store, before: Callable[[Store], str], act: str) -> None:
    prescription_id = before(store)
    _do(store, ACTS[act], prescription_id)
    assert store.value("SELECT sum(reserved) FROM lots") == 0
    assert store.value("SELECT sum(on_hand) FROM lots") == 100


def test_a_cancelled_prescription_is_not_delivered(store: Store) -> None:
    prescription_id = ready(store)
    store.write(actions.cancel, DIOP, prescription_id, reason="Interaction")
    with pytest.raises(Conflict) as refusal:
        store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))
    assert refusal.value.current == "cancelled"


def test_one_that_was_put_on_hold_goes_on(store: Store) -> None:
    prescription_id = prepared(store)
    store.write(dispensing.hold, NDIAYE, prescription_id, reason="Le patient rappelle")
    store.write(dispensing.prepare, NDIAYE, prescription_id)
    assert status(store, prescription_id) == "prepared"
    assert store.value("SELECT sum(reserved) FROM lots") == 20


def test_reasons_are_shown_to_those_concerned(store: Store) -> None:
    prescription_id = refused(store)
    found = store.read(queries.prescription_in_full, DIOP, prescription_id)
    assert found.status_reason == "dose: Dose à vérifier"
    assert [act.reason for act in found.acts if act.to_status == "refused"] == ["dose: Dose à vérifier"]


def test_moussa_and_the_admin_see_nothing_of_it(store: Store) -> None:
    prescription_id = ready(store)
    for person in (MOUSSA, SARR, FALL, ADMIN):
        with pytest.raises(NotFound):
            store.read(queries.prescription, person, prescription_id)
        assert store.read(lists.prescriptions, person) == []


def test_the_history_says_what_a_step_back_was(store: Store) -> None:
    prescription_id = _on_its_way(store)
    store.write(dispensing.bring_back, NDIAYE, prescription_id, reason="Personne")
    store.clock.advance(days=1)
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Jamais retirée")
    found = store.read(queries.prescription_in_full, DIOP, prescription_id)
    assert found.steps[0].at == found.issued_at < store.clock()
    acts = found.acts
    said = {(act.from_status, act.to_status): act.label for act in acts}
    assert said[None, "issued"] == "Émise"
    assert said["prepared", "ready"] == "Prête"
    assert said["in_delivery", "ready"] == "Livraison échouée"
    assert said["ready", "issued"] == "Rendue par la pharmacie"
