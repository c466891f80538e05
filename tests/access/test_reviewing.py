"""Emergency accesses that an admin looks over, and lines of the trace that their patient contests."""

from itertools import product
from typing import Any

import pytest
from cast import ADMIN, AWA, CAST, DIOP, MOUSSA, SARR
from steps import emergency, grant
from store import Store, refused_by_database

from fadjma.access import outcomes, queries, readings, reviewing, reviews
from fadjma.access.outcomes import ACTS, CONTESTS, REVIEWS, Act
from fadjma.identity.people import Viewer
from fadjma.records import actions as records
from fadjma.refusals import Conflict, Forbidden, NotFound, Refusal

DO = {
    outcomes.JUSTIFY: reviewing.justify,
    outcomes.QUESTION: reviewing.question,
    outcomes.CONDEMN: reviewing.condemn,
    outcomes.EXPLAIN: reviewing.explain,
}
BY = {"admin": ADMIN, "doctor": DIOP}
INSERT = (
    "INSERT OR REPLACE INTO emergency_reviews (request_id, status, opened_at, question, explanation, text, decided_at) "
    "VALUES (?, ?, 1, 'q', 'e', 't', ?)"
)


def _in_state(store: Store, request_id: str, status: str) -> None:
    store.without("emergency_reviews_transitions")
    store.connection.execute(
        "UPDATE emergency_reviews SET status = ?, question = 'q', explanation = 'e', text = 't', decided_at = ? "
        "WHERE request_id = ?",
        (status, 1 if REVIEWS[status].place == "rest" else None, request_id),
    )


@pytest.mark.parametrize("status", REVIEWS)
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_an_act_goes_where_the_table_says_and_from_nowhere_else(store: Store, act: Act, status: str) -> None:
    request_id = emergency(store)
    _in_state(store, request_id, status)
    if status in act.sources:
        news = store.news(DO[act], BY[act.by], request_id, text="Vérifié")
        told = {"patient": AWA.id, "doctor": DIOP.id, "admin": ADMIN.id}
        assert {person: [one for one in news[person] if one] for person in told.values()} == {
            told[side]: [act.told[side]] if side in act.told else [] for side in told
        }
        assert store.read(reviews.review, ADMIN, request_id).status == act.target
    else:
        with pytest.raises(Conflict) as refused:
            store.write(DO[act], BY[act.by], request_id, text="Vérifié")
        assert refused.value.current == status


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
@pytest.mark.parametrize("person", CAST, ids=lambda person: person.id)
def test_nobody_else_may(store: Store, act: Act, person: Viewer) -> None:
    request_id = emergency(store)
    _in_state(store, request_id, act.sources[0])
    before = store.content()
    if person == BY[act.by]:
        return
    with pytest.raises((Forbidden, NotFound)):
        store.write(DO[act], person, request_id, text="Vérifié")
    assert store.content() == before


def test_the_database_lets_pass_what_the_acts_do_and_nothing_else(store: Store) -> None:
    request_id, found = emergency(store), set()
    for source, target in product(REVIEWS, repeat=2):
        store.connection.execute("SAVEPOINT one")
        _in_state(store, request_id, source)
        store.with_again("emergency_reviews_transitions")
        change = "UPDATE emergency_reviews SET status = ?, decided_at = ?"
        if not refused_by_database(store, change, target, 1 if REVIEWS[target].place == "rest" else None):
            found.add((source, target))
        store.connection.execute("ROLLBACK TO one")
        store.connection.execute("RELEASE one")
    assert found == {(source, act.target) for act in ACTS for source in act.sources}
    assert refused_by_database(store, "DELETE FROM emergency_reviews")
    for status in ("lost", "abusive"):
        assert refused_by_database(store, "UPDATE emergency_reviews SET status = ?", status), "abusive needs words"


