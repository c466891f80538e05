"""A renewal: what a patient asks of the prescriber, how it stands, and what of a prescription may be renewed.

Accepted is what the prescriber has signed anew. Schedules decide (docs/clinic.md, “Renewal”): a narcotic never, what
is on list I only where its prescriber has written so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fadjma import rules
from fadjma.access import grants
from fadjma.i18n import N_, iso
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries, states
from fadjma.prescriptions.prescription import Line, Prescription, Standing
from fadjma.prescriptions.states import Status as Of
from fadjma.store import Transaction, given, listed

Status = Literal["pending", "accepted", "declined", "withdrawn", "lapsed"]


@dataclass(frozen=True, slots=True)
class State:
    """What a request is. `fhir` is the status of a Task, `look` its class in static/app.css."""

    label: str
    fhir: str
    look: str


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a pending request: by whom, to which state, and what the other side is told; None: it only follows."""

    name: str
    by: Literal["patient", "prescriber", "time"]
    target: Status
    told: str | None


STATES: dict[Status, State] = {
    "pending": State(N_("Demandé"), "requested", "wait"),
    "accepted": State(N_("Accepté"), "completed", "s5"),
    "declined": State(N_("Refusé"), "rejected", "no"),
    "withdrawn": State(N_("Retiré"), "cancelled", "off"),
    "lapsed": State(N_("Sans réponse"), "failed", "off"),
}
ASK = Act("ask_renewal", "patient", "pending", "prescription.renewal_asked")
WITHDRAW = Act("withdraw_renewal", "patient", "withdrawn", None)
RENEW = Act("renew", "prescriber", "accepted", "prescription.renewed")
DECLINE = Act("decline_renewal", "prescriber", "declined", "prescription.renewal_declined")
LAPSE = Act("lapse_renewal", "time", "lapsed", "prescription.renewal_lapsed")
ACTS = (ASK, WITHDRAW, RENEW, DECLINE, LAPSE)

ASKED_OF: tuple[Of, ...] = ("delivered", "part_delivered", "expired")  # before, there is nothing to renew
OVER: tuple[Of, ...] = ("cancelled", "entered_in_error")  # whose end ends what was asked
LAPSES_AFTER = 7 * rules.DAY

_LAPSED = "n.status = 'pending' AND n.lapses_at <= :now"
_EXPIRED = listed((*states.EXPIRE.sources, "expired"))  # once its time is over

NARCOTIC = N_("Stupéfiant : jamais renouvelé. Il faut une nouvelle ordonnance, après une consultation.")
NOT_WRITTEN = N_("Liste I : le médecin n'a pas écrit que ce médicament peut être renouvelé.")
ALREADY = N_("Un renouvellement est déjà demandé pour cette ordonnance.")
TOO_EARLY = N_("Rien n'a encore été remis : il n'y a rien à renouveler.")
REST = N_("Le reste de cette ordonnance est encore à recevoir : demandez le renouvellement ensuite.")
ENDED = N_("Cette ordonnance a été annulée : demandez au médecin une nouvelle ordonnance.")
CORRECTED = N_("Cette ordonnance a été corrigée : demandez le renouvellement de la nouvelle.")
RENEWED = N_("Cette ordonnance a déjà été renouvelée : demandez le renouvellement de la nouvelle.")
GONE = N_("Ce médecin n'exerce plus ici : demandez à un autre médecin.")
NOTHING = N_("Aucun médicament de cette ordonnance ne peut être renouvelé.")


@dataclass(frozen=True, slots=True)
class Renewal:
    """One request; `status` is what is true now. `by`: who asked for the patient."""

    id: str
    status: Status
    note: str
    by: str | None
    asked_at: int
    lapses_at: int
    ended_at: int | None
    reason: str
    renewed_id: str | None

    @property
    def state(self) -> State:
        return STATES[self.status]

    def json(self) -> dict[str, Any]:
        shown = {
            "id": self.id,
            "status": self.status,
            "note": self.note,
            "asked_at": iso(self.asked_at),
            "lapses_at": iso(self.lapses_at),
            "ended_at": iso(self.ended_at) if self.ended_at else None,
            "reason": self.reason or None,
            "renewed_id": self.renewed_id,
        }
        return {**shown, "asked_by": self.by} if self.by else shown


@dataclass(frozen=True, slots=True)
class Judged:
    """A line, and why it is not renewed; empty: it may be."""

    line: Line
    why_not: str


@dataclass(frozen=True, slots=True)
class Renewing:
    """What patient and prescriber see on a prescription: the last request, and what each can do."""

    request: Renewal | None
    lines: tuple[Judged, ...]
    why_not: str  # the patient cannot ask now; empty: they can. Nothing of it is the prescriber's
    open: bool  # whether the prescriber may sign in this file now

    @property
    def waiting(self) -> bool:
        return self.request is not None and self.request.status == "pending"

    @property
    def why_not_any(self) -> str:
        """Why nothing of it may be renewed any more, though it was asked; empty: something may."""
        return NOTHING if len(self.left_out) == len(self.lines) else ""

    @property
    def left_out(self) -> list[Judged]:
        return [one for one in self.lines if one.why_not]

    def json(self) -> dict[str, Any]:
        return {
            "request": self.request.json() if self.request else None,
            "lines": [{"line_id": one.line.id, "renewable": not one.why_not} for one in self.lines],
            "may_ask": not self.why_not,
        }


