"""Reading prescriptions, through the rights of whoever reads.

The patient and the prescriber see theirs; a doctor needs a grant; a pharmacist sees what their pharmacy has claimed or
was addressed. One that is open to any pharmacy shows neither lines nor patient before it is claimed (`neutral`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import Any, Literal

from fadjma import writing
from fadjma.access import queries as access
from fadjma.i18n import iso, translate
from fadjma.identity import directory, proxies
from fadjma.identity.directory import Identity
from fadjma.identity.people import Role, Viewer, role_name
from fadjma.prescriptions import states
from fadjma.prescriptions.states import REFUSALS, STATES, STEPS, TO_DO, Condition, Place, Status, Step
from fadjma.records import measurements
from fadjma.records import queries as records
from fadjma.records.measurements import Measurement
from fadjma.refusals import NotFound, Tried
from fadjma.store import Page, Row, Transaction, listed, paging, searching

OPEN = listed(states.EXPIRE.sources)  # time can expire these
PER_PAGE = 50
COUNTED = 100  # at most, of what is beyond a page
LOOKED_AT = 500  # prescriptions of a patient, to count those under way
_DAY = 24 * 3_600_000
_LONGEST = 366 * _DAY  # that what was handed over once is taken
NEEDED_FOR = 30 * _DAY  # after the end of a prescription, that its pharmacy sees today's allergies and weight


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
    delivered: int

    @property
    def name(self) -> str:
        return f"{self.dci} {self.strength}, {self.form}"

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "medicine_id": self.medicine_id,
            "dci": self.dci,
            "form": self.form,
            "strength": self.strength,
            "dosage": self.dosage,
            "quantity": self.quantity,
            "unit": self.unit,
            "duration_days": self.duration_days,
            "substitution_allowed": self.substitution_reason is None,
            "substitution_reason": self.substitution_reason,
            "prescribed": self.quantity,
            "delivered": self.delivered,
            "remaining": self.quantity - self.delivered,
        }


@dataclass(frozen=True, slots=True)
class Act:
    """One step of a prescription's history. `name` None: time."""

    at: int
    name: str | None
    by: str | None  # who did it for them
    role: Role | None
    from_status: Status | None
    to_status: Status
    reason: str

    @property
    def label(self) -> str:
        act = states.between(self.from_status, self.to_status, self.role)
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
class Reached:
    """One of the five steps as the page draws it."""

    label: str
    at: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a prescription is and how it stands: what an act asks before it is done. `status` is what is true now."""

    id: str
    patient_id: str
    prescriber_id: str
    pharmacy_id: str | None
    replaced_by: str | None
    status: Status
    code_round: int
    code_failures: int


@dataclass(frozen=True, slots=True)
class Treatment:
    """A medicine that a patient was given, and has enough of until `until`."""

    prescription_id: str
    medicine: str
    dosage: str
    until: int

    @property
    def name(self) -> str:
        return capitalized(self.medicine)


@dataclass(frozen=True, slots=True)
class Prescription:
    """One prescription; `status` is what is true now. Of a neutral one, patient and prescriber are not shown."""

    id: str
    patient_id: str
    patient: Identity | None
    prescriber_id: str
    prescriber_name: str
    prescriber_specialty: str
    prescriber_profession: str
    prescriber_place: str
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
    version: int
    neutral: bool
    to_bring: bool  # for its pharmacy: the patient has asked for delivery
    medicines: tuple[str, ...] = ()  # in rows, what it is about; none of one that the viewer may not know
    lines: tuple[Line, ...] = ()
    acts: tuple[Act, ...] = ()
    allergies: tuple[str, ...] = ()
    weight: Measurement | None = None
    earlier: tuple[str, ...] = ()  # the same medicines delivered in the last 7 days
    delivery_address: str | None = None
    delivery_phone: str | None = None
    has_code: bool = True  # somebody sees the hand-over code: False is said to the pharmacy that hands over alone
    hidden: bool = False  # it was entered in error, perhaps for somebody else: what it said is not for this reader
    correctable: bool = False  # by the viewer: refused, not corrected yet, and the file still open to them

    @property
    def state(self) -> states.State:
        return STATES[self.status]

    def offered(self, viewer: Viewer) -> list[states.Act]:
        """What the viewer can do with it now, in the order of the page; of one in full alone."""
        side = self._side(viewer)
        return [
            act
            for act in states.ACTS
            if act.offer and act.by == side and self.status in act.sources and self._is(act.offer.when)
        ]

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
                return self.delivery_address is not None
            case "to be corrected":
                return self.correctable

    def reason_text(self, language: str) -> str:
        return reason_text(self.status_reason, language)

    @property
    def step(self) -> int | None:
        """1 to 5 on the way from issued to delivered; None beside it."""
        return STEPS.index(self.status) + 1 if self.status in STEPS else None

    @property
    def to_do(self) -> Step | None:
        """What its pharmacy has to do next (states.TO_DO); it has waited for that since `updated_at`."""
        return self.state.step_of(to_bring=self.to_bring)

    @property
    def offered_in_row(self) -> states.Offer | None:
        """What the pharmacy's list offers to do with it (states.offered_in_row)."""
        return states.offered_in_row(self.status)

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
    def over_at(self) -> int:
        """When its life ended, or will at the latest."""
        return self.updated_at if self.status in states.OVER else self.valid_until

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.updated_at, self.id)

    def place(self, role: str) -> Place:
        """The list of this role's dashboard it belongs to: needs me now, under way, the rest."""
        return self.state.place if self.corrected else self.state.place_for(role)

    @property
    def content(self) -> str:
        """What it is about, in a row: two medicines at most; empty where the viewer may not know them."""
        return capitalized(", ".join(self.medicines[:2]))

    @property
    def corrected(self) -> bool:
        """Whether it was refused and another one has taken its place: nobody waits for it any more."""
        return self.status in states.CORRECT.sources and self.replaced_by is not None

    def json(self, language: str) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": self.id,
            "status": self.status,
            "step": self.to_do,
            "version": self.version,
            "status_reason": self.status_reason or None,  # never of a neutral one: free text may name somebody
            "pharmacy": {"id": self.pharmacy_id, "name": self.pharmacy} if self.pharmacy_id else None,
            "issued_at": iso(self.issued_at),
            "valid_until": iso(self.valid_until),
            "updated_at": iso(self.updated_at),
            "replaces_id": self.replaces_id,
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
            shown["lines"] = [line.json() for line in self.lines]
            shown["acts"] = [act.json() for act in self.acts]
        if not self.has_code:
            shown["has_code"] = False
        return shown


