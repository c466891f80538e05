"""What happened, as admins look it up: who, when, what kind of act, whose file, and whether it was refused. What was in
it, no entry says, and nothing here shows.
"""

from dataclasses import dataclass
from typing import Any

from fadjma import days, events
from fadjma.events import Subject, security
from fadjma.i18n import N_, iso, translate
from fadjma.identity.people import ROLES, Role, Viewer
from fadjma.refusals import Invalid
from fadjma.store import Page, Row, Transaction, listed, paging

PER_PAGE = 100
EXPORTED = 50_000  # lines of one file; what is more is asked for in parts

# Every action that is written down, by its kind, in words for whoever is not its patient.
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "files": (
        N_("Dossiers"),
        {
            "patient.found": N_("Identité d'un patient cherchée"),
            "patient.not_found": N_("Patient cherché, non trouvé"),
            "file.read": N_("Dossier ouvert"),
            "file.write": N_("Écriture dans un dossier"),
            "record.read": N_("Élément du dossier lu"),
            "record.write": N_("Changement d'un élément du dossier"),
            "record.created": N_("Élément ajouté au dossier"),
            "record.amended": N_("Élément du dossier corrigé"),
            "paper.page_added": N_("Page ajoutée à un document du dossier"),
            "measurement.created": N_("Mesure ajoutée au dossier"),
            "measurement.entered_in_error": N_("Mesure retirée du dossier : saisie par erreur"),
            "record.entered_in_error": N_("Élément du dossier retiré : saisi par erreur"),
        },
    ),
    "accesses": (
        N_("Accès"),
        {
            "access_request.read": N_("Demande d'accès ouverte"),
            "access_request.write": N_("Changement d'une demande d'accès"),
            "access_request.created": N_("Accès demandé"),
            "access_request.approved": N_("Accès autorisé"),
            "access_request.approved_in_person": N_("Accès autorisé avec le code PIN du patient"),
            "access_request.witnessed": N_("Accès attesté à l'accueil"),
            "access_request.changed": N_("Accès changé par le patient"),
            "access_request.replaced": N_("Accès remplacé par un autre"),
            "access_request.rejected": N_("Accès refusé par le patient"),
            "access_request.withdrawn": N_("Demande d'accès retirée"),
            "access_request.revoked": N_("Accès arrêté par le patient"),
            "access_request.lapsed": N_("Demande d'accès restée sans réponse"),
            "access_request.expired": N_("Accès expiré"),
            "proxy.offered": N_("Droit d'agir pour le patient : proposé"),
            "proxy.given": N_("Droit d'agir pour le patient : donné"),
            "proxy.accepted": N_("Droit d'agir pour le patient : accepté"),
            "proxy.ended": N_("Droit d'agir pour le patient : terminé"),
            "proxy.wrong_pin": N_("Code PIN incorrect à l'accueil"),
            "export.asked": N_("Copie du dossier demandée"),
            "export.fetched": N_("Copie du dossier téléchargée"),
            "share.made": N_("Lien pour un autre médecin : fait"),
            "share.revoked": N_("Lien pour un autre médecin : retiré"),
            "share.opened": N_("Lien pour un autre médecin : ouvert"),
            "share.paper_read": N_("Lien pour un autre médecin : document lu"),
            "share.closed": N_("Lien pour un autre médecin : refermé"),
            "share.wrong_code": N_("Lien pour un autre médecin : mauvais code"),
            "acting.begun": N_("Quelqu'un a commencé à agir pour le patient"),
        },
    ),
    "identities": (
        N_("Identités et accueil"),
        {
            "patient.listed": N_("Identité d'un patient vue dans une liste"),
            "patient.recalled": N_("Patient vu dans la liste des rappels"),
            "identity.registered": N_("Patient enregistré à l'accueil"),
            "identity.read": N_("Fiche d'identité ouverte"),
            "identity.write": N_("Changement d'une fiche d'identité"),
            "identity.corrected": N_("Fiche d'identité corrigée"),
            "identity.linked": N_("Deux fiches liées"),
            "identity.unlinked": N_("Lien de deux fiches défait"),
            "pin.given": N_("Code PIN donné"),
            "pin.changed": N_("Code PIN changé par le patient"),
            "pin.wrong": N_("Code PIN incorrect"),
            "contact.changed": N_("Coordonnées changées"),
        },
    ),
    "emergencies": (
        N_("Urgences et signalements"),
        {
            "access_request.emergency": N_("Accès d'urgence ouvert"),
            "emergency.to_explain": N_("Explication d'un accès d'urgence demandée"),
            "emergency.explained": N_("Accès d'urgence expliqué"),
            "emergency.justified": N_("Accès d'urgence jugé justifié"),
            "emergency.abusive": N_("Accès d'urgence jugé abusif"),
            "contest.opened": N_("Ligne de la trace signalée par le patient"),
            "contest.answered": N_("Réponse donnée au patient"),
        },
    ),
    "prescriptions": (
        N_("Ordonnances"),
        {
            "prescription.listed": N_("Ordonnance vue dans une liste"),
            "prescription.read": N_("Ordonnance lue"),
            "prescription.write": N_("Acte sur une ordonnance"),
            "prescription.issued": N_("Ordonnance émise"),
            "prescription.replaced": N_("Ordonnance remplacée"),
            "prescription.validated": N_("Ordonnance validée"),
            "prescription.prepared": N_("Ordonnance préparée"),
            "prescription.ready": N_("Ordonnance prête"),
            "prescription.in_delivery": N_("Ordonnance partie en livraison"),
            "prescription.brought_back": N_("Livraison non faite"),
            "prescription.delivered": N_("Ordonnance remise"),
            "prescription.part_delivered": N_("Ordonnance remise en partie"),
            "prescription.rest_ready": N_("Reste d'une ordonnance prêt"),
            "prescription.prepared_anew": N_("Ordonnance préparée à nouveau"),
            "prescription.undone": N_("Remise annulée"),
            "prescription.unsupplied": N_("Médicament qui ne peut pas être fourni"),
            "prescription.awaited": N_("Attente d'un médicament acceptée"),
            "prescription.line_replaced": N_("Médicament remplacé"),
            "prescription.line_ended": N_("Médicament arrêté"),
            "prescription.acknowledged": N_("Annulation vue par la pharmacie"),
            "prescription.redirected": N_("Ordonnance envoyée à une autre pharmacie"),
            "prescription.on_hold": N_("Ordonnance mise en attente"),
            "prescription.released": N_("Ordonnance rendue"),
            "prescription.taken_back": N_("Ordonnance reprise par le patient"),
            "prescription.refused": N_("Ordonnance refusée par la pharmacie"),
            "prescription.cancelled": N_("Ordonnance annulée"),
            "prescription.expired": N_("Ordonnance expirée"),
            "prescription.entered_in_error": N_("Ordonnance saisie par erreur"),
            "prescription.delivery_requested": N_("Livraison demandée"),
            "prescription.delivery_withdrawn": N_("Demande de livraison retirée"),
            "prescription.delivery_accepted": N_("Livraison acceptée"),
            "prescription.delivery_declined": N_("Livraison refusée"),
            "prescription.code_renewed": N_("Nouveau code de retrait"),
            "prescription.renewal_asked": N_("Renouvellement demandé"),
            "prescription.renewal_withdrawn": N_("Demande de renouvellement retirée"),
            "prescription.renewal_declined": N_("Renouvellement refusé"),
            "prescription.renewal_lapsed": N_("Demande de renouvellement sans réponse"),
            "prescription.renewed": N_("Ordonnance renouvelée"),
            "prescription.found": N_("Ordonnance cherchée par le code de son papier"),
            "prescription.code_printed": N_("Code de retrait imprimé sur l'exemplaire du patient"),
            "prescription.wrong_code": N_("Code de retrait incorrect"),
            "handover.without_code": N_("Remise sans code de retrait"),
            "handover.listed": N_("Remise sans code vue dans une liste"),
            "handover.read": N_("Remise sans code ouverte, avec le numéro de la pièce"),
        },
    ),
    "stock": (
        N_("Stock et médicaments"),
        {
            "stock.received": N_("Lot reçu"),
            "stock.adjusted": N_("Lot compté"),
            "stock.redated": N_("Péremption d'un lot corrigée"),
            "stock.low": N_("Stock bas"),
            "stock.expiring": N_("Lot bientôt périmé"),
            "stock.recalled": N_("Lot rappelé"),
            "recall.told": N_("Patient prévenu du rappel d'un lot"),
            "recall.phoned": N_("Patient prévenu par téléphone du rappel d'un lot"),
            "recall.read": N_("Rappel d'un lot ouvert"),
            "stock.searched": N_("Recherche répétée d'un stock refusée"),
            "stock.withheld": N_("Lot bloqué"),
            "stock.put_back": N_("Lot débloqué"),
            "stock.sent": N_("Lot envoyé à un autre lieu"),
            "stock.sent_received": N_("Lot reçu d'un autre lieu"),
            "stock.sent_undone": N_("Envoi d'un lot annulé"),
            "stock.threshold_set": N_("Seuil d'alerte changé"),
            "stock.delivery_received": N_("Commande reçue"),
            "stock.delivery_undone": N_("Réception annulée"),
            "stock.counted": N_("Inventaire enregistré"),
            "pharmacy.chosen": N_("Choix de la pharmacie changés"),
            "medicine.added": N_("Médicament ajouté à la liste"),
            "medicine.changed": N_("Médicament de la liste modifié"),
            "medicine.retired": N_("Médicament retiré de la liste"),
            "medicine.brought_back": N_("Médicament remis dans la liste"),
            "medicines.imported": N_("Liste de médicaments importée"),
            "medicines.signed": N_("Liste de médicaments signée"),
            "safety.entry_added": N_("Ligne ajoutée à une table de sécurité"),
            "safety.entry_signed": N_("Ligne d'une table de sécurité signée"),
            "safety.entry_withdrawn": N_("Ligne d'une table de sécurité retirée"),
            "safety.imported": N_("Table de sécurité importée"),
        },
    ),
    "accounts": (
        N_("Comptes et lieux"),
        {
            "clock.confirmed": N_("Horloge du serveur confirmée"),
            "account.registered": N_("Inscription"),
            "account.created": N_("Compte créé"),
            "account.invited": N_("Nouveau premier code remis"),
            "account.verified": N_("Compte vérifié"),
            "account.refused": N_("Inscription refusée"),
            "account.corrected": N_("Compte corrigé"),
            "account.deactivated": N_("Compte désactivé"),
            "account.reactivated": N_("Compte réactivé"),
            "password.changed": N_("Mot de passe changé"),
            "password.reset": N_("Code remis pour un mot de passe"),
            "pin.chosen": N_("Code PIN de l'écran choisi"),
            "pin.removed": N_("Code PIN de l'écran retiré"),
            "factor.added": N_("Second facteur ajouté"),
            "factor.removed": N_("Second facteur retiré"),
            "factor.removal_asked": N_("Retrait d'un second facteur demandé"),
            "factor.removal_confirmed": N_("Retrait d'un second facteur confirmé"),
            "factor.codes_renewed": N_("Codes de secours remplacés"),
            "factor.code_used": N_("Code de secours utilisé"),
            "session.started": N_("Connexion"),
            "session.ended": N_("Déconnexion"),
            "sessions.ended": N_("Tous les autres appareils déconnectés"),
            "place.added": N_("Lieu ajouté"),
            "place.changed": N_("Lieu modifié"),
            "places.imported": N_("Lieux importés"),
            "setting.changed": N_("Réglage changé"),
            "audit.exported": N_("Journal exporté"),
            "announcement.published": N_("Annonce publiée"),
            "announcement.withdrawn": N_("Annonce retirée"),
        },
    ),
}
ACTIONS: dict[str, str] = {action: words for _, actions in KINDS.values() for action, words in actions.items()}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an admin asks for: `by` one person, `about` one patient, of one of KINDS; `since` and `until` in
    milliseconds UTC, the latter left out."""

    by: str | None = None
    about: str | None = None
    kind: str | None = None
    since: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    id: str
    at: int
    actor_id: str | None
    actor: str | None  # None: time itself, or the command line
    by_id: str | None
    by: str | None  # who did it for the actor
    role: Role | None
    action: str
    outcome: str
    patient_id: str | None
    patient: str | None
    identifier: str | None
    subject_kind: str
    subject_id: str
    subject: str | None  # whose account it was done to, where it is another's, or which place, by name

    @property
    def where(self) -> str:
        """The address of that account or place."""
        return (
            f"/organizations/{self.subject_id}"
            if self.subject_kind == "organization"
            else f"/accounts/{self.subject_id}"
        )

    @property
    def what(self) -> str:
        return ACTIONS.get(self.action, self.action)

    @property
    def role_name(self) -> str:
        return ROLES[self.role] if self.role else ""

    def json(self, language: str) -> dict[str, Any]:
        actor = {"id": self.actor_id, "name": self.actor, "role": self.role} if self.actor_id else None
        by = {"by": {"id": self.by_id, "name": self.by}} if self.by_id else {}
        patient = {"id": self.patient_id, "name": self.patient, "identifier": self.identifier}
        kind = "organization" if self.subject_kind == "organization" else "account"
        return {
            "id": self.id,
            "at": iso(self.at),
            "actor": actor,
            **by,
            "action": self.action,
            "label": translate(language, self.what),
            "outcome": self.outcome,
            "patient": patient if self.patient_id else None,
            "concerns": {"kind": kind, "id": self.subject_id, "name": self.subject} if self.subject else None,
        }


# What is joined from the left by a view would be read whole; a subselect is not.
_ENTRY = """
    SELECT e.id, e.at, e.actor_id, (SELECT name FROM people WHERE id = e.actor_id) AS actor,
           e.by_id, (SELECT name FROM people WHERE id = e.by_id) AS by,
           (SELECT role FROM people WHERE id = e.actor_id) AS role, e.action, e.outcome, e.patient_id,
           (SELECT name FROM people WHERE id = e.patient_id) AS patient,
           (SELECT identifier FROM patient_identities WHERE id = e.patient_id) AS identifier,
           e.subject_kind, e.subject_id,
           CASE WHEN e.subject_kind IN ('account', 'profile') AND e.subject_id <> coalesce(e.actor_id, '')
                THEN (SELECT name FROM people WHERE id = e.subject_id)
                WHEN e.subject_kind = 'organization' THEN (SELECT name FROM places WHERE id = e.subject_id)
           END AS subject
    FROM audit_events e
