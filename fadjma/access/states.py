"""The states of an access request and every act on it, once: who may, from where to where, who is told what, and how
the page asks for it (docs/clinic.md); what a scope opens, and every bound in time.

Actions, lists, the pages and the tests (of the database's triggers, of the page, of docs/clinic.md) read these tables.
The patient decides scope and duration; the doctor only proposes. Nothing is ever deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fadjma.i18n import N_

Status = Literal[
    "pending", "approved", "rejected", "withdrawn", "lapsed", "expired", "revoked", "replaced", "emergency"
]
Scope = Literal["summary", "prescriptions", "full"]
Side = Literal["patient", "doctor"]
Place = Literal["now", "flow", "rest"]
Asks = Literal["nothing", "optional reason", "scope and duration", "PIN, scope and duration"]
InPerson = Literal["", "pin", "witness"]

_HOUR = 3_600_000
_DAY = 24 * _HOUR
LAPSES_AFTER = 72 * _HOUR
EMERGENCY_FOR = 3 * _HOUR
ASK_AGAIN_AFTER = 24 * _HOUR  # after a refusal
WITNESSED_FOR = 24 * _HOUR  # without a PIN
COUNTED_FOR = 30 * _DAY  # that the admin counts as of late what the desk has attested
AGAINST_FOR = 30 * _DAY  # after a refusal or a revocation, that an emergency is one against the patient's will
AGAINST_REASON = 30  # characters at least that it must be explained in; it is never made to wait


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a request is. `fhir` is its Consent.status, `look` its class in static/app.css."""

    label: str
    fhir: str
    look: str
    place: Place  # the list of a dashboard that it belongs to: under way, or the rest
    now: Side | None = None  # whose turn it is: there it is among what to do now

    def place_for(self, role: str) -> Place:
        """The list of this role's dashboard."""
        return "now" if self.now == role else self.place


PLACES: tuple[Place, ...] = ("now", "flow", "rest")  # of every dashboard and of the lists that it leads to
STATES: dict[Status, State] = {
    "pending": State(N_("En attente"), "proposed", "wait", "flow", now="patient"),
    "approved": State(N_("Autorisé"), "active", "ok", "flow"),
    "rejected": State(N_("Refusé"), "rejected", "no", "rest"),
    "withdrawn": State(N_("Retirée"), "inactive", "cut", "rest"),
    "lapsed": State(N_("Sans réponse"), "inactive", "off", "rest"),
    "expired": State(N_("Expiré"), "inactive", "off", "rest"),
    "revoked": State(N_("Révoqué"), "inactive", "no", "rest"),
    "replaced": State(N_("Remplacé"), "inactive", "off", "rest"),
    "emergency": State(N_("Accès d'urgence"), "active", "sos", "flow"),
}
REQUESTS: tuple[Status, ...] = ("pending", "withdrawn", "lapsed")  # the others are an access: open, refused or over
GRANTS: tuple[Status, ...] = ("approved", "emergency")  # these open the file, as far as their scope goes

