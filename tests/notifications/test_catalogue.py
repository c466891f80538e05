"""What notifications may say: never a drug, a diagnosis, a title, a specialty or a name."""

import re
from pathlib import Path

import fadjma
from fadjma.events.catalogue import MESSAGES

SOURCES = Path(fadjma.__file__).parent
KEY = re.compile(rf'"((?:{"|".join(sorted({key.partition(".")[0] for key in MESSAGES}))})\.[a-z_]+)"')
# docs/clinic.md, “Notifications”
CLINIC = {
    "access.requested": "Un médecin demande l'accès à votre dossier",
    "access.approved": "Votre demande d'accès est autorisée",
    "access.rejected": "Votre demande d'accès est refusée",
    "access.emergency": "Un accès d'urgence à votre dossier vient d'être ouvert",
    "prescription.to_validate": "Nouvelle ordonnance à valider",
    "prescription.issued": "Une ordonnance vous a été prescrite",
    "prescription.validated": "Votre ordonnance est validée",
    "prescription.prepared": "Votre ordonnance est préparée",
    "prescription.ready": "Votre ordonnance est prête",
    "prescription.in_delivery": "Votre ordonnance est en livraison",
    "prescription.delivered": "Votre ordonnance est livrée",
    "prescription.delivery_requested": "Demande de livraison",
    "record.created": "Votre dossier a été complété",
    "record.amended": "Votre dossier a été corrigé",
    "record.shared_amended": "Un dossier que vous suivez a été corrigé",
    "access.revoked": "Votre accès à un dossier est révoqué",
    "record.read": "Votre dossier a été consulté",
    "stock.low": "Stock bas",
    "stock.expiring": "Lot bientôt périmé",
}


def test_the_clinics_wordings_are_kept() -> None:
    assert {key: MESSAGES.get(key) for key in CLINIC} == CLINIC


def test_no_wording_has_a_place_for_a_name_or_a_drug() -> None:
    assert not [text for text in MESSAGES.values() if re.search(r"[%{}]", text)]


def test_every_wording_can_happen() -> None:
    """A notice that nothing sends is a promise that nothing keeps."""
    sources = [path for path in SOURCES.rglob("*.py") if path.name != "catalogue.py" and "demo" not in path.parts]
    used = {key for path in sources for key in KEY.findall(path.read_text(encoding="utf-8"))}
    assert set(MESSAGES) <= used
