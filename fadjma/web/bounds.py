"""What one person may cause in an hour: far above what work needs, and there against a program gone wild.

Counted inside the transaction of the act, where it is known who asks, on a writer's thread; a read before every act
only to find that out would cost a tenth of it, and the library that slows guesses (throttle.py) counts on the event
loop. In memory: a restart forgives at most one hour. Several processes tell each other every other second what they
counted: what somebody sends to all of them in between is beyond a bound once.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from fadjma.refusals import Throttled
from fadjma.store import Said

_HOUR = 3_600_000
_AT_ONCE = (
    10  # counts in one saying, which has 8 KB: each up to half of one, where 40 characters were typed that are escaped
)
_REMEMBERED = 50_000  # counts; beyond, those whose hour is over are dropped


@dataclass(frozen=True, slots=True)
class Bound:
    """How many of these in an hour."""

    name: str
    amount: int


# What bothers others, or is written down each time.
ASK_PER_PAIR = Bound("ask", 60)  # of one patient, by one doctor
GIVE_BACK_PER_PERSON = Bound("give-back", 60)  # whoever claims and gives back reads any prescription
CONTEST_PER_PERSON = Bound("contest", 60)  # each is for an admin to answer
RENEWALS_PER_PERSON = Bound("renewal", 60)  # each is for a doctor to answer
DELIVERY_PER_PERSON = Bound("delivery", 60)  # each is before every pharmacist of a pharmacy
OFFER_PER_PERSON = Bound("offer", 60)  # each is news to whoever has that identifier
PAPER_PER_PERSON = Bound("paper", 600)  # each is up to 10 MB of the disk
EXPORT_PER_PERSON = Bound("export", 30)  # each is some seconds of a core, and a file on the disk
SHARE_PER_PERSON = Bound("share", 60)
DRAFT_PER_PERSON = Bound("draft", 7_200)  # twice what who types all the hour has saved (static/saving.js)
READ_PER_PERSON = Bound("read", 5_000)  # traced readings: each is a durable write


class Bounds:
    """Counts by hour, from the first of each; `clock` in milliseconds UTC."""

    def __init__(
        self, acts_per_hour: int, clock: Callable[[], int], tell_others: Callable[[Said], None] = lambda said: None
    ) -> None:
        """`acts_per_hour`: of one person; 0: nothing is bounded. `tell_others`: the processes on this database."""
        self._acts = Bound("act", acts_per_hour)
        self._clock = clock
        self._tell_others = tell_others
        self._unsaid: Counter[tuple[str, str]] = Counter()
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}  # when the hour began, and how many since
        self._one_by_one = Lock()  # PostgreSQL has several writers

    def act(self, person: str) -> None:
        """One more act of this person; raises Throttled when there were too many."""
        self.count(self._acts, person)

    def count(self, bound: Bound, who: str) -> None:
        """One more of these; raises Throttled when there were too many."""
        if not self._acts.amount:
            return
        with self._one_by_one:
            self._count(bound, who)

    def pass_on(self) -> None:
        """Tell the other processes what was counted here since they were told last."""
        with self._one_by_one:
            unsaid, self._unsaid = [*self._unsaid.items()], Counter()
        for start in range(0, len(unsaid), _AT_ONCE):
            self._tell_others({"caused": [[*key, more] for key, more in unsaid[start : start + _AT_ONCE]]})

    def hear(self, said: Said | None) -> None:
        """What another process says; of what is lost, as many more may be caused."""
        match said:
            case {"caused": [*counted]}:
                with self._one_by_one:
                    for name, who, more in counted:
                        began, count = self._hour(name, who)
                        self._counts[name, who] = (began, count + more)

    def _count(self, bound: Bound, who: str) -> None:
        began, count = self._hour(bound.name, who)
        now = self._clock()
        if count >= bound.amount:
            raise Throttled(max(1, (began + _HOUR - now) // 1000))
        if len(self._counts) >= _REMEMBERED:
            self._counts = {one: seen for one, seen in self._counts.items() if now < seen[0] + _HOUR}
        self._counts[bound.name, who] = (began, count + 1)
        self._unsaid[bound.name, who] += 1

    def _hour(self, name: str, who: str) -> tuple[int, int]:
        """When the hour began that runs for them, and how many there were in it."""
        now = self._clock()
        began, count = self._counts.get((name, who), (now, 0))
        return (began, count) if began <= now < began + _HOUR else (now, 0)
