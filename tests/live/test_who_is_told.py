"""Nothing to the wrong person, and nothing about the sick in what is told."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from event_stream import Event, Stream
from live_people import Clinic, Person

from fadjma.events.catalogue import MESSAGES
from fadjma.i18n import unbroken

TITLE, REASON = "Drépanocytose", "Posologie dangereuse pour le rein"


@dataclass(frozen=True)
class Story:
    """Everybody of one story, and those whom it does not concern."""

    awa: Person
    diop: Person
    ndiaye: Person
    gomis: Person
    moussa: Person
    sarr: Person
    fall: Person
    admin: Person

    @property
    def strangers(self) -> list[Person]:
        return [self.moussa, self.sarr, self.fall, self.admin]


@pytest.fixture
def story(clinic: Clinic) -> Story:
    jamm, kadd = clinic.place(), clinic.place()
    return Story(
        clinic.patient("Ndeye Awa", "Kantoussan"),
        clinic.doctor("Diopkantang"),
        clinic.pharmacist(jamm),
        clinic.pharmacist(jamm, "Gomis"),
        clinic.patient("Moussa", "Diouf"),
        clinic.doctor("Sarr"),
        clinic.pharmacist(kadd, "Fall"),
        clinic.admin(),
    )


async def _live_through(clinic: Clinic, story: Story) -> None:
    """A grant, a record and its correction, two prescriptions to one pharmacy, the end of the grant."""
    request_id = await clinic.grant(story.diop, story.awa)
    record_id = await clinic.write_record(story.diop, story.awa, TITLE)
    await clinic.act(
        story.diop, f"/records/{record_id}/versions", version=1, title=TITLE, body="Crise.", reason="Précision"
    )
    refused = await clinic.prescribe(story.diop, story.awa, story.ndiaye.place)
    await clinic.act(story.ndiaye, f"/prescriptions/{refused}/validation")
    await clinic.act(story.ndiaye, f"/prescriptions/{refused}/refusal", code="dose", text=REASON)
    lot = {"number": "L1", "expires_on": (datetime.now(UTC) + timedelta(days=365)).date().isoformat(), "quantity": 50}
    await clinic.act(story.ndiaye, "/inventory/lots", medicine_id=clinic.medicine()[0], **lot)
    made = await clinic.prescribe(story.diop, story.awa, story.ndiaye.place)
    for act in ("validation", "preparation", "readiness"):
        await clinic.act(story.ndiaye, f"/prescriptions/{made}/{act}")
    await clinic.act(story.awa, f"/access-requests/{request_id}/revocation")


async def _everything(clinic: Clinic, stream: Stream, person: Person) -> list[Event]:
    sql = "SELECT last_seq FROM inboxes WHERE user_id = ?"
    return await stream.news(clinic.store.value(sql, person.id))


async def _told(clinic: Clinic, stream: Stream, person: Person) -> list[str]:
    """What a program is told until now, as keys of the catalogue."""
    keys = {unbroken(text): key for key, text in MESSAGES.items()}
    told = [event.json["message"] for event in await _everything(clinic, stream, person)]
    return [keys[text] for text in told if text]


async def test_a_whole_story_reaches_its_people_and_nobody_else(clinic: Clinic, story: Story) -> None:
    paths = ("/events", "/api/events")
    strangers = [await clinic.listening(one, path) for one in story.strangers for path in paths]
    awa, diop, ndiaye = [await clinic.listening(one) for one in (story.awa, story.diop, story.ndiaye)]
    await _live_through(clinic, story)
    assert await _told(clinic, awa, story.awa) == [
        "access.requested",
        "record.created",
        "record.amended",
        "prescription.issued",
        "prescription.validated",
        "prescription.refused",
        "prescription.issued",
        "prescription.validated",
        "prescription.prepared",
        "prescription.ready",
    ]
    assert await _told(clinic, diop, story.diop) == ["access.approved", "prescription.refused", "access.revoked"]
    assert len(await _everything(clinic, ndiaye, story.ndiaye)) > 5
    await asyncio.gather(*(stream.silence(0.3) for stream in strangers))


async def test_what_is_told_names_no_person_no_medicine_and_no_illness(clinic: Clinic, story: Story) -> None:
    concerned = (story.awa, story.diop, story.ndiaye, story.gomis)
    html = [await clinic.listening(one, "/events") for one in concerned]
    json = [await clinic.listening(one) for one in concerned]
    await _live_through(clinic, story)
    toasts = 0
    medicine = clinic.medicine()[1]
    secrets = re.compile("|".join(["Kantoussan", "Ndeye", "Diopkantang", TITLE, "rein", "Posologie", medicine]), re.I)
    for person, pages, program in zip(concerned, html, json, strict=True):
        for event in await _everything(clinic, pages, person):
            for toast in re.findall("<a class=toast .*?</a>", event.data, re.S):
                toasts += 1
                if "href=/inventory/products/" not in toast:  # of a pharmacy's own stock, which says the product
                    assert not secrets.search(toast), toast
        await _everything(clinic, program, person)
        assert not secrets.search(program.raw.decode()), program.raw
    assert toasts > 10
    # The words are there to be found: in the rows, for those who may see them.
    assert b"Kantoussan" in html[1].raw and TITLE.encode() in html[0].raw


async def test_the_actor_hears_nothing_but_their_other_tab_follows(clinic: Clinic, story: Story) -> None:
    tab, program = await clinic.listening(story.diop, "/events"), await clinic.listening(story.diop)
    request_id = await clinic.ask(story.diop, story.awa)
    (shown,), (told,) = await tab.news(1), await program.news(1)
    assert told.json["message"] is None and told.json["subject"]["id"] == request_id
    assert "toast" not in shown.data and f"<li id=a{request_id} " in shown.data


async def test_an_announcement_reaches_open_streams_at_once(own_clinic: Clinic) -> None:
    """On a server of its own: the idle streams of the other one are a patient's, and must stay silent."""
    clinic, awa = own_clinic, own_clinic.patient()
    page, program = await clinic.listening(awa, "/events"), await clinic.listening(awa)
    doctor = await clinic.listening(clinic.doctor())
    said = {"audience": "patients", "title": "Vaccination", "body": "Samedi matin, sans rendez-vous."}
    announcement_id = await clinic.act(clinic.admin(), "/announcements", **said)
    # Sooner than the timekeeper's next round, which is a minute after the one with which the server began.
    (shown,), (told,) = await page.news(1, within=20), await program.news(1, within=20)
    assert told.json["subject"] == {"kind": "announcement", "id": announcement_id}
    assert told.json["message"] == MESSAGES["announcement.published"]
    assert f"/announcements/{announcement_id}" in shown.data and "Vaccination" in shown.data
    await doctor.silence()


