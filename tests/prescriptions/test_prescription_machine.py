"""Prescriptions, lived through at random: after every step stock, lines, hand-overs, states, movements, register,
dashboards and notices agree, and nothing happens that is not in the table of acts.

Two patients, their doctor and the pharmacists of two pharmacies do what comes into their heads, mostly what is theirs
to do; so do another doctor and a nurse, who may read, the front desk and the admin, whose affair none of it is. Lots
come, are counted, withheld, dated anew, sent to the other pharmacy and expire, time passes, and the timekeeper comes
when it likes.

The same lives in every run. 100,000 steps and more, others each time, in a quarter of an hour of a core:
`python -m pytest tests/prescriptions/test_prescription_machine.py --hypothesis-profile=long`. It says how often what
was done, and its seed: the same again with `--hypothesis-seed=N` beside it.
"""

import functools
import random
import shutil
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cast import AMOXICILLIN, AWA, CAST, DIOP, FALL, INSULIN, JAMM, KADD, MOUSSA, NDIAYE, PARACETAMOL, SARR
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from steps import DAY, KEY, code, grant, in_days, wrong_code
from store import Clock, Store

from fadjma import verifying
from fadjma.chain.walking import Walk
from fadjma.identity.people import Viewer
from fadjma.inventory import actions as inventory
from fadjma.inventory import redating, transfers, withholding
from fadjma.inventory import soundness as stock
from fadjma.prescriptions import (
    actions,
    checking,
    delivering,
    dispensing,
    flagging,
    lists,
    queries,
    renewing,
    replacing,
    setbacks,
    soundness,
    states,
)
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.prescriptions.states import ACTS, ROLES, Act, Status
from fadjma.refusals import Invalid, Refusal
from fadjma.safety.answers import Override
from fadjma.store import Transaction

PEOPLE = {person.id: person for person in CAST}
PHARMACISTS = [person for person in CAST if person.role == "pharmacist"]
LISTING = [person for person in CAST if person.role in ("patient", "doctor", "pharmacist")]  # who have dashboards
LONG = 1_150  # lives of a hundred steps at most, each begun by one
PLACES = (JAMM, KADD, None)
KEPT_IN = ("prepared", "ready", "in_delivery")  # in which something is put aside, and in no other
ENDS = {states.CANCEL, states.MARK_ERROR}  # tried now and then: a life is to be long
FORWARD = (  # tried four times as often
    states.PREPARE,
    states.MARK_READY,
    states.PREPARE_ANEW,
    states.DELIVER,
    states.PREPARE_REST,
    states.UNDO,
    states.ACKNOWLEDGE,
)
LINE_BY_LINE = {states.REPLACE_LINE: "line_replaced", states.END_LINE: "line_ended"}  # as they are told
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
    states.RENEW_CODE,
}


def _replace_line(tx: Transaction, viewer: Viewer, prescription_id: str, *, line_id: str) -> str:
    """By the medicine that is in no other prescription here, whatever is asked about it."""
    line = NewLine(INSULIN, "1 stylo", 2, 10)
    patient_id = tx.value("SELECT patient_id FROM prescriptions WHERE id = :id", {"id": prescription_id})
    asked = checking.of_replacement(tx, prescription_id, str(patient_id), line_id, line.medicine_id, line.dosage).alerts
    overrides = [Override(place, one.id, "Exprès") for place, one in enumerate(asked)]
    how: dict[str, Any] = {"line_id": line_id, "line": line, "confirmed": True, "overrides": overrides}
    return replacing.replace_line(tx, viewer, prescription_id, **how)


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
    states.REQUEST_DELIVERY: (actions.request_delivery, {}),
    states.WITHDRAW_DELIVERY: (delivering.withdraw, {}),
    states.ACCEPT_DELIVERY: (delivering.accept, {}),
    states.DECLINE_DELIVERY: (delivering.decline, {"reason": "Trop loin"}),
    states.TAKE_BACK: (actions.take_back, {"reason": "Trop loin"}),
    states.RENEW_CODE: (actions.renew_code, {}),
    states.DELIVER: (dispensing.deliver, {}),
    states.CANNOT_SUPPLY: (setbacks.cannot_supply, {}),
    states.REPLACE_LINE: (_replace_line, {}),
    states.AWAIT: (replacing.wait, {}),
    states.END_LINE: (replacing.end_line, {"reason": "Introuvable"}),
    states.CHOOSE_PHARMACY: (actions.choose_pharmacy, {}),
}

