"""Signing in and out, registering, one's own sessions, and the admin's accounts."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Concatenate, Literal, ParamSpec, TypedDict

from quart import Blueprint, Response, current_app, request

from fadjma import web
from fadjma.accounts import actions, queries
from fadjma.accounts.forms import (
    ActivationForm,
    ContactForm,
    CorrectionForm,
    LanguageForm,
    PasswordForm,
    PatientForm,
    PersonForm,
    PractitionerForm,
    RefusalForm,
    ResetForm,
    SignInForm,
    StaffForm,
    TokenForm,
)
from fadjma.accounts.queries import Account, Issued, Profile
from fadjma.accounts.signing_in import WRONG, choose_password, confirm_password, sign_in
from fadjma.events import security
from fadjma.i18n import LANGUAGES
from fadjma.identity import credentials, devices, directory, passwords, sessions, slips
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.identifiers import normalize_email, normalize_phone
from fadjma.identity.people import Viewer
from fadjma.identity.slips import Slip
from fadjma.refusals import Forbidden, Invalid, SignInNeeded
from fadjma.store import Page, Transaction, Unavailable
from fadjma.web.forms import NoFields
from fadjma.web.throttle import REGISTER_PER_ADDRESS, REGISTER_PER_STAFF, neighbourhood

P = ParamSpec("P")
blueprint = Blueprint("accounts", __name__)


# --- signing in and out -------------------------------------------------------------------------------------


class _AroundSignIn(TypedDict):
    next: str  # where to go on, inside FADJMA; empty: the first page
    demo_accounts: Sequence[object]  # of the demo, which is above this room
    demo_password: str
    is_new: bool  # nobody has an account here: it is to be set up first


async def _around_sign_in() -> _AroundSignIn:
    known = current_app.extensions
    return {
        "next": _local(request.args.get("next", "")),
        "demo_accounts": known["demo_accounts"],
        "demo_password": known["demo_password"],
        "is_new": not await web.database().read(directory.is_anybody_known),
    }


@blueprint.get("/sign-in")
async def show_sign_in() -> Response:
    return web.page(
        "accounts/sign_in.html", form=web.blank(SignInForm, login=request.args.get("login")), **await _around_sign_in()
    )


@blueprint.post("/sign-in")
@web.refill("accounts/sign_in.html", SignInForm, context=_around_sign_in)
async def do_sign_in() -> Response:
    form = await web.form(SignInForm)
    try:
        secret, user_id = await _check(form.login.data, form.password.data, "browser")
    except Forbidden as refusal:
        raise Invalid({"password": refusal.message}, **refusal.values) from refusal
    credentials.remember(secret)
    response = web.see_other(_local(request.args.get("next", "")) or "/")
    devices.remember(web.app(), response, _device(), user_id, request.scheme)
    return response


@blueprint.post("/api/token")
async def token() -> Response:
    form = await web.form(TokenForm)
    try:
        secret, user_id = await _check(form.email.data, form.password.data, "token", form.name.data or "")
    except Invalid as refusal:
        raise SignInNeeded(WRONG) from refusal
    now = web.database().clock()
    access_token, seconds = credentials.issue_token(web.app(), secret, user_id, now=now, name=form.name.data or "")
    response = web.as_json({"access_token": access_token, "token_type": "Bearer", "expires_in": seconds})
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/activation")
async def show_activation() -> Response:
    return web.page("accounts/activation.html", form=web.blank(ActivationForm))


@blueprint.post("/activation")
@web.refill("accounts/activation.html", ActivationForm)
async def activation() -> Response:
    form = await web.form(ActivationForm)
    address = request.remote_addr or ""
    chooser = await choose_password(
        web.database(),
        web.throttle(),
        form.password.data,
        code_hash=slips.hash_of(_slip_key(), form.code.data),
        places=await _places(),
        submission=await web.submission(),
        address=address,
        mark=web.mark(address),
    )
    if web.wants() == "json":
        return web.as_json({"id": chooser.slip.user_id, "login": chooser.login})
    # Not in the address of the next page: histories and the logs of proxies keep those.
    return web.page("accounts/activated.html", login=chooser.login)


def _slip_key() -> bytes:
    return credentials.derive_key(str(web.app().secret_key), "slips")


@blueprint.post("/sign-out")
async def sign_out() -> Response:
    await web.form(NoFields)
    try:
        await web.change(actions.end_session)
    except SignInNeeded:
        pass  # the session was over already: signed out is signed out
    except Unavailable:
        if web.is_bearer():
            raise  # a program keeps its token, and is to know that it still opens something
        # On a shared computer nobody may stay signed in because the disk is full. Without its cookie the session is out
        # of reach; it ends when its time without activity is over.
    credentials.forget()
    return web.see_other("/sign-in") if web.wants() != "json" else Response(status=204)


@blueprint.post("/language")
async def language() -> Response:
    form = await web.form(LanguageForm)
    chosen = form.chosen.data or ""
    with suppress(SignInNeeded):  # before signing in, the cookie alone remembers
        await web.change(actions.choose_language, chosen)
    response = web.see_other(_local(form.next.data or "") or "/")
    if chosen in LANGUAGES:
        response.set_cookie("language", chosen, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


async def _check(login: str, password: str, kind: Literal["browser", "token"], name: str = "") -> tuple[str, str]:
    return await sign_in(
        web.database(),
        web.throttle(),
        login,
        password,
        kind=kind,
        address=request.remote_addr or "",
        agent=web.agent(),
        name=name,
        mark=web.mark(request.remote_addr or ""),
        device=_device(),
        instead_of=web.secret() if kind == "browser" else None,
    )


def _device() -> devices.Device | None:
    return devices.device_from(web.app(), {"cookie": web.header("cookie")}, request.scheme)


def _local(address: str) -> str:
    """An address inside FADJMA, or nothing: never a redirect to another site."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else ""


