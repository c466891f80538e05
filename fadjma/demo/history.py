"""The year of one patient after the other: their consultations and what followed."""

from collections.abc import Sequence
from dataclasses import replace

from fadjma.demo import cast, counter, notes
from fadjma.demo.calendar import HOUR, MINUTE, WORKDAY, When
from fadjma.demo.dispensing import prescribe, usual_fate
from fadjma.demo.medicines import BY_KEY
from fadjma.demo.notes import Allergy
from fadjma.demo.people import DOCTORS, someone
from fadjma.demo.plan import Plan
from fadjma.demo.plans import LONGEST, Appointment, appointments, vaccinations
from fadjma.demo.stage import Stage
from fadjma.demo.story import A_YEAR, Grant, Story

PATIENTS = 40
_DOCTORS = [doctor.key for doctor in DOCTORS if not doctor.waiting]
_QUIET = 3  # working days ago: no right ends by itself so recently that who has read of it would depend on the day
_HAVE_READ = 0.55  # of the patients, what they were told since then

# What happens on the side, in turn: requests that came to nothing, rights that ended.
_SIDELINES = (
    "pending", "rejected", "", "withdrawn", "lapsed", "", "revoked", "emergency", "", "pending", "",
    "turned_away", "",
)  # fmt: skip
_SMALL = 5  # years: until then it is asked whether anything was given
_ONE_IN_TWO = ("yes", "")
_ONE_IN_FOUR = ("", "", "yes", "")
_ONE_IN_NINE = (*("",) * 5, "yes", *("",) * 3)
_ONE_IN_FORTY = (*("",) * 25, "yes", *("",) * 14)


def tell(plan: Plan) -> None:
    """Plan the year of all patients, the fixed cast first."""
    for number in range(PATIENTS):
        person = cast.CAST[number] if number < len(cast.CAST) else someone(plan.rng, number)
        _tell_one(Story(plan, f"patient{number}", person))


def _tell_one(story: Story) -> None:
    plan, person = story.plan, story.person
    planned = cast.SCRIPTS.get(person.email or "") or appointments(plan, person)
    times = _times(plan, planned)
    _join(story, times[0])
    if not cast.tell_own(story):
        _add_sideline(story, {appointment.doctor for appointment in planned})
    for number, (appointment, when) in enumerate(zip(planned, times, strict=True)):
        again = [
            later
            for other, later in zip(planned[number + 1 :], times[number + 1 :], strict=True)
            if other.doctor == appointment.doctor
        ]
        grant = story.may_consult(appointment.doctor, when, appointment.grant_days, again)
        story.read_file(grant.doctor, when)
        if number == 0:
            _write_background(story, grant, when, planned)
        if appointment is planned[-1]:
            story.weigh(grant, when.plus(10 * MINUTE))
        _consult(story, grant, when, appointment)
    counter.tell(story)
    _read_notifications(story, planned)


def _times(plan: Plan, planned: Sequence[Appointment]) -> list[When]:
    times: list[When] = []
    for appointment in planned:
        when = plan.moment(appointment.days_ago)
        times.append(When(min(when.ago, times[-1].ago - HOUR)) if times else when)
    return times


def _join(story: Story, first: When) -> None:
    """The patient registers before the story begins; a baby born since then, before the first consultation."""
    person, rng = story.person, story.plan.rng
    born_before = person.age * 365 > (LONGEST + 30) * 7 / 6
    when = When((LONGEST + rng.randint(5, 15)) * WORKDAY) if born_before else When(first.ago + 2 * HOUR)
    story.plan.at(when, Stage.register_patient, story.key, person)


def _read_notifications(story: Story, planned: Sequence[Appointment]) -> None:
    """The day after each consultation, and some days ago; what came since then, not everybody has read."""
    plan = story.plan
    for appointment in planned:
        if appointment.days_ago > _QUIET:
            plan.at(plan.reading_time(appointment.days_ago - 1), Stage.read_notifications, story.key)
    plan.at(plan.reading_time(_QUIET), Stage.read_notifications, story.key)
    if plan.rng.random() < _HAVE_READ and story.person.profile != "scripted":
        plan.at(plan.reading_time(1), Stage.read_notifications, story.key)


