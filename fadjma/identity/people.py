"""Who is acting."""

from dataclasses import dataclass
from typing import Literal

from fadjma.i18n import N_
from fadjma.refusals import Forbidden, NotNow, Tried

Role = Literal["patient", "doctor", "pharmacist", "receptionist", "nurse", "admin"]

ROLES: dict[Role, str] = {
    "patient": N_("Patient"),
    "doctor": N_("Médecin"),
    "pharmacist": N_("Pharmacie"),
    "receptionist": N_("Accueil"),
    "nurse": N_("Soins infirmiers"),
    "admin": N_("Administration"),
}
# What patients are called once their sex is known.
_PATIENTS = {"female": N_("Patiente"), "male": N_("Patient")}
# « Sexe : M / F », as the forms of the Ministries of Health print it: nobody of three months is a man.
SEXES = {"female": N_("Féminin"), "male": N_("Masculin")}
# Who prescribes, each within their profession.
PROFESSIONS = {"physician": N_("Médecin"), "dentist": N_("Chirurgien-dentiste"), "midwife": N_("Sage-femme")}
# How whoever prescribes is called, by profession; and after « à » and « de ». A midwife is no doctor.
_TITLES = {
    "": {"physician": N_("Dr %(name)s"), "dentist": N_("Dr %(name)s"), "midwife": N_("Sage-femme %(name)s")},
    "à": {
        "physician": N_("au Dr %(name)s"),
        "dentist": N_("au Dr %(name)s"),
        "midwife": N_("à la sage-femme %(name)s"),
    },
    "de": {
        "physician": N_("du Dr %(name)s"),
        "dentist": N_("du Dr %(name)s"),
        "midwife": N_("de la sage-femme %(name)s"),
    },
}
_ONLY: dict[Role, str] = {
    "patient": N_("Seul le patient peut faire cela."),
    "doctor": N_("Seul un médecin peut faire cela."),
    "pharmacist": N_("Seul un pharmacien peut faire cela."),
    "receptionist": N_("Seul l'accueil peut faire cela."),
    "nurse": N_("Seul un infirmier ou une infirmière peut faire cela."),
    "admin": N_("Seul un administrateur peut faire cela."),
}


def full_name(given_name: str, family_name: str) -> str:
    """How somebody is called; some have one name only."""
    return f"{given_name} {family_name}".strip()


def role_name(role: Role, sex: str | None = None) -> str:
    """What somebody of this role is called, in French."""
    return _PATIENTS.get(sex or "", ROLES[role]) if role == "patient" else ROLES[role]


def titled(profession: str | None, after: str = "") -> str:
    """How somebody of this profession is called, in French, with a place for the name; `after` « à », « de », or not.

    Whoever has none is called by the name alone.
    """
    return _TITLES[after].get(profession or "", "%(name)s")


@dataclass(frozen=True, slots=True)
class By:
    """Whoever is signed in and acts for somebody else."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person whose rights count, as of the transaction that read it: who is signed in, or for whom they act.

    Every rule asks about this person. Who is signed in (`by`) is written down beside it, and speaks their language.
    """

    id: str
    role: Role
    given_name: str
    family_name: str
    language: str
    organization_id: str | None  # where somebody of a clinic or a pharmacy acts
    organization: str | None
    session_id: str
    last_active_at: int
    sex: str | None = None  # of patients; of others it is not known
    profession: str | None = None  # of doctors
    locked: bool = False  # the session is, until its person shows who they are
    by: By | None = None  # who is signed in, where it is somebody else
    half: str = ""  # what the session waits for before it is whole (second_factors.Half)

    @property
    def name(self) -> str:
        return full_name(self.given_name, self.family_name)

    @property
    def by_id(self) -> str | None:
        """What is written down beside the id."""
        return self.by.id if self.by else None

    @property
    def own_id(self) -> str:
        """Who is signed in: whose the session, the password and the language are."""
        return self.by.id if self.by else self.id

    @property
    def greeting(self) -> str:
        if self.profession == "midwife":
            return self.name
        return f"Dr {self.family_name}" if self.role == "doctor" else self.given_name

    @property
    def role_name(self) -> str:
        return PROFESSIONS.get(self.profession or "") or role_name(self.role, self.sex)

    @property
    def menu(self) -> list[tuple[str, str, str]]:
        """Address, label and symbol (static/icons.svg) of the pages of this role; four at most (docs/design.md)."""
        patients, accesses = ("/patients", N_("Patients"), "people"), ("/access-requests", N_("Accès"), "eye")
        prescriptions = ("/prescriptions", N_("Ordonnances"), "rx")
        menus = {
            "patient": [prescriptions, (f"/patients/{self.id}/records", N_("Dossier"), "file"), accesses],
            "doctor": [patients, prescriptions, accesses],
            "pharmacist": [prescriptions, ("/inventory", N_("Stock"), "box")],
            "receptionist": [patients],
            "nurse": [patients],
            "admin": [
                ("/accounts", N_("Comptes"), "people"),
                ("/monitoring", N_("Suivi"), "plot"),
                ("/security-events", N_("Sécurité"), "lock"),
            ],
        }
        home = N_("Travail") if self.role == "pharmacist" else N_("Aujourd'hui")
        return [("/", home, "home"), *menus[self.role]]

    @property
    def has_screen(self) -> bool:
        """Whether this person's screens lock: staff share computers, and come back to them."""
        return self.role != "patient"

    def require_screen(self) -> None:
        if not self.has_screen:
            raise Forbidden(N_("Seuls les écrans du personnel se verrouillent."))

    def require_self(self) -> None:
        """Raise Forbidden to whoever acts for this person: password, PIN, sessions and who else may are their own."""
        if self.by:
            raise Forbidden(N_("Seule la personne concernée peut faire cela."))

    def require(self, role: Role, tried: Tried | None = None) -> None:
        """Raise Forbidden unless this person has the role; `tried` is whose file it is about."""
        if self.role != role:
            raise Forbidden(_ONLY[role]).about(tried)


class OtherPerson(NotNow):
    """What was sent is meant for one person, and the session acts for another (`viewer`): nothing was done."""

    meant_for: str  # the id

    title = N_("Cette page est celle d'une autre personne")

    def __init__(self, viewer: Viewer, meant_for: str) -> None:
        super().__init__(
            N_(
                "Cette page a été ouverte pour une autre personne. Dossier ouvert maintenant : %(name)s. "
                "Rien n'a été enregistré."
            ),
            current=viewer.id,
            name=viewer.name,
        )
        self.meant_for = meant_for
