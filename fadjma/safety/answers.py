"""Alerts that are answered: what is taken as an answer, and what is kept of it for whoever dispenses."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fadjma.i18n import N_, iso, translate
from fadjma.identity.people import Role, Viewer
from fadjma.ids import new_id
from fadjma.refusals import Alerted
from fadjma.safety import rules
from fadjma.safety.rules import Alert, Kind, Unchecked
from fadjma.store import Row, Transaction

_UNKNOWN = N_("Cette alerte n'est pas posée, ou ne l'est plus : relisez celles qui le sont.")


@dataclass(frozen=True, slots=True)
class Override:
    """An answer to an alert, as it was sent; `place` in the list of them. `reason` may be empty."""

    place: int
    alert: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An alert that somebody has seen and answered."""

    alert: str
    line: int
    kind: Kind
    text: str
    said: Mapping[str, Any]
    reason: str
    name: str
    role: Role
    at: int

    def words(self, language: str) -> str:
        return rules.in_words(self.text, self.said, language)

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.alert,
            "line": self.line,
            "kind": self.kind,
            "text": self.words(language),
            "reason": self.reason or None,
            "by": {"name": self.name, "role": self.role},
            "at": iso(self.at),
        }


def places(alerts: Sequence[Alert], overrides: Sequence[Override]) -> dict[str, int]:
    """Where in the list of answers that of each alert stands: where it was sent, else in the first free place."""
    taken = {one.alert: one.place for one in overrides}
    free = (place for place in range(len(alerts) + len(overrides)) if place not in taken.values())
    return {one.id: taken[one.id] if one.id in taken else next(free) for one in alerts}


def require(
    language: str,
    alerts: Sequence[Alert],
    overrides: Sequence[Override],
    *,
    confirmed: bool,
    unchecked: Sequence[Unchecked] = (),
    known: Iterable[str] = (),
) -> list[tuple[Alert, str]]:
    """Each alert with its reason. `known`: alerts that were answered before, and may be once more.

    Raises Alerted while one is not answered or lacks its reason, or an answer is to none that is asked.
    """
    reasons = {one.alert: one.reason for one in overrides}
    where = places([one for one in alerts if one.stops], overrides)
    asked = [one for one in alerts if not (one.stops or confirmed or one.id in reasons)]
    mistaken = reasons.keys() - {one.id for one in alerts} - set(known)
    errors = {
        f"overrides-{where[one.id]}-reason": one.words(language)
        for one in alerts
        if one.stops and not reasons.get(one.id)
    }
    for one in asked:
        name = f"lines-{one.line}-{one.about}"
        errors[name] = " ".join(filter(None, (errors.get(name), one.words(language))))
    unknown = [sent for sent in overrides if sent.alert in mistaken]
    errors |= {f"overrides-{sent.place}-alert": translate(language, _UNKNOWN) for sent in unknown}
    if errors:
        raise Alerted(
            errors,
            confirm=list(dict.fromkeys(f"lines-{one.line}-{one.about}" for one in asked)),
            alerts=[one.json(language) for one in alerts],
            unchecked=[one.json(language) for one in unchecked],
        )
    return [(one, reasons.get(one.id, "")) for one in alerts]


def keep(tx: Transaction, viewer: Viewer, prescription_id: str, answered: Iterable[tuple[Alert, str]]) -> None:
    """Write down what was answered, for whoever dispenses it."""
    tx.execute_many(
        "INSERT INTO alert_overrides (id, prescription_id, line, alert, kind, text, said, reason, actor_id, at) "
        "VALUES (:id, :prescription, :line, :alert, :kind, :text, :said, :reason, :actor, :now)",
        [
            {
                "id": new_id(),
                "prescription": prescription_id,
                "line": one.line,
                "alert": one.id,
                "kind": one.kind,
                "text": one.text,
                "said": json.dumps(dict(one.said), ensure_ascii=False),
                "reason": reason,
                "actor": viewer.id,
                "now": tx.now,
            }
            for one, reason in answered
        ],
    )


def of_prescription(tx: Transaction, prescription_id: str) -> tuple[Answer, ...]:
    """What was answered of a prescription, in order. The caller has checked the right."""
    return ask_of_prescription(tx, prescription_id)()


def ask_of_prescription(tx: Transaction, prescription_id: str) -> Callable[[], tuple[Answer, ...]]:
    """The same for later (`Transaction.ask`)."""
    rows = tx.ask(
        "SELECT o.alert, o.line, o.kind, o.text, o.said, o.reason, a.name, a.role, o.at "
        "FROM alert_overrides o JOIN people a ON a.id = o.actor_id WHERE o.prescription_id = :id ORDER BY o.at, o.id",
        {"id": prescription_id},
    )
    return lambda: tuple(map(_answer, rows()))


def _answer(row: Row) -> Answer:
    return Answer(**{**row.as_dict(), "said": json.loads(row["said"])})
