"""One patient's year: what was written in their file, who read it, what they were told of it."""

import json
from dataclasses import dataclass
from datetime import timedelta

from fadjma.demo.people import Person
from fadjma.demo.world import DAY, MINUTE, Doctor, World, day_of
from fadjma.events import EventType, Subject
from fadjma.ids import new_id


@dataclass(frozen=True, slots=True)
class Grant:
    """A doctor's right to read and write, from `since` until `until`."""

    request_id: str
    doctor: Doctor
    since: int
    until: int


class Story:
    """A patient and what happens to them. One doctor's acts must come in order of time; `close` ends it."""

    def __init__(self, world: World, person: Person, identifier: str) -> None:
        self.world = world
        self.person = person
        self.id = new_id()
        self.grants: list[Grant] = []
        self.pharmacy = world.pharmacies[person.pharmacy]
        self._news: list[tuple[int, EventType, str | None, Subject]] = []
        self._records: list[str] = []
        self._readings: set[tuple[str, int]] = set()
        age_days = int(person.age * 365.25)
        world.batch.add(
            "users",
            id=self.id,
            role="patient",
            status="active",
            email=person.email,
            phone=person.phone,
            password_hash=world.password_hash,
            given_name=person.given_name,
            family_name=person.family_name,
            language="fr",
            created_at=world.now - min(365 + world.rng.randint(10, 30), age_days) * DAY,
            verified_at=None,
            verified_by=None,
        )
        world.batch.add(
            "patients",
            user_id=self.id,
            identifier=identifier,
            birth_date=(day_of(world.now) - timedelta(days=age_days)).isoformat(),
            sex=person.sex,
            city=person.city,
            weight_kg=person.weight_kg,
            pharmacy_id=self.pharmacy.id,
        )

    def close(self) -> None:
        """Number what the patient was told, in order of time."""
        self._news.sort(key=lambda told: told[0])
        for seq, (at, type, message, subject) in enumerate(self._news, 1):
            self.world.batch.add(
                "notifications",
                user_id=self.id,
                seq=seq,
                type=type,
                message=message,
                subject_kind=subject.kind,
                subject_id=subject.id,
                created_at=at,
                read_at=self.world.read_at(at),
            )
        self.world.batch.add("inboxes", user_id=self.id, last_seq=len(self._news))

    def tell(self, at: int, type: EventType, message: str | None, subject: Subject) -> None:
        """Notify the patient."""
        self._news.append((at, type, message, subject))

    def trace(
        self,
        at: int,
        actor_id: str | None,
        action: str,
        subject: Subject,
        *,
        place: str = "",
        grant: Grant | None = None,
        outcome: str = "success",
    ) -> None:
        """One audit event about this patient; `grant` is the ground on which the actor read or wrote."""
        detail = {"place": place} if place else {}
        self.world.batch.add(
            "audit_events",
            id=new_id(),
            at=at,
            actor_id=actor_id,
            action=action,
            subject_kind=subject.kind,
            subject_id=subject.id,
            patient_id=self.id,
            outcome=outcome,
            ground=grant.request_id if grant else None,
            detail=json.dumps(detail, ensure_ascii=False),
        )

    def read_file(self, grant: Grant, at: int) -> None:
        """The doctor opens the file and perhaps a record; the first time of a day the patient is told."""
        doctor, file = grant.doctor, Subject("patient", self.id)
        self.trace(at, doctor.id, "file.read", file, place=doctor.place, grant=grant)
        if self._records and self.world.rng.random() < 0.6:
            record = Subject("record", self.world.rng.choice(self._records[-6:]))
            self.trace(at + MINUTE, doctor.id, "record.read", record, place=doctor.place, grant=grant)
        days_ago = (self.world.now - at) // DAY
        if (doctor.id, days_ago) not in self._readings:
            self._readings.add((doctor.id, days_ago))
            self.tell(at, "notification", "record.read", file)

    def write(
        self,
        grant: Grant,
        type: str,
        title: str,
        body: str,
        at: int,
        *,
        correction: tuple[str, str] | None = None,
        misplaced: str = "",
    ) -> None:
        """A record; `correction`: why it was corrected, what it says since; `misplaced`: why it is hidden."""
        record_id = new_id()
        versions: list[tuple[int, str, str | None]] = [(at, body, None)]
        if correction is not None:
            versions.append((at + 35 * MINUTE, correction[1], correction[0]))
        if misplaced:
            versions.append((at + 20 * MINUTE, body, misplaced))
        else:
            self._records.append(record_id)
        self.world.batch.add(
            "records",
            id=record_id,
            patient_id=self.id,
            type=type,
            author_id=grant.doctor.id,
            status="entered_in_error" if misplaced else "current",
            occurred_on=day_of(at).isoformat(),
            created_at=at,
            version=len(versions),
        )
        for version, (written_at, body_then, reason) in enumerate(versions, 1):
            self.world.batch.add(
                "record_versions",
                record_id=record_id,
                version=version,
                author_id=grant.doctor.id,
                title=title,
                body=body_then,
                reason=reason,
                created_at=written_at,
            )
            self._written(grant, Subject("record", record_id), "created" if version == 1 else "amended", written_at)

    def _written(self, grant: Grant, record: Subject, act: str, at: int) -> None:
        doctor = grant.doctor
        self.trace(at, doctor.id, f"record.{act}", record, place=doctor.place, grant=grant)
        self.tell(at, "medical_record_updated", f"record.{act}", record)
        for other in self.grants:
            if other.doctor is not doctor and other.since <= at < other.until:
                self.world.tell(other.doctor.id, at, "medical_record_updated", "record.shared", record)
