"""The program on PostgreSQL as people start it: set up by its command, served by two processes."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from empty_folder import ANSWERS, PASSWORD, Folder
from live_server import SECRET_KEY, Server

if TYPE_CHECKING:
    from clusters import Cluster

WITHIN = 60  # seconds that anything may take: the machine may be busy with other things


@pytest.fixture
def settings(cluster: "Cluster", tmp_path: Path) -> dict[str, str]:
    """What the program is told to find an empty database, and a folder for what lies beside it."""
    return {
        "FADJMA_DATABASE_URL": cluster.url(cluster.create()),
        "FADJMA_SECRET_KEY": SECRET_KEY,
        "FADJMA_PAPERS": str(tmp_path / "papers"),
        "FADJMA_SEAL_KEY_FILE": str(tmp_path / "fadjma.seal"),
        "FADJMA_DEMO": "0",
    }


@pytest.fixture
def folder(tmp_path: Path, settings: dict[str, str]) -> Folder:
    folder = Folder(tmp_path)
    done = folder.set_up(ANSWERS.replace('medicines = "{medicines}"', ""), **settings)
    assert done.returncode == 0, done.stderr
    for said in (settings["FADJMA_SEAL_KEY_FILE"], "FICHE DE SECOURS", "pg_dump \\\n", "ExecStart="):
        assert said in done.stdout, done.stdout
    return folder


def test_news_of_one_process_reach_the_streams_of_another(
    folder: Folder, settings: dict[str, str], tmp_path: Path
) -> None:
    servers = []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        servers.append(Server(tmp_path / name, **settings))
    one, another = servers
    try:
        for server in servers:
            server.launch()
            server.await_address()
        with httpx.Client(trust_env=False, timeout=WITHIN) as http:
            who = {"email": "aminata.ba@clinique.sn", "password": PASSWORD}
            token = http.post(f"{one.address}/api/token", json=who).json()["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            with http.stream("GET", f"{another.address}/api/events") as stream:
                lines = stream.iter_lines()
                assert any("event: hello" in line for line in lines)
                said = {"audience": "everybody", "title": "Vaccination", "body": "Samedi, à la clinique."}
                answer = http.post(f"{one.address}/announcements", json=said)
                assert answer.status_code == 201, answer.text
                id = answer.json()["id"]
                assert any(id in line for line in lines)
            shown = http.get(f"{another.address}/announcements/{id}")
            assert shown.json()["title"] == "Vaccination"
            assert urlsplit(one.address).port != urlsplit(another.address).port
    finally:
        for server in servers:
            server.close()
