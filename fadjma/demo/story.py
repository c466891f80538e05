"""One patient's year, as it is planned: who may read their file, what is written in it, what is prescribed."""

from collections.abc import Sequence
from dataclasses import dataclass

from fadjma.access.states import EMERGENCY_FOR, LAPSES_AFTER, Scope
from fadjma.demo import notes
from fadjma.demo.calendar import DAY, HOUR, MINUTE, SECOND, WORKDAY, When
from fadjma.demo.people import Person
from fadjma.demo.plan import NOW, Plan, surely_beyond, surely_within
from fadjma.demo.stage import Stage
from fadjma.records.allergies import Facts
from fadjma.records.vaccinations import Vaccination

A_YEAR = 365  # days; a grant that lasts as long outlasts the story
_LATELY = When(6 * WORKDAY)
_WAITED = {"rejected": 5 * HOUR, "withdrawn": 50 * MINUTE}
_SCOPES: tuple[Scope, ...] = ("full", "summary", "prescriptions")


@dataclass(frozen=True, slots=True)
class Grant:
    """A doctor's right to read and write, given at `since` for so many days."""

    doctor: str
    since: When
    days: int


class Story:
    """A patient and what happens to them, planned in order of time."""

    def __init__(self, plan: Plan, key: str, person: Person) -> None:
        self.plan = plan
        self.key = key
        self.person = person
        self._grants: dict[str, Grant] = {}
        self._records: list[str] = []
        self._names = 0

    def name(self, kind: str) -> str:
        """What the plan calls the next thing of this patient."""
        self._names += 1
        return f"{self.key}/{kind}{self._names}"

    # Rights

    def may_consult(self, doctor: str, when: When, days: int, again: list[When]) -> Grant:
        """The grant on which the doctor acts at that time; asked for and given just before, when there is none.

        `days` are what the patient gives, or a year when that would end about when the doctor comes `again`, or lately.
        """
        rng = self.plan.rng
        held = self._grants.get(doctor)
        if held and not surely_beyond(held.since.ago - when.ago, held.days * DAY):
            self._rely_on(held, when)
            return held
        given = When(when.ago + rng.randint(3, 25) * MINUTE)
        asked = When(given.ago + rng.randint(2, 90) * MINUTE)
        if held:
            self.plan.rely(held.since, asked, least=held.days * DAY)
        clear = all(
            surely_within(given.ago - later.ago, days * DAY) or surely_beyond(given.ago - later.ago, days * DAY)
            for later in again
        )
        if clear and surely_beyond(given.ago - _LATELY.ago, days * DAY):
            self.plan.rely(given, _LATELY, least=days * DAY)
        elif clear and surely_within(given.ago, days * DAY):
            self.plan.rely(given, NOW, most=days * DAY)
        else:
            days = A_YEAR
        grant = self.allow(doctor, asked, given, days)
        self._rely_on(grant, when)
        return grant

    def held(self, doctor: str, when: When) -> Grant:
        """The grant on which a doctor who has one acts then."""
        grant = self._grants[doctor]
        self._rely_on(grant, when)
        return grant

    def allow(self, doctor: str, asked: When, given: When, days: int, *, revoked: When | None = None) -> Grant:
        """The doctor asks, the patient opens the whole file, and perhaps closes it again."""
        request = self.name("request")
        self._ask(request, doctor, asked, "full")
        self.plan.rely(asked, given, most=LAPSES_AFTER)
        self.plan.at(given, Stage.approve, request, self.key, days=days)
        if revoked:
            self.plan.rely(given, revoked, most=days * DAY)
            reason = self.plan.turn("revocations", notes.REVOCATIONS)
            self.plan.at(revoked, Stage.revoke, request, self.key, reason=reason)
        grant = Grant(doctor, given, days)
        self._grants[doctor] = grant
        return grant

    def ask_in_vain(self, doctor: str, asked: When, end: str) -> None:
        """A request that is pending, or that ended as rejected, withdrawn or lapsed."""
        plan, request = self.plan, self.name("request")
        self._ask(request, doctor, asked, plan.turn("proposed scopes", _SCOPES))
        match end:
            case "rejected":
                reason = plan.turn("rejections", notes.REJECTIONS)
                plan.at(asked.later(_WAITED[end]), Stage.reject, request, self.key, reason=reason)
            case "withdrawn":
                plan.at(asked.later(_WAITED[end]), Stage.withdraw, request, doctor)
            case "lapsed":
                plan.rely(asked, NOW, least=LAPSES_AFTER)
            case "pending":
                plan.rely(asked, NOW, most=LAPSES_AFTER)
        if end in _WAITED:
            plan.rely(asked, asked.later(_WAITED[end]), most=LAPSES_AFTER)

    def emergency(self, doctor: str, when: When, code: str, reason: str) -> None:
        """A doctor opens the file without asking, and reads it."""
        reason = reason.format_map(notes.agreement(self.person.sex))
        self.plan.at(when, Stage.open_in_emergency, doctor, self.key, code=code, reason=reason)
        if when.ago:
            self.plan.rely(when, NOW, least=EMERGENCY_FOR)
        self.read_file(doctor, when.plus(MINUTE))

    def turn_away(self, doctor: str, when: When) -> None:
        """A doctor without a grant tries to open the file."""
        self.plan.at(when, Stage.open_file, doctor, self.key)

    def _ask(self, request: str, doctor: str, when: When, scope: Scope) -> None:
        reason = self.plan.turn("reasons", notes.ACCESS_REASONS).format_map(notes.agreement(self.person.sex))
        self.plan.at(when, Stage.ask, request, doctor, self.key, reason=reason, scope=scope)

    def _rely_on(self, grant: Grant, when: When) -> None:
        self.plan.rely(grant.since, when, most=grant.days * DAY)

    # Records

    def read_file(self, doctor: str, when: When) -> None:
        """The doctor opens the file and perhaps a record."""
        self.plan.at(when, Stage.open_file, doctor, self.key)
        if self._records and self.plan.rng.random() < 0.6:
            record = self.plan.rng.choice(self._records[-6:])
            self.plan.at(when.plus(MINUTE), Stage.open_record, record, doctor)

    def weigh(self, grant: Grant, when: When) -> None:
        self._rely_on(grant, when)
        self.plan.at(when, Stage.weigh, grant.doctor, self.key, kg=self.person.weight_kg)

    def note_allergy(self, grant: Grant, facts: Facts, when: When) -> None:
        record = self.name("record")
        self._rely_on(grant, when)
        self.plan.at(when, Stage.note_allergy, record, grant.doctor, self.key, facts=facts)
        self._records.append(record)

    def state_no_allergy(self, grant: Grant, when: When) -> None:
        self._rely_on(grant, when)
        self.plan.at(when, Stage.state_no_allergy, grant.doctor, self.key)

    def vaccinate(self, grant: Grant, given: Sequence[Vaccination], when: When) -> None:
        """Each of these in its fields; whoever reads the file later opens the last one of them."""
        self._rely_on(grant, when)
        for number, facts in enumerate(given):
            record = self.name("record")
            self.plan.at(when.plus(number * SECOND), Stage.vaccinate, record, grant.doctor, self.key, facts=facts)
        self._records.append(record)

    def write(
        self,
        grant: Grant,
        type: str,
        title: str,
        body: str,
        when: When,
        *,
        correction: tuple[str, str] | None = None,
        misplaced: str = "",
    ) -> None:
        """A record; `correction`: why it is corrected, what it says then; `misplaced`: why it is hidden."""
        record, doctor = self.name("record"), grant.doctor
        self._rely_on(grant, when)
        self.plan.at(when, Stage.write, record, doctor, self.key, type=type, title=title, body=body)
        if correction is not None:
            reason, corrected = correction
            self.plan.at(
                when.plus(35 * MINUTE), Stage.amend, record, doctor, title=title, body=corrected, reason=reason
            )
        if misplaced:
            self.plan.at(when.plus(20 * MINUTE), Stage.mark_record_error, record, doctor, reason=misplaced)
        else:
            self._records.append(record)
