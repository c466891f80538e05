"""Why a stream ends, said within 2 s of the change; and what goes on."""

import asyncio
import time
from collections.abc import Callable

from live_people import Clinic, Person

from fadjma.identity import passwords
from fadjma.store import Transaction

Change = Callable[[Transaction, Person], object]
WITHIN = 2.0  # seconds (docs/decisions/11-rights-when-used.md)


def _set(assignment: str, table: str = "sessions", whose: str = "user_id") -> Change:
    return lambda tx, person: tx.execute(
        f"UPDATE {table} SET {assignment} WHERE {whose} = :id", {"now": tx.now, "id": person.id}
    )


async def test_signing_out_ends_that_session_and_no_other(clinic: Clinic) -> None:
    awa, diop = clinic.patient(), clinic.doctor()
    phone = clinic.session(awa.id)
    page, program = await clinic.listening(awa, "/events"), await clinic.listening(awa)
    other = await clinic.listening(phone, "/events")
    await clinic.post(awa, "/sign-out")
    assert await page.bye(WITHIN) == await program.bye(WITHIN) == "signed_out"
    await clinic.ask(diop, awa)
    assert [event.seq for event in await other.news(1)] == [1]


async def test_a_session_is_ended_from_another_device(clinic: Clinic) -> None:
    awa = clinic.patient()
    lost = clinic.session(awa.id)
    stream = await clinic.listening(lost)
    await clinic.post(awa, f"/sessions/{lost.id}/end")
    assert await stream.bye(WITHIN) == "signed_out"


async def test_a_new_password_ends_the_streams_of_every_other_device(clinic: Clinic) -> None:
    awa = clinic.patient()
    lost, program = clinic.session(awa.id), clinic.session(awa.id, "token")
    here = await clinic.listening(awa)
    elsewhere = [await clinic.listening(lost, "/events"), await clinic.listening(program)]
    was = "une pirogue rentre à midi"
    stored = await passwords.hash_password(was)
    clinic.store.write(lambda tx: tx.execute("UPDATE users SET password_hash = ? WHERE id = ?", (stored, awa.id)))
    changed = await clinic.post(awa, "/password", password=was, new_password="deux pirogues rentrent")
    assert changed.status_code == 204
    assert [await stream.bye(WITHIN) for stream in elsewhere] == ["signed_out"] * 2
    assert [event.json["message"] for event in await here.news(1)] == ["Votre mot de passe a été changé"]


async def test_deactivation_ends_every_stream(clinic: Clinic) -> None:
    awa, admin = clinic.patient(), clinic.admin()
    streams = [await clinic.listening(who) for who in (awa, awa, clinic.session(awa.id))]
    await clinic.act(admin, f"/accounts/{awa.id}/deactivation")
    assert [await stream.bye(WITHIN) for stream in streams] == ["deactivated"] * 3
    assert (await clinic.stream(awa)).status == 401


ENDINGS: list[tuple[Change, str]] = [
    (_set("ended_at = :now, end_reason = 'signed_out'"), "signed_out"),
    (_set("ended_at = :now, end_reason = 'deactivated'"), "deactivated"),
    (_set("last_active_at = :now - 1800001"), "expired"),
    (_set("expires_at = :now"), "expired"),
    (_set("status = 'deactivated'", "users", "id"), "deactivated"),
]


async def test_what_another_process_has_ended_is_noticed(clinic: Clinic) -> None:
    people = [clinic.patient() for _ in ENDINGS]
    streams = [await clinic.listening(one, path) for one in people for path in ("/events", "/api/events")]
    bystander = await clinic.listening(clinic.patient("Moussa"))
    since = time.monotonic()
    for (change, _), person in zip(ENDINGS, people, strict=True):
        clinic.store.write(change, person)
    said = await asyncio.gather(*(stream.bye(WITHIN) for stream in streams))
    assert time.monotonic() - since < WITHIN
    assert said == [reason for _, reason in ENDINGS for _ in range(2)]
    await bystander.silence(0.05)


async def test_a_locked_screen_is_told_nothing_until_it_is_unlocked(clinic: Clinic) -> None:
    diop = clinic.doctor()
    stream = await clinic.listening(diop, "/events")
    await clinic.post(diop, "/lock")
    assert await stream.bye(WITHIN) == "locked"
    assert (await clinic.stream(diop, "/events")).status == 423


async def test_a_screen_that_nobody_has_touched_locks_by_itself(clinic: Clinic) -> None:
    diop = clinic.doctor()
    program = await clinic.listening(clinic.session(diop.id, "token"))
    stream = await clinic.listening(diop, "/events")
    clinic.store.write(_set("last_active_at = :now - 900000"), diop)
    assert await stream.bye(WITHIN) == "locked"
    await program.silence(0.05)


async def test_an_open_stream_is_not_activity(clinic: Clinic) -> None:
    """A machine left alone signs out although events keep coming and the page keeps polling."""
    awa, diop = clinic.patient(), clinic.doctor()
    before = clinic.store.value("SELECT last_active_at FROM sessions WHERE user_id = ?", awa.id)
    stream = await clinic.listening(awa)
    await clinic.events(diop, awa, 2)
    await stream.news(2)
    await clinic.poll(awa, 0)
    assert clinic.store.value("SELECT last_active_at FROM sessions WHERE user_id = ?", awa.id) == before


async def test_a_program_with_a_token_has_no_idle_time(clinic: Clinic) -> None:
    awa, diop = clinic.patient(), clinic.doctor()
    token = clinic.session(awa.id, "token")
    stream = await clinic.listening(token)
    clinic.store.write(_set("last_active_at = 0"), awa)
    await stream.silence(1.8)  # longer than the hub's look at the sessions
    await clinic.ask(diop, awa)
    assert [event.seq for event in await stream.news(1)] == [1]


async def test_what_another_process_has_written_arrives(clinic: Clinic) -> None:
    """`quart …` commands and imports are not heard; the stream finds what they wrote in the database."""
    awa, diop = clinic.patient(), clinic.doctor()
    stream = await clinic.listening(awa)
    await clinic.ask(diop, awa)
    await stream.news(1)

    def write(tx: Transaction) -> None:
        tx.execute("UPDATE inboxes SET last_seq = 2 WHERE user_id = :id", {"id": awa.id})
        tx.execute(
            "INSERT INTO notifications (user_id, seq, type, message, subject_kind, subject_id, created_at) "
            "VALUES (:id, 2, 'notification', 'record.read', 'patient', :id, :now)",
            {"id": awa.id, "now": tx.now},
        )

    clinic.store.write(write)
    assert [event.seq for event in await stream.news(1, within=2 * WITHIN)] == [2]


async def test_the_return_after_a_bye_is_spread(clinic: Clinic) -> None:
    retries = set()
    for _ in range(4):
        awa = clinic.patient()
        stream = await clinic.listening(awa)
        await clinic.post(awa, "/sign-out")
        await stream.bye(WITHIN)
        assert stream.parser.retry is not None
        retries.add(stream.parser.retry)
    assert len(retries) > 1