async def test_reading_the_inbox_on_one_device_clears_the_others(clinic: Clinic, story: Story) -> None:
    await clinic.ask(story.diop, story.awa)
    tab = await clinic.listening(story.awa, "/events", after=1)
    await clinic.act(story.awa, "/notifications/read", up_to=1)
    (followed,) = await tab.news(1)
    assert followed.type == "notification" and re.search(r'id="unread"[^>]* hidden>0<', followed.data)


class TestAnOpenPrescription:
    async def test_is_neutral_until_it_is_claimed(self, clinic: Clinic, story: Story) -> None:
        streams = [await clinic.listening(one, "/events") for one in (story.ndiaye, story.gomis, story.fall)]
        await clinic.grant(story.diop, story.awa)
        prescription_id = await clinic.prescribe(story.diop, story.awa)
        medicine = clinic.medicine()[1]
        for stream in streams:
            (offered,) = await stream.news(1)
            assert "Nouvelle ordonnance à valider" in offered.data
            assert f"<li id=p{prescription_id} data-into=now>" in offered.data
            for word in ("Kantoussan", "Ndeye", "FJ-", "Diopkantang", medicine):
                assert word not in offered.data

    async def test_then_it_is_theirs_and_gone_for_the_others(self, clinic: Clinic, story: Story) -> None:
        await clinic.grant(story.diop, story.awa)
        prescription_id = await clinic.prescribe(story.diop, story.awa)
        people = (story.ndiaye, story.gomis, story.fall)
        ndiaye, gomis, fall = [await clinic.listening(one, "/events") for one in people]
        program = await clinic.listening(story.fall)
        await clinic.act(story.ndiaye, f"/prescriptions/{prescription_id}/validation")
        (theirs,) = await ndiaye.news(1)
        assert "Ndeye Awa Kantoussan" in theirs.data and "toast" not in theirs.data
        (colleagues,) = await gomis.news(1)  # the page asks for it, and the patient's trace says so
        assert (
            "Ndeye Awa Kantoussan" not in colleagues.data and f"/prescriptions/{prescription_id}/row" in colleagues.data
        )
        (gone,) = await fall.news(1)
        assert gone.data == f"<li id=p{prescription_id} data-gone>"
        assert (await program.news(1))[0].json["message"] is None

    async def test_what_happens_to_it_afterwards_is_nobody_elses(self, clinic: Clinic, story: Story) -> None:
        await clinic.grant(story.diop, story.awa)
        prescription_id = await clinic.prescribe(story.diop, story.awa)
        await clinic.act(story.ndiaye, f"/prescriptions/{prescription_id}/validation")
        fall = await clinic.listening(story.fall, "/events")
        await clinic.act(story.ndiaye, f"/prescriptions/{prescription_id}/hold", reason="Rupture")
        await fall.silence()

    async def test_given_back_it_is_neutral_again(self, clinic: Clinic, story: Story) -> None:
        await clinic.grant(story.diop, story.awa)
        prescription_id = await clinic.prescribe(story.diop, story.awa)
        await clinic.act(story.ndiaye, f"/prescriptions/{prescription_id}/validation")
        fall = await clinic.listening(story.fall, "/events")
        await clinic.act(story.ndiaye, f"/prescriptions/{prescription_id}/release", reason="Rupture de stock")
        (offered,) = await fall.news(1)
        assert f"<li id=p{prescription_id} data-into=now>" in offered.data and "Kantoussan" not in offered.data


