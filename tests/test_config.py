"""Settings: a bad value stops the start with a message that says what to do."""

import re
from pathlib import Path

import pytest

from fadjma.config import NAMES, Settings, SettingsError, unknown

KEY = "k" * 40


def _settings(**environment: str) -> Settings:
    return Settings.from_environment({"FADJMA_SECRET_KEY": KEY, **environment})


def test_without_any_setting_but_the_key_it_serves_this_machine_alone() -> None:
    settings = _settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database_url == "sqlite:///fadjma.db"
    assert (settings.demo, settings.metrics_token, settings.cors_origins) == (False, None, frozenset())


def test_every_setting_can_be_set() -> None:
    settings = _settings(
        FADJMA_HOST="0.0.0.0",
        FADJMA_PORT="0",
        FADJMA_DATABASE_URL="sqlite:////var/lib/fadjma/fadjma.db",
        FADJMA_METRICS_TOKEN="token",
        FADJMA_CORS_ORIGINS="https://a.sn, http://localhost:3000/ ,",
        FADJMA_TRUSTED_PROXIES="10.0.0.1",
        FADJMA_WAL_LIMIT="64",
    )
    assert settings.wal_limit == 64 * 1024 * 1024
    assert (settings.host, settings.port) == ("0.0.0.0", 0)
    assert settings.database_url == "sqlite:////var/lib/fadjma/fadjma.db"
    assert settings.metrics_token == "token"
    assert settings.cors_origins == {"https://a.sn", "http://localhost:3000"}
    assert settings.trusted_proxies == "10.0.0.1"


def test_what_people_do_is_bounded_unless_it_is_said_otherwise() -> None:
    assert _settings().acts_per_hour == 10_000
    assert _settings(FADJMA_ACTS_PER_HOUR="0").acts_per_hour == 0


@pytest.mark.parametrize("acts", ["", "-1", "59", "many", "1e9", "²"])
def test_a_bound_that_nobody_could_work_with_stops_the_start(acts: str) -> None:
    with pytest.raises(SettingsError, match=r"^FADJMA_ACTS_PER_HOUR vaut "):
        _settings(FADJMA_ACTS_PER_HOUR=acts)


@pytest.mark.parametrize("minutes", ["", "0", "721", "a quarter", "1.5"])
def test_a_lock_that_comes_at_once_or_never_stops_the_start(minutes: str) -> None:
    assert _settings(FADJMA_LOCK_MINUTES="5").fixed == {"lock_minutes": 5}
    with pytest.raises(SettingsError, match=r"^FADJMA_LOCK_MINUTES vaut "):
        _settings(FADJMA_LOCK_MINUTES=minutes)


def test_the_clinic_is_in_senegal_unless_it_is_elsewhere() -> None:
    assert _settings().fixed == {}, "what an admin has chosen counts, and Africa/Dakar until then"
    assert _settings(FADJMA_TIME_ZONE="Africa/Libreville").fixed == {"time_zone": "Africa/Libreville"}


@pytest.mark.parametrize("zone", ["", "Dakar", "Africa", "../etc/passwd", "/etc/localtime", "UTC+1", "Africa/Dakar\0"])
def test_a_zone_that_does_not_exist_stops_the_start(zone: str) -> None:
    with pytest.raises(SettingsError, match=r"^FADJMA_TIME_ZONE vaut .*Africa/Dakar"):
        _settings(FADJMA_TIME_ZONE=zone)


def test_without_a_key_it_does_not_start_and_says_how_to_make_one() -> None:
    with pytest.raises(SettingsError, match=r"FADJMA_SECRET_KEY.*\n(.*\n)*.*token_urlsafe"):
        Settings.from_environment({})


def test_the_key_is_read_from_its_file_beside_the_database_or_where_it_is_said(tmp_path: Path) -> None:
    beside, elsewhere = tmp_path / "clinic.secret", tmp_path / "key"
    for file in (beside, elsewhere):
        file.write_text(f"{file.name:k<40}\n")
        file.chmod(0o600)
    where = {"FADJMA_DATABASE_URL": f"sqlite:///{tmp_path}/clinic.db"}
    assert Settings.from_environment(where).secret_key == f"{beside.name:k<40}"
    assert (
        Settings.from_environment(where | {"FADJMA_SECRET_FILE": str(elsewhere)}).secret_key == f"{elsewhere.name:k<40}"
    )
    assert Settings.from_environment(where | {"FADJMA_SECRET_KEY": KEY}).secret_key == KEY
    assert Settings.from_environment(where, setting_up=True).secret_key is None


@pytest.mark.parametrize(("text", "mode", "said"), [("k" * 40, 0o644, "chmod 600"), ("short", 0o600, "5 caractères")])
def test_a_file_that_others_read_or_that_holds_too_little_stops_the_start(
    tmp_path: Path, text: str, mode: int, said: str
) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(SettingsError, match=said):
        Settings.from_environment({"FADJMA_SECRET_FILE": str(file)})


