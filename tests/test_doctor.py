"""`quart doctor`: each check made to fail once, and what it says to do."""

import contextlib
import dataclasses
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner
from nginx import _make_certificate
from store import MONDAY, Store

from fadjma import create_app, doctor, postgresql_doctor
from fadjma.config import Settings
from fadjma.doctor import Question
from fadjma.keeping import runs
from fadjma.keeping.runs import Run
from fadjma.store import at, milliseconds
from fadjma.store.postgresql.listening import LISTENS

if TYPE_CHECKING:
    from clusters import Cluster

DAY = 24 * 3_600_000


class Answers(BaseHTTPRequestHandler):
    """What FADJMA, or something else, would answer."""

    status, headers_of = 200, {"Content-Security-Policy": "frame-ancestors 'none'"}

    def do_GET(self) -> None:
        self.send_response(self.status)
        for name, value in self.headers_of.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def answering(status: int = 200, folder: Path | None = None, **headers: str) -> Iterator[int]:
    """A port at which somebody answers; with `folder` by TLS, with a certificate that nobody knows."""
    ours = {name.replace("_", "-"): value for name, value in headers.items()} or Answers.headers_of
    handler = type("Handler", (Answers,), {"status": status, "headers_of": ours})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def question(store: Store, tmp_path: Path) -> Iterator[Question]:
    """Of a clinic in which all is well."""
    secret, folder = tmp_path / "fadjma.secret", tmp_path / "copies"
    secret.write_text("s" * 48)
    secret.chmod(0o600)
    folder.mkdir()
    (folder / "fadjma-20260302T080000Z.db").touch()
    good = Run(MONDAY - 3_600_000, MONDAY - 3_590_000, "fadjma-20260302T080000Z.db", 4_096, "")
    for kind in ("copy", "drill"):
        store.write(runs.note, kind, good, {})
    with answering() as port:
        settings = Settings(port=port, secret_file=secret, backup_folder=folder, trusted_proxies="127.0.0.1")
        yield Question(settings, at(f"sqlite:///{store.path}"), MONDAY, None)


def advice(question: Question) -> dict[str, str]:
    """What each check that fails says, with what to do."""
    return {found.label: f"{found.state}. {found.advice}" for found in doctor.examine(question) if found.advice}


def setting(question: Question, **settings: object) -> Question:
    return dataclasses.replace(question, settings=dataclasses.replace(question.settings, **settings))


def test_where_all_is_well_it_says_so(question: Question) -> None:
    assert advice(question) == {}
    assert [found.label for found in doctor.examine(question)] == list(doctor._CHECKS)


def test_the_secret(question: Question) -> None:
    secret = question.settings.secret_file
    secret.chmod(0o644)
    assert "chmod 600" in advice(question)["Clé secrète"]
    secret.chmod(0o600)
    secret.write_text("short")
    assert "trop court" in advice(question)["Clé secrète"]
    secret.unlink()
    secret.mkdir()
    assert "dossier" in advice(question)["Clé secrète"]
    secret.rmdir()
    assert "n'existe pas" in advice(question)["Clé secrète"]
    assert "Clé secrète" not in advice(setting(question, secret_key="k" * 40))
    assert "Clé secrète" not in advice(setting(question, demo=True)), "it keeps its own in the database"


