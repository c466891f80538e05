"""A file in slices: some entries each, read by itself; together everything once, also while others write."""

import steps
from cast import AWA, DIOP
from store import Store

from fadjma.records import actions as records
from fadjma.store import Transaction
from fadjma.taking import sections
from fadjma.taking.scope import PARTS, Scope
from fadjma.taking.sections import Asked, Place, Slice

TITLE = "Contrôle {:03d}"


def write(store: Store, number: int) -> str:
    said = {"type": "consultation", "title": TITLE.format(number), "body": "Rien à signaler."}
    return store.write(records.create, DIOP, AWA.id, occurred_on=f"2026-01-{1 + number % 28:02d}", **said)


def walk(store: Store, asked: Asked) -> list[Slice]:
    """Slice by slice, each in a transaction of its own."""
    found: list[Slice] = []
    place: Place | None = Place()
    while place:
        made, place = store.read(sections.step, asked, place)
        found.append(made)
    return found


def titles(found: list[Slice]) -> list[str]:
    return [item.title for made in found if made.name == "consultations" for item in made.items]


def test_everything_comes_once_and_little_at_a_time(store: Store) -> None:
    steps.grant(store)
    for number in range(120):
        write(store, number)
    found = walk(store, Asked(AWA.id, Scope()))
    assert sorted(titles(found)) == [TITLE.format(number) for number in range(120)]
    assert max(len(made.items) for made in found) <= sections._OF_RECORDS
    parts = [made for made in found if made.name == "consultations"]
    assert [(made.begins, made.ends) for made in parts] == [(True, False), (False, False), (False, True)]
    assert [made.name for made in store.read(lambda tx: list(sections.slices(tx, Asked(AWA.id, Scope()))))] == [
        made.name for made in found
    ]


def test_what_is_written_meanwhile_takes_nothing_away(store: Store) -> None:
    steps.grant(store)
    for number in range(60):
        write(store, number)
    asked, place = Asked(AWA.id, Scope.of(["consultations"])), Place()
    found: list[Slice] = []
    while place:
        made, place = store.read(sections.step, asked, place)  # type: ignore[assignment]
        found.append(made)
        write(store, 100 + len(found))
    assert {TITLE.format(number) for number in range(60)} <= set(titles(found))
    assert len(titles(found)) == len(set(titles(found)))


def test_each_part_has_its_sections_and_who_had_access_is_in_the_whole_of_ones_own(store: Store) -> None:
    def named(asked: Asked) -> list[str]:
        def read(tx: Transaction) -> list[str]:
            return [made.name for made in sections.slices(tx, asked)]

        return store.read(read)

    assert named(Asked(AWA.id, Scope()))[-1] == "accesses"
    assert "accesses" not in named(Asked(AWA.id, Scope(), own=False))
    assert "accesses" not in named(Asked(AWA.id, Scope(since="2026-01-01")))
    for part in PARTS:
        names = named(Asked(AWA.id, Scope.of([part])))
        assert names[0] == "head" and len(names) > 1 and "accesses" not in names