# --- registering --------------------------------------------------------------------------------------------


@blueprint.get("/register")
async def show_register() -> Response:
    return web.page("accounts/register.html", form=web.blank(PatientForm))


@blueprint.post("/register")
@web.refill("accounts/register.html", PatientForm)
async def register() -> Response:
    form = await web.form(PatientForm)
    person = await _new_person(form)
    user_id = await web.database().write(
        actions.register_patient,
        person,
        birth_date=form.birth_date.data.isoformat(),
        sex=form.sex.data,
        city=form.city.data or "",
    )
    if web.wants() == "json":
        return web.as_json({"id": user_id, "status": "active", "version": 1}, 201)
    secret = await web.database().write(
        actions.start_session,
        user_id,
        kind="browser",
        address=request.remote_addr or "",
        agent=web.agent(),
        instead_of=web.secret(),
    )
    credentials.remember(secret)
    return web.see_other("/")


class _AroundPractitioner(TypedDict):
    organizations: list[directory.Organization]


async def _around_practitioner() -> _AroundPractitioner:
    return {"organizations": await web.database().read(directory.organizations)}


@blueprint.get("/register/practitioner")
async def show_register_practitioner() -> Response:
    form = web.blank(PractitionerForm)
    return web.page("accounts/register_practitioner.html", form=form, **await _around_practitioner())


@blueprint.post("/register/practitioner")
@web.refill("accounts/register_practitioner.html", PractitionerForm, context=_around_practitioner)
async def register_practitioner() -> Response:
    form = await web.form(PractitionerForm)
    person = await _new_person(form)
    user_id = await web.database().write(
        actions.register_practitioner,
        person,
        form.role.data,
        licence_number=form.licence_number.data,
        specialty=form.specialty.data or "",
        organization_id=form.organization_id.data,
        profession=form.profession.data or None,
    )
    if web.wants() == "json":
        return web.as_json({"id": user_id, "status": "pending", "version": 1}, 201)
    return web.page("accounts/waiting.html", 201)


