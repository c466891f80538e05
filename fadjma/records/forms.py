"""Writing and correcting a record."""

from datetime import date
from typing import Any

from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.web.forms import Date, Form, Optional, WholeNumber, one_of, text

WRITTEN = ("consultation", "test_result", "vaccination", "allergy")


class RecordForm(Form):
    type = one_of(N_("Type"), WRITTEN)
    occurred_on = Date(N_("Date"), [Optional()])
    title = text(N_("Titre"), 150)
    body = text(N_("Compte rendu"), 10_000, lines=True)

    def validate_occurred_on(self, field: Any) -> None:
        if field.data and not date(1900, 1, 1) <= field.data <= self.today:
            raise ValidationError(translate(self.language, N_("Cette date est à venir ou trop ancienne.")))


class AmendForm(Form):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    title = text(N_("Titre"), 150)
    body = text(N_("Compte rendu"), 10_000, lines=True)
    reason = text(N_("Raison de la correction"), 500, minimum=3)


class ErrorForm(Form):
    reason = text(N_("Raison"), 500, minimum=3)
