"""What an admin sends about the server."""

from wtforms.validators import InputRequired

from fadjma.i18n import N_
from fadjma.web.forms import Date, Form


class ClockForm(Form):
    """That the clock is right, by the day that it shows."""

    day = Date(N_("Jour"), [InputRequired()])
