"""The admin checks a licence; closes and opens accounts."""

from collections.abc import Callable
from typing import Any

import pytest
from cast import ADMIN, AWA, CAST, CLINIC, DIOP, MOUSSA, NDIAYE, secret_of
from store import Store

from fadjma.accounts import actions, queries
from fadjma.identity import directory, sessions
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.people import Viewer
from fadjma.identity.sessions import SessionsEnded
from fadjma.refusals import Conflict, Forbidden, NotFound

ACTS = [actions.verify, actions.deactivate, actions.reactivate]
NOT_ADMINS = [person for person in CAST if person is not ADMIN]


@pytest.fixture
def binta(store: Store) -> str:
    """A doctor who has registered and waits."""
    person = NewPerson(given_name="Binta", family_name="Sow", email="b@x.sn", phone=None, password_hash="hash")
    return store.write(
        actions.register_practitioner,
        person,
        "doctor",
        licence_number="ORDRE-77",
        specialty="",
        organization_id=CLINIC,
    )


def _status(store: Store, account_id: str) -> str:
    return store.read(queries.account, ADMIN, account_id).status


def test_a_verified_doctor_can_sign_in(store: Store, binta: str) -> None:
    store.write(actions.verify, ADMIN, binta)
    secret = store.write(actions.start_session, binta, kind="browser", address="", agent="")
    viewer = store.read(sessions.viewer, secret)
    assert viewer is not None
    assert viewer.role == "doctor"


def test_who_verified_is_written_down(store: Store, binta: str) -> None:
    store.write(actions.verify, ADMIN, binta)
    assert store.rows("SELECT verified_by, verified_at FROM users WHERE id = ?", binta) == [(ADMIN.id, store.clock())]
    assert store.audit()[-1] == (ADMIN.id, "account.verified", "success")


def test_an_account_is_verified_once(store: Store, binta: str) -> None:
    store.write(actions.verify, ADMIN, binta)
    with pytest.raises(Conflict) as refusal:
        store.write(actions.verify, ADMIN, binta)
    assert refusal.value.current == "active"


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("person", NOT_ADMINS, ids=lambda person: person.id)
def test_nobody_but_an_admin_decides_about_accounts(
    store: Store, binta: str, person: Viewer, act: Callable[..., Any]
) -> None:
    before = store.content()
    with pytest.raises(Forbidden):
        store.write(act, person, binta)
    assert store.content() == before


@pytest.mark.parametrize("act", ACTS)
def test_an_unknown_account_does_not_exist(store: Store, act: Callable[..., Any]) -> None:
    with pytest.raises(NotFound):
        store.write(act, ADMIN, "nobody")


def test_a_deactivated_person_loses_every_session_at_once(store: Store) -> None:
    token = store.write(actions.start_session, DIOP.id, kind="token", address="", agent="")
    store.write(actions.deactivate, ADMIN, DIOP.id)
    assert store.read(sessions.viewer, secret_of(DIOP.id)) is None
    assert store.read(sessions.viewer, token) is None
    ended = [said for said in store.announced if isinstance(said, SessionsEnded)]
    assert [(set(said.session_ids), said.reason) for said in ended] == [
        ({DIOP.session_id, sessions.id_of(token)}, "deactivated")
    ]


def test_the_sessions_of_others_live_on(store: Store) -> None:
    store.write(actions.deactivate, ADMIN, DIOP.id)
    assert store.read(sessions.viewer, secret_of(AWA.id)) is not None


def test_a_deactivated_person_cannot_sign_in(store: Store) -> None:
    store.write(actions.deactivate, ADMIN, DIOP.id)
    with pytest.raises(NotFound):
        store.write(actions.start_session, DIOP.id, kind="browser", address="", agent="")


def test_an_admin_cannot_close_their_own_account(store: Store) -> None:
    with pytest.raises(Conflict):
        store.write(actions.deactivate, ADMIN, ADMIN.id)
    assert _status(store, ADMIN.id) == "active"


def test_an_account_is_deactivated_once(store: Store) -> None:
    store.write(actions.deactivate, ADMIN, AWA.id)
    with pytest.raises(Conflict) as refusal:
        store.write(actions.deactivate, ADMIN, AWA.id)
    assert refusal.value.current == "deactivated"


def test_a_reactivated_person_signs_in_anew(store: Store) -> None:
    store.write(actions.deactivate, ADMIN, AWA.id)
    store.write(actions.reactivate, ADMIN, AWA.id)
    assert store.read(sessions.viewer, secret_of(AWA.id)) is None
    assert store.write(actions.start_session, AWA.id, kind="browser", address="", agent="")


