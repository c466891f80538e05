"""`quart doctor`: what goes wrong in the field, looked at one by one, each with what to do."""

import http.client
import os
import shutil
import socket
import ssl
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from fadjma import clockwatch, events, postgresql_doctor
from fadjma.chain import keys
from fadjma.config import Settings
from fadjma.i18n import iso
from fadjma.keeping import copies, runs
from fadjma.monitoring import disk
from fadjma.postgresql_doctor import State
from fadjma.store import Database, Unusable, owned
from fadjma.store.sqlite.files import of

_PATIENCE = 5.0  # seconds for an answer
_HOUR = 3_600_000
_SLACK = 2 * 60_000  # milliseconds that the clock may be behind the newest act
_CERTIFICATE_DAYS = 14
_NOT_BEGUN, _ENDED, _OF_ANOTHER_NAME = 9, 10, {62, 64}  # what OpenSSL says of a certificate
_BUILT = datetime(2026, 1, 1, tzinfo=UTC)  # no clock is right that says an earlier day
_SAY_PROXY = (
    "Le proxy doit dire X-Forwarded-Proto et X-Forwarded-For, et FADJMA_TRUSTED_PROXIES doit le nommer "
    "(127.0.0.1 s'il est sur cette machine)."
)
_AS_THE_SERVICE = (
    "Ce qui est dans l'unité n'est pas dans ce terminal : "
    "env $(systemctl show fadjma --property=Environment --value) .venv/bin/quart doctor"
)
_SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")  # made by systemd-timesyncd when it knows the time


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked at: the settings, when, and the address at which people reach FADJMA, if it was given."""

    settings: Settings
    database: Database
    now: int  # milliseconds UTC
    url: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What one check says; `advice` is empty where all is well."""

    label: str
    state: str
    advice: str = ""


Check = Callable[[Question], State]


def examine(question: Question) -> Iterator[Found]:
    """Every check, one after the other. A check that itself fails is a finding too."""
    for label, check in (_CHECKS if question.database.is_file else _on_postgresql(question)).items():
        try:
            found = check(question)
        except (OSError, Unusable) as error:
            found = str(error), "Regardez ce que dit cette ligne, corrigez, relancez « quart doctor »."
        yield Found(label, *found)


def _on_postgresql(question: Question) -> dict[str, Check]:
    """What is looked at there; of a server that does not answer, what it takes to reach it alone."""
    of_files = ("Droits", "Disque", "Sauvegarde")
    checks = {label: check for label, check in _CHECKS.items() if label not in of_files}
    address = question.database.address
    try:
        server = question.database.server()
    except Unusable as error:
        unreachable = str(error), f"PostgreSQL tourne-t-il, et FADJMA_DATABASE_URL y mène-t-il ? psql '{address}'"
        del checks["Clé des sceaux"], checks["Horloge"]
        return {"Base": lambda question: unreachable, **checks}
    assert server
    return {
        "Base": lambda question: postgresql_doctor.base(server, address),
        "Droits": lambda question: postgresql_doctor.rights(server),
        "Durabilité": lambda question: postgresql_doctor.durability(server),
        "Processus": lambda question: postgresql_doctor.processes(server),
        **checks,
        "Les deux horloges": lambda question: postgresql_doctor.clock(server, question.now),
        "Sauvegarde": lambda question: postgresql_doctor.copies(server),
    }


def _secret(question: Question) -> State:
    settings = question.settings
    file = settings.secret_file
    if settings.secret_key and not file.exists():
        return "la clé est dans FADJMA_SECRET_KEY", ""
    if settings.demo and not file.exists():
        return "la démonstration garde la sienne dans sa base", ""
    if not file.exists():
        return (
            f"{file} n'existe pas",
            "Remettez-le depuis sa copie, ou lancez « quart setup » pour une nouvelle clinique.",
        )
    if file.is_dir():
        return f"{file} est un dossier", "Vérifiez FADJMA_SECRET_FILE."
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        return f"{file} est lisible par d'autres", f"chmod 600 {quote(str(file))}"
    if len(file.read_text("ascii", "replace").strip()) < 32:
        return f"{file} est trop court", "Il faut 32 caractères au moins : remettez-le depuis sa copie."
    return f"{file} est là, pour son propriétaire seul", ""


