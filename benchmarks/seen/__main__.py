"""`python -m benchmarks.seen axe`: one of these commands, on every page or on those whose name has one of the words."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.seen import axe, fits, lighthouse, screenshots
from benchmarks.seen.browsing import chosen

_INTO = Path(__file__).parents[1] / ".peers/pictures"


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is ended
    sights = chosen(arguments.words)
    with tempfile.TemporaryDirectory(prefix="fadjma-") as folder:
        work = Path(folder)
        match arguments.command:
            case "axe":
                return axe.run(sights, work)
            case "lighthouse":
                return lighthouse.run(sights, work)
            case "fits":
                return fits.run(sights, work, arguments.into)
            case _:
                return screenshots.keep(work) if arguments.docs else screenshots.run(sights, work, arguments.into)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Look at every page of every role.")
    parser.add_argument("command", choices=("axe", "lighthouse", "fits", "screenshots"))
    parser.add_argument("words", nargs="*", metavar="word", help="only pages whose name has one: doctor, /account")
    parser.add_argument("--into", type=Path, default=_INTO, help=f"where pictures go ({_INTO})")
    parser.add_argument("--docs", action="store_true", help="screenshots: only those of docs/screenshots, anew")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
