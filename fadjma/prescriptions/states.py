"""The states of a prescription and every act on it, once: who may, from where to where, who is told what, and how the
page asks for it (docs/clinic.md).

Actions, lists, the page and the tests (of the database's triggers, of the page, of docs/clinic.md) read these tables.
A new act is a row of `ACTS`, a function that calls `transitions.move` with it, and its route. A new state is a row of
`STATES` and a migration that lets the database take it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fadjma.i18n import N_
from fadjma.identity.people import Role

Status = Literal[
    "issued",
    "validated",
    "prepared",
    "ready",
    "delivered",
    "in_delivery",
    "part_delivered",
    "on_hold",
    "refused",
    "cancelled",
    "expired",
    "entered_in_error",
]
Side = Literal["patient", "prescriber", "pharmacists"]
By = Literal["doctor", "prescriber", "patient", "pharmacists", "time"]  # doctor: any with a grant
Place = Literal["now", "flow", "rest"]
Step = Literal["validate", "prepare", "hand_over", "bring", "owed", "on_hold", "acknowledge"]
Asks = Literal[
    "nothing",
    "stock",
    "reason",
    "refusal",
    "code",
    "address",
    "line",
    "line and reason",
    "pharmacy",
    "another page",
    "a page for each line",
]
Condition = Literal[
    "always",
    "delivery requested",
    "delivery asked",
    "to be corrected",
    "something is owed",
    "a line can be replaced",
    "a line can be ended",
    "not supplied",
    "not all is kept",
    "just handed over",
    "not just handed over",
    "to be acknowledged",
]

CODE_ATTEMPTS = 5  # wrong hand-over codes; then it takes another code, with which the count starts again

ROLES: dict[By, Role] = {
    "doctor": "doctor",
    "prescriber": "doctor",
    "patient": "patient",
    "pharmacists": "pharmacist",
}


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a prescription is. `fhir` is its MedicationRequest.status, `look` its class in static/app.css."""

    label: str
    fhir: str
    look: str
    place: Place  # the list of a dashboard that it belongs to: under way, or the rest
    now: Role | None = None  # whose turn it is: there it is among what to do now
    step: Step | None = None  # what its pharmacy has to do next
    brought: Step | None = None  # the same where the patient has asked for delivery, if it is another

    def step_of(self, *, to_bring: bool) -> Step | None:
        """What its pharmacy has to do next; `to_bring`: the patient has asked for delivery, and it was not declined."""
        return (to_bring and self.brought) or self.step

    def place_for(self, role: str) -> Place:
        """The list of this role's dashboard; of one that has been corrected, nobody's turn is left (CORRECT)."""
        return "now" if self.now == role else self.place


PLACES: tuple[Place, ...] = ("now", "flow", "rest")  # of every dashboard and of the lists that it leads to
STATES: dict[Status, State] = {
    "issued": State(N_("Émise"), "active", "s1", "flow", now="pharmacist", step="validate"),
    "validated": State(N_("Validée"), "active", "s2", "flow", step="prepare"),
    "prepared": State(N_("Préparée"), "active", "s3", "flow", step="prepare"),
    "ready": State(N_("Prête"), "active", "s4", "flow", now="patient", step="hand_over", brought="bring"),
    "delivered": State(N_("Livrée"), "completed", "s5", "rest"),
    "in_delivery": State(N_("En livraison"), "active", "s4", "flow", step="bring"),
    "part_delivered": State(N_("Délivrée en partie, reste dû"), "active", "sp", "flow", step="owed"),
    "on_hold": State(N_("En attente"), "on-hold", "wait", "flow", step="on_hold"),
    "refused": State(N_("Refusée, à revoir"), "on-hold", "no", "rest", now="doctor"),
    "cancelled": State(N_("Annulée"), "cancelled", "cut", "rest"),
    "expired": State(N_("Expirée"), "stopped", "off", "rest"),
    "entered_in_error": State(N_("Saisie par erreur"), "entered-in-error", "cut", "rest"),
}
# What a pharmacy has to do next, in the order of the work.
TO_DO: dict[Step, str] = {
    "validate": N_("À valider"),
    "prepare": N_("À préparer"),
    "hand_over": N_("À remettre"),
    "bring": N_("À livrer"),
    "owed": N_("Reste dû"),
    "on_hold": N_("En attente"),
    "acknowledge": N_("Annulées"),
}
STEPS: tuple[Status, ...] = ("issued", "validated", "prepared", "ready", "delivered")
TO_CLAIM: Status = "issued"  # while it is, one that is open to any pharmacy is shown to all of them
OVER: tuple[Status, ...] = ("delivered", "cancelled", "entered_in_error")  # by an act that ends it, before its time
PUT_TOGETHER: tuple[Status, ...] = ("prepared", "ready", "in_delivery", "part_delivered")  # whose end is acknowledged
# In which nothing more is handed over: its paper says so across the page, and what is on it finds and opens nothing.
VOID: tuple[Status, ...] = ("delivered", "refused", "cancelled", "expired", "entered_in_error")
UNDER_WAY: tuple[Status, ...] = tuple(code for code, state in STATES.items() if state.place == "flow")
DELIVERED: tuple[Status, ...] = ("delivered", "part_delivered")  # to which something is handed over
OWING: tuple[Status, ...] = (*UNDER_WAY, "refused")  # in which what was not handed over is owed