# A scope's label, and what it shows, in words and by part of the file.
SCOPES: dict[Scope, tuple[str, str]] = {
    "summary": (N_("Résumé"), N_("Allergies et vaccins")),
    "prescriptions": (N_("Ordonnances"), N_("Avec le résumé et le poids")),
    "full": (N_("Dossier complet"), N_("Consultations, examens, ordonnances")),
}
WIDTH: dict[Scope, int] = {scope: width for width, scope in enumerate(SCOPES)}  # the greater opens more
OPENS: dict[str, tuple[Scope, ...]] = {
    "summary": ("summary", "prescriptions", "full"),
    "prescriptions": ("prescriptions", "full"),
    "records": ("full",),
}
# What of a file a line of the trace is about: what a scope opens, a record's type, or what was measured.
PARTS: dict[str, str] = {
    **{scope: label for scope, (label, _) in SCOPES.items()},
    "full": N_("en entier"),  # « a ouvert votre dossier : en entier »
    "consultation": N_("Consultation"),
    "test_result": N_("Examen"),
    "vaccination": N_("Vaccination"),
    "allergy": N_("Allergie"),
    "problem": N_("Problème de santé"),
    "prescription": N_("Ordonnance"),
    "document": N_("Document apporté par le patient"),
    "measurements": N_("Mesures"),
    "blood_pressure": N_("Tension"),
    "pulse": N_("Pouls"),
    "temperature": N_("Température"),
    "respiratory_rate": N_("Respiration"),
    "oxygen_saturation": N_("Saturation"),
    "glucose": N_("Glycémie"),
    "pain": N_("Douleur"),
    "body_weight": N_("Poids"),
    "body_height": N_("Taille"),
    "head_circumference": N_("Périmètre crânien"),
}
DURATIONS = {
    "24h": (N_("24 heures"), 24 * _HOUR),
    "7d": (N_("7 jours"), 7 * _DAY),
    "30d": (N_("30 jours"), 30 * _DAY),
    "12m": (N_("12 mois"), 365 * _DAY),
}
EMERGENCIES = {
    "unconscious": N_("Perte de connaissance"),
    "life_threat": N_("Sa vie est en danger"),
    "identity_unknown": N_("Son identité est à confirmer"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """How the page offers an act: the last part of its address, its button, and what it asks for."""

    path: str
    button: str
    asks: Asks = "nothing"
    bad: bool = False  # drawn as what cannot be taken back


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """One act: by whom, from which states (none: there was nothing before), to which."""

    name: str
    by: Side | Literal["receptionist", "time"]
    sources: tuple[Status, ...]
    target: Status
    told: Mapping[Side, str] = field(default_factory=dict)  # keys of the catalogue; the other side's pages only follow
    offer: Offer | None = None  # None: not on the page of a request
    too_late: str = N_("Cette demande a changé entre-temps : rien n'a été modifié.")
    written: str = ""  # how the audit calls it; empty: by its target

    @property
    def action(self) -> str:
        return f"access_request.{self.written or self.target}"


ASK = Act("ask", "doctor", (), "pending", {"patient": "access.requested"})
OPEN_EMERGENCY = Act("open_emergency", "doctor", (), "emergency", {"patient": "access.emergency"})
APPROVE = Act(
    "approve",
    "patient",
    ("pending",),
    "approved",
    {"doctor": "access.approved"},
    Offer("approval", N_("Autoriser cet accès"), "scope and duration"),
)
APPROVE_IN_PERSON = Act(
    "approve_in_person",
    "doctor",
    ("pending",),
    "approved",
    {"patient": "access.approved_in_person"},
    Offer("in-person-approval", N_("J'autorise ce médecin"), "PIN, scope and duration"),
    written="approved_in_person",
)
WITNESS = Act(
    "witness",
    "receptionist",
    ("pending",),
    "approved",
    {"patient": "access.witnessed", "doctor": "access.approved"},
    written="witnessed",
)
CHANGE = Act(
    "change",
    "patient",
    ("approved",),
    "approved",
    {"doctor": "access.changed"},
    Offer("approval", N_("Changer cet accès"), "scope and duration"),
    too_late=N_("Cet accès a changé entre-temps : rien n'a été modifié."),
    written="changed",
)
REPLACE = Act("replace", "patient", ("approved",), "replaced")  # by another approval for the same doctor
REJECT = Act(
    "reject",
    "patient",
    ("pending",),
    "rejected",
    {"doctor": "access.rejected"},
    Offer("rejection", N_("Refuser"), "optional reason", bad=True),
)
REVOKE = Act(
    "revoke",
    "patient",
    GRANTS,
    "revoked",
    {"doctor": "access.revoked"},
    Offer("revocation", N_("Arrêter cet accès maintenant"), "optional reason", bad=True),
    too_late=N_("Cet accès a changé entre-temps : rien n'a été modifié."),
)
WITHDRAW = Act(
    "withdraw",
    "doctor",
    ("pending",),
    "withdrawn",
    {"patient": "access.withdrawn"},
    Offer("withdrawal", N_("Retirer ma demande"), bad=True),
)
LAPSE = Act("lapse", "time", ("pending",), "lapsed", {"doctor": "access.lapsed"})
EXPIRE = Act("expire", "time", GRANTS, "expired", {"doctor": "access.expired", "patient": "access.expired"})

ACTS = (
    *(ASK, OPEN_EMERGENCY, APPROVE, APPROVE_IN_PERSON, WITNESS, CHANGE, REPLACE, REJECT, REVOKE, WITHDRAW, LAPSE),
    EXPIRE,
)  # in the order of the page
