"""From an empty folder to the first medicine that is handed over, without the demo: `quart setup`, then people."""

import asyncio
import errno
import html
import json
import re
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import httpx
import pytest
from click.testing import CliRunner
from demo_database import empty_database
from empty_folder import ANSWERS, PASSWORD, Folder
from forked import ROOT
from quart import Quart
from store import Clock, Store

from fadjma import application, cli, create_app, first_page, installed, setup
from fadjma.accounts import actions
from fadjma.config import Settings
from fadjma.identity import directory
from fadjma.identity.enrolment import NewPerson
from fadjma.store import Transaction, Unavailable, Unusable, at

if TYPE_CHECKING:
    from clusters import Cluster

TABLE = "dci;forme;dosage;unité;marques;tableau\nsulfadoxine;comprimé;500 mg;comprimé;Fansidar;liste I\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


class Person:
    """Somebody's program."""

    def __init__(self, address: str, email: str) -> None:
        signed_in = httpx.post(
            f"{address}/api/token", json={"email": email, "password": PASSWORD}, trust_env=False, timeout=60
        )
        assert signed_in.status_code == 200, signed_in.text
        headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
        self._http = httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60)

    def get(self, path: str) -> Any:
        return self._answer(self._http.get(path))

    def post(self, path: str, **fields: Any) -> Any:
        return self._answer(self._http.post(path, json=fields))

    def send(self, path: str, content: bytes) -> Any:
        return self._answer(self._http.post(path, files={"file": ("liste.csv", content, "text/csv")}))

    def close(self) -> None:
        self._http.close()

    def _answer(self, answer: httpx.Response) -> Any:
        assert answer.is_success, (answer.request.url, answer.status_code, answer.text)
        return answer.json()


def _register(address: str, path: str, **fields: str) -> str:
    body = {**fields, "password": PASSWORD}
    headers = {"Accept": "application/json"}
    answer = httpx.post(f"{address}{path}", json=body, headers=headers, trust_env=False, timeout=60)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_from_an_empty_folder_to_a_medicine_that_is_handed_over(tmp_path: Path) -> None:
    folder = Folder(tmp_path, anew=True)
    done = folder.set_up(ANSWERS.format(medicines="starter"))
    assert done.returncode == 0, done.stderr
    with folder.served() as address:
        people = [admin := Person(address, "aminata.ba@clinique.sn")]
        [clinic] = admin.get("/organizations")["items"]
        pharmacy = admin.post(
            "/organizations", kind="pharmacy", name="Pharmacie Jamm", address="rue 10", city="Thiès", phone="339514321"
        )
        read = admin.send("/formulary/imports", TABLE.encode("cp1252"))
        admin.post(f"/formulary/imports/{read['id']}/confirmation")
        work = {"licence_number": "SN-1", "given_name": "Ousmane", "family_name": "Diop"}
        doctor_id = _register(
            address, "/register/practitioner", **work, role="doctor", email="diop@x.sn", organization_id=clinic["id"]
        )
        pharmacist_id = _register(
            address, "/register/practitioner", **work, role="pharmacist", email="k@x.sn", organization_id=pharmacy["id"]
        )
        for account_id in (doctor_id, pharmacist_id):
            admin.post(f"/accounts/{account_id}/verification")
        patient_id = _register(
            address,
            "/register",
            given_name="Awa",
            family_name="Cissé",
            email="awa@x.sn",
            birth_date="1991-07-14",
            sex="female",
        )
        people += [doctor := Person(address, "diop@x.sn"), patient := Person(address, "awa@x.sn")]
        people += [pharmacist := Person(address, "k@x.sn")]
        asked = doctor.post("/access-requests", patient_id=patient_id, reason="Paludisme")
        patient.post(f"/access-requests/{asked['id']}/approval", scope="full", duration="7d")
        [medicine] = doctor.get("/medicines?q=fansidar&pharmacy_id=" + pharmacy["id"])["items"]
        line = {"medicine_id": medicine["id"], "dosage": "3 comprimés en une prise", "quantity": 3, "duration_days": 1}
        issued = doctor.post(f"/patients/{patient_id}/prescriptions", lines=[line], pharmacy_id=pharmacy["id"])
        next_year = (datetime.now(UTC) + timedelta(days=365)).date().isoformat()
        pharmacist.post("/inventory/lots", medicine_id=medicine["id"], number="L1", expires_on=next_year, quantity=30)
        for act in ("validation", "preparation", "readiness"):
            pharmacist.post(f"/prescriptions/{issued['id']}/{act}")
        code = patient.get(f"/prescriptions/{issued['id']}")["handover_code"]
        assert pharmacist.post(f"/prescriptions/{issued['id']}/delivery", code=code)["status"] == "delivered"
        for person in people:
            person.close()
    _a_second_time_it_changes_nothing_and_says_so(Folder(tmp_path))