# Why a pharmacy refuses. A new reason is a line here, its English (docs/translating.md) and its code in docs/http.md.
REFUSALS = {
    "dose": N_("Dose à vérifier"),
    "interaction": N_("Interaction ou allergie"),
    "unreadable": N_("Ordonnance incomplète"),
    "unavailable": N_("Médicament indisponible"),
    "duplicate": N_("Déjà délivrée"),
    "other": N_("Autre raison"),
}

# Why a pharmacy cannot supply a line. A new reason is a line here, as of the refusals.
SHORTAGES = {
    "out_of_stock": N_("En rupture"),
    "off_market": N_("Plus commercialisé"),
    "not_kept": N_("Pas tenu par notre pharmacie"),
    "other": N_("Autre raison"),
}
UNAVAILABLE = "unavailable"  # the one refusal that asks nothing of the prescriber: another pharmacy may have it
UNDONE_WITHIN = 10 * 60_000  # milliseconds after a hand-over

# What the other doctors who may read it are told, by what happened (of `transitions.tell`); None: their pages follow.
COLLEAGUES: dict[str, str | None] = {
    "issued": "prescription.shared",
    "corrected": "prescription.shared_corrected",
    "line_replaced": "prescription.shared_corrected",
    "line_ended": "prescription.shared_corrected",
    "cancelled": "prescription.shared_ended",
    "entered_in_error": "prescription.shared_ended",
    "delivered": None,
    "part_delivered": None,
    "undone": None,
}
TO_VALIDATE = "prescription.to_validate"  # the one thing that is news about a prescription that nobody has taken
CHANGED = N_("Cette ordonnance a changé entre-temps : rien n'a été modifié.")
_HAS_ENDED: dict[Status, str] = {  # the same of what has ended, in the words that its paper is met with
    "delivered": N_("Cette ordonnance est déjà livrée : rien n'a été modifié."),
    "cancelled": N_("Cette ordonnance est annulée : rien n'a été modifié."),
    "expired": N_("Cette ordonnance a expiré : rien n'a été modifié."),
    "entered_in_error": N_("Cette ordonnance a été saisie par erreur : rien n'a été modifié."),
}
_READ_BY_PATIENT = N_("%(patient)s la lira")


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """How the page offers an act: the last part of its address, its button, and what it asks for."""

    path: str
    button: str
    asks: Asks = "nothing"
    summary: str = ""  # folded under these words; empty: open
    hint: str = ""  # who reads the reason: %(patient)s, by name
    bad: bool = False  # drawn as what cannot be taken back
    instead: Mapping[Status, str] = field(default_factory=dict)  # another button from these states
    when: Condition = "always"
    in_row: Mapping[Status, str] = field(
        default_factory=dict
    )  # its button in the list of what to do, from these states
    letter: str = ""  # what does it by keyboard (static/keys.js), in the list as on its page; patients have none
    as_read: bool = False  # its form says which version was read: of another one it is not meant

    def button_from(self, status: Status) -> str:
        """The words on the button for a prescription in this state."""
        return self.instead.get(status, self.button)


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """One act: by whom, from which states (none: there was nothing before), to which (None: the state stays)."""

    name: str
    by: By
    sources: tuple[Status, ...]
    target: Status | None
    told: Mapping[Side, str] = field(default_factory=dict)  # keys of the catalogue; the other sides' pages only follow
    claim: Literal["take", "give back", "stays"] = "stays"  # whether the pharmacy takes it, gives it back, or neither
    stock: Literal["reserve", "give back", "take", "put back", "stays"] = "stays"
    offer: Offer | None = None  # None: not on the page of a prescription
    history: str = ""  # how its history calls it; empty: as the state
    event: str = ""  # how the audit calls it (prescription.…); empty: as the state
    too_late: str = CHANGED

    @property
    def needs_reason(self) -> bool:
        return self.offer is not None and self.offer.asks in ("reason", "refusal", "line and reason")

    def too_late_in(self, status: Status) -> str:
        """What is said to who comes when the prescription is in this state."""
        return _HAS_ENDED.get(status, CHANGED) if self.too_late == CHANGED else self.too_late


