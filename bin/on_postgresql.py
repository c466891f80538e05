"""`bin/run --postgresql`: serves FADJMA from a PostgreSQL of its own, which is there as long as it is looked at."""

import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Serve until a signal; then the server of the database ends too, and its folder goes."""
    sys.path.insert(0, str(ROOT / "tests"))  # whose server it is
    with import_module("clusters").Cluster(durable=True) as cluster:
        name = cluster.create(name="fadjma")
        beside = {
            "FADJMA_DATABASE_URL": cluster.url(name),
            "FADJMA_PAPERS": str(cluster.folder / "papers"),
            "FADJMA_SEAL_KEY_FILE": str(cluster.folder / "fadjma.seal"),
        }
        served = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **beside})
        for wanted in (signal.SIGINT, signal.SIGTERM):
            signal.signal(wanted, lambda number, frame: served.send_signal(signal.SIGTERM))
        return served.wait()


if __name__ == "__main__":
    sys.exit(main())
