"""Who may get an account, and what they can do with it at first."""

import pytest
from cast import ADMIN, AWA, CLINIC, DIOP, EMAILS, JAMM
from store import Store

from fadjma.accounts import actions, queries
from fadjma.identity import directory, passwords
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.identifiers import normalize_identifier
from fadjma.identity.people import Role, Viewer
from fadjma.refusals import Conflict, Invalid, NotFound


def _person(email: str | None = "binta@example.sn", phone: str | None = "+221781112233") -> NewPerson:
    return NewPerson(given_name="Binta", family_name="Sow", email=email, phone=phone, password_hash="hash")


def _patient(store: Store, person: NewPerson) -> str:
    return store.write(actions.register_patient, person, birth_date="1999-05-06", sex="female", city="Thiès")


def _practitioner(store: Store, role: Role, organization_id: str, email: str | None = "binta@example.sn") -> str:
    return store.write(
        actions.register_practitioner,
        _person(email),
        role,
        licence_number="ORDRE-77",
        specialty="Cardiologie",
        organization_id=organization_id,
    )


def test_a_patient_is_active_at_once_and_has_an_identifier(store: Store) -> None:
    binta = store.read(directory.identity, _patient(store, _person()))
    assert store.value("SELECT status FROM users WHERE id = ?", binta.id) == "active"
    assert binta.identifier == normalize_identifier(binta.identifier)


def test_everybody_who_registers_has_an_inbox(store: Store) -> None:
    binta = _patient(store, _person())
    assert store.rows("SELECT last_seq FROM inboxes WHERE user_id = ?", binta) == [(0,)]


@pytest.mark.parametrize("of", [AWA, DIOP, ADMIN])
def test_registering_tells_nobody_whether_an_email_address_is_known(store: Store, of: Viewer) -> None:
    assert _patient(store, _person(email=EMAILS[of.id]))
    assert _practitioner(store, "doctor", CLINIC, EMAILS[of.id])


def test_of_those_with_one_address_staff_goes_first(store: Store) -> None:
    patients = {_patient(store, _person(email=EMAILS[DIOP.id])) for _ in range(9)}
    found = [found.user_id for found in store.read(passwords.credentials_for, email=EMAILS[DIOP.id], phone=None)]
    assert found[0] == DIOP.id
    assert set(found[1:]) < patients


def test_a_family_may_share_a_phone_or_an_email_address(store: Store) -> None:
    first, second = _patient(store, _person()), _patient(store, _person())
    for found in (
        store.read(passwords.credentials_for, email=None, phone="+221781112233"),
        store.read(passwords.credentials_for, email=_person().email, phone=None),
    ):
        assert {credential.user_id for credential in found} == {first, second}


def test_a_staff_address_opens_one_account_that_is_in_use(store: Store) -> None:
    with pytest.raises(Invalid) as refusal:
        store.write(actions.create_admin, _person(email=EMAILS[DIOP.id]))
    assert set(refusal.value.errors) == {"email"}
    second = _practitioner(store, "doctor", CLINIC, EMAILS[DIOP.id])
    with pytest.raises(Conflict):
        store.write(actions.verify, ADMIN, second)
    store.write(actions.deactivate, ADMIN, DIOP.id)
    store.write(actions.verify, ADMIN, second)
    with pytest.raises(Conflict):
        store.write(actions.reactivate, ADMIN, DIOP.id)


@pytest.mark.parametrize(("role", "place"), [("doctor", CLINIC), ("pharmacist", JAMM)])
def test_doctors_and_pharmacists_wait_to_be_verified(store: Store, role: Role, place: str) -> None:
    binta = _practitioner(store, role, place)
    assert [account.id for account in store.read(queries.waiting)] == [binta]
    with pytest.raises(NotFound):
        store.write(actions.start_session, binta, kind="browser", address="", agent="")


def test_only_admins_are_told_that_somebody_waits(store: Store) -> None:
    news = store.news(
        actions.register_practitioner,
        _person(),
        "doctor",
        licence_number="ORDRE-77",
        specialty="",
        organization_id=CLINIC,
    )
    told = {person: messages for person, messages in news.items() if messages != [None]}
    assert told == {ADMIN.id: ["account.waiting"]}


@pytest.mark.parametrize(("role", "place"), [("doctor", JAMM), ("pharmacist", CLINIC), ("doctor", "nowhere")])
def test_nobody_practises_where_their_role_has_no_place(store: Store, role: Role, place: str) -> None:
    before = store.content()
    with pytest.raises(Invalid) as refusal:
        _practitioner(store, role, place)
    assert set(refusal.value.errors) == {"organization_id"}
    assert store.content() == before


def test_an_admin_is_made_by_nobody_but_the_command_line(store: Store) -> None:
    made = store.write(actions.create_admin, _person())
    assert store.rows("SELECT role, status FROM users WHERE id = ?", made) == [("admin", "active")]
    assert store.audit()[-1] == (None, "account.created", "success")