_STATUS = f"CASE WHEN p.status IN {OPEN} AND p.valid_until <= :now THEN '{states.EXPIRE.target}' ELSE p.status END"
_STANDING = f"""
    SELECT p.id, p.patient_id, p.prescriber_id, p.pharmacy_id, {_STATUS} AS status, p.code_round, p.code_failures,
           (SELECT r.id FROM prescriptions r WHERE r.replaces_id = p.id) AS replaced_by
    FROM prescriptions p
"""
_PRESCRIPTION = f"""
    SELECT p.id, p.patient_id, p.prescriber_id, d.name AS prescriber_name, d.specialty AS prescriber_specialty,
           d.profession AS prescriber_profession, d.organization || ', ' || d.city AS prescriber_place, p.addressed_to,
           p.pharmacy_id, coalesce(o.name, a.name) AS pharmacy, p.replaces_id, r.id AS replaced_by, {_STATUS} AS status,
           p.status_reason, p.issued_at, p.valid_until, p.updated_at, p.code_round, p.code_failures, p.version,
           EXISTS (SELECT 1 FROM delivery_requests b WHERE b.prescription_id = p.id) AS to_bring,
           i.given_name, i.family_name, i.identifier, i.birth_date, i.sex, i.city, i.phone,
           i.pharmacy_id AS chosen_pharmacy_id
    FROM prescriptions p JOIN patient_identities i ON i.id = p.patient_id JOIN people d ON d.id = p.prescriber_id
    LEFT JOIN places o ON o.id = p.pharmacy_id LEFT JOIN places a ON a.id = p.addressed_to
    LEFT JOIN prescriptions r ON r.replaces_id = p.id
"""
_IDENTITY = ("given_name", "family_name", "identifier", "birth_date", "sex", "city", "phone")
# What is whose, as conditions that an index serves each, with the states that are theirs: a list takes the newest of
# each state, then the newest of all.
# A pharmacist's are those claimed by their pharmacy; and by none: those addressed to theirs, or to be claimed by any.
_ALL = tuple(STATES)
_OWN: dict[Role, dict[str, tuple[Status, ...]]] = {
    "patient": {"p.patient_id = :viewer": _ALL},
    "doctor": {"p.prescriber_id = :viewer": _ALL},
    "pharmacist": {
        "p.pharmacy_id = :organization": _ALL,
        "p.pharmacy_id IS NULL AND p.addressed_to = :organization": _ALL,
        "p.pharmacy_id IS NULL AND p.addressed_to IS NULL": (states.TO_CLAIM,),
    },
    "receptionist": {},
    "nurse": {},
    "admin": {},
}
_OF_PATIENT = {"p.patient_id = :patient": _ALL}
# What somebody looks for by whose it is: never what is open to any pharmacy, of which they do not know that.
_NAMED = {role: {part: theirs for part, theirs in own.items() if theirs == _ALL} for role, own in _OWN.items()}
Work = Step | Literal["all"]  # what a pharmacy has to do: one step of it, or every
WORK: tuple[Work, ...] = ("all", *TO_DO)
_BRING = "EXISTS (SELECT 1 FROM delivery_requests b WHERE b.prescription_id = p.id)"
_CORRECTED = "EXISTS (SELECT 1 FROM prescriptions c WHERE c.replaces_id = p.id)"


