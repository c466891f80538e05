"""Where the demo's plan is acted out: each act is the real action, in a transaction whose clock stands at its moment.

Things are called by the name that the plan gives them; `ids` has what they became.
"""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, time, timedelta

from fadjma import rules
from fadjma.access import actions as access
from fadjma.access import states, tracing
from fadjma.access.states import Scope
from fadjma.accounts import actions as accounts
from fadjma.accounts import queries as account_queries
from fadjma.days import day, zone
from fadjma.demo.calendar import DAY
from fadjma.demo.medicines import MEDICINES
from fadjma.demo.people import Person, Place, Practitioner
from fadjma.events import inbox
from fadjma.identity import slips
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.people import Role, Viewer
from fadjma.ids import new_id
from fadjma.inventory import actions as inventory
from fadjma.inventory import lots
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import dispensing, handover, replacing, setbacks
from fadjma.prescriptions import queries as reading
from fadjma.prescriptions.actions import NewLine
from fadjma.records import actions as records
from fadjma.records import measuring, noting, recalling, structuring
from fadjma.records.allergies import Facts
from fadjma.records.vaccinations import Vaccination
from fadjma.refusals import NotFound
from fadjma.safety import proposals, sheet, signing
from fadjma.store import Transaction

_KEY = b"hand-over codes of the past"  # made and tried here: nobody keeps them
_ALL = 1_000
_ADMIN = "admin"
_SHOWN = "Signature de démonstration, sans valeur : à remplacer par la source officielle"


