"""Which lines a pharmacy could not supply, of what is owed; which prescriptions wait for their prescriber for that."""

from collections.abc import Callable, Sequence
from itertools import groupby

from fadjma.inventory import queries as inventory
from fadjma.prescriptions import states
from fadjma.prescriptions.prescription import Shortage
from fadjma.store import Transaction, given, given_in_parts, listed

# When something was put aside for the prescription of a line `w` last; 0: never.
_PUT_ASIDE_AT = """(
    SELECT coalesce(max(a.at), 0) FROM prescription_acts a WHERE a.prescription_id = w.prescription_id
    AND (a.to_status = 'prepared' OR (a.from_status = 'part_delivered' AND a.to_status = 'ready'))
)"""
# That a line `w` could not be supplied (`u`), and that not all that is owed of it was put aside since, be it of an
# equivalent.
_LACKING = f"""
    w.delivered < w.quantity AND (
        u.at >= {_PUT_ASIDE_AT} OR (
            SELECT coalesce(sum(l.quantity), 0) FROM lots_put_aside l
            WHERE l.prescription_id = w.prescription_id AND l.line_id = w.id AND {inventory.USABLE}
        ) < w.quantity - w.delivered
    )
"""
# The same of what its prescriber may do something about: the line is not ended, and the pharmacy that says so has the
# prescription, or nobody has it any more. What another pharmacy has taken since, it may have.
_OPEN = f"""
    coalesce(p.pharmacy_id, u.pharmacy_id) = u.pharmacy_id AND {_LACKING}
    AND NOT EXISTS (SELECT 1 FROM ended_lines x WHERE x.line_id = w.id)
"""
_UNANSWERED = f"u.at > coalesce(p.awaited_at, 0) AND {_OPEN}"
# That a prescription `p` waits for its prescriber, who may prescribe something else, end the line, or wait for it.
WAITING = f"""(
    p.was_unsupplied = 1 AND p.status IN {listed(states.REPLACE_LINE.sources)} AND p.valid_until > :now AND EXISTS (
        SELECT 1 FROM prescription_lines w JOIN unsupplied_lines u ON u.line_id = w.id
        WHERE w.prescription_id = p.id AND {_UNANSWERED}
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


def ask_names(
    tx: Transaction, prescription_ids: Sequence[str], *, answered: bool
) -> Callable[[], dict[str, tuple[str, ...]]]:
    """The medicines for which these (few) prescriptions wait, as rows name them; with `answered` also those for which
    their prescriber has said that they wait.
    """
    among, values = given(prescription_ids)
    rows = tx.ask(
        "SELECT w.prescription_id, m.dci || ' ' || m.strength AS name FROM prescriptions p "
        "JOIN prescription_lines w ON w.prescription_id = p.id JOIN medicine_names m ON m.id = w.medicine_id "
        f"WHERE p.id IN {among} AND EXISTS (SELECT 1 FROM unsupplied_lines u WHERE u.line_id = w.id "
        f"AND {_OPEN if answered else _UNANSWERED}) "
        "ORDER BY w.prescription_id, w.position",
        {**values, "today": inventory.today(tx)},
    )
    return lambda: {
        key: tuple(row["name"] for row in of) for key, of in groupby(rows(), lambda row: row["prescription_id"])
    }


def put_aside_at(tx: Transaction, prescription_id: str) -> int:
    """When something was put aside for a prescription last; 0: never."""
    sql = f"SELECT {_PUT_ASIDE_AT} FROM (SELECT :id AS prescription_id) AS w"
    return int(tx.value(sql, {"id": prescription_id}))


def awaited_by(tx: Transaction, prescription_ids: Sequence[str]) -> dict[str, str]:
    """Those of these prescriptions of which something could not be supplied once, each with its prescriber."""
    parts = given_in_parts(prescription_ids)
    sql = "SELECT id, prescriber_id FROM prescriptions WHERE was_unsupplied = 1 AND id IN {}"
    return {row["id"]: row["prescriber_id"] for among, values in parts for row in tx.all(sql.format(among), values)}