def test_only_a_deactivated_account_is_reactivated(store: Store, binta: str) -> None:
    for account_id, status in ((AWA.id, "active"), (binta, "pending")):
        with pytest.raises(Conflict) as refusal:
            store.write(actions.reactivate, ADMIN, account_id)
        assert refusal.value.current == status


def test_a_doctor_who_was_never_verified_does_not_become_active_by_reactivation(store: Store, binta: str) -> None:
    store.write(actions.deactivate, ADMIN, binta)
    store.write(actions.reactivate, ADMIN, binta)
    assert _status(store, binta) == "pending"


def test_the_list_of_accounts_is_the_admins_alone(store: Store) -> None:
    for person in NOT_ADMINS:
        with pytest.raises(Forbidden):
            store.read(queries.accounts, person)
        with pytest.raises(Forbidden):
            store.read(queries.account, person, person.id)


def test_an_admin_finds_accounts_by_the_beginning_of_a_name(store: Store) -> None:
    _, found = store.read(queries.accounts, ADMIN, "dio")
    assert {account.id for account in found} == {DIOP.id, MOUSSA.id}  # Diop, Diouf
    _, nobody = store.read(queries.accounts, ADMIN, "%")
    assert nobody == []


@pytest.fixture
def elimane(store: Store) -> str:
    """Somebody whose name can be written in many ways."""
    person = actions.NewPerson(
        given_name="Élimane Œuvrard",
        family_name="D’Almeida N'Diayé-Ŋoor",
        email="eli.mane2@poste.sn",
        phone="+221781112233",
        password_hash="no hash",
    )
    return store.write(actions.register_patient, person, birth_date="1990-01-01", sex="male", city="")


@pytest.mark.parametrize(
    "q",
    [
        "Élimane",
        "éli",
        "ELIMANE",
        "e\u0301limane",
        "oeuv",
        "Almeida",
        "dalmeida",
        "d'almeida",
        "D’ALMEIDA",
        "ndiaye",
        "N`Diaye",
        "n\u02bcdiaye",
        "ngoor",
        "Élimane Œuvrard D’Almeida N'Diayé-Ŋoor",
        "ndiaye elimane",
        "  ndiaye\u00a0 éli ",
        "N'Diayé\u2011Ŋoor",
        "eli.mane2@poste.sn",
        "ELI.MANE2@Poste",
        "+221781112233",
        "78 111 22 33",
        "78\u202f111",
        "00221 78 111",
        "٧٨١١١٢٢٣٣",
    ],
)
def test_an_account_is_found_however_its_name_is_typed(store: Store, elimane: str, q: str) -> None:
    _, found = store.read(queries.accounts, ADMIN, q)
    assert elimane in [account.id for account in found]


@pytest.mark.parametrize("q", ["limane", "elimane sow", "diaye", "111 22 33", "elimane 3", "_", "' OR 1", "\U0010ffff"])
def test_and_by_nothing_that_is_not_true_of_it(store: Store, elimane: str, q: str) -> None:
    _, found = store.read(queries.accounts, ADMIN, q)
    assert elimane not in [account.id for account in found]


def test_nothing_typed_is_everybody(store: Store) -> None:
    for q in ("", "  ", "\u00a0"):
        _, found = store.read(queries.accounts, ADMIN, q)
        assert len(found) == len(CAST)


def test_looking_for_an_account_reads_words_and_not_people(store: Store) -> None:
    condition, values = queries._begins_with([["awa"], ["cis"]])
    plan = store.connection.execute(f"EXPLAIN QUERY PLAN SELECT id FROM users u WHERE 1 = 1 {condition}", values)
    steps = [row["detail"] for row in plan.fetchall()]
    assert any("SEARCH account_words" in step for step in steps), steps
    assert not any(step.startswith("SCAN account_words") for step in steps), steps


def test_an_account_shows_the_admin_nothing_medical(store: Store) -> None:
    shown = store.read(queries.account, ADMIN, AWA.id).json("fr")
    assert set(shown) == {"id", "role", "status", "name", "licence_number", "organization", "created_at", "version"}


def test_the_people_of_a_pharmacy_are_its_active_pharmacists(store: Store) -> None:
    store.write(actions.deactivate, ADMIN, NDIAYE.id)
    assert store.read(directory.people, "pharmacist", NDIAYE.organization_id) == ["gomis"]
