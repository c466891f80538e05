"""A lot goes from one pharmacy to another of the same house: sent, received, or taken back; the sum is nothing."""

import random
from typing import Any

import pytest
from cast import ADMIN, AWA, CLINIC, DIOP, FALL, GOMIS, JAMM, KADD, NDIAYE, PARACETAMOL
from steps import in_days, prepared, receive
from store import Store, refused_by_database

from fadjma.identity import places
from fadjma.identity.people import Viewer
from fadjma.inventory import lots, monthly, queries, soundness, transfers, withholding
from fadjma.places import actions
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, NotNow


def _house(store: Store, *, head: str = CLINIC, parts: tuple[str, ...] = (JAMM, KADD)) -> None:
    for place_id in parts:
        store.connection.execute("UPDATE organizations SET part_of = ? WHERE id = ?", (head, place_id))


def _send(store: Store, lot: str, quantity: int = 20) -> str:
    return store.write(transfers.send, NDIAYE, lot, to_id=KADD, quantity=quantity)


def _on_hand(store: Store) -> dict[str, int]:
    sql = "SELECT p.pharmacy_id, sum(l.on_hand) FROM lots l JOIN products p ON p.id = l.product_id GROUP BY 1"
    return dict(store.rows(sql))


def _sound(store: Store) -> bool:
    return not any(list(store.read(check)) for check in (soundness.unmoved, soundness.unreserved, soundness.untied))


def test_what_is_sent_has_left_and_is_there_once_it_is_received(store: Store) -> None:
    _house(store)
    lot = receive(store, 50, number="AB-12", expires_on=in_days(store, 90))
    news = store.news(transfers.send, NDIAYE, lot, to_id=KADD, quantity=20)
    assert news == {FALL.id: ["stock.sent"], GOMIS.id: [None], NDIAYE.id: [None]}
    transfer_id: str = store.value("SELECT id FROM transfers")
    assert _on_hand(store) == {JAMM: 30} and _sound(store)
    assert store.read(transfers.transfer, FALL, transfer_id).status == "sent"
    store.clock.advance(minutes=5)
    news = store.news(transfers.receive, FALL, transfer_id)
    assert news == {NDIAYE.id: ["stock.sent_received"], GOMIS.id: ["stock.sent_received"], FALL.id: [None]}
    assert _on_hand(store) == {JAMM: 30, KADD: 20} and _sound(store)
    found = store.read(transfers.transfer, NDIAYE, transfer_id)
    assert found.status == "received" and found.received_lot_id
    theirs = store.read(lots.lot, FALL, found.received_lot_id)
    assert (theirs.number, theirs.expires_on, theirs.on_hand) == ("AB-12", in_days(store, 90), 20)
    moved = store.rows("SELECT kind, quantity FROM movements WHERE transfer_id = ? ORDER BY at", transfer_id)
    assert moved == [("transferred", -20), ("transferred", 20)]


def test_the_same_lot_is_added_to(store: Store) -> None:
    _house(store)
    lot = receive(store, 50, number="AB-12")
    other = receive(store, 5, number="ab 12", pharmacist=FALL)
    store.write(transfers.receive, FALL, _send(store, lot))
    assert store.read(lots.lot, FALL, other).on_hand == 25


def test_a_lot_of_that_number_with_another_expiry_is_no_such_lot(store: Store) -> None:
    _house(store)
    lot = receive(store, 50, number="AB-12", expires_on=in_days(store, 90))
    receive(store, 5, number="AB-12", expires_on=in_days(store, 91), pharmacist=FALL)
    transfer_id = _send(store, lot)
    before = store.content()
    with pytest.raises(NotNow, match="autre date"):
        store.write(transfers.receive, FALL, transfer_id)
    assert store.content() == before
    store.write(transfers.undo, GOMIS, transfer_id)
    assert _on_hand(store)[JAMM] == 50


def test_until_it_is_received_the_sender_takes_it_back(store: Store) -> None:
    _house(store)
    transfer_id = _send(store, receive(store, 50))
    news = store.news(transfers.undo, GOMIS, transfer_id)
    assert news == {FALL.id: ["stock.sent_undone"], NDIAYE.id: [None], GOMIS.id: [None]}
    assert _on_hand(store) == {JAMM: 50} and _sound(store)
    before = store.content()
    for who, act in ((FALL, transfers.receive), (NDIAYE, transfers.undo)):
        with pytest.raises(Conflict, match="plus en route"):
            store.write(act, who, transfer_id)
    assert store.content() == before


def test_what_was_received_is_sent_back_not_taken_back(store: Store) -> None:
    _house(store)
    transfer_id = _send(store, receive(store, 50))
    store.write(transfers.receive, FALL, transfer_id)
    with pytest.raises(Conflict, match="plus en route"):
        store.write(transfers.undo, NDIAYE, transfer_id)
    theirs = store.read(transfers.transfer, FALL, transfer_id).received_lot_id
    back = store.write(transfers.send, FALL, theirs, to_id=JAMM, quantity=20)
    store.write(transfers.receive, NDIAYE, back)
    assert _on_hand(store) == {JAMM: 50, KADD: 0} and _sound(store)


