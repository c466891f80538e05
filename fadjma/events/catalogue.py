"""Every notification's wording: the one place (docs/clinic.md, “Notifications”).

A wording never names a drug, a diagnosis, a record's title, a specialty or a person: the detail is in the page, for
those who may see it.
"""

from fadjma.i18n import N_

MESSAGES = {
    "access.requested": N_("Un médecin demande l'accès à votre dossier"),
    "access.approved": N_("Votre demande d'accès est autorisée"),
    "access.rejected": N_("Votre demande d'accès est refusée"),
    "access.withdrawn": N_("Une demande d'accès à votre dossier a été retirée"),
    "access.lapsed": N_("Votre demande d'accès est restée sans réponse"),
    "access.expired": N_("Un accès au dossier a expiré"),
    "access.revoked": N_("Votre accès à un dossier est révoqué"),
    "access.emergency": N_("Un accès d'urgence à votre dossier vient d'être ouvert"),
    "access.emergency_review": N_("Un accès d'urgence est à contrôler"),
    "access.emergency_against": N_("Un accès d'urgence a été ouvert après un refus du patient : à contrôler"),
    "prescription.to_validate": N_("Nouvelle ordonnance à valider"),
    "prescription.issued": N_("Une ordonnance vous a été prescrite"),
    "prescription.validated": N_("Votre ordonnance est validée"),
    "prescription.prepared": N_("Votre ordonnance est préparée"),
    "prescription.ready": N_("Votre ordonnance est prête"),
    "prescription.in_delivery": N_("Votre ordonnance est en livraison"),
    "prescription.brought_back": N_("Votre ordonnance n'a pas pu être livrée"),
    "prescription.released": N_("Votre ordonnance est de nouveau à prendre dans une pharmacie"),
    "prescription.delivered": N_("Votre ordonnance est livrée"),
    "prescription.dispensed": N_("Une ordonnance que vous avez prescrite est livrée"),
    "prescription.refused": N_("Une ordonnance a été refusée par la pharmacie"),
    "prescription.cancelled": N_("Une ordonnance a été annulée"),
    "prescription.entered_in_error": N_("Une ordonnance saisie par erreur a été retirée"),
    "prescription.on_hold": N_("Votre ordonnance est en attente à la pharmacie"),
    "prescription.expired": N_("Une ordonnance a expiré"),
    "prescription.delivery_requested": N_("Demande de livraison"),
    "record.created": N_("Votre dossier a été complété"),
    "record.entered_in_error": N_("Un élément saisi par erreur a été retiré de votre dossier"),
    "record.amended": N_("Votre dossier a été corrigé"),
    "record.shared": N_("Un dossier que vous suivez a été complété"),
    "record.shared_amended": N_("Un dossier que vous suivez a été corrigé"),
    "record.read": N_("Votre dossier a été consulté"),
    "stock.low": N_("Stock bas"),
    "stock.expiring": N_("Lot bientôt périmé"),
    "password.changed": N_("Votre mot de passe a été changé"),
    "password.reset": N_("Votre mot de passe a été réinitialisé par l'administration"),
    "account.moved": N_("Votre lieu d'exercice a changé : reconnectez-vous pour y travailler"),
    "account.waiting": N_("Un compte est à vérifier"),
    "backup.copy_failed": N_("La sauvegarde n'a pas pu être faite"),
    "backup.copy_late": N_("La sauvegarde est en retard"),
    "backup.drill_failed": N_("La sauvegarde restaurée à l'essai n'allait pas"),
    "backup.drill_late": N_("L'essai de restauration est en retard"),
}
