"""A clinic to try FADJMA in: invented people, and a year of their history that ends now.

`people.py`, `notes.py`, `medicines.csv` and `cast.py` are what is told. It is first planned (`plan.py`), in working
time before now (`calendar.py`): by `staff.py`, by `history.py` patient after patient with `plans.py`, `story.py`,
`dispensing.py` and `counter.py`, and by `stock.py`. Then `stage.py` acts the plan out in order of time, with the
program's own actions. `copies.py` makes more of it, for benchmarks.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fadjma.demo import copies, history, staff, stock
from fadjma.demo.calendar import Calendar
from fadjma.demo.plan import Plan
from fadjma.demo.stage import Stage
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.store import Transaction, keep, kept

DEMO_PASSWORD = "demo-fadjma-2026"  # noqa: S105 - shown on the sign-in page of a demo
_SEED = 20_260_101
_FILLED = "demo"  # kept: when


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
    Account("accueil.diallo@demo.fadjma", "receptionist", "Ramatoulaye Diallo", N_("Agente d'accueil")),
    Account("inf.sy@demo.fadjma", "nurse", "Lamine Sy", N_("Infirmier")),
    Account("admin@demo.fadjma", "admin", "Coumba Lô", N_("Administratrice")),
    Account("moussa@demo.fadjma", "patient", "Moussa Diouf", N_("Autre patient")),
    Account("dr.sarr@demo.fadjma", "doctor", "Dr Aminata Sarr", N_("Autre médecin")),
    Account("pharma.fall@demo.fadjma", "pharmacist", "Abdoulaye Fall", N_("Autre pharmacien")),
)


def plan() -> Plan:
    """The story of 40 patients, which is the same whenever it is acted out."""
    story = Plan(_SEED)
    staff.settle(story)
    history.tell(story)
    stock.fill(story)
    return story


def has_filled(tx: Transaction) -> bool:
    """Whether the people of this database are the demo's; what was filled before that was written down has Awa."""
    return kept(tx, _FILLED) is not None or directory.is_known(tx, ACCOUNTS[0].email)


def fill(
    tx: Transaction, *, password_hash: str, scale: int = 1, progress: Callable[[int], None] = lambda done: None
) -> None:
    """Fill an empty database with demo people and the year of history that ends at `tx.now`.

    Everyone gets `password_hash`. There are `scale` times 40 patients; staff and pharmacies stay the same.
    `progress` is told the number of patients done.
    """
    keep(tx, _FILLED, str(tx.now))
    story, calendar, stage = plan(), Calendar(tx.now), Stage(tx, password_hash)
    for at, act in sorted(((calendar.time(act.when), act) for act in story.acts), key=lambda timed: timed[0]):
        stage.play(at, act.do)
    stage.close()
    progress(history.PATIENTS)
    if scale > 1:
        copies.add(tx, story.rng, scale - 1, progress)
