"""Prescriptions, lived through at random: after every step stock, lines, hand-overs, states, movements and notices
agree, and nothing happens that is not in the table of acts.

Two patients, their doctor and the pharmacists of two pharmacies do what comes into their heads, mostly what is theirs
to do; lots come and expire, time passes, and the timekeeper comes when it likes.

The same lives in every run. A thousand, others each time, 100 steps long:
`python -m pytest tests/prescriptions/test_prescription_machine.py --hypothesis-profile=long`; the same again with
`--hypothesis-seed=N` beside it.
"""

import functools
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from cast import ADMIN, AMOXICILLIN, AWA, DIOP, FALL, GOMIS, JAMM, KADD, MOUSSA, NDIAYE, PARACETAMOL, SARR, THIAM
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from steps import DAY, KEY, code, grant, in_days, wrong_code
from store import Clock, Store

from fadjma.identity.people import Viewer
from fadjma.inventory import actions as inventory
from fadjma.prescriptions import actions, dispensing, queries, setbacks, soundness, states
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.prescriptions.states import ACTS, ROLES, Act, Status
from fadjma.refusals import Refusal

PEOPLE = {person.id: person for person in (AWA, MOUSSA, DIOP, SARR, NDIAYE, GOMIS, FALL, THIAM, ADMIN)}
PLACES = (JAMM, KADD, None)
KEPT_IN = ("prepared", "ready", "in_delivery")  # in which something is put aside, and in no other
ENDS = {states.CANCEL, states.MARK_ERROR}  # tried now and then: a life is to be long
FORWARD = (  # tried three times as often
    states.PREPARE,
    states.MARK_READY,
    states.PREPARE_ANEW,
    states.DELIVER,
    states.PREPARE_REST,
    states.UNDO,
    states.ACKNOWLEDGE,
)
ENOUGH = {  # acts that the table alone decides
    states.VALIDATE,
    states.MARK_READY,
    states.BRING_BACK,
    states.HOLD,
    states.RELEASE,
    states.REFUSE,
    states.CANCEL,
    states.MARK_ERROR,
    states.REQUEST_DELIVERY,
    states.TAKE_BACK,
    states.RENEW_CODE,
}
DOING: dict[Act, tuple[Any, dict[str, Any]]] = {
    states.VALIDATE: (dispensing.validate, {}),
    states.PREPARE: (dispensing.prepare, {}),
    states.MARK_READY: (dispensing.mark_ready, {}),
    states.PREPARE_REST: (dispensing.prepare_rest, {}),
    states.PREPARE_ANEW: (setbacks.prepare_anew, {}),
    states.DEPART: (dispensing.depart, {}),
    states.BRING_BACK: (dispensing.bring_back, {"reason": "Personne"}),
    states.HOLD: (dispensing.hold, {"reason": "Attendu demain"}),
    states.UNDO: (setbacks.undo, {"reason": "Mauvais sac"}),
    states.RELEASE: (dispensing.release, {"reason": "Jamais retirée", "confirmed": True}),
    states.REFUSE: (dispensing.refuse, {"code": "dose", "text": "Trop forte"}),
    states.CANCEL: (actions.cancel, {"reason": "Traitement changé"}),
    states.MARK_ERROR: (actions.mark_error, {"reason": "Mauvais patient"}),
    states.ACKNOWLEDGE: (setbacks.acknowledge, {}),
    states.REQUEST_DELIVERY: (actions.request_delivery, {"address": "Médina", "phone": "+221771234567"}),
    states.TAKE_BACK: (actions.take_back, {"reason": "Trop loin"}),
    states.RENEW_CODE: (actions.renew_code, {}),
    states.DELIVER: (dispensing.deliver, {}),
    states.CANNOT_SUPPLY: (setbacks.cannot_supply, {}),
    states.CHOOSE_PHARMACY: (actions.choose_pharmacy, {}),
}

