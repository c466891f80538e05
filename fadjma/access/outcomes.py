"""What an admin looks over, once: the states of an emergency access that is reviewed, with every act on it, and of a
line of the trace that its patient contests: who may, from where to where, who is told what (docs/clinic.md, “Reviews”).

Actions, lists, the pages and the tests (of the database's triggers, of the page, of docs/clinic.md) read these tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fadjma.access.states import Place
from fadjma.i18n import N_

ReviewStatus = Literal["to_review", "to_explain", "explained", "justified", "abusive"]
ContestStatus = Literal["open", "answered"]
Told = Literal["patient", "doctor", "admin"]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What it is: `look` is its class in static/app.css, `place` the list of an admin's dashboard it belongs to."""

    label: str
    look: str
    place: Place
    for_patient: str = ""  # its label for the patient, where nothing is theirs to do

    def label_for(self, role: str) -> str:
        return self.for_patient if role == "patient" and self.for_patient else self.label


REVIEWS: dict[ReviewStatus, State] = {
    "to_review": State(N_("À contrôler"), "wait", "now", N_("Contrôle en cours")),
    "to_explain": State(N_("À expliquer"), "wait", "flow", N_("Explication demandée au médecin")),
    "explained": State(N_("Expliqué, à contrôler"), "wait", "now", N_("Contrôle en cours")),
    "justified": State(N_("Justifié"), "ok", "rest"),
    "abusive": State(N_("Abusif"), "no", "rest"),
}
CONTESTS: dict[ContestStatus, State] = {
    "open": State(N_("À répondre"), "wait", "now", N_("En attente de réponse")),
    "answered": State(N_("Répondu"), "ok", "rest"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """One act on a review: by whom, from which states to which, and how its page asks for it.

    `told`: keys of the catalogue, for whom it is news. `path` is the last part of its address, `button` what it is
    called; `needs_text`: whether words are needed, and not only welcome. `bad`: drawn as what weighs. `letter`: what
    does it by keyboard (static/keys.js).
    """

    name: str
    by: Literal["admin", "doctor"]
    sources: tuple[ReviewStatus, ...]
    target: ReviewStatus
    path: str
    button: str
    told: Mapping[Told, str] = field(default_factory=dict)
    needs_text: bool = True
    bad: bool = False
    letter: str = ""
    too_late: str = N_("Ce contrôle a changé entre-temps : rien n'a été modifié.")


JUSTIFY = Act(
    "justify",
    "admin",
    ("to_review", "to_explain", "explained", "abusive"),
    "justified",
    "justification",
    N_("Juger justifié"),
    {"patient": "emergency.justified", "doctor": "emergency.found_justified"},
    needs_text=False,
    letter="v",
)
QUESTION = Act(
    "question",
    "admin",
    ("to_review",),
    "to_explain",
    "question",
    N_("Demander une explication"),
    {"patient": "emergency.to_explain", "doctor": "emergency.question"},
    letter="q",
)
CONDEMN = Act(
    "condemn",
    "admin",
    ("to_review", "to_explain", "explained", "justified"),
    "abusive",
    "abuse",
    N_("Juger abusif"),
    {"patient": "emergency.abusive", "doctor": "emergency.found_abusive"},
    bad=True,
    letter="x",
)
EXPLAIN = Act(
    "explain",
    "doctor",
    ("to_explain",),
    "explained",
    "explanation",
    N_("Envoyer l'explication"),
    {"admin": "emergency.explained"},
)

ACTS = (JUSTIFY, QUESTION, CONDEMN, EXPLAIN)  # in the order of the page
