"""Prescribing and the acts that need words."""

from collections.abc import Mapping
from typing import Any, ClassVar

from wtforms import FieldList, FormField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.identity import pin_rules
from fadjma.identity.identifiers import normalize_phone
from fadjma.prescriptions import handover, proving
from fadjma.prescriptions.states import REFUSALS, SHORTAGES
from fadjma.prescriptions.substituting import Substitute
from fadjma.safety.answers import Override
from fadjma.web.forms import (
    AsReadForm,
    AtMost,
    Box,
    Field,
    Form,
    Needed,
    Optional,
    Questioned,
    WholeNumber,
    cleaning,
    one_of,
    text,
)

LINES_AT_MOST = 15
AT_MOST = N_("Quinze médicaments au plus par ordonnance.")


class LineForm(Form):
    instead: ClassVar[Mapping[str, str]] = {
        "substitution_allowed": N_(
            "Le champ « %(name)s » n'est pas connu ici. Pour qu'un médicament ne soit pas remplacé, "
            "dites pourquoi dans « substitution_reason »."
        )
    }

    medicine_id: Field[str | None] = StringField("", [AtMost(40)], filters=[cleaning(40)])
    medicine: Field[str | None] = StringField(
        N_("Médicament"), [AtMost(120)], filters=[cleaning(120)]
    )  # what was typed, until one is chosen
    dosage: Field[str] = text(N_("Posologie et mode d'emploi"), 300)
    duration_days: Field[int] = WholeNumber(N_("Durée en jours"), [InputRequired(), NumberRange(min=1, max=365)])
    quantity: Field[int] = WholeNumber(N_("Quantité"), [InputRequired(), NumberRange(min=1, max=1000)])
    substitution_reason: Field[str | None] = text(N_("Ne pas substituer, parce que"), 200, required=False)

    # Expressly written by the prescriber: without it what is on list I is not renewed (docs/clinic.md, “Renewal”).
    renewals: Field[int | None] = WholeNumber(
        N_("Peut être renouvelé (nombre de fois)"), [Optional(), NumberRange(min=0, max=12)]
    )

    def validate_medicine(self, field: Any) -> None:
        if not field.data and not self["medicine_id"].data:
            raise ValidationError(translate(self.language, N_("Choisissez un médicament de la liste.")))

    @property
    def is_blank(self) -> bool:
        """Whether a page has sent a line in which nobody has written."""
        return bool(self["medicine"].raw_data) and not any(text for field in self for text in field.raw_data or ())


class OverrideForm(Form):
    """An answer to an alert: the reason why it is prescribed, or given, all the same."""

    alert: Field[str | None] = StringField("", [AtMost(40)], filters=[cleaning(40)])
    reason: Field[str | None] = text(N_("Pourquoi malgré tout"), 300, required=False, minimum=3)


class Alerting(Questioned):
    """A form of which each alert is answered by itself; those that need no reason also by `confirm`, all at once."""

    overrides = FieldList(FormField(OverrideForm), min_entries=1)

    @property
    def answers(self) -> list[Override]:
        """Those that were sent, each with its place."""
        entries = [(int(entry.short_name.rpartition("-")[2]), entry.form) for entry in self["overrides"]]
        return [
            Override(place, form.alert.data or "", form.reason.data or "")
            for place, form in entries
            if form.alert.data or form.reason.data
        ]

    @property
    def to_confirm(self) -> bool:
        return super().to_confirm and not all(name.startswith("overrides-") for name in self.doubts)

    @property
    def besides_alerts(self) -> list[str]:
        """What is wrong or asked that is no alert: those are about a line, or an answer."""
        return [text for name, text in self.messages.items() if not name.startswith(("lines-", "overrides-"))]


class ValidationForm(Alerting):
    """Of a pharmacy's step before which alerts are answered."""


def _line_of(form: Form, name: str) -> int:
    """Which medicine a field is about, where there are several."""
    field, _, rest = name.partition("-")
    return int(rest.partition("-")[0]) + 1 if field == "lines" and rest and len(form["lines"]) > 1 else 0


