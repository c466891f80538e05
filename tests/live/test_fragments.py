"""A fragment is rendered once for each distinct role, language and content, and shows nobody what is not theirs."""

import re
from dataclasses import replace
from typing import Any

import pytest
import steps
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, KADD, MOUSSA, NDIAYE, SARR
from store import Clock, Store

from fadjma import events
from fadjma.access import actions as access
from fadjma.events import Announcement, Subject, inbox
from fadjma.events.inbox import Notification
from fadjma.identity.people import By, Viewer
from fadjma.identity.proxies import Person
from fadjma.live import fragments
from fadjma.live.delivery import Delivery
from fadjma.live.fragments import Fragments
from fadjma.live.streams import Stream
from fadjma.prescriptions import actions as prescribing
from fadjma.records import actions as reading
from fadjma.store import Transaction


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that were rendered, in order, but for the toasts."""
    made: list[str] = []
    render = fragments.render

    def counting(template: str, *args: Any, **context: Any) -> str:
        if template != "_toast.html":
            made.append(template)
        return render(template, *args, **context)

    monkeypatch.setattr(fragments, "render", counting)
    return made


def show(store: Store, kind: str, id: str, *viewers: Viewer, message: str | None = None, seq: int = 1) -> list[str]:
    """What each of them gets of one event, all in one transaction."""
    told = Notification(seq, "notification", message, Subject(kind, id), store.clock())

    def all_of_them(tx: Transaction) -> list[str]:
        made = Fragments(tx)
        return [made.html(viewer, told) for viewer in viewers]

    return store.read(all_of_them)


@pytest.fixture
def record(store: Store) -> str:
    """Both doctors may read the whole file of Awa, Dr Diop has added to it, and they have it before them."""
    for doctor in (DIOP, SARR):
        steps.grant(store, doctor)
    record_id = steps.write_record(store)
    for doctor in (DIOP, SARR):
        store.write(reading.open_file, doctor, AWA.id)
    return record_id


class TestARecord:
    def test_is_rendered_once_for_all_doctors_who_may_read_it(
        self, store: Store, record: str, rendered: list[str]
    ) -> None:
        first, second, own = show(store, "record", record, DIOP, SARR, AWA)
        assert first == second and "Hypertension" in own
        assert rendered == ["records/_row.html"] * 2, "doctors and the patient"

    def test_is_asked_for_by_a_page_of_whoever_has_not_opened_the_file(
        self, store: Store, record: str, clock: Clock
    ) -> None:
        """Else its title would be seen, and the patient's trace would not say so."""
        clock.advance(hours=1)
        store.write(reading.open_file, SARR, AWA.id)
        long_ago, lately = show(store, "record", record, DIOP, SARR)
        assert "Hypertension" not in long_ago and f'hx-get="/records/{record}/row"' in long_ago
        assert "Hypertension" in lately

    def test_is_gone_for_whoever_may_not(self, store: Store, record: str, rendered: list[str]) -> None:
        seen = show(store, "record", record, MOUSSA, ADMIN, NDIAYE)
        assert all("data-gone" in html and "Hypertension" not in html for html in seen)

    def test_is_gone_for_one_doctor_when_only_their_grant_has_ended(self, store: Store, record: str) -> None:
        grant = store.value("SELECT id FROM access_requests WHERE doctor_id = ?", SARR.id)
        store.write(access.revoke, AWA, grant)
        may, may_not = show(store, "record", record, DIOP, SARR)
        assert "Hypertension" in may and "data-gone" in may_not


