"""A patient's own PIN, with which they approve on a doctor's screen: theirs to choose, whoever gave the first."""

from dataclasses import dataclass
from typing import Any

from fadjma import events
from fadjma.events import Subject
from fadjma.i18n import N_
from fadjma.identity import directory, patient_pins, pin_rules
from fadjma.identity.patient_pins import State
from fadjma.identity.people import Viewer
from fadjma.refusals import Invalid, NotNow
from fadjma.store import Transaction

_LOCKED = N_("Ce code PIN est bloqué après cinq erreurs : l'accueil vous en donne un nouveau.")


@dataclass(frozen=True, slots=True)
class OwnPin:
    """Whether there is one."""

    state: State

    def json(self) -> dict[str, Any]:
        return {"pin_state": self.state}


def own(tx: Transaction, viewer: Viewer) -> OwnPin:
    viewer.require("patient")
    viewer.require_self()
    return OwnPin(patient_pins.state(tx, viewer.id))


def choose(tx: Transaction, viewer: Viewer, pin: str, *, key: bytes) -> dict[str, str]:
    """A first one, or another. The owner reads of it: it may have been somebody else.

    Raises Invalid when it is easily guessed, NotNow when five errors have locked the one before: that is for the desk.
    """
    if own(tx, viewer).state == "locked":
        raise NotNow(_LOCKED, current="locked")
    if weakness := pin_rules.weakness(pin, directory.identity(tx, viewer.id).birth_date):
        raise Invalid({"pin": weakness})
    chosen = pin_rules.digits(pin)
    patient_pins.give(tx, viewer.id, key=key, by=viewer.id, document="", chosen=chosen)
    profile = Subject("profile", viewer.id)
    events.record(tx, "pin.changed", profile, actor_id=viewer.id)
    events.notify(tx, [viewer.id], "notification", "pin.changed", profile)
    return {"id": viewer.id}
