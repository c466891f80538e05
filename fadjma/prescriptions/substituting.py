"""An equivalent in the place of what was prescribed, as a pharmacist chooses it when preparing (docs/clinic.md)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fadjma.i18n import N_
from fadjma.inventory import equivalents
from fadjma.inventory import queries as medicines
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import posology, states
from fadjma.prescriptions.prescription import Line
from fadjma.refusals import Invalid, NotFound
from fadjma.store import Transaction

_NO_LINE = N_("Ce médicament n'est pas à préparer ici, ou il est donné deux fois.")
_EXCLUDED = N_("Le médecin a écrit de ne pas substituer : %(reason)s.")
_UNLISTED = N_("Ce médicament n'est pas, ou plus, dans la liste : il ne remplace rien.")
_OTHER = N_("Ce n'est pas un équivalent : il faut la même DCI, le même dosage et une forme qui se prend de même.")

_IN_PARTS = N_("La posologie demande d'en prendre une partie, et cette forme ne se partage pas : appelez le médecin.")


@dataclass(frozen=True, slots=True)
class Substitute:
    """As it was asked for. `medicine_id` None: of this line, what was prescribed."""

    line_id: str
    medicine_id: str | None


def told(substitutes: Sequence[Substitute], *sides: states.Side) -> Mapping[states.Side, str]:
    """What these sides are told of it, with the preparation."""
    return {side: states.SUBSTITUTED[side] for side in sides if any(one.medicine_id for one in substitutes)}


def chosen(tx: Transaction, prescribed: Iterable[Line], substitutes: Sequence[Substitute]) -> dict[str, Medicine]:
    """By line, the equivalent that is to be kept for it. Raises Invalid for what must not be given in its place."""
    lines = {line.id: line for line in prescribed if line.remaining}
    found: dict[str, Medicine] = {}
    errors: dict[str, str] = {}
    reasons = []
    for index, one in enumerate(substitutes):
        line = lines.pop(one.line_id, None)
        if line is None:
            errors[f"substitutes-{index}-line_id"] = _NO_LINE
        elif one.medicine_id and line.substitution_reason is not None:
            errors[f"substitutes-{index}-medicine_id"] = _EXCLUDED
            reasons.append(line.substitution_reason)
        elif one.medicine_id:
            try:
                found[line.id] = medicines.medicine(tx, one.medicine_id)
            except NotFound:
                errors[f"substitutes-{index}-medicine_id"] = _UNLISTED
                continue
            if not equivalents.are(found[line.id], _medicine(line)):
                errors[f"substitutes-{index}-medicine_id"] = _OTHER
            elif not posology.may_be_taken_of(line.dosage, found[line.id].unit, found[line.id].form):
                errors[f"substitutes-{index}-medicine_id"] = _IN_PARTS
    if errors:
        raise Invalid(errors, reason=" ; ".join(reasons))
    return found


def _medicine(line: Line) -> Medicine:
    return Medicine(line.medicine_id, line.dci, line.form, line.strength, line.unit, "")