def _seal_key(question: Question) -> State:
    """The key that signs the chains, of a database that has been signed."""
    file = question.settings.seal_key
    known = None
    if question.database.exists():
        known = question.database.look_into(lambda tx: keys.newest(tx) if tx.has_table("chain_keys") else None)
    if known is None:
        return "rien n'est encore signé : FADJMA fait la clé à son premier démarrage", ""
    try:
        signer = keys.load(file)
    except keys.KeyFault as fault:
        return "elle ne signe pas", str(fault)
    if signer.fingerprint != known.fingerprint:
        return (
            f"{file} n'est pas la clé de cette base",
            f"Remettez celle dont l'empreinte est {known.grouped} ; si elle est perdue : « quart seal-key --new ».",
        )
    return f"{file} est là, empreinte {known.grouped}", ""


def _permissions(question: Question) -> State:
    database = question.database.path
    if not database.exists():
        return f"{database} n'existe pas", "Vérifiez FADJMA_DATABASE_URL, ou lancez « quart setup »."
    files = [file for file in of(database) if file.exists()]
    for file in files:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            return f"{file} est lisible par d'autres", f"chmod 600 {quote(str(file))}"
    settings = question.settings
    expected = os.geteuid() or owned.of_folder(database.parent)[0]  # root looks at what is another user's
    for file in (*files, *filter(Path.exists, (settings.secret_file, settings.seal_key, settings.papers_folder))):
        if file.stat().st_uid != expected:
            return (
                f"{file} est à un autre utilisateur",
                f"Lancez « quart doctor » sous l'utilisateur de FADJMA, ou : chown -R fadjma {quote(str(file))}",
            )
    if not os.access(database.parent, os.W_OK):
        return (
            f"{database.parent} ne se laisse pas écrire",
            "L'utilisateur de FADJMA doit y écrire (-wal et -shm).",
        )
    return f"{len(files)} fichier{'s' if len(files) > 1 else ''}, pour leur propriétaire seul", ""


def _disk(question: Question) -> State:
    folders = [question.database.path.parent.resolve()]
    if question.settings.backup_folder and question.settings.backup_folder.is_dir():  # else that is said below
        folders.append(question.settings.backup_folder)
    needed = disk.needed(question.database.path)
    for folder in folders:
        free = shutil.disk_usage(folder).free
        if free < needed:
            return (
                f"{folder} : {_mega(free)} libres",
                "Libérez de la place : il faut deux fois la base, et 500 Mo au moins.",
            )
    return f"{_mega(shutil.disk_usage(folders[0]).free)} libres", ""


def _papers(question: Question) -> State:
    """The folder of papers and pictures, which is made when the first one comes."""
    folder = question.settings.papers_folder.resolve()
    if folder.exists() and not folder.is_dir():
        return f"{folder} n'est pas un dossier", "Aucun document n'est pris : vérifiez FADJMA_PAPERS."
    there = folder if folder.exists() else folder.parent
    if not there.is_dir():
        return f"{there} n'existe pas", "Aucun document n'est pris : branchez son disque, ou vérifiez FADJMA_PAPERS."
    if not os.access(there, os.W_OK):
        return f"{there} ne se laisse pas écrire", "L'utilisateur de FADJMA doit y écrire : aucun document n'est pris."
    free = shutil.disk_usage(there).free
    if free < disk.LEAST:
        return f"{there} : {_mega(free)} libres", "Libérez de la place : il faut 500 Mo au moins."
    return f"{folder}, {_mega(free)} libres", ""


def _mega(size: int) -> str:
    return f"{size // 1_000_000} Mo"