@pytest.mark.parametrize("quantity", [51, 100_000])
def test_no_more_than_there_is(store: Store, quantity: int) -> None:
    _house(store)
    lot = receive(store, 50)
    before = store.content()
    with pytest.raises(Invalid) as refusal:
        _send(store, lot, quantity)
    assert refusal.value.values["free"] == 50 and store.content() == before


def test_what_is_put_aside_stays(store: Store) -> None:
    _house(store)
    prepared(store)
    lot, free = store.rows("SELECT id, on_hand - reserved FROM lots")[0]
    with pytest.raises(Invalid):
        _send(store, lot, free + 1)
    _send(store, lot, free)
    assert _sound(store)


def test_what_is_withheld_or_has_expired_goes_nowhere(store: Store) -> None:
    _house(store)
    withheld, old = receive(store, number="W"), receive(store, number="O", expires_on=in_days(store, 3))
    store.write(withholding.withhold, NDIAYE, withheld, reason="Rappel")
    store.clock.advance(days=5)
    for lot in (withheld, old):
        with pytest.raises(NotNow, match="ne part nulle part"):
            _send(store, lot, 1)


def test_what_was_withheld_on_its_way_is_withheld_there(store: Store) -> None:
    _house(store)
    lot = receive(store, 50)
    transfer_id = _send(store, lot)
    store.write(withholding.withhold, NDIAYE, lot, reason="Rappel du fabricant")
    store.write(transfers.receive, FALL, transfer_id)
    assert store.read(queries.usable, KADD, [PARACETAMOL])[PARACETAMOL] == 0
    theirs = store.read(transfers.transfer, FALL, transfer_id).received_lot_id
    assert theirs and store.read(lots.lot, FALL, theirs).withheld_reason == "Rappel du fabricant"


def test_what_was_there_of_it_is_withheld_with_it_and_the_colleagues_are_told(store: Store) -> None:
    _house(store)
    lot = receive(store, 50, number="AB-12")
    theirs = receive(store, 30, number="AB-12", pharmacist=FALL)
    transfer_id = _send(store, lot)
    store.write(withholding.withhold, NDIAYE, lot, reason="Rappel du fabricant")
    news = store.news(transfers.receive, FALL, transfer_id)
    assert news[FALL.id] == [None, "stock.low", None]
    assert store.read(queries.usable, KADD, [PARACETAMOL])[PARACETAMOL] == 0
    assert store.value("SELECT count(*) FROM audit_events WHERE action = 'stock.withheld' AND actor_id = ?", FALL.id)
    assert store.read(lots.lot, FALL, theirs).withheld_reason == "Rappel du fabricant" and _sound(store)


def test_what_a_pharmacy_does_with_a_lot_stands_in_its_own_chain(store: Store) -> None:
    _house(store)
    lot = receive(store, 50)
    transfer_id = _send(store, lot)
    store.write(withholding.withhold, NDIAYE, lot, reason="Rappel du fabricant")
    store.write(transfers.receive, FALL, transfer_id)
    covered = {
        chain: " ".join(said for (said,) in store.rows("SELECT covered FROM chain_links WHERE chain = ?", chain))
        for chain in (JAMM, KADD)
    }
    for event_id, action, actor_id in store.rows("SELECT id, action, actor_id FROM audit_events WHERE at > 0"):
        if action.startswith("stock."):
            assert f"audit:{event_id}" in covered[KADD if actor_id == FALL.id else JAMM], action


def test_only_places_of_one_house_send_to_each_other(store: Store) -> None:
    lot = receive(store, 50)
    before = store.content()
    for to in (KADD, JAMM, CLINIC, "nowhere"):
        with pytest.raises(Invalid):
            store.write(transfers.send, NDIAYE, lot, to_id=to, quantity=1)
    assert store.content() == before
    assert store.read(transfers.own_places, NDIAYE) == []
    _house(store, head=JAMM, parts=(KADD,))  # a branch
    assert [place_id for place_id, _ in store.read(transfers.own_places, NDIAYE)] == [KADD]
    assert [place_id for place_id, _ in store.read(transfers.own_places, FALL)] == [JAMM]
    _send(store, lot, 1)


@pytest.mark.parametrize("person", [AWA, DIOP, ADMIN], ids=lambda person: person.id)
def test_nobody_but_a_pharmacist_has_to_do_with_it(store: Store, person: Viewer) -> None:
    _house(store)
    lot = receive(store, 50)
    transfer_id = _send(store, lot)
    before = store.content()
    acts: list[tuple[Any, tuple[str, ...], dict[str, Any]]] = [
        (transfers.send, (lot,), {"to_id": KADD, "quantity": 1}),
        (transfers.receive, (transfer_id,), {}),
        (transfers.undo, (transfer_id,), {}),
        (transfers.transfers, (), {}),
    ]
    for act, which, said in acts:
        with pytest.raises(Forbidden):
            store.write(act, person, *which, **said)
    assert store.content() == before


