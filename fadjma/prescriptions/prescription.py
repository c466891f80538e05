"""What a prescription is: its lines, what has happened to it, how it stands, and what its reader can do with it."""

from dataclasses import dataclass
from typing import Any, Literal

from fadjma import short_codes, writing
from fadjma.access.queries import AccessRequest
from fadjma.i18n import N_, iso, translate
from fadjma.identity import patient_pins
from fadjma.identity.directory import Identity
from fadjma.identity.people import Role, Viewer, role_name
from fadjma.inventory.put_aside import Lost, OfLot
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import posology, proving, states
from fadjma.prescriptions.posology import Posology
from fadjma.prescriptions.proving import By, Document
from fadjma.prescriptions.states import REFUSALS, SHORTAGES, STATES, STEPS, Condition, Place, Status, Step
from fadjma.records.allergies import Allergies
from fadjma.records.measurements import Measurement
from fadjma.safety.answers import Answer
from fadjma.store import paging

DELIVERIES = {  # of a delivery at home
    "asked": N_("Demandée"),
    "accepted": N_("Acceptée"),
    "declined": N_("Refusée"),
    "withdrawn": N_("Retirée"),
    "over": N_("Sans suite"),
}


@dataclass(frozen=True, slots=True)
class Shortage:
    """That a pharmacy cannot supply a line: since when, why (states.SHORTAGES), and in words, where there are any."""

    at: int
    code: str
    text: str
    pharmacy_id: str

    @property
    def label(self) -> str:
        return SHORTAGES[self.code]

    def json(self) -> dict[str, Any]:
        return {"at": iso(self.at), "code": self.code, "text": self.text}


@dataclass(frozen=True, slots=True)
class Ended:
    """That its prescriber has ended a line: nothing more is owed. `replaced_by`: the line in its place, if any."""

    at: int
    reason: str
    replaced_by: str | None

    def json(self) -> dict[str, Any]:
        return {"at": iso(self.at), "reason": self.reason or None, "replaced_by": self.replaced_by}


@dataclass(frozen=True, slots=True)
class Line:
    """One medicine of a prescription."""

    id: str
    medicine_id: str
    dci: str
    form: str
    strength: str
    unit: str
    dosage: str
    quantity: int
    duration_days: int
    substitution_reason: str | None
    renewals: int  # how many times it may be renewed, as its prescriber has written
    delivered: int
    shortage: Shortage | None = None  # that its pharmacy cannot supply what is owed of it
    ended: Ended | None = None
    replaces: str | None = None  # the line in whose place it is
    given_as: Medicine | None = None  # the equivalent that is put aside in its place
    equivalent: Medicine | None = None  # that its pharmacy has, where it has too little; None: not the reader's to know
    at_hand: int | None = None  # of what is owed, what its pharmacy can hand over now; None: not the reader's to know
    lots: tuple[OfLot, ...] = ()  # of which it is put aside, and can be handed over; for its pharmacy alone

    @property
    def remaining(self) -> int:
        """What of it has not been handed over, and is to be."""
        return 0 if self.ended else self.quantity - self.delivered

    @property
    def name(self) -> str:
        return f"{self.dci} {self.strength}, {self.form}"

    @property
    def counted(self) -> str:
        """How much of it is prescribed: « 20 comprimés »."""
        return posology.counted(self.quantity, self.unit)

    @property
    def posology(self) -> Posology | None:
        """The dosage as a structure, as far as all of it is understood."""
        return posology.read_for(self.dosage, self.unit, self.form)

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "medicine_id": self.medicine_id,
            "dci": self.dci,
            "form": self.form,
            "strength": self.strength,
            "dosage": self.dosage,
            "posology": self.posology.json() if self.posology else None,
            "quantity": self.quantity,
            "unit": self.unit,
            "duration_days": self.duration_days,
            "substitution_allowed": self.substitution_reason is None,
            "substitution_reason": self.substitution_reason,
            "renewals": self.renewals,
            "prescribed": self.quantity,
            "delivered": self.delivered,
            "remaining": self.remaining,
            "unsupplied": self.shortage.json() if self.shortage else None,
            "ended": self.ended.json() if self.ended else None,
            "replaces": self.replaces,
            "given_as": _named(self.given_as),
            **({"equivalent": _named(self.equivalent)} if self.equivalent else {}),
            **({} if self.at_hand is None else {"at_hand": self.at_hand}),
            **({"put_aside": [lot.json() for lot in self.lots]} if self.lots else {}),
        }


