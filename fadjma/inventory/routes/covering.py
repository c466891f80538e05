"""What a pharmacy lets others know of its stock, and who has all that a doctor is about to prescribe."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.inventory import choices, coverage
from fadjma.inventory.choices import Choices
from fadjma.inventory.coverage import Pharmacy
from fadjma.inventory.forms import ChoicesForm
from fadjma.refusals import Throttled
from fadjma.store import Transaction
from fadjma.web.throttle import COVER_PER_DOCTOR, COVER_STEPS_PER_DOCTOR

blueprint = Blueprint("covering", __name__)
_MEDICINE = re.compile(r"lines-([0-9]{1,2})-medicine_id")
_MOST = 1_000  # units of a line, as in a prescription


@blueprint.get("/inventory/coverage")
@web.takes("lines-[0-9]{1,2}-(medicine_id|quantity)")
async def coverage_of_lines() -> Response:
    """Of the lines of a prescription that is being written, as its form has them."""
    await web.only("doctor")
    wanted = _wanted()
    if wanted:
        await _count(wanted)
    found = await web.see(_covering, wanted)
    data = {"items": [pharmacy.json() for pharmacy in found]}
    return web.answer(
        "inventory/coverage.html", data, fragment="inventory/_coverage.html", covering=found, asked=bool(wanted)
    )


async def _count(wanted: Mapping[str, int]) -> None:
    """Yes or no, asked for enough numbers, is how much they have: of each medicine a doctor has a few a day."""
    doctor = web.viewer().id
    await web.throttle().hit(COVER_PER_DOCTOR, doctor)
    for medicine_id, quantity in wanted.items():
        who = f"{doctor}:{medicine_id}"
        try:
            await web.throttle().hit_once(COVER_STEPS_PER_DOCTOR, who, str(quantity))
        except Throttled:
            if await web.throttle().is_first(who):
                await web.change(coverage.note_search, medicine_id)
            raise


def _wanted() -> Counter[str]:
    """How much of which medicine is asked for, in steps; what is not filled in yet is left out.

    Nothing where a line has more than may be prescribed.
    """
    wanted: Counter[str] = Counter()
    for name, medicine_id in request.args.items():
        line = _MEDICINE.fullmatch(name)
        quantity = web.number(f"lines-{line[1]}-quantity") if line else None
        if quantity and quantity > _MOST:
            return Counter()
        if quantity and medicine_id:
            wanted[medicine_id[:40]] += quantity
    if any(quantity > _MOST for quantity in wanted.values()):
        return Counter()
    return Counter({medicine_id: coverage.step(quantity) for medicine_id, quantity in wanted.items()})


def _covering(tx: Transaction, viewer: Viewer, wanted: Counter[str]) -> list[Pharmacy]:
    viewer.require("doctor")
    return coverage.covering(tx, wanted)


class _AroundChoices(TypedDict):
    choices: Choices


async def _around_choices() -> _AroundChoices:
    return {"choices": await web.see(choices.choices)}


@blueprint.get("/inventory/choices")
async def show_choices() -> Response:
    around = await _around_choices()
    found = around["choices"]
    said = {**asdict(found), "duty_from": _day(found.duty_from), "duty_to": _day(found.duty_to)}
    return web.answer(
        "inventory/choices.html", found.json(web.language()), form=web.blank(ChoicesForm, **said), **around
    )


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


@blueprint.post("/inventory/choices")
@web.refill("inventory/choices.html", ChoicesForm, context=_around_choices, versions=True)
async def choose() -> Response:
    form = await web.form(ChoicesForm)
    acted = await web.act(
        choices.choose,
        choices.choices,
        shows_cover=form.shows_cover.data,
        duty_from=form.duty_from.data,
        duty_to=form.duty_to.data,
        version=form.version.data,
    )
    return web.done(acted, "inventory/_choices.html", "/inventory/choices")