which = st.integers(0, 20)
anybody = st.sampled_from(list(PEOPLE))
pharmacists = st.sampled_from([person.id for person in PHARMACISTS])
quantities = st.sampled_from((1, 3, 7, 12, 20, 10**9))
spans = st.sampled_from((1, 1, 1, 10 * 60_000 - 1, 10 * 60_000, 3_600_000, DAY, 2 * DAY, 20 * DAY, 90 * DAY))
proofs = st.sampled_from((3, 3, 3, 3, 2, 1, 0))  # of `_hand_over`
mostly = st.sampled_from((True, True, True, True, False))  # whether it is somebody whose affair it is


class Lives(RuleBasedStateMachine):
    settled: Path
    folder: Path
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.steps = -1  # beside the one that begins it
        path = self.folder / "one.db"
        for left in self.folder.glob("one.db*"):
            left.unlink()
        shutil.copyfile(self.settled, path)
        self.store = Store(path, Clock())
        self.prescriptions: list[str] = []
        self.seen: tuple[dict[Any, Any], Counter[Any], int] = ({}, Counter(), -1)  # after the step before, and when

    def teardown(self) -> None:
        """What stays wrong once it is: what `quart verify` looks at, and each link of the chains."""
        self.done["steps"] += self.steps
        assert self.store.read(verifying.walk) == []
        assert [*self.store.read(lambda tx: [*Walk(verifying.COVERED).breaks(tx)])] == []
        self.store.close()

    @initialize(
        pharmacy=st.sampled_from(PLACES), quantity=st.sampled_from((1, 20)), begun=st.sampled_from((3, 2, 1, 0))
    )
    def something_is_prescribed(self, pharmacy: str | None, quantity: int, begun: int) -> None:
        self.store.connection.execute("UPDATE medicines SET schedule = 'list_1' WHERE id = ?", (AMOXICILLIN,))
        self.store.connection.execute("UPDATE organizations SET part_of = ? WHERE id = ?", (JAMM, KADD))  # one house
        for doctor, patient in ((DIOP, AWA), (DIOP, MOUSSA), (SARR, AWA)):
            grant(self.store, doctor, patient, duration=365 * DAY)
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
    def something_happens(self, acts: bool, n: int, number: int, who: str, own: bool, how: st.DataObject) -> None:
        """One rule: of several, Hypothesis leaves out some in each life."""
        if acts:
            self._act(n, number, PEOPLE[who], own, how)
        else:
            self._go_on(n, number, PEOPLE[who], how)

    def _act(self, n: int, number: int, who: Viewer, own: bool, how: st.DataObject) -> None:
        status = self._status(self._of(n))
        acts = [act for act in DOING if status in act.sources and (act not in ENDS or number > 16)]
        acts = [act for act in FORWARD if act in acts] * 3 + acts
        acts += [states.CANNOT_SUPPLY] * 2 * (status in (*KEPT_IN[:2], *states.PREPARE_REST.sources))
        acts += [act for act in LINE_BY_LINE if act in acts and self._lacking(n)] * 6
        acts += [states.END_LINE] * len(acts) * (status == "part_delivered" and bool(self._lacking(n)))
        acts += [states.CORRECT] * (status in states.CORRECT.sources)
        if not own or not acts:
            acts = [*DOING, states.CORRECT]
        act = acts[number % len(acts)]
        who = self._somebody(n, act, who, own)
        if act is states.DELIVER:
            parts = st.lists(st.sampled_from((1, 3, None, 7, 12, 10**9)), min_size=1, max_size=2) | st.none()
            self._hand_over(n, who, how.draw(parts), how.draw(proofs))
        elif act is states.CANNOT_SUPPLY:
            line_ids = self._line_ids(n)
            self._do(n, act, who, setbacks.cannot_supply, line_id=line_ids[number % len(line_ids)], code="other")
        elif act in LINE_BY_LINE:
            lacking = self._lacking(n) or self._line_ids(n)
            self._do(n, act, who, DOING[act][0], line_id=lacking[number % len(lacking)], **DOING[act][1])
        elif act is states.CHOOSE_PHARMACY:
            pharmacy = how.draw(st.sampled_from(PLACES))
            if pharmacy != self._of(n)["addressed_to"]:
                self._do(n, act, who, actions.choose_pharmacy, pharmacy_id=pharmacy)
        elif act is states.REQUEST_DELIVERY:
            address = ("Médina", "Plateau")[number % 2]
            self._do(n, act, who, actions.request_delivery, address=address, phone="+221771234567")
        elif act is states.CORRECT:
            self._correct(n, who)
        elif act is states.REFUSE and number % 2:
            self._do(n, states.RELEASE, who, dispensing.refuse, code=states.UNAVAILABLE, text="En rupture")
        elif act.stock == "reserve":
            self._do(n, act, who, DOING[act][0], partial=bool(number % 2), confirmed=number % 3 > 0)
        else:
            action, said = DOING[act]
            self._do(n, act, who, action, **said)

    def _hand_over(self, n: int, who: Viewer, wanted: list[int | None] | None, proof: int) -> None:
        prescription_id, line_ids = self._of(n)["id"], self._line_ids(n)
        parts = None if wanted is None else [Part(*part) for part in zip(line_ids, wanted, strict=False)]
        given: list[dict[str, Any]] = [
            {},
            {"code": wrong_code(self.store, prescription_id)},
            {"identity_document": "CNI 1", "reason": "Perdu"},
            {"code": code(self.store, prescription_id)},
        ]
        if proof == 1:
            self._try_code(n, who, given[proof]["code"])
        locked = self._of(n)["code_failures"] >= states.CODE_ATTEMPTS
        done = self._do(n, states.DELIVER, who, dispensing.deliver, key=KEY, parts=parts, **given[proof])
        assert not done or proof == 2 or (proof == 3 and not locked)

    def _try_code(self, n: int, who: Viewer, wrong: str) -> None:
        """A wrong code is counted where it is tried by whose affair it is, and never for another."""
        of, before = self._of(n), self._content()
        theirs = self._is_theirs(of, states.DELIVER, who) and of["pharmacy_id"] is not None
        try:
            said = self.store.write(dispensing.try_code, who, of["id"], code=wrong, key=KEY)
        except Refusal:
            assert not theirs and self._content() == before
            return
        counted = self._status(of) in states.DELIVER.sources
        assert theirs and said["right"] is not counted
        after = self._of(n)["code_failures"]
        assert after == min(of["code_failures"] + counted, states.CODE_ATTEMPTS)
        assert not counted or said["left"] == states.CODE_ATTEMPTS - after

    def _go_on(self, n: int, number: int, who: Viewer, how: st.DataObject) -> None:
        match number % 6:
            case 0:
                pharmacy = how.draw(st.sampled_from(PLACES))
                self.prescribe((AWA, MOUSSA)[number // 4 % 2], pharmacy, [20, number + 1][: number // 8 + 1])
            case 1:
                self.receive(
                    PEOPLE[how.draw(pharmacists)], (PARACETAMOL, AMOXICILLIN)[number // 4 % 2], number + 1, number
                )
            case 2 if number // 6 == 3:
                self._renew(n, who, how.draw(st.sampled_from((renewing.ask, renewing.withdraw, renewing.decline))))
            case 2:
                self._keep_time()
            case 3 if number // 6 == 0:
                self._count(who, n, how.draw(st.booleans()))
            case 3 if number // 6 == 1:
                self._withhold(who, n)
            case 3:
                self._transfer(PEOPLE[how.draw(pharmacists)], n, how.draw(quantities))
            case 4:
                self._read(n, who)
            case 5 if number // 6 == 2:
                self._redate(PEOPLE[how.draw(pharmacists)], n, how.draw(st.sampled_from((-1, 0, 1, 30, 5_000))))
            case _:
                self.store.clock.advance(milliseconds=how.draw(spans))

    def _keep_time(self) -> None:
        """What has ended by the clock is written down, and told; of lots that expire each pharmacy hears for itself."""
        rows = [self._of(n) for n in range(len(self.prescriptions))]
        over = [of for of in rows if self._status(of) != of["status"]]
        news = self.store.news(actions.expire, 100)
        wanted = Counter[tuple[str, str]]()
        for of in over:
            corrected = any(other["replaces_id"] == of["id"] for other in rows)
            wanted.update(_told(of, None, {} if corrected else states.EXPIRE.told))
            self.done["expire"] += 1
        assert Counter(_said(news)) == wanted
        for warn in (inventory.warn_expiring, inventory.warn_expired):
            assert self.store.news(warn, 100).keys() <= {person.id for person in PHARMACISTS}

    def _renew(self, n: int, who: Viewer, act: Any) -> None:
        """The patient asks that it be renewed, or asks no more; its prescriber does not."""
        of, before = self._of(n), self._content()
        theirs = of["prescriber_id"] if act is renewing.decline else of["patient_id"]
        said = {"reason": "À revoir d'abord"} if act is renewing.decline else {}
        try:
            self.store.write(act, PEOPLE[theirs] if who.role == "patient" else who, of["id"], **said)
        except Refusal:
            assert self._content() == before
            return
        assert who.role == "patient" or who.id == theirs
        self.done[f"{act.__name__} a renewal"] += 1

    def _count(self, who: Viewer, number: int, fresh: bool) -> None:
        """Of a lot there is now so much; whose lot it is, what is kept of it and what has moved since are obeyed."""
        lots = self.store.rows(
            "SELECT l.id, l.version, l.on_hand, l.reserved, p.pharmacy_id FROM lots l JOIN products p "
            "ON p.id = l.product_id ORDER BY l.rowid"
        )
        lot_id, version, on_hand, reserved, pharmacy_id = lots[number % len(lots)]
        counted, before = (number * 7) % 50, self._content()
        possible = who.organization_id == pharmacy_id and fresh and counted >= reserved
        how: dict[str, Any] = {"on_hand": counted, "version": version - (not fresh), "reason": "Casse"}
        try:
            news = self.store.news(inventory.adjust, who, lot_id, **how)
        except Refusal:
            assert not possible and self._content() == before
            return
        assert possible
        assert self.store.value("SELECT on_hand FROM lots WHERE id = ?", lot_id) == counted
        told = {(person, message) for person, messages in news.items() for message in messages if message}
        colleagues = {person.id for person in PHARMACISTS if person.organization_id == pharmacy_id} - {who.id}
        assert {(person, "stock.updated") for person in colleagues} == {one for one in told if one[1] != "stock.low"}
        assert {person for person, _ in told} <= colleagues | {who.id}
        self.done["count"] += counted != on_hand

    def _withhold(self, who: Viewer, number: int) -> None:
        """A lot is doubted, or is not any more: its pharmacy says so."""
        lots = self.store.rows(
            "SELECT l.id, l.withheld_at, p.pharmacy_id FROM lots l JOIN products p ON p.id = l.product_id "
            "ORDER BY l.rowid"
        )
        lot_id, withheld_at, pharmacy_id = lots[number % len(lots)]
        act: Any = withholding.put_back if withheld_at else functools.partial(withholding.withhold, reason="Doute")
        before = self._content()
        try:
            news = self.store.news(act, who, lot_id)
        except Refusal:
            assert who.organization_id != pharmacy_id and self._content() == before
            return
        assert who.organization_id == pharmacy_id and not _said(news)
        self.done["put back" if withheld_at else "withhold"] += 1

    def _redate(self, who: Viewer, number: int, days: int) -> None:
        """The day of a lot was typed wrong: its pharmacy puts it right."""
        lots = self.store.rows(
            "SELECT l.id, l.on_hand, p.pharmacy_id FROM lots l JOIN products p ON p.id = l.product_id ORDER BY l.rowid"
        )
        lot_id, on_hand, pharmacy_id = lots[number % len(lots)]
        before, day = self._content(), in_days(self.store, days)
        try:
            news = self.store.news(redating.correct, who, lot_id, expires_on=day, confirmed=True)
        except Refusal:
            assert who.organization_id != pharmacy_id and self._content() == before
            return
        assert who.organization_id == pharmacy_id and not _said(news)
        assert self.store.rows("SELECT on_hand, expires_on FROM lots WHERE id = ?", lot_id) == [(on_hand, day)]
        self.done["redate"] += 1

    def _transfer(self, who: Viewer, number: int, quantity: int) -> None:
        """Between the two pharmacies: what is on its way is received or taken back, else something is sent."""
        before = self._content()
        sql = "SELECT id, to_id FROM transfers WHERE coalesce(received_at, undone_at) IS NULL ORDER BY rowid"
        for transfer_id, to_id in self.store.rows(sql)[:1]:
            act = transfers.receive if who.organization_id == to_id else transfers.undo
            try:
                assert not _said(self.store.news(act, who, transfer_id))
            except Refusal:  # the same lot is there with another day
                assert act is transfers.receive and self._content() == before and self.done["redate"]
                return
            self.done[f"{act.__name__} a transfer"] += 1
            return
        lots = self.store.rows(
            "SELECT l.id, CASE WHEN l.withheld_at IS NULL THEN l.on_hand - l.reserved ELSE 0 END FROM lots l "
            "JOIN products p ON p.id = l.product_id WHERE p.pharmacy_id = ? ORDER BY l.rowid",
            who.organization_id,
        )
        lot_id, free = lots[number % len(lots)]
        to = KADD if who.organization_id == JAMM else JAMM
        try:
            assert not _said(self.store.news(transfers.send, who, lot_id, to_id=to, quantity=quantity))
        except Refusal:
            assert self._content() == before
            return
        assert quantity <= free
        self.done["send"] += 1

    def _read(self, n: int, who: Viewer) -> None:
        """Whose affair it is reads it; a pharmacy without a part in what is to be claimed learns of nobody."""
        of = self._of(n)
        places = (of["pharmacy_id"], of["addressed_to"])
        to_claim = places == (None, None) and self._status(of) == states.TO_CLAIM
        mine = next((place for place in places if place), None)
        concerned = who.id in (of["patient_id"], of["prescriber_id"])
        if who.role == "pharmacist":
            concerned = to_claim or (mine is not None and who.organization_id == mine)
        lets = "SELECT 1 FROM access_requests WHERE patient_id = ? AND expires_at > ? AND (doctor_id = ? OR ?)"
        if who.role in ("doctor", "nurse"):  # a nurse as long as any doctor of the clinic may
            now, nurse = self.store.clock(), who.role == "nurse"
            concerned |= bool(self.store.rows(lets, of["patient_id"], now, who.id, nurse))
        try:
            found = self.store.read(queries.prescription_in_full, who, of["id"])
        except Refusal:
            assert not concerned
            return
        assert concerned
        if who.role == "pharmacist" and to_claim:
            assert found.neutral and not found.lines and found.patient is None and not found.dispenses

    def prescribe(self, patient: Viewer, pharmacy: str | None, quantities: list[int]) -> None:
        if len(self.prescriptions) > 5:
            return
        how: dict[str, Any] = {"lines": _lines(quantities), "pharmacy_id": pharmacy, "confirmed": True}
        self.prescriptions.append(self.store.write(actions.issue, DIOP, patient.id, **how))

    def _correct(self, n: int, who: Viewer) -> None:
        """A refused one is written anew, once, by who wrote it."""
        of, before = self._of(n), self._content()
        replaced = self.store.rows("SELECT 1 FROM prescriptions WHERE replaces_id = ?", of["id"])
        possible = who.id == of["prescriber_id"] and self._status(of) in states.CORRECT.sources and not replaced
        how: dict[str, Any] = {"lines": _lines([10, 5]), "replaces_id": of["id"], "confirmed": True}
        try:
            news = self.store.news(actions.issue, who, of["patient_id"], **how)
        except Refusal:
            assert not possible and self._content() == before
            return
        assert possible and self._of(n)["status"] == of["status"]
        new = self.store.value("SELECT id FROM prescriptions WHERE replaces_id = ?", of["id"])
        self.prescriptions.append(new)
        heard = self._heard(self._of(-1), "corrected")
        assert Counter(_said(news)) == Counter(_told(self._of(-1), who, states.ISSUE.told) + heard)
        self.done["correct"] += 1

    def receive(self, who: Viewer, medicine: str, quantity: int, days: int) -> None:
        number = f"{medicine}{self.store.clock()}{days}{quantity}"
        how: dict[str, Any] = {"number": number, "expires_on": in_days(self.store, days), "quantity": quantity}
        try:
            self.store.write(inventory.receive, who, medicine_id=medicine, **how)
        except Invalid:  # the same lot was received in this very moment, and dated anew
            assert self.store.value(
                "SELECT 1 FROM lots WHERE number = ? AND expires_on <> ?", number, how["expires_on"]
            )

    # --- what comes of it -------------------------------------------------------------------------------------

    def _of(self, n: int) -> dict[str, Any]:
        prescription_id = self.prescriptions[n % len(self.prescriptions)]
        row = self.store.connection.execute("SELECT * FROM prescriptions WHERE id = ?", (prescription_id,)).fetchone()
        return dict(row)

    def _line_ids(self, n: int) -> list[str]:
        sql = "SELECT id FROM prescription_lines WHERE prescription_id = ? ORDER BY position"
        return [line_id for (line_id,) in self.store.rows(sql, self._of(n)["id"])]

    def _lacking(self, n: int) -> list[str]:
        """The lines that could not be supplied, and that nobody has ended."""
        lines = self.store.read(queries.lines, self._of(n)["id"])
        return [line.id for line in lines if line.shortage and line.remaining]

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
        wanted = "SELECT address FROM delivery_requests WHERE prescription_id = ? AND status IN ('asked', 'accepted')"
        repeated = act is states.REQUEST_DELIVERY and self.store.rows(wanted, of["id"]) == [(how["address"],)]
        written = self._written(of, who)
        try:
            news = self.store.news(action, who, of["id"], **how)
        except Refusal:
            assert self._content() == before
            assert not (possible and act in ENOUGH), f"{act.name} from {source}"
            return False
        after = self._of(n)
        assert possible, f"{act.name} from {source} by {who.id}"
        tried, act = act, _as_it_came(act, of["status"], after["status"])
        event = LINE_BY_LINE.get(tried) or act.event or act.target or ""
        told = {} if repeated else dict((tried if tried in LINE_BY_LINE else act).told)
        assert after["status"] == (act.target or of["status"])
        assert self._written(of, who) == written + (not repeated)
        another = act in (states.DELIVER_PART, states.UNDO, states.RENEW_CODE)
        assert after["code_round"] == of["code_round"] + another, f"the code of {act.name}"
        if how.get("code") == states.UNAVAILABLE:
            told["prescriber"] = "prescription.unavailable"
        if how.get("identity_document"):
            told["patient"] = flagging.TOLD_PATIENT
        heard = [] if repeated else self._heard(after, event)
        assert Counter(_said(news)) == Counter(_told(after, who, told) + heard), act.name
        of_stock = {person for person, messages in news.items() if "stock.low" in messages}
        assert of_stock <= {person.id for person in PHARMACISTS if person.organization_id == who.organization_id}
        self.done[act.name] += 1
        return True

    def _heard(self, of: dict[str, Any], what: str) -> list[tuple[str, str]]:
        """Which other doctors hear what of it: those to whom the patient lets the file be open."""
        message = states.COLLEAGUES.get(what)
        others = self.store.rows(
            "SELECT doctor_id FROM access_requests WHERE patient_id = ? AND doctor_id <> ? AND expires_at > ?",
            of["patient_id"],
            of["prescriber_id"],
            self.store.clock(),
        )
        return [(doctor, message) for (doctor,) in others] if message else []

    def _written(self, of: dict[str, Any], who: Viewer) -> int:
        """How many acts of this person on a prescription the audit has."""
        sql = "SELECT count(*) FROM audit_events WHERE subject_id = ? AND actor_id = ? AND outcome = 'success'"
        return int(self.store.value(sql, of["id"], who.id))

    def _content(self) -> list[Any]:
        tables = ("prescriptions", "prescription_lines", "dispenses", "lots", "reservations")
        counted = ("prescription_acts", "dispense_lines", "movements", "notifications", "audit_events")
        rows = [self.store.rows(f"SELECT * FROM {table} ORDER BY rowid") for table in tables]
        return rows + [self.store.rows(f"SELECT count(*) FROM {table}") for table in counted]

    @invariant()
    def a_step_is_counted(self) -> None:
        self.steps += 1

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
    def a_prescriber_has_the_patients_who_were_prescribed_to(self) -> None:
        assert self.store.rows(
            "SELECT prescriber_id, patient_id, at FROM prescriber_patients ORDER BY 1, 2"
        ) == self.store.rows(
            "SELECT prescriber_id, patient_id, max(updated_at) FROM prescriptions WHERE status <> 'entered_in_error' "
            "GROUP BY 1, 2 ORDER BY 1, 2"
        )

    @invariant()
    def what_was_handed_over_is_what_has_left_the_stock(self) -> None:
        for check in (soundness.undispensed, soundness.unacted, stock.untied):
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
            "SELECT p.status, sum(CASE WHEN e.line_id IS NULL THEN l.quantity ELSE l.delivered END), sum(l.delivered), "
            "(SELECT coalesce(sum(r.quantity), 0) "
            "FROM reservations r WHERE r.prescription_id = p.id) FROM prescriptions p "
            "JOIN prescription_lines l ON l.prescription_id = p.id LEFT JOIN ended_lines e ON e.line_id = l.id "
            "GROUP BY p.id, p.status"
        ):
            assert (status == "delivered") == (delivered == prescribed)
            assert status != "part_delivered" or 0 < delivered < prescribed
            assert (status in KEPT_IN) == (kept > 0) and kept <= prescribed - delivered

    @invariant()
    def what_is_under_rules_is_in_the_register_without_holes(self) -> None:
        for place in (JAMM, KADD):
            entries = self.store.rows(
                "SELECT number, dispense_id, line_id FROM register_entries WHERE pharmacy_id = ? ORDER BY number", place
            )
            assert [number for number, *_ in entries] == list(range(1, len(entries) + 1))
            assert {entry[1:] for entry in entries} == set(
                self.store.rows(
                    "SELECT h.dispense_id, h.line_id FROM dispense_lines h JOIN dispenses d ON d.id = h.dispense_id "
                    "JOIN prescription_lines l ON l.id = h.line_id WHERE d.pharmacy_id = ? AND l.medicine_id = ?",
                    place,
                    AMOXICILLIN,
                )
            )

    @invariant()
    def each_is_in_the_one_place_of_a_dashboard_that_it_says(self) -> None:
        for who in LISTING:
            listed = {place: self.store.read(lists.prescriptions, who, place=place) for place in states.PLACES}
            found = {one.id: one.place(who.role) for one in self.store.read(lists.prescriptions, who)}
            assert Counter(one.id for page in listed.values() for one in page) == Counter(list(found))
            for place, page in listed.items():
                assert all(one.place(who.role) == place == found[one.id] for one in page)
                assert all(bool(one.lacking_medicines) == one.unsupplied for one in page if not one.lacks)
                assert not any(one.lacks and one.unsupplied for one in page)
                assert all(set(one.lacking_medicines) <= set(one.medicines) for one in page)
                first = self.store.read(lists.prescriptions, who, place=place, limit=1)
                assert self.store.read(lists.count_beyond, who, place, first) == max(0, len(page) - 1)

    @invariant()
    def each_waits_for_the_one_step_of_its_pharmacy_that_it_says(self) -> None:
        for who in PHARMACISTS:
            waiting = {step: self.store.read(lists.work, who, step) for step in states.TO_DO}
            assert self.store.read(lists.counts, who) == {step: len(page) for step, page in waiting.items()}
            assert all(one.to_do == step for step, page in waiting.items() for one in page)
            everything = Counter(one.id for one in self.store.read(lists.work, who))
            assert everything == Counter(one.id for page in waiting.values() for one in page)
            own = self.store.read(lists.prescriptions, who)
            assert everything == Counter(one.id for one in own if one.to_do)

    @invariant()
    def whoever_sees_another_row_than_before_has_been_told(self) -> None:
        """But for what time has changed, which pages find out by themselves."""
        rows = {(who.id, one.id): (who, one) for who in LISTING for one in self.store.read(lists.prescriptions, who)}
        seen = {
            key: (one.place(who.role), one.lacking_medicines, one.perished, one.json("fr") | {"version": 0})
            for key, (who, one) in rows.items()
        }
        told = Counter(self.store.rows("SELECT user_id, subject_id FROM notifications"))
        before, told_before, then = self.seen
        if then == self.store.clock():
            for key in before.keys() | seen.keys():
                assert before.get(key) == seen.get(key) or told[key] > told_before[key], key
        self.seen = seen, told, self.store.clock()

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


def _as_it_came(act: Act, source: Status, target: Status) -> Act:
    """What the table calls what has happened: a part, or the end of a line that leaves nothing to do."""
    if act is states.DELIVER and target == states.DELIVER_PART.target:
        return states.DELIVER_PART
    if act in LINE_BY_LINE and target != source:
        return states.COMPLETE if target == states.COMPLETE.target else states.SET_BACK
    return act


def _lines(quantities: list[int]) -> list[NewLine]:
    medicines = (PARACETAMOL, AMOXICILLIN)
    return [NewLine(medicines[n], "1 comprimé", quantity, 10) for n, quantity in enumerate(quantities)]


def _told(of: dict[str, Any], who: Viewer | None, told: Mapping[states.Side, str]) -> list[tuple[str, str]]:
    """Who hears what of an act after which a prescription is so: each side what the table says, and nobody else."""
    chosen = of["pharmacy_id"] or of["addressed_to"]
    if not chosen and told.get("pharmacists") != states.TO_VALIDATE:
        told = {side: message for side, message in told.items() if side != "pharmacists"}
    sides: dict[states.Side, list[str]] = {
        "patient": [of["patient_id"]],
        "prescriber": [of["prescriber_id"]],
        "pharmacists": [person.id for person in PHARMACISTS if chosen in (None, person.organization_id)],
    }
    actor = who.id if who else None
    return [(person, message) for side, message in told.items() for person in sides[side] if person != actor]


def _said(news: Mapping[str, list[str | None]]) -> list[tuple[str, str]]:
    """What was told of prescriptions, and to whom; not what only a pharmacy hears, of its stock and of its people."""
    said = [(person, message) for person, messages in news.items() for message in messages if message]
    return [(person, message) for person, message in said if not message.startswith(("stock.", "handover."))]


def test_every_act_is_tried() -> None:
    others = (states.ISSUE, states.CORRECT, states.DELIVER_PART, states.COMPLETE, states.SET_BACK, states.EXPIRE)
    assert {*DOING, *others} == set(ACTS)


@pytest.mark.sqlite_only
def test_whatever_people_do_everything_agrees(
    store: Store, path: Path, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folder = tmp_path / "lives"
    folder.mkdir()
    done = Counter[str]()
    lives = type("Lives", (Lives,), {"settled": path, "folder": folder, "done": done})
    if settings().stateful_step_count < 100:
        run_state_machine_as_test(lives, settings=settings(max_examples=20))
        return
    given = request.config.getoption("--hypothesis-seed")
    number = int(given) if given else random.randrange(1_000_000)
    try:
        run_state_machine_as_test(seed(number)(lives), settings=settings(max_examples=LONG))
    finally:
        with capsys.disabled():
            sys.stdout.write(f"\n{done['steps']} steps, --hypothesis-seed={number}: {dict(done.most_common())}\n")
    assert done["steps"] >= 100_000
    others = {"count", "withhold", "put back", "redate", "send", "receive a transfer", "undo a transfer"}
    assert {act.name for act in ACTS} - {"issue"} | others <= done.keys()
