"""Who is acting."""

from dataclasses import dataclass
from typing import Literal

from fadjma.i18n import N_
from fadjma.refusals import Forbidden

Role = Literal["patient", "doctor", "pharmacist", "admin"]

ROLES: dict[Role, str] = {
    "patient": N_("Patient"),
    "doctor": N_("Médecin"),
    "pharmacist": N_("Pharmacien"),
    "admin": N_("Administrateur"),
}
SEXES = {"female": N_("Femme"), "male": N_("Homme")}
_ONLY: dict[Role, str] = {
    "patient": N_("Seul le patient peut faire cela."),
    "doctor": N_("Seul un médecin peut faire cela."),
    "pharmacist": N_("Seul un pharmacien peut faire cela."),
    "admin": N_("Seul un administrateur peut faire cela."),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in, active person, as of the transaction that read it."""

    id: str
    role: Role
    given_name: str
    family_name: str
    language: str
    organization_id: str | None  # where a doctor or a pharmacist acts
    organization: str | None
    session_id: str
    last_active_at: int

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    def require(self, role: Role) -> None:
        """Raise Forbidden unless this person has the role."""
        if self.role != role:
            raise Forbidden(_ONLY[role])
