"""Which lines a pharmacy could not supply, of what is owed; which prescriptions wait for their prescriber for that."""

from collections.abc import Callable

from fadjma.inventory import queries as inventory
from fadjma.prescriptions import states
from fadjma.prescriptions.prescription import Shortage
from fadjma.store import Transaction, listed

# That a line `w` could not be supplied (`u`), and that not all that is owed of it was put aside since, be it of an
# equivalent.
_LACKING = f"""
    w.delivered < w.quantity AND (
        u.at >= (
            SELECT coalesce(max(a.at), 0) FROM prescription_acts a WHERE a.prescription_id = w.prescription_id
            AND (a.to_status = 'prepared' OR (a.from_status = 'part_delivered' AND a.to_status = 'ready'))
        ) OR (
            SELECT coalesce(sum(l.quantity), 0) FROM lots_put_aside l
            WHERE l.prescription_id = w.prescription_id AND l.line_id = w.id AND {inventory.USABLE}
        ) < w.quantity - w.delivered
    )
"""
# That a prescription `p` waits for its prescriber, who may prescribe something else or end the line: while the pharmacy
# that says so has it, or nobody has it any more. What another pharmacy has taken since, it may have.
WAITING = f"""(
    p.was_unsupplied = 1 AND p.status IN {listed(states.REPLACE_LINE.sources)} AND p.valid_until > :now AND EXISTS (
        SELECT 1 FROM prescription_lines w JOIN unsupplied_lines u ON u.line_id = w.id
        WHERE w.prescription_id = p.id AND coalesce(p.pharmacy_id, u.pharmacy_id) = u.pharmacy_id AND {_LACKING}
        AND NOT EXISTS (SELECT 1 FROM ended_lines x WHERE x.line_id = w.id)
    )
)"""


def ask_of(tx: Transaction, prescription_id: str) -> Callable[[], dict[str, Shortage]]:
    """Which lines of a prescription could not be supplied the last time, by id; by the pharmacy that has it, or had it
    last.
    """
    rows = tx.ask(
        "SELECT u.line_id, u.at, u.code, u.text, u.pharmacy_id FROM prescription_lines w "
        f"JOIN unsupplied_lines u ON u.line_id = w.id WHERE w.prescription_id = :id AND {_LACKING} "
        "ORDER BY w.position, u.at, u.id",
        {"id": prescription_id, "today": inventory.today(tx)},
    )
    return lambda: {row["line_id"]: Shortage(row["at"], row["code"], row["text"], row["pharmacy_id"]) for row in rows()}
