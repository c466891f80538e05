"""Two processes serve one clinic on PostgreSQL: what one of them knows, the other does, too."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fleet import Fleet, FleetClinic, Through
from live_people import until
from nginx import Nginx, as_scaling_says, as_the_readme_says

from fadjma import events
from fadjma.events import Subject, everybody
from fadjma.ids import new_id

if TYPE_CHECKING:
    from clusters import Cluster


@pytest.fixture(scope="module")
def shared(cluster: "Cluster", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    with Fleet(cluster, folder, 2) as fleet:
        yield fleet
    assert "Traceback" not in fleet.log, fleet.log


@pytest.fixture
def fleet(shared: Fleet) -> Fleet:
    """Both serve, also where a test before has ended one of them and failed."""
    for server in shared.servers:
        if not server.is_up:
            server.start_again()
    return shared


@pytest.fixture
async def both(fleet: Fleet) -> AsyncIterator[tuple[Through, Through]]:
    """The same people at each of them."""
    async with FleetClinic(fleet) as clinic:
        one, another = (Through(clinic, server) for server in fleet.servers)
        async with one, another:
            yield one, another


async def test_news_go_from_each_to_the_streams_of_the_other_once_and_in_order(both: tuple[Through, Through]) -> None:
    one, _ = both
    awa, diop = one.patient(), one.doctor()
    streams = [await clinic.listening(awa) for clinic in both]
    for number in range(6):
        await both[number % 2].events(diop, awa, 2)
    for stream in streams:
        assert [event.seq for event in await stream.news(12)] == list(range(1, 13))


async def test_news_whose_wake_up_was_lost_are_found(both: tuple[Through, Through]) -> None:
    """Nobody calls after what the test itself writes."""
    one, _ = both
    awa = one.patient()
    streams = [await clinic.listening(awa) for clinic in both]
    one.store.write(events.notify, [awa.id], "notification", "record.read", Subject("patient", awa.id))
    for stream in streams:
        assert [event.seq for event in await stream.news(1)] == [1]


async def test_what_concerns_very_many_comes_to_the_streams_of_both_once_and_in_order(
    both: tuple[Through, Through],
) -> None:
    """Whichever of them keeps the time: it tells those whom the act itself did not, and is called by the other."""
    medicine = {"dci": "oméprazole", "form": "gélule", "strength": "20 mg", "unit": "gélule", "schedule": "none"}
    await both[0].act(both[0].admin(), "/formulary", **medicine)
    doctor, crowd = both[0].doctor(), both[0].pharmacists(everybody.AT_ONCE + 1)
    streams = [await clinic.listening(crowd[-1]) for clinic in both]
    for clinic in both:
        patient = clinic.patient()
        await clinic.grant(doctor, patient)
        await clinic.prescribe(doctor, patient)
    for stream in streams:
        assert [event.seq for event in await stream.news(2)] == [1, 2]
    await until(lambda: not both[0].store.value("SELECT count(*) FROM tellings"))
    told = dict(both[0].store.rows("SELECT user_id, count(*) FROM notifications GROUP BY user_id"))
    assert {told.get(one.id, 0) for one in crowd} == {2}


async def test_nobody_behind_nginx_notices_that_they_are_started_again_one_by_one(
    fleet: Fleet, both: tuple[Through, Through], tmp_path: Path
) -> None:
    """Set up as README.md and docs/scaling.md say: whoever is away is passed over, and asked again at once."""
    awa = both[0].patient()
    known = {**awa.session.bearer, "Accept": "application/json"}
    found: Counter[tuple[str, int]] = Counter()
    beside = as_scaling_says([server.address for server in fleet.servers])
    with Nginx(tmp_path / "nginx", as_the_readme_says("http://fadjma"), beside) as nginx:

        async def ask(method: str, path: str, **more: Any) -> None:
            async with httpx.AsyncClient(base_url=nginx.address, headers=known, timeout=60) as client:
                while True:
                    found[path, (await client.request(method, path, **more)).status_code] += 1
                    await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as asking:
            tasks = [asking.create_task(ask("GET", "/me")) for _ in range(3)]
            tasks += [asking.create_task(ask("POST", "/notifications/read", json={"up_to": 1})) for _ in range(8)]
            for server in [*fleet.servers] * 2:
                server.ask_to_stop()
                assert await asyncio.to_thread(server.wait, 60) == 0
                await asyncio.sleep(0.2)  # somebody asks for it while nobody is there
                await asyncio.to_thread(server.start_again)
            for task in tasks:
                task.cancel()
    assert set(found) == {("/me", 200), ("/notifications/read", 200)}, found


@pytest.mark.parametrize("path", ["/events", "/api/events"])
async def test_a_session_that_is_ended_at_one_ends_the_streams_at_the_other(
    both: tuple[Through, Through], path: str
) -> None:
    one, another = both
    awa = one.patient()
    left, kept = one.session(awa.id, "token"), await another.listening(awa, path)
    stream = await another.listening(left, path)
    ended = await one.post(awa, f"/sessions/{left.id}/end")
    assert ended.is_success, ended.text
    assert await stream.bye() == "signed_out"
    await kept.silence()
    refused = await another.get(left, "/notifications")
    assert refused.status_code == 401


async def test_a_screen_that_is_locked_at_one_is_locked_at_the_other(both: tuple[Through, Through]) -> None:
    one, another = both
    diop = one.doctor()
    stream = await another.listening(diop, "/events")
    locked = await one.browse(diop, "POST", "/lock")
    assert locked.status_code == 204, locked.text
    assert await stream.bye() == "locked"
    assert (await another.browse(diop, "GET", "/patients")).status_code == 423


async def test_the_same_submission_to_both_is_one_act(both: tuple[Through, Through]) -> None:
    one, _ = both
    awa, diop = one.patient(), one.doctor()
    key, fields = new_id(), {"patient_id": awa.id, "reason": "Suivi"}
    answers = await asyncio.gather(
        *(both[number % 2].post(diop, "/access-requests", key=key, **fields) for number in range(8))
    )
    assert {(answer.status_code, answer.json()["id"]) for answer in answers} == {(201, answers[0].json()["id"])}
    assert one.store.value("SELECT count(*) FROM access_requests WHERE doctor_id = ?", diop.id) == 1


async def test_what_is_being_typed_is_kept_for_whichever_is_asked(both: tuple[Through, Through]) -> None:
    one, another = both
    awa, diop = one.patient(), one.doctor()
    place = f"/drafts/patients-records/{awa.id}"
    kept = await one.browse(diop, "PUT", place, body="Toux depuis")
    assert kept.status_code == 204, kept.text
    assert (await another.get(diop, place)).json()["fields"] == {"body": "Toux depuis"}


async def test_wrong_passwords_count_whichever_is_asked(both: tuple[Through, Through]) -> None:
    login = f"{new_id()}@live.fadjma".lower()
    found = [(await both[number % 2].guess(login)).status_code for number in range(10)]
    assert found == [401] * 10
    for clinic in both:
        refused = await clinic.guess(login)
        assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0


async def test_the_fifth_wrong_unlocking_ends_the_session_wherever_the_others_were(
    both: tuple[Through, Through],
) -> None:
    one, _ = both
    diop = one.doctor()
    assert (await one.browse(diop, "POST", "/lock")).status_code == 204
    found = [
        (await both[number % 2].browse(diop, "POST", "/unlock", password="not the password")).status_code
        for number in range(5)
    ]
    assert found == [422] * 4 + [401]


async def test_what_the_clinic_chooses_at_one_counts_at_the_other(fleet: Fleet, both: tuple[Through, Through]) -> None:
    """When a screen locks: also at the one that keeps the time, which makes its rounds once a minute."""
    await until(lambda: fleet.keeper() is not None)
    keeper = fleet.keeper()
    its, other = sorted(both, key=lambda clinic: clinic.server is not keeper)
    admin, diop = other.admin(), other.doctor()
    for minutes in (7, 15):
        chosen = (await other.browse(admin, "GET", "/settings")).json()
        names = ("validity_days", "expiry_days", "proxy_age", "time_zone", "second_factor", "version")
        said = {name: chosen[name] for name in names}
        changed = await other.browse(admin, "POST", "/settings", **said, lock_minutes=minutes)
        assert changed.is_success, changed.text
        async with asyncio.timeout(20):
            while f'data-lock="{minutes * 60}"' not in (await its.browse(diop, "GET", "/", accept="text/html")).text:  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.05)


async def test_one_of_them_keeps_the_time_and_the_other_takes_it_over(fleet: Fleet) -> None:
    await until(lambda: fleet.keeper() is not None)
    first = fleet.keeper()
    assert first is not None
    await asyncio.to_thread(first.close)
    await until(lambda: fleet.keeper() not in (None, first))
    await asyncio.to_thread(first.launch)
    await asyncio.to_thread(first.await_address)


async def test_who_has_a_prescription_open_at_one_is_seen_at_the_other(
    fleet: Fleet, both: tuple[Through, Through]
) -> None:
    """Also by a process that was not listening when it was opened."""
    one, another = both
    pharmacy = one.place()
    ndiaye, gomis = one.pharmacist(pharmacy), one.pharmacist(pharmacy, "Gomis")
    awa, diop = one.patient(), one.doctor()
    medicine = {"dci": "paracétamol", "form": "comprimé", "strength": "500 mg", "unit": "comprimé", "schedule": "none"}
    await one.act(one.admin(), "/formulary", **medicine)
    await one.grant(diop, awa)
    prescription_id = await one.prescribe(diop, awa, pharmacy)
    await one.listening(ndiaye, "/events")
    theirs = await another.listening(gomis, "/events")

    async def told() -> str:
        while (event := await theirs.event()).type != "colleagues":
            pass
        return event.data

    async def open_at_one() -> None:
        page = await one.browse(ndiaye, "GET", f"/prescriptions/{prescription_id}", accept="text/html")
        assert page.status_code == 200

    await open_at_one()
    assert f'data-of="p{prescription_id}"' in await told()
    left = await another.browse(ndiaye, "POST", f"/prescriptions/{prescription_id}/closing")
    assert left.status_code == 204
    assert "data-of" not in await told()

    assert fleet.cut("fadjma listens") == 2
    await open_at_one()
    assert f'data-of="p{prescription_id}"' in await told()


async def test_what_is_no_saying_of_ours_keeps_no_news_back(fleet: Fleet, both: tuple[Through, Through]) -> None:
    """As of another version of the program, beside this one for the minutes of a rolling restart."""
    one, _ = both
    awa, diop = one.patient(), one.doctor()
    streams = [await clinic.listening(awa) for clinic in both]
    for said in ('{"opened": ["s", "p", 0, "much", "more", "than", "a", "person"]}', "{", '{"new": 1}', "", " "):
        one.store.rows("SELECT pg_notify('fadjma', ?)", f"other {said}")
    await one.events(diop, awa, 2)
    for stream in streams:
        assert [event.seq for event in await stream.news(2)] == [1, 2]
    assert fleet.log.count("was not understood") == 2 * 2
