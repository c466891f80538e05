"""What happened at the counter of Mme Ndiaye's pharmacy that is not usual: a part handed over, of which a rest is owed,
lines that it cannot supply, and a narcotic. Each to one of the cast, after their year is planned.
"""

from fadjma.demo.calendar import HOUR, MINUTE, WORKDAY, When
from fadjma.demo.dispensing import line_of
from fadjma.demo.plan import NOW, Need
from fadjma.demo.stage import Stage
from fadjma.demo.story import Story
from fadjma.prescriptions.actions import valid_for

_PHARMACY, _PHARMACIST = "jamm", "pharma.diagne"
_PAIN = ("paracétamol + codéine 500 mg + 30 mg", "ibuprofène 400 mg")
_GIVEN = (10, 15)
_HEART = ("amlodipine 10 mg", "acide acétylsalicylique 100 mg", "paracétamol 500 mg")
_NARCOTIC = ("morphine 10 mg",)


def tell(story: Story) -> None:
    """What happened to this one of the cast; nothing to all others."""
    person = (story.person.given_name, story.person.family_name)
    if person == ("Khady", "Niang"):
        prescription, issued = _prescribed(story, "dr.diop", 6, _PAIN)
        _prepared(story, prescription, issued, _PAIN)
        story.plan.at(issued.later(3 * HOUR), Stage.deliver_part, prescription, _PHARMACIST, given=_GIVEN)
        story.plan.rely(issued, NOW, most=valid_for())
    elif person == ("Mamadou Lamine", "Bah"):
        prescription, issued = _prescribed(story, "dr.diop", 2, _HEART)
        story.plan.at(issued.later(HOUR), Stage.validate, prescription, _PHARMACIST)
        text = "Attendu chez le grossiste dans trois jours."
        tell, why_not = Stage.cannot_supply, "out_of_stock"
        for line in (1, 2):
            at = issued.later(2 * HOUR + line * MINUTE)
            story.plan.at(at, tell, prescription, _PHARMACIST, line=line, code=why_not, text=text)
        why = "Plus de douleur."
        story.plan.at(issued.later(3 * HOUR), Stage.end_line, prescription, "dr.diop", line=2, reason=why)
        story.plan.rely(issued, NOW, most=valid_for())
    elif person == ("Pape Malick", "Touré"):
        prescription, issued = _prescribed(story, "dr.mbaye", 9, _NARCOTIC)
        _prepared(story, prescription, issued, _NARCOTIC)
        story.plan.at(issued.later(3 * HOUR), Stage.deliver, prescription, _PHARMACIST)


def _prescribed(story: Story, doctor: str, days_ago: int, medicines: tuple[str, ...]) -> tuple[str, When]:
    """In the morning of that working day, to Mme Ndiaye's pharmacy; what the plan calls it, and when."""
    issued = When(days_ago * WORKDAY + 7 * HOUR)
    grant, prescription = story.held(doctor, issued), story.name("prescription")
    story.plan.at(
        issued,
        Stage.issue,
        prescription,
        grant.doctor,
        story.key,
        lines=[line_of(key, story.person.weight_kg) for key in medicines],
        pharmacy=_PHARMACY,
        replaces=None,
    )
    return prescription, issued


def _prepared(story: Story, prescription: str, issued: When, medicines: tuple[str, ...]) -> None:
    """Taken, put aside and ready, half an hour between each."""
    at = issued.later(30 * MINUTE)
    for verb in (Stage.validate, Stage.prepare, Stage.mark_ready):
        story.plan.at(at, verb, prescription, _PHARMACIST)
        if verb is Stage.prepare:
            lines = (line_of(key, story.person.weight_kg) for key in medicines)
            story.plan.needs += (Need(_PHARMACY, line.medicine_id, line.quantity, at) for line in lines)
        at = at.later(30 * MINUTE)