def _clock(question: Question) -> State:
    said = iso(question.now)
    if question.now < _BUILT.timestamp() * 1000:
        return f"l'horloge dit {said}", "Mettez-la à l'heure : timedatectl set-ntp true, ou timedatectl set-time."
    newest = question.database.look_into(events.newest) if question.database.exists() else 0
    if newest - _SLACK > question.now:
        return (
            f"l'horloge dit {said}, mais le dernier acte est du {iso(newest)}",
            "Mettez-la à l'heure ; si elle est juste : quart confirm-clock.",
        )
    if question.database.exists() and question.database.look_into(lambda tx: clockwatch.doubted(tx, question.now)):
        return (
            f"l'horloge dit {said}, longtemps après le dernier acte ({iso(newest)}) ou après ce qu'elle disait",
            "Vérifiez-la, année comprise ; d'ici là, le temps ne clôt rien. Si elle est juste : quart confirm-clock.",
        )
    if _SYNCHRONIZED.parent.is_dir() and not _SYNCHRONIZED.exists():
        return (
            f"{said}, mais rien ne la règle",
            "timedatectl set-ntp true ; sans internet, un autre serveur de temps du réseau.",
        )
    return said, ""


def _port(question: Question) -> State:
    """Either FADJMA answers there, or nobody does."""
    settings = question.settings
    where = f"{settings.host}:{settings.port}"
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    try:
        answer = _ask(http.client.HTTPConnection(host, settings.port, timeout=_PATIENCE), "/health")
    except ConnectionRefusedError:
        return (
            f"{where} : personne n'y répond",
            "Lancez FADJMA (systemctl start fadjma), puis « quart doctor » encore une fois.",
        )
    except (OSError, http.client.HTTPException) as error:
        return (
            f"{where} : {error}",
            f"Un autre programme tient ce port : ss -ltnp | grep :{settings.port}, ou changez FADJMA_PORT.",
        )
    if answer.status == 503:
        return f"{where} : FADJMA répond qu'il ne peut rien enregistrer", f"curl http://{where}/health dit pourquoi."
    if answer.status != 200:
        return (
            f"{where} : un autre programme répond",
            f"ss -ltnp | grep :{settings.port} dit lequel ; ou changez FADJMA_PORT.",
        )
    return f"FADJMA répond à {where}", ""


def _tls(question: Question) -> State:
    if question.url is None:
        if question.settings.host in ("127.0.0.1", "::1", "localhost"):
            return "non vérifié ; avec l'adresse que tapent les gens : quart doctor --url https://fadjma.local", ""
        return (
            f"FADJMA est ouvert au réseau à {question.settings.host}, sans https",
            "Mettez un proxy devant (README.md, « In a clinic ») et FADJMA_HOST=127.0.0.1.",
        )
    asked = urlsplit(question.url)
    if asked.scheme != "https" or not asked.hostname:
        return (
            f"{question.url} n'est pas en https",
            "Tout peut être lu en route : mettez Caddy ou nginx devant (README.md).",
        )
    try:
        with (
            socket.create_connection((asked.hostname, asked.port or 443), _PATIENCE) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=asked.hostname) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return _not_taken(asked.hostname, error)
    except (OSError, ssl.SSLError) as error:
        return (
            f"{question.url} ne répond pas en https : {error}",
            "Vérifiez le proxy, son port 443, et le nom (docs/local-tls.md).",
        )
    left = (ssl.cert_time_to_seconds(str(certificate["notAfter"])) * 1000 - question.now) / (24 * _HOUR)
    if left < _CERTIFICATE_DAYS and _lasts(certificate) > 2 * _CERTIFICATE_DAYS:
        return f"le certificat finit dans {left:.0f} jours", "Renouvelez-le ; Caddy le fait seul s'il tourne."
    return f"certificat reconnu, encore {left:.1f} jours", ""


def _not_taken(host: str, error: ssl.SSLCertVerificationError) -> State:
    """Why a certificate does not count here, by the codes of https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/."""
    if error.verify_code == _ENDED:
        return (
            f"le certificat de {host} est fini",
            "Renouvelez-le, et rechargez le proxy ; Caddy le fait seul s'il tourne et que l'horloge est juste : "
            "systemctl restart caddy.",
        )
    if error.verify_code == _NOT_BEGUN:
        return (
            f"le certificat de {host} ne vaut pas encore",
            "L'horloge de cette machine retarde, ou elle avançait quand il a été fait : mettez-la à l'heure, puis "
            "systemctl restart caddy, ou refaites-le.",
        )
    if error.verify_code in _OF_ANOTHER_NAME:
        return (
            f"le certificat est fait pour un autre nom que {host}",
            "Donnez ici le nom que tapent les gens ; si c'est celui-ci, il manque dans le Caddyfile, ou dans le "
            "certificat que lit nginx.",
        )
    return (
        f"le certificat de {host} n'est pas reconnu ici : {error.verify_message}",
        "Sans internet : installez la racine de Caddy sur chaque poste (docs/local-tls.md), et ici. De nginx : "
        "ssl_certificate doit contenir aussi les certificats intermédiaires.",
    )


