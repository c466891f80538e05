"""Serves FADJMA and starts it again whenever a file that it reads has changed; `bin/dev` runs this.

watchfiles' own command would send a second Ctrl-C to a server that the terminal has told already, and the server would
take that for impatience: this one only ever asks once.
"""

import signal
import subprocess
import sys

from watchfiles import watch

_READ = ("app.py", "fadjma", "templates", "static")


def main() -> None:
    """Until Ctrl-C, or SIGTERM; a server that could not start waits for the next change."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = _start()
    try:
        for changes in watch(*_READ, raise_interrupt=False):
            print("Changed:", ", ".join(sorted(path for _, path in changes)), flush=True)  # noqa: T201
            server.terminate()
            server.wait()
            server = _start()
    finally:
        server.terminate()
        server.wait()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "app.py"])


if __name__ == "__main__":
    main()
