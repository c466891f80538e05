"""Which two files."""

from fadjma.i18n import N_
from fadjma.web.forms import Form, text


class LinkForm(Form):
    one = text(N_("Identifiant de la première fiche"), 30)
    other = text(N_("Identifiant de l'autre fiche"), 30)
