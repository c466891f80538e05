"""Lighthouse on every page, as on a phone, signed in by the cookie: accessibility, best practices, performance."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.processes import free_port
from benchmarks.report import PEERS, progress, table
from benchmarks.seen.browsing import House, house
from benchmarks.seen.sights import Sight

_MODULES = PEERS / "seen/node_modules"
_GOALS = {"accessibility": 100, "best-practices": 100, "performance": 95}
_AGAIN = 2  # times more, where it misses a goal: the machine may have been busy; then the median counts


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Scores by category, of 100, and which audits were not passed: category, audit, what it says, where."""

    scores: dict[str, int]
    failed: list[list[str]]

    @property
    def good(self) -> bool:
        return all(self.scores[category] >= goal for category, goal in _GOALS.items())


def run(sights: list[Sight], work: Path) -> int:
    """Print the scores; gives 1 if a page misses a goal.

    What a form answers has no address, and a refusal is an error in the browser's console: both are left to axe. Of
    pages of one address that differ in what they are about, Lighthouse sees the first.
    """
    sights = list({(sight.guest, _address(sight)): sight for sight in reversed(sights) if _has_one(sight)}.values())[
        ::-1
    ]
    port = free_port()
    with house(work, debugging_port=port) as walked, _judge(port) as judge:
        verdicts = {sight.name: _verdict(judge, walked, sight) for sight in sights}
    print("\n".join(_report(verdicts)))
    return 0 if all(verdict.good for verdict in verdicts.values()) else 1


def _has_one(sight: Sight) -> bool:
    return not sight.sent and sight.status == 200


def _address(sight: Sight) -> str:
    return re.sub(r"{\w+}|\?.*", "", sight.path)


@contextmanager
def _judge(port: int) -> Iterator["subprocess.Popen[str]"]:
    script = Path(__file__).with_name("lighthouse.mjs")
    with subprocess.Popen(
        ["node", str(script), str(port), str(_MODULES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as judge:
        yield judge
        assert judge.stdin
        judge.stdin.close()


def _verdict(judge: "subprocess.Popen[str]", walked: House, sight: Sight) -> _Verdict:
    given = [_ask(judge, walked, sight)]
    if not given[0].good:
        given += [_ask(judge, walked, sight) for _ in range(_AGAIN)]
    scores = {category: int(median(one.scores[category] for one in given)) for category in _GOALS}
    progress(f"lighthouse: {sight.name}: {' '.join(map(str, scores.values()))}")
    return _Verdict(scores, given[-1].failed)


def _ask(judge: "subprocess.Popen[str]", walked: House, sight: Sight) -> _Verdict:
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in walked.come(sight.guest).cookies())
    assert judge.stdin and judge.stdout
    print(json.dumps({"url": walked.address + sight.at(walked.ids), "cookie": cookie}), file=judge.stdin, flush=True)
    said: dict[str, Any] = json.loads(judge.stdout.readline() or '{"scores": null}')
    if not said["scores"]:
        raise RuntimeError(f"Lighthouse ended at {sight.name}: its reason is above.")
    return _Verdict(said["scores"], said["failed"])


def _report(verdicts: dict[str, _Verdict]) -> list[str]:
    lines = [f"Lighthouse, mobile: {len(verdicts)} pages; goals {_GOALS}.", ""]
    for category in _GOALS:
        scores = [verdict.scores[category] for verdict in verdicts.values()]
        lines.append(f"- {category}: {min(scores)} to {max(scores)}, median {median(scores):g}")
    bad = {name: verdict for name, verdict in verdicts.items() if not verdict.good}
    if not bad:
        return [*lines, "", "Every page meets them."]
    rows = [[name, *map(str, verdict.scores.values())] for name, verdict in bad.items()]
    causes = [[name, *failed] for name, verdict in bad.items() for failed in verdict.failed]
    lines += ["", *table(["page", *_GOALS], rows)]
    return [*lines, "", *table(["page", "category", "audit", "what", "where"], causes)] if causes else lines
