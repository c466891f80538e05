"""The medicines one chooses from as one types, the pharmacist's stock, and the list that an admin keeps."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import TypedDict, get_args

from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from fadjma import days, web
from fadjma.drawing import HEIGHT, WIDTH, Plot
from fadjma.i18n import translate
from fadjma.identity.people import Viewer
from fadjma.inventory import (
    actions,
    codes,
    elsewhere,
    formulary,
    known,
    levels,
    listing,
    lots,
    movements,
    moving,
    products,
    queries,
    redating,
    tables,
    transfers,
    withholding,
)
from fadjma.inventory.elsewhere import Elsewhere
from fadjma.inventory.forms import (
    ChangedMedicineForm,
    CountForm,
    ExpiryForm,
    LotForm,
    MedicineForm,
    ReasonForm,
    ThresholdForm,
    TransferForm,
)
from fadjma.inventory.formulary import Entry
from fadjma.refusals import Invalid, NotFound
from fadjma.store import Page, Transaction, paging
from fadjma.web import importing
from fadjma.web.forms import AsReadForm, NoFields
from fadjma.web.importing import ImportForm

blueprint = Blueprint("stock", __name__)
_SAID_OF_A_LOT = ("number", "expires_on", "quantity", "threshold", "gtin")
_OF_A_CODE = ("number", "expires_on", "gtin")
_IMPORT, _IMPORTS = "inventory/_import.html", "/formulary/imports"
web.take_files(_IMPORTS)


@blueprint.get("/medicines")
@web.takes("q", "pharmacy_id", "before", "line")
async def medicines() -> Response:
    q = request.args.get("q", "") or next((v for k, v in request.args.items() if k.endswith("medicine")), "")
    pharmacy_id = request.args.get("pharmacy_id") or None
    found = await web.see(queries.search_medicines, q[:80], pharmacy_id, web.before(paging.NUMBER))
    data = found.json(queries.Medicine.json)
    line = web.number("line") or 0
    return web.answer(
        "inventory/_suggestions.html", data, fragment="inventory/_suggestions.html", medicines=found, line=line, q=q
    )


@blueprint.get("/inventory")
@web.takes("q", "only", "before")
async def index() -> Response:
    q, only, before = web.sought(), web.one_of("only", get_args(products.Only)), web.before(products.CURSOR)
    found, kept, held = await web.see(_stock, q, only, before)
    data = found.json(lambda product: product.json(web.language(), held))
    now = web.database().clock()
    return web.answer(
        "inventory/index.html",
        {**data, "counts": kept.json()},
        as_typed="inventory/_found.html",
        products=found,
        elsewhere=held,
        kept=kept,
        q=q,
        is_box=not (only or found) and codes.is_of_box(q),
        only=only,
        before=before,
        at=now,
        today=days.day(now),
    )


def _stock(
    tx: Transaction, viewer: Viewer, q: str, only: products.Only | None, before: str | None
) -> tuple[Page[products.Product], products.Kept, set[str]]:
    found = products.stock(tx, viewer, q, only, before)
    return found, products.count_products(tx, viewer), elsewhere.withheld(tx, viewer, found)


class _AroundProduct(TypedDict):
    product: products.Product
    of: list[levels.Level]  # of each day
    elsewhere: set[str]  # lots that another place of the house withholds, and this one does not
    weeks: list[levels.Level]
    plot: Plot
    size: tuple[int, int]
    words: dict[str, type[int]]


async def _around_product(product_id: str) -> _AroundProduct:
    product, of, held = await web.see(_product, product_id)
    return {
        "product": product,
        "elsewhere": held,
        "of": of,
        "weeks": levels.weeks(of),
        "plot": levels.plot(product, of),
        "size": (WIDTH, HEIGHT),
        "words": {"number": int},
    }


@blueprint.get("/inventory/products/<product_id>")
async def show_product(product_id: str) -> Response:
    around = await _around_product(product_id)
    product = around["product"]
    data = {**product.json(web.language(), around["elsewhere"]), "levels": [one.json() for one in around["of"]]}
    return web.answer(
        "inventory/product.html", data, form=web.blank(ThresholdForm, threshold=product.threshold), **around
    )


@blueprint.post("/inventory/products/<product_id>/threshold")
@web.refill("inventory/product.html", ThresholdForm, context=_around_product)
async def set_threshold(product_id: str) -> Response:
    form = await web.form(ThresholdForm)
    await web.act(actions.set_threshold, products.product, product_id, threshold=form.threshold.data)
    there = f"/inventory/products/{product_id}"
    return web.see_other(there) if web.wants() != "json" else Response(status=204)


def _product(tx: Transaction, viewer: Viewer, product_id: str) -> tuple[products.Product, list[levels.Level], set[str]]:
    product = products.product(tx, viewer, product_id)
    return product, levels.levels(tx, product), elsewhere.withheld(tx, viewer, [product])


class _AroundNewLot(TypedDict):
    medicine: queries.Medicine | None  # that was chosen; None: it is looked for first
    is_new: bool  # to the pharmacy, which has chosen no threshold for it
    found: Page[queries.Medicine]  # what was looked for
    q: str
    before: lots.Lot | None  # that was received just before
    at: int  # when its form came
    asked: dict[str, str]  # what a code does not say for sure, by the names of fields
    faults: dict[str, str]  # why a code says nothing
    again: bool  # whether another medicine is chosen than the one that was


async def _around_new_lot(q: str = "", gtin: str = "") -> _AroundNewLot:
    sent = (await web.fields()).get("medicine_id") or request.args.get("pick", "").removeprefix("0:")
    is_chosen = {"pick", "medicine"}.intersection(request.args)  # by hand, whatever the code means here so far
    meant = "" if is_chosen else gtin
    medicine, is_new, found, before = await web.see(_to_receive, sent, meant, q, request.args.get("after", ""))
    return {
        "medicine": medicine,
        "is_new": is_new,
        "found": found,
        "q": q,
        "before": before,
        "at": web.database().clock(),
        "asked": {},
        "faults": {},
        "again": request.args.get("pick") == "0:",
    }


def _to_receive(
    tx: Transaction, viewer: Viewer, medicine_id: str, gtin: str, q: str, after: str
) -> tuple[queries.Medicine | None, bool, Page[queries.Medicine], lots.Lot | None]:
    pharmacy_id = moving.own_pharmacy(viewer)
    [*before] = lots.lots(tx, viewer, [after]) if after else []
    medicine_id = medicine_id or (known.medicine_of(tx, pharmacy_id, gtin) or "" if gtin else "")
    with suppress(NotFound):  # it is looked for again
        medicine = queries.medicine(tx, medicine_id)
        return medicine, not products.keeps(tx, viewer, medicine_id), Page(), next(iter(before), None)
    return None, False, queries.search_medicines(tx, viewer, q), next(iter(before), None)


@blueprint.get("/inventory/lots/new")
@web.takes("code", "pick", "medicine", "after", *_SAID_OF_A_LOT)
async def new_lot() -> Response:
    """A medicine is looked for, picked, and then what was received of it is said; what was said before is kept.

    Or a scanner says both, as far as its code does.
    """
    await web.only("pharmacist")
    typed = request.args.get("code", "")[: codes.LONGEST]
    scan, faults = _scanned(typed) if typed else (codes.Scan(), {})
    if faults and web.wants() == "json":
        raise Invalid(faults)
    said = MultiDict({name: request.args[name] for name in _SAID_OF_A_LOT if request.args.get(name)})
    said.update({name: value for name in _OF_A_CODE if (value := getattr(scan, name))})
    around = await _around_new_lot(request.args.get("medicine", "")[:80], said.get("gtin", ""))
    around["asked"], around["faults"] = _translated(scan.asked), _translated(faults)
    medicine = around["medicine"]
    data = {**asdict(scan), "asked": around["asked"], "medicine": medicine.json() if medicine else None}
    return web.answer("inventory/new.html", data, form=web.blank(LotForm, said or None), **around)


def _translated(messages: dict[str, str]) -> dict[str, str]:
    return {name: translate(web.language(), message) for name, message in messages.items()}


def _scanned(typed: str) -> tuple[codes.Scan, dict[str, str]]:
    """What a code says, or why it says nothing."""
    try:
        return codes.read(typed), {}
    except Invalid as refusal:
        return codes.Scan(), refusal.errors


@blueprint.post("/inventory/lots")
@web.refill("inventory/new.html", LotForm, context=_around_new_lot)
async def receive() -> Response:
    form = await web.form(LotForm)
    acted = await web.act(
        actions.receive,
        lots.lot,
        medicine_id=form.medicine_id.data,
        number=form.number.data,
        expires_on=form.expires_on.data.isoformat(),
        quantity=form.quantity.data,
        threshold=form.threshold.data,
        gtin=codes.in_fourteen(form.gtin.data) if form.gtin.data else "",
        since=form.since.data,
        confirmed=form.confirm.data,
    )
    lot_id = acted.resource.id
    then = f"/inventory/lots/new?after={lot_id}" if form.gtin.data else "/inventory"  # who scans has another box
    return web.done(acted, "inventory/_lot.html", f"/inventory/lots/{lot_id}", created=True, then=then)


class _AroundLot(TypedDict):
    lot: lots.Lot
    movements: Page[movements.Movement]  # the newest first
    kept_for: list[str]  # prescriptions
    count_form: CountForm
    expiry_form: ExpiryForm
    reason_form: ReasonForm
    transfer_form: TransferForm
    own_places: list[tuple[str, str]]
    elsewhere: list[Elsewhere]  # the same lot at other places of the house
    before: str | None  # where this part of them begins


async def around_lot(lot_id: str) -> _AroundLot:
    lot, moves, kept_for, others = await web.see(_lot_and_more, lot_id, before := web.before())
    return {
        "lot": lot,
        "elsewhere": others,
        "movements": moves,
        "kept_for": kept_for,
        "before": before,
        "count_form": web.blank(CountForm, on_hand=lot.on_hand, version=lot.version),
        "expiry_form": web.blank(ExpiryForm),
        "reason_form": web.blank(ReasonForm),
        "transfer_form": web.blank(TransferForm),
        "own_places": await web.see(transfers.own_places),
    }


def _lot_and_more(
    tx: Transaction, viewer: Viewer, lot_id: str, before: str | None
) -> tuple[lots.Lot, Page[movements.Movement], list[str], list[Elsewhere]]:
    lot = lots.lot(tx, viewer, lot_id)
    moves, kept_for = movements.movements(tx, viewer, lot_id, before), lots.kept_for(tx, lot_id)
    return lot, moves, kept_for, elsewhere.of(tx, viewer, lot)


@blueprint.get("/inventory/lots/<lot_id>")
@web.takes("before")
async def show_lot(lot_id: str) -> Response:
    around = await around_lot(lot_id)
    lot, others = around["lot"], [one.json() for one in around["elsewhere"]]
    data = {**lot.json(web.language()), "kept_for": around["kept_for"], "elsewhere": others}
    return web.answer("inventory/lot.html", data, form=around["count_form"], **around)


@blueprint.post("/inventory/lots/<lot_id>/blocking")
@web.refill("inventory/lot.html", ReasonForm, context=around_lot, stays=True)
async def withhold(lot_id: str) -> Response:
    form = await web.form(ReasonForm)
    acted = await web.act(withholding.withhold, lots.lot, lot_id, reason=form.why.data)
    return web.done(acted, "inventory/_lot.html", f"/inventory/lots/{lot_id}")


@blueprint.post("/inventory/lots/<lot_id>/unblocking")
@web.as_it_is("inventory/lot.html", context=around_lot)
async def put_back(lot_id: str) -> Response:
    form = await web.form(AsReadForm)
    acted = await web.act(withholding.put_back, lots.lot, lot_id, version=form.version.data)
    return web.done(acted, "inventory/_lot.html", f"/inventory/lots/{lot_id}")


@blueprint.post("/inventory/lots/<lot_id>/expiry")
@web.refill("inventory/lot.html", ExpiryForm, context=around_lot, stays=True)
async def correct_expiry(lot_id: str) -> Response:
    form = await web.form(ExpiryForm)
    day = form.expires_on.data.isoformat()
    acted = await web.act(redating.correct, lots.lot, lot_id, expires_on=day, confirmed=form.confirm.data)
    return web.done(acted, "inventory/_lot.html", f"/inventory/lots/{lot_id}")


@blueprint.post("/inventory/lots/<lot_id>/adjustments")
@web.refill("inventory/lot.html", CountForm, context=around_lot, stays=True)
async def adjust(lot_id: str) -> Response:
    form = await web.form(CountForm)
    acted = await web.act(
        actions.adjust,
        lots.lot,
        lot_id,
        on_hand=form.on_hand.data,
        version=form.version.data,
        reason=form.reason.data,
    )
    return web.done(acted, "inventory/_lot.html", f"/inventory/lots/{acted.resource.id}")


# --- the list of medicines ----------------------------------------------------------------------------------


@blueprint.get("/formulary")
@web.takes("q", "before")
async def list_medicines() -> Response:
    q, before = web.sought(), web.before(paging.NAME)
    found, count, to_review = await web.see(_formulary, q, before)
    data = found.json(lambda entry: entry.json(web.language()))
    return web.answer(
        "inventory/formulary.html",
        data,
        as_typed="inventory/_listed.html",
        medicines=found,
        count=count,
        to_review=to_review,
        q=q,
        before=before,
    )


def _formulary(tx: Transaction, viewer: Viewer, q: str, before: str | None) -> tuple[Page[Entry], int, int]:
    found = formulary.browse(tx, viewer, q, before)
    return found, formulary.count(tx), formulary.count_to_review(tx)


@blueprint.get("/formulary/new")
async def new_medicine() -> Response:
    await web.only("admin")
    return web.page("inventory/medicine_new.html", form=web.blank(MedicineForm))


@blueprint.post("/formulary")
@web.refill("inventory/medicine_new.html", MedicineForm)
async def add_medicine() -> Response:
    form = await web.form(MedicineForm)
    acted = await web.act(listing.add, formulary.entry, form.facts())
    there = f"/formulary/{acted.resource.id}"
    return web.done(acted, "inventory/_medicine.html", there, created=True, then="/formulary")


class _AroundMedicine(TypedDict):
    medicine: Entry


async def _around_medicine(medicine_id: str) -> _AroundMedicine:
    return {"medicine": await web.see(formulary.entry, medicine_id)}


@blueprint.get("/formulary/<medicine_id>")
async def show_medicine(medicine_id: str) -> Response:
    around = await _around_medicine(medicine_id)
    medicine = around["medicine"]
    form = web.blank(ChangedMedicineForm, **asdict(medicine))
    return web.answer("inventory/medicine.html", medicine.json(web.language()), form=form, **around)


@blueprint.post("/formulary/<medicine_id>")
@web.refill("inventory/medicine.html", ChangedMedicineForm, context=_around_medicine, versions=True)
async def change_medicine(medicine_id: str) -> Response:
    form = await web.form(ChangedMedicineForm)
    acted = await web.act(listing.change, formulary.entry, medicine_id, form.facts(), version=form.version.data)
    return web.done(acted, "inventory/_medicine.html", "/formulary")


@blueprint.post("/formulary/<medicine_id>/retirement")
async def retire_medicine(medicine_id: str) -> Response:
    return await _act_on_medicine(listing.retire, medicine_id)


@blueprint.post("/formulary/<medicine_id>/reinstatement")
async def bring_medicine_back(medicine_id: str) -> Response:
    return await _act_on_medicine(listing.bring_back, medicine_id)


async def _act_on_medicine(action: Callable[[Transaction, Viewer, str], str], medicine_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(action, formulary.entry, medicine_id)
    return web.done(acted, "inventory/_medicine.html", f"/formulary/{medicine_id}")


@blueprint.post("/formulary/signature")
async def sign_medicines() -> Response:
    await web.form(NoFields)
    await web.once(listing.sign)
    return web.see_other("/formulary") if web.wants() != "json" else Response(status=204)


@blueprint.get("/formulary/imports/new")
async def new_import() -> Response:
    await web.only("admin")
    return web.page("inventory/import_new.html", form=web.blank(ImportForm))


@blueprint.post("/formulary/imports")
@web.refill("inventory/import_new.html", ImportForm)
async def read_import() -> Response:
    await web.only("admin")
    return await importing.keep(tables.read, listing.check, formulary.one_import, _IMPORT, _IMPORTS)


@blueprint.get("/formulary/imports/<import_id>")
async def show_import(import_id: str) -> Response:
    found = await web.see(formulary.one_import, import_id)
    return web.answer("inventory/import.html", found.json(web.language()), item=found)


@blueprint.post("/formulary/imports/<import_id>/confirmation")
async def confirm_import(import_id: str) -> Response:
    return await importing.step(listing.confirm, formulary.one_import, import_id, _IMPORT, _IMPORTS)
