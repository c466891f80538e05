"""Looking for something in a file: by words of title and text, type, author and period; never beyond what is open."""

import pytest
import steps
from cast import AWA, DIOP, SARR
from store import Store

from fadjma.identity.people import Viewer
from fadjma.records import actions, queries
from fadjma.records.queries import Sought

ENTRIES = {
    "hypertension": (DIOP, "consultation", "Hypertension", "Tension 15/9.\nRégime sans sel.", "2026-01-10"),
    "œdème": (DIOP, "consultation", "Œdème de la cheville", "Furosémide 40mg le matin", "2026-02-10"),
    "glycémie": (SARR, "test_result", "Glycémie à jeun", "1,26 g/l", "2026-02-20"),
    "pénicilline": (SARR, "allergy", "Allergie à la pénicilline", "Éruption en 2011", "2026-02-28"),
}


@pytest.fixture
def entries(store: Store) -> dict[str, str]:
    steps.grant(store, DIOP)
    steps.grant(store, SARR)
    return {
        name: store.write(
            actions.create, doctor, AWA.id, type=type, title=title, body=body, occurred_on=day
        )
        for name, (doctor, type, title, body, day) in ENTRIES.items()
    }  # fmt: skip


def _found(store: Store, entries: dict[str, str], sought: Sought, viewer: Viewer = DIOP) -> set[str]:
    names = {id: name for name, id in entries.items()}
    return {names[record.id] for record in store.write(actions.open_file, viewer, AWA.id, None, sought).records}


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("hyper", {"hypertension"}),
        ("SEL regime", {"hypertension"}),
        ("oedeme", {"œdème"}),
        ("ŒDÈME 40 mg", {"œdème"}),
        ("40mg", {"œdème"}),
        ("glycemie", {"glycémie"}),
        ("penicilline eruption", {"pénicilline"}),
        ("15/9", {"hypertension"}),
        ("tension glycémie", set()),
        ("ension", set()),
        ("%", set()),
        ("", set(ENTRIES)),
    ],
)
def test_by_the_beginnings_of_words_in_title_and_text(
    store: Store, entries: dict[str, str], q: str, found: set[str]
) -> None:
    assert _found(store, entries, Sought(q=q)) == found
    assert _found(store, entries, Sought(q=q), AWA) == found


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (Sought(type="consultation"), {"hypertension", "œdème"}),
        (Sought(author=SARR.id), {"glycémie", "pénicilline"}),
        (Sought(since="2026-02-10", until="2026-02-20"), {"œdème", "glycémie"}),
        (Sought(q="a", author=SARR.id, type="allergy", since="2026-02-28"), {"pénicilline"}),
        (Sought(author="nobody"), set()),
    ],
)
def test_by_type_author_and_period(store: Store, entries: dict[str, str], sought: Sought, found: set[str]) -> None:
    assert _found(store, entries, sought) == found


def test_a_long_text_is_found_by_its_last_word(store: Store) -> None:
    steps.grant(store)
    body = "mot " * 2_000 + "Kwashiorkor"
    actions_id = store.write(
        actions.create, DIOP, AWA.id, type="consultation", title="Suivi", body=body, occurred_on="2026-03-01"
    )
    assert _found(store, {"long": actions_id}, Sought(q="kwashi")) == {"long"}


def test_as_it_is_now_and_not_as_it_was(store: Store, entries: dict[str, str]) -> None:
    store.write(
        actions.amend, DIOP, entries["œdème"], version=1, title="Entorse", body="Repos", reason="Mauvaise jambe"
    )
    assert _found(store, entries, Sought(q="oedeme")) == set()
    assert _found(store, entries, Sought(q="entorse")) == {"œdème"}


def test_what_was_entered_in_error_is_not_found(store: Store, entries: dict[str, str]) -> None:
    store.write(actions.mark_error, DIOP, entries["hypertension"], reason="Autre patient")
    assert _found(store, entries, Sought(q="hypertension")) == set()
    assert DIOP.id in {author.id for author in store.read(queries.authors, AWA.id, everything=True)}
    store.write(actions.mark_error, DIOP, entries["œdème"], reason="Autre patient")
    assert {author.id for author in store.read(queries.authors, AWA.id, everything=True)} == {SARR.id}


def test_a_summary_is_searched_as_a_summary(store: Store, entries: dict[str, str]) -> None:
    """Nobody learns by searching what the grant does not open: neither that it is there, nor who wrote it."""
    nobodys = store.read(queries.records, AWA.id, everything=False, sought=Sought(q="hypertension"))
    assert list(nobodys) == []
    assert list(store.read(queries.records, AWA.id, everything=False, sought=Sought(type="consultation"))) == []
    [found] = store.read(queries.records, AWA.id, everything=False, sought=Sought(q="penicilline"))
    assert found.id == entries["pénicilline"]
    assert [author.id for author in store.read(queries.authors, AWA.id, everything=False)] == [SARR.id]


def test_page_by_page(store: Store, entries: dict[str, str]) -> None:
    seen, before = [], None
    for _ in range(3):
        page = store.read(queries.records, AWA.id, sought=Sought(author=SARR.id), before=before, limit=1)
        seen += [record.id for record in page]
        before = page.next
        if before is None:
            break
    assert seen == [entries["pénicilline"], entries["glycémie"]]