def of_prescription(tx: Transaction, viewer: Viewer, found: Prescription) -> Renewing | None:
    """For its patient and its prescriber, of one that they see in full; None for all others, and where nothing was or
    can be asked.
    """
    if found.hidden or viewer.id not in (found.patient_id, found.prescriber_id):
        return None
    request = newest(tx, found.id)
    if request is None and (found.status not in ASKED_OF or viewer.id != found.patient_id):
        return None
    lines = judged(tx, found.lines)
    signs = grants.grant(tx, found.prescriber_id, found.patient_id, "prescriptions") is not None
    return Renewing(request, lines, why_not(tx, found, lines), signs)


def why_not(tx: Transaction, found: Prescription | Standing, lines: Sequence[Judged]) -> str:
    """Why a patient cannot ask now that this prescription be renewed; empty: they can."""
    if found.status in OVER:
        return ENDED
    if found.status not in ASKED_OF:
        return REST if any(one.line.delivered for one in lines) else TOO_EARLY
    if found.replaced_by:
        return CORRECTED
    if pending(tx, found.id):
        return ALREADY
    if _is_renewed(tx, found.id):
        return RENEWED
    if not directory.is_active(tx, found.prescriber_id, "doctor"):
        return GONE
    return "" if any(not one.why_not for one in lines) else NOTHING


def judged(tx: Transaction, lines: Sequence[Line]) -> tuple[Judged, ...]:
    """Which of these lines may be renewed; what its prescriber has ended is no more in question."""
    lines = [line for line in lines if not line.ended]
    known = schedules(tx, [line.medicine_id for line in lines])
    return tuple(Judged(line, _why_not(known[line.medicine_id], line.renewals)) for line in lines)


def schedules(tx: Transaction, medicine_ids: Sequence[str]) -> dict[str, str]:
    """The schedule of each of these (few) medicines that there are."""
    if not medicine_ids:
        return {}
    among, values = given(dict.fromkeys(medicine_ids))
    rows = tx.all(f"SELECT id, schedule FROM medicine_schedules WHERE id IN {among}", values)
    return {row["id"]: row["schedule"] for row in rows}


def _why_not(schedule: str, renewals: int) -> str:
    if schedule == "narcotic":
        return NARCOTIC
    return NOT_WRITTEN if schedule == "list_1" and not renewals else ""


def pending(tx: Transaction, prescription_id: str) -> str | None:
    """The id of the request that waits for its answer, if there is one."""
    found: str | None = tx.value(
        "SELECT id FROM renewals WHERE prescription_id = :id AND status = 'pending' AND lapses_at > :now",
        {"id": prescription_id, "now": tx.now},
    )
    return found


def newest(tx: Transaction, prescription_id: str) -> Renewal | None:
    """The last request. The caller has checked the right."""
    row = tx.first(
        f"SELECT n.id, CASE WHEN {_LAPSED} THEN '{LAPSE.target}' ELSE n.status END AS status, n.note, "
        "(SELECT name FROM people WHERE id = n.by_id) AS by, n.asked_at, n.lapses_at, "
        f"CASE WHEN {_LAPSED} THEN n.lapses_at ELSE n.ended_at END AS ended_at, n.reason, n.renewed_id "
        "FROM renewals n WHERE n.prescription_id = :id ORDER BY n.asked_at DESC, n.id DESC LIMIT 1",
        {"id": prescription_id, "now": tx.now},
    )
    return Renewal(**row.as_dict()) if row else None


def _is_renewed(tx: Transaction, prescription_id: str) -> bool:
    """Whether something was signed for it, or to correct that, which was not taken back and has not expired unused."""
    sql = (
        "WITH RECURSIVE signed (id) AS ("
        "SELECT n.renewed_id FROM renewals n WHERE n.prescription_id = :id AND n.renewed_id IS NOT NULL "
        "UNION SELECT c.id FROM signed s JOIN prescriptions c ON c.replaces_id = s.id) "
        "SELECT 1 FROM signed s JOIN prescriptions p ON p.id = s.id "
        f"WHERE p.status NOT IN {listed(OVER)} AND (p.valid_until > :now OR p.status NOT IN {_EXPIRED} "
        "OR EXISTS (SELECT 1 FROM prescription_lines l WHERE l.prescription_id = p.id AND l.delivered > 0)) LIMIT 1"
    )
    return tx.value(sql, {"id": prescription_id, "now": tx.now}) is not None


def lines_of(tx: Transaction, prescription_id: str) -> tuple[Judged, ...]:
    """Its lines, each with why it is not renewed."""
    return judged(tx, queries.lines(tx, prescription_id))
