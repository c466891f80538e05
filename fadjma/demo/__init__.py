"""A clinic to try FADJMA in: invented people, and a year of their history that ends now.

`people.py`, `notes.py`, `medicines.csv` and `cast.py` are what is told; `history.py` tells it, patient by
patient, with `plans.py`, `story.py`, `rights.py`, `dispensing.py` and `stock.py`; `staff.py` and `world.py`
are what the patients share, `batch.py` how it gets into the tables.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from fadjma.demo.history import PATIENTS, tell
from fadjma.demo.staff import settle
from fadjma.demo.world import number_staff_news, open_staff_news
from fadjma.events import Subject
from fadjma.i18n import N_
from fadjma.store import Transaction

DEMO_PASSWORD = "demo-fadjma-2026"  # noqa: S105 - shown on the sign-in page of a demo
_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Account:
    """One of the fixed cast, for the sign-in page; `note` says what they are (a text of the catalogue)."""

    email: str
    role: str
    name: str
    note: str


ACCOUNTS = (
    Account("awa@demo.fadjma", "patient", "Awa Cissé", N_("Patiente")),
    Account("dr.diop@demo.fadjma", "doctor", "Dr Ousmane Diop", N_("Médecin")),
    Account("pharma.ndiaye@demo.fadjma", "pharmacist", "Seynabou Ndiaye", N_("Pharmacienne")),
    Account("admin@demo.fadjma", "admin", "Coumba Lô", N_("Administratrice")),
    Account("moussa@demo.fadjma", "patient", "Moussa Diouf", N_("Autre patient")),
    Account("dr.sarr@demo.fadjma", "doctor", "Dr Aminata Sarr", N_("Autre médecin")),
    Account("pharma.fall@demo.fadjma", "pharmacist", "Abdoulaye Fall", N_("Autre pharmacien")),
)


def fill(
    tx: Transaction,
    *,
    password_hash: str,
    identifiers: Callable[[], str],
    scale: int = 1,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Fill an empty database with demo people and the year of history that ends at `tx.now`.

    Everyone gets `password_hash`; `identifiers` makes one patient identifier per call. There are `scale`
    times 40 patients; staff and pharmacies stay the same. `progress` is told the number of patients done.
    Two calls tell the same story: only the ids differ, and the times follow `tx.now`.
    """
    rng = Random(_SEED)  # noqa: S311 - a story to repeat, not a secret
    open_staff_news(tx)
    world = settle(tx, rng, password_hash)
    tell(world, identifiers, PATIENTS * scale, progress)
    world.stock.close(
        lambda pharmacist, at, message, product_id: world.tell(
            pharmacist, at, "notification", message, Subject("product", product_id)
        )
    )
    world.batch.flush()
    number_staff_news(tx)