def _add_sideline(story: Story, known: set[str]) -> None:
    """Something with a doctor whom the patient does not otherwise see."""
    plan = story.plan
    doctor = plan.rng.choice([key for key in _DOCTORS if key not in known])
    when = plan.moment(plan.rng.randint(10, min(255, int(story.person.age * 255))))
    match plan.turn("sidelines", _SIDELINES):
        case "pending":
            story.ask_in_vain(doctor, When(plan.rng.randint(MINUTE, WORKDAY)), "pending")
        case "rejected" | "withdrawn" | "lapsed" as end:
            story.ask_in_vain(doctor, when, end)
        case "revoked":
            given, revoked = when.later(HOUR), when.later(plan.rng.randint(1, 4) * WORKDAY)
            story.allow(doctor, when, given, A_YEAR, revoked=revoked)
            story.read_file(doctor, given.later(HOUR))
        case "emergency":
            code, reason = plan.rng.choice(notes.EMERGENCIES)
            story.emergency(doctor, when, code, reason)
        case "turned_away":
            story.turn_away(doctor, when)


def _write_background(story: Story, grant: Grant, when: When, planned: Sequence[Appointment]) -> None:
    """What the first doctor of the year notes once: an allergy, the vaccinations of earlier years."""
    person = story.person
    allergy = cast.ALLERGIES[person.email] if person.email in cast.ALLERGIES else _allergy(story, planned)
    if allergy:
        story.note_allergy(grant, allergy.facts, when.plus(5 * MINUTE))
    elif person.email in cast.ALLERGIES:
        story.state_no_allergy(grant, when.plus(5 * MINUTE))
    if person.profile == "child" and person.age < _SMALL and story.plan.turn("cards", _ONE_IN_TWO):
        story.write(grant, "consultation", *notes.NO_CARD, when.plus(8 * MINUTE))
    elif person.profile in ("child", "sickle_cell"):
        story.write(grant, "vaccination", notes.VACCINES_COPIED, notes.VACCINES_ALL, when.plus(8 * MINUTE))
    elif person.profile == "infant":
        earlier = [visit.title.lower() for days_ago, visit in vaccinations(person) if days_ago > LONGEST]
        if earlier:
            body = notes.VACCINES_SOME.format(titles=", ".join(earlier))
            story.write(grant, "vaccination", notes.VACCINES_COPIED, body, when.plus(8 * MINUTE))


def _allergy(story: Story, planned: Sequence[Appointment]) -> Allergy | None:
    """For one patient in four, an allergy to nothing that the doctors will prescribe."""
    if story.person.age < 2 or not story.plan.turn("allergies", _ONE_IN_FOUR):
        return None
    codes = [BY_KEY[line].atc for appointment in planned for line in appointment.visit.lines]
    harmless = [a for a in notes.ALLERGIES if not any(code.startswith(a.avoid) for code in codes)]
    return story.plan.rng.choice(harmless)


def _consult(story: Story, grant: Grant, when: When, appointment: Appointment) -> None:
    """The note, the prescription and, some days later, the results."""
    plan, visit = story.plan, appointment.visit
    measured = notes.measures(plan.rng, story.person.weight_kg, story.person.sex)
    body = visit.body.format_map(measured)
    correction = None
    if visit.type == "consultation" and plan.turn("corrections", _ONE_IN_NINE):
        reason, added = plan.rng.choice(notes.CORRECTIONS)
        correction = (reason, f"{body}\n{added.format_map(measured)}")
    if visit.given:
        story.vaccinate(grant, [replace(one, note=body) for one in visit.given], when.plus(12 * MINUTE))
    else:
        story.write(grant, visit.type, visit.title, body, when.plus(12 * MINUTE), correction=correction)
    if "antitétanique" in body or "Td 1" in body:
        story.write(grant, "vaccination", *notes.TETANUS, when.plus(14 * MINUTE))
    if plan.turn("misplaced", _ONE_IN_FORTY):
        story.write(grant, "consultation", *notes.MISPLACED, when.plus(16 * MINUTE), misplaced=notes.MISPLACED_REASON)
    if visit.lines:
        issued = when.plus(18 * MINUTE)
        prescribe(story, grant, issued, visit.lines, appointment.fate or usual_fate(story, issued))
    for title, text in visit.results:
        came = when.later(plan.rng.randint(WORKDAY, 2 * WORKDAY))
        if came.ago > MINUTE:
            story.write(grant, "test_result", title, text.format_map(measured), came)
