"""Who is to act for whom."""

from datetime import timedelta
from typing import Any

from wtforms import PasswordField, StringField
from wtforms.validators import Length, ValidationError

from fadjma import days
from fadjma.i18n import N_, translate
from fadjma.identity import pin_rules
from fadjma.identity.proxies import RELATIONSHIPS
from fadjma.web.forms import TOO_FAR, Date, Form, Optional, one_of, text

_AHEAD = timedelta(days=100 * 365)  # that a last day may lie at most: nobody acts longer


class ProxyForm(Form):
    """At the desk `patient_id` says for whom; a patient speaks for themselves."""

    patient_id = StringField("")
    identifier = text(N_("Identifiant FADJMA de la personne qui agira"), 30)
    relationship = one_of(N_("Cette personne est, pour le patient"), RELATIONSHIPS)
    until = Date(N_("Jusqu'au"), [Optional()])
    document = text(N_("Pièce présentée"), 80, minimum=3, required=False)
    pin = PasswordField(N_("Code PIN du patient"), [Optional(), Length(max=40)])

    def validate_until(self, field: Any) -> None:
        if field.data and field.data < self.today:
            raise ValidationError(translate(self.language, N_("Ce jour est passé.")))
        if field.data and field.data - self.today > _AHEAD:
            raise ValidationError(translate(self.language, TOO_FAR))

    def validate_pin(self, field: Any) -> None:
        if field.data and self["document"].data:
            raise ValidationError(translate(self.language, N_("Donnez la pièce ou le code PIN, pas les deux.")))
        if field.data and pin_rules.digits(field.data) is None:
            raise ValidationError(translate(self.language, pin_rules.MALFORMED))

    @property
    def ends_at(self) -> int | None:
        """When the last day is over, in milliseconds UTC; of a form that is valid."""
        last = self["until"].data
        return days.midnight(last + timedelta(days=1)) if last else None