def _a_second_time_it_changes_nothing_and_says_so(folder: Folder) -> None:
    """Not even where people have been at work since."""
    secret, store = folder.secret.read_bytes(), Store(folder.database, Clock())
    before = store.content()
    done = folder.set_up(ANSWERS.format(medicines="starter").replace("aminata", "autre"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("déjà") >= 4
    assert (folder.secret.read_bytes(), store.content()) == (secret, before)
    store.close()


class TestTheCommand:
    def test_it_makes_what_a_clinic_needs_and_says_what_remains(self, folder: Folder) -> None:
        done = folder.set_up(ANSWERS.format(medicines="starter").replace(f'password = "{PASSWORD}"', ""))
        assert done.returncode == 0, done.stderr
        assert stat.S_IMODE(folder.secret.stat().st_mode) == 0o600
        assert len(folder.secret.read_text().strip()) >= 32
        assert re.search(r"Mot de passe : \w{4}-\w{4}-\w{4}-\w{4} ", done.stdout)
        assert folder.secret.read_text().strip() not in done.stdout
        for said in (str(folder.secret), str(folder.database), "ExecStart=", "FICHE DE SECOURS", "Il reste à :"):
            assert said in done.stdout
        assert "ajouter une pharmacie : « Toute l'administration », « Lieux »" in done.stdout, "the clinic is there"

    def test_where_the_key_is_set_no_file_is_made(self, folder: Folder) -> None:
        assert folder.set_up(ANSWERS.format(medicines=""), FADJMA_SECRET_KEY="k" * 40).returncode == 0
        assert not folder.secret.exists()

    @pytest.mark.parametrize(
        ("answers", "said"),
        [
            ("medicines = ", "ne se laisse pas lire à la fin du fichier"),
            ("medicines = “starter”", "à la ligne 1, colonne 13 : on y attend"),
            (ANSWERS + "[admin]\n", "chaque nom une seule fois"),
            (r"medicines = 'starter\u0000'".replace("'", '"'), "La liste de médicaments"),
            ("medecines = 'starter'", "medecines"),
            ("medicines = 'nowhere.csv'", "nowhere.csv"),
            ("admin = 1", "admin"),
            (ANSWERS.replace("33 951 12 34", "12"), "phone"),
            (ANSWERS.replace(PASSWORD, "azerty"), "password"),
            (ANSWERS.replace("kind = ", "kynd = "), "kynd"),
            (ANSWERS.replace("email =", "mail ="), "mail"),
            (ANSWERS.replace('"clinic"', '"hospital"'), "kind"),
            (ANSWERS.replace('"Aminata"', "3"), "given_name est un texte"),
            (ANSWERS.replace(f'"{PASSWORD}"', "123456789012"), "password est un texte"),
            (ANSWERS.replace('"Thiès"', '["Thiès"]'), "city est un texte"),
            (ANSWERS.replace('"33 951 12 34"', "339511234"), "phone est un texte"),
        ],
    )
    async def test_an_answer_that_cannot_be_taken_is_named_before_anything_is_done(
        self, tmp_path: Path, answers: str, said: str
    ) -> None:
        file = tmp_path / "clinic.toml"
        file.write_text(answers.replace("{medicines}", ""), "utf-8")

        with pytest.raises(setup.Mistaken, match=re.escape(said)):
            await setup.plan(setup.read_answers(file))

    async def test_a_file_of_another_editor_is_read_or_it_says_how_to_save_it(self, tmp_path: Path) -> None:
        file = tmp_path / "clinic.toml"
        file.write_text(ANSWERS.format(medicines="") + "night_duty = true\n", "utf-8-sig")
        [place] = (await setup.plan(setup.read_answers(file))).places
        assert (place.name, place.night_duty) == ("Clinique Teranga", True)
        file.write_text(ANSWERS.format(medicines=""), "cp1252")
        with pytest.raises(setup.Mistaken, match="enregistrez-le"):
            setup.read_answers(file)

    def test_asked_it_asks_again_for_what_cannot_be_taken(self, tmp_path: Path) -> None:
        settings = Settings(database_url=f"sqlite:///{tmp_path / 'fadjma.db'}", secret_file=tmp_path / "key")
        typed = [
            "aminata",
            "Aminata",
            "Ba",
            "azerty",
            "qwerty",
            "azerty",
            "azerty",
            " ",
            PASSWORD,
            PASSWORD,
            "a.ba@x.sn",
        ]
        typed += ["Clinique Teranga", "rue 1", "Thiès", "12", "339511234"]
        typed += ["peut-être", "O", "Pharmacie Jamm", "rue 2", "Thiès", "339514321", "non", "nowhere.csv", "starter"]
        done = CliRunner().invoke(create_app(settings).cli.commands["setup"], [], input="\n".join(typed) + "\n")
        assert done.exit_code == 0, done.output
        assert [done.output.count(f"  {label}:") for label in ("E-mail", "Nom", "Ville", "Téléphone")] == [3, 3, 2, 3]
        for said in (
            "E-mail : Cette adresse n'a pas la forme",
            "ne sont pas les mêmes",
            "Répondez par o (oui) ou n (non)",
        ):
            assert said in done.output
        assert "Error" not in done.output, "all that it says is French"
        assert "ajouter une" not in done.output, "both places are there"
        store = Store(tmp_path / "fadjma.db", Clock())
        assert store.rows("SELECT kind, name FROM organizations ORDER BY kind") == [
            ("clinic", "Clinique Teranga"),
            ("pharmacy", "Pharmacie Jamm"),
        ]
        assert store.rows("SELECT role, email FROM users") == [("admin", "a.ba@x.sn")]
        assert store.value("SELECT count(*) FROM medicines WHERE source = 'starter'") >= 150
        store.close()
        again = CliRunner().invoke(create_app(settings).cli.commands["setup"], [])
        assert (again.exit_code, "E-mail" in again.output) == (0, False), again.output

    @pytest.mark.parametrize(
        ("trouble", "said"),
        [(BrokenPipeError(errno.EPIPE, "Broken pipe"), ""), (PermissionError("/backups: no"), "Error: /backups: no\n")],
    )
    def test_what_is_not_the_databases_is_not_said_to_be(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: OSError, said: str
    ) -> None:
        """Whoever read what a command says may have gone (`quart setup | head`): then there is nothing to say."""
        file = tmp_path / "clinic.toml"
        file.write_text(ANSWERS.format(medicines=""), "utf-8")
        settings = Settings(database_url=f"sqlite:///{tmp_path / 'fadjma.db'}", secret_file=tmp_path / "key")
        monkeypatch.setattr(cli.click, "echo", Mock(side_effect=trouble))
        done = CliRunner().invoke(create_app(settings).cli.commands["setup"], [f"--answers={file}"])
        assert (done.exit_code, done.output) == (1, said)

    def test_the_secret_is_made_once(self, tmp_path: Path) -> None:
        file = tmp_path / "s"
        assert setup.make_secret(file)
        made = file.read_bytes()
        assert not setup.make_secret(file)
        assert file.read_bytes() == made

    def test_a_secret_that_is_there_and_empty_is_said_and_not_called_done(self, folder: Folder) -> None:
        folder.secret.touch(0o600)
        done = folder.set_up(ANSWERS.format(medicines=""))
        assert done.returncode == 1 and "est vide" in done.stderr
        assert folder.secret.read_bytes() == b""

    def test_the_demo_is_not_set_up(self, folder: Folder) -> None:
        done = folder.set_up(ANSWERS.format(medicines=""), FADJMA_DEMO="1")
        assert (done.returncode, "démonstration" in done.stderr) == (1, True)
        assert not folder.secret.exists()


def test_without_a_set_up_the_server_says_to_run_it(folder: Folder) -> None:
    done = folder.run("app.py")
    assert done.returncode == 1
    assert "quart setup" in done.stderr


class TestTheUnitAndTheSheet:
    """What is printed says what the settings say: whoever copies it has the copies that they asked for."""

    def test_they_say_where_copies_go_how_often_and_with_which_key(self, tmp_path: Path) -> None:
        (tmp_path / "stick").mkdir()
        (tmp_path / "key").write_text("k" * 40)
        (tmp_path / "key").chmod(0o600)
        settings = Settings.from_environment(
            {
                "FADJMA_BACKUP_FOLDER": str(tmp_path / "stick"),
                "FADJMA_BACKUP_EVERY": "2",
                "FADJMA_BACKUP_KEY_FILE": str(tmp_path / "key"),
            },
            setting_up=True,
        )
        database = at(f"sqlite:///{tmp_path / 'fadjma.db'}")
        copies = installed.copies(settings, database)
        unit = installed.unit(database, None, copies)
        assert f"FADJMA_BACKUP_FOLDER={tmp_path / 'stick'}\n" in unit and "FADJMA_BACKUP_EVERY=2\n" in unit
        assert f"FADJMA_BACKUP_KEY_FILE={tmp_path / 'key'}\n" in unit
        key = installed.said_of_seal_key(tmp_path / "fadjma.seal", "7a1f")
        sheet = installed.recovery_sheet(None, copies, "aminata.ba@clinique.sn", key)
        assert f"{tmp_path / 'stick'}, toutes les 2 heures" in sheet and str(tmp_path / "key") in sheet
        assert not any("sauvegardes" in step for step in installed.what_remains(setup.Known(1, 1, 1, 1), copies))

    def test_systemd_goes_on_starting_it_until_what_it_needs_is_there(self, tmp_path: Path) -> None:
        """By itself it gives up after five starts in ten seconds, as many as a refused start takes a second."""
        database = at(f"sqlite:///{tmp_path / 'fadjma.db'}")
        parts = installed.unit(database, None, installed.copies(Settings(), database)).partition("[Service]")
        assert "\nStartLimitIntervalSec=0\n" in parts[0]
        assert "\nRestart=always\nRestartSec=2\n" in parts[2]

    def test_a_name_with_spaces_is_one_word_to_systemd(self, tmp_path: Path) -> None:
        disk, root = tmp_path / 'Disque 1 de "Awa" 100%', tmp_path / "ma clinique 5%"
        disk.mkdir()
        database = at(f"sqlite:///{root / 'fadjma.db'}")
        unit = installed.unit(database, None, installed.copies(Settings(backup_folder=disk), database), root)
        assert f'Environment="FADJMA_BACKUP_FOLDER={tmp_path}/Disque 1 de \\"Awa\\" 100%%"\n' in unit
        assert f'Environment="FADJMA_DATABASE_URL=sqlite:///{tmp_path}/ma clinique 5%%/fadjma.db"\n' in unit
        assert f'ExecStart="{tmp_path}/ma clinique 5%%/.venv/bin/python" app.py\n' in unit
        assert f"WorkingDirectory={tmp_path}/ma clinique 5%%\n" in unit

    def test_an_address_without_a_password_is_in_the_unit_as_systemd_reads_it(self) -> None:
        url = "postgresql://fadjma@db.example.sn/fadjma?sslmode=verify-full&sslrootcert=%2Fetc%2Froot.pem"
        settings = Settings(database_url=url)
        database = at(url)
        unit = installed.unit(database, None, installed.copies(settings, database))
        assert f"Environment=FADJMA_DATABASE_URL={url.replace('%', '%%')}\n" in unit
        assert database.address == url == at(url.replace("&sslroot", "&password=baobab77&sslroot")).address

    @pytest.mark.parametrize(
        ("typed_by", "owner", "user", "remains"),
        [("awa", "awa", "awa", False), ("root", "clinique", "clinique", False), ("root", "root", "fadjma", True)],
        ids=["the service itself", "root in the folder of the service", "root in a folder of its own"],
    )
    def test_who_serves_has_what_was_set_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed_by: str, owner: str, user: str, remains: bool
    ) -> None:
        monkeypatch.setattr("getpass.getuser", lambda: typed_by)
        monkeypatch.setattr(Path, "owner", lambda folder: owner)
        database = at(f"sqlite:///{tmp_path / 'fadjma.db'}")
        copies = installed.copies(Settings(), database)
        assert f"\nUser={user}\n" in installed.unit(database, None, copies)
        said = [step for step in installed.what_remains(setup.Known(1, 1, 1, 1), copies) if "chown" in step]
        assert [str(tmp_path) in step and "adduser" in step for step in said] == [True] * remains

    def test_a_folder_that_is_not_there_or_cannot_be_made_remains_to_be_done(self, tmp_path: Path) -> None:
        database = at(f"sqlite:///{tmp_path / 'fadjma.db'}")
        (tmp_path / "backups").touch()
        for folder in (tmp_path / "absent", None):
            copies = installed.copies(Settings(backup_folder=folder), database)
            copies.make_folder()
            folder = folder or tmp_path / "backups"
            assert not folder.is_dir()
            assert str(folder) in installed.what_remains(setup.Known(1, 1, 1, 1), copies)[0]


def test_a_file_that_is_called_setup_is_no_set_up(folder: Folder) -> None:
    done = folder.run("-m", "quart", "backup", "setup")
    assert done.returncode and "FADJMA_SECRET_KEY n'est pas donné" in done.stderr


def test_a_database_is_copied_by_its_address_where_there_is_no_key(folder: Folder) -> None:
    """docs/scaling.md: both are named, and the key goes along as a file."""
    done = folder.run(
        "-m", "quart", "copy-database", f"sqlite:///{folder.path}/absent.db", f"sqlite:///{folder.path}/b"
    )
    assert done.returncode == 1 and "absent.db n'existe pas" in done.stderr, done.stderr


def test_a_misspelt_setting_is_said_also_where_the_start_is_refused_for_it(folder: Folder) -> None:
    done = folder.run("app.py", FADJMA_SECRET_FIL="elsewhere")
    assert done.returncode == 1
    first, second, *_ = done.stderr.splitlines()
    assert "FADJMA_SECRET_FIL n'est pas un réglage" in first and "FADJMA_SECRET_FILE ?" in first
    assert "FADJMA_SECRET_KEY n'est pas donné" in second


async def test_an_empty_database_that_is_served_says_how_to_begin(tmp_path: Path) -> None:
    (tmp_path / "fadjma.db").write_bytes(empty_database())
    app = create_app(Settings(secret_key="k" * 40, database_url=f"sqlite:///{tmp_path / 'fadjma.db'}"))
    await app.extensions["database"].open()
    page = await (await app.test_client().get("/sign-in")).get_data(as_text=True)
    assert "quart setup" in page and 'name="login"' not in page
    assert "Lieux" in await (await app.test_client().get("/register/practitioner")).get_data(as_text=True)
    await app.extensions["database"].close()


class TestTheDemoOfSeveralProcesses:
    """Of those that start together on an empty database one fills it, which takes longer than a lock is waited for."""

    async def _begun(self, path: Path, *troubles: Unavailable | None) -> list[str]:
        """Who is known when the app has begun; whoever is first while this one waits for its turn is Binta Fall."""
        app = create_app(Settings(demo=True, database_url=f"sqlite:///{path}"))
        database = app.extensions["database"]
        write, left = database.write, [*troubles]

        async def in_turn(work: Any, *args: Any, **said: Any) -> Any:
            if work is application._fill_when_empty and left:
                trouble = left.pop(0)
                if trouble:
                    raise trouble
                await write(_be_first)
            return await write(work, *args, **said)

        database.write = in_turn
        try:
            await app.extensions["running"].open()
            return await database.read(lambda tx: [row["given_name"] for row in tx.all("SELECT given_name FROM users")])
        finally:
            await app.extensions["running"].close()

    async def test_the_others_wait_and_find_it(self, tmp_path: Path) -> None:
        (tmp_path / "fadjma.db").write_bytes(empty_database())
        locked = Unavailable("locked")
        assert await self._begun(tmp_path / "fadjma.db", locked, locked, None) == ["Binta"]

    async def test_but_not_for_what_does_not_pass(self, tmp_path: Path) -> None:
        (tmp_path / "fadjma.db").write_bytes(empty_database())
        with pytest.raises(Unusable):
            await self._begun(tmp_path / "fadjma.db", Unavailable("full"))

    async def test_nor_for_ever(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(application, "_FILLING_SECONDS", 0)
        (tmp_path / "fadjma.db").write_bytes(empty_database())
        with pytest.raises(Unusable):
            await self._begun(tmp_path / "fadjma.db", Unavailable("locked"), Unavailable("locked"))


def _be_first(tx: Transaction) -> None:
    names = {"given_name": "Binta", "family_name": "Fall", "email": "binta.fall@clinique.sn"}
    actions.create_admin(tx, NewPerson(**names, phone=None, password_hash="none"))


TYPED = {
    **{"given_name": "Aminata", "family_name": "Ba", "email": "aminata.ba@clinique.sn", "password": PASSWORD},
    **{"clinic_name": "Clinique Teranga", "clinic_address": "avenue Caen", "clinic_city": "Thiès"},
    **{"clinic_phone": "33 951 12 34", "medicines": "starter"},
}


class TestTheFirstPage:
    """Of an empty database that is served: the same steps, behind an address that only the log says."""

    @pytest.fixture
    async def app(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Quart]:
        (tmp_path / "fadjma.secret").write_text("s" * 48)
        (tmp_path / "fadjma.db").write_bytes(empty_database())
        url = f"sqlite:///{tmp_path / 'fadjma.db'}"
        settings = Settings(secret_key="s" * 48, database_url=url, secret_file=tmp_path / "fadjma.secret", port=8123)
        app = create_app(settings)
        await app.extensions["running"].open()
        yield app
        await app.extensions["running"].close()

    @pytest.fixture
    def address(self, app: Quart, caplog: pytest.LogCaptureFixture) -> str:
        """As the log says it, on this machine."""
        found = re.search(r"http://127\.0\.0\.1:8123(/first/[\w-]{32})", caplog.text)
        assert found
        return found[1]

    async def _post(self, app: Quart, address: str, typed: dict[str, str], **headers: str) -> tuple[int, str]:
        answer = await app.test_client().post(address, form=typed, headers={"Sec-Fetch-Site": "same-origin", **headers})
        return answer.status_code, html.unescape(await answer.get_data(as_text=True))

    async def test_it_makes_what_a_clinic_needs_and_is_gone(self, app: Quart, address: str) -> None:
        page = await (await app.test_client().get(address)).get_data(as_text=True)
        assert 'name="clinic_name"' in page
        status, page = await self._post(app, address, TYPED)
        assert status == 201
        for said in ("FICHE DE SECOURS", "ExecStart=", "aminata.ba@clinique.sn", "fadjma.secret"):
            assert said in page
        assert "s" * 48 not in page and PASSWORD not in page
        assert (app.extensions["database"].path.parent / "backups").is_dir(), "the unit names it"
        assert (await app.test_client().get(address)).status_code == 404
        assert (await self._post(app, address, TYPED))[0] == 404
        signed_in = {"login": "aminata.ba@clinique.sn", "password": PASSWORD}
        assert (await self._post(app, "/sign-in", signed_in))[0] == 303

    async def test_of_a_database_in_postgresql_it_says_how_that_is_copied_and_never_its_password(
        self, cluster: "Cluster", migrated: str, tmp_path: Path
    ) -> None:
        url = cluster.url(cluster.create(template=migrated))
        app = create_app(
            Settings(
                secret_key="s" * 48,
                database_url=url.replace("fadjma@", "fadjma:baobab77@"),
                seal_key_file=tmp_path / "fadjma.seal",
                papers=tmp_path / "papers",
            )
        )
        await app.extensions["running"].open()
        try:
            status, page = await self._post(app, app.extensions["first_page"], TYPED)
        finally:
            await app.extensions["running"].close()
        assert status == 201 and "baobab77" not in page
        for said in (
            f"Base de données      {url}\n",
            f"Clé des sceaux       {tmp_path / 'fadjma.seal'}\n",
            f"Documents            {tmp_path / 'papers'}\n",
            f"--file=fadjma.dump \\\n{25 * ' '}--dbname='{url}'\n",
            "EnvironmentFile=/etc/fadjma.env\n",
            "écrire FADJMA_DATABASE_URL, qui contient un mot de passe, dans /etc/fadjma.env",
            "After=network.target time-sync.target postgresql.service\n",
        ):
            assert said in page, page
        assert "FADJMA_DATABASE_URL=" not in page and "FADJMA_BACKUP" not in page and "quart restore" not in page

    async def test_several_processes_say_one_address_of_one_file_each_start_says_another(self, app: Quart) -> None:
        other = create_app(Settings(secret_key="s" * 48))
        stranger = create_app(Settings(secret_key="t" * 48))
        said = first_page.open_at(app, shared=True)
        assert first_page.open_at(other, shared=True) == said != first_page.open_at(stranger, shared=True)
        assert first_page.open_at(app, shared=False) != first_page.open_at(app, shared=False)
        assert re.fullmatch(r"/first/[\w-]{32}", said)

    async def test_any_other_address_is_none(self, app: Quart, address: str) -> None:
        for other in ("/first", "/first/", address[:-1], address + "x", address.upper(), "/first/" + "x" * 32):
            assert (await app.test_client().get(other)).status_code == 404
            assert (await self._post(app, other, TYPED))[0] == 404

    async def test_what_cannot_be_taken_comes_back_and_nothing_is_made(self, app: Quart, address: str) -> None:
        typed = {**TYPED, "email": "", "phone": "771234567", "password": "azerty", "pharmacy_name": "Jamm"}
        status, page = await self._post(app, address, {**typed, "clinic_phone": "12"})
        assert status == 422
        for field in ("email", "password", "clinic_phone", "pharmacy_address"):
            assert f'id="{field}-e"' in page, field
        assert 'value="Clinique Teranga"' in page
        assert not await app.extensions["database"].read(directory.is_anybody_known)

    async def test_of_two_at_once_one_is_first(self, app: Quart, address: str) -> None:
        two = [self._post(app, address, {**TYPED, "email": f"{name}@x.sn"}) for name in ("un", "deux")]
        assert sorted(status for status, _ in await asyncio.gather(*two)) == [201, 404]
        count = "SELECT count(*) FROM users"
        assert await app.extensions["database"].read(lambda tx: tx.value(count)) == 1

    async def test_another_site_does_not_fill_it_in(self, app: Quart, address: str) -> None:
        assert (await self._post(app, address, TYPED, **{"Sec-Fetch-Site": "cross-site"}))[0] == 403

    async def test_a_program_may_too(self, app: Quart, address: str) -> None:
        status, body = await self._post(app, address, {**TYPED, "medicines": "none"}, Accept="application/json")
        assert (status, json.loads(body)["login"]) == (201, "aminata.ba@clinique.sn")

    async def test_once_somebody_is_known_there_is_none(self, app: Quart, address: str, tmp_path: Path) -> None:
        assert (await self._post(app, address, TYPED))[0] == 201
        again = create_app(Settings(secret_key="s" * 48, database_url=f"sqlite:///{tmp_path / 'fadjma.db'}"))
        await again.extensions["running"].open()
        assert again.extensions["first_page"] is None
        await again.extensions["running"].close()


_STARTER = ROOT / "fadjma" / "inventory" / "starter.csv"


class TestTheStarterList:
    def test_it_says_where_it_comes_from_and_when_and_so_does_its_page(self) -> None:
        remark = _STARTER.read_text("utf-8").splitlines()[0]
        page = (ROOT / "templates" / "inventory" / "formulary.html").read_text("utf-8")
        for said in (
            "novembre 2026",
            "de mémoire",
            "l'OMS",
            "2023",
            "la liste nationale du Sénégal",
            "aucune des deux",
        ):
            assert said in remark and said in page

    def test_every_line_is_good_and_has_an_atc_code(self) -> None:
        lines = setup.check_medicines(setup.STARTER)
        assert len(lines) >= 150
        assert all(re.fullmatch(r"[A-Z]\d\d[A-Z]{2}(\d\d)?", line["atc"]) for line in lines)
        schedules = {line["dci"]: line["schedule"] for line in lines}
        assert (schedules["morphine"], schedules["paracétamol"], schedules["amoxicilline"]) == (
            "narcotic",
            "none",
            "list_1",
        )


def test_who_would_make_the_administrator_again_that_has_forgotten_the_password_is_told_how(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'fadjma.db'}", secret_key="k" * 40)
    said = ["--email=a@clinique.sn", "--given-name=Awa", "--family-name=Ba", "--password=trois-chats-rouges-77"]
    made, again = (CliRunner().invoke(create_app(settings).cli.commands["create-admin"], said) for _ in range(2))
    assert (made.exit_code, again.exit_code) == (0, 1)
    assert "avec une autre adresse" in again.output
