"""A prescription's life: its lines, the acts that led to its state, the stock that they took or kept."""

from dataclasses import dataclass

from fadjma.demo.medicines import BY_KEY, course
from fadjma.demo.story import Grant, Story
from fadjma.demo.world import DAY, MINUTE, Pharmacy
from fadjma.events import Subject
from fadjma.ids import new_id

VALID_FOR = 90 * DAY

_PREPARED = ("validated", "prepared")
_READY = (*_PREPARED, "ready")
# The acts after "issued" that lead to each state.
PATHS: dict[str, tuple[str, ...]] = {
    "issued": (),
    "validated": ("validated",),
    "prepared": _PREPARED,
    "ready": _READY,
    "in_delivery": (*_READY, "in_delivery"),
    "delivered": (*_READY, "delivered"),
    "brought": (*_READY, "in_delivery", "delivered"),
    "part_delivered": (*_READY, "part_delivered"),
    "on_hold": ("validated", "on_hold"),
    "refused": ("validated", "refused"),
    "replaced": ("validated", "refused"),
    "cancelled": ("cancelled",),
    "entered_in_error": ("entered_in_error",),
    "expired": ("expired",),
}
# What is usual at each age of a prescription; `World.turn` goes round.
_CURRENT = (
    "issued", "ready", "validated", "prepared", "delivered", "in_delivery", "on_hold", "issued", "refused",
    "ready", "part_delivered", "issued", "validated",
)  # fmt: skip
_LAST_WEEKS = (*("delivered",) * 4, "part_delivered", "brought", "replaced", *("delivered",) * 4, "cancelled")
_LONG_AGO = (
    *("delivered",) * 6, "expired", "brought", *("delivered",) * 5, "cancelled",
    *("delivered",) * 6, "entered_in_error",
)  # fmt: skip
_REASONS = {
    "on_hold": (
        "Un médicament manque, livraison du grossiste attendue demain.",
        "Posologie à confirmer avec le prescripteur, appel en cours.",
    ),
    "refused": (
        "dose: supérieure à la dose maximale pour le poids indiqué.",
        "interaction: avec un traitement en cours, à revoir.",
        "unavailable: en rupture chez tous les grossistes, proposer une alternative.",
    ),
    "cancelled": ("Traitement changé après les résultats.", "Hospitalisation entre-temps."),
    "entered_in_error": ("Prescrite dans le mauvais dossier.",),
}
_NARROW = frozenset(("carbamazépine", "digoxine", "lévothyroxine", "phénobarbital", "valproate de sodium", "warfarine"))
_LANDMARKS = ("derrière la mosquée", "près du marché", "face à l'école", "après le terminus des cars")
_NOT_SUBSTITUTED = "Marge thérapeutique étroite"
_SILENT = frozenset(("in_delivery", "part_delivered"))  # the page follows, nobody is called
_FOR_THE_DOCTOR = frozenset(("refused", "delivered", "expired"))
_ENDED = frozenset(("cancelled", "entered_in_error", "expired"))
_RESERVED = frozenset(("prepared", "ready", "in_delivery"))


@dataclass(frozen=True, slots=True)
class _Act:
    status: str
    at: int
    actor: str | None
    reason: str


def usual_fate(story: Story, issued_at: int) -> str:
    """A key of `PATHS` that suits a prescription of that age."""
    age = story.world.now - issued_at
    if age < 8 * DAY:
        return story.world.turn("current", _CURRENT)
    return story.world.turn(*(("last weeks", _LAST_WEEKS) if age <= VALID_FOR else ("long ago", _LONG_AGO)))


def prescribe(
    story: Story, grant: Grant, at: int, medicines: tuple[str, ...], fate: str, *, replaces: str | None = None
) -> str:
    """Issue a prescription at `at` and bring it to its fate; returns its id.

    One in eight is open to any pharmacy, the others are addressed to the one that the patient has chosen.
    """
    world = story.world
    if fate == "part_delivered" and len(medicines) == 1 and BY_KEY[medicines[0]].quantity == 1:
        fate = "delivered"  # there is no part of one flask
    if fate == "replaced" and grant.until < at + DAY:
        fate = "cancelled"  # the doctor may no longer write
    is_open = story.person.profile != "scripted" and world.rng.random() < 0.12
    addressed = None if is_open else story.pharmacy
    pharmacy = addressed or world.pharmacies[world.turn("open", tuple(world.pharmacies))]
    prescription_id = new_id()
    acts = _acts(story, grant, pharmacy, at, fate)
    claimed = any(act.status == "validated" for act in acts)
    last = acts[-1]
    world.batch.add(
        "prescriptions",
        id=prescription_id,
        patient_id=story.id,
        prescriber_id=grant.doctor.id,
        addressed_to=addressed.id if addressed else None,
        pharmacy_id=pharmacy.id if claimed else None,
        replaces_id=replaces,
        status=last.status,
        status_reason=last.reason,
        issued_at=at,
        valid_until=at + VALID_FOR,
        updated_at=last.at,
        version=len(acts),
    )
    _add_lines(story, prescription_id, medicines, pharmacy, last)
    if "in_delivery" in PATHS[fate]:
        _ask_for_delivery(story, prescription_id, acts)
    before = None
    for act in acts:
        world.batch.add(
            "prescription_acts",
            id=new_id(),
            prescription_id=prescription_id,
            at=act.at,
            actor_id=act.actor,
            from_status=before,
            to_status=act.status,
            reason=act.reason,
        )
        _tell(story, grant, Subject("prescription", prescription_id), act, pharmacy, addressed)
        before = act.status
    if fate == "replaced":
        prescribe(story, grant, last.at, medicines, "delivered", replaces=prescription_id)
    return prescription_id


