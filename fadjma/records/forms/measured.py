"""What is measured: one weight as programs send it, a round, and a consultation with what was measured in it."""

from typing import Any

from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.records import spelled, vitals
from fadjma.records.consultations import Consultation
from fadjma.records.forms.fields import validate_past
from fadjma.records.vitals import VITALS, Reading
from fadjma.web.forms import Date, Form, Optional, Questioned, WholeNumber, one_of, text

_DIGITS_AFTER = {"kg": 3, "g": 0}  # by unit: how many make a gram
_LEAST, _MOST = 300, 400_000  # grams
_NO_WEIGHT = N_("Donnez un poids, comme 12,4 kg ou 3200 g.")
_OUTSIDE = N_("Un poids va de 0,3 à 400 kg.")
_GRAMS = N_("C'est plus de 400 kg : si ce sont des grammes, 3200 s'écrit ici 3,2.")
_KILOGRAMS = N_("C'est moins de 300 g : si ce sont des kilogrammes, 3,2 s'écrit ici 3200.")
_NOTHING = N_("Notez au moins une mesure.")
_LONGEST = 20  # characters of a value


def _fault_of_weight(typed: str | None, unit: str) -> str | None:
    typed, unit = spelled.weight(typed or "", unit)
    in_grams = unit == "g"
    grams = vitals.whole(typed, _DIGITS_AFTER[unit])
    if grams is None:
        as_kilograms = vitals.whole(typed, _DIGITS_AFTER["kg"]) or 0
        return _KILOGRAMS if in_grams and _LEAST <= as_kilograms <= _MOST else _NO_WEIGHT
    if grams < _LEAST:
        return _KILOGRAMS if in_grams else _OUTSIDE
    if grams > _MOST:
        return _OUTSIDE if in_grams else _GRAMS
    return None


def _grams(typed: str, unit: str) -> int:
    """Of what has no fault."""
    typed, unit = spelled.weight(typed, unit)
    grams = vitals.whole(typed, _DIGITS_AFTER[unit])
    assert grams
    return grams


class MeasurementForm(Questioned):
    """A weight as it is read off the scales: in kilograms, « 12,4 », or for a newborn in grams."""

    code = one_of(N_("Mesure"), ("body_weight",))
    value = text(N_("Poids"), _LONGEST, render_kw={"inputmode": "decimal"})
    unit = one_of(N_("Unité"), _DIGITS_AFTER)
    measured_on = Date(N_("Pesé le"), [Optional()])

    def validate_value(self, field: Any) -> None:
        """Nothing is said of it while its unit is not known."""
        unit = self["unit"].data
        if unit in _DIGITS_AFTER and (fault := _fault_of_weight(field.data, unit)):
            raise ValidationError(translate(self.language, fault))

    @property
    def grams(self) -> int:
        """Of a form that is valid."""
        return _grams(self["value"].data, self["unit"].data)

    validate_measured_on = validate_past


def _field(code: vitals.Code) -> Any:
    return text(VITALS[code].label, _LONGEST, required=False)


def validate_vital(form: Form, field: Any) -> None:
    if field.data:
        try:
            vitals.read(field.short_name, field.data)
        except vitals.Unreadable as fault:
            raise ValidationError(translate(form.language, fault.message, **fault.values)) from fault


class Measured(Questioned):
    """What is measured in one go, each where it was; a weight in kilograms, or in grams where `unit` says so."""

    blood_pressure = _field("blood_pressure")
    pulse = _field("pulse")
    temperature = _field("temperature")
    respiratory_rate = _field("respiratory_rate")
    oxygen_saturation = _field("oxygen_saturation")
    glucose = _field("glucose")
    pain = _field("pain")
    body_weight = _field("body_weight")
    unit = one_of(N_("Unité"), _DIGITS_AFTER, required=False)
    body_height = _field("body_height")
    head_circumference = _field("head_circumference")

    validate_blood_pressure = validate_pulse = validate_temperature = validate_respiratory_rate = validate_vital
    validate_oxygen_saturation = validate_glucose = validate_pain = validate_vital
    validate_body_height = validate_head_circumference = validate_vital

    def validate_body_weight(self, field: Any) -> None:
        unit = self["unit"].data or "kg"
        if field.data and unit in _DIGITS_AFTER and (fault := _fault_of_weight(field.data, unit)):
            raise ValidationError(translate(self.language, fault))

    @property
    def readings(self) -> list[Reading]:
        """Of a form that is valid."""
        return [self._reading(code, self[code].data) for code in VITALS if self[code].data]

    def _reading(self, code: vitals.Code, typed: str) -> Reading:
        if code == "body_weight":
            return Reading(code, _grams(typed, self["unit"].data or "kg"), code)
        return vitals.read(code, typed)


class RoundForm(Measured):
    """What is measured by itself: on a nurse's round, before a consultation."""

    measured_on = Date(N_("Mesuré le"), [Optional()])

    validate_measured_on = validate_past

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if not any(self[code].data for code in VITALS):
            self.refuse({"blood_pressure": _NOTHING})
            return False
        return bool(valid)


class ConsultationForm(Measured):
    """Why somebody came, what was seen and measured, and what follows."""

    occurred_on = Date(N_("Date"), [Optional()])
    motive = text(N_("Motif"), 150)
    observation = text(N_("Observation"), 8_000, required=False, lines=True)
    conclusion = text(N_("Conclusion"), 2_000, required=False, lines=True)

    validate_occurred_on = validate_past

    @property
    def facts(self) -> Consultation:
        """Of a form that is valid."""
        return Consultation(self["motive"].data, self["observation"].data or "", self["conclusion"].data or "")


class AmendConsultationForm(Form):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    motive = text(N_("Motif"), 150)
    observation = text(N_("Observation"), 8_000, required=False, lines=True)
    conclusion = text(N_("Conclusion"), 2_000, required=False, lines=True)
    reason = text(N_("Raison de la correction"), 500, minimum=3)

    @property
    def facts(self) -> Consultation:
        """Of a form that is valid."""
        return Consultation(self["motive"].data, self["observation"].data or "", self["conclusion"].data or "")
