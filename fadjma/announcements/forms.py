"""What an admin announces."""

from fadjma.announcements.queries import AUDIENCES, Audience
from fadjma.i18n import N_
from fadjma.web.forms import Field, Form, one_of, text


class AnnouncementForm(Form):
    audience: Field[Audience] = one_of(N_("À qui"), AUDIENCES)
    title: Field[str] = text(N_("Titre"), 80, minimum=3)
    body: Field[str] = text(N_("Texte"), 1000, minimum=3, lines=True)
