"""A doctor opens a file without asking, in an emergency: for three hours, and everybody learns of it at once."""

import asyncio

import pytest
from cast import ADMIN, AWA, DIOP, FALL, MOUSSA, NDIAYE, SARR
from steps import HOUR, ask, emergency, grant
from store import Clock, Store, refused_by_database

from fadjma.access import actions, grants, queries
from fadjma.identity.people import Viewer
from fadjma.records import actions as records
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound
from fadjma.store import Database


def _open(store: Store, part: str = "records", doctor: Viewer = DIOP) -> bool:
    return store.read(grants.grant, doctor.id, AWA.id, part) is not None


def test_the_whole_file_is_open_for_three_hours(store: Store, clock: Clock) -> None:
    request = store.read(queries.access_request, AWA, emergency(store))
    assert (request.status, request.scope, request.expires_at) == ("emergency", "full", clock() + 3 * HOUR)
    clock.advance(hours=3, milliseconds=-1)
    assert _open(store)
    clock.advance(milliseconds=1)
    assert not _open(store)


def test_the_patient_and_the_admins_are_told_at_once(store: Store) -> None:
    news = store.news(actions.open_emergency, DIOP, patient_id=AWA.id, reason="Malaise", code="unconscious")
    assert news == {AWA.id: ["access.emergency"], ADMIN.id: ["access.emergency_review"], DIOP.id: [None]}


def test_it_is_written_down_without_the_words_of_the_doctor(store: Store) -> None:
    emergency(store)
    assert store.audit() == [(DIOP.id, "access_request.emergency", "success")]
    assert "Malaise" not in str(store.rows("SELECT * FROM audit_events"))


def test_the_admin_who_reviews_it_sees_no_file(store: Store) -> None:
    request_id = emergency(store)
    with pytest.raises(NotFound):
        store.read(queries.access_request, ADMIN, request_id)
    store.refuse(records.open_file, ADMIN, AWA.id)


@pytest.mark.parametrize("person", [AWA, MOUSSA, NDIAYE, FALL, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_doctor_opens_one(store: Store, person: Viewer) -> None:
    before = store.content()
    with pytest.raises(Forbidden):
        emergency(store, person)
    assert store.content() == before


def test_it_opens_the_file_to_one_doctor(store: Store) -> None:
    emergency(store)
    assert not _open(store, "summary", SARR)


@pytest.mark.parametrize("patient_id", ["unknown", SARR.id])
def test_only_a_patient_has_a_file(store: Store, patient_id: str) -> None:
    with pytest.raises(NotFound):
        store.write(actions.open_emergency, DIOP, patient_id=patient_id, reason="Malaise", code="unconscious")


async def test_six_at_once_are_one(store: Store, database: Database) -> None:
    answers = await asyncio.gather(
        *(
            database.write(actions.open_emergency, DIOP, patient_id=AWA.id, reason="Malaise", code="unconscious")
            for _ in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 5
    assert store.told(AWA) == ["access.emergency"]


def test_when_it_is_over_there_can_be_another(store: Store, clock: Clock) -> None:
    emergency(store)
    clock.advance(hours=3)
    emergency(store)
    assert _open(store)


def test_a_refusal_or_a_pending_request_does_not_stand_in_its_way(store: Store) -> None:
    store.write(actions.reject, AWA, ask(store))
    ask(store, SARR)
    emergency_because(store, "Retrouvée inconsciente aux urgences")
    emergency(store, SARR)
    assert _open(store)


def test_it_can_be_revoked_by_the_patient_and_withdrawn_by_nobody(store: Store) -> None:
    request_id = emergency(store)
    with pytest.raises(Conflict):
        store.write(actions.withdraw, DIOP, request_id)
    news = store.news(actions.revoke, AWA, request_id)
    assert news == {DIOP.id: ["access.revoked"], AWA.id: [None]}
    assert not _open(store)


def test_a_grant_goes_on_when_the_emergency_is_over(store: Store, clock: Clock) -> None:
    grant(store, scope="summary")
    emergency(store)
    clock.advance(hours=3)
    assert _open(store, "summary")
    assert not _open(store, "records")


def test_the_database_itself_asks_for_a_code_and_an_end(store: Store) -> None:
    emergency(store)
    for missing in ("emergency_code = NULL", "expires_at = NULL", "emergency_code = 'curious'"):
        assert refused_by_database(store, f"UPDATE access_requests SET {missing}")


class TestAgainstThePatientsWill:
    """It may be life, so it never waits; and it is explained, and looked at."""

    LONG = "Retrouvée inconsciente aux urgences"

    def _open(self, store: Store, reason: str, doctor: Viewer = DIOP) -> dict[str, list[str | None]]:
        return store.news(actions.open_emergency, doctor, patient_id=AWA.id, reason=reason, code="unconscious")

    @pytest.mark.parametrize("ended", ["revoked grant", "revoked emergency", "rejected"])
    def test_it_needs_more_of_a_reason_and_the_admins_know(self, store: Store, ended: str) -> None:
        if ended == "rejected":
            store.write(actions.reject, AWA, ask(store))
        else:
            store.write(actions.revoke, AWA, grant(store) if ended == "revoked grant" else emergency(store))
        before = store.content()
        with pytest.raises(Invalid) as refusal:
            self._open(store, "Malaise")
        assert list(refusal.value.errors) == ["reason"]
        assert store.content() == before
        assert self._open(store, self.LONG)[ADMIN.id] == ["access.emergency_against"]
        assert _open(store)

    def test_again_and_again(self, store: Store) -> None:
        for _ in range(3):
            store.write(actions.revoke, AWA, emergency_because(store, self.LONG))
        with pytest.raises(Invalid):
            self._open(store, "Malaise")

    def test_of_another_doctor_or_after_a_month_it_is_as_before(self, store: Store, clock: Clock) -> None:
        store.write(actions.revoke, AWA, grant(store))
        assert self._open(store, "Malaise", SARR)[ADMIN.id] == ["access.emergency_review"]
        clock.advance(days=30)
        assert self._open(store, "Malaise")[ADMIN.id] == ["access.emergency_review"]

    def test_what_ended_by_itself_is_nobodys_will(self, store: Store, clock: Clock) -> None:
        emergency(store)
        clock.advance(hours=3)
        store.write(actions.expire, 9)
        assert self._open(store, "Malaise")[ADMIN.id] == ["access.emergency_review"]


def emergency_because(store: Store, reason: str) -> str:
    return store.write(actions.open_emergency, DIOP, patient_id=AWA.id, reason=reason, code="unconscious")
