"""`python -m benchmarks`: runs the chosen parts one after the other and prints one report."""

import argparse
import dataclasses
import signal
import sys
import tempfile
import traceback
from pathlib import Path

from benchmarks import (
    announcing,
    busy,
    compression,
    durable,
    fanout,
    latency,
    lists,
    pages,
    recalls,
    report,
    search,
    transfer,
    visits,
    writes,
)
from benchmarks.processes import raise_file_limit
from benchmarks.sizes import FULL, QUICK, Sizes

PARTS = {
    "fanout": fanout.run,
    "latency": latency.run,
    "durable": durable.run,
    "busy": busy.run,
    "writes": writes.run,
    "transfer": transfer.run,
    "compression": compression.run,
    "visits": visits.run,
    "pages": pages.run,
    "lists": lists.run,
    "announcing": announcing.run,
    "search": search.run,
    "recalls": recalls.run,
}


def main() -> None:
    """Read the arguments, run, print."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every server is ended
    sizes = QUICK if arguments.quick else FULL
    if not arguments.large:
        sizes = dataclasses.replace(sizes, large_scale=0)
    raise_file_limit()
    head = report.environment()
    # Beside the program and not in /tmp, which may be memory: commits must reach a disk.
    with tempfile.TemporaryDirectory(prefix=".work-", dir=arguments.work, ignore_cleanup_errors=True) as work:
        Path(work).chmod(0o755)  # nginx's worker is another user
        parts = [_run(name, sizes, Path(work)) for name in arguments.parts or PARTS]
    print(report.document(head, parts, sys.argv[1:]))


def _run(name: str, sizes: Sizes, work: Path) -> report.Part:
    """One part; when it cannot be finished, the report says why and has the others."""
    try:
        return PARTS[name](sizes, work)
    except Exception as error:
        traceback.print_exc()
        return report.Part(f"{name}: failed", [], notes=[f"{type(error).__name__}: {error}"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measure FADJMA beside its peers.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all of them unless named")
    parser.add_argument("--quick", action="store_true", help="everything in a small size, for trying out")
    parser.add_argument("--no-large", dest="large", action="store_false", help="without the large database")
    parser.add_argument("--work", default=Path(__file__).parent, type=Path, help="where databases are made")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    main()
