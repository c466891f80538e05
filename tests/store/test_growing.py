"""What a list reads is bounded by its page, however much there is: SQLite's own steps, with little and with ten times
as much of everything, of those who ask and of others."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import many
import pytest
import steps
from cast import ADMIN, AWA, CLINIC, DIOP, FALL, JAMM, KADD, NDIAYE
from store import Clock, Store

from fadjma.access import grants, patient_lists, readings, tracing
from fadjma.access import queries as access
from fadjma.accounts import queries as accounts
from fadjma.events import audit, inbox, security
from fadjma.events.audit import Chosen
from fadjma.identity import directory, sessions
from fadjma.inventory import elsewhere, movements, products
from fadjma.inventory import queries as inventory
from fadjma.prescriptions import lists as prescriptions
from fadjma.records import queries as records
from fadjma.records import recalling
from fadjma.records.queries import Sought
from fadjma.store import Transaction

pytestmark = pytest.mark.xdist_group("what has grown")  # it takes long to make, so one process makes it

SMALL = 360  # of everything: more than a page of each state
TIMES = 10
PAGE = 10
AT_ONCE = 10  # of SQLite's steps between two counts

LISTS: dict[str, Callable[[Transaction], object]] = {
    **{
        f"requests of {person.id}, {place}": lambda tx, person=person, place=place: _with_rest(
            tx, access, access.access_requests(tx, person, place=place, limit=PAGE), person, place
        )
        for person in (AWA, DIOP)
        for place in (None, "now", "flow", "rest")
        if (person, place) != (DIOP, "now")  # a doctor has nothing to decide
    },
    **{
        f"prescriptions of {person.id}, {place}": lambda tx, person=person, place=place: _with_rest(
            tx, prescriptions, prescriptions.prescriptions(tx, person, place=place, limit=PAGE), person, place
        )
        for person in (AWA, DIOP, NDIAYE)
        for place in (None, "now", "flow", "rest")
    },
    **{
        f"work of {NDIAYE.id}, {step}": lambda tx, step=step: prescriptions.work(tx, NDIAYE, step, limit=PAGE)
        for step in prescriptions.WORK
        if step != "bring"  # among what is ready, as below
    },
    "a doctor's patients": lambda tx: patient_lists.patients_of(tx, DIOP),
    "a patient's prescriptions for a doctor": lambda tx: prescriptions.of_patient(tx, DIOP, AWA.id, limit=PAGE),
    "how many of a patient's are under way": lambda tx: prescriptions.under_way(tx, AWA.id),
    "patients with one phone": lambda tx: directory.find_patients(tx, identifier=None, phone=many.PHONE),
    "whom to call for a vaccine": recalling.listed,
    "whose card to look at": lambda tx: recalling.listed(tx, only="unnoted"),
    "a file": lambda tx: records.records(tx, AWA.id),
    "a file by type and period": lambda tx: records.records(tx, AWA.id, sought=Sought(type="allergy", until="2025-09")),
    "a file's summary": lambda tx: records.records(tx, AWA.id, everything=False),
    "who waits": accounts.waiting,
    "accounts": lambda tx: accounts.known(tx),
    "sessions": lambda tx: sessions.of(tx, AWA),
    "security events": lambda tx: security.browse(tx, ADMIN),
    "what happened": lambda tx: audit.browse(tx, ADMIN, Chosen()),
    "what happened of a kind": lambda tx: audit.browse(tx, ADMIN, Chosen(kind="files")),
    "what happened to a file": lambda tx: audit.browse(tx, ADMIN, Chosen(about=AWA.id)),
    "what has changed in a file": lambda tx: tracing.changed_since(tx, DIOP, AWA.id, tx.now - 1_010),
    "when one was last there": lambda tx: tracing.last_visit(tx, many.DOCTOR, AWA.id),
    "who opened a file last": lambda tx: readings.openings(tx, AWA.id, PAGE),
    "the trace": lambda tx: readings.readings(tx, AWA.id),
    "stock": lambda tx: products.stock(tx, NDIAYE),
    "what of the stock another place withholds": lambda tx: _withheld_elsewhere(tx),
    "low stock": lambda tx: products.low_stock(tx, NDIAYE, PAGE),
    "movements": lambda tx: movements.movements(tx, NDIAYE, "many-lot"),
    "medicines": lambda tx: inventory.search_medicines(tx, DIOP, "many", JAMM),
    "the inbox": lambda tx: inbox.browse(tx, AWA),
    "what is unread": lambda tx: inbox.unread(tx, AWA.id),
    **{
        f"what the inbox calls prescriptions of {person.id}": lambda tx, person=person: prescriptions.names(
            tx, person, [one.id for one in prescriptions.prescriptions(tx, person, limit=PAGE)]
        )
        for person in (AWA, DIOP, NDIAYE)
    },
    "what the inbox calls requests": lambda tx: access.names(
        tx, DIOP, [one.id for one in access.access_requests(tx, DIOP, limit=PAGE)]
    ),
    "what the inbox calls records": lambda tx: records.names(tx, AWA, [one.id for one in records.records(tx, AWA.id)]),
    "the newest of what is unread": lambda tx: inbox.ask_news(tx, AWA.id, "prescription", None)(),
    "which things are news": lambda tx: inbox.unread_subjects(tx, AWA.id, "prescription", ["prescription.ready"], PAGE),
    "what came last": lambda tx: inbox.after(tx, AWA.id, inbox.cursor(tx, AWA.id) - PAGE, 2 * PAGE),
}


# Of what is somebody's own each is looked at: here nobody's grows who looks, and everybody else's does.
AMONG_FEW: dict[str, Callable[[Transaction], Sequence[object]]] = {
    "what a doctor wrote": lambda tx: prescriptions.found(tx, many.DOCTOR, "fatou"),
    "what a pharmacy has": lambda tx: prescriptions.found(tx, many.PHARMACIST, "fatou"),
    "whose doctor one is": lambda tx: patient_lists.own_patients(tx, many.DOCTOR),
    "whose doctor one is, by name": lambda tx: patient_lists.own_patients(tx, many.DOCTOR, "fatou"),
    "which of few files are open": lambda tx: list(
        grants.grants_among(tx, many.DOCTOR, directory.identities(tx, [AWA.id, many.PATIENT]))
    ),
    "whose files are open, by name": lambda tx: patient_lists.patients_of(tx, many.DOCTOR, q="fatou"),
    "what is in a file": lambda tx: records.records(tx, many.PATIENT, sought=Sought(q="text", author=DIOP.id)),
    "who has written in a file": lambda tx: records.authors(tx, many.PATIENT, everything=True),
    "how much a pharmacy has to do": lambda tx: list(prescriptions.counts(tx, many.PHARMACIST)),
    "what a pharmacy has to bring": lambda tx: [prescriptions.work(tx, many.PHARMACIST, "bring")],
    "what a pharmacy has to do": lambda tx: prescriptions.work(tx, many.PHARMACIST, "all", "fatou"),
}


def _with_rest(tx: Transaction, room, page, person, place):  # type: ignore[no-untyped-def]
    """A page, the one after it, and how many more there are."""
    assert len(page) == PAGE and page.next
    if place:
        assert room.count_beyond(tx, person, place, page) > 0


def _withheld_elsewhere(tx: Transaction) -> None:
    """Mme Fall keeps what has had so many lots at the other pharmacy of the house, which withholds one."""
    assert len(elsewhere.withheld(tx, FALL, products.stock(tx, FALL))) == 1


@pytest.fixture(scope="module")
def filled(settled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """The small and the large database."""
    made = []
    for times in (1, TIMES):
        path = tmp_path_factory.mktemp("growing") / "fadjma.db"
        shutil.copyfile(settled, path)
        store = Store(path, Clock())
        steps.grant(store)
        many.fill(store, SMALL * times)
        _make_a_house(store)
        store.check()
        made.append(store)
    yield made[0], made[1]
    for store in made:
        store.close()


def _make_a_house(store: Store) -> None:
    for place in (JAMM, KADD):
        store.connection.execute("UPDATE organizations SET part_of = ? WHERE id = ?", (CLINIC, place))
    lot = steps.receive(store, 5, number="many-lot", medicine_id="many-m00000", pharmacist=FALL)
    store.connection.execute(
        "UPDATE lots SET withheld_at = 1, withheld_by = 'ndiaye', withheld_reason = 'Rappel' WHERE id = 'many-lot'"
    )
    assert store.value("SELECT count(*) FROM lots WHERE id = ? AND on_hand = 5", lot)


def _steps(store: Store, query: Callable[[Transaction], object]) -> int:
    """How many of SQLite's steps it takes, about."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += AT_ONCE
        return 0

    store.connection.set_progress_handler(count, AT_ONCE)
    try:
        store.read(query)
    finally:
        store.connection.set_progress_handler(None, 0)
    return taken


@pytest.mark.parametrize("query", LISTS.values(), ids=LISTS)
def test_a_list_takes_no_more_steps_when_everything_has_grown(
    filled: tuple[Store, Store], query: Callable[[Transaction], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "COUNTED", PAGE)
    monkeypatch.setattr(prescriptions, "COUNTED", PAGE)
    monkeypatch.setattr(prescriptions, "LOOKED_AT", PAGE)
    monkeypatch.setattr(patient_lists, "PATIENTS", PAGE)
    small, large = (_steps(store, query) for store in filled)
    assert large <= 1.1 * small + 10 * AT_ONCE, f"{small} steps, and {large} with {TIMES} times as much"


@pytest.mark.parametrize("search", AMONG_FEW.values(), ids=AMONG_FEW)
def test_looking_among_ones_own_costs_nothing_for_what_others_have(
    filled: tuple[Store, Store], search: Callable[[Transaction], Sequence[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prescriptions, "COUNTED", PAGE)  # of what is open to every pharmacy there are as many more
    small, large = (_steps(store, search) for store in filled)
    assert all(store.read(search) for store in filled), "there is something to find"
    assert large <= 1.1 * small + 10 * AT_ONCE, f"{small} steps, and {large} with {TIMES} times as much of others"
