"""Settings, from FADJMA_* environment variables. A bad value stops the start with a message that says what to do.

A name that is none is said, and stops nothing: another version may know it.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fadjma.store import WAL_LIMIT, engines

_LEAST_KEY = 32  # characters
_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")  # as browsers write it
_POSTGRESQL = "postgresql://"
NAMES = (
    "FADJMA_ACTS_PER_HOUR",
    "FADJMA_BACKUP_EVERY",
    "FADJMA_BACKUP_FOLDER",
    "FADJMA_BACKUP_KEEP",
    "FADJMA_BACKUP_KEY_FILE",
    "FADJMA_CORS_ORIGINS",
    "FADJMA_DATABASE_URL",
    "FADJMA_DEMO",
    "FADJMA_HOST",
    "FADJMA_LOCK_MINUTES",
    "FADJMA_METRICS_TOKEN",
    "FADJMA_PAPERS",
    "FADJMA_PORT",
    "FADJMA_PUBLIC_URL",
    "FADJMA_SEAL_KEY_FILE",
    "FADJMA_SECRET_FILE",
    "FADJMA_SECRET_KEY",
    "FADJMA_TIME_ZONE",
    "FADJMA_TRUSTED_PROXIES",
    "FADJMA_WAL_LIMIT",
)
_PREFIX = "FADJMA_"
_LIKE = 0.6  # how much what follows the prefix must resemble one of these, to be what was meant
_MISSPELT = 0.85  # how much a whole name must, that does not begin so


class SettingsError(Exception):
    """A setting is missing or wrong; the message is for the person who starts the program."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set from outside; README.md explains each."""

    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = "sqlite:///fadjma.db"
    secret_key: str | None = None  # None only in demo mode: then one is made and kept in the database
    papers: Path | None = None  # the folder of papers and pictures; None: beside the database, under its name
    secret_file: Path = Path("fadjma.secret")  # where it is read where it is not set; `quart setup` makes it
    seal_key_file: Path | None = None  # of the key that signs the chains; None: beside the database, under its name
    demo: bool = False
    wal_limit: int = WAL_LIMIT  # bytes; 0: another program shortens it
    trusted_proxies: str = ""  # addresses whose X-Forwarded-* headers are believed, separated by commas
    public_url: str | None = None  # how FADJMA is reached from outside of the clinic; None: as each request came
    metrics_token: str | None = None
    cors_origins: frozenset[str] = frozenset()
    acts_per_hour: int = 10_000  # of one person; 0: no bound
    fixed: Mapping[str, Any] = field(default_factory=dict)  # rules of the clinic that an admin does not choose then
    backup_folder: Path | None = None  # None: no copies are made on a schedule
    backup_every: int = 6  # hours
    backup_keep: int = 28  # copies
    backup_key: str | None = None  # with which copies are sealed
    backup_key_file: Path | None = None  # where it was read

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, *, setting_up: bool = False) -> "Settings":
        """Read the settings; raises SettingsError. `setting_up`: there need be no secret key yet."""
        demo = _flag(environment, "FADJMA_DEMO")
        database_url = _database_url(environment.get("FADJMA_DATABASE_URL", cls.database_url))
        secret_file = Path(environment.get("FADJMA_SECRET_FILE") or _beside(database_url, ".secret"))
        if database_url.startswith(_POSTGRESQL) and environment.get("FADJMA_BACKUP_FOLDER"):
            raise SettingsError(
                "FADJMA_BACKUP_FOLDER est pour une base qui est un fichier : celle de PostgreSQL se copie par ses "
                "propres outils (docs/scaling.md)."
            )
        return cls(
            host=_host(environment.get("FADJMA_HOST", cls.host), demo=demo),
            port=_port(environment.get("FADJMA_PORT", str(cls.port))),
            database_url=database_url,
            secret_key=_secret_key(
                environment.get("FADJMA_SECRET_KEY", ""), secret_file, needed=not (demo or setting_up)
            ),
            secret_file=secret_file,
            papers=Path(folder) if (folder := environment.get("FADJMA_PAPERS")) else None,
            seal_key_file=Path(file) if (file := environment.get("FADJMA_SEAL_KEY_FILE")) else None,
            demo=demo,
            wal_limit=_megabytes(environment, "FADJMA_WAL_LIMIT", cls.wal_limit),
            trusted_proxies=_proxies(environment.get("FADJMA_TRUSTED_PROXIES", "")),
            public_url=_public_url(environment.get("FADJMA_PUBLIC_URL", "")),
            metrics_token=environment.get("FADJMA_METRICS_TOKEN") or None,
            cors_origins=_origins(environment.get("FADJMA_CORS_ORIGINS", "")),
            acts_per_hour=_acts(environment.get("FADJMA_ACTS_PER_HOUR", str(cls.acts_per_hour))),
            fixed=_fixed(environment),
            backup_folder=Path(folder) if (folder := environment.get("FADJMA_BACKUP_FOLDER")) else None,
            backup_every=_from_one("FADJMA_BACKUP_EVERY", environment.get("FADJMA_BACKUP_EVERY"), cls.backup_every),
            backup_keep=_from_one("FADJMA_BACKUP_KEEP", environment.get("FADJMA_BACKUP_KEEP"), cls.backup_keep),
            backup_key=_backup_key(environment.get("FADJMA_BACKUP_KEY_FILE", "")),
            backup_key_file=Path(file) if (file := environment.get("FADJMA_BACKUP_KEY_FILE")) else None,
        )

    @property
    def papers_folder(self) -> Path:
        """Where papers and pictures are kept."""
        return self.papers or Path(_beside(self.database_url, ".papers"))

    @property
    def seal_key(self) -> Path:
        """Where the key is that signs the chains."""
        return self.seal_key_file or Path(_beside(self.database_url, ".seal"))


