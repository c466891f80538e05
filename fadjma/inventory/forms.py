"""Receiving and counting lots."""

import calendar
import re
from typing import Any

from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma import writing
from fadjma.i18n import N_, translate
from fadjma.inventory.formulary import SCHEDULES, Facts, listed
from fadjma.inventory.tables import ATC, LONGEST
from fadjma.web.forms import Date, Form, Questioned, WholeNumber, one_of, text

_BETWEEN = re.compile(r"[-/. ]+")
_LONGEST_DATE = 20  # characters that are looked at
_CENTURY = 2000  # of a year in two digits
_YEARS = 10  # that a medicine keeps, and more
_UNITS = 10_000  # that one counts of one lot, and more
MANY = N_("Plus de 10 000 unités : vérifiez la quantité.")


class Expiry(Date):
    """When a lot expires, as its box says it: 30/09/2027, 09/2027, 09/27; of a month alone, its last day."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([_as_a_day(text) for text in valuelist])


def _as_a_day(text: str) -> str:
    """In ISO form, or as it was where it says no month of a year."""
    parts = _BETWEEN.split(writing.plain_digits(text[:_LONGEST_DATE]).strip())
    if len(parts[0]) != 4:
        parts.reverse()  # the day comes first where people write by hand
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in parts):
        return text
    year, month, *days = map(int, parts)
    year += _CENTURY if len(parts[0]) == 2 else 0
    if not 1 <= month <= 12 or not year:
        return text
    return f"{year:04d}-{month:02d}-{(days or [calendar.monthrange(year, month)[1]])[0]:02d}"


class LotForm(Questioned):
    medicine_id = text(N_("Médicament"), 40)
    number = text(N_("Numéro de lot"), 40)
    expires_on = Expiry(N_("Date de péremption"), [InputRequired()])
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


class MedicineForm(Form):
    dci = text(N_("DCI"), LONGEST["dci"])
    form = text(N_("Forme"), LONGEST["form"])
    strength = text(N_("Dosage"), LONGEST["strength"])
    unit = text(N_("Unité comptée"), LONGEST["unit"])
    atc = text(N_("Code ATC"), 10, required=False)
    brands = text(N_("Noms de marque"), LONGEST["brands"], required=False)
    schedule = one_of(N_("Tableau"), SCHEDULES)

    def validate_atc(self, field: Any) -> None:
        if field.data and not ATC.fullmatch(field.data.upper()):
            raise ValidationError(translate(self.language, N_("Un code ATC a la forme N02BE01.")))

    def facts(self) -> Facts:
        """What a form that is valid says."""
        return Facts(
            dci=_one_line(self["dci"].data),
            form=_one_line(self["form"].data),
            strength=_one_line(self["strength"].data),
            unit=_one_line(self["unit"].data),
            atc=(self["atc"].data or "").upper(),
            brands=", ".join(listed(self["brands"].data or "")),
            schedule=self["schedule"].data,
        )


class ChangedMedicineForm(MedicineForm):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])


def _one_line(value: str) -> str:
    return " ".join(value.split())
