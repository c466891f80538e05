"""What a pharmacy has chosen to let others know: that it has all of a prescription, and when it is on duty."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.inventory import moving
from fadjma.refusals import Conflict
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Choices:
    """Of one pharmacy, whose `id` they have; the first and the last day of duty, or neither."""

    id: str
    shows_cover: bool
    duty_from: str | None
    duty_to: str | None
    version: int

    def json(self, language: str) -> dict[str, Any]:
        return {**asdict(self), "status": "active"}


def choices(tx: Transaction, viewer: Viewer, pharmacy_id: str = "") -> Choices:
    """Of the pharmacist's own pharmacy; until it has chosen, it lets nothing be known."""
    pharmacy_id = moving.own_pharmacy(viewer)
    row = tx.first(
        "SELECT pharmacy_id AS id, shows_cover, duty_from, duty_to, version FROM pharmacy_choices "
        "WHERE pharmacy_id = :pharmacy",
        {"pharmacy": pharmacy_id},
    )
    return Choices(**{**row.as_dict(), "shows_cover": bool(row["shows_cover"])}) if row else _unchosen(pharmacy_id)


def _unchosen(pharmacy_id: str) -> Choices:
    return Choices(pharmacy_id, shows_cover=False, duty_from=None, duty_to=None, version=1)


def choose(
    tx: Transaction, viewer: Viewer, *, shows_cover: bool, duty_from: date | None, duty_to: date | None, version: int
) -> str:
    """Choose for the own pharmacy; returns its id. Raises Conflict when a colleague has since `version`."""
    before = choices(tx, viewer)
    if before.version != version:
        raise Conflict(
            N_("Ces choix ont été modifiés entre-temps : comparez avec ce qui est enregistré maintenant."),
            current=f"version {before.version}",
        )
    tx.send(
        "INSERT INTO pharmacy_choices (pharmacy_id, shows_cover, duty_from, duty_to, version) "
        "VALUES (:pharmacy, :shows, :from, :to, :version) ON CONFLICT (pharmacy_id) DO UPDATE SET "
        "shows_cover = excluded.shows_cover, duty_from = excluded.duty_from, duty_to = excluded.duty_to, "
        "version = excluded.version",
        {
            "pharmacy": before.id,
            "shows": int(shows_cover),
            "from": duty_from.isoformat() if duty_from else None,
            "to": duty_to.isoformat() if duty_to else None,
            "version": version + 1,
        },
    )
    colleagues = Notice(directory.people(tx, "pharmacist", before.id), "notification", None)
    subject = Subject("organization", before.id)
    events.record(tx, "pharmacy.chosen", subject, actor_id=viewer.id, place_id=before.id, notices=[colleagues])
    return before.id
