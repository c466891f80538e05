"""Adding a paper: what its record says, and of a file in parts what it will be."""

import re
from typing import Any

from wtforms.validators import InputRequired, NumberRange, ValidationError

from fadjma.i18n import N_, translate
from fadjma.papers.intake import MOST
from fadjma.papers.queries import BROUGHT, TYPES
from fadjma.records.forms.fields import validate_past
from fadjma.web.forms import Date, Form, Optional, WholeNumber, one_of, text

_SHA256 = re.compile(r"[0-9a-f]{64}")


class PaperForm(Form):
    type = one_of(N_("Type"), (*TYPES, BROUGHT), required=False)  # a patient's is what it is without
    title = text(N_("Titre"), 150)
    occurred_on = Date(N_("Date du document"), [Optional()])
    body = text(N_("Remarque"), 2_000, required=False, lines=True)

    validate_occurred_on = validate_past


class PageUploadForm(Form):
    """A file that will come in parts."""

    size = WholeNumber(
        "",
        [InputRequired(), NumberRange(min=1, max=MOST, message=N_("Un fichier a au plus 10 Mo, et n'est pas vide."))],
    )
    hash = text("", 64)  # SHA-256

    def validate_hash(self, field: Any) -> None:
        field.data = (field.data or "").lower()  # some systems write them with capitals
        if field.data and not _SHA256.fullmatch(field.data):
            raise ValidationError(translate(self.language, N_("Une empreinte SHA-256 a 64 chiffres hexadécimaux.")))


class UploadForm(PageUploadForm, PaperForm):
    """The same, and what its record will say."""