def capitalized(text: str) -> str:
    """With a capital first letter, and the others as they are: « ARV » and « mg » keep theirs."""
    return text[:1].upper() + text[1:]


def reason_text(reason: str, language: str) -> str:
    """A stored reason in words: a refusal's begins with its code (« dose: … »)."""
    code, separator, text = reason.partition(": ")
    if separator and code in REFUSALS:
        return translate(language, REFUSALS[code]) + translate(language, " : ") + text
    return reason


def prescription(tx: Transaction, viewer: Viewer, prescription_id: str) -> Prescription:
    """One prescription without its lines, as rows show it. Raises NotFound for whoever may not see it."""
    row = _of_reader(tx, viewer, prescription_id, _PRESCRIPTION)
    return _with_medicines(tx, [_prescription(viewer, row)])[0]


def standing(tx: Transaction, viewer: Viewer, prescription_id: str) -> Standing:
    """How one prescription stands; as above."""
    return Standing(**dict(_of_reader(tx, viewer, prescription_id, _STANDING)))


def _of_reader(tx: Transaction, viewer: Viewer, prescription_id: str, select: str) -> Row:
    row = tx.first(
        f"{select} WHERE p.id = :id AND ({_right(viewer.role)})",
        {"id": prescription_id, "viewer": viewer.id, "organization": viewer.organization_id, "now": tx.now},
    )
    if row is None or not _granted(tx, viewer, row):
        raise NotFound().about(tried(tx, prescription_id))
    return row