class PrescriptionForm(Alerting):
    pharmacy_id: Field[str | None] = text(N_("Pharmacie"), 40, required=False)
    replaces_id: Field[str | None] = text("", 40, required=False)
    renews_id: Field[str | None] = text("", 40, required=False)
    opened: Field[str | None] = text("", 120, required=False)  # opened.py
    lines = FieldList(FormField(LineForm), min_entries=1)

    @property
    def each_line(self) -> list[LineForm]:
        return [entry.form for entry in self["lines"]]

    def line_of(self, name: str) -> int:
        return _line_of(self, name)

    def validate(self, extra_validators: Any = None) -> bool:
        while len(self["lines"]) > 1 and self["lines"][-1].form.is_blank:
            self["lines"].pop_entry()  # added, and not needed
        valid: bool = super().validate(extra_validators)
        if len(self["lines"]) > LINES_AT_MOST:
            self.refuse({"lines": AT_MOST})
            return False
        return valid


class ReplacementForm(Alerting):
    """One line in the place of another. `pharmacy_id` is of the page alone: where what is suggested is looked for."""

    line_id: Field[str] = StringField("", [Needed(), AtMost(40)], filters=[cleaning(40)])
    version: Field[int | None] = WholeNumber("", [Optional(), NumberRange(min=1, max=2**31)])
    pharmacy_id: Field[str | None] = text("", 40, required=False)
    lines = FieldList(FormField(LineForm), min_entries=1)

    @property
    def line(self) -> LineForm:
        return self.each_line[0]

    @property
    def each_line(self) -> list[LineForm]:
        return [entry.form for entry in self["lines"]]

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if len(self["lines"]) > 1:
            self.refuse({"lines": N_("Un seul médicament prend la place d'un autre.")})
            return False
        return valid


class LineEndForm(AsReadForm):
    line_id: Field[str] = StringField(N_("Médicament"), [Needed(), AtMost(40)], filters=[cleaning(40)])
    reason: Field[str] = text(N_("Raison"), 300, minimum=3)


class SetForm(Form):
    name: Field[str] = text(N_("Nom du modèle"), 60, minimum=2)


class ReasonForm(Form):
    reason: Field[str] = text(N_("Raison"), 500, minimum=3)


class ReasonAsReadForm(AsReadForm):
    reason: Field[str] = text(N_("Raison"), 500, minimum=3)


class RenewalForm(Form):
    note: Field[str | None] = text(N_("Un mot pour le médecin"), 300, required=False)


class ReleaseForm(Questioned):
    sure = N_("La remise était juste : rendre l'ordonnance")
    reason: Field[str] = text(N_("Raison"), 500, minimum=3)


class RefusalForm(AsReadForm):
    code: Field[str] = one_of(N_("Motif"), REFUSALS)
    text: Field[str] = text(N_("Explication pour le médecin"), 500, minimum=3, lines=True)


class SubstituteForm(Form):
    """Of one line. `medicine_id` empty: what was prescribed."""

    line_id: Field[str] = StringField("", [Needed(), AtMost(40)], filters=[cleaning(40)])
    medicine_id: Field[str | None] = StringField(N_("Équivalent"), [AtMost(40)], filters=[cleaning(40)])


class PreparationForm(Alerting):
    """`partial`: what there is, where not all that is owed is in stock. `substitutes`: an equivalent for a line."""

    sure = N_("Préparer quand même avec ce lot")
    partial = Box("")
    substitutes = FieldList(FormField(SubstituteForm))

    @property
    def chosen(self) -> list[Substitute]:
        forms = [entry.form for entry in self["substitutes"]]
        return [Substitute(form.line_id.data, form.medicine_id.data or None) for form in forms]


class PartForm(Form):
    """Of one line. `quantity` None: nothing."""

    line_id: Field[str | None] = StringField("", [Needed(), AtMost(40)], filters=[cleaning(40)])
    quantity: Field[int | None] = WholeNumber(N_("Quantité remise"), [Optional(), NumberRange(min=1, max=1000)])