def unknown(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """A sentence on each name that was meant for us and is none of ours. Its value is not repeated: it may be a key."""
    for name in sorted(set(environment).difference(NAMES)):
        said = name.upper()
        begins = said.startswith(_PREFIX)
        if begins:
            rests = [known.removeprefix(_PREFIX) for known in NAMES]
            meant = [_PREFIX + rest for rest in get_close_matches(said.removeprefix(_PREFIX), rests, 1, _LIKE)]
        else:
            meant = get_close_matches(said, NAMES, 1, _MISSPELT)
        if begins or meant:
            hint = f" Vouliez-vous dire {meant[0]} ?" if meant else ""
            yield f"{name} n'est pas un réglage de FADJMA, et ne change rien.{hint}"


def _flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "0")
    if value not in ("", "0", "1"):
        raise SettingsError(f"{name} vaut {value!r} : il faut 0 ou 1.")
    return value == "1"


def _host(value: str, *, demo: bool) -> str:
    """The demo's passwords are public: it is for this machine alone. An empty one would be every address."""
    if not value.strip():
        raise SettingsError("FADJMA_HOST est vide : il faut une adresse de cette machine, 127.0.0.1 derrière un proxy.")
    if demo and value not in ("localhost", "::1") and not value.startswith("127."):
        raise SettingsError(
            f"FADJMA_HOST vaut {value!r} avec FADJMA_DEMO=1 : les mots de passe de la démonstration sont publics, et "
            "quiconque atteint cette adresse entrerait. Laissez FADJMA_HOST à 127.0.0.1 ; une vraie clinique se sert "
            "sans FADJMA_DEMO."
        )
    return value


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 <= int(value) <= 65535:
        raise SettingsError(
            f"FADJMA_PORT vaut {value!r} : il faut un nombre de 0 à 65535 (0 : un port libre, n'importe lequel)."
        )
    return int(value)


def _megabytes(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) < 7):
        raise SettingsError(
            f"{name} vaut {value!r} : il faut un nombre entier de mégaoctets, ou 0 pour laisser faire Litestream."
        )
    return int(value) * 1024 * 1024


def _database_url(value: str) -> str:
    if value.startswith(_POSTGRESQL):
        return _postgresql_url(value)
    if not value.startswith("sqlite:///") or value in ("sqlite:///", "sqlite:///:memory:"):
        is_file = value.startswith("sqlite:") or not any(sign in value for sign in ("://", "@"))
        said = f" vaut {value!r}" if is_file else ""  # else there may be a password in it
        raise SettingsError(
            f"FADJMA_DATABASE_URL{said} : il faut sqlite:///fichier.db, sqlite:////chemin/entier.db "
            "ou postgresql://utilisateur@machine/base."
        )
    return value


def _postgresql_url(value: str) -> str:
    """Its password does not stand in what is said of it, nor does what the driver would say of one it cannot read."""
    try:
        parts = urlsplit(value)
        named = unquote(parts.path.removeprefix("/"))
        if "," not in parts.netloc:  # else those are several, a standby beside it
            parts.port  # noqa: B018 - raises when it is none
        is_clear = parts.netloc.count("@") < 2  # else the rest of the password is the name of a host
    except ValueError:
        named, is_clear = "", True
    if not named or "/" in named:
        raise SettingsError("FADJMA_DATABASE_URL ne nomme aucune base : il faut postgresql://utilisateur@machine/base.")
    if find_spec("psycopg") is None:
        raise SettingsError(
            "FADJMA_DATABASE_URL mène à PostgreSQL, pour lequel il manque psycopg. Installez-le, et relancez :\n"
            "    .venv/bin/pip install --require-hashes -r requirements-postgresql.txt"
        )
    if not is_clear or not engines.is_read(value):
        raise SettingsError(
            "FADJMA_DATABASE_URL n'est pas comme PostgreSQL le lit : dans un mot de passe, ce qui n'est ni lettre ni "
            "chiffre s'écrit comme %40 pour @ ; après le nom ne viennent que des paramètres qu'il connaît."
        )
    return value


def _beside(database_url: str, suffix: str) -> str:
    """Where secret, papers and the key that signs are unless it is said: beside the database, under its name."""
    if database_url.startswith(_POSTGRESQL):  # no file of this machine: where the program is started
        return unquote(urlsplit(database_url).path.removeprefix("/")) + suffix
    return str(Path(database_url.removeprefix("sqlite:///")).with_suffix(suffix))


