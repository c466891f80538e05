"""A line of the inbox says which thing it is about, by what its reader may read when it is shown."""

from dataclasses import replace

import pytest
import steps
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, JAMM, MOUSSA, NDIAYE, SARR
from store import Clock, Store

from fadjma import events
from fadjma.access import actions as access
from fadjma.access import reviewing
from fadjma.announcements import actions as announcing
from fadjma.events import Subject, inbox
from fadjma.identity import proxies
from fadjma.identity.people import By, Viewer
from fadjma.prescriptions import actions as prescribing
from fadjma.records import actions as records
from fadjma.store import Transaction


def _named(store: Store, reader: Viewer) -> dict[str, str | None]:
    """By the kind of each thing, what the newest line about one of them calls it."""
    items = reversed(store.read(inbox.browse, reader).items)
    return {item.subject.kind: item.named and item.named.name for item in items}


def _tell(store: Store, person: Viewer, kind: str, *ids: str) -> None:
    def tell(tx: Transaction) -> None:
        for id in ids:
            events.notify(tx, [person.id], "notification", "record.shared", Subject(kind, id))

    store.write(tell)


def test_a_patient_reads_which_doctor_which_medicines_and_what_was_written(store: Store) -> None:
    request = steps.ask(store)
    assert _named(store, AWA) == {"access_request": "Ousmane Diop"}
    store.write(access.approve, AWA, request, scope="full", duration=steps.WEEK)
    steps.write_record(store)
    steps.issue(store)
    steps.weigh(store, 62_000)
    store.write(records.open_file, DIOP, AWA.id)
    assert _named(store, AWA) == {
        "access_request": "Ousmane Diop",
        "record": "Hypertension",
        "prescription": "Paracétamol 500 mg",
        "measurement": "Ousmane Diop",
        "patient": "Ousmane Diop",
    }
    [asked] = [item for item in store.read(inbox.browse, AWA).items if item.subject.kind == "access_request"]
    assert asked.named and asked.named.profession == "physician"


def test_of_several_readings_nobody_is_named(store: Store, clock: Clock) -> None:
    for doctor in (DIOP, SARR):
        steps.grant(store, doctor)
        clock.advance(minutes=1)
        store.write(records.open_file, doctor, AWA.id)
    assert _named(store, AWA)["patient"] is None
    store.write(inbox.read_up_to, AWA, 2**53)
    clock.advance(days=1)
    store.write(records.open_file, SARR, AWA.id)
    assert _named(store, AWA)["patient"] == "Fatou Sarr"


def test_a_days_line_of_two_readings_that_were_read_one_by_one_names_nobody(store: Store, clock: Clock) -> None:
    for doctor in (DIOP, SARR):
        steps.grant(store, doctor)
        clock.advance(minutes=1)
        store.write(records.open_file, doctor, AWA.id)
        store.write(inbox.read_up_to, AWA, 2**53)
    [[_, lines]] = store.read(inbox.browse, AWA).days
    assert [line.named for line in lines if line.last.subject.kind == "patient"] == [None]


def test_a_doctor_reads_whose_file_while_it_is_open_to_them(store: Store) -> None:
    request = steps.grant(store)
    steps.grant(store, SARR)
    record_id = steps.write_record(store, SARR)
    assert _named(store, DIOP) == {"access_request": "Awa Cissé", "record": "Awa Cissé"}
    store.write(access.revoke, AWA, request)
    assert _named(store, DIOP)["record"] is None
    assert _named(store, DIOP)["access_request"] == "Awa Cissé", "as the request itself says it"
    _tell(store, GOMIS, "record", record_id)
    assert _named(store, GOMIS)["record"] is None


def test_of_what_the_scope_does_not_open_a_doctor_reads_no_name(store: Store) -> None:
    steps.grant(store, scope="summary")
    steps.grant(store, SARR)
    _tell(store, DIOP, "record", steps.write_record(store, SARR))
    assert _named(store, DIOP)["record"] is None


def test_what_was_entered_in_error_is_not_named_any_more(store: Store) -> None:
    steps.grant(store)
    record_id, prescription_id = steps.write_record(store), steps.issue(store)
    store.write(records.mark_error, DIOP, record_id, reason="autre patient")
    store.write(prescribing.mark_error, DIOP, prescription_id, reason="autre patient")
    assert _named(store, AWA) == {"access_request": "Ousmane Diop", "record": None, "prescription": None}