def test_each_side_does_its_own_and_a_third_place_knows_nothing(store: Store) -> None:
    _house(store)
    transfer_id = _send(store, receive(store, 50))
    before = store.content()
    for who, act in ((NDIAYE, transfers.receive), (FALL, transfers.undo)):
        with pytest.raises(Forbidden):
            store.write(act, who, transfer_id)
    assert store.content() == before
    store.connection.execute("UPDATE practitioners SET organization_id = ? WHERE user_id = 'fall'", (CLINIC,))
    stranger = Viewer("fall", "pharmacist", "Astou", "Fall", "fr", CLINIC, None, "", 0)
    with pytest.raises(NotFound):
        store.read(transfers.transfer, stranger, transfer_id)
    assert not store.read(transfers.transfers, stranger)


def test_both_sides_have_it_in_their_list_and_in_the_month(store: Store) -> None:
    _house(store)
    store.write(transfers.receive, FALL, _send(store, receive(store, 50)))
    of = monthly.month(None, store.clock())
    for who, change in ((NDIAYE, -20), (FALL, 20)):
        assert [one.quantity for one in store.read(transfers.transfers, who)] == [20]
        assert [one.transferred for one in store.read(monthly.consumption, who, of)] == [change]
        assert "Transfert" in [one.movement.label for one in store.read(monthly.movements, who, of)]


def test_the_database_ends_a_transfer_once_and_changes_nothing_of_it(store: Store) -> None:
    _house(store)
    transfer_id = _send(store, receive(store, 50))
    assert refused_by_database(store, "UPDATE transfers SET quantity = 1")
    assert refused_by_database(store, "DELETE FROM transfers")
    store.write(transfers.undo, NDIAYE, transfer_id)
    assert refused_by_database(store, "UPDATE transfers SET version = 9")


def test_whatever_is_sent_received_and_taken_back_nothing_is_lost(store: Store) -> None:
    _house(store)
    receive(store, 200)
    luck = random.Random(11)
    for _ in range(120):
        store.clock.advance(minutes=1)
        who = luck.choice((NDIAYE, FALL))
        sent = [row[0] for row in store.rows("SELECT id FROM transfers")]
        try:
            if luck.random() < 0.5 or not sent:
                lots = store.rows(
                    "SELECT l.id FROM lots l JOIN products p ON p.id = l.product_id WHERE p.pharmacy_id = ?",
                    who.organization_id,
                )
                to = KADD if who is NDIAYE else JAMM
                store.write(transfers.send, who, lots[0][0] if lots else "", to_id=to, quantity=luck.randint(1, 60))
            else:
                store.write(luck.choice((transfers.receive, transfers.undo)), who, luck.choice(sent))
        except (Conflict, Invalid, NotFound, Forbidden):
            pass
        under_way = store.value(
            "SELECT coalesce(sum(quantity), 0) FROM transfers WHERE coalesce(received_at, undone_at) IS NULL"
        )
        assert sum(_on_hand(store).values()) + under_way == 200
        assert _sound(store)


class TestTheHouse:
    """What an admin says of a place: a house is one place and its parts."""

    def _say(self, store: Store, place_id: str, part_of: str | None) -> None:
        place = store.read(places.place, place_id)
        said = {name: getattr(place, name) for name in places.Facts.__dataclass_fields__}
        facts = places.Facts(**{**said, "part_of": part_of})
        store.write(actions.change, ADMIN, place_id, facts, version=place.version)

    def test_it_is_said_and_taken_back(self, store: Store) -> None:
        self._say(store, KADD, CLINIC)
        assert [place.id for place in store.read(places.house, CLINIC)] == [KADD]
        self._say(store, KADD, None)
        assert store.read(places.house, CLINIC) == []

    @pytest.mark.parametrize(("place", "part_of"), [(CLINIC, CLINIC), (JAMM, KADD), (CLINIC, JAMM), (JAMM, "nowhere")])
    def test_no_part_has_parts(self, store: Store, place: str, part_of: str) -> None:
        self._say(store, KADD, CLINIC)
        before = store.content()
        with pytest.raises(Invalid) as refusal:
            self._say(store, place, part_of)
        assert refusal.value.errors.keys() == {"part_of"} and store.content() == before

    def test_what_is_on_its_way_arrives_all_the_same(self, store: Store) -> None:
        _house(store)
        transfer_id = _send(store, receive(store, 50))
        self._say(store, KADD, None)
        store.write(transfers.receive, FALL, transfer_id)
        assert _on_hand(store) == {JAMM: 30, KADD: 20}