def test_each_side_reads_what_is_theirs(store: Store) -> None:
    request_id = emergency(store)
    store.write(reviewing.question, ADMIN, request_id, text="Pourquoi ?")
    store.write(reviewing.explain, DIOP, request_id, text="Il ne parlait plus")
    store.write(reviewing.justify, ADMIN, request_id, text="Vérifié")
    seen = store.read(reviews.review, ADMIN, request_id)
    assert (seen.question, seen.explanation, seen.text, seen.reviewer) == (
        "Pourquoi ?", "Il ne parlait plus", "Vérifié", ADMIN.name,
    )  # fmt: skip
    for person in (AWA, DIOP):
        shown = store.read(queries.access_request, person, request_id).json("fr")["review"]
        assert (shown["status"], shown["text"]) == ("justified", "Vérifié")
        assert "parlait" not in str(shown)


def test_the_list_goes_on(store: Store) -> None:
    first = emergency(store)
    second = emergency(store, SARR)
    page = store.read(reviews.reviews, ADMIN, place="now", limit=1)
    assert (len(page), store.read(reviews.count_reviews, "now", page)) == (1, 1)
    rest = store.read(reviews.reviews, ADMIN, place="now", before=page.next, limit=1)
    assert {page[0].id, rest[0].id} == {first, second}
    store.write(reviewing.justify, ADMIN, first, text="")
    assert [item.id for item in store.read(reviews.reviews, ADMIN, place="rest")] == [first]


def _line(store: Store) -> str:
    grant(store)
    store.write(records.open_file, DIOP, AWA.id)
    found: str = store.read(readings.readings, AWA.id)[0].id
    return found


def test_a_line_is_contested_once_and_answered_once(store: Store) -> None:
    line = _line(store)
    news = store.news(reviewing.contest, AWA, AWA.id, line, text="")
    assert news == {ADMIN.id: ["contest.opened"], AWA.id: [None]}
    assert store.read(readings.readings, AWA.id)[0].contest == "open"
    with pytest.raises(Conflict):
        store.write(reviewing.contest, AWA, AWA.id, line, text="Encore")
    assert store.news(reviewing.answer, ADMIN, line, text="Votre visite") == {
        AWA.id: ["contest.answered"], ADMIN.id: [None],
    }  # fmt: skip
    with pytest.raises(Conflict) as refused:
        store.write(reviewing.answer, ADMIN, line, text="Autre chose")
    assert refused.value.current == "answered"
    assert store.read(reviews.contest, AWA, line).answer == "Votre visite"
    assert set(CONTESTS) == {"open", "answered"}
    assert refused_by_database(store, "UPDATE contests SET status = 'open', answered_at = NULL")


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.id)
def test_only_its_patient_contests_a_line_and_only_admins_answer(store: Store, person: Viewer) -> None:
    line = _line(store)
    tries: list[tuple[Any, ...]] = [
        (reviewing.contest, person, AWA.id, line),
        (reviewing.contest, person, person.id, line),
    ]
    for act, who, *about in tries if person != AWA else []:
        with pytest.raises(Refusal):
            store.write(act, who, *about, text="Non")
    store.write(reviewing.contest, AWA, AWA.id, line, text="Non")
    if person not in (AWA, ADMIN):
        with pytest.raises((Forbidden, NotFound)):
            store.read(reviews.contest, person, line)
    if person != ADMIN:
        with pytest.raises((Forbidden, NotFound)):
            store.write(reviewing.answer, person, line, text="Oui")


def test_what_is_no_line_of_the_trace_is_not_contested(store: Store) -> None:
    _line(store)
    own = store.value("SELECT id FROM audit_events WHERE actor_id = ? LIMIT 1", AWA.id)
    for line in (own, "unknown"):
        with pytest.raises(NotFound):
            store.write(reviewing.contest, AWA, AWA.id, line, text="")


def test_the_admin_sees_of_a_line_who_and_when_but_not_what_was_in_it(store: Store) -> None:
    line = _line(store)
    store.write(reviewing.contest, AWA, AWA.id, line, text="")
    shown = store.read(reviews.contest, ADMIN, line).json("fr")["line"]
    assert (shown["name"], shown["label"]) == (DIOP.name, "Dossier ouvert")
    assert not {"part", "subject"} & shown.keys()


def test_somebody_without_lines_has_none(store: Store) -> None:
    assert store.read(reviews.contests, MOUSSA) == []
