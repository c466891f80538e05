"""What an administrator has still to do before people can work, in the order in which it is done."""

from collections.abc import Iterator
from dataclasses import dataclass

from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.inventory import formulary
from fadjma.prescriptions import queries as prescriptions
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: what, what for, and the page on which it is done."""

    label: str
    hint: str
    href: str


_CLINIC = Step(N_("Ajouter votre clinique"), N_("les médecins et l'accueil y travaillent"), "/organizations/new")
_MEDICINES = Step(
    N_("Importer la liste des médicaments"), N_("sans elle, rien ne se prescrit"), "/formulary/imports/new"
)
_DOCTOR = Step(
    N_("Créer le compte d'un médecin"),
    N_("ou vérifier celui d'un médecin qui s'est inscrit"),
    "/accounts/new?role=doctor",
)
_DESK = Step(
    N_("Créer le compte de l'accueil"),
    N_("il ouvre les fiches des patients et imprime leurs cartes"),
    "/accounts/new?role=receptionist",
)
_PHARMACY = Step(
    N_("Ajouter une pharmacie"), N_("celle où vos patients vont chercher leurs médicaments"), "/organizations/new"
)
_PHARMACIST = Step(
    N_("Créer le compte de la pharmacie"),
    N_("elle valide les ordonnances et les remet"),
    "/accounts/new?role=pharmacist",
)
_COLLEAGUE = Step(
    N_("Créer un second compte d'administration"),
    N_("pour les jours où vous n'êtes pas là"),
    "/accounts/new?role=admin",
)
_BACKUPS = Step(
    N_("Prévoir les sauvegardes"), N_("sur un autre disque, avec qui gère le serveur"), "/monitoring#backups"
)


def remaining(tx: Transaction, viewer: Viewer, *, kept: bool) -> list[Step]:
    """For an admin; `kept`: copies of the database are made.

    Who need not be there (a desk, a pharmacy, a second admin) is proposed until the first prescription is written: a
    clinic that works without has decided so.
    """
    viewer.require("admin")
    begun = prescriptions.is_any(tx)
    return [step for step, necessary in _missing(tx, kept=kept) if necessary or not begun]


def _missing(tx: Transaction, *, kept: bool) -> Iterator[tuple[Step, bool]]:
    """Each with whether nobody can work without it."""
    kinds = directory.kinds_of_places(tx)
    if "clinic" not in kinds:
        yield _CLINIC, True
    if not formulary.count(tx):
        yield _MEDICINES, True
    if not directory.is_any(tx, "doctor"):
        yield _DOCTOR, True
    if not directory.is_any(tx, "receptionist"):
        yield _DESK, False
    if "pharmacy" not in kinds:
        yield _PHARMACY, False
    if not directory.is_any(tx, "pharmacist"):
        yield _PHARMACIST, False
    if len(directory.people(tx, "admin")) < 2:
        yield _COLLEAGUE, False
    if not kept:
        yield _BACKUPS, True
