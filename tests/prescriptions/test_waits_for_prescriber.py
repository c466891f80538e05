"""What a pharmacy cannot supply is for its prescriber to do: on their first page until something is done about it."""

from typing import Any

import pytest
from cast import AWA, DIOP, FALL, GOMIS, INSULIN, NDIAYE
from steps import KEY, code, in_days, issue, prepared, ready, receive, validated
from store import Store

from fadjma.identity.people import Viewer
from fadjma.inventory import redating, withholding
from fadjma.prescriptions import actions, dispensing, lists, queries, replacing, setbacks, states
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Part
from fadjma.prescriptions.prescription import Prescription
from fadjma.refusals import Conflict


def _line(store: Store, prescription_id: str) -> str:
    return store.read(queries.prescription_in_full, DIOP, prescription_id).lines[0].id


def _seen(store: Store, prescription_id: str, reader: Viewer) -> Prescription:
    return store.read(queries.prescription_in_full, reader, prescription_id)


def _lack(store: Store, prescription_id: str) -> str:
    how = {"line_id": _line(store, prescription_id), "code": "out_of_stock", "text": ""}
    store.write(setbacks.cannot_supply, NDIAYE, prescription_id, **how)
    store.clock.advance(minutes=1)
    return prescription_id


def _places(store: Store, prescription_id: str) -> str:
    """The place that its prescriber finds it in, which must be one, and be what the prescription itself says."""
    found = [
        place
        for place in ("now", "flow", "rest")
        if prescription_id in [one.id for one in store.read(lists.prescriptions, DIOP, place=place)]
    ]
    [place] = found
    shown = store.read(queries.prescription, DIOP, prescription_id)
    assert shown.place("doctor") == place
    assert (
        bool(shown.lacking_medicines)
        == shown.unsupplied
        == (place == "now")
        == shown.json("fr").get("unsupplied", False)
    )
    return place


def _prepare(store: Store, prescription_id: str, **how: Any) -> None:
    store.write(setbacks.prepare, NDIAYE, prescription_id, **how)


def test_it_is_to_do_once_the_pharmacy_says_so(store: Store) -> None:
    prescription_id = validated(store)
    assert _places(store, prescription_id) == "flow"
    assert _places(store, _lack(store, prescription_id)) == "now"
    for other in (NDIAYE, FALL):
        assert not any(one.unsupplied for one in store.read(lists.prescriptions, other))


def test_not_once_it_could_be_put_aside_whole_and_again_when_that_is_withheld(store: Store) -> None:
    prescription_id = _lack(store, validated(store))
    receive(store, 8, number="FEW")
    _prepare(store, prescription_id, partial=True)
    assert _places(store, prescription_id) == "now"
    store.clock.advance(minutes=1)
    receive(store, 30, number="MORE", expires_on=in_days(store, 400))
    _prepare(store, prescription_id)
    store.clock.advance(minutes=1)
    assert _places(store, prescription_id) == "flow"
    lot_id = store.value("SELECT id FROM lots WHERE number = 'MORE'")
    store.write(withholding.withhold, NDIAYE, lot_id, reason="Rappel")
    assert _places(store, prescription_id) == "now"


def _put_aside_after_all(store: Store) -> tuple[str, str]:
    """What could not be supplied has come, and is put aside; with its lot."""
    prescription_id = _lack(store, validated(store))
    lot_id = receive(store, 30, number="MORE", expires_on=in_days(store, 400))
    _prepare(store, prescription_id)
    store.clock.advance(minutes=1)
    return prescription_id, lot_id


def test_its_prescribers_open_page_follows_what_becomes_of_the_lot(store: Store) -> None:
    prescription_id, lot_id = _put_aside_after_all(store)
    for place, act, how in (
        ("now", withholding.withhold, {"reason": "Rappel"}),
        ("flow", withholding.put_back, {}),
        ("now", redating.correct, {"expires_on": in_days(store, -1), "confirmed": True}),
        ("flow", redating.correct, {"expires_on": in_days(store, 30)}),
    ):
        assert store.news(act, NDIAYE, lot_id, **how)[DIOP.id] == [None]
        assert _places(store, prescription_id) == place


def test_of_what_was_never_lacking_its_prescriber_hears_nothing(store: Store) -> None:
    prepared(store)
    assert DIOP.id not in store.news(withholding.withhold, NDIAYE, store.value("SELECT id FROM lots"), reason="Rappel")


def test_it_is_said_again_once_what_came_is_lost(store: Store) -> None:
    prescription_id, lot_id = _put_aside_after_all(store)
    store.write(withholding.withhold, NDIAYE, lot_id, reason="Rappel")
    how = {"line_id": _line(store, prescription_id), "code": "out_of_stock", "text": ""}
    assert store.news(setbacks.cannot_supply, NDIAYE, prescription_id, **how)[DIOP.id] == ["prescription.unsupplied"]
    store.clock.advance(minutes=1)
    with pytest.raises(Conflict):
        store.write(setbacks.cannot_supply, NDIAYE, prescription_id, **how)


