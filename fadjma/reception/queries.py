"""Reading who a patient is, for the front desk and for the patient."""

from dataclasses import dataclass
from typing import Any

from fadjma import days
from fadjma.i18n import iso
from fadjma.identity import directory, patient_pins, patients, slips
from fadjma.identity.directory import Identity
from fadjma.identity.patients import Registered
from fadjma.identity.people import Viewer
from fadjma.identity.slips import Slip
from fadjma.refusals import NotFound, Tried
from fadjma.store import Transaction


def require_desk(viewer: Viewer, patient_id: str) -> None:
    """Raise Forbidden, which is traced, unless this is somebody of the front desk."""
    viewer.require("receptionist", Tried(patient_id, "identity", patient_id))


def patient(tx: Transaction, viewer: Viewer, patient_id: str) -> Registered:
    """Who a patient is, for the front desk. Raises Forbidden, NotFound."""
    require_desk(viewer, patient_id)
    return patients.registered(tx, patient_id)


SHOWN_FOR = 10 * 60_000  # milliseconds, that a PIN which was made up can be read by whoever gave it


@dataclass(frozen=True, slots=True)
class Given:
    """A patient with the PIN that was just given; the PIN is no part of what is kept of an answer."""

    patient: Registered
    pin: str | None  # None: the patient has chosen it, and knows it

    @property
    def id(self) -> str:
        return self.patient.id

    def json(self, language: str) -> dict[str, Any]:
        return self.patient.json(language)


def given(tx: Transaction, viewer: Viewer, patient_id: str, *, key: bytes) -> Given:
    """For whoever has given it, while the patient stands there: what the program made up, to be written on paper."""
    found = patient(tx, viewer, patient_id)
    pin = patient_pins.of(tx, patient_id)
    if (
        pin is None
        or pin.chosen
        or pin.set_by != viewer.id
        or not days.runs(pin.set_at, pin.set_at + SHOWN_FOR, tx.now)
    ):
        return Given(found, None)
    return Given(found, patient_pins.made_up(key, pin.salt))


@dataclass(frozen=True, slots=True)
class Slipped:
    """A patient with the slip that was just issued; the code is no part of what is kept of an answer."""

    patient: Registered
    slip: Slip | None
    code: str | None

    @property
    def id(self) -> str:
        return self.patient.id

    def json(self, language: str) -> dict[str, Any]:
        return {**self.patient.json(language), "valid_until": iso(self.slip.expires_at) if self.slip else None}


def slipped(tx: Transaction, viewer: Viewer, patient_id: str, *, key: bytes) -> Slipped:
    """For whoever has issued it, while it opens the account."""
    found = patient(tx, viewer, patient_id)
    slip = slips.open_for(tx, patient_id)
    if slip is None or slip.issued_by != viewer.id:
        return Slipped(found, None, None)
    return Slipped(found, slip, slips.code_of(key, slip.id))


def printed(tx: Transaction, viewer: Viewer, patient_id: str, *, key: bytes) -> Slipped:
    """The same, to be printed. Raises NotFound when it opens nothing any more."""
    found = slipped(tx, viewer, patient_id, key=key)
    if found.slip is None:
        raise NotFound
    return found


def card(tx: Transaction, viewer: Viewer, patient_id: str) -> Identity:
    """What a patient's card shows, for the front desk and for the patient. Raises Forbidden, NotFound."""
    if viewer.id == patient_id and viewer.role == "patient":
        return directory.identity(tx, patient_id)
    return patient(tx, viewer, patient_id)