def _with_medicines(tx: Transaction, found: Sequence[Prescription]) -> list[Prescription]:
    """The same (few) prescriptions with the names of their medicines, where the viewer may know them."""
    open_ones = [item.id for item in found if not (item.neutral or item.hidden)]
    values = {f"id{number}": prescription_id for number, prescription_id in enumerate(open_ones)}
    rows = (
        tx.all(
            "SELECT l.prescription_id, m.dci || ' ' || m.strength AS name FROM prescription_lines l "
            "JOIN medicine_names m ON m.id = l.medicine_id "
            f"WHERE l.prescription_id IN ({', '.join(f':{name}' for name in values)}) "
            "ORDER BY l.prescription_id, l.position",
            values,
        )
        if values
        else []
    )
    names = {key: tuple(row["name"] for row in of) for key, of in groupby(rows, lambda row: row["prescription_id"])}
    return [replace(item, medicines=names.get(item.id, ())) for item in found]


def tried(tx: Transaction, prescription_id: str) -> Tried | None:
    """Whose a prescription is, for the trace of a refusal; None when there is none."""
    patient_id = tx.value("SELECT patient_id FROM prescriptions WHERE id = :id", {"id": prescription_id})
    return Tried(patient_id, "prescription", prescription_id) if patient_id else None


def require(tx: Transaction, viewer: Viewer, role: Role, prescription_id: str) -> None:
    """Raise Forbidden to whoever has another role; whose file it is about is looked up only then."""
    if viewer.role != role:
        viewer.require(role, tried(tx, prescription_id))


def prescription_in_full(tx: Transaction, viewer: Viewer, prescription_id: str) -> Prescription:
    """One prescription with lines and history, and what a pharmacist must know before dispensing.

    Where to bring it, only the patient and the pharmacy that has claimed it see: nobody else goes there.
    """
    found = prescription(tx, viewer, prescription_id)
    if found.neutral:
        return found
    if found.hidden:
        return replace(found, acts=tuple(replace(act, reason="") for act in _acts(tx, found.id)))
    if viewer.role == "pharmacist" and tx.now >= found.over_at + NEEDED_FOR:
        return _as_it_was_shown(tx, found)
    dispensing = viewer.role == "pharmacist"
    delivering = dispensing and found.pharmacy_id == viewer.organization_id
    delivery = (
        tx.first("SELECT address, phone FROM delivery_requests WHERE prescription_id = :id", {"id": found.id})
        if delivering or viewer.id == found.patient_id
        else None
    )
    return replace(
        found,
        lines=lines(tx, found.id),
        acts=_acts(tx, found.id),
        allergies=records.allergies(tx, found.patient_id) if dispensing else (),
        weight=measurements.newest(tx, found.patient_id, "body_weight") if dispensing else None,
        earlier=_earlier(tx, found) if dispensing else (),
        delivery_address=delivery["address"] if delivery else None,
        delivery_phone=delivery["phone"] if delivery else None,
        has_code=not (delivering and found.status in states.DELIVER.sources) or has_code(tx, found.patient_id),
        correctable=_correctable(tx, viewer, found),
    )


def has_code(tx: Transaction, patient_id: str) -> bool:
    """Whether somebody sees this patient's hand-over codes: the patient, or one who acts for them."""
    return directory.can_sign_in(tx, patient_id) or bool(proxies.who_acts_for(tx, patient_id))


def _as_it_was_shown(tx: Transaction, found: Prescription) -> Prescription:
    """What a pharmacy reads long after: the prescription, and the allergies as it saw them; nothing newer of the file.

    What was weighed since, and where to bring it, are nobody's affair any more.
    """
    return replace(
        found,
        lines=lines(tx, found.id),
        acts=_acts(tx, found.id),
        allergies=records.allergies(tx, found.patient_id, at=found.over_at),
    )


def prescriptions(
    tx: Transaction,
    viewer: Viewer,
    *,
    place: Place | None = None,
    before: str | None = None,
    limit: int = PER_PAGE,
) -> Page[Prescription]:
    """The viewer's prescriptions (one's own, those one wrote, those of one's pharmacy), the latest changed first; of
    one place of their dashboard, or all.

    `before` is the `cursor` of the last one shown.
    """
    return _read(tx, viewer, _selects(viewer, place), {"before": before, "limit": limit})


