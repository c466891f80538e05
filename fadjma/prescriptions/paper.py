"""A prescription on paper: what an ordonnance must show (docs/clinic.md, “On paper”), and what of it is missing."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from fadjma import days, short_codes
from fadjma.i18n import N_, age, iso, show_age, translate
from fadjma.identity import directory, practices
from fadjma.identity.directory import Patient
from fadjma.identity.people import SEXES, Viewer
from fadjma.identity.practices import Practice
from fadjma.prescriptions import actions, handover, queries, renewals, states
from fadjma.prescriptions.letters import in_letters
from fadjma.prescriptions.prescription import Dispense, Line, Prescription
from fadjma.records import measurements
from fadjma.records.measurements import Measurement
from fadjma.refusals import Forbidden
from fadjma.store import Transaction

Copy = Literal["pharmacy", "patient"]
Size = Literal["a5", "a4"]
COPIES: tuple[Copy, ...] = ("pharmacy", "patient")
SIZES: tuple[Size, ...] = ("a5", "a4")

_CHILD = 15  # years, below which French monographs dose by weight
# What an ordonnance should say and does not: whoever prescribes reads it on the screen, nobody on the paper.
MISSING = {
    "order_number": N_("votre numéro d'inscription à l'Ordre"),
    "address": N_("l'adresse de votre lieu d'exercice"),
    "phone": N_("le téléphone de votre lieu d'exercice"),
    "weight": N_("le poids de l'enfant"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """One prescription as it stands on paper; age and weight are those of the day on which it was signed."""

    item: Prescription
    prescriber: Practice
    patient: Patient
    weight: Measurement | None  # of a child
    issued_on: date
    valid_until: date
    is_prescribers: bool  # whether its prescriber reads it
    narcotics: frozenset[str]  # of its medicines
    unseen: bool  # nobody sees the patient's hand-over codes on a page
    code: str | None  # the hand-over code, on the copy of a patient who sees it nowhere else

    @property
    def id(self) -> str:
        return self.item.id

    @property
    def void(self) -> bool:
        return self.item.status in states.VOID

    @property
    def short_code(self) -> str:
        """As it stands on paper; empty once it finds nothing any more."""
        return short_codes.written(self.item.short_code) if self.item.short_code else ""

    @property
    def revised_on(self) -> date | None:
        """The day of the newest version, where there is another than the first."""
        return days.day(self.item.revised_at) if self.item.revised_at else None

    @property
    def of_child(self) -> bool:
        return age(self.patient.birth_date, self.issued_on) < _CHILD

    @property
    def sex_name(self) -> str:
        return SEXES[self.patient.sex]

    def in_letters(self, line: Line) -> str:
        """How many, of a narcotic alone: nothing can be added to a word by hand."""
        return in_letters(line.quantity) if line.medicine_id in self.narcotics else ""

    @property
    def handed_over(self) -> list[tuple[date, Dispense]]:
        """What was given on it and on which day, the first time first, but what was undone."""
        return [(days.day(one.at), one) for one in self.item.dispenses if one.undone_at is None]

    @property
    def missing(self) -> list[str]:
        """What should stand on it and is not known, as codes of `MISSING`."""
        known = {
            "order_number": self.prescriber.order_number,
            "address": self.prescriber.address,
            "phone": self.prescriber.phone,
            "weight": self.weight or not self.of_child,
        }
        return [code for code in MISSING if not known[code]]

    def missing_text(self, language: str) -> str:
        return ", ".join(translate(language, MISSING[code]) for code in self.missing)

    def age_text(self, language: str) -> str:
        return show_age(self.patient.birth_date, self.issued_on, language)

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.item.status,
            "void": self.void,
            "prescriber": self.prescriber.json(),
            "issued_on": self.issued_on.isoformat(),
            "issued_at": iso(self.item.issued_at),
            "valid_until": iso(self.item.valid_until),
            "patient": {
                **self.patient.json(language),
                "given_name": self.patient.given_name,
                "family_name": self.patient.family_name,
                "birth_date": self.patient.birth_date,
                "age": age(self.patient.birth_date, self.issued_on),
                "age_text": self.age_text(language),
            },
            "weight": self._weight(),
            "revision": self.item.revision,
            "revised_at": iso(self.item.revised_at) if self.item.revised_at else None,
            "lines": [line.json() for line in self.item.lines],
            "missing": self.missing if self.is_prescribers else [],
            "short_code": self.short_code or None,
            **({"handover_code": self.code} if self.code else {}),
        }

    def _weight(self) -> dict[str, Any] | None:
        if not self.weight:
            return None
        one = self.weight
        return {"value": one.value, "unit": measurements.UNITS[one.code], "measured_on": one.measured_on}


def open_paper(tx: Transaction, viewer: Viewer, prescription_id: str, *, copy: Copy, key: bytes) -> Paper:
    """A prescription as it is printed, for whoever may read it; traced as its reading. `key`: of hand-over codes.

    Raises NotFound, and Forbidden for a pharmacist who has not claimed it: who it is for is not theirs to read yet.
    """
    found = actions.open_prescription(tx, viewer, prescription_id)
    if found.neutral:
        refusal = Forbidden(N_("Prenez d'abord cette ordonnance : elle s'imprime une fois validée."))
        raise refusal.about(queries.tried(tx, prescription_id))
    patient = directory.patient(tx, found.patient_id)
    issued_on = days.day(found.issued_at)
    weight = measurements.known_at(tx, found.patient_id, "body_weight", found.issued_at)
    scheduled = renewals.schedules(tx, [line.medicine_id for line in found.lines])
    is_child = age(patient.birth_date, issued_on) < _CHILD
    return Paper(
        found,
        practices.practice(tx, found.prescriber_id, found.issued_at),
        patient,
        weight if is_child and not found.hidden else None,
        issued_on,
        days.day(found.valid_until),
        viewer.id == found.prescriber_id,
        frozenset(id for id, schedule in scheduled.items() if schedule == "narcotic"),
        not queries.sees_codes(tx, found.patient_id),
        handover.on_copy(tx, viewer, found, key) if copy == "patient" else None,
    )
