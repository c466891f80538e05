"""Asking for access and deciding about it."""

from wtforms import PasswordField
from wtforms.validators import Length

from fadjma.access.queries import EMERGENCIES, SCOPES
from fadjma.i18n import N_
from fadjma.web.forms import Form, Optional, one_of, text

HOUR = 3_600_000
DURATIONS = {
    "24h": (N_("24 heures"), 24 * HOUR),
    "7d": (N_("7 jours"), 7 * 24 * HOUR),
    "30d": (N_("30 jours"), 30 * 24 * HOUR),
    "12m": (N_("12 mois"), 365 * 24 * HOUR),
}


class AskForm(Form):
    patient_id = text("", 40)
    reason = text(N_("Motif"), 500, minimum=3, lines=True)
    scope = one_of(N_("Ce que vous souhaitez voir"), SCOPES, required=False)
    emergency = one_of(N_("Situation"), EMERGENCIES, required=False)
    password = PasswordField(N_("Votre mot de passe, à nouveau"), [Optional(), Length(max=200)])


class ApproveForm(Form):
    scope = one_of(N_("Ce que le médecin pourra voir"), SCOPES)
    duration = one_of(N_("Pendant"), DURATIONS)


class ReasonForm(Form):
    """A decision that may be explained."""

    reason = text(N_("Raison (facultative)"), 500, required=False, lines=True)