def work(
    tx: Transaction,
    viewer: Viewer,
    step: Work = "all",
    q: str = "",
    *,
    before: str | None = None,
    limit: int = PER_PAGE,
) -> Page[Prescription]:
    """Those of the viewer's prescriptions that wait for a step of their pharmacy, the longest waiting first; with `q`
    those of them of which it is true (`found`).
    """
    own, (said, values) = (_NAMED, _said(viewer, q)) if q else (_OWN, ("", {}))
    if q and not values:
        return Page()
    selects = [f"{select}{said}" for select in _waiting(own[viewer.role], step)]
    return _read(tx, viewer, selects, {"before": before, "limit": limit, **values}, oldest=True)


def counts(tx: Transaction, viewer: Viewer) -> dict[Step, int]:
    """How many wait for each step, `COUNTED` at most."""
    own = _OWN[viewer.role]
    each = (f"SELECT '{step}' AS step, ({_counted(_waiting(own, step))}) AS waiting" for step in TO_DO)
    rows = tx.all(" UNION ALL ".join(each), _values(tx, viewer, None, COUNTED)) if own else []
    return {row["step"]: row["waiting"] for row in rows}


def found(
    tx: Transaction, viewer: Viewer, q: str, *, before: str | None = None, limit: int = PER_PAGE
) -> Page[Prescription]:
    """Those of the viewer's prescriptions of which all that `q` says is true, the latest changed first.

    Who writes or dispenses looks for the patient, by words of the name or by the identifier; the patient for a medicine
    or for who has prescribed it.
    """
    own = _NAMED[viewer.role]
    if viewer.role == "patient":
        said, values = _said(viewer, q)
        selects = [_own(part) + said for part in own]
    else:  # whose they are comes first: an index has each patient's together, and there are fewer
        said, values = _said(viewer, q, "known.patient_id")
        selects = [
            f"{_own(part)} AND p.patient_id IN (SELECT known.patient_id FROM "
            f"(SELECT DISTINCT p.patient_id FROM prescriptions p WHERE {part}) AS known WHERE 1 = 1{said})"
            for part in own
        ]
    return _read(tx, viewer, selects if values else [], {"before": before, "limit": limit, **values})


def _own(part: str) -> str:
    return f"SELECT p.id, p.updated_at FROM prescriptions p WHERE {part}"


def _said(viewer: Viewer, q: str, patient: str = "p.patient_id") -> searching.Condition:
    if viewer.role == "patient":
        return _said_of_content(q)
    return directory.said_of_own(q, patient)


def _said_of_content(q: str) -> searching.Condition:
    """By its medicines, and by who has prescribed it. What was entered in error has neither for whom it hides them."""
    lines = (
        "EXISTS (SELECT 1 FROM prescription_lines l JOIN words_of_medicines m ON m.medicine_id = l.medicine_id "
        "WHERE l.prescription_id = p.id AND {})"
    )
    prescriber = "SELECT 1 FROM words_of_accounts WHERE account_id = p.prescriber_id AND named = 1"
    condition, values = searching.every(
        writing.asked_words(q), searching.in_key("m.words", lines), searching.word_of(prescriber)
    )
    return f"{condition} AND p.status <> 'entered_in_error'", values


def _waiting(own: Mapping[str, Sequence[Status]], step: Work) -> list[str]:
    """Those that wait for a step, by the index that has each state in order."""
    here: dict[Status, str] = {}
    for code, state in STATES.items():
        if step in (state.step, state.brought) or (step == "all" and state.step):
            only = (
                "" if step == "all" or not state.brought else f" AND {'' if step == state.brought else 'NOT '}{_BRING}"
            )
            here[code] = _still(code) + only
    return _each_state(own, here)


