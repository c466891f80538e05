"""A prescription's life as it is planned: what is prescribed, and the acts that lead to what becomes of it."""

from fadjma.demo.calendar import DAY, MINUTE, WORKDAY, When
from fadjma.demo.medicines import BY_KEY, course
from fadjma.demo.people import PHARMACIES, PHARMACISTS
from fadjma.demo.plan import NOW, Need, surely_beyond
from fadjma.demo.stage import Stage
from fadjma.demo.story import Grant, Story
from fadjma.prescriptions.actions import NewLine, valid_for

_PREPARED = ("validate", "prepare")
_READY = (*_PREPARED, "mark_ready")
# The acts after it was issued that lead to each fate.
PATHS: dict[str, tuple[str, ...]] = {
    "issued": (),
    "validated": ("validate",),
    "prepared": _PREPARED,
    "ready": _READY,
    "in_delivery": (*_READY, "depart"),
    "delivered": (*_READY, "deliver"),
    "brought": (*_READY, "depart", "deliver"),
    "on_hold": ("validate", "hold"),
    "refused": ("validate", "refuse"),
    "replaced": ("validate", "refuse"),
    "cancelled": ("cancel",),
    "entered_in_error": ("mark_error",),
    "expired": (),
}
# What is usual at each age of a prescription (first: at each pharmacy); `Plan.turn` goes round.
_CURRENT = (
    "issued", "validated", "ready", "prepared", "on_hold", "in_delivery", "validated", "refused", "issued", "delivered",
)  # fmt: skip
_LAST_WEEKS = (*("delivered",) * 4, "brought", "replaced", *("delivered",) * 5, "cancelled")
_LONG_AGO = (
    *("delivered",) * 6, "expired", "brought", *("delivered",) * 5, "cancelled",
    *("delivered",) * 6, "entered_in_error",
)  # fmt: skip
_CURRENT_FOR = 7 * WORKDAY
_REPLACED_WITHIN = 60 * WORKDAY  # of now: a refused one that is older has expired
_HOLDS = (
    "Un médicament manque, livraison du grossiste attendue demain.",
    "Posologie à confirmer avec le prescripteur, appel en cours.",
)
_REFUSALS = (
    "dose: supérieure à la dose maximale pour le poids indiqué.",
    "interaction: avec un traitement en cours, à revoir.",
    "unreadable: durée du traitement absente, à préciser.",
)
_CANCELLATIONS = ("Traitement changé après les résultats.", "Hospitalisation entre-temps.")
_MISTAKE = "Prescrite dans le mauvais dossier."
_NARROW = frozenset(("carbamazépine", "digoxine", "lévothyroxine", "phénobarbital", "valproate de sodium", "warfarine"))
_NOT_SUBSTITUTED = "Marge thérapeutique étroite"
_LANDMARKS = ("derrière la mosquée", "près du marché", "face à l'école", "après le terminus des cars")


def usual_fate(story: Story, issued: When) -> str:
    """A key of `PATHS` that suits a prescription of that age."""
    if issued.ago < _CURRENT_FOR:
        return story.plan.turn(f"current at {story.person.pharmacy}", _CURRENT)
    if issued.ago < _REPLACED_WITHIN:
        return story.plan.turn("last weeks", _LAST_WEEKS)
    return story.plan.turn("long ago", _LONG_AGO) if surely_beyond(issued.ago, valid_for()) else "delivered"


def prescribe(
    story: Story, grant: Grant, issued: When, medicines: tuple[str, ...], fate: str, *, replaces: str | None = None
) -> None:
    """Issue a prescription and bring it to its fate.

    One in eight is open to any pharmacy, the others are addressed to the one that the patient has chosen.
    """
    plan = story.plan
    is_open = story.person.profile != "scripted" and plan.rng.random() < 0.12
    pharmacy = plan.turn("open", [place.key for place in PHARMACIES]) if is_open else story.person.pharmacy
    prescription = story.name("prescription")
    lines = [line_of(key, story.person.weight_kg) for key in medicines]
    plan.rely(grant.since, issued, most=grant.days * DAY)
    plan.at(
        issued,
        Stage.issue,
        prescription,
        grant.doctor,
        story.key,
        lines=lines,
        pharmacy=None if is_open else pharmacy,
        replaces=replaces,
    )
    if fate == "expired":
        plan.rely(issued, NOW, least=valid_for())
    elif fate not in ("delivered", "brought", "cancelled", "entered_in_error"):
        plan.rely(issued, NOW, most=valid_for())
    _follow(story, grant, prescription, issued, fate, pharmacy, lines)


def line_of(key: str, weight_kg: int) -> NewLine:
    """A course of this medicine for somebody of that weight."""
    medicine = BY_KEY[key]
    dosage, quantity = course(medicine, weight_kg)
    return NewLine(key, dosage, quantity, medicine.days, _NOT_SUBSTITUTED if medicine.dci in _NARROW else None)


def _follow(
    story: Story, grant: Grant, prescription: str, issued: When, fate: str, pharmacy: str, lines: list[NewLine]
) -> None:
    """The acts of the pharmacy, of the doctor or of the patient, all of them before now."""
    plan, doctor = story.plan, grant.doctor
    pharmacist = plan.rng.choice([p.key for p in PHARMACISTS if p.place == pharmacy and not p.waiting])
    path = PATHS[fate]
    times = _times(story, issued, len(path))
    if "depart" in path:
        asked = When((issued.ago - issued.after + times[0].ago) // 2)
        address = f"{story.person.city}, villa {plan.rng.randint(3, 480)}, {plan.rng.choice(_LANDMARKS)}"
        plan.at(asked, Stage.request_delivery, prescription, story.key, address=address, phone=story.person.phone)
    for verb, when in zip(path, times, strict=True):
        match verb:
            case "validate":
                plan.at(when, Stage.validate, prescription, pharmacist)
            case "prepare":
                plan.needs += (Need(pharmacy, line.medicine_id, line.quantity, when) for line in lines)
                plan.at(when, Stage.prepare, prescription, pharmacist)
            case "mark_ready":
                plan.at(when, Stage.mark_ready, prescription, pharmacist)
            case "depart":
                plan.at(when, Stage.depart, prescription, pharmacist)
            case "deliver":
                plan.at(when, Stage.deliver, prescription, pharmacist)
            case "hold":
                plan.at(when, Stage.hold, prescription, pharmacist, reason=plan.turn("holds", _HOLDS))
            case "refuse":
                code, _, text = plan.turn("refusals", _REFUSALS).partition(": ")
                plan.at(when, Stage.refuse, prescription, pharmacist, code=code, text=text)
            case "cancel":
                plan.at(when, Stage.cancel, prescription, doctor, reason=plan.turn("cancellations", _CANCELLATIONS))
            case "mark_error":
                plan.at(when, Stage.mark_prescription_error, prescription, doctor, reason=_MISTAKE)
    if fate == "replaced":
        again = times[-1].later(5 * MINUTE)
        medicines = tuple(line.medicine_id for line in lines)
        prescribe(story, grant, again, medicines, "delivered", replaces=prescription)


def _times(story: Story, issued: When, acts: int) -> list[When]:
    """When the acts after the issue happen: some time after each other, squeezed into the time that there was."""
    begins = issued.ago - issued.after  # no earlier on the clock
    waits = [story.plan.rng.randint(9, 110) * MINUTE for _ in range(acts)]
    share = min(1.0, (begins - 2 * MINUTE) / sum(waits)) if waits else 1.0
    return [When(begins - int(sum(waits[: number + 1]) * share)) for number in range(acts)]
