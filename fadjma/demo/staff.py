"""The demo before its first patient: places, the admin, doctors and pharmacists. And how these read their news."""

from fadjma.demo.calendar import HOUR, WORKDAY, When
from fadjma.demo.people import ADMIN, DESK, DOCTORS, NURSE, PHARMACISTS, PLACES, Practitioner, mobile
from fadjma.demo.plan import Plan
from fadjma.demo.stage import Stage

_SIGNED = 40  # working days ago, the schedule of vaccinations
_OPENED = 360  # working days ago; every other one comes later
_PRACTITIONERS = DOCTORS + PHARMACISTS
_PLACES = {place.key: place for place in PLACES}


def settle(plan: Plan) -> None:
    """Places, medicines and the admin; then the practitioners, whom the admin verifies the day after, or not yet."""
    opened = When(_OPENED * WORKDAY)
    plan.at(opened, Stage.open_places, PLACES)
    email, given_name, family_name = ADMIN
    plan.at(opened, Stage.hire_admin, email, mobile(plan.rng), given_name, family_name)
    _read_news(plan, "admin", _OPENED - 1)
    for person in _PRACTITIONERS:
        _hire(plan, person)
    plan.at(When(_SIGNED * WORKDAY), Stage.sign_schedule, "dr.diop")
    begun = opened.later(2 * HOUR)
    plan.at(begun, Stage.make_account, DESK, "receptionist", "+221770063318", _PLACES[DESK.place])
    plan.at(begun, Stage.make_account, NURSE, "nurse", "+221770058841", _PLACES[NURSE.place])


def _hire(plan: Plan, person: Practitioner) -> None:
    came = When(plan.rng.randint(8, 22) * HOUR if person.waiting else plan.rng.randint(345, 355) * WORKDAY + HOUR)
    plan.at(came, Stage.register_practitioner, person, mobile(plan.rng), _PLACES[person.place])
    if not person.waiting:
        plan.at(came.later(WORKDAY), Stage.verify, person.key)
        _read_news(plan, person.key, 343)


def _read_news(plan: Plan, key: str, days: int) -> None:
    """Every morning until yesterday's; long ago, once a week."""
    for day in (*range(1, 30), *range(30, days, 6)):
        plan.at(plan.reading_time(day), Stage.read_notifications, key)
