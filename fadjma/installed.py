"""What whoever has set FADJMA up starts it with, has still to do, and keeps on paper."""

import contextlib
import getpass
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from fadjma.config import Settings
from fadjma.keeping import dumps
from fadjma.setup import Known
from fadjma.store import Database, owned

_ROOT = Path(__file__).parents[1]
_ROOTS, _SERVICE = "root", "fadjma"  # users
_MARGIN = "\n" + 23 * " "  # of the second column of the sheet


@dataclass(frozen=True, slots=True)
class Backups:
    """Of a file FADJMA makes copies itself: where, how often (hours), how many are kept, and how they are sealed."""

    database: str  # as the sheet names it
    folder: Path
    every: int
    keep: int
    key_file: Path | None
    said: bool  # whether somebody has said where; else it is beside the database
    secret: bool = False

    def make_folder(self) -> None:
        """Unless somebody has said where: their disk may not be there yet. One that cannot be made remains to be."""
        if not self.said:
            with contextlib.suppress(OSError):
                if not self.folder.is_dir():
                    self.folder.mkdir(mode=0o700)
                    owned.hand_over(self.folder)

    def beside(self) -> Path:
        """The folder of the database."""
        return Path(self.database).parent

    def environment(self) -> list[str]:
        """What the unit says of them."""
        return [
            f"FADJMA_BACKUP_FOLDER={self.folder}",
            f"FADJMA_BACKUP_EVERY={self.every}",
            f"FADJMA_BACKUP_KEEP={self.keep}",
            *([f"FADJMA_BACKUP_KEY_FILE={self.key_file.resolve()}"] if self.key_file else []),
        ]

    def first(self) -> list[str]:
        """What has to be done before anything else."""
        folder = f"faire le dossier des sauvegardes, pour {_user(self.beside())} seul : {self.folder}"
        return [] if self.folder.is_dir() else [folder]

    def last(self) -> list[str]:
        """What has to be done when people work."""
        elsewhere = (
            "mettre les sauvegardes sur un autre disque : FADJMA_BACKUP_FOLDER dans l'unité ; les chiffrer : README.md"
        )
        return [] if self.said else [elsewhere]

    def on_paper(self) -> list[str]:
        every = "toutes les heures" if self.every == 1 else f"toutes les {self.every} heures"
        key = self.key_file.resolve() if self.key_file else f"{'_' * 46} (aucune : non chiffrées)"
        return [
            f"  Sauvegardes          {self.folder}, {every}",
            f"  Clé des sauvegardes  {key}",
            "  Restaurer            arrêter FADJMA, remettre les clés, .venv/bin/quart restore COPIE, relancer",
        ]


@dataclass(frozen=True, slots=True)
class Dumps:
    """Of a database in PostgreSQL its own tools make them."""

    database: str  # the address, without a password
    papers: Path
    seal_key: Path
    secret: bool  # whether there is a password in what was said: it stands on no paper

    def make_folder(self) -> None:
        """There is none."""

    def beside(self) -> Path:
        """The folder of what is not in the database."""
        return self.seal_key.parent

    def environment(self) -> list[str]:
        return [f"FADJMA_SEAL_KEY_FILE={self.seal_key}", f"FADJMA_PAPERS={self.papers}"]

    def first(self) -> list[str]:
        whole = (
            "écrire FADJMA_DATABASE_URL, qui contient un mot de passe, dans /etc/fadjma.env, que root seul peut lire "
            "(chmod 600)"
        )
        return [whole] if self.secret else []

    def last(self) -> list[str]:
        return [
            "faire copier la base et les documents sur une autre machine, chaque nuit au moins : la fiche dit "
            "comment ; pour ne rien perdre, une seconde machine qui suit la première : docs/scaling.md"
        ]

    def on_paper(self) -> list[str]:
        copy = Path("fadjma.dump")
        copying = _MARGIN.join(map(_for_paper, dumps.copying(self.database, self.papers, copy)))
        restoring = _MARGIN.join(map(_for_paper, dumps.restoring(self.database, self.papers, copy)))
        return [
            f"  Documents            {self.papers}",
            f"  Sauvegardes          par les outils de PostgreSQL, pendant que FADJMA tourne :{_MARGIN}{copying}",
            f"  Restaurer            arrêter FADJMA, remettre les clés, puis :{_MARGIN}{restoring}",
            f"                       et relancer ; la base d'avant reste : {dumps.before(self.database)}",
        ]


def _for_paper(command: str) -> str:
    """A command in lines as short as they can be, each but the last with what says to the shell that it goes on."""
    return command.replace(" --", f" \\{_MARGIN}  --")


Copies = Backups | Dumps


def copies(settings: Settings, database: Database) -> Copies:
    """As the settings say; without a folder, beside the file."""
    if not database.is_file:
        papers, key = settings.papers_folder.resolve(), settings.seal_key.resolve()
        return Dumps(database.address, papers, key, secret=database.address != settings.database_url)
    path, said = database.path.resolve(), settings.backup_folder
    folder = said.resolve() if said else path.parent / "backups"
    every, keep, key_file = settings.backup_every, settings.backup_keep, settings.backup_key_file
    return Backups(str(path), folder, every, keep, key_file, said is not None)


