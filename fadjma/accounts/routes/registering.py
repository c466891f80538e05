"""Registering alone: patients, doctors and pharmacists."""

from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import actions
from fadjma.accounts.forms import ContactForm, PatientForm, PersonForm, PractitionerForm
from fadjma.identity import credentials, directory, passwords, sessions
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.identifiers import normalize_email, normalize_phone
from fadjma.refusals import Invalid
from fadjma.web.throttle import REGISTER_PER_ADDRESS, REGISTER_PER_STAFF, neighbourhood

blueprint = Blueprint("registering", __name__)


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
        birth_date=form.born,
        sex=form.sex.data,
        city=form.city.data or "",
    )
    if web.wants() == "json":
        return web.as_json({"id": user_id, "status": "active", "version": 1}, 201)
    stored = await web.database().read(passwords.stored, user_id)
    # Sent twice, it is the same account, and signs in while its password is still the one that was chosen.
    if stored != person.password_hash and await passwords.verify(form.password.data, [stored]) is None:
        return web.see_other("/sign-in")
    secret = await web.database().write(
        actions.start_session,
        user_id,
        kind="browser",
        address=request.remote_addr or "",
        agent=web.agent(),
        instead_of=web.secret(),
        checked=stored,
    )
    credentials.remember(secret)
    return web.see_other("/")


class AroundPractitioner(TypedDict):
    organizations: list[directory.Organization]


async def _around_practitioner() -> AroundPractitioner:
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
    given, family = form.given_name.data, form.family_name.data or ""
    await require_good_password("password", form.password.data, [given, family])
    await _count_registration()
    return person(form, await passwords.hash_password(form.password.data), await web.submission())


def person(form: ContactForm, password_hash: str, submission: str | None = None) -> NewPerson:
    return NewPerson(
        given_name=form.given_name.data,
        family_name=form.family_name.data or "",
        email=normalize_email(form.email.data) if form.email.data else None,
        phone=normalize_phone(form.phone.data) if form.phone.data else None,
        password_hash=password_hash,
        language=web.language(),
        submission=submission,
    )


async def require_good_password(name: str, password: str, personal: list[str]) -> None:
    """Raise Invalid, beside the field of this name; the form itself knows no places."""
    if weakness := passwords.weakness(password, *personal, *await places()):
        raise Invalid({name: weakness})


async def places() -> list[str]:
    return [place.name for place in await web.database().read(directory.organizations)]
