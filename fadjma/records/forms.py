"""Writing and correcting a record; a measurement."""

import re
from datetime import date
from typing import Any

from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma import writing
from fadjma.i18n import N_, translate
from fadjma.records import allergies, measurements
from fadjma.records.allergies import Facts
from fadjma.web.forms import Date, Form, Optional, Questioned, WholeNumber, one_of, text

WRITTEN = ("consultation", "test_result", "vaccination", "allergy")
_DIGITS_AFTER = {"kg": 3, "g": 0}  # by unit: how many make a gram
_LEAST, _MOST = 300, 400_000  # grams
_NO_WEIGHT = N_("Donnez un poids, comme 12,4 kg ou 3200 g.")
_OUTSIDE = N_("Un poids va de 0,3 à 400 kg.")
_GRAMS = N_("C'est plus de 400 kg : si ce sont des grammes, 3200 s'écrit ici 3,2.")
_KILOGRAMS = N_("C'est moins de 300 g : si ce sont des kilogrammes, 3,2 s'écrit ici 3200.")
_WEIGHT = re.compile(r"([0-9]{1,7}|[0-9]{1,3}(?: [0-9]{3})+)(?:[.,]([0-9]{1,3}))?")


def _whole(typed: str | None, digits: int) -> int | None:
    """A number with at most so many `digits` after its comma or point, without it; None of what is none."""
    found = _WEIGHT.fullmatch(writing.plain_digits(typed or ""))
    whole, after = found.groups("") if found else ("", "")
    return int(whole.replace(" ", "") + after.ljust(digits, "0")) if found and len(after) <= digits else None


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


class MeasurementForm(Questioned):
    """A weight as it is read off the scales: in kilograms, « 12,4 », or for a newborn in grams."""

    code = one_of(N_("Mesure"), measurements.UNITS)
    value = text(N_("Poids"), 20, render_kw={"inputmode": "decimal"})
    unit = one_of(N_("Unité"), _DIGITS_AFTER)
    measured_on = Date(N_("Pesé le"), [Optional()])

    def validate_value(self, field: Any) -> None:
        """Nothing is said of it while its unit is not known."""
        if self["unit"].data in _DIGITS_AFTER and (fault := self._fault_of_value()):
            raise ValidationError(translate(self.language, fault))

    def _fault_of_value(self) -> str | None:
        typed, in_grams = self["value"].data, self["unit"].data == "g"
        grams = _whole(typed, _DIGITS_AFTER["g" if in_grams else "kg"])
        if grams is None:
            return _KILOGRAMS if in_grams and _whole(typed, _DIGITS_AFTER["kg"]) else _NO_WEIGHT
        if grams < _LEAST:
            return _KILOGRAMS if in_grams else _OUTSIDE
        if grams > _MOST:
            return _OUTSIDE if in_grams else _GRAMS
        return None

    @property
    def grams(self) -> int:
        """Of a form that is valid."""
        grams = _whole(self["value"].data, _DIGITS_AFTER[self["unit"].data])
        assert grams
        return grams

    validate_measured_on = validate_past