"""


def browse(
    tx: Transaction, viewer: Viewer, chosen: Chosen, before: str | None = None, limit: int = PER_PAGE
) -> Page[Entry]:
    """For an admin: the newest first. `before` is the `next` of the page before."""
    viewer.require("admin")
    before_at, before_id = paging.position(before)
    if chosen.until is not None and before_at >= chosen.until:
        before_at, before_id = chosen.until, ""
    rows = tx.all(
        f"{_ENTRY} WHERE e.id IN ({paging.newest(_selects(chosen), 'e.at', 'e.id')}) ORDER BY e.at DESC, e.id DESC",
        {
            "before_at": before_at,
            "before_id": before_id,
            "since": chosen.since,
            "by": chosen.by,
            "about": chosen.about,
            "limit": limit + 1,
        },
    )
    return paging.page([_entry(row) for row in rows], limit, lambda entry: paging.cursor(entry.at, entry.id))


def _selects(chosen: Chosen) -> list[str]:
    """Each by an index that goes on in the order of the list. One person's lines of one kind are looked for among all
    of that person's; those of one kind alone are the newest of each of its actions.
    """
    entry = "SELECT e.id, e.at FROM audit_events e WHERE e.at >= :since AND e.at <= :before_at"
    actions = list(KINDS[chosen.kind][1]) if chosen.kind else []
    if chosen.by or chosen.about:
        entry += " AND e.patient_id = :about" if chosen.about else ""
        entry += f" AND e.action IN {listed(actions)}" if actions else ""
        # One of two is never the other: who acts for somebody is somebody else.
        return [f"{entry} AND e.actor_id = :by", f"{entry} AND e.by_id = :by"] if chosen.by else [entry]
    return [f"{entry} AND e.action = '{action}'" for action in actions] if actions else [entry]


def names(tx: Transaction, viewer: Viewer, chosen: Chosen) -> dict[str, str]:
    """The names of whom it is asked about: `by` and `about`, where there is such a person."""
    viewer.require("admin")
    asked = {"by": chosen.by, "about": chosen.about}
    found = {which: tx.value("SELECT name FROM people WHERE id = :id", {"id": id}) for which, id in asked.items() if id}
    return {which: name for which, name in found.items() if name}


def export(tx: Transaction, viewer: Viewer, chosen: Chosen) -> list[Entry]:
    """All lines of what is asked for. Raises Invalid where they are more than EXPORTED."""
    found = browse(tx, viewer, chosen, limit=EXPORTED)
    if found.next:
        raise Invalid({"day": N_("Plus de 50 000 lignes : choisissez moins de jours, un genre ou une personne.")})
    return found


def counts(tx: Transaction, viewer: Viewer, since: int) -> dict[str, int]:
    """For an admin: how many lines of each of KINDS there are since a moment."""
    viewer.require("admin")
    kinds = {action: kind for kind, (_, actions) in KINDS.items() for action in actions}
    found = dict.fromkeys(KINDS, 0)
    for row in tx.all(
        "SELECT action, count(*) AS lines FROM audit_events WHERE at >= :since GROUP BY action", {"since": since}
    ):
        if row["action"] in kinds:
            found[kinds[row["action"]]] += row["lines"]
    return found


def note_export(tx: Transaction, viewer: Viewer, address: str) -> None:
    """Write down, for the other admins, that the list has left the program; `address`: its short hash."""
    viewer.require("admin")
    events.record(tx, "audit.exported", Subject("account", viewer.id), actor_id=viewer.id)
    security.note(tx, "export", account_id=viewer.id, address=address)


def rows(entries: list[Entry], language: str) -> list[list[str]]:
    """The lines of a table in the clinic's time, the first with the names of its columns."""
    head = [N_("Date et heure"), N_("Qui"), N_("Rôle"), N_("Acte"), N_("Résultat"), N_("Dossier de"), N_("Identifiant")]
    head += [N_("Fait par"), N_("Compte ou lieu")]
    outcomes = {"success": N_("Fait"), "refused": N_("Refusé")}
    return [[translate(language, name) for name in head]] + [
        [
            f"{days.local(entry.at):%Y-%m-%d %H:%M:%S}",
            entry.actor or "",
            translate(language, entry.role_name) if entry.role else "",
            translate(language, entry.what),
            translate(language, outcomes[entry.outcome]),
            entry.patient or "",
            entry.identifier or "",
            entry.by or "",
            entry.subject or "",
        ]
        for entry in entries
    ]


def _entry(row: Row) -> Entry:
    return Entry(**row.as_dict())
