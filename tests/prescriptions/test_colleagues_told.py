"""Other doctors to whom the prescriptions of a file are open hear what a colleague prescribes, and nobody else does."""

import pytest
from cast import AMOXICILLIN, AWA, DIOP, MOUSSA, NDIAYE, SARR
from steps import KEY, code, emergency, grant, issue, ready, refused, validated
from store import Store

from fadjma.access import actions as access
from fadjma.events import Subject, inbox, subjects
from fadjma.events.subjects import Named, Told
from fadjma.live.fragments import Fragments
from fadjma.prescriptions import actions, dispensing, replacing, setbacks
from fadjma.prescriptions.actions import NewLine


def _prescribe(store: Store, **how: object) -> dict[str, list[str | None]]:
    lines = [NewLine(_medicine(store), "1 comprimé matin et soir", 20, 10)]
    return store.news(actions.issue, DIOP, AWA.id, lines=lines, **how)


def _medicine(store: Store) -> str:
    return str(store.value("SELECT id FROM medicines WHERE dci = 'paracétamol'"))


@pytest.mark.parametrize(
    ("scope", "told"), [("full", True), ("prescriptions", True), ("summary", False), ("emergency", True)]
)
def test_who_may_read_it_hears_of_it(store: Store, scope: str, told: bool) -> None:
    grant(store)
    emergency(store, SARR) if scope == "emergency" else grant(store, SARR, scope=scope)
    news = _prescribe(store)
    assert news.get(SARR.id) == (["prescription.shared"] if told else None)
    assert news[DIOP.id] == [None]  # their own


def test_whoever_has_two_accesses_hears_it_once(store: Store) -> None:
    grant(store)
    emergency(store, SARR)
    grant(store, SARR, scope="prescriptions")
    assert _prescribe(store)[SARR.id] == ["prescription.shared"]


def test_an_access_that_is_over_tells_nothing(store: Store) -> None:
    grant(store)
    ended = grant(store, SARR)
    store.write(access.revoke, AWA, ended)
    assert SARR.id not in _prescribe(store)


def test_nor_does_one_whose_time_is_over_and_not_yet_written_down(store: Store) -> None:
    grant(store, SARR, duration=3_600_000)
    grant(store)
    store.clock.advance(hours=2)
    assert SARR.id not in _prescribe(store)


def test_a_correction_and_an_end_are_said_and_a_hand_over_is_followed(store: Store) -> None:
    prescription_id = refused(store)
    grant(store, SARR)
    assert _prescribe(store, replaces_id=prescription_id)[SARR.id] == ["prescription.shared_corrected"]
    other = issue(store)
    assert store.news(actions.cancel, DIOP, other, reason="Traitement changé")[SARR.id] == ["prescription.shared_ended"]


def test_what_is_handed_over_is_no_news_but_open_pages_follow(store: Store) -> None:
    prescription_id = ready(store)
    grant(store, SARR)
    how = {"key": KEY, "code": code(store, prescription_id)}
    assert store.news(dispensing.deliver, NDIAYE, prescription_id, **how)[SARR.id] == [None]


def test_what_was_not_read_is_one_line_and_names_the_patient_while_the_file_is_open(store: Store) -> None:
    grant(store)
    opened = grant(store, SARR)
    prescription_id = issue(store)
    store.write(actions.cancel, DIOP, prescription_id, reason="Traitement changé")
    lines = [item for item in store.read(inbox.browse, SARR).items if item.subject.kind == "colleague_prescription"]
    assert [(item.subject, item.times) for item in lines] == [(Subject("colleague_prescription", prescription_id), 2)]

    def named() -> object:
        told = Told(prescription_id, 1)
        return store.read(subjects.names, SARR, "colleague_prescription", [told]).get(told)

    assert named() == Named(AWA.name)
    store.write(access.revoke, AWA, opened)
    assert named() is None


@pytest.mark.sqlite_only
def test_the_patients_of_many_are_no_more_statements(store: Store) -> None:
    """An inbox of fifty asked a hundred times which file is open."""
    told = []
    for patient in (AWA, MOUSSA):
        grant(store, DIOP, patient)
        lines = [NewLine(_medicine(store), "1 comprimé matin et soir", 20, 10)]
        told.append(Told(store.write(actions.issue, DIOP, patient.id, lines=lines), 1))
    grant(store, SARR)
    grant(store, SARR, MOUSSA, scope="summary")

    def named(of: list[Told]) -> tuple[object, int]:
        asked: list[str] = []
        store.connection.set_trace_callback(asked.append)
        names = store.read(subjects.names, SARR, "colleague_prescription", of)
        store.connection.set_trace_callback(None)
        return names, len(asked)

    (_, few), (names, many) = named(told[:1]), named(told)
    assert many == few
    assert names == {told[0]: Named(AWA.name)}


def test_live_it_is_a_toast_and_no_line_among_what_they_have_prescribed_themselves(store: Store) -> None:
    grant(store)
    grant(store, SARR)
    prescription_id = issue(store)
    [told] = [item for item in store.read(inbox.browse, SARR).items if item.subject.kind == "colleague_prescription"]
    html = store.read(lambda tx: Fragments(tx).html(SARR, told))
    assert f'href="/prescriptions/{prescription_id}"' in html or f"href=/prescriptions/{prescription_id}" in html
    assert "<li" not in html
    assert ("colleague_prescription", prescription_id) in subjects.shown_at(f"/prescriptions/{prescription_id}")


def test_a_line_that_another_takes_the_place_of_is_a_correction(store: Store) -> None:
    prescription_id = validated(store)
    grant(store, SARR)
    line_id = store.value("SELECT id FROM prescription_lines")
    store.write(setbacks.cannot_supply, NDIAYE, prescription_id, line_id=line_id, code="out_of_stock")
    line = NewLine(AMOXICILLIN, "1 comprimé matin et soir", 14, 7)
    how = {"line_id": line_id, "line": line, "confirmed": True}
    assert store.news(replacing.replace_line, DIOP, prescription_id, **how)[SARR.id] == [
        "prescription.shared_corrected"
    ]
