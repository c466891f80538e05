"""What is said to whoever acts for a patient, where the patient reads « mon », « ma », « votre » or « vos ».

One rule for all pages, news and fragments: the text is the patient's where it stands, and has its twin here, in which
the file is « ce dossier », what is in it « l'ordonnance », « les médicaments », and the patient « cette personne »;
whose file it is stands above every page. What is said to whoever reads (« vous pouvez quitter cette page ») has none.
"""

from fadjma.i18n import N_

_TEXTS = {
    "%(who)s demande à voir votre dossier": N_("%(who)s demande à voir ce dossier"),
    "Accès à mon dossier": N_("Accès à ce dossier"),
    "Accès à votre dossier": N_("Accès à ce dossier"),
    "Agit pour vous": N_("Agit pour cette personne"),
    "Ajouter à mon dossier": N_("Ajouter au dossier"),
    "C'est à ce numéro que la clinique et la pharmacie vous appellent": N_(
        "C'est à ce numéro que la clinique et la pharmacie appellent"
    ),
    "Changer mes coordonnées": N_("Changer les coordonnées"),
    "Chercher dans mon dossier": N_("Chercher dans ce dossier"),
    "Demande d'accès à votre dossier": N_("Demande d'accès à ce dossier"),
    "Donnez-le quand vous recevez vos médicaments (%(pharmacy)s), et à personne d'autre.": N_(
        "Donnez-le quand les médicaments sont remis (%(pharmacy)s), et à personne d'autre."
    ),
    "Donnez-le quand vous recevez vos médicaments, et à personne d'autre.": N_(
        "Donnez-le quand les médicaments sont remis, et à personne d'autre."
    ),
    "Emporter mon dossier": N_("Emporter ce dossier"),
    "Emporter mon dossier, ou le montrer à un autre médecin": N_(
        "Emporter ce dossier, ou le montrer à un autre médecin"
    ),
    (
        "En cas de doute, demandez à votre pharmacie ou appelez le cabinet. Gardez les médicaments hors de portée "
        "des enfants."
    ): N_(
        "En cas de doute, demandez à la pharmacie ou appelez le cabinet. Gardez les médicaments hors de portée des "
        "enfants."
    ),
    "Imprimer ma carte": N_("Imprimer la carte"),
    "L'accueil a attesté que vous avez autorisé un accès à votre dossier": N_(
        "L'accueil a attesté qu'un accès à ce dossier a été autorisé"
    ),
    "L'accueil vous a remis un code pour choisir un mot de passe": N_(
        "L'accueil a remis un code pour choisir un mot de passe"
    ),
    "L'administration a répondu à votre signalement": N_("L'administration a répondu au signalement"),
    "L'administration vous a remis un code pour choisir un mot de passe": N_(
        "L'administration a remis un code pour choisir un mot de passe"
    ),
    "La copie de votre dossier est prête à télécharger": N_("La copie de ce dossier est prête à télécharger"),
    "La personne que vous avez choisie peut maintenant agir pour vous": N_(
        "La personne choisie peut maintenant agir pour celle-ci"
    ),
    "La pharmacie accepte de vous livrer": N_("La pharmacie accepte de livrer"),
    "La pharmacie ne peut pas vous livrer": N_("La pharmacie ne peut pas livrer"),
    "La pharmacie retrouve votre ordonnance avec ce code. Il ne suffit pas pour recevoir les médicaments.": N_(
        "La pharmacie retrouve l'ordonnance avec ce code. Il ne suffit pas pour recevoir les médicaments."
    ),
    "La pharmacie vous l'a dit : %(time)s": N_("La pharmacie l'a dit : %(time)s"),
    (
        "Le dossier à lire sans connexion, vos documents et vos photos, et les mêmes données pour un autre "
        "logiciel médical (FHIR). Le fichier reste un jour sur le serveur, pour vous seul."
    ): N_(
        "Le dossier à lire sans connexion, les documents et les photos, et les mêmes données pour un autre "
        "logiciel médical (FHIR). Le fichier reste un jour sur le serveur, pour vous seul."
    ),
    "Le lien de votre fiche avec une autre a été défait": N_("Le lien de cette fiche avec une autre a été défait"),
    "Le lien que vous avez fait pour un autre médecin a été ouvert": N_(
        "Le lien fait pour un autre médecin a été ouvert"
    ),
    "Le médecin doit expliquer un accès d'urgence à votre dossier": N_(
        "Le médecin doit expliquer un accès d'urgence à ce dossier"
    ),
    "Le reste de votre ordonnance est prêt": N_("Le reste de l'ordonnance est prêt"),
    "Le retrait de votre second facteur est demandé : si ce n'était pas vous, prévenez l'administration": N_(
        "Le retrait du second facteur est demandé : si ce n'était pas cette personne, prévenez l'administration"
    ),
    "Le second facteur de votre compte a été retiré": N_("Le second facteur du compte a été retiré"),
    "Les médecins qui ont ouvert un de vos liens n'ont pas de compte :": N_(
        "Les médecins qui ont ouvert un des liens n'ont pas de compte :"
    ),
    "Ma carte": N_("Carte"),
    "Ma pharmacie": N_("La pharmacie"),
    "Mes allergies": N_("Allergies"),
    "Mes coordonnées": N_("Coordonnées"),
    "Mes coordonnées et ma pharmacie": N_("Coordonnées et pharmacie"),
    "Mes documents": N_("Documents"),
    "Mes mesures": N_("Mesures"),
    "Mes ordonnances": N_("Ordonnances"),
    "Mes problèmes de santé": N_("Problèmes de santé"),
    "Mes signalements": N_("Signalements"),
    "Message de votre pharmacie": N_("Message de la pharmacie"),
    "Mon compte": N_("Compte"),
    "Mon dossier": N_("Dossier"),
    "Médicament, médecin, ou un mot de votre dossier": N_("Médicament, médecin, ou un mot de ce dossier"),
    "Personne n'a encore consulté votre dossier.": N_("Personne n'a encore consulté ce dossier."),
    "Quelqu'un a donné votre mot de passe, mais pas votre second facteur : changez le mot de passe": N_(
        "Quelqu'un a donné le mot de passe, mais pas le second facteur : le mot de passe est à changer"
    ),
    "Qui a consulté mon dossier": N_("Qui a consulté ce dossier"),
    "Qui voit mon dossier": N_("Qui voit ce dossier"),
    "Remis sans votre code": N_("Remis sans code"),
    "Reprendre mon ordonnance": N_("Reprendre l'ordonnance"),
    "Retirer ma demande": N_("Retirer la demande"),
    "Si ce n'est pas vous, prévenez l'administration de la clinique.": N_(
        "Si ce n'est pas elle, prévenez l'administration de la clinique."
    ),
    (
        "Si ce n'était ni vous ni quelqu'un que vous aviez envoyé, dites-le à la pharmacie. Du numéro, vous voyez "
        "les derniers signes : la pièce peut être celle d'une autre personne."
    ): N_(
        "Si ce n'était ni cette personne ni quelqu'un envoyé pour elle, dites-le à la pharmacie. Du numéro, vous "
        "voyez les derniers signes : la pièce peut être celle d'une autre personne."
    ),
    "Si vous ne vous sentez pas bien, allez tout de suite au centre de santé, avec la boîte.": N_(
        "Si cette personne ne se sent pas bien, allez tout de suite au centre de santé, avec la boîte."
    ),
    "Tout le dossier sur une page, avec la liste de vos documents et des médecins qui y ont eu accès.": N_(
        "Tout le dossier sur une page, avec la liste des documents et des médecins qui y ont eu accès."
    ),
    "Un accès d'urgence à votre dossier a été contrôlé : il était justifié": N_(
        "Un accès d'urgence à ce dossier a été contrôlé : il était justifié"
    ),
    "Un accès d'urgence à votre dossier a été jugé abusif": N_("Un accès d'urgence à ce dossier a été jugé abusif"),
    "Un accès d'urgence à votre dossier vient d'être ouvert": N_("Un accès d'urgence à ce dossier vient d'être ouvert"),
    "Un accès à mon dossier": N_("Un accès à ce dossier"),
    "Un accès à votre dossier a été autorisé avec votre code PIN": N_(
        "Un accès à ce dossier a été autorisé avec le code PIN"
    ),
    "Un de vos codes de secours a servi": N_("Un des codes de secours a servi"),
    "Un lien vers votre dossier est bloqué après cinq mauvais codes": N_(
        "Un lien vers ce dossier est bloqué après cinq mauvais codes"
    ),
    "Un lot d'un médicament que vous avez reçu est rappelé : il ne faut plus le prendre.": N_(
        "Un lot d'un médicament remis est rappelé : il ne faut plus le prendre."
    ),
    "Un médecin demande l'accès à votre dossier": N_("Un médecin demande l'accès à ce dossier"),
    "Un nouveau code PIN vous a été donné à l'accueil": N_("Un nouveau code PIN a été donné à l'accueil"),
    "Un patient vous propose d'agir à sa place": N_("Un patient propose à cette personne d'agir à sa place"),
    "Un second facteur protège maintenant votre compte": N_("Un second facteur protège maintenant le compte"),
    "Un élément saisi par erreur a été retiré de votre dossier": N_(
        "Un élément saisi par erreur a été retiré de ce dossier"
    ),
    (
        "Une analyse faite ailleurs, un compte rendu, une ancienne ordonnance : les médecins à qui vous ouvrez "
        "votre dossier complet le verront, avec la mention « apporté par le patient »."
    ): N_(
        "Une analyse faite ailleurs, un compte rendu, une ancienne ordonnance : les médecins à qui le dossier "
        "complet est ouvert le verront, avec la mention « apporté par le patient »."
    ),
    "Une autre fiche a été liée à la vôtre par l'administration": N_(
        "Une autre fiche a été liée à celle-ci par l'administration"
    ),
    "Une autre fiche est aussi la vôtre :": N_("Une autre fiche est celle de la même personne :"),
    "Une autre personne peut maintenant agir pour vous": N_("Une autre personne peut maintenant agir pour celle-ci"),
    "Une demande d'accès à votre dossier a été retirée": N_("Une demande d'accès à ce dossier a été retirée"),
    "Une mesure a été ajoutée à votre dossier": N_("Une mesure a été ajoutée à ce dossier"),
    "Une mesure saisie par erreur a été retirée de votre dossier": N_(
        "Une mesure saisie par erreur a été retirée de ce dossier"
    ),
    "Une ordonnance vous a été prescrite": N_("Une ordonnance a été prescrite"),
    "Une partie de votre ordonnance vous a été remise": N_("Une partie de l'ordonnance a été remise"),
    "Une personne ne peut plus agir pour vous": N_("Une personne ne peut plus agir pour celle-ci"),
    "Une remise a été faite sans votre code de retrait": N_("Une remise a été faite sans le code de retrait"),
    "Vos codes de secours ont été remplacés": N_("Les codes de secours ont été remplacés"),
    "Vos médicaments": N_("Les médicaments"),
    "Votre code PIN a été changé": N_("Le code PIN a été changé"),
    "Votre code PIN est bloqué après cinq erreurs : passez à l'accueil": N_(
        "Le code PIN est bloqué après cinq erreurs : passez à l'accueil"
    ),
    "Votre code de retrait": N_("Le code de retrait"),
    "Votre demande de renouvellement est refusée": N_("La demande de renouvellement est refusée"),
    "Votre demande de renouvellement est restée sans réponse": N_(
        "La demande de renouvellement est restée sans réponse"
    ),
    "Votre dossier a été complété": N_("Ce dossier a été complété"),
    "Votre dossier a été consulté": N_("Ce dossier a été consulté"),
    "Votre dossier a été corrigé": N_("Ce dossier a été corrigé"),
    "Votre fiche d'identité a été corrigée par l'accueil": N_("La fiche d'identité a été corrigée par l'accueil"),
    "Votre mot de passe a été changé": N_("Le mot de passe a été changé"),
    "Votre ordonnance est de nouveau à prendre dans une pharmacie": N_(
        "L'ordonnance est de nouveau à prendre dans une pharmacie"
    ),
    "Votre ordonnance est en attente à la pharmacie": N_("L'ordonnance est en attente à la pharmacie"),
    "Votre ordonnance est en livraison": N_("L'ordonnance est en livraison"),
    "Votre ordonnance est livrée": N_("L'ordonnance est livrée"),
    "Votre ordonnance est préparée": N_("L'ordonnance est préparée"),
    "Votre ordonnance est préparée avec un équivalent": N_("L'ordonnance est préparée avec un équivalent"),
    "Votre ordonnance est préparée à nouveau": N_("L'ordonnance est préparée à nouveau"),
    "Votre ordonnance est prête": N_("L'ordonnance est prête"),
    "Votre ordonnance est renouvelée : une nouvelle vous a été prescrite": N_(
        "L'ordonnance est renouvelée : une nouvelle a été prescrite"
    ),
    "Votre ordonnance est validée": N_("L'ordonnance est validée"),
    "Votre ordonnance n'a pas pu être livrée": N_("L'ordonnance n'a pas pu être livrée"),
    "Votre pharmacie a un message important pour vous": N_("La pharmacie a un message important"),
    "Votre signalement": N_("Le signalement"),
    "Votre signalement est envoyé. L'administration regarde, et vous répond ici.": N_(
        "Le signalement est envoyé. L'administration regarde, et répond ici."
    ),
    "Votre téléphone ou votre adresse e-mail a été changé": N_("Le téléphone ou l'adresse e-mail a été changé"),
    "Vous avez déjà signalé cette ligne.": N_("Cette ligne est déjà signalée."),
    "Vous n'avez rien signalé.": N_("Rien n'a été signalé."),
    "Vous ne pouvez plus agir pour une autre personne": N_("Cette personne ne peut plus agir pour une autre"),
    "Vous pourrez arrêter cet accès à tout moment, et vous verrez qui ouvre votre dossier, et quand.": N_(
        "Vous pourrez arrêter cet accès à tout moment, et vous verrez qui ouvre ce dossier, et quand."
    ),
    "Vous pouvez maintenant agir pour une autre personne": N_("Cette personne peut maintenant agir pour une autre"),
    "a accepté d'agir pour vous": N_("a accepté d'agir pour cette personne"),
    "a accepté de vous livrer vos médicaments": N_("a accepté de livrer les médicaments"),
    "a ajouté un élément à votre dossier": N_("a ajouté un élément à ce dossier"),
    "a ajouté une mesure à votre dossier": N_("a ajouté une mesure à ce dossier"),
    "a ajouté une page à un document de votre dossier": N_("a ajouté une page à un document de ce dossier"),
    "a annulé une remise de vos médicaments": N_("a annulé une remise des médicaments"),
    "a annulé votre ordonnance": N_("a annulé l'ordonnance"),
    "a arrêté un accès à votre dossier, pour vous": N_("a arrêté un accès à ce dossier, pour cette personne"),
    "a arrêté un médicament de votre ordonnance": N_("a arrêté un médicament de l'ordonnance"),
    "a attesté à l'accueil que vous avez autorisé un accès": N_("a attesté à l'accueil qu'un accès a été autorisé"),
    "a autorisé un accès à votre dossier, pour vous": N_("a autorisé un accès à ce dossier, pour cette personne"),
    "a changé un accès à votre dossier, pour vous": N_("a changé un accès à ce dossier, pour cette personne"),
    "a changé votre pharmacie, pour vous": N_("a changé la pharmacie, pour cette personne"),
    "a cherché qui vous êtes, et a vu votre nom, votre âge et votre sexe": N_(
        "a cherché cette personne, et a vu le nom, l'âge et le sexe"
    ),
    "a cherché une de vos ordonnances par le code de son papier": N_(
        "a cherché une ordonnance par le code de son papier"
    ),
    "a commencé à agir pour vous, et peut lire votre dossier": N_(
        "a commencé à agir pour cette personne, et peut lire ce dossier"
    ),
    "a corrigé un élément de votre dossier": N_("a corrigé un élément de ce dossier"),
    "a corrigé votre fiche d'identité": N_("a corrigé la fiche d'identité"),
    "a demandé l'accès à votre dossier": N_("a demandé l'accès à ce dossier"),
    "a demandé la livraison de vos médicaments, pour vous": N_(
        "a demandé la livraison des médicaments, pour cette personne"
    ),
    "a demandé le renouvellement d'une ordonnance, pour vous": N_(
        "a demandé le renouvellement d'une ordonnance, pour cette personne"
    ),
    "a demandé un nouveau code de retrait, pour vous": N_("a demandé un nouveau code de retrait, pour cette personne"),
    "a demandé une copie de votre dossier, pour vous": N_("a demandé une copie de ce dossier, pour cette personne"),
    "a déclaré votre ordonnance saisie par erreur": N_("a déclaré l'ordonnance saisie par erreur"),
    "a défait le lien de votre fiche avec une autre": N_("a défait le lien de cette fiche avec une autre"),
    "a envoyé votre ordonnance en livraison": N_("a envoyé l'ordonnance en livraison"),
    "a envoyé votre ordonnance à une autre pharmacie, pour vous": N_(
        "a envoyé l'ordonnance à une autre pharmacie, pour cette personne"
    ),
    "a fait un lien vers votre dossier pour un autre médecin, pour vous": N_(
        "a fait un lien vers ce dossier pour un autre médecin, pour cette personne"
    ),
    "a imprimé votre exemplaire d'une ordonnance, avec son code de retrait": N_(
        "a imprimé l'exemplaire du patient d'une ordonnance, avec son code de retrait"
    ),
    "a lié votre fiche à une autre, qui est aussi la vôtre": N_("a lié cette fiche à une autre de la même personne"),
    "a lu sur quelle pièce vos médicaments ont été remis sans votre code": N_(
        "a lu sur quelle pièce les médicaments ont été remis sans le code"
    ),
    "a lu un élément de votre dossier": N_("a lu un élément de ce dossier"),
    "a lu une de vos ordonnances": N_("a lu une ordonnance"),
    "a marqué votre ordonnance « Prête »": N_("a marqué l'ordonnance « Prête »"),
    "a mis fin au droit de quelqu'un d'agir pour vous": N_(
        "a mis fin au droit de quelqu'un d'agir pour cette personne"
    ),
    "a mis votre ordonnance en attente": N_("a mis l'ordonnance en attente"),
    "a noté vous avoir dit par téléphone qu'un médicament que vous avez reçu est à rapporter": N_(
        "a noté avoir dit par téléphone qu'un médicament remis est à rapporter"
    ),
    "a ouvert un accès d'urgence à votre dossier": N_("a ouvert un accès d'urgence à ce dossier"),
    "a ouvert votre dossier": N_("a ouvert ce dossier"),
    "a créé votre fiche": N_("a créé cette fiche"),
    "a ouvert votre fiche d'identité": N_("a ouvert la fiche d'identité"),
    "a permis à quelqu'un d'agir pour vous": N_("a permis à quelqu'un d'agir pour cette personne"),
    "a préparé le reste de votre ordonnance": N_("a préparé le reste de l'ordonnance"),
    "a préparé votre ordonnance": N_("a préparé l'ordonnance"),
    "a préparé votre ordonnance à nouveau": N_("a préparé l'ordonnance à nouveau"),
    "a refusé de renouveler une de vos ordonnances": N_("a refusé de renouveler une ordonnance"),
    "a refusé un accès à votre dossier, pour vous": N_("a refusé un accès à ce dossier, pour cette personne"),
    "a refusé votre ordonnance": N_("a refusé l'ordonnance"),
    "a remis une partie de vos médicaments": N_("a remis une partie des médicaments"),
    "a remis vos médicaments": N_("a remis les médicaments"),
    "a remis vos médicaments sans votre code, sur présentation d'une pièce": N_(
        "a remis les médicaments sans le code, sur présentation d'une pièce"
    ),
    "a remplacé un médicament de votre ordonnance": N_("a remplacé un médicament de l'ordonnance"),
    "a rendu votre ordonnance": N_("a rendu l'ordonnance"),
    "a renouvelé une de vos ordonnances": N_("a renouvelé une ordonnance"),
    "a repris votre ordonnance, pour vous": N_("a repris l'ordonnance, pour cette personne"),
    "a retiré de votre dossier un élément saisi par erreur": N_("a retiré de ce dossier un élément saisi par erreur"),
    "a retiré de votre dossier une mesure saisie par erreur": N_("a retiré de ce dossier une mesure saisie par erreur"),
    "a retiré sa demande d'accès à votre dossier": N_("a retiré sa demande d'accès à ce dossier"),
    "a retiré un lien vers votre dossier, pour vous": N_("a retiré un lien vers ce dossier, pour cette personne"),
    "a retiré une demande de renouvellement, pour vous": N_(
        "a retiré une demande de renouvellement, pour cette personne"
    ),
    "a retiré, pour vous, la demande de livraison": N_("a retiré la demande de livraison, pour cette personne"),
    "a reçu sur son écran un code PIN qui n'est pas le vôtre": N_(
        "a reçu sur son écran un code PIN qui n'est pas le bon"
    ),
    "a reçu votre accord sur son écran, avec votre code PIN": N_(
        "a reçu l'accord du patient sur son écran, avec le code PIN"
    ),
    "a reçu à l'accueil un code PIN qui n'est pas le vôtre": N_("a reçu à l'accueil un code PIN qui n'est pas le bon"),
    "a signalé une ligne de cette liste, pour vous": N_("a signalé une ligne de cette liste, pour cette personne"),
    "a téléchargé une copie de votre dossier, pour vous": N_(
        "a téléchargé une copie de ce dossier, pour cette personne"
    ),
    "a validé votre ordonnance": N_("a validé l'ordonnance"),
    "a voulu agir sur une de vos ordonnances": N_("a voulu agir sur une ordonnance"),
    "a voulu changer un élément de votre dossier": N_("a voulu changer un élément de ce dossier"),
    "a voulu changer une demande d'accès à votre dossier": N_("a voulu changer une demande d'accès à ce dossier"),
    "a voulu changer votre fiche d'identité": N_("a voulu changer la fiche d'identité"),
    "a voulu lire sur quelle pièce vos médicaments ont été remis sans votre code": N_(
        "a voulu lire sur quelle pièce les médicaments ont été remis sans le code"
    ),
    "a voulu lire un message de votre pharmacie": N_("a voulu lire un message de la pharmacie"),
    "a voulu lire un élément de votre dossier": N_("a voulu lire un élément de ce dossier"),
    "a voulu lire une de vos ordonnances": N_("a voulu lire une ordonnance"),
    "a voulu ouvrir une demande d'accès à votre dossier": N_("a voulu ouvrir une demande d'accès à ce dossier"),
    "a voulu ouvrir votre dossier": N_("a voulu ouvrir ce dossier"),
    "a voulu ouvrir votre fiche d'identité": N_("a voulu ouvrir la fiche d'identité"),
    "a voulu écrire dans votre dossier": N_("a voulu écrire dans ce dossier"),
    "a vu dans une liste que vos médicaments ont été remis sans votre code": N_(
        "a vu dans une liste que les médicaments ont été remis sans le code"
    ),
    "a vu que votre ordonnance a pris fin": N_("a vu que l'ordonnance a pris fin"),
    "a vu votre nom et votre téléphone dans la liste des rappels de vaccins": N_(
        "a vu le nom et le téléphone dans la liste des rappels de vaccins"
    ),
    "a vu votre nom, votre âge et votre sexe dans une liste": N_("a vu le nom, l'âge et le sexe dans une liste"),
    "a vu votre ordonnance dans la liste de sa pharmacie": N_("a vu l'ordonnance dans la liste de sa pharmacie"),
    "n'a pas pu livrer votre ordonnance": N_("n'a pas pu livrer l'ordonnance"),
    "ne peut pas fournir un de vos médicaments": N_("ne peut pas fournir un des médicaments"),
    "ne peut pas vous livrer vos médicaments": N_("ne peut pas livrer les médicaments"),
    "pour vous remettre vos médicaments": N_("pour remettre les médicaments"),
    "sans votre accord, en urgence": N_("sans accord, en urgence"),
    "selon votre autorisation du %(day)s": N_("selon l'autorisation du %(day)s"),
    "votre identifiant, à donner au médecin qui doit vous trouver": N_(
        "identifiant à donner au médecin qui doit trouver ce dossier"
    ),
    "vous a donné un code PIN": N_("a donné un code PIN"),
    "vous a fait savoir qu'un médicament que vous avez reçu est à rapporter": N_(
        "a fait savoir qu'un médicament remis est à rapporter"
    ),
    "vous a prescrit une ordonnance": N_("a prescrit une ordonnance"),
    "vous a remis un code pour choisir un mot de passe": N_("a remis un code pour choisir un mot de passe"),
    "À présenter au médecin et à l'accueil. Cette carte n'ouvre aucun dossier : c'est vous qui autorisez.": N_(
        "À présenter au médecin et à l'accueil. Cette carte n'ouvre aucun dossier : il faut une autorisation."
    ),
}


def said(text: str) -> str:
    """The same to somebody who is not the patient."""
    return _TEXTS.get(text, text)


def texts() -> dict[str, str]:
    """Every text that has a twin, with it."""
    return dict(_TEXTS)
