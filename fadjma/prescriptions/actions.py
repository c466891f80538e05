"""Writing prescriptions; the doctor's and the patient's acts on them. The pharmacy's acts are in dispensing.py."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fadjma import events, rules, short_codes
from fadjma.access import grants, tracing
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import actions as inventory
from fadjma.inventory import queries as medicines
from fadjma.prescriptions import dispenses, handover, lists, posology, queries, renewing, states, transitions
from fadjma.prescriptions.prescription import Prescription, Standing
from fadjma.refusals import Conflict, Doubtful, Invalid, NotFound, NotNow
from fadjma.store import Page, Transaction

_A_DAY = 100  # units of a medicine that nobody takes in one day
_JUST_HANDED_OVER = N_(
    "Une partie vient d'être remise, et la pharmacie peut encore annuler cette remise. Réessayez dans dix minutes."
)
CHOOSE_MEDICINE = N_("Choisissez un médicament de la liste.")


@dataclass(frozen=True, slots=True)
class NewLine:
    """One medicine to prescribe, its dosage as typed. `substitution_reason` None: the pharmacist may substitute.
    `renewals`: how many times it may be renewed, as its prescriber expressly writes.
    """

    medicine_id: str
    dosage: str
    quantity: int
    duration_days: int
    substitution_reason: str | None = None
    renewals: int = 0


def valid_for() -> int:
    """Milliseconds in which a prescription is first delivered (a Senegalese rule on the ordonnance, docs/clinic.md)."""
    return rules.current().validity_days * rules.DAY


def issue(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    lines: list[NewLine],
    pharmacy_id: str | None = None,
    replaces_id: str | None = None,
    renews_id: str | None = None,
    confirmed: bool = False,
) -> str:
    """A doctor with a grant prescribes; returns the id. The pharmacists concerned and the patient are told.

    `pharmacy_id` None leaves it open to any pharmacy. `replaces_id` is a refused prescription that this one corrects;
    `renews_id` one of which the patient has asked that it be renewed, and this is the answer.
    Raises Doubtful while a posology that does not fit its medicine, quantity or duration is not `confirmed`, Invalid
    where it does not say of what.
    """
    require_prescriber(tx, viewer, patient_id)
    checked, doubts = check(tx, lines, pharmacy_id)
    if doubts and not confirmed:
        raise Doubtful(doubts)
    return write(
        tx,
        viewer,
        patient_id,
        lines=checked,
        pharmacy_id=pharmacy_id,
        replaces_id=replaces_id,
        renews_id=renews_id,
    )


def write(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    lines: list[NewLine],
    pharmacy_id: str | None,
    replaces_id: str | None,
    renews_id: str | None,
) -> str:
    """Write what `check` has returned, by whom `require_prescriber` has let through; returns the id."""
    replaced = _replaced(tx, viewer, patient_id, replaces_id) if replaces_id else None
    if renews_id:
        renewing.require(tx, viewer, patient_id, renews_id, [line.medicine_id for line in lines])
    prescription_id = new_id()
    people = transitions.concerned_by(tx, prescription_id, patient_id, viewer.id, pharmacy_id, "issued")
    tx.send(
        "INSERT INTO prescriptions "
        "(id, short_code, patient_id, prescriber_id, addressed_to, replaces_id, status, issued_at, valid_until, "
        "updated_at) "
        "VALUES (:id, :short_code, :patient, :viewer, :pharmacy, :replaces, :status, :now, :until, :now)",
        {
            "id": prescription_id,
            "short_code": short_codes.new(),
            "status": states.ISSUE.target,
            "patient": patient_id,
            "viewer": viewer.id,
            "pharmacy": pharmacy_id,
            "replaces": replaces_id,
            "now": tx.now,
            "until": tx.now + valid_for(),
        },
    )
    add_lines(tx, prescription_id, lines)
    transitions.keep_patient(tx, prescription_id, "issued")
    transitions.write_act(tx, prescription_id, viewer.id, None, "issued", "")
    told = {**states.ISSUE.told, "patient": "prescription.renewed"} if renews_id else states.ISSUE.told
    transitions.tell(
        tx,
        people,
        "issued",
        actor_id=viewer.id,
        told=told,
        is_new=True,
        colleagues="corrected" if replaces_id else "",
    )
    if replaced:
        transitions.tell(tx, replaced, "replaced", actor_id=viewer.id, told=states.CORRECT.told)
    if renews_id:
        renewing.accept(tx, viewer, renews_id, prescription_id)
    return prescription_id


def require_prescriber(tx: Transaction, viewer: Viewer, patient_id: str) -> None:
    """A doctor whose grant lets them prescribe to this patient. Raises Forbidden, NotFound."""
    too_little = N_("Votre accès à ce dossier ne permet pas de prescrire.")
    grants.require_grant(tx, viewer, patient_id, "prescriptions", too_little=too_little)


def check(tx: Transaction, lines: list[NewLine], pharmacy_id: str | None) -> tuple[list[NewLine], dict[str, str]]:
    """The lines with their posologies spelled out, and the questions about what does not fit together, each by the
    field that it is about. Raises Invalid.
    """
    if not lines:
        raise Invalid({"lines-0-medicine": N_("Prescrivez au moins un médicament.")})
    errors: dict[str, str] = {}
    doubts: dict[str, str] = {}
    checked = []
    listed = [medicines.ask_medicine(tx, line.medicine_id) for line in lines]
    for index, (line, ask_medicine) in enumerate(zip(lines, listed, strict=True)):
        try:
            medicine = ask_medicine()
        except NotFound:
            errors[f"lines-{index}-medicine"] = CHOOSE_MEDICINE
            continue
        if not posology.says_of_what(line.dosage, medicine.unit, medicine.form):
            errors[f"lines-{index}-dosage"] = posology.OF_WHAT
        asked = posology.doubts(line.dosage, medicine.unit, medicine.form, line.quantity, line.duration_days)
        if line.quantity > _A_DAY * line.duration_days:
            asked["quantity"] = N_("Plus de 100 unités par jour : vérifiez la quantité et la durée.")
        doubts |= {f"lines-{index}-{name}": question for name, question in asked.items()}
        checked.append(
            replace(line, dosage=posology.spelled_out(line.dosage, medicine.unit, medicine.form, line.duration_days))
        )
    if errors:
        raise Invalid(errors)
    _require_pharmacy(tx, pharmacy_id)
    return checked, doubts


def open_prescription(tx: Transaction, viewer: Viewer, prescription_id: str, *, again: bool = False) -> Prescription:
    """One prescription in full, and the trace of its reading: through a grant, which shows allergies and weight beside
    one's own, too; or a pharmacist's.

    `again` as in tracing.trace.
    """
    found = queries.prescription_in_full(tx, viewer, prescription_id)
    if found.grant or _is_somebody_elses(viewer, found):
        ground = found.grant.id if found.grant else None  # a pharmacist's is what is to be dispensed
        subject = events.Subject("prescription", found.id)
        tracing.trace(tx, viewer, found.patient_id, "prescription.read", subject, ground=ground, again=again)
    return found


def browse(
    tx: Transaction,
    viewer: Viewer,
    *,
    place: states.Place | None = None,
    step: lists.Work | None = None,
    q: str = "",
    before: str | None = None,
) -> Page[Prescription]:
    """A part of one's list of prescriptions; a pharmacist's names patients, and is traced."""
    if step:
        found = lists.work(tx, viewer, step, q, before=before)
    elif q:
        found = lists.found(tx, viewer, q, before=before)
    else:
        found = lists.prescriptions(tx, viewer, place=place, before=before)
    trace_listed(tx, viewer, found)
    return found


def pass_row(tx: Transaction, viewer: Viewer, prescription_id: str) -> Prescription:
    """One as a row, for a list that was open when it came; traced as the list is."""
    found = queries.prescription(tx, viewer, prescription_id)
    trace_listed(tx, viewer, [found])
    return found


def trace_listed(tx: Transaction, viewer: Viewer, found: Iterable[Prescription]) -> None:
    """Write down whose prescriptions this person has in a list before them."""
    named = [item for item in found if _is_somebody_elses(viewer, item)]
    tracing.trace_listed(tx, viewer, [(events.Subject("prescription", item.id), item.patient_id) for item in named])


def is_listed(tx: Transaction, viewer: Viewer, found: Prescription) -> bool:
    """Whether a row may be pushed to this person: it names nobody, it is their own, or their reading is traced."""
    if not _is_somebody_elses(viewer, found):
        return True
    return tracing.seen_today(tx, viewer, events.Subject("prescription", found.id), found.patient_id)


def _is_somebody_elses(viewer: Viewer, found: Prescription) -> bool:
    return not found.neutral and viewer.id not in (found.patient_id, found.prescriber_id)


def cancel(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """The prescriber cancels what was not handed over; a pharmacy that had prepared must say that it knows."""
    return _end(tx, viewer, prescription_id, states.CANCEL, reason)


def mark_error(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """« Saisie par erreur »: the prescriber takes back what should never have been written."""
    return _end(tx, viewer, prescription_id, states.MARK_ERROR, reason)


def _end(tx: Transaction, viewer: Viewer, prescription_id: str, act: states.Act, reason: str) -> str:
    def follow(found: Standing) -> None:
        if found.status in states.PUT_TOGETHER:
            tx.send("UPDATE prescriptions SET acknowledge_by = pharmacy_id WHERE id = :id", {"id": found.id})
        renewing.close(tx, found.id)

    return transitions.move(tx, viewer, prescription_id, act, reason=reason, before=follow)


def request_delivery(tx: Transaction, viewer: Viewer, prescription_id: str, *, address: str, phone: str) -> str:
    """The patient asks the pharmacy to bring the medicines (phone as E.164): elsewhere, or after a refusal, anew."""
    found = transitions.begin(tx, viewer, prescription_id, states.REQUEST_DELIVERY)
    changed = tx.execute(
        "INSERT INTO delivery_requests (prescription_id, address, phone, created_at) "
        "VALUES (:id, :address, :phone, :now) "
        "ON CONFLICT (prescription_id) DO UPDATE SET address = :address, phone = :phone, created_at = :now, "
        "status = 'asked', answered_at = NULL, answered_by = NULL, reason = '' "
        "WHERE delivery_requests.address <> :address OR delivery_requests.phone <> :phone "
        "OR delivery_requests.status IN ('declined', 'withdrawn')",
        {"id": prescription_id, "address": address, "phone": phone, "now": tx.now},
    )
    if changed:
        tx.send("UPDATE prescriptions SET version = version + 1 WHERE id = :id", {"id": prescription_id})
        transitions.tell(
            tx,
            transitions.concerned(tx, found),
            "delivery_requested",
            actor_id=viewer.id,
            by_id=viewer.by_id,
            told=states.REQUEST_DELIVERY.told,
        )
    return prescription_id


def take_back(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """The patient takes it, or what is owed of it, to another pharmacy while nothing is put aside: nobody keeps it by
    doing nothing. Raises NotNow while a hand-over could be undone, which then no longer could be.
    """

    def ask(found: Standing) -> None:
        if found.status in states.UNDO.sources and dispenses.undoable(tx, found.pharmacy_id, found.id):
            raise NotNow(_JUST_HANDED_OVER, current=found.status)

    return transitions.move(tx, viewer, prescription_id, states.TAKE_BACK, reason=reason, before=ask)


def choose_pharmacy(tx: Transaction, viewer: Viewer, prescription_id: str, *, pharmacy_id: str | None) -> str:
    """The patient sends what nobody has taken to another pharmacy, or with None to any; its prescriber is told."""
    found = transitions.begin(tx, viewer, prescription_id, states.CHOOSE_PHARMACY)
    _require_pharmacy(tx, pharmacy_id)
    if found.addressed_to == pharmacy_id:
        return found.id
    before = transitions.concerned(tx, found)
    after = before.moved(tx, pharmacy_id)
    transitions.write(tx, found.id, viewer.id, found.status, found.status, "", None, by_id=viewer.by_id)
    tx.send("UPDATE prescriptions SET addressed_to = :to WHERE id = :id", {"to": pharmacy_id, "id": found.id})
    transitions.tell(
        tx,
        after,
        states.CHOOSE_PHARMACY.event,
        actor_id=viewer.id,
        by_id=viewer.by_id,
        told=states.CHOOSE_PHARMACY.told,
        also=before.pharmacists(),
    )
    return found.id


def renew_code(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """The patient makes a new hand-over code; the old one no longer opens anything."""
    transitions.begin(tx, viewer, prescription_id, states.RENEW_CODE)
    handover.renew(tx, prescription_id)
    events.record(
        tx,
        "prescription.code_renewed",
        events.Subject("prescription", prescription_id),
        actor_id=viewer.id,
        by_id=viewer.by_id,
        patient_id=viewer.id,
        notices=[events.Notice([viewer.id], "prescription_status_changed", None)],
    )
    return prescription_id


def expire(tx: Transaction, limit: int) -> int:
    """Time: write down the open prescriptions that were not delivered in time, and tell; returns how many."""
    rows = tx.all(
        "SELECT p.id, p.patient_id, p.prescriber_id, p.addressed_to, p.status, p.pharmacy_id, r.id AS replaced_by "
        "FROM prescriptions p "
        f"LEFT JOIN prescriptions r ON r.replaces_id = p.id WHERE p.status IN {queries.OPEN} AND p.valid_until <= :now "
        "LIMIT :limit",
        {"now": tx.now, "limit": limit},
    )
    for row in rows:
        whose = (row["patient_id"], row["prescriber_id"], row["pharmacy_id"] or row["addressed_to"])
        people = transitions.concerned_by(tx, row["id"], *whose, "expired")
        inventory.release(tx, row["id"])
        transitions.write(tx, row["id"], None, row["status"], "expired", "", row["pharmacy_id"])
        told = {} if row["replaced_by"] else states.EXPIRE.told  # nobody waits for what has been corrected
        transitions.tell(tx, people, "expired", actor_id=None, told=told)
    return len(rows)


def _require_pharmacy(tx: Transaction, pharmacy_id: str | None) -> None:
    """None: any. Raises Invalid, also of one where nobody has an account: what goes there waits for ever, and no other
    pharmacy may take it.
    """
    if pharmacy_id is None or directory.dispenses(tx, pharmacy_id):
        return
    if directory.is_place(tx, pharmacy_id, "pharmacy"):
        raise Invalid(
            {"pharmacy_id": N_("Aucun pharmacien de cette pharmacie n'a de compte : choisissez-en une autre.")}
        )
    raise Invalid({"pharmacy_id": N_("Choisissez une pharmacie de la liste.")})


def _replaced(tx: Transaction, viewer: Viewer, patient_id: str, replaces_id: str) -> transitions.Concerned:
    """Whom the refused one concerns that a new one corrects. Raises Forbidden, NotFound, Conflict."""
    old = transitions.seen_by(tx, viewer, replaces_id, states.CORRECT)
    if old.patient_id != patient_id:
        raise NotFound
    if old.status not in states.CORRECT.sources or old.replaced_by:
        raise Conflict(states.CORRECT.too_late, current=old.status)
    return transitions.concerned(tx, old)


def add_lines(tx: Transaction, prescription_id: str, lines: Iterable[NewLine], first: int = 0) -> list[str]:
    """Their ids; `first`: the position of the first one."""
    added = [(new_id(), position, line) for position, line in enumerate(lines, first)]
    tx.execute_many(
        "INSERT INTO prescription_lines "
        "(id, prescription_id, position, medicine_id, dosage, quantity, duration_days, substitution_reason, renewals) "
        "VALUES (:id, :prescription, :position, :medicine, :dosage, :quantity, :days, :substitution_reason, :renewals)",
        [
            {
                "id": line_id,
                "prescription": prescription_id,
                "position": position,
                "medicine": line.medicine_id,
                "dosage": line.dosage,
                "quantity": line.quantity,
                "days": line.duration_days,
                "substitution_reason": line.substitution_reason,
                "renewals": line.renewals,
            }
            for line_id, position, line in added
        ],
    )
    return [line_id for line_id, _, _ in added]