class TestAPrescription:
    def test_open_to_any_is_rendered_once_for_all_pharmacies(self, store: Store, rendered: list[str]) -> None:
        seen = show(store, "prescription", steps.issued(store, pharmacy=None), NDIAYE, GOMIS, FALL)
        assert len(set(seen)) == 1 and AWA.family_name not in seen[0]
        assert rendered == ["prescriptions/_row.html"]

    def test_that_is_claimed_is_shown_to_that_pharmacy_alone(self, store: Store) -> None:
        id = steps.validated(store, pharmacy=None)
        for pharmacist in (NDIAYE, GOMIS, FALL):
            store.write(prescribing.browse, pharmacist)
        own, colleague, other = show(store, "prescription", id, NDIAYE, GOMIS, FALL)
        assert own == colleague and AWA.family_name in own
        assert "data-gone" in other and AWA.family_name not in other

    def test_addressed_to_one_pharmacy_is_shown_to_that_one_alone(self, store: Store) -> None:
        id = steps.issued(store, pharmacy=KADD)
        store.write(prescribing.browse, FALL)
        addressed, other = show(store, "prescription", id, FALL, NDIAYE)
        assert AWA.family_name in addressed
        assert "data-gone" in other and AWA.family_name not in other

    def test_is_asked_for_by_the_page_of_each_pharmacist_who_has_not_had_it_before_them(self, store: Store) -> None:
        id = steps.validated(store)
        store.write(prescribing.browse, NDIAYE)
        seen, colleague = show(store, "prescription", id, NDIAYE, GOMIS)
        assert AWA.family_name in seen
        assert AWA.family_name not in colleague and f'hx-get="/prescriptions/{id}/row"' in colleague
        assert "data-into=flow" in colleague, "it stands in the right list all the same"

    def test_each_is_spoken_to_in_their_own_language(self, store: Store, rendered: list[str]) -> None:
        id, english = steps.issued(store, pharmacy=None), replace(GOMIS, language="en")
        seen = show(store, "prescription", id, NDIAYE, english, message="prescription.to_validate")
        assert ["Nouvelle ordonnance" in html for html in seen] == [True, False]
        assert len(rendered) == 2


class TestAnAccount:
    def test_is_rendered_once_for_all_admins_whosever_it_is(self, store: Store, rendered: list[str]) -> None:
        others = [replace(ADMIN, id=f"admin {number}") for number in range(3)]
        seen = show(store, "account", ADMIN.id, ADMIN, *others)
        assert len(set(seen)) == 1
        assert len(rendered) == 1


def test_a_thing_without_a_row_is_a_toast_alone_the_same_for_all(store: Store, rendered: list[str]) -> None:
    seen = show(store, "profile", AWA.id, AWA, MOUSSA, message="password.changed")
    assert len(set(seen)) == 1 and seen[0].startswith("<a class=toast")
    assert rendered == []


def test_who_acts_for_a_patient_gets_other_words_than_the_patient(store: Store) -> None:
    acting = replace(AWA, by=By(MOUSSA.id, MOUSSA.name))
    told = Notification(1, "notification", "prescription.ready", Subject("prescription", "1"), store.clock())

    def of_each(tx: Transaction) -> list[str]:
        made = Fragments(tx)
        own = [made.html(viewer, told) for viewer in (AWA, acting, AWA)]
        return [*own, made.html(MOUSSA, replace(told, whose=Person(AWA.id, AWA.name)))]

    hers, his, hers_again, copied = store.read(of_each)
    assert "Votre ordonnance est prête" in hers and hers_again == hers
    assert "L'ordonnance est prête" in his and "Votre" not in his
    assert "L'ordonnance est prête" in copied and "Votre" not in copied and "que vous représentez" in copied


def test_a_row_is_rendered_apart_for_who_acts_for_its_patient(store: Store, rendered: list[str], record: str) -> None:
    acting = replace(AWA, by=By(MOUSSA.id, MOUSSA.name))
    seen = show(store, "record", record, AWA, acting, AWA, acting)
    assert len(seen) == 4 and rendered == ["records/_row.html"] * 2


