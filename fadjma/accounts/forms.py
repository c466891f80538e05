"""What people fill in to sign in and to get an account."""

import re
from typing import Any, ClassVar

from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from fadjma.i18n import N_, age, translate
from fadjma.identity import births, passwords, pin_rules
from fadjma.identity.identifiers import normalize_email, normalize_phone
from fadjma.identity.people import PROFESSIONS
from fadjma.web.forms import (
    AtMost,
    Form,
    LooksAsItIs,
    Needed,
    Optional,
    Questioned,
    WholeNumber,
    cleaning,
    one_of,
    text,
)
from fadjma.web.request import local

# No two neighbouring parts share a character, so that there is one way to try each text: it takes linear time.
_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\".]+(\.[^@\s<>\".]+)+")


def _onward() -> Any:
    """Where to go on, inside FADJMA; empty: nowhere that a form may say."""
    return StringField("", filters=[lambda sent: local(sent or "")])


class SignInForm(Form):
    login = StringField(N_("E-mail ou téléphone"), [Needed(), AtMost(200)], filters=[cleaning(200)])
    password = PasswordField(N_("Mot de passe"), [InputRequired(), Length(max=200)])


class WhoForm(Form):
    """Which of several people, after a good password (`ticket`)."""

    ticket = StringField("", [Needed(), AtMost(2_000)])
    person_id = text("", 40)


class ActingForm(Form):
    """For whom one acts from now on."""

    person_id = text("", 40)
    next = _onward()


class TokenForm(Form):
    email = StringField("", [Needed(), AtMost(200)], filters=[cleaning(200)])
    password = PasswordField("", [InputRequired(), Length(max=200)])
    name = text("", 80, required=False)
    person_id = text("", 40, required=False)
    otp = text("", 40, required=False)


class PasswordForm(Form):
    password = PasswordField(N_("Mot de passe actuel"), [InputRequired(), Length(max=200)])
    new_password = PasswordField(N_("Nouveau mot de passe"), [InputRequired(), Length(max=200)])

    def validate_new_password(self, field: Any) -> None:
        new, old = (passwords.normalize(text or "") for text in (field.data, self["password"].data))
        if weakness := passwords.SAME if new == old else passwords.weakness(new):
            raise ValidationError(translate(self.language, weakness))


class UnlockForm(Form):
    password = PasswordField(N_("Code PIN ou mot de passe"), [InputRequired(), Length(max=200)])
    next = _onward()


class LockForm(Form):
    next = _onward()


class CodeForm(Form):
    """The second factor that is asked for after the password."""

    otp = StringField(N_("Code à 6 chiffres, ou code de secours"), [Needed(), AtMost(40)], filters=[cleaning(40)])


class OtpForm(Form):
    """The first code of a new authenticator."""

    otp = StringField(N_("Code à 6 chiffres affiché par l'application"), [Needed(), AtMost(40)], filters=[cleaning(40)])


class CredentialForm(Form):
    """What a browser's authenticator has made or signed, as JSON in a text."""

    credential = StringField("", [InputRequired(), Length(max=20_000)])


class OwnerForm(Form):
    """Its owner, again, before something is done to a second factor."""

    password = PasswordField(N_("Mot de passe actuel"), [InputRequired(), Length(max=200)])
    otp = text(N_("Code à 6 chiffres, ou code de secours"), 40, required=False)


class PinForm(Form):
    password = PasswordField(N_("Mot de passe"), [InputRequired(), Length(max=200)])
    pin = PasswordField(N_("Code PIN choisi"), [Needed(), AtMost(40)], filters=[cleaning(40)])

    def validate_pin(self, field: Any) -> None:
        field.data = pin_rules.digits(field.data or "") or field.data
        if weakness := pin_rules.weakness(field.data or ""):
            raise ValidationError(translate(self.language, weakness))


class LanguageForm(Form):
    chosen = StringField("", name="language")  # what is `language` of a form is what it speaks
    next = _onward()


class ReachForm(Form):
    """How somebody is reached. An e-mail address or a phone number is enough to sign in with."""

    needs_contact: ClassVar[bool] = True

    email = text(N_("E-mail"), 200, required=False, rules=[LooksAsItIs(whole=True)])
    phone = text(N_("Téléphone"), 30, required=False)

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if self.needs_contact and not self["email"].data and not self["phone"].data:
            self.refuse({"phone": N_("Donnez un numéro de téléphone ou une adresse e-mail.")})
            return False
        return valid

    def validate_email(self, field: Any) -> None:
        if field.data and not _EMAIL.fullmatch(normalize_email(field.data)):
            raise ValidationError(translate(self.language, N_("Cette adresse n'a pas la forme nom@exemple.sn.")))

    def validate_phone(self, field: Any) -> None:
        if field.data and not normalize_phone(field.data):
            raise ValidationError(
                translate(self.language, N_("Ce numéro n'existe pas. Exemples : 77 123 45 67, +225 07 01 02 03 04."))
            )