ISSUE = Act(
    "issue", "doctor", (), "issued", {"patient": "prescription.issued", "pharmacists": TO_VALIDATE}
)  # fmt: skip
PREPARE = Act(
    "prepare",
    "pharmacists",
    ("validated", "on_hold"),
    "prepared",
    {"patient": "prescription.prepared"},
    stock="reserve",
    offer=Offer("preparation", N_("Marquer « Préparée »"), "stock", in_row={"validated": N_("Préparer")}, letter="p"),
)
VALIDATE = Act(
    "validate",
    "pharmacists",
    ("issued", "on_hold"),
    "validated",
    {"patient": "prescription.validated"},
    claim="take",
    offer=Offer(
        "validation",
        N_("Valider : notre pharmacie la prend"),
        instead={"on_hold": N_("Reprendre : revenir à « Validée »")},
        in_row={"issued": N_("Valider"), "on_hold": N_("Reprendre")},
        letter="v",
    ),
)
MARK_READY = Act(
    "mark_ready",
    "pharmacists",
    ("prepared",),
    "ready",
    {"patient": "prescription.ready"},
    offer=Offer("readiness", N_("Marquer « Prête »"), in_row={"prepared": N_("C'est prêt")}, letter="r"),
)
DELIVER = Act(
    "deliver",
    "pharmacists",
    ("ready", "in_delivery", "part_delivered"),
    "delivered",
    {"patient": "prescription.delivered", "prescriber": "prescription.dispensed"},
    stock="take",
    offer=Offer("delivery", N_("Remettre les médicaments"), "code", letter="r", as_read=True),
)
DELIVER_PART = Act(  # DELIVER of less than all that is owed
    "deliver_part",
    "pharmacists",
    DELIVER.sources,
    "part_delivered",
    {"patient": "prescription.part_delivered", "prescriber": "prescription.part_dispensed"},
    stock="take",
)
PREPARE_REST = Act(
    "prepare_rest",
    "pharmacists",
    ("part_delivered",),
    "ready",
    {"patient": "prescription.rest_ready"},
    stock="reserve",
    offer=Offer(
        "rest", N_("Le reste est arrivé : « Prête »"), "stock", in_row={"part_delivered": N_("Reste prêt")}, letter="p"
    ),
    history=N_("Reste prêt"),
    event="rest_ready",
)
PREPARE_ANEW = Act(
    "prepare_anew",
    "pharmacists",
    ("prepared", "ready"),
    "prepared",
    {"patient": "prescription.prepared_anew"},
    stock="reserve",
    offer=Offer("preparation", N_("Préparer à nouveau"), "stock", when="not all is kept", letter="p"),
    history=N_("Préparée à nouveau"),
    event="prepared_anew",
)
PREPARING = (PREPARE, PREPARE_ANEW, PREPARE_REST)
SUBSTITUTED: Mapping[Side, str] = {  # told with these where an equivalent is prepared
    "patient": "prescription.substituted",
    "prescriber": "prescription.equivalent_prepared",
}
UNDO = Act(
    "undo",
    "pharmacists",
    DELIVERED,
    "ready",
    {"patient": "prescription.undone", "prescriber": "prescription.undone"},
    stock="put back",
    offer=Offer(
        "undoing",
        N_("Annuler cette remise"),
        "reason",
        N_("Annuler cette remise"),
        _READ_BY_PATIENT,
        bad=True,
        when="just handed over",
        letter="u",
        as_read=True,
    ),
    history=N_("Remise annulée"),
    event="undone",
    too_late=N_("Cette remise ne peut plus être annulée."),
)
DEPART = Act(
    "depart",
    "pharmacists",
    ("ready",),
    "in_delivery",
    {"patient": "prescription.in_delivery"},
    offer=Offer("departure", N_("Marquer « En livraison »"), when="delivery requested", letter="l", as_read=True),
)
BRING_BACK = Act(
    "bring_back",
    "pharmacists",
    ("in_delivery",),
    "ready",
    {"patient": "prescription.brought_back"},
    offer=Offer(
        "return", N_("Revenir à « Prête »"), "reason", N_("La livraison a échoué"), _READ_BY_PATIENT, letter="e"
    ),
    history=N_("Livraison échouée"),
    event="brought_back",
)
CANNOT_SUPPLY = Act(
    "cannot_supply",
    "pharmacists",
    ("validated", "prepared", "on_hold", "ready", "part_delivered"),
    None,
    {"prescriber": "prescription.unsupplied"},
    offer=Offer(
        "unsupplied",
        N_("Prévenir le médecin"),
        "line",
        N_("Nous ne pouvons pas fournir un médicament"),
        when="something is owed",
        letter="m",
    ),
)
HOLD = Act(
    "hold",
    "pharmacists",
    ("validated", "prepared"),
    "on_hold",
    {"patient": "prescription.on_hold"},
    stock="give back",
    offer=Offer("hold", N_("Mettre en attente"), "reason", N_("Mettre en attente"), _READ_BY_PATIENT, letter="a"),
)
RELEASE = Act(
    "release",
    "pharmacists",
    ("validated", "prepared", "on_hold", "ready", "part_delivered"),
    "issued",
    {"patient": "prescription.released", "pharmacists": TO_VALIDATE},
    claim="give back",
    stock="give back",
    offer=Offer(
        "release",
        N_("Rendre l'ordonnance"),
        "reason",
        N_("Rendre l'ordonnance"),
        N_("Une autre pharmacie pourra la prendre"),
        instead={"part_delivered": N_("Rendre ce qui reste dû")},
        letter="d",
    ),
    history=N_("Rendue par la pharmacie"),
    event="released",
)
REFUSE = Act(
    "refuse",
    "pharmacists",
    ("validated", "prepared", "on_hold"),
    "refused",
    {"patient": "prescription.refused", "prescriber": "prescription.refused"},
    stock="give back",
    offer=Offer(
        "refusal",
        N_("Refuser et prévenir le médecin"),
        "refusal",
        N_("Refuser l'ordonnance"),
        bad=True,
        letter="x",
        as_read=True,
    ),
)
CORRECT = Act(
    "correct",
    "prescriber",
    ("refused",),
    None,  # the new one is `ISSUE`, and says which it replaces
    offer=Offer(
        "",
        N_("Corriger et envoyer à nouveau"),
        "another page",
        when="to be corrected",
        in_row={"refused": N_("Corriger")},
        letter="c",
    ),
    too_late=N_("Cette ordonnance n'est plus à corriger."),
)
REPLACE_LINE = Act(
    "replace_line",
    "prescriber",
    ("issued", "validated", "prepared", "ready", "part_delivered", "on_hold"),
    None,
    {"patient": "prescription.line_replaced", "pharmacists": "prescription.line_replaced"},
    offer=Offer(
        "replacement", N_("Remplacer"), "a page for each line", when="a line can be replaced", letter="m"
    ),
    too_late=N_("Cette ordonnance ne peut plus être modifiée ligne par ligne."),
)  # fmt: skip
END_LINE = Act(
    "end_line",
    "prescriber",
    REPLACE_LINE.sources,
    None,
    {"patient": "prescription.line_ended", "pharmacists": "prescription.line_ended"},
    offer=Offer(
        "line-end",
        N_("Arrêter ce médicament"),
        "line and reason",
        N_("Arrêter un médicament, sans le remplacer"),
        N_("%(patient)s et la pharmacie la liront"),
        when="a line can be ended",
        letter="f",
        as_read=True,
    ),
    too_late=REPLACE_LINE.too_late,
)
AWAIT = Act(
    "await",
    "prescriber",
    REPLACE_LINE.sources,
    None,
    {"pharmacists": "prescription.awaited"},
    offer=Offer("waiting", N_("J'ai vu : on attend"), when="not supplied", letter="v", as_read=True),
    event="awaited",
    too_late=N_("Cette ordonnance n'attend plus de réponse de votre part."),
)
COMPLETE = Act(  # END_LINE of the last thing that was owed, when something was handed over
    "complete",
    "prescriber",
    ("ready", "part_delivered"),
    "delivered",
    END_LINE.told,
    stock="give back",
    history=N_("Terminée : plus rien n'est dû"),
    event="line_ended",
)
SET_BACK = Act(  # REPLACE_LINE or END_LINE, when nothing that is owed is put aside any more
    "set_back",
    "prescriber",
    ("prepared", "ready"),
    "validated",
    REPLACE_LINE.told,
    stock="give back",
    history=N_("À préparer de nouveau"),
    event="line_replaced",
)
CANCEL = Act(
    "cancel",
    "prescriber",
    ("issued", "validated", "prepared", "ready", "part_delivered", "on_hold", "refused"),
    "cancelled",
    {"patient": "prescription.cancelled", "pharmacists": "prescription.cancelled"},
    stock="give back",
    offer=Offer(
        "cancellation",
        N_("Annuler l'ordonnance"),
        "reason",
        N_("Annuler l'ordonnance"),
        N_("%(patient)s et la pharmacie la liront"),
        bad=True,
        letter="a",
    ),
)
MARK_ERROR = Act(
    "mark_error",
    "prescriber",
    ("issued", "validated", "prepared", "ready", "in_delivery", "part_delivered", "on_hold", "refused"),
    "entered_in_error",
    {"patient": "prescription.entered_in_error", "pharmacists": "prescription.entered_in_error"},
    stock="give back",
    offer=Offer(
        "error",
        N_("Déclarer une saisie par erreur"),
        "reason",
        N_("Saisie par erreur"),
        N_("Par exemple : mauvais patient"),
        bad=True,
        letter="e",
    ),
)
ACKNOWLEDGE = Act(
    "acknowledge",
    "pharmacists",
    ("cancelled", "entered_in_error"),
    None,
    {"prescriber": "prescription.acknowledged"},
    offer=Offer(
        "acknowledgement",
        N_("J'ai vu : rien ne sera remis"),
        when="to be acknowledged",
        in_row={"cancelled": N_("J'ai vu"), "entered_in_error": N_("J'ai vu")},
        letter="v",
    ),
)
REQUEST_DELIVERY = Act(
    "request_delivery",
    "patient",
    ("issued", "validated", "prepared", "ready", "part_delivered", "on_hold"),
    None,
    {"pharmacists": "prescription.delivery_requested"},
    offer=Offer("delivery-request", N_("Demander la livraison"), "address", N_("Me faire livrer")),
    too_late=N_("La livraison ne peut plus être demandée."),
)
WITHDRAW_DELIVERY = Act(
    "withdraw_delivery",
    "patient",
    REQUEST_DELIVERY.sources,
    None,
    {"pharmacists": "prescription.delivery_withdrawn"},
    offer=Offer("delivery-withdrawal", N_("Je viendrai le chercher : ne plus livrer"), when="delivery requested"),
    event="delivery_withdrawn",
    too_late=N_("La livraison ne peut plus être retirée."),
)
ACCEPT_DELIVERY = Act(
    "accept_delivery",
    "pharmacists",
    ("validated", "prepared", "ready", "part_delivered", "on_hold"),
    None,
    {"patient": "prescription.delivery_accepted"},
    offer=Offer("delivery-acceptance", N_("Accepter la livraison"), when="delivery asked", letter="o", as_read=True),
    event="delivery_accepted",
)
DECLINE_DELIVERY = Act(
    "decline_delivery",
    "pharmacists",
    ACCEPT_DELIVERY.sources,
    None,
    {"patient": "prescription.delivery_declined"},
    offer=Offer(
        "delivery-refusal",
        N_("Ne pas livrer"),
        "reason",
        N_("Nous ne pouvons pas livrer"),
        _READ_BY_PATIENT,
        when="delivery requested",
        letter="n",
        as_read=True,
    ),
    event="delivery_declined",
)
ANSWERS_TO_DELIVERY = (ACCEPT_DELIVERY, DECLINE_DELIVERY)
TAKE_BACK = Act(
    "take_back",
    "patient",
    ("validated", "on_hold", "part_delivered"),
    "issued",
    {"pharmacists": TO_VALIDATE},
    claim="give back",
    stock="give back",
    offer=Offer(
        "taking-back",
        N_("Reprendre mon ordonnance"),
        "reason",
        N_("Aller dans une autre pharmacie"),
        N_("La pharmacie la lira"),
        instead={"part_delivered": N_("Reprendre ce qui reste dû")},
        when="not just handed over",
    ),
    history=N_("Reprise par le patient"),
    event="taken_back",
)
CHOOSE_PHARMACY = Act(
    "choose_pharmacy",
    "patient",
    ("issued",),
    "issued",
    {"prescriber": "prescription.redirected", "pharmacists": TO_VALIDATE},
    offer=Offer(
        "pharmacy", N_("Envoyer à cette pharmacie"), "pharmacy", N_("Choisir la pharmacie"), N_("Le médecin le saura")
    ),
    history=N_("Envoyée à une autre pharmacie"),
    event="redirected",
)
RENEW_CODE = Act(
    "renew_code",
    "patient",
    DELIVER.sources,  # where there is a code to show, and to try
    None,
    offer=Offer("code", N_("Créer un nouveau code")),
    too_late=N_("Cette ordonnance n'a pas de code de retrait en ce moment."),
)
EXPIRE = Act(
    "expire",
    "time",
    ("issued", "validated", "prepared", "ready", "part_delivered", "on_hold", "refused"),
    "expired",
    {
        "patient": "prescription.expired",
        "prescriber": "prescription.expired",
        "pharmacists": "prescription.expired",
    },
    stock="give back",
)

