"""Writing and correcting a record; what was measured."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from wtforms import FieldList, FormField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.identity import births
from fadjma.records import allergies, problems, results, units, vitals
from fadjma.records.allergies import Facts
from fadjma.records.consultations import Consultation
from fadjma.records.problems import Problem
from fadjma.records.results import Result, Value
from fadjma.records.vaccinations import Vaccination
from fadjma.records.vitals import VITALS, Reading
from fadjma.web.forms import Date, Form, Optional, Questioned, WholeNumber, one_of, text

WRITTEN = ("consultation", "test_result", "vaccination", "allergy")
_DIGITS_AFTER = {"kg": 3, "g": 0}  # by unit: how many make a gram
_LEAST, _MOST = 300, 400_000  # grams
_NO_WEIGHT = N_("Donnez un poids, comme 12,4 kg ou 3200 g.")
_OUTSIDE = N_("Un poids va de 0,3 à 400 kg.")
_GRAMS = N_("C'est plus de 400 kg : si ce sont des grammes, 3200 s'écrit ici 3,2.")
_KILOGRAMS = N_("C'est moins de 300 g : si ce sont des kilogrammes, 3,2 s'écrit ici 3200.")
_NOTHING = N_("Notez au moins une mesure.")
_NO_ANALYSIS = N_("Dites de quelle analyse.")
_NO_VALUE = N_("Donnez un nombre, comme 5,4 ou <0,01 ; un résultat en mots va dans les précisions.")
_NO_BOUND = N_("Donnez un nombre, comme 4,5, ou rien.")
_REVERSED = N_("Le bas de la norme est au-dessus du haut.")
_NO_UNIT = N_("Cette unité n'est pas connue. Écrivez-la comme g/dL, mmol/L, UI/L ou 10*9/L.")
_COMPARED_TWICE = N_("Dites « plus petit » ou « plus grand » une seule fois.")
_FROM_ONE = N_("Donnez d'une à vingt analyses, chacune avec son nom et sa valeur.")
_LONGEST = 20  # characters of a value
_AHEAD = timedelta(days=20 * 365)  # that a dose may be due at most


def _fault_of_weight(typed: str | None, unit: str) -> str | None:
    in_grams = unit == "g"
    grams = vitals.whole(typed, _DIGITS_AFTER[unit])
    if grams is None:
        return _KILOGRAMS if in_grams and vitals.whole(typed, _DIGITS_AFTER["kg"]) else _NO_WEIGHT
    if grams < _LEAST:
        return _KILOGRAMS if in_grams else _OUTSIDE
    if grams > _MOST:
        return _OUTSIDE if in_grams else _GRAMS
    return None


def _grams(typed: str, unit: str) -> int:
    """Of what has no fault."""
    grams = vitals.whole(typed, _DIGITS_AFTER[unit])
    assert grams
    return grams


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


class ProblemForm(Form):
    """A problem in its doctor's words; `since` with as much of the date as is known."""

    words = text(N_("Problème"), 150)
    icd = text(N_("Code CIM-10"), 10, required=False)
    since = text(N_("Depuis"), 10, required=False)
    status = one_of(N_("Statut"), problems.STATUSES, required=False)
    ended_on = Date(N_("Terminé le"), [Optional()])
    note = text(N_("Précisions"), 1_000, required=False, lines=True)

    def validate_ended_on(self, field: Any) -> None:
        validate_past(self, field)
        if field.data and self["status"].data == "active":
            raise ValidationError(translate(self.language, N_("Ce qui continue n'a pas de fin : laissez vide.")))

    def validate_icd(self, field: Any) -> None:
        if field.data and problems.code_of(field.data) is None:
            raise ValidationError(translate(self.language, N_("Un code CIM-10 s'écrit comme I10 ou E11.9.")))

    def validate_since(self, field: Any) -> None:
        if not field.data:
            return
        since = births.normalize(field.data)
        if since is None:
            raise ValidationError(translate(self.language, N_("Écrivez 3/5/2019, 5/2019 ou 2019.")))
        if not "1900" <= since <= self.today.isoformat():
            raise ValidationError(translate(self.language, N_("Cette date est à venir ou trop ancienne.")))

    @property
    def facts(self) -> Problem:
        """Of a form that is valid. What has ended is past, whatever else is said."""
        ended_on = self["ended_on"].data.isoformat() if self["ended_on"].data else ""
        return Problem(
            words=self["words"].data,
            icd=problems.code_of(self["icd"].data or "") or "",
            since=births.normalize(self["since"].data or "") or "",
            status="past" if ended_on else self["status"].data or "active",
            ended_on=ended_on,
            note=self["note"].data or "",
        )


