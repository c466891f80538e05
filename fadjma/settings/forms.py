"""What an admin chooses of the clinic's rules."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.rules import BOUNDS, Rules
from fadjma.settings.actions import LABELS
from fadjma.web.forms import Box, Form, WholeNumber, text

_NOWHERE = {"localtime", "Factory"}  # what this very machine is set to, and what one is before it is set to anything


@cache
def zones() -> frozenset[str]:
    """Every time zone by its name. The first time it looks into hundreds of files: not on the event loop."""
    return frozenset(available_timezones()) - _NOWHERE


def _number(name: str) -> Any:
    least, most = BOUNDS[name]
    return WholeNumber(LABELS[name], [InputRequired(), NumberRange(min=least, max=most)])


class SettingsForm(Form):
    validity_days = _number("validity_days")
    expiry_days = _number("expiry_days")
    lock_minutes = _number("lock_minutes")
    proxy_age = _number("proxy_age")
    time_zone = text(LABELS["time_zone"], 40)
    second_factor = Box(LABELS["second_factor"])
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])

    def validate_time_zone(self, field: Any) -> None:
        if field.data and field.data not in zones():
            raise ValidationError(
                translate(self.language, N_("Écrivez un fuseau par son nom : Africa/Dakar, Africa/Abidjan…"))
            )

    def validate_second_factor(self, field: Any) -> None:
        """What is not said is not « no »: nobody lifts it by leaving it out."""
        if not field.raw_data:
            raise ValidationError(translate(self.language, N_("Dites si le second facteur est exigé.")))

    def rules(self) -> Rules:
        """What a form that is valid says."""
        return Rules(
            time_zone=self["time_zone"].data,
            validity_days=self["validity_days"].data,
            expiry_days=self["expiry_days"].data,
            lock_minutes=self["lock_minutes"].data,
            proxy_age=self["proxy_age"].data,
            second_factor=self["second_factor"].data,
        )