def test_permissions(question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question.database.path.chmod(0o644)
    assert "lisible par d'autres" in advice(question)["Droits"]
    question.database.path.chmod(0o600)
    monkeypatch.setattr("os.geteuid", lambda: 54_321)
    assert "autre utilisateur" in advice(question)["Droits"]
    monkeypatch.undo()
    monkeypatch.setattr("os.geteuid", lambda: 0)  # root, beside a service that is not
    monkeypatch.setattr("fadjma.store.owned.of_folder", lambda folder: (54_321, 54_321))
    assert "chown -R fadjma" in advice(question)["Droits"]
    monkeypatch.undo()
    monkeypatch.setattr("os.access", lambda path, mode: path != question.database.path.parent)
    assert "ne se laisse pas écrire" in advice(question)["Droits"]
    monkeypatch.undo()
    assert (
        "quart setup"
        in advice(dataclasses.replace(question, database=at(f"sqlite:///{tmp_path / 'absent.db'}")))["Droits"]
    )


def test_the_folder_of_papers(question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Documents" not in advice(setting(question, papers=tmp_path / "papers")), "it is made when one comes"
    assert "n'existe pas" in advice(setting(question, papers=tmp_path / "unplugged" / "papers"))["Documents"]
    (file := tmp_path / "file").touch()
    assert "pas un dossier" in advice(setting(question, papers=file))["Documents"]
    (folder := tmp_path / "papers").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: path != folder)
    assert "ne se laisse pas écrire" in advice(setting(question, papers=folder))["Documents"]


def test_a_folder_of_copies_that_is_not_there_is_said_once(question: Question, tmp_path: Path) -> None:
    said = advice(setting(question, backup_folder=tmp_path / "unplugged"))
    assert said.keys() == {"Sauvegarde"} and "Branchez son disque" in said["Sauvegarde"]


def test_the_disk(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "shutil.disk_usage",
        lambda folder: shutil._ntuple_diskusage(
            10**12, 0, 10**12 if folder == question.database.path.parent else 10**6
        ),
    )
    assert "copies : 1 Mo libres" in advice(question)["Disque"]


def test_the_clock(question: Question, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "timedatectl" in advice(dataclasses.replace(question, now=0))["Horloge"]
    monkeypatch.setattr(doctor, "_SYNCHRONIZED", tmp_path / "synchronized")
    assert "rien ne la règle" in advice(question)["Horloge"]
    monkeypatch.undo()
    store.connection.execute(
        "INSERT INTO audit_events (id, at, action, subject_kind, subject_id) VALUES ('x', ?, 'a', 'b', 'c')",
        (MONDAY + DAY,),
    )
    assert "confirm-clock" in advice(question)["Horloge"]


def test_the_port(question: Question) -> None:
    with answering(Server="something else") as port:
        assert "autre programme répond" in advice(setting(question, port=port))["Port"]
    with answering(503) as port:
        assert "ne peut rien enregistrer" in advice(setting(question, port=port))["Port"]
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = nobody.getsockname()[1]
    assert "personne n'y répond" in advice(setting(question, port=closed))["Port"]


def test_a_port_that_speaks_something_else(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "tient ce port" in advice(setting(question, port=silent.getsockname()[1]))["Port"]


def test_tls(question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "sans https" in advice(setting(question, host="0.0.0.0"))["TLS"]
    _make_certificate(tmp_path)
    with answering(folder=tmp_path, Content_Security_Policy="frame-ancestors", Strict_Transport_Security="1") as port:
        asked = dataclasses.replace(question, url=f"https://127.0.0.1:{port}")
        assert "n'est pas reconnu ici" in advice(asked)["TLS"]
        assert "Proxy" not in advice(asked)
    assert "n'est pas en https" in advice(dataclasses.replace(question, url="http://fadjma.local"))["TLS"]
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = nobody.getsockname()[1]
    found = advice(dataclasses.replace(question, url=f"https://127.0.0.1:{closed}"))
    assert "ne répond pas en https" in found["TLS"] and "ne répond pas" in found["Proxy"]


def _known_certificate(folder: Path, monkeypatch: pytest.MonkeyPatch, *, name: str, begins: str, ends: str) -> None:
    """One that this machine takes for good, but for its name and its days (YYYYMMDD)."""
    key = [
        "openssl",
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        "key.pem",
    ]
    sign = ["openssl", "ca", "-batch", "-notext", "-config", "ca.cnf", "-selfsign", "-keyfile", "key.pem"]
    days = ["-startdate", f"{begins}000000Z", "-enddate", f"{ends}000000Z"]
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\npolicy=p\n"
        f"x509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:{name}\n"
    )
    (folder / "index").touch()
    (folder / "serial").write_text("01")
    for command in (
        [*key, "-subj", f"/CN={name}", "-out", "request.pem"],
        [*sign, *days, "-in", "request.pem", "-out", "certificate.pem"],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "certificate.pem"))


@pytest.mark.parametrize(
    ("name", "begins", "ends", "said"),
    [
        ("localhost", "20010101", "20020101", "le certificat de localhost est fini. Renouvelez-le"),
        ("localhost", "23000101", "23010101", "ne vaut pas encore. L'horloge"),
        ("fadjma.local", "20010101", "23010101", "pour un autre nom que localhost. Donnez"),
    ],
)
def test_a_certificate_that_does_not_count_and_why(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, begins: str, ends: str, said: str
) -> None:
    """What to do is another thing for each, and none of them is to bring a root to every computer."""
    _known_certificate(tmp_path, monkeypatch, name=name, begins=begins, ends=ends)
    with answering(folder=tmp_path) as port:
        found = advice(dataclasses.replace(question, url=f"https://localhost:{port}"))["TLS"]
    assert said in found and "racine" not in found


def test_a_certificate_that_ends_soon(question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "90", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [*command, "-keyout", "key.pem", "-out", "certificate.pem"], cwd=tmp_path, check=True, capture_output=True
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    ends = ssl._ssl._test_decode_cert(str(tmp_path / "certificate.pem"))["notAfter"]
    last = int(ssl.cert_time_to_seconds(ends)) * 1000
    with answering(folder=tmp_path) as port:
        asked = dataclasses.replace(question, url=f"https://localhost:{port}", now=last - 80 * DAY)
        assert "TLS" not in advice(asked)
        assert "finit dans 10 jours" in advice(dataclasses.replace(asked, now=last - 10 * DAY))["TLS"]


def test_the_proxy(question: Question, tmp_path: Path) -> None:
    _make_certificate(tmp_path)
    with answering(folder=tmp_path) as port:
        found = advice(dataclasses.replace(question, url=f"https://127.0.0.1:{port}"))
        assert "FADJMA_TRUSTED_PROXIES" in found["Proxy"]
    with answering(502) as port:
        assert "répond 502" in advice(dataclasses.replace(question, url=f"http://127.0.0.1:{port}"))["Proxy"]


def test_the_backup(question: Question, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = question.settings.backup_folder
    assert folder
    elsewhere = advice(setting(question, backup_folder=None))["Sauvegarde"]
    assert "n'est pas dit ici ; une copie est du 2026-03-02T" in elsewhere and "systemctl show fadjma" in elsewhere
    assert "en retard" in advice(dataclasses.replace(question, now=MONDAY + DAY))["Sauvegarde"]
    store.write(runs.note, "copy", Run(MONDAY, MONDAY, "", 0, "Le disque est plein."), {})
    assert "Le disque est plein." in advice(question)["Sauvegarde"]
    store.connection.execute("DELETE FROM backup_runs")
    assert "aucune copie" in advice(question)["Sauvegarde"]
    monkeypatch.setattr("os.access", lambda path, mode: path != folder)
    assert "chown" in advice(question)["Sauvegarde"]
    monkeypatch.undo()
    shutil.rmtree(folder)
    assert "Branchez son disque" in advice(question)["Sauvegarde"]
    assert "Donnez un dossier à FADJMA_BACKUP_FOLDER" in advice(setting(question, backup_folder=None))["Sauvegarde"]


def test_a_check_that_fails_itself_is_a_finding(question: Question, tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_bytes(b"Ordonnances de mars\n" * 1_000)
    found = advice(dataclasses.replace(question, database=at(f"sqlite:///{tmp_path / 'letter.db'}")))
    assert "pas une base SQLite" in found["Horloge"] and "pas une base SQLite" in found["Sauvegarde"]


@pytest.mark.parametrize("url", ["https://x:abc", "https://[x", "https://x:0", "fadjma.local"])
def test_an_address_that_is_none_is_refused_at_once(question: Question, url: str) -> None:
    app = create_app(dataclasses.replace(question.settings, database_url=f"sqlite:///{question.database.path}"))
    result = CliRunner().invoke(app.cli, ["doctor", "--url", url])
    assert result.exit_code == 2 and f"« {url} » n'est pas une adresse" in " ".join(result.output.split())


def test_the_command_ends_with_one_when_something_is_wrong(question: Question) -> None:
    url = f"sqlite:///{question.database.path}"
    app = create_app(dataclasses.replace(question.settings, database_url=url))
    app.extensions["database"].clock = lambda: MONDAY
    done = CliRunner().invoke(app.cli.commands["doctor"], [])
    assert (done.exit_code, "✗" in done.output) == (0, False), done.output
    question.settings.secret_file.unlink()
    done = CliRunner().invoke(app.cli.commands["doctor"], [])
    assert (done.exit_code, "✗ Clé secrète" in done.output) == (1, True), done.output


class TestOnPostgreSQL:
    @pytest.fixture
    def asked(self, question: Question, cluster: "Cluster", migrated: str) -> Question:
        """The same clinic in PostgreSQL, as a role that may do nothing but read."""
        name = cluster.create(template=migrated)
        with cluster.connect(name) as connection:
            connection.execute("DO $$ BEGIN CREATE ROLE clinic LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO clinic")
        url = cluster.url(name).replace("fadjma@", "clinic@")
        database = at(url, clock=milliseconds)
        server = database.server()
        assert server
        # Its clock is the machine's, whatever time it is for these tests (bin/test-any-day).
        return dataclasses.replace(setting(question, database_url=url), database=database, now=server.clock)

    def test_what_is_looked_at(self, asked: Question) -> None:
        found = {one.label: one for one in doctor.examine(asked)}
        assert [label for label, one in found.items() if one.advice] == ["Durabilité"], "these tests unplug nothing"
        assert found["Base"].state.startswith(f"{asked.database.address}, PostgreSQL 1")
        assert found["Droits"].state == "clinic n'est pas superutilisateur"
        assert "fsync = off, full_page_writes = off" in found["Durabilité"].state
        assert "pg_dump" in found["Sauvegarde"].state and found["Clé des sceaux"].state.startswith("rien n'est encore")
        assert {*doctor._CHECKS} <= {*found, "Disque"}

    def test_what_is_wrong_is_named_with_what_to_do(self, asked: Question) -> None:
        server, now = asked.database.server(), asked.now
        assert server

        def said(check: Callable[..., tuple[str, str]], *more: object, **standing: object) -> str:
            return ". ".join(check(dataclasses.replace(server, **standing), *more))

        assert "target_session_attrs" in said(postgresql_doctor.base, "a", is_following=True)
        assert "max_connections" in said(postgresql_doctor.base, "a", connections=95, most_connections=100)
        assert "ALTER DATABASE" in said(postgresql_doctor.rights, is_superuser=True)
        assert "ALTER SYSTEM RESET synchronous_commit" in said(
            postgresql_doctor.durability, unsafe=("synchronous_commit = off",)
        )
        assert said(postgresql_doctor.durability, unsafe=()) == "ce qui est enregistré l'est sur le disque. "
        assert "se gênent" in said(postgresql_doctor.processes, processes=2, places_apart=64)
        assert said(postgresql_doctor.processes, processes=2, places_apart=1024) == "2 servent cette base. "
        assert said(postgresql_doctor.processes, processes=1, places_apart=64) == "un seul sert cette base. "
        assert "timedatectl" in said(postgresql_doctor.clock, now, clock=now + 180_000)
        assert "Rallumez-la" in said(postgresql_doctor.copies, required_standbys="*")
        assert "se remplit" in said(postgresql_doctor.copies, archived_at=MONDAY, archiving_failed_at=MONDAY + 1)
        assert said(postgresql_doctor.copies, standbys=2, archived_at=MONDAY) == (
            "2 machines de secours, journaux archivés jusqu'au 2026-03-02T09:00:00.000Z. "
        )

    def test_processes_that_serve_it_are_counted_whoever_asks(self, asked: Question, cluster: "Cluster") -> None:
        """Each listens; those of another database do not count."""
        name = urlsplit(asked.database.address).path[1:]
        with contextlib.ExitStack() as open_ones:
            for of in (name, name, "postgres"):
                open_ones.enter_context(psycopg.connect(cluster.url(of), application_name=LISTENS))
            server = asked.database.server()
            assert server and server.processes == 2
            [wrong] = [one for one in doctor.examine(asked) if one.label == "Processus"]
            assert "max_pred_locks_per_transaction = 1024" in wrong.advice

    def test_the_disk_of_papers(self, asked: Question, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda folder: shutil._ntuple_diskusage(10**12, 0, 10**6))
        assert "1 Mo libres" in advice(asked)["Documents"]

    def test_a_server_that_does_not_answer_is_said_once(self, asked: Question) -> None:
        url = "postgresql://ba:secret@127.0.0.1:1/gone"
        found = advice(dataclasses.replace(asked, database=at(url)))
        assert [*found] == ["Base"] and "psql 'postgresql://ba@127.0.0.1:1/gone'" in found["Base"]
        assert "ne se laisse pas lire" in found["Base"] and "secret" not in found["Base"]
