"""What is taken away, for how long, and the code of a link."""

from typing import Any

from wtforms import StringField
from wtforms.validators import ValidationError

from fadjma.i18n import N_, translate
from fadjma.taking.scope import LABELS, PARTS, Scope
from fadjma.taking.shares import HOURS
from fadjma.web.forms import AtMost, Box, Date, Form, Needed, Optional, cleaning, one_of, text

BACKWARDS = N_("La fin de la période est avant son début.")


def _box(part: str) -> Any:
    return Box(LABELS[part])  # type: ignore[index]


class ScopeForm(Form):
    """Parts of the file, each a box, and a period; without any box it is all parts."""

    allergies = _box("allergies")
    problems = _box("problems")
    treatments = _box("treatments")
    vaccinations = _box("vaccinations")
    measurements = _box("measurements")
    results = _box("results")
    consultations = _box("consultations")
    papers = _box("papers")
    since = Date(N_("Depuis le"), [Optional()])
    until = Date(N_("Jusqu'au"), [Optional()])

    def validate_until(self, field: Any) -> None:
        since = self["since"].data
        if field.data and since and field.data < since:
            raise ValidationError(translate(self.language, BACKWARDS))

    @property
    def ticked(self) -> list[str]:
        return [part for part in PARTS if self[part].data]

    @property
    def scope(self) -> Scope:
        """Of a form that is valid."""
        since, until = self["since"].data, self["until"].data
        return Scope.of(
            self.ticked or PARTS, since.isoformat() if since else None, until.isoformat() if until else None
        )


class ShareForm(ScopeForm):
    """A link: its parts are chosen, each by itself."""

    whom = text(N_("Pour qui"), 80, required=False)
    hours = one_of(N_("À ouvrir dans"), HOURS)

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if not self.ticked:
            self.refuse({"parts": N_("Choisissez ce que le médecin pourra lire.")})
        return valid and bool(self.ticked)


class CodeForm(Form):
    """The code of a link, as it was told."""

    code = StringField(N_("Code"), [Needed(), AtMost(40)], filters=[cleaning(40)])