class DeliveryForm(Alerting):
    """With the patient's code, or their card and its PIN; or without them, with an identity document (which kind, its
    number) and a reason. Without lines: all that is owed; with lines, nothing of those without a quantity. `version`:
    of the prescription as it was read, if it was.
    """

    sure = N_("Remettre quand même ce lot")
    version: Field[int | None] = WholeNumber("", [Optional(), NumberRange(min=1, max=2**31)])
    lines = FieldList(FormField(PartForm))
    code: Field[str | None] = StringField(N_("Code de retrait"), [AtMost(20)], filters=[cleaning(20)])
    card: Field[str | None] = StringField(N_("Carte FADJMA"), [AtMost(40)], filters=[cleaning(40)])
    pin: Field[str | None] = PasswordField(N_("Code PIN du patient"), [Optional(), Length(max=40)])
    identity_kind: Field[str | None] = one_of(N_("Pièce vue"), proving.DOCUMENTS, required=False)
    identity_document: Field[str | None] = text(N_("Numéro de la pièce"), 60, required=False, minimum=proving.SHORTEST)
    reason: Field[str | None] = text(N_("Pourquoi sans code"), 300, required=False, minimum=3)

    @property
    def each_line(self) -> list[PartForm]:
        return [entry.form for entry in self["lines"]]

    def line_of(self, name: str) -> int:
        return _line_of(self, name)

    def validate_code(self, field: Any) -> None:
        """What is no code costs no try: it was mistyped, not guessed."""
        if field.data and not handover.digits(field.data):
            raise ValidationError(translate(self.language, handover.MALFORMED))

    def validate_card(self, field: Any) -> None:
        if field.data and not self.pin.data:
            raise ValidationError(translate(self.language, N_("Avec la carte, le patient tape aussi son code PIN.")))

    def validate_pin(self, field: Any) -> None:
        """What is no PIN costs no try; and it proves nothing without the card."""
        if field.data and pin_rules.digits(field.data) is None:
            raise ValidationError(translate(self.language, pin_rules.MALFORMED))
        if field.data and not self.card.data:
            raise ValidationError(translate(self.language, N_("Lisez aussi la carte du patient.")))

    def validate(self, extra_validators: Any = None) -> bool:
        """A page asks which document it is; what programs sent before there were kinds is of none of them."""
        valid: bool = super().validate(extra_validators)
        kind, number, errors = self["identity_kind"], self.identity_document.data or "", {}
        without_code = not (self.code.data or self.card.data)
        if number and kind.raw_data and not kind.data and not kind.errors:
            errors["identity_kind"] = N_("Dites quelle pièce vous avez vue.")
        elif number and not proving.is_number(kind.data or "", number):
            errors["identity_document"] = N_("Recopiez le numéro qui est sur la pièce.")
        elif kind.data and without_code and not number:
            errors["identity_document"] = N_("Notez la pièce présentée, ou la carte FADJMA.")
        if self.code.data and self.pin.data:
            errors["pin"] = N_("Donnez le code de retrait, ou la carte et son code PIN, pas les deux.")
        self.refuse(errors)
        return valid and not errors


class ShortageForm(Form):
    line_id: Field[str] = StringField(N_("Médicament"), [Needed(), AtMost(40)], filters=[cleaning(40)])
    shortage: Field[str] = one_of(N_("Motif"), SHORTAGES)
    note: Field[str | None] = text(N_("Précision pour le médecin"), 300, required=False)


class PharmacyForm(Form):
    """`pharmacy_id` empty: any."""

    pharmacy_id: Field[str | None] = text(N_("Pharmacie"), 40, required=False)


class DeliveryRequestForm(Form):
    address: Field[str] = text(N_("Adresse de livraison"), 300)
    phone: Field[str] = text(N_("Téléphone"), 30)

    def validate_phone(self, field: Any) -> None:
        if field.data and not normalize_phone(field.data):
            raise ValidationError(
                translate(self.language, N_("Ce numéro n'existe pas. Exemples : 77 123 45 67, +225 07 01 02 03 04."))
            )
