"""Every act on a prescription: from which states, by whom, and who is told what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import pytest
from cast import ADMIN, AWA, CAST, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE, SARR
from steps import KEY, code, grant, issued, prepared, ready, receive, refused, status, validated
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, queries
from fadjma.prescriptions.queries import Status
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal

STATES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Act:
    """One act: who does it, from which states it is possible (docs/clinic.md), and what it leads to."""

    do: Callable[..., Any]
    by: Viewer
    sources: set[str]
    target: str | None  # None: the state stays as it is
    what: Callable[[Store, str], dict[str, Any]] = lambda store, id: {}


def _reason(store: Store, id: str) -> dict[str, Any]:
    return {"reason": "Une raison"}


def _address(store: Store, id: str) -> dict[str, Any]:
    """The patient has asked that it be brought."""
    store.connection.execute("INSERT INTO delivery_requests VALUES (?, 'Médina', '+221771234567', 1)", (id,))
    return {}


OPEN_TO_THE_DOCTOR = {"issued", "validated", "prepared", "ready", "on_hold", "refused"}
ACTS = {
    "validate": Act(dispensing.validate, NDIAYE, {"issued", "on_hold"}, "validated"),
    "release": Act(dispensing.release, NDIAYE, {"validated", "ready"}, "issued", _reason),
    "hold": Act(dispensing.hold, NDIAYE, {"validated", "prepared"}, "on_hold", _reason),
    "prepare": Act(dispensing.prepare, NDIAYE, {"validated", "on_hold"}, "prepared"),
    "mark_ready": Act(dispensing.mark_ready, NDIAYE, {"prepared"}, "ready"),
    "refuse": Act(
        dispensing.refuse,
        NDIAYE,
        {"validated", "prepared", "on_hold"},
        "refused",
        lambda store, id: {"code": "dose", "text": "Dose à vérifier"},
    ),
    "depart": Act(dispensing.depart, NDIAYE, {"ready"}, "in_delivery", _address),
    "bring_back": Act(dispensing.bring_back, NDIAYE, {"in_delivery"}, "ready", _reason),
    "deliver": Act(
        dispensing.deliver,
        NDIAYE,
        {"ready", "in_delivery"},
        "delivered",
        lambda store, id: {"key": KEY, "code": code(store, id)},
    ),
    "cancel": Act(actions.cancel, DIOP, OPEN_TO_THE_DOCTOR, "cancelled", _reason),
    "mark_error": Act(actions.mark_error, DIOP, {*OPEN_TO_THE_DOCTOR, "in_delivery"}, "entered_in_error", _reason),
    "request_delivery": Act(
        actions.request_delivery,
        AWA,
        {"issued", "validated", "prepared", "ready", "on_hold"},
        None,
        lambda store, id: {"address": "Médina, rue 11", "phone": "+221771234567"},
    ),
}
each_act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


def put(store: Store, state: str) -> str:
    """Awa's prescription by Dr Diop, in this state at the Jamm pharmacy, without the story before."""
    store.connection.execute(
        "INSERT INTO prescriptions (id, patient_id, prescriber_id, addressed_to, pharmacy_id, status, status_reason, "
        "issued_at, valid_until, updated_at) VALUES (?, 'awa', 'diop', ?, ?, ?, 'raison', ?, ?, ?)",
        (
            state,
            JAMM,
            None if state == "issued" else JAMM,
            state,
            store.clock(),
            store.clock() + actions.VALID_FOR,
            store.clock(),
        ),
    )
    return state


@each_act
@pytest.mark.parametrize("state", STATES)
def test_an_act_is_possible_in_its_states_and_in_no_other(store: Store, act: Act, state: str) -> None:
    prescription_id = put(store, state)
    what = act.what(store, prescription_id)
    if state in act.sources:
        store.write(act.do, act.by, prescription_id, **what)
        assert status(store, prescription_id) == act.target or act.target is None
        return
    before = store.content()
    with pytest.raises(Conflict) as refusal:
        store.write(act.do, act.by, prescription_id, **what)
    assert refusal.value.current == state
    assert store.content() == before


@each_act
@pytest.mark.parametrize("person", CAST, ids=lambda person: person.id)
def test_an_act_is_for_one_side_alone(store: Store, act: Act, person: Viewer) -> None:
    prescription_id = put(store, next(state for state in STATES if state in act.sources))
    may = {AWA: {AWA}, DIOP: {DIOP}, NDIAYE: {NDIAYE, GOMIS}}[act.by]
    what = act.what(store, prescription_id)
    if person in may:
        store.write(act.do, person, prescription_id, **what)
        return
    before = store.content()
    with pytest.raises(Forbidden if person.role != act.by.role else NotFound):
        store.write(act.do, person, prescription_id, **what)
    assert store.content() == before