def _acts(story: Story, grant: Grant, pharmacy: Pharmacy, issued_at: int, fate: str) -> list[_Act]:
    """The acts in order of time, none of them after now."""
    world = story.world
    path = PATHS[fate]
    pharmacist = world.rng.choice(pharmacy.pharmacists)
    doctor = grant.doctor.id
    actors = {"cancelled": doctor, "entered_in_error": doctor, "expired": None}
    times = [issued_at]
    for _ in path:
        times.append(times[-1] + world.rng.randint(9, 110) * MINUTE)
    if fate == "expired":
        times[-1] = issued_at + VALID_FOR
    elif times[-1] > world.now - MINUTE:  # squeezed into the time there was
        share = (world.now - MINUTE - issued_at) / (times[-1] - issued_at)
        times = [issued_at + int((at - issued_at) * share) for at in times]
    acts = [_Act("issued", issued_at, doctor, "")]
    for status, at in zip(path, times[1:], strict=True):
        reason = world.turn(status, _REASONS[status]) if status in _REASONS else ""
        acts.append(_Act(status, at, actors.get(status, pharmacist), reason))
    return acts


def _add_lines(story: Story, prescription_id: str, keys: tuple[str, ...], pharmacy: Pharmacy, last: _Act) -> None:
    """The lines, with what was handed over or is kept for them in the pharmacy's stock."""
    world = story.world
    for position, key in enumerate(keys, 1):
        medicine = BY_KEY[key]
        dosage, quantity = course(medicine, story.person.weight_kg)
        delivered = 0
        if last.status == "delivered" or (last.status == "part_delivered" and position < len(keys)):
            delivered = quantity
        elif last.status == "part_delivered":
            delivered = quantity // 2
        line_id = new_id()
        world.batch.add(
            "prescription_lines",
            id=line_id,
            prescription_id=prescription_id,
            position=position,
            medicine_id=world.stock.medicines[key],
            dosage=dosage,
            quantity=quantity,
            duration_days=medicine.days,
            substitution_reason=_NOT_SUBSTITUTED if medicine.dci in _NARROW else None,
            delivered=delivered,
        )
        if delivered:
            assert last.actor is not None
            world.stock.take(pharmacy.id, key, delivered, last.at, prescription_id, last.actor)
        if last.status in _RESERVED:
            world.stock.reserve(pharmacy.id, key, quantity, prescription_id, line_id)


def _ask_for_delivery(story: Story, prescription_id: str, acts: list[_Act]) -> None:
    """The patient asks, between the issue and the next act, to have the medicines brought home."""
    rng = story.world.rng
    story.world.batch.add(
        "delivery_requests",
        prescription_id=prescription_id,
        address=f"{story.person.city}, villa {rng.randint(3, 480)}, {rng.choice(_LANDMARKS)}",
        phone=story.person.phone,
        created_at=(acts[0].at + acts[1].at) // 2,
    )


def _tell(
    story: Story, grant: Grant, prescription: Subject, act: _Act, pharmacy: Pharmacy, addressed: Pharmacy | None
) -> None:
    """Trace one act and tell those whom it concerns, except the one who acted (CLINIC.md, Notifications)."""
    world, doctor = story.world, grant.doctor
    if act.actor == doctor.id:
        story.trace(act.at, act.actor, f"prescription.{act.status}", prescription, place=doctor.place, grant=grant)
    else:
        place = pharmacy.name if act.actor else ""
        story.trace(act.at, act.actor, f"prescription.{act.status}", prescription, place=place)
    if act.status == "validated":
        story.trace(act.at + MINUTE // 2, act.actor, "prescription.read", prescription, place=pharmacy.name)
    message = None if act.status in _SILENT else f"prescription.{act.status}"
    if act.status == "entered_in_error":
        message = "prescription.cancelled"
    story.tell(act.at, "prescription_status_changed", message, prescription)
    if act.status in _FOR_THE_DOCTOR:
        called = "prescription.dispensed" if act.status == "delivered" else message
        world.tell(doctor.id, act.at, "prescription_status_changed", called, prescription)
    pharmacies = [addressed] if addressed else []
    if act.status == "issued":
        pharmacies = pharmacies or list(world.pharmacies.values())
        message = "prescription.to_validate"
    if act.status == "issued" or act.status in _ENDED:
        for pharmacist in (pharmacist for told in pharmacies for pharmacist in told.pharmacists):
            world.tell(pharmacist, act.at, "prescription_status_changed", message, prescription)