def what_remains(known: Known, copies: Copies) -> list[str]:
    """What somebody has still to do before people can work."""
    left = [*copies.first(), *_whose(copies.beside())]
    if not known.admins:
        left.append("créer un administrateur : .venv/bin/quart create-admin")
    lacking = [place for place, known in (("clinique", known.clinics), ("pharmacie", known.pharmacies)) if not known]
    if lacking:
        left.append(f"ajouter une {' et une '.join(lacking)} : « Toute l'administration », « Lieux »")
    if not known.medicines:
        left.append("importer des médicaments : « Toute l'administration », « Médicaments », « Importer un fichier »")
    return [
        *left,
        "lancer le service (l'unité qui suit) et l'ouvrir au réseau par https : README.md, « In a clinic »",
        "faire inscrire médecins et pharmaciens (« Inscription médecin ou pharmacie »), puis vérifier leurs comptes",
        "faire relire la liste des médicaments par un pharmacien, qui la signe",
        *copies.last(),
    ]


def unit(database: Database, secret_file: Path | None, copies: Copies, root: Path = _ROOT) -> str:
    """The systemd unit that serves this clinic from where it was set up."""
    said = [
        *([] if copies.secret else [f"FADJMA_DATABASE_URL={database.address}"]),
        *([f"FADJMA_SECRET_FILE={secret_file.resolve()}"] if secret_file else []),
        *copies.environment(),
    ]
    return "\n".join(
        [
            "[Unit]",
            "Description=FADJMA",
            f"After=network.target time-sync.target{'' if database.is_file else ' postgresql.service'}",
            "StartLimitIntervalSec=0",  # else systemd gives up after five starts in ten seconds: a disk comes late
            "",
            "[Service]",
            f"WorkingDirectory={str(root).replace('%', '%%')}",  # taken as it stands
            *(f"Environment={_word(one)}" for one in said),
            *(["EnvironmentFile=/etc/fadjma.env"] if copies.secret or not secret_file else []),
            f"ExecStart={_word(f'{root}/.venv/bin/python')} app.py",
            f"User={_user(copies.beside())}",
            "UMask=0077",
            "Restart=always",
            "RestartSec=2",
            "TimeoutStopSec=5",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
        ]
    )


def _word(said: str) -> str:
    """One word of a line, as systemd reads it: a disk may be called « Disque 1 »."""
    plain = said.replace("%", "%%")
    if not set(plain) & set(" \t\"'\\"):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _user(folder: Path) -> str:
    """Who sets up is who serves, and where that is root, who may do everything, whoever has the folder of the data."""
    name = getpass.getuser()
    return name if name != _ROOTS else _owner(folder) or _SERVICE


def _owner(folder: Path) -> str | None:
    """Whose it is; None: root's, or of nobody who has a name here. Asked by root alone, whom Windows has not."""
    try:
        name = folder.owner()
    except (OSError, KeyError):  # it is not there yet, or its owner's number has no name here
        return None
    return name if name != _ROOTS else None


def _whose(folder: Path) -> list[str]:
    """Where root has set up in root's own folder, nobody else can serve it yet."""
    if getpass.getuser() != _ROOTS or _owner(folder):
        return []
    given = [_ROOT, *([] if folder.is_relative_to(_ROOT) else [folder])]
    make = f"adduser --system --group {_SERVICE} ; chown -R {_SERVICE}: {' '.join(quote(str(one)) for one in given)}"
    return [f"faire l'utilisateur {_SERVICE}, sous qui FADJMA tourne, et lui donner ces dossiers : {make}"]


def said_of_seal_key(file: Path, fingerprint: str) -> str:
    """Where the key that signs is, and what it is known by; on two lines of the sheet."""
    return f"{file.resolve()}{_MARGIN}empreinte {fingerprint}"


def recovery_sheet(secret_file: Path | None, copies: Copies, admin: str, seal_key: str) -> str:
    """What to keep on paper."""
    secret = str(secret_file.resolve()) if secret_file else "la variable FADJMA_SECRET_KEY"
    return "\n".join(
        [
            "FICHE DE SECOURS, à imprimer et à garder sous clé",
            f"  Base de données      {copies.database}",
            f"  Clé secrète          {secret}",
            "                       À copier ailleurs qu'avec les sauvegardes. Sans elle, tout le monde doit se",
            "                       reconnecter, les codes de retrait des ordonnances prêtes changent, et les",
            "                       codes PIN des patients, les seconds facteurs et leurs codes de secours, et",
            "                       les textes en cours sont perdus (quart create-admin ouvre un compte neuf).",
            f"  Clé des sceaux       {seal_key}",
            "                       À copier ailleurs qu'avec les sauvegardes. Elle signe ce qui est écrit ; son",
            "                       empreinte, sur cette feuille, montre si quelqu'un l'a remplacée.",
            f"  Administrateur       {admin}",
            *copies.on_paper(),
            "  Fait le              ____________   par ____________________",
        ]
    )