def _named(medicine: Medicine | None) -> dict[str, Any] | None:
    return {"medicine_id": medicine.id, "name": medicine.name} if medicine else None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """So much of one lot for one line. `lot` None: it is not known, or not the reader's to know.

    `given_as`: the equivalent that it was, in the place of what was prescribed.
    """

    line_id: str
    medicine: str
    quantity: int
    lot: str | None
    expires_on: str | None
    given_as: Medicine | None = None

    def json(self) -> dict[str, Any]:
        """`substitution` as of a FHIR MedicationDispense."""
        return {
            "line_id": self.line_id,
            "quantity": self.quantity,
            "lot": self.lot,
            "expires_on": self.expires_on,
            "given_as": _named(self.given_as),
            "substitution": {"was_substituted": self.given_as is not None},
        }


@dataclass(frozen=True, slots=True)
class Dispense:
    """One hand-over. To a pharmacist of another pharmacy `pharmacy`, `name` and `proof` are None."""

    id: str
    at: int
    pharmacy_id: str | None
    pharmacy: str | None
    name: str | None
    proof: By | None
    document: Document | None
    reason: str
    undone_at: int | None
    undo_reason: str | None
    lines: tuple[HandedOver, ...]

    def json(self) -> dict[str, Any]:
        """`status` as of a FHIR MedicationDispense."""
        return {
            "id": self.id,
            "status": "completed" if self.undone_at is None else "entered-in-error",
            "at": iso(self.at),
            "pharmacy": {"id": self.pharmacy_id, "name": self.pharmacy} if self.pharmacy_id else None,
            "by": self.name,
            "proof": self.proof,
            "identity": self.document.json() if self.document else None,
            "reason": self.reason,
            "lines": [line.json() for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class Act:
    """One step of a prescription's history. `name` None: time, or somebody of another pharmacy than the reader's."""

    at: int
    name: str | None
    by: str | None  # who did it for them
    role: Role | None
    from_status: Status | None
    to_status: Status
    reason: str
    place_id: str | None = None  # where who did it worked then

    @property
    def label(self) -> str:
        act = states.between(self.from_status, self.to_status, self.role, reasoned=bool(self.reason))
        return (act and act.history) or STATES[self.to_status].label

    @property
    def role_name(self) -> str:
        return role_name(self.role) if self.role else ""

    def reason_text(self, language: str) -> str:
        return reason_text(self.reason, language)

    def json(self) -> dict[str, Any]:
        known = {"at": iso(self.at), "by": self.name, "status": self.to_status, "reason": self.reason}
        return {**known, "done_by": self.by} if self.by else known


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where the patient wants it brought, and what the pharmacy has answered: `by` whom, None where nobody has yet."""

    address: str
    phone: str
    status: Literal["asked", "accepted", "declined", "withdrawn", "over"]  # over: nothing was brought, or will be
    asked_at: int
    answered_at: int | None
    by: str | None
    reason: str

    @property
    def label(self) -> str:
        return DELIVERIES[self.status]

    def json(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "phone": self.phone,
            "status": self.status,
            "asked_at": iso(self.asked_at),
            "answered_at": iso(self.answered_at) if self.answered_at else None,
            "by": self.by,
            "reason": self.reason or None,
        }


@dataclass(frozen=True, slots=True)
class Reached:
    """One of the five steps as the page draws it."""

    label: str
    at: int | None


class Coded:
    """What is known of a hand-over code without the code."""

    __slots__ = ()
    code_round: int
    code_failures: int
    code_printed_round: int | None  # of the code that stands on the patient's copy

    @property
    def is_code_locked(self) -> bool:
        """So many wrong ones were tried that it opens nothing any more."""
        return self.code_failures >= states.CODE_ATTEMPTS

    @property
    def is_code_on_paper(self) -> bool:
        """The patient's copy has it, and it is of use: nobody who has paper alone makes another."""
        return self.code_printed_round == self.code_round and not self.is_code_locked


@dataclass(frozen=True, slots=True)
class Standing(Coded):
    """Whose a prescription is and how it stands: what an act asks before it is done. `status` is what is true now."""

    id: str
    patient_id: str
    prescriber_id: str
    addressed_to: str | None
    pharmacy_id: str | None
    replaced_by: str | None
    status: Status
    issued_at: int
    code_round: int
    code_failures: int
    code_printed_round: int | None
    version: int
    awaited_at: int | None  # when its prescriber said that they wait for what could not be supplied


@dataclass(frozen=True, slots=True)
class Treatment:
    """A medicine that a patient was given, and has enough of until `until`."""

    prescription_id: str
    medicine: str
    dosage: str
    until: int

    @property
    def name(self) -> str:
        return writing.capitalized(self.medicine)


@dataclass(frozen=True, slots=True)
class Prescription(Coded):
    """One prescription; `status` is what is true now. Of a neutral one, patient and prescriber are not shown."""

    id: str
    patient_id: str
    patient: Identity | None
    prescriber_id: str
    prescriber_name: str
    prescriber_specialty: str
    prescriber_profession: str
    prescriber_place: str
    patient_gone: bool  # the file is closed: of whoever has died, left, or has another one
    prescriber_gone: bool  # the account is closed: nobody answers what is asked of this prescriber
    addressed_to: str | None
    pharmacy_id: str | None
    pharmacy: str | None
    replaces_id: str | None
    replaced_by: str | None
    status: Status
    status_reason: str
    issued_at: int
    valid_until: int
    updated_at: int
    code_round: int
    code_failures: int
    code_printed_round: int | None  # of the hand-over code that stands on its patient's copy
    version: int
    short_code: str | None  # what finds it at a counter, for those who may read it, as long as it is of use
    neutral: bool
    to_bring: bool  # for its pharmacy: the patient wants it brought, and it was not declined
    renewal_asked: bool  # for its patient and its prescriber, who has to answer
    renews_id: str | None  # which one it was signed to renew
    awaited_at: int | None  # when its prescriber said that they wait for what could not be supplied
    unsupplied: bool  # for its prescriber: its pharmacy cannot supply a line, and waits for what they do
    lacks: bool  # for its pharmacy: it was said of a line that it cannot be supplied
    medicines: tuple[str, ...] = ()  # in rows, what it is about; none of one that the viewer may not know
    lacking_medicines: tuple[str, ...] = ()  # those of them for which it is `unsupplied`, or that its pharmacy lacks
    lines: tuple[Line, ...] = ()
    acts: tuple[Act, ...] = ()
    dispenses: tuple[Dispense, ...] = ()
    grant: AccessRequest | None = None  # under which a doctor or nurse sees it, and the allergies and weight beside it
    allergies: Allergies | None = None  # None: not for the viewer
    weight: Measurement | None = None
    answers: tuple[Answer, ...] = ()  # to alerts, by its prescriber and its pharmacies
    earlier: tuple[str, ...] = ()  # the same medicines delivered in the last 7 days
    delivery: Delivery | None = None  # that the patient has asked for; None: not for the viewer
    has_code: bool = True  # somebody sees the hand-over code: False is said to the pharmacy that hands over alone
    pin: patient_pins.State = "none"  # of the patient's card: said to the pharmacy that hands over alone
    hidden: bool = False  # it was entered in error, perhaps for somebody else: what it said is not for this reader
    to_acknowledge: bool = False  # by the viewer's pharmacy: what it had prepared was ended
    unacknowledged: bool = False  # by any; `acknowledged_at`: when it was
    acknowledged_at: int | None = None
    perished: tuple[Lost, ...] = ()  # lots that are put aside for it and have expired, or are withheld
    undoable: bool = False  # by the pharmacy that has just handed it over: said to that one, and to the patient
    correctable: bool = False  # by the viewer: refused, not corrected yet, and the file still open to them

    @property
    def state(self) -> states.State:
        return STATES[self.status]

    def offered(self, viewer: Viewer) -> list[states.Act]:
        """What the viewer can do with it now, in the order of the page; of one in full alone.

        Where a patient waits to hear whether it is brought home, the answer comes first; what is to be brought leaves
        before it is handed over.
        """
        side = self._side(viewer)
        found = [
            act
            for act in states.ACTS
            if act.offer and act.by == side and self.status in act.sources and self._is(act.offer.when)
        ]
        first = states.ANSWERS_TO_DELIVERY if self._is("delivery asked") else (states.DEPART,)
        return sorted(found, key=lambda act: act not in first)

    def _side(self, viewer: Viewer) -> states.Side | None:
        if viewer.role == "pharmacist":
            return "pharmacists"
        sides: dict[str, states.Side] = {self.patient_id: "patient", self.prescriber_id: "prescriber"}
        return sides.get(viewer.id)

    def _is(self, condition: Condition) -> bool:
        match condition:
            case "always":
                return True
            case "delivery requested":
                return self.delivery is not None and self.delivery.status in ("asked", "accepted")
            case "delivery asked":
                return self.delivery is not None and self.delivery.status == "asked"
            case "to be corrected":
                return self.correctable
            case "something is owed":
                return any(map(self.owed, self.lines))
            case "a line can be replaced":
                return self.grant is not None and any(map(self.replaceable, self.lines))
            case "a line can be ended":
                return any(map(self.endable, self.lines))
            case "not supplied":
                return self.unsupplied
            case "not all is kept":
                return bool(self.perished) or self.short
            case "just handed over":
                return self.undoable
            case "not just handed over":
                return not self.undoable
            case "to be acknowledged":
                return self.to_acknowledge

    def reason_text(self, language: str) -> str:
        return reason_text(self.status_reason, language)

    @property
    def is_part_delivered(self) -> bool:
        """Whether something was handed over and something is owed still, in whatever state that is now."""
        return any(line.delivered for line in self.lines) and any(map(self.owed, self.lines))

    @property
    def short(self) -> bool:
        """Whether its pharmacy cannot hand over now all that is owed."""
        return any(line.at_hand is not None and line.at_hand < line.remaining for line in self.lines)

    def lacking(self, line: Line) -> bool:
        """Whether less of a line is put aside than is owed of it; its own pharmacy alone knows."""
        there = line.at_hand if self.status in states.PREPARE_ANEW.sources else None
        return there is not None and there < line.remaining

    @property
    def is_prepared(self) -> bool:
        """Whether its pharmacy has put something together for it, or handed something over."""
        return self.status in (*states.PUT_TOGETHER, "delivered")

    def owed(self, line: Line) -> int:
        """What of a line is still to be handed over: nothing once the prescription has ended."""
        return line.remaining if self.status in states.OWING else 0

    def replaceable(self, line: Line) -> bool:
        """Whether another may be prescribed in the place of a line: what is owed of it could not be supplied."""
        return line.shortage is not None and self.owed(line) > 0

    def endable(self, line: Line) -> bool:
        """Whether nothing may be prescribed in its place: something else is owed, or the rest is handed over already.

        What would leave nothing at all is cancelled.
        """
        others = any(self.owed(other) for other in self.lines if other.id != line.id)
        completes = self.is_part_delivered and self.status in states.COMPLETE.sources
        return self.replaceable(line) and (others or completes)

    @property
    def awaited(self) -> int | None:
        """When its prescriber said that they wait for what cannot be supplied; None where there is nothing of that."""
        said = [line.shortage.at for line in self.lines if line.shortage and self.owed(line)]
        return self.awaited_at if self.awaited_at and any(at <= self.awaited_at for at in said) else None

    @property
    def prescribed(self) -> tuple[Line, ...]:
        """The lines that hold: without those that were ended."""
        return tuple(line for line in self.lines if not line.ended)

    @property
    def revision(self) -> int:
        """Which version of itself it is: 1 as it was signed, one more for each line that was replaced or ended."""
        return 1 + sum(line.ended is not None for line in self.lines)

    @property
    def revised_at(self) -> int | None:
        return max((line.ended.at for line in self.lines if line.ended), default=None)

    @property
    def step(self) -> int | None:
        """1 to 5 on the way from issued to delivered; None beside it."""
        return STEPS.index(self.status) + 1 if self.status in STEPS else None

    @property
    def to_do(self) -> Step | None:
        """What its pharmacy has to do next (states.TO_DO); it has waited for that since `updated_at`."""
        return "acknowledge" if self.to_acknowledge else self.state.step_of(to_bring=self.to_bring)

    def offered_in_row(self, role: Role) -> states.Offer | None:
        """What the list of what to do offers this role (states.offered_in_row); nothing once it is nobody's turn."""
        over = self.corrected or (self.status in states.ACKNOWLEDGE.sources and not self.to_acknowledge)
        return None if over else states.offered_in_row(self.status, role)

    @property
    def steps(self) -> list[Reached]:
        """The five steps with the moment each was last reached; issued once, whatever was given back since."""
        moments = {**{act.to_status: act.at for act in self.acts}, "issued": self.issued_at}
        return [Reached(STATES[step].label, moments.get(step)) for step in STEPS]

    @property
    def reached(self) -> int:
        """The furthest of the five steps that it has reached, also when it has left the way."""
        if self.step:
            return self.step
        return max((STEPS.index(act.to_status) + 1 for act in self.acts if act.to_status in STEPS), default=1)

    @property
    def over_at(self) -> int | None:
        """When its life ended, or will at the latest; None while it is in a state that time does not end."""
        if self.status in states.OVER:
            return self.updated_at
        return self.valid_until if self.status in (*states.EXPIRE.sources, "expired") else None

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.updated_at, self.id)

    def place(self, role: str) -> Place:
        """The list of this role's dashboard it belongs to: needs me now, under way, the rest."""
        if self.to_acknowledge or self.unsupplied or (self.renewal_asked and role == "doctor"):
            return "now"
        return self.state.place if self.corrected else self.state.place_for(role)

    @property
    def content(self) -> str:
        """What it is about, in a row: two medicines at most; empty where the viewer may not know them."""
        return writing.capitalized(", ".join(self.medicines[:2]))

    @property
    def corrected(self) -> bool:
        """Whether it was refused and another one has taken its place: nobody waits for it any more."""
        return self.status in states.CORRECT.sources and self.replaced_by is not None

    @property
    def _addressed(self) -> dict[str, str | None] | None:
        """The pharmacy that may take it, until one has; None: any may."""
        if self.pharmacy_id or not self.addressed_to:
            return None
        return {"id": self.addressed_to, "name": self.pharmacy}

    def json(self, language: str) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": self.id,
            "status": self.status,
            "step": self.to_do,
            "version": self.version,
            "status_reason": self.status_reason or None,  # never of a neutral one: free text may name somebody
            "pharmacy": {"id": self.pharmacy_id, "name": self.pharmacy} if self.pharmacy_id else None,
            "addressed_to": self._addressed,
            "issued_at": iso(self.issued_at),
            "valid_until": iso(self.valid_until),
            "updated_at": iso(self.updated_at),
            "replaces_id": self.replaces_id,
            "renews_id": self.renews_id,
        }
        if self.neutral:
            return shown
        shown["patient_id"] = self.patient_id
        if self.patient:
            shown["patient"] = self.patient.json(language)
        shown["prescriber"] = {
            "id": self.prescriber_id,
            "name": self.prescriber_name,
            "profession": self.prescriber_profession,
        }
        if self.lines:
            shown["revision"] = self.revision
            shown["lines"] = [{**line.json(), "owed": self.owed(line)} for line in self.lines]
            shown["acts"] = [act.json() for act in self.acts]
            shown["dispenses"] = [dispense.json() for dispense in self.dispenses]
        if self.unacknowledged or self.acknowledged_at:
            shown["acknowledged_at"] = iso(self.acknowledged_at) if self.acknowledged_at else None
        if self.lines and self.short_code:
            shown["short_code"] = short_codes.written(self.short_code)
        if self.awaited:
            shown["awaited_at"] = iso(self.awaited)
        if self.delivery:
            shown["delivery"] = self.delivery.json()
        if self.renewal_asked:
            shown["renewal_asked"] = True
        if self.unsupplied:
            shown["unsupplied"] = True
        if self.answers:
            shown["answered_alerts"] = [one.json(language) for one in self.answers]
        if not self.has_code:
            shown["has_code"] = False
        return shown


def reason_text(reason: str, language: str) -> str:
    """A stored reason in words: a refusal's begins with its code (« dose: … »), and so does that of a hand-over without
    the patient's code.
    """
    code, separator, text = reason.partition(": ")
    if separator and code in REFUSALS:
        return translate(language, REFUSALS[code]) + translate(language, " : ") + text
    return (separator and proving.in_words(code, text, language)) or reason
