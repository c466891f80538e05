"""Receiving and counting lots."""

from wtforms.validators import InputRequired, NumberRange

from fadjma.i18n import N_
from fadjma.web.forms import Date, Form, WholeNumber, text


class LotForm(Form):
    medicine_id = text(N_("Médicament"), 40)
    number = text(N_("Numéro de lot"), 40)
    expires_on = Date(N_("Date de péremption"), [InputRequired()])
    quantity = WholeNumber(N_("Quantité reçue"), [InputRequired(), NumberRange(min=1, max=100_000)])


class CountForm(Form):
    on_hand = WholeNumber(N_("Quantité comptée"), [InputRequired(), NumberRange(min=0, max=100_000)])
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison"), 300, minimum=3)