def test_the_demo_needs_no_key_and_takes_one() -> None:
    assert Settings.from_environment({"FADJMA_DEMO": "1"}).secret_key is None
    assert _settings(FADJMA_DEMO="1").secret_key == KEY


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.4", "fadjma.local"])
def test_the_demo_is_for_this_machine_alone(host: str) -> None:
    with pytest.raises(SettingsError, match="FADJMA_HOST"):
        _settings(FADJMA_DEMO="1", FADJMA_HOST=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "localhost", "::1"])
def test_by_any_of_its_names(host: str) -> None:
    assert _settings(FADJMA_DEMO="1", FADJMA_HOST=host).host == host


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FADJMA_SECRET_KEY", "short"),
        ("FADJMA_SECRET_KEY", "k" * 31),
        ("FADJMA_DEMO", "yes"),
        ("FADJMA_DEMO", "true"),
        ("FADJMA_PORT", ""),
        ("FADJMA_PORT", "http"),
        ("FADJMA_PORT", "-1"),
        ("FADJMA_PORT", "65536"),
        ("FADJMA_PORT", "80.5"),
        ("FADJMA_DATABASE_URL", "postgresql://localhost/"),
        ("FADJMA_DATABASE_URL", "postgresql://localhost:port/fadjma"),
        ("FADJMA_DATABASE_URL", "postgres://localhost/fadjma"),
        ("FADJMA_DATABASE_URL", "fadjma.db"),
        ("FADJMA_DATABASE_URL", "sqlite:///"),
        ("FADJMA_DATABASE_URL", "sqlite://"),
        ("FADJMA_DATABASE_URL", "sqlite:///:memory:"),
        ("FADJMA_CORS_ORIGINS", "*"),
        ("FADJMA_CORS_ORIGINS", "a.sn"),
        ("FADJMA_CORS_ORIGINS", "https://a.sn,javascript:x"),
        ("FADJMA_CORS_ORIGINS", "https://a.sn https://b.sn"),
        ("FADJMA_CORS_ORIGINS", "https://a.sn/page"),
        ("FADJMA_CORS_ORIGINS", "https://A.sn"),
        ("FADJMA_HOST", ""),
        ("FADJMA_HOST", " "),
        ("FADJMA_TRUSTED_PROXIES", "localhost"),
        ("FADJMA_TRUSTED_PROXIES", "127.0.0.1 10.0.0.1"),
        ("FADJMA_TRUSTED_PROXIES", "127.0.0.1,10.0.0.1/8"),
        ("FADJMA_TRUSTED_PROXIES", "127.0.0.1:80"),
        ("FADJMA_TRUSTED_PROXIES", "127.0.0.1,*"),
    ],
)
def test_a_bad_value_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        _settings(**{name: value})


@pytest.mark.parametrize("value", ["", "*", "127.0.0.1, ::1,", "10.0.0.0/8,fd00::/8"])
def test_proxies_are_addresses_or_networks(value: str) -> None:
    assert _settings(FADJMA_TRUSTED_PROXIES=value).trusted_proxies == value


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("FADJMA_BACKUP_FOLDR", "FADJMA_BACKUP_FOLDER"),
        ("FADJMA_BACKUPS_FOLDER", "FADJMA_BACKUP_FOLDER"),
        ("FADJMA_TIMEZONE", "FADJMA_TIME_ZONE"),
        ("FADJMA_TRUSTED_PROXY", "FADJMA_TRUSTED_PROXIES"),
        ("FADJMA_DATABASE", "FADJMA_DATABASE_URL"),
        ("fadjma_port", "FADJMA_PORT"),
        ("FAJDMA_TRUSTED_PROXIES", "FADJMA_TRUSTED_PROXIES"),
        ("FADJMA_COLOUR", ""),
    ],
)
def test_a_misspelt_name_is_said_with_what_was_meant_and_stops_nothing(typed: str, meant: str) -> None:
    _settings(**{typed: "Jamm2026"})
    [said] = unknown({typed: "Jamm2026", "FADJMA_SECRET_KEY": KEY})
    assert said.startswith(f"{typed} n'est pas un réglage")
    assert "Jamm2026" not in said, "it may be a key"
    assert said.partition("Vouliez-vous dire ")[2] == (f"{meant} ?" if meant else "")


def test_what_is_nobodys_of_ours_is_not_said() -> None:
    environment = {"PATH": "/bin", "PORT": "80", "DATABASE_URL": "x", "SECRET_KEY": "y", "HOME": "/"}
    assert list(unknown(environment)) == []


def test_every_name_that_is_read_is_known_and_no_other() -> None:
    asked = set()

    class Asked(dict[str, str]):
        def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
            asked.add(name)
            return super().get(name, default)

        def __contains__(self, name: object) -> bool:
            asked.add(str(name))
            return super().__contains__(name)

    Settings.from_environment(Asked(FADJMA_SECRET_KEY=KEY))
    assert asked == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_bad_value_is_answered_with_is_french(name: str) -> None:
    """As everything is that asks whoever runs it to do something (docs/translating.md)."""
    try:
        _settings(**{name: "x y"})
    except SettingsError as error:
        said = str(error)
        assert not re.search(r"\b(is|must|the|be|has|or|and)\b", said), said


