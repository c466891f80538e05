"""The accounts as admins see them: made, accepted, corrected, reset, closed."""

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import actions, factor_removal, queries
from fadjma.accounts.factor_removal import Protected
from fadjma.accounts.forms import CorrectionForm, FactorRemovalForm, RefusalForm, ResetForm, StaffForm
from fadjma.accounts.queries import Account
from fadjma.accounts.routes.registering import AroundPractitioner, person
from fadjma.accounts.routes.slips import answer_issued, slip_key
from fadjma.events import security
from fadjma.identity import directory, passwords, slips
from fadjma.identity.identifiers import normalize_email, normalize_phone
from fadjma.identity.people import Viewer
from fadjma.identity.slips import Slip
from fadjma.store import Transaction
from fadjma.web.forms import NoFields

P = ParamSpec("P")
blueprint = Blueprint("staff", __name__)


@blueprint.get("/accounts")
@web.takes("q", "before")
async def accounts() -> Response:
    q = web.sought()
    before = web.before(queries.CURSOR)
    waiting, found = await web.see(queries.accounts, q, before, all_waiting=web.wants() != "json")
    # To programs it is one list, those who wait first: the others come when there is nobody more who waits.
    data = (waiting if waiting.next else found).json(lambda account: account.json(web.language()))
    if not waiting.next:
        data["items"] = [account.json(web.language()) for account in [*waiting, *found]]
    return web.answer(
        "accounts/index.html",
        data,
        as_typed="accounts/_found.html",
        waiting=waiting,
        accounts=found,
        q=q,
        before=before,
    )


@blueprint.get("/accounts/new")
@web.takes("role")
async def new_account() -> Response:
    around = await _around_staff()
    return web.page("accounts/new.html", form=web.blank(StaffForm, role=request.args.get("role", "")), **around)


async def _around_staff() -> AroundPractitioner:
    return {"organizations": await web.see(_for_admin)}


def _for_admin(tx: Transaction, viewer: Viewer) -> list[directory.Organization]:
    viewer.require("admin")
    return directory.organizations(tx)


@blueprint.post("/accounts")
@web.refill("accounts/new.html", StaffForm, context=_around_staff)
async def create_account() -> Response:
    form = await web.form(StaffForm)
    acted = await web.act(
        actions.create_account,
        partial(queries.just_issued, key=slip_key()),
        person(form, await passwords.hash_of_nobodys()),
        form.role.data,
        licence_number=form.licence_number.data,
        specialty=form.specialty.data,
        profession=form.profession.data or None,
        organization_id=form.organization_id.data,
        key=slip_key(),
    )
    return answer_issued(acted, "activation_code")


@blueprint.get("/accounts/<account_id>")
async def show_account(account_id: str) -> Response:
    around = await _around_account(account_id)
    return web.answer("accounts/show.html", around["found"].json(web.language()), **around)


class _AroundAccount(TypedDict):
    item: Account
    found: Protected
    organizations: list[directory.Organization]
    slip: Slip | None
    first_due: bool  # no password was ever chosen with a slip
    only_one: bool  # nobody else dispenses at that pharmacy


def _account_page(tx: Transaction, viewer: Viewer, account_id: str) -> _AroundAccount:
    found = factor_removal.show(tx, viewer, account_id)
    item = found.account
    kind = "pharmacy" if item.role == "pharmacist" else "clinic"
    return {
        "item": item,
        "found": found,
        "organizations": directory.organizations(tx, kind) if item.works else [],
        "slip": slips.open_for(tx, account_id),
        "first_due": item.role != "patient" and slips.is_first_due(tx, account_id),
        "only_one": item.role == "pharmacist"
        and directory.people(tx, "pharmacist", item.organization_id, limit=2) == [item.id],
    }


async def _around_account(account_id: str) -> _AroundAccount:
    return await web.see(_account_page, account_id)


@blueprint.post("/accounts/<account_id>/refusal")
@web.refill("accounts/show.html", RefusalForm, context=_around_account)
async def refusal(account_id: str) -> Response:
    form = await web.form(RefusalForm)
    return await _done(actions.refuse, account_id, reason=form.reason.data)