class AmendProblemForm(ProblemForm):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison de la correction"), 500, minimum=3)


class EndForm(Form):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    ended_on = Date(N_("Terminé le"), [Optional()])

    validate_ended_on = validate_past


class _VaccineForm(Form):
    vaccine = text(N_("Vaccin"), 120)
    dose = WholeNumber(N_("Dose n°"), [Optional(), NumberRange(0, 20)])
    lot = text(N_("Lot"), 40, required=False)
    site = text(N_("Site"), 60, required=False)
    next_due = Date(N_("Prochaine dose le"), [Optional()])
    note = text(N_("Précisions"), 10_000, required=False, lines=True)

    def validate_next_due(self, field: Any) -> None:
        if field.data and not date(1900, 1, 1) <= field.data <= self.today + _AHEAD:
            raise ValidationError(translate(self.language, N_("Cette date est trop lointaine : vérifiez l'année.")))

    @property
    def facts(self) -> Vaccination:
        """Of a form that is valid."""
        return Vaccination(
            vaccine=self["vaccine"].data,
            dose=self["dose"].data,
            lot=self["lot"].data or "",
            site=self["site"].data or "",
            next_due=self["next_due"].data.isoformat() if self["next_due"].data else "",
            note=self["note"].data or "",
        )


class VaccinationForm(_VaccineForm):
    """A dose that was given, and when the next one is due."""

    occurred_on = Date(N_("Date"), [Optional()])

    validate_occurred_on = validate_past


class AmendVaccinationForm(_VaccineForm):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison de la correction"), 500, minimum=3)


class ValueForm(Form):
    """One value of a result. A row of which nothing is said is none."""

    analysis = text(N_("Analyse"), 80, required=False)
    value = text(N_("Valeur"), 24, required=False)
    comparator = one_of("", [one for one in results.COMPARATORS if one], required=False)  # of programs
    unit = text(N_("Unité"), 30, required=False)
    low = text(N_("Norme, de"), 20, required=False)
    high = text(N_("Norme, à"), 20, required=False)

    @property
    def said(self) -> bool:
        return any(field.data for field in self)

    def faults(self) -> Iterator[tuple[str, str]]:
        """What cannot be taken, by the full name of the field."""
        typed = results.compared(self["value"].data or "")
        low, high = (results.number(self[name].data or "") for name in ("low", "high"))
        if not self["analysis"].data:
            yield self["analysis"].name, _NO_ANALYSIS
        if typed is None:
            yield self["value"].name, _NO_VALUE
        elif typed[0] and self["comparator"].data:
            yield self["value"].name, _COMPARED_TWICE
        if self["unit"].data and units.read(self["unit"].data) is None:
            yield self["unit"].name, _NO_UNIT
        for name, bound in (("low", low), ("high", high)):
            if self[name].data and bound is None:
                yield self[name].name, _NO_BOUND
        if low is not None and high is not None and low > high:
            yield self["low"].name, _REVERSED

    @property
    def facts(self) -> Value:
        """Of a row that is valid."""
        typed = results.compared(self["value"].data or "")
        assert typed
        low, high = (results.number(self[name].data or "") for name in ("low", "high"))
        unit = units.read(self["unit"].data or "") or ""
        return Value(self["analysis"].data, typed[1], self["comparator"].data or typed[0], unit, low, high)


class _ResultFields(Form):
    exam = text(N_("Examen"), 150, required=False)
    values = FieldList(FormField(ValueForm), min_entries=results.MOST)
    note = text(N_("Précisions"), 5_000, required=False, lines=True)

    @property
    def rows(self) -> list[ValueForm]:
        return [entry.form for entry in self["values"]]

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        rows = [row for row in self.rows if row.said]
        if "values" in self.others or not rows:  # more than twenty, or none
            self.others["values"] = translate(self.language, _FROM_ONE)
            return False
        known = self.messages
        faults = {name: said for row in rows for name, said in row.faults() if name not in known}
        self.refuse(faults)
        return valid and not faults

    @property
    def facts(self) -> Result:
        """Of a form that is valid."""
        values = tuple(row.facts for row in self.rows if row.said)
        return Result(values, self["exam"].data or "", self["note"].data or "")


class ResultForm(_ResultFields):
    """What a laboratory has found, row by row."""

    occurred_on = Date(N_("Date"), [Optional()])

    validate_occurred_on = validate_past


class AmendResultForm(_ResultFields):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison de la correction"), 500, minimum=3)
