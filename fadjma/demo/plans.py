"""What a patient's year is made of: which consultations, when, with which doctor."""

from dataclasses import dataclass

from fadjma.demo import notes
from fadjma.demo.notes import Visit
from fadjma.demo.people import Person
from fadjma.demo.plan import Plan

_SPECIALISTS = {
    notes.CARDIOLOGY: "dr.sarr",
    notes.PAEDIATRICS: "dr.mbaye",
    notes.GYNAECOLOGY: "dr.badji",
    notes.DIABETOLOGY: "dr.thiam",
    notes.DERMATOLOGY: "dr.faye",
}
_GROWTH = tuple(visit for visit in notes.CHILD if not visit.lines)
# Per profile: from which notes, how many consultations in the year at least and at most.
_YEARS: dict[str, tuple[tuple[tuple[Visit, ...], int, int], ...]] = {
    "adult": ((notes.ADULT, 3, 6),),
    "child": ((notes.CHILD, 3, 6),),
    "infant": ((notes.CHILD[:3] + _GROWTH, 1, 3),),
    "hypertension": ((notes.HYPERTENSION, 6, 9), (notes.ADULT, 1, 3)),
    "heart": ((notes.HEART, 6, 9), (notes.OLD_AGE, 1, 2)),
    "diabetes": ((notes.DIABETES, 6, 9), (notes.ADULT, 1, 2)),
    "asthma": ((notes.ASTHMA, 4, 7), (notes.ADULT, 1, 2)),
    "sickle_cell": ((notes.SICKLE_CELL, 5, 8),),
    "pregnancy": ((notes.ADULT[1:4], 1, 2),),
    "gynaecology": ((notes.GYNAECOLOGY_VISITS, 2, 3), (notes.ADULT, 1, 3)),
    "skin": ((notes.SKIN, 2, 4), (notes.ADULT, 2, 3)),
    "old_age": ((notes.OLD_AGE, 3, 5), (notes.HEART[2:], 2, 4)),
}
_LONG_TERM = frozenset(("hypertension", "heart", "diabetes", "asthma", "sickle_cell", "pregnancy", "infant", "child"))
_SPACING = 5  # working days: results of one consultation come before the next one
LONGEST = 300  # working days: the year
_ONE_IN_TWO = ("yes", "")
_THIS_WEEK = 0.85  # of the patients came in the last days


@dataclass(frozen=True, slots=True)
class Appointment:
    """A consultation so many working days ago, the days that a grant asked for it lasts, and what becomes of the
    prescription.

    `fate` is a key of `dispensing.PATHS`; empty: what is usual at its age.
    """

    days_ago: int
    doctor: str
    visit: Visit
    grant_days: int
    fate: str = ""


def appointments(plan: Plan, person: Person) -> list[Appointment]:
    """A year of consultations that suits the person, the oldest first."""
    rng = plan.rng
    visits: list[Visit] = []
    for pool, least, most in _YEARS[person.profile]:
        visits += (rng.choice(pool) for _ in range(rng.randint(least, most)))
    rng.shuffle(visits)
    longest = min(LONGEST, int(person.age * 312) - 20)
    days = sorted(rng.sample(range(_SPACING * 2, longest, _SPACING), min(len(visits), longest // _SPACING - 3)))
    planned = list(zip(days, visits, strict=False))
    if rng.random() < _THIS_WEEK:
        planned.append((rng.randint(0, 5), rng.choice(_YEARS[person.profile][0][0])))
    if person.profile == "pregnancy":
        first = rng.randint(120, 222)
        planned = [(day, visit) for day, visit in planned if day < 5 or day > first + _SPACING]
        planned += [(first - weeks * 6, visit) for weeks, visit in zip((0, 10, 19), notes.PREGNANCY, strict=True)]
    if person.profile == "infant":
        given = [(days_ago, visit) for days_ago, visit in vaccinations(person) if days_ago <= LONGEST]
        if given and plan.turn("postponed", _ONE_IN_TWO) == "yes":
            given[-1] = (given[-1][0], notes.POSTPONED)
        planned += given
    return [
        Appointment(day, _SPECIALISTS.get(visit.specialty, person.general), visit, _grant_days(plan, person))
        for day, visit in sorted(planned, key=lambda visit: -visit[0])
    ]


def vaccinations(person: Person) -> list[tuple[int, Visit]]:
    """The vaccinations that a child has had, as (working days ago, visit): some days after they were due."""
    age_days = int(person.age * 365.25)
    return [((age_days - due - 8) * 6 // 7, visit) for due, visit in notes.VACCINES if due + 16 < age_days]


def _grant_days(plan: Plan, person: Person) -> int:
    return 365 if person.profile in _LONG_TERM else plan.rng.choice((7, 30, 30, 365))
