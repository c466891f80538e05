"""Who reads whose file, and how far it is open to them."""

from dataclasses import dataclass

from fadjma.access import grants
from fadjma.access.queries import AccessRequest
from fadjma.access.states import OPENS
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.records.queries import RecordType, part_of
from fadjma.refusals import NotFound, Tried
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody before a file. `grant` None: it is their own."""

    viewer: Viewer
    patient: Identity
    grant: AccessRequest | None
    beside: bool = False  # papers are files beside a Bundle, and not asked for here

    @property
    def patient_id(self) -> str:
        return self.patient.id

    @property
    def own(self) -> bool:
        return self.grant is None

    def may(self, part: str) -> bool:
        """Whether a part of the file (states.OPENS) is open to them."""
        return self.grant is None or self.grant.scope in OPENS[part]

    def of(self, *types: RecordType) -> list[RecordType]:
        """Those of these types of records that are."""
        return [one for one in types if self.may(part_of(one))]


def require_role(viewer: Viewer, tried: Tried | None = None) -> None:
    """Patients read their own file, doctors and nurses others' under a grant. Raises Forbidden to everybody else."""
    if viewer.role not in ("patient", *grants.READERS):
        viewer.require("doctor", tried)


def reader(tx: Transaction, viewer: Viewer, patient_id: str) -> Reader:
    """Raises Forbidden to who reads no file, and NotFound alike where there is no such patient and no right."""
    about = Tried(patient_id, "patient", patient_id)
    require_role(viewer, about)
    grant = grants.granted(tx, viewer, patient_id, "summary")
    if grant is None and (viewer.id != patient_id or viewer.role != "patient"):
        raise NotFound().about(about)
    return Reader(viewer, directory.identity(tx, patient_id), grant)


def as_patient(tx: Transaction, patient_id: str) -> Reader:
    """The patient before their own file, whoever makes a Bundle of it for them. Raises NotFound."""
    found = directory.identity(tx, patient_id)
    viewer = Viewer(
        *(found.id, "patient", found.given_name, found.family_name, "fr"),
        *(None, None, "", 0),
        sex=found.sex,
    )
    return Reader(viewer, found, None, beside=True)