def _counted(selects: list[str]) -> str:
    return paging.counted(selects, "p.updated_at", "p.id")


def count_beyond(tx: Transaction, viewer: Viewer, place: Place, shown: Page[Prescription]) -> int:
    """How many prescriptions of this place come after a page of them, `COUNTED` at most."""
    if not shown.next:
        return 0
    return int(tx.value(_counted(_selects(viewer, place)), _values(tx, viewer, shown.next, COUNTED)))


def of_patient(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    q: str = "",
    *,
    before: str | None = None,
    limit: int = PER_PAGE,
) -> Page[Prescription]:
    """A patient's prescriptions for whoever reads under a grant that opens them, or for the patient; the latest changed
    first; with `q` those with these medicines, or by this prescriber.
    """
    if viewer.id != patient_id:
        access.require_reading(tx, viewer, patient_id, "prescriptions")
    asked = {"before": before, "limit": limit, "patient": patient_id}
    if q:
        said, values = _said_of_content(q)
        selects = [_own(part) + said for part in _OF_PATIENT] if values else []
        return _read(tx, viewer, selects, {**asked, **values})
    return _read(tx, viewer, _each_state(_OF_PATIENT, dict.fromkeys(_ALL, "")), asked)


def _read(
    tx: Transaction,
    viewer: Viewer,
    selects: list[str],
    asked: Mapping[str, Any],
    *,
    oldest: bool = False,
) -> Page[Prescription]:
    """A page of what these statements find, the latest changed first, or the oldest."""
    if not selects:
        return Page()
    limit, way = asked["limit"], "ASC" if oldest else "DESC"
    ids = (paging.oldest if oldest else paging.newest)(selects, "p.updated_at", "p.id")
    rows = tx.all(
        f"{_PRESCRIPTION} WHERE p.id IN ({ids}) ORDER BY p.updated_at {way}, p.id {way}",
        {**asked, **_values(tx, viewer, asked["before"], limit + 1, oldest=oldest)},
    )
    shown = _with_medicines(tx, [_prescription(viewer, row) for row in rows])
    return paging.page(shown, limit, lambda item: item.cursor)


def _values(tx: Transaction, viewer: Viewer, before: str | None, limit: int, *, oldest: bool = False) -> dict[str, Any]:
    before_at, before_id = paging.position(before, otherwise=-1) if oldest else paging.position(before)
    return {
        "viewer": viewer.id,
        "organization": viewer.organization_id,
        "now": tx.now,
        "before_at": before_at,
        "before_id": before_id,
        "limit": limit,
    }


def _selects(viewer: Viewer, place: Place | None) -> list[str]:
    """The viewer's prescriptions of a place: of the states that are true now, and of those whose time is over since
    the timekeeper last wrote down what is, which are few. A refused one is its prescriber's turn until it is corrected.
    """
    own = _OWN[viewer.role]
    if place is None:
        return _each_state(own, dict.fromkeys(_ALL, ""))
    here = {code: _still(code) for code, state in STATES.items() if state.place_for(viewer.role) == place}
    for code in states.CORRECT.sources:
        turn, afterwards = STATES[code].place_for(viewer.role), STATES[code].place
        if turn != afterwards and place in (turn, afterwards):
            here[code] = _still(code) + (f" AND NOT {_CORRECTED}" if place == turn else f" AND {_CORRECTED}")
    selects = _each_state(own, here)
    if states.EXPIRE.target in here:
        selects += [
            "SELECT p.id, p.updated_at FROM prescriptions due CROSS JOIN prescriptions p "
            f"WHERE due.status IN {OPEN} AND due.valid_until <= :now AND p.id = due.id AND {part} "
            f"AND p.status IN {listed(theirs)}"
            for part, theirs in own.items()
        ]
    return selects


def _still(status: Status) -> str:
    """That it is true now: time may have ended it, and not have written it down yet."""
    return " AND p.valid_until > :now" if status in states.EXPIRE.sources else ""


