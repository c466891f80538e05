"""The history of the demo: patient after patient, the consultations of their year and what followed."""

from collections.abc import Callable, Sequence

from fadjma.demo import cast, notes, rights
from fadjma.demo.dispensing import prescribe, usual_fate
from fadjma.demo.medicines import BY_KEY
from fadjma.demo.notes import Allergy
from fadjma.demo.people import Person, someone
from fadjma.demo.plans import LONGEST, Appointment, appointments, vaccinations
from fadjma.demo.story import Grant, Story
from fadjma.demo.world import DAY, HOUR, MINUTE, World

PATIENTS = 40  # at scale 1
_WRITTEN_TOGETHER = 40  # patients

# What happens on the side, in turn: requests that came to nothing, rights that ended.
_SIDELINES = (
    "pending", "rejected", "", "withdrawn", "lapsed", "", "revoked", "emergency", "", "pending", "",
    "turned_away", "",
)  # fmt: skip
_ONE_IN_FOUR = ("", "", "yes", "")
_ONE_IN_NINE = (*("",) * 5, "yes", *("",) * 3)
_ONE_IN_FORTY = (*("",) * 25, "yes", *("",) * 14)


def tell(
    world: World, identifiers: Callable[[], str], patients: int, progress: Callable[[int], None] | None = None
) -> None:
    """Write the year of that many patients, the fixed cast first."""
    for number in range(patients):
        person = cast.CAST[number] if number < len(cast.CAST) else someone(world.rng, number)
        _tell_one(world, person, identifiers())
        if (number + 1) % _WRITTEN_TOGETHER == 0 or number + 1 == patients:
            world.batch.flush()
            if progress:
                progress(number + 1)


def _tell_one(world: World, person: Person, identifier: str) -> None:
    story = Story(world, person, identifier)
    plan = cast.SCRIPTS.get(person.email or "") or appointments(world, person)
    if not cast.tell_own(story):
        _add_sideline(story, {appointment.doctor for appointment in plan})
    at = 0
    for number, appointment in enumerate(plan):
        doctor = world.doctors[appointment.doctor]
        at = rights.time_for(story, doctor, max(world.moment(appointment.days_ago), at + 40 * MINUTE))
        grant = rights.grant(story, doctor, at, appointment.grant_days)
        story.read_file(grant, at)
        if number == 0:
            _write_background(story, grant, at, plan)
        _consult(story, grant, at, appointment)
    story.close()


def _add_sideline(story: Story, known: set[str]) -> None:
    """Something with a doctor whom the patient does not otherwise see."""
    world = story.world
    doctor = world.doctors[world.rng.choice([key for key in world.doctors if key not in known])]
    at = world.moment(world.rng.randint(5, min(300, int(story.person.age * 300))))
    match world.turn("sidelines", _SIDELINES):
        case "pending":
            rights.ask_in_vain(story, doctor, world.now - world.rng.randint(1, 60) * HOUR, "pending")
        case "rejected" | "withdrawn" | "lapsed" as status:
            rights.ask_in_vain(story, doctor, at, status)
        case "revoked":
            revoked_at = at + world.rng.randint(1, 4) * DAY
            grant = rights.allow(story, doctor, at, at + HOUR, at + 365 * DAY, revoked_at=revoked_at)
            story.read_file(grant, at + 2 * HOUR)
        case "emergency":
            code, reason = notes.EMERGENCIES[world.rng.randrange(len(notes.EMERGENCIES))]
            story.read_file(rights.emergency(story, doctor, at, code, reason), at + MINUTE)
        case "turned_away":
            rights.turn_away(story, doctor, at)


def _write_background(story: Story, grant: Grant, at: int, plan: Sequence[Appointment]) -> None:
    """What the first doctor of the year notes once: an allergy, the vaccinations of earlier years."""
    person = story.person
    allergy = cast.ALLERGIES[person.email] if person.email in cast.ALLERGIES else _allergy(story, plan)
    if allergy:
        story.write(grant, "allergy", allergy.title, allergy.body, at + 5 * MINUTE)
    if person.profile in ("child", "sickle_cell"):
        story.write(grant, "vaccination", notes.VACCINES_COPIED, notes.VACCINES_ALL, at + 8 * MINUTE)
    elif person.profile == "infant":
        earlier = [visit.title.lower() for days_ago, visit in vaccinations(person) if days_ago > LONGEST]
        if earlier:
            body = notes.VACCINES_SOME.format(titles=", ".join(earlier))
            story.write(grant, "vaccination", notes.VACCINES_COPIED, body, at + 8 * MINUTE)


def _allergy(story: Story, plan: Sequence[Appointment]) -> Allergy | None:
    """For one patient in four, an allergy to nothing that the doctors will prescribe."""
    if story.person.age < 2 or not story.world.turn("allergies", _ONE_IN_FOUR):
        return None
    codes = [BY_KEY[line].atc for appointment in plan for line in appointment.visit.lines]
    harmless = [a for a in notes.ALLERGIES if not any(code.startswith(a.avoid) for code in codes)]
    return story.world.rng.choice(harmless)


def _consult(story: Story, grant: Grant, at: int, appointment: Appointment) -> None:
    """The note, the prescription and, some days later, the results."""
    world, visit = story.world, appointment.visit
    measured = notes.measures(world.rng, story.person.weight_kg)
    body = visit.body.format_map(measured)
    correction = None
    if visit.type == "consultation" and world.turn("corrections", _ONE_IN_NINE):
        reason, added = world.rng.choice(notes.CORRECTIONS)
        correction = (reason, f"{body}\n{added.format_map(measured)}")
    story.write(grant, visit.type, visit.title, body, at + 12 * MINUTE, correction=correction)
    if "antitétanique" in body or "Td 1" in body:
        story.write(grant, "vaccination", *notes.TETANUS, at + 14 * MINUTE)
    if world.turn("misplaced", _ONE_IN_FORTY):
        story.write(grant, "consultation", *notes.MISPLACED, at + 16 * MINUTE, misplaced=notes.MISPLACED_REASON)
    if visit.lines:
        issued_at = at + 18 * MINUTE
        prescribe(story, grant, issued_at, visit.lines, appointment.fate or usual_fate(story, issued_at))
    for title, text in visit.results:
        came_at = min(at + world.rng.randint(1, 3) * DAY, grant.until - HOUR)
        if came_at < world.now:
            story.write(grant, "test_result", title, text.format_map(measured), came_at)
