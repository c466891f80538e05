"""docs/second-machine.md tried out: a server that dies, and what Litestream has sent of it. LITESTREAM is the program.

Run by bin/try-litestream, not by bin/test: the program is in no Debian package.
"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
from live_server import ROOT, Server

DOCUMENT = ROOT / "docs" / "second-machine.md"
LOGIN = {"email": "awa@demo.fadjma", "password": "demo-fadjma-2026", "name": "Tension"}


def _configuration(folder: Path, database: Path) -> Path:
    """As the page says it, but for where, and a folder in the place of another machine."""
    block = re.search(r"^```yaml\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    assert block
    lines = [line for line in block[1].splitlines() if not re.match(r" +(host|user|key-path):", line)]
    text = "\n".join(lines).replace("/srv/fadjma/fadjma.db", str(database)).replace("type: sftp", "type: file")
    file = folder / "litestream.yml"
    file.write_text(text.replace("/srv/replica", str(folder / "replica")))
    return file


def test_what_was_acknowledged_a_moment_before_the_end_is_on_the_second_machine(tmp_path: Path) -> None:
    program = os.environ["LITESTREAM"]
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    server = Server(first, FADJMA_WAL_LIMIT="0")
    server.start()
    sending = subprocess.Popen([program, "replicate", "-config", str(_configuration(tmp_path, server.database))])
    try:
        time.sleep(3)
        for _ in range(20):
            answer = httpx.post(f"{server.address}/api/token", json=LOGIN, trust_env=False, timeout=60)
            assert answer.status_code == 200
        time.sleep(3)  # it sends once a second
    finally:
        server.kill()
        sending.send_signal(signal.SIGKILL)
        sending.wait()
    copy = second / "copy.db"
    subprocess.run([program, "restore", "-o", str(copy), f"file://{tmp_path / 'replica'}"], check=True)
    environment = os.environ | {"FADJMA_DEMO": "1", "FADJMA_DATABASE_URL": f"sqlite:///{second / 'fadjma.db'}"}
    subprocess.run([sys.executable, "-m", "quart", "restore", str(copy)], cwd=ROOT, env=environment, check=True)
    with closing(sqlite3.connect(second / "fadjma.db")) as found:
        sql = "SELECT count(*) FROM sessions WHERE name = 'Tension'"
        assert found.execute(sql).fetchone()[0] == 20
