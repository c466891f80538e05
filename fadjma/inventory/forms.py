"""Receiving and counting lots."""

from typing import Any

from wtforms import FieldList, FormField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.inventory import codes, expiry
from fadjma.inventory.counting import MANY, UNITS, Counted
from fadjma.inventory.formulary import SCHEDULES, Facts, listed
from fadjma.inventory.tables import ATC, LONGEST
from fadjma.web.forms import Box, Date, Form, Optional, Questioned, WholeNumber, one_of, text


class Expiry(Date):
    """When a lot expires, as its box says it (expiry.py)."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([expiry.as_a_day(text) for text in valuelist])


class LotForm(Questioned):
    medicine_id = text(N_("Médicament"), 40)
    number = text(N_("Numéro de lot"), 40)
    expires_on = Expiry(N_("Date de péremption"), [InputRequired()])
    quantity = WholeNumber(N_("Quantité reçue"), [InputRequired(), NumberRange(min=1, max=100_000)])
    threshold = WholeNumber(N_("Seuil d'alerte"), [Optional(), NumberRange(min=0, max=100_000)])
    gtin = text(N_("Code-barres"), 14, required=False)
    since = WholeNumber("", [Optional(), NumberRange(min=0, max=2**53)])  # milliseconds: when its page came

    def validate_gtin(self, field: Any) -> None:
        if field.data and not codes.is_gtin(field.data):
            raise ValidationError(translate(self.language, codes.CHECKED))


class ExpiryForm(Questioned):
    """When a lot expires, where it was typed wrong."""

    expires_on = Expiry(N_("Date de péremption"), [InputRequired()])


class ThresholdForm(Form):
    threshold = WholeNumber(N_("Seuil d'alerte"), [InputRequired(), NumberRange(min=0, max=100_000)])


class ReceiptForm(Questioned):
    """Of a delivery that was read from a file."""

    sure = N_("C'est une autre livraison : la recevoir aussi")


class ReasonForm(Form):
    """Why a lot is withheld; its page has another form with a `reason`."""

    why = text(N_("Raison"), 300, minimum=3)


class TransferForm(Form):
    """Some of a lot to another place of the house."""

    to_id = text(N_("À"), 40)
    quantity = WholeNumber(N_("Quantité envoyée"), [InputRequired(), NumberRange(min=1, max=100_000)])


class CountForm(Questioned):
    on_hand = WholeNumber(N_("Quantité comptée"), [InputRequired(), NumberRange(min=0, max=100_000)])
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison"), 300, minimum=3)

    def validate_on_hand(self, field: Any) -> None:
        if field.data and field.data > UNITS:
            self.doubt("on_hand", MANY)


class CountedLotForm(Form):
    """A lot of a sheet; one that was not counted is left empty."""

    lot_id = text("", 40)
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    on_hand = WholeNumber(N_("Quantité comptée"), [Optional(), NumberRange(min=0, max=100_000)])


class SheetForm(Questioned):
    sure = N_("J'ai recompté : enregistrer ces différences")
    reason = text(N_("Raison des différences"), 300, required=False, minimum=3)
    lines = FieldList(FormField(CountedLotForm), min_entries=0)

    @property
    def counted(self) -> list[Counted]:
        """The lots that were counted, as a form that is valid says."""
        return [
            Counted(line["on_hand"].name, line["lot_id"].data, line["version"].data, line["on_hand"].data)
            for line in (entry.form for entry in self["lines"])
            if line["on_hand"].data is not None
        ]


class ChoicesForm(Form):
    """What a pharmacy lets others know."""

    shows_cover = Box(N_("Dire que nous avons tout d'une ordonnance"))
    duty_from = Date(N_("De garde du"), [Optional()])
    duty_to = Date(N_("au (compris)"), [Optional()])
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        begins, ends = self["duty_from"].data, self["duty_to"].data
        if valid and bool(begins) != bool(ends):
            self.refuse({"duty_to": N_("Donnez le premier et le dernier jour de la garde.")})
        elif valid and begins and ends < begins:
            self.refuse({"duty_to": N_("La garde finirait avant de commencer.")})
        return valid and not self["duty_to"].errors


class MedicineForm(Form):
    dci = text(N_("DCI"), LONGEST["dci"])
    strength = text(N_("Dosage"), LONGEST["strength"])
    form = text(N_("Forme"), LONGEST["form"])
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