def test_not_once_it_is_handed_over(store: Store) -> None:
    prescription_id = _lack(store, ready(store))
    assert _places(store, prescription_id) == "now"
    parts = [Part(_line(store, prescription_id), 20)]
    given = code(store, prescription_id)
    store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=given, parts=parts)
    assert _places(store, prescription_id) == "rest"


def test_not_once_something_else_is_prescribed(store: Store) -> None:
    prescription_id = _lack(store, validated(store))
    how = {"line_id": _line(store, prescription_id), "line": NewLine(INSULIN, "10 unités le soir", 2, 28)}
    store.write(replacing.replace_line, DIOP, prescription_id, **how, confirmed=True)
    assert _places(store, prescription_id) == "flow"


def test_not_once_they_wait_for_it_until_the_pharmacy_says_it_anew(store: Store) -> None:
    prescription_id = _lack(store, validated(store))
    assert states.AWAIT in _seen(store, prescription_id, DIOP).offered(DIOP)
    store.write(replacing.wait, DIOP, prescription_id)
    assert _places(store, prescription_id) == "flow"
    for reader in (DIOP, NDIAYE, AWA):
        assert _seen(store, prescription_id, reader).awaited == store.clock()
    assert states.AWAIT not in _seen(store, prescription_id, DIOP).offered(DIOP)
    with pytest.raises(Conflict, match="n'attend plus de réponse"):
        store.write(replacing.wait, DIOP, prescription_id)
    store.clock.advance(minutes=1)
    assert _places(store, _lack(store, prescription_id)) == "now"
    assert _seen(store, prescription_id, NDIAYE).awaited is None


def test_the_colleagues_of_the_pharmacy_read_in_the_row_what_is_lacking_until_it_is_put_aside(store: Store) -> None:
    def named() -> tuple[str, ...]:
        [row] = store.read(lists.work, GOMIS)
        assert not row.unsupplied
        return row.lacking_medicines

    prescription_id = validated(store)
    assert named() == ()
    _lack(store, prescription_id)
    assert named() == ("paracétamol 500 mg",)
    store.write(replacing.wait, DIOP, prescription_id)
    assert named() == ("paracétamol 500 mg",)
    store.clock.advance(minutes=1)
    receive(store, 30)
    _prepare(store, prescription_id)
    assert named() == ()


def test_they_wait_for_what_they_have_read_alone(store: Store) -> None:
    prescription_id = _lack(store, validated(store))
    read = _seen(store, prescription_id, DIOP).version
    how = {"line_id": _line(store, prescription_id), "code": "off_market", "text": ""}
    store.write(setbacks.cannot_supply, NDIAYE, prescription_id, **how)
    with pytest.raises(Conflict, match="changé entre-temps"):
        store.write(replacing.wait, DIOP, prescription_id, version=read)
    assert _places(store, prescription_id) == "now"


def test_they_wait_for_this_pharmacy_not_for_whoever_has_it_next(store: Store) -> None:
    prescription_id = _lack(store, validated(store))
    store.write(replacing.wait, DIOP, prescription_id)
    store.clock.advance(minutes=1)
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
    assert _places(store, prescription_id) == "now"
    assert _seen(store, prescription_id, DIOP).awaited is None


def test_they_may_wait_without_access_to_the_file_any_more(store: Store) -> None:
    prescription_id = _lack(store, validated(store))
    store.clock.advance(days=8)
    assert _seen(store, prescription_id, DIOP).grant is None
    store.write(replacing.wait, DIOP, prescription_id)
    assert _places(store, prescription_id) == "flow"


def test_not_once_it_is_cancelled(store: Store) -> None:
    prescription_id = _lack(store, validated(store))
    store.write(actions.cancel, DIOP, prescription_id, reason="Plus besoin")
    assert _places(store, prescription_id) == "rest"


def test_not_once_its_time_is_over(store: Store) -> None:
    prescription_id = _lack(store, prepared(store))
    store.clock.advance(days=400)
    assert _places(store, prescription_id) == "rest"


def test_given_back_it_still_is_until_another_pharmacy_has_taken_it(store: Store) -> None:
    prescription_id = _lack(store, validated(store))
    store.write(dispensing.release, NDIAYE, prescription_id, reason="Rupture")
    assert _places(store, prescription_id) == "now"
    store.write(dispensing.validate, FALL, prescription_id)
    assert _places(store, prescription_id) == "flow"


def test_the_rest_is_as_it_was(store: Store) -> None:
    _lack(store, validated(store))
    assert _places(store, issue(store)) == "flow"


def test_of_a_lot_that_must_not_leave_the_pharmacys_row_knows(store: Store) -> None:
    prescription_id = ready(store)
    [row] = store.read(lists.work, NDIAYE)
    assert row.perished == ()
    store.write(withholding.withhold, NDIAYE, store.value("SELECT id FROM lots"), reason="Rappel")
    [row] = store.read(lists.work, NDIAYE)
    assert row.id == prescription_id and [lot.withheld for lot in row.perished] == [True]
    assert store.read(queries.prescription, DIOP, prescription_id).perished == ()