def _each_state(own: Mapping[str, Sequence[Status]], here: Mapping[Status, str]) -> list[str]:
    """Those of each of these states, by the index that has them in order; with what else must be true of them."""
    return [
        f"SELECT p.id, p.updated_at FROM prescriptions p WHERE {part} AND p.status = '{code}'{condition}"
        for part, theirs in own.items()
        for code, condition in here.items()
        if code in theirs
    ]


def under_way(tx: Transaction, patient_id: str) -> int:
    """How many of a patient's prescriptions are under way. The caller has checked the right.

    `LOOKED_AT`, those that changed last, bounds what is read: what is under way has changed within months.
    """
    count: int = tx.value(
        "SELECT count(*) FROM (SELECT status, valid_until FROM prescriptions WHERE patient_id = :patient "
        "ORDER BY updated_at DESC, id DESC LIMIT :most) AS part "
        f"WHERE status IN {listed(states.UNDER_WAY)} AND (status NOT IN {OPEN} OR valid_until > :now)",
        {"patient": patient_id, "now": tx.now, "most": LOOKED_AT},
    )
    return count


def treatments(tx: Transaction, patient_id: str) -> list[Treatment]:
    """What a patient has been given and still takes, the last to end first. The caller has checked the right.

    It is taken from the day on which it was handed over, for as long as it was prescribed.
    """
    rows = tx.all(
        "SELECT l.medicine_id, m.dci || ' ' || m.strength AS medicine, l.dosage, p.id AS prescription_id, "
        f"p.updated_at + l.duration_days * {_DAY} AS until "
        "FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id "
        "JOIN medicine_names m ON m.id = l.medicine_id "
        f"WHERE p.patient_id = :patient AND p.status IN {listed(states.HANDED_OVER)} AND p.updated_at > :since "
        f"AND l.delivered > 0 AND p.updated_at + l.duration_days * {_DAY} > :now ORDER BY until, p.id, l.position",
        {"patient": patient_id, "now": tx.now, "since": tx.now - _LONGEST},
    )
    last = {row["medicine_id"]: row for row in rows}  # given again: until the later end
    return [
        Treatment(row["prescription_id"], row["medicine"], row["dosage"], row["until"])
        for row in reversed(list(last.values()))
    ]


def was_open_to_all(tx: Transaction, prescription_id: str) -> bool:
    """Whether every pharmacist has been offered this prescription, so that its being taken is no secret to them."""
    row = tx.first(
        "SELECT 1 FROM prescriptions WHERE id = :id AND addressed_to IS NULL AND pharmacy_id IS NOT NULL",
        {"id": prescription_id},
    )
    return row is not None


def pharmacies(tx: Transaction, prescription_id: str) -> tuple[str, ...]:
    """The pharmacies with a part in it (addressed to, claimed by): all others may see the same of it, or nothing."""
    row = tx.first(
        "SELECT addressed_to, pharmacy_id FROM prescriptions WHERE id = :id",
        {"id": prescription_id},
    )
    return tuple(filter(None, row)) if row else ()


def dispensing(tx: Transaction, patient_id: str) -> list[tuple[str, str]]:
    """A patient's open prescriptions that a pharmacy has before it, each with that pharmacy's id."""
    rows = tx.all(
        "SELECT id, coalesce(pharmacy_id, addressed_to) AS pharmacy FROM prescriptions WHERE patient_id = :patient "
        f"AND status IN {listed(states.UNDER_WAY)} "
        "AND valid_until > :now AND coalesce(pharmacy_id, addressed_to) IS NOT NULL",
        {"patient": patient_id, "now": tx.now},
    )
    return [(row["id"], row["pharmacy"]) for row in rows]


def is_delivery_requested(tx: Transaction, prescription_id: str) -> bool:
    """Whether the patient wants it brought, whoever may know where to."""
    sql = "SELECT 1 FROM delivery_requests WHERE prescription_id = :id"
    return tx.value(sql, {"id": prescription_id}) is not None


