"""Reading one prescription, through the rights of whoever reads.

The patient and the prescriber see theirs; a doctor needs a grant; a pharmacist sees what their pharmacy has claimed or
was addressed. One that is open to any pharmacy shows neither lines nor patient before it is claimed (`neutral`).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Any

from fadjma.access import grants
from fadjma.identity import directory, patient_pins, practices, proxies
from fadjma.identity.directory import Identity
from fadjma.identity.people import Role, Viewer
from fadjma.inventory import equivalents, put_aside
from fadjma.inventory import queries as inventory
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import dispenses, posology, shortages, states
from fadjma.prescriptions.prescription import Act, Delivery, Ended, Line, Prescription, Standing
from fadjma.prescriptions.states import STATES, Status
from fadjma.records import allergies, measurements
from fadjma.refusals import NotFound, Tried
from fadjma.safety import answers
from fadjma.safety.answers import Answer
from fadjma.store import Row, Transaction, given, listed

OPEN = listed(states.EXPIRE.sources)  # time can expire these
# That a prescription is under way now, of its own columns: also what is on its way, whose time may be over.
UNDER_WAY = f"status IN {listed(states.UNDER_WAY)} AND (status NOT IN {OPEN} OR valid_until > :now)"
_REST = states.PREPARE_REST.sources
_DAY = 24 * 3_600_000
NEEDED_FOR = 30 * _DAY  # after the end of a prescription, that its pharmacy sees today's allergies and weight

_STATUS = f"CASE WHEN p.status IN {OPEN} AND p.valid_until <= :now THEN '{states.EXPIRE.target}' ELSE p.status END"
_STANDING = f"""
    SELECT p.id, p.patient_id, p.prescriber_id, p.addressed_to, p.pharmacy_id, {_STATUS} AS status, p.issued_at,
           p.code_round, p.code_failures, p.code_printed_round, p.version, p.awaited_at,
           (SELECT r.id FROM prescriptions r WHERE r.replaces_id = p.id) AS replaced_by
    FROM prescriptions p
"""
SELECT = f"""
    SELECT p.id, p.patient_id, p.prescriber_id, d.name AS prescriber_name,
           coalesce(f.specialty, d.specialty) AS prescriber_specialty,
           coalesce(f.profession, d.profession) AS prescriber_profession,
           coalesce(f.organization || ', ' || f.city, d.organization || ', ' || d.city) AS prescriber_place,
           (SELECT u.status FROM people u WHERE u.id = p.patient_id) <> 'active' AS patient_gone,
           d.status <> 'active' AS prescriber_gone, p.addressed_to, p.pharmacy_id,
           coalesce(o.name, a.name) AS pharmacy, p.replaces_id, r.id AS replaced_by, {_STATUS} AS status,
           p.status_reason, p.issued_at, p.valid_until, p.updated_at, p.code_round, p.code_failures,
           p.code_printed_round, p.version, p.short_code, p.acknowledge_by, p.acknowledged_at, p.awaited_at,
           EXISTS (SELECT 1 FROM delivery_requests b WHERE b.prescription_id = p.id
                   AND b.status IN ('asked', 'accepted')) AS to_bring,
           EXISTS (SELECT 1 FROM renewals n WHERE n.prescription_id = p.id AND n.status = 'pending'
                   AND n.lapses_at > :now) AS renewal_asked,
           (SELECT n.prescription_id FROM renewals n WHERE n.renewed_id = p.id) AS renews_id,
           {shortages.WAITING} AS unsupplied, p.was_unsupplied,
           i.given_name, i.family_name, i.identifier, i.birth_date, i.sex, i.city, i.phone,
           i.pharmacy_id AS chosen_pharmacy_id
    FROM prescriptions p JOIN patient_identities i ON i.id = p.patient_id JOIN people d ON d.id = p.prescriber_id
    LEFT JOIN places o ON o.id = p.pharmacy_id LEFT JOIN places a ON a.id = p.addressed_to
    LEFT JOIN prescriptions r ON r.replaces_id = p.id {practices.then("f", "p.prescriber_id", "p.issued_at")}
