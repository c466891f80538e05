"""What an admin says of a clinic or a pharmacy."""

from typing import Any

from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.identity.identifiers import normalize_phone
from fadjma.identity.places import KINDS, Facts
from fadjma.places.tables import LONGEST, NO_PHONE
from fadjma.web.forms import Box, Form, LooksAsItIs, WholeNumber, one_of, text


class PlaceForm(Form):
    kind = one_of(N_("Genre"), KINDS)
    name = text(N_("Nom"), LONGEST["name"], rules=[LooksAsItIs()])
    address = text(N_("Adresse"), LONGEST["address"])
    city = text(N_("Ville ou quartier"), LONGEST["city"])
    phone = text(N_("Téléphone"), LONGEST["phone"])
    hours = text(N_("Heures d'ouverture"), LONGEST["hours"], required=False)
    night_duty = Box(N_("De garde la nuit"))
    responsible = text(N_("Personne responsable"), LONGEST["responsible"], required=False)
    part_of = text(N_("Dépend de"), 40, required=False)

    def validate_phone(self, field: Any) -> None:
        if field.data and not normalize_phone(field.data):
            raise ValidationError(translate(self.language, NO_PHONE))

    def facts(self) -> Facts:
        """What a form that is valid says."""
        return Facts(
            kind=self["kind"].data,
            name=self["name"].data,
            address=self["address"].data,
            city=self["city"].data,
            phone=normalize_phone(self["phone"].data) or "",
            hours=self["hours"].data or "",
            night_duty=self["night_duty"].data,
            responsible=self["responsible"].data or "",
            part_of=self["part_of"].data or None,
        )


class ChangedPlaceForm(PlaceForm):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