def test_a_toast_names_a_product_to_its_own_pharmacy(store: Store) -> None:
    """And nothing else: what is prescribed, and people, are named inside the page alone."""
    steps.receive(store)
    product_id = store.value("SELECT id FROM products")
    own, colleague, other = show(store, "product", product_id, NDIAYE, GOMIS, FALL, message="stock.low")
    assert own == colleague and own.endswith(">Stock bas\xa0: <bdi>Paracétamol 500 mg</bdi></a>")
    assert other.endswith(">Stock bas</a>")
    prescription_id = steps.issued(store)
    for kind, id, reader in (("prescription", prescription_id, AWA), ("patient", AWA.id, AWA)):
        [toast] = re.findall("<a class=toast.*?</a>", show(store, kind, id, reader, message="prescription.ready")[0])
        assert "<bdi>" not in toast


class TestTheBadge:
    def test_says_what_is_left_unread_when_only_a_part_was_read(self, store: Store) -> None:
        """Something came between opening the inbox and pressing « tout lu »."""
        for number in range(3):
            store.write(_tell, AWA, number)
        store.write(inbox.read_up_to, AWA, 2)
        [badge] = show(store, "inbox", AWA.id, AWA, seq=4)
        assert re.search(r'<b id="unread" data-counted="4">1</b>', badge)

    def test_is_of_now_and_says_up_to_which_event(self, store: Store) -> None:
        """What came later has an event of its own, which the page does not add again."""
        store.write(_tell, AWA)
        store.write(inbox.read_up_to, AWA, 1)
        store.write(_tell, AWA)
        [badge] = show(store, "inbox", AWA.id, AWA, seq=2)
        assert re.search(r'<b id="unread" data-counted="3">1</b>', badge)

    def test_is_hidden_at_nothing(self, store: Store) -> None:
        [badge] = show(store, "inbox", AWA.id, AWA)
        assert re.search(r'<b id="unread" hidden>0</b>', badge)


class TestNewsOfAThingThatIsUnreadAlready:
    """It has a line in the inbox, of which the badge has counted one."""

    def test_says_so_in_what_is_replayed(self, store: Store) -> None:
        for _ in range(2):
            store.write(_tell, AWA)

        def replay(tx: Transaction) -> list[str]:
            made = Fragments(tx)
            return [made.html(AWA, one) for one in inbox.after(tx, AWA.id, 0, 9)]

        assert ["data-again" in html for html in store.read(replay)] == [False, True]

    @pytest.mark.parametrize(("encoding", "mark"), [("html", b"data-again"), ("json", b'"times":2')])
    def test_says_so_to_those_alone_who_have_not_read_it(self, store: Store, encoding: Any, mark: bytes) -> None:
        told = Announcement("notification", "stock.low", Subject("product", "p"), 0, {}, {GOMIS.id: 2})
        delivery = Delivery(told, [], 0)

        def events(tx: Transaction) -> list[bytes]:
            made = Fragments(tx)
            return [
                delivery.event(Stream(person, None, encoding, 0), 1, made)  # type: ignore[arg-type]  # nothing is sent
                for person in (NDIAYE, GOMIS, NDIAYE)
            ]

        assert [mark in event for event in store.read(events)] == [False, True, False]


def test_a_delivery_that_goes_on_later_looks_again_who_may_see_it(store: Store, record: str) -> None:
    """A notice to many is delivered in slices: a right may end between two of them."""
    delivery = Delivery(Announcement("medical_record_updated", None, Subject("record", record), 0, {}), [], 0)
    stream = Stream(SARR, None, "html", 0)  # type: ignore[arg-type]  # nothing is sent

    def event(tx: Transaction) -> bytes:
        return delivery.event(stream, 1, Fragments(tx))

    before = store.read(event)
    store.write(access.revoke, AWA, store.value("SELECT id FROM access_requests WHERE doctor_id = ?", SARR.id))
    assert b"Hypertension" in before
    assert b"data-gone" in store.read(event)


def _tell(tx: Transaction, person: Viewer, number: int = 0) -> None:
    events.notify(tx, [person.id], "notification", "record.read", Subject("record", f"{number}"))