"""
_WHERE_THEN = practices.then("f", "a.actor_id", "a.at")  # of an act
_IDENTITY = ("given_name", "family_name", "identifier", "birth_date", "sex", "city", "phone")
# What is whose, as conditions that an index serves each, with the states that are theirs: a list takes the newest of
# each state, then the newest of all.
# A pharmacist's are those claimed by their pharmacy; and by none: those addressed to theirs, or to be claimed by any.
_ALL = tuple(STATES)
OWN: dict[Role, dict[str, tuple[Status, ...]]] = {
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


def asked(tx: Transaction, viewer: Viewer) -> dict[str, Any]:
    """What `SELECT` and `OWN` are given."""
    who = {"viewer": viewer.id, "organization": viewer.organization_id}
    return {**who, "now": tx.now, "today": inventory.today(tx)}


def prescription(tx: Transaction, viewer: Viewer, prescription_id: str) -> Prescription:
    """One prescription without its lines, as rows show it. Raises NotFound for whoever may not see it."""
    row = _of_reader(tx, viewer, prescription_id, SELECT)
    return of_rows(tx, viewer, [row])[0]


def standing(tx: Transaction, viewer: Viewer, prescription_id: str) -> Standing:
    """How one prescription stands; as above."""
    return Standing(**dict(_of_reader(tx, viewer, prescription_id, _STANDING)))


def _of_reader(tx: Transaction, viewer: Viewer, prescription_id: str, select: str) -> Row:
    row = tx.first(
        f"{select} WHERE p.id = :id AND ({_right(viewer.role)})",
        {"id": prescription_id, **asked(tx, viewer)},
    )
    if row is None or not _granted(tx, viewer, row):
        raise NotFound().about(tried(tx, prescription_id))
    return row


def of_short_code(tx: Transaction, short_code: str) -> Row | None:
    """Which prescription this code (as stored) is of, whose that is, and how it stands."""
    return tx.first(
        f"SELECT p.id, p.patient_id, {_STATUS} AS status FROM prescriptions p WHERE p.short_code = :code",
        {"code": short_code, "now": tx.now},
    )


def of_rows(tx: Transaction, viewer: Viewer, rows: Iterable[Row]) -> list[Prescription]:
    """These (few) rows of `SELECT` with the names of their medicines, where the viewer may know them."""
    found = [_prescription(viewer, row) for row in rows]
    open_ones = [item.id for item in found if not (item.neutral or item.hidden)]
    if not open_ones:
        return found
    put_together = [item.id for item in found if item.status in states.PUT_TOGETHER]
    ask_lost = put_aside.ask_lost(tx, put_together) if viewer.role == "pharmacist" and put_together else None
    unsupplied = [item.id for item in found if item.unsupplied or item.lacks]
    is_pharmacys = viewer.role == "pharmacist"
    ask_lacking = shortages.ask_names(tx, unsupplied, answered=is_pharmacys) if unsupplied else None
    among, values = given(open_ones)
    rows = tx.all(
        "SELECT l.prescription_id, m.dci || ' ' || m.strength AS name FROM prescription_lines l "
        f"JOIN medicine_names m ON m.id = l.medicine_id WHERE l.prescription_id IN {among} "
        "AND NOT EXISTS (SELECT 1 FROM ended_lines x WHERE x.line_id = l.id) "
        "ORDER BY l.prescription_id, l.position",
        values,
    )
    names = {key: tuple(row["name"] for row in of) for key, of in groupby(rows, lambda row: row["prescription_id"])}
    lost = ask_lost() if ask_lost else {}
    lacking = ask_lacking() if ask_lacking else {}
    return [
        replace(
            item,
            medicines=names.get(item.id, ()),
            lacking_medicines=lacking.get(item.id, ()),
            perished=lost.get(item.id, ()),
        )
        for item in found
    ]


def tried(tx: Transaction, prescription_id: str) -> Tried | None:
    """Whose a prescription is, for the trace of a refusal; None when there is none."""
    patient_id = tx.value("SELECT patient_id FROM prescriptions WHERE id = :id", {"id": prescription_id})
    return Tried(patient_id, "prescription", prescription_id) if patient_id else None


def require(tx: Transaction, viewer: Viewer, role: Role, prescription_id: str) -> None:
    """Raise Forbidden to whoever has another role; whose file it is about is looked up only then."""
    if viewer.role != role:
        viewer.require(role, tried(tx, prescription_id))


def prescription_in_full(tx: Transaction, viewer: Viewer, prescription_id: str) -> Prescription:
    """One prescription with lines and history, and what a pharmacist must know before dispensing, a doctor before
    cancelling or correcting: of the file that is open to them, allergies and weight.

    Where to bring it, only the patient and the pharmacy that has claimed it see: nobody else goes there.
    """
    found = prescription(tx, viewer, prescription_id)
    if found.neutral:
        return found
    if found.hidden:
        return replace(found, acts=tuple(replace(act, reason="") for act in _acts(tx, found.id)))
    if viewer.role == "pharmacist" and found.over_at is not None and tx.now >= found.over_at + NEEDED_FOR:
        return _as_it_was_shown(tx, viewer, found)
    dispensing = viewer.role == "pharmacist"
    grant = grants.granted(tx, viewer, found.patient_id, "prescriptions")
    informed = dispensing or grant is not None
    delivering = dispensing and found.pharmacy_id == viewer.organization_id
    concerned = delivering or viewer.id == found.patient_id
    handing_over = delivering and found.status in states.DELIVER.sources
    ask_acts, ask_answers = _ask_acts(tx, found.id), answers.ask_of_prescription(tx, found.id)
    ask_allergies = allergies.ask_of_patient(tx, found.patient_id) if informed else None
    ask_weight = measurements.ask_newest(tx, found.patient_id, "body_weight") if informed else None
    prescribed = _given_as(tx, found, _lines_shown_to(tx, viewer, found.id))
    return replace(
        found,
        lines=_as_stocked(tx, found, prescribed) if delivering else prescribed,
        acts=_acts_shown_to(viewer, ask_acts()),
        dispenses=dispenses.of(tx, viewer, found.id),
        answers=_answers_shown_to(viewer, found, ask_answers(), informed=informed),
        grant=grant,
        allergies=ask_allergies and ask_allergies(),
        weight=ask_weight and ask_weight(),
        earlier=_earlier(tx, found) if dispensing else (),
        delivery=_delivery(tx, found) if concerned else None,
        has_code=not handing_over or has_code(tx, found),
        pin=patient_pins.state(tx, found.patient_id) if handing_over else "none",
        undoable=concerned and dispenses.undoable(tx, found.pharmacy_id, found.id) is not None,
        correctable=grant is not None and _is_to_be_corrected(viewer, found),
    )


def _answers_shown_to(
    viewer: Viewer, found: Prescription, answered: tuple[Answer, ...], *, informed: bool
) -> tuple[Answer, ...]:
    """To alerts; to its prescriber without a grant their own alone: a pharmacy answers what was noted since."""
    if informed or viewer.id == found.patient_id:
        return answered
    return tuple(one for one in answered if one.role == "doctor")  # its prescriber: no other doctor signs it


def has_code(tx: Transaction, found: Prescription | Standing) -> bool:
    """Whether somebody has its hand-over code: the patient, one who acts for them, or the patient's copy on paper."""
    return found.is_code_on_paper or sees_codes(tx, found.patient_id)


