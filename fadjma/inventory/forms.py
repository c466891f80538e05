"""Receiving and counting lots."""

from typing import Any

from wtforms.validators import InputRequired, NumberRange

from fadjma.i18n import N_
from fadjma.web.forms import Date, Questioned, WholeNumber, text

_YEARS = 10  # that a medicine keeps, and more
_UNITS = 10_000  # that one counts of one lot, and more
MANY = N_("Plus de 10 000 unités : vérifiez la quantité.")


class LotForm(Questioned):
    medicine_id = text(N_("Médicament"), 40)
    number = text(N_("Numéro de lot"), 40)
    expires_on = Date(N_("Date de péremption"), [InputRequired()])
    quantity = WholeNumber(N_("Quantité reçue"), [InputRequired(), NumberRange(min=1, max=100_000)])

    def validate_expires_on(self, field: Any) -> None:
        if field.data and field.data < self.today:
            self.doubt("expires_on", N_("Ce lot est déjà périmé : vérifiez la date."))
        elif field.data and field.data.year > self.today.year + _YEARS:
            self.doubt("expires_on", N_("Ce lot périmerait dans plus de dix ans : vérifiez l'année."))

    def validate_quantity(self, field: Any) -> None:
        if field.data and field.data > _UNITS:
            self.doubt("quantity", MANY)


class CountForm(Questioned):
    on_hand = WholeNumber(N_("Quantité comptée"), [InputRequired(), NumberRange(min=0, max=100_000)])
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison"), 300, minimum=3)

    def validate_on_hand(self, field: Any) -> None:
        if field.data and field.data > _UNITS:
            self.doubt("on_hand", MANY)
