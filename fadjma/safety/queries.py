"""Reading what a prescription is compared with: the classes of its medicines, and what its patient has already.

All of it for later (`Transaction.ask`): much is read before a prescription is signed, and little of it waits for the
rest.
"""

from collections.abc import Callable, Iterable, Sequence

from fadjma.safety import doses, interactions, tables
from fadjma.safety.rules import DAY, Medicine, Running
from fadjma.store import Row, Transaction, given

_LONGEST = 366 * DAY  # that what was handed over once is taken


def ask_medicines(tx: Transaction, ids: Iterable[str]) -> Callable[[], dict[str, Medicine]]:
    """These (few) medicines, as far as they are compared."""
    among, values = given(dict.fromkeys(ids))
    rows = tx.ask(
        f"SELECT medicine_id, dci, atc, strength, form, unit FROM medicine_classes WHERE medicine_id IN {among}", values
    )
    return lambda: {row["medicine_id"]: Medicine(*row) for row in rows()}


def ask_doses(tx: Transaction, medicines: Sequence[Medicine]) -> Callable[[], doses.Table]:
    """What is signed of the doses of these."""
    found, signed = tables.ask_in_use(tx, "dose", _substances(medicines)), tables.ask_is_signed(tx, "dose")
    return lambda: doses.Table(found(), signed())


def ask_interactions(
    tx: Transaction, medicines: Sequence[Medicine], running: Sequence[Running] = ()
) -> Callable[[], interactions.Table]:
    """What is signed of the interactions of these, and of what is running, with whatever."""
    medicines = [*medicines, *(one.medicine for one in running)]
    found = tables.ask_in_use(tx, "interaction", _substances(medicines))
    signed = tables.ask_is_signed(tx, "interaction")
    return lambda: interactions.Table(found(), signed())


def _substances(medicines: Sequence[Medicine]) -> list[str]:
    return sorted({substance for medicine in medicines for substance in medicine.substances})


def ask_running(
    tx: Transaction,
    patient_id: str,
    under_way: str,
    *,
    besides: Sequence[str] = (),
    before: int | None = None,
) -> Callable[[], list[Running]]:
    """What a patient was prescribed and has not had yet, or had and may still take; anywhere, by whomever.

    `under_way`: the condition that a prescription is to be handed over. `besides`: prescriptions that do not count.
    `before`: what waits counts only if it was issued before this moment; what came later was compared with this one.
    """
    others, values = given(besides or ("",))
    waits = f"{under_way} AND l.issued_at < :before"
    rows = tx.ask(
        "SELECT c.medicine_id, c.dci, c.atc, l.issued_at, l.duration_days, "
        "CASE WHEN l.delivered > 0 THEN l.handed_over_at END AS handed_over_at, "
        f"CASE WHEN l.delivered < l.quantity AND {waits} THEN 1 ELSE 0 END AS owed "
        "FROM prescribed_lines l JOIN medicine_classes c ON c.medicine_id = l.medicine_id "
        f"WHERE l.patient_id = :patient AND l.prescription_id NOT IN {others} AND (l.delivered > 0 OR ({waits}))",
        {"patient": patient_id, "now": tx.now, "before": tx.now + 1 if before is None else before, **values},
    )
    since = tx.now - _LONGEST

    def running() -> list[Running]:
        found = [_running(row) for row in rows()]
        return [one for one in found if one.owed or one.handed_over_at is None or one.handed_over_at > since]

    return running


def _running(row: Row) -> Running:
    at = row["handed_over_at"]
    until = None if at is None else at + row["duration_days"] * DAY
    return Running(_medicine(row), row["issued_at"], at, until, owed=bool(row["owed"]))


def _medicine(row: Row) -> Medicine:
    return Medicine(row["medicine_id"], row["dci"], row["atc"])