class OwnContactForm(ReachForm):
    """One's own and, for a patient, the pharmacy that they go to."""

    version = WholeNumber("", [InputRequired()])
    pharmacy_id = text(N_("Ma pharmacie"), 40, required=False)
    password = PasswordField(N_("Mot de passe actuel"), [Optional(), Length(max=200)])


class ContactForm(ReachForm):
    """Who somebody is."""

    order: ClassVar[tuple[str, ...]] = ("given_name", "family_name", "phone", "email")

    given_name = text(N_("Prénom"), 80, rules=[LooksAsItIs()])
    family_name = text(N_("Nom"), 80, rules=[LooksAsItIs()])


class PersonForm(ContactForm):
    """What everybody gives who registers alone."""

    password = PasswordField(N_("Mot de passe"), [InputRequired(), Length(max=200)])

    def validate_password(self, field: Any) -> None:
        known = [self[name].data or "" for name in ("given_name", "family_name", "email", "phone")]
        known.append(normalize_phone(known[-1]) or "")
        if field.data and (weakness := passwords.weakness(field.data, *known)):
            raise ValidationError(translate(self.language, weakness))


class BornForm(Questioned):
    """As much of a birth date as is known; some have one name."""

    family_name = text(N_("Nom"), 80, required=False, rules=[LooksAsItIs()])
    birth_date = text(N_("Date de naissance"), 30)
    sex = one_of(N_("Sexe"), ["female", "male"])
    city = text(N_("Ville ou quartier"), 80, required=False)

    def validate_birth_date(self, field: Any) -> None:
        born = births.normalize(field.data or "")
        if field.data and born is None:
            message = N_("Écrivez 3/5/1958, 5/1958 ou 1958.")
        elif born and not births.may_be(born, self.today):
            message = N_("Cette date de naissance n'est pas possible.")
        else:
            return
        raise ValidationError(translate(self.language, message))

    @property
    def born(self) -> str:
        """Of a form that is valid: 1958-05-03, 1958-05 or 1958."""
        return births.normalize(self["birth_date"].data or "") or ""


class PatientForm(BornForm, PersonForm):
    def validate_birth_date(self, field: Any) -> None:
        super().validate_birth_date(field)
        if age(self.born or self.today.isoformat(), self.today) > births.OLDEST:
            self.doubt("birth_date", births.TOO_OLD)


class PractitionerForm(PersonForm):
    order: ClassVar[tuple[str, ...]] = ("role", *PersonForm.order)

    role = one_of(N_("Profession"), ["doctor", "pharmacist"])
    profession = one_of(N_("Exerce comme"), PROFESSIONS, required=False)
    licence_number = text(N_("Numéro d'inscription à l'Ordre"), 40)
    specialty = text(N_("Spécialité"), 80, required=False)
    organization_id = text(N_("Lieu d'exercice"), 40)


class StaffForm(ContactForm):
    """The account of somebody on the staff, made by an admin."""

    role = one_of(N_("Rôle"), ["doctor", "pharmacist", "receptionist", "nurse", "admin"])
    profession = one_of(N_("Exerce comme"), PROFESSIONS, required=False)
    licence_number = text(N_("Numéro d'inscription à l'Ordre"), 40, required=False)
    specialty = text(N_("Spécialité"), 80, required=False)
    organization_id = text(N_("Lieu d'exercice"), 40, required=False)

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if self["role"].data in ("", None, "admin") or self["organization_id"].data or self["role"].errors:
            return valid
        self.refuse({"organization_id": N_("Choisissez un lieu d'exercice de la liste.")})
        return False


class CorrectionForm(ReachForm):
    needs_contact = False

    version = WholeNumber("", [InputRequired()])
    given_name = text(N_("Prénom"), 80, required=False, rules=[LooksAsItIs()])
    family_name = text(N_("Nom"), 80, required=False, rules=[LooksAsItIs()])
    profession = one_of(N_("Exerce comme"), PROFESSIONS, required=False)
    licence_number = text(N_("Numéro d'inscription à l'Ordre"), 40, required=False)
    specialty = text(N_("Spécialité"), 80, required=False)
    organization_id = text(N_("Lieu d'exercice"), 40, required=False)


class RefusalForm(Form):
    reason = text(N_("Pourquoi l'inscription est refusée"), 300, minimum=3)


class ResetForm(Form):
    document = text(N_("Pièce d'identité présentée"), 80, minimum=3)


class FactorRemovalForm(Form):
    reason = text(N_("Pourquoi le second facteur est à retirer"), 300, minimum=3)
    document = text(N_("Pièce d'identité présentée"), 80, minimum=3)


class ActivationForm(Form):
    code = StringField(N_("Code"), [Needed(), AtMost(60)], filters=[cleaning(60)])
    password = PasswordField(N_("Mot de passe choisi"), [InputRequired(), Length(max=200)])

    def validate_password(self, field: Any) -> None:
        if field.data and (weakness := passwords.weakness(field.data)):
            raise ValidationError(translate(self.language, weakness))
