"""Who is here: each person once, whatever they have open."""

from cast import ADMIN, AWA, DIOP, MOUSSA, NDIAYE
from house import House, Site

from fadjma.live.presence import presence


async def test_nobody(house: House) -> None:
    here = presence(house.hub)
    assert here.users == {"patient": 0, "doctor": 0, "pharmacist": 0, "nurse": 0, "receptionist": 0, "admin": 0}
    assert (here.streams, here.behind, here.pollers) == ({"html": 0, "json": 0}, 0, 0)


async def test_people_count_once_and_streams_each(house: House) -> None:
    for person, encoding in ((AWA, "html"), (AWA, "html"), (AWA, "json"), (MOUSSA, "html"), (DIOP, "html")):
        house.listen(person, encoding)
    here = presence(house.hub)
    assert here.users == {"patient": 2, "doctor": 1, "pharmacist": 0, "nurse": 0, "receptionist": 0, "admin": 0}
    assert here.streams == {"html": 4, "json": 1}


async def test_who_has_left_is_gone(house: House) -> None:
    stream, _ = house.listen(AWA)
    house.hub.remove(stream)
    assert sum(presence(house.hub).users.values()) == 0


async def test_a_stream_is_behind_until_everything_is_written(house: House) -> None:
    _, wire = house.listen(AWA)
    house.listen(DIOP)
    wire.flows.clear()
    await house.notify(AWA, DIOP)
    assert presence(house.hub).behind in (1, 2)  # announced; the one whose link flows may have it already
    while presence(house.hub).behind == 2:
        await house.notify(MOUSSA)
    assert presence(house.hub).behind == 1
    wire.flows.set()
    await house.quiet()
    assert presence(house.hub).behind == 0


async def test_pollers_for_one_minute(site: Site) -> None:
    for _ in range(2):
        assert (await site.get("/notifications/poll?after=0", AWA)).status_code == 204
    here = presence(site.hub)
    assert (here.pollers, here.users["patient"]) == (1, 1)
    assert (site.figures.polls, site.figures.poll_bytes, site.figures.delivered["poll"]) == (2, 0, 0)
    site.seconds.now += 61
    here = presence(site.hub)
    assert (here.pollers, here.users["patient"]) == (0, 0)


async def test_a_poll_of_who_has_a_stream_makes_no_poller(site: Site) -> None:
    site.listen(AWA)
    await site.get("/notifications/poll?after=0", AWA)
    here = presence(site.hub)
    assert (here.pollers, here.users["patient"]) == (0, 1)


async def test_polled_events_and_bytes(site: Site) -> None:
    await site.notify(NDIAYE, times=3)
    page = await site.get("/notifications/poll?after=1", NDIAYE, Accept="text/event-stream")
    program = await site.get("/notifications/poll?after=0", NDIAYE, Accept="application/json")
    assert page.body.count("id: ") == 2
    assert site.figures.delivered["poll"] == 2 + 3
    written = len(page.body.encode()) + len(program.body.encode())
    assert site.figures.poll_bytes == site.figures.bytes_by_user[NDIAYE.id] == written


async def test_a_reset_by_polling_is_no_event(site: Site) -> None:
    answer = await site.get("/notifications/poll?after=7", AWA, Accept="text/event-stream")
    assert "event: reset" in answer.body
    assert (site.figures.polls, site.figures.delivered["poll"]) == (1, 0)


async def test_who_may_not_poll_is_not_counted(site: Site) -> None:
    assert (await site.get("/notifications/poll?after=0", Accept="application/json")).status_code == 401
    assert (await site.get("/notifications/poll?after=0&user=awa", ADMIN)).status_code == 403
    assert site.figures.polls == 0
    assert presence(site.hub).pollers == 0