@blueprint.post("/accounts/<account_id>/correction")
@web.refill("accounts/show.html", CorrectionForm, context=_around_account, versions=True)
async def correction(account_id: str) -> Response:
    form = await web.form(CorrectionForm)
    return await _done(
        actions.correct,
        account_id,
        version=form.version.data,
        licence_number=form.licence_number.data,
        specialty=form.specialty.data,
        profession=form.profession.data or None,
        organization_id=form.organization_id.data,
        given_name=form.given_name.data or None,
        family_name=form.family_name.data or None,
        email=None if form.email.data is None else normalize_email(form.email.data),
        phone=None if form.phone.data is None else normalize_phone(form.phone.data) or "",
    )


@blueprint.post("/accounts/<account_id>/activation")
async def another_activation(account_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(
        actions.invite,
        partial(queries.just_issued, key=slip_key()),
        account_id,
        key=slip_key(),
        address=web.mark(request.remote_addr or ""),
    )
    return answer_issued(acted, "activation_code")


@blueprint.post("/accounts/<account_id>/reset")
@web.refill("accounts/show.html", ResetForm, context=_around_account)
async def reset(account_id: str) -> Response:
    form = await web.form(ResetForm)
    acted = await web.act(
        actions.reset,
        partial(queries.just_issued, key=slip_key()),
        account_id,
        document=form.document.data,
        key=slip_key(),
        nobodys_hash=await passwords.hash_of_nobodys(),
        address=web.mark(request.remote_addr or ""),
    )
    return answer_issued(acted, "reset_code")


class _AroundRemoval(TypedDict):
    found: Protected


async def _around_removal(account_id: str) -> _AroundRemoval:
    return {"found": await web.see(factor_removal.show, account_id)}


@blueprint.get("/accounts/<account_id>/factor-removal")
async def show_factor_removal(account_id: str) -> Response:
    around = await _around_removal(account_id)
    data = around["found"].json(web.language())
    return web.answer("accounts/factor_removal.html", data, form=web.blank(FactorRemovalForm), **around)


@blueprint.post("/accounts/<account_id>/factor-removal")
@web.refill("accounts/factor_removal.html", FactorRemovalForm, context=_around_removal)
async def ask_factor_removal(account_id: str) -> Response:
    form = await web.form(FactorRemovalForm)
    acted = await web.act(
        factor_removal.ask,
        factor_removal.show,
        account_id,
        reason=form.reason.data,
        document=form.document.data,
        address=web.mark(request.remote_addr or ""),
    )
    return _removal_done(acted)


@blueprint.post("/accounts/<account_id>/factor-removal/confirmation")
async def confirm_factor_removal(account_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(
        factor_removal.confirm, factor_removal.show, account_id, address=web.mark(request.remote_addr or "")
    )
    return _removal_done(acted)


def _removal_done(acted: web.Acted[Protected]) -> Response:
    shown = web.Acted(acted.resource.account, acted.json)
    return web.done(shown, "accounts/_row.html", f"/accounts/{acted.resource.id}/factor-removal")


@blueprint.get("/security-events")
@web.takes("before", "by")
async def security_events() -> Response:
    found = await web.see(security.browse, web.before(), request.args.get("by"))
    data = found.json(lambda event: event.json(web.language()))
    return web.answer("accounts/security.html", data, events=found, by=request.args.get("by", ""))


@blueprint.post("/accounts/<account_id>/verification")
async def verification(account_id: str) -> Response:
    return await _act(actions.verify, account_id)


@blueprint.post("/accounts/<account_id>/deactivation")
async def deactivation(account_id: str) -> Response:
    return await _act(actions.deactivate, account_id)


@blueprint.post("/accounts/<account_id>/reactivation")
async def reactivation(account_id: str) -> Response:
    return await _act(actions.reactivate, account_id)


async def _act(action: Callable[[Transaction, Viewer, str], str], account_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(action, queries.account, account_id)
    return web.done(acted, "accounts/_row.html", "/accounts")


async def _done(
    action: Callable[Concatenate[Transaction, Viewer, str, P], str],
    account_id: str,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response:
    acted = await web.act(action, queries.account, account_id, *args, **kwargs)
    return web.done(acted, "accounts/_row.html", f"/accounts/{account_id}")
