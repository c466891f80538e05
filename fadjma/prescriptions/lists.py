"""Lists of prescriptions: whose they are, what waits for a step, what is looked for, what a patient takes.

Each is read by an index for each state, as far as a page.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fadjma import writing
from fadjma.access import grants
from fadjma.access.states import OPENS
from fadjma.events.subjects import Named
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries, shortages, states
from fadjma.prescriptions.prescription import Prescription, Treatment
from fadjma.prescriptions.queries import OPEN, OWN
from fadjma.prescriptions.states import STATES, TO_DO, Place, Status, Step
from fadjma.store import Page, Transaction, given, listed, paging, searching

PER_PAGE = 50
COUNTED = 100  # at most, of what is beyond a page
LOOKED_AT = 500  # prescriptions of a patient, to count those under way
_DAY = 24 * 3_600_000
_LONGEST = 366 * _DAY  # that what was handed over once is taken

_ALL = tuple(STATES)
_OF_PATIENT = {"p.patient_id = :patient": _ALL}
# What somebody looks for by whose it is: never what is open to any pharmacy, of which they do not know that.
_NAMED = {role: {part: theirs for part, theirs in own.items() if theirs == _ALL} for role, own in OWN.items()}
Work = Step | Literal["all"]  # what a pharmacy has to do: one step of it, or every
WORK: tuple[Work, ...] = ("all", *TO_DO)
_BRING = (
    "EXISTS (SELECT 1 FROM delivery_requests b WHERE b.prescription_id = p.id AND b.status IN ('asked', 'accepted'))"
)
_TO_ACKNOWLEDGE = [
    f"SELECT p.id, p.updated_at FROM prescriptions p WHERE p.acknowledge_by = :organization AND p.status = '{status}'"
    for status in states.ACKNOWLEDGE.sources
]
_ASKED = (
    "EXISTS (SELECT 1 FROM renewals n WHERE n.prescription_id = p.id AND n.status = 'pending' AND n.lapses_at > :now)"
)
_TO_RENEW = (
    "SELECT p.id, p.updated_at FROM renewals due CROSS JOIN prescriptions p "  # a week's, of one doctor
    "WHERE due.prescriber_id = :viewer AND due.status = 'pending' AND due.lapses_at > :now "
    "AND p.id = due.prescription_id"
)
_UNSUPPLIED = [
    f"SELECT p.id, p.updated_at FROM prescriptions p WHERE p.prescriber_id = :viewer AND p.status = '{status}' "
    f"AND {shortages.WAITING} AND NOT {_ASKED}"
    for status in states.REPLACE_LINE.sources
]
_CORRECTED = "EXISTS (SELECT 1 FROM prescriptions c WHERE c.replaces_id = p.id)"


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
    own, (said, values) = (_NAMED, _said(viewer, q)) if q else (OWN, ("", {}))
    if q and not values:
        return Page()
    selects = [f"{select}{said}" for select in _waiting(own[viewer.role], step)]
    return _read(tx, viewer, selects, {"before": before, "limit": limit, **values}, oldest=True)


def counts(tx: Transaction, viewer: Viewer) -> dict[Step, int]:
    """How many wait for each step, `COUNTED` at most."""
    own = OWN[viewer.role]
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


def names(tx: Transaction, viewer: Viewer, prescription_ids: list[str]) -> dict[str, Named]:
    """What these (few) are called in the inbox: to the prescriber by the patient, to the others by the medicines.

    Not by the patient to a pharmacy: whose prescriptions it has in a list is traced, and the inbox is none.
    """
    own = " OR ".join(f"({part})" for part in _NAMED[viewer.role])
    if not own:
        return {}
    among, values = given(prescription_ids)
    # By the id: of the conditions of `own` no index is to be taken, which would read all that a pharmacy ever had
    # (28 ms instead of 1 with 11,000).
    rows = tx.all(
        f"{queries.SELECT} WHERE p.id IN {among} AND CASE WHEN {own} THEN 1 ELSE 0 END = 1",
        {**values, **queries.asked(tx, viewer)},
    )
    found = queries.of_rows(tx, viewer, rows)
    named = {item.id: item.patient.name if viewer.role == "doctor" and item.patient else item.content for item in found}
    return {prescription_id: Named(name) for prescription_id, name in named.items() if name}


def names_to_colleagues(tx: Transaction, viewer: Viewer, prescription_ids: list[str]) -> dict[str, Named]:
    """What these (few), which other doctors have written, are called in a doctor's inbox: by the patient, whose file is
    open to them still.
    """
    among, values = given(prescription_ids)
    rows = tx.all(f"SELECT p.id, p.patient_id FROM prescriptions p WHERE p.id IN {among}", values)
    patients = directory.identities(tx, list({row["patient_id"] for row in rows}))
    opened = grants.grants_among(tx, viewer, patients)
    readable = {patient_id for patient_id, grant in opened.items() if grant.scope in OPENS["prescriptions"]}
    named = {one.id: Named(one.name) for one in patients if one.id in readable}
    return {row["id"]: named[row["patient_id"]] for row in rows if row["patient_id"] in named}


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
    return [*_each_state(own, here), *(_TO_ACKNOWLEDGE if step in ("acknowledge", "all") and own else ())]


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
        grants.require_reading(tx, viewer, patient_id, "prescriptions")
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
        f"{queries.SELECT} WHERE p.id IN ({ids}) ORDER BY p.updated_at {way}, p.id {way}",
        {**asked, **_values(tx, viewer, asked["before"], limit + 1, oldest=oldest)},
    )
    shown = queries.of_rows(tx, viewer, rows)
    return paging.page(shown, limit, lambda item: item.cursor)


def _values(tx: Transaction, viewer: Viewer, before: str | None, limit: int, *, oldest: bool = False) -> dict[str, Any]:
    before_at, before_id = paging.position(before, otherwise=-1) if oldest else paging.position(before)
    return {
        **queries.asked(tx, viewer),
        "before_at": before_at,
        "before_id": before_id,
        "limit": limit,
    }


def _selects(viewer: Viewer, place: Place | None) -> list[str]:
    """The viewer's prescriptions of a place: of the states that are true now, and of those whose time is over since
    the timekeeper last wrote down what is, which are few. A refused one is its prescriber's turn until it is corrected.
    """
    own = OWN[viewer.role]
    if place is None:
        return _each_state(own, dict.fromkeys(_ALL, ""))
    here = {code: _still(code) for code, state in STATES.items() if state.place_for(viewer.role) == place}
    for code in states.CORRECT.sources:
        turn, afterwards = STATES[code].place_for(viewer.role), STATES[code].place
        if turn != afterwards and place in (turn, afterwards):
            here[code] = _still(code) + (f" AND NOT {_CORRECTED}" if place == turn else f" AND {_CORRECTED}")
    if viewer.role == "pharmacist":  # what their pharmacy must acknowledge is to do, not over
        here |= {code: " AND p.acknowledge_by IS NULL" for code in states.ACKNOWLEDGE.sources if code in here}
    if viewer.role == "doctor":  # of whatever state, what they are asked to renew or to replace is to do
        here = {code: f"{condition} AND NOT {_ASKED} AND NOT {shortages.WAITING}" for code, condition in here.items()}
    selects = _each_state(own, here)
    if viewer.role == "pharmacist" and place == "now":
        selects += _TO_ACKNOWLEDGE
    if viewer.role == "doctor" and place == "now":
        selects += [_TO_RENEW, *_UNSUPPLIED]
    if states.EXPIRE.target in here:
        selects += [
            "SELECT p.id, p.updated_at FROM prescriptions due CROSS JOIN prescriptions p "
            f"WHERE due.status IN {OPEN} AND due.valid_until <= :now AND p.id = due.id AND {part} "
            f"AND p.status IN {listed(theirs)}{f' AND NOT {_ASKED}' if viewer.role == 'doctor' else ''}"
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
        f"WHERE {queries.UNDER_WAY}",
        {"patient": patient_id, "now": tx.now, "most": LOOKED_AT},
    )
    return count


def treatments(tx: Transaction, patient_id: str) -> list[Treatment]:
    """What a patient has been given and still takes, the last to end first. The caller has checked the right.

    It is taken from the day on which it was handed over, for as long as it was prescribed.
    """
    rows = tx.all(
        "SELECT l.medicine_id, m.dci || ' ' || m.strength AS medicine, l.dosage, p.id AS prescription_id, "
        f"max(d.at) + l.duration_days * {_DAY} AS until "
        "FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id "
        "JOIN dispense_lines h ON h.line_id = l.id JOIN dispenses d ON d.id = h.dispense_id "
        "JOIN medicine_names m ON m.id = l.medicine_id "
        "WHERE p.patient_id = :patient AND p.updated_at > :since AND p.status <> 'entered_in_error' "
        f"AND d.undone_at IS NULL AND d.at + l.duration_days * {_DAY} > :now "
        "GROUP BY l.id, l.medicine_id, m.dci, m.strength, l.dosage, l.position, l.duration_days, p.id "
        "ORDER BY until, p.id, l.position",
        {"patient": patient_id, "now": tx.now, "since": tx.now - _LONGEST},
    )
    last = {row["medicine_id"]: row for row in rows}  # given again: until the later end
    return [
        Treatment(row["prescription_id"], row["medicine"], row["dosage"], row["until"])
        for row in reversed(list(last.values()))
    ]


def dispensing(tx: Transaction, patient_id: str) -> list[tuple[str, str]]:
    """A patient's open prescriptions that a pharmacy has before it, each with that pharmacy's id."""
    rows = tx.all(
        "SELECT id, coalesce(pharmacy_id, addressed_to) AS pharmacy FROM prescriptions WHERE patient_id = :patient "
        f"AND {queries.UNDER_WAY} AND coalesce(pharmacy_id, addressed_to) IS NOT NULL",
        {"patient": patient_id, "now": tx.now},
    )
    return [(row["id"], row["pharmacy"]) for row in rows]
