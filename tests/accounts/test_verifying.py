"""The admin checks a licence; closes and opens accounts."""

from collections.abc import Callable
from typing import Any

import pytest
from cast import ADMIN, AWA, CAST, CLINIC, DIOP, GASSAMA, KADD, MOUSSA, NDIAYE, secret_of
from steps import grant
from store import Store

from fadjma.access import grants
from fadjma.accounts import actions, queries
from fadjma.identity import directory, sessions
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.people import Viewer
from fadjma.identity.sessions import SessionsEnded
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound

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


def test_who_was_refused_waits_again_when_the_account_is_opened(store: Store, binta: str) -> None:
    store.write(actions.refuse, ADMIN, binta, reason="Numéro inconnu de l'Ordre")
    found = store.read(queries.account, ADMIN, binta)
    assert (found.status, found.refusal) == ("deactivated", "Numéro inconnu de l'Ordre")
    assert store.audit()[-1] == (ADMIN.id, "account.refused", "success")
    store.write(actions.reactivate, ADMIN, binta)
    found = store.read(queries.account, ADMIN, binta)
    assert (found.status, found.refusal) == ("pending", "")


@pytest.mark.parametrize("account_id", [AWA.id, DIOP.id, ADMIN.id])
def test_only_who_waits_is_refused(store: Store, account_id: str) -> None:
    with pytest.raises(Conflict) as refusal:
        store.write(actions.refuse, ADMIN, account_id, reason="Non")
    assert refusal.value.current == "active"


def _correct(store: Store, admin: Viewer, account_id: str, **changed: Any) -> str:
    correction = {
        "version": 1,
        "licence_number": "SN-1",
        "specialty": "Pédiatrie",
        "profession": "dentist",
        "organization_id": CLINIC,
        **changed,
    }
    return store.write(actions.correct, admin, account_id, **correction)


def test_an_account_is_corrected_while_it_waits_and_after(store: Store, binta: str) -> None:
    _correct(store, ADMIN, binta)
    store.write(actions.verify, ADMIN, binta)
    _correct(store, ADMIN, binta, version=3, licence_number="SN-2")
    found = store.read(queries.account, ADMIN, binta)
    assert (found.status, found.licence_number, found.profession) == ("active", "SN-2", "dentist")


def test_of_two_admins_who_correct_one_account_the_second_reads_it_again(store: Store, binta: str) -> None:
    _correct(store, ADMIN, binta)
    with pytest.raises(Conflict):
        _correct(store, ADMIN, binta, licence_number="SN-9")
    assert store.read(queries.account, ADMIN, binta).licence_number == "SN-1"


def test_who_is_moved_to_another_place_leaves_the_one_before_at_once(store: Store) -> None:
    _correct(store, ADMIN, NDIAYE.id, organization_id=KADD, profession=None)
    assert store.read(sessions.viewer, secret_of(NDIAYE.id)) is None
    assert SessionsEnded((NDIAYE.session_id,), "signed_out") in store.announced
    secret = store.write(actions.start_session, NDIAYE.id, kind="browser", address="", agent="")
    viewer = store.read(sessions.viewer, secret)
    assert viewer
    assert viewer.organization_id == KADD
    assert store.told(NDIAYE) == ["account.moved"]


def test_who_stays_is_not_signed_out(store: Store) -> None:
    _correct(store, ADMIN, DIOP.id)
    assert store.read(sessions.viewer, secret_of(DIOP.id)) is not None


@pytest.mark.parametrize(("person", "place"), [(NDIAYE, CLINIC), (DIOP, KADD), (DIOP, "nowhere")])
def test_a_place_is_one_of_the_persons_kind(store: Store, person: Viewer, place: str) -> None:
    before = store.content()
    with pytest.raises(Invalid) as refusal:
        _correct(store, ADMIN, person.id, organization_id=place)
    assert refusal.value.errors.keys() == {"organization_id"}
    assert store.content() == before


def test_a_patient_is_put_right_at_the_desk(store: Store) -> None:
    with pytest.raises(Conflict):
        _correct(store, ADMIN, AWA.id)


def test_an_admin_has_a_name_to_correct_and_no_practice(store: Store) -> None:
    """Who marries, or was typed wrong: nobody could put an administrator's name right."""
    nothing = dict.fromkeys(("licence_number", "specialty", "profession", "organization_id"))
    _correct(store, ADMIN, ADMIN.id, **nothing, family_name="Ba Sow")
    assert store.read(queries.account, ADMIN, ADMIN.id).name == "Aminata Ba Sow"
    with pytest.raises(Invalid) as refusal:
        _correct(store, ADMIN, ADMIN.id, version=2)
    assert refusal.value.errors.keys() == {"licence_number", "specialty", "profession", "organization_id"}


