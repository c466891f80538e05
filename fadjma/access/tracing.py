"""Writing down who saw or did what with a patient's file, and how the patient reads it, live (queries.trace).

Whatever shows a part of a file to somebody else is a reading; one that is refused is written down too, after the
refusal (failures.py), and so is a writing that is. docs/clinic.md, “Records”.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fadjma import days, events
from fadjma.events import Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.refusals import Tried
from fadjma.store import Transaction

HOUR = 3_600_000
_CHANGES = 20  # of a file, that are named to whoever comes back to it
_LATELY = 500  # of what somebody has done, that is looked at for whose files they opened
_CHUNK = 400  # things per statement; SQLite takes 999 parameters in its oldest builds


@dataclass(frozen=True, slots=True)
class Words:
    """How the patient reads that somebody did it, and that somebody wanted to and was not allowed."""

    done: str = ""
    refused: str = ""


# Every action of the audit that is shown in the trace; what the patients did themselves is in no trace, but what
# somebody did for them is.
WORDS: dict[str, Words] = {
    "patient.found": Words(N_("a cherché qui vous êtes, et a vu votre nom, votre âge et votre sexe")),
    "patient.listed": Words(N_("a vu votre nom, votre âge et votre sexe dans une liste")),
    "patient.recalled": Words(N_("a vu votre nom et votre téléphone dans la liste des rappels de vaccins")),
    "identity.registered": Words(N_("a créé votre fiche")),
    "identity.read": Words(N_("a ouvert votre fiche d'identité"), N_("a voulu ouvrir votre fiche d'identité")),
    "identity.write": Words(refused=N_("a voulu changer votre fiche d'identité")),
    "identity.corrected": Words(N_("a corrigé votre fiche d'identité")),
    "identity.linked": Words(N_("a lié votre fiche à une autre, qui est aussi la vôtre")),
    "identity.unlinked": Words(N_("a défait le lien de votre fiche avec une autre")),
    "file.read": Words(N_("a ouvert votre dossier"), N_("a voulu ouvrir votre dossier")),
    "file.write": Words(refused=N_("a voulu écrire dans votre dossier")),
    "record.read": Words(N_("a lu un élément de votre dossier"), N_("a voulu lire un élément de votre dossier")),
    "record.write": Words(refused=N_("a voulu changer un élément de votre dossier")),
    "record.created": Words(N_("a ajouté un élément à votre dossier")),
    "record.amended": Words(N_("a corrigé un élément de votre dossier")),
    "record.entered_in_error": Words(N_("a retiré de votre dossier un élément saisi par erreur")),
    "paper.page_added": Words(N_("a ajouté une page à un document de votre dossier")),
    "measurement.created": Words(N_("a ajouté une mesure à votre dossier")),
    "measurement.entered_in_error": Words(N_("a retiré de votre dossier une mesure saisie par erreur")),
    "acting.begun": Words(N_("a commencé à agir pour vous, et peut lire votre dossier")),
    "proxy.given": Words(N_("a permis à quelqu'un d'agir pour vous")),
    "proxy.accepted": Words(N_("a accepté d'agir pour vous")),
    "proxy.ended": Words(N_("a mis fin au droit de quelqu'un d'agir pour vous")),
    "proxy.wrong_pin": Words(refused=N_("a reçu à l'accueil un code PIN qui n'est pas le vôtre")),
    "access_request.approved": Words(N_("a autorisé un accès à votre dossier, pour vous")),
    "access_request.changed": Words(N_("a changé un accès à votre dossier, pour vous")),
    "access_request.rejected": Words(N_("a refusé un accès à votre dossier, pour vous")),
    "access_request.revoked": Words(N_("a arrêté un accès à votre dossier, pour vous")),
    "prescription.delivery_requested": Words(N_("a demandé la livraison de vos médicaments, pour vous")),
    "prescription.redirected": Words(N_("a envoyé votre ordonnance à une autre pharmacie, pour vous")),
    "prescription.taken_back": Words(N_("a repris votre ordonnance, pour vous")),
    "prescription.code_renewed": Words(N_("a demandé un nouveau code de retrait, pour vous")),
    "prescription.renewal_asked": Words(N_("a demandé le renouvellement d'une ordonnance, pour vous")),
    "prescription.renewal_withdrawn": Words(N_("a retiré une demande de renouvellement, pour vous")),
    "contest.opened": Words(N_("a signalé une ligne de cette liste, pour vous")),
    "contact.changed": Words(N_("a changé votre pharmacie, pour vous")),
    "export.asked": Words(N_("a demandé une copie de votre dossier, pour vous")),
    "export.fetched": Words(N_("a téléchargé une copie de votre dossier, pour vous")),
    "share.made": Words(N_("a fait un lien vers votre dossier pour un autre médecin, pour vous")),
    "share.revoked": Words(N_("a retiré un lien vers votre dossier, pour vous")),
    "access_request.read": Words(refused=N_("a voulu ouvrir une demande d'accès à votre dossier")),
    "access_request.write": Words(refused=N_("a voulu changer une demande d'accès à votre dossier")),
    "access_request.created": Words(N_("a demandé l'accès à votre dossier")),
    "access_request.approved_in_person": Words(N_("a reçu votre accord sur son écran, avec votre code PIN")),
    "access_request.witnessed": Words(N_("a attesté à l'accueil que vous avez autorisé un accès")),
    "password.reset": Words(N_("vous a remis un code pour choisir un mot de passe")),
    "pin.given": Words(N_("vous a donné un code PIN")),
    "pin.wrong": Words(refused=N_("a reçu sur son écran un code PIN qui n'est pas le vôtre")),
    "access_request.emergency": Words(N_("a ouvert un accès d'urgence à votre dossier")),
    "access_request.withdrawn": Words(N_("a retiré sa demande d'accès à votre dossier")),
    "prescription.listed": Words(N_("a vu votre ordonnance dans la liste de sa pharmacie")),
    "prescription.found": Words(N_("a cherché une de vos ordonnances par le code de son papier")),
    "prescription.code_printed": Words(N_("a imprimé votre exemplaire d'une ordonnance, avec son code de retrait")),
    "prescription.read": Words(N_("a lu une de vos ordonnances"), N_("a voulu lire une de vos ordonnances")),
    "prescription.write": Words(refused=N_("a voulu agir sur une de vos ordonnances")),
    "prescription.wrong_code": Words(refused=N_("a donné un code de retrait qui n'est pas le bon")),
    "prescription.issued": Words(N_("vous a prescrit une ordonnance")),
    "prescription.replaced": Words(N_("a remplacé une ordonnance refusée")),
    "prescription.renewed": Words(N_("a renouvelé une de vos ordonnances")),
    "prescription.renewal_declined": Words(N_("a refusé de renouveler une de vos ordonnances")),
    "prescription.validated": Words(N_("a validé votre ordonnance")),
    "prescription.prepared": Words(N_("a préparé votre ordonnance")),
    "prescription.ready": Words(N_("a marqué votre ordonnance « Prête »")),
    "prescription.in_delivery": Words(N_("a envoyé votre ordonnance en livraison")),
    "prescription.delivery_withdrawn": Words(N_("a retiré, pour vous, la demande de livraison")),
    "prescription.delivery_accepted": Words(N_("a accepté de vous livrer vos médicaments")),
    "prescription.delivery_declined": Words(N_("ne peut pas vous livrer vos médicaments")),
    "prescription.brought_back": Words(N_("n'a pas pu livrer votre ordonnance")),
    "prescription.delivered": Words(N_("a remis vos médicaments")),
    "prescription.part_delivered": Words(N_("a remis une partie de vos médicaments")),
    "prescription.rest_ready": Words(N_("a préparé le reste de votre ordonnance")),
    "prescription.prepared_anew": Words(N_("a préparé votre ordonnance à nouveau")),
    "recall.told": Words(N_("vous a fait savoir qu'un médicament que vous avez reçu est à rapporter")),
    "recall.phoned": Words(
        N_("a noté vous avoir dit par téléphone qu'un médicament que vous avez reçu est à rapporter")
    ),
    "recall.read": Words(refused=N_("a voulu lire un message de votre pharmacie")),
    "handover.without_code": Words(N_("a remis vos médicaments sans votre code, sur présentation d'une pièce")),
    "handover.listed": Words(N_("a vu dans une liste que vos médicaments ont été remis sans votre code")),
    "handover.read": Words(
        N_("a lu sur quelle pièce vos médicaments ont été remis sans votre code"),
        N_("a voulu lire sur quelle pièce vos médicaments ont été remis sans votre code"),
    ),
    "prescription.undone": Words(N_("a annulé une remise de vos médicaments")),
    "prescription.unsupplied": Words(N_("ne peut pas fournir un de vos médicaments")),
    "prescription.awaited": Words(N_("attend un médicament que la pharmacie n'a pas")),
    "prescription.line_replaced": Words(N_("a remplacé un médicament de votre ordonnance")),
    "prescription.line_ended": Words(N_("a arrêté un médicament de votre ordonnance")),
    "prescription.acknowledged": Words(N_("a vu que votre ordonnance a pris fin")),
    "prescription.on_hold": Words(N_("a mis votre ordonnance en attente")),
    "prescription.released": Words(N_("a rendu votre ordonnance")),
    "prescription.refused": Words(N_("a refusé votre ordonnance")),
    "prescription.cancelled": Words(N_("a annulé votre ordonnance")),
    "prescription.entered_in_error": Words(N_("a déclaré votre ordonnance saisie par erreur")),
}
# What a refused try is called, by the kind of thing and whether it was to be read or changed.
_TRIES = {"patient": "file"}


def trace(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    action: str,
    subject: Subject,
    *,
    ground: str | None = None,
    part: str = "",
    message: str | None = None,
    again: bool = False,
) -> None:
    """A reading. `ground` is the grant that it rests on, `part` what of the file it was (states.PARTS).

    `message` None: the patient's open trace page follows, and nobody is told. `again`: not asked for by somebody, but
    by a page that is open because of an event, or a form that comes back: the same reading, of the same part, goes on
    for an hour.
    """
    if again and read_lately(tx, viewer, patient_id, action, subject, part):
        return
    first = _first_today(tx, viewer, patient_id, action, subject, ground, part)
    events.record(
        tx, action, subject, actor_id=viewer.id, patient_id=patient_id, ground=ground, part=part, repeats=first
    )
    events.notify(tx, [patient_id], "notification", message, Subject("patient", patient_id), patient_id=patient_id)


def trace_try(tx: Transaction, viewer: Viewer, tried: Tried, reading: bool, again: bool = False) -> None:
    """What was refused to this person, written down once an hour: trying again and again hides no other reader.

    `again`: asked by a page that was open, because of an event, as in `trace`. That an access has ended under a page is
    no try of its reader, whose reading was written down.
    """
    if viewer.id == tried.patient_id or not directory.is_patient(tx, tried.patient_id):
        return
    if again and _had_open(tx, viewer, tried):
        return
    action = f"{_TRIES.get(tried.kind, tried.kind)}.{'read' if reading else 'write'}"
    if tx.value(
        "SELECT 1 FROM trace WHERE patient_id = :patient AND at > :since AND actor_id = :who AND action = :action "
        "AND outcome = 'refused' LIMIT 1",
        {"patient": tried.patient_id, "since": tx.now - HOUR, "who": viewer.id, "action": action},
    ):
        return
    subject = Subject(tried.kind, tried.id)
    events.record(
        tx,
        action,
        subject,
        actor_id=viewer.id,
        by_id=viewer.by_id,
        patient_id=tried.patient_id,
        outcome="refused",
    )
    events.notify(tx, [tried.patient_id], "notification", None, Subject("patient", tried.patient_id))


def _had_open(tx: Transaction, viewer: Viewer, tried: Tried) -> bool:
    """Whether this person read this very thing, or the file that it is of, in the last hour."""
    read = {Subject(tried.kind, tried.id), Subject("patient", tried.patient_id)}
    return any(read_lately(tx, viewer, tried.patient_id, f"{_TRIES.get(one.kind, one.kind)}.read", one) for one in read)


def trace_listed(tx: Transaction, viewer: Viewer, listed: Iterable[tuple[Subject, str]]) -> None:
    """Things in a list that names their patients (each with the patient's id), which this person has before them.

    Once a day for each: a list is looked at all day long, and is the same reading.
    """
    for subject, patient_id in _not_seen_today(tx, viewer, list(listed)):
        events.record(tx, f"{subject.kind}.listed", subject, actor_id=viewer.id, patient_id=patient_id)


def seen_today(tx: Transaction, viewer: Viewer, subject: Subject, patient_id: str) -> bool:
    """Whether it is written down that this person has had it before them today: in a list, opened, or acted on."""
    return not _not_seen_today(tx, viewer, [(subject, patient_id)])


def read_lately(
    tx: Transaction, viewer: Viewer, patient_id: str, action: str, subject: Subject, part: str | None = None
) -> bool:
    """Whether this person's reading of this very thing (of this part of it; None: of any) was written down in the last
    hour.

    Then a page that asks by itself need not be. Anybody can say that their page asks by itself, so that without such a
    line it is written down as any other.
    """
    found = tx.value(
        "SELECT 1 FROM trace WHERE patient_id = :patient AND at > :since AND actor_id = :reader "
        "AND action = :action AND subject_kind = :kind AND subject_id = :id AND outcome = 'success' "
        f"{'' if part is None else 'AND part = :part '}LIMIT 1",
        {
            **({} if part is None else {"part": part}),
            "patient": patient_id,
            "since": tx.now - HOUR,
            "reader": viewer.id,
            "action": action,
            "kind": subject.kind,
            "id": subject.id,
        },
    )
    return found is not None


def last_visit(tx: Transaction, viewer: Viewer, patient_id: str) -> int | None:
    """When this person last had the file before them, milliseconds UTC; None when they never had.

    What they have read within the last hour is this visit, which goes on.
    """
    found: int | None = tx.value(
        "SELECT at FROM trace WHERE patient_id = :patient AND at < :before AND actor_id = :reader "
        "AND action = 'file.read' AND outcome = 'success' ORDER BY at DESC LIMIT 1",
        {"patient": patient_id, "before": tx.now - HOUR, "reader": viewer.id},
    )
    return found


def has_read(tx: Transaction, viewer: Viewer, patient_id: str) -> bool:
    """Whether this person has ever had the file before them, so that they know of it already."""
    found = tx.value(
        "SELECT 1 FROM trace WHERE patient_id = :patient AND actor_id = :reader AND action = 'file.read' "
        "AND outcome = 'success' LIMIT 1",
        {"patient": patient_id, "reader": viewer.id},
    )
    return found is not None


def changed_since(tx: Transaction, viewer: Viewer, patient_id: str, since: int) -> list[Subject]:
    """What others have done with these things of a file since a moment, the latest first. The caller looks at rights.

    Of what has been written down meanwhile: however long the file is, that is little.
    """
    rows = tx.all(
        "SELECT subject_kind, subject_id, max(at) AS at FROM trace WHERE patient_id = :patient AND at > :since "
        "AND actor_id <> :viewer AND outcome = 'success' AND subject_kind IN ('record', 'prescription') "
        "AND action NOT LIKE '%.read' AND action NOT LIKE '%.listed' "
        "GROUP BY subject_kind, subject_id ORDER BY max(at) DESC, subject_id DESC LIMIT :limit",
        {"patient": patient_id, "since": since, "viewer": viewer.id, "limit": _CHANGES},
    )
    return [Subject(row["subject_kind"], row["subject_id"]) for row in rows]


def opened_lately(tx: Transaction, viewer: Viewer) -> dict[str, int]:
    """The patients whose files this person has opened, each with when, the latest first: among the last things that
    they did, so that no year of work is read."""
    rows = tx.all(
        "SELECT patient_id, max(at) AS at FROM (SELECT patient_id, at, action, outcome FROM trace "
        "WHERE actor_id = :viewer ORDER BY at DESC, id DESC LIMIT :looked_at) AS lately "
        "WHERE action = 'file.read' AND outcome = 'success' GROUP BY patient_id ORDER BY max(at) DESC, patient_id",
        {"viewer": viewer.id, "looked_at": _LATELY},
    )
    return {row["patient_id"]: row["at"] for row in rows}


def _first_today(
    tx: Transaction, viewer: Viewer, patient_id: str, action: str, subject: Subject, ground: str | None, part: str
) -> str | None:
    """The id of the line of today that says the same, if there is one."""
    found: str | None = tx.value(
        "SELECT id FROM trace WHERE patient_id = :patient AND at >= :since AND repeats IS NULL AND actor_id = :who "
        "AND action = :action AND subject_kind = :kind AND subject_id = :id AND outcome = 'success' "
        "AND coalesce(ground, '') = :ground AND part = :part LIMIT 1",
        {
            "patient": patient_id,
            "since": days.beginning(tx.now),
            "who": viewer.id,
            "action": action,
            "kind": subject.kind,
            "id": subject.id,
            "ground": ground or "",
            "part": part,
        },
    )
    return found


def _not_seen_today(tx: Transaction, viewer: Viewer, things: list[tuple[Subject, str]]) -> list[tuple[Subject, str]]:
    left: list[tuple[Subject, str]] = []
    for start in range(0, len(things), _CHUNK):
        chunk = things[start : start + _CHUNK]
        patients = {f"p{i}": patient_id for i, patient_id in enumerate({patient_id for _, patient_id in chunk})}
        rows = tx.all(
            "SELECT DISTINCT subject_kind, subject_id FROM trace "
            f"WHERE patient_id IN ({', '.join(f':{name}' for name in patients)}) AND at >= :since AND actor_id = :who "
            "AND outcome = 'success'",
            {**patients, "since": days.beginning(tx.now), "who": viewer.id},
        )
        seen = {(row["subject_kind"], row["subject_id"]) for row in rows}
        left += [(subject, patient_id) for subject, patient_id in chunk if (subject.kind, subject.id) not in seen]
    return left