def lines(tx: Transaction, prescription_id: str) -> tuple[Line, ...]:
    """The lines of a prescription, in order."""
    rows = tx.all(
        "SELECT l.id, l.medicine_id, m.dci, m.form, m.strength, m.unit, l.dosage, l.quantity, l.duration_days, "
        "l.substitution_reason, l.delivered FROM prescription_lines l JOIN medicine_names m ON m.id = l.medicine_id "
        "WHERE l.prescription_id = :id ORDER BY l.position",
        {"id": prescription_id},
    )
    return tuple(Line(**dict(row)) for row in rows)


@cache
def _right(role: Role) -> str:
    if role in access.READERS:
        return "1 = 1"  # what they did not write they may see through a grant, which `_granted` looks up
    own = _OWN[role].items()
    return " OR ".join(f"({part} AND p.status IN {listed(theirs)})" for part, theirs in own) or "1 = 0"


def _granted(tx: Transaction, viewer: Viewer, row: Row) -> bool:
    if viewer.role not in access.READERS or row["prescriber_id"] == viewer.id:
        return True
    return access.granted(tx, viewer, row["patient_id"], "prescriptions") is not None


def _prescription(viewer: Viewer, row: Row) -> Prescription:
    values = dict(row)
    about = {name: values.pop(name) for name in _IDENTITY}
    identity = Identity(id=row["patient_id"], pharmacy_id=values.pop("chosen_pharmacy_id"), **about)
    neutral = viewer.role == "pharmacist" and row["pharmacy_id"] is None and row["addressed_to"] is None
    handled = viewer.id == row["prescriber_id"] or (
        viewer.role == "pharmacist" and viewer.organization_id == row["pharmacy_id"]
    )
    hidden = row["status"] == "entered_in_error" and not handled
    if neutral or hidden:
        values["status_reason"] = ""
    values["to_bring"] = bool(row["to_bring"]) and viewer.role == "pharmacist"
    patient = None if neutral or viewer.role == "patient" else identity
    return Prescription(**values, patient=patient, neutral=neutral, hidden=hidden)


def _acts(tx: Transaction, prescription_id: str) -> tuple[Act, ...]:
    rows = tx.all(
        "SELECT a.at, (SELECT name FROM people WHERE id = a.actor_id) AS name, "
        "(SELECT name FROM people WHERE id = a.by_id) AS by, "
        "(SELECT role FROM people WHERE id = a.actor_id) AS role, a.from_status, a.to_status, a.reason "
        "FROM prescription_acts a WHERE a.prescription_id = :id "
        "ORDER BY a.at, a.id",
        {"id": prescription_id},
    )
    return tuple(Act(**dict(row)) for row in rows)


def _correctable(tx: Transaction, viewer: Viewer, found: Prescription) -> bool:
    if viewer.id != found.prescriber_id or found.status not in states.CORRECT.sources or found.corrected:
        return False
    return access.grant(tx, viewer.id, found.patient_id, "prescriptions") is not None


def _earlier(tx: Transaction, found: Prescription) -> tuple[str, ...]:
    """Its medicines that this patient was given in the last 7 days (openmrs-esm-dispensing-app #350)."""
    rows = tx.all(
        "SELECT DISTINCT m.dci || ' ' || m.strength AS name FROM prescription_lines l "
        "JOIN medicine_names m ON m.id = l.medicine_id JOIN prescription_lines e ON e.medicine_id = l.medicine_id "
        "JOIN prescriptions p ON p.id = e.prescription_id "
        "WHERE l.prescription_id = :id AND p.id <> :id AND p.patient_id = :patient AND e.delivered > 0 "
        "AND p.updated_at > :since",
        {"id": found.id, "patient": found.patient_id, "since": tx.now - 7 * 24 * 3_600_000},
    )
    return tuple(row["name"] for row in rows)