def _secret_key(value: str, file: Path, *, needed: bool) -> str | None:
    if not value and needed and file.exists():
        return read_secret(file)
    if not value and not needed:
        return None
    if not value:
        raise SettingsError(
            f"FADJMA_SECRET_KEY n'est pas donné, et {file} n'existe pas : FADJMA ne démarre pas sans clé secrète.\n"
            "Pour une nouvelle clinique, l'installation la fait, avec la base et le premier administrateur :\n"
            "    .venv/bin/quart setup\n"
            "Ou faites-en une, gardez-la, et relancez avec elle dans l'environnement :\n"
            '    python3 -c "import secrets; print(secrets.token_urlsafe(48))"\n'
            "Pour essayer FADJMA avec des gens inventés : FADJMA_DEMO=1."
        )
    if len(value) < _LEAST_KEY:
        raise SettingsError(f"FADJMA_SECRET_KEY a {len(value)} caractères : il en faut 32 au moins, tirés au hasard.")
    return value


def read_secret(file: Path, meant: str = "") -> str:
    """The key that the file holds, which nobody but its owner may read; `meant`: the setting that names it. Raises
    SettingsError."""
    key = _kept(file)
    if not key:
        raise SettingsError(f"{file}, qui devrait contenir une clé secrète, est vide : remettez-le depuis sa copie.")
    if len(key) < _LEAST_KEY:
        named = f" ({meant})" if meant else ""
        raise SettingsError(f"{file}{named} contient {len(key)} caractères : il en faut 32 au moins, tirés au hasard.")
    return key


def _kept(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise SettingsError(f"{file}, qui devrait contenir une clé secrète, est un dossier.")
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise SettingsError(f"{file} peut être lu par d'autres, lancez : chmod 600 {quote(str(file))}")
        return file.read_text("ascii").strip()
    except FileNotFoundError as error:
        raise SettingsError(
            f"{file}, qui devrait contenir une clé secrète, n'existe pas : remettez-le depuis sa copie."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file}, qui devrait contenir une clé secrète, ne se laisse pas lire : {error}."
        ) from error


def _from_one(name: str, value: str | None, default: int) -> int:
    """Hours between two copies, or copies that are kept."""
    if not value:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) < 5 and int(value)):
        raise SettingsError(f"{name} vaut {value!r} : il faut un nombre entier de 1 à 9999.")
    return int(value)


def _backup_key(file: str) -> str | None:
    if not file:
        return None
    return read_secret(Path(file), "FADJMA_BACKUP_KEY_FILE")


def _acts(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 8 and (int(value) == 0 or int(value) >= 60)):
        raise SettingsError(
            f"FADJMA_ACTS_PER_HOUR vaut {value!r} : il faut un nombre d'actes, 60 au moins, ou 0 pour aucune borne."
        )
    return int(value)


def _fixed(environment: Mapping[str, str]) -> dict[str, Any]:
    """The rules of the clinic that are set here, and that no admin changes then."""
    found: dict[str, Any] = {}
    if "FADJMA_TIME_ZONE" in environment:
        found["time_zone"] = _time_zone(environment["FADJMA_TIME_ZONE"])
    if "FADJMA_LOCK_MINUTES" in environment:
        found["lock_minutes"] = _minutes(environment["FADJMA_LOCK_MINUTES"])
    return found


def _minutes(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 4 and 1 <= int(value) <= 720):
        raise SettingsError(f"FADJMA_LOCK_MINUTES vaut {value!r} : il faut un nombre de minutes, de 1 à 720.")
    return int(value)


def _origins(value: str) -> frozenset[str]:
    origins = frozenset(filter(None, (origin.strip().rstrip("/") for origin in value.split(","))))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"FADJMA_CORS_ORIGINS contient {origin!r} : une origine s'écrit https://example.org, en minuscules "
                "et sans chemin ; plusieurs se séparent par des virgules."
            )
    return origins


def _proxies(value: str) -> str:
    """uvicorn takes what is no address for the name of a socket, and believes nobody."""
    for proxy in filter(None, (one.strip() for one in value.split(","))):
        try:
            ip_network(proxy)
        except ValueError as error:
            if value.strip() != "*":
                raise SettingsError(
                    f"FADJMA_TRUSTED_PROXIES contient {proxy!r} : il faut des adresses, comme 127.0.0.1, ou des "
                    "réseaux, comme 10.0.0.0/8, séparés par des virgules ; pas de noms."
                ) from error
    return value


def _public_url(value: str) -> str | None:
    """Without a slash at its end. A patient's file is not sent over plain http."""
    found = value.strip().rstrip("/")
    if not found:
        return None
    parts = urlsplit(found)
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query or parts.fragment or "@" in found:
        raise SettingsError(f"FADJMA_PUBLIC_URL vaut {value!r} : une adresse s'écrit https://clinique.example.org.")
    return found


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise SettingsError(
            f"FADJMA_TIME_ZONE vaut {value!r} : il faut le nom d'un fuseau, comme Africa/Dakar ou Africa/Abidjan."
        ) from error
    return value