def test_a_bad_key_is_not_repeated_in_the_message() -> None:
    with pytest.raises(SettingsError) as error:
        _settings(FADJMA_SECRET_KEY="my-short-secret")
    assert "my-short-secret" not in str(error.value)


def test_a_databases_address_may_name_a_standby_too() -> None:
    address = "postgresql://fadjma@one.sn:5432,two.sn:5433/fadjma?target_session_attrs=read-write"
    assert _settings(FADJMA_DATABASE_URL=address).database_url == address


@pytest.mark.parametrize(
    "address",
    [
        "postgres://fadjma:Jamm2026@host/fadjma",
        "fadjma:Jamm2026@host/fadjma",
        "postgresql+psycopg://fadjma:Jamm2026@host/fadjma",
        "postgresql://fadjma:a%Jamm2026@host/fadjma",
        "postgresql://fadjma:a@Jamm2026@host/fadjma",
        "postgresql://fadjma:a Jamm2026@host/fadjma",
        "postgresql://fadjma:a/Jamm2026@host/fadjma",
        "postgresql://host/fadjma?pasword=Jamm2026",
        "postgresql://fadjma:Jamm2026@one:port,two/fadjma?pasword=x",
    ],
)
def test_a_databases_password_is_not_repeated_in_the_message(address: str) -> None:
    with pytest.raises(SettingsError, match="FADJMA_DATABASE_URL") as error:
        _settings(FADJMA_DATABASE_URL=address)
    assert "Jamm2026" not in str(error.value)


@pytest.mark.parametrize("value", ["-1", "8 MB", "1.5", "٨", "9" * 9])
def test_a_limit_of_the_log_is_a_whole_number_of_megabytes(value: str) -> None:
    with pytest.raises(SettingsError, match="FADJMA_WAL_LIMIT"):
        _settings(FADJMA_WAL_LIMIT=value)


def test_the_log_is_left_to_another_program_only_where_that_is_said() -> None:
    assert _settings().wal_limit > 0
    assert _settings(FADJMA_WAL_LIMIT="0").wal_limit == 0


def test_backups_are_made_where_and_as_often_as_it_is_said(tmp_path: Path) -> None:
    assert (_settings().backup_folder, _settings().backup_every, _settings().backup_keep) == (None, 6, 28)
    key = tmp_path / "key"
    key.write_text("b" * 40 + "\n")
    key.chmod(0o600)
    told = _settings(
        FADJMA_BACKUP_FOLDER="/backup", FADJMA_BACKUP_EVERY="1", FADJMA_BACKUP_KEEP="9", FADJMA_BACKUP_KEY_FILE=str(key)
    )
    assert (told.backup_folder, told.backup_every, told.backup_keep) == (Path("/backup"), 1, 9)
    assert told.backup_key == "b" * 40


@pytest.mark.parametrize("name", ["FADJMA_BACKUP_EVERY", "FADJMA_BACKUP_KEEP"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "often", "10000"])
def test_a_schedule_that_is_none_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} vaut "):
        _settings(**{name: value})


@pytest.mark.parametrize(("key", "mode", "said"), [("short", 0o600, "32 au moins"), ("b" * 40, 0o644, "chmod 600")])
def test_a_key_of_backups_that_is_none_is_refused(tmp_path: Path, key: str, mode: int, said: str) -> None:
    (tmp_path / "key").write_text(key)
    (tmp_path / "key").chmod(mode)
    with pytest.raises(SettingsError, match=said):
        _settings(FADJMA_BACKUP_KEY_FILE=str(tmp_path / "key"))
    with pytest.raises(SettingsError, match=r"absent.* n'existe pas"):
        _settings(FADJMA_BACKUP_KEY_FILE=str(tmp_path / "absent"))


@pytest.mark.parametrize("name", ["FADJMA_SECRET_FILE", "FADJMA_BACKUP_KEY_FILE"])
class TestAFileOfAKeyIsNamedWithWhatIsWrongWithIt:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "key"
        file.touch(0o600)
        return file

    def _refused(self, name: str, file: Path, said: str) -> None:
        key = {} if name == "FADJMA_SECRET_FILE" else {"FADJMA_SECRET_KEY": "k" * 40}
        with pytest.raises(SettingsError, match=said) as refusal:
            Settings.from_environment({name: str(file), **key})
        assert str(file) in str(refusal.value)

    def test_that_it_is_empty(self, name: str, file: Path) -> None:
        """As a disk leaves it from which the power was taken: it is no file that is not there."""
        self._refused(name, file, "est vide : remettez-le depuis sa copie")

    def test_that_it_is_short(self, name: str, file: Path) -> None:
        file.write_text("short")
        self._refused(name, file, "contient 5 caractères")

    def test_that_it_is_a_folder(self, name: str, tmp_path: Path) -> None:
        self._refused(name, tmp_path, "est un dossier")


@pytest.mark.parametrize("origin", ["https://a.sn:8443", "http://192.168.1.10", "http://[fd00::1]:3000"])
def test_an_origin_is_as_browsers_write_it(origin: str) -> None:
    assert _settings(FADJMA_CORS_ORIGINS=origin).cors_origins == {origin}
