"""Who a patient is, as the desk writes it down: one name, or about how old somebody is, are enough."""

from typing import Any, ClassVar

from wtforms import PasswordField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from fadjma.access.states import SCOPES
from fadjma.accounts.forms import BornForm, ContactForm
from fadjma.i18n import N_, translate
from fadjma.identity import births, pin_rules
from fadjma.identity.identifiers import normalize_email, normalize_phone
from fadjma.identity.patients import Facts
from fadjma.web.forms import Form, Optional, WholeNumber, one_of, text


class IdentityForm(BornForm, ContactForm):
    """Names, birth or age, sex, and how somebody is reached if at all."""

    needs_contact = False
    order: ClassVar[tuple[str, ...]] = ("given_name", "family_name", "birth_date", "age", "age_unit", "sex", "city")
    sure = N_("J'ai vérifié : c'est une autre personne, et la date est juste")

    birth_date = text(N_("Date de naissance"), 30, required=False)
    age = WholeNumber(N_("Ou âge"), [Optional(), NumberRange(0)])
    age_unit = one_of(N_("Âge donné en"), ["years", "months"], required=False)

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if not self["birth_date"].data and self["age"].data is None and not self["age"].errors:
            self.refuse({"birth_date": N_("Donnez une date de naissance, une année ou un âge.")})
            return False
        return valid

    def validate_age(self, field: Any) -> None:
        if field.data is not None and self["birth_date"].data:
            message = N_("Donnez la date de naissance ou l'âge, pas les deux.")
            raise ValidationError(translate(self.language, message))
        if field.data is not None and not births.may_be(self.born, self.today):
            raise ValidationError(translate(self.language, N_("Cet âge n'est pas possible.")))

    @property
    def born(self) -> str:
        if self["birth_date"].data:
            return super().born
        of_age = births.of_age_in_months if self["age_unit"].data == "months" else births.of_age
        return of_age(self["age"].data, self.today)

    @property
    def facts(self) -> Facts:
        """Of a form that is valid."""
        return Facts(
            given_name=self["given_name"].data,
            family_name=self["family_name"].data or "",
            birth_date=self.born,
            sex=self["sex"].data,
            city=self["city"].data or "",
            phone=normalize_phone(self["phone"].data or ""),
            email=normalize_email(self["email"].data or "") or None,
        )


class PinForm(Form):
    document = text(N_("Pièce d'identité présentée"), 80, minimum=3)
    pin = PasswordField(N_("Code PIN choisi par le patient"), [Optional(), Length(max=40)])

    def validate_pin(self, field: Any) -> None:
        if field.data and (weakness := pin_rules.weakness(field.data)):
            raise ValidationError(translate(self.language, weakness))


class WitnessForm(Form):
    scope = one_of(N_("Ce que le médecin pourra voir"), SCOPES)
    document = text(N_("Pièce d'identité présentée"), 80, minimum=3)


class CorrectionForm(IdentityForm):
    version = WholeNumber("", [InputRequired()])
    reason = text(N_("Raison de la correction"), 200, required=False)