class TestReachedBy:
    """What an admin mistyped when making an account is theirs to put right until its person has been in."""

    def test_is_put_right_until_its_person_has_been_in(self, store: Store) -> None:
        _correct(store, ADMIN, DIOP.id, phone="+221771112233", email="")
        found = store.read(queries.account, ADMIN, DIOP.id)
        assert (found.status, found.phone, found.email) == ("active", "+221771112233", None)
        _, [by_phone] = store.read(queries.accounts, ADMIN, "77 111 22 33")
        assert by_phone.id == DIOP.id

    def test_is_their_own_afterwards(self, store: Store) -> None:
        store.write(actions.start_session, DIOP.id, kind="browser", address="", agent="")
        with pytest.raises(Conflict):
            _correct(store, ADMIN, DIOP.id, phone="+221771112233")
        _correct(store, ADMIN, DIOP.id, email="dr.diop@demo.fadjma")  # as it is

    def test_is_never_nothing(self, store: Store) -> None:
        with pytest.raises(Invalid) as refusal:
            _correct(store, ADMIN, DIOP.id, email="")
        assert refusal.value.errors.keys() == {"phone"}


@pytest.mark.parametrize("person", NOT_ADMINS, ids=lambda person: person.id)
def test_nobody_but_an_admin_refuses_or_corrects(store: Store, binta: str, person: Viewer) -> None:
    before = store.content()
    with pytest.raises(Forbidden):
        store.write(actions.refuse, person, binta, reason="Non")
    with pytest.raises(Forbidden):
        _correct(store, person, binta)
    assert store.content() == before


def test_an_admin_sees_when_somebody_last_signed_in(store: Store) -> None:
    assert store.read(queries.account, ADMIN, DIOP.id).signed_in_at is None
    store.clock.advance(hours=1)
    store.write(actions.start_session, DIOP.id, kind="browser", address="", agent="")
    assert store.read(queries.account, ADMIN, DIOP.id).signed_in_at == store.clock()


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


@pytest.mark.sqlite_only
def test_looking_for_an_account_reads_words_and_not_people(store: Store) -> None:
    condition, values = directory.said_of("awa cis")
    plan = store.connection.execute(f"EXPLAIN QUERY PLAN SELECT id FROM users u WHERE 1 = 1 {condition}", values)
    steps = [row["detail"] for row in plan.fetchall()]
    assert any("SEARCH account_words" in step for step in steps), steps
    assert not any(step.startswith("SCAN account_words") for step in steps), steps


def test_an_account_shows_the_admin_nothing_medical(store: Store) -> None:
    shown = store.read(queries.account, ADMIN, AWA.id).json("fr")
    assert set(shown) == {
        *("id", "role", "status", "name", "licence_number", "specialty", "profession", "organization_id"),
        *("organization", "refusal", "created_at", "last_sign_in_at", "version"),
    }


def test_the_people_of_a_pharmacy_are_its_active_pharmacists(store: Store) -> None:
    store.write(actions.deactivate, ADMIN, NDIAYE.id)
    assert store.read(directory.people, "pharmacist", NDIAYE.organization_id) == ["gomis"]


class TestNursesWhoRead:
    """Under a doctor's grant: what it opens to them closes, and opens, with where the doctor is, and their pages follow
    at once, as they do when the patient ends it.
    """

    @pytest.fixture
    def far(self, store: Store) -> str:
        sql = "INSERT INTO organizations (id, kind, name, address, city, phone) VALUES (?, 'clinic', 'Far', '', '', '')"
        store.connection.execute(sql, ("far",))
        grant(store)
        return "far"

    def _opened(self, store: Store) -> bool:
        return store.read(grants.granted, GASSAMA, AWA.id, "records") is not None

    def _followed(self, store: Store) -> int:
        """How often their pages of files were told to look again."""
        sql = "SELECT count(*) FROM notifications WHERE user_id = ? AND type = 'access_request_status_changed'"
        return int(store.value(f"{sql} AND message IS NULL", GASSAMA.id))

    @pytest.mark.usefixtures("far")
    def test_lose_it_when_the_doctor_leaves_and_have_it_again_with_them(self, store: Store) -> None:
        before = self._followed(store)
        assert self._opened(store)
        store.write(actions.deactivate, ADMIN, DIOP.id)
        assert (self._opened(store), self._followed(store)) == (False, before + 1)
        store.write(actions.reactivate, ADMIN, DIOP.id)
        assert (self._opened(store), self._followed(store)) == (True, before + 2)

    def test_lose_it_when_the_doctor_goes_to_another_clinic_where_others_have_it(self, store: Store, far: str) -> None:
        before = self._followed(store)
        _correct(store, ADMIN, DIOP.id, organization_id=far)
        assert (self._opened(store), self._followed(store)) == (False, before + 1)
        _correct(store, ADMIN, DIOP.id, organization_id=CLINIC, version=2)
        assert (self._opened(store), self._followed(store)) == (True, before + 2)

    @pytest.mark.usefixtures("far")
    def test_are_not_troubled_by_what_opens_them_nothing(self, store: Store) -> None:
        before = self._followed(store)
        _correct(store, ADMIN, DIOP.id, specialty="Cardiologie")
        for one in (NDIAYE, MOUSSA):
            store.write(actions.deactivate, ADMIN, one.id)
        assert self._followed(store) == before