def test_a_prescription_is_called_by_its_patient_to_who_wrote_it_and_by_its_medicines_to_its_pharmacy(
    store: Store,
) -> None:
    prescription_id = steps.refused(store)
    store.write(prescribing.cancel, DIOP, prescription_id, reason="arrêt")
    assert _named(store, DIOP)["prescription"] == "Awa Cissé"
    assert _named(store, GOMIS)["prescription"] == "Paracétamol 500 mg"
    for other in (FALL, SARR, MOUSSA, ADMIN):
        _tell(store, other, "prescription", prescription_id)
        assert _named(store, other)["prescription"] is None
    assert not store.rows("SELECT 1 FROM trace WHERE actor_id = ?", GOMIS.id), "nobody was named to the pharmacy"


def test_one_that_is_open_to_any_pharmacy_has_no_name(store: Store) -> None:
    steps.issued(store, pharmacy=None)
    assert _named(store, NDIAYE) == _named(store, FALL) == {"prescription": None}


def test_a_product_is_named_to_its_own_pharmacy(store: Store) -> None:
    steps.receive(store)
    product_id = store.value("SELECT id FROM products WHERE pharmacy_id = ?", JAMM)
    for person in (NDIAYE, FALL, DIOP):
        _tell(store, person, "product", product_id)
    assert _named(store, NDIAYE)["product"] == "Paracétamol 500 mg"
    assert _named(store, FALL)["product"] is None and _named(store, DIOP)["product"] is None


def test_an_admin_reads_whose_emergency_whose_report_and_whose_account(store: Store) -> None:
    steps.emergency(store)
    store.write(records.open_file, DIOP, AWA.id)
    line = store.value("SELECT id FROM trace WHERE action = 'file.read'")
    store.write(reviewing.contest, AWA, AWA.id, line, text="Je ne le connais pas")
    _tell(store, ADMIN, "account", SARR.id)
    assert _named(store, ADMIN) == {"review": "Ousmane Diop", "contest": "Awa Cissé", "account": "Fatou Sarr"}
    for other in (MOUSSA, SARR):
        _tell(store, other, "review", store.value("SELECT request_id FROM emergency_reviews"))
        _tell(store, other, "contest", line)
        _tell(store, other, "account", DIOP.id)
        assert set(_named(store, other).values()) == {None}
    store.write(reviewing.answer, ADMIN, line, text="Accès justifié")
    assert _named(store, AWA)["contest"] == "Ousmane Diop"


def test_an_announcement_is_called_by_its_title_until_it_is_withdrawn(store: Store) -> None:
    id = store.write(announcing.publish, ADMIN, audience="patients", title="Fermé lundi", body="Jour férié.")
    _tell(store, AWA, "announcement", id)
    _tell(store, DIOP, "announcement", id)
    assert _named(store, AWA)["announcement"] == "Fermé lundi"
    assert _named(store, DIOP)["announcement"] is None
    store.write(announcing.withdraw, ADMIN, id)
    assert _named(store, AWA)["announcement"] is None


def test_who_acts_for_somebody_is_named_to_them_once_they_have_accepted(store: Store) -> None:
    def offer(tx: Transaction) -> str:
        id = proxies.add(
            tx,
            proxy_id=MOUSSA.id,
            patient_id=AWA.id,
            relationship="spouse",
            of_age=False,
            by=AWA.id,
            seen="",
            document="",
            accepted=False,
            until=None,
        )
        events.notify(tx, [AWA.id, MOUSSA.id, DIOP.id], "notification", "proxy.offered", Subject("proxy", id))
        return id

    id = store.write(offer)
    assert (_named(store, AWA)["proxy"], _named(store, MOUSSA)["proxy"]) == (None, "Awa Cissé")
    store.write(proxies.accept, id)
    assert (_named(store, AWA)["proxy"], _named(store, DIOP)["proxy"]) == ("Moussa Diouf", None)
    acting = replace(AWA, by=By(FALL.id, FALL.name))
    assert _named(store, acting)["proxy"] is None, "who else acts for her is her own affair"
    request = steps.ask(store)
    [news] = [item for item in store.read(inbox.browse, MOUSSA).items if item.subject.id == request]
    assert (news.whose and news.whose.name, news.named) == ("Awa Cissé", None), "what is hers is read as her"


@pytest.mark.sqlite_only
def test_a_page_of_fifty_is_read_at_once(store: Store) -> None:
    asked: list[str] = []

    def statements() -> int:
        asked.clear()
        store.connection.set_trace_callback(asked.append)
        store.read(inbox.browse, AWA)
        store.connection.set_trace_callback(None)
        return len(asked)

    steps.issued(store)
    few = statements()
    for _ in range(inbox.PAGE - 3):
        steps.issue(store)
    assert statements() == few
