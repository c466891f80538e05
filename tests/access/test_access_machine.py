"""Access, lived through at random: a plain model says what is true, and the program is to agree after every step.

Two patients and two doctors ask, decide and end; whoever may not tries it, too; time passes, mostly to just before,
at or just after the moment when something ends, and the timekeeper comes when it likes, or not at all.

The same lives in every run. A thousand, others each time, 100 steps long:
`python -m pytest tests/access/test_access_machine.py --hypothesis-profile=long`
"""

import shutil
from collections import Counter
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cast import ADMIN, AWA, CLINIC, DIOP, JAMM, MOUSSA, NDIAYE, PARACETAMOL, SARR
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from steps import DAY, HOUR, in_days
from store import Clock, Store

from fadjma.access import actions, queries
from fadjma.accounts import actions as accounts
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions as prescribing
from fadjma.prescriptions import queries as prescriptions
from fadjma.prescriptions.actions import NewLine
from fadjma.records import actions as writing
from fadjma.records import queries as records
from fadjma.refusals import Conflict, Forbidden, NotFound

PATIENTS, DOCTORS = (AWA, MOUSSA), (DIOP, SARR)
EVERYBODY = (*PATIENTS, *DOCTORS, NDIAYE, ADMIN)
DURATIONS = (DAY, 7 * DAY, 30 * DAY, 365 * DAY)
SHOWS = {  # docs/clinic.md, “Access requests”
    "summary": {"summary"},
    "prescriptions": {"summary", "prescriptions"},
    "full": {"summary", "prescriptions", "records"},
}
TYPES = {"allergy": "summary", "vaccination": "summary", "consultation": "records", "test_result": "records"}
REASON = "Retrouvé inconscient au marché, sans personne qui le connaisse et sans papiers sur lui"
EVER = 2**60

patients, doctors = st.sampled_from(PATIENTS), st.sampled_from(DOCTORS)
anybody = st.sampled_from(EVERYBODY)
scopes, durations = st.sampled_from(list(SHOWS)), st.sampled_from(DURATIONS)
which = st.integers(0, 40)
spans = st.sampled_from([0, 1, HOUR, 3 * HOUR - 1, 3 * HOUR, DAY - 1, DAY, 72 * HOUR - 1, 72 * HOUR, *DURATIONS])


@dataclass
class Request:
    """What the model knows of one request; `written` is the state that somebody, or time, has written down."""

    id: str
    patient: str
    doctor: str
    written: str
    ends: int = EVER  # when it lapses, or the grant runs out
    scope: str | None = None
    rejected_at: int = -EVER

    def status(self, now: int) -> str:
        if now < self.ends:
            return self.written
        return {"pending": "lapsed", "approved": "expired", "emergency": "expired"}.get(self.written, self.written)

    def opens(self, part: str, now: int) -> bool:
        return self.status(now) in ("approved", "emergency") and self.scope is not None and part in SHOWS[self.scope]


@dataclass(frozen=True)
class Act:
    """How one's own request is moved: docs/clinic.md, written out once more."""

    name: str
    by: str
    sources: tuple[str, ...]
    target: str
    written: str = ""  # how the audit calls it, unless by its target


def _person(id: str) -> Viewer:
    return next(person for person in EVERYBODY if person.id == id)


ACTS = (
    Act("approve", "patient", ("pending",), "approved"),
    Act("reject", "patient", ("pending",), "rejected"),
    Act("revoke", "patient", ("approved", "emergency"), "revoked"),
    Act("withdraw", "doctor", ("pending",), "withdrawn"),
    Act("change", "patient", ("approved",), "approved", "changed"),
)


