"""Reading and changing what the clinic has chosen."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from fadjma import events
from fadjma.events import Change, Notice, Subject
from fadjma.i18n import N_, iso
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, Invalid
from fadjma.rules import Rules
from fadjma.store import Transaction, keep, kept

ID = "clinic"
LABELS = {
    "validity_days": N_("Validité d'une ordonnance, en jours"),
    "expiry_days": N_("Avertir avant la péremption d'un lot, en jours"),
    "lock_minutes": N_("Délai avant verrouillage des écrans du personnel, en minutes"),
    "proxy_age": N_("Âge à partir duquel un enfant décide seul de son dossier"),
    "time_zone": N_("Fuseau horaire de la clinique"),
    "second_factor": N_("Second facteur exigé du personnel"),
}
_KEPT = "rules"
_SUBJECT = Subject("settings", ID)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rules as they count, with those that the environment sets, and the last changes."""

    rules: Rules
    version: int
    fixed: tuple[str, ...]
    history: tuple[Change, ...] = ()
    id: str = ID

    def json(self, language: str) -> dict[str, Any]:
        changes = [
            {
                "at": iso(change.at),
                "actor": {"id": change.actor_id, "name": change.actor},
                **{name: change.detail.get(name) for name in ("setting", "before", "after")},
            }
            for change in self.history
        ]
        shown = {"id": self.id, "status": "active", "version": self.version, **asdict(self.rules)}
        return {**shown, "fixed": list(self.fixed), "history": changes}


def load(tx: Transaction, fixed: Mapping[str, Any]) -> Chosen:
    """What counts: what the environment sets (`fixed`), else what an admin has chosen, else the default."""
    said = json.loads(kept(tx, _KEPT) or '{"version": 1}')
    version = int(said.pop("version"))
    return Chosen(replace(Rules(**said), **fixed), version, tuple(fixed))


def show(tx: Transaction, viewer: Viewer, settings_id: str, *, fixed: Mapping[str, Any]) -> Chosen:
    """For an admin, with what was changed last."""
    viewer.require("admin")
    return replace(load(tx, fixed), history=tuple(events.changes(tx, _SUBJECT)))


def change(tx: Transaction, viewer: Viewer, rules: Rules, *, version: int, fixed: Mapping[str, Any]) -> str:
    """Choose. Raises Conflict when another admin has since `version`, and Invalid for what the environment sets."""
    viewer.require("admin")
    before = load(tx, fixed)
    if version != before.version:
        raise Conflict(
            N_("Les réglages ont été modifiés entre-temps : comparez avec ce qui est enregistré maintenant."),
            current=f"version {before.version}",
        )
    old, new = asdict(before.rules), asdict(rules)
    changed = [name for name in new if new[name] != old[name]]
    if set_outside := [name for name in changed if name in fixed]:
        raise Invalid(dict.fromkeys(set_outside, N_("Ce réglage est fixé sur le serveur : il se change là-bas.")))
    if not changed:
        return ID
    chosen = json.loads(kept(tx, _KEPT) or "{}") | {name: new[name] for name in changed} | {"version": version + 1}
    keep(tx, _KEPT, json.dumps(chosen))
    admins = [Notice(directory.people(tx, "admin"), "notification", None)]
    for name in changed:
        detail = {"setting": name, "before": old[name], "after": new[name]}
        events.record(tx, "setting.changed", _SUBJECT, actor_id=viewer.id, notices=admins, **detail)
        admins = []
    return ID
