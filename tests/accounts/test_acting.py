"""A session that acts for somebody else: what ends it at once, and what is the patient's own whoever asks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cast import AWA, IDENTIFIERS, MOUSSA
from steps import HOUR
from store import Clock, Store

from fadjma.accounts import acting, actions, contact
from fadjma.family import actions as family
from fadjma.identity import passwords, proxies, sessions
from fadjma.identity.people import By, Viewer
from fadjma.identity.sessions import SessionsEnded
from fadjma.refusals import Conflict, Forbidden
from fadjma.store import Transaction, Violation

ACTING = replace(AWA, by=By(MOUSSA.id, MOUSSA.name))
OWN: dict[str, Callable[[Transaction, Viewer], object]] = {
    "the password": passwords.own_hash,
    "another password": lambda tx, who: actions.change_password(tx, who, was="a", by="b", address=""),
    "the sessions": sessions.of,
    "the end of one": lambda tx, who: actions.end_session(tx, who, AWA.session_id),
    "the end of the others": actions.end_other_sessions,
    "the phone": lambda tx, who: contact.change(
        tx, who, version=1, phone="+221760001122", email=None, pharmacy_id=None
    ),
    "who else acts": family.show,
    "somebody else": lambda tx, who: family.offer(
        tx, who, identifier=IDENTIFIERS[MOUSSA.id], relationship="other", until=None
    ),
}


@pytest.mark.parametrize("what", OWN)
def test_what_is_the_patients_own_is_refused(store: Store, what: str) -> None:
    before = store.content()
    with pytest.raises(Forbidden, match="Seule la personne concernée"):
        store.write(OWN[what], ACTING)
    assert store.content() == before


def test_the_language_is_that_of_whoever_reads(store: Store) -> None:
    store.write(actions.choose_language, ACTING, "en")
    assert store.rows("SELECT id FROM users WHERE language = 'en'") == [(MOUSSA.id,)]


def test_the_end_closes_what_is_open_with_its_commit(store: Store) -> None:
    """The sweep would find it, too, up to two seconds later."""
    given = store.write(family.offer, AWA, identifier=IDENTIFIERS[MOUSSA.id], relationship="sibling")
    store.write(family.accept, MOUSSA, given)
    store.write(acting.choose, MOUSSA, AWA.id)
    store.announced.clear()
    store.write(family.end, AWA, given)
    assert SessionsEnded((MOUSSA.session_id,), "withdrawn") in store.announced
    assert store.value("SELECT proxy_id FROM sessions WHERE id = ?", MOUSSA.session_id) is None


def test_what_time_has_ended_is_not_accepted_any_more(store: Store, clock: Clock) -> None:
    """Though nobody has written that down: it is decided when it is read, as of what runs."""
    how: dict[str, Any] = {"identifier": IDENTIFIERS[MOUSSA.id], "relationship": "sibling"}
    given = store.write(family.offer, AWA, **how, until=clock() + HOUR)
    clock.advance(hours=1)
    assert store.read(proxies.offered_to, MOUSSA.id) == []
    with pytest.raises(Conflict) as refused:
        store.write(family.accept, MOUSSA, given)
    assert refused.value.current == "ended"
    assert store.told(AWA) == []


def test_the_database_keeps_who_acted_for_whom(store: Store) -> None:
    given = store.write(family.offer, AWA, identifier=IDENTIFIERS[MOUSSA.id], relationship="sibling")
    assert _refused_by(store, "DELETE FROM proxies") == "proxies_are_kept"
    assert _refused_by(store, "UPDATE proxies SET patient_id = 'moussa', proxy_id = 'awa'") == "proxies_parties"
    assert store.write(proxies.end, given, by=AWA.id)
    assert _refused_by(store, "UPDATE proxies SET ended_at = NULL, ended_by = NULL") == "proxies_end_once"


def _refused_by(store: Store, sql: str) -> str:
    with pytest.raises(Violation) as violation:
        store.write(lambda tx: tx.execute(sql))
    return violation.value.constraint


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"patient_id": MOUSSA.id}, "proxies_itself_check"),
        ({"relationship": "cousin"}, "proxies_relationship_check"),
        ({"seen": "document"}, "proxies_document_check"),
    ],
)
def test_the_database_refuses_what_cannot_be(store: Store, changed: dict[str, Any], constraint: str) -> None:
    terms = {"proxy_id": MOUSSA.id, "patient_id": AWA.id, "relationship": "other", "of_age": False, "by": AWA.id}
    given = {**terms, "seen": "", "document": "", "accepted": True, "until": None, **changed}
    with pytest.raises(Violation) as violation:
        store.write(lambda tx: proxies.add(tx, **given))
    assert violation.value.constraint == constraint