class Lives(RuleBasedStateMachine):
    settled: Path  # where one's prescription and record of each patient are, written by a doctor who plays no part
    folder: Path
    prescriptions: dict[str, str]  # by patient

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / "one.db"
        for left in self.folder.glob("one.db*"):
            left.unlink()
        shutil.copyfile(self.settled, path)
        self.clock = Clock()
        self.store = Store(path, self.clock)
        self.requests: list[Request] = []
        self.audit: Counter[Any] = Counter(self._audit())
        self._looked_at: Any = None

    def teardown(self) -> None:
        self.store.check()  # a hole in somebody's numbers, and what refers to nothing, stay: once is enough
        for patient in PATIENTS:
            self._reads(patient, patient, SHOWS["full"])
            for other in (*PATIENTS, NDIAYE, ADMIN):
                if other != patient:
                    self._reads(other, patient, set())
        self.store.close()

    @initialize(begun=st.lists(st.tuples(doctors, patients, scopes, durations), min_size=1, max_size=3))
    def some_files_are_open(self, begun: list[tuple[Viewer, Viewer, str, int]]) -> None:
        for doctor, patient, scope, duration in begun:
            self.ask(doctor, patient, None)
            self._decide(ACTS[0], patient, self.requests[-1], scope, duration)

    # --- what people do ---------------------------------------------------------------------------------------

    @rule(doctor=anybody, patient=st.sampled_from([*PATIENTS, SARR]))
    def begin_as_anybody(self, doctor: Viewer, patient: Viewer) -> None:
        self.ask(doctor, patient, None)
        self.open_emergency(doctor, patient)

    @rule(doctor=doctors, patient=patients, scope=scopes | st.none())
    def ask(self, doctor: Viewer, patient: Viewer, scope: str | None) -> None:
        def act() -> str:
            reason = "Suivi de la tension"
            return self.store.write(actions.ask, doctor, patient_id=patient.id, reason=reason, scope=scope)  # type: ignore[arg-type]

        refusal = self._may_begin(doctor, patient) or self._repetition(doctor, patient, scope)
        if refusal:
            return self._is_refused(act, *refusal)
        request_id = act()
        if any(
            request.written in ("pending", "approved") and request.status(self.clock.now) != request.written
            for request in self._of(doctor, patient)
        ):  # what the unique indexes must not know of any more
            self._time_writes()
        self.audit[doctor.id, "access_request.created", request_id] += 1
        self.requests.append(Request(request_id, patient.id, doctor.id, "pending", self.clock.now + 72 * HOUR))
        return None

    @rule(doctor=doctors, patient=patients)
    def open_emergency(self, doctor: Viewer, patient: Viewer) -> None:
        def act() -> str:
            how = {"patient_id": patient.id, "reason": REASON, "code": "unconscious"}
            return self.store.write(actions.open_emergency, doctor, **how)

        refusal: Any = self._may_begin(doctor, patient)
        if not refusal and "emergency" in self._states(doctor, patient):
            refusal = Conflict, "emergency"
        if refusal:
            return self._is_refused(act, *refusal)
        request_id = act()
        self.audit[doctor.id, "access_request.emergency", request_id] += 1
        request = Request(request_id, patient.id, doctor.id, "emergency", self.clock.now + 3 * HOUR, "full")
        self.requests.append(request)
        return None

    @precondition(lambda self: self.requests)
    @rule(act=st.sampled_from(ACTS), who=anybody, which=which, scope=scopes, duration=durations)
    def decide_as_anybody(self, act: Act, who: Viewer, which: int, scope: str, duration: int) -> None:
        self._decide(act, who, self.requests[which % len(self.requests)], scope, duration)

    @precondition(lambda self: self.requests)
    @rule(act=st.sampled_from(ACTS), back=st.integers(0, 3), scope=scopes, duration=durations)
    def decide(self, act: Act, back: int, scope: str, duration: int) -> None:
        """By who may, about one of the last."""
        request = self.requests[-1 - back % len(self.requests)]
        who = _person(getattr(request, act.by))
        self._decide(act, who, request, scope, duration)

    @precondition(lambda self: self.requests)
    @rule(scope=scopes, duration=durations)
    def the_last_one_is_approved(self, scope: str, duration: int) -> None:
        self._decide(ACTS[0], _person(self.requests[-1].patient), self.requests[-1], scope, duration)

    def _decide(self, act: Act, who: Viewer, request: Request, scope: str, duration: int) -> None:
        terms: dict[str, Any] = {"scope": scope, "duration": duration} if act.name in ("approve", "change") else {}

        def do() -> str:
            return self.store.write(getattr(actions, act.name), who, request.id, **terms)

        status = request.status(self.clock.now)
        if who.role != act.by:
            return self._is_refused(do, Forbidden)
        if who.id not in (request.patient, request.doctor):
            return self._is_refused(do, NotFound)
        if status not in act.sources:
            return self._is_refused(do, Conflict, status)
        assert do() == request.id
        if act.name == "approve":  # of two people one grant runs
            self._time_writes("expire")
            for other in self.requests:
                if (other.doctor, other.patient, other.written) == (request.doctor, request.patient, "approved"):
                    other.written = "replaced"
                    self.audit[None, "access_request.replaced", other.id] += 1
        request.written = act.target
        request.ends = self.clock.now + duration if terms else EVER
        request.scope = scope if terms else request.scope
        request.rejected_at = self.clock.now if act.name == "reject" else request.rejected_at
        self.audit[who.id, f"access_request.{act.written or act.target}", request.id] += 1
        return None

    @rule(doctor=doctors, patient=patients, early=st.sampled_from([-1, 0, 1]))
    def a_refused_one_asks_again_a_day_later(self, doctor: Viewer, patient: Viewer, early: int) -> None:
        self.ask(doctor, patient, None)
        for request in self._of(doctor, patient):
            if request.status(self.clock.now) == "pending":
                self._decide(ACTS[1], patient, request, "", 0)
                self.clock.now += DAY + early
        self.ask(doctor, patient, None)

    # --- time -------------------------------------------------------------------------------------------------

    @rule(span=spans)
    def time_passes(self, span: int) -> None:
        self.clock.now += span

    @precondition(lambda self: self.requests)
    @rule(which=which, early=st.sampled_from([-1, 0, 1]))
    def time_passes_to_an_end(self, which: int, early: int) -> None:
        request = self.requests[which % len(self.requests)]
        moments = [request.ends, request.rejected_at + DAY]
        coming = [moment + early for moment in moments if self.clock.now < moment + early < EVER // 2]
        self.clock.now = min(coming, default=self.clock.now)

    @rule(acts=st.sampled_from([("lapse",), ("expire",), ("lapse", "expire")]))
    def the_timekeeper_comes(self, acts: tuple[str, ...]) -> None:
        for act in acts:
            written = self._time_writes(act)
            assert self.store.write(getattr(actions, act), 200) == written

    def _time_writes(self, *acts: str) -> int:
        """Both, unless it is said; how many it ended."""
        targets = {"lapse": "lapsed", "expire": "expired"}
        ended = [
            request
            for request in self.requests
            if (now := request.status(self.clock.now)) != request.written
            and now in {targets[act] for act in acts or targets}
        ]
        for request in ended:
            request.written = request.status(self.clock.now)
            self.audit[None, f"access_request.{request.written}", request.id] += 1
        return len(ended)

    # --- what the model refuses -------------------------------------------------------------------------------

    def _may_begin(self, doctor: Viewer, patient: Viewer) -> tuple[type[Exception]] | None:
        if doctor.role != "doctor":
            return (Forbidden,)
        return None if patient.role == "patient" else (NotFound,)

    def _repetition(self, doctor: Viewer, patient: Viewer, scope: str | None) -> tuple[type[Exception], str] | None:
        """Beside one that runs a doctor may ask for more of the file."""
        of_both = self._of(doctor, patient)
        wish = SHOWS[scope] if scope else set()
        if any(r.status(self.clock.now) == "approved" and wish <= SHOWS[r.scope or ""] for r in of_both):
            return Conflict, "approved"
        if any(self.clock.now - r.rejected_at < DAY for r in of_both):
            return Conflict, "rejected"
        return (Conflict, "pending") if "pending" in self._states(doctor, patient) else None

    def _of(self, doctor: Viewer, patient: Viewer) -> list[Request]:
        return [r for r in self.requests if (r.doctor, r.patient) == (doctor.id, patient.id)]

    def _states(self, doctor: Viewer, patient: Viewer) -> list[str]:
        return [request.status(self.clock.now) for request in self._of(doctor, patient)]

    def _is_refused(self, act: Any, error: type[Exception], current: str | None = None) -> None:
        with pytest.raises(error) as refusal:
            act()
        if current:
            assert isinstance(refusal.value, Conflict)
            assert refusal.value.current == current

    # --- what is always true ----------------------------------------------------------------------------------

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        """Looked at whenever a row was touched, time has passed, or the model has changed: else nothing can differ."""
        model = [(request.written, request.ends, request.scope) for request in self.requests]
        now = self.store.connection.total_changes, self.clock.now, model, self.audit.total()
        if now == self._looked_at:
            return
        self._looked_at = now
        self._every_state_is_what_the_model_says()
        self._every_doctor_reads_what_is_open_to_them_and_no_more()
        self._every_act_has_its_line_and_nothing_else_has()
        self._a_pair_has_one_pending_and_one_granted()

    def _every_state_is_what_the_model_says(self) -> None:
        now = self.clock.now
        written = dict(self.store.rows("SELECT id, status FROM access_requests WHERE doctor_id IN ('diop', 'sarr')"))
        assert written == {request.id: request.written for request in self.requests}
        for person in (*PATIENTS, *DOCTORS):
            listed = self.store.read(queries.access_requests, person)
            seen = {item.id: item.status for item in listed if item.doctor_id in ("diop", "sarr")}
            own = [r for r in self.requests if person.id in (r.patient, r.doctor)]
            assert seen == {request.id: request.status(now) for request in own}
        for request, person in product(self.requests[-3:], EVERYBODY):
            try:
                seen_status = self.store.read(queries.access_request, person, request.id).status
            except NotFound:
                assert person.id not in (request.patient, request.doctor)
            else:
                assert person.id in (request.patient, request.doctor)
                assert seen_status == request.status(now)

    def _every_doctor_reads_what_is_open_to_them_and_no_more(self) -> None:
        for patient in PATIENTS:
            for doctor in DOCTORS:
                open_parts = {
                    part
                    for request in self._of(doctor, patient)
                    for part in SHOWS["full"]
                    if request.opens(part, self.clock.now)
                }
                self._reads(doctor, patient, open_parts)

    def _reads(self, who: Viewer, patient: Viewer, open_parts: set[str]) -> None:
        read = self.store.read
        found = {kind: read(records.may_read, who, patient.id, kind) for kind in TYPES}
        assert found == {kind: part in open_parts for kind, part in TYPES.items()}
        try:
            file = read(records.file, who, patient.id)
        except NotFound:
            assert "summary" not in open_parts
        else:
            assert "summary" in open_parts
            assert {record.type for record in file.records} == {kind for kind in found if found[kind]} & {
                "allergy",
                "consultation",
            }
            assert file.may_see_prescriptions == ("prescriptions" in open_parts)
            assert file.may_write == ("records" in open_parts and who.role == "doctor")
        if who.role == "pharmacist":
            return  # theirs are open by another right: tests/prescriptions/test_reading.py
        try:
            read(prescriptions.prescription, who, self.prescriptions[patient.id])
        except NotFound:
            assert "prescriptions" not in open_parts
        else:
            assert "prescriptions" in open_parts

    def _every_act_has_its_line_and_nothing_else_has(self) -> None:
        assert Counter(self._audit()) == self.audit

    def _audit(self) -> list[Any]:
        return self.store.rows("SELECT actor_id, action, subject_id FROM audit_events")

    def _a_pair_has_one_pending_and_one_granted(self) -> None:
        assert not self.store.rows(
            "SELECT 1 FROM access_requests WHERE status IN ('pending', 'approved') "
            "GROUP BY patient_id, doctor_id, status HAVING count(*) > 1"
        )


def _settle_files(store: Store) -> dict[str, str]:
    """A doctor who plays no further part has written into each file, and their access is over; the prescriptions."""
    person = NewPerson(
        given_name="Ibrahima", family_name="Faye", email="faye@exemple.sn", phone=None, password_hash="no hash"
    )
    how = {"licence_number": "SN-1", "specialty": "Pédiatrie", "organization_id": CLINIC}
    faye = replace(DIOP, id=store.write(accounts.register_practitioner, person, "doctor", **how))
    store.write(accounts.verify, ADMIN, faye.id)
    found = {}
    for patient in PATIENTS:
        request_id = store.write(actions.ask, faye, patient_id=patient.id, reason="Suivi")
        store.write(actions.approve, patient, request_id, scope="full", duration=DAY)
        for kind in ("allergy", "consultation"):
            record = {"type": kind, "title": "Pénicilline", "body": "Éruption.", "occurred_on": in_days(store, 0)}
            store.write(writing.create, faye, patient.id, **record)
        lines = [NewLine(PARACETAMOL, "1 comprimé", 10, 5)]
        found[patient.id] = store.write(prescribing.issue, faye, patient.id, lines=lines, pharmacy_id=JAMM)
        store.write(actions.revoke, patient, request_id)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return found


@pytest.mark.sqlite_only
def test_access_is_what_the_model_says_whatever_happens(store: Store, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lives"
    folder.mkdir()
    found = _settle_files(store)
    lives = type("Lives", (Lives,), {"settled": path, "folder": folder, "prescriptions": found})
    some = settings().max_examples // 5
    run_state_machine_as_test(lives, settings=settings(max_examples=some))
