"""A patient's trace with what proves it, to be taken along and checked without us (docs/decisions/26-the-chain.md)."""

from collections.abc import Sequence
from typing import Any

from fadjma.access import readings, tracing
from fadjma.chain import Kind
from fadjma.chain.handing import chain_of
from fadjma.chain.keys import Signer
from fadjma.events.recording import AUDIT
from fadjma.i18n import iso, translate
from fadjma.identity import directory
from fadjma.identity.people import ROLES, Viewer
from fadjma.store import Transaction, given_in_parts

FORMAT = "fadjma-trace/1"
# The places in an entry's columns (events.recording.AUDIT) of what says whether it is a line of the trace.
_ACTOR, _BY, _ACTION, _PATIENT = 2, 3, 4, 7


def export(
    tx: Transaction, viewer: Viewer, patient_id: str, *, kinds: Sequence[Kind], signer: Signer | None, language: str
) -> dict[str, Any]:
    """For the patient alone: their chain, in which the lines of their trace can be read, and of all else the digests.

    Names and words stand beside it: the chain has ids and codes. Raises NotFound.
    """
    readings.require_own(viewer, patient_id)
    people: set[str] = set()

    def shown(code: str, columns: list[Any]) -> bool:
        if code != AUDIT.code or not _is_line(columns):
            return False
        people.update(filter(None, (columns[_ACTOR], columns[_BY])))
        return True

    found = chain_of(tx, patient_id, kinds, shown, signer)
    return {
        "format": FORMAT,
        "made_at": iso(tx.now),
        "language": language,
        "patient": {"id": patient_id, "name": viewer.name, "identifier": directory.identity(tx, patient_id).identifier},
        "people": _names(tx, sorted(people), language),
        "words": {
            action: {"success": translate(language, said.done), "refused": translate(language, said.refused)}
            for action, said in tracing.WORDS.items()
        },
        **found,
    }


def _is_line(columns: list[Any]) -> bool:
    """As readings.py: what somebody else has done, or has done for the patient."""
    return columns[_ACTION] in tracing.WORDS and (
        columns[_BY] is not None or columns[_ACTOR] not in (None, columns[_PATIENT])
    )


def _names(tx: Transaction, ids: list[str], language: str) -> dict[str, dict[str, str]]:
    found = {}
    for among, values in given_in_parts(ids):
        for row in tx.all(f"SELECT id, name, role, organization FROM people WHERE id IN {among}", values):
            role = translate(language, ROLES[row["role"]])
            found[row["id"]] = {"name": row["name"], "role": role, "place": row["organization"] or ""}
    return found