@pytest.mark.parametrize("name", [name for name in ACTS if name != "bring_back"])
def test_what_has_expired_by_the_clock_does_not_change_any_more(store: Store, name: str) -> None:
    act = ACTS[name]
    prescription_id = put(store, next(state for state in STATES if state in act.sources))
    store.clock.advance(days=90)
    with pytest.raises(Conflict) as refusal:
        store.write(act.do, act.by, prescription_id, **act.what(store, prescription_id))
    assert refusal.value.current == "expired"


@each_act
def test_an_act_is_written_down_with_who_and_from_where_to_where(store: Store, act: Act) -> None:
    source = next(state for state in STATES if state in act.sources)
    prescription_id = put(store, source)
    store.write(act.do, act.by, prescription_id, **act.what(store, prescription_id))
    acts = store.rows("SELECT actor_id, from_status, to_status FROM prescription_acts")
    assert acts == ([(act.by.id, source, act.target)] if act.target else [])
    assert store.audit()[-1][0] == act.by.id


@each_act
def test_an_unknown_prescription_does_not_exist(store: Store, act: Act) -> None:
    with pytest.raises(NotFound):
        store.write(act.do, act.by, "unknown", **act.what(store, put(store, "issued")))


def _on_its_way(store: Store) -> str:
    prescription_id = ready(store)
    _address(store, prescription_id)
    return store.write(dispensing.depart, NDIAYE, prescription_id)


TOLD: dict[str, tuple[Callable[[Store], str], str, dict[str, str]]] = {
    "validated": (issued, "validate", {AWA.id: "prescription.validated"}),
    "released": (validated, "release", {AWA.id: "prescription.released", GOMIS.id: "prescription.to_validate"}),
    "put on hold": (validated, "hold", {AWA.id: "prescription.on_hold"}),
    "prepared": (lambda store: _stocked(store, validated(store)), "prepare", {AWA.id: "prescription.prepared"}),
    "ready": (prepared, "mark_ready", {AWA.id: "prescription.ready"}),
    "on its way": (ready, "depart", {AWA.id: "prescription.in_delivery"}),
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
        {AWA.id: "prescription.cancelled", NDIAYE.id: "prescription.cancelled", GOMIS.id: "prescription.cancelled"},
    ),
    "to be brought": (
        validated,
        "request_delivery",
        {NDIAYE.id: "prescription.delivery_requested", GOMIS.id: "prescription.delivery_requested"},
    ),
}


def _stocked(store: Store, prescription_id: str) -> str:
    receive(store)
    return prescription_id


@pytest.mark.parametrize("name", TOLD)
def test_who_is_told_what_and_whose_page_only_follows(store: Store, name: str) -> None:
    before, act, told = TOLD[name]
    prescription_id = before(store)
    one = ACTS[act]
    news = store.news(one.do, one.by, prescription_id, **one.what(store, prescription_id))
    stock = {NDIAYE.id, GOMIS.id} if name in ("prepared", "delivered", "cancelled") else set()
    concerned = {AWA.id, DIOP.id, NDIAYE.id, GOMIS.id}
    assert news == {person: [*([None] if person in stock else []), told.get(person)] for person in concerned}


@pytest.mark.parametrize("pharmacy", [JAMM, None], ids=["addressed", "open to any"])
@each_act
def test_whoever_is_told_can_open_what_they_are_told_of(store: Store, act: Act, pharmacy: str | None) -> None:
    for state in sorted(act.sources):
        prescription_id = put(store, state)
        if state == "issued":
            store.connection.execute("UPDATE prescriptions SET addressed_to = ?", (pharmacy,))
        news = store.news(act.do, act.by, prescription_id, **act.what(store, prescription_id))
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
            store.write(ACTS[act].do, SARR, prescription_id, reason="Une raison")


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
    ],
)
def test_what_ends_or_waits_keeps_no_stock(store: Store, before: Callable[[Store], str], act: str) -> None:
    one, prescription_id = ACTS[act], before(store)
    store.write(one.do, one.by, prescription_id, **one.what(store, prescription_id))
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
        assert store.read(queries.prescriptions, person) == []


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