def _lasts(certificate: Mapping[str, object]) -> float:
    """Days from its beginning to its end: Caddy's own last hours, and are renewed all the time."""
    ends, begins = (ssl.cert_time_to_seconds(str(certificate[name])) for name in ("notAfter", "notBefore"))
    return (ends - begins) / 86_400


def _proxy(question: Question) -> State:
    if question.url is None:
        return "non vérifié", ""
    asked = urlsplit(question.url)
    connection = (
        http.client.HTTPSConnection(asked.hostname or "", asked.port or 443, timeout=_PATIENCE, context=_unverified())
        if asked.scheme == "https"
        else http.client.HTTPConnection(asked.hostname or "", asked.port or 80, timeout=_PATIENCE)
    )
    try:
        answer = _ask(connection, "/sign-in")
    except (OSError, http.client.HTTPException) as error:
        return f"{question.url} ne répond pas : {error}", "Vérifiez que le proxy tourne et mène à FADJMA."
    if answer.status != 200:
        return f"{question.url} répond {answer.status}", "Vérifiez que le proxy mène à FADJMA (README.md)."
    if asked.scheme == "https" and answer.secure is None:
        return "FADJMA ne sait pas qu'on l'appelle en https", _SAY_PROXY
    return "FADJMA voit l'adresse et le https de chacun", ""


def _unverified() -> ssl.SSLContext:
    """What the certificate is worth is said by its own check."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    secure: str | None  # what says that FADJMA knows of https


def _ask(connection: http.client.HTTPConnection, path: str) -> _Answer:
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        ours = "frame-ancestors" in answer.headers.get("Content-Security-Policy", "")
        return _Answer(answer.status if ours else 0, answer.headers.get("Strict-Transport-Security"))


def _backups(question: Question) -> State:
    plan = copies.planned(question.settings, question.database.path)
    standing = question.database.look_into(runs.standing) if question.database.exists() else runs.Standing()
    if plan is None and standing.copied and not question.settings.demo:
        copied = standing.copied
        return f"FADJMA_BACKUP_FOLDER n'est pas dit ici ; une copie est du {iso(copied.begun_at)}", _AS_THE_SERVICE
    if plan is None:
        return "aucune sauvegarde n'est prévue", "Donnez un dossier à FADJMA_BACKUP_FOLDER, sur un autre disque."
    if not plan.folder.is_dir():
        return (
            f"{plan.folder} n'existe pas",
            "Branchez son disque, ou faites le dossier, pour l'utilisateur de FADJMA seul.",
        )
    if not os.access(plan.folder, os.W_OK):
        return f"{plan.folder} ne se laisse pas écrire", f"chown fadjma {quote(str(plan.folder))}"
    for alarm in standing.alarms(plan, question.now):
        tried = standing.copy if alarm.startswith("copy") else standing.drill
        return runs.ALARMS[alarm], (tried.failure if tried else "") or "FADJMA tourne-t-il ? systemctl status fadjma"
    if standing.copied is None or not copies.kept(plan.folder):
        return (
            f"il n'y a encore aucune copie dans {plan.folder}",
            "FADJMA en fait une dès qu'il tourne : regardez son journal.",
        )
    return f"{standing.copied.file}, du {iso(standing.copied.begun_at)}", ""


_CHECKS: dict[str, Check] = {
    "Clé secrète": _secret,
    "Clé des sceaux": _seal_key,
    "Droits": _permissions,
    "Disque": _disk,
    "Documents": _papers,
    "Horloge": _clock,
    "Port": _port,
    "TLS": _tls,
    "Proxy": _proxy,
    "Sauvegarde": _backups,
}