which = st.integers(0, 20)
anybody = st.sampled_from(list(PEOPLE.values()))
pharmacists = st.sampled_from((NDIAYE, GOMIS, FALL))
quantities = st.sampled_from((1, 3, 7, 12, 20, 10**9))
spans = st.sampled_from((1, 1, 1, 10 * 60_000 - 1, 10 * 60_000, 3_600_000, DAY, 2 * DAY, 20 * DAY, 90 * DAY))
mostly = st.sampled_from((True, True, True, True, False))  # whether it is somebody whose affair it is


class Lives(RuleBasedStateMachine):
    settled: Path
    folder: Path
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / "one.db"
        for left in self.folder.glob("one.db*"):
            left.unlink()
        shutil.copyfile(self.settled, path)
        self.store = Store(path, Clock())
        self.prescriptions: list[str] = []

    def teardown(self) -> None:
        self.store.close()

    @initialize(
        pharmacy=st.sampled_from(PLACES), quantity=st.sampled_from((1, 20)), begun=st.sampled_from((3, 2, 1, 0))
    )
    def something_is_prescribed(self, pharmacy: str | None, quantity: int, begun: int) -> None:
        for patient in (AWA, MOUSSA):
            grant(self.store, DIOP, patient, duration=365 * DAY)
        for medicine in (PARACETAMOL, AMOXICILLIN):
            self.receive(NDIAYE, medicine, 40, 2)
            self.receive(FALL, medicine, 30, 300)
        self.prescribe(AWA, pharmacy, [quantity, 12])
        who = FALL if pharmacy == KADD else NDIAYE
        prepare = functools.partial(dispensing.prepare, confirmed=True)  # a lot of two days for a course of ten
        for act in (dispensing.validate, prepare, dispensing.mark_ready)[:begun]:
            self.store.write(act, who, self.prescriptions[0])

    # --- what people do ---------------------------------------------------------------------------------------

    @rule(acts=mostly, n=which, number=which, who=anybody, own=mostly, how=st.data())
    def something_happens(self, acts: bool, n: int, number: int, who: Viewer, own: bool, how: st.DataObject) -> None:
        """One rule: of several, Hypothesis leaves out some in each life."""
        if acts:
            self._act(n, number, who, own, how)
        else:
            self._go_on(number, how)

    def _act(self, n: int, number: int, who: Viewer, own: bool, how: st.DataObject) -> None:
        status = self._status(self._of(n))
        acts = [act for act in DOING if status in act.sources and (act not in ENDS or number > 16)]
        acts += [act for act in FORWARD if act in acts] * 2
        if not own or not acts:
            acts = list(DOING)
        act = acts[number % len(acts)]
        who = self._somebody(n, act, who, own)
        if act is states.DELIVER:
            self._hand_over(n, who, how.draw(st.none() | st.lists(quantities | st.none(), max_size=3)), number)
        elif act is states.CANNOT_SUPPLY:
            line_ids = self._line_ids(n)
            self._do(n, act, who, setbacks.cannot_supply, line_id=line_ids[number % len(line_ids)], code="other")
        elif act is states.CHOOSE_PHARMACY:
            pharmacy = how.draw(st.sampled_from(PLACES))
            if pharmacy != self._of(n)["addressed_to"]:
                self._do(n, act, who, actions.choose_pharmacy, pharmacy_id=pharmacy)
        elif act is states.REFUSE and number % 2:
            self._do(n, states.RELEASE, who, dispensing.refuse, code=states.UNAVAILABLE, text="En rupture")
        elif act.stock == "reserve":
            self._do(n, act, who, DOING[act][0], partial=bool(number % 2), confirmed=number % 3 > 0)
        else:
            action, said = DOING[act]
            self._do(n, act, who, action, **said)

    def _hand_over(self, n: int, who: Viewer, wanted: list[int | None] | None, number: int) -> None:
        prescription_id, line_ids = self._of(n)["id"], self._line_ids(n)
        parts = None if wanted is None else [Part(*part) for part in zip(line_ids, wanted, strict=False)]
        proofs: list[dict[str, Any]] = [
            {},
            {"code": wrong_code(self.store, prescription_id)},
            {"identity_document": "CNI 1", "reason": "Perdu"},
            {"code": code(self.store, prescription_id)},
        ]
        proof = min(number % 7, 3)
        done = self._do(n, states.DELIVER, who, dispensing.deliver, key=KEY, parts=parts, **proofs[proof])
        assert not done or proof > 1

    def _go_on(self, number: int, how: st.DataObject) -> None:
        match number % 4:
            case 0:
                pharmacy = how.draw(st.sampled_from(PLACES))
                self.prescribe((AWA, MOUSSA)[number // 4 % 2], pharmacy, [20, number + 1][: number // 8 + 1])
            case 1:
                who = how.draw(pharmacists)
                self.receive(who, (PARACETAMOL, AMOXICILLIN)[number // 4 % 2], number + 1, number)
            case 2:
                self.store.write(actions.expire, 100)
            case _:
                self.store.clock.advance(milliseconds=how.draw(spans))

    def prescribe(self, patient: Viewer, pharmacy: str | None, quantities: list[int]) -> None:
        if len(self.prescriptions) > 5:
            return
        medicines = (PARACETAMOL, AMOXICILLIN)
        lines = [NewLine(medicines[n], "1 comprimé", quantity, 10) for n, quantity in enumerate(quantities)]
        how: dict[str, Any] = {"lines": lines, "pharmacy_id": pharmacy, "confirmed": True}
        self.prescriptions.append(self.store.write(actions.issue, DIOP, patient.id, **how))

    def receive(self, who: Viewer, medicine: str, quantity: int, days: int) -> None:
        number = f"{medicine}{self.store.clock()}{days}{quantity}"
        how: dict[str, Any] = {"number": number, "expires_on": in_days(self.store, days), "quantity": quantity}
        self.store.write(inventory.receive, who, medicine_id=medicine, **how)

    # --- what comes of it -------------------------------------------------------------------------------------

    def _of(self, n: int) -> dict[str, Any]:
        prescription_id = self.prescriptions[n % len(self.prescriptions)]
        row = self.store.connection.execute("SELECT * FROM prescriptions WHERE id = ?", (prescription_id,)).fetchone()
        return dict(row)

    def _line_ids(self, n: int) -> list[str]:
        sql = "SELECT id FROM prescription_lines WHERE prescription_id = ? ORDER BY position"
        return [line_id for (line_id,) in self.store.rows(sql, self._of(n)["id"])]

    def _status(self, of: dict[str, Any]) -> Status:
        over = of["status"] in states.EXPIRE.sources and of["valid_until"] <= self.store.clock()
        status: Status = "expired" if over else of["status"]
        return status

    def _somebody(self, n: int, act: Act, who: Viewer, own: bool) -> Viewer:
        """Whoever it is, or mostly one of those whose affair the act is."""
        theirs = [person for person in PEOPLE.values() if self._is_theirs(self._of(n), act, person)]
        return theirs[n % len(theirs)] if own and theirs else who

    def _is_theirs(self, of: dict[str, Any], act: Act, who: Viewer) -> bool:
        if act.by == "pharmacists":
            chosen = of["pharmacy_id"] or of["addressed_to"]
            return who.role == "pharmacist" and chosen in (None, who.organization_id)
        return who.id == of["patient_id" if act.by == "patient" else "prescriber_id"]

    def _do(self, n: int, act: Act, who: Viewer, action: Any, **how: Any) -> bool:
        """Try it: what happens is in the table, and what does not happen leaves no trace of having begun."""
        of = self._of(n)
        source, theirs, before = self._status(of), self._is_theirs(of, act, who), self._content()
        possible = theirs and source in act.sources
        try:
            news = self.store.news(action, who, of["id"], **how)
        except Refusal:
            assert self._content() == before
            assert not (possible and act in ENOUGH), f"{act.name} from {source}"
            return False
        target = self._of(n)["status"]
        if act is states.DELIVER and target == states.DELIVER_PART.target:
            act = states.DELIVER_PART
        assert possible, f"{act.name} from {source} by {who.id}"
        assert target == (act.target or of["status"])
        sides: dict[states.Side, str] = {"patient": of["patient_id"], "prescriber": of["prescriber_id"]}
        for side, person in sides.items():
            told = news.get(person, [None])[-1]
            unsaid = how.get("code") == states.UNAVAILABLE and side == "prescriber"
            assert told == ("prescription.unavailable" if unsaid else act.told.get(side)) or who.id == person
        self.done[act.name] += 1
        return True

    def _content(self) -> list[Any]:
        tables = ("prescriptions", "prescription_lines", "dispenses", "lots", "reservations")
        counted = ("prescription_acts", "dispense_lines", "movements", "notifications", "audit_events")
        rows = [self.store.rows(f"SELECT * FROM {table} ORDER BY rowid") for table in tables]
        return rows + [self.store.rows(f"SELECT count(*) FROM {table}") for table in counted]

    @invariant()
    def each_state_was_reached_by_acts_of_the_table(self) -> None:
        for prescription_id in self.prescriptions:
            acts = self.store.rows(
                "SELECT a.from_status, a.to_status, a.reason, u.role FROM prescription_acts a "
                "LEFT JOIN users u ON u.id = a.actor_id WHERE a.prescription_id = ? ORDER BY a.at, a.rowid",
                prescription_id,
            )
            status = self.store.value("SELECT status FROM prescriptions WHERE id = ?", prescription_id)
            assert acts[0][:2] == (None, "issued") and acts[-1][1] == status
            for (_, reached, *_), (source, target, reason, role) in pairwise(acts):
                assert source == reached
                found = states.between(source, target, role, reasoned=bool(reason))
                assert found and ROLES.get(found.by) == role

    @invariant()
    def what_was_handed_over_is_what_has_left_the_stock(self) -> None:
        for check in (soundness.undispensed, soundness.unacted):
            assert not list(self.store.read(check))
        moved = self.store.rows(
            "SELECT prescription_id, lot_id, -sum(quantity) FROM movements WHERE kind = 'delivered' "
            "GROUP BY 1, 2 HAVING sum(quantity) <> 0 ORDER BY 1, 2"
        )
        assert moved == self.store.rows(
            "SELECT d.prescription_id, h.lot_id, sum(h.quantity) FROM dispense_lines h "
            "JOIN dispenses d ON d.id = h.dispense_id WHERE d.undone_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2"
        )

    @invariant()
    def a_state_says_what_was_handed_over_and_what_is_put_aside(self) -> None:
        for status, prescribed, delivered, kept in self.store.rows(
            "SELECT p.status, sum(l.quantity), sum(l.delivered), (SELECT coalesce(sum(r.quantity), 0) "
            "FROM reservations r WHERE r.prescription_id = p.id) FROM prescriptions p "
            "JOIN prescription_lines l ON l.prescription_id = p.id GROUP BY p.id, p.status"
        ):
            assert (status == "delivered") == (delivered == prescribed)
            assert status != "part_delivered" or 0 < delivered < prescribed
            assert (status in KEPT_IN) == (kept > 0) and kept <= prescribed - delivered

    @invariant()
    def stock_and_inboxes_add_up(self) -> None:
        self.store.check()

    @invariant()
    def what_is_shown_is_what_there_is(self) -> None:
        for prescription_id in self.prescriptions:
            found = self.store.read(queries.prescription_in_full, DIOP, prescription_id)
            given = Counter[str]()
            for dispense in found.dispenses:
                for one in dispense.lines:
                    given[one.line_id] += 0 if dispense.undone_at else one.quantity
            assert {line.id: line.delivered for line in found.lines} == {
                line.id: given[line.id] for line in found.lines
            }
            assert found.status in states.OWING or not any(map(found.owed, found.lines))


def test_whatever_people_do_everything_agrees(store: Store, path: Path, tmp_path: Path) -> None:
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folder = tmp_path / "lives"
    folder.mkdir()
    done = Counter[str]()
    lives = type("Lives", (Lives,), {"settled": path, "folder": folder, "done": done})
    some = settings().max_examples // 5
    run_state_machine_as_test(lives, settings=settings(max_examples=some))
    tried = {act.name for act in ACTS} - {"issue", "correct", "expire"}
    assert some < 500 or done.keys() == tried, tried - done.keys()
