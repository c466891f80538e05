"""The chains of a copy that was restored to be tried: walked in a process of its own, beside the one that serves.

That process is `main`, with the file as its argument: on stdin a line, the seal that the copy must hold
(`Exported.json`, or null); on stdout what is wrong, a JSON list of lines. It ends when its stdin does: nobody waits for
it any more.
"""

import json
import os
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path

from fadjma import proving, verifying
from fadjma.chain import seals, walking
from fadjma.chain.seals import Exported
from fadjma.chain.walking import Walk
from fadjma.store import Transaction, Unusable
from fadjma.store.sqlite.backup import look_into

_NAMED_AT_MOST = 3  # of what is wrong
_NOT_WALKED = "la chaîne de cette copie n'a pas pu être vérifiée (voyez le journal du serveur)"


def wrong_with(copy: Path, kept: Exported | None) -> list[str]:
    """What is wrong with the chains of a copy, walked beside. Raises Unusable where that was not to be found out."""
    said = json.dumps(kept.json() if kept else None)
    with subprocess.Popen(  # noqa: S603 - our own program, and a file of ours
        [sys.executable, "-c", "from fadjma.drilling import main; main()", str(copy.resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        cwd=Path(__file__).parents[1],
    ) as child:
        assert child.stdin and child.stdout
        try:
            child.stdin.write(f"{said}\n")
            child.stdin.flush()
        except BrokenPipeError:  # it has ended already; why, it has said
            pass
        found = child.stdout.read()
    if child.returncode:
        raise Unusable(f"{copy} : {_NOT_WALKED}.")
    lines: list[str] = json.loads(found)
    return lines


def breaks(tx: Transaction, kept: Exported | None) -> list[str]:
    """What is wrong with them, in French, a line each; `kept`: a seal that was made of the database that was copied,
    before the copy: an older one, or one whose end was cut, lacks it, however whole it is."""
    found = [proving.said_of(tx, one) for one in (walking.against(tx, kept) if kept else ())]
    found += [proving.said_of(tx, one) for one in islice(Walk(verifying.COVERED).breaks(tx), _NAMED_AT_MOST)]
    return [one.partition("\n")[0] for one in found]


def main() -> None:
    os.nice(10)  # those who read and write go first
    said = sys.stdin.readline()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    kept = None if said.strip() == "null" else seals.read_exported(said)
    json.dump(look_into(Path(sys.argv[1]), lambda tx: breaks(tx, kept)), sys.stdout)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(1)
