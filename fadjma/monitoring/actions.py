"""What an admin says of the server itself."""

from datetime import date

from fadjma import clockwatch, days
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict
from fadjma.store import Transaction


def confirm_clock(tx: Transaction, viewer: Viewer, day: date) -> None:
    """An admin has looked: the server's clock is right, and today is `day`, of the clinic's calendar.

    Raises Conflict where the server's day is another: it is not what they have looked at.
    """
    viewer.require("admin")
    today = days.day(tx.now)
    if day != today:
        raise Conflict(
            N_("Le serveur indique maintenant un autre jour : relisez ce qu'il indique, puis confirmez."),
            current=today.isoformat(),
        )
    clockwatch.confirm(tx, viewer.id)
