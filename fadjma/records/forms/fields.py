"""Writing and correcting records: in words, and allergies, problems and vaccinations by their fields.

What is measured, and consultations, are measured.py; results of tests results.py.
"""

from datetime import date, timedelta
from typing import Any

from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.identity import births
from fadjma.records import allergies, problems
from fadjma.records.allergies import Facts
from fadjma.records.problems import Problem
from fadjma.records.vaccinations import Vaccination
from fadjma.web.forms import TOO_FAR, Date, Form, Optional, Questioned, WholeNumber, one_of, text

WRITTEN = ("consultation", "test_result", "vaccination", "allergy")
_AHEAD = timedelta(days=20 * 365)  # that a dose may be due at most


def validate_past(form: Form, field: Any) -> None:
    if field.data and not date(1900, 1, 1) <= field.data <= form.today:
        raise ValidationError(translate(form.language, N_("Cette date est à venir ou trop ancienne.")))


class RecordForm(Form):
    type = one_of(N_("Type"), WRITTEN)
    occurred_on = Date(N_("Date"), [Optional()])
    title = text(N_("Titre"), 150)
    body = text(N_("Compte rendu"), 10_000, lines=True)

    validate_occurred_on = validate_past


class AmendForm(Form):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    title = text(N_("Titre"), 150)
    body = text(N_("Compte rendu"), 10_000, lines=True)
    reason = text(N_("Raison de la correction"), 500, minimum=3)


class ErrorForm(Form):
    reason = text(N_("Raison"), 500, minimum=3)


class AllergyForm(Questioned):
    """To what somebody is allergic, and how it shows; a family of medicines is known by its name, or by an ATC code."""

    kind = one_of(N_("À quoi ?"), allergies.KINDS, required=False)
    substance = text(N_("Substance ou famille"), 120)
    atc = text(N_("Code ATC"), 60, required=False)
    reaction = text(N_("Réaction"), 300, required=False)
    severity = one_of(N_("Gravité"), allergies.SEVERITIES, required=False)
    status = one_of(N_("Statut"), allergies.STATUSES, required=False)

    def validate_atc(self, field: Any) -> None:
        if field.data and self["kind"].data in ("food", "other"):
            raise ValidationError(translate(self.language, N_("Un code ATC est celui d'un médicament.")))

    @property
    def facts(self) -> Facts:
        """Of a form that is valid."""
        return Facts(
            kind=self["kind"].data or "medicine",
            substance=self["substance"].data,
            atc=self["atc"].data or "",
            reaction=self["reaction"].data or "",
            severity=self["severity"].data or "",
            status=self["status"].data or "active",
        )


class AmendAllergyForm(AllergyForm):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison de la correction"), 500, minimum=3)


class ProblemForm(Form):
    """A problem in its doctor's words; `since` with as much of the date as is known."""

    words = text(N_("Problème"), 150)
    icd = text(N_("Code CIM-10"), 10, required=False)
    since = text(N_("Depuis"), 10, required=False)
    status = one_of(N_("Statut"), problems.STATUSES, required=False)
    ended_on = Date(N_("Terminé le"), [Optional()])
    note = text(N_("Précisions"), 1_000, required=False, lines=True)

    def validate_ended_on(self, field: Any) -> None:
        validate_past(self, field)
        if field.data and self["status"].data == "active":
            raise ValidationError(translate(self.language, N_("Ce qui continue n'a pas de fin : laissez vide.")))

    def validate_icd(self, field: Any) -> None:
        if field.data and problems.code_of(field.data) is None:
            raise ValidationError(translate(self.language, N_("Un code CIM-10 s'écrit comme I10 ou E11.9.")))

    def validate_since(self, field: Any) -> None:
        if not field.data:
            return
        since = births.normalize(field.data)
        if since is None:
            raise ValidationError(translate(self.language, N_("Écrivez 3/5/2019, 5/2019 ou 2019.")))
        if not "1900" <= since <= self.today.isoformat():
            raise ValidationError(translate(self.language, N_("Cette date est à venir ou trop ancienne.")))

    @property
    def facts(self) -> Problem:
        """Of a form that is valid. What has ended is past, whatever else is said."""
        ended_on = self["ended_on"].data.isoformat() if self["ended_on"].data else ""
        return Problem(
            words=self["words"].data,
            icd=problems.code_of(self["icd"].data or "") or "",
            since=births.normalize(self["since"].data or "") or "",
            status="past" if ended_on else self["status"].data or "active",
            ended_on=ended_on,
            note=self["note"].data or "",
        )


class AmendProblemForm(ProblemForm):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison de la correction"), 500, minimum=3)


class EndForm(Form):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    ended_on = Date(N_("Terminé le"), [Optional()])

    validate_ended_on = validate_past


class _VaccineForm(Form):
    vaccine = text(N_("Vaccin"), 120)
    dose = WholeNumber(N_("Dose n°"), [Optional(), NumberRange(0, 20)])
    lot = text(N_("Lot"), 40, required=False)
    site = text(N_("Site"), 60, required=False)
    next_due = Date(N_("Prochaine dose le"), [Optional()])
    note = text(N_("Précisions"), 10_000, required=False, lines=True)

    def validate_next_due(self, field: Any) -> None:
        if field.data and not date(1900, 1, 1) <= field.data <= self.today + _AHEAD:
            raise ValidationError(translate(self.language, TOO_FAR))

    @property
    def facts(self) -> Vaccination:
        """Of a form that is valid."""
        return Vaccination(
            vaccine=self["vaccine"].data,
            dose=self["dose"].data,
            lot=self["lot"].data or "",
            site=self["site"].data or "",
            next_due=self["next_due"].data.isoformat() if self["next_due"].data else "",
            note=self["note"].data or "",
        )


class VaccinationForm(_VaccineForm):
    """A dose that was given, and when the next one is due."""

    occurred_on = Date(N_("Date"), [Optional()])

    validate_occurred_on = validate_past


class AmendVaccinationForm(_VaccineForm):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison de la correction"), 500, minimum=3)