ACTS = (
    ISSUE,
    PREPARE,
    VALIDATE,
    MARK_READY,
    DELIVER,
    DELIVER_PART,
    PREPARE_REST,
    PREPARE_ANEW,
    DEPART,
    BRING_BACK,
    UNDO,
    CANNOT_SUPPLY,
    HOLD,
    RELEASE,
    REFUSE,
    CORRECT,
    REPLACE_LINE,
    AWAIT,
    END_LINE,
    COMPLETE,
    SET_BACK,
    CANCEL,
    MARK_ERROR,
    ACKNOWLEDGE,
    REQUEST_DELIVERY,
    WITHDRAW_DELIVERY,
    ACCEPT_DELIVERY,
    DECLINE_DELIVERY,
    CHOOSE_PHARMACY,
    TAKE_BACK,
    RENEW_CODE,
    EXPIRE,
)  # in the order in which the page offers them


def offered_in_row(status: Status, role: Role) -> Offer | None:
    """What the list of what to do itself offers this role for a prescription in this state: an act that needs nothing
    more, or the way to the page where it is done.
    """
    mine = (act.offer for act in ACTS if act.offer and ROLES.get(act.by) == role)
    return next((offer for offer in mine if status in offer.in_row), None)


def between(source: Status | None, target: Status, role: Role | None, *, reasoned: bool) -> Act | None:
    """The act by which somebody of this role leads from one state to another, with a reason or without; None when there
    is none.
    """
    if source is None:
        return ISSUE
    found = [act for act in ACTS if act.target == target and source in act.sources and ROLES.get(act.by) == role]
    return next((act for act in found if act.needs_reason == reasoned), found[0] if found else None)