async def _count_registration() -> None:
    """Anybody may register; a desk, where staff works, registers a whole queue."""
    address = request.remote_addr or ""
    if await web.database().read(sessions.staff_has_been_at, address):
        await web.throttle().hit(REGISTER_PER_STAFF, neighbourhood(address))
    else:
        await web.throttle().hit(REGISTER_PER_ADDRESS, neighbourhood(address))


async def _new_person(form: PersonForm) -> NewPerson:
    given, family = form.given_name.data, form.family_name.data
    await _require_good_password("password", form.password.data, [given, family])
    await _count_registration()
    return _person(form, await passwords.hash_password(form.password.data), await web.submission())


def _person(form: ContactForm, password_hash: str, submission: str | None = None) -> NewPerson:
    return NewPerson(
        given_name=form.given_name.data,
        family_name=form.family_name.data,
        email=normalize_email(form.email.data) if form.email.data else None,
        phone=normalize_phone(form.phone.data) if form.phone.data else None,
        password_hash=password_hash,
        language=web.language(),
        submission=submission,
    )


async def _require_good_password(name: str, password: str, personal: list[str]) -> None:
    """Raise Invalid, beside the field of this name; the form itself knows no places."""
    if weakness := passwords.weakness(password, *personal, *await _places()):
        raise Invalid({name: weakness})


async def _places() -> list[str]:
    return [place.name for place in await web.database().read(directory.organizations)]


# --- one's own account --------------------------------------------------------------------------------------


class _OwnPage(TypedDict):
    profile: Profile
    sessions: Page[sessions.OpenSession]


def _own(tx: Transaction, viewer: Viewer) -> _OwnPage:
    return {"profile": queries.profile(tx, viewer), "sessions": sessions.of(tx, viewer)}


async def _own_page() -> _OwnPage:
    return await web.see(_own)


@blueprint.get("/account")
async def own_account() -> Response:
    around = await _own_page()
    return web.answer("accounts/account.html", around["profile"].json(), form=web.blank(PasswordForm), **around)


@blueprint.post("/password")
@web.refill("accounts/account.html", PasswordForm, context=_own_page)
async def change_password() -> Response:
    form = await web.form(PasswordForm)
    if not await web.attempted():
        await _change_password(form.password.data, form.new_password.data)
    return web.see_other("/account") if web.wants() != "json" else Response(status=204)


async def _change_password(password: str, new_password: str) -> None:
    stored = await web.see(passwords.own_hash)
    await confirm_password(web.throttle(), web.viewer().id, password, stored)
    known = await web.see(queries.profile)
    await _require_good_password("new_password", new_password, known.personal)
    hashed = await passwords.hash_password(new_password)
    mark = web.mark(request.remote_addr or "")
    await web.attempt(actions.change_password, was=stored, by=hashed, address=mark)


@blueprint.get("/me")
async def me() -> Response:
    return web.as_json(await web.see(queries.me))


@blueprint.get("/sessions")
async def my_sessions() -> Response:
    found = await web.see(sessions.of, request.args.get("before"))
    return web.answer("accounts/sessions.html", found.json(sessions.OpenSession.json), sessions=found)


@blueprint.post("/sessions/end")
async def end_other_sessions() -> Response:
    await web.form(NoFields)
    await web.change(actions.end_other_sessions)
    return web.see_other("/sessions") if web.wants() != "json" else Response(status=204)


@blueprint.post("/sessions/<session_id>/end")
async def end_session(session_id: str) -> Response:
    await web.form(NoFields)
    await web.change(actions.end_session, session_id)
    return web.see_other("/sessions") if web.wants() != "json" else Response(status=204)


# --- the admin's accounts -----------------------------------------------------------------------------------