def sees_codes(tx: Transaction, patient_id: str) -> bool:
    """Whether somebody sees this patient's hand-over codes on a page: the patient, or one who acts for them."""
    return directory.can_sign_in(tx, patient_id) or bool(proxies.who_acts_for(tx, patient_id))


def _as_stocked(tx: Transaction, found: Prescription, prescribed: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines with what its own pharmacy can do now: take what is put aside from these lots and hand it over, or of
    what is owed what is in stock; prepare another medicine in the place of what it has too little of.
    """
    assert found.pharmacy_id is not None
    kept = put_aside.of(tx, found.id)
    lots = put_aside.usable_lots(tx, found.id) if kept else {}
    prescribed = tuple(replace(line, lots=lots.get(line.id, ())) for line in prescribed)
    status, preparing = found.status, any(found.status in act.sources for act in states.PREPARING)
    medicines = [line.medicine_id for line in prescribed if preparing]
    usable = inventory.usable(tx, found.pharmacy_id, medicines)
    aside = {line.id: kept.get(line.id, put_aside.NOTHING).usable for line in prescribed}
    stocked = {line.id: usable[line.medicine_id] for line in prescribed} if status in _REST else aside
    if status in _REST or status in (*states.PREPARE_ANEW.sources, *states.DELIVER.sources):
        prescribed = tuple(replace(line, at_hand=min(line.remaining, stocked[line.id])) for line in prescribed)
    if not preparing:
        return prescribed
    there = {line.id: aside[line.id] + usable[line.medicine_id] for line in prescribed}
    return tuple(replace(line, equivalent=_equivalent(tx, found, line, there[line.id])) for line in prescribed)


def _given_as(tx: Transaction, found: Prescription, prescribed: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines with what is put aside for them, where that is another medicine."""
    if found.status not in states.PUT_TOGETHER:
        return prescribed
    kept = equivalents.kept_for(tx, found.id)
    others = {line.id: kept[line.id] for line in prescribed if line.id in kept and kept[line.id].id != line.medicine_id}
    return tuple(replace(line, given_as=others.get(line.id)) for line in prescribed)


def _equivalent(tx: Transaction, found: Prescription, line: Line, there: int) -> Medicine | None:
    """What its pharmacy could prepare instead; None where it need not, may not or cannot."""
    if line.substitution_reason is not None or not line.remaining or line.given_as or there >= line.remaining:
        return None
    assert found.pharmacy_id is not None
    medicine = Medicine(line.medicine_id, line.dci, line.form, line.strength, line.unit, "")
    return equivalents.of(
        tx,
        found.pharmacy_id,
        medicine,
        line.remaining,
        lambda one: posology.may_be_taken_of(line.dosage, one.unit, one.form),
    )


def _lines_shown_to(tx: Transaction, viewer: Viewer, prescription_id: str) -> tuple[Line, ...]:
    """The lines; what another pharmacy wrote to the prescriber of one that it could not supply, no pharmacy reads."""
    return tuple(
        replace(line, shortage=replace(line.shortage, text=""))
        if line.shortage and viewer.role == "pharmacist" and line.shortage.pharmacy_id != viewer.organization_id
        else line
        for line in lines(tx, prescription_id)
    )


def _acts_shown_to(viewer: Viewer, acts: tuple[Act, ...]) -> tuple[Act, ...]:
    """The history; before a pharmacy took what another had given back, not who acted there, nor what was written of
    what they handed over, or took back (a document that was seen, somebody else's name).
    """
    given_back = max((number for number, act in enumerate(acts) if act.to_status == states.TO_CLAIM), default=0)
    if viewer.role != "pharmacist":
        return acts
    return tuple(_without_whom(viewer, act) if number <= given_back else act for number, act in enumerate(acts))


def _without_whom(viewer: Viewer, act: Act) -> Act:
    elsewhere = act.role == "pharmacist" and act.place_id != viewer.organization_id
    of_hand_over = act.to_status in states.DELIVERED or (
        act.from_status in states.UNDO.sources and act.to_status == states.UNDO.target
    )
    name = None if elsewhere else act.name
    return replace(act, name=name, reason="" if of_hand_over else act.reason)


def _as_it_was_shown(tx: Transaction, viewer: Viewer, found: Prescription) -> Prescription:
    """What a pharmacy reads long after: the prescription, and the allergies as it saw them; nothing newer of the file.

    What was weighed since, and where to bring it, are nobody's affair any more.
    """
    return replace(
        found,
        lines=_lines_shown_to(tx, viewer, found.id),
        acts=_acts_shown_to(viewer, _acts(tx, found.id)),
        dispenses=dispenses.of(tx, viewer, found.id),
        answers=answers.of_prescription(tx, found.id),
        allergies=allergies.of_patient(tx, found.patient_id, at=found.over_at),
    )


def is_any(tx: Transaction) -> bool:
    """Whether anything was ever prescribed here."""
    return tx.value("SELECT 1 FROM prescriptions LIMIT 1") is not None


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


def delivery(tx: Transaction, prescription_id: str) -> Delivery | None:
    """What the patient has asked for, and what was answered. The caller has checked who may know where to."""
    row = tx.first(
        "SELECT b.address, b.phone, b.status, b.created_at AS asked_at, b.answered_at, "
        "(SELECT name FROM people WHERE id = b.answered_by) AS by, b.reason "
        "FROM delivery_requests b WHERE b.prescription_id = :id",
        {"id": prescription_id},
    )
    return Delivery(**row.as_dict()) if row else None


def _delivery(tx: Transaction, found: Prescription) -> Delivery | None:
    """The same as it stands: once the prescription is over nothing is asked any more of what was never on its way."""
    wanted = delivery(tx, found.id)
    if wanted is None or found.status not in states.VOID or wanted.status in ("declined", "withdrawn"):
        return wanted
    brought = any("in_delivery" in (act.from_status, act.to_status) for act in _acts(tx, found.id))
    return wanted if brought else replace(wanted, status="over")


def lines(tx: Transaction, prescription_id: str) -> tuple[Line, ...]:
    """The lines of a prescription, in order."""
    lacking, ended = shortages.ask_of(tx, prescription_id), _ask_ended(tx, prescription_id)
    rows = tx.all(
        "SELECT l.id, l.medicine_id, m.dci, m.form, m.strength, m.unit, l.dosage, l.quantity, l.duration_days, "
        "l.substitution_reason, l.renewals, l.delivered, o.line_id AS replaces FROM prescription_lines l "
        "JOIN medicine_names m ON m.id = l.medicine_id LEFT JOIN ended_lines o ON o.replaced_by = l.id "
        "WHERE l.prescription_id = :id ORDER BY l.position",
        {"id": prescription_id},
    )
    unsupplied, over = lacking(), ended()
    return tuple(Line(**row.as_dict(), shortage=unsupplied.get(row["id"]), ended=over.get(row["id"])) for row in rows)


def _ask_ended(tx: Transaction, prescription_id: str) -> Callable[[], dict[str, Ended]]:
    """The lines that their prescriber has ended."""
    rows = tx.ask(
        "SELECT e.line_id, e.at, e.reason, e.replaced_by FROM prescription_lines l "
        "JOIN ended_lines e ON e.line_id = l.id WHERE l.prescription_id = :id",
        {"id": prescription_id},
    )
    return lambda: {row["line_id"]: Ended(row["at"], row["reason"], row["replaced_by"]) for row in rows()}


@cache
def _right(role: Role) -> str:
    if role in grants.READERS:
        return "1 = 1"  # what they did not write they may see through a grant, which `_granted` looks up
    own = OWN[role].items()
    return " OR ".join(f"({part} AND {_STATUS} IN {listed(theirs)})" for part, theirs in own) or "1 = 0"


def _granted(tx: Transaction, viewer: Viewer, row: Row) -> bool:
    if viewer.role not in grants.READERS or row["prescriber_id"] == viewer.id:
        return True
    return grants.granted(tx, viewer, row["patient_id"], "prescriptions") is not None


def _prescription(viewer: Viewer, row: Row) -> Prescription:
    values = row.as_dict()
    about = {name: values.pop(name) for name in _IDENTITY}
    identity = Identity(id=row["patient_id"], pharmacy_id=values.pop("chosen_pharmacy_id"), **about)
    neutral = viewer.role == "pharmacist" and row["pharmacy_id"] is None and row["addressed_to"] is None
    handled = viewer.id == row["prescriber_id"] or (
        viewer.role == "pharmacist" and viewer.organization_id == row["pharmacy_id"]
    )
    hidden = row["status"] == "entered_in_error" and not handled
    if neutral or hidden:
        values["status_reason"] = ""
    if neutral:  # which others it follows would say whose it is to a pharmacy that has had one of them
        values |= {"replaces_id": None, "renews_id": None}
    if neutral or hidden or row["status"] in states.VOID:
        values["short_code"] = None
    values["patient_gone"] = bool(row["patient_gone"]) and not neutral
    values["prescriber_gone"] = bool(row["prescriber_gone"])
    acknowledge_by = values.pop("acknowledge_by")
    values["unacknowledged"] = acknowledge_by is not None
    values["to_acknowledge"] = viewer.role == "pharmacist" and acknowledge_by == viewer.organization_id is not None
    values["to_bring"] = bool(row["to_bring"]) and viewer.role == "pharmacist"
    values["unsupplied"] = bool(row["unsupplied"]) and viewer.id == row["prescriber_id"]
    lacks = bool(values.pop("was_unsupplied")) and row["status"] in states.CANNOT_SUPPLY.sources
    values["lacks"] = lacks and handled and viewer.role == "pharmacist"
    values["renewal_asked"] = bool(row["renewal_asked"]) and viewer.id in (row["patient_id"], row["prescriber_id"])
    patient = None if neutral or viewer.role == "patient" else identity
    return Prescription(**values, patient=patient, neutral=neutral, hidden=hidden)


def _acts(tx: Transaction, prescription_id: str) -> tuple[Act, ...]:
    return _ask_acts(tx, prescription_id)()


def _ask_acts(tx: Transaction, prescription_id: str) -> Callable[[], tuple[Act, ...]]:
    rows = tx.ask(
        "SELECT a.at, (SELECT name FROM people WHERE id = a.actor_id) AS name, "
        "(SELECT name FROM people WHERE id = a.by_id) AS by, "
        "(SELECT role FROM people WHERE id = a.actor_id) AS role, a.from_status, a.to_status, a.reason, "
        "coalesce(f.organization_id, (SELECT organization_id FROM people WHERE id = a.actor_id)) AS place_id "
        f"FROM prescription_acts a {_WHERE_THEN} WHERE a.prescription_id = :id "
        "ORDER BY a.at, a.id",
        {"id": prescription_id},
    )
    return lambda: tuple(Act(**row.as_dict()) for row in rows())


def _is_to_be_corrected(viewer: Viewer, found: Prescription) -> bool:
    return viewer.id == found.prescriber_id and found.status in states.CORRECT.sources and not found.corrected


def _earlier(tx: Transaction, found: Prescription) -> tuple[str, ...]:
    """Its medicines that this patient was given in the last 7 days (openmrs-esm-dispensing-app #350)."""
    rows = tx.all(
        "SELECT DISTINCT m.dci || ' ' || m.strength AS name FROM prescription_lines l "
        "JOIN medicine_names m ON m.id = l.medicine_id JOIN prescription_lines e ON e.medicine_id = l.medicine_id "
        "JOIN prescriptions p ON p.id = e.prescription_id JOIN dispense_lines h ON h.line_id = e.id "
        "JOIN dispenses d ON d.id = h.dispense_id "
        "WHERE l.prescription_id = :id AND p.id <> :id AND p.patient_id = :patient AND p.updated_at > :since "
        "AND NOT EXISTS (SELECT 1 FROM ended_lines x WHERE x.line_id = l.id) AND d.undone_at IS NULL AND d.at > :since",
        {"id": found.id, "patient": found.patient_id, "since": tx.now - 7 * _DAY},
    )
    return tuple(row["name"] for row in rows)
