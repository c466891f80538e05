"""Polling gives the same events, from the same cursor, as the stream."""

import pytest
from live_people import Clinic, Person


async def _missed(clinic: Clinic, count: int) -> Person:
    awa = clinic.patient()
    await clinic.events(clinic.doctor(), awa, count)
    return awa


async def test_the_same_events_as_json(clinic: Clinic) -> None:
    awa = await _missed(clinic, 5)
    stream = await clinic.listening(awa, after=1)
    polled = (await clinic.poll(awa, 1)).json()
    assert polled == {"events": [event.json for event in await stream.news(4)], "cursor": 5}


async def test_the_same_bytes_as_a_stream(clinic: Clinic) -> None:
    """A page in degraded mode reads them with what it has for the stream."""
    awa = await _missed(clinic, 5)
    stream = await clinic.listening(awa, "/events", after=1)
    hello = len(stream.raw.partition(b"\n\n")[0]) + 2
    await stream.news(4)
    polled = await clinic.poll(awa, 1, Accept="text/event-stream")
    assert polled.headers["content-type"].startswith("text/event-stream")
    assert polled.content == stream.raw[hello:]


@pytest.mark.parametrize("after", [1000, 0])
async def test_the_same_reset(clinic: Clinic, after: int) -> None:
    awa = await _missed(clinic, 51)
    stream = await clinic.listening(awa, "/events", after=after)
    hello = len(stream.raw.partition(b"\n\n")[0]) + 2
    assert (await stream.event()).type == "reset"
    assert (await clinic.poll(awa, after, Accept="text/event-stream")).content == stream.raw[hello:]


async def test_a_program_that_was_away_for_long_reads_page_after_page(clinic: Clinic) -> None:
    awa = await _missed(clinic, 60)
    first = (await clinic.poll(awa, 0)).json()
    then = (await clinic.poll(awa, first["cursor"])).json()
    assert [item["seq"] for item in first["events"] + then["events"]] == list(range(1, 61))
    assert (await clinic.poll(awa, then["cursor"])).status_code == 204


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_nothing_new_costs_an_empty_answer(clinic: Clinic, accept: str) -> None:
    awa = await _missed(clinic, 1)
    polled = await clinic.poll(awa, 1, Accept=accept)
    assert (polled.status_code, polled.content) == (204, b"")
    assert polled.headers["cache-control"] == "no-store"


async def test_a_cursor_from_the_future_is_said_to_be_unknown(clinic: Clinic) -> None:
    awa = await _missed(clinic, 1)
    assert (await clinic.poll(awa, 9)).json() == {"events": [], "cursor": 1, "reset": True}


async def test_an_old_tab_does_not_follow_whoever_signed_in_after(clinic: Clinic) -> None:
    awa, moussa = await _missed(clinic, 1), clinic.patient("Moussa")
    path = f"/notifications/poll?after=0&user={moussa.id}"
    assert (await clinic.get(awa, path, Accept="text/event-stream")).status_code == 403


async def test_it_asks_who_one_is(clinic: Clinic) -> None:
    awa = clinic.patient()
    await clinic.post(awa, "/sign-out")
    assert (await clinic.poll(awa, 0)).status_code == 401