class Stage:
    """The people, places and things of the demo as they come into being. Its methods are the verbs of the plan."""

    def __init__(self, tx: Transaction, password_hash: str) -> None:
        self.tx = tx
        self.now = tx.now
        self.ids: dict[str, str] = {}
        self._people: dict[str, Viewer] = {}
        self._password_hash = password_hash
        self._due: list[tuple[int, int, Callable[[Transaction, int], int]]] = []
        self._numbers = itertools.count()

    def play(self, at: int, do: Callable[["Stage"], object]) -> None:
        """Do one act at its time, after what time itself had done by then. Nobody is connected: nobody is announced."""
        while self._due and self._due[0][0] <= at:
            self.tx.now, _, end = heapq.heappop(self._due)
            end(self.tx, _ALL)
            self.tx.finish()
        self.tx.now = at
        do(self)
        self.tx.finish()
        self.tx.announced.clear()

    def close(self) -> None:
        """Let time pass until now."""
        self.play(self.now, lambda stage: recalling.follow(stage.tx, _ALL))

    # Places and people

    def open_places(self, places: Sequence[Place]) -> None:
        """Clinics and pharmacies, and the list of medicines: nobody's act in the program."""
        for place in places:
            self.ids[place.key] = new_id()
        for medicine in MEDICINES:
            self.ids[medicine.key] = new_id()
        self.tx.execute_many(
            "INSERT INTO organizations (id, kind, name, address, city, phone)"
            " VALUES (:id, :kind, :name, :address, :city, :phone)",
            [asdict(place) | {"id": self.ids[place.key]} for place in places],
        )
        self.tx.execute_many(
            "INSERT INTO medicines (id, dci, form, strength, unit, atc, schedule, name_key, search_key)"
            " VALUES (:id, :dci, :form, :strength, :unit, :atc, :schedule, :name_key, :search_key)",
            [
                asdict(one) | {"id": self.ids[one.key], "name_key": one.name_key, "search_key": one.search_key}
                for one in MEDICINES
            ],
        )

    def hire_admin(self, email: str, phone: str, given_name: str, family_name: str) -> None:
        person = self._new_person(given_name, family_name, email, phone)
        self._enter(_ADMIN, "admin", person, accounts.create_admin(self.tx, person))

    def register_practitioner(self, person: Practitioner, phone: str, place: Place) -> None:
        role: Role = "doctor" if person.role == "doctor" else "pharmacist"
        new = self._new_person(person.given_name, person.family_name, f"{person.key}@demo.fadjma", phone)
        account_id = accounts.register_practitioner(
            self.tx,
            new,
            role,
            licence_number=person.licence,
            specialty=person.specialty,
            organization_id=self.ids[person.place],
        )
        self._enter(person.key, role, new, account_id, self.ids[person.place], place.name)

    def make_account(self, person: Practitioner, role: Role, phone: str, place: Place) -> None:
        """By the admin; whose it is chooses a password with the code of the slip."""
        email = f"{person.key}@demo.fadjma"
        account_id = accounts.create_account(
            self.tx,
            self._people[_ADMIN],
            replace(self._new_person(person.given_name, person.family_name, email, phone), password_hash=""),
            role,
            licence_number=None,
            specialty=None,
            profession=None,
            organization_id=self.ids[person.place],
            key=_KEY,
        )
        slip = slips.open_for(self.tx, account_id)
        assert slip
        chooser = account_queries.chooser(self.tx, slips.hash_of(_KEY, slips.code_of(_KEY, slip.id)))
        assert chooser
        accounts.activate(self.tx, chooser, password_hash=self._password_hash, submission=None, address="")

    def verify(self, key: str) -> None:
        accounts.verify(self.tx, self._people[_ADMIN], self.ids[key])

    def register_patient(self, key: str, person: Person) -> None:
        """With the pharmacy, which patients choose for themselves later."""
        new = self._new_person(person.given_name, person.family_name, person.email, person.phone)
        birth_date = day(self.now) - timedelta(days=int(person.age * 365.25))
        patient_id = accounts.register_patient(
            self.tx, new, birth_date=birth_date.isoformat(), sex=person.sex, city=person.city
        )
        self.tx.execute(
            "UPDATE patients SET pharmacy_id = :pharmacy WHERE user_id = :id",
            {"pharmacy": self.ids[person.pharmacy], "id": patient_id},
        )
        self._enter(key, "patient", new, patient_id)

    def read_notifications(self, key: str) -> None:
        reader = self._people[key]
        inbox.read_up_to(self.tx, reader, inbox.cursor(self.tx, reader.id))

    # Rights

    def ask(self, request: str, doctor: str, patient: str, *, reason: str, scope: Scope) -> None:
        self.ids[request] = access.ask(
            self.tx, self._people[doctor], patient_id=self.ids[patient], reason=reason, scope=scope
        )
        self._later(self.tx.now + states.LAPSES_AFTER, access.lapse)

    def approve(self, request: str, patient: str, *, days: int) -> None:
        access.approve(self.tx, self._people[patient], self.ids[request], scope="full", duration=days * DAY)
        self._later(self.tx.now + days * DAY, access.expire)

    def reject(self, request: str, patient: str, *, reason: str) -> None:
        access.reject(self.tx, self._people[patient], self.ids[request], reason=reason or None)

    def revoke(self, request: str, patient: str, *, reason: str) -> None:
        access.revoke(self.tx, self._people[patient], self.ids[request], reason=reason or None)

    def withdraw(self, request: str, doctor: str) -> None:
        access.withdraw(self.tx, self._people[doctor], self.ids[request])

    def open_in_emergency(self, doctor: str, patient: str, *, code: str, reason: str) -> None:
        access.open_emergency(self.tx, self._people[doctor], patient_id=self.ids[patient], reason=reason, code=code)
        self._later(self.tx.now + states.EMERGENCY_FOR, access.expire)

    # Records

    def open_file(self, doctor: str, patient: str) -> None:
        """Whether or not the doctor may."""
        try:
            records.open_file(self.tx, self._people[doctor], self.ids[patient])
        except NotFound as refusal:
            assert refusal.tried
            tracing.trace_try(self.tx, self._people[doctor], refusal.tried, True)

    def open_record(self, record: str, doctor: str) -> None:
        records.open_record(self.tx, self._people[doctor], self.ids[record])

    def write(self, record: str, doctor: str, patient: str, *, type: str, title: str, body: str) -> None:
        self.ids[record] = records.create(
            self.tx,
            self._people[doctor],
            self.ids[patient],
            type=type,
            title=title,
            body=body,
            occurred_on=day(self.tx.now).isoformat(),
        )

    def note_allergy(self, record: str, doctor: str, patient: str, *, facts: Facts) -> None:
        self.ids[record] = noting.note(self.tx, self._people[doctor], self.ids[patient], facts=facts)

    def state_no_allergy(self, doctor: str, patient: str) -> None:
        noting.state_none_known(self.tx, self._people[doctor], self.ids[patient])

    def vaccinate(self, record: str, doctor: str, patient: str, *, facts: Vaccination) -> None:
        self.ids[record] = structuring.vaccinate(
            self.tx, self._people[doctor], self.ids[patient], facts=facts, occurred_on=day(self.tx.now).isoformat()
        )

    def sign_schedule(self, doctor: str) -> None:
        """The proposal that comes with the program, as a schedule that says wherever it stands that it is for show."""
        table = sheet.read(proposals.SENEGAL.read_bytes(), "vaccine", date.max)
        assert not table.errors
        rows = [replace(facts, source=_SHOWN) for facts in table.lines.values()]
        signing.sign(self.tx, self._people[doctor], signing.put(self.tx, self._people[doctor], rows))

    def amend(self, record: str, doctor: str, *, title: str, body: str, reason: str) -> None:
        records.amend(self.tx, self._people[doctor], self.ids[record], version=1, title=title, body=body, reason=reason)

    def mark_record_error(self, record: str, doctor: str, *, reason: str) -> None:
        records.mark_error(self.tx, self._people[doctor], self.ids[record], reason=reason)

    def weigh(self, doctor: str, patient: str, *, kg: int) -> None:
        measuring.measure(
            self.tx,
            self._people[doctor],
            self.ids[patient],
            code="body_weight",
            value=kg * 1000,
            measured_on=day(self.tx.now).isoformat(),
        )

    # Prescriptions

    def issue(
        self,
        prescription: str,
        doctor: str,
        patient: str,
        *,
        lines: Sequence[NewLine],
        pharmacy: str | None,
        replaces: str | None,
    ) -> None:
        """`medicine_id` of the lines is the medicine's key."""
        self.ids[prescription] = prescriptions.issue(
            self.tx,
            self._people[doctor],
            self.ids[patient],
            lines=[
                NewLine(
                    self.ids[line.medicine_id],
                    line.dosage,
                    line.quantity,
                    line.duration_days,
                    line.substitution_reason,
                )
                for line in lines
            ],
            pharmacy_id=self.ids[pharmacy] if pharmacy else None,
            replaces_id=self.ids[replaces] if replaces else None,
        )
        self._later(self.tx.now + prescriptions.valid_for(), prescriptions.expire)

    def cancel(self, prescription: str, doctor: str, *, reason: str) -> None:
        prescriptions.cancel(self.tx, self._people[doctor], self.ids[prescription], reason=reason)

    def mark_prescription_error(self, prescription: str, doctor: str, *, reason: str) -> None:
        prescriptions.mark_error(self.tx, self._people[doctor], self.ids[prescription], reason=reason)

    def request_delivery(self, prescription: str, patient: str, *, address: str, phone: str) -> None:
        prescriptions.request_delivery(
            self.tx, self._people[patient], self.ids[prescription], address=address, phone=phone
        )

    def validate(self, prescription: str, pharmacist: str) -> None:
        """The pharmacist reads it, and takes it."""
        prescriptions.open_prescription(self.tx, self._people[pharmacist], self.ids[prescription])
        dispensing.validate(self.tx, self._people[pharmacist], self.ids[prescription])

    def hold(self, prescription: str, pharmacist: str, *, reason: str) -> None:
        dispensing.hold(self.tx, self._people[pharmacist], self.ids[prescription], reason=reason)

    def refuse(self, prescription: str, pharmacist: str, *, code: str, text: str) -> None:
        dispensing.refuse(self.tx, self._people[pharmacist], self.ids[prescription], code=code, text=text)

    def prepare(self, prescription: str, pharmacist: str) -> None:
        dispensing.prepare(self.tx, self._people[pharmacist], self.ids[prescription], confirmed=True)

    def mark_ready(self, prescription: str, pharmacist: str) -> None:
        dispensing.mark_ready(self.tx, self._people[pharmacist], self.ids[prescription])

    def depart(self, prescription: str, pharmacist: str) -> None:
        dispensing.depart(self.tx, self._people[pharmacist], self.ids[prescription])

    def deliver(self, prescription: str, pharmacist: str) -> None:
        """With the patient's code."""
        prescription_id = self.ids[prescription]
        code = handover.code(_KEY, prescription_id, 1)
        dispensing.deliver(self.tx, self._people[pharmacist], prescription_id, key=_KEY, code=code)

    def deliver_part(self, prescription: str, pharmacist: str, *, given: Sequence[int]) -> None:
        """With the patient's code, so much of each line."""
        prescription_id = self.ids[prescription]
        lines = reading.lines(self.tx, prescription_id)
        dispensing.deliver(
            self.tx,
            self._people[pharmacist],
            prescription_id,
            key=_KEY,
            code=handover.code(_KEY, prescription_id, 1),
            parts=[dispensing.Part(line.id, quantity) for line, quantity in zip(lines, given, strict=True)],
        )

    def end_line(self, prescription: str, doctor: str, *, line: int, reason: str) -> None:
        """One that the pharmacy cannot supply, by its place."""
        prescription_id = self.ids[prescription]
        line_id = reading.lines(self.tx, prescription_id)[line].id
        replacing.end_line(self.tx, self._people[doctor], prescription_id, line_id=line_id, reason=reason)

    def cannot_supply(self, prescription: str, pharmacist: str, *, line: int, code: str, text: str) -> None:
        """One of its lines, by its place."""
        prescription_id = self.ids[prescription]
        line_id = reading.lines(self.tx, prescription_id)[line].id
        setbacks.cannot_supply(
            self.tx, self._people[pharmacist], prescription_id, line_id=line_id, code=code, text=text
        )

    # Stock

    def receive(self, lot: str, pharmacist: str, *, medicine: str, number: str, expires_in: int, quantity: int) -> None:
        """`expires_in` in days from now."""
        expires_on = day(self.now) + timedelta(days=expires_in)
        self.ids[lot] = inventory.receive(
            self.tx,
            self._people[pharmacist],
            medicine_id=self.ids[medicine],
            number=number,
            expires_on=expires_on.isoformat(),
            quantity=quantity,
        )
        self._later(_midnight(expires_on - timedelta(days=rules.current().expiry_days)), inventory.warn_expiring)

    def set_threshold(self, lot: str, threshold: int) -> None:
        """Of the lot's product; nobody can enter it in the program yet."""
        self.tx.execute(
            "UPDATE products SET threshold = :threshold WHERE id = (SELECT product_id FROM lots WHERE id = :lot)",
            {"threshold": threshold, "lot": self.ids[lot]},
        )

    def count(self, lot: str, pharmacist: str, *, left: int, reason: str) -> None:
        """Of a lot there is `left`, besides what is kept for prescriptions."""
        viewer = self._people[pharmacist]
        found = lots.lot(self.tx, viewer, self.ids[lot])
        if found.on_hand != found.reserved + left:
            inventory.adjust(
                self.tx,
                viewer,
                found.id,
                on_hand=found.reserved + left,
                version=found.version,
                reason=reason,
            )

    def _new_person(self, given_name: str, family_name: str, email: str | None, phone: str) -> NewPerson:
        return NewPerson(
            given_name=given_name,
            family_name=family_name,
            email=email,
            phone=phone,
            password_hash=self._password_hash,
        )

    def _enter(
        self,
        key: str,
        role: Role,
        person: NewPerson,
        id: str,
        organization_id: str | None = None,
        organization: str | None = None,
    ) -> None:
        self.ids[key] = id
        self._people[key] = Viewer(
            id,
            role,
            person.given_name,
            person.family_name,
            "fr",
            organization_id,
            organization,
            "",
            self.tx.now,
            profession="physician" if role == "doctor" else None,
        )

    def _later(self, at: int, end: Callable[[Transaction, int], int]) -> None:
        if at <= self.now:
            heapq.heappush(self._due, (at, next(self._numbers), end))


def _midnight(of: date) -> int:
    return int(datetime.combine(of, time(), zone()).timestamp() * 1000)
