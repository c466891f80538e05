"""Asking for access and deciding about it."""

from typing import Any, Literal

from wtforms import PasswordField
from wtforms.validators import Length, ValidationError

from fadjma.access.states import DURATIONS, EMERGENCIES, SCOPES, Scope
from fadjma.i18n import N_, translate
from fadjma.identity import pin_rules
from fadjma.web.forms import Field, Form, Needed, Optional, one_of, text


class AskForm(Form):
    patient_id: Field[str] = text("", 40)
    reason: Field[str] = text(N_("Motif"), 500, minimum=3, lines=True)
    scope: Field[Scope | Literal[""] | None] = one_of(N_("Ce que vous souhaitez voir"), SCOPES, required=False)
    duration: Field[str | None] = one_of(N_("Pendant combien de temps"), DURATIONS, required=False)
    emergency: Field[str | None] = one_of(N_("Situation"), EMERGENCIES, required=False)
    password: Field[str | None] = PasswordField(N_("Votre mot de passe, à nouveau"), [Optional(), Length(max=200)])

    def validate_scope(self, field: Any) -> None:
        """What an emergency opens, and for how long, is nobody's to choose."""
        if field.data and self["emergency"].data:
            raise ValidationError(translate(self.language, N_("Un accès d'urgence ouvre tout le dossier, 3 heures.")))

    validate_duration = validate_scope

    def validate_password(self, field: Any) -> None:
        """Whoever gives it means an emergency, and does not wait for the patient to answer."""
        if field.data and not self["emergency"].data:
            raise ValidationError(translate(self.language, N_("Dites aussi quelle est la situation d'urgence.")))


class ApproveForm(Form):
    scope: Field[Scope] = one_of(N_("Ce que le médecin pourra voir"), SCOPES)
    duration: Field[str] = one_of(N_("Pendant"), DURATIONS)


class InPersonForm(ApproveForm):
    """The patient, on the doctor's own screen."""

    pin: Field[str] = PasswordField(N_("Votre code PIN"), [Needed(), Length(max=40)])

    def validate_pin(self, field: Any) -> None:
        if pin_rules.digits(field.data) is None:
            raise ValidationError(translate(self.language, pin_rules.MALFORMED))


class ReasonForm(Form):
    """A decision that may be explained."""

    reason: Field[str | None] = text(N_("Raison (facultative)"), 500, required=False, lines=True)


class ExplanationForm(Form):
    """An admin's word on an emergency access that was one."""

    text: Field[str | None] = text(N_("Votre avis"), 500, required=False, lines=True)


class JudgementForm(Form):
    """What an admin asks about an emergency access, or says of one that was none."""

    text: Field[str] = text(N_("Votre avis"), 500, minimum=3, lines=True)


class ExplainForm(Form):
    """What a doctor who was asked says of their emergency access."""

    text: Field[str] = text(N_("Votre explication"), 500, minimum=3, lines=True)


class ContestForm(Form):
    text: Field[str | None] = text(N_("Ce qui n'est pas normal"), 500, required=False, lines=True)


class AnswerForm(Form):
    text: Field[str] = text(N_("Votre réponse"), 500, minimum=3, lines=True)
