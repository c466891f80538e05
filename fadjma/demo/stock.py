"""What the pharmacies of the demo have, as it is planned: lots received through the year, and what became of them.

It is planned last: each receipt brings what will be prepared until the next one, and more.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from fadjma.demo import notes
from fadjma.demo.calendar import HOUR, MINUTE, WORKDAY, When
from fadjma.demo.medicines import MEDICINES, Medicine
from fadjma.demo.people import PHARMACIES, PHARMACISTS
from fadjma.demo.plan import Need, Plan
from fadjma.demo.stage import Stage

_RECEIVED = (331, 190, 48)  # working days ago, the first one before the first consultation
_LATELY = 30 * WORKDAY  # longer ago than the lots expired that have just expired
_COUNTED = 3  # working days ago: the last inventory
# What becomes of a product, by its place in the list: most are well stocked, some are not.
_SITUATIONS = {
    3: "low",
    9: "out",
    14: "expiring",
    19: "expired",
    24: "only_expired",
    30: "low",
    35: "expiring",
}
_SITUATIONS_EVERY = 37
# What the demo's scenarios dispense is never missing.
_ALWAYS_THERE = frozenset(
    (
        "amoxicilline 500 mg",
        "artéméther + luméfantrine 80 mg + 480 mg",
        "nitrofurantoïne 100 mg",
        "paracétamol 500 mg",
        "phloroglucinol 80 mg",
        "sels de réhydratation orale 20,5 g/l",
        "sulfate ferreux + acide folique 200 mg + 0,4 mg",
    )
)
_PRESCRIBED = frozenset(line for visit in notes.VISITS for line in visit.lines)
_COUNTED_BY_TEN = ("comprimé", "gélule", "capsule")
_SOLD = "Sorties au comptoir, inventaire"


@dataclass(frozen=True, slots=True)
class _Lot:
    name: str
    received: When
    expires_in: int  # days from now


def fill(plan: Plan) -> None:
    """Plan the stock of every pharmacy, after everything that is prepared there."""
    needs: dict[tuple[str, str], list[Need]] = defaultdict(list)
    for need in plan.needs:
        needs[need.pharmacy, need.medicine].append(need)
    for rank, pharmacy in enumerate(PHARMACIES):
        pharmacists = [p.key for p in PHARMACISTS if p.place == pharmacy.key and not p.waiting]
        needed = {medicine for place, medicine in needs if place == pharmacy.key}
        stocked = [m for n, m in enumerate(MEDICINES) if m.key in _PRESCRIBED | needed or (n + rank) % 3]
        for number, medicine in enumerate(stocked):
            wanted = needs[pharmacy.key, medicine.key]
            situation = _situation(medicine, number + 5 * rank, wanted)
            _fill_one(plan, pharmacists, f"{pharmacy.key}/{medicine.key}", medicine, situation, wanted)


def _situation(medicine: Medicine, number: int, wanted: list[Need]) -> str:
    """Nothing unusual about what was prepared lately: no lot expires between preparing and handing over."""
    if medicine.key in _ALWAYS_THERE or any(need.when.ago < _LATELY for need in wanted):
        return ""
    return _SITUATIONS.get(number % _SITUATIONS_EVERY, "")


def _fill_one(
    plan: Plan, pharmacists: list[str], name: str, medicine: Medicine, situation: str, wanted: list[Need]
) -> None:
    """One product: its lots, each used up when the next one has come; at last an inventory, if anything is unusual."""
    rng = plan.rng
    by_ten = medicine.unit in _COUNTED_BY_TEN
    threshold = rng.choice((60, 90, 120, 150) if by_ten else (5, 8, 10, 12))
    lots = _lots(plan, name, situation) if wanted or situation else _lots(plan, name, situation)[1:2]
    for number, lot in enumerate(lots):
        until = lots[number + 1].received.ago if number + 1 < len(lots) else 0
        needed = sum(need.quantity for need in wanted if until < need.when.ago <= lot.received.ago)
        step = 10 if by_ten else 1
        quantity = -(-(needed + threshold * rng.randint(3, 6)) // step) * step
        plan.at(
            lot.received,
            Stage.receive,
            lot.name,
            rng.choice(pharmacists),
            medicine=medicine.key,
            number=f"{rng.choice('ABCDEFGHJKLMNPRSTVWX')}{number + 1}{rng.randrange(10_000):04d}",
            expires_in=lot.expires_in,
            quantity=quantity,
        )
    plan.at(lots[0].received.later(MINUTE), Stage.set_threshold, lots[0].name, threshold)
    remainder = rng.randint(3, threshold) if situation in ("expired", "only_expired") else 0
    for older, newer in pairwise(lots):
        left = remainder if older.expires_in < 0 else 0
        plan.at(
            newer.received.later(5 * MINUTE), Stage.count, older.name, rng.choice(pharmacists), left=left, reason=_SOLD
        )
    _count_at_last(plan, pharmacists, lots, situation, threshold, remainder)


def _lots(plan: Plan, name: str, situation: str) -> list[_Lot]:
    rng = plan.rng
    lots = []
    for season, days in enumerate(_RECEIVED[:-1] if situation == "out" else _RECEIVED):
        expires_in = rng.randint(400, 780) - days * 7 // 6
        if season == 1 and situation in ("expired", "only_expired"):
            expires_in = -rng.randint(4, 30)
        if season == 2 and situation == "expiring":
            expires_in = rng.randint(4, 27)
        received = When((days + rng.randint(-5, 5)) * WORKDAY - rng.randint(0, HOUR))
        lots.append(_Lot(f"{name}/{season}", received, expires_in))
    return lots


def _count_at_last(
    plan: Plan, pharmacists: list[str], lots: list[_Lot], situation: str, threshold: int, remainder: int
) -> None:
    """The inventory of some days ago, where it says something."""
    rng = plan.rng
    when = When(_COUNTED * WORKDAY + rng.randint(0, WORKDAY // 4))
    left = {
        "low": rng.randint(1, threshold - 1),
        "out": 0,
        "only_expired": 0,
        "expiring": rng.randint(threshold * 2, threshold * 5),
    }
    if situation in left:
        plan.at(when, Stage.count, lots[-1].name, rng.choice(pharmacists), left=left[situation], reason=_SOLD)
    if remainder:
        plan.at(when, Stage.count, lots[1].name, rng.choice(pharmacists), left=remainder, reason=_SOLD)
