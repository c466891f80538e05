"""Reading what a prescription is compared with: the classes of its medicines, and what its patient has already."""

from collections.abc import Iterable, Sequence

from fadjma.safety import doses, interactions, tables
from fadjma.safety.rules import DAY, Medicine, Running
from fadjma.store import Row, Transaction, given

_LONGEST = 366 * DAY  # that what was handed over once is taken


def medicines(tx: Transaction, ids: Iterable[str]) -> dict[str, Medicine]:
    """These (few) medicines, as far as they are compared."""
    among, values = given(dict.fromkeys(ids))
    rows = tx.all(
        f"SELECT medicine_id, dci, atc, strength, form, unit FROM medicine_classes WHERE medicine_id IN {among}", values
    )
    return {row["medicine_id"]: Medicine(*row) for row in rows}


def doses_of(tx: Transaction, medicines: Sequence[Medicine]) -> doses.Table:
    """What is signed of the doses of these."""
    return doses.Table(tables.in_use(tx, "dose", _substances(medicines)), tables.is_signed(tx, "dose"))


def interactions_of(tx: Transaction, medicines: Sequence[Medicine]) -> interactions.Table:
    """What is signed of the interactions of these, with whatever."""
    found = tables.in_use(tx, "interaction", _substances(medicines))
    return interactions.Table(found, tables.is_signed(tx, "interaction"))


def _substances(medicines: Sequence[Medicine]) -> list[str]:
    return sorted({substance for medicine in medicines for substance in medicine.substances})


def running(
    tx: Transaction,
    patient_id: str,
    under_way: str,
    *,
    besides: Sequence[str] = (),
    before: int | None = None,
) -> list[Running]:
    """What a patient was prescribed and has not had yet, or had and may still take; anywhere, by whomever.

    `under_way`: the condition that a prescription is to be handed over. `besides`: prescriptions that do not count.
    `before`: what waits counts only if it was issued before this moment; what came later was compared with this one.
    """
    others, values = given(besides or ("",))
    waits = f"{under_way} AND l.issued_at < :before"
    rows = tx.all(
        "SELECT c.medicine_id, c.dci, c.atc, l.issued_at, l.duration_days, "
        "CASE WHEN l.delivered > 0 THEN l.handed_over_at END AS handed_over_at, "
        f"CASE WHEN l.delivered < l.quantity AND {waits} THEN 1 ELSE 0 END AS owed "
        "FROM prescribed_lines l JOIN medicine_classes c ON c.medicine_id = l.medicine_id "
        f"WHERE l.patient_id = :patient AND l.prescription_id NOT IN {others} AND (l.delivered > 0 OR ({waits}))",
        {"patient": patient_id, "now": tx.now, "before": tx.now + 1 if before is None else before, **values},
    )
    found = [_running(row) for row in rows]
    since = tx.now - _LONGEST
    return [one for one in found if one.owed or one.handed_over_at is None or one.handed_over_at > since]


def _running(row: Row) -> Running:
    at = row["handed_over_at"]
    until = None if at is None else at + row["duration_days"] * DAY
    return Running(_medicine(row), row["issued_at"], at, until, owed=bool(row["owed"]))


def _medicine(row: Row) -> Medicine:
    return Medicine(row["medicine_id"], row["dci"], row["atc"])
