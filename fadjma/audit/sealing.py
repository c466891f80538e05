"""What an admin prints or takes along of the seals, to compare with later."""

from dataclasses import dataclass
from typing import Any

from fadjma.chain import before, keys, seals
from fadjma.chain.keys import Known
from fadjma.chain.seals import Exported, Seal
from fadjma.events import audit
from fadjma.i18n import iso
from fadjma.identity.people import Viewer
from fadjma.refusals import NotFound
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """The last seal, every key that has signed, what is not in the chains yet, and what was done today, by kind."""

    seal: Seal | None
    keys: tuple[Known, ...]
    waiting: int
    counts: dict[str, int]

    def json(self) -> dict[str, Any]:
        """As other programs read it (docs/http.md)."""
        one = self.seal
        return {
            "seal": {
                "number": one.number,
                "at": iso(one.at),
                "links": one.links,
                "digest": one.digest,
                "fingerprint": one.fingerprint,
            }
            if one
            else None,
            "keys": [
                {"fingerprint": key.fingerprint, "public_key": key.public_key, "since": iso(key.since)}
                for key in self.keys
            ],
            "waiting": self.waiting,
            "today": self.counts,
        }


def standing(tx: Transaction, viewer: Viewer, since: int) -> Standing:
    """For an admin. `since`: when today began, milliseconds UTC."""
    counts = audit.counts(tx, viewer, since)
    return Standing(seals.newest(tx), tuple(keys.all_known(tx)), before.waiting(tx), counts)


def export(tx: Transaction, viewer: Viewer) -> Exported:
    """The last seal, for an admin, as `quart verify --against` takes it. Raises NotFound before the first."""
    viewer.require("admin")
    found = seals.export(tx)
    if found is None:
        raise NotFound
    return found