class TestARightThatHasEnded:
    async def test_is_told_to_the_doctors_open_stream(self, clinic: Clinic, story: Story) -> None:
        request_id = await clinic.grant(story.diop, story.awa)
        page, program = await clinic.listening(story.diop, "/events"), await clinic.listening(story.diop)
        await clinic.act(story.awa, f"/access-requests/{request_id}/revocation")
        (shown,), (told,) = await page.news(1, within=2), await program.news(1, within=2)
        assert shown.type == told.type == "access_request_status_changed"
        assert told.json["subject"] == {"kind": "access_request", "id": request_id}
        assert "Révoqué" in shown.data and f"/patients/{story.awa.id}/records" not in shown.data

    async def test_takes_back_what_was_not_yet_delivered(self, clinic: Clinic, story: Story) -> None:
        """A late event never shows what may no longer be seen: the row is read when it is sent."""
        await clinic.grant(story.sarr, story.awa)
        request_id = await clinic.grant(story.diop, story.awa)
        record_id = await clinic.write_record(story.sarr, story.awa, TITLE)
        await clinic.act(story.awa, f"/access-requests/{request_id}/revocation")
        late = await clinic.stream(story.diop, "/events", after=2)
        shared, revoked = await late.news(2)
        assert shared.type == "medical_record_updated" and f"<li id=r{record_id} data-gone>" in shared.data
        assert TITLE not in shared.data and "Révoqué" in revoked.data
        polled = await clinic.poll(story.diop, 2, Accept="text/event-stream")
        assert TITLE not in polled.text and "data-gone" in polled.text

    async def test_is_no_longer_used_for_what_comes_after(self, clinic: Clinic, story: Story) -> None:
        await clinic.grant(story.sarr, story.awa)
        request_id = await clinic.grant(story.diop, story.awa)
        await clinic.act(story.awa, f"/access-requests/{request_id}/revocation")
        diop = await clinic.listening(story.diop, "/events")
        await clinic.write_record(story.sarr, story.awa, TITLE)
        await diop.silence()