@blueprint.get("/accounts")
async def accounts() -> Response:
    q = request.args.get("q", "")[:80]
    before = request.args.get("before")
    waiting, found = await web.see(queries.accounts, q, before)
    # To programs it is one list, those who wait first: the others come when there is nobody more who waits.
    data = (waiting if waiting.next else found).json(lambda account: account.json(web.language()))
    if not waiting.next:
        data["items"] = [account.json(web.language()) for account in [*waiting, *found]]
    return web.answer("accounts/index.html", data, waiting=waiting, accounts=found, q=q, before=before)


@blueprint.get("/accounts/new")
async def new_account() -> Response:
    around = await _around_staff()
    return web.page("accounts/new.html", form=web.blank(StaffForm), **around)


async def _around_staff() -> _AroundPractitioner:
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
        partial(queries.just_issued, key=_slip_key()),
        _person(form, await passwords.hash_of_nobodys()),
        form.role.data,
        licence_number=form.licence_number.data,
        specialty=form.specialty.data,
        profession=form.profession.data or None,
        organization_id=form.organization_id.data,
        key=_slip_key(),
    )
    return _issued(acted, "activation_code")


@blueprint.get("/accounts/<account_id>")
async def show_account(account_id: str) -> Response:
    around = await _around_account(account_id)
    return web.answer("accounts/show.html", around["item"].json(web.language()), **around)


class _AroundAccount(TypedDict):
    item: Account
    organizations: list[directory.Organization]
    slip: Slip | None


def _account_page(tx: Transaction, viewer: Viewer, account_id: str) -> _AroundAccount:
    item = queries.account(tx, viewer, account_id)
    kind = "pharmacy" if item.role == "pharmacist" else "clinic"
    return {
        "item": item,
        "organizations": directory.organizations(tx, kind) if item.works else [],
        "slip": slips.open_for(tx, account_id),
    }


async def _around_account(account_id: str) -> _AroundAccount:
    return await web.see(_account_page, account_id)


@blueprint.get("/accounts/<account_id>/slip")
async def show_slip(account_id: str) -> Response:
    issued = await web.see(queries.issued, account_id, key=_slip_key())
    assert issued.slip
    data = {**issued.slip.json(), "code": issued.code, "account": issued.account.json(web.language())}
    return web.answer("accounts/slip.html", data, issued=issued, address=f"{request.host}/activation")


@blueprint.post("/accounts/<account_id>/refusal")
@web.refill("accounts/show.html", RefusalForm, context=_around_account)
async def refusal(account_id: str) -> Response:
    form = await web.form(RefusalForm)
    return await _done(actions.refuse, account_id, reason=form.reason.data)


@blueprint.post("/accounts/<account_id>/correction")
@web.refill("accounts/show.html", CorrectionForm, context=_around_account)
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
    )


@blueprint.post("/accounts/<account_id>/reset")
@web.refill("accounts/show.html", ResetForm, context=_around_account)
async def reset(account_id: str) -> Response:
    form = await web.form(ResetForm)
    acted = await web.act(
        actions.reset,
        partial(queries.just_issued, key=_slip_key()),
        account_id,
        document=form.document.data,
        key=_slip_key(),
        nobodys_hash=await passwords.hash_of_nobodys(),
        address=web.mark(request.remote_addr or ""),
    )
    return _issued(acted, "reset_code")


def _issued(acted: web.Acted[Issued], name: str) -> Response:
    """201 with the code, which is said again to the same submission and kept with no answer."""
    account_id = acted.resource.id
    if web.wants() == "json":
        response = web.as_json({**acted.json, name: acted.resource.code}, 201)
        response.headers["Location"] = f"/accounts/{account_id}"
        return response
    if web.wants() == "fragment":
        return web.page("accounts/_row.html", item=acted.resource.account)
    return web.see_other(f"/accounts/{account_id}/slip" if acted.resource.slip else f"/accounts/{account_id}")


@blueprint.get("/security-events")
async def security_events() -> Response:
    found = await web.see(security.browse, request.args.get("before"), request.args.get("by"))
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
